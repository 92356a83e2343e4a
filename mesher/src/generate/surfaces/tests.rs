use super::*;
use crate::Vec3;
use crate::geometry::anatomy_folder;
use crate::geometry::check::unsound;
use crate::geometry::repair::broken::{Fate, ball, block, collection};
use crate::geometry::repair::{RepairParams, repair};

fn params(edge_mm: f64) -> SurfaceParams {
    SurfaceParams { edge_mm, finest_mm: None, coarsest_mm: None, engine: Engine::LevelSet }
}

fn part(name: &str, surface: TriSurface) -> Part {
    Part { name: name.into(), surface }
}

/// What every mesh must be.
fn sound(m: &SurfaceMeshed, what: &str) {
    let q = &m.quality;
    assert!(q.boundary_manifold, "{what}");
    assert!(0.0 < q.min_jacobian_bound && 0.0 < q.min_scaled_jacobian, "{what}: an inverted cell");
}

fn fate(bytes: &[u8], ending: &str) -> Result<SurfaceMeshed, String> {
    let surface = crate::io::parse(bytes, ending, "file").map_err(|e| e.to_string())?;
    let repaired =
        repair(&surface, &RepairParams { grid_mm: 0.7, most_mm: 2.0 }).map_err(|e| e.to_string())?;
    mesh_surfaces(&[part("body", repaired.surface)], &params(2.0)).map_err(|e| e.to_string())
}

#[test]
fn broken_surfaces_end_in_a_valid_mesh_or_a_named_refusal() {
    let all = collection();
    assert!(40 <= all.len(), "{}", all.len());
    let mut wrong = Vec::new();
    for (name, bytes, ending, expected) in all {
        let found = fate(&bytes, ending);
        match (found, expected) {
            (Ok(m), Fate::Meshed(volume, part)) => {
                sound(&m, name);
                // Flat facets of the given surface against the mesh, and what a repair rounds off.
                let off = (m.fit.volume_mm3 / volume - 1.0).abs();
                if part < off {
                    wrong.push(format!("{name}: volume {:.1}, expected {volume:.1}", m.fit.volume_mm3));
                }
            }
            (Err(text), Fate::Refused(word)) if text.contains(word) => {}
            (Ok(m), Fate::Refused(word)) => {
                wrong.push(format!("{name}: meshed with volume {:.1}, expected `{word}`", m.fit.volume_mm3));
            }
            (Err(text), expected) => wrong.push(format!("{name}: {text}; expected {expected:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nested_surfaces_give_regions_that_share_their_interface() {
    let parts = [part("core", ball(4.0, 12, Vec3::zeros())), part("shell", ball(8.0, 16, Vec3::zeros()))];
    let m = mesh_surfaces(&parts, &params(1.5)).expect("two balls");
    sound(&m, "nested");
    let volumes = parts.each_ref().map(|p| p.surface.volume());
    let found = &m.quality.region_volumes_mm3;
    assert_eq!(m.meshed.mesh.region_names, ["core", "shell"]);
    // Flat facets of the interface and coarse cells against the surfaces.
    assert!((found[0] / volumes[0] - 1.0).abs() < 0.03, "{found:?}");
    assert!((found[1] / (volumes[1] - volumes[0]) - 1.0).abs() < 0.02, "{found:?}");
    let total = m.fit.surface_volume_mm3.expect("nested");
    assert!((total - volumes[1]).abs() < 1e-9 * total && m.fit.hausdorff_mm < 0.4, "{:?}", m.fit);
    // The cavity between them would show as boundary.
    assert!(m.meshed.mesh.boundary.iter().all(|f| m.meshed.mesh.points[f.nodes[0] as usize].norm() > 7.0));
}

#[test]
fn touching_surfaces_share_their_interface_across_a_small_gap() {
    for gap in [0.0, 0.05, -0.05] {
        let parts = [
            part("left", block(Vec3::zeros(), Vec3::repeat(8.0))),
            part("right", block(Vec3::new(8.0 + gap, 1.0, 1.0), Vec3::new(6.0, 6.0, 6.0))),
        ];
        let m = mesh_surfaces(&parts, &params(1.0)).unwrap_or_else(|e| panic!("gap {gap}: {e}"));
        sound(&m, "touching");
        // Interface: nodes of both regions.
        let mesh = &m.meshed.mesh;
        let mut seen = vec![[false; 2]; mesh.n_nodes()];
        for (cell, r) in mesh.cells.iter().zip(&mesh.regions) {
            cell.iter().for_each(|n| seen[*n as usize][*r as usize] = true);
        }
        let shared = seen.iter().filter(|s| s[0] && s[1]).count();
        assert!(100 < shared, "gap {gap}: {shared} nodes");
        let found = &m.quality.region_volumes_mm3;
        // Sharp edges of a box are cut by up to a tenth of the edge length.
        assert!((found[0] / 512.0 - 1.0).abs() < 0.02 && (found[1] / 216.0 - 1.0).abs() < 0.03, "{found:?}");
        assert!(5.0 < m.quality.min_dihedral_deg, "gap {gap}: {}", m.quality.min_dihedral_deg);
    }
}

#[test]
fn real_vertebrae_keep_volume_and_distance() {
    let Some(folder) = anatomy_folder() else { return };
    for bone in ["c1", "c3"] {
        let path = folder.join(format!("artisynth_cervical/{bone}.obj"));
        let surface = crate::io::read_surface(&path).expect("a published surface");
        assert!(unsound(&surface).is_empty());
        let m = mesh_surfaces(&[part(bone, surface)], &params(1.5)).expect("a bone");
        sound(&m, bone);
        let total = m.fit.surface_volume_mm3.expect("one surface");

        assert!((m.fit.volume_mm3 / total - 1.0).abs() < 0.005, "{bone}: {:?}", m.fit);
        assert!(m.fit.hausdorff_mm < 0.25 * 1.5, "{bone}: {:?}", m.fit);
        assert!(8.0 <= m.quality.min_dihedral_deg, "{bone}: {}", m.quality.min_dihedral_deg);
    }
}

#[test]
fn grading_makes_cells_small_at_curvature_and_large_inside() {
    let parts = [part("ball", ball(10.0, 24, Vec3::zeros())), part("bead", ball(2.0, 12, Vec3::x() * 11.95))];
    let mut p = params(2.0);
    p.finest_mm = Some(0.5);
    p.coarsest_mm = Some(4.0);
    let m = mesh_surfaces(&parts, &p).expect("two balls that touch");
    sound(&m, "graded");
    let mesh = &m.meshed.mesh;
    let mean = |keep: &dyn Fn(Vec3) -> bool| {
        let v: Vec<f64> =
            (0..mesh.n_cells()).filter(|&c| keep(mesh.centroid(c))).map(|c| mesh.corner_volume(c)).collect();
        v.iter().sum::<f64>() / v.len() as f64
    };
    let (deep, far, contact) =
        (mean(&|c| c.norm() < 4.0), mean(&|c| c.x < -8.0), mean(&|c| (c - Vec3::x() * 10.0).norm() < 0.7));
    assert!(3.0 < deep / far && 20.0 < far / contact, "{deep} {far} {contact}");
    let total: f64 = parts.iter().map(|p| p.surface.volume()).sum();
    assert!((m.fit.volume_mm3 / total - 1.0).abs() < 0.005, "{:?}", m.fit);
}
