//! A C2 for an anatomy whose own is destroyed: the parametric one, fitted to the bones above and below.
//!
//! ```text
//! parametric C1 ──similarity──> patient's C1 ──> where the C1-C2 facets are ┐
//! parametric C3 ──similarity──> patient's C3 ──> endplate, C2-C3 facets     ┴─> scale, turn, shift of the parametric C2
//! ```
//! The parametric C2 is first stretched to the ratio of height to size that the patient's bones ask for. What of it would lie
//! nearer to C1 or C3 than a joint space is cut away. It is published mean shape, not the patient's: mark what rests on it.

use super::ScanError;
use crate::Vec3;
use crate::geometry::bvh::{BoxTree, SurfaceSolid};
use crate::geometry::labeled::without_specks;
use crate::geometry::labels::field_surface;
use crate::geometry::parametric::{self, Parametric, segment_heights};
use crate::geometry::remesh::remesh;
use crate::geometry::repair::{RepairParams, repair};
use crate::geometry::spine::{JointKind, Level, Side, Spine};
use crate::geometry::surface::TriSurface;
use crate::geometry::{Aabb, Field};
use crate::image::Grid;
use nalgebra::{Matrix3, Similarity3, Translation3, UnitQuaternion};
use rayon::prelude::*;

/// Grid of the surfaces that are compared, and of the template, mm.
const GRID: [f64; 2] = [1.6, 0.9];
/// Edge length of the template's surface, mm.
const EDGE: f64 = 1.2;
/// Vertices of each surface that are compared.
const SAMPLES: usize = 1200;
/// Rounds of the first fit of a bone, and of the one that starts from it.
const ROUNDS: [usize; 2] = [40, 8];
/// Share of the pairs that count in a round.
const SHARE: f64 = 0.85;
/// Room left to C1 and C3, mm: least cartilage of a facet joint.
const ROOM: f64 = 1.2;
/// Largest root mean square of the landmarks' distances, mm.
const MOST: f64 = 4.0;

/// C2 that stands in for a destroyed one.
#[derive(Debug, Clone)]
pub struct Template {
    /// Closed surface in the frame of the bones.
    pub surface: TriSurface,
    /// Factor on the parametric bone.
    pub scale: f64,
    /// Root mean square distance of facets and endplate from where C1 and C3 want them, mm.
    pub residual_mm: f64,
}

/// C2 fitted to C1 and C3 of `bones`.
///
/// # Errors
/// [`ScanError`] when C1 or C3 is missing, or landmarks end farther than 4 mm off.
pub fn axis(bones: &[(Level, TriSurface)]) -> Result<Template, ScanError> {
    let of = |level: Level| {
        let found = bones.iter().find(|b| b.0 == level).map(|b| &b.1);
        found.ok_or(ScanError::Missing { level: level.name() })
    };
    let given = [of(Level::C1)?, of(Level::C3)?];
    let no_template = |residual_mm: f64| ScanError::Template { residual_mm, most_mm: MOST };
    let mut params = Parametric::default();
    let mut model = parametric::spine(&params).map_err(|_| no_template(f64::NAN))?;
    let mut before = [None; 2];
    // The second round has the height that the first one asks for.
    for round in 0..2 {
        let maps = [(Level::C1, given[0]), (Level::C3, given[1])].map(|(level, to)| {
            let field = model.bone(level).map(|b| b.field.clone())?;
            let from = extracted(field.as_ref(), GRID[0])?;
            similarity(&from, to, before[usize::from(level == Level::C3)])
        });
        let [Some(above), Some(below)] = maps else { return Err(no_template(f64::NAN)) };
        before = [Some(above), Some(below)];
        let (from, to) = landmarks(&model, &above, &below);
        if round == 0 {
            let height = |p: &[Vec3]| 0.5 * (p[0].z + p[1].z) - p[2].z;
            let scale = (above.scaling() * below.scaling()).sqrt();
            let (least, most) = segment_heights(parametric::factor(params.sex) * params.scale);
            let wanted = params.segment_height * height(&to) / (scale * height(&from)).max(1.0);
            params.segment_height = wanted.clamp(least, most);
            model = parametric::spine(&params).map_err(|_| no_template(f64::NAN))?;
            continue;
        }
        let pairs: Vec<(Vec3, Vec3)> = from.into_iter().zip(to).collect();
        let fitted = fit(&pairs).ok_or_else(|| no_template(f64::NAN))?;
        let squares = pairs.iter().map(|(p, q)| (moved(&fitted, *p) - q).norm_squared()).sum::<f64>();
        let residual_mm = (squares / pairs.len() as f64).sqrt();
        if residual_mm.is_nan() || MOST <= residual_mm {
            return Err(no_template(residual_mm));
        }
        let second = model.bone(Level::C2).map(|b| b.field.clone()).ok_or_else(|| no_template(f64::NAN))?;
        let solids = given.map(|s| SurfaceSolid::new(s.clone()));
        let placed = Placed { field: second.as_ref(), fitted, back: fitted.inverse(), solids: &solids };
        let surface = extracted(&placed, GRID[1]).ok_or_else(|| no_template(residual_mm))?;
        let surface = remesh(&without_specks(surface).0, EDGE);
        let params = RepairParams { grid_mm: 0.5 * EDGE, most_mm: EDGE };
        let surface = repair(&surface, &params).map_err(|_| no_template(residual_mm))?.surface;
        return Ok(Template { surface, scale: fitted.scaling(), residual_mm });
    }
    Err(no_template(f64::NAN))
}

