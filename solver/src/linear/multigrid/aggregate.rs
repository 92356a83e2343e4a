//! Aggregates: disjoint groups of strongly coupled nodes that become the nodes of the next level.

use rayon::prelude::*;

use crate::linear::BlockMatrix;

/// Mark of a node in no aggregate.
pub(super) const NONE: u32 = u32::MAX;

/// Aggregate of every node and how many there are.
#[derive(Debug)]
pub(super) struct Aggregates {
    /// Aggregate of each node; [`NONE`] where all unknowns stand alone.
    pub(super) of_node: Vec<u32>,
    pub(super) count: usize,
}

/// Groups the nodes of a level.
///
/// A node and its strong neighbors form an aggregate when none of them is taken (roots are at least three steps
/// apart, so about 20–30 nodes of a tet4 mesh go together); the rest joins the neighbor it is coupled to most.
/// Coupling is ‖A_ij‖² / (‖A_ii‖ ‖A_jj‖) in the Frobenius norm, which no scaling of nodes changes.
///
/// - `group`: block rows per node (1 on a mesh, 2 after an aggregation)
/// - `strength`: least √coupling that counts as strong
/// - `decoupled`: unknowns that stand alone, per block row
///
/// Nodes with very many neighbors (reference nodes) each form an aggregate of their own: as roots they would
/// swallow a whole surface.
///
/// # Source
/// Vaněk, Mandel & Brezina (1996), Computing 56, 179–196, with the strength on blocks.
pub(super) fn aggregate(
    matrix: &BlockMatrix,
    group: usize,
    strength: f64,
    decoupled: &[[bool; 3]],
) -> Aggregates {
    let graph = coupling(matrix, group, decoupled);
    let n = graph.starts.len() - 1;
    let strong = strength * strength;
    let mut of_node = vec![NONE; n];
    let mut count = 0;
    let alone: Vec<bool> =
        (0..n).map(|i| decoupled[group * i..group * (i + 1)].iter().flatten().all(|&d| d)).collect();
    let dense_degree = 64 + 4 * graph.neighbors.len() / n.max(1);
    let dense: Vec<bool> = (0..n).map(|i| dense_degree < graph.row(i).len()).collect();
    for i in (0..n).filter(|&i| dense[i] && !alone[i]) {
        of_node[i] = count;
        count += 1;
    }
    let strong_neighbors = |i: usize| {
        let row = graph.row(i).iter().filter(|(_, c)| strong < *c as f64).map(|&(j, _)| j as usize);
        row.filter(|&j| !dense[j])
    };
    let free = |of_node: &[u32], i: usize| of_node[i] == NONE && !alone[i];
    for i in 0..n {
        if free(&of_node, i)
            && strong_neighbors(i).all(|j| of_node[j] == NONE)
            && strong_neighbors(i).count() > 0
        {
            of_node[i] = count;
            strong_neighbors(i).for_each(|j| of_node[j] = count);
            count += 1;
        }
    }
    let rooted = of_node.clone();
    for i in 0..n {
        if free(&of_node, i) {
            let joins = graph
                .row(i)
                .iter()
                .filter(|&&(j, c)| rooted[j as usize] != NONE && !dense[j as usize] && strong < c as f64);
            if let Some(&(j, _)) = joins.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) {
                of_node[i] = rooted[j as usize];
            }
        }
    }
    // What is left has no strong neighbor in an aggregate: the strongest tie decides, however weak.
    for i in 0..n {
        if free(&of_node, i) {
            let ties =
                graph.row(i).iter().filter(|&&(j, _)| of_node[j as usize] != NONE && !dense[j as usize]);
            if let Some(&(j, _)) = ties.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) {
                of_node[i] = of_node[j as usize];
            } else {
                of_node[i] = count;
                count += 1;
            }
        }
    }
    Aggregates { of_node, count: count as usize }
}

/// Neighbors of each node with the squared coupling; the node itself is left out.
struct Coupling {
    starts: Vec<usize>,
    neighbors: Vec<(u32, f32)>,
}

impl Coupling {
    fn row(&self, i: usize) -> &[(u32, f32)] {
        &self.neighbors[self.starts[i]..self.starts[i + 1]]
    }
}

