//! Joints: pieces of a bone's surface that face the bone above at a small distance.

use super::ScanError;
use crate::Vec3;
use crate::geometry::bvh::SurfaceSolid;
use crate::geometry::spine::{Joint, JointKind, Level, Patch, Side};
use std::collections::BTreeMap;

/// Largest gap of a facet joint, mm (cartilage of both sides with its slack; normal 1 to 3 mm).
const FACET_REACH: f64 = 5.0;
/// Largest height of a disc, mm (evidence range 3.5 to 6 mm, with concave endplates more).
pub(super) const DISC_REACH: f64 = 9.0;

/// Weighted pieces of surface: midpoint of the gap, unit normal, area.
struct Piece {
    triangle: usize,
    middle: Vec3,
    normal: Vec3,
    area: f64,
    gap: f64,
}

/// Facet joint of one side: the largest connected piece of the lower bone that faces the upper one there.
pub(super) fn facet(
    upper: Level,
    lower: Level,
    side: Side,
    above: &SurfaceSolid,
    below: &SurfaceSolid,
) -> Result<Joint, ScanError> {
    let kind = JointKind::Facet(side);
    // The uncinate processes and the dens face their neighbours too, but nearer to the midline.
    let medial = if upper == Level::C1 { 6.0 } else { 11.0 };
    let mut facing = pieces(above, below, FACET_REACH, |c, n| medial < side.sign() * c.x && 0.4 < n.z);
    // The articular part is where the gap is small: within 2 mm of the smallest tenth.
    let mut gaps: Vec<f64> = facing.iter().map(|p| p.gap).collect();
    gaps.sort_by(f64::total_cmp);
    let wide = gaps.get(gaps.len() / 10).copied().unwrap_or(0.0) + 2.0;
    facing.retain(|p| p.gap < wide);
    fitted(kind, upper, lower, below, facing, FACET_REACH, |_| true)
}

/// Disc: the piece of the upper endplate of the lower bone under the body of the upper bone.
pub(super) fn disc(
    upper: Level,
    lower: Level,
    above: &SurfaceSolid,
    below: &SurfaceSolid,
) -> Result<Joint, ScanError> {
    let facing = pieces(above, below, DISC_REACH, |c, n| c.x.abs() < 10.0 && 0.6 < n.z);
    fitted(JointKind::Disc, upper, lower, below, facing, DISC_REACH, |p| p.x.abs() < 3.0)
}

fn pieces(
    above: &SurfaceSolid,
    below: &SurfaceSolid,
    reach: f64,
    keep: impl Fn(Vec3, Vec3) -> bool,
) -> Vec<Piece> {
    let surface = below.surface();
    (0..surface.triangles.len())
        .filter_map(|t| {
            let [a, b, c] = surface.corners(t);
            let n = (b - a).cross(&(c - a));
            let (center, normal) = ((a + b + c) / 3.0, n.try_normalize(0.0)?);
            if !keep(center, normal) {
                return None;
            }
            let q = above.nearest(center);
            let across = q - center;
            let d = across.norm();
            (d < reach && 0.8 * d < across.dot(&normal)).then(|| Piece {
                triangle: t,
                middle: 0.5 * (center + q),
                normal,
                area: 0.5 * n.norm(),
                gap: d,
            })
        })
        .collect()
}

fn fitted(
    kind: JointKind,
    upper: Level,
    lower: Level,
    below: &SurfaceSolid,
    pieces: Vec<Piece>,
    reach: f64,
    here: impl Fn(Vec3) -> bool,
) -> Result<Joint, ScanError> {
    let joint = |patch| Joint { kind, upper, lower, patch };
    let name = || Joint { kind, upper, lower, patch: EMPTY }.name();
    largest(below, pieces, here)
        .and_then(|group| fit(&group))
        .map(joint)
        .ok_or_else(|| ScanError::NoJoint { joint: name(), reach })
}

const EMPTY: Patch = Patch {
    center: Vec3::new(0.0, 0.0, 0.0),
    axis: Vec3::new(0.0, 0.0, 1.0),
    first: Vec3::new(0.0, 1.0, 0.0),
    radii: [0.0, 0.0],
    depth: 0.0,
};

/// Largest connected group (by shared vertices, by area) whose centroid is `here`.
fn largest(below: &SurfaceSolid, pieces: Vec<Piece>, here: impl Fn(Vec3) -> bool) -> Option<Vec<Piece>> {
    let surface = below.surface();
    let mut at_vertex: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (i, p) in pieces.iter().enumerate() {
        for v in surface.triangles[p.triangle] {
            at_vertex.entry(v).or_default().push(i);
        }
    }
    let mut group = vec![usize::MAX; pieces.len()];
    let mut groups: Vec<(f64, Vec3)> = Vec::new();
    for start in 0..pieces.len() {
        if group[start] != usize::MAX {
            continue;
        }
        let g = groups.len();
        let (mut area, mut moment) = (0.0, Vec3::zeros());
        let mut stack = vec![start];
        group[start] = g;
        while let Some(i) = stack.pop() {
            area += pieces[i].area;
            moment += pieces[i].middle * pieces[i].area;
            for v in surface.triangles[pieces[i].triangle] {
                for &j in &at_vertex[&v] {
                    if group[j] == usize::MAX {
                        group[j] = g;
                        stack.push(j);
                    }
                }
            }
        }
        groups.push((area, moment / area));
    }
    let best = (0..groups.len())
        .filter(|g| here(groups[*g].1) && 10.0 < groups[*g].0)
        .max_by(|a, b| groups[*a].0.total_cmp(&groups[*b].0))?;
    Some(pieces.into_iter().zip(group).filter(|(_, g)| *g == best).map(|(p, _)| p).collect())
}

/// Ellipse with the area, the mean normal and the spread of the pieces.
///
/// The semi-axis of a uniform ellipse is twice the standard deviation along it.
fn fit(pieces: &[Piece]) -> Option<Patch> {
    let area: f64 = pieces.iter().map(|p| p.area).sum();
    let center = pieces.iter().map(|p| p.middle * p.area).sum::<Vec3>() / area;
    let axis = pieces.iter().map(|p| p.normal * p.area).sum::<Vec3>().try_normalize(1e-9)?;
    let first = (Vec3::y() - axis * axis.y).try_normalize(1e-3)?;
    let second = axis.cross(&first);
    let spread = |d: Vec3| {
        let variance: f64 =
            pieces.iter().map(|p| (p.middle - center).dot(&d).powi(2) * p.area).sum::<f64>() / area;
        2.0 * variance.sqrt()
    };
    let depth = pieces.iter().map(|p| (p.middle - center).dot(&axis).abs()).fold(0.0, f64::max) + 5.0;
    Some(Patch { center, axis, first, radii: [spread(first), spread(second)], depth })
}
