//! Sweeps: the plan, runs on one machine, kills, and the tables.
//!
//! The runner is tested with a stand-in for the program that ends in a moment in every way a run can end; one test
//! runs real cases.

mod slurm;

use super::{dens, outcome, scratch};
use dens_reports::record::{Quantity, Record};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

/// Folder with a sweep file over `values` of the relative density and the stand-in `stub`, which takes `pause` seconds.
///
/// The value decides how a run ends: -2 bad input, -3 no convergence, -70 a panic, -9 killed, -4 out of memory; else its
/// result is twice the value. Every run leaves a line in `calls`, and one without a result a finished part.
fn folder(values: &[f64], pause: f64) -> tempfile::TempDir {
    let dir = scratch();
    let mut record = Record::new("dens", "test", "stub", "a stand-in");
    record.criteria.push(Quantity::new("twice", "twice the density", 1234.5, "MPa"));
    let text = String::from_utf8(record.to_json().expect("valid")).expect("UTF-8");
    assert!(text.contains("1234.5"));
    fs::write(dir.path().join("template.json"), text).expect("written");
    let here = dir.path().display();
    let script = format!(
        r#"#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    --output) out="$2"; shift;;
    --checkpoint) kept="$2"; shift;;
    --set) value="${{2#*=}}"; shift;;
  esac
  shift
done
echo "$value" >> '{here}/calls'
sleep {pause}
case "$value" in
  -*) mkdir -p "$kept" && printf 'dens-checkpoint/1\n%032d' 0 > "$kept/one.part" && echo half > "$kept/.two.part.partial-1";;
esac
case "$value" in
  -2) echo "error: a value that cannot be" >&2; exit 2;;
  -3) echo "error: no convergence" >&2; exit 3;;
  -4) echo "memory allocation of 999 bytes failed" >&2; kill -ABRT $$;;
  -70) echo "thread 'main' ($$) panicked at $out in $(cd .. && pwd)/inputs" >&2; exit 101;;
  -9) kill -KILL $$;;
esac
mkdir -p "$out" && sed "s/1234.5/$(awk "BEGIN {{ print 2 * $value }}")/" '{here}/template.json' > "$out/record.json"
echo '{{}}' > "$out/manifest.json"
"#
    );
    let stub = dir.path().join("stub");
    fs::write(&stub, script).expect("written");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).expect("set");
    let values: Vec<String> = values.iter().map(f64::to_string).collect();
    let spec = format!(
        "schema = \"dens-sweep/1\"\nname = \"s\"\ncase = \"tiny\"\nquality = \"draft\"\nsampling = \"grid\"\n\n[[parameter]]\npath = \"lattice.relative_density\"\nvalues = [{}]\n",
        values.join(", ")
    );
    fs::write(dir.path().join("spec.toml"), spec).expect("written");
    dir
}

/// Densities of valid runs.
fn densities(n: usize) -> Vec<f64> {
    (0..n).map(|k| (200.0 + k as f64) / 1000.0).collect()
}

fn plan(dir: &Path, name: &str) {
    let (code, out, err) = outcome(dir, &["sweep", "plan", "spec.toml", "-o", name]);
    assert_eq!(code, 0, "{out}{err}");
}

/// Merges and gives the bytes of the table.
fn table(dir: &Path, name: &str) -> String {
    let (code, _, err) = outcome(dir, &["sweep", "merge", name]);
    assert_eq!(code, 0, "{err}");
    fs::read_to_string(dir.join(name).join("results.csv")).expect("written")
}

fn local(dir: &Path, name: &str, jobs: &str) -> i32 {
    outcome(dir, &["sweep", "local", name, "-j", jobs, "--program", "./stub", "--quiet"]).0
}

/// Names in the folder of results that are no whole results.
fn leftovers(dir: &Path, name: &str) -> Vec<String> {
    let entries = fs::read_dir(dir.join(name).join("cases")).expect("there");
    let names = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    names.filter(|n| n.starts_with('.') || n.contains("other")).collect()
}

fn calls(dir: &Path) -> usize {
    fs::read_to_string(dir.join("calls")).map_or(0, |t| t.lines().count())
}

