//! Mean dilatation: displacements whose volume change is averaged over the cell (B-bar).
//!
//! ```text
//! ε̄ = P ε + ⅓ I θ̄,    θ̄ = (1/V) ∫ ∇·u dV,    P = deviator
//!
//! ∫ ε̄ : C : ε̄ dV  →  K_ij = ∫ Bᵢᵀ (P C P) Bⱼ dV + (1/V) [ (c bᵢ) ⊗ bⱼ + bᵢ ⊗ (c bⱼ) + κ bᵢ ⊗ bⱼ ]
//! c = ⅓ P C I  (stress deviator of a unit dilatation, zero when isotropic),   κ = ⅑ I : C : I
//! ```

use super::displacement::integration;
use super::isoparametric::{HEX8_8, TET10_4, TET10_14};
use super::moments::{self, Dilatation};
use super::points::Table;
use super::{Element, Inverted, PointStrain, block_of};
use crate::tensor::{self, Six, Stiffness};
use dens_mesher::Vec3;
use dens_mesher::cells::{Rule, quadrature};
use dens_mesher::mixed::Shape;

const SOURCE: &str = "Nagtegaal, Parks & Rice (1974), Comput. Methods Appl. Mech. Eng. 4, 153-177; Hughes (1980), Int. J. Numer. Methods Eng. 15, 1413-1418";

/// Quadratic tetrahedron with the dilatation averaged over each cell (P2–P0); for Poisson's ratios beyond 0.45.
///
/// Inf-sup stable, hence free of volumetric locking. At moderate Poisson's ratios it costs accuracy: the
/// constant dilatation limits the order in energy to 1 and in displacement to 2, and a cantilever of ν = 0.3
/// with two bricks through its thickness is 5 % too soft (plain tet10: 1 % too stiff). A single cell has three
/// free motions beyond the rigid ones (u = 2 (a·x) x − |x|² a about its centroid): do not use it where fewer
/// than four cells hang together.
#[derive(Debug, Clone, Copy)]
pub struct MeanDilatation;

/// C3D8: trilinear brick, 2 × 2 × 2 points, the dilatation averaged over each cell.
///
/// Abaqus calls it selectively reduced integration; C3D8 of CalculiX has no such averaging, take
/// [`super::HEX8`] to compare with it. Free of volumetric locking, but stiff in bending like all
/// linear bricks (parasitic shear): take [`super::IncompatibleHex8`] or quadratic cells there.
#[derive(Debug, Clone, Copy)]
pub struct MeanDilatationHex8;

impl Element for MeanDilatation {
    fn name(&self) -> &'static str {
        "mean-dilatation"
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn shape(&self) -> Shape {
        Shape::Tet10
    }

    fn rule(&self) -> &'static Rule {
        &quadrature::TET_4
    }

    fn stiffness(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        out: &mut [[f64; 9]],
    ) -> Result<(), Inverted> {
        integrate(&TET10_14, points, stiffness, out)
    }

    fn strains(
        &self,
        points: &[Vec3],
        _stiffness: &Stiffness,
        displacements: &[Vec3],
        _initial: &[Six],
        out: &mut [PointStrain],
    ) -> Result<(), Inverted> {
        strains(&TET10_4, &moments::dilatation(&TET10_14, points)?, points, displacements, out)
    }

    fn initial_forces(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        initial: &[Six],
        out: &mut [Vec3],
    ) -> Result<(), Inverted> {
        let (table, initial) = integration(points, initial);
        initial_forces(table, &moments::dilatation(&TET10_14, points)?, points, stiffness, &initial, out)
    }
}

impl Element for MeanDilatationHex8 {
    fn name(&self) -> &'static str {
        "hex8-mean-dilatation"
    }

    fn source(&self) -> &'static str {
        SOURCE
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
        integrate(&HEX8_8, points, stiffness, out)
    }

    fn strains(
        &self,
        points: &[Vec3],
        _stiffness: &Stiffness,
        displacements: &[Vec3],
        _initial: &[Six],
        out: &mut [PointStrain],
    ) -> Result<(), Inverted> {
        strains(&HEX8_8, &moments::dilatation(&HEX8_8, points)?, points, displacements, out)
    }

    fn initial_forces(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        initial: &[Six],
        out: &mut [Vec3],
    ) -> Result<(), Inverted> {
        initial_forces(&HEX8_8, &moments::dilatation(&HEX8_8, points)?, points, stiffness, initial, out)
    }
}

