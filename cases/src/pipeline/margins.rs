//! Margin of every point of the implant: stress in its metal against first yield and fatigue.
//!
//! In the lattice the stress is that of the struts for the homogenised stress at the point: the von Mises stress that
//! half a percent of the solid of a cell exceeds. In solid titanium it is von Mises stress itself.
//!
//! ```text
//! margin = limit / stress − 1          limits: yield over the static safety; as-built fatigue strength of the solid
//! ```

use super::Results;
use super::bodies::Kind;
use super::fields::Solved;
use super::grading::Table;
use super::lattice::Chosen;
use super::pictures::{drawn, nodal};
use super::separation::CELLS;
use crate::case::Case;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::geometry::Field;
use dens_mesher::geometry::implant::{Form, Implant};
use dens_mesher::mesh::Mesh;
use dens_reports::export::vtu::Array;
use dens_reports::figure::Figure;
use dens_reports::record::{Quantity, Relation, Section};
use dens_reports::render::{ColorBar, Object, Plane, Sheet, Shot, Values, View, boundary, section};
use dens_reports::table::{Cell, NO_UNIT, Table as Rows};
use dens_solver::tensor::von_mises;

/// Margin written where there is (nearly) no stress.
const MOST: f64 = 1000.0;

/// A stress and where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// MPa.
    pub stress: f64,
    /// mm.
    pub place: Vec3,
}

impl Peak {
    fn larger(this: Option<Self>, stress: f64, place: Vec3) -> Option<Self> {
        if this.is_some_and(|p| stress <= p.stress) { this } else { Some(Self { stress, place }) }
    }

    /// Place in words.
    pub fn at(&self) -> String {
        let [x, y, z] = [self.place.x, self.place.y, self.place.z];
        format!("({x:.1}, {y:.1}, {z:.1}) mm")
    }
}

/// Stress in the metal of the implant at the judged load.
#[derive(Debug, Clone, Default)]
pub struct MetalStress {
    /// MPa at the four points of each cell of the implant's mesh.
    pub points: Vec<[f64; 4]>,
    /// Largest in the struts.
    pub lattice: Option<Peak>,
    /// Largest in solid titanium.
    pub solid: Option<Peak>,
    /// Share of the lattice zone's volume beyond the two limits: yield, fatigue.
    pub over: [f64; 2],
}

/// Limits of the metal, MPa: yield over safety, fatigue.
pub fn limits(case: &Case) -> [f64; 2] {
    [case.titanium.yield_strength / case.criteria.static_safety, case.titanium.fatigue_strength]
}

/// Metal share of a region of the implant's mesh through which its stress passes; none where it is lattice.
pub fn metal_share(case: &Case, mesh: &Mesh, cell: usize) -> Option<f64> {
    match case.implant.form {
        // The stress of the wall as a whole passes through the metal between its holes; peaks beside them are higher.
        Form::MeshCage { .. } if mesh.regions[cell] == 1 => Some(1.0 - case.implant.cage_open),
        _ => (mesh.regions[cell] == 0).then_some(1.0),
    }
}

/// Stress in the metal of a solved stage, times `factor`.
pub fn metal_stress(
    case: &Case,
    implant: &Implant,
    chosen: &Chosen,
    graded: Option<&Table>,
    solved: &Solved,
    factor: f64,
) -> MetalStress {
    let Some(mesh) = solved.mesh(Kind::Implant) else { return MetalStress::default() };
    let mut found = MetalStress { points: vec![[0.0; 4]; mesh.n_cells()], ..MetalStress::default() };
    let limits = limits(case);
    let (mut volume, mut over) = (0.0, [0.0; 2]);
    for (k, p) in solved.points(Kind::Implant).enumerate() {
        let stress = p.stress.map(|s| s * factor);
        let own = if let Some(metal) = metal_share(case, mesh, p.cell) {
            let own = von_mises(&stress) / metal;
            found.solid = Peak::larger(found.solid, own, p.place);
            own
        } else {
            let own = graded.map_or_else(
                || chosen.amplification.strut_stress(stress),
                |t| t.strut_stress(implant, p.place, stress),
            );
            found.lattice = Peak::larger(found.lattice, own, p.place);
            volume += p.weight;
            for (sum, limit) in over.iter_mut().zip(limits) {
                *sum += if limit < own { p.weight } else { 0.0 };
            }
            own
        };
        found.points[p.cell][k % 4] = own;
    }
    found.over = over.map(|v| if 0.0 < volume { v / volume } else { 0.0 });
    found
}

