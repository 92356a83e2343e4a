//! `[optimise]` of a case: variables, objectives, constraints, budget.

use crate::case::{Design, length};
use crate::reader::Reader;
use dens_mesher::catalog::Range;
use dens_mesher::units::Dimension;

/// How designs are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// Bayesian, several objectives, few variables.
    Bayes,
    /// Adjoint gradients, one objective, the density of every cell.
    Gradient,
}

impl Engine {
    /// Name as written.
    pub fn name(self) -> &'static str {
        ["bayes", "gradient"][self as usize]
    }
}

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Objective {
    /// Mean unloading of C1 and the caudal bone, 0 to 1.
    Shielding,
    /// 95th percentile of compressive strain under the implant over the yield strain.
    Subsidence,
    /// Excess of the lattice's modulus over the target.
    Stiffness,
    /// Mass of the implant.
    Mass,
}

impl Objective {
    /// All, in the order of the history.
    pub const ALL: [Self; 4] = [Self::Shielding, Self::Subsidence, Self::Stiffness, Self::Mass];

    /// Name as written.
    pub fn name(self) -> &'static str {
        ["shielding", "subsidence", "stiffness", "mass"][self as usize]
    }

    /// Unit.
    pub fn unit(self) -> &'static str {
        ["1", "1", "1", "g"][self as usize]
    }
}

/// What a design must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Constraint {
    /// Stress of the lattice times the safety factor below its yield.
    Strength,
    /// Stress of the lattice below the share of its yield that lasts.
    Fatigue,
    /// Pores as printed between `design.pore_min` and `design.pore_max`.
    Pores,
    /// Struts as printed of at least `design.strut_min`.
    Printability,
    /// So many cells across the implant that a cell may stand for a material.
    Scale,
    /// Share of every contact face that moves less than the limit on day 1.
    Micromotion,
}

impl Constraint {
    /// All, in the order of the history.
    pub const ALL: [Self; 6] =
        [Self::Strength, Self::Fatigue, Self::Pores, Self::Printability, Self::Scale, Self::Micromotion];

    /// Name as written.
    pub fn name(self) -> &'static str {
        ["strength", "fatigue", "pores", "printability", "scale", "micromotion"][self as usize]
    }

    /// Whether it follows from the shape of the cell alone, without finite elements.
    pub fn is_geometric(self) -> bool {
        matches!(self, Self::Pores | Self::Printability | Self::Scale)
    }
}

/// What the densities of a design are densities of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Grading {
    /// All of the lattice.
    Uniform,
    /// Its lower and upper end.
    Linear,
    /// Contact faces, core, screw walls.
    Zones {
        /// mm.
        depth: f64,
        /// mm.
        blend: f64,
    },
}

