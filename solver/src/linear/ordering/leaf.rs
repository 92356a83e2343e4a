//! Minimum degree order of a small set of nodes whose surroundings are eliminated later.

use crate::linear::BlockMatrix;

/// Elimination order of a few nodes by exact minimum degree; nodes outside the set count in the degrees.
///
/// The elimination graph is one row of bits per node, so that an elimination is an OR of rows.
///
/// - `nodes`: ascending; all their neighbors outside come later in the elimination
///
/// # Source
/// George & Liu (1989), The evolution of the minimum degree ordering algorithm, SIAM Review 31, 1–19.
pub(super) fn minimum_degree(matrix: &BlockMatrix, nodes: &[u32]) -> Vec<u32> {
    let n = nodes.len();
    let mut outside: Vec<u32> = nodes.iter().flat_map(|&i| matrix.row(i as usize)).copied().collect();
    outside.sort_unstable();
    outside.dedup();
    outside.retain(|node| nodes.binary_search(node).is_err());
    let words = (n + outside.len()).div_ceil(64);
    let mut rows = vec![0_u64; n * words];
    for (k, &node) in nodes.iter().enumerate() {
        for j in matrix.row(node as usize) {
            let bit = match nodes.binary_search(j) {
                Ok(inside) => inside,
                Err(_) => n + outside.binary_search(j).expect("collected above"),
            };
            if bit != k {
                rows[k * words + bit / 64] |= 1 << (bit % 64);
            }
        }
    }
    let degree = |row: &[u64]| row.iter().map(|word| word.count_ones()).sum::<u32>();
    let mut degrees: Vec<u32> = rows.chunks_exact(words).map(degree).collect();
    let mut order = Vec::with_capacity(n);
    for _ in 0..n {
        let (pivot, _) =
            degrees.iter().enumerate().min_by_key(|&(_, degree)| degree).expect("a node is left");
        degrees[pivot] = u32::MAX;
        order.push(nodes[pivot]);
        let pivot_row = rows[pivot * words..(pivot + 1) * words].to_vec();
        for k in (0..n).filter(|&k| pivot_row[k / 64] >> (k % 64) & 1 != 0) {
            let row = &mut rows[k * words..(k + 1) * words];
            for (word, other) in row.iter_mut().zip(&pivot_row) {
                *word |= other;
            }
            row[k / 64] &= !(1 << (k % 64));
            row[pivot / 64] &= !(1 << (pivot % 64));
            degrees[k] = degree(row);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_eliminated_from_its_points() {
        let mut rows: Vec<Vec<u32>> = vec![(0..8).collect()];
        rows.extend((1..8).map(|i| vec![0, i]));
        let order = minimum_degree(&BlockMatrix::from_rows(&rows), &(0..8).collect::<Vec<_>>());
        // The center ties with the last point.
        assert!(order[6..].contains(&0));
    }

    #[test]
    fn a_chain_with_a_fixed_end_makes_no_fill() {
        let rows: Vec<Vec<u32>> =
            (0..10_u32).map(|i| (i.saturating_sub(1)..(i + 2).min(10)).collect()).collect();
        let nodes: Vec<u32> = (0..9).collect();
        let order = minimum_degree(&BlockMatrix::from_rows(&rows), &nodes);
        // Only the far end has one neighbor left at each step, the node by the end outside never.
        assert_eq!(order, nodes);
    }
}
