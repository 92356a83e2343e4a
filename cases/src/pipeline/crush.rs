//! Day 1 with bone that yields, load by load, and after many cycles: how far the implant sinks, and what the bone carries.
//!
//! C1 and the bone under the implant yield on a closed quadric surface and soften; contact is unilateral with friction. Nothing is scaled: every
//! load of the case is a state of its own. Settling is the same model on beds that give way where the pressure of the
//! judged load does not last.

use super::anchors::{self, Anchor};
use super::bodies::{Bodies, Kind};
use super::fields::Solved;
use super::geometry::Geometry;
use super::models::{Question, SEATS};
use super::sinking::{self, Sinking};
use super::strengths::Strengths;
use super::under::{self, Layer};
use super::{solve_failure, tissue};
use crate::case::Case;
use crate::checkpoint::Checkpoint;
use crate::failure::{Exit, Failure};
use dens_mesher::geometry::spine::Level;
use dens_solver::criteria::{self, settling, subsidence};
use dens_solver::loads::contact::Bed;
use dens_solver::newton::yielding::{
    BonePoint, Course, Reached, Step, YieldError, YieldingPart, solve_yielding,
};
use dens_solver::newton::{Observer, Options};
use dens_solver::solution::Contact;
use std::sync::atomic::AtomicBool;

/// Force out of balance by yielding that is accepted, relative to the load; contact is ten times as exact.
const TOLERANCE: f64 = 1e-3;

/// Steps in which an overlap is pressed in; halved where they find no equilibrium.
const PRESSED_IN: u32 = 2;

/// Day 1 at one load.
#[derive(Debug, Clone)]
pub struct LoadState {
    /// Index of the load in the case; `None` for the last equilibrium of a bone that carries no more.
    pub load: Option<usize>,
    /// Axial load, N.
    pub axial: f64,
    /// Shortening between condyles and held bone, mm.
    pub travel: f64,
    /// How far the implant sinks into the bone under it.
    pub sinking: Sinking,
    /// Crushed bone of C1 and of the bone under the implant, mm³.
    pub crushed: [f64; 2],
    /// Contact faces, in the order of [`SEATS`].
    pub faces: Vec<FaceState>,
    /// Largest crushing κ.
    pub crushing: f64,
    /// Area in contact, mm², and mean pressure over it, MPa, on C3.
    pub contact: [f64; 2],
    /// Largest stress of screws and rods, MPa.
    pub members: f64,
    /// Screws in bone.
    pub anchors: Vec<Anchor>,
    /// Contact solves it took.
    pub solves: usize,
}

/// Bone at one contact face. Shares are of the bone under the pressed area, or of that area.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceState {
    /// Name of the interface.
    pub name: String,
    /// Volume of the layer under the pressed area, mm³.
    pub layer: f64,
    /// Crushed share of that layer.
    pub crushed: f64,
    /// Share of that layer beyond the yield strain, in the same state: the cross-check.
    pub overstrained: f64,
    /// Pressed area, mm².
    pub closed: f64,
    /// Share of the pressed area with more pressure than the bone in the cell under it bears.
    pub overpressed: f64,
}

impl LoadState {
    /// State of the face under the implant, which exists wherever there is an implant.
    pub fn lower(&self) -> Option<&FaceState> {
        self.faces.first()
    }

    /// The face on which this is worst.
    pub fn worst(&self, of: impl Fn(&FaceState) -> f64) -> Option<&FaceState> {
        self.faces.iter().max_by(|a, b| of(a).total_cmp(&of(b)))
    }
}

/// After the cycles.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Bed under the contact faces.
    pub bed: Bed,
    /// Load, N.
    pub axial: f64,
    /// Loss of height against day 1 under the same load, mm: with the constant taken, and with the least and largest that
    /// the calibration leaves open.
    pub loss: f64,
    /// See [`Settled::loss`].
    pub range: [f64; 2],
    /// The same where, besides, the threshold of the bed goes through the range of embrittlement: highest, lowest factor.
    pub brittle: Option<[f64; 2]>,
    /// Largest stress of screws and rods, MPa: what the bone lets go, they take.
    pub members: f64,
    /// Screws in bone: on the bed that gives way least, the one taken, and the one that gives way most.
    pub anchors: [Vec<Anchor>; 3],
    /// By contact face: name, mean and largest depth, mm, share of the paired area that sank, area in contact, mm².
    pub faces: Vec<(String, [f64; 4])>,
}

/// No equilibrium beyond a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Largest load in equilibrium, N.
    pub carried: f64,
    /// Load for which none was found, N.
    pub tried: f64,
    /// Stiffness left over that at the start.
    pub stiffness: f64,
}

