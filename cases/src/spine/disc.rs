//! Six-number law of a disc, measured on its finite element model.
//!
//! The disc is meshed between its two bones, the annulus is a Mooney–Rivlin solid with crossed fibers that pull only,
//! the nucleus a nearly incompressible one with the dilatation averaged over each cell. The lower endplate is held, the
//! upper one moves as a rigid body along and about each axis in turn; reactions give the law.

use super::tissue::Disc;
use crate::failure::Failure;
use crate::pipeline::bodies::joint_mesh;
use dens_mesher::Vec3;
use dens_mesher::generate::Engine;
use dens_mesher::geometry::spine::{Joint, JointKind, Patch, Spine};
use dens_mesher::mesh::Mesh;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_solver::nonlinear::laws::{FiberReinforced, Law, MooneyRivlin};
use dens_solver::nonlinear::{Analysis, Options, Outcome, Stage, Stepping};
use dens_solver::spine::{Link, Pose, PoseLaw};
use dens_solver::statics::{Body, CellProperties, Constraints, Dof, Formulation, Load, Material};
use dens_solver::tensor::isotropic;
use nalgebra::{Matrix3, Rotation3, SMatrix, SVector};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Largest translation of a measurement, mm, and rotation, radians (8°): what discs of the upper neck do in bending.
/// Motions beyond are extrapolated and said to be so ([`DiscLaw::reach`]).
const REACH: [f64; 2] = [0.5, 0.14];

/// Frames of the annulus around the disc.
const FRAMES: usize = 48;

/// Law of a disc: force (N) and moment (N·mm) over translation (mm) and rotation, in axes left, posterior, cranial.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscLaw {
    /// Name, for instance `C2-C3 disc`.
    pub name: String,
    /// Numbers of the bones above and below.
    pub bones: [usize; 2],
    /// Point where translations are measured, mm.
    pub center: Vec3,
    /// Axes as columns.
    pub axes: Matrix3<f64>,
    /// K.
    pub stiffness: SMatrix<f64, 6, 6>,
    /// aᵢ.
    pub square: SVector<f64, 6>,
    /// bᵢ.
    pub cube: SVector<f64, 6>,
}

impl DiscLaw {
    /// The law as a link.
    pub fn link(&self) -> PoseLaw {
        PoseLaw::linear(&self.name, self.bones, self.center, self.axes, self.stiffness)
            .stiffening(self.square, self.cube)
    }

    /// Motion between two poses over the largest one measured; above 1 the law is extrapolated.
    pub(super) fn reach(&self, upper: &Pose, lower: &Pose) -> f64 {
        let seen: Vec<Vec3> =
            self.link().anchors().points.iter().map(|x| lower.seen(upper.place(*x))).collect();
        let z = self.link().motion(&seen);
        (0..6).map(|i| z[i].abs() / if i < 3 { REACH[0] } else { REACH[1].sin() }).fold(0.0, f64::max)
    }
}

/// Finite elements of a disc, ready to be moved.
struct Specimen {
    mesh: Mesh,
    body: Body,
    laws: Vec<Law>,
    constraints: Constraints,
    /// Nodes of the upper endplate.
    upper: Vec<u32>,
    center: Vec3,
    axes: Matrix3<f64>,
}

fn nodes_of(mesh: &Mesh, set: &str) -> BTreeSet<u32> {
    let facets = mesh.facet_sets.get(set).map_or(&[][..], Vec::as_slice);
    facets.iter().flat_map(|f| mesh.boundary[*f as usize].nodes).collect()
}

