//! Bonded blocks with meshes that do not match: a constant stress crosses unchanged.
//!
//! ```text
//!   ↓ p ↓ p ↓           3 × 3 on 4 × 4 bricks in plan, ν = 0, bonded by the segment-based interface
//!  ┌─┬─┬─┐
//!  ├┬┴┬┴┬┤              exact: σ_zz = −p, shear 0
//!  └┴─┴─┴┘
//! ```

use super::mesh::{block, tetrahedra};
use super::problem::near;
use super::{Check, Row, VerificationError};
use crate::elements::Section;
use crate::loads::contact::{Gaps, Law};
use crate::loads::traction::Traction;
use crate::model::{Hold, Interface, Model, Part, Surface};
use crate::newton::{Options, solve};
use crate::solution::Solution;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use dens_mesher::mesh::Mesh;
use dens_mesher::mixed::Shape;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub(super) const CHECK: Check = Check {
    id: "P2",
    title: "Tied patch: non-matching tet10 meshes under uniform pressure",
    source: "Taylor & Papadopoulos (1991), in: Nonlinear Computational Mechanics",
    run,
};

/// Pressure on the stack, MPa.
pub(super) const P: f64 = 1.0;

/// Isotropic part.
pub(crate) fn part(name: &str, mesh: Mesh, modulus: f64, nu: f64) -> Part {
    let of_cell = vec![0; mesh.n_cells()];
    Part {
        name: name.to_string(),
        mesh: Arc::new(mesh),
        palette: vec![Section::suited(isotropic(modulus, nu))],
        of_cell,
    }
}

/// Boundary facets of a part whose nodes lie at `place`.
pub(crate) fn surface(parts: &[Part], part: usize, place: impl Fn(Vec3) -> bool) -> Surface {
    let mesh = &parts[part].mesh;
    let at = |f: &u32| mesh.boundary[*f as usize].nodes.iter().all(|n| place(mesh.points[*n as usize]));
    Surface { part, facets: (0..mesh.boundary.len() as u32).filter(at).collect() }
}

/// Two blocks under uniform pressure, the lower one held at its foot; the interface at z = 1 raised by `bulge`.
pub(super) fn stack(law: Law, upper: f64, bulge: impl Fn(Vec3) -> f64) -> Model {
    let raise = |p: Vec3| p + Vec3::new(0.0, 0.0, bulge(p) * (1.0 - (p.z - 1.0).abs()));
    let lower = block(Shape::Tet10, [4, 4, 2], true, |x| raise(Vec3::new(2.0 * x.x, 2.0 * x.y, x.z)));
    let above = block(Shape::Tet10, [3, 3, 2], true, |x| raise(Vec3::new(2.0 * x.x, 2.0 * x.y, 1.0 + x.z)));
    let parts =
        vec![part("lower", tetrahedra(&lower), 1000.0, 0.0), part("upper", tetrahedra(&above), upper, 0.0)];
    let joint = |p: Vec3| near(p.z, 1.0 + bulge(p));
    let foot = surface(&parts, 0, |p| near(p.z, 0.0));
    let head = surface(&parts, 1, |p| near(p.z, 2.0));
    let interface = Interface {
        name: "joint".into(),
        slave: surface(&parts, 1, joint),
        master: surface(&parts, 0, joint),
        law,
        gaps: Gaps::Closed,
        reach_mm: 0.1,
    };
    Model {
        holds: vec![Hold { name: "foot".into(), surface: foot }],
        interfaces: vec![interface],
        tractions: vec![Traction {
            name: "head".into(),
            part: 1,
            facets: head.facets,
            value: [0.0, 0.0, -P],
        }],
        parts,
        ..Model::default()
    }
}

pub(super) fn solved(model: &Model) -> Result<Solution, VerificationError> {
    let options = Options { residual_tolerance: 1e-11, gap_tolerance: 1e-7, ..Options::default() };
    Ok(solve(model, &options, &|_, _| {}, &AtomicBool::new(false))?)
}

/// Largest error of the pressure and largest shear, over the pressure.
pub(super) fn worst(solution: &Solution) -> [f64; 2] {
    let points = &solution.contacts[0].points;
    let pressure = points.iter().map(|p| (p.pressure / P - 1.0).abs()).fold(0.0, f64::max);
    [pressure, points.iter().map(|p| p.shear.norm() / P).fold(0.0, f64::max)]
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    for upper in [1000.0, 50_000.0] {
        let [pressure, shear] = worst(&solved(&stack(Law::Bonded, upper, |_| 0.0))?);
        rows.push(Row::vanishing(&format!("E {upper} on 1000: pressure"), "", pressure, 1e-8));
        rows.push(Row::vanishing(&format!("E {upper} on 1000: shear"), "", shear, 1e-8));
    }
    Ok(rows)
}
