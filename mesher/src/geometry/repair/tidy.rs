//! Repairs that move nothing: joined vertices, doubled triangles, orientation.

use super::super::bvh::BoxTree;
use super::super::surface::TriSurface;
use super::Step;
use super::winding::Winding;
use crate::Vec3;
use std::collections::{BTreeMap, BTreeSet};

/// Vertices nearer than this part of the surface's size are one: well above round-off of f32 coordinates.
const SAME: f64 = 1e-6;

/// With more shells than this nobody meant them as cavities; the winding number of all decides.
const MOST_SHELLS: usize = 256;

/// Joins, removes, parts and turns what can be without moving anything.
pub(super) fn tidy(surface: &mut TriSurface) -> Vec<Step> {
    let mut steps = Vec::new();
    let joined = join(surface);
    if 0 < joined {
        steps.push(Step::Joined(joined));
    }
    let removed = remove(surface);
    if 0 < removed {
        steps.push(Step::Removed(removed));
    }
    let turned = agree(surface);
    let parted = part(surface);
    if 0 < parted {
        steps.push(Step::Parted(parted));
    }
    if 0 < turned {
        steps.push(Step::Turned(turned));
    }
    steps.extend(outward(surface));
    steps
}

/// Joins vertices in one place; returns how many.
fn join(surface: &mut TriSurface) -> usize {
    let tolerance = SAME * surface.bounds().size().norm();
    let mut order: Vec<u32> = (0..surface.points.len() as u32).collect();
    order.sort_by(|a, b| {
        let (p, q) = (surface.points[*a as usize], surface.points[*b as usize]);
        p.x.total_cmp(&q.x).then(p.y.total_cmp(&q.y)).then(p.z.total_cmp(&q.z)).then(a.cmp(b))
    });
    let mut to: Vec<u32> = (0..surface.points.len() as u32).collect();
    for (i, &a) in order.iter().enumerate() {
        if to[a as usize] != a {
            continue;
        }
        let p = surface.points[a as usize];
        for &b in &order[i + 1..] {
            let q = surface.points[b as usize];
            if tolerance < q.x - p.x {
                break;
            }
            if to[b as usize] == b && (q - p).norm() <= tolerance {
                to[b as usize] = a;
            }
        }
    }
    let joined = to.iter().enumerate().filter(|(i, t)| *i as u32 != **t).count();
    for v in surface.triangles.iter_mut().flatten() {
        *v = to[*v as usize];
    }
    joined
}

/// Removes collapsed triangles, all but one of equal ones, and pairs of opposite ones; returns how many.
fn remove(surface: &mut TriSurface) -> usize {
    let before = surface.triangles.len();
    surface.triangles.retain(|t| t[0] != t[1] && t[1] != t[2] && t[2] != t[0]);
    // Per set of corners: how often in even and in odd order.
    let mut seen: BTreeMap<[u32; 3], [usize; 2]> = BTreeMap::new();
    for t in &surface.triangles {
        let (key, odd) = sorted(*t);
        seen.entry(key).or_default()[usize::from(odd)] += 1;
    }
    let mut kept: BTreeSet<[u32; 3]> = BTreeSet::new();
    surface.triangles.retain(|t| {
        let (key, odd) = sorted(*t);
        let count = seen[&key];
        let alone = count[usize::from(!odd)] == 0;
        alone && kept.insert(key)
    });
    before - surface.triangles.len()
}

/// The corners in ascending order, and whether that takes an odd permutation.
fn sorted([a, b, c]: [u32; 3]) -> ([u32; 3], bool) {
    let mut s = [a, b, c];
    s.sort_unstable();
    (s, s != [a, b, c] && s != [b, c, a] && s != [c, a, b])
}

/// Triangles at every edge, edge by edge in ascending order.
fn edges(surface: &TriSurface) -> BTreeMap<[u32; 2], Vec<u32>> {
    let mut edges: BTreeMap<[u32; 2], Vec<u32>> = BTreeMap::new();
    for (t, v) in surface.triangles.iter().enumerate() {
        for k in 0..3 {
            let (a, b) = (v[k], v[(k + 1) % 3]);
            edges.entry([a.min(b), a.max(b)]).or_default().push(t as u32);
        }
    }
    edges
}

/// Triangles beyond the edges of each triangle where exactly two meet.
fn beyond(surface: &TriSurface) -> Vec<Vec<u32>> {
    let mut beyond = vec![Vec::new(); surface.triangles.len()];
    for pair in edges(surface).into_values() {
        if let [a, b] = pair[..] {
            beyond[a as usize].push(b);
            beyond[b as usize].push(a);
        }
    }
    beyond
}

/// Whether two triangles run along their common edge in opposite directions, as they should.
fn agrees(a: [u32; 3], b: [u32; 3]) -> bool {
    let runs = |t: [u32; 3]| [[t[0], t[1]], [t[1], t[2]], [t[2], t[0]]];
    !runs(a).iter().any(|e| runs(b).contains(e))
}

/// Turns triangles so that neighbors agree, the smaller part of each shell after the larger; returns how many.
fn agree(surface: &mut TriSurface) -> usize {
    let beyond = beyond(surface);
    let mut turn: Vec<Option<bool>> = vec![None; surface.triangles.len()];
    let mut turned = 0;
    for seed in 0..turn.len() {
        if turn[seed].is_some() {
            continue;
        }
        turn[seed] = Some(false);
        let mut shell = vec![seed as u32];
        let mut next = 0;
        while let Some(&t) = shell.get(next) {
            next += 1;
            for &n in &beyond[t as usize] {
                if turn[n as usize].is_none() {
                    let same = agrees(surface.triangles[t as usize], surface.triangles[n as usize]);
                    turn[n as usize] = turn[t as usize].map(|own| own == same);
                    shell.push(n);
                }
            }
        }
        let flipped = shell.iter().filter(|t| turn[**t as usize] == Some(true)).count();
        let minority = flipped * 2 <= shell.len();
        for &t in &shell {
            if (turn[t as usize] == Some(true)) == minority {
                surface.triangles[t as usize].swap(1, 2);
                turned += 1;
            }
        }
    }
    turned
}

