//! Elimination tree, column counts and supernodes of a symmetric pattern, all by nodes of three unknowns.

use crate::linear::BlockMatrix;

/// No parent.
pub(super) const ROOT: u32 = u32::MAX;

/// A supernode of at most so many nodes may be that much explicit zeros after its child joined it.
///
/// Measured on tet10 meshes of 50 to 300 thousand unknowns: wide fronts repay a few zeros, narrow ones many.
const RELAXED: [(usize, f64); 4] = [(8, 0.6), (24, 0.25), (64, 0.1), (usize::MAX, 0.04)];

/// Groups of columns with nearly the same pattern below them, children before parents.
pub(super) struct Supernodes {
    /// Node eliminated as number k; a postorder of the tree.
    pub(super) order: Vec<u32>,
    /// First column of each supernode, and the number of nodes at the end.
    pub(super) starts: Vec<u32>,
    /// Parent of each supernode, or [`ROOT`].
    pub(super) parents: Vec<u32>,
}

/// Finds the supernodes for an elimination order.
pub(super) fn supernodes(matrix: &BlockMatrix, order: &[u32]) -> Supernodes {
    let n = order.len();
    let parents = elimination_tree(matrix, order);
    let post = postorder(&parents, |_| 0);
    let order: Vec<u32> = post.iter().map(|&k| order[k as usize]).collect();
    let mut position = vec![0; n];
    for (k, &old) in post.iter().enumerate() {
        position[old as usize] = k as u32;
    }
    let moved = |parent: u32| if parent == ROOT { ROOT } else { position[parent as usize] };
    let parents: Vec<u32> = post.iter().map(|&old| moved(parents[old as usize])).collect();
    let counts = column_counts(matrix, &order, &parents);
    let mut groups = Groups::fundamental(&parents, &counts);
    groups.relax();
    groups.arrange(&order)
}

/// Rank of each node.
fn ranks(order: &[u32]) -> Vec<u32> {
    let mut rank = vec![0; order.len()];
    for (k, &node) in order.iter().enumerate() {
        rank[node as usize] = k as u32;
    }
    rank
}

/// Parent of each column: the first row below the diagonal of its column of the factor.
///
/// # Source
/// Liu (1990), The role of elimination trees in sparse factorization, SIAM J. Matrix Anal. 11, 134–172.
fn elimination_tree(matrix: &BlockMatrix, order: &[u32]) -> Vec<u32> {
    let n = order.len();
    let rank = ranks(order);
    let (mut parents, mut ancestors) = (vec![ROOT; n], vec![ROOT; n]);
    for (k, &node) in order.iter().enumerate() {
        let k = k as u32;
        for &j in matrix.row(node as usize) {
            let mut r = rank[j as usize];
            while r < k {
                let next = std::mem::replace(&mut ancestors[r as usize], k);
                if next == ROOT {
                    parents[r as usize] = k;
                    break;
                }
                r = next;
            }
        }
    }
    parents
}

/// Vertices of a forest, children before parents, each subtree in one run; siblings in ascending order of `key`.
///
/// - `parents`: larger than the vertex itself, or [`ROOT`]
fn postorder(parents: &[u32], key: impl Fn(u32) -> u64) -> Vec<u32> {
    let n = parents.len();
    let mut children = vec![Vec::new(); n];
    let mut roots = Vec::new();
    for (k, &parent) in parents.iter().enumerate() {
        if parent == ROOT { &mut roots } else { &mut children[parent as usize] }.push(k as u32);
    }
    for siblings in children.iter_mut().chain([&mut roots]) {
        siblings.sort_by_key(|&k| (key(k), k));
    }
    // A vertex, then its children from last to first: the reverse of what is wanted.
    let mut reversed = Vec::with_capacity(n);
    let mut stack = roots;
    while let Some(k) = stack.pop() {
        reversed.push(k);
        stack.append(&mut children[k as usize]);
    }
    reversed.reverse();
    reversed
}

/// Entries of each column of the factor, diagonal included, without forming it.
///
/// - `order`: a postorder of the tree
///
/// # Source
/// Gilbert, Ng & Peyton (1994), SIAM J. Matrix Anal. 15, 1075–1091; Davis (2006), Direct Methods for Sparse Linear
/// Systems, §4.5.
fn column_counts(matrix: &BlockMatrix, order: &[u32], parents: &[u32]) -> Vec<u32> {
    let n = order.len();
    let rank = ranks(order);
    let mut first = vec![ROOT; n];
    let mut delta = vec![0_i64; n];
    for k in 0..n {
        delta[k] = i64::from(first[k] == ROOT);
        let mut j = k as u32;
        while j != ROOT && first[j as usize] == ROOT {
            first[j as usize] = k as u32;
            j = parents[j as usize];
        }
    }
    // Shifted by one, zero: no leaf of the row subtree seen yet.
    let mut latest_first = vec![0_u32; n];
    let mut latest_leaf = vec![ROOT; n];
    let mut ancestors: Vec<u32> = (0..n as u32).collect();
    for (j, &node) in order.iter().enumerate() {
        if parents[j] != ROOT {
            delta[parents[j] as usize] -= 1;
        }
        for &neighbor in matrix.row(node as usize) {
            let i = rank[neighbor as usize] as usize;
            if i <= j || first[j] < latest_first[i] {
                continue;
            }
            latest_first[i] = first[j] + 1;
            delta[j] += 1;
            let earlier = std::mem::replace(&mut latest_leaf[i], j as u32);
            if earlier != ROOT {
                let meeting = find(&mut ancestors, earlier);
                delta[meeting as usize] -= 1;
            }
        }
        if parents[j] != ROOT {
            ancestors[j] = parents[j];
        }
    }
    for j in 0..n {
        if parents[j] != ROOT {
            delta[parents[j] as usize] += delta[j];
        }
    }
    delta.into_iter().map(|count| count as u32).collect()
}

