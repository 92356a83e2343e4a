//! Which tissue fills which cell: regions and stiffness of bones, discs, cartilage and implant.
//!
//! The cortex (0.46 mm) and the endplates (0.6 mm) are thinner than a cell. They are carried by
//! partial-volume stiffness: the share of each tissue in a cell is sampled at 15 points by depth below the
//! surface, and the stiffness is the mean of the tissues' stiffnesses weighted by share. That bound is sharp
//! along the shell, where the cortex carries load, and too stiff across it.

use super::bodies::Body;
use super::geometry::Geometry;
use crate::case::Case;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::{Joint, JointKind, Level, Patch, Side};
use dens_mesher::mesh::Mesh;
use dens_solver::criteria::bone::{TENSION_OVER_COMPRESSION, YIELD_STRAIN_COMPRESSION};
use dens_solver::elements::Section;
use dens_solver::materials::{calibrated, density};
use dens_solver::nonlinear::laws::{Damage, PostYield, QuadricBone, QuadricSurface};
use dens_solver::tensor::{Stiffness, isotropic, mix, rotate};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sampling points of a cell.
const SAMPLES: usize = 15;

/// Tissues of a bone cell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tissue {
    /// Shares of cortical, endplate, cancellous and posterior bone, in fifteenths.
    pub shares: [u8; 4],
    /// Depth of the centroid below the surface, mm.
    pub depth: f64,
    /// Modulus and strength of its cancellous bone by the scan, MPa, in steps of two per cent; `None`: those of the case.
    pub scanned: Option<[f64; 2]>,
}

/// Names of the tissues, in the order of the shares.
pub const TISSUES: [&str; 4] = ["cortical", "endplate", "cancellous", "posterior"];

/// Place of cancellous bone among [`TISSUES`].
pub const CANCELLOUS: usize = 2;

/// Stiffness of the four bone tissues of a case, in the order of [`TISSUES`].
///
/// # Errors
/// A density outside the validity of the law; exit 2.
pub fn bone_stiffness(case: &Case) -> Result<[Stiffness; 4], Failure> {
    let b = &case.bone;
    let cancellous = cancellous(case)?.0;
    Ok([
        isotropic(b.cortical.0, b.cortical.1),
        isotropic(b.endplate.0, b.endplate.1),
        isotropic(cancellous, b.cancellous_poisson),
        isotropic(b.posterior.0, b.posterior.1),
    ])
}

/// Density law of the case.
///
/// # Errors
/// A name that no law has; exit 2.
pub fn law(case: &Case) -> Result<&'static density::DensityLaw, Failure> {
    let name = &case.bone.cancellous_law;
    density::find(name).ok_or_else(|| Failure::input(format!("no density law is called `{name}`")))
}

/// Young's modulus and compressive yield strength of cancellous bone, MPa, by the law of the case; embrittlement takes of
/// the strength alone.
///
/// # Errors
/// A density outside the validity of the law; exit 2.
pub fn cancellous(case: &Case) -> Result<(f64, f64), Failure> {
    let (modulus, strength) = calibrated::modulus_and_strength(law(case)?, milligrams(case))
        .map_err(|e| Failure::input(format!("bone.cancellous_density with bone.cancellous_law: {e}")))?;
    Ok((modulus, strength * case.embrittlement()))
}

/// Law of a mixture of the four bone tissues that yields.
///
/// Stiffness and strengths are means weighted by share. Cancellous strength comes from the density law of the case;
/// compact tissues yield at the strain at which trabecular bone does ([`YIELD_STRAIN_COMPRESSION`]).
///
/// # Errors
/// As [`cancellous`]; exit 2.
pub fn yielding(case: &Case, tissue: &Tissue) -> Result<QuadricBone, Failure> {
    let (mut bulk, mut shear) = (0.0, 0.0);
    for (n, (e, nu, _)) in tissue.shares.iter().zip(pure(case, tissue)?) {
        let share = f64::from(*n) / SAMPLES as f64;
        bulk += share * e / (3.0 * (1.0 - 2.0 * nu));
        shear += share * e / (2.0 * (1.0 + nu));
    }
    let compression = compressive(case, tissue)?;
    let young = 9.0 * bulk * shear / (3.0 * bulk + shear);
    let poisson = 0.5 * (3.0 * bulk - 2.0 * shear) / (3.0 * bulk + shear);
    let surface =
        QuadricSurface { tension: TENSION_OVER_COMPRESSION * compression, compression, interaction: 0.3 };
    let post = PostYield {
        hardening: 0.0,
        densification: None,
        damage: Some(Damage { most: 0.3, rate: 15.0, band: 1.5 }),
    };
    QuadricBone::new(young, poisson, surface, post).map_err(Failure::bug)
}

