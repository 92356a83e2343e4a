//! Solids built step by step from simple ones.

use super::{Shape, Sloped};
use crate::Vec3;
use crate::geometry::{Aabb, Field};

/// What a step does with its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Add,
    Carve,
}

#[derive(Debug, Clone)]
struct Step {
    action: Action,
    shape: Shape,
    blend: f64,
    middle: Vec3,
    reach: f64,
}

/// Solid made of shapes added and carved in turn, mirrored at x = 0 and scaled about the origin.
///
/// The sign is exact for the recipe. The value is a distance to first order near the surface; on crests, and
/// off the surface where links of a chain meet inside a fillet, it is not, and may jump by some hundredths
/// of a mm.
#[derive(Debug, Clone)]
pub struct Solid {
    steps: Vec<Step>,
    scale: f64,
    bounds: Aabb,
}

/// Distance from the box where the value passes over to the distance from the box, mm.
const NEAR: f64 = 6.0;

/// Least slope that is divided out, below the 1/√2 of right angles: flatter places are crests, where no
/// distance can be told.
const FLATTEST: f64 = 0.65;

impl Solid {
    /// Solid without any step: empty space.
    ///
    /// - `scale`: factor from the coordinates of the shapes to mm, positive
    pub fn empty(scale: f64) -> Self {
        Self { steps: Vec::new(), scale, bounds: Aabb::empty() }
    }

    /// This solid and its mirrored `shape`, with a fillet of radius about `blend`.
    #[must_use]
    pub fn with(self, shape: Shape, blend: f64) -> Self {
        self.then(Action::Add, shape, blend)
    }

    /// This solid without `shape` and its mirror image, edges rounded by about `blend`.
    #[must_use]
    pub fn without(self, shape: Shape, blend: f64) -> Self {
        self.then(Action::Carve, shape, blend)
    }

    fn then(mut self, action: Action, shape: Shape, blend: f64) -> Self {
        let (middle, reach) = shape.sphere();
        if action == Action::Add {
            // A blend adds at most a quarter of its radius per step to what the shapes reach.
            let half = shape.extent().grown(0.5 * blend);
            let mirrored = Aabb {
                min: Vec3::new(-half.max.x, half.min.y, half.min.z),
                max: Vec3::new(-half.min.x, half.max.y, half.max.z),
            };
            let both = half.union(mirrored);
            self.bounds = self.bounds.union(Aabb { min: both.min * self.scale, max: both.max * self.scale });
        }
        self.steps.push(Step { action, shape, blend, middle, reach });
        self
    }

    fn within(&self, p: Vec3) -> f64 {
        let p = Vec3::new(p.x.abs(), p.y, p.z) / self.scale;
        let mut at = Sloped { value: 1e3, slope: Vec3::zeros() };
        for step in &self.steps {
            let clear = (p - step.middle).norm() - step.reach;
            match step.action {
                Action::Add if clear < at.value + step.blend => {
                    let shape = step.shape.sample(p);
                    at = at.smooth_min(Sloped { value: shape.value.max(clear), ..shape }, step.blend);
                }
                Action::Carve if clear < step.blend - at.value => {
                    let shape = step.shape.sample(p);
                    let solid = Sloped { value: shape.value.max(clear), ..shape };
                    at = at.smooth_max(solid.flipped(), step.blend);
                }
                _ => {}
            }
        }
        at.value / at.slope.norm().max(FLATTEST) * self.scale
    }
}

impl Field for Solid {
    fn value(&self, p: Vec3) -> f64 {
        let outside = (self.bounds.min - p).sup(&(p - self.bounds.max)).sup(&Vec3::zeros()).norm();
        if outside >= NEAR {
            return outside;
        }
        let value = self.within(p);
        if outside <= 0.0 {
            return value;
        }
        let t = outside / NEAR;
        value + t * (outside - value)
    }

    fn bounds(&self) -> Aabb {
        self.bounds
    }
}
