//! Mean dilatation: quadratic displacements whose volume change is averaged over the cell (P2–P0, B-bar).
//!
//! ```text
//! ε̄ = P ε + ⅓ I θ̄,    θ̄ = (1/V) ∫ ∇·u dV,    P = deviator
//!
//! ∫ ε̄ : C : ε̄ dV  →  K_ij = ∫ Bᵢᵀ (P C P) Bⱼ dV + (1/V) [ (c bᵢ) ⊗ bⱼ + bᵢ ⊗ (c bⱼ) + κ bᵢ ⊗ bⱼ ]
//! c = ⅓ P C I  (stress deviator of a unit dilatation, zero when isotropic),   κ = ⅑ I : C : I
//! ```

use super::moments::{self};
use super::{BLOCK_OF, Displacement, Element, ElementStiffness, Inverted, PointStrain};
use crate::tensor::{self, Stiffness};
use dens_mesher::Vec3;

/// Quadratic displacements with the dilatation averaged over each cell; for Poisson's ratios beyond 0.45.
///
/// Inf-sup stable, hence free of volumetric locking. At moderate Poisson's ratios it costs accuracy: the
/// constant dilatation limits the order in energy to 1 and in displacement to 2, and a cantilever of ν = 0.3
/// with two bricks through its thickness is 5 % too soft (plain tet10: 1 % too stiff). A single cell has three
/// free motions beyond the rigid ones (u = 2 (a·x) x − |x|² a about its centroid): do not use it where fewer
/// than four cells hang together.
#[derive(Debug, Clone, Copy)]
pub struct MeanDilatation;

impl Element for MeanDilatation {
    fn name(&self) -> &'static str {
        "mean-dilatation"
    }

    fn source(&self) -> &'static str {
        "Nagtegaal, Parks & Rice (1974), Comput. Methods Appl. Mech. Eng. 4, 153-177; Hughes (1980), Int. J. Numer. Methods Eng. 15, 1413-1418"
    }

    fn stiffness(
        &self,
        points: &[Vec3; 10],
        stiffness: &Stiffness,
        out: &mut ElementStiffness,
    ) -> Result<(), Inverted> {
        let (deviatoric, coupling, bulk) = split(stiffness);
        moments::integrate(points, &deviatoric, out)?;
        let moments::Dilatation { volume, vectors } = moments::dilatation(points)?;
        let coupling = tensor::stress_tensor(&coupling);
        let b = vectors.map(Vec3::from);
        let cb = b.map(|b| coupling * b);
        for i in 0..10 {
            for j in i..10 {
                let block = &mut out[BLOCK_OF[i][j] as usize];
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

    fn strains(&self, points: &[Vec3; 10], displacements: &[Vec3; 10]) -> Result<[PointStrain; 4], Inverted> {
        let mut out = Displacement.strains(points, displacements)?;
        let moments::Dilatation { volume, vectors } = moments::dilatation(points)?;
        let change: f64 = vectors.iter().zip(displacements).map(|(b, u)| Vec3::from(*b).dot(u)).sum();
        let mean = change / volume / 3.0;
        for point in &mut out {
            let own = tensor::mean(&point.strain);
            for e in &mut point.strain[..3] {
                *e += mean - own;
            }
        }
        Ok(out)
    }
}

/// P C P, ⅓ P C I (as a stress) and ⅑ I : C : I.
fn split(c: &Stiffness) -> (Stiffness, tensor::Six, f64) {
    // C I as a stress, and its mean.
    let pressure: tensor::Six = std::array::from_fn(|i| c[i][0] + c[i][1] + c[i][2]);
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
