//! The folder of a result: written beside its final name, then renamed, so that only whole results exist.

use crate::checkpoint::Checkpoint;
use crate::failure::{Exit, Failure};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Files whose presence and word mark a folder as a result of this program.
const MARKS: [(&str, &str); 6] = [
    ("record.json", "\"dens-record/1\""),
    ("solve.json", "\"dens-solve/1\""),
    ("verification.json", "\"dens-verification/1\""),
    ("validation.json", "\"dens-validation/1\""),
    ("image.json", "\"dens-image/1\""),
    ("export.json", "\"dens-export/1\""),
];

/// The folder being written, for the signal handler; held locked while results are exchanged.
static PARTIAL: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Result folder under construction.
#[derive(Debug)]
pub struct Output {
    target: PathBuf,
    partial: PathBuf,
    keep: Option<PathBuf>,
    done: bool,
}

impl Output {
    /// Starts a result that will stand at `target`.
    ///
    /// # Errors
    /// When `target` holds something that is not an earlier result, or cannot be written.
    pub fn begin(target: &Path) -> Result<Self, Failure> {
        refuse_foreign(target)?;
        let name = target.file_name().map_or_else(|| "result".into(), |n| n.to_string_lossy().into_owned());
        let parent = match target.parent() {
            Some(p) if !p.as_os_str().is_empty() => p.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let partial = parent.join(format!(".{name}.partial-{}", std::process::id()));
        fs::create_dir_all(&partial)
            .map_err(|e| Failure::limit(format!("cannot write beside `{}`: {e}", target.display())))?;
        if let Ok(mut slot) = PARTIAL.lock() {
            *slot = Some(partial.clone());
        }
        Ok(Self { target: target.to_path_buf(), partial, keep: None, done: false })
    }

    /// The same with a folder for finished parts of the work, which outlives it.
    pub fn keeping(mut self, folder: Option<&Path>) -> Self {
        self.keep = folder.map(Path::to_path_buf);
        self
    }

    /// The folder for finished parts, open for the work with this identity; see [`Checkpoint::open`].
    ///
    /// # Errors
    /// As there.
    pub fn checkpoint(&self, identity: &[&str]) -> Result<Checkpoint, Failure> {
        self.keep.as_deref().map_or_else(
            || Ok(Checkpoint::none()),
            |folder| {
                // Within a sweep a folder belongs to one case; what another build left there is of no use.
                Checkpoint::open(folder, identity, std::env::var_os(ENDS_WITH_PARENT).is_some())
            },
        )
    }

    /// Writes one file of the result; folders in `name` are made.
    ///
    /// # Errors
    /// When the disk is full or the folder is not writable.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(name)?;
        let failed =
            |e: std::io::Error| Failure::limit(format!("cannot write `{name}`: {e}; nothing was kept"));
        let mut file = fs::File::create(&path).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.sync_all().map_err(failed)
    }

    /// Place of one file of the result while it is being written; its folder exists.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn path(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.partial.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .map_err(|e| Failure::limit(format!("cannot make the folder of `{name}`: {e}")))?;
        }
        Ok(path)
    }

    /// All files written so far, by name relative to the folder, sorted.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn files(&self) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        let mut folders = vec![self.partial.clone()];
        while let Some(folder) = folders.pop() {
            let entries =
                fs::read_dir(&folder).map_err(|e| Failure::limit(format!("cannot read the result: {e}")))?;
            for entry in entries.flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(relative) = path.strip_prefix(&self.partial) {
                    found.push(relative.to_string_lossy().replace('\\', "/"));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Puts the whole result in its place, replacing an earlier one.
    ///
    /// # Errors
    /// When a rename fails; the earlier result is then still there.
    pub fn commit(mut self) -> Result<(), Failure> {
        let mut slot = PARTIAL.lock().map_err(|_| Failure::bug("the output lock was poisoned"))?;
        refuse_foreign(&self.target)?;
        let away = self.partial.with_extension("replaced");
        let failed = |e: std::io::Error| Failure::limit(format!("cannot put the result in place: {e}"));
        let had = self.target.exists();
        if had {
            fs::rename(&self.target, &away).map_err(failed)?;
        }
        if let Err(e) = fs::rename(&self.partial, &self.target) {
            if had {
                let _ = fs::rename(&away, &self.target);
            }
            return Err(failed(e));
        }
        if had {
            let _ = fs::remove_dir_all(&away);
        }
        *slot = None;
        self.done = true;
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_dir_all(&self.partial);
            if let Ok(mut slot) = PARTIAL.lock() {
                *slot = None;
            }
        }
    }
}

