//! Bones of a label map as surfaces, with what was done to each.
//!
//! ```text
//! label map ──> box of one label ──> smooth surface ──> specks left out ──> (remeshed)
//! ```

use super::labels::{LabelError, label_surface};
use super::remesh::remesh;
use super::repair::{shells, volume};
use super::surface::TriSurface;
use crate::image::{Grid, Labels};

/// Pieces and cavities below this part of the largest piece are specks.
const SPECK: f64 = 0.01;

/// Surface of one label.
#[derive(Debug, Clone)]
pub struct LabeledBone {
    /// Its label.
    pub label: u16,
    /// Name of the label.
    pub name: String,
    /// Closed, manifold, outward.
    pub surface: TriSurface,
    /// Volume of all its voxels, mm³.
    pub voxels_mm3: f64,
    /// Volume of the surface, mm³.
    pub volume_mm3: f64,
    /// Farthest move of a vertex by smoothing, in voxels.
    pub moved_voxels: f64,
    /// Loose pieces left out and cavities filled, each below a hundredth of the largest piece.
    pub specks: usize,
    /// Their volume, mm³; a filled cavity counts as negative.
    pub specks_mm3: f64,
    /// Whether voxels lie at the border of the image, where the bone may go on.
    pub cut_off: bool,
}

/// Surface of `label`, remeshed to edges of `edge` mm where given.
///
/// # Errors
/// [`LabelError`] when no voxel has the label or the grid flattens space.
pub fn labeled_bone(labels: &Labels, label: u16, edge: Option<f64>) -> Result<LabeledBone, LabelError> {
    let boxes = labels.boxes();
    one(labels, label, boxes.get(&label).copied(), edge)
}

/// Surfaces of all labels, ascending by label.
///
/// # Errors
/// As [`labeled_bone`].
pub fn labeled_bones(labels: &Labels, edge: Option<f64>) -> Result<Vec<LabeledBone>, LabelError> {
    let boxes = labels.boxes();
    labels.names.keys().map(|label| one(labels, *label, boxes.get(label).copied(), edge)).collect()
}

fn one(
    labels: &Labels,
    label: u16,
    range: Option<[[usize; 3]; 2]>,
    edge: Option<f64>,
) -> Result<LabeledBone, LabelError> {
    let grid = &labels.volume.grid;
    let Some([low, high]) = range else {
        return Err(LabelError::Empty { dims: grid.dims, what: format!("label {label}") });
    };
    let part = Grid {
        dims: [0, 1, 2].map(|a| high[a] - low[a] + 1),
        origin: grid.position(low.map(|v| v as f64)),
        step: grid.step,
    };
    let of_part: Vec<u16> = (0..part.n_voxels())
        .map(|n| {
            let at = part.indices(n);
            labels.volume.values[grid.number([0, 1, 2].map(|a| at[a] + low[a]))]
        })
        .collect();
    let found = label_surface(&part, &of_part, label)?;
    let (mut surface, specks, specks_mm3) = without_specks(found.surface);
    if let Some(edge) = edge {
        surface = remesh(&surface, edge);
    }
    Ok(LabeledBone {
        label,
        name: labels.names.get(&label).cloned().unwrap_or_else(|| format!("label {label}")),
        volume_mm3: surface.volume(),
        surface,
        voxels_mm3: found.voxels_mm3,
        moved_voxels: found.moved_voxels,
        specks,
        specks_mm3,
        cut_off: (0..3).any(|a| low[a] == 0 || high[a] + 1 == grid.dims[a]),
    })
}

