//! Broken surfaces for tests: what segmentation tools, scanners and hands leave behind.

use crate::Vec3;
use crate::geometry::surface::TriSurface;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Ball of 2 n² triangles, nearly: n rings of 2n, poles as vertices.
pub(crate) fn ball(radius: f64, n: usize, center: Vec3) -> TriSurface {
    let m = 2 * n;
    let mut points = vec![center + Vec3::z() * radius, center - Vec3::z() * radius];
    for i in 1..n {
        let polar = std::f64::consts::PI * i as f64 / n as f64;
        for j in 0..m {
            let around = 2.0 * std::f64::consts::PI * j as f64 / m as f64;
            let (sin, z) = polar.sin_cos();
            points.push(center + radius * Vec3::new(sin * around.cos(), sin * around.sin(), z));
        }
    }
    let at = |i: usize, j: usize| (2 + (i - 1) * m + j % m) as u32;
    let mut triangles = Vec::new();
    for j in 0..m {
        triangles.push([0, at(1, j), at(1, j + 1)]);
        triangles.push([1, at(n - 1, j + 1), at(n - 1, j)]);
        for i in 1..n - 1 {
            triangles.push([at(i, j), at(i + 1, j), at(i + 1, j + 1)]);
            triangles.push([at(i, j), at(i + 1, j + 1), at(i, j + 1)]);
        }
    }
    TriSurface { points, triangles }
}

/// Box from `low` with these sides.
pub(crate) fn block(low: Vec3, sides: Vec3) -> TriSurface {
    let corner = |i: usize| Vec3::new((i & 1) as f64, (i >> 1 & 1) as f64, (i >> 2) as f64);
    let points = (0..8).map(|i| low + corner(i).component_mul(&sides)).collect();
    let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    let triangles = quads.iter().flat_map(|q| [[q[0], q[1], q[2]], [q[0], q[2], q[3]]]).collect();
    TriSurface { points, triangles }
}

/// Both surfaces in one.
pub(crate) fn both(mut a: TriSurface, b: &TriSurface) -> TriSurface {
    let shift = a.points.len() as u32;
    a.points.extend(&b.points);
    a.triangles.extend(b.triangles.iter().map(|t| t.map(|v| v + shift)));
    a
}

fn inverted(mut s: TriSurface) -> TriSurface {
    s.triangles.iter_mut().for_each(|t| t.swap(0, 1));
    s
}

/// Without the triangles whose middle is within `radius` of `place`.
fn holed(mut s: TriSurface, place: Vec3, radius: f64) -> TriSurface {
    let middle = |t: &[u32; 3]| t.iter().map(|v| s.points[*v as usize]).sum::<Vec3>() / 3.0;
    let kept = s.triangles.iter().copied().filter(|t| radius < (middle(t) - place).norm()).collect();
    s.triangles = kept;
    s
}

/// Every triangle with vertices of its own, moved by at most `noise`.
fn torn(s: &TriSurface, noise: f64) -> TriSurface {
    let mut out = TriSurface::default();
    for t in 0..s.triangles.len() {
        let first = out.points.len() as u32;
        for (k, p) in s.corners(t).into_iter().enumerate() {
            let shake =
                |axis: usize| (((t * 7 + k * 3 + axis * 5) * 2_654_435_761) % 1000) as f64 / 500.0 - 1.0;
            out.points.push(p + noise * Vec3::new(shake(0), shake(1), shake(2)));
        }
        out.triangles.push([first, first + 1, first + 2]);
    }
    out
}

/// Binary STL of a surface.
pub(crate) fn stl(s: &TriSurface) -> Vec<u8> {
    let mut bytes = vec![b' '; 80];
    bytes.extend((s.triangles.len() as u32).to_le_bytes());
    for t in 0..s.triangles.len() {
        bytes.extend([0; 12]);
        let corners = s.corners(t);
        corners.iter().flat_map(|p| p.iter()).for_each(|x| bytes.extend((*x as f32).to_le_bytes()));
        bytes.extend([0; 2]);
    }
    bytes
}

/// What should become of a broken surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fate {
    /// A mesh of about this volume, mm³, to the given part.
    Meshed(f64, f64),
    /// A refusal whose text holds this.
    Refused(&'static str),
}

use Fate::{Meshed, Refused};

