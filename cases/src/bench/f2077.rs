//! ASTM F2077, static: the device between steel blocks that fit its faces, pressed, sheared, twisted.

use super::case::{Bench, Device as Asked, F2077, Mode};
use super::device::{self, Device, FACES, Yielding};
use crate::case::Quality;
use crate::failure::Failure;
use crate::pipeline::lattice::Chosen;
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_solver::bench::{Against, Course, Drive, Hold, Machine, Part, Rig, Seat, Snapshot, curve};
use dens_solver::criteria;
use dens_solver::tensor::von_mises;
use std::ops::ControlFlow;
use std::path::Path;

/// One load frame and what it measured.
pub struct Frame {
    /// Which.
    pub mode: Mode,
    /// The setup.
    pub rig: Rig,
    /// Direction of the push rod.
    pub axis: Vec3,
    /// What was measured.
    pub course: Course,
    /// Stiffness, N/mm or N mm/rad.
    pub stiffness: f64,
    /// Offset of yield, mm or rad.
    pub offset: f64,
    /// Displacement and load at the offset, where the curve comes to it.
    pub yielded: Option<[f64; 2]>,
    /// First yield of solid and of lattice.
    pub onset: Onset,
}

/// First yield from the elastic answer of the first increment, in proportion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Onset {
    /// Load of the first increment, N or N mm.
    pub load: f64,
    /// Von Mises stress that 0.1 % of the solid metal exceeds there, MPa; `None` without solid metal.
    pub solid: Option<f64>,
    /// Strut stress that 1 % of the lattice exceeds there, MPa; `None` without lattice.
    pub lattice: Option<f64>,
}

impl Onset {
    /// Loads at which these stresses reach the yield strength.
    pub fn loads(&self, yield_strength: f64) -> [Option<f64>; 2] {
        [self.solid, self.lattice].map(|s| s.filter(|s| 0.0 < *s).map(|s| self.load * yield_strength / s))
    }
}

/// All of a test.
pub struct Results {
    /// The device.
    pub device: Device,
    /// Its lattice.
    pub chosen: Chosen,
    /// Load frames, in order.
    pub frames: Vec<Frame>,
}

/// Runs all load frames.
///
/// # Errors
/// Bad input (exit 2), no convergence in the first increment (3).
pub fn run(
    bench: &Bench,
    test: &F2077,
    folder: &Path,
    quality: Quality,
    progress: &Progress,
) -> Result<Results, Failure> {
    let (device, chosen) = prepare(bench, folder, quality, progress)?;
    let mut frames = Vec::new();
    for mode in &test.modes {
        progress.phase(mode.name(), 0.8 / test.modes.len() as f64);
        frames.push(frame(bench, test, *mode, &device, &chosen, progress)?);
    }
    Ok(Results { device, chosen, frames })
}

/// Device and lattice of a case.
///
/// # Errors
/// Bad input; exit 2.
pub fn prepare(
    bench: &Bench,
    folder: &Path,
    quality: Quality,
    progress: &Progress,
) -> Result<(Device, Chosen), Failure> {
    progress.phase("device", 0.05);
    let asked: &Asked = bench.device.as_ref().ok_or_else(|| Failure::bug("a device test without device"))?;
    let device = device::build(asked, folder, asked.edge[quality as usize])?;
    progress.phase("lattice", 0.05);
    let chosen = device::lattice(bench, quality)?;
    Ok((device, chosen))
}

/// Device between two blocks that hold it in one way.
///
/// # Errors
/// As [`Rig::new`]; exit 2.
pub fn between_blocks(
    device: &Device,
    part: Part,
    hold: Hold,
    joint: Vec3,
    axis: Vec3,
) -> Result<Rig, Failure> {
    let seat = |face: usize, against: Against| Seat {
        name: FACES[face].into(),
        part: 0,
        facets: device.facets(FACES[face]),
        against,
        hold,
    };
    let seats = [seat(0, Against::Upper), seat(1, Against::Lower)];
    Rig::new(&[part], &seats, &[], joint, axis).map_err(|e| super::failure("setup", &e))
}