/// Refuses a folder that holds something other than an earlier result.
fn refuse_foreign(target: &Path) -> Result<(), Failure> {
    if !target.exists() {
        return Ok(());
    }
    if !target.is_dir() {
        return Err(Failure::input(format!(
            "`{}` is a file\n  = hint: give a folder with `-o`",
            target.display()
        )));
    }
    let empty = fs::read_dir(target).map(|mut d| d.next().is_none()).unwrap_or(false);
    let own = MARKS
        .iter()
        .any(|(name, word)| fs::read_to_string(target.join(name)).is_ok_and(|text| text.contains(word)));
    if empty || own {
        return Ok(());
    }
    Err(Failure::input(format!(
        "`{}` holds something that is not a result of dens\n  = hint: give another folder with `-o`, or move its content away",
        target.display()
    )))
}

/// Writes one file beside its final name, then renames it.
///
/// # Errors
/// When the file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.partial-{}", std::process::id()));
    fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path)).map_err(|e| {
        let _ = fs::remove_file(&beside);
        Failure::limit(format!("cannot write `{}`: {e}", path.display()))
    })
}

/// Environment of a run that shall not outlive the process that started it.
pub const ENDS_WITH_PARENT: &str = "DENS_ENDS_WITH_PARENT";

/// Installs the handler of Ctrl-C and termination: removes the unfinished result and exits with 130. With
/// [`ENDS_WITH_PARENT`] in the environment the death of the parent counts as termination.
///
/// # Errors
/// When the system refuses the handler.
pub fn stop_cleanly() -> Result<(), Failure> {
    #[cfg(unix)]
    if std::env::var_os(ENDS_WITH_PARENT).is_some() {
        let parent = std::os::unix::process::parent_id();
        std::thread::spawn(move || {
            while std::os::unix::process::parent_id() == parent {
                std::thread::sleep(std::time::Duration::from_millis(500));
            }
            interrupted();
        });
    }
    ctrlc::set_handler(|| interrupted()).map_err(|e| Failure::bug(format!("no signal handler: {e}")))
}

/// Removes the unfinished result and ends the program.
fn interrupted() -> ! {
    // The lock is held during the exchange of results, so an exchange once begun is finished first.
    if let Ok(slot) = PARTIAL.lock()
        && let Some(partial) = slot.as_ref()
    {
        for _ in 0..20 {
            if fs::remove_dir_all(partial).is_ok() || !partial.exists() {
                break;
            }
        }
    }
    let _ = writeln!(std::io::stderr(), "\ninterrupted: no result was kept");
    std::process::exit(Exit::Interrupted.code());
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = MARKS[0].0;

    #[test]
    fn a_result_appears_whole_and_replaces_its_predecessor() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let target = dir.path().join("r");
        for round in 0..2 {
            let out = Output::begin(&target).expect("free target");
            out.write(MARK, format!("{{\"schema\": \"dens-record/1\", \"round\": {round}}}").as_bytes())
                .expect("written");
            assert_eq!(target.exists(), round == 1, "nothing appears before the commit");
            out.commit().expect("committed");
        }
        assert!(fs::read_to_string(target.join(MARK)).expect("there").contains("\"round\": 1"));
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 1, "no leftovers");
    }

    #[test]
    fn a_folder_with_something_else_is_refused() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        fs::write(dir.path().join("thesis.txt"), "precious").expect("written");
        let failure = Output::begin(dir.path()).expect_err("foreign content");
        assert_eq!(failure.exit, Exit::BadInput);
    }

    #[test]
    fn an_abandoned_result_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let out = Output::begin(&dir.path().join("r")).expect("free target");
        out.write("a/b.txt", b"x").expect("written");
        drop(out);
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
    }
}
