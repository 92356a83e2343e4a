//! Disc and cartilage as written in `library/neck.toml`.

use serde::Deserialize;

/// Disc: annulus with fibers, nucleus.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the file, which documents them with their sources")]
pub struct Disc {
    pub annulus_c10: f64,
    pub annulus_c01: f64,
    pub annulus_d1: f64,
    pub fiber_modulus: f64,
    pub fiber_volume_fraction: f64,
    pub fiber_angle_deg: f64,
    pub nucleus_c10: f64,
    pub nucleus_c01: f64,
    pub nucleus_poisson: f64,
    pub nucleus_area_fraction: f64,
    pub edge_mm: f64,
    pub annulus_rim_mm: [f64; 2],
}

/// Cartilage of all joints.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cartilage {
    pub modulus: f64,
    pub poisson: f64,
    pub condyle_thickness_mm: f64,
    pub condyle_opening_mm: f64,
    pub condyle_sagittal_radius_mm: f64,
    pub condyle_frontal_radius_mm: f64,
    pub condyle_convergence_deg: f64,
    pub condyle_coronal_deg: f64,
    pub atlas_axis_opening_mm: f64,
    pub subaxial_opening_mm: f64,
    pub axis_third_medial_deg: f64,
    pub third_fourth_medial_deg: f64,
    pub dens_play_mm: f64,
    pub rim_mm: f64,
}

/// Joints between the uncinate processes of a body and the sides of the body above.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uncinate {
    /// Approach before the two sides touch, mm.
    pub play_mm: f64,
    /// Cartilage of both sides, mm.
    pub thickness_mm: f64,
    /// Angle between the process's face and the endplate.
    pub inclination_deg: f64,
    /// Extent from front to back, mm.
    pub length_mm: f64,
    /// Extent up the face, mm.
    pub height_mm: f64,
    /// How far its middle lies behind the middle of the disc, mm.
    pub behind_mm: f64,
}

/// Rods and screws from C1 to C2.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rods {
    pub modulus: f64,
    pub poisson: f64,
    pub rod_diameter_mm: f64,
    pub atlas_shank_mm: f64,
    pub screw_core_mm: f64,
    pub offset_mm: f64,
}
