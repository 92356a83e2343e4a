//! Bones from either source, and the implant designed to them.

use crate::case::{Anatomy, Case};
use crate::failure::Failure;
use dens_mesher::geometry::check::check;
use dens_mesher::geometry::implant::{Fit, Implant, ImplantParams};
use dens_mesher::geometry::parametric::{self, Parametric, Sex};
use dens_mesher::geometry::scanned;
use dens_mesher::geometry::spine::{Level, Spine};
use dens_mesher::geometry::surface::TriSurface;
use dens_mesher::io::read_surface;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Bones and implant in one frame.
pub struct Geometry {
    /// Bones, joints and places.
    pub spine: Spine,
    /// Implant in place of C2, lattice not yet chosen.
    pub implant: Implant,
    /// Its measures.
    pub fit: Fit,
    /// SHA-256 of each input file by its name without folder.
    pub hashes: BTreeMap<String, String>,
}

/// Surfaces of the bones, checked.
type Surfaces = (Vec<(Level, TriSurface)>, BTreeMap<String, String>);

/// Checks the files that a case names, without building anything.
///
/// # Errors
/// Every missing, unreadable or faulty surface, all at once; exit 2.
pub fn check_files(case: &Case, folder: &Path) -> Result<(), Failure> {
    match &case.anatomy {
        Anatomy::Surfaces { files } => surfaces(files, folder).map(|_| ()),
        Anatomy::Parametric { .. } => Ok(()),
    }
}

/// Bones of the case and the implant designed to them.
///
/// # Errors
/// Faulty surfaces, missing joints, an implant that cannot fit; exit 2.
pub fn build(case: &Case, folder: &Path) -> Result<Geometry, Failure> {
    let mut hashes = BTreeMap::new();
    let spine = match &case.anatomy {
        Anatomy::Parametric { female, scale } => {
            let sex = if *female { Sex::Female } else { Sex::Male };
            let mut params = Parametric { sex, scale: *scale, ..Parametric::default() };
            if let Some(height) = case.implant.height {
                params.segment_height = height;
            }
            parametric::spine(&params).map_err(Failure::input)?
        }
        Anatomy::Surfaces { files } => {
            let (found, sums) = surfaces(files, folder)?;
            hashes = sums;
            scanned::spine(found).map_err(Failure::input)?
        }
    };
    let implant = Implant::design(&spine, &implant_params(case)).map_err(Failure::input)?;
    let fit = implant.fit();
    Ok(Geometry { spine, implant, fit, hashes })
}

fn implant_params(case: &Case) -> ImplantParams {
    ImplantParams {
        height_mm: case.implant.height,
        rim_mm: case.implant.rim,
        wall_mm: case.implant.screw_wall,
        screw_mm: case.implant.screw_diameter,
        bore_clearance_mm: case.implant.screw_clearance,
        canal_clearance_mm: case.implant.canal_clearance,
        ..ImplantParams::default()
    }
}

fn surfaces(files: &[Option<String>; 4], folder: &Path) -> Result<Surfaces, Failure> {
    let mut faults = Vec::new();
    let mut found = Vec::new();
    let mut hashes = BTreeMap::new();
    for (level, file) in Level::ALL.into_iter().zip(files) {
        let Some(file) = file else { continue };
        let path = folder.join(file);
        match read_surface(&path) {
            Ok(surface) => {
                let wrong = check(&surface);
                faults.extend(
                    wrong
                        .iter()
                        .map(|f| format!("{} (`{file}`): {f}\n  = hint: {}", level.name(), f.remedy())),
                );
                let name =
                    path.file_name().map_or_else(|| file.clone(), |n| n.to_string_lossy().into_owned());
                if let Ok(bytes) = std::fs::read(&path) {
                    hashes.insert(name, hex(&Sha256::digest(bytes)));
                }
                found.push((level, surface));
            }
            Err(e) => faults.push(format!(
                "{}: {e}\n  = hint: file names are relative to the folder of the case file",
                level.name()
            )),
        }
    }
    if faults.is_empty() { Ok((found, hashes)) } else { Err(Failure::input(faults.join("\nerror: "))) }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
