//! Fixation of a case: which bones the screws are in, rods, and what is missing of the construct.

use crate::case::{POISSON, length, modulus};
use crate::reader::Reader;
use dens_mesher::catalog::Range;
use dens_mesher::geometry::spine::{Level, Side};
use dens_mesher::units::Dimension;

/// Depth of the thread of a screw whose core is not given, mm: recalled of cervical bone screws of 3.5 mm.
const THREAD_DEPTH: f64 = 0.5;

/// Screws, rods, wires.
#[derive(Debug, Clone, PartialEq)]
pub struct Fixation {
    /// Whether there is posterior fixation.
    pub rods: bool,
    /// Whether the rods end on screws in the occiput.
    pub occiput: bool,
    /// Vertebrae with a lateral mass screw on each side, where the anatomy has them.
    pub levels: Vec<Level>,
    /// Vertebrae that screws through the implant go into, C1 or C3.
    pub implant_screws: Vec<Level>,
    /// What is missing or replaced.
    pub faults: Vec<Fault>,
    /// Diameter of the rods, mm.
    pub rod_diameter: f64,
    /// Rod axis behind the screw entries, mm.
    pub rod_offset: f64,
    /// Outer diameter of the lateral mass screws, mm.
    pub screw_diameter: f64,
    /// Diameter of their core, mm.
    pub screw_core: f64,
    /// Outer diameter of the occipital screws, mm.
    pub occipital_diameter: f64,
    /// Diameter of their core, mm.
    pub occipital_core: f64,
    /// Diameter of wires, mm.
    pub wire_diameter: f64,
    /// Young's modulus, MPa.
    pub modulus: f64,
    /// Poisson's ratio.
    pub poisson: f64,
    /// Yield strength, MPa.
    pub yield_strength: f64,
    /// Fatigue strength, MPa.
    pub fatigue_strength: f64,
}

/// Fault of a construct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong with it.
    pub kind: FaultKind,
    /// Name of the screw or rod, as printed.
    pub member: String,
}

/// What is wrong with a screw or rod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not there.
    Missing,
    /// A wire stands in place of the screw: it pulls and does not push.
    Wire,
}

impl Fixation {
    /// Name of a screw into a vertebra from behind.
    pub fn screw(level: Level, side: Side) -> String {
        format!("{} screw {}", level.name(), side.name())
    }

    /// Name of a screw into the occiput.
    pub fn occipital_screw(side: Side) -> String {
        format!("C0 screw {}", side.name())
    }

    /// Name of a screw through the implant.
    pub fn implant_screw(level: Level, side: Side) -> String {
        format!("{} implant screw {}", level.name(), side.name())
    }

    /// Name of a rod.
    pub fn rod(side: Side) -> String {
        format!("rod {}", side.name())
    }

    /// Diameter of the core of a screw through the implant with this outer diameter, mm: its thread is as deep as that of the
    /// lateral mass screws.
    pub fn implant_core(&self, outer: f64) -> f64 {
        outer - (self.screw_diameter - self.screw_core)
    }

    /// Names of all screws and rods of the construct without its faults.
    pub fn members(&self) -> Vec<String> {
        let mut names = Vec::new();
        for side in Side::BOTH {
            if self.rods {
                names.extend(self.occiput.then(|| Self::occipital_screw(side)));
                names.extend(self.levels.iter().map(|l| Self::screw(*l, side)));
                names.push(Self::rod(side));
            }
            names.extend(self.implant_screws.iter().map(|l| Self::implant_screw(*l, side)));
        }
        names
    }

    /// What is wrong with the member of that name.
    pub fn fault(&self, member: &str) -> Option<FaultKind> {
        self.faults.iter().find(|f| f.member == member).map(|f| f.kind)
    }

    /// Whether a rod or a screw through the implant is there.
    pub fn resists_moments(&self) -> bool {
        let bridges = |name: &String| name.starts_with("rod") || name.contains("implant screw");
        self.members().iter().any(|name| bridges(name) && self.fault(name).is_none())
    }

    /// The construct in words: levels, screws through the implant, faults.
    pub fn described(&self) -> String {
        let mut parts = Vec::new();
        if self.rods {
            let top = self.occiput.then_some("C0").into_iter();
            let levels: Vec<&str> = top.chain(self.levels.iter().map(|l| l.name())).collect();
            parts.push(format!("screws and rods, {}", levels.join(", ")));
        } else {
            parts.push("no posterior fixation".to_string());
        }
        if !self.implant_screws.is_empty() {
            let into: Vec<&str> = self.implant_screws.iter().map(|l| l.name()).collect();
            parts.push(format!("screws through the implant into {}", into.join(" and ")));
        }
        for f in &self.faults {
            parts.push(match f.kind {
                FaultKind::Missing => format!("missing {}", f.member),
                FaultKind::Wire => format!("wire instead of {}", f.member),
            });
        }
        parts.join("; ")
    }
}

