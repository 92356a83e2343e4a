//! Element formulations on the ten-node tetrahedron: stiffness and strains.
//!
//! A formulation is a member of [`CATALOGUE`] and is chosen per material, see [`Section`]. Element matrices
//! are stored as the 55 blocks of 3 × 3 on and above the diagonal, [`ElementStiffness`].

pub mod displacement;
pub mod mean_dilatation;
pub mod moments;

use crate::tensor::{self, Six, Stiffness};
use dens_mesher::Vec3;
use thiserror::Error;

pub use displacement::Displacement;
pub use mean_dilatation::MeanDilatation;

/// Blocks (i, j) with i ≤ j of a 30 × 30 element stiffness, N/mm, row-major 3 × 3; number by [`BLOCK_OF`].
/// Block (j, i) is the transpose.
pub type ElementStiffness = [[f64; 9]; 55];

/// Number of the stored block of local nodes i and j, in either order.
pub static BLOCK_OF: [[u8; 10]; 10] = block_numbers();

/// Strain at one quadrature point.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PointStrain {
    /// Small strain, order xx yy zz yz xz xy, engineering shear.
    pub strain: Six,
    /// Volume the point stands for, mm³.
    pub weight: f64,
}

/// A cell turned inside out or without volume.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("volume ratio {jacobian:.3e} mm³ is not positive")]
pub struct Inverted {
    /// Smallest volume ratio det ∂x/∂ξ met at a quadrature point, mm³.
    pub jacobian: f64,
}

/// Formulation of small-strain elasticity on a ten-node tetrahedron.
pub trait Element: Send + Sync + std::fmt::Debug {
    /// Name as in a case file.
    fn name(&self) -> &'static str;

    /// Where the formulation comes from.
    fn source(&self) -> &'static str;

    /// Element stiffness ∫ Bᵀ C B dV into `out`.
    ///
    /// - `points`: node positions, mm; the cell may be curved
    /// - `stiffness`: material, MPa, symmetric, in the global frame
    ///
    /// # Errors
    /// [`Inverted`] when the volume ratio is not positive at a quadrature point.
    fn stiffness(
        &self,
        points: &[Vec3; 10],
        stiffness: &Stiffness,
        out: &mut ElementStiffness,
    ) -> Result<(), Inverted>;

    /// Strains at the four points of [`dens_mesher::cells::quadrature::TET_4`], as the energy of this
    /// formulation sees them.
    ///
    /// # Errors
    /// [`Inverted`] as above.
    fn strains(&self, points: &[Vec3; 10], displacements: &[Vec3; 10]) -> Result<[PointStrain; 4], Inverted>;
}

/// Every formulation.
pub static CATALOGUE: &[&dyn Element] = &[&Displacement, &MeanDilatation];

/// Material together with the formulation its cells use.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Stiffness in the global frame, MPa.
    pub stiffness: Stiffness,
    /// Formulation of the cells.
    pub element: &'static dyn Element,
}

impl Section {
    /// Section with the formulation that suits the material: [`MeanDilatation`] where the ratio of bulk to
    /// shear modulus is beyond that of ν = 0.45, else [`Displacement`].
    pub fn suited(stiffness: Stiffness) -> Self {
        // κ/μ = 2 (1 + ν) / (3 (1 − 2 ν)) = 9.67 at ν = 0.45, where tet10 begins to lock.
        let bulk =
            tensor::mean(&tensor::apply(&stiffness, &[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0, 0.0, 0.0]));
        let shear = (stiffness[3][3] + stiffness[4][4] + stiffness[5][5]) / 3.0;
        let limit = 2.9 / 0.3;
        let element: &'static dyn Element =
            if limit * shear < bulk { &MeanDilatation } else { &Displacement };
        Self { stiffness, element }
    }
}

/// Symmetric 30 × 30 matrix of an element stiffness; row 3 i + k is axis k of local node i.
pub fn full(blocks: &ElementStiffness) -> [[f64; 30]; 30] {
    let mut k = [[0.0; 30]; 30];
    for i in 0..10 {
        for j in 0..10 {
            let block = &blocks[BLOCK_OF[i][j] as usize];
            for a in 0..3 {
                for b in 0..3 {
                    k[3 * i + a][3 * j + b] = if i <= j { block[3 * a + b] } else { block[3 * b + a] };
                }
            }
        }
    }
    k
}

