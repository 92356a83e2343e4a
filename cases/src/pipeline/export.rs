//! Printable solids: the chosen lattice cut into the implant, in three heights, written, re-read and compared.

use super::geometry::{Geometry, hex};
use super::lattice::Chosen;
use super::separation::Separation;
use crate::case::{Case, Quality};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use dens_mesher::geometry::implant::Form;
use dens_mesher::geometry::implant::Implant;
use dens_mesher::geometry::solid::{Cut, Metal, Part, Solid, SolidError, SolidParams, settle};
use dens_mesher::geometry::surface::TriSurface;
use dens_reports::export::{stl, threemf, verify};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::sync::atomic::AtomicBool;

/// Grid on which the thickness of the lattice is measured by quality, mm.
const THICKNESS_MM: [f64; 3] = [0.5, 0.35, 0.25];

/// Largest move of a vertex onto the field, as a share of the grid edge.
pub const MOST_MOVE: f64 = 0.3;

/// One exported size with its checks.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Height from the C3 endplate to the C1 facets, mm.
    pub height: f64,
    /// Triangles.
    pub triangles: usize,
    /// Metal, mm³, by the surface that was re-read.
    pub volume: f64,
    /// Outline with pores, bores taken out, mm³.
    pub outline: f64,
    /// Metal share of the lattice zone.
    pub relative_density: f64,
    /// Lattice zone, mm³.
    pub lattice_zone: f64,
    /// Mass, g.
    pub mass: f64,
    /// Box, mm.
    pub size: [f64; 3],
    /// Volume of deleted floating pieces, mm³.
    pub floating: f64,
    /// Closed voids that would keep powder, mm³.
    pub trapped: f64,
    /// Largest distance between contact face and bone outside the screw holes, mm.
    pub gap: f64,
    /// Written files with their SHA-256.
    pub files: Vec<(String, String)>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// Scale separation, of the size that was analysed where it has a lattice.
    pub separation: Option<Separation>,
    /// The surface, for pictures.
    pub surface: TriSurface,
}

/// Cuts and writes the solids: three heights, or one at draft quality.
///
/// # Errors
/// A height at which the implant cannot fit (2), a full disk (4), a file that does not read back (70).
pub fn write(
    case: &Case,
    geometry: &Geometry,
    chosen: &Chosen,
    quality: Quality,
    output: &Output,
    progress: &Progress,
    stop: &AtomicBool,
) -> Result<Vec<Exported>, Failure> {
    let heights = sizes(case, geometry, quality == Quality::Draft);
    let filling = chosen.drawn.filling(case)?;
    let mut exported: Vec<Exported> = Vec::new();
    for (i, height) in heights.iter().enumerate() {
        progress.within(&format!("height {height:.1} mm"), i as f64 / heights.len() as f64);
        let implant = if *height == geometry.implant.height_mm {
            geometry.implant.clone()
        } else {
            geometry
                .implant
                .at_height(*height)
                .map_err(|e| Failure::input(format!("size {height:.1} mm: {e}")))?
        };
        let params =
            SolidParams { edge_mm: case.fineness.surface[quality as usize], ..SolidParams::default() };
        filling.check(&implant)?;
        let lattice = |p| filling.value(&implant, p);
        let failed = |e| match e {
            SolidError::Stopped => Failure { exit: Exit::Interrupted, message: "interrupted".into() },
            other => Failure::input(format!("size {height:.1} mm: {other}")),
        };
        let metal = Metal::new(&implant, &lattice, params.sample_mm);
        let cut = Cut::new(&metal, &params, stop).map_err(failed)?;
        let mut solid = cut.solid().map_err(failed)?;
        on_its_field(&mut solid, &metal, cut.edge());
        drop(cut);
        let analysed = case.implant.form == Form::Lattice && 2 * i + 1 == heights.len();
        let separation = analysed.then(|| {
            let drawn = &chosen.drawn.lattice;
            let found = Separation::new(&metal, drawn, THICKNESS_MM[quality as usize]);
            // Seconds for a number that a first look does not need.
            if quality == Quality::Draft {
                found
            } else {
                found.checked(&metal, implant.params.rim_mm, drawn, chosen.printed.as_ref(), &case.titanium)
            }
        });
        exported.push(Exported { separation, ..one(case, chosen, &implant, solid, output)? });
    }
    let mut sums = String::new();
    for (name, sum) in exported.iter().flat_map(|e| &e.files) {
        let _ = writeln!(sums, "{sum}  {}", name.trim_start_matches("export/"));
    }
    output.write("export/SHA256SUMS", sums.as_bytes())?;
    Ok(exported)
}

