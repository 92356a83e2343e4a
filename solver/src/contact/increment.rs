//! A pair through one increment: forces, tangent, new multipliers, history.

use super::law::{self, Law, Response, Status};
use super::mortar::{Mortar, Row};
use super::pair::{Motion, Multiplier, Pair, mean, slipped};
use crate::nonlinear::{Augmentation, Interaction, TangentSink};
use dens_mesher::Vec3;
use nalgebra::{Matrix3, Vector3};
use rayon::prelude::*;

/// Largest overlap of closed surfaces and largest slip of sticking ones, over the local element size.
const PENETRATION: f64 = 1e-3;

/// Overlap and slip in the mean over a node that are aimed at: points between nodes overlap by two or three times as much.
const HELD: f64 = 3e-4;

/// Growth of the regularisation where more is left, and its most: a hundred thousand times a layer of elements.
const FIRMER: f64 = 10.0;
const FIRMEST: f64 = 1e3;

/// Largest change of nodal forces by new pairing, over the largest of them, that is of no account.
const SHIFT: f64 = 1e-3;

/// Rows whose blocks are held at a time: some ten thousand bytes each.
const BATCH: usize = 256;

/// Gap over the element size below which surfaces count as touching while nothing presses yet.
const TOUCHING: f64 = 1e-6;

/// Pressure over the regularisation of one element size that is round-off.
const ROUND_OFF: f64 = 1e-13;

impl Interaction for Pair {
    fn couplings(&self) -> Vec<Vec<u32>> {
        self.mortar.rows.iter().map(|r| r.nodes.clone()).collect()
    }

    fn begin(&mut self, displacements: &[Vec3], ramp: f64) {
        self.ramp = ramp;
        self.saved.clone_from(&self.multipliers);
        self.updated.clear();
        self.firmness = 1.0;
        self.grips.fill(1.0);
        self.bounded = self.multipliers.iter().any(|m| 0.0 < m.pressure);
        self.start.clear();
        self.start.extend_from_slice(displacements);
        if self.options.motion == Motion::Finite && self.options.law != Law::Bonded {
            (self.paired, self.mortar) =
                self.integrated(self.slave.moved(displacements), self.master.moved(displacements));
        }
        self.base = self.mortar.rows.iter().map(|row| mean(row, displacements)).collect();
    }

    fn linearize(&self, displacements: &[Vec3], forces: &mut [Vec3], tangent: Option<&mut TangentSink<'_>>) {
        let responses = self.responses(displacements);
        for (row, (_, response)) in self.mortar.rows.iter().zip(&responses) {
            if response.status == Status::Open {
                continue;
            }
            add_forces(row, &response.traction, forces);
        }
        if let Some(tangent) = tangent {
            self.stiffen(&responses, false, tangent);
        }
    }

    fn symmetric_tangent(&self, displacements: &[Vec3], tangent: &mut TangentSink<'_>) {
        self.stiffen(&self.responses(displacements), true, tangent);
    }

    fn augment(&mut self, displacements: &[Vec3]) -> Augmentation {
        let first = self.has_friction() && !self.bounded;
        self.bounded |= first;
        let (mut total, mut floor) = (0.0, 0.0);
        let mut worst: Option<(f64, usize, f64)> = None;
        let mut responses = Vec::with_capacity(self.mortar.rows.len());
        for (i, row) in self.mortar.rows.iter().enumerate() {
            let (d, response) = self.response(i, displacements);
            let forbidden = match (self.options.law, response.status) {
                (Law::Bonded, _) | (_, Status::Stick) => d.norm(),
                (_, Status::Slip) => d.x.abs(),
                (_, Status::Open) => 0.0,
            };
            if worst.is_none_or(|w| w.0 < forbidden / row.size) {
                worst = Some((forbidden / row.size, i, forbidden));
            }
            total += row.weight * response.traction.norm_squared();
            floor += row.weight * (ROUND_OFF * self.epsilon(i).normal * row.size).powi(2);
            responses.push((d, response));
        }
        let Some((relative, at, forbidden)) = worst else { return Augmentation::default() };
        let before = self.multipliers.clone();
        self.update(&responses);
        let change = self.change_since(&before) / (self.options.tolerance * total.sqrt() + floor.sqrt());
        // Smooth multipliers leave an overlap where pressures are a large part of the stiffness.
        let deep = change <= 1.0 && HELD < relative && self.firmness < FIRMEST;
        if deep {
            self.firmness *= FIRMER;
        }
        let measure = change.max(relative / PENETRATION);
        let row = &self.mortar.rows[at];
        let place = self.slave.points[row.node as usize];
        let worst = format!(
            "{} {forbidden:.2e} mm at ({:.4} {:.4} {:.4}), element size {:.3e} mm",
            if self.options.law == Law::Bonded { "misfit" } else { "overlap or slip" },
            place.x,
            place.y,
            place.z,
            row.size
        );
        let again = first || deep || 1.0 < change;
        if again {
            self.updated = responses.iter().map(|(d, response)| (*d, response.status)).collect();
        } else {
            // The last tractions are in equilibrium with the multipliers as they were.
            self.multipliers = before;
        }
        Augmentation { again, measure, worst }
    }

