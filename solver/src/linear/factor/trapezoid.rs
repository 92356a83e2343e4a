//! Storage of a lower trapezoid in strips of columns.
//!
//! ```text
//! |\          strip k: columns WIDTH·k .. , rows from its first column on, column by column;
//! | |\        the corner above its diagonal is stored and never read
//! | | |
//! ```

use faer::{MatMut, MatRef};

/// Columns of a strip: a multiple of three, so that a node is never cut.
pub(super) const WIDTH: usize = 288;

/// Shape of a lower trapezoid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trapezoid {
    /// Rows of the first column.
    pub(super) rows: usize,
    /// Columns, at most as many as rows.
    pub(super) columns: usize,
}

impl Trapezoid {
    /// Numbers stored.
    pub(super) fn len(self) -> usize {
        let full = self.columns / WIDTH;
        let rest = self.columns % WIDTH;
        self.start(full) + rest * (self.rows - full * WIDTH)
    }

    /// Number of strips.
    pub(super) fn n_strips(self) -> usize {
        self.columns.div_ceil(WIDTH)
    }

    /// First column of a strip and the one after its last.
    pub(super) fn span(self, strip: usize) -> (usize, usize) {
        (strip * WIDTH, self.columns.min((strip + 1) * WIDTH))
    }

    /// The column from its diagonal down.
    pub(super) fn column(self, values: &[f64], column: usize) -> &[f64] {
        let strip = column / WIDTH;
        let first = strip * WIDTH;
        let height = self.rows - first;
        let start = self.start(strip) + (column - first) * height;
        &values[start + column - first..start + height]
    }

    /// The strips as matrices of `rows − first` rows.
    pub(super) fn strips(self, values: &[f64]) -> Vec<MatRef<'_, f64>> {
        let strip = |k: usize| {
            let (first, end) = self.span(k);
            let (height, width) = (self.rows - first, end - first);
            let start = self.start(k);
            MatRef::from_column_major_slice(&values[start..start + height * width], height, width)
        };
        (0..self.n_strips()).map(strip).collect()
    }

    /// The numbers of each strip, mutable at the same time.
    pub(super) fn strips_mut(self, mut values: &mut [f64]) -> Vec<&mut [f64]> {
        let mut strips = Vec::with_capacity(self.n_strips());
        for k in 0..self.n_strips() {
            let (first, end) = self.span(k);
            let (strip, rest) = values.split_at_mut((self.rows - first) * (end - first));
            strips.push(strip);
            values = rest;
        }
        strips
    }

    /// A strip as a matrix.
    pub(super) fn as_matrix(self, strip: usize, values: &mut [f64]) -> MatMut<'_, f64> {
        let (first, end) = self.span(strip);
        MatMut::from_column_major_slice_mut(values, self.rows - first, end - first)
    }

    fn start(self, strip: usize) -> usize {
        // Σ WIDTH (rows − WIDTH i) over the strips before; written so that nothing is negative.
        let sum: usize = WIDTH * strip * self.rows;
        sum - WIDTH * WIDTH * (strip * strip.saturating_sub(1) / 2)
    }
}
