//! Pictures of a setup and of the stress in it.

use super::fields::mean_stress;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::mixed::MixedMesh;
use dens_reports::figure::{Axis, Figure, Look, Plot, Series};
use dens_reports::render::{ColorBar, Object, Paint, Plane, Sheet, Shot, View, arrow};
use dens_solver::bench::{Rig, Snapshot, boundary};
use dens_solver::statics::CellFacet;
use dens_solver::tensor::von_mises;
use std::collections::BTreeMap;
use std::ops::Range;

/// Colors of the parts.
pub const DEVICE: [u8; 3] = [0x7f, 0x8c, 0x9b];
/// Foam and coupons.
pub const FOAM: [u8; 3] = [0xd9, 0xcf, 0xb8];
/// Steel blocks.
pub const STEEL: [u8; 3] = [0x4a, 0x55, 0x68];
/// Loads.
pub const LOAD: [u8; 3] = [0xb0, 0x3a, 0x2e];

/// Boundary of some cells of a setup; with values per cell spread to the nodes, or in one color.
fn surface(mesh: &MixedMesh, cells: Range<usize>, paint: &Coat<'_>) -> Object {
    let (mut points, mut triangles, mut scalars) = (Vec::new(), Vec::new(), Vec::new());
    for f in boundary(mesh) {
        if !cells.contains(&(f.cell as usize)) {
            continue;
        }
        let nodes = mesh.facet(f.cell as usize, usize::from(f.facet));
        let base = points.len() as u32;
        points.extend(nodes.iter().map(|n| mesh.points()[*n as usize]));
        if let Coat::Values(values) = paint {
            scalars.extend(nodes.iter().map(|n| values[*n as usize]));
        }
        let split: &[[u32; 3]] = if nodes.len() == 8 {
            &[[0, 4, 7], [4, 1, 5], [5, 2, 6], [6, 3, 7], [4, 5, 6], [4, 6, 7]]
        } else {
            &[[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]]
        };
        triangles.extend(split.iter().map(|t| t.map(|i| base + i)));
    }
    let paint = match paint {
        Coat::Color(color) => Paint::Solid(*color),
        Coat::Values(_) => Paint::Scalar(scalars),
    };
    Object::new(points, triangles, paint)
}

/// Height of a drawn block over the highest node of its face, mm.
const BLOCK: f64 = 6.0;

/// A block over a gripped face: its far end and its walls.
fn block(mesh: &MixedMesh, facets: &[CellFacet], outward: Vec3) -> Object {
    let nodes = |f: &CellFacet| mesh.facet(f.cell as usize, usize::from(f.facet));
    let place = |n: u32| mesh.points()[n as usize];
    let height = |n: &u32| place(*n).dot(&outward);
    let end = facets.iter().flat_map(nodes).map(|n| height(&n)).fold(f64::NEG_INFINITY, f64::max) + BLOCK;
    let far = |n: u32| place(n) + outward * (end - height(&n));
    let mut edges: BTreeMap<[u32; 2], (usize, [u32; 2])> = BTreeMap::new();
    let (mut points, mut triangles) = (Vec::new(), Vec::new());
    for f in facets {
        let own = nodes(f);
        let corners = &own[..own.len() / 2];
        let base = points.len() as u32;
        points.extend(corners.iter().map(|n| far(*n)));
        triangles.extend((2..corners.len() as u32).map(|k| [base, base + k - 1, base + k]));
        for k in 0..corners.len() {
            let edge = [corners[k], corners[(k + 1) % corners.len()]];
            let key = [edge[0].min(edge[1]), edge[0].max(edge[1])];
            edges.entry(key).or_insert((0, edge)).0 += 1;
        }
    }
    for (_, [a, b]) in edges.into_values().filter(|(count, _)| *count == 1) {
        let base = points.len() as u32;
        points.extend([place(a), place(b), far(b), far(a)]);
        triangles.extend([[base, base + 1, base + 2], [base, base + 2, base + 3]]);
    }
    Object::new(points, triangles, Paint::Solid(STEEL))
}

enum Coat<'a> {
    Color([u8; 3]),
    Values(&'a [f64]),
}

/// A setup with its push rod.
pub struct Scene<'a> {
    /// Title.
    pub title: String,
    /// The setup.
    pub rig: &'a Rig,
    /// Tip of the arrow and its direction.
    pub load: (Vec3, Vec3),
    /// Where it is cut open along each view, if at all.
    pub cut: Option<Vec3>,
    /// Faces that rigid blocks grip, in the numbering of the setup, with the direction out of the device.
    pub gripped: Vec<(Vec<CellFacet>, Vec3)>,
    /// Name of the deformable parts in the key, with their color: those of the setup in order.
    pub colors: Vec<[u8; 3]>,
}

