//! The record of a run and the files made from it: PDF, figures, tables, fields.

use super::Results;
use super::assess::StageState;
use super::fields::Solved;
use super::{
    anchors, approach, fit, ingrowth, margins, misfit, moments, pictures, plots, scan, sections, segmented,
    verdicts,
};
use crate::anatomy::Anatomy;
use crate::case::{Case, Quality};
use crate::failure::Failure;
use crate::output::Output;
use dens_mesher::geometry::implant::Form;
use dens_mesher::geometry::spine::Level;
use dens_reports::export::vtu::{Array, Body, write_vtu};
use dens_reports::figure::FigureSet;
use dens_reports::pdf::{Date, write_pdf};
use dens_reports::record::{Input, Judgement, Quantity, Record, Relation, Verdict};
use dens_reports::table::{NO_UNIT, Table};
use dens_solver::criteria::fixation;
use dens_solver::recover::average_at_nodes;
use dens_solver::tensor::{Six, von_mises};

/// Day printed in the report's metadata: the results do not depend on when they were computed.
pub(crate) const DATE: Date = Date { year: 2026, month: 1, day: 1 };

/// Builds the record and writes report, figures, fields and tables.
///
/// # Errors
/// A full disk (4); a record that is not whole (70).
pub fn write(case: &Case, quality: Quality, results: &Results, output: &Output) -> Result<Record, Failure> {
    let mut figures = FigureSet::default();
    pictures::draw(case, results, &mut figures)?;
    figures.add(fit::gap_map(case, results)?);
    plots::draw(case, results, &mut figures)?;
    scan::draw(case, results, &mut figures)?;
    if case.implant.form == Form::Lattice {
        figures.add(margins::picture(case, results)?);
        if let Some(figure) = margins::across(case, results)? {
            figures.add(figure);
        }
    }
    if let Some((plan, access)) = case.approach.as_ref().zip(results.access.as_ref()) {
        approach::draw(case, plan, access, results, &mut figures)?;
    }
    let record = record(case, quality, results)?;
    files(&record, &figures, &record.history, output)?;
    for solved in results.in_time() {
        let name = format!("fields/{}.vtu", solved.question.stage.key());
        output.write(&name, &fields(case, results, solved)?)?;
    }
    Ok(record)
}

/// Writes a record with its figures and tables, each for itself and together as a report.
///
/// - `history`: rows of `history.csv`
///
/// # Errors
/// A full disk (4); a record that is not whole (70).
pub(crate) fn files(
    record: &Record,
    figures: &FigureSet,
    history: &Table,
    output: &Output,
) -> Result<(), Failure> {
    output.write("record.json", &record.to_json().map_err(Failure::bug)?)?;
    output.write("history.csv", history.to_csv().as_bytes())?;
    for figure in &figures.figures {
        output.write(&format!("figures/{}.svg", figure.id), figure.svg.as_bytes())?;
        output.write(&format!("figures/{}.csv", figure.id), figure.csv.as_bytes())?;
    }
    for table in record.tables() {
        output.write(&format!("tables/{}.csv", table.id), table.to_csv().as_bytes())?;
    }
    output.write("report.pdf", &write_pdf(record, figures, DATE).map_err(Failure::bug)?)
}

/// Entries of a case as the record lists them: path, value, source.
pub(crate) fn inputs(echo: &[(String, String, String)]) -> Vec<Input> {
    let input = |(key, value, source): &(String, String, String)| Input {
        key: key.clone(),
        value: value.clone(),
        source: source.clone(),
    };
    echo.iter().map(input).collect()
}

/// Displacement, stress and strain energy of a stage under its load, for ParaView.
fn fields(case: &Case, results: &Results, solved: &Solved) -> Result<Vec<u8>, Failure> {
    let mut bodies = Vec::new();
    for (i, part) in solved.question.model.parts.iter().enumerate() {
        let mesh = &part.mesh;
        let f = &solved.fields[i];
        let stresses = average_at_nodes(mesh.n_nodes(), &mesh.cells, &f.weights, |_| true, &f.stresses);
        let stresses: Vec<Six> = stresses.into_iter().map(Option::unwrap_or_default).collect();
        let mises: Vec<f64> = stresses.iter().map(von_mises).collect();
        let u: Vec<[f64; 3]> = solved.solution.displacements[i].iter().map(|v| [v.x, v.y, v.z]).collect();
        let energy = f.energy_densities.iter().map(|e| e.iter().sum::<f64>() / 4.0).collect();
        bodies.push(Body {
            name: part.name.clone(),
            mesh,
            point_arrays: vec![
                Array::vector("displacement [mm]", &u),
                Array::tensor("stress [MPa]", &stresses),
                Array::scalar("von Mises stress [MPa]", mises),
            ],
            cell_arrays: std::iter::once(Array::scalar("strain energy density [MPa]", energy))
                .chain(margins::arrays(case, results, solved, i))
                .collect(),
        });
    }
    write_vtu(&bodies).map_err(Failure::bug)
}

