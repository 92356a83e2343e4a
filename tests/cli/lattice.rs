//! `dens lattice`: lists, pictures, numbers, and what bad input gets.

use super::{listing, outcome, scratch};
use serde_json::Value;

fn object(arguments: &[&str]) -> Value {
    let folder = scratch();
    let (code, out, err) = outcome(folder.path(), arguments);
    assert_eq!(code, 0, "{err}");
    assert!(err.is_empty(), "nothing beside the object: {err}");
    serde_json::from_str(&out).expect("one JSON object")
}

fn number(object: &Value, key: &str) -> f64 {
    object[key].as_f64().unwrap_or_else(|| panic!("`{key}` is a number in {object}"))
}

#[test]
fn every_promised_cell_is_listed() {
    let folder = scratch();
    let (code, out, _) = outcome(folder.path(), &["lattice", "--list"]);
    assert_eq!(code, 0);
    for name in [
        "simple-cubic",
        "bcc",
        "fcc",
        "octet",
        "diamond",
        "rhombic-dodecahedron",
        "kelvin",
        "truncated-cuboctahedron",
        "re-entrant",
        "voronoi",
        "gyroid-sheet",
        "gyroid-network",
        "diamond-sheet",
        "diamond-network",
        "primitive-sheet",
        "primitive-network",
        "iwp-sheet",
        "iwp-network",
    ] {
        assert!(
            out.lines().any(|l| l.split_whitespace().next() == Some(name)),
            "{name} is missing in\n{out}"
        );
    }
}

#[test]
fn a_cell_by_density_has_every_promised_key_and_lies_between_its_bounds() {
    let found = object(&[
        "lattice",
        "octet",
        "--cell-size",
        "1.7 mm",
        "--relative-density",
        "0.3",
        "--resolution",
        "32",
        "--json",
    ]);
    for key in
        ["relative_density", "strut_mm", "pore_mm", "surface_area_per_volume", "zener", "error", "seconds"]
    {
        assert!(0.0 < number(&found, key), "{key}");
    }
    assert!((number(&found, "relative_density") - 0.3).abs() < 1e-3);
    assert_eq!(number(&found, "solid_young_mpa"), 110_000.0);
    let rows: Vec<Vec<f64>> = serde_json::from_value(found["stiffness_mpa"].clone()).expect("numbers");
    assert!(rows.len() == 6 && rows.iter().all(|r| r.len() == 6));
    let young = &found["young_mpa"];
    let axes: Vec<f64> = serde_json::from_value(young["axes"].clone()).expect("three numbers");
    assert_eq!(axes.len(), 3);
    // The source notes give 0.07052 of the solid for E along the axes, to 5 %; 32 cubes add their own error.
    let expected = 0.07052 * 110_000.0;
    assert!((axes[0] / expected - 1.0).abs() < 0.05 + number(&found, "error"), "{}", axes[0]);
    assert!((axes[0] / axes[2] - 1.0).abs() < 1e-5, "cubic");
    // Voigt bounds every direction.
    assert!(number(young, "min") <= axes[0] && number(young, "max") < 0.3 * 110_000.0);
    // Along the diagonal the octet is stiffest.
    let most: [f64; 3] = serde_json::from_value(young["directions"]["max"].clone()).expect("a vector");
    assert!(most.iter().all(|x| (x.abs() - 1.0 / 3_f64.sqrt()).abs() < 0.05), "{most:?}");
    let strength = &found["strength"];
    let along: Vec<f64> =
        serde_json::from_value(strength["von_mises_per_unit"]["z"].clone()).expect("three percentiles");
    assert!(along[0] < along[1] && along[1] < along[2]);
    let first = strength["first_yield_mpa"]["z"].as_f64().expect("a number");
    assert!((first * along[2] / 850.0 - 1.0).abs() < 1e-9);
    let amplitude = strength["fatigue"]["lattice_amplitude_mpa"]["z"].as_f64().expect("a number");
    assert!((amplitude * along[2] / 200.0 - 1.0).abs() < 1e-9);
    assert_eq!(strength["buckling_xyz"].as_array().map(Vec::len), Some(3));
}

