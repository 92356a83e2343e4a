//! Screws, rods and wires of a case in its anatomy, and the occiput they may end in.
//!
//! ```text
//!        C0 ●══● rod          occiput: rigid, follows the superior facets of C1 on their cartilage
//!           ╲
//!   C1 ▭═════●                lateral mass screws: beams tied into bone
//!   ┌──────┐ ║
//!   │implant ║                screws through the implant: held in its bore, tied into C1 and C3
//!   └─╲──╱─┘ ║
//!   C3 ▭═════●
//!   C4 ▭┈┈┈┈┈●                a wire in place of a screw only pulls
//! ```
//! The occiput of the anatomy is not known; where its screws enter is measured from its condyles.

use super::bodies::Kind;
use super::geometry::Geometry;
use super::models::Question;
use crate::case::Case;
use crate::failure::Failure;
use crate::fixation::{FaultKind, Fixation as Asked};
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::{self, Level, ScrewPath, Side};
use dens_solver::loads::beam::BeamSection;
use dens_solver::loads::fixation::{Fixation, Link, Tie, Wire};
use dens_solver::loads::guide::Bedding;
use dens_solver::loads::rigid::RigidBody;
use nalgebra::Isometry3;

/// Entry of an occipital screw from the middle between the condyles, mm: to the side, posterior, cranial. Between the
/// superior and inferior nuchal lines of an adult; engineering choice, range ± 8 mm.
const OCCIPITAL_ENTRY: [f64; 3] = [10.0, 45.0, 22.0];

/// Its direction: the squama faces backward and downward there; engineering choice.
const OCCIPITAL_DIRECTION: [f64; 3] = [0.0, -0.8, 0.6];

/// Purchase of an occipital screw, mm.
///
/// Source: Scheer 2010 (4.0 x 12 mm).
pub const OCCIPITAL_PURCHASE: f64 = 12.0;

/// Depth of bone over the anchor of a wire, mm; engineering choice.
const WIRE_DEPTH: f64 = 1.0;

/// Share of the wall around a bore in which the screw is held.
const WALL_SHARE: f64 = 0.4;

/// Screws, rods and wires of the case, without what its faults leave out.
///
/// # Errors
/// A level without a way for its screw, a rod that no screw holds, a wire that finds no bone; exit 2.
pub fn fixation(case: &Case, geometry: &Geometry, question: &Question) -> Result<Fixation, Failure> {
    let asked = &case.fixation;
    let mut fixation = Fixation::default();
    if asked.rods {
        for side in Side::BOTH {
            posterior(asked, geometry, question, side, &mut fixation)?;
        }
    }
    through_implant(case, geometry, question, &mut fixation);
    Ok(fixation)
}

fn section(asked: &Asked, diameter: f64) -> BeamSection {
    BeamSection { diameter, youngs_modulus: asked.modulus, poissons_ratio: asked.poisson }
}

fn posterior(
    asked: &Asked,
    geometry: &Geometry,
    question: &Question,
    side: Side,
    fixation: &mut Fixation,
) -> Result<(), Failure> {
    let (mut heads, mut wires, mut held) = (Vec::new(), Vec::new(), 0);
    let has_path = |level: &&Level| {
        question.part(Kind::Bone(**level)).is_some()
            && geometry.spine.screws.iter().any(|(l, of, _)| l == *level && *of == side)
    };
    let bare: Vec<&str> = asked.levels.iter().filter(|l| !has_path(l)).map(|l| l.name()).collect();
    if !bare.is_empty() {
        return Err(Failure::input(format!(
            "fixation.levels: no screw finds its way into {} on the {}\n  = hint: name only levels that stay and whose bone has room for a screw, or set fixation.rods = false",
            bare.join(", "),
            side.name()
        )));
    }
    for (level, of, path) in &geometry.spine.screws {
        let Some(part) = question.part(Kind::Bone(*level)) else { continue };
        if *of != side || !asked.levels.contains(level) {
            continue;
        }
        let motion = if *level == Level::C1 { geometry.implant.upper } else { Isometry3::identity() };
        let (entry, direction) = (spine::moved(&motion, path.entry), motion.rotation * path.direction);
        let head = entry - direction * asked.rod_offset;
        heads.push(head);
        let name = Asked::screw(*level, side);
        match asked.fault(&name) {
            Some(FaultKind::Missing) => {}
            Some(FaultKind::Wire) => {
                let anchor = spine::moved(&motion, anchor(geometry, *level, path)?);
                wires.push((name.replace("screw", "wire"), part, head, anchor));
            }
            None => {
                let tip = entry + direction * path.length;
                let core = section(asked, asked.screw_core);
                let member = fixation.add_screw(&name, core, asked.screw_diameter, &[head, entry, tip], 2.5);
                fixation.tie(member, part);
                held += 1;
            }
        }
    }
    if asked.occiput {
        let (entry, direction) = occipital(geometry, side);
        let head = entry - direction * asked.rod_offset;
        heads.push(head);
        let name = Asked::occipital_screw(side);
        if asked.fault(&name).is_none() {
            let core = section(asked, asked.occipital_core);
            fixation.add_screw(&name, core, asked.occipital_diameter, &[head, entry], 2.5);
            held += 1;
        }
    }
    heads.sort_by(|a, b| b.z.total_cmp(&a.z));
    let rod = Asked::rod(side);
    if asked.fault(&rod).is_some() {
        return Ok(());
    }
    if heads.len() < 2 || held == 0 {
        return Err(Failure::input(format!(
            "{rod} is held by no screw: the faults leave out {}\n  = hint: add a fault that leaves out `{rod}` too, or keep a screw on the {}",
            if heads.len() < 2 { "all but one level" } else { "all of its screws" },
            side.name()
        )));
    }
    fixation.add(&rod, section(asked, asked.rod_diameter), &heads, 4.0);
    for (name, part, head, anchor) in wires {
        let node = fixation.nodes.iter().position(|p| (p - head).norm() < 1e-3);
        let node = node.ok_or_else(|| Failure::bug("a wire's end is not on the rod"))? as u32;
        let section = section(asked, asked.wire_diameter);
        fixation.wires.push(Wire { name, section, node, part, anchor });
    }
    Ok(())
}

