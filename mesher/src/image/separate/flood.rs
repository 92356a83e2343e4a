//! Flooding: closed cavities, and the seeded watershed on the distance to the surface of bone.
//!
//! # Source
//! Meyer (1994), Topographic distance and watershed lines, Signal Processing 38:113–125, here without lines; Neubert &
//! Protzel (2014), Compact watershed and preemptive SLIC, ICPR, 996–1001.

use std::collections::VecDeque;

/// Steps to the six neighbors of a voxel of a box, as differences of its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbors {
    dims: [usize; 3],
}

impl Neighbors {
    pub(super) fn new(dims: [usize; 3]) -> Self {
        Self { dims }
    }

    /// Numbers of the neighbors toward +x, −x, +y, −y, +z, −z; none beyond the box.
    pub(super) fn of(self, n: usize) -> [Option<usize>; 6] {
        let [nx, ny, nz] = self.dims;
        let (x, y, z) = (n % nx, n / nx % ny, n / nx / ny);
        let plane = nx * ny;
        [
            (x + 1 < nx).then(|| n + 1),
            (0 < x).then(|| n - 1),
            (y + 1 < ny).then(|| n + nx),
            (0 < y).then(|| n - nx),
            (z + 1 < nz).then(|| n + plane),
            (0 < z).then(|| n - plane),
        ]
    }
}

/// Sets what is not connected with the border of the box through voxels outside.
pub(super) fn fill_cavities(inside: &mut [bool], dims: [usize; 3]) {
    let neighbors = Neighbors::new(dims);
    let [nx, ny, nz] = dims;
    let mut open = vec![false; inside.len()];
    let mut stack = Vec::new();
    for n in 0..inside.len() {
        let (x, y, z) = (n % nx, n / nx % ny, n / nx / ny);
        let border = x == 0 || y == 0 || z == 0 || x + 1 == nx || y + 1 == ny || z + 1 == nz;
        if border && !inside[n] {
            open[n] = true;
            stack.push(n);
        }
    }
    while let Some(n) = stack.pop() {
        for m in neighbors.of(n).into_iter().flatten() {
            if !inside[m] && !open[m] {
                open[m] = true;
                stack.push(m);
            }
        }
    }
    for (i, o) in inside.iter_mut().zip(open) {
        *i = !o;
    }
}

/// Levels of the watershed.
const LEVELS: usize = 4096;

/// Grows the labels that are set over the voxels of `bone`, highest first.
///
/// - `labels`: 0 where not yet known; changed in place
/// - `height(n, l)`: of voxel `n` for label `l`, between the two ends of `range`
pub(super) fn watershed(
    labels: &mut [u16],
    bone: &[bool],
    dims: [usize; 3],
    range: [f32; 2],
    height: impl Fn(usize, u16) -> f32,
) {
    let neighbors = Neighbors::new(dims);
    let scale = (LEVELS - 1) as f32 / (range[1] - range[0]).max(1e-6);
    let level = |n: usize, l: u16| (((height(n, l) - range[0]) * scale).max(0.0) as usize).min(LEVELS - 1);
    let mut queues: Vec<VecDeque<usize>> = vec![VecDeque::new(); LEVELS];
    for n in (0..labels.len()).filter(|n| labels[*n] != 0) {
        queues[level(n, labels[n])].push_back(n);
    }
    let mut current = LEVELS;
    while 0 < current {
        let Some(n) = queues[current - 1].pop_front() else {
            current -= 1;
            continue;
        };
        for m in neighbors.of(n).into_iter().flatten() {
            if bone[m] && labels[m] == 0 {
                labels[m] = labels[n];
                // Water never rises: what lies deeper behind a saddle is flooded at the level of the saddle.
                queues[level(m, labels[n]).min(current - 1)].push_back(m);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_cavity_is_filled_and_a_tunnel_is_not() {
        let dims = [7, 7, 7];
        let block = |tunnel: bool| {
            let mut inside = vec![false; 343];
            for (n, v) in inside.iter_mut().enumerate() {
                let at = [n % 7, n / 7 % 7, n / 49];
                let core = at.iter().all(|c| (2..5).contains(c));
                let hole = tunnel && at[0] == 3 && at[1] == 3;
                *v = at.iter().all(|c| (1..6).contains(c)) && !core && !hole;
            }
            fill_cavities(&mut inside, dims);
            inside.into_iter().filter(|i| *i).count()
        };
        assert_eq!(block(false), 125, "five cubed");
        assert_eq!(block(true), 125 - 27 - 2, "the core and the two ends of the tunnel stay open");
    }
}