/// The fixation of a case file with its faults.
pub(crate) fn read(r: &Reader<'_>) -> Fixation {
    let named = |path: &str, allowed: &[&str], otherwise: &[&str]| -> Vec<String> {
        if r.has(path) {
            r.words(path, allowed)
        } else {
            otherwise.iter().map(|s| (*s).to_string()).collect()
        }
    };
    let optional = |path: &str, otherwise: f64| {
        if r.has(path) { length(r, path, 0.3, 8.0) } else { otherwise }
    };
    let resected = r.is_word("implant.replaces", "C2-C3");
    let below: &[&str] = if resected { &["C1", "C4"] } else { &["C1", "C3", "C4"] };
    let levels = named("fixation.levels", &["C0", "C1", "C3", "C4"], below);
    let into = named("fixation.implant_screws", &["C1", "C3"], &[]);
    let has = |names: &[String]| -> Vec<Level> {
        Level::ALL.into_iter().filter(|l| names.iter().any(|n| n == l.name())).collect()
    };
    let screw = length(r, "fixation.screw_diameter", 1.0, 8.0);
    let occipital = optional("fixation.occipital_screw_diameter", 4.0);
    let core = |path: &str, outer: f64| {
        let core = optional(path, (outer - 2.0 * THREAD_DEPTH).max(0.5 * outer));
        if outer <= core {
            r.problem(
                path,
                format!("a core of {core} mm is as wide as its screw of {outer} mm"),
                "the core is the outer diameter less twice the depth of the thread",
            );
        }
        core
    };
    let (screw_core, occipital_core) =
        (core("fixation.screw_core_diameter", screw), core("fixation.occipital_core_diameter", occipital));
    let mut fixation = Fixation {
        rods: r.flag("fixation.rods"),
        occiput: levels.iter().any(|l| l == "C0"),
        levels: has(&levels),
        implant_screws: has(&into),
        faults: Vec::new(),
        rod_diameter: length(r, "fixation.rod_diameter", 1.0, 8.0),
        rod_offset: length(r, "fixation.rod_offset", 0.0, 30.0),
        screw_diameter: screw,
        screw_core,
        occipital_diameter: occipital,
        occipital_core,
        wire_diameter: optional("fixation.wire_diameter", 1.0),
        modulus: modulus(r, "fixation.modulus"),
        poisson: r.number("fixation.poisson", POISSON),
        yield_strength: r.quantity("fixation.yield_strength", Dimension::Stress, Range::Within(10.0, 3000.0)),
        fatigue_strength: r.quantity(
            "fixation.fatigue_strength",
            Dimension::Stress,
            Range::Within(1.0, 3000.0),
        ),
    };
    if levels.len() < 2 && r.has("fixation.levels") {
        r.problem(
            "fixation.levels",
            "rods need screws in at least two levels".into(),
            "for instance levels = [\"C1\", \"C3\", \"C4\"]; \"C0\" is the occiput; or rods = false",
        );
    }
    if resected && fixation.rods && fixation.levels.contains(&Level::C3) {
        r.problem(
            "fixation.levels",
            "C3 is resected (implant.replaces = \"C2-C3\"): no screw can be in it".into(),
            "for instance levels = [\"C1\", \"C4\"]",
        );
    }
    faults(r, &mut fixation);
    fixation
}

