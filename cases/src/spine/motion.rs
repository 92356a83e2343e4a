//! Range of motion under pure moments, and the shares of an axial load.

use super::anatomy::{BONES, Condition, Neck};
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_solver::spine::{Column, Equilibrium, Freedom, Load, Options, Pose};
use rayon::prelude::*;

/// Pairs of neighbouring bones, cranial first.
pub const LEVELS: [&str; 4] = ["C0-C1", "C1-C2", "C2-C3", "C3-C4"];

/// Moment on the occiput.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    Flexion,
    Extension,
    LeftLateral,
    RightLateral,
    LeftRotation,
    RightRotation,
}

impl Direction {
    /// All, in the order of the published table.
    pub const ALL: [Self; 6] = [
        Self::Flexion,
        Self::Extension,
        Self::LeftLateral,
        Self::RightLateral,
        Self::LeftRotation,
        Self::RightRotation,
    ];

    /// Name as printed.
    pub fn name(self) -> &'static str {
        ["flexion", "extension", "left lateral", "right lateral", "left rotation", "right rotation"]
            [self as usize]
    }

    /// Unit vector of the moment: +x flexes, +y bends to the left, +z turns to the left.
    pub fn axis(self) -> Vec3 {
        let sign = if (self as usize).is_multiple_of(2) { 1.0 } else { -1.0 };
        Vec3::ith(self as usize / 2, sign)
    }
}

/// What the levels do under one moment.
#[derive(Debug, Clone)]
pub struct Motion {
    /// Direction of the moment.
    pub direction: Direction,
    /// Rotation of each level against its posture under the preload, as the lower bone sees it, degrees.
    pub rotations: Vec<Vec3>,
    /// Where the bones are.
    pub poses: Vec<Pose>,
    /// Largest force, or moment over 15 mm, out of balance, N.
    pub residual: f64,
    /// Motion of each disc over the largest one at which its law was measured, by level: above 1 it is extrapolated.
    pub beyond: Vec<(usize, f64)>,
}

impl Motion {
    /// Rotation of a level about the axis of the moment, degrees.
    pub fn angle(&self, level: usize) -> f64 {
        self.rotations[level].dot(&self.direction.axis())
    }
}

fn relative(poses: &[Pose]) -> Vec<nalgebra::Rotation3<f64>> {
    poses.windows(2).map(|pair| pair[0].rotation_on(&pair[1])).collect()
}

/// Motion of a neck under a moment on the occiput, N·mm, in the directions asked for, from its posture under the
/// preload.
///
/// # Errors
/// No stable equilibrium in one of them; exit 3.
pub fn range_of_motion(
    neck: &Neck,
    condition: Condition,
    moment: f64,
    directions: &[Direction],
) -> Result<Vec<Motion>, Failure> {
    attempts(neck, condition, moment, directions)?.into_iter().collect()
}

/// The same, where each direction may fail on its own.
///
/// # Errors
/// No stable posture under the preload alone; exit 3.
pub fn attempts(
    neck: &Neck,
    condition: Condition,
    moment: f64,
    directions: &[Direction],
) -> Result<Vec<Result<Motion, Failure>>, Failure> {
    let column = neck.column(condition)?;
    let stuck = |e: dens_solver::spine::SpineError| Failure::not_converged(format!("error: {e}"));
    let (none, options) = (Load::default(), Options::default());
    let neutral = column.solve(&column.at_rest(), &none, &none, &options).map_err(stuck)?;
    let before = relative(&neutral.poses);
    let one = |direction: &Direction| {
        let load = Load { moments: vec![(0, direction.axis() * moment)], ..Load::default() };
        let Equilibrium { poses, residual, .. } =
            column.solve(&neutral.poses, &none, &load, &options).map_err(stuck)?;
        let rotations = relative(&poses)
            .iter()
            .zip(&before)
            .map(|(now, then)| (now * then.inverse()).scaled_axis().map(f64::to_degrees))
            .collect();
        let beyond = neck.beyond(&poses);
        Ok(Motion { direction: *direction, rotations, poses, residual, beyond })
    };
    Ok(directions.par_iter().with_max_len(1).map(one).collect())
}

/// How C3 hands an axial load to C4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Through the disc.
    pub anterior: f64,
    /// Through the facets, left and right.
    pub posterior: [f64; 2],
}

/// Shares of an axial load on C2, N, at C3-C4; C2 does not turn, as between the plates of a machine.
///
/// - `guide`: [`Freedom::Axial`] where the plate holds C2 sideways, [`Freedom::Guided`] where it slides
///
/// # Errors
/// No equilibrium; exit 3.
pub fn shares(neck: &Neck, force: f64, guide: Freedom) -> Result<Shares, Failure> {
    let Column { mut bones, mut links } = neck.column(Condition::Intact)?;
    links.retain(|l| {
        let anchors = l.anchors();
        anchors.bones.iter().all(|b| 2 <= *b) && !anchors.name.starts_with("preload")
    });
    for (i, bone) in bones.iter_mut().enumerate() {
        bone.2 = match i {
            0 | 1 | 4 => Freedom::Held,
            2 => guide,
            _ => Freedom::Free,
        };
    }
    let column = Column { bones, links };
    let load = Load { forces: vec![(2, Vec3::new(0.0, 0.0, -force))], ..Load::default() };
    let found = column
        .solve(&column.at_rest(), &Load::default(), &load, &Options::default())
        .map_err(|e| Failure::not_converged(format!("error: {e}")))?;
    let through = |wanted: &str| -> f64 {
        (0..column.links.len())
            .filter(|i| column.links[*i].anchors().name == format!("{}-{} {wanted}", BONES[3], BONES[4]))
            .map(|i| -column.wrenches(i, &found.poses)[1].force.z)
            .sum()
    };
    let parts = ["disc", "facet left", "facet right"].map(through);
    let total: f64 = parts.iter().sum();
    Ok(Shares { anterior: parts[0] / total, posterior: [parts[1] / total, parts[2] / total] })
}
