//! Struts of a lattice within an implant, as beams between nodes.

use super::metal::{Metal, Part};
use crate::Vec3;
use crate::geometry::Aabb;
use crate::lattice::{Kind, Lattice};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Steps along a strut at which its place is looked at.
const STEPS: usize = 24;
/// Shortest beam, mm.
const SHORTEST_MM: f64 = 0.02;

/// Round bar between two nodes, its radius linear along it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beam {
    /// Its ends.
    pub nodes: [u32; 2],
    /// Radius at the ends, mm.
    pub radii: [f64; 2],
}

/// Struts with ball ends; to be clipped by the surface of [`Part::Zone`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beams {
    /// Nodes, mm.
    pub nodes: Vec<Vec3>,
    /// Bars.
    pub beams: Vec<Beam>,
    /// Bars left out because nothing held them.
    pub floating: usize,
}

/// What of the implant a bar lies beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbor {
    /// The caudal contact face.
    Endplate,
    /// A contact face on C1.
    Facets,
    /// The wall of a screw track; wins over the faces.
    Screw,
    /// The solid rim.
    Rim,
    /// Nothing.
    Core,
}

impl Neighbor {
    /// All of them, in the order in which sets are written.
    pub const ALL: [Self; 5] = [Self::Endplate, Self::Facets, Self::Screw, Self::Rim, Self::Core];

    /// Name in files.
    pub fn name(self) -> &'static str {
        ["endplate", "facets", "screw-walls", "rim", "core"][self as usize]
    }

    /// What lies within `depth` mm of `p`.
    fn of(metal: &Metal<'_>, p: Vec3, depth: f64) -> Self {
        let implant = metal.implant;
        let wall = implant.params.wall_mm;
        if implant.tracks.iter().any(|t| t.value(p, wall) < depth) {
            return Self::Screw;
        }
        let face = implant.pads.iter().position(|pad| pad.distance(p) < depth);
        match face {
            Some(0) => Self::Endplate,
            Some(_) => Self::Facets,
            None if metal.value(p, Part::Solid, depth).is_some_and(|v| v < depth) => Self::Rim,
            None => Self::Core,
        }
    }
}

impl Beams {
    /// Bars by what lies within `depth` mm of their middles, sets without a bar left out; each bar is in one set.
    pub fn sets(&self, metal: &Metal<'_>, depth: f64) -> Vec<(Neighbor, Vec<u32>)> {
        let of: Vec<Neighbor> = self
            .beams
            .par_iter()
            .map(|b| {
                let [s, e] = b.nodes.map(|n| self.nodes[n as usize]);
                Neighbor::of(metal, 0.5 * (s + e), depth)
            })
            .collect();
        let set = |n: Neighbor| (n, (0_u32..).zip(&of).filter(|(_, o)| **o == n).map(|(i, _)| i).collect());
        Neighbor::ALL.into_iter().map(set).filter(|(_, bars): &(_, Vec<u32>)| !bars.is_empty()).collect()
    }
}

/// Piece of a strut: ends as place, number in the lattice where it is one of its nodes, and radius.
struct Piece {
    ends: [(Vec3, Option<[i64; 3]>); 2],
    anchored: bool,
}

