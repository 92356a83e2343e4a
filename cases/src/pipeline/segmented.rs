//! Bones of a scan: labels, surfaces, the frame they are brought into, and what was done on the way.

use super::geometry::digest;
use crate::anatomy::{Bones, Segmented};
use crate::failure::Failure;
use dens_mesher::geometry::check::{SurfaceFault, check};
use dens_mesher::geometry::labeled::{LabeledBone, labeled_bone};
use dens_mesher::geometry::repair::{RepairParams, repair};
use dens_mesher::geometry::scanned::upright::{moved, upright};
use dens_mesher::geometry::spine::Level;
use dens_mesher::geometry::surface::TriSurface;
use dens_mesher::image::separate::separate;
use dens_mesher::image::{self, ImageError, Labels, Options, Volume};
use dens_reports::record::Section;
use dens_reports::table::{NO_UNIT, Table, significant};
use nalgebra::Isometry3;
use std::collections::BTreeMap;
use std::path::Path;

/// Farthest that a repair may move a surface, in voxels.
const MOST_MOVE: f64 = 1.0;

/// What was made of a scan.
pub struct Found {
    /// Surfaces, cranial first, in the frame of the model.
    pub surfaces: Vec<(Level, TriSurface)>,
    /// The image in the frame of the model.
    pub image: Volume<f32>,
    /// What was done.
    pub story: Story,
    /// SHA-256 of the files, by what they are: their names may hold more than the bones.
    pub hashes: BTreeMap<String, String>,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// What was done to make bones of a scan, for the report.
#[derive(Debug, Clone)]
pub struct Story {
    /// From the frame of the scan to that of the model.
    pub frame: Isometry3<f64>,
    /// What told the bones apart, one sentence.
    pub labels: String,
    /// Voxel edges, mm.
    pub spacing: [f64; 3],
    /// Voxels cleared where bones touched.
    pub parted: usize,
    /// Edge length of the surfaces, mm, where they were remeshed.
    pub edge: Option<f64>,
    /// Bones, cranial first.
    pub bones: Vec<(Level, Made)>,
}

/// Measures of one surface.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// Volume of voxels and of the surface, mm³.
    pub volumes: [f64; 2],
    /// Farthest move by smoothing, voxels.
    pub moved: f64,
    /// Loose pieces left out and cavities filled.
    pub specks: usize,
}

/// Reads the scan, finds the bones and brings them upright.
///
/// # Errors
/// An image or labels that are refused, a bone that is missing, cut off or cannot be repaired; exit 2.
pub fn find(asked: &Segmented, folder: &Path) -> Result<Found, Failure> {
    let path = folder.join(&asked.image);
    let read = image::read(&path, Options::default()).map_err(|e| refused("scan.image", &e))?;
    let mut image = read.image;
    let mut warnings: Vec<String> =
        read.about.notes.into_iter().filter(|n| n.warning).map(|n| format!("scan: {}", n.text)).collect();
    let unreadable = |e: String| Failure::input(format!("scan.image: {e}"));
    let mut hashes = BTreeMap::from([("scan".to_string(), digest(&path).map_err(unreadable)?)]);
    let (mut labels, said) = match &asked.bones {
        Bones::Labels(file) => {
            let path = folder.join(file);
            let (labels, about) =
                image::read_labels(&path, Options::default()).map_err(|e| refused("anatomy.labels", &e))?;
            warnings
                .extend(about.notes.into_iter().filter(|n| n.warning).map(|n| format!("labels: {}", n.text)));
            let sum = digest(&path).map_err(|e| Failure::input(format!("anatomy.labels: {e}")))?;
            hashes.insert("labels".into(), sum);
            (labels, String::from("a label map given with it"))
        }
        Bones::Seeds(seeds, settings) => {
            let found = separate(&image, seeds, settings).map_err(|e| {
                Failure::input(format!(
                    "anatomy: {e}\n  = hint: `dens image` with --seed shows what the seeds give; give each inside its bone"
                ))
            })?;
            warnings.extend(found.notes.into_iter().map(|n| n.text));
            warnings.push(String::from(
                "Bones were found from seed points, not by a person or a trained network: look at them with `dens image` before anything else.",
            ));
            let said = format!(
                "{} seed points: {} voxels of bone from {} HU on, {} reached by no seed, {} filled",
                seeds.len(),
                found.bone,
                settings.threshold,
                found.unreached,
                found.filled
            );
            (found.labels, said)
        }
    };
    let wanted = levels(&labels, asked.template)?;
    let order: Vec<u16> = wanted.iter().map(|w| w.1).collect();
    let parted = labels.part(&order);
    if 0 < parted {
        warnings.push(format!(
            "Bones touched each other in the scan: {parted} voxels of the lower ones were cleared, so that one voxel lies between; joint spaces there are those of the voxels, not of the patient."
        ));
    }
    let spacing = labels.volume.grid.spacing();
    let voxel = spacing.into_iter().fold(0.0, f64::max);
    let mut bones = Vec::new();
    let mut surfaces = Vec::new();
    for (level, label) in wanted {
        let bone = labeled_bone(&labels, label, asked.edge)
            .map_err(|e| Failure::input(format!("{}: {e}", level.name())))?;
        if bone.cut_off {
            warnings.push(format!(
                "{} reaches the border of the scan; what lies beyond is missing.",
                level.name()
            ));
        }
        let volumes = [bone.voxels_mm3, bone.volume_mm3];
        bones.push((level, Made { volumes, moved: bone.moved_voxels, specks: bone.specks }));
        surfaces.push((level, sound(level, bone, voxel)?));
    }
    let frame = upright(&surfaces.iter().map(|s| s.1.clone()).collect::<Vec<_>>());
    for (_, surface) in &mut surfaces {
        *surface = moved(surface, &frame);
    }
    image.grid = image.grid.moved(&frame);
    let story = Story { frame, labels: said, spacing, parted, edge: asked.edge, bones };
    Ok(Found { surfaces, image, story, hashes, warnings })
}

