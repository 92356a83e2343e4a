//! What a misfit does before any load: how hard the faces are pressed, how far the neck gives way, or what stays open.

use super::Results;
use super::anchors;
use super::crush::Crushing;
use super::fields::Solved;
use super::models::SEATS;
use crate::case::Case;
use dens_reports::record::Section;
use dens_reports::table::{Cell, Table, significant};
use dens_solver::solution::{Contact, Solution};

/// Share of the load below which a face counts as not carrying.
const IDLE: f64 = 0.01;

/// Force on the faces of C1 together and on the face below, N.
struct Pressed {
    above: f64,
    below: f64,
}

impl Pressed {
    fn of(forces: &[(String, f64)]) -> Self {
        let sum = |keep: &dyn Fn(&str) -> bool| {
            forces.iter().filter(|(name, _)| keep(name)).map(|(_, f)| f).fold(0.0, |a, f| a + f)
        };
        Self {
            above: sum(&|n| SEATS[1..].iter().any(|s| n.ends_with(s))),
            below: sum(&|n| n.ends_with(SEATS[0])),
        }
    }
}

/// Forces on the faces of the implant, N.
fn forces(solution: &Solution, faces: &[String]) -> Vec<(String, f64)> {
    let of = |name: &String| solution.contacts.iter().find(|c| c.name == *name);
    faces.iter().filter_map(of).map(|c| (c.name.clone(), c.force.norm())).collect()
}

/// Least gap of a face that is left, mm; 0 where it touches.
fn least_gap(c: &Contact) -> f64 {
    c.points.iter().map(|p| p.gap).fold(f64::INFINITY, f64::min).max(0.0)
}

/// Most stressed screw or rod, MPa, and its name.
fn worst_member(solution: &Solution) -> Option<(f64, &str)> {
    let all = solution.members.iter().map(|m| (m.peak_stress, m.name.as_str()));
    all.max_by(|a, b| a.0.total_cmp(&b.0))
}

/// What a reader must know first.
pub(super) fn warning(case: &Case, day_one: &Solved, crushing: &Crushing) -> Option<String> {
    let rest = day_one.rest.as_ref()?;
    let faces = day_one.question.seat_names();
    let load = case.judged_load();
    let fitted = crushing.fitted.as_ref();
    let before = fitted.map_or_else(|| Pressed::of(&forces(rest, &faces)), |f| Pressed::of(&f.seats));
    let under = Pressed::of(&forces(&day_one.solution, &faces));
    if IDLE * load.axial < before.above.max(before.below) {
        return Some(format!(
            "Press fit: before any load the two inclined faces on C1 press with {} N, added by size, and the face below with {} N ({}).",
            significant(before.above, 3),
            significant(before.below, 3),
            if fitted.is_some() { "bone that yields" } else { "elastic bone" }
        ));
    }
    (under.above < IDLE * load.axial).then(|| {
        let left = day_one.solution.contacts.iter().filter(|c| faces[1..].contains(&c.name)).map(least_gap);
        format!(
            "The implant does not reach C1 under {}: {} mm are left at the nearest point, and screws, rods and what stays of the joints carry all of it. Settling, sinking and implant stress near zero mean that it is idle, not that it is good.",
            load.id,
            significant(left.fold(f64::INFINITY, f64::min), 2)
        )
    })
}

/// Section of the report; `None` where the implant fits.
pub(super) fn section(case: &Case, results: &Results) -> Option<Section> {
    let day_one = &results.stages[1];
    let rest = day_one.rest.as_ref()?;
    let load = case.judged_load();
    let fitted = results.crushing.fitted.as_ref();
    let mut t = Table::new(
        "misfit",
        "Contact faces before any load, and under the judged load, day 1",
        &[
            ("face", ""),
            ("before, elastic", "N"),
            ("before, yielding", "N"),
            ("closed before", "mm²"),
            ("nearest gap before", "mm"),
            ("under load, elastic", "N"),
            ("nearest gap under load", "mm"),
        ],
    );
    for face in day_one.question.seat_names() {
        let of = |s: &Solution| s.contacts.iter().find(|c| c.name == face).cloned();
        let (Some(before), Some(under)) = (of(rest), of(&day_one.solution)) else { continue };
        let yielding = fitted.and_then(|f| f.seats.iter().find(|(name, _)| *name == face));
        t.push([
            face.as_str().into(),
            before.force.norm().into(),
            yielding.map_or_else(|| "–".into(), |(_, f)| Cell::from(*f)),
            before.closed_area().into(),
            least_gap(&before).into(),
            under.force.norm().into(),
            least_gap(&under).into(),
        ]);
    }
    let distraction = -rest.mean_travel();
    let mut said = if 1e-6 < distraction {
        format!(
            "Before any load C1 stands {} mm higher in elastic bone{} than the bones stood: screws, rods and the joints below are drawn that far, the rest of the error is pressed into bone and implant. ",
            significant(distraction, 3),
            fitted.map_or_else(String::new, |f| format!(
                ", {} mm in bone that yields (crushed: {} mm³ of C1, {} mm³ below),",
                significant(-f.state.travel, 3),
                significant(f.state.crushed[0], 2),
                significant(f.state.crushed[1], 2)
            )),
        )
    } else {
        String::from("Before any load nothing is pressed: the implant stands in its space with a gap. ")
    };
    if let Some((stress, name)) = worst_member(rest).filter(|w| 0.0 < w.0) {
        said.push_str(&format!(
            "The most stressed member is then {name} with {} MPa of {} MPa. ",
            significant(stress, 3),
            significant(case.fixation.fatigue_strength, 3)
        ));
    }
    if let Some((name, pull)) = anchors::pulls(&day_one.question.model, rest)
        .into_iter()
        .filter(|(_, pull)| 0.0 < *pull)
        .max_by(|a, b| a.1.total_cmp(&b.1))
    {
        said.push_str(&format!("{name} is pulled out of its bone with {} N. ", significant(pull, 3)));
    }
    let faces = day_one.question.seat_names();
    let along = |s: &Solution| {
        let below = s.contacts.iter().filter(|c| faces.first() == Some(&c.name));
        below.map(|c| c.force.dot(&case.load_direction).abs()).sum::<f64>()
    };
    let more = along(&day_one.solution) - along(rest);
    let taken = if more < IDLE * load.axial {
        String::from("takes none")
    } else {
        format!("takes {} N more than before", significant(more, 3))
    };
    said.push_str(&format!(
        "Of the {} N of {} the face below {taken}; screws, rods and the facets below take the rest.",
        significant(load.axial, 3),
        load.id,
    ));
    Some(
        Section::new("misfit", "The misfit before any load")
            .paragraph(said)
            .table(t)
            .paragraph("An overlap is pressed in by steps without a load, the loads follow; a gap is there from the start. Shortening, stiffness and relative motion on the faces count from the state before any load; forces, stresses, sinking and strain energy hold what the misfit does. The bones grow in as they stand on day 1 without a load: a bond holds every facet where it then is, overlap, gap and all, with its pressure. That the pressure of a press fit fades in living bone within weeks is left out, so that the stages after day 1 keep too much of it. A facet does not grow in where it moves, or stands off, more than the limit."),
    )
}
