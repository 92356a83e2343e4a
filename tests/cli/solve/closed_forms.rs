//! Answers that can be had with pencil and paper.

use super::super::blocks::{Shape, block, nodes, plain, stresses};
use super::{near, scratch, solved};

/// Round-off of a direct solve of a few hundred unknowns.
const ROUND_OFF: f64 = 1e-9;

/// Material and section of all elements.
const STEEL: &str = "*MATERIAL, NAME=STEEL\n*ELASTIC\n210000., 0.3\n*DENSITY\n7.8E-9\n*EXPANSION\n1.2E-5\n\
                     *SOLID SECTION, ELSET=EALL, MATERIAL=STEEL\n";

/// Three planes of symmetry at the origin.
const ROLLERS: &str = "*BOUNDARY\nX0, XSYMM\nY0, 2\nZ0, 3, 3\n";

#[test]
fn a_bar_under_tension_stretches_by_hookes_law() {
    let size = [8.0, 2.0, 1.0];
    let (area, length, pull) = (2.0, 8.0, 100.0);
    for kind in ["C3D8", "C3D8I", "C3D20", "C3D20R"] {
        let folder = scratch();
        let bar = plain(kind, size, [4, 2, 1]);
        let ends =
            bar.elements.iter().filter(|e| *e % 4 == 0).map(|e| format!("{e}, P4, {:?}\n", -pull / area));
        let deck = format!(
            "{}{}{STEEL}{ROLLERS}*STEP\n*STATIC\n*DLOAD\n{}*END STEP\n",
            bar.text,
            bar.faces(size),
            ends.collect::<String>()
        );
        let result = solved(folder.path(), &deck, &[]);
        let stress = pull / area;
        for (label, row) in nodes(&result, 1) {
            let x = bar.at(label);
            let u = [stress * x[0], -0.3 * stress * x[1], -0.3 * stress * x[2]].map(|s| s / 210_000.0);
            for a in 0..3 {
                assert!(
                    near(row[a], u[a], stress * length / 210_000.0, ROUND_OFF),
                    "{kind} node {label}: {row:?}"
                );
            }
        }
        for (at, s) in stresses(&result, 1) {
            assert!(near(s[0], stress, stress, ROUND_OFF), "{kind} {at:?}: {s:?}");
            assert!(s[1..].iter().all(|s| near(*s, 0.0, stress, ROUND_OFF)), "{kind} {at:?}: {s:?}");
        }
        let sum: f64 = nodes(&result, 1).values().map(|r| r[3]).sum();
        assert!(near(sum, -pull, pull, ROUND_OFF), "{kind}: {sum}");
    }
}

#[test]
fn a_prescribed_displacement_asks_for_the_force_of_hookes_law() {
    let folder = scratch();
    let size = [8.0, 2.0, 1.0];
    let bar = plain("C3D20R", size, [4, 1, 1]);
    let deck = format!(
        "{}{}{STEEL}{ROLLERS}*STEP\n*STATIC\n*BOUNDARY\nX1, 1, 1, 0.04\n*NODE PRINT, NSET=X1\nU, RF\n*END STEP\n",
        bar.text,
        bar.faces(size)
    );
    let result = solved(folder.path(), &deck, &[]);
    let force = 210_000.0 * 0.04 / 8.0 * 2.0;
    let rows = nodes(&result, 1);
    assert!(rows.values().all(|r| r[0] == 0.04), "{rows:?}");
    let sum: f64 = rows.values().map(|r| r[3]).sum();
    assert!(near(sum, force, force, ROUND_OFF), "{sum}");
}

#[test]
fn a_column_under_its_weight_sinks_quadratically() {
    let folder = scratch();
    let size = [1.0, 1.0, 5.0];
    let column = plain("C3D8", size, [1, 1, 5]);
    // Without lateral strain the problem is one-dimensional, where linear elements are exact at their nodes.
    let material = STEEL.replace("0.3", "0.");
    let deck = format!(
        "{}{}{material}{ROLLERS}*STEP\n*STATIC\n*DLOAD\nEALL, GRAV, 9810., 0., 0., -2.\n*END STEP\n",
        column.text,
        column.faces(size)
    );
    let result = solved(folder.path(), &deck, &[]);
    let weight = 7.8e-9 * 9810.0;
    for (label, row) in nodes(&result, 1) {
        let z = column.at(label)[2];
        let sunk = -weight * (5.0 * z - 0.5 * z * z) / 210_000.0;
        assert!(near(row[2], sunk, weight * 12.5 / 210_000.0, ROUND_OFF), "node {label}: {row:?}");
    }
    let sum: f64 = nodes(&result, 1).values().map(|r| r[5]).sum();
    assert!(near(sum, weight * 5.0, weight * 5.0, ROUND_OFF), "{sum}");
}

