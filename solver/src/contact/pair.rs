//! Two surfaces that touch or are tied: the interaction the nonlinear engine sees.

use super::law::{self, Law, Response, Status};
use super::mortar::{Manner, Mortar, Row, Sides};
use super::pairing;
use super::surface::{ContactError, Surface};
use crate::nonlinear::Interaction;
use dens_mesher::Vec3;
use nalgebra::Vector3;

/// Which geometry the surfaces are paired in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Motion {
    /// The undeformed one, once: for small displacements and geometrically linear bodies.
    #[default]
    Small,
    /// The current one at the start of each increment; pairing and normals are held within it, so an increment
    /// may slide by a fraction of an element. Ties keep their first pairing.
    Finite,
}

/// What the distance between the surfaces in the undeformed geometry means.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum InitialGap {
    /// What the meshes say: gaps must be closed by the load, overlaps are pressed apart.
    #[default]
    Meshed,
    /// The same everywhere, mm, whatever the meshes say: zero for surfaces that just fit, negative for a press fit.
    Value(f64),
}

/// How two surfaces act on each other.
#[derive(Debug, Clone, PartialEq)]
pub struct PairOptions {
    /// Tied (bonded) or sliding.
    pub law: Law,
    /// Geometry they are paired in.
    pub motion: Motion,
    /// Distance at the start; ties keep theirs.
    pub gap: InitialGap,
    /// Farthest distance along the slave's normal at which surfaces are paired, mm. `None`: a quarter of the
    /// size of a facet for ties, a quarter of the smaller surface's diagonal otherwise.
    pub reach: Option<f64>,
    /// Change of the tractions, relative, at which the multipliers are final.
    pub tolerance: f64,
    /// Slave nodes that supports or other pairs hold. Ties on linear facets put no multiplier of their own there
    /// (the cross-point rule): with their displacement given, it would be undetermined. On quadratic facets the
    /// nodes between the corners determine it.
    pub held: Vec<u32>,
}

impl Default for PairOptions {
    /// Frictionless, small motion, gaps as meshed, tolerance 1e-4.
    fn default() -> Self {
        Self {
            law: Law::Sliding { friction: 0.0 },
            motion: Motion::default(),
            gap: InitialGap::default(),
            reach: None,
            tolerance: 1e-4,
            held: Vec::new(),
        }
    }
}

/// State at a corner of the slave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContactNode {
    /// Node of the body.
    pub node: u32,
    /// Area it stands for, mm².
    pub area: f64,
    /// Pressure, MPa, positive in compression; that of a tie may be negative.
    pub pressure: f64,
    /// Shear traction of the slave on the master, MPa.
    pub shear: Vec3,
    /// Mean distance around the node, mm, negative for overlap.
    pub gap: f64,
    /// Length of the path slipped so far, mm.
    pub slip: f64,
    /// Open, sticking or slipping.
    pub status: Status,
    /// Local element size, mm.
    pub size: f64,
}

/// Multiplier of a corner.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Multiplier {
    /// λₙ, MPa; zero for a tie.
    pub(super) pressure: f64,
    /// λ_t, MPa, global axes; the whole traction of a tie.
    pub(super) shear: Vec3,
    /// Length of the path slipped, mm.
    pub(super) slip: f64,
}

/// Pair of surfaces with its multipliers.
#[derive(Debug, Clone)]
pub struct Pair {
    pub(super) name: String,
    pub(super) slave: Surface,
    pub(super) master: Surface,
    pub(super) options: PairOptions,
    reach: f64,
    without: Vec<u32>,
    pub(super) mortar: Mortar,
    /// Per slave node: added to the gap, mm.
    offsets: Vec<f64>,
    /// Per slave node: overlap of the undeformed surfaces, mm.
    overlaps: Vec<f64>,
    /// Part of the initial overlaps that is pressed apart.
    pub(super) ramp: f64,
    /// Per slave node.
    pub(super) multipliers: Vec<Multiplier>,
    /// As of the last `begin`.
    pub(super) saved: Vec<Multiplier>,
    /// Per row: mean displacement at the last `begin`, mm.
    pub(super) base: Vec<Vector3<f64>>,
    /// Whether shear is bounded by friction yet. At first touch all that closes sticks, until pressures are known:
    /// from there the right sets are near, from nothing Newton's method may run in circles.
    pub(super) bounded: bool,
    /// Whether multipliers are no longer smoothed in this increment.
    pub(super) exact: bool,
    /// Per row: overlap and slip for which the multipliers were last updated, and the status then; empty before.
    pub(super) updated: Vec<(Vector3<f64>, Status)>,
}

