//! Deviation of the bone's strain energy from that of the intact spine, and its gradient by the density of a lattice.
//!
//! ```text
//! D = ∫ ln²(U / U₀) dV / ∫ dV        over bone where U₀ > 0; half and double the energy count alike
//! K λ = ∂D/∂u = ∫ (∂D/∂U) B : C : ε(u) dV
//! dD/dρₑ = − ∫ₑ ε(λ) : C′(ρₑ) : ε(u) dV
//! ```
//! One more linear solve with the matrix of the state gives the derivative by every density. Exact where interfaces are
//! bonded or slide without friction and penalties are held, see [`Solver::adjoint`](crate::newton::Solver::adjoint).
//!
//! # Source
//! Measure: strain energy relative to the intact bone as the signal of remodeling, Huiskes et al. (1992), Clin. Orthop.
//! 274, 124–134; minimised over the stiffness of an implant by Kuiper & Huiskes (1997), J. Biomech. Eng. 119, 166–174. The
//! logarithm is ours. Adjoint: Bendsøe & Sigmund (2003), Topology Optimization, §1.2.3.

use crate::elements::{Inverted, PointStrain};
use crate::model::Part;
use crate::tensor::{Six, Stiffness, apply};
use dens_mesher::Vec3;
use rayon::prelude::*;

/// Points of an element.
type FourPoints<T> = [T; 4];

/// Deviation and its derivative by the energy density at every point.
#[derive(Debug, Clone, PartialEq)]
pub struct Deviation {
    /// D.
    pub value: f64,
    /// ∂D/∂U per volume of the point, 1/(mm³ mJ/mm³), part by part, cell by cell; zero where a point does not count.
    pub slopes: Vec<Vec<FourPoints<f64>>>,
}

/// Volumes and strain energy densities of one part, cell by cell.
#[derive(Debug, Clone, Copy)]
pub struct Energies<'a> {
    /// mm³.
    pub weights: &'a [FourPoints<f64>],
    /// Implanted, mJ/mm³.
    pub implanted: &'a [FourPoints<f64>],
    /// Intact, mJ/mm³.
    pub intact: &'a [FourPoints<f64>],
}

/// Deviation of the strain energy of these parts of bone.
///
/// # Panics
/// When the slices of a part differ in length.
pub fn deviation(parts: &[Energies<'_>]) -> Deviation {
    let (mut sum, mut volume) = (0.0, 0.0);
    let mut slopes = Vec::with_capacity(parts.len());
    for part in parts {
        assert_eq!(part.weights.len(), part.implanted.len(), "one energy per weight");
        assert_eq!(part.weights.len(), part.intact.len(), "both models at the same points");
        let mut of_part = vec![[0.0; 4]; part.weights.len()];
        for (cell, slopes) in of_part.iter_mut().enumerate() {
            for (q, slope) in slopes.iter_mut().enumerate() {
                let (w, u, u0) = (part.weights[cell][q], part.implanted[cell][q], part.intact[cell][q]);
                if 0.0 < u && 0.0 < u0 {
                    let ratio = (u / u0).ln();
                    sum += w * ratio * ratio;
                    volume += w;
                    *slope = 2.0 * ratio / u;
                }
            }
        }
        slopes.push(of_part);
    }
    let volume = if 0.0 < volume { volume } else { 1.0 };
    slopes.iter_mut().flatten().flatten().for_each(|s| *s /= volume);
    Deviation { value: sum / volume, slopes }
}

/// Nodal forces ∫ s C ε : B dV of a part, N: derivative of ∫ s U dV by its displacements at fixed s.
///
/// - `displacements`: of every node, mm
/// - `slopes`: s at the points of every cell
///
/// # Errors
/// The first inverted cell.
pub fn load(part: &Part, displacements: &[Vec3], slopes: &[FourPoints<f64>]) -> Result<Vec<Vec3>, Inverted> {
    let of_cell = |cell: usize| {
        let mut forces = [Vec3::zeros(); 10];
        if slopes[cell] == [0.0; 4] {
            return Ok(forces);
        }
        let (points, strains) = strains(part, displacements, cell)?;
        let scaled: FourPoints<Six> = std::array::from_fn(|q| strains[q].strain.map(|e| slopes[cell][q] * e));
        let section = &part.palette[part.of_cell[cell] as usize];
        section.element.initial_forces(&points, &section.stiffness, &scaled, &mut forces)?;
        Ok(forces)
    };
    let forces: Result<Vec<[Vec3; 10]>, Inverted> =
        (0..part.mesh.n_cells()).into_par_iter().map(of_cell).collect();
    let mut sum = vec![Vec3::zeros(); part.mesh.n_nodes()];
    for (nodes, forces) in part.mesh.cells.iter().zip(forces?) {
        for (node, force) in nodes.iter().zip(forces) {
            sum[*node as usize] += force;
        }
    }
    Ok(sum)
}

/// − ∫ₑ ε(λ) : C′ : ε(u) dV of every cell with a C′, N mm.
///
/// - `displacements`, `adjoint`: of every node of the part
/// - `slopes`: derivative of the stiffness of a cell by its density, MPa; `None`: it has none, and 0 is returned
///
/// # Errors
/// The first inverted cell.
pub fn gradient(
    part: &Part,
    displacements: &[Vec3],
    adjoint: &[Vec3],
    slopes: &[Option<Stiffness>],
) -> Result<Vec<f64>, Inverted> {
    let of_cell = |cell: usize| {
        let Some(slope) = &slopes[cell] else { return Ok(0.0) };
        let (_, u) = strains(part, displacements, cell)?;
        let (_, l) = strains(part, adjoint, cell)?;
        let at = |q: usize| {
            let stress = apply(slope, &u[q].strain);
            u[q].weight * stress.iter().zip(&l[q].strain).map(|(s, e)| s * e).sum::<f64>()
        };
        Ok(-(0..4).map(at).sum::<f64>())
    };
    (0..part.mesh.n_cells()).into_par_iter().map(of_cell).collect()
}

/// Positions of the nodes of a cell and the strains at its points.
fn strains(
    part: &Part,
    displacements: &[Vec3],
    cell: usize,
) -> Result<([Vec3; 10], FourPoints<PointStrain>), Inverted> {
    let nodes = &part.mesh.cells[cell];
    let points = nodes.map(|n| part.mesh.points[n as usize]);
    let moved = nodes.map(|n| displacements[n as usize]);
    let section = &part.palette[part.of_cell[cell] as usize];
    let mut strains = [PointStrain::default(); 4];
    section.element.strains(&points, &section.stiffness, &moved, &[], &mut strains)?;
    Ok((points, strains))
}

#[cfg(test)]
mod tests;
