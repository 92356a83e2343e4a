//! A coupon of few lattice cells with every strut in it, between platens.
//!
//! The voxels are those of [`crate::homogenize`]: cubes that count by their share of solid. What separates the coupon from the
//! homogenised solid is then its free sides and its platens alone.

use super::rig::BenchError;
use crate::homogenize::{Base, solid_shares};
use crate::statics::{Body, CellProperties, Constraints, Dof, Formulation, Load, Material, Options, Statics};
use crate::tensor::{Stiffness, isotropic};
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};

/// Steps of the solid share, so that cubes share materials.
const STEPS: f64 = 64.0;

/// How platens hold the faces of a coupon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platens {
    /// Without friction.
    Free,
    /// Faces cannot spread.
    Rough,
}

/// A box of lattice cells, resolved.
#[derive(Debug, Clone)]
pub struct Resolved {
    body: Body,
    /// Height, and area of the outline, in cell edges.
    height: f64,
    outline: f64,
    /// Cubes of solid in pieces that join both platens, of all with solid.
    pub attached: f64,
}

impl Resolved {
    /// Coupon of `cells` cells along each edge.
    ///
    /// - `value`: of the lattice, negative in the solid; place and result in cell edges, periodic
    /// - `voxels`: along the edge of a cell
    ///
    /// # Errors
    /// [`BenchError::Empty`] when no solid joins the platens.
    pub fn new(
        value: &(dyn Fn([f64; 3]) -> f64 + Sync),
        base: Base,
        cells: usize,
        voxels: usize,
    ) -> Result<Self, BenchError> {
        let shares = solid_shares(value, base, voxels);
        let share = |i: [usize; 3]| shares[(i[2] % voxels * voxels + i[1] % voxels) * voxels + i[0] % voxels];
        Self::of_shares([cells * voxels; 3], voxels, base, &share)
    }

    /// Box of `size` cubes, `voxels` along the edge of a cell, that count by their share of solid.
    ///
    /// # Errors
    /// As [`Resolved::new`].
    pub(super) fn of_shares(
        size: [usize; 3],
        voxels: usize,
        base: Base,
        share: &dyn Fn([usize; 3]) -> f64,
    ) -> Result<Self, BenchError> {
        let of_step = |s: usize| isotropic(base.youngs_modulus * s as f64 / STEPS, base.poissons_ratio);
        let materials: Vec<Stiffness> = (1..=STEPS as usize).map(of_step).collect();
        let material = |i: [usize; 3]| match share(i) {
            s if 0.0 < s => Some((s * STEPS).round().max(1.0) as u32 - 1),
            _ => None,
        };
        Self::of_materials(size, voxels, &materials, &material)
    }

