//! `dens export`: files for the machine from a finished run.

use super::run::peak_memory_mib;
use crate::cli::{CliForm, ExportArgs, print};
use crate::failure::{Exit, Failure};
use crate::output::{Output, stop_cleanly};
use crate::print::machine::Machine;
use crate::print::{Order, Size, sheet, source};
use crate::progress::Progress;
use dens_reports::export::cli::Form;
use std::sync::atomic::AtomicBool;

/// Reads the run, builds its implant again, writes and checks the files.
///
/// # Errors
/// A folder that is no run or was changed since (2), a size that cannot be made (2), a full disk (4), a file that
/// does not read back (70).
pub fn run(args: &ExportArgs) -> Result<Exit, Failure> {
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
