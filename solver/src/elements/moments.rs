//! Integrals over a cell from which element matrices are built.
//!
//! ```text
//! V = ∫ dV        bᵢ = ∫ ∇Nᵢ dV        Aᵢⱼ = ∫ ∇Nᵢ ⊗ ∇Nⱼ dV
//! ```
//! A stiffness C then gives entry (k, l) of block ij as Σ C_kmln (A_ij)_mn. On a straight ten-node tetrahedron
//! ∇Nᵢ is a combination of the four constant ∇λ, and the blocks follow from the ten blocks H_ab of the linear
//! tetrahedron with fixed rational coefficients, exactly and at about a sixth of the arithmetic.

use super::points::{Table, positive};
use super::{Inverted, block_of};
use crate::tensor::{Stiffness, VOIGT};
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::MAX_NODES;
use dens_mesher::cells::tet10;
use dens_mesher::mesh::EDGE_CORNERS;

/// Integrals of the gradients needed for a mean dilatation.
#[derive(Debug, Clone, Copy)]
pub struct Dilatation {
    /// Volume, mm³.
    pub volume: f64,
    /// ∫ ∂N/∂x dV per node, mm²; zero beyond the last node.
    pub vectors: [[f64; 3]; MAX_NODES],
}

/// ∫ Bᵀ C B dV of the plain displacement formulation into `out`, by the points of `table`; exact on straight
/// ten-node tetrahedra.
///
/// `stiffness` need only be symmetric, not definite.
///
/// # Errors
/// [`Inverted`] when the volume ratio is not positive at a quadrature point.
pub fn integrate(
    table: &Table,
    points: &[Vec3],
    stiffness: &Stiffness,
    out: &mut [[f64; 9]],
) -> Result<(), Inverted> {
    if let Some(points) = straight_tet10(points) {
        return straight(points, stiffness, out);
    }
    out.fill([0.0; 9]);
    table.visit(points, |_, g, weight| accumulate(g, weight, out))?;
    contract(stiffness, out);
    Ok(())
}

/// Volume and ∫ ∂N/∂x dV by the points of `table`; exact on straight ten-node tetrahedra.
///
/// # Errors
/// [`Inverted`] when the volume ratio is not positive at a quadrature point.
pub fn dilatation(table: &Table, points: &[Vec3]) -> Result<Dilatation, Inverted> {
    let mut vectors = [[0.0; 3]; MAX_NODES];
    if let Some(points) = straight_tet10(points) {
        let (lambda, volume) = linear_gradients(points)?;
        // ∫ (4 λᵢ − 1) dV = 0 at corners, ∫ 4 λ dV = V on edges.
        for (k, &[a, b]) in EDGE_CORNERS.iter().enumerate() {
            vectors[4 + k] = std::array::from_fn(|d| volume * (lambda[a][d] + lambda[b][d]));
        }
        return Ok(Dilatation { volume, vectors });
    }
    let mut volume = 0.0;
    table.visit(points, |_, g, weight| {
        volume += weight;
        for (v, g) in vectors.iter_mut().zip(g) {
            for d in 0..3 {
                v[d] += weight * g[d];
            }
        }
    })?;
    Ok(Dilatation { volume, vectors })
}

/// Adds weight · ∇Nᵢ ⊗ ∇Nⱼ to the stored blocks.
pub(super) fn accumulate(g: &[[f64; 3]], weight: f64, out: &mut [[f64; 9]]) {
    let mut rest = out;
    for i in 0..g.len() {
        let scaled = g[i].map(|x| weight * x);
        let (row, below) = rest.split_at_mut(g.len() - i);
        for (block, gj) in row.iter_mut().zip(&g[i..]) {
            for m in 0..3 {
                for n in 0..3 {
                    block[3 * m + n] += scaled[m] * gj[n];
                }
            }
        }
        rest = below;
    }
}

/// Turns the moments Aᵢⱼ into stiffness blocks: (k, l) = Σ C_kmln A_mn.
pub(super) fn contract(c: &Stiffness, blocks: &mut [[f64; 9]]) {
    let mut contraction = [[0.0; 9]; 9];
    for (k, m) in (0..9).map(|x| (x / 3, x % 3)) {
        for (l, n) in (0..9).map(|x| (x / 3, x % 3)) {
            contraction[3 * m + n][3 * k + l] = c[VOIGT[k][m]][VOIGT[l][n]];
        }
    }
    for block in blocks {
        let moments = *block;
        *block = [0.0; 9];
        for (a, row) in moments.iter().zip(&contraction) {
            for (x, y) in block.iter_mut().zip(row) {
                *x += a * y;
            }
        }
    }
}

