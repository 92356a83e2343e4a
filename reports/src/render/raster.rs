//! The z-buffer: triangles to pixels, three by three samples each, with silhouettes and creases as lines.

use super::sheet::ColorBar;
use super::{NO_VALUE, Object, Paint, Plane, View};
use crate::palette::{Rgb, WHITE, mix};
use dens_mesher::Vec3;
use rayon::prelude::*;

/// Samples per pixel along each axis.
const SAMPLES: usize = 3;

/// Rows of pixels drawn at a time by one thread; only speed depends on it.
const BAND: usize = 12;

/// Cosine of the angle (50°) between facets above which an edge is a crease: smooth bone stays smooth, the
/// edges of an implant are drawn.
const CREASE: f64 = 0.643;

/// Direction to the light in the basis of the camera: from the upper left, in front.
const LIGHT: [f32; 3] = [-0.349, 0.519, 0.780];

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
    /// Normals at the corners in the basis of the camera.
    normal: [[f32; 3]; 3],
    /// Places along the color bar of the corners; NaN where there is no value.
    place: [f32; 3],
    /// Distance of each corner beyond the cutting plane, mm.
    beyond: [f64; 3],
}

/// Visible surface of a sample.
#[derive(Clone, Copy)]
struct Sample {
    depth: f32,
    tri: u32,
    object: u32,
    normal: [f32; 3],
    color: Rgb,
}

const NOTHING: u32 = u32::MAX;

const EMPTY: Sample =
    Sample { depth: f32::NEG_INFINITY, tri: NOTHING, object: NOTHING, normal: [0.0, 0.0, 1.0], color: WHITE };

/// Picture through a given camera.
pub(super) fn shoot(
    objects: &[&Object],
    camera: &Camera,
    clip: Option<&Plane>,
    bar: Option<&ColorBar>,
    [width, height]: [usize; 2],
) -> Raster {
    let table = bar.map(|b| (0..=1023).map(|i| b.map.color(f64::from(i) / 1023.0)).collect());
    let scene = Scene { objects, table, step: 1.0 / (camera.scale * SAMPLES as f64) as f32 };
    let tris = project(objects, camera, clip, bar, [width, height]);
    let has_ghosts = objects.iter().any(|o| o.opacity < 1.0);
    let columns = width * SAMPLES;
    let bands = bands(&tris, height);
    let mut rgb = vec![0xff_u8; 3 * width * height];
    rgb.par_chunks_mut(3 * width * BAND).enumerate().for_each(|(band, out)| {
        let first = band * BAND * SAMPLES;
        let rows = out.len() / (3 * width) * SAMPLES;
        let samples = scene.layer(&tris, &bands[band], first, [columns, rows], false);
        let mut color = scene.inked(&samples, columns);
        if has_ghosts {
            let ghosts = scene.layer(&tris, &bands[band], first, [columns, rows], true);
            let over = scene.inked(&ghosts, columns);
            for (i, g) in ghosts.iter().enumerate() {
                if g.tri != NOTHING && samples[i].depth <= g.depth {
                    color[i] = mix(color[i], over[i], objects[g.object as usize].opacity);
                }
            }
        }
        resolve(out, width, &color);
    });
    Raster { width, height, rgb }
}

/// Triangles that each band of rows meets, with the row of samples above and below it, in their order.
fn bands(tris: &[Tri], height: usize) -> Vec<Vec<u32>> {
    let rows = (BAND * SAMPLES) as f64;
    let mut bands = vec![Vec::new(); height.div_ceil(BAND)];
    let last = bands.len().saturating_sub(1) as f64;
    for (k, tri) in tris.iter().enumerate() {
        let y = tri.at.map(|p| p[1]);
        let (low, high) = (y[0].min(y[1]).min(y[2]) - 2.0, y[0].max(y[1]).max(y[2]) + 2.0);
        if high < 0.0 || (last + 1.0) * rows < low {
            continue;
        }
        let [first, end] = [low, high].map(|v| (v / rows).floor().clamp(0.0, last) as usize);
        bands[first..=end].iter_mut().for_each(|band| band.push(k as u32));
    }
    bands
}

