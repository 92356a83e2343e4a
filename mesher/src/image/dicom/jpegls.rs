//! JPEG-LS, lossless and near-lossless, one gray component: no decoder in pure Rust exists, so here is one.
//!
//! Names are those of the standard: `near` (largest error), `range`, `qbpp`, `limit`, contexts with A, B, C, N.
//!
//! # Source
//! ITU-T Recommendation T.87 (06/1998) | ISO/IEC 14495-1, annexes A and C.

use crate::image::error::Fault;

/// Order of the Golomb code of runs, T.87 §A.2.1, initialization of `J`.
const J: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Contexts of the regular mode; two more end runs.
const REGULAR: usize = 365;

/// Decodes one image of the given columns and rows.
pub(super) fn decode(bytes: &[u8], [columns, rows]: [usize; 2]) -> Result<Vec<u16>, Fault> {
    let (parameters, at) = header(bytes, [columns, rows])?;
    // A run of a whole line takes a bit or more.
    if bytes.len().saturating_mul(8) < rows {
        return Err(broken("too few bytes for the size of the image"));
    }
    let pixels = bytes.get(at..).ok_or_else(|| broken("the header ends beyond the pixels"))?;
    let mut scan = Scan::new(parameters, pixels);
    let mut out = Vec::new();
    // One value before and one after the line.
    let (mut above, mut line) = (vec![0_i32; columns + 2], vec![0_i32; columns + 2]);
    for _ in 0..rows {
        above[columns + 1] = above[columns];
        line[0] = above[1];
        scan.line(&above, &mut line)?;
        out.extend(line[1..=columns].iter().map(|v| *v as u16));
        std::mem::swap(&mut above, &mut line);
    }
    Ok(out)
}

fn broken(what: &str) -> Fault {
    Fault::at("JPEG-LS pixels", what.to_string())
}

#[derive(Debug, Clone, Copy)]
struct Parameters {
    max: i32,
    near: i32,
    thresholds: [i32; 3],
    reset: i32,
}

impl Parameters {
    /// Default thresholds, T.87 §C.2.4.1.1.1.
    fn thresholds(max: i32, near: i32) -> [i32; 3] {
        let clamp = |v: i32, least: i32| if max < v || v < least { least } else { v };
        let basic = [3, 7, 21];
        let raw: [i32; 3] = if 128 <= max {
            let factor = (max.min(4095) + 128) / 256;
            std::array::from_fn(|i| {
                let i32_i = i as i32;
                factor * (basic[i] - (i32_i + 2)) + (i32_i + 2) + (3 + 2 * i32_i) * near
            })
        } else {
            let factor = 256 / (max + 1);
            std::array::from_fn(|i| (2 + i as i32).max(basic[i] / factor + (3 + 2 * i as i32) * near))
        };
        let t1 = clamp(raw[0], near + 1);
        let t2 = clamp(raw[1], t1);
        [t1, t2, clamp(raw[2], t2)]
    }
}

/// Parameters and the place of the coded line data.
fn header(bytes: &[u8], size: [usize; 2]) -> Result<(Parameters, usize), Fault> {
    let byte =
        |at: usize| bytes.get(at).copied().map(usize::from).ok_or_else(|| broken("the header ends early"));
    let word = |at: usize| Ok::<usize, Fault>(byte(at)? << 8 | byte(at + 1)?);
    let refused = |what: &str| {
        Fault::refused(
            format!("the JPEG-LS of the pixels uses {what}"),
            "convert the series to explicit VR little endian",
        )
    };
    if word(0)? != 0xffd8 {
        return Err(broken("it does not start as JPEG"));
    }
    let (mut at, mut precision, mut preset) = (2, None, [0_i32; 5]);
    loop {
        let (marker, length) = (word(at)?, word(at + 2)?);
        if length < 2 || marker < 0xff01 {
            return Err(broken("a marker is expected"));
        }
        let body = at + 4;
        at += 2 + length;
        match marker {
            0xfff7 => {
                let found = [word(body + 3)?, word(body + 1)?];
                if found != size {
                    return Err(broken(&format!(
                        "{} × {} pixels, the header announces {} × {}",
                        found[0], found[1], size[0], size[1]
                    )));
                }
                if byte(body + 5)? != 1 {
                    return Err(refused("several components"));
                }
                precision = Some(byte(body)?).filter(|p| (2..=16).contains(p));
            }
            0xfff8 if byte(body)? == 1 => {
                for (i, p) in preset.iter_mut().enumerate() {
                    *p = word(body + 1 + 2 * i)? as i32;
                }
            }
            0xfff8 => return Err(refused("tables or a large size")),
            0xffdd => return Err(refused("restart intervals")),
            0xffda => {
                let precision = precision.ok_or_else(|| broken("no frame before the scan"))?;
                let (near, point) = (byte(body + 3)? as i32, byte(body + 5)?);
                if point != 0 {
                    return Err(refused("a point transform"));
                }
                let full = (1_i32 << precision) - 1;
                let [max, t1, t2, t3, reset] = preset;
                let max = if max == 0 { full } else { max };
                if full < max || max / 2 < near {
                    return Err(broken("impossible parameters"));
                }
                let default = Parameters::thresholds(max, near);
                let pick = |t: i32, d: i32| if t == 0 { d } else { t };
                let thresholds = [pick(t1, default[0]), pick(t2, default[1]), pick(t3, default[2])];
                let [t1, t2, t3] = thresholds;
                if !(near < t1 && t1 <= t2 && t2 <= t3 && t3 <= max) {
                    return Err(broken("impossible thresholds"));
                }
                let reset = if reset == 0 { 64 } else { reset.max(3) };
                return Ok((Parameters { max, near, thresholds, reset }, at));
            }
            0xffd9 => return Err(broken("it ends before the scan")),
            _ => {}
        }
    }
}

