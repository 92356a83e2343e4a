//! Sheets: pictures side by side with titles, color bar, scale and anatomical directions as vectors.

use super::raster::{fit, shoot};
use super::{Object, Paint, Plane, View};
use crate::figure::{
    Anchor, Canvas, FONT_SIZE, Figure, FigureError, Pen, Scale, Width, draw_svg, step_125, width_mm,
};
use crate::font::Weight;
use crate::palette::{ColorMap, GRAY, INK, Rgb};
use crate::table::{NO_UNIT, csv_text, significant};

/// Pixels per mm on paper unless asked otherwise, 305 per inch.
const DENSITY: f64 = 12.0;

/// Strip at the foot of a picture that is kept free for directions and scale, mm.
const STRIP: f64 = 9.0;

/// Meaning of the colors of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorBar {
    /// Quantity shown.
    pub quantity: String,
    /// Unit; [`NO_UNIT`] for a ratio.
    pub unit: String,
    /// Colors.
    pub map: ColorMap,
    /// Values at the ends of the bar; values beyond take the color of the end.
    pub range: [f64; 2],
    /// Scale; a logarithmic one needs a positive range.
    pub scale: Scale,
}

impl ColorBar {
    /// Linear bar in viridis.
    pub fn new(quantity: &str, unit: &str, range: [f64; 2]) -> Self {
        let (quantity, unit) = (quantity.to_string(), unit.to_string());
        Self { quantity, unit, map: ColorMap::Viridis, range, scale: Scale::Linear }
    }

    /// Linear bar over the `low` and `high` quantiles (0 to 1) of the values of `objects`, so that single peaks do
    /// not take all the color; 0..1 when there is no value.
    pub fn spanning(quantity: &str, unit: &str, objects: &[&Object], [low, high]: [f64; 2]) -> Self {
        let mut all: Vec<f64> = values(objects).filter(|v| v.is_finite()).collect();
        all.sort_unstable_by(f64::total_cmp);
        let at = |q: f64| all.get((q * (all.len() as f64 - 1.0)).round().max(0.0) as usize).copied();
        let range = match (at(low), at(high)) {
            (Some(a), Some(b)) if a < b => [a, b],
            (Some(a), _) => [a, a + a.abs().max(1.0) * 1e-3],
            _ => [0.0, 1.0],
        };
        Self::new(quantity, unit, range)
    }

    /// The same with another map.
    pub fn map(mut self, map: ColorMap) -> Self {
        self.map = map;
        self
    }

    /// The same on a logarithmic scale.
    pub fn log(mut self) -> Self {
        self.scale = Scale::Log;
        self
    }

    /// Color of a value.
    pub fn color(&self, value: f64) -> Rgb {
        self.map.color(self.place(value))
    }

    /// Place of a value along the bar, 0 to 1 within its range.
    pub(super) fn place(&self, value: f64) -> f64 {
        let f = |v: f64| match self.scale {
            Scale::Linear => v,
            // NaN stays NaN, what is not positive goes far below.
            Scale::Log => {
                if v <= 0.0 {
                    -300.0
                } else {
                    v.log10()
                }
            }
        };
        let [a, b] = self.range.map(f);
        (f(value) - a) / (b - a)
    }

    fn check(&self) -> Result<(), FigureError> {
        let [a, b] = self.range;
        let axis = self.quantity.clone();
        if self.unit.is_empty() {
            return Err(FigureError::NoUnit { axis });
        }
        let positive = self.scale == Scale::Linear || 0.0 < a;
        if !a.is_finite() || !b.is_finite() || b <= a || !positive {
            return Err(FigureError::NotDrawable { axis, value: if positive { b } else { a } });
        }
        Ok(())
    }

    fn ticks(&self) -> Vec<f64> {
        let [a, b] = self.range;
        match self.scale {
            Scale::Linear => {
                let step = step_125((b - a) / 5.0);
                let first = (a / step - 1e-9).ceil() as i64;
                let last = (b / step + 1e-9).floor() as i64;
                (first..=last).map(|i| i as f64 * step).collect()
            }
            Scale::Log => {
                let stride = ((b / a).log10() / 6.0).ceil().max(1.0) as i32;
                let marks: &[f64] = if b / a < 100.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
                (a.log10().floor() as i32..=b.log10().ceil() as i32)
                    .filter(|d| d % stride == 0)
                    .flat_map(|d| marks.iter().map(move |m| m * 10_f64.powi(d)))
                    .filter(|v| a * (1.0 - 1e-9) <= *v && *v <= b * (1.0 + 1e-9))
                    .collect()
            }
        }
    }
}

