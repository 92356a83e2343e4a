//! `dens cases --patients`: the nine published rows, and their prediction beside what was measured.

use super::{load, run as single};
use crate::cli::{CaseArgs, CasesArgs, Manner, print};
use crate::failure::{Exit, Failure};
use crate::output::{stop_cleanly, write_whole};
use crate::patients::fit::SCALES;
use crate::patients::rank::{self, CRITICAL};
use crate::patients::{BOUND, Book, Patient, Prepared, Published};
use dens_reports::record::{Record, Verdict};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Lists the patients; runs them where asked.
///
/// # Errors
/// A folder that holds something else or a full disk. A patient without a result does not stop the others.
pub fn run(args: &CasesArgs) -> Result<Exit, Failure> {
    let book = Book::embedded()?;
    let rows = book.prepare_all()?;
    if args.run {
        return run_all(args, &book, &rows);
    }
    print(&table(&book, &rows));
    Ok(Exit::Met)
}

/// The rows as cases, and what all of them share.
fn table(book: &Book, rows: &[Prepared]) -> String {
    let head = [
        "case",
        "age",
        "sex",
        "level",
        "height mm",
        "loss mm",
        "scale",
        "implant mm",
        "density (range) mg/cm3",
        "factors age x RT",
        "embrittlement (range)",
        "fixation",
        "flags",
    ];
    let mut lines = vec![head.map(str::to_string)];
    lines.extend(rows.iter().map(|r| {
        let (p, d) = (&r.patient, &r.density);
        let [scale, height, _] = r.fit.numbers();
        [
            p.name(),
            format!("{}", p.age),
            p.sex.name().to_string(),
            p.level.name().to_string(),
            format!("{:.1}", p.immediate),
            format!("{:.1}", p.loss()),
            format!("{scale:.4}"),
            format!("{height:.2}"),
            format!("{:.1} ({:.1} to {:.1})", d.value, d.range[0], d.range[1]),
            format!("{:.3} x {:.2}", d.age, d.radiotherapy),
            brittle(book, p),
            p.fixation.clone(),
            r.flags().join("; "),
        ]
    }));
    let r = &book.radiotherapy;
    let (least, most) = (SCALES.start(), SCALES.end());
    let mut text = format!("{}, and the case of each row\n\n{}", book.source, aligned(&lines));
    let _ = write!(
        text,
        "
height: anterior tubercle of the atlas to the middle of the lower endplate of C3 (C2) or C4 (C2-C3), after surgery;
  the parametric anatomy of the sex is scaled until it measures the same, the implant in proportion; scale {least} to {most}.
density: {:.0} mg/cm3 of the default case for all. {}. {}.
embrittlement: every strength of bone and its yield strain at unchanged stiffness, on top of what density takes: {}.
occipitocervical fixation begins at the occiput, the other at C1; both go to C3 and C4 (C2-C3: to C4); level and side of faults are assumed.
{BOUND}
",
        rows.first().map_or(0.0, |r| r.density.base),
        book.age.source,
        r.source,
        r.strength_source,
    );
    text
}

/// Factor of embrittlement of a patient with its range.
fn brittle(book: &Book, patient: &Patient) -> String {
    let r = &book.radiotherapy;
    if !patient.radiotherapy {
        return "none".into();
    }
    format!("{:.2} ({} to {})", r.strength, r.strength_range[0], r.strength_range[1])
}

/// Columns side by side, two spaces between; the last is not padded.
fn aligned<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |c: usize| lines.iter().map(|l| l[c].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, w)| format!("{cell:<w$}")).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

/// What a run gave, mm; `None` where the record has no such number.
#[derive(Debug, Clone, PartialEq)]
enum Prediction {
    /// Run without result, and why.
    Failed(String),
    /// Run; settling as taken, least and largest.
    Done { indentation: Option<f64>, settling: Option<[f64; 3]>, met: bool },
}

impl Prediction {
    fn of(record: &Record, settling: Option<[f64; 3]>) -> Self {
        let value = |id: &str| record.criteria.iter().find(|q| q.id == id).map(|q| q.value);
        Self::Done {
            indentation: value("indentation"),
            settling,
            met: record.verdict.outcome != Verdict::Fail,
        }
    }

    /// Indentation; settling as taken, least and largest.
    fn numbers(&self) -> [Option<f64>; 4] {
        match self {
            Self::Done { indentation, settling, .. } => {
                let [taken, least, most] = settling.map_or([None; 3], |s| s.map(Some));
                [*indentation, taken, least, most]
            }
            Self::Failed(_) => [None; 4],
        }
    }

