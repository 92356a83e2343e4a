//! Record and report of ASTM F2267.

use super::{Content, device_section, early, finish, limits};
use crate::bench::case::{Bench, F2267};
use crate::bench::device::FACES;
use crate::bench::f2267::{OnFoam, Results};
use crate::bench::fields::vtu;
use crate::bench::pictures::{self, Curve, DEVICE, FOAM, LOAD, STEEL, Scene};
use crate::case::Quality;
use crate::failure::Failure;
use crate::output::Output;
use dens_reports::figure::FigureSet;
use dens_reports::record::{Quantity, Record, Section};
use dens_reports::table::{Cell, NO_UNIT, Table};

/// Writes everything.
///
/// # Errors
/// A full disk (4); a record that is not whole (70).
pub fn write(
    bench: &Bench,
    test: &F2267,
    quality: Quality,
    results: &Results,
    output: &Output,
) -> Result<Record, Failure> {
    let device = &results.device;
    let mut figures = FigureSet::default();
    let scenes: Vec<Scene<'_>> = results
        .foams
        .first()
        .map(|f| Scene {
            title: "device on foam, cut open".into(),
            rig: &f.rig,
            gripped: vec![(device.facets(FACES[0]), device.axis)],
            load: (device.centers[0] + 8.0 * device.axis, -device.axis),
            cut: Some(device.centers[1]),
            colors: vec![DEVICE, FOAM],
        })
        .into_iter()
        .collect();
    figures.add(pictures::setups(
        "setup",
        "The device on its foam block, cut open through the middle of its lower face, and the push rod.",
        &scenes,
        &[("device", DEVICE), ("foam", FOAM), ("rigid block", STEEL), ("push rod", LOAD)],
    )?);
    let curve = |f: &OnFoam| -> Curve { (f.foam.grade.clone(), f.course.points.clone(), f.yielded) };
    let curves: Vec<Curve> = results.foams.iter().map(curve).collect();
    figures.add(pictures::curves(
        "load-displacement",
        "Load over displacement of the push rod on each grade of foam, with the point of yield by the offset of the standard.",
        [("Displacement of the push rod", "mm"), ("Load", "N")],
        &curves,
    )?);
    let mut fields = Vec::new();
    for f in &results.foams {
        fields.push((f.foam.grade.clone(), vtu(&f.rig, &f.course.last)?));
    }
    let mut warnings: Vec<String> =
        results.foams.iter().filter_map(|f| early(&f.foam.grade, &f.course)).collect();
    warnings.extend(device.notes.iter().cloned());
    let edge = bench.device.as_ref().map_or(0.0, |d| d.edge[quality as usize]);
    let solvers: Vec<&str> = results.foams.iter().map(|f| f.course.solver).collect();
    let content = Content {
        quantities: quantities(results),
        sections: vec![
            device_section(bench, device, &results.chosen),
            setup_section(test, results),
            results_section(results),
        ],
        figures,
        fields,
        curve: curve_table(results),
        warnings,
        limits: limits(&[
            "The device stays elastic in this test, and so does nothing of it sink into itself.",
            "Foam yields on an ellipsoid of stress with no plastic flow across the load and hardens little; it neither tears at the edge of the device nor densifies: the curve after yield is a plateau by assumption, its end is not predicted.",
            "Where face and foam are gripped, foam at the edge of the face is dragged along instead of tearing: the curve after yield rises more than in a test, and its slope falls with the size of the foam's cells.",
            "Foam is a standard substrate to compare devices, not bone: Kp says nothing about a patient.",
        ]),
        settings: vec![
            ("mesh edge of the device [mm]".into(), edge.to_string()),
            ("mesh edge of the foam under the face [mm]".into(), test.edge[quality as usize].to_string()),
            ("voxels along a lattice cell".into(), results.chosen.homogenized.resolution.to_string()),
            ("linear solvers".into(), solvers.join(", ")),
        ],
        hashes: device.hashes.clone(),
    };
    finish(bench, quality, content, output)
}

