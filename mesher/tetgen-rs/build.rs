//! Compiles TetGen from the folder named by `TETGEN_SRC`, and the shim around it.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=TETGEN_SRC");
    println!("cargo:rerun-if-changed=src/shim.cpp");
    let source = match source_folder() {
        Ok(folder) => folder,
        Err(problem) => {
            println!("cargo:warning={problem}");
            eprintln!("{problem}");
            std::process::exit(1);
        }
    };
    for file in ["tetgen.cxx", "predicates.cxx", "tetgen.h"] {
        println!("cargo:rerun-if-changed={}", source.join(file).display());
    }
    let base = || {
        let mut build = cc::Build::new();
        build.cpp(true).include(&source).define("TETLIBRARY", None).define("NDEBUG", None).warnings(false);
        build
    };
    // The exact predicates live on IEEE rounding of every operation: no clever optimisation, and never fast-math.
    base()
        .file(source.join("predicates.cxx"))
        .opt_level(1)
        .flag_if_supported("-ffp-contract=off")
        .compile("predicates");
    base()
        .file("src/shim.cpp")
        .file(source.join("tetgen.cxx"))
        .opt_level(2)
        .flag_if_supported("-ffp-contract=off")
        .compile("tetgen");
    // The shim needs symbols of the predicates, so they come after it on the line of the linker.
    println!("cargo:rustc-link-lib=static=predicates");
}

fn source_folder() -> Result<PathBuf, String> {
    let named = std::env::var_os("TETGEN_SRC").map(PathBuf::from).ok_or(
        "set TETGEN_SRC to a folder with tetgen.cxx, predicates.cxx and tetgen.h of TetGen 1.6 (see README.md)",
    )?;
    let complete =
        |folder: &Path| ["tetgen.cxx", "predicates.cxx", "tetgen.h"].iter().all(|f| folder.join(f).is_file());
    [named.clone(), named.join("src")].into_iter().find(|f| complete(f)).ok_or_else(|| {
        format!(
            "TETGEN_SRC = {} holds no tetgen.cxx, predicates.cxx and tetgen.h, nor does its src",
            named.display()
        )
    })
}
