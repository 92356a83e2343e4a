//! Cancellous bone of a vertebra from its scan.
//!
//! The cortex is thinner than a voxel: a voxel that touches it holds a mixture, too dense for the bone below and too light
//! for the shell. The shell keeps its own stiffness and share; cancellous points nearer to the surface than shell and one
//! voxel take the value found that deep below them. Where the bone is too thin to go that deep they take the deepest value
//! on the way and are counted as shallow.

use super::Results;
use super::bodies::Kind;
use super::pictures::drawn;
use super::tissue::{self, CANCELLOUS};
use crate::case::Case;
use crate::failure::Failure;
use crate::scan::Scan;
use dens_mesher::Vec3;
use dens_mesher::geometry::Field;
use dens_mesher::geometry::spine::Level;
use dens_mesher::image::{Grid, Volume};
use dens_mesher::mesh::Mesh;
use dens_reports::figure::{Axis, Figure, FigureSet, Look, Plot, Series};
use dens_reports::record::Section;
use dens_reports::render::{ColorBar, Object, Plane, Sheet, Shot, Values, View, section as section_of};
use dens_reports::table::{NO_UNIT, Table, significant};
use dens_solver::materials::calibration::Chain;
use dens_solver::materials::density;
use dens_solver::materials::scan::{BINS, Reading, ScannedBone, Spot, bone};
use rayon::prelude::*;

/// Distance of the points at which depth below the surface is known, mm.
const DEPTH_GRID: f64 = 1.0;

/// Depth that may lack to count as clear, as a share of a voxel: depths are interpolated.
const DEPTH_SLACK: f64 = 0.1;

/// Steps on the way inward.
const STEPS: usize = 4;

/// Kind of tissue at a place of a bone at this depth below the surface, mm.
pub(super) type KindAt<'a> = dyn Fn(Vec3, f64) -> usize + Sync + 'a;

/// What the scan says of every cell of a bone.
///
/// # Errors
/// Bone outside the image, or beyond the law by more than the limit, or a law without strength; exit 2.
pub(super) fn read(
    case: &Case,
    asked: &Scan,
    volume: &Volume<f32>,
    level: Level,
    (mesh, field): (&Mesh, &dyn Field),
    kind_at: &KindAt<'_>,
) -> Result<ScannedBone, Failure> {
    let law = tissue::law(case)?;
    let depths: Vec<f64> = mesh.points.par_iter().map(|p| -field.value(*p)).collect();
    let below = depth_grid(field);
    let voxel = volume.grid.spacing().into_iter().fold(0.0, f64::max);
    let clear = case.bone.cortical_thickness + voxel;
    let place = |cell: usize, weights: &[f64; 4], p: Vec3| {
        let nodes = &mesh.cells[cell];
        let depth = (0..4).map(|i| weights[i] * depths[nodes[i] as usize]).sum::<f64>();
        if kind_at(p, depth) != CANCELLOUS {
            return None;
        }
        if clear <= depth {
            return Some(Spot::clear(p));
        }
        let corners = [0, 1, 2, 3].map(|i| (mesh.points[nodes[i] as usize], depths[nodes[i] as usize]));
        let inward = inward(&corners).unwrap_or_default();
        let depth_at = |q: Vec3| below.sample(q).map_or(f64::NEG_INFINITY, f64::from);
        Some(clear_spot(&depth_at, (p, depth), inward, clear, DEPTH_SLACK * voxel))
    };
    let hounsfield = |p: Vec3| volume.sample(p).map(f64::from);
    let chain = Chain { calibration: asked.calibration, law };
    let reading = Reading { hounsfield: &hounsfield, voxel, chain, place: &place };
    let found = bone(mesh, &reading, asked.limit).map_err(|e| {
        Failure::input(format!(
            "scan.image at {}: {e}\n  = hint: check that surfaces and image have one frame, and the calibration; `dens image` shows the image, `dens material` the law, scan.limit what is allowed",
            level.name()
        ))
    })?;
    let shallow = found.audit.shallow / found.audit.volume;
    if asked.shallow_limit < shallow {
        return Err(Failure::input(format!(
            "scan.image at {}: {:.0} % of the cancellous bone is thinner than twice shell and one voxel ({clear:.2} mm): its voxels hold a mixture; allowed are {:.0} %\n  = hint: take an image with smaller voxels, or set scan.shallow_limit",
            level.name(),
            100.0 * shallow,
            100.0 * asked.shallow_limit
        )));
    }
    if found.cells.iter().flatten().any(|b| b.strength.is_none()) {
        return Err(Failure::input(format!(
            "bone.cancellous_law: `{}` gives no strength\n  = hint: take a law that does; `dens material` lists them",
            law.name
        )));
    }
    Ok(found)
}

