//! The z-buffer: triangles to pixels, three by three samples each, with silhouettes and creases as lines.

use super::sheet::ColorBar;
use super::{NO_VALUE, Object, Paint, Plane, View};
use crate::palette::{Rgb, WHITE, mix};
use dens_mesher::Vec3;
use rayon::prelude::*;

/// Samples per pixel along each axis.
const SAMPLES: usize = 3;

/// Rows of pixels drawn at a time by one thread; only speed depends on it.
const BAND: usize = 24;

/// Cosine of the angle (50°) between facets above which an edge is a crease: smooth bone stays smooth, the
/// edges of an implant are drawn.
const CREASE: f64 = 0.643;

/// Picture, three bytes per pixel, rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue of every pixel.
    pub rgb: Vec<u8>,
}

impl Raster {
    /// The picture as PNG without time stamp.
    pub fn to_png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let fact = "a vector takes every write, and the sizes agree";
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header().expect(fact);
        writer.write_image_data(&self.rgb).expect(fact);
        writer.finish().expect(fact);
        bytes
    }
}

/// Camera: what the picture shows and at which scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Camera {
    pub(super) basis: [Vec3; 3],
    /// Middle of the picture along right and top, mm.
    pub(super) center: [f64; 2],
    /// Pixels per mm.
    pub(super) scale: f64,
}

/// Picture of `objects` seen from `view`, fitted with a margin of 4 %; the part in front of `clip` is left out.
pub fn rasterize(
    objects: &[&Object],
    view: View,
    clip: Option<&Plane>,
    bar: Option<&ColorBar>,
    [width, height]: [usize; 2],
) -> Raster {
    let camera = fit(objects, view, clip, [width as f64, height as f64]);
    shoot(objects, &camera, clip, bar, [width, height])
}

/// Camera that shows all objects.
pub(super) fn fit(objects: &[&Object], view: View, clip: Option<&Plane>, [w, h]: [f64; 2]) -> Camera {
    let basis = view.basis();
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for p in objects.iter().flat_map(|o| &o.points) {
        if clip.is_some_and(|c| 1e-6 < c.distance(*p)) {
            continue;
        }
        for k in 0..2 {
            let v = p.dot(&basis[k]);
            (low[k], high[k]) = (low[k].min(v), high[k].max(v));
        }
    }
    if high[0] < low[0] {
        (low, high) = ([0.0; 2], [1.0; 2]);
    }
    let size = [0, 1].map(|k| (high[k] - low[k]).max(1e-9));
    let scale = 0.92 * (w / size[0]).min(h / size[1]);
    Camera { basis, center: [0, 1].map(|k| 0.5 * (low[k] + high[k])), scale }
}

/// Triangle in samples, with what its pixels need.
struct Tri {
    object: u32,
    /// Column, row, height toward the viewer (mm) of each corner.
    at: [[f64; 3]; 3],
    normal: [Vec3; 3],
    value: [f64; 3],
    /// Distance of each corner beyond the cutting plane, mm.
    beyond: [f64; 3],
}

/// Visible surface of a sample.
#[derive(Clone, Copy)]
struct Sample {
    depth: f32,
    object: u32,
    normal: [f32; 3],
    color: Rgb,
}

const EMPTY: Sample =
    Sample { depth: f32::NEG_INFINITY, object: u32::MAX, normal: [0.0, 0.0, 1.0], color: WHITE };

/// Picture through a given camera.
pub(super) fn shoot(
    objects: &[&Object],
    camera: &Camera,
    clip: Option<&Plane>,
    bar: Option<&ColorBar>,
    [width, height]: [usize; 2],
) -> Raster {
    let tris = project(objects, camera, clip, [width, height]);
    let mut rgb = vec![0xff_u8; 3 * width * height];
    rgb.par_chunks_mut(3 * width * BAND).enumerate().for_each(|(band, out)| {
        let first = band * BAND * SAMPLES;
        let rows = out.len() / (3 * width) * SAMPLES;
        let scene = Scene { objects, bar, camera };
        let solid = scene.layer(&tris, (first, rows), width * SAMPLES, false);
        let has_ghosts = objects.iter().any(|o| o.opacity < 1.0);
        let ghost = has_ghosts.then(|| scene.layer(&tris, (first, rows), width * SAMPLES, true));
        resolve(out, width, |x, y| {
            let behind = scene.inked(&solid, width * SAMPLES, x, y);
            let Some(ghost) = &ghost else { return behind };
            // Each layer has a row more on either side for its lines.
            let (g, s) = (ghost[(y + 1) * width * SAMPLES + x], solid[(y + 1) * width * SAMPLES + x]);
            if g.object == u32::MAX || g.depth < s.depth {
                return behind;
            }
            mix(behind, scene.inked(ghost, width * SAMPLES, x, y), objects[g.object as usize].opacity)
        });
    });
    Raster { width, height, rgb }
}

