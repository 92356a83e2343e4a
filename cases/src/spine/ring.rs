//! The atlas as a ring that gives: two lateral masses joined by the arches, on the sloped joints above and below.
//!
//! ```text
//!   occiput (moves down only)             left and right mass: rigid bones of a column that move on their own
//!   ╲ condyle ╱      ╲ condyle ╱          ring: stiffness of one mass against the other, from the finite elements of C1
//!    [left]═══ arches ═══[right]                with both, one or none of its arches
//!   ╱ facet ╲        ╱ facet ╲            transverse ligament: cable between the masses
//!     C2, its disc and facets, C3 held
//! ```
//! Bone is linear elastic and loaded at the joints alone, so that the condensed stiffness is that of the finite elements;
//! joints, ligaments and rotations are those of the neck as a mechanism, large motions included.

use super::anatomy::{Condition, Neck};
use crate::case::Case;
use crate::failure::Failure;
use crate::pipeline::bodies::{self, Body as Bone};
use crate::pipeline::geometry::Geometry;
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::{Level, Side};
use dens_mesher::mesh::{FACET_CORNERS, Mesh};
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_solver::spine::{Anchors, Column, Freedom, Link, Load, Options, PoseLaw, Response};
use dens_solver::statics::{self, Body, CellProperties, Constraints, Dof, Formulation, Material, Statics};
use nalgebra::{Matrix3, SMatrix};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Number of the right lateral mass in the column; the left one keeps that of C1.
const RIGHT: usize = 5;

/// Half of what is resected of an arch, mm: the ring counts as cut from 3 mm on, what is left of a cut arch bears nothing.
const HALF_CUT: f64 = 3.0;

/// Which arches are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// None; the dens stands.
    Intact,
    /// The anterior arch; the dens with its ligaments and the anterior membranes are gone.
    Anterior,
    /// The posterior arch (lamina) as well.
    Both,
}

impl Cut {
    fn takes(self, front: bool) -> bool {
        match self {
            Self::Intact => false,
            Self::Anterior => front,
            Self::Both => true,
        }
    }
}

/// What the axial load does, mm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settled {
    /// Widening between the lateral masses.
    pub spread: f64,
    /// Approach of occiput and C2.
    pub collapse: f64,
}

/// C1 meshed with the tissues of a case.
///
/// # Errors
/// A bone the mesher refuses, a density outside its law; exit 2.
pub fn atlas(case: &Case, geometry: &Geometry, edge: f64) -> Result<Bone, Failure> {
    bodies::bone(case, geometry, Level::C1, edge)
}

