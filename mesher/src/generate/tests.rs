//! Whole meshes of bodies with known volume, edges and connection.

use super::*;
use crate::geometry::By;
use crate::quality::{check, measure};
use std::f64::consts::PI;

fn by<F: Fn(Vec3) -> f64 + Send + Sync>(value: F) -> By<F> {
    By(value, Aabb::empty())
}

fn ball(center: Vec3, radius: f64) -> impl Field {
    by(move |p: Vec3| (p - center).norm() - radius)
}

fn half_space(normal: Vec3, offset: f64) -> impl Field {
    by(move |p: Vec3| normal.dot(&p) - offset)
}

fn column(radius: f64) -> impl Field {
    by(move |p: Vec3| p.x.hypot(p.y) - radius)
}

/// Sheet gyroid of the given period and half thickness, its level scaled to about a distance.
fn gyroid(period: f64, half_thickness: f64) -> impl Field {
    let k = 2.0 * PI / period;
    by(move |p: Vec3| {
        let q = p * k;
        let g = q.x.sin() * q.y.cos() + q.y.sin() * q.z.cos() + q.z.sin() * q.x.cos();
        g.abs() / (1.5 * k) - half_thickness
    })
}

fn cube(half: f64) -> Aabb {
    Aabb { min: Vec3::repeat(-half), max: Vec3::repeat(half) }
}

fn spec<'a>(
    surfaces: Vec<&'a dyn Field>,
    region: &'a RegionOf<'a>,
    names: &[&str],
    edge_mm: f64,
    half: f64,
) -> MeshSpec<'a> {
    MeshSpec {
        name: "body".into(),
        surfaces,
        region,
        region_names: names.iter().map(|n| n.to_string()).collect(),
        edge_mm,
        bounds: cube(half),
        engine: Engine::LevelSet,
    }
}

fn one(inside: u32, _: Vec3) -> Option<u16> {
    (inside & 1 != 0).then_some(0)
}

/// Unit normals of a box turned out of the axes of the lattice.
fn turned_normals() -> [Vec3; 6] {
    let turn = nalgebra::Rotation3::from_euler_angles(0.3, 0.4, 0.5);
    [Vec3::x(), -Vec3::x(), Vec3::y(), -Vec3::y(), Vec3::z(), -Vec3::z()].map(|n| turn * n)
}

/// Length of the boundary edges between facets of different surfaces, and the nodes on them, by pair of surfaces.
fn creases(mesh: &Mesh) -> (f64, Vec<(u32, [u8; 2])>) {
    let mut edges: Vec<([u32; 2], u32, u8)> = mesh
        .boundary
        .iter()
        .flat_map(|f| {
            (0..3).map(|k| {
                let (a, b) = (f.nodes[k], f.nodes[(k + 1) % 3]);
                ([a.min(b), a.max(b)], f.nodes[3 + k], f.surface)
            })
        })
        .collect();
    edges.sort_unstable();
    let (mut length, mut nodes) = (0.0, Vec::new());
    for e in edges.chunk_by(|a, b| a.0 == b.0).filter(|e| e[0].2 != e[1].2) {
        let [a, m, b] = [e[0].0[0], e[0].1, e[0].0[1]].map(|i| mesh.points[i as usize]);
        // Simpson's rule on the parabola through the three nodes.
        let speed = |t: f64| (a * (4.0 * t - 3.0) + m * (4.0 - 8.0 * t) + b * (4.0 * t - 1.0)).norm();
        length += (speed(0.0) + 4.0 * speed(0.5) + speed(1.0)) / 6.0;
        nodes.extend([e[0].0[0], e[0].1, e[0].0[1]].map(|n| (n, [e[0].2, e[1].2])));
    }
    (length, nodes)
}

fn refusal(spec: &MeshSpec<'_>) -> MeshError {
    tetrahedralize(spec).map(|m| m.n_cells()).expect_err("this must not give a mesh")
}

fn pieces(mesh: &Mesh) -> usize {
    let corners: Vec<[u32; 4]> = mesh.cells.iter().map(|c| [c[0], c[1], c[2], c[3]]).collect();
    let next = neighbors(mesh.n_nodes(), &corners).expect("at most two cells on a facet");
    let mut groups = topology::Groups::new(corners.len());
    for (c, n) in next.iter().enumerate() {
        n.iter().filter(|&&n| n != NONE).for_each(|&n| groups.join(c as u32, n));
    }
    (0..corners.len() as u32).filter(|&c| groups.find(c) == c).count()
}

