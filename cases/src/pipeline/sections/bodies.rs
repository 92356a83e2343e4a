//! What was modelled: geometry, mesh, materials.

use crate::case::Case;
use crate::failure::Failure;
use crate::pipeline::Results;
use crate::pipeline::bodies::Kind;
use crate::pipeline::tissue;
use dens_mesher::geometry::implant::Form;
use dens_reports::record::Section;
use dens_reports::table::{NO_UNIT, Table, significant};
use nalgebra::Isometry3;

pub(in crate::pipeline) fn geometry_section(case: &Case, results: &Results) -> Section {
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

pub(in crate::pipeline) fn mesh_section(results: &Results) -> Section {
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

pub(in crate::pipeline) fn materials_section(case: &Case, results: &Results) -> Result<Section, Failure> {
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