/// One picture of a sheet.
#[derive(Debug, Clone)]
pub struct Shot<'a> {
    /// Title; the name of the view stands beside it.
    pub title: String,
    /// Direction.
    pub view: View,
    /// What is seen.
    pub objects: Vec<&'a Object>,
    /// Plane in front of which everything is cut away.
    pub clip: Option<Plane>,
}

impl<'a> Shot<'a> {
    /// Picture of whole objects.
    pub fn new(title: &str, view: View, objects: Vec<&'a Object>) -> Self {
        Self { title: title.to_string(), view, objects, clip: None }
    }

    /// The same, cut by a plane.
    pub fn cut(mut self, plane: Plane) -> Self {
        self.clip = Some(plane);
        self
    }
}

/// Pictures in rows under one color bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Name of the figure.
    pub id: String,
    /// Caption.
    pub caption: String,
    /// Width on the page.
    pub width: Width,
    /// Pictures per row.
    pub columns: usize,
    /// Height over width of a picture.
    pub aspect: f64,
    /// Meaning of the colors; none when nothing is painted by values.
    pub bar: Option<ColorBar>,
    /// Whether all pictures have the scale of the smallest one, so that sizes compare.
    pub same_scale: bool,
    /// Names of solid colors, set below the pictures.
    pub key: Vec<(String, Rgb)>,
    /// Pixels per mm on paper.
    pub density: f64,
}

impl Sheet {
    /// Sheet two columns of the page wide.
    pub fn new(id: &str, caption: &str, columns: usize) -> Self {
        Self {
            id: id.to_string(),
            caption: caption.to_string(),
            width: Width::Double,
            columns: columns.max(1),
            aspect: 1.0,
            bar: None,
            same_scale: true,
            key: Vec::new(),
            density: DENSITY,
        }
    }

    /// The same, one column of the page wide.
    pub fn single(mut self) -> Self {
        self.width = Width::Single;
        self
    }

    /// The same with another number of pixels per mm on paper.
    pub fn density(mut self, density: f64) -> Self {
        self.density = density;
        self
    }

    /// The same with pictures of another height over width.
    pub fn aspect(mut self, aspect: f64) -> Self {
        self.aspect = aspect;
        self
    }

    /// The same with a color bar.
    pub fn bar(mut self, bar: ColorBar) -> Self {
        self.bar = Some(bar);
        self
    }

    /// The same with the name of a solid color.
    pub fn key(mut self, name: &str, color: Rgb) -> Self {
        self.key.push((name.to_string(), color));
        self
    }

    /// The figure; its CSV holds range and extremes of the quantity per picture.
    ///
    /// # Errors
    /// [`FigureError`] when there is no picture, or the bar has no unit or an empty range.
    pub fn draw(&self, shots: &[Shot<'_>]) -> Result<Figure, FigureError> {
        if shots.is_empty() {
            return Err(FigureError::Empty { axis: self.id.clone() });
        }
        if let Some(bar) = &self.bar {
            bar.check()?;
        }
        let width = self.width.mm();
        let bar_width = if self.bar.is_some() { 24.5 } else { 0.0 };
        let (gap, title) = (3.0, 5.0);
        let n = self.columns.min(shots.len());
        let cell = (width - bar_width - gap * (n as f64 - 1.0)) / n as f64;
        let picture = [cell, cell * self.aspect];
        let rows = shots.len().div_ceil(n);
        let key = if self.key.is_empty() { 0.0 } else { 6.0 };
        let row = title + picture[1] + gap;
        let pixels = picture.map(|v| (v * self.density).round() as usize);
        let mut cameras: Vec<_> = shots
            .iter()
            .map(|s| {
                fit(
                    &s.objects,
                    s.view,
                    s.clip.as_ref(),
                    [picture[0], picture[1] - STRIP].map(|v| v * self.density),
                )
            })
            .collect();
        if self.same_scale {
            let smallest = cameras.iter().map(|c| c.scale).fold(f64::INFINITY, f64::min);
            cameras.iter_mut().for_each(|c| c.scale = smallest);
        }
        for c in &mut cameras {
            c.center[1] -= 0.5 * STRIP * self.density / c.scale;
        }
        let svg = draw_svg(width, rows as f64 * row - gap + key + 1.0, |c| {
            for (i, (shot, camera)) in shots.iter().zip(&cameras).enumerate() {
                let x = (i % n) as f64 * (cell + gap);
                let y = (i / n) as f64 * row;
                let raster = shoot(&shot.objects, camera, shot.clip.as_ref(), self.bar.as_ref(), pixels);
                c.image([x, y + title], picture, &raster.to_png());
                draw_title(c, [x, y + 3.4], cell, shot);
                draw_triad(c, [x, y + title + picture[1]], shot.view);
                let scale = camera.scale / self.density;
                draw_scale(c, [x + cell - 2.0, y + title + picture[1] - 2.0], scale, 0.25 * cell);
            }
            if let Some(bar) = &self.bar {
                let top = title + 1.0;
                // Two lines below the bar hold the extremes.
                let height = (picture[1] - 12.0).clamp(10.0, 70.0);
                draw_bar(c, bar, [width - bar_width + 6.0, top], height, extremes(shots));
            }
            let mut x = 1.0;
            let y = rows as f64 * row - gap + key - 1.0;
            for (name, color) in &self.key {
                c.rect([x, y - 2.4], [x + 4.0, y + 0.2], *color, 1.0);
                c.text([x + 5.2, y], name, FONT_SIZE, Anchor::Start, (INK, Weight::Regular));
                x += 9.5 + width_mm(name, FONT_SIZE, Weight::Regular);
            }
        });
        Ok(Figure { id: self.id.clone(), caption: self.caption.clone(), svg, csv: self.csv(shots) })
    }

    fn csv(&self, shots: &[Shot<'_>]) -> String {
        let header = ["picture", "view", "quantity", "unit", "bar from", "bar to", "minimum", "maximum"];
        let rows = shots.iter().map(|s| {
            let mut row = vec![s.title.clone(), s.view.name().to_string()];
            if let Some(bar) = &self.bar {
                row.extend([bar.quantity.clone(), bar.unit.clone()]);
                row.extend(bar.range.map(|v| v.to_string()));
                row.extend(extremes(std::slice::from_ref(s)).into_iter().flatten().map(|v| v.to_string()));
            }
            row.resize(header.len(), String::new());
            row
        });
        csv_text(&header.map(str::to_string), rows)
    }
}

fn values<'a>(objects: &'a [&Object]) -> impl Iterator<Item = f64> + 'a {
    objects
        .iter()
        .flat_map(|o| match &o.paint {
            Paint::Scalar(v) => v.as_slice(),
            Paint::Solid(_) => &[],
        })
        .copied()
}

