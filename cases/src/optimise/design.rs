//! A design from its variables, and what its shape alone says about it.

use super::spec::{Constraint, Grading, Spec};
use crate::case::{Case, Design as Limits};
use crate::failure::Failure;
use crate::pipeline::lattice::Drawn;
use crate::sweep::sample::Draws;
use dens_mesher::geometry::implant::Implant;
use dens_mesher::geometry::solid::Zones;
use rayon::prelude::*;

/// Densities at which struts and pores of a cell are measured.
const MEASURED: u32 = 13;
/// By how much these go beyond the densities asked for: what is printed is thicker or thinner than drawn.
const BEYOND: [f64; 2] = [0.6, 1.6];

/// Variables of one design.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Index into the cells of the space.
    pub cell: usize,
    /// Relative densities as drawn, in the order of [`Grading::densities`]; thousandths.
    pub densities: Vec<f64>,
    /// mm; hundredths.
    pub cell_size: f64,
}

/// Strut and pore of a cell over its density.
#[derive(Debug, Clone)]
struct Shape {
    name: String,
    /// Density, and strut and pore per cell edge; ascending.
    table: Vec<[f64; 3]>,
}

/// What is there after printing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Printed {
    /// Relative density.
    pub density: f64,
    /// Strut diameter or wall, mm.
    pub strut: f64,
    /// Largest pore, mm.
    pub pore: f64,
}

/// All designs that are asked for.
#[derive(Debug, Clone)]
pub struct Space<'a> {
    /// What is asked.
    pub spec: &'a Spec,
    limits: &'a Limits,
    shapes: Vec<Shape>,
    /// Width of the lower contact face, mm.
    width: f64,
}

impl<'a> Space<'a> {
    /// Measures every cell.
    ///
    /// # Errors
    /// A cell that has no open-pored solid at the densities asked for; exit 2.
    pub fn new(case: &'a Case, spec: &'a Spec, implant: &Implant) -> Result<Self, Failure> {
        let shape = |name: &String| {
            let [least, most] = dens_mesher::lattice::cell(name).map_err(Failure::input)?.density_range();
            let [low, high] = spec.relative_density;
            if low < least || most < high {
                return Err(Failure::input(format!(
                    "`{name}` has relative densities from {least} to {most}, {low} to {high} are asked for\n  = hint: narrow optimise.relative_density_min and _max, or leave the cell out"
                )));
            }
            let (low, high) = ((BEYOND[0] * low).max(least), (BEYOND[1] * high).min(most));
            let row = |i: u32| {
                let density = low + (high - low) * f64::from(i) / f64::from(MEASURED - 1);
                let unit = Drawn::new(name, density, 1.0)?;
                Ok([density, unit.strut, unit.pore])
            };
            let table: Result<Vec<_>, Failure> = (0..MEASURED).into_par_iter().map(row).collect();
            Ok(Shape { name: name.clone(), table: table? })
        };
        let shapes: Result<Vec<Shape>, Failure> = spec.cells.iter().map(shape).collect();
        let [a, b] = implant.pads[0].patch.radii;
        Ok(Self { spec, limits: &case.design, shapes: shapes?, width: 2.0 * a.min(b) })
    }

    /// Name of the cell of a candidate.
    pub fn cell(&self, c: &Candidate) -> &str {
        &self.shapes[c.cell].name
    }

    /// Variables of a candidate scaled to 0 … 1: one per cell where there are several, densities, cell size.
    pub fn scaled(&self, c: &Candidate) -> Vec<f64> {
        let part = |v: f64, [low, high]: [f64; 2]| (v - low) / (high - low);
        let mut x: Vec<f64> = Vec::new();
        if 1 < self.shapes.len() {
            x.extend((0..self.shapes.len()).map(|k| f64::from(u8::from(k == c.cell))));
        }
        x.extend(c.densities.iter().map(|d| part(*d, self.spec.relative_density)));
        x.push(part(c.cell_size, self.spec.cell_size));
        x
    }

    /// Candidate of numbers from 0 to 1: cell, densities, cell size.
    pub fn at(&self, shares: &[f64]) -> Candidate {
        let whole = |share: f64, [low, high]: [f64; 2], grain: f64| {
            let v = ((low + share * (high - low)) / grain).round() * grain;
            // Clear of the round-off of the product.
            ((v * 1e6).round() / 1e6).clamp(low, high)
        };
        let n = self.shapes.len();
        let (first, last) = (shares[0], shares[shares.len() - 1]);
        Candidate {
            cell: ((first * n as f64) as usize).min(n - 1),
            densities: shares[1..shares.len() - 1]
                .iter()
                .map(|s| whole(*s, self.spec.relative_density, 1e-3))
                .collect(),
            cell_size: whole(last, self.spec.cell_size, 1e-2),
        }
    }

    /// Numbers that [`Space::at`] takes.
    pub fn n_shares(&self) -> usize {
        2 + self.spec.grading.densities().len()
    }

