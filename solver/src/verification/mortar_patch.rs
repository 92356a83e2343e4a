//! Patch tests of mortar contact: a constant stress crosses non-matching meshes unchanged.
//!
//! ```text
//!   ↓ p ↓ p ↓        3 × 3 on 4 × 4 bricks in plan, cells on each side tet10 or tet4, midplane at z = 1;
//!  ┌─┬─┬─┐           symmetry planes at x = 0 and y = 0, foot held along z
//!  ├┬┴┬┴┬┤           exact: σ_zz = −p, all else zero, in every cell; shear traction and axial pull as well for ties
//!  └┴─┴─┴┘
//! ```

use super::mesh::block;
use super::problem::near;
use super::touching::Touching;
use super::{Check, Row, VerificationError};
use crate::contact::{Law, PairOptions};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;

pub(super) const TIED: Check = Check {
    id: "P2M",
    title: "Tied patch by mortar: tet10 on tet10, tet10 on tet4, tet4 on tet10",
    source: "Puso & Laursen (2004), Comput. Methods Appl. Mech. Eng. 193, 601-629",
    run: run_tied,
};

pub(super) const TOUCHING: Check = Check {
    id: "C1M",
    title: "Contact patch by mortar: frictionless and with friction, non-matching tet10",
    source: "Taylor & Papadopoulos (1991), in: Nonlinear Computational Mechanics",
    run: run_touching,
};

/// Pressure, MPa.
const P: f64 = 1.0;

/// Two blocks of 2 × 2 × 1 mm on each other with symmetry supports.
pub(super) fn stack(
    formulations: [Formulation; 2],
    moduli: [f64; 2],
    nu: f64,
) -> Result<Touching, VerificationError> {
    let mesh = |k: usize, n: [usize; 3], z: f64| {
        block(formulations[k].shape(), n, false, |x| Vec3::new(2.0 * x.x, 2.0 * x.y, z + x.z))
    };
    let mut t = Touching::new(&[
        (mesh(0, [4, 4, 2], 0.0), formulations[0], isotropic(moduli[0], nu)),
        (mesh(1, [3, 3, 2], 1.0), formulations[1], isotropic(moduli[1], nu)),
    ])?;
    t.hold_symmetry();
    let foot = t.nodes(0, |p| near(p.z, 0.0));
    t.hold(&foot, 2, |_| 0.0);
    let head = t.facets(1, |p| near(p.z, 2.0));
    t.pull(&head, Vec3::new(0.0, 0.0, -P));
    Ok(t)
}

/// Joins the stack; the upper block is the slave.
pub(super) fn join(t: &mut Touching, options: PairOptions) -> Result<(), VerificationError> {
    let slave = t.facets(1, |p| near(p.z, 1.0));
    let master = t.facets(0, |p| near(p.z, 1.0));
    t.touch(&slave, &master, options)
}

/// Largest error of any stress component at any point, over the pressure.
fn stress_error(t: &Touching) -> Result<f64, VerificationError> {
    let exact = [0.0, 0.0, -P, 0.0, 0.0, 0.0];
    let stresses = t.stresses()?.stresses;
    let errors = stresses.iter().flat_map(|s| s.iter().zip(exact).map(|(s, e)| (s - e).abs()));
    Ok(errors.fold(0.0, f64::max) / P)
}

fn run_tied() -> Result<Vec<Row>, VerificationError> {
    let (quadratic, linear) = (Formulation::Tet10, Formulation::Tet4);
    let mut rows = Vec::new();
    for formulations in [[quadratic; 2], [linear, quadratic], [quadratic, linear]] {
        for upper in [1000.0, 50_000.0] {
            // Unlike lateral strains would bend the stack: ν = 0 keeps the exact solution uniform.
            let mut t = stack(formulations, [1000.0, upper], 0.0)?;
            let held = t.nodes(1, |p| near(p.z, 1.0) && (near(p.x, 0.0) || near(p.y, 0.0)));
            join(&mut t, PairOptions { law: Law::Bonded, tolerance: 1e-10, held, ..PairOptions::default() })?;
            t.solve(1)?;
            let name = format!("{:?} on {:?}, E {upper} on 1000", formulations[1], formulations[0]);
            rows.push(Row::vanishing(&format!("{name}: stress"), "", stress_error(&t)?, 1e-8));
        }
    }
    Ok(rows)
}

fn run_touching() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    for (friction, upper) in [(0.0, 1000.0), (0.0, 50_000.0), (0.3, 1000.0)] {
        let mut t = stack([Formulation::Tet10; 2], [1000.0, upper], if friction == 0.0 { 0.3 } else { 0.0 })?;
        let law = Law::Sliding { friction };
        join(&mut t, PairOptions { law, tolerance: 1e-10, ..PairOptions::default() })?;
        t.solve(1)?;
        let name = format!("friction {friction}, E {upper} on 1000");
        rows.push(Row::vanishing(&format!("{name}: stress"), "", stress_error(&t)?, 1e-8));
        let nodes = t.pairs[0].nodes(&t.displacements);
        let pressure = nodes.iter().map(|n| (n.pressure / P - 1.0).abs()).fold(0.0, f64::max);
        rows.push(Row::vanishing(&format!("{name}: pressure"), "", pressure, 1e-8));
    }
    Ok(rows)
}
