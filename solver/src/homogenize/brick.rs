//! Cube with eight nodes and trilinear displacement: forces of six load cases at once.
//!
//! In the basis of monomials φ = 1, ξ, η, ξη, ζ, ξζ, ηζ, ξηζ the stiffness of an isotropic cube is almost
//! diagonal, and nodal values reach that basis by sums and differences alone (a Walsh–Hadamard transform):
//! about 220 operations a load case instead of 1152 for the 24 × 24 matrix, with the same result.
//!
//! ```text
//! u = Σ aₘ φₘ,  aₘ = ⅛ Σₙ φₘ(ξₙ) uₙ;   ⟨1⟩ = 1, ⟨ξ²⟩ = 1/3, ⟨ξ²η²⟩ = 1/9, all other means vanish
//! energy = ½ (4 h) [λ⟨tr²⟩ + 2μ⟨e_xx² + e_yy² + e_zz²⟩ + μ⟨g_yz² + g_xz² + g_xy²⟩],  e, g: ∂/∂ξ
//! ```
//!
//! Bit 0 of a node or mode number belongs to x, bit 1 to y, bit 2 to z.

use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

/// Load cases solved together.
pub(super) const LANES: usize = 6;

/// Values of one node: three components, each with one value per load case.
pub(super) type Block<T> = [T; 3 * LANES];

/// Values of the eight nodes of a cube.
pub(super) type Corners<T> = [Block<T>; 8];

/// Square matrix on the 24 unknowns of a cube; unknown 3 n + c is component c of node n.
pub(super) type BrickMatrix = [[f64; 24]; 24];

/// Floating-point type: f64 for the solution, f32 inside the preconditioner.
pub(super) trait Scalar:
    Copy
    + Default
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + AddAssign
    + SubAssign
{
    fn of(value: f64) -> Self;
}

impl Scalar for f64 {
    fn of(value: f64) -> Self {
        value
    }
}

impl Scalar for f32 {
    fn of(value: f64) -> Self {
        value as Self
    }
}

/// Nodal values uₙ to 8 aₘ, in place.
#[inline(always)]
fn transform<T: Scalar>(values: &mut Corners<T>) {
    for bit in [1, 2, 4] {
        for low in (0..8).filter(|n| n & bit == 0) {
            let (head, tail) = values.split_at_mut(low + bit);
            let (lower, upper) = (&mut head[low], &mut tail[0]);
            for (a, b) in lower.iter_mut().zip(upper) {
                (*a, *b) = (*a + *b, *b - *a);
            }
        }
    }
}

/// Transpose of [`transform`]: modal forces to nodal forces.
#[inline(always)]
fn transform_back<T: Scalar>(values: &mut Corners<T>) {
    for bit in [1, 2, 4] {
        for low in (0..8).filter(|n| n & bit == 0) {
            let (head, tail) = values.split_at_mut(low + bit);
            let (lower, upper) = (&mut head[low], &mut tail[0]);
            for (a, b) in lower.iter_mut().zip(upper) {
                (*a, *b) = (*a - *b, *a + *b);
            }
        }
    }
}

