//! Two surfaces that touch or are tied: the interaction the nonlinear engine sees.

use super::law::{self, Law, Response, Status, Stiffness};
use super::mortar::{Manner, Mortar, Row, Sides};
use super::pairing::{self, Pairing};
use super::space::Space;
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
    /// The current one: surfaces are paired at the start of each increment, and again in its equilibrium until the
    /// pairing no longer changes. Ties keep their first pairing.
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

/// State at a node of the slave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContactNode {
    /// Node of the body.
    pub node: u32,
    /// Area it stands for, mm².
    pub area: f64,
    /// Mean pressure around the node, weighted by its function, MPa, positive in compression; that of a tie may be
    /// negative. Times the areas it adds to the force. Single multipliers scatter, see [the module](super).
    pub pressure: f64,
    /// Mean shear traction of the slave on the master around the node, MPa.
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

/// Multiplier of a slave node.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Multiplier {
    /// λₙ, MPa; zero for a tie.
    pub(super) pressure: f64,
    /// λ_t, MPa, global axes; the whole traction of a tie.
    pub(super) shear: Vec3,
    /// Length of the path slipped, mm.
    pub(super) slip: f64,
}

/// Points of two surfaces that face each other, and the positions in which they do.
#[derive(Debug, Clone, Default)]
pub(super) struct Paired {
    /// Positions of the slave's nodes, mm.
    pub(super) slave: Vec<Vec3>,
    /// Of the master's.
    pub(super) master: Vec<Vec3>,
    pub(super) points: Pairing,
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
    /// What `mortar` was integrated from.
    pub(super) paired: Paired,
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
    /// Displacements at the last `begin`, mm.
    pub(super) start: Vec<Vec3>,
    /// Whether shear is bounded by friction yet. At first touch all that closes sticks, until pressures are known:
    /// from there the right sets are near, from nothing Newton's method may run in circles.
    pub(super) bounded: bool,
    /// Per slave node: multiple of the regularisation against slip in this increment, see [`law::grip`].
    pub(super) grips: Vec<f64>,
    /// Multiple of the regularisation in this increment: grows where smooth multipliers leave too much overlap.
    pub(super) firmness: f64,
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
            paired: Paired::default(),
            offsets: vec![0.0; n],
            overlaps: vec![0.0; n],
            ramp: 1.0,
            multipliers: vec![Multiplier::default(); n],
            saved: vec![Multiplier::default(); n],
            base: Vec::new(),
            start: Vec::new(),
            bounded: false,
            grips: vec![1.0; n],
            firmness: 1.0,
            updated: Vec::new(),
        };
        (pair.paired, pair.mortar) = pair.integrated(pair.slave.points.clone(), pair.master.points.clone());
        pair.base = vec![Vector3::zeros(); pair.mortar.rows.len()];
        if !tied {
            for row in &pair.mortar.rows {
                let node = row.node as usize;
                if let InitialGap::Value(gap) = pair.options.gap {
                    pair.offsets[node] = gap - row.gap;
                }
                pair.overlaps[node] = (-row.gap - pair.offsets[node]).max(0.0);
            }
        }
        Ok(pair)
    }

    /// Part of the slave's area that faces the master within the reach.
    pub fn paired_share(&self) -> f64 {
        self.mortar.covered / self.mortar.area
    }

    /// Largest distance of paired points, mm: what a tie bridges.
    pub fn widest_gap(&self) -> f64 {
        self.mortar.widest
    }

    /// State of every node that carries a multiplier, by node.
    pub fn nodes(&self, displacements: &[Vec3]) -> Vec<ContactNode> {
        let responses: Vec<(Vector3<f64>, Response)> =
            (0..self.mortar.rows.len()).map(|i| self.response(i, displacements)).collect();
        let acting = |(row, (_, response)): (&Row, &(Vector3<f64>, Response))| {
            let facing: Vec3 = row.axes * response.traction;
            let normal: Vec3 = match self.options.law {
                Law::Bonded => self.normal_of(row),
                Law::Sliding { .. } => row.axes.column(0).into(),
            };
            let pressure = facing.dot(&normal);
            (normal, pressure, facing - pressure * normal)
        };
        let acting: Vec<(Vec3, f64, Vec3)> = self.mortar.rows.iter().zip(&responses).map(acting).collect();
        let state = |(i, (row, (d, response))): (usize, (&Row, &(Vector3<f64>, Response)))| {
            let around = row.mean.iter().map(|(k, share)| (*share, acting[*k as usize]));
            let (mut pressure, mut shear) = (0.0, Vec3::zeros());
            around.for_each(|(share, (_, p, t))| {
                pressure += share * p;
                shear += share * t;
            });
            ContactNode {
                node: self.slave.nodes[row.node as usize],
                area: row.weight,
                pressure,
                shear,
                gap: match self.options.law {
                    Law::Bonded => -(row.axes * d).dot(&acting[i].0),
                    Law::Sliding { .. } => -d.x,
                },
                slip: self.multipliers[row.node as usize].slip + slipped(d, response),
                status: self.status(response),
                size: row.size,
            }
        };
        self.mortar.rows.iter().zip(&responses).enumerate().map(state).collect()
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

    /// Mean normal of the slave around a node, undeformed.
    fn normal_of(&self, row: &Row) -> Vec3 {
        let mut sum = Vec3::zeros();
        for facet in self.slave.facets.iter().filter(|f| f.nodes.contains(&row.node)) {
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

    /// Pairs the surfaces in these positions and integrates over them.
    pub(super) fn integrated(&self, slave: Vec<Vec3>, master: Vec<Vec3>) -> (Paired, Mortar) {
        let points = pairing::pair(&self.slave, &self.master, &slave, &master, self.reach);
        let paired = Paired { slave, master, points };
        let tied = self.options.law == Law::Bonded;
        let manner = Manner { tied, space: self.space(), without: &self.without };
        let mortar = Mortar::new(self.sides(&paired), &paired.points, manner);
        (paired, mortar)
    }

    /// Functions of the multipliers: those of ties transfer what is on both sides already, and the nodes between corners
    /// then determine them where supports hold the corners.
    pub(super) fn space(&self) -> Space {
        if self.options.law == Law::Bonded { Space::Corners } else { Space::Nodes }
    }

    /// The surfaces where they were paired.
    pub(super) fn sides<'s>(&'s self, paired: &'s Paired) -> Sides<'s> {
        Sides {
            slave: &self.slave,
            master: &self.master,
            slave_points: &paired.slave,
            master_points: &paired.master,
        }
    }

    pub(super) fn epsilon(&self, i: usize) -> Stiffness {
        let normal = self.firmness * law::FACTOR / self.mortar.rows[i].compliance;
        Stiffness { normal, along: self.grips[self.mortar.rows[i].node as usize] * normal }
    }

    /// Overlap and slip of a row (all of the displacement for ties), and its traction.
    pub(super) fn response(&self, i: usize, displacements: &[Vec3]) -> (Vector3<f64>, Response) {
        let row = &self.mortar.rows[i];
        let node = row.node as usize;
        let mut d = mean(row, displacements);
        let lambda = self.multipliers[node];
        let mut multiplier = row.axes.transpose() * lambda.shear;
        if self.options.law != Law::Bonded {
            d -= self.base[i];
            d.x += self.base_overlap(i) - self.gap(row);
            multiplier.x = lambda.pressure;
        }
        let held = self.updated.get(i).filter(|(at, _)| *at == d).map(|(_, status)| *status);
        (d, law::respond(self.law(), self.epsilon(i), d, multiplier, held))
    }

    /// Gap of a row where the surfaces are paired, mm, with what is added to or left of it.
    pub(super) fn gap(&self, row: &Row) -> f64 {
        row.gap + self.added(row.node as usize)
    }

    /// What is added to the distance between the surfaces at a node of the slave, mm.
    pub(super) fn added(&self, node: usize) -> f64 {
        self.offsets[node] + (1.0 - self.ramp) * self.overlaps[node]
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

/// Mean displacement of the slave against the master along the axes of the node, mm.
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

/// Length of the slip, mm; sticking nodes do not move.
pub(super) fn slipped(d: &Vector3<f64>, response: &Response) -> f64 {
    if response.status == Status::Slip { d.y.hypot(d.z) } else { 0.0 }
}