#[test]
fn sphere_volume_converges_at_order_two_straight_and_four_curved() {
    let field = ball(Vec3::new(0.1, 0.2, 0.3), 10.0);
    let exact = 4.0 / 3.0 * PI * 1000.0;
    let errors = [3.0, 1.5].map(|h| {
        let mesh = tetrahedralize(&spec(vec![&field], &one, &["bone"], h, 11.0)).expect("a ball is easy");
        let straight: f64 = (0..mesh.n_cells()).map(|c| mesh.corner_volume(c)).sum();
        let curved = measure(&mesh).region_volumes_mm3[0];
        [(straight - exact).abs() / exact, (curved - exact).abs() / exact]
    });
    let order = |k: usize| (errors[0][k] / errors[1][k]).log2();
    // The lattice lies differently in the sphere at each size: slopes scatter by a few tenths.
    assert!((1.7..2.4).contains(&order(0)), "straight: {}", order(0));
    assert!(3.4 < order(1), "curved: {}", order(1));
    // A chord of length h on a sphere of radius r: volume off by about h²/(4 r²) at the most.
    assert!(errors[1][0] < 0.25 * (1.5f64 / 10.0).powi(2) && errors[1][1] < 1e-5, "{errors:?}");
}

#[test]
fn all_nodes_of_a_sphere_lie_on_it() {
    let center = Vec3::new(0.1, 0.2, 0.3);
    let field = ball(center, 10.0);
    let m = mesh_with_notes(&spec(vec![&field], &one, &["bone"], 1.5, 11.0)).expect("a ball is easy");
    assert_eq!(m.n_straightened, 0);
    for n in m.mesh.boundary.iter().flat_map(|f| f.nodes) {
        // Newton ends at round-off of the coordinates.
        assert!(((m.mesh.points[n as usize] - center).norm() - 10.0).abs() < 1e-11);
    }
    assert!(
        m.mesh
            .facet_geometry(&m.mesh.boundary[0])
            .1
            .dot(&(m.mesh.centroid(m.mesh.boundary[0].cell as usize) - center))
            > 0.0
    );
}

#[test]
fn box_of_six_planes_has_exact_volume_and_exact_edges() {
    let normals = turned_normals();
    let planes = normals.map(|n| half_space(n, 5.0));
    let region: &RegionOf = &|inside, _| (inside == 63).then_some(0);
    let mesh =
        tetrahedralize(&spec(planes.iter().map(|p| p as &dyn Field).collect(), region, &["bone"], 1.1, 9.0))
            .expect("a box is easy");
    let q = measure(&mesh);
    // Round-off only, for volume, edges and vertices.
    assert!((q.region_volumes_mm3[0] - 1000.0).abs() < 1e-9, "{}", q.region_volumes_mm3[0]);
    let (length, nodes) = creases(&mesh);
    assert!((length - 120.0).abs() < 1e-9, "{length}");
    for (n, pair) in nodes {
        for s in pair {
            assert!((normals[usize::from(s)].dot(&mesh.points[n as usize]) - 5.0).abs() < 1e-12);
        }
    }
    assert_eq!(q.n_curved, 0);
    assert!(8.0 < q.min_dihedral_deg && q.max_dihedral_deg < 172.0);
}

#[test]
fn crossing_spheres_meet_in_a_true_circle() {
    let (a, b) = (ball(Vec3::x() * 4.0, 8.0), ball(Vec3::x() * -4.0, 8.0));
    let region: &RegionOf = &|inside, _| (inside == 3).then_some(0);
    let mesh = tetrahedralize(&spec(vec![&a, &b], region, &["lens"], 1.0, 9.0)).expect("a lens is easy");
    let radius = 48f64.sqrt();
    let (length, nodes) = creases(&mesh);
    for (n, _) in &nodes {
        let p = mesh.points[*n as usize];
        assert!(p.x.abs() < 1e-10 && (p.y.hypot(p.z) - radius).abs() < 1e-10, "Newton ends at round-off");
    }
    // Parabolic arcs of 1 mm on a circle of 7 mm: the length is off by (h / r)⁴ / 700 or so.
    assert!((length / (2.0 * PI * radius) - 1.0).abs() < 1e-5, "{length}");
    let exact = 2.0 * PI / 3.0 * 4.0f64.powi(2) * (3.0 * 8.0 - 4.0);
    assert!((measure(&mesh).region_volumes_mm3[0] / exact - 1.0).abs() < 1e-4);
}

