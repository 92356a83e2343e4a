//! Weighted displacements of the slave against the master, one row per multiplier.
//!
//! ```text
//! wⱼ = ∫ Φⱼ dA       d̄ⱼ = 1/wⱼ ∫ Φⱼ Q(x)ᵀ (u_slave − u_master) dA = Σₖ Bⱼₖ uₖ       ḡⱼ = 1/wⱼ ∫ Φⱼ g dA
//! ```
//! Φⱼ are the functions of [`Space`]. Q(x) = (n, t₁, t₂) are the axes at the point, turned from those of the node by the
//! smallest rotation; for ties the global axes.
//!
//! The master's displacement is that of the slave point x itself, carried along rigidly across the gap:
//! ```text
//! u_master(x) = u(x_m) + ∇u d_t + ω × d_n m,   d = x − x_m = d_t + d_n m,   m: master's normal
//! ```
//! so that forces balance and moments too, for any gap, to round-off: Σ Cₖ (a + ω × Xₖ) = a + ω × x.
//!
//! # Source
//! Puso, Laursen & Solberg (2008), A segment-to-segment mortar contact method for quadratic elements and large
//! deformations, Comput. Methods Appl. Mech. Eng. 197, 555–566.

use super::pairing::{Pairing, Point, values};
use super::space::Space;
use super::surface::Surface;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping;
use nalgebra::Matrix3;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A node whose part of the area that faces the master is smaller than this carries no multiplier of its own: its
/// neighbors' are continued over it.
const LEAST_SHARE: f64 = 1e-2;

/// One multiplier.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Node of the slave, local number.
    pub(super) node: u32,
    /// ∫ Φ dA where the surfaces face each other, mm².
    pub(super) weight: f64,
    /// Mean gap, mm.
    pub(super) gap: f64,
    /// Axes of the node as columns: normal, two tangents; the global axes for ties.
    pub(super) axes: Matrix3<f64>,
    /// Mean size of the slave facets, mm.
    pub(super) size: f64,
    /// Mean of h/E of both sides, mm/MPa.
    pub(super) compliance: f64,
    /// Nodes of the body, ascending.
    pub(super) nodes: Vec<u32>,
    /// Bⱼₖ, row-major; rows along the axes of the node, columns global.
    pub(super) blocks: Vec<[f64; 9]>,
    /// Rows nearby, ascending, with ∫ Φⱼ Φₖ dA / wⱼ; they sum to one.
    pub(super) mean: Vec<(u32, f64)>,
}

/// What the rows are made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner<'a> {
    /// Global axes instead of normal and tangents.
    pub(super) tied: bool,
    /// Functions of the multipliers.
    pub(super) space: Space,
    /// Nodes (local numbers) that may carry no multiplier, ascending.
    pub(super) without: &'a [u32],
}

/// Integrated interface.
#[derive(Debug, Clone, Default)]
pub(super) struct Mortar {
    pub(super) rows: Vec<Row>,
    /// Area of the slave that faces the master, mm².
    pub(super) covered: f64,
    /// Area of the slave, mm².
    pub(super) area: f64,
    /// Largest |gap| of a point, mm.
    pub(super) widest: f64,
}

/// Positions at which a pair is integrated.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) slave: &'a Surface,
    pub(super) master: &'a Surface,
    pub(super) slave_points: &'a [Vec3],
    pub(super) master_points: &'a [Vec3],
}

/// Contribution of one facet to one of its multipliers.
struct Share {
    node: u32,
    weight: f64,
    gap: f64,
    size: f64,
    compliance: f64,
    /// Blocks by node of the body.
    blocks: BTreeMap<u32, [f64; 9]>,
    /// ∫ Φⱼ Φₖ dA by node.
    mass: BTreeMap<u32, f64>,
}

impl Mortar {
    pub(super) fn new(sides: Sides<'_>, pairing: &Pairing, manner: Manner<'_>) -> Self {
        let n = sides.slave.nodes.len();
        let (normals, full) = node_normals(sides, manner.space);
        let mut facing = vec![0.0; n];
        let mut out = Self::default();
        for (facet, points) in sides.slave.facets.iter().zip(pairing) {
            let (shape, count) = (facet.cell(), manner.space.count(facet.cell()));
            for p in points {
                let phi = manner.space.values(shape, p.slave);
                facet.nodes.iter().zip(&phi[..count]).for_each(|(c, phi)| {
                    facing[*c as usize] += phi * p.weight;
                });
                out.covered += p.weight;
                out.widest = out.widest.max(p.gap.abs());
            }
        }
        out.area = full.iter().sum();
        let carries: Vec<bool> = (0..n)
            .map(|c| LEAST_SHARE * full[c] < facing[c] && manner.without.binary_search(&(c as u32)).is_err())
            .collect();
        let axes: Vec<Matrix3<f64>> =
            normals.iter().map(|n| if manner.tied { Matrix3::identity() } else { axes_of(*n) }).collect();
        let shares: Vec<Vec<Share>> = (0..pairing.len())
            .into_par_iter()
            .map(|f| integrate(sides, f, &pairing[f], &carries, &axes, manner))
            .collect();
        let mut rows: Vec<Option<Share>> = (0..n).map(|_| None).collect();
        for share in shares.into_iter().flatten() {
            match &mut rows[share.node as usize] {
                Some(sum) => sum.add(share),
                empty => *empty = Some(share),
            }
        }
        let mut number = vec![0; n];
        for (k, share) in (0..).zip(rows.iter().flatten()) {
            number[share.node as usize] = k;
        }
        out.rows = rows.into_iter().flatten().map(|s| s.finish(&axes, &number)).collect();
        out
    }
}

