//! A checked case: every number in mm, N, MPa, each table with its source.

use crate::anatomy::{self, Anatomy};
use crate::approach::{self, Approach};
use crate::comparator::{self, Misfit};
use crate::diagnostic::Problem;
use crate::document::Document;
use crate::failure::Failure;
use crate::fixation::{self, Fixation};
use crate::library;
use crate::optimise::{self, Spec};
use crate::pipeline::grading;
use crate::printing;
use crate::reader::Reader;
use crate::scan::{self, Scan};
use crate::uncertainty;
use dens_mesher::Vec3;
use dens_mesher::catalog::Range;
use dens_mesher::geometry::implant::Form;
use dens_mesher::geometry::solid::Zones;
use dens_mesher::geometry::spine::Level;
use dens_mesher::lattice::Printing;
use dens_mesher::units::Dimension;
use dens_solver::model::Interpolation;

/// Bone properties.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the case file, which documents them")]
pub struct Bone {
    pub cortical: (f64, f64),
    pub cortical_thickness: f64,
    pub endplate: (f64, f64),
    pub endplate_thickness: f64,
    pub cancellous_density: f64,
    pub cancellous_law: String,
    pub cancellous_poisson: f64,
    pub posterior: (f64, f64),
    /// Bone that breaks before its density says so; `None`: it does not.
    pub embrittlement: Option<Embrittlement>,
}

/// Factor on every strength of bone at unchanged stiffness: yield, pull-out, and what lasts under cycles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Embrittlement {
    /// Factor taken.
    pub factor: f64,
    /// Its range.
    pub range: [f64; 2],
}

/// Disc and cartilage properties.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the case file, which documents them")]
pub struct Soft {
    pub cartilage: (f64, f64),
    pub condyle_thickness: f64,
    pub annulus: (f64, f64),
    pub fiber_modulus: f64,
    pub fiber_volume_fraction: f64,
    pub fiber_angle: f64,
    pub nucleus: (f64, f64),
    pub nucleus_area_fraction: f64,
}

/// Implant dimensions, mm.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the case file, which documents them")]
pub struct ImplantSize {
    /// Bone the implant ends on: C3 where C2 is replaced, C4 where C2 and C3 are.
    pub caudal: Level,
    pub height: Option<f64>,
    pub height_step: f64,
    pub rim: f64,
    /// Closed skin over the side, windows too; 0: windows stay open.
    pub skin: f64,
    pub screw_diameter: f64,
    pub screw_clearance: f64,
    pub screw_wall: f64,
    pub canal_clearance: f64,
    /// Angle between the planes of the C1 facets and of the caudal endplate, rad; as the bones stand when absent.
    pub lordosis: Option<f64>,
    /// Points on the bones that the contact faces lie on: lower, upper left, upper right; found when absent.
    pub seeds: [Option<[f64; 3]>; 3],
    pub form: Form,
    /// Open share of the wall of a mesh cage between its end ring and its head.
    pub cage_open: f64,
}

/// Solid titanium.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the case file, which documents them")]
pub struct Titanium {
    pub modulus: f64,
    pub poisson: f64,
    pub yield_strength: f64,
    pub fatigue_strength: f64,
    /// t/mm³.
    pub density: f64,
}

/// Lattice the design loop starts from.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the case file, which documents them")]
pub struct LatticeChoice {
    pub cell: String,
    pub relative_density: f64,
    pub cell_size: f64,
    /// How the relative density varies; none: it does not.
    pub grading: Option<Zones>,
    /// How it is printed; none: the analysis takes the drawn section.
    pub printing: Option<Printing>,
}

/// Axial load case.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// Name, for instance `D_daily_peak`.
    pub id: String,
    /// Force toward caudal, N.
    pub axial: f64,
    /// Whether it is left out below quality `fine`.
    pub fine_only: bool,
    /// Where the number comes from.
    pub source: String,
}

/// Couple in six directions with an axial preload, at quality `fine`.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentLoad {
    /// Couple, N mm.
    pub moment: f64,
    /// Axial preload, N.
    pub preload: f64,
    /// Where the numbers come from.
    pub source: String,
}

/// Limits of the assessment.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the case file, which documents them")]
pub struct Criteria {
    /// Index of the load at which criteria are judged.
    pub load: usize,
    pub crush_strain: f64,
    pub crush_depth: f64,
    pub crushed_fraction_limit: f64,
    pub indentation_limit: f64,
    pub shielded_below: f64,
    pub overloaded_above: f64,
    pub dead_zone: f64,
    pub resorbed_mass_limit: f64,
    pub micromotion_limit: f64,
    pub micromotion_area: f64,
    pub lattice_fatigue_fraction: f64,
    pub static_safety: f64,
    pub source: String,
}