fn frame(
    bench: &Bench,
    test: &F2077,
    mode: Mode,
    device: &Device,
    chosen: &Chosen,
    progress: &Progress,
) -> Result<Frame, Failure> {
    let down = -device.axis;
    let middle = 0.5 * (device.centers[0] + device.centers[1]);
    // Faces may slide on the blocks when pressed along the axis; otherwise pockets hold them.
    let hold = match (mode, test.friction) {
        (Mode::Compression, Some(friction)) => Hold::Sliding { friction },
        _ => Hold::Gripped,
    };
    let forward = -(Vec3::y() - down * down.dot(&Vec3::y()));
    let axis = match (mode, forward.try_normalize(1e-6)) {
        (Mode::Shear, Some(forward)) => test.shear_angle.cos() * down + test.shear_angle.sin() * forward,
        (Mode::Shear, None) => test.shear_angle.cos() * down + test.shear_angle.sin() * Vec3::x(),
        _ => down,
    };
    // The load passes through the middle of the device; the joint of an axial load lies in the upper face.
    let joint = if mode == Mode::Shear { middle } else { device.centers[0] };
    let (drive, offset) = match mode {
        Mode::Compression => (Drive::Travel(test.travel[0]), test.offset[0] * device.height),
        Mode::Shear => (Drive::Travel(test.travel[1]), test.offset[0] * device.height),
        Mode::Torsion => (Drive::Twist { angle: test.twist, preload: test.preload }, test.offset[1]),
    };
    let part = device.part(bench, chosen, Yielding::Yes)?;
    let rig = between_blocks(device, part, hold, joint, axis)?;
    let machine =
        Machine { axis, drive, across: mode == Mode::Shear, tilt: true, increments: bench.increments };
    let mut observe = |part: f64| {
        progress.within("", part);
        ControlFlow::Continue(())
    };
    let course =
        rig.run(&machine, super::options(), &mut observe).map_err(|e| super::failure(mode.name(), &e))?;
    let stiffness = curve::stiffness(&course.points).ok_or_else(|| {
        Failure::not_converged(format!("{}: the load does not rise with the displacement", mode.name()))
    })?;
    let yielded = curve::offset_yield(&course.points, offset);
    let onset = onset(device, chosen, &course.first);
    Ok(Frame { mode, rig, axis, course, stiffness, offset, yielded, onset })
}

/// Stresses of the first increment: the tail, since single points at edges of the mesh mean nothing.
fn onset(device: &Device, chosen: &Chosen, first: &Snapshot) -> Onset {
    let mut of: [[Vec<f64>; 2]; 2] = Default::default();
    let (mut whole, mut yielded) = ([0.0; 2], [0.0; 2]);
    for (cell, region) in device.mesh.regions.iter().enumerate() {
        for p in &first.points[cell] {
            let lattice = usize::from(*region == 1);
            let stress =
                if lattice == 1 { chosen.amplification.strut_stress(p.stress) } else { von_mises(&p.stress) };
            of[lattice][0].push(p.weight);
            of[lattice][1].push(stress);
        }
        let own = first.points[cell].iter().zip(&first.plastic[cell]);
        let part = usize::from(*region == 1);
        whole[part] += own.clone().map(|(p, _)| p.weight).sum::<f64>();
        yielded[part] += own.filter(|(_, plastic)| 0.0 < **plastic).map(|(p, _)| p.weight).sum::<f64>();
    }
    // Where more than the tail has yielded already, its stress is the strength and says nothing of first yield.
    let elastic = |part: usize, level: f64| yielded[part] <= (1.0 - level) * whole[part];
    let tail = |[weights, stresses]: &[Vec<f64>; 2], level: f64| criteria::quantile(weights, stresses, level);
    Onset {
        load: first.load,
        solid: tail(&of[0], 0.999).filter(|_| elastic(0, 0.999)),
        lattice: tail(&of[1], 0.99).filter(|_| elastic(1, 0.99)),
    }
}