fn integrate(
    table: &Table,
    points: &[Vec3],
    stiffness: &Stiffness,
    out: &mut [[f64; 9]],
) -> Result<(), Inverted> {
    let (deviatoric, coupling, bulk) = split(stiffness);
    moments::integrate(table, points, &deviatoric, out)?;
    let Dilatation { volume, vectors } = moments::dilatation(table, points)?;
    let coupling = tensor::stress_tensor(&coupling);
    let n = points.len();
    let b = vectors.map(Vec3::from);
    let cb = b.map(|b| coupling * b);
    for i in 0..n {
        for j in i..n {
            let block = &mut out[block_of(n, i, j)];
            for k in 0..3 {
                for l in 0..3 {
                    let sum = cb[i][k] * b[j][l] + b[i][k] * cb[j][l] + bulk * b[i][k] * b[j][l];
                    block[3 * k + l] += sum / volume;
                }
            }
        }
    }
    Ok(())
}

fn strains(
    table: &Table,
    dilatation: &Dilatation,
    points: &[Vec3],
    displacements: &[Vec3],
    out: &mut [PointStrain],
) -> Result<(), Inverted> {
    table.strains(points, displacements, out)?;
    let change: f64 = dilatation.vectors.iter().zip(displacements).map(|(b, u)| Vec3::from(*b).dot(u)).sum();
    let mean = change / dilatation.volume / 3.0;
    for point in out {
        let own = tensor::mean(&point.strain);
        for e in &mut point.strain[..3] {
            *e += mean - own;
        }
    }
    Ok(())
}

/// ∫ B̄ᵀ σ₀ dV = ∫ Bᵀ dev σ₀ dV + b/V ∫ p₀ dV for σ₀ = C ε₀ with mean p₀.
fn initial_forces(
    table: &Table,
    dilatation: &Dilatation,
    points: &[Vec3],
    stiffness: &Stiffness,
    initial: &[Six],
    out: &mut [Vec3],
) -> Result<(), Inverted> {
    let stress = |q: usize| tensor::apply(stiffness, &initial[q]);
    let deviator = |q: usize| {
        let mut s = stress(q);
        let mean = tensor::mean(&s);
        s[..3].iter_mut().for_each(|s| *s -= mean);
        s
    };
    table.forces(points, deviator, out)?;
    // The points of the strains share the volume of the cell.
    let (mut mean, mut volume) = (0.0, 0.0);
    table.visit(points, |q, _, weight| {
        mean += weight * tensor::mean(&stress(q));
        volume += weight;
    })?;
    for (f, b) in out.iter_mut().zip(&dilatation.vectors) {
        *f += mean / volume * Vec3::from(*b);
    }
    Ok(())
}

/// P C P, ⅓ P C I (as a stress) and ⅑ I : C : I.
fn split(c: &Stiffness) -> (Stiffness, Six, f64) {
    // C I as a stress, and its mean.
    let pressure: Six = std::array::from_fn(|i| c[i][0] + c[i][1] + c[i][2]);
    let bulk = tensor::mean(&pressure) / 3.0;
    let coupling = std::array::from_fn(|i| if i < 3 { pressure[i] / 3.0 - bulk } else { pressure[i] / 3.0 });
    let mut deviatoric = *c;
    for i in 0..6 {
        for j in 0..6 {
            let (row, col) = (f64::from(u8::from(i < 3)), f64::from(u8::from(j < 3)));
            deviatoric[i][j] += row * col * bulk - (col * pressure[i] + row * pressure[j]) / 3.0;
        }
    }
    (deviatoric, coupling, bulk)
}