fn record(case: &Case, quality: Quality, results: &Results) -> Result<Record, Failure> {
    let mut record = Record::new("dens", env!("CARGO_PKG_VERSION"), &case.name, &case.title);
    record.design_iteration = results.history.best.map_or(0, |i| results.history.designs[i].number as u32);
    record.inputs = inputs(&case.echo);
    record.input_hashes = results.geometry.hashes.clone();
    record.settings.insert("quality".into(), quality.name().into());
    record.settings.insert("mesh edge [mm]".into(), case.fineness.edge[quality as usize].to_string());
    record
        .settings
        .insert("voxels along a lattice cell".into(), results.chosen.homogenized.resolution.to_string());
    record.settings.insert("export grid [mm]".into(), case.fineness.surface[quality as usize].to_string());
    let printed = case.lattice.printing.is_some();
    record
        .settings
        .insert("section of the lattice".into(), if printed { "as printed" } else { "as drawn" }.into());
    record.settings.insert("mesher".into(), if case.fineness.tetgen { "tetgen" } else { "level-set" }.into());
    record.settings.insert("implant".into(), crate::comparator::name(case).into());
    record.criteria = criteria(case, results);
    record.history = history(results);
    record.warnings = results.warnings.clone();
    record.limits = limits(case, results);
    record.verdict = verdict(case, quality, results, &record.criteria);
    record.sections = vec![sections::geometry_section(case, results)];
    record.sections.extend(results.geometry.story.as_ref().map(segmented::section));
    record.sections.extend([
        sections::mesh_section(results),
        sections::materials_section(case, results)?,
        sections::loads_section(case, results),
        sections::shielding_section(results),
        sections::subsidence_section(case, results),
    ]);
    record.sections.extend(misfit::section(case, results));
    // Of a comparator without lattice nothing is designed.
    let lattice = case.implant.form == Form::Lattice;
    record.sections.extend(lattice.then(|| sections::lattice_section(case, results)));
    record.sections.extend([sections::stiffness_section(results), sections::implant_section(case, results)]);
    record.sections.extend(lattice.then(|| margins::report(case, results)));
    record.sections.extend([anchors::section(case, results), ingrowth::section(case, results)]);
    record.sections.extend(case.scan.as_ref().map(|asked| scan::section(case, asked, results)));
    let access = case.approach.as_ref().zip(results.access.as_ref());
    record.sections.extend(access.map(|(plan, found)| approach::section(plan, found)));
    let moments = case.moments.as_ref().zip(results.moments.as_ref());
    record
        .sections
        .extend(moments.map(|(load, found)| moments::section(case, load, found, &results.assessment)));
    record.sections.extend(lattice.then(|| sections::design_section(results)));
    record.sections.push(sections::export_section(results));
    Ok(record)
}

fn verdict(case: &Case, quality: Quality, results: &Results, criteria: &[Quantity]) -> Judgement {
    if !case.verdict {
        return Judgement {
            outcome: Verdict::NoVerdict,
            sentence: "This case is a trial run on a coarse model and does not judge the design.".into(),
            gaps: Vec::new(),
        };
    }
    let mut gaps = vec![format!(
        "The error of the mesh is not established at {} quality: values are compared with limits as they stand.",
        quality.name()
    )];
    let lattice = case.implant.form == Form::Lattice;
    if lattice && results.history.best.is_none() {
        gaps.push("No design of the search keeps every manufacturing and strength limit.".into());
    }
    gaps.extend(verdicts::gaps(case, quality, results));
    gaps.push("Criteria are proposals anchored to the literature, not validated acceptance limits.".into());
    let outcome = Record::outcome_of(criteria, &gaps);
    let failed: Vec<&str> = criteria
        .iter()
        .filter(|q| q.margin.is_some_and(|m| m < 0.0) || q.verdict == dens_reports::record::Outcome::NotMet)
        .map(|q| q.label.as_str())
        .collect();
    let load = case.judged_load();
    let sentence = if failed.is_empty() {
        format!("Every criterion is met under {} ({:.0} N), with gaps in the evidence.", load.id, load.axial)
    } else {
        format!(
            "Judged under {} ({:.0} N), these criteria are not met: {}.",
            load.id,
            load.axial,
            failed.join("; ")
        )
    };
    Judgement { outcome, sentence, gaps }
}