#[test]
fn struts_and_walls_set_the_size_and_the_printed_section_carries_less() {
    let strut = object(&[
        "lattice",
        "diamond",
        "--cell-size",
        "1.67 mm",
        "--strut",
        "0.45 mm",
        "--resolution",
        "32",
        "--json",
    ]);
    assert_eq!(number(&strut, "strut_mm"), 0.45);
    // The default implant: relative density 0.30 to the printed digits.
    assert!((number(&strut, "relative_density") - 0.30).abs() < 0.01);
    let wall = object(&[
        "lattice",
        "gyroid-sheet",
        "--cell-size",
        "2 mm",
        "--wall",
        "0.3 mm",
        "--resolution",
        "32",
        "--as-printed",
        "--json",
    ]);
    assert!((number(&wall, "strut_mm") / 0.3 - 1.0).abs() < 2e-3);
    let carries = number(&wall["as_printed"], "relative_density");
    assert!(carries < number(&wall, "relative_density"));
    let stiff = |o: &Value| o["young_mpa"]["axes"][2].as_f64().expect("a number");
    assert!(stiff(&wall) < stiff(&wall["as_drawn"]), "what carries is softer than what was drawn");
    assert!(wall["strength"]["buckling_xyz"].as_array().is_some_and(Vec::is_empty));
}

#[test]
fn tetrahedra_and_blocks_stand_beside_the_voxels() {
    let found = object(&[
        "lattice",
        "primitive-sheet",
        "--cell-size",
        "2 mm",
        "--relative-density",
        "0.35",
        "--resolution",
        "32",
        "--cross-check",
        "--blocks",
        "2,3",
        "--json",
    ]);
    let difference = number(&found["cross_check"]["difference"], "bulk");
    // Published agreement of the two ways: 0.3 to 3.6 %, plus the error of 32 cubes.
    assert!(difference.abs() < 0.036 + number(&found, "error"), "{difference}");
    let rows = found["blocks"]["resolved"].as_array().expect("rows");
    let gaps: Vec<f64> = rows.iter().map(|r| number(r, "difference").abs()).collect();
    assert!(gaps.len() == 2 && gaps[1] < gaps[0], "free sides matter less in the larger block: {gaps:?}");
}

#[test]
fn a_cell_is_drawn_as_png_and_svg() {
    let folder = scratch();
    let (code, out, err) = outcome(folder.path(), &["lattice", "--render", "re-entrant", "-o", "pictures"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("lattice-re-entrant.png"), "{out}");
    let pictures = folder.path().join("pictures");
    assert_eq!(listing(&pictures), ["lattice-re-entrant.png", "lattice-re-entrant.svg"]);
    let png = std::fs::read(pictures.join("lattice-re-entrant.png")).expect("written");
    assert!(png.starts_with(b"\x89PNG") && 20_000 < png.len(), "{} bytes: not a white sheet", png.len());
    let svg = std::fs::read_to_string(pictures.join("lattice-re-entrant.svg")).expect("written");
    assert!(svg.contains("<svg") && svg.contains("re-entrant"));
}

#[test]
fn bad_input_says_what_to_do() {
    let folder = scratch();
    let size = ["--cell-size", "1.7 mm"];
    let cases: [(&[&str], &str); 10] = [
        (&["octt"], "did you mean `octet`?"),
        (&["octet"], "--cell-size is missing"),
        (&["octet", size[0], size[1]], "one of --relative-density, --strut is missing"),
        (&["octet", size[0], size[1], "--wall", "0.2 mm"], "give --strut instead"),
        (&["gyroid-sheet", size[0], size[1], "--strut", "0.2 mm"], "give --wall instead"),
        (&["octet", size[0], size[1], "--relative-density", "0.99"], "possible: "),
        (&["octet", size[0], size[1], "--strut", "9 mm"], "possible: "),
        (&["octet", size[0], "1.7 kg", "--relative-density", "0.3"], "`kg` is a mass"),
        (&["octet", size[0], size[1], "--relative-density", "0.3", "--resolution", "33"], "--resolution 33"),
        (&["octet", size[0], size[1], "--relative-density", "0.3", "--material", "steel"], "one of ti6al4v"),
    ];
    for (arguments, expected) in cases {
        let all: Vec<&str> = std::iter::once("lattice").chain(arguments.iter().copied()).collect();
        let (code, out, err) = outcome(folder.path(), &all);
        assert_eq!(code, 2, "{arguments:?}: {err}");
        assert!(err.contains(expected) && out.is_empty(), "{arguments:?}: {err}");
    }
    assert_eq!(outcome(folder.path(), &["lattice"]).0, 2);
    assert_eq!(outcome(folder.path(), &["lattice", "--render", "nothing"]).0, 2);
}
