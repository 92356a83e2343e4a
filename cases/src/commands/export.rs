//! `dens export`: files for the machine from a finished run.

use super::run::peak_memory_mib;
use crate::cli::{CliForm, Emboss, ExportArgs, print};
use crate::failure::{Exit, Failure};
use crate::output::{Output, stop_cleanly};
use crate::print::machine::Machine;
use crate::print::{Order, Size, sheet, source};
use crate::progress::Progress;
use dens_reports::export::cli::Form;
use std::sync::atomic::AtomicBool;

/// Least and greatest depth of letters, mm: three layers of 50 µm, and half of a rim of 1 mm.
const DEPTHS: [f64; 2] = [0.15, 0.5];

/// Reads the run, builds its implant again, writes and checks the files.
///
/// # Errors
/// A folder that is no run or was changed since (2), a size that cannot be made (2), a full disk (4), a file that
/// does not read back (70).
pub fn run(args: &ExportArgs) -> Result<Exit, Failure> {
    if args.emboss.is_some() && !(DEPTHS[0]..=DEPTHS[1]).contains(&args.emboss_depth) {
        let [least, most] = DEPTHS;
        return Err(Failure::input(format!(
            "--emboss-depth is {} mm; from {least} to {most} mm is possible\n  = hint: deeper letters weaken the rim, flatter ones do not print",
            args.emboss_depth
        )));
    }
    let machine = Machine::load(args.machine.as_deref())?;
    let pool = args.manner.pool()?;
    let source = source::read(&args.run, &args.inputs)?;
    stop_cleanly()?;
    let output = Output::begin(&args.output)?;
    let progress = Progress::new(args.manner.quiet || args.manner.json);
    let order = Order {
        format: args.format,
        form: match args.cli {
            CliForm::Ascii => Form::Ascii,
            CliForm::Binary => Form::Binary,
        },
        layer: args.layer,
        grid: args.grid,
        tolerance: args.tolerance,
        only: args.size,
        patient: args.patient.clone(),
        relief: args.emboss.map(|kind| match kind {
            Emboss::Raised => args.emboss_depth,
            Emboss::Recessed => -args.emboss_depth,
        }),
    };
    let stop = AtomicBool::new(false);
    let done = pool.install(|| crate::print::write(&source, &machine, &order, &output, &progress, &stop));
    progress.finish();
    let sizes = done?;
    output.commit()?;
    if args.manner.json {
        print(&format!("{:#}\n", sheet::object(&source, &machine, &order, &sizes)));
    } else if !args.manner.quiet {
        let mut text = sheet::text(&source, &machine, &order, &sizes);
        text.push_str(&format!(
            "\nwrote {} in {:.1} s with {:.0} MiB of memory at most\n",
            args.output.display(),
            progress.elapsed(),
            peak_memory_mib()
        ));
        print(&text);
    }
    let met = sizes.iter().all(|s: &Size| s.printability.met());
    Ok(if met { Exit::Met } else { Exit::CriterionFailed })
}
