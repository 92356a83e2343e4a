//! T5: how the three columns share an axial load.

use super::{Bench, Role, Row, Validation};
use crate::failure::Failure;
use crate::spine::shares;
use dens_solver::spine::Freedom;
use serde::Deserialize;

/// Load, N: three times the head.
const FORCE: f64 = 150.0;

/// Shares of an axial load.
pub(super) const T5: Validation = Validation {
    id: "T5",
    title: "shares of an axial load on C2 between the bodies and the two rows of facets, at C3-C4",
    source: "Pal & Sherk 1988, five specimens, measured at C6",
    note: "Rigid bones, C2 pressed down by 150 N without turning, C4 held. Measured at C6, predicted at C3-C4. The share hangs on whether the plate holds C2 sideways: both are given, and the published test does not say. Left and right are equal by symmetry. Not blind: facets were made parallel, and the plate that holds was added, with a first result of 0.73 in view. Band proposed by the evidence.",
    run: t5,
    figures: None,
};

/// Published shares with their bands.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    anterior: f64,
    anterior_band: [f64; 2],
}

fn t5(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let (neck, published) = (bench.neck()?, bench.published()?.t5);
    let mut rows = Vec::new();
    for (guide, manner) in [(Freedom::Axial, "C2 held sideways"), (Freedom::Guided, "C2 free sideways")] {
        rows.push(Row {
            quantity: format!("anterior share, {manner}"),
            unit: "",
            predicted: shares(neck, FORCE, guide)?.anterior,
            published: published.anterior,
            band: published.anterior_band,
            basis: "proposed",
            role: Role::Prediction,
        });
    }
    Ok(rows)
}
