//! The device as a mesh with two end faces, whatever it comes from.

use super::case::{Bench, Device as Asked, Source};
use crate::failure::Failure;
use crate::pipeline::lattice::{Chosen, Drawn, homogenized};
use crate::pipeline::{bodies, geometry};
use dens_mesher::Vec3;
use dens_mesher::generate::{Engine, MeshSpec};
use dens_mesher::geometry::Field;
use dens_mesher::geometry::bvh::SurfaceSolid;
use dens_mesher::geometry::implant::{FaceKind, Implant};
use dens_mesher::geometry::spine::Patch;
use dens_mesher::mesh::Mesh;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_mesher::quality::{self, Quality};
use dens_solver::bench::Part;
use dens_solver::nonlinear::laws::{
    BadLaw, CrushableLattice, CubicStrengths, Hardening, Law, LinearElastic, Plastic,
};
use dens_solver::statics::{CellFacet, Formulation};
use dens_solver::tensor::isotropic;
use std::collections::BTreeMap;
use std::path::Path;

/// Names of the end faces in the mesh.
pub const FACES: [&str; 2] = ["upper face", "lower face"];

/// Longest side that a surface may have at least, mm: below, it is not in millimeters.
const LEAST: f64 = 4.0;

/// Device between its end faces.
pub struct Device {
    /// Its tetrahedra; region 0 is solid metal, 1 lattice. Facet sets [`FACES`].
    pub mesh: Mesh,
    /// Quality of the mesh.
    pub quality: Quality,
    /// Middles of the upper and of the lower face, mm.
    pub centers: [Vec3; 2],
    /// Areas of the faces as seen along the axis, mm².
    pub areas: [f64; 2],
    /// Unit vector from the lower to the upper middle.
    pub axis: Vec3,
    /// Distance of the middles, mm.
    pub height: f64,
    /// What it is, for readers.
    pub description: String,
    /// SHA-256 of each input file by its name without folder.
    pub hashes: BTreeMap<String, String>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Whether the metal yields or stays elastic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yielding {
    /// Solid and lattice yield.
    Yes,
    /// Both stay elastic.
    No,
}

/// Checks the files that a case names, without meshing.
///
/// # Errors
/// Every missing, unreadable or faulty surface; exit 2.
pub fn check_files(asked: &Asked, folder: &Path) -> Result<(), Failure> {
    match &asked.source {
        Source::Designed => geometry::check_files(&asked.anatomy, folder),
        Source::Surface { file, .. } => {
            geometry::surface("implant", file, folder, LEAST).map(|_| ()).map_err(Failure::input)
        }
    }
}

/// Meshes the device.
///
/// # Errors
/// A faulty surface, an implant that cannot fit, a device without end faces; exit 2.
pub fn build(asked: &Asked, folder: &Path, edge: f64) -> Result<Device, Failure> {
    let mut hashes = BTreeMap::new();
    let (meshed, description) = match &asked.source {
        Source::Designed => {
            let found = geometry::designed(&asked.anatomy, &asked.size, folder)?;
            let mut meshed = bodies::implant_mesh(&found.implant, edge, &Engine::LevelSet)?;
            for (face, kind) in FACES.into_iter().zip([FaceKind::Upper, FaceKind::Lower]) {
                seats(&mut meshed.mesh, &found.implant, face, kind);
            }
            hashes = found.hashes;
            let height = found.implant.height_mm;
            (
                meshed,
                format!(
                    "implant of {height:.1} mm, designed to the bones of the case ({})",
                    found.spine.source
                ),
            )
        }
        Source::Surface { file, lattice, axis, face_depth, face_angle } => {
            let (surface, sum) = geometry::surface("implant", file, folder, LEAST).map_err(Failure::input)?;
            let description = format!("closed surface of {} triangles", surface.triangles.len());
            hashes.insert("implant".into(), sum);
            let solid = SurfaceSolid::new(surface);
            let region = u16::from(*lattice);
            let spec = MeshSpec {
                name: "implant".into(),
                surfaces: vec![&solid],
                region: &|bits, _| (bits & 1 != 0).then_some(region),
                region_names: vec!["solid titanium".into(), "lattice".into()],
                edge_mm: edge,
                bounds: solid.bounds().grown(2.0 * edge),
                engine: Engine::LevelSet,
            };
            let mut meshed = bodies::robust(spec)?;
            end_faces(&mut meshed.mesh, *axis, *face_depth, *face_angle);
            (meshed, description)
        }
    };
    quality::check(&meshed.mesh).map_err(Failure::input)?;
    let mesh = meshed.mesh;
    let mut notes: Vec<String> = meshed
        .crumbs
        .iter()
        .map(|c| format!("A disconnected piece of {:.2} mm³ of the device was removed.", c.volume_mm3))
        .collect();
    let [upper, lower] = [0, 1].map(|k| face(&mesh, FACES[k]));
    let (Some(upper), Some(lower)) = (upper, lower) else {
        return Err(Failure::input(
            "the device has no upper or no lower face\n  = hint: set implant.axis to its axis, or raise implant.face_depth and implant.face_angle",
        ));
    };
    let along = upper.0 - lower.0;
    let height = along.norm();
    if height < 2.0 * edge {
        return Err(Failure::input(format!(
            "the end faces of the device are {height:.2} mm apart, too near for a mesh of {edge:.2} mm\n  = hint: check implant.axis and implant.face_depth, or lower mesh.edge_*"
        )));
    }
    let axis = along / height;
    if matches!(asked.source, Source::Surface { .. }) {
        notes.push(String::from(
            "The surface is meshed as one smooth surface: sharp edges come out rounded by up to half the mesh spacing.",
        ));
    }
    Ok(Device {
        quality: quality::measure(&mesh),
        centers: [upper.0, lower.0],
        areas: [upper.1.dot(&axis), -lower.1.dot(&axis)],
        mesh,
        axis,
        height,
        description,
        hashes,
        notes,
    })
}

/// Names the facets of a designed implant that lie in its contact ellipses: outside of them its faces leave room to the bone.
fn seats(mesh: &mut Mesh, implant: &Implant, name: &str, kind: FaceKind) {
    let patches: Vec<Patch> = implant
        .contacts()
        .filter(|(n, _)| (*n == "lower") == (kind == FaceKind::Lower))
        .map(|c| *c.1)
        .collect();
    let faces = implant.faces();
    mesh.name_facets(name, |c, n, s| {
        let own = faces.get(usize::from(s)).is_some_and(|f| f.kind == kind);
        own && patches.iter().any(|p| p.selects(c, n))
    });
}

/// Facets near the two ends along `axis` that look along it.
fn end_faces(mesh: &mut Mesh, axis: Vec3, depth: f64, angle: f64) {
    let at = |p: &Vec3| p.dot(&axis);
    let top = mesh.points.iter().map(at).fold(f64::NEG_INFINITY, f64::max);
    let bottom = mesh.points.iter().map(at).fold(f64::INFINITY, f64::min);
    let least = angle.cos();
    mesh.name_facets(FACES[0], |c, n, _| top - depth < at(&c) && least < n.dot(&axis));
    mesh.name_facets(FACES[1], |c, n, _| at(&c) < bottom + depth && least < -n.dot(&axis));
}

/// Middle and outward area vector of a face.
fn face(mesh: &Mesh, name: &str) -> Option<(Vec3, Vec3)> {
    let (mut middle, mut vector, mut area) = (Vec3::zeros(), Vec3::zeros(), 0.0);
    for f in mesh.facet_sets.get(name)? {
        let (center, normal, a) = mesh.facet_geometry(&mesh.boundary[*f as usize]);
        middle += center * a;
        vector += normal * a;
        area += a;
    }
    (0.0 < area).then(|| (middle / area, vector))
}

impl Device {
    /// Facets of an end face, in the numbering of the engine.
    pub fn facets(&self, face: &str) -> Vec<CellFacet> {
        let set = self.mesh.facet_sets.get(face);
        let of = |f: &u32| {
            let f = &self.mesh.boundary[*f as usize];
            CellFacet { cell: f.cell, facet: f.local }
        };
        set.into_iter().flatten().map(of).collect()
    }