/// Young's modulus, Poisson's ratio and compressive strength, MPa, of the four tissues of a cell.
fn pure(case: &Case, tissue: &Tissue) -> Result<[(f64, f64, f64); 4], Failure> {
    let b = &case.bone;
    let [modulus, strength] = match tissue.scanned {
        Some([modulus, strength]) => [modulus, strength * case.embrittlement()],
        None => cancellous(case)?.into(),
    };
    let compact = |(e, nu): (f64, f64)| (e, nu, e * YIELD_STRAIN_COMPRESSION * case.embrittlement());
    Ok([
        compact(b.cortical),
        compact(b.endplate),
        (modulus, b.cancellous_poisson, strength),
        compact(b.posterior),
    ])
}

/// Compressive strength of a mixture of the four bone tissues, MPa: the mean by share.
///
/// # Errors
/// As [`cancellous`]; exit 2.
pub fn compressive(case: &Case, tissue: &Tissue) -> Result<f64, Failure> {
    let shares = tissue.shares.iter().zip(pure(case, tissue)?);
    Ok(shares.map(|(n, (_, _, s))| f64::from(*n) / SAMPLES as f64 * s).sum())
}

/// Density of cancellous bone, mg/cm³ (from t/mm³).
fn milligrams(case: &Case) -> f64 {
    case.bone.cancellous_density * 1e12
}

/// Mass densities of the four tissues, g/cm³, in the order of [`TISSUES`].
///
/// Cancellous from its QCT density; cortex and endplates at the largest density of bone remodelling laws,
/// 1.73 g/cm³ (Huiskes 1992, Kerner 1999); posterior elements, a mixture, halfway.
pub fn mass_densities(case: &Case) -> [f64; 4] {
    let (compact, porous) = (1.73, calibrated::apparent(milligrams(case)));
    [compact, compact, porous, 0.5 * (compact + porous)]
}

/// Mass density of a cell of bone, g/cm³.
///
/// - `scanned`: density of its cancellous bone by the scan, in the unit of the density law of the case
///
/// # Errors
/// A name that no law has; exit 2.
pub fn mass_density(case: &Case, tissue: &Tissue, scanned: Option<f64>) -> Result<f64, Failure> {
    let mut rho = mass_densities(case);
    if let Some(density) = scanned {
        rho[CANCELLOUS] = calibrated::apparent_for(law(case)?, density);
    }
    let total: f64 = tissue.shares.iter().map(|n| f64::from(*n)).sum();
    Ok(tissue.shares.iter().zip(rho).map(|(n, r)| f64::from(*n) * r).sum::<f64>() / total)
}

