//! T6: the integrated implant against a T-shaped cage under moments.

use super::{Bench, Role, Row, Validation};
use crate::case::{Case, MomentLoad, Quality};
use crate::checkpoint::Checkpoint;
use crate::failure::{Exit, Failure};
use crate::pipeline::moments::{self, Moments};
use crate::pipeline::peaks::Peaks;
use crate::pipeline::{bodies, geometry, lattice, models, options, reported};
use crate::progress::Progress;
use dens_solver::model::Interpolation;
use dens_solver::newton::Options;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Lattice spacing of the bones and the implant, mm.
const EDGE: f64 = 4.2;

/// Voxels along the edge of a lattice cell.
const VOXELS: usize = 16;

/// Orderings under moments.
pub(super) const T6: Validation = Validation {
    id: "T6",
    title: "one-piece implant over T-shaped cage, C1 to C4, 40 N with moments: twelve orderings",
    source: "Zheng 2017, finite elements, occiput to C4",
    note: "Ratio of the implant to the mesh cage with a T-shaped head (case compare-cage), day 1, same bones, screws and rods from C1 to C4; 1.5 N m is assumed, for the moments of the paper were not read. A ratio below one is the published ordering, but above one for the endplate in flexion; the published numbers were not read either. Bending and rotation: the larger of both sides. Stress of metal is the 99.9th percentile by volume of the solid parts, that of the endplate the largest in the cells below it, on a mesh of 4.2 mm with displacements linear within a cell: far too coarse and stiff for the numbers, the same for both; quadratic ones found no end in eight minutes. The cage's head fits the facets of C1 as the implant does, its wall has no holes: both flatter the cage. Screws through the implant are not modelled. Undetermined: the solver found no equilibrium for one of the two.",
    run: t6,
    figures: None,
};

/// What is compared, with its name, and whether the published ordering turns round in flexion.
type Measure = (&'static str, fn(&Peaks) -> f64, bool);

const MEASURES: [Measure; 3] = [
    ("implant stress", |p| p.implant, false),
    ("implant displacement", |p| p.displacement, false),
    ("C3 endplate stress", |p| p.endplate, true),
];

/// Directions of the paper, each with those of the model.
const DIRECTIONS: [(&str, &[&str]); 4] = [
    ("flexion", &["flexion"]),
    ("extension", &["extension"]),
    ("lateral bending", &["left lateral bending", "right lateral bending"]),
    ("rotation", &["left rotation", "right rotation"]),
];

fn t6(_: &Bench) -> Result<Vec<Row>, Failure> {
    let both = ["c2-spondylectomy", "compare-cage"].map(turned);
    // Without equilibrium there is no row to judge; anything else is a fault and is told.
    let fault = both.iter().filter_map(|m| m.as_ref().err()).find(|e| e.exit != Exit::NotConverged);
    if let Some(fault) = fault {
        return Err(fault.clone());
    }
    let [ours, cage] = both.map(Result::unwrap_or_default);
    let mut rows = Vec::new();
    for (name, of, turns_round) in MEASURES {
        for (direction, sides) in DIRECTIONS {
            let most = |m: &Moments| {
                let side = |s: &&str| m.found.iter().find(|d| d.direction == **s).map(|d| of(&d.peaks));
                let values: Option<Vec<f64>> = sides.iter().map(side).collect();
                values.map_or(f64::NAN, |v| v.into_iter().fold(0.0, f64::max))
            };
            let above = turns_round && direction == "flexion";
            rows.push(Row {
                quantity: format!("{name}, {direction}, implant over cage"),
                unit: "",
                predicted: most(&ours) / most(&cage),
                published: f64::NAN,
                band: if above { [1.0, f64::INFINITY] } else { [0.0, 1.0] },
                basis: if above { "above 1" } else { "below 1" },
                role: Role::Prediction,
            });
        }
    }
    Ok(rows)
}

/// Day 1 of an embedded case under the moments of the table.
fn turned(name: &str) -> Result<Moments, Failure> {
    let mut case = Case { interpolation: Interpolation::Linear, ..Case::embedded(name)? };
    // The cage has no tracks: both are compared with what they share, the screws and rods behind.
    case.fixation.implant_screws.clear();
    let geometry = geometry::build(&case, Path::new("."))?;
    let bodies = bodies::mesh(&case, &geometry, EDGE, &Progress::new(true))?;
    // Nothing of the cage is lattice; the stiffness is asked for all the same.
    let l = &case.lattice;
    let drawn = lattice::Drawn::new(&l.cell, l.relative_density, l.cell_size)?;
    let stiffness = lattice::stiffness(&case, &drawn, VOXELS)?.best.stiffness;
    let question = models::build(&case, &geometry, &bodies, models::Stage::DayOne, &stiffness)?;
    let load = MomentLoad { moment: 1500.0, preload: 40.0, source: String::from("Zheng 2017") };
    let soft = Options {
        residual_tolerance: 1000.0 * case.tolerance,
        // What has not settled by then does not.
        max_iterations: 120,
        ..options(&case)
    };
    let firm = Options { residual_tolerance: soft.residual_tolerance, ..reported(&case, Quality::Draft) };
    moments::run(&load, &question, &[firm, soft], &Checkpoint::none(), &|_, _| {}, &AtomicBool::new(false))
}
