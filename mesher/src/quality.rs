//! Quality of quadratic tetrahedra: dihedral angles, scaled Jacobians, validity.
//!
//! A cell is valid when the Jacobian determinant of its mapping is positive everywhere. It is a cubic
//! polynomial, bounded from below by its 20 Bézier coefficients: all positive is a proof, not a sample.
//! The scaled Jacobian is what one samples to see *how* good a cell is.

use crate::Vec3;
use crate::generate::{MeshError, Place};
use crate::mesh::{EDGE_CORNERS, FACET_CORNERS, Mesh};
use rayon::prelude::*;

/// Cells at or below this scaled Jacobian are refused: the stiffness of such a cell is off by 1 / value in
/// some direction. A flat cell with a dihedral angle of 1° is there.
pub const MIN_SCALED_JACOBIAN: f64 = 0.01;

/// Width of the classes of [`Quality::dihedral_histogram`], degrees.
pub const HISTOGRAM_STEP_DEG: f64 = 5.0;

/// Cells per partial result; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 4096;

/// How good a mesh is.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Number of cells.
    pub cells: usize,
    /// Number of nodes.
    pub nodes: usize,
    /// Smallest dihedral angle between straight facets, degrees.
    pub min_dihedral_deg: f64,
    /// Largest dihedral angle between straight facets, degrees.
    pub max_dihedral_deg: f64,
    /// Percentiles 1, 5, 50, 95, 99 of all dihedral angles, degrees, to 0.1.
    pub dihedral_percentiles_deg: [f64; 5],
    /// Number of dihedral angles in classes of [`HISTOGRAM_STEP_DEG`] from 0° to 180°.
    pub dihedral_histogram: Vec<u64>,
    /// Smallest scaled Jacobian at corners, mid-edges and quadrature points, see [`scaled_jacobian`].
    pub min_scaled_jacobian: f64,
    /// Cell with that value.
    pub worst_cell: usize,
    /// Its centroid.
    pub worst_place: Vec3,
    /// Smallest Bézier coefficient of a cell's Jacobian determinant over its largest; positive proves validity.
    pub min_jacobian_bound: f64,
    /// Volume of each region with its curved boundary, mm³.
    pub region_volumes_mm3: Vec<f64>,
    /// Edges whose mid-edge node is off the middle.
    pub n_curved: usize,
    /// Edges on the boundary whose mid-edge node is in the middle: plane surface, or straightened for validity.
    pub n_straightened: usize,
    /// Whether every facet bounds one or two cells and the boundary facets close into surfaces.
    pub boundary_manifold: bool,
}

/// What one chunk of cells contributes.
struct Part {
    angles: Vec<u64>,
    extreme: [f64; 2],
    worst: (f64, usize),
    bound: f64,
    volumes: Vec<f64>,
}

/// Measures a mesh.
pub fn measure(mesh: &Mesh) -> Quality {
    let cells: Vec<usize> = (0..mesh.n_cells()).collect();
    let parts: Vec<Part> = cells.par_chunks(CHUNK).map(|chunk| measure_chunk(mesh, chunk)).collect();
    // Tenths of a degree, fine enough for percentiles.
    let mut angles = vec![0u64; 1800];
    let mut q = Quality {
        cells: mesh.n_cells(),
        nodes: mesh.n_nodes(),
        min_dihedral_deg: 180.0,
        max_dihedral_deg: 0.0,
        dihedral_percentiles_deg: [0.0; 5],
        dihedral_histogram: vec![],
        min_scaled_jacobian: f64::INFINITY,
        worst_cell: 0,
        worst_place: Vec3::zeros(),
        min_jacobian_bound: f64::INFINITY,
        region_volumes_mm3: vec![0.0; mesh.region_names.len()],
        n_curved: 0,
        n_straightened: 0,
        boundary_manifold: boundary_defect(mesh).is_none(),
    };
    for part in parts {
        angles.iter_mut().zip(&part.angles).for_each(|(a, b)| *a += b);
        q.min_dihedral_deg = q.min_dihedral_deg.min(part.extreme[0]);
        q.max_dihedral_deg = q.max_dihedral_deg.max(part.extreme[1]);
        q.min_jacobian_bound = q.min_jacobian_bound.min(part.bound);
        if part.worst.0 < q.min_scaled_jacobian {
            (q.min_scaled_jacobian, q.worst_cell) = part.worst;
        }
        q.region_volumes_mm3.iter_mut().zip(&part.volumes).for_each(|(a, b)| *a += b);
    }
    if !mesh.cells.is_empty() {
        q.worst_place = mesh.centroid(q.worst_cell);
    }
    let per_class = (HISTOGRAM_STEP_DEG * 10.0) as usize;
    q.dihedral_histogram = angles.chunks(per_class).map(|c| c.iter().sum()).collect();
    q.dihedral_percentiles_deg = [1, 5, 50, 95, 99].map(|p| percentile(&angles, p));
    (q.n_curved, q.n_straightened) = count_curved(mesh);
    q
}

