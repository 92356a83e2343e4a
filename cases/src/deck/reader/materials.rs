//! `*MATERIAL` with its properties, `*ORIENTATION`, `*SOLID SECTION`.

use super::{Reader, What, place_of, unknown_name};
use crate::deck::fields;
use crate::deck::lexer::{Block, Line};
use crate::deck::model::{Axes, Elastic, Hyperelastic, Material, Orientation, Section};
use crate::deck::source::Place;
use crate::diagnostic::Problem;
use dens_mesher::Vec3;

/// Reads materials, orientations and sections.
pub(super) fn read(reader: &mut Reader<'_>, blocks: &[Block]) {
    let mut open: Option<usize> = None;
    for block in blocks {
        match block.keyword.as_str() {
            "MATERIAL" => open = material(reader, block),
            "ELASTIC" | "DENSITY" | "EXPANSION" | "HYPERELASTIC" | "PLASTIC" => match open {
                Some(material) => property(reader, block, material),
                None => {
                    reader.findings.wrong(block.place, format!("`{}` outside a `*MATERIAL`", block.shown))
                }
            },
            "ORIENTATION" => orientation(reader, block),
            // Keywords that may stand among properties without ending the material.
            "HEADING" => {}
            _ => open = None,
        }
    }
    for block in blocks.iter().filter(|b| b.keyword == "SOLIDSECTION") {
        section(reader, block);
    }
    heading(reader, blocks);
}

fn heading(reader: &mut Reader<'_>, blocks: &[Block]) {
    for block in blocks.iter().filter(|b| b.keyword == "HEADING") {
        for line in block.lines(reader.sources) {
            reader.deck.title.push(String::from_utf8_lossy(line.bytes).into_owned());
        }
    }
}

fn material(reader: &mut Reader<'_>, block: &Block) -> Option<usize> {
    let Some(name) = block.value("NAME") else {
        reader.findings.wrong(block.place, "`*MATERIAL` does not say `NAME=`");
        return None;
    };
    let key = fields::key(name);
    if reader.deck.materials.iter().any(|m| fields::key(&m.name) == key) {
        reader.refuse(block, "NAME", format!("material `{name}` is defined twice"));
    }
    reader.deck.materials.push(Material {
        name: name.to_string(),
        place: block.place,
        ..Material::default()
    });
    Some(reader.deck.materials.len() - 1)
}

fn property(reader: &mut Reader<'_>, block: &Block, material: usize) {
    match block.keyword.as_str() {
        "ELASTIC" => {
            if reader.deck.materials[material].elastic.is_some() {
                reader.findings.wrong(block.place, "the material has an `*ELASTIC` already");
            }
            // After a problem, which is noted, constants that are sound keep it from being told twice.
            let constants = elastic(reader, block).unwrap_or(Elastic::Isotropic(1.0, 0.0));
            reader.deck.materials[material].elastic = Some(constants);
        }
        "HYPERELASTIC" => reader.deck.materials[material].hyperelastic = hyperelastic(reader, block),
        "PLASTIC" => reader.deck.materials[material].plastic = plastic(reader, block),
        "DENSITY" => {
            let Some((values, place)) = constants(reader, block, 1) else { return };
            if values[0] < 0.0 {
                reader.findings.wrong(place, "a density cannot be negative");
            }
            reader.deck.materials[material].density = Some(values[0]);
        }
        _ => {
            let n = match block.word("TYPE").as_deref() {
                None | Some("ISO" | "ISOTROPIC") => 1,
                Some("ORTHO" | "ORTHOTROPIC") => 3,
                Some(other) => {
                    reader.refuse(
                        block,
                        "TYPE",
                        format!("thermal expansion of type `{other}` is not supported"),
                    );
                    return;
                }
            };
            let Some((values, _)) = constants(reader, block, n) else { return };
            let zero = block.value("ZERO").map(|z| fields::number(z.as_bytes()));
            if let Some(Err(_)) = zero {
                reader.refuse(block, "ZERO", "`ZERO` is not a number".to_string());
            }
            let m = &mut reader.deck.materials[material];
            m.expansion = Some(if n == 1 { [values[0]; 3] } else { [values[0], values[1], values[2]] });
            m.zero = zero.and_then(Result::ok).unwrap_or(0.0);
        }
    }
}

