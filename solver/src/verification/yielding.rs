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
use crate::model::{Hold, Interface, Model, Surface};
use crate::newton::Options;
use crate::newton::yielding::{Course, Reached, Step, YieldError, YieldingPart, solve_yielding};
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

/// Strength in compression, MPa.
pub const STRENGTH: f64 = 5.6;

/// Young's modulus, MPa.
pub const MODULUS: f64 = 800.0;

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

/// Bone of strength [`STRENGTH`] and modulus [`MODULUS`], ν 0.3.
///
/// - `damage`: softening to 0.7 of the strength
pub fn bone(hardening: f64, damage: bool) -> QuadricBone {
    let surface = QuadricSurface { tension: 0.7 * STRENGTH, compression: STRENGTH, interaction: 0.3 };
    let damage = damage.then_some(Damage { most: 0.3, rate: 15.0, band: 1.5 });
    let post = PostYield { hardening, densification: None, damage };
    QuadricBone::new(MODULUS, 0.3, surface, post).expect("constants within their ranges")
}

/// Column of that bone from the origin, clamped at its foot, 1 MPa on its head.
pub fn column(size: [f64; 3], n: [usize; 3]) -> Model {
    let mesh = block(Shape::Tet10, n, false, |x| Vec3::from_fn(|a, _| size[a] * x[a]));
    let parts = vec![part("column", tetrahedra(&mesh), MODULUS, 0.3)];
    let foot = surface(&parts, 0, |p| near(p.z, 0.0));
    let head = surface(&parts, 0, |p| near(p.z, size[2]));
    Model { holds: vec![hold(foot)], tractions: vec![pressed(head)], parts, ..Model::default() }
}

/// Stiff punch of 2 × 2 mm bonded to that bone, `n` cells over 4 mm, 1 MPa on its head.
pub fn punch(n: usize) -> Model {
    let at = |x: Vec3, from: [f64; 3], size: [f64; 3]| Vec3::from_fn(|a, _| from[a] + size[a] * x[a]);
    let head = block(Shape::Tet10, [n / 2, n / 2, 1], false, |x| at(x, [0.0; 3], [2.0, 2.0, 1.0]));
    let below =
        block(Shape::Tet10, [3 * n / 2, 3 * n / 2, n], false, |x| at(x, [-2.0, -2.0, -4.0], [6.0, 6.0, 4.0]));
    let parts =
        vec![part("punch", tetrahedra(&head), 1e5, 0.3), part("bone", tetrahedra(&below), MODULUS, 0.3)];
    let joint = |k| surface(&parts, k, |p| near(p.z, 0.0));
    let interface = Interface {
        name: "seat".into(),
        slave: joint(0),
        master: joint(1),
        law: Law::Bonded,
        gaps: Gaps::Closed,
        reach_mm: 0.1,
    };
    let foot = surface(&parts, 1, |p| near(p.z, -4.0));
    let head = surface(&parts, 0, |p| near(p.z, 1.0));
    Model {
        interfaces: vec![interface],
        holds: vec![hold(foot)],
        tractions: vec![pressed(head)],
        parts,
        ..Model::default()
    }
}

fn hold(surface: Surface) -> Hold {
    Hold { name: "foot".into(), surface }
}

fn pressed(head: Surface) -> Traction {
    Traction { name: "head".into(), part: head.part, facets: head.facets, value: [0.0, 0.0, -1.0] }
}

/// Takes a model whose last part yields through its loads.
///
/// # Errors
/// As [`solve_yielding`].
pub fn loaded(model: &Model, law: QuadricBone, factors: &[f64]) -> Result<Course, YieldError> {
    let yielding = [YieldingPart { part: model.parts.len() - 1, laws: vec![Some(law)] }];
    let (options, cancel) = (Options::default(), AtomicBool::new(false));
    solve_yielding(model, &yielding, &Step::loads(factors), 1e-6, None, &options, &|_, _| {}, &cancel)
}

fn completed(model: &Model, law: QuadricBone, factors: &[f64]) -> Result<Vec<Reached>, VerificationError> {
    match loaded(model, law, factors).map_err(|e| VerificationError::Stuck(e.to_string()))? {
        Course::Completed(reached) => Ok(reached),
        Course::Collapsed { tried, .. } => Err(VerificationError::Stuck(format!("nothing carries {tried}"))),
    }
}

/// Largest pressure a column of perfectly plastic bone was in equilibrium under, MPa.
fn limit() -> Result<f64, VerificationError> {
    let column = column([1.0, 1.0, 4.0], [2, 2, 8]);
    let course = loaded(&column, bone(0.0, false), &[4.0, 2.0 * STRENGTH]);
    match course.map_err(|e| VerificationError::Stuck(e.to_string()))? {
        Course::Collapsed { reached, .. } => Ok(reached.last().map_or(0.0, |r| r.factor)),
        Course::Completed(_) => Err(VerificationError::Stuck("twice the strength was carried".into())),
    }
}

/// Mean sinking of the punch under 7 MPa, 1.25 strengths, mm.
fn sunk(n: usize) -> Result<f64, VerificationError> {
    let reached = completed(&punch(n), bone(0.0, true), &[4.0, 7.0])?;
    let top = &reached[1].solution.displacements[0];
    Ok(-top.iter().map(|u| u.z).sum::<f64>() / top.len() as f64)
}

fn run_crush() -> Result<Vec<Row>, VerificationError> {
    let carried = limit()?;
    let [coarse, fine] = [sunk(6)?, sunk(8)?];
    // The limit is bracketed by 1/32 of the largest load, 0.35 MPa. Of the difference between the meshes a good part is
    // the elastic error under the sharp edge.
    Ok(vec![
        Row::relative("column: limit load over area", "MPa", STRENGTH, carried, 0.04),
        Row::relative("punch, cells of 0.67 and 0.5 mm: sinking at 7 MPa", "mm", fine, coarse, 0.025),
    ])
}
