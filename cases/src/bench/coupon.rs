//! Lattice coupon after ISO 13314: the homogenised solid between platens, and small coupons with every strut in them.

use super::case::{Bench, Coupon};
use super::device;
use crate::case::Quality;
use crate::failure::Failure;
use crate::pipeline::lattice::{Chosen, resolution};
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_solver::bench::coupon::{Platens, Resolved, size_effect};
use dens_solver::bench::{Against, Course, Drive, Hold, Machine, Part, Rig, Seat, boundary, bricks, curve};
use dens_solver::homogenize::{Base, Options as CellOptions, homogenize_lattice};
use dens_solver::nonlinear::laws::{CubicStrengths, Law, LinearElastic};
use dens_solver::statics::{CellFacet, Formulation};
use std::ops::ControlFlow;

/// Bricks along an edge of the homogenised coupon by quality.
const BRICKS: [usize; 3] = [6, 8, 10];

/// Strain of the homogenised coupon, which is elastic: any would do.
const STRAIN: f64 = 0.002;

/// A coupon with every strut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Small {
    /// Cells along an edge.
    pub cells: usize,
    /// Modulus between platens without friction and between rough ones, MPa.
    pub moduli: [f64; 2],
    /// Nodes.
    pub nodes: usize,
    /// Share of the solid that hangs on the platens.
    pub attached: f64,
}

/// All of a test.
pub struct Results {
    /// The lattice.
    pub chosen: Chosen,
    /// Edge of the coupon, mm.
    pub edge: f64,
    /// The homogenised coupon.
    pub rig: Rig,
    /// What was measured on it.
    pub course: Course,
    /// Its apparent modulus, MPa.
    pub modulus: f64,
    /// Homogenised axial modulus at the resolution of the small coupons, MPa.
    pub at_resolution: f64,
    /// Voxels along a cell's edge of the small coupons.
    pub voxels: usize,
    /// Small coupons, ascending.
    pub small: Vec<Small>,
    /// c of E(n) = E∞ (1 − c/n) and E/E∞ of the coupon, between platens without friction.
    pub size_effect: (f64, f64),
    /// Stresses at which the lattice first yields, MPa.
    pub strengths: CubicStrengths,
}

/// Runs the test.
///
/// # Errors
/// Bad input (exit 2), no convergence (3), too little memory (4).
pub fn run(bench: &Bench, test: &Coupon, quality: Quality, progress: &Progress) -> Result<Results, Failure> {
    progress.phase("lattice", 0.1);
    let chosen = device::lattice(bench, quality)?;
    progress.phase("homogenised coupon", 0.3);
    let edge = test.cells as f64 * bench.lattice.cell_size;
    let rig = homogenised(&chosen, edge, test, BRICKS[quality as usize])?;
    let machine = Machine {
        axis: -Vec3::z(),
        drive: Drive::Travel(STRAIN * edge),
        across: false,
        tilt: false,
        increments: bench.increments,
    };
    let mut observe = |part: f64| {
        progress.within("", part);
        ControlFlow::Continue(())
    };
    let course = rig
        .run(&machine, super::options(), &mut observe)
        .map_err(|e| super::failure("homogenised coupon", &e))?;
    let stiffness = curve::stiffness(&course.points)
        .ok_or_else(|| Failure::not_converged("the load does not rise with the displacement"))?;
    progress.phase("coupons with struts", 0.5);
    let voxels = resolution(test.voxels[quality as usize]);
    let base = Base::new(bench.titanium.modulus, bench.titanium.poisson).map_err(Failure::input)?;
    let lattice = &chosen.drawn.lattice;
    let options = CellOptions { resolution: voxels, ..CellOptions::default() };
    let same = homogenize_lattice(lattice, base, &options).map_err(Failure::input)?;
    let at_resolution = same.young([0.0, 0.0, 1.0]);
    let value = |q: [f64; 3]| lattice.cell_value(q.into());
    let mut small = Vec::new();
    for cells in 2..=test.resolved {
        progress.within(&format!("{cells} cells"), (cells - 2) as f64 / test.resolved as f64);
        let bad = |e| super::failure(&format!("coupon of {cells} cells"), &e);
        let coupon = Resolved::new(&value, base, cells, voxels).map_err(bad)?;
        let moduli =
            [coupon.modulus(Platens::Free).map_err(bad)?, coupon.modulus(Platens::Rough).map_err(bad)?];
        small.push(Small { cells, moduli, nodes: coupon.n_nodes(), attached: coupon.attached });
    }
    let known: Vec<(usize, f64)> = small.iter().map(|s| (s.cells, s.moduli[0])).collect();
    let size_effect = size_effect(&known, at_resolution, test.cells)
        .ok_or_else(|| Failure::bug("no coupon with struts was computed"))?;
    let strengths = device::strengths(&chosen, bench.titanium.yield_strength);
    Ok(Results {
        modulus: stiffness / edge,
        chosen,
        edge,
        rig,
        course,
        at_resolution,
        voxels,
        small,
        size_effect,
        strengths,
    })
}

/// Cube of the homogenised solid between rigid platens.
fn homogenised(chosen: &Chosen, edge: f64, test: &Coupon, n: usize) -> Result<Rig, Failure> {
    let line = |from: f64| (0..=n).map(|i| from + edge * i as f64 / n as f64).collect::<Vec<f64>>();
    let (across, up) = (line(-0.5 * edge), line(0.0));
    let mesh = bricks([&across, &across, &up], |p| p).map_err(Failure::bug)?;
    let face = |z: f64| {
        let on = |f: &CellFacet| {
            let nodes = mesh.facet(f.cell as usize, usize::from(f.facet));
            nodes.iter().all(|n| (mesh.points()[*n as usize].z - z).abs() < 1e-9 * edge)
        };
        boundary(&mesh).into_iter().filter(on).collect()
    };
    let hold = Hold::Sliding { friction: test.friction };
    let seat = |name: &str, z: f64, against: Against| Seat {
        name: name.into(),
        part: 0,
        facets: face(z),
        against,
        hold,
    };
    let seats = [seat("upper platen", edge, Against::Upper), seat("lower platen", 0.0, Against::Lower)];
    let stiffness = chosen.homogenized.stiffness;
    let part = Part {
        name: "coupon".into(),
        of_cell: vec![0; mesh.n_cells()],
        mesh: mesh.clone(),
        formulation: Formulation::Hex20,
        palette: vec![(stiffness, Law::small(LinearElastic { stiffness }))],
    };
    Rig::new(&[part], &seats, &[], edge * Vec3::z(), -Vec3::z()).map_err(|e| super::failure("setup", &e))
}
