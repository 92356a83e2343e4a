//! How a lattice comes out of the machine, as a case says it.

use crate::reader::Reader;
use dens_mesher::Vec3;
use dens_mesher::catalog::Range;
use dens_mesher::lattice::Printing;
use dens_mesher::units::Dimension;

/// Names of the directions that may point up in the machine.
const AXES: [&str; 3] = ["x", "y", "z"];

/// Range that the share of the drawn diameter that carries may have.
pub const FRACTION: [f64; 2] = [0.0, 1.5];

/// Least and greatest published share of the drawn diameter that carries.
///
/// # Source
/// Suard et al. (2014), tomography of struts melted by an electron beam; low confidence.
pub const PUBLISHED: [f64; 2] = [0.6, 1.0];

/// Axis of that name; z for another text.
pub fn axis(name: &str) -> Vec3 {
    AXES.iter().position(|a| *a == name).map_or(Vec3::z(), |i| Vec3::ith(i, 1.0))
}

/// Reads `[printing]`; entries that are left out have the values of electron beam melting.
///
/// - `usual`: whether a lattice without the table is analysed as printed
/// - returns: none where the analysis takes the drawn section
pub fn read(r: &Reader<'_>, usual: bool) -> Option<Printing> {
    let default = Printing::default();
    let length = |name: &str, least: f64, otherwise: f64| {
        let path = format!("printing.{name}");
        if r.has(&path) { r.quantity(&path, Dimension::Length, Range::Within(least, 0.5)) } else { otherwise }
    };
    let given = ["upright_oversize", "lying_oversize", "roughness"].map(|name| {
        // Half a millimeter either way: more is no strut of a lattice.
        let (least, otherwise) = match name {
            "upright_oversize" => (-0.5, default.upright_oversize_mm),
            "lying_oversize" => (-0.5, default.lying_oversize_mm),
            _ => (0.0, default.roughness_mm),
        };
        length(name, least, otherwise)
    });
    let [upright_oversize_mm, lying_oversize_mm, roughness_mm] = given;
    let fraction = "printing.effective_fraction";
    let effective_fraction = if r.has(fraction) {
        r.number(fraction, Range::Within(FRACTION[0], FRACTION[1]))
    } else {
        default.effective_fraction
    };
    let up = "printing.build_axis";
    let build = if r.has(up) { axis(&r.choice(up, &AXES)) } else { default.build };
    let printing =
        Printing { upright_oversize_mm, lying_oversize_mm, effective_fraction, roughness_mm, build };
    let section = "printing.section";
    let wanted =
        if r.has(section) { r.choice(section, &["as-printed", "as-drawn"]) == "as-printed" } else { usual };
    wanted.then_some(printing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn found(text: &str, usual: bool) -> (Option<Printing>, usize) {
        let document = Document::parse(text).expect("a document");
        let r = Reader::new(&document);
        let printing = read(&r, usual);
        (printing, r.finish().len())
    }

    #[test]
    fn what_is_left_out_has_the_values_of_the_evidence_and_the_drawn_section_can_be_asked_for() {
        assert_eq!(found("", true), (Some(Printing::default()), 0));
        assert_eq!(found("", false), (None, 0));
        let own = "[printing]\nroughness = \"0.02 mm\"\nbuild_axis = \"x\"\nsource = \"coupons\"\n";
        let expected = Printing { roughness_mm: 0.02, build: Vec3::x(), ..Printing::default() };
        assert_eq!(found(own, true), (Some(expected), 0));
        assert_eq!(found("[printing]\nsection = \"as-drawn\"\n", true), (None, 0));
        assert_eq!(found("[printing]\nsection = \"as-printed\"\n", false).0, Some(Printing::default()));
    }

    #[test]
    fn lengths_want_a_unit_and_a_source() {
        let (_, problems) = found("[printing]\nlying_oversize = \"0.1\"\n", true);
        assert_eq!(problems, 2);
    }
}
