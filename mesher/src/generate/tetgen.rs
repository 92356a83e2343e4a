//! TetGen as a child process, on the surfaces of the level-set mesh.
//!
//! TetGen wants triangles that meet only in common edges, with every region closed: exactly what separates the
//! regions of a level-set mesh. It fills them with its own points. A crash, a loop or hunger for memory there
//! is an error message here. Request and answer are text; `mesher/tetgen-rs/src/protocol.rs` describes them.

use super::body::{Body, Cell, INSIDE, pair};
use super::polish::polish;
use super::shape::volume6;
use super::topology::{Groups, NONE, sorted3};
use super::{MeshError, MeshSpec};
use crate::Vec3;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::SplitAsciiWhitespace;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Switches: a complex, radius-edge ratio 1.4, attributes and volume limits by region.
const SWITCHES: &str = "pq1.4Aa";

/// Largest cell, in cubes of the edge length: a regular tetrahedron of that edge has 0.118.
const MAX_VOLUME: f64 = 0.12;

/// Rounds of seating and polishing; the second still brings a few points to their surface.
const SEATINGS: usize = 2;

/// Cells of TetGen inside the same surfaces.
///
/// # Errors
/// [`MeshError::Engine`] when the process cannot be started, fails, is too slow or answers nonsense.
pub(super) fn refill(
    body: &Body,
    spec: &MeshSpec<'_>,
    executable: &Path,
    timeout: Duration,
) -> Result<Body, MeshError> {
    let next = pair(&body.points, &body.corners())?;
    let seeds = seeds(body, &next);
    let request = request(body, &next, &seeds, spec.edge_mm);
    let answer = run(Command::new(executable), request, timeout)?;
    let mut filled = read(&answer, &seeds)?;
    filled.bind();
    // Points that TetGen put on flat facets take their seats on the curved surfaces.
    for _ in 0..SEATINGS {
        polish(&mut filled, &spec.surfaces, spec.edge_mm);
    }
    Ok(filled)
}

/// A point inside every closed part of every region: the middle of its largest cell, with the region.
fn seeds(body: &Body, next: &[[u32; 4]]) -> Vec<(Vec3, u16)> {
    let mut groups = Groups::new(body.cells.len());
    for (c, cell) in body.cells.iter().enumerate() {
        for i in (0..4).filter(|&i| cell.label[i] == INSIDE && next[c][i] != NONE) {
            if body.cells[next[c][i] as usize].region == cell.region {
                groups.join(c as u32, next[c][i]);
            }
        }
    }
    let mut largest: Vec<(f64, usize)> = vec![(0.0, 0); body.cells.len()];
    for (c, cell) in body.cells.iter().enumerate() {
        let group = groups.find(c as u32) as usize;
        let volume = volume6(body.corner_points(&cell.v));
        if largest[group].0 < volume {
            largest[group] = (volume, c);
        }
    }
    let chosen = largest.into_iter().filter(|(volume, _)| 0.0 < *volume).map(|(_, c)| &body.cells[c]);
    chosen.map(|cell| (body.corner_points(&cell.v).iter().sum::<Vec3>() / 4.0, cell.region)).collect()
}

/// The text that asks for cells between the labeled facets; attribute k + 1 is seed k, marker s + 1 is surface s.
///
/// Facets between regions that no surface parts get the marker after the last surface.
fn request(body: &Body, next: &[[u32; 4]], seeds: &[(Vec3, u16)], h: f64) -> String {
    let mut number = vec![NONE; body.points.len()];
    let mut points = Vec::new();
    let mut triangles = Vec::new();
    for (c, cell) in body.cells.iter().enumerate() {
        for (i, &n) in next[c].iter().enumerate() {
            let parts = n == NONE || body.cells[n as usize].region != cell.region;
            // Of the two cells at an interface the first one speaks.
            if !parts || n < c as u32 {
                continue;
            }
            let corners = [1, 2, 3].map(|k| cell.v[(i + k) % 4]);
            for v in corners {
                if number[v as usize] == NONE {
                    number[v as usize] = points.len() as u32;
                    points.push(body.points[v as usize]);
                }
            }
            triangles.push((corners.map(|v| number[v as usize]), u32::from(cell.label[i]) + 1));
        }
    }
    let mut text = format!("dens-tetgen 1\nswitches {SWITCHES}\npoints {}\n", points.len());
    // Writing to a string cannot fail, here and below.
    for p in points {
        let _ = writeln!(text, "{} {} {}", p.x, p.y, p.z);
    }
    let _ = writeln!(text, "triangles {}", triangles.len());
    for ([a, b, c], marker) in triangles {
        let _ = writeln!(text, "{a} {b} {c} {marker}");
    }
    let _ = writeln!(text, "regions {}", seeds.len());
    for (k, (p, _)) in seeds.iter().enumerate() {
        let _ = writeln!(text, "{} {} {} {} {}", p.x, p.y, p.z, k + 1, MAX_VOLUME * h.powi(3));
    }
    text.push_str("end\n");
    text
}

