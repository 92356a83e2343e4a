//! `dens mesh`: surfaces in, tetrahedra out, one JSON object, refusals with place.

use super::{box_obj, listing, outcome, scratch};
use serde_json::Value;

fn meshed(folder: &std::path::Path, arguments: &[&str]) -> Value {
    let (code, out, err) = outcome(folder, arguments);
    assert_eq!(code, 0, "{out}{err}");
    serde_json::from_str(&out).expect("exactly one JSON object")
}

#[test]
fn a_box_is_meshed_into_every_format_with_the_same_bytes_for_any_number_of_threads() {
    let scratch = scratch();
    let folder = scratch.path();
    std::fs::write(folder.join("box.obj"), box_obj([12, 10, 8], 0)).expect("written");
    let one = ["mesh", "box.obj", "-o", "a.vtu", "--edge", "2 mm", "--json", "--threads", "1"];
    let object = meshed(folder, &one);
    for key in
        ["tets", "nodes", "volume_mm3", "surface_volume_mm3", "hausdorff_mm", "min_dihedral_deg", "seconds"]
    {
        assert!(object[key].as_f64().is_some_and(|x| 0.0 < x), "{key}: {object}");
    }
    assert_eq!((&object["status"], &object["mesher"]), (&"ok".into(), &"own".into()));
    assert_eq!(object["regions"][0]["name"], "box");
    assert!(object["repairs"].as_array().is_some_and(Vec::is_empty), "{object}");
    // Edges of the box are rounded by less than a quarter of the edge length.
    assert!((object["volume_mm3"].as_f64().expect("mm³") / 960.0 - 1.0).abs() < 0.01, "{object}");
    assert!(object["hausdorff_mm"].as_f64().expect("mm") < 0.5, "{object}");
    assert!(0.0 < object["min_scaled_jacobian"].as_f64().expect("a number"));
    meshed(folder, &["mesh", "box.obj", "-o", "b.vtu", "--edge", "2 mm", "--json", "--threads", "2"]);
    let [a, b] = ["a.vtu", "b.vtu"].map(|f| std::fs::read(folder.join(f)).expect("a mesh"));
    assert!(a == b, "bytes depend on threads");
    meshed(folder, &["mesh", "box.obj", "-o", "c.inp", "--edge", "2 mm", "--json"]);
    meshed(folder, &["mesh", "box.obj", "-o", "d.feb", "--edge", "2 mm", "--json"]);
    let (code, out, err) = outcome(folder, &["convert", "c.inp", "e.vtu"]);
    assert_eq!(code, 0, "the deck is read back: {out}{err}");
    assert_eq!(listing(folder), ["a.vtu", "b.vtu", "box.obj", "c.inp", "d.feb", "e.vtu"], "no leftovers");
}

#[test]
fn a_hole_is_closed_and_measured_or_refused_with_its_place() {
    let scratch = scratch();
    let folder = scratch.path();
    // A box without one of its sides of 10 × 8 mm.
    std::fs::write(folder.join("open.obj"), box_obj([12, 10, 8], 2)).expect("written");
    let (code, out, err) =
        outcome(folder, &["mesh", "open.obj", "-o", "a.vtu", "--edge", "2 mm", "--json", "--quiet"]);
    assert_eq!(code, 2);
    let object: Value = serde_json::from_str(&out).expect("exactly one JSON object");
    assert_eq!(object["status"], "refused");
    assert!(
        err.contains("a hole had to be closed") && err.contains("near (") && err.contains("hint"),
        "{err}"
    );
    let far = ["mesh", "open.obj", "-o", "a.vtu", "--edge", "2 mm", "--max-move", "6 mm", "--json"];
    let object = meshed(folder, &far);
    let moved = &object["repairs"][0]["moved"];
    assert!(moved["new_from_old"]["max_mm"].as_f64().is_some_and(|x| 1.0 < x && x < 6.0), "{object}");
    assert!(object["repairs"][0]["faults"][0].as_str().is_some_and(|f| f.contains("open")), "{object}");
}

