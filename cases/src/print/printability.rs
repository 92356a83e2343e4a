//! Whether a machine can build an implant: each check with value, limit, source and verdict, and where it fails.

use super::machine::{DIRECTIONS, Machine, direction};
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::geometry::implant::Implant;
use dens_mesher::geometry::solid::{Escape, Overhang, Solid, overhang};
use dens_mesher::lattice::{Kind, Lattice};
use dens_reports::figure::Figure;
use dens_reports::record::{Outcome, Quantity, Relation};
use dens_reports::render::{ColorBar, Object, Paint, Sheet, Shot, View, arrow};
use std::f64::consts::FRAC_PI_2;

/// Color of the marks at places that fail.
const MARK: [u8; 3] = [0xd6, 0x27, 0x28];
/// Struts flatter than this print through or sag (`lattice.md`, Sepe 2022), rad.
const FLAT: f64 = 0.349;
/// Places shown of one check.
const SHOWN: usize = 5;

/// What the checks say.
pub struct Printability {
    /// The checks.
    pub checks: Vec<Quantity>,
    /// Places that fail, mm, with words.
    pub places: Vec<(Vec3, String)>,
    /// Where support is needed, and which direction would need least.
    pub advice: Vec<String>,
    overhang: Overhang,
}

impl Printability {
    /// Whether every check is met.
    pub fn met(&self) -> bool {
        self.checks.iter().all(|q| q.verdict != Outcome::NotMet)
    }
}

/// Lattice as it is checked: the same twice where it is not graded.
pub struct Drawing<'a> {
    /// With the thinnest and the thickest struts or walls.
    pub ends: [&'a Lattice; 2],
}

/// Holds an implant against a machine.
///
/// - `up`: unit vector toward the top of the machine, in the frame of the plan
pub fn check(
    machine: &Machine,
    up: Vec3,
    implant: &Implant,
    drawing: &Drawing<'_>,
    solid: &Solid,
    escape: &Escape,
) -> Printability {
    let [envelope, process, limits, hanging] = &machine.sources;
    let at_least = |id: &str, label: &str, value: f64, limit: f64| {
        Quantity::new(id, label, value, "mm").judged("machine minimum", Relation::AtLeast, limit, limits)
    };
    let at_most = |id: &str, label: &str, value: f64, limit: f64, source: &str| {
        Quantity::new(id, label, value, "mm").judged("machine maximum", Relation::AtMost, limit, source)
    };
    let mut checks = Vec::new();
    let mut places = Vec::new();
    if 0.0 < solid.lattice_zone_mm3 {
        let [thin, thick] = drawing.ends;
        let strut = thin.strut_mm();
        checks.push(match thin.cell.kind() {
            Kind::Strut => at_least("strut", "thinnest strut of the lattice", strut, machine.strut_min),
            Kind::Network => at_least(
                "strut",
                "thinnest bar of the lattice, by volume over surface",
                strut,
                machine.strut_min,
            ),
            Kind::Sheet => at_least("wall-lattice", "thinnest wall of the lattice", strut, machine.wall_min),
        });
        checks.push(at_least("pore-least", "smallest pore", thick.pore_mm(), machine.pore[0]));
        checks.push(at_most("pore-most", "largest pore", thin.pore_mm(), machine.pore[1], limits));
    }
    let p = &implant.params;
    checks.push(at_least("wall-rim", "solid rim", p.rim_mm, machine.wall_min));
    if let Some(least) = implant.tracks.iter().map(|t| 2.0 * t.radius).min_by(f64::total_cmp) {
        checks.push(at_least("wall-screw", "wall of a screw track", p.wall_mm, machine.wall_min));
        checks.push(at_least("hole", "smallest screw track", least, machine.hole_min));
    }
    let hang = overhang(&solid.surface, up, machine.angle, machine.layer);
    let widest = hang.ceilings.first().map_or(0.0, |c| c.span_mm);
    checks.push(at_most("span", "widest ceiling without support", widest, machine.span_max, hanging));
    for c in hang.ceilings.iter().filter(|c| machine.span_max < c.span_mm).take(SHOWN) {
        places.push((c.place, format!("ceiling {:.1} mm wide, {:.1} mm²", c.span_mm, c.area_mm2)));
    }
    checks.push(Quantity::new(
        "overhang",
        "area that looks down flatter than the limit",
        hang.area_mm2,
        "mm²",
    ));
    let flat = flat_share(drawing.ends[0], up);
    if drawing.ends[0].cell.kind() == Kind::Strut && 0.0 < solid.lattice_zone_mm3 {
        checks.push(Quantity::new("flat-struts", "share of strut length flatter than 20°", flat, "1"));
    }
    let trapped = solid.pieces.voids_mm3.max(escape.trapped_mm3);
    checks.push(Quantity::new("trapped", "void from which no powder leaves", trapped, "mm³").judged(
        &format!("opening of {} mm", machine.escape),
        Relation::AtMost,
        0.0,
        limits,
    ));
    if let Some(place) = escape.place {
        places.push((place, format!("powder is trapped, {:.2} mm³ in all", escape.trapped_mm3)));
    }
    checks.push(Quantity::new("floating", "floating pieces deleted", solid.pieces.floating_mm3, "mm³"));
    for (i, size) in built_size(solid, up).into_iter().enumerate() {
        let axis = ["x", "y", "z"][i];
        checks.push(at_most(
            &format!("fit-{axis}"),
            &format!("size along {axis} of the machine"),
            size,
            machine.envelope[i],
            envelope,
        ));
    }
    let layers = (built_size(solid, up)[2] / machine.layer).ceil();
    checks.push(Quantity { source: process.clone(), ..Quantity::new("layers", "layers", layers, "1") });
    let advice = advice(machine, up, solid, &hang);
    Printability { checks, places, advice, overhang: hang }
}

