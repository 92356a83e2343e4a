//! Tentative prolongation: the six near-null modes cut to each aggregate and made orthonormal.

use rayon::prelude::*;

use super::aggregate::{Aggregates, NONE};
use crate::linear::BlockMatrix;

/// A mode that keeps less than this part of its length after removing the others is no mode of its own on its
/// aggregate: a single node has no rotations, two nodes have none about their axis. Coordinates of 100 mm around
/// aggregates of 0.1 mm leave 1e-3, round-off leaves 1e-14.
const INDEPENDENT: f64 = 1e-8;

/// Modes of one block row: 3 unknowns × 6 modes.
pub(super) type Modes = [[f64; 6]; 3];

/// Prolongation `P₀` with two block columns per aggregate, and the modes of the coarse unknowns.
///
/// ```text
/// modes on an aggregate = Q R        P₀ = Q        coarse modes = R
/// ```
/// - `group`: block rows per node; `decoupled`: unknowns left out of the interpolation
///
/// A dependent mode leaves a zero column in Q, hence a coarse unknown without stiffness.
pub(super) fn tentative(
    aggregates: &Aggregates,
    group: usize,
    modes: &[Modes],
    decoupled: &[[bool; 3]],
) -> (BlockMatrix, Vec<Modes>) {
    let mut members = vec![Vec::new(); aggregates.count];
    for (node, &aggregate) in aggregates.of_node.iter().enumerate() {
        if aggregate != NONE {
            members[aggregate as usize].extend(group * node..group * (node + 1));
        }
    }
    let local: Vec<(Vec<Modes>, [[f64; 6]; 6])> = members
        .par_iter()
        .map(|rows| {
            let mut basis: Vec<Modes> = rows
                .iter()
                .map(|&row| {
                    let mut own = modes[row];
                    for (axis, values) in own.iter_mut().enumerate() {
                        if decoupled[row][axis] {
                            *values = [0.0; 6];
                        }
                    }
                    own
                })
                .collect();
            let triangle = orthonormalize(&mut basis);
            (basis, triangle)
        })
        .collect();
    let mut slot = vec![0; group * aggregates.of_node.len()];
    for rows in &members {
        for (k, &row) in rows.iter().enumerate() {
            slot[row] = k;
        }
    }
    let mut prolongation = BlockMatrix { row_starts: vec![0], columns: Vec::new(), blocks: Vec::new() };
    for (row, &slot) in slot.iter().enumerate() {
        let aggregate = aggregates.of_node[row / group];
        if aggregate != NONE {
            let q = &local[aggregate as usize].0[slot];
            prolongation.columns.extend([2 * aggregate, 2 * aggregate + 1]);
            prolongation.blocks.push(std::array::from_fn(|e| q[e / 3][e % 3]));
            prolongation.blocks.push(std::array::from_fn(|e| q[e / 3][3 + e % 3]));
        }
        prolongation.row_starts.push(prolongation.columns.len());
    }
    let coarse_modes = local.iter().flat_map(|(_, r)| [[r[0], r[1], r[2]], [r[3], r[4], r[5]]]).collect();
    (prolongation, coarse_modes)
}

/// Gram–Schmidt, twice for each mode; returns R.
fn orthonormalize(basis: &mut [Modes]) -> [[f64; 6]; 6] {
    let inner = |basis: &[Modes], a: usize, b: usize| -> f64 {
        basis.iter().flatten().map(|row| row[a] * row[b]).sum()
    };
    let mut triangle = [[0.0; 6]; 6];
    for mode in 0..6 {
        let length = inner(basis, mode, mode).sqrt();
        for _ in 0..2 {
            for earlier in 0..mode {
                let part = inner(basis, earlier, mode);
                triangle[earlier][mode] += part;
                for row in basis.iter_mut().flatten() {
                    row[mode] -= part * row[earlier];
                }
            }
        }
        let rest = inner(basis, mode, mode).sqrt();
        let factor = if INDEPENDENT * length < rest { 1.0 / rest } else { 0.0 };
        triangle[mode][mode] = if factor > 0.0 { rest } else { 0.0 };
        for row in basis.iter_mut().flatten() {
            row[mode] *= factor;
        }
    }
    triangle
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::suite::translation_rows;

    fn aggregate_of(points: &[[f64; 3]]) -> (BlockMatrix, Vec<Modes>, Vec<Modes>) {
        let modes: Vec<Modes> = points.iter().map(|&x| translation_rows(x)).collect();
        let aggregates = Aggregates { of_node: vec![0; points.len()], count: 1 };
        let (p, coarse) = tentative(&aggregates, 1, &modes, &vec![[false; 3]; points.len()]);
        (p, coarse, modes)
    }

    #[test]
    fn rigid_motions_are_reproduced_exactly() {
        let points = [[100.0, 2.0, 3.0], [101.0, 2.0, 3.0], [100.0, 3.5, 3.0], [100.0, 2.0, 2.0]];
        let (p, coarse, modes) = aggregate_of(&points);
        for (i, modes) in modes.iter().enumerate() {
            for (axis, expected) in modes.iter().enumerate() {
                for (mode, expected) in expected.iter().enumerate() {
                    let sum: f64 = (0..6)
                        .map(|k| p.blocks[2 * i + k / 3][3 * axis + k % 3] * coarse[k / 3][k % 3][mode])
                        .sum();
                    // Coordinates of 100 mm in double precision.
                    assert!((sum - expected).abs() < 1e-11);
                }
            }
        }
    }

    #[test]
    fn a_single_node_has_three_modes_and_a_pair_has_five() {
        let rank = |points: &[[f64; 3]]| {
            let (_, coarse, _) = aggregate_of(points);
            (0..6).filter(|&k| coarse[k / 3][k % 3][k] > 0.0).count()
        };
        assert_eq!(rank(&[[30.0, 20.0, 10.0]]), 3);
        assert_eq!(rank(&[[30.0, 20.0, 10.0], [31.0, 21.0, 9.0]]), 5);
        assert_eq!(rank(&[[30.0, 20.0, 10.0], [31.0, 21.0, 9.0], [30.0, 21.0, 9.0]]), 6);
    }
}
