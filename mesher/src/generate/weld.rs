//! Surfaces that nearly touch made to touch, so that the regions on both sides share their interface.

use crate::Vec3;
use crate::geometry::{Aabb, Field};
use std::sync::Arc;

/// Field of one surface that follows an earlier one wherever the two are closer than a tolerance.
///
/// ```text
/// g = |f ∓ a|          gap to the earlier surface, alike (−) or facing it (+)
/// f' = ±a              g < τ        the same zero level, bit by bit
/// f' = f               2τ < g       itself;  between them a smooth blend
/// ```
pub(super) struct Welded {
    own: Arc<dyn Field>,
    earlier: Vec<Arc<dyn Field>>,
    tolerance: f64,
}

impl Welded {
    /// - `earlier`: surfaces cut before, themselves welded to those before them
    /// - `tolerance`: τ, mm
    pub(super) fn new(own: Arc<dyn Field>, earlier: &[Arc<dyn Field>], tolerance: f64) -> Self {
        let near = |f: &&Arc<dyn Field>| {
            let common = own.bounds().grown(2.0 * tolerance).intersection(f.bounds());
            (0..3).all(|i| common.min[i] <= common.max[i])
        };
        let earlier = earlier.iter().filter(near).cloned().collect();
        Self { own, earlier, tolerance }
    }
}

impl Field for Welded {
    fn value(&self, p: Vec3) -> f64 {
        let mut f = self.own.value(p);
        // Where both are far from zero a blend says nothing about the zero level.
        let reach = 4.0 * self.tolerance;
        for other in &self.earlier {
            if reach < f.abs() {
                break;
            }
            let a = other.value(p);
            if reach < a.abs() {
                continue;
            }
            let side = if (f - a).abs() < (f + a).abs() { 1.0 } else { -1.0 };
            let gap = (f - side * a).abs() / self.tolerance;
            if gap <= 1.0 {
                f = side * a;
            } else if gap < 2.0 {
                let t = 2.0 - gap;
                let share = t * t * (3.0 - 2.0 * t);
                f = share * side * a + (1.0 - share) * f;
            }
        }
        f
    }

    fn bounds(&self) -> Aabb {
        self.own.bounds().grown(2.0 * self.tolerance)
    }
}