/// Extent along the axes of the machine, mm: the two horizontal ones in the order of the plan's, then up.
pub fn built_size(solid: &Solid, up: Vec3) -> [f64; 3] {
    let size = solid.bounds.size();
    let axis = up.iamax();
    let [a, b] = [(axis + 1) % 3, (axis + 2) % 3];
    [size[a.min(b)], size[a.max(b)], size[axis]]
}

/// Share of the strut length of a cell that lies flatter than [`FLAT`].
fn flat_share(lattice: &Lattice, up: Vec3) -> f64 {
    let (mut flat, mut all) = (0.0, 0.0);
    for [a, b] in lattice.cell.struts() {
        let along = lattice.rotation * (b - a);
        let length = along.norm();
        all += length;
        if (along.dot(&up).abs() / length).asin() < FLAT {
            flat += length;
        }
    }
    if 0.0 < all { flat / all } else { 0.0 }
}

/// Support for wide ceilings, and the direction that would hang over least.
fn advice(machine: &Machine, up: Vec3, solid: &Solid, hang: &Overhang) -> Vec<String> {
    let mut list = Vec::new();
    let wide: Vec<_> = hang.ceilings.iter().filter(|c| machine.span_max < c.span_mm).collect();
    if wide.is_empty() {
        list.push(format!(
            "no ceiling is wider than {} mm: supports only as thermal anchors under the lowest faces",
            machine.span_max
        ));
    } else {
        let area: f64 = wide.iter().map(|c| c.area_mm2).sum();
        list.push(format!("support {} ceilings, {area:.1} mm² in all, the widest first:", wide.len()));
        for c in wide.iter().take(SHOWN) {
            list.push(format!(
                "  at ({:.1}, {:.1}, {:.1}) mm: {:.1} mm wide, {:.1} mm²",
                c.place.x, c.place.y, c.place.z, c.span_mm, c.area_mm2
            ));
        }
    }
    let areas = DIRECTIONS.map(|d| {
        let up = direction(d);
        (d, area_below(solid, up, machine.angle))
    });
    let best = areas.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((name, area)) = best
        && direction(name) != up
    {
        list.push(format!(
            "built toward {name} the area that looks down flatter than the limit is least: {area:.0} mm² against {:.0} mm²",
            area_below(solid, up, machine.angle)
        ));
    }
    list
}

/// Area that looks down flatter than `limit`, mm².
fn area_below(solid: &Solid, up: Vec3, limit: f64) -> f64 {
    let s = &solid.surface;
    (0..s.triangles.len())
        .map(|t| {
            let [a, b, c] = s.corners(t);
            let n = (b - a).cross(&(c - a));
            let down = -n.dot(&up);
            if limit.cos() * n.norm() < down { 0.5 * n.norm() } else { 0.0 }
        })
        .sum()
}

/// The implant colored by how flat its downward faces are, with marks where a check fails.
///
/// # Errors
/// A figure that cannot be drawn: our bug.
pub fn picture(
    found: &Printability,
    machine: &Machine,
    solid: &Solid,
    height: f64,
) -> Result<Figure, Failure> {
    let angles: Vec<f64> = found.overhang.angles.iter().map(|a| a.to_degrees()).collect();
    let whole =
        Object::new(solid.surface.points.clone(), solid.surface.triangles.clone(), Paint::Scalar(angles));
    let size = solid.bounds.size().norm();
    let marks: Vec<Object> = found
        .places
        .iter()
        .map(|(p, _)| {
            let away = (p - solid.bounds.center()).try_normalize(1e-9).unwrap_or_else(Vec3::x);
            arrow(p + away * (0.2 * size), *p, 0.008 * size, MARK)
        })
        .collect();
    let bar = ColorBar::new("angle to horizontal", "°", [0.0, FRAC_PI_2.to_degrees()]);
    let words: Vec<&str> = found.places.iter().map(|(_, w)| w.as_str()).collect();
    let fails =
        if words.is_empty() { "no place fails".to_string() } else { format!("marked: {}", words.join("; ")) };
    let sheet = Sheet::new(
        "printability",
        &format!(
            "Size {height:.1} mm, built toward {}: how flat its faces lie that look down (limit {:.0}°); {fails}.",
            machine.build_direction,
            machine.angle.to_degrees()
        ),
        3,
    )
    .bar(bar)
    .key("fails", MARK)
    .density(6.0);
    let seen: Vec<&Object> = std::iter::once(&whole).chain(&marks).collect();
    let shots =
        [View::Inferior, View::Anterior, View::Isometric].map(|v| Shot::new("overhang", v, seen.clone()));
    sheet.draw(&shots).map_err(|e| Failure::bug(format!("figure `printability`: {e}")))
}