/// Where a wire holds: on the path of the screw it replaces, a little below the surface of the bone.
fn anchor(geometry: &Geometry, level: Level, path: &ScrewPath) -> Result<Vec3, Failure> {
    let bone = geometry.spine.bone(level).map(|b| b.field.clone());
    let bone = bone.ok_or_else(|| Failure::bug("a screw in a bone that is not there"))?;
    let steps = (path.length / 0.25) as usize;
    let mut places = (0..steps).map(|k| path.entry + path.direction * (0.25 * k as f64));
    places.find(|p| bone.value(*p) < -WIRE_DEPTH).ok_or_else(|| {
        Failure::input(format!(
            "{} has less than {WIRE_DEPTH} mm of bone where its wire would hold\n  = hint: put the fault on another level",
            level.name()
        ))
    })
}

/// Entry and direction of an occipital screw.
fn occipital(geometry: &Geometry, side: Side) -> (Vec3, Vec3) {
    let [x, y, z] = OCCIPITAL_ENTRY;
    (condyles(geometry) + Vec3::new(side.sign() * x, y, z), Vec3::from(OCCIPITAL_DIRECTION))
}

/// Middle between the condyles, mm.
fn condyles(geometry: &Geometry) -> Vec3 {
    let [left, right] = &geometry.spine.condyles;
    spine::moved(&geometry.implant.upper, 0.5 * (left.center + right.center))
}

/// Screws through the tracks of the implant, held across the clearance in the wall of their bore.
fn through_implant(case: &Case, geometry: &Geometry, question: &Question, fixation: &mut Fixation) {
    let asked = &case.fixation;
    let Some(implant) = question.part(Kind::Implant) else { return };
    for track in &geometry.implant.tracks {
        let side = if 0.0 < track.exit.x { Side::Left } else { Side::Right };
        let name = Asked::implant_screw(track.into, side);
        let Some(bone) = question.part(Kind::Bone(track.into)) else { continue };
        if !asked.implant_screws.contains(&track.into) || asked.fault(&name).is_some() {
            continue;
        }
        let diameter = case.implant.screw_diameter;
        let tip = track.exit + track.direction * track.bite;
        let core = section(asked, asked.implant_core(diameter));
        let member = fixation.add_screw(&name, core, diameter, &[track.entry, track.exit, tip], 2.5);
        let beyond = track.radius - 0.5 * diameter + WALL_SHARE * case.implant.screw_wall;
        fixation.ties.push(Tie { member, part: implant, beyond });
        fixation.tie(member, bone);
    }
}

/// The occiput on these facets under the force of the head, its screws clamped in it.
pub fn occiput(
    geometry: &Geometry,
    fixation: &mut Fixation,
    beds: Vec<(usize, Vec<u32>)>,
    foundation: Bedding,
    force: Vec3,
) -> RigidBody {
    let node = fixation.nodes.len() as u32;
    fixation.nodes.push(condyles(geometry));
    for side in Side::BOTH {
        let name = Asked::occipital_screw(side);
        let screw = fixation.members.iter().find(|m| m.name == name);
        if let Some(last) = screw.and_then(|m| m.nodes.last()) {
            fixation.links.push(Link { node: *last, with: node });
        }
    }
    RigidBody {
        name: "occiput".into(),
        node,
        beds,
        foundation,
        force: force.into(),
        couple: [0.0; 3],
        guided: true,
    }
}

#[cfg(test)]
mod tests;
