//! Case file of a patient: the default case with the entries that the row changes, each with its source.

use super::{BOUND, Book, Prepared, Replaced};
use crate::failure::Failure;
use crate::library;
use std::fmt::Write as _;

/// Text of the case file.
///
/// # Errors
/// A bug of ours when the default case lacks an entry.
pub fn case(book: &Book, prepared: &Prepared) -> Result<String, Failure> {
    let Prepared { patient: p, density, .. } = prepared;
    let [scale, implant_height, measured] = prepared.fit.numbers();
    let caudal = match p.level {
        Replaced::C2 => "C3",
        Replaced::C2C3 => "C4",
    };
    let row = format!("{}, row {}", book.source, p.no);
    let mut file = File { lines: library::CATALOG[0].text.lines().map(str::to_string).collect() };
    file.set("", "name", &quoted(&p.name()))?;
    file.set(
        "",
        "title",
        &quoted(&format!(
            "Wei 2020 row {}: {}, {} years, {}, segment height {:.1} mm; population means scaled, not this patient's CT",
            p.no,
            p.sex.name(),
            p.age,
            p.level.name(),
            p.immediate
        )),
    )?;
    file.set("anatomy", "sex", &quoted(p.sex.name()))?;
    file.set("anatomy", "scale", &format!("{scale:?}"))?;
    file.explain(
        "anatomy",
        &format!(
            "sex, scale: {row}; scaled until the distance from the anterior tubercle of the atlas to the middle of {caudal}'s lower endplate is {measured:.2} mm (published {:.1} mm)",
            p.immediate
        ),
    )?;
    file.set("bone", "cancellous_density", &quoted(&format!("{:.1} mg/cm3", density.value)))?;
    let mut why = format!(
        "cancellous_density: {} mg/cm3 of the default case times {:.3} for an age of {} years and {:.2} for radiotherapy, range {:.1} to {:.1} mg/cm3 ({row})",
        density.base.round(),
        density.age,
        p.age,
        density.radiotherapy,
        density.range[0],
        density.range[1]
    );
    let _ = write!(why, "; {}", book.age.source);
    if p.radiotherapy {
        let r = &book.radiotherapy;
        let [low, high] = r.strength_range;
        let keys = [("embrittlement_high", high), ("embrittlement_low", low), ("embrittlement", r.strength)];
        for (key, value) in keys {
            file.add_after("bone", "cancellous_density", key, &format!("{value:?}"))?;
        }
        let _ = write!(why, "; {}; embrittlement: {}", r.source, r.strength_source);
    }
    file.explain("bone", &why)?;
    file.set("implant", "replaces", &quoted(p.level.name()))?;
    file.set("implant", "height", &quoted(&format!("{implant_height:.2} mm")))?;
    file.explain("implant", &format!("height: in proportion to the scale fitted to {row}"))?;
    let top = if p.is_occipitocervical() { "C0" } else { "C1" };
    let below = if caudal == "C4" { "\"C4\"" } else { "\"C3\", \"C4\"" };
    file.set("fixation", "levels", &format!("[\"{top}\", {below}]"))?;
    file.explain(
        "fixation",
        &format!("published: {} (Wei et al. 2020, text); levels below {top} assumed", p.fixation),
    )?;
    Ok(format!("{}\n{}\n{}", header(book, prepared), file.lines.join("\n"), faults(prepared)))
}

/// What the fixation of the row lacks, as tables of the case file.
fn faults(prepared: &Prepared) -> String {
    let p = &prepared.patient;
    let mut text = String::new();
    for f in &p.faults {
        let _ = write!(
            text,
            "\n[[fault]]\nkind = {}\nmember = {}\nsource = {}\n",
            quoted(&f.kind),
            quoted(&f.member),
            quoted(&format!(
                "{} (Wei et al. 2020, text); level and side assumed",
                p.fault.as_deref().unwrap_or("")
            ))
        );
    }
    text
}

/// Comment above the case: what it is and in what it differs from the row.
fn header(book: &Book, prepared: &Prepared) -> String {
    let mut text = format!(
        "# Row {} of {} on the scaled parametric anatomy.\n# {BOUND}\n",
        prepared.patient.no, book.source
    );
    for flag in prepared.flags() {
        let _ = writeln!(text, "# Flag: {flag}.");
    }
    text.push('#');
    text
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Lines of a case file.
struct File {
    lines: Vec<String>,
}

impl File {
    /// Line of the entry `key` of `[table]`; the top of the file for no table.
    fn line(&mut self, table: &str, key: &str) -> Result<&mut String, Failure> {
        let mut current = String::new();
        for line in &mut self.lines {
            if line.starts_with('[') {
                current = line.trim().trim_matches(['[', ']']).to_string();
            }
            if current == table && line.split('=').next().is_some_and(|k| k.trim() == key) {
                return Ok(line);
            }
        }
        Err(Failure::bug(format!("the default case has no {key} in [{table}]")))
    }

    /// Adds an entry behind another one of its table.
    fn add_after(&mut self, table: &str, behind: &str, key: &str, value: &str) -> Result<(), Failure> {
        let line = self.line(table, behind)?;
        *line = format!("{line}\n{key} = {value}");
        Ok(())
    }

    /// Writes the value of an entry; its comment goes, it was about the former value.
    fn set(&mut self, table: &str, key: &str, value: &str) -> Result<(), Failure> {
        *self.line(table, key)? = format!("{key} = {value}");
        Ok(())
    }

    /// Puts a reason before those of the table's source.
    fn explain(&mut self, table: &str, why: &str) -> Result<(), Failure> {
        let line = self.line(table, "source")?;
        let former = line.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map(|(text, _)| text);
        let former =
            former.ok_or_else(|| Failure::bug(format!("[{table}] of the default case has no source")))?;
        *line = format!("source = \"{why}; {former}\"");
        Ok(())
    }
}