impl Grading {
    /// Names of the densities.
    pub fn densities(self) -> &'static [&'static str] {
        match self {
            Self::Uniform => &["relative_density"],
            Self::Linear => &["density_lower", "density_upper"],
            Self::Zones { .. } => &["density_endplate", "density_core", "density_screws"],
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// How designs are found.
    pub engine: Engine,
    /// Lattice cells to choose from.
    pub cells: Vec<String>,
    /// Least and largest relative density as drawn.
    pub relative_density: [f64; 2],
    /// Least and largest cell size, mm.
    pub cell_size: [f64; 2],
    /// What the densities are of.
    pub grading: Grading,
    /// Thickness printed less drawn, mm.
    pub strut_bias: f64,
    /// What is minimised, at least one.
    pub objectives: Vec<Objective>,
    /// What must hold.
    pub constraints: Vec<Constraint>,
    /// Least number of cells across the lower contact face.
    pub cells_across: f64,
    /// Designs evaluated in all; of the gradient engine: iterations.
    pub budget: usize,
    /// Designs of the Latin hypercube at the start.
    pub initial: usize,
    /// Seed.
    pub seed: u64,
    /// Radius of the filter of densities, mm.
    pub filter_radius: f64,
    /// Largest mean relative density of the lattice, gradient engine.
    pub mean_density: f64,
}

impl Spec {
    /// What is asked where a case says nothing: the limits of its design loop, all objectives, 24 designs.
    pub fn of_design(design: &Design) -> Self {
        let [low, high] = design.relative_density;
        Self {
            engine: Engine::Bayes,
            cells: design.cells.clone(),
            relative_density: [low, high],
            cell_size: [1.0, 2.5],
            grading: Grading::Uniform,
            strut_bias: 0.0,
            objectives: Objective::ALL.to_vec(),
            constraints: Constraint::ALL[..5].to_vec(),
            cells_across: 3.0,
            budget: 24,
            initial: 8,
            seed: 1,
            filter_radius: 3.0,
            mean_density: 0.5 * (low + high),
        }
    }
}

/// Reads `[optimise]`; none where the case has none.
pub fn read(r: &Reader<'_>, design: &Design, cells: &[&str]) -> Option<Spec> {
    const TABLE: &str = "optimise";
    let path = |name: &str| format!("{TABLE}.{name}");
    if !r.has_table(TABLE) {
        return None;
    }
    let given = |name: &str| r.has(&path(name));
    let mut spec = Spec::of_design(design);
    if given("engine") && r.choice(&path("engine"), &["bayes", "gradient"]) == "gradient" {
        spec.engine = Engine::Gradient;
    }
    if given("cells") {
        spec.cells = r.choices(&path("cells"), cells);
    }
    let density = Range::Within(0.05, 0.9);
    if given("relative_density_min") || given("relative_density_max") {
        spec.relative_density = [
            r.number(&path("relative_density_min"), density),
            r.number(&path("relative_density_max"), density),
        ];
    }
    if given("cell_size_min") || given("cell_size_max") {
        spec.cell_size =
            [length(r, &path("cell_size_min"), 0.3, 10.0), length(r, &path("cell_size_max"), 0.3, 10.0)];
    }
    for (name, [low, high]) in [("relative_density", spec.relative_density), ("cell_size", spec.cell_size)] {
        if high <= low {
            r.problem(
                &path(&format!("{name}_min")),
                format!("`{TABLE}.{name}_min` is not below the maximum"),
                "give a range, or leave both out for that of the design loop",
            );
        }
    }
    let zones = ["zone_depth", "zone_blend"].map(&given);
    if given("grading") {
        spec.grading = match r.choice(&path("grading"), &["uniform", "linear", "zones"]).as_str() {
            "linear" => Grading::Linear,
            "zones" => Grading::Zones {
                depth: length(r, &path("zone_depth"), 0.0, 20.0),
                blend: length(r, &path("zone_blend"), 0.5, 20.0),
            },
            _ => Grading::Uniform,
        };
    }
    if zones.contains(&true) && !matches!(spec.grading, Grading::Zones { .. }) {
        let which = if zones[0] { "zone_depth" } else { "zone_blend" };
        r.problem(
            &path(which),
            format!("`{TABLE}.{which}` belongs to grading = \"zones\""),
            "remove it, or grade by zones",
        );
    }
    if given("strut_bias") {
        spec.strut_bias = r.quantity(&path("strut_bias"), Dimension::Length, Range::Within(-0.3, 0.5));
    }
    if given("objectives") {
        let words = r.choices(&path("objectives"), &Objective::ALL.map(Objective::name));
        spec.objectives =
            Objective::ALL.into_iter().filter(|o| words.iter().any(|w| w == o.name())).collect();
    }
    if given("constraints") {
        let words = r.words(&path("constraints"), &Constraint::ALL.map(Constraint::name));
        spec.constraints =
            Constraint::ALL.into_iter().filter(|c| words.iter().any(|w| w == c.name())).collect();
    }
    if given("cells_across_min") {
        spec.cells_across = r.number(&path("cells_across_min"), Range::Within(1.0, 20.0));
    }
    if given("budget") {
        spec.budget = r.count(&path("budget"), 1);
    }
    if given("initial") {
        spec.initial = r.count(&path("initial"), 2);
    }
    if given("seed") {
        spec.seed = r.count(&path("seed"), 0) as u64;
    }
    if given("filter_radius") {
        spec.filter_radius = length(r, &path("filter_radius"), 0.1, 20.0);
    }
    if given("mean_density") {
        spec.mean_density = r.number(&path("mean_density"), density);
    }
    if spec.engine == Engine::Gradient && 1 < spec.cells.len() && given("cells") {
        r.problem(
            &path("cells"),
            "a gradient knows no choice of cells".into(),
            "name one, or use engine = \"bayes\"",
        );
    }
    spec.cells.truncate(if spec.engine == Engine::Gradient { 1 } else { usize::MAX });
    Some(spec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::document::Document;
    use crate::library;

    fn case(table: &str) -> Result<Case, Vec<String>> {
        let text = format!("{}\n[optimise]\n{table}", library::find("tiny").expect("embedded").text);
        let document = Document::parse(&text).expect("TOML");
        Case::from_document(&document).map_err(|p| p.into_iter().map(|p| p.message).collect())
    }

    #[test]
    fn what_is_left_out_comes_from_the_design_loop() {
        assert_eq!(Case::embedded("tiny").expect("sound").optimise, None);
        let case = case("seed = 7\nobjectives = [\"mass\", \"shielding\"]\n").expect("sound");
        let spec = case.optimise.expect("read");
        assert_eq!(spec.relative_density, case.design.relative_density);
        assert_eq!((spec.seed, spec.engine), (7, Engine::Bayes));
        assert_eq!(spec.objectives, [Objective::Shielding, Objective::Mass]);
    }

    #[test]
    fn unknown_and_wrong_entries_are_refused_all_at_once() {
        let found = case("sed = 7\nobjectives = [\"weight\"]\ncell_size_min = \"2 mm\"\ncell_size_max = \"1 mm\"\nsource = \"x\"\n")
            .expect_err("three problems");
        for word in ["`sed`", "`weight`", "cell_size_min"] {
            assert!(found.iter().any(|m| m.contains(word)), "{word}: {found:?}");
        }
    }
}
