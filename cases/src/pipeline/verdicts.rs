//! Rows of the verdict table that need more than one number of one stage: subsidence, shielding, interface, fixation; and what
//! keeps a verdict from being whole.

use super::Results;
use super::anchors;
use super::assess::RegionEnergy;
use super::crush::{FaceState, LoadState};
use crate::case::{Case, Quality};
use dens_reports::record::{Quantity, Relation};
use dens_reports::table::NO_UNIT;
use dens_solver::criteria::interface::BRIDGEABLE_GAP;
use dens_solver::criteria::subsidence;

/// Load at which sinking under maximum effort is judged, N.
const MAXIMUM_EFFORT: f64 = 1164.0;

/// Share of a bone's mean strain energy density below which a region of the intact bone carries too little for a ratio;
/// engineering choice.
const CARRYING: f64 = 0.05;

/// Share of a contact face that must be paired with bone for its other shares to be whole; engineering choice.
const PAIRED: f64 = 0.9;

fn quantity(case: &Case, id: &str, label: &str, region: &str, value: f64, unit: &str) -> Quantity {
    Quantity::new(id, label, value, unit).region(region).load(&case.judged_load().id)
}

/// What bone that yields says, and whether it carries every load.
pub(super) fn subsidence(case: &Case, results: &Results) -> Vec<Quantity> {
    let caudal = case.implant.caudal.name();
    let mut list: Vec<Quantity> = limit_load(case, results).into_iter().collect();
    if let Some(state) = results.crushing.judged(case) {
        list.extend(crushed(case, state));
        list.extend(sinking(case, state));
    }
    let effort = |s: &&LoadState| s.load.is_some() && MAXIMUM_EFFORT * (1.0 - 1e-6) <= s.axial;
    list.extend(results.crushing.loads.iter().find(effort).map(|s| {
        let limit = subsidence::INDENTATION_MAXIMUM;
        Quantity::new(
            "indentation-maximum",
            "sinking of the implant's deepest edge under maximum effort, day 1",
            s.sinking.edge,
            "mm",
        )
        .region(&format!("{caudal} endplate"))
        .load(s.load.map_or("", |k| case.loads[k].id.as_str()))
        .judged("95th percentile over the pressed area", Relation::AtMost, limit.limit, limit.source)
    }));
    list.extend(results.crushing.settled.as_ref().map(|settled| {
        quantity(
            case,
            "settling",
            "loss of height after 10,000 cycles, predicted, upper value",
            "contact faces",
            settled.bounds()[1],
            "mm",
        )
        .judged(
            "loss of height against day 1",
            Relation::AtMost,
            case.criteria.indentation_limit,
            if settled.brittle.is_some() {
                "law set by Wang 2019, largest constant over the rims of its cage, lowest factor of embrittlement; limit Wei 2020"
            } else {
                "law set by Wang 2019, largest constant over the rims of its cage; limit Wei 2020"
            },
        )
    }));
    list
}

fn limit_load(case: &Case, results: &Results) -> Option<Quantity> {
    let limit = results.crushing.limit?;
    let members = results.crushing.loads.last().map_or(0.0, |s| s.members);
    let yielded =
        beyond_yield(members, case.fixation.yield_strength).map_or(String::new(), |said| format!("; {said}"));
    let row = Quantity::new("limit-load", "largest load that the bone carries, day 1", limit.carried, "N")
        .region(&format!("C1 and {}", case.implant.caudal.name()))
        .load("all");
    Some(row.judged(
        &format!("largest load of the case; no equilibrium found at {:.0} N{yielded}", limit.tried),
        Relation::AtLeast,
        case.largest_load(),
        "last equilibrium of the model with yielding bone",
    ))
}

/// What the limit load of a model whose screws and rods stay elastic means once these would yield.
pub(super) fn beyond_yield(stress: f64, strength: f64) -> Option<String> {
    (strength < stress).then(|| {
        format!(
            "screws and rods, taken as elastic, stand at {stress:.0} MPa there, beyond their yield at {strength:.0} MPa: the true limit is lower"
        )
    })
}

