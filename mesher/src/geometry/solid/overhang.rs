//! Faces that look down while they are built: how steep, and how wide.

use crate::Vec3;
use crate::geometry::surface::TriSurface;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Connected faces flatter than the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceiling {
    /// Area, mm².
    pub area_mm2: f64,
    /// Width that nothing below carries, mm: twice the way over the face from its deepest place to its rim.
    pub span_mm: f64,
    /// That place.
    pub place: Vec3,
}

/// Overhang of a surface in a build direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Overhang {
    /// Angle between surface and horizontal at every vertex that looks down, rad: 0 for a flat ceiling, π/2 for a
    /// wall; π/2 where it looks up.
    pub angles: Vec<f64>,
    /// Area flatter than the limit, mm².
    pub area_mm2: f64,
    /// Share of the whole area.
    pub share: f64,
    /// The widest first; those that lie on the plate (the lowest layer) are left out.
    pub ceilings: Vec<Ceiling>,
}

/// Overhang of `surface` built toward `up` (unit), of faces flatter than `limit` (rad); faces within `layer` mm of
/// the lowest point lie on the plate or its supports.
pub fn overhang(surface: &TriSurface, up: Vec3, limit: f64, layer: f64) -> Overhang {
    let lowest = surface.points.iter().map(|p| p.dot(&up)).fold(f64::INFINITY, f64::min);
    let facets: Vec<(f64, f64, bool)> = (0..surface.triangles.len())
        .into_par_iter()
        .map(|t| {
            let [a, b, c] = surface.corners(t);
            let n = (b - a).cross(&(c - a));
            let area = 0.5 * n.norm();
            let down = -n.try_normalize(1e-30).map_or(0.0, |n| n.dot(&up));
            let angle = if 0.0 < down { down.min(1.0).acos() } else { std::f64::consts::FRAC_PI_2 };
            let on_plate = [a, b, c].iter().all(|p| p.dot(&up) < lowest + layer);
            (angle, area, angle < limit && !on_plate)
        })
        .collect();
    let area: f64 = facets.iter().filter(|f| f.2).map(|f| f.1).sum();
    let whole: f64 = facets.iter().map(|f| f.1).sum();
    // The flattest of the faces at a vertex, for the picture.
    let mut angles = vec![std::f64::consts::FRAC_PI_2; surface.points.len()];
    for (t, (angle, _, _)) in surface.triangles.iter().zip(&facets) {
        for &v in t {
            angles[v as usize] = angles[v as usize].min(*angle);
        }
    }
    let ceilings = ceilings(surface, &facets);
    Overhang { angles, area_mm2: area, share: if 0.0 < whole { area / whole } else { 0.0 }, ceilings }
}

