//! What the implant is and carries: lattice, stiffness, strength, design, export.

use crate::case::Case;
use crate::pipeline::Results;
use crate::pipeline::bodies::Kind;
use dens_mesher::geometry::implant::Form;
use dens_reports::record::Section;
use dens_reports::table::{Cell, NO_UNIT, Table};
use dens_solver::homogenize::Homogenized;

pub(in crate::pipeline) fn lattice_section(case: &Case, results: &Results) -> Section {
    let c = &results.chosen;
    let h = &c.homogenized;
    let mut t = Table::new(
        "lattice",
        "Chosen lattice: as drawn, which is what the files hold, and the section that was analysed",
        &[("measure", ""), ("as drawn", NO_UNIT), ("analysed", NO_UNIT), ("unit", "")],
    );
    let mut row = |name: &str, drawn: Cell, analysed: Cell, unit: &str| {
        t.push([name.into(), drawn, analysed, unit.into()]);
    };
    let none = || Cell::from("–");
    let carrying = c.printed.as_ref();
    let ideal = carrying.map_or(h, |p| &p.ideal);
    row("relative density", c.drawn.relative_density.into(), h.relative_density.into(), "–");
    row("cell size", c.drawn.lattice.cell_size_mm.into(), c.drawn.lattice.cell_size_mm.into(), "mm");
    let [thin, thick] = carrying.map_or([c.drawn.strut; 2], |p| p.thickness_mm);
    row("strut or wall, thinnest", c.drawn.strut.into(), thin.into(), "mm");
    row("strut or wall, thickest", c.drawn.strut.into(), thick.into(), "mm");
    row("largest pore", c.drawn.pore.into(), none(), "mm");
    let mut both = |name: &str, of: &dyn Fn(&Homogenized) -> f64, unit: &str| {
        row(name, of(ideal).into(), of(h).into(), unit);
    };
    both("Young's modulus, x", &|h| h.young([1.0, 0.0, 0.0]), "MPa");
    both("Young's modulus, y", &|h| h.young([0.0, 1.0, 0.0]), "MPa");
    both("Young's modulus, z (load)", &|h| h.young([0.0, 0.0, 1.0]), "MPa");
    both("smallest over all directions", &|h| h.young_range()[0], "MPa");
    both("largest over all directions", &|h| h.young_range()[1], "MPa");
    both("Zener ratio", &Homogenized::zener, "–");
    both("bulk modulus", &Homogenized::bulk, "MPa");
    row("change from half the resolution", none(), c.spread.into(), "–");
    let strut = c.amplification.along([0.0, 0.0, 1.0]);
    row("strut stress per unit stress along the load", none(), strut.into(), "–");
    let onset = c.amplification.lattice_yield([0.0, 0.0, 1.0], case.titanium.yield_strength);
    row("onset of yield along the load", none(), onset.into(), "MPa");
    for (fraction, young) in carrying.iter().flat_map(|p| p.range) {
        let name = format!("Young's modulus along the build axis if {fraction} of the diameter carried");
        row(&name, none(), young.map_or_else(none, Cell::from), "MPa");
    }
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
            "Cell {}. The stiffness is extrapolated from {n} × {n} × {n} voxels of one cell and half as many along each edge, with periodic boundary conditions and six unit strains. {} Measured EBM moduli are 0.1 to 0.6 of ideal ones.",
            c.drawn.lattice.cell.name(),
            section_words(results),
            n = h.resolution
        ))
        .table(t)
        .table(tensor)
        .figure("lattice-modulus")
}

/// Which section was analysed, in words.
fn section_words(results: &Results) -> String {
    match &results.chosen.printed {
        None => String::from("The analysis takes the drawn section (printing.section)."),
        Some(p) => format!(
            "The analysis takes the section that carries after printing: {:.2} of the drawn diameter at 45° to the plate, oversize {:.2} mm upright and {:.2} mm lying, never more than the core below roughness of {:.0} µm Ra (printing.*).",
            p.printing.effective_fraction,
            p.printing.upright_oversize_mm,
            p.printing.lying_oversize_mm,
            1e3 * p.printing.roughness_mm
        ),
    }
}

/// What the section of the lattice leaves open.
pub(in crate::pipeline) fn section_limit(results: &Results) -> String {
    match &results.chosen.printed {
        None => String::from(
            "Stiffness and strength of the lattice are those of the drawn struts; printed struts are rougher and thinner inside (effective diameter about 0.8).",
        ),
        Some(p) => format!(
            "Stiffness and strength of the lattice are those of struts that carry on {:.2} of their drawn diameter, a share of low confidence (0.6 to 1.0); waviness, notches and pores in the metal are not modelled.",
            p.printing.effective_fraction
        ),
    }
}

pub(in crate::pipeline) fn stiffness_section(results: &Results) -> Section {
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

pub(in crate::pipeline) fn implant_section(case: &Case, results: &Results) -> Section {
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

pub(in crate::pipeline) fn design_section(results: &Results) -> Section {
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

pub(in crate::pipeline) fn export_section(results: &Results) -> Section {
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