/// Nodal forces from nodal displacements, in place.
///
/// - `values`: in displacements (cell edges), out forces of the cube
/// - `lame`: λ and μ times edge / 16, see [`scaled_lame`]
#[inline(always)]
pub(super) fn apply<T: Scalar>(values: &mut Corners<T>, lame: [T; 2]) {
    transform(values);
    let [lambda, mu] = lame;
    let third = T::of(1.0 / 3.0);
    let (two_mu, three_mu, mu_third) = (mu + mu, mu + mu + mu, mu * third);
    let last = (lambda + mu + mu + mu + mu) * T::of(1.0 / 9.0);
    for l in 0..LANES {
        let (a, b, c) = (l, LANES + l, 2 * LANES + l);
        let m = |mode: usize, component: usize| values[mode][component];
        // Constant strains.
        let volume = lambda * (m(1, a) + m(2, b) + m(4, c));
        let (xx, yy, zz) = (m(1, a) * two_mu, m(2, b) * two_mu, m(4, c) * two_mu);
        let (xy, yz, xz) = (mu * (m(2, a) + m(1, b)), mu * (m(4, b) + m(2, c)), mu * (m(4, a) + m(1, c)));
        // Strains linear in one coordinate: volumetric along ξ, η, ζ, then twist.
        let along_x = lambda * (m(3, b) + m(5, c));
        let along_y = lambda * (m(3, a) + m(6, c));
        let along_z = lambda * (m(5, a) + m(6, b));
        let (a3, a5) = (m(3, a) * three_mu, m(5, a) * three_mu);
        let (b3, b6) = (m(3, b) * three_mu, m(6, b) * three_mu);
        let (c5, c6) = (m(5, c) * three_mu, m(6, c) * three_mu);
        let (twist_ab, twist_bc, twist_ca) = (m(6, a) + m(5, b), m(5, b) + m(3, c), m(3, c) + m(6, a));
        // Nothing resists a translation.
        (values[0][a], values[0][b], values[0][c]) = (T::default(), T::default(), T::default());
        (values[1][a], values[1][b], values[1][c]) = (volume + xx, xy, xz);
        (values[2][a], values[2][b], values[2][c]) = (xy, volume + yy, yz);
        (values[4][a], values[4][b], values[4][c]) = (xz, yz, volume + zz);
        (values[3][a], values[3][b], values[3][c]) =
            (third * (along_y + a3), third * (along_x + b3), mu_third * (twist_bc + twist_ca));
        (values[5][a], values[5][b], values[5][c]) =
            (third * (along_z + a5), mu_third * (twist_ab + twist_bc), third * (along_x + c5));
        (values[6][a], values[6][b], values[6][c]) =
            (mu_third * (twist_ab + twist_ca), third * (along_z + b6), third * (along_y + c6));
        (values[7][a], values[7][b], values[7][c]) =
            (last * values[7][a], last * values[7][b], last * values[7][c]);
    }
    transform_back(values);
}

/// λ and μ times the factor 4 h / 64 that [`apply`] leaves out.
pub(super) fn scaled_lame([lambda, mu]: [f64; 2], edge: f64) -> [f64; 2] {
    [lambda * edge / 16.0, mu * edge / 16.0]
}

/// Mean strain of the cube for each load case, order xx yy zz yz xz xy with engineering shear.
pub(super) fn mean_strain(values: &Corners<f64>, edge: f64) -> [[f64; 6]; LANES] {
    let mut modes = *values;
    transform(&mut modes);
    let scale = 2.0 / (8.0 * edge);
    std::array::from_fn(|l| {
        let d = |component: usize, mode: usize| modes[mode][component * LANES + l] * scale;
        [d(0, 1), d(1, 2), d(2, 4), d(1, 4) + d(2, 2), d(0, 4) + d(2, 1), d(0, 2) + d(1, 1)]
    })
}

/// Displacements of the corners for the six unit strains, load case k in lane k.
///
/// Corner `n` lies at the bits of `n` times `edge`; symmetric displacement gradient.
pub(super) fn unit_strains(edge: f64) -> Corners<f64> {
    std::array::from_fn(|n| {
        let at: [f64; 3] = std::array::from_fn(|axis| if n >> axis & 1 == 1 { edge } else { 0.0 });
        let mut block = [0.0; 3 * LANES];
        for axis in 0..3 {
            block[axis * LANES + axis] = at[axis];
        }
        for (lane, [i, j]) in [(3, [1, 2]), (4, [0, 2]), (5, [0, 1])] {
            block[i * LANES + lane] = 0.5 * at[j];
            block[j * LANES + lane] = 0.5 * at[i];
        }
        block
    })
}

/// Stiffness matrix of a cube with the given scaled Lamé constants.
pub(super) fn matrix(lame: [f64; 2]) -> BrickMatrix {
    let mut columns = [[0.0; 24]; 24];
    for batch in 0..24 / LANES {
        let mut values: Corners<f64> = [[0.0; 3 * LANES]; 8];
        for l in 0..LANES {
            let unknown = batch * LANES + l;
            values[unknown / 3][unknown % 3 * LANES + l] = 1.0;
        }
        apply(&mut values, lame);
        for l in 0..LANES {
            for (row, entry) in columns[batch * LANES + l].iter_mut().enumerate() {
                *entry = values[row / 3][row % 3 * LANES + l];
            }
        }
    }
    columns
}

