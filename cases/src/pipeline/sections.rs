//! Sections of the report, one function each: text, tables and the names of their figures.

use super::Results;
use super::bodies::Kind;
use super::crush::Settled;
use super::{tissue, verdicts};
use crate::case::Case;
use crate::failure::Failure;
use dens_mesher::geometry::implant::Form;
use dens_reports::record::Section;
use dens_reports::table::{Cell, NO_UNIT, Table, significant};
use dens_solver::criteria::settling;
use dens_solver::loads::contact::Law;
use nalgebra::Isometry3;

/// Largest force and moment residual accepted: linear and contact solves.
const BALANCE: [f64; 2] = [1e-8, 1e-6];

pub(super) fn geometry_section(case: &Case, results: &Results) -> Section {
    let g = &results.geometry;
    let caudal = g.caudal().name();
    let replaced = if g.caudal() == dens_mesher::geometry::spine::Level::C4 { "C2 and C3" } else { "C2" };
    let mut t = Table::new("implant-fit", "Implant", &[("measure", ""), ("value", NO_UNIT), ("unit", "")]);
    let mut row = |name: &str, value: f64, unit: &str| t.push([name.into(), value.into(), unit.into()]);
    row(&format!("height, C1 facets to {caudal} endplate"), g.implant.height_mm, "mm");
    for (what, upper) in [("intact", Isometry3::identity()), ("with the implant", g.implant.upper)] {
        if let Some(height) = g.spine.segment_height(g.caudal(), &upper) {
            row(
                &format!("segment height, tubercle of C1 to lower endplate of {caudal}, {what}"),
                height,
                "mm",
            );
        }
    }
    for (what, angle) in
        [("as the bones stand", g.implant.native_lordosis), ("with the implant", g.implant.lordosis)]
    {
        row(
            &format!("lordosis, C1 facets to {caudal} endplate in the sagittal plane, {what}"),
            angle.to_degrees(),
            "deg",
        );
    }
    row("volume of the outline", g.fit.volume_mm3, "mm³");
    row("solid rim and screw walls", g.fit.solid_mm3, "mm³");
    row("smallest distance to the free canal", g.fit.canal_mm, "mm");
    for pad in &g.fit.pads {
        row(&format!("contact area, {}", pad.name), pad.area_mm2, "mm²");
        row(&format!("share of the joint's ellipse covered, {}", pad.name), pad.coverage, NO_UNIT);
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
    let anatomy = Section::new("geometry", "Geometry").paragraph(format!("Anatomy: {}.", g.spine.source));
    crate::comparator::described(case, &g.implant.params.form)
        .into_iter()
        .fold(anatomy, Section::paragraph)
        .paragraph(format!(
            "The implant replaces {replaced}. Its two upper faces are the negative of the inferior articular facets of C1, its lower face the negative of the superior endplate of {caudal}; {}.",
            moved_by(case, results)
        ))
        .figure("anatomy")
        .figure("implant")
        .figure("gap-map")
        .table(t)
        .table(joints)
        .paragraph(format!("Case file entries with their sources stand in the annex; design iteration {}.", case.design_iteration))
}

/// What was done to C1 to give the height and the lordosis asked for.
fn moved_by(case: &Case, results: &Results) -> String {
    let implant = &results.geometry.implant;
    let rise = implant.height_mm - results.geometry.native_height();
    let turn = (implant.lordosis - implant.native_lordosis).to_degrees();
    let mut said: Vec<String> = Vec::new();
    if 1e-6 < rise.abs() {
        said.push(format!("C1 was moved by {rise:+.2} mm along z to give the height asked for"));
    }
    if 1e-4 < turn.abs() {
        said.push(format!("C1 was turned by {turn:+.1} degrees to give the lordosis asked for"));
    }
    if said.is_empty() {
        said.push("the bones stand as they are".to_string());
    }
    if case.implant.seeds.iter().any(Option::is_some) {
        said.push("contact regions were given by seed points".to_string());
    }
    said.join("; ")
}

pub(super) fn mesh_section(results: &Results) -> Section {
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
    for s in results.in_time() {
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

pub(super) fn materials_section(case: &Case, results: &Results) -> Result<Section, Failure> {
    let under = results.bodies.find(Kind::Bone(results.geometry.caudal()));
    let (cancellous, strength) = tissue::mean_cancellous(case, under)?;
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
        format!(
            "strength {strength:.2} MPa, law {}{}{}",
            b.cancellous_law,
            b.embrittlement
                .map_or_else(String::new, |e| format!(", embrittled by {}", significant(e.factor, 3))),
            if case.scan.is_some() { ", mean of the scanned bone under the implant" } else { "" }
        ),
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
    if case.implant.form == Form::Lattice {
        row(
            "lattice, along the load",
            c.young([0.0, 0.0, 1.0]),
            c.poisson([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]),
            "homogenised, full tensor used".into(),
        );
    }
    Ok(Section::new("materials", "Materials with sources").table(t).list([
        format!("Bone: {}.", source("bone")),
        format!("Cartilage: {}.", source("cartilage")),
        format!("Disc: {}.", source("disc")),
        format!("Titanium: {}.", source("titanium")),
        format!("Fixation: {}.", source("fixation")),
    ]))
}

pub(super) fn loads_section(case: &Case, results: &Results) -> Section {
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
    section
        .paragraph(format!("Half of the axial load acts on each condyle of a rigid occiput, bedded on the superior facets of C1 and guided along the load; the lowest bone is held at its inferior endplate and facets. {proportional} Moments are relative to the force times 100 mm."))
        .figure("loads")
        .table(t)
        .table(b)
        .figure("residuals")
        .figure("load-travel")
}

pub(super) fn shielding_section(results: &Results) -> Section {
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

pub(super) fn subsidence_section(case: &Case, results: &Results) -> Section {
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

pub(super) fn lattice_section(case: &Case, results: &Results) -> Section {
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
        let mut cells: Vec<Cell> = vec![(*name).into()];
        // Entries below the accuracy of the homogenisation are zero by symmetry.
        let floor = 1e-4 * h.stiffness[0][0];
        cells.extend(h.stiffness[i].iter().map(|v| if v.abs() < floor { 0.0 } else { *v }.into()));
        tensor.push(cells);
    }
    Section::new("lattice-stiffness", "Lattice stiffness and strength")
        .paragraph(format!(
            "Cell {}. The stiffness is extrapolated from {n} × {n} × {n} voxels of one cell and half as many along each edge, with periodic boundary conditions and six unit strains; it is that of the drawn geometry. Printed lattices of the same density are softer: measured EBM moduli are 0.1 to 0.6 of ideal ones.",
            c.drawn.lattice.cell.name(),
            n = h.resolution
        ))
        .table(t)
        .table(tensor)
        .figure("lattice-modulus")
}

pub(super) fn stiffness_section(results: &Results) -> Section {
    let a = &results.assessment;
    let mut t = Table::new(
        "axial-stiffness",
        "Axial stiffness and load sharing",
        &[
            ("measure", ""),
            ("intact", NO_UNIT),
            ("day 1", NO_UNIT),
            ("partial ingrowth", NO_UNIT),
            ("12 months", NO_UNIT),
            ("unit", ""),
        ],
    );
    let [d, i] = &a.stages;
    t.push([
        "construct C1 to held bone".into(),
        a.intact_stiffness.into(),
        d.construct_stiffness.into(),
        a.partial.construct_stiffness.into(),
        i.construct_stiffness.into(),
        "N/mm".into(),
    ]);
    t.push([
        "implant between its contact faces".into(),
        "–".into(),
        d.implant_stiffness.into(),
        a.partial.implant_stiffness.into(),
        i.implant_stiffness.into(),
        "N/mm".into(),
    ]);
    let anterior = a.intact_anterior_share.map_or_else(|| "–".into(), Cell::from);
    t.push([
        "share of the load on the endplate below (intact: of C3)".into(),
        anterior,
        d.share_through_implant.into(),
        a.partial.share_through_implant.into(),
        i.share_through_implant.into(),
        "–".into(),
    ]);
    Section::new("stiffness", "Stiffness and load sharing")
        .paragraph("Stiffness of the implant is the axial force on its lower face over the approach of the mean displacements of its contact faces. On day 1 the faces carry at an edge only: the value then holds bending and local deformation and is not the stiffness of the body; that of 12 months is nearer to it.")
        .table(t)
}

pub(super) fn implant_section(case: &Case, results: &Results) -> Section {
    let [d, i] = &results.assessment.stages;
    let p = &results.assessment.partial;
    let mut t = Table::new(
        "implant-stress",
        "Stress of implant and fixation at the judged load",
        &[
            ("measure", ""),
            ("day 1", "MPa"),
            ("partial ingrowth", "MPa"),
            ("12 months", "MPa"),
            ("limit", "MPa"),
        ],
    );
    let ti = &case.titanium;
    t.push([
        "solid titanium, 99.9th percentile".into(),
        d.stress.solid[0].into(),
        p.stress.solid[0].into(),
        i.stress.solid[0].into(),
        ti.fatigue_strength.into(),
    ]);
    t.push([
        "solid titanium, largest point (depends on the mesh)".into(),
        d.stress.solid[1].into(),
        p.stress.solid[1].into(),
        i.stress.solid[1].into(),
        (ti.yield_strength / case.criteria.static_safety).into(),
    ]);
    if case.implant.form == Form::Lattice {
        t.push([
            "struts of the lattice, 99th percentile".into(),
            d.stress.strut.into(),
            p.stress.strut.into(),
            i.stress.strut.into(),
            (ti.yield_strength * case.criteria.lattice_fatigue_fraction).into(),
        ]);
        t.push([
            "homogenised lattice, 99th percentile".into(),
            d.stress.homogenised.into(),
            p.stress.homogenised.into(),
            i.stress.homogenised.into(),
            "–".into(),
        ]);
    }
    for (((name, a), (_, h)), (_, b)) in d.members.iter().zip(&p.members).zip(&i.members) {
        t.push([
            name.as_str().into(),
            (*a).into(),
            (*h).into(),
            (*b).into(),
            case.fixation.fatigue_strength.into(),
        ]);
    }
    Section::new("implant", "Implant and fixation")
        .paragraph("Peaks of linear elastic stress at edges and thin rims grow with the mesh; percentiles by volume are judged. Stress of screws and rods is the largest von Mises stress of normal force, bending, torque and shear, of screws in their core; it is judged against fatigue at the judged load and against yield at the largest. Strut stress is the 99.5th percentile within the unit cell for the homogenised stress at each point.")
        .table(t)
        .figure("implant-stress")
        .figure("stress-exceedance")
}

pub(super) fn design_section(results: &Results) -> Section {
    let h = &results.history;
    let said = match h.best.map(|i| &h.designs[i]) {
        Some(d) => format!(
            "Design {} was chosen: {}, relative density {:.3}, cell {:.2} mm, objective {:.4}.",
            d.number, d.cell, d.relative_density, d.cell_size, d.objective
        ),
        None => "No evaluated design keeps every limit. The lattice that the case starts from was carried on so that numbers exist; it is not a recommendation.".into(),
    };
    Section::new("design", "Design history")
        .paragraph(format!("{} designs were evaluated by finite elements with the implant bonded, on the coarse mesh. {said} The objective is the weighted sum of mean unloading of C1 and the bone under the implant, the 95th percentile of compressive strain under the implant over the yield strain, and the excess of the lattice modulus over its target.", h.designs.len()))
        .figure("design-history")
        .paragraph("All evaluated designs with every term and limit stand in the annex and in history.csv: density is the relative density; shield, sink and stiff are the unweighted terms of the objective, total their weighted sum; fatigue is homogenised stress over lattice yield; limits names what is active or broken.")
        .list(h.stops.iter().map(|s| format!("{s}.")))
}

pub(super) fn export_section(results: &Results) -> Section {
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