/// Search space and objective of the design loop.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the case file, which documents them")]
pub struct Design {
    pub optimize: bool,
    pub cells: Vec<String>,
    pub relative_density: [f64; 2],
    pub pore: [f64; 2],
    pub strut_min: f64,
    pub max_designs: usize,
    pub tolerance: f64,
    pub weight_shielding: f64,
    pub weight_subsidence: f64,
    pub weight_stiffness: f64,
    pub target_modulus: f64,
}

/// How fine: one value per [`Quality`].
#[derive(Debug, Clone, PartialEq)]
pub struct Fineness {
    /// TetGen instead of the level-set mesher.
    pub tetgen: bool,
    /// Lattice spacing of the mesher, mm.
    pub edge: [f64; 3],
    /// Voxels along a cell edge.
    pub voxels: [usize; 3],
    /// Grid of the exported surface, mm.
    pub surface: [f64; 3],
}

/// Density of meshes and grids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Quality {
    /// Coarse mesh, one height, coarse lattice surface: a first look.
    Draft,
    /// The default.
    Standard,
    /// Finer mesh and grids.
    Fine,
}

impl Quality {
    /// Name as typed.
    pub fn name(self) -> &'static str {
        ["draft", "standard", "fine"][self as usize]
    }
}

/// A case, complete and in range.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the case file, which documents them")]
pub struct Case {
    pub name: String,
    pub title: String,
    pub design_iteration: usize,
    pub verdict: bool,
    pub anatomy: Anatomy,
    pub bone: Bone,
    /// Scan that decides the cancellous bone, where the case has one.
    pub scan: Option<Scan>,
    pub soft: Soft,
    pub implant: ImplantSize,
    /// How the implant misses the place it is put in.
    pub misfit: Misfit,
    pub titanium: Titanium,
    pub lattice: LatticeChoice,
    pub fixation: Fixation,
    /// How the implant is brought in, where the case says it.
    pub approach: Option<Approach>,
    pub friction: f64,
    pub facet_friction: f64,
    pub loads: Vec<Load>,
    /// Couples; `None`: the case has none, or the quality leaves them out.
    pub moments: Option<MomentLoad>,
    /// Unit vector along which the head presses on C1 and the occiput is guided.
    pub load_direction: Vec3,
    /// How inputs spread, where the case says it.
    pub uncertainty: Vec<uncertainty::Input>,
    pub criteria: Criteria,
    pub design: Design,
    /// What `dens optimise` is asked for, where the case says it.
    pub optimise: Option<Spec>,
    pub fineness: Fineness,
    /// Degree of the displacements within a cell.
    pub interpolation: Interpolation,
    /// Pixels per inch of the rendered pictures.
    pub picture_resolution: f64,
    pub tolerance: f64,
    pub max_iterations: usize,
    /// Entries as written with the source of their table: path, value, source.
    pub echo: Vec<(String, String, String)>,
}

impl Case {
    /// Factor on the strength of bone beyond that of its density: 1 without embrittlement.
    pub fn embrittlement(&self) -> f64 {
        self.bone.embrittlement.map_or(1.0, |e| e.factor)
    }

    /// Compressive strain at which trabecular bone yields, that of brittle bone where the case says so.
    pub fn crush_strain(&self) -> f64 {
        self.criteria.crush_strain * self.embrittlement()
    }

    /// Checks a document and gives it its meaning.
    ///
    /// # Errors
    /// Every problem of the document: missing, unknown, mistyped, out of range, without source.
    pub fn from_document(document: &Document) -> Result<Self, Vec<Problem>> {
        let r = Reader::new(document);
        let schema = r.text("schema");
        if !schema.is_empty() && schema != "dens-case/1" {
            r.problem(
                "schema",
                format!("schema `{schema}` is not known"),
                "this version reads `dens-case/1`",
            );
        }
        if r.has("kind") {
            r.problem(
                "kind",
                "`kind` of a case is not known".into(),
                "`bench` is a bench test; leave it out for a column",
            );
        }
        let case = read(&r, document);
        let problems = r.finish();
        if problems.is_empty() { Ok(case) } else { Err(problems) }
    }