fn quantities(results: &Results) -> Vec<Quantity> {
    let mut list = vec![
        Quantity::new(
            "kd",
            "Kd, stiffness of the device between steel blocks",
            results.between_steel,
            "N/mm",
        )
        .region("device")
        .load("compression"),
    ];
    for f in &results.foams {
        let grade = &f.foam.grade;
        let q = |id: &str, label: &str, value: f64, unit: &str| {
            Quantity::new(&format!("{grade}-{id}"), &format!("{label}, {grade}"), value, unit)
                .region("device on foam")
                .load("compression")
        };
        list.push(q("ks", "Ks, stiffness of device and foam", f.on_foam, "N/mm"));
        list.extend(f.block.map(|kp| q("kp", "Kp, stiffness of the foam block", kp, "N/mm")));
        if let Some([at, load]) = f.yielded {
            list.push(q("yield", "yield load by offset", load, "N"));
            list.push(q("yield-displacement", "displacement at yield", at, "mm"));
        }
        let most = f.course.points.iter().map(|p| p[1]).fold(0.0, f64::max);
        list.push(q("largest", "largest load of the test", most, "N"));
    }
    list
}

fn curve_table(results: &Results) -> Table {
    let columns = [("foam", ""), ("displacement", "mm"), ("force", "N")];
    let mut t = Table::new("history", "Measured curves, one row per increment", &columns);
    for f in &results.foams {
        for [x, y] in &f.course.points {
            t.push([f.foam.grade.as_str().into(), (*x).into(), (*y).into()]);
        }
    }
    t
}

fn setup_section(test: &F2267, results: &Results) -> Section {
    let columns = [
        ("foam", ""),
        ("density", "g/cm³"),
        ("Young's modulus", "MPa"),
        ("Poisson's ratio", NO_UNIT),
        ("strength", "MPa"),
        ("hardening", NO_UNIT),
        ("source", ""),
    ];
    let mut t = Table::new("foams", "Foam", &columns);
    for f in &test.foams {
        t.push([
            f.grade.as_str().into(),
            (f.density * 1e9).into(),
            f.elastic.0.into(),
            f.elastic.1.into(),
            f.strength.into(),
            f.hardening.into(),
            f.source.as_str().into(),
        ]);
    }
    let height = results.device.height;
    let [width, depth] = test.block;
    Section::new("setup", "Test setup")
        .paragraph(format!(
            "The lower face of the device stands in a foam block of {width:.0} × {width:.0} × {depth:.0} mm whose top is the negative of the face and goes on at the level of its edge around it; the block is fixed at its bottom, its sides are free. {} A rigid block grips the upper face, is pressed along the axis of the device and may tilt about a joint in the upper face.",
            test.friction.map_or_else(
                || "Face and foam do not slip or part: the face of a printed lattice is rough, and it mates with its pocket (`f2267.faces = \"sliding\"` lets them slide with friction and lift off).".to_string(),
                |f| format!("The device may slide on the foam with friction {f:.2} and lift off.")
            )
        ))
        .paragraph(format!(
            "Kd is taken between rigid blocks that grip both faces, elastic: no slip, so it is an upper value; Kp hardly feels it, since Kd is far above Ks. Yield: offset of {:.1} % of the height of {height:.2} mm, that is {:.3} mm. The test is driven by displacement and rate-independent (0.1 mm/s in the standard).",
            100.0 * test.offset,
            test.offset * height
        ))
        .table(t)
        .figure("setup")
}

fn results_section(results: &Results) -> Section {
    let columns = [
        ("foam", ""),
        ("Ks", "N/mm"),
        ("Kd", "N/mm"),
        ("Kp", "N/mm"),
        ("yield load", "N"),
        ("at", "mm"),
        ("largest load", "N"),
        ("error of balance", NO_UNIT),
    ];
    let mut t = Table::new("stiffness", "Stiffness and yield", &columns);
    let or_dash = |v: Option<f64>| v.map_or_else(|| Cell::from("–"), Cell::from);
    for f in &results.foams {
        t.push([
            f.foam.grade.as_str().into(),
            f.on_foam.into(),
            results.between_steel.into(),
            or_dash(f.block),
            or_dash(f.yielded.map(|p| p[1])),
            or_dash(f.yielded.map(|p| p[0])),
            f.course.points.iter().map(|p| p[1]).fold(0.0, f64::max).into(),
            f.course.reaction_error.into(),
        ]);
    }
    Section::new("results", "Results")
        .paragraph("Ks is the steepest secant of the curve of device and foam, Kd that of the device between steel blocks; Kp = Ks Kd/(Kd − Ks) is the stiffness of the foam with the compliance of the device taken out. A larger Kp means a face that spreads the load better.")
        .table(t)
        .figure("load-displacement")
}
