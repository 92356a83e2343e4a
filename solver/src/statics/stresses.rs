//! Strain and stress at the integration points, and their averages at nodes.

use super::{Body, Formulation, StaticsError, forces};
use crate::elements::PointStrain;
use crate::tensor::{self, Six};
use dens_mesher::Vec3;
use dens_mesher::cells::Reference;
use dens_mesher::cells::mapping;
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Strain and stress at the integration points of all cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Stresses {
    /// Start of each cell in the other lists, then their length.
    pub starts: Vec<usize>,
    /// Positions, mm.
    pub positions: Vec<Vec3>,
    /// Volume each point stands for, mm³.
    pub weights: Vec<f64>,
    /// Total strain, thermal part included, global axes.
    pub strains: Vec<Six>,
    /// Stress, MPa, global axes.
    pub stresses: Vec<Six>,
}

/// One point of a cell: position, volume, strain, stress.
type Point = (Vec3, f64, Six, Six);

impl Stresses {
    /// Strain and stress at the integration points, in the order of Abaqus.
    ///
    /// - `displacements`: per node, mm
    /// - `temperature_rise`: as in the load the displacements belong to
    ///
    /// # Errors
    /// [`StaticsError::Count`] when the lists do not fit the mesh, [`StaticsError::Inverted`].
    pub fn new(body: &Body, displacements: &[Vec3], temperature_rise: &[f64]) -> Result<Self, StaticsError> {
        let n = body.mesh().n_nodes();
        if displacements.len() != n {
            let (expected, found) = (n, displacements.len());
            return Err(StaticsError::Count { what: "displacements", expected, found });
        }
        if !temperature_rise.is_empty() && temperature_rise.len() != n {
            let (expected, found) = (n, temperature_rise.len());
            return Err(StaticsError::Count { what: "temperature rises", expected, found });
        }
        let cells: Result<Vec<Vec<Point>>, StaticsError> = (0..body.mesh().n_cells())
            .into_par_iter()
            .with_min_len(256)
            .map(|cell| points_of(body, cell, displacements, temperature_rise))
            .collect();
        let cells = cells?;
        let mut out = Self {
            starts: vec![0],
            positions: Vec::new(),
            weights: Vec::new(),
            strains: Vec::new(),
            stresses: Vec::new(),
        };
        for (position, weight, strain, stress) in cells.iter().flat_map(|c| {
            out.starts.push(out.starts[out.starts.len() - 1] + c.len());
            c.iter().copied()
        }) {
            out.positions.push(position);
            out.weights.push(weight);
            out.strains.push(strain);
            out.stresses.push(stress);
        }
        Ok(out)
    }

    /// Integration points of one cell, as a range of the lists.
    pub fn of_cell(&self, cell: usize) -> std::ops::Range<usize> {
        self.starts[cell]..self.starts[cell + 1]
    }

    /// Stress at the nodes for pictures: continued from the points of each cell for which `keep` holds and
    /// averaged, weighted by volume; `None` where no such cell is.
    ///
    /// Averages hide jumps: keep one material at a time.
    pub fn at_nodes(&self, body: &Body, keep: impl Fn(usize) -> bool) -> Vec<Option<Six>> {
        let mesh = body.mesh();
        let mut continuations: BTreeMap<(Formulation, usize), DMatrix<f64>> = BTreeMap::new();
        let mut sums = vec![([0.0; 6], 0.0); mesh.n_nodes()];
        for cell in (0..mesh.n_cells()).filter(|&cell| keep(cell)) {
            let formulation = body.cells()[cell].formulation;
            let nodes = formulation.shape().cell().nodes();
            let range = self.of_cell(cell);
            let matrix = continuations.entry((formulation, range.len())).or_insert_with(|| {
                carry(formulation, points_of_count(formulation, range.len()), Carrier::Linear, nodes)
            });
            let volume: f64 = self.weights[range.clone()].iter().sum();
            for (i, &node) in mesh.cell(cell).iter().enumerate() {
                let (sum, weight) = &mut sums[node as usize];
                for (q, stress) in self.stresses[range.clone()].iter().enumerate() {
                    for (s, v) in sum.iter_mut().zip(stress) {
                        *s += volume * matrix[(i, q)] * v;
                    }
                }
                *weight += volume;
            }
        }
        sums.into_iter().map(|(sum, weight)| (0.0 < weight).then(|| sum.map(|s| s / weight))).collect()
    }
}

