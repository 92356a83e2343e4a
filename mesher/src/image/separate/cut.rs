//! Minimum cut between two labels inside a band of voxels, by maximum flow.
//!
//! Capacities are whole numbers, so that the answer is exact and the same everywhere. Paths are short because the band
//! is thin, which suits blocking flows.
//!
//! # Source
//! Boykov & Funka-Lea (2006), Graph cuts and efficient N-D image segmentation, International Journal of Computer
//! Vision 70:109–131; Dinic (1970), Soviet Mathematics Doklady 11:1277–1280.

use super::flood::Neighbors;

const NONE: u32 = u32::MAX;

/// Numbers of the nodes of a band by voxel of the box; none outside the band.
pub(super) fn numbers(band: &[usize], n_voxels: usize) -> Vec<u32> {
    let mut numbers = vec![NONE; n_voxels];
    for (i, n) in band.iter().enumerate() {
        numbers[*n] = i as u32;
    }
    numbers
}

/// Voxels of the band as nodes, edges to the six neighbors, and what is fixed outside the band as terminals.
pub(super) struct Network {
    /// Number of the voxel of each node.
    voxels: Vec<usize>,
    neighbors: Vec<[u32; 6]>,
    /// Residual capacities toward the neighbors, the source and the sink.
    residual: Vec<[i32; 6]>,
    source: Vec<i32>,
    sink: Vec<i32>,
    level: Vec<u32>,
    arc: Vec<u8>,
}

impl Network {
    /// Network of the voxels of `band`.
    ///
    /// - `number`: as [`numbers`] gives it
    /// - `side(n)`: for a voxel outside the band: source (`true`), sink (`false`), or no bone
    /// - `capacity(n, m, axis)`: of the face between two voxels, 0 or more
    pub(super) fn new(
        band: &[usize],
        number: &[u32],
        dims: [usize; 3],
        side: impl Fn(usize) -> Option<bool>,
        capacity: impl Fn(usize, usize, usize) -> i32,
    ) -> Self {
        let grid = Neighbors::new(dims);
        let n = band.len();
        let mut net = Self {
            voxels: band.to_vec(),
            neighbors: vec![[NONE; 6]; n],
            residual: vec![[0; 6]; n],
            source: vec![0; n],
            sink: vec![0; n],
            level: vec![NONE; n],
            arc: vec![0; n],
        };
        for (i, &v) in band.iter().enumerate() {
            for (d, m) in grid.of(v).into_iter().enumerate().filter_map(|(d, m)| Some((d, m?))) {
                let c = capacity(v, m, d / 2);
                if number[m] != NONE {
                    net.neighbors[i][d] = number[m];
                    net.residual[i][d] = c;
                } else {
                    match side(m) {
                        Some(true) => net.source[i] = net.source[i].saturating_add(c),
                        Some(false) => net.sink[i] = net.sink[i].saturating_add(c),
                        None => {}
                    }
                }
            }
            // What joins both terminals flows at once.
            let both = net.source[i].min(net.sink[i]);
            net.source[i] -= both;
            net.sink[i] -= both;
        }
        net
    }

    /// Voxels on the side of the source of the least cut that lies nearest to the source.
    pub(super) fn source_side(mut self) -> Vec<usize> {
        while self.levels() {
            self.arc.fill(0);
            for start in 0..self.voxels.len() {
                while 0 < self.source[start] && self.level[start] == 0 && self.augment(start) {}
            }
        }
        let reached = self.level.iter().zip(&self.voxels).filter(|(l, _)| **l != NONE);
        reached.map(|(_, v)| *v).collect()
    }

