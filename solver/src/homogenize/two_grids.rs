//! One cell on two grids: how far the stiffness still moves with the size of the cubes.

use super::{Base, HomogenizeError, Homogenized, Options, homogenize};

/// Stiffness on n³ and on (n/2)³ cubes, and the error their difference suggests.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoGrids {
    /// On n³ cubes.
    pub fine: Homogenized,
    /// On (n/2)³ cubes.
    pub coarse: Homogenized,
}

impl TwoGrids {
    /// Solves on `options.resolution` and on half of it.
    ///
    /// # Errors
    /// [`HomogenizeError`]; half the resolution must be possible too.
    pub fn solve(
        value: &(dyn Fn([f64; 3]) -> f64 + Sync),
        base: Base,
        options: &Options,
    ) -> Result<Self, HomogenizeError> {
        let half = Options { resolution: options.resolution / 2, ..*options };
        Ok(Self { coarse: homogenize(value, base, &half)?, fine: homogenize(value, base, options)? })
    }

    /// Best estimate, 6 × 6, MPa: half the last change is added.
    ///
    /// The order lies between one (stair steps) and two (smooth walls), the change that remains between the
    /// last one and a third of it.
    pub fn extrapolated(&self) -> [[f64; 6]; 6] {
        let (fine, coarse) = (&self.fine.stiffness, &self.coarse.stiffness);
        std::array::from_fn(|i| std::array::from_fn(|j| fine[i][j] + 0.5 * (fine[i][j] - coarse[i][j])))
    }

    /// Largest relative change of C₁₁, C₄₄, the bulk modulus and E along the axes from the coarse to the fine
    /// grid: an error estimate of the fine grid at order one.
    pub fn spread(&self) -> f64 {
        let measures = |h: &Homogenized| {
            let [c11, _, c44] = h.cubic_part();
            let along = |axis: usize| h.young(std::array::from_fn(|i| f64::from(u8::from(i == axis))));
            [c11, c44, h.bulk(), along(0), along(1), along(2)]
        };
        let (fine, coarse) = (measures(&self.fine), measures(&self.coarse));
        fine.iter().zip(coarse).map(|(f, c)| (f / c - 1.0).abs()).fold(0.0, f64::max)
    }
}
