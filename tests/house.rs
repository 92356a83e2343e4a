//! House rules that a reader should be able to rely on, read from the tree itself.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|n| n != "target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for folder in ["mesher", "solver", "reports", "cases", "tests"] {
        rust_files(&root().join(folder), &mut files);
    }
    files.sort();
    assert!(files.len() > 50, "the tree was not found");
    files.into_iter().map(|f| (f.clone(), fs::read_to_string(&f).expect("readable source"))).collect()
}

#[test]
fn crates_depend_in_one_direction_only() {
    let order = ["mesher", "solver", "reports", "cases"];
    for (i, name) in order.iter().enumerate() {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).expect("a manifest");
        for later in &order[i..] {
            assert!(!manifest.contains(&format!("dens-{later}.workspace")), "{name} must not use {later}");
        }
    }
}

#[test]
fn no_file_is_longer_than_eight_hundred_lines() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 800, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_unfinished_is_left_in_the_tree() {
    // Spelled apart so that this file does not find itself.
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("unimplemented", "!("), concat!("to", "do!(")];
    for (path, text) in sources() {
        for mark in marks {
            assert!(!text.contains(mark), "{} holds {mark}", path.display());
        }
        let ignored = concat!("#[ig", "nore");
        assert!(!text.contains(ignored), "{} ignores a test", path.display());
    }
}

#[test]
fn libraries_read_no_clock_and_print_nothing() {
    for (path, text) in sources() {
        let shown = path.display().to_string();
        let library = (shown.contains("mesher/src") || shown.contains("solver/src"))
            && !shown.contains("generate/tetgen");
        if !library {
            continue;
        }
        let code: String = text.split("#[cfg(test)]").next().unwrap_or("").to_string();
        for word in ["Instant::now", "SystemTime", "println!("] {
            // Tests may say on standard error that they were skipped.
            let said =
                |l: &str| l.replace("eprintln!(", "").contains(word) && !l.trim_start().starts_with("//");
            let found = code.lines().any(said);
            assert!(!found, "{shown} uses {word}");
        }
    }
}
