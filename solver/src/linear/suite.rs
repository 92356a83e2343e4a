//! Matrix suite of the linear solvers: small bodies on structured grids of tetrahedra. Tests and benches only.
//!
//! ```text
//! a box of cubes, each cut into six tetrahedra around the diagonal (1, 1, 1); foot (z = 0) clamped, head pulled
//! ```
//! Corner and mid-edge nodes together fill the grid of half the spacing, so the numbering is a formula. The suite
//! names no type of the solver: the bench includes this file as its own module.

/// Young's modulus (MPa) and Poisson's ratio at a place of the unit cube.
pub(crate) type Material = fn([f64; 3]) -> (f64, f64);

/// One stiff direction: energy ½ k (Σ cᵢ·uᵢ)².
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Nodes it couples.
    pub(crate) nodes: Vec<u32>,
    /// Coefficients cᵢ.
    pub(crate) coefficients: Vec<[f64; 3]>,
    /// k, N/mm.
    pub(crate) stiffness: f64,
}

/// Elastic body with its supports and load.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    /// Node positions, mm.
    pub(crate) coordinates: Vec<[f64; 3]>,
    /// Corner nodes beside each mid-edge node; itself twice for a corner.
    pub(crate) parents: Vec<[u32; 2]>,
    /// Near-null modes; empty: translations and rotations from the coordinates.
    pub(crate) modes: Vec<[[f64; 6]; 3]>,
    /// Four or ten nodes of each tetrahedron (edges 01 12 20 03 13 23).
    pub(crate) cells: Vec<Vec<u32>>,
    /// Young's modulus and Poisson's ratio of each cell.
    pub(crate) materials: Vec<(f64, f64)>,
    /// Contact, beams and reference nodes.
    pub(crate) links: Vec<Link>,
    /// Supported unknowns.
    pub(crate) fixed: Vec<bool>,
    /// Load, N.
    pub(crate) load: Vec<f64>,
}

/// Soft bone everywhere.
pub(crate) fn uniform(_: [f64; 3]) -> (f64, f64) {
    (300.0, 0.3)
}

/// Vertebra-like mixture: shell 12 000, core 300, a disc of 10 in the middle, a screw of 110 000 through it all.
pub(crate) fn implant([x, y, z]: [f64; 3]) -> (f64, f64) {
    if (x - 0.45).abs() < 0.13 && (y - 0.45).abs() < 0.13 {
        (110_000.0, 0.34)
    } else if (z - 0.5).abs() < 0.12 {
        (10.0, 0.45)
    } else if !(0.12..=0.88).contains(&x) || !(0.12..=0.88).contains(&y) {
        (12_000.0, 0.3)
    } else {
        (300.0, 0.3)
    }
}

/// Box of `cubes` with edge 1 mm, of tet4 (`degree` 1) or tet10 (`degree` 2), corner at `origin`.
pub(crate) fn block(cubes: [usize; 3], degree: usize, material: Material, origin: [f64; 3]) -> Body {
    let size = cubes.map(|n| degree * n + 1);
    let number = |p: [usize; 3]| ((p[2] * size[1] + p[1]) * size[0] + p[0]) as u32;
    let mut body = Body::default();
    for z in 0..size[2] {
        for y in 0..size[1] {
            for x in 0..size[0] {
                let p = [x, y, z];
                let odd = p.map(|i| if degree == 2 { i % 2 } else { 0 });
                let low = std::array::from_fn(|k| p[k] - odd[k]);
                let high = std::array::from_fn(|k| p[k] + odd[k]);
                body.coordinates.push(std::array::from_fn(|k| origin[k] + p[k] as f64 / degree as f64));
                body.parents.push([number(low), number(high)]);
                body.fixed.extend([z == 0; 3]);
                let share = if z + 1 == size[2] { 1.0 / (size[0] * size[1]) as f64 } else { 0.0 };
                body.load.extend([10.0 * share, 5.0 * share, -100.0 * share]);
            }
        }
    }
    const PATHS: [[usize; 3]; 6] = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [1, 0, 2]];
    for cube in (0..cubes.iter().product())
        .map(|k: usize| [k % cubes[0], k / cubes[0] % cubes[1], k / (cubes[0] * cubes[1])])
    {
        let center = std::array::from_fn(|k| (cube[k] as f64 + 0.5) / cubes[k] as f64);
        for path in PATHS {
            let mut corners = [cube.map(|i| degree * i); 4];
            for (step, axis) in path.into_iter().enumerate() {
                for corner in &mut corners[step + 1..] {
                    corner[axis] += degree;
                }
            }
            let mut nodes: Vec<u32> = corners.iter().map(|&p| number(p)).collect();
            if degree == 2 {
                for (a, b) in [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)] {
                    nodes.push(number(std::array::from_fn(|k| (corners[a][k] + corners[b][k]) / 2)));
                }
            }
            body.cells.push(nodes);
            body.materials.push(material(center));
        }
    }
    body
}

