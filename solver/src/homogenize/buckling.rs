//! Slender struts under compression: the stress on the lattice at which the first of them buckles.
//!
//! ```text
//! σ_cr = π² E I / (A (k L)²) = π² E d² / (16 (k L)²)        round strut, effective length k L
//! ```
//!
//! Source: Timoshenko & Gere (1961), Theory of Elastic Stability, 2nd ed., §2.1 (k = 1 between hinges, 1/2 clamped);
//! Gibson & Ashby (1997), Cellular Solids, 2nd ed., §5.3 (open foam: 1/k² = 0.41, nodes that turn with their neighbors).

use dens_mesher::Vec3;

use super::CellSolution;

/// Effective length over length of a strut whose ends are held by the nodes of an open foam: 1/√0.41.
pub const FOAM_END: f64 = 1.561_737_618_886_061;

/// Effective length over length of a strut between hinges.
pub const HINGED_END: f64 = 1.0;

/// Effective length over length of a strut between rigid nodes.
pub const CLAMPED_END: f64 = 0.5;

/// Mean axial stress in the middle half of each strut per stress on the lattice.
#[derive(Debug, Clone, PartialEq)]
pub struct Struts {
    /// Length over diameter of each strut.
    slenderness: Vec<f64>,
    /// Axial stress per stress on the lattice, order xx yy zz yz xz xy; none where no cube lies in the strut.
    axial: Vec<Option<[f64; 6]>>,
}

/// The strut that buckles first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Buckling {
    /// Factor on the stress on the lattice.
    pub factor: f64,
    /// Number of the strut.
    pub strut: usize,
    /// Length over diameter of that strut.
    pub slenderness: f64,
}

impl Struts {
    /// Axial stresses of the struts of a solved cell.
    ///
    /// - `struts`: segments of one period, cell edges
    /// - `diameters`: of each, cell edges
    pub fn new(solution: &CellSolution, struts: &[[Vec3; 2]], diameters: &[f64]) -> Self {
        let mut sums = vec![[0.0; 6]; struts.len()];
        let mut counts = vec![0_usize; struts.len()];
        for (center, map) in solution.placed_maps() {
            let mut nearest = (f64::INFINITY, 0, 0.0);
            for (i, [start, end]) in struts.iter().enumerate() {
                let along = end - start;
                let away = (Vec3::from(center) - 0.5 * (start + end)).map(|x| x - x.round());
                let place = away.dot(&along) / along.norm_squared();
                let distance = (away - along * place.clamp(-0.5, 0.5)).norm();
                if distance < nearest.0 {
                    nearest = (distance, i, place);
                }
            }
            let (_, strut, place) = nearest;
            // Nodes carry what struts hand over, the middle half is the strut alone.
            if place.abs() <= 0.25 {
                let n = (struts[strut][1] - struts[strut][0]).normalize();
                let project =
                    [n.x * n.x, n.y * n.y, n.z * n.z, 2.0 * n.y * n.z, 2.0 * n.x * n.z, 2.0 * n.x * n.y];
                for (j, sum) in sums[strut].iter_mut().enumerate() {
                    *sum += (0..6).map(|i| project[i] * map[i][j]).sum::<f64>();
                }
                counts[strut] += 1;
            }
        }
        let slenderness = struts.iter().zip(diameters).map(|(s, d)| (s[1] - s[0]).norm() / d).collect();
        let mean = |(sum, count): (&[f64; 6], &usize)| (0 < *count).then(|| sum.map(|s| s / *count as f64));
        Self { slenderness, axial: sums.iter().zip(&counts).map(mean).collect() }
    }

    /// Axial stress of each strut for a stress on the lattice, MPa, tension positive.
    pub fn axial(&self, stress: [f64; 6]) -> Vec<Option<f64>> {
        let of = |a: &[f64; 6]| a.iter().zip(stress).map(|(a, s)| a * s).sum();
        self.axial.iter().map(|a| a.as_ref().map(of)).collect()
    }

