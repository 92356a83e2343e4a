//! Strains, stresses and energies of a solved model, part by part, with the place of each point.

use super::bodies::Kind;
use super::models::Question;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::cells::quadrature::TET_4;
use dens_mesher::cells::tet10;
use dens_mesher::mesh::Mesh;
use dens_solver::recover::{PointFields, recover};
use dens_solver::solution::Solution;
use dens_solver::tensor::Six;

/// A solved stage with its fields.
pub struct Solved {
    /// The question.
    pub question: Question,
    /// The answer under the largest load of the case.
    pub solution: Solution,
    /// The answer without any load, where a misfit acts that moves or presses the bodies before.
    pub rest: Option<Solution>,
    /// Fields of each part, in the order of the model.
    pub fields: Vec<PointFields>,
    /// Positions of the quadrature points of each part, mm.
    pub places: Vec<Vec<[Vec3; 4]>>,
}

/// Point of a part.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Cell.
    pub cell: usize,
    /// Position, mm.
    pub place: Vec3,
    /// Volume it stands for, mm³.
    pub weight: f64,
    /// Strain, order xx yy zz yz xz xy.
    pub strain: Six,
    /// Stress, MPa.
    pub stress: Six,
    /// Strain energy density, mJ/mm³.
    pub energy: f64,
}

impl Solved {
    /// Recovers the fields of a solution.
    ///
    /// # Errors
    /// Only by a bug: the meshes were solved on.
    pub fn new(question: Question, solution: Solution) -> Result<Self, Failure> {
        let mut fields = Vec::new();
        let mut places = Vec::new();
        for (part, u) in question.model.parts.iter().zip(&solution.displacements) {
            let flat: Vec<f64> = u.iter().flat_map(|v| [v.x, v.y, v.z]).collect();
            let found = recover(&part.mesh.points, &part.mesh.cells, &part.palette, &part.of_cell, &flat);
            fields.push(found.map_err(Failure::bug)?);
            places.push(points_of(&part.mesh));
        }
        Ok(Self { question, solution, rest: None, fields, places })
    }

    /// Mean travel of the condyles under the load, counted from the state without one, mm.
    pub fn travel(&self) -> f64 {
        self.solution.mean_travel() - self.rest.as_ref().map_or(0.0, Solution::mean_travel)
    }

    /// Points of the part of that kind; none when the model has no such part.
    pub fn points(&self, kind: Kind) -> impl Iterator<Item = Point> + '_ {
        let part = self.question.part(kind);
        part.into_iter().flat_map(move |p| {
            let f = &self.fields[p];
            (0..f.weights.len()).flat_map(move |cell| {
                (0..4).map(move |q| Point {
                    cell,
                    place: self.places[p][cell][q],
                    weight: f.weights[cell][q],
                    strain: f.strains[cell][q],
                    stress: f.stresses[cell][q],
                    energy: f.energy_densities[cell][q],
                })
            })
        })
    }

    /// Mesh of the part of that kind.
    pub fn mesh(&self, kind: Kind) -> Option<&Mesh> {
        self.question.part(kind).map(|p| &*self.question.model.parts[p].mesh)
    }

    /// Mean displacement over the facets of a set, weighted by area, mm.
    pub fn mean_displacement(&self, kind: Kind, set: &str) -> Option<Vec3> {
        let part = self.question.part(kind)?;
        mean_displacement(&self.question.model.parts[part].mesh, &self.solution.displacements[part], set)
    }
}

/// Mean displacement over the facets of a set, weighted by area, mm.
pub fn mean_displacement(mesh: &Mesh, u: &[Vec3], set: &str) -> Option<Vec3> {
    let (mut sum, mut area) = (Vec3::zeros(), 0.0);
    for f in mesh.facet_sets.get(set)? {
        let facet = &mesh.boundary[*f as usize];
        let a = mesh.facet_geometry(facet).2;
        // The mean of a quadratic field on a flat facet is the mean of its mid-edge values.
        sum += facet.nodes[3..].iter().map(|n| u[*n as usize]).sum::<Vec3>() * (a / 3.0);
        area += a;
    }
    (0.0 < area).then(|| sum / area)
}

/// Positions of the quadrature points of each cell, mm.
pub fn points_of(mesh: &Mesh) -> Vec<[Vec3; 4]> {
    let shapes: Vec<[f64; 10]> = TET_4.points.iter().map(|xi| tet10::values(*xi)).collect();
    mesh.cells
        .iter()
        .map(|cell| {
            std::array::from_fn(|q| {
                cell.iter().zip(&shapes[q]).map(|(node, n)| mesh.points[*node as usize] * *n).sum::<Vec3>()
            })
        })
        .collect()
}
