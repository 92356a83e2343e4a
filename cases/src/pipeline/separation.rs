//! Where fewer cells lie across the lattice than homogenisation wants, and what that costs at the thinnest place.

use super::lattice::Carrying;
use crate::case::Titanium;
use dens_mesher::Vec3;
use dens_mesher::geometry::solid::{Across, Metal, Part};
use dens_mesher::lattice::{Effective, Lattice};
use dens_solver::bench::submodel::{Inside, Submodel, Window};
use dens_solver::homogenize::Base;

/// Cells across from which a block follows its homogenised one within 10 %: measured on blocks of 2 to 6 cells
/// (`dens lattice --blocks`), and the usual rule.
pub const CELLS: f64 = 6.0;

/// Cubes along the edge of a cell of the sub-model.
const VOXELS: usize = 12;
/// Height of the sub-model and room about the thinnest place, cells.
const HEIGHT: f64 = 2.0;
const ROOM: f64 = 0.5;
/// Largest half width of the sub-model, cells: memory grows with its square.
const MOST_HALF: f64 = 3.0;

/// Scale separation of the lattice.
#[derive(Debug, Clone)]
pub struct Separation {
    /// Thickness of the lattice zone.
    pub across: Across,
    /// Edge of a cell, mm.
    pub cell_mm: f64,
    /// Share of the zone's volume with fewer than [`CELLS`] cells across.
    pub share: f64,
    /// Middle (mm) of the thinnest twentieth of the zone, and cells across there.
    pub thinnest: Option<(Vec3, f64)>,
    /// A box about it with every strut against one with the homogenised lattice, where asked for; or why there is none.
    pub submodel: Option<Result<Submodel, String>>,
}

impl Separation {
    /// Measures the zone of `metal`.
    ///
    /// - `step`: grid of the thickness, mm
    pub fn new(metal: &Metal<'_>, lattice: &Lattice, step: f64) -> Self {
        let across = Across::new(metal, step);
        let cell_mm = lattice.cell_size_mm;
        Self {
            share: across.share_below(CELLS * cell_mm),
            thinnest: across.thinnest().map(|(p, d)| (p, d / cell_mm)),
            across,
            cell_mm,
            submodel: None,
        }
    }

    /// The same with the sub-model of the thinnest place, of the section that carries; `rim_mm` of solid lies about the zone.
    pub fn checked(
        self,
        metal: &Metal<'_>,
        rim_mm: f64,
        lattice: &Lattice,
        printed: Option<&Carrying>,
        titanium: &Titanium,
    ) -> Self {
        let Some((middle, cells)) = self.thinnest else { return self };
        let rim = rim_mm / self.cell_mm;
        let half = (0.5 * cells + rim + ROOM).min(MOST_HALF);
        let cube = self.cell_mm / VOXELS as f64;
        let reach = Vec3::new(half, half, 0.5 * HEIGHT) * self.cell_mm;
        let mut first: [i64; 3] = std::array::from_fn(|i| ((middle - reach)[i] / cube).floor() as i64);
        let size: [usize; 3] = std::array::from_fn(|i| (2.0 * reach[i] / cube).round().max(1.0) as usize);
        let middle_of = |i: [i64; 3]| Vec3::from_fn(|a, _| (i[a] as f64 + 0.5) * cube);
        // Near a contact face the box is shifted along z to where every layer of it holds most metal.
        let layer = |z: i64| {
            let across = |k: usize| [first[0] + (k % size[0]) as i64, first[1] + (k / size[0]) as i64, z];
            (0..size[0] * size[1]).filter(|k| metal.filled(middle_of(across(*k))).is_some()).count()
        };
        let half_height = size[2] as i64 / 2;
        let lowest = first[2] - half_height;
        let counts: Vec<usize> = (lowest..=lowest + 4 * half_height).map(layer).collect();
        let least = |from: usize| counts[from..from + size[2]].iter().copied().min().unwrap_or(0);
        let starts = 0..=counts.len() - size[2];
        let best = starts.max_by_key(|s| (least(*s), std::cmp::Reverse(s.abs_diff(half_height as usize))));
        first[2] = lowest + best.unwrap_or(0) as i64;
        let window = Window { first, size, voxels: VOXELS };
        let inside = |i: [usize; 3]| {
            let p = middle_of(std::array::from_fn(|a| first[a] + i[a] as i64));
            match metal.filled(p) {
                Some(Part::Lattice) => Inside::Lattice,
                Some(_) => Inside::Solid,
                None => Inside::Nothing,
            }
        };
        let solved = || {
            let base = Base::new(titanium.modulus, titanium.poisson).map_err(|e| e.to_string())?;
            let section = Effective::of(lattice, printed.map(|c| &c.printing)).map_err(|e| e.to_string())?;
            Submodel::solve(&|q| section.cell_value(q.into()), base, &window, &inside)
                .map_err(|e| e.to_string())
        };
        Self { submodel: Some(solved()), ..self }
    }

    /// Cells across at `p`; 0 outside the lattice.
    pub fn cells(&self, p: Vec3) -> f64 {
        self.across.at(p) / self.cell_mm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::pipeline::geometry;
    use crate::pipeline::lattice::Drawn;

    #[test]
    fn thin_places_of_an_implant_are_found_and_larger_cells_make_more_of_them() {
        let case = Case::embedded("tiny").expect("an embedded case");
        let geometry = geometry::build(&case, std::path::Path::new(".")).expect("an anatomy");
        let drawn = Drawn::new("bcc", 0.3, 1.5).expect("in range").lattice;
        let value = |p: Vec3| drawn.value(p);
        let metal = Metal::new(&geometry.implant, &value, 0.4);
        let found = Separation::new(&metal, &drawn, 0.6);
        let (place, cells) = found.thinnest.expect("a lattice");
        assert_eq!(metal.filled(place), Some(Part::Lattice));
        assert!((found.cells(place) - cells).abs() < 1.0 && 0.0 < cells);
        let coarse = Separation::new(&metal, &Lattice { cell_size_mm: 3.0, ..drawn }, 0.6);
        assert!(found.share < coarse.share && coarse.share <= 1.0, "{} {}", found.share, coarse.share);
    }
}
