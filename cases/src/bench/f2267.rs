//! ASTM F2267: the lower face of the device pressed into foam, and the device between steel blocks for comparison.

use super::case::{Bench, F2267, Foam};
use super::device::{Device, FACES, Yielding};
use super::f2077::{between_blocks, prepare};
use crate::case::Quality;
use crate::failure::Failure;
use crate::pipeline::lattice::Chosen;
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_mesher::mixed::MixedMesh;
use dens_solver::bench::{Against, Course, Drive, Hold, Machine, Part, Rig, Seat, boundary, bricks, curve};
use dens_solver::nonlinear::laws::{Law, PostYield, QuadricBone, QuadricSurface};
use dens_solver::statics::{CellFacet, Formulation};
use dens_solver::tensor::isotropic;
use std::ops::ControlFlow;
use std::path::Path;

/// Room of fine foam cells around the face, mm.
const MARGIN: f64 = 2.0;

/// Growth of foam cells away from the face.
const GROWTH: f64 = 1.6;

/// Travel over which the stiffness between steel blocks is taken, mm: elastic.
const STEEL_TRAVEL: f64 = 0.02;

/// The device on one foam.
pub struct OnFoam {
    /// The foam.
    pub foam: Foam,
    /// The setup; the foam is its second part.
    pub rig: Rig,
    /// What was measured.
    pub course: Course,
    /// Ks: stiffness of device and foam, N/mm.
    pub on_foam: f64,
    /// Kp: stiffness of the foam, N/mm; `None` where Ks is not below Kd.
    pub block: Option<f64>,
    /// Offset of yield, mm.
    pub offset: f64,
    /// Displacement and load at the offset, where the curve comes to it.
    pub yielded: Option<[f64; 2]>,
}

/// All of a test.
pub struct Results {
    /// The device.
    pub device: Device,
    /// Its lattice.
    pub chosen: Chosen,
    /// Kd: stiffness of the device between steel blocks, N/mm.
    pub between_steel: f64,
    /// Foams, in order.
    pub foams: Vec<OnFoam>,
}

/// Runs the test on every foam.
///
/// # Errors
/// Bad input (exit 2), no convergence in the first increment (3).
pub fn run(
    bench: &Bench,
    test: &F2267,
    folder: &Path,
    quality: Quality,
    progress: &Progress,
) -> Result<Results, Failure> {
    let (device, chosen) = prepare(bench, folder, quality, progress)?;
    progress.phase("between steel blocks", 0.1);
    let down = -device.axis;
    let part = device.part(bench, &chosen, Yielding::No)?;
    let rig = between_blocks(&device, part.clone(), Hold::Gripped, device.centers[0], down)?;
    let steel =
        Machine { axis: down, drive: Drive::Travel(STEEL_TRAVEL), across: false, tilt: true, increments: 1 };
    let mut silent = |_: f64| ControlFlow::Continue(());
    let course = rig
        .run(&steel, super::options(), &mut silent)
        .map_err(|e| super::failure("between steel blocks", &e))?;
    let flat = || Failure::not_converged("the load does not rise with the displacement");
    let between_steel = curve::stiffness(&course.points).ok_or_else(flat)?;
    let mesh = foam_mesh(&device, test, test.edge[quality as usize])?;
    let mut foams = Vec::new();
    for foam in &test.foams {
        progress.phase(&foam.grade, 0.7 / test.foams.len() as f64);
        let rig = on_foam(&device, part.clone(), &mesh, test, foam)?;
        let machine = Machine { drive: Drive::Travel(test.travel), increments: bench.increments, ..steel };
        let mut observe = |part: f64| {
            progress.within("", part);
            ControlFlow::Continue(())
        };
        let course =
            rig.run(&machine, super::options(), &mut observe).map_err(|e| super::failure(&foam.grade, &e))?;
        let stiffness = curve::stiffness(&course.points).ok_or_else(flat)?;
        let offset = test.offset * device.height;
        foams.push(OnFoam {
            foam: foam.clone(),
            rig,
            on_foam: stiffness,
            block: curve::block_stiffness(stiffness, between_steel),
            offset,
            yielded: curve::offset_yield(&course.points, offset),
            course,
        });
    }
    Ok(Results { device, chosen, between_steel, foams })
}

