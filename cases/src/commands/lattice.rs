//! `dens lattice`: stiffness, strength, as-printed section and picture of one lattice cell.

use crate::cli::{LatticeArgs, print};
use crate::failure::{Exit, Failure};
use crate::lattice::book::{self, Book};
use crate::lattice::study::{self, Wanted};
use crate::lattice::{json, pictures, text};
use crate::output::write_whole;
use crate::printing::{FRACTION, axis};
use crate::progress::Progress;
use dens_mesher::lattice::{Kind, Lattice, LatticeCell, Printing};
use std::path::{Path, PathBuf};

/// Cell size of a picture where none is given, mm.
const DRAWN_MM: f64 = 1.7;

/// Relative density of a picture where none is given; kept in the range of the cell.
const DRAWN_DENSITY: f64 = 0.25;

/// Lists, draws or computes lattice cells.
///
/// # Errors
/// An unknown cell or solid, a size out of range, a grid on which the cell falls apart (exit 2); no convergence (3); a
/// picture that cannot be written (4).
pub fn run(args: &LatticeArgs) -> Result<Exit, Failure> {
    if args.list {
        print(&text::list());
        return Ok(Exit::Met);
    }
    if let Some(name) = &args.render {
        return render(args, book::cell(name)?);
    }
    let Some(name) = &args.cell else {
        return Err(Failure::input(
            "which cell is missing\n  = hint: dens lattice octet --cell-size \"1.7 mm\" --relative-density 0.3, or dens lattice --list",
        ));
    };
    let cell = book::cell(name)?;
    let Some(size) = args.cell_size else {
        return Err(Failure::input("--cell-size is missing\n  = hint: for instance --cell-size \"1.7 mm\""));
    };
    let book = Book::embedded()?;
    let material = book.material(&args.material)?;
    let lattice = sized(args, cell, size)?.ok_or_else(|| {
        Failure::input(format!(
            "one of --relative-density, {} is missing\n  = hint: for instance --relative-density 0.3",
            thickness_flag(cell)
        ))
    })?;
    let wanted = Wanted {
        resolution: args.resolution,
        printing: args.as_printed.then(|| printing(args)).transpose()?,
        cross_check: args.cross_check,
        blocks: args.blocks.clone(),
    };
    let progress = Progress::new(args.manner.quiet || args.manner.json);
    let pool = args.manner.pool()?;
    let found = pool.install(|| study::run(lattice, material, &wanted, &progress));
    let seconds = progress.elapsed();
    progress.finish();
    let found = found?;
    let mut written = Vec::new();
    if let Some(folder) = &args.output {
        let figure = pictures::first_yield(&found)?;
        written.extend(write(folder, "first-yield.svg", figure.svg.as_bytes())?);
        written.extend(write(folder, "first-yield.csv", figure.csv.as_bytes())?);
    }
    if args.manner.json {
        print(&format!("{:#}\n", json::object(&found, &book, seconds)));
    } else if !args.manner.quiet {
        print(&text::summary(&found, &book, seconds));
        tell(&written);
    }
    Ok(Exit::Met)
}

/// The lattice asked for; none where neither density nor thickness is given.
fn sized(args: &LatticeArgs, cell: &'static dyn LatticeCell, size: f64) -> Result<Option<Lattice>, Failure> {
    let found = match (args.relative_density, args.strut, args.wall) {
        (Some(density), None, None) => Lattice::with_relative_density(cell, size, density),
        (None, Some(strut), None) if cell.kind() != Kind::Sheet => Lattice::with_thickness(cell, size, strut),
        (None, None, Some(wall)) if cell.kind() == Kind::Sheet => Lattice::with_thickness(cell, size, wall),
        (None, None, None) => return Ok(None),
        (None, Some(_), None) | (None, None, Some(_)) => {
            let made = if cell.kind() == Kind::Sheet { "a wall, not struts" } else { "struts, not a wall" };
            return Err(Failure::input(format!(
                "`{}` is made of {made}\n  = hint: give {} instead",
                cell.name(),
                thickness_flag(cell)
            )));
        }
        _ => return Err(Failure::input("give only one of --relative-density, --strut and --wall")),
    };
    found.map(Some).map_err(Failure::input)
}

fn thickness_flag(cell: &dyn LatticeCell) -> &'static str {
    if cell.kind() == Kind::Sheet { "--wall" } else { "--strut" }
}

fn printing(args: &LatticeArgs) -> Result<Printing, Failure> {
    let usual = Printing::default();
    let printing = Printing {
        upright_oversize_mm: args.upright_oversize.unwrap_or(usual.upright_oversize_mm),
        lying_oversize_mm: args.lying_oversize.unwrap_or(usual.lying_oversize_mm),
        effective_fraction: args.effective_fraction.unwrap_or(usual.effective_fraction),
        roughness_mm: args.roughness.unwrap_or(usual.roughness_mm),
        build: axis(&args.build),
    };
    let [least, most] = FRACTION;
    if !(least..=most).contains(&printing.effective_fraction) {
        return Err(Failure::input(format!(
            "--effective-fraction is {}; from {least} to {most} is possible",
            printing.effective_fraction
        )));
    }
    Ok(printing)
}

fn render(args: &LatticeArgs, cell: &'static dyn LatticeCell) -> Result<Exit, Failure> {
    let size = args.cell_size.unwrap_or(DRAWN_MM);
    let lattice = match sized(args, cell, size)? {
        Some(lattice) => lattice,
        None => {
            let [least, most] = cell.density_range();
            let density = DRAWN_DENSITY.clamp(least, most);
            Lattice::with_relative_density(cell, size, density).map_err(Failure::input)?
        }
    };
    let pool = args.manner.pool()?;
    let (png, figure) = pool.install(|| pictures::cell(&lattice))?;
    let folder = args.output.clone().unwrap_or_else(|| PathBuf::from("."));
    let mut written = write(&folder, &format!("lattice-{}.png", cell.name()), &png)?;
    written.extend(write(&folder, &format!("lattice-{}.svg", cell.name()), figure.svg.as_bytes())?);
    if args.manner.json {
        let files: Vec<String> = written.iter().map(|p| p.display().to_string()).collect();
        print(&format!("{:#}\n", serde_json::json!({ "cell": cell.name(), "files": files })));
    } else if !args.manner.quiet {
        tell(&written);
    }
    Ok(Exit::Met)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|e| Failure::limit(format!("cannot make `{}`: {e}", folder.display())))?;
    let path = folder.join(name);
    write_whole(&path, bytes)?;
    Ok(vec![path])
}

fn tell(written: &[PathBuf]) {
    for path in written {
        print(&format!("wrote {}\n", path.display()));
    }
}
