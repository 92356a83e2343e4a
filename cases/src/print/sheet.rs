//! The build sheet: what is in the files and what the machine's checks say, as text and as JSON.

use super::files::{Frame, layers};
use super::machine::Machine;
use super::source::Source;
use super::{Order, Size};
use crate::failure::Failure;
use crate::output::Output;
use dens_reports::record::{Outcome, Quantity, Relation};
use dens_reports::table::significant;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Layout of `export.json`.
pub const SCHEMA: &str = "dens-export/1";

/// What holds for every file and is not read off it.
const STATEMENTS: [&str; 5] = [
    "Scale 1.000: shrinkage is left to the machine's build processor; nothing here is scaled for it.",
    "Patient code and design iteration travel as metadata of 3MF and remarks of CLI files; STL has no room for them.",
    "Objects `solid` and `lattice` of a 3MF overlap by 0.1 mm, so that they fuse; melt themes may differ.",
    "Dimensions are nominal, as drawn; the machine prints struts thicker and rougher (lattice evidence: effective diameter 0.8 of the drawn one, range 0.6 to 1.0).",
    "Sizes differ in height and are fitted to the bones anew, not scaled; the mechanics of the run hold for its middle size.",
];

/// Writes `export.json`, `build-sheet.txt` and `SHA256SUMS`.
///
/// # Errors
/// A full disk; exit 4.
pub fn write(
    source: &Source,
    machine: &Machine,
    order: &Order,
    sizes: &[Size],
    output: &Output,
) -> Result<(), Failure> {
    output.write("export.json", format!("{:#}\n", object(source, machine, order, sizes)).as_bytes())?;
    output.write("build-sheet.txt", text(source, machine, order, sizes).as_bytes())?;
    let sums: String = sizes
        .iter()
        .flat_map(|s| &s.files)
        .fold(String::new(), |all, f| all + &format!("{}  {}\n", f.sha256, f.name));
    output.write("SHA256SUMS", sums.as_bytes())
}

fn mass(machine: &Machine, size: &Size) -> f64 {
    // t to g.
    size.solid.volume_mm3 * machine.density * 1e6
}

fn frame(machine: &Machine, size: &Size) -> Frame {
    Frame::new(machine.up(), &size.solid.bounds)
}

fn layer(machine: &Machine, order: &Order) -> f64 {
    order.layer.unwrap_or(machine.layer)
}

/// The build sheet as one JSON object.
pub fn object(source: &Source, machine: &Machine, order: &Order, sizes: &[Size]) -> Value {
    let warnings = warnings(source, sizes);
    let sizes: Vec<Value> = sizes
        .iter()
        .map(|s| {
            let frame = frame(machine, s);
            let files: Vec<Value> = s
                .files
                .iter()
                .map(|f| {
                    json!({ "name": f.name, "sha256": f.sha256, "bytes": f.bytes, "content": f.count, "volume_mm3": f.volume_mm3 })
                })
                .collect();
            let places: Vec<Value> =
                s.printability.places.iter().map(|(p, w)| json!({ "at_mm": [p.x, p.y, p.z], "what": w })).collect();
            json!({
                "height_mm": s.height,
                "variant": s.variant,
                "volume_mm3": s.solid.volume_mm3,
                "mass_g": mass(machine, s),
                "area_mm2": s.solid.area_mm2,
                "size_mm": [frame.size.x, frame.size.y, frame.size.z],
                "lowest_corner_mm": [frame.corner.x, frame.corner.y, frame.corner.z],
                "layers": layers(&frame, layer(machine, order)),
                "relative_density": s.solid.relative_density,
                "triangles_cut": s.raw_triangles,
                "triangles": s.solid.surface.triangles.len(),
                "distance_from_field_um": {
                    "median": 1e3 * s.deviation.median_mm,
                    "p99": 1e3 * s.deviation.p99_mm,
                    "most": 1e3 * s.deviation.most_mm,
                },
                "files": files,
                "checks": s.printability.checks,
                "places": places,
                "advice": s.printability.advice,
            })
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "program": "dens",
        "version": env!("CARGO_PKG_VERSION"),
        "case": source.case.name,
        "case_sha256": source.case_hash,
        "quality_of_the_run": source.quality.name(),
        "design_iteration": source.case.design_iteration,
        "design": source.design,
        "patient_code": order.patient,
        "embossed": order.relief.map(|mm| json!({ "text": source.inscription(&order.patient), "relief_mm": mm })),
        "lattice": {
            "cell": source.drawn.lattice.cell.name(),
            "relative_density": source.drawn.relative_density,
            "cell_size_mm": source.drawn.lattice.cell_size_mm,
            "strut_mm": source.drawn.strut,
            "pore_mm": source.drawn.pore,
        },
        "machine": machine.name,
        "material": machine.material,
        "layer_mm": layer(machine, order),
        "build_direction": machine.build_direction,
        "scale": 1.0,
        "sizes": sizes,
        "warnings": warnings,
        "statements": STATEMENTS,
    })
}

