//! Record and report of ASTM F2077.

use super::{Content, device_section, early, finish, limits};
use crate::bench::case::{Bench, F2077, Mode};
use crate::bench::device::FACES;
use crate::bench::f2077::{Frame, Results};
use crate::bench::fields::vtu;
use crate::bench::pictures::{self, Curve, DEVICE, LOAD, STEEL, Scene};
use crate::case::Quality;
use crate::failure::Failure;
use crate::output::Output;
use dens_mesher::Vec3;
use dens_reports::figure::FigureSet;
use dens_reports::record::{Quantity, Record, Section};
use dens_reports::table::{Cell, NO_UNIT, Table};
use dens_solver::statics::CellFacet;

const PRESSED: [(&str, &str); 2] = [("Displacement of the push rod", "mm"), ("Load", "N")];
const TWISTED: [(&str, &str); 2] = [("Twist", "deg"), ("Moment", "N mm")];

/// Writes everything.
///
/// # Errors
/// A full disk (4); a record that is not whole (70).
pub fn write(
    bench: &Bench,
    test: &F2077,
    quality: Quality,
    results: &Results,
    output: &Output,
) -> Result<Record, Failure> {
    let mut figures = FigureSet::default();
    let scenes: Vec<Scene<'_>> = results
        .frames
        .iter()
        .map(|f| Scene {
            title: short(f).to_string(),
            rig: &f.rig,
            gripped: gripped(test, f, results),
            load: (results.device.centers[0] + 8.0 * results.device.axis, f.axis),
            cut: None,
            colors: vec![DEVICE],
        })
        .collect();
    figures.add(pictures::setups(
        "setup",
        "Load frames: the device with the faces that the rigid blocks take hold of, and the push rod.",
        &scenes,
        &[("device", DEVICE), ("rigid blocks", STEEL), ("push rod", LOAD)],
    )?);
    let pressed: Vec<Curve> = results.frames.iter().filter(|f| !twists(f)).map(curve_of).collect();
    if !pressed.is_empty() {
        let caption = "Load over displacement along the push rod, with the point of yield by the offset of the standard.";
        figures.add(pictures::curves("load-displacement", caption, PRESSED, &pressed)?);
    }
    let twisted: Vec<Curve> = results.frames.iter().filter(|f| twists(f)).map(curve_of).collect();
    if !twisted.is_empty() {
        let caption =
            "Moment over twist under the axial preload, with the point of yield by the offset of the case.";
        figures.add(pictures::curves("moment-twist", caption, TWISTED, &twisted)?);
    }
    let states: Vec<_> =
        results.frames.iter().map(|f| (short(f).to_string(), &f.rig, &f.course.last)).collect();
    figures.add(pictures::stresses(
        "stress",
        "Von Mises stress at the end of each test: metal, and lattice as a homogenised solid.",
        &states,
    )?);
    let mut fields = Vec::new();
    for f in &results.frames {
        fields.push((format!("{}-first", f.mode.name()), vtu(&f.rig, &f.course.first)?));
        fields.push((f.mode.name().to_string(), vtu(&f.rig, &f.course.last)?));
    }
    let mut warnings: Vec<String> =
        results.frames.iter().filter_map(|f| early(f.mode.name(), &f.course)).collect();
    warnings.extend(results.device.notes.iter().cloned());
    let content = Content {
        quantities: results.frames.iter().flat_map(|f| quantities(bench, test, f)).collect(),
        sections: vec![
            device_section(bench, &results.device, &results.chosen),
            setup_section(test, results),
            results_section(bench, test, results),
        ],
        figures,
        fields,
        curve: curve_table(results),
        warnings,
        limits: limits(&[
            "Static tests only: the fatigue part of F2077 (5 million cycles on polyacetal blocks) is not simulated. Loads at the fatigue strength compare stresses of the elastic answer with limits of the metal; they count no cycles.",
            "Blocks are rigid: the compliance of blocks and machine is not in the stiffness.",
            "Peaks are tails of volume (0.1 % of the solid, 1 % of the lattice), since single points at edges of the mesh mean nothing.",
        ]),
        settings: settings(bench, quality, results),
        hashes: results.device.hashes.clone(),
    };
    finish(bench, quality, content, output)
}

