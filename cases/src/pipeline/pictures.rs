//! Pictures of the model: anatomy and implant, meshes, loads, strain energy, stress, contact pressure, lattice.

use super::Results;
use super::bodies::Kind;
use super::fields::Solved;
use super::models::{SEATS, meeting};
use crate::case::Case;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::geometry::Aabb;
use dens_mesher::geometry::implant::Form;
use dens_mesher::geometry::spine::{self, Level};
use dens_mesher::mesh::Mesh;
use dens_reports::figure::{Figure, FigureSet};
use dens_reports::palette::ColorMap;
use dens_reports::render::{
    ColorBar, Object, Paint, Plane, Sheet, Shot, Values, View, arrow, boundary, facet_set, section,
};
use dens_solver::recover::average_at_nodes;
use dens_solver::tensor::von_mises;
use rayon::prelude::*;

pub(super) const BONE: [u8; 3] = [0xd9, 0xcf, 0xb8];
pub(super) const TITANIUM: [u8; 3] = [0x7f, 0x8c, 0x9b];
const DISC: [u8; 3] = [0x8f, 0xb6, 0xc9];
const ROD: [u8; 3] = [0x4a, 0x55, 0x68];
pub(super) const LOAD: [u8; 3] = [0xb0, 0x3a, 0x2e];
const HELD: [u8; 3] = [0x2e, 0x5f, 0x8a];

