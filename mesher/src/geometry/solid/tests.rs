//! Closed surfaces, volumes against closed forms, and the whole implant.

use super::super::implant::{ImplantParams, block_spine};
use super::*;
use std::collections::BTreeMap;
use std::f64::consts::PI;

/// Panics unless every edge has exactly two triangles with opposite sense and no triangle is flat in f32.
pub(super) fn assert_manifold(surface: &TriSurface) {
    let mut edges: BTreeMap<(u32, u32), [u32; 2]> = BTreeMap::new();
    for t in &surface.triangles {
        for i in 0..3 {
            let (a, b) = (t[i], t[(i + 1) % 3]);
            assert_ne!(a, b);
            edges.entry((a.min(b), a.max(b))).or_default()[usize::from(a < b)] += 1;
        }
    }
    assert!(edges.values().all(|n| *n == [1, 1]));
    let mut seen: Vec<[u32; 3]> =
        surface.points.iter().map(|p| [p.x as f32, p.y as f32, p.z as f32].map(f32::to_bits)).collect();
    let n = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(n, seen.len(), "vertices coincide in f32");
    // One fan per vertex: the number of triangles at a vertex equals the length of its single cycle.
    let mut fans: BTreeMap<u32, BTreeMap<u32, u32>> = BTreeMap::new();
    for t in &surface.triangles {
        for i in 0..3 {
            let again = fans.entry(t[i]).or_default().insert(t[(i + 1) % 3], t[(i + 2) % 3]);
            assert!(again.is_none());
        }
    }
    for fan in fans.values() {
        let start = *fan.keys().next().expect("a used vertex has triangles");
        let (mut at, mut steps) = (fan[&start], 1);
        while at != start {
            at = fan[&at];
            steps += 1;
        }
        assert_eq!(steps, fan.len(), "two fans meet in one vertex");
    }
}

pub(super) fn cut(bounds: Aabb, edge: f64, field: impl Fn(Vec3) -> f64 + Sync) -> (TriSurface, Pieces) {
    surface_of(bounds, edge, &|p| Some(field(p)), &AtomicBool::new(false)).expect("a surface")
}

pub(super) fn cube(half: f64) -> Aabb {
    Aabb { min: Vec3::repeat(-half), max: Vec3::repeat(half) }
}

#[test]
fn sphere_volume_and_area_are_met() {
    let (s, pieces) = cut(cube(2.2), 0.2, |p| p.norm() - 2.0);
    assert_manifold(&s);
    assert_eq!(pieces, Pieces::default());
    // The raw inscribed polyhedron would be 0.5 % low; restoring leaves the next order.
    let exact = 4.0 / 3.0 * PI * 8.0;
    assert!((s.volume() / exact - 1.0).abs() < 1e-3, "{}", s.volume() / exact);
    assert!((s.area() / (16.0 * PI) - 1.0).abs() < 5e-3, "{}", s.area() / (16.0 * PI));
}

#[test]
fn strut_section_is_met_at_three_grid_edges_per_diameter() {
    let r = 0.225;
    let bounds = Aabb { min: Vec3::new(-0.3, -0.3, -4.0), max: Vec3::new(0.3, 0.3, 4.0) };
    let (s, _) = cut(bounds, 0.15, |p| (p.x.hypot(p.y) - r).max(p.z.abs() - 4.0));
    assert_manifold(&s);
    let exact = PI * r * r * 8.0;
    // Half a percent for the blunt end edges, one for terms of fourth order in edge over radius; the raw cut
    // is 5 % low.
    assert!((s.volume() / exact - 1.0).abs() < 0.02, "{}", s.volume() / exact);
}

#[test]
fn any_field_gives_a_manifold() {
    // Rough on the scale of the grid on purpose: thin sheets, touching drops, zero exactly at nodes.
    let wild = |p: Vec3| (5.1 * p.x).sin() * (4.3 * p.y).cos() + (6.7 * p.z + p.x * p.y).sin() * 0.9 - 0.05;
    let (s, _) = cut(cube(2.0), 0.25, wild);
    assert_manifold(&s);
    let (s, _) = cut(cube(1.0), 0.5, |p| p.x.abs().max(p.y.abs()).max(p.z.abs()) - 0.5);
    assert_manifold(&s);
}

#[test]
fn floating_pieces_go_and_closed_voids_are_counted() {
    let ball = |p: Vec3, c: f64, r: f64| (p - Vec3::new(c, 0.0, 0.0)).norm() - r;
    let (s, pieces) =
        cut(cube(4.0), 0.2, |p| ball(p, -1.0, 2.0).max(-ball(p, -1.0, 1.0)).min(ball(p, 2.5, 1.0)));
    assert_manifold(&s);
    assert_eq!((pieces.floating, pieces.voids), (1, 1));
    let unit = 4.0 / 3.0 * PI;
    // Counted nodes: the error of a count is of the order of the surface times a fraction of the edge.
    assert!((pieces.floating_mm3 / unit - 1.0).abs() < 0.05, "{pieces:?}");
    assert!((pieces.voids_mm3 / unit - 1.0).abs() < 0.05, "{pieces:?}");
    assert!((s.volume() / (7.0 * unit) - 1.0).abs() < 5e-3, "{}", s.volume() / unit);
}