/// Where a point at `depth` is read: `clear` mm below the surface along `inward`, or, where the bone is too thin for that,
/// the deepest place on the way.
fn clear_spot(
    depth_at: &dyn Fn(Vec3) -> f64,
    (p, depth): (Vec3, f64),
    inward: Vec3,
    clear: f64,
    slack: f64,
) -> Spot {
    let mut best = (p, depth);
    for step in (1..=STEPS).rev() {
        let q = p + inward * ((clear - depth) * step as f64 / STEPS as f64);
        let found = depth_at(q);
        if clear - slack <= found {
            return Spot::clear(q);
        }
        if best.1 < found {
            best = (q, found);
        }
    }
    Spot { at: best.0, clear: false }
}

/// Depth below the surface on a grid around the bone, mm.
fn depth_grid(field: &dyn Field) -> Volume<f32> {
    let bounds = field.bounds().grown(DEPTH_GRID);
    let dims = (bounds.size() / DEPTH_GRID).map(|x| x.ceil() as usize + 1);
    let grid = Grid {
        dims: [dims.x, dims.y, dims.z],
        origin: bounds.min,
        step: nalgebra::Matrix3::from_diagonal_element(DEPTH_GRID),
    };
    let at = |n: usize| -field.value(grid.position(grid.indices(n).map(|i| i as f64))) as f32;
    let values = (0..grid.n_voxels()).into_par_iter().map(at).collect();
    Volume { grid, values }
}

/// Unit direction in which depth grows over a cell with these corners and depths.
fn inward(corners: &[(Vec3, f64); 4]) -> Option<Vec3> {
    let [a, b, c, d] = corners;
    let edges = nalgebra::Matrix3::from_rows(&[
        (b.0 - a.0).transpose(),
        (c.0 - a.0).transpose(),
        (d.0 - a.0).transpose(),
    ]);
    let slope = edges.try_inverse()? * Vec3::new(b.1 - a.1, c.1 - a.1, d.1 - a.1);
    slope.try_normalize(1e-9)
}

/// Adds the histogram of moduli and sections colored by them, where there is a scan.
///
/// # Errors
/// Only by a bug.
pub(super) fn draw(case: &Case, results: &Results, figures: &mut FigureSet) -> Result<(), Failure> {
    if case.scan.is_none() {
        return Ok(());
    }
    figures.add(sections(case, results)?);
    let mut plot = Plot::new(
        "scanned-modulus",
        "Young's modulus of cancellous bone by the scan: share of the volume of each bone, in forty steps of equal width.",
        Axis::new("Young's modulus of a cell", "MPa").from_zero(),
        Axis::new("share of the volume", NO_UNIT).from_zero(),
    )
    .wide();
    for (name, found) in scanned(results) {
        let audit = &found.audit;
        let width = audit.modulus[2] / BINS as f64;
        let mut points: Vec<[f64; 2]> =
            audit.histogram.iter().enumerate().map(|(i, v)| [width * i as f64, v / audit.volume]).collect();
        points.push([audit.modulus[2], 0.0]);
        plot = plot.series(Series::new(name, Look::Steps, points));
    }
    figures.add(plot.draw().map_err(|e| Failure::bug(format!("a plot cannot be drawn: {e}")))?);
    Ok(())
}

/// Cuts through the bones, cells colored by modulus; cells without cancellous bone are left out.
fn sections(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let implant = &results.geometry.implant;
    let disc = implant.contacts().next().map_or(Vec3::zeros(), |(_, p)| p.center);
    let mass = results.geometry.spine.condyles[0].center;
    let bodies: Vec<(&Mesh, &ScannedBone)> =
        results.bodies.all.iter().filter_map(|b| b.scanned.as_ref().map(|s| (&*b.mesh, s))).collect();
    let largest = bodies.iter().map(|(_, s)| s.audit.modulus[2]).fold(0.0, f64::max);
    let mut shots = Vec::new();
    for (x, what) in [(disc.x, "middle"), (mass.x, "left lateral mass of C1")] {
        let plane = Plane { point: Vec3::new(x, 0.0, 0.0), normal: Vec3::x() };
        let cut = |(mesh, found): &(&Mesh, &ScannedBone)| {
            let values: Vec<f64> = found.cells.iter().map(|c| c.map_or(0.0, |b| b.modulus)).collect();
            section_of(mesh, &plane, Values::Cellwise(&values), |cell| found.cells[cell].is_some())
        };
        shots.push((format!("{what}, x = {x:.1} mm"), bodies.iter().map(cut).collect::<Vec<Object>>()));
    }
    let sheet = Sheet::new(
        "scanned-section",
        "Young's modulus of cancellous bone by the scan on sagittal sections of the intact bones.",
        2,
    )
    .bar(ColorBar::new("Young's modulus", "MPa", [0.0, largest]));
    let shots: Vec<Shot<'_>> =
        shots.iter().map(|(title, objects)| Shot::new(title, View::Left, objects.iter().collect())).collect();
    drawn(case, sheet, &shots)
}