/// Refuses a mesh that cannot be computed with.
///
/// # Errors
/// [`MeshError::BadCell`] for the worst cell when its scaled Jacobian is at most [`MIN_SCALED_JACOBIAN`] or its
/// Jacobian is not proven positive; [`MeshError::NotManifold`] when the boundary is not a closed surface.
pub fn check(mesh: &Mesh) -> Result<(), MeshError> {
    let bad = |cell: usize, value: f64, limit: f64| MeshError::BadCell {
        cell,
        region: mesh.region_names.get(usize::from(mesh.regions[cell])).cloned().unwrap_or_default(),
        place: Place(mesh.centroid(cell)),
        value,
        limit,
    };
    let worst = (0..mesh.n_cells())
        .into_par_iter()
        .map(|c| (worst_scaled_jacobian(&nodes(mesh, c)), c))
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let unproven = (0..mesh.n_cells())
        .into_par_iter()
        .map(|c| (jacobian_bound(&nodes(mesh, c)), c))
        .find_first(|(bound, _)| *bound <= 0.0 || bound.is_nan());
    match (worst, unproven) {
        (Some((s, c)), _) if s <= MIN_SCALED_JACOBIAN || s.is_nan() => Err(bad(c, s, MIN_SCALED_JACOBIAN)),
        (_, Some((bound, c))) => Err(bad(c, bound, 0.0)),
        _ => boundary_defect(mesh).map_or(Ok(()), Err),
    }
}

/// The 20 Bézier coefficients of the Jacobian determinant of a ten-node tetrahedron, mm³.
///
/// ```text
/// x = Σ bᵢⱼ λᵢ λⱼ,  bᵢᵢ = corner i,  bᵢⱼ = 2 mᵢⱼ − (xᵢ + xⱼ)/2        ∂x/∂λₖ − ∂x/∂λ₀ = 2 Σⱼ (bₖⱼ − b₀ⱼ) λⱼ
/// det J = Σ cα B³α(λ),  min cα ≤ det J ≤ max cα
/// ```
/// - `points`: corners 0..4, then mid-edge nodes in the order of [`EDGE_CORNERS`]
/// - returns: c of the exponents α in the order 3000, 2100, … of nested loops i ≤ j ≤ k over the corners
///
/// # Source
/// Johnen, Remacle & Geuzaine (2013), Geometrical validity of curvilinear finite elements, J. Comput. Phys. 233.
pub fn jacobian_coefficients(points: &[Vec3; 10]) -> [f64; 20] {
    let mut b = [[Vec3::zeros(); 4]; 4];
    for i in 0..4 {
        b[i][i] = points[i];
    }
    for (k, [i, j]) in EDGE_CORNERS.into_iter().enumerate() {
        let control = 2.0 * points[4 + k] - 0.5 * (points[i] + points[j]);
        b[i][j] = control;
        b[j][i] = control;
    }
    // d[k][j]: coefficient of λⱼ in the derivative along edge 0–(k+1).
    let d: [[Vec3; 4]; 3] = std::array::from_fn(|k| std::array::from_fn(|j| 2.0 * (b[k + 1][j] - b[0][j])));
    let mut coefficients = [0.0; 20];
    let mut n = 0;
    for i in 0..4 {
        for j in i..4 {
            for k in j..4 {
                let det = |p: usize, q: usize, r: usize| d[0][p].dot(&d[1][q].cross(&d[2][r]));
                let all =
                    det(i, j, k) + det(i, k, j) + det(j, i, k) + det(j, k, i) + det(k, i, j) + det(k, j, i);
                coefficients[n] = all / 6.0;
                n += 1;
            }
        }
    }
    coefficients
}

