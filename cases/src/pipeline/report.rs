//! The record of a run and the files made from it: PDF, figures, tables, fields.

use super::Results;
use super::assess::StageState;
use super::bodies::Kind;
use super::fields::Solved;
use super::{pictures, plots, tissue};
use crate::case::{Anatomy, Case, Quality};
use crate::failure::Failure;
use crate::output::Output;
use dens_reports::export::vtu::{Array, Body, write_vtu};
use dens_reports::figure::FigureSet;
use dens_reports::pdf::{Date, write_pdf};
use dens_reports::record::{Input, Judgement, Quantity, Record, Relation, Section, Verdict};
use dens_reports::table::{NO_UNIT, Table};
use dens_solver::recover::average_at_nodes;
use dens_solver::tensor::von_mises;

/// Day printed in the report's metadata: the results do not depend on when they were computed.
const DATE: Date = Date { year: 2026, month: 1, day: 1 };

/// Largest force and moment residual accepted: linear and contact solves.
const BALANCE: [f64; 2] = [1e-8, 1e-6];

/// Builds the record and writes report, figures, fields and tables.
///
/// # Errors
/// A full disk (4); a record that is not whole (70).
pub fn write(case: &Case, quality: Quality, results: &Results, output: &Output) -> Result<Record, Failure> {
    let mut figures = FigureSet::default();
    pictures::draw(case, results, &mut figures)?;
    plots::draw(case, results, &mut figures)?;
    let record = record(case, quality, results)?;
    output.write("record.json", &record.to_json().map_err(Failure::bug)?)?;
    output.write("history.csv", record.history.to_csv().as_bytes())?;
    for figure in &figures.figures {
        output.write(&format!("figures/{}.svg", figure.id), figure.svg.as_bytes())?;
        output.write(&format!("figures/{}.csv", figure.id), figure.csv.as_bytes())?;
    }
    for table in record.tables() {
        output.write(&format!("tables/{}.csv", table.id), table.to_csv().as_bytes())?;
    }
    for solved in &results.stages {
        let name = format!("fields/{}.vtu", solved.question.stage.key());
        output.write(&name, &fields(solved)?)?;
    }
    let pdf = write_pdf(&record, &figures, DATE).map_err(Failure::bug)?;
    output.write("report.pdf", &pdf)?;
    Ok(record)
}

/// Displacement, stress and strain energy of a stage under its load, for ParaView.
fn fields(solved: &Solved) -> Result<Vec<u8>, Failure> {
    let mut bodies = Vec::new();
    for (i, part) in solved.question.model.parts.iter().enumerate() {
        let mesh = &part.mesh;
        let f = &solved.fields[i];
        let stresses = average_at_nodes(mesh.n_nodes(), &mesh.cells, &f.weights, |_| true, &f.stresses);
        // From xx yy zz yz xz xy to the order of VTK: xx yy zz xy yz xz.
        let tensors: Vec<[f64; 6]> = stresses
            .iter()
            .map(|s| s.unwrap_or_default())
            .map(|[xx, yy, zz, yz, xz, xy]| [xx, yy, zz, xy, yz, xz])
            .collect();
        let mises: Vec<f64> = stresses.iter().map(|s| von_mises(&s.unwrap_or_default())).collect();
        let u: Vec<[f64; 3]> = solved.solution.displacements[i].iter().map(|v| [v.x, v.y, v.z]).collect();
        let energy = f.energy_densities.iter().map(|e| e.iter().sum::<f64>() / 4.0).collect();
        bodies.push(Body {
            name: part.name.clone(),
            mesh,
            point_arrays: vec![
                Array::vector("displacement [mm]", &u),
                Array::tensor("stress [MPa]", &tensors),
                Array::scalar("von Mises stress [MPa]", mises),
            ],
            cell_arrays: vec![Array::scalar("strain energy density [MPa]", energy)],
        });
    }
    write_vtu(&bodies).map_err(Failure::bug)
}

