//! Day 1 under moments in six directions: how far the neck turns, and whether the implant slips, lifts off or tilts.
//!
//! ```text
//! t(x) = P/A d + b × (x − c)        b = (∫ |r|² 1 − r rᵀ dA)⁻¹ M,   r = x − c
//! ```
//! The couple M and the preload P act as that traction on the superior facets of C1, as a condyle that is bedded evenly
//! and free to turn would press and pull them: nothing guides it. The preload points from there to the middle of the face
//! on C3, where it has no moment, as a follower load would; displacements are small, so it neither helps nor buckles.
//! Rotations and shifts are counted from the state under the preload alone.
//!
//! # Source
//! Moments of 1.5 N m in six directions: Scheer 2010, Zheng 2017; the traction is that of a distributing coupling.

use super::anchors::{self, Anchor};
use super::assess::Assessment;
use super::bodies::Kind;
use super::fields::mean_displacement;
use super::models::{Question, SEATS};
use super::peaks::Peaks;
use super::rigid::Rigid;
use super::solve_failure;
use crate::case::{Case, MomentLoad};
use crate::checkpoint::Checkpoint;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::{Level, Side};
use dens_mesher::mesh::Mesh;
use dens_reports::record::{Quantity, Relation, Section};
use dens_reports::table::{Cell, NO_UNIT, Table, significant};
use dens_solver::criteria::fixation;
use dens_solver::loads::contact::Status;
use dens_solver::loads::traction::{self, Traction};
use dens_solver::model::Model;
use dens_solver::newton::{Observer, Options, SolveError, Solver};
use dens_solver::solution::Solution;
use nalgebra::Matrix3;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// Directions with their axis in the frame of the spine: +x left, +y posterior, +z cranial.
const DIRECTIONS: [(&str, [f64; 3]); 6] = [
    ("flexion", [1.0, 0.0, 0.0]),
    ("extension", [-1.0, 0.0, 0.0]),
    ("left lateral bending", [0.0, 1.0, 0.0]),
    ("right lateral bending", [0.0, -1.0, 0.0]),
    ("left rotation", [0.0, 0.0, 1.0]),
    ("right rotation", [0.0, 0.0, -1.0]),
];

/// Open share of a face beyond which nothing holds it.
const LOOSE: f64 = 0.95;

/// What happens in one direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turned {
    /// Direction.
    pub direction: String,
    /// Rotation of C1 against the caudal bone about the axis of the moment, degrees.
    pub rotation: f64,
    /// Rotation of the implant against the caudal bone, all axes, degrees.
    pub tilt: f64,
    /// Shift of the implant's lower face against the caudal endplate, mm: left, posterior, cranial.
    pub shift: Vec3,
    /// Largest slip of a closed point of the implant's faces, mm.
    pub slip: f64,
    /// Share of the faces' paired area that is open: lower, upper left, upper right.
    pub open: [f64; 3],
    /// Largest stress of screws and rods, MPa, and where.
    pub members: (f64, String),
    /// Force pulling each screw out of its bone, N, negative where it is pressed in.
    pub pulls: Vec<(String, f64)>,
    /// Largest values.
    pub peaks: Peaks,
    /// Force left over, relative to the load.
    pub balance: f64,
}

impl Turned {
    /// Largest force pulling a screw out, N, and which; none where all are pressed in.
    fn pull_out(&self) -> Option<(&str, f64)> {
        let pulled = self.pulls.iter().filter(|(_, axial)| 0.0 < *axial);
        pulled.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(screw, axial)| (screw.as_str(), *axial))
    }

    /// Whether next to nothing of any face is pressed.
    fn is_loose(&self) -> bool {
        self.open.iter().all(|open| LOOSE < *open)
    }
}

/// Day 1 in six directions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Moments {
    /// Directions in equilibrium.
    pub found: Vec<Turned>,
    /// Directions in which the solver did not converge.
    pub lost: Vec<String>,
}

impl Moments {
    /// Directions in which nothing holds the implant.
    fn loose(&self) -> Vec<&str> {
        self.found.iter().filter(|d| d.is_loose()).map(|d| d.direction.as_str()).collect()
    }

