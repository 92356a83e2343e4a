//! Drawings of a lattice: the cell, first yield, modulus and strength against density.

use super::book::Book;
use super::study::Study;
use crate::failure::Failure;
use dens_mesher::lattice::Lattice;
use dens_mesher::{Vec3, mesh::Mesh};
use dens_reports::figure::{Axis, Figure, FigureError, Look, Marker, Plot, Series};
use dens_reports::palette::Rgb;
use dens_reports::render::{Object, Paint, Plane, Sheet, Shot, Values, View, boundary, rasterize};
use dens_reports::table::NO_UNIT;
use dens_solver::homogenize::mesh_cell;

/// Color of the metal.
const TITANIUM: Rgb = [0xa8, 0xb4, 0xc0];

/// Spacing of the mesh a cell is drawn with, cell edges.
const EDGE: f64 = 0.025;

/// Pixels of the picture along its sides.
const PIXELS: usize = 900;

/// One cell as PNG, and as SVG with views beside it.
///
/// # Errors
/// A cell that cannot be meshed; exit 2.
pub fn cell(lattice: &Lattice) -> Result<(Vec<u8>, Figure), Failure> {
    let value = |q: [f64; 3]| lattice.cell_value(q.into());
    let mut mesh: Mesh = mesh_cell(&value, EDGE).map_err(Failure::input)?;
    mesh.points.iter_mut().for_each(|p| *p *= lattice.cell_size_mm);
    let object = Object { paint: Paint::Solid(TITANIUM), ..boundary(&mesh, Values::Nodal(&[])) };
    let png = rasterize(&[&object], View::Isometric, None, None, [PIXELS; 2]).to_png();
    let name = lattice.cell.name();
    let middle = Plane { point: Vec3::repeat(0.5 * lattice.cell_size_mm), normal: -Vec3::y() };
    let caption = format!(
        "Lattice cell {name}: edge {} mm, relative density {:.2}, struts or walls {:.2} mm. {}.",
        lattice.cell_size_mm,
        lattice.relative_density(),
        lattice.strut_mm(),
        lattice.cell.source()
    );
    let sheet = Sheet::new(&format!("lattice-{name}"), &caption, 3);
    let shots = [
        Shot::new(name, View::Isometric, vec![&object]),
        Shot::new("along y", View::Anterior, vec![&object]),
        Shot::new("cut in half", View::Isometric, vec![&object]).cut(middle),
    ];
    Ok((png, sheet.draw(&shots).map_err(bug)?))
}

/// Sections through the first-yield surface.
///
/// # Errors
/// Only by a bug.
pub fn first_yield(study: &Study) -> Result<Figure, Failure> {
    let caption = format!(
        "First yield of the struts of {} (0.5 % of the solid at {} MPa): stresses on the lattice, first and second of each pair.",
        study.lattice.cell.name(),
        study.material.yield_mpa
    );
    let axis = |which: &str| Axis::new(&format!("{which} stress on the lattice"), "MPa");
    let mut plot = Plot::new("first-yield", &caption, axis("First"), axis("Second"));
    for (names, points) in &study.strength.sections {
        if points.iter().flatten().all(|v| v.is_finite()) {
            plot = plot.series(Series::new(&names.join("–"), Look::Line, points.clone()));
        }
    }
    plot.draw().map_err(bug)
}

/// A predicted curve of a cell: relative density, modulus and strength in MPa.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// Relative density, modulus, strength.
    pub points: Vec<[f64; 3]>,
}

/// Modulus and strength against relative density, both logarithmic: predictions and published points.
///
/// # Errors
/// Only by a bug.
pub fn ashby(book: &Book, curves: &[Curve]) -> Result<[Figure; 2], Failure> {
    let draw = |id: &str, what: &str, pick: usize| {
        let caption = format!(
            "{what} of lattices against relative density: ideal cells as drawn and as printed (curves), published lattices (marks). Solid: 110 GPa, 850 MPa."
        );
        let x = Axis::new("Relative density", NO_UNIT).log().range(0.04, 0.7);
        let mut plot = Plot::new(id, &caption, x, Axis::new(what, "MPa").log()).wide();
        for curve in curves {
            let points = curve.points.iter().map(|p| [p[0], p[1 + pick]]).collect();
            plot = plot.series(Series::new(&curve.name, Look::Line, points));
        }
        let marks = [Marker::Disc, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Ring];
        for (k, process) in ["EBM", "LPBF"].iter().enumerate() {
            let own: Vec<_> = book.points.iter().filter(|p| p.process == *process).collect();
            let points: Vec<[f64; 2]> =
                own.iter().map(|p| [p.relative_density, [p.modulus_mpa, p.strength_mpa][pick]]).collect();
            let labels = own.iter().map(|p| p.cell.clone());
            let series = Series::new(&format!("published, {process}"), Look::Markers, points);
            plot = plot.series(series.labels(labels).style(marks[k], k));
        }
        for (k, band) in book.bands.iter().enumerate() {
            let of = [band.modulus_mpa, band.strength_mpa][pick];
            let ends = vec![[band.relative_density[0], of[0]], [band.relative_density[1], of[1]]];
            let name = format!("{} {}: ends of the range", band.process, band.name);
            plot = plot.series(Series::new(&name, Look::Markers, ends).style(marks[2 + k % 3], 3 + k % 3));
        }
        plot.draw()
    };
    Ok([
        draw("ashby-modulus", "Young's modulus", 0).map_err(bug)?,
        draw("ashby-strength", "Strength", 1).map_err(bug)?,
    ])
}

fn bug(e: FigureError) -> Failure {
    Failure::bug(format!("a figure cannot be drawn: {e}"))
}
