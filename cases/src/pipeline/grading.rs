//! Lattices whose relative density varies through the implant, as the case asks for.

use super::bodies::Body;
use super::lattice::{self, Drawn};
use crate::case::{Case, LatticeChoice};
use crate::document::Value;
use crate::failure::Failure;
use crate::reader::Reader;
use dens_mesher::Vec3;
use dens_mesher::catalog::Range;
use dens_mesher::geometry::implant::{Form, Implant};
use dens_mesher::geometry::solid::{Graded, Samples, Zones};
use dens_mesher::lattice::Lattice;
use dens_mesher::units::Dimension;
use dens_solver::elements::Section;
use dens_solver::homogenize::Amplification;
use dens_solver::materials::perforated;
use dens_solver::tensor::{Stiffness, isotropic, mix};

/// Largest change of the relative density over one cell: beyond it the cells are no longer those that were
/// homogenised (`lattice.md` §5).
pub(crate) const STEEPEST: f64 = 0.15;

/// What belongs to one grading or another.
const KEYS: [&str; 11] = [
    "density_lower",
    "density_upper",
    "density_endplate",
    "density_core",
    "density_screws",
    "zone_depth",
    "zone_blend",
    "field_corner",
    "field_spacing",
    "field_counts",
    "field_densities",
];

/// Reads `lattice.grading` and what belongs to it; none: uniform.
fn read(r: &Reader<'_>) -> Option<Zones> {
    if !r.has("lattice.grading") {
        return None;
    }
    // A case may hold what another grading needs.
    for name in KEYS {
        let _ = r.has(&format!("lattice.{name}"));
    }
    let density = |name: &str| r.number(&format!("lattice.{name}"), Range::Within(0.05, 0.9));
    let zones = match r.choice("lattice.grading", &["uniform", "linear", "zones", "field"]).as_str() {
        "field" => Zones::Sampled(sampled(r)?),
        "linear" => Zones::Linear { lower: density("density_lower"), upper: density("density_upper") },
        "zones" => {
            let length = |name: &str, least: f64| {
                r.quantity(&format!("lattice.{name}"), Dimension::Length, Range::Within(least, 20.0))
            };
            Zones::Near {
                endplate: density("density_endplate"),
                core: density("density_core"),
                screws: density("density_screws"),
                depth_mm: length("zone_depth", 0.0),
                blend_mm: length("zone_blend", 0.5),
            }
        }
        _ => return None,
    };
    if r.flag("design.optimize") {
        r.problem(
            "lattice.grading",
            "a graded lattice cannot be varied by the design loop".into(),
            "set design.optimize = false: the lattice of the case is then evaluated as it is",
        );
    }
    Some(zones)
}