const fn block_numbers() -> [[u8; 10]; 10] {
    let mut table = [[0; 10]; 10];
    let (mut i, mut next) = (0, 0);
    while i < 10 {
        let mut j = i;
        while j < 10 {
            table[i][j] = next;
            table[j][i] = next;
            next += 1;
            j += 1;
        }
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{energy_density, isotropic, small_strain};
    use dens_mesher::mesh::EDGE_CORNERS;
    use nalgebra::{DMatrix, Matrix3};

    fn straight() -> [Vec3; 10] {
        let c = [[0.1, -0.2, 0.3], [2.1, 0.1, 0.2], [0.4, 1.7, 0.0], [0.2, 0.3, 2.5]].map(Vec3::from);
        std::array::from_fn(|i| match i {
            0..4 => c[i],
            _ => 0.5 * (c[EDGE_CORNERS[i - 4][0]] + c[EDGE_CORNERS[i - 4][1]]),
        })
    }

    fn curved() -> [Vec3; 10] {
        let mut p = straight();
        p[4] += Vec3::new(0.02, -0.15, 0.03);
        p[8] += Vec3::new(0.10, 0.05, 0.12);
        p
    }

    /// An anisotropic positive definite stiffness: A Aᵀ + 3 I with A of no symmetry.
    fn anisotropic() -> Stiffness {
        let a = |i: usize, j: usize| ((7 * i + 3 * j * j + 1) % 11) as f64 / 5.0 - 1.0;
        std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                (0..6).map(|k| a(i, k) * a(j, k)).sum::<f64>() + if i == j { 3.0 } else { 0.0 }
            })
        })
    }

    fn matrix(element: &dyn Element, points: &[Vec3; 10], c: &Stiffness) -> DMatrix<f64> {
        let mut blocks = [[0.0; 9]; 55];
        element.stiffness(points, c, &mut blocks).expect("valid cell");
        let k = full(&blocks);
        DMatrix::from_fn(30, 30, |i, j| k[i][j])
    }

    fn every_case() -> impl Iterator<Item = (&'static dyn Element, [Vec3; 10], Stiffness)> {
        CATALOGUE.iter().flat_map(|&e| {
            [straight(), curved()].into_iter().flat_map(move |p| {
                [isotropic(1000.0, 0.3), anisotropic()].into_iter().map(move |c| (e, p, c))
            })
        })
    }

    #[test]
    fn six_rigid_motions_cost_nothing() {
        for (element, p, c) in every_case() {
            let k = matrix(element, &p, &c);
            for axis in 0..3 {
                let e = Vec3::ith(axis, 1.0);
                let translation = DMatrix::from_fn(30, 1, |i, _| e[i % 3]);
                let rotation = DMatrix::from_fn(30, 1, |i, _| e.cross(&p[i / 3])[i % 3]);
                for u in [translation, rotation] {
                    assert!((&k * u).amax() < 1e-12 * k.amax(), "{}", element.name());
                }
            }
        }
    }

    #[test]
    fn no_other_motion_is_free_but_the_three_conformal_ones_of_mean_dilatation() {
        // u = 2 (a·x) x − |x|² a has no deviator, and its dilatation averages to zero about the centroid. Cells
        // that share facets stop it: `six_rigid_motions_of_a_body` among the verification tests.
        for (element, p, c) in every_case() {
            let free = if element.name() == MeanDilatation.name() && p == straight() { 9 } else { 6 };
            let mut values: Vec<f64> =
                matrix(element, &p, &c).symmetric_eigenvalues().iter().copied().collect();
            values.sort_by(f64::total_cmp);
            assert!(values[free - 1].abs() < 1e-13 * values[29], "{}: {values:?}", element.name());
            assert!(1e-5 * values[29] < values[free], "{}: {values:?}", element.name());
        }
    }

    #[test]
    fn energy_of_a_linear_displacement_is_that_of_its_constant_strain() {
        let gradient = Matrix3::new(1e-3, 2e-3, -5e-4, 3e-4, -1e-3, 7e-4, 4e-4, -6e-4, 8e-4);
        for (element, p, c) in every_case() {
            let u = DMatrix::from_fn(30, 1, |i, _| (gradient * p[i / 3])[i % 3]);
            let energy = 0.5 * (u.transpose() * matrix(element, &p, &c) * &u)[(0, 0)];
            let strain = small_strain(&gradient);
            let exact =
                energy_density(&tensor::apply(&c, &strain), &strain) * dens_mesher::cells::tet10::volume(&p);
            // Round-off only: constants are in the space of both formulations.
            assert!((energy / exact - 1.0).abs() < 1e-12, "{}: {energy} {exact}", element.name());
        }
    }

    #[test]
    fn stiffness_is_the_second_difference_of_the_point_energies() {
        // ½ uᵀ K u = Σ w ½ ε : C ε with the strains the element itself reports (straight cells: same rule).
        for &element in CATALOGUE {
            for c in [isotropic(1000.0, 0.499), anisotropic()] {
                let p = straight();
                let k = matrix(element, &p, &c);
                let u: [Vec3; 10] = std::array::from_fn(|i| {
                    Vec3::from_fn(|a, _| (((5 * i + 3 * a + i * i) % 13) as f64 - 6.0) * 1e-3)
                });
                let v = DMatrix::from_fn(30, 1, |i, _| u[i / 3][i % 3]);
                let quadratic = 0.5 * (v.transpose() * k * &v)[(0, 0)];
                let summed: f64 = element
                    .strains(&p, &u)
                    .expect("valid cell")
                    .iter()
                    .map(|s| s.weight * energy_density(&tensor::apply(&c, &s.strain), &s.strain))
                    .sum();
                assert!((quadratic / summed - 1.0).abs() < 1e-12, "{}", element.name());
            }
        }
    }

    #[test]
    fn straight_and_general_integration_agree() {
        // A cell whose mid-edge node is off by 1e-8 takes the general path.
        for &element in CATALOGUE {
            let p = straight();
            let mut q = p;
            q[5] += Vec3::new(0.0, 1e-8, 0.0);
            assert!(!dens_mesher::cells::tet10::is_straight(&q));
            for c in [isotropic(1000.0, 0.3), anisotropic()] {
                let (a, b) = (matrix(element, &p, &c), matrix(element, &q, &c));
                let scale = a.amax();
                assert!((a - b).amax() < 1e-7 * scale, "{}", element.name());
            }
        }
    }

    #[test]
    fn an_inverted_cell_is_refused() {
        let p = straight().map(|x| Vec3::new(-x.x, x.y, x.z));
        let mut out = [[0.0; 9]; 55];
        for &element in CATALOGUE {
            assert!(element.stiffness(&p, &isotropic(1.0, 0.3), &mut out).is_err());
            assert!(element.strains(&p, &p).is_err());
        }
    }

    #[test]
    fn mean_dilatation_is_taken_beyond_poissons_ratio_045() {
        assert_eq!(Section::suited(isotropic(1.0, 0.44)).element.name(), Displacement.name());
        assert_eq!(Section::suited(isotropic(1.0, 0.46)).element.name(), MeanDilatation.name());
    }
}
