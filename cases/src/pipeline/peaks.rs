//! Largest values of one state, for comparison with tables that print nothing else.

use super::bodies::Kind;
use super::models::{Question, SEATS};
use crate::failure::Failure;
use dens_solver::criteria;
use dens_solver::recover::recover;
use dens_solver::solution::Solution;
use dens_solver::tensor::von_mises;
use serde::{Deserialize, Serialize};

/// Largest values of a state.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Peaks {
    /// Solid metal of the implant: 99.9th percentile by volume of von Mises stress, MPa.
    pub implant: f64,
    /// Largest displacement of a node of the implant, mm.
    pub displacement: f64,
    /// Largest von Mises stress in the cells of the caudal bone below the endplate under the implant and one facet around, MPa.
    pub endplate: f64,
}

impl Peaks {
    /// Peaks of an implanted state.
    ///
    /// # Errors
    /// Only by a bug: a model without implant.
    pub fn of(question: &Question, solution: &Solution) -> Result<Self, Failure> {
        let stresses = |kind: Kind| {
            let part = question.part(kind).ok_or_else(|| Failure::bug("an implanted model lacks a body"))?;
            let p = &question.model.parts[part];
            let flat: Vec<f64> = solution.displacements[part].iter().flat_map(|v| [v.x, v.y, v.z]).collect();
            let found = recover(&p.mesh.points, &p.mesh.cells, &p.palette, &p.of_cell, &flat);
            Ok::<_, Failure>((part, found.map_err(Failure::bug)?))
        };
        let (part, fields) = stresses(Kind::Implant)?;
        let mesh = &question.model.parts[part].mesh;
        let solid = (0..mesh.cells.len()).filter(|c| mesh.regions[*c] == 0);
        let of_cell = |c: usize| (0..4).map(move |q| (c, q));
        let (weights, values): (Vec<f64>, Vec<f64>) = solid
            .flat_map(of_cell)
            .map(|(c, q)| (fields.weights[c][q], von_mises(&fields.stresses[c][q])))
            .unzip();
        let displacement = solution.displacements[part].iter().map(|u| u.norm()).fold(0.0, f64::max);
        let caudal =
            question.caudal().ok_or_else(|| Failure::bug("an implanted model lacks the bone below"))?;
        let (bone, fields) = stresses(Kind::Bone(caudal))?;
        let mesh = &question.model.parts[bone].mesh;
        let under = mesh.facet_sets.get(&format!("around {}", SEATS[0])).map_or(&[][..], Vec::as_slice);
        let cells = under.iter().map(|f| mesh.boundary[*f as usize].cell as usize);
        let endplate =
            cells.flat_map(of_cell).map(|(c, q)| von_mises(&fields.stresses[c][q])).fold(0.0, f64::max);
        let implant = criteria::quantile(&weights, &values, 0.999).unwrap_or(0.0);
        Ok(Self { implant, displacement, endplate })
    }
}
