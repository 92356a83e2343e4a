//! Bones of a CT from seed points: threshold, separation of bones that touch, closed and filled bones.
//!
//! ```text
//! box around the seeds → bone = HU ≥ threshold → closed cavities filled → depth below the surface
//!     → watershed from the seeds, deepest first → (graph cut of a band around the borders)
//!     → every bone closed by a small radius and filled
//! ```
//! The watershed cuts where bone is thinnest. The cut moves each border within its band to where the least bone is
//! cut: area times how far the Hounsfield units exceed the threshold.
//!
//! Not guaranteed: fused bones (osteophytes, ankylosis) have no border that an image shows; seeds of all neighbors are
//! needed, because a bone without seed falls to the neighbor it touches. Use the name `rest` for such seeds. Look at the
//! pictures.

mod cut;
pub(crate) mod distance;
mod flood;

use super::Note;
use super::labels::{Labels, anatomical_name};
use super::volume::{Grid, Volume};
use crate::Vec3;
use rayon::prelude::*;
use std::collections::BTreeMap;
use thiserror::Error;

/// Name of seeds whose bone is found but not kept.
pub const REST: &str = "rest";
/// Most voxels of the seeds' box for a graph cut.
pub const MOST_FOR_CUT: usize = 20_000_000;

/// Points inside one bone.
#[derive(Debug, Clone, PartialEq)]
pub struct Seed {
    /// Name of the bone, such as `C2`, or [`REST`].
    pub name: String,
    /// Point inside the bone, mm, +x left, +y posterior, +z cranial.
    pub point: Vec3,
}

/// How touching bones are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// At the thinnest place.
    Watershed,
    /// Watershed, then least cut within a band around its borders.
    Cut,
}

/// Numbers of the separation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// How touching bones are separated.
    pub method: Method,
    /// Least value of bone, HU.
    pub threshold: f32,
    /// Radius around a seed that surely belongs to its bone, mm.
    pub marker: f64,
    /// Distance of the box from the outermost seeds, mm.
    pub margin: f64,
    /// Depth that counts as much as a millimeter of distance from the bone's nearest seed, mm/mm: 0 follows thin places only,
    /// large values give each voxel to the nearest seed.
    pub compactness: f64,
    /// Half width of the band of the cut, mm.
    pub band: f64,
    /// Radius by which every bone is closed, mm: gaps and pores narrower than twice this vanish; at least 1.1 voxels.
    pub closing: f64,
}

impl Default for Settings {
    /// Threshold between soft tissue without contrast agent (below 100 HU) and spongy bone. Threshold, compactness and
    /// closing were tuned on one lumbar scan of 3 mm and on made-up bones: Dice 0.6 to 0.9 from 90 to 150 HU.
    fn default() -> Self {
        Self {
            method: Method::Watershed,
            threshold: 120.0,
            marker: 4.0,
            margin: 50.0,
            compactness: 0.2,
            band: 5.0,
            closing: 2.0,
        }
    }
}

/// Why bones cannot be separated.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SeparateError {
    /// A seed lies outside the image.
    #[error("the seed of {name} at ({x:.1}, {y:.1}, {z:.1}) mm lies outside the image")]
    Outside {
        /// Bone.
        name: String,
        /// Position, mm.
        x: f64,
        /// Position, mm.
        y: f64,
        /// Position, mm.
        z: f64,
    },
    /// No bone near a seed.
    #[error("no bone above {threshold} HU within {reach} mm of the seed of {name}; there are {found:.0} HU")]
    NoBone {
        /// Bone.
        name: String,
        /// Threshold, HU.
        threshold: f32,
        /// Distance searched, mm.
        reach: f64,
        /// Value at the seed, HU.
        found: f32,
    },
    /// Nothing to find.
    #[error("no seed is given; each bone needs a point inside it, and so do the bones it touches")]
    NoSeed,
    /// Too large for a cut.
    #[error(
        "the box around the seeds has {voxels} voxels, more than the {most} of a graph cut; use the watershed or a smaller margin"
    )]
    TooLarge {
        /// Voxels of the box.
        voxels: usize,
        /// Limit.
        most: usize,
    },
}