/// The collection: name, bytes of a file, its ending, and what should become of it at an edge of 2 mm and a limit of 2 mm.
pub(crate) fn collection() -> Vec<(&'static str, Vec<u8>, &'static str, Fate)> {
    let o = Vec3::zeros();
    let b = || ball(8.0, 16, o);
    let top = Vec3::z() * 8.0;
    // Volume of the ball of flat triangles.
    let v = b().volume();
    let mut all: Vec<(&'static str, Vec<u8>, &'static str, Fate)> = Vec::new();
    let mut add = |name, s: &TriSurface, fate| all.push((name, stl(s), "stl", fate));

    add("sound ball", &b(), Meshed(v, 0.005));
    let mut s = b();
    s.triangles.remove(100);
    add("one triangle missing", &s, Meshed(v, 0.02));
    add("hole of 3 mm", &holed(b(), top, 1.6), Meshed(v, 0.02));
    add("hole of 6 mm", &holed(b(), top, 3.1), Refused("a hole had to be closed"));
    add("two holes", &holed(holed(b(), top, 1.6), -top, 1.6), Meshed(v, 0.03));
    add("half a ball", &holed(b(), Vec3::z() * 8.0, 11.3), Refused("a hole had to be closed"));
    add("inside out", &inverted(b()), Meshed(v, 0.005));
    let mut s = b();
    s.triangles.iter_mut().step_by(9).for_each(|t| t.swap(0, 1));
    add("flipped facets", &s, Meshed(v, 0.005));
    let mut s = torn(&b(), 0.0);
    s.triangles.iter_mut().step_by(5).for_each(|t| t.swap(0, 1));
    add("flipped facets of their own vertices", &s, Meshed(v, 0.005));
    add("triangles moved apart by a hundredth", &torn(&b(), 0.01), Meshed(v, 0.03));
    add("triangles moved apart by a millionth", &torn(&b(), 1e-6), Meshed(v, 0.01));
    let mut s = b();
    let doubled: Vec<[u32; 3]> = s.triangles.iter().copied().step_by(3).collect();
    s.triangles.extend(doubled);
    add("doubled triangles", &s, Meshed(v, 0.005));
    add("doubled skin", &both(b(), &ball(8.0, 16, o)), Meshed(v, 0.005));
    add("doubled skin, one inverted", &both(b(), &inverted(b())), Refused("encloses nothing"));
    add("skins a hundredth apart", &both(b(), &ball(7.99, 17, o)), Meshed(v, 0.03));
    let other = ball(6.0, 12, Vec3::new(9.0, 0.0, 0.0));
    // Two balls less the lens of both: π (R + r − d)² (d² + 2d(R + r) − 3 (R − r)²) / 12 d.
    let (big, small, d) = (8.0, 6.0, 9.0_f64);
    let lens = std::f64::consts::PI
        * (big + small - d).powi(2)
        * (d * d + 2.0 * d * (big + small) - 3.0 * (big - small).powi(2))
        / (12.0 * d);
    let union = v + other.volume() - lens;
    add("crossing shells", &both(b(), &other), Meshed(union, 0.03));
    add("crossing shells, one inverted", &both(b(), &inverted(other)), Meshed(union, 0.03));
    let far = ball(5.0, 12, Vec3::new(20.0, 0.0, 0.0));
    add("disjoint shells", &both(b(), &far), Meshed(v + far.volume(), 0.01));
    add("disjoint shells, one inverted", &both(b(), &inverted(far.clone())), Meshed(v + far.volume(), 0.01));
    let core = ball(4.0, 12, o);
    add("cavity", &both(b(), &inverted(core.clone())), Meshed(v - core.volume(), 0.01));
    add("shell inside, outward", &both(b(), &core), Meshed(v, 0.005));
    let sheet = TriSurface {
        points: vec![o, Vec3::x() * 20.0, Vec3::new(20.0, 20.0, 0.0), Vec3::y() * 20.0],
        triangles: vec![[0, 1, 2], [0, 2, 3]],
    };
    add("open sheet", &sheet, Refused("encloses nothing"));
    let shifted =
        TriSurface { points: sheet.points.iter().map(|p| p - Vec3::new(10.0, 10.0, 0.0)).collect(), ..sheet };
    add("sheet through a ball", &both(b(), &shifted), Refused("would be lost"));
    let one = TriSurface { points: vec![o, Vec3::x(), Vec3::y()], triangles: vec![[0, 1, 2]] };
    add("one triangle", &one, Refused("encloses nothing"));
    let mut s = b();
    let first = s.points.len() as u32;
    s.points.extend([Vec3::repeat(9e4), Vec3::new(9e4, -9e4, 0.0), Vec3::new(-9e4, 0.0, 9e4)]);
    s.triangles.push([first, first + 1, first + 2]);
    add("giant stray triangle", &s, Refused("must be cut anew"));
    let mut s = b();
    s.points[40] = Vec3::new(60.0, 0.0, 0.0);
    add("spike of 50 mm", &s, Refused("would be lost"));
    let metres = TriSurface { points: b().points.iter().map(|p| p * 1e-3).collect(), ..b() };
    add("meters", &metres, Refused("meters"));
    let micro = TriSurface { points: b().points.iter().map(|p| p * 1e3).collect(), ..b() };
    add("micrometers", &micro, Refused("edge length"));
    // A vertex on the middle of an edge, known to one side only.
    let mut s = block(o, Vec3::repeat(10.0));
    let [p, q, r] = s.triangles[0];
    let m = s.points.len() as u32;
    s.points.push(0.5 * (s.points[p as usize] + s.points[q as usize]));
    s.triangles[0] = [p, m, r];
    s.triangles.push([m, q, r]);
    add("T-junction", &s, Meshed(1000.0, 0.02));
    let mut s = b();
    s.triangles.extend([[3, 3, 9], [5, 6, 5]]);
    add("triangles of two corners", &s, Meshed(v, 0.005));
    let mut s = b();
    s.points[30] = s.points[31] + Vec3::new(1e-5, 0.0, 1e-5);
    add("slivers", &s, Meshed(v, 0.02));
    add(
        "boxes that share a face",
        &both(block(o, Vec3::repeat(8.0)), &block(Vec3::x() * 8.0, Vec3::repeat(8.0))),
        Meshed(1024.0, 0.03),
    );
    add(
        "boxes that share an edge",
        &both(block(o, Vec3::repeat(8.0)), &block(Vec3::new(8.0, 8.0, 0.0), Vec3::repeat(8.0))),
        Refused("pieces"),
    );
    add(
        "boxes that share a corner",
        &both(block(o, Vec3::repeat(8.0)), &block(Vec3::repeat(8.0), Vec3::repeat(8.0))),
        Meshed(1024.0, 0.03),
    );
    add("plate of a tenth of a millimeter", &block(o, Vec3::new(20.0, 20.0, 0.1)), Refused("edge length"));
    let mut s = b();
    let n = s.points.len() as u32;
    s.points.push(Vec3::new(0.0, 0.0, 0.0));
    s.triangles.push([0, 1, n]);
    add("fin inside", &s, Meshed(v, 0.03));
    let nothing = TriSurface::default();
    add("no triangle", &nothing, Refused("no triangle"));

    let mut bytes = stl(&b());
    bytes.truncate(bytes.len() / 2 + 7);
    all.push(("truncated binary STL", bytes, "stl", Refused("binary")));
    let mut bytes = stl(&b());
    bytes[84 + 50 * 7 + 12..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    all.push(("a coordinate is NaN", bytes, "stl", Refused("finite")));
    let mut bytes = stl(&b());
    bytes[80..84].copy_from_slice(&u32::MAX.to_le_bytes());
    all.push(("count of four billion", bytes, "stl", Refused("binary")));
    all.push((
        "a letter",
        b"Dear colleague, please find the surface attached.".to_vec(),
        "stl",
        Refused("neither"),
    ));
    all.push(("nothing at all", Vec::new(), "stl", Refused("neither")));
    all.push((
        "text STL that breaks off",
        b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0".to_vec(),
        "stl",
        Refused("three numbers"),
    ));
    all.push(("faces without vertices", b"f 1 2 3\n".to_vec(), "obj", Refused("vertex")));
    let mut text = String::new();
    let sound = b();
    for p in &sound.points {
        let _ = writeln!(text, "v {} {} {}", p.x, p.y, p.z);
    }
    for t in &sound.triangles {
        let _ = writeln!(text, "f {} {} {}", t[0] + 1, t[2] + 1, t[1] + 1);
    }
    all.push(("inverted OBJ", text.into_bytes(), "obj", Meshed(v, 0.005)));
    let names: BTreeMap<&str, usize> = all.iter().map(|a| (a.0, 1)).collect();
    assert_eq!(names.len(), all.len(), "each name once");
    all
}
