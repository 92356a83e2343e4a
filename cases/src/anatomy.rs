//! Where the bones come from: table `[anatomy]` of a case.

use crate::case::length;
use crate::reader::Reader;
use dens_mesher::catalog::Range;
use dens_mesher::geometry::spine::Level;
use dens_mesher::image::separate::{Method, REST, Seed, Settings};

/// Word in place of a file of C2 that asks for a template.
const TEMPLATE: &str = "template";

/// Source of the bones.
#[derive(Debug, Clone, PartialEq)]
pub enum Anatomy {
    /// Built from published dimensions.
    Parametric {
        /// Female dimensions rather than male.
        female: bool,
        /// Factor on all dimensions.
        scale: f64,
    },
    /// Read from surface files, mm, in one frame (+x left, +y posterior, +z cranial).
    Surfaces {
        /// File of C1, C2, C3 and, if given, C4, relative to the case file.
        files: [Option<String>; 4],
        /// Whether C2, destroyed, is replaced by a fitted template in the control.
        template: bool,
    },
    /// Found in a scan.
    Scan(Segmented),
}

impl Anatomy {
    /// Whether C2 of the control is a template.
    pub fn has_template(&self) -> bool {
        match self {
            Self::Parametric { .. } => false,
            Self::Surfaces { template, .. } | Self::Scan(Segmented { template, .. }) => *template,
        }
    }
}

/// Bones of a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Segmented {
    /// File or folder of the image, relative to the case file.
    pub image: String,
    /// What tells the bones apart.
    pub bones: Bones,
    /// Edge length to which surfaces are remeshed, mm; as fine as the voxels when absent.
    pub edge: Option<f64>,
    /// Whether C2, destroyed, is replaced by a fitted template in the control.
    pub template: bool,
}

/// What tells the bones of a scan apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Bones {
    /// Label map with names, relative to the case file.
    Labels(String),
    /// Points inside the bones, in the frame of the scan, and how bones are grown from them.
    Seeds(Vec<Seed>, Settings),
}

/// Reads `[anatomy]`; bones of a scan take their image from `[scan]`.
pub(crate) fn read(r: &Reader<'_>) -> Anatomy {
    match r.choice("anatomy.kind", &["parametric", "surfaces", "scan"]).as_str() {
        "surfaces" => {
            let template = r.is_word("anatomy.c2", TEMPLATE);
            let files = ["c1", "c2", "c3", "c4"].map(|n| {
                let path = format!("anatomy.{n}");
                let wanted = match n {
                    "c2" => !template,
                    "c4" => r.has(&path),
                    _ => true,
                };
                wanted.then(|| r.text(&path))
            });
            let _ = r.has("anatomy.source");
            Anatomy::Surfaces { files, template }
        }
        "scan" => Anatomy::Scan(segmented(r)),
        _ => Anatomy::Parametric {
            female: r.choice("anatomy.sex", &["female", "male"]) == "female",
            scale: r.number("anatomy.scale", Range::Within(0.7, 1.3)),
        },
    }
}

fn segmented(r: &Reader<'_>) -> Segmented {
    let image = r.text("scan.image");
    let template = r.has("anatomy.c2") && r.choice("anatomy.c2", &[TEMPLATE]) == TEMPLATE;
    let edge = r.has("anatomy.edge").then(|| length(r, "anatomy.edge", 0.2, 4.0));
    let found = seeds(r);
    let bones = if r.has("anatomy.labels") {
        if !found.is_empty() {
            r.problem(
                "anatomy.labels",
                "both a label map and seeds are given".into(),
                "give either `labels` or the seeds of every bone",
            );
        }
        Bones::Labels(r.text("anatomy.labels"))
    } else {
        for level in [Level::C1, Level::C2, Level::C3] {
            let name = level.name();
            let needed = level != Level::C2 || !template;
            if needed && !found.iter().any(|s| s.name == name) {
                r.problem(
                    "anatomy.kind",
                    format!("nothing says where {name} is in the scan"),
                    &format!(
                        "give `labels = \"FILE\"`, or points inside each bone, mm in the frame of the scan: {}_seeds = [[\"2 mm\", \"-15 mm\", \"310 mm\"]]",
                        name.to_lowercase()
                    ),
                );
            }
        }
        Bones::Seeds(found, settings(r))
    };
    r.text("anatomy.source");
    Segmented { image, bones, edge, template }
}