/// Law of the left lateral mass against the right one; `None` where nothing joins them.
///
/// # Errors
/// A mesh without joints, a solve that failed: our bug.
pub fn stiffness(atlas: &Bone, neck: &Neck, cut: Cut) -> Result<Option<PoseLaw>, Failure> {
    if cut == Cut::Both {
        return Ok(None);
    }
    let mesh = &*atlas.mesh;
    let middle = between(neck)?;
    let kept = kept(mesh, |x| x.x.abs() < HALF_CUT && cut.takes(x.y < middle.y));
    // Nodes of the cells that stay, in their order.
    let nodes: BTreeSet<u32> = kept.iter().flat_map(|c| mesh.cells[*c]).collect();
    let number: BTreeMap<u32, u32> = (0..).zip(&nodes).map(|(i, n)| (*n, i)).collect();
    let points: Vec<Vec3> = nodes.iter().map(|n| mesh.points[*n as usize]).collect();
    let cells: Vec<[u32; 10]> = kept.iter().map(|c| mesh.cells[*c].map(|n| number[&n])).collect();
    let mixed = MixedMesh::new(points.clone(), cells.iter().map(|c| (Shape::Tet10, &c[..])));
    let material = |s: &dens_solver::elements::Section| Material {
        stiffness: s.stiffness,
        expansion: [0.0; 6],
        density: 0.0,
    };
    let of_cell = |c: &usize| CellProperties {
        formulation: Formulation::Tet10,
        material: atlas.of_cell[*c],
        frame: None,
    };
    let body = Body::new(
        mixed.map_err(Failure::bug)?,
        atlas.palette.iter().map(material).collect(),
        Vec::new(),
        kept.iter().map(of_cell).collect(),
    )
    .map_err(Failure::bug)?;
    let [left, right] = Side::BOTH.map(|side| {
        let sets = [format!("condyle {}", side.name()), format!("C1-C2 facet {}", side.name())];
        let facets = sets.iter().filter_map(|s| mesh.facet_sets.get(s)).flatten();
        let on = facets.flat_map(|f| mesh.boundary[*f as usize].nodes);
        on.filter_map(|n| number.get(&n).copied()).collect::<BTreeSet<u32>>()
    });
    let supports: Vec<Dof> =
        left.iter().chain(&right).flat_map(|n| (0..3).map(|axis| Dof { node: *n, axis })).collect();
    let n_right = 3 * right.len();
    let constraints = Constraints { supports, ..Constraints::default() };
    let options = statics::Options { loads: 6, ..statics::Options::default() };
    let statics = Statics::new(&body, &constraints, &options).map_err(Failure::bug)?;
    let unit = |i: usize| {
        let moved = left.iter().flat_map(|n| {
            let arm = points[*n as usize] - middle;
            let u = if i < 3 { Vec3::ith(i, 1.0) } else { Vec3::ith(i - 3, 1.0).cross(&arm) };
            [u.x, u.y, u.z]
        });
        let prescribed = moved.chain(std::iter::repeat_n(0.0, n_right)).collect();
        statics::Load { prescribed, ..statics::Load::default() }
    };
    let loads: Vec<statics::Load> = (0..6).map(unit).collect();
    let answers = statics.solve(&loads).map_err(Failure::bug)?;
    let mut k = SMatrix::<f64, 6, 6>::zeros();
    for (i, answer) in answers.iter().enumerate() {
        let (mut force, mut moment) = (Vec3::zeros(), Vec3::zeros());
        for n in &left {
            let reaction = answer.reactions[*n as usize];
            force += reaction;
            moment += (points[*n as usize] - middle).cross(&reaction);
        }
        k.fixed_view_mut::<3, 1>(0, i).copy_from(&force);
        k.fixed_view_mut::<3, 1>(3, i).copy_from(&moment);
    }
    let k = 0.5 * (k + k.transpose());
    Ok(Some(PoseLaw::linear("C1 ring", [1, RIGHT], middle, Matrix3::identity(), k)))
}

/// Middle between the joints of C1.
fn between(neck: &Neck) -> Result<Vec3, Failure> {
    let spine = neck.spine();
    let facets = spine.joints.iter().filter(|j| j.upper == Level::C1).map(|j| j.patch.center);
    let all: Vec<Vec3> = facets.chain(spine.condyles.iter().map(|c| c.center)).collect();
    match all.len() {
        4 => Ok(all.iter().sum::<Vec3>() / 4.0),
        _ => Err(Failure::input("the anatomy has no four joints of C1")),
    }
}

/// Cells outside of what is taken that hang together by facets with most of the rest.
fn kept(mesh: &Mesh, taken: impl Fn(Vec3) -> bool) -> Vec<usize> {
    let stays: Vec<bool> = (0..mesh.n_cells()).map(|c| !taken(mesh.centroid(c))).collect();
    let mut sharing: BTreeMap<[u32; 3], Vec<usize>> = BTreeMap::new();
    for (c, nodes) in mesh.cells.iter().enumerate().filter(|(c, _)| stays[*c]) {
        for facet in FACET_CORNERS {
            let mut corners = facet.map(|i| nodes[i]);
            corners.sort_unstable();
            sharing.entry(corners).or_default().push(c);
        }
    }
    let mut beside: Vec<Vec<usize>> = vec![Vec::new(); mesh.n_cells()];
    for pair in sharing.values().filter(|p| p.len() == 2) {
        beside[pair[0]].push(pair[1]);
        beside[pair[1]].push(pair[0]);
    }
    let mut seen = vec![false; mesh.n_cells()];
    let mut largest = Vec::new();
    for start in (0..mesh.n_cells()).filter(|c| stays[*c]) {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let mut piece = vec![start];
        let mut next = 0;
        while next < piece.len() {
            for c in &beside[piece[next]] {
                if !seen[*c] {
                    seen[*c] = true;
                    piece.push(*c);
                }
            }
            next += 1;
        }
        if largest.len() < piece.len() {
            largest = piece;
        }
    }
    largest.sort_unstable();
    largest
}