pub(super) fn drawn(case: &Case, sheet: Sheet, shots: &[Shot<'_>]) -> Result<Figure, Failure> {
    let sheet = sheet.density(case.picture_resolution / 25.4);
    sheet.draw(shots).map_err(|e| Failure::bug(format!("figure `{}`: {e}", sheet.id)))
}

pub(super) fn plain(mesh: &Mesh, color: [u8; 3]) -> Object {
    let zeros = vec![0.0; mesh.n_nodes()];
    Object { paint: Paint::Solid(color), ..boundary(mesh, Values::Nodal(&zeros)) }
}

fn color(kind: Kind) -> [u8; 3] {
    match kind {
        Kind::Bone(_) => BONE,
        Kind::Disc(_) | Kind::Cartilage(..) => DISC,
        Kind::Implant => TITANIUM,
    }
}

/// All bodies of a stage in their colors, with screws and rods.
fn assembly(stage: &Solved) -> Vec<Object> {
    let parts = stage.question.model.parts.iter().zip(&stage.question.kinds);
    let mut objects: Vec<Object> = parts.map(|(p, k)| plain(&p.mesh, color(*k))).collect();
    let fixation = &stage.question.model.fixation;
    for member in &fixation.members {
        for pair in member.nodes.windows(2) {
            let [a, b] = [pair[0], pair[1]].map(|n| fixation.nodes[n as usize]);
            objects.push(rod(a, b, 0.5 * member.outer));
        }
    }
    objects
}

/// Round bar with closed ends.
pub(super) fn rod(a: Vec3, b: Vec3, radius: f64) -> Object {
    const N: u32 = 20;
    let axis = (b - a).normalize();
    let helper = if axis.x.abs() < 0.9 { Vec3::x() } else { Vec3::y() };
    let u = axis.cross(&helper).normalize();
    let v = axis.cross(&u);
    let mut points = vec![a, b];
    let mut triangles = Vec::new();
    for k in 0..N {
        let (s, c) = (std::f64::consts::TAU * f64::from(k) / f64::from(N)).sin_cos();
        let r = (u * c + v * s) * radius;
        points.extend([a + r, b + r]);
        let (i, j) = (2 + 2 * k, 2 + 2 * ((k + 1) % N));
        triangles.extend([[i, j, i + 1], [j, j + 1, i + 1], [0, j, i], [1, i + 1, j + 1]]);
    }
    Object::new(points, triangles, Paint::Solid(ROD))
}

/// One figure of a run.
type Picture = fn(&Case, &Results) -> Result<Figure, Failure>;

/// All pictures of a run.
///
/// # Errors
/// Only by a bug: a picture that cannot be drawn.
pub fn draw(case: &Case, results: &Results, figures: &mut FigureSet) -> Result<(), Failure> {
    let pictures: [Picture; 8] =
        [anatomy, implant, loads, energy_change, pressure, implant_stress, cuts, lattice];
    let drawn: Vec<_> =
        pictures.into_par_iter().with_max_len(1).map(|picture| picture(case, results)).collect();
    for figure in drawn {
        figures.add(figure?);
    }
    Ok(())
}

fn anatomy(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let [intact, day_one, _] = &results.stages;
    let (before, after) = (assembly(intact), assembly(day_one));
    let sheet =
        Sheet::new("anatomy", "Intact column (control) and reconstruction with implant, screws and rods.", 3)
            .key("bone", BONE)
            .key("disc, cartilage", DISC)
            .key("implant", TITANIUM)
            .key("screws, rods", ROD);
    let shots: Vec<Shot<'_>> = [("intact", &before), ("implanted", &after)]
        .into_iter()
        .flat_map(|(title, objects)| {
            [View::Anterior, View::Left, View::Posterior]
                .map(|v| Shot::new(title, v, objects.iter().collect()))
        })
        .collect();
    drawn(case, sheet, &shots)
}

fn implant(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let Some(body) = results.bodies.find(Kind::Implant) else {
        return Err(Failure::bug("no implant was meshed"));
    };
    let center = Aabb::around(&body.mesh.points).center();
    let mut objects = vec![plain(&body.mesh, TITANIUM)];
    for set in SEATS {
        let zeros = vec![0.0; body.mesh.n_nodes()];
        if let Some(face) = facet_set(&body.mesh, set, Values::Nodal(&zeros)) {
            // Raised by a hair so that the face is drawn over the boundary below it.
            let raised = face.points.iter().map(|p| p + 0.002 * (p - center)).collect();
            objects.push(Object { points: raised, paint: Paint::Solid(HELD), ..face });
        }
    }
    let sheet = Sheet::new(
        "implant",
        &format!("Implant: contact faces on C1 (two, above) and on {} (below).", case.implant.caudal.name()),
        3,
    )
    .key("titanium", TITANIUM)
    .key("contact face", HELD);
    let shots: Vec<Shot<'_>> =
        [View::Anterior, View::Left, View::Isometric, View::Superior, View::Inferior, View::Posterior]
            .map(|v| Shot::new("implant", v, objects.iter().collect()))
            .to_vec();
    drawn(case, sheet, &shots)
}

fn loads(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let day_one = &results.stages[1];
    let mut objects: Vec<Object> = assembly(day_one);
    for patch in &results.geometry.spine.condyles {
        let tip = spine::moved(&results.geometry.implant.upper, patch.center);
        let back = -case.load_direction;
        objects.push(arrow(tip + back * 18.0, tip + back * 1.0, 1.0, LOAD));
    }
    for patch in &results.geometry.spine.held {
        objects.push(arrow(patch.center + patch.axis * 12.0, patch.center + patch.axis * 0.5, 1.0, HELD));
    }
    let force = 0.5 * case.judged_load().axial;
    let sheet = Sheet::new(
        "loads",
        &format!(
            "Loads and supports: {force:.0} N on each condyle of a rigid occiput guided along the load ({}), lowest bone held at its inferior endplate and facets.",
            case.judged_load().id
        ),
        2,
    )
    .key(&format!("load, {force:.0} N each"), LOAD)
    .key("held", HELD);
    let shots: Vec<Shot<'_>> =
        [View::Anterior, View::Left].map(|v| Shot::new("loads", v, objects.iter().collect())).to_vec();
    drawn(case, sheet, &shots)
}

/// Nodal values of a scalar given at the quadrature points of the part of that kind.
pub(super) fn nodal(solved: &Solved, kind: Kind, value: impl Fn(usize, usize) -> f64) -> Option<Vec<f64>> {
    let part = solved.question.part(kind)?;
    let mesh = &solved.question.model.parts[part].mesh;
    let weights = &solved.fields[part].weights;
    let values: Vec<[[f64; 1]; 4]> =
        (0..mesh.n_cells()).map(|c| std::array::from_fn(|q| [value(c, q)])).collect();
    let averaged = average_at_nodes(mesh.n_nodes(), &mesh.cells, weights, |_| true, &values);
    Some(averaged.into_iter().map(|v| v.map_or(f64::NAN, |x| x[0])).collect())
}

/// log2 of implanted over intact strain energy on C1 and the caudal bone, from averages at the nodes.
fn energy_change(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let [intact, day_one, ingrown] = &results.stages;
    let energies = |s: &Solved, level| {
        let kind = Kind::Bone(level);
        s.question.part(kind).and_then(|p| {
            let f = &s.fields[p];
            nodal(s, kind, |c, _| {
                let w: f64 = f.weights[c].iter().sum();
                f.energy_densities[c].iter().zip(&f.weights[c]).map(|(u, w)| u * w).sum::<f64>() / w
            })
        })
    };
    let mut objects: Vec<[Object; 2]> = Vec::new();
    let caudal = results.geometry.caudal();
    for level in [Level::C1, caudal] {
        let Some(before) = energies(intact, level) else { continue };
        let change = |s: &Solved| -> Option<Object> {
            let after = energies(s, level)?;
            let ratio: Vec<f64> = after
                .iter()
                .zip(&before)
                .map(|(a, b)| if 0.0 < *a && 0.0 < *b { (a / b).log2() } else { f64::NAN })
                .collect();
            Some(boundary(s.mesh(Kind::Bone(level))?, Values::Nodal(&ratio)))
        };
        if let (Some(a), Some(b)) = (change(day_one), change(ingrown)) {
            objects.push([a, b]);
        }
    }
    let bar = ColorBar::new("log2 of energy ratio", "1", [-4.0, 4.0]).map(ColorMap::Vik);
    let sheet = Sheet::new(
        "energy-change",
        &format!("Change of strain energy density on the surface of C1 and {} against the intact control: blue is unloaded, red is loaded more; each step of one is a factor of two.", caudal.name()),
        2,
    )
    .bar(bar);
    let mut shots = Vec::new();
    for (i, title) in [(0, "day 1"), (1, "12 months")] {
        for view in [View::Anterior, View::Superior] {
            shots.push(Shot::new(title, view, objects.iter().map(|o| &o[i]).collect()));
        }
    }
    drawn(case, sheet, &shots)
}

/// Contact pressure on the caudal endplate and the C1 facets, painted on the bones' facets.
fn pressure(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let factor = case.judged_load().axial / case.largest_load();
    let narrow = results.geometry.implant.params.form.rim_mm().is_some();
    let mut painted: Vec<[Option<Object>; 2]> = Vec::new();
    let caudal = results.geometry.caudal();
    for (set, bone) in meeting(caudal) {
        let make = |solved: &Solved| -> Option<Object> {
            let mesh = solved.mesh(Kind::Bone(bone))?;
            let name = format!("{} on {set}", bone.name());
            let contact = solved.solution.contacts.iter().find(|c| c.name == name)?;
            // Mean pressure of the points over each cell, spread to its nodes by area.
            // Under the rim of a cage the bone is the master.
            let own = usize::from(narrow && set == SEATS[0]);
            let mut sums = vec![[0.0; 2]; mesh.n_nodes()];
            for p in &contact.points {
                for node in mesh.cells[p.cells[own] as usize] {
                    sums[node as usize][0] += p.area * p.pressure * factor;
                    sums[node as usize][1] += p.area;
                }
            }
            let values: Vec<f64> =
                sums.iter().map(|[f, a]| if 0.0 < *a { f / a } else { f64::NAN }).collect();
            facet_set(mesh, set, Values::Nodal(&values))
        };
        painted.push([make(&results.stages[1]), make(&results.stages[2])]);
    }
    let lower: Vec<&Object> = painted[0].iter().flatten().collect();
    let all: Vec<&Object> = painted.iter().flatten().flatten().collect();
    let mut bar = ColorBar::spanning("contact pressure", "MPa", &all, [0.0, 0.99]);
    bar.range[0] = 0.0;
    let sheet = Sheet::new(
        "contact-pressure",
        &format!(
            "Pressure of the implant on the {} endplate and on the facets of C1 under {} ({:.0} N); negative where the ingrown face is pulled.",
            caudal.name(),
            case.judged_load().id,
            case.judged_load().axial
        ),
        2,
    )
    .bar(bar);
    let mut shots = Vec::new();
    for (object, title) in
        lower.iter().zip(["day 1", "12 months"].map(|t| format!("{} endplate, {t}", caudal.name())))
    {
        shots.push(Shot::new(&title, View::Superior, vec![*object]));
    }
    for (i, title) in [(0, "C1 facets, day 1"), (1, "C1 facets, 12 months")] {
        let facets: Vec<&Object> = painted[1..].iter().filter_map(|p| p[i].as_ref()).collect();
        shots.push(Shot::new(title, View::Inferior, facets));
    }
    drawn(case, sheet, &shots)
}

fn implant_stress(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let factor = case.judged_load().axial / case.largest_load();
    let mut objects = Vec::new();
    for solved in &results.stages[1..] {
        let Some(part) = solved.question.part(Kind::Implant) else { continue };
        let Some(mesh) = solved.mesh(Kind::Implant) else { continue };
        // The stress is continued to the nodes, not its von Mises value, which could come out negative there.
        let fields = &solved.fields[part];
        let averaged =
            average_at_nodes(mesh.n_nodes(), &mesh.cells, &fields.weights, |_| true, &fields.stresses);
        let values: Vec<f64> =
            averaged.iter().map(|s| s.map_or(f64::NAN, |s| von_mises(&s) * factor)).collect();
        objects.push(boundary(mesh, Values::Nodal(&values)));
    }
    let all: Vec<&Object> = objects.iter().collect();
    let mut bar = ColorBar::spanning("von Mises stress", "MPa", &all, [0.0, 0.995]);
    bar.range[0] = 0.0;
    let sheet = Sheet::new(
        "implant-stress",
        &format!("Von Mises stress of the implant under {} (solid rim and screw walls: stress in the metal; lattice: stress of the homogenised solid).", case.judged_load().id),
        3,
    )
    .bar(bar);
    let mut shots = Vec::new();
    for (object, title) in objects.iter().zip(["day 1", "12 months"]) {
        for view in [View::Anterior, View::Posterior, View::Isometric] {
            shots.push(Shot::new(title, view, vec![object]));
        }
    }
    drawn(case, sheet, &shots)
}

/// Mid-sagittal and coronal sections, colored by compressive strain energy density on a logarithmic scale.
fn cuts(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let factor = (case.judged_load().axial / case.largest_load()).powi(2);
    let disc = results.geometry.implant.contacts().next().map_or(Vec3::zeros(), |(_, p)| p.center);
    let sagittal = Plane { point: Vec3::new(0.0, disc.y, disc.z), normal: Vec3::x() };
    let coronal = Plane { point: disc, normal: -Vec3::y() };
    let mut cuts = Vec::new();
    for (plane, view, name) in [(sagittal, View::Left, "sagittal"), (coronal, View::Anterior, "coronal")] {
        for stage in [0, 2] {
            let solved = &results.stages[stage];
            let mut objects = Vec::new();
            for (part, kind) in solved.question.model.parts.iter().zip(&solved.question.kinds) {
                let energies = solved.question.part(*kind).map(|p| &solved.fields[p].energy_densities);
                let Some(energies) = energies else { continue };
                let values: Vec<f64> =
                    energies.iter().map(|u| (u.iter().sum::<f64>() / 4.0 * factor * 1e3).max(1e-6)).collect();
                objects.push(section(&part.mesh, &plane, Values::Cellwise(&values), |_| true));
            }
            let stage_name = if stage == 0 { "intact" } else { "12 months" };
            let at = if name == "sagittal" {
                format!("x = {:.1} mm", plane.point.x)
            } else {
                format!("y = {:.1} mm", plane.point.y)
            };
            cuts.push((format!("{stage_name}, {at}"), view, objects));
        }
    }
    let bar = ColorBar::new("strain energy density", "kJ/m³", [1e-3, 10.0]).log();
    let sheet = Sheet::new(
        "sections",
        &format!("Strain energy density on mid-sagittal and coronal sections under {}: intact control and ingrown implant, one scale.", case.judged_load().id),
        2,
    )
    .bar(bar);
    let shots: Vec<Shot<'_>> =
        cuts.iter().map(|(title, view, objects)| Shot::new(title, *view, objects.iter().collect())).collect();
    drawn(case, sheet, &shots)
}

/// The printable solid as exported, whole and cut open.
fn lattice(case: &Case, results: &Results) -> Result<Figure, Failure> {
    let middle = results.exported.len() / 2;
    let Some(exported) = results.exported.get(middle) else {
        return Err(Failure::bug("nothing was exported"));
    };
    let whole = Object::new(
        exported.surface.points.clone(),
        exported.surface.triangles.clone(),
        Paint::Solid(TITANIUM),
    );
    let center = exported.surface.bounds().center();
    let open = Plane { point: center, normal: -Vec3::y() };
    let sheet = Sheet::new(
        "lattice",
        &format!(
            "Printable solid of {:.1} mm height{} ({} triangles); right: cut open at y = {:.1} mm.",
            exported.height,
            if results.geometry.implant.params.form == Form::Lattice {
                " with the real lattice inside"
            } else {
                ""
            },
            exported.triangles,
            center.y
        ),
        3,
    )
    .key("titanium", TITANIUM);
    let shots = vec![
        Shot::new("whole", View::Isometric, vec![&whole]),
        Shot::new("whole", View::Anterior, vec![&whole]),
        Shot::new("cut open", View::Anterior, vec![&whole]).cut(open),
    ];
    drawn(case, sheet, &shots)
}