fn criteria(case: &Case, results: &Results) -> Vec<Quantity> {
    let c = &case.criteria;
    let a = &results.assessment;
    let load = case.judged_load().id.clone();
    let [day_one, ingrown] = &a.stages;
    let q = |id: &str, label: &str, region: &str, value: f64, unit: &str| {
        Quantity::new(id, label, value, unit).region(region).load(&load)
    };
    let both = |f: &dyn Fn(&StageState) -> f64| f(day_one).max(f(ingrown)).max(f(&a.partial));
    let members = |s: &StageState| s.members.iter().map(|m| m.1).fold(0.0, f64::max);
    // What yielding and settling bone lets go, screws and rods take.
    let yielding = [
        results.crushing.judged(case).map_or(0.0, |s| s.members),
        results.crushing.settled.as_ref().map_or(0.0, |s| s.members),
    ];
    let members = yielding.into_iter().fold(both(&members), f64::max);
    let mut list = verdicts::subsidence(case, results);
    let caudal = case.implant.caudal.name();
    list.push(
        q(
            "resorbed-mass",
            "bone mass that loses its stimulus, 12 months",
            &format!("C1 and {caudal}"),
            a.resorbed[1],
            NO_UNIT,
        )
        .judged(
            &format!("mass fraction with S < {:.2} S_ref", 1.0 - c.dead_zone),
            Relation::AtMost,
            c.resorbed_mass_limit,
            "Kuiper 1997; limit proposed",
        ),
    );
    list.extend(verdicts::shielding(case, results));
    list.extend(verdicts::interface(case, results));
    list.extend([
        q(
            "solid-static",
            "von Mises stress of solid titanium, 99.9th percentile",
            "implant",
            both(&|s| s.stress.solid[0]),
            "MPa",
        )
        .judged(
            "yield over safety",
            Relation::AtMost,
            case.titanium.yield_strength / c.static_safety,
            "Arcam ELI data sheet; safety proposed",
        ),
        q("solid-fatigue", "the same against fatigue", "implant", both(&|s| s.stress.solid[0]), "MPa")
            .judged(
                "as-built fatigue strength at 1e7 cycles",
                Relation::AtMost,
                case.titanium.fatigue_strength,
                "recalled, range 120 to 260 MPa",
            ),
        q(
            "lattice-fatigue",
            "strut stress over yield, 99th percentile",
            "implant lattice",
            both(&|s| s.stress.lattice[0]),
            NO_UNIT,
        )
        .judged(
            "fatigue fraction of yield",
            Relation::AtMost,
            c.lattice_fatigue_fraction,
            "de Jonge 2019",
        ),
    ]);
    list.extend(margins::criteria(case, results));
    if case.fixation.rods || !case.fixation.implant_screws.is_empty() {
        list.push(
            q("fixation-fatigue", "peak stress of screws and rods", "fixation", members, "MPa").judged(
                "fatigue strength at 1e7 cycles",
                Relation::AtMost,
                case.fixation.fatigue_strength,
                "Mater Sci Eng A 2024, machined",
            ),
        );
        list.push(
            q(
                "pull-out",
                "pull-out force over the strength that 39 of 40 screws exceed, worst screw and state",
                "screws in bone",
                anchors::worst(case, results),
                NO_UNIT,
            )
            .judged(
                "thread shears out of cancellous bone at 1",
                Relation::AtMost,
                fixation::PULL_OUT.limit,
                "Chapman 1996; shear strength Sanyal 2012, four sites pooled; once, not in cycles",
            ),
        );
        list.extend(verdicts::fixation(case, results));
    }
    list.extend([
        q(
            "construct-stiffness",
            "axial stiffness of the construct, day 1",
            "C1 to C4",
            day_one.construct_stiffness,
            "N/mm",
        ),
        q(
            "lattice-modulus",
            "homogenised Young's modulus along the load",
            "implant lattice",
            results.chosen.homogenized.young([0.0, 0.0, 1.0]),
            "MPa",
        ),
    ]);
    let turned = case.moments.as_ref().zip(results.moments.as_ref());
    list.extend(turned.into_iter().flat_map(|(m, found)| moments::criteria(case, m, found, a)));
    let access = case.approach.as_ref().zip(results.access.as_ref());
    list.extend(access.into_iter().flat_map(|(plan, found)| approach::criteria(plan, found)));
    if case.implant.form != Form::Lattice {
        list.retain(|k| !k.region.starts_with("implant lattice"));
    }
    if !case.verdict {
        // A trial model judges nothing: its numbers stand without limits.
        list = list
            .into_iter()
            .map(|k| Quantity::new(&k.id, &k.label, k.value, &k.unit).region(&k.region).load(&k.load))
            .collect();
    }
    list
}

