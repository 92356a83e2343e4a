//! Relative density that varies through the implant, and the lattice that follows it.
//!
//! The cell size stays; radius of struts or level of surfaces varies with place, so that the network of cells
//! stays whole.

use super::super::implant::Implant;
use crate::Vec3;
use crate::lattice::{Lattice, LatticeError};

/// Places of the table of size parameters.
const TABLE: usize = 33;

/// Where which relative density is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Zones {
    /// From the caudal contact face to the cranial ones, linear over the height.
    Linear {
        /// Relative density at the caudal contact face.
        lower: f64,
        /// Relative density at the facets of C1.
        upper: f64,
    },
    /// By what is near.
    Near {
        /// Relative density within `depth_mm` of a contact face.
        endplate: f64,
        /// Relative density away from everything.
        core: f64,
        /// Relative density within `depth_mm` of the solid wall of a screw track; wins over the others.
        screws: f64,
        /// Depth of the zones, mm.
        depth_mm: f64,
        /// Width over which a zone goes over into the core, mm.
        blend_mm: f64,
    },
    /// By values on a grid.
    Sampled(&'static Samples),
}

/// Relative densities on a regular grid, linear between its nodes and constant beyond.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    corner: Vec3,
    spacing_mm: f64,
    counts: [usize; 3],
    densities: Vec<f64>,
}

impl Samples {
    /// Grid from its lowest corner, x varying fastest; `None` where counts and values disagree or a density is not
    /// between 0.05 and 0.9.
    pub fn new(corner: Vec3, spacing_mm: f64, counts: [usize; 3], densities: Vec<f64>) -> Option<Self> {
        let places = counts.iter().try_fold(1_usize, |product, n| product.checked_mul(*n));
        let sound = counts.iter().all(|n| 2 <= *n)
            && places == Some(densities.len())
            && 0.0 < spacing_mm
            && densities.iter().all(|d| (0.05..=0.9).contains(d));
        sound.then_some(Self { corner, spacing_mm, counts, densities })
    }

    /// Value at a node.
    fn node(&self, [i, j, k]: [usize; 3]) -> f64 {
        self.densities[i + self.counts[0] * (j + self.counts[1] * k)]
    }

    /// Relative density at a place.
    pub fn density(&self, p: Vec3) -> f64 {
        let mut low = [0; 3];
        let mut share = [0.0; 3];
        for a in 0..3 {
            let last = (self.counts[a] - 1) as f64;
            let x = ((p[a] - self.corner[a]) / self.spacing_mm).clamp(0.0, last);
            low[a] = (x as usize).min(self.counts[a] - 2);
            share[a] = x - low[a] as f64;
        }
        (0..8_usize)
            .map(|corner| {
                let step: [usize; 3] = std::array::from_fn(|a| corner >> a & 1);
                let weight: f64 =
                    (0..3).map(|a| if step[a] == 1 { share[a] } else { 1.0 - share[a] }).product();
                weight * self.node(std::array::from_fn(|a| low[a] + step[a]))
            })
            .sum()
    }

    /// Largest change over a length, 1/mm.
    fn steepest(&self) -> f64 {
        let [nx, ny, nz] = self.counts;
        let mut most = 0.0_f64;
        for (i, j, k) in (0..nx).flat_map(|i| (0..ny).flat_map(move |j| (0..nz).map(move |k| (i, j, k)))) {
            let here = self.node([i, j, k]);
            let ahead = [[i + 1, j, k], [i, j + 1, k], [i, j, k + 1]];
            let square: f64 = ahead
                .into_iter()
                .filter(|n| n[0] < nx && n[1] < ny && n[2] < nz)
                .map(|n| (self.node(n) - here).powi(2))
                .sum();
            most = most.max(square.sqrt() / self.spacing_mm);
        }
        most
    }
}

impl Zones {
    /// Least and largest relative density asked for.
    pub fn range(&self) -> [f64; 2] {
        let values = match *self {
            Self::Linear { lower, upper } => vec![lower, upper],
            Self::Near { endplate, core, screws, .. } => vec![endplate, core, screws],
            Self::Sampled(samples) => samples.densities.clone(),
        };
        let fold = |f: fn(f64, f64) -> f64, start| values.iter().copied().fold(start, f);
        [fold(f64::min, f64::INFINITY), fold(f64::max, f64::NEG_INFINITY)]
    }

