//! Shape function gradients at the points of a rule, tabulated once per formulation.

use super::{Inverted, PointStrain};
use crate::tensor::Six;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::{MAX_NODES, spatial_gradients};
use dens_mesher::cells::{Cell, Rule};

/// Most gradients at a point: those of the nodes and of three internal modes.
pub(super) const MAX_GRADIENTS: usize = MAX_NODES + 3;

/// Reference gradients of a cell shape at the points of a rule.
#[derive(Debug)]
pub struct Table {
    pub(crate) rule: &'static Rule,
    pub(crate) n_nodes: usize,
    gradients: Vec<[f64; 3]>,
}

impl Table {
    pub(crate) fn new(cell: &dyn Cell, rule: &'static Rule) -> Self {
        let n_nodes = cell.nodes().len();
        let mut gradients = vec![[0.0; 3]; n_nodes * rule.points.len()];
        for (out, &xi) in gradients.chunks_exact_mut(n_nodes).zip(rule.points) {
            cell.gradients(xi, out);
        }
        Self { rule, n_nodes, gradients }
    }

    /// Calls `visit(point, gradients ∂N/∂x, volume)` at each point, in order.
    pub(crate) fn visit(
        &self,
        points: &[Vec3],
        mut visit: impl FnMut(usize, &[[f64; 3]], f64),
    ) -> Result<(), Inverted> {
        let mut buffer = [[0.0; 3]; MAX_NODES];
        let spatial = &mut buffer[..self.n_nodes];
        for (q, reference) in self.gradients.chunks_exact(self.n_nodes).enumerate() {
            let jacobian = spatial_gradients(points, reference, spatial);
            positive(jacobian)?;
            visit(q, spatial, self.rule.weights[q] * jacobian);
        }
        Ok(())
    }

    /// Strains B u at the points.
    pub(super) fn strains(
        &self,
        points: &[Vec3],
        displacements: &[Vec3],
        out: &mut [PointStrain],
    ) -> Result<(), Inverted> {
        self.visit(points, |q, g, weight| out[q] = PointStrain { strain: strain(g, displacements), weight })
    }

    /// Forces ∫ Bᵀ σ dV of stresses σ(point).
    pub(super) fn forces(
        &self,
        points: &[Vec3],
        stress: impl Fn(usize) -> Six,
        out: &mut [Vec3],
    ) -> Result<(), Inverted> {
        out.fill(Vec3::zeros());
        self.visit(points, |q, g, weight| add_forces(g, &stress(q), weight, out))
    }
}

/// Passes a positive volume ratio on; NaN is refused too.
pub(super) fn positive(jacobian: f64) -> Result<(), Inverted> {
    if 0.0 < jacobian { Ok(()) } else { Err(Inverted { jacobian }) }
}

/// Small strain Σ sym(u ⊗ ∇N).
pub(super) fn strain(gradients: &[[f64; 3]], displacements: &[Vec3]) -> Six {
    let mut e = [0.0; 6];
    for (g, u) in gradients.iter().zip(displacements) {
        e[0] += u.x * g[0];
        e[1] += u.y * g[1];
        e[2] += u.z * g[2];
        e[3] += u.y * g[2] + u.z * g[1];
        e[4] += u.x * g[2] + u.z * g[0];
        e[5] += u.x * g[1] + u.y * g[0];
    }
    e
}

/// Adds weight · σ ∇N to each node.
pub(crate) fn add_forces(gradients: &[[f64; 3]], s: &Six, weight: f64, out: &mut [Vec3]) {
    for (f, g) in out.iter_mut().zip(gradients) {
        f.x += weight * (s[0] * g[0] + s[5] * g[1] + s[4] * g[2]);
        f.y += weight * (s[5] * g[0] + s[1] * g[1] + s[3] * g[2]);
        f.z += weight * (s[4] * g[0] + s[3] * g[1] + s[2] * g[2]);
    }
}