fn history(results: &Results) -> Table {
    let mut t = Table::new(
        "history",
        "Evaluated designs in order",
        &[
            ("no.", NO_UNIT),
            ("cell", ""),
            ("density", NO_UNIT),
            ("size", "mm"),
            ("strut", "mm"),
            ("pore", "mm"),
            ("modulus", "MPa"),
            ("shield", NO_UNIT),
            ("sink", NO_UNIT),
            ("stiff", NO_UNIT),
            ("total", NO_UNIT),
            ("fatigue", NO_UNIT),
            ("limits", ""),
            ("status", ""),
        ],
    );
    for (i, d) in results.history.designs.iter().enumerate() {
        let active = if d.active.is_empty() { "–".to_string() } else { d.active.join("; ") };
        t.push([
            d.number.into(),
            d.cell.as_str().into(),
            d.relative_density.into(),
            d.cell_size.into(),
            d.strut.into(),
            d.pore.into(),
            d.modulus.into(),
            d.shielding.into(),
            d.subsidence.into(),
            d.stiffness.into(),
            d.objective.into(),
            d.lattice_ratio.into(),
            active.into(),
            match (d.feasible, results.history.best == Some(i)) {
                (_, true) => "chosen",
                (true, _) => "feasible",
                _ => "infeasible",
            }
            .into(),
        ]);
    }
    t
}

fn limits(case: &Case, results: &Results) -> Vec<String> {
    let mut limits: Vec<String> = vec![verdicts::loads_named(case, results)];
    limits.push(sections::section_limit(results));
    limits.extend([
        "Computed, not validated: no prediction of this program has been compared with a clinical outcome.",
        "C1 and the bone under the implant yield and soften on day 1 only; discs, cartilage, the bones below and the healed stage are linear elastic, and so is the design loop. The constants of yielding are published means, not the patient's.",
        "Strength of cells that hold several tissues is the mean by share, an upper bound where load passes from endplate to cancellous bone: crushed volume is then too small. Under a sharp edge the limit load falls with the size of the cells.",
        "Settling under cycles is a prediction: of its law one constant is fitted, to one bench test (Wang 2019) whose ring area and bone density are assumed; threshold and form are assumed too. It knows no healing.",
        "Implant stress, micromotion and stiffness are those of the elastic stages; stress of screws and rods is the largest of elastic, yielding and settled states.",
        "The condyles move along the load only; C1 cannot tilt with the head. The stiff implant then meets bone at an edge of its faces once the bone below tilts on its disc: contact areas on day 1 are small and local pressures high.",
        "Cortex and endplates are carried by partial-volume stiffness of the cells at the surface, not meshed as layers.",
        "Disc fibers resist compression as they resist tension.",
        "The lattice is its homogenised stiffness; within about three cells of a skin or screw wall, and where fewer than six cells lie across (marked under \"Margin at every point\"), its stress is an estimate.",
        "Ingrowth follows from the motion of day 1 alone: a facet is bonded or it slides; young bone is as stiff as old, and no time belongs to the partial stage.",
        "Screws hold in bone without play or slip; pull-out strength counts cancellous bone only and one pull, not cycles. Fatigue of screws is that of their smooth core: the notch of the thread, which lowers it, is not counted. Bone around screws in C1 and under the implant yields as bone does elsewhere, that in other levels is elastic.",
    ]
    .map(String::from));
    if case.implant.caudal == Level::C4 {
        limits.push("C4 under the implant is held at its own inferior endplate and facets; C5 and the disc between are not modelled. Sinking into C4 and its yielding are therefore lower bounds, stiffness is an upper one.".into());
    }
    if case.fixation.implant_screws.is_empty() {
        limits.push("No screws go through the implant; their holes and walls are there.".into());
    }
    if case.implant.form != Form::Lattice {
        limits.retain(|l| {
            !l.starts_with("The lattice") && !l.starts_with("Stiffness and strength of the lattice")
        });
    }
    if case.anatomy.has_template() {
        limits.push("C2 of the intact control is a fitted template, not the patient's bone: ratios to the control are those to a neck that the patient never had.".into());
    }
    if case.scan.is_none() {
        limits.push("Bone density is uniform within each tissue; no calibrated scan enters.".into());
    }
    if matches!(case.anatomy, Anatomy::Parametric { .. }) {
        limits
            .push("The anatomy is a parametric mean built from published dimensions, not a patient.".into());
    }
    limits
}
