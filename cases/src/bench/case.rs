//! A checked bench case: every number in mm, N, MPa, each table with its source.

use crate::anatomy::{self, Anatomy};
use crate::case::{
    ImplantSize, LatticeChoice, POISSON, Titanium, echo, implant_size, lattice_choice, length, modulus, name,
    titanium,
};
use crate::diagnostic::Problem;
use crate::document::{Document, Value};
use crate::reader::Reader;
use dens_mesher::Vec3;
use dens_mesher::catalog::Range;
use dens_mesher::units::Dimension;

/// What is tested.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// The implant designed to its bones.
    Designed,
    /// A closed surface from a file.
    Surface {
        /// File, relative to the case file.
        file: String,
        /// Lattice inside rather than solid metal.
        lattice: bool,
        /// Unit vector from its lower to its upper face.
        axis: Vec3,
        /// How far below an end facets still belong to its face, mm.
        face_depth: f64,
        /// Largest angle between the axis and the normal of a face, rad.
        face_angle: f64,
    },
}

/// The device.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Bones the implant is designed to.
    pub anatomy: Anatomy,
    /// Its dimensions.
    pub size: ImplantSize,
    /// Designed or given.
    pub source: Source,
    /// Spacing of its mesh by quality, mm.
    pub edge: [f64; 3],
}

/// A load frame of ASTM F2077.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Along the axis.
    Compression,
    /// At an angle to it.
    Shear,
    /// About it.
    Torsion,
}

impl Mode {
    const NAMES: [&'static str; 3] = ["compression", "compression-shear", "torsion"];

    /// Name as in the case file.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// ASTM F2077, static.
#[derive(Debug, Clone, PartialEq)]
pub struct F2077 {
    /// Load frames, in order.
    pub modes: Vec<Mode>,
    /// Friction of the steel blocks on the device under axial compression; `None`: they grip it.
    pub friction: Option<f64>,
    /// Travel of compression and of compression-shear, mm.
    pub travel: [f64; 2],
    /// Angle between load and axis of compression-shear, rad.
    pub shear_angle: f64,
    /// Axial force of torsion, N.
    pub preload: f64,
    /// Twist at the end, rad.
    pub twist: f64,
    /// Offset of yield: share of the height, and rad for torsion.
    pub offset: [f64; 2],
    /// Strut stress over yield strength that lattice endures for 10⁷ cycles.
    pub fatigue_fraction: f64,
}

/// A grade of foam.
#[derive(Debug, Clone, PartialEq)]
pub struct Foam {
    /// Name, for instance `grade-15`.
    pub grade: String,
    /// t/mm³.
    pub density: f64,
    /// Young's modulus, MPa, and Poisson's ratio.
    pub elastic: (f64, f64),
    /// Compressive yield strength, MPa.
    pub strength: f64,
    /// Rise of the strength, in strengths per unit of plastic strain.
    pub hardening: f64,
    /// Where the numbers come from.
    pub source: String,
}

/// ASTM F2267.
#[derive(Debug, Clone, PartialEq)]
pub struct F2267 {
    /// Grades of foam, in order.
    pub foams: Vec<Foam>,
    /// Width and height of the foam block, mm.
    pub block: [f64; 2],
    /// Spacing of the foam's mesh under the device by quality, mm.
    pub edge: [f64; 3],
    /// Friction of the device on foam; `None`: foam and face do not part or slip.
    pub friction: Option<f64>,
    /// Travel, mm.
    pub travel: f64,
    /// Offset of yield, share of the device's height.
    pub offset: f64,
}

/// Lattice coupon after ISO 13314.
#[derive(Debug, Clone, PartialEq)]
pub struct Coupon {
    /// Cells along an edge of the coupon.
    pub cells: usize,
    /// Friction of the platens.
    pub friction: f64,
    /// Struts are resolved in coupons of two to so many cells along an edge.
    pub resolved: usize,
    /// Voxels along a cell's edge of these, by quality.
    pub voxels: [usize; 3],
}

/// Which test, with its own numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Between steel blocks.
    F2077(F2077),
    /// Into foam.
    F2267(F2267),
    /// Lattice alone.
    Coupon(Coupon),
}

/// A bench case, complete and in range.
#[derive(Debug, Clone, PartialEq)]
pub struct Bench {
    /// Name, that of the output folder.
    pub name: String,
    /// Title of the report.
    pub title: String,
    /// The test.
    pub test: Test,
    /// What is tested; `None` for a coupon.
    pub device: Option<Device>,
    /// Increments of a test.
    pub increments: usize,
    /// Metal.
    pub titanium: Titanium,
    /// Lattice.
    pub lattice: LatticeChoice,
    /// Voxels of the homogenisation along a cell's edge by quality.
    pub voxels: [usize; 3],
    /// Entries as written with the source of their table: path, value, source.
    pub echo: Vec<(String, String, String)>,
}

const GRADES: [&str; 3] = ["draft", "standard", "fine"];

impl Bench {
    /// Whether a document is a bench case: `kind = "bench"`.
    pub fn is(document: &Document) -> bool {
        document.entries.get("kind").is_some_and(|e| e.value == Value::Text("bench".into()))
    }

