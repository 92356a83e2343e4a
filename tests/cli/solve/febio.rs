//! FEBio files solved: closed forms through the program.

use super::super::blocks::{Block, Shape, block, nodes, stresses};
use super::super::outcome;
use super::{near, scratch};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// One load curve from zero to one over the time 1.
const RAMP: &str = "<LoadData><load_controller id=\"1\" type=\"loadcurve\"><interpolate>LINEAR</interpolate>\
     <points><pt>0,0</pt><pt>1,1</pt></points></load_controller></LoadData>";

/// Corners of the facets of a brick.
const FACETS: [[usize; 4]; 6] =
    [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]];

/// A part: bricks of a material, and the faces of its box by axis and end.
struct Part {
    name: &'static str,
    material: &'static str,
    origin: [f64; 3],
    size: [f64; 3],
    n: [usize; 3],
}

fn bricks(part: &Part, first: u32) -> Block {
    let shape =
        Shape { kind: "C3D8", set: part.name, first, origin: part.origin, size: part.size, n: part.n };
    block(shape, |x| x)
}

/// A file of parts; node sets `NAME_X0`, `NAME_X1`, … and surfaces `NAME_sX0`, … of their faces.
fn file(parts: &[Part], materials: &str, mesh: &str, rest: &str) -> (String, Vec<Block>) {
    let (mut nodes, mut elements, mut faces, mut domains) =
        (String::new(), String::new(), String::new(), String::new());
    let mut blocks = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let own = bricks(part, 1 + 1000 * number as u32);
        for (label, [x, y, z]) in &own.nodes {
            writeln!(nodes, "<node id=\"{label}\">{x:?},{y:?},{z:?}</node>").expect("a string");
        }
        let cells: Vec<Vec<u32>> = own
            .text
            .lines()
            .skip_while(|l| !l.starts_with("*ELEMENT"))
            .skip(1)
            .map(|l| l.split(", ").map(|n| n.parse().expect("a label")).collect())
            .collect();
        writeln!(elements, "<Elements type=\"hex8\" name=\"{}\">", part.name).expect("a string");
        for cell in &cells {
            let list: Vec<String> = cell[1..].iter().map(u32::to_string).collect();
            writeln!(elements, "<elem id=\"{}\">{}</elem>", cell[0], list.join(",")).expect("a string");
        }
        elements.push_str("</Elements>\n");
        for (axis, letter) in ["X", "Y", "Z"].into_iter().enumerate() {
            for end in 0..2 {
                let at = part.origin[axis] + part.size[axis] * f64::from(end);
                let on = |label: &u32| (own.at(*label)[axis] - at).abs() < 1e-9;
                let members: Vec<String> =
                    own.nodes.iter().map(|n| n.0).filter(|n| on(n)).map(|n| n.to_string()).collect();
                let name = part.name;
                writeln!(faces, "<NodeSet name=\"{name}_{letter}{end}\">{}</NodeSet>", members.join(","))
                    .expect("a string");
                writeln!(faces, "<Surface name=\"{name}_s{letter}{end}\">").expect("a string");
                for cell in &cells {
                    for facet in FACETS {
                        let corners = facet.map(|c| cell[1 + c]);
                        if corners.iter().all(on) {
                            let list = corners.map(|c| c.to_string()).join(",");
                            writeln!(faces, "<quad4 id=\"1\">{list}</quad4>").expect("a string");
                        }
                    }
                }
                faces.push_str("</Surface>\n");
            }
        }
        writeln!(domains, "<SolidDomain name=\"{}\" mat=\"{}\"/>", part.name, part.material)
            .expect("a string");
        blocks.push(own);
    }
    let text = format!(
        "<?xml version=\"1.0\"?>\n<febio_spec version=\"4.0\">\n<Module type=\"solid\"/>\n<Control><analysis>STATIC</analysis>\
         <time_steps>4</time_steps><step_size>0.25</step_size></Control>\n<Material>{materials}</Material>\n<Mesh>\n\
         <Nodes name=\"all\">\n{nodes}</Nodes>\n{elements}{faces}{mesh}</Mesh>\n<MeshDomains>{domains}</MeshDomains>\n\
         {rest}\n</febio_spec>\n"
    );
    (text, blocks)
}

fn solve(folder: &Path, text: &str) -> PathBuf {
    std::fs::write(folder.join("model.feb"), text).expect("writable");
    let (code, _, err) = outcome(folder, &["solve", "model.feb", "-o", "result", "--quiet"]);
    assert_eq!(code, 0, "{err}");
    folder.join("result")
}