    /// State in words, for table and file.
    fn words(&self, published: &Published) -> String {
        match self {
            Self::Failed(why) => format!("no result: {why}"),
            Self::Done { settling: None, .. } => {
                "no settling: the bone does not carry the judged load".into()
            }
            Self::Done { settling: Some([taken, _, most]), .. } => {
                let bound = published.tolerance_upper;
                match (*taken <= bound, *most <= bound) {
                    (true, true) => "within the bound of the nine readings",
                    (true, false) => "within the bound, its upper end ABOVE",
                    _ => "ABOVE the bound of the nine readings",
                }
                .into()
            }
        }
    }
}

/// First line of the file, which also marks it as ours.
const COLUMNS: &str = "case,age_y,sex,level,segment_height_mm,published_loss_mm,day1_indentation_mm,settling_mm,settling_low_mm,settling_high_mm,density_mg_cm3,density_low_mg_cm3,density_high_mg_cm3,scale,implant_height_mm,state,flags";

fn run_all(args: &CasesArgs, book: &Book, rows: &[Prepared]) -> Result<Exit, Failure> {
    let pool = Manner { threads: args.threads, quiet: args.quiet, json: false }.pool()?;
    let folder = args.output.clone().unwrap_or_else(|| PathBuf::from("out").join("patients"));
    let file = folder.join("patients.csv");
    refuse_foreign(&file)?;
    stop_cleanly()?;
    std::fs::create_dir_all(&folder)
        .map_err(|e| Failure::limit(format!("cannot make `{}`: {e}", folder.display())))?;
    let mut predictions = Vec::with_capacity(rows.len());
    for row in rows {
        predictions.push(predict(row, args, &folder, &pool)?);
        // What is done stays, should a later patient be stopped.
        write_whole(&file, csv(book, rows, &predictions).as_bytes())?;
    }
    print(&comparison(book, rows, &predictions));
    print(&format!("\nwrote {}\n", folder.display()));
    Ok(exit(&predictions))
}

/// Runs one patient into its folder.
///
/// # Errors
/// A request to stop; whatever else keeps a patient from a result is a prediction that failed.
fn predict(
    row: &Prepared,
    args: &CasesArgs,
    folder: &Path,
    pool: &rayon::ThreadPool,
) -> Result<Prediction, Failure> {
    let name = row.patient.name();
    let run = |loaded| single::complete(&loaded, args.quality, (&folder.join(&name), None), pool, args.quiet);
    match load(&CaseArgs { case: name.clone(), set: Vec::new() }).and_then(run) {
        Ok(done) => Ok(Prediction::of(&done.record, done.settling)),
        Err(stop @ Failure { exit: Exit::Interrupted, .. }) => Err(stop),
        Err(Failure { message, .. }) => {
            let first = message.lines().next().unwrap_or_default();
            Ok(Prediction::Failed(first.trim_start_matches("error: ").to_string()))
        }
    }
}

/// Worst first: a patient without convergence, a criterion failed, all met.
fn exit(predictions: &[Prediction]) -> Exit {
    if predictions.iter().any(|p| matches!(p, Prediction::Failed(_))) {
        Exit::NotConverged
    } else if predictions.iter().any(|p| matches!(p, Prediction::Done { met: false, .. })) {
        Exit::CriterionFailed
    } else {
        Exit::Met
    }
}

/// Refuses to replace a file of that name that this command did not write.
fn refuse_foreign(file: &Path) -> Result<(), Failure> {
    if !file.exists() || std::fs::read_to_string(file).is_ok_and(|t| t.starts_with(COLUMNS)) {
        return Ok(());
    }
    Err(Failure::input(format!(
        "`{}` was not written by dens\n  = hint: give another folder with `-o`, or move it away",
        file.display()
    )))
}

fn csv(book: &Book, rows: &[Prepared], predictions: &[Prediction]) -> String {
    let mut text = format!("{COLUMNS}\n");
    let quoted = |t: &str| format!("\"{}\"", t.replace('"', "'"));
    let number = |v: Option<f64>| v.map_or_else(String::new, |v| format!("{v:.4}"));
    for (row, prediction) in rows.iter().zip(predictions) {
        let (p, d) = (&row.patient, &row.density);
        let [scale, height, _] = row.fit.numbers();
        let [indentation, settling, least, most] = prediction.numbers().map(number);
        let _ = writeln!(
            text,
            "{},{},{},{},{:.1},{:.1},{indentation},{settling},{least},{most},{:.1},{:.1},{:.1},{scale},{height},{},{}",
            p.name(),
            p.age,
            p.sex.name(),
            p.level.name(),
            p.immediate,
            p.loss(),
            d.value,
            d.range[0],
            d.range[1],
            quoted(&prediction.words(&book.published)),
            quoted(&row.flags().join("; ")),
        );
    }
    text
}