#[test]
fn voids_too_small_to_print_are_filled() {
    let field = |p: Vec3| Some((p.norm() - 1.5).max(0.2 - (p - Vec3::new(0.5, 0.0, 0.0)).norm()));
    let stop = AtomicBool::new(false);
    let mut grid = sample(cube(1.6), 0.15, &field, &stop).expect("a grid");
    let pieces = grid.keep_largest(0.04);
    // A ball of 0.2 mm radius is 0.0335 mm³.
    assert_eq!((pieces.filled, pieces.voids), (1, 0));
    let solid = finish(&grid, &field).expect("a surface");
    assert_manifold(&solid);
    assert!((solid.volume() / (4.0 / 3.0 * PI * 1.5_f64.powi(3)) - 1.0).abs() < 2e-3);
}

#[test]
fn same_surface_on_one_and_two_threads() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| cut(cube(2.0), 0.2, |p| (3.0 * p.x).sin() + (3.0 * p.y).cos() * (3.0 * p.z).sin()).0)
    };
    assert_eq!(run(1), run(2));
}

/// Cubic truss, the plainest lattice: struts of 0.5 mm along the axes, 1.8 mm apart.
fn truss(p: Vec3) -> f64 {
    let q = p.map(|x| x - 1.8 * (x / 1.8).round());
    [q.x.hypot(q.y), q.y.hypot(q.z), q.z.hypot(q.x)].into_iter().fold(f64::INFINITY, f64::min) - 0.25
}

fn draft() -> (Implant, Solid) {
    let implant = Implant::design(&block_spine(24.0), &ImplantParams::default()).expect("room");
    let params = SolidParams { edge_mm: 0.25, ..SolidParams::default() };
    let solid = printable(&implant, &truss, &params, &AtomicBool::new(false)).expect("a solid");
    (implant, solid)
}

#[test]
fn printable_implant_is_one_closed_solid_with_the_lattice_inside() {
    let (implant, solid) = draft();
    assert_manifold(&solid.surface);
    let fit = implant.fit();
    // Both are sampled volumes; the solid leaves the outline's edges blunt.
    assert!(
        (solid.outline_mm3 / fit.volume_mm3 - 1.0).abs() < 0.02,
        "{} {}",
        solid.outline_mm3,
        fit.volume_mm3
    );
    // Three tri-cylinders per cell, ρ = 3πr² − 8√2 r³ with r in cell edges; cut cells at the rim and the
    // deleted pieces there leave a few percent.
    let r: f64 = 0.25 / 1.8;
    let rho = 3.0 * PI * r * r - 8.0 * 2.0_f64.sqrt() * r.powi(3);
    assert!((solid.relative_density / rho - 1.0).abs() < 0.06, "{} {rho}", solid.relative_density);
    // The surface encloses what the grid counted: rim and walls, and the lattice's metal.
    let counted = solid.outline_mm3 - solid.lattice_zone_mm3 * (1.0 - solid.relative_density);
    assert!((solid.volume_mm3 / counted - 1.0).abs() < 0.02, "{} {counted}", solid.volume_mm3);
}

#[test]
fn printed_contact_faces_conform_to_the_bone() {
    let (implant, solid) = draft();
    for (pad, (_, bone)) in [(0, &implant.bones()[1]), (1, &implant.bones()[0]), (2, &implant.bones()[0])] {
        let patch = &implant.pads[pad].patch;
        let core = crate::geometry::spine::Patch { radii: patch.radii.map(|r| r - 0.6), ..*patch };
        let mut n = 0;
        for p in &solid.surface.points {
            let off_bore = implant.tracks.iter().all(|t| 0.3 < t.value(*p, 0.0));
            let gap = bone.value(*p);
            // Vertices of the face itself, not of pores behind it.
            if core.column(*p) < 0.0 && off_bore && gap < 0.08 {
                assert!(-0.03 < gap, "{gap}");
                n += usize::from(gap < 0.03);
            }
        }
        assert!(100 < n, "{n}");
    }
}

#[test]
fn parameters_out_of_range_are_refused() {
    let implant = Implant::design(&block_spine(24.0), &ImplantParams::default()).expect("room");
    let made = |edge_mm| {
        printable(
            &implant,
            &truss,
            &SolidParams { edge_mm, ..SolidParams::default() },
            &AtomicBool::new(false),
        )
    };
    assert!(matches!(made(0.0), Err(SolidError::Param { name: "edge", .. })));
    assert!(matches!(made(0.04), Err(SolidError::TooFine { .. })));
    let stopped = printable(&implant, &truss, &SolidParams::default(), &AtomicBool::new(true));
    assert!(matches!(stopped, Err(SolidError::Stopped)));
}