/// Day 1 before any load, where a misfit acts.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The state; its shortening counts from the bones as they stood and is negative where the neck is distracted.
    pub state: LoadState,
    /// Force on each contact face, N, in the order of the model.
    pub seats: Vec<(String, f64)>,
}

/// What yielding does.
#[derive(Debug, Clone)]
pub struct Crushing {
    /// State before any load, where a misfit acts; shortening under the loads counts from it.
    pub fitted: Option<Fitted>,
    /// Loads of the case in ascending order, up to the limit.
    pub loads: Vec<LoadState>,
    /// The limit load, where one was met.
    pub limit: Option<Limit>,
    /// Settling at the judged load; `None` where the bone does not carry that load.
    pub settled: Option<Settled>,
    /// Largest overlap that the contact method leaves on a face of the implant in these states, mm.
    pub overlap: f64,
}

impl Settled {
    /// Least and largest loss of all that is left open, mm.
    pub fn bounds(&self) -> [f64; 2] {
        self.brittle.unwrap_or(self.range)
    }
}

impl Crushing {
    /// State at the judged load, if it was reached.
    pub fn judged(&self, case: &Case) -> Option<&LoadState> {
        let axial = case.judged_load().axial;
        self.loads.iter().find(|s| s.load.is_some_and(|k| case.loads[k].axial == axial))
    }
}

/// Loads day 1 step by step, then lets it settle.
///
/// - `day_one`: the elastic answer, from which the iteration starts
/// - `kept`: where both courses are kept when they are done
///
/// # Errors
/// No convergence (exit 3), a density outside its law (2).
pub fn run(
    case: &Case,
    geometry: &Geometry,
    bodies: &Bodies,
    day_one: &Solved,
    (options, kept): (&Options, &Checkpoint),
    observer: Observer<'_>,
    cancel: &AtomicBool,
) -> Result<Crushing, Failure> {
    let question = &day_one.question;
    let parts = parts(case, bodies, question)?;
    let largest = case.largest_load();
    let mut order: Vec<usize> = (0..case.loads.len()).collect();
    order.sort_by(|a, b| case.loads[*a].axial.total_cmp(&case.loads[*b].axial));
    order.dedup_by(|a, b| case.loads[*a].axial == case.loads[*b].axial);
    let solve = |name: &str, steps: &[Step], part: [f64; 2]| {
        let within = |what: &str, f: f64| observer(what, part[0] + f * (part[1] - part[0]));
        let start = Some(&day_one.solution);
        kept.once(name, || {
            solve_yielding(&question.model, &parts, steps, TOLERANCE, start, options, &within, cancel)
                .map_err(|e| failure(&e))
        })
    };
    let factors: Vec<f64> = order.iter().map(|k| case.loads[*k].axial / largest).collect();
    let fits = fits(case);
    let judged = case.judged_load().axial;
    let settling = settling_steps(case, bodies, question, judged / largest)?;
    // Where the judged load is the largest, settling follows it at once, so that a misfit is not pressed in twice.
    let follows = if fits.is_empty() || judged < largest { &[][..] } else { &settling[1..] };
    let steps: Vec<Step> =
        fits.iter().cloned().chain(Step::loads(&factors)).chain(follows.iter().cloned()).collect();
    let course = solve("crushing", &steps, [0.0, 0.5])?;
    let layers = under::layers(geometry, question, &day_one.solution, case.criteria.crush_depth);
    let strengths = Strengths::of(case, bodies, question)?;
    let state = |(k, r): (usize, &Reached)| {
        let load = order.get(k).copied().filter(|_| r.factor == factors[k]);
        load_state(case, question, (&parts, &layers, &strengths), r, load)
    };
    // Misfits are put in without a limit of load: all their steps are there.
    let (before, after) = course.reached().split_at(fits.len().min(course.reached().len()));
    let (loaded, settled_on) = after.split_at(factors.len().min(after.len()));
    let fitted = before.last().map(|r| Fitted {
        state: load_state(case, question, (&parts, &layers, &strengths), r, None),
        seats: seat_forces(r),
    });
    let start = before.last().map_or(0.0, |r| r.solution.mean_travel());
    let mut states: Vec<LoadState> = loaded.iter().enumerate().map(state).collect();
    states.iter_mut().for_each(|s| s.travel -= start);
    let limit = match &course {
        Course::Completed(_) => None,
        Course::Collapsed { reached, tried, stiffness } => Some(Limit {
            carried: largest * reached.last().map_or(0.0, |r| r.factor),
            tried: largest * tried,
            stiffness: *stiffness,
        }),
    };
    let widest = course.reached().iter().map(overlap).fold(0.0, f64::max);
    let mut crushing = Crushing { fitted, loads: states, limit, settled: None, overlap: widest };
    if crushing.judged(case).is_some() {
        let own = if follows.is_empty() {
            let steps: Vec<Step> = fits.iter().chain(&settling).cloned().collect();
            let Course::Completed(reached) = solve("settling", &steps, [0.5, 1.0])? else {
                return Err(Failure::not_converged(
                    "settling: no equilibrium under the judged load, which the bone carried in smaller steps\n  = hint: refine mesh.edge_*",
                ));
            };
            reached[fits.len()..].to_vec()
        } else {
            loaded.iter().rev().take(1).chain(settled_on).cloned().collect()
        };
        crushing.overlap = own.iter().map(overlap).fold(crushing.overlap, f64::max);
        crushing.settled = settled(&settling, judged, &own, (question, &strengths));
    }
    Ok(crushing)
}

