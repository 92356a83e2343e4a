//! Force of a cable over its elongation: of a ligament nothing when slack, then a toe, then stiff.

/// Force over elongation, N and mm.
#[derive(Debug, Clone, PartialEq)]
pub enum Curve {
    /// Parabolic toe, then a line of the same slope.
    ///
    /// ```text
    /// F = k d²/(2 t) for 0 < d < t        F = k (d − t/2) beyond
    /// ```
    Toe {
        /// Length of the toe t, mm, above 0.
        toe: f64,
        /// Stiffness k beyond it, N/mm.
        stiffness: f64,
    },
    /// The same force, N, at any length: a cable that slides through guides, as a follower load does.
    ///
    /// # Source
    /// Patwardhan et al. (2000), Spine 25, 1548-1554: a compressive load that follows the curve of the neck.
    Constant(f64),
    /// Measured curve, smoothed: see [`Curve::table`].
    Table(Vec<Knot>),
}

/// Point of a measured curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knot {
    at: f64,
    force: f64,
    slope: f64,
    /// Area under the curve up to here, N·mm.
    energy: f64,
}

impl Curve {
    /// Monotone cubic through measured points; it starts with the slope of the first chord, and the last one goes on.
    ///
    /// - `points`: elongation, mm, and force, N; both rise, from 0, 0
    ///
    /// `None` where they do not.
    ///
    /// # Source
    /// Fritsch & Butland (1984), SIAM J. Sci. Stat. Comput. 5, 300-304 (harmonic means of the chords).
    pub fn table(points: &[[f64; 2]]) -> Option<Self> {
        let rises = points.windows(2).all(|w| w[0][0] < w[1][0] && w[0][1] < w[1][1]);
        if points.len() < 2 || points[0] != [0.0; 2] || !rises {
            return None;
        }
        let chords: Vec<f64> = points.windows(2).map(|w| (w[1][1] - w[0][1]) / (w[1][0] - w[0][0])).collect();
        let last = points.len() - 1;
        let slope = |i: usize| match i {
            0 => chords[0],
            i if i == last => chords[last - 1],
            i => 2.0 * chords[i - 1] * chords[i] / (chords[i - 1] + chords[i]),
        };
        let mut knots: Vec<Knot> = Vec::with_capacity(points.len());
        for (i, [at, force]) in points.iter().copied().enumerate() {
            let slope = slope(i);
            let energy = knots.last().map_or(0.0, |k: &Knot| {
                let h = at - k.at;
                k.energy + 0.5 * h * (k.force + force) + h * h * (k.slope - slope) / 12.0
            });
            knots.push(Knot { at, force, slope, energy });
        }
        Some(Self::Table(knots))
    }

    /// Energy (N·mm), force (N) and stiffness (N/mm) at an elongation, mm.
    pub fn at(&self, d: f64) -> [f64; 3] {
        match self {
            Self::Constant(force) => [force * d, *force, 0.0],
            _ if d <= 0.0 => [0.0; 3],
            Self::Toe { toe, stiffness: k } if d < *toe => {
                [k * d.powi(3) / (6.0 * toe), 0.5 * k * d * d / toe, k * d / toe]
            }
            Self::Toe { toe, stiffness: k } => {
                let e = d - toe;
                [k * (toe * toe / 6.0 + 0.5 * toe * e + 0.5 * e * e), k * (d - 0.5 * toe), *k]
            }
            Self::Table(knots) => {
                let after = knots.partition_point(|k| k.at < d);
                let a = knots[after - 1];
                let Some(b) = knots.get(after) else {
                    let e = d - a.at;
                    return [a.energy + a.force * e + 0.5 * a.slope * e * e, a.force + a.slope * e, a.slope];
                };
                let h = b.at - a.at;
                let t = (d - a.at) / h;
                // Cubic a.force + c1 t + c2 t² + c3 t³.
                let c1 = h * a.slope;
                let c2 = 3.0 * (b.force - a.force) - h * (2.0 * a.slope + b.slope);
                let c3 = 2.0 * (a.force - b.force) + h * (a.slope + b.slope);
                [
                    a.energy + h * t * (a.force + t * (c1 / 2.0 + t * (c2 / 3.0 + t * c3 / 4.0))),
                    a.force + t * (c1 + t * (c2 + t * c3)),
                    (c1 + t * (2.0 * c2 + 3.0 * t * c3)) / h,
                ]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves() -> [Curve; 2] {
        let table = Curve::table(&[[0.0, 0.0], [1.0, 28.0], [2.0, 52.0], [3.0, 72.0]]).expect("rises");
        [Curve::Toe { toe: 1.2, stiffness: 40.0 }, table]
    }

    #[test]
    fn a_measured_curve_goes_through_its_points_and_pulls_only() {
        let [_, table] = curves();
        for [d, f] in [[1.0, 28.0], [2.0, 52.0], [3.0, 72.0], [4.0, 92.0], [-1.0, 0.0]] {
            assert!((table.at(d)[1] - f).abs() < 1e-12, "{d}");
        }
        assert!(Curve::table(&[[0.0, 0.0], [1.0, 5.0], [2.0, 4.0]]).is_none(), "falls");
    }

    #[test]
    fn force_is_the_slope_of_the_energy_and_stiffness_that_of_the_force() {
        for curve in curves() {
            for d in [0.05, 0.7, 1.3, 1.9, 2.6, 3.4] {
                let h = 1e-5;
                let [low, high] = [curve.at(d - h), curve.at(d + h)];
                let [_, force, stiffness] = curve.at(d);
                // Central differences of a piecewise cubic: error of order h².
                assert!(((high[0] - low[0]) / (2.0 * h) - force).abs() < 1e-6 * (1.0 + force));
                assert!(((high[1] - low[1]) / (2.0 * h) - stiffness).abs() < 1e-5 * (1.0 + stiffness));
            }
        }
    }
}
