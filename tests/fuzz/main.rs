//! Damaged input for every reader: `cargo test -p dens-tests --test fuzz`.
//!
//! Sound files are damaged by a fixed sequence of numbers, so that a failure comes back with its number. A reader may accept or
//! refuse what it gets; it may not panic or take longer than [`LONGEST`]. `DENS_FUZZ=20000` sets how often each file is
//! damaged ([`TIMES`] without it). No coverage guides the damage: cargo-fuzz needs a nightly compiler.

mod corpus;
mod damage;

use damage::Damage;
use dens_cases::bench::case::Bench;
use dens_cases::case::Case;
use dens_cases::deck;
use dens_cases::document::Document;
use dens_mesher::image::{self, Options};
use dens_mesher::io;
use dens_reports::export::{stl, threemf};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often each file is damaged.
const TIMES: u64 = 250;

/// Longest time for one file of a few kilobytes.
const LONGEST: Duration = Duration::from_secs(10);

/// Most triangles or bytes that a reader is told to accept.
const MOST: u32 = 1 << 24;

/// Damages each file again and again and reads it.
fn survives(reader: &str, files: &[Vec<u8>], read: impl Fn(&[u8])) {
    let times = std::env::var("DENS_FUZZ").ok().and_then(|v| v.parse().ok()).unwrap_or(TIMES);
    for (k, sound) in files.iter().enumerate() {
        for n in 0..times {
            let bytes = Damage::new(1_000_003 * k as u64 + n).of(sound);
            let start = Instant::now();
            let done = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
            let place = || {
                let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{reader}"));
                let _ = std::fs::write(&kept, &bytes);
                format!("{reader}, file {k}, damage {n}, kept as {}", kept.display())
            };
            assert!(done.is_ok(), "a panic: {}", place());
            assert!(start.elapsed() < LONGEST, "{:?}: {}", start.elapsed(), place());
        }
    }
}

/// The same for a reader that takes a path; the file has that name.
fn survives_as_file(reader: &str, name: &str, files: &[Vec<u8>], read: impl Fn(&Path)) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join(name);
    survives(reader, files, |bytes| {
        std::fs::write(&path, bytes).expect("written");
        read(&path);
    });
}

fn scan(path: &Path) {
    let _ = image::read(path, Options::default());
    let _ = image::read_labels(path, Options { series: Some(1), fill_gaps: true });
}

#[test]
fn stl_survives() {
    let files = [corpus::stl_binary(), corpus::stl_text()];
    survives("stl", &files, |b| {
        let _ = io::parse(b, "stl", "a.stl");
        let _ = stl::read(&mut &*b, MOST);
    });
}

#[test]
fn obj_survives() {
    survives("obj", &[corpus::obj()], |b| drop(io::parse(b, "obj", "a.obj")));
}

#[test]
fn ply_survives() {
    survives("ply", &[corpus::ply_text(), corpus::ply_binary()], |b| drop(io::parse(b, "ply", "a.ply")));
}

#[test]
fn dicom_survives() {
    let files = [corpus::dicom(false), corpus::dicom(true)];
    assert!(files.iter().all(|f| reads(f, "a.dcm")), "the sound files are sound");
    survives_as_file("dicom", "a.dcm", &files, scan);
}

#[test]
fn nifti_survives() {
    assert!(reads(&corpus::nifti(), "a.nii"), "the sound file is sound");
    survives_as_file("nifti", "a.nii", &[corpus::nifti()], scan);
    survives_as_file("nifti-gz", "a.nii.gz", &[corpus::packed(&corpus::nifti())], scan);
}

#[test]
fn nrrd_survives() {
    assert!(reads(&corpus::nrrd(), "a.nrrd"), "the sound file is sound");
    survives_as_file("nrrd", "a.nrrd", &[corpus::nrrd()], scan);
}

#[test]
fn metaimage_survives() {
    assert!(reads(&corpus::metaimage(), "a.mha"), "the sound file is sound");
    survives_as_file("metaimage", "a.mha", &[corpus::metaimage()], scan);
}

fn reads(bytes: &[u8], name: &str) -> bool {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    image::read(&path, Options::default()).is_ok()
}

#[test]
fn case_files_survive() {
    survives("case", &corpus::cases(), |b| {
        if let Ok(document) = Document::parse(&String::from_utf8_lossy(b)) {
            let _ = Case::from_document(&document);
            let _ = Bench::from_document(&document);
        }
    });
}

#[test]
fn decks_survive() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("sound.inp");
    std::fs::write(&path, corpus::deck()).expect("written");
    let Ok((sound, _)) = deck::read(&path) else { panic!("the sound deck is sound") };
    survives_as_file("inp", "a.inp", &[corpus::deck()], |p| drop(deck::read(p)));
    let feb = deck::feb::write(&sound).0.into_bytes();
    survives_as_file("feb", "a.feb", &[feb], |p| {
        let _ = deck::feb::read(p);
        let _ = deck::feb::read_to_solve(p);
    });
    let Ok((vtu, _)) = deck::vtu::write(&sound) else { panic!("a deck of one block is written") };
    survives_as_file("vtu", "a.vtu", &[vtu], |p| drop(deck::vtu::read(p)));
}

#[test]
fn packages_survive() {
    survives("3mf", &[corpus::package()], |b| drop(threemf::read(Cursor::new(b), u64::from(MOST))));
}