fn scanned(results: &Results) -> impl Iterator<Item = (&'static str, &ScannedBone)> {
    results.bodies.all.iter().filter_map(|b| match (b.kind, &b.scanned) {
        (Kind::Bone(level), Some(found)) => Some((level.name(), found)),
        _ => None,
    })
}

/// Section of the report.
pub(super) fn section(case: &Case, asked: &Scan, results: &Results) -> Section {
    let unit = density::find(&case.bone.cancellous_law).map_or(NO_UNIT, |l| l.measure.unit());
    let mut t = Table::new(
        "scan",
        "Cancellous bone by the scan",
        &[
            ("bone", ""),
            ("volume read", "mm³"),
            ("least density", unit),
            ("largest density", unit),
            ("least modulus", "MPa"),
            ("mean modulus", "MPa"),
            ("largest modulus", "MPa"),
            ("near the surface", NO_UNIT),
            ("zero or negative", NO_UNIT),
            ("below the law", NO_UNIT),
            ("above the law", NO_UNIT),
        ],
    );
    for (name, found) in scanned(results) {
        let a = &found.audit;
        t.push([
            name.into(),
            a.volume.into(),
            a.density[0].into(),
            a.density[1].into(),
            a.modulus[0].into(),
            a.modulus[1].into(),
            a.modulus[2].into(),
            (a.shallow / a.volume).into(),
            (a.nonpositive / a.volume).into(),
            (a.below / a.volume).into(),
            (a.above / a.volume).into(),
        ]);
    }
    let line = &asked.calibration;
    Section::new("scan", "Bone density from the scan")
        .paragraph(format!(
            "Density is {} mg/cm³ per HU times the tomography number plus {} mg/cm³, {} equivalent; the line was found by the method `{}` with a largest misfit of {} mg/cm³ ({}). Law: {}.",
            significant(line.slope, 4),
            significant(line.intercept, 4),
            line.equivalent.name(),
            line.method.name(),
            significant(line.misfit, 2),
            asked.source,
            case.bone.cancellous_law,
        ))
        .paragraph(format!(
            "Modulus and strength are means over points at most half a voxel apart in each cell. Cortex, endplates and posterior elements keep the constants of the case; cancellous points nearer to the surface than the shell and one voxel take the value that deep below them, because a voxel at the surface holds a mixture; where the bone is too thin to go that deep they take the deepest value on the way (the share near the surface in the table; at most {} % may). Densities beyond the law take its nearest end; at most {} % of the volume may. Cells of nearly equal modulus share one, in steps of two per cent. Mass of bone in the resorption measure is that of the scanned density.",
            significant(100.0 * asked.shallow_limit, 3),
            significant(100.0 * asked.limit, 3)
        ))
        .table(t)
        .figure("scanned-modulus")
        .figure("scanned-section")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Depth in a plate of this thickness around z = 0.
    fn plate(thickness: f64) -> impl Fn(Vec3) -> f64 {
        move |p| 0.5 * thickness - p.z.abs()
    }

    #[test]
    fn a_point_near_the_surface_is_read_clear_of_it_or_counted() {
        let clear = 1.5;
        let spot = |thickness: f64| {
            let depth = 0.6;
            let p = Vec3::new(0.0, 0.0, 0.5 * thickness - depth);
            clear_spot(&plate(thickness), (p, depth), -Vec3::z(), clear, 0.05)
        };
        let thick = spot(6.0);
        assert!(thick.clear && (plate(6.0)(thick.at) - clear).abs() < 1e-12);
        // 2 mm thick: nothing lies deeper than 1 mm. The far side of the way is deeper than the start, yet not clear.
        let thin = spot(2.0);
        assert!(!thin.clear);
        assert!(0.8 < plate(2.0)(thin.at), "the deepest on the way: {}", plate(2.0)(thin.at));
    }
}
