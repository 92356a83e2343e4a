//! The answer does not depend on the system of units nor on the numbering of the nodes.

use super::mesh::{block, distort};
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};

pub(super) const CHECK: Check = Check {
    id: "INV",
    title: "Invariance to units (mm-N-MPa, m-N-Pa) and to node numbers",
    source: "exact",
    run,
};

/// Displacements of a held and pulled block, mm, all lengths in `unit` mm, by the place of its nodes.
fn displacements(unit: f64, reversed: bool) -> Result<Vec<Vec3>, VerificationError> {
    let plain = block(Shape::Tet10, [4, 3, 3], true, distort);
    let n = plain.n_nodes() as u32;
    let number = |i: u32| if reversed { n - 1 - i } else { i };
    let mut points = vec![Vec3::zeros(); n as usize];
    for (i, p) in (0..).zip(plain.points()) {
        points[number(i) as usize] = p / unit;
    }
    let cells: Vec<Vec<u32>> =
        (0..plain.n_cells()).map(|c| plain.cell(c).iter().map(|i| number(*i)).collect()).collect();
    let mesh = MixedMesh::new(points, cells.iter().map(|c| (Shape::Tet10, c.as_slice())))
        .expect("a renumbered mesh is as sound as the first");
    // MPa = N/mm²: with lengths in `unit` mm, stresses are in N per unit².
    let stress = unit * unit;
    let mut problem = Problem::new(mesh, Formulation::Tet10, isotropic(1000.0 * stress, 0.3))?;
    let low = |p: Vec3| near(p.x * unit, distort(Vec3::new(0.0, p.y, p.z)).x) || p.x * unit < 0.1;
    problem.hold(|p| [low(p).then_some(0.0); 3]);
    problem.pull(Vec3::new(0.3, -0.2, 1.0) * stress, |p| 0.9 < p.x * unit);
    let answer = problem.solve()?.answer;
    Ok((0..n).map(|i| answer.displacements[number(i) as usize] * unit).collect())
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let reference = displacements(1.0, false)?;
    let size = reference.iter().map(|u| u.norm()).fold(0.0, f64::max);
    let difference =
        |other: &[Vec3]| reference.iter().zip(other).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max) / size;
    Ok(vec![
        Row::vanishing(
            "lengths in m, stresses in Pa: largest difference",
            "",
            difference(&displacements(1000.0, false)?),
            1e-9,
        ),
        Row::vanishing(
            "nodes numbered backwards: largest difference",
            "",
            difference(&displacements(1.0, true)?),
            1e-9,
        ),
    ])
}