/// Day 1 under the judged load, then on beds that give way more and more: one for each rim the calibration may have had
/// and, where bone is brittle, the outermost of these with the factor at the ends of its range.
fn settling_steps(
    case: &Case,
    bodies: &Bodies,
    question: &Question,
    factor: f64,
) -> Result<Vec<Step>, Failure> {
    let under = question.caudal().and_then(|level| bodies.find(Kind::Bone(level)));
    let modulus = tissue::mean_cancellous(case, under)?.0;
    let interfaces = &question.model.interfaces;
    let mut lengths = settling::RIM.map(settling::length);
    lengths.sort_by(f64::total_cmp);
    let [least, taken, most] = lengths;
    let brittle = case.embrittlement();
    let mut beds = vec![(least, brittle), (taken, brittle), (most, brittle)];
    if let Some(e) = case.bone.embrittlement {
        beds.insert(0, (least, e.range[1]));
        beds.push((most, e.range[0]));
    }
    let mut steps = Step::loads(&[factor]);
    for (length, brittle) in beds {
        let whole = settling::bed(modulus);
        let bed = Bed { length, strength: brittle * whole.strength };
        let seats = (0..interfaces.len()).filter(|k| is_seat(&interfaces[*k].name));
        steps.push(Step { factor, fit: 1.0, beds: seats.map(|k| (k, bed)).collect() });
    }
    Ok(steps)
}

fn is_seat(interface: &str) -> bool {
    SEATS.iter().any(|set| interface.ends_with(&format!(" on {set}")))
}

/// C1 and the bone under the implant with the laws of their tissues.
fn parts(case: &Case, bodies: &Bodies, question: &Question) -> Result<Vec<YieldingPart>, Failure> {
    let mut parts = Vec::new();
    for level in [Some(Level::C1), question.caudal()].into_iter().flatten() {
        let kind = Kind::Bone(level);
        let (Some(part), Some(body)) = (question.part(kind), bodies.find(kind)) else { continue };
        let mut laws = vec![None; body.palette.len()];
        for (own, t) in body.of_cell.iter().zip(&body.tissue) {
            if laws[*own as usize].is_none() {
                laws[*own as usize] = Some(tissue::yielding(case, t)?);
            }
        }
        parts.push(YieldingPart { part, laws });
    }
    Ok(parts)
}

fn load_state(
    case: &Case,
    question: &Question,
    (parts, layers, strengths): (&[YieldingPart], &[Layer], &Strengths),
    reached: &Reached,
    load: Option<usize>,
) -> LoadState {
    let crushed = |p: &BonePoint| if 0.0 < p.crushing { p.weight } else { 0.0 };
    let all = |k: usize| reached.points.get(k).into_iter().flatten().flatten();
    let of_level = |level: Level| {
        let part = question.part(Kind::Bone(level));
        let own = parts.iter().position(|y| Some(y.part) == part);
        own.map_or(0.0, |k| all(k).map(crushed).fold(0.0, |a, b| a + b))
    };
    let caudal = question.caudal();
    let seat = reached.solution.contacts.iter().find(|c| is_seat(&c.name));
    let area = seat.map_or(0.0, Contact::closed_area);
    let force = seat.map_or(0.0, |c| c.points.iter().map(|p| p.area * p.pressure).sum());
    let of_layer = |l: &Layer| face_state(case, question, l, (parts, strengths), reached);
    LoadState {
        load,
        axial: load.map_or(reached.factor * case.largest_load(), |k| case.loads[k].axial),
        travel: reached.solution.mean_travel(),
        sinking: sinking::of(question, &reached.solution, case.criteria.crush_depth),
        crushed: [Some(Level::C1), caudal].map(|l| l.map_or(0.0, of_level)),
        faces: layers.iter().filter_map(of_layer).collect(),
        crushing: (0..parts.len()).flat_map(all).map(|p| p.crushing).fold(0.0, f64::max),
        contact: [area, if 0.0 < area { force / area } else { 0.0 }],
        members: members(reached),
        anchors: anchors::of(strengths, &question.model, &reached.solution, 1.0),
        solves: reached.solves,
    }
}

