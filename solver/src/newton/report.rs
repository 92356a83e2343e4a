//! From nodal displacements to the reports of a solution.

use super::discrete::{Discrete, Freedom};
use super::interfaces::Interfaces;
use crate::linear::vector::dot;
use crate::loads::beam;
use crate::loads::contact::{Law, Response, Status};
use crate::loads::fixation::{Tie, Wire};
use crate::model::Model;
use crate::solution::{
    Balance, Bearing, Contact, ContactFacet, ContactPoint, GuideReport, MemberReport, Progress, Reaction,
    Solution, TieReport, WireReport,
};
use dens_mesher::Vec3;
use nalgebra::SVector;

/// Lever of the moment balance, mm.
const LEVER: f64 = 100.0;

/// Converged state.
pub(super) struct State<'a> {
    pub(super) u: &'a [f64],
    pub(super) jumps: &'a [Vec3],
    pub(super) responses: &'a [Response],
    pub(super) multipliers: &'a [Vec3],
    /// Internal minus applied forces at every node, N: the reactions where a node is held.
    pub(super) unbalanced: &'a [f64],
    pub(super) applied: &'a [f64],
}

pub(super) fn collect(
    model: &Model,
    discrete: &Discrete,
    interfaces: &Interfaces,
    state: &State<'_>,
    progress: Progress,
) -> Solution {
    let displacements = model
        .parts
        .iter()
        .zip(&discrete.offsets)
        .map(|(p, o)| {
            let nodes = 0..p.mesh.n_nodes() as u32;
            nodes.map(|i| discrete.unknowns.displacement(state.u, i + o)).collect()
        })
        .collect();
    let beam_motions: Vec<[Vec3; 2]> =
        (0..model.fixation.nodes.len() as u32).map(|i| discrete.beam_motion(state.u, i)).collect();
    Solution {
        displacements,
        contacts: contacts(model, interfaces, state),
        holds: holds(model, discrete, state),
        guides: guides(model, discrete, state),
        members: members(model, &beam_motions),
        beam_motions,
        ties: ties(model, discrete, state),
        wires: wires(model, discrete, state.u),
        balance: balance(model, discrete, state.u, state.unbalanced, state.applied),
        compliance: dot(state.applied, state.u),
        progress,
        proportional: interfaces.proportional(),
        multipliers: state.multipliers.to_vec(),
    }
}

fn contacts(model: &Model, interfaces: &Interfaces, state: &State<'_>) -> Vec<Contact> {
    let of_span = |(number, span): (usize, &super::interfaces::Span)| {
        let law = model.interfaces[number].law;
        let mut contact = Contact {
            name: model.interfaces[number].name.clone(),
            law,
            points: Vec::with_capacity(span.points.len()),
            facets: Vec::new(),
            slave_area: span.slave_area,
            paired_area: 0.0,
            largest_initial_gap: 0.0,
            largest_violation: 0.0,
            relative_violation: 0.0,
            force: Vec3::zeros(),
            moment: Vec3::zeros(),
        };
        for pair in &interfaces.pairs[span.pairs.clone()] {
            for i in pair.first..pair.first + pair.count {
                let (point, r, d) = (&interfaces.points[i], &state.responses[i], state.jumps[i]);
                let sunk = interfaces.sunk(i, r);
                let along = d.dot(&point.normal) - sunk;
                let force = -point.weight * r.traction;
                contact.force += force;
                contact.moment += point.position.cross(&force);
                contact.paired_area += point.weight;
                contact.largest_initial_gap = contact.largest_initial_gap.max(point.gap.abs());
                let violation = if law == Law::Bonded {
                    d.norm()
                } else if r.status == Status::Open {
                    0.0
                } else {
                    along.abs()
                };
                contact.largest_violation = contact.largest_violation.max(violation);
                contact.relative_violation = contact.relative_violation.max(violation / point.size);
                contact.points.push(ContactPoint {
                    position: point.position,
                    normal: point.normal,
                    area: point.weight,
                    cells: pair.cells,
                    pressure: r.pressure,
                    shear: r.pressure * point.normal - r.traction,
                    gap: -along,
                    slip: d - (along + sunk) * point.normal,
                    sunk,
                    status: r.status,
                });
            }
        }
        for pairs in interfaces.pairs[span.pairs.clone()].chunk_by(|a, b| a.facet == b.facet) {
            let start = pairs[0].first - span.points.start;
            let points = start..start + pairs.iter().map(|p| p.count).sum::<usize>();
            let own = &contact.points[points.clone()];
            let area: f64 = own.iter().map(|p| p.area).sum();
            let pressure = own.iter().map(|p| p.area * p.pressure).sum::<f64>() / area;
            contact.facets.push(ContactFacet { facet: pairs[0].facet, points, area, pressure });
        }
        contact
    };
    interfaces.spans.iter().enumerate().map(of_span).collect()
}