/// The nodes of a ten-node tetrahedron with straight edges; no other shape has ten.
fn straight_tet10(points: &[Vec3]) -> Option<&[Vec3; 10]> {
    <&[Vec3; 10]>::try_from(points).ok().filter(|points| tet10::is_straight(points))
}

/// Gradients of the barycentric coordinates, 1/mm, and the volume, mm³.
fn linear_gradients(points: &[Vec3; 10]) -> Result<([[f64; 3]; 4], f64), Inverted> {
    let [e1, e2, e3] = [1, 2, 3].map(|i| points[i] - points[0]);
    let (c1, c2, c3) = (e2.cross(&e3), e3.cross(&e1), e1.cross(&e2));
    let jacobian = e1.dot(&c1);
    positive(jacobian)?;
    let [g1, g2, g3] = [c1, c2, c3].map(|c| c / jacobian);
    Ok(([-(g1 + g2 + g3), g1, g2, g3].map(Into::into), jacobian / 6.0))
}

/// Coefficients of the blocks H_ab in one stored block (see [`STRAIGHT`]); unused terms are zero.
type Terms = [(u8, f64); 4];

/// For each stored block the terms (4 a + b, coefficient): K_ij = Σ coefficient · H_ab.
///
/// ```text
/// mean of λₖλₗ over the cell: 1/10 if k = l, else 1/20; mean of λₖ: 1/4
/// ∇N_corner(i) = (4 λᵢ − 1) ∇λᵢ          ∇N_edge(k,l) = 4 (λₗ ∇λₖ + λₖ ∇λₗ)
/// ```
static STRAIGHT: [Terms; 55] = straight_terms();

const fn straight_terms() -> [Terms; 55] {
    let mut table = [[(0, 0.0); 4]; 55];
    let mut i = 0;
    while i < 10 {
        let mut j = i;
        while j < 10 {
            let mut used = 0;
            let mut p = 0;
            // Node = sum of at most two parts (weight gradient a, factor coordinate c): ∇λ_a (4 λ_c − s).
            while p < parts(i) {
                let mut q = 0;
                while q < parts(j) {
                    let (a, c, s) = part(i, p);
                    let (b, d, t) = part(j, q);
                    let product = if c == d { 1.6 } else { 0.8 };
                    table[block_of(10, i, j)][used] = ((4 * a + b) as u8, product - s - t + s * t);
                    used += 1;
                    q += 1;
                }
                p += 1;
            }
            j += 1;
        }
        i += 1;
    }
    table
}

/// Number of terms in the gradient of node i.
const fn parts(i: usize) -> usize {
    if i < 4 { 1 } else { 2 }
}

/// Term p of the gradient of node i: (gradient a, coordinate c, s) for ∇λ_a (4 λ_c − s).
const fn part(i: usize, p: usize) -> (usize, usize, f64) {
    if i < 4 { (i, i, 1.0) } else { (EDGE_CORNERS[i - 4][p], EDGE_CORNERS[i - 4][1 - p], 0.0) }
}

fn straight(points: &[Vec3; 10], c: &Stiffness, out: &mut [[f64; 9]]) -> Result<(), Inverted> {
    let (g, volume) = linear_gradients(points)?;
    // H_ab = V Bₐᵀ C B_b, with B of one corner 6 × 3.
    let mut h = [[0.0; 9]; 16];
    for b in 0..4 {
        let mut cb = [[0.0; 3]; 6];
        for (row, cb) in c.iter().zip(&mut cb) {
            for (l, cb) in cb.iter_mut().enumerate() {
                *cb = volume * (0..3).map(|n| row[VOIGT[l][n]] * g[b][n]).sum::<f64>();
            }
        }
        for a in 0..=b {
            for k in 0..3 {
                for l in 0..3 {
                    let x = (0..3).map(|m| g[a][m] * cb[VOIGT[k][m]][l]).sum();
                    h[4 * a + b][3 * k + l] = x;
                    h[4 * b + a][3 * l + k] = x;
                }
            }
        }
    }
    for (block, terms) in out.iter_mut().zip(&STRAIGHT) {
        *block = [0.0; 9];
        for &(source, factor) in terms {
            for (x, y) in block.iter_mut().zip(&h[source as usize]) {
                *x += factor * y;
            }
        }
    }
    Ok(())
}
