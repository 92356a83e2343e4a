//! What is wrong with a triangle surface, and where.

use super::Aabb;
use super::bvh::BoxTree;
use super::surface::TriSurface;
use crate::Vec3;
use rayon::prelude::*;
use std::collections::BTreeMap;
use thiserror::Error;

/// Fault of a surface that cannot bound a solid; places in mm.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SurfaceFault {
    /// Edges with a triangle on one side only.
    #[error("the surface is open: {count} edges have one triangle only, the first near ({:.1}, {:.1}, {:.1}) mm", place.x, place.y, place.z)]
    Open {
        /// How many such edges.
        count: usize,
        /// Middle of the first.
        place: Vec3,
    },
    /// Edges shared by more than two triangles.
    #[error("the surface is not manifold: {count} edges have more than two triangles, the first near ({:.1}, {:.1}, {:.1}) mm", place.x, place.y, place.z)]
    NotManifold {
        /// How many such edges.
        count: usize,
        /// Middle of the first.
        place: Vec3,
    },
    /// Neighbouring triangles wound against each other.
    #[error("{count} edges join triangles of opposite winding, the first near ({:.1}, {:.1}, {:.1}) mm", place.x, place.y, place.z)]
    Winding {
        /// How many such edges.
        count: usize,
        /// Middle of the first.
        place: Vec3,
    },
    /// Triangles cross each other.
    #[error("the surface intersects itself: {count} pairs of triangles cross, the first near ({:.1}, {:.1}, {:.1}) mm", place.x, place.y, place.z)]
    SelfIntersecting {
        /// How many pairs.
        count: usize,
        /// A point of the first.
        place: Vec3,
    },
    /// Normals point inward.
    #[error("the surface is inside out: its enclosed volume is {volume:.1} mm³")]
    InsideOut {
        /// Signed volume, mm³.
        volume: f64,
    },
    /// Size that no vertebra has.
    #[error(
        "its longest side is {size:.4} mm; a cervical vertebra has 20 to 150 mm, so the file is probably {guess}"
    )]
    Size {
        /// Longest side of the box.
        size: f64,
        /// What the unit may be.
        guess: &'static str,
    },
}

impl SurfaceFault {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Open { .. } => "close the holes in the segmentation tool and export the surface again",
            Self::NotManifold { .. } => "remove doubled or dangling triangles and export the surface again",
            Self::Winding { .. } | Self::InsideOut { .. } => {
                "make all normals point outward and export the surface again"
            }
            Self::SelfIntersecting { .. } => "repair the crossing triangles and export the surface again",
            Self::Size { .. } => "export the surface in millimeters",
        }
    }
}

/// All faults of a surface meant to bound one vertebra; empty when it is closed, manifold, outward
/// oriented, free of crossings and of a plausible size.
pub fn check(surface: &TriSurface) -> Vec<SurfaceFault> {
    let mut faults = Vec::new();
    let size = surface.bounds().size().max();
    if !(20.0..150.0).contains(&size) {
        let guess = if size < 0.2 {
            "in meters"
        } else if size < 20.0 {
            "in centimeters"
        } else {
            "in micrometers, or holds more than one bone"
        };
        faults.push(SurfaceFault::Size { size, guess });
    }
    faults.extend(unsound(surface));
    faults
}

/// All faults of a surface of any size; empty when it is closed, manifold, outward oriented and free of crossings.
pub fn unsound(surface: &TriSurface) -> Vec<SurfaceFault> {
    let mut faults = edges(surface);
    if faults.is_empty() && surface.volume() <= 0.0 {
        faults.push(SurfaceFault::InsideOut { volume: surface.volume() });
    }
    let crossings = crossings(surface);
    if let Some(place) = crossings.first() {
        faults.push(SurfaceFault::SelfIntersecting { count: crossings.len(), place: *place });
    }
    faults
}