fn ceilings(surface: &TriSurface, facets: &[(f64, f64, bool)]) -> Vec<Ceiling> {
    let n = surface.points.len();
    // Vertices all of whose faces are flat lie within a ceiling, the others at its rim.
    let mut rim = vec![false; n];
    let mut flat = vec![false; n];
    for (t, f) in surface.triangles.iter().zip(facets) {
        for &v in t {
            if f.2 { flat[v as usize] = true } else { rim[v as usize] = true }
        }
    }
    let mut edges: Vec<(u32, u32)> = surface
        .triangles
        .iter()
        .zip(facets)
        .filter(|(_, f)| f.2)
        .flat_map(|(t, _)| (0..3).flat_map(|i| [(t[i], t[(i + 1) % 3]), (t[(i + 1) % 3], t[i])]))
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let mut starts = vec![0_u32; n + 1];
    for (v, _) in &edges {
        starts[*v as usize + 1] += 1;
    }
    for i in 0..n {
        starts[i + 1] += starts[i];
    }
    let from = |v: u32| &edges[starts[v as usize] as usize..starts[v as usize + 1] as usize];
    // Way from the rim, in whole nanometres.
    let mut way = vec![u64::MAX; n];
    let mut queue: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
    for v in (0..n).filter(|v| flat[*v] && rim[*v]) {
        way[v] = 0;
        queue.push(Reverse((0, v as u32)));
    }
    while let Some(Reverse((far, v))) = queue.pop() {
        if way[v as usize] < far {
            continue;
        }
        for &(_, w) in from(v) {
            let length = (surface.points[v as usize] - surface.points[w as usize]).norm();
            let far = far + (length * 1e6) as u64;
            if far < way[w as usize] {
                way[w as usize] = far;
                queue.push(Reverse((far, w)));
            }
        }
    }
    let mut piece = vec![u32::MAX; n];
    let mut list: Vec<Ceiling> = Vec::new();
    for start in 0..n {
        if !flat[start] || piece[start] != u32::MAX {
            continue;
        }
        let id = list.len() as u32;
        let mut found = Ceiling { area_mm2: 0.0, span_mm: 0.0, place: surface.points[start] };
        piece[start] = id;
        let mut stack = vec![start as u32];
        while let Some(v) = stack.pop() {
            let span = 2e-6 * way[v as usize] as f64;
            if way[v as usize] != u64::MAX && found.span_mm < span {
                (found.span_mm, found.place) = (span, surface.points[v as usize]);
            }
            for &(_, w) in from(v) {
                if piece[w as usize] == u32::MAX {
                    piece[w as usize] = id;
                    stack.push(w);
                }
            }
        }
        list.push(found);
    }
    for (t, f) in surface.triangles.iter().zip(facets).filter(|(_, f)| f.2) {
        list[piece[t[0] as usize] as usize].area_mm2 += f.1;
    }
    list.sort_by(|a, b| b.span_mm.total_cmp(&a.span_mm).then(b.area_mm2.total_cmp(&a.area_mm2)));
    list
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cube, cut};
    use super::*;

    /// Table: a leg of 1 mm and a square top of 3 mm, 1 mm thick.
    fn table(p: Vec3) -> f64 {
        let top = p.x.abs().max(p.y.abs()) - 1.5;
        let top = top.max((p.z - 1.0).abs() - 0.5);
        let leg = (p.x.abs().max(p.y.abs()) - 0.5).max((p.z - 0.25).abs() - 1.25);
        top.min(leg)
    }

    #[test]
    fn the_underside_of_a_table_hangs_over_its_leg_by_twice_its_way_to_the_rim() {
        let (s, _) = cut(cube(2.2), 0.1, table);
        let found = overhang(&s, Vec3::z(), 45_f64.to_radians(), 0.05);
        // 9 mm² less the leg of 1 mm²; blunt edges take a strip of a grid edge at 12 + 4 mm of rim.
        assert!((found.area_mm2 - 8.0).abs() < 1.2, "{}", found.area_mm2);
        let widest = found.ceilings[0];
        // A ring 1 mm wide: rims on both sides, half a millimetre away.
        assert!((widest.span_mm - 1.0).abs() < 0.35, "{widest:?}");
        // Upside down only the leg's end face, on no plate, looks down... and it is the lowest: nothing hangs over.
        let turned = overhang(&s, -Vec3::z(), 45_f64.to_radians(), 0.05);
        assert!(turned.area_mm2 < 0.2, "{}", turned.area_mm2);
    }

    #[test]
    fn a_cone_steeper_than_the_limit_needs_no_support() {
        // Tip down, sides at 60° from horizontal.
        let cone = |p: Vec3| {
            let slope = 60_f64.to_radians();
            (p.x.hypot(p.y) * slope.sin() - (p.z + 1.0) * slope.cos()).max(p.z - 1.0)
        };
        let (s, _) = cut(cube(1.6), 0.08, cone);
        let share = |degrees: f64| overhang(&s, Vec3::z(), degrees.to_radians(), 0.05).share;
        assert!(share(45.0) < 0.03, "{}", share(45.0));
        // Of a cone with sides at 60° half of the side's length is its radius: two thirds of the surface.
        assert!((share(70.0) - 2.0 / 3.0).abs() < 0.05, "{}", share(70.0));
    }
}
