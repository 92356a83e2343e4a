//! What a run said, without what differs from machine to machine.

use super::manifest::Sweep;
use super::store::TEMPORARY;

/// Most characters kept of what a run said; the end tells why.
const MOST: usize = 4000;

/// The end of a log in words that depend on the case alone: no numbers of threads or processes, no addresses of a
/// trace, no folder of the work or of the sweep. `None` for an empty one.
pub fn plain(log: &str, sweep: &Sweep) -> Option<String> {
    let mut text = String::new();
    for line in log.trim().lines() {
        if line.trim() == "stack backtrace:" {
            break;
        }
        if line.starts_with("note: run with `RUST_BACKTRACE") {
            continue;
        }
        text.push_str(&without_thread(line));
        text.push('\n');
    }
    for folder in [sweep.folder.canonicalize().ok(), std::path::absolute(&sweep.folder).ok()] {
        let folder = folder.map_or_else(String::new, |f| f.to_string_lossy().into_owned());
        if 1 < folder.len() {
            text = text.replace(&format!("{folder}/"), "").replace(&folder, ".");
        }
    }
    text = without_work(&text);
    let text = text.trim();
    let last: String = text.chars().skip(text.chars().count().saturating_sub(MOST)).collect();
    (!last.is_empty()).then_some(last)
}

/// `thread 'main' (4711) panicked at …` without the thread.
fn without_thread(line: &str) -> String {
    match line.split_once(" panicked at ") {
        Some((thread, place)) if thread.starts_with("thread '") => format!("panicked at {place}"),
        _ => line.to_string(),
    }
}

/// Names of folders of the work without machine, process and count.
fn without_work(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(TEMPORARY) {
        let name = &rest[at + TEMPORARY.len()..];
        let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        plain.push_str(&rest[..at]);
        plain.push_str("work");
        rest = &name[name.find(ends).unwrap_or(name.len())..];
    }
    plain.push_str(rest);
    let mut parts = plain.split(".partial-");
    let mut text = parts.next().unwrap_or_default().to_string();
    for part in parts {
        text.push_str(".partial");
        text.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_says_is_the_same_on_every_machine() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let said = |host: &str, pid: usize, folder: &std::path::Path| {
            let sweep = Sweep { folder: folder.to_path_buf(), hash: String::new(), lines: Vec::new() };
            let log = format!(
                "cannot write beside `../cases/.tmp-ab12-{host}-{pid}-3/.run.partial-{pid}/a`, kept in {}/stopped/ab12\nthread 'main' ({pid}) panicked at solver/src/dofs.rs:3:5:\nindex\nnote: run with `RUST_BACKTRACE=1` environment variable\nstack backtrace:\n   0: 0x{pid}\n",
                folder.display()
            );
            plain(&log, &sweep)
        };
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        let expected = "cannot write beside `../cases/work/.run.partial/a`, kept in stopped/ab12\npanicked at solver/src/dofs.rs:3:5:\nindex";
        assert_eq!(said("node_1", 17, &one).as_deref(), Some(expected));
        assert_eq!(said("n", 90210, &two).as_deref(), Some(expected));
        let sweep = Sweep { folder: one, hash: String::new(), lines: Vec::new() };
        assert_eq!(plain(" \n", &sweep), None);
    }
}
