//! Picture of the fit: the gap between the implant and its bones over the faces of the joints.

use super::Results;
use super::bodies::Kind;
use super::models::SEATS;
use super::pictures::{TITANIUM, drawn, plain};
use crate::case::Case;
use crate::failure::Failure;
use dens_reports::figure::Figure;
use dens_reports::render::{ColorBar, Object, Paint, Sheet, Shot, View};
use dens_reports::table::significant;
use dens_solver::loads::contact::Gaps;

/// Least length of the color bar, mm: gaps below are round-off of the fit.
const LEAST_BAR: f64 = 0.01;

/// Gap over the contact faces, drawn on the surface of the bones; with the misfit of the case, if it has one.
///
/// # Errors
/// Only by a bug.
pub(super) fn gap_map(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let (implant, fit) = (&results.geometry.implant, &results.geometry.fit);
    let mut faces = Vec::new();
    for ((pad, found), seat) in implant.pads.iter().zip(&fit.pads).zip(SEATS) {
        let misfit = case.misfit.gaps(implant, seat);
        let outward = -pad.patch.axis;
        let gap = |(p, g): (&dens_mesher::Vec3, &f64)| match &misfit {
            Gaps::Misfit(m) => g + m.gap(*p, outward),
            _ => *g,
        };
        let gaps: Vec<f64> = found.map.points.iter().zip(&found.map.gaps).map(gap).collect();
        let worst = gaps.iter().copied().filter(|g| g.is_finite()).fold(f64::NEG_INFINITY, f64::max);
        let title = format!(
            "{}: {} mm², worst {} mm",
            found.name,
            significant(found.area_mm2, 3),
            significant(worst, 2)
        );
        let map = &found.map;
        let object = Object {
            shaded: false,
            ..Object::new(map.points.clone(), map.triangles.clone(), Paint::Scalar(gaps))
        };
        // Each face as it is seen from the implant.
        let view = if pad.bone == case.implant.caudal { View::Superior } else { View::Inferior };
        faces.push((title, view, object));
    }
    let all: Vec<&Object> = faces.iter().map(|f| &f.2).collect();
    let mut bar = ColorBar::spanning("gap", "mm", &all, [0.0, 1.0]);
    bar.range = [bar.range[0].min(0.0), bar.range[1].max(LEAST_BAR)];
    let mut sheet = Sheet::new(
        "gap-map",
        &format!(
            "Gap between implant and bone over the faces of the joints, on the surface of the bone as seen from the implant: {} endplate and the two facets of C1, with the contact area outside the bores and the worst gap. Gray: bone that the implant does not touch, and screw holes. Last: where the faces lie on the implant.",
            case.implant.caudal.name()
        ),
        2,
    )
    .bar(bar);
    sheet.same_scale = false;
    let body = results.bodies.find(Kind::Implant).ok_or_else(|| Failure::bug("no implant was meshed"))?;
    let ghost = plain(&body.mesh, TITANIUM).ghost(0.3);
    let mut shots: Vec<Shot<'_>> =
        faces.iter().map(|(title, view, object)| Shot::new(title, *view, vec![object])).collect();
    let whole = faces.iter().map(|f| &f.2).chain([&ghost]).collect();
    shots.push(Shot::new("on the implant", View::Isometric, whole));
    drawn(case, sheet, &shots)
}