/// Triangles on the grid of samples with smooth normals.
fn project(
    objects: &[&Object],
    camera: &Camera,
    clip: Option<&Plane>,
    bar: Option<&ColorBar>,
    size: [usize; 2],
) -> Vec<Tri> {
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
            let normal = normals.get(t).map_or([[0.0, 0.0, 1.0]; 3], |n| {
                n.map(|n| [n.dot(&right) as f32, n.dot(&top) as f32, n.dot(&toward) as f32])
            });
            let place = match (&object.paint, bar) {
                (Paint::Scalar(v), Some(bar)) => corners.map(|i| {
                    let value = v.get(i as usize).copied().unwrap_or(f64::NAN);
                    // Far outside its range a value must not swamp the blend of its neighbors.
                    bar.place(value).clamp(-10.0, 11.0) as f32
                }),
                _ => [f32::NAN; 3],
            };
            tris.push(Tri { object: k as u32, at, normal, place, beyond });
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
    /// Colors along the bar.
    table: Option<Vec<Rgb>>,
    /// Width of a sample, mm.
    step: f32,
}

/// Barycentric coordinates as linear functions of column and row.
struct Barycentric {
    /// Values at the origin and slopes along columns and rows of the second and third coordinate.
    v: [f64; 3],
    w: [f64; 3],
}

impl Barycentric {
    /// None for a triangle seen edge-on.
    fn new(at: &[[f64; 3]; 3]) -> Option<Self> {
        let [a, b, c] = *at;
        let (e, f) = ([b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]);
        let twice = e[0] * f[1] - f[0] * e[1];
        if twice.abs() < 1e-12 {
            return None;
        }
        let v = [(f[0] * a[1] - f[1] * a[0]) / twice, f[1] / twice, -f[0] / twice];
        let w = [(e[1] * a[0] - e[0] * a[1]) / twice, -e[1] / twice, e[0] / twice];
        Some(Self { v, w })
    }

    fn at(&self, x: f64, y: f64) -> [f64; 3] {
        let v = self.v[0] + self.v[1] * x + self.v[2] * y;
        let w = self.w[0] + self.w[1] * x + self.w[2] * y;
        [1.0 - v - w, v, w]
    }

    /// Columns of a row whose sample centers lie in the triangle.
    fn span(&self, y: f64, width: usize) -> std::ops::Range<usize> {
        let (mut low, mut high) = (0.0_f64, width as f64);
        let v = (self.v[0] + self.v[2] * y, self.v[1]);
        let w = (self.w[0] + self.w[2] * y, self.w[1]);
        for (start, slope) in [v, w, (1.0 - v.0 - w.0, -v.1 - w.1)] {
            // Zero of start + slope · (column + ½).
            let zero = -start / slope - 0.5;
            if 0.0 < slope {
                low = low.max(zero.ceil());
            } else if slope < 0.0 {
                high = high.min(zero.floor() + 1.0);
            } else if start < 0.0 {
                return 0..0;
            }
        }
        if low < high { low as usize..high as usize } else { 0..0 }
    }
}

fn blend(u: [f64; 3], q: [f64; 3]) -> f64 {
    u[0] * q[0] + u[1] * q[1] + u[2] * q[2]
}

