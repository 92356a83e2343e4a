//! Bodies joined into models: the intact column, and the implanted one on day 1 and after ingrowth.

use super::bodies::{Bodies, Body, Kind, facets_of};
use super::geometry::Geometry;
use super::tissue;
use crate::case::Case;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::{JointKind, Level, Side};
use dens_mesher::mesh::Mesh;
use dens_solver::loads::beam::BeamSection;
use dens_solver::loads::contact::{Gaps, Law};
use dens_solver::loads::fixation::{Fixation, Tie};
use dens_solver::loads::guide::Guide;
use dens_solver::materials::layers;
use dens_solver::model::{Hold, Interface, Model, Part, Surface};
use dens_solver::tensor::Stiffness;
use std::sync::Arc;

/// Which question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// C1 to C4 as they are: the control.
    Intact,
    /// Implant in frictional contact with the bone.
    DayOne,
    /// Implant ingrown: its faces bonded to the bone.
    Ingrown,
}

impl Stage {
    /// Name as printed.
    pub fn name(self) -> &'static str {
        ["intact", "implanted, day 1", "implanted, 12 months"][self as usize]
    }

    /// Name in files.
    pub fn key(self) -> &'static str {
        ["intact", "day-1", "12-months"][self as usize]
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
    /// Index of the part of that kind.
    pub fn part(&self, kind: Kind) -> Option<usize> {
        self.kinds.iter().position(|k| *k == kind)
    }
}

/// Builds the model of a stage, loaded with the largest axial load of the case.
///
/// - `lattice`: homogenised stiffness of the lattice region; not used by the intact stage
///
/// # Errors
/// A facet set that came out empty; exit 2.
pub fn build(
    case: &Case,
    geometry: &Geometry,
    bodies: &Bodies,
    stage: Stage,
    lattice: &Stiffness,
) -> Result<Question, Failure> {
    let mut question = Question {
        stage,
        model: Model { interpolation: case.interpolation, ..Model::default() },
        kinds: Vec::new(),
    };
    let intact = stage == Stage::Intact;
    let touches_c2 = |k: Kind| match k {
        Kind::Bone(l) => l == Level::C2,
        Kind::Disc(upper) | Kind::Cartilage(upper, _) => upper < Level::C3,
        Kind::Implant => false,
    };
    for body in &bodies.all {
        if (intact && body.kind == Kind::Implant) || (!intact && touches_c2(body.kind)) {
            continue;
        }
        let mut part = part(body);
        if body.kind == Kind::Implant {
            let mut filled = body.clone();
            tissue::fill_implant(case, lattice, &mut filled);
            (part.palette, part.of_cell) = (filled.palette, filled.of_cell);
        }
        if !intact && body.kind == Kind::Bone(Level::C1) && geometry.implant.upper_shift.norm() > 1e-9 {
            part.mesh = Arc::new(moved(&body.mesh, geometry.implant.upper_shift));
        }
        question.model.parts.push(part);
        question.kinds.push(body.kind);
    }
    joints(case, geometry, &mut question)?;
    if !intact {
        seats(case, geometry, stage, &mut question)?;
        if case.fixation.rods {
            question.model.fixation = fixation(case, geometry, &question);
        }
    }
    guides(case, &mut question)?;
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

fn moved(mesh: &Mesh, shift: Vec3) -> Mesh {
    let mut mesh = mesh.clone();
    mesh.points.iter_mut().for_each(|p| *p += shift);
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

/// Contact faces of the implant on C1 and C3; the bone, softer, is the slave, but under the rim of a cage, which is
/// narrower than the bone's facets.
fn seats(case: &Case, geometry: &Geometry, stage: Stage, question: &mut Question) -> Result<(), Failure> {
    let law = if stage == Stage::Ingrown { Law::Bonded } else { Law::Sliding { friction: case.friction } };
    let narrow = geometry.implant.params.form.rim_mm().is_some();
    for (set, bone) in SEATS {
        let own = surface(question, Kind::Implant, set)?;
        let (slave, master) = if narrow && set == SEATS[0].0 {
            (own, surface(question, Kind::Bone(bone), &format!("around {set}"))?)
        } else {
            (surface(question, Kind::Bone(bone), set)?, own)
        };
        let interface = Interface {
            name: format!("{} on {set}", bone.name()),
            slave,
            master,
            law,
            gaps: case.misfit.gaps(&geometry.implant, set),
            reach_mm: REACH,
        };
        question.model.interfaces.push(interface);
    }
    Ok(())
}

/// Contact faces of the implant, by the name of their facet set, with the bone they meet.
pub const SEATS: [(&str, Level); 3] =
    [("implant lower", Level::C3), ("implant upper left", Level::C1), ("implant upper right", Level::C1)];

/// Two condyles that share the load equally and move along it only.
fn guides(case: &Case, question: &mut Question) -> Result<(), Failure> {
    let bed =
        layers::confined_bedding(case.soft.cartilage.0, case.soft.cartilage.1, case.soft.condyle_thickness);
    for side in Side::BOTH {
        let facets = surface(question, Kind::Bone(Level::C1), &format!("condyle {}", side.name()))?;
        question.model.guides.push(Guide {
            name: format!("condyle {}", side.name()),
            beds: vec![(facets.part, facets.facets)],
            foundation: bed,
            force: [0.0, 0.0, -0.5 * case.largest_load()],
        });
    }
    Ok(())
}

/// Lateral mass screws in C1 and the bones below C2, joined by a rod on each side.
fn fixation(case: &Case, geometry: &Geometry, question: &Question) -> Fixation {
    let f = &case.fixation;
    let section = |diameter| BeamSection { diameter, youngs_modulus: f.modulus, poissons_ratio: f.poisson };
    let mut fixation = Fixation::default();
    for side in Side::BOTH {
        let mut heads = Vec::new();
        for (level, of, path) in &geometry.spine.screws {
            let Some(part) = question.part(Kind::Bone(*level)) else { continue };
            if *of != side {
                continue;
            }
            let shift = if *level == Level::C1 { geometry.implant.upper_shift } else { Vec3::zeros() };
            let head = path.entry + shift - path.direction * f.rod_offset;
            let tip = path.entry + shift + path.direction * path.length;
            let name = format!("{} screw {}", level.name(), side.name());
            let member =
                fixation.add(&name, section(f.screw_diameter), &[head, path.entry + shift, tip], 2.5);
            fixation.ties.push(Tie { member, part });
            heads.push(head);
        }
        heads.sort_by(|a, b| b.z.total_cmp(&a.z));
        if heads.len() > 1 {
            fixation.add(&format!("rod {}", side.name()), section(f.rod_diameter), &heads, 4.0);
        }
    }
    fixation
}
