//! `dens convert`: nothing is lost silently, and what comes back is what left.

use super::blocks::{Shape, block, nodes};
use super::{outcome, scratch};
use std::path::Path;

/// Two materials, two element types of one shape, nested sets, a surface, supports, loads.
fn deck() -> String {
    let shape = |kind, set, first, z| Shape {
        kind,
        set,
        first,
        origin: [0.1, 0.2, z],
        size: [1.0, 1.0, 1.0],
        n: [2, 1, 1],
    };
    let lower = block(shape("C3D20R", "LOWER", 11, 0.0), |x| x);
    let upper = block(shape("C3D8", "UPPER", 1001, 5.0), |x| [x[0], x[1] + 0.1 * x[2].sin(), x[2]]);
    format!(
        "*HEADING\ntwo blocks\n{}{}{}{}{}{}*NSET, NSET=HELD\nFOOT, BASE\n*ELSET, ELSET=ODD, GENERATE\n11, 1001, 990\n\
         *SURFACE, NAME=PRESSED\nUPPER, S2\n*MATERIAL, NAME=BONE\n*ELASTIC, TYPE=ENGINEERING CONSTANTS\n\
         12000.1, 13000.7, 21000.3, 0.376, 0.222, 0.235, 4530.1, 5610.9,\n6230.7\n*DENSITY\n1.9E-9\n*MATERIAL, NAME=METAL\n\
         *ELASTIC\n113800., 0.342\n*SOLID SECTION, ELSET=LOWER, MATERIAL=BONE\n\
         *SOLID SECTION, ELSET=UPPER, MATERIAL=METAL\n*BOUNDARY\nHELD, 1, 3\n*STEP\n*STATIC\n*CLOAD\nHEAD, 1, 0.125\n\
         1008, 3, -2.\n*DSLOAD\nPRESSED, P, 3.\n*END STEP\n",
        lower.text,
        upper.text,
        lower.set("FOOT", |x| x[2] == 0.0),
        upper.set("BASE", |x| x[2] == 5.0),
        lower.set("HEAD", |x| x[2] == 1.0),
        upper.set("UPPER NODES", |_| true).replace("UPPER NODES", "\"UPPER NODES\""),
    )
}

fn convert(folder: &Path, from: &str, to: &str) -> String {
    let (code, out, err) = outcome(folder, &["convert", from, to]);
    assert_eq!(code, 0, "{out}{err}");
    err
}

/// The lines of the keywords of a deck that tell its geometry, sets and materials.
fn content(folder: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(name)).expect("a deck");
    let kept =
        ["*NODE", "*ELEMENT", "*NSET", "*ELSET", "*SURFACE", "*MATERIAL", "*ELASTIC", "*DENSITY", "*SOLID"];
    let mut keep = false;
    let mut out = Vec::new();
    for line in text.lines() {
        if line.starts_with('*') {
            keep = kept.iter().any(|k| line.starts_with(k));
        }
        if keep {
            out.push(line.to_string());
        }
    }
    out
}

#[test]
fn a_deck_comes_back_from_febio_with_the_same_nodes_elements_sets_and_materials() {
    let folder = scratch();
    std::fs::write(folder.path().join("a.inp"), deck()).expect("writable");
    convert(folder.path(), "a.inp", "plain.inp");
    let lost = convert(folder.path(), "a.inp", "b.feb");
    assert_eq!(lost, "", "a model of this kind fits whole");
    convert(folder.path(), "b.feb", "c.inp");
    assert_eq!(content(folder.path(), "plain.inp"), content(folder.path(), "c.inp"));
    // Loads and supports come back too: both decks have the same answer.
    for name in ["plain", "c"] {
        let deck = format!("{name}.inp");
        let (code, _, err) = outcome(folder.path(), &["solve", &deck, "-o", name, "--quiet"]);
        assert_eq!(code, 0, "{err}");
    }
    assert_eq!(nodes(&folder.path().join("plain"), 1), nodes(&folder.path().join("c"), 1));
}

#[test]
fn a_deck_comes_back_from_vtu_with_the_same_nodes_elements_and_sets() {
    let folder = scratch();
    std::fs::write(folder.path().join("a.inp"), deck()).expect("writable");
    convert(folder.path(), "a.inp", "plain.inp");
    let lost = convert(folder.path(), "a.inp", "b.vtu");
    for expected in ["material `BONE`", "material `METAL`", "surface `PRESSED`", "1 step", "1 support"] {
        assert!(lost.contains(expected), "missing {expected:?} in:\n{lost}");
    }
    convert(folder.path(), "b.vtu", "c.inp");
    let geometry = |name: &str| -> Vec<String> {
        let all = content(folder.path(), name);
        let sets = |l: &String| !l.starts_with("*ELSET") || !l.contains("MATERIAL_");
        let end = all
            .iter()
            .position(|l| l.starts_with("*SURFACE") || l.contains("MATERIAL_"))
            .unwrap_or(all.len());
        all[..end].iter().filter(|l| sets(l)).cloned().collect()
    };
    let back = geometry("c.inp");
    assert!(back.len() > 40, "{back:?}");
    assert_eq!(geometry("plain.inp")[..back.len()], back[..]);
}