fn margin(limit: f64, stress: f64) -> f64 {
    (limit / stress.max(1e-12) - 1.0).min(MOST)
}

/// Fields of the implant over its cells, for ParaView: largest stress in the metal of a cell, its margins, cells across; of
/// another body, not numbers.
pub fn arrays(case: &Case, results: &Results, solved: &Solved, part: usize) -> Vec<Array> {
    if solved.question.part(Kind::Implant).is_none() {
        return Vec::new();
    }
    let mesh = &solved.question.model.parts[part].mesh;
    let stress: Vec<f64> =
        match results.metal(solved).filter(|_| solved.question.kinds[part] == Kind::Implant) {
            Some(metal) => metal.points.iter().map(|p| p.iter().copied().fold(0.0, f64::max)).collect(),
            None => vec![f64::NAN; mesh.n_cells()],
        };
    let against = |limit: f64| {
        stress.iter().map(|s| if s.is_nan() { f64::NAN } else { margin(limit, *s) }).collect::<Vec<f64>>()
    };
    let [yielding, fatigue] = limits(case);
    let separation = results.separation().filter(|_| solved.question.kinds[part] == Kind::Implant);
    let cells = (0..mesh.n_cells())
        .map(|c| match separation {
            Some(s) if mesh.regions[c] == 1 => s.cells(mesh.centroid(c)),
            _ => f64::NAN,
        })
        .collect();
    vec![
        Array::scalar("stress in metal or struts [MPa]", stress.clone()),
        Array::scalar("margin against first yield [1]", against(yielding)),
        Array::scalar("margin against fatigue [1]", against(fatigue)),
        Array::scalar("cells across the lattice [1]", cells),
    ]
}