/// Setups, two views each.
///
/// # Errors
/// Only by a bug: a picture that cannot be drawn.
pub fn setups(
    id: &str,
    caption: &str,
    scenes: &[Scene<'_>],
    key: &[(&str, [u8; 3])],
) -> Result<Figure, Failure> {
    let mut objects: Vec<Vec<Object>> = Vec::new();
    for scene in scenes {
        let mesh = scene.rig.body().mesh();
        let mut own: Vec<Object> = Vec::new();
        for (k, (_, _, cells)) in scene.rig.parts().iter().enumerate() {
            let color = scene.colors.get(k).copied().unwrap_or(STEEL);
            let object = surface(mesh, cells.clone(), &Coat::Color(color));
            own.push(if color == STEEL { object.ghost(0.55) } else { object });
        }
        own.extend(scene.gripped.iter().map(|(facets, outward)| block(mesh, facets, *outward).ghost(0.55)));
        let (tip, direction) = scene.load;
        own.push(arrow(tip - direction * 20.0, tip - direction * 2.0, 0.9, LOAD));
        objects.push(own);
    }
    let mut sheet = Sheet::new(id, caption, 4.min(2 * scenes.len()));
    for (name, color) in key {
        sheet = sheet.key(name, *color);
    }
    let mut shots = Vec::new();
    for (scene, own) in scenes.iter().zip(&objects) {
        for view in [View::Anterior, View::Left] {
            let mut shot = Shot::new(&scene.title, view, own.iter().collect());
            if let Some(point) = scene.cut {
                let [_, _, toward] = view.basis();
                shot = shot.cut(Plane { point, normal: toward });
            }
            shots.push(shot);
        }
    }
    sheet.draw(&shots).map_err(|e| Failure::bug(format!("figure `{id}`: {e}")))
}

/// Von Mises stress of the cells of the first part, means spread to the nodes.
///
/// # Errors
/// Only by a bug: a picture that cannot be drawn.
pub fn stresses(id: &str, caption: &str, states: &[(String, &Rig, &Snapshot)]) -> Result<Figure, Failure> {
    let mut painted = Vec::new();
    for (title, rig, snapshot) in states {
        let mesh = rig.body().mesh();
        let Some((_, _, cells)) = rig.parts().first() else { continue };
        let mut sums = vec![[0.0; 2]; mesh.n_nodes()];
        for cell in cells.clone() {
            let stress = von_mises(&mean_stress(snapshot, cell));
            for n in mesh.cell(cell) {
                sums[*n as usize][0] += stress;
                sums[*n as usize][1] += 1.0;
            }
        }
        let values: Vec<f64> = sums.iter().map(|[s, n]| if 0.0 < *n { s / n } else { f64::NAN }).collect();
        painted.push((title, surface(mesh, cells.clone(), &Coat::Values(&values))));
    }
    let all: Vec<&Object> = painted.iter().map(|(_, o)| o).collect();
    let mut bar = ColorBar::spanning("von Mises stress", "MPa", &all, [0.0, 0.995]);
    bar.range[0] = 0.0;
    let sheet = Sheet::new(id, caption, 2 * painted.len().clamp(1, 2)).bar(bar);
    let shots: Vec<Shot<'_>> = painted
        .iter()
        .flat_map(|(title, object)| {
            [View::Anterior, View::Isometric].map(|view| Shot::new(title, view, vec![object]))
        })
        .collect();
    sheet.draw(&shots).map_err(|e| Failure::bug(format!("figure `{id}`: {e}")))
}

/// A curve of load over displacement: name, points from the origin on, and the point of yield if there is one.
pub type Curve = (String, Vec<[f64; 2]>, Option<[f64; 2]>);

/// Curves of load over displacement with their points of yield.
///
/// # Errors
/// Only by a bug: a plot that cannot be drawn.
pub fn curves(
    id: &str,
    caption: &str,
    [x, y]: [(&str, &str); 2],
    curves: &[Curve],
) -> Result<Figure, Failure> {
    let axis = |(label, unit): (&str, &str)| Axis::new(label, unit).from_zero();
    let mut plot = Plot::new(id, caption, axis(x), axis(y));
    for (name, points, _) in curves {
        let points = std::iter::once([0.0; 2]).chain(points.iter().copied()).collect();
        plot = plot.series(Series::new(name, Look::Line, points));
    }
    let yields: Vec<[f64; 2]> = curves.iter().filter_map(|c| c.2).collect();
    if !yields.is_empty() {
        plot = plot.series(Series::new("offset yield", Look::Markers, yields));
    }
    plot.draw().map_err(|e| Failure::bug(format!("a plot cannot be drawn: {e}")))
}
