//! Linear statics of mixed meshes: what every formulation, load and constraint must fulfil.

mod constraints;
mod estimate;
mod invariance;
mod loads;
mod mesh;
mod orders;
mod patch;
mod ties;
