//! What people write, what it means inside, and what is printed back.

use super::*;
use proptest::prelude::*;

#[test]
fn quantities_reach_internal_units() {
    let cases = [
        ("1.67 mm", Dimension::Length, 1.67),
        ("0.46mm", Dimension::Length, 0.46),
        ("730 um", Dimension::Length, 0.73),
        ("730 µm", Dimension::Length, 0.73),
        ("730 μm", Dimension::Length, 0.73),
        ("110 GPa", Dimension::Stress, 110_000.0),
        ("1.1e5 N/mm^2", Dimension::Stress, 110_000.0),
        ("30 deg", Dimension::Angle, std::f64::consts::FRAC_PI_6),
        ("-30°", Dimension::Angle, -std::f64::consts::FRAC_PI_6),
        ("256 mg/cm3", Dimension::Density, 256e-12),
        ("4.43 g/cm³", Dimension::Density, 4.43e-9),
        ("1.5 N m", Dimension::Moment, 1500.0),
        ("1.5 Nm", Dimension::Moment, 1500.0),
        ("1.5 N·m", Dimension::Moment, 1500.0),
        ("2 J", Dimension::Energy, 2000.0),
        ("0.70", Dimension::Dimensionless, 0.7),
        ("70 %", Dimension::Dimensionless, 0.7),
        ("70%", Dimension::Percent, 0.7),
        (".5", Dimension::Percent, 0.5),
        ("2.0 kN", Dimension::Force, 2000.0),
        ("40 N m/rad", Dimension::RotationalStiffness, 40_000.0),
    ];
    for (text, dimension, expected) in cases {
        let value = parse(text, dimension).expect(text);
        // Two roundings of a decimal factor.
        assert!((value - expected).abs() <= 4.0 * f64::EPSILON * expected.abs(), "{text}: {value}");
    }
    assert_eq!(parse("730 um", Dimension::Length), Ok(0.73), "whole inverses are exact");
}

#[test]
fn errors_say_what_was_found_and_what_is_possible() {
    let message = |text, dimension| parse(text, dimension).expect_err(text).to_string();
    assert_eq!(
        message("3 kg", Dimension::Stress),
        "`kg` is a mass; expected a stress such as MPa, GPa, kPa or Pa"
    );
    assert_eq!(message("3 mm", Dimension::Dimensionless), "`mm` is a length; expected a plain number");
    assert_eq!(
        message("110", Dimension::Stress),
        "`110` has no unit; expected a stress such as MPa, GPa, kPa or Pa"
    );
    assert!(message("110 gpa", Dimension::Stress).contains("did you mean `GPa`?"));
    assert!(message("1,5 mm", Dimension::Length).contains("decimal point"));
    assert!(message("nan mm", Dimension::Length).contains("does not begin with a number"));
    assert!(message("1e999 mm", Dimension::Length).contains("does not begin with a number"));
    assert!(message("", Dimension::Length).contains("does not begin with a number"));
}

#[test]
fn printed_quantities_keep_a_readable_size() {
    let cases = [
        (110_000.0, Dimension::Stress, "110 GPa"),
        (0.012, Dimension::Stress, "12 kPa"),
        (0.46, Dimension::Length, "0.46 mm"),
        (0.05, Dimension::Length, "50 µm"),
        (0.7, Dimension::Percent, "70 %"),
        (0.123_456, Dimension::Dimensionless, "0.1235"),
        (256e-12, Dimension::Density, "256 mg/cm³"),
        (4.43e-9, Dimension::Density, "4.43 g/cm³"),
        (1500.0, Dimension::Moment, "1.5 N m"),
        (0.0, Dimension::Force, "0 N"),
        (9.999_96, Dimension::Force, "10 N"),
    ];
    for (value, dimension, expected) in cases {
        assert_eq!(format(value, dimension), expected);
    }
    assert_eq!(significant(1.2345e-9, 3), "1.23e-9");
}

#[test]
fn no_symbol_is_two_units_of_one_dimension() {
    for (i, a) in UNITS.iter().enumerate() {
        for b in &UNITS[i + 1..] {
            let key = plain(b.symbol);
            assert!(a.dimension != b.dimension || !a.is_written(&key), "{} twice", b.symbol);
        }
        assert!(a.aliases.iter().all(|s| plain(s) == *s), "aliases of {} are plain", a.symbol);
    }
}

proptest! {
    #[test]
    fn printed_text_parses_back(mantissa in -9.9_f64..9.9, exponent in -8_i32..8, which in 0_usize..19) {
        let dimension = Dimension::ALL[which];
        let value = mantissa * 10_f64.powi(exponent);
        let back = parse(&format(value, dimension), dimension).expect("own output");
        // Four significant digits: half a unit of the fourth.
        prop_assert!((back - value).abs() <= 5.1e-4 * value.abs());
    }
}