    /// An embedded case.
    ///
    /// # Errors
    /// No such case, or one that is not sound: our bug.
    pub fn embedded(name: &str) -> Result<Self, Failure> {
        let found = library::find(name).ok_or_else(|| Failure::bug(format!("there is no case `{name}`")))?;
        let unsound = |_| Failure::bug(format!("the embedded case `{name}` is not sound"));
        Self::from_document(&Document::parse(found.text).map_err(unsound)?).map_err(unsound)
    }

    /// The case with the loads that a quality computes.
    pub fn at(&self, quality: Quality) -> Self {
        let mut case = self.clone();
        if quality != Quality::Fine {
            let judged = case.judged_load().id.clone();
            case.loads.retain(|l| !l.fine_only);
            // The judged load is none of those left out.
            case.criteria.load = case.loads.iter().position(|l| l.id == judged).unwrap_or(0);
            case.moments = None;
        }
        case
    }

    /// Largest axial load, N.
    pub fn largest_load(&self) -> f64 {
        self.loads.iter().map(|l| l.axial).fold(0.0, f64::max)
    }

    /// Load at which criteria are judged.
    pub fn judged_load(&self) -> &Load {
        &self.loads[self.criteria.load]
    }
}

pub(crate) const POISSON: Range = Range::Within(0.0, 0.4999);
const FRACTION: Range = Range::Within(0.0, 1.0);

pub(crate) fn modulus(r: &Reader<'_>, path: &str) -> f64 {
    r.quantity(path, Dimension::Stress, Range::Within(0.0, 5.0e5))
}

pub(crate) fn length(r: &Reader<'_>, path: &str, least: f64, most: f64) -> f64 {
    r.quantity(path, Dimension::Length, Range::Within(least, most))
}

/// Embrittlement of bone; `None` where nothing is said of it.
fn embrittlement(r: &Reader<'_>) -> Option<Embrittlement> {
    let keys = ["bone.embrittlement", "bone.embrittlement_low", "bone.embrittlement_high"];
    if !keys.iter().any(|k| r.has(k)) {
        return None;
    }
    let [factor, low, high] = keys.map(|k| r.number(k, Range::Within(0.05, 1.0)));
    if !(low..=high).contains(&factor) {
        r.problem(
            keys[0],
            format!("the factor {factor} lies outside its range {low} to {high}"),
            "give low, factor and high in this order of size",
        );
    }
    Some(Embrittlement { factor, range: [low, high] })
}

