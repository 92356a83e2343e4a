//! Bad decks end with a place, a reason and exit 2; limits with 4; nothing is left behind.

use super::super::{listing, outcome};
use super::scratch;

/// One brick with material.
const BRICK: &str = "*NODE, NSET=NALL\n1, 0., 0., 0.\n2, 1., 0., 0.\n3, 1., 1., 0.\n4, 0., 1., 0.\n5, 0., 0., 1.\n\
                     6, 1., 0., 1.\n7, 1., 1., 1.\n8, 0., 1., 1.\n*ELEMENT, TYPE=C3D8, ELSET=EALL\n1, 1, 2, 3, 4, 5, 6, 7, 8\n\
                     *MATERIAL, NAME=M\n*ELASTIC\n1000., 0.3\n*SOLID SECTION, ELSET=EALL, MATERIAL=M\n";
const HELD: &str = "*BOUNDARY\n1, 1, 3\n2, 2, 3\n4, 3\n";
const STEP: &str = "*STEP\n*STATIC\n*CLOAD\n7, 3, 1.\n*END STEP\n";

fn refused(deck: &[u8], more: &[&str], code: i32, expected: &[&str]) {
    let folder = scratch();
    std::fs::write(folder.path().join("bad.inp"), deck).expect("writable");
    let mut arguments = vec!["solve", "bad.inp", "-o", "r", "--quiet"];
    arguments.extend_from_slice(more);
    let (found, _, err) = outcome(folder.path(), &arguments);
    let shown = String::from_utf8_lossy(deck).into_owned();
    assert_eq!(found, code, "{err}\n{shown}");
    for text in expected {
        assert!(err.contains(text), "missing {text:?} in:\n{err}");
    }
    assert!(!err.contains("panicked"), "{err}");
    assert_eq!(listing(folder.path()), ["bad.inp"], "nothing is left behind");
}

fn deck(model: &str) -> String {
    format!("{BRICK}{HELD}{model}{STEP}")
}

