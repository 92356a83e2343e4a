//! Finished parts of a run, kept so that the same run can go on where it was stopped.
//!
//! Each part is written under its name as soon as it is done: beside, then renamed. So a run may be killed at any moment and
//! loses what it was at, nothing else. Numbers are kept bit by bit, so the run that goes on ends with the bytes of one that
//! was never stopped.
//!
//! ```text
//! file = "dens-checkpoint/1\n"  stamp of the run (32 bytes)  SHA-256 of the rest (32 bytes)  the part, by postcard
//! ```

use crate::failure::Failure;
use crate::output::write_whole;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// First bytes of every file.
const MARK: &[u8] = b"dens-checkpoint/1\n";

/// Ending of every file.
const ENDING: &str = "part";

/// Where parts of one run are kept, if anywhere.
#[derive(Debug, Clone, Default)]
pub struct Checkpoint {
    kept: Option<(PathBuf, [u8; 32])>,
}

impl Checkpoint {
    /// Keeps nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Keeps the parts of a run in `folder`, which is made where it is missing.
    ///
    /// - `identity`: all that the run's numbers depend on: case, quality, hashes of its files; the version is added
    ///
    /// # Errors
    /// A folder with parts of another run or with something else (exit 2); one that cannot be written (exit 4).
    pub fn open(folder: &Path, identity: &[&str]) -> Result<Self, Failure> {
        let shown = folder.display();
        fs::create_dir_all(folder)
            .map_err(|e| Failure::limit(format!("cannot make the checkpoint folder `{shown}`: {e}")))?;
        let mut sum = Sha256::new();
        for word in identity.iter().chain(&[env!("CARGO_PKG_VERSION"), dens_solver::linear::INSTRUCTION_SET])
        {
            sum.update((word.len() as u64).to_le_bytes());
            sum.update(word.as_bytes());
        }
        let stamp: [u8; 32] = sum.finalize().into();
        let entries = fs::read_dir(folder)
            .map_err(|e| Failure::limit(format!("cannot read the checkpoint folder `{shown}`: {e}")))?;
        for path in entries.flatten().map(|e| e.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if path.extension().is_none_or(|e| e != ENDING) {
                return Err(Failure::input(format!(
                    "the checkpoint folder `{shown}` holds `{name}`, which is no part of a run\n  = hint: name an empty or a new folder"
                )));
            }
            let bytes = fs::read(&path).unwrap_or_default();
            if bytes.strip_prefix(MARK).is_some_and(|rest| !rest.starts_with(&stamp)) {
                return Err(Failure::input(format!(
                    "the checkpoint folder `{shown}` belongs to another run: case, quality, files or version differ\n  = hint: remove it, or name another"
                )));
            }
        }
        Ok(Self { kept: Some((folder.to_path_buf(), stamp)) })
    }

    /// The part of that name: from the folder where it is there and whole, else computed and kept.
    ///
    /// # Errors
    /// As the computation; a full disk, exit 4.
    pub fn once<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        compute: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Some((folder, stamp)) = &self.kept else { return compute() };
        let path = folder.join(format!("{name}.{ENDING}"));
        if let Some(part) = fs::read(&path).ok().and_then(|bytes| parsed(&bytes, stamp)) {
            return Ok(part);
        }
        let part = compute()?;
        let body = postcard::to_allocvec(&part)
            .map_err(|e| Failure::bug(format!("the part `{name}` of the run cannot be kept: {e}")))?;
        let digest: [u8; 32] = Sha256::digest(&body).into();
        write_whole(&path, &[MARK, stamp, &digest, &body].concat())?;
        Ok(part)
    }

    /// Removes the parts in a folder, and the folder if nothing else is in it.
    pub fn clear(folder: &Path) {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
            if path.extension().is_some_and(|e| e == ENDING) {
                let _ = fs::remove_file(path);
            }
        }
        let _ = fs::remove_dir(folder);
    }
}

/// The part in a file of this run; `None` where it is damaged.
fn parsed<T: DeserializeOwned>(bytes: &[u8], stamp: &[u8; 32]) -> Option<T> {
    let rest = bytes.strip_prefix(MARK)?.strip_prefix(stamp)?;
    let (digest, body) = rest.split_first_chunk::<32>()?;
    let whole = *digest == <[u8; 32]>::from(Sha256::digest(body));
    whole.then(|| postcard::from_bytes(body).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a scratch folder")
    }

    #[test]
    fn a_part_is_computed_once_and_comes_back_bit_by_bit() {
        let scratch = folder();
        let place = scratch.path().join("kept");
        let computed = Cell::new(0);
        let values = vec![0.1 + 0.2, f64::NAN, -0.0, f64::MIN_POSITIVE / 3.0];
        let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        for _ in 0..2 {
            let store = Checkpoint::open(&place, &["case", "draft"]).expect("an own folder");
            let part = store.once("values", || {
                computed.set(computed.get() + 1);
                Ok(values.clone())
            });
            assert_eq!(bits(&part.expect("computed")), bits(&values));
        }
        assert_eq!(computed.get(), 1);
        Checkpoint::clear(&place);
        assert!(!place.exists());
    }

    #[test]
    fn a_damaged_part_is_computed_again() {
        let scratch = folder();
        let store = Checkpoint::open(scratch.path(), &["case"]).expect("an empty folder");
        assert_eq!(store.once("n", || Ok(7_u64)).expect("computed"), 7);
        let path = scratch.path().join("n.part");
        let mut bytes = fs::read(&path).expect("kept");
        *bytes.last_mut().expect("not empty") ^= 1;
        fs::write(&path, &bytes[..]).expect("written");
        assert_eq!(store.once("n", || Ok(8_u64)).expect("computed"), 8);
        assert_eq!(store.once("n", || Ok(9_u64)).expect("kept"), 8);
    }

    #[test]
    fn parts_of_another_run_and_other_files_are_refused() {
        let scratch = folder();
        let store = Checkpoint::open(scratch.path(), &["case"]).expect("an empty folder");
        store.once("n", || Ok(7_u64)).expect("computed");
        let other = Checkpoint::open(scratch.path(), &["case", "fine"]).expect_err("another run");
        assert!(other.message.contains("another run"), "{}", other.message);
        fs::write(scratch.path().join("notes.txt"), "mine").expect("written");
        let foreign = Checkpoint::open(scratch.path(), &["case"]).expect_err("a foreign file");
        assert!(foreign.message.contains("notes.txt"), "{}", foreign.message);
    }
}
