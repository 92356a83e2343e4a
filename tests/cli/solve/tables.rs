//! Which rows are written, in which form, and where.

use super::super::blocks::plain;
use super::super::{listing, outcome, skipped};
use super::{scratch, solved};

fn deck(requests: &str) -> String {
    deck_of([2, 1, 1], requests)
}

/// Short cantilever of n bricks.
fn deck_of(n: [usize; 3], requests: &str) -> String {
    let size = [2.0, 1.0, 1.0];
    let bar = plain("C3D8", size, n);
    format!(
        "{}{}*ELSET, ELSET=SECOND\n2\n*MATERIAL, NAME=M\n*ELASTIC\n1000., 0.3\n*SOLID SECTION, ELSET=EALL, MATERIAL=M\n\
         *BOUNDARY\nX0, 1, 3\n*STEP\n*STATIC\n*CLOAD\nX1, 2, 1.\n{requests}*END STEP\n",
        bar.text,
        bar.faces(size)
    )
}

fn lines(folder: &std::path::Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(name)).expect("a table");
    text.lines().map(str::to_string).collect()
}

#[test]
fn print_requests_choose_the_rows_and_all_overrules_them() {
    let folder = scratch();
    let text = deck("*NODE PRINT, NSET=X1\nU\n*EL PRINT, ELSET=SECOND\nS\n");
    let result = solved(folder.path(), &text, &[]);
    assert_eq!(lines(&result, "nodes.csv").len(), 1 + 4);
    let elements = lines(&result, "elements.csv");
    assert_eq!(elements[0], "step,element,point,sxx,syy,szz,sxy,sxz,syz");
    assert_eq!(elements.len(), 1 + 8);
    assert!(elements[1].starts_with("1,2,1,") && elements[8].starts_with("1,2,8,"), "{elements:?}");
    let result = solved(folder.path(), &text, &["--all"]);
    assert_eq!(lines(&result, "nodes.csv")[0], "step,node,ux,uy,uz,rfx,rfy,rfz");
    assert_eq!(lines(&result, "nodes.csv").len(), 1 + 12);
    assert_eq!(lines(&result, "elements.csv").len(), 1 + 16);
}