fn refused(entry: &str, e: &ImageError) -> Failure {
    let hint = e.remedy().unwrap_or("file names are relative to the folder of the case file");
    Failure::input(format!("{entry}: {e}\n  = hint: {hint}"))
}

/// Labels of the bones, cranial first.
fn levels(labels: &Labels, template: bool) -> Result<Vec<(Level, u16)>, Failure> {
    let mut wanted = Vec::new();
    for level in Level::ALL {
        match labels.label(level.name()) {
            // What a tumor has left of C2 is not used.
            Some(_) if level == Level::C2 && template => {}
            Some(label) => wanted.push((level, label)),
            None if level == Level::C4 || (level == Level::C2 && template) => {}
            None => {
                let found: Vec<&str> = labels.names.values().map(String::as_str).collect();
                let lytic = if level == Level::C2 {
                    "; where C2 is destroyed, `c2 = \"template\"` gives the control a fitted one"
                } else {
                    ""
                };
                return Err(Failure::input(format!(
                    "anatomy: the scan has no label for {}, only {}\n  = hint: name the labels C1 to C4 or use the numbering of TotalSegmentator{lytic}",
                    level.name(),
                    if found.is_empty() { "unlabeled voxels".into() } else { found.join(", ") }
                )));
            }
        }
    }
    Ok(wanted)
}

/// The surface of a bone, repaired where remeshing made it cross itself.
fn sound(level: Level, bone: LabeledBone, voxel: f64) -> Result<TriSurface, Failure> {
    let wrong = |e: &dyn std::fmt::Display, hint: &str| {
        Failure::input(format!("{} from the scan: {e}\n  = hint: {hint}", level.name()))
    };
    let params = RepairParams { grid_mm: 0.5 * voxel, most_mm: MOST_MOVE * voxel };
    let surface = repair(&bone.surface, &params).map_err(|e| wrong(&e, e.remedy()))?.surface;
    if let Some(fault @ SurfaceFault::Size { .. }) = check(&surface).first() {
        return Err(wrong(fault, "look at the labels: this one holds no whole vertebra"));
    }
    Ok(surface)
}

/// Section of the report: what was done to get from the scan to the bones.
pub fn section(story: &Story) -> Section {
    let mut t = Table::new(
        "scan-bones",
        "Bones of the scan",
        &[
            ("bone", ""),
            ("voxels", "mm³"),
            ("surface", "mm³"),
            ("farthest move by smoothing", "voxels"),
            ("specks left out", NO_UNIT),
        ],
    );
    for (level, made) in &story.bones {
        t.push([
            level.name().into(),
            made.volumes[0].into(),
            made.volumes[1].into(),
            made.moved.into(),
            made.specks.into(),
        ]);
    }
    let mut frame = Table::new(
        "scan-frame",
        "From the scan to this report: x' = R x + t",
        &[("axis", ""), ("R, left", NO_UNIT), ("posterior", NO_UNIT), ("cranial", NO_UNIT), ("t", "mm")],
    );
    let turn = story.frame.rotation.to_rotation_matrix();
    let shift = story.frame.translation.vector;
    for (a, name) in ["left", "posterior", "cranial"].into_iter().enumerate() {
        frame.push([
            name.into(),
            turn[(a, 0)].into(),
            turn[(a, 1)].into(),
            turn[(a, 2)].into(),
            shift[a].into(),
        ]);
    }
    let voxel = story.spacing.map(|s| significant(s, 3)).join(" × ");
    let triangles = story.edge.map_or_else(
        || String::from("triangles are as fine as the voxels"),
        |e| format!("they were remeshed to edges of {} mm", significant(e, 3)),
    );
    Section::new("scan-bones", "From the scan to the bones")
        .paragraph(format!(
            "Bones were told apart by {}. Voxels of {voxel} mm became closed surfaces, smoothed within half a voxel; {triangles}. Where bones touched, {} voxels were cleared.",
            story.labels, story.parted
        ))
        .table(t)
        .paragraph(format!(
            "Bones and image were turned by {:.1} degrees and shifted until the mirror plane of the bones is x = 0; the angle seen from the side is that of the scan. All places and exported files of this report are in the turned frame.",
            story.frame.rotation.angle().to_degrees()
        ))
        .table(frame)
}