/// Regions and materials of a bone.
///
/// # Errors
/// As [`bone_stiffness`].
pub fn fill_bone(case: &Case, geometry: &Geometry, level: Level, body: &mut Body) -> Result<(), Failure> {
    let spine = &geometry.spine;
    let Some(bone) = spine.bone(level) else { return Err(Failure::bug("a meshed bone is not in the spine")) };
    let pure = bone_stiffness(case)?;
    let (origin, back) = bone.posterior_plane;
    let endplates: Vec<Patch> = spine
        .joints
        .iter()
        .filter(|j| j.kind == JointKind::Disc)
        .filter_map(|j| {
            if j.upper == level { Some(j.on_upper()) } else { (j.lower == level).then(|| j.on_lower()) }
        })
        .chain(spine.held.first().copied().filter(|_| spine.bones.last().is_some_and(|b| b.level == level)))
        .collect();
    let (shell, plate) = (case.bone.cortical_thickness, case.bone.endplate_thickness);
    let kind_at = |p: Vec3, depth: f64| -> usize {
        let under =
            endplates.iter().any(|e| e.column(p) < 0.0 && (p - e.center).dot(&e.axis).abs() < e.depth);
        if 0.0 < (p - origin).dot(&back) {
            3
        } else if under && depth < plate {
            1
        } else if depth < shell {
            0
        } else {
            CANCELLOUS
        }
    };
    let tissue_at = |p: Vec3| {
        let depth = -bone.field.value(p);
        (kind_at(p, depth), depth)
    };
    let mesh = Arc::make_mut(&mut body.mesh);
    let mut tissue: Vec<Tissue> = (0..mesh.n_cells())
        .into_par_iter()
        .map(|cell| {
            let mut t = Tissue::default();
            for p in samples(mesh, cell) {
                t.shares[tissue_at(p).0] += 1;
            }
            t.depth = tissue_at(mesh.centroid(cell)).1;
            t
        })
        .collect();
    let pillars = pillars(geometry, level);
    mesh.region_names = REGIONS.map(String::from).to_vec();
    mesh.regions = (0..mesh.n_cells())
        .map(|cell| region(mesh.centroid(cell), &tissue[cell], &endplates, &pillars))
        .collect();
    if let (Some(asked), Some(volume)) = (&case.scan, &geometry.scan) {
        let found = super::scan::read(case, asked, volume, level, (mesh, &*bone.field), &kind_at)?;
        for (t, bone) in tissue.iter_mut().zip(&found.cells) {
            t.scanned = bone.as_ref().and_then(|b| b.strength.map(|s| [b.modulus, s].map(step)));
        }
        body.scanned = Some(found);
    }
    let mut numbers: BTreeMap<([u8; 4], Option<[u64; 2]>), u32> = BTreeMap::new();
    for t in &tissue {
        let next = numbers.len() as u32;
        let own = t.scanned.filter(|_| t.shares[2] > 0);
        let number = *numbers.entry((t.shares, own.map(|b| b.map(f64::to_bits)))).or_insert(next);
        if number == next {
            let mut pure = pure;
            if let Some([modulus, _]) = own {
                pure[2] = isotropic(modulus, case.bone.cancellous_poisson);
            }
            let parts: Vec<(f64, &Stiffness)> = t
                .shares
                .iter()
                .zip(&pure)
                .filter(|(n, _)| **n > 0)
                .map(|(n, c)| (f64::from(*n) / SAMPLES as f64, c))
                .collect();
            body.palette.push(Section::suited(mix(&parts)));
        }
        body.of_cell.push(number);
    }
    body.tissue = tissue;
    Ok(())
}

/// Value in steps of two per cent: cells that differ by less share one material.
fn step(value: f64) -> f64 {
    const STEP: f64 = 0.02;
    ((value.ln() / STEP).round() * STEP).exp()
}

/// Mean modulus and strength of the cancellous bone of a body, MPa, by the scan where there is one.
///
/// # Errors
/// As [`cancellous`]; exit 2.
pub fn mean_cancellous(case: &Case, body: Option<&Body>) -> Result<(f64, f64), Failure> {
    let Some((body, _)) = body.and_then(|b| b.scanned.as_ref().map(|s| (b, s))) else {
        return cancellous(case);
    };
    let (mut sum, mut total) = ([0.0; 2], 0.0);
    for (cell, t) in body.tissue.iter().enumerate() {
        let Some(found) = t.scanned else { continue };
        let volume = f64::from(t.shares[2]) * body.mesh.corner_volume(cell);
        sum = [0, 1].map(|i| sum[i] + volume * found[i]);
        total += volume;
    }
    if total == 0.0 {
        return cancellous(case);
    }
    Ok((sum[0] / total, sum[1] / total * case.embrittlement()))
}

/// Regions of a bone.
pub const REGIONS: [&str; 7] = [
    "cortical shell",
    "cancellous core",
    "superior endplate",
    "inferior endplate",
    "left lateral mass",
    "right lateral mass",
    "posterior elements",
];

