//! Compressive strength of the bones of a model, cell by cell: cancellous bone by its density, mixtures by share.

use super::bodies::{Bodies, Kind};
use super::models::Question;
use super::tissue;
use crate::case::Case;
use crate::failure::Failure;
use dens_solver::criteria::subsidence;
use dens_solver::loads::contact::Status;
use dens_solver::solution::{Bearing, Contact};

/// Strengths of the bones of a model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Strengths {
    /// Mean strength of the cancellous bone of each part, MPa; `None`: no bone.
    cancellous: Vec<Option<f64>>,
    /// Strength of each cell of each part, MPa; empty: no bone.
    cells: Vec<Vec<f64>>,
}

impl Strengths {
    /// Strengths of the bones of a model, by the scan where there is one.
    ///
    /// # Errors
    /// A density outside its law; exit 2.
    pub fn of(case: &Case, bodies: &Bodies, question: &Question) -> Result<Self, Failure> {
        let mut found = Self::default();
        for kind in &question.kinds {
            let body = bodies.find(*kind).filter(|_| matches!(kind, Kind::Bone(_)));
            let tissues = body.map_or(&[][..], |b| &b.tissue);
            let cells = tissues.iter().map(|t| tissue::compressive(case, t)).collect::<Result<_, _>>()?;
            let mean = body.map(|b| tissue::mean_cancellous(case, Some(b))).transpose()?;
            found.cells.push(cells);
            found.cancellous.push(mean.map(|m| m.1));
        }
        Ok(found)
    }

    /// Mean strength of the cancellous bone of a part, MPa; zero where it is no bone.
    pub fn cancellous(&self, part: usize) -> f64 {
        self.cancellous.get(part).copied().flatten().unwrap_or(0.0)
    }

    /// Strength of a cell, MPa; `None` where it is not of bone.
    pub fn at(&self, part: usize, cell: u32) -> Option<f64> {
        self.cells.get(part)?.get(cell as usize).copied()
    }

    /// Share of the pressed area of a face with more pressure under `factor` times the load than the bone in the cell there
    /// bears.
    pub fn overpressed(&self, question: &Question, face: &Contact, factor: f64) -> f64 {
        let sides = question.model.interfaces.iter().find(|i| i.name == face.name);
        let Some([slave, master]) = sides.map(|i| [i.slave.part, i.master.part]) else { return 0.0 };
        let closed: Vec<_> = face.points.iter().filter(|p| p.status != Status::Open).collect();
        let areas: Vec<f64> = closed.iter().map(|p| p.area).collect();
        let pressures: Vec<f64> = closed.iter().map(|p| factor * p.pressure.max(0.0)).collect();
        let own = |c: [u32; 2]| self.at(slave, c[0]).or_else(|| self.at(master, c[1]));
        let strengths: Vec<f64> = closed.iter().map(|p| own(p.cells).unwrap_or(f64::INFINITY)).collect();
        subsidence::overpressed_area_fraction(&areas, &pressures, &strengths)
    }

    /// Largest pressure of a screw over the strength of the bone at that place: zero without any.
    pub fn bearing(&self, part: usize, bearings: &[Bearing]) -> f64 {
        let ratio = |b: &Bearing| {
            let strengths: Option<Vec<f64>> = b.cells.iter().map(|c| self.at(part, *c)).collect();
            strengths.map(|s| b.pressure * s.len() as f64 / s.iter().sum::<f64>())
        };
        bearings.iter().filter_map(ratio).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screw_is_held_against_the_bone_at_its_place() {
        let strengths =
            Strengths { cancellous: vec![None, Some(5.0)], cells: vec![vec![], vec![5.0, 5.0, 40.0, 90.0]] };
        let bearing = |cells: [u32; 4], pressure: f64| Bearing { cells, pressure };
        // 20 MPa are four times what cancellous bone bears, and half of what the shell around the entry does.
        let [deep, entry] = [bearing([0, 1, 0, 1], 20.0), bearing([2, 2, 2, 2], 20.0)];
        assert_eq!(strengths.bearing(1, &[entry]), 0.5);
        assert_eq!(strengths.bearing(1, &[entry, deep]), 4.0);
        assert_eq!(strengths.bearing(0, &[deep]), 0.0, "not bone");
        assert_eq!((strengths.cancellous(1), strengths.cancellous(0)), (5.0, 0.0));
    }
}