    /// First strut to buckle as `stress` on the lattice grows; none where no strut is pressed.
    ///
    /// - `youngs_modulus`: of the solid, MPa
    /// - `end`: effective length over length, for instance [`HINGED_END`]
    pub fn buckling(&self, stress: [f64; 6], youngs_modulus: f64, end: f64) -> Option<Buckling> {
        let pressed = self.axial(stress).into_iter().enumerate().filter_map(|(strut, axial)| {
            let pressure = -axial?;
            let slenderness = self.slenderness[strut];
            let factor = critical_stress(youngs_modulus, slenderness, end) / pressure;
            (0.0 < pressure).then_some(Buckling { factor, strut, slenderness })
        });
        pressed.min_by(|a, b| a.factor.total_cmp(&b.factor))
    }
}

/// Euler stress of a round strut, MPa.
///
/// - `slenderness`: length over diameter
/// - `end`: effective length over length
pub fn critical_stress(youngs_modulus: f64, slenderness: f64, end: f64) -> f64 {
    std::f64::consts::PI.powi(2) * youngs_modulus / (16.0 * (end * slenderness).powi(2))
}

#[cfg(test)]
mod tests {
    use super::super::{Base, Options};
    use super::*;
    use dens_mesher::lattice::{Lattice, cell};

    #[test]
    fn critical_stress_is_eulers() {
        // Steel rod of 10 mm and 1 m between hinges: π² 210000 · (π 10⁴/64) / 1000² / (π 10²/4) = 12.954 MPa.
        let by_hand = std::f64::consts::PI.powi(2) * 210_000.0 * 100.0 / 16.0 / 1e6;
        assert!((critical_stress(210_000.0, 100.0, HINGED_END) - by_hand).abs() < 1e-9);
        assert!(
            (critical_stress(1.0, 10.0, CLAMPED_END) / critical_stress(1.0, 10.0, HINGED_END) - 4.0).abs()
                < 1e-12
        );
        assert!((FOAM_END.powi(-2) - 0.41).abs() < 1e-12);
    }

    #[test]
    fn posts_of_the_simple_cubic_cell_carry_their_share_and_buckle_under_pressure_only() {
        let lattice = Lattice::with_relative_density(cell("simple-cubic").expect("listed"), 1.0, 0.1)
            .expect("in range");
        let base = Base::new(1000.0, 0.3).expect("in range");
        let options = Options { resolution: 48, ..Options::default() };
        let solution =
            CellSolution::from_value(&|q| lattice.cell_value(q.into()), base, &options).expect("connected");
        let struts = lattice.cell.struts();
        let diameter = 2.0 * lattice.parameter;
        let found = Struts::new(&solution, struts, &[diameter; 3]);
        let stress = [0.0, 0.0, -2.0, 0.0, 0.0, 0.0];
        let nominal = -2.0 / (std::f64::consts::PI * lattice.parameter.powi(2));
        for (strut, axial) in struts.iter().zip(found.axial(stress)) {
            let axial = axial.expect("cubes in every strut");
            let upright = (strut[1] - strut[0]).z.abs() > 0.5;
            if upright {
                // Cubes cut by the surface are left out where less than half full: some percent of a strut of ten cubes.
                assert!((axial / nominal - 1.0).abs() < 0.08, "{axial} {nominal}");
            } else {
                assert!(axial.abs() < 0.05 * nominal.abs(), "across: {axial}");
            }
        }
        let first = found.buckling(stress, 1000.0, HINGED_END).expect("pressed");
        let by_hand = critical_stress(1000.0, 1.0 / diameter, HINGED_END) / nominal.abs();
        assert!((first.factor / by_hand - 1.0).abs() < 0.08, "{first:?} {by_hand}");
        let pulled = found.buckling([0.0, 0.0, 2.0, 0.0, 0.0, 0.0], 1000.0, HINGED_END);
        // Under tension only the struts across are pressed, hardly.
        assert!(pulled.is_none_or(|b| 20.0 * first.factor < b.factor));
    }
}