/// Points inside the bones, and inside those that are found and not kept.
fn seeds(r: &Reader<'_>) -> Vec<Seed> {
    let mut seeds = Vec::new();
    let names = Level::ALL.map(|l| (l.name().to_lowercase(), l.name()));
    for (key, name) in names.iter().map(|(k, n)| (k.as_str(), *n)).chain([(REST, REST)]) {
        let path = format!("anatomy.{key}_seeds");
        if r.has(&path) {
            let points = r.points(&path);
            seeds.extend(points.into_iter().map(|p| Seed { name: name.to_string(), point: p.into() }));
        }
    }
    seeds
}

fn settings(r: &Reader<'_>) -> Settings {
    let mut settings = Settings::default();
    if r.has("anatomy.threshold") {
        settings.threshold = r.number("anatomy.threshold", Range::Within(-1000.0, 3000.0)) as f32;
    }
    if r.has("anatomy.separator") && r.choice("anatomy.separator", &["watershed", "cut"]) == "cut" {
        settings.method = Method::Cut;
    }
    if r.has("anatomy.closing") {
        settings.closing = length(r, "anatomy.closing", 0.0, 10.0);
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::diagnostic::Problem;
    use crate::document::Document;
    use crate::library;

    /// The case `from-scan` with one text in place of another.
    fn edited(from: &str, to: &str) -> Result<Case, Vec<Problem>> {
        let text = library::scan_case();
        assert!(text.contains(from), "{from}");
        Case::from_document(&Document::parse(&text.replace(from, to)).expect("TOML"))
    }

    const LABELS: &str = "labels = \"labels.nii.gz\"";

    #[test]
    fn a_scan_gives_bones_by_labels_or_by_seeds_and_not_by_both() {
        let case = edited("kind", "kind").expect("the case as it comes");
        let Anatomy::Scan(found) = &case.anatomy else { panic!("a scan") };
        assert_eq!(found.bones, Bones::Labels("labels.nii.gz".into()));
        assert_eq!(case.scan.as_ref().map(|s| s.image.as_str()), Some(found.image.as_str()));

        let points = "[[\"1 mm\", \"2 mm\", \"30 mm\"], [\"4 mm\", \"5 mm\", \"60 mm\"]]";
        let all = format!("c1_seeds = {points}\nc2_seeds = {points}\nc3_seeds = {points}\nthreshold = 150");
        let Anatomy::Scan(found) = edited(LABELS, &all).expect("seeds").anatomy else { panic!("a scan") };
        let Bones::Seeds(seeds, settings) = found.bones else { panic!("seeds") };
        assert_eq!((seeds.len(), settings.threshold), (6, 150.0));
        assert_eq!((seeds[3].name.as_str(), seeds[3].point.z), ("C2", 60.0));

        let problems = edited(LABELS, &format!("{LABELS}\nc1_seeds = {points}")).expect_err("both");
        assert!(problems.iter().any(|p| p.message.contains("both") && p.span.is_some()), "{problems:?}");
        let lone = edited(LABELS, &format!("c1_seeds = {points}\nc3_seeds = {points}")).expect_err("no C2");
        assert!(lone.iter().any(|p| p.message.contains("where C2 is")), "{lone:?}");
        let lytic = format!("c2 = \"template\"\nc1_seeds = {points}\nc3_seeds = {points}");
        assert!(edited(LABELS, &lytic).is_ok(), "a template needs no seed");
        let bare = edited(LABELS, "c1_seeds = [1, 2, 3]").expect_err("numbers");
        assert!(bare.iter().any(|p| p.message.contains("c1_seeds") && p.span.is_some()), "{bare:?}");
    }
}
