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
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// First bytes of every file.
const MARK: &[u8] = b"dens-checkpoint/1\n";

/// Ending of every file.
const ENDING: &str = "part";

/// Where parts of one run are kept, if anywhere.
#[derive(Debug, Default)]
pub struct Checkpoint {
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    folder: PathBuf,
    stamp: [u8; 32],
    /// Set when a part could not be written; none is tried after.
    given_up: AtomicBool,
}

/// What lies in a folder of parts under one name.
enum Entry {
    /// A part of a run with this stamp, whole or not.
    Part([u8; 32]),
    /// A part that was being written.
    Beginning,
    /// Nothing of ours.
    Foreign,
}

impl Entry {
    fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') && name.contains(&format!(".{ENDING}.partial-")) {
            return Self::Beginning;
        }
        let mut head = [0; MARK.len() + 32];
        let read = fs::File::open(path).and_then(|mut f| f.read_exact(&mut head));
        let stamp = head.strip_prefix(MARK).and_then(|rest| rest.try_into().ok());
        match stamp {
            Some(stamp) if read.is_ok() && path.extension().is_some_and(|e| e == ENDING) => Self::Part(stamp),
            _ => Self::Foreign,
        }
    }
}

impl Checkpoint {
    /// Keeps nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Keeps the parts of a run in `folder`, which is made where it is missing.
    ///
    /// - `identity`: all that the run's numbers depend on: case, quality, hashes of its files; the program itself is added
    /// - `renew`: parts of another run are removed, not refused
    ///
    /// # Errors
    /// A folder with parts of another run or with something else (exit 2); one that cannot be written (exit 4).
    pub fn open(folder: &Path, identity: &[&str], renew: bool) -> Result<Self, Failure> {
        let unusable = |what: &str| {
            let what = what.to_string();
            move |e: std::io::Error| Failure::limit(format!("cannot {what} the checkpoint folder: {e}"))
        };
        fs::create_dir_all(folder).map_err(unusable("make"))?;
        let mut sum = Sha256::new();
        for word in identity.iter().map(|w| w.as_bytes()).chain([&program()[..]]) {
            sum.update((word.len() as u64).to_le_bytes());
            sum.update(word);
        }
        let stamp: [u8; 32] = sum.finalize().into();
        for entry in fs::read_dir(folder).map_err(unusable("read"))?.flatten() {
            match Entry::of(&entry.path()) {
                Entry::Part(own) if own == stamp => {}
                Entry::Beginning => {}
                Entry::Part(_) if renew => {
                    let _ = fs::remove_file(entry.path());
                }
                Entry::Part(_) => {
                    return Err(Failure::input(
                        "the checkpoint folder belongs to another run: case, quality, files or program differ\n  = hint: remove it, or name another",
                    ));
                }
                Entry::Foreign => {
                    return Err(Failure::input(format!(
                        "the checkpoint folder holds `{}`, which is no part of a run\n  = hint: name an empty or a new folder",
                        entry.file_name().to_string_lossy()
                    )));
                }
            }
        }
        Ok(Self {
            kept: Some(Kept { folder: folder.to_path_buf(), stamp, given_up: AtomicBool::new(false) }),
        })
    }

    /// The part of that name: from the folder where it is there and whole, else computed and kept.
    ///
    /// Where it cannot be kept (a full disk, a folder that another process removed) the run goes on and keeps nothing more.
    ///
    /// # Errors
    /// As the computation.
    pub fn once<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        compute: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Some(kept) = &self.kept else { return compute() };
        let path = kept.folder.join(format!("{name}.{ENDING}"));
        if let Some(part) = fs::read(&path).ok().and_then(|bytes| parsed(&bytes, &kept.stamp)) {
            return Ok(part);
        }
        let part = compute()?;
        if !kept.given_up.load(Ordering::Relaxed) {
            let mut bytes = [MARK, &kept.stamp, &[0; 32]].concat();
            let body = bytes.len();
            bytes = postcard::to_extend(&part, bytes)
                .map_err(|e| Failure::bug(format!("the part `{name}` of the run cannot be kept: {e}")))?;
            let digest: [u8; 32] = Sha256::digest(&bytes[body..]).into();
            bytes[body - 32..body].copy_from_slice(&digest);
            if write_whole(&path, &bytes).is_err() {
                kept.given_up.store(true, Ordering::Relaxed);
            }
        }
        Ok(part)
    }

    /// Whether a part could not be kept.
    pub fn gave_up(&self) -> bool {
        self.kept.as_ref().is_some_and(|k| k.given_up.load(Ordering::Relaxed))
    }

    /// Removes the parts of runs in a folder, those begun too, and the folder if nothing else is in it.
    pub fn clear(folder: &Path) {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
            if !matches!(Entry::of(&path), Entry::Foreign) {
                let _ = fs::remove_file(path);
            }
        }
        let _ = fs::remove_dir(folder);
    }
}

/// Hash of this program's file: another build may compute other numbers.
fn program() -> Vec<u8> {
    static OWN: OnceLock<Vec<u8>> = OnceLock::new();
    let read = || std::env::current_exe().and_then(fs::read).map(|b| Sha256::digest(b).to_vec());
    OWN.get_or_init(|| read().unwrap_or_default()).clone()
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
            let store = Checkpoint::open(&place, &["case", "draft"], false).expect("an own folder");
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
        let store = Checkpoint::open(scratch.path(), &["case"], false).expect("an empty folder");
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
        let store = Checkpoint::open(scratch.path(), &["case"], false).expect("an empty folder");
        store.once("n", || Ok(7_u64)).expect("computed");
        let other = Checkpoint::open(scratch.path(), &["case", "fine"], false).expect_err("another run");
        assert!(other.message.contains("another run"), "{}", other.message);
        let renewed = Checkpoint::open(scratch.path(), &["case", "fine"], true).expect("parts may go");
        assert_eq!(renewed.once("n", || Ok(8_u64)).expect("computed"), 8);
        fs::write(scratch.path().join("notes.part"), "mine").expect("written");
        let foreign = Checkpoint::open(scratch.path(), &["case", "fine"], false).expect_err("a foreign file");
        assert!(foreign.message.contains("notes.part"), "{}", foreign.message);
    }

    #[test]
    fn a_part_that_was_being_written_is_no_obstacle_and_goes_with_the_rest() {
        let scratch = folder();
        let place = scratch.path().join("kept");
        fs::create_dir(&place).expect("made");
        fs::write(place.join(".day-1.part.partial-77"), "half").expect("written");
        let store = Checkpoint::open(&place, &["case"], false).expect("an own folder");
        assert_eq!(store.once("n", || Ok(7_u64)).expect("computed"), 7);
        Checkpoint::clear(&place);
        assert!(!place.exists());
        // The folder is gone under a run that goes on: it ends all the same.
        assert_eq!(store.once("m", || Ok(9_u64)).expect("computed"), 9);
        assert!(store.gave_up());
    }
}