fn read(r: &Reader<'_>, document: &Document) -> Case {
    let lattice_names = lattice_names();
    let density_laws: Vec<&str> = dens_solver::materials::density::CATALOGUE.iter().map(|l| l.name).collect();
    let anatomy = anatomy::read(r);
    let scan = scan::read(r, matches!(anatomy, Anatomy::Scan(_)));
    if scan.is_some() && matches!(anatomy, Anatomy::Parametric { .. }) {
        r.problem(
            "scan.image",
            "a scan belongs to the bones of a person, and these are parametric".into(),
            "take the bones from the scan, or give surfaces in its frame: anatomy.kind = \"scan\" or \"surfaces\"",
        );
    }
    let bone = Bone {
        cortical: (modulus(r, "bone.cortical_modulus"), r.number("bone.cortical_poisson", POISSON)),
        cortical_thickness: length(r, "bone.cortical_thickness", 0.0, 3.0),
        endplate: (modulus(r, "bone.endplate_modulus"), r.number("bone.endplate_poisson", POISSON)),
        endplate_thickness: length(r, "bone.endplate_thickness", 0.0, 3.0),
        cancellous_density: r.quantity(
            "bone.cancellous_density",
            Dimension::Density,
            Range::Within(2e-11, 1e-9),
        ),
        cancellous_law: r.choice("bone.cancellous_law", &density_laws),
        cancellous_poisson: r.number("bone.cancellous_poisson", POISSON),
        posterior: (modulus(r, "bone.posterior_modulus"), r.number("bone.posterior_poisson", POISSON)),
        embrittlement: embrittlement(r),
    };
    let soft = Soft {
        cartilage: (modulus(r, "cartilage.modulus"), r.number("cartilage.poisson", POISSON)),
        condyle_thickness: length(r, "cartilage.condyle_thickness", 0.2, 6.0),
        annulus: (modulus(r, "disc.annulus_modulus"), r.number("disc.annulus_poisson", POISSON)),
        fiber_modulus: modulus(r, "disc.fiber_modulus"),
        fiber_volume_fraction: r.number("disc.fiber_volume_fraction", FRACTION),
        fiber_angle: r.quantity("disc.fiber_angle", Dimension::Angle, Range::Within(0.0, 1.6)),
        nucleus: (modulus(r, "disc.nucleus_modulus"), r.number("disc.nucleus_poisson", POISSON)),
        nucleus_area_fraction: r.number("disc.nucleus_area_fraction", FRACTION),
    };
    let implant = implant_size(r, length(r, "implant.height_step", 0.0, 5.0));
    let titanium = titanium(r);
    let lattice = grading::graded(r, lattice_choice(r, true));
    let fixation = fixation::read(r);
    let loads = loads(r);
    let criteria = criteria(r, &loads);
    let design = Design {
        optimize: r.flag("design.optimize"),
        cells: r.choices("design.cells", &lattice_names),
        relative_density: [
            r.number("design.relative_density_min", Range::Within(0.05, 0.9)),
            r.number("design.relative_density_max", Range::Within(0.05, 0.9)),
        ],
        pore: [length(r, "design.pore_min", 0.1, 5.0), length(r, "design.pore_max", 0.1, 5.0)],
        strut_min: length(r, "design.strut_min", 0.05, 3.0),
        max_designs: r.count("design.max_designs", 1),
        tolerance: r.number("design.tolerance", Range::Within(1e-6, 0.5)),
        weight_shielding: r.number("design.weight_shielding", Range::Within(0.0, 100.0)),
        weight_subsidence: r.number("design.weight_subsidence", Range::Within(0.0, 100.0)),
        weight_stiffness: r.number("design.weight_stiffness", Range::Within(0.0, 100.0)),
        target_modulus: modulus(r, "design.target_modulus"),
    };
    if design.relative_density[0] > design.relative_density[1] {
        r.problem(
            "design.relative_density_min",
            "`design.relative_density_min` exceeds the maximum".into(),
            "swap them",
        );
    }
    if design.pore[0] > design.pore[1] {
        r.problem("design.pore_min", "`design.pore_min` exceeds the maximum".into(), "swap them");
    }
    let optimise = optimise::spec::read(r, &design, &lattice_names);
    let grades = ["draft", "standard", "fine"];
    let fineness = Fineness {
        tetgen: r.choice("mesh.mesher", &["level-set", "tetgen"]) == "tetgen",
        edge: grades.map(|g| length(r, &format!("mesh.edge_{g}"), 0.5, 8.0)),
        voxels: grades.map(|g| r.count(&format!("mesh.voxels_{g}"), 8)),
        surface: grades.map(|g| length(r, &format!("mesh.surface_{g}"), 0.05, 1.5)),
    };
    let load_direction = load_direction(r);
    let name = name(r);
    Case {
        name,
        title: r.text("title"),
        design_iteration: r.count("design_iteration", 1),
        verdict: r.flag("verdict"),
        anatomy,
        bone,
        scan,
        soft,
        misfit: comparator::misfit(r, &implant.form, &loads, criteria.load),
        implant,
        titanium,
        lattice,
        fixation,
        approach: approach::read(r),
        friction: r.number("contact.friction", Range::Within(0.0, 2.0)),
        facet_friction: r.number("contact.facet_friction", Range::Within(0.0, 2.0)),
        loads,
        moments: moments(r),
        load_direction,
        uncertainty: uncertainty::input::read(r),
        criteria,
        design,
        optimise,
        fineness,
        picture_resolution: if r.has("report.picture_resolution") {
            r.number("report.picture_resolution", Range::Within(30.0, 600.0))
        } else {
            305.0
        },
        interpolation: if r.has("solver.interpolation")
            && r.choice("solver.interpolation", &["quadratic", "linear"]) == "linear"
        {
            Interpolation::Linear
        } else {
            Interpolation::Quadratic
        },
        tolerance: r.number("solver.tolerance", Range::Within(1e-13, 1e-3)),
        max_iterations: r.count("solver.max_iterations", 1),
        echo: echo(document),
    }
}