/// Labels and what was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Separation {
    /// Labels on the grid of the image.
    pub labels: Labels,
    /// Voxels of bone in the box.
    pub bone: usize,
    /// Voxels of bone that no seed reached.
    pub unreached: usize,
    /// Voxels that the cut moved to another bone.
    pub moved: usize,
    /// Voxels added by closing and filling.
    pub filled: usize,
    /// What a person should know.
    pub notes: Vec<Note>,
}

/// Distance within which bone is looked for around a seed, mm.
const REACH: f64 = 10.0;

/// Finds the bones of the seeds.
///
/// Labels are 1, 2, … in the order in which names first occur; names are kept if they are of the vocabulary of
/// [`anatomical_name`].
///
/// # Errors
/// [`SeparateError`]: a seed outside the image or far from bone, none at all, a box too large for a cut.
pub fn separate(
    image: &Volume<f32>,
    seeds: &[Seed],
    settings: &Settings,
) -> Result<Separation, SeparateError> {
    let part = Part::around(&image.grid, seeds, settings)?;
    let dims = part.dims;
    if settings.method == Method::Cut && MOST_FOR_CUT < part.n() {
        return Err(SeparateError::TooLarge { voxels: part.n(), most: MOST_FOR_CUT });
    }
    let hu: Vec<f32> =
        (0..part.n()).into_par_iter().map(|n| image.values[part.number(&image.grid, n)]).collect();
    let mut bone: Vec<bool> = hu.iter().map(|v| settings.threshold <= *v).collect();
    let n_bone = bone.iter().filter(|b| **b).count();
    flood::fill_cavities(&mut bone, dims);
    let spacing = image.grid.spacing();
    let depth = distance::squared(dims, spacing, |n| !bone[n]);
    let mut names: Vec<String> = Vec::new();
    for s in seeds {
        if !names.contains(&s.name) {
            names.push(s.name.clone());
        }
    }
    let mut labels = vec![0_u16; part.n()];
    mark(&mut labels, image, &part, &bone, seeds, &names, settings)?;
    grow(&mut labels, &bone, &depth, &part, &image.grid, seeds, &names, settings.compactness);
    drop(depth);
    let unreached = bone.iter().zip(&labels).filter(|(b, l)| **b && **l == 0).count();
    let moved = if settings.method == Method::Cut && 1 < names.len() {
        refine(&mut labels, &hu, spacing, dims, settings)
    } else {
        0
    };
    drop((hu, bone));
    let closing = spacing.into_iter().fold(settings.closing, |r, s| r.max(1.1 * s));
    let mut notes = Vec::new();
    let (mut filled, mut whole) = (0, vec![0_u16; image.grid.n_voxels()]);
    let mut kept = BTreeMap::new();
    for (i, name) in names.iter().enumerate() {
        let label = i as u16 + 1;
        if name != REST {
            filled += close(&mut labels, label, dims, spacing, closing);
            kept.insert(label, anatomical_name(name).unwrap_or_else(|| format!("label {label}")));
        }
        if name != REST && part.touches_border(&labels, label) {
            notes.push(Note::warning(format!(
                "{name} reaches the edge of the box or of the scan: it may be cut off or joined with something else"
            )));
        }
    }
    for (n, l) in labels.iter().enumerate().filter(|(_, l)| kept.contains_key(*l)) {
        whole[part.number(&image.grid, n)] = *l;
    }
    if 1.0 < image.grid.shear() {
        notes.push(Note::new("distances of the separation neglect the shear of the tilted gantry"));
    }
    let labels = Labels::new(Volume { grid: image.grid.clone(), values: whole }, &kept);
    Ok(Separation { labels, bone: n_bone, unreached, moved, filled, notes })
}

/// Box of voxels around the seeds.
struct Part {
    low: [usize; 3],
    dims: [usize; 3],
}

impl Part {
    fn around(grid: &Grid, seeds: &[Seed], settings: &Settings) -> Result<Self, SeparateError> {
        let spacing = grid.spacing();
        let (mut low, mut high) = (grid.dims, [0; 3]);
        for s in seeds {
            let [x, y, z] = s.point.into();
            let at =
                grid.voxel_at(s.point).ok_or(SeparateError::Outside { name: s.name.clone(), x, y, z })?;
            for a in 0..3 {
                let margin = (settings.margin / spacing[a]).ceil() as usize;
                low[a] = low[a].min(at[a].saturating_sub(margin));
                high[a] = high[a].max((at[a] + margin).min(grid.dims[a] - 1));
            }
        }
        if seeds.is_empty() {
            return Err(SeparateError::NoSeed);
        }
        Ok(Self { low, dims: [0, 1, 2].map(|a| high[a] + 1 - low[a]) })
    }