/// Joints of C2 in the model, and where the neighbors in the patient want them: C1-C2 facets, disc, C2-C3 facets.
fn landmarks(model: &Spine, above: &Similarity3<f64>, below: &Similarity3<f64>) -> (Vec<Vec3>, Vec<Vec3>) {
    let facets = Side::BOTH.map(JointKind::Facet);
    let wanted = [
        (Level::C1, facets[0], above),
        (Level::C1, facets[1], above),
        (Level::C2, JointKind::Disc, below),
        (Level::C2, facets[0], below),
        (Level::C2, facets[1], below),
    ];
    wanted
        .into_iter()
        .filter_map(|(upper, kind, map)| {
            let joint = model.joints.iter().find(|j| j.upper == upper && j.kind == kind)?;
            Some((joint.patch.center, moved(map, joint.patch.center)))
        })
        .unzip()
}

/// The parametric C2 in place, with room to its neighbors.
struct Placed<'a> {
    field: &'a dyn Field,
    fitted: Similarity3<f64>,
    back: Similarity3<f64>,
    solids: &'a [SurfaceSolid; 2],
}

impl Field for Placed<'_> {
    fn value(&self, p: Vec3) -> f64 {
        let own = self.fitted.scaling() * self.field.value(moved(&self.back, p));
        // Where there is no template nothing has to be cut away.
        if 2.0 * ROOM < own { own } else { self.solids.iter().fold(own, |v, s| v.max(ROOM - s.value(p))) }
    }

    fn bounds(&self) -> Aabb {
        Aabb::around(&self.field.bounds().corners().map(|c| moved(&self.fitted, c)))
    }
}

fn moved(map: &Similarity3<f64>, p: Vec3) -> Vec3 {
    map.transform_point(&p.into()).coords
}

/// Surface of a field, from a grid of `step` mm.
fn extracted(field: &dyn Field, step: f64) -> Option<TriSurface> {
    let bounds = field.bounds().grown(2.0 * step);
    let dims = (bounds.size() / step).map(|x| x.ceil() as usize + 1);
    let grid = Grid {
        dims: [dims.x, dims.y, dims.z],
        origin: bounds.min,
        step: Matrix3::from_diagonal_element(step),
    };
    let at = |n: usize| field.value(grid.position(grid.indices(n).map(|i| i as f64)));
    let values: Vec<f64> = (0..grid.n_voxels()).into_par_iter().map(at).collect();
    field_surface(&grid, &|n| values[n]).ok()
}

/// Similarity that lays `from` on `to`, both upright: the nearest points in both directions, again and again.
///
/// - `before`: where it was about, without regard to a shift
fn similarity(
    from: &TriSurface,
    to: &TriSurface,
    before: Option<Similarity3<f64>>,
) -> Option<Similarity3<f64>> {
    let trees = [BoxTree::new(from), BoxTree::new(to)];
    let few = |s: &TriSurface| -> Vec<Vec3> {
        s.points.iter().step_by((s.points.len() / SAMPLES).max(1)).copied().collect()
    };
    let (own, other) = (few(from), few(to));
    let (a, b) = (from.bounds(), to.bounds());
    // Widths compare best: the angle seen from the side is not known.
    let (scale, turn) = before.map_or((b.size().x / a.size().x, UnitQuaternion::identity()), |m| {
        (m.scaling(), m.isometry.rotation)
    });
    let start = Translation3::from(b.center()) * turn;
    let mut map = Similarity3::from_isometry(start, scale) * Translation3::from(-a.center());
    for _ in 0..ROUNDS[usize::from(before.is_some())] {
        let back = map.inverse();
        let forth = own.par_iter().map(|p| {
            let (_, q, d) = trees[1].nearest(to, moved(&map, *p));
            (d, (*p, q))
        });
        let reverse = other.par_iter().map(|q| {
            let (_, p, _) = trees[0].nearest(from, moved(&back, *q));
            ((moved(&map, p) - q).norm_squared(), (p, *q))
        });
        let mut pairs: Vec<(f64, (Vec3, Vec3))> = forth.chain(reverse).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        pairs.truncate((SHARE * pairs.len() as f64).ceil() as usize);
        map = fit(&pairs.into_iter().map(|p| p.1).collect::<Vec<_>>())?;
    }
    Some(map)
}