    /// Largest pull-out force over the low end of the screw's strength, with screw and direction; none where none is pulled.
    fn worst_screw<'a>(&'a self, anchors: &[Anchor]) -> Option<(f64, &'a str, &'a str)> {
        let of = |d: &'a Turned, screw: &str, axial: f64| {
            let anchor = anchors.iter().find(|a| a.screw == screw)?;
            Some((axial / anchor.range[0], d.direction.as_str()))
        };
        let all = self.found.iter().flat_map(|d| {
            let pulled = d.pulls.iter().filter(|(_, axial)| 0.0 < *axial);
            pulled.filter_map(move |(screw, axial)| of(d, screw, *axial).map(|(r, d)| (r, screw.as_str(), d)))
        });
        all.max_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// What a reader must know first; nothing where all directions are found and the implant keeps its grip.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut out = Vec::new();
        let loose = self.loose();
        if !loose.is_empty() {
            out.push(format!(
                "Under moments on day 1 the implant loses its grip in {}: nothing but the screws through it, where it has any, keeps it from migrating.",
                loose.join(", ")
            ));
        }
        if !self.lost.is_empty() {
            out.push(format!(
                "Moments on day 1: no answer in {}, the solver did not converge.",
                self.lost.join(", ")
            ));
        }
        out
    }
}

/// Solves day 1 under the moments of a case, one direction after the other.
///
/// - `day_one`: its model; the axial load is replaced
/// - `options`: of the first attempt and of the second
/// - `kept`: where directions are kept as they are done
///
/// # Errors
/// A model that cannot be solved for another reason (exit 2, 130).
pub fn run(
    load: &MomentLoad,
    day_one: &Question,
    options: &[Options; 2],
    kept: &Checkpoint,
    observer: Observer<'_>,
    cancel: &AtomicBool,
) -> Result<Moments, Failure> {
    let mut question =
        Question { model: day_one.model.clone(), stage: day_one.stage, kinds: day_one.kinds.clone() };
    question.model.guides.clear();
    let failed = |e| solve_failure("implanted, day 1, moments", &e);
    load_occiput(&mut question, Vec3::zeros(), load.preload)?;
    let mut firm = Solver::new(&question.model, &options[0]).map_err(failed)?;
    let pressed = if load.preload == 0.0 {
        Motion::default()
    } else {
        match firm.solve(&question.model, None, &|_, _| {}, cancel) {
            Ok(solution) => Motion::of(&question, &solution)?,
            Err(e) if is_lost(&e) => {
                let lost = DIRECTIONS.map(|(direction, _)| direction.to_string()).to_vec();
                return Ok(Moments { found: Vec::new(), lost });
            }
            Err(e) => return Err(failed(e)),
        }
    };
    let mut out = Moments::default();
    for (k, (direction, axis)) in DIRECTIONS.into_iter().enumerate() {
        let axis = Vec3::from(axis);
        load_occiput(&mut question, load.moment * axis, load.preload)?;
        let within = |what: &str, f: f64| observer(what, (k as f64 + f) / DIRECTIONS.len() as f64);
        let name = format!("moments-{}", direction.replace(' ', "-"));
        let one = kept.once(&name, || {
            let mut found = firm.solve(&question.model, None, &within, cancel);
            if found.as_ref().is_err_and(is_lost) {
                let mut soft = Solver::new(&question.model, &options[1]).map_err(failed)?;
                found = soft.solve(&question.model, None, &within, cancel);
            }
            match found {
                Ok(solution) => turned(&question, &solution, &pressed, direction, axis).map(Some),
                Err(e) if is_lost(&e) => Ok(None),
                Err(e) => Err(failed(e)),
            }
        })?;
        match one {
            Some(turned) => out.found.push(turned),
            None => out.lost.push(direction.to_string()),
        }
    }
    Ok(out)
}

/// Replaces the axial load of an implanted model by a follower load, N, from the superior facets of C1 to the middle of the
/// face under the implant: nothing guides C1, and the load has no moment there.
///
/// # Errors
/// A model without implant: our bug.
pub(crate) fn follow(question: &mut Question, force: f64) -> Result<(), Failure> {
    question.model.guides.clear();
    load_occiput(question, Vec3::zeros(), force)
}

/// Whether an error says that a state was not found: without rods nothing but friction may hold C1.
fn is_lost(error: &SolveError) -> bool {
    matches!(error, SolveError::NotConverged { .. } | SolveError::Linear(_))
}