#[test]
fn a_table_has_the_same_bytes_from_one_job_eight_jobs_and_any_order() {
    let values = densities(40);
    let dir = folder(&values, 0.0);
    let dir = dir.path();
    for name in ["one", "eight", "mixed"] {
        plan(dir, name);
    }
    assert_eq!(local(dir, "one", "1"), 0);
    assert_eq!(local(dir, "eight", "8"), 0);
    for range in ["30..39", "7", "0..20", "10..39"] {
        let arguments = ["sweep", "run", "mixed", "--tasks", range, "--program", "./stub", "--quiet"];
        assert_eq!(outcome(dir, &arguments).0, 0);
    }
    let one = table(dir, "one");
    assert_eq!(one, table(dir, "eight"));
    assert_eq!(one, table(dir, "mixed"));
    let mut rows = csv(&one).into_iter();
    let head = rows.next().expect("a head");
    assert_eq!(head[5..], ["lattice.relative_density", "twice [MPa]"]);
    for (k, row) in rows.enumerate() {
        assert_eq!((row[0].as_str(), row[2].as_str()), (k.to_string().as_str(), "ok"));
        let [x, y] = [5, 6].map(|i| row[i].parse::<f64>().expect("a number"));
        assert_eq!((x, y), (values[k], 2.0 * values[k]), "awk prints six digits, which these have");
    }
    // A second round computes nothing.
    let before = calls(dir);
    assert_eq!(local(dir, "one", "4"), 0);
    assert_eq!(calls(dir), before);
}

/// Rows of a table without quoted commas.
fn csv(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|l| l.split(',').map(str::to_string).collect()).collect()
}

/// Starts a sweep in the background.
fn start(dir: &Path, name: &str) -> Child {
    let program = assert_cmd::Command::new(env!("CARGO_BIN_EXE_dens")).get_program().to_owned();
    std::process::Command::new(program)
        .args(["sweep", "local", name, "-j", "2", "--program", "./stub", "--quiet"])
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
}

#[test]
fn twenty_kills_lose_nothing_and_repeat_nothing_that_was_finished() {
    let values = densities(60);
    let dir = folder(&values, 0.02);
    let dir = dir.path();
    plan(dir, "whole");
    assert_eq!(local(dir, "whole", "2"), 0);
    fs::remove_file(dir.join("calls")).expect("there");
    plan(dir, "killed");
    for k in 0..20u64 {
        let mut child = start(dir, "killed");
        std::thread::sleep(Duration::from_millis(15 + 7 * k));
        let _ = child.kill();
        child.wait().expect("ended");
        for entry in fs::read_dir(dir.join("killed/cases")).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(
                name.starts_with('.') || entry.path().join("result.json").is_file(),
                "{name} is not whole"
            );
        }
    }
    assert_eq!(local(dir, "killed", "2"), 0);
    assert_eq!(table(dir, "killed"), table(dir, "whole"));
    // A kill costs at most the two runs that were under way.
    let n = calls(dir);
    assert!((60..=60 + 40).contains(&n), "{n} runs");
    assert_eq!(leftovers(dir, "killed"), Vec::<String>::new(), "what died was cleared away");
}

#[test]
fn each_end_of_a_run_is_told_apart_and_costs_that_run_only() {
    let mut values = densities(12);
    for (k, end) in [(1, -2.0), (3, -3.0), (5, -70.0), (7, -9.0), (9, -4.0)] {
        values[k] = end;
    }
    let dir = folder(&values, 0.0);
    let dir = dir.path();
    let (code, out, _) = outcome(dir, &["sweep", "plan", "spec.toml", "-o", "S"]);
    assert_eq!(code, 0);
    assert!(out.contains("5 runs are not valid") && out.contains("task 1: "), "{out}");
    assert_eq!(local(dir, "S", "3"), 0, "a failed run is a result");
    let rows = csv(&table(dir, "S"));
    let status: Vec<&str> = rows[1..].iter().map(|r| r[2].as_str()).collect();
    let expected =
        ["ok", "invalid", "ok", "nonconverged", "ok", "crashed", "ok", "crashed", "ok", "limit", "ok", "ok"];
    assert_eq!(status, expected);
    let failures = fs::read_to_string(dir.join("S/failures.csv")).expect("written");
    assert_eq!(failures.lines().count(), 6);
    assert!(failures.contains("a value that cannot be") && failures.contains("out of memory"), "{failures}");
    assert_eq!(outcome(dir, &["sweep", "merge", "S", "--strict"]).0, 1);
    for (task, code) in [("0", 0), ("1", 2), ("3", 3), ("5", 70), ("9", 4)] {
        let arguments = ["sweep", "run", "S", "--task", task, "--program", "./stub", "--quiet"];
        assert_eq!(outcome(dir, &arguments).0, code, "task {task}");
    }
    let (_, out, _) = outcome(dir, &["sweep", "status", "S"]);
    assert!(out.contains("12 of 12 runs: 2 crashed, 1 invalid, 1 limit, 1 nonconverged, 7 ok"), "{out}");
    // Tried again, they are run again and nothing else is.
    fs::remove_file(dir.join("calls")).expect("there");
    let (_, out, _) = outcome(dir, &["sweep", "retry", "S", "--failed"]);
    assert!(out.contains("--tasks 1,3,5,7,9"), "{out}");
    let (_, out, _) = outcome(dir, &["sweep", "merge", "S"]);
    assert!(out.contains("5 pending"), "{out}");
    assert_eq!(local(dir, "S", "1"), 0);
    assert_eq!(calls(dir), 5);
}

