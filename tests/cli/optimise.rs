//! `dens optimise`: same seed same bytes, stopped and resumed, what it leaves.

use super::{dens, listing, outcome, same, scratch};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The trial case with what is asked of its optimisation.
fn case(folder: &Path, table: &str) -> String {
    let tiny = include_str!("../../cases/library/tiny.toml");
    // The limits of a printed implant leave hardly a design; here the work is looked at, not the designs.
    let text = tiny.replace("pore_max = \"0.8 mm\"", "pore_max = \"1.4 mm\"");
    let text = format!("{text}\n[optimise]\n{table}\nsource = \"test\"\n");
    std::fs::write(folder.join("case.toml"), text).expect("written");
    "case.toml".to_string()
}

const TABLE: &str = "cells = [\"bcc\"]\nrelative_density_min = 0.2\nrelative_density_max = 0.4\ncell_size_min = \"1.2 mm\"\ncell_size_max = \"2.2 mm\"\nobjectives = [\"shielding\", \"mass\"]\nconstraints = [\"pores\", \"printability\"]\ninitial = 3\nseed = 5";

#[test]
fn a_stopped_optimisation_goes_on_to_the_bytes_of_one_that_was_not() {
    let folder = scratch();
    let case = case(folder.path(), TABLE);
    let arguments = |target: &str, budget: &str| {
        ["optimise", &case, "-o", target, "--budget", budget, "--cache", "cells", "--quiet"].map(String::from)
    };
    let run = |target: &str, budget: &str| {
        dens(folder.path()).args(arguments(target, budget)).output().expect("the program starts")
    };
    let whole = run("whole", "5");
    let said = String::from_utf8_lossy(&whole.stderr).into_owned();
    assert!(matches!(whole.status.code(), Some(0 | 1)), "{said}");
    let path = folder.path().join("stopped/history.csv");
    let mut child = Command::new(env!("CARGO_BIN_EXE_dens"))
        .current_dir(folder.path())
        .args(arguments("stopped", "5"))
        .spawn()
        .expect("the program starts");
    let since = Instant::now();
    let rows = || std::fs::read_to_string(&path).map_or(0, |t| t.lines().count());
    while rows() < 3 && since.elapsed() < Duration::from_secs(300) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-USR1", &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|s| s.success()), "it was still running");
    let ended = child.wait().expect("ends");
    assert_eq!(ended.code(), Some(75), "stopped in time, run it again");
    let kept = std::fs::read_to_string(&path).expect("a whole history");
    let all = std::fs::read_to_string(folder.path().join("whole/history.csv")).expect("written");
    // The hypervolume stands there once the first designs are complete.
    let variables = |text: &str, n: usize| -> Vec<String> {
        text.lines().take(n).map(|l| l.rsplit_once(',').map_or("", |(row, _)| row).to_string()).collect()
    };
    let n = kept.lines().count();
    assert!((3..=6).contains(&n));
    assert_eq!(variables(&kept, n), variables(&all, n), "the beginning of the whole one");
    let resumed = run("stopped", "5");
    assert_eq!(resumed.status.code(), whole.status.code());
    let one = folder.path().join("whole");
    let two = folder.path().join("stopped");
    same(
        &one,
        &two,
        &[
            "history.csv",
            "pareto.csv",
            "optimise.json",
            "chosen.toml",
            "pareto.svg",
            "pareto.png",
            "hypervolume.svg",
        ],
    );
    assert!(!listing(&two).iter().any(|name| name.contains("partial")));
    let (code, _, said) = outcome(&two, &["check", "chosen.toml"]);
    assert_eq!(code, 0, "{said}");
    let other = dens(folder.path()).args(arguments("whole", "5")).args(["--seed", "6"]).output();
    let other = other.expect("the program starts");
    assert_eq!(other.status.code(), Some(2), "another seed is another optimisation");
}

#[test]
fn gradients_lower_the_deviation_and_leave_a_case_of_a_field() {
    let folder = scratch();
    let table = "engine = \"gradient\"\ncells = [\"bcc\"]\nrelative_density_min = 0.15\nrelative_density_max = 0.4\ncell_size_min = \"1.2 mm\"\ncell_size_max = \"2.2 mm\"\nmean_density = 0.3\nfilter_radius = \"5 mm\"\nconstraints = []\nbudget = 4";
    let case = case(folder.path(), table);
    let (code, said, errors) = outcome(folder.path(), &["optimize", &case, "-o", "field", "--json"]);
    assert!(code == 0 || code == 1, "{errors}");
    let record: serde_json::Value = serde_json::from_str(&said).expect("one JSON object");
    let deviation = |name: &str| record["search"][name].as_f64().expect("a number");
    assert!(deviation("best_deviation") < deviation("first_deviation"), "{record}");
    assert!(deviation("mean_density") <= 0.3 * 1.001, "the limit of the mean is kept");
    let target = folder.path().join("field");
    let (code, _, said) = outcome(&target, &["check", "chosen.toml"]);
    assert_eq!(code, 0, "{said}");
    let text = std::fs::read_to_string(target.join("chosen.toml")).expect("written");
    assert!(text.contains("grading = \"field\""));
}

#[test]
fn an_unknown_entry_is_told_with_its_line() {
    let folder = scratch();
    let case = case(folder.path(), "objectivs = [\"mass\"]");
    let line = std::fs::read_to_string(folder.path().join(&case)).expect("written");
    let line = line.lines().position(|l| l.starts_with("objectivs")).expect("there") + 1;
    let (code, _, said) = outcome(folder.path(), &["optimise", &case, "-o", "x"]);
    assert_eq!(code, 2);
    assert!(
        said.contains(&format!("case.toml:{line}:")) && said.contains("did you mean `objectives`?"),
        "{said}"
    );
    assert!(!folder.path().join("x").exists());
}