/// Relative densities on a grid, as an optimiser writes them; none after a problem.
fn sampled(r: &Reader<'_>) -> Option<&'static Samples> {
    let corner = r.point("lattice.field_corner");
    let spacing = r.quantity("lattice.field_spacing", Dimension::Length, Range::Within(0.2, 20.0));
    let numbers = |name: &str| -> Vec<f64> {
        let values = r.values(&format!("lattice.{name}"));
        values.iter().map(|v| if let Value::Number(n) = v { *n } else { f64::NAN }).collect()
    };
    let counts: Vec<usize> = numbers("field_counts").iter().map(|n| *n as usize).collect();
    let densities = numbers("field_densities");
    let counts = <[usize; 3]>::try_from(counts).unwrap_or_default();
    match Samples::new(corner.into(), spacing, counts, densities) {
        // A case is read a few times in a run at most, and its lattice is looked at to the end.
        Some(samples) => Some(Box::leak(Box::new(samples))),
        None => {
            r.problem(
                "lattice.field_densities",
                "`lattice.field_densities` does not fit `lattice.field_counts`, or leaves 0.05 to 0.9".into(),
                "`dens optimise` writes these entries; x varies fastest",
            );
            None
        }
    }
}

/// The lattice of a case with its grading. Where there is one, strength is judged at its least relative density, which
/// takes the place of the uniform one.
pub fn graded(r: &Reader<'_>, uniform: LatticeChoice) -> LatticeChoice {
    let grading = read(r);
    let relative_density = grading.map_or(uniform.relative_density, |z| z.range()[0]);
    LatticeChoice { relative_density, grading, ..uniform }
}

/// Relative densities at which a graded lattice is homogenised.
const HOMOGENIZED: usize = 5;
/// Materials that stand for the range of relative densities in the finite elements.
const LEVELS: usize = 32;

/// What the lattice region of the implant is made of in the finite elements.
#[derive(Debug, Clone, Copy)]
pub enum Fill<'a> {
    /// The same everywhere.
    Even(&'a Stiffness),
    /// By relative density.
    Graded(&'a Table),
    /// Cell by cell; solid metal where none.
    Cells(&'a [Option<Stiffness>]),
}

impl<'a> From<&'a Stiffness> for Fill<'a> {
    fn from(stiffness: &'a Stiffness) -> Self {
        Self::Even(stiffness)
    }
}

/// Homogenised stiffness over the relative densities of a grading.
#[derive(Debug, Clone)]
pub struct Table {
    zones: Zones,
    /// Relative density and stiffness, ascending.
    rows: Vec<(f64, Stiffness)>,
    /// Strut stress per stress on the lattice of each row; none where only stiffness is asked for.
    amplifications: Vec<Amplification>,
}

impl Table {
    /// Table of a grading with what `stiffness` gives over its relative densities.
    pub(crate) fn by(zones: Zones, stiffness: impl Fn(f64) -> Stiffness) -> Self {
        let [low, high] = zones.range();
        let n = if low < high { LEVELS } else { 1 };
        let density = |i: usize| low + (high - low) * i as f64 / (n.max(2) - 1) as f64;
        let rows = (0..n).map(|i| (density(i), stiffness(density(i)))).collect();
        Self { zones, rows, amplifications: Vec::new() }
    }

    /// Table of the grading of a case for this cell and size; none where it has no grading.
    ///
    /// # Errors
    /// A relative density that the cell cannot have; exit 2.
    pub fn new(case: &Case, drawn: &Drawn, voxels: usize) -> Result<Option<Self>, Failure> {
        let Some(zones) = case.lattice.grading else { return Ok(None) };
        let [low, high] = zones.range();
        let n = if low < high { HOMOGENIZED } else { 1 };
        let row = |i: usize| {
            let density = low + (high - low) * i as f64 / (n.max(2) - 1) as f64;
            let l = &drawn.lattice;
            let drawn = Drawn::new(l.cell.name(), density, 1.0)?.resized(l.cell_size_mm);
            let strut =
                lattice::amplification(&case.titanium, &drawn, case.lattice.printing.as_ref(), voxels)?;
            Ok(((density, lattice::stiffness(case, &drawn, voxels)?.best.stiffness), strut))
        };
        let found: Vec<_> = (0..n).map(row).collect::<Result<_, Failure>>()?;
        let (rows, amplifications) = found.into_iter().unzip();
        Ok(Some(Self { zones, rows, amplifications }))
    }

    /// Stiffness at a relative density between those that were homogenised.
    ///
    /// ```text
    /// C(ρ) = ρ² ((1 − t) C₁/ρ₁² + t C₂/ρ₂²)        linear where stiffness grows with ρ², near which lattices lie
    /// ```
    /// Stiffness linear in ρ would be up to a fifth too large between two densities. A sum of admissible ones is admissible.
    pub fn at(&self, density: f64) -> Stiffness {
        let ([i, j], t) = self.between(density);
        let [first, last] = [0, self.rows.len() - 1].map(|k| self.rows[k].0);
        let density = density.clamp(first, last);
        let share = |k: usize, t: f64| (t * (density / self.rows[k].0).powi(2), &self.rows[k].1);
        mix(&[share(i, 1.0 - t), share(j, t)])
    }

    /// Von Mises stress in the struts at a place of `implant` for a stress on the lattice there, MPa; not a number where the
    /// table has stiffness alone.
    pub fn strut_stress(&self, implant: &Implant, place: Vec3, stress: [f64; 6]) -> f64 {
        let ([i, j], t) = self.between(self.zones.density(implant, place));
        let [a, b] = [i, j].map(|k| self.amplifications.get(k).map_or(f64::NAN, |a| a.strut_stress(stress)));
        (1.0 - t) * a + t * b
    }

    /// Rows about a relative density, and its place between them.
    fn between(&self, density: f64) -> ([usize; 2], f64) {
        let last = self.rows.len() - 1;
        let i = self.rows[..last].iter().skip(1).take_while(|r| r.0 <= density).count();
        let j = (i + 1).min(last);
        let (a, b) = (self.rows[i].0, self.rows[j].0);
        ([i, j], if a < b { ((density - a) / (b - a)).clamp(0.0, 1.0) } else { 0.0 })
    }
}

/// Solid titanium in region 0 of the implant; in region 1 the homogenised lattice, or the wall of a cage with its holes.
pub fn fill_implant(case: &Case, implant: &Implant, fill: Fill<'_>, body: &mut Body) {
    let solid = Section::suited(isotropic(case.titanium.modulus, case.titanium.poisson));
    let mesh = body.mesh.clone();
    let table = match fill {
        Fill::Even(lattice) => {
            let wall = perforated::modulus_share(case.implant.cage_open);
            let soft = match case.implant.form {
                Form::MeshCage { .. } => isotropic(wall * case.titanium.modulus, case.titanium.poisson),
                Form::Lattice | Form::Solid => *lattice,
            };
            body.palette = vec![solid, Section::suited(soft)];
            body.of_cell = mesh.regions.iter().map(|r| u32::from(*r)).collect();
            return;
        }
        Fill::Cells(lattice) => {
            body.palette = vec![solid];
            body.palette.extend(lattice.iter().flatten().copied().map(Section::suited));
            let mut last = 0;
            let mut number = |c: &Option<Stiffness>| {
                last += u32::from(c.is_some());
                if c.is_some() { last } else { 0 }
            };
            body.of_cell = lattice.iter().map(&mut number).collect();
            return;
        }
        Fill::Graded(table) => table,
    };
    let [low, high] = table.zones.range();
    let span = (high - low).max(1e-12);
    let level = |k: usize| low + span * k as f64 / (LEVELS - 1) as f64;
    body.palette = vec![solid];
    body.palette.extend((0..LEVELS).map(|k| Section::suited(table.at(level(k)))));
    let of_cell = |cell: usize| {
        if mesh.regions[cell] == 0 {
            return 0;
        }
        let density = table.zones.density(implant, mesh.centroid(cell));
        let k = ((density - low) / span * (LEVELS - 1) as f64).round();
        1 + (k.max(0.0) as u32).min(LEVELS as u32 - 1)
    };
    body.of_cell = (0..mesh.n_cells()).map(of_cell).collect();
}

/// What fills the implant.
#[derive(Debug, Clone)]
pub struct Filling {
    lattice: Lattice,
    graded: Option<(Graded, Zones)>,
}

impl Drawn {
    /// The lattice as the case fills the implant with it.
    ///
    /// # Errors
    /// A relative density of the grading that the cell cannot have; exit 2.
    pub fn filling(&self, case: &Case) -> Result<Filling, Failure> {
        let graded = match &case.lattice.grading {
            None => None,
            Some(zones) => {
                let graded = Graded::new(&self.lattice, zones.range())
                    .map_err(|e| Failure::input(format!("lattice.grading: {e}")))?;
                Some((graded, *zones))
            }
        };
        Ok(Filling { lattice: self.lattice, graded })
    }
}

impl Filling {
    /// Signed value at `p`, mm, negative in metal.
    pub fn value(&self, implant: &Implant, p: Vec3) -> f64 {
        match &self.graded {
            None => self.lattice.value(p),
            Some((graded, zones)) => graded.value(p, zones.density(implant, p)),
        }
    }

    /// Radius of the struts at `p`, mm, where the cell has struts.
    pub fn radius(&self, implant: &Implant, p: Vec3) -> f64 {
        let parameter = match &self.graded {
            None => self.lattice.parameter,
            Some((graded, zones)) => graded.parameter(zones.density(implant, p)),
        };
        parameter * self.lattice.cell_size_mm
    }

    /// The lattice of least and of largest relative density.
    pub fn ends(&self) -> [Lattice; 2] {
        match &self.graded {
            None => [self.lattice; 2],
            Some((graded, zones)) => zones.range().map(|density| graded.at(density)),
        }
    }

    /// Refuses a grading that changes too much within a cell of this implant.
    ///
    /// # Errors
    /// Exit 2, with the width that would do.
    pub fn check(&self, implant: &Implant) -> Result<(), Failure> {
        let Some((_, zones)) = &self.graded else { return Ok(()) };
        let change = zones.steepest(implant) * self.lattice.cell_size_mm;
        if change <= STEEPEST {
            return Ok(());
        }
        Err(Failure::input(format!(
            "lattice.grading: the relative density changes by {change:.2} within one cell of {} mm, at most {STEEPEST} keep the cells what was homogenised\n  = hint: widen lattice.zone_blend by {:.1}, or use a smaller cell",
            self.lattice.cell_size_mm,
            change / STEEPEST
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::bodies::{self, Kind};
    use crate::pipeline::geometry;
    use crate::progress::Progress;
    use dens_solver::tensor::directional_modulus;

    const NEAR: Zones = Zones::Near { endplate: 0.4, core: 0.2, screws: 0.3, depth_mm: 2.0, blend_mm: 4.0 };

    fn tiny() -> Case {
        let mut case = Case::embedded("tiny").expect("an embedded case");
        case.lattice.grading = Some(NEAR);
        case
    }

    #[test]
    fn the_table_meets_what_was_homogenised_and_lies_between() {
        let case = tiny();
        let drawn = Drawn::new("bcc", 0.2, 1.6).expect("in range");
        let table = Table::new(&case, &drawn, 16).expect("homogenised").expect("graded");
        let alone = Drawn::new("bcc", 0.3, 1.6).expect("in range");
        let alone = lattice::stiffness(&case, &alone, 16).expect("homogenised").best.stiffness;
        // 0.3 is the middle row.
        assert!((table.at(0.3)[0][0] / alone[0][0] - 1.0).abs() < 1e-9);
        let young =
            |density: f64| directional_modulus(&table.at(density), [0.0, 0.0, 1.0]).expect("admissible");
        assert!(young(0.2) < young(0.22) && young(0.39) < young(0.4) && young(0.1) == young(0.2));
        // The denser the lattice, the less its struts bear under one stress; the finer grid has two voxels in the thinnest.
        let table = Table::new(&case, &drawn, 32).expect("homogenised").expect("graded");
        let pressed = [0.0, 0.0, -1.0, 0.0, 0.0, 0.0];
        let struts: Vec<f64> = table.amplifications.iter().map(|a| a.strut_stress(pressed)).collect();
        assert!(struts.len() == 5 && struts.is_sorted_by(|a, b| a > b), "{struts:?}");
    }

    #[test]
    fn powers_of_density_near_two_are_met_between_the_rows() {
        for power in [1.6_f64, 2.0, 2.4] {
            let rows = [0.1, 0.225, 0.35, 0.475, 0.6].map(|r: f64| (r, isotropic(1e4 * r.powf(power), 0.3)));
            let table = Table { zones: NEAR, rows: rows.to_vec(), amplifications: Vec::new() };
            for density in [0.15, 0.28, 0.41, 0.54] {
                let found = directional_modulus(&table.at(density), [1.0, 0.0, 0.0]).expect("admissible");
                // ½ p (p − 1) (Δρ / 2ρ)² with p = power − 2, for the widest relative step: 3.7 % at 0.4; linear in ρ it is 19 %.
                let error = found / (1e4 * density.powf(power)) - 1.0;
                assert!(error.abs() < 0.05, "{power}: {error} at {density}");
            }
        }
    }

    #[test]
    fn cells_are_as_stiff_as_the_relative_density_at_their_place() {
        let case = tiny();
        let geometry = geometry::build(&case, std::path::Path::new(".")).expect("an anatomy");
        let bodies = bodies::mesh(&case, &geometry, 4.2, &Progress::new(true)).expect("meshes");
        let mut body = bodies.find(Kind::Implant).expect("an implant").clone();
        let weak = isotropic(100.0, 0.3);
        let strong = isotropic(300.0, 0.3);
        let table = Table { zones: NEAR, rows: vec![(0.2, weak), (0.4, strong)], amplifications: Vec::new() };
        fill_implant(&case, &geometry.implant, Fill::Graded(&table), &mut body);
        let mut seen = [false; 2];
        for cell in (0..body.mesh.n_cells()).filter(|c| body.mesh.regions[*c] == 1) {
            let density = NEAR.density(&geometry.implant, body.mesh.centroid(cell));
            let t = (density - 0.2) / 0.2;
            let asked = density * density * ((1.0 - t) * 100.0 / 0.04 + t * 300.0 / 0.16);
            let found = directional_modulus(&table.at(density), [1.0, 0.0, 0.0]).expect("admissible");
            assert!((found - asked).abs() < 1e-6);
            // Half a level of 31 over a range of 0.2.
            let level = 0.2 + 0.2 * f64::from(body.of_cell[cell] - 1) / 31.0;
            assert!((level - density).abs() < 0.0033, "{level} {density}");
            seen[usize::from(0.3 < density)] = true;
        }
        assert_eq!(seen, [true, true], "both the core and the zones have cells");
        assert_eq!(body.palette.len(), 33);
    }
}