/// `None` where the model lacks the face or its bone does not yield.
fn face_state(
    case: &Case,
    question: &Question,
    layer: &Layer,
    (parts, strengths): (&[YieldingPart], &Strengths),
    reached: &Reached,
) -> Option<FaceState> {
    let contact = layer.contact(&reached.solution)?;
    let own = parts.iter().position(|y| y.part == layer.part)?;
    let bone = reached.points.get(own)?;
    let points: Vec<&BonePoint> = layer.pressed(contact).map(|(cell, q)| &bone[cell][q]).collect();
    let weights: Vec<f64> = points.iter().map(|p| p.weight).collect();
    let strains: Vec<_> = points.iter().map(|p| p.strain).collect();
    let crushings: Vec<f64> = points.iter().map(|p| p.crushing).collect();
    let ratios = subsidence::compression_ratios(&strains, case.crush_strain());
    Some(FaceState {
        name: layer.face.clone(),
        layer: weights.iter().sum(),
        crushed: criteria::fraction_above(&weights, &crushings, 0.0),
        overstrained: criteria::fraction_above(&weights, &ratios, 1.0),
        closed: contact.closed_area(),
        overpressed: strengths.overpressed(question, contact, 1.0),
    })
}

/// Largest overlap on a face of the implant, mm.
fn overlap(reached: &Reached) -> f64 {
    let seats = reached.solution.contacts.iter().filter(|c| is_seat(&c.name));
    seats.map(|c| c.largest_violation).fold(0.0, f64::max)
}

/// Largest stress of screws and rods, MPa.
fn members(reached: &Reached) -> f64 {
    reached.solution.members.iter().map(|m| m.peak_stress).fold(0.0, f64::max)
}

/// Force on each contact face of the implant, N.
fn seat_forces(reached: &Reached) -> Vec<(String, f64)> {
    let seats = reached.solution.contacts.iter().filter(|c| is_seat(&c.name));
    seats.map(|c| (c.name.clone(), c.force.norm())).collect()
}

/// How the misfit of a case comes about: what is too tall is pressed in by steps, a gap is there.
fn fits(case: &Case) -> Vec<Step> {
    match case.misfit {
        m if m.is_none() => Vec::new(),
        m if 0.0 < m.size_error => Step::fits(PRESSED_IN),
        _ => Step::fits(1),
    }
}

/// - `reached`: of [`settling_steps`]
fn settled(
    steps: &[Step],
    axial: f64,
    reached: &[Reached],
    (question, strengths): (&Question, &Strengths),
) -> Option<Settled> {
    let (before, beds) = reached.split_first()?;
    // One bed, or one more, on either side of the one taken.
    let middle = beds.len() / 2;
    let (least, taken, largest) =
        (beds.get(middle.checked_sub(1)?)?, beds.get(middle)?, beds.get(middle + 1)?);
    let bed = steps.get(1 + middle)?.beds.first()?.1;
    let (first, last) = (beds.first()?, beds.last()?);
    let brittle = if beds.len() == 5 { Some([first, last]) } else { None };
    let of_face = |c: &Contact| {
        let areas: Vec<f64> = c.points.iter().map(|p| p.area).collect();
        let depths: Vec<f64> = c.points.iter().map(|p| p.sunk).collect();
        let most = depths.iter().copied().fold(0.0, f64::max);
        let share = criteria::fraction_above(&areas, &depths, 0.0);
        (c.name.clone(), [criteria::mean(&areas, &depths), most, share, c.closed_area()])
    };
    let loss = |r: &Reached| r.solution.mean_travel() - before.solution.mean_travel();
    Some(Settled {
        bed,
        axial,
        loss: loss(taken),
        range: [least, largest].map(loss),
        brittle: brittle.map(|ends| ends.map(loss)),
        members: beds.iter().map(members).fold(0.0, f64::max),
        anchors: [first, taken, last].map(|r| anchors::of(strengths, &question.model, &r.solution, 1.0)),
        faces: taken.solution.contacts.iter().filter(|c| is_seat(&c.name)).map(of_face).collect(),
    })
}

fn failure(error: &YieldError) -> Failure {
    let what = "implanted, day 1, bone that yields";
    match error {
        YieldError::Solve(e) => solve_failure(what, e),
        YieldError::Stiffness { .. } => Failure::bug(format!("{what}: {error}")),
        YieldError::Point { .. } | YieldError::NotConverged { .. } => Failure {
            exit: Exit::NotConverged,
            message: format!(
                "error: {what}: {error}\n  = hint: refine mesh.edge_*, or check bone density, loads and fixation"
            ),
        },
    }
}
