//! Forward and backward substitution over the tree of fronts, for one or several right-hand sides.
//!
//! The right-hand sides lie side by side: unknown by unknown, within one the k values next to each other. So every
//! subtree owns one run of the vector. What a front subtracts from the unknowns above it goes up in a vector of its
//! own, in the order of the children; on the way back that vector carries the solution down.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::{Factor, Symbolic};

/// Right-hand sides that are solved together.
pub(in crate::linear) const TOGETHER: usize = 16;

impl Symbolic {
    /// `x ← A⁻¹ x`.
    pub(in crate::linear) fn solve(&self, factor: &Factor, x: &mut [f64]) {
        self.solve_many(factor, &mut [x]);
    }

    /// `x ← A⁻¹ x` for each of several vectors.
    pub(in crate::linear) fn solve_many(&self, factor: &Factor, xs: &mut [&mut [f64]]) {
        for xs in xs.chunks_mut(TOGETHER) {
            let k = xs.len();
            let mut mixed = Vec::with_capacity(3 * k * self.order.len());
            for &node in &self.order {
                for unknown in 3 * node as usize..3 * node as usize + 3 {
                    mixed.extend(xs.iter().map(|x| x[unknown]));
                }
            }
            let substitution = Substitution { symbolic: self, values: &factor.values, k };
            substitution.run(&mut mixed);
            for (values, &node) in mixed.chunks_exact(3 * k).zip(&self.order) {
                for (axis, values) in values.chunks_exact(k).enumerate() {
                    for (x, &value) in xs.iter_mut().zip(values) {
                        x[3 * node as usize + axis] = value;
                    }
                }
            }
        }
    }
}

struct Substitution<'a> {
    symbolic: &'a Symbolic,
    values: &'a [f64],
    /// Right-hand sides.
    k: usize,
}

/// Vectors of the rows below the fronts of a subtree: what goes up, then what comes down.
enum Carried {
    /// One vector after another for the supernodes of a task, its root last.
    Task(Vec<f64>),
    /// The vector of one front and those of its children.
    Front(Vec<f64>, Vec<Carried>),
}

impl Carried {
    /// The vector of the root of the subtree.
    ///
    /// - `len`: its length
    fn own(&mut self, len: usize) -> &mut [f64] {
        match self {
            Self::Task(all) => {
                let start = all.len() - len;
                &mut all[start..]
            }
            Self::Front(own, _) => own,
        }
    }
}

