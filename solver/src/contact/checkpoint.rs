//! State of a pair as bytes.

use super::pair::Multiplier;
use dens_mesher::Vec3;

/// First bytes; the digit is the version.
const MAGIC: &[u8; 8] = b"DENSCP01";

/// Bytes of one multiplier.
const EACH: usize = 40;

pub(super) fn write(ramp: f64, multipliers: &[Multiplier]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    let numbers = multipliers.iter().flat_map(|m| [m.pressure, m.shear.x, m.shear.y, m.shear.z, m.slip]);
    for number in std::iter::once(ramp).chain(numbers) {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out
}

/// - `n`: nodes of the slave
pub(super) fn read(bytes: &[u8], n: usize) -> Result<(f64, Vec<Multiplier>), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("not the state of a contact pair")?;
    if rest.len() != 8 + EACH * n {
        let found = rest.len().saturating_sub(8) / EACH;
        return Err(format!("the state is that of {found} slave nodes, the pair has {n}"));
    }
    let number = |b: &[u8]| f64::from_le_bytes(std::array::from_fn(|k| b[k]));
    let of = |b: &[u8]| Multiplier {
        pressure: number(b),
        shear: Vec3::new(number(&b[8..]), number(&b[16..]), number(&b[24..])),
        slip: number(&b[32..]),
    };
    Ok((number(rest), rest[8..].chunks_exact(EACH).map(of).collect()))
}
