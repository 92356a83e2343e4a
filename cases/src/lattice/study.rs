//! Stiffness, strength and as-printed section of one lattice.

use super::book::{Book, Material};
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_mesher::lattice::{Effective, Kind, Lattice, Printing};
use dens_solver::bench::coupon::{Platens, Resolved};
use dens_solver::homogenize::buckling::{Buckling, CLAMPED_END, FOAM_END, HINGED_END, Struts};
use dens_solver::homogenize::{
    HomogenizeError, Homogenized, Localization, Options, Tetrahedra, ThreeGrids, homogenize,
    homogenize_tetrahedra,
};

/// Shares of the solid whose stress is told.
pub const SHARES: [f64; 3] = [0.50, 0.95, 0.995];

/// Share of the solid above the yield strength that counts as first yield.
pub const TAIL: f64 = 0.005;

/// Points of a section through the first-yield surface.
const POINTS: usize = 48;

/// Voxels along a cell's edge of resolved blocks.
pub const BLOCK_VOXELS: usize = 12;

/// Edge of tetrahedra over the thickness of struts or walls, and the range it is kept in, cell edges.
const TETRAHEDRA_PER_THICKNESS: f64 = 2.0;
const TETRAHEDRA_EDGES: [f64; 2] = [0.06, 0.12];

/// Directions in which stress is told: name and vector.
pub const DIRECTIONS: [(&str, [f64; 3]); 5] = [
    ("x", [1.0, 0.0, 0.0]),
    ("y", [0.0, 1.0, 0.0]),
    ("z", [0.0, 0.0, 1.0]),
    ("110", [1.0, 1.0, 0.0]),
    ("111", [1.0, 1.0, 1.0]),
];

/// What is asked of a lattice.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Cubes along the edge of the finest grid.
    pub resolution: usize,
    /// How it is printed; as drawn where none.
    pub printing: Option<Printing>,
    /// Whether tetrahedra check the voxels.
    pub cross_check: bool,
    /// Numbers of cells across of resolved blocks.
    pub blocks: Vec<usize>,
}

/// Dimensions of a lattice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dimensions {
    /// Solid share.
    pub relative_density: f64,
    /// Strut or wall, mm.
    pub strut: f64,
    /// Largest sphere in the void, mm.
    pub pore: f64,
    /// Surface per total volume, 1/mm.
    pub area: f64,
}

/// Section that is printed and that carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Printed {
    /// How it was printed.
    pub printing: Printing,
    /// Thinnest and thickest strut that is there, mm.
    pub outer: [f64; 2],
    /// Thinnest and thickest section that carries, mm.
    pub effective: [f64; 2],
    /// Solid share that carries.
    pub relative_density: f64,
}

/// Strength of a lattice.
pub struct Strength {
    /// Von Mises stress in the solid per unit stress on the lattice at [`SHARES`], along [`DIRECTIONS`].
    pub uniaxial: [[f64; 3]; 5],
    /// The same for shear yz, xz, xy.
    pub shear: [[f64; 3]; 3],
    /// Sections through the first-yield surface: names of the two stresses, points in MPa.
    pub sections: Vec<([&'static str; 2], Vec<[f64; 2]>)>,
    /// First strut that buckles under 1 MPa of pressure along x, y, z between clamped ends, hinges and foam nodes; none
    /// for walls and networks.
    pub buckling: Vec<[Option<Buckling>; 3]>,
}

/// A block of cells with every strut beside the homogenised block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Cells across.
    pub cells: usize,
    /// Its modulus, MPa.
    pub modulus: f64,
    /// Modulus over that of the homogenised block, less one.
    pub difference: f64,
}

/// All of a lattice.
pub struct Study {
    /// The lattice as drawn.
    pub lattice: Lattice,
    /// Its solid.
    pub material: Material,
    /// As drawn.
    pub drawn: Dimensions,
    /// As printed, where asked.
    pub printed: Option<Printed>,
    /// Stiffness of what carries: as printed where asked, else as drawn.
    pub grids: ThreeGrids,
    /// Stiffness as drawn where `grids` is as printed.
    pub ideal: Option<Homogenized>,
    /// Strength of what carries.
    pub strength: Strength,
    /// By tetrahedra.
    pub tetrahedra: Option<Tetrahedra>,
    /// Homogenised modulus along z at the resolution of the blocks, MPa, and the blocks.
    pub blocks: Option<(f64, Vec<Block>)>,
}

impl Study {
    /// Homogenised stiffness to use, extrapolated.
    pub fn best(&self) -> &Homogenized {
        &self.grids.best
    }