    /// Box of `size` cubes, `voxels` along the edge of a cell, that are void or of the material named.
    ///
    /// # Errors
    /// As [`Resolved::new`].
    pub(super) fn of_materials(
        size: [usize; 3],
        voxels: usize,
        materials: &[Stiffness],
        material: &dyn Fn([usize; 3]) -> Option<u32>,
    ) -> Result<Self, BenchError> {
        let [nx, ny, nz] = size;
        let index = |i: [usize; 3]| (i[2] * ny + i[1]) * nx + i[0];
        let grid = |k: usize| [k % nx, k / nx % ny, k / (nx * ny)];
        let of_cube: Vec<Option<u32>> = (0..nx * ny * nz).map(|k| material(grid(k))).collect();
        // Pieces that hang together by faces; those that do not join both platens hang in the air or carry nothing.
        let mut joined = vec![false; of_cube.len()];
        let mut seen = vec![false; of_cube.len()];
        for start in (0..nx * ny).filter(|k| of_cube[*k].is_some()) {
            if seen[start] {
                continue;
            }
            seen[start] = true;
            let (mut piece, mut next) = (vec![start], 0);
            while next < piece.len() {
                let at = grid(piece[next]);
                next += 1;
                for axis in 0..3 {
                    for step in [-1, 1] {
                        let Some(moved) = at[axis].checked_add_signed(step).filter(|m| *m < size[axis])
                        else {
                            continue;
                        };
                        let mut beside = at;
                        beside[axis] = moved;
                        let number = index(beside);
                        if !seen[number] && of_cube[number].is_some() {
                            seen[number] = true;
                            piece.push(number);
                        }
                    }
                }
            }
            if piece.iter().any(|k| nx * ny * (nz - 1) <= *k) {
                piece.iter().for_each(|k| joined[*k] = true);
            }
        }
        if !joined.contains(&true) {
            return Err(BenchError::Empty("the coupon".into()));
        }
        let solid = of_cube.iter().flatten().count();
        let mut numbers = vec![u32::MAX; (nx + 1) * (ny + 1) * (nz + 1)];
        let (mut points, mut bricks, mut properties) = (Vec::new(), Vec::new(), Vec::new());
        for (k, material) in (0..).zip(&of_cube).filter(|(k, _)| joined[*k]) {
            let Some(material) = *material else { continue };
            let at = grid(k);
            let corner = |offset: [usize; 3]| {
                let p: [usize; 3] = std::array::from_fn(|a| at[a] + offset[a]);
                (p, (p[2] * (ny + 1) + p[1]) * (nx + 1) + p[0])
            };
            let corners =
                [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]];
            bricks.push(corners.map(|c| {
                let (p, number) = corner(c);
                if numbers[number] == u32::MAX {
                    numbers[number] = points.len() as u32;
                    points.push(Vec3::from(p.map(|x| x as f64)) / voxels as f64);
                }
                numbers[number]
            }));
            properties.push(CellProperties { formulation: Formulation::Hex8Full, material, frame: None });
        }
        let materials =
            materials.iter().map(|s| Material { stiffness: *s, expansion: [0.0; 6], density: 0.0 }).collect();
        let mesh = MixedMesh::new(points, bricks.iter().map(|b| (Shape::Hex8, b.as_slice())))?;
        let attached = bricks.len() as f64 / solid as f64;
        let edges = |cubes: usize| cubes as f64 / voxels as f64;
        Ok(Self {
            body: Body::new(mesh, materials, Vec::new(), properties)?,
            height: edges(nz),
            outline: edges(nx) * edges(ny),
            attached,
        })
    }

    /// Nodes of the coupon.
    pub fn n_nodes(&self) -> usize {
        self.body.mesh().n_nodes()
    }

    /// Force over area of the outline per strain of the height, MPa.
    ///
    /// # Errors
    /// [`BenchError::Statics`].
    pub fn modulus(&self, platens: Platens) -> Result<f64, BenchError> {
        let points = self.body.mesh().points();
        let height = self.height;
        let on = |z: f64| {
            (0..)
                .zip(points)
                .filter(move |(_, p)| (p.z - z).abs() < 1e-9)
                .map(|(node, _)| node)
                .collect::<Vec<u32>>()
        };
        let (bottom, top) = (on(0.0), on(height));
        let mut supports: Vec<Dof> = Vec::new();
        for &node in bottom.iter().chain(&top) {
            let axes: &[u8] = if platens == Platens::Rough { &[0, 1, 2] } else { &[2] };
            supports.extend(axes.iter().map(|&axis| Dof { node, axis }));
        }
        if platens == Platens::Free {
            supports.extend(self.against_drift(&bottom));
        }
        let strain = 1e-3;
        let lowered = |d: &Dof| {
            let down = d.axis == 2 && 0.5 * height < points[d.node as usize].z;
            if down { -strain * height } else { 0.0 }
        };
        let load = Load { prescribed: supports.iter().map(lowered).collect(), ..Load::default() };
        let constraints = Constraints { supports, ..Constraints::default() };
        let options = Options { tolerance: 1e-8, ..Options::default() };
        let answers = Statics::new(&self.body, &constraints, &options)?.solve(&[load])?;
        let force: f64 = answers.iter().flat_map(|a| bottom.iter().map(|n| a.reactions[*n as usize].z)).sum();
        Ok(force / self.outline / strain)
    }

    /// Three dofs of two nodes of the bottom, far apart along x, that hold the coupon in its plane.
    fn against_drift(&self, bottom: &[u32]) -> Vec<Dof> {
        let points = self.body.mesh().points();
        let x = |n: &&u32| points[**n as usize].x;
        let left = bottom.iter().min_by(|a, b| x(a).total_cmp(&x(b)).then(a.cmp(b)));
        let right = bottom.iter().max_by(|a, b| x(a).total_cmp(&x(b)).then(b.cmp(a)));
        let (Some(&left), Some(&right)) = (left, right) else { return Vec::new() };
        vec![Dof { node: left, axis: 0 }, Dof { node: left, axis: 1 }, Dof { node: right, axis: 1 }]
    }
}