/// Statistics of a context; `b` counts negative errors in the two contexts that end runs.
#[derive(Debug, Clone, Copy)]
struct Context {
    a: i32,
    b: i32,
    c: i32,
    n: i32,
}

struct Scan<'a> {
    p: Parameters,
    /// 2 near + 1.
    quantum: i32,
    range: i32,
    qbpp: u32,
    limit: u32,
    contexts: Vec<Context>,
    run: usize,
    bits: Bits<'a>,
}

fn bits_of(values: i32) -> u32 {
    // ⌈log₂ values⌉
    32 - (values - 1).leading_zeros()
}

impl<'a> Scan<'a> {
    fn new(p: Parameters, bytes: &'a [u8]) -> Self {
        let quantum = 2 * p.near + 1;
        let range = (p.max + 2 * p.near) / quantum + 1;
        let bpp = bits_of(p.max + 1).max(2);
        let start = Context { a: ((range + 32) / 64).max(2), b: 0, c: 0, n: 1 };
        Self {
            p,
            quantum,
            range,
            qbpp: bits_of(range),
            limit: 2 * (bpp + bpp.max(8)),
            contexts: vec![start; REGULAR + 2],
            run: 0,
            bits: Bits { bytes, at: 0, held: 0, n_held: 0 },
        }
    }

    /// Decodes a line between its two border values.
    fn line(&mut self, above: &[i32], line: &mut [i32]) -> Result<(), Fault> {
        let last = line.len() - 2;
        let mut x = 1;
        while x <= last {
            let (a, b, c, d) = (line[x - 1], above[x], above[x - 1], above[x + 1]);
            let slopes = [d - b, b - c, c - a];
            if slopes.iter().all(|s| s.abs() <= self.p.near) {
                x = self.run(above, line, x)?;
                continue;
            }
            line[x] = self.regular([a, b, c], slopes)?;
            x += 1;
        }
        Ok(())
    }

    fn regular(&mut self, [a, b, c]: [i32; 3], slopes: [i32; 3]) -> Result<i32, Fault> {
        let mut q = slopes.map(|s| self.quantized(s));
        let negative = q.iter().find(|v| **v != 0).is_some_and(|v| *v < 0);
        let sign = if negative { -1 } else { 1 };
        q = q.map(|v| sign * v);
        let number = (81 * q[0] + 9 * q[1] + q[2]) as usize;
        let predicted = if a.max(b) <= c {
            a.min(b)
        } else if c <= a.min(b) {
            a.max(b)
        } else {
            a + b - c
        };
        let context = self.contexts[number];
        let predicted = (predicted + sign * context.c).clamp(0, self.p.max);
        let k = order(context.n, context.a);
        let mapped = self.bits.golomb(k, self.limit, self.qbpp)?;
        let error = if self.p.near == 0 && k == 0 && 2 * context.b <= -context.n {
            if mapped & 1 == 1 { (mapped - 1) / 2 } else { -(mapped / 2) - 1 }
        } else if mapped & 1 == 0 {
            mapped / 2
        } else {
            -(mapped + 1) / 2
        };
        let (quantum, reset) = (self.quantum, self.p.reset);
        let t = &mut self.contexts[number];
        t.b += error * quantum;
        t.a += error.abs();
        if t.n == reset {
            t.a >>= 1;
            t.b >>= 1;
            t.n >>= 1;
        }
        t.n += 1;
        if t.b <= -t.n {
            t.b = (t.b + t.n).max(1 - t.n);
            t.c = (t.c - 1).max(-128);
        } else if 0 < t.b {
            t.b = (t.b - t.n).min(0);
            t.c = (t.c + 1).min(127);
        }
        Ok(self.corrected(predicted + sign * error * quantum))
    }

    fn quantized(&self, s: i32) -> i32 {
        let [t1, t2, t3] = self.p.thresholds;
        let size = match s.abs() {
            m if m <= self.p.near => 0,
            m if m < t1 => 1,
            m if m < t2 => 2,
            m if m < t3 => 3,
            _ => 4,
        };
        size * s.signum()
    }

