//! Every body as tetrahedra: bones, discs, cartilage, implant; with regions, tissues and named facets.

use super::geometry::Geometry;
use super::tissue::{self, Tissue};
use crate::case::Case;
use crate::failure::Failure;
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_mesher::generate::{Engine, MeshError, MeshSpec, Meshed, mesh_with_notes};
use dens_mesher::geometry::implant::{FaceKind, Implant};
use dens_mesher::geometry::spine::{Joint, JointKind, Level, Patch, Side, Spine};
use dens_mesher::geometry::{Aabb, Field};
use dens_mesher::mesh::Mesh;
use dens_mesher::quality::{self, Quality};
use dens_reports::table::significant;
use dens_solver::elements::Section;
use dens_solver::materials::scan::ScannedBone;
use dens_solver::model::Interpolation;
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Vertebra.
    Bone(Level),
    /// Disc under this vertebra.
    Disc(Level),
    /// Facet cartilage under this vertebra, on this side.
    Cartilage(Level, Side),
    /// Implant in place of C2, or of C2 and C3.
    Implant,
}

/// One meshed body with its materials.
#[derive(Debug, Clone)]
pub struct Body {
    /// What it is.
    pub kind: Kind,
    /// Name, as printed.
    pub name: String,
    /// Its tetrahedra.
    pub mesh: Arc<Mesh>,
    /// Quality of the mesh.
    pub quality: Quality,
    /// Materials.
    pub palette: Vec<Section>,
    /// Material of each cell.
    pub of_cell: Vec<u32>,
    /// For bones: shares of the tissues and depth below the surface, per cell.
    pub tissue: Vec<Tissue>,
    /// For bones with a scan: what it says, per cell.
    pub scanned: Option<ScannedBone>,
    /// Notes of the mesher.
    pub notes: Vec<String>,
}

/// All bodies of the two models.
#[derive(Debug, Clone)]
pub struct Bodies {
    /// Bones, discs, cartilage, implant.
    pub all: Vec<Body>,
}

impl Bodies {
    /// Body of that kind, if present.
    pub fn find(&self, kind: Kind) -> Option<&Body> {
        self.all.iter().find(|b| b.kind == kind)
    }
}

/// The patch with `margin` mm more on every side, so that a whole facet row surrounds it.
fn wider(patch: &Patch, margin: f64) -> Patch {
    Patch { radii: patch.radii.map(|r| r + margin), depth: patch.depth + margin, ..*patch }
}

/// Name of the facets of a bone around a joint.
pub fn facets_of(joint: &Joint) -> String {
    joint.name()
}

/// Meshes all bodies at this lattice spacing.
///
/// # Errors
/// A body the mesher refuses, with place and remedy; exit 2.
pub fn mesh(case: &Case, geometry: &Geometry, edge: f64, progress: &Progress) -> Result<Bodies, Failure> {
    let engine = engine(case)?;
    let spine = &geometry.spine;
    let (bones, joints) = (spine.bones.len(), spine.joints.len());
    let total = bones + joints + 1;
    let done = AtomicUsize::new(0);
    let body = |i: usize| {
        let body = if let Some(bone) = spine.bones.get(i) {
            let meshed = one(bone.level.name(), vec![&*bone.field], edge, bone.field.bounds(), &engine)?;
            bone_body(case, geometry, bone.level, edge, shaped(case, meshed))
        } else if let Some(joint) = spine.joints.get(i - bones) {
            joint_body(case, geometry, joint, edge, &engine)
        } else {
            implant_body(case, geometry, edge, &engine)
        }?;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress.within(&body.name, done as f64 / total as f64);
        Ok(body)
    };
    // All are meshed before the first failure is told, so that it is the same for any number of threads.
    let all: Vec<Result<Body, Failure>> = (0..total).into_par_iter().with_max_len(1).map(body).collect();
    Ok(Bodies { all: all.into_iter().collect::<Result<_, _>>()? })
}