fn comparison(book: &Book, rows: &[Prepared], predictions: &[Prediction]) -> String {
    let head = ["case", "published loss mm", "day 1 mm", "settling mm", "low to high mm", "state", "flags"];
    let mut lines = vec![head.map(str::to_string)];
    let number = |v: Option<f64>| v.map_or_else(|| "-".to_string(), |v| format!("{v:.3}"));
    lines.extend(rows.iter().zip(predictions).map(|(row, prediction)| {
        let [indentation, settling, least, most] = prediction.numbers().map(number);
        [
            row.patient.name(),
            format!("{:.1}", row.patient.loss()),
            indentation,
            settling,
            format!("{least} to {most}"),
            prediction.words(&book.published),
            row.flags().join("; "),
        ]
    }));
    let b = &book.published;
    format!(
        "{}
derived from the same nine readings: mean loss {:.2} mm (C2 only 0.23 mm, n = 7), upper 95/95 tolerance bound {:.2} mm; CT slice
  {:.1} mm, reading precision {:.1} mm: differences between patients lie below what the readings resolve.
settling: low to high over the constant of its law and over the threshold of brittle bone (embrittlement {} to {}; {:.2} taken, also in
  what yields on day 1). Density is fixed at its mean; its range (age, radiotherapy) is listed, not run. The factors of radiotherapy are those
  of one year and act on day 1 as well. The base density is that of a series of men, for women as well.
{}
{BOUND}
",
        aligned(&lines),
        b.mean,
        b.tolerance_upper,
        b.ct_slice,
        b.reading_precision,
        book.radiotherapy.strength_range[0],
        book.radiotherapy.strength_range[1],
        book.radiotherapy.strength,
        order(rows, predictions)
    )
}

/// Whether the order of the predictions is that of the readings, and what so few rows can say of it.
fn order(rows: &[Prepared], predictions: &[Prediction]) -> String {
    let with = |(row, p): (&Prepared, &Prediction)| Some((row.patient.loss(), p.numbers()[1]?));
    let (measured, predicted): (Vec<f64>, Vec<f64>) = rows.iter().zip(predictions).filter_map(with).unzip();
    let n = measured.len();
    let words = match rank::correlation(&measured, &predicted) {
        Some(rho) if n == rows.len() => format!(
            "rank correlation of settling with the measured loss, n = {n}: {rho:+.2}. Nine rows show an order only from {CRITICAL:.2} up (two-sided, 5 %): this is {}",
            if CRITICAL <= rho {
                "such an order, on one series and without a patient's own CT"
            } else {
                "no evidence that it tells patients apart, nor that it does not"
            }
        ),
        Some(rho) => format!(
            "rank correlation of settling with the measured loss, n = {n} of {}: {rho:+.2}: rows are missing, it says nothing",
            rows.len()
        ),
        None => format!(
            "rank correlation of settling with the measured loss: not defined for the {n} rows with a result"
        ),
    };
    format!("{words}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patients::prepared_once;

    #[test]
    fn a_patient_without_result_is_listed_and_the_others_keep_their_numbers() {
        let (book, rows) = (Book::embedded().expect("part of the program"), prepared_once());
        let done = |settling: Option<f64>| {
            let settling = settling.map(|s| [s, 0.5 * s, 2.0 * s]);
            Prediction::Done { indentation: Some(0.1), settling, met: true }
        };
        let mut predictions = vec![done(Some(0.25)); 9];
        predictions[1] = Prediction::Failed("no equilibrium".into());
        predictions[2] = done(None);
        predictions[3] = done(Some(2.0));
        let text = comparison(&book, rows, &predictions);
        let line = |n: usize| text.lines().find(|l| l.starts_with(&format!("patient-{n}"))).expect("listed");
        assert!(line(1).contains("0.250") && line(1).contains("0.125 to 0.500"), "{text}");
        assert!(line(1).contains("within"), "{text}");
        assert!(line(2).contains("no result: no equilibrium"), "{text}");
        assert!(line(3).contains("does not carry"), "{text}");
        assert!(line(4).contains("ABOVE"), "{text}");
        for bound in
            ["0.30 mm", "1.09 mm", "1.0 mm", "0.1 mm", "no validation", "it says nothing", "0.5 to 1"]
        {
            assert!(text.contains(bound), "{bound} is missing: {text}");
        }
        assert_eq!(exit(&predictions), Exit::NotConverged);
        let file = csv(&book, rows, &predictions);
        let mut reader = ::csv::Reader::from_reader(file.as_bytes());
        assert_eq!(reader.records().filter(|r| r.is_ok()).count(), 9, "{file}");
    }

    #[test]
    fn a_file_of_another_origin_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let file = folder.path().join("patients.csv");
        refuse_foreign(&file).expect("nothing there");
        std::fs::write(&file, "name,phone\n").expect("written");
        assert_eq!(refuse_foreign(&file).expect_err("foreign").exit, Exit::BadInput);
        std::fs::write(&file, format!("{COLUMNS}\n")).expect("written");
        refuse_foreign(&file).expect("ours");
    }
}
