//! Record and figures of an invented case that use every part of a report.

mod block;

pub(crate) use block::block;
use dens_mesher::Vec3;
use dens_reports::figure::*;
use dens_reports::palette::ColorMap;
use dens_reports::record::*;
use dens_reports::render::{ColorBar, Object, Plane, Sheet, Shot, Values, View, arrow, boundary, section};
use dens_reports::row;
use dens_reports::table::{NO_UNIT, Table};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Numbers that look irregular but are the same everywhere: van der Corput sequence in base two.
pub(crate) fn corput(i: u32) -> f64 {
    f64::from(i.reverse_bits()) / 2_f64.powi(32)
}

/// One figure of each kind, drawn once for all tests.
pub(crate) fn figures() -> &'static FigureSet {
    static FIGURES: OnceLock<FigureSet> = OnceLock::new();
    FIGURES.get_or_init(draw_figures)
}

/// One figure of each kind.
pub(crate) fn draw_figures() -> FigureSet {
    let mut set = FigureSet::default();
    let line = |name: &str, k: f64, look| {
        Series::new(name, look, (0..=10).map(|i| [0.1 * f64::from(i), k * 0.1 * f64::from(i)]).collect())
    };
    let plot = Plot::new(
        "load-penetration",
        "Load over penetration of the caudal endplate at four settings of the endplate, and the stiffness window.",
        Axis::new("Penetration", "mm"),
        Axis::new("Axial load", "N"),
    )
    .series(line("intact endplate", 1450.0, Look::Both))
    .series(line("drilled endplate", 980.0, Look::Both))
    .series(line("removed endplate", 610.0, Look::Line))
    .rule("yield 800 N", 800.0, false)
    .band("window of the fit", [0.2, 0.5], true);
    set.add(plot.draw().expect("drawable"));

    let bars = BarChart::new(
        "shielding",
        "Strain energy density of the implanted over the intact spine by region and load.",
        Axis::new("Energy ratio", NO_UNIT),
        ["C1 lateral mass", "C3 endplate", "C3 core", "C3 arch"].map(str::to_string).to_vec(),
    )
    .group("load A", vec![0.82, 1.35, 0.91, 0.64])
    .group("load B", vec![0.95, 1.71, 1.02, 0.71])
    .band("lazy zone", [0.65, 1.35])
    .rule("intact", 1.0);
    set.add(bars.draw().expect("drawable"));

    let long = BarChart::new(
        "micromotion",
        "Interface micromotion by contact; the logarithmic axis starts at the smallest decade.",
        Axis::new("Micromotion", "µm").log(),
        [
            "C1 left inferior facet to implant head",
            "C1 right inferior facet to implant head",
            "implant foot to C3 superior endplate",
            "screw track, left",
            "screw track, right",
        ]
        .map(str::to_string)
        .to_vec(),
    )
    .wide()
    .group("day 1", vec![21.0, 24.5, 88.0, 3.1, 2.9])
    .group("12 months", vec![0.4, 0.5, 1.2, 0.2, 0.15])
    .rule("ingrowth limit 50 µm", 50.0);
    set.add(long.draw().expect("drawable"));

    let lying = BarChart::new(
        "long-names",
        "The same with bars that lie.",
        Axis::new("Micromotion", "µm"),
        [
            "C1 left lateral mass",
            "C1 right lateral mass",
            "C3 superior endplate",
            "intervertebral disc",
            "C4 body",
        ]
        .map(str::to_string)
        .to_vec(),
    )
    .group("day 1", vec![21.0, 24.5, 88.0, 12.0, 3.0])
    .group("12 months", vec![4.0, 5.0, 12.0, 1.0, 0.5])
    .rule("limit 50 µm", 50.0);
    set.add(lying.draw().expect("drawable"));

    let angles: Vec<f64> = (0..4000)
        .map(|i| 12.0 + 110.0 * (corput(i) + corput(i.wrapping_mul(7919)) + corput(i + 99)) / 3.0)
        .collect();
    let hist =
        histogram("quality", "Smallest dihedral angle.", &Axis::new("Dihedral angle", "deg"), &angles, 24);
    set.add(hist.expect("finite").rule("gate 10 deg", 10.0, true).draw().expect("drawable"));

    let stress = |scale: f64| -> Vec<(f64, f64)> {
        (1..4000).map(|i| (scale * -(1.0 - corput(i)).ln(), 1.0 + corput(i + 7))).collect()
    };
    let (a, b, c) = (stress(12.0), stress(25.0), stress(6.0));
    let sets: [(&str, &[(f64, f64)]); 3] = [("rim", &a), ("lattice", &b), ("screw walls", &c)];
    let curve = exceedance(
        "stress",
        "Volume share above a von Mises stress.",
        Axis::new("Stress", "MPa"),
        "volume",
        &sets,
    );
    set.add(curve.expect("finite").rule("fatigue limit 120 MPa", 120.0, true).draw().expect("drawable"));

    let cells = ["octet", "diamond", "gyroid-sheet"];
    let designs: Vec<Design> = (0..14)
        .map(|i| {
            let shielding = 0.5 + 0.4 * corput(i + 3) / f64::from(1 + i / 3);
            let subsidence = 0.3 + 0.3 * corput(i + 17) / f64::from(1 + i / 3);
            Design {
                cell_type: cells[i as usize % 3].to_string(),
                objective: shielding + subsidence,
                terms: BTreeMap::from([
                    ("shielding".to_string(), shielding),
                    ("subsidence".to_string(), subsidence),
                ]),
                feasible: i % 5 != 4,
            }
        })
        .collect();
    let history = design_history("history", "Objective of every design with its terms.", &designs);
    set.add(history.draw().expect("drawable"));

    let pareto = Plot::new(
        "pareto",
        "Stiffness against shielding of all designs; the chosen one is named.",
        Axis::new("Axial stiffness", "N/mm"),
        Axis::new("Resorbed mass", "%"),
    )
    .series(Series::new(
        "outside limits",
        Look::Faint,
        (0..30).map(|i| [9e4 + 3e5 * corput(i), 4.0 + 20.0 * corput(i * 31 + 5)]).collect(),
    ))
    .series(
        Series::new("front", Look::Both, vec![[1.1e5, 6.0], [1.5e5, 8.0], [1.62e5, 8.3], [2.6e5, 14.0]])
            .labels(["7", "9 chosen", "12", "13"].map(str::to_string)),
    );
    set.add(pareto.draw().expect("drawable"));

    let slope = |n: f64, c: f64| {
        (0..=20).map(|i| 0.05 * 10_f64.powf(f64::from(i) / 20.0)).map(|r| [r, c * r.powf(n)]).collect()
    };
    let ashby = Plot::new(
        "ashby",
        "Stiffness of the homogenized lattice cells over relative density.",
        Axis::new("Relative density", NO_UNIT).log(),
        Axis::new("Relative modulus E/Es", NO_UNIT).log(),
    )
    .series(Series::new("stretching, slope 1", Look::Line, slope(1.0, 0.3)))
    .series(Series::new("bending, slope 2", Look::Line, slope(2.0, 1.0)))
    .series(
        Series::new("computed", Look::Markers, vec![[0.15, 0.03], [0.2, 0.055], [0.25, 0.06], [0.3, 0.1]])
            .labels(["octet", "diamond", "gyroid", "bcc"].map(str::to_string)),
    )
    .band("cancellous bone", [0.001, 0.01], false);
    set.add(ashby.draw().expect("drawable"));

    let decay =
        |r: f64| -> Vec<f64> { (0..60).map(|i| r.powi(i) * (1.0 + 0.5 * corput(i as u32))).collect() };
    let (p, q) = (decay(0.62), decay(0.7));
    let solves: [(&str, &[f64]); 2] = [("intact, load A", &p), ("implanted, load A", &q)];
    set.add(
        residuals("residuals", "Residual of the linear solver.", &solves, 1e-10).draw().expect("drawable"),
    );
    for figure in pictures() {
        set.add(figure);
    }
    set
}

