//! Bones from either source, and the implant designed to them.

use super::segmented::{self, Story};
use crate::anatomy::Anatomy;
use crate::case::{Case, ImplantSize};
use crate::failure::Failure;
use crate::scan::Scan;
use dens_mesher::Vec3;
use dens_mesher::geometry::check::{SurfaceFault, check};
use dens_mesher::geometry::implant::{Fit, Implant, ImplantParams, ScrewPlan};
use dens_mesher::geometry::parametric::{self, Parametric, Sex, third_over_fourth};
use dens_mesher::geometry::scanned;
use dens_mesher::geometry::spine::{self, Level, Spine};
use dens_mesher::geometry::surface::TriSurface;
use dens_mesher::image::{self, Volume};
use dens_mesher::io::read_surface;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Bones and implant in one frame.
#[derive(Clone)]
pub struct Geometry {
    /// Bones, joints and places.
    pub spine: Spine,
    /// Implant in place of C2, or of C2 and C3; lattice not yet chosen.
    pub implant: Implant,
    /// Its measures.
    pub fit: Fit,
    /// Scan that decides the cancellous bone.
    pub scan: Option<Volume<f32>>,
    /// How the bones were found, where they come from a scan.
    pub story: Option<Story>,
    /// SHA-256 of each input file by its name without folder, of a scan by what it is.
    pub hashes: BTreeMap<String, String>,
}

impl Geometry {
    /// Bone under the implant: C3 where C2 is replaced, C4 where C2 and C3 are.
    pub fn caudal(&self) -> Level {
        self.implant.params.caudal
    }

    /// Height of the C1 facets over the caudal endplate as the bones stand, mm.
    pub fn native_height(&self) -> f64 {
        // Turning C1 keeps the height of its facets; the shift along z is what is left.
        let [_, left, right] = &self.implant.pads;
        let middle = 0.5 * (left.patch.center + right.patch.center);
        let before = spine::moved(&self.implant.upper.inverse(), middle);
        self.implant.height_mm - (middle - before).z
    }

    /// Areas of the implant's faces as designed, without bores, mm²: lower, upper left, upper right.
    pub fn pad_areas(&self) -> [f64; 3] {
        [0, 1, 2].map(|k| self.fit.pads.get(k).map_or(0.0, |p| p.area_mm2))
    }

    /// A point of the case, mm, in the frame of the model: another one where the bones come from a scan.
    pub fn placed(&self, point: [f64; 3]) -> Vec3 {
        placed(self.story.as_ref(), point)
    }
}

fn placed(story: Option<&Story>, point: [f64; 3]) -> Vec3 {
    let p = nalgebra::Point3::from(point);
    story.map_or(p, |s| s.frame.transform_point(&p)).coords
}

/// Surfaces of the bones, checked.
type Surfaces = (Vec<(Level, TriSurface)>, BTreeMap<String, String>);

/// Checks the files that a case names, without building anything.
///
/// # Errors
/// Every missing, unreadable or faulty surface, all at once; exit 2.
pub fn check_files(anatomy: &Anatomy, folder: &Path) -> Result<(), Failure> {
    match anatomy {
        Anatomy::Surfaces { files, .. } => surfaces(files, folder).map(|_| ()),
        Anatomy::Scan(asked) => segmented::find(asked, folder).map(|_| ()),
        Anatomy::Parametric { .. } => Ok(()),
    }
}

/// Bones of the case and the implant designed to them.
///
/// # Errors
/// Faulty surfaces, missing joints, an implant that cannot fit; exit 2.
pub fn build(case: &Case, folder: &Path) -> Result<Geometry, Failure> {
    let into = |level| case.fixation.implant_screws.contains(&level);
    // Tracks into C3 are there even where no screw is: they are part of the published implant.
    let screws = if into(Level::C1) { ScrewPlan::Both } else { ScrewPlan::Lower };
    let mut geometry = fitted(&case.anatomy, &case.implant, screws, folder)?;
    if case.scan.is_none() {
        geometry.scan = None;
    }
    if let Some(asked) = &case.scan
        && geometry.scan.is_none()
    {
        let (volume, (name, sum)) = scan(asked, folder)?;
        geometry.spine.warnings.extend(volume.1);
        geometry.scan = Some(volume.0);
        geometry.hashes.insert(name, sum);
    }
    Ok(geometry)
}

