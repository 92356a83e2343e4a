//! Springs between nodes, or from a node to the ground.
//!
//! ```text
//! elongation e = Σ gᵢ·uᵢ        force on node i: −f(e) gᵢ
//! ```
//! A spring between two points has gᵢ = ± their direction; with large displacements the direction follows the points.

use super::StaticsError;
use crate::linear::BlockMatrix;
use dens_mesher::Vec3;

/// Force of a spring over its elongation.
#[derive(Debug, Clone, PartialEq)]
pub enum SpringLaw {
    /// Stiffness, N/mm.
    Linear(f64),
    /// Elongation, mm, ascending, and force, N; constant beyond the ends, linear between the points. A linear
    /// analysis takes the slope at rest.
    Curve(Vec<(f64, f64)>),
}

/// Spring.
#[derive(Debug, Clone, PartialEq)]
pub struct Spring {
    /// Nodes with the gradient of the elongation there, global axes, without unit.
    pub ends: Vec<(u32, Vec3)>,
    /// Force over elongation.
    pub law: SpringLaw,
    /// Of a spring between two points that turns with them (nonlinear analyses): whether it does so.
    pub turns: bool,
}

impl SpringLaw {
    /// Force, N, and stiffness, N/mm, at an elongation, mm.
    pub(crate) fn at(&self, elongation: f64) -> (f64, f64) {
        let points = match self {
            Self::Linear(k) => return (k * elongation, *k),
            Self::Curve(points) => points,
        };
        let after = points.partition_point(|p| p.0 <= elongation);
        match (after.checked_sub(1).and_then(|i| points.get(i)), points.get(after)) {
            (Some(a), Some(b)) => {
                let slope = (b.1 - a.1) / (b.0 - a.0);
                (a.1 + slope * (elongation - a.0), slope)
            }
            (Some(end), None) | (None, Some(end)) => (end.1, 0.0),
            (None, None) => (0.0, 0.0),
        }
    }

    fn check(&self) -> Result<(), StaticsError> {
        let sound = match self {
            Self::Linear(k) => k.is_finite(),
            Self::Curve(points) => {
                points.iter().all(|p| p.0.is_finite() && p.1.is_finite())
                    && points.windows(2).all(|w| w[0].0 < w[1].0)
            }
        };
        if sound { Ok(()) } else { Err(StaticsError::BadNumber { what: "the law of a spring" }) }
    }
}

impl Spring {
    /// Spring between two points.
    ///
    /// - `places`: of the nodes at rest, mm; not the same
    pub fn between(nodes: [u32; 2], places: [Vec3; 2], law: SpringLaw, turns: bool) -> Self {
        let direction = (places[1] - places[0]).normalize();
        Self { ends: vec![(nodes[0], -direction), (nodes[1], direction)], law, turns }
    }

    pub(super) fn check(&self, n_nodes: usize) -> Result<(), StaticsError> {
        for (node, gradient) in &self.ends {
            if n_nodes <= *node as usize {
                return Err(StaticsError::NoSuchNode { what: "a spring", node: *node });
            }
            if !gradient.iter().all(|g| g.is_finite()) {
                return Err(StaticsError::BadNumber { what: "the direction of a spring" });
            }
        }
        if self.turns && self.ends.len() != 2 {
            return Err(StaticsError::BadNumber { what: "the direction of a spring" });
        }
        self.law.check()
    }

    /// Elongation at small displacements, mm.
    pub(crate) fn elongation(&self, displacements: &[Vec3]) -> f64 {
        self.ends.iter().map(|(node, g)| g.dot(&displacements[*node as usize])).sum()
    }
}

/// Nodes that each spring couples.
pub(crate) fn couplings(springs: &[Spring]) -> Vec<Vec<u32>> {
    springs.iter().map(|s| s.ends.iter().map(|e| e.0).collect()).collect()
}

/// Adds the stiffness at rest to a matrix that couples their nodes.
pub(super) fn add_stiffness(springs: &[Spring], matrix: &mut BlockMatrix) {
    for spring in springs {
        let (_, stiffness) = spring.law.at(0.0);
        for (a, g) in &spring.ends {
            for (b, h) in &spring.ends {
                let at = matrix.position(*a as usize, *b as usize).expect("the pattern couples the ends");
                for (e, x) in matrix.blocks[at].iter_mut().enumerate() {
                    *x += stiffness * g[e / 3] * h[e % 3];
                }
            }
        }
    }
}

/// Adds the forces of small displacements, with the sign of internal forces.
pub(super) fn add_forces(springs: &[Spring], displacements: &[Vec3], forces: &mut [Vec3]) {
    for spring in springs {
        let (_, stiffness) = spring.law.at(0.0);
        let force = stiffness * spring.elongation(displacements);
        for (node, g) in &spring.ends {
            forces[*node as usize] += force * g;
        }
    }
}
