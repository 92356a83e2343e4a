//! Fields of two bodies in one VTU file.

use crate::demo::block;
use dens_reports::export::vtu::{Array, Body, write_vtu};

#[test]
fn two_bodies_make_one_file_and_the_same_bytes_twice() {
    let (a, b) = (block([3, 3, 4]), block([2, 2, 2]));
    let bodies: Vec<Body<'_>> = [("lower", &a), ("upper", &b)]
        .into_iter()
        .map(|(name, mesh)| {
            let u: Vec<[f64; 3]> = mesh.points.iter().map(|p| [0.1 * p.z, 0.0, -0.05 * p.x]).collect();
            let s: Vec<[f64; 6]> = mesh.points.iter().map(|p| [p.x, p.y, p.z, 4.0, 5.0, 6.0]).collect();
            let energy = (0..mesh.n_cells()).map(|i| mesh.corner_volume(i)).collect();
            Body {
                name: name.to_string(),
                mesh,
                point_arrays: vec![Array::vector("displacement [mm]", &u), Array::tensor("stress [MPa]", &s)],
                cell_arrays: vec![Array::scalar("volume [mm³]", energy)],
            }
        })
        .collect();
    let file = write_vtu(&bodies).expect("arrays fit");
    assert_eq!(write_vtu(&bodies).expect("arrays fit"), file);
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/demo.vtu"), &file)
        .expect("the folder is made for tests");
    let text = String::from_utf8(file).expect("text");
    let expected = format!(
        "<Piece NumberOfPoints=\"{}\" NumberOfCells=\"{}\">",
        a.n_nodes() + b.n_nodes(),
        a.n_cells() + b.n_cells()
    );
    assert!(text.contains(&expected));
}