/// Image with warnings, and what it is called and its hash.
type ScanFile = ((Volume<f32>, Vec<String>), (String, String));

/// Reads the image of a scan.
fn scan(asked: &Scan, folder: &Path) -> Result<ScanFile, Failure> {
    let path = folder.join(&asked.image);
    let wrong = |what: String, remedy: Option<&str>| {
        let hint = remedy.unwrap_or("file names are relative to the folder of the case file");
        Failure::input(format!("scan.image: {what}\n  = hint: {hint}"))
    };
    let found =
        image::read(&path, image::Options::default()).map_err(|e| wrong(e.to_string(), e.remedy()))?;
    let hash = digest(&path).map_err(|e| wrong(e, None))?;
    let warned = found.about.notes.into_iter().filter(|n| n.warning);
    let warnings = warned.map(|n| format!("scan: {}", n.text)).collect();
    // Names of files often hold that of the patient.
    Ok(((found.image, warnings), ("scan".to_string(), hash)))
}

/// SHA-256 over all files that an image is read from: of each its name below the image's folder, its length and its bytes.
pub(super) fn digest(path: &Path) -> Result<String, String> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let mut sum = Sha256::new();
    for file in image::files(path).map_err(|e| e.to_string())? {
        let bytes = std::fs::read(&file).map_err(|e| e.to_string())?;
        // The name of the file itself may be that of a patient and says nothing: a renamed image is the same.
        let name = if file == path { Path::new("") } else { file.strip_prefix(folder).unwrap_or(&file) };
        let name = name.to_string_lossy();
        for length in [name.len(), bytes.len()] {
            sum.update((length as u64).to_le_bytes());
        }
        sum.update(name.as_bytes());
        sum.update(&bytes);
    }
    Ok(hex(&sum.finalize()))
}

/// Bones and the implant of this size designed to them.
///
/// # Errors
/// As [`build`].
pub fn designed(anatomy: &Anatomy, size: &ImplantSize, folder: &Path) -> Result<Geometry, Failure> {
    fitted(anatomy, size, ScrewPlan::default(), folder)
}

fn fitted(
    anatomy: &Anatomy,
    size: &ImplantSize,
    screws: ScrewPlan,
    folder: &Path,
) -> Result<Geometry, Failure> {
    let mut wanted = ImplantParams { screws, ..implant_params(size) };
    let (mut hashes, mut scan, mut story) = (BTreeMap::new(), None, None);
    let spine = match anatomy {
        Anatomy::Parametric { female, scale } => {
            let sex = if *female { Sex::Female } else { Sex::Male };
            let mut params = Parametric { sex, scale: *scale, ..Parametric::default() };
            if let Some(height) = wanted.height_mm {
                let lower = if wanted.caudal == Level::C4 { third_over_fourth(sex, *scale) } else { 0.0 };
                params.segment_height = height - lower;
            }
            parametric::spine(&params).map_err(Failure::input)?
        }
        Anatomy::Surfaces { files, template } => {
            let (found, sums) = surfaces(files, folder)?;
            hashes = sums;
            scanned_spine(found, *template)?
        }
        Anatomy::Scan(asked) => {
            let found = segmented::find(asked, folder)?;
            let mut spine = scanned_spine(found.surfaces, asked.template)?;
            spine.source = format!("bones of a scan, {}", spine.source);
            spine.warnings.extend(found.warnings);
            (hashes, scan, story) = (found.hashes, Some(found.image), Some(found.story));
            spine
        }
    };
    wanted.seeds = size.seeds.map(|s| s.map(|p| placed(story.as_ref(), p)));
    let implant = Implant::design(&spine, &wanted).map_err(Failure::input)?;
    let fit = implant.fit();
    Ok(Geometry { spine, implant, fit, scan, story, hashes })
}

