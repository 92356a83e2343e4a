//! A pair through one increment: forces, tangent, new multipliers, history.

use super::law::{self, Law, Response, Status};
use super::mortar::Row;
use super::pair::{Motion, Multiplier, Pair, mean, slipped};
use crate::nonlinear::{Augmentation, Interaction, TangentSink};
use dens_mesher::Vec3;
use nalgebra::{Matrix3, Vector3};

/// Largest overlap of closed surfaces and largest slip of sticking ones, over the local element size.
const PENETRATION: f64 = 1e-3;

/// Gap over the element size below which surfaces count as touching while nothing presses yet.
const TOUCHING: f64 = 1e-6;

/// Pressure over the regularisation of one element size that is round-off.
const ROUND_OFF: f64 = 1e-13;

impl Interaction for Pair {
    fn couplings(&self) -> Vec<Vec<u32>> {
        self.mortar.rows.iter().map(|r| r.nodes.clone()).collect()
    }

    fn begin(&mut self, displacements: &[Vec3]) {
        self.saved.clone_from(&self.multipliers);
        self.updated.clear();
        self.exact = false;
        self.bounded = self.multipliers.iter().any(|m| 0.0 < m.pressure);
        if self.options.motion == Motion::Finite && self.options.law != Law::Bonded {
            self.mortar =
                self.integrated(&self.slave.moved(displacements), &self.master.moved(displacements));
        }
        self.base = self.mortar.rows.iter().map(|row| mean(row, displacements)).collect();
    }

    fn linearize(&self, displacements: &[Vec3], forces: &mut [Vec3], tangent: Option<&mut TangentSink<'_>>) {
        let responses: Vec<(Vector3<f64>, Response)> =
            (0..self.mortar.rows.len()).map(|i| self.response(i, displacements)).collect();
        for (row, (_, response)) in self.mortar.rows.iter().zip(&responses) {
            if response.status == Status::Open {
                continue;
            }
            let z = row.weight * response.traction;
            for (&node, b) in row.nodes.iter().zip(&row.blocks) {
                forces[node as usize] += Vec3::from_fn(|c, _| b[c] * z.x + b[3 + c] * z.y + b[6 + c] * z.z);
            }
        }
        let Some(tangent) = tangent else { return };
        let floating = responses.iter().all(|(_, r)| r.status == Status::Open);
        for (row, (d, response)) in self.mortar.rows.iter().zip(&responses) {
            let touching = -d.x <= TOUCHING * row.size;
            let t = law::tangent(self.law(), self.epsilon(row), response, floating, touching);
            if t != Matrix3::zeros() {
                couple(row, &(row.weight * t), tangent);
            }
        }
    }

