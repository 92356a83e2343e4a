//! An accepted increment as plain arrays, for checkpoints.

use super::NonlinearError;

/// State of an analysis at an accepted increment; everything that later bits depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Index of the stage.
    pub stage: u64,
    /// Load factor of the stage, 0 to 1.
    pub load_factor: f64,
    /// Increments accepted, through all stages.
    pub increments: u64,
    /// Increments tried in this stage.
    pub tried: u64,
    /// Increments accepted since the last one that was cut back.
    pub calm: u64,
    /// Whether Newton searches along its corrections, because full steps failed.
    pub searching: bool,
    /// Size of the next increment.
    pub next: f64,
    /// Largest nodal force met so far, N.
    pub reference_force: f64,
    /// Flexibility f·K⁻¹f at the start of the stage, mJ; 0: not computed yet, negative: unknown.
    pub initial_flexibility: f64,
    /// Load factor in the middle of the last increment, and work of the loads of the stage per load factor in it, mJ.
    pub secant: [f64; 2],
    /// Unknowns along the frames of the nodes, mm.
    pub unknowns: Vec<f64>,
    /// History of the laws.
    pub history: Vec<f64>,
    /// History at the start of the last accepted increment.
    pub earlier: Vec<f64>,
    /// States of the interactions.
    pub interactions: Vec<Vec<u8>>,
}

/// First bytes of a checkpoint: name and version of the form.
const HEADER: &[u8; 8] = b"densnl01";

impl State {
    /// The state as bytes, little endian, exact to the bit.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = HEADER.to_vec();
        for n in [self.stage, self.increments, self.tried, self.calm, u64::from(self.searching)] {
            out.extend(n.to_le_bytes());
        }
        for x in [
            self.load_factor,
            self.next,
            self.reference_force,
            self.initial_flexibility,
            self.secant[0],
            self.secant[1],
        ] {
            out.extend(x.to_bits().to_le_bytes());
        }
        for list in [&self.unknowns, &self.history, &self.earlier] {
            out.extend((list.len() as u64).to_le_bytes());
            list.iter().for_each(|x| out.extend(x.to_bits().to_le_bytes()));
        }
        out.extend((self.interactions.len() as u64).to_le_bytes());
        for bytes in &self.interactions {
            out.extend((bytes.len() as u64).to_le_bytes());
            out.extend(bytes);
        }
        out
    }

    /// State of bytes that [`State::to_bytes`] gave.
    ///
    /// # Errors
    /// [`NonlinearError::Checkpoint`] when the bytes are of another form or incomplete.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NonlinearError> {
        let mut reader = Reader { rest: bytes };
        if reader.take(HEADER.len())? != HEADER {
            return Err(NonlinearError::Checkpoint("not a state of this version".to_string()));
        }
        let (stage, increments) = (reader.number()?, reader.number()?);
        let (tried, calm) = (reader.number()?, reader.number()?);
        let searching = reader.number()? != 0;
        let (load_factor, next) = (reader.real()?, reader.real()?);
        let (reference_force, initial_flexibility) = (reader.real()?, reader.real()?);
        let secant = [reader.real()?, reader.real()?];
        let (unknowns, history, earlier) = (reader.reals()?, reader.reals()?, reader.reals()?);
        let count = reader.number()?;
        let mut interactions = Vec::new();
        for _ in 0..count {
            let length = reader.length()?;
            interactions.push(reader.take(length)?.to_vec());
        }
        if !reader.rest.is_empty() {
            return Err(NonlinearError::Checkpoint(format!("{} bytes too many", reader.rest.len())));
        }
        Ok(Self {
            stage,
            load_factor,
            increments,
            tried,
            calm,
            searching,
            next,
            reference_force,
            initial_flexibility,
            secant,
            unknowns,
            history,
            earlier,
            interactions,
        })
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], NonlinearError> {
        let short = || NonlinearError::Checkpoint(format!("{n} bytes are missing at the end"));
        let (head, rest) = self.rest.split_at_checked(n).ok_or_else(short)?;
        self.rest = rest;
        Ok(head)
    }

    fn number(&mut self) -> Result<u64, NonlinearError> {
        let bytes = self.take(8)?;
        Ok(u64::from_le_bytes(bytes.try_into().expect("eight bytes were taken")))
    }

    fn real(&mut self) -> Result<f64, NonlinearError> {
        self.number().map(f64::from_bits)
    }

    fn length(&mut self) -> Result<usize, NonlinearError> {
        let n = self.number()?;
        usize::try_from(n).map_err(|_| NonlinearError::Checkpoint(format!("a list of {n} entries")))
    }

    fn reals(&mut self) -> Result<Vec<f64>, NonlinearError> {
        let n = self.length()?;
        let bytes = self.take(n.saturating_mul(8))?;
        let (chunks, _) = bytes.as_chunks::<8>();
        Ok(chunks.iter().map(|c| f64::from_bits(u64::from_le_bytes(*c))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_give_the_state_back_and_damaged_ones_are_refused() {
        let state = State {
            stage: 1,
            load_factor: 0.1 + 0.2,
            increments: 7,
            tried: 3,
            calm: 2,
            searching: true,
            next: 1e-3,
            reference_force: 12.5,
            initial_flexibility: f64::MIN_POSITIVE,
            secant: [0.5, -1.0],
            unknowns: vec![1.0 / 3.0, -0.0],
            history: vec![],
            earlier: vec![2.5e-17],
            interactions: vec![vec![1, 2, 3], vec![]],
        };
        let bytes = state.to_bytes();
        assert_eq!(State::from_bytes(&bytes).expect("complete"), state);
        assert!(State::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        assert!(State::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        assert!(State::from_bytes(&bytes[1..]).is_err());
    }
}
