//! Tetrahedra per second of processor time from fields and from surfaces, with volume, distance and angles; figures, not a test.
//!
//! With `DENS_ANATOMY` naming the folder of real bones, C1 to C4 are meshed too.

use dens_mesher::Vec3;
use dens_mesher::generate::surfaces::{Part, SurfaceParams, mesh_surfaces};
use dens_mesher::generate::{Engine, MeshSpec, mesh_with_notes};
use dens_mesher::geometry::surface::TriSurface;
use dens_mesher::geometry::{Aabb, Field};
use dens_mesher::io::read_surface;
use dens_mesher::quality::measure;
use std::io::Write as _;
use std::time::Instant;

struct Ball;

impl Field for Ball {
    fn value(&self, p: Vec3) -> f64 {
        p.norm() - 20.0
    }

    fn bounds(&self) -> Aabb {
        Aabb { min: Vec3::repeat(-20.0), max: Vec3::repeat(20.0) }
    }
}

/// Seconds of processor time of this process where the system tells (Linux), else of the clock: other programs beside this
/// one do not change it.
fn seconds(since: Instant) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in parentheses: user and system time are the 12th and 13th, in hundredths of a second.
    let words: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| words.get(i).and_then(|w| w.parse::<f64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => (user + system) / 100.0,
        _ => since.elapsed().as_secs_f64(),
    }
}

fn say(line: &str) {
    // A closed pipe is no failure of a benchmark.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn from_field() {
    let spec = MeshSpec {
        name: "ball".into(),
        surfaces: vec![&Ball],
        region: &|inside, _| (inside & 1 != 0).then_some(0),
        region_names: vec!["ball".into()],
        edge_mm: 0.7,
        bounds: Ball.bounds().grown(2.0),
        engine: Engine::LevelSet,
    };
    let start = Instant::now();
    let before = seconds(start);
    let meshed = mesh_with_notes(&spec).expect("a ball");
    let seconds = seconds(start) - before;
    let q = measure(&meshed.mesh);
    say(&format!(
        "field   ball             {:>8} tets  {:>8.0} tets/s of processor time  dihedral {:.1}..{:.1}",
        q.cells,
        q.cells as f64 / seconds,
        q.min_dihedral_deg,
        q.max_dihedral_deg
    ));
}

fn from_surface(name: &str, surface: TriSurface, edge_mm: f64, coarsest_mm: Option<f64>) {
    let triangles = surface.triangles.len();
    let parts = [Part { name: name.into(), surface }];
    let params = SurfaceParams { edge_mm, finest_mm: None, coarsest_mm, engine: Engine::LevelSet };
    let start = Instant::now();
    let before = seconds(start);
    match mesh_surfaces(&parts, &params) {
        Ok(m) => {
            let seconds = seconds(start) - before;
            let volume = m.fit.surface_volume_mm3.unwrap_or(f64::NAN);
            say(&format!(
                "surface {name:<4} {triangles:>6} tri {edge_mm:.2} mm {:>8} tets  {:>8.0} tets/s of processor time  dihedral {:.1}..{:.1}  volume {:+.3} %  hausdorff {:.3} edge (rms {:.3} mm)",
                m.quality.cells,
                m.quality.cells as f64 / seconds,
                m.quality.min_dihedral_deg,
                m.quality.max_dihedral_deg,
                100.0 * (m.fit.volume_mm3 / volume - 1.0),
                m.fit.hausdorff_mm / edge_mm,
                m.fit.rms_mm,
            ));
        }
        Err(e) => say(&format!("surface {name}: {e}")),
    }
}

fn main() {
    from_field();
    let Some(folder) = std::env::var_os("DENS_ANATOMY") else {
        say("no real bones: DENS_ANATOMY is not set");
        return;
    };
    for bone in ["c1", "c2", "c3", "c4"] {
        let path = std::path::Path::new(&folder).join(format!("artisynth_cervical/{bone}.obj"));
        match read_surface(&path) {
            Ok(surface) => {
                from_surface(bone, surface.clone(), 1.0, None);
                from_surface(bone, surface.clone(), 0.5, None);
                from_surface(bone, surface, 0.5, Some(2.0));
            }
            Err(e) => say(&format!("{e}")),
        }
    }
}