/// Struts of `lattice` in the metal, with `radius` (mm) at each node; none where the cell is not made of struts.
///
/// A strut runs as long as its axis is within its radius of the lattice's zone; what hangs on nothing that reaches
/// the solid part, by nodes inside the zone, is left out.
pub fn beams(lattice: &Lattice, radius: &(dyn Fn(Vec3) -> f64 + Sync), metal: &Metal<'_>) -> Option<Beams> {
    if lattice.cell.kind() != Kind::Strut {
        return None;
    }
    let size = lattice.cell_size_mm;
    let to_cell = |p: Vec3| lattice.rotation.inverse_transform_vector(&(p - lattice.origin)) / size;
    let to_space = |q: Vec3| lattice.origin + lattice.rotation * (q * size);
    let b = metal.bounds();
    let corners =
        (0..8).map(|k| to_cell(Vec3::from_fn(|i, _| if k >> i & 1 == 1 { b.max[i] } else { b.min[i] })));
    let cells = corners.fold(Aabb::empty(), Aabb::including).grown(1.0);
    let low = cells.min.map(f64::floor);
    let n = (cells.max - low).map(|x| x.ceil() as usize);
    let pieces: Vec<Vec<Piece>> = (0..n.x * n.y * n.z)
        .into_par_iter()
        .map(|k| {
            let corner = low + Vec3::new((k % n.x) as f64, (k / n.x % n.y) as f64, (k / (n.x * n.y)) as f64);
            let struts = lattice.cell.struts().iter();
            struts.flat_map(|s| clipped(s.map(|q| q + corner), &to_space, radius, metal)).collect()
        })
        .collect();
    Some(joined(pieces.into_iter().flatten().collect(), radius, metal))
}

/// Pieces of one strut (in cell edges) that lie within their radius of the zone.
fn clipped(
    strut: [Vec3; 2],
    to_space: &dyn Fn(Vec3) -> Vec3,
    radius: &dyn Fn(Vec3) -> f64,
    metal: &Metal<'_>,
) -> Vec<Piece> {
    let [p, q] = strut.map(to_space);
    let at = |t: f64| p.lerp(&q, t);
    let near = 1.5 * radius(at(0.5)).max(0.1);
    let zone = |t: f64| metal.value(at(t), Part::Zone, near).unwrap_or(f64::INFINITY);
    let over = |t: f64| zone(t) - radius(at(t));
    let values: Vec<f64> = (0..=STEPS).map(|i| over(i as f64 / STEPS as f64)).collect();
    let number = |q: Vec3| Some([0, 1, 2].map(|i| (q[i] * 1e6).round() as i64));
    let crossing = |mut inside: f64, mut outside: f64| {
        for _ in 0..30 {
            let middle = 0.5 * (inside + outside);
            if over(middle) < 0.0 { inside = middle } else { outside = middle }
        }
        inside
    };
    let mut list = Vec::new();
    let mut i = 0;
    while i <= STEPS {
        if 0.0 <= values[i] {
            i += 1;
            continue;
        }
        let first = i;
        while i <= STEPS && values[i] < 0.0 {
            i += 1;
        }
        let place = |k: usize| k as f64 / STEPS as f64;
        let start = if first == 0 { 0.0 } else { crossing(place(first), place(first - 1)) };
        let end = if i > STEPS { 1.0 } else { crossing(place(i - 1), place(i)) };
        let ends = [
            (at(start), if first == 0 { number(strut[0]) } else { None }),
            (at(end), if i > STEPS { number(strut[1]) } else { None }),
        ];
        let looked = |k: usize| at(place(k));
        let anchored = (first..i).any(|k| metal.value(looked(k), Part::Solid, near).is_some_and(|v| v < 0.0));
        if SHORTEST_MM < (ends[1].0 - ends[0].0).norm() {
            list.push(Piece { ends, anchored });
        }
    }
    list
}

fn joined(pieces: Vec<Piece>, radius: &dyn Fn(Vec3) -> f64, metal: &Metal<'_>) -> Beams {
    let mut numbers: BTreeMap<[i64; 3], u32> = BTreeMap::new();
    let mut found = Beams::default();
    for piece in &pieces {
        let nodes = piece.ends.map(|(p, number)| {
            let fresh = found.nodes.len() as u32;
            let node = number.map_or(fresh, |n| *numbers.entry(n).or_insert(fresh));
            if node == fresh {
                found.nodes.push(p);
            }
            node
        });
        let radii = piece.ends.map(|(p, _)| radius(p));
        found.beams.push(Beam { nodes, radii });
    }
    // Bars hang together at nodes that lie inside the zone; elsewhere the clip parts them.
    let inside: Vec<bool> =
        found.nodes.iter().map(|p| metal.value(*p, Part::Zone, 0.2).is_some_and(|v| v < 0.0)).collect();
    let mut held: Vec<bool> = pieces.iter().map(|p| p.anchored).collect();
    let mut at_node: Vec<Vec<u32>> = vec![Vec::new(); found.nodes.len()];
    for (i, beam) in found.beams.iter().enumerate() {
        for n in beam.nodes {
            at_node[n as usize].push(i as u32);
        }
    }
    let mut stack: Vec<u32> = (0..held.len() as u32).filter(|i| held[*i as usize]).collect();
    while let Some(i) = stack.pop() {
        for n in found.beams[i as usize].nodes.into_iter().filter(|n| inside[*n as usize]) {
            for &j in &at_node[n as usize] {
                if !held[j as usize] {
                    held[j as usize] = true;
                    stack.push(j);
                }
            }
        }
    }
    found.floating = held.iter().filter(|h| !**h).count();
    let mut kept = held.iter();
    found.beams.retain(|_| kept.next().is_some_and(|h| *h));
    renumber(&mut found);
    found
}

