//! The command line: flags as a person types them, and which command they mean.

use crate::case::Quality;
use crate::commands;
use crate::deck::build::Brick;
use crate::failure::{Exit, Failure};
use crate::print::files::Format;
use clap::{Args, Parser, Subcommand};
use dens_mesher::image::labels::anatomical_name;
use dens_mesher::image::separate::{REST, Seed};
use dens_mesher::units::{self, Dimension};
use dens_solver::linear::{INSTRUCTION_SET, processor_is_supported};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

/// Designs and checks printed titanium replacements of the C2 vertebra: geometry, tetrahedra, finite
/// elements, stress shielding, subsidence, lattice, print files, report.
///
/// Exit codes: 0 computed, criteria met; 1 computed, a criterion failed (not a crash); 2 bad input or
/// model; 3 no convergence; 4 a limit was hit; 70 a bug of this program; 75 stopped in time, run it
/// again; 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "dens", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a case: mesh, solve, assess, iterate the lattice, export, report.
    Run(RunArgs),
    /// Write an editable copy of a case.
    New(NewArgs),
    /// Report all problems of a case at once; solves nothing.
    Check(CheckArgs),
    /// List the embedded cases.
    Cases(CasesArgs),
    /// Write files for the printer from a finished run: STL, 3MF, 3MF beam lattice or CLI slices, in all sizes.
    Export(ExportArgs),
    /// Compute published and exact values on this machine and compare.
    Verify(VerifyArgs),
    /// Compare predictions with published measurements; misses are printed as misses.
    Validate(ValidateArgs),
    /// Solve an Abaqus, CalculiX or FEBio model: statics of solids, linear or not.
    Solve(SolveArgs),
    /// Show what the laws from bone density to modulus and strength give.
    Material(MaterialArgs),
    /// Convert a model between decks (.inp), VTK (.vtu) and FEBio (.feb).
    Convert(ConvertArgs),
    /// Read a scan or its labels (DICOM, NIfTI, NRRD, MetaImage): how it lies, three pictures, surfaces of its bones.
    Image(ImageArgs),
    /// List, draw or homogenise lattice cells: stiffness, strength, what carries after printing.
    Lattice(LatticeArgs),
    /// Mesh closed surfaces (.stl, .ply, .obj) with quadratic tetrahedra; broken ones are repaired first.
    Mesh(MeshArgs),
    /// Find better lattices for a case: Pareto front of few variables, or a field of densities by gradients.
    #[command(alias = "optimize")]
    Optimise(OptimiseArgs),
    /// Run one case many times with other values: planned once, run anywhere, merged from files.
    Sweep(SweepArgs),
    /// Let the inputs of a case spread as they do: screening, shares of variance, bounds of 95 % with 95 % confidence.
    Uncertainty(UncertaintyArgs),
    /// Answer a question of an engineer by many runs, with one PDF.
    Study(StudyArgs),
    /// Answer a call of Dakota: parameter file in, results file out.
    DakotaDriver(DriverArgs),
    /// Write a deck for Dakota over the uncertain inputs of a case.
    DakotaDeck(DeckArgs),
}

pub use crate::commands::dakota::{DeckArgs, DriverArgs};
pub use crate::commands::optimise::OptimiseArgs;
pub use crate::commands::study::StudyArgs;
pub use crate::commands::sweep::SweepArgs;
pub use crate::commands::uncertainty::UncertaintyArgs;

/// Which case, with which overrides.
#[derive(Debug, Args)]
pub struct CaseArgs {
    /// Case file or name of an embedded case.
    #[arg(default_value = "c2-spondylectomy")]
    pub case: String,
    /// Override one entry, for instance --set implant.height="29 mm"; may be repeated.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
}

/// How long work is done and shown.
#[derive(Debug, Args)]
pub struct Manner {
    /// Threads to use; default all cores. The numbers do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// No progress and no summary.
    #[arg(long)]
    pub quiet: bool,
    /// Print the result as one JSON object on standard output instead of the summary.
    #[arg(long)]
    pub json: bool,
}

