//! Tip displacement of a beam twisted by a quarter turn.
//!
//! Source: MacNeal & Harder (1985), A proposed standard set of problems to test finite element accuracy, Finite
//! Elem. Anal. Des. 1, 3-20, fig. 4 and table 3.
//!
//! ```text
//! //|  ______                       length 12 in, width 1.1 in, thickness 0.32 in, twist 90° root to tip
//! //| |      ╲______│               E = 29e6 psi, ν = 0.22, unit force at the tip
//! //| |______╱      │               in plane (along the width at the tip): 5.424e-3 in
//! //|                               out of plane (along the thickness there): 1.754e-3 in
//! ```

use dens_mesher::Vec3;
use dens_solver::elements::Displacement;
use dens_solver::tensor::isotropic;
use dens_tests::{Statics, block, nodes_of};
use std::f64::consts::FRAC_PI_2;

const LENGTH: f64 = 12.0;
const WIDTH: f64 = 1.1;
const THICKNESS: f64 = 0.32;

/// Mean displacement of the end face along the force.
fn tip(direction: Vec3) -> f64 {
    let twist = |x: Vec3| {
        let (sin, cos) = (FRAC_PI_2 * x.x / LENGTH).sin_cos();
        let (y, z) = (x.y - 0.5 * WIDTH, x.z - 0.5 * THICKNESS);
        Vec3::new(x.x, cos * y - sin * z, sin * y + cos * z)
    };
    let mesh = block([LENGTH, WIDTH, THICKNESS], [24, 3, 1], twist);
    let mut statics = Statics::new(mesh, isotropic(29e6, 0.22), &Displacement);
    statics.hold("x-", |_| [Some(0.0); 3]);
    statics.pull("x+", |_, _| direction / (WIDTH * THICKNESS));
    let answer = statics.solve();
    let end = nodes_of(&statics.mesh, "x+");
    end.iter().map(|&n| answer.at(n).dot(&direction)).sum::<f64>() / end.len() as f64
}

#[test]
fn twisted_beam_bends_as_published() {
    // At the tip the width points along z. 1 %: published to four digits, one brick through the thickness.
    for (direction, published) in [(Vec3::z(), 5.424e-3), (Vec3::y(), 1.754e-3)] {
        let found = tip(direction);
        assert!((found / published - 1.0).abs() < 0.01, "{found:.4e} {published:.4e}");
    }
}