/// Dimensions of the implant; the step between the sizes that are exported is given.
pub(crate) fn implant_size(r: &Reader<'_>, height_step: f64) -> ImplantSize {
    let both = r.has("implant.replaces") && r.choice("implant.replaces", &["C2", "C2-C3"]) == "C2-C3";
    ImplantSize {
        caudal: if both { Level::C4 } else { Level::C3 },
        height: if r.is_word("implant.height", "native") {
            None
        } else {
            Some(length(r, "implant.height", 15.0, 60.0))
        },
        height_step,
        rim: length(r, "implant.rim", 0.3, 5.0),
        skin: if r.has("implant.skin") { length(r, "implant.skin", 0.2, 3.0) } else { 0.0 },
        screw_diameter: length(r, "implant.screw_diameter", 1.0, 8.0),
        screw_clearance: length(r, "implant.screw_clearance", 0.0, 2.0),
        screw_wall: length(r, "implant.screw_wall", 0.4, 5.0),
        canal_clearance: length(r, "implant.canal_clearance", 0.0, 5.0),
        lordosis: if !r.has("implant.lordosis") || r.is_word("implant.lordosis", "native") {
            None
        } else {
            Some(r.quantity("implant.lordosis", Dimension::Angle, Range::Within(-0.53, 0.79)))
        },
        seeds: seat_seeds(r),
        form: comparator::form(r),
        cage_open: comparator::cage_open(r),
    }
}

/// Seed points of the contact faces, where given: lower, upper left, upper right.
fn seat_seeds(r: &Reader<'_>) -> [Option<[f64; 3]>; 3] {
    let (lower, upper) = ("implant.lower_seed", "implant.upper_seeds");
    let mut seeds = [None; 3];
    if r.has(lower) {
        seeds[0] = Some(r.point(lower));
    }
    if r.has(upper) {
        let points = r.points(upper);
        match points[..] {
            [left, right] => (seeds[1], seeds[2]) = (Some(left), Some(right)),
            // What is no list of points has been told.
            [] => {}
            _ => r.problem(
                upper,
                format!("`{upper}` holds {} points, expected two", points.len()),
                "one on the left and one on the right inferior facet of C1: [[\"15 mm\", \"0 mm\", \"40 mm\"], [\"-15 mm\", \"0 mm\", \"40 mm\"]]",
            ),
        }
    }
    seeds
}

/// Solid titanium.
pub(crate) fn titanium(r: &Reader<'_>) -> Titanium {
    Titanium {
        modulus: modulus(r, "titanium.modulus"),
        poisson: r.number("titanium.poisson", POISSON),
        yield_strength: r.quantity("titanium.yield_strength", Dimension::Stress, Range::Within(10.0, 3000.0)),
        fatigue_strength: r.quantity(
            "titanium.fatigue_strength",
            Dimension::Stress,
            Range::Within(1.0, 3000.0),
        ),
        density: r.quantity("titanium.density", Dimension::Density, Range::Within(1e-9, 2e-8)),
    }
}

/// The lattice as written.
///
/// - `printed`: whether it is analysed as printed where nothing is said of that
pub(crate) fn lattice_choice(r: &Reader<'_>, printed: bool) -> LatticeChoice {
    LatticeChoice {
        cell: r.choice("lattice.cell", &lattice_names()),
        relative_density: r.number("lattice.relative_density", Range::Within(0.05, 0.9)),
        cell_size: length(r, "lattice.cell_size", 0.3, 10.0),
        grading: None,
        printing: printing::read(r, printed),
    }
}

/// Name of the case, which is that of its output folder.
pub(crate) fn name(r: &Reader<'_>) -> String {
    let name = r.text("name");
    if !name.is_empty() && !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        r.problem(
            "name",
            format!("`name` is `{name}`"),
            "use letters, digits, `-` and `_`: it names the output folder",
        );
    }
    name
}

fn lattice_names() -> Vec<&'static str> {
    dens_mesher::lattice::CATALOGUE.iter().map(|c| c.name()).collect()
}

fn loads(r: &Reader<'_>) -> Vec<Load> {
    let mut loads: Vec<Load> = Vec::new();
    for i in r.tables("load") {
        let id = r.text(&format!("load.{i}.id"));
        if loads.iter().any(|l| l.id == id) {
            r.problem(
                &format!("load.{i}.id"),
                format!("two loads are called `{id}`"),
                "give each its own id",
            );
        }
        let axial = r.quantity(&format!("load.{i}.axial"), Dimension::Force, Range::Within(1e-3, 5000.0));
        let source = if r.has(&format!("load.{i}.source")) {
            r.text(&format!("load.{i}.source"))
        } else {
            String::new()
        };
        let fine_only = r.has(&format!("load.{i}.quality"))
            && r.choice(&format!("load.{i}.quality"), &["all", "fine"]) == "fine";
        loads.push(Load { id, axial, fine_only, source });
    }
    if loads.is_empty() {
        r.problem("load", "the case has no load".into(), "add `[[load]]` with id, axial and source");
        loads.push(Load { id: String::new(), axial: f64::NAN, fine_only: false, source: String::new() });
    }
    loads
}

