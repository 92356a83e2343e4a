//! Modulus and strength of cells from a calibrated scan, integrated over each cell.
//!
//! Modulus is averaged, not density: laws bend, and the modulus of the mean is not the mean of the modulus (Taddei et al.
//! 2007, J. Biomech. 40). Points are the centroids of `n³` equal parts of a cell, at most half a voxel apart, so no voxel
//! is stepped over.

use super::calibration::Chain;
use dens_mesher::Vec3;
use dens_mesher::mesh::{EDGE_CORNERS, Mesh};
use rayon::prelude::*;
use thiserror::Error;

/// Parts of a cell's edge at most; an edge of sixteen half voxels is 8 voxels long.
const MOST_PARTS: usize = 16;

/// Bins of the histogram.
pub const BINS: usize = 40;

/// Where the value of a point is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Place, mm.
    pub at: Vec3,
    /// Whether it lies clear of the surface, where a voxel holds a mixture.
    pub clear: bool,
}

impl Spot {
    /// Place clear of the surface.
    pub fn clear(at: Vec3) -> Self {
        Self { at, clear: true }
    }
}

/// From cell, barycentric coordinates and position of a point, mm, to where its value is read.
pub type Place<'a> = dyn Fn(usize, &[f64; 4], Vec3) -> Option<Spot> + Sync + 'a;

/// How a scan is read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// HU at a place, mm; `None` outside the image.
    pub hounsfield: &'a (dyn Fn(Vec3) -> Option<f64> + Sync),
    /// Largest distance of neighbouring voxels, mm.
    pub voxel: f64,
    /// Calibration and law.
    pub chain: Chain,
    /// Where the value of a point is read; `None` for a point whose tissue the scan does not decide.
    pub place: &'a Place<'a>,
}

/// Bone of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellBone {
    /// Mean Young's modulus of the points that the scan decides, MPa.
    pub modulus: f64,
    /// Mean compressive strength, MPa; `None` when the law has none.
    pub strength: Option<f64>,
    /// Mean density in the unit of the law, before it is brought into the range of the law.
    pub density: f64,
}

/// Volumes by what was read there, mm³.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Volume that the scan decides.
    pub volume: f64,
    /// Of that, outside the image: no value.
    pub outside: f64,
    /// Of that, read so near the surface that a voxel holds a mixture, because the bone is too thin for more.
    pub shallow: f64,
    /// Density zero or negative.
    pub nonpositive: f64,
    /// Positive density below the range of the law.
    pub below: f64,
    /// Density above the range of the law.
    pub above: f64,
    /// Smallest and largest density read, in the unit of the law.
    pub density: [f64; 2],
    /// Smallest, mean and largest modulus of a cell, MPa; the mean is weighted by volume.
    pub modulus: [f64; 3],
    /// Volumes of cells by modulus, [`BINS`] bins of equal width from zero to the largest modulus.
    pub histogram: Vec<f64>,
}

/// Why a scan does not give the bone.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ScanError {
    /// Bone lies outside the image.
    #[error("{:.1} % of the cancellous bone lies outside the image, first at ({:.1}, {:.1}, {:.1}) mm", 100.0 * share, place[0], place[1], place[2])]
    Outside {
        /// Share of the volume.
        share: f64,
        /// First such point, mm.
        place: [f64; 3],
    },
    /// Too much bone has a density that the law does not cover.
    #[error("{:.1} % of the cancellous bone has a density outside {:.3} to {:.3} {unit} of `{law}` (zero or negative {:.1} %, below {:.1} %, above {:.1} %); allowed are {:.1} %", 100.0 * (nonpositive + below + above), valid[0], valid[1], 100.0 * nonpositive, 100.0 * below, 100.0 * above, 100.0 * limit)]
    OutOfRange {
        /// Law.
        law: &'static str,
        /// Unit of its density.
        unit: &'static str,
        /// Its range.
        valid: [f64; 2],
        /// Share of zero or negative densities.
        nonpositive: f64,
        /// Share of positive densities below the range.
        below: f64,
        /// Share above the range.
        above: f64,
        /// Share allowed.
        limit: f64,
    },
    /// The scan decides no point of the mesh.
    #[error("the scan decides no cell: all points lie in the cortical shell")]
    Nothing,
}

