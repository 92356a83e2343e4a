//! Round trips, bytes and refusals.

use super::super::verify::tests::tetrahedron;
use super::super::verify::verify;
use super::*;
use std::io::{Cursor, Read};

fn labels() -> Labels {
    Labels {
        title: "implant <C2> & \"rim\"".into(),
        application: "Dens 0.1.0".into(),
        description: "height 28 mm".into(),
    }
}

fn package() -> Vec<u8> {
    write(&tetrahedron(), &labels(), Cursor::new(Vec::new())).expect("memory takes everything").into_inner()
}

/// The package with its model replaced.
fn with_model(change: impl Fn(String) -> String) -> Cursor<Vec<u8>> {
    replaced(package(), change)
}

/// A package with its model replaced.
fn replaced(package: Vec<u8>, change: impl Fn(String) -> String) -> Cursor<Vec<u8>> {
    let mut old = zip::ZipArchive::new(Cursor::new(package)).expect("a package");
    let mut new = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["[Content_Types].xml", "_rels/.rels", MODEL] {
        let mut text = String::new();
        old.by_name(name).expect("a part").read_to_string(&mut text).expect("text");
        new.start_file(name, SimpleFileOptions::DEFAULT).expect("a part");
        let text = if name == MODEL { change(text) } else { text };
        new.write_all(text.as_bytes()).expect("memory");
    }
    new.finish().expect("memory")
}

#[test]
fn what_was_written_is_read_back() {
    let read = read(Cursor::new(package()), 1 << 20).expect("our own file");
    verify(&tetrahedron(), &read.surface).expect("the same surface");
    // The tetrahedron's coordinates are exact in f32: vertices and triangles keep value and order.
    assert_eq!(read.surface, tetrahedron());
    assert_eq!(read.metadata[0], ("Title".into(), labels().title));
    assert_eq!(read.metadata[2], ("Description".into(), labels().description));
}

#[test]
fn a_tetrahedron_has_the_model_of_the_format() {
    let mut text = String::new();
    zip::ZipArchive::new(Cursor::new(package()))
        .expect("a package")
        .by_name(MODEL)
        .expect("the model")
        .read_to_string(&mut text)
        .expect("text");
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">
<metadata name="Title">implant &lt;C2&gt; &amp; &quot;rim&quot;</metadata>
<metadata name="Application">Dens 0.1.0</metadata>
<metadata name="Description">height 28 mm</metadata>
<resources>
<object id="1" type="model" name="implant &lt;C2&gt; &amp; &quot;rim&quot;">
<mesh>
<vertices>
<vertex x="1.5" y="-2" z="0.25"/>
<vertex x="2.5" y="-2" z="0.25"/>
<vertex x="1.5" y="-1" z="0.25"/>
<vertex x="1.5" y="-2" z="1.25"/>
</vertices>
<triangles>
<triangle v1="0" v2="2" v3="1"/>
<triangle v1="0" v2="1" v3="3"/>
<triangle v1="0" v2="3" v3="2"/>
<triangle v1="1" v2="2" v3="3"/>
</triangles>
</mesh>
</object>
</resources>
<build>
<item objectid="1"/>
</build>
</model>
"#;
    assert_eq!(text, expected);
}

#[test]
fn same_bytes_every_time_and_no_clock() {
    let bytes = package();
    assert_eq!(bytes, package());
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a package");
    for i in 0..zip.len() {
        let entry = zip.by_index(i).expect("an entry");
        assert_eq!(entry.last_modified(), Some(zip::DateTime::DEFAULT));
    }
}

#[test]
fn what_is_not_ours_is_refused() {
    let refused = |from: &str, to: &str| {
        let made = with_model(|m| {
            assert!(m.contains(from), "{from}");
            m.replacen(from, to, 1)
        });
        match read(made, 1 << 20) {
            Err(ThreemfError::Content { what, .. }) => what,
            other => panic!("{to}: {other:?}"),
        }
    };
    assert!(refused("millimeter", "inch").contains("unit"));
    assert!(refused("<resources>", "<!DOCTYPE x><resources>").contains("declarations"));
    assert!(refused("xml:lang", "requiredextensions=\"b\" xml:lang").contains("extensions"));
    assert!(refused("v3=\"3\"", "v3=\"4\"").contains("vertices"));
    assert!(refused("v3=\"3\"", "v3=\"1\"").contains("vertices"));
    assert!(refused("x=\"2.5\"", "x=\"NaN\"").contains("number"));
    assert!(refused("x=\"2.5\"", "").contains("missing"));
    assert!(refused("objectid=\"1\"", "objectid=\"2\"").contains("one object"));
    assert!(
        refused("objectid=\"1\"", "objectid=\"1\" transform=\"1 0 0 0 1 0 0 0 1 0 0 9\"")
            .contains("transform")
    );
    assert!(refused("</mesh>", "</vertices>").contains("closes nothing"));
    assert!(refused("</model>", "").contains("early"));
    assert!(refused("<item objectid=\"1\"/>\n", "").contains("nothing is built"));
    assert!(refused("<vertices>", "<beamlattice>").contains("unknown"));
    assert!(refused("&amp;", "&nbsp;").contains("entity"));
}