    /// The part for the engine.
    ///
    /// # Errors
    /// Only by a bug: strengths of which no surface of yield can be made.
    pub fn part(&self, bench: &Bench, chosen: &Chosen, yielding: Yielding) -> Result<Part, Failure> {
        let cells = self.mesh.cells.iter().map(|c| (Shape::Tet10, c.as_slice()));
        let mesh = MixedMesh::new(self.mesh.points.clone(), cells).map_err(Failure::bug)?;
        let metal = &bench.titanium;
        let solid = isotropic(metal.modulus, metal.poisson);
        let lattice = chosen.homogenized.stiffness;
        let laws = match yielding {
            Yielding::No => [solid, lattice].map(|stiffness| Law::small(LinearElastic { stiffness })),
            Yielding::Yes => {
                let bad = |e: BadLaw| Failure::bug(e);
                let hardening = Hardening::perfect(metal.yield_strength).map_err(bad)?;
                let metal_law = Plastic::new(metal.modulus, metal.poisson, hardening).map_err(bad)?;
                let strengths = strengths(chosen, metal.yield_strength);
                let lattice_law = CrushableLattice::new(&lattice, strengths).map_err(bad)?;
                [Law::small(metal_law), Law::small(lattice_law)]
            }
        };
        let [solid_law, lattice_law] = laws;
        Ok(Part {
            name: "device".into(),
            mesh,
            formulation: Formulation::Tet10,
            palette: vec![(solid, solid_law), (lattice, lattice_law)],
            of_cell: self.mesh.regions.iter().map(|r| u32::from(*r)).collect(),
        })
    }
}

/// Stresses on the lattice at which half a percent of its solid yields, along z and z with x.
pub fn strengths(chosen: &Chosen, yield_strength: f64) -> CubicStrengths {
    let at = |stress: [f64; 6]| yield_strength / chosen.amplification.strut_stress(stress);
    CubicStrengths {
        axial: at([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]),
        hydrostatic: at([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]),
        shear: at([0.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
    }
}

/// The lattice of the case, homogenised.
///
/// # Errors
/// A density the cell cannot have; exit 2.
pub fn lattice(bench: &Bench, quality: crate::case::Quality) -> Result<Chosen, Failure> {
    let l = &bench.lattice;
    let drawn = Drawn::new(&l.cell, l.relative_density, l.cell_size)?;
    homogenized(&bench.titanium, drawn, l.printing.as_ref(), bench.voxels[quality as usize])
}