/// Bone of every cell, with what was met on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct ScannedBone {
    /// Bone per cell; `None` where the scan decides no point of it.
    pub cells: Vec<Option<CellBone>>,
    /// Volumes.
    pub audit: Audit,
}

/// Sums over the points of one cell.
#[derive(Debug, Clone, Copy)]
struct Sums {
    points: usize,
    read: usize,
    shallow: usize,
    outside: Option<Vec3>,
    nonpositive: usize,
    below: usize,
    above: usize,
    density: f64,
    least: f64,
    most: f64,
    modulus: f64,
    strength: f64,
}

/// Bone of every cell of a mesh.
///
/// Densities beyond the law take its nearest end, and are counted.
///
/// - `limit`: share of the volume that may lie beyond the law
///
/// # Errors
/// [`ScanError`].
pub fn bone(mesh: &Mesh, reading: &Reading<'_>, limit: f64) -> Result<ScannedBone, ScanError> {
    let sums: Vec<Sums> = (0..mesh.n_cells()).into_par_iter().map(|cell| sum(mesh, reading, cell)).collect();
    let strong = reading.chain.law.strength(reading.chain.law.valid[1]).is_ok();
    let cells: Vec<Option<CellBone>> = sums
        .iter()
        .map(|s| {
            (s.read > 0).then(|| {
                let n = s.read as f64;
                CellBone {
                    modulus: s.modulus / n,
                    strength: strong.then_some(s.strength / n),
                    density: s.density / n,
                }
            })
        })
        .collect();
    let audit = audit(mesh, &sums, &cells);
    if let Some(place) = sums.iter().find_map(|s| s.outside) {
        return Err(ScanError::Outside { share: audit.outside / audit.volume, place: place.into() });
    }
    if audit.volume == 0.0 {
        return Err(ScanError::Nothing);
    }
    let law = reading.chain.law;
    let [nonpositive, below, above] = [audit.nonpositive, audit.below, audit.above].map(|v| v / audit.volume);
    if nonpositive + below + above > limit {
        return Err(ScanError::OutOfRange {
            law: law.name,
            unit: law.measure.unit(),
            valid: law.valid,
            nonpositive,
            below,
            above,
            limit,
        });
    }
    Ok(ScannedBone { cells, audit })
}

fn sum(mesh: &Mesh, reading: &Reading<'_>, cell: usize) -> Sums {
    let corners = [0, 1, 2, 3].map(|i| mesh.points[mesh.cells[cell][i] as usize]);
    let longest = EDGE_CORNERS.iter().map(|e| (corners[e[0]] - corners[e[1]]).norm()).fold(0.0, f64::max);
    let parts = ((2.0 * longest / reading.voxel).ceil() as usize).clamp(1, MOST_PARTS);
    let law = reading.chain.law;
    let mut s = Sums {
        points: 0,
        read: 0,
        shallow: 0,
        outside: None,
        nonpositive: 0,
        below: 0,
        above: 0,
        density: 0.0,
        least: f64::INFINITY,
        most: f64::NEG_INFINITY,
        modulus: 0.0,
        strength: 0.0,
    };
    for weights in centroids(parts) {
        s.points += 1;
        let point = (0..4).map(|i| weights[i] * corners[i]).sum::<Vec3>();
        let Some(spot) = (reading.place)(cell, &weights, point) else { continue };
        s.shallow += usize::from(!spot.clear);
        let Some(hounsfield) = (reading.hounsfield)(spot.at).filter(|h| h.is_finite()) else {
            s.outside = s.outside.or(Some(point));
            s.read += 1;
            continue;
        };
        s.read += 1;
        let density = reading.chain.density(hounsfield);
        let covered = reading.chain.covered(hounsfield);
        s.nonpositive += usize::from(density <= 0.0);
        s.below += usize::from(0.0 < density && density < law.valid[0]);
        s.above += usize::from(law.valid[1] < density);
        s.density += density;
        s.least = s.least.min(density);
        s.most = s.most.max(density);
        // The covered density lies in the range.
        s.modulus += law.modulus(covered).unwrap_or(f64::NAN);
        s.strength += law.strength(covered).unwrap_or(0.0);
    }
    s
}

