//! Signed distance of a closed surface made cheap: a table says where the surface is far, and a triangle to start from.
//!
//! The distance changes by at most 1 mm per mm (it is 1-Lipschitz), so one value at the middle of a block settles the
//! sign of all of it where the surface is farther than the block is wide. Near the surface the value is exact.

use super::bvh::SurfaceSolid;
use super::surface::TriSurface;
use super::{Aabb, Field};
use crate::Vec3;
use rayon::prelude::*;

/// Cells along the side of a block.
const BLOCK: usize = 8;

/// Within this many cells of the surface values are exact.
const EXACT: f64 = 1.5;

/// Most cells of the table.
const MOST: f64 = 2e7;

/// Solid of a surface with a table over its box.
pub struct NearSolid {
    solid: SurfaceSolid,
    origin: Vec3,
    step: f64,
    /// Blocks along each axis.
    n: [usize; 3],
    /// Per cell, block after block: bound of the signed distance, or 0 where it must be asked for.
    far: Vec<f32>,
    /// Per cell: triangle nearest to its middle, where it is near.
    guess: Vec<u32>,
}

impl NearSolid {
    /// Solid of a sound surface (see [`super::check::unsound`]), exact within 1.5 `step` mm of it.
    pub fn new(surface: TriSurface, step: f64) -> Self {
        let bounds = surface.bounds().grown(4.0 * step);
        let cells = bounds.size().iter().map(|s| s / step + 1.0).product::<f64>();
        let step = step * (cells / MOST).cbrt().max(1.0);
        let side = step * BLOCK as f64;
        let n: [usize; 3] = bounds.size().map(|s| (s / side).ceil().max(1.0) as usize).into();
        let solid = SurfaceSolid::new(surface);
        let mut far = vec![0f32; n[0] * n[1] * n[2] * BLOCK.pow(3)];
        let mut guess = vec![u32::MAX; far.len()];
        far.par_chunks_mut(BLOCK.pow(3)).zip(guess.par_chunks_mut(BLOCK.pow(3))).enumerate().for_each(
            |(b, (far, guess))| {
                let at = Vec3::new((b % n[0]) as f64, (b / n[0] % n[1]) as f64, (b / (n[0] * n[1])) as f64);
                let mut block = Filling { solid: &solid, low: bounds.min + at * side, step, far, guess };
                block.fill([0; 3], BLOCK, u32::MAX);
            },
        );
        Self { solid, origin: bounds.min, step, n, far, guess }
    }

    /// The solid without its table.
    pub fn solid(&self) -> &SurfaceSolid {
        &self.solid
    }

    /// Nearest triangle to `p` and the signed distance, mm.
    pub fn nearest(&self, p: Vec3) -> (u32, f64) {
        self.solid.distance(p, self.cell(p).map_or(u32::MAX, |c| self.guess[c]))
    }

    /// Number of the cell that holds `p`.
    fn cell(&self, p: Vec3) -> Option<usize> {
        let at = (p - self.origin) / self.step;
        if (0..3).any(|i| at[i] < 0.0 || (self.n[i] * BLOCK) as f64 <= at[i]) {
            return None;
        }
        let at: [usize; 3] = at.map(|x| x as usize).into();
        let block = at[0] / BLOCK + self.n[0] * (at[1] / BLOCK + self.n[1] * (at[2] / BLOCK));
        let inner = at[0] % BLOCK + BLOCK * (at[1] % BLOCK + BLOCK * (at[2] % BLOCK));
        Some(block * BLOCK.pow(3) + inner)
    }
}

/// One block of the table while it is filled.
struct Filling<'a> {
    solid: &'a SurfaceSolid,
    low: Vec3,
    step: f64,
    far: &'a mut [f32],
    guess: &'a mut [u32],
}

impl Filling<'_> {
    /// Fills `size` cells along each axis from `at`, by one value where that settles them.
    fn fill(&mut self, at: [usize; 3], size: usize, guess: u32) {
        let corner = Vec3::new(at[0] as f64, at[1] as f64, at[2] as f64);
        let middle = self.low + (corner + Vec3::repeat(0.5 * size as f64)) * self.step;
        let (triangle, d) = self.solid.distance(middle, guess);
        // Half the diagonal of the part.
        let reach = 0.5 * 3f64.sqrt() * size as f64 * self.step;
        let bound = d.abs() - reach;
        let settled = EXACT * self.step < bound;
        if !settled && 1 < size {
            let half = size / 2;
            for i in 0..8 {
                let next = [at[0] + (i & 1) * half, at[1] + (i >> 1 & 1) * half, at[2] + (i >> 2) * half];
                self.fill(next, half, triangle);
            }
            return;
        }
        for k in 0..size.pow(3) {
            let c = [at[0] + k % size, at[1] + k / size % size, at[2] + k / (size * size)];
            let cell = c[0] + BLOCK * (c[1] + BLOCK * c[2]);
            self.far[cell] = if settled { bound.copysign(d) as f32 } else { 0.0 };
            self.guess[cell] = triangle;
        }
    }
}

impl Field for NearSolid {
    fn value(&self, p: Vec3) -> f64 {
        match self.cell(p) {
            Some(c) if self.far[c] != 0.0 => f64::from(self.far[c]),
            Some(c) => self.solid.distance(p, self.guess[c]).1,
            None => self.solid.value(p),
        }
    }

    fn bounds(&self) -> Aabb {
        self.solid.bounds()
    }

    fn gradient(&self, p: Vec3) -> Vec3 {
        self.solid.slope(p, self.cell(p).map_or(u32::MAX, |c| self.guess[c]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::repair::broken::ball;
    use super::*;

    #[test]
    fn the_table_never_changes_a_sign_and_is_exact_near_the_surface() {
        let surface = ball(8.0, 16, Vec3::zeros());
        let (plain, near) = (SurfaceSolid::new(surface.clone()), NearSolid::new(surface, 0.7));
        for i in 0..4096 {
            let x = |k: usize| (i / k % 16) as f64 * 1.31 - 9.83;
            let p = Vec3::new(x(1), x(16), x(256));
            let (a, b) = (plain.value(p), near.value(p));
            assert_eq!(a < 0.0, b < 0.0, "at {p:?}");
            assert!(b.abs() <= a.abs() + 1e-6, "a bound in f32: {a} {b}");
            if a.abs() < 1.0 {
                assert!((a - b).abs() < 1e-12, "the same triangle or one as near: {a} {b}");
            }
        }
    }
}
