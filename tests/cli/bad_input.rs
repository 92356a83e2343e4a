//! Bad input ends with a clear error, the exit code of its kind, and nothing half-written.

use super::{box_obj, listing, outcome, scratch};
use std::path::Path;

fn refused(folder: &Path, arguments: &[&str], code: i32, expected: &[&str]) {
    let before = listing(folder);
    let (found, _, err) = outcome(folder, arguments);
    assert_eq!(found, code, "{err}");
    for text in expected {
        assert!(err.contains(text), "missing {text:?} in:\n{err}");
    }
    assert!(!err.contains("panicked"), "{err}");
    let after: Vec<String> = listing(folder).into_iter().filter(|n| n != "out").collect();
    assert_eq!(after, before, "nothing is left behind");
    let out = folder.join("out");
    assert!(!out.exists() || listing(&out).is_empty(), "nothing half-written: {:?}", listing(&out));
}

/// A case that takes surfaces, beside files with the given content.
fn surfaces(folder: &Path, files: &[(&str, &str)]) {
    outcome(folder, &["new", "s", "--from", "surfaces"]);
    for (name, content) in files {
        std::fs::write(folder.join("s").join(name), content).expect("writable");
    }
}

#[test]
fn a_missing_case_names_the_nearest() {
    let folder = scratch();
    refused(
        folder.path(),
        &["run", "c2-spondylectomi"],
        2,
        &["no case file", "did you mean `c2-spondylectomy`?"],
    );
}

#[test]
fn missing_surface_files_are_all_named() {
    let folder = scratch();
    surfaces(folder.path(), &[]);
    refused(folder.path(), &["run", "s/case.toml"], 2, &["c1.obj", "c2.obj", "c3.obj", "hint"]);
}

#[test]
fn an_open_surface_is_refused_with_its_place() {
    let folder = scratch();
    let (whole, open) = (box_obj([40; 3], 0), box_obj([40; 3], 1));
    surfaces(folder.path(), &[("c1.obj", &open), ("c2.obj", &whole), ("c3.obj", &whole), ("c4.obj", &whole)]);
    refused(
        folder.path(),
        &["run", "s/case.toml"],
        2,
        &["C1 (`c1.obj`)", "open", "edges", "mm", "close the holes"],
    );
}

#[test]
fn a_self_intersecting_surface_is_refused_with_its_place() {
    let folder = scratch();
    let whole = box_obj([40; 3], 0);
    let shifted: String = whole
        .lines()
        .map(|l| {
            let w: Vec<&str> = l.split_whitespace().collect();
            let n: Vec<i64> = w[1..].iter().filter_map(|v| v.parse().ok()).collect();
            match w[0] {
                "v" => format!("v {} {} {}\n", n[0] + 13, n[1] + 11, n[2] + 7),
                _ => format!("f {} {} {}\n", n[0] + 8, n[1] + 8, n[2] + 8),
            }
        })
        .collect();
    let crossing = format!("{whole}{shifted}");
    surfaces(
        folder.path(),
        &[("c1.obj", &crossing), ("c2.obj", &whole), ("c3.obj", &whole), ("c4.obj", &whole)],
    );
    refused(
        folder.path(),
        &["run", "s/case.toml"],
        2,
        &["C1 (`c1.obj`)", "intersects itself", "pairs of triangles"],
    );
}

#[test]
fn a_broken_stl_is_refused_with_its_place() {
    let folder = scratch();
    surfaces(folder.path(), &[("c1.stl", "this is no surface")]);
    refused(
        folder.path(),
        &["run", "s/case.toml", "--set", "anatomy.c1=c1.stl"],
        2,
        &["`c1.stl` byte", "neither a text STL"],
    );
}

#[test]
fn a_surface_in_meters_is_refused() {
    let folder = scratch();
    let small = box_obj([40; 3], 0).replace("40", "0.040");
    surfaces(folder.path(), &[("c1.obj", &small)]);
    refused(
        folder.path(),
        &["run", "s/case.toml"],
        2,
        &["probably in meters", "export the surface in millimeters"],
    );
}

#[test]
fn a_wrong_unit_is_refused() {
    let folder = scratch();
    refused(folder.path(), &["run", "tiny", "--set", "implant.height=28 MPa"], 2, &["implant.height", "MPa"]);
    refused(folder.path(), &["run", "tiny", "--set", "implant.height=28"], 2, &["implant.height", "unit"]);
}

#[test]
fn an_implant_that_cannot_fit_is_refused() {
    let folder = scratch();
    refused(folder.path(), &["run", "tiny", "--set", "implant.height=16 mm"], 2, &["error", "mm"]);
}

#[test]
fn a_singular_model_is_refused_and_the_part_named() {
    let folder = scratch();
    refused(
        folder.path(),
        &["run", "tiny", "--quiet", "--set", "disc.nucleus_modulus=0 MPa"],
        2,
        &["disc", "positive definite"],
    );
}

#[test]
fn a_solve_that_does_not_converge_exits_three() {
    let folder = scratch();
    refused(folder.path(), &["run", "tiny", "--quiet", "--set", "solver.max_iterations=1"], 3, &["converge"]);
}

#[test]
fn a_folder_with_other_content_is_not_touched() {
    let folder = scratch();
    std::fs::create_dir(folder.path().join("mine")).expect("made");
    std::fs::write(folder.path().join("mine/thesis.txt"), "precious").expect("written");
    refused(folder.path(), &["run", "tiny", "-o", "mine"], 2, &["not a result of dens", "-o"]);
    assert_eq!(listing(&folder.path().join("mine")), ["thesis.txt"]);
}