/// Foam block with its pocket, ready to be made of any grade.
struct FoamMesh {
    mesh: MixedMesh,
    /// Facets of its top.
    top: Vec<CellFacet>,
    /// Nodes of its bottom.
    feet: Vec<u32>,
}

/// Right-handed axes with the device's axis last: its columns.
fn axes(up: Vec3) -> [Vec3; 3] {
    let lateral = Vec3::x() - up * up.dot(&Vec3::x());
    let first = lateral.try_normalize(1e-6).unwrap_or_else(Vec3::y);
    [first, up.cross(&first), up]
}

/// Bricks under the lower face: fine below it, coarser away from it, the top a negative of the face inside of its outline and
/// going on at the level of the nearest edge outside.
fn foam_mesh(device: &Device, test: &F2267, edge: f64) -> Result<FoamMesh, Failure> {
    let [e1, e2, e3] = axes(device.axis);
    let origin = device.centers[1];
    let local = |p: &Vec3| {
        let d = p - origin;
        Vec3::new(d.dot(&e1), d.dot(&e2), d.dot(&e3))
    };
    let mesh = &device.mesh;
    let set = mesh.facet_sets.get(FACES[1]).into_iter().flatten();
    let facets: Vec<[Vec3; 3]> = set
        .map(|f| {
            let nodes = mesh.boundary[*f as usize].nodes;
            [0, 1, 2].map(|k| local(&mesh.points[nodes[k] as usize]))
        })
        .collect();
    let corners = || facets.iter().flatten();
    let [width, height] = test.block;
    let mut lines: Vec<Vec<f64>> = Vec::new();
    for axis in 0..2 {
        let least = corners().map(|p| p[axis]).fold(f64::INFINITY, f64::min) - MARGIN;
        let most = corners().map(|p| p[axis]).fold(f64::NEG_INFINITY, f64::max) + MARGIN;
        let half = 0.5 * width;
        if half < most.max(-least) {
            return Err(Failure::input(format!(
                "the foam block of {width:.1} mm is not {MARGIN} mm wider than the face of the device, which reaches {:.1} mm from its middle\n  = hint: raise f2267.block_width",
                most.max(-least) - MARGIN
            )));
        }
        let n = ((most - least) / edge).ceil().max(1.0) as usize;
        let mut line: Vec<f64> = growing(edge, half + least).iter().rev().map(|d| least - d).collect();
        line.extend((0..=n).map(|i| least + (most - least) * i as f64 / n as f64));
        line.extend(growing(edge, half - most).iter().map(|d| most + d));
        lines.push(line);
    }
    let mut depth: Vec<f64> = growing(edge / GROWTH, height).iter().rev().map(|d| -d).collect();
    depth.push(0.0);
    let level = |x: f64, y: f64| level(&facets, x, y);
    let place = |p: Vec3| {
        let z = p.z + level(p.x, p.y) * (1.0 + p.z / height);
        origin + p.x * e1 + p.y * e2 + z * e3
    };
    let mesh = bricks([&lines[0], &lines[1], &depth], place).map_err(Failure::bug)?;
    // Facets whose middle lies on the top: the bricks know it by their grid.
    let on_top = |f: &CellFacet| {
        let nodes = mesh.facet(f.cell as usize, usize::from(f.facet));
        let mean: Vec3 = nodes.iter().map(|n| mesh.points()[*n as usize]).sum::<Vec3>() / nodes.len() as f64;
        let [a, b, c] = [0, 1, 2].map(|k| mesh.points()[nodes[k] as usize]);
        let normal = (b - a).cross(&(c - a));
        let at = local(&mean);
        0.5 * normal.norm() < normal.dot(&e3) && -0.5 * height < at.z
    };
    let top = boundary(&mesh).into_iter().filter(on_top).collect();
    let bottom = |p: &Vec3| local(p).z < -height * (1.0 - 1e-9);
    let feet = (0..).zip(mesh.points()).filter(|(_, p)| bottom(p)).map(|(n, _)| n).collect();
    Ok(FoamMesh { mesh, top, feet })
}

