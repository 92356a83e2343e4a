//! The program as a person meets it: commands, exit codes, messages, whole results.

mod bad_input;
mod bench;
mod blocks;
mod commands;
mod convert;
mod patients;
mod runs;
mod solve;
mod validate;

use assert_cmd::Command;
use std::path::Path;

/// The program, in a scratch folder.
fn dens(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dens"));
    command.current_dir(folder);
    command
}

/// Scratch folder of one test.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a scratch folder")
}

/// Runs with these arguments and gives exit code, standard output and standard error.
fn outcome(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = dens(folder).args(arguments).output().expect("the program starts");
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// Names in a folder, sorted, hidden ones too.
fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let mut names: Vec<String> =
        entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