fn holds(model: &Model, discrete: &Discrete, state: &State<'_>) -> Vec<Reaction> {
    let mut counted = vec![false; discrete.n_nodes()];
    let of_hold = |h: &crate::model::Hold| {
        let mut r = Reaction { name: h.name.clone(), ..Reaction::default() };
        for &f in &h.surface.facets {
            for n in model.parts[h.surface.part].mesh.boundary[f as usize].nodes {
                let Some(node) = discrete.unknowns.own(n + discrete.offsets[h.surface.part]) else {
                    continue;
                };
                let node = node as usize;
                if !std::mem::replace(&mut counted[node], true) {
                    let force = Vec3::from_column_slice(&state.unbalanced[3 * node..3 * node + 3]);
                    r.force += force;
                    r.moment += Vec3::from(discrete.system.coordinates[node]).cross(&force);
                }
            }
        }
        r
    };
    model.holds.iter().map(of_hold).collect()
}

/// Force on the rigid body across its guide and moment about its center, from the forces of the bedding.
fn rail(discrete: &Discrete, model: &Model, k: usize, u: &[f64]) -> GuideReport {
    let guide = &model.guides[k];
    let (node, bed) = &discrete.guides[k];
    let (axis, center) = (guide.direction(), discrete.guide_center(k));
    let reference = Vec3::from_column_slice(&u[3 * *node as usize..3 * *node as usize + 3]);
    let mut report = GuideReport {
        name: guide.name.clone(),
        travel: reference.dot(&axis),
        transverse: Vec3::zeros(),
        moment: Vec3::zeros(),
        center,
        peak_pressure: 0.0,
        peak_tension: 0.0,
    };
    for p in bed {
        let mut d = -reference;
        for (n, share) in p.nodes.iter().zip(p.values) {
            d += share * Vec3::from_column_slice(&u[3 * *n as usize..3 * *n as usize + 3]);
        }
        // Traction of the bedding on the part; the rail must give the rigid body the same.
        let traction = -guide.foundation.stiffness(p.normal) * d;
        let force = p.weight * traction;
        report.transverse += force - force.dot(&axis) * axis;
        report.moment += (p.position - center).cross(&force);
        report.peak_pressure = report.peak_pressure.max(traction.dot(&axis));
        report.peak_tension = report.peak_tension.max(-traction.dot(&axis));
    }
    report
}

fn guides(model: &Model, discrete: &Discrete, state: &State<'_>) -> Vec<GuideReport> {
    let rails = (0..model.guides.len()).map(|k| rail(discrete, model, k, state.u));
    rails.chain((0..model.bodies.len()).map(|k| body(discrete, model, k, state))).collect()
}

/// Force of the guide on a rigid body, if it has one, and the traction of its bedding.
fn body(discrete: &Discrete, model: &Model, k: usize, state: &State<'_>) -> GuideReport {
    let body = &model.bodies[k];
    let axis = body.direction();
    let node = discrete.beam_node(body.node) as usize;
    let at = |v: &[f64], node: usize| Vec3::from_column_slice(&v[3 * node..3 * node + 3]);
    let held = |v: Vec3| if body.guided { v } else { Vec3::zeros() };
    let force = held(at(state.unbalanced, node));
    let mut report = GuideReport {
        name: body.name.clone(),
        travel: at(state.u, node).dot(&axis),
        transverse: force - force.dot(&axis) * axis,
        moment: held(at(state.unbalanced, node + 1)),
        center: model.fixation.nodes[body.node as usize],
        peak_pressure: 0.0,
        peak_tension: 0.0,
    };
    for p in &discrete.bodies[k] {
        let shares = discrete.bed_shares(model, body.node, p);
        let d: Vec3 = shares.iter().map(|(n, a)| a * at(state.u, *n as usize)).sum();
        let along = -(body.foundation.stiffness(p.normal) * d).dot(&axis);
        report.peak_pressure = report.peak_pressure.max(along);
        report.peak_tension = report.peak_tension.max(-along);
    }
    report
}

fn wires(model: &Model, discrete: &Discrete, u: &[f64]) -> Vec<WireReport> {
    let of_wire = |(k, w): (usize, &Wire)| {
        let elongation = discrete.elongation(model, k, u);
        let end = &discrete.wires[k];
        let tension = end.stiffness * elongation.max(0.0);
        let force = tension * end.axis;
        WireReport {
            name: w.name.clone(),
            part: model.parts[w.part].name.clone(),
            tension,
            stress: tension / w.section.area(),
            slack: (-elongation).max(0.0),
            force,
            moment: w.anchor.cross(&force),
        }
    };
    model.fixation.wires.iter().enumerate().map(of_wire).collect()
}

fn members(model: &Model, motions: &[[Vec3; 2]]) -> Vec<MemberReport> {
    let of_member = |(number, m): (usize, &crate::loads::fixation::Member)| {
        let mut report = MemberReport {
            name: m.name.clone(),
            forces: Vec::new(),
            peak_stress: 0.0,
            peak_position: Vec3::zeros(),
        };
        for (ends, [a, b]) in model.fixation.beams(number) {
            let mut v = SVector::<f64, 12>::zeros();
            for (k, i) in ends.iter().enumerate() {
                v.fixed_rows_mut::<3>(6 * k).copy_from(&motions[*i as usize][0]);
                v.fixed_rows_mut::<3>(6 * k + 3).copy_from(&motions[*i as usize][1]);
            }
            let forces = beam::section_forces(a, b, &m.section, &v);
            for (f, x) in forces.iter().zip([a, b]) {
                let stress = f.peak_stress(&m.section);
                if report.peak_stress < stress {
                    (report.peak_stress, report.peak_position) = (stress, x);
                }
            }
            report.forces.push(forces);
        }
        report
    };
    model.fixation.members.iter().enumerate().map(of_member).collect()
}

