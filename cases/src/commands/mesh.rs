//! `dens mesh`: closed surfaces to quadratic tetrahedra, repaired where they need it.

use crate::cli::{MeshArgs, Mesher, Unit, print};
use crate::commands::convert::{Format, format, write};
use crate::deck::Deck;
use crate::deck::kind::Kind;
use crate::deck::model::{Elements, Nodes, Set, Surface};
use crate::failure::{Exit, Failure};
use crate::output::write_whole;
use crate::pipeline::bodies::tetgen_executable;
use crate::progress::Progress;
use clap::ValueEnum;
use dens_mesher::generate::surfaces::{Part, SurfaceMeshed, SurfaceParams, mesh_surfaces};
use dens_mesher::generate::{Engine, MeshError};
use dens_mesher::geometry::repair::{RepairParams, Repaired, repair};
use dens_mesher::io::read_surface;
use dens_mesher::mesh::Mesh;
use dens_reports::table::significant;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long TetGen may work before the default engine takes over.
const TETGEN_TIMEOUT: Duration = Duration::from_secs(300);

/// A new surface is cut from a grid of this part of the edge length.
const REPAIR_GRID: f64 = 0.35;

/// Distance to the surface, in edge lengths, above which a warning is given.
const CLOSE: f64 = 0.25;

/// Longest sides that a surface without a stated unit may have, mm: from a small screw to a whole spine.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 2.0..=1000.0;

/// Reads, repairs, meshes, writes.
///
/// # Errors
/// A surface that is refused (2), a file that cannot be written (4). With `--json` a refusal is an object too.
pub fn run(args: &MeshArgs) -> Result<Exit, Failure> {
    let pool = args.manner.pool()?;
    let progress = Progress::new(args.manner.quiet || args.manner.json);
    let done = pool.install(|| whole(args, &progress));
    progress.finish();
    match done {
        Ok(done) => {
            if args.manner.json {
                print(&format!("{:#}\n", done.object));
            } else if !args.manner.quiet {
                print(&done.summary);
            }
            Ok(Exit::Met)
        }
        Err(failure) => {
            if args.manner.json {
                let object =
                    json!({ "schema": "dens-mesh/1", "status": "refused", "message": failure.message });
                print(&format!("{object:#}\n"));
            }
            Err(failure)
        }
    }
}

/// What is shown at the end.
struct Done {
    object: Value,
    summary: String,
}

/// Surface with its name and what was done to it.
struct Read {
    file: String,
    name: String,
    repaired: Repaired,
}

fn whole(args: &MeshArgs, progress: &Progress) -> Result<Done, Failure> {
    let start = Instant::now();
    let target = format(&args.output)?;
    progress.phase("read and repair", 0.2);
    let mut read: Vec<Read> = Vec::new();
    for path in &args.surfaces {
        let repaired = surface(path, args)?;
        let name = unique(path, &read);
        let file = path.display().to_string();
        read.push(Read { file, name, repaired });
    }
    progress.phase("mesh", 0.6);
    let parts: Vec<Part> =
        read.iter().map(|r| Part { name: r.name.clone(), surface: r.repaired.surface.clone() }).collect();
    let mut warnings = Vec::new();
    let (mesher, meshed) = mesh(args, &parts, &mut warnings)?;
    progress.phase("write", 0.2);
    let deck = deck(&meshed.meshed.mesh);
    let (bytes, lost) = write(&deck, target)?;
    if target != Format::Vtu {
        warnings.extend(lost);
    }
    write_whole(&args.output, &bytes)?;
    if CLOSE * args.edge < meshed.fit.hausdorff_mm {
        let p = meshed.fit.place;
        warnings.push(format!(
            "the mesh is {} mm from the surface near ({:.1}, {:.1}, {:.1}) mm, more than a quarter of the edge length; refine it if that place matters",
            significant(meshed.fit.hausdorff_mm, 3), p.x, p.y, p.z
        ));
    }
    for piece in &meshed.meshed.crumbs {
        let p = piece.place;
        warnings.push(format!(
            "a loose piece of {} mm³ near ({:.1}, {:.1}, {:.1}) mm was left out",
            significant(piece.volume_mm3, 3),
            p.x,
            p.y,
            p.z
        ));
    }
    let mut err = std::io::stderr();
    for warning in &warnings {
        let _ = writeln!(err, "warning: {warning}");
    }
    let mut object = object(mesher, &meshed, &read, &warnings, start.elapsed().as_secs_f64());
    object["unit_of_surfaces_mm"] = json!(args.unit.unwrap_or(Unit::Mm).in_mm());
    Ok(Done { object, summary: summary(args, mesher, &meshed, &read) })
}

