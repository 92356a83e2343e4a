//! Cartilage between two bones: an elastic foundation in compression.

use super::{Anchors, Link, Response, Surface};
use dens_mesher::Vec3;

/// Piece of the surface of the first bone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Middle, in the undeformed neck, mm.
    pub at: Vec3,
    /// Area seen along the direction in which gaps are measured, mm².
    pub area: f64,
    /// Height above the other bone's surface at which the cartilage layers touch, mm.
    pub touching: f64,
}

/// Cartilage of a joint: two layers between a bone with spots and a bone with a surface, without friction.
///
/// ```text
/// ψ = Σ A w(y) k p²/2        p = max(0, h − gap(y))        k = E(1 − ν)/((1 + ν)(1 − 2ν))/t
/// ```
/// - k: confined modulus over the thickness of both layers, see [`crate::materials::layers::confined_bedding`]
/// - w: 1 over the facet, 0 beyond its rim
///
/// Each spot is a column of its own: shear in the layer and the bulging of its rim are left out, which is good for
/// layers much thinner than the contact is wide.
///
/// # Source
/// Bei & Fregly (2004), Multibody dynamic simulation of knee contact mechanics, Med. Eng. Phys. 26, 777-789.
#[derive(Debug, Clone)]
pub struct Bed {
    anchors: Anchors,
    spots: Vec<Spot>,
    surface: Surface,
    stiffness: f64,
}

impl Bed {
    /// Cartilage between spots of the first bone and a surface of the second.
    ///
    /// - `stiffness`: k, N/mm³
    pub fn new(name: &str, bones: [usize; 2], spots: Vec<Spot>, surface: Surface, stiffness: f64) -> Self {
        let points = spots.iter().map(|s| s.at).collect();
        Self { anchors: Anchors::new(name, bones, points), spots, surface, stiffness }
    }

    /// The same joint, where the layers touch only after an approach of `play` mm.
    pub fn with_play(mut self, play: f64) -> Self {
        self.spots.iter_mut().for_each(|s| s.touching -= play);
        self
    }
}

impl Link for Bed {
    fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    fn respond(&self, seen: &[Vec3]) -> Response {
        let mut out = Response { gradients: vec![Vec3::zeros(); seen.len()], ..Response::default() };
        for (i, (spot, y)) in self.spots.iter().zip(seen).enumerate() {
            let [gap, w] = self.surface.under(*y);
            let depth = spot.touching - gap.value;
            if depth <= 0.0 || w.value <= 0.0 {
                continue;
            }
            let k = spot.area * self.stiffness;
            out.energy += 0.5 * k * w.value * depth * depth;
            out.gradients[i] = k * depth * (0.5 * depth * w.first - w.value * gap.first);
            let mixed = w.first * gap.first.transpose();
            let second = w.second * (0.5 * depth * depth) - (mixed + mixed.transpose()) * depth
                + gap.first * gap.first.transpose() * w.value
                - gap.second * (w.value * depth);
            out.blocks.push((i, i, k * second));
        }
        out
    }
}
