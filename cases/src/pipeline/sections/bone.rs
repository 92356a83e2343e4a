//! What the bone feels: loads, stress shielding, subsidence.

use crate::case::Case;
use crate::pipeline::Results;
use crate::pipeline::crush::Settled;
use crate::pipeline::verdicts;
use dens_reports::record::Section;
use dens_reports::table::{Cell, NO_UNIT, Table, significant};
use dens_solver::criteria::settling;
use dens_solver::loads::contact::Law;

/// Largest force and moment residual accepted: linear and contact solves.
const BALANCE: [f64; 2] = [1e-8, 1e-6];

pub(in crate::pipeline) fn loads_section(case: &Case, results: &Results) -> Section {
    let mut t = Table::new("loads", "Axial loads", &[("load", ""), ("force", "N"), ("source", "")]);
    for l in &case.loads {
        t.push([l.id.as_str().into(), l.axial.into(), l.source.as_str().into()]);
    }
    let mut b = Table::new(
        "balance",
        "Balance of forces and moments at the supports against the load",
        &[
            ("model", ""),
            ("applied", "N"),
            ("force left over", NO_UNIT),
            ("moment left over", NO_UNIT),
            ("limit", NO_UNIT),
            ("contact iterations", NO_UNIT),
            ("linear iterations", NO_UNIT),
            ("largest overlap or jump", "mm"),
        ],
    );
    for s in results.in_time() {
        let balance = s.solution.balance;
        let overlap = s.solution.contacts.iter().map(|c| c.largest_violation).fold(0.0, f64::max);
        let sliding = s.solution.contacts.iter().any(|c| matches!(c.law, Law::Sliding { .. }));
        b.push([
            s.question.stage.name().into(),
            balance.applied.into(),
            balance.force_error.into(),
            balance.moment_error.into(),
            BALANCE[usize::from(sliding)].into(),
            s.solution.progress.iterations.into(),
            s.solution.progress.linear_iterations.into(),
            overlap.into(),
        ]);
    }
    let mut section = Section::new("loads", "Loads, supports and balance");
    if case.fixation.rods && case.fixation.occiput {
        section = section.paragraph("In the implanted stages the whole axial load enters through one rigid occiput, in which the rods end (see Fixation). What follows of condyles holds for the intact stage.");
    }
    let proportional = if case.misfit.is_none() {
        "All gaps start closed and the bodies are linear elastic, so the answers to loads of one direction are proportional: each model is solved under the largest load and scaled."
    } else {
        "The bodies are linear elastic. With a misfit the implanted stages are not proportional to the load: each is solved without a load and under the largest, which is the judged one."
    };
    let poisson = case.soft.cartilage.1;
    let soft = significant((0.5 - poisson) / (1.0 - poisson), 2);
    let d = case.load_direction;
    let tilted = if d.z == -1.0 {
        String::new()
    } else {
        let [forward, left] = [-d.y, d.x].map(|v| v.atan2(-d.z).to_degrees());
        format!(
            ", off the vertical by {forward:.1} degrees toward anterior and {left:.1} toward left on its way down"
        )
    };
    section
        .paragraph(format!("Half of the axial load acts on each condyle of a rigid occiput, bedded on the superior facets of C1 by cartilage that keeps to both (in shear {soft} times as stiff as along its thickness) and guided along the load{tilted}; the lowest bone is held at its inferior endplate and facets. {proportional} Moments are relative to the force times 100 mm."))
        .figure("loads")
        .table(t)
        .table(b)
        .figure("residuals")
        .figure("load-travel")
}

pub(in crate::pipeline) fn shielding_section(results: &Results) -> Section {
    let mut t = Table::new(
        "shielding",
        "Strain energy density by bone region at the judged load",
        &[
            ("bone", ""),
            ("region", ""),
            ("volume", "mm³"),
            ("intact", "kJ/m³"),
            ("day 1 over intact", NO_UNIT),
            ("partial ingrowth over intact", NO_UNIT),
            ("12 months over intact", NO_UNIT),
        ],
    );
    for r in &results.assessment.regions {
        let [a, b] = r.ratios();
        let cell = |v: Option<f64>| v.map_or_else(|| "unloaded before".into(), Cell::from);
        t.push([
            r.level.name().into(),
            r.region.as_str().into(),
            r.volume.into(),
            (1e3 * r.energy[0]).into(),
            cell(a),
            cell(r.partial_ratio()),
            cell(b),
        ]);
    }
    let a = &results.assessment;
    let caudal = results.geometry.caudal().name();
    let mut m = Table::new(
        "resorption",
        &format!("First-step resorption of C1 and {caudal}"),
        &[("measure", ""), ("day 1", NO_UNIT), ("partial ingrowth", NO_UNIT), ("12 months", NO_UNIT)],
    );
    m.push([
        "resorbed mass fraction, dead zone of the case".into(),
        a.resorbed[0].into(),
        a.partial_shielding[0].into(),
        a.resorbed[1].into(),
    ]);
    m.push([
        "resorbed mass fraction, dead zone 0.75".into(),
        a.resorbed_late[0].into(),
        a.partial_shielding[1].into(),
        a.resorbed_late[1].into(),
    ]);
    m.push([
        "mean loss of strain energy".into(),
        a.unloading[0].into(),
        a.partial_shielding[2].into(),
        a.unloading[1].into(),
    ]);
    Section::new("shielding", "Stress shielding")
        .paragraph(format!("Strain energy density of each region of bone, implanted over intact, at equal load and on the same mesh; density does not change between the models, so the ratio is that of energy per mass. After replacement the {caudal} endplate carries what the facets and the body shared before."))
        .figure("shielding")
        .table(t)
        .paragraph("Judged are the regions with the least and the greatest ratio at 12 months, in every bone that stays; regions that carried less than 5 % of the mean of their bone before are left out, since a ratio to next to nothing says nothing.")
        .table(m)
        .figure("energy-change")
        .figure("sections")
}