fn moments(r: &Reader<'_>) -> Option<MomentLoad> {
    r.has("moments.moment").then(|| MomentLoad {
        moment: r.quantity("moments.moment", Dimension::Moment, Range::Within(1.0, 2e4)),
        preload: r.quantity("moments.preload", Dimension::Force, Range::Within(0.0, 500.0)),
        source: r.text("moments.source"),
    })
}

/// Straight down, or tilted where the case says so: forward (anterior) and to the left.
fn load_direction(r: &Reader<'_>) -> Vec3 {
    let angle = |key: &str| {
        let path = format!("load_direction.{key}");
        if r.has(&path) { r.quantity(&path, Dimension::Angle, Range::Within(-0.8, 0.8)) } else { 0.0 }
    };
    let (forward, left) = (angle("sagittal"), angle("lateral"));
    // 0 less it, so that no tilt is no negative zero.
    Vec3::new(left.tan(), 0.0 - forward.tan(), -1.0).normalize()
}

fn criteria(r: &Reader<'_>, loads: &[Load]) -> Criteria {
    let wanted = r.text("criteria.load");
    let load = loads.iter().position(|l| l.id == wanted).unwrap_or_else(|| {
        let ids: Vec<&str> = loads.iter().map(|l| l.id.as_str()).collect();
        r.problem(
            "criteria.load",
            format!("`criteria.load` is `{wanted}`, no load has that id"),
            &format!("one of: {}", ids.join(", ")),
        );
        0
    });
    if loads[load].fine_only {
        r.problem(
            "criteria.load",
            format!("load `{wanted}` is left out below quality fine, so nothing could be judged there"),
            "judge a load without `quality`, or drop its `quality`",
        );
    }
    Criteria {
        load,
        crush_strain: r.number("criteria.crush_strain", Range::Within(1e-4, 0.1)),
        crush_depth: length(r, "criteria.crush_depth", 0.5, 10.0),
        crushed_fraction_limit: r.number("criteria.crushed_fraction_limit", FRACTION),
        indentation_limit: length(r, "criteria.indentation_limit", 0.001, 10.0),
        shielded_below: r.number("criteria.shielded_below", FRACTION),
        overloaded_above: r.number("criteria.overloaded_above", Range::Within(1.0, 100.0)),
        dead_zone: r.number("criteria.dead_zone", FRACTION),
        resorbed_mass_limit: r.number("criteria.resorbed_mass_limit", FRACTION),
        micromotion_limit: length(r, "criteria.micromotion_limit", 0.001, 1.0),
        micromotion_area: r.number("criteria.micromotion_area", FRACTION),
        lattice_fatigue_fraction: r.number("criteria.lattice_fatigue_fraction", FRACTION),
        static_safety: r.number("criteria.static_safety", Range::Within(1.0, 10.0)),
        source: r.text("criteria.source"),
    }
}

/// Whether an entry names a file of a patient: such names often hold more than the patient's bones.
pub(crate) fn names_a_file(path: &str, value: &crate::document::Value) -> bool {
    let is_text = matches!(value, crate::document::Value::Text(_));
    is_text && (path.starts_with("anatomy.c") || path == "anatomy.labels" || path == "scan.image")
}

pub(crate) fn echo(document: &Document) -> Vec<(String, String, String)> {
    use crate::document::Value;
    fn text(v: &Value) -> String {
        match v {
            Value::Text(t) => t.clone(),
            Value::Number(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
            Value::List(items) => {
                let nested = items.iter().any(|v| matches!(v, Value::List(_)));
                items.iter().map(text).collect::<Vec<_>>().join(if nested { "; " } else { ", " })
            }
        }
    }
    document
        .entries
        .iter()
        .filter(|(path, entry)| !path.ends_with(".source") && !names_a_file(path, &entry.value))
        .map(|(path, entry)| {
            let table = path.rsplit_once('.').map_or("", |(t, _)| t);
            let text = |value: &Value| match value {
                // Thousands of values tell a reader less than what they are.
                Value::List(items) if path == "lattice.field_densities" => {
                    let hash = dens_reports::manifest::sha256_hex(text(value).as_bytes());
                    format!("{} values, SHA-256 {}", items.len(), &hash[..16])
                }
                _ => text(value),
            };
            let source =
                document.entries.get(&format!("{table}.source")).map_or(String::new(), |e| text(&e.value));
            (path.clone(), text(&entry.value), source)
        })
        .collect()
}