impl Share {
    fn add(&mut self, other: Self) {
        self.weight += other.weight;
        self.gap += other.gap;
        self.size += other.size;
        self.compliance += other.compliance;
        for (node, block) in other.blocks {
            let sum = self.blocks.entry(node).or_insert([0.0; 9]);
            sum.iter_mut().zip(block).for_each(|(s, b)| *s += b);
        }
        for (node, mass) in other.mass {
            *self.mass.entry(node).or_insert(0.0) += mass;
        }
    }

    /// - `number`: per node its row
    fn finish(self, axes: &[Matrix3<f64>], number: &[u32]) -> Row {
        let w = self.weight;
        let (nodes, blocks) =
            self.blocks.into_iter().map(|(node, block)| (node, block.map(|b| b / w))).unzip();
        Row {
            node: self.node,
            weight: w,
            gap: self.gap / w,
            axes: axes[self.node as usize],
            size: self.size / w,
            compliance: self.compliance / w,
            nodes,
            blocks,
            mean: self.mass.into_iter().map(|(c, m)| (number[c as usize], m / w)).collect(),
        }
    }
}

/// Mean normal of each node and the area ∫ Φ dA of the whole surface around it.
fn node_normals(sides: Sides<'_>, space: Space) -> (Vec<Vec3>, Vec<f64>) {
    let n = sides.slave.nodes.len();
    let (mut normals, mut areas) = (vec![Vec3::zeros(); n], vec![0.0; n]);
    for facet in &sides.slave.facets {
        let (shape, count) = (facet.cell(), space.count(facet.cell()));
        let buffer = facet.points(sides.slave_points);
        let rules = shape.rules();
        for (xi, w) in rules[rules.len() - 1].iter() {
            let vector = mapping::area_vector(shape, &buffer[..facet.nodes.len()], xi);
            let phi = space.values(shape, [xi[0], xi[1]]);
            for (&c, phi) in facet.nodes.iter().zip(&phi[..count]) {
                normals[c as usize] += w * *phi * vector;
                areas[c as usize] += w * phi * vector.norm();
            }
        }
    }
    (normals.into_iter().map(|v| v.try_normalize(0.0).unwrap_or_else(Vec3::z)).collect(), areas)
}

/// Normal and two tangents as columns.
fn axes_of(normal: Vec3) -> Matrix3<f64> {
    let t = normal.cross(&Vec3::ith(normal.iamin(), 1.0)).normalize();
    Matrix3::from_columns(&[normal, t, normal.cross(&t)])
}

/// Axes turned by the smallest rotation that takes their normal to `normal`.
fn turned(axes: &Matrix3<f64>, normal: Vec3) -> Matrix3<f64> {
    let own: Vec3 = axes.column(0).into();
    let sum = own + normal;
    let share = 1.0 + own.dot(&normal);
    // Opposite normals meet at the edge of a folded sheet only: any turn will do.
    if share < 1e-12 {
        return axes_of(normal);
    }
    let turn = |t: Vec3| t - sum * (t.dot(&normal) / share);
    Matrix3::from_columns(&[normal, turn(axes.column(1).into()), turn(axes.column(2).into())])
}

