//! Whole runs of the trial case, and of real bones where they are at hand.

use super::{anatomy, dens, listing, outcome, record, run_with, same, scratch};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn the_trial_case_gives_all_outputs_and_the_same_record_for_any_thread_count() {
    let folder = scratch();
    let one = outcome(folder.path(), &["run", "tiny", "-o", "one", "--threads", "1", "--json"]);
    let two = outcome(folder.path(), &["run", "tiny", "-o", "two", "--threads", "2", "--quiet"]);
    // The trial case gives no verdict, so no criterion can fail.
    assert_eq!((one.0, two.0), (0, 0), "{}\n{}", one.2, two.2);
    let summary: serde_json::Value = serde_json::from_str(&one.1).expect("exactly one JSON object");
    assert_eq!(summary["case"], "tiny");
    let quantity = |id: &str| summary["quantities"][id]["value"].as_f64().unwrap_or(f64::NAN);
    // The coarse bone yields nowhere under 300 N, and an implant on beds loses height, less than the ring of the test.
    assert_eq!((quantity("crushed-volume"), quantity("overstrained-volume")), (0.0, 0.0));
    assert!(0.0 < quantity("indentation") && 0.0 < quantity("settling") && quantity("settling") < 2.064);
    assert_eq!(two.1, "", "--quiet is silent");
    let (a, b) = (folder.path().join("one"), folder.path().join("two"));
    same(&a, &b, &["case.toml", "export", "fields", "figures", "history.csv", "record.json", "report.pdf"]);
    assert!(a.join("manifest.json").is_file());
    assert_eq!(listing(&a.join("export")), listing(&b.join("export")));
    let exported = listing(&a.join("export"));
    same(&a.join("export"), &b.join("export"), &exported.iter().map(String::as_str).collect::<Vec<_>>());
    no_private_words(&a);
}

#[test]
fn a_run_killed_in_the_middle_goes_on_and_ends_with_the_same_bytes() {
    let folder = scratch();
    let run = |name: &str| ["run", "tiny", "-o", name, "--quiet", "--checkpoint", "kept"].map(String::from);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_dens"))
        .current_dir(folder.path())
        .args(run("stopped"))
        .spawn()
        .expect("the program starts");
    let first = folder.path().join("kept/day-1.part");
    let deadline = Instant::now() + Duration::from_secs(50);
    while !first.is_file() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(first.is_file() && !folder.path().join("stopped").exists());
    // Another case does not take these parts.
    let other = [&run("other")[..], &["--set", "contact.friction=0.5"].map(String::from)].concat();
    let refused = dens(folder.path()).args(&other).output().expect("the program starts");
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && words.contains("belongs to another run"), "{words}");
    let ended = dens(folder.path()).args(run("resumed")).output().expect("the program starts");
    assert!(ended.status.success() && !folder.path().join("kept").exists());
    let (code, _, err) = outcome(folder.path(), &["run", "tiny", "-o", "whole", "--quiet"]);
    assert_eq!(code, 0, "{err}");
    let (a, b) = (folder.path().join("resumed"), folder.path().join("whole"));
    same(&a, &b, &["case.toml", "fields", "figures", "history.csv", "record.json", "report.pdf"]);
    let fields = listing(&a.join("fields"));
    same(&a.join("fields"), &b.join("fields"), &fields.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn bone_too_weak_for_its_load_ends_as_a_limit_load() {
    let folder = scratch();
    // Unrodded and osteoporotic beyond any patient, under far less than a daily peak: nothing but the bone can give way.
    let weak = [
        "verdict=true",
        "bone.cancellous_density=100 mg/cm3",
        "bone.endplate_modulus=300 MPa",
        "bone.cortical_modulus=3 GPa",
        "fixation.rods=false",
        "design.optimize=false",
        "load.3.axial=600 N",
    ];
    let output = run_with(folder.path(), "tiny", "weak", &weak);
    let messages = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "a collapse is a result: {messages}");
    let record = record(&folder.path().join("weak"));
    let rows = record["criteria"].as_array().expect("a list");
    let limit = rows.iter().find(|row| row["id"] == "limit-load").expect("the collapse is judged");
    assert_eq!((&limit["verdict"], &limit["unit"]), (&"not-met".into(), &"N".into()));
    let carried = limit["value"].as_f64().expect("a force");
    assert!(0.0 < carried && carried < 600.0, "{carried} N carried of 600 N");
    assert!(rows.iter().all(|row| row["id"] != "settling"), "no settling under a load that is not carried");
}

#[test]
fn fine_quality_adds_the_maximum_effort_and_moments_in_six_directions() {
    let folder = scratch();
    let (code, _, messages) = outcome(
        folder.path(),
        &["run", "tiny", "-o", "fine", "--quality", "fine", "--quiet", "--set", "solver.tolerance=1e-6"],
    );
    assert_eq!(code, 0, "{messages}");
    let record = record(&folder.path().join("fine"));
    let tables = tables(&record);
    let migration = tables.iter().find(|t| t["id"] == "migration").expect("moments were applied");
    let number = |row: usize, column: usize| migration["rows"][row][column].as_f64().expect("a number");
    for row in 0..6 {
        // What turns, turns along the couple; rods and screws leave less than the 2 degrees of a loose construct.
        assert!(0.0 < number(row, 1) && number(row, 1) < 2.0, "{}", migration["rows"][row]);
    }
    for (left, right) in [(2, 3), (4, 5)] {
        // The meshes of the two sides are not mirror images; the bones are.
        assert!((number(left, 1) / number(right, 1) - 1.0).abs() < 0.02, "{migration}");
    }
    let crushing = tables.iter().find(|t| t["id"] == "crushing").expect("load by load");
    let loads: Vec<&str> =
        crushing["rows"].as_array().expect("rows").iter().filter_map(|r| r[0].as_str()).collect();
    assert!(loads.contains(&"E_maximum"), "{loads:?}");
}