/// Triangles on the grid of samples with smooth normals.
fn project(objects: &[&Object], camera: &Camera, clip: Option<&Plane>, size: [usize; 2]) -> Vec<Tri> {
    let [right, top, toward] = camera.basis;
    let s = camera.scale * SAMPLES as f64;
    let [w, h] = size.map(|v| (v * SAMPLES) as f64);
    let mut tris = Vec::new();
    for (k, object) in objects.iter().enumerate() {
        let normals = if object.shaded { corner_normals(object) } else { Vec::new() };
        for (t, corners) in object.triangles.iter().enumerate() {
            let points = corners.map(|i| object.points[i as usize]);
            let beyond = points.map(|p| clip.map_or(-1.0, |c| c.distance(p) - 1e-6));
            if beyond.iter().all(|&d| 0.0 < d) {
                continue;
            }
            let at = points.map(|p| {
                let x = (p.dot(&right) - camera.center[0]) * s + 0.5 * w;
                let y = 0.5 * h - (p.dot(&top) - camera.center[1]) * s;
                [x, y, p.dot(&toward)]
            });
            let normal = normals.get(t).copied().unwrap_or([toward; 3]);
            let value = match &object.paint {
                Paint::Scalar(v) => corners.map(|i| v.get(i as usize).copied().unwrap_or(f64::NAN)),
                Paint::Solid(_) => [0.0; 3],
            };
            tris.push(Tri { object: k as u32, at, normal, value, beyond });
        }
    }
    tris
}

/// Unit normals at the corners of each triangle: the mean over the facets around a position, or the facet's own
/// where it departs from the mean by more than half the crease angle.
fn corner_normals(object: &Object) -> Vec<[Vec3; 3]> {
    let key = |p: &Vec3| [p.x, p.y, p.z].map(|v| (v * 1e6).round() as i64);
    let mut order: Vec<u32> = (0..object.points.len() as u32).collect();
    let keys: Vec<[i64; 3]> = object.points.iter().map(key).collect();
    order.par_sort_unstable_by_key(|&i| (keys[i as usize], i));
    // Points at the same position share a place.
    let mut place = vec![0_u32; object.points.len()];
    let mut n = 0;
    for (k, &i) in order.iter().enumerate() {
        if 0 < k && keys[order[k - 1] as usize] != keys[i as usize] {
            n += 1;
        }
        place[i as usize] = n;
    }
    let facet = |t: &[u32; 3]| {
        let [a, b, c] = t.map(|i| object.points[i as usize]);
        (b - a).cross(&(c - a))
    };
    let mut mean = vec![Vec3::zeros(); n as usize + 1];
    for t in &object.triangles {
        let area = facet(t);
        for i in t {
            mean[place[*i as usize] as usize] += area;
        }
    }
    let half_crease = ((1.0 + CREASE) / 2.0).sqrt();
    let unit = |v: Vec3| v / v.norm().max(1e-300);
    let of = |t: &[u32; 3]| {
        let own = unit(facet(t));
        t.map(|i| {
            let smooth = unit(mean[place[i as usize] as usize]);
            if half_crease < smooth.dot(&own) { smooth } else { own }
        })
    };
    object.triangles.iter().map(of).collect()
}

struct Scene<'a> {
    objects: &'a [&'a Object],
    bar: Option<&'a ColorBar>,
    camera: &'a Camera,
}