/// Barycentric centroids of the `n³` equal parts of a tetrahedron.
///
/// The tetrahedron is seen as the Kuhn simplex `0 ≤ z ≤ y ≤ x ≤ 1`; the Kuhn parts of the `n³` cubes lie wholly inside it or
/// outside.
fn centroids(n: usize) -> impl Iterator<Item = [f64; 4]> {
    const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let h = 1.0 / n as f64;
    (0..n).flat_map(move |i| {
        (0..=i).flat_map(move |j| {
            (0..=j).flat_map(move |k| {
                ORDERS.into_iter().filter_map(move |order| {
                    // Corners of the part: the cube's, then one step along each axis in this order. Centroid in each axis:
                    // three quarters, half, quarter of a step.
                    let mut x = [i as f64, j as f64, k as f64];
                    for (axis, part) in order.into_iter().zip([0.75, 0.5, 0.25]) {
                        x[axis] += part;
                    }
                    let [x, y, z] = x.map(|v| v * h);
                    (z < y && y < x).then_some([1.0 - x, x - y, y - z, z])
                })
            })
        })
    })
}

fn audit(mesh: &Mesh, sums: &[Sums], cells: &[Option<CellBone>]) -> Audit {
    let mut audit = Audit {
        volume: 0.0,
        outside: 0.0,
        shallow: 0.0,
        nonpositive: 0.0,
        below: 0.0,
        above: 0.0,
        density: [f64::INFINITY, f64::NEG_INFINITY],
        modulus: [f64::INFINITY, 0.0, 0.0],
        histogram: vec![0.0; BINS],
    };
    let decided = |cell: usize| {
        let volume = mesh.corner_volume(cell) / sums[cell].points.max(1) as f64;
        (volume, volume * sums[cell].read as f64)
    };
    for (cell, s) in sums.iter().enumerate() {
        let (point, volume) = decided(cell);
        audit.volume += volume;
        if s.outside.is_some() {
            audit.outside += volume;
        }
        audit.shallow += point * s.shallow as f64;
        audit.nonpositive += point * s.nonpositive as f64;
        audit.below += point * s.below as f64;
        audit.above += point * s.above as f64;
        audit.density = [audit.density[0].min(s.least), audit.density[1].max(s.most)];
        if let Some(bone) = cells[cell] {
            let [least, mean, most] = audit.modulus;
            audit.modulus = [least.min(bone.modulus), mean + volume * bone.modulus, most.max(bone.modulus)];
        }
    }
    audit.modulus[1] /= audit.volume.max(f64::MIN_POSITIVE);
    for (cell, bone) in cells.iter().enumerate() {
        if let Some(bone) = bone {
            let bin = (bone.modulus / audit.modulus[2] * BINS as f64) as usize;
            audit.histogram[bin.min(BINS - 1)] += decided(cell).1;
        }
    }
    audit
}

#[cfg(test)]
mod tests {
    use super::super::calibration::{Calibration, Equivalent};
    use super::super::density::{DensityLaw, KELLER_1994, KOPPERDAHL_2002};
    use super::*;