#[test]
fn the_brick_of_these_tests_is_sound() {
    let folder = scratch();
    std::fs::write(folder.path().join("good.inp"), deck("")).expect("writable");
    let (code, _, err) = outcome(folder.path(), &["solve", "good.inp", "-o", "r", "--quiet"]);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn keywords_that_change_the_answer_are_all_named_with_line_and_caret() {
    let model = "*GAP, ELSET=S\n*CHANGE FRICTION, INTERACTION=I\n*PRE-TENSION SECTION, SURFACE=S\n*DASHPOT, ELSET=S\n*ELMENT, TYPE=C3D8\n";
    let text = format!("{BRICK}*CREEP\n1., 0.\n*HYPERFOAM\n{HELD}{model}{STEP}");
    let names = ["GAP", "CHANGE FRICTION", "PRE-TENSION SECTION", "DASHPOT", "CREEP", "HYPERFOAM"];
    let mut expected: Vec<String> = names.iter().map(|n| format!("`*{n}` is not supported")).collect();
    expected.extend(
        ["unknown keyword `*ELMENT`", "did you mean `*ELEMENT`?", "bad.inp:16:1", "^^^"].map(String::from),
    );
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    refused(text.as_bytes(), &[], 2, &expected);
}

#[test]
fn other_procedures_elements_and_restarts_are_refused_by_name() {
    for procedure in ["*FREQUENCY\n3", "*BUCKLE\n1", "*DYNAMIC\n0.1, 1.", "*HEAT TRANSFER, STEADY STATE"] {
        let text = deck("").replace("*STATIC", procedure);
        let name = procedure.split(['\n', ',']).next().expect("a keyword");
        refused(text.as_bytes(), &[], 2, &[&format!("`{name}` is not supported"), "*STATIC"]);
    }
    for element in ["C3D8R", "S8R", "B31", "C3D10T", "CPE4"] {
        let text = deck("").replace("TYPE=C3D8", &format!("TYPE={element}"));
        refused(
            text.as_bytes(),
            &[],
            2,
            &[&format!("element type `{element}` is not supported"), "bad.inp:10"],
        );
    }
    refused(deck("*RESTART, WRITE\n").as_bytes(), &[], 2, &["`*RESTART` is not supported"]);
}

#[test]
fn numbers_that_are_none_are_named_with_their_place() {
    for (good, bad, reason) in [
        ("2, 1.,", "2, nan,", "`nan` is not a number"),
        ("2, 1.,", "2, inf,", "`inf` is not a number"),
        ("2, 1.,", "2, 1e999,", "too large"),
        ("7, 3, 1.\n*END", "7, 3, one\n*END", "`one` is not a number"),
        ("1000., 0.3", "1000., 0.5", "Poisson's ratio 0.5"),
        ("1000., 0.3", "-1000., 0.3", "Young's modulus -1000"),
        ("1000., 0.3", "1000., 0.3\n900., 0.3, 100.", "depends on temperature"),
        ("7, 3, 1.\n*END", "7, 5, 1.\n*END", "degree of freedom is 1, 2 or 3"),
        ("2, 1.,", "99999999999, 1.,", "not a whole number"),
    ] {
        let text = deck("");
        assert!(text.contains(good), "{good}");
        refused(text.replace(good, bad).as_bytes(), &[], 2, &[reason, "bad.inp:", "^"]);
    }
}

#[test]
fn names_and_labels_that_do_not_exist_or_exist_twice_are_named() {
    for (good, bad, reason) in [
        ("6, 7, 8\n*MAT", "6, 7, 80\n*MAT", "there is no node 80"),
        ("8, 0., 1., 1.\n", "8, 0., 1., 1.\n8, 5., 5., 5.\n", "node 8 is given twice"),
        (
            "*MATERIAL",
            "*ELEMENT, TYPE=C3D8\n1, 1, 2, 3, 4, 5, 6, 7, 8\n*MATERIAL",
            "element 1 is given twice",
        ),
        ("6, 7, 8\n*MAT", "6, 7\n*MAT", "element 1 has 7 nodes, C3D8 needs 8"),
        ("ELSET=EALL, MATERIAL=M", "ELSET=EAL, MATERIAL=M", "did you mean `EALL`?"),
        ("ELSET=EALL, MATERIAL=M", "ELSET=EALL, MATERIAL=N", "there is no material `N`"),
        ("7, 3, 1.\n*END", "TOP, 3, 1.\n*END", "there is no node set `TOP`"),
        ("*SOLID SECTION, ELSET=EALL, MATERIAL=M\n", "", "element 1 has no material"),
    ] {
        let text = deck("");
        assert!(text.contains(good), "{good}");
        refused(text.replace(good, bad).as_bytes(), &[], 2, &[reason, "bad.inp:"]);
    }
}

#[test]
fn sets_and_files_within_themselves_are_refused() {
    refused(
        deck("*NSET, NSET=A\nB\n*NSET, NSET=B\nC, 1\n*NSET, NSET=C\nA\n").as_bytes(),
        &[],
        2,
        &["contains itself"],
    );
    refused(b"*HEADING\n*INCLUDE, INPUT=bad.inp\n", &[], 2, &["`bad.inp` includes itself", "bad.inp:2"]);
    refused(b"*INCLUDE, INPUT=none.inc\n", &[], 2, &["cannot read `none.inc`"]);
}

#[test]
fn files_that_are_no_decks_are_refused() {
    refused(b"", &[], 2, &["no elements"]);
    refused(b"\xff\xfe*\0N\0O\0D\0E\0\r\0\n\0", &[], 2, &["before the first keyword"]);
    refused(b"*NODE\r\n\xe9\xe8, 1., 2.\r\n", &[], 2, &["node label", "bad.inp:2"]);
    refused(b"*NODE, NSET=\xe9\r\n1, 1., 2.\r\n", &[], 2, &["not UTF-8"]);
    refused(format!("{BRICK}{HELD}").as_bytes(), &[], 2, &["no `*STEP`"]);
    let noise: Vec<u8> = (0..20_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    refused(&noise, &[], 2, &["error"]);
    let mut commas = b"*NODE\n1, 0., 0., 0.\n*NSET, NSET=A\n".to_vec();
    commas.extend(std::iter::repeat_n(b',', 1_000_000));
    refused(&commas, &[], 2, &["no elements"]);
}

#[test]
fn a_part_that_is_not_held_is_named_with_its_motions() {
    let loose = "*NODE\n11, 5., 0., 0.\n12, 6., 0., 0.\n13, 5., 1., 0.\n14, 5., 0., 1.\n*ELEMENT, TYPE=C3D4, ELSET=LOOSE\n\
                 11, 11, 12, 13, 14\n*SOLID SECTION, ELSET=LOOSE, MATERIAL=M\n";
    refused(
        deck(loose).as_bytes(),
        &[],
        2,
        &["6 free motions", "element 11 (set `LOOSE`)", "move along", "turn about"],
    );
    let text = format!("{BRICK}*BOUNDARY\n1, 1, 3\n2, 2, 3\n{STEP}");
    refused(text.as_bytes(), &[], 2, &["1 free motion", "set `EALL`", "turn about (1.00 0.00 0.00)"]);
}

#[test]
fn models_that_contradict_themselves_are_refused_at_their_lines() {
    let twice = "*EQUATION\n2\n1, 1, 1., 2, 1, -1.\n";
    refused(
        deck(twice).as_bytes(),
        &[],
        2,
        &["degree of freedom 1 of node 1 is eliminated twice", "bad.inp:"],
    );
    let circle = "*EQUATION\n2\n7, 1, 1., 8, 1, -1.\n*EQUATION\n2\n8, 1, 1., 7, 1, 1.\n";
    refused(deck(circle).as_bytes(), &[], 2, &["depend on itself"]);
    let turned = deck("").replace("1, 1, 2, 3, 4, 5, 6, 7, 8", "1, 5, 6, 7, 8, 1, 2, 3, 4");
    refused(turned.as_bytes(), &[], 2, &["element 1 is turned inside out", "bad.inp:11"]);
    let heavy = deck("").replace("*CLOAD\n7, 3, 1.", "*DLOAD\nEALL, GRAV, 9.81, 0., 0., -1.");
    refused(heavy.as_bytes(), &[], 2, &["material `M` has no density", "*DENSITY"]);
}

#[test]
fn a_memory_limit_that_does_not_suffice_exits_four() {
    refused(deck("").as_bytes(), &["--max-memory", "1 kB"], 4, &["--max-memory"]);
}

#[test]
fn a_solve_that_stalls_exits_three_with_its_history() {
    // Every other brick 10¹² times stiffer, and a residual below round-off.
    let block = super::super::blocks::plain("C3D20", [1.0, 1.0, 2.0], [3, 3, 6]);
    let text = format!(
        "{}{}*ELSET, ELSET=HARD, GENERATE\n1, 53, 2\n*ELSET, ELSET=SOFT, GENERATE\n2, 54, 2\n*MATERIAL, NAME=H\n*ELASTIC\n1.E12, 0.3\n\
         *MATERIAL, NAME=S\n*ELASTIC\n1., 0.3\n*SOLID SECTION, ELSET=HARD, MATERIAL=H\n*SOLID SECTION, ELSET=SOFT, MATERIAL=S\n\
         *BOUNDARY\nZ0, 1, 3\n*STEP\n*STATIC\n*CLOAD\nZ1, 1, 1.\n*END STEP\n",
        block.text,
        block.faces([1.0, 1.0, 2.0])
    );
    let more = ["--solver", "multigrid", "--tol", "1e-14"];
    refused(text.as_bytes(), &more, 3, &["no convergence", "relative residuals:"]);
}