/// A block resting on another with a different grid, held by normal contact and weak friction springs.
///
/// - `stiffness`: normal spring of each node of the upper block, N/mm
pub(crate) fn contact(cubes: usize, degree: usize, stiffness: f64) -> Body {
    let lower = block([cubes, cubes, cubes / 2], degree, implant, [0.0; 3]);
    let upper_cubes = cubes - 1;
    let height = (cubes / 2) as f64;
    let mut upper = block([upper_cubes, upper_cubes, cubes / 2], degree, uniform, [0.3, 0.4, height]);
    for coordinate in &mut upper.coordinates {
        // Shrink in the plane so that every lower node of it lies above a facet.
        coordinate[0] = 0.3 + 0.9 * (coordinate[0] - 0.3);
        coordinate[1] = 0.4 + 0.9 * (coordinate[1] - 0.4);
    }
    upper.fixed.fill(false);
    let bottom: Vec<u32> = (0..upper.coordinates.len())
        .filter(|&i| upper.coordinates[i][2] == height)
        .map(|i| i as u32)
        .collect();
    let first = lower.coordinates.len() as u32;
    let mut body = join(lower, upper);
    for load in &mut body.load[..3 * first as usize] {
        *load = 0.0;
    }
    let width = degree * cubes + 1;
    let top = first - (width * width) as u32;
    for node in bottom.into_iter().map(|i| i + first) {
        let [x, y, _] = body.coordinates[node as usize];
        let (column, row) = (x.floor(), y.floor());
        let (s, t) = (x - column, y - row);
        let step = degree as u32;
        let corner = top + step * (row as u32 * width as u32 + column as u32);
        let across = step * width as u32;
        let nodes = vec![node, corner, corner + step, corner + across, corner + across + step];
        let weights = [-1.0, (1.0 - s) * (1.0 - t), s * (1.0 - t), (1.0 - s) * t, s * t];
        for (axis, stiffness) in [(2, stiffness), (0, 0.01 * stiffness), (1, 0.01 * stiffness)] {
            let along = |w: f64| std::array::from_fn(|k| if k == axis { w } else { 0.0 });
            let coefficients = weights.iter().map(|&w| along(w)).collect();
            body.links.push(Link { nodes: nodes.clone(), coefficients, stiffness });
        }
    }
    body
}

