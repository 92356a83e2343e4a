//! Sections of the report, one function each: text, tables and the names of their figures.

mod bodies;
mod bone;
mod implant;

pub(super) use bodies::{geometry_section, materials_section, mesh_section};
pub(super) use bone::{loads_section, shielding_section, subsidence_section};
pub(super) use implant::{
    design_section, export_section, implant_section, lattice_section, section_limit, stiffness_section,
};
