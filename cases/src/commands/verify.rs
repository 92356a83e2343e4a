//! `dens verify`: published and exact values beside what this program computes, on this machine.

use crate::cli::{VerifyArgs, print};
use crate::failure::{Exit, Failure};
use crate::output::{Output, stop_cleanly};
use crate::progress::Progress;
use dens_reports::figure::FigureSet;
use dens_reports::pdf::{Date, write_pdf};
use dens_reports::record::{Judgement, Record, Section, Verdict};
use dens_reports::table::{Cell, NO_UNIT, Table, significant};
use dens_solver::verification::{CATALOGUE, Check, Row, Tolerance};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Day in the metadata of the appendix: fixed, so that the same build writes the same bytes.
const DATE: Date = Date { year: 2026, month: 1, day: 1 };

/// One check as computed.
struct Done {
    check: &'static Check,
    rows: Result<Vec<Row>, String>,
}

impl Done {
    fn passed(&self) -> bool {
        self.rows.as_ref().is_ok_and(|rows| rows.iter().all(Row::passed))
    }
}

/// Runs the checks, prints the table and, where asked, writes `verification.json` and `verification.pdf`.
///
/// # Errors
/// An unknown check (exit 2), a folder that holds something else, a full disk (4).
pub fn run(args: &VerifyArgs) -> Result<Exit, Failure> {
    let chosen = super::chosen(CATALOGUE, |entry| entry.id, "check", &args.only)?;
    let pool = args.manner.pool()?;
    stop_cleanly()?;
    let target = args.output.clone().or_else(|| args.report.then(|| PathBuf::from("out/verification")));
    let output = target.as_ref().map(|t| Output::begin(t)).transpose()?;
    let progress = Progress::new(args.manner.quiet || args.manner.json);
    let mut all = Vec::with_capacity(chosen.len());
    for check in &chosen {
        progress.phase(&format!("{}: {}", check.id, check.title), 1.0 / chosen.len() as f64);
        let rows = pool.install(|| (check.run)()).map_err(|e| e.to_string());
        all.push(Done { check, rows });
    }
    progress.finish();
    let failed = all.iter().filter(|d| !d.passed()).count();
    if let Some(output) = output {
        output.write("verification.json", json(&all).as_bytes())?;
        if args.report {
            let record = record(&all, failed);
            let pdf = write_pdf(&record, &FigureSet::default(), DATE).map_err(Failure::bug)?;
            output.write("verification.pdf", &pdf)?;
        }
        output.commit()?;
    }
    if args.manner.json {
        print(&json(&all));
    } else if !args.manner.quiet {
        print(&table(&all, failed));
        if let Some(target) = target {
            print(&format!("wrote {}\n", target.display()));
        }
    }
    Ok(if failed == 0 { Exit::Met } else { Exit::CriterionFailed })
}

/// The allowed error in words.
fn allowed(row: &Row) -> String {
    match row.tolerance {
        Tolerance::Relative(share) => format!("{} %", significant(100.0 * share, 2)),
        Tolerance::Absolute(most) => significant(most, 2),
        Tolerance::AtMost => "at most the target".into(),
        Tolerance::AtLeast => "at least the target".into(),
    }
}

/// The error in words.
fn error(row: &Row) -> String {
    match row.tolerance {
        Tolerance::Absolute(_) => significant(row.error(), 2),
        _ => format!("{} %", significant(100.0 * row.error(), 2)),
    }
}

fn table(all: &[Done], failed: usize) -> String {
    let mut t = String::new();
    for done in all {
        let _ = writeln!(t, "{}  {}", done.check.id, done.check.title);
        match &done.rows {
            Err(e) => {
                let _ = writeln!(t, "  NOT COMPUTED: {e}");
            }
            Ok(rows) => {
                for row in rows {
                    let pad = 58_usize.saturating_sub(row.quantity.chars().count());
                    let unit = if row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
                    let _ = writeln!(
                        t,
                        "  {}{}  target {:>11}{unit}, found {:>11}{unit}, error {:>9} (allowed {})  {}",
                        row.quantity,
                        " ".repeat(pad),
                        significant(row.target, 6),
                        significant(row.found, 6),
                        error(row),
                        allowed(row),
                        if row.passed() { "ok" } else { "NOT MET" }
                    );
                }
            }
        }
    }
    let rows: usize = all.iter().filter_map(|d| d.rows.as_ref().ok()).map(Vec::len).sum();
    let _ =
        writeln!(t, "\n{} checks with {rows} rows: {} passed, {failed} not", all.len(), all.len() - failed);
    t
}