    /// Relative density at a place of `implant`.
    pub fn density(&self, implant: &Implant, p: Vec3) -> f64 {
        let [foot, left, right] = &implant.pads;
        match *self {
            Self::Linear { lower, upper } => {
                let [low, high] = [foot.patch.center.z, 0.5 * (left.patch.center.z + right.patch.center.z)];
                lower + (upper - lower) * ((p.z - low) / (high - low)).clamp(0.0, 1.0)
            }
            Self::Near { endplate, core, screws, depth_mm, blend_mm } => {
                let share = |distance: f64| 1.0 - smoothstep((distance - depth_mm) / blend_mm);
                let faces = implant.pads.iter().map(|pad| pad.distance(p));
                let walls = implant.tracks.iter().map(|t| t.value(p, implant.params.wall_mm).max(0.0));
                let near = share(faces.fold(f64::INFINITY, f64::min));
                let wall = share(walls.fold(f64::INFINITY, f64::min));
                let density = core + (endplate - core) * near;
                density + (screws - density) * wall
            }
            Self::Sampled(samples) => samples.density(p),
        }
    }

    /// Largest change of the relative density over a length, 1/mm.
    pub fn steepest(&self, implant: &Implant) -> f64 {
        match *self {
            Self::Linear { lower, upper } => (upper - lower).abs() / implant.height_mm.max(1.0),
            // The cubic step rises by 3/2 at its middle.
            Self::Near { blend_mm, .. } => {
                let [low, high] = self.range();
                1.5 * (high - low) / blend_mm
            }
            Self::Sampled(samples) => samples.steepest(),
        }
    }
}

fn smoothstep(x: f64) -> f64 {
    // Infinite where there is no such place.
    let x = if x.is_nan() { 1.0 } else { x.clamp(0.0, 1.0) };
    x * x * (3.0 - 2.0 * x)
}

/// Lattice whose size parameter follows a relative density.
#[derive(Debug, Clone)]
pub struct Graded {
    lattice: Lattice,
    range: [f64; 2],
    /// Size parameters at evenly spaced densities of the range.
    table: Vec<f64>,
}

impl Graded {
    /// Lattice like `lattice` for relative densities of `range`.
    ///
    /// # Errors
    /// [`LatticeError`] when the cell has no open-pored solid at one end of the range.
    pub fn new(lattice: &Lattice, range: [f64; 2]) -> Result<Self, LatticeError> {
        let at = |i: usize| range[0] + (range[1] - range[0]) * i as f64 / (TABLE - 1) as f64;
        let table: Result<Vec<f64>, _> = (0..TABLE)
            .map(|i| {
                Lattice::with_relative_density(lattice.cell, lattice.cell_size_mm, at(i)).map(|l| l.parameter)
            })
            .collect();
        Ok(Self { lattice: *lattice, range, table: table? })
    }