fn held(set: &str, axes: [u8; 3]) -> String {
    let [x, y, z] = axes;
    format!(
        "<bc type=\"zero displacement\" node_set=\"{set}\"><x_dof>{x}</x_dof><y_dof>{y}</y_dof><z_dof>{z}</z_dof></bc>"
    )
}

fn moved(set: &str, axis: &str, value: f64) -> String {
    format!(
        "<bc type=\"prescribed displacement\" node_set=\"{set}\"><dof>{axis}</dof><value lc=\"1\">{value:?}</value></bc>"
    )
}

fn rollers(part: &str) -> String {
    held(&format!("{part}_X0"), [1, 0, 0])
        + &held(&format!("{part}_Y0"), [0, 1, 0])
        + &held(&format!("{part}_Z0"), [0, 0, 1])
}

const BAR: Part = Part { name: "bar", material: "M", origin: [0.0; 3], size: [4.0, 2.0, 1.0], n: [2, 1, 1] };

/// Lateral stretch at which the lateral stress of a law vanishes, and the axial stress there: bisection.
fn uniaxial(stretch: f64, cauchy: impl Fn(f64, f64) -> [f64; 2]) -> f64 {
    let (mut low, mut high) = (0.5, 1.5);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if cauchy(stretch, middle)[1] < 0.0 { low = middle } else { high = middle }
    }
    cauchy(stretch, low)[0]
}

/// Cauchy stress, axial and lateral, of μ (b − I)/J + λ ln J/J.
fn neo_hookean(e: f64, nu: f64) -> impl Fn(f64, f64) -> [f64; 2] {
    let (mu, lambda) = (e / (2.0 * (1.0 + nu)), e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)));
    move |a, t| {
        let j = a * t * t;
        [a, t].map(|s| (mu * (s * s - 1.0) + lambda * j.ln()) / j)
    }
}

/// Of Σ c/m² (λ̄^m …) + k/2 ln²J; Mooney–Rivlin is two terms: 4 c₁ with 2, 4 c₂ with −2.
fn ogden(terms: [[f64; 2]; 2], k: f64) -> impl Fn(f64, f64) -> [f64; 2] {
    move |a, t| {
        let j: f64 = a * t * t;
        let mut out = [k * j.ln() / j; 2];
        for [c, m] in terms {
            let bar = [a, t].map(|s| (s * j.powf(-1.0 / 3.0)).powf(m));
            let mean = (bar[0] + 2.0 * bar[1]) / 3.0;
            out.iter_mut().zip(bar).for_each(|(s, b)| *s += c / m * (b - mean) / j);
        }
        out
    }
}

#[test]
fn bars_of_every_material_stretch_by_their_energy() {
    let stretch = 1.3;
    let (e, nu) = (10.0, 0.3);
    let green = |a: f64, t: f64| {
        let (mu, lambda) = (e / (2.0 * (1.0 + nu)), e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)));
        let strain = [a, t].map(|s| 0.5 * (s * s - 1.0));
        let trace = strain[0] + 2.0 * strain[1];
        [0, 1].map(|i| (lambda * trace + 2.0 * mu * strain[i]) * [a, t][i].powi(2) / (a * t * t))
    };
    let cases = [
        ("neo-Hookean", "<E>10</E><v>0.3</v>", uniaxial(stretch, neo_hookean(e, nu))),
        (
            "Mooney-Rivlin",
            "<c1>1</c1><c2>0.5</c2><k>20</k>",
            uniaxial(stretch, ogden([[4.0, 2.0], [2.0, -2.0]], 20.0)),
        ),
        (
            "Ogden",
            "<c1>3</c1><m1>1.5</m1><c2>2</c2><m2>-1</m2><k>20</k>",
            uniaxial(stretch, ogden([[3.0, 1.5], [2.0, -1.0]], 20.0)),
        ),
        ("isotropic elastic", "<E>10</E><v>0.3</v>", uniaxial(stretch, green)),
    ];
    for (law, constants, stress) in cases {
        let folder = scratch();
        let material = format!(
            "<material id=\"1\" name=\"M\" type=\"{law}\"><density>1</density>{constants}</material>"
        );
        let rest = format!(
            "<Boundary>{}{}</Boundary>{RAMP}",
            rollers("bar"),
            moved("bar_X1", "x", 4.0 * (stretch - 1.0))
        );
        let (text, _) = file(&[BAR], &material, "", &rest);
        // A set may be the nodes of a surface, and what changes may stand in the one step.
        let text = text.replace("node_set=\"bar_X1\"", "node_set=\"@surface:bar_sX1\"");
        let (control, inside) = ("<Control>", "<Step><step id=\"1\"><Control>");
        let text = if law == "Ogden" {
            text.replace(control, inside).replace("</Control>", "</Control></step></Step>")
        } else {
            text
        };
        let result = solve(folder.path(), &text);
        for s in stresses(&result, 1).values() {
            // Newton stops at 1e-6 of the largest force.
            assert!(near(s[0], stress, stress, 1e-5), "{law}: {s:?}, not {stress}");
            assert!(near(s[1], 0.0, stress, 1e-5), "{law}: {s:?}");
        }
    }
}

