//! Supernodal multifrontal Cholesky factor of a block matrix.
//!
//! ```text
//! order of the nodes -> tree of supernodes -> fronts: dense panels and updates -> substitution
//!       ordering            tree                 front, numeric                    substitute
//! ```
//! Guaranteed: the same bits for any number of threads. The tree is cut into tasks and the fronts into tiles by
//! sizes alone, updates are added in the order of the children, and the dense kernels of faer run on one thread each.
//!
//! # Source
//! Liu (1992), The multifrontal method for sparse matrix solution: theory and practice, SIAM Review 34, 82–109.

mod front;
mod numeric;
mod substitute;
#[cfg(test)]
mod tests;
mod trapezoid;
mod tree;

use std::ops::Range;
use std::sync::Mutex;

use front::Front;
use numeric::Elimination;
use tree::{ROOT, Supernodes, supernodes};

use super::{BlockMatrix, LinearError};

/// A subtree with less than this share of all operations is one task: enough tasks to keep several threads busy, few
/// enough fronts above them.
const TASK_SHARE: f64 = 1.0 / 40.0;

/// Operations below which a subtree is always one task and a front is never shared: some milliseconds.
const TASK_OPERATIONS: f64 = 3e7;

/// Pattern of the factor for one order of the nodes; good for any values on the same pattern.
#[derive(Debug)]
pub(super) struct Symbolic {
    /// Node eliminated as number k.
    order: Vec<u32>,
    /// Supernodes, children before parents.
    nodes: Vec<Supernode>,
    /// Supernodes without a parent.
    roots: Vec<u32>,
    /// Children of all supernodes, ascending.
    children: Vec<u32>,
    /// Columns of nodes below each supernode, ascending.
    rows: Vec<u32>,
    /// Node of the parent's front, beside `rows`.
    places: Vec<u32>,
    /// Entries of the matrix by columns of nodes: block, and node of the front for its rows.
    entries: Vec<(u32, u32)>,
    /// Start of each column in `entries`.
    entry_starts: Vec<u32>,
}

#[derive(Debug)]
struct Supernode {
    /// First column and the one after the last, in nodes.
    first: u32,
    end: u32,
    rows: Range<usize>,
    children: Range<usize>,
    /// First supernode of the subtree.
    first_descendant: usize,
    /// Edges to the root.
    depth: usize,
    /// Numbers in the panels of the supernodes before this one.
    value_start: usize,
    /// Operations (multiplications with additions) of its front, and of the subtree.
    operations: f64,
    subtree_operations: f64,
    /// Root of a subtree that is one task.
    is_task: bool,
    /// Has tasks below it.
    is_above_tasks: bool,
    /// Numbers on the stacks of even and odd depth while the subtree is one task.
    stacks: [usize; 2],
}

/// Numeric factor `P A Pᵀ = L Lᵀ`.
#[derive(Debug)]
pub(super) struct Factor {
    values: Vec<f64>,
}

impl Symbolic {
    /// Analyses the pattern for the given elimination order of the nodes.
    pub(super) fn analyze(matrix: &BlockMatrix, order: Vec<u32>) -> Self {
        let found = supernodes(matrix, &order);
        let mut symbolic = Self {
            order: Vec::new(),
            nodes: Vec::with_capacity(found.parents.len()),
            roots: Vec::new(),
            children: Vec::with_capacity(found.parents.len()),
            rows: Vec::new(),
            places: Vec::new(),
            entries: Vec::new(),
            entry_starts: vec![0],
        };
        symbolic.add_nodes(&found);
        symbolic.order = found.order;
        symbolic.add_pattern(matrix);
        symbolic.add_places();
        symbolic.cut_into_tasks(&found.parents);
        symbolic
    }

    /// Columns and children of the supernodes.
    fn add_nodes(&mut self, found: &Supernodes) {
        let n = found.parents.len();
        let mut children = vec![Vec::new(); n];
        for (s, &parent) in found.parents.iter().enumerate() {
            if parent == ROOT { &mut self.roots } else { &mut children[parent as usize] }.push(s as u32);
        }
        for (s, own) in children.into_iter().enumerate() {
            let start = self.children.len();
            let first_descendant = own.first().map_or(s, |&c| self.nodes[c as usize].first_descendant);
            self.children.extend(own);
            self.nodes.push(Supernode {
                first: found.starts[s],
                end: found.starts[s + 1],
                rows: 0..0,
                children: start..self.children.len(),
                first_descendant,
                depth: 0,
                value_start: 0,
                operations: 0.0,
                subtree_operations: 0.0,
                is_task: false,
                is_above_tasks: false,
                stacks: [0; 2],
            });
        }
        for s in (0..n).rev() {
            if found.parents[s] != ROOT {
                self.nodes[s].depth = self.nodes[found.parents[s] as usize].depth + 1;
            }
        }
    }