/// Distances from an edge of fine cells to each further grid plane up to `reach`, growing.
fn growing(first: f64, reach: f64) -> Vec<f64> {
    if reach <= 0.0 {
        return Vec::new();
    }
    let mut sizes = Vec::new();
    let (mut size, mut sum) = (first, 0.0);
    while sum < reach {
        size *= GROWTH;
        sizes.push(size);
        sum += size;
    }
    let mut at = 0.0;
    sizes
        .iter()
        .map(|s| {
            at += s * reach / sum;
            at
        })
        .collect()
}

/// Height of the face over its middle at a place; outside of its outline that of the nearest corner.
fn level(facets: &[[Vec3; 3]], x: f64, y: f64) -> f64 {
    let cross = |a: &Vec3, b: &Vec3| (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x);
    let (mut nearest, mut found) = (f64::INFINITY, 0.0);
    for [a, b, c] in facets {
        let share = [cross(b, c), cross(c, a), cross(a, b)];
        let area: f64 = share.iter().sum();
        if area != 0.0 && share.iter().all(|s| 0.0 <= s * area.signum()) {
            return (share[0] * a.z + share[1] * b.z + share[2] * c.z) / area;
        }
        for p in [a, b, c] {
            let far = (p.x - x).hypot(p.y - y);
            if far < nearest {
                (nearest, found) = (far, p.z);
            }
        }
    }
    found
}

fn on_foam(device: &Device, part: Part, mesh: &FoamMesh, test: &F2267, foam: &Foam) -> Result<Rig, Failure> {
    // No plastic flow across the load, as in foam whose cells fold: plastic Poisson's ratio zero.
    let surface = QuadricSurface { tension: foam.strength, compression: foam.strength, interaction: 0.0 };
    let post = PostYield { hardening: foam.hardening, densification: None, damage: None };
    let law = QuadricBone::new(foam.elastic.0, foam.elastic.1, surface, post).map_err(Failure::input)?;
    let block = Part {
        name: "foam".into(),
        mesh: mesh.mesh.clone(),
        formulation: Formulation::Hex20Reduced,
        palette: vec![(isotropic(foam.elastic.0, foam.elastic.1), Law::small(law))],
        of_cell: vec![0; mesh.mesh.n_cells()],
    };
    let seat = |face: usize, against: Against, hold: Hold| Seat {
        name: FACES[face].into(),
        part: 0,
        facets: device.facets(FACES[face]),
        against,
        hold,
    };
    let on_foam = test.friction.map_or(Hold::Gripped, |friction| Hold::Sliding { friction });
    let seats =
        [seat(0, Against::Upper, Hold::Gripped), seat(1, Against::Part(1, mesh.top.clone()), on_foam)];
    Rig::new(&[part, block], &seats, &[(1, mesh.feet.clone())], device.centers[0], -device.axis)
        .map_err(|e| super::failure("setup", &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_lines_end_where_they_should() {
        let lines = growing(1.0, 12.0);
        assert!(lines.is_sorted() && (lines[lines.len() - 1] - 12.0).abs() < 1e-12, "{lines:?}");
        assert!(growing(1.0, 0.0).is_empty());
    }

    #[test]
    fn the_level_is_that_of_the_face_inside_and_of_its_nearest_corner_outside() {
        let facet = [Vec3::new(0.0, 0.0, 1.0), Vec3::new(2.0, 0.0, 3.0), Vec3::new(0.0, 2.0, 1.0)];
        assert!((level(&[facet], 0.5, 0.5) - 1.5).abs() < 1e-12);
        assert!((level(&[facet], 5.0, -1.0) - 3.0).abs() < 1e-12);
    }
}
