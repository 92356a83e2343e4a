//! Embedded numbers: solids by name, published fatigue, published lattices.

use crate::failure::Failure;
use dens_mesher::catalog::nearest;
use dens_solver::homogenize::Base;
use serde::Deserialize;

/// The file, as embedded.
const TEXT: &str = include_str!("../../library/lattice.toml");

/// Everything in the file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// Version of the format.
    pub schema: String,
    /// Solids.
    #[serde(rename = "material")]
    pub materials: Vec<Material>,
    /// Fatigue of lattices.
    pub fatigue: Fatigue,
    /// Published lattices.
    #[serde(rename = "point")]
    pub points: Vec<Point>,
    /// Published ranges over several cells.
    #[serde(rename = "band")]
    pub bands: Vec<Band>,
    /// Values of ideal cells.
    #[serde(rename = "ideal")]
    pub ideal: Vec<Ideal>,
}

/// Solid of a lattice; stresses in MPa.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Name on the command line.
    pub name: String,
    /// Young's modulus, MPa.
    pub modulus_mpa: f64,
    /// Poisson's ratio.
    pub poisson: f64,
    /// Yield strength, MPa.
    pub yield_mpa: f64,
    /// Stress amplitude it bears for 1e7 cycles, MPa.
    pub fatigue_mpa: f64,
    /// Least and greatest published value of that.
    pub fatigue_range_mpa: [f64; 2],
    /// Where the numbers come from.
    pub source: String,
}

impl Material {
    /// For the homogenisation.
    ///
    /// # Errors
    /// Moduli out of range; exit 2.
    pub fn base(&self) -> Result<Base, Failure> {
        Base::new(self.modulus_mpa, self.poisson).map_err(Failure::input)
    }
}

/// Published fatigue strength of lattices over their yield strength.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the file, which documents them")]
pub struct Fatigue {
    pub compression_of_yield: [f64; 2],
    pub compression_source: String,
    pub ebm_of_yield_at_1e6: [f64; 2],
    pub ebm_source: String,
}

/// A published lattice.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the file, which documents them")]
pub struct Point {
    pub cell: String,
    pub process: String,
    pub relative_density: f64,
    pub modulus_mpa: f64,
    pub strength_mpa: f64,
    pub source: String,
    pub level: String,
}

/// A published range.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the file, which documents them")]
pub struct Band {
    pub name: String,
    pub cells: Vec<String>,
    pub process: String,
    pub relative_density: [f64; 2],
    pub modulus_mpa: [f64; 2],
    pub strength_mpa: [f64; 2],
    pub source: String,
    pub level: String,
}

/// Stiffness of an ideal cell over the modulus of its solid, at several relative densities.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the file, which documents them")]
pub struct Ideal {
    pub cell: String,
    pub relative_density: Vec<f64>,
    pub young: Vec<f64>,
    pub shear: Vec<f64>,
    pub bulk: Vec<f64>,
}

impl Book {
    /// The embedded numbers.
    ///
    /// # Errors
    /// A file that is not sound: our bug.
    pub fn embedded() -> Result<Self, Failure> {
        toml::from_str(TEXT).map_err(|e| Failure::bug(format!("lattice.toml: {e}")))
    }

    /// The solid of that name.
    ///
    /// # Errors
    /// A name that no solid has; exit 2.
    pub fn material(&self, name: &str) -> Result<&Material, Failure> {
        self.materials.iter().find(|m| m.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.materials.iter().map(|m| m.name.as_str()).collect();
            let near = known.iter().find(|k| k.eq_ignore_ascii_case(name)).copied();
            let near = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            Failure::input(format!(
                "no solid is called `{name}`{near}\n  = hint: one of {}",
                known.join(", ")
            ))
        })
    }
}

/// The lattice cell of that name.
///
/// # Errors
/// A name that no cell has, with the nearest; exit 2.
pub fn cell(name: &str) -> Result<&'static dyn dens_mesher::lattice::LatticeCell, Failure> {
    use dens_mesher::lattice::CATALOGUE;
    dens_mesher::lattice::cell(name).map_err(|_| {
        let near = nearest(name, CATALOGUE.iter().map(|c| c.name()))
            .map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
        Failure::input(format!(
            "there is no lattice cell `{name}`{near}\n  = hint: `dens lattice --list` names them"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_numbers_are_sound_and_name_cells_that_exist() {
        let book = Book::embedded().expect("sound");
        assert_eq!(book.material("ti6al4v").expect("there").modulus_mpa, 110_000.0);
        assert!(book.material("Ti6Al4V").expect_err("case").message.contains("did you mean `ti6al4v`?"));
        for name in book.points.iter().map(|p| &p.cell).chain(book.bands.iter().flat_map(|b| &b.cells)) {
            assert!(cell(name).is_ok(), "{name}");
        }
        for ideal in &book.ideal {
            let n = ideal.relative_density.len();
            assert_eq!([ideal.young.len(), ideal.shear.len(), ideal.bulk.len()], [n; 3], "{}", ideal.cell);
        }
    }
}