fn warnings<'a>(source: &'a Source, sizes: &'a [Size]) -> Vec<&'a str> {
    let files = sizes.iter().flat_map(|s| &s.files).filter_map(|f| f.warning.as_deref());
    source.warnings.iter().map(String::as_str).chain(files).collect()
}

fn mark(q: &Quantity) -> &'static str {
    match q.verdict {
        Outcome::Met => "met",
        Outcome::NotMet => "NOT MET",
        Outcome::Informative => "",
    }
}

/// The build sheet as text.
pub fn text(source: &Source, machine: &Machine, order: &Order, sizes: &[Size]) -> String {
    let mut t = String::new();
    let layer = layer(machine, order);
    let d = &source.drawn;
    // Writing to a string cannot fail, here and below.
    let _ =
        writeln!(t, "build sheet: {}, design iteration {}", source.case.name, source.case.design_iteration);
    if !order.patient.is_empty() {
        let _ = writeln!(t, "  patient code  {}", order.patient);
    }
    if let Some(relief) = order.relief {
        let kind = if 0.0 < relief { "raised" } else { "recessed" };
        let text = source.inscription(&order.patient);
        let _ =
            writeln!(t, "  letters       `{text}`, {kind} by {:.2} mm on the anterior wall", relief.abs());
    }
    let _ = writeln!(t, "  case          SHA-256 {}", source.case_hash);
    let _ = writeln!(t, "  machine       {}", machine.name);
    let _ = writeln!(t, "  material      {}, {:.2} g/cm³", machine.material, machine.density * 1e9);
    let _ = writeln!(t, "  layer         {:.3} mm", layer);
    let _ = writeln!(t, "  orientation   {} of the plan up", machine.build_direction);
    let _ = writeln!(
        t,
        "  lattice       {}, relative density {:.3}, cell {:.3} mm, strut or wall {:.3} mm, pore {:.3} mm",
        d.lattice.cell.name(),
        d.relative_density,
        d.lattice.cell_size_mm,
        d.strut,
        d.pore
    );
    for s in sizes {
        let frame = frame(machine, s);
        let _ = writeln!(
            t,
            "\nsize {:+} ({:.1} mm): {:.1} mm³, {:.2} g, {:.2} × {:.2} × {:.2} mm, {} layers",
            s.variant,
            s.height,
            s.solid.volume_mm3,
            mass(machine, s),
            frame.size.x,
            frame.size.y,
            frame.size.z,
            layers(&frame, layer)
        );
        let _ = writeln!(
            t,
            "  surface: {} triangles of {} cut; from the field half within {:.1} µm, 99 % within {:.1} µm, at most {:.0} µm",
            s.solid.surface.triangles.len(),
            s.raw_triangles,
            1e3 * s.deviation.median_mm,
            1e3 * s.deviation.p99_mm,
            1e3 * s.deviation.most_mm
        );
        for f in &s.files {
            let volume = f.volume_mm3.map_or_else(String::new, |v| format!(", {v:.1} mm³ read back"));
            let _ = writeln!(t, "  {}: {:.2} MB, {}{volume}", f.name, f.bytes as f64 / 1e6, f.count);
        }
        checks(&mut t, &s.printability.checks);
        for (p, what) in &s.printability.places {
            let _ = writeln!(t, "  fails at ({:.1}, {:.1}, {:.1}) mm: {what}", p.x, p.y, p.z);
        }
        for line in &s.printability.advice {
            let _ = writeln!(t, "  {line}");
        }
    }
    t.push('\n');
    for warning in warnings(source, sizes) {
        let _ = writeln!(t, "warning: {warning}");
    }
    for line in STATEMENTS {
        let _ = writeln!(t, "{line}");
    }
    t
}

fn checks(t: &mut String, checks: &[Quantity]) {
    let width = checks.iter().map(|q| q.label.chars().count()).max().unwrap_or(0);
    for q in checks {
        let unit = if q.unit == "1" { String::new() } else { format!(" {}", q.unit) };
        let limit = q.limit.map_or_else(String::new, |l| {
            let sign = if q.relation == Some(Relation::AtLeast) { "≥" } else { "≤" };
            format!("{sign} {}{unit}", significant(l, 3))
        });
        let pad = " ".repeat(width - q.label.chars().count());
        let value = format!("{}{unit}", significant(q.value, 3));
        let _ = writeln!(t, "  {}{pad}  {value:>12}  {limit:<12} {}", q.label, mark(q));
    }
}