/// Smallest Bézier coefficient of the Jacobian determinant over the largest; positive proves the cell valid, 1 when straight.
pub fn jacobian_bound(points: &[Vec3; 10]) -> f64 {
    let c = jacobian_coefficients(points);
    let (min, max) = c.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
    if 0.0 < max { min / max } else { -1.0 }
}

/// Scaled Jacobian at barycentric coordinates λ: 1 for a regular tetrahedron, 0 for a flat one, negative when inverted.
///
/// ```text
/// √2 det J / max over corners of the product of its three edge lengths
/// ```
/// of the straight tetrahedron that the mapping looks like at that point.
///
/// # Source
/// Knupp et al. (2006), The Verdict geometric quality library, SAND2007-1751, §5.13, there for straight cells.
pub fn scaled_jacobian(points: &[Vec3; 10], lambda: [f64; 4]) -> f64 {
    // ∂N/∂λ of the corners: 4λ − 1; of a mid-edge node ij: 4λⱼ toward i and 4λᵢ toward j.
    let mut slope: [Vec3; 4] = std::array::from_fn(|i| points[i] * (4.0 * lambda[i] - 1.0));
    for (k, [i, j]) in EDGE_CORNERS.into_iter().enumerate() {
        slope[i] += points[4 + k] * (4.0 * lambda[j]);
        slope[j] += points[4 + k] * (4.0 * lambda[i]);
    }
    let det = (slope[1] - slope[0]).dot(&(slope[2] - slope[0]).cross(&(slope[3] - slope[0])));
    let length = |i: usize, j: usize| (slope[i] - slope[j]).norm();
    let product = |i: usize| (0..4).filter(|&j| j != i).map(|j| length(i, j)).product::<f64>();
    let longest = (0..4).map(product).fold(0.0, f64::max);
    if 0.0 < longest { 2f64.sqrt() * det / longest } else { 0.0 }
}

/// Smallest scaled Jacobian over the four corners, six mid-edges and four quadrature points of a cell.
pub fn worst_scaled_jacobian(points: &[Vec3; 10]) -> f64 {
    // Points of the four-point rule of degree 2: (5 ± 3√5)/20 and (5 − √5)/20.
    const A: f64 = 0.585_410_196_624_968_5;
    const B: f64 = 0.138_196_601_125_010_5;
    let mut worst = f64::INFINITY;
    for i in 0..4 {
        worst = worst.min(scaled_jacobian(points, std::array::from_fn(|k| if k == i { 1.0 } else { 0.0 })));
        worst = worst.min(scaled_jacobian(points, std::array::from_fn(|k| if k == i { A } else { B })));
    }
    for [i, j] in EDGE_CORNERS {
        worst = worst
            .min(scaled_jacobian(points, std::array::from_fn(|k| if k == i || k == j { 0.5 } else { 0.0 })));
    }
    worst
}

/// The six dihedral angles between the straight facets of a cell, degrees, in no order that matters.
pub fn dihedral_angles_deg(corners: [Vec3; 4]) -> [f64; 6] {
    let normal = |i: usize| {
        let f = FACET_CORNERS[i].map(|k| corners[k]);
        (f[1] - f[0]).cross(&(f[2] - f[0]))
    };
    let n: [Vec3; 4] = std::array::from_fn(normal);
    [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]].map(|[i, j]| {
        // The angle by its sine and cosine together keeps its digits near 0° and 180°.
        n[i].cross(&n[j]).norm().atan2(-n[i].dot(&n[j])).to_degrees()
    })
}

fn nodes(mesh: &Mesh, cell: usize) -> [Vec3; 10] {
    mesh.cells[cell].map(|i| mesh.points[i as usize])
}

fn measure_chunk(mesh: &Mesh, chunk: &[usize]) -> Part {
    let mut part = Part {
        angles: vec![0; 1800],
        extreme: [180.0, 0.0],
        worst: (f64::INFINITY, 0),
        bound: f64::INFINITY,
        volumes: vec![0.0; mesh.region_names.len()],
    };
    for &c in chunk {
        let points = nodes(mesh, c);
        for angle in dihedral_angles_deg([points[0], points[1], points[2], points[3]]) {
            part.angles[((angle * 10.0) as usize).min(1799)] += 1;
            part.extreme = [part.extreme[0].min(angle), part.extreme[1].max(angle)];
        }
        let scaled = worst_scaled_jacobian(&points);
        if scaled < part.worst.0 {
            part.worst = (scaled, c);
        }
        part.bound = part.bound.min(jacobian_bound(&points));
        // The mean of the Bézier coefficients is the integral over a reference tetrahedron of volume 1/6.
        let volume = jacobian_coefficients(&points).iter().sum::<f64>() / 120.0;
        if let Some(v) = part.volumes.get_mut(usize::from(mesh.regions[c])) {
            *v += volume;
        }
    }
    part
}

