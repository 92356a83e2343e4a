//! Fields of a setup for ParaView: displacement, stress, equivalent plastic strain.

use crate::failure::Failure;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_reports::export::vtu::{Array, Grid, write_grid};
use dens_solver::bench::{Rig, Snapshot};
use dens_solver::tensor::{Six, von_mises};

/// Mean stress of a cell, MPa, order xx yy zz yz xz xy.
pub fn mean_stress(snapshot: &Snapshot, cell: usize) -> Six {
    let points = &snapshot.points[cell];
    let volume: f64 = points.iter().map(|p| p.weight).sum();
    std::array::from_fn(|i| points.iter().map(|p| p.weight * p.stress[i]).sum::<f64>() / volume)
}

/// VTK's number of a shape; node orders agree.
fn vtk(shape: Shape) -> u8 {
    match shape {
        Shape::Tet4 => 10,
        Shape::Hex8 => 12,
        Shape::Wedge6 => 13,
        Shape::Tet10 => 24,
        Shape::Hex20 => 25,
        Shape::Wedge15 => 26,
    }
}

/// The whole setup, blocks included, at one point of the test.
///
/// # Errors
/// Only by a bug: fields that do not fit the mesh.
pub fn vtu(rig: &Rig, snapshot: &Snapshot) -> Result<Vec<u8>, Failure> {
    let mesh: &MixedMesh = rig.body().mesh();
    let n = mesh.n_cells();
    let stresses: Vec<Six> = (0..n).map(|c| mean_stress(snapshot, c)).collect();
    let plastic = snapshot.plastic.iter().map(|p| p.iter().copied().fold(0.0, f64::max)).collect();
    let mut part = vec![0.0; n];
    for (k, (_, _, cells)) in rig.parts().iter().enumerate() {
        part[cells.clone()].fill(k as f64);
    }
    let moved: Vec<[f64; 3]> = snapshot.displacements.iter().map(|u| [u.x, u.y, u.z]).collect();
    let names: Vec<String> =
        rig.parts().iter().enumerate().map(|(k, (name, _, _))| format!("{k} {name}")).collect();
    let grid = Grid {
        points: mesh.points(),
        types: mesh.shapes().iter().map(|s| vtk(*s)).collect(),
        offsets: mesh.starts()[1..].iter().map(|s| *s as i64).collect(),
        connectivity: mesh.nodes(),
        point_arrays: vec![Array::vector("displacement [mm]", &moved)],
        cell_arrays: vec![
            Array::scalar("part", part),
            Array::tensor("mean stress [MPa]", &stresses),
            Array::scalar("von Mises stress [MPa]", stresses.iter().map(von_mises).collect()),
            Array::scalar("largest equivalent plastic strain", plastic),
        ],
        comment: format!("parts: {}", names.join(", ")),
    };
    write_grid(&grid).map_err(Failure::bug)
}
