//! What a solve returns: displacements, contact tractions, reactions, beam forces and the balance of forces.
//!
//! Where all gaps start closed, everything here is proportional to the load, because the materials are linear:
//! a family of proportional loads needs one solve and [`Solution::scaled`].

use crate::loads::beam::SectionForces;
use crate::loads::contact::{Law, Status};
use dens_mesher::Vec3;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Answer of a model under its load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// Displacement of every node of every part, mm.
    pub displacements: Vec<Vec<Vec3>>,
    /// State of every interface, in the order of the model.
    pub contacts: Vec<Contact>,
    /// Reaction of every hold, in the order of the model. A node of two holds counts for the first.
    pub holds: Vec<Reaction>,
    /// Every guide, then every rigid body, in the order of the model.
    pub guides: Vec<GuideReport>,
    /// Displacement (mm) and rotation (rad) of every beam node.
    pub beam_motions: Vec<[Vec3; 2]>,
    /// Every screw and rod.
    pub members: Vec<MemberReport>,
    /// Every screw tied into a part.
    pub ties: Vec<TieReport>,
    /// Every wire.
    pub wires: Vec<WireReport>,
    /// How well forces and moments balance.
    pub balance: Balance,
    /// Work of the applied forces over their displacements, F·u, N·mm: twice the elastic energy when nothing
    /// slides. With bone that yields the forces of yielding count as applied.
    pub compliance: f64,
    /// How the solve went.
    pub progress: Progress,
    /// Whether the answer is proportional to the load: no interface counts the gaps of the given geometry.
    pub proportional: bool,
    /// Multiplier of every interface point, MPa, for a warm start.
    pub(crate) multipliers: Vec<Vec3>,
}

/// State of one interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Name of the interface.
    pub name: String,
    /// Its law.
    pub law: Law,
    /// Integration points.
    pub points: Vec<ContactPoint>,
    /// Slave facets with at least one point.
    pub facets: Vec<ContactFacet>,
    /// Area of the slave facets, mm².
    pub slave_area: f64,
    /// Part of it that found a partner, mm².
    pub paired_area: f64,
    /// Largest distance between the paired surfaces in the given geometry, mm.
    pub largest_initial_gap: f64,
    /// Largest overlap (sliding) or jump (bonded) at a point of the answer, mm; what the penalty leaves. The
    /// solve bounds its mean over each facet.
    pub largest_violation: f64,
    /// The same relative to the size of the facet it occurs on.
    pub relative_violation: f64,
    /// Force of the master on the slave, N.
    pub force: Vec3,
    /// Moment of that force about the origin, N·mm.
    pub moment: Vec3,
}

/// Integration point of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ContactPoint {
    /// Position on the slave surface, mm.
    pub position: Vec3,
    /// Outward unit normal of the slave surface.
    pub normal: Vec3,
    /// Area the point stands for, mm².
    pub area: f64,
    /// Cells behind the point in the slave and in the master part.
    pub cells: [u32; 2],
    /// Pressure, MPa; negative only where a bond pulls.
    pub pressure: f64,
    /// Shear traction on the slave, MPa, orthogonal to the normal.
    pub shear: Vec3,
    /// Opening along the normal, mm, of what counts as gap; slightly negative where closed.
    pub gap: f64,
    /// Tangential displacement of the slave against the master, mm.
    pub slip: Vec3,
    /// Depth to which the bed under it has sunk, mm; 0 without one.
    pub sunk: f64,
    /// Open, sticking or slipping.
    pub status: Status,
}

/// Slave facet of an interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactFacet {
    /// Index into the boundary of the slave part's mesh.
    pub facet: u32,
    /// Its points, as a range of [`Contact::points`].
    pub points: Range<usize>,
    /// Paired area, mm².
    pub area: f64,
    /// Mean pressure over that area, MPa. It scatters less than the pressure of single points.
    pub pressure: f64,
}

impl Contact {
    /// Area in contact, mm².
    pub fn closed_area(&self) -> f64 {
        self.points.iter().filter(|p| p.status != Status::Open).map(|p| p.area).sum()
    }

    /// Largest pressure of a point, MPa.
    pub fn peak_pressure(&self) -> f64 {
        self.points.iter().map(|p| p.pressure).fold(0.0, f64::max)
    }

    /// Largest mean pressure of a slave facet, MPa.
    pub fn peak_facet_pressure(&self) -> f64 {
        self.facets.iter().map(|f| f.pressure).fold(0.0, f64::max)
    }
}

/// Resultant of the forces a support exerts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reaction {
    /// Name of the support.
    pub name: String,
    /// Force on the model, N.
    pub force: Vec3,
    /// Moment on the model about the origin, N·mm.
    pub moment: Vec3,
}

/// What a guide did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuideReport {
    /// Name of the guide.
    pub name: String,
    /// Displacement of the rigid body along its force, mm.
    pub travel: f64,
    /// Force of the guide on the rigid body across its direction, N.
    pub transverse: Vec3,
    /// Moment of the guide on the rigid body about the center of its bedding, N·mm.
    pub moment: Vec3,
    /// Center of the bedding, mm.
    pub center: Vec3,
    /// Largest compressive traction of the bedding along the force, MPa.
    pub peak_pressure: f64,
    /// Largest tensile traction of the bedding along the force, MPa; the bedding is bonded, so it may pull.
    pub peak_tension: f64,
}

/// Forces in a screw or rod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberReport {
    /// Name of the member.
    pub name: String,
    /// Section forces at both ends of each beam.
    pub forces: Vec<[SectionForces; 2]>,
    /// Largest von Mises stress, MPa: normal force, bending, torque, shear.
    pub peak_stress: f64,
    /// Where it occurs, mm.
    pub peak_position: Vec3,
}