#[test]
fn three_surfaces_make_four_conforming_regions_with_a_shell_of_one_millimeter() {
    let (outer, inner) = (ball(Vec3::zeros(), 15.0), ball(Vec3::zeros(), 14.0));
    let planes = [half_space(Vec3::x(), 3.0), half_space(Vec3::new(0.0, 0.6, 0.8), 1.0)];
    let region: &RegionOf =
        &|b, _| (b & 1 != 0).then_some(((b >> 1) & 1) as u16 | if b & 12 == 12 { 2 } else { 0 });
    let names = ["cortex outside", "core outside", "cortex inside", "core inside"];
    let m = mesh_with_notes(&spec(vec![&outer, &inner, &planes[0], &planes[1]], region, &names, 1.0, 16.0))
        .expect("four regions");
    let q = measure(&m.mesh);
    assert!(q.boundary_manifold && m.crumbs.is_empty() && pieces(&m.mesh) == 1);
    assert!(m.mesh.boundary.iter().all(|f| f.surface == 0), "only the outer sphere bounds the whole");
    let shell = 4.0 / 3.0 * PI * (15f64.powi(3) - 14f64.powi(3));
    // The inner sphere is faceted, each facet below the sphere by h²/8r or less: 0.1 % of the core is 1 % of the shell.
    assert!(((q.region_volumes_mm3[0] + q.region_volumes_mm3[2]) / shell - 1.0).abs() < 0.01);
    assert!((q.region_volumes_mm3.iter().sum::<f64>() / (4.0 / 3.0 * PI * 15f64.powi(3)) - 1.0).abs() < 1e-5);
    assert!(
        8.0 < q.min_dihedral_deg && q.max_dihedral_deg < 172.0,
        "{} {}",
        q.min_dihedral_deg,
        q.max_dihedral_deg
    );
    assert_eq!(check(&m.mesh), Ok(()));
}

#[test]
fn gyroid_in_a_ball_keeps_its_angles_and_every_curved_cell_is_proven_valid() {
    let (hull, sheet) = (ball(Vec3::zeros(), 12.0), gyroid(10.0, 0.8));
    let region: &RegionOf = &|inside, _| (inside & 3 == 3).then_some(0);
    let m = mesh_with_notes(&spec(vec![&hull, &sheet], region, &["lattice"], 0.8, 13.0))
        .expect("sheets are two cells thick");
    let q = measure(&m.mesh);
    assert!(
        8.0 < q.min_dihedral_deg && q.max_dihedral_deg < 172.0,
        "{} {}",
        q.min_dihedral_deg,
        q.max_dihedral_deg
    );
    assert!(0.0 < q.min_jacobian_bound && 1000 < m.n_curved);
    assert_eq!(q.n_curved, m.n_curved);
}

#[test]
fn lens_thinner_than_the_edge_length_stays_in_one_piece() {
    let (below, above, wall) = (ball(Vec3::z() * -30.0, 30.65), ball(Vec3::z() * 30.0, 30.65), column(7.0));
    let region: &RegionOf = &|inside, _| (inside & 7 == 7).then_some(0);
    for shift in [0.0, 0.17, 0.31, 0.55] {
        let mut s = spec(vec![&wall, &below, &above], region, &["disc"], 1.8, 9.0);
        s.bounds.max += Vec3::repeat(shift);
        let m = mesh_with_notes(&s).expect("two surfaces are told apart at any distance");
        assert_eq!((pieces(&m.mesh), m.crumbs.len()), (1, 0));
        // Two caps: the surfaces meet at radius 6.28 inside the wall.
        let cap = PI / 3.0 * 0.65f64.powi(2) * (3.0 * 30.65 - 0.65);
        assert!((measure(&m.mesh).region_volumes_mm3[0] / (2.0 * cap) - 1.0).abs() < 1e-3);
    }
}

#[test]
fn joint_between_concave_bones_with_a_thick_rim_has_true_edges() {
    let (below, above, wall) = (ball(Vec3::z() * -30.0, 29.35), ball(Vec3::z() * 30.0, 29.35), column(7.0));
    let region: &RegionOf = &|inside, _| (inside & 7 == 1).then_some(0);
    let mut s = spec(vec![&wall, &below, &above], region, &["disc"], 1.8, 9.0);
    s.bounds = Aabb { min: Vec3::new(-8.0, -8.0, -3.0), max: Vec3::new(8.0, 8.0, 3.0) };
    let mesh = tetrahedralize(&s).expect("1.3 mm in the middle");
    assert_eq!(pieces(&mesh), 1);
    let (length, nodes) = creases(&mesh);
    assert!((length / (4.0 * PI * 7.0) - 1.0).abs() < 1e-4, "two circles, {length}");
    assert!(nodes.iter().all(|(_, pair)| pair.contains(&0)));
}

#[test]
fn same_bits_on_one_and_two_threads() {
    let (hull, sheet) = (ball(Vec3::zeros(), 9.0), gyroid(8.0, 0.7));
    let region: &RegionOf = &|inside, _| (inside & 1 != 0).then_some((inside >> 1) as u16);
    let meshes = [1, 2].map(|n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads can be had");
        pool.install(|| {
            tetrahedralize(&spec(vec![&hull, &sheet], region, &["void", "sheet"], 1.0, 10.0))
                .expect("two regions")
        })
    });
    let bits = |m: &Mesh| m.points.iter().flat_map(|p| [p.x, p.y, p.z]).map(f64::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(&meshes[0]), bits(&meshes[1]));
    assert_eq!(meshes[0].cells, meshes[1].cells);
    assert_eq!(meshes[0].boundary, meshes[1].boundary);
    assert_eq!(measure(&meshes[0]), measure(&meshes[1]));
}