fn integrate(
    sides: Sides<'_>,
    number: usize,
    points: &[Point],
    carries: &[bool],
    axes: &[Matrix3<f64>],
    manner: Manner<'_>,
) -> Vec<Share> {
    let facet = &sides.slave.facets[number];
    let (shape, count) = (facet.cell(), manner.space.count(facet.cell()));
    let own = &facet.nodes[..count];
    let kept = own.iter().filter(|c| carries[**c as usize]).count();
    if points.is_empty() || kept == 0 {
        return Vec::new();
    }
    let share = |c: &u32| Share {
        node: *c,
        weight: 0.0,
        gap: 0.0,
        size: 0.0,
        compliance: 0.0,
        blocks: BTreeMap::new(),
        mass: BTreeMap::new(),
    };
    let mut out: Vec<Share> = own.iter().filter(|c| carries[**c as usize]).map(share).collect();
    for p in points {
        let phi = manner.space.values(shape, p.slave);
        let lost: f64 = (0..count).filter(|&c| !carries[own[c] as usize]).map(|c| phi[c]).sum();
        let weights: Vec<(u32, f64)> = (0..count)
            .filter(|&c| carries[own[c] as usize])
            .map(|c| (own[c], phi[c] + lost / kept as f64))
            .collect();
        let opposite = &sides.master.facets[p.master as usize];
        let compliance = facet.size / facet.modulus + opposite.size / opposite.modulus;
        let coefficients = Coefficients::new(sides, number, p);
        for (share, (_, phi)) in out.iter_mut().zip(&weights) {
            let w = phi * p.weight;
            for (node, other) in &weights {
                *share.mass.entry(*node).or_insert(0.0) += w * other;
            }
            share.weight += w;
            share.gap += w * p.gap;
            share.size += w * facet.size;
            share.compliance += w * compliance;
            let frame =
                if manner.tied { Matrix3::identity() } else { turned(&axes[share.node as usize], p.normal) };
            coefficients.add(w, &frame, &mut share.blocks);
        }
    }
    out
}

/// Distance along the normal of the slave that opens at a point, mm, for displacements of the nodes of the body since
/// the surfaces were paired.
pub(super) fn opening(sides: Sides<'_>, facet: usize, p: &Point, moved: impl Fn(u32) -> Vec3) -> f64 {
    let c = Coefficients::new(sides, facet, p);
    let own: Vec3 = c.own.iter().map(|(node, n)| *n * moved(*node)).sum();
    let opposite = |(node, n, lever): &(u32, f64, Vec3)| {
        let u = moved(*node);
        *n * u - u.dot(&c.normal) * lever
    };
    let other: Vec3 = c.opposite.iter().map(opposite).sum();
    (other - own).dot(&p.normal)
}

/// Displacement of the slave point minus that of the master there, as coefficients of the nodes.
struct Coefficients {
    /// Slave: node of the body and N.
    own: Vec<(u32, f64)>,
    /// Master: node, N + d_t · G and d_n G.
    opposite: Vec<(u32, f64, Vec3)>,
    /// Normal of the master.
    normal: Vec3,
}

impl Coefficients {
    fn new(sides: Sides<'_>, number: usize, p: &Point) -> Self {
        let facet = &sides.slave.facets[number];
        let n = values(facet.cell(), facet.nodes.len(), p.slave);
        let global = |surface: &Surface, k: u32| surface.nodes[k as usize];
        let own: Vec<(u32, f64)> =
            facet.nodes.iter().zip(n).map(|(k, n)| (global(sides.slave, *k), n)).collect();
        let x: Vec3 = facet.nodes.iter().zip(n).map(|(k, n)| n * sides.slave_points[*k as usize]).sum();

        let other = &sides.master.facets[p.master as usize];
        let (shape, count) = (other.cell(), other.nodes.len());
        let buffer = other.points(sides.master_points);
        let nodes = &buffer[..count];
        let xi = [p.opposite[0], p.opposite[1], 0.0];
        let n = values(shape, count, p.opposite);
        let mut slopes = [[0.0; 3]; mapping::MAX_NODES];
        shape.gradients(xi, &mut slopes[..count]);
        let [a, b, _] = mapping::tangents(shape, nodes, xi);
        let vector = a.cross(&b);
        let square = vector.norm_squared();
        // Contravariant tangents: surface gradients of the reference coordinates.
        let (up, vp) = (b.cross(&vector) / square, vector.cross(&a) / square);
        let normal = vector / square.sqrt();
        let d: Vec3 = x - n.iter().zip(nodes).map(|(n, x)| *n * x).sum::<Vec3>();
        let d_n = d.dot(&normal);
        let d_t = d - d_n * normal;
        let opposite = (0..count).map(|k| {
            let gradient = slopes[k][0] * up + slopes[k][1] * vp;
            (global(sides.master, other.nodes[k]), n[k] + d_t.dot(&gradient), d_n * gradient)
        });
        Self { own, opposite: opposite.collect(), normal }
    }

    /// Adds w Qᵀ C to the blocks of the nodes.
    fn add(&self, w: f64, frame: &Matrix3<f64>, blocks: &mut BTreeMap<u32, [f64; 9]>) {
        for &(node, n) in &self.own {
            let block = blocks.entry(node).or_insert([0.0; 9]);
            for r in 0..3 {
                for c in 0..3 {
                    block[3 * r + c] += w * n * frame[(c, r)];
                }
            }
        }
        for &(node, n, lever) in &self.opposite {
            let block = blocks.entry(node).or_insert([0.0; 9]);
            for r in 0..3 {
                let turn = frame.column(r).dot(&lever);
                for c in 0..3 {
                    block[3 * r + c] -= w * (n * frame[(c, r)] - turn * self.normal[c]);
                }
            }
        }
    }
}