fn json(all: &[Done]) -> String {
    let checks: Vec<serde_json::Value> = all
        .iter()
        .map(|done| {
            let rows: Vec<serde_json::Value> = done.rows.as_ref().map_or_else(
                |_| Vec::new(),
                |rows| {
                    rows.iter()
                        .map(|r| {
                            let (kind, limit) = match r.tolerance {
                                Tolerance::Relative(v) => ("relative", Some(v)),
                                Tolerance::Absolute(v) => ("absolute", Some(v)),
                                Tolerance::AtMost => ("at-most", None),
                                Tolerance::AtLeast => ("at-least", None),
                            };
                            serde_json::json!({
                                "quantity": r.quantity, "unit": r.unit, "target": r.target, "result": r.found,
                                "error": r.error(), "tolerance": limit, "tolerance_kind": kind,
                                "observed_order": r.is_order.then_some(r.found), "passed": r.passed(),
                            })
                        })
                        .collect()
                },
            );
            serde_json::json!({
                "id": done.check.id, "title": done.check.title, "source": done.check.source,
                "passed": done.passed(), "failure": done.rows.as_ref().err(), "rows": rows,
            })
        })
        .collect();
    let passed = all.iter().all(Done::passed);
    let version = env!("CARGO_PKG_VERSION");
    let object = serde_json::json!({
        "schema": "dens-verification/1", "version": version, "passed": passed, "checks": checks,
    });
    format!("{object:#}\n")
}

fn record(all: &[Done], failed: usize) -> Record {
    let mut record =
        Record::new("dens", env!("CARGO_PKG_VERSION"), "verification", "Verification of this build");
    let sentence = match failed {
        0 => "Every computed value is within its tolerance of the published or exact one.".to_string(),
        n => format!("{n} of {} checks are not within their tolerances.", all.len()),
    };
    let outcome = if failed == 0 { Verdict::Pass } else { Verdict::Fail };
    record.verdict = Judgement { outcome, sentence, gaps: Vec::new() };
    record.sections.push(Section::new("scope", "What was verified").paragraph(
        "Code verification: problems with exact solutions or published values, computed by the same program, on the same machine and by the same elements, solvers and interfaces that a case uses. It does not validate a model against measurements.",
    ));
    for done in all {
        let id = done.check.id.to_lowercase();
        let mut section = Section::new(&id, &format!("{}: {}", done.check.id, done.check.title))
            .paragraph(format!("Source: {}.", done.check.source));
        match &done.rows {
            Err(e) => section = section.paragraph(format!("Not computed: {e}.")),
            Ok(rows) => {
                let columns = [
                    ("quantity", ""),
                    ("target", NO_UNIT),
                    ("result", NO_UNIT),
                    ("unit", ""),
                    ("error", ""),
                    ("allowed", ""),
                    ("verdict", ""),
                ];
                let mut t = Table::new(&format!("{id}-rows"), done.check.title, &columns);
                for r in rows {
                    t.push([
                        Cell::Text(r.quantity.clone()),
                        Cell::Number(r.target),
                        Cell::Number(r.found),
                        Cell::Text(r.unit.to_string()),
                        Cell::Text(error(r)),
                        Cell::Text(allowed(r)),
                        Cell::Text(if r.passed() { "met" } else { "NOT MET" }.to_string()),
                    ]);
                }
                section = section.table(t);
            }
        }
        record.sections.push(section);
    }
    record.limits.push(
        "These problems are small. That a case of yours is meshed finely enough is shown by refining its own mesh."
            .into(),
    );
    record
}
