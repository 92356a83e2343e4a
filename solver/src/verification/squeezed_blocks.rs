//! Two blocks squeezed from the sides: contact that opens at its ends.
//!
//! ```text
//!  ┌──────┐ 20 mm   lower block 15 GPa, ν 0.2, upper one 20 GPa, ν 0.4, plane strain, both ends held along x and y, the
//!  │ upper│         sides loaded; frictionless, hard contact
//!  ├──────┤ 10      p. 44: both sides of the lower block inwards and down, the top lowered by 0.5 µm
//!  │ lower│         p. 73: the left of the upper and the right of the lower inwards and down: the joint tilts
//!  └──────┘ 0
//! ```

use super::mesh::block;
use super::problem::near;
use super::touching::Touching;
use super::{Check, Row, VerificationError};
use crate::contact::{Pair, PairOptions, Status};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use dens_mesher::mixed::Shape;

pub(super) const CHECK: Check = Check {
    id: "C14",
    title: "Two squeezed blocks whose joint opens at its ends",
    source: "Hüeber (2008), Discretization techniques … for contact problems, Ph.D. thesis, Stuttgart, pp. 44, 73; \
             hueeber1, hueeber2 of the test suite of CalculiX 2.20 (C3D8, 60 and 70 cells along the joint)",
    run,
};

/// Width and height of each block, mm.
const SIZE: f64 = 10.0;

/// Both blocks, `top` mm lower at their upper end; loads are to be added.
fn blocks(top: f64) -> Result<Touching, VerificationError> {
    let mesh = |n: usize, y: f64| {
        block(Shape::Hex8, [n, n, 1], false, |x| Vec3::new(SIZE * x.x, y + SIZE * x.y, x.z))
    };
    let mut t = Touching::new(&[
        (mesh(60, 0.0), Formulation::Hex8, isotropic(15e3, 0.2)),
        (mesh(70, SIZE), Formulation::Hex8, isotropic(20e3, 0.4)),
    ])?;
    for (part, y, down) in [(0, 0.0, 0.0), (1, 2.0 * SIZE, top)] {
        let end = t.nodes(part, |p| near(p.y, y));
        t.hold(&end, 0, |_| 0.0);
        t.hold(&end, 1, |_| -down);
        let all = t.nodes(part, |_| true);
        t.hold(&all, 2, |_| 0.0);
    }
    let slave = t.facets(1, |p| near(p.y, SIZE));
    let master = t.facets(0, |p| near(p.y, SIZE));
    t.touch(&slave, &master, PairOptions::default())?;
    Ok(t)
}

/// Pushes a side inwards with 0.1 and down with 1 MPa, `share` times.
fn squeeze(t: &mut Touching, part: usize, x: f64, share: f64) {
    let side = t.facets(part, |p| near(p.x, x));
    let inward = if x == 0.0 { 0.1 } else { -0.1 };
    t.pull(&side, share * Vec3::new(inward, -1.0, 0.0));
}

/// Displacement of the lower block at the joint, mm.
fn at(t: &Touching, x: f64) -> Vec3 {
    let node = t.nodes(0, |p| near(p.x, x) && near(p.y, SIZE) && near(p.z, 0.0))[0];
    t.displacements[node as usize]
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    let mut first = blocks(5e-4)?;
    squeeze(&mut first, 0, 0.0, 1.0);
    squeeze(&mut first, 0, SIZE, 1.0);
    first.solve(1)?;
    let mut second = blocks(0.0)?;
    // 70 cells with the nodal forces of 60.
    squeeze(&mut second, 1, 0.0, 70.0 / 60.0);
    squeeze(&mut second, 0, SIZE, 1.0);
    second.solve(1)?;
    for (name, t, x, target) in [
        ("p. 44", &first, SIZE, [4.934_943e-4, -1.205_747e-3]),
        ("p. 44", &first, 0.5 * SIZE, [0.0, -4.652_853e-4]),
        ("p. 73", &second, SIZE, [1.103_640e-3, -1.435_801e-3]),
        ("p. 73", &second, 0.5 * SIZE, [6.424_103e-4, -3.207_680e-4]),
        ("p. 73", &second, 0.0, [2.853_008e-4, -6.522_366e-4]),
    ] {
        let found = at(t, x);
        for (axis, symbol) in [(0, "u_x"), (1, "u_y")] {
            if target[axis] != 0.0 {
                let quantity = format!("{name}: {symbol} at x = {x}");
                rows.push(Row::relative(&quantity, "mm", target[axis], found[axis], 0.01));
            }
        }
    }
    let open =
        |pair: &Pair, u: &[Vec3]| pair.nodes(u).iter().filter(|n| n.status == Status::Open).count() as f64;
    rows.push(Row {
        tolerance: super::Tolerance::AtLeast,
        ..Row::at_most("p. 73: nodes that open", "", 1.0, open(&second.pairs[0], &second.displacements))
    });
    Ok(rows)
}
