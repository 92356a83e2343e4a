//! What an implant is compared with: a mesh cage, solid metal, or the implant in a place it was not made for.
//!
//! A misfit enters as the gap that contact starts from: meshes and stiffness stay those of the fitted implant, whose height
//! differs from the true one by a thirtieth. Contact then has to close a gap, or presses an overlap apart against rods that
//! already hold the bones; the answer is no longer proportional to the load. What happens before any load is a state of its
//! own ([`crate::pipeline::misfit`]), and bone that grows in holds it.

use crate::case::{Case, Load, length};
use crate::reader::Reader;
use dens_mesher::Vec3;
use dens_mesher::catalog::Range;
use dens_mesher::geometry::implant::{Form, Implant};
use dens_mesher::units::Dimension;
use dens_reports::table::significant;
use dens_solver::loads::contact::{self, Gaps};

/// How the implant misses the place it is put in.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Misfit {
    /// Height of the implant less that of the space, mm: positive is too tall.
    pub size_error: f64,
    /// Angle between the lower face and the endplate, rad: positive touches in front and gapes behind.
    pub lower_tilt: f64,
}

impl Misfit {
    /// Whether the implant fits.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Gaps at the contact face of that name before any load.
    ///
    /// An error of size acts at the upper faces, as if the implant had been set on C3 first. The tilted face touches the
    /// endplate along the front or the back of its ellipse and nowhere enters it: the metal is missing, not in excess.
    pub fn gaps(&self, implant: &Implant, face: &str) -> Gaps {
        let lower = face.ends_with("lower");
        let [pad, ..] = &implant.pads;
        let up = -pad.patch.axis;
        let back = if pad.patch.first.y < 0.0 { -pad.patch.first } else { pad.patch.first };
        if lower && self.lower_tilt != 0.0 {
            let edge = pad.patch.center - back * (self.lower_tilt.signum() * pad.patch.radii[0]);
            let turn = back.cross(&up) * self.lower_tilt;
            Gaps::Misfit(contact::Misfit { shift: [0.0; 3], turn: turn.into(), about: edge.into() })
        } else if !lower && self.size_error != 0.0 {
            let about: Vec3 = pad.patch.center;
            let shift = [0.0, 0.0, self.size_error];
            Gaps::Misfit(contact::Misfit { shift, turn: [0.0; 3], about: about.into() })
        } else {
            Gaps::Closed
        }
    }
}

/// What lies between the contact faces, lattice where nothing is said.
pub(crate) fn form(r: &Reader<'_>) -> Form {
    if !r.has("implant.form") {
        return Form::Lattice;
    }
    match r.choice("implant.form", &["lattice", "solid", "mesh-cage"]).as_str() {
        "solid" => Form::Solid,
        "mesh-cage" => Form::MeshCage {
            diameter_mm: (!r.is_word("implant.cage_diameter", "fit"))
                .then(|| length(r, "implant.cage_diameter", 8.0, 22.0)),
            wall_mm: length(r, "implant.cage_wall", 0.8, 3.0),
        },
        _ => Form::Lattice,
    }
}

/// Open share of the wall of a mesh cage, none where nothing is said.
pub(crate) fn cage_open(r: &Reader<'_>) -> f64 {
    let key = "implant.cage_open";
    let is_cage = r.has("implant.form") && r.is_word("implant.form", "mesh-cage");
    if is_cage && r.has(key) { r.number(key, Range::Within(0.0, 0.8)) } else { 0.0 }
}

/// Misfit as written; none where nothing is said.
///
/// - `judged`: index of the load at which criteria are judged
pub(crate) fn misfit(r: &Reader<'_>, form: &Form, loads: &[Load], judged: usize) -> Misfit {
    let mut found = Misfit::default();
    let (size, tilt) = ("implant.size_error", "implant.lower_tilt");
    if r.has(size) {
        found.size_error = r.quantity(size, Dimension::Length, Range::Within(-3.0, 3.0));
    }
    if r.has(tilt) {
        found.lower_tilt = r.quantity(tilt, Dimension::Angle, Range::Within(-0.18, 0.18));
    }
    if found.is_none() {
        return found;
    }
    let at = if found.size_error == 0.0 { tilt } else { size };
    if matches!(form, Form::MeshCage { .. }) {
        r.problem(
            at,
            format!("`{at}` is for the fitted implant, but `implant.form` is `mesh-cage`"),
            "drop one of them: a cage is cut to length and beds its rim in",
        );
    }
    if loads.iter().any(|l| loads[judged].axial < l.axial) {
        r.problem(
            "criteria.load",
            format!("load `{}` is judged but not the largest, and with a misfit nothing is proportional to the load", loads[judged].id),
            "judge the largest load and leave larger ones out",
        );
    }
    found
}

