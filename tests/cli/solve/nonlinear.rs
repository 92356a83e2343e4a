//! Decks whose answers are not in proportion to their loads: closed forms through the program.

use super::super::blocks::{Shape, block, nodes, plain, stresses};
use super::super::outcome;
use super::{near, scratch, solved};

/// Three planes of symmetry at the origin.
const ROLLERS: &str = "*BOUNDARY\nX0, XSYMM\nY0, 2\nZ0, 3, 3\n";

const SIZE: [f64; 3] = [4.0, 2.0, 1.0];

/// Bar along x with a material, held by rollers, its far end moved or pulled by the lines of a step.
fn bar(kind: &str, material: &str, step: &str) -> String {
    let bar = plain(kind, SIZE, [4, 2, 1]);
    let ends: Vec<String> = bar.elements.iter().filter(|e| *e % 4 == 0).map(|e| format!("{e}, S4")).collect();
    format!(
        "{}{}*SURFACE, NAME=END\n{}\n*MATERIAL, NAME=M\n{material}*SOLID SECTION, ELSET=EALL, MATERIAL=M\n{ROLLERS}{step}",
        bar.text,
        bar.faces(SIZE),
        ends.join("\n")
    )
}

fn step_of(deck: &str, folder: &std::path::Path) -> serde_json::Value {
    let result = solved(folder, deck, &[]);
    let text = std::fs::read_to_string(result.join("solve.json")).expect("written");
    let object: serde_json::Value = serde_json::from_str(&text).expect("an object");
    object["steps"][0].clone()
}

/// Stress of a compressible solid C10 (Ī₁ − 3) + (J − 1)²/D₁ in uniaxial tension, with its lateral stretch: bisection
/// of the lateral equilibrium.
fn neo_hooke(c10: f64, d1: f64, stretch: f64) -> (f64, f64) {
    let cauchy = |lateral: f64| {
        let j: f64 = stretch * lateral * lateral;
        let (b1, b2) = (stretch * stretch, lateral * lateral);
        let deviator = |b: f64| 2.0 * c10 * j.powf(-5.0 / 3.0) * (b - (b1 + 2.0 * b2) / 3.0);
        let pressure = 2.0 * (j - 1.0) / d1;
        (deviator(b1) + pressure, deviator(b2) + pressure)
    };
    let (mut low, mut high) = (0.5, 1.5);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if cauchy(middle).1 < 0.0 { low = middle } else { high = middle }
    }
    (cauchy(low).0, low)
}

#[test]
fn rubber_stretches_by_its_energy() {
    let (c10, d1, stretch) = (0.5, 0.1, 1.5);
    let (stress, lateral) = neo_hooke(c10, d1, stretch);
    let step = format!(
        "*STEP, NLGEOM\n*STATIC\n0.25, 1.\n*BOUNDARY\nX1, 1, 1, {}\n*END STEP\n",
        4.0 * (stretch - 1.0)
    );
    for (energy, constants) in [
        ("NEO HOOKE", format!("{c10}, {d1}")),
        ("MOONEY-RIVLIN", format!("{c10}, 0., {d1}")),
        // One term with exponent 2 is neo-Hooke.
        ("OGDEN, N=1", format!("{}, 2., {d1}", 2.0 * c10)),
    ] {
        for kind in ["C3D8", "C3D20"] {
            let folder = scratch();
            let deck = bar(kind, &format!("*HYPERELASTIC, {energy}\n{constants}\n"), &step);
            let result = solved(folder.path(), &deck, &[]);
            for s in stresses(&result, 1).values() {
                // Newton stops at 1e-6 of the largest force.
                assert!(near(s[0], stress, stress, 1e-5), "{energy} {kind}: {s:?}, not {stress}");
                assert!(s[1..].iter().all(|s| near(*s, 0.0, stress, 1e-5)), "{energy} {kind}: {s:?}");
            }
            for (label, row) in nodes(&result, 1).iter().filter(|(_, r)| r[1] != 0.0) {
                assert!(row[1] < 0.0, "{energy} {kind} node {label}: {row:?}");
            }
            let least = nodes(&result, 1).values().map(|r| r[1]).fold(0.0, f64::min);
            assert!(near(least, SIZE[1] * (lateral - 1.0), SIZE[1], 1e-5), "{energy} {kind}: {least}");
        }
    }
}

