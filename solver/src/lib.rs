//! Mechanics of bones and implants: elements, contact, large strain, yield, sparse solvers, lattices, criteria.
//!
//! Modules in reading order: [`tensor`], [`materials`], [`elements`], [`assembly`] (mesh to matrix),
//! [`recover`] (displacements to stresses), [`loads`] (tractions, interfaces between bodies, condyle guide,
//! screws and rods), [`linear`] (sparse solvers), [`model`], [`newton`] (contact of the main job), [`solution`],
//! [`nonlinear`] (large strain, yield, load stepping), [`criteria`], [`homogenize`] (lattice cells), [`statics`] (input decks: mixed cells, linear constraints),
//! [`contact`] (touching and tied surfaces of any meshes), [`mod@bench`] (testing machines), [`estimate`] (discretisation error), [`optimise`] (lattices that unload bone least).
//!
//! Units: mm, N, MPa. Six-component order of stiffness matrices: xx yy zz yz xz xy with engineering shear.
//! Same bits for any thread count; no files, clock, environment or terminal.

pub mod assembly;
pub mod bench;
pub mod contact;
pub mod criteria;
pub mod elements;
pub mod estimate;
pub mod homogenize;
pub mod linear;
pub mod loads;
pub mod materials;
pub mod model;
pub mod newton;
pub mod nonlinear;
pub mod optimise;
pub mod recover;
pub mod solution;
pub mod spine;
pub mod statics;
pub mod tensor;
pub mod verification;