/// The surface without its smallest shells, their number and volume.
pub(super) fn without_specks(surface: TriSurface) -> (TriSurface, usize, f64) {
    let all: Vec<(f64, Vec<u32>)> =
        shells(&surface).into_iter().map(|shell| (volume(&surface, &shell), shell)).collect();
    let largest = all.iter().map(|s| s.0).fold(0.0, f64::max);
    let (mut kept, mut specks, mut lost) = (vec![true; surface.triangles.len()], 0, 0.0);
    for (volume, shell) in all.iter().filter(|s| s.0.abs() < SPECK * largest) {
        specks += 1;
        lost += volume;
        shell.iter().for_each(|t| kept[*t as usize] = false);
    }
    if specks == 0 {
        return (surface, 0, 0.0);
    }
    let mut number = vec![u32::MAX; surface.points.len()];
    let mut left = TriSurface::default();
    for (t, _) in surface.triangles.iter().zip(kept).filter(|(_, k)| *k) {
        let corners = t.map(|v| {
            let slot = &mut number[v as usize];
            if *slot == u32::MAX {
                *slot = left.points.len() as u32;
                left.points.push(surface.points[v as usize]);
            }
            *slot
        });
        left.triangles.push(corners);
    }
    (left, specks, lost)
}

#[cfg(test)]
mod tests {
    use super::super::check::unsound;
    use super::*;
    use crate::Vec3;
    use crate::image::Volume;
    use nalgebra::Matrix3;
    use std::collections::BTreeMap;

    /// Two balls of 8 mm whose middles lie 15 mm apart along z, so that they overlap by one, a speck and a pore.
    fn balls() -> Labels {
        let grid = Grid { dims: [30, 30, 46], origin: Vec3::new(3.0, -7.0, 50.0), step: Matrix3::identity() };
        let middle = |z: f64| Vec3::new(14.0, 14.0, z);
        let values = (0..grid.n_voxels())
            .map(|n| {
                let p = Vec3::from(grid.indices(n).map(|v| v as f64));
                let lower = (p - middle(14.0)).norm() < 8.0;
                let upper = (p - middle(29.0)).norm() < 8.0;
                let (speck, pore) = (p == Vec3::new(2.0, 2.0, 40.0), p == middle(29.0));
                u16::from((upper && !pore) || speck) + 2 * u16::from(lower && !upper)
            })
            .collect();
        let names = BTreeMap::from([(1, "C2".to_string()), (2, "C3".to_string())]);
        Labels::new(Volume { grid, values }, &names)
    }

    #[test]
    fn specks_are_left_out_and_pores_filled_and_said() {
        let labels = balls();
        let bones = labeled_bones(&labels, None).expect("two balls");
        assert_eq!(bones.iter().map(|b| b.name.as_str()).collect::<Vec<_>>(), ["C2", "C3"]);
        let upper = &bones[0];
        assert_eq!(upper.specks, 2);
        assert_eq!(unsound(&upper.surface), vec![]);
        assert_eq!(shells(&upper.surface).len(), 1);
        // One voxel more and one less; the ball of 8 mm has 2144 mm³, its voxels within 2 %.
        assert!((upper.volume_mm3 / upper.voxels_mm3 - 1.0).abs() < 0.01, "{upper:?}");
        assert!(upper.specks_mm3.abs() < 1.0 && upper.moved_voxels <= 0.5 && !upper.cut_off);
        let remeshed = labeled_bone(&labels, 1, Some(1.5)).expect("a ball");
        assert!(remeshed.surface.triangles.len() < upper.surface.triangles.len() / 2);
        // What chords of 1.5 mm cut off comes back.
        assert!((remeshed.volume_mm3 / upper.volume_mm3 - 1.0).abs() < 1e-9, "{}", remeshed.volume_mm3);
    }

    #[test]
    fn parted_labels_have_a_gap_and_the_first_keeps_its_voxels() {
        let mut labels = balls();
        let before = labels.counts();
        let cleared = labels.part(&[1, 2]);
        let after = labels.counts();
        assert!(0 < cleared);
        assert_eq!([before[&1], before[&2] - cleared], [after[&1], after[&2]]);
        let [a, b] = [1, 2].map(|l| labeled_bone(&labels, l, None).expect("a ball").surface);
        let nearest = a
            .points
            .iter()
            .flat_map(|p| b.points.iter().map(move |q| (p - q).norm()))
            .fold(f64::INFINITY, f64::min);
        // One voxel is free, of which smoothing takes half from either side at most.
        assert!(0.2 < nearest, "{nearest}");
        assert_eq!(labels.part(&[1, 2]), 0, "nothing touches any more");
    }
}
