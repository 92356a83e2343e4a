//! Bodies joined into models: the intact column, and the implanted one on day 1 and after ingrowth.

use super::bodies::{Bodies, Body, Kind, facets_of};
use super::construct;
use super::geometry::Geometry;
use super::grading::{Fill, fill_implant};
use super::ingrowth::{self, Ingrowth};
use crate::case::Case;
use crate::failure::Failure;
use dens_mesher::geometry::spine::{self, JointKind, Level, Side};
use dens_mesher::mesh::Mesh;
use dens_solver::loads::contact::{Gaps, Law};
use dens_solver::loads::guide::{Bedding, Guide};
use dens_solver::materials::layers;
use dens_solver::model::{Hold, Interface, Model, Part, Surface};
use nalgebra::Isometry3;
use std::sync::Arc;

/// Which question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// C1 to C4 as they are: the control.
    Intact,
    /// Implant in frictional contact with the bone.
    DayOne,
    /// Implant bonded to the bone where it hardly moved on day 1, in friction elsewhere.
    Partial,
    /// Implant ingrown: its faces bonded to the bone.
    Ingrown,
}

impl Stage {
    /// Name as printed.
    pub fn name(self) -> &'static str {
        ["intact", "implanted, day 1", "implanted, partial ingrowth", "implanted, 12 months"][self as usize]
    }

    /// Name in files.
    pub fn key(self) -> &'static str {
        ["intact", "day-1", "partial", "12-months"][self as usize]
    }
}

/// Gap up to which meshed surfaces count as touching, mm: facets of curved surfaces stand apart by up to
/// edge² / 8 R, 0.1 mm at edge 3.2 mm and R 13 mm, doubled at rims.
const REACH: f64 = 0.6;

/// A model with the bodies its parts were made of.
pub struct Question {
    /// Stage.
    pub stage: Stage,
    /// The model, loaded with the largest axial load of the case.
    pub model: Model,
    /// Kind of each part.
    pub kinds: Vec<Kind>,
}

impl Question {
    /// Bone under the implant: the first one below C1 where what lies between is replaced.
    pub fn caudal(&self) -> Option<Level> {
        let below = |k: &Kind| matches!(k, Kind::Bone(l) if *l != Level::C1);
        let Some(Kind::Bone(level)) = self.kinds.iter().copied().find(below) else { return None };
        (self.stage != Stage::Intact).then_some(level)
    }

    /// Names of the interfaces of the implant's contact faces, in the order of [`SEATS`]; none without implant.
    pub fn seat_names(&self) -> Vec<String> {
        let named = |(set, bone): (&str, Level)| seat_name(set, bone);
        self.caudal().map_or_else(Vec::new, |caudal| meeting(caudal).into_iter().map(named).collect())
    }

    /// Index of the part of that kind.
    pub fn part(&self, kind: Kind) -> Option<usize> {
        self.kinds.iter().position(|k| *k == kind)
    }
}

/// Builds the model of a stage, loaded with the largest axial load of the case.
///
/// - `lattice`: homogenised stiffness of the lattice region, or a table of it; not used by the intact stage
///
/// # Errors
/// A facet set that came out empty; exit 2.
pub fn build<'a>(
    case: &Case,
    geometry: &Geometry,
    bodies: &Bodies,
    stage: Stage,
    lattice: impl Into<Fill<'a>>,
) -> Result<Question, Failure> {
    build_grown(case, geometry, bodies, stage, lattice.into(), None)
}

/// The same with the faces of the implant bonded on the facets of `grown` only; `None`: as a whole where ingrown, not at
/// all before.
///
/// # Errors
/// As [`build`].
pub fn build_grown(
    case: &Case,
    geometry: &Geometry,
    bodies: &Bodies,
    stage: Stage,
    lattice: Fill<'_>,
    grown: Option<&Ingrowth>,
) -> Result<Question, Failure> {
    let mut question = Question {
        stage,
        model: Model { interpolation: case.interpolation, ..Model::default() },
        kinds: Vec::new(),
    };
    let intact = stage == Stage::Intact;
    let caudal = geometry.caudal();
    let replaced = |k: Kind| match k {
        Kind::Bone(l) => Level::C1 < l && l < caudal,
        Kind::Disc(upper) | Kind::Cartilage(upper, _) => upper < caudal,
        Kind::Implant => false,
    };
    for body in &bodies.all {
        if (intact && body.kind == Kind::Implant) || (!intact && replaced(body.kind)) {
            continue;
        }
        let mut part = part(body);
        if body.kind == Kind::Implant {
            let mut filled = body.clone();
            fill_implant(case, &geometry.implant, lattice, &mut filled);
            (part.palette, part.of_cell) = (filled.palette, filled.of_cell);
        }
        if !intact && body.kind == Kind::Bone(Level::C1) && geometry.implant.upper != Isometry3::identity() {
            part.mesh = Arc::new(moved(&body.mesh, &geometry.implant.upper));
        }
        question.model.parts.push(part);
        question.kinds.push(body.kind);
    }
    joints(case, geometry, &mut question)?;
    if !intact {
        seats(case, geometry, grown, &mut question)?;
        question.model.fixation = construct::fixation(case, geometry, &question)?;
    }
    occiput(case, geometry, stage, &mut question)?;
    let lowest = geometry.spine.bones.last().map_or(Level::C4, |b| b.level);
    let held = surface(&question, Kind::Bone(lowest), "held")?;
    question
        .model
        .holds
        .push(Hold { name: format!("{} inferior endplate and facets", lowest.name()), surface: held });
    Ok(question)
}

fn part(body: &Body) -> Part {
    Part {
        name: body.name.clone(),
        mesh: body.mesh.clone(),
        palette: body.palette.clone(),
        of_cell: body.of_cell.clone(),
    }
}

