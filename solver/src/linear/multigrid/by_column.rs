//! Entries of a sparse matrix sorted by column: the transpose without a second copy of the blocks.

use std::ops::Range;

/// Row and place of each entry, sorted by column; rows ascend within a column.
#[derive(Debug)]
pub(super) struct ByColumn {
    starts: Vec<u32>,
    entries: Vec<(u32, u32)>,
}

impl ByColumn {
    /// Entries of the given rows.
    ///
    /// # Panics
    /// With 2³² entries or more.
    pub(super) fn new(row_starts: &[usize], columns: &[u32], rows: Range<usize>, n_columns: usize) -> Self {
        assert!(u32::try_from(columns.len()).is_ok(), "fewer than 2³² entries");
        let mut starts = vec![0; n_columns + 1];
        let span = row_starts[rows.start]..row_starts[rows.end];
        for &column in &columns[span.clone()] {
            starts[column as usize + 1] += 1;
        }
        for i in 0..n_columns {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0, 0); span.len()];
        for i in rows {
            for place in row_starts[i]..row_starts[i + 1] {
                let slot = &mut next[columns[place] as usize];
                entries[*slot as usize] = (i as u32, place as u32);
                *slot += 1;
            }
        }
        Self { starts, entries }
    }

    /// Row and place of each entry of one column.
    pub(super) fn of(&self, column: usize) -> &[(u32, u32)] {
        &self.entries[self.starts[column] as usize..self.starts[column + 1] as usize]
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        4 * self.starts.len() + 8 * self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_rows_is_found_under_its_column() {
        let (row_starts, columns) = (vec![0, 2, 3, 5], vec![0, 2, 1, 0, 1]);
        let all = ByColumn::new(&row_starts, &columns, 0..3, 3);
        assert_eq!(all.of(0), &[(0, 0), (2, 3)]);
        assert_eq!(all.of(1), &[(1, 2), (2, 4)]);
        assert_eq!(all.of(2), &[(0, 1)]);
        let last = ByColumn::new(&row_starts, &columns, 2..3, 3);
        assert_eq!((last.of(0), last.of(2)), (&[(2, 3)][..], &[][..]));
    }
}