/// Modulus of a coupon of `cells` cells along an edge from those of small ones: the loss at free sides falls as one over the
/// number of cells.
///
/// ```text
/// E(n) = E∞ (1 − c/n)        c: least squares over the coupons given
/// ```
/// - `known`: number of cells and modulus; those of one cell, where all is edge, are left out if others are there
/// - `infinite`: E∞, MPa, of the homogenised solid at the same resolution
/// - returns: c and E(cells)/E∞; `None` without a coupon
///
/// # Source
/// Andrews, Gioux, Onck & Gibson (2001), Int. J. Mech. Sci. 43, 701-713: stiffness of coupons with cut cells at their sides.
pub fn size_effect(known: &[(usize, f64)], infinite: f64, cells: usize) -> Option<(f64, f64)> {
    let several = known.iter().any(|(n, _)| 1 < *n);
    let used = known.iter().filter(|(n, _)| !several || 1 < *n);
    let (mut top, mut bottom) = (0.0, 0.0);
    for (n, modulus) in used {
        let inverse = 1.0 / *n as f64;
        top += (1.0 - modulus / infinite) * inverse;
        bottom += inverse * inverse;
    }
    (0.0 < bottom).then(|| {
        let c = top / bottom;
        (c, 1.0 - c / cells as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Base {
        Base::new(1000.0, 0.3).expect("sound")
    }

    #[test]
    fn a_solid_coupon_between_smooth_platens_has_the_modulus_of_its_solid() {
        let coupon = Resolved::new(&|_| -1.0, base(), 2, 8).expect("solid");
        let found = coupon.modulus(Platens::Free).expect("solves");
        // Uniform stress lies in the elements; the solve ends at 1e-8.
        assert!((found / 1000.0 - 1.0).abs() < 1e-6, "{found}");
        assert!(1.01 * found < coupon.modulus(Platens::Rough).expect("solves"));
    }

    #[test]
    fn straight_walls_carry_by_their_share_whatever_the_number_of_cells() {
        // Walls of half a cell, one per cell, along the load; they hang together by nothing but the platens.
        let walls = |q: [f64; 3]| (q[0] - 0.5).abs() - 0.25;
        for cells in [1, 3] {
            let coupon = Resolved::new(&walls, base(), cells, 8).expect("joined");
            let found = coupon.modulus(Platens::Rough).expect("solves");
            // Held platens stiffen walls of aspect two a little: at most plane strain, 1/(1 − ν²) = 1.10, and 2 % at the ends.
            assert!((500.0..560.0).contains(&found), "{found}");
        }
    }

    /// Published rule: from six cells across a lattice may be taken as a solid. Cells of the clinic: the sheet with the best
    /// connection and the strut cell of the default implant's family with most struts.
    #[test]
    fn blocks_of_six_cells_follow_the_homogenised_lattice_within_ten_per_cent() {
        use crate::homogenize::{Options, homogenize};
        use dens_mesher::lattice::{Lattice, cell};
        for name in ["gyroid-sheet", "octet"] {
            let lattice =
                Lattice::with_relative_density(cell(name).expect("listed"), 1.0, 0.3).expect("in range");
            let value = |q: [f64; 3]| lattice.cell_value(q.into());
            // Eight cubes along a cell, the same for both: what differs is the number of cells.
            let options = Options { resolution: 8, ..Options::default() };
            let infinite = homogenize(&value, base(), &options).expect("connected").young([0.0, 0.0, 1.0]);
            let loss = |cells: usize| {
                let block = Resolved::new(&value, base(), cells, 8).expect("joined");
                1.0 - block.modulus(Platens::Free).expect("solves") / infinite
            };
            let [three, six] = [3, 6].map(loss);
            assert!(six.abs() < 0.1, "{name}: {three} {six}");
            // Cut walls at free sides carry less, and the fewer they are among all the less it matters; struts in the faces of
            // an octet cell are whole in the block too.
            assert!(name == "octet" || (0.0 < six && six < three), "{name}: {three} {six}");
        }
    }

    #[test]
    fn a_ball_in_the_air_is_no_coupon() {
        let ball = |q: [f64; 3]| Vec3::new(q[0] - 0.5, q[1] - 0.5, q[2] - 0.5).norm() - 0.3;
        assert!(matches!(Resolved::new(&ball, base(), 2, 8), Err(BenchError::Empty(_))));
    }

    #[test]
    fn the_size_effect_recovers_its_own_law() {
        let law = |n: usize| (n, 800.0 * (1.0 - 0.3 / n as f64));
        let (c, share) = size_effect(&[(1, 1.0), law(2), law(3)], 800.0, 10).expect("coupons");
        assert!((c - 0.3).abs() < 1e-12 && (share - 0.97).abs() < 1e-12);
        assert_eq!(size_effect(&[], 800.0, 10), None);
    }
}