/// The `n` constants of a property, eight to a line, for one temperature only.
fn constants(reader: &mut Reader<'_>, block: &Block, n: usize) -> Option<(Vec<f64>, Place)> {
    let lines: Vec<Line<'_>> = block.lines(reader.sources).collect();
    let Some(first) = lines.first() else {
        reader.findings.wrong(block.place, format!("`{}` has no data line", block.shown));
        return None;
    };
    // A set of n constants and its temperature fills this many lines; further lines are further temperatures.
    let wanted = if n <= 8 { 1 } else { (n + 1).div_ceil(8) };
    let mut values: Vec<f64> = Vec::new();
    let mut used = 0;
    for line in &lines {
        if n <= values.len() || wanted <= used {
            break;
        }
        used += 1;
        for field in line.fields() {
            values.push(reader.number(line, Some(field), "constant", Some(0.0)));
        }
    }
    // The temperature of the only row may stand alone on a line.
    if used < lines.len() && values.len() == n && n.is_multiple_of(8) && lines[used].fields().count() == 1 {
        used += 1;
    }
    if let Some(more) = lines.get(used) {
        reader.findings.error(
            more.place,
            Problem::at(None, format!("`{}` depends on temperature, which is not supported", block.shown))
                .hint("give the constants of one temperature"),
        );
        return None;
    }
    if values.len() < n {
        reader
            .findings
            .wrong(first.place, format!("`{}` needs {n} constants, found {}", block.shown, values.len()));
        return None;
    }
    if n + 1 < values.len() {
        let problem = Problem::at(
            None,
            format!("`{}` depends on more than temperature, which is not supported", block.shown),
        );
        reader.findings.error(first.place, problem);
        return None;
    }
    values.truncate(n);
    Some((values, first.place))
}

/// Neo-Hooke, Mooney–Rivlin and Ogden, with a compressibility.
fn hyperelastic(reader: &mut Reader<'_>, block: &Block) -> Option<Hyperelastic> {
    let has = |name: &str| block.parameter(name).is_some();
    let (found, place) = if has("OGDEN") {
        let n = match block.value("N").map_or(Some(1), |n| fields::label(n.as_bytes())) {
            Some(n @ 1..=6) => n as usize,
            _ => {
                reader.refuse(block, "N", "an Ogden energy has 1 to 6 terms".to_string());
                return None;
            }
        };
        let (v, place) = constants(reader, block, 3 * n)?;
        (Hyperelastic::Ogden((0..n).map(|i| [v[2 * i], v[2 * i + 1], v[2 * n + i]]).collect()), place)
    } else if has("MOONEY-RIVLIN") {
        let (v, place) = constants(reader, block, 3)?;
        (Hyperelastic::MooneyRivlin(v[0], v[1], v[2]), place)
    } else if has("NEOHOOKE") {
        let (v, place) = constants(reader, block, 2)?;
        (Hyperelastic::MooneyRivlin(v[0], 0.0, v[1]), place)
    } else {
        reader.findings.error(
            block.place,
            Problem::at(None, "the strain energy of `*HYPERELASTIC` is not supported")
                .hint("NEO HOOKE, MOONEY-RIVLIN and OGDEN are"),
        );
        return None;
    };
    let (shear, bulk) = found.moduli();
    if !(0.0 < shear && shear.is_finite()) {
        reader.findings.wrong(place, "the shear modulus of these constants is not positive");
        return None;
    }
    if bulk.is_nan() || bulk <= 0.0 {
        reader.findings.wrong(place, "the bulk modulus of these constants, 2/D1, is not positive");
        return None;
    }
    Some(found)
}