    /// Size parameter at a relative density, by the table.
    pub fn parameter(&self, density: f64) -> f64 {
        let [low, high] = self.range;
        let x = if low < high { ((density - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
        let place = x * (TABLE - 1) as f64;
        let i = (place as usize).min(TABLE - 2);
        let t = place - i as f64;
        self.table[i] * (1.0 - t) + self.table[i + 1] * t
    }

    /// The lattice that repeats where the relative density is this.
    pub fn at(&self, density: f64) -> Lattice {
        Lattice { parameter: self.parameter(density), ..self.lattice }
    }

    /// Signed value at `p`, mm, where the relative density asked for is `density`.
    pub fn value(&self, p: Vec3, density: f64) -> f64 {
        self.at(density).value(p)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::implant::{ImplantParams, block_spine};
    use super::super::{Cut, Metal, Part, SolidParams};
    use super::*;
    use crate::lattice::cell;
    use std::sync::atomic::AtomicBool;

    const NEAR: Zones = Zones::Near { endplate: 0.45, core: 0.2, screws: 0.4, depth_mm: 1.5, blend_mm: 3.0 };

    fn implant() -> Implant {
        Implant::design(&block_spine(24.0), &ImplantParams::default()).expect("room")
    }

    #[test]
    fn densities_asked_for_stand_at_faces_walls_and_core() {
        let implant = implant();
        let foot = &implant.pads[0].patch;
        assert!((NEAR.density(&implant, foot.center - foot.axis) - 0.45).abs() < 0.05);
        let track = &implant.tracks[0];
        let beside = track.entry + track.direction * (0.5 * track.length());
        assert!((NEAR.density(&implant, beside) - 0.4).abs() < 1e-12);
        let linear = Zones::Linear { lower: 0.2, upper: 0.4 };
        let high = 0.5 * (implant.pads[1].patch.center + implant.pads[2].patch.center);
        let middle = 0.5 * (foot.center + high);
        assert!((linear.density(&implant, middle) - 0.3).abs() < 1e-12);
    }

    #[test]
    fn a_sampled_density_is_linear_between_its_nodes_and_ends_at_its_rim() {
        let value = |p: Vec3| 0.2 + 0.01 * p.x + 0.02 * p.y - 0.005 * p.z;
        let corner = Vec3::new(-1.0, 2.0, 0.5);
        let node = |n: usize| corner + 2.0 * Vec3::new((n % 3) as f64, (n / 3 % 2) as f64, (n / 6) as f64);
        let densities: Vec<f64> = (0..24).map(|n| value(node(n))).collect();
        let samples = Samples::new(corner, 2.0, [3, 2, 4], densities.clone()).expect("fits");
        let inside = Vec3::new(1.3, 3.1, 4.4);
        // Round-off of eight products.
        assert!((samples.density(inside) - value(inside)).abs() < 1e-14);
        let rim = Vec3::new(3.0, 4.0, 6.5);
        assert!((samples.density(rim + Vec3::new(9.0, 9.0, 9.0)) - value(rim)).abs() < 1e-14);
        let slope = Vec3::new(0.01, 0.02, 0.005).norm();
        assert!((samples.steepest() / slope - 1.0).abs() < 1e-12);
        assert!(Samples::new(corner, 2.0, [3, 2, 5], densities).is_none(), "too few values");
    }

    #[test]
    fn relative_density_changes_nowhere_faster_than_said() {
        let implant = implant();
        let most = NEAR.steepest(&implant);
        let b = implant.pads[0].patch.center;
        for i in 0..4000 {
            let a = f64::from(i);
            let p =
                b + Vec3::new(8.0 * (a * 0.37).sin(), 6.0 * (a * 0.91).cos(), 12.0 * (1.0 + (a * 1.7).sin()));
            let d = Vec3::new((a * 2.3).cos(), (a * 3.1).sin(), (a * 0.7).cos()).normalize() * 1e-4;
            let slope = (NEAR.density(&implant, p + d) - NEAR.density(&implant, p - d)).abs() / 2e-4;
            // Two zones may rise at one place; the ellipse's column is a distance to 10 %.
            assert!(slope < 2.0 * most, "{slope} {most}");
        }
    }

    #[test]
    fn metal_of_a_graded_lattice_follows_the_density_asked_for() {
        let implant = implant();
        let diamond = cell("diamond").expect("a cell of the catalogue");
        let base = Lattice::with_relative_density(diamond, 1.5, 0.3).expect("in range");
        let zones = Zones::Linear { lower: 0.2, upper: 0.4 };
        let graded = Graded::new(&base, zones.range()).expect("in range");
        let lattice = |p: Vec3| graded.value(p, zones.density(&implant, p));
        let metal = Metal::new(&implant, &lattice, 0.4);
        // Counted over thin slabs of the zone of the lattice: metal over all, against the mean asked for.
        let b = metal.bounds();
        let (mut worst, mut slabs) = (0.0_f64, 0);
        for slab in 3..9 {
            let z0 = b.min.z + b.size().z * f64::from(slab) / 12.0;
            let (mut all, mut inside, mut asked) = (0.0, 0.0, 0.0);
            for k in 0..60_000 {
                let f = |prime: f64| (f64::from(k) * prime).fract();
                let p = Vec3::new(
                    b.min.x + b.size().x * f(0.754_877_666),
                    b.min.y + b.size().y * f(0.569_840_290),
                    z0 + b.size().z / 12.0 * f(0.438_744_889),
                );
                if metal.value(p, Part::Zone, 0.2).is_none_or(|v| -0.2 < v) {
                    continue;
                }
                all += 1.0;
                inside += f64::from(u8::from(lattice(p) < 0.0));
                asked += zones.density(&implant, p);
            }
            if 4000.0 < all {
                slabs += 1;
                worst = worst.max((inside / all - asked / all).abs());
            }
        }
        // A slab is one and a half cells high: what it holds of a cell shifts its mean by about a hundredth.
        assert!(2 < slabs && worst < 0.03, "{worst} in {slabs} slabs");
        let params = SolidParams { edge_mm: 0.25, ..SolidParams::default() };
        let cut = Cut::new(&metal, &params, &AtomicBool::new(false)).expect("a solid");
        // The network of cells is whole: nothing but stumps at the rim floats.
        assert!(cut.pieces().floating_mm3 < 5.0, "{:?}", cut.pieces());
    }
}