/// Moves a surface that was cut on a grid of `edge` mm onto the metal's own, and measures it again.
pub fn on_its_field(solid: &mut Solid, metal: &Metal<'_>, edge: f64) {
    settle(&mut solid.surface, &|p| metal.value(p, Part::Whole, edge), MOST_MOVE * edge);
    dens_mesher::geometry::solid::separate(&mut solid.surface);
    solid.volume_mm3 = solid.surface.volume();
    solid.area_mm2 = solid.surface.area();
    solid.bounds = solid.surface.bounds();
}

/// Heights in which the implant is made, mm: a step lower, as it is, a step higher; the middle one only where asked for
/// or where the case has no step.
pub fn sizes(case: &Case, geometry: &Geometry, only_middle: bool) -> Vec<f64> {
    // Of an implant made for another height that one is drawn, with C1 where it was thought to stand.
    let middle = geometry.implant.height_mm + case.misfit.size_error;
    let step = case.implant.height_step;
    if only_middle || step == 0.0 { vec![middle] } else { vec![middle - step, middle, middle + step] }
}

fn one(
    case: &Case,
    chosen: &Chosen,
    implant: &Implant,
    solid: Solid,
    output: &Output,
) -> Result<Exported, Failure> {
    let stem = format!("export/implant-{:.1}mm", implant.height_mm);
    let (stl_name, threemf_name) = (format!("{stem}.stl"), format!("{stem}.3mf"));
    let failed = |name: &str| {
        let name = name.to_string();
        move |e: std::io::Error| Failure::limit(format!("cannot write `{name}`: {e}; nothing was kept"))
    };
    let unlike =
        |e: &dyn std::fmt::Display| Failure::bug(format!("an exported file does not read back: {e}"));

    let path = output.path(&stl_name)?;
    let mut out = BufWriter::new(File::create(&path).map_err(failed(&stl_name))?);
    stl::write(&solid.surface, &mut out).map_err(failed(&stl_name))?;
    out.flush().map_err(failed(&stl_name))?;
    let mut input = BufReader::new(File::open(&path).map_err(failed(&stl_name))?);
    let back = stl::read(&mut input, u32::MAX).map_err(|e| unlike(&e))?;
    let measures = verify::verify(&solid.surface, &back).map_err(|e| unlike(&e))?;

    let path = output.path(&threemf_name)?;
    let labels = threemf::Labels {
        title: format!("{} implant {:.1} mm", case.name, implant.height_mm),
        application: format!("dens {}", env!("CARGO_PKG_VERSION")),
        description: format!(
            "design iteration {}; {} lattice, relative density {:.3}, cell {:.2} mm; scale 1.000, shrinkage left to the machine",
            case.design_iteration,
            chosen.drawn.lattice.cell.name(),
            chosen.drawn.relative_density,
            chosen.drawn.lattice.cell_size_mm
        ),
    };
    let out = BufWriter::new(File::create(&path).map_err(failed(&threemf_name))?);
    let mut out = threemf::write(&solid.surface, &labels, out).map_err(failed(&threemf_name))?;
    out.flush().map_err(failed(&threemf_name))?;
    let package = threemf::read(BufReader::new(File::open(&path).map_err(failed(&threemf_name))?), 4 << 30)
        .map_err(|e| unlike(&e))?;
    verify::verify(&solid.surface, &package.surface).map_err(|e| unlike(&e))?;

    let mut files = Vec::new();
    for name in [&stl_name, &threemf_name] {
        let bytes = std::fs::read(output.path(name)?).map_err(failed(name))?;
        files.push((name.clone(), hex(&Sha256::digest(bytes))));
    }
    let size = measures.bounds.size();
    let mut warnings = Vec::new();
    let asked = chosen.drawn.relative_density;
    // A graded lattice has no one density to compare with.
    let uniform = case.lattice.grading.is_none();
    if uniform && 0.0 < solid.lattice_zone_mm3 && (solid.relative_density - asked).abs() > 0.02 {
        warnings.push(format!(
            "size {:.1} mm: the printed lattice zone has relative density {:.3}, the analysed one {asked:.3}; use a finer export grid",
            implant.height_mm, solid.relative_density
        ));
    }
    let gap = implant.fit().pads.iter().map(|p| p.gap_mm[1].abs().max(p.gap_mm[0].abs())).fold(0.0, f64::max);
    Ok(Exported {
        height: implant.height_mm,
        triangles: measures.triangles,
        volume: measures.volume_mm3,
        outline: solid.outline_mm3,
        relative_density: solid.relative_density,
        lattice_zone: solid.lattice_zone_mm3,
        mass: measures.volume_mm3 * case.titanium.density * 1e6,
        size: [size.x, size.y, size.z],
        floating: solid.pieces.floating_mm3,
        trapped: solid.pieces.voids_mm3,
        gap,
        files,
        warnings,
        separation: None,
        surface: solid.surface,
    })
}