/// Leaves out nodes that no bar uses.
fn renumber(beams: &mut Beams) {
    let mut number = vec![u32::MAX; beams.nodes.len()];
    let mut nodes = Vec::new();
    for n in beams.beams.iter_mut().flat_map(|b| &mut b.nodes) {
        let own = &mut number[*n as usize];
        if *own == u32::MAX {
            *own = nodes.len() as u32;
            nodes.push(beams.nodes[*n as usize]);
        }
        *n = *own;
    }
    beams.nodes = nodes;
}

#[cfg(test)]
mod tests {
    use super::super::super::implant::{Implant, ImplantParams, block_spine};
    use super::*;
    use crate::lattice::cell;

    #[test]
    fn beams_clipped_by_their_zone_are_the_lattice_of_the_field() {
        let implant = Implant::design(&block_spine(24.0), &ImplantParams::default()).expect("room");
        let bcc = cell("bcc").expect("a cell of the catalogue");
        let lattice = Lattice::with_relative_density(bcc, 2.4, 0.25).expect("in range");
        let value = |p: Vec3| lattice.value(p);
        let metal = Metal::new(&implant, &value, 0.4);
        let r = lattice.parameter * lattice.cell_size_mm;
        let found = beams(&lattice, &|_| r, &metal).expect("a cell of struts");
        assert!(found.beams.iter().all(|b| b.radii == [r; 2]));
        let sets = found.sets(&metal, lattice.cell_size_mm);
        let counted: usize = sets.iter().map(|s| s.1.len()).sum();
        assert_eq!(counted, found.beams.len(), "each bar in one set");
        assert!(
            [Neighbor::Endplate, Neighbor::Facets, Neighbor::Rim]
                .iter()
                .all(|n| sets.iter().any(|s| s.0 == *n))
        );
        // Points in the zone, away from its rim: inside a beam if and only if inside the lattice.
        let b = metal.bounds();
        let (mut differ, mut all) = (0, 0);
        for k in 0..40_000 {
            let f = |prime: f64| (f64::from(k) * prime).fract();
            let p = b.min
                + b.size().component_mul(&Vec3::new(f(0.754_877_666), f(0.569_840_290), f(0.438_744_889)));
            if metal.value(p, Part::Zone, 0.3).is_none_or(|v| 0.0 <= v) {
                continue;
            }
            let near = found.beams.iter().any(|beam| {
                let [s, e] = beam.nodes.map(|n| found.nodes[n as usize]);
                let along = e - s;
                let t = ((p - s).dot(&along) / along.norm_squared()).clamp(0.0, 1.0);
                (p - s - along * t).norm() < r
            });
            all += 1;
            differ += usize::from(near != (value(p) < 0.0));
        }
        // Stubs that nothing holds are left out: a few per mille of the zone.
        assert!(2000 < all && differ * 200 < all, "{differ} of {all}");
        let gyroid = cell("gyroid-sheet").expect("a cell of the catalogue");
        let sheet = Lattice::with_relative_density(gyroid, 2.4, 0.25).expect("in range");
        assert!(beams(&sheet, &|_| r, &metal).is_none());
    }
}