/// One bone with its tissues and named facets.
///
/// # Errors
/// A bone that is not there or that the mesher refuses; exit 2.
pub fn bone(case: &Case, geometry: &Geometry, level: Level, edge: f64) -> Result<Body, Failure> {
    let missing = || Failure::input(format!("the anatomy has no {}", level.name()));
    let field = geometry.spine.bone(level).ok_or_else(missing)?.field.clone();
    let meshed = one(level.name(), vec![&*field], edge, field.bounds(), &engine(case)?)?;
    bone_body(case, geometry, level, edge, shaped(case, meshed))
}

/// The program `dens-tetgen`: what DENS_TETGEN names, or the one beside this program.
pub fn tetgen_executable() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().map(|p| p.with_file_name("dens-tetgen"));
    std::env::var_os("DENS_TETGEN").map(PathBuf::from).or(beside).filter(|p| p.is_file())
}

fn engine(case: &Case) -> Result<Engine, Failure> {
    if !case.fineness.tetgen {
        return Ok(Engine::LevelSet);
    }
    let executable = tetgen_executable();
    let executable = executable.ok_or_else(|| {
        Failure::input(
            "`mesh.mesher` is `tetgen`, but the program `dens-tetgen` was not found\n  = hint: build mesher/tetgen-rs (see its README) and put `dens-tetgen` beside `dens` or name it in DENS_TETGEN; or use mesher = \"level-set\"",
        )
    })?;
    Ok(Engine::TetGen { executable, timeout: Duration::from_secs(300) })
}

fn one(
    name: &str,
    surfaces: Vec<&dyn Field>,
    edge: f64,
    bounds: Aabb,
    engine: &Engine,
) -> Result<Meshed, Failure> {
    let inside = (1u32 << surfaces.len()) - 1;
    let spec = MeshSpec {
        name: name.to_string(),
        surfaces,
        region: &|bits, _| (bits & inside == inside).then_some(0),
        region_names: vec![name.to_string()],
        edge_mm: edge,
        bounds: bounds.grown(2.0 * edge),
        engine: engine.clone(),
    };
    robust(spec)
}

/// Linear displacements need flat cells.
fn shaped(case: &Case, mut meshed: Meshed) -> Meshed {
    if case.interpolation == Interpolation::Linear {
        meshed.mesh.straighten();
    }
    meshed
}

/// Meshes, and where a cell comes out too flat tries again with a slightly smaller spacing: the lattice then
/// meets the surface elsewhere.
///
/// # Errors
/// The first refusal of the mesher; exit 2.
pub fn robust(spec: MeshSpec<'_>) -> Result<Meshed, Failure> {
    let mut spec = spec;
    let mut first = None;
    for _ in 0..4 {
        match mesh_with_notes(&spec) {
            Ok(meshed) => return Ok(meshed),
            Err(e @ (MeshError::Engine { .. } | MeshError::Request { .. })) => return Err(Failure::input(e)),
            Err(e) => first = Some(first.unwrap_or(e)),
        }
        spec.edge_mm *= 0.93;
    }
    Err(first.map_or_else(|| Failure::bug("no mesh was tried"), Failure::input))
}

fn finish(kind: Kind, name: String, meshed: Meshed) -> Result<Body, Failure> {
    let quality = quality::measure(&meshed.mesh);
    quality::check(&meshed.mesh).map_err(Failure::input)?;
    let notes = meshed
        .crumbs
        .iter()
        .map(|c| {
            let volume = significant(c.volume_mm3, 2);
            format!("{name}: a disconnected piece of {volume} mm³ was removed")
        })
        .collect();
    Ok(Body {
        kind,
        name,
        mesh: Arc::new(meshed.mesh),
        quality,
        palette: Vec::new(),
        of_cell: Vec::new(),
        tissue: Vec::new(),
        scanned: None,
        notes,
    })
}