/// What the implant of a case is, in a few words.
pub fn name(case: &Case) -> &'static str {
    match (&case.implant.form, case.misfit.is_none()) {
        (Form::Lattice, true) => "fitted, with lattice",
        (Form::Lattice, false) => "with lattice, misfitted",
        (Form::Solid, true) => "fitted, solid titanium",
        (Form::Solid, false) => "solid titanium, misfitted",
        (Form::MeshCage { .. }, _) => "mesh cage",
    }
}

/// What makes a case a comparator, one sentence or two each; empty for the implant itself.
///
/// - `form`: that of the implant as designed, with the diameter of a cage
pub fn described(case: &Case, form: &Form) -> Vec<String> {
    let mut out = Vec::new();
    match *form {
        Form::Lattice => {}
        Form::Solid => out.push(String::from(
            "Comparator: the implant in solid titanium. Outline, contact faces and screw tracks are those of the implant; what this report says of a lattice does not concern it.",
        )),
        Form::MeshCage { diameter_mm, wall_mm } => out.push(format!(
            "Comparator: a conventional mesh cage with a T-shaped head, in place of the implant. A tube of {} mm outer diameter stands on the endplate of C3 with a rim {} mm wide; its head fits the facets of C1 as the implant does, better than a bent mesh would, so that what differs is the lower end. The rim follows the endplate as if it had been flattened for it. {}Without graft inside.",
            significant(diameter_mm.unwrap_or(f64::NAN), 3),
            significant(wall_mm, 2),
            wall(case)
        )),
    }
    let Misfit { size_error, lower_tilt } = case.misfit;
    if 0.0 < size_error {
        out.push(format!(
            "Comparator: the implant is {} mm too tall for its space. Rods and screws already hold the bones: the overlap at C1 is pressed apart, step by step and before any load, against them.",
            significant(size_error, 3)
        ));
    } else if size_error < 0.0 {
        out.push(format!(
            "Comparator: the implant is {} mm too short for its space and stands on C3: screws and rods carry alone until C1 has come down on it, if it does.",
            significant(-size_error, 3)
        ));
    }
    if lower_tilt != 0.0 {
        let [near, far] = if 0.0 < lower_tilt { ["in front", "behind"] } else { ["behind", "in front"] };
        out.push(format!(
            "Comparator: the lower face is cut {}° off the endplate; it touches {near} and gapes {far} before any load.",
            significant(lower_tilt.abs().to_degrees(), 3)
        ));
    }
    if !case.misfit.is_none() {
        out.push(String::from(
            "Misfits stay: bone grows in where it stands on day 1 without a load, and what is pressed or open then stays so in the later stages; bone does not bridge more than the limit of ingrowth, and its slow yielding to a press fit is left out.",
        ));
    }
    out
}