fn points_of(
    body: &Body,
    cell: usize,
    displacements: &[Vec3],
    rises: &[f64],
) -> Result<Vec<Point>, StaticsError> {
    let (mesh, material) = (body.mesh(), body.material(cell));
    let element = body.cells()[cell].formulation.element();
    let shape = mesh.shapes()[cell].cell();
    let nodes = mesh.cell(cell);
    let points = mesh.cell_points(cell);
    let points = &points[..nodes.len()];
    let mut u = [Vec3::zeros(); mapping::MAX_NODES];
    for (u, &node) in u.iter_mut().zip(nodes) {
        *u = displacements[node as usize];
    }
    let xis = element.rule().points;
    let thermal = forces::initial_strains(body, cell, rises)?;
    let initial = thermal.as_ref().map_or(&[][..], |t| &t[..xis.len()]);
    let mut found = [PointStrain::default(); forces::MAX_POINTS];
    let found = &mut found[..xis.len()];
    element
        .strains(points, &material.stiffness, &u[..nodes.len()], initial, found)
        .map_err(|e| StaticsError::Inverted { cell, jacobian: e.jacobian })?;
    let one = |q: usize| {
        let strain = found[q].strain;
        let elastic: Six = std::array::from_fn(|k| strain[k] - initial.get(q).map_or(0.0, |e| e[k]));
        let stress = tensor::apply(&material.stiffness, &elastic);
        (mapping::position(shape, points, xis[q]), found[q].weight, strain, stress)
    };
    Ok((0..xis.len()).map(one).collect())
}

/// Polynomials that carry a field from the integration points to the rest of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// At most linear along each axis: safe to continue to the nodes.
    Linear,
    /// Through every point: the field as the formulation has it.
    Full,
}

/// Values at `targets` from values at the integration points, targets × points: least squares.
pub(crate) fn continuation(formulation: Formulation, carrier: Carrier, targets: &[[f64; 3]]) -> DMatrix<f64> {
    carry(formulation, formulation.element().rule().points, carrier, targets)
}

/// Integration points of a cell that has this number of them: a curved cell may have more than its formulation's.
fn points_of_count(formulation: Formulation, n: usize) -> &'static [[f64; 3]] {
    let own = formulation.element().rule().points;
    let rules = formulation.shape().cell().rules();
    let richer = rules.iter().map(|rule| rule.points).find(|points| points.len() == n);
    if own.len() == n { own } else { richer.unwrap_or(own) }
}

fn carry(
    formulation: Formulation,
    points: &[[f64; 3]],
    carrier: Carrier,
    targets: &[[f64; 3]],
) -> DMatrix<f64> {
    let cell = formulation.shape().cell();
    let basis = |[x, y, z]: [f64; 3]| -> Vec<f64> {
        let plane = [1.0, x, y];
        let by_z = |powers: i32| (0..powers).flat_map(|k| plane.map(|p| p * z.powi(k))).collect::<Vec<f64>>();
        match (cell.reference(), points.len()) {
            (_, 1) => vec![1.0],
            (_, 2) => vec![1.0, z],
            (Reference::Cube, 27) if carrier == Carrier::Full => {
                (0..27).map(|k| x.powi(k % 3) * y.powi(k / 3 % 3) * z.powi(k / 9)).collect()
            }
            (Reference::Cube, _) => vec![1.0, x, y, z, x * y, y * z, x * z, x * y * z],
            (Reference::Prism, _) if carrier == Carrier::Full => by_z(3),
            (Reference::Prism, _) => by_z(2),
            _ => vec![1.0, x, y, z],
        }
    };
    let width = basis([0.0; 3]).len();
    let at_points = DMatrix::from_fn(points.len(), width, |q, k| basis(points[q])[k]);
    let at_targets = DMatrix::from_fn(targets.len(), width, |i, k| basis(targets[i])[k]);
    let normal = at_points.transpose() * &at_points;
    let inverse = normal.cholesky().expect("the points carry the polynomials").inverse();
    at_targets * inverse * at_points.transpose()
}