#[test]
fn a_rigid_plate_in_contact_presses_a_block_by_its_law() {
    let folder = scratch();
    let (stretch, area) = (0.8, 4.0);
    let block = Part { name: "block", material: "M", origin: [0.0; 3], size: [2.0, 2.0, 1.0], n: [2, 2, 1] };
    let plate =
        Part { name: "plate", material: "R", origin: [-0.5, -0.5, 1.0], size: [3.0, 3.0, 0.5], n: [1, 1, 1] };
    let materials = "<material id=\"1\" name=\"M\" type=\"neo-Hookean\"><E>10</E><v>0.3</v></material>\
         <material id=\"2\" name=\"R\" type=\"rigid body\"><density>1</density></material>";
    let pair =
        "<SurfacePair name=\"P\"><primary>block_sZ1</primary><secondary>plate_sZ0</secondary></SurfacePair>";
    let rest = format!(
        "<Boundary>{}</Boundary><Rigid><rigid_bc type=\"rigid_fixed\"><rb>R</rb><Rx_dof>1</Rx_dof><Ry_dof>1</Ry_dof>\
         <Ru_dof>1</Ru_dof><Rv_dof>1</Rv_dof><Rw_dof>1</Rw_dof></rigid_bc><rigid_bc type=\"rigid_displacement\"><rb>2</rb>\
         <dof>z</dof><value lc=\"1\">{:?}</value></rigid_bc></Rigid><Contact><contact type=\"sliding-elastic\" \
         surface_pair=\"P\"><laugon>1</laugon><penalty>10</penalty><fric_coeff>0</fric_coeff></contact></Contact>{RAMP}",
        rollers("block"),
        stretch - 1.0
    );
    let (text, _) = file(&[block, plate], materials, pair, &rest);
    let result = solve(folder.path(), &text);
    let stress = uniaxial(stretch, neo_hookean(10.0, 0.3));
    for s in stresses(&result, 1).iter().filter(|s| s.0.0 < 1000).map(|s| s.1) {
        // Contact is closed to 1e-4 of the element.
        assert!(near(s[2], stress, stress.abs(), 1e-3), "{s:?}, not {stress}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(result.join("solve.json")).expect("written"))
            .expect("an object");
    let reaction = json["steps"][0]["reference_nodes"][0]["reaction_force"][2].as_f64().expect("a number");
    let top: f64 = nodes(&result, 1).iter().filter(|n| *n.0 < 1000).map(|n| n.1[5]).sum();
    // The plate stands on what holds the block.
    assert!(near(reaction, -top, top, 1e-5), "{reaction} {top}");
    assert!(near(reaction, stress * area * lateral(stretch), reaction.abs(), 1e-3), "{reaction}");
}

/// Area ratio of the neo-Hookean solid of the test above at a stretch.
fn lateral(stretch: f64) -> f64 {
    let cauchy = neo_hookean(10.0, 0.3);
    let (mut low, mut high) = (0.5, 1.5);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if cauchy(stretch, middle)[1] < 0.0 { low = middle } else { high = middle }
    }
    low * low
}

#[test]
fn a_rigid_body_turns_about_its_center_of_mass() {
    let folder = scratch();
    let angle = 1.2_f64;
    let block =
        Part { name: "body", material: "R", origin: [1.0, 2.0, 3.0], size: [2.0, 1.0, 1.0], n: [2, 1, 1] };
    let rest = format!(
        "<Rigid><rigid_bc type=\"rigid_fixed\"><rb>R</rb><Rx_dof>1</Rx_dof><Ry_dof>1</Ry_dof><Rz_dof>1</Rz_dof>\
         <Ru_dof>1</Ru_dof><Rv_dof>1</Rv_dof></rigid_bc><rigid_bc type=\"rigid_rotation\"><rb>R</rb><dof>Rw</dof>\
         <value lc=\"1\">{angle:?}</value></rigid_bc></Rigid>{RAMP}"
    );
    let (text, blocks) = file(
        &[block],
        "<material id=\"1\" name=\"R\" type=\"rigid body\"><density>1</density></material>",
        "",
        &rest,
    );
    let result = solve(folder.path(), &text);
    for (label, row) in nodes(&result, 1) {
        let x = blocks[0].at(label);
        let (a, b) = (x[0] - 2.0, x[1] - 2.5);
        let exact =
            [a * (angle.cos() - 1.0) - b * angle.sin(), a * angle.sin() + b * (angle.cos() - 1.0), 0.0];
        for (u, exact) in row.iter().zip(exact) {
            assert!(near(*u, exact, 1.0, 1e-12), "node {label}: {row:?}, not {exact}");
        }
    }
}

#[test]
fn tied_parts_pull_as_one_and_a_bent_curve_makes_two_steps() {
    let folder = scratch();
    let lower = Part { name: "lower", material: "M", origin: [0.0; 3], size: [2.0, 2.0, 1.0], n: [1, 1, 1] };
    let upper =
        Part { name: "upper", material: "M", origin: [0.0, 0.0, 1.0], size: [2.0, 2.0, 1.0], n: [2, 2, 1] };
    let material = "<material id=\"1\" name=\"M\" type=\"neo-Hookean\"><E>10</E><v>0</v></material>";
    let pair =
        "<SurfacePair name=\"P\"><primary>upper_sZ0</primary><secondary>lower_sZ1</secondary></SurfacePair>";
    let curve = "<LoadData><load_controller id=\"1\" type=\"loadcurve\"><interpolate>LINEAR</interpolate>\
         <points><pt>0,0</pt><pt>0.5,0.8</pt><pt>1,1</pt></points></load_controller></LoadData>";
    let boundary = format!(
        "<Boundary>{}{}{}{}</Boundary>",
        rollers("lower"),
        held("upper_X0", [1, 0, 0]),
        held("upper_Y0", [0, 1, 0]),
        ""
    );
    let rest = format!(
        "{boundary}<Loads><surface_load type=\"pressure\" surface=\"upper_sZ1\"><pressure lc=\"1\">-2</pressure>\
         <linear>0</linear></surface_load></Loads><Contact><contact type=\"tied-elastic\" surface_pair=\"P\">\
         <laugon>1</laugon></contact></Contact>{curve}"
    );
    let (text, _) = file(&[lower, upper], material, pair, &rest);
    let result = solve(folder.path(), &text);
    // A pressure acts on the deformed area; without lateral strain that is the one at rest.
    for (step, pull) in [(1, 1.6), (2, 2.0)] {
        for s in stresses(&result, step).values() {
            assert!(near(s[2], pull, pull, 1e-4), "{step}: {s:?}, not {pull}");
        }
    }
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    let material = "<material id=\"1\" name=\"M\" type=\"neo-Hookean\"><E>10</E><v>0.3</v></material>";
    let boundary = format!("<Boundary>{}</Boundary>", rollers("bar"));
    let good = format!("{boundary}{RAMP}");
    let (text, _) = file(&[BAR], material, "", &good);
    let cases = [
        (text.replace("type=\"hex8\"", "type=\"hex27\""), "part `bar` of shape `hex27` is not supported"),
        (
            text.replace("\"neo-Hookean\"", "\"viscoelastic\""),
            "the law `viscoelastic` of material `M` is not supported",
        ),
        (
            text.replace("<v>0.3</v>", "<v>0.3</v><fiber>1</fiber>"),
            "`fiber` of this material is not supported",
        ),
        (text.replace("type=\"solid\"", "type=\"biphasic\""), "the module `biphasic` is not supported"),
        (
            text.replace("LINEAR", "SMOOTH"),
            "load controllers other than linear load curves are not supported",
        ),
        (
            text.replace("</Boundary>", "</Boundary><Discrete><discrete_material/></Discrete>"),
            "section `Discrete` is not supported",
        ),
        (
            text.replace(
                "</Boundary>",
                "</Boundary><Contact><contact type=\"sticky\" surface_pair=\"P\"/></Contact>",
            ),
            "contact of type `sticky` is not supported",
        ),
    ];
    for (text, expected) in cases {
        let folder = scratch();
        std::fs::write(folder.path().join("model.feb"), &text).expect("writable");
        let (code, _, err) = outcome(folder.path(), &["solve", "model.feb", "-o", "result"]);
        assert_eq!(code, 2, "{expected}: {err}");
        assert!(err.contains(expected) && err.contains("model.feb:"), "{expected}: {err}");
    }
}
