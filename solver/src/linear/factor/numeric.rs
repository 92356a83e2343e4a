//! Numeric factorisation over the tree of fronts.
//!
//! ```text
//!        root            above: one front after another, each shared between threads by tiles;
//!      /      \          branches beside each other at the same time
//!    top      task
//!   /   \                tasks: whole subtrees on one thread, updates on two stacks
//! task  task
//! ```

use std::sync::Mutex;

use rayon::prelude::*;

use super::Symbolic;
use super::front::Update;
use crate::linear::BlockMatrix;

/// Numbers in the largest buffer that is kept for the next front: clearing new pages costs about as much as using
/// them, but the large buffers near the root are few and would be held for nothing.
const LARGEST_SPARE: usize = 4 << 20;

/// Values of one factorisation while it runs.
pub(super) struct Elimination<'a> {
    pub(super) symbolic: &'a Symbolic,
    pub(super) matrix: &'a BlockMatrix,
    /// Diagonal of the matrix in the order of elimination.
    pub(super) diagonal: Vec<f64>,
    /// Buffers of finished work, for the next one.
    pub(super) spare: Mutex<Vec<Vec<f64>>>,
}

impl Elimination<'_> {
    /// Fills the panels of all supernodes.
    ///
    /// # Errors
    /// Number of the first unsound column.
    pub(super) fn run(&self, values: &mut [f64]) -> Result<(), usize> {
        let trees = self.symbolic.split(&self.symbolic.roots, values).0;
        let outcomes: Vec<Result<Vec<f64>, usize>> =
            trees.into_par_iter().map(|(s, part)| self.subtree(s, part)).collect();
        outcomes.into_iter().try_for_each(|outcome| outcome.map(drop))
    }

    /// Eliminates the subtree of a supernode and returns its update.
    ///
    /// - `values`: panels of the subtree, zero
    ///
    /// # Errors
    /// Number of the first unsound column of the subtree.
    pub(super) fn subtree(&self, s: usize, values: &mut [f64]) -> Result<Vec<f64>, usize> {
        if self.symbolic.nodes[s].is_task {
            return self.task(s, values);
        }
        let children = self.symbolic.children(s);
        let (jobs, panel) = self.symbolic.split(children, values);
        let updates: Vec<Result<Vec<f64>, usize>> =
            jobs.into_par_iter().with_max_len(1).map(|(c, part)| self.subtree(c, part)).collect();
        // Children are in ascending order: the first error is the one of the least column.
        let updates: Vec<Vec<f64>> = updates.into_iter().collect::<Result<_, _>>()?;
        let sources: Vec<Update<'_>> = children
            .iter()
            .zip(&updates)
            .map(|(&c, values)| Update { values, places: self.symbolic.places(c as usize) })
            .collect();
        let mut update = self.buffer(self.symbolic.front(s).update().len());
        self.front(s, panel, &sources, &mut update)?;
        drop(sources);
        for buffer in updates {
            self.give_back(buffer);
        }
        Ok(update)
    }

    /// A whole subtree on this thread.
    ///
    /// The update of a front goes on the stack of its depth, even or odd, those of its children lie on the other.
    fn task(&self, s: usize, mut values: &mut [f64]) -> Result<Vec<f64>, usize> {
        let symbolic = self.symbolic;
        let first = symbolic.nodes[s].first_descendant;
        let mut result = self.buffer(symbolic.front(s).update().len());
        let peaks = symbolic.nodes[s].stacks;
        let mut stacks = [self.buffer(peaks[0]), self.buffer(peaks[1])];
        let mut tops = [0, 0];
        for t in first..=s {
            let (panel, rest) = values.split_at_mut(symbolic.front(t).panel().len());
            values = rest;
            let parity = symbolic.nodes[t].depth % 2;
            let children = symbolic.children(t);
            let [even, odd] = &mut stacks;
            let (own, other) = if parity == 0 { (even, odd) } else { (odd, even) };
            let size = |c: u32| symbolic.front(c as usize).update().len();
            let below: usize = children.iter().map(|&c| size(c)).sum();
            let mut start = tops[1 - parity] - below;
            tops[1 - parity] = start;
            let mut sources = Vec::with_capacity(children.len());
            for &c in children {
                let end = start + size(c);
                sources.push(Update { values: &other[start..end], places: symbolic.places(c as usize) });
                start = end;
            }
            if t == s {
                self.front(t, panel, &sources, &mut result)?;
            } else {
                let end = tops[parity] + size(t as u32);
                self.front(t, panel, &sources, &mut own[tops[parity]..end])?;
                tops[parity] = end;
            }
        }
        for stack in stacks {
            self.give_back(stack);
        }
        Ok(result)
    }

    fn front(
        &self,
        s: usize,
        panel: &mut [f64],
        children: &[Update<'_>],
        update: &mut [f64],
    ) -> Result<(), usize> {
        let front = self.symbolic.front(s);
        self.symbolic.scatter(s, self.matrix, panel);
        front.add_to_panel(children, panel);
        let columns = self.symbolic.columns(s);
        let outcome = front.factorize(panel, &self.diagonal[columns.clone()]);
        outcome.map_err(|k| columns.start + k)?;
        if !update.is_empty() {
            front.set_update(panel, update);
            front.add_to_update(children, update);
        }
        Ok(())
    }

    /// Room for numbers that are written before they are read.
    fn buffer(&self, len: usize) -> Vec<f64> {
        let mut spare = self.spare.lock().expect("no thread panics with the lock");
        let fits = |k: &usize| (len..=3 * len).contains(&spare[*k].capacity());
        let Some(k) = (0..spare.len()).filter(fits).min_by_key(|&k| spare[k].capacity()) else {
            drop(spare);
            return vec![0.0; len];
        };
        let mut buffer = spare.swap_remove(k);
        buffer.resize(len, 0.0);
        buffer
    }

    fn give_back(&self, buffer: Vec<f64>) {
        if (1..=LARGEST_SPARE).contains(&buffer.len()) {
            self.spare.lock().expect("no thread panics with the lock").push(buffer);
        }
    }
}