fn edges(surface: &TriSurface) -> Vec<SurfaceFault> {
    // Per undirected edge: uses in ascending and in descending direction.
    let mut uses: BTreeMap<[u32; 2], [u32; 2]> = BTreeMap::new();
    for t in &surface.triangles {
        for k in 0..3 {
            let (a, b) = (t[k], t[(k + 1) % 3]);
            uses.entry([a.min(b), a.max(b)]).or_default()[usize::from(a > b)] += 1;
        }
    }
    let middle = |e: &[u32; 2]| 0.5 * (surface.points[e[0] as usize] + surface.points[e[1] as usize]);
    let find = |fault: &dyn Fn(&[u32; 2]) -> bool| {
        let found: Vec<Vec3> = uses.iter().filter(|(_, n)| fault(n)).map(|(e, _)| middle(e)).collect();
        found.first().map(|place| (found.len(), *place))
    };
    let mut faults = Vec::new();
    if let Some((count, place)) = find(&|n| n[0] + n[1] == 1) {
        faults.push(SurfaceFault::Open { count, place });
    }
    if let Some((count, place)) = find(&|n| n[0] + n[1] > 2) {
        faults.push(SurfaceFault::NotManifold { count, place });
    }
    if let Some((count, place)) = find(&|n| n[0] + n[1] == 2 && n[0] != 1) {
        faults.push(SurfaceFault::Winding { count, place });
    }
    faults
}

/// A point of each crossing pair of triangles that share no vertex.
fn crossings(surface: &TriSurface) -> Vec<Vec3> {
    if surface.triangles.is_empty() {
        return Vec::new();
    }
    let tree = BoxTree::new(surface);
    let of = |t: usize| {
        let corners = surface.corners(t);
        let mut places = Vec::new();
        tree.within(Aabb::around(corners.iter()), |other| {
            let o = other as usize;
            if o <= t || surface.triangles[t].iter().any(|v| surface.triangles[o].contains(v)) {
                return;
            }
            let others = surface.corners(o);
            let hit = (0..3)
                .find_map(|k| pierce(corners[k], corners[(k + 1) % 3], &others))
                .or_else(|| (0..3).find_map(|k| pierce(others[k], others[(k + 1) % 3], &corners)));
            places.extend(hit);
        });
        places
    };
    (0..surface.triangles.len()).into_par_iter().flat_map_iter(of).collect()
}

/// Point where the open segment `p`–`q` passes through the inside of a triangle.
fn pierce(p: Vec3, q: Vec3, [a, b, c]: &[Vec3; 3]) -> Option<Vec3> {
    let n = (b - a).cross(&(c - a));
    let (dp, dq) = ((p - a).dot(&n), (q - a).dot(&n));
    if dp * dq >= 0.0 {
        return None;
    }
    let x = p + (q - p) * (dp / (dp - dq));
    let inside = [(a, b), (b, c), (c, a)].iter().all(|(u, v)| (**v - **u).cross(&(x - **u)).dot(&n) > 0.0);
    inside.then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cube(side: f64) -> TriSurface {
        let points =
            (0..8).map(|i| Vec3::new((i & 1) as f64, (i >> 1 & 1) as f64, (i >> 2) as f64) * side).collect();
        let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let triangles = quads.iter().flat_map(|q| [[q[0], q[1], q[2]], [q[0], q[2], q[3]]]).collect();
        TriSurface { points, triangles }
    }

    #[test]
    fn a_closed_cube_has_no_fault() {
        assert_eq!(check(&cube(30.0)), vec![]);
    }

    #[test]
    fn each_fault_is_named() {
        let mut open = cube(30.0);
        open.triangles.pop();
        assert!(matches!(check(&open)[..], [SurfaceFault::Open { count: 3, .. }]));
        let mut flipped = cube(30.0);
        flipped.triangles[4].swap(0, 1);
        assert!(matches!(check(&flipped)[..], [SurfaceFault::Winding { count: 3, .. }]));
        let mut inward = cube(30.0);
        inward.triangles.iter_mut().for_each(|t| t.swap(0, 1));
        assert!(matches!(check(&inward)[..], [SurfaceFault::InsideOut { .. }]));
        let mut doubled = cube(30.0);
        doubled.triangles.push(doubled.triangles[0]);
        assert!(check(&doubled).iter().any(|f| matches!(f, SurfaceFault::NotManifold { count: 3, .. })));
        assert!(matches!(check(&cube(0.03))[..], [SurfaceFault::Size { guess: "in meters", .. }]));
        let mut two = cube(30.0);
        let other = cube(30.0);
        let shift = two.points.len() as u32;
        two.points.extend(other.points.iter().map(|p| p + Vec3::new(11.0, 7.0, 5.0)));
        two.triangles.extend(other.triangles.iter().map(|t| t.map(|i| i + shift)));
        assert!(matches!(check(&two)[..], [SurfaceFault::SelfIntersecting { .. }]));
    }
}