#[test]
fn a_deck_without_requests_is_written_whole_and_says_so() {
    let folder = scratch();
    std::fs::write(folder.path().join("deck.inp"), deck("*NODE FILE\nU\n")).expect("writable");
    let (code, out, err) = outcome(folder.path(), &["solve", "deck.inp", "-o", "r"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("no `*NODE PRINT`: all nodes are written"), "{out}");
    assert!(out.contains("units of the deck"), "{out}");
    assert_eq!(lines(&folder.path().join("r"), "elements.csv").len(), 1 + 16);
}

#[test]
fn the_json_object_has_the_promised_names_and_is_that_of_the_file() {
    let folder = scratch();
    std::fs::write(folder.path().join("deck.inp"), deck("")).expect("writable");
    let (code, out, err) = outcome(folder.path(), &["solve", "deck.inp", "-o", "r", "--json"]);
    assert_eq!(code, 0, "{err}");
    let printed: serde_json::Value = serde_json::from_str(&out).expect("one object");
    let text = std::fs::read_to_string(folder.path().join("r/solve.json")).expect("there");
    assert_eq!(printed, serde_json::from_str::<serde_json::Value>(&text).expect("an object"));
    for name in [
        "dofs",
        "elements",
        "solver",
        "iterations",
        "relative_residual",
        "compliance",
        "reaction_error",
        "seconds",
        "peak_memory_bytes",
        "solver_bytes",
    ] {
        assert!(!printed[name].is_null(), "{name} is missing in {out}");
    }
    for name in ["read", "assemble", "setup", "solve", "output", "total"] {
        assert!(printed["seconds"][name].is_number(), "{name} is missing in {out}");
    }
    assert_eq!(printed["dofs"], 36);
    assert!(printed["reaction_error"].as_f64().is_some_and(|e| e < 1e-10), "{out}");
}

#[test]
fn tables_have_the_same_bytes_for_any_number_of_threads() {
    let folder = scratch();
    let mut seen: Vec<[Vec<String>; 2]> = Vec::new();
    for threads in ["1", "2", "4"] {
        for solver in ["direct", "multigrid"] {
            let result = solved(folder.path(), &deck(""), &["--threads", threads, "--solver", solver]);
            seen.push([lines(&result, "nodes.csv"), lines(&result, "elements.csv")]);
        }
    }
    assert!(seen.chunks(2).all(|pair| pair == &seen[..2]), "threads change the numbers");
}

/// Emulates a processor of 2013 without AVX-512. Runs where `qemu-x86_64` is installed; with `qemu` in `DENS_REQUIRE`
/// it must.
#[test]
fn tables_have_the_same_bytes_on_another_processor() {
    let emulator = std::process::Command::new("qemu-x86_64").arg("-version").output();
    if !cfg!(target_arch = "x86_64") || emulator.is_err() {
        skipped("qemu", "no qemu-x86_64 here, another processor is not tried");
        return;
    }
    let folder = scratch();
    std::fs::write(folder.path().join("bar.inp"), deck_of([10; 3], "")).expect("written");
    for solver in ["direct", "multigrid"] {
        let arguments = ["solve", "bar.inp", "--all", "--quiet", "--threads", "2", "--solver", solver, "-o"];
        let here = [&arguments[..], &["here"]].concat();
        let (code, _, err) = outcome(folder.path(), &here);
        assert_eq!(code, 0, "{err}");
        let run = |cpu: &str| {
            let mut emulated = std::process::Command::new("qemu-x86_64");
            emulated.args(["-cpu", cpu]).arg(env!("CARGO_BIN_EXE_dens")).args(arguments).arg("there");
            emulated.current_dir(folder.path()).output().expect("it starts")
        };
        let result = run("Haswell");
        assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
        for table in ["nodes.csv", "elements.csv"] {
            let (here, there) = (folder.path().join("here"), folder.path().join("there"));
            assert_eq!(lines(&here, table), lines(&there, table), "{solver}: {table} differs");
        }
        let old = run("Nehalem");
        assert_eq!(old.status.code(), Some(4));
        let message = String::from_utf8_lossy(&old.stderr).into_owned();
        assert!(message.contains("AVX2"), "{message}");
    }
}

#[test]
fn an_earlier_result_is_replaced_and_other_content_is_not_touched() {
    let folder = scratch();
    solved(folder.path(), &deck(""), &[]);
    solved(folder.path(), &deck("*NODE PRINT, NSET=X1\nU\n"), &[]);
    assert_eq!(listing(folder.path()), ["deck.inp", "result"]);
    std::fs::create_dir(folder.path().join("mine")).expect("made");
    std::fs::write(folder.path().join("mine/thesis.txt"), "precious").expect("written");
    let (code, _, err) = outcome(folder.path(), &["solve", "deck.inp", "-o", "mine"]);
    assert_eq!(code, 2);
    assert!(err.contains("not a result of dens"), "{err}");
    assert_eq!(listing(&folder.path().join("mine")), ["thesis.txt"]);
}

#[test]
fn files_are_included_relative_to_the_file_that_names_them() {
    let folder = scratch();
    let text = deck("");
    let cut = text.find("*ELEMENT").expect("there");
    std::fs::create_dir_all(folder.path().join("parts/deep")).expect("made");
    // The nodes follow their keyword from another file, two folders down, with the line ends of another system.
    let nodes = text[..cut].trim_start_matches("*NODE\n").replace('\n', "\r\n");
    std::fs::write(folder.path().join("parts/deep/nodes.txt"), nodes).expect("written");
    std::fs::write(folder.path().join("parts/mesh.inc"), "** mesh\n*NODE\n*INCLUDE, INPUT=deep/nodes.txt\n")
        .expect("written");
    let split = format!("*INCLUDE,\nINPUT=\"parts/mesh.inc\"\n{}", &text[cut..]);
    let whole = lines(&solved(folder.path(), &text, &[]), "nodes.csv");
    assert_eq!(lines(&solved(folder.path(), &split, &[]), "nodes.csv"), whole);
}

#[test]
fn the_estimated_error_of_the_mesh_falls_with_refinement() {
    let error = |n| {
        let folder = scratch();
        let result = solved(folder.path(), &deck_of(n, ""), &["--estimate"]);
        let text = std::fs::read_to_string(result.join("solve.json")).expect("the summary");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let estimate = &value["steps"][0]["error_estimate"];
        assert_eq!(estimate["relative"], estimate["materials"]["M"], "one material is the whole");
        assert_eq!(value["deck"], "deck.inp", "the name of the deck, not its place");
        estimate["relative"].as_f64().expect("a number")
    };
    let (coarse, fine) = (error([4, 2, 2]), error([16, 8, 8]));
    // Order one in energy would be a quarter; the clamped edge and the nodal forces hold it up.
    assert!(0.0 < fine && fine < 0.6 * coarse && coarse < 1.0, "{coarse} {fine}");
}
