//! What the solved stages say: shielding, subsidence, lattice and implant stress, micromotion, stiffness.
//!
//! All stages are solved under the largest load. Gaps start closed and the bulk is linear, so every other
//! load of the same direction is the same answer scaled: strains and stresses by the ratio of the loads,
//! energies by its square.

use super::anchors::{self, Anchor};
use super::bodies::{Bodies, Kind};
use super::fields::{Point, Solved};
use super::geometry::Geometry;
use super::grading::Table;
use super::lattice::Chosen;
use super::margins::{self, MetalStress};
use super::sinking::{self, Sinking};
use super::strengths::Strengths;
use super::{ingrowth, tissue, under};
use crate::case::Case;
use crate::failure::Failure;
use dens_mesher::geometry::spine::Level;
use dens_solver::criteria::{self, design, implant, interface, remodeling, subsidence};
use dens_solver::solution::Contact;
use dens_solver::tensor::Six;

/// Energy of one region of one bone in the three stages.
#[derive(Debug, Clone)]
pub struct RegionEnergy {
    /// Bone.
    pub level: Level,
    /// Region.
    pub region: String,
    /// Volume, mm³.
    pub volume: f64,
    /// Strain energy density, mJ/mm³, at the judged load: intact, day 1, 12 months.
    pub energy: [f64; 3],
    /// The same at partial ingrowth.
    pub partial: f64,
}

impl RegionEnergy {
    /// Implanted over intact: day 1, 12 months.
    pub fn ratios(&self) -> [Option<f64>; 2] {
        [1, 2].map(|i| remodeling::energy_ratio(self.energy[i], self.energy[0]))
    }

    /// Implanted over intact at partial ingrowth.
    pub fn partial_ratio(&self) -> Option<f64> {
        remodeling::energy_ratio(self.partial, self.energy[0])
    }
}

/// State of one contact face of the implant at the judged load.
#[derive(Debug, Clone)]
pub struct SeatState {
    /// Name of the interface.
    pub name: String,
    /// Area of the bone's side, mm².
    pub area: f64,
    /// Share of the face, see [`ingrowth::face_area`], that is paired with the other side.
    pub paired: f64,
    /// Area in contact, mm².
    pub closed: f64,
    /// Force through it, N.
    pub force: f64,
    /// Mean pressure over the closed area and 99th percentile, MPa.
    pub pressure: [f64; 2],
    /// Share of the closed area pressed beyond the strength of the bone in the cell there.
    pub overpressed: f64,
    /// Share of the face that nothing presses: open, or not paired.
    pub open: f64,
    /// Largest overlap left by the contact method, mm.
    pub overlap: f64,
    /// Largest gap between the meshed surfaces, taken as closed, mm.
    pub mesh_gap: f64,
    /// Shares of the area that move more than 28, 50 and 150 µm.
    pub micromotion: [f64; 3],
    /// Share of the face that moves less than the limit of the case and is closed but for a gap that bone bridges.
    pub settled: f64,
    /// Mean and 95th percentile of the relative motion, mm.
    pub motion: [f64; 2],
}

/// Crushing of C3 under the implant at the judged load.
#[derive(Debug, Clone, Copy, Default)]
pub struct Crush {
    /// Share of the layer beyond the yield strain.
    pub fraction: f64,
    /// 95th percentile of compressive strain over the yield strain.
    pub strain_ratio: f64,
    /// Volume of the layer, mm³.
    pub volume: f64,
    /// How far the implant sinks.
    pub sinking: Sinking,
}

/// Stress of the implant at the judged load.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImplantStress {
    /// Solid titanium: 99.9th percentile and peak of von Mises stress, MPa.
    pub solid: [f64; 2],
    /// Lattice: 99th percentile and peak of strut stress over solid yield.
    pub lattice: [f64; 2],
    /// Lattice: 99th percentile of strut stress, MPa.
    pub strut: f64,
    /// Lattice: 99th percentile of homogenised stress, MPa.
    pub homogenised: f64,
}

/// Everything assessed of one implanted stage.
#[derive(Debug, Clone)]
pub struct StageState {
    /// Contact faces.
    pub seats: Vec<SeatState>,
    /// C3 under the implant.
    pub crush: Crush,
    /// Implant.
    pub stress: ImplantStress,
    /// Stress in the metal at every point of the implant.
    pub metal: MetalStress,
    /// Axial stiffness of the construct, N/mm.
    pub construct_stiffness: f64,
    /// Axial stiffness of the implant between its contact faces, N/mm.
    pub implant_stiffness: f64,
    /// Axial force through the C3 endplate and through each rod side over the applied force.
    pub share_through_implant: f64,
    /// Peak stress of each screw and rod, MPa.
    pub members: Vec<(String, f64)>,
    /// Screws in bone.
    pub anchors: Vec<Anchor>,
}