/// Runs the command on a request and returns what it wrote, or ends it when the time is over.
fn run(mut command: Command, request: String, timeout: Duration) -> Result<String, MeshError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| MeshError::Engine(format!("`{name}` cannot be started: {error}")))?;
    let (mut stdin, mut stdout, mut stderr) =
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(i), Some(o), Some(e)) => (i, o, e),
            _ => return Err(MeshError::Engine(format!("`{name}` has no pipes"))),
        };
    // A child that dies early closes the pipe; its own words tell more than a failed write.
    std::thread::spawn(move || drop(stdin.write_all(request.as_bytes())));
    let (errors_in, errors) = channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stderr.read_to_end(&mut text);
        let _ = errors_in.send(String::from_utf8_lossy(&text).trim().to_string());
    });
    let (answer_in, answer) = channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = answer_in.send(stdout.read_to_end(&mut text).map(|_| text));
    });
    let answer = match answer.recv_timeout(timeout) {
        Ok(answer) => answer.map_err(|error| MeshError::Engine(format!("`{name}` is not readable: {error}"))),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            // It may have ended by itself in this moment; either way it is gone after this.
            let _ = child.kill();
            let _ = child.wait();
            let seconds = timeout.as_secs_f64();
            return Err(MeshError::Engine(format!(
                "`{name}` gave no answer within {seconds} s and was ended"
            )));
        }
    };
    let status = child.wait().map_err(|error| MeshError::Engine(format!("`{name}` is lost: {error}")))?;
    if !status.success() {
        // The pipe of errors is closed by now, unless a grandchild holds it.
        let said = errors.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        return Err(MeshError::Engine(format!("`{name}` ended with {status}: {said}")));
    }
    String::from_utf8(answer?).map_err(|_| MeshError::Engine(format!("`{name}` did not answer in text")))
}

/// The body in an answer. Cells without the attribute of a seed fill cavities and are left out.
fn read(answer: &str, seeds: &[(Vec3, u16)]) -> Result<Body, MeshError> {
    let mut words = answer.split_ascii_whitespace();
    for word in ["dens-tetgen", "1"] {
        expect(&mut words, word)?;
    }
    let mut body = Body::default();
    for _ in 0..count(&mut words, "points")? {
        let p: [f64; 3] = numbers(&mut words)?;
        body.points.push(p.into());
    }
    body.on = vec![0; body.points.len()];
    let known = |v: &[u32]| v.iter().all(|&v| (v as usize) < body.points.len());
    let mut cells = Vec::new();
    for _ in 0..count(&mut words, "cells")? {
        let v: [u32; 4] = numbers(&mut words)?;
        let [attribute]: [f64; 1] = numbers(&mut words)?;
        if !known(&v) {
            return Err(nonsense("a cell names a point that is not there"));
        }
        // Attributes are small whole numbers, exact as floats.
        let seed = (0..seeds.len()).find(|&k| (k + 1) as f64 == attribute);
        if let Some(k) = seed {
            let v = if volume6(body.corner_points(&v)) < 0.0 { [v[0], v[2], v[1], v[3]] } else { v };
            cells.push(Cell { v, label: [INSIDE; 4], region: seeds[k].1 });
        }
    }
    let mut marked = Vec::new();
    for _ in 0..count(&mut words, "faces")? {
        let f: [u32; 3] = numbers(&mut words)?;
        let [marker]: [i64; 1] = numbers(&mut words)?;
        if (1..=i64::from(INSIDE)).contains(&marker) {
            marked.push((sorted3(f), (marker - 1) as u8));
        }
    }
    expect(&mut words, "end")?;
    marked.sort_unstable();
    body.cells = cells;
    let next = pair(&body.points, &body.corners())?;
    for (c, beyond) in next.iter().enumerate() {
        let cell = body.cells[c];
        for (i, &n) in beyond.iter().enumerate() {
            if n == NONE || body.cells[n as usize].region != cell.region {
                let facet = sorted3([1, 2, 3].map(|k| cell.v[(i + k) % 4]));
                if let Ok(at) = marked.binary_search_by(|m| m.0.cmp(&facet)) {
                    body.cells[c].label[i] = marked[at].1;
                }
            }
        }
    }
    body.compact();
    if body.cells.is_empty() {
        return Err(nonsense("no cell lies in a region"));
    }
    Ok(body)
}

fn nonsense(what: &str) -> MeshError {
    MeshError::Engine(format!("its answer makes no sense: {what}"))
}

fn expect(words: &mut SplitAsciiWhitespace<'_>, word: &str) -> Result<(), MeshError> {
    match words.next() {
        Some(found) if found == word => Ok(()),
        found => Err(nonsense(&format!("expected `{word}`, found `{}`", found.unwrap_or("the end")))),
    }
}

fn count(words: &mut SplitAsciiWhitespace<'_>, name: &str) -> Result<usize, MeshError> {
    expect(words, name)?;
    numbers::<usize, 1>(words).map(|[n]| n)
}