    /// Numbers that give about this candidate.
    pub fn shares(&self, c: &Candidate) -> Vec<f64> {
        let scaled = self.scaled(c);
        let mut shares = vec![(c.cell as f64 + 0.5) / self.shapes.len() as f64];
        shares.extend(&scaled[scaled.len() + 1 - self.n_shares()..]);
        shares
    }

    /// Latin hypercube of `n` candidates.
    pub fn hypercube(&self, n: usize, name: &str) -> Vec<Candidate> {
        let columns: Vec<Vec<f64>> = (0..self.n_shares())
            .map(|k| {
                let mut draws = Draws::new(self.spec.seed, &format!("{name}/{k}"));
                let mut order: Vec<usize> = (0..n).collect();
                for i in (1..n).rev() {
                    order.swap(i, draws.below(i + 1));
                }
                order.into_iter().map(|i| (i as f64 + draws.unit()) / n as f64).collect()
            })
            .collect();
        (0..n).map(|i| self.at(&columns.iter().map(|c| c[i]).collect::<Vec<_>>())).collect()
    }

    /// What is printed of a lattice drawn with that density; none where it falls apart or closes.
    pub fn printed(&self, c: &Candidate, density: f64) -> Option<Printed> {
        let table = &self.shapes[c.cell].table;
        let strut = interpolated(table, 0, 1, density)? + self.spec.strut_bias / c.cell_size;
        let density = if self.spec.strut_bias == 0.0 { density } else { interpolated(table, 1, 0, strut)? };
        let pore = interpolated(table, 0, 2, density)?;
        Some(Printed { density, strut: strut * c.cell_size, pore: pore * c.cell_size })
    }

    /// What is printed at the least and at the largest density of a candidate.
    pub fn ends(&self, c: &Candidate) -> Option<[Printed; 2]> {
        let fold = |f: fn(f64, f64) -> f64, start| c.densities.iter().copied().fold(start, f);
        let [low, high] = [fold(f64::min, f64::INFINITY), fold(f64::max, 0.0)];
        Some([self.printed(c, low)?, self.printed(c, high)?])
    }

    /// How a candidate stands to what its shape decides: at most zero where it is kept, relative to the limit.
    pub fn geometric(&self, c: &Candidate) -> Vec<(Constraint, f64)> {
        let Some([thin, thick]) = self.ends(c) else {
            return Constraint::ALL.into_iter().filter(|k| k.is_geometric()).map(|k| (k, 1.0)).collect();
        };
        shaped(self.limits, [thin, thick], self.width / c.cell_size, self.spec.cells_across)
    }

    /// Largest excess over an asked geometric limit; at most zero where all are kept.
    pub fn excess(&self, c: &Candidate) -> f64 {
        let asked = self.geometric(c).into_iter().filter(|(k, _)| self.spec.constraints.contains(k));
        asked.map(|(_, excess)| excess).fold(-1.0, f64::max)
    }

    /// Range of printed densities, with a little room.
    pub fn printed_range(&self, cell: usize) -> [f64; 2] {
        let table = &self.shapes[cell].table;
        let corner = |density: f64, size: f64| {
            let c = Candidate { cell, densities: vec![density], cell_size: size };
            self.printed(&c, density).map(|p| p.density)
        };
        let [low, high] = self.spec.relative_density;
        let sizes = self.spec.cell_size;
        let of = |d: f64| sizes.map(|s| corner(d, s));
        let least = of(low).into_iter().map(|d| d.unwrap_or(table[0][0])).fold(f64::INFINITY, f64::min);
        let end = table[table.len() - 1][0];
        let most = of(high).into_iter().map(|d| d.unwrap_or(end)).fold(0.0, f64::max);
        [least, most]
    }
}

/// Excess over the limits of pores, struts and scale.
fn shaped(d: &Limits, [thin, thick]: [Printed; 2], across: f64, least: f64) -> Vec<(Constraint, f64)> {
    vec![
        (Constraint::Pores, (thin.pore / d.pore[1] - 1.0).max(d.pore[0] / thick.pore - 1.0)),
        (Constraint::Printability, d.strut_min / thin.strut - 1.0),
        (Constraint::Scale, least / across - 1.0),
    ]
}

/// Column `to` where the growing column `from` has a value; none beyond the table.
fn interpolated(table: &[[f64; 3]], from: usize, to: usize, value: f64) -> Option<f64> {
    let i = table.windows(2).position(|w| w[0][from] <= value && value <= w[1][from])?;
    let (a, b) = (table[i], table[i + 1]);
    let t = if a[from] < b[from] { (value - a[from]) / (b[from] - a[from]) } else { 0.0 };
    Some(a[to] + t * (b[to] - a[to]))
}

/// Zones of a grading with these densities; none where it is uniform.
pub fn zones(grading: Grading, densities: &[f64]) -> Option<Zones> {
    match (grading, densities) {
        (Grading::Linear, [lower, upper]) => Some(Zones::Linear { lower: *lower, upper: *upper }),
        (Grading::Zones { depth, blend }, [endplate, core, screws]) => Some(Zones::Near {
            endplate: *endplate,
            core: *core,
            screws: *screws,
            depth_mm: depth,
            blend_mm: blend,
        }),
        _ => None,
    }
}
