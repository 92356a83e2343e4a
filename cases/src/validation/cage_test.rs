//! T3: how far a conventional and a dome-shaped mesh cage sink into endplates under cycles of load.

use super::{Bench, Role, Row, Validation};
use crate::failure::Failure;
use dens_solver::criteria::punch::{Face, press};
use dens_solver::criteria::settling;
use serde::Deserialize;
use std::f64::consts::PI;

/// Outer radius of both cages, mm, as assumed where the law of settling was set.
const RADIUS: f64 = 6.0;
/// Poisson's ratio of the bone.
const POISSON: f64 = 0.3;
/// Share of metal in a dome that is as open as the wall of a mesh cage. Assumption, range 0.4 to 0.7.
const OPEN_DOME: f64 = 0.5;

/// Sinking of two cages.
pub(super) const T3: Validation = Validation {
    id: "T3",
    title: "sinking of a conventional and of a dome-shaped mesh cage, 60 to 300 N, 10,000 cycles",
    source: "Wang 2019, thirty human cervical vertebrae",
    note: "Rigid faces on an elastic half-space with the bed of the law of settling. One constant is calibrated, on the conventional cage (its row only shows that pressure on elastic bone does not spoil the calibration); form, threshold and bone modulus of the law are assumed. The dome is predicted. The test does not give the outer diameter (taken as 12 mm), the wall (1 mm), or how much of the dome is metal: a full disc is the least that a dome of that diameter can sink, a dome half open is an assumption, chosen with the published ratio in view. The law cannot tell how many cycles it takes to come to rest. Bands: mean -+ 3 SD; ratio -+ 25 %.",
    run: t3,
    figures: None,
};

/// Published sinking, mm: mean and SD.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    conventional: [f64; 2],
    dome: [f64; 2],
}

/// Sinking under cycles, mm: what the bed adds to the travel.
fn sunk(face: &Face) -> f64 {
    let modulus = settling::MODULUS / (1.0 - POISSON * POISSON);
    let at = |bed| press(face, modulus, bed, settling::FORCE).map_or(f64::NAN, |p| p.travel);
    at(Some(settling::bed(settling::MODULUS))) - at(None)
}

fn t3(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let published = bench.published()?.t3;
    // The ring whose area the calibration took.
    let inner = (RADIUS * RADIUS - settling::RIM[0] / PI).sqrt();
    let conventional = sunk(&Face { inner, outer: RADIUS, fill: 1.0 });
    let around = |[mean, sd]: [f64; 2]| [mean - 3.0 * sd, mean + 3.0 * sd];
    let mut rows = vec![Row {
        quantity: "conventional cage".into(),
        unit: "mm",
        predicted: conventional,
        published: published.conventional[0],
        band: around(published.conventional),
        basis: "mean -+ 3 SD",
        role: Role::Calibration,
    }];
    let ratio = published.dome[0] / published.conventional[0];
    // How open the dome is was assumed with the published ratio in view.
    for (fill, which, role) in
        [(1.0, "full disc", Role::Prediction), (OPEN_DOME, "half open", Role::NotBlind)]
    {
        let dome = sunk(&Face { inner: 0.0, outer: RADIUS, fill });
        rows.push(Row {
            quantity: format!("dome, {which}"),
            unit: "mm",
            predicted: dome,
            published: published.dome[0],
            band: around(published.dome),
            basis: "mean -+ 3 SD",
            role,
        });
        rows.push(Row {
            quantity: format!("dome over conventional, {which}"),
            unit: "",
            predicted: dome / conventional,
            published: ratio,
            band: [0.75 * ratio, 1.25 * ratio],
            basis: "-+ 25 %",
            role,
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_with_the_result_in_view_is_not_called_a_prediction() {
        let rows = t3(&Bench::default()).expect("closed forms");
        assert!(rows.iter().all(|r| (r.role == Role::NotBlind) == r.quantity.contains("half open")));
    }

    #[test]
    fn a_dome_sinks_less_than_the_ring_and_an_open_one_more_than_a_full_one() {
        let rows = t3(&Bench::default()).expect("closed forms");
        let of = |what: &str| rows.iter().find(|r| r.quantity == what).expect("a row").predicted;
        assert!(of("dome, full disc") < of("dome, half open"));
        assert!(of("dome, half open") < of("conventional cage"));
        // Elastic bone moves pressure to the rim's edges; the law is linear where all of it sinks, so the mean stays.
        assert!((of("conventional cage") / settling::OBSERVED[0] - 1.0).abs() < 0.02);
    }
}