/// A block whose head hangs stiffly on one reference node with a rotation node, which carries the load.
pub(crate) fn reference_node(cubes: [usize; 3], degree: usize) -> Body {
    let mut body = block(cubes, degree, implant, [0.0; 3]);
    let height = cubes[2] as f64;
    let head: Vec<u32> =
        (0..body.coordinates.len()).filter(|&i| body.coordinates[i][2] == height).map(|i| i as u32).collect();
    let place = [0.4 * cubes[0] as f64, 0.5 * cubes[1] as f64, height + 5.0];
    let n = body.coordinates.len() as u32;
    body.modes = body.coordinates.iter().map(|&x| translation_rows(x)).collect();
    body.modes.push(translation_rows(place));
    let mut turning = [[0.0; 6]; 3];
    for axis in 0..3 {
        turning[axis][3 + axis] = 1.0;
    }
    body.modes.push(turning);
    body.coordinates.extend([place; 2]);
    body.parents.extend([[n, n], [n + 1, n + 1]]);
    body.fixed.extend([false; 6]);
    body.load.fill(0.0);
    body.load.extend([20.0, 10.0, -100.0, 50.0, 0.0, 10.0]);
    for node in head {
        let arm: [f64; 3] = std::array::from_fn(|k| body.coordinates[node as usize][k] - place[k]);
        for axis in 0..3 {
            // u − u_R − θ × arm along this axis.
            let mut coefficients = vec![[0.0; 3]; 3];
            coefficients[0][axis] = 1.0;
            coefficients[1][axis] = -1.0;
            coefficients[2][(axis + 1) % 3] = -arm[(axis + 2) % 3];
            coefficients[2][(axis + 2) % 3] = arm[(axis + 1) % 3];
            body.links.push(Link { nodes: vec![node, n, n + 1], coefficients, stiffness: 2000.0 });
        }
    }
    body
}

/// Moves the corner nodes inside a block by up to `amount` in each direction and keeps the edges straight.
///
/// With 0.35 of the cell size the flattest cells have dihedral angles of a few degrees.
pub(crate) fn distort(mut body: Body, amount: f64) -> Body {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    let bounds: [[f64; 2]; 3] = std::array::from_fn(|axis| {
        let along = body.coordinates.iter().map(|x| x[axis]);
        [along.clone().fold(f64::INFINITY, f64::min), along.fold(f64::NEG_INFINITY, f64::max)]
    });
    for i in 0..body.coordinates.len() {
        if body.parents[i][0] == body.parents[i][1] {
            for (axis, [low, high]) in bounds.into_iter().enumerate() {
                let shift = amount * random();
                let x = &mut body.coordinates[i][axis];
                if low < *x && *x < high {
                    *x += shift;
                }
            }
        }
    }
    for i in 0..body.coordinates.len() {
        let [a, b] = body.parents[i].map(|k| body.coordinates[k as usize]);
        body.coordinates[i] = std::array::from_fn(|axis| 0.5 * (a[axis] + b[axis]));
    }
    body
}

/// Makes a body longer along x: flat or long cells.
pub(crate) fn stretch(mut body: Body, factor: f64) -> Body {
    for coordinate in &mut body.coordinates {
        coordinate[0] *= factor;
    }
    body
}

/// Translations and rotations (about the origin) of a node that moves.
pub(crate) fn translation_rows([x, y, z]: [f64; 3]) -> [[f64; 6]; 3] {
    [[1.0, 0.0, 0.0, 0.0, z, -y], [0.0, 1.0, 0.0, -z, 0.0, x], [0.0, 0.0, 1.0, y, -x, 0.0]]
}

fn join(mut a: Body, b: Body) -> Body {
    let shift = a.coordinates.len() as u32;
    a.coordinates.extend(b.coordinates);
    a.parents.extend(b.parents.into_iter().map(|p| p.map(|i| i + shift)));
    a.cells.extend(b.cells.into_iter().map(|cell| cell.into_iter().map(|i| i + shift).collect()));
    a.materials.extend(b.materials);
    a.fixed.extend(b.fixed);
    a.load.extend(b.load);
    a
}