impl Scene<'_> {
    /// Nearest samples of the solid things or of the ghosts, with one row more above and below.
    fn layer(&self, tris: &[Tri], (first, rows): (usize, usize), width: usize, ghosts: bool) -> Vec<Sample> {
        let mut samples = vec![EMPTY; (rows + 2) * width];
        // Row of the grid that the first row of samples is; -1 at the top.
        let top = first as f64 - 1.0;
        for tri in tris.iter().filter(|t| (self.objects[t.object as usize].opacity < 1.0) == ghosts) {
            let [a, b, c] = tri.at;
            let (y0, y1) = (a[1].min(b[1]).min(c[1]) - top, a[1].max(b[1]).max(c[1]) - top);
            let (x0, x1) = (a[0].min(b[0]).min(c[0]), a[0].max(b[0]).max(c[0]));
            if y1 < 0.0 || (rows + 2) as f64 <= y0 || x1 < 0.0 || width as f64 <= x0 {
                continue;
            }
            let twice = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
            if twice.abs() < 1e-12 {
                continue;
            }
            let columns = x0.max(0.0) as usize..((x1 + 1.0) as usize).min(width);
            for y in y0.max(0.0) as usize..((y1 + 1.0) as usize).min(rows + 2) {
                let py = y as f64 + 0.5 + top;
                for x in columns.clone() {
                    let px = x as f64 + 0.5;
                    let v = ((px - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (py - a[1])) / twice;
                    let w = ((b[0] - a[0]) * (py - a[1]) - (px - a[0]) * (b[1] - a[1])) / twice;
                    let u = 1.0 - v - w;
                    if u < 0.0 || v < 0.0 || w < 0.0 {
                        continue;
                    }
                    let blend = |q: [f64; 3]| u * q[0] + v * q[1] + w * q[2];
                    let depth = blend([a[2], b[2], c[2]]) as f32;
                    let sample = &mut samples[y * width + x];
                    if depth <= sample.depth || 0.0 < blend(tri.beyond) {
                        continue;
                    }
                    let normal = tri.normal[0] * u + tri.normal[1] * v + tri.normal[2] * w;
                    *sample = self.shade(tri.object, depth, normal, blend(tri.value));
                }
            }
        }
        samples
    }

    fn shade(&self, object: u32, depth: f32, normal: Vec3, value: f64) -> Sample {
        let o = self.objects[object as usize];
        let color = match (&o.paint, self.bar) {
            (Paint::Solid(c), _) => *c,
            (Paint::Scalar(_), Some(bar)) if !value.is_nan() => bar.color(value),
            _ => NO_VALUE,
        };
        let [right, top, toward] = self.camera.basis;
        let n = normal / normal.norm().max(1e-300);
        // Open surfaces are lit on both sides.
        let n = if n.dot(&toward) < 0.0 { -n } else { n };
        let color = if o.shaded {
            let light = (toward * 0.78 - right * 0.35 + top * 0.52).normalize();
            // Enough ambient light that colors still match their bar.
            let bright = 0.62 + 0.38 * n.dot(&light).max(0.0);
            color.map(|v| (f64::from(v) * bright).round() as u8)
        } else {
            color
        };
        let normal = [n.dot(&right) as f32, n.dot(&top) as f32, n.dot(&toward) as f32];
        Sample { depth, object, normal, color }
    }

    /// Color of a sample with the line that runs through it; `y` counts from the first true row.
    fn inked(&self, layer: &[Sample], width: usize, x: usize, y: usize) -> Rgb {
        let at = (y + 1) * width + x;
        let s = layer[at];
        let mut line = 0.0_f64;
        let mut with = |t: Sample| line = line.max(self.edge(s, t));
        if 0 < x {
            with(layer[at - 1]);
        }
        if x + 1 < width {
            with(layer[at + 1]);
        }
        with(layer[at - width]);
        with(layer[at + width]);
        mix(s.color, [0x20, 0x20, 0x24], line)
    }

    /// Strength of the line between neighboring samples.
    fn edge(&self, s: Sample, t: Sample) -> f64 {
        if s.object != t.object {
            return 0.8;
        }
        if s.object == u32::MAX {
            return 0.0;
        }
        // A step in depth that the slope of the surface does not explain: one part hides another.
        let step = 1.0 / (self.camera.scale * SAMPLES as f64);
        let slope = |n: [f32; 3]| f64::from(n[0].hypot(n[1])) / f64::from(n[2]).max(0.05);
        let jump = f64::from((s.depth - t.depth).abs());
        if 4.0 * step * slope(s.normal).max(slope(t.normal)) + 12.0 * step < jump {
            return 0.7;
        }
        let cosine: f64 = (0..3).map(|k| f64::from(s.normal[k] * t.normal[k])).sum();
        if cosine < CREASE + 0.15 { 0.45 } else { 0.0 }
    }
}

