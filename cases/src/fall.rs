//! A panic is our bug, and says so in one line.

use crate::failure::Exit;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::{AssertUnwindSafe, Location, PanicHookInfo, catch_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

/// What the last panic said. A panic that is caught on its way, as in decoders of others, is nobody's concern.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Runs the program and gives its exit code: that of a bug after a panic, in whatever thread of the work it began.
///
/// With `RUST_BACKTRACE` in the environment the trace follows the line.
pub fn guarded(program: impl FnOnce() -> i32) -> i32 {
    set_hook(Box::new(|panic| {
        let trace = Backtrace::capture();
        let mut text = line(panic);
        if trace.status() == BacktraceStatus::Captured {
            text.push_str(&format!("\nstack backtrace:\n{trace}"));
        }
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }));
    // Nothing of the program is used after a panic.
    catch_unwind(AssertUnwindSafe(program)).unwrap_or_else(|_| {
        let said = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ =
            writeln!(std::io::stderr(), "{}", said.as_deref().unwrap_or("internal error; please report it"));
        Exit::Bug.code()
    })
}

fn line(panic: &PanicHookInfo<'_>) -> String {
    let message =
        panic.payload_as_str().unwrap_or("no message").split_whitespace().collect::<Vec<_>>().join(" ");
    format!("internal error at {}: {message}; please report it", place(panic.location()))
}

/// File and line, without the folder in which crates or the standard library lay when they were compiled.
fn place(location: Option<&Location<'_>>) -> String {
    let Some(location) = location else { return String::from("an unknown place") };
    let file = location.file().replace('\\', "/");
    let behind =
        |mark: &str| file.split_once(mark).and_then(|(_, rest)| rest.split_once('/')).map(|(_, f)| f);
    let file = behind("/registry/src/").or_else(|| behind("/rustc/")).unwrap_or(&file);
    format!("{file}:{}", location.line())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::process::Command;

    /// Set in the process that falls.
    const FALLS: &str = "DENS_TEST_FALLS";

    #[test]
    fn a_panic_in_any_thread_is_one_line_and_the_exit_code_of_a_bug() {
        match std::env::var(FALLS).as_deref() {
            Ok("here") => std::process::exit(guarded(|| panic!("a sum of\n  two lines"))),
            Ok("apart") => std::process::exit(guarded(|| {
                let _ = catch_unwind(|| panic!("caught"));
                (0..64).into_par_iter().for_each(|k| assert!(k != 17, "seventeen"));
                0
            })),
            Ok(_) => std::process::exit(guarded(|| 0)),
            Err(_) => {}
        }
        for (way, code, expected) in [
            ("here", 70, ": a sum of two lines; please"),
            ("apart", 70, ": seventeen; please"),
            ("not", 0, ""),
        ] {
            let own = std::env::current_exe().expect("a place");
            let name = "fall::tests::a_panic_in_any_thread_is_one_line_and_the_exit_code_of_a_bug";
            let fallen = Command::new(own)
                .args([name, "--exact", "--nocapture"])
                .env(FALLS, way)
                .env("RUST_BACKTRACE", "0")
                .env("RUST_LIB_BACKTRACE", "0")
                .output()
                .expect("it starts");
            let said = String::from_utf8_lossy(&fallen.stderr).into_owned();
            assert_eq!(fallen.status.code(), Some(code), "{said}");
            assert_eq!(said.lines().count(), usize::from(code == 70), "{said}");
            assert!(said.contains(expected), "{said}");
            assert!(code == 0 || said.starts_with("internal error at cases/src/fall.rs:"), "{said}");
        }
    }
}