    /// Uniaxial stress along a direction of [`DIRECTIONS`] at first yield, MPa.
    pub fn first_yield(&self, direction: usize) -> f64 {
        self.material.yield_mpa / self.strength.uniaxial[direction][2]
    }

    /// Uniaxial amplitude along a direction of [`DIRECTIONS`] at which the tail reaches a solid amplitude, MPa.
    pub fn fatigue(&self, direction: usize, solid: f64) -> f64 {
        solid / self.strength.uniaxial[direction][2]
    }
}

/// Computes a lattice.
///
/// # Errors
/// A lattice that cannot be resolved (exit 2), no convergence (3).
pub fn run(
    lattice: Lattice,
    material: &Material,
    wanted: &Wanted,
    progress: &Progress,
) -> Result<Study, Failure> {
    let base = material.base()?;
    let options = Options { resolution: wanted.resolution, ..Options::default() };
    progress.phase("dimensions", 0.1);
    let drawn = Dimensions {
        relative_density: lattice.relative_density(),
        strut: lattice.strut_mm(),
        pore: lattice.pore_mm(),
        area: lattice.surface_area_per_volume(),
    };
    let effective = Effective::of(&lattice, wanted.printing.as_ref())
        .map_err(|e| Failure::input(format!("as printed: {e}")))?;
    progress.phase("stiffness on three grids", 0.5);
    let value = |q: [f64; 3]| effective.cell_value(q.into());
    let failed = |e: HomogenizeError| failure(&lattice, wanted.resolution, e);
    let grids = ThreeGrids::solve(&value, base, &options).map_err(failed)?;
    let ideal = match &wanted.printing {
        Some(_) => {
            let drawn = |q: [f64; 3]| lattice.cell_value(q.into());
            Some(ThreeGrids::solve(&drawn, base, &options).map_err(failed)?.best)
        }
        None => None,
    };
    progress.phase("strength", 0.2);
    let printed = wanted.printing.as_ref().map(|printing| {
        let outer = |pick: fn(f64, f64) -> f64, from: f64| {
            let along = lattice.cell.struts().iter().map(|s| printing.printed_mm(drawn.strut, s[1] - s[0]));
            let all = along.fold(from, pick);
            // Walls lie every way: that of 45°.
            if all.is_finite() && 0.0 < all {
                all
            } else {
                printing.printed_mm(drawn.strut, Vec3::new(1.0, 0.0, 1.0))
            }
        };
        Printed {
            printing: *printing,
            outer: [outer(f64::min, f64::INFINITY), outer(f64::max, 0.0)],
            effective: effective.thickness_mm(),
            relative_density: grids.finest.homogenized().relative_density,
        }
    });
    let strength = strength(&lattice, material, &grids, wanted.printing.as_ref());
    let tetrahedra = if wanted.cross_check {
        progress.phase("tetrahedra", 0.1);
        let thickness = printed.map_or(drawn.strut, |p| p.effective[0]) / lattice.cell_size_mm;
        let edge = (thickness / TETRAHEDRA_PER_THICKNESS).clamp(TETRAHEDRA_EDGES[0], TETRAHEDRA_EDGES[1]);
        let found = homogenize_tetrahedra(&value, base, edge);
        Some(found.map_err(|e| Failure::input(format!("cross-check by tetrahedra: {e}")))?)
    } else {
        None
    };
    let blocks = if wanted.blocks.is_empty() {
        None
    } else {
        progress.phase("resolved blocks", 0.1);
        let options = Options { resolution: BLOCK_VOXELS, ..Options::default() };
        let same = homogenize(&value, base, &options).map_err(failed)?;
        let infinite = same.young([0.0, 0.0, 1.0]);
        let block = |cells: usize| {
            let bad = |e: dens_solver::bench::BenchError| {
                crate::bench::failure(&format!("block of {cells} cells"), &e)
            };
            progress.within(&format!("{cells} cells across"), 0.5);
            let modulus = Resolved::new(&value, base, cells, BLOCK_VOXELS)
                .and_then(|block| block.modulus(Platens::Free))
                .map_err(bad)?;
            Ok(Block { cells, modulus, difference: modulus / infinite - 1.0 })
        };
        let all: Result<Vec<Block>, Failure> = wanted.blocks.iter().map(|&cells| block(cells)).collect();
        Some((infinite, all?))
    };
    Ok(Study {
        lattice,
        material: material.clone(),
        drawn,
        printed,
        grids,
        ideal,
        strength,
        tetrahedra,
        blocks,
    })
}

fn strength(
    lattice: &Lattice,
    material: &Material,
    grids: &ThreeGrids,
    printing: Option<&Printing>,
) -> Strength {
    let local: Localization = grids.finest.localization();
    let unit = |k: usize| -> [f64; 6] { std::array::from_fn(|i| f64::from(u8::from(i == k))) };
    let section = |names: [&'static str; 2], a: usize, b: usize| {
        (names, local.first_yield([unit(a), unit(b)], material.yield_mpa, TAIL, POINTS))
    };
    let mut buckling = Vec::new();
    if lattice.cell.kind() == Kind::Strut {
        let segments = lattice.cell.struts();
        let nominal = lattice.strut_mm();
        let diameters: Vec<f64> = segments
            .iter()
            .map(|s| {
                printing.map_or(nominal, |p| p.effective_mm(nominal, s[1] - s[0])) / lattice.cell_size_mm
            })
            .collect();
        let struts = Struts::new(&grids.finest, segments, &diameters);
        for axis in 0..3 {
            let pressed = unit(axis).map(|s| -s);
            let first = |end: f64| struts.buckling(pressed, material.modulus_mpa, end);
            buckling.push([CLAMPED_END, HINGED_END, FOAM_END].map(first));
        }
    }
    Strength {
        uniaxial: DIRECTIONS.map(|(_, direction)| local.along(direction, SHARES)),
        shear: [3, 4, 5].map(|k| local.percentiles(unit(k), SHARES)),
        sections: vec![
            section(["xx", "yy"], 0, 1),
            section(["zz", "xx"], 2, 0),
            section(["zz", "yz"], 2, 3),
            section(["yz", "xy"], 3, 5),
        ],
        buckling,
    }
}

/// What to tell when a cell has no stiffness.
pub fn failure(lattice: &Lattice, resolution: usize, error: HomogenizeError) -> Failure {
    let name = lattice.cell.name();
    match error {
        HomogenizeError::Disconnected | HomogenizeError::Empty | HomogenizeError::Singular => {
            Failure::input(format!(
                "`{name}` does not hang together on {resolution}³ cubes or half of them\n  = hint: thicker struts or walls, or a finer --resolution"
            ))
        }
        HomogenizeError::NotConverged { .. } => {
            Failure { exit: Exit::NotConverged, message: format!("error: `{name}`: {error}") }
        }
        HomogenizeError::Resolution { resolution } => Failure::input(format!(
            "--resolution {resolution} cannot be halved and quartered\n  = hint: one of 32, 40, 48, 64, 80, 96, 128, 160, 192, 256"
        )),
        HomogenizeError::Base { .. } => Failure::input(format!("`{name}`: {error}")),
    }
}

/// A lattice of the first embedded solid, for tables: extrapolated stiffness, and first yield along z, MPa.
#[derive(Debug, Clone, PartialEq)]
pub struct Quick {
    /// Stiffness.
    pub best: Homogenized,
    /// Stress along z at first yield, MPa.
    pub first_yield: f64,
    /// Young's modulus of the solid, MPa.
    pub solid: f64,
}

impl Quick {
    /// Young's modulus along z, MPa.
    pub fn young(&self) -> f64 {
        self.best.young([0.0, 0.0, 1.0])
    }