    fn corrected(&self, value: i32) -> i32 {
        let turn = self.range * self.quantum;
        let value = if value < -self.p.near {
            value + turn
        } else if self.p.max + self.p.near < value {
            value - turn
        } else {
            value
        };
        value.clamp(0, self.p.max)
    }

    /// A run from column `x` and the value that ends it; gives the next column.
    fn run(&mut self, above: &[i32], line: &mut [i32], x: usize) -> Result<usize, Fault> {
        let (value, end) = (line[x - 1], line.len() - 1);
        let mut x = x;
        while self.bits.take(1)? == 1 {
            let length = 1_usize << J[self.run];
            let stop = (x + length).min(end);
            line[x..stop].fill(value);
            if stop == x + length {
                self.run = (self.run + 1).min(31);
            }
            x = stop;
            if x == end {
                return Ok(x);
            }
        }
        let rest = self.bits.take(J[self.run])? as usize;
        if end <= x + rest {
            return Err(broken("a run is longer than its line"));
        }
        line[x..x + rest].fill(value);
        x += rest;
        line[x] = self.interruption(value, above[x])?;
        self.run = self.run.saturating_sub(1);
        Ok(x + 1)
    }

    fn interruption(&mut self, a: i32, b: i32) -> Result<i32, Fault> {
        let like = (a - b).abs() <= self.p.near;
        let kind = i32::from(like);
        let number = REGULAR + usize::from(like);
        let context = self.contexts[number];
        let k = order(context.n, if like { context.a + (context.n >> 1) } else { context.a });
        let mapped = self.bits.golomb(k, self.limit - J[self.run] - 1, self.qbpp)?;
        let odd = mapped + kind;
        let size = (odd + (odd & 1)) / 2;
        let negative = (k != 0 || context.n <= 2 * context.b) == (odd & 1 == 1);
        let error = if negative { -size } else { size };
        let reset = self.p.reset;
        let t = &mut self.contexts[number];
        if error < 0 {
            t.b += 1;
        }
        t.a += (mapped + 1 - kind) >> 1;
        if t.n == reset {
            t.a >>= 1;
            t.b >>= 1;
            t.n >>= 1;
        }
        t.n += 1;
        let (predicted, sign) = if like { (a, 1) } else { (b, if b < a { -1 } else { 1 }) };
        Ok(self.corrected(predicted + sign * error * self.quantum))
    }
}

/// Least k with n · 2ᵏ ≥ a.
fn order(n: i32, a: i32) -> u32 {
    let mut k = 0;
    while k < 24 && (i64::from(n) << k) < i64::from(a) {
        k += 1;
    }
    k
}

/// Bits, most significant first; after a byte of ones the next has seven.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    n_held: u32,
}

impl Bits<'_> {
    fn fill(&mut self) {
        while self.n_held <= 48 {
            let after_ones = 0 < self.at && self.bytes[self.at - 1] == 0xff;
            match self.bytes.get(self.at) {
                // A marker ends the data.
                Some(b) if !(after_ones && 0x80 <= *b) => {
                    let n = if after_ones { 7 } else { 8 };
                    self.held = self.held << n | u64::from(*b);
                    self.n_held += n;
                    self.at += 1;
                }
                _ => return,
            }
        }
    }

    fn take(&mut self, n: u32) -> Result<u32, Fault> {
        if self.n_held < n {
            self.fill();
        }
        if self.n_held < n {
            return Err(broken("the coded lines end early"));
        }
        self.n_held -= n;
        Ok((self.held >> self.n_held & ((1 << n) - 1)) as u32)
    }

    /// Code of limited length, T.87 §A.5.3.
    fn golomb(&mut self, k: u32, limit: u32, qbpp: u32) -> Result<i32, Fault> {
        let longest = limit - qbpp - 1;
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
            if longest < zeros {
                return Err(broken("a code is longer than allowed"));
            }
        }
        if zeros < longest {
            return Ok((zeros << k | self.take(k)?) as i32 & 0x00ff_ffff);
        }
        Ok(self.take(qbpp)? as i32 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_longer_than_its_file_is_told() {
        // Start, frame of 8 bits and 2 × 2 pixels, scan whose length points far behind the end.
        let frame = [0xff, 0xf7, 0, 11, 8, 0, 2, 0, 2, 1, 1, 0x11, 0];
        let scan = [0xff, 0xda, 0xa2, 0x2a, 1, 1, 0, 0, 0, 0];
        let bytes = [&[0xff, 0xd8][..], &frame, &scan].concat();
        let said = decode(&bytes, [2, 2]).expect_err("no pixels there");
        assert!(format!("{said:?}").contains("the header ends beyond the pixels"), "{said:?}");
    }
}