fn bone_body(
    case: &Case,
    geometry: &Geometry,
    level: Level,
    edge: f64,
    mut meshed: Meshed,
) -> Result<Body, Failure> {
    let spine = &geometry.spine;
    let mesh = &mut meshed.mesh;
    for joint in &spine.joints {
        let patch = match level {
            l if l == joint.upper => joint.on_upper(),
            l if l == joint.lower => joint.on_lower(),
            _ => continue,
        };
        let near = wider(&patch, 1.3 * edge);
        mesh.name_facets(&facets_of(joint), |c, n, _| near.selects(c, n));
    }
    if level == Level::C1 {
        for (patch, side) in spine.condyles.iter().zip(Side::BOTH) {
            mesh.name_facets(&format!("condyle {}", side.name()), |c, n, _| patch.selects(c, n));
        }
    }
    if spine.bones.last().is_some_and(|b| b.level == level) {
        mesh.name_facets("held", |c, n, _| spine.held.iter().any(|p| p.selects(c, n)));
    }
    // The implant's contact faces, seen from the bone: its face patches point into the bone.
    for (name, patch) in geometry.implant.contacts() {
        let on = if name == "lower" { geometry.caudal() } else { Level::C1 };
        if on == level {
            // Bones are meshed where they stand, the implant where C1 comes to lie on it.
            let patch =
                if on == Level::C1 { patch.turned(&geometry.implant.upper.inverse()) } else { *patch };
            let ring = geometry.implant.params.form.rim_mm().filter(|_| name == "lower");
            mesh.name_facets(&format!("implant {name}"), |c, n, _| {
                patch.selects(c, -n) && ring.is_none_or(|r| near_rim(&patch, c, r, edge))
            });
            let around = wider(&patch, 1.3 * edge);
            mesh.name_facets(&format!("around implant {name}"), |c, n, _| around.selects(c, -n));
        }
    }
    let mut body = finish(Kind::Bone(level), level.name().to_string(), meshed)?;
    tissue::fill_bone(case, geometry, level, &mut body)?;
    Ok(body)
}

/// Whether the center of a facet lies under the rim of a cage, or so near that the facet may.
///
/// - `rim`: mean radius and half width, mm
fn near_rim(patch: &Patch, center: Vec3, [radius, half]: [f64; 2], edge: f64) -> bool {
    let d = center - patch.center;
    let away = (d - patch.axis * d.dot(&patch.axis)).norm();
    // The center of a facet lies a third of its height, 0.29 of its edge, from its sides.
    (away - radius).abs() < half + 0.29 * edge
}

/// Solid of a joint's filling, split into its smooth walls.
struct Inverse(Arc<dyn Field>);

impl Field for Inverse {
    fn value(&self, p: Vec3) -> f64 {
        -self.0.value(p)
    }

    fn bounds(&self) -> Aabb {
        self.0.bounds()
    }
}

struct Column<'j>(&'j Joint, Aabb);

impl Field for Column<'_> {
    fn value(&self, p: Vec3) -> f64 {
        self.0.patch.column(p)
    }

    fn bounds(&self) -> Aabb {
        self.1
    }
}

/// Where the two bones are nearer to each other than `widest`, in sum of distances, and near the joint.
struct Narrow<'j> {
    joint: &'j Joint,
    upper: Arc<dyn Field>,
    lower: Arc<dyn Field>,
    widest: f64,
}

impl Field for Narrow<'_> {
    fn value(&self, p: Vec3) -> f64 {
        let patch = &self.joint.patch;
        // Far from a bone a field need not be a distance: the slab keeps the other side of a bone out.
        let slab = (p - patch.center).dot(&patch.axis).abs() - (patch.depth + 1.0);
        (0.5 * (self.upper.value(p) + self.lower.value(p) - self.widest)).max(slab)
    }

    fn bounds(&self) -> Aabb {
        self.upper.bounds()
    }
}

fn joint_body(
    case: &Case,
    geometry: &Geometry,
    joint: &Joint,
    edge: f64,
    engine: &Engine,
) -> Result<Body, Failure> {
    let meshed = shaped(case, joint_mesh(&geometry.spine, joint, edge, engine)?);
    let kind = match joint.kind {
        JointKind::Disc => Kind::Disc(joint.upper),
        JointKind::Facet(side) => Kind::Cartilage(joint.upper, side),
    };
    let mut body = finish(kind, joint.name(), meshed)?;
    match joint.kind {
        JointKind::Disc => tissue::fill_disc(case, joint, &mut body),
        JointKind::Facet(_) => tissue::fill_cartilage(case, &mut body),
    }
    Ok(body)
}

