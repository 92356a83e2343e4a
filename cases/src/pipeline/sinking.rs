//! How deep the implant sinks into the bone under it: motion of its lower face where it presses, against the rigid motion of
//! the part of that bone that lies away from the contact.
//!
//! ```text
//! s(x) = −(u(x) − u_rigid(x)) · n        n out of the bone; x on the pressed part of the face
//! ```
//! Where a face presses, bone and implant move together along the normal. A tilt of the whole bone is no sinking.

use super::bodies::Kind;
use super::models::{Question, SEATS, seat_name};
use super::rigid::Rigid;
use dens_mesher::Vec3;
use dens_mesher::mesh::Mesh;
use dens_solver::criteria;
use dens_solver::loads::contact::Status;
use dens_solver::solution::Solution;

/// Level of the edge that sinks deepest: the worst twentieth of the pressed area is left out.
const EDGE: f64 = 0.95;

/// Depth below the face, in depths of the crushed layer, from which on bone counts as away from the contact.
const AWAY: f64 = 2.0;

/// Sinking over the pressed part of the face.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sinking {
    /// Mean, mm.
    pub mean: f64,
    /// 95th percentile by area, mm: the edge that sinks deepest.
    pub edge: f64,
}

impl Sinking {
    /// The same under `factor` times the load.
    pub fn scaled(self, factor: f64) -> Self {
        Self { mean: factor * self.mean, edge: factor * self.edge }
    }
}

/// Sinking of the implant into the caudal bone; zero where nothing presses.
///
/// - `layer`: depth of the layer that may be crushed, mm
pub fn of(question: &Question, solution: &Solution, layer: f64) -> Sinking {
    found(question, solution, layer).unwrap_or_default()
}

fn found(question: &Question, solution: &Solution, layer: f64) -> Option<Sinking> {
    let level = question.caudal()?;
    let bone = question.part(Kind::Bone(level))?;
    let name = seat_name(SEATS[0], level);
    let face = solution.contacts.iter().find(|c| c.name == name)?;
    let slave = question.model.interfaces.iter().find(|i| i.name == name)?.slave.part;
    let (center, out, radius) = outline(&question.model.parts[bone].mesh, SEATS[0])?;
    let motion = away(question, solution, bone, (center, out, radius), AWAY * layer)?;
    let mesh = &question.model.parts[slave].mesh;
    let pressed: Vec<(Vec3, Vec3, f64)> = face
        .facets
        .iter()
        .map(|f| {
            let own = &mesh.boundary[f.facet as usize];
            let closed = face.points[f.points.clone()].iter().filter(|p| p.status != Status::Open);
            // The mean of a quadratic field on a flat facet is the mean of its mid-edge values.
            let middle =
                |v: &dyn Fn(usize) -> Vec3| own.nodes[3..].iter().map(|n| v(*n as usize)).sum::<Vec3>() / 3.0;
            let place = middle(&|n| mesh.points[n]);
            (place, middle(&|n| solution.displacements[slave][n]), closed.map(|p| p.area).sum::<f64>())
        })
        .filter(|(_, _, area)| 0.0 < *area)
        .collect();
    Some(against(&motion, &pressed, out))
}

/// Middle of a face, its mean normal, and the radius of a disc of its area, mm.
fn outline(mesh: &Mesh, set: &str) -> Option<(Vec3, Vec3, f64)> {
    let (mut area, mut center, mut normal) = (0.0, Vec3::zeros(), Vec3::zeros());
    for f in mesh.facet_sets.get(set)? {
        let (c, n, a) = mesh.facet_geometry(&mesh.boundary[*f as usize]);
        area += a;
        center += a * c;
        normal += a * n;
    }
    Some((center / area, normal.try_normalize(0.0)?, (area / std::f64::consts::PI).sqrt()))
}

/// Rigid motion of the bone in the column below the face, from `depth` mm on; of all bone that deep where the column is
/// too short.
fn away(
    question: &Question,
    solution: &Solution,
    bone: usize,
    (center, out, radius): (Vec3, Vec3, f64),
    depth: f64,
) -> Option<Rigid> {
    let moved = |within: f64, depth: f64| -> Vec<(Vec3, Vec3)> {
        let points = question.model.parts[bone].mesh.points.iter().zip(&solution.displacements[bone]);
        let chosen = points.filter(|(x, _)| {
            let r = *x - center;
            let along = r.dot(&out);
            along < -depth && (r - along * out).norm() < within
        });
        chosen.map(|(x, u)| (*x, *u)).collect()
    };
    [(radius, depth), (f64::INFINITY, depth), (f64::INFINITY, 0.0)]
        .into_iter()
        .find_map(|(within, depth)| Rigid::fit(&moved(within, depth)))
}

/// - `pressed`: places, their displacements, mm, and pressed areas, mm²; `out`: unit normal out of the bone
fn against(motion: &Rigid, pressed: &[(Vec3, Vec3, f64)], out: Vec3) -> Sinking {
    let areas: Vec<f64> = pressed.iter().map(|p| p.2).collect();
    let depths: Vec<f64> = pressed.iter().map(|(x, u, _)| (motion.at(*x) - u).dot(&out)).collect();
    Sinking {
        mean: criteria::mean(&areas, &depths),
        edge: criteria::quantile(&areas, &depths, EDGE).unwrap_or(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points of an endplate, pressed by an implant that moves so; the bone below moves as `bone`.
    fn sinking(bone: &Rigid, implant: &Rigid) -> Sinking {
        let deep =
            [[0.0, 0.0, -8.0], [6.0, 0.0, -9.0], [0.0, 5.0, -10.0], [-4.0, -3.0, -14.0]].map(Vec3::from);
        let motion = Rigid::fit(&deep.map(|x| (x, bone.at(x)))).expect("points in space");
        let places = (-5..=5).map(|k| Vec3::new(0.0, f64::from(k), 0.3));
        let pressed: Vec<(Vec3, Vec3, f64)> = places.map(|x| (x, implant.at(x), 1.0)).collect();
        against(&motion, &pressed, Vec3::z())
    }

    #[test]
    fn a_tilt_of_the_whole_bone_with_its_implant_is_no_sinking() {
        // The disc below gives: everything above nods by 3 degrees about an axis far behind. The difference of mean z between
        // the faces of the bone, which do not lie above each other, would take that for sinking.
        let nod = Rigid {
            center: Vec3::new(0.0, 20.0, -15.0),
            shift: Vec3::new(0.0, 0.0, -0.4),
            turn: Vec3::new(0.05, 0.01, 0.0),
        };
        let found = sinking(&nod, &nod);
        assert!(found.mean.abs() < 1e-12 && found.edge.abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn the_edge_of_a_tilting_implant_sinks_deeper_than_its_middle() {
        let held = Rigid::default();
        let tilted = Rigid { shift: Vec3::new(0.0, 0.0, -0.1), turn: Vec3::new(-0.02, 0.0, 0.0), ..held };
        let found = sinking(&held, &tilted);
        // u_z = −0.1 − 0.02 y on y = −5 to 5 mm.
        assert!((found.mean - 0.1).abs() < 1e-12 && (found.edge - 0.2).abs() < 1e-12, "{found:?}");
        let back = found.scaled(0.5);
        assert!((back.edge - 0.1).abs() < 1e-12);
    }
}