impl Manner {
    /// The threads. All work runs inside: entering the pool from outside costs a wake-up at every parallel loop.
    ///
    /// # Errors
    /// [`Failure`] when the system gives no threads or the processor would give other bits.
    pub fn pool(&self) -> Result<ThreadPool, Failure> {
        if !processor_is_supported() {
            return Err(Failure::limit(format!(
                "this processor cannot compute what others do: the numerics need {INSTRUCTION_SET}\n  = hint: use a machine from 2014 or later"
            )));
        }
        let threads = self.threads.map_or(0, usize::from);
        ThreadPoolBuilder::new().num_threads(threads).build().map_err(|e| {
            Failure::limit(format!("cannot start the threads: {e}\n  = hint: ask for fewer with --threads"))
        })
    }
}

/// Arguments of `dens run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The case.
    #[command(flatten)]
    pub case: CaseArgs,
    /// Folder of the result; default out/NAME. Replaces an earlier result whole, refuses other content.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Density of meshes and grids.
    #[arg(long, value_enum, default_value_t = Quality::Standard)]
    pub quality: Quality,
    /// Keep finished parts of the run here, and go on from those of a run that was stopped; removed when it is done. A bench
    /// test is one part and begins anew.
    #[arg(long, value_name = "DIR")]
    pub checkpoint: Option<PathBuf>,
    /// Threads and what is shown.
    #[command(flatten)]
    pub manner: Manner,
}

/// Arguments of `dens export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Folder that `dens run` wrote. Its implant is built again; a folder that was changed since is refused.
    #[arg(value_name = "RUN_DIR")]
    pub run: PathBuf,
    /// File format. Shrinkage is left to the machine's build processor: the scale is 1.000 in all of them.
    #[arg(long, value_enum)]
    pub format: Format,
    /// Folder of the files, the build sheet and pictures. Replaces an earlier export whole, refuses other content.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Machine profile; the embedded one of an Arcam Q10plus by default.
    #[arg(long, value_name = "FILE")]
    pub machine: Option<PathBuf>,
    /// Numbers of --format cli: text or binary.
    #[arg(long, value_enum, default_value_t = CliForm::Binary)]
    pub cli: CliForm,
    /// Thickness of a layer; that of the machine profile by default.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub layer: Option<f64>,
    /// Grid on which the surface is cut; that of the run's quality by default.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub grid: Option<f64>,
    /// How far thinning out of triangles may move the surface, root mean square; "0 mm": all triangles are kept.
    #[arg(long, value_name = "LENGTH", default_value = "0.005 mm", value_parser = length_or_none)]
    pub tolerance: f64,
    /// Only the size of this height; all sizes of the case by default.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub size: Option<f64>,
    /// Code of the patient, never a name: letters, digits, `-` and `_`. Written as metadata.
    #[arg(long, value_name = "CODE", default_value = "", value_parser = code)]
    pub patient: String,
    /// Letters on the anterior wall with the patient's code and the design iteration.
    #[arg(long, value_enum)]
    pub emboss: Option<Emboss>,
    /// How far these letters stand out or go in.
    #[arg(long, value_name = "LENGTH", default_value = "0.3 mm", value_parser = length)]
    pub emboss_depth: f64,
    /// Folder that the case's surfaces of bones are named relative to.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub inputs: PathBuf,
    /// Threads and what is shown.
    #[command(flatten)]
    pub manner: Manner,
}

/// Kinds of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Emboss {
    /// They stand out.
    Raised,
    /// They go in.
    Recessed,
}

/// Forms of CLI files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CliForm {
    /// Text.
    Ascii,
    /// Binary.
    Binary,
}

/// Arguments of `dens solve`.
#[derive(Debug, Args)]
pub struct SolveArgs {
    /// Input deck; files it includes are read too. All numbers are in the units of the deck.
    #[arg(value_name = "DECK.inp")]
    pub deck: PathBuf,
    /// Folder of the result. Replaces an earlier result whole, refuses other content.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Linear solver; `auto` decides by size, loads and the memory limit.
    #[arg(long, value_enum, default_value_t = Solver::Auto)]
    pub solver: Solver,
    /// Relative residual at which a linear iteration stops; Newton's method stops at a hundred times it.
    #[arg(long, value_name = "TOL", default_value_t = 1e-8, value_parser = tolerance)]
    pub tol: f64,
    /// Memory the matrix and its solver may take, for instance "4 GB".
    #[arg(long, value_name = "SIZE", default_value = "8 GiB", value_parser = memory)]
    pub max_memory: u64,
    /// Integration of C3D8 elements: `full` as in CalculiX, `bbar` as in Abaqus.
    #[arg(long, value_enum, default_value_t = Brick::Full)]
    pub c3d8: Brick,
    /// Estimate the error of the mesh for each material (Zienkiewicz and Zhu), in solve.json.
    #[arg(long)]
    pub estimate: bool,
    /// Write all nodes and elements to the tables, not only the sets that the deck prints.
    #[arg(long)]
    pub all: bool,
    /// Threads and what is shown.
    #[command(flatten)]
    pub manner: Manner,
}