/// Axes of the articular pillars of a bone: from the upper to the lower facet of each side, with the
/// larger of their radii.
fn pillars(geometry: &Geometry, level: Level) -> Vec<(Side, Vec3, Vec3, f64)> {
    let spine = &geometry.spine;
    Side::BOTH
        .into_iter()
        .enumerate()
        .filter_map(|(i, side)| {
            let kind = JointKind::Facet(side);
            let top = match level {
                Level::C1 => Some(spine.condyles[i]),
                _ => spine.joints.iter().find(|j| j.lower == level && j.kind == kind).map(Joint::on_lower),
            }?;
            let bottom = spine
                .joints
                .iter()
                .find(|j| j.upper == level && j.kind == kind)
                .map(Joint::on_upper)
                .or_else(|| spine.held.get(1 + i).copied())?;
            let radius = top.radii.into_iter().chain(bottom.radii).fold(0.0, f64::max);
            Some((side, top.center, bottom.center, radius))
        })
        .collect()
}

fn region(p: Vec3, tissue: &Tissue, endplates: &[Patch], pillars: &[(Side, Vec3, Vec3, f64)]) -> u16 {
    if tissue.shares[1] > 0 {
        let nearest = endplates.iter().min_by(|a, b| (p - a.center).norm().total_cmp(&(p - b.center).norm()));
        return if nearest.is_some_and(|e| e.axis.z > 0.0) { 2 } else { 3 };
    }
    for (side, a, b, radius) in pillars {
        let along = b - a;
        let t = ((p - a).dot(&along) / along.norm_squared().max(1e-12)).clamp(0.0, 1.0);
        if (p - (a + along * t)).norm() < *radius {
            return if *side == Side::Left { 4 } else { 5 };
        }
    }
    match tissue.shares {
        [_, _, _, posterior] if 2 * usize::from(posterior) > SAMPLES => 6,
        [cortical, ..] if cortical > 0 => 0,
        _ => 1,
    }
}

/// Points spread through a cell: centroid, toward corners, edges and facets.
fn samples(mesh: &Mesh, cell: usize) -> [Vec3; SAMPLES] {
    let c = &mesh.cells[cell];
    let x = [0, 1, 2, 3].map(|i| mesh.points[c[i] as usize]);
    let center = (x[0] + x[1] + x[2] + x[3]) / 4.0;
    let mut points = [center; SAMPLES];
    for i in 0..4 {
        points[1 + i] = 0.3 * center + 0.7 * x[i];
        points[5 + i] = 0.3 * center + 0.7 * (4.0 * center - x[i]) / 3.0;
    }
    for (k, e) in dens_mesher::mesh::EDGE_CORNERS.iter().enumerate() {
        points[9 + k] = 0.3 * center + 0.35 * (x[e[0]] + x[e[1]]);
    }
    points
}

/// Nucleus and fibre-reinforced annulus of a disc.
///
/// The fibres, ±`fiber_angle` about the disc's plane in the lamellae, are smeared into the annulus:
/// `C = C_ground + v E/2 Σ± a⊗a⊗a⊗a`; they are linear, in compression as in tension.
pub fn fill_disc(case: &Case, joint: &Joint, body: &mut Body) {
    const DIRECTIONS: usize = 48;
    let soft = &case.soft;
    let nucleus = isotropic(soft.nucleus.0, soft.nucleus.1);
    let ground = isotropic(soft.annulus.0, soft.annulus.1);
    let fiber = dens_solver::materials::fibers::crossed(
        &ground,
        soft.fiber_modulus * soft.fiber_volume_fraction,
        soft.fiber_angle,
    );
    let patch = joint.patch;
    let second = patch.axis.cross(&patch.first);
    // Local frame of the family at angle φ: x tangential, y radial, z along the disc's axis.
    body.palette = (0..DIRECTIONS)
        .map(|k| {
            let phi = k as f64 / DIRECTIONS as f64 * std::f64::consts::TAU;
            let radial = patch.first * phi.cos() + second * phi.sin();
            let tangent = patch.axis.cross(&radial);
            let frame = nalgebra::Matrix3::from_columns(&[tangent, radial, patch.axis]);
            // rotate(C, R) with R from local to global columns; handedness does not matter for crossed fibres.
            Section::suited(rotate(&fiber, &frame))
        })
        .chain([Section::suited(nucleus)])
        .collect();
    let core = soft.nucleus_area_fraction.sqrt();
    let mesh = Arc::make_mut(&mut body.mesh);
    mesh.region_names = vec!["annulus".into(), "nucleus".into()];
    for cell in 0..mesh.n_cells() {
        let d = mesh.centroid(cell) - patch.center;
        let (u, v) = (d.dot(&patch.first) / patch.radii[0], d.dot(&second) / patch.radii[1]);
        let inside = u.hypot(v) < core;
        mesh.regions[cell] = u16::from(inside);
        // The lamellae are similar ellipses: their normal at (u, v).
        let phi = (v / patch.radii[1]).atan2(u / patch.radii[0]);
        let k = (phi / std::f64::consts::TAU * DIRECTIONS as f64).round() as i64;
        body.of_cell.push(if inside { DIRECTIONS as u32 } else { k.rem_euclid(DIRECTIONS as i64) as u32 });
    }
}