/// Filling of a joint, its facets on the bones named `on lower` and `on upper`.
///
/// # Errors
/// A joint of a bone that is not there; a body the mesher refuses, with place and remedy; exit 2.
pub fn joint_mesh(spine: &Spine, joint: &Joint, edge: f64, engine: &Engine) -> Result<Meshed, Failure> {
    let missing = || Failure::bug(format!("{} names a bone that is not there", joint.name()));
    let upper = spine.bone(joint.upper).ok_or_else(missing)?.field.clone();
    let lower = spine.bone(joint.lower).ok_or_else(missing)?.field.clone();
    let reach = joint.patch.radii[0].max(joint.patch.radii[1]) + joint.patch.depth;
    let bounds = Aabb { min: joint.patch.center, max: joint.patch.center }.grown(reach);
    let gap = upper.value(joint.patch.center).abs() + lower.value(joint.patch.center).abs();
    let widest = match joint.kind {
        JointKind::Disc => 1.8 * gap + 2.0,
        JointKind::Facet(_) => 1.8 * gap + 1.0,
    };
    let column = Column(joint, bounds);
    let (below_upper, above_lower) = (Inverse(upper.clone()), Inverse(lower.clone()));
    let narrow = Narrow { joint, upper, lower, widest };
    // One or two cells across a thin layer: ten-node tetrahedra carry its compression with one.
    let spacing = match joint.kind {
        JointKind::Disc => edge.min((0.7 * gap).max(1.2)),
        JointKind::Facet(_) => edge.min((1.35 * gap).max(1.2)),
    };
    let surfaces: Vec<&dyn Field> = vec![&above_lower, &below_upper, &column, &narrow];
    let mut meshed = one(&joint.name(), surfaces, spacing, bounds, engine)?;
    meshed.mesh.name_facets("on lower", |_, _, s| s == 0);
    meshed.mesh.name_facets("on upper", |_, _, s| s == 1);
    Ok(meshed)
}

fn implant_body(case: &Case, geometry: &Geometry, edge: f64, engine: &Engine) -> Result<Body, Failure> {
    let meshed = implant_mesh(&geometry.implant, edge, engine)?;
    finish(Kind::Implant, "implant".into(), shaped(case, meshed))
}

/// The implant with its contact faces named; region 0 is solid metal, 1 lattice.
///
/// # Errors
/// A body the mesher refuses; exit 2.
pub fn implant_mesh(implant: &Implant, edge: f64, engine: &Engine) -> Result<Meshed, Failure> {
    let faces = implant.faces();
    let inside = (1u32 << faces.len()) - 1;
    let solid = implant.solid();
    // A wall thinner than the spacing would be missed.
    let rim = implant.params.form.rim_mm();
    let edge = rim.map_or(edge, |[_, half]| edge.min(2.0 * half));
    let spec = MeshSpec {
        name: "implant".into(),
        surfaces: faces.iter().map(|f| &*f.field).collect(),
        region: &|bits, c| (bits & inside == inside).then(|| u16::from(solid.value(c) >= 0.0)),
        region_names: vec!["solid titanium".into(), "lattice".into()],
        edge_mm: edge,
        bounds: implant.bounds().grown(edge),
        engine: engine.clone(),
    };
    let mut meshed = robust(spec)?;
    let kind_of = |s: u8| faces.get(usize::from(s)).map(|f| f.kind);
    let pads: Vec<_> = implant.contacts().map(|(n, p)| (n.to_string(), *p)).collect();
    for (name, patch) in &pads {
        let wanted = if name == "lower" { FaceKind::Lower } else { FaceKind::Upper };
        // The rim of a cage carries the integration points itself: there only what touches counts.
        let beside = if rim.is_some() && name == "lower" { 0.0 } else { 1.3 * edge };
        let near = wider(patch, beside);
        meshed.mesh.name_facets(&format!("implant {name}"), |c, n, s| {
            kind_of(s) == Some(wanted) && near.selects(c, n)
        });
    }
    meshed.mesh.name_facets("free sides", |_, _, s| kind_of(s) == Some(FaceKind::Side));
    Ok(meshed)
}
