//! Incompatible modes: a trilinear brick that can bend (C3D8I).
//!
//! ```text
//! u = Σ Nᵢ uᵢ + Σ Mₖ αₖ        Mₖ = 1 − ξₖ², k = 1, 2, 3        three vectors α inside each cell
//! ∇Mₖ = (j₀ / j) J₀⁻ᵀ ∂Mₖ/∂ξ        J₀, j₀: Jacobian matrix and volume ratio at the center
//! K = K_uu − K_uα K_αα⁻¹ K_αu
//! ```
//! The gradients of the modes use the Jacobian of the center, so that they do no work on a constant stress and
//! the patch test holds on any cell (Taylor, Beresford & Wilson).

use super::isoparametric::HEX8_8;
use super::points::{MAX_GRADIENTS, add_forces, strain};
use super::{Element, Inverted, PointStrain, block_of, moments, n_blocks};
use crate::tensor::{Six, Stiffness, apply};
use dens_mesher::Vec3;
use dens_mesher::cells::{Rule, hex8, mapping, quadrature};
use dens_mesher::mixed::Shape;
use nalgebra::{SMatrix, SVector};

/// Trilinear brick with three incompatible modes, nine internal unknowns.
///
/// Bends like a quadratic cell where it is a parallelepiped; the advantage is lost on trapezoids. CalculiX leaves
/// out the factor j₀/j: equal on parallelepipeds, its patch test fails elsewhere (0.1 % to 0.3 % on a block
/// distorted by a tenth). Abaqus adds four modes to its C3D8I against volumetric locking, which this formulation does without: nearly
/// incompressible bodies come out a little stiffer.
#[derive(Debug, Clone, Copy)]
pub struct IncompatibleHex8;

type Internal = SMatrix<f64, 9, 9>;
type Coupling = SMatrix<f64, 9, 24>;

impl Element for IncompatibleHex8 {
    fn name(&self) -> &'static str {
        "hex8-incompatible"
    }

    fn source(&self) -> &'static str {
        "Taylor, Beresford & Wilson (1976), A non-conforming element for stress analysis, Int. J. Numer. Methods Eng. 10, 1211-1219"
    }

    fn shape(&self) -> Shape {
        Shape::Hex8
    }

    fn rule(&self) -> &'static Rule {
        &quadrature::HEX_8
    }

    fn stiffness(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        out: &mut [[f64; 9]],
    ) -> Result<(), Inverted> {
        let (blocks, inner, coupling) = enlarged(points, stiffness)?;
        let eliminated = inner * coupling;
        let correction = coupling.transpose() * eliminated;
        for i in 0..8 {
            for j in i..8 {
                let (block, from) = (&mut out[block_of(8, i, j)], &blocks[block_of(11, i, j)]);
                for e in 0..9 {
                    block[e] = from[e] - correction[(3 * i + e / 3, 3 * j + e % 3)];
                }
            }
        }
        Ok(())
    }

    fn strains(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        displacements: &[Vec3],
        initial: &[Six],
        out: &mut [PointStrain],
    ) -> Result<(), Inverted> {
        let (_, inner, coupling) = enlarged(points, stiffness)?;
        let u = SVector::<f64, 24>::from_fn(|i, _| displacements[i / 3][i % 3]);
        let mut force = SVector::<f64, 9>::zeros();
        if !initial.is_empty() {
            let all = all_forces(points, stiffness, initial)?;
            force = SVector::<f64, 9>::from_fn(|i, _| all[8 + i / 3][i % 3]);
        }
        let alpha = inner * (force - coupling * u);
        let mut all = [Vec3::zeros(); 11];
        all[..8].copy_from_slice(displacements);
        for k in 0..3 {
            all[8 + k] = alpha.fixed_rows::<3>(3 * k).into_owned();
        }
        visit(points, |q, g, weight| out[q] = PointStrain { strain: strain(g, &all), weight })
    }

    fn initial_forces(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        initial: &[Six],
        out: &mut [Vec3],
    ) -> Result<(), Inverted> {
        let (_, inner, coupling) = enlarged(points, stiffness)?;
        let all = all_forces(points, stiffness, initial)?;
        let force = SVector::<f64, 9>::from_fn(|i, _| all[8 + i / 3][i % 3]);
        let correction = coupling.transpose() * (inner * force);
        for (i, out) in out.iter_mut().enumerate() {
            *out = all[i] - correction.fixed_rows::<3>(3 * i);
        }
        Ok(())
    }
}

/// Stiffness with the modes as three more nodes, the inverse of K_αα and K_αu.
fn enlarged(
    points: &[Vec3],
    stiffness: &Stiffness,
) -> Result<([[f64; 9]; n_blocks(11)], Internal, Coupling), Inverted> {
    let mut blocks = [[0.0; 9]; n_blocks(11)];
    visit(points, |_, g, weight| moments::accumulate(g, weight, &mut blocks))?;
    moments::contract(stiffness, &mut blocks);
    let entry = |row: usize, column: usize| {
        let (i, j) = (row / 3, column / 3);
        match i <= j {
            true => blocks[block_of(11, i, j)][3 * (row % 3) + column % 3],
            false => blocks[block_of(11, j, i)][3 * (column % 3) + row % 3],
        }
    };
    let inner = Internal::from_fn(|r, c| entry(24 + r, 24 + c));
    let coupling = Coupling::from_fn(|r, c| entry(24 + r, c));
    // A material that is positive definite and a cell with volume make K_αα positive definite.
    let inverse = inner.cholesky().ok_or(Inverted { jacobian: 0.0 })?.inverse();
    Ok((blocks, inverse, coupling))
}

/// ∫ Bᵀ C ε₀ dV of nodes and modes.
fn all_forces(points: &[Vec3], stiffness: &Stiffness, initial: &[Six]) -> Result<[Vec3; 11], Inverted> {
    let mut out = [Vec3::zeros(); 11];
    visit(points, |q, g, weight| add_forces(g, &apply(stiffness, &initial[q]), weight, &mut out))?;
    Ok(out)
}

/// Calls `visit(point, gradients of nodes and modes, volume)` at each point.
fn visit(points: &[Vec3], mut visit: impl FnMut(usize, &[[f64; 3]], f64)) -> Result<(), Inverted> {
    // J₀⁻ᵀ eₖ: gradients of the reference coordinates at the center.
    let mut axes = [[0.0; 3]; MAX_GRADIENTS];
    let mut reference = [[0.0; 3]; 11];
    reference[..8].copy_from_slice(&hex8::gradients([0.0; 3]));
    for k in 0..3 {
        reference[8 + k][k] = 1.0;
    }
    let center = mapping::spatial_gradients(points, &reference, &mut axes[..11]);
    super::points::positive(center)?;
    let mut all = [[0.0; 3]; 11];
    HEX8_8.visit(points, |q, g, weight| {
        all[..8].copy_from_slice(g);
        let ratio = center * quadrature::HEX_8.weights[q] / weight;
        for k in 0..3 {
            let slope = -2.0 * quadrature::HEX_8.points[q][k] * ratio;
            all[8 + k] = axes[8 + k].map(|a| slope * a);
        }
        visit(q, &all, weight);
    })
}
