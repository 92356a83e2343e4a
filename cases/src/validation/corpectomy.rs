//! T8: stress of the end-plates beside a cage after corpectomy of C5.
//!
//! ```text
//!   couple and preload
//!      ↓ C4           anterior plate: two screws in each bone, two bars
//!    ┌─────┐          cage: titanium between the end-plates, its ends their negative
//!    │cage │            conventional: the rim of a tube        anatomic: most of the end-plate
//!    └─────┘
//!       C6  held at its lower end-plate and facets
//! ```

use super::{Bench, Role, Row, Validation};
use crate::case::Case;
use crate::failure::Failure;
use crate::pipeline::bodies::{self, Body};
use crate::pipeline::geometry::Geometry;
use crate::pipeline::moments::tractions;
use crate::pipeline::{options, tissue};
use dens_mesher::Vec3;
use dens_mesher::generate::{Engine, MeshSpec};
use dens_mesher::geometry::spine::{JointKind, Level, Patch, Side};
use dens_mesher::geometry::{Aabb, By, Field};
use dens_mesher::mesh::Mesh;
use dens_solver::criteria;
use dens_solver::elements::Section;
use dens_solver::loads::beam::BeamSection;
use dens_solver::loads::contact::{Gaps, Law};
use dens_solver::loads::fixation::Fixation;
use dens_solver::model::{Hold, Interface, Model, Part, Surface};
use dens_solver::newton::{SolveError, Solver};
use dens_solver::recover::recover;
use dens_solver::tensor::{apply, isotropic, von_mises};
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Couple, N·mm, and preload, N: what most models of the neck are loaded with; the published ones were not read.
const LOAD: (f64, f64) = (1000.0, 73.6);

/// Lattice spacing of the bones and of the cages, mm.
const EDGE: [f64; 2] = [2.8, 1.3];

/// Outer and inner radius of the conventional tube, mm: 13 mm wide, wall 1.5 mm (recalled sizes).
const TUBE: [f64; 2] = [6.5, 5.0];

/// Share of the end-plate's ellipse that the anatomic cage covers, and its inner radius, mm.
const ANATOMIC: (f64, f64) = (0.95, 3.0);

/// Directions with their axes: +x flexes, +y bends to the left, +z turns to the left.
const DIRECTIONS: [(&str, [f64; 3]); 4] = [
    ("flexion", [1.0, 0.0, 0.0]),
    ("extension", [-1.0, 0.0, 0.0]),
    ("lateral bending", [0.0, 1.0, 0.0]),
    ("rotation", [0.0, 0.0, 1.0]),
];

/// End-plates beside two cages.
pub(super) const T8: Validation = Validation {
    id: "T8",
    title: "stress of the end-plates beside a conventional and an anatomic cage between C4 and C6, anterior plate",
    source: "abstract of a C2-C7 finite element study (natmc), ranges over load directions",
    note: "C4 to C6 alone, C5 and both discs taken out; C6 has the shape of the parametric C4. Titanium cages whose ends are the negative of the end-plates, so that the sharp rim of the conventional one also fits, which real ones do not: its stress is a lower bound. Friction as in the cases; plate and screws as beams; no ligaments, no facets. 1 N m with 73.6 N on C4, C6 held: the published loads were not read. Stress: 99th percentile of von Mises stress of end-plate tissue in the end-plate region; a peak of finite elements without it depends on the mesh. Bands: the proposed 1 to 25 MPa, and a ratio below 1 in every direction; the published value is the middle of the range over the directions, so the difference means little.",
    run: t8,
    figures: None,
};

/// Ranges over the directions, MPa: conventional, anatomic.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    c4_inferior: [[f64; 2]; 2],
    c6_superior: [[f64; 2]; 2],
    band: [f64; 2],
}

/// Which cage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cage {
    Conventional,
    Anatomic,
}

/// Signed value of a place.
type Value = Box<dyn Fn(Vec3) -> f64 + Send + Sync>;

