//! Record and report of the lattice coupon.

use super::{Content, LATTICE_LAW, finish, lattice_table, limits};
use crate::bench::case::{Bench, Coupon};
use crate::bench::coupon::Results;
use crate::bench::fields::vtu;
use crate::bench::pictures::{self, FOAM, LOAD, STEEL, Scene};
use crate::case::Quality;
use crate::failure::Failure;
use crate::output::Output;
use dens_mesher::Vec3;
use dens_reports::figure::{Axis, FigureSet, Look, Plot, Series};
use dens_reports::record::{Quantity, Record, Section};
use dens_reports::table::{NO_UNIT, Table};

/// Writes everything.
///
/// # Errors
/// A full disk (4); a record that is not whole (70).
pub fn write(
    bench: &Bench,
    test: &Coupon,
    quality: Quality,
    results: &Results,
    output: &Output,
) -> Result<Record, Failure> {
    let mut figures = FigureSet::default();
    let scene = Scene {
        title: "coupon between platens".into(),
        rig: &results.rig,
        gripped: Vec::new(),
        load: ((results.edge + 6.0) * Vec3::z(), -Vec3::z()),
        cut: None,
        colors: vec![FOAM],
    };
    figures.add(pictures::setups(
        "setup",
        "The homogenised coupon between rigid platens.",
        &[scene],
        &[("coupon", FOAM), ("platens", STEEL), ("load", LOAD)],
    )?);
    let area = results.edge * results.edge;
    let stress: Vec<[f64; 2]> =
        results.course.points.iter().map(|[x, f]| [100.0 * x / results.edge, f / area]).collect();
    figures.add(pictures::curves(
        "stress-strain",
        "Stress over strain of the homogenised coupon, elastic: force over the area of its outline, travel over its height.",
        [("Compressive strain", "%"), ("Compressive stress", "MPa")],
        &[("homogenised coupon".into(), stress, None)],
    )?);
    figures.add(size_figure(test, results)?);
    let content = Content {
        quantities: quantities(results),
        sections: vec![
            lattice_section(bench, results),
            setup_section(test, results),
            results_section(results),
        ],
        figures,
        fields: vec![("coupon".into(), vtu(&results.rig, &results.course.last)?)],
        curve: curve_table(results),
        warnings: warnings(results),
        limits: limits(&[
            "No plateau stress, plateau end or energy absorption of ISO 13314 is stated: they need struts that bend, touch and break, which is not computed. The stress at first yield is below the compressive offset stress of a test.",
            "The loss of stiffness at free sides is carried from coupons of few cells to that of the case by a law in one over the number of cells.",
        ]),
        settings: vec![
            (
                "voxels along a lattice cell, homogenised".into(),
                results.chosen.homogenized.resolution.to_string(),
            ),
            ("voxels along a lattice cell, coupons with struts".into(), results.voxels.to_string()),
            ("linear solver of the homogenised coupon".into(), results.course.solver.into()),
        ],
        hashes: std::collections::BTreeMap::new(),
    };
    finish(bench, quality, content, output)
}

/// Solid that hangs in the air at the free sides is not in the coupons.
fn warnings(results: &Results) -> Vec<String> {
    let loose = results.small.iter().filter(|s| s.attached < 1.0);
    loose
        .map(|s| {
            format!(
                "Coupon of {} cells: {:.1} % of its solid does not join both platens, cut off at the sides, and was left out.",
                s.cells,
                100.0 * (1.0 - s.attached)
            )
        })
        .collect()
}

fn size_figure(test: &Coupon, results: &Results) -> Result<dens_reports::figure::Figure, Failure> {
    let x = Axis::new("Cells along an edge", NO_UNIT).from_zero();
    let y = Axis::new("Modulus over homogenised", NO_UNIT).from_zero();
    let of = |k: usize| {
        results
            .small
            .iter()
            .map(|s| [s.cells as f64, s.moduli[k] / results.at_resolution])
            .collect::<Vec<_>>()
    };
    let (c, share) = results.size_effect;
    let from = c.max(1.0);
    let law = (0..=60)
        .map(|i| from + (test.cells as f64 - from) * f64::from(i) / 60.0)
        .map(|n| [n, 1.0 - c / n])
        .collect();
    Plot::new(
        "size-effect",
        "Modulus of coupons with every strut, between platens without and with friction, over that of the homogenised solid at the same resolution; law fitted to the free ones, carried to the coupon of the case.",
        x,
        y,
    )
    .series(Series::new("smooth platens", Look::Markers, of(0)))
    .series(Series::new("rough platens", Look::Markers, of(1)))
    .series(Series::new("1 − c/n", Look::Line, law))
    .series(Series::new("coupon of the case", Look::Markers, vec![[test.cells as f64, share]]))
    .rule("homogenised", 1.0, false)
    .draw()
    .map_err(|e| Failure::bug(format!("a plot cannot be drawn: {e}")))
}