#[test]
fn a_pull_that_turns_with_the_end_stretches_a_slender_bar_without_collapse() {
    let (c10, d1, stretch) = (0.5, 0.1, 1.3);
    let (stress, _) = neo_hooke(c10, d1, stretch);
    let size = [8.0, 1.0, 1.0];
    let thin = plain("C3D20", size, [8, 1, 1]);
    let deck = format!(
        "{}{}*MATERIAL, NAME=M\n*HYPERELASTIC, NEO HOOKE\n{c10}, {d1}\n*SOLID SECTION, ELSET=EALL, MATERIAL=M\n{ROLLERS}\
         *STEP, NLGEOM\n*STATIC\n*DLOAD\n8, P4, {:?}\n*END STEP\n",
        thin.text,
        thin.faces(size),
        -stress
    );
    let folder = scratch();
    let result = solved(folder.path(), &deck, &[]);
    let end = nodes(&result, 1).values().map(|r| r[0]).fold(0.0, f64::max);
    assert!(near(end, size[0] * (stretch - 1.0), size[0], 1e-5), "{end}");
}

#[test]
fn steel_yields_along_its_hardening_curve() {
    let (e, yield_stress, slope) = (200_000.0, 400.0, 2_000.0);
    let material = format!(
        "*ELASTIC\n{e:?}, 0.3\n*PLASTIC\n{yield_stress:?}, 0.\n{:?}, 0.1\n",
        yield_stress + 0.1 * slope
    );
    let strain = 0.01;
    let step = format!("*STEP\n*STATIC\n0.2, 1.\n*BOUNDARY\nX1, 1, 1, {:?}\n*END STEP\n", 4.0 * strain);
    // ε = σ/E + (σ − Y)/H.
    let stress = (strain + yield_stress / slope) / (1.0 / e + 1.0 / slope);
    for kind in ["C3D8", "C3D20R"] {
        let folder = scratch();
        let result = solved(folder.path(), &bar(kind, &material, &step), &[]);
        for s in stresses(&result, 1).values() {
            assert!(near(s[0], stress, stress, 1e-5), "{kind}: {s:?}, not {stress}");
        }
    }
}

#[test]
fn a_bar_that_cannot_carry_its_load_ends_with_the_limit_load_and_exit_one() {
    let folder = scratch();
    let material = "*ELASTIC\n200000., 0.3\n*PLASTIC\n400., 0.\n";
    let step = "*STEP\n*STATIC\n0.2, 1.\n*DSLOAD\nEND, P, -500.\n*END STEP\n";
    std::fs::write(folder.path().join("deck.inp"), bar("C3D8", material, step)).expect("writable");
    let (code, out, err) = outcome(folder.path(), &["solve", "deck.inp", "-o", "r"]);
    assert_eq!(code, 1, "{err}");
    assert!(out.contains("LIMIT LOAD"), "{out}");
    let text = std::fs::read_to_string(folder.path().join("r/solve.json")).expect("written");
    let object: serde_json::Value = serde_json::from_str(&text).expect("an object");
    let course = &object["steps"][0]["nonlinear"];
    assert_eq!(course["outcome"], "collapsed");
    let carried = course["load_factor"].as_f64().expect("a number");
    // 400 of 500; the last increments are a thousandth of the step and less.
    assert!((0.799..=0.8).contains(&carried), "{carried}");
}