fn faults(r: &Reader<'_>, fixation: &mut Fixation) {
    let known = fixation.members();
    for i in r.tables("fault") {
        let (kind_at, member_at) = (format!("fault.{i}.kind"), format!("fault.{i}.member"));
        let _ = r.has(&format!("fault.{i}.source"));
        let word = r.choice(&kind_at, &["missing", "wire"]);
        let kind = if word == "wire" { FaultKind::Wire } else { FaultKind::Missing };
        let member = r.text(&member_at);
        if member.is_empty() {
            continue;
        }
        if !known.contains(&member) {
            let hint = if known.is_empty() {
                "the case has neither rods nor screws: set fixation.rods or fixation.implant_screws"
                    .to_string()
            } else {
                format!("one of: {}", known.join(", "))
            };
            r.problem(&member_at, format!("the construct has no member `{member}`"), &hint);
        } else if fixation.fault(&member).is_some() {
            r.problem(&member_at, format!("`{member}` has two faults"), "keep one of them");
        } else if kind == FaultKind::Wire && (member.starts_with("rod") || member.contains("implant")) {
            r.problem(
                &member_at,
                format!("a wire cannot stand in place of `{member}`"),
                "a wire ties a rod to a vertebra in place of a lateral mass screw",
            );
        } else if kind == FaultKind::Wire && member.starts_with("C0") {
            r.problem(
                &member_at,
                format!("a wire in place of `{member}` is not modelled"),
                "the occiput is rigid: use kind = \"missing\"",
            );
        } else {
            fixation.faults.push(Fault { kind, member });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::case::Case;
    use crate::document::Document;
    use crate::library;

    /// Problems of the default case with this text added.
    fn problems(edit: impl Fn(String) -> String) -> Vec<String> {
        let text = edit(library::CATALOG[0].text.to_string());
        let document = Document::parse(&text).expect("TOML");
        match Case::from_document(&document) {
            Ok(_) => Vec::new(),
            Err(problems) => problems
                .iter()
                .map(|p| crate::diagnostic::render("case.toml", &text, std::slice::from_ref(p)))
                .collect(),
        }
    }

    fn fault(kind: &str, member: &str) -> Vec<String> {
        problems(|t| {
            format!("{t}\n[[fault]]\nkind = \"{kind}\"\nmember = \"{member}\"\nsource = \"a test\"\n")
        })
    }

    #[test]
    fn a_fault_names_a_screw_or_rod_of_the_construct() {
        for (kind, member) in
            [("missing", "C3 screw left"), ("missing", "rod right"), ("wire", "C4 screw right")]
        {
            assert_eq!(fault(kind, member), [""; 0], "{kind} {member}");
        }
        let said = fault("missing", "C5 screw left").join("\n");
        assert!(said.contains("the construct has no member `C5 screw left`"), "{said}");
        assert!(said.contains("one of: C1 screw left, C3 screw left"), "{said}");
        assert!(said.contains("case.toml:"), "the line is named: {said}");
        let said = fault("wire", "rod left").join("\n");
        assert!(said.contains("a wire cannot stand in place of `rod left`"), "{said}");
        let said = fault("broken", "rod left").join("\n");
        assert!(said.contains("missing, wire"), "{said}");
    }

    /// The default case with entries replaced.
    fn edited(changes: &'static [(&str, &str)]) -> impl Fn(String) -> String {
        move |t| {
            let edit = |l: &str| {
                let change = changes.iter().find(|(key, _)| l.split('=').next().map(str::trim) == Some(key));
                change.map_or(l.to_string(), |(_, with)| (*with).to_string())
            };
            t.lines().map(edit).collect::<Vec<_>>().join("\n")
        }
    }

    #[test]
    fn moments_meet_a_rod_or_a_screw_through_the_implant() {
        let document = Document::parse(library::CATALOG[0].text).expect("TOML");
        let mut fixation = Case::from_document(&document).expect("sound").fixation;
        fixation.implant_screws.clear();
        assert!(fixation.resists_moments());
        let missing = |member: &str| super::Fault { kind: super::FaultKind::Missing, member: member.into() };
        fixation.faults = vec![missing("rod left"), missing("rod right")];
        assert!(!fixation.resists_moments());
        fixation.implant_screws = vec![super::Level::C3];
        assert!(fixation.resists_moments());
        (fixation.rods, fixation.faults) = (false, vec![missing("C3 implant screw left")]);
        assert!(fixation.resists_moments());
    }

    #[test]
    fn a_screw_in_a_resected_bone_is_refused() {
        let said = problems(edited(&[("replaces", "replaces = \"C2-C3\"")])).join("\n");
        assert!(said.contains("C3 is resected"), "{said}");
        let both = edited(&[("replaces", "replaces = \"C2-C3\""), ("levels", "levels = [\"C1\", \"C4\"]")]);
        assert_eq!(problems(both), [""; 0]);
    }

    #[test]
    fn the_core_of_a_screw_is_thinner_than_its_thread() {
        let said =
            problems(edited(&[("screw_core_diameter", "screw_core_diameter = \"3.5 mm\"")])).join("\n");
        assert!(said.contains("as wide as its screw"), "{said}");
        let text = edited(&[("screw_core_diameter", ""), ("occipital_core_diameter", "")])(
            library::CATALOG[0].text.to_string(),
        );
        let case = Case::from_document(&Document::parse(&text).expect("TOML")).expect("sound");
        // Thread 0.5 mm deep where nothing is said.
        assert_eq!((case.fixation.screw_core, case.fixation.occipital_core), (2.5, 3.0));
        assert_eq!(case.fixation.implant_core(3.0), 2.0);
    }

    #[test]
    fn levels_are_those_of_the_field_and_two_at_least() {
        let with =
            |levels: &str| {
                problems(|t| {
                    t.lines()
                        .map(|l| {
                            if l.starts_with("levels =") {
                                format!("levels = {levels}")
                            } else {
                                l.to_string()
                            }
                        })
                        .collect::<Vec<_>>()
                        .join("\n")
                })
            };
        assert_eq!(with("[\"C0\", \"C3\", \"C4\"]"), [""; 0]);
        assert!(with("[\"C3\"]").join("\n").contains("at least two levels"));
        assert!(with("[\"C2\", \"C3\"]").join("\n").contains("one of: C0, C1, C3, C4"));
    }
}