fn coupling(matrix: &BlockMatrix, group: usize, decoupled: &[[bool; 3]]) -> Coupling {
    let n = matrix.n() / group;
    let square = |e: usize| matrix.blocks[e].iter().map(|v| v * v).sum::<f64>();
    let own_square = |i: usize| {
        let own = group * i..group * (i + 1);
        let mut sum = 0.0;
        for row in own.clone() {
            for e in own.clone().filter_map(|column| matrix.position(row, column)) {
                sum += square(e);
                if matrix.columns[e] as usize == row {
                    // An unknown that stands alone says nothing about the coupling of its node.
                    let alone = (0..3).filter(|&c| decoupled[row][c]);
                    sum -= alone.map(|c| matrix.blocks[e][4 * c].powi(2)).sum::<f64>();
                }
            }
        }
        sum.max(0.0).sqrt()
    };
    let diagonal: Vec<f64> = (0..n).into_par_iter().with_min_len(64).map(own_square).collect();
    let rows: Vec<Vec<(u32, f32)>> = (0..n)
        .into_par_iter()
        .with_min_len(64)
        .map(|i| {
            let mut row: Vec<(u32, f64)> = Vec::new();
            for block_row in group * i..group * (i + 1) {
                for e in matrix.row_starts[block_row]..matrix.row_starts[block_row + 1] {
                    row.push((matrix.columns[e] / group as u32, square(e)));
                }
            }
            row.sort_by_key(|&(j, _)| j);
            let mut merged: Vec<(u32, f32)> = Vec::new();
            for pair in row.chunk_by(|a, b| a.0 == b.0) {
                let j = pair[0].0;
                let sum: f64 = pair.iter().map(|&(_, s)| s).sum();
                let scale = diagonal[i] * diagonal[j as usize];
                if j as usize != i && sum > 0.0 && scale > 0.0 {
                    merged.push((j, (sum / scale) as f32));
                }
            }
            merged
        })
        .collect();
    let mut starts = vec![0];
    let mut neighbors = Vec::with_capacity(rows.iter().map(Vec::len).sum());
    for row in rows {
        neighbors.extend(row);
        starts.push(neighbors.len());
    }
    Coupling { starts, neighbors }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::multigrid::spectrum::decoupled_unknowns;
    use crate::linear::suite::{self, Body};

    fn aggregates_of(body: &Body) -> (Aggregates, Vec<[bool; 3]>) {
        let mut matrix = BlockMatrix::from_rows(&body.rows());
        body.assemble(|i, j, block| matrix.add_block(i, j, block));
        matrix.fix(&body.fixed);
        let decoupled = decoupled_unknowns(&matrix);
        (aggregate(&matrix, 1, 0.05, &decoupled), decoupled)
    }

    #[test]
    fn every_free_node_is_in_one_aggregate_of_reasonable_size() {
        let (aggregates, decoupled) = aggregates_of(&suite::block([10; 3], 1, suite::uniform, [0.0; 3]));
        let mut sizes = vec![0; aggregates.count];
        for (node, &aggregate) in aggregates.of_node.iter().enumerate() {
            assert_eq!(aggregate == NONE, decoupled[node] == [true; 3], "node {node}");
            if aggregate != NONE {
                sizes[aggregate as usize] += 1;
            }
        }
        assert!(sizes.iter().all(|&size| size > 0));
        let mean = 1210 / aggregates.count;
        assert!((8..=40).contains(&mean), "about 25 nodes, fewer at the surface: {mean}");
    }

    #[test]
    fn stiff_and_soft_layers_are_kept_apart() {
        let layers = |[_, _, z]: [f64; 3]| if z < 0.5 { (110_000.0, 0.3) } else { (10.0, 0.3) };
        let body = suite::block([6, 6, 12], 1, layers, [0.0; 3]);
        let (aggregates, _) = aggregates_of(&body);
        // Nodes up to z = 6 move with the stiff half, those above belong to the soft half alone.
        let stiff: Vec<bool> = body.coordinates.iter().map(|x| x[2] <= 6.0).collect();
        for (a, &node_a) in aggregates.of_node.iter().enumerate() {
            for (b, &node_b) in aggregates.of_node.iter().enumerate() {
                assert!(node_a == NONE || node_a != node_b || stiff[a] == stiff[b], "nodes {a} and {b}");
            }
        }
    }

    #[test]
    fn a_reference_node_does_not_swallow_a_surface() {
        let body = suite::reference_node([14, 14, 3], 1);
        let (aggregates, _) = aggregates_of(&body);
        for node in body.coordinates.len() - 2..body.coordinates.len() {
            let own = aggregates.of_node[node];
            assert_eq!(aggregates.of_node.iter().filter(|&&a| a == own).count(), 1);
        }
    }
}