/// Name of a region: the stem of its file, with a number when it is taken.
fn unique(path: &Path, read: &[Read]) -> String {
    let stem = path.file_stem().map_or_else(|| "body".into(), |s| s.to_string_lossy().into_owned());
    let clean: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let taken = |name: &str| read.iter().any(|r| r.name.eq_ignore_ascii_case(name));
    let numbered = (2..).map(|n| format!("{clean}-{n}"));
    std::iter::once(clean.clone()).chain(numbered).find(|n| !taken(n)).unwrap_or(clean)
}

fn surface(path: &Path, args: &MeshArgs) -> Result<Repaired, Failure> {
    let mut surface = read_surface(path)
        .map_err(|e| Failure::input(format!("{e}\n  = hint: give a closed surface as .stl, .ply or .obj")))?;
    let unit = args.unit.unwrap_or(Unit::Mm);
    surface.points.iter_mut().for_each(|p| *p *= unit.in_mm());
    let size = surface.bounds().size().max();
    if args.unit.is_none() && !PLAUSIBLE.contains(&size) {
        return Err(implausible(path, size));
    }
    let params = RepairParams { grid_mm: REPAIR_GRID * args.edge, most_mm: args.max_move };
    repair(&surface, &params)
        .map_err(|e| Failure::input(format!("`{}`: {e}\n  = hint: {}", path.display(), e.remedy())))
}

/// Refuses a size that no implant and no bone has in millimeters, and says in which unit it would have one.
fn implausible(path: &Path, size: f64) -> Failure {
    let fits: Vec<String> = Unit::value_variants()
        .iter()
        .filter(|u| PLAUSIBLE.contains(&(size * u.in_mm())))
        .filter_map(|u| u.to_possible_value())
        .map(|v| format!("`--unit {}`", v.get_name()))
        .collect();
    let fits = if fits.is_empty() {
        String::new()
    } else {
        format!("if it is meant otherwise, {}; ", fits.join(" or "))
    };
    Failure::input(format!(
        "`{}`: as millimeters its longest side is {} mm; bones and implants have {} to {} mm\n  = hint: {fits}`--unit mm` takes it as it is",
        path.display(),
        significant(size, 3),
        PLAUSIBLE.start(),
        PLAUSIBLE.end()
    ))
}

/// Meshes with the engine asked for; where TetGen fails, the own one takes over and says so.
fn mesh(
    args: &MeshArgs,
    parts: &[Part],
    warnings: &mut Vec<String>,
) -> Result<(&'static str, SurfaceMeshed), Failure> {
    let mut params = SurfaceParams {
        edge_mm: args.edge,
        finest_mm: args.finest,
        coarsest_mm: args.coarsest,
        engine: Engine::LevelSet,
    };
    let refused = |e: MeshError| Failure::input(format!("{e}"));
    if args.mesher == Mesher::Tetgen {
        match tetgen_executable() {
            Some(executable) => {
                params.engine = Engine::TetGen { executable, timeout: TETGEN_TIMEOUT };
                match mesh_surfaces(parts, &params) {
                    Ok(meshed) => return Ok(("tetgen", meshed)),
                    Err(e @ (MeshError::Engine(_) | MeshError::BadCell { .. } | MeshError::NotManifold { .. })) => {
                        warnings.push(format!("TetGen did not take the surface, the own mesher did: {e}"));
                    }
                    Err(e) => return Err(refused(e)),
                }
            }
            None => warnings.push(
                "`dens-tetgen` was not found beside `dens` nor in DENS_TETGEN, the own mesher took the surface; mesher/tetgen-rs/README.md says how to build it".to_string(),
            ),
        }
        params.engine = Engine::LevelSet;
    }
    mesh_surfaces(parts, &params).map(|m| ("own", m)).map_err(refused)
}

/// The mesh as a model: a set of elements per region, the outside as surface `SKIN`.
fn deck(mesh: &Mesh) -> Deck {
    let n = mesh.n_cells();
    let mut deck = Deck {
        title: vec![format!("dens mesh: {}", mesh.region_names.join(", "))],
        nodes: Nodes { labels: (1..=mesh.n_nodes() as u32).collect(), points: mesh.points.clone() },
        elements: Elements {
            labels: (1..=n as u32).collect(),
            kinds: vec![Kind::C3d10; n],
            starts: (0..=n).map(|i| 10 * i).collect(),
            nodes: mesh.cells.concat(),
            places: Vec::new(),
        },
        ..Deck::default()
    };
    for (r, name) in mesh.region_names.iter().enumerate() {
        let members = (0..n as u32).filter(|c| usize::from(mesh.regions[*c as usize]) == r).collect();
        deck.element_sets.insert(name.to_uppercase(), Set { name: name.clone(), members });
    }
    let facets = mesh.boundary.iter().map(|f| (f.cell, f.local)).collect();
    deck.surfaces.insert("SKIN".into(), Surface::Facets("SKIN".into(), facets));
    deck
}