#[test]
fn a_collapse_in_the_first_increment_or_a_later_step_is_told() {
    let material = "*ELASTIC\n200000., 0.3\n*PLASTIC\n400., 0.\n";
    let whole = "*STEP\n*STATIC, DIRECT\n1., 1.\n*DSLOAD\nEND, P, -500.\n*END STEP\n";
    let second = format!("*STEP\n*STATIC\n*DSLOAD\nEND, P, -300.\n*END STEP\n{whole}");
    for (step, n) in [(whole.to_string(), 1), (second, 2)] {
        let folder = scratch();
        std::fs::write(folder.path().join("deck.inp"), bar("C3D8", material, &step)).expect("writable");
        let (code, out, err) = outcome(folder.path(), &["solve", "deck.inp", "-o", "r"]);
        assert_eq!(code, 1, "{out}{err}");
        assert!(out.contains(&format!("step {n}: LIMIT LOAD")), "{out}");
        let text = std::fs::read_to_string(folder.path().join("r/solve.json")).expect("written");
        let object: serde_json::Value = serde_json::from_str(&text).expect("an object");
        let course = &object["steps"][n - 1]["nonlinear"];
        // Of the second step 200 are new: half of it is carried, but it was tried whole.
        assert_eq!((&course["outcome"], &course["load_factor"]), (&"collapsed".into(), &0.0.into()));
        assert_eq!(course["load_factor_without_equilibrium"], 1.0);
    }
}

#[test]
fn steel_that_hardens_little_fails_to_converge_but_has_no_limit_load() {
    let folder = scratch();
    // Yields throughout at four fifths of a load that one increment cannot reach, and then is soft, not spent.
    let material = "*ELASTIC\n200000., 0.3\n*PLASTIC\n400., 0.\n4400., 2.\n";
    let step = "*STEP\n*STATIC\n0.2, 1.\n*DSLOAD\nEND, P, -500.\n*END STEP\n";
    let course = step_of(&bar("C3D8", material, step), folder.path())["nonlinear"].clone();
    assert_eq!(course["outcome"], "completed");
}

/// Two blocks of other meshes, one on the other, the upper one pressed down by 1.
fn two_blocks(behavior: &str, pair: &str) -> String {
    let at = |set, first, z, n| Shape {
        kind: "C3D8",
        set,
        first,
        origin: [0.0, 0.0, z],
        size: [2.0, 2.0, 1.0],
        n,
    };
    let lower = block(at("LOW", 1, 0.0, [2, 2, 1]), |x| x);
    let upper = block(at("UP", 1001, 1.0, [3, 3, 1]), |x| x);
    let faces = [
        lower.set("Z0", |x| x[2] == 0.0),
        lower.set("CORNER", |x| x == [0.0; 3]),
        lower.set("LX", |x| x[0] == 0.0),
        lower.set("LY", |x| x[1] == 0.0),
        upper.set("UX", |x| x[0] == 0.0),
        upper.set("UY", |x| x[1] == 0.0),
        upper.set("BELOW", |x| x[2] == 1.0),
    ];
    format!(
        "{}{}{}*SURFACE, NAME=TOP\nLOW, S2\n*SURFACE, NAME=BOTTOM\nUP, S1\n*SURFACE, NAME=POINTS, TYPE=NODE\nBELOW\n\
         *MATERIAL, NAME=M\n*ELASTIC\n1000., 0.3\n*SOLID SECTION, ELSET=LOW, MATERIAL=M\n*SOLID SECTION, ELSET=UP, MATERIAL=M\n\
         *SURFACE INTERACTION, NAME=I\n{behavior}*CONTACT PAIR, INTERACTION=I{pair}\n\
         *BOUNDARY\nZ0, 3\nLX, 1\nLY, 2\nUX, 1\nUY, 2\n*STEP\n*STATIC\n*DLOAD\nUP, P2, 1.\n*END STEP\n",
        lower.text,
        upper.text,
        faces.concat()
    )
}

