//! Spread of inputs, plots of sweeps, the lattice study and Dakota's files, with a stand-in for the program that runs a case.

use super::{listing, outcome, scratch};
use dens_reports::record::{Quantity, Record, Relation};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Folder with the stand-in `stub`: stress 100 MPa / friction, stiffness 4 density [mg/cm3]; no convergence where the
/// friction is below `floor`.
fn folder(floor: f64) -> tempfile::TempDir {
    let dir = scratch();
    let mut record = Record::new("dens", "test", "stub", "a stand-in");
    record.criteria.push(Quantity::new("strut-stress", "stress of the struts", 1234.5, "MPa").judged(
        "below yield",
        Relation::AtMost,
        400.0,
        "none",
    ));
    record.criteria.push(Quantity::new("stiffness", "stiffness", 5432.1, "N/mm"));
    let text = String::from_utf8(record.to_json().expect("valid")).expect("UTF-8");
    fs::write(dir.path().join("template.json"), text).expect("written");
    let here = dir.path().display();
    let script = format!(
        r#"#!/bin/sh
friction=0.5; density=256
while [ $# -gt 0 ]; do
  case "$1" in
    --output) out="$2"; shift;;
    --set) case "$2" in
        contact.friction=*) friction="${{2#*=}}";;
        bone.cancellous_density=*) density=$(echo "${{2#*=}}" | tr -d '"' | cut -d' ' -f1);;
      esac; shift;;
  esac
  shift
done
echo "$friction $density" >> '{here}/calls'
if awk "BEGIN {{ exit !($friction < {floor}) }}"; then echo "error: no convergence" >&2; exit 3; fi
mkdir -p "$out" && sed -e "s/1234.5/$(awk "BEGIN {{ print 100 / $friction }}")/" -e "s/5432.1/$(awk "BEGIN {{ print 4 * $density }}")/" '{here}/template.json' > "$out/record.json"
echo '{{}}' > "$out/manifest.json"
"#
    );
    let stub = dir.path().join("stub");
    fs::write(&stub, script).expect("written");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).expect("set");
    dir
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).expect("written")).expect("JSON")
}

fn spread(dir: &Path, name: &str, more: &[&str]) -> (i32, String, String) {
    let mut arguments = vec!["uncertainty", "tiny", "-o", name, "--program", "./stub"];
    arguments.extend(more);
    outcome(dir, &arguments)
}

