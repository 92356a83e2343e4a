//! Rigid motions of the bodies of a model that nothing resists.
//!
//! ```text
//! body i moves as  uᵢ(x) = tᵢ + ωᵢ × (x − cᵢ)        a guide moves as  q a
//! each support or connection asks  e·(uᵢ(x) − uⱼ(x)) = 0  at its points in its directions e
//! free motions = null space of the sum of squares
//! ```
//! Contact is taken as closed: a body that is held by contact alone is held, if its load closes the contact.

use dens_mesher::Vec3;
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// Eigenvalues below this part of the largest are free motions. A support whose lever is 1e-4 of the body's
/// size still counts.
const FREE: f64 = 1e-9;

/// Motion of one or more bodies that costs nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct FreeMotion {
    /// Bodies that move, the fastest first.
    pub bodies: Vec<String>,
    /// Translation of the fastest body's center, relative to its turn times its size.
    pub translation: [f64; 3],
    /// Rotation vector of the fastest body times its size.
    pub rotation: [f64; 3],
}

impl fmt::Display for FreeMotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (t, r) = (Vec3::from(self.translation), Vec3::from(self.rotation));
        write!(f, "`{}` can ", self.bodies.join("` with `"))?;
        let moves = 0.05 * r.norm() < t.norm();
        if moves {
            write!(f, "move along {}", direction(t))?;
        }
        if 0.05 * t.norm() < r.norm() {
            let join = if moves { " and " } else { "" };
            write!(f, "{join}turn about {}", direction(r))?;
        }
        Ok(())
    }
}

/// Unit vector to two digits, its largest component positive.
pub(crate) fn direction(v: Vec3) -> String {
    let d = v / v[v.iamax()];
    // Adding zero turns −0 into 0.
    let [x, y, z] = (d / d.norm()).map(|c| (100.0 * c).round() / 100.0 + 0.0).into();
    format!("({x:.2} {y:.2} {z:.2})")
}

/// Something that moves as a whole.
#[derive(Debug, Clone)]
pub(crate) enum Mover {
    /// Six motions about a center; the size (mm) scales rotations.
    Body { name: String, center: Vec3, size: f64 },
    /// One motion along an axis.
    Slider { name: String, axis: Vec3 },
}

/// Sum of squares of all relative motions that are resisted.
pub(crate) struct Rigidity {
    movers: Vec<Mover>,
    starts: Vec<usize>,
    gram: DMatrix<f64>,
}

impl Rigidity {
    pub(crate) fn new(movers: Vec<Mover>) -> Self {
        let mut starts = vec![0];
        for m in &movers {
            let n = if matches!(m, Mover::Body { .. }) { 6 } else { 1 };
            starts.push(starts[starts.len() - 1] + n);
        }
        let n = starts[movers.len()];
        Self { movers, starts, gram: DMatrix::zeros(n, n) }
    }

    /// Resists motion between two movers (or a mover and the ground) at points, each in its directions.
    pub(crate) fn link(&mut self, a: usize, b: Option<usize>, at: &[(Vec3, Vec<Vec3>)]) {
        let share = 1.0 / at.len().max(1) as f64;
        for (x, directions) in at {
            for e in directions {
                let mut row = DVector::zeros(self.gram.nrows());
                self.add(&mut row, a, *x, *e, 1.0);
                if let Some(b) = b {
                    self.add(&mut row, b, *x, *e, -1.0);
                }
                self.gram.ger(share, &row, &row, 1.0);
            }
        }
    }

    fn add(&self, row: &mut DVector<f64>, mover: usize, x: Vec3, e: Vec3, sign: f64) {
        let start = self.starts[mover];
        match &self.movers[mover] {
            Mover::Body { center, size, .. } => {
                let turn = (x - center).cross(&e) / *size;
                for a in 0..3 {
                    row[start + a] += sign * e[a];
                    row[start + 3 + a] += sign * turn[a];
                }
            }
            Mover::Slider { axis, .. } => row[start] += sign * axis.dot(&e),
        }
    }

    /// Motions that nothing resists, at most one per null vector.
    pub(crate) fn free_motions(self) -> Vec<FreeMotion> {
        if self.gram.is_empty() {
            return Vec::new();
        }
        let eigen = self.gram.clone().symmetric_eigen();
        let largest = eigen.eigenvalues.max().max(f64::MIN_POSITIVE);
        let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
        order.sort_by(|&i, &j| eigen.eigenvalues[i].total_cmp(&eigen.eigenvalues[j]));
        order
            .into_iter()
            .filter(|&i| eigen.eigenvalues[i] <= FREE * largest)
            .map(|i| self.describe(&eigen.eigenvectors.column(i).into_owned()))
            .collect()
    }

    fn describe(&self, vector: &DVector<f64>) -> FreeMotion {
        let mut moving: Vec<(f64, usize)> = (0..self.movers.len())
            .map(|m| (vector.rows(self.starts[m], self.starts[m + 1] - self.starts[m]).norm(), m))
            .collect();
        moving.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let (fastest, first) = moving[0];
        let start = self.starts[first];
        let part = |k: usize| -> [f64; 3] { std::array::from_fn(|a| vector[start + k + a]) };
        let (translation, rotation) = match &self.movers[first] {
            Mover::Body { .. } => (part(0), part(3)),
            Mover::Slider { axis, .. } => ((*axis).into(), [0.0; 3]),
        };
        let named = moving.iter().filter(|(speed, _)| 0.1 * fastest < *speed);
        let bodies = named
            .map(|&(_, m)| match &self.movers[m] {
                Mover::Body { name, .. } | Mover::Slider { name, .. } => name.clone(),
            })
            .collect();
        FreeMotion { bodies, translation, rotation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(name: &str) -> Mover {
        Mover::Body { name: name.to_string(), center: Vec3::new(0.0, 0.0, 5.0), size: 10.0 }
    }

    fn square() -> [Vec3; 4] {
        [Vec3::zeros(), Vec3::new(3.0, 0.0, 0.0), Vec3::new(3.0, 3.0, 0.0), Vec3::new(0.0, 3.0, 0.0)]
    }

    #[test]
    fn a_body_on_a_smooth_plane_slides_and_spins() {
        let mut r = Rigidity::new(vec![body("block")]);
        let at: Vec<_> = square().iter().map(|x| (*x, vec![Vec3::z()])).collect();
        r.link(0, None, &at);
        let free = r.free_motions();
        assert_eq!(free.len(), 3);
        assert!(free.iter().all(|m| m.bodies == ["block"] && m.translation[2].abs() < 1e-9));
    }

    #[test]
    fn a_stack_that_hangs_from_a_slider_moves_along_it_only() {
        let all = vec![Vec3::x(), Vec3::y(), Vec3::z()];
        let slider = Mover::Slider { name: "guide".to_string(), axis: Vec3::z() };
        let mut r = Rigidity::new(vec![body("lower"), body("upper"), slider]);
        let at: Vec<_> = square().iter().map(|x| (*x, all.clone())).collect();
        r.link(0, Some(1), &at);
        r.link(1, Some(2), &at);
        let free = r.free_motions();
        assert_eq!(free.len(), 1);
        assert_eq!(free[0].bodies.len(), 3);
        assert!(free[0].to_string().ends_with("can move along (0.00 0.00 1.00)"), "{}", free[0]);
    }
}