fn settings(bench: &Bench, quality: Quality, results: &Results) -> Vec<(String, String)> {
    let edge = bench.device.as_ref().map_or(0.0, |d| d.edge[quality as usize]);
    let solvers: Vec<&str> = results.frames.iter().map(|f| f.course.solver).collect();
    vec![
        ("mesh edge [mm]".into(), edge.to_string()),
        ("voxels along a lattice cell".into(), results.chosen.homogenized.resolution.to_string()),
        ("linear solvers".into(), solvers.join(", ")),
    ]
}

/// Name that fits over a picture.
fn short(frame: &Frame) -> &'static str {
    if frame.mode == Mode::Shear { "shear" } else { frame.mode.name() }
}

/// Faces that blocks grip, which are not part of the setup, with the direction of their blocks.
fn gripped(test: &F2077, frame: &Frame, results: &Results) -> Vec<(Vec<CellFacet>, Vec3)> {
    if frame.mode == Mode::Compression && test.friction.is_some() {
        return Vec::new();
    }
    let device = &results.device;
    vec![(device.facets(FACES[0]), device.axis), (device.facets(FACES[1]), -device.axis)]
}

fn twists(frame: &Frame) -> bool {
    frame.mode == Mode::Torsion
}

/// Displacement in the unit that is printed.
fn shown(frame: &Frame, displacement: f64) -> f64 {
    if twists(frame) { displacement.to_degrees() } else { displacement }
}

fn curve_of(frame: &Frame) -> Curve {
    let points = frame.course.points.iter().map(|p| [shown(frame, p[0]), p[1]]).collect();
    (frame.mode.name().to_string(), points, frame.yielded.map(|p| [shown(frame, p[0]), p[1]]))
}

fn curve_table(results: &Results) -> Table {
    let columns =
        [("frame", ""), ("displacement", "mm"), ("force", "N"), ("twist", "deg"), ("moment", "N mm")];
    let mut t = Table::new("history", "Measured curves, one row per increment", &columns);
    for f in &results.frames {
        for [x, y] in &f.course.points {
            let (x, none) = (shown(f, *x), || Cell::from(""));
            let cells = if twists(f) {
                [none(), none(), x.into(), (*y).into()]
            } else {
                [x.into(), (*y).into(), none(), none()]
            };
            t.push([Cell::from(f.mode.name())].into_iter().chain(cells));
        }
    }
    t
}

fn quantities(bench: &Bench, test: &F2077, f: &Frame) -> Vec<Quantity> {
    let name = f.mode.name();
    let (stiffness, unit, load) =
        if twists(f) { (f.stiffness.to_radians(), "N mm/deg", "N mm") } else { (f.stiffness, "N/mm", "N") };
    let q = |id: &str, label: &str, value: f64, unit: &str| {
        Quantity::new(&format!("{name}-{id}"), label, value, unit).region("device").load(name)
    };
    let mut list = vec![q("stiffness", &format!("stiffness, {name}"), stiffness, unit)];
    if let Some([at, yielded]) = f.yielded {
        let label = if twists(f) { "yield moment by offset" } else { "yield load by offset" };
        list.push(q("yield", &format!("{label}, {name}"), yielded, load));
        let at_unit = if twists(f) { "deg" } else { "mm" };
        list.push(q("yield-displacement", &format!("displacement at yield, {name}"), shown(f, at), at_unit));
    }
    let most = f.course.points.iter().map(|p| p[1]).fold(0.0, f64::max);
    let ended = if f.course.stopped.is_some() {
        "last load in equilibrium, test not ended"
    } else {
        "largest load of the test"
    };
    list.push(q("largest", &format!("{ended}, {name}"), most, load));
    let [solid, lattice] = f.onset.loads(bench.titanium.yield_strength);
    if let Some(found) = solid {
        list.push(q(
            "solid-first-yield",
            &format!("load at first yield of solid metal, {name}"),
            found,
            load,
        ));
    }
    if let Some(found) = lattice {
        list.push(q("lattice-first-yield", &format!("load at first yield of struts, {name}"), found, load));
    }
    let [solid, _] = f.onset.loads(bench.titanium.fatigue_strength);
    if let Some(found) = solid {
        let label = format!("load at the fatigue strength of solid metal, by stress, {name}");
        list.push(q("solid-fatigue", &label, found, load));
    }
    let [_, lattice] = f.onset.loads(bench.titanium.yield_strength * test.fatigue_fraction);
    if let Some(found) = lattice {
        let label = format!("load at the fatigue fraction of strut yield, by stress, {name}");
        list.push(q("lattice-fatigue", &label, found, load));
    }
    list
}