/// Rendered views and sections of two bodies with a load.
pub(crate) fn pictures() -> Vec<Figure> {
    let mesh = block([16, 12, 20]);
    let field: Vec<f64> =
        mesh.points.iter().map(|p| 40.0 + 3.0 * p.x + 0.4 * p.z * p.z + 6.0 * (0.6 * p.y).sin()).collect();
    let skin = boundary(&mesh, Values::Nodal(&field));
    let mut above = block([10, 8, 6]);
    for p in &mut above.points {
        *p = Vec3::new(1.5 * p.x, 1.4 * p.y, 0.4 * p.z + 18.0);
    }
    let none = vec![f64::NAN; above.n_nodes()];
    let grey = Object {
        paint: dens_reports::render::Paint::Solid([0xe6, 0xdc, 0xc8]),
        ..boundary(&above, Values::Nodal(&none))
    };
    let ghost = grey.clone().ghost(0.35);
    let load = arrow(Vec3::new(0.0, 0.0, 36.0), Vec3::new(0.0, 0.0, 24.0), 0.5, [0xd5, 0x5e, 0x00]);
    let bar = ColorBar::spanning("Von Mises stress", "MPa", &[&skin], [0.01, 0.99]);
    let shots: Vec<Shot<'_>> = [View::Anterior, View::Left, View::Superior, View::Isometric]
        .into_iter()
        .map(|v| Shot::new("implanted, load A", v, vec![&skin, &ghost, &load]))
        .collect();
    let views = Sheet::new("views", "Von Mises stress at the surface, four views.", 2).aspect(0.9).bar(bar);
    let plane = Plane { point: Vec3::new(0.5, 0.0, 0.0), normal: Vec3::x() };
    let change: Vec<f64> = mesh.points.iter().map(|p| 0.08 * p.z + 0.3 * (0.5 * p.y).cos()).collect();
    let cut = section(&mesh, &plane, Values::Nodal(&change), |c| mesh.regions[c] == 0);
    let core = section(&mesh, &plane, Values::Nodal(&change), |c| mesh.regions[c] == 1);
    let shell = Object { paint: dens_reports::render::Paint::Solid([0xe6, 0xdc, 0xc8]), ..skin.clone() };
    let cuts = [
        Shot::new("mid-sagittal, x = 0.5 mm", View::Left, vec![&cut, &core, &shell, &grey]).cut(plane),
        Shot::new("mid-sagittal", View::Isometric, vec![&cut, &core, &shell, &grey]).cut(plane),
    ];
    let bar = ColorBar::new("Change of energy", NO_UNIT, [-1.0, 1.0]).map(ColorMap::Vik);
    let sections = Sheet::new("sections", "Change of strain energy density in the mid-sagittal plane.", 2)
        .bar(bar)
        .key("bone, not evaluated", [0xe6, 0xdc, 0xc8]);
    let single = Sheet::new("contact", "One picture, one column.", 1)
        .single()
        .bar(ColorBar::new("Contact pressure", "MPa", [0.01, 100.0]).log());
    vec![
        views.draw(&shots).expect("the bar has a range"),
        sections.draw(&cuts).expect("the bar has a range"),
        single.draw(&[Shot::new("day 1", View::Inferior, vec![&skin])]).expect("the bar has a range"),
    ]
}

