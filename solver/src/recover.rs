//! Strains, stresses and energy recovered from displacements, and their averages at nodes.
//!
//! Everything lives at the four points of [`dens_mesher::cells::quadrature::TET_4`] of each cell, where the
//! stresses of a quadratic tetrahedron are most accurate. On curved cells four points integrate the energy
//! only approximately; on straight cells the sum over the points equals ½ uᵀ K u.

use crate::assembly::AssemblyError;
use crate::elements::{PointStrain, Section};
use crate::tensor::{self, Six};
use dens_mesher::Vec3;
use dens_mesher::mesh::EDGE_CORNERS;
use rayon::prelude::*;

/// Fields at the four quadrature points of each cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PointFields {
    /// Strain, order xx yy zz yz xz xy, engineering shear.
    pub strains: Vec<[Six; 4]>,
    /// Stress, MPa, same order.
    pub stresses: Vec<[Six; 4]>,
    /// Strain energy density, mJ/mm³.
    pub energy_densities: Vec<[f64; 4]>,
    /// Volume the point stands for, mm³.
    pub weights: Vec<[f64; 4]>,
}

impl PointFields {
    /// Strain energy of the cells for which `keep` holds, mJ.
    pub fn energy(&self, keep: impl Fn(usize) -> bool) -> f64 {
        (0..self.weights.len())
            .filter(|&c| keep(c))
            .map(|c| (0..4).map(|q| self.weights[c][q] * self.energy_densities[c][q]).sum::<f64>())
            .sum()
    }

    /// Volume of the cells for which `keep` holds, mm³.
    pub fn volume(&self, keep: impl Fn(usize) -> bool) -> f64 {
        (0..self.weights.len()).filter(|&c| keep(c)).map(|c| self.weights[c].iter().sum::<f64>()).sum()
    }
}

/// Fields of the body at the quadrature points.
///
/// - `displacements`: 3 entries per node, mm
/// - the other arguments as in [`crate::assembly::Assembler::assemble`]
///
/// # Errors
/// [`AssemblyError::Inverted`], [`AssemblyError::NoSuchSection`], [`AssemblyError::NoSuchNode`],
/// [`AssemblyError::Length`].
pub fn recover(
    points: &[Vec3],
    cells: &[[u32; 10]],
    sections: &[Section],
    section_of: &[u32],
    displacements: &[f64],
) -> Result<PointFields, AssemblyError> {
    if section_of.len() != cells.len() {
        let (expected, found) = (cells.len(), section_of.len());
        return Err(AssemblyError::Length { what: "section of each cell", expected, found });
    }
    // Unknowns that belong to no node of the mesh (rotations) may follow.
    if displacements.len() < 3 * points.len() {
        let (expected, found) = (3 * points.len(), displacements.len());
        return Err(AssemblyError::Length { what: "displacements", expected, found });
    }
    let one = |cell: usize| {
        let nodes = cells[cell];
        if let Some(&node) = nodes.iter().find(|&&node| points.len() <= node as usize) {
            return Err(AssemblyError::NoSuchNode { node, n_nodes: points.len() });
        }
        let section = sections.get(section_of[cell] as usize).ok_or(AssemblyError::NoSuchSection {
            cell,
            section: section_of[cell],
            n_sections: sections.len(),
        })?;
        let positions = nodes.map(|node| points[node as usize]);
        let u = nodes.map(|node| Vec3::from_column_slice(&displacements[3 * node as usize..][..3]));
        let mut strains = [PointStrain::default(); 4];
        section
            .element
            .strains(&positions, &section.stiffness, &u, &[], &mut strains)
            .map_err(|e| AssemblyError::Inverted { cell, jacobian: e.jacobian })?;
        let stresses = strains.map(|s| tensor::apply(&section.stiffness, &s.strain));
        Ok((strains, stresses))
    };
    let per_cell = (0..cells.len()).into_par_iter().with_min_len(256).map(one);
    let per_cell: Result<Vec<_>, AssemblyError> = per_cell.collect();
    let per_cell = per_cell?;
    let mut fields = PointFields {
        strains: Vec::with_capacity(cells.len()),
        stresses: Vec::with_capacity(cells.len()),
        energy_densities: Vec::with_capacity(cells.len()),
        weights: Vec::with_capacity(cells.len()),
    };
    for (points, stresses) in per_cell {
        fields.strains.push(points.map(|p| p.strain));
        fields.stresses.push(stresses);
        fields
            .energy_densities
            .push(std::array::from_fn(|q| tensor::energy_density(&stresses[q], &points[q].strain)));
        fields.weights.push(points.map(|p| p.weight));
    }
    Ok(fields)
}

