//! Springs of a body in the nonlinear engine.
//!
//! ```text
//! e = |x₂ − x₁| − L        n = (x₂ − x₁)/|x₂ − x₁|        force on node 2: −f(e) n
//! ∂(f n)/∂x₂ = f′ n nᵀ + f/|x₂ − x₁| (I − n nᵀ)
//! ```
//! for springs that turn; all others keep their directions.

use super::{Augmentation, Interaction, TangentSink};
use crate::statics::{Body, Spring};
use dens_mesher::Vec3;
use nalgebra::Matrix3;

/// Springs of a body; they have no state.
#[derive(Debug)]
pub(super) struct Springs {
    springs: Vec<Spring>,
    /// Of those that turn, the vector from the first to the second node at rest, mm.
    spans: Vec<Option<Vec3>>,
}

impl Springs {
    pub(super) fn new(body: &Body) -> Self {
        let points = body.mesh().points();
        let span = |s: &Spring| match s.ends.as_slice() {
            [(a, _), (b, _)] if s.turns => Some(points[*b as usize] - points[*a as usize]),
            _ => None,
        };
        Self { springs: body.springs().to_vec(), spans: body.springs().iter().map(span).collect() }
    }
}

impl Interaction for Springs {
    fn couplings(&self) -> Vec<Vec<u32>> {
        crate::statics::spring_couplings(&self.springs)
    }

    fn begin(&mut self, _: &[Vec3], _: f64) {}

    fn linearize(&self, u: &[Vec3], forces: &mut [Vec3], mut tangent: Option<&mut TangentSink<'_>>) {
        for (spring, span) in self.springs.iter().zip(&self.spans) {
            let (force, slope, ends, across) = match span {
                None => {
                    let (force, slope) = spring.law.at(spring.elongation(u));
                    (force, slope, spring.ends.clone(), None)
                }
                Some(span) => {
                    let (a, b) = (spring.ends[0].0, spring.ends[1].0);
                    let now = span + u[b as usize] - u[a as usize];
                    let length = now.norm();
                    // Ends that meet have no direction left; the one at rest stands in.
                    let n = now.try_normalize(0.0).unwrap_or(spring.ends[1].1);
                    let (force, slope) = spring.law.at(length - span.norm());
                    let turn =
                        (0.0 < length).then(|| (force / length) * (Matrix3::identity() - n * n.transpose()));
                    (force, slope, vec![(a, -n), (b, n)], turn)
                }
            };
            for (i, (node, g)) in ends.iter().enumerate() {
                forces[*node as usize] += force * g;
                let Some(tangent) = &mut tangent else { continue };
                for (j, (other, h)) in ends.iter().enumerate() {
                    let mut block = slope * g * h.transpose();
                    if let Some(across) = &across {
                        block += if i == j { *across } else { -across };
                    }
                    tangent(*node, *other, std::array::from_fn(|e| block[(e / 3, e % 3)]));
                }
            }
        }
    }

    fn augment(&mut self, _: &[Vec3]) -> Augmentation {
        Augmentation::default()
    }

    fn accept(&mut self, _: &[Vec3]) {}

    fn restore(&mut self) {}

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn name(&self) -> &str {
        "springs"
    }

    fn unsymmetric(&self) -> bool {
        false
    }

    fn checkpoint(&self) -> Vec<u8> {
        Vec::new()
    }

    fn resume(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.is_empty() { Ok(()) } else { Err("springs have no state".to_string()) }
    }
}
