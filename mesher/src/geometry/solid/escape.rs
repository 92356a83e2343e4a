//! Whether powder can leave: a probe ball from outside, through the void.
//!
//! A point of the void is free when powder can get from it, over at most 1½ probe widths of void, to a place the
//! probe can be at, and the probe can get there from outside. The rest is trapped: closed pores, pores behind
//! windows narrower than the probe, deep holes narrower than it. Corners between struts are free.

use super::cut::Cut;
use super::grid::{FAR, Grid};
use crate::Vec3;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Farthest free point from the probe's middle, in radii of the probe.
const REACH: f64 = 3.0;
/// Trapped void in a grid cell's corner that the way over grid edges just misses, as a share of the reach.
const SLACK: f64 = 1.1;

/// Result of the check.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Escape {
    /// Width that openings must have, mm.
    pub width_mm: f64,
    /// Void that keeps its powder, mm³.
    pub trapped_mm3: f64,
    /// The place of it that is deepest, where there is some.
    pub place: Option<Vec3>,
    /// Distance between nodes at which the void was looked at, mm.
    pub grid_mm: f64,
}

impl Cut<'_> {
    /// Void from which no powder leaves through openings of `width` mm; with closed voids that were left.
    pub fn escape(&self, width: f64) -> Escape {
        escape(&self.grid, width)
    }
}

/// Void of a grid of signed values from which a probe of `width` mm cannot leave.
pub(super) fn escape(grid: &Grid, width: f64) -> Escape {
    let radius = 0.5 * width;
    let nearest = Nearest::new(grid, radius + grid.edge);
    let probe: Vec<bool> =
        (0..grid.values.len()).into_par_iter().map(|n| nearest.holds(grid, n, radius)).collect();
    let outside: Vec<u32> =
        (0..grid.values.len()).filter(|n| grid.values[*n] == FAR).map(|n| n as u32).collect();
    // What is far outside is reached; from there over all places that hold the probe.
    let mut from_outside = vec![false; grid.values.len()];
    let mut stack = Vec::new();
    for n in outside {
        from_outside[n as usize] = true;
        grid.neighbors(n as usize, |m, _| {
            if grid.values[m] != FAR && probe[m] && !from_outside[m] {
                from_outside[m] = true;
                stack.push(m as u32);
            }
        });
    }
    while let Some(n) = stack.pop() {
        grid.neighbors(n as usize, |m, _| {
            if probe[m] && !from_outside[m] {
                from_outside[m] = true;
                stack.push(m as u32);
            }
        });
    }
    let free = grown(grid, &from_outside, REACH * SLACK * radius);
    let mut trapped = 0_u32;
    let mut deepest: Option<(f64, usize)> = None;
    for (n, free) in free.iter().enumerate() {
        if grid.values[n] < 0.0 || *free {
            continue;
        }
        trapped += 1;
        let depth = f64::from(nearest.distance[n]);
        if deepest.is_none_or(|(d, _)| d < depth) {
            deepest = Some((depth, n));
        }
    }
    Escape {
        width_mm: width,
        trapped_mm3: f64::from(trapped) * grid.share(),
        place: deepest.map(|(_, n)| grid.place(n)),
        grid_mm: 0.75_f64.sqrt() * grid.edge,
    }
}

/// Nodes of the void within `reach` mm of the `from` nodes, along grid edges that stay in the void.
fn grown(grid: &Grid, from: &[bool], reach: f64) -> Vec<bool> {
    let mut free = from.to_vec();
    // In whole micrometres, so that the order is that of numbers.
    let limit = (1000.0 * reach) as u32;
    let mut queue = BinaryHeap::new();
    let mut way = vec![u32::MAX; from.len()];
    let mut step = |at: usize, far: u32, free: &[bool], queue: &mut BinaryHeap<Reverse<(u32, u32)>>| {
        grid.neighbors(at, |m, length| {
            let far = far + (1000.0 * length) as u32;
            if 0.0 <= grid.values[m] && !free[m] && far <= limit && far < way[m] {
                way[m] = far;
                queue.push(Reverse((far, m as u32)));
            }
        });
    };
    for n in (0..from.len()).filter(|n| from[*n] && grid.values[*n] != FAR) {
        step(n, 0, &free, &mut queue);
    }
    while let Some(Reverse((far, n))) = queue.pop() {
        if !free[n as usize] {
            free[n as usize] = true;
            step(n as usize, far, &free, &mut queue);
        }
    }
    free
}

/// Nearest point of the metal's surface for every node of the void, up to a distance.
struct Nearest {
    points: Vec<[f32; 3]>,
    distance: Vec<f32>,
}