/// A field at the nodes of one region, for pictures: each cell's four point values are continued linearly to
/// its nodes and averaged there, weighted by cell volume.
///
/// - `keep`: whether a cell belongs to the region; values are never averaged across its border
/// - `values`: N components at the four points of each cell
/// - returns: one value per node, `None` where the region has no cell
///
/// Not for verdicts: averages hide jumps, and the continuation may overshoot at steep gradients.
pub fn average_at_nodes<const N: usize>(
    n_nodes: usize,
    cells: &[[u32; 10]],
    weights: &[[f64; 4]],
    keep: impl Fn(usize) -> bool,
    values: &[[[f64; N]; 4]],
) -> Vec<Option<[f64; N]>> {
    let mut sums = vec![([0.0; N], 0.0); n_nodes];
    for cell in (0..cells.len()).filter(|&c| keep(c)) {
        let volume: f64 = weights[cell].iter().sum();
        let at_nodes = continue_to_nodes(&values[cell]);
        for (&node, value) in cells[cell].iter().zip(&at_nodes) {
            let (sum, weight) = &mut sums[node as usize];
            for (s, v) in sum.iter_mut().zip(value) {
                *s += volume * v;
            }
            *weight += volume;
        }
    }
    sums.into_iter().map(|(sum, weight)| (0.0 < weight).then(|| sum.map(|s| s / weight))).collect()
}

/// Values at the ten nodes of the linear function through the values at the four quadrature points.
pub fn continue_to_nodes<const N: usize>(values: &[[f64; N]; 4]) -> [[f64; N]; 10] {
    // Point i has λᵢ = (5 + 3√5)/20 and the other λ = (5 − √5)/20 = A; their difference is 1/√5.
    const A: f64 = 0.138_196_601_125_010_5;
    let sum: [f64; N] = std::array::from_fn(|k| values.iter().map(|v| v[k]).sum());
    let corner =
        |i: usize| -> [f64; N] { std::array::from_fn(|k| (values[i][k] - A * sum[k]) * 5.0_f64.sqrt()) };
    let corners: [[f64; N]; 4] = std::array::from_fn(corner);
    std::array::from_fn(|i| match i {
        0..4 => corners[i],
        _ => {
            let [a, b] = EDGE_CORNERS[i - 4];
            std::array::from_fn(|k| 0.5 * (corners[a][k] + corners[b][k]))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::{Displacement, MeanDilatation};
    use crate::tensor::isotropic;
    use dens_mesher::cells::{quadrature, tet10};
    use nalgebra::Matrix3;

    fn cell() -> Vec<Vec3> {
        tet10::NODES.iter().map(|x| Vec3::new(2.0 * x[0], 3.0 * x[1] + 0.1 * x[0], 1.5 * x[2])).collect()
    }

    const CELL: [u32; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

    #[test]
    fn linear_displacement_gives_its_strain_stress_and_energy_everywhere() {
        let gradient = Matrix3::new(1e-3, 2e-3, -5e-4, 3e-4, -1e-3, 7e-4, 4e-4, -6e-4, 8e-4);
        let points = cell();
        let u: Vec<f64> = points.iter().flat_map(|p| <[f64; 3]>::from(gradient * p)).collect();
        let c = isotropic(1000.0, 0.3);
        let sections = [
            Section { stiffness: c, element: &Displacement },
            Section { stiffness: c, element: &MeanDilatation },
        ];
        let strain = tensor::small_strain(&gradient);
        let stress = tensor::apply(&c, &strain);
        for section in 0..2 {
            let fields = recover(&points, &[CELL], &sections, &[section], &u).expect("valid cell");
            for q in 0..4 {
                for k in 0..6 {
                    assert!((fields.strains[0][q][k] - strain[k]).abs() < 1e-16);
                    assert!((fields.stresses[0][q][k] - stress[k]).abs() < 1e-12);
                }
            }
            assert!((fields.volume(|_| true) - 1.5).abs() < 1e-14); // 2 · 3 · 1.5 / 6
            let energy = 1.5 * tensor::energy_density(&stress, &strain);
            assert!((fields.energy(|_| true) - energy).abs() < 1e-15);
            assert_eq!(fields.energy(|_| false), 0.0);
        }
    }

    #[test]
    fn linear_fields_are_continued_exactly() {
        let f = |x: [f64; 3]| [1.0 + 2.0 * x[0] - x[1] + 0.5 * x[2], x[1]];
        let values: [[f64; 2]; 4] = std::array::from_fn(|q| f(quadrature::TET_4.points[q]));
        for (node, value) in tet10::NODES.iter().zip(continue_to_nodes(&values)) {
            let exact = f(*node);
            assert!((value[0] - exact[0]).abs() < 1e-14 && (value[1] - exact[1]).abs() < 1e-14);
        }
    }

    #[test]
    fn averages_stay_inside_their_region() {
        let far: [u32; 10] = std::array::from_fn(|i| if i == 0 { 0 } else { 9 + i as u32 });
        let values = [[[1.0]; 4], [[5.0]; 4]];
        let weights = [[1.0; 4], [3.0; 4]];
        let both = average_at_nodes(19, &[CELL, far], &weights, |_| true, &values);
        let first = average_at_nodes(19, &[CELL, far], &weights, |c| c == 0, &values);
        let close = |found: Option<[f64; 1]>, value: f64| {
            (found.expect("node of the region")[0] - value).abs() < 1e-14
        };
        assert!(close(both[0], 4.0) && close(first[0], 1.0));
        assert_eq!(first[12], None);
    }

    #[test]
    fn missing_displacements_are_refused() {
        let section = Section { stiffness: isotropic(1.0, 0.3), element: &Displacement };
        let fault = recover(&cell(), &[CELL], &[section], &[0], &[0.0; 27]);
        assert_eq!(fault, Err(AssemblyError::Length { what: "displacements", expected: 30, found: 27 }));
    }
}