/// Assessment of the whole case.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// Energies by bone and region.
    pub regions: Vec<RegionEnergy>,
    /// Resorbed mass fraction of C1 and C3: day 1, 12 months.
    pub resorbed: [f64; 2],
    /// The same with the later dead zone of 0.75.
    pub resorbed_late: [f64; 2],
    /// Mean unloading of C1 and C3: day 1, 12 months.
    pub unloading: [f64; 2],
    /// Day 1 and 12 months.
    pub stages: [StageState; 2],
    /// Partial ingrowth.
    pub partial: StageState,
    /// Resorbed mass fraction with either dead zone and mean unloading of C1 and C3 at partial ingrowth.
    pub partial_shielding: [f64; 3],
    /// Axial stiffness of the intact column, N/mm.
    pub intact_stiffness: f64,
    /// Share of the load through the anterior column at C2-C3 in the intact model, if it has one.
    pub intact_anterior_share: Option<f64>,
}

/// Assesses the stages; `partial` is that of partial ingrowth.
///
/// - `lattice`: what the implant is filled with, and its table where it is graded
///
/// # Errors
/// A bone density outside its law; exit 2.
pub fn assess(
    case: &Case,
    geometry: &Geometry,
    bodies: &Bodies,
    lattice: (&Chosen, Option<&Table>),
    stages: &[Solved; 3],
    partial: &Solved,
) -> Result<Assessment, Failure> {
    let [intact, day_one, ingrown] = stages;
    let factor = case.judged_load().axial / case.largest_load();
    let strengths = |s: &Solved| Strengths::of(case, bodies, &s.question);
    let mut regions = Vec::new();
    let caudal = geometry.caudal();
    for level in spine_levels(caudal) {
        regions.extend(region_energies(level, bodies, stages, partial, factor));
    }
    let bone_points = |solved: &Solved| -> Vec<Point> {
        [Level::C1, caudal].into_iter().flat_map(|l| solved.points(Kind::Bone(l))).collect()
    };
    let reference = bone_points(intact);
    let weights: Vec<f64> = reference.iter().map(|p| p.weight).collect();
    let before: Vec<f64> = reference.iter().map(|p| p.energy).collect();
    let densities = densities(case, bodies, caudal)?;
    let energies = |s: &Solved| bone_points(s).iter().map(|p| p.energy).collect::<Vec<f64>>();
    let (after, halfway) = ([day_one, ingrown].map(energies), energies(partial));
    let mass = |after: &[f64], zone: f64| {
        remodeling::resorbed_mass_fraction(&weights, &densities, after, &before, zone)
    };
    let resorbed = |dead_zone: f64| [0, 1].map(|i| mass(&after[i], dead_zone));
    let partial_shielding = [
        mass(&halfway, case.criteria.dead_zone),
        mass(&halfway, remodeling::DEAD_ZONE_LATE),
        design::mean_unloading(&weights, &halfway, &before),
    ];
    let state =
        |s: &Solved| Ok::<_, Failure>(stage_state(case, geometry, lattice, s, factor, &strengths(s)?));
    let anterior = intact
        .solution
        .contacts
        .iter()
        .find(|c| c.name == "C2-C3 disc below")
        .map(|c| c.force.dot(&case.load_direction).abs() / case.largest_load());
    Ok(Assessment {
        regions,
        resorbed: resorbed(case.criteria.dead_zone),
        resorbed_late: resorbed(remodeling::DEAD_ZONE_LATE),
        unloading: [0, 1].map(|i| design::mean_unloading(&weights, &after[i], &before)),
        stages: [state(day_one)?, state(ingrown)?],
        partial: state(partial)?,
        partial_shielding,
        intact_stiffness: axial_stiffness(case, intact),
        intact_anterior_share: anterior,
    })
}

/// Bones that stay when the implant ends on `caudal`.
fn spine_levels(caudal: Level) -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(move |l| *l == Level::C1 || caudal <= *l)
}

