//! Small vertex separators: plane cuts in many directions, the best of them tightened by maximum flow.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rayon::prelude::*;

use super::flow::tighten;
use super::graph::Graph;

/// Largest part of a graph that one side of a separator may have. A small separator is worth more than equal sides:
/// on tet10 meshes 0.58 costs 15 % more operations, 0.7 saves little more and takes longer.
const LARGEST_SIDE: f64 = 0.66;

/// Cuts that are tightened: one costs 20 % more operations than two, six save 2 %.
const TIGHTENED: usize = 3;

/// The same bound while cuts are compared: narrower bands are searched faster.
const LARGEST_SIDE_AT_FIRST: f64 = 0.58;

/// Times that the best separator is tightened again around its new place.
const AGAIN: usize = 2;

/// Side of a vertex: 0, 1, or [`BETWEEN`].
pub(super) type Side = u8;

/// The vertex is in the separator.
pub(super) const BETWEEN: Side = 2;

/// A small separator that leaves two sides of similar size.
pub(super) fn separate(graph: &Graph) -> Vec<Side> {
    let mut cuts: Vec<(usize, Vec<Side>)> = DIRECTIONS
        .par_iter()
        .map(|&direction| {
            let sides = cut_by_plane(graph, direction);
            (sides.iter().filter(|&&side| side == BETWEEN).count(), sides)
        })
        .collect();
    // The sort keeps cuts of the same size in the order of their directions.
    cuts.sort_by_key(|(size, _)| *size);
    cuts.truncate(TIGHTENED);
    let share = |part: f64| (part * graph.n() as f64) as usize;
    // Cuts that turn out larger than a finished one are given up. Those of the least size never are, so which one is
    // found does not depend on who finishes first.
    let least = AtomicUsize::new(usize::MAX);
    let tightened: Vec<Option<(usize, Vec<Side>)>> = cuts
        .into_par_iter()
        .with_max_len(1)
        .map(|(_, mut sides)| {
            let size = tighten(graph, &mut sides, share(LARGEST_SIDE_AT_FIRST), &least)?;
            least.fetch_min(size, Relaxed);
            Some((size, sides))
        })
        .collect();
    let best = tightened.into_iter().flatten().min_by_key(|(size, _)| *size);
    let (mut size, mut sides) = best.expect("the smallest one is not given up");
    for _ in 0..AGAIN {
        match tighten(graph, &mut sides, share(LARGEST_SIDE), &least) {
            Some(smaller) if smaller < size => size = smaller,
            _ => break,
        }
    }
    sides
}

/// Edges, face and space diagonals of a cube.
const DIRECTIONS: [[f64; 3]; 13] = [
    [1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.0, 1.0],
    [1.0, 1.0, 0.0],
    [1.0, -1.0, 0.0],
    [1.0, 0.0, 1.0],
    [1.0, 0.0, -1.0],
    [0.0, 1.0, 1.0],
    [0.0, 1.0, -1.0],
    [1.0, 1.0, 1.0],
    [1.0, 1.0, -1.0],
    [1.0, -1.0, 1.0],
    [1.0, -1.0, -1.0],
];

/// Two halves along a direction; vertices of the first with a neighbor in the second are between.
fn cut_by_plane(graph: &Graph, direction: [f64; 3]) -> Vec<Side> {
    let along = |point: &[f64; 3]| (0..3).map(|axis| direction[axis] * point[axis]).sum::<f64>();
    let keys: Vec<f64> = graph.points.iter().map(along).collect();
    let mut order: Vec<u32> = (0..graph.n() as u32).collect();
    let half = order.len() / 2;
    order
        .select_nth_unstable_by(half, |&a, &b| keys[a as usize].total_cmp(&keys[b as usize]).then(a.cmp(&b)));
    let mut sides = vec![1; graph.n()];
    for &i in &order[..half] {
        sides[i as usize] = 0;
    }
    for &i in &order[..half] {
        if graph.row(i as usize).iter().any(|&j| sides[j as usize] == 1) {
            sides[i as usize] = BETWEEN;
        }
    }
    sides
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::BlockMatrix;

    #[test]
    fn a_bar_is_cut_across() {
        let size = [24_usize, 4, 4];
        let number = |x: usize, y: usize, z: usize| ((z * size[1] + y) * size[0] + x) as u32;
        let (mut rows, mut coordinates) = (Vec::new(), Vec::new());
        for (z, y, x) in (0..24 * 16).map(|k| (k / 96, k / 24 % 4, k % 24)) {
            let near = |v: usize, n: usize| v.saturating_sub(1)..(v + 2).min(n);
            let mut row = Vec::new();
            for c in near(z, 4) {
                for b in near(y, 4) {
                    row.extend(near(x, 24).map(|a| number(a, b, c)));
                }
            }
            rows.push(row);
            coordinates.push([x as f64, y as f64, z as f64]);
        }
        let nodes: Vec<u32> = (0..rows.len() as u32).collect();
        let graph = Graph::new(&BlockMatrix::from_rows(&rows), &coordinates, &nodes);
        let sides = separate(&graph);
        assert_eq!(sides.iter().filter(|&&side| side == BETWEEN).count(), 16, "one layer");
        for i in 0..graph.n() {
            let apart = graph.row(i).iter().all(|&j| sides[i] + sides[j as usize] != 1);
            assert!(apart, "no edge joins the sides");
        }
    }
}