/// Puts a couple, N mm, and a preload, N, on the occiput, which is free to move; where it is no body of the model, on the
/// superior facets of C1.
fn load_occiput(question: &mut Question, couple: Vec3, preload: f64) -> Result<(), Failure> {
    if question.model.bodies.is_empty() {
        question.model.tractions = condyle_tractions(question, couple, preload)?;
        return Ok(());
    }
    let toward = lower_face(question)?;
    let nodes = &question.model.fixation.nodes;
    for body in &mut question.model.bodies {
        let push = preload * (toward - nodes[body.node as usize]).normalize();
        (body.force, body.couple, body.guided) = (push.into(), couple.into(), false);
    }
    Ok(())
}

/// Middle of the face under the implant, mm.
fn lower_face(question: &Question) -> Result<Vec3, Failure> {
    let seat =
        question.caudal().and_then(|l| question.part(Kind::Bone(l))).map(|p| &question.model.parts[p].mesh);
    let seat = seat.and_then(|mesh| Some((mesh, mesh.facet_sets.get(SEATS[0])?)));
    let (lower, under) = seat.ok_or_else(|| Failure::bug("no face under the implant"))?;
    Ok(middle(lower, under))
}

/// Tractions on the superior facets of C1 equal to a couple, N mm, and a force toward caudal, N.
fn condyle_tractions(question: &Question, couple: Vec3, preload: f64) -> Result<Vec<Traction>, Failure> {
    let part =
        question.part(Kind::Bone(Level::C1)).ok_or_else(|| Failure::bug("no C1 in the implanted model"))?;
    let mesh = &question.model.parts[part].mesh;
    let mut facets = Vec::new();
    for side in Side::BOTH {
        let set = mesh.facet_sets.get(&format!("condyle {}", side.name()));
        facets.extend(set.into_iter().flatten().copied());
    }
    let found = tractions(mesh, part, &facets, couple, (preload, lower_face(question)?));
    found.ok_or_else(|| Failure::input("the superior facets of C1 are a point: no moment can act on them"))
}

/// One traction per facet; `None` where no moment can act.
pub(crate) fn tractions(
    mesh: &Mesh,
    part: usize,
    facets: &[u32],
    couple: Vec3,
    (preload, toward): (f64, Vec3),
) -> Option<Vec<Traction>> {
    // Area and centroid as the traction is integrated.
    let of = |f: &u32| {
        let shares = traction::nodal_forces(mesh, &[*f], [0.0, 0.0, 1.0]);
        let area: f64 = shares.iter().map(|(_, s)| s.z).sum();
        (*f, area, shares.iter().map(|(n, s)| s.z * mesh.points[*n as usize]).sum::<Vec3>() / area)
    };
    let facets: Vec<(u32, f64, Vec3)> = facets.iter().map(of).collect();
    let area: f64 = facets.iter().map(|f| f.1).sum();
    let center = facets.iter().map(|f| f.1 * f.2).sum::<Vec3>() / area;
    let about = |r: Vec3| r.norm_squared() * Matrix3::identity() - r * r.transpose();
    let inertia: Matrix3<f64> = facets.iter().map(|f| f.1 * about(f.2 - center)).sum();
    let turn = inertia.try_inverse()? * couple;
    let push = (toward - center).normalize() * (preload / area);
    let one = |(f, _, at): (u32, f64, Vec3)| Traction {
        name: String::from("occiput"),
        part,
        facets: vec![f],
        value: (turn.cross(&(at - center)) + push).into(),
    };
    Some(facets.into_iter().map(one).collect())
}

/// Middle of facets, weighted by area.
fn middle(mesh: &Mesh, facets: &[u32]) -> Vec3 {
    let of = |f: &u32| mesh.facet_geometry(&mesh.boundary[*f as usize]);
    let area: f64 = facets.iter().map(|f| of(f).2).sum();
    facets.iter().map(|f| of(f).2 * of(f).0).sum::<Vec3>() / area
}

/// Rigid motions of a state.
#[derive(Debug, Clone, Copy, Default)]
struct Motion {
    /// Rotation of C1 and of the implant against the caudal bone, rad.
    turns: [Vec3; 2],
    /// Shift of the implant's lower face against the caudal endplate, mm.
    shift: Vec3,
}