impl Specimen {
    fn new(spine: &Spine, joint: &Joint, disc: &Disc) -> Result<Self, Failure> {
        // The annulus is fixed to the rims of the bodies; the disc as drawn for the whole column ends before them.
        let [depth, width] = joint.patch.radii;
        let [front, side] = disc.annulus_rim_mm;
        let joint = &Joint { patch: Patch { radii: [depth + front, width + side], ..joint.patch }, ..*joint };
        let mesh = joint_mesh(spine, joint, disc.edge_mm, &Engine::LevelSet)?.mesh;
        let patch = joint.patch;
        let second = patch.axis.cross(&patch.first);
        let frames: Vec<Matrix3<f64>> = (0..FRAMES)
            .map(|k| {
                let phi = k as f64 / FRAMES as f64 * std::f64::consts::TAU;
                let radial = patch.first * phi.cos() + second * phi.sin();
                let tangent = patch.axis.cross(&radial);
                Matrix3::from_columns(&[tangent, -radial, patch.axis])
            })
            .collect();
        let core = disc.nucleus_area_fraction.sqrt();
        let properties = |cell: usize| {
            let d = mesh.centroid(cell) - patch.center;
            let (u, v) = (d.dot(&patch.first) / patch.radii[0], d.dot(&second) / patch.radii[1]);
            if u.hypot(v) < core {
                let formulation = Formulation::Tet10MeanDilatation;
                return CellProperties { formulation, material: 1, frame: None };
            }
            // The lamellae are similar ellipses: their normal at (u, v).
            let phi = (v / patch.radii[1]).atan2(u / patch.radii[0]);
            let k = (phi / std::f64::consts::TAU * FRAMES as f64).round() as i64;
            let frame = Some(k.rem_euclid(FRAMES as i64) as u32);
            CellProperties { formulation: Formulation::Tet10MeanDilatation, material: 0, frame }
        };
        let cells: Vec<CellProperties> = (0..mesh.n_cells()).map(properties).collect();
        let ground =
            MooneyRivlin::new(disc.annulus_c10, disc.annulus_c01, disc.annulus_d1).map_err(Failure::bug)?;
        let fibers = disc.fiber_modulus * disc.fiber_volume_fraction;
        let annulus =
            FiberReinforced::new(ground, fibers, disc.fiber_angle_deg.to_radians()).map_err(Failure::bug)?;
        let shear = 2.0 * (disc.nucleus_c10 + disc.nucleus_c01);
        let nu = disc.nucleus_poisson;
        let bulk = 2.0 * shear * (1.0 + nu) / (3.0 * (1.0 - 2.0 * nu));
        let nucleus =
            MooneyRivlin::new(disc.nucleus_c10, disc.nucleus_c01, 2.0 / bulk).map_err(Failure::bug)?;
        let material = |e, nu| Material { stiffness: isotropic(e, nu), expansion: [0.0; 6], density: 0.0 };
        let materials = vec![material(1.0, 0.4), material(1.0, 0.45)];
        let mixed = MixedMesh::new(mesh.points.clone(), mesh.cells.iter().map(|c| (Shape::Tet10, &c[..])))
            .map_err(Failure::bug)?;
        let body = Body::new(mixed, materials, frames, cells).map_err(Failure::bug)?;
        let upper: Vec<u32> = nodes_of(&mesh, "on upper").into_iter().collect();
        let held = nodes_of(&mesh, "on lower").into_iter().chain(upper.iter().copied());
        let supports = held.flat_map(|node| (0..3).map(move |axis| Dof { node, axis })).collect();
        Ok(Self {
            body,
            laws: vec![Law::finite(annulus), Law::finite(nucleus)],
            constraints: Constraints { supports, ..Constraints::default() },
            upper,
            center: patch.center,
            axes: Matrix3::from_columns(&[patch.first.cross(&patch.axis), patch.first, patch.axis]),
            mesh,
        })
    }

    /// Displacement of a node of the upper endplate in the motion of axis `i` by `amount`.
    fn displacement(&self, node: u32, i: usize, amount: f64) -> Vec3 {
        let axis: Vec3 = self.axes.column(i % 3).into();
        if i < 3 {
            return axis * amount;
        }
        let arm = self.mesh.points[node as usize] - self.center;
        Rotation3::from_scaled_axis(axis * amount) * arm - arm
    }

    /// Forces and moments, in the axes of the disc, at half and at all of a motion.
    fn pushed(&self, i: usize, amount: f64) -> Result<[SVector<f64, 6>; 2], Failure> {
        let n_upper = 3 * self.upper.len();
        let n_lower = self.constraints.supports.len() - n_upper;
        let stage = |share: f64| {
            let moved = self.upper.iter().flat_map(|n| {
                let u = self.displacement(*n, i, share * amount);
                [u.x, u.y, u.z]
            });
            let prescribed = std::iter::repeat_n(0.0, n_lower).chain(moved).collect();
            let load = Load { prescribed, ..Load::default() };
            Stage { load, stepping: Stepping::even(1), ..Stage::default() }
        };
        let options = Options::default();
        let mut analysis =
            Analysis::new(&self.body, self.laws.clone(), &self.constraints, Vec::new(), options)
                .map_err(Failure::not_converged)?;
        let mut found = Vec::new();
        let shares = [0.5, 1.0];
        let mut observe = |accepted: &dens_solver::nonlinear::Accepted<'_>| {
            if accepted.state.load_factor == 1.0 {
                let share = shares[found.len().min(1)];
                let (mut force, mut moment) = (Vec3::zeros(), Vec3::zeros());
                let shift = if i < 3 { self.axes.column(i) * (share * amount) } else { Vec3::zeros() };
                for node in &self.upper {
                    let at = *node as usize;
                    let reaction = accepted.reactions[at];
                    let arm = self.mesh.points[at] + accepted.displacements[at] - self.center - shift;
                    force += reaction;
                    moment += arm.cross(&reaction);
                }
                let (f, m) = (self.axes.tr_mul(&force), self.axes.tr_mul(&moment));
                // Moments belong to sin φ.
                let slope = if i < 3 { 1.0 } else { (share * amount).cos() };
                found.push(SVector::from_fn(|k, _| if k < 3 { f[k] } else { m[k - 3] / slope }));
            }
            ControlFlow::Continue(())
        };
        let outcome = analysis
            .run(&[stage(0.5), stage(1.0)], None, &mut observe)
            .map_err(|e| Failure::not_converged(format!("error: disc: {e}")))?;
        match (outcome, found.as_slice()) {
            (Outcome::Completed(_), [half, all]) => Ok([*half, *all]),
            _ => Err(Failure::not_converged("error: the disc carries no such motion")),
        }
    }
}

