//! Vertices moved within their surfaces.

use super::super::body::Body;
use super::super::project::{Normals, normals, onto};
use super::super::shape::quality;
use crate::Vec3;
use crate::geometry::Field;
use rayon::prelude::*;

/// Directions tried: along the axes and the diagonals of a cube.
const DIRECTIONS: [[f64; 3]; 14] = {
    const D: f64 = 0.577_350_269_189_625_8;
    [
        [1.0, 0.0, 0.0],
        [-1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, -1.0, 0.0],
        [0.0, 0.0, 1.0],
        [0.0, 0.0, -1.0],
        [D, D, D],
        [-D, -D, -D],
        [D, -D, -D],
        [-D, D, D],
        [-D, D, -D],
        [D, -D, D],
        [-D, -D, D],
        [D, D, -D],
    ]
};

/// Moves the vertices of bad cells so that the worst cell around each gets better.
///
/// Vertices that share no cell move at the same time; the order depends on vertex numbers alone.
pub(super) fn smooth(body: &mut Body, fields: &[&dyn Field], bad: &[(f64, u32)], h: f64) {
    let mut movable: Vec<u32> = bad.iter().flat_map(|&(_, c)| body.cells[c as usize].v).collect();
    movable.sort_unstable();
    movable.dedup();
    let stars = body.stars();
    let mut color = vec![u8::MAX; body.points.len()];
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for &v in &movable {
        let used = stars
            .of(v)
            .iter()
            .flat_map(|&c| body.cells[c as usize].v)
            .filter(|&w| color[w as usize] != u8::MAX)
            .fold(0u128, |m, w| m | 1 << color[w as usize]);
        // More than 126 neighbors in one star does not happen in cut lattices; such a vertex stays.
        let free = used.trailing_ones() as usize;
        if free < 127 {
            color[v as usize] = free as u8;
            groups.resize_with(groups.len().max(free + 1), Vec::new);
            groups[free].push(v);
        }
    }
    for group in groups {
        let better: Vec<Option<Vec3>> = group
            .par_iter()
            .map(|&v| {
                let star: Vec<([Vec3; 4], usize)> = stars
                    .of(v)
                    .iter()
                    .map(|&c| {
                        let cell = &body.cells[c as usize];
                        (body.corner_points(&cell.v), cell.local(v))
                    })
                    .collect();
                improve(star, body.points[v as usize], fields, body.on[v as usize], h)
            })
            .collect();
        for (&v, p) in group.iter().zip(better) {
            if let Some(p) = p {
                body.points[v as usize] = p;
            }
        }
    }
}

/// Better place for the common vertex of a star, by a pattern search on the worst cell.
fn improve(
    mut star: Vec<([Vec3; 4], usize)>,
    start: Vec3,
    fields: &[&dyn Field],
    on: u32,
    h: f64,
) -> Option<Vec3> {
    // The worst cells first: most candidates are out after one look.
    let mut order: Vec<(f64, usize)> = star.iter().enumerate().map(|(i, s)| (quality(s.0), i)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut best = order[0].0;
    star = order.iter().map(|&(_, i)| star[i]).collect();
    let free = normals(fields, on, start)?;
    if free.freedom() == 0 {
        return None;
    }
    let mut p = start;
    let mut worst_at = |x: Vec3, floor: f64| {
        let mut worst = f64::INFINITY;
        for (points, i) in &mut star {
            points[*i] = x;
            worst = worst.min(quality(*points));
            if worst <= floor {
                break;
            }
        }
        worst
    };
    let mut reach = 0.2 * h;
    let mut tangents = free;
    for _ in 0..7 {
        let mut moved = false;
        for d in directions(&tangents) {
            let flat = p + d * reach;
            // Field values can be dear: project only what helps already in the tangent plane.
            if worst_at(flat, best) <= best {
                continue;
            }
            let q = if on == 0 { Some(flat) } else { onto(fields, on, flat, 0.5 * reach) };
            let Some(q) = q else { continue };
            let value = if on == 0 { worst_at(q, f64::NEG_INFINITY) } else { worst_at(q, best) };
            if best < value {
                (best, p, moved) = (value, q, true);
            }
        }
        if !moved {
            reach *= 0.5;
        } else if on != 0 {
            tangents = normals(fields, on, p)?;
        }
    }
    (p != start).then_some(p)
}

fn directions(tangents: &Normals) -> impl Iterator<Item = Vec3> + use<> {
    let (tangents, freedom) = (*tangents, tangents.freedom());
    DIRECTIONS.iter().filter_map(move |&d| {
        let d = Vec3::from(d);
        match freedom {
            3 => Some(d),
            // Directions almost along the normal say nothing about the tangent plane.
            _ => tangents.tangential(d).try_normalize(0.3),
        }
    })
}
