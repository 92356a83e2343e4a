//! Roller on a block in plane strain: line contact of unlike materials.
//!
//! ```text
//!   ↓ F ↓          roller R 50 mm, E 210 GPa, on a block of 70 GPa, ν 0.3, F = 35 kN per mm; half of it, u_x = 0 at
//!   ╲__│  roller   x = 0, u_z = 0 on both faces, foot held
//!  ────┼───        p₀ = √(F E* / π R) = 3585.4 MPa     a = √(4 F R / π E*) = 6.215 mm     E* = 57 692 MPa
//!      │  block
//! ```

use super::mesh::block;
use super::touching::Touching;
use super::{Check, Row, VerificationError};
use crate::contact::PairOptions;
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use std::f64::consts::{FRAC_PI_2, PI};

pub(super) const CHECK: Check = Check {
    id: "C2",
    title: "Roller on a block, plane strain: line contact of curved tet10 surfaces",
    source: "NAFEMS R0094 (2006), Advanced Finite Element Contact Benchmarks, no. 1; Hertz (1881)",
    run,
};

pub(super) const UNITS: Check = Check {
    id: "C12",
    title: "Contact does not depend on the units: mm-N-MPa, m-N-Pa, µm-µN-MPa",
    source: "exact",
    run: run_units,
};

/// Radius, half thickness of the slice (mm), force per thickness (N/mm).
const R: f64 = 50.0;
const T: f64 = 2.0;
const F: f64 = 35_000.0;

/// The mesh with all lengths in `unit` mm.
fn scaled(mesh: &MixedMesh, unit: f64) -> MixedMesh {
    let points = mesh.points().iter().map(|p| p / unit).collect();
    let cells = (0..mesh.n_cells()).map(|c| (mesh.shapes()[c], mesh.cell(c)));
    MixedMesh::new(points, cells).expect("a scaled mesh is as sound as the first")
}

/// Loaded roller on its block, `n` bricks along half the surface of the roller; lengths in `unit` mm, forces in
/// `newton` N.
fn roller(n: usize, unit: f64, newton: f64) -> Result<Touching, VerificationError> {
    // A bore of a tenth of the radius, far from the contact, keeps the bricks whole.
    let disk = block(Shape::Tet10, [n, n / 2, 1], true, |x| {
        let (angle, r) = (FRAC_PI_2 * x.x.powi(2), R - 0.9 * R * x.y.powi(2));
        Vec3::new(r * angle.sin(), R - r * angle.cos(), T * x.z)
    });
    let base = block(Shape::Tet10, [n - 2, n / 2, 1], true, |x| {
        Vec3::new(2.0 * R * x.x.powi(2), -2.0 * R * (1.0 - x.y).powi(2), T * x.z)
    });
    let stress = unit * unit / newton;
    let steel = isotropic(210e3 * stress, 0.3);
    let aluminium = isotropic(70e3 * stress, 0.3);
    let parts = [
        (scaled(&disk, unit), Formulation::Tet10, steel),
        (scaled(&base, unit), Formulation::Tet10, aluminium),
    ];
    let mut t = Touching::new(&parts)?;
    let near = |a: f64, b: f64| (a * unit - b).abs() < 1e-6;
    for part in 0..2 {
        let middle = t.nodes(part, |p| near(p.x, 0.0));
        t.hold(&middle, 0, |_| 0.0);
        let faces = t.nodes(part, |p| near(p.z, 0.0) || near(p.z, T));
        t.hold(&faces, 2, |_| 0.0);
    }
    let foot = t.nodes(1, |p| near(p.y, -2.0 * R));
    t.hold(&foot, 1, |_| 0.0);
    let top = t.facets(0, |p| near(p.y, R));
    // Half the force on the half roller, whose cut runs from 0.1 R to R.
    t.pull(&top, Vec3::new(0.0, -0.5 * F / (0.9 * R) * stress, 0.0));
    let slave = t.facets(0, |p| near(p.x.hypot(p.y - R / unit), R));
    let master = t.facets(1, |p| near(p.y, 0.0));
    t.touch(&slave, &master, PairOptions::default())?;
    Ok(t)
}