/// What both models share.
struct Site<'a> {
    case: &'a Case,
    geometry: &'a Geometry,
    /// C4 with the facets `over` (inferior) and `under` (superior end-plate) that meet a cage.
    bone: Body,
    /// From C4 to C6, mm.
    down: Vec3,
    /// Inferior end-plate of C4 and superior one of C6, axes out of the bones.
    plates: [Patch; 2],
}

fn t8(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let published = bench.published()?.t8;
    let (case, geometry) = bench.default_case()?;
    let site = Site::new(case, geometry)?;
    let (conventional, anatomic) =
        rayon::join(|| site.stresses(Cage::Conventional), || site.stresses(Cage::Anatomic));
    let found = [conventional?, anatomic?];
    let plates = [("C4 inferior", published.c4_inferior), ("C6 superior", published.c6_superior)];
    let mut rows = Vec::new();
    for (plate, (name, ranges)) in plates.into_iter().enumerate() {
        for (k, (direction, _)) in DIRECTIONS.into_iter().enumerate() {
            let stress = [0, 1].map(|cage| found[cage][k][plate]);
            for (cage, kind) in ["conventional", "anatomic"].into_iter().enumerate() {
                rows.push(Row {
                    quantity: format!("{name}, {direction}, {kind}"),
                    unit: "MPa",
                    predicted: stress[cage],
                    published: 0.5 * (ranges[cage][0] + ranges[cage][1]),
                    band: published.band,
                    basis: "proposed",
                    role: Role::Prediction,
                });
            }
            rows.push(Row {
                quantity: format!("{name}, {direction}, anatomic over conventional"),
                unit: "",
                predicted: stress[1] / stress[0],
                published: (ranges[1][0] + ranges[1][1]) / (ranges[0][0] + ranges[0][1]),
                band: [0.0, 1.0],
                basis: "anatomic is lower",
                role: Role::Prediction,
            });
        }
    }
    Ok(rows)
}

impl<'a> Site<'a> {
    fn new(case: &'a Case, geometry: &'a Geometry) -> Result<Self, Failure> {
        let spine = &geometry.spine;
        let missing = || Failure::input("the anatomy lacks an end-plate of C4");
        let upper = spine.joints.iter().find(|j| j.kind == JointKind::Disc && j.lower == Level::C4);
        let upper = upper.ok_or_else(missing)?.on_lower();
        let lower = *spine.held.first().ok_or_else(missing)?;
        let top = |level: Level| {
            let bone = spine.bone(level)?;
            bone.landmarks.get("superior endplate").copied()
        };
        let (third, fourth) = (top(Level::C3).ok_or_else(missing)?, top(Level::C4).ok_or_else(missing)?);
        let mut bone = bodies::bone(case, geometry, Level::C4, EDGE[0])?;
        let mesh = Arc::make_mut(&mut bone.mesh);
        mesh.name_facets("over", |c, n, _| lower.selects(c, n));
        mesh.name_facets("under", |c, n, _| upper.selects(c, n));
        let down = 2.0 * (fourth - third);
        let under = Patch { center: fourth, ..upper }.moved(down);
        Ok(Self { case, geometry, bone, down, plates: [lower, under] })
    }

