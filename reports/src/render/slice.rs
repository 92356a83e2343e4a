//! Slices of a scan in the orientation that radiology uses, with letters at the edges that say so.

use super::raster::Raster;
use crate::palette::{Rgb, mix};
use dens_mesher::Vec3;
use dens_mesher::image::{Labels, Volume};
use rayon::prelude::*;

/// Plane of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Seen from below: anterior is up, the patient's left is on the right.
    Axial,
    /// Seen from the front: cranial is up, the patient's left is on the right.
    Coronal,
    /// Seen from the patient's left side: cranial is up, anterior is on the left.
    Sagittal,
}

impl Cut {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Axial, Self::Coronal, Self::Sagittal];

    /// Name of the plane, for file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Axial => "axial",
            Self::Coronal => "coronal",
            Self::Sagittal => "sagittal",
        }
    }

    /// Axes of the patient to the right, downward and into depth, and the sign of the downward one.
    fn axes(self) -> ([usize; 3], f64) {
        match self {
            Self::Axial => ([0, 1, 2], 1.0),
            Self::Coronal => ([0, 2, 1], -1.0),
            Self::Sagittal => ([1, 2, 0], -1.0),
        }
    }

    /// Letters at the left, right, upper and lower edge.
    fn letters(self) -> [&'static str; 4] {
        match self {
            Self::Axial => ["R", "L", "A", "P"],
            Self::Coronal => ["R", "L", "H", "F"],
            Self::Sagittal => ["A", "P", "H", "F"],
        }
    }

    fn convention(self) -> &'static str {
        match self {
            Self::Axial => "SEEN FROM BELOW, PATIENT'S LEFT IS RIGHT",
            Self::Coronal => "SEEN FROM THE FRONT, PATIENT'S LEFT IS RIGHT",
            Self::Sagittal => "SEEN FROM THE LEFT, ANTERIOR IS LEFT",
        }
    }
}

/// Longest edge of the picture of a slice, pixels.
const LONGEST: f64 = 640.0;
/// Shortest width, for the line of text, pixels.
const NARROWEST: usize = 640;
/// Margin around a slice for letters, pixels.
const MARGIN: usize = 40;
const PAPER: Rgb = [0x10, 0x14, 0x1a];
/// Colors of labels in order, distinct on gray; Okabe & Ito (2008), Color Universal Design.
const OVERLAY: [Rgb; 6] = [
    [0xe6, 0x9f, 0x00],
    [0x56, 0xb4, 0xe9],
    [0x00, 0x9e, 0x73],
    [0xf0, 0xe4, 0x42],
    [0xd5, 0x5e, 0x00],
    [0xcc, 0x79, 0xa7],
];
const TEXT: Rgb = [0xee, 0xee, 0xee];

/// Picture of the slice through `at`, mm, with labels as colored overlay where there are any.
///
/// - `window`: values that become black and white
pub fn slice(volume: &Volume<f32>, labels: Option<&Labels>, cut: Cut, at: Vec3, window: [f32; 2]) -> Raster {
    let ([right, down, depth], sign) = cut.axes();
    let [low, high] = volume.grid.bounds();
    let half = 0.5 * volume.grid.spacing().into_iter().fold(f64::INFINITY, f64::min);
    let size = [high[right] - low[right] + 2.0 * half, high[down] - low[down] + 2.0 * half];
    let pixel = size[0].max(size[1]) / LONGEST;
    let inner = size.map(|s| ((s / pixel).round() as usize).max(1));
    let (width, height) = ((inner[0] + 2 * MARGIN).max(NARROWEST), inner[1] + 2 * MARGIN + 44);
    let left = (width - inner[0]) / 2;
    let colors: Vec<(u16, Rgb)> = labels
        .iter()
        .flat_map(|l| l.names.keys())
        .zip(OVERLAY.iter().cycle())
        .map(|(l, c)| (*l, *c))
        .collect();
    let mut picture = Raster { width, height, rgb: PAPER.repeat(width * height) };
    picture.rgb.par_chunks_mut(3 * width).enumerate().skip(MARGIN).take(inner[1]).for_each(|(row, rgb)| {
        for column in 0..inner[0] {
            let along = |n: usize| (n as f64 + 0.5) * pixel - half;
            let mut p = Vec3::zeros();
            p[right] = low[right] + along(column);
            let drop = along(row - MARGIN);
            p[down] = if 0.0 < sign { low[down] + drop } else { high[down] - drop };
            p[depth] = at[depth];
            let Some(v) = volume.sample(p) else { continue };
            let t = f64::from((v - window[0]) / (window[1] - window[0])).clamp(0.0, 1.0);
            let mut color = [(255.0 * t).round() as u8; 3];
            if let Some(labels) = labels
                && let Some(voxel) = labels.volume.grid.voxel_at(p)
                && let Ok(i) = colors.binary_search_by_key(&labels.volume.at(voxel), |c| c.0)
            {
                color = mix(color, colors[i].1, 0.5);
            }
            rgb[3 * (left + column)..3 * (left + column) + 3].copy_from_slice(&color);
        }
    });
    let [l, r, up, below] = cut.letters();
    let (middle, center) = (MARGIN + inner[1] / 2 - 10, left + inner[0] / 2 - 8);
    for (text, x, y) in [
        (l, left - 28, middle),
        (r, left + inner[0] + 12, middle),
        (up, center, 10),
        (below, center, MARGIN + inner[1] + 8),
    ] {
        write(&mut picture, text, [x, y], 3);
    }
    let axis = ["X", "Y", "Z"][depth];
    let place = format!("{} {axis} = {:.1} MM", cut.name().to_uppercase(), at[depth]);
    write(&mut picture, &place, [10, height - 38], 2);
    write(&mut picture, cut.convention(), [10, height - 19], 2);
    // Bar of 10 mm at the lower left.
    let bar = (10.0 / pixel).round() as usize;
    let y = MARGIN + inner[1] + 12;
    if 4 < bar && bar < center.saturating_sub(100) {
        for row in y..y + 3 {
            let start = 3 * (row * width + 10);
            picture.rgb[start..start + 3 * bar].copy_from_slice(&TEXT.repeat(bar));
        }
        write(&mut picture, "10 MM", [18 + bar, y - 6], 2);
    }
    picture
}