    fn symmetric_tangent(&self, displacements: &[Vec3], tangent: &mut TangentSink<'_>) {
        let responses: Vec<(Vector3<f64>, Response)> =
            (0..self.mortar.rows.len()).map(|i| self.response(i, displacements)).collect();
        let floating = responses.iter().all(|(_, r)| r.status == Status::Open);
        for (row, (d, response)) in self.mortar.rows.iter().zip(&responses) {
            let touching = -d.x <= TOUCHING * row.size;
            let mut t = law::tangent(self.law(), self.epsilon(row), response, floating, touching);
            if self.options.law != Law::Bonded {
                // Friction that follows the pressure: half of it, mirrored, would make the matrix indefinite.
                (t[(1, 0)], t[(2, 0)]) = (0.0, 0.0);
            }
            if t != Matrix3::zeros() {
                couple(row, &(row.weight * t), tangent);
            }
        }
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
            floor += row.weight * (ROUND_OFF * self.epsilon(row) * row.size).powi(2);
            responses.push((d, response));
        }
        let Some((relative, at, forbidden)) = worst else { return Augmentation::default() };
        let before = self.multipliers.clone();
        self.update(&responses);
        let change = self.change_since(&before) / (self.options.tolerance * total.sqrt() + floor.sqrt());
        // Smooth multipliers leave an overlap where pressures are a large part of the stiffness.
        let deep = change <= 1.0 && 1.0 < relative / PENETRATION && !self.exact;
        if deep {
            self.exact = true;
            self.update(&responses);
        }
        let measure = change.max(relative / PENETRATION);
        let row = &self.mortar.rows[at];
        let place = self.slave.points[row.corner as usize];
        let worst = format!(
            "{} {forbidden:.2e} mm at ({:.4} {:.4} {:.4}), element size {:.3e} mm",
            if self.options.law == Law::Bonded { "misfit" } else { "overlap or slip" },
            place.x,
            place.y,
            place.z,
            row.size
        );
        let again = first || 1.0 < measure && (1.0 < change || deep || self.exact);
        if again {
            self.updated = responses.iter().map(|(d, response)| (*d, response.status)).collect();
        } else {
            // The last tractions are in equilibrium with the multipliers as they were.
            self.multipliers = before;
        }
        Augmentation { again, measure, worst }
    }

    fn accept(&mut self, displacements: &[Vec3]) {
        if self.options.law != Law::Bonded {
            for i in 0..self.mortar.rows.len() {
                let (d, response) = self.response(i, displacements);
                let corner = self.mortar.rows[i].corner as usize;
                let pressure = self.multipliers[corner].pressure;
                // Slip is counted anew from here, so the shear it made must be kept; the gap goes on.
                self.store(i, &response);
                self.multipliers[corner].pressure = pressure;
                self.multipliers[corner].slip += slipped(&d, &response);
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
        self.exact = false;
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

/// Hands over the blocks Bₐᵀ T B_b of one row.
fn couple(row: &Row, t: &Matrix3<f64>, tangent: &mut TangentSink<'_>) {
    let matrix = |b: &[f64; 9]| Matrix3::from_row_slice(b);
    let right: Vec<Matrix3<f64>> = row.blocks.iter().map(|b| t * matrix(b)).collect();
    for (&a, b) in row.nodes.iter().zip(&row.blocks) {
        let left = matrix(b).transpose();
        for (&other, right) in row.nodes.iter().zip(&right) {
            let block = left * right;
            tangent(a, other, std::array::from_fn(|k| block[(k / 3, k % 3)]));
        }
    }
}

impl Pair {
    /// Takes tractions as multipliers: smoothed, except for shear, which has a history, and once `exact`.
    fn update(&mut self, responses: &[(Vector3<f64>, Response)]) {
        for (i, (_, response)) in responses.iter().enumerate() {
            self.store(i, response);
        }
        if !self.exact {
            self.smooth();
        }
    }

    /// Root of the integral of the squared change of the multipliers.
    fn change_since(&self, before: &[Multiplier]) -> f64 {
        let of = |row: &Row| {
            let (a, b) = (before[row.corner as usize], self.multipliers[row.corner as usize]);
            row.weight * ((a.pressure - b.pressure).powi(2) + (a.shear - b.shear).norm_squared())
        };
        self.mortar.rows.iter().map(of).sum::<f64>().sqrt()
    }

    /// Replaces the multipliers by their means over the functions around, ∫ Φⱼ λ dA / wⱼ.
    ///
    /// Constant tractions stay; what alternates from corner to corner, which quadratic displacements hardly feel, is
    /// left to ε: p = λ + ε δ with λ = mean of p, a compliance (1 − mean)/ε of the rough part alone.
    fn smooth(&mut self) {
        let tied = self.options.law == Law::Bonded;
        let of = |row: &Row| {
            let mut out = Multiplier::default();
            for (k, m) in &row.mean {
                let other = self.multipliers[self.mortar.rows[*k as usize].corner as usize];
                out.pressure += m * other.pressure;
                out.shear += *m * other.shear;
            }
            out
        };
        let means: Vec<Multiplier> = self.mortar.rows.iter().map(of).collect();
        for (row, mean) in self.mortar.rows.iter().zip(means) {
            let own = &mut self.multipliers[row.corner as usize];
            own.pressure = mean.pressure;
            if tied {
                own.shear = mean.shear;
            }
        }
    }

    fn store(&mut self, i: usize, response: &Response) {
        let row = &self.mortar.rows[i];
        let z = response.traction;
        self.multipliers[row.corner as usize] = match self.options.law {
            Law::Bonded => Multiplier { pressure: 0.0, shear: row.axes * z, slip: 0.0 },
            Law::Sliding { .. } => {
                let slip = self.multipliers[row.corner as usize].slip;
                Multiplier { pressure: z.x, shear: row.axes * Vector3::new(0.0, z.y, z.z), slip }
            }
        };
    }
}
