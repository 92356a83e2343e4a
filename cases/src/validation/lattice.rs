//! Lattices: ideal cells against values computed elsewhere, drawn and printed lattices against published ones.

use super::{Bench, Role, Row, Validation};
use crate::failure::{Exit, Failure};
use crate::lattice::book::{Book, Point};
use crate::lattice::pictures::{self, Curve};
use crate::lattice::study::Quick;
use dens_mesher::lattice::Printing;
use dens_reports::figure::Figure;

/// Cubes along the edge of the finest grid: of the values, of the curves in the figures.
const RESOLUTIONS: [usize; 2] = [48, 32];

/// Cells and densities of the curves.
const CURVES: [&str; 4] = ["simple-cubic", "diamond", "rhombic-dodecahedron", "gyroid-sheet"];
const DENSITIES: [f64; 5] = [0.06, 0.12, 0.2, 0.32, 0.5];

/// Stiffness and strength of lattices.
pub(super) const LATTICE: Validation = Validation {
    id: "lattice",
    title: "modulus and strength of lattices: ideal cells against values of other methods, published lattices against both sections",
    source: "ideal cells: voxels to 128 and quadratic tetrahedra (project notes); printed: npj Adv Manuf 2025 table 2, Li 2014, Parthasarathy 2010, Cheng 2012",
    note: "Ideal cells: E along an axis, C44 and K over the modulus of the solid; band: the stated uncertainty. Published lattices: E and strength along z of Ti6Al4V (110 GPa, 850 MPa) by relative density alone, pores of 2 mm where the size was not read; strength is first yield of 0.5 % of the solid, published ones are 0.2 % offset or peak stresses of coupons, which lie higher. As drawn: an ideal lattice is an upper bound of stiffness, so the band begins at the published modulus. As printed (electron beam only): the load-bearing section by the default fraction 0.8; band: a factor of two either way, the scatter between published lattices of one density; nothing was calibrated. Read the ranges of several cells as a check of order only. Printed moduli lie far below ideal ones (0.1 to 0.6): rough, wavy struts, compliance of the machine, coupons of few cells.",
    run,
    figures: Some(figures),
};

fn run(_: &Bench) -> Result<Vec<Row>, Failure> {
    let book = Book::embedded()?;
    let mut rows = Vec::new();
    for ideal in &book.ideal {
        for (i, &density) in ideal.relative_density.iter().enumerate() {
            let found = Quick::new(&book, &ideal.cell, density, None, RESOLUTIONS[0])?;
            let tolerance = tolerance(density);
            let [_, _, c44] = found.best.cubic_part();
            for (what, predicted, published) in [
                ("E", found.young(), ideal.young[i]),
                ("C44", c44, ideal.shear[i]),
                ("K", found.best.bulk(), ideal.bulk[i]),
            ] {
                rows.push(Row {
                    quantity: format!("ideal {} at {density}: {what} / Es", ideal.cell),
                    unit: "",
                    predicted: predicted / found.solid,
                    published,
                    band: [published * (1.0 - tolerance), published * (1.0 + tolerance)],
                    basis: "stated uncertainty of the value",
                    role: Role::Prediction,
                });
            }
        }
    }
    for point in &book.points {
        rows.extend(point_rows(&book, point)?);
    }
    for band in &book.bands {
        for cell in &band.cells {
            for (end, &density) in band.relative_density.iter().enumerate() {
                let [young, strength] = printed(&book, cell, density)?;
                let what = format!("{} {}, {cell} at {density} as printed", band.process, band.name);
                let basis = "published range over all densities and cells";
                let row = |quantity: String, predicted: f64, range: [f64; 2]| Row {
                    quantity,
                    unit: "MPa",
                    predicted,
                    published: range[end],
                    band: range,
                    basis,
                    role: Role::Prediction,
                };
                rows.push(row(format!("{what}: E"), young, band.modulus_mpa));
                rows.push(row(format!("{what}: strength"), strength, band.strength_mpa));
            }
        }
    }
    Ok(rows)
}

/// Relative uncertainty of the ideal values by density: the widest stated.
fn tolerance(density: f64) -> f64 {
    if density < 0.15 {
        0.08
    } else if density < 0.25 {
        0.04
    } else {
        0.05
    }
}

fn point_rows(book: &Book, point: &Point) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    let what = format!("{} {} at {}", point.process, point.cell, point.relative_density);
    let drawn = Quick::new(book, &point.cell, point.relative_density, None, RESOLUTIONS[0])?;
    rows.push(Row {
        quantity: format!("{what} as drawn: E"),
        unit: "MPa",
        predicted: drawn.young(),
        published: point.modulus_mpa,
        band: [point.modulus_mpa, f64::INFINITY],
        basis: "the ideal lattice is an upper bound",
        role: Role::Prediction,
    });
    if point.process != "EBM" {
        rows.push(within_two(format!("{what} as drawn: strength"), drawn.first_yield, point.strength_mpa));
        return Ok(rows);
    }
    let [young, strength] = printed(book, &point.cell, point.relative_density)?;
    rows.push(within_two(format!("{what} as printed: E"), young, point.modulus_mpa));
    rows.push(within_two(format!("{what} as printed: strength"), strength, point.strength_mpa));
    Ok(rows)
}

/// Modulus and first yield along z of the section that carries, MPa; not numbers where nothing that hangs together is
/// left of the struts or walls.
fn printed(book: &Book, cell: &str, density: f64) -> Result<[f64; 2], Failure> {
    match Quick::new(book, cell, density, Some(&Printing::default()), RESOLUTIONS[0]) {
        Ok(found) => Ok([found.young(), found.first_yield]),
        Err(Failure { exit: Exit::BadInput, .. }) => Ok([f64::NAN; 2]),
        Err(failure) => Err(failure),
    }
}

fn within_two(quantity: String, predicted: f64, published: f64) -> Row {
    Row {
        quantity,
        unit: "MPa",
        predicted,
        published,
        band: [0.5 * published, 2.0 * published],
        basis: "a factor of two either way",
        role: Role::Prediction,
    }
}

fn figures() -> Result<Vec<Figure>, Failure> {
    let book = Book::embedded()?;
    let printing = Printing::default();
    let mut curves = Vec::new();
    for cell in CURVES {
        for (name, printing) in [("as drawn", None), ("as printed", Some(&printing))] {
            // One cell as printed is enough to show the way.
            if printing.is_some() && cell != "simple-cubic" {
                continue;
            }
            let mut points = Vec::new();
            for density in DENSITIES {
                // Too thin for this grid, or nothing left after printing: the curve begins later.
                if let Ok(found) = Quick::new(&book, cell, density, printing, RESOLUTIONS[1]) {
                    points.push([density, found.young(), found.first_yield]);
                }
            }
            if 1 < points.len() {
                curves.push(Curve { name: format!("{cell} {name}"), points });
            }
        }
    }
    Ok(pictures::ashby(&book, &curves)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ideal_lattices_bound_published_moduli_from_above_and_misses_are_kept() {
        let book = Book::embedded().expect("sound");
        let point = book.points.iter().find(|p| p.process == "EBM").expect("there");
        let rows = point_rows(&book, point).expect("computed");
        assert_eq!(rows.len(), 3);
        assert!(rows[0].inside() && rows[0].quantity.contains("as drawn"));
        // The printed section carries less than the drawn one.
        assert!(rows[1].predicted < rows[0].predicted);
        assert!(rows.iter().all(|r| r.unit == "MPa"));
    }
}
