//! A box cut out of an implant, once with every strut and once with the homogenised lattice: what scale separation costs
//! where few cells lie across.
//!
//! ```text
//! platen ▼▼▼▼▼▼▼        cubes of solid, of strut by their share of it, or of homogenised lattice;
//!        ██╲╱╲╱██       sides free, platens without friction
//! platen ▲▲▲▲▲▲▲
//! ```
//! The homogenised lattice is that of the same cubes, so that what differs is the number of cells alone.

use super::coupon::{Platens, Resolved};
use super::rig::BenchError;
use crate::homogenize::{Base, HomogenizeError, Options, homogenize, solid_shares};
use crate::tensor::{Stiffness, isotropic};

/// What a cube lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// No metal.
    Nothing,
    /// Solid metal.
    Solid,
    /// Lattice.
    Lattice,
}

/// A box of cubes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Number of the first cube along each axis, counted from the corner of a cell.
    pub first: [i64; 3],
    /// Cubes along each axis.
    pub size: [usize; 3],
    /// Cubes along the edge of a cell.
    pub voxels: usize,
}

/// The two answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Submodel {
    /// Stiffness along z with every strut, MPa over the outline of the box.
    pub resolved: f64,
    /// With the homogenised lattice, MPa.
    pub homogenized: f64,
    /// Cubes of lattice zone over all that are not empty.
    pub lattice_share: f64,
}

impl Submodel {
    /// Resolved over homogenised, less one.
    pub fn difference(&self) -> f64 {
        self.resolved / self.homogenized - 1.0
    }

    /// Presses the box along z.
    ///
    /// - `value`: of the lattice, negative in the solid; place and result in cell edges, periodic
    /// - `inside`: what the cube of that number within the window lies in
    ///
    /// # Errors
    /// [`BenchError`]: no metal joins the platens, or the lattice does not hang together on such cubes.
    pub fn solve(
        value: &(dyn Fn([f64; 3]) -> f64 + Sync),
        base: Base,
        window: &Window,
        inside: &dyn Fn([usize; 3]) -> Inside,
    ) -> Result<Self, BenchError> {
        let n = window.voxels;
        let options = Options { resolution: n, ..Options::default() };
        let lattice: Stiffness = homogenize(value, base, &options)
            .map_err(|e: HomogenizeError| BenchError::Empty(format!("the lattice: {e}")))?
            .stiffness;
        let shares = solid_shares(value, base, n);
        let share = |i: [usize; 3]| {
            let at = |a: usize| (window.first[a] + i[a] as i64).rem_euclid(n as i64) as usize;
            shares[(at(2) * n + at(1)) * n + at(0)]
        };
        let strut = |i: [usize; 3]| match inside(i) {
            Inside::Nothing => 0.0,
            Inside::Solid => 1.0,
            Inside::Lattice => share(i),
        };
        let resolved = Resolved::of_shares(window.size, n, base, &strut)?;
        let solid = isotropic(base.youngs_modulus, base.poissons_ratio);
        let filled = |i: [usize; 3]| match inside(i) {
            Inside::Nothing => None,
            Inside::Solid => Some(0),
            Inside::Lattice => Some(1),
        };
        let smeared = Resolved::of_materials(window.size, n, &[solid, lattice], &filled)?;
        let [x, y, z] = window.size;
        let kinds = (0..x * y * z).map(|k| inside([k % x, k / x % y, k / (x * y)]));
        let (mut of_lattice, mut all) = (0, 0);
        for kind in kinds {
            of_lattice += usize::from(kind == Inside::Lattice);
            all += usize::from(kind != Inside::Nothing);
        }
        Ok(Self {
            resolved: resolved.modulus(Platens::Free)?,
            homogenized: smeared.modulus(Platens::Free)?,
            lattice_share: of_lattice as f64 / all.max(1) as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Base {
        Base::new(1000.0, 0.3).expect("sound")
    }

    fn window(cells: [usize; 3]) -> Window {
        Window { first: [0; 3], size: cells.map(|c| 8 * c), voxels: 8 }
    }

    #[test]
    fn a_box_of_solid_alone_is_the_same_twice() {
        let found =
            Submodel::solve(&|_| -1.0, base(), &window([1, 1, 1]), &|_| Inside::Solid).expect("solves");
        // Uniform stress lies in the elements; the solve ends at 1e-8.
        assert!((found.resolved - 1000.0).abs() < 1e-3 && found.difference().abs() < 1e-6, "{found:?}");
        assert_eq!(found.lattice_share, 0.0);
    }

    #[test]
    fn straight_walls_in_a_frame_carry_as_their_mean_does() {
        // Walls across x, half of every cell; loaded along them between solid sides they share one strain.
        let walls = |q: [f64; 3]| (q[0].rem_euclid(1.0) - 0.5).abs() - 0.25;
        let frame = |i: [usize; 3]| if i[0] < 4 || 20 <= i[0] { Inside::Solid } else { Inside::Lattice };
        let found = Submodel::solve(&walls, base(), &window([3, 1, 2]), &frame);
        // Walls alone do not hang together as a cell: the homogenised lattice has no stiffness, and that is said.
        assert!(matches!(found, Err(BenchError::Empty(_))));
        let grid = |q: [f64; 3]| {
            let wall = |x: f64| (x.rem_euclid(1.0) - 0.5).abs() - 0.25;
            wall(q[0]).min(wall(q[2]))
        };
        let found = Submodel::solve(&grid, base(), &window([3, 1, 2]), &frame).expect("solves");
        // Plates crossed at right angles between solid sides: two cells across already follow the mean within 10 %.
        assert!(found.difference().abs() < 0.1, "{found:?}");
        assert!((found.lattice_share - 16.0 / 24.0).abs() < 1e-12);
    }
}
