//! Marks and figures onto the pages of krilla.

use super::PdfError;
use super::flow::{Mark, Type};
use crate::base64;
use crate::font::{Weight, X_HEIGHT, tabular_glyph, text_width};
use crate::palette::Rgb;
use crate::svg::{Element, SvgError, parse};
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Size, Transform};
use krilla::image::Image;
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, LineJoin, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph, TextDirection};

/// The cuts of the typeface as krilla holds them.
pub(super) struct Fonts([Font; 3]);

impl Fonts {
    pub(super) fn new() -> Self {
        Self(Weight::ALL.map(|w| Font::new(w.file().into(), 0).expect("the embedded fonts are whole")))
    }

    fn get(&self, weight: Weight) -> Font {
        self.0[weight as usize].clone()
    }
}

/// Draws marks; `figure` gives the SVG of a figure.
pub(super) fn paint<'a>(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    marks: &[Mark],
    figure: impl Fn(usize) -> (&'a str, &'a str),
) -> Result<(), PdfError> {
    for mark in marks {
        match mark {
            Mark::Text { at, text, face, tabular } => {
                surface.set_stroke(None);
                surface.set_fill(Some(fill(face.color, 1.0)));
                if *tabular {
                    draw_tabular(surface, fonts, *at, text, *face);
                } else {
                    let font = fonts.get(face.weight);
                    surface.draw_text(
                        point(*at),
                        font,
                        face.size as f32,
                        text,
                        false,
                        TextDirection::LeftToRight,
                    );
                }
            }
            Mark::Rect { at, size, color } => {
                let corners = [
                    *at,
                    [at[0] + size[0], at[1]],
                    [at[0] + size[0], at[1] + size[1]],
                    [at[0], at[1] + size[1]],
                ];
                shape(surface, &corners, true, Some(fill(*color, 1.0)), None);
            }
            Mark::Figure { at, size, index } => {
                let (id, svg) = figure(*index);
                draw_svg(surface, fonts, svg, *at, *size)
                    .map_err(|error| PdfError::Svg { id: id.to_string(), error })?;
            }
        }
    }
    Ok(())
}

/// Text with digits of one width, so that columns of numbers stand straight.
fn draw_tabular(surface: &mut Surface<'_>, fonts: &Fonts, at: [f64; 2], text: &str, face: Type) {
    let glyphs: Vec<KrillaGlyph> = text
        .char_indices()
        .map(|(i, c)| {
            let (id, advance) = tabular_glyph(c, face.weight);
            let range = i..i + c.len_utf8();
            KrillaGlyph::new(GlyphId::new(id.into()), advance as f32, 0.0, 0.0, 0.0, range, None)
        })
        .collect();
    surface.draw_glyphs(point(at), &glyphs, fonts.get(face.weight), text, face.size as f32, false);
}

/// Draws one of our figures in the box from `at` of `size` pt.
fn draw_svg(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    svg: &str,
    at: [f64; 2],
    size: [f64; 2],
) -> Result<(), SvgError> {
    let elements = parse(svg)?;
    let root = elements.first().ok_or(SvgError::Markup(0))?;
    let view: Vec<f64> =
        root.get("viewBox").unwrap_or_default().split(' ').filter_map(|v| v.parse().ok()).collect();
    let &[_, _, w, h] = view.as_slice() else {
        return Err(SvgError::Attribute { element: root.name.to_string(), attribute: "viewBox" });
    };
    let (sx, sy) = (size[0] / w, size[1] / h);
    let transform = Transform::from_row(sx as f32, 0.0, 0.0, sy as f32, at[0] as f32, at[1] as f32);
    surface.push_transform(&transform);
    let drawn = elements[1..].iter().try_for_each(|e| draw_element(surface, fonts, e));
    surface.pop();
    drawn
}

fn draw_element(surface: &mut Surface<'_>, fonts: &Fonts, e: &Element<'_>) -> Result<(), SvgError> {
    let opacity = e.number("opacity").unwrap_or(1.0);
    let filled = e.color("fill").map(|c| fill(c, opacity));
    let width = e.number("stroke-width").unwrap_or(1.0);
    let stroked = e.color("stroke").map(|c| stroke(c, width, opacity));
    match e.name {
        "polyline" => shape(surface, &e.points()?, false, filled, stroked),
        "polygon" => shape(surface, &e.points()?, true, filled, stroked),
        "line" => {
            let ends = [[e.number("x1")?, e.number("y1")?], [e.number("x2")?, e.number("y2")?]];
            shape(surface, &ends, false, None, stroked);
        }
        "rect" => {
            let [x, y, w, h] = [e.number("x")?, e.number("y")?, e.number("width")?, e.number("height")?];
            shape(surface, &[[x, y], [x + w, y], [x + w, y + h], [x, y + h]], true, filled, stroked);
        }
        "circle" => {
            let (x, y, r) = (e.number("cx")?, e.number("cy")?, e.number("r")?);
            circle(surface, [x, y], r, filled, stroked);
        }
        "text" => draw_svg_text(surface, fonts, e, filled)?,
        "image" => draw_image(surface, e)?,
        other => return Err(SvgError::Element(other.to_string())),
    }
    Ok(())
}