/// Whether a motion is its own mirror image: along the middle plane, or about the axis across it.
fn in_plane(i: usize) -> bool {
    matches!(i, 1..=3)
}

/// Measures the law of a disc.
///
/// The law is that of a disc that is its own mirror image; what the mesh differs from that is averaged out. Terms of
/// second and third order are those of each axis alone, and no larger than what keeps its force rising.
///
/// # Errors
/// A disc that cannot be meshed (exit 2) or moved (exit 3).
pub fn measure(spine: &Spine, joint: &Joint, disc: &Disc) -> Result<DiscLaw, Failure> {
    let specimen = Specimen::new(spine, joint, disc)?;
    let runs: Vec<(usize, f64)> =
        (0..6).flat_map(|i| [(i, 1.0), (i, -1.0)]).filter(|(i, sign)| *sign > 0.0 || in_plane(*i)).collect();
    let found: Vec<[SVector<f64, 6>; 2]> = runs
        .par_iter()
        .with_max_len(1)
        .map(|(i, sign)| specimen.pushed(*i, sign * REACH[usize::from(2 < *i)]))
        .collect::<Result<_, _>>()?;
    let of = |i: usize, sign: f64| runs.iter().position(|r| *r == (i, sign)).map(|at| found[at]);
    let (mut k, mut square, mut cube) = (SMatrix::<f64, 6, 6>::zeros(), SVector::zeros(), SVector::zeros());
    for i in 0..6 {
        let Some(plus) = of(i, 1.0) else { continue };
        // The mirror image of a motion out of the plane: its forces out of the plane change sign.
        let minus = of(i, -1.0).unwrap_or_else(|| plus.map(|f| -f));
        let reach = REACH[usize::from(2 < i)];
        let (half, all) =
            (if i < 3 { 0.5 * reach } else { (0.5 * reach).sin() }, if i < 3 { reach } else { reach.sin() });
        for j in 0..6 {
            if in_plane(i) == in_plane(j) {
                k[(j, i)] = (plus[0][j] - minus[0][j]) / (2.0 * half);
            }
        }
        let far = (plus[1][i] - minus[1][i]) / (2.0 * all);
        cube[i] = f64::max(0.0, (far - k[(i, i)]) / (all * all - half * half));
        k[(i, i)] -= cube[i] * half * half;
        let even = (plus[1][i] + minus[1][i]) / (2.0 * all * all);
        // k + 2 a z + 3 b z² > 0 for every z.
        let most = 0.9 * (3.0 * cube[i] * k[(i, i)]).max(0.0).sqrt();
        square[i] = even.clamp(-most, most);
    }
    let stiffness = 0.5 * (k + k.transpose());
    if stiffness.cholesky().is_none() {
        return Err(Failure::bug(format!("the measured law of {} is not stable", joint.name())));
    }
    Ok(DiscLaw {
        name: joint.name(),
        bones: [joint.upper, joint.lower].map(super::anatomy::number),
        center: specimen.center,
        axes: specimen.axes,
        stiffness,
        square,
        cube,
    })
}

/// Measures every disc of an anatomy.
///
/// # Errors
/// As [`measure`].
pub(super) fn all(spine: &Spine, disc: &Disc) -> Result<Vec<DiscLaw>, Failure> {
    let discs: Vec<&Joint> = spine.joints.iter().filter(|j| j.kind == JointKind::Disc).collect();
    discs.into_par_iter().with_max_len(1).map(|j| measure(spine, j, disc)).collect()
}

/// Force per approach of the endplates, N/mm, at a compression of 0.2 mm.
///
/// # Errors
/// As [`measure`].
pub fn axial_stiffness(spine: &Spine, joint: &Joint, disc: &Disc) -> Result<f64, Failure> {
    let [half, _] = Specimen::new(spine, joint, disc)?.pushed(2, -REACH[0])?;
    Ok(-half[2] / (0.5 * REACH[0]))
}