/// Peak of p² = p₀² (1 − r²/a²), fitted where p exceeds a third of its largest value.
///
/// - `samples`: (distance from the middle, pressure, area)
pub(super) fn hertz_peak(samples: &[(f64, f64, f64)]) -> f64 {
    let most = samples.iter().map(|s| s.1).fold(0.0, f64::max);
    let (mut n, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (r, p, w) in samples.iter().filter(|s| most / 3.0 < s.1) {
        let (a, b) = (r * r, p * p);
        n += w;
        x += w * a;
        y += w * b;
        xx += w * a * a;
        xy += w * a * b;
    }
    let slope = (n * xy - x * y) / (n * xx - x * x);
    ((y - slope * x) / n).sqrt()
}

/// ∫ p r² dA / ∫ p dA: a²/4 for a line contact, 2a²/5 for a point contact.
pub(super) fn second_moment(samples: &[(f64, f64, f64)]) -> f64 {
    let (moment, force) = samples.iter().fold((0.0, 0.0), |(m, f), (r, p, w)| (m + w * p * r * r, f + w * p));
    moment / force
}

/// Distance, pressure, area of every corner of the pair.
fn samples(t: &Touching) -> Vec<(f64, f64, f64)> {
    let points = t.body.mesh().points();
    let nodes = t.pairs[0].nodes(&t.displacements);
    nodes.iter().map(|n| (points[n.node as usize].x, n.pressure, n.area)).collect()
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let modulus = 1.0 / ((1.0 - 0.09) / 210e3 + (1.0 - 0.09) / 70e3);
    let (peak, width) = ((F * modulus / (PI * R)).sqrt(), (4.0 * F * R / (PI * modulus)).sqrt());
    let mut t = roller(20, 1.0, 1.0)?;
    t.solve(1)?;
    let samples = samples(&t);
    let overlap = t.pairs[0].overlap(&t.displacements);
    let carried = -t.pairs[0].force(&t.displacements).y / (0.5 * F * T);
    Ok(vec![
        Row::relative("peak pressure", "MPa", peak, hertz_peak(&samples), 0.03),
        Row::relative("half width", "mm", width, 2.0 * second_moment(&samples).sqrt(), 0.05),
        Row::at_most("penetration over element size, means around nodes", "", 1e-3, overlap.relative_mean),
        Row::at_most(
            "penetration over element size, any point where all of a facet touches",
            "",
            1e-3,
            overlap.relative_closed,
        ),
        Row::at_most(
            "penetration over element size, any point, facets at the rim included",
            "",
            4e-3,
            overlap.relative_deepest,
        ),
        Row::relative("force across the contact over the load", "", 1.0, carried.abs(), 1e-8),
    ])
}

fn run_units() -> Result<Vec<Row>, VerificationError> {
    let solved = |unit: f64, newton: f64| -> Result<(Vec<Vec3>, usize), VerificationError> {
        let mut t = roller(12, unit, newton)?;
        t.solve(1)?;
        Ok((t.displacements.iter().map(|u| u * unit).collect(), t.iterations.len()))
    };
    let (reference, steps) = solved(1.0, 1.0)?;
    let size = reference.iter().map(|u| u.norm()).fold(0.0, f64::max);
    let mut rows = Vec::new();
    for (name, unit, newton) in [("m-N-Pa", 1e3, 1.0), ("µm-µN-MPa", 1e-3, 1e-6)] {
        let (other, found) = solved(unit, newton)?;
        let difference = reference.iter().zip(&other).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max) / size;
        rows.push(Row::vanishing(&format!("{name}: largest difference"), "", difference, 1e-9));
        rows.push(Row::vanishing(
            &format!("{name}: Newton steps more"),
            "",
            found as f64 - steps as f64,
            0.0,
        ));
    }
    Ok(rows)
}