/// How the holes in the wall of a cage are modelled.
fn wall(case: &Case) -> String {
    let open = case.implant.cage_open;
    if open == 0.0 {
        return String::from("The wall counts as solid, without holes. ");
    }
    format!(
        "Holes open {} % of the wall between the end ring and the head; they are narrower than the cells, so the wall is meshed without them and has {} % of the stiffness of the metal (upper bound of Hashin and Shtrikman for a sheet with holes; round holes come near it). Stress of the wall is that of the metal left between the holes, without the peaks beside them, which are two to three times as high; volume, mass and export are those of the wall without holes. ",
        significant(100.0 * open, 2),
        significant(100.0 * dens_solver::materials::perforated::modulus_share(open), 2)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::library;
    use crate::pipeline::geometry;
    use std::path::Path;

    /// The case `tiny` without its loads above the judged one, edited.
    fn case(edits: &[(&str, &str)]) -> Result<Case, Vec<crate::diagnostic::Problem>> {
        let text = library::find("tiny").expect("embedded").text;
        let larger = text.find("[[load]]\nid = \"E_maximum\"").expect("a larger load");
        let after = larger + text[larger..].find("\n\n").expect("an end") + 2;
        let mut text = format!("{}{}", &text[..larger], &text[after..]);
        for (from, to) in edits {
            assert!(text.contains(from));
            text = text.replace(from, to);
        }
        Case::from_document(&Document::parse(&text).expect("TOML"))
    }

    const IMPLANT: &str = "[implant]\n";

    #[test]
    fn comparators_differ_from_the_default_case_in_what_they_compare_only() {
        let own = |text: &str| Document::parse(text).expect("TOML").entries;
        let default = own(library::find("c2-spondylectomy").expect("embedded").text);
        let free = ["name", "title", "design.optimize", "implant.height_step"];
        for name in ["compare-cage", "compare-solid", "compare-size", "compare-tilt"] {
            for (path, entry) in own(library::find(name).expect("embedded").text) {
                let Some(of_default) = default.get(&path) else {
                    let added =
                        ["form", "cage_diameter", "cage_wall", "cage_open", "size_error", "lower_tilt"];
                    let key = path.strip_prefix("implant.");
                    assert!(key.is_some_and(|k| added.contains(&k)), "{name}: {path}");
                    continue;
                };
                let changed = entry.value != of_default.value;
                let may =
                    free.contains(&path.as_str()) || path.ends_with(".source") || path.starts_with("load.");
                assert!(may || !changed, "{name}: {path}");
            }
        }
    }

    #[test]
    fn a_tilted_face_touches_along_its_front_and_a_tall_implant_overlaps_c1_only() {
        let added = format!("{IMPLANT}size_error = \"1 mm\"\nlower_tilt = \"5 deg\"\n");
        let case = case(&[(IMPLANT, &added)]).expect("a sound case");
        let built = geometry::build(&case, Path::new(".")).expect("an implant fits");
        let pad = &built.implant.pads[0].patch;
        let up = -pad.axis;
        let back = if pad.first.y < 0.0 { -pad.first } else { pad.first };
        let Gaps::Misfit(lower) = case.misfit.gaps(&built.implant, "implant lower") else {
            panic!("a misfit")
        };
        let at = |side: f64| lower.gap(pad.center + back * (side * pad.radii[0]), up);
        // Gap behind: the length of the face times the angle; round-off of products of order one.
        assert!(
            at(-1.0).abs() < 1e-12 && (at(1.0) - 2.0 * pad.radii[0] * 5.0_f64.to_radians()).abs() < 1e-12
        );
        let Gaps::Misfit(upper) = case.misfit.gaps(&built.implant, "implant upper left") else {
            panic!("a misfit")
        };
        // C1 looks down on the implant: what is too tall overlaps by its full size on a level face.
        assert!((upper.gap(Vec3::zeros(), -Vec3::z()) + 1.0).abs() < 1e-12);
        assert_eq!(upper.gap(Vec3::zeros(), Vec3::x()), 0.0);
    }

    #[test]
    fn misfits_of_a_cage_and_unjudged_larger_loads_are_refused() {
        let cage = "form = \"mesh-cage\"\ncage_diameter = \"12 mm\"\ncage_wall = \"1.5 mm\"\n";
        let added = format!("{IMPLANT}{cage}size_error = \"1 mm\"\n");
        let problems = case(&[(IMPLANT, &added)]).expect_err("both at once");
        assert!(problems.iter().any(|p| p.message.contains("mesh-cage")), "{problems:?}");
        let added = format!("{IMPLANT}lower_tilt = \"5 deg\"\n");
        let problems = case(&[(IMPLANT, &added), ("load = \"D_daily_peak\"", "load = \"A_head\"")]);
        assert!(problems.expect_err("not the largest").iter().any(|p| p.message.contains("proportional")));
        let fit = format!("{IMPLANT}{}cage_open = 0.5\n", cage.replace("\"12 mm\"", "\"fit\""));
        let sound = case(&[(IMPLANT, &fit)]).expect("a sound case");
        assert_eq!(sound.implant.form, Form::MeshCage { diameter_mm: None, wall_mm: 1.5 });
        assert_eq!(sound.implant.cage_open, 0.5);
        let stray = format!("{IMPLANT}cage_open = 0.5\n");
        assert!(case(&[(IMPLANT, &stray)]).is_err(), "holes without a cage");
        let stray = format!("{IMPLANT}cage_wall = \"1.5 mm\"\n");
        assert!(case(&[(IMPLANT, &stray)]).is_err(), "a wall without a cage");
    }
}