/// Mass density at every point of C1 and the caudal bone, g/cm³, in the order of the points.
fn densities(case: &Case, bodies: &Bodies, caudal: Level) -> Result<Vec<f64>, Failure> {
    let mut out = Vec::new();
    for level in [Level::C1, caudal] {
        let Some(body) = bodies.find(Kind::Bone(level)) else { continue };
        let cells = body.scanned.as_ref().map(|s| &s.cells);
        for (cell, t) in body.tissue.iter().enumerate() {
            let scanned = cells.and_then(|c| c[cell].as_ref()).map(|c| c.density);
            out.extend([tissue::mass_density(case, t, scanned)?; 4]);
        }
    }
    Ok(out)
}

fn region_energies(
    level: Level,
    bodies: &Bodies,
    stages: &[Solved; 3],
    partial: &Solved,
    factor: f64,
) -> Vec<RegionEnergy> {
    let Some(body) = bodies.find(Kind::Bone(level)) else { return Vec::new() };
    let names = &body.mesh.region_names;
    let mut volume = vec![0.0; names.len()];
    let mut energy = vec![[0.0; 4]; names.len()];
    for (i, stage) in stages.iter().chain([partial]).enumerate() {
        for p in stage.points(Kind::Bone(level)) {
            let r = usize::from(body.mesh.regions[p.cell]);
            energy[r][i] += p.weight * p.energy * factor * factor;
            volume[r] += if i == 0 { p.weight } else { 0.0 };
        }
    }
    names
        .iter()
        .enumerate()
        .filter(|(r, _)| 0.0 < volume[*r])
        .map(|(r, name)| RegionEnergy {
            level,
            region: name.clone(),
            volume: volume[r],
            energy: [0, 1, 2].map(|i| energy[r][i] / volume[r]),
            partial: energy[r][3] / volume[r],
        })
        .collect()
}

/// Force over travel of the condyles, N/mm.
fn axial_stiffness(case: &Case, solved: &Solved) -> f64 {
    case.largest_load() / solved.travel()
}

fn stage_state(
    case: &Case,
    geometry: &Geometry,
    (chosen, graded): (&Chosen, Option<&Table>),
    solved: &Solved,
    factor: f64,
    strengths: &Strengths,
) -> StageState {
    let seat_names = solved.question.seat_names();
    let seats: Vec<SeatState> = seat_names
        .iter()
        .zip(geometry.pad_areas())
        .filter_map(|(n, pad)| Some((solved.solution.contacts.iter().find(|c| c.name == *n)?, pad)))
        .map(|(c, pad)| {
            let rest = solved.rest.as_ref().and_then(|r| r.contacts.iter().find(|r| r.name == c.name));
            let overpressed = strengths.overpressed(&solved.question, c, factor);
            SeatState { overpressed, ..seat((c, rest), pad, factor, case.criteria.micromotion_limit) }
        })
        .collect();
    let lower = solved.solution.contacts.iter().find(|c| seat_names.first() == Some(&c.name));
    let through = lower.map_or(0.0, |c| c.force.dot(&case.load_direction).abs());
    let implant_stiffness = implant_stiffness(solved, through);
    let metal = margins::metal_stress(case, &geometry.implant, chosen, graded, solved, factor);
    StageState {
        seats,
        crush: crush(case, geometry, solved, factor),
        stress: implant_stress(case, &metal, solved, factor),
        metal,
        construct_stiffness: axial_stiffness(case, solved),
        implant_stiffness,
        share_through_implant: through / case.largest_load(),
        members: member_stress(solved, factor),
        anchors: anchors::of(strengths, &solved.question.model, &solved.solution, factor),
    }
}

/// Peak stress of each screw, rod and wire, MPa.
fn member_stress(solved: &Solved, factor: f64) -> Vec<(String, f64)> {
    let beams = solved.solution.members.iter().map(|m| (m.name.clone(), m.peak_stress * factor));
    beams.chain(solved.solution.wires.iter().map(|w| (w.name.clone(), w.stress * factor))).collect()
}