#[test]
fn parts_are_kept_until_the_case_itself_has_ended() {
    let dir = folder(&[0.2, -2.0, -3.0, -70.0, -9.0, -4.0], 0.0);
    let dir = dir.path();
    plan(dir, "S");
    assert_eq!(local(dir, "S", "2"), 0);
    let rows = csv(&table(dir, "S"));
    for row in &rows[1..] {
        let parts = dir.join("S/stopped").join(&row[1]).join("one.part").exists();
        assert_eq!(parts, ["crashed", "limit"].contains(&row[2].as_str()), "{}", row[2]);
    }
}

#[test]
fn what_failed_runs_say_is_the_same_from_every_folder() {
    let dir = folder(&[0.2, -70.0], 0.0);
    let dir = dir.path();
    for name in ["S", "another"] {
        plan(dir, name);
        assert_eq!(local(dir, name, "1"), 0);
    }
    let one = table(dir, "S");
    assert_eq!(one, table(dir, "another"));
    let [a, b] =
        ["S", "another"].map(|n| fs::read_to_string(dir.join(n).join("failures.csv")).expect("written"));
    assert_eq!(a, b);
    assert!(a.contains("panicked at ../cases/work/run in inputs"), "{a}");
    let log = dir.join("another/cases").join(&csv(&one)[2][1]).join("log.txt");
    let log = fs::read_to_string(log).expect("kept as it was");
    assert!(log.contains("thread 'main' (") && log.contains("another/inputs"), "{log}");
}

#[test]
fn equal_runs_are_computed_once_even_side_by_side() {
    let dir = folder(&[0.2, 0.2, 0.3, 0.2], 0.1);
    let dir = dir.path();
    plan(dir, "S");
    let (code, out, _) = outcome(dir, &["sweep", "local", "S", "-j", "4", "--program", "./stub"]);
    assert_eq!((code, calls(dir)), (0, 2));
    assert!(out.contains("2 run, 2 had a result"), "{out}");
    assert!(csv(&table(dir, "S"))[1..].iter().all(|r| r[2] == "ok"));
}

#[test]
fn an_unreadable_result_is_named_and_computed_again() {
    let dir = folder(&densities(3), 0.0);
    let dir = dir.path();
    plan(dir, "S");
    assert_eq!(local(dir, "S", "1"), 0);
    let whole = table(dir, "S");
    let id = csv(&whole)[2][1].clone();
    let result = dir.join("S/cases").join(&id).join("result.json");
    for again in [false, true] {
        fs::write(&result, "{").expect("written");
        let (code, _, err) = outcome(dir, &["sweep", "verify", "S"]);
        assert_eq!(code, 70);
        assert!(err.contains(&format!("cases/{id}: no readable result")), "{err}");
        if again {
            let (code, out, _) = outcome(dir, &["sweep", "retry", "S", "--failed"]);
            assert_eq!(code, 0);
            assert!(
                out.contains(&format!("moved to cases/{id}.broken-")) && out.contains("--tasks 1"),
                "{out}"
            );
        }
        assert_eq!(local(dir, "S", "1"), 0);
        assert_eq!(table(dir, "S"), whole);
        let (code, out, err) = outcome(dir, &["sweep", "verify", "S"]);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains(&format!("cases/{id}.broken-")), "{out}");
    }
}