/// Spine of these bones; with a template in place of C2 where asked for.
fn scanned_spine(mut bones: Vec<(Level, TriSurface)>, template: bool) -> Result<Spine, Failure> {
    if !template {
        return scanned::spine(bones).map_err(Failure::input);
    }
    let fitted = scanned::template::axis(&bones).map_err(Failure::input)?;
    bones.insert(1, (Level::C2, fitted.surface));
    let mut spine = scanned::spine(bones).map_err(Failure::input)?;
    spine.source = format!(
        "{}; C2 is a template (parametric C2, scale {:.3}, fitted to the facets of C1 and to the facets and endplate of C3 within {:.1} mm)",
        spine.source, fitted.scale, fitted.residual_mm
    );
    spine.warnings.push(format!(
        "C2 of the control is a template, not the patient's: published mean shape, scaled by {:.3}, fitted to C1 and C3 with landmarks {:.1} mm off (root mean square). Every ratio to the intact control rests on it.",
        fitted.scale, fitted.residual_mm
    ));
    Ok(spine)
}

fn implant_params(size: &ImplantSize) -> ImplantParams {
    ImplantParams {
        caudal: size.caudal,
        height_mm: size.height,
        rim_mm: size.rim,
        skin_mm: size.skin,
        wall_mm: size.screw_wall,
        screw_mm: size.screw_diameter,
        bore_clearance_mm: size.screw_clearance,
        canal_clearance_mm: size.canal_clearance,
        lordosis: size.lordosis,
        form: size.form,
        ..ImplantParams::default()
    }
}

fn surfaces(files: &[Option<String>; 4], folder: &Path) -> Result<Surfaces, Failure> {
    let mut faults = Vec::new();
    let mut found = Vec::new();
    let mut hashes = BTreeMap::new();
    for (level, file) in Level::ALL.into_iter().zip(files) {
        let Some(file) = file else { continue };
        match surface(level.name(), file, folder, 20.0) {
            Ok((surface, sum)) => {
                // Names of files often hold that of the patient.
                hashes.insert(level.name().to_string(), sum);
                found.push((level, surface));
            }
            Err(wrong) => faults.push(wrong),
        }
    }
    if faults.is_empty() { Ok((found, hashes)) } else { Err(Failure::input(faults.join("\nerror: "))) }
}

/// One checked surface with the SHA-256 of its file.
///
/// - `what`: name of the thing, for messages
/// - `least`: longest side that it may have at least, mm
///
/// # Errors
/// What is wrong with the file or the surface, all faults at once, as text.
pub fn surface(what: &str, file: &str, folder: &Path, least: f64) -> Result<(TriSurface, String), String> {
    let path = folder.join(file);
    let read = |e: &dyn std::fmt::Display| {
        format!("{what}: {e}\n  = hint: file names are relative to the folder of the case file")
    };
    let surface = read_surface(&path).map_err(|e| read(&e))?;
    // The check is made for vertebrae; a cage may be smaller.
    let plausible =
        |f: &SurfaceFault| matches!(f, SurfaceFault::Size { size, .. } if (least..20.0).contains(size));
    let faults: Vec<String> = check(&surface)
        .iter()
        .filter(|f| !plausible(f))
        .map(|f| format!("{what} (`{file}`): {f}\n  = hint: {}", f.remedy()))
        .collect();
    if !faults.is_empty() {
        return Err(faults.join("\nerror: "));
    }
    let bytes = std::fs::read(&path).map_err(|e| read(&e))?;
    Ok((surface, hex(&Sha256::digest(bytes))))
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