/// Doubles vertices whose triangles hang together by them alone; returns how many were added.
fn part(surface: &mut TriSurface) -> usize {
    let beyond = beyond(surface);
    let mut around: Vec<Vec<u32>> = vec![Vec::new(); surface.points.len()];
    for (t, v) in surface.triangles.iter().enumerate() {
        v.iter().for_each(|v| around[*v as usize].push(t as u32));
    }
    // Where more than two triangles meet at an edge, fans are not well defined: such vertices stay.
    let crowded: BTreeSet<u32> =
        edges(surface).into_iter().filter(|(_, t)| t.len() != 2).flat_map(|(e, _)| e).collect();
    let mut added = 0;
    for (v, fan) in around.into_iter().enumerate() {
        if crowded.contains(&(v as u32)) {
            continue;
        }
        let mut left: Vec<u32> = fan;
        let mut first = true;
        while let Some(seed) = left.pop() {
            let mut group = vec![seed];
            let mut next = 0;
            while let Some(&t) = group.get(next) {
                next += 1;
                left.retain(|n| {
                    let joined = beyond[t as usize].contains(n)
                        && surface.triangles[t as usize]
                            .iter()
                            .filter(|c| surface.triangles[*n as usize].contains(c) && **c != v as u32)
                            .count()
                            == 1;
                    if joined {
                        group.push(*n);
                    }
                    !joined
                });
            }
            if !first {
                let copy = surface.points.len() as u32;
                surface.points.push(surface.points[v]);
                added += 1;
                for t in group {
                    surface.triangles[t as usize]
                        .iter_mut()
                        .filter(|c| **c == v as u32)
                        .for_each(|c| *c = copy);
                }
            }
            first = false;
        }
    }
    added
}

/// Turns shells that lie in no other and point inward, and removes those with solid on both sides.
///
/// An inward shell inside another is a cavity and stays. Larger shells come first: what lies in a shell is smaller.
pub(super) fn outward(surface: &mut TriSurface) -> Vec<Step> {
    let shells = shells(surface);
    // A flat patch has no inside; its volume is round-off.
    let flat = SAME * surface.bounds().size().norm().powi(3);
    let mut closed: Vec<(f64, Vec<u32>)> =
        shells.into_iter().map(|s| (volume(surface, &s), s)).filter(|(v, _)| flat < v.abs()).collect();
    if closed.iter().all(|(v, _)| 0.0 < *v) && closed.len() < 2 || MOST_SHELLS < closed.len() {
        return Vec::new();
    }
    closed.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then(a.1[0].cmp(&b.1[0])));
    let mut larger = TriSurface { points: surface.points.clone(), triangles: Vec::new() };
    let (mut turned, mut gone) = (0, BTreeSet::new());
    for (volume, shell) in closed {
        let outside = if larger.triangles.is_empty() {
            0.0
        } else {
            let tree = BoxTree::new(&larger);
            Winding::new(&larger, &tree).at(surface.points[surface.triangles[shell[0] as usize][0] as usize])
        };
        let inside = outside + volume.signum();
        if 0.5 < outside && 0.5 < inside {
            gone.extend(shell);
            continue;
        }
        if outside < 0.5 && volume < 0.0 {
            shell.iter().for_each(|t| surface.triangles[*t as usize].swap(1, 2));
            turned += shell.len();
        }
        larger.triangles.extend(shell.iter().map(|t| surface.triangles[*t as usize]));
    }
    let mut t = 0;
    surface.triangles.retain(|_| {
        t += 1;
        !gone.contains(&(t - 1))
    });
    let mut steps = Vec::new();
    if !gone.is_empty() {
        steps.push(Step::Removed(gone.len()));
    }
    if 0 < turned {
        steps.push(Step::Turned(turned));
    }
    steps
}

/// Triangles that hang together across edges with two triangles.
pub(in crate::geometry) fn shells(surface: &TriSurface) -> Vec<Vec<u32>> {
    let beyond = beyond(surface);
    let mut seen = vec![false; surface.triangles.len()];
    let mut shells: Vec<Vec<u32>> = Vec::new();
    for seed in 0..seen.len() {
        if seen[seed] {
            continue;
        }
        seen[seed] = true;
        let mut shell = vec![seed as u32];
        let mut next = 0;
        while let Some(&t) = shell.get(next) {
            next += 1;
            for &n in &beyond[t as usize] {
                if !seen[n as usize] {
                    seen[n as usize] = true;
                    shell.push(n);
                }
            }
        }
        shells.push(shell);
    }
    shells
}

/// Volume of a shell about its own middle, so that an open one has a sign too, mm³.
pub(in crate::geometry) fn volume(surface: &TriSurface, shell: &[u32]) -> f64 {
    let corners = || shell.iter().map(|t| surface.corners(*t as usize));
    let middle = corners().flat_map(|c| c.into_iter()).sum::<Vec3>() / (3 * shell.len()) as f64;
    corners().map(|[a, b, c]| (a - middle).dot(&(b - middle).cross(&(c - middle))) / 6.0).sum()
}
