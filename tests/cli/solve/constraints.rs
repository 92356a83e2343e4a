//! `*TRANSFORM`, `*EQUATION`, `*TIE` and steps against closed forms.

use super::super::blocks::{Shape, block, nodes, plain, stresses};
use super::{near, scratch, solved};

const MATERIAL: &str = "*MATERIAL, NAME=M\n*ELASTIC\n1000., 0.3\n*SOLID SECTION, ELSET=EALL, MATERIAL=M\n";

#[test]
fn a_pressed_cylinder_held_along_its_own_axes_follows_lame() {
    let folder = scratch();
    // A sector of 60° that starts at 17°, so that no support lies along a global axis.
    let (inner, outer, pressure) = (10.0_f64, 20.0_f64, 3.0);
    let start = 17.0_f64.to_radians();
    let map = |x: [f64; 3]| [x[0] * (start + x[1]).cos(), x[0] * (start + x[1]).sin(), x[2]];
    let sector = std::f64::consts::FRAC_PI_3;
    let shape = Shape {
        kind: "C3D20R",
        set: "EALL",
        first: 1,
        origin: [inner, 0.0, 0.0],
        size: [outer - inner, sector, 1.0],
        n: [6, 6, 1],
    };
    let pipe = block(shape, map);
    let angle = |x: [f64; 3]| x[1].atan2(x[0]) - start;
    let radius = |x: [f64; 3]| x[0].hypot(x[1]);
    let inside: String =
        pipe.elements.iter().filter(|e| *e % 6 == 1).map(|e| format!("{e}, P6, {pressure}\n")).collect();
    let deck = format!(
        "{}{}{}{}*NSET, NSET=ALL\nCUT, FLAT, INNER\n*TRANSFORM, NSET=ALL, TYPE=C\n0., 0., 0., 0., 0., 1.\n{MATERIAL}\
         *BOUNDARY\nCUT, 2\nFLAT, 3\n*STEP\n*STATIC\n*DLOAD\n{inside}*NODE PRINT, NSET=INNER, GLOBAL=NO\nU\n\
         *EL PRINT, ELSET=EALL\nS\n*END STEP\n",
        pipe.text,
        pipe.set("CUT", |x| angle(x).abs() < 1e-9 || (angle(x) - sector).abs() < 1e-9),
        pipe.set("FLAT", |x| x[2] == 0.0 || x[2] == 1.0),
        pipe.set("INNER", |x| (radius(x) - inner).abs() < 1e-9),
    );
    let result = solved(folder.path(), &deck, &[]);
    // Plane strain: u(r) = (1 + ν) / E · p a² / (b² − a²) · ((1 − 2 ν) r + b² / r)
    let (e, nu) = (1000.0, 0.3);
    let k = pressure * inner * inner / (outer * outer - inner * inner);
    let moved = (1.0 + nu) / e * k * ((1.0 - 2.0 * nu) * inner + outer * outer / inner);
    for (label, row) in nodes(&result, 1) {
        // Six quadratic bricks across the wall.
        assert!(near(row[0], moved, moved, 1e-3), "node {label}: {row:?} {moved}");
        assert!(near(row[1], 0.0, moved, 1e-3), "node {label}: {row:?}");
    }
    let first = stresses(&result, 1)[&(1, 1)];
    // The mean of radial and tangential stress is the same everywhere.
    assert!(near(0.5 * (first[0] + first[1]), k, k, 5e-3), "{first:?} {k}");
}

#[test]
fn an_equation_makes_nodes_move_together() {
    let folder = scratch();
    let size = [4.0, 1.0, 1.0];
    let bar = plain("C3D8", size, [2, 1, 1]);
    let end = bar.find(|x| x[0] == 4.0);
    let equations: String =
        end[1..].iter().map(|n| format!("*EQUATION\n2\n{n}, 1, 2., {}, 1, -2.\n", end[0])).collect();
    // A reference node of its own carries the force: u(reference) = 0.5 u(end).
    let deck = format!(
        "{}*NODE\n900, 9., 9., 9.\n{}{MATERIAL}{equations}*EQUATION\n2\n{}, 1, 1., 900, 1, -2.\n\
         *BOUNDARY\nX0, 1\nY0, 2\nZ0, 3\n*STEP\n*STATIC\n*CLOAD\n900, 1, 10.\n*END STEP\n",
        bar.text,
        bar.faces(size),
        end[0]
    );
    let result = solved(folder.path(), &deck, &[]);
    let rows = nodes(&result, 1);
    // Work: 10 u(reference) = 5 u(end): the bar feels a force of 5.
    let stretch = 5.0 * 4.0 / 1000.0;
    for n in &end {
        assert!(near(rows[n][0], stretch, stretch, 1e-9), "node {n}: {:?}", rows[n]);
    }
    assert!(near(rows[&900][0], 0.5 * stretch, stretch, 1e-9), "{:?}", rows[&900]);
}