/// Yield stress over plastic strain.
fn plastic(reader: &mut Reader<'_>, block: &Block) -> Vec<(f64, f64)> {
    if let Some(other) = block.word("HARDENING").filter(|h| h != "ISOTROPIC") {
        reader.refuse(block, "HARDENING", format!("hardening `{other}` is not supported"));
        return Vec::new();
    }
    let mut points: Vec<(f64, f64)> = Vec::new();
    for line in block.lines(reader.sources) {
        let mut all = line.fields();
        let stress = reader.number(&line, all.next(), "yield stress", None);
        let strain = reader.number(&line, all.next(), "plastic strain", Some(0.0));
        if all.any(|f| !f.bytes.is_empty() && fields::number(f.bytes) != Ok(0.0)) {
            reader.findings.wrong(line.place, "a yield stress that depends on temperature is not supported");
            return Vec::new();
        }
        let in_order = points.last().map_or(strain == 0.0, |last| last.1 < strain);
        if stress <= 0.0 || !in_order {
            reader.findings.error(
                line.place,
                Problem::at(
                    None,
                    "a hardening curve has positive stresses at plastic strains that ascend from 0",
                ),
            );
            return Vec::new();
        }
        points.push((stress, strain));
    }
    if points.is_empty() {
        reader.findings.wrong(block.place, "`*PLASTIC` has no data line");
    }
    points
}

fn elastic(reader: &mut Reader<'_>, block: &Block) -> Option<Elastic> {
    let read = |reader: &mut Reader<'_>, n: usize| constants(reader, block, n);
    let (elastic, place) = match block.word("TYPE").as_deref() {
        None | Some("ISO" | "ISOTROPIC") => {
            // A missing Poisson's ratio is zero.
            let (values, place) = match block.lines(reader.sources).next().map(|l| l.fields().count()) {
                Some(1) => read(reader, 1)?,
                _ => read(reader, 2)?,
            };
            (Elastic::Isotropic(values[0], values.get(1).copied().unwrap_or(0.0)), place)
        }
        Some("ENGINEERINGCONSTANTS") => {
            let (v, place) = read(reader, 9)?;
            (Elastic::Engineering(array(&v)), place)
        }
        Some("ORTHO" | "ORTHOTROPIC") => {
            let (v, place) = read(reader, 9)?;
            (Elastic::Orthotropic(array(&v)), place)
        }
        Some("ANISO" | "ANISOTROPIC") => {
            let (v, place) = read(reader, 21)?;
            (Elastic::Anisotropic(array(&v)), place)
        }
        Some(other) => {
            reader.refuse(block, "TYPE", format!("elasticity of type `{other}` is not supported"));
            return None;
        }
    };
    if let Err(reason) = elastic.stiffness() {
        reader.findings.wrong(place, reason);
        return None;
    }
    Some(elastic)
}

fn array<const N: usize>(values: &[f64]) -> [f64; N] {
    std::array::from_fn(|i| values.get(i).copied().unwrap_or(0.0))
}

/// Reads the points of rectangular or cylindrical axes; `None` when they make no axes.
pub(super) fn axes_points(reader: &mut Reader<'_>, block: &Block, axes: Axes) -> Option<[Vec3; 3]> {
    let Some(line) = block.lines(reader.sources).next() else {
        reader.findings.wrong(block.place, format!("`{}` has no data line", block.shown));
        return None;
    };
    let mut values = Vec::new();
    for (i, field) in line.fields().enumerate() {
        if i < 9 {
            values.push(reader.number(&line, Some(field), "coordinate", Some(0.0)));
        }
    }
    if values.len() < 6 {
        reader
            .findings
            .wrong(line.place, format!("two points, six numbers, are needed; found {}", values.len()));
        return None;
    }
    values.resize(9, 0.0);
    let [a, b, c] = [0, 3, 6].map(|i| Vec3::new(values[i], values[i + 1], values[i + 2]));
    let sound = match axes {
        Axes::Rectangular => 0.0 < (a - c).cross(&(b - c)).norm(),
        Axes::Cylindrical => 0.0 < (b - a).norm(),
    };
    if !sound {
        let reason = match axes {
            Axes::Rectangular => "the two points and the origin lie on one line",
            Axes::Cylindrical => "the two points of the axis coincide",
        };
        reader.findings.wrong(line.place, reason);
        return None;
    }
    Some([a, b, c])
}