impl Scene<'_> {
    /// Nearest samples of the solid things or of the ghosts, with one row more above and below.
    fn layer(
        &self,
        tris: &[Tri],
        band: &[u32],
        first: usize,
        [width, rows]: [usize; 2],
        ghosts: bool,
    ) -> Vec<Sample> {
        let mut samples = vec![EMPTY; (rows + 2) * width];
        // Row of the grid that the first row of samples is; −1 at the top.
        let top = first as f64 - 1.0;
        for &k in band {
            let tri = &tris[k as usize];
            let [a, b, c] = tri.at;
            let (y0, y1) = (a[1].min(b[1]).min(c[1]) - top, a[1].max(b[1]).max(c[1]) - top);
            if y1 < 0.0
                || (rows + 2) as f64 <= y0
                || (self.objects[tri.object as usize].opacity < 1.0) != ghosts
            {
                continue;
            }
            let Some(bary) = Barycentric::new(&tri.at) else { continue };
            let cut = tri.beyond.iter().any(|&d| 0.0 < d);
            for y in y0.max(0.0) as usize..((y1 + 1.0) as usize).min(rows + 2) {
                let row = y as f64 + 0.5 + top;
                for x in bary.span(row, width) {
                    let u = bary.at(x as f64 + 0.5, row);
                    let depth = blend(u, [a[2], b[2], c[2]]) as f32;
                    let sample = &mut samples[y * width + x];
                    if depth <= sample.depth || (cut && 0.0 < blend(u, tri.beyond)) {
                        continue;
                    }
                    (sample.depth, sample.tri) = (depth, k);
                }
            }
        }
        // Only what is seen is shaded.
        for (i, sample) in samples.iter_mut().enumerate().filter(|(_, s)| s.tri != NOTHING) {
            let tri = &tris[sample.tri as usize];
            if let Some(bary) = Barycentric::new(&tri.at) {
                let u = bary.at((i % width) as f64 + 0.5, (i / width) as f64 + 0.5 + top);
                self.shade(sample, tri, u.map(|v| v as f32));
            }
        }
        samples
    }

    fn shade(&self, sample: &mut Sample, tri: &Tri, u: [f32; 3]) {
        let o = self.objects[tri.object as usize];
        let mix3 = |q: [f32; 3]| u[0] * q[0] + u[1] * q[1] + u[2] * q[2];
        let color = match (&o.paint, &self.table) {
            (Paint::Solid(c), _) => *c,
            (Paint::Scalar(_), Some(table)) => {
                let place = mix3(tri.place);
                // The cast sends what is below the table to its start.
                if place.is_nan() { NO_VALUE } else { table[((place * 1023.0 + 0.5) as usize).min(1023)] }
            }
            (Paint::Scalar(_), None) => NO_VALUE,
        };
        sample.object = tri.object;
        sample.color = color;
        if o.shaded {
            let n = [0, 1, 2].map(|k| mix3([tri.normal[0][k], tri.normal[1][k], tri.normal[2][k]]));
            let length = (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt().max(1e-30);
            // Open surfaces are lit on both sides.
            let sign = if n[2] < 0.0 { -1.0 } else { 1.0 };
            sample.normal = n.map(|v| v * sign / length);
            let cosine: f32 = (0..3).map(|k| sample.normal[k] * LIGHT[k]).sum();
            // Enough ambient light that colors still match their bar.
            let bright = 0.62 + 0.38 * cosine.max(0.0);
            sample.color = color.map(|v| (f32::from(v) * bright + 0.5) as u8);
        }
    }

    /// Colors of the samples with the lines between them.
    fn inked(&self, samples: &[Sample], width: usize) -> Vec<Rgb> {
        let mut line = vec![0_u8; samples.len()];
        for i in 0..samples.len() {
            let s = &samples[i];
            let mut with = |j: usize| {
                let strength = self.edge(s, &samples[j]);
                if 0 < strength {
                    line[i] = line[i].max(strength);
                    line[j] = line[j].max(strength);
                }
            };
            if (i + 1) % width != 0 {
                with(i + 1);
            }
            if i + width < samples.len() {
                with(i + width);
            }
        }
        let ink = |(s, l): (&Sample, u8)| {
            if l == 0 { s.color } else { mix(s.color, [0x20, 0x20, 0x24], f64::from(l) / 100.0) }
        };
        samples.iter().zip(line).map(ink).collect()
    }

    /// Strength of the line between neighboring samples, percent.
    fn edge(&self, s: &Sample, t: &Sample) -> u8 {
        if s.tri == t.tri {
            return 0;
        }
        if s.object != t.object {
            return 80;
        }
        let cosine = s.normal[0] * t.normal[0] + s.normal[1] * t.normal[1] + s.normal[2] * t.normal[2];
        // A step in depth that the slope of the surface does not explain: one part hides another.
        let jump = (s.depth - t.depth).abs();
        if 12.0 * self.step < jump {
            let slope = |n: [f32; 3]| n[0].hypot(n[1]) / n[2].max(0.05);
            if 4.0 * self.step * slope(s.normal).max(slope(t.normal)) + 12.0 * self.step < jump {
                return 70;
            }
        }
        if cosine < CREASE as f32 + 0.15 { 45 } else { 0 }
    }
}

/// Means of the samples of each pixel; the first row of samples is the one above the pixels.
fn resolve(out: &mut [u8], width: usize, colors: &[Rgb]) {
    let n = (SAMPLES * SAMPLES) as u32;
    for (i, pixel) in out.chunks_exact_mut(3).enumerate() {
        let (column, row) = (i % width, i / width);
        let mut sum = [n / 2; 3];
        for dy in 0..SAMPLES {
            let start = ((row * SAMPLES + dy + 1) * width + column) * SAMPLES;
            for c in &colors[start..start + SAMPLES] {
                for k in 0..3 {
                    sum[k] += u32::from(c[k]);
                }
            }
        }
        for k in 0..3 {
            pixel[k] = (sum[k] / n) as u8;
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