impl Motion {
    fn of(question: &Question, solution: &Solution) -> Result<Self, Failure> {
        let part = |kind: Kind| question.part(kind).ok_or_else(|| Failure::bug("a body of day 1 is missing"));
        let turn = |kind: Kind| Ok::<_, Failure>(rotation(&question.model, solution, part(kind)?));
        let face = |kind: Kind| {
            let part = part(kind)?;
            let mesh = &question.model.parts[part].mesh;
            mean_displacement(mesh, &solution.displacements[part], SEATS[0])
                .ok_or_else(|| Failure::bug("no face under the implant"))
        };
        let caudal = question.caudal().ok_or_else(|| Failure::bug("no bone under the implant"))?;
        let lower = turn(Kind::Bone(caudal))?;
        Ok(Self {
            turns: [turn(Kind::Bone(Level::C1))? - lower, turn(Kind::Implant)? - lower],
            shift: face(Kind::Implant)? - face(Kind::Bone(caudal))?,
        })
    }
}

fn turned(
    question: &Question,
    solution: &Solution,
    pressed: &Motion,
    direction: &'static str,
    axis: Vec3,
) -> Result<Turned, Failure> {
    let now = Motion::of(question, solution)?;
    let of_face = |set: &str| {
        let found = solution.contacts.iter().find(|c| c.name.ends_with(&format!(" on {set}")));
        found.ok_or_else(|| Failure::bug(format!("no interface on `{set}`")))
    };
    let seats = [of_face(SEATS[0])?, of_face(SEATS[1])?, of_face(SEATS[2])?];
    let closed = seats.iter().flat_map(|c| &c.points).filter(|p| p.status != Status::Open);
    let slip = closed.map(|p| p.slip.norm()).fold(0.0, f64::max);
    let open = seats.map(|c| 1.0 - c.closed_area() / c.paired_area);
    let mut members = (0.0, String::new());
    for m in &solution.members {
        if members.0 < m.peak_stress {
            members = (m.peak_stress, m.name.clone());
        }
    }
    Ok(Turned {
        direction: direction.to_string(),
        rotation: (now.turns[0] - pressed.turns[0]).dot(&axis).to_degrees(),
        tilt: (now.turns[1] - pressed.turns[1]).norm().to_degrees(),
        shift: now.shift - pressed.shift,
        slip,
        open,
        members,
        pulls: anchors::pulls(&question.model, solution),
        peaks: Peaks::of(question, solution)?,
        balance: solution.balance.force_error,
    })
}

/// Rotation of a part that fits the displacements of its nodes best, rad.
fn rotation(model: &Model, solution: &Solution, part: usize) -> Vec3 {
    let points = model.parts[part].mesh.points.iter().copied();
    let moved: Vec<(Vec3, Vec3)> = points.zip(solution.displacements[part].iter().copied()).collect();
    Rigid::fit(&moved).map_or(Vec3::zeros(), |r| r.turn)
}

/// Pull-out and fatigue of screws and rods under the moments; nothing where no direction was solved.
pub(super) fn criteria(
    case: &Case,
    load: &MomentLoad,
    moments: &Moments,
    assessment: &Assessment,
) -> Vec<Quantity> {
    if moments.found.is_empty() {
        return Vec::new();
    }
    let name = format!("moments of {:.0} N mm", load.moment);
    let stress = moments.found.iter().map(|d| d.members.0).fold(0.0, f64::max);
    let screw = moments.worst_screw(&assessment.stages[0].anchors).map_or(0.0, |w| w.0);
    vec![
        Quantity::new(
            "fixation-fatigue-moments",
            "peak stress of screws and rods under moments",
            stress,
            "MPa",
        )
        .region("fixation")
        .load(&name)
        .judged(
            "fatigue strength at 1e7 cycles, as if every cycle had the moment",
            Relation::AtMost,
            case.fixation.fatigue_strength,
            "Mater Sci Eng A 2024, machined",
        ),
        Quantity::new(
            "pull-out-moments",
            "pull-out force over strength, low end, worst screw under moments",
            screw,
            NO_UNIT,
        )
        .region("screws in bone")
        .load(&name)
        .judged(
            "thread shears out of cancellous bone at 1",
            Relation::AtMost,
            fixation::PULL_OUT.limit,
            "Chapman 1996; shear strength Sanyal 2012 less two standard deviations; once, not in cycles",
        ),
    ]
}