#[test]
fn only_what_is_left_is_submitted() {
    let dir = folder(&densities(12), 0.0);
    let dir = dir.path();
    plan(dir, "S");
    let run = |tasks: &str| {
        let arguments = ["sweep", "run", "S", "--tasks", tasks, "--program", "./stub", "--quiet"];
        assert_eq!(outcome(dir, &arguments).0, 0);
    };
    run("0..4,8,9");
    let slurm = ["sweep", "slurm", "S", "--chunk", "2", "--max-array", "100", "--program", "./stub"];
    let (code, out, err) = outcome(dir, &slurm);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("5 of 12 runs have no result: 3 array elements of up to 2 runs, in 1 array"),
        "{out}"
    );
    let script = fs::read_to_string(dir.join("S/slurm/array-0000.sh")).expect("written");
    assert!(script.contains("--array=0-1,3\n") && script.contains("2 + SLURM_ARRAY_TASK_ID"), "{script}");
    assert!(
        script.contains(&format!("--program {}", dir.join("./stub").display()).replace("/./", "/")),
        "{script}"
    );
    run("5..11");
    let (code, out, _) = outcome(dir, &slurm);
    assert_eq!(code, 0);
    assert!(out.contains("nothing to submit"), "{out}");
}

#[test]
fn one_task_run_twice_at_once_has_one_result() {
    let values = densities(10);
    let dir = folder(&values, 0.03);
    let dir = dir.path();
    plan(dir, "S");
    for _ in 0..2 {
        for mut child in [start(dir, "S"), start(dir, "S"), start(dir, "S")] {
            assert!(child.wait().expect("ended").success());
        }
    }
    let n = fs::read_dir(dir.join("S/cases")).expect("there").count();
    assert_eq!(n, 10, "{:?}", leftovers(dir, "S"));
    assert!(!dir.join("S/NONDETERMINISTIC").exists());
    let (code, out, err) = outcome(dir, &["sweep", "verify", "S"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("10 results are as recorded"), "{out}");
}

#[test]
fn a_signal_stops_in_time_with_all_that_was_finished_kept() {
    for (name, code) in [("-USR1", 75), ("-TERM", 75), ("-INT", 130)] {
        let dir = folder(&densities(30), 0.1);
        let dir = dir.path();
        plan(dir, "S");
        let mut child = start(dir, "S");
        while calls(dir) < 4 {
            std::thread::sleep(Duration::from_millis(5));
        }
        signal(&child, name);
        assert_eq!(child.wait().expect("ended").code(), Some(code), "{name}");
        assert_eq!(leftovers(dir, "S"), Vec::<String>::new());
        let kept = fs::read_dir(dir.join("S/cases")).expect("there").count();
        assert!((1..30).contains(&kept), "{kept}");
        let (_, out, _) = outcome(dir, &["sweep", "status", "S", "--json"]);
        assert!(out.contains(&format!("\"ok\":{kept}")), "{out}");
    }
}

#[test]
fn a_time_too_short_for_one_case_is_a_limit_and_no_endless_round() {
    let dir = folder(&densities(2), 5.0);
    let dir = dir.path();
    plan(dir, "S");
    let mut child = start(dir, "S");
    while calls(dir) < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "-USR1");
    assert_eq!(child.wait().expect("ended").code(), Some(4));
}

#[test]
fn a_plan_is_immutable_and_says_where_it_was_touched() {
    let dir = folder(&densities(5), 0.0);
    let dir = dir.path();
    plan(dir, "S");
    let path = dir.join("S/manifest.jsonl");
    let good = fs::read_to_string(&path).expect("there");
    fs::write(&path, good.replace("0.203", "0.263")).expect("written");
    let (code, _, err) = outcome(dir, &["sweep", "status", "S"]);
    assert_eq!(code, 2);
    assert!(err.contains("line 4"), "{err}");
    fs::write(&path, good).expect("written");
    let case = dir.join("S/inputs/case.toml");
    let text = fs::read_to_string(&case).expect("there");
    fs::write(&case, text + "\n# a remark\n").expect("written");
    let (code, _, err) = outcome(dir, &["sweep", "run", "S", "--task", "0", "--program", "./stub"]);
    assert_eq!(code, 2);
    assert!(err.contains("`case.toml` was changed"), "{err}");
    let (code, _, err) = outcome(dir, &["sweep", "plan", "spec.toml", "-o", "S"]);
    assert_eq!(code, 2);
    assert!(err.contains("in use"), "{err}");
}

