//! What happens to files: flipped bits, lost, doubled and moved pieces, numbers without sense.

/// Words that readers of text and of binary numbers stumble over.
const WORDS: [&[u8]; 14] = [
    b"-1",
    b"0",
    b"1e400",
    b"NaN",
    b"-inf",
    b"99999999999999999999",
    b"4294967295",
    b"",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x80",
    b"\xff\xff\xff\x7f",
    b"\n\n",
    b"\"",
    b"[[",
];

/// Sequence of numbers that damages one file.
pub(crate) struct Damage(u64);

impl Damage {
    /// Damage of that number.
    pub(crate) fn new(number: u64) -> Self {
        Self(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    /// Marsaglia (2003), Xorshift RNGs, J. Stat. Softw. 8(14).
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below.max(1)
    }

    /// The file with one to four kinds of damage.
    pub(crate) fn of(mut self, sound: &[u8]) -> Vec<u8> {
        let mut bytes = sound.to_vec();
        for _ in 0..=self.next(4) {
            self.once(&mut bytes);
        }
        bytes
    }

    fn once(&mut self, bytes: &mut Vec<u8>) {
        // Headers decide most and are short: half of all damage falls on the first kilobyte.
        let reach = if self.next(2) == 0 { bytes.len() } else { bytes.len().min(1024) };
        let at = self.next(reach);
        let end = (at + 1 + self.next(40)).min(bytes.len());
        match self.next(8) {
            0 => {
                if let Some(b) = bytes.get_mut(at) {
                    *b ^= 1 << self.next(8);
                }
            }
            1 => {
                if let Some(b) = bytes.get_mut(at) {
                    *b = [0, 1, 0x7f, 0x80, 0xff][self.next(5)];
                }
            }
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end.max(at))),
            4 => {
                let piece = bytes[at..end.max(at)].to_vec();
                let to = self.next(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            5 => {
                let word = WORDS[self.next(WORDS.len())];
                bytes.splice(at..at, word.iter().copied());
            }
            6 => self.number(bytes, at),
            _ => {
                let word = WORDS[self.next(WORDS.len())];
                let end = (at + word.len()).min(bytes.len());
                bytes.splice(at..end.max(at), word.iter().copied());
            }
        }
    }

    /// Replaces the first number in digits from `at` on.
    fn number(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let Some(start) = (at..bytes.len()).find(|i| bytes[*i].is_ascii_digit()) else { return };
        let end = (start..bytes.len()).find(|i| !bytes[*i].is_ascii_digit()).unwrap_or(bytes.len());
        let word = WORDS[self.next(8)];
        bytes.splice(start..end, word.iter().copied());
    }
}