/// Record that uses every kind of block.
pub(crate) fn record() -> Record {
    let mut r =
        Record::new("dens", "0.1.0", "demo-case", "Replacement of C2 by a lattice implant: assessment");
    r.design_iteration = 9;
    let yield_source = "ASTM F3001, table 3";
    r.criteria =
        vec![
            Quantity::new("stress-a", "Von Mises stress, 99.9 %", 212.4, "MPa")
                .region("implant rim")
                .load("A")
                .judged("below yield", Relation::AtMost, 795.0, yield_source),
            Quantity::new("contact-b", "Contact pressure, 99 %", 14.2, "MPa")
                .region("C3 superior endplate")
                .load("B, flexed 12 deg")
                .judged(
                    "below crushing of the endplate",
                    Relation::AtMost,
                    9.6,
                    "Grant, Oxland & Dvorak (2001), Spine 26:889–896",
                ),
            Quantity::new("motion-a", "Micromotion, 95 %", 38.0, "µm")
                .region("all interfaces")
                .load("A")
                .judged("ingrowth", Relation::AtMost, 50.0, "Pilliar, Lee & Maniatopoulos (1986)"),
            Quantity::new("stiffness", "Axial stiffness of the construct", 1.23e3, "N/mm")
                .region("construct")
                .load("A")
                .judged("above the intact spine", Relation::AtLeast, 900.0, "own intact control"),
            Quantity::new("resorbed", "Resorbed mass fraction", 0.034, NO_UNIT).region("C3 core").load("A"),
        ];
    r.verdict = Judgement {
        outcome: Record::outcome_of(&r.criteria, &[]),
        sentence: "The contact pressure on the superior endplate of C3 exceeds its limit by 48 % under load B; \
                   all other criteria are met."
            .to_string(),
        gaps: vec![
            "Mesh convergence of the contact pressure is shown on two meshes only, so no numerical uncertainty is \
             stated."
                .to_string(),
            "Bone densities are population means, not those of a patient.".to_string(),
        ],
    };
    r.inputs = (0..60)
        .map(|i| Input {
            key: format!("material.region_{i}.youngs_modulus"),
            value: format!("{} MPa", 100 + 7 * i),
            source: "Wheeldon et al. (2006), J. Biomech. 39:375–380, table 2; converted by the density law"
                .to_string(),
        })
        .collect();
    r.input_hashes.insert("c3.stl".to_string(), dens_reports::manifest::sha256_hex(b"c3"));
    r.settings.insert("quality".to_string(), "standard".to_string());
    r.warnings = vec![
        "`--quality draft` uses a coarse surface; stresses in the lattice are not resolved.".to_string(),
    ];
    r.limits = vec![
        "No muscle forces are applied; the head weight acts along the axis.".to_string(),
        "The result does not replace a mechanical test of the device.".to_string(),
    ];
    let mut mesh = Table::new(
        "mesh",
        "Size and quality of the meshes.",
        &[
            ("Body", ""),
            ("Nodes", NO_UNIT),
            ("Cells", NO_UNIT),
            ("Smallest dihedral angle", "deg"),
            ("Volume", "mm³"),
        ],
    );
    mesh.push(row!["C1", 41_233_usize, 27_110_usize, 11.2, 9_811.5]);
    mesh.push(row!["implant", 183_402_usize, 119_878_usize, 10.4, 4_218.33]);
    let mut loads = Table::new(
        "balance",
        "Applied resultants and reactions.",
        &[("Load", ""), ("Applied force", "N"), ("Reaction", "N"), ("Relative imbalance", NO_UNIT)],
    );
    for (i, name) in ["A", "B", "C", "D"].iter().enumerate() {
        loads.push(row![*name, 100.0 + 50.0 * i as f64, 100.0 + 50.0 * i as f64, 1.3e-11 * (i + 1) as f64]);
    }
    let text = "The bones C1 to C4 are closed surfaces; the implant is the space between the inferior facets of C1 \
                and the superior endplate of C3, bounded by a rim. Every number below is computed, ±2 % where a \
                value depends on the mesh, e.g. σ ≤ 120 MPa or E ~ ρ².";
    r.sections = vec![
        Section::new("geometry", "Geometry and mesh")
            .paragraph(text)
            .paragraph(text)
            .table(mesh)
            .figure("quality"),
        Section::new("loads", "Loads and balance")
            .table(loads)
            .figure("residuals")
            .figure("load-penetration"),
        Section::new("results", "Results"),
        Section::below("shielding", "Stress shielding").paragraph(text).figure("shielding").figure("stress"),
        Section::below("motion", "Micromotion").figure("micromotion").figure("contact").figure("long-names"),
        Section::below("views", "Fields").figure("views").figure("sections"),
        Section::new("design", "Design").figure("history").figure("pareto").figure("ashby").list([
            "Octet cells carry more at the same density.".to_string(),
            "Gyroid sheets keep the pores within the limits.".to_string(),
        ]),
    ];
    r.history = Table::new(
        "history",
        "Designs in the order of evaluation.",
        &[
            ("Design", NO_UNIT),
            ("Cell type", ""),
            ("Cell size", "mm"),
            ("Relative density", NO_UNIT),
            ("Objective", NO_UNIT),
            ("Shielding", NO_UNIT),
            ("Subsidence", NO_UNIT),
            ("Pore size", "mm"),
            ("Strut", "mm"),
            ("Active constraint", ""),
        ],
    );
    for i in 0..14_u32 {
        let c = corput(i + 3);
        r.history.push(row![
            i + 1,
            "diamond",
            2.5,
            0.2 + 0.1 * c,
            1.0 + c,
            0.6,
            0.4,
            0.71,
            0.44,
            "smallest pore"
        ]);
    }
    r
}
