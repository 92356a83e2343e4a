//! Sheet with holes as a sheet of softer metal.
//!
//! ```text
//! E*/E = (1 − c) / (1 + 2 c)        c open share of the area, holes much smaller than the sheet
//! ```
//! The upper bound of Hashin and Shtrikman in two dimensions for an isotropic sheet with voids. Sheets with round holes in
//! a triangular pattern come near it, and for few round holes it is exact: E*/E = 1 − 3 c. Other holes are softer.
//!
//! # Source
//! Hashin (1965), J. Mech. Phys. Solids 13, 119–134; Day, Snyder, Garboczi & Thorpe (1992), J. Mech. Phys. Solids 40, 1031–1051
//! (sheets with round holes, and the limit of few).

/// Young's modulus in the plane of a sheet with holes over that of its metal.
///
/// - `open`: open share of the area, 0 to 1
pub fn modulus_share(open: f64) -> f64 {
    (1.0 - open) / (1.0 + 2.0 * open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_holes_cost_three_times_their_share_and_nothing_is_left_of_an_open_sheet() {
        // Exact for round holes far apart; the next term is 6 c².
        assert!((modulus_share(1e-4) - (1.0 - 3e-4)).abs() < 7e-8);
        assert_eq!([modulus_share(0.0), modulus_share(1.0)], [1.0, 0.0]);
        // Less than the share of metal, which only bars along the load would keep.
        assert!((1..10).map(|k| 0.1 * f64::from(k)).all(|c| modulus_share(c) < 1.0 - c));
    }
}