#[test]
fn a_tie_passes_uniform_stress_between_meshes_that_do_not_match() {
    let folder = scratch();
    let lower = plain("C3D20R", [2.0, 2.0, 1.0], [1, 1, 1]);
    // The tied side lies a little off the master and is moved onto it.
    let upper = block(
        Shape {
            kind: "C3D20R",
            set: "FINE",
            first: 1001,
            origin: [0.0, 0.0, 1.001],
            size: [2.0, 2.0, 1.0],
            n: [2, 2, 1],
        },
        |x| x,
    );
    let foot = upper.find(|x| x[2] == 1.001).iter().map(|n| format!("{n}\n")).collect::<String>();
    let top: String = upper.elements.iter().map(|e| format!("{e}, P2, -7.\n")).collect();
    let deck = format!(
        "{}{}*ELSET, ELSET=EALL\nFINE\n{}{}*NSET, NSET=X\nLX, UX\n*NSET, NSET=Y\nLY, UY\n{}{MATERIAL}\
         *SURFACE, NAME=MASTER\n1, S2\n*NSET, NSET=FOOT\n{foot}*SURFACE, NAME=SLAVE, TYPE=NODE\nFOOT\n\
         *TIE, NAME=GLUE, POSITION TOLERANCE=0.01\nSLAVE, MASTER\n*BOUNDARY\nX, 1\nY, 2\nZ0, 3\n\
         *STEP\n*STATIC\n*DLOAD\n{top}*END STEP\n",
        lower.text,
        upper.text,
        lower.set("LX", |x| x[0] == 0.0) + &upper.set("UX", |x| x[0] == 0.0),
        lower.set("LY", |x| x[1] == 0.0) + &upper.set("UY", |x| x[1] == 0.0),
        lower.set("Z0", |x| x[2] == 0.0),
    );
    let result = solved(folder.path(), &deck, &[]);
    for (at, s) in stresses(&result, 1) {
        assert!(near(s[2], 7.0, 7.0, 1e-8), "{at:?}: {s:?}");
        assert!([0, 1, 3, 4, 5].iter().all(|&i| near(s[i], 0.0, 7.0, 1e-8)), "{at:?}: {s:?}");
    }
    let warnings = std::fs::read_to_string(result.join("solve.json")).expect("there");
    assert!(warnings.contains("moved onto the master surface"), "{warnings}");
}

#[test]
fn steps_carry_loads_on_until_they_are_replaced_or_removed() {
    let folder = scratch();
    let size = [4.0, 1.0, 1.0];
    let bar = plain("C3D8", size, [2, 1, 1]);
    let pull = |op: &str, set: &str, axis: u8, force: f64| {
        format!("*STEP\n*STATIC\n*CLOAD{op}\n{set}, {axis}, {force}\n*END STEP\n")
    };
    let deck = format!(
        "{}{}{}*BOUNDARY\nX0, 1\nY0, 2\nZ0, 3\n{}{}{}{}{}",
        bar.text,
        bar.faces(size),
        MATERIAL.replace("0.3", "0."),
        pull("", "X1", 1, 2.5),
        pull("", "Y1", 2, 1.0),
        pull("", "X1", 1, 5.0),
        pull(", OP=NEW", "X1", 1, 7.5),
        "*STEP, PERTURBATION\n*STATIC\n*CLOAD\nY1, 2, 1.\n*END STEP\n",
    );
    let result = solved(folder.path(), &deck, &[]);
    // Four nodes carry the pull along x, six the pull along y over an area of 4.
    let expected = [[10.0, 0.0], [10.0, 1.0], [20.0, 1.0], [30.0, 0.0], [0.0, 1.0]];
    for (i, [x, y]) in expected.into_iter().enumerate() {
        let rows = nodes(&result, i as u32 + 1);
        let sum = |axis: usize| rows.values().map(|r| r[axis]).sum::<f64>();
        assert!(near(sum(3), -x, 30.0, 1e-9), "step {}: {}", i + 1, sum(3));
        assert!(near(sum(4), -6.0 * y, 30.0, 1e-9), "step {}: {}", i + 1, sum(4));
    }
    for name in ["result_step_1.vtu", "result_step_4.vtu", "result.vtu", "result.pvd"] {
        assert!(result.join(name).exists(), "{name}");
    }
}
