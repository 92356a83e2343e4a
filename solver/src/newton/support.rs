//! What holds the bodies of a model, before anything is solved.

use super::discrete::Discrete;
use super::interfaces::Interfaces;
use crate::loads::contact::Law;
use crate::loads::rigidity::{FreeMotion, Mover, Rigidity};
use crate::model::Model;
use dens_mesher::Vec3;
use dens_mesher::geometry::Aabb;

/// Points of a connection that are looked at; more would only repeat them.
const SAMPLES: usize = 200;

/// Rigid motions that no support, interface, guide or screw resists.
pub(super) fn free_motions(model: &Model, discrete: &Discrete, interfaces: &Interfaces) -> Vec<FreeMotion> {
    let mut movers: Vec<Mover> = model.parts.iter().map(|p| body(&p.name, &p.mesh.points)).collect();
    let first_guide = movers.len();
    for g in &model.guides {
        movers.push(Mover::Slider { name: g.name.clone(), axis: g.direction() });
    }
    let first_body = movers.len();
    for b in &model.bodies {
        let of = |(part, facets): &(usize, Vec<u32>)| {
            let mesh = &model.parts[*part].mesh;
            let nodes = facets.iter().flat_map(|f| mesh.boundary[*f as usize].nodes);
            nodes.map(|n| mesh.points[n as usize]).collect::<Vec<_>>()
        };
        movers.push(body(&b.name, &b.beds.iter().flat_map(of).collect::<Vec<_>>()));
    }
    let first_frame = movers.len();
    let frame_of = frames(model);
    let n_frames = frame_of.iter().max().map_or(0, |m| m + 1);
    for frame in 0..n_frames {
        let members: Vec<usize> = (0..frame_of.len()).filter(|m| frame_of[*m] == frame).collect();
        let nodes = members.iter().flat_map(|m| &model.fixation.members[*m].nodes);
        let points: Vec<Vec3> = nodes.map(|n| model.fixation.nodes[*n as usize]).collect();
        movers.push(body(&model.fixation.members[members[0]].name, &points));
    }

    let all = || vec![Vec3::x(), Vec3::y(), Vec3::z()];
    let mut rigidity = Rigidity::new(movers);
    for h in &model.holds {
        let mesh = &model.parts[h.surface.part].mesh;
        let at = h.surface.facets.iter().flat_map(|f| mesh.boundary[*f as usize].nodes);
        let at: Vec<_> = at.map(|n| (mesh.points[n as usize], all())).collect();
        rigidity.link(h.surface.part, None, &thin(at));
    }
    for (number, i) in model.interfaces.iter().enumerate() {
        let smooth = i.law == Law::Sliding { friction: 0.0 };
        let points = &interfaces.points[interfaces.spans[number].points.clone()];
        let at = points.iter().map(|p| (p.position, if smooth { vec![p.normal] } else { all() })).collect();
        rigidity.link(i.slave.part, Some(i.master.part), &thin(at));
    }
    for (k, ((_, bed), guide)) in discrete.guides.iter().zip(&model.guides).enumerate() {
        let mut rest = &bed[..];
        for (part, facets) in &guide.beds {
            let (own, others) = rest.split_at(7 * facets.len());
            rest = others;
            let at = own.iter().map(|p| (p.position, all())).collect();
            rigidity.link(*part, Some(first_guide + k), &thin(at));
        }
    }
    for (k, tie) in model.fixation.ties.iter().enumerate() {
        let at = discrete.ties.iter().filter(|p| p.tie == k).map(|p| (p.position, all())).collect();
        rigidity.link(tie.part, Some(first_frame + frame_of[tie.member]), &thin(at));
    }
    let frame = |node: u32| {
        let with = model.fixation.members.iter().position(|m| m.nodes.contains(&node));
        with.map(|m| first_frame + frame_of[m])
    };
    for (k, (bed, b)) in discrete.bodies.iter().zip(&model.bodies).enumerate() {
        let mut rest = &bed[..];
        for (part, facets) in &b.beds {
            let (own, others) = rest.split_at(7 * facets.len());
            rest = others;
            let at = own.iter().map(|p| (p.position, all())).collect();
            rigidity.link(*part, Some(first_body + k), &thin(at));
        }
        let center = model.fixation.nodes[b.node as usize];
        for l in model.fixation.links.iter().filter(|l| l.with == b.node) {
            // Clamped: three points a screw's size apart.
            let at = model.fixation.nodes[l.node as usize];
            let held = [Vec3::zeros(), 5.0 * Vec3::x(), 5.0 * Vec3::y()].map(|d| (at + d, all()));
            frame(l.node).into_iter().for_each(|f| rigidity.link(first_body + k, Some(f), &held));
        }
        if b.guided {
            let axis = b.direction();
            let helper = if axis.x.abs() < 0.8 { Vec3::x() } else { Vec3::y() };
            let aside = axis.cross(&helper).normalize();
            let across = vec![aside, axis.cross(&aside)];
            let held = [Vec3::zeros(), 10.0 * axis, 10.0 * aside].map(|d| (center + d, across.clone()));
            rigidity.link(first_body + k, None, &held);
        }
    }
    for (w, end) in model.fixation.wires.iter().zip(&discrete.wires) {
        if let Some(f) = frame(w.node) {
            rigidity.link(w.part, Some(f), &[(w.anchor, vec![end.axis])]);
        }
    }
    rigidity.free_motions()
}

fn body(name: &str, points: &[Vec3]) -> Mover {
    let b = Aabb::around(points);
    Mover::Body { name: name.to_string(), center: b.center(), size: (0.5 * b.size().norm()).max(1e-6) }
}

/// Number of the rigid frame each member belongs to: members that share a node are one.
fn frames(model: &Model) -> Vec<usize> {
    let members = &model.fixation.members;
    let mut frame_of: Vec<usize> = (0..members.len()).collect();
    for i in 0..members.len() {
        for j in 0..i {
            if frame_of[i] != frame_of[j] && members[i].nodes.iter().any(|n| members[j].nodes.contains(n)) {
                let (keep, drop) = (frame_of[i].min(frame_of[j]), frame_of[i].max(frame_of[j]));
                frame_of.iter_mut().filter(|f| **f == drop).for_each(|f| *f = keep);
            }
        }
    }
    let mut numbers: Vec<usize> = frame_of.clone();
    numbers.sort_unstable();
    numbers.dedup();
    frame_of.iter().map(|f| numbers.partition_point(|n| n < f)).collect()
}

/// At most [`SAMPLES`] points, evenly picked.
fn thin<T: Clone>(points: Vec<T>) -> Vec<T> {
    let step = points.len().div_ceil(SAMPLES).max(1);
    points.into_iter().step_by(step).collect()
}