    /// Distances from the source; whether the sink can be reached.
    fn levels(&mut self) -> bool {
        self.level.fill(NONE);
        let mut front: Vec<u32> = Vec::new();
        for (i, _) in self.source.iter().enumerate().filter(|(_, s)| 0 < **s) {
            self.level[i] = 0;
            front.push(i as u32);
        }
        let (mut depth, mut found) = (0, false);
        while !front.is_empty() {
            depth += 1;
            let mut next = Vec::new();
            for &i in &front {
                found |= 0 < self.sink[i as usize];
                for d in 0..6 {
                    let j = self.neighbors[i as usize][d];
                    if j != NONE && 0 < self.residual[i as usize][d] && self.level[j as usize] == NONE {
                        self.level[j as usize] = depth;
                        next.push(j);
                    }
                }
            }
            front = next;
        }
        found
    }

    /// One path from `start` to the sink along growing levels; false if there is none left.
    fn augment(&mut self, start: usize) -> bool {
        let mut path: Vec<(usize, usize)> = Vec::new();
        let mut at = start;
        loop {
            if 0 < self.sink[at] {
                let along = path.iter().map(|(i, d)| self.residual[*i][*d]);
                let flow = along.fold(self.source[start].min(self.sink[at]), i32::min);
                for &(i, d) in &path {
                    let j = self.neighbors[i][d] as usize;
                    self.residual[i][d] -= flow;
                    self.residual[j][d ^ 1] = self.residual[j][d ^ 1].saturating_add(flow);
                }
                self.source[start] -= flow;
                self.sink[at] -= flow;
                return true;
            }
            let step = (usize::from(self.arc[at])..6).find(|d| {
                let j = self.neighbors[at][*d];
                j != NONE && 0 < self.residual[at][*d] && self.level[j as usize] == self.level[at] + 1
            });
            if let Some(d) = step {
                self.arc[at] = d as u8;
                path.push((at, d));
                at = self.neighbors[at][d] as usize;
                continue;
            }
            self.arc[at] = 6;
            match path.pop() {
                // The arc that led here is exhausted.
                Some((before, d)) => {
                    self.arc[before] = d as u8 + 1;
                    at = before;
                }
                None => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_goes_through_the_weakest_layer() {
        // A bar of 12 × 3 × 3 voxels between two fixed ends; the faces between 7 and 8 are weak.
        let dims = [12, 3, 3];
        let x = |n: usize| n % 12;
        let band: Vec<usize> = (0..108).filter(|n| (1..11).contains(&x(*n))).collect();
        let side = |n: usize| Some(x(n) == 0);
        let capacity = |n: usize, m: usize, axis: usize| if axis == 0 && x(n) + x(m) == 15 { 3 } else { 10 };
        let found = Network::new(&band, &numbers(&band, 108), dims, side, capacity).source_side();
        assert_eq!(found.len(), 7 * 9);
        assert!(found.iter().all(|n| x(*n) <= 7));
    }

    #[test]
    fn the_flow_equals_the_least_of_all_cuts() {
        // Eight nodes: every one of the 256 cuts is tried.
        let dims = [4, 2, 3];
        let band: Vec<usize> = (0..24).filter(|n| n / 8 == 1).collect();
        let weight = |n: usize, m: usize| ((n.min(m) * 7 + n.max(m) * 13) % 17) as i32;
        let side = |n: usize| Some(n / 8 == 0);
        let cost = |inside: &dyn Fn(usize) -> bool| -> i32 {
            let grid = Neighbors::new(dims);
            let on = |n: usize| if n / 8 == 1 { inside(n) } else { n / 8 == 0 };
            let faces = (0..24).flat_map(|n| grid.of(n).into_iter().flatten().map(move |m| (n, m)));
            let cut = faces.filter(|(n, m)| on(*n) && !on(*m) && (n / 8 == 1 || m / 8 == 1));
            cut.map(|(n, m)| weight(n, m)).sum()
        };
        let found =
            Network::new(&band, &numbers(&band, 24), dims, side, |n, m, _| weight(n, m)).source_side();
        let least = (0..256_usize).map(|set| cost(&|n| set >> (n - 8) & 1 == 1)).min();
        assert_eq!(Some(cost(&|n| found.contains(&n))), least);
    }
}