impl Pair {
    /// Pairs two surfaces of one body in its undeformed state.
    ///
    /// Choose the softer or finer side as slave: it carries the multipliers.
    ///
    /// # Errors
    /// [`ContactError::Shared`], [`ContactError::BadNumber`].
    pub fn new(
        name: &str,
        slave: Surface,
        master: Surface,
        options: PairOptions,
    ) -> Result<Self, ContactError> {
        let bad = |what, value| Err(ContactError::BadNumber { pair: name.to_string(), what, value });
        if let Law::Sliding { friction } = options.law
            && !(0.0 <= friction && friction.is_finite())
        {
            return bad("the friction", friction);
        }
        if let InitialGap::Value(gap) = options.gap
            && !gap.is_finite()
        {
            return bad("the initial gap", gap);
        }
        if let Some(reach) = options.reach
            && !(0.0 < reach && reach.is_finite())
        {
            return bad("the reach", reach);
        }
        if options.tolerance <= 0.0 || options.tolerance.is_nan() {
            return bad("the tolerance", options.tolerance);
        }
        if let Some(&node) = slave.nodes.iter().find(|n| master.nodes.binary_search(n).is_ok()) {
            return Err(ContactError::Shared { pair: name.to_string(), node });
        }
        let tied = options.law == Law::Bonded;
        let mean = |s: &Surface| s.facets.iter().map(|f| f.size).sum::<f64>() / s.facets.len() as f64;
        let reach = options.reach.unwrap_or(if tied {
            0.25 * mean(&slave).max(mean(&master))
        } else {
            0.25 * slave.diagonal().min(master.diagonal())
        });
        let n = slave.nodes.len();
        let mut pair = Self {
            name: name.to_string(),
            without: if tied { cross_points(&slave, &options.held) } else { Vec::new() },
            slave,
            master,
            options,
            reach,
            mortar: Mortar::default(),
            offsets: vec![0.0; n],
            overlaps: vec![0.0; n],
            ramp: 1.0,
            multipliers: vec![Multiplier::default(); n],
            saved: vec![Multiplier::default(); n],
            base: Vec::new(),
            bounded: false,
            exact: false,
            updated: Vec::new(),
        };
        pair.mortar = pair.integrated(&pair.slave.points, &pair.master.points);
        pair.base = vec![Vector3::zeros(); pair.mortar.rows.len()];
        if !tied {
            for row in &pair.mortar.rows {
                let corner = row.corner as usize;
                if let InitialGap::Value(gap) = pair.options.gap {
                    pair.offsets[corner] = gap - row.gap;
                }
                pair.overlaps[corner] = (-row.gap - pair.offsets[corner]).max(0.0);
            }
        }
        Ok(pair)
    }

    /// Presses apart this part of the initial overlaps, 0 to 1, from now on.
    pub fn set_ramp(&mut self, part: f64) {
        self.ramp = part;
    }

    /// Part of the slave's area that faces the master within the reach.
    pub fn paired_share(&self) -> f64 {
        self.mortar.covered / self.mortar.area
    }

    /// Largest distance of paired points, mm: what a tie bridges.
    pub fn widest_gap(&self) -> f64 {
        self.mortar.widest
    }

    /// State of every corner that carries a multiplier, by node.
    pub fn nodes(&self, displacements: &[Vec3]) -> Vec<ContactNode> {
        let state = |i: usize| {
            let (row, (d, response)) = (&self.mortar.rows[i], self.response(i, displacements));
            let facing: Vec3 = row.axes * response.traction;
            let normal: Vec3 = match self.options.law {
                Law::Bonded => self.normal_of(row),
                Law::Sliding { .. } => row.axes.column(0).into(),
            };
            let pressure = facing.dot(&normal);
            ContactNode {
                node: self.slave.nodes[row.corner as usize],
                area: row.weight,
                pressure,
                shear: facing - pressure * normal,
                gap: match self.options.law {
                    Law::Bonded => -(row.axes * d).dot(&normal),
                    Law::Sliding { .. } => -d.x,
                },
                slip: self.multipliers[row.corner as usize].slip + slipped(&d, &response),
                status: self.status(&response),
                size: row.size,
            }
        };
        (0..self.mortar.rows.len()).map(state).collect()
    }