fn object(mesher: &str, m: &SurfaceMeshed, read: &[Read], warnings: &[String], seconds: f64) -> Value {
    let mesh = &m.meshed.mesh;
    let tets = |r: usize| mesh.regions.iter().filter(|x| usize::from(**x) == r).count();
    let regions: Vec<Value> = read
        .iter()
        .enumerate()
        .map(|(r, part)| {
            json!({
                "name": part.name,
                "tets": tets(r),
                "volume_mm3": m.quality.region_volumes_mm3[r],
                "surface_volume_mm3": part.repaired.surface.volume(),
            })
        })
        .collect();
    let repairs: Vec<Value> = read.iter().filter(|r| !r.repaired.untouched()).map(repairs).collect();
    let q = &m.quality;
    json!({
        "schema": "dens-mesh/1",
        "status": "ok",
        "mesher": mesher,
        "tets": q.cells,
        "nodes": q.nodes,
        "regions": regions,
        "volume_mm3": m.fit.volume_mm3,
        "surface_volume_mm3": m.fit.surface_volume_mm3,
        "hausdorff_mm": m.fit.hausdorff_mm,
        "hausdorff_rms_mm": m.fit.rms_mm,
        "min_dihedral_deg": q.min_dihedral_deg,
        "max_dihedral_deg": q.max_dihedral_deg,
        "min_scaled_jacobian": q.min_scaled_jacobian,
        "min_jacobian_bound": q.min_jacobian_bound,
        "curved_edges": m.meshed.n_curved,
        "repairs": repairs,
        "warnings": warnings,
        "seconds": seconds,
    })
}

/// What was done to one surface.
fn repairs(read: &Read) -> Value {
    let r = &read.repaired;
    let faults: Vec<String> = r.faults.iter().map(ToString::to_string).collect();
    let steps: Vec<String> = r.steps.iter().map(ToString::to_string).collect();
    let deviation = |d: &dens_mesher::geometry::repair::Deviation| json!({ "max_mm": d.max_mm, "rms_mm": d.rms_mm, "place_mm": [d.place.x, d.place.y, d.place.z] });
    let rebuilt = r.rebuilt.as_ref().map(|b| {
        json!({
            "grid_mm": b.grid_mm,
            "new_from_old": deviation(&b.added),
            "old_from_new": deviation(&b.lost),
            "swallowed_mm2": b.swallowed_mm2,
        })
    });
    json!({ "surface": read.file, "faults": faults, "steps": steps, "moved": rebuilt })
}

fn summary(args: &MeshArgs, mesher: &str, m: &SurfaceMeshed, read: &[Read]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    for r in read.iter().filter(|r| !r.repaired.untouched()) {
        let _ = writeln!(out, "repaired {}", r.file);
        for fault in &r.repaired.faults {
            let _ = writeln!(out, "  found: {fault}");
        }
        for step in &r.repaired.steps {
            let _ = writeln!(out, "  {step}; nothing moved");
        }
        if let Some(b) = &r.repaired.rebuilt {
            let p = b.added.place;
            let _ = writeln!(
                out,
                "  cut anew: new from old at most {} mm (rms {}) near ({:.1}, {:.1}, {:.1}) mm, old from new at most {} mm (rms {}), {} mm² swallowed",
                significant(b.added.max_mm, 3),
                significant(b.added.rms_mm, 2),
                p.x,
                p.y,
                p.z,
                significant(b.lost.max_mm, 3),
                significant(b.lost.rms_mm, 2),
                significant(b.swallowed_mm2, 3)
            );
        }
    }
    let q = &m.quality;
    let against = m.fit.surface_volume_mm3.map_or_else(String::new, |v| {
        format!(" ({:+.3} % of the surface)", 100.0 * (m.fit.volume_mm3 / v - 1.0))
    });
    let _ = writeln!(
        out,
        "wrote {}: {} tetrahedra, {} nodes, mesher {mesher}\n  volume {} mm³{against}, distance to the surface at most {} mm (rms {})\n  dihedral angles {:.1}° to {:.1}°, smallest scaled Jacobian {:.3}, all cells proven valid",
        args.output.display(),
        q.cells,
        q.nodes,
        significant(m.fit.volume_mm3, 5),
        significant(m.fit.hausdorff_mm, 3),
        significant(m.fit.rms_mm, 2),
        q.min_dihedral_deg,
        q.max_dihedral_deg,
        q.min_scaled_jacobian
    );
    for (r, part) in read.iter().enumerate().filter(|_| 1 < read.len()) {
        let _ = writeln!(out, "  region {}: {} mm³", part.name, significant(q.region_volumes_mm3[r], 5));
    }
    out
}