/// Modulus expected of the coupon: homogenised, less what its free sides cost.
fn expected(results: &Results) -> f64 {
    results.chosen.homogenized.young([0.0, 0.0, 1.0]) * results.size_effect.1
}

fn quantities(results: &Results) -> Vec<Quantity> {
    let q = |id: &str, label: &str, value: f64, unit: &str| {
        Quantity::new(id, label, value, unit).region("coupon").load("compression")
    };
    vec![
        q("gradient", "quasi-elastic gradient expected of the coupon", expected(results), "MPa"),
        q(
            "gradient-homogenised",
            "gradient of the homogenised coupon between its platens",
            results.modulus,
            "MPa",
        ),
        q(
            "axial-modulus",
            "homogenised axial modulus",
            results.chosen.homogenized.young([0.0, 0.0, 1.0]),
            "MPa",
        ),
        q("size-effect", "share of stiffness that the free sides leave", results.size_effect.1, NO_UNIT),
        q("first-yield", "axial stress at first yield of struts", results.strengths.axial, "MPa"),
    ]
}

fn curve_table(results: &Results) -> Table {
    let columns = [("displacement", "mm"), ("force", "N"), ("strain", NO_UNIT), ("stress", "MPa")];
    let mut t = Table::new("history", "Measured curve of the homogenised coupon", &columns);
    for [x, f] in &results.course.points {
        t.push([(*x).into(), (*f).into(), (x / results.edge).into(), (f / results.edge.powi(2)).into()]);
    }
    t
}

fn lattice_section(bench: &Bench, results: &Results) -> Section {
    Section::new("lattice", "Lattice").table(lattice_table(bench, &results.chosen)).paragraph(LATTICE_LAW)
}

fn setup_section(test: &Coupon, results: &Results) -> Section {
    Section::new("setup", "Test setup")
        .paragraph(format!(
            "A cube of {0} × {0} × {0} cells, {1:.2} mm along an edge, stands between rigid platens with friction {2:.2} and is compressed along an edge of its cells; ISO 13314 asks for at least ten pores along an edge. The homogenised cube shows what the friction of the platens does; cubes of 2 to {3} cells with every strut, cut at the faces of their cells, show what free sides and platens do to a lattice that is no continuum.",
            test.cells, results.edge, test.friction, test.resolved
        ))
        .figure("setup")
}

fn results_section(results: &Results) -> Section {
    let columns = [
        ("cells along an edge", NO_UNIT),
        ("smooth platens", "MPa"),
        ("over homogenised", NO_UNIT),
        ("rough platens", "MPa"),
        ("over homogenised", NO_UNIT),
        ("nodes", NO_UNIT),
    ];
    let mut t = Table::new("coupons", "Modulus of coupons with every strut", &columns);
    for s in &results.small {
        t.push([
            s.cells.into(),
            s.moduli[0].into(),
            (s.moduli[0] / results.at_resolution).into(),
            s.moduli[1].into(),
            (s.moduli[1] / results.at_resolution).into(),
            s.nodes.into(),
        ]);
    }
    let axial = results.chosen.homogenized.young([0.0, 0.0, 1.0]);
    let (c, share) = results.size_effect;
    Section::new("results", "Results")
        .paragraph(format!(
            "The homogenised axial modulus is {axial:.0} MPa ({:.0} MPa at the {} voxels of the coupons with struts). Friction of the platens changes the gradient of the homogenised coupon by {:+.2} %. Free sides take c/n of the stiffness with c = {c:.3}: {:.1} % of it at the size of the case, so that a gradient of {:.0} MPa is expected.",
            results.at_resolution,
            results.voxels,
            100.0 * (results.modulus / axial - 1.0),
            100.0 * (1.0 - share),
            expected(results)
        ))
        .table(t)
        .figure("stress-strain")
        .figure("size-effect")
        .paragraph(format!(
            "Half a percent of the solid reaches the yield strength at an axial stress of {:.1} MPa. The compressive offset stress of a test lies above; how far is not computed.",
            results.strengths.axial
        ))
}