    /// Rows below each supernode and where the entries of the matrix go.
    fn add_pattern(&mut self, matrix: &BlockMatrix) {
        let mut rank = vec![0; self.order.len()];
        for (k, &node) in self.order.iter().enumerate() {
            rank[node as usize] = k as u32;
        }
        // For each node: the last supernode that has it in its front, shifted by one, and its place there.
        let mut seen = vec![0_u32; self.order.len()];
        let mut place = vec![0_u32; self.order.len()];
        let mut value_start = 0;
        for s in 0..self.nodes.len() {
            let (first, end) = (self.nodes[s].first, self.nodes[s].end);
            let mut rows = Vec::new();
            let mut take = |row: u32| {
                if end <= row && seen[row as usize] != s as u32 + 1 {
                    seen[row as usize] = s as u32 + 1;
                    rows.push(row);
                }
            };
            for &c in self.children(s) {
                self.rows[self.nodes[c as usize].rows.clone()].iter().copied().for_each(&mut take);
            }
            for k in first..end {
                let row = matrix.row(self.order[k as usize] as usize);
                row.iter().map(|&j| rank[j as usize]).for_each(&mut take);
            }
            rows.sort_unstable();
            let n_pivots = end - first;
            for (k, &row) in rows.iter().enumerate() {
                place[row as usize] = n_pivots + k as u32;
            }
            for k in first..end {
                let node = self.order[k as usize] as usize;
                for (e, &j) in matrix.row(node).iter().enumerate() {
                    let row = rank[j as usize];
                    if k <= row {
                        let place = if row < end { row - first } else { place[row as usize] };
                        self.entries.push(((matrix.row_starts[node] + e) as u32, place));
                    }
                }
                self.entry_starts.push(self.entries.len() as u32);
            }
            let start = self.rows.len();
            self.rows.extend(rows);
            self.nodes[s].rows = start..self.rows.len();
            self.nodes[s].value_start = value_start;
            value_start += self.front(s).panel().len();
        }
    }

    /// Where the rows of each supernode lie in the front of its parent.
    fn add_places(&mut self) {
        self.places = vec![0; self.rows.len()];
        for s in 0..self.nodes.len() {
            let (first, end) = (self.nodes[s].first, self.nodes[s].end);
            let below = self.nodes[s].rows.clone();
            for &c in &self.children[self.nodes[s].children.clone()] {
                let mut k = 0;
                for at in self.nodes[c as usize].rows.clone() {
                    let row = self.rows[at];
                    self.places[at] = if row < end {
                        row - first
                    } else {
                        while self.rows[below.start + k] < row {
                            k += 1;
                        }
                        end - first + k as u32
                    };
                }
            }
        }
    }

    /// Decides which subtrees are tasks and how much room their stacks need.
    fn cut_into_tasks(&mut self, parents: &[u32]) {
        let mut total = 0.0;
        for s in 0..self.nodes.len() {
            let front = self.front(s);
            let (rows, left) = (front.rows as f64, (front.rows - front.pivots) as f64);
            let operations = (rows.powi(3) - left.powi(3)) / 6.0;
            let below: f64 =
                self.children(s).iter().map(|&c| self.nodes[c as usize].subtree_operations).sum();
            self.nodes[s].operations = operations;
            self.nodes[s].subtree_operations = operations + below;
            total += operations;
        }
        let most = TASK_OPERATIONS.max(TASK_SHARE * total);
        let small = |symbolic: &Self, s: usize| symbolic.nodes[s].subtree_operations <= most;
        for (s, &parent) in parents.iter().enumerate() {
            self.nodes[s].is_above_tasks = !small(self, s);
            self.nodes[s].is_task = small(self, s) && (parent == ROOT || !small(self, parent as usize));
        }
        for s in (0..self.nodes.len()).filter(|&s| self.nodes[s].is_task).collect::<Vec<_>>() {
            let (mut tops, mut peaks) = ([0; 2], [0; 2]);
            for t in self.nodes[s].first_descendant..s {
                let parity = self.nodes[t].depth % 2;
                let children = self.children(t).iter();
                tops[1 - parity] -= children.map(|&c| self.front(c as usize).update().len()).sum::<usize>();
                tops[parity] += self.front(t).update().len();
                peaks[parity] = peaks[parity].max(tops[parity]);
            }
            self.nodes[s].stacks = peaks;
        }
    }

    fn children(&self, s: usize) -> &[u32] {
        &self.children[self.nodes[s].children.clone()]
    }

    /// Nodes of the parent's front for the rows below a supernode.
    fn places(&self, s: usize) -> &[u32] {
        &self.places[self.nodes[s].rows.clone()]
    }

    /// Unknowns that a supernode eliminates.
    fn columns(&self, s: usize) -> Range<usize> {
        3 * self.nodes[s].first as usize..3 * self.nodes[s].end as usize
    }

    fn front(&self, s: usize) -> Front {
        let node = &self.nodes[s];
        let pivots = 3 * (node.end - node.first) as usize;
        let parallel = node.is_above_tasks && TASK_OPERATIONS < node.operations;
        Front { pivots, rows: pivots + 3 * node.rows.len(), parallel }
    }