/// Root of a set, with the path to it shortened.
fn find(ancestors: &mut [u32], start: u32) -> u32 {
    let mut root = start;
    while ancestors[root as usize] != root {
        root = ancestors[root as usize];
    }
    let mut k = start;
    while k != root {
        k = std::mem::replace(&mut ancestors[k as usize], root);
    }
    root
}

/// Entries of a lower trapezoid of nodes: `pivots` columns, the first with `rows` rows.
fn entries(pivots: usize, rows: usize) -> usize {
    pivots * rows - pivots * pivots.saturating_sub(1) / 2
}

/// Supernodes while they are being joined.
struct Groups {
    /// Runs of columns `first..end` in each group, in ascending order.
    runs: Vec<Vec<[u32; 2]>>,
    parents: Vec<u32>,
    children: Vec<Vec<u32>>,
    /// Nodes eliminated in the group.
    pivots: Vec<usize>,
    /// These and the rows below them.
    rows: Vec<usize>,
    /// Entries that are zero for want of a better fit.
    zeros: Vec<usize>,
    alive: Vec<bool>,
}

impl Groups {
    /// Longest runs of columns with the same pattern.
    fn fundamental(parents: &[u32], counts: &[u32]) -> Self {
        let n = parents.len();
        let mut group_of = vec![0; n];
        let mut firsts: Vec<u32> = Vec::new();
        for j in 0..n {
            let goes_on = j > 0 && parents[j - 1] == j as u32 && counts[j - 1] == counts[j] + 1;
            if !goes_on {
                firsts.push(j as u32);
            }
            group_of[j] = (firsts.len() - 1) as u32;
        }
        let ends: Vec<u32> = firsts.iter().skip(1).copied().chain([n as u32]).take(firsts.len()).collect();
        let n_groups = firsts.len();
        let mut groups = Self {
            runs: firsts.iter().zip(&ends).map(|(&a, &b)| vec![[a, b]]).collect(),
            parents: Vec::with_capacity(n_groups),
            children: vec![Vec::new(); n_groups],
            pivots: firsts.iter().zip(&ends).map(|(a, b)| (b - a) as usize).collect(),
            rows: firsts.iter().map(|&first| counts[first as usize] as usize).collect(),
            zeros: vec![0; n_groups],
            alive: vec![true; n_groups],
        };
        for (s, &end) in ends.iter().enumerate() {
            let parent = parents[end as usize - 1];
            let parent = if parent == ROOT { ROOT } else { group_of[parent as usize] };
            groups.parents.push(parent);
            if parent != ROOT {
                groups.children[parent as usize].push(s as u32);
            }
        }
        groups
    }

    /// Joins children to their parents where that costs few zeros.
    ///
    /// # Source
    /// Ashcraft & Grimes (1989), The influence of relaxed supernode partitions on the multifrontal method, ACM TOMS
    /// 15, 291–309.
    fn relax(&mut self) {
        for s in 0..self.runs.len() {
            let mut waiting = std::mem::take(&mut self.children[s]);
            waiting.sort_by_key(|&c| (self.zeros_if_joined(c as usize, s), c));
            let mut kept = Vec::new();
            for c in waiting {
                let c = c as usize;
                let pivots = self.pivots[c] + self.pivots[s];
                let rows = self.pivots[c] + self.rows[s];
                let zeros = self.zeros_if_joined(c, s);
                let allowed =
                    RELAXED.iter().find(|(most, _)| pivots <= *most).map_or(0.0, |(_, share)| *share);
                if zeros as f64 <= allowed * entries(pivots, rows) as f64 {
                    let runs = std::mem::take(&mut self.runs[c]);
                    self.runs[s].extend(runs);
                    (self.pivots[s], self.rows[s], self.zeros[s]) = (pivots, rows, zeros);
                    self.alive[c] = false;
                    kept.append(&mut self.children[c]);
                } else {
                    kept.push(c as u32);
                }
            }
            for &c in &kept {
                self.parents[c as usize] = s as u32;
            }
            self.children[s] = kept;
            self.runs[s].sort_unstable();
        }
    }