    /// The cage as a body between the bones, its ends named `above` and `below`.
    fn cage(&self, cage: Cage) -> Result<Mesh, Failure> {
        let field = self.geometry.spine.bone(Level::C4).map(|b| b.field.clone());
        let field = field.ok_or_else(|| Failure::bug("C4 was meshed and is not there"))?;
        let [above, below] = self.plates.map(|p| p.center);
        let length = (above - below).norm();
        let axis = (above - below) / length;
        let middle = 0.5 * (above + below);
        let bounds = Aabb { min: middle, max: middle }.grown(0.5 * length + 12.0);
        let radius = move |p: Vec3| {
            let d = p - middle;
            (d - axis * d.dot(&axis)).norm()
        };
        let ellipse = Patch {
            center: middle,
            axis,
            first: (Vec3::y() - axis * axis.y).normalize(),
            radii: self.plates[0].radii.map(|r| r * ANATOMIC.0.sqrt()),
            depth: length,
        };
        let [outer, inner]: [Value; 2] = match cage {
            Cage::Conventional => {
                [Box::new(move |p| radius(p) - TUBE[0]), Box::new(move |p| TUBE[1] - radius(p))]
            }
            Cage::Anatomic => {
                [Box::new(move |p| ellipse.column(p)), Box::new(move |p| ANATOMIC.1 - radius(p))]
            }
        };
        let (lower, down) = (field.clone(), self.down);
        let slab = move |p: Vec3| (p - middle).dot(&axis).abs() - (0.5 * length + 4.0);
        let faces: [By<Value>; 5] = [
            By(Box::new(move |p| -field.value(p)), bounds),
            By(Box::new(move |p| -lower.value(p - down)), bounds),
            By(outer, bounds),
            By(inner, bounds),
            By(Box::new(slab), bounds),
        ];
        let inside = (1u32 << faces.len()) - 1;
        let spec = MeshSpec {
            name: "cage".into(),
            surfaces: faces.iter().map(|f| f as &dyn Field).collect(),
            region: &|bits, _| (bits & inside == inside).then_some(0),
            region_names: vec!["titanium".into()],
            edge_mm: EDGE[1],
            bounds,
            engine: Engine::LevelSet,
        };
        let mut mesh = bodies::robust(spec)?.mesh;
        mesh.name_facets("above", |_, _, s| s == 0);
        mesh.name_facets("below", |_, _, s| s == 1);
        Ok(mesh)
    }

    /// Anterior plate: two bars of the bending stiffness of a plate 16 mm wide and 2.2 mm thick, screws of 4 mm (recalled
    /// sizes).
    fn plate(&self) -> Result<Fixation, Failure> {
        let marks = self.geometry.spine.bone(Level::C4).map(|b| &b.landmarks);
        let at = |name: &str| marks.and_then(|m| m.get(name)).copied();
        let ends = at("superior endplate anterior").zip(at("inferior endplate anterior"));
        let (top, low) = ends.ok_or_else(|| Failure::input("the anatomy lacks the front of C4"))?;
        let titanium = |diameter| BeamSection {
            diameter,
            youngs_modulus: self.case.titanium.modulus,
            poissons_ratio: self.case.titanium.poisson,
        };
        let mut fixation = Fixation::default();
        let mut heads = [[Vec3::zeros(); 2]; 2];
        for (b, shift) in [(0, Vec3::zeros()), (1, self.down)] {
            for (s, side) in Side::BOTH.into_iter().enumerate() {
                // The front of the body is round: 1.5 mm farther back 5 mm beside its middle.
                let entry = 0.5 * (top + low) + shift + Vec3::new(5.0 * side.sign(), 1.5, 0.0);
                let head = entry - Vec3::y() * 3.5;
                heads[b][s] = head;
                let name = format!("C{} screw {}", 4 + 2 * b, side.name());
                let member =
                    fixation.add(&name, titanium(4.0), &[head, entry, entry + Vec3::y() * 13.0], 2.5);
                fixation.tie(member, b);
            }
        }
        for (s, side) in Side::BOTH.into_iter().enumerate() {
            fixation.add(&format!("plate {}", side.name()), titanium(3.5), &[heads[0][s], heads[1][s]], 4.0);
        }
        for [left, right] in heads {
            fixation.add("plate across", titanium(3.5), &[left, right], 4.0);
        }
        Ok(fixation)
    }