#[test]
fn what_febio_has_no_place_for_is_named() {
    let folder = scratch();
    let text = deck()
        .replace("*BOUNDARY", "*TIE, NAME=GLUE\nPRESSED, PRESSED\n*TRANSFORM, NSET=HEAD, TYPE=C\n0., 0., 0., 0., 0., 1.\n*EQUATION\n2\n1005, 1, 1., 1006, 1, -1.\n*BOUNDARY")
        .replace("*DSLOAD", "*DLOAD\nLOWER, GRAV, 9810., 0., 0., -1.\n*DSLOAD")
        .replace("113800., 0.342", "113800., 0.342\n*EXPANSION\n8.6E-6");
    std::fs::write(folder.path().join("a.inp"), text).expect("writable");
    let lost = convert(folder.path(), "a.inp", "b.feb");
    for expected in
        ["tie `GLUE`", "node set `HEAD`", "1 equation", "GRAV", "thermal expansion of material `METAL`"]
    {
        assert!(lost.contains(expected), "missing {expected:?} in:\n{lost}");
    }
}

#[test]
fn a_febio_file_of_another_hand_is_read() {
    let folder = scratch();
    let text = r#"<?xml version="1.0" encoding="ISO-8859-1"?>
<febio_spec version="4.0"><Module type="solid"/>
<Material><material id="1" name="rubber" type="neo-Hookean"><E>1</E><v>0.4</v></material>
<material id="2" name="bone" type="isotropic elastic"><E>1000</E><v>0</v></material></Material>
<Mesh><Nodes name="Object1"><node id="1">0,0,0</node><node id="2">1,0,0</node><node id="3">1,1,0</node><node id="4">0,1,0</node>
<node id="5">0,0,1</node><node id="6">1,0,1</node><node id="7">1,1,1</node><node id="8">0,1,1</node></Nodes>
<Elements type="hex8" name="Part1"><elem id="1">1,2,3,4,5,6,7,8</elem></Elements>
<NodeSet name="base">1,2,3,4</NodeSet><Surface name="top"><quad4 id="1">5,6,7,8</quad4></Surface></Mesh>
<MeshDomains><SolidDomain name="Part1" mat="bone"/></MeshDomains>
<Boundary><bc name="fix" type="zero displacement" node_set="base"><x_dof>1</x_dof><y_dof>1</y_dof><z_dof>1</z_dof></bc></Boundary>
<Loads><surface_load name="press" type="pressure" surface="top"><pressure lc="1">-0.5</pressure></surface_load></Loads>
<Contact><contact type="sliding-elastic"/></Contact>
<LoadData><load_controller id="1" type="loadcurve"><points><pt>0,0</pt><pt>1,2</pt></points></load_controller></LoadData>
</febio_spec>"#;
    std::fs::write(folder.path().join("a.feb"), text).expect("writable");
    let lost = convert(folder.path(), "a.feb", "b.inp");
    assert!(lost.contains("`neo-Hookean` of material `rubber`") && lost.contains("`Contact`"), "{lost}");
    let (code, _, err) = outcome(folder.path(), &["solve", "b.inp", "-o", "r", "--quiet"]);
    assert_eq!(code, 0, "{err}");
    // A pressure of -0.5 times 2 stretches the cube by 1/1000.
    let rows = nodes(&folder.path().join("r"), 1);
    assert!((rows[&7][2] - 1e-3).abs() < 1e-12, "{rows:?}");
}

#[test]
fn files_that_are_broken_or_of_unknown_kind_are_refused() {
    let folder = scratch();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writable");
    write("a.inp", &deck());
    write("b.feb", "<febio_spec version=\"4.0\"><Mesh>");
    write("c.feb", "<html/>");
    write("d.vtu", "<VTKFile type=\"ImageData\"/>");
    write(
        "e.vtu",
        "<VTKFile type=\"UnstructuredGrid\"><UnstructuredGrid><Piece NumberOfPoints=\"4\" NumberOfCells=\"1\"/></UnstructuredGrid></VTKFile>",
    );
    for (from, to, reason) in [
        ("a.inp", "a.stp", "does not end in .inp, .vtu or .feb"),
        ("b.feb", "x.inp", "not sound XML"),
        ("c.feb", "x.inp", "no FEBio file"),
        ("d.vtu", "x.inp", "no unstructured grid"),
        ("e.vtu", "x.inp", "announced length"),
        ("none.inp", "x.vtu", "cannot read"),
    ] {
        let (code, _, err) = outcome(folder.path(), &["convert", from, to]);
        assert_eq!(code, 2, "{from}: {err}");
        assert!(err.contains(reason), "missing {reason:?} in:\n{err}");
        assert!(!folder.path().join(to).exists(), "{to}");
    }
}

#[test]
fn a_text_vtu_is_read() {
    let folder = scratch();
    let text = r#"<?xml version="1.0"?><VTKFile type="UnstructuredGrid" version="0.1" byte_order="LittleEndian"><UnstructuredGrid>
<Piece NumberOfPoints="5" NumberOfCells="2"><PointData/><CellData><DataArray type="Int32" Name="region" format="ascii">3 4</DataArray></CellData>
<Points><DataArray type="Float32" NumberOfComponents="3" format="ascii">0 0 0 1 0 0 0 1 0 0 0 1 1 1 1</DataArray></Points>
<Cells><DataArray type="Int64" Name="connectivity" format="ascii">0 1 2 3 0 1</DataArray>
<DataArray type="Int64" Name="offsets" format="ascii">4 6</DataArray><DataArray type="UInt8" Name="types" format="ascii">10 3</DataArray></Cells>
</Piece></UnstructuredGrid></VTKFile>"#;
    std::fs::write(folder.path().join("a.vtu"), text).expect("writable");
    let lost = convert(folder.path(), "a.vtu", "b.inp");
    assert!(
        lost.contains("1 cells of VTK type 3 are no solid elements") && lost.contains("`region`"),
        "{lost}"
    );
    let back = content(folder.path(), "b.inp");
    assert!(
        back.contains(&"*ELEMENT, TYPE=C3D4".to_string()) && back.contains(&"1, 1, 2, 3, 4".to_string()),
        "{back:?}"
    );
}
