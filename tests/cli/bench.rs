//! Bench cases: listed, checked, refused, run.

use super::{box_obj, listing, outcome, record, same, scratch};

/// Sides of a cage, mm.
const CAGE: [usize; 3] = [12, 10, 16];

fn value(record: &serde_json::Value, id: &str) -> f64 {
    let rows = record["criteria"].as_array().expect("a list");
    let row = rows.iter().find(|row| row["id"] == id);
    row.and_then(|row| row["value"].as_f64()).unwrap_or(f64::NAN)
}

#[test]
fn bench_cases_are_listed_written_and_sound() {
    let folder = scratch();
    let (_, names, _) = outcome(folder.path(), &["cases"]);
    for name in ["bench-f2077", "bench-f2267", "bench-coupon"] {
        assert!(names.lines().any(|l| l.starts_with(name)), "{names}");
        assert_eq!(outcome(folder.path(), &["new", name, "--from", name]).0, 0);
        let (code, out, err) = outcome(folder.path(), &["check", &format!("{name}/case.toml")]);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("bench test"), "{out}");
    }
    let (code, _, err) = outcome(folder.path(), &["new", "x", "--from", "bench-f2076"]);
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `bench-f2077`?"), "{err}");
}

#[test]
fn a_typo_in_a_bench_case_is_refused_by_its_name_with_all_other_problems() {
    let folder = scratch();
    outcome(folder.path(), &["new", "b", "--from", "bench-f2077"]);
    let path = folder.path().join("b/case.toml");
    let text = std::fs::read_to_string(&path).expect("written");
    let text = text
        .replace("torsion_preload = \"100 N\"", "torsion_prelod = \"100 N\"")
        .replace("travel = \"1.2 mm\"", "travel = \"1.2 N\"")
        .replace("\"torsion\"]", "\"torsoin\"]");
    std::fs::write(&path, text).expect("writable");
    let (code, _, err) = outcome(folder.path(), &["run", "b/case.toml"]);
    assert_eq!(code, 2);
    for expected in [
        "`f2077.torsion_preload` is missing",
        "unknown entry `torsion_prelod` in `[f2077]`",
        "did you mean `torsion_preload`?",
        "`f2077.travel`",
        "did you mean `torsion`?",
        "b/case.toml:",
    ] {
        assert!(err.contains(expected), "missing {expected:?} in:\n{err}");
    }
    assert_eq!(listing(folder.path()), ["b"], "nothing is left behind");
}

#[test]
fn an_implant_surface_with_a_hole_is_refused_with_its_place() {
    let folder = scratch();
    std::fs::write(folder.path().join("cage.obj"), box_obj(CAGE, 1)).expect("writable");
    for command in ["check", "run"] {
        let (code, _, err) =
            outcome(folder.path(), &[command, "bench-f2077", "--set", "implant.surface=cage.obj"]);
        assert_eq!(code, 2, "{err}");
        for expected in ["implant (`cage.obj`)", "open", "close the holes"] {
            assert!(err.contains(expected), "missing {expected:?} in:\n{err}");
        }
    }
    let (code, _, err) = outcome(folder.path(), &["run", "bench-f2077", "--set", "implant.surface=none.stl"]);
    assert_eq!(code, 2);
    assert!(err.contains("none.stl") && err.contains("relative to the folder"), "{err}");
}

#[test]
fn any_closed_surface_goes_between_the_blocks_and_gives_a_whole_result() {
    let folder = scratch();
    std::fs::write(folder.path().join("cage.obj"), box_obj(CAGE, 0)).expect("writable");
    let run = |output: &str, threads: &str| {
        let arguments = [
            ["run", "bench-f2077", "--quality", "draft"].as_slice(),
            &["-o", output, "--threads", threads, "--quiet"],
            &["--set", "implant.surface=cage.obj", "--set", "implant.fill=solid"],
            &["--set", "bench.increments=3", "--set", "f2077.travel=0.03 mm"],
            &["--set", "f2077.modes=[\"compression\", \"torsion\"]", "--set", "f2077.twist=0.2 deg"],
        ]
        .concat();
        let (code, _, err) = outcome(folder.path(), &arguments);
        assert_eq!(code, 0, "{err}");
    };
    run("one", "1");
    run("two", "2");
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    same(
        &one,
        &two,
        &["case.toml", "fields", "figures", "tables", "record.json", "report.pdf", "history.csv"],
    );
    assert!(one.join("manifest.json").is_file());
    let record = record(&one);
    let stiffness = value(&record, "compression-stiffness");
    let plain = 110_000.0 * 120.0 / 16.0;
    // Gripped faces: between uniaxial stress and uniaxial strain (1.346 of it); the mesh rounds the edges, which takes some
    // of the section away.
    assert!(0.85 * plain < stiffness && stiffness < 1.346 * plain, "{stiffness} {plain}");
    // Two frames of three increments and a head line.
    let curve = std::fs::read_to_string(one.join("history.csv")).expect("there");
    assert_eq!(curve.lines().count(), 7, "{curve}");
}

#[test]
fn a_coupon_loses_stiffness_at_its_free_sides_and_little_at_ten_cells() {
    let folder = scratch();
    let (code, out, err) = outcome(
        folder.path(),
        &["run", "bench-coupon", "--quality", "draft", "--set", "coupon.resolved=2", "--json"],
    );
    assert_eq!(code, 0, "{err}");
    let summary: serde_json::Value = serde_json::from_str(&out).expect("exactly one JSON object");
    let value = |id: &str| summary["quantities"][id]["value"].as_f64().unwrap_or(f64::NAN);
    let (expected, axial) = (value("gradient"), value("axial-modulus"));
    assert!(0.9 * axial < expected && expected < axial, "{expected} {axial}");
    // Friction of platens stiffens a homogenised cube by some percent, never beyond uniaxial strain.
    assert!(axial < value("gradient-homogenised") && value("gradient-homogenised") < 1.35 * axial);
}

#[test]
fn a_cage_on_foam_gives_the_stiffness_of_the_foam_and_denser_foam_is_stiffer() {
    let folder = scratch();
    std::fs::write(folder.path().join("cage.obj"), box_obj(CAGE, 0)).expect("writable");
    let arguments = [
        ["run", "bench-f2267", "--quality", "draft", "-o", "r", "--quiet"].as_slice(),
        &["--set", "implant.surface=cage.obj", "--set", "implant.fill=solid"],
        &["--set", "bench.increments=2", "--set", "f2267.travel=0.1 mm"],
        &["--set", "f2267.block_width=30 mm", "--set", "f2267.block_height=20 mm"],
    ]
    .concat();
    let (code, _, err) = outcome(folder.path(), &arguments);
    assert_eq!(code, 0, "{err}");
    let record = record(&folder.path().join("r"));
    let of = |id: &str| value(&record, id);
    let (kd, ks, kp) = (of("kd"), of("grade-15-ks"), of("grade-15-kp"));
    assert!((1.0 / ks - 1.0 / kd - 1.0 / kp).abs() < 1e-9 / ks, "{ks} {kd} {kp}");
    // Far stiffer devices than foam: stiffness follows the modulus of the foam, 123 to 58 MPa, but for the tie's mesh.
    let ratio = kp / of("grade-10-kp");
    assert!((ratio / (123.0 / 58.0) - 1.0).abs() < 0.01, "{ratio}");
    // More than the column under the face, E A/h; less than as if the whole block were it.
    let column = 123.0 * 120.0 / 20.0;
    assert!(column < kp && kp < 900.0 / 120.0 * column, "{kp} {column}");
}