    fn follow(&mut self, displacements: &[Vec3]) -> Option<String> {
        if self.options.motion == Motion::Small || self.options.law == Law::Bonded {
            return None;
        }
        let (paired, mortar) =
            self.integrated(self.slave.moved(displacements), self.master.moved(displacements));
        let moved = self.moved(&mortar, displacements)?;
        (self.paired, self.mortar) = (paired, mortar);
        // The gap is that of now, the slip goes on from the start of the increment.
        let base = |row: &Row| {
            let (now, before) = (mean(row, displacements), mean(row, &self.start));
            Vector3::new(now.x, before.y, before.z)
        };
        self.base = self.mortar.rows.iter().map(base).collect();
        self.updated.clear();
        Some(moved)
    }

    fn accept(&mut self, displacements: &[Vec3]) {
        if self.options.law != Law::Bonded {
            for i in 0..self.mortar.rows.len() {
                let (d, response) = self.response(i, displacements);
                let node = self.mortar.rows[i].node as usize;
                let pressure = self.multipliers[node].pressure;
                // Slip is counted anew from here, so the shear it made must be kept; the gap goes on.
                self.store(i, &response);
                self.multipliers[node].pressure = pressure;
                self.multipliers[node].slip += slipped(&d, &response);
                let now = mean(&self.mortar.rows[i], displacements);
                (self.base[i].y, self.base[i].z) = (now.y, now.z);
            }
        }
        self.updated.clear();
        self.saved.clone_from(&self.multipliers);
    }

    fn restore(&mut self) {
        self.multipliers.clone_from(&self.saved);
        self.updated.clear();
        self.firmness = 1.0;
        self.grips.fill(1.0);
        self.bounded = self.multipliers.iter().any(|m| 0.0 < m.pressure);
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn unsymmetric(&self) -> bool {
        self.has_friction() && self.bounded
    }

    fn checkpoint(&self) -> Vec<u8> {
        super::checkpoint::write(self.ramp, &self.saved)
    }

    fn resume(&mut self, bytes: &[u8]) -> Result<(), String> {
        let (ramp, multipliers) = super::checkpoint::read(bytes, self.slave.nodes.len())?;
        (self.ramp, self.multipliers) = (ramp, multipliers);
        self.saved.clone_from(&self.multipliers);
        Ok(())
    }
}

/// Adds the nodal forces of the traction of one row, along its axes.
fn add_forces(row: &Row, traction: &Vector3<f64>, forces: &mut [Vec3]) {
    let z = row.weight * traction;
    for (&node, b) in row.nodes.iter().zip(&row.blocks) {
        forces[node as usize] += Vec3::from_fn(|c, _| b[c] * z.x + b[3 + c] * z.y + b[6 + c] * z.z);
    }
}

/// The blocks Bₐᵀ T B_b of one row, by a, then b.
fn couple(row: &Row, t: &Matrix3<f64>) -> Vec<[f64; 9]> {
    let matrix = |b: &[f64; 9]| Matrix3::from_row_slice(b);
    let right: Vec<Matrix3<f64>> = row.blocks.iter().map(|b| t * matrix(b)).collect();
    let block = |b: &[f64; 9], right: &Matrix3<f64>| -> [f64; 9] {
        let block = matrix(b).transpose() * right;
        std::array::from_fn(|k| block[(k / 3, k % 3)])
    };
    row.blocks.iter().flat_map(|b| right.iter().map(move |right| block(b, right))).collect()
}

impl Pair {
    fn responses(&self, displacements: &[Vec3]) -> Vec<(Vector3<f64>, Response)> {
        let rows = (0..self.mortar.rows.len()).into_par_iter().with_min_len(64);
        rows.map(|i| self.response(i, displacements)).collect()
    }

    /// Hands over the tangent, or with `symmetric` what is left of it without the friction that follows pressure: half of
    /// that, mirrored, would make it indefinite.
    fn stiffen(
        &self,
        responses: &[(Vector3<f64>, Response)],
        symmetric: bool,
        tangent: &mut TangentSink<'_>,
    ) {
        let floating = responses.iter().all(|(_, r)| r.status == Status::Open);
        let coupled = |i: usize| {
            let (row, (d, response)) = (&self.mortar.rows[i], &responses[i]);
            let touching = -d.x <= TOUCHING * row.size;
            let mut t = law::tangent(self.law(), self.epsilon(i), response, floating, touching);
            if symmetric && self.options.law != Law::Bonded {
                (t[(1, 0)], t[(2, 0)]) = (0.0, 0.0);
            }
            if t == Matrix3::zeros() { Vec::new() } else { couple(row, &(row.weight * t)) }
        };
        // Products in parallel, sums in the order of the rows: the same bits for any number of threads.
        for first in (0..responses.len()).step_by(BATCH) {
            let last = responses.len().min(first + BATCH);
            let batch: Vec<Vec<[f64; 9]>> = (first..last).into_par_iter().map(coupled).collect();
            for (row, blocks) in self.mortar.rows[first..last].iter().zip(batch) {
                let pairs = row.nodes.iter().flat_map(|a| row.nodes.iter().map(move |b| (*a, *b)));
                pairs.zip(blocks).for_each(|((a, b), block)| tangent(a, b, block));
            }
        }
    }

