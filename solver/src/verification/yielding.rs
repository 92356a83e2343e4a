//! Bone that yields and beds that sink, as in the main job.
//!
//! ```text
//!   ↓ p        column of perfectly plastic bone: no equilibrium beyond p = σ⁻
//!  ┌─┐         bed under uniform pressure: s = ℓ (p/p₀ − 1), also with the constants set by the ring cage of Wang (2019)
//!  │ │         ┌──┐↓
//!  └─┘      ┌──┴──┴──┐   punch in softening bone: the same sinking on two meshes
//! ```

use super::mesh::{block, tetrahedra};
use super::problem::near;
use super::tied_patch::{part, solved, stack, surface};
use super::{Check, Row, VerificationError};
use crate::criteria::settling;
use crate::loads::contact::{Bed, Gaps, Law};
use crate::loads::traction::Traction;
use crate::model::{Hold, Interface, Model};
use crate::newton::Options;
use crate::newton::yielding::{Course, Reached, Step, YieldingPart, solve_yielding};
use crate::nonlinear::laws::{Damage, PostYield, QuadricBone, QuadricSurface};
use dens_mesher::Vec3;
use dens_mesher::mixed::Shape;
use std::sync::atomic::AtomicBool;

pub(super) const BED: Check = Check {
    id: "BED",
    title: "Bed that sinks under cycles, uniform pressure, non-matching tet10",
    source: "exact; calibration: Wang et al. (2019), Med. Sci. Monit., conventional cage 2.064 mm",
    run: run_bed,
};

pub(super) const CRUSH: Check = Check {
    id: "CRUSH",
    title: "Bone that yields: limit load of a column, punch in softening bone",
    source: "exact (strength times area); sinking on two meshes",
    run: run_crush,
};

const STRENGTH: f64 = 5.6;
const MODULUS: f64 = 800.0;

fn run_bed() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    let cage = settling::bed(settling::MODULUS);
    let pressure = settling::FORCE / settling::RIM[0];
    let cases = [
        ("1 MPa on a bed of 0.5 MPa and 0.4 mm", Bed { strength: 0.5, length: 0.4 }, 1.0, 0.4),
        ("ring cage, 300 N (calibration)", cage, pressure, settling::OBSERVED[0]),
    ];
    for (what, bed, pressure, depth) in cases {
        let mut model = stack(Law::Sliding { friction: 0.5 }, 1000.0, |_| 0.0).under(pressure);
        model.beds.push((0, bed));
        let found = solved(&model)?;
        let depths = found.contacts[0].points.iter().map(|p| p.sunk);
        let (least, most) = depths.fold((f64::INFINITY, 0.0_f64), |(a, b), s| (a.min(s), b.max(s)));
        rows.push(Row::relative(&format!("{what}: least depth"), "mm", depth, least, 1e-6));
        rows.push(Row::relative(&format!("{what}: largest depth"), "mm", depth, most, 1e-6));
    }
    Ok(rows)
}

fn bone(damage: Option<Damage>) -> Result<QuadricBone, VerificationError> {
    let surface = QuadricSurface { tension: 0.7 * STRENGTH, compression: STRENGTH, interaction: 0.3 };
    let post = PostYield { hardening: 0.0, densification: None, damage };
    QuadricBone::new(MODULUS, 0.0, surface, post).map_err(|e| VerificationError::Stuck(e.to_string()))
}

/// The last part yields.
fn loaded(model: &Model, law: QuadricBone, factors: &[f64]) -> Result<Course, VerificationError> {
    let yielding = [YieldingPart { part: model.parts.len() - 1, laws: vec![Some(law)] }];
    let (options, cancel) = (Options::default(), AtomicBool::new(false));
    solve_yielding(model, &yielding, &Step::loads(factors), 1e-6, None, &options, &|_, _| {}, &cancel)
        .map_err(|e| VerificationError::Stuck(e.to_string()))
}

fn column() -> Result<Reached, VerificationError> {
    let mesh = block(Shape::Tet10, [2, 2, 8], false, |x| Vec3::new(x.x, x.y, 4.0 * x.z));
    let parts = vec![part("column", tetrahedra(&mesh), MODULUS)];
    let foot = surface(&parts, 0, |p| near(p.z, 0.0));
    let head = surface(&parts, 0, |p| near(p.z, 4.0));
    let traction = Traction { name: "head".into(), part: 0, facets: head.facets, value: [0.0, 0.0, -1.0] };
    let holds = vec![Hold { name: "foot".into(), surface: foot }];
    let model = Model { parts, holds, tractions: vec![traction], ..Model::default() };
    match loaded(&model, bone(None)?, &[4.0, 2.0 * STRENGTH])? {
        Course::Collapsed { mut reached, .. } if !reached.is_empty() => Ok(reached.remove(reached.len() - 1)),
        other => Err(VerificationError::Stuck(format!("{} loads were carried", other.reached().len()))),
    }
}

/// Sinking of a stiff punch of 2 × 2 mm bonded to bone, mm, with `n` cells over 4 mm.
fn punched(n: usize) -> Result<f64, VerificationError> {
    let at = |x: Vec3, from: [f64; 3], size: [f64; 3]| Vec3::from_fn(|a, _| from[a] + size[a] * x[a]);
    let punch = block(Shape::Tet10, [n / 2, n / 2, 1], false, |x| at(x, [0.0; 3], [2.0, 2.0, 1.0]));
    let below =
        block(Shape::Tet10, [3 * n / 2, 3 * n / 2, n], false, |x| at(x, [-2.0, -2.0, -4.0], [6.0, 6.0, 4.0]));
    let parts = vec![part("punch", tetrahedra(&punch), 1e5), part("bone", tetrahedra(&below), MODULUS)];
    let joint = |k| surface(&parts, k, |p| near(p.z, 0.0));
    let head = surface(&parts, 0, |p| near(p.z, 1.0));
    let model = Model {
        interfaces: vec![Interface {
            name: "seat".into(),
            slave: joint(0),
            master: joint(1),
            law: Law::Bonded,
            gaps: Gaps::Closed,
            reach_mm: 0.1,
        }],
        holds: vec![Hold { name: "foot".into(), surface: surface(&parts, 1, |p| near(p.z, -4.0)) }],
        tractions: vec![Traction {
            name: "head".into(),
            part: 0,
            facets: head.facets,
            value: [0.0, 0.0, -1.0],
        }],
        parts,
        ..Model::default()
    };
    let law = bone(Some(Damage { most: 0.3, rate: 15.0, band: 1.5 }))?;
    let course = loaded(&model, law, &[4.0, 6.0])?;
    let Course::Completed(reached) = course else {
        return Err(VerificationError::Stuck("the block must carry the punch".into()));
    };
    let top = &reached[1].solution.displacements[0];
    Ok(-top.iter().map(|u| u.z).sum::<f64>() / top.len() as f64)
}

fn run_crush() -> Result<Vec<Row>, VerificationError> {
    let carried = column()?.factor;
    let [coarse, fine] = [punched(6)?, punched(8)?];
    // The limit is bracketed by 1/32 of the largest load, 0.35 MPa. Of the difference between the meshes a good part is
    // the elastic error under the sharp edge.
    Ok(vec![
        Row::relative("column: limit load over area", "MPa", STRENGTH, carried, 0.04),
        Row::relative("punch, cells of 0.67 and 0.5 mm: sinking at 6 MPa", "mm", fine, coarse, 0.025),
    ])
}