fn ties(model: &Model, discrete: &Discrete, state: &State<'_>) -> Vec<TieReport> {
    let of_tie = |(number, tie): (usize, &Tie)| {
        let member = &model.fixation.members[tie.member];
        let mut report = TieReport {
            member: member.name.clone(),
            part: model.parts[tie.part].name.clone(),
            force: Vec3::zeros(),
            moment: Vec3::zeros(),
            pull_out: 0.0,
            peak_line_load: 0.0,
            embedded_length: 0.0,
            bearings: Vec::new(),
        };
        let mut loosest: f64 = 0.0;
        let points: Vec<_> = discrete.ties.iter().filter(|p| p.tie == number).collect();
        for ring in points.chunk_by(|a, b| a.beam == b.beam && a.shares == b.shares) {
            let (mut force_of_ring, mut length) = (Vec3::zeros(), 0.0);
            for p in ring {
                let mut d = Vec3::zeros();
                for (node, share) in discrete.tie_shares(model, p) {
                    let k = 3 * node as usize;
                    d += share * Vec3::new(state.u[k], state.u[k + 1], state.u[k + 2]);
                }
                let force = discrete.tie_stiffness(model, p) * d;
                force_of_ring += force;
                length += p.length;
                report.moment += p.position.cross(&force);
            }
            report.force += force_of_ring;
            report.embedded_length += length;
            let line_load = force_of_ring.norm() / length;
            loosest = loosest.max(line_load);
            // Part of a ring stands for the whole force on a short length, at the surface: no measure of the bone.
            if let [a, b, c, d] = ring {
                let ends = a.ends.map(|i| model.fixation.nodes[i as usize]);
                let along = (ends[1] - ends[0]).normalize();
                let across = (force_of_ring - force_of_ring.dot(&along) * along).norm();
                report.peak_line_load = report.peak_line_load.max(line_load);
                report.bearings.push(Bearing {
                    cells: [a, b, c, d].map(|p| p.cell),
                    pressure: across / (length * member.outer),
                });
            }
        }
        if report.bearings.is_empty() {
            report.peak_line_load = loosest;
        }
        if let [first, .., last] = member.nodes[..] {
            let axis = model.fixation.nodes[last as usize] - model.fixation.nodes[first as usize];
            // A screw that moves toward its head drags the part along, against the axis.
            report.pull_out = -report.force.dot(&axis) / axis.norm();
        }
        report
    };
    model.fixation.ties.iter().enumerate().map(of_tie).collect()
}

/// Sum of loads and reactions, with the reactions taken from internal forces.
///
/// Nodes that are free contribute nothing: what the solve left unbalanced there is what appears as error.
pub(super) fn balance(
    model: &Model,
    discrete: &Discrete,
    u: &[f64],
    unbalanced: &[f64],
    applied: &[f64],
) -> Balance {
    let coordinates = &discrete.system.coordinates;
    let n = coordinates.len().max(1) as f64;
    let center = coordinates.iter().map(|x| Vec3::from(*x)).sum::<Vec3>() / n;
    let (mut force, mut moment) = (Vec3::zeros(), Vec3::zeros());
    let reactions = unbalanced.as_chunks::<3>().0;
    let loads = applied.as_chunks::<3>().0;
    for (i, freedom) in discrete.freedom.iter().enumerate() {
        let r = Vec3::from(reactions[i]);
        let total = Vec3::from(loads[i]) + r - freedom.project(r);
        if *freedom == Freedom::Free && total == Vec3::zeros() {
            continue;
        }
        if discrete.turns(i) {
            moment += total;
            continue;
        }
        force += total;
        moment += (Vec3::from(coordinates[i]) - center).cross(&total);
    }
    // The rail keeps the rigid body from turning; its reference node has no unknowns that would show it.
    moment += (0..model.guides.len()).map(|k| rail(discrete, model, k, u).moment).sum::<Vec3>();
    let tractions = model.tractions.iter().map(|t| {
        let area = crate::loads::traction::area(&model.parts[t.part].mesh, &t.facets);
        area * Vec3::from(t.value).norm()
    });
    let guides = model.guides.iter().map(|g| Vec3::from(g.force).norm());
    let bodies =
        model.bodies.iter().map(|b| Vec3::from(b.force).norm() + Vec3::from(b.couple).norm() / LEVER);
    let applied: f64 = tractions.chain(guides).chain(bodies).sum();
    Balance { applied, force_error: force.norm() / applied, moment_error: moment.norm() / (applied * LEVER) }
}