fn draw_svg_text(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    e: &Element<'_>,
    filled: Option<Fill>,
) -> Result<(), SvgError> {
    let (x, y, size) = (e.number("x")?, e.number("y")?, e.number("font-size")?);
    let weight = match (e.get("font-weight"), e.get("font-style")) {
        (Some("bold"), _) => Weight::Bold,
        (_, Some("italic")) => Weight::Italic,
        _ => Weight::Regular,
    };
    let text = super::flow::printable(&e.text(), weight);
    let down = match e.get("dy") {
        Some("0.5ex") => 0.5 * X_HEIGHT * size,
        None => 0.0,
        Some(_) => return Err(SvgError::Attribute { element: "text".to_string(), attribute: "dy" }),
    };
    let width = text_width(&text, size, weight);
    let left = match e.get("text-anchor") {
        Some("middle") => x - 0.5 * width,
        Some("end") => x - width,
        _ => x,
    };
    let turned = match e.get("transform") {
        None => false,
        Some(t) if t.starts_with("rotate(270,") => true,
        Some(_) => return Err(SvgError::Attribute { element: "text".to_string(), attribute: "transform" }),
    };
    surface.set_stroke(None);
    surface.set_fill(filled);
    if turned {
        surface.push_transform(&Transform::from_rotate_at(270.0, x as f32, y as f32));
    }
    let start = point([left, y + down]);
    surface.draw_text(start, fonts.get(weight), size as f32, &text, false, TextDirection::LeftToRight);
    if turned {
        surface.pop();
    }
    Ok(())
}

fn draw_image(surface: &mut Surface<'_>, e: &Element<'_>) -> Result<(), SvgError> {
    let broken = || SvgError::Attribute { element: "image".to_string(), attribute: "href" };
    let coded = e.get("href").and_then(|h| h.strip_prefix("data:image/png;base64,")).ok_or_else(broken)?;
    let png = base64::decode(coded).ok_or_else(broken)?;
    let image = Image::from_png(png.into(), false).map_err(|_| broken())?;
    let [x, y, w, h] = [e.number("x")?, e.number("y")?, e.number("width")?, e.number("height")?];
    let size = Size::from_wh(w as f32, h as f32)
        .ok_or(SvgError::Attribute { element: "image".to_string(), attribute: "width" })?;
    surface.push_transform(&Transform::from_translate(x as f32, y as f32));
    surface.draw_image(image, size);
    surface.pop();
    Ok(())
}

/// Draws the polyline or polygon through `points`; nothing when it is degenerate.
fn shape(
    surface: &mut Surface<'_>,
    points: &[[f64; 2]],
    closed: bool,
    filled: Option<Fill>,
    stroked: Option<Stroke>,
) {
    // Without fill and stroke krilla would fill with black.
    if filled.is_none() && stroked.is_none() {
        return;
    }
    let mut path = PathBuilder::new();
    for (i, p) in points.iter().enumerate() {
        if i == 0 {
            path.move_to(p[0] as f32, p[1] as f32);
        } else {
            path.line_to(p[0] as f32, p[1] as f32);
        }
    }
    if closed {
        path.close();
    }
    if let Some(path) = path.finish() {
        surface.set_fill(filled);
        surface.set_stroke(stroked);
        surface.draw_path(&path);
    }
}

/// Circle of four cubic arcs; its radius errs by 0.03 %.
fn circle(
    surface: &mut Surface<'_>,
    [x, y]: [f64; 2],
    r: f64,
    filled: Option<Fill>,
    stroked: Option<Stroke>,
) {
    const K: f64 = 0.552_284_749_8; // 4/3 (√2 − 1)
    if filled.is_none() && stroked.is_none() {
        return;
    }
    let mut path = PathBuilder::new();
    path.move_to((x + r) as f32, y as f32);
    let (mut a, mut b) = ([1.0, 0.0], [0.0, 1.0]);
    for _ in 0..4 {
        let at =
            |u: f64, v: f64| [(x + r * (u * a[0] + v * b[0])) as f32, (y + r * (u * a[1] + v * b[1])) as f32];
        let (c, d, e) = (at(1.0, K), at(K, 1.0), at(0.0, 1.0));
        path.cubic_to(c[0], c[1], d[0], d[1], e[0], e[1]);
        (a, b) = (b, [-a[0], -a[1]]);
    }
    path.close();
    if let Some(path) = path.finish() {
        surface.set_fill(filled);
        surface.set_stroke(stroked);
        surface.draw_path(&path);
    }
}

fn point(p: [f64; 2]) -> Point {
    Point::from_xy(p[0] as f32, p[1] as f32)
}

fn fill(c: Rgb, opacity: f64) -> Fill {
    Fill {
        paint: rgb::Color::new(c[0], c[1], c[2]).into(),
        opacity: normalized(opacity),
        rule: Default::default(),
    }
}

fn stroke(c: Rgb, width: f64, opacity: f64) -> Stroke {
    Stroke {
        paint: rgb::Color::new(c[0], c[1], c[2]).into(),
        width: width as f32,
        line_join: LineJoin::Round,
        opacity: normalized(opacity),
        ..Default::default()
    }
}

fn normalized(v: f64) -> NormalizedF32 {
    NormalizedF32::new(v.clamp(0.0, 1.0) as f32).unwrap_or(NormalizedF32::ONE)
}