    fn zeros_if_joined(&self, c: usize, s: usize) -> usize {
        let joined = entries(self.pivots[c] + self.pivots[s], self.pivots[c] + self.rows[s]);
        let apart = entries(self.pivots[c], self.rows[c]) + entries(self.pivots[s], self.rows[s]);
        joined + self.zeros[c] + self.zeros[s] - apart
    }

    /// Final numbering, with siblings in the order that keeps the fewest updates waiting.
    ///
    /// # Source
    /// Liu (1986), On the storage requirement in the out-of-core multifrontal method, ACM TOMS 12, 249–264.
    fn arrange(self, order: &[u32]) -> Supernodes {
        let n = self.runs.len();
        let update = |s: usize| ((self.rows[s] - self.pivots[s]) as u64).pow(2);
        // Most memory at one time below and at each group, less what stays of it.
        let mut release = vec![0; n];
        let mut peaks = vec![0; n];
        for s in (0..n).filter(|&s| self.alive[s]) {
            let mut children: Vec<usize> = self.children[s].iter().map(|&c| c as usize).collect();
            children.sort_by_key(|&c| (std::cmp::Reverse(release[c]), c));
            let (mut held, mut peak) = (0, 0);
            for c in children {
                peak = peak.max(held + peaks[c]);
                held += update(c);
            }
            peaks[s] = peak.max(held + update(s));
            release[s] = peaks[s] - update(s);
        }
        let alive: Vec<u32> = (0..n as u32).filter(|&s| self.alive[s as usize]).collect();
        let mut compact = vec![ROOT; n];
        for (k, &s) in alive.iter().enumerate() {
            compact[s as usize] = k as u32;
        }
        let parent = |s: u32| match self.parents[s as usize] {
            ROOT => ROOT,
            parent => compact[parent as usize],
        };
        let parents: Vec<u32> = alive.iter().map(|&s| parent(s)).collect();
        let post = postorder(&parents, |k| u64::MAX - release[alive[k as usize] as usize]);
        let mut position = vec![0; post.len()];
        for (k, &s) in post.iter().enumerate() {
            position[s as usize] = k as u32;
        }
        let mut arranged = Supernodes {
            order: Vec::with_capacity(order.len()),
            starts: vec![0],
            parents: Vec::with_capacity(post.len()),
        };
        for &s in &post {
            for &[first, end] in &self.runs[alive[s as usize] as usize] {
                arranged.order.extend_from_slice(&order[first as usize..end as usize]);
            }
            arranged.starts.push(arranged.order.len() as u32);
            let parent = parents[s as usize];
            arranged.parents.push(if parent == ROOT { ROOT } else { position[parent as usize] });
        }
        arranged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pattern of a grid of squares with diagonals, numbered row by row.
    fn grid(n: usize) -> BlockMatrix {
        let near = |v: usize| v.saturating_sub(1)..(v + 2).min(n);
        let row = |k: usize| near(k / n).flat_map(|y| near(k % n).map(move |x| (y * n + x) as u32)).collect();
        BlockMatrix::from_rows(&(0..n * n).map(row).collect::<Vec<_>>())
    }

    /// Pattern of the factor by elimination of one column after another.
    fn eliminated(matrix: &BlockMatrix, order: &[u32]) -> Vec<Vec<bool>> {
        let n = order.len();
        let rank = ranks(order);
        let mut full = vec![vec![false; n]; n];
        for (k, &node) in order.iter().enumerate() {
            for &j in matrix.row(node as usize) {
                full[k][rank[j as usize] as usize] = true;
            }
        }
        for k in 0..n {
            for i in (k + 1..n).filter(|&i| full[i][k]).collect::<Vec<_>>() {
                let row = full[k].clone();
                full[i].iter_mut().zip(row).skip(k + 1).for_each(|(entry, other)| *entry |= other);
            }
        }
        full
    }

    #[test]
    fn tree_and_counts_are_those_of_the_eliminated_matrix() {
        let matrix = grid(6);
        let order: Vec<u32> = (0..36).map(|k| (k * 7) % 36).collect();
        let parents = elimination_tree(&matrix, &order);
        let order: Vec<u32> = postorder(&parents, |_| 0).into_iter().map(|k| order[k as usize]).collect();
        let parents = elimination_tree(&matrix, &order);
        let counts = column_counts(&matrix, &order, &parents);
        let full = eliminated(&matrix, &order);
        for k in 0..36 {
            let below = (k + 1..36).find(|&i| full[i][k]).map_or(ROOT, |i| i as u32);
            assert_eq!(parents[k], below, "column {k}");
            assert_eq!(counts[k] as usize, (k..36).filter(|&i| full[i][k]).count(), "column {k}");
        }
    }

    #[test]
    fn supernodes_are_a_postorder_of_all_nodes() {
        let matrix = grid(12);
        let order: Vec<u32> = (0..144).map(|k| (k * 35) % 144).collect();
        let found = supernodes(&matrix, &order);
        let mut nodes = found.order.clone();
        nodes.sort_unstable();
        assert!(nodes.iter().enumerate().all(|(k, &node)| k == node as usize));
        for (s, &parent) in found.parents.iter().enumerate() {
            assert!(s < parent as usize, "children come first");
        }
    }
}