impl Body {
    /// Coupled nodes of each node, ascending.
    pub(crate) fn rows(&self) -> Vec<Vec<u32>> {
        let mut rows = vec![Vec::new(); self.coordinates.len()];
        let groups = self.cells.iter().chain(self.links.iter().map(|link| &link.nodes));
        for group in groups {
            for &i in group {
                rows[i as usize].extend_from_slice(group);
            }
        }
        for row in &mut rows {
            row.sort_unstable();
            row.dedup();
        }
        rows
    }

    /// Hands every stiffness block (row node, column node, row-major block) to `add`.
    pub(crate) fn assemble(&self, mut add: impl FnMut(usize, usize, &[f64; 9])) {
        for (cell, &(young, poisson)) in self.cells.iter().zip(&self.materials) {
            let lambda = young * poisson / ((1.0 + poisson) * (1.0 - 2.0 * poisson));
            let mu = young / (2.0 * (1.0 + poisson));
            let points = gradients(cell, &self.coordinates);
            for (i, &node_i) in cell.iter().enumerate() {
                for (j, &node_j) in cell.iter().enumerate() {
                    let mut block = [0.0; 9];
                    for (weight, dn) in &points {
                        let (a, b) = (dn[i], dn[j]);
                        let inner: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                        for r in 0..3 {
                            for c in 0..3 {
                                block[3 * r + c] += weight * (lambda * a[r] * b[c] + mu * a[c] * b[r]);
                            }
                            block[4 * r] += weight * mu * inner;
                        }
                    }
                    add(node_i as usize, node_j as usize, &block);
                }
            }
        }
        for link in &self.links {
            for (&i, a) in link.nodes.iter().zip(&link.coefficients) {
                for (&j, b) in link.nodes.iter().zip(&link.coefficients) {
                    let block = std::array::from_fn(|k| link.stiffness * a[k / 3] * b[k % 3]);
                    add(i as usize, j as usize, &block);
                }
            }
        }
    }

    /// Load with zeros at the supports.
    pub(crate) fn right_hand_side(&self) -> Vec<f64> {
        self.load.iter().zip(&self.fixed).map(|(&f, &fixed)| if fixed { 0.0 } else { f }).collect()
    }
}

/// Weight and shape gradients at the integration points of a straight tetrahedron.
fn gradients(cell: &[u32], coordinates: &[[f64; 3]]) -> Vec<(f64, Vec<[f64; 3]>)> {
    let x: [[f64; 3]; 4] = std::array::from_fn(|i| coordinates[cell[i] as usize]);
    let e: [[f64; 3]; 3] = std::array::from_fn(|i| std::array::from_fn(|k| x[i + 1][k] - x[0][k]));
    let cross = |a: [f64; 3], b: [f64; 3]| {
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    };
    let normal = cross(e[1], e[2]);
    let six_volumes: f64 = (0..3).map(|k| e[0][k] * normal[k]).sum();
    let scaled = |v: [f64; 3]| v.map(|c| c / six_volumes);
    let (g1, g2, g3) = (scaled(normal), scaled(cross(e[2], e[0])), scaled(cross(e[0], e[1])));
    let g0 = std::array::from_fn(|k| -g1[k] - g2[k] - g3[k]);
    let g: [[f64; 3]; 4] = [g0, g1, g2, g3];
    let volume = six_volumes.abs() / 6.0;
    if cell.len() == 4 {
        return vec![(volume, g.to_vec())];
    }
    // Four points, exact to degree two: what straight quadratic cells need.
    let (near, far) = (0.585_410_196_624_968_5, 0.138_196_601_125_010_5);
    (0..4)
        .map(|q| {
            let l: [f64; 4] = std::array::from_fn(|i| if i == q { near } else { far });
            let mut dn: Vec<[f64; 3]> = (0..4).map(|i| g[i].map(|c| (4.0 * l[i] - 1.0) * c)).collect();
            for (a, b) in [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)] {
                dn.push(std::array::from_fn(|k| 4.0 * (l[a] * g[b][k] + l[b] * g[a][k])));
            }
            (volume / 4.0, dn)
        })
        .collect()
}