#[test]
fn a_sweep_file_with_mistakes_is_refused_with_their_places() {
    let dir = folder(&densities(2), 0.0);
    let dir = dir.path();
    let good = fs::read_to_string(dir.join("spec.toml")).expect("there");
    for (from, to, word) in [
        ("grid", "gird", "did you mean `grid`"),
        ("values", "valeus", "`parameter.0.values` is missing"),
        ("\"tiny\"", "\"tinny\"", "did you mean `tiny`"),
        ("lattice.relative_density", "lattice.relative_densty", "no run of this sweep is valid"),
        ("[0.2, 0.201]", "[]", "expected a list of values"),
        ("dens-sweep/1", "dens-case/1", "not that of a sweep"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good);
        fs::write(dir.join("spec.toml"), text).expect("written");
        let (code, _, err) = outcome(dir, &["sweep", "plan", "spec.toml", "-o", "S"]);
        assert_eq!(code, 2, "{from}");
        assert!(err.contains(word), "{word}: {err}");
        assert!(!dir.join("S").exists());
    }
}

#[test]
fn real_runs_are_swept_with_their_files_and_give_the_same_bytes_again() {
    let dir = scratch();
    let spec = "schema = \"dens-sweep/1\"\nname = \"s\"\ncase = \"tiny\"\nquality = \"draft\"\nsampling = \"list\"\nkeep = \"everything\"\n\n[[parameter]]\npath = \"contact.friction\"\nvalues = [0.6, 0.6, 2.5]\n";
    fs::write(dir.path().join("spec.toml"), spec).expect("written");
    let (code, out, _) = outcome(dir.path(), &["sweep", "plan", "spec.toml", "-o", "S"]);
    assert_eq!(code, 0);
    assert!(out.contains("3 runs") && out.contains("2 of them different"), "{out}");
    let (code, out, err) = outcome(dir.path(), &["sweep", "local", "S", "--quiet"]);
    assert_eq!(code, 0, "{out}{err}");
    let rows = csv(&table(dir.path(), "S"));
    assert_eq!(rows[1][1], rows[2][1], "equal runs share their result");
    assert_eq!([1, 2, 3].map(|k| rows[k][2].as_str()), ["ok", "ok", "invalid"]);
    let kept: PathBuf = dir.path().join("S/cases").join(&rows[1][1]);
    assert!(kept.join("report.pdf").is_file());
    let (_, out, _) = outcome(dir.path(), &["sweep", "status", "S"]);
    assert!(out.contains("3 of 3 runs: 1 invalid, 2 ok"), "{out}");
    let (code, out, err) =
        outcome(dir.path(), &["sweep", "verify", "S", "--recompute", "1", "--threads", "2"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("1 computed again with the same bytes"), "{out}");
}

/// Runs with these arguments and extra environment and gives the exit code and standard error.
fn with_env(dir: &Path, env: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let output = dens(dir).envs(env.iter().copied()).args(arguments).output().expect("the program starts");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_number_of_every_scheduler_names_the_run() {
    let dir = folder(&densities(12), 0.0);
    let dir = dir.path();
    plan(dir, "S");
    let run = ["sweep", "run", "S", "--program", "./stub", "--quiet"];
    let chunk = ["sweep", "run", "S", "--program", "./stub", "--quiet", "--chunk", "4"];
    for (env, arguments) in [
        (("SLURM_ARRAY_TASK_ID", "0"), &run[..]),
        (("PBS_ARRAY_INDEX", "1"), &run[..]),
        (("HQ_TASK_ID", "2"), &run[..]),
        (("LSB_JOBINDEX", "4"), &run[..]),
        (("JOB_COMPLETION_INDEX", "2"), &chunk[..]),
    ] {
        assert_eq!(with_env(dir, &[env], arguments).0, 0, "{}", env.0);
    }
    let rows = csv(&table(dir, "S"));
    let status: Vec<&str> = rows[1..].iter().map(|r| r[2].as_str()).collect();
    assert_eq!(status.iter().filter(|s| **s == "ok").count(), 8);
    assert!([4, 5, 6, 7].iter().all(|k| status[*k] == "pending"), "{status:?}");
    // HyperQueue and Kubernetes may run within a job of another scheduler.
    let inner = [("SLURM_ARRAY_TASK_ID", "0"), ("HQ_TASK_ID", "5")];
    assert_eq!(with_env(dir, &inner, &run).0, 0);
    assert_eq!(csv(&table(dir, "S"))[1 + 5][2], "ok");
    let (code, err) = with_env(dir, &[("SLURM_ARRAY_TASK_ID", "12")], &run);
    assert_eq!(code, 2);
    assert!(err.contains("no task 12"), "{err}");
}