/// Linear solvers to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Solver {
    /// By size.
    Auto,
    /// Sparse Cholesky.
    Direct,
    /// Conjugate gradients with multigrid.
    Multigrid,
}

/// Arguments of `dens material`.
#[derive(Debug, Args)]
pub struct MaterialArgs {
    /// Only this law; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub law: Vec<String>,
    /// Density to show, for instance "256 mg/cm3"; may be repeated.
    #[arg(long, value_name = "DENSITY")]
    pub density: Vec<String>,
    /// Mineral that densities are equivalent to: K2HPO4 (default) or HA.
    #[arg(long, value_name = "MINERAL")]
    pub equivalent: Option<String>,
    /// Tomography number to show, for instance "300 HU"; needs the calibration of the scan. May be repeated.
    #[arg(long, value_name = "HU", allow_hyphen_values = true)]
    pub hu: Vec<String>,
    /// Calibration of the scan: "given: 0.8 mg/cm3 per HU, -6 mg/cm3; K2HPO4", "phantom: 0 HU = 0 mg/cm3, 200 HU = 160
    /// mg/cm3; HA" or "air-fat-muscle: -1000 HU, -100 HU, 55 HU".
    #[arg(long, value_name = "LINE")]
    pub calibration: Option<String>,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `dens convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// Model to read: .inp, .vtu or .feb.
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    /// File to write: .inp, .vtu or .feb; an existing one is replaced.
    #[arg(value_name = "TO")]
    pub to: PathBuf,
}

/// Arguments of `dens image`.
#[derive(Debug, Args)]
pub struct ImageArgs {
    /// Folder of DICOM slices, or an image file: DICOM, .nii, .nii.gz, .nrrd, .nhdr, .mha, .mhd.
    #[arg(value_name = "DIR|FILE")]
    pub image: PathBuf,
    /// Folder of pictures, histogram, labels, surfaces and image.json; nothing is written by default. None of it identifies
    /// the patient.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Label map of the image: NIfTI, NRRD, MetaImage or DICOM-SEG on the same grid.
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Edge length to which the surfaces of the labels are remeshed, for instance "1.0 mm"; by default they are as fine as
    /// the voxels.
    #[arg(long, value_name = "LENGTH", value_parser = length, requires = "output")]
    pub edge: Option<f64>,
    /// Which series of a folder that holds several.
    #[arg(long, value_name = "N")]
    pub series: Option<usize>,
    /// Fill missing slices and uneven distances by interpolation between neighbors instead of refusing them.
    #[arg(long)]
    pub fill_gaps: bool,
    /// Point inside a bone, mm (left, posterior, cranial): finds the bones without a label map. Several for each bone and
    /// one in every bone that touches it; `rest` names bones that are not kept.
    #[arg(long = "seed", value_name = "NAME=X,Y,Z", value_parser = seed, conflicts_with = "labels", allow_hyphen_values = true)]
    pub seeds: Vec<Seed>,
    /// Least value of bone for --seed, HU.
    #[arg(long, value_name = "HU", default_value_t = 120.0, requires = "seeds", allow_hyphen_values = true)]
    pub threshold: f32,
    /// How bones that touch are separated for --seed.
    #[arg(long, value_enum, default_value_t = Separator::Watershed, requires = "seeds")]
    pub separator: Separator,
    /// Radius by which every bone of --seed is closed before its cavities are filled, mm; more for weak, porous bone.
    #[arg(long, value_name = "MM", default_value_t = 2.0, requires = "seeds", value_parser = millimeters)]
    pub closing: f64,
    /// Distance of the box from the outermost seeds, mm.
    #[arg(long, value_name = "MM", default_value_t = 50.0, requires = "seeds", value_parser = millimeters)]
    pub margin: f64,
    /// Threads and what is shown.
    #[command(flatten)]
    pub manner: Manner,
}

/// Arguments of `dens lattice`.
#[derive(Debug, Args)]
pub struct LatticeArgs {
    /// Lattice cell; --list names them, voronoi-7 is the stochastic cell of seed 7.
    #[arg(value_name = "CELL")]
    pub cell: Option<String>,
    /// List the cells with their densities and sources.
    #[arg(long, conflicts_with_all = ["cell", "render"])]
    pub list: bool,
    /// Draw this cell as PNG and SVG.
    #[arg(long, value_name = "CELL", conflicts_with = "cell")]
    pub render: Option<String>,
    /// Edge of the cell, for instance "1.7 mm".
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub cell_size: Option<f64>,
    /// Solid volume over total volume.
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["strut", "wall"])]
    pub relative_density: Option<f64>,
    /// Diameter of struts, or of the bars of a network, for instance "0.35 mm".
    #[arg(long, value_name = "LENGTH", value_parser = length, conflicts_with = "wall")]
    pub strut: Option<f64>,
    /// Mean wall of a sheet, for instance "0.25 mm".
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub wall: Option<f64>,
    /// Solid.
    #[arg(long, value_name = "NAME", default_value = "ti6al4v")]
    pub material: String,
    /// Cubes along the cell edge of the finest of three grids.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub resolution: usize,
    /// Homogenise the section that carries after printing instead of the drawn one; both are told.
    #[arg(long)]
    pub as_printed: bool,
    /// Diameter printed less drawn of an upright strut; default 0.01 mm.
    #[arg(long, value_name = "LENGTH", value_parser = signed_length, allow_hyphen_values = true, requires = "as_printed")]
    pub upright_oversize: Option<f64>,
    /// The same of a strut that lies; default 0.15 mm.
    #[arg(long, value_name = "LENGTH", value_parser = signed_length, allow_hyphen_values = true, requires = "as_printed")]
    pub lying_oversize: Option<f64>,
    /// Diameter that carries over the drawn one; default 0.8, published 0.6 to 1.
    #[arg(long, value_name = "SHARE", requires = "as_printed")]
    pub effective_fraction: Option<f64>,
    /// Mean roughness Ra; default 0.03 mm.
    #[arg(long, value_name = "LENGTH", value_parser = signed_length, requires = "as_printed")]
    pub roughness: Option<f64>,
    /// Axis of the cell along which it is built.
    #[arg(long, value_name = "AXIS", default_value = "z", value_parser = ["x", "y", "z"])]
    pub build: String,
    /// Check the voxels by conforming ten-node tetrahedra.
    #[arg(long)]
    pub cross_check: bool,
    /// Compare blocks of so many cells across, every strut resolved, with the homogenised block, for instance 2,3,4,6.
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = cells_across)]
    pub blocks: Vec<usize>,
    /// Folder of pictures: of --render, default the current one, or of the first-yield surface, default none.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Threads and what is shown.
    #[command(flatten)]
    pub manner: Manner,
}

/// Arguments of `dens mesh`.
#[derive(Debug, Args)]
pub struct MeshArgs {
    /// Closed surfaces, one region each, nested or touching; what lies in several belongs to the smallest.
    #[arg(value_name = "SURFACE", required = true)]
    pub surfaces: Vec<PathBuf>,
    /// Unit of the surfaces; the mesh is in mm. Without it they are in mm, and a size that no bone has is refused.
    #[arg(long, value_enum)]
    pub unit: Option<Unit>,
    /// File to write: .vtu, .inp or .feb; an existing one is replaced.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Edge length. Cells get smaller, down to a quarter, where the mesh would be farther from the surface than a quarter
    /// of it.
    #[arg(long, value_name = "LENGTH", default_value = "1.0 mm", value_parser = length)]
    pub edge: f64,
    /// Edge length where surfaces are strongly curved or close to another; not finer than EDGE by default.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub finest: Option<f64>,
    /// Edge length deep inside; not coarser than EDGE by default.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub coarsest: Option<f64>,
    /// Farthest a repair may move the surface; what needs more is refused with its place.
    #[arg(long, value_name = "LENGTH", default_value = "1.0 mm", value_parser = length)]
    pub max_move: f64,
    /// Who makes the tetrahedra. Where TetGen fails, the own mesher takes over.
    #[arg(long, value_enum, default_value_t = Mesher::Own)]
    pub mesher: Mesher,
    /// Threads and what is shown.
    #[command(flatten)]
    pub manner: Manner,
}

/// Ways to separate bones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Separator {
    /// At the thinnest place.
    Watershed,
    /// Watershed, then least cut through a band around its borders; up to 20 million voxels.
    Cut,
}

fn millimeters(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1000.0).contains(&value) => Ok(value),
        _ => Err("a length from 0 to 1000 mm is expected".to_string()),
    }
}

/// Bone and point of `C2=1.5,-20,300`.
fn seed(text: &str) -> Result<Seed, String> {
    let expected = || "NAME=X,Y,Z in mm is expected, for instance C2=1.5,-20,300".to_string();
    let (name, point) = text.split_once('=').ok_or_else(expected)?;
    let numbers: Option<Vec<f64>> =
        point.split(',').map(|w| w.trim().parse().ok().filter(|v: &f64| v.is_finite())).collect();
    let point: [f64; 3] = numbers.and_then(|v| v.try_into().ok()).ok_or_else(expected)?;
    let name = name.trim();
    let known = if name == REST { Some(REST.to_string()) } else { anatomical_name(name) };
    let name = known.ok_or_else(|| {
        format!("`{name}` is no bone that is known; use C1 to C7, T1 to L6, sacrum, skull, mandible, hyoid or {REST}")
    })?;
    Ok(Seed { name, point: point.into() })
}

/// Units of surface files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Unit {
    /// Micrometer.
    Um,
    /// Millimeter.
    Mm,
    /// Centimeter.
    Cm,
    /// Meter.
    M,
    /// Inch, 25.4 mm.
    Inch,
}

impl Unit {
    /// Its length, mm.
    pub fn in_mm(self) -> f64 {
        match self {
            Self::Um => 1e-3,
            Self::Mm => 1.0,
            Self::Cm => 10.0,
            Self::M => 1000.0,
            Self::Inch => 25.4,
        }
    }
}

/// Tetrahedral meshers to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mesher {
    /// Body-centered cubic lattice, cut and polished.
    Own,
    /// TetGen, as a child process.
    Tetgen,
}

/// Millimeters of a length such as `1.5 mm`.
fn length(text: &str) -> Result<f64, String> {
    match units::parse(text, Dimension::Length) {
        Ok(mm) if 0.0 < mm && mm.is_finite() => Ok(mm),
        Ok(_) => Err("a length above zero such as \"1.0 mm\" is expected".to_string()),
        Err(e) => Err(e.to_string()),
    }
}

/// Cells across a resolved block.
fn cells_across(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(cells) if (1..=8).contains(&cells) => Ok(cells),
        _ => Err("a number of cells from 1 to 8 is expected".to_string()),
    }
}

/// Millimeters of a length of either sign.
fn signed_length(text: &str) -> Result<f64, String> {
    units::parse(text, Dimension::Length).map_err(|e| e.to_string())
}

/// Millimeters of a length, zero too.
fn length_or_none(text: &str) -> Result<f64, String> {
    match units::parse(text, Dimension::Length) {
        Ok(0.0) => Ok(0.0),
        _ => length(text),
    }
}

/// A code that is fit for file names and says no name.
fn code(text: &str) -> Result<String, String> {
    let fits = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if fits && text.len() <= 32 {
        Ok(text.to_string())
    } else {
        Err("up to 32 letters, digits, `-` and `_` are expected".into())
    }
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (1e-14..=0.1).contains(&value) => Ok(value),
        _ => Err("a number from 1e-14 to 0.1 is expected".to_string()),
    }
}

/// Bytes of a size such as `4 GB`, `512 MiB` or `8e9`.
pub(crate) fn memory(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(text.len());
    let (number, unit) = (text[..split].trim(), text[split..].trim().to_ascii_lowercase());
    let factor = match unit.as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0_f64.powi(2),
        "gib" => 1024.0_f64.powi(3),
        "tib" => 1024.0_f64.powi(4),
        _ => return Err(format!("unknown unit `{unit}`: use B, kB, MB, GB, KiB, MiB or GiB")),
    };
    match number.parse::<f64>() {
        Ok(value) if 0.0 < value && value * factor < 1e18 => Ok((value * factor) as u64),
        _ => Err("a size such as \"4 GB\" is expected".to_string()),
    }
}

/// Arguments of `dens new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Folder to write into; made if missing.
    pub folder: PathBuf,
    /// What to start from: parametric (bones of published dimensions), surfaces (STL, PLY or OBJ files), scan (CT with
    /// labels or seed points), or the name of an embedded case or patient, such as patient-4.
    #[arg(long, default_value = "parametric")]
    pub from: String,
}