/// A link on other bones, with a share of its energy.
struct Regrouped {
    inner: Arc<dyn Link>,
    anchors: Anchors,
    share: f64,
}

impl Regrouped {
    fn new(inner: &Arc<dyn Link>, mass: usize, share: f64) -> Self {
        let mut anchors = inner.anchors().clone();
        anchors.bones = anchors.bones.map(|b| if b == 1 { mass } else { b });
        Self { inner: inner.clone(), anchors, share }
    }
}

impl Link for Regrouped {
    fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    fn respond(&self, seen: &[Vec3]) -> Response {
        let mut r = self.inner.respond(seen);
        r.energy *= self.share;
        r.gradients.iter_mut().for_each(|g| *g *= self.share);
        r.blocks.iter_mut().for_each(|b| b.2 *= self.share);
        r
    }
}

/// C0 to C3 under a force on the occiput, N, which moves down only; C3 held, no preload.
///
/// - `ring`: of [`stiffness`]
///
/// # Errors
/// No stable equilibrium; exit 3.
pub fn settle(neck: &Neck, ring: Option<PoseLaw>, cut: Cut, force: f64) -> Result<Settled, Failure> {
    let Column { mut bones, links } = neck.column(Condition::Intact)?;
    let [left, right] = neck.spine().condyles.map(|c| c.center);
    bones[0].2 = Freedom::Axial;
    bones[1] = ("C1 left".into(), left, Freedom::Free);
    bones[3].2 = Freedom::Held;
    bones.push(("C1 right".into(), right, Freedom::Free));
    let gone: &[&str] = match cut {
        Cut::Intact => &[],
        Cut::Anterior | Cut::Both => &["alar", "apical", "C1-C2 dens", "anterior atlanto", "tectorial"],
    };
    let mut joined: Vec<Box<dyn Link>> = Vec::new();
    for link in links {
        let Anchors { name, bones, .. } = link.anchors().clone();
        let leaves = |start: &str| name.starts_with(start);
        if bones.contains(&4) || leaves("preload") || leaves("transverse") || gone.iter().any(|g| leaves(g)) {
            continue;
        }
        if !bones.contains(&1) {
            joined.push(link);
            continue;
        }
        let link: Arc<dyn Link> = Arc::from(link);
        let sides: &[(usize, f64)] = match (name.contains(" left"), name.contains(" right")) {
            (true, _) => &[(1, 1.0)],
            (_, true) => &[(RIGHT, 1.0)],
            // What acts on the middle of the ring acts on both masses.
            _ => &[(1, 0.5), (RIGHT, 0.5)],
        };
        joined.extend(
            sides
                .iter()
                .map(|(mass, share)| -> Box<dyn Link> { Box::new(Regrouped::new(&link, *mass, *share)) }),
        );
    }
    joined.push(Box::new(neck.transverse_between([1, RIGHT])?));
    joined.extend(ring.map(|law| -> Box<dyn Link> { Box::new(law) }));
    let column = Column { bones, links: joined };
    let load = Load { forces: vec![(0, Vec3::new(0.0, 0.0, -force))], ..Load::default() };
    let found = column
        .solve(&column.at_rest(), &Load::default(), &load, &Options::default())
        .map_err(|e| Failure::not_converged(format!("error: {e}")))?;
    let moved = |b: usize| found.poses[b].center - found.poses[b].rest;
    Ok(Settled { spread: moved(1).x - moved(RIGHT).x, collapse: moved(2).z - moved(0).z })
}