fn moved(mesh: &Mesh, motion: &Isometry3<f64>) -> Mesh {
    let mut mesh = mesh.clone();
    mesh.points.iter_mut().for_each(|p| *p = spine::moved(motion, *p));
    mesh
}

fn surface(question: &Question, kind: Kind, set: &str) -> Result<Surface, Failure> {
    let part = question.part(kind).ok_or_else(|| Failure::bug(format!("no part for `{set}`")))?;
    let facets = question.model.parts[part].mesh.facet_sets.get(set).cloned().unwrap_or_default();
    if facets.is_empty() {
        return Err(Failure::input(format!(
            "no facet of {} lies in `{set}`\n  = hint: use a finer mesh (mesh.edge_*), or check the anatomy",
            question.model.parts[part].name
        )));
    }
    Ok(Surface { part, facets })
}

/// Discs bonded on both sides; cartilage bonded below, sliding above.
fn joints(case: &Case, geometry: &Geometry, question: &mut Question) -> Result<(), Failure> {
    for joint in &geometry.spine.joints {
        let (kind, upper_law) = match joint.kind {
            JointKind::Disc => (Kind::Disc(joint.upper), Law::Bonded),
            JointKind::Facet(side) => {
                (Kind::Cartilage(joint.upper, side), Law::Sliding { friction: case.facet_friction })
            }
        };
        if question.part(kind).is_none() {
            continue;
        }
        let near = facets_of(joint);
        for (own, bone, law, where_) in
            [("on lower", joint.lower, Law::Bonded, "below"), ("on upper", joint.upper, upper_law, "above")]
        {
            let interface = Interface {
                name: format!("{} {where_}", joint.name()),
                slave: surface(question, kind, own)?,
                master: surface(question, Kind::Bone(bone), &near)?,
                law,
                gaps: Gaps::Closed,
                reach_mm: REACH,
            };
            question.model.interfaces.push(interface);
        }
    }
    Ok(())
}

/// Contact faces of the implant on C1 and the caudal bone; the bone, softer, is the slave, but under the
/// rim of a cage, which is narrower than the bone's facets.
fn seats(
    case: &Case,
    geometry: &Geometry,
    grown: Option<&Ingrowth>,
    question: &mut Question,
) -> Result<(), Failure> {
    let stage = question.stage;
    let narrow = geometry.implant.params.form.rim_mm().is_some();
    let sliding = Law::Sliding { friction: case.friction };
    for (k, (set, bone)) in meeting(geometry.caudal()).into_iter().enumerate() {
        let own = surface(question, Kind::Implant, set)?;
        let (slave, master) = if narrow && set == SEATS[0] {
            (own, surface(question, Kind::Bone(bone), &format!("around {set}"))?)
        } else {
            (surface(question, Kind::Bone(bone), set)?, own)
        };
        let name = seat_name(set, bone);
        let (bonded, free) = match grown {
            Some(grown) => grown.part(k, &slave.facets),
            None if stage == Stage::Ingrown => (slave.facets, Vec::new()),
            None => (Vec::new(), slave.facets),
        };
        let both = !bonded.is_empty() && !free.is_empty();
        for (law, facets) in [(sliding, free), (Law::Bonded, bonded)] {
            if facets.is_empty() {
                continue;
            }
            let part = both && law == Law::Bonded;
            let gaps = match grown {
                Some(grown) if law == Law::Bonded => grown.gaps(k, &facets),
                _ => case.misfit.gaps(&geometry.implant, set),
            };
            question.model.interfaces.push(Interface {
                name: if part { ingrowth::bonded_name(&name) } else { name.clone() },
                slave: Surface { part: slave.part, facets },
                master: master.clone(),
                law,
                gaps,
                reach_mm: REACH,
            });
        }
    }
    Ok(())
}

/// Contact faces of the implant, by the name of their facet set.
pub const SEATS: [&str; 3] = ["implant lower", "implant upper left", "implant upper right"];

/// Contact faces of the implant with the bone they meet; `caudal` is the one below.
pub fn meeting(caudal: Level) -> [(&'static str, Level); 3] {
    let [lower, left, right] = SEATS;
    [(lower, caudal), (left, Level::C1), (right, Level::C1)]
}

/// Name of the interface of a contact face of the implant.
pub fn seat_name(set: &str, bone: Level) -> String {
    format!("{} on {set}", bone.name())
}

/// Two condyles that share the load equally and move along it only; with screws in the occiput one rigid body that does.
fn occiput(case: &Case, geometry: &Geometry, stage: Stage, question: &mut Question) -> Result<(), Failure> {
    let (modulus, poisson) = case.soft.cartilage;
    let bed = Bedding {
        normal: layers::confined_bedding(modulus, poisson, case.soft.condyle_thickness),
        shear: layers::shear_bedding(modulus, poisson, case.soft.condyle_thickness),
    };
    let down = case.load_direction;
    let on_c1 = |side: Side| surface(question, Kind::Bone(Level::C1), &format!("condyle {}", side.name()));
    let condyles = [on_c1(Side::Left)?, on_c1(Side::Right)?];
    if stage != Stage::Intact && case.fixation.rods && case.fixation.occiput {
        let beds = condyles.into_iter().map(|s| (s.part, s.facets)).collect();
        let body =
            construct::occiput(geometry, &mut question.model.fixation, beds, bed, case.largest_load() * down);
        question.model.bodies.push(body);
        return Ok(());
    }
    for (side, facets) in Side::BOTH.into_iter().zip(condyles) {
        question.model.guides.push(Guide {
            name: format!("condyle {}", side.name()),
            beds: vec![(facets.part, facets.facets)],
            foundation: bed,
            force: (0.5 * case.largest_load() * down).into(),
        });
    }
    Ok(())
}