/// Isotropic cartilage.
pub fn fill_cartilage(case: &Case, body: &mut Body) {
    body.palette = vec![Section::suited(isotropic(case.soft.cartilage.0, case.soft.cartilage.1))];
    body.of_cell = vec![0; body.mesh.n_cells()];
    Arc::make_mut(&mut body.mesh).region_names = vec!["cartilage".into()];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Embrittlement;
    use crate::document::Document;
    use crate::library;
    use dens_solver::nonlinear::laws::SmallStrainLaw;

    #[test]
    fn brittle_bone_is_weaker_everywhere_and_as_stiff() {
        let whole = Case::embedded("tiny").expect("embedded");
        let mut brittle = whole.clone();
        brittle.bone.embrittlement = Some(Embrittlement { factor: 0.8, range: [0.5, 1.0] });
        let (before, after) = (cancellous(&whole).expect("covered"), cancellous(&brittle).expect("covered"));
        assert_eq!(before.0, after.0);
        // Round-off of a product.
        assert!((after.1 / before.1 - 0.8).abs() < 1e-15);
        assert!((brittle.crush_strain() / whole.crush_strain() - 0.8).abs() < 1e-15);
        // Cortex beside cancellous bone, and bone with a strength of its own from a scan.
        for scanned in [None, Some([500.0, 2.0])] {
            let tissue = Tissue { shares: [5, 0, 10, 0], depth: 0.2, scanned };
            let onset = |case: &Case| {
                let law = yielding(case, &tissue).expect("a law");
                let crushing = |strain: f64| {
                    let mut history = [0.0; 7];
                    let at = [0.0, 0.0, -strain, 0.0, 0.0, 0.0];
                    law.respond(&at, 1.0, &[0.0; 7], &mut history, None).expect("a stress");
                    history[6]
                };
                let (mut elastic, mut crushed) = (0.0, 0.1);
                for _ in 0..40 {
                    let middle = 0.5 * (elastic + crushed);
                    if crushing(middle) == 0.0 { elastic = middle } else { crushed = middle }
                }
                elastic
            };
            // Strain at first yield, confined: halved forty times from 0.1.
            let ratio = onset(&brittle) / onset(&whole);
            assert!((ratio - 0.8).abs() < 1e-6, "{ratio}");
        }
    }

    #[test]
    fn mass_of_bone_follows_the_scan_where_there_is_one() {
        let document = Document::parse(library::CATALOG[0].text).expect("TOML");
        let case = Case::from_document(&document).expect("sound");
        let t = Tissue { shares: [0, 0, 10, 5], ..Tissue::default() };
        let mass = |scanned| mass_density(&case, &t, scanned).expect("a known law");
        let uniform = milligrams(&case);
        assert!((mass(Some(uniform)) - mass(None)).abs() < 1e-12, "the density of the case");
        // Two thirds of the cell are cancellous: half the density there leaves that much less.
        let lost = calibrated::apparent(uniform) - calibrated::apparent(0.5 * uniform);
        assert!((mass(None) - mass(Some(0.5 * uniform)) - 2.0 / 3.0 * lost).abs() < 1e-12);
    }
}