#[test]
fn nothing_inside_the_bounds_is_an_error() {
    let far = ball(Vec3::x() * 50.0, 3.0);
    let error = refusal(&spec(vec![&far], &one, &["bone"], 1.0, 10.0));
    assert!(matches!(error, MeshError::Empty { .. }), "{error}");
}

#[test]
fn body_that_reaches_the_bounds_is_an_error() {
    let field = ball(Vec3::zeros(), 10.0);
    let error = refusal(&spec(vec![&field], &one, &["bone"], 1.0, 7.0));
    assert!(matches!(&error, MeshError::Clipped { region, .. } if region == "bone"), "{error}");
}

#[test]
fn impossible_requests_say_what_is_wrong() {
    let field = ball(Vec3::zeros(), 1.0);
    let nan = by(|p: Vec3| if p.x < 0.0 { f64::NAN } else { 1.0 });
    let two: &RegionOf = &|_, _| Some(1);
    for (s, word) in [
        (spec(vec![], &one, &["bone"], 1.0, 2.0), "1 to 32 surfaces"),
        (spec(vec![&field], &one, &["bone"], 0.0, 2.0), "positive"),
        (spec(vec![&field], &one, &["bone"], 1.0, -2.0), "not a box"),
        (spec(vec![&field], &one, &["bone"], 1e-4, 2.0), "coarsen"),
        (spec(vec![&nan], &one, &["bone"], 1.0, 2.0), "no finite value"),
        (spec(vec![&field], two, &["bone"], 1.0, 2.0), "no name"),
    ] {
        let error = refusal(&s).to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn broken_strut_is_too_coarse_and_a_crumb_is_dropped() {
    let dumbbell = by(|p: Vec3| {
        let q = p - Vec3::new(0.1, 0.35, 0.4);
        let ends = (q - Vec3::x() * 4.0).norm().min((q + Vec3::x() * 4.0).norm()) - 3.0;
        ends.min((q.y.hypot(q.z) - 0.25).max(q.x.abs() - 4.0))
    });
    let error = refusal(&spec(vec![&dumbbell], &one, &["bone"], 1.5, 9.0));
    assert!(matches!(error, MeshError::TooCoarse { pieces: 2, .. }), "{error}");
    tetrahedralize(&spec(vec![&dumbbell], &one, &["bone"], 0.4, 9.0)).expect("0.5 mm at h 0.4");

    let crumb = by(|p: Vec3| (p.norm() - 5.0).min((p - Vec3::x() * 8.0).norm() - 0.8));
    let m = mesh_with_notes(&spec(vec![&crumb], &one, &["bone"], 1.0, 10.0)).expect("one ball remains");
    assert_eq!((m.crumbs.len(), pieces(&m.mesh)), (1, 1));
    assert!(
        (m.crumbs[0].place - Vec3::x() * 8.0).norm() < 0.1 && m.crumbs[0].volume_mm3 < 4.0 / 3.0 * PI * 0.512
    );
}

#[test]
fn quarters_that_touch_along_a_line_are_parted() {
    let (hull, x, y) = (ball(Vec3::zeros(), 5.0), half_space(Vec3::x(), 0.13), half_space(Vec3::y(), 0.21));
    let region: &RegionOf = &|b, _| (b == 1 || b == 7).then_some(0);
    let mesh = tetrahedralize(&spec(vec![&hull, &x, &y], region, &["bone"], 1.0, 6.0)).expect("two quarters");
    assert_eq!(pieces(&mesh), 2);
    assert!(measure(&mesh).boundary_manifold);
}

#[test]
fn bones_of_the_upper_neck_get_good_cells_on_their_surfaces() {
    let spine = crate::geometry::parametric::spine(&Default::default()).expect("the average adult");
    for bone in &spine.bones {
        let mut s = spec(vec![&*bone.field], &one, &["bone"], 2.5, 1.0);
        s.bounds = bone.field.bounds().grown(5.0);
        let m = mesh_with_notes(&s).unwrap_or_else(|e| panic!("{}: {e}", bone.level.name()));
        let q = measure(&m.mesh);
        assert!(
            8.0 < q.min_dihedral_deg && q.max_dihedral_deg < 172.0,
            "{} {}",
            q.min_dihedral_deg,
            q.max_dihedral_deg
        );
        assert_eq!((pieces(&m.mesh), m.crumbs.len()), (1, 0));
        assert!(m.surface_error_mm < 1e-8, "Newton ends near round-off, not at {}", m.surface_error_mm);
    }
}