fn record(case: &Case, quality: Quality, results: &Results) -> Result<Record, Failure> {
    let mut record = Record::new("dens", env!("CARGO_PKG_VERSION"), &case.name, &case.title);
    record.design_iteration = results.history.best.map_or(0, |i| results.history.designs[i].number as u32);
    record.inputs = case
        .echo
        .iter()
        .map(|(key, value, source)| Input { key: key.clone(), value: value.clone(), source: source.clone() })
        .collect();
    record.input_hashes = results.geometry.hashes.clone();
    record.settings.insert("quality".into(), quality.name().into());
    record.settings.insert("mesh edge [mm]".into(), case.fineness.edge[quality as usize].to_string());
    record
        .settings
        .insert("voxels along a lattice cell".into(), results.chosen.homogenized.resolution.to_string());
    record.settings.insert("export grid [mm]".into(), case.fineness.surface[quality as usize].to_string());
    record.settings.insert("mesher".into(), if case.fineness.tetgen { "tetgen" } else { "level-set" }.into());
    record.criteria = criteria(case, results);
    record.history = history(results);
    record.warnings = results.warnings.clone();
    record.limits = limits(case);
    record.verdict = verdict(case, quality, results, &record.criteria);
    record.sections = vec![
        geometry_section(case, results),
        mesh_section(results),
        materials_section(case, results)?,
        loads_section(case, results),
        shielding_section(results),
        subsidence_section(results),
        lattice_section(case, results),
        stiffness_section(results),
        implant_section(case, results),
        design_section(results),
        export_section(results),
    ];
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
        "The error of the mesh is not established at `{}` quality: values are compared with limits as they stand.",
        quality.name()
    )];
    if results.history.best.is_none() {
        gaps.push("No design of the search keeps every manufacturing and strength limit.".into());
    }
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
        format!("Under {} ({:.0} N) these criteria are not met: {}.", load.id, load.axial, failed.join("; "))
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
    let both = |f: &dyn Fn(&StageState) -> f64| f(day_one).max(f(ingrown));
    let micromotion = day_one.seats.iter().map(|s| s.settled).fold(1.0, f64::min);
    let members = |s: &StageState| s.members.iter().map(|m| m.1).fold(0.0, f64::max);
    let mut list = vec![
        q(
            "crushed-volume",
            "crushed bone under the implant, day 1",
            "C3, upper 3 mm",
            day_one.crush.fraction,
            NO_UNIT,
        )
        .judged(
            "volume fraction beyond the yield strain",
            Relation::AtMost,
            c.crushed_fraction_limit,
            "Pistoia 2002 (2 %), Morgan 2001 (strain)",
        ),
        q("indentation", "elastic indentation, day 1", "C3 endplate", day_one.crush.indentation, "mm")
            .judged(
                "sinking against the lower endplate",
                Relation::AtMost,
                c.indentation_limit,
                "Wei 2020: above the 95 % interval of the mean loss",
            ),
        q(
            "resorbed-mass",
            "bone mass that loses its stimulus, 12 months",
            "C1 and C3",
            a.resorbed[1],
            NO_UNIT,
        )
        .judged(
            &format!("mass fraction with S < {:.2} S_ref", 1.0 - c.dead_zone),
            Relation::AtMost,
            c.resorbed_mass_limit,
            "Kuiper 1997; limit proposed",
        ),
        q(
            "micromotion-area",
            "contact area moving less than the limit, day 1",
            "worst contact face",
            micromotion,
            NO_UNIT,
        )
        .judged(
            &format!("share below {:.0} µm", 1e3 * c.micromotion_limit),
            Relation::AtLeast,
            c.micromotion_area,
            "Pilliar 1986, Kohli 2021; share proposed",
        ),
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
    ];
    if case.fixation.rods {
        list.push(
            q(
                "fixation-fatigue",
                "peak stress of screws and rods",
                "posterior fixation",
                both(&members),
                "MPa",
            )
            .judged(
                "fatigue strength at 1e7 cycles",
                Relation::AtMost,
                case.fixation.fatigue_strength,
                "Mater Sci Eng A 2024, machined",
            ),
        );
    }
    let overpressed = day_one.seats.first().map_or(0.0, |s| s.overpressed);
    list.extend([
        q(
            "overpressed-area",
            "contact area pressed beyond cancellous strength, day 1",
            "C3 endplate",
            overpressed,
            NO_UNIT,
        ),
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

fn limits(case: &Case) -> Vec<String> {
    let mut limits: Vec<String> = [
        "Computed, not validated: no prediction of this program has been compared with a clinical outcome.",
        "Bone is linear elastic; crushing is judged by strain, not simulated. Cages that hold 1362 N once sink 2 mm in 10,000 cycles to 300 N (Lu 2017, Wang 2019): static strain alone misses cyclic settling.",
        "Small displacements, proportional axial loads A to D only; no moments, no shear, no muscle forces, no ligaments.",
        "The condyles move along the load only; C1 cannot tilt with the head. The stiff implant then meets bone at an edge of its faces once C3 tilts on its disc: contact areas on day 1 are small and local pressures high.",
        "Cortex and endplates are carried by partial-volume stiffness of the cells at the surface, not meshed as layers.",
        "Bone density is uniform within each tissue; no scan enters.",
        "Disc fibers resist compression as they resist tension.",
        "The lattice is its homogenised stiffness; within about three cells of a skin or screw wall, and where fewer than six cells lie across, its stress is an estimate.",
        "Integrated implant screws are not modelled; their holes and walls are.",
        "Strength of the lattice is that of the drawn struts; printed struts are rougher and thinner inside (effective diameter about 0.8).",
        "Ingrowth is assumed complete at 12 months on all contact faces.",
    ]
    .map(String::from)
    .to_vec();
    if matches!(case.anatomy, Anatomy::Parametric { .. }) {
        limits
            .push("The anatomy is a parametric mean built from published dimensions, not a patient.".into());
    }
    limits
}

fn geometry_section(case: &Case, results: &Results) -> Section {
    let g = &results.geometry;
    let mut t = Table::new("implant-fit", "Implant", &[("measure", ""), ("value", NO_UNIT), ("unit", "")]);
    let mut row = |name: &str, value: f64, unit: &str| t.push([name.into(), value.into(), unit.into()]);
    row("height, C1 facets to C3 endplate", g.implant.height_mm, "mm");
    row("volume of the outline", g.fit.volume_mm3, "mm³");
    row("solid rim and screw walls", g.fit.solid_mm3, "mm³");
    row("smallest distance to the free canal", g.fit.canal_mm, "mm");
    for pad in &g.fit.pads {
        row(&format!("contact area, {}", pad.name), pad.area_mm2, "mm²");
        row(&format!("largest gap to the bone, {}", pad.name), pad.gap_mm[1], "mm");
    }
    for (track, wall) in &g.fit.walls_mm {
        row(&format!("thinnest wall of screw track {track}"), *wall, "mm");
    }
    let size = results.bodies.find(Kind::Implant).map_or([0.0; 3], |b| {
        let s = dens_mesher::geometry::Aabb::around(&b.mesh.points).size();
        [s.x, s.y, s.z]
    });
    for (axis, value) in ["left to right", "front to back", "height overall"].iter().zip(size) {
        row(&format!("extent, {axis}"), value, "mm");
    }
    let mut joints = Table::new(
        "joints",
        "Joints of the spine",
        &[("joint", ""), ("semi-axis a", "mm"), ("semi-axis b", "mm"), ("area of the ellipse", "mm²")],
    );
    for j in &g.spine.joints {
        joints.push([
            j.name().into(),
            j.patch.radii[0].into(),
            j.patch.radii[1].into(),
            j.patch.area().into(),
        ]);
    }
    Section::new("geometry", "Geometry")
        .paragraph(format!("Anatomy: {}.", g.spine.source))
        .paragraph(format!(
            "The implant replaces C2. Its two upper faces are the negative of the inferior articular facets of C1, its lower face the negative of the superior endplate of C3; {}.",
            if g.implant.upper_shift.norm() > 1e-6 {
                format!("C1 was moved by {:.2} mm to give the height asked for", g.implant.upper_shift.norm())
            } else {
                "the bones stand as they are".to_string()
            }
        ))
        .figure("anatomy")
        .figure("implant")
        .table(t)
        .table(joints)
        .paragraph(format!("Case file entries with their sources stand in the annex; design iteration {}.", case.design_iteration))
}

fn mesh_section(results: &Results) -> Section {
    let mut t = Table::new(
        "meshes",
        "Meshes: ten-node tetrahedra",
        &[
            ("body", ""),
            ("nodes", NO_UNIT),
            ("cells", NO_UNIT),
            ("smallest dihedral angle", "deg"),
            ("largest", "deg"),
            ("smallest scaled Jacobian", NO_UNIT),
            ("volume", "mm³"),
        ],
    );
    for b in &results.bodies.all {
        t.push([
            b.name.as_str().into(),
            b.quality.nodes.into(),
            b.quality.cells.into(),
            b.quality.min_dihedral_deg.into(),
            b.quality.max_dihedral_deg.into(),
            b.quality.min_scaled_jacobian.into(),
            b.quality.region_volumes_mm3.iter().sum::<f64>().into(),
        ]);
    }
    let mut models = Table::new(
        "models",
        "Models",
        &[
            ("model", ""),
            ("bodies", NO_UNIT),
            ("nodes", NO_UNIT),
            ("unknowns", NO_UNIT),
            ("linear solver", ""),
        ],
    );
    for s in &results.stages {
        let parts = &s.question.model.parts;
        models.push([
            s.question.stage.name().into(),
            parts.len().into(),
            parts.iter().map(|p| p.mesh.n_nodes()).sum::<usize>().into(),
            s.solution.progress.unknowns.into(),
            s.solution.progress.linear_solver.as_str().into(),
        ]);
    }
    Section::new("mesh", "Mesh")
        .paragraph("Every body is meshed by cutting a body-centered cubic lattice along the surfaces of the body; vertices lie on the surfaces, mid-edge nodes on curved boundary where the cell stays valid. Every Jacobian is proven positive by its Bézier coefficients. Bones keep the same mesh in the control and the implanted models.")
        .table(t)
        .table(models)
        .figure("mesh-quality")
}

fn materials_section(case: &Case, results: &Results) -> Result<Section, Failure> {
    let (cancellous, strength) = tissue::cancellous(case)?;
    let source = |table: &str| {
        case.echo
            .iter()
            .find(|(k, _, _)| k.starts_with(&format!("{table}.")))
            .map_or(String::new(), |e| e.2.clone())
    };
    let mut t = Table::new(
        "materials",
        "Materials",
        &[("material", ""), ("Young's modulus", "MPa"), ("Poisson's ratio", NO_UNIT), ("remark", "")],
    );
    let b = &case.bone;
    let s = &case.soft;
    let ti = &case.titanium;
    let mut row = |name: &str, e: f64, nu: f64, remark: String| {
        t.push([name.into(), e.into(), nu.into(), remark.into()])
    };
    row(
        "cortical bone",
        b.cortical.0,
        b.cortical.1,
        format!("{:.2} mm layer, partial volume", b.cortical_thickness),
    );
    row(
        "bony endplate",
        b.endplate.0,
        b.endplate.1,
        format!("{:.2} mm layer, partial volume", b.endplate_thickness),
    );
    row(
        "cancellous bone",
        cancellous,
        b.cancellous_poisson,
        format!("strength {strength:.2} MPa, law {}", b.cancellous_law),
    );
    row("posterior elements", b.posterior.0, b.posterior.1, String::new());
    row("facet cartilage", s.cartilage.0, s.cartilage.1, String::new());
    row(
        "annulus, ground",
        s.annulus.0,
        s.annulus.1,
        format!(
            "fibers {:.0} MPa, share {:.2}, ±{:.0}°",
            s.fiber_modulus,
            s.fiber_volume_fraction,
            s.fiber_angle.to_degrees()
        ),
    );
    row("nucleus", s.nucleus.0, s.nucleus.1, "mean dilatation".into());
    row(
        "titanium, solid",
        ti.modulus,
        ti.poisson,
        format!("yield {:.0} MPa, fatigue as built {:.0} MPa", ti.yield_strength, ti.fatigue_strength),
    );
    let c = &results.chosen.homogenized;
    row(
        "lattice, along the load",
        c.young([0.0, 0.0, 1.0]),
        c.poisson([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]),
        "homogenised, full tensor used".into(),
    );
    Ok(Section::new("materials", "Materials with sources").table(t).list([
        format!("Bone: {}.", source("bone")),
        format!("Cartilage: {}.", source("cartilage")),
        format!("Disc: {}.", source("disc")),
        format!("Titanium: {}.", source("titanium")),
        format!("Fixation: {}.", source("fixation")),
    ]))
}

fn loads_section(case: &Case, results: &Results) -> Section {
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
    for s in &results.stages {
        let balance = s.solution.balance;
        let overlap = s.solution.contacts.iter().map(|c| c.largest_violation).fold(0.0, f64::max);
        let sliding = s
            .solution
            .contacts
            .iter()
            .any(|c| matches!(c.law, dens_solver::loads::contact::Law::Sliding { .. }));
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
    Section::new("loads", "Loads, supports and balance")
        .paragraph("Half of the axial load acts on each condyle of a rigid occiput, bedded on the superior facets of C1 and guided along the load; the lowest bone is held at its inferior endplate and facets. All gaps start closed and the bodies are linear elastic, so the answers to loads of one direction are proportional: each model is solved under the largest load and scaled. Moments are relative to the force times 100 mm.")
        .figure("loads")
        .table(t)
        .table(b)
        .figure("residuals")
        .figure("load-travel")
}

fn shielding_section(results: &Results) -> Section {
    let mut t = Table::new(
        "shielding",
        "Strain energy density by bone region at the judged load",
        &[
            ("bone", ""),
            ("region", ""),
            ("volume", "mm³"),
            ("intact", "kJ/m³"),
            ("day 1 over intact", NO_UNIT),
            ("12 months over intact", NO_UNIT),
        ],
    );
    for r in &results.assessment.regions {
        let [a, b] = r.ratios();
        let cell =
            |v: Option<f64>| v.map_or_else(|| "unloaded before".into(), dens_reports::table::Cell::from);
        t.push([
            r.level.name().into(),
            r.region.as_str().into(),
            r.volume.into(),
            (1e3 * r.energy[0]).into(),
            cell(a),
            cell(b),
        ]);
    }
    let a = &results.assessment;
    let mut m = Table::new(
        "resorption",
        "First-step resorption of C1 and C3",
        &[("measure", ""), ("day 1", NO_UNIT), ("12 months", NO_UNIT)],
    );
    m.push([
        "resorbed mass fraction, dead zone of the case".into(),
        a.resorbed[0].into(),
        a.resorbed[1].into(),
    ]);
    m.push([
        "resorbed mass fraction, dead zone 0.75".into(),
        a.resorbed_late[0].into(),
        a.resorbed_late[1].into(),
    ]);
    m.push(["mean loss of strain energy".into(), a.unloading[0].into(), a.unloading[1].into()]);
    Section::new("shielding", "Stress shielding")
        .paragraph("Strain energy density of each region of bone, implanted over intact, at equal load and on the same mesh; density does not change between the models, so the ratio is that of energy per mass. After replacement the C3 endplate carries what the facets and the body shared before.")
        .figure("shielding")
        .table(t)
        .table(m)
        .figure("energy-change")
        .figure("sections")
}

fn subsidence_section(results: &Results) -> Section {
    let mut t = Table::new(
        "seats",
        "Contact faces of the implant at the judged load",
        &[
            ("stage", ""),
            ("face", ""),
            ("area", "mm²"),
            ("closed", "mm²"),
            ("force", "N"),
            ("mean pressure", "MPa"),
            ("p99 pressure", "MPa"),
            ("over strength", NO_UNIT),
            ("motion, mean", "µm"),
            ("motion, p95", "µm"),
        ],
    );
    let mut c = Table::new(
        "crush",
        "C3 under the implant at the judged load",
        &[
            ("stage", ""),
            ("layer", "mm³"),
            ("crushed", NO_UNIT),
            ("p95 strain over yield strain", NO_UNIT),
            ("indentation", "mm"),
        ],
    );
    for (stage, name) in results.assessment.stages.iter().zip(["day 1", "12 months"]) {
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
            k.indentation.into(),
        ]);
    }
    Section::new("subsidence", "Subsidence risk and micromotion")
        .paragraph("Crushed volume is the share of C3 bone within 3 mm of the implant whose compressive principal strain exceeds the yield strain. Indentation is the elastic sinking of the endplate under the implant against the lower endplate of C3. Cyclic settling is not simulated.")
        .table(c)
        .table(t)
        .figure("contact-pressure")
}

fn lattice_section(case: &Case, results: &Results) -> Section {
    let c = &results.chosen;
    let h = &c.homogenized;
    let mut t = Table::new(
        "lattice",
        "Chosen lattice as drawn",
        &[("measure", ""), ("value", NO_UNIT), ("unit", "")],
    );
    let mut row = |name: &str, value: f64, unit: &str| t.push([name.into(), value.into(), unit.into()]);
    let [least, most] = h.young_range();
    row("relative density", c.drawn.relative_density, "–");
    row("cell size", c.drawn.lattice.cell_size_mm, "mm");
    row("strut or wall", c.drawn.strut, "mm");
    row("largest pore", c.drawn.pore, "mm");
    row("Young's modulus, x", h.young([1.0, 0.0, 0.0]), "MPa");
    row("Young's modulus, y", h.young([0.0, 1.0, 0.0]), "MPa");
    row("Young's modulus, z (load)", h.young([0.0, 0.0, 1.0]), "MPa");
    row("smallest over all directions", least, "MPa");
    row("largest over all directions", most, "MPa");
    row("Zener ratio", h.zener(), "–");
    row("bulk modulus", h.bulk(), "MPa");
    row("change from half the resolution", c.spread, "–");
    row("strut stress per unit stress along the load", c.amplification.along([0.0, 0.0, 1.0]), "–");
    row(
        "onset of yield along the load",
        c.amplification.lattice_yield([0.0, 0.0, 1.0], case.titanium.yield_strength),
        "MPa",
    );
    let names = ["xx", "yy", "zz", "yz", "xz", "xy"];
    let columns: Vec<(&str, &str)> = std::iter::once(("row", "")).chain(names.map(|n| (n, "MPa"))).collect();
    let mut tensor = Table::new("stiffness", "Homogenised stiffness, engineering shear", &columns);
    for (i, name) in names.iter().enumerate() {
        let mut cells: Vec<dens_reports::table::Cell> = vec![(*name).into()];
        // Entries below the accuracy of the homogenisation are zero by symmetry.
        let floor = 1e-4 * h.stiffness[0][0];
        cells.extend(h.stiffness[i].iter().map(|v| if v.abs() < floor { 0.0 } else { *v }.into()));
        tensor.push(cells);
    }
    Section::new("lattice-stiffness", "Lattice stiffness and strength")
        .paragraph(format!(
            "Cell `{}`. The stiffness is extrapolated from {n} × {n} × {n} voxels of one cell and half as many along each edge, with periodic boundary conditions and six unit strains; it is that of the drawn geometry. Printed lattices of the same density are softer: measured EBM moduli are 0.1 to 0.6 of ideal ones.",
            c.drawn.lattice.cell.name(),
            n = h.resolution
        ))
        .table(t)
        .table(tensor)
        .figure("lattice-modulus")
}

fn stiffness_section(results: &Results) -> Section {
    let a = &results.assessment;
    let mut t = Table::new(
        "axial-stiffness",
        "Axial stiffness and load sharing",
        &[("measure", ""), ("intact", NO_UNIT), ("day 1", NO_UNIT), ("12 months", NO_UNIT), ("unit", "")],
    );
    let [d, i] = &a.stages;
    t.push([
        "construct C1 to held bone".into(),
        a.intact_stiffness.into(),
        d.construct_stiffness.into(),
        i.construct_stiffness.into(),
        "N/mm".into(),
    ]);
    t.push([
        "implant between its contact faces".into(),
        "–".into(),
        d.implant_stiffness.into(),
        i.implant_stiffness.into(),
        "N/mm".into(),
    ]);
    let anterior = a.intact_anterior_share.map_or_else(|| "–".into(), dens_reports::table::Cell::from);
    t.push([
        "share of the load on the C3 endplate".into(),
        anterior,
        d.share_through_implant.into(),
        i.share_through_implant.into(),
        "–".into(),
    ]);
    Section::new("stiffness", "Stiffness and load sharing").table(t)
}

fn implant_section(case: &Case, results: &Results) -> Section {
    let [d, i] = &results.assessment.stages;
    let mut t = Table::new(
        "implant-stress",
        "Stress of implant and fixation at the judged load",
        &[("measure", ""), ("day 1", "MPa"), ("12 months", "MPa"), ("limit", "MPa")],
    );
    let ti = &case.titanium;
    t.push([
        "solid titanium, 99.9th percentile".into(),
        d.stress.solid[0].into(),
        i.stress.solid[0].into(),
        ti.fatigue_strength.into(),
    ]);
    t.push([
        "solid titanium, largest point (depends on the mesh)".into(),
        d.stress.solid[1].into(),
        i.stress.solid[1].into(),
        (ti.yield_strength / case.criteria.static_safety).into(),
    ]);
    t.push([
        "struts of the lattice, 99th percentile".into(),
        d.stress.strut.into(),
        i.stress.strut.into(),
        (ti.yield_strength * case.criteria.lattice_fatigue_fraction).into(),
    ]);
    t.push([
        "homogenised lattice, 99th percentile".into(),
        d.stress.homogenised.into(),
        i.stress.homogenised.into(),
        "–".into(),
    ]);
    for ((name, a), (_, b)) in d.members.iter().zip(&i.members) {
        t.push([name.as_str().into(), (*a).into(), (*b).into(), case.fixation.fatigue_strength.into()]);
    }
    let mut p = Table::new(
        "pull-out",
        "Screw forces along the screw, positive toward pull-out",
        &[("screw", ""), ("day 1", "N"), ("12 months", "N")],
    );
    for ((name, a), (_, b)) in d.pull_out.iter().zip(&i.pull_out) {
        p.push([name.as_str().into(), (*a).into(), (*b).into()]);
    }
    Section::new("implant", "Implant and fixation")
        .paragraph("Peaks of linear elastic stress at edges and thin rims grow with the mesh; percentiles by volume are judged. Strut stress is the 99.5th percentile within the unit cell for the homogenised stress at each point.")
        .table(t)
        .table(p)
        .figure("implant-stress")
        .figure("stress-exceedance")
}

fn design_section(results: &Results) -> Section {
    let h = &results.history;
    let said = match h.best.map(|i| &h.designs[i]) {
        Some(d) => format!(
            "Design {} was chosen: {}, relative density {:.3}, cell {:.2} mm, objective {:.4}.",
            d.number, d.cell, d.relative_density, d.cell_size, d.objective
        ),
        None => "No evaluated design keeps every limit. The lattice that the case starts from was carried on so that numbers exist; it is not a recommendation.".into(),
    };
    Section::new("design", "Design history")
        .paragraph(format!("{} designs were evaluated by finite elements with the implant bonded, on the coarse mesh. {said} The objective is the weighted sum of mean unloading of C1 and C3, the 95th percentile of compressive strain under the implant over the yield strain, and the excess of the lattice modulus over its target.", h.designs.len()))
        .figure("design-history")
        .paragraph("All evaluated designs with every term and limit stand in the annex and in history.csv: density is the relative density; shield, sink and stiff are the unweighted terms of the objective, total their weighted sum; fatigue is homogenised stress over lattice yield; limits names what is active or broken.")
        .list(h.stops.iter().map(|s| format!("{s}.")))
}

fn export_section(results: &Results) -> Section {
    let mut t = Table::new(
        "exports",
        "Printable solids, re-read from their files and compared",
        &[
            ("height", "mm"),
            ("triangles", NO_UNIT),
            ("metal", "mm³"),
            ("mass", "g"),
            ("relative density of the lattice zone", NO_UNIT),
            ("x", "mm"),
            ("y", "mm"),
            ("z", "mm"),
            ("floating pieces removed", "mm³"),
            ("trapped powder", "mm³"),
            ("largest gap to bone", "mm"),
        ],
    );
    let mut f = Table::new("files", "Files for the machine", &[("file", ""), ("SHA-256", "")]);
    for e in &results.exported {
        t.push([
            e.height.into(),
            e.triangles.into(),
            e.volume.into(),
            e.mass.into(),
            e.relative_density.into(),
            e.size[0].into(),
            e.size[1].into(),
            e.size[2].into(),
            e.floating.into(),
            e.trapped.into(),
            e.gap.into(),
        ]);
        for (name, sum) in &e.files {
            f.push([name.as_str().into(), sum.as_str().into()]);
        }
    }
    let analysed =
        results.bodies.find(Kind::Implant).map_or(0.0, |b| b.quality.region_volumes_mm3.iter().sum::<f64>());
    let middle = results.exported.get(results.exported.len() / 2).map_or(0.0, |e| e.outline);
    Section::new("export", "Export for electron-beam melting")
        .paragraph(format!("The outline of the exported middle size has {middle:.0} mm³, the analysed mesh {analysed:.0} mm³. Scale 1.000: shrinkage is left to the machine's build processor. Sizes differ in height only and are re-fitted to the bones, not scaled; the mechanics were computed for the middle one."))
        .figure("lattice")
        .table(t)
        .table(f)
}