#[test]
fn sizes_are_limited() {
    assert!(matches!(read(Cursor::new(package()), 100), Err(ThreemfError::TooLarge { .. })));
    assert!(matches!(read(Cursor::new(b"no zip".to_vec()), 100), Err(ThreemfError::Zip(_))));
}

/// One bar through a tetrahedron, with the tetrahedron as clip and picture, and another as a part of its own.
fn bars(radii: [f64; 2]) -> (TriSurface, Beams) {
    let t = tetrahedron();
    let nodes = vec![t.points[0], t.points[3] * 0.5 + t.points[1] * 0.5];
    (
        t,
        Beams {
            nodes,
            beams: vec![dens_mesher::geometry::solid::Beam { nodes: [0, 1], radii }],
            floating: 0,
        },
    )
}

fn scene_bytes(radii: [f64; 2]) -> Vec<u8> {
    let (surface, beams) = bars(radii);
    let sets = [("core".to_string(), vec![0])];
    let object =
        |name: &str, content, built| Object { name: name.into(), number: "P-1".into(), content, built };
    let objects = vec![
        object("solid", Content::Mesh(&surface), true),
        object("clip", Content::Mesh(&surface), false),
        object("picture", Content::Mesh(&surface), false),
        object("lattice", Content::Beams { beams: &beams, clip: 1, shown: 2, sets: &sets }, true),
    ];
    let scene = Scene {
        labels: &labels(),
        metadata: vec![("size".into(), "28.0 mm <middle>".into())],
        identity: "case and size".into(),
        objects,
    };
    write_scene(&scene, Cursor::new(Vec::new())).expect("memory takes everything").into_inner()
}

#[test]
fn parts_and_beams_are_read_back() {
    for radii in [[0.25, 0.25], [0.25, 0.125]] {
        let (parts, metadata) = read_parts(Cursor::new(scene_bytes(radii)), 1 << 20).expect("our own file");
        let names: Vec<(&str, bool)> = parts.iter().map(|p| (p.name.as_str(), p.built)).collect();
        assert_eq!(names, [("solid", true), ("clip", false), ("picture", false), ("lattice", true)]);
        let (surface, beams) = bars(radii);
        assert_eq!(parts[0].surface, surface);
        // Coordinates and radii are exact in f32.
        assert_eq!(parts[3].beams, Some((beams, [1, 2])));
        assert_eq!(parts[3].sets, [("core".to_string(), vec![0])]);
        // The same every time, and another for each object.
        assert_eq!(parts[0].uuid.len(), 36);
        assert_eq!(&parts[0].uuid[14..15], "8");
        assert_eq!(metadata[3], ("dens:size".into(), "28.0 mm <middle>".into()));
    }
    assert!(matches!(read(Cursor::new(scene_bytes([0.25; 2])), 1 << 20), Err(ThreemfError::Content { .. })));
}

#[test]
fn beam_lattices_against_the_rules_are_refused() {
    let refused = |from: &str, to: &str| {
        let made = replaced(scene_bytes([0.25, 0.125]), |m| {
            assert!(m.contains(from), "{from}");
            m.replacen(from, to, 1)
        });
        match read_parts(made, 1 << 20) {
            Err(ThreemfError::Content { what, .. }) => what,
            other => panic!("{to}: {other:?}"),
        }
    };
    assert!(refused(" requiredextensions=\"b\"", "").contains("requiredextensions"));
    assert!(refused(" r1=\"0.25\"", "").contains("second radius"));
    assert!(refused(" clippingmesh=\"2\"", "").contains("missing"));
    assert!(refused("clippingmesh=\"2\"", "clippingmesh=\"4\"").contains("earlier"));
    assert!(refused("representationmesh=\"3\"", "representationmesh=\"1\"").contains("not built"));
    assert!(refused(" minlength=\"0.001\"", "").contains("missing"));
    assert!(refused("radius=\"0.125\"", "radius=\"0\"").contains("radius"));
    assert!(refused("<b:beams>", "<beams>").contains("unknown"));
    assert!(refused("v2=\"1\" r1", "v2=\"0\" r1").contains("joins"));
    assert!(refused("dens:size", "size").contains("name space"));
    assert!(refused("<build p:UUID", "<build p:ID").contains("missing"));
    assert!(refused("p:UUID=\"", "p:UUID=\"x").contains("no UUID"));
    assert!(refused("index=\"0\"", "index=\"1\"").contains("not there"));
    assert!(refused("object id=\"2\"", "object id=\"1\"").contains("two objects"));
}