    /// Straight tetrahedron with these corners.
    fn one_cell(corners: [Vec3; 4]) -> Mesh {
        let mut points = corners.to_vec();
        points.extend(EDGE_CORNERS.iter().map(|e| 0.5 * (corners[e[0]] + corners[e[1]])));
        Mesh {
            points,
            cells: vec![[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
            regions: vec![0],
            region_names: vec!["bone".into()],
            ..Mesh::default()
        }
    }

    fn skewed() -> Mesh {
        one_cell([
            Vec3::new(0.1, 0.2, -0.3),
            Vec3::new(4.0, 0.5, 0.0),
            Vec3::new(0.7, 3.0, 0.4),
            Vec3::new(0.5, 0.9, 5.0),
        ])
    }

    fn chain(law: &'static DensityLaw) -> Chain {
        let calibration = Calibration::given(1.0, 0.0, Equivalent::PotassiumPhosphate).expect("rising");
        Chain { calibration, law }
    }

    #[test]
    fn parts_fill_the_cell_once() {
        for n in 1..=7 {
            let all: Vec<[f64; 4]> = centroids(n).collect();
            assert_eq!(all.len(), n * n * n);
            for i in 0..4 {
                // The mean of the centroids of equal parts is the centroid; round-off of the sum.
                let mean = all.iter().map(|w| w[i]).sum::<f64>() / all.len() as f64;
                assert!((mean - 0.25).abs() < 1e-13, "{n} {i} {mean}");
                assert!(all.iter().all(|w| 0.0 < w[i]));
            }
        }
    }

    #[test]
    fn a_linear_law_of_a_linear_scan_gives_the_value_at_the_centroid() {
        let mesh = skewed();
        let field = |p: Vec3| Some(150.0 + 10.0 * p.x - 7.0 * p.y + 20.0 * p.z);
        let reading = Reading {
            hounsfield: &field,
            voxel: 1.0,
            chain: chain(&KOPPERDAHL_2002),
            place: &|_, _, p| Some(Spot::clear(p)),
        };
        let found = bone(&mesh, &reading, 0.0).expect("in range").cells[0].expect("read");
        let middle = field(mesh.centroid(0)).expect("everywhere");
        // The mean of a linear function: exact but for round-off.
        assert!(
            (found.density - middle).abs() < 1e-11 && (found.modulus - (3.23 * middle - 34.7)).abs() < 1e-10
        );
        let strength = found.strength.expect("the law has one");
        assert!((strength - (0.0249 * middle - 0.75)).abs() < 1e-11);
    }

    #[test]
    fn modulus_is_averaged_with_second_order() {
        // A law that bends, over a density that varies: parts of half the size leave a quarter of the error.
        let mesh = skewed();
        let field = |p: Vec3| Some(200.0 + 60.0 * p.z);
        let at = |voxel: f64| {
            let reading = Reading {
                hounsfield: &field,
                voxel,
                chain: chain(&KELLER_1994),
                place: &|_, _, p| Some(Spot::clear(p)),
            };
            bone(&mesh, &reading, 0.0).expect("in range").cells[0].expect("read").modulus
        };
        // Longest edge 6.12 mm, halves of these: 2, 4, 8 and 16 parts.
        let [a, b, c, d] = [6.2, 3.1, 1.55, 0.775].map(at);
        let order = ((b - a) / (c - b)).log2();
        let next = ((c - b) / (d - c)).log2();
        assert!((order - 2.0).abs() < 0.1 && (next - 2.0).abs() < 0.05, "{order} {next}");
        // And the modulus of the mean density is another number: 5 % lower.
        let middle =
            chain(&KELLER_1994).modulus(field(mesh.centroid(0)).expect("everywhere")).expect("a number");
        assert!(middle < 0.97 * d, "{middle} {d}");
    }

    #[test]
    fn a_step_inside_the_cell_is_shared_by_volume() {
        // Plane x = y of the Kuhn cell halves nothing; the plane at half height cuts 1/8 of a tetrahedron off.
        let mesh = one_cell([Vec3::zeros(), Vec3::x() * 4.0, Vec3::y() * 4.0, Vec3::z() * 4.0]);
        let field = |p: Vec3| Some(if p.z > 2.0 { 300.0 } else { 100.0 });
        let reading = Reading {
            hounsfield: &field,
            voxel: 0.71,
            chain: chain(&KOPPERDAHL_2002),
            place: &|_, _, p| Some(Spot::clear(p)),
        };
        let found = bone(&mesh, &reading, 0.0).expect("in range").cells[0].expect("read");
        // Sixteen layers resolve the plane; a part that it cuts counts whole: below a percent of the volume.
        assert!((found.density - (100.0 + 200.0 / 8.0)).abs() < 2.0, "{}", found.density);
    }

    #[test]
    fn what_the_law_does_not_cover_is_counted_and_refused_above_the_limit() {
        let mesh = one_cell([Vec3::zeros(), Vec3::x() * 4.0, Vec3::y() * 4.0, Vec3::z() * 4.0]);
        let field = |p: Vec3| Some(if p.z > 2.0 { -20.0 } else { 100.0 });
        let reading = Reading {
            hounsfield: &field,
            voxel: 0.71,
            chain: chain(&KOPPERDAHL_2002),
            place: &|_, _, p| Some(Spot::clear(p)),
        };
        let audit = bone(&mesh, &reading, 0.2).expect("an eighth is allowed").audit;
        let volume = 4.0f64.powi(3) / 6.0;
        assert!((audit.volume - volume).abs() < 1e-12 * volume);
        assert!((audit.nonpositive / volume - 0.125).abs() < 0.01, "{}", audit.nonpositive / volume);
        assert_eq!((audit.below, audit.above, audit.outside), (0.0, 0.0, 0.0));
        assert!((audit.histogram.iter().sum::<f64>() - volume).abs() < 1e-12 * volume);
        let refused = bone(&mesh, &reading, 0.1).expect_err("an eighth is too much");
        assert!(refused.to_string().contains("zero or negative 12."), "{refused}");
    }

    #[test]
    fn bone_outside_the_image_is_refused_with_a_place() {
        let mesh = skewed();
        let field = |p: Vec3| (p.z < 4.0).then_some(200.0);
        let reading = Reading {
            hounsfield: &field,
            voxel: 1.0,
            chain: chain(&KOPPERDAHL_2002),
            place: &|_, _, p| Some(Spot::clear(p)),
        };
        let refused = bone(&mesh, &reading, 1.0).expect_err("the tip is outside");
        let ScanError::Outside { place, .. } = refused else { unreachable!("another error: {refused}") };
        assert!(place[2] >= 4.0);
    }

    #[test]
    fn points_left_to_other_tissues_do_not_count() {
        let mesh = one_cell([Vec3::zeros(), Vec3::x() * 4.0, Vec3::y() * 4.0, Vec3::z() * 4.0]);
        let field = |p: Vec3| Some(if p.z > 2.0 { 1500.0 } else { 100.0 });
        let reading = Reading {
            hounsfield: &field,
            voxel: 0.71,
            chain: chain(&KOPPERDAHL_2002),
            place: &|_, _, p| (p.z < 2.0).then_some(Spot::clear(p)),
        };
        let found = bone(&mesh, &reading, 0.0).expect("the dense shell is not read");
        assert_eq!(found.cells[0].map(|b| b.density), Some(100.0));
        let none = Reading { place: &|_, _, _| None, ..reading };
        assert_eq!(bone(&mesh, &none, 0.0), Err(ScanError::Nothing));
    }

    #[test]
    fn what_is_read_near_the_surface_for_want_of_depth_is_counted() {
        let mesh = one_cell([Vec3::zeros(), Vec3::x() * 4.0, Vec3::y() * 4.0, Vec3::z() * 4.0]);
        let reading = Reading {
            hounsfield: &|_| Some(100.0),
            voxel: 0.71,
            chain: chain(&KOPPERDAHL_2002),
            place: &|_, _, p| Some(Spot { at: p, clear: p.z < 2.0 }),
        };
        let audit = bone(&mesh, &reading, 0.0).expect("in range").audit;
        // The tip above half the height is an eighth of a tetrahedron; a part that the plane cuts counts whole.
        assert!((audit.shallow / audit.volume - 0.125).abs() < 0.01, "{}", audit.shallow / audit.volume);
    }
}
