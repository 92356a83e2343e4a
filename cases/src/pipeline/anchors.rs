//! How screws hold: the force of each on its bone and the margin to pulling out.

use super::Results;
use super::construct::OCCIPITAL_PURCHASE;
use super::strengths::Strengths;
use crate::case::Case;
use crate::fixation::Fixation as Asked;
use dens_mesher::geometry::spine::Side;
use dens_reports::record::Section;
use dens_reports::table::{Cell, NO_UNIT, Table};
use dens_solver::criteria::fixation::{
    OCCIPITAL, PULL_OUT, SHEAR_OVER_COMPRESSION, THREAD_SHAPE, pull_out_strength,
};
use dens_solver::loads::beam::SectionForces;
use dens_solver::model::Model;
use dens_solver::solution::Solution;

/// One screw in one bone.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchor {
    /// Name of the screw.
    pub screw: String,
    /// Name of the bone.
    pub bone: String,
    /// Force along the screw, N, positive toward pulling it out.
    pub axial: f64,
    /// Force across the screw, N.
    pub across: f64,
    /// Largest force per length, N/mm.
    pub line_load: f64,
    /// Length in the bone, mm.
    pub purchase: f64,
    /// Force at which it pulls out, N, with its range.
    pub strength: f64,
    /// Range of that.
    pub range: [f64; 2],
    /// Compressive strength of the cancellous bone it holds in, MPa; `None` in the occiput.
    pub compressive: Option<f64>,
    /// Largest pressure across the screw over the strength of the bone at that place.
    pub bearing: f64,
}

impl Anchor {
    /// Pull-out force over the low end of the strength's range; 0 where the screw is pressed in.
    pub fn ratio(&self) -> f64 {
        self.axial.max(0.0) / self.range[0]
    }

    /// Margin to pull-out, low end of the strength over force − 1; infinite where the screw is pressed in.
    pub fn margin(&self) -> f64 {
        PULL_OUT.judge(self.ratio()).margin
    }
}

/// All screws in their bones under `factor` times the load of a state, occipital ones last.
pub fn of(strengths: &Strengths, model: &Model, solution: &Solution, factor: f64) -> Vec<Anchor> {
    let fixation = &model.fixation;
    let mut found = Vec::new();
    for (tie, t) in fixation.ties.iter().zip(&solution.ties) {
        // Held in the implant by a lock, not by a thread in bone.
        if tie.beyond != 0.0 {
            continue;
        }
        let diameter = fixation.members[tie.member].outer;
        let compressive = strengths.cancellous(tie.part);
        let [strength, low, high] = pull_out_strength(diameter, t.embedded_length, compressive);
        let axial = factor * t.pull_out;
        found.push(Anchor {
            screw: t.member.clone(),
            bone: t.part.clone(),
            axial,
            across: ((factor * t.force.norm()).powi(2) - axial * axial).max(0.0).sqrt(),
            line_load: factor * t.peak_line_load,
            purchase: t.embedded_length,
            strength,
            range: [low, high],
            compressive: Some(compressive),
            bearing: factor * strengths.bearing(tie.part, &t.bearings),
        });
    }
    for side in Side::BOTH {
        let Some((name, end)) = occipital_end(solution, side) else { continue };
        let f = end.scaled(factor);
        let across = f.shear[0].hypot(f.shear[1]);
        let [mean, deviation] = OCCIPITAL;
        found.push(Anchor {
            screw: name,
            bone: "C0".into(),
            axial: f.normal,
            across,
            line_load: f.normal.hypot(across) / OCCIPITAL_PURCHASE,
            purchase: OCCIPITAL_PURCHASE,
            strength: mean,
            range: [mean - 2.0 * deviation, mean + 2.0 * deviation],
            compressive: None,
            bearing: 0.0,
        });
    }
    found
}

/// Force pulling each screw out of its bone, N, by its name.
pub(super) fn pulls(model: &Model, solution: &Solution) -> Vec<(String, f64)> {
    let ties = model.fixation.ties.iter().zip(&solution.ties).filter(|(tie, _)| tie.beyond == 0.0);
    let mut found: Vec<(String, f64)> = ties.map(|(_, t)| (t.member.clone(), t.pull_out)).collect();
    found.extend(Side::BOTH.into_iter().filter_map(|side| {
        let (name, end) = occipital_end(solution, side)?;
        Some((name, end.normal))
    }));
    found
}

/// Name of an occipital screw and the forces in its section at the bone.
fn occipital_end(solution: &Solution, side: Side) -> Option<(String, SectionForces)> {
    let name = Asked::occipital_screw(side);
    let end = solution.members.iter().find(|m| m.name == name)?.forces.last()?[1];
    Some((name, end))
}