/// Similarity nearest to the pairs (from, to) in the least-squares sense.
///
/// # Source
/// Umeyama (1991), IEEE PAMI 13:376.
fn fit(pairs: &[(Vec3, Vec3)]) -> Option<Similarity3<f64>> {
    let n = pairs.len() as f64;
    let from = pairs.iter().map(|p| p.0).sum::<Vec3>() / n;
    let to = pairs.iter().map(|p| p.1).sum::<Vec3>() / n;
    let spread: Matrix3<f64> = pairs.iter().map(|(p, q)| (q - to) * (p - from).transpose()).sum();
    let own = pairs.iter().map(|(p, _)| (p - from).norm_squared()).sum::<f64>();
    let svd = spread.svd(true, true);
    let (u, v) = (svd.u?, svd.v_t?);
    let mut sign = Matrix3::identity();
    sign[(svd.singular_values.imin(), svd.singular_values.imin())] = (u * v).determinant().signum();
    let turned = u * sign * v;
    let scale = (0..3).map(|i| sign[(i, i)] * svd.singular_values[i]).sum::<f64>() / own;
    if !(0.1..10.0).contains(&scale) {
        return None;
    }
    let rotation = UnitQuaternion::from_matrix(&turned);
    Some(Similarity3::from_parts(Translation3::from(to - rotation * from * scale), rotation, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean distance of the vertices of one surface from another, mm.
    fn off(a: &TriSurface, b: &TriSurface) -> f64 {
        let tree = BoxTree::new(b);
        a.points.iter().map(|p| tree.nearest(b, *p).2.sqrt()).sum::<f64>() / a.points.len() as f64
    }

    #[test]
    fn neighbors_of_a_known_shape_get_back_the_bone_between_them() {
        let model = parametric::spine(&Parametric::default()).expect("in range");
        let turn = UnitQuaternion::from_axis_angle(&Vec3::x_axis(), 0.2);
        let placed = Similarity3::from_parts(Translation3::new(0.0, -30.0, 200.0), turn, 1.08);
        let surface = |level: Level| {
            let mut s = extracted(model.bone(level).expect("there").field.as_ref(), 1.0).expect("a bone");
            s.points.iter_mut().for_each(|p| *p = moved(&placed, *p));
            s
        };
        let bones = [(Level::C1, surface(Level::C1)), (Level::C3, surface(Level::C3))];
        let found = axis(&bones).expect("the same shapes");
        // Both sides were sampled on other grids; a turn of 0.5° moves the ends of the bone by 0.2 mm.
        assert!((found.scale - 1.08).abs() < 0.015, "{}", found.scale);
        assert!(found.residual_mm < 0.5, "{}", found.residual_mm);
        let distance = off(&found.surface, &surface(Level::C2));
        assert!(distance < 0.4, "{distance}");
    }

    #[test]
    fn template_of_real_neighbors_stands_where_the_real_bone_does() {
        let Some(folder) = crate::geometry::anatomy_folder() else { return };
        let [c1, c2, c3] = ["c1.obj", "c2.obj", "c3.obj"].map(|file| {
            crate::io::read_surface(&folder.join("artisynth_cervical").join(file)).expect("a surface")
        });
        let real = super::super::spine(vec![
            (Level::C1, c1.clone()),
            (Level::C2, c2.clone()),
            (Level::C3, c3.clone()),
        ]);
        let found = axis(&[(Level::C1, c1.clone()), (Level::C3, c3.clone())]).expect("a template");
        // The parametric bones promise a mean of 1.5 mm to these after their own alignment; here neighbors decide.
        let distance = off(&found.surface, &c2);
        assert!(distance < 2.5, "{distance}");
        let whole = super::super::spine(vec![(Level::C1, c1), (Level::C2, found.surface), (Level::C3, c3)]);
        let (real, whole) = (real.expect("a spine"), whole.expect("a spine with a template"));
        for (a, b) in real.joints.iter().zip(&whole.joints) {
            assert_eq!(a.name(), b.name());
            let apart = (a.patch.center - b.patch.center).norm();
            assert!(apart < 4.0, "{}: {apart:.1} mm", a.name());
        }
    }
}