/// Stages with an implant in order of time, with their stress.
fn stages(results: &Results) -> [(&'static str, &MetalStress); 3] {
    let a = &results.assessment;
    [("day 1", &a.stages[0].metal), ("partial ingrowth", &a.partial.metal), ("12 months", &a.stages[1].metal)]
}

/// Least margins of the lattice over its points and all stages, with their place.
pub fn criteria(case: &Case, results: &Results) -> Vec<Quantity> {
    let worst = stages(results)
        .into_iter()
        .filter_map(|(stage, m)| Some((stage, m.lattice?)))
        .max_by(|a, b| a.1.stress.total_cmp(&b.1.stress));
    let Some((stage, peak)) = worst else { return Vec::new() };
    let [yielding, fatigue] = limits(case);
    let row = |id: &str, label: &str, limit: f64, basis: &str, source: &str| {
        Quantity::new(id, label, peak.stress, "MPa")
            .region(&format!("implant lattice at {}, {stage}", peak.at()))
            .load(&case.judged_load().id)
            .judged(basis, Relation::AtMost, limit, source)
    };
    let mut list = vec![
        row(
            "lattice-point-yield",
            "strut stress at the point with the least margin",
            yielding,
            "yield over safety; first yield of half a percent of a cell's solid",
            "Arcam ELI data sheet; safety proposed",
        ),
        row(
            "lattice-point-fatigue",
            "the same against fatigue, the load taken as amplitude",
            fatigue,
            "as-built fatigue strength at 1e7 cycles; a largest point depends on the mesh",
            "recalled, range 120 to 260 MPa",
        ),
    ];
    list.extend(results.separation().map(|s| {
        Quantity::new(
            "lattice-cells",
            "share of the lattice with fewer than six cells across",
            s.share,
            NO_UNIT,
        )
        .region("implant lattice")
        .load("all")
    }));
    list
}

/// The section of the report.
pub fn report(case: &Case, results: &Results) -> Section {
    let [yielding, fatigue] = limits(case);
    let mut t = Rows::new(
        "lattice-margins",
        "Least margin in the lattice and in solid titanium, at the judged load",
        &[
            ("stage", ""),
            ("metal", ""),
            ("largest stress", "MPa"),
            ("place", ""),
            ("margin, first yield", NO_UNIT),
            ("margin, fatigue", NO_UNIT),
            ("lattice beyond yield", NO_UNIT),
            ("lattice beyond fatigue", NO_UNIT),
        ],
    );
    for (stage, m) in stages(results) {
        for (metal, peak) in [("struts", m.lattice), ("solid", m.solid)] {
            let Some(peak) = peak else { continue };
            let [first, second] = m.over.map(|v| if metal == "struts" { Cell::from(v) } else { "–".into() });
            t.push([
                stage.into(),
                metal.into(),
                peak.stress.into(),
                peak.at().as_str().into(),
                margin(yielding, peak.stress).into(),
                margin(fatigue, peak.stress).into(),
                first,
                second,
            ]);
        }
    }
    let mut section = Section::new("lattice-margin", "Margin at every point")
        .paragraph(format!(
            "Limits are {yielding:.0} MPa (yield over a safety of {:.1}) and {fatigue:.0} MPa (fatigue of the solid as built; the load is taken as its amplitude, which is on the safe side). Stress of struts is the von Mises stress that half a percent of the solid of a cell exceeds under the homogenised stress at the point. The largest of all points grows with the mesh at edges; the shares of volume say how much of the lattice it concerns. Every stage with an implant carries both margins and the cells across as fields in fields/*.vtu.",
            case.criteria.static_safety
        ))
        .table(t)
        .figure("lattice-margin");
    if let Some(s) = results.separation() {
        let thinnest = s.thinnest.map_or_else(String::new, |(p, cells)| {
            format!(
                " The thinnest twentieth has {cells:.1} cells across, at ({:.1}, {:.1}, {:.1}) mm.",
                p.x, p.y, p.z
            )
        });
        let check = match &s.submodel {
            Some(Ok(m)) => format!(
                " A box about that place, {:.0} % of its metal and pores lattice, pressed along z: with every strut in it its stiffness differs by {:+.1} % from that with the homogenised lattice.",
                100.0 * m.lattice_share,
                100.0 * m.difference()
            ),
            Some(Err(e)) => format!(" A box about that place could not be resolved strut by strut: {e}."),
            None => {
                String::from(" A box about that place is resolved strut by strut from standard quality on.")
            }
        };
        section = section
            .paragraph(format!(
                "{:.0} % of the lattice has fewer than {CELLS:.0} cells of {:.2} mm across (diameter of the largest ball within the lattice that holds the place). There the homogenised stress is an estimate.{thinnest}{check}",
                100.0 * s.share,
                s.cell_mm
            ))
            .figure("lattice-across");
    }
    section
}

/// Share of the fatigue limit at every point, outside and cut open, on day 1 and after ingrowth.
pub fn picture(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let [_, fatigue] = limits(case);
    let center = results.geometry.implant.bounds().center();
    let plane = Plane { point: center, normal: -Vec3::y() };
    let mut objects: Vec<(&str, Object, Object)> = Vec::new();
    let mut most = 0.0_f64;
    for (solved, title) in results.stages[1..].iter().zip(["day 1", "12 months"]) {
        let Some((mesh, metal)) = solved.mesh(Kind::Implant).zip(results.metal(solved)) else { continue };
        let Some(nodal) = nodal(solved, Kind::Implant, |c, q| metal.points[c][q] / fatigue) else { continue };
        // Continued to a node from stresses that rise steeply a value may come out below zero.
        let nodal: Vec<f64> = nodal.iter().map(|v| v.max(0.0)).collect();
        let cellwise: Vec<f64> =
            metal.points.iter().map(|p| p.iter().copied().fold(0.0, f64::max) / fatigue).collect();
        most = cellwise.iter().copied().fold(most, f64::max);
        objects.push((
            title,
            boundary(mesh, Values::Nodal(&nodal)),
            section(mesh, &plane, Values::Cellwise(&cellwise), |_| true),
        ));
    }
    let bar = ColorBar::new(
        "stress in metal or struts over the fatigue limit",
        "1",
        [0.0, (10.0 * most).ceil().clamp(1.0, 10.0) / 10.0],
    );
    let sheet = Sheet::new(
        "lattice-margin",
        &format!(
            "Share of the fatigue limit ({fatigue:.0} MPa) that struts and solid titanium use under {}; the margin is its inverse less one, and nothing is left at 1. Left: outside; right: cut open at y = {:.1} mm, largest point of each cell of the mesh.",
            case.judged_load().id,
            center.y
        ),
        2,
    )
    .bar(bar);
    let shots: Vec<Shot<'_>> = objects
        .iter()
        .flat_map(|(title, outside, inside)| {
            [
                Shot::new(title, View::Anterior, vec![outside]),
                Shot::new(&format!("{title}, cut open"), View::Anterior, vec![inside]),
            ]
        })
        .collect();
    drawn(case, sheet, &shots)
}

/// Cells across the lattice, cut open along two planes.
pub fn across(case: &Case, results: &Results) -> Result<Option<Figure>, Failure> {
    let Some((body, separation)) = results.bodies.find(Kind::Implant).zip(results.separation()) else {
        return Ok(None);
    };
    let mesh = &body.mesh;
    let cells: Vec<f64> = (0..mesh.n_cells()).map(|c| separation.cells(mesh.centroid(c))).collect();
    let center = results.geometry.implant.bounds().center();
    let foot = results.geometry.implant.pads[0].patch.center.z;
    let cuts = [
        (Plane { point: center, normal: -Vec3::y() }, View::Anterior, format!("y = {:.1} mm", center.y)),
        (
            Plane { point: Vec3::new(center.x, center.y, 0.6 * foot + 0.4 * center.z), normal: Vec3::z() },
            View::Superior,
            format!("z = {:.1} mm", 0.6 * foot + 0.4 * center.z),
        ),
    ];
    let is_lattice = |c: usize| mesh.regions[c] == 1;
    let objects: Vec<(View, String, Object)> = cuts
        .into_iter()
        .map(|(plane, view, at)| (view, at, section(mesh, &plane, Values::Cellwise(&cells), is_lattice)))
        .collect();
    let sheet = Sheet::new(
        "lattice-across",
        &format!(
            "Cells across the lattice: {:.0} % of its volume has fewer than {CELLS:.0}, where the homogenised stress is an estimate; the color of six stands for six and more. Solid metal is left out.",
            100.0 * separation.share
        ),
        2,
    )
    .bar(ColorBar::new("cells across", "1", [0.0, CELLS]));
    let shots: Vec<Shot<'_>> =
        objects.iter().map(|(view, at, object)| Shot::new(at, *view, vec![object])).collect();
    drawn(case, sheet, &shots).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_what_the_load_may_grow_by() {
        assert_eq!(margin(200.0, 50.0), 3.0);
        assert!((margin(200.0, 250.0) + 0.2).abs() < 1e-12);
        assert_eq!(margin(200.0, 0.0), MOST, "no stress: written as a large number");
    }

    #[test]
    fn the_largest_stress_keeps_its_place() {
        let places = [Vec3::x(), Vec3::y(), Vec3::z()];
        let peak = [3.0, 7.0, 5.0].into_iter().zip(places).fold(None, |p, (s, at)| Peak::larger(p, s, at));
        assert_eq!(peak, Some(Peak { stress: 7.0, place: Vec3::y() }));
        assert_eq!(peak.map(|p| p.at()), Some("(0.0, 1.0, 0.0) mm".to_string()));
    }
}
