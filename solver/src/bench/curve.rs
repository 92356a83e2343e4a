//! What a standard reads off a curve of load over displacement.
//!
//! Points are `[displacement, load]`, ascending in displacement, in any consistent units: mm and N, rad and N mm.

/// Steepest slope between neighboring points, the first of them the origin: the stiffness.
///
/// Computed curves carry no noise, so the steepest secant is the linear part after a toe; `None` without a rising pair.
pub fn stiffness(points: &[[f64; 2]]) -> Option<f64> {
    steepest(points).map(|(slope, _)| slope)
}

/// Steepest slope and a point on its line.
fn steepest(points: &[[f64; 2]]) -> Option<(f64, [f64; 2])> {
    let origin = [0.0; 2];
    let from = std::iter::once(&origin).chain(points);
    let secants = from.zip(points).filter(|(a, b)| a[0] < b[0]);
    secants
        .map(|(a, b)| ((b[1] - a[1]) / (b[0] - a[0]), *b))
        .filter(|(slope, _)| 0.0 < *slope)
        .fold(None, |best, found| if best.is_some_and(|(s, _)| found.0 <= s) { best } else { Some(found) })
}

/// Point at which the curve meets the line of its stiffness moved by `offset`: the yield point.
///
/// `None` where the curve ends before it does.
///
/// # Source
/// ASTM F2077 and F2267: offset of 2 % of the height; ISO 13314: offset of 0.2 % strain.
pub fn offset_yield(points: &[[f64; 2]], offset: f64) -> Option<[f64; 2]> {
    let (slope, [x, y]) = steepest(points)?;
    // Positive above the line.
    let over = |p: &[f64; 2]| p[1] - y - slope * (p[0] - x - offset);
    let crossing = points.windows(2).find(|w| 0.0 < over(&w[0]) && over(&w[1]) <= 0.0)?;
    let (a, b) = (over(&crossing[0]), over(&crossing[1]));
    let t = a / (a - b);
    Some(std::array::from_fn(|k| crossing[0][k] + t * (crossing[1][k] - crossing[0][k])))
}

/// Stiffness of the foam under a device: that of device on foam with the compliance of the device taken out.
///
/// ```text
/// 1/Ks = 1/Kd + 1/Kp        Kp = Ks Kd/(Kd − Ks)
/// ```
/// - `on_foam`: Ks; `between_steel`: Kd
/// - returns: Kp, same unit; `None` where Ks is not below Kd, and the test says nothing of the foam
///
/// # Source
/// ASTM F2267, calculation of the block stiffness.
pub fn block_stiffness(on_foam: f64, between_steel: f64) -> Option<f64> {
    let sound = 0.0 < on_foam && on_foam < between_steel;
    sound.then(|| on_foam * between_steel / (between_steel - on_foam))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Toe of half the slope up to 0.1, slope 100 to a load of 55, then a plateau.
    const CURVE: [[f64; 2]; 5] = [[0.1, 5.0], [0.2, 15.0], [0.4, 35.0], [0.6, 55.0], [2.0, 55.0]];

    #[test]
    fn the_stiffness_is_that_of_the_linear_part_and_not_of_the_toe() {
        assert!((stiffness(&CURVE).expect("rises") - 100.0).abs() < 1e-9);
        assert_eq!(stiffness(&[]), None);
        assert_eq!(stiffness(&[[1.0, -2.0]]), None);
    }

    #[test]
    fn the_yield_point_lies_on_the_curve_and_on_the_offset_line() {
        // The line of the linear part starts at 0.05; moved by 0.3 it meets the plateau at 0.35 + 0.55.
        let [x, y] = offset_yield(&CURVE, 0.3).expect("the curve bends");
        assert!((x - 0.9).abs() < 1e-12 && (y - 55.0).abs() < 1e-12, "{x} {y}");
        assert_eq!(offset_yield(&CURVE, 5.0), None, "the curve ends before");
        assert_eq!(offset_yield(&CURVE[..4], 0.3), None, "it has not yielded");
    }

    #[test]
    fn springs_in_series_give_back_the_spring_of_the_foam() {
        let (device, foam) = (16_000.0, 700.0);
        let both = 1.0 / (1.0 / device + 1.0 / foam);
        assert!((block_stiffness(both, device).expect("softer") - foam).abs() < 1e-9);
        assert_eq!(block_stiffness(800.0, 800.0), None);
    }
}