/// Angle below which `percent` of all angles lie, from classes of a tenth of a degree.
fn percentile(classes: &[u64], percent: u64) -> f64 {
    let total: u64 = classes.iter().sum();
    let mut below = 0;
    for (i, n) in classes.iter().enumerate() {
        below += n;
        if total * percent <= below * 100 {
            return (i as f64 + 0.5) / 10.0;
        }
    }
    180.0
}

/// Edges off the straight line, and straight edges on the boundary.
fn count_curved(mesh: &Mesh) -> (usize, usize) {
    let parents = mesh.parents();
    let mut on_boundary = vec![false; mesh.n_nodes()];
    for n in mesh.boundary.iter().flat_map(|f| &f.nodes[3..]) {
        on_boundary[*n as usize] = true;
    }
    let mut count = (0, 0);
    for (i, [a, b]) in parents.into_iter().enumerate().filter(|(_, [a, b])| a != b) {
        let (a, b) = (mesh.points[a as usize], mesh.points[b as usize]);
        let off = (mesh.points[i] - 0.5 * (a + b)).norm();
        // Round-off of a point in space against its edge.
        if 1e-9 * (b - a).norm() < off {
            count.0 += 1;
        } else if on_boundary[i] {
            count.1 += 1;
        }
    }
    count
}