#[test]
fn screening_finds_what_the_stand_in_depends_on_whoever_runs_it() {
    let dir = folder(0.0);
    let dir = dir.path();
    let (code, out, err) = spread(dir, "one", &["--method", "morris", "-n", "4", "-j", "1"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("µ*: friction"), "{out}");
    assert_eq!(spread(dir, "eight", &["--method", "morris", "-n", "4", "-j", "8", "--quiet"]).0, 0);
    let table = |name: &str| fs::read(dir.join(name).join("results.csv")).expect("merged");
    assert_eq!(table("one"), table("eight"));
    let found = json(&dir.join("one/uncertainty.json"));
    let stiffness = &found["results"][1];
    assert_eq!(stiffness["id"], "stiffness");
    let names: Vec<&str> =
        found["inputs"].as_array().expect("inputs").iter().filter_map(|i| i["name"].as_str()).collect();
    for (name, effect) in names.iter().zip(stiffness["effects"].as_array().expect("effects")) {
        let size = effect["mu_star"].as_f64().expect("a number");
        assert_eq!(0.0 < size, *name == "density", "{name}: {size}");
    }
    // Called again, it computes nothing; with another seed it is refused.
    let calls = || fs::read_to_string(dir.join("calls")).expect("called").lines().count();
    let before = calls();
    assert_eq!(spread(dir, "one", &["--method", "morris", "-n", "4", "--quiet"]).0, 0);
    assert_eq!(calls(), before);
    let (code, _, err) = spread(dir, "one", &["--method", "morris", "-n", "4", "--seed", "2"]);
    assert_eq!(code, 2);
    assert!(err.contains("another case, method, number or seed"), "{err}");
    for name in ["digest.pdf", "page.html", "plots", "results.csv", "failures.csv"] {
        assert!(dir.join("one").join(name).exists(), "{name}");
    }
    let plots = listing(&dir.join("one/plots"));
    for end in ["csv", "png", "svg"] {
        assert!(plots.contains(&format!("morris-strut-stress.{end}")), "{plots:?}");
    }
}

#[test]
fn fifty_nine_runs_bound_and_one_that_fails_is_located_and_takes_the_bound() {
    let dir = folder(0.0);
    let (code, out, err) = spread(dir.path(), "B", &["--method", "bound", "-j", "2"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("59 runs, 0 without a result") && out.contains("95/95 at most"), "{out}");
    let found = json(&dir.path().join("B/uncertainty.json"));
    let bound = &found["results"][0]["bounds"][0];
    // The worst of the runs that were listed.
    let calls = fs::read_to_string(dir.path().join("calls")).expect("called");
    let least = calls.lines().filter_map(|l| l.split(' ').next()?.parse::<f64>().ok()).fold(9.0, f64::min);
    // The stand-in prints six digits.
    assert!((bound["value"].as_f64().expect("a bound") * least / 100.0 - 1.0).abs() < 1e-5);
    let broken = folder(least + 1e-9);
    let (code, out, _) = spread(broken.path(), "B", &["--method", "bound", "-j", "2"]);
    assert_eq!(code, 0);
    assert!(out.contains("59 runs, 1 without a result") && out.contains("nonconverged at density"), "{out}");
    assert!(out.contains("93 runs bear as many failures"), "{out}");
    let found = json(&broken.path().join("B/uncertainty.json"));
    assert_eq!(found["failed"], 1);
    assert!(found["results"][0]["bounds"][0]["value"].is_null());
    assert!(found["failed_runs"][0]["inputs"]["friction"].is_string());
}

#[test]
fn shares_of_variance_come_with_the_quality_of_the_stand_in() {
    let dir = folder(0.0);
    let (code, out, err) = spread(dir.path(), "S", &["--method", "sobol", "-n", "40", "-j", "2"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Q²") && out.contains("total: density"), "{out}");
    let found = json(&dir.path().join("S/uncertainty.json"));
    let stiffness = &found["results"][1];
    assert!(0.95 < stiffness["q2"].as_f64().expect("a number"));
    // Stiffness follows the density alone.
    assert!(
        0.97 < stiffness["indices"][0]["first"]["value"].as_f64().expect("a number"),
        "{}",
        stiffness["indices"]
    );
}

#[test]
fn mistakes_in_the_inputs_of_a_case_are_told_with_their_places() {
    let dir = scratch();
    let (code, text, _) = outcome(dir.path(), &["uncertainty", "--inputs"]);
    assert_eq!(code, 0);
    assert_eq!(outcome(dir.path(), &["new", "D", "--from", "tiny"]).0, 0);
    let case = dir.path().join("D/case.toml");
    let own = fs::read_to_string(&case).expect("there");
    fs::write(&case, format!("{own}\n{text}")).expect("written");
    assert_eq!(outcome(dir.path(), &["check", "D/case.toml"]).0, 0);
    let wrong = text
        .replace("[uncertainty.friction]", "[uncertainty.fricton]")
        .replace("deviation = \"1 deg\"", "deviaton = \"1 deg\"");
    fs::write(&case, format!("{own}\n{wrong}")).expect("written");
    let (code, _, err) = outcome(dir.path(), &["check", "D/case.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `friction`") && err.contains("deviaton"), "{err}");
}

#[test]
fn a_sweep_is_drawn_with_words_failures_and_a_page_that_fetches_nothing() {
    let dir = folder(0.35);
    let spec = "schema = \"dens-sweep/1\"\nname = \"s\"\ncase = \"tiny\"\nquality = \"draft\"\nsampling = \"grid\"\n\n[[parameter]]\npath = \"contact.friction\"\nvalues = [0.3, 0.4, 0.5, 0.6]\n[[parameter]]\npath = \"bone.cancellous_law\"\nvalues = [\"keyak\", \"morgan2003-vertebra\"]\n[[parameter]]\npath = \"bone.cancellous_density\"\nvalues = [\"200 mg/cm3\", \"300 mg/cm3\"]\n";
    fs::write(dir.path().join("spec.toml"), spec).expect("written");
    assert_eq!(outcome(dir.path(), &["sweep", "plan", "spec.toml", "-o", "S"]).0, 0);
    let (code, _, err) = outcome(dir.path(), &["sweep", "plot", "S"]);
    assert_eq!(code, 2);
    assert!(err.contains("nothing to plot"), "{err}");
    assert_eq!(outcome(dir.path(), &["sweep", "local", "S", "--program", "./stub", "--quiet"]).0, 0);
    let (code, out, err) = outcome(dir.path(), &["sweep", "plot", "S"]);
    assert_eq!(code, 0, "{out}{err}");
    let plots = listing(&dir.path().join("S/plots"));
    for name in ["parallel", "pareto", "response-strut-stress", "swing-stiffness", "cdf-strut-stress"] {
        for end in ["csv", "png", "svg"] {
            assert!(plots.contains(&format!("{name}.{end}")), "{name}.{end}: {plots:?}");
        }
    }
    let page = fs::read_to_string(dir.path().join("S/page.html")).expect("written");
    assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("://"));
    assert!(page.contains("\"nonconverged\",false"));
    let pdf = fs::read(dir.path().join("S/digest.pdf")).expect("written");
    assert!(pdf.starts_with(b"%PDF"));
    assert_eq!(outcome(dir.path(), &["sweep", "plot", "S", "--of", "stifness"]).0, 2);
}

#[test]
fn the_lattice_study_ends_in_one_pdf() {
    let dir = folder(0.0);
    // One linear solve per lattice of the grid; the whole runs of the chosen one are those of the stand-in.
    let arguments = [
        "study",
        "lattice",
        "tiny",
        "-o",
        "W",
        "--cells",
        "diamond,bcc",
        "--densities",
        "0.25,0.35",
        "-n",
        "59",
        "--program",
        "./stub",
        "-j",
        "2",
    ];
    let (code, out, err) = outcome(dir.path(), &arguments);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("Chosen: ") && out.contains("95/95"), "{out}");
    let grid = json(&dir.path().join("W/grid.json"));
    assert_eq!(grid["lattices"].as_array().map(Vec::len), Some(4));
    // A denser lattice of one cell is stiffer.
    let modulus = |k: usize| grid["lattices"][k]["found"]["modulus"].as_f64().expect("found");
    assert!(modulus(0) < modulus(1) && modulus(2) < modulus(3));
    assert!(dir.path().join("W/digest.pdf").is_file());
    let (code, _, err) = outcome(dir.path(), &["study", "lattice", "tiny", "--cells", "diamod"]);
    assert_eq!(code, 2);
    assert!(err.contains("no lattice cell `diamod`"), "{err}");
}

const PARAMS: &str = r#"{"variables":[{"label":"contact__friction","value":0.40000000000000002},{"label":"density","value":300.0}],"responses":[{"label":"strut_stress","active_set":1},{"label":"stiffness","active_set":1}],"eval_id":"1"}"#;

fn driver(dir: &Path, text: &str, more: &[&str]) -> (i32, String, String) {
    fs::write(dir.join("params"), text).expect("written");
    let _ = fs::remove_file(dir.join("results"));
    let mut arguments =
        vec!["dakota-driver", "--template", "tiny", "params", "results", "--program", "./stub"];
    arguments.extend(more);
    outcome(dir, &arguments)
}

#[test]
fn dakota_gets_what_it_asked_for_with_all_digits_and_fail_for_a_failed_run() {
    let dir = folder(0.35);
    let dir = dir.path();
    let results = || fs::read_to_string(dir.join("results")).expect("written");
    let (code, _, err) = driver(dir, PARAMS, &[]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(results(), "2.5000000000000000e2 strut_stress\n1.2000000000000000e3 stiffness\n");
    // The same point again is not run again.
    let calls = || fs::read_to_string(dir.join("calls")).expect("called").lines().count();
    assert_eq!((driver(dir, PARAMS, &[]).0, calls()), (0, 1));
    let one = PARAMS.replace("\"stiffness\",\"active_set\":1", "\"stiffness\",\"active_set\":0");
    assert_eq!(driver(dir, &one, &[]).0, 0);
    assert_eq!(results().lines().count(), 1);
    let failed = PARAMS.replace("0.40000000000000002", "0.3");
    assert_eq!(driver(dir, &failed, &[]).0, 0);
    assert!(results().starts_with("fail"), "{}", results());
    assert_eq!(driver(dir, &format!("[{PARAMS},{failed}]"), &["--batch"]).0, 0);
    let text = results();
    assert_eq!(text.lines().filter(|l| *l == "#").count(), 2);
    assert!(text.lines().nth(4).is_some_and(|l| l.starts_with("fail")), "{text}");
    for (from, to, word) in [
        ("contact__friction", "contact__fricton", "no entry for the variable"),
        ("strut_stress", "strut_stres", "no result `strut_stres`"),
        ("\"active_set\":1", "\"active_set\":3", "derivatives"),
    ] {
        let (code, _, err) = driver(dir, &PARAMS.replacen(from, to, 1), &[]);
        assert_eq!(code, 2, "{from}");
        assert!(err.contains(word), "{err}");
        assert!(!dir.join("results").exists());
    }
}

#[test]
fn a_deck_comes_with_its_case() {
    let dir = scratch();
    let arguments =
        ["dakota-deck", "tiny", "--study", "lhs", "-n", "8", "--response", "construct-stiffness", "-o", "D"];
    let (code, out, err) = outcome(dir.path(), &arguments);
    assert_eq!(code, 0, "{out}{err}");
    let deck = fs::read_to_string(dir.path().join("D/study.in")).expect("written");
    assert!(deck.contains("samples = 8") && deck.contains("'construct_stiffness'"), "{deck}");
    assert_eq!(outcome(dir.path(), &["check", "D/case.toml"]).0, 0);
    assert_eq!(outcome(dir.path(), &arguments).0, 2, "the folder is in use");
}
