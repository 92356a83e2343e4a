//! Rigid body bedded on facets, with six motions of its own: the occiput of an occipitocervical construct.
//!
//! ```text
//!     F, M                 reference node c: displacement u and rotation θ; where guided, only along F
//!   ┌──┴───────────┐       screws clamped in the body follow it (see `fixation::Link`)
//!   └┬──┬┬──┬──────┘
//!   k▒▒▒▒▒▒▒▒              named facets
//! energy  ½ ∫ d·K d dA − F·u − M·θ,   d = u(x) − u − θ × (x − c), K as of a guide
//! ```
//! Unlike a [`super::guide::Guide`] it shares its motions with a node of the fixation, so that screws and rods
//! carry their part of the load past the facets.

use super::guide::Bedding;
use dens_mesher::Vec3;

/// Rigid body bedded on facets.
#[derive(Debug, Clone, PartialEq)]
pub struct RigidBody {
    /// Name, as printed.
    pub name: String,
    /// Its reference node, index into the nodes of the fixation; not linked to another.
    pub node: u32,
    /// Facets it is bedded on: part and indices into the boundary of its mesh.
    pub beds: Vec<(usize, Vec<u32>)>,
    /// Stiffness of the bedding.
    pub foundation: Bedding,
    /// Force on the reference node, N.
    pub force: [f64; 3],
    /// Couple on the body, N·mm.
    pub couple: [f64; 3],
    /// Whether it only translates, along its force; a couple then does nothing.
    pub guided: bool,
}

impl RigidBody {
    /// Unit direction of the force; zero without one.
    pub fn direction(&self) -> Vec3 {
        let f = Vec3::from(self.force);
        f.try_normalize(0.0).unwrap_or_default()
    }
}