    /// Checks a document and gives it its meaning.
    ///
    /// # Errors
    /// Every problem of the document: missing, unknown, mistyped, out of range, without source.
    pub fn from_document(document: &Document) -> Result<Self, Vec<Problem>> {
        let r = Reader::new(document);
        let _ = r.choice("schema", &["dens-case/1"]);
        let _ = r.choice("kind", &["bench"]);
        let bench = read(&r, document);
        let problems = r.finish();
        if problems.is_empty() { Ok(bench) } else { Err(problems) }
    }
}

fn read(r: &Reader<'_>, document: &Document) -> Bench {
    let share = Range::Within(1e-4, 0.5);
    let friction = |path: &str| r.number(path, Range::Within(0.0, 2.0));
    let angle = |path: &str, most: f64| r.quantity(path, Dimension::Angle, Range::Within(0.0, most));
    let test = match r.choice("bench.test", &["f2077", "f2267", "coupon"]).as_str() {
        "f2267" => Test::F2267(F2267 {
            foams: foams(r),
            block: [
                length(r, "f2267.block_width", 15.0, 120.0),
                length(r, "f2267.block_height", 10.0, 100.0),
            ],
            edge: GRADES.map(|g| length(r, &format!("mesh.foam_edge_{g}"), 0.4, 8.0)),
            friction: sliding(r, "f2267.faces", "f2267.friction"),
            travel: length(r, "f2267.travel", 0.01, 10.0),
            offset: r.number("f2267.offset", share),
        }),
        "coupon" => Test::Coupon(Coupon {
            cells: r.count("coupon.cells", 10),
            friction: friction("coupon.friction"),
            resolved: resolved(r),
            voxels: GRADES.map(|g| r.count(&format!("coupon.voxels_{g}"), 8)),
        }),
        _ => Test::F2077(F2077 {
            modes: modes(r),
            friction: sliding(r, "f2077.faces", "f2077.friction"),
            travel: [length(r, "f2077.travel", 0.001, 10.0), length(r, "f2077.shear_travel", 0.001, 10.0)],
            shear_angle: angle("f2077.shear_angle", 1.2),
            preload: r.quantity("f2077.torsion_preload", Dimension::Force, Range::Within(0.0, 5000.0)),
            twist: angle("f2077.twist", 0.5),
            offset: [r.number("f2077.offset", share), angle("f2077.twist_offset", 0.2)],
            fatigue_fraction: r.number("f2077.lattice_fatigue_fraction", Range::Within(0.01, 1.0)),
        }),
    };
    let device = (!matches!(test, Test::Coupon(_))).then(|| Device {
        anatomy: anatomy::read(r),
        size: implant_size(r, 0.0),
        source: source(r),
        edge: GRADES.map(|g| length(r, &format!("mesh.edge_{g}"), 0.4, 8.0)),
    });
    Bench {
        name: name(r),
        title: r.text("title"),
        test,
        device,
        increments: r.count("bench.increments", 1),
        titanium: titanium(r),
        lattice: lattice_choice(r, false),
        voxels: GRADES.map(|g| r.count(&format!("mesh.voxels_{g}"), 8)),
        echo: echo(document),
    }
}

/// Friction where faces slide.
fn sliding(r: &Reader<'_>, faces: &str, friction: &str) -> Option<f64> {
    let slides = r.choice(faces, &["gripped", "sliding"]) == "sliding";
    let friction = r.number(friction, Range::Within(0.0, 2.0));
    slides.then_some(friction)
}

/// Cells along an edge of the largest coupon with every strut: its grid grows with the cube.
fn resolved(r: &Reader<'_>) -> usize {
    let n = r.count("coupon.resolved", 2);
    if MOST_RESOLVED < n {
        r.problem(
            "coupon.resolved",
            format!("`coupon.resolved` is {n}, at most {MOST_RESOLVED} cells are resolved strut by strut"),
            "the memory grows with the cube; 2 to 4 show the trend",
        );
    }
    n
}

/// See [`resolved`].
const MOST_RESOLVED: usize = 6;

fn modes(r: &Reader<'_>) -> Vec<Mode> {
    let words = r.choices("f2077.modes", &Mode::NAMES);
    let mut modes: Vec<Mode> = [Mode::Compression, Mode::Shear, Mode::Torsion]
        .into_iter()
        .filter(|m| words.iter().any(|w| w == m.name()))
        .collect();
    modes.sort_unstable();
    modes
}

/// A designed implant, or a surface with its axis and what counts as its end faces.
fn source(r: &Reader<'_>) -> Source {
    let file = r.text("implant.surface");
    let lattice = r.choice("implant.fill", &["lattice", "solid"]) != "solid";
    let axis = match r.choice("implant.axis", &["x", "y", "z"]).as_str() {
        "x" => Vec3::x(),
        "y" => Vec3::y(),
        _ => Vec3::z(),
    };
    let face_depth = length(r, "implant.face_depth", 0.01, 20.0);
    let face_angle = r.quantity("implant.face_angle", Dimension::Angle, Range::Within(0.01, 1.2));
    if file == "designed" {
        return Source::Designed;
    }
    Source::Surface { file, lattice, axis, face_depth, face_angle }
}

fn foams(r: &Reader<'_>) -> Vec<Foam> {
    let mut foams: Vec<Foam> = Vec::new();
    for i in r.tables("foam") {
        let at = |key: &str| format!("foam.{i}.{key}");
        let grade = r.text(&at("grade"));
        let plain = grade.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !plain || foams.iter().any(|f| f.grade == grade) {
            r.problem(
                &at("grade"),
                format!("the grade of a foam is `{grade}`"),
                "use letters, digits and `-`, and a name of its own: it names files",
            );
        }
        foams.push(Foam {
            grade,
            density: r.quantity(&at("density"), Dimension::Density, Range::Within(1e-11, 2e-9)),
            elastic: (modulus(r, &at("modulus")), r.number(&at("poisson"), POISSON)),
            strength: r.quantity(&at("strength"), Dimension::Stress, Range::Within(0.01, 200.0)),
            hardening: r.number(&at("hardening"), Range::Within(0.0, 20.0)),
            source: r.text(&at("source")),
        });
    }
    if foams.is_empty() {
        r.problem(
            "foam",
            "the case has no foam".into(),
            "add `[[foam]]` with grade, density, modulus and strength",
        );
    }
    foams
}