fn setup_section(test: &F2077, results: &Results) -> Section {
    let height = results.device.height;
    Section::new("setup", "Test setup")
        .paragraph("Rigid blocks stand for the stainless steel blocks of the standard. Their faces are the negatives of the device's end faces, as the standard asks for blocks that mate with the device; they cover the end faces and nothing else.")
        .list([
            format!(
                "Axial compression: {}; the push rod presses the upper block along the axis through the middles of the faces, at a joint in the upper face about which the block may tilt.",
                test.friction.map_or_else(
                    || "the mating blocks grip the faces, without slip (an upper value of the stiffness; `f2077.faces = \"sliding\"` lets them slide with friction)".to_string(),
                    |f| format!("the device slides on both blocks with friction {f:.2} and may lift off")
                )
            ),
            format!(
                "Compression-shear: the blocks grip the device (a pocket); the push rod acts at {:.0}° to the axis, forward, along a line through the middle of the device; its joint lies there, it may move across the rod, and the block may tilt.",
                test.shear_angle.to_degrees()
            ),
            format!(
                "Torsion: the blocks grip the device; the upper one presses with {:.0} N along the axis and turns about it, and may tilt (gimbal).",
                test.preload
            ),
            format!(
                "The test is driven by displacement and rate-independent. Yield: offset of {:.1} % of the height of {height:.2} mm, that is {:.3} mm; {:.2}° for torsion.",
                100.0 * test.offset[0],
                test.offset[0] * height,
                test.offset[1].to_degrees()
            ),
        ])
        .figure("setup")
}

fn results_section(bench: &Bench, test: &F2077, results: &Results) -> Section {
    let columns = [
        ("frame", ""),
        ("increments", NO_UNIT),
        ("end of the test", ""),
        ("stiffness", ""),
        ("yield by offset", ""),
        ("largest load", ""),
        ("error of balance", NO_UNIT),
    ];
    let mut t = Table::new("frames", "Load frames", &columns);
    let text = |v: f64, unit: &str| format!("{} {unit}", dens_reports::table::significant(v, 4));
    for f in &results.frames {
        let (unit, load, slope, stiffness) = if twists(f) {
            ("deg", "N mm", "N mm/deg", f.stiffness.to_radians())
        } else {
            ("mm", "N", "N/mm", f.stiffness)
        };
        let most = f.course.points.iter().map(|p| p[1]).fold(0.0, f64::max);
        t.push([
            f.mode.name().into(),
            f.course.points.len().into(),
            text(shown(f, f.course.last.displacement), unit).into(),
            text(stiffness, slope).into(),
            f.yielded.map_or_else(|| "not reached".to_string(), |p| text(p[1], load)).into(),
            text(most, load).into(),
            f.course.reaction_error.into(),
        ]);
    }
    let columns = [
        ("frame", ""),
        ("load of the elastic answer", ""),
        ("solid, 99.9th percentile", "MPa"),
        ("struts, 99th percentile", "MPa"),
        ("first yield, solid", ""),
        ("first yield, struts", ""),
        ("fatigue strength, solid", ""),
        ("fatigue fraction, struts", ""),
    ];
    let mut stresses = Table::new(
        "stresses",
        "Stress of the elastic answer and the loads at which it reaches a limit",
        &columns,
    );
    for f in &results.frames {
        let load = if twists(f) { "N mm" } else { "N" };
        let optional = |v: Option<f64>| Cell::from(v.map_or_else(|| "–".to_string(), |v| text(v, load)));
        let number = |v: Option<f64>| v.map_or_else(|| Cell::from("–"), Cell::from);
        let yielded = f.onset.loads(bench.titanium.yield_strength);
        let tired = f.onset.loads(bench.titanium.fatigue_strength);
        let fraction = f.onset.loads(test.fatigue_fraction * bench.titanium.yield_strength);
        stresses.push([
            f.mode.name().into(),
            text(f.onset.load, load).into(),
            number(f.onset.solid),
            number(f.onset.lattice),
            optional(yielded[0]),
            optional(yielded[1]),
            optional(tired[0]),
            optional(fraction[1]),
        ]);
    }
    let mut section = Section::new("results", "Results")
        .table(t)
        .paragraph("Stiffness is the steepest secant of the computed curve. Where the travel ends before the offset line meets the curve, no yield load is stated.")
        .table(stresses);
    if results.frames.iter().any(|f| !twists(f)) {
        section = section.figure("load-displacement");
    }
    if results.frames.iter().any(twists) {
        section = section.figure("moment-twist");
    }
    section.figure("stress")
}