/// First place where the boundary is not a closed surface of one or two cells per facet.
fn boundary_defect(mesh: &Mesh) -> Option<MeshError> {
    let mut facets: Vec<([u32; 3], u32)> = (0..mesh.n_cells() * 4)
        .into_par_iter()
        .map(|i| {
            let c = &mesh.cells[i / 4];
            let mut f = FACET_CORNERS[i % 4].map(|k| c[k]);
            f.sort_unstable();
            (f, i as u32)
        })
        .collect();
    facets.par_sort_unstable();
    let middle = |v: &[u32]| v.iter().map(|&n| mesh.points[n as usize]).sum::<Vec3>() / v.len() as f64;
    let mut single = Vec::new();
    for same in facets.chunk_by(|a, b| a.0 == b.0) {
        match same.len() {
            1 => single.push(same[0].1),
            2 => {}
            n => return Some(MeshError::NotManifold { place: Place(middle(&same[0].0)), facets: n }),
        }
    }
    single.sort_unstable();
    let listed: Vec<u32> = mesh.boundary.iter().map(|f| f.cell * 4 + u32::from(f.local)).collect();
    if listed != single {
        let differs = single.iter().zip(&listed).find(|(a, b)| a != b).map_or(0, |(a, _)| *a as usize / 4);
        return Some(MeshError::NotManifold { place: Place(mesh.centroid(differs)), facets: 1 });
    }
    let mut edges: Vec<[u32; 2]> = mesh
        .boundary
        .iter()
        .flat_map(|f| (0..3).map(|k| [f.nodes[k], f.nodes[(k + 1) % 3]]).map(|[a, b]| [a.min(b), a.max(b)]))
        .collect();
    edges.par_sort_unstable();
    edges
        .chunk_by(|a, b| a == b)
        .find(|same| same.len() != 2)
        .map(|same| MeshError::NotManifold { place: Place(middle(&same[0])), facets: same.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn straight(corners: [Vec3; 4]) -> [Vec3; 10] {
        std::array::from_fn(|i| match i.checked_sub(4) {
            None => corners[i],
            Some(k) => 0.5 * (corners[EDGE_CORNERS[k][0]] + corners[EDGE_CORNERS[k][1]]),
        })
    }

    fn regular() -> [Vec3; 4] {
        [[1.0, 1.0, 1.0], [-1.0, 1.0, -1.0], [1.0, -1.0, -1.0], [-1.0, -1.0, 1.0]].map(Vec3::from)
    }

    fn one_cell(points: [Vec3; 10]) -> Mesh {
        let nodes = std::array::from_fn(|i| i as u32);
        let mut mesh = Mesh {
            points: points.to_vec(),
            cells: vec![nodes],
            regions: vec![0],
            region_names: vec!["bone".into()],
            ..Mesh::default()
        };
        for (local, f) in FACET_CORNERS.iter().enumerate() {
            let mid = |i: usize, j: usize| {
                4 + EDGE_CORNERS.iter().position(|e| *e == [i, j] || *e == [j, i]).expect("an edge") as u32
            };
            let [a, b, c] = *f;
            mesh.boundary.push(crate::mesh::Facet {
                cell: 0,
                local: local as u8,
                nodes: [a as u32, b as u32, c as u32, mid(a, b), mid(b, c), mid(c, a)],
                surface: 0,
            });
        }
        mesh
    }

    #[test]
    fn regular_tetrahedron_has_scaled_jacobian_one_and_angles_of_arccos_a_third() {
        let mesh = one_cell(straight(regular()));
        let q = measure(&mesh);
        // Round-off of closed forms.
        assert!((q.min_scaled_jacobian - 1.0).abs() < 1e-14);
        assert!((q.min_dihedral_deg - (1.0f64 / 3.0).acos().to_degrees()).abs() < 1e-12);
        assert!((q.max_dihedral_deg - q.min_dihedral_deg).abs() < 1e-12);
        assert!((q.region_volumes_mm3[0] - 8.0 / 3.0).abs() < 1e-14);
        assert!((q.min_jacobian_bound - 1.0).abs() < 1e-12);
        assert_eq!((q.n_curved, q.n_straightened, q.boundary_manifold), (0, 6, true));
        assert_eq!(check(&mesh), Ok(()));
    }

    #[test]
    fn inverted_and_folded_cells_are_refused_with_region_and_place() {
        let [a, b, c, d] = regular();
        let error = check(&one_cell(straight([b, a, c, d]))).expect_err("negative volume");
        assert!(matches!(&error, MeshError::BadCell { cell: 0, value, .. } if *value < 0.0), "{error}");
        assert!(error.to_string().contains("region `bone` at (0.00, 0.00, 0.00) mm"), "{error}");
        // A mid-edge node moved to a quarter of its edge makes the determinant vanish at that corner.
        let mut folded = straight(regular());
        folded[4] = a + 0.24 * (b - a);
        assert!(jacobian_bound(&folded) < 0.0);
        assert!(check(&one_cell(folded)).is_err());
        folded[4] = a + 0.4 * (b - a);
        assert_eq!(check(&one_cell(folded)), Ok(()));
    }

    #[test]
    fn open_boundary_is_not_a_manifold() {
        let mut mesh = one_cell(straight(regular()));
        mesh.boundary.pop();
        assert!(!measure(&mesh).boundary_manifold);
        assert!(matches!(check(&mesh), Err(MeshError::NotManifold { .. })));
    }

    proptest! {
        /// The polynomial from the coefficients is the determinant, and they bound it.
        #[test]
        fn bezier_coefficients_are_the_jacobian_determinant(
            shift in prop::array::uniform30(-0.4f64..0.4),
            raw in prop::array::uniform4(0.01f64..1.0),
        ) {
            let mut points = straight(regular());
            for (i, s) in shift.iter().enumerate() {
                points[i / 3][i % 3] += s;
            }
            let sum: f64 = raw.iter().sum();
            let l = raw.map(|x| x / sum);
            let c = jacobian_coefficients(&points);
            let (mut value, mut n) = (0.0, 0);
            for i in 0..4 {
                for j in i..4 {
                    for k in j..4 {
                        let same = if i == k { 1.0 } else if i == j || j == k { 3.0 } else { 6.0 };
                        value += same * l[i] * l[j] * l[k] * c[n];
                        n += 1;
                    }
                }
            }
            let mut slope: [Vec3; 4] = std::array::from_fn(|i| points[i] * (4.0 * l[i] - 1.0));
            for (k, [i, j]) in EDGE_CORNERS.into_iter().enumerate() {
                slope[i] += points[4 + k] * (4.0 * l[j]);
                slope[j] += points[4 + k] * (4.0 * l[i]);
            }
            let det = (slope[1] - slope[0]).dot(&(slope[2] - slope[0]).cross(&(slope[3] - slope[0])));
            // Round-off of 64 products of size 100.
            prop_assert!((value - det).abs() < 1e-11 * 100.0);
            let (min, max) = c.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
            prop_assert!(min - 1e-9 <= det && det <= max + 1e-9);
        }
    }
}
