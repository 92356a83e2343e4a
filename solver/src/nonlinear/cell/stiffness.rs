//! Parts of the tangent of a cell, see the equation in the header of [`super`].

use crate::assembly::Layout;
use crate::elements::block_of;
use crate::tensor::{self, Six, Stiffness, VOIGT};
use dens_mesher::cells::mapping::MAX_NODES;

/// What the averaged dilatation adds to the tangent.
#[derive(Default)]
pub(super) struct Mean {
    /// 1 at finite, 0 at small strain.
    pub(super) spatial: f64,
    /// Π = Σ w p.
    pub(super) pressure: f64,
    /// Σ w Bᵀ (row of δd, column of θ̄) and the reverse.
    pub(super) left: [[f64; 3]; MAX_NODES],
    pub(super) right: [[f64; 3]; MAX_NODES],
    /// Coefficient of θ̄ δθ̄.
    pub(super) volume: f64,
}

impl Mean {
    /// Splits the tangent of a point: leaves the part of d alone in `c`, gathers that of θ̄.
    ///
    /// - `deviator`, `p`: stress where the body moves through space, zero pressure at small strain
    pub(super) fn add(
        &mut self,
        c: &mut Stiffness,
        deviator: &Six,
        p: f64,
        weight: f64,
        gradients: &[[f64; 3]],
    ) {
        // c m / 3 and mᵀ c / 3 with m the trace.
        let column: Six = std::array::from_fn(|i| (c[i][0] + c[i][1] + c[i][2]) / 3.0);
        let row: Six = std::array::from_fn(|j| (c[0][j] + c[1][j] + c[2][j]) / 3.0);
        let bulk = tensor::mean(&column);
        let m = |i: usize| f64::from(u8::from(i < 3));
        let of_stress = |i: usize| 2.0 / 3.0 * self.spatial * deviator[i];
        for i in 0..6 {
            for j in 0..6 {
                c[i][j] += -column[i] * m(j) - m(i) * row[j] + bulk * m(i) * m(j)
                    - of_stress(i) * m(j)
                    - m(i) * of_stress(j)
                    - 2.0 / 3.0 * p * m(i) * m(j);
            }
        }
        let left: Six = std::array::from_fn(|i| weight * (column[i] - bulk * m(i) + of_stress(i)));
        let right: Six = std::array::from_fn(|j| weight * (row[j] - bulk * m(j) + of_stress(j)));
        for (i, g) in gradients.iter().enumerate() {
            for a in 0..3 {
                for b in 0..3 {
                    self.left[i][a] += left[VOIGT[a][b]] * g[b];
                    self.right[i][a] += right[VOIGT[a][b]] * g[b];
                }
            }
        }
        self.volume += weight * (bulk + 2.0 / 3.0 * p);
    }

    /// Adds L ⊗ b̄ + b̄ ⊗ R + M b̄ ⊗ b̄.
    pub(super) fn couple(&self, b: &[[f64; 3]], layout: Layout, blocks: &mut [[f64; 9]]) {
        for_each_pair(b.len(), layout, |i, j, at| {
            let block = &mut blocks[at];
            for k in 0..3 {
                for l in 0..3 {
                    block[3 * k + l] +=
                        (self.left[i][k] + self.volume * b[i][k]) * b[j][l] + b[i][k] * self.right[j][l];
                }
            }
        });
    }
}

/// Calls `visit(i, j, number of the block)` for the stored blocks.
pub(super) fn for_each_pair(n: usize, layout: Layout, mut visit: impl FnMut(usize, usize, usize)) {
    for i in 0..n {
        match layout {
            Layout::Symmetric => (i..n).for_each(|j| visit(i, j, block_of(n, i, j))),
            Layout::Full => (0..n).for_each(|j| visit(i, j, n * i + j)),
        }
    }
}

/// Adds w Bᵀ c B.
pub(super) fn add_stiffness(
    g: &[[f64; 3]],
    weight: f64,
    c: &Stiffness,
    layout: Layout,
    blocks: &mut [[f64; 9]],
) {
    let n = g.len();
    // Bᵀ c of each row node.
    for (i, gi) in g.iter().enumerate() {
        let mut bc = [[0.0; 6]; 3];
        for (k, bc) in bc.iter_mut().enumerate() {
            for m in 0..3 {
                let scale = weight * gi[m];
                let row = &c[VOIGT[k][m]];
                (0..6).for_each(|s| bc[s] += scale * row[s]);
            }
        }
        let (first, start) = match layout {
            Layout::Symmetric => (i, block_of(n, i, i)),
            Layout::Full => (0, n * i),
        };
        for (gj, block) in g[first..].iter().zip(&mut blocks[start..]) {
            for k in 0..3 {
                let r = &bc[k];
                block[3 * k] += r[0] * gj[0] + r[5] * gj[1] + r[4] * gj[2];
                block[3 * k + 1] += r[5] * gj[0] + r[1] * gj[1] + r[3] * gj[2];
                block[3 * k + 2] += r[4] * gj[0] + r[3] * gj[1] + r[2] * gj[2];
            }
        }
    }
}

/// Adds w [δd:(d τ) + p tr(δd d)].
pub(super) fn add_geometric(
    g: &[[f64; 3]],
    weight: f64,
    stress: &Six,
    p: f64,
    layout: Layout,
    blocks: &mut [[f64; 9]],
) {
    let traction: [[f64; 3]; MAX_NODES] = std::array::from_fn(|j| {
        let g = g.get(j).copied().unwrap_or_default();
        std::array::from_fn(|a| weight * (0..3).map(|b| stress[VOIGT[a][b]] * g[b]).sum::<f64>())
    });
    for_each_pair(g.len(), layout, |i, j, at| {
        let along = (0..3).map(|a| g[i][a] * traction[j][a]).sum::<f64>();
        let block = &mut blocks[at];
        (0..3).for_each(|k| block[4 * k] += along);
        if p != 0.0 {
            for k in 0..3 {
                for l in 0..3 {
                    block[3 * k + l] += weight * p * g[j][k] * g[i][l];
                }
            }
        }
    });
}

/// Adds share · (θ δθ − tr(δd d)).
pub(super) fn add_volumetric(g: &[[f64; 3]], share: f64, layout: Layout, blocks: &mut [[f64; 9]]) {
    for_each_pair(g.len(), layout, |i, j, at| {
        for k in 0..3 {
            for l in 0..3 {
                blocks[at][3 * k + l] += share * (g[i][k] * g[j][l] - g[j][k] * g[i][l]);
            }
        }
    });
}