fn crushed(case: &Case, state: &LoadState) -> Vec<Quantity> {
    let c = &case.criteria;
    let caudal = case.implant.caudal.name();
    let mut list = Vec::new();
    let layer = |what: &str| format!("{what} {} mm under the pressed area", c.crush_depth);
    let yielded = |id: &str, label: &str, region: &str, face: &FaceState| {
        quantity(case, id, label, region, face.crushed, NO_UNIT).judged(
            "volume fraction that has yielded",
            Relation::AtMost,
            c.crushed_fraction_limit,
            "Pistoia 2002 (2 %); quadric law of Schwiedrzik 2013",
        )
    };
    list.extend(state.lower().map(|face| {
        yielded(
            "crushed-volume",
            "bone that has yielded under the implant, day 1",
            &layer(&format!("{caudal}, upper")),
            face,
        )
    }));
    let upper = state.faces.iter().skip(1).max_by(|a, b| a.crushed.total_cmp(&b.crushed));
    list.extend(upper.map(|face| {
        let region = layer("C1, worse side, lower");
        yielded("crushed-volume-c1", "bone that has yielded over the implant, day 1", &region, face)
    }));
    list.extend(state.worst(|f| f.overstrained).map(|face| {
        quantity(
            case,
            "overstrained-volume",
            "bone at the worst face beyond a threshold of strain, cross-check",
            &format!("{}, {} mm under the pressed area", face.name, c.crush_depth),
            face.overstrained,
            NO_UNIT,
        )
        .judged(
            "volume fraction beyond the yield strain",
            Relation::AtMost,
            c.crushed_fraction_limit,
            "Pistoia 2002 (2 %), Morgan 2001 (strain)",
        )
    }));
    list.extend(state.worst(|f| f.overpressed).map(|face| {
        let limit = subsidence::PRESSED_AREA;
        quantity(
            case,
            "overpressed-area",
            "pressed area with more pressure than the bone there bears, worst face, day 1",
            &face.name,
            face.overpressed,
            NO_UNIT,
        )
        .judged(
            "share of the pressed area, which depends on the mesh where an edge bears",
            Relation::AtMost,
            limit.limit,
            limit.source,
        )
    }));
    list
}

fn sinking(case: &Case, state: &LoadState) -> [Quantity; 2] {
    let endplate = format!("{} endplate", case.implant.caudal.name());
    [
        quantity(
            case,
            "indentation",
            "sinking of the implant's deepest edge, day 1",
            &endplate,
            state.sinking.edge,
            "mm",
        )
        .judged(
            "95th percentile over the pressed area, against the rest of the bone",
            Relation::AtMost,
            case.criteria.indentation_limit,
            "Wei 2020: above the 95 % interval of the mean loss",
        ),
        quantity(
            case,
            "indentation-mean",
            "sinking of the implant, mean over the pressed area, day 1",
            &endplate,
            state.sinking.mean,
            "mm",
        ),
    ]
}

/// Region with the least and with the greatest ratio of energies, 12 months over intact, among those that carried something.
fn extremes(regions: &[RegionEnergy]) -> Option<[(&RegionEnergy, f64); 2]> {
    let mean = |of: &RegionEnergy| {
        let own = regions.iter().filter(|r| r.level == of.level);
        let (energy, volume) = own.fold((0.0, 0.0), |(e, v), r| (e + r.volume * r.energy[0], v + r.volume));
        energy / volume
    };
    let carrying = regions.iter().filter(|r| CARRYING * mean(r) <= r.energy[0]);
    let ratios: Vec<(&RegionEnergy, f64)> = carrying.filter_map(|r| Some((r, r.ratios()[1]?))).collect();
    let least = ratios.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let greatest = ratios.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some([*least, *greatest])
}

/// The region that loses most and the one that gains most.
pub(super) fn shielding(case: &Case, results: &Results) -> Vec<Quantity> {
    let c = &case.criteria;
    let Some([least, greatest]) = extremes(&results.assessment.regions) else { return Vec::new() };
    let row = |id: &str, label: &str, (r, ratio): (&RegionEnergy, f64)| {
        quantity(case, id, label, &format!("{}, {}", r.level.name(), r.region), ratio, NO_UNIT)
    };
    let source = "Huiskes 1992, Kerner 1999 (dead zone 0.5)";
    vec![
        row("shielded-region", "strain energy over intact, most shielded region, 12 months", least).judged(
            "edge of the dead zone: bone is lost below",
            Relation::AtLeast,
            c.shielded_below,
            source,
        ),
        row("overloaded-region", "strain energy over intact, most loaded region, 12 months", greatest)
            .judged(
                "edge of the dead zone: bone is added above",
                Relation::AtMost,
                c.overloaded_above,
                source,
            ),
    ]
}

/// How the faces of the implant lie on bone on day 1.
pub(super) fn interface(case: &Case, results: &Results) -> [Quantity; 2] {
    let c = &case.criteria;
    let seats = &results.assessment.stages[0].seats;
    let worst = |of: fn(&super::assess::SeatState) -> f64| {
        seats.iter().max_by(|a, b| of(a).total_cmp(&of(b))).map_or(("no face", 0.0), |s| (&s.name, of(s)))
    };
    let (moving_at, moving) = worst(|s| 1.0 - s.settled);
    let (open_at, open) = worst(|s| s.open);
    [
        quantity(
            case,
            "micromotion-area",
            "share of the face closed or bridged and moving less than the limit, day 1, elastic",
            moving_at,
            1.0 - moving,
            NO_UNIT,
        )
        .judged(
            &format!(
                "share of the face as designed below {:.0} µm, gap below {:.0} µm",
                1e3 * c.micromotion_limit,
                1e3 * BRIDGEABLE_GAP
            ),
            Relation::AtLeast,
            c.micromotion_area,
            "Pilliar 1986, Kohli 2021; gap Ann Biomed Eng 2024; share proposed",
        ),
        quantity(
            case,
            "open-area",
            "share of the face that nothing presses, day 1, elastic; no published limit",
            open_at,
            open,
            NO_UNIT,
        ),
    ]
}