impl Substitution<'_> {
    fn run(&self, x: &mut [f64]) {
        let roots = &self.symbolic.roots;
        let jobs = self.split(roots, x).0;
        let carried: Vec<Carried> = jobs.into_par_iter().map(|(s, x)| self.up(s, x)).collect();
        let jobs = self.split(roots, x).0;
        jobs.into_par_iter().zip(carried).for_each(|((s, x), carried)| self.down(s, x, carried));
    }

    /// The unknowns of some subtrees, and what comes after them.
    fn split<'a>(&self, tops: &[u32], mut x: &'a mut [f64]) -> (Vec<(usize, &'a mut [f64])>, &'a mut [f64]) {
        let mut parts = Vec::with_capacity(tops.len());
        for &s in tops {
            let s = s as usize;
            let first = self.symbolic.nodes[s].first_descendant;
            let len = self.symbolic.columns(s).end - self.symbolic.columns(first).start;
            let (part, rest) = x.split_at_mut(self.k * len);
            parts.push((s, part));
            x = rest;
        }
        (parts, x)
    }

    /// Length of the vector below a supernode.
    fn below(&self, s: usize) -> usize {
        3 * self.k * self.symbolic.nodes[s].rows.len()
    }

    /// `x ← L⁻¹ x` in a subtree.
    fn up(&self, s: usize, x: &mut [f64]) -> Carried {
        if self.symbolic.nodes[s].is_task {
            return Carried::Task(self.task_up(s, x));
        }
        let children = self.symbolic.children(s);
        let (jobs, pivots) = self.split(children, x);
        let mut carried: Vec<Carried> =
            jobs.into_par_iter().with_max_len(1).map(|(c, x)| self.up(c, x)).collect();
        let mut below = vec![0.0; self.below(s)];
        for (&c, carried) in children.iter().zip(&mut carried) {
            self.gather(c as usize, carried.own(self.below(c as usize)), pivots, &mut below);
        }
        self.forward(s, pivots, &mut below);
        Carried::Front(below, carried)
    }

    fn task_up(&self, s: usize, mut x: &mut [f64]) -> Vec<f64> {
        let (first, rows) = self.rows_of_task(s);
        let mut all = vec![0.0; self.start_of(rows, s) + self.below(s)];
        for t in first..=s {
            let (pivots, rest) = x.split_at_mut(self.k * self.symbolic.columns(t).len());
            x = rest;
            let (earlier, own) = all.split_at_mut(self.start_of(rows, t));
            let below = &mut own[..self.below(t)];
            for &c in self.symbolic.children(t) {
                let c = c as usize;
                self.gather(c, &earlier[self.start_of(rows, c)..][..self.below(c)], pivots, below);
            }
            self.forward(t, pivots, below);
        }
        all
    }

    /// First supernode of a task and where its rows begin.
    fn rows_of_task(&self, s: usize) -> (usize, usize) {
        let first = self.symbolic.nodes[s].first_descendant;
        (first, self.symbolic.nodes[first].rows.start)
    }

    /// Start of the vector of a supernode in that of its task.
    fn start_of(&self, rows: usize, s: usize) -> usize {
        3 * self.k * (self.symbolic.nodes[s].rows.start - rows)
    }

    /// Adds the vector of a child to the pivots of its parent and the vector below them.
    fn gather(&self, child: usize, carried: &[f64], pivots: &mut [f64], below: &mut [f64]) {
        let step = 3 * self.k;
        for (&place, values) in self.symbolic.places(child).iter().zip(carried.chunks_exact(step)) {
            let start = step * place as usize;
            let target = match start.checked_sub(pivots.len()) {
                None => &mut pivots[start..start + step],
                Some(start) => &mut below[start..start + step],
            };
            for (sum, value) in target.iter_mut().zip(values) {
                *sum += value;
            }
        }
    }

    /// Takes the vector of a child from the pivots of its parent and the vector below them.
    fn hand_down(&self, child: usize, carried: &mut [f64], pivots: &[f64], below: &[f64]) {
        let step = 3 * self.k;
        for (&place, values) in self.symbolic.places(child).iter().zip(carried.chunks_exact_mut(step)) {
            let start = step * place as usize;
            values.copy_from_slice(match start.checked_sub(pivots.len()) {
                None => &pivots[start..start + step],
                Some(start) => &below[start..start + step],
            });
        }
    }

    /// The strips of a panel, with the first pivot of each and its width.
    fn strips(&self, s: usize) -> impl DoubleEndedIterator<Item = (usize, usize, MatRef<'_, f64>)> {
        let shape = self.symbolic.front(s).panel();
        let start = self.symbolic.nodes[s].value_start;
        let strips = shape.strips(&self.values[start..start + shape.len()]);
        strips.into_iter().enumerate().map(move |(k, strip)| {
            let (first, end) = shape.span(k);
            (first, end - first, strip)
        })
    }

    fn matrix<'b>(&self, x: &'b [f64]) -> MatRef<'b, f64> {
        MatRef::from_row_major_slice(x, x.len() / self.k, self.k)
    }

    fn matrix_mut<'b>(&self, x: &'b mut [f64]) -> MatMut<'b, f64> {
        let rows = x.len() / self.k;
        MatMut::from_row_major_slice_mut(x, rows, self.k)
    }

    /// Solves for the pivots of one front and subtracts their share from the rows below.
    fn forward(&self, s: usize, pivots: &mut [f64], below: &mut [f64]) {
        for (first, width, strip) in self.strips(s) {
            let (_, rest) = pivots.split_at_mut(self.k * first);
            let (own, later) = rest.split_at_mut(self.k * width);
            let (corner, under) = strip.split_at_row(width);
            solve_lower_triangular_in_place(corner, self.matrix_mut(own), Par::Seq);
            let (to_later, to_below) = under.split_at_row(later.len() / self.k);
            for (l, target) in [(to_later, later), (to_below, &mut *below)] {
                if !target.is_empty() {
                    matmul(self.matrix_mut(target), Accum::Add, l, self.matrix(own), -1.0, Par::Seq);
                }
            }
        }
    }

    /// Solves for the pivots of one front with the solution in the rows below.
    fn backward(&self, s: usize, pivots: &mut [f64], below: &[f64]) {
        for (first, width, strip) in self.strips(s).rev() {
            let (_, rest) = pivots.split_at_mut(self.k * first);
            let (own, later) = rest.split_at_mut(self.k * width);
            let (corner, under) = strip.split_at_row(width);
            let (to_later, to_below) = under.split_at_row(later.len() / self.k);
            for (l, source) in [(to_later, &*later), (to_below, below)] {
                if !source.is_empty() {
                    let l = l.transpose();
                    matmul(self.matrix_mut(own), Accum::Add, l, self.matrix(source), -1.0, Par::Seq);
                }
            }
            solve_upper_triangular_in_place(corner.transpose(), self.matrix_mut(own), Par::Seq);
        }
    }

    /// `x ← L⁻ᵀ x` in a subtree whose root has the solution above it in its carried vector.
    fn down(&self, s: usize, x: &mut [f64], carried: Carried) {
        match carried {
            Carried::Task(all) => self.task_down(s, x, all),
            Carried::Front(below, mut carried) => {
                let children = self.symbolic.children(s);
                let (jobs, pivots) = self.split(children, x);
                self.backward(s, pivots, &below);
                for (&c, carried) in children.iter().zip(&mut carried) {
                    let c = c as usize;
                    self.hand_down(c, carried.own(self.below(c)), pivots, &below);
                }
                let jobs: Vec<_> = jobs.into_iter().zip(carried).collect();
                jobs.into_par_iter().with_max_len(1).for_each(|((c, x), carried)| self.down(c, x, carried));
            }
        }
    }

    fn task_down(&self, s: usize, mut x: &mut [f64], mut all: Vec<f64>) {
        let (first, rows) = self.rows_of_task(s);
        for t in (first..=s).rev() {
            let (rest, pivots) = x.split_at_mut(x.len() - self.k * self.symbolic.columns(t).len());
            x = rest;
            let (earlier, own) = all.split_at_mut(self.start_of(rows, t));
            let below = &own[..self.below(t)];
            self.backward(t, pivots, below);
            for &c in self.symbolic.children(t) {
                let c = c as usize;
                let carried = &mut earlier[self.start_of(rows, c)..][..self.below(c)];
                self.hand_down(c, carried, pivots, below);
            }
        }
    }
}