/// All but the share that is pressed beyond strength.
///
/// - `rest`: the same face without a load, where it has been pressed together or stands apart then
/// - `pad`: area of the implant's face as designed, mm²
fn seat((c, rest): (&Contact, Option<&Contact>), pad: f64, factor: f64, limit: f64) -> SeatState {
    let face = ingrowth::face_area(c, pad);
    use dens_solver::loads::contact::Status;
    let closed: Vec<_> = c.points.iter().filter(|p| p.status != Status::Open).collect();
    let areas: Vec<f64> = closed.iter().map(|p| p.area).collect();
    let pressures: Vec<f64> = closed.iter().map(|p| (p.pressure * factor).max(0.0)).collect();
    let all: Vec<f64> = c.points.iter().map(|p| p.area).collect();
    let points: Vec<_> = ingrowth::points(c, rest).collect();
    let motions: Vec<f64> = points.iter().map(|(p, before)| factor * ingrowth::motion(p, *before)).collect();
    let quiet = points.iter().filter(|(p, before)| ingrowth::is_quiet(p, *before, factor, limit));
    let settled = quiet.map(|(p, _)| p.area).sum::<f64>() / face;
    SeatState {
        name: c.name.clone(),
        area: c.slave_area,
        paired: c.paired_area / face,
        closed: areas.iter().sum(),
        force: c.force.norm() * factor,
        pressure: [
            criteria::mean(&areas, &pressures),
            criteria::quantile(&areas, &pressures, 0.99).unwrap_or(0.0),
        ],
        overpressed: 0.0,
        open: 1.0 - areas.iter().sum::<f64>() / face,
        overlap: c.largest_violation * factor,
        mesh_gap: c.largest_initial_gap,
        micromotion: interface::micromotion_area_fractions(&all, &motions),
        settled,
        motion: [criteria::mean(&all, &motions), criteria::quantile(&all, &motions, 0.95).unwrap_or(0.0)],
    }
}

/// Points of the caudal bone within `depth` of the implant's lower contact face, with their strain under the given factor.
pub fn layer(
    geometry: &Geometry,
    solved: &Solved,
    depth: f64,
    factor: f64,
) -> (Vec<f64>, Vec<Six>, Vec<f64>) {
    let (mut weights, mut strains, mut depths) = (Vec::new(), Vec::new(), Vec::new());
    let under = under::depth(geometry, 0, depth);
    for p in solved.points(Kind::Bone(geometry.caudal())) {
        if let Some(below) = under(p.place) {
            weights.push(p.weight);
            strains.push(p.strain.map(|e| e * factor));
            depths.push(below);
        }
    }
    (weights, strains, depths)
}

fn crush(case: &Case, geometry: &Geometry, solved: &Solved, factor: f64) -> Crush {
    let limits = &case.criteria;
    let (weights, strains, _) = layer(geometry, solved, limits.crush_depth, factor);
    let ratios = subsidence::compression_ratios(&strains, case.crush_strain());
    Crush {
        fraction: criteria::fraction_above(&weights, &ratios, 1.0),
        strain_ratio: criteria::quantile(&weights, &ratios, 0.95).unwrap_or(0.0),
        volume: weights.iter().sum(),
        sinking: sinking::of(&solved.question, &solved.solution, limits.crush_depth).scaled(factor),
    }
}

fn implant_stress(case: &Case, points: &MetalStress, solved: &Solved, factor: f64) -> ImplantStress {
    let Some(mesh) = solved.mesh(Kind::Implant) else { return ImplantStress::default() };
    let (mut solid, mut lattice): ([Vec<f64>; 2], [Vec<f64>; 3]) = Default::default();
    for (k, p) in solved.points(Kind::Implant).enumerate() {
        let stress = points.points[p.cell][k % 4];
        if let Some(metal) = margins::metal_share(case, mesh, p.cell) {
            solid[0].push(p.weight * metal);
            solid[1].push(stress);
        } else {
            lattice[0].push(p.weight);
            lattice[1].push(implant::lattice_stress(&p.stress.map(|s| s * factor)));
            lattice[2].push(stress);
        }
    }
    let peak = |v: &[f64]| v.iter().copied().fold(0.0, f64::max);
    let strut = criteria::quantile(&lattice[0], &lattice[2], 0.99).unwrap_or(0.0);
    ImplantStress {
        solid: [criteria::quantile(&solid[0], &solid[1], 0.999).unwrap_or(0.0), peak(&solid[1])],
        lattice: [strut / case.titanium.yield_strength, peak(&lattice[2]) / case.titanium.yield_strength],
        strut,
        homogenised: criteria::quantile(&lattice[0], &lattice[1], 0.99).unwrap_or(0.0),
    }
}

/// Axial force through the implant over the shortening between its contact faces, N/mm.
fn implant_stiffness(solved: &Solved, force: f64) -> f64 {
    let at = |set: &str| solved.mean_displacement(Kind::Implant, set).map(|u| u.z);
    let upper = at("implant upper left").zip(at("implant upper right")).map(|(l, r)| 0.5 * (l + r));
    match upper.zip(at("implant lower")) {
        Some((top, bottom)) if 0.0 < bottom - top => force / (bottom - top),
        _ => 0.0,
    }
}