/// Writes capitals, digits and signs with the upper left corner at `at`; what does not fit is cut.
fn write(picture: &mut Raster, text: &str, at: [usize; 2], scale: usize) {
    for (n, c) in text.bytes().enumerate() {
        let Some(glyph) = c.checked_sub(b' ').and_then(|g| GLYPHS.get(usize::from(g))) else { continue };
        for (x, y) in (0..5 * scale).flat_map(|x| (0..8 * scale).map(move |y| (x, y))) {
            let column = glyph >> (8 * (4 - x / scale)) & 0xff;
            let (px, py) = (at[0] + 6 * scale * n + x, at[1] + y);
            if column >> (y / scale) & 1 == 1 && px < picture.width && py < picture.height {
                let start = 3 * (py * picture.width + px);
                picture.rgb[start..start + 3].copy_from_slice(&TEXT);
            }
        }
    }
}

/// Glyphs from space to Z, five columns of eight pixels each, the first column in the highest byte, the upper pixel in
/// the lowest bit: the common 5 × 7 raster face of character displays.
const GLYPHS: [u64; 59] = [
    0x0000000000,
    0x00005f0000,
    0x0007000700,
    0x147f147f14,
    0x242a7f2a12,
    0x2313086462,
    0x3649562050,
    0x0008070300,
    0x001c224100,
    0x0041221c00,
    0x2a1c7f1c2a,
    0x08083e0808,
    0x0080703000,
    0x0808080808,
    0x0000606000,
    0x2010080402,
    0x3e5149453e,
    0x00427f4000,
    0x7249494946,
    0x2141494d33,
    0x1814127f10,
    0x2745454539,
    0x3c4a494931,
    0x4121110907,
    0x3649494936,
    0x464949291e,
    0x0000140000,
    0x0040340000,
    0x0008142241,
    0x1414141414,
    0x0041221408,
    0x0201590906,
    0x3e415d594e,
    0x7c1211127c,
    0x7f49494936,
    0x3e41414122,
    0x7f4141413e,
    0x7f49494941,
    0x7f09090901,
    0x3e41415173,
    0x7f0808087f,
    0x00417f4100,
    0x2040413f01,
    0x7f08142241,
    0x7f40404040,
    0x7f021c027f,
    0x7f0408107f,
    0x3e4141413e,
    0x7f09090906,
    0x3e4151215e,
    0x7f09192946,
    0x2649494932,
    0x03017f0103,
    0x3f4040403f,
    0x1f2040201f,
    0x3f4038403f,
    0x6314081463,
    0x0304780403,
    0x6159494d43,
];

#[cfg(test)]
mod tests {
    use super::*;
    use dens_mesher::image::Grid;
    use nalgebra::Matrix3;

    /// Values that grow to the patient's left, posterior or cranial.
    fn ramp(axis: usize) -> Volume<f32> {
        // Stored from left to right and from cranial to caudal: the picture must not depend on it.
        let step = Matrix3::from_diagonal(&Vec3::new(-1.0, 1.0, -2.0));
        let grid = Grid { dims: [21, 21, 11], origin: Vec3::new(10.0, -10.0, 10.0), step };
        let values =
            (0..grid.n_voxels()).map(|n| grid.position(grid.indices(n).map(|i| i as f64))[axis] as f32);
        Volume { values: values.collect(), grid }
    }

    fn gray(picture: &Raster, [x, y]: [usize; 2]) -> u8 {
        picture.rgb[3 * (y * picture.width + x)]
    }

    #[test]
    fn pictures_show_left_on_the_right_anterior_and_cranial_up() {
        let brighter = |axis: usize, cut: Cut, from: [usize; 2], to: [usize; 2]| {
            let picture = slice(&ramp(axis), None, cut, Vec3::zeros(), [-10.0, 10.0]);
            assert!(gray(&picture, from) + 50 < gray(&picture, to), "{cut:?} along {axis}");
        };
        let (left, right, up, down) = ([100, 300], [600, 300], [350, 100], [350, 600]);
        brighter(0, Cut::Axial, left, right);
        brighter(1, Cut::Axial, up, down);
        brighter(0, Cut::Coronal, left, right);
        brighter(2, Cut::Coronal, down, up);
        brighter(1, Cut::Sagittal, left, right);
        brighter(2, Cut::Sagittal, down, up);
    }
}