#[test]
fn a_uniform_pressure_passes_between_meshes_that_do_not_match() {
    for (behavior, pair) in [
        ("", "\nBOTTOM, TOP\n"),
        (
            "*SURFACE BEHAVIOR, PRESSURE-OVERCLOSURE=HARD\n*FRICTION\n0.3\n",
            ", TYPE=SURFACE TO SURFACE\nBOTTOM, TOP\n",
        ),
        ("*SURFACE BEHAVIOR, PRESSURE-OVERCLOSURE=TIED\n", "\nTOP, BOTTOM\n"),
        ("", ", TYPE=NODE TO SURFACE\nPOINTS, TOP\n"),
    ] {
        let folder = scratch();
        let step = step_of(&two_blocks(behavior, pair), folder.path());
        let contact = &step["nonlinear"]["contact"][0];
        let force = contact["force"][2].as_f64().expect("a number");
        assert!(near(force.abs(), 4.0, 4.0, 1e-6), "{behavior}{pair}: {contact}");
        assert!(contact["mean_overlap_over_element_size"].as_f64().expect("a number") < 1e-3, "{contact}");
        for (at, s) in stresses(&folder.path().join("result"), 1) {
            // Multipliers and Newton are final at 1e-6.
            assert!(near(s[2], -1.0, 1.0, 1e-5), "{behavior}{pair} {at:?}: {s:?}");
            assert!(
                [0, 1, 3, 4, 5].iter().all(|&k| near(s[k], 0.0, 1.0, 1e-5)),
                "{behavior}{pair} {at:?}: {s:?}"
            );
        }
        let table = std::fs::read_to_string(folder.path().join("result/contact.csv")).expect("written");
        assert!(table.starts_with("step,pair,node,status,pressure"), "{table}");
        assert!(table.lines().count() > 4, "{table}");
    }
}

#[test]
fn friction_that_holds_but_for_a_little_slip_settles() {
    for side in [0.02, 0.1, 0.3, 1.0] {
        let folder = scratch();
        let deck = two_blocks("*FRICTION\n0.3\n", "\nBOTTOM, TOP\n")
            .replace("UP, P2, 1.\n", &format!("UP, P2, 1.\nLOW, P4, {side:?}\n"));
        let contact = step_of(&deck, folder.path())["nonlinear"]["contact"][0].clone();
        let force = contact["force"][2].as_f64().expect("a number");
        assert!(near(force.abs(), 4.0, 4.0, 1e-6), "{side}: {contact}");
        let overlap = contact["largest_overlap_over_element_size"].as_f64().expect("a number");
        assert!(overlap < 1e-3, "{side}: {contact}");
    }
}

#[test]
fn a_clearance_is_closed_before_it_presses() {
    let folder = scratch();
    let deck = two_blocks("", "\nBOTTOM, TOP\n*CLEARANCE, SLAVE=BOTTOM, MASTER=TOP, VALUE=0.01\n");
    step_of(&deck, folder.path());
    let top = nodes(&folder.path().join("result"), 1).values().map(|r| r[2]).fold(0.0, f64::min);
    // Two blocks of height 1 under a pressure of 1 with a modulus of 1000, and the gap.
    assert!(near(top, -0.012, 0.012, 1e-5), "{top}");
}

#[test]
fn the_deck_written_back_solves_to_the_same() {
    let folder = scratch();
    let deck =
        two_blocks("*FRICTION\n0.3\n", "\nBOTTOM, TOP\n*CLEARANCE, SLAVE=BOTTOM, MASTER=TOP, VALUE=0.01\n");
    let first = nodes(&solved(folder.path(), &deck, &[]), 1);
    let (code, _, err) = outcome(folder.path(), &["convert", "deck.inp", "again.inp"]);
    assert_eq!(code, 0, "{err}");
    let text = std::fs::read_to_string(folder.path().join("again.inp")).expect("written");
    assert_eq!(first, nodes(&solved(folder.path(), &text, &[]), 1));
}