/// Section of the report.
pub(super) fn section(case: &Case, load: &MomentLoad, moments: &Moments, assessment: &Assessment) -> Section {
    let strength = |screw: &str| {
        let anchors = &assessment.stages[0].anchors;
        anchors.iter().find(|a| a.screw == screw).map(|a| a.strength)
    };
    let Moments { found, lost } = moments;
    let caudal = case.implant.caudal.name();
    let mut t = Table::new(
        "migration",
        "Day 1 under moments: rotation of the neck and migration of the implant",
        &[
            ("direction", ""),
            (&format!("C1 against {caudal}"), "deg"),
            (&format!("implant against {caudal}"), "deg"),
            ("shift to the left", "mm"),
            ("shift to posterior", "mm"),
            ("lift", "mm"),
            ("largest slip", "mm"),
            ("open, lower face", NO_UNIT),
            ("open, left face", NO_UNIT),
            ("open, right face", NO_UNIT),
        ],
    );
    let mut f = Table::new(
        "moment-fixation",
        "Screws and rods under moments, day 1",
        &[
            ("direction", ""),
            ("largest stress", "MPa"),
            ("in", ""),
            ("largest pull-out force", "N"),
            ("of", ""),
            ("its strength", "N"),
            ("force left over", NO_UNIT),
        ],
    );
    for d in found {
        t.push([
            d.direction.as_str().into(),
            d.rotation.into(),
            d.tilt.into(),
            d.shift.x.into(),
            d.shift.y.into(),
            d.shift.z.into(),
            d.slip.into(),
            d.open[0].into(),
            d.open[1].into(),
            d.open[2].into(),
        ]);
        f.push([
            d.direction.as_str().into(),
            d.members.0.into(),
            d.members.1.as_str().into(),
            d.pull_out().map_or(0.0, |p| p.1).into(),
            d.pull_out().map_or("none", |p| p.0).into(),
            d.pull_out().and_then(|p| strength(p.0)).map_or_else(|| "–".into(), Cell::from),
            d.balance.into(),
        ]);
    }
    let members = match found.iter().max_by(|a, b| a.members.0.total_cmp(&b.members.0)) {
        None => String::new(),
        Some(worst) => format!(
            "The most stressed member is {} in {}: its fatigue strength is {:.1} times the stress. ",
            worst.members.1,
            worst.direction,
            case.fixation.fatigue_strength / worst.members.0
        ),
    };
    let screws = match moments.worst_screw(&assessment.stages[0].anchors) {
        None => String::from("No screw is pulled. "),
        Some((ratio, screw, direction)) => format!(
            "The screw nearest to pulling out is {screw} in {direction}: force over the low end of its strength {}. ",
            significant(ratio, 3)
        ),
    };
    let loose = moments.loose();
    let lost = if lost.is_empty() {
        String::new()
    } else {
        format!(
            "Not determined: {}. The solver did not converge there, neither with firm nor with soft contact. ",
            lost.join(", ")
        )
    };
    let grip = if loose.is_empty() {
        String::from("In every direction of the table the implant stays pressed on at least one face.")
    } else {
        format!(
            "In {} less than {} % of every face is pressed: there the implant is all but loose between the bones, and its own motion means only that. Only screws through the implant (fixation.implant_screws) would hold it there.",
            loose.join(", "),
            significant(100.0 * (1.0 - LOOSE), 2)
        )
    };
    Section::new("moments", "Moments and migration of the implant")
            .paragraph(format!(
                "A couple of {:.0} N mm in six directions with a preload of {:.0} N ({}) acts on the superior facets of C1 as the traction of an evenly bedded occiput that is free to turn; day 1, friction, elastic bone. Rotation, shift and lift count from the state under the preload alone, which points from the facets to the middle of the face on {caudal}; shift and lift are means of the implant's lower face against the endplate of {caudal}; slip counts from the unloaded state; a face is open where nothing presses. Forces balance to a hundred times the tolerance of the axial loads; contact is that of standard quality, or softer where that did not converge.",
                load.moment, load.preload, load.source
            ))
            .table(t)
            .paragraph(format!("{lost}{grip}"))
            .table(f)
            .paragraph(format!(
                "{members}{screws}Both are judged, as if every cycle were such a moment: in vitro it is the end of the range of motion, so this is on the safe side. A direction that is not determined is not judged. Slip and lift have no published limit for such implants and are not judged."
            ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dens_mesher::mesh::Facet;

    /// Curved facets that share no nodes, at places without symmetry.
    fn facets(n: u32) -> Mesh {
        let mut mesh = Mesh::default();
        for f in 0..n {
            let at = Vec3::new(f64::from(f * f % 7) * 3.0, f64::from(f % 3) * 2.0, f64::from(f));
            let corners = [Vec3::zeros(), Vec3::new(2.0, 0.3, 0.1 * f64::from(f)), Vec3::new(0.2, 1.5, -0.4)]
                .map(|c| at + c);
            let bow = Vec3::new(0.0, 0.05, 0.2);
            let middles = [0, 1, 2].map(|k| 0.5 * (corners[k] + corners[(k + 1) % 3]) + bow);
            let nodes = std::array::from_fn(|k| 6 * f + k as u32);
            mesh.points.extend(corners.into_iter().chain(middles));
            mesh.boundary.push(Facet { cell: f, local: 0, nodes, surface: 0 });
        }
        mesh
    }

    #[test]
    fn tractions_add_up_to_the_couple_and_the_preload() {
        let mesh = facets(9);
        let (couple, preload) = (Vec3::new(1500.0, -300.0, 70.0), 50.0);
        let all: Vec<u32> = (0..9).collect();
        let toward = Vec3::new(2.0, 5.0, -40.0);
        let found = tractions(&mesh, 0, &all, couple, (preload, toward)).expect("facets in space");
        let (mut force, mut moment, mut first) = (Vec3::zeros(), Vec3::zeros(), Vec3::zeros());
        let mut area = 0.0;
        for t in &found {
            for (node, f) in traction::nodal_forces(&mesh, &t.facets, t.value) {
                force += f;
                moment += mesh.points[node as usize].cross(&f);
            }
            for (node, f) in traction::nodal_forces(&mesh, &t.facets, [0.0, 0.0, 1.0]) {
                area += f.z;
                first += f.z * mesh.points[node as usize];
            }
        }
        let push = preload * (toward - first / area).normalize();
        // Round-off of sums of a few hundred products.
        assert!((force - push).norm() < 1e-10 * preload);
        assert!((moment - (first / area).cross(&push) - couple).norm() < 1e-11 * couple.norm());
    }

    #[test]
    fn the_screw_nearest_to_its_strength_is_judged_and_not_the_one_pulled_hardest() {
        let anchor = |screw: &str, low: f64| Anchor {
            screw: screw.into(),
            bone: "C3".into(),
            axial: 0.0,
            across: 0.0,
            line_load: 0.0,
            purchase: 10.0,
            strength: 2.0 * low,
            range: [low, 3.0 * low],
            compressive: None,
            bearing: 0.0,
        };
        let turned = |direction: &str, pulls: [f64; 2]| Turned {
            direction: direction.to_string(),
            rotation: 0.0,
            tilt: 0.0,
            shift: Vec3::zeros(),
            slip: 0.0,
            open: [0.0; 3],
            members: (0.0, String::new()),
            pulls: vec![("strong".into(), pulls[0]), ("weak".into(), pulls[1])],
            peaks: Peaks::default(),
            balance: 0.0,
        };
        let found = vec![turned("flexion", [90.0, -80.0]), turned("extension", [10.0, 30.0])];
        let moments = Moments { found, lost: Vec::new() };
        let anchors = [anchor("strong", 200.0), anchor("weak", 50.0)];
        // 30 N of 50 N, beside 90 N of 200 N; the weak screw pressed in by 80 N counts nothing.
        assert_eq!(moments.worst_screw(&anchors), Some((0.6, "weak", "extension")));
        assert_eq!(moments.found[0].pull_out(), Some(("strong", 90.0)));
    }

    #[test]
    fn no_moment_acts_on_facets_in_one_point() {
        let mut mesh = facets(1);
        mesh.points.fill(Vec3::new(1.0, 2.0, 3.0));
        assert_eq!(tractions(&mesh, 0, &[0], Vec3::x(), (1.0, Vec3::zeros())), None);
    }
}