    /// What forces and gaps would change by if the surfaces were paired as in `mortar`; `None` for nothing of account.
    fn moved(&self, mortar: &Mortar, displacements: &[Vec3]) -> Option<String> {
        let n = displacements.len();
        let (mut before, mut now) = (vec![Vec3::zeros(); n], vec![Vec3::zeros(); n]);
        let mut tractions = vec![Vec3::zeros(); self.multipliers.len()];
        let mut gaps = vec![None; self.multipliers.len()];
        for (i, row) in self.mortar.rows.iter().enumerate() {
            let (d, response) = self.response(i, displacements);
            if response.status != Status::Open {
                add_forces(row, &response.traction, &mut before);
                tractions[row.node as usize] = row.axes * response.traction;
                gaps[row.node as usize] = Some(-d.x);
            }
        }
        let mut worst = 0.0_f64;
        for row in &mortar.rows {
            let node = row.node as usize;
            add_forces(row, &(row.axes.transpose() * tractions[node]), &mut now);
            if let Some(gap) = gaps[node] {
                worst = worst.max((self.gap(row) - gap).abs() / row.size);
            }
        }
        let most = before.iter().map(|f| f.norm()).fold(0.0, f64::max);
        let change = before.iter().zip(&now).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max);
        let share = if most == 0.0 { 0.0 } else { change / most };
        (PENETRATION < worst || SHIFT < share).then(|| {
            format!(
                "pairing it anew changes forces by {share:.1e} and gaps by {worst:.1e} of the element size"
            )
        })
    }

    /// Takes tractions as multipliers, smoothed.
    fn update(&mut self, responses: &[(Vector3<f64>, Response)]) {
        for (i, (_, response)) in responses.iter().enumerate() {
            self.store(i, response);
        }
        self.smooth(responses);
        if let Law::Sliding { friction } = self.law()
            && friction.is_finite()
        {
            for (i, (d, response)) in responses.iter().enumerate() {
                if response.status == Status::Slip {
                    let normal = self.epsilon(i).normal;
                    self.grips[self.mortar.rows[i].node as usize] =
                        law::grip(normal, friction * response.traction.x, d.y.hypot(d.z));
                }
            }
        }
    }

    /// Root of the integral of the squared change of the multipliers.
    fn change_since(&self, before: &[Multiplier]) -> f64 {
        let of = |row: &Row| {
            let (a, b) = (before[row.node as usize], self.multipliers[row.node as usize]);
            row.weight * ((a.pressure - b.pressure).powi(2) + (a.shear - b.shear).norm_squared())
        };
        self.mortar.rows.iter().map(of).sum::<f64>().sqrt()
    }

    /// Replaces the multipliers by their means over the functions around, ∫ Φⱼ λ dA / wⱼ.
    ///
    /// Constant tractions stay; what alternates from node to node, which the displacements hardly feel or which
    /// supports forbid them to follow, is left to ε: p = λ + ε δ with λ = mean of p, a compliance (1 − mean)/ε of the
    /// rough part alone. Shear has a history, of which only the change in this increment is smoothed, so that nothing
    /// creeps from one increment to the next; shear that slips has its bound and its direction already.
    fn smooth(&mut self, responses: &[(Vector3<f64>, Response)]) {
        let tied = self.options.law == Law::Bonded;
        let of = |row: &Row| {
            let mut out = Multiplier::default();
            for (k, m) in &row.mean {
                let node = self.mortar.rows[*k as usize].node as usize;
                let (other, before) = (self.multipliers[node], self.saved[node]);
                out.pressure += m * other.pressure;
                out.shear += *m * if tied { other.shear } else { other.shear - before.shear };
            }
            out
        };
        let means: Vec<Multiplier> = self.mortar.rows.iter().map(of).collect();
        for ((row, mean), (_, response)) in self.mortar.rows.iter().zip(means).zip(responses) {
            let before = self.saved[row.node as usize].shear;
            let own = &mut self.multipliers[row.node as usize];
            own.pressure = mean.pressure;
            if tied {
                own.shear = mean.shear;
            } else if response.status == Status::Stick {
                own.shear = before + mean.shear;
            }
        }
    }

    fn store(&mut self, i: usize, response: &Response) {
        let row = &self.mortar.rows[i];
        let z = response.traction;
        self.multipliers[row.node as usize] = match self.options.law {
            Law::Bonded => Multiplier { pressure: 0.0, shear: row.axes * z, slip: 0.0 },
            Law::Sliding { .. } => {
                let slip = self.multipliers[row.node as usize].slip;
                Multiplier { pressure: z.x, shear: row.axes * Vector3::new(0.0, z.y, z.z), slip }
            }
        };
    }
}