    /// By direction: stress of the inferior end-plate of C4 and of the superior one of C6, MPa; not a number where the
    /// contact finds no equilibrium.
    fn stresses(&self, cage: Cage) -> Result<Vec<[f64; 2]>, Failure> {
        let titanium = isotropic(self.case.titanium.modulus, self.case.titanium.poisson);
        let cage = self.cage(cage)?;
        let n = cage.n_cells();
        let part = |name: &str, mesh: Arc<Mesh>| Part {
            name: name.into(),
            mesh,
            palette: self.bone.palette.clone(),
            of_cell: self.bone.of_cell.clone(),
        };
        let mut sixth = (*self.bone.mesh).clone();
        sixth.points.iter_mut().for_each(|p| *p += self.down);
        let parts = vec![
            part("C4", self.bone.mesh.clone()),
            part("C6", Arc::new(sixth)),
            Part {
                name: "cage".into(),
                mesh: Arc::new(cage),
                palette: vec![Section::suited(titanium)],
                of_cell: vec![0; n],
            },
        ];
        let surface = |part: usize, set: &str| -> Result<Surface, Failure> {
            let facets = parts[part].mesh.facet_sets.get(set).cloned().unwrap_or_default();
            if facets.is_empty() {
                return Err(Failure::bug(format!("no facet of {} lies in `{set}`", parts[part].name)));
            }
            Ok(Surface { part, facets })
        };
        let mut interfaces = Vec::new();
        // The cage covers less than the end-plate: its facets carry the points.
        for (part, own, on) in [(0, "over", "above"), (1, "under", "below")] {
            interfaces.push(Interface {
                name: format!("{} on the cage", parts[part].name),
                slave: surface(2, on)?,
                master: surface(part, own)?,
                law: Law::Sliding { friction: self.case.friction },
                gaps: Gaps::Closed,
                reach_mm: 0.8,
            });
        }
        let loaded = surface(0, "under")?.facets;
        let hold = Hold { name: "C6 from below".into(), surface: surface(1, "held")? };
        let (top, toward) = (parts[0].mesh.clone(), self.plates[1].center);
        let mut model =
            Model { parts, interfaces, holds: vec![hold], fixation: self.plate()?, ..Model::default() };
        let point = || Failure::bug("the upper end-plate of C4 is a point");
        let load = |axis: [f64; 3]| {
            let couple = LOAD.0 * Vec3::from(axis);
            tractions(&top, 0, &loaded, couple, (LOAD.1, toward)).ok_or_else(point)
        };
        model.tractions = load(DIRECTIONS[0].1)?;
        let mut solver = Solver::new(&model, &options(self.case)).map_err(Failure::bug)?;
        let cancel = AtomicBool::new(false);
        let mut found = Vec::with_capacity(DIRECTIONS.len());
        for (_, axis) in DIRECTIONS {
            model.tractions = load(axis)?;
            found.push(match solver.solve(&model, None, &|_, _| {}, &cancel) {
                Ok(solution) => self.peaks(&model, &solution.displacements)?,
                Err(SolveError::NotConverged { .. }) => [f64::NAN; 2],
                Err(e) => return Err(Failure::not_converged(format!("error: corpectomy: {e}"))),
            });
        }
        Ok(found)
    }

    /// 99th percentile of the stress of end-plate tissue in the end-plate beside the cage, C4 and C6, MPa.
    fn peaks(&self, model: &Model, displacements: &[Vec<Vec3>]) -> Result<[f64; 2], Failure> {
        let endplate = tissue::bone_stiffness(self.case)?[1];
        let mut peaks = [0.0; 2];
        for (part, region) in [(0, "inferior endplate"), (1, "superior endplate")] {
            let p = &model.parts[part];
            let wanted = tissue::REGIONS.iter().position(|r| *r == region).map(|r| r as u16);
            let flat: Vec<f64> = displacements[part].iter().flat_map(|u| [u.x, u.y, u.z]).collect();
            let fields = recover(&p.mesh.points, &p.mesh.cells, &p.palette, &p.of_cell, &flat)
                .map_err(Failure::bug)?;
            let (mut weights, mut stresses) = (Vec::new(), Vec::new());
            for cell in (0..p.mesh.n_cells()).filter(|c| Some(p.mesh.regions[*c]) == wanted) {
                for q in 0..4 {
                    let strain = fields.strains[cell][q];
                    let stress = apply(&endplate, &strain);
                    weights.push(fields.weights[cell][q]);
                    stresses.push(von_mises(&stress));
                }
            }
            peaks[part] = criteria::quantile(&weights, &stresses, 0.99).unwrap_or(f64::NAN);
        }
        Ok(peaks)
    }
}