/// Screws and rods at the largest load, and screws on bone.
pub(super) fn fixation(case: &Case, results: &Results) -> Vec<Quantity> {
    let a = &results.assessment;
    let up = case.largest_load() / case.judged_load().axial;
    let elastic = a.stages.iter().chain([&a.partial]).flat_map(|s| &s.members).map(|m| up * m.1);
    let yielding = results.crushing.loads.iter().map(|s| s.members);
    let settled = results.crushing.settled.iter().map(|s| s.members);
    // A misfit pulls on rods before any load, which may relieve them.
    let fitted = results.crushing.fitted.iter().map(|f| f.state.members);
    let rest = results.in_time().into_iter().filter_map(|s| s.rest.as_ref()).flat_map(|r| &r.members);
    let before = fitted.chain(rest.map(|m| m.peak_stress));
    let most = elastic.chain(yielding).chain(settled).chain(before).fold(0.0, f64::max);
    let largest = case.loads.iter().max_by(|a, b| a.axial.total_cmp(&b.axial));
    let mut list = vec![
        Quantity::new("fixation-static", "peak stress of screws and rods at the largest load", most, "MPa")
            .region("fixation")
            .load(largest.map_or("", |l| l.id.as_str()))
            .judged(
                "yield strength; von Mises in the core of screws",
                Relation::AtMost,
                case.fixation.yield_strength,
                "yield of the case; no safety factor at the largest load",
            ),
    ];
    let worst = anchors::all(case, results).max_by(|a, b| a.bearing.total_cmp(&b.bearing));
    list.extend(worst.map(|s| {
        quantity(
            case,
            "screw-bearing",
            "pressure of a screw over the strength of the bone there, worst screw and state",
            &s.screw,
            s.bearing,
            NO_UNIT,
        )
        .judged(
            "bone under the screw yields at 1",
            Relation::AtMost,
            1.0,
            "force across over length and outer diameter; strength by density and share of tissues",
        )
    }));
    list
}

/// What keeps a verdict from being whole.
pub(super) fn gaps(case: &Case, quality: Quality, results: &Results) -> Vec<String> {
    let mut gaps = Vec::new();
    if results.moments.is_none() {
        gaps.push(if quality == Quality::Fine {
            String::from("No moments were run: migration of the implant under them is not judged.")
        } else {
            format!(
                "No moments were run at {} quality: migration of the implant under them is not judged.",
                quality.name()
            )
        });
    }
    for direction in results.moments.iter().flat_map(|m| &m.lost) {
        gaps.push(format!(
            "Moments in {direction}: no equilibrium was found; migration under it is not judged."
        ));
    }
    for s in results.assessment.stages[0].seats.iter().filter(|s| s.paired < PAIRED) {
        gaps.push(format!(
            "{}: only {:.0} % of the face as designed is paired with bone; the rest counts as open and moving.",
            s.name,
            100.0 * s.paired
        ));
    }
    let access = case.approach.as_ref().zip(results.access.as_ref());
    gaps.extend(access.and_then(|(plan, found)| super::approach::gap(plan, found)));
    gaps
}

/// The loads that were applied, and those that were not.
pub(super) fn loads_named(case: &Case, results: &Results) -> String {
    let axial: Vec<String> = case.loads.iter().map(|l| format!("{} {:.0} N", l.id, l.axial)).collect();
    let moments = match case.moments.as_ref().filter(|_| results.moments.is_some()) {
        Some(m) => format!("moments of {:.0} N mm in six directions on day 1 only", m.moment),
        None => String::from("no moments"),
    };
    format!(
        "Small displacements; axial loads ({}); {moments}; no shear, no muscle forces, no ligaments.",
        axial.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use dens_mesher::geometry::spine::Level;

    fn region(level: Level, name: &str, volume: f64, intact: f64, late: f64) -> RegionEnergy {
        let energy = [intact, intact, late];
        RegionEnergy { level, region: name.into(), volume, energy, partial: late }
    }

    #[test]
    fn extremes_name_the_regions_and_leave_out_what_carried_nothing() {
        let regions = [
            region(Level::C1, "shell", 10.0, 1.0, 0.1),
            region(Level::C3, "core", 10.0, 1.0, 1.2),
            // 2 % of the mean of its bone: a ratio of 50 says nothing.
            region(Level::C3, "arch", 1.0, 0.02, 1.0),
            region(Level::C4, "core", 10.0, 0.5, 1.5),
        ];
        let [least, greatest] = extremes(&regions).expect("regions that carry");
        assert_eq!((least.0.region.as_str(), least.1), ("shell", 0.1));
        assert_eq!((greatest.0.level, greatest.1), (Level::C4, 3.0));
        assert!(extremes(&[]).is_none());
    }

    #[test]
    fn a_limit_load_says_when_elastic_rods_are_beyond_their_yield() {
        assert_eq!(beyond_yield(800.0, 850.0), None);
        let said = beyond_yield(1200.0, 850.0).expect("beyond");
        assert!(said.contains("1200 MPa") && said.contains("850 MPa"), "{said}");
    }
}