    /// Numbers in the panels of a subtree.
    fn subtree_len(&self, s: usize) -> usize {
        let end = self.nodes[s].value_start + self.front(s).panel().len();
        end - self.nodes[self.nodes[s].first_descendant].value_start
    }

    /// The panels of some subtrees, and what comes after them.
    ///
    /// - `tops`: supernodes whose subtrees follow each other, from the start of `values`
    fn split<'a>(
        &self,
        tops: &[u32],
        mut values: &'a mut [f64],
    ) -> (Vec<(usize, &'a mut [f64])>, &'a mut [f64]) {
        let mut parts = Vec::with_capacity(tops.len());
        for &s in tops {
            let (part, rest) = values.split_at_mut(self.subtree_len(s as usize));
            parts.push((s as usize, part));
            values = rest;
        }
        (parts, values)
    }

    /// Adds the entries of the matrix to the panel of a supernode.
    fn scatter(&self, s: usize, matrix: &BlockMatrix, panel: &mut [f64]) {
        let front = self.front(s);
        let shape = front.panel();
        let first = self.nodes[s].first as usize;
        for (strip, values) in shape.strips_mut(panel).into_iter().enumerate() {
            let (start, end) = shape.span(strip);
            let height = shape.rows - start;
            for node in start / 3..end / 3 {
                let column = first + node;
                let span = self.entry_starts[column] as usize..self.entry_starts[column + 1] as usize;
                for &(block, place) in &self.entries[span] {
                    let block = &matrix.blocks[block as usize];
                    let row = 3 * place as usize - start;
                    for c in 0..3 {
                        let at = (3 * node + c - start) * height + row;
                        values[at..at + 3].copy_from_slice(&block[3 * c..3 * c + 3]);
                    }
                }
            }
        }
    }

    /// Entries of the factor, explicit zeros included.
    pub(super) fn n_entries(&self) -> usize {
        self.nodes.last().map_or(0, |node| node.value_start) + self.last_panel()
    }

    fn last_panel(&self) -> usize {
        self.nodes.len().checked_sub(1).map_or(0, |s| self.front(s).panel().len())
    }

    /// Multiplications with additions of a factorisation.
    pub(super) fn operations(&self) -> f64 {
        self.nodes.iter().map(|node| node.operations).sum()
    }

    /// Bytes of the pattern.
    pub(super) fn memory_bytes(&self) -> usize {
        let words = self.order.len() + self.children.len() + self.rows.len() + self.places.len();
        4 * (words + self.entry_starts.len())
            + 8 * self.entries.len()
            + size_of::<Supernode>() * self.nodes.len()
    }

    /// Bytes of a factorisation at its largest, about: the factor, and the updates that wait while a few tasks run.
    ///
    /// The number of threads does not enter, so that a decision by memory does not depend on the machine.
    pub(super) fn peak_bytes(&self) -> usize {
        const TASKS: usize = 4;
        let mut tasks: Vec<usize> =
            self.nodes.iter().filter(|node| node.is_task).map(|node| node.stacks.iter().sum()).collect();
        tasks.sort_unstable_by(|a, b| b.cmp(a));
        let stacks: usize = tasks.iter().take(TASKS).sum();
        // Updates above the tasks, two branches deep at a time.
        let mut peaks = vec![0; self.nodes.len()];
        for s in 0..self.nodes.len() {
            let own = self.front(s).update().len();
            peaks[s] = if self.nodes[s].is_task {
                own
            } else {
                let (mut held, mut peak) = (own, 0);
                let mut inner: Vec<usize> = Vec::new();
                for &c in self.children(s) {
                    held += self.front(c as usize).update().len();
                    inner.push(peaks[c as usize]);
                }
                inner.sort_unstable_by(|a, b| b.cmp(a));
                peak += inner.iter().take(2).sum::<usize>();
                peak.max(held)
            };
        }
        let above = self.roots.iter().map(|&s| peaks[s as usize]).max().unwrap_or(0);
        8 * (self.n_entries() + stacks + above) + self.memory_bytes()
    }

    /// Factorises values on the analyzed pattern.
    ///
    /// # Errors
    /// [`LinearError::Singular`] when a pivot is not positive or vanishes against its diagonal entry.
    pub(super) fn factorize(&self, matrix: &BlockMatrix) -> Result<Factor, LinearError> {
        let mut values = vec![0.0; self.n_entries()];
        let natural = matrix.diagonal();
        let diagonal =
            self.order.iter().flat_map(|&node| natural[3 * node as usize..][..3].iter().copied()).collect();
        let elimination = Elimination { symbolic: self, matrix, diagonal, spare: Mutex::default() };
        elimination.run(&mut values).map_err(|column| {
            let node = self.order[column / 3] as usize;
            LinearError::Singular { unknown: 3 * node + column % 3, node }
        })?;
        Ok(Factor { values })
    }
}

impl Factor {
    /// Bytes of the numbers.
    pub(super) fn memory_bytes(&self) -> usize {
        8 * self.values.len()
    }
}