/// Force of a screw on the part it is tied into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TieReport {
    /// Name of the screw.
    pub member: String,
    /// Name of the part.
    pub part: String,
    /// Force on the part, N.
    pub force: Vec3,
    /// Moment on the part about the origin, N·mm.
    pub moment: Vec3,
    /// Component of the force on the part along the screw toward its head (the first node of the member), N:
    /// positive when the screw is pulled out.
    pub pull_out: f64,
    /// Largest force per length of screw, N/mm, over the rings that lie wholly in the part; over all where none does.
    pub peak_line_load: f64,
    /// Length of screw inside the part, mm.
    pub embedded_length: f64,
    /// How the rings that lie wholly in the part press on it.
    pub bearings: Vec<Bearing>,
}

/// Pressure of a screw on the part around it, at one place of its length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bearing {
    /// Cells of the part that hold the screw's wall there.
    pub cells: [u32; 4],
    /// Force across the screw over length and outer diameter, MPa.
    pub pressure: f64,
}

/// What a wire does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WireReport {
    /// Name of the wire.
    pub name: String,
    /// Name of the part it is anchored in.
    pub part: String,
    /// Tension, N; never negative.
    pub tension: f64,
    /// Tension over area, MPa.
    pub stress: f64,
    /// By how much its ends have approached where it is slack, mm; 0 where it pulls.
    pub slack: f64,
    /// Force on the part, N.
    pub force: Vec3,
    /// Moment on the part about the origin, N·mm.
    pub moment: Vec3,
}

/// Balance of forces and moments, from the internal forces at the supports against the loads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// Sum of the magnitudes of all applied resultants, N.
    pub applied: f64,
    /// Force left over, relative to `applied`.
    pub force_error: f64,
    /// Moment left over about the centroid of the nodes, relative to `applied` × 100 mm.
    pub moment_error: f64,
}

/// Cost and course of a solve.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Newton iterations, one linear solve each.
    pub iterations: usize,
    /// Updates of the multipliers.
    pub augmentations: usize,
    /// Residual before each iteration and at the end, relative to the applied nodal forces.
    pub history: Vec<f64>,
    /// Name of the linear solver.
    pub linear_solver: String,
    /// Times the linear solver was set up.
    pub preparations: usize,
    /// Iterations of all linear solves together.
    pub linear_iterations: usize,
    /// Unknowns.
    pub unknowns: usize,
    /// Bytes held by the factor or hierarchy.
    pub linear_memory: usize,
}

impl Solution {
    /// Answer to the same model under `factor` times the load, `factor` ≥ 0.
    ///
    /// ```text
    /// u(s F) = s u(F),   tractions and forces likewise,   statuses unchanged,   compliance s²
    /// ```
    /// Violations (overlap) scale as well: solve at the largest load of a family and scale down. `None` when
    /// the answer is not proportional to the load.
    pub fn scaled(&self, factor: f64) -> Option<Self> {
        if !self.proportional {
            return None;
        }
        let mut s = self.clone();
        s.displacements.iter_mut().flatten().for_each(|u| *u *= factor);
        for c in &mut s.contacts {
            for p in &mut c.points {
                p.pressure *= factor;
                p.shear *= factor;
                p.gap *= factor;
                p.slip *= factor;
            }
            c.facets.iter_mut().for_each(|f| f.pressure *= factor);
            c.largest_violation *= factor;
            c.relative_violation *= factor;
            c.force *= factor;
            c.moment *= factor;
        }
        for r in &mut s.holds {
            r.force *= factor;
            r.moment *= factor;
        }
        for g in &mut s.guides {
            g.travel *= factor;
            g.transverse *= factor;
            g.moment *= factor;
            g.peak_pressure *= factor;
            g.peak_tension *= factor;
        }
        s.beam_motions.iter_mut().flatten().for_each(|u| *u *= factor);
        for m in &mut s.members {
            m.forces.iter_mut().flatten().for_each(|f| *f = f.scaled(factor));
            m.peak_stress *= factor;
        }
        for t in &mut s.ties {
            t.force *= factor;
            t.moment *= factor;
            t.pull_out *= factor;
            t.peak_line_load *= factor;
            t.bearings.iter_mut().for_each(|b| b.pressure *= factor);
        }
        for w in &mut s.wires {
            w.tension *= factor;
            w.stress *= factor;
            w.slack *= factor;
            w.force *= factor;
            w.moment *= factor;
        }
        s.balance.applied *= factor;
        s.compliance *= factor * factor;
        s.multipliers.iter_mut().for_each(|m| *m *= factor);
        Some(s)
    }

    /// Motions and multipliers times `factor`, the rest as it is: where to start another solve.
    pub(crate) fn stretched(&self, factor: f64) -> Self {
        let mut s = self.clone();
        s.displacements.iter_mut().flatten().for_each(|u| *u *= factor);
        s.beam_motions.iter_mut().flatten().for_each(|u| *u *= factor);
        s.guides.iter_mut().for_each(|g| g.travel *= factor);
        s.multipliers.iter_mut().for_each(|m| *m *= factor);
        s
    }

    /// Whether any interface carries a force.
    pub fn is_pressed(&self) -> bool {
        self.contacts.iter().any(|c| 0.0 < c.force.norm())
    }

    /// Mean travel of the guides, mm; 0 without any.
    pub fn mean_travel(&self) -> f64 {
        self.guides.iter().map(|g| g.travel).sum::<f64>() / self.guides.len().max(1) as f64
    }

    /// Largest displacement of all parts, mm.
    pub fn largest_displacement(&self) -> f64 {
        self.displacements.iter().flatten().map(|u| u.norm()).fold(0.0, f64::max)
    }
}