/// Screws in bone in every implanted state: before any load, and at the judged one, where what yielding and settling bone
/// lets go others hold.
pub(super) fn all<'a>(case: &Case, results: &'a Results) -> impl Iterator<Item = &'a Anchor> {
    let a = &results.assessment;
    let elastic = a.stages.iter().chain([&a.partial]).flat_map(|s| &s.anchors);
    let yielding = results.crushing.judged(case).into_iter().flat_map(|s| &s.anchors);
    let fitted = results.crushing.fitted.iter().flat_map(|f| &f.state.anchors);
    let settled = results.crushing.settled.iter().flat_map(|s| s.anchors.iter().flatten());
    elastic.chain(yielding).chain(settled).chain(fitted)
}

/// Largest pull-out force over the low end of the strength of all implanted states.
pub(super) fn worst(case: &Case, results: &Results) -> f64 {
    all(case, results).map(Anchor::ratio).fold(0.0, f64::max)
}

/// Section of the report.
pub(super) fn section(case: &Case, results: &Results) -> Section {
    let mut t = Table::new(
        "screws",
        "Screws in bone at the judged load: forces, pull-out strength and margin",
        &[
            ("stage", ""),
            ("screw", ""),
            ("pull-out force", "N"),
            ("across", "N"),
            ("largest per length", "N/mm"),
            ("bearing", NO_UNIT),
            ("purchase", "mm"),
            ("strength", "N"),
            ("low", "N"),
            ("high", "N"),
            ("margin", NO_UNIT),
        ],
    );
    let a = &results.assessment;
    let [day_one, ingrown] = &a.stages;
    let mut stages =
        vec![("day 1", &day_one.anchors), ("partial", &a.partial.anchors), ("12 months", &ingrown.anchors)];
    stages.extend(results.crushing.judged(case).map(|s| ("day 1, yielding", &s.anchors)));
    stages.extend(results.crushing.settled.as_ref().map(|s| ("settled", &s.anchors[1])));
    for (name, anchors) in stages {
        for s in anchors {
            let margin: Cell = if s.margin().is_finite() { s.margin().into() } else { "pressed in".into() };
            t.push([
                name.into(),
                s.screw.as_str().into(),
                s.axial.into(),
                s.across.into(),
                s.line_load.into(),
                s.bearing.into(),
                s.purchase.into(),
                s.strength.into(),
                s.range[0].into(),
                s.range[1].into(),
                margin,
            ]);
        }
    }
    let [ratio, deviation] = SHEAR_OVER_COMPRESSION;
    let mut hosts: Vec<String> = Vec::new();
    for s in &day_one.anchors {
        let host = s.compressive.map(|c| format!("{} {c:.2} MPa", s.bone));
        hosts.extend(host.filter(|h| !hosts.contains(h)));
    }
    let hosts = hosts.join(", ");
    let mut section = Section::new("fixation", "Fixation")
        .paragraph(format!("Construct: {}.", case.fixation.described()))
        .paragraph(format!(
            "Screws and rods are beams; a screw has the section of its core and touches bone with its thread. They are tied into bone along their wall, without play or slip; bearing is the force across a screw over length and outer diameter, against the compressive strength of the bone at that place, where the whole ring of the wall lies in bone. A screw is taken to pull out when its thread shears out of cancellous bone, S π D L (0.5 + 0.577 depth/pitch) (Chapman 1996), with thread factor {THREAD_SHAPE:.2} (recalled) and shear strength S = {ratio:.2} ± {deviation:.2} (Sanyal 2012) of the compressive strength of its own bone ({hosts}). The range is two standard deviations of that ratio, which pools four sites: one screw in forty is expected to hold less than the low end (normal scatter); no scatter of lateral masses alone is known. Cortex at the entry is not counted, which is on the safe side; cycles, which loosen screws below this force, are not either, which is not. Margin is the low end over the force, less 1: the strength of one screw is known no better. Published for C1 lateral masses from behind in age: 258 N (Mizutani 2019).",
        ));
    if case.fixation.occiput && case.fixation.rods {
        section = section.paragraph(format!(
            "The occiput is a rigid body on the superior facets of C1, bonded by a bed of cartilage; under axial load it moves along the load only, under moments freely. Its screws are clamped in it {OCCIPITAL_PURCHASE} mm deep; where they enter is measured from the condyles, since no anatomy of the occiput is given. Their strength is that of a screw beside the midline through one cortex, {:.0} ± {:.0} N (Nader 2000), range two standard deviations.",
            OCCIPITAL[0], OCCIPITAL[1]
        ));
    }
    let wires: Vec<String> = [
        (day_one, &results.stages[1], "day 1"),
        (&a.partial, &results.partial, "partial"),
        (ingrown, &results.stages[2], "12 months"),
    ]
    .into_iter()
    .flat_map(|(_, solved, stage)| {
        let factor = case.judged_load().axial / case.largest_load();
        solved.solution.wires.iter().map(move |w| {
            if 0.0 < w.tension {
                format!("{}, {stage}: {:.1} N", w.name, factor * w.tension)
            } else {
                format!("{}, {stage}: slack", w.name)
            }
        })
    })
    .collect();
    if !wires.is_empty() {
        section = section
            .paragraph(format!("Wires pull and never push; they are not tightened. {}.", wires.join("; ")));
    }
    if t.rows.is_empty() { section } else { section.table(t) }
}