#[test]
fn nonlinear_keywords_that_make_no_sense_are_named() {
    for (deck, reason) in [
        (two_blocks("", "\nBOTTOM, TPO\n"), "did you mean `TOP`?"),
        (two_blocks("*FRICTION\n-0.1\n", "\nBOTTOM, TOP\n"), "cannot be negative"),
        (
            two_blocks("*SURFACE BEHAVIOR, PRESSURE-OVERCLOSURE=EXPONENTIAL\n1., 1.\n", "\nBOTTOM, TOP\n"),
            "`EXPONENTIAL` is not supported",
        ),
        (two_blocks("", "\nBOTTOM, POINTS\n"), "made of nodes"),
        (
            two_blocks("", "\nBOTTOM, TOP\n").replace("INTERACTION=I\n", "INTERACTION=J\n"),
            "no surface interaction `J`",
        ),
        (bar("C3D8", "*HYPERELASTIC, YEOH\n1., 1., 1.\n", "*STEP\n*STATIC\n*END STEP\n"), "strain energy"),
        (
            bar("C3D8", "*ELASTIC\n1., 0.3\n*PLASTIC\n2., 0.1\n", "*STEP\n*STATIC\n*END STEP\n"),
            "ascend from 0",
        ),
        (
            bar(
                "C3D8I",
                "*ELASTIC\n1., 0.3\n*PLASTIC\n2., 0.\n",
                "*STEP\n*STATIC\n*BOUNDARY\nX1, 1, 1, 0.1\n*END STEP\n",
            ),
            "C3D8I",
        ),
    ] {
        let folder = scratch();
        std::fs::write(folder.path().join("deck.inp"), &deck).expect("writable");
        let (code, _, err) = outcome(folder.path(), &["solve", "deck.inp", "-o", "r", "--quiet"]);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(reason), "{err}");
    }
}

#[test]
fn what_another_format_cannot_carry_is_named() {
    let folder = scratch();
    let deck = two_blocks("", "\nBOTTOM, TOP\n").replace("1000., 0.3\n", "1000., 0.3\n*PLASTIC\n5., 0.\n");
    std::fs::write(folder.path().join("deck.inp"), deck).expect("writable");
    for (file, lost) in [
        ("deck.feb", vec!["1 contact pair has no place", "yield stress of material `M`"]),
        ("deck.vtu", vec!["1 contact pair has no place", "constants of material `M`"]),
    ] {
        let (code, out, err) = outcome(folder.path(), &["convert", "deck.inp", file]);
        assert_eq!(code, 0, "{err}");
        for what in lost {
            assert!(out.contains(what) || err.contains(what), "{file}: {what} is not in {out}{err}");
        }
    }
}

#[test]
fn tables_of_a_contact_problem_have_the_same_bytes_for_any_number_of_threads() {
    let deck = two_blocks("", "\nBOTTOM, TOP\n").replace("UP, P2, 1.\n", "UP, P2, 1.\nLOW, P4, 0.3\n");
    let tables: Vec<Vec<String>> = ["1", "2", "4"]
        .into_iter()
        .map(|threads| {
            let folder = scratch();
            let result = solved(folder.path(), &deck, &["--threads", threads]);
            let read = |name: &str| std::fs::read_to_string(result.join(name)).expect("written");
            ["nodes.csv", "elements.csv", "contact.csv"].map(read).to_vec()
        })
        .collect();
    assert!(tables.iter().all(|t| *t == tables[0]), "threads change the numbers");
}