/// Smallest and largest value shown.
fn extremes(shots: &[Shot<'_>]) -> Option<[f64; 2]> {
    shots
        .iter()
        .flat_map(|s| values(&s.objects))
        .filter(|v| v.is_finite())
        .fold(None, |m, v| Some(m.map_or([v, v], |[a, b]: [f64; 2]| [a.min(v), b.max(v)])))
}

fn draw_title(c: &mut Canvas<'_>, [x, y]: [f64; 2], width: f64, shot: &Shot<'_>) {
    let view = shot.view.name();
    let room = width - width_mm(view, FONT_SIZE, Weight::Regular) - 3.0;
    // A title that does not fit beside the name of the view loses its end, visibly.
    let mut title = shot.title.clone();
    while room < width_mm(&title, FONT_SIZE, Weight::Bold) && 1 < title.chars().count() {
        let kept = title.trim_end_matches('…');
        title = kept.chars().take(kept.chars().count() - 1).collect();
        title.push('…');
    }
    c.text([x, y], &title, FONT_SIZE, Anchor::Start, (INK, Weight::Bold));
    c.text([x + width, y], view, FONT_SIZE, Anchor::End, (GRAY, Weight::Regular));
}

/// Axes of the body with the lower left corner of their box at `corner`: left, posterior, superior; an axis along
/// the line of sight is left out.
fn draw_triad(c: &mut Canvas<'_>, corner: [f64; 2], view: View) {
    const ARM: f64 = 4.2;
    let [right, top, _] = view.basis();
    let arms: Vec<(&str, [f64; 2])> = ["L", "P", "S"]
        .into_iter()
        .enumerate()
        .map(|(k, letter)| (letter, [ARM * right[k], -ARM * top[k]]))
        .filter(|(_, [dx, dy])| 0.2 * ARM < dx.hypot(*dy))
        .collect();
    // Letters take 3 mm beyond the end of an arm.
    let reach = |k: usize, sign: f64| {
        let beyond = arms.iter().map(|(_, d)| sign * d[k]).filter(|v| 0.1 < *v).map(|v| v + 3.0);
        beyond.fold(1.2, f64::max)
    };
    let (left, down) = (reach(0, -1.0), reach(1, 1.0));
    let [x, y] = [corner[0] + left, corner[1] - down];
    for (letter, [dx, dy]) in arms {
        let length = dx.hypot(dy);
        let (ux, uy) = (dx / length, dy / length);
        let (tx, ty) = (x + dx, y + dy);
        c.line(&[[x, y], [tx - ux, ty - uy]], Pen::solid(INK, 0.3));
        let barb = |side: f64| [tx - 1.4 * ux - side * uy, ty - 1.4 * uy + side * ux];
        c.fill(&[[tx, ty], barb(0.55), barb(-0.55)], INK, 1.0);
        let label = [tx + 1.7 * ux, ty + 1.7 * uy + 1.0];
        c.text(label, letter, FONT_SIZE, Anchor::Middle, (INK, Weight::Regular));
    }
}

/// Bar of a round length with its right end at `p`; `scale` is paper mm per model mm.
fn draw_scale(c: &mut Canvas<'_>, [x, y]: [f64; 2], scale: f64, longest: f64) {
    let length = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
        .into_iter()
        .rev()
        .find(|l| l * scale <= longest)
        .unwrap_or(1.0);
    let start = x - length * scale;
    c.line(&[[start, y], [x, y]], Pen::solid(INK, 0.5));
    let text = format!("{length} mm");
    c.text([x, y - 1.2], &text, FONT_SIZE, Anchor::End, (INK, Weight::Regular));
}

fn draw_bar(c: &mut Canvas<'_>, bar: &ColorBar, [x, y]: [f64; 2], height: f64, ends: Option<[f64; 2]>) {
    const WIDTH: f64 = 3.6;
    let n = 64;
    // Strips overlap by a little: viewers leave hair lines between neighbors.
    for i in 0..n {
        let (t0, t1) = (i as f64 / f64::from(n), f64::from(i + 1) / f64::from(n));
        let overlap = if i + 1 < n { 0.05 } else { 0.0 };
        let color = bar.map.color(0.5 * (t0 + t1));
        c.rect([x, y + height * (1.0 - t1) - overlap], [x + WIDTH, y + height * (1.0 - t0)], color, 1.0);
    }
    let [l, r, t, b] = [x, x + WIDTH, y, y + height];
    c.line(&[[l, t], [r, t], [r, b], [l, b], [l, t]], Pen::solid(INK, 0.15));
    for v in bar.ticks() {
        let at = y + height * (1.0 - bar.place(v));
        c.line(&[[r, at], [r + 0.9, at]], Pen::solid(INK, 0.2));
        c.text([r + 1.5, at + 1.0], &tick_text(v), FONT_SIZE, Anchor::Start, (INK, Weight::Regular));
    }
    let unit = if bar.unit == NO_UNIT { "–" } else { &bar.unit };
    let title = format!("{} [{unit}]", bar.quantity);
    let middle = y + 0.5 * height;
    c.text_upward([x - 1.2, middle], &title, FONT_SIZE, Anchor::Middle, INK);
    if let Some([low, high]) = ends {
        let ink = (GRAY, Weight::Regular);
        for (i, text) in [format!("max {}", significant(high, 3)), format!("min {}", significant(low, 3))]
            .iter()
            .enumerate()
        {
            c.text([x, y + height + 4.8 + 3.6 * i as f64], text, FONT_SIZE, Anchor::Start, ink);
        }
    }
}

/// Number of a tick without trailing zeros.
fn tick_text(v: f64) -> String {
    let text = significant(v, 3);
    if text.contains('.') && !text.contains('×') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text.replace(".00 ×", " ×")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bar_has_round_ticks_within_its_range() {
        assert_eq!(ColorBar::new("s", "MPa", [0.0, 10.0]).ticks(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        let log = ColorBar::new("s", "MPa", [1e-3, 10.0]).log().ticks();
        let printed: Vec<String> = log.iter().map(|v| tick_text(*v)).collect();
        assert_eq!(printed, ["0.001", "0.01", "0.1", "1", "10"]);
    }

    #[test]
    fn bar_without_unit_or_range_is_refused() {
        let sheet = |bar| Sheet::new("s", "S", 1).bar(bar).draw(&[Shot::new("", View::Left, Vec::new())]);
        assert!(matches!(sheet(ColorBar::new("s", "", [0.0, 1.0])), Err(FigureError::NoUnit { .. })));
        let empty = ColorBar::new("s", "MPa", [1.0, 1.0]);
        assert!(matches!(sheet(empty), Err(FigureError::NotDrawable { .. })));
        let zero = ColorBar::new("s", "MPa", [0.0, 1.0]).log();
        assert!(matches!(sheet(zero), Err(FigureError::NotDrawable { .. })));
    }

    #[test]
    fn quantiles_keep_a_peak_from_taking_all_color() {
        let points = vec![dens_mesher::Vec3::zeros(); 101];
        let mut values: Vec<f64> = (0..100).map(f64::from).collect();
        values.push(1e9);
        let object = Object::new(points, Vec::new(), Paint::Scalar(values));
        let bar = ColorBar::spanning("s", "MPa", &[&object], [0.0, 0.99]);
        assert_eq!(bar.range, [0.0, 99.0]);
    }
}
