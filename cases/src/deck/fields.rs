//! Numbers and names in the fields of a data line.

/// Why a field is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotANumber {
    /// Not written like a number.
    Malformed,
    /// Larger than a double can hold.
    TooLarge,
}

/// A finite number as Fortran and C write it: `1`, `-.5`, `2.`, `1e-3`, `1.D+03`.
///
/// # Errors
/// Words such as `nan` or `inf`, empty fields and anything that is not finite.
pub fn number(field: &[u8]) -> Result<f64, NotANumber> {
    let digits = match field.first() {
        Some(b'+' | b'-') => &field[1..],
        _ => field,
    };
    // Keeps out the words that the standard parser takes: inf, infinity, nan.
    if !digits.first().is_some_and(|&b| b.is_ascii_digit() || b == b'.') {
        return Err(NotANumber::Malformed);
    }
    let text = std::str::from_utf8(field).map_err(|_| NotANumber::Malformed)?;
    let parsed = match text.parse::<f64>() {
        Ok(value) => Ok(value),
        Err(_) if field.iter().any(|b| matches!(b, b'd' | b'D')) => {
            text.replace(['d', 'D'], "e").parse::<f64>().map_err(|_| NotANumber::Malformed)
        }
        Err(_) => Err(NotANumber::Malformed),
    }?;
    if parsed.is_finite() { Ok(parsed) } else { Err(NotANumber::TooLarge) }
}

/// A label or count: decimal digits that fit 32 bits.
pub fn label(field: &[u8]) -> Option<u32> {
    let digits = field.strip_prefix(b"+").unwrap_or(field);
    if digits.is_empty() || 10 < digits.len() {
        return None;
    }
    let mut value = 0_u64;
    for b in digits {
        value = 10 * value + u64::from(b.checked_sub(b'0').filter(|d| *d < 10)?);
    }
    u32::try_from(value).ok()
}

/// Whether a field looks like a number rather than a name; names start with a letter.
pub fn numeric(field: &[u8]) -> bool {
    field.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'))
}

/// Cuts blanks, tabs and carriage returns off both ends.
pub fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

/// A name as written: without quotes and outer blanks; `None` when it is not UTF-8.
pub fn name(field: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(trim(field)).ok()?;
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    Some(inner.trim().to_string())
}

/// The key under which a name is found: names do not tell upper from lower case.
pub fn key(name: &str) -> String {
    name.to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_fortran_and_c_write_them() {
        for (text, value) in
            [("1", 1.0), ("-.5", -0.5), ("2.", 2.0), ("+1e-3", 1e-3), ("1.D+03", 1e3), ("7d2", 700.0)]
        {
            assert_eq!(number(text.as_bytes()), Ok(value), "{text}");
        }
        for text in ["", "nan", "inf", "-inf", "1,2", "1e", "0x10", "1.2.3", "--1", "1_0", "é"] {
            assert_eq!(number(text.as_bytes()), Err(NotANumber::Malformed), "{text}");
        }
        assert_eq!(number(b"1e999"), Err(NotANumber::TooLarge));
    }

    #[test]
    fn labels_fit_thirty_two_bits() {
        assert_eq!(label(b"4294967295"), Some(u32::MAX));
        for text in ["4294967296", "-1", "1.", "", "12345678901234", "a"] {
            assert_eq!(label(text.as_bytes()), None, "{text}");
        }
    }
}