    fn n(&self) -> usize {
        self.dims.iter().product()
    }

    fn index(&self, n: usize) -> [usize; 3] {
        [n % self.dims[0], n / self.dims[0] % self.dims[1], n / self.dims[0] / self.dims[1]]
    }

    /// Number in the image of a voxel of the box.
    fn number(&self, grid: &Grid, n: usize) -> usize {
        let at = self.index(n);
        grid.number([0, 1, 2].map(|a| at[a] + self.low[a]))
    }

    fn touches_border(&self, labels: &[u16], label: u16) -> bool {
        let border = |n: usize| {
            let at = self.index(n);
            (0..3).any(|a| at[a] == 0 || at[a] + 1 == self.dims[a])
        };
        labels.iter().enumerate().any(|(n, l)| *l == label && border(n))
    }
}

/// Sets the labels of bone around each seed; the nearest seed wins.
fn mark(
    labels: &mut [u16],
    image: &Volume<f32>,
    part: &Part,
    bone: &[bool],
    seeds: &[Seed],
    names: &[String],
    settings: &Settings,
) -> Result<(), SeparateError> {
    let grid = &image.grid;
    let spacing = grid.spacing();
    let mut nearest: BTreeMap<usize, (f64, u16)> = BTreeMap::new();
    for s in seeds {
        let label = names.iter().position(|n| *n == s.name).map_or(0, |i| i as u16 + 1);
        let center = grid.index_of(s.point);
        let around = |reach: f64| {
            let range = [0, 1, 2].map(|a| {
                let (c, r) = (center[a] - part.low[a] as f64, reach / spacing[a]);
                let last = part.dims[a] as f64;
                ((c - r).ceil().clamp(0.0, last) as usize)..((c + r).floor() + 1.0).clamp(0.0, last) as usize
            });
            let mut found = Vec::new();
            for k in range[2].clone() {
                for j in range[1].clone() {
                    for i in range[0].clone() {
                        let n = i + part.dims[0] * (j + part.dims[1] * k);
                        let at = [i, j, k].map(|v| v as f64);
                        let p = grid.position([0, 1, 2].map(|a| at[a] + part.low[a] as f64));
                        let far = (p - s.point).norm();
                        if bone[n] && far <= reach {
                            found.push((far, n));
                        }
                    }
                }
            }
            found
        };
        let mut own = around(settings.marker);
        if own.is_empty() {
            own = around(REACH).into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).into_iter().collect();
        }
        if own.is_empty() {
            return Err(SeparateError::NoBone {
                name: s.name.clone(),
                threshold: settings.threshold,
                reach: REACH,
                found: image.sample(s.point).unwrap_or(f32::NAN),
            });
        }
        for (far, n) in own {
            let best = nearest.entry(n).or_insert((far, label));
            if far < best.0 {
                *best = (far, label);
            }
        }
    }
    for (n, (_, label)) in nearest {
        labels[n] = label;
    }
    Ok(())
}

/// Watershed on depth below the surface less distance from the seeds of the same bone.
#[expect(clippy::too_many_arguments, reason = "one step of `separate`, cut out for reading")]
fn grow(
    labels: &mut [u16],
    bone: &[bool],
    depth: &[f32],
    part: &Part,
    grid: &Grid,
    seeds: &[Seed],
    names: &[String],
    compactness: f64,
) {
    let points: Vec<Vec<Vec3>> =
        names.iter().map(|n| seeds.iter().filter(|s| s.name == *n).map(|s| s.point).collect()).collect();
    let deepest =
        depth.iter().zip(bone).filter(|(d, b)| **b && d.is_finite()).fold(0.0_f32, |m, (d, _)| m.max(*d));
    let [low, high] = grid.bounds();
    let range = [(-compactness * (high - low).norm()) as f32, deepest.sqrt()];
    let height = |n: usize, label: u16| {
        let at = part.index(n);
        let p = grid.position([0, 1, 2].map(|a| (at[a] + part.low[a]) as f64));
        let far = points[usize::from(label) - 1]
            .iter()
            .map(|s| (p - s).norm_squared())
            .fold(f64::INFINITY, f64::min);
        depth[n].min(deepest).sqrt() - (compactness * far.sqrt()) as f32
    };
    flood::watershed(labels, bone, part.dims, range, height);
}

