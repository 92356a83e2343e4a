//! The record of a bench test and the files made from it: PDF, figures, tables, curve, fields.

pub mod coupon;
pub mod f2077;
pub mod f2267;

use super::case::Bench;
use super::device::{Device, strengths};
use crate::case::Quality;
use crate::failure::Failure;
use crate::output::Output;
use crate::pipeline::lattice::Chosen;
use crate::pipeline::report;
use dens_reports::figure::FigureSet;
use dens_reports::record::{Judgement, Quantity, Record, Section, Verdict};
use dens_reports::table::{NO_UNIT, Table};
use dens_solver::bench::Course;

/// What one test has to say.
struct Content {
    quantities: Vec<Quantity>,
    sections: Vec<Section>,
    figures: FigureSet,
    /// Files of fields.
    fields: Vec<(String, Vec<u8>)>,
    /// The measured curve, one row per increment.
    curve: Table,
    warnings: Vec<String>,
    limits: Vec<String>,
    settings: Vec<(String, String)>,
    hashes: std::collections::BTreeMap<String, String>,
}

/// Writes all files of a test.
fn finish(bench: &Bench, quality: Quality, content: Content, output: &Output) -> Result<Record, Failure> {
    let mut record = Record::new("dens", env!("CARGO_PKG_VERSION"), &bench.name, &bench.title);
    record.inputs = report::inputs(&bench.echo);
    record.input_hashes = content.hashes;
    record.settings.insert("quality".into(), quality.name().into());
    record.settings.extend(content.settings);
    record.criteria = content.quantities;
    record.warnings = content.warnings;
    record.limits = content.limits;
    record.verdict = Judgement {
        outcome: Verdict::NoVerdict,
        sentence: "A bench test measures; standards of the bench set no limits for a design.".into(),
        gaps: Vec::new(),
    };
    record.sections = content.sections;
    report::files(&record, &content.figures, &content.curve, output)?;
    for (name, bytes) in &content.fields {
        output.write(&format!("fields/{name}.vtu"), bytes)?;
    }
    Ok(record)
}

/// Device and lattice in numbers.
fn device_section(bench: &Bench, device: &Device, chosen: &Chosen) -> Section {
    let mut t = Table::new("device", "Device", &[("measure", ""), ("value", NO_UNIT), ("unit", "")]);
    let mut row = |name: &str, value: f64, unit: &str| t.push([name.into(), value.into(), unit.into()]);
    row("height between the middles of its end faces", device.height, "mm");
    row("area of the upper face, seen along the axis", device.areas[0], "mm²");
    row("area of the lower face, seen along the axis", device.areas[1], "mm²");
    for (k, name) in device.mesh.region_names.iter().enumerate() {
        row(
            &format!("volume, {name}"),
            device.quality.region_volumes_mm3.get(k).copied().unwrap_or(0.0),
            "mm³",
        );
    }
    row("cells of the mesh", device.quality.cells as f64, "–");
    row("nodes of the mesh", device.quality.nodes as f64, "–");
    row("smallest dihedral angle", device.quality.min_dihedral_deg, "deg");
    let [x, y, z] = [device.axis.x, device.axis.y, device.axis.z];
    Section::new("device", "Device")
        .paragraph(format!(
            "Tested is the {}. Its axis, from the middle of the lower to that of the upper face, is ({x:.3}, {y:.3}, {z:.3}).",
            device.description
        ))
        .table(t)
        .table(lattice_table(bench, chosen))
        .paragraph(LATTICE_LAW)
}

/// How the homogenised lattice yields, in words.
const LATTICE_LAW: &str = "The lattice is its homogenised stiffness; it yields on the ellipsoid through three computed strengths, the stresses at which half a percent of its solid reaches the yield strength, and then carries no more. That is first yield of the struts: a coupon in a machine carries more before it is crushed, and its strength falls with finer voxels, so loads at yield are estimates as far as the lattice decides, and what follows after yield is none. Solid metal is elastic and perfectly plastic (von Mises).";

/// Stiffness and strengths of the lattice.
fn lattice_table(bench: &Bench, chosen: &Chosen) -> Table {
    let found = strengths(chosen, bench.titanium.yield_strength);
    let title = format!("Lattice: {}", bench.lattice.cell);
    let mut t = Table::new("lattice", &title, &[("property", ""), ("value", NO_UNIT), ("unit", "")]);
    let mut row = |name: &str, value: f64, unit: &str| t.push([name.into(), value.into(), unit.into()]);
    row("relative density", chosen.drawn.relative_density, "–");
    row("cell size", bench.lattice.cell_size, "mm");
    row("strut diameter", chosen.drawn.strut, "mm");
    row("homogenised modulus along an edge of the cell", chosen.homogenized.young([0.0, 0.0, 1.0]), "MPa");
    row("change of the stiffness from half the resolution, relative", chosen.spread, "–");
    row("axial stress at first yield", found.axial, "MPa");
    row("hydrostatic stress at first yield", found.hydrostatic, "MPa");
    row("shear stress at first yield", found.shear, "MPa");
    t
}

/// Says so when a test ended before its travel.
fn early(what: &str, course: &Course) -> Option<String> {
    let reason = course.stopped.as_ref()?;
    Some(format!("{what}: the test ended before its travel, at the last point of its curve: {reason}."))
}

/// What is common to all bench tests and must be read with the numbers.
fn limits(more: &[&str]) -> Vec<String> {
    let common = [
        "Computed, not measured: a virtual test does not replace the test of printed parts that a standard asks for.",
        "Small displacements: tilt of the blocks and flattening of the device do not change the geometry of equilibrium.",
        "Stress at first yield of struts falls as the voxels of the homogenisation get finer, by a third from draft to standard quality on the default lattice: it is comparable between designs at one quality only.",
        "The lattice is homogenised: where fewer than about six cells lie across, and within three cells of a skin, its stress is an estimate. Strength is that of the drawn struts; printed struts are rougher and thinner inside (effective diameter about 0.8).",
    ];
    common.iter().chain(more).map(|s| (*s).to_string()).collect()
}