#[test]
fn supports_that_change_between_steps_hold_what_is_there_and_let_go_slowly() {
    let folder = scratch();
    // Stretched by 0.04 with its far end driven, then held at its near end alone and let go: back to its length.
    let steps = "*STEP, NLGEOM\n*STATIC\n*BOUNDARY\nX1, 1, 1, 0.04\n*END STEP\n\
         *STEP, NLGEOM\n*STATIC\n0.25, 1.\n*BOUNDARY, OP=NEW\nX0, XSYMM\nY0, 2\nZ0, 3, 3\n*END STEP\n\
         *STEP, NLGEOM\n*STATIC\n*BOUNDARY\nX1, 1, 1, -0.04\n*END STEP\n";
    let result = solved(folder.path(), &bar("C3D8", "*ELASTIC\n1000., 0.3\n", steps), &[]);
    let force = |step: u32, x: f64| {
        let rows = nodes(&result, step);
        let bar = plain("C3D8", SIZE, [4, 2, 1]);
        bar.find(|p| p[0] == x).iter().map(|n| rows[n][3]).sum::<f64>()
    };
    let pull = force(1, 4.0);
    // Logarithmic law: Kirchhoff stress E ln λ, so a force of E ln λ/λ on each unit of the area at rest.
    let exact = 1000.0 * 1.01_f64.ln() / 1.01 * 2.0;
    assert!(near(pull, exact, exact, 1e-5), "{pull}, not {exact}");
    for row in nodes(&result, 2).values() {
        assert!(row.iter().take(3).all(|u| u.abs() < 1e-7), "{row:?}");
        assert!(row.iter().skip(3).all(|f| f.abs() < 1e-4 * exact), "{row:?}");
    }
    let exact = 1000.0 * 0.99_f64.ln() / 0.99 * 2.0;
    assert!(near(force(3, 4.0), exact, exact.abs(), 1e-5), "{}, not {exact}", force(3, 4.0));
}

#[test]
fn a_tie_turns_with_its_parts_without_stress() {
    let folder = scratch();
    let lower = plain("C3D8", [2.0, 2.0, 1.0], [1, 1, 1]);
    let upper = block(
        Shape {
            kind: "C3D8",
            set: "FINE",
            first: 1001,
            origin: [0.0, 0.0, 1.0],
            size: [2.0, 2.0, 1.0],
            n: [3, 2, 1],
        },
        |x| x,
    );
    let turned: String = lower
        .nodes
        .iter()
        .map(|(label, x)| {
            let (c, s) = (0.8_f64.cos(), 0.8_f64.sin());
            let u = [c * x[0] - s * x[2] - x[0], 0.0, s * x[0] + c * x[2] - x[2]];
            (0..3).map(|a| format!("{label}, {0}, {0}, {1:?}\n", a + 1, u[a])).collect::<String>()
        })
        .collect();
    let masters = "*SURFACE, NAME=MASTER\n1, S2\n";
    let slaves: String = upper.elements.iter().map(|e| format!("{e}, S1\n")).collect();
    let deck = format!(
        "{}{}*ELSET, ELSET=ALL\nEALL, FINE\n{masters}*SURFACE, NAME=SLAVE\n{slaves}*TIE, NAME=T\nSLAVE, MASTER\n\
         *MATERIAL, NAME=M\n*ELASTIC\n1000., 0.3\n*SOLID SECTION, ELSET=ALL, MATERIAL=M\n*STEP, NLGEOM\n*STATIC\n0.25, 1.\n\
         *BOUNDARY\n{turned}*END STEP\n",
        lower.text, upper.text
    );
    let result = solved(folder.path(), &deck, &[]);
    for (label, row) in nodes(&result, 1).iter().filter(|n| 1000 < *n.0) {
        let x = upper.at(*label);
        let (c, s) = (0.8_f64.cos(), 0.8_f64.sin());
        let u = [c * x[0] - s * x[2] - x[0], 0.0, s * x[0] + c * x[2] - x[2]];
        assert!(row.iter().zip(u).all(|(a, b)| near(*a, b, 1.0, 1e-6)), "node {label}: {row:?}, not {u:?}");
    }
    assert!(
        stresses(&result, 1).values().flatten().all(|s| s.abs() < 1e-3),
        "no stress beside 1000 MPa of modulus"
    );
}