fn orientation(reader: &mut Reader<'_>, block: &Block) {
    let Some(name) = block.value("NAME").map(str::to_string) else {
        reader.findings.wrong(block.place, "`*ORIENTATION` does not say `NAME=`");
        return;
    };
    let axes = match block.word("SYSTEM").as_deref() {
        None | Some("RECTANGULAR") => Axes::Rectangular,
        Some("CYLINDRICAL") => Axes::Cylindrical,
        Some(other) => {
            reader.refuse(block, "SYSTEM", format!("orientations in the system `{other}` are not supported"));
            return;
        }
    };
    if let Some(other) = block.word("DEFINITION").filter(|d| d != "COORDINATES") {
        reader.refuse(block, "DEFINITION", format!("orientations by `{other}` are not supported"));
        return;
    }
    let Some([a, b, c]) = axes_points(reader, block, axes) else { return };
    let lines: Vec<Line<'_>> = block.lines(reader.sources).collect();
    let mut rotation = None;
    if let Some(line) = lines.get(1) {
        let mut all = line.fields();
        let axis = all.next().and_then(|f| fields::label(f.bytes));
        let angle = reader.number(line, all.next(), "angle", Some(0.0));
        match axis {
            Some(axis @ 1..=3) => rotation = Some((axis as u8 - 1, angle)),
            _ => reader.findings.wrong(line.place, "the axis of the rotation is 1, 2 or 3"),
        }
    }
    let key = fields::key(&name);
    if reader.deck.orientations.iter().any(|o| fields::key(&o.name) == key) {
        reader.findings.wrong(block.place, format!("orientation `{name}` is defined twice"));
    }
    reader.deck.orientations.push(Orientation { name, axes, a, b, c, rotation, place: block.place });
}

fn section(reader: &mut Reader<'_>, block: &Block) {
    let set = reader.set_parameter(block, "ELSET", What::Element);
    let Some(name) = block.value("MATERIAL") else {
        reader.findings.wrong(block.place, "`*SOLID SECTION` does not say `MATERIAL=`");
        return;
    };
    let key = fields::key(name);
    let material = reader.deck.materials.iter().position(|m| fields::key(&m.name) == key);
    if material.is_none() {
        let known: Vec<String> = reader.deck.materials.iter().map(|m| fields::key(&m.name)).collect();
        let problem = unknown_name("material", &key, known.iter().map(String::as_str));
        reader.findings.error(place_of(block, "MATERIAL"), problem);
    }
    let mut orientation = None;
    if let Some(name) = block.value("ORIENTATION") {
        let key = fields::key(name);
        orientation = reader.deck.orientations.iter().position(|o| fields::key(&o.name) == key);
        if orientation.is_none() {
            let known: Vec<String> = reader.deck.orientations.iter().map(|o| fields::key(&o.name)).collect();
            let problem = unknown_name("orientation", &key, known.iter().map(String::as_str));
            reader.findings.error(place_of(block, "ORIENTATION"), problem);
        }
    }
    let (Some(set), Some(material)) = (set, material) else { return };
    check_law(reader, material);
    reader.deck.sections.push(Section { set, material, orientation, place: block.place });
}

/// A material in use is elastic, elastic and plastic, or hyperelastic.
fn check_law(reader: &mut Reader<'_>, material: usize) {
    let m = &reader.deck.materials[material];
    let (name, place) = (m.name.clone(), m.place);
    let isotropic = matches!(m.elastic, Some(Elastic::Isotropic(..)));
    let reason = match (&m.elastic, &m.hyperelastic) {
        (None, None) => "is used and has neither `*ELASTIC` nor `*HYPERELASTIC`",
        (Some(_), Some(_)) => "has both `*ELASTIC` and `*HYPERELASTIC`",
        (None, Some(_)) if !m.plastic.is_empty() => "is hyperelastic and cannot be `*PLASTIC`",
        (Some(_), None) if !m.plastic.is_empty() && !isotropic => "is `*PLASTIC` and must be isotropic",
        _ => return,
    };
    reader.findings.error(place, Problem::at(None, format!("material `{name}` {reason}")));
}
