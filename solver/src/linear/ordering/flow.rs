//! The smallest separator near a given one, by maximum flow.
//!
//! ```text
//! side 0 | band: some layers on both sides of the separator | side 1
//!   in ->  as many paths without a common vertex as there are  -> out
//! ```
//! By Menger's theorem the largest number of such paths is the size of the smallest separator inside the band.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::graph::Graph;
use super::separator::{BETWEEN, Side};

const NONE: u32 = u32::MAX;
/// In place of a vertex: the side a path comes from or goes to.
const END: u32 = u32::MAX - 1;

/// Replaces a separator by the smallest one around it and returns its size, or `None` when it exceeds `bound`.
///
/// - `largest`: number of vertices that neither side should exceed
pub(super) fn tighten(
    graph: &Graph,
    sides: &mut [Side],
    largest: usize,
    bound: &AtomicUsize,
) -> Option<usize> {
    let mut count = [0_usize; 3];
    for &side in &*sides {
        count[side as usize] += 1;
    }
    let mut band: Vec<u32> = (0..graph.n() as u32).filter(|&i| sides[i as usize] == BETWEEN).collect();
    let separator_len = band.len();
    let mut local = vec![NONE; graph.n()];
    for (k, &i) in band.iter().enumerate() {
        local[i as usize] = k as u32;
    }
    for side in 0..2 {
        // Even if all of it went to the other side, that would not become too large.
        let room = largest.saturating_sub(count[1 - side] + separator_len);
        let mut taken = 0;
        // Breadth first from the separator; vertices of the other side are passed over.
        let mut layer: VecDeque<u32> = band[..separator_len].iter().copied().collect();
        while let Some(i) = layer.pop_front() {
            if taken == room {
                break;
            }
            for &j in graph.row(i as usize) {
                if taken < room && sides[j as usize] == side as Side && local[j as usize] == NONE {
                    taken += 1;
                    local[j as usize] = band.len() as u32;
                    band.push(j);
                    layer.push_back(j);
                }
            }
        }
    }
    let mut flow = Flow::new(graph, &band, &local, sides);
    flow.maximize(bound)?;
    let (near, far) = (flow.cut(true), flow.cut(false));
    let outcome = |cut: &[Side]| {
        let mut sizes = count;
        for (&i, &side) in band.iter().zip(cut) {
            sizes[sides[i as usize] as usize] -= 1;
            sizes[side as usize] += 1;
        }
        (sizes[2], sizes[0].abs_diff(sizes[1]))
    };
    let (size, difference) = outcome(&near);
    let far_outcome = outcome(&far);
    let cut = if (size, difference) <= far_outcome { near } else { far };
    for (&i, &side) in band.iter().zip(&cut) {
        sides[i as usize] = side;
    }
    Some(size)
}

/// Paths through the band. Each vertex is two states, `2 v` where paths arrive and `2 v + 1` where they leave.
struct Flow {
    starts: Vec<u32>,
    neighbors: Vec<u32>,
    from_source: Vec<bool>,
    to_sink: Vec<bool>,
    /// Vertex before and after each vertex on its path.
    before: Vec<u32>,
    after: Vec<u32>,
}

impl Flow {
    fn new(graph: &Graph, band: &[u32], local: &[u32], sides: &[Side]) -> Self {
        let mut flow = Self {
            starts: vec![0],
            neighbors: Vec::new(),
            from_source: vec![false; band.len()],
            to_sink: vec![false; band.len()],
            before: vec![NONE; band.len()],
            after: vec![NONE; band.len()],
        };
        for (k, &i) in band.iter().enumerate() {
            for &j in graph.row(i as usize) {
                match (local[j as usize], sides[j as usize]) {
                    (NONE, 0) => flow.from_source[k] = true,
                    (NONE, _) => flow.to_sink[k] = true,
                    (inside, _) => flow.neighbors.push(inside),
                }
            }
            flow.starts.push(flow.neighbors.len() as u32);
        }
        flow
    }

    fn row(&self, v: usize) -> &[u32] {
        &self.neighbors[self.starts[v] as usize..self.starts[v + 1] as usize]
    }

    /// Finds as many paths as there are; `None` as soon as there are more than `bound`.
    ///
    /// # Source
    /// Dinic's algorithm on unit capacities: Even & Tarjan (1975), SIAM J. Comput. 4, 507–518.
    fn maximize(&mut self, bound: &AtomicUsize) -> Option<usize> {
        let n = self.before.len();
        let mut paths = 0;
        loop {
            let (mut level, last) = self.levels();
            let Some(last) = last else {
                return Some(paths);
            };
            if bound.load(Relaxed) < paths {
                return None;
            }
            // Next way out of each state to try in this phase.
            let mut cursor = vec![0_u32; 2 * n];
            for v in 0..n as u32 {
                if self.from_source[v as usize] && self.before[v as usize] != END {
                    paths += usize::from(self.advance(2 * v, last, &mut level, &mut cursor));
                }
            }
        }
    }