/// Arguments of `dens check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The case.
    #[command(flatten)]
    pub case: CaseArgs,
}

/// Arguments of `dens cases`.
#[derive(Debug, Args)]
pub struct CasesArgs {
    /// List the lattice cells instead.
    #[arg(long)]
    pub lattices: bool,
    /// List the nine published patients instead, and how each becomes a case.
    #[arg(long, conflicts_with = "lattices")]
    pub patients: bool,
    /// Run every patient that can be run, one after another, and compare with the published loss of height.
    #[arg(long, requires = "patients")]
    pub run: bool,
    /// Folder of the results, one folder per patient and patients.csv; default out/patients.
    #[arg(short, long, value_name = "DIR", requires = "run")]
    pub output: Option<PathBuf>,
    /// Density of meshes and grids.
    #[arg(long, value_enum, default_value_t = Quality::Standard, requires = "run")]
    pub quality: Quality,
    /// Threads to use; default all cores. The numbers do not depend on it.
    #[arg(long, value_name = "N", requires = "run", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// No progress.
    #[arg(long, requires = "run")]
    pub quiet: bool,
}

/// Arguments of `dens verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Write a PDF appendix beside verification.json.
    #[arg(long)]
    pub report: bool,
    /// Folder of the result; with --report out/verification by default, else nothing is written.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Only this check; may be repeated.
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Threads and what is shown.
    #[command(flatten)]
    pub manner: Manner,
}