    /// Status; shear that has come to the bound of friction slips, also where the slip is not counted any more.
    fn status(&self, response: &Response) -> Status {
        let z = response.traction;
        match self.options.law {
            Law::Sliding { friction } if response.status == Status::Stick => {
                let at_bound = friction * z.x * (1.0 - 1e-9) <= z.y.hypot(z.z);
                if at_bound { Status::Slip } else { Status::Stick }
            }
            _ => response.status,
        }
    }

    /// Mean normal of the slave around a corner, undeformed.
    fn normal_of(&self, row: &Row) -> Vec3 {
        let mut sum = Vec3::zeros();
        for facet in self.slave.facets.iter().filter(|f| f.nodes.contains(&row.corner)) {
            let p = facet.points(&self.slave.points);
            sum += (p[1] - p[0]).cross(&(p[2] - p[0]));
        }
        sum.try_normalize(0.0).unwrap_or_else(Vec3::z)
    }

    /// Force of the slave on the master, N.
    pub fn force(&self, displacements: &[Vec3]) -> Vec3 {
        let mut forces = vec![Vec3::zeros(); displacements.len()];
        self.linearize(displacements, &mut forces, None);
        self.slave.nodes.iter().map(|n| forces[*n as usize]).sum()
    }

    pub(super) fn integrated(&self, slave_points: &[Vec3], master_points: &[Vec3]) -> Mortar {
        let sides = Sides { slave: &self.slave, master: &self.master, slave_points, master_points };
        let pairing = pairing::pair(sides.slave, sides.master, slave_points, master_points, self.reach);
        let manner = Manner { tied: self.options.law == Law::Bonded, without: &self.without };
        Mortar::new(sides, &pairing, manner)
    }

    pub(super) fn epsilon(&self, row: &Row) -> f64 {
        law::FACTOR / row.compliance
    }

    /// Overlap and slip of a row (all of the displacement for ties), and its traction.
    pub(super) fn response(&self, i: usize, displacements: &[Vec3]) -> (Vector3<f64>, Response) {
        let row = &self.mortar.rows[i];
        let corner = row.corner as usize;
        let mut d = mean(row, displacements);
        let lambda = self.multipliers[corner];
        let mut multiplier = row.axes.transpose() * lambda.shear;
        if self.options.law != Law::Bonded {
            let gap = row.gap + self.offsets[corner] + (1.0 - self.ramp) * self.overlaps[corner];
            d -= self.base[i];
            d.x += self.base_overlap(i) - gap;
            multiplier.x = lambda.pressure;
        }
        let held = self.updated.get(i).filter(|(at, _)| *at == d).map(|(_, status)| *status);
        (d, law::respond(self.law(), self.epsilon(row), d, multiplier, held))
    }

    /// Whether friction couples shear to pressure once it is bounded.
    pub(super) fn has_friction(&self) -> bool {
        matches!(self.options.law, Law::Sliding { friction } if 0.0 < friction)
    }

    /// The law as it acts now.
    pub(super) fn law(&self) -> Law {
        match self.options.law {
            Law::Sliding { friction } if 0.0 < friction && !self.bounded => {
                Law::Sliding { friction: f64::INFINITY }
            }
            law => law,
        }
    }

    /// Normal displacement at the last `begin` that the gap does not contain.
    fn base_overlap(&self, i: usize) -> f64 {
        match self.options.motion {
            Motion::Small => self.base[i].x,
            Motion::Finite => 0.0,
        }
    }
}

/// Corners (local numbers) of linear facets that are held.
fn cross_points(slave: &Surface, held: &[u32]) -> Vec<u32> {
    let quadratic: Vec<u32> = slave
        .facets
        .iter()
        .filter(|f| !f.cell().edges().is_empty())
        .flat_map(|f| f.nodes.iter().copied())
        .collect();
    let mut out: Vec<u32> = held
        .iter()
        .filter_map(|n| slave.nodes.binary_search(n).ok())
        .map(|k| k as u32)
        .filter(|k| !quadratic.contains(k))
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// Mean displacement of the slave against the master along the axes of the corner, mm.
pub(super) fn mean(row: &Row, displacements: &[Vec3]) -> Vector3<f64> {
    let mut sum = Vector3::zeros();
    for (&node, b) in row.nodes.iter().zip(&row.blocks) {
        let u = displacements[node as usize];
        for r in 0..3 {
            sum[r] += b[3 * r] * u.x + b[3 * r + 1] * u.y + b[3 * r + 2] * u.z;
        }
    }
    sum
}

/// Length of the slip, mm; sticking corners do not move.
pub(super) fn slipped(d: &Vector3<f64>, response: &Response) -> f64 {
    if response.status == Status::Slip { d.y.hypot(d.z) } else { 0.0 }
}