pub(in crate::pipeline) fn subsidence_section(case: &Case, results: &Results) -> Section {
    let caudal = results.geometry.caudal().name();
    let mut t = Table::new(
        "seats",
        "Contact faces of the implant at the judged load, elastic stages",
        &[
            ("stage", ""),
            ("face", ""),
            ("area", "mm²"),
            ("closed", "mm²"),
            ("force", "N"),
            ("mean pressure", "MPa"),
            ("p99 pressure", "MPa"),
            ("over strength", NO_UNIT),
            ("open", NO_UNIT),
            ("motion, mean", "µm"),
            ("motion, p95", "µm"),
        ],
    );
    let mut c = Table::new(
        "crush",
        &format!("{caudal} under the implant at the judged load, elastic stages"),
        &[
            ("stage", ""),
            ("layer", "mm³"),
            ("overstrained", NO_UNIT),
            ("p95 strain over yield strain", NO_UNIT),
            ("sinking, mean", "mm"),
            ("sinking, edge", "mm"),
        ],
    );
    let a = &results.assessment;
    let named = [(&a.stages[0], "day 1"), (&a.partial, "partial"), (&a.stages[1], "12 months")];
    for (stage, name) in named {
        for s in &stage.seats {
            t.push([
                name.into(),
                s.name.as_str().into(),
                s.area.into(),
                s.closed.into(),
                s.force.into(),
                s.pressure[0].into(),
                s.pressure[1].into(),
                s.overpressed.into(),
                s.open.into(),
                (1e3 * s.motion[0]).into(),
                (1e3 * s.motion[1]).into(),
            ]);
        }
        let k = stage.crush;
        c.push([
            name.into(),
            k.volume.into(),
            k.fraction.into(),
            k.strain_ratio.into(),
            k.sinking.mean.into(),
            k.sinking.edge.into(),
        ]);
    }
    let bed = settling::bed(settling::MODULUS);
    let range = [1, 2].map(|i| settling::length(settling::RIM[i]));
    let mut section = Section::new("subsidence", "Subsidence risk and micromotion")
        .paragraph(format!("On day 1 the bone of C1 and {caudal} yields: on a closed quadric surface with the strength of its density, then softening to 0.7 of it at a rate scaled with the size of the cells (form of the law: Schwiedrzik 2013). The loads of the case act one after the other through contact with friction. Crushed is bone that has yielded in any way; overstrained is bone whose compressive principal strain, in the same state, exceeds the yield strain: another threshold, as a cross-check."))
        .table(loads_table(case, results))
        .paragraph(format!("Sinking is the motion of the implant's lower face where it presses, along the normal of the face, against the rigid motion that fits the bone of {caudal} deeper than {} mm under the face best: its mean over the pressed area, and the 95th percentile, the edge that sinks deepest. A tilt of the whole bone on its disc is none. Shares below are of the bone within {} mm of the pressed area, and of the pressed area itself.", 2.0 * case.criteria.crush_depth, case.criteria.crush_depth))
        .table(faces_table(case, results))
        .figure("load-sinking");
    if let Some(limit) = results.crushing.limit {
        section = section.paragraph(format!(
            "The bone does not carry every load: the largest load in equilibrium is {:.1} N. At {:.1} N none was found; there the model ran {:.0} times as far as the same rise of load moves an elastic one{}.",
            limit.carried,
            limit.tried,
            1.0 / limit.stiffness,
            results
                .crushing
                .loads
                .last()
                .and_then(|s| verdicts::beyond_yield(s.members, case.fixation.yield_strength))
                .map_or(String::new(), |said| format!("; {said}"))
        ));
    }
    section = section.paragraph(format!(
        "In these states the contact method leaves at most {:.4} mm of overlap on a face of the implant. With rods behind the column the implant bears on parts of its faces narrower than the cells there. Area in contact and its mean pressure are then no converged numbers: on the default case the area halved when contact was made five times as firm, while shortening and sinking changed by 2 %.",
        results.crushing.overlap
    ));
    if results.crushing.settled.is_none() {
        section = section.paragraph("No settling is computed: the bone does not carry the judged load once.");
    }
    if let Some(settled) = &results.crushing.settled {
        section = section
            .paragraph(format!(
                "Settling: after {} cycles bone has sunk by s = ℓ (p/p₀ − 1) wherever its pressure p exceeds p₀ = 0.0026 E (Haddock 2004: the least stress at which vertebral bone was cycled to failure), here {:.3} MPa. The length ℓ = {:.2} mm is fitted to one test alone, a ring cage that sank {:.2} mm in {} cycles to {:.0} N (Wang 2019), and so contains what crushed there at once. The area of its rim is not published: rims of common cages leave ℓ between {:.2} and {:.2} mm; the modulus of its bone (792 MPa) and the threshold are assumed. All else is prediction, from the state of day 1 onward: a loss of height of {:.3} mm under {:.0} N for this implant, {:.3} to {:.3} mm over these rims, beside a clinical mean of 0.30 ± 0.26 mm (Wei 2020, nine patients), which it is not fitted to.",
                settling::CYCLES,
                settled.bed.strength,
                bed.length,
                settling::OBSERVED[0],
                settling::CYCLES,
                settling::FORCE,
                range[0],
                range[1],
                settled.loss,
                settled.axial,
                settled.range[0],
                settled.range[1]
            ))
            .table(settled_table(settled));
        if let (Some(e), Some([least, most])) = (case.bone.embrittlement, settled.brittle) {
            section = section.paragraph(format!(
                "Embrittlement: every strength of bone, its yield strain and the threshold p₀ are {} of what its density gives, at unchanged stiffness; p₀ above holds it. With {} and {} of the threshold, on top of the rims, the loss of height is {least:.3} to {most:.3} mm; bone that yields on day 1 keeps the factor taken.",
                significant(e.factor, 3),
                significant(e.range[1], 3),
                significant(e.range[0], 3)
            ));
        }
    }
    section
        .paragraph("The tables below are of the elastic stages, from which shielding and implant stress are taken; pressures at the edge of a face are higher there than in bone that yields. Over strength is the share of the closed area with more pressure than the bone in the cell there bears; open is the share of the face as designed that nothing presses.")
        .table(c)
        .table(t)
        .figure("contact-pressure")
}