/// All tables of a record.
fn tables(record: &serde_json::Value) -> Vec<serde_json::Value> {
    let blocks = |section: &serde_json::Value| section["blocks"].as_array().cloned().unwrap_or_default();
    let sections = record["sections"].as_array().expect("sections");
    sections.iter().flat_map(blocks).filter_map(|b| b.get("table").cloned()).collect()
}

/// No absolute path, user or host name in any text output.
fn no_private_words(result: &Path) {
    let record = fs::read_to_string(result.join("record.json")).expect("there");
    let manifest = fs::read_to_string(result.join("manifest.json")).expect("there");
    for text in [&record, &manifest] {
        for word in ["/home", "/root", "/tmp", "/work"] {
            assert!(!text.contains(word), "an output holds {word}");
        }
    }
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let folder = scratch();
    let program = env!("CARGO_BIN_EXE_dens");
    let mut child = std::process::Command::new(program)
        .current_dir(folder.path())
        .args(["run", "c2-spondylectomy", "--quiet"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    // Wait until the unfinished folder stands, then interrupt as Ctrl-C does.
    let started = Instant::now();
    while !folder.path().join("out").exists() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill runs").success());
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    assert_eq!(listing(&folder.path().join("out")), Vec::<String>::new());
}

#[test]
fn real_bones_give_the_same_outputs_as_parametric_ones() {
    let Some(bones) = anatomy() else { return };
    let folder = scratch();
    outcome(folder.path(), &["new", "s", "--from", "surfaces"]);
    let mut box_of_all = [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]];
    for level in ["c1", "c2", "c3", "c4"] {
        let file = format!("{level}.obj");
        let to = folder.path().join("s").join(&file);
        fs::copy(bones.join("artisynth_cervical").join(&file), &to).expect("copied");
        for line in fs::read_to_string(to).expect("text").lines().filter_map(|l| l.strip_prefix("v ")) {
            let p: Vec<f64> = line.split_whitespace().map(|v| v.parse().expect("a number")).collect();
            box_of_all[0] = std::array::from_fn(|i| box_of_all[0][i].min(p[i]));
            box_of_all[1] = std::array::from_fn(|i| box_of_all[1][i].max(p[i]));
        }
    }
    let low = write_rising_scan(&folder.path().join("s/ct.nrrd"), box_of_all);
    let case = folder.path().join("s/case.toml");
    let scan = "\n[scan]\nimage = \"ct.nrrd\"\ncalibration = \"given: 1 mg/cm3 per HU, 0 mg/cm3; K2HPO4\"\nlimit = 0.0\nsource = \"test\"\n";
    fs::write(&case, fs::read_to_string(&case).expect("text") + scan).expect("written");
    let coarse = [
        "mesh.edge_draft=3.6 mm",
        "mesh.voxels_draft=16",
        "solver.interpolation=linear",
        "mesh.surface_draft=0.6 mm",
        "design.optimize=false",
        "solver.tolerance=1e-7",
        "verdict=false",
    ];
    let mut command = dens(folder.path());
    command.args(["run", "s/case.toml", "-o", "real", "--quality", "draft", "--quiet"]);
    for set in coarse {
        command.args(["--set", set]);
    }
    let output = command.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let names = listing(&folder.path().join("real"));
    for expected in ["export", "fields", "figures", "history.csv", "record.json", "report.pdf"] {
        assert!(names.iter().any(|n| n == expected), "{expected} is missing in {names:?}");
    }
    // The scan rises by 2 HU per mm: Kopperdahl's law gives 3.23 (200 + 2 (z - low)) - 34.7 MPa at the middle of a bone.
    let table = fs::read_to_string(folder.path().join("real/tables/scan.csv")).expect("a table");
    let means: Vec<f64> = table
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(5).expect("mean modulus").parse().expect("a number"))
        .collect();
    assert_eq!(means.len(), 4, "{table}");
    assert!(means.windows(2).all(|w| w[1] < w[0]), "moduli fall toward caudal: {means:?}");
    let heights: Vec<f64> = means.iter().map(|e| ((e + 34.7) / 3.23 - 200.0) / 2.0 + low).collect();
    // Neighboring vertebrae stand 12 to 22 mm apart.
    assert!(heights.windows(2).all(|w| (10.0..25.0).contains(&(w[0] - w[1]))), "{heights:?}");
}

/// Writes a scan with voxels of 1 mm whose values are 200 HU at the lowest voxel, its height, and rise by 2 HU per mm.
fn write_rising_scan(path: &Path, [least, most]: [[f64; 3]; 2]) -> f64 {
    let low = least.map(|v| v.floor() - 2.0);
    let dims: [usize; 3] = std::array::from_fn(|i| (most[i] - low[i]) as usize + 3);
    let header = format!(
        "NRRD0004\ntype: float\ndimension: 3\nspace: left-posterior-superior\nsizes: {} {} {}\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: ({},{},{})\nendian: little\nencoding: raw\n\n",
        dims[0], dims[1], dims[2], low[0], low[1], low[2]
    );
    let mut bytes = header.into_bytes();
    for k in 0..dims[2] {
        let value = (200.0 + 2.0 * k as f32).to_le_bytes();
        bytes.extend(std::iter::repeat_n(value, dims[0] * dims[1]).flatten());
    }
    fs::write(path, bytes).expect("written");
    low[2]
}