    /// Distance of each state from the source, and the least distance from which the sink is reached.
    fn levels(&self) -> (Vec<u32>, Option<u32>) {
        let n = self.before.len();
        let mut level = vec![NONE; 2 * n];
        let mut queue = VecDeque::new();
        for v in 0..n {
            if self.from_source[v] && self.before[v] != END {
                level[2 * v] = 0;
                queue.push_back(2 * v as u32);
            }
        }
        let mut last = None;
        while let Some(state) = queue.pop_front() {
            let v = (state / 2) as usize;
            if last.is_some_and(|last| level[state as usize] > last) {
                // Shortest paths only; what lies farther is of no use in this phase.
                break;
            }
            if state % 2 == 1 && self.to_sink[v] && self.after[v] != END {
                last = Some(level[state as usize]);
            }
            let next_level = level[state as usize] + 1;
            let mut see = |next: u32| {
                if level[next as usize] == NONE {
                    level[next as usize] = next_level;
                    queue.push_back(next);
                }
            };
            // The same ways as in `way`, all at once.
            match (state % 2 == 1, self.before[v]) {
                (false, NONE) => see(state + 1),
                (false, END) => {}
                (false, before) => see(2 * before + 1),
                (true, before) => {
                    let after = self.after[v];
                    self.row(v).iter().filter(|&&u| u != after).for_each(|&u| see(2 * u));
                    if before != NONE {
                        see(state - 1);
                    }
                }
            }
        }
        (level, last)
    }

    /// Way number k out of a state through what the paths leave free.
    fn way(&self, state: u32, k: usize) -> Way {
        let v = (state / 2) as usize;
        let used = self.before[v] != NONE;
        if state.is_multiple_of(2) {
            return match (k, used) {
                (0, false) => Way::To(state + 1),
                // Back along the path that arrives here.
                (0, true) if self.before[v] != END => Way::To(2 * self.before[v] + 1),
                (0, true) => Way::Closed,
                _ => Way::End,
            };
        }
        match self.row(v).get(k) {
            Some(&u) if self.after[v] != u => Way::To(2 * u),
            Some(_) => Way::Closed,
            // Back through the vertex itself.
            None if k == self.row(v).len() && used => Way::To(state - 1),
            None => Way::End,
        }
    }

    /// One more path from a state to the sink along growing levels, if there is one.
    ///
    /// States that lead nowhere in this phase lose their level, those of the path too.
    fn advance(&mut self, start: u32, last: u32, level: &mut [u32], cursor: &mut [u32]) -> bool {
        if level[start as usize] == NONE {
            return false;
        }
        let mut trail = vec![start];
        while let Some(&state) = trail.last() {
            let v = (state / 2) as usize;
            if state % 2 == 1 && self.to_sink[v] && self.after[v] != END {
                self.augment(&trail);
                for &state in &trail {
                    level[state as usize] = NONE;
                }
                return true;
            }
            let next_level = level[state as usize] + 1;
            let mut next = None;
            while next.is_none() && next_level <= last {
                let k = cursor[state as usize];
                cursor[state as usize] += 1;
                match self.way(state, k as usize) {
                    Way::To(to) if level[to as usize] == next_level => next = Some(to),
                    Way::To(_) | Way::Closed => {}
                    Way::End => break,
                }
            }
            match next {
                Some(next) => trail.push(next),
                None => {
                    level[state as usize] = NONE;
                    trail.pop();
                }
            }
        }
        false
    }

    /// Adds the path along the states to the flow.
    fn augment(&mut self, trail: &[u32]) {
        // Arcs taken back first, so that what is set afterwards stays.
        for pair in trail.windows(2) {
            let (v, u) = ((pair[0] / 2) as usize, (pair[1] / 2) as usize);
            if pair[0] % 2 == 0 && v != u {
                // Arc u → v is given up.
                self.after[u] = NONE;
                self.before[v] = NONE;
            }
        }
        if let Some(&first) = trail.first() {
            self.before[(first / 2) as usize] = END;
        }
        for pair in trail.windows(2) {
            let (v, u) = ((pair[0] / 2) as usize, (pair[1] / 2) as usize);
            if pair[0] % 2 == 1 && v != u {
                self.after[v] = u as u32;
                self.before[u] = v as u32;
            }
        }
        if let Some(&last) = trail.last() {
            self.after[(last / 2) as usize] = END;
        }
    }

    /// Sides of the band for the smallest separator nearest to the source or to the sink.
    fn cut(&self, near: bool) -> Vec<Side> {
        let n = self.before.len();
        let mut reached = vec![false; 2 * n];
        let mut stack = Vec::new();
        if near {
            // Without a way to the sink the search goes everywhere it can.
            let (level, _) = self.levels();
            for (state, flag) in reached.iter_mut().enumerate() {
                // The source reaches its vertices even where a path starts already.
                *flag = level[state] != NONE || (state % 2 == 0 && self.from_source[state / 2]);
            }
        } else {
            for v in 0..n {
                if self.to_sink[v] {
                    reached[2 * v + 1] = true;
                    stack.push(2 * v as u32 + 1);
                }
            }
            while let Some(state) = stack.pop() {
                let v = (state / 2) as usize;
                let mut take = |state: u32| {
                    if !reached[state as usize] {
                        reached[state as usize] = true;
                        stack.push(state);
                    }
                };
                // States with a way to this one.
                if state % 2 == 1 {
                    if self.before[v] == NONE {
                        take(state - 1);
                    } else if self.after[v] != END {
                        take(2 * self.after[v]);
                    }
                } else {
                    if self.before[v] != NONE {
                        take(state + 1);
                    }
                    for &u in self.row(v) {
                        if self.after[u as usize] != v as u32 {
                            take(2 * u + 1);
                        }
                    }
                }
            }
        }
        (0..n)
            .map(|v| match (reached[2 * v], reached[2 * v + 1], near) {
                (true, false, true) | (false, true, false) => BETWEEN,
                (true, true, true) | (false, false, false) => 0,
                (false, _, true) | (true, _, false) => 1,
            })
            .collect()
    }
}

/// Where a way leads.
enum Way {
    To(u32),
    /// Taken by a path.
    Closed,
    /// There are no more ways.
    End,
}