/// Means of the samples of each pixel.
fn resolve(out: &mut [u8], width: usize, color: impl Fn(usize, usize) -> Rgb) {
    let n = (SAMPLES * SAMPLES) as u32;
    for (i, pixel) in out.chunks_exact_mut(3).enumerate() {
        let (column, row) = (i % width, i / width);
        let mut sum = [0_u32; 3];
        for dy in 0..SAMPLES {
            for dx in 0..SAMPLES {
                let c = color(column * SAMPLES + dx, row * SAMPLES + dy);
                for k in 0..3 {
                    sum[k] += u32::from(c[k]);
                }
            }
        }
        for k in 0..3 {
            pixel[k] = ((sum[k] + n / 2) / n) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Square of 10 mm facing anterior at depth `y`, with its middle at `x`.
    fn square(x: f64, y: f64, color: Rgb) -> Object {
        let corner = |dx: f64, dz: f64| Vec3::new(x + dx, y, dz);
        let points = vec![corner(-5.0, -5.0), corner(5.0, -5.0), corner(5.0, 5.0), corner(-5.0, 5.0)];
        let flat = Object::new(points, vec![[0, 1, 2], [0, 2, 3]], Paint::Solid(color));
        Object { shaded: false, ..flat }
    }

    fn pixel(r: &Raster, x: usize, y: usize) -> Rgb {
        let at = 3 * (y * r.width + x);
        [r.rgb[at], r.rgb[at + 1], r.rgb[at + 2]]
    }

    #[test]
    fn nearer_thing_hides_the_farther_whatever_their_order() {
        let (near, far) = (square(0.0, -3.0, [255, 0, 0]), square(0.0, 3.0, [0, 0, 255]));
        for order in [[&near, &far], [&far, &near]] {
            let front = rasterize(&order, View::Anterior, None, None, [60, 60]);
            assert_eq!(pixel(&front, 30, 30), [255, 0, 0]);
            let back = rasterize(&order, View::Posterior, None, None, [60, 60]);
            assert_eq!(pixel(&back, 30, 30), [0, 0, 255]);
        }
    }

    #[test]
    fn what_lies_at_the_patients_left_stands_on_the_right_of_the_anterior_view() {
        let (left, right) = (square(20.0, 0.0, [255, 0, 0]), square(-20.0, 0.0, [0, 0, 255]));
        let r = rasterize(&[&left, &right], View::Anterior, None, None, [100, 50]);
        assert_eq!(pixel(&r, 85, 25), [255, 0, 0]);
        assert_eq!(pixel(&r, 15, 25), [0, 0, 255]);
        assert_eq!(pixel(&r, 50, 25), WHITE);
    }

    #[test]
    fn cutting_plane_removes_its_front_and_ghosts_let_through() {
        let (near, far) = (square(0.0, -3.0, [255, 0, 0]), square(0.0, 3.0, [0, 0, 255]));
        let plane = Plane { point: Vec3::zeros(), normal: -Vec3::y() };
        let r = rasterize(&[&near, &far], View::Anterior, Some(&plane), None, [60, 60]);
        assert_eq!(pixel(&r, 30, 30), [0, 0, 255]);
        let ghost = near.ghost(0.5);
        let r = rasterize(&[&ghost, &far], View::Anterior, None, None, [60, 60]);
        assert_eq!(pixel(&r, 30, 30), [128, 0, 128]);
    }

    #[test]
    fn picture_does_not_depend_on_the_number_of_threads() {
        let objects = [&square(0.0, -3.0, [255, 0, 0]), &square(4.0, 3.0, [0, 0, 255])];
        let draw = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads are to be had");
            pool.install(|| rasterize(&objects, View::Isometric, None, None, [90, 70]).to_png())
        };
        assert_eq!(draw(1), draw(3));
    }
}
