//! `dens validate`: predictions beside published measurements, misses included.

use crate::cli::{ValidateArgs, print};
use crate::failure::{Exit, Failure};
use crate::output::{Output, stop_cleanly};
use crate::progress::Progress;
use crate::validation::{Bench, CATALOGUE, Role, Row, Validation};
use dens_reports::table::significant;
use std::fmt::Write as _;

/// One table as computed.
struct Done {
    validation: &'static Validation,
    rows: Result<Vec<Row>, Failure>,
}

/// Computes the tables, prints them and, where asked, writes `validation.json`.
///
/// A prediction outside its band is a result: the exit code stays 0.
///
/// # Errors
/// An unknown table (exit 2), a model without equilibrium (3), a folder that holds something else, a full disk (4). All
/// tables that could be computed are printed first.
pub fn run(args: &ValidateArgs) -> Result<Exit, Failure> {
    let only: Vec<String> = args.tables.iter().chain(&args.only).cloned().collect();
    let chosen = super::chosen(CATALOGUE, |entry| entry.id, "table", &only)?;
    let pool = args.manner.pool()?;
    stop_cleanly()?;
    let output = args.output.as_ref().map(|t| Output::begin(t)).transpose()?;
    let progress = Progress::new(args.manner.quiet || args.manner.json);
    let bench = Bench::default();
    let mut all = Vec::with_capacity(chosen.len());
    for validation in &chosen {
        progress.phase(&format!("{}: {}", validation.id, validation.title), 1.0 / chosen.len() as f64);
        let rows = pool.install(|| (validation.run)(&bench));
        all.push(Done { validation, rows });
    }
    let mut figures = Vec::new();
    if output.is_some() {
        for draw in chosen.iter().filter_map(|v| v.figures) {
            progress.phase("figures", 0.0);
            figures.extend(pool.install(draw)?);
        }
    }
    progress.finish();
    let failure = all.iter().find_map(|d| d.rows.as_ref().err()).cloned();
    if let Some(output) = output {
        output.write("validation.json", json(&all).as_bytes())?;
        for figure in figures {
            output.write(&format!("{}.svg", figure.id), figure.svg.as_bytes())?;
            output.write(&format!("{}.csv", figure.id), figure.csv.as_bytes())?;
        }
        output.commit()?;
    }
    if args.manner.json {
        print(&json(&all));
    } else if !args.manner.quiet {
        print(&table(&all));
        if let Some(target) = &args.output {
            print(&format!("wrote {}\n", target.display()));
        }
    }
    failure.map_or(Ok(Exit::Met), Err)
}

fn verdict(row: &Row) -> &'static str {
    if row.predicted.is_nan() {
        return "undetermined";
    }
    match (row.role, row.inside()) {
        (Role::Prediction, true) => "inside",
        (Role::Prediction, false) => "OUTSIDE",
        (Role::NotBlind, true) => "inside (not blind)",
        (Role::NotBlind, false) => "OUTSIDE (not blind)",
        (Role::Calibration, true) => "inside (calibration)",
        (Role::Calibration, false) => "OUTSIDE (calibration)",
    }
}

fn table(all: &[Done]) -> String {
    let mut t = String::new();
    for Done { validation, rows } in all {
        let _ = writeln!(t, "{}  {}", validation.id, validation.title);
        let _ = writeln!(t, "  published: {}", validation.source);
        match rows {
            Err(e) => {
                let _ = writeln!(t, "  NOT COMPUTED: {}", e.message);
            }
            Ok(rows) => {
                let head = ["predicted", "published", "band", "difference"];
                let _ = writeln!(
                    t,
                    "  {:<48}{:>10}{:>11}{:>22}{:>12}  verdict",
                    "", head[0], head[1], head[2], head[3]
                );
                for row in rows {
                    let unit = if row.unit.is_empty() { String::new() } else { format!(", {}", row.unit) };
                    // Round-off of a symmetric model is zero to a reader.
                    let number = |v: f64| match v {
                        v if v.is_nan() => String::from("-"),
                        v => significant(if v.abs() < 1e-9 { 0.0 } else { v }, 3),
                    };
                    let band = match row.band {
                        [low, high] if high == f64::INFINITY => format!("above {}", number(low)),
                        [low, high] => format!("{} to {}", number(low), number(high)),
                    };
                    let _ = writeln!(
                        t,
                        "  {:<48}{:>10}{:>11}{:>22}{:>12}  {}",
                        format!("{}{unit}", row.quantity),
                        number(row.predicted),
                        number(row.published),
                        band,
                        number(row.difference()),
                        verdict(row)
                    );
                }
            }
        }
        let _ = writeln!(t, "  {}\n", validation.note);
    }
    let rows: Vec<&Row> = all.iter().filter_map(|d| d.rows.as_ref().ok()).flatten().collect();
    let known = rows.iter().filter(|r| !r.predicted.is_nan());
    let of =
        |role: Role, inside: bool| known.clone().filter(|r| r.role == role && r.inside() == inside).count();
    let _ = writeln!(
        t,
        "{} predictions inside their bands, {} outside, {} undetermined; {} rows that were not blind inside, {} outside; {} calibrated rows inside, {} outside",
        of(Role::Prediction, true),
        of(Role::Prediction, false),
        rows.len() - known.clone().count(),
        of(Role::NotBlind, true),
        of(Role::NotBlind, false),
        of(Role::Calibration, true),
        of(Role::Calibration, false),
    );
    t
}

fn json(all: &[Done]) -> String {
    let tables: Vec<serde_json::Value> = all
        .iter()
        .map(|Done { validation, rows }| {
            let found: Vec<serde_json::Value> = rows.iter().flatten().map(row).collect();
            serde_json::json!({
                "id": validation.id, "title": validation.title, "source": validation.source,
                "note": validation.note, "failure": rows.as_ref().err().map(|e| &e.message), "rows": found,
            })
        })
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    let object = serde_json::json!({ "schema": "dens-validation/1", "version": version, "tables": tables });
    format!("{object:#}\n")
}

fn row(r: &Row) -> serde_json::Value {
    let role = match r.role {
        Role::Prediction => "prediction",
        Role::NotBlind => "not blind",
        Role::Calibration => "calibration",
    };
    serde_json::json!({
        "quantity": r.quantity, "unit": r.unit, "predicted": r.predicted, "published": r.published,
        "band": r.band, "basis": r.basis, "difference": r.difference(), "inside": r.inside(), "role": role,
    })
}
