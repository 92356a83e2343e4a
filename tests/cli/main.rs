//! The program as a person meets it: commands, exit codes, messages, whole results.

mod bad_input;
mod bench;
mod blocks;
mod commands;
mod convert;
mod export;
mod image;
mod lattice;
mod mesh;
mod optimise;
mod patients;
mod runs;
mod scan;
mod solve;
mod sweep;
mod uncertainty;
mod validate;

use assert_cmd::Command;
use std::path::{Path, PathBuf};

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

/// Runs a case into the folder `name` with entries set, and nothing said.
fn run_with(folder: &Path, case: &str, name: &str, sets: &[&str]) -> std::process::Output {
    let mut command = dens(folder);
    command.args(["run", case, "-o", name, "--quiet"]);
    for set in sets {
        command.args(["--set", set]);
    }
    command.output().expect("the program starts")
}

/// Runs with these arguments and gives exit code, standard output and standard error.
fn outcome(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = dens(folder).args(arguments).output().expect("the program starts");
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// Closed box of these sides, mm, as OBJ, without its last `open` triangles.
fn box_obj([x, y, z]: [usize; 3], open: usize) -> String {
    let mut text = String::new();
    for i in 0..8 {
        text.push_str(&format!("v {} {} {}\n", x * (i & 1), y * (i >> 1 & 1), z * (i >> 2)));
    }
    let quads = [[1, 3, 4, 2], [5, 6, 8, 7], [1, 2, 6, 5], [3, 7, 8, 4], [1, 5, 7, 3], [2, 4, 8, 6]];
    let triangles: Vec<String> = quads
        .iter()
        .flat_map(|q| [format!("f {} {} {}\n", q[0], q[1], q[2]), format!("f {} {} {}\n", q[0], q[2], q[3])])
        .collect();
    triangles[..12 - open].iter().for_each(|t| text.push_str(t));
    text
}

/// The record in a folder of results.
fn record(result: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(result.join("record.json")).expect("written");
    serde_json::from_str(&text).expect("JSON")
}

/// Two results hold these names, and the same bytes under each that is a file.
fn same(one: &Path, two: &Path, names: &[&str]) {
    for name in names {
        let [a, b] = [one, two].map(|folder| folder.join(name));
        assert!(a.exists() && b.exists(), "{name} is missing in {:?}", listing(one));
        if a.is_file() {
            let [x, y] = [a, b].map(|path| std::fs::read(path).expect("readable"));
            assert_eq!(x, y, "{name}");
        }
    }
}

/// Names in a folder, sorted, hidden ones too.
fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let mut names: Vec<String> =
        entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Folder of the real bones; says so when absent, fails when they are required.
fn anatomy() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder =
        std::env::var_os("DENS_ANATOMY").map_or_else(|| root.join("../../shared/anatomy"), Into::into);
    if folder.is_dir() {
        return Some(folder);
    }
    skipped("anatomy", "no real bones found; set DENS_ANATOMY");
    None
}

/// Says aloud why a test is skipped; fails where `DENS_REQUIRE` names what is missing.
fn skipped(what: &str, why: &str) {
    let required = std::env::var("DENS_REQUIRE").is_ok_and(|v| v.split(',').any(|w| w == what));
    assert!(!required, "DENS_REQUIRE asks for {what}: {why}");
    eprintln!("SKIPPED: {why}");
}