impl Nearest {
    /// Vector distance transform: points found at cut edges travel along the edges of the grid, two sweeps each way.
    fn new(grid: &Grid, most: f64) -> Self {
        let n = grid.values.len();
        let mut found = Self { points: vec![[f32::NAN; 3]; n], distance: vec![f32::INFINITY; n] };
        let seeds: Vec<(usize, Vec3)> = (0..n)
            .into_par_iter()
            .filter(|&i| 0.0 <= grid.values[i] && grid.values[i] != FAR)
            .filter_map(|i| {
                let (p, v) = (grid.place(i), f64::from(grid.values[i]));
                let mut best: Option<(f64, Vec3)> = None;
                grid.neighbors(i, |m, length| {
                    let w = f64::from(grid.values[m]);
                    if w < 0.0 {
                        let t = v / (v - w);
                        if best.is_none_or(|(d, _)| t * length < d) {
                            best = Some((t * length, p.lerp(&grid.place(m), t)));
                        }
                    }
                });
                best.map(|(_, point)| (i, point))
            })
            .collect();
        for (i, point) in seeds {
            found.points[i] = point.map(|x| x as f32).into();
            // Edges meet the surface at a slant; the field's own value is nearer where it is smaller.
            found.distance[i] = ((point - grid.place(i)).norm() as f32).min(grid.values[i]);
        }
        let most = most as f32;
        for _ in 0..2 {
            (0..n).for_each(|i| found.pull(grid, i, most));
            (0..n).rev().for_each(|i| found.pull(grid, i, most));
        }
        found
    }

    fn pull(&mut self, grid: &Grid, i: usize, most: f32) {
        if grid.values[i] < 0.0 || grid.values[i] == FAR {
            return;
        }
        let p = grid.place(i).map(|x| x as f32);
        grid.neighbors(i, |m, _| {
            if self.distance[m] < most {
                let s = self.points[m];
                let d = ((p.x - s[0]).powi(2) + (p.y - s[1]).powi(2) + (p.z - s[2]).powi(2)).sqrt();
                if d < self.distance[i] {
                    (self.distance[i], self.points[i]) = (d, s);
                }
            }
        });
    }

    /// Whether a ball of `radius` fits with its middle at the node, or within half a grid edge of it.
    fn holds(&self, grid: &Grid, i: usize, radius: f64) -> bool {
        let value = grid.values[i];
        if value < 0.0 {
            return false;
        }
        let d = f64::from(self.distance[i]);
        if radius <= d {
            return true;
        }
        if d < radius - 0.5 * grid.edge {
            return false;
        }
        let p = grid.place(i);
        let Some(away) = (p - Vec3::from(self.points[i].map(f64::from))).try_normalize(1e-9) else {
            return false;
        };
        let q = p + away * (radius - d);
        let mut least = f64::INFINITY;
        grid.neighbors(i, |m, _| {
            if self.distance[m].is_finite() && 0.0 <= grid.values[m] {
                least = least.min((q - Vec3::from(self.points[m].map(f64::from))).norm());
            }
        });
        // A hundredth for the nearest points that two sweeps miss.
        0.99 * radius <= least
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CUBE, sample};
    use super::*;
    use crate::geometry::Aabb;
    use std::sync::atomic::AtomicBool;

    fn of(half: f64, edge: f64, field: impl Fn(Vec3) -> f64 + Sync) -> Escape {
        let bounds = Aabb { min: Vec3::repeat(-half), max: Vec3::repeat(half) };
        let field = |p: Vec3| Some(field(p));
        let grid = sample(bounds, CUBE * edge, &field, &AtomicBool::new(false)).expect("a grid");
        escape(&grid, 0.5)
    }

    /// Block of 4 mm with a ball of 2 mm hollowed out, and a hole of `diameter` mm along x from it.
    fn flask(p: Vec3, diameter: f64) -> f64 {
        let block = p.amax() - 2.0;
        let hole = (p.y.hypot(p.z) - 0.5 * diameter).max(-p.x);
        block.max(-(p.norm() - 1.0).min(hole))
    }

    #[test]
    fn powder_leaves_through_a_wide_neck_and_not_through_a_narrow_one() {
        let wide = of(2.6, 0.12, |p| flask(p, 0.6));
        assert_eq!((wide.trapped_mm3, wide.place), (0.0, None));
        let narrow = of(2.6, 0.12, |p| flask(p, 0.4));
        // The ball of 4.19 mm³; the neck is short enough to be free from outside for most of its length.
        assert!((narrow.trapped_mm3 - 4.19).abs() < 0.3, "{narrow:?}");
        assert!(narrow.place.is_some_and(|p| p.norm() < 0.5), "{narrow:?}");
        let closed = of(2.6, 0.12, |p| flask(p, 0.0));
        assert!((closed.trapped_mm3 - 4.19).abs() < 0.2, "{closed:?}");
    }

    #[test]
    fn a_grid_of_bars_keeps_powder_only_where_its_windows_are_narrower_than_the_probe() {
        // Simple cubic bars of 0.3 mm: windows are square, cell size minus bar wide.
        let truss = |p: Vec3, size: f64| {
            let q = p.map(|x| x - size * (x / size).round());
            let bars = [q.x.hypot(q.y), q.y.hypot(q.z), q.z.hypot(q.x)];
            (bars.into_iter().fold(f64::INFINITY, f64::min) - 0.15).max(p.amax() - 2.45)
        };
        assert_eq!(of(2.8, 0.1, |p| truss(p, 0.9)).trapped_mm3, 0.0);
        // The probe gets to the outermost bars, 2.1 mm out, and 0.19 mm over them; what lies more than 0.83 mm deeper
        // is trapped: a cube of 2.93 mm, of which bars fill 37 %. Probe and way stop at whole grid edges of 0.13 mm,
        // together up to 0.2 mm short on every side: a cube of 3.33 mm.
        let narrow = of(2.8, 0.1, |p| truss(p, 0.7)).trapped_mm3;
        assert!(0.63 * 2.93_f64.powi(3) < narrow && narrow < 0.63 * 3.33_f64.powi(3), "{narrow}");
    }
}