#[test]
fn nested_surfaces_become_regions_and_tetgen_is_never_missed() {
    let scratch = scratch();
    let folder = scratch.path();
    std::fs::write(folder.join("bone.obj"), box_obj([12, 12, 12], 0)).expect("written");
    let inner: String = box_obj([6, 6, 6], 0)
        .lines()
        .map(|l| match l.strip_prefix("v ") {
            Some(p) => {
                let x: Vec<f64> = p.split(' ').map(|x| x.parse::<f64>().expect("a number") + 3.0).collect();
                format!("v {} {} {}\n", x[0], x[1], x[2])
            }
            None => format!("{l}\n"),
        })
        .collect();
    std::fs::write(folder.join("core.obj"), inner).expect("written");
    let object = meshed(
        folder,
        &["mesh", "core.obj", "bone.obj", "-o", "a.inp", "--edge", "2 mm", "--json", "--mesher", "tetgen"],
    );
    let found: Vec<f64> = (0..2).map(|i| object["regions"][i]["volume_mm3"].as_f64().expect("mm³")).collect();
    // The core keeps flat facets: its edges of 6 mm are cut by up to a quarter of 2 mm.
    assert!((found[0] / 216.0 - 1.0).abs() < 0.06, "{object}");
    assert!(((found[0] + found[1]) / 1728.0 - 1.0).abs() < 0.01, "{object}");
    if object["mesher"] == "own" {
        assert!(object["warnings"][0].as_str().is_some_and(|w| w.contains("dens-tetgen")), "{object}");
    }
    let deck = std::fs::read_to_string(folder.join("a.inp")).expect("a deck");
    assert!(deck.contains("ELSET=core") && deck.contains("ELSET=bone") && deck.contains("NAME=SKIN"));
}

#[test]
fn files_that_are_no_surface_and_other_nonsense_are_refused_in_words() {
    let scratch = scratch();
    let folder = scratch.path();
    std::fs::write(folder.join("letter.stl"), "Dear colleague").expect("written");
    std::fs::write(folder.join("box.obj"), box_obj([12, 10, 8], 0)).expect("written");
    for (arguments, word) in [
        (vec!["mesh", "letter.stl", "-o", "a.vtu"], "neither a text STL"),
        (vec!["mesh", "nowhere.stl", "-o", "a.vtu"], "cannot read"),
        (vec!["mesh", "box.obj", "-o", "a.obj"], ".inp, .vtu or .feb"),
        (vec!["mesh", "box.obj", "-o", "a.vtu", "--edge", "2"], "unit"),
        (vec!["mesh", "box.obj", "-o", "a.vtu", "--edge", "9 mm"], "edge length"),
        (vec!["mesh", "box.obj", "-o", "a.vtu", "--edge", "0.001 mm"], "coarsen"),
    ] {
        let (code, _, err) = outcome(folder, &arguments);
        assert_eq!(code, 2, "{arguments:?}: {err}");
        assert!(err.contains(word), "{arguments:?}: {err}");
    }
    assert_eq!(listing(folder), ["box.obj", "letter.stl"], "nothing half-written");
}

#[test]
fn a_surface_in_another_unit_is_scaled_when_said_and_refused_with_a_hint_when_not() {
    let scratch = scratch();
    let folder = scratch.path();
    let meters: String = box_obj([12, 10, 8], 0)
        .lines()
        .map(|l| match l.strip_prefix("v ") {
            Some(p) => {
                let x: Vec<f64> =
                    p.split(' ').map(|x| x.parse::<f64>().expect("a number") / 1000.0).collect();
                format!("v {} {} {}\n", x[0], x[1], x[2])
            }
            None => format!("{l}\n"),
        })
        .collect();
    std::fs::write(folder.join("m.obj"), meters).expect("written");
    let (code, _, err) = outcome(folder, &["mesh", "m.obj", "-o", "a.vtu", "--edge", "2 mm"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("0.0120 mm") && err.contains("`--unit m`"), "{err}");
    let object = meshed(folder, &["mesh", "m.obj", "-o", "a.vtu", "--edge", "2 mm", "--unit", "m", "--json"]);
    assert!((object["volume_mm3"].as_f64().expect("mm³") / 960.0 - 1.0).abs() < 0.01, "{object}");
    assert_eq!(object["unit_of_surfaces_mm"], 1000.0);
}