/// Arguments of `dens validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Only these tables, for instance `lattice`; all of them by default.
    #[arg(value_name = "ID")]
    pub tables: Vec<String>,
    /// Folder for validation.json; nothing is written by default.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Only this table; may be repeated.
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Threads and what is shown.
    #[command(flatten)]
    pub manner: Manner,
}

/// Runs the program with these arguments and gives the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return if e.use_stderr() { Exit::BadInput.code() } else { 0 };
        }
    };
    let outcome = match &cli.command {
        Command::Run(a) => commands::run::run(a),
        Command::New(a) => commands::new::run(a),
        Command::Check(a) => commands::check::run(a),
        Command::Cases(a) => commands::cases::run(a),
        Command::Export(a) => commands::export::run(a),
        Command::Verify(a) => commands::verify::run(a),
        Command::Validate(a) => commands::validate::run(a),
        Command::Solve(a) => commands::solve::run(a),
        Command::Material(a) => commands::material::run(a),
        Command::Convert(a) => commands::convert::run(a),
        Command::Image(a) => commands::image::run(a),
        Command::Lattice(a) => commands::lattice::run(a),
        Command::Mesh(a) => commands::mesh::run(a),
        Command::Optimise(a) => commands::optimise::run(a),
        Command::Sweep(a) => commands::sweep::run(&a.action),
        Command::Uncertainty(a) => commands::uncertainty::run(a),
        Command::Study(a) => commands::study::run(a),
        Command::DakotaDriver(a) => commands::dakota::driver(a),
        Command::DakotaDeck(a) => commands::dakota::deck(a),
    };
    match outcome {
        Ok(exit) => exit.code(),
        Err(Failure { exit, message }) => {
            let _ = writeln!(std::io::stderr(), "{message}");
            exit.code()
        }
    }
}

/// Prints to standard output; a closed pipe is not an error of ours.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
