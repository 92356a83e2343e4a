//! Graph of the nodes and its parts.

use crate::linear::BlockMatrix;

/// Undirected graph in compressed rows, without loops.
pub(super) struct Graph {
    /// Start of each vertex in `neighbors`, length n + 1.
    pub(super) starts: Vec<u32>,
    /// Neighbors of each vertex.
    pub(super) neighbors: Vec<u32>,
    /// Place of each vertex, mm.
    pub(super) points: Vec<[f64; 3]>,
}

impl Graph {
    /// Graph of some nodes of a matrix.
    ///
    /// - `nodes`: ascending
    pub(super) fn new(matrix: &BlockMatrix, coordinates: &[[f64; 3]], nodes: &[u32]) -> Self {
        let mut number = vec![u32::MAX; matrix.n()];
        for (k, &node) in nodes.iter().enumerate() {
            number[node as usize] = k as u32;
        }
        let mut starts = vec![0];
        let mut neighbors = Vec::with_capacity(matrix.columns.len());
        for &node in nodes {
            let row = matrix.row(node as usize).iter();
            let others = row.filter(|&&j| j != node).map(|&j| number[j as usize]);
            neighbors.extend(others.filter(|&j| j != u32::MAX));
            starts.push(neighbors.len() as u32);
        }
        Self { starts, neighbors, points: nodes.iter().map(|&node| coordinates[node as usize]).collect() }
    }

    /// Number of vertices.
    pub(super) fn n(&self) -> usize {
        self.points.len()
    }

    /// Neighbors of a vertex.
    pub(super) fn row(&self, i: usize) -> &[u32] {
        &self.neighbors[self.range(i)]
    }

    fn range(&self, i: usize) -> std::ops::Range<usize> {
        self.starts[i] as usize..self.starts[i + 1] as usize
    }

    /// Graph between the given vertices.
    ///
    /// - `members`: ascending
    pub(super) fn part(&self, members: &[u32]) -> Self {
        let mut number = vec![u32::MAX; self.n()];
        for (k, &i) in members.iter().enumerate() {
            number[i as usize] = k as u32;
        }
        let mut starts = vec![0];
        let capacity = members.iter().map(|&i| self.range(i as usize).len()).sum();
        let mut neighbors = Vec::with_capacity(capacity);
        for &i in members {
            let row = self.row(i as usize).iter().map(|&j| number[j as usize]);
            neighbors.extend(row.filter(|&j| j != u32::MAX));
            starts.push(neighbors.len() as u32);
        }
        Self { starts, neighbors, points: members.iter().map(|&i| self.points[i as usize]).collect() }
    }

    /// Number of the connected component of each vertex, and how many there are.
    pub(super) fn components(&self) -> (Vec<u32>, u32) {
        let mut component = vec![u32::MAX; self.n()];
        let mut count = 0;
        let mut stack = Vec::new();
        for root in 0..self.n() {
            if component[root] != u32::MAX {
                continue;
            }
            component[root] = count;
            stack.push(root);
            while let Some(i) = stack.pop() {
                for &j in self.row(i) {
                    if component[j as usize] == u32::MAX {
                        component[j as usize] = count;
                        stack.push(j as usize);
                    }
                }
            }
            count += 1;
        }
        (component, count)
    }
}