/// Moves the borders between labels to the least cut within the band; gives the number of voxels moved.
fn refine(labels: &mut [u16], hu: &[f32], spacing: [f64; 3], dims: [usize; 3], settings: &Settings) -> usize {
    let neighbors = flood::Neighbors::new(dims);
    let border = |n: usize| {
        let other = |m: usize| labels[m] != 0 && labels[m] != labels[n];
        labels[n] != 0 && neighbors.of(n).into_iter().flatten().any(other)
    };
    let near = distance::squared(dims, spacing, border);
    let limit = (settings.band * settings.band) as f32;
    let band: Vec<usize> = (0..labels.len()).filter(|n| labels[*n] != 0 && near[*n] <= limit).collect();
    drop(near);
    let number = cut::numbers(&band, labels.len());
    let area = [spacing[1] * spacing[2], spacing[0] * spacing[2], spacing[0] * spacing[1]];
    // A square micrometer-scale unit keeps whole numbers fine; the floor lets smooth borders win where HU say nothing.
    let capacity = |n: usize, m: usize, axis: usize| {
        if labels[n] == 0 || labels[m] == 0 {
            return 0;
        }
        let above = f64::from((hu[n].min(hu[m]) - settings.threshold).clamp(0.0, 1500.0)) / 300.0;
        (1000.0 * area[axis] * (0.05 + above * above)).round() as i32
    };
    let mut present: Vec<u16> = band.iter().map(|n| labels[*n]).collect();
    present.sort_unstable();
    present.dedup();
    // Isolating cuts: each label against all others; what no cut claims keeps the label of the watershed.
    let claims: Vec<(u16, Vec<usize>)> = present
        .par_iter()
        .map(|&l| {
            let side = |n: usize| (labels[n] != 0).then_some(labels[n] == l);
            (l, cut::Network::new(&band, &number, dims, side, capacity).source_side())
        })
        .collect();
    let before: Vec<u16> = band.iter().map(|n| labels[*n]).collect();
    for (l, voxels) in claims {
        for n in voxels {
            labels[n] = l;
        }
    }
    band.iter().zip(before).filter(|(n, b)| labels[**n] != *b).count()
}

/// Closes a label by `radius` and fills its cavities, where no other label is; gives the number of voxels added.
fn close(labels: &mut [u16], label: u16, dims: [usize; 3], spacing: [f64; 3], radius: f64) -> usize {
    let (mut low, mut high) = (dims, [0; 3]);
    for n in (0..labels.len()).filter(|n| labels[*n] == label) {
        let at = [n % dims[0], n / dims[0] % dims[1], n / dims[0] / dims[1]];
        for a in 0..3 {
            low[a] = low[a].min(at[a]);
            high[a] = high[a].max(at[a]);
        }
    }
    if high < low {
        return 0;
    }
    // A border of empty voxels, also where the box ends, so that the outside is one piece.
    let pad = spacing.map(|s| (radius / s).ceil() as usize + 1);
    let inner = [0, 1, 2].map(|a| high[a] + 1 - low[a] + 2 * pad[a]);
    let outer = |n: usize| -> Option<usize> {
        let at = [n % inner[0], n / inner[0] % inner[1], n / inner[0] / inner[1]];
        let mut whole = [0; 3];
        for a in 0..3 {
            whole[a] = (at[a] + low[a]).checked_sub(pad[a]).filter(|v| *v < dims[a])?;
        }
        Some(whole[0] + dims[0] * (whole[1] + dims[1] * whole[2]))
    };
    let own = |n: usize| outer(n).is_some_and(|m| labels[m] == label);
    let square = (radius * radius) as f32;
    let from_bone = distance::squared(inner, spacing, own);
    let from_outside = distance::squared(inner, spacing, |n| square < from_bone[n]);
    let mut inside: Vec<bool> = (0..from_bone.len()).map(|n| own(n) || square < from_outside[n]).collect();
    flood::fill_cavities(&mut inside, inner);
    let mut added = 0;
    for n in (0..inside.len()).filter(|n| inside[*n]) {
        if let Some(m) = outer(n)
            && labels[m] == 0
        {
            labels[m] = label;
            added += 1;
        }
    }
    added
}

#[cfg(test)]
mod tests;