#[test]
fn a_spinning_disk_sector_pulls_with_its_mass_times_its_radius() {
    let folder = scratch();
    // A quarter ring held in all directions where it meets the planes of symmetry.
    let map = |x: [f64; 3]| [x[0] * x[1].cos(), x[0] * x[1].sin(), x[2]];
    let angle = std::f64::consts::FRAC_PI_2;
    let shape = Shape {
        kind: "C3D20",
        set: "EALL",
        first: 1,
        origin: [10.0, 0.0, 0.0],
        size: [10.0, angle, 2.0],
        n: [3, 6, 1],
    };
    let ring = block(shape, map);
    let deck = format!(
        "{}{}{STEEL}*BOUNDARY\nENDS, 1, 3\n*STEP\n*STATIC\n*DLOAD\nEALL, CENTRIF, 1.E6, 0., 0., 0., 0., 0., 1.\n*END STEP\n",
        ring.text,
        ring.set("ENDS", |x| x[0].abs() < 1e-9 || x[1].abs() < 1e-9)
    );
    let result = solved(folder.path(), &deck, &[]);
    // ρ ω² ∫ x dV of a quarter ring: ρ ω² t (b³ − a³) / 3
    let expected = 7.8e-9 * 1e6 * 2.0 * (20.0_f64.powi(3) - 10.0_f64.powi(3)) / 3.0;
    for axis in [3, 4] {
        let sum: f64 = nodes(&result, 1).values().map(|r| r[axis]).sum();
        // Quadratic edges follow a circle of 15° to 1e-5.
        assert!(near(-sum, expected, expected, 2e-5), "{sum} {expected}");
    }
}

#[test]
fn heat_stretches_a_free_body_and_presses_a_blocked_one() {
    let size = [2.0, 3.0, 1.0];
    for kind in ["C3D8", "C3D8I", "C3D20", "C3D20R"] {
        let folder = scratch();
        let body = plain(kind, size, [2, 2, 1]);
        let blocked = "*STEP\n*STATIC\n*BOUNDARY\nX1, 1\nY1, 2\nZ1, 3\n*END STEP\n";
        let deck = format!(
            "{}{}{}{STEEL}{ROLLERS}*INITIAL CONDITIONS, TYPE=TEMPERATURE\n\
             ALL, 20.\n*STEP\n*STATIC\n*TEMPERATURE\nALL, 70.\n*END STEP\n{blocked}",
            body.text,
            body.faces(size),
            body.set("ALL", |_| true)
        );
        let result = solved(folder.path(), &deck, &[]);
        let strain = 1.2e-5 * 50.0;
        for (label, row) in nodes(&result, 1) {
            let x = body.at(label);
            assert!((0..3).all(|a| near(row[a], strain * x[a], 3.0 * strain, ROUND_OFF)), "{kind} {label}");
        }
        let pressure = 210_000.0 * strain / (1.0 - 2.0 * 0.3);
        assert!(
            stresses(&result, 1).values().flatten().all(|s| near(*s, 0.0, pressure, ROUND_OFF)),
            "{kind}"
        );
        for s in stresses(&result, 2).values() {
            assert!((0..3).all(|a| near(s[a], -pressure, pressure, ROUND_OFF)), "{kind}: {s:?}");
        }
    }
}

#[test]
fn orthotropic_constants_follow_the_orientation() {
    let size = [4.0, 1.0, 1.0];
    let (e1, e2, nu12, g12) = (20_000.0_f64, 5_000.0, 0.25, 3_000.0);
    for degrees in [0.0_f64, 30.0, 45.0, 90.0] {
        let folder = scratch();
        let bar = plain("C3D20", size, [2, 1, 1]);
        let (sin, cos) = degrees.to_radians().sin_cos();
        let ends = bar.elements.iter().filter(|e| *e % 2 == 0).map(|e| format!("{e}, P4, -10.\n"));
        // A statically determinate support lets the bar shear as it likes; the stress is uniform.
        let deck = format!(
            "{}{}*MATERIAL, NAME=PLY\n*ELASTIC, TYPE=ENGINEERING CONSTANTS\n{e1}, {e2}, 4000., {nu12}, 0.3, 0.2, {g12}, 2500.,\n2000.\n\
             *ORIENTATION, NAME=FIBRE\n{cos:?}, {sin:?}, 0., {:?}, {cos:?}, 0.\n\
             *SOLID SECTION, ELSET=EALL, MATERIAL=PLY, ORIENTATION=FIBRE\n\
             *BOUNDARY\n{o}, 1, 3\n{y}, 1\n{z}, 1, 2\n\
             *STEP\n*STATIC\n*DLOAD\n{}{}*EL PRINT, ELSET=EALL, GLOBAL=NO\nS\n*END STEP\n",
            bar.text,
            bar.faces(size),
            -sin,
            ends.collect::<String>(),
            bar.elements
                .iter()
                .filter(|e| *e % 2 == 1)
                .map(|e| format!("{e}, P6, -10.\n"))
                .collect::<String>(),
            o = bar.find(|x| x == [0.0; 3])[0],
            y = bar.find(|x| x == [0.0, 1.0, 0.0])[0],
            z = bar.find(|x| x == [0.0, 0.0, 1.0])[0],
        );
        let result = solved(folder.path(), &deck, &[]);
        let flexibility =
            cos.powi(4) / e1 + sin.powi(4) / e2 + (1.0 / g12 - 2.0 * nu12 / e1) * cos * cos * sin * sin;
        let stretch = 10.0 * 4.0 * flexibility;
        let tip = bar.find(|x| x == [4.0, 0.0, 0.0])[0];
        assert!(near(nodes(&result, 1)[&tip][0], stretch, stretch, ROUND_OFF), "{degrees}°");
        for s in stresses(&result, 1).values() {
            let local = [10.0 * cos * cos, 10.0 * sin * sin, 0.0, -10.0 * sin * cos, 0.0, 0.0];
            assert!((0..6).all(|i| near(s[i], local[i], 10.0, ROUND_OFF)), "{degrees}°: {s:?} {local:?}");
        }
    }
}