fn numbers<T: std::str::FromStr + Copy + Default, const N: usize>(
    words: &mut SplitAsciiWhitespace<'_>,
) -> Result<[T; N], MeshError> {
    let mut found = [T::default(); N];
    for x in &mut found {
        let word = words.next().ok_or_else(|| nonsense("it ends too early"))?;
        *x = word.parse().map_err(|_| nonsense(&format!("`{word}` is not a number that fits")))?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Engine, mesh_with_notes};
    use crate::geometry::{Aabb, Field};
    use crate::quality::measure;

    struct Ball(f64);

    impl Field for Ball {
        fn value(&self, p: Vec3) -> f64 {
            p.norm() - self.0
        }

        fn bounds(&self) -> Aabb {
            Aabb { min: Vec3::repeat(-self.0), max: Vec3::repeat(self.0) }
        }
    }

    #[cfg(unix)]
    fn shell(script: &str) -> Result<String, String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, "dens-tetgen 1\n".repeat(100_000), Duration::from_millis(500)).map_err(|e| e.to_string())
    }

    #[cfg(unix)]
    #[test]
    fn slow_dead_and_missing_processes_are_errors_in_words() {
        assert!(shell("exec sleep 60").is_err_and(|e| e.contains("no answer within 0.5 s")));
        assert!(shell("echo out of luck >&2; exit 3").is_err_and(|e| e.contains("out of luck")));
        assert!(shell("kill -ABRT $$").is_err_and(|e| e.contains("signal: 6")));
        assert_eq!(shell("cat > /dev/null; echo fine").as_deref(), Ok("fine\n"));
        let missing = run(Command::new("/nowhere/dens-tetgen"), String::new(), Duration::from_secs(1));
        assert!(missing.is_err_and(|e| e.to_string().contains("cannot be started")));
    }

    #[test]
    fn answers_that_make_no_sense_say_where() {
        let seeds = [(Vec3::zeros(), 0)];
        let good = "dens-tetgen 1 points 4 0 0 0 1 0 0 0 1 0 0 0 1 cells 1 0 1 2 3 1 faces 1 0 1 2 5 end";
        let body = read(good, &seeds).expect("one cell");
        assert_eq!(body.cells[0].label.iter().filter(|&&l| l == 4).count(), 1);
        for (broken, word) in [
            (good.replace("cells 1 0 1 2 3 1", "cells 1 0 1 2 9 1"), "not there"),
            (good.replace("cells 1 0 1 2 3 1", "cells 1 0 1 2 3 7"), "no cell"),
            (good.replace("end", ""), "`end`"),
            (good.replace("points 4", "points 5"), "`cells`"),
        ] {
            let error = read(&broken, &seeds).map(|b| b.cells.len()).expect_err(word).to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    /// Runs only where the environment names the executable in `DENS_TETGEN`; with `tetgen` in `DENS_REQUIRE` it must.
    #[test]
    fn tetgen_fills_two_regions_inside_the_same_curved_surfaces() {
        let Some(executable) = std::env::var_os("DENS_TETGEN") else {
            crate::geometry::skipped("tetgen", "set DENS_TETGEN to the dens-tetgen executable to test it");
            return;
        };
        let (outer, inner) = (Ball(8.0), Ball(5.0));
        let mut spec = MeshSpec {
            name: "two balls".into(),
            surfaces: vec![&outer, &inner],
            region: &|inside, _| (inside & 1 != 0).then_some((inside >> 1) as u16),
            region_names: vec!["shell".into(), "core".into()],
            edge_mm: 1.5,
            bounds: outer.bounds(),
            engine: Engine::LevelSet,
        };
        let own = measure(&mesh_with_notes(&spec).expect("two balls").mesh);
        spec.engine = Engine::TetGen { executable: executable.into(), timeout: Duration::from_secs(60) };
        let m = mesh_with_notes(&spec).expect("its surfaces never cross");
        let q = measure(&m.mesh);
        assert!(q.boundary_manifold && 0.0 < q.min_jacobian_bound);
        assert!(m.mesh.boundary.iter().all(|f| f.surface == 0));
        assert_ne!(q.cells, own.cells);
        // Both follow the same curved outer surface; the inner one has other facets.
        let total = |q: &crate::quality::Quality| q.region_volumes_mm3.iter().sum::<f64>();
        assert!((total(&q) / total(&own) - 1.0).abs() < 1e-3, "{} {}", total(&q), total(&own));
        assert!((q.region_volumes_mm3[1] / own.region_volumes_mm3[1] - 1.0).abs() < 5e-3);
        assert!(8.0 < q.min_dihedral_deg, "polished: {}", q.min_dihedral_deg);
        let off = m
            .mesh
            .boundary
            .iter()
            .flat_map(|f| f.nodes)
            .map(|n| (m.mesh.points[n as usize].norm() - 8.0).abs());
        let off = off.fold(0.0, f64::max);
        assert!(off < 0.02, "flat facets of 1.5 mm stand off by 0.035, these by {off}");

        // An executable that answers nonsense.
        spec.engine = Engine::TetGen { executable: "/bin/cat".into(), timeout: Duration::from_secs(60) };
        assert!(matches!(mesh_with_notes(&spec).map(|m| m.crumbs), Err(MeshError::Engine(_))));
    }
}