/// Pᵀ K P for child `child` of a coarse cube: trilinear interpolation from the coarse corners to the child's.
pub(super) fn restricted(matrix: &BrickMatrix, child: usize) -> BrickMatrix {
    let weights = weights_of_child(child);
    let mut half = [[0.0; 24]; 24];
    for (row, out) in matrix.iter().zip(&mut half) {
        for (fine, shares) in weights.iter().enumerate() {
            for &(coarse, weight) in shares {
                for c in 0..3 {
                    out[3 * coarse + c] += row[3 * fine + c] * weight;
                }
            }
        }
    }
    let mut coarse_matrix = [[0.0; 24]; 24];
    for (fine, shares) in weights.iter().enumerate() {
        for &(coarse, weight) in shares {
            for c in 0..3 {
                for (out, entry) in coarse_matrix[3 * coarse + c].iter_mut().zip(&half[3 * fine + c]) {
                    *out += weight * entry;
                }
            }
        }
    }
    coarse_matrix
}

/// For each corner of a child cube: coarse corners and their trilinear weights.
fn weights_of_child(child: usize) -> [Vec<(usize, f64)>; 8] {
    std::array::from_fn(|corner| {
        let weight_along = |coarse: usize, axis: usize| {
            // Position of the child's corner in halves of the coarse edge: 0, 1 or 2.
            let halves = (child >> axis & 1) + (corner >> axis & 1);
            if coarse >> axis & 1 == 1 { halves as f64 / 2.0 } else { 1.0 - halves as f64 / 2.0 }
        };
        (0..8)
            .map(|coarse| (coarse, (0..3).map(|axis| weight_along(coarse, axis)).product::<f64>()))
            .filter(|(_, weight)| 0.0 < *weight)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stiffness by 2 × 2 × 2 Gauss points, exact for a cube: the textbook way.
    fn integrated(lambda: f64, mu: f64, edge: f64) -> BrickMatrix {
        let mut k = [[0.0; 24]; 24];
        let g = 1.0 / 3_f64.sqrt();
        for point in 0..8 {
            let xi: [f64; 3] = std::array::from_fn(|a| if point >> a & 1 == 1 { g } else { -g });
            let gradient = |n: usize| -> [f64; 3] {
                let s: [f64; 3] = std::array::from_fn(|a| if n >> a & 1 == 1 { 1.0 } else { -1.0 });
                std::array::from_fn(|a| {
                    let (p, q) = ((a + 1) % 3, (a + 2) % 3);
                    s[a] * (1.0 + s[p] * xi[p]) * (1.0 + s[q] * xi[q]) / 8.0 * 2.0 / edge
                })
            };
            for m in 0..8 {
                for n in 0..8 {
                    let (gm, gn) = (gradient(m), gradient(n));
                    let dot: f64 = (0..3).map(|a| gm[a] * gn[a]).sum();
                    for i in 0..3 {
                        for j in 0..3 {
                            let delta = if i == j { dot } else { 0.0 };
                            k[3 * m + i][3 * n + j] += (edge / 2.0).powi(3)
                                * (lambda * gm[i] * gn[j] + mu * (gm[j] * gn[i] + delta));
                        }
                    }
                }
            }
        }
        k
    }

    #[test]
    fn modal_stiffness_equals_gauss_integration() {
        let (lambda, mu, edge) = (1.3, 0.7, 0.25);
        let (modal, gauss) = (matrix(scaled_lame([lambda, mu], edge)), integrated(lambda, mu, edge));
        for (a, b) in modal.iter().flatten().zip(gauss.iter().flatten()) {
            assert!((a - b).abs() < 1e-14, "{a} {b}: round-off of entries of order 0.1");
        }
    }

    #[test]
    fn unit_strains_have_unit_mean_strain() {
        let strains = mean_strain(&unit_strains(0.125), 0.125);
        for (lane, strain) in strains.iter().enumerate() {
            for (k, e) in strain.iter().enumerate() {
                assert!((e - f64::from(u8::from(k == lane))).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn eight_equal_children_make_the_coarse_cube() {
        // Trilinear functions on the coarse cube are trilinear on each child: energies are equal.
        let lame = [1.3, 0.7];
        let child = matrix(scaled_lame(lame, 0.5));
        let mut sum = [[0.0; 24]; 24];
        for c in 0..8 {
            for (out, add) in sum.iter_mut().flatten().zip(restricted(&child, c).iter().flatten()) {
                *out += add;
            }
        }
        for (a, b) in sum.iter().flatten().zip(matrix(scaled_lame(lame, 1.0)).iter().flatten()) {
            assert!((a - b).abs() < 1e-13);
        }
    }
}