fn loads_table(case: &Case, results: &Results) -> Table {
    let caudal = results.geometry.caudal().name();
    let mut t = Table::new(
        "crushing",
        "Day 1 with bone that yields, load by load",
        &[
            ("load", ""),
            ("axial", "N"),
            ("shortening", "mm"),
            ("sinking, mean", "mm"),
            ("edge", "mm"),
            ("crushed C1", "mm³"),
            (&format!("crushed {caudal}"), "mm³"),
            (&format!("contact {caudal}"), "mm²"),
            ("mean pressure", "MPa"),
        ],
    );
    let fitted = results.crushing.fitted.as_ref().map(|f| ("before any load", &f.state));
    let name = |k: usize| case.loads[k].id.as_str();
    let loaded = results.crushing.loads.iter().map(|s| (s.load.map_or("limit", name), s));
    for (name, s) in fitted.into_iter().chain(loaded) {
        t.push([
            name.into(),
            s.axial.into(),
            s.travel.into(),
            s.sinking.mean.into(),
            s.sinking.edge.into(),
            s.crushed[0].into(),
            s.crushed[1].into(),
            s.contact[0].into(),
            s.contact[1].into(),
        ]);
    }
    t
}

/// Bone at the faces of the implant, load by load.
fn faces_table(case: &Case, results: &Results) -> Table {
    let mut t = Table::new(
        "crushing-faces",
        "Bone at the contact faces on day 1 with bone that yields, load by load",
        &[
            ("load", ""),
            ("face", ""),
            ("pressed", "mm²"),
            ("bone under it", "mm³"),
            ("crushed share", NO_UNIT),
            ("overstrained share", NO_UNIT),
            ("pressed over strength", NO_UNIT),
        ],
    );
    for s in &results.crushing.loads {
        for f in &s.faces {
            t.push([
                s.load.map_or("limit", |k| case.loads[k].id.as_str()).into(),
                f.name.as_str().into(),
                f.closed.into(),
                f.layer.into(),
                f.crushed.into(),
                f.overstrained.into(),
                f.overpressed.into(),
            ]);
        }
    }
    t
}

fn settled_table(settled: &Settled) -> Table {
    let mut t = Table::new(
        "settling",
        "Contact faces after 10,000 cycles",
        &[
            ("face", ""),
            ("mean depth", "mm"),
            ("largest depth", "mm"),
            ("share that sank", NO_UNIT),
            ("contact", "mm²"),
        ],
    );
    for (name, [mean, most, share, contact]) in &settled.faces {
        t.push([name.as_str().into(), (*mean).into(), (*most).into(), (*share).into(), (*contact).into()]);
    }
    t
}
