//! Files for the machine from a finished run: every format read back, compared with the others, and refusals.

use super::{listing, outcome, run_with, scratch};
use dens_mesher::geometry::Field;
use dens_mesher::geometry::surface::TriSurface;
use dens_reports::export::{cli, threemf, verify};
use serde_json::Value;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A finished run of the trial case with cells large enough for a coarse grid; made once for all tests.
fn run() -> &'static Path {
    static RUN: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = RUN.get_or_init(|| {
        let folder = scratch();
        let sets = [
            "design.optimize=false",
            "lattice.cell=bcc",
            "lattice.cell_size=3 mm",
            "implant.height_step=1 mm",
        ];
        let output = run_with(folder.path(), "tiny", "run", &sets);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder
    });
    folder.path()
}

/// Exports the run on a grid of 0.3 mm; a pore beyond the machine's window makes exit code 1.
fn export(arguments: &[&str]) -> (tempfile::TempDir, PathBuf, Value) {
    let folder = scratch();
    let result = folder.path().join("out");
    let source = run().join("run");
    let mut all = vec!["export", source.to_str().expect("a path"), "--json", "-o", "out"];
    if !arguments.contains(&"--grid") {
        all.extend(["--grid", "0.3 mm"]);
    }
    all.extend(arguments);
    let (code, text, messages) = outcome(folder.path(), &all);
    assert_eq!(code, 1, "{text}\n{messages}");
    let object = serde_json::from_str(&text).expect("one JSON object");
    (folder, result, object)
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Corners of a binary STL by its bytes alone, each triangle on its own: volume by the divergence theorem, and box.
fn stl(bytes: &[u8]) -> (f64, [f64; 3]) {
    let float = |b: &[u8]| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let n = u32::from_le_bytes([bytes[80], bytes[81], bytes[82], bytes[83]]) as usize;
    assert_eq!(bytes.len(), 84 + 50 * n);
    let (mut volume, mut low, mut high) = (0.0, [f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for t in bytes[84..].chunks_exact(50) {
        let p: Vec<f64> = t[12..48].chunks_exact(4).map(float).collect();
        for (i, x) in p.iter().enumerate() {
            (low[i % 3], high[i % 3]) = (low[i % 3].min(*x), high[i % 3].max(*x));
        }
        volume += (p[0] * (p[4] * p[8] - p[5] * p[7]) - p[1] * (p[3] * p[8] - p[5] * p[6])
            + p[2] * (p[3] * p[7] - p[4] * p[6]))
            / 6.0;
    }
    (volume, [0, 1, 2].map(|i| high[i] - low[i]))
}

#[test]
fn stl_and_slices_hold_the_volume_and_box_of_the_build_sheet() {
    let (_keep, folder, sheet) = export(&["--format", "stl", "--size", "28 mm", "--patient", "P-07"]);
    let size = &sheet["sizes"][0];
    let name = size["files"][0]["name"].as_str().expect("a name");
    let (volume, edges) = stl(&fs::read(folder.join(name)).expect("written"));
    let stated = number(&size["volume_mm3"]);
    assert!((volume / stated - 1.0).abs() < 1e-5, "{volume} {stated}");
    for i in 0..3 {
        // Single precision at some ten millimetres.
        assert!((edges[i] - number(&size["size_mm"][i])).abs() < 1e-4, "{edges:?}");
    }
    // Vertices lie on the field: half of the area within a thirtieth of the grid. Blunt edges decide the rest.
    assert!(number(&size["distance_from_field_um"]["median"]) < 10.0, "{}", size["distance_from_field_um"]);
    assert!((number(&size["mass_g"]) - 4.43e-3 * stated).abs() < 1e-6 * stated);
    assert_eq!((number(&size["layers"]), number(&size["variant"])), ((edges[2] / 0.05).ceil(), 0.0));
    let text = fs::read_to_string(folder.join("build-sheet.txt")).expect("written");
    for word in ["P-07", "Ti6Al4V", "0.050 mm", "Scale 1.000", "+z of the plan up"] {
        assert!(text.contains(word), "{word} in {text}");
    }

    // Slices 0.2 mm thick of the same size: text and binary say the same.
    let read = |form: &str| {
        let (_keep, folder, _) =
            export(&["--format", "cli", "--cli", form, "--layer", "0.2 mm", "--size", "28 mm"]);
        let bytes = fs::read(folder.join("implant-28.0mm.cli")).expect("written");
        cli::read(&mut bytes.as_slice()).expect("by the rules")
    };
    let [ascii, binary] = ["ascii", "binary"].map(read);
    assert_eq!(ascii, binary);
    assert_eq!(ascii.layers.len(), (edges[2] / 0.2).ceil() as usize);
    // The mesh is cut on a grid of 0.38 mm and leaves edges blunt, the slices are the field's own: half a per cent.
    assert!((ascii.volume() / stated - 1.0).abs() < 0.005, "{} {stated}", ascii.volume());
    let [low, high] = ascii.extent();
    for i in 0..2 {
        // Contours stand at the middles of layers of 0.2 mm: a corner at 45° ends 0.1 mm short on either side.
        assert!((high[i] - low[i] - edges[i]).abs() < 0.2, "{low:?} {high:?} {edges:?}");
    }
}

#[test]
fn parts_and_beams_of_a_package_make_the_whole() {
    let (_keep, folder, sheet) = export(&["--format", "3mf", "--size", "28 mm"]);
    let open = |name: &str| {
        let bytes = fs::read(folder.join(name)).expect("written");
        threemf::read_parts(Cursor::new(bytes), 1 << 30).expect("by the rules")
    };
    let (parts, metadata) = open("implant-28.0mm.3mf");
    let names: Vec<&str> = parts.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["solid", "lattice"]);
    let volumes: Vec<f64> = parts.iter().map(|p| p.surface.volume()).collect();
    for part in &parts {
        verify::watertight(&part.surface).expect("closed");
    }
    // What the lattice reaches into the solid part, 0.1 mm deep under every strut, counts twice.
    let whole = number(&sheet["sizes"][0]["volume_mm3"]);
    let both: f64 = volumes.iter().sum();
    assert!(whole < both && both < 1.02 * whole, "{volumes:?} {whole}");
    let value = |name: &str| &metadata.iter().find(|m| m.0 == name).expect(name).1;
    assert_eq!((value("dens:scale").as_str(), value("dens:layer-mm").as_str()), ("1.000", "0.05"));
    assert_eq!(value("dens:case-sha256").len(), 64);
    assert!(value("dens:size-variant").contains("28.0 mm"));

    let (_keep, folder, _) = export(&["--format", "3mf-beam", "--size", "28 mm"]);
    let bytes = fs::read(folder.join("implant-28.0mm-beams.3mf")).expect("written");
    let (parts, _) = threemf::read_parts(Cursor::new(bytes), 1 << 30).expect("by the rules");
    let names: Vec<(&str, bool)> = parts.iter().map(|p| (p.name.as_str(), p.built)).collect();
    let expected =
        [("solid", true), ("lattice-clip", false), ("lattice-representation", false), ("lattice", true)];
    assert_eq!(names, expected);
    // For the eye only: thousands of triangles, not hundreds of thousands.
    let shown_triangles = parts[2].surface.triangles.len();
    assert!((100..10_000).contains(&shown_triangles), "{shown_triangles}");
    let sets: Vec<&str> = parts[3].sets.iter().map(|s| s.0.as_str()).collect();
    assert!(sets.contains(&"endplate") && sets.contains(&"facets") && sets.contains(&"rim"), "{sets:?}");
    let in_sets: usize = parts[3].sets.iter().map(|s| s.1.len()).sum();
    assert_eq!(in_sets, parts[3].beams.as_ref().expect("beams").0.beams.len(), "each beam in one set");
    assert!(parts.iter().all(|p| p.uuid.len() == 36));
    let (beams, [clip, shown]) = parts[3].beams.as_ref().expect("beams");
    assert_eq!((*clip, *shown), (1, 2));
    // The beams within their clipping mesh are the lattice: counted at points spread evenly over the clip's box.
    let inside = dens_mesher::geometry::bvh::SurfaceSolid::new(parts[1].surface.clone());
    let counted = volume_of(beams, &parts[1].surface, |p| inside.value(p) < 0.0);
    // 40,000 points, of which one in twenty hits: 2 % of the lattice, half a per cent of the whole.
    assert!((counted - volumes[1]).abs() < 0.005 * whole + 0.02 * volumes[1], "{counted} {volumes:?}");
}

/// Volume of beams within a clip, by counting.
fn volume_of(
    beams: &dens_mesher::geometry::solid::Beams,
    clip: &TriSurface,
    inside: impl Fn(dens_mesher::Vec3) -> bool,
) -> f64 {
    let bounds = clip.bounds();
    let n = 40_000;
    let hits = (0..n)
        .filter(|k| {
            let f = |prime: f64| (f64::from(*k) * prime).fract();
            let share = dens_mesher::Vec3::new(f(0.754_877_666), f(0.569_840_290), f(0.438_744_889));
            let p = bounds.min + bounds.size().component_mul(&share);
            let held = beams.beams.iter().any(|b| {
                let [s, e] = b.nodes.map(|n| beams.nodes[n as usize]);
                let t = ((p - s).dot(&(e - s)) / (e - s).norm_squared()).clamp(0.0, 1.0);
                (p - s - (e - s) * t).norm() < b.radii[0] + t * (b.radii[1] - b.radii[0])
            });
            held && inside(p)
        })
        .count();
    hits as f64 / f64::from(n) * bounds.size().product()
}

#[test]
fn letters_stand_out_of_the_anterior_wall_or_go_into_it() {
    let made = |kind: &[&str]| {
        let (_keep, folder, sheet) =
            export(&[&["--format", "stl", "--size", "28 mm", "--patient", "P7"], kind].concat());
        let stl = stl(&fs::read(folder.join("implant-28.0mm.stl")).expect("written"));
        (stl, sheet["embossed"].clone())
    };
    let ((plain, box_of_plain), none) = made(&[]);
    assert!(none.is_null());
    let ((raised, box_of_raised), said) = made(&["--emboss", "raised"]);
    let ((recessed, box_of_recessed), _) = made(&["--emboss", "recessed", "--emboss-depth", "0.25 mm"]);
    assert_eq!((said["text"].as_str(), number(&said["relief_mm"])), (Some("P7 1"), 0.3));
    // Three letters of some 20 mm of strokes in all, 0.45 mm wide: 2.7 mm³ at 0.3 mm, with room for their size and blunt edges.
    assert!((1.0..5.0).contains(&(raised - plain)), "{raised} {plain}");
    assert!((0.8..4.5).contains(&(plain - recessed)), "{recessed} {plain}");
    for i in [0, 2] {
        // Letters shift the grid; between points 0.3 mm apart a corner is blunt by up to a third of that.
        assert!((box_of_raised[i] - box_of_plain[i]).abs() < 0.1, "{box_of_raised:?} {box_of_plain:?}");
    }
    assert!(box_of_raised[1] < box_of_plain[1] + 0.35 && box_of_recessed[1] < box_of_plain[1] + 0.05);
    let folder = scratch();
    let source = run().join("run");
    let all = ["export", source.to_str().expect("a path"), "--format", "stl", "-o", "out"];
    for (more, word) in [
        (["--emboss", "raised", "--patient", "A-CODE-FAR-TOO-LONG-FOR-A-NECK"], "finds no room"),
        (["--emboss", "raised", "--emboss-depth", "0.9 mm"], "0.15 to 0.5 mm"),
    ] {
        let (code, _, message) = outcome(folder.path(), &[&all[..], &more].concat());
        assert_eq!(code, 2);
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn all_sizes_come_with_the_same_bytes_for_any_number_of_threads() {
    // Coarse on purpose: three sizes twice.
    let coarse = ["--format", "cli", "--layer", "3 mm", "--grid", "0.5 mm", "--threads"];
    let [one, two] = ["1", "2"].map(|n| export(&[&coarse[..], &[n]].concat()));
    let names = listing(&one.1);
    assert_eq!(names, listing(&two.1));
    for size in ["27.0", "28.0", "29.0"] {
        assert!(names.contains(&format!("implant-{size}mm.cli")), "{names:?}");
        assert!(names.contains(&format!("implant-{size}mm-printability.svg")), "{names:?}");
    }
    for name in names {
        let [a, b] = [&one.1, &two.1].map(|f| fs::read(f.join(&name)).expect("readable"));
        assert!(a == b, "{name}");
    }
    let heights: Vec<f64> =
        one.2["sizes"].as_array().expect("a list").iter().map(|s| number(&s["size_mm"][2])).collect();
    // Each size is a millimetre taller than the one before, within the grid.
    assert!(
        (heights[1] - heights[0] - 1.0).abs() < 0.1 && (heights[2] - heights[1] - 1.0).abs() < 0.1,
        "{heights:?}"
    );
}

#[test]
fn a_folder_that_is_no_run_or_was_changed_since_is_refused() {
    let folder = scratch();
    let (code, _, message) = outcome(folder.path(), &["export", ".", "--format", "stl", "-o", "out"]);
    assert_eq!(code, 2);
    assert!(message.contains("no finished run"), "{message}");
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).expect("a folder");
    for name in ["record.json", "case.toml", "manifest.json"] {
        fs::copy(run().join("run").join(name), copy.join(name)).expect("copied");
    }
    let text = fs::read_to_string(copy.join("case.toml")).expect("there").replace("28 mm", "29 mm");
    fs::write(copy.join("case.toml"), text).expect("written");
    let (code, _, message) = outcome(folder.path(), &["export", "copy", "--format", "stl", "-o", "out"]);
    assert_eq!(code, 2);
    assert!(message.contains("case.toml is not the one"), "{message}");
    let source = run().join("run");
    let source = source.to_str().expect("a path");
    let (code, _, message) =
        outcome(folder.path(), &["export", source, "--format", "stl", "-o", "out", "--size", "31 mm"]);
    assert_eq!(code, 2);
    assert!(message.contains("27.0 mm, 28.0 mm, 29.0 mm"), "{message}");
    assert!(!folder.path().join("out").exists());
}