    /// Drawn, or printed where `printing` is given, on `resolution`³ cubes and coarser.
    ///
    /// # Errors
    /// As [`run`].
    pub fn new(
        book: &Book,
        name: &str,
        relative_density: f64,
        printing: Option<&Printing>,
        resolution: usize,
    ) -> Result<Self, Failure> {
        // Published pores of about 2 mm, where no size was read; it only matters beside the oversize of a strut. A period
        // of the stochastic cell spans two and a half pores.
        let cell_mm = if name.starts_with("voronoi") { 5.0 } else { 2.0 };
        let material = book.material("ti6al4v")?;
        let lattice = Lattice::with_relative_density(super::book::cell(name)?, cell_mm, relative_density)
            .map_err(Failure::input)?;
        let effective =
            Effective::of(&lattice, printing).map_err(|e| Failure::input(format!("as printed: {e}")))?;
        let value = |q: [f64; 3]| effective.cell_value(q.into());
        let options = Options { resolution, ..Options::default() };
        let grids = ThreeGrids::solve(&value, material.base()?, &options)
            .map_err(|e| failure(&lattice, resolution, e))?;
        let first_yield = grids.finest.amplification().lattice_yield([0.0, 0.0, 1.0], material.yield_mpa);
        Ok(Self { best: grids.best, first_yield, solid: material.modulus_mpa })
    }
}
