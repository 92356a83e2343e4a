//! Files for the machine from a finished run: solids and slices in all sizes, held against a machine profile.

pub mod files;
pub mod machine;
pub mod printability;
pub mod sheet;
pub mod source;

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::pipeline::export::{MOST_MOVE, sizes};
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_mesher::geometry::solid::{
    Cut, Deviation, Letters, Metal, Part, Solid, SolidError, SolidParams, decimate, deviation, separate,
    settle,
};
use files::{Format, Frame, Made, Written};
use machine::Machine;
use printability::{Drawing, Printability};
use source::Source;
use std::sync::atomic::AtomicBool;

/// Longest edge that thinning may leave, mm.
pub const LONGEST_MM: f64 = 2.0;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// File format.
    pub format: Format,
    /// Text or binary slices.
    pub form: dens_reports::export::cli::Form,
    /// Thickness of a layer, mm; that of the machine where absent.
    pub layer: Option<f64>,
    /// Grid edge, mm; that of the run where absent.
    pub grid: Option<f64>,
    /// How far thinning may move the surface (root mean square), mm; 0: no thinning.
    pub tolerance: f64,
    /// Only this height, mm.
    pub only: Option<f64>,
    /// Code of the patient, no name.
    pub patient: String,
    /// How far letters with that code and the design iteration stand out on the anterior wall, mm; negative: how deep they
    /// go in; none: there are none.
    pub relief: Option<f64>,
}

/// One size, written and checked.
pub struct Size {
    /// Height from the caudal endplate to the C1 facets, mm.
    pub height: f64,
    /// Steps from the middle size: −1, 0, +1.
    pub variant: i32,
    /// The solid as it was cut, thinned.
    pub solid: Solid,
    /// Triangles before thinning.
    pub raw_triangles: usize,
    /// Distance of the thinned surface from the field.
    pub deviation: Deviation,
    /// Files with what was read back.
    pub files: Vec<Written>,
    /// The machine's checks.
    pub printability: Printability,
}

/// Writes every size in the format asked for into `output`, with pictures and build sheet.
///
/// # Errors
/// A size that cannot be made (2), a full disk (4), a file that does not read back (70).
pub fn write(
    source: &Source,
    machine: &Machine,
    order: &Order,
    output: &Output,
    progress: &Progress,
    stop: &AtomicBool,
) -> Result<Vec<Size>, Failure> {
    let case = &source.case;
    let middle = source.geometry.implant.height_mm + case.misfit.size_error;
    let mut heights = sizes(case, &source.geometry, false);
    if let Some(only) = order.only {
        heights.retain(|h| (h - only).abs() < 0.005);
        if heights.is_empty() {
            let all: Vec<String> =
                sizes(case, &source.geometry, false).iter().map(|h| format!("{h:.1} mm")).collect();
            return Err(Failure::input(format!(
                "there is no size {only} mm\n  = hint: this case has {}",
                all.join(", ")
            )));
        }
    }
    let mut list = Vec::new();
    for height in &heights {
        progress.phase(&format!("size {height:.1} mm"), 1.0 / heights.len() as f64);
        let variant = ((height - middle) / case.implant.height_step.max(1e-9)).round() as i32;
        list.push(one(source, machine, order, (*height, variant), output, progress, stop)?);
    }
    sheet::write(source, machine, order, &list, output)?;
    Ok(list)
}

fn one(
    source: &Source,
    machine: &Machine,
    order: &Order,
    (height, variant): (f64, i32),
    output: &Output,
    progress: &Progress,
    stop: &AtomicBool,
) -> Result<Size, Failure> {
    let case = &source.case;
    let failed = |e: SolidError| match e {
        SolidError::Stopped => Failure { exit: Exit::Interrupted, message: "interrupted".into() },
        other => Failure::input(format!("size {height:.1} mm: {other}")),
    };
    let implant = if height == source.geometry.implant.height_mm {
        source.geometry.implant.clone()
    } else {
        let fitted = source.geometry.implant.at_height(height);
        fitted.map_err(|e| Failure::input(format!("size {height:.1} mm: {e}")))?
    };
    let filling = source.drawn.filling(case)?;
    filling.check(&implant)?;
    let lattice = |p| filling.value(&implant, p);
    let grid = order.grid.unwrap_or(case.fineness.surface[source.quality as usize]);
    let params = SolidParams { edge_mm: grid, ..SolidParams::default() };
    let letters =
        order.relief.map(|relief| Letters::place(&implant, &source.inscription(&order.patient), relief));
    let letters = letters.transpose().map_err(|e| Failure::input(format!("size {height:.1} mm: {e}")))?;
    let metal = Metal::new(&implant, &lattice, params.sample_mm);
    let metal = match &letters {
        Some(letters) => metal.embossed(letters.clone()),
        None => metal,
    };
    let cut = Cut::new(&metal, &params, stop).map_err(failed)?;
    progress.within("surface", 0.3);
    let mut solid = cut.solid().map_err(failed)?;
    let raw_triangles = solid.surface.triangles.len();
    let field = |p| metal.value(p, Part::Whole, cut.edge());
    thin(&mut solid.surface, order.tolerance, cut.edge(), &field);
    solid.volume_mm3 = solid.surface.volume();
    solid.area_mm2 = solid.surface.area();
    solid.bounds = solid.surface.bounds();
    let deviation = deviation(&solid.surface, &field);
    progress.within("checks", 0.5);
    let escape = cut.escape(machine.escape);
    let ends = filling.ends();
    let drawing = Drawing { ends: [&ends[0], &ends[1]] };
    let printability = printability::check(machine, machine.up(), &implant, &drawing, &solid, &escape);
    progress.within("files", 0.6);
    let made = Made { source, machine, order, height, variant, metal: &metal, cut: &cut, solid: &solid };
    let frame = Frame::new(machine.up(), &solid.bounds);
    let radius = |p| filling.radius(&implant, p);
    let files = files::write(&made, &frame, &radius, output)?;
    let picture = printability::picture(&printability, machine, &solid, height)?;
    output.write(&format!("{}-printability.svg", files::stem(height)), picture.svg.as_bytes())?;
    Ok(Size { height, variant, solid, raw_triangles, deviation, files, printability })
}

/// Thins a surface that was cut on a grid of `edge` mm, and moves it onto its field; a tolerance of 0 leaves all triangles.
fn thin(
    surface: &mut dens_mesher::geometry::surface::TriSurface,
    tolerance: f64,
    edge: f64,
    field: &(dyn Fn(Vec3) -> Option<f64> + Sync),
) {
    if 0.0 < tolerance {
        decimate(surface, tolerance, LONGEST_MM);
    }
    settle(surface, field, MOST_MOVE * edge);
    separate(surface);
}
