//! Decks for Dakota from the uncertain inputs of a case.

use crate::failure::Failure;
use crate::uncertainty::Shape;
use crate::uncertainty::distribution::shown;
use crate::uncertainty::input::Input;
use std::fmt::Write as _;

/// Method of a deck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Study {
    /// Latin hypercube sampling.
    Lhs,
    /// Variance-based decomposition: n (k + 2) runs.
    Vbd,
    /// Elementary effects of Morris, as PSUADE samples them.
    Moat,
    /// Every combination of n values of each input.
    Grid,
    /// The runs of our own Latin hypercube, one after the other.
    List,
    /// Convergence with the edge of the mesh: three runs, each edge half as long.
    Richardson,
}

/// Name of the file of a list.
pub const POINTS: &str = "points.dat";

/// What a deck asks.
#[derive(Debug, Clone)]
pub struct Deck<'a> {
    /// Method.
    pub study: Study,
    /// Size of the method.
    pub n: usize,
    /// Start of all draws.
    pub seed: u64,
    /// Inputs.
    pub inputs: &'a [Input],
    /// Quantiles of the runs of a list.
    pub list: &'a [Vec<f64>],
    /// Names of results.
    pub responses: &'a [String],
    /// Words that start the driver, without files.
    pub driver: &'a str,
    /// Evaluations at once.
    pub jobs: usize,
    /// Entry of the edge of the mesh with its value, mm.
    pub edge: (&'a str, f64),
}

/// Name of an input in a deck.
pub fn descriptor(name: &str) -> String {
    name.replace('.', "__").replace('-', "_")
}

impl Deck<'_> {
    /// The deck.
    ///
    /// # Errors
    /// Words among the inputs of a method that takes numbers alone; exit 2.
    pub fn text(&self) -> Result<String, Failure> {
        let numbers: Vec<&Input> =
            self.inputs.iter().filter(|i| i.distribution.categories().is_empty()).collect();
        let words: Vec<&Input> =
            self.inputs.iter().filter(|i| !i.distribution.categories().is_empty()).collect();
        let ranged = matches!(self.study, Study::Moat | Study::Grid | Study::Richardson);
        if ranged && self.study != Study::Richardson && !words.is_empty() {
            let names: Vec<&str> = words.iter().map(|i| i.name.as_str()).collect();
            return Err(Failure::input(format!(
                "this method of Dakota takes numbers, and `{}` takes words\n  = hint: use lhs, vbd or list, or name the inputs with --input",
                names.join("`, `")
            )));
        }
        let mut t = String::from(
            "# Written by `dens dakota-deck`. JSON keeps all digits of the inputs; a tag keeps evaluations apart;\n# a failed run becomes NaN, which Dakota leaves out of its statistics and names in its output.\n",
        );
        let _ = writeln!(
            t,
            "environment\n  tabular_data\n    tabular_data_file 'dakota_tabular.dat'\n    custom_annotated header eval_id\n\nmethod"
        );
        self.method(&mut t, numbers.len());
        let _ = writeln!(t, "\nvariables");
        if self.study == Study::Richardson {
            let _ = writeln!(
                t,
                "  continuous_state = 1\n    initial_state = {}\n    descriptors = '{}'",
                self.edge.1,
                descriptor(self.edge.0)
            );
        } else if ranged {
            block(
                &mut t,
                "continuous_design",
                &numbers,
                &[("lower_bounds", &|i| quantile(i, 0.05)), ("upper_bounds", &|i| quantile(i, 0.95))],
            );
        } else {
            spreads(&mut t, &numbers);
            discrete(&mut t, &words);
        }
        let _ = writeln!(
            t,
            "\ninterface\n  fork\n    analysis_drivers = '{}'\n    parameters_file = 'params.json'\n    parameters_format json\n    results_file = 'results.out'\n    file_tag\n  asynchronous evaluation_concurrency = {}\n  failure_capture recover{}",
            self.driver,
            self.jobs,
            " NaN".repeat(self.responses.len())
        );
        let names: Vec<String> = self.responses.iter().map(|r| format!("'{}'", descriptor(r))).collect();
        let _ = writeln!(
            t,
            "\nresponses\n  response_functions = {}\n    descriptors = {}\n  no_gradients\n  no_hessians",
            names.len(),
            names.join(" ")
        );
        Ok(t)
    }

    /// Points of a list, a row each, words too: within the deck itself Dakota takes numbers alone.
    pub fn points(&self) -> String {
        // Dakota takes the variables by kind: normal, lognormal, uniform, log-uniform, triangular, words.
        let order = by_kind(self.inputs);
        let row = |u: &Vec<f64>| {
            let one = |i: &usize| {
                let d = &self.inputs[*i].distribution;
                let value = d.value(u[*i]);
                if d.categories().is_empty() { number(&value) } else { shown(&value) }
            };
            order.iter().map(one).collect::<Vec<_>>().join(" ") + "\n"
        };
        self.list.iter().map(row).collect()
    }

    fn method(&self, t: &mut String, k: usize) {
        let (n, seed) = (self.n, self.seed.max(1));
        let _ = match self.study {
            Study::Lhs => {
                writeln!(t, "  sampling\n    sample_type lhs\n    samples = {n}\n    seed = {seed}")
            }
            Study::Vbd => writeln!(
                t,
                "  sampling\n    sample_type lhs\n    samples = {n}\n    seed = {seed}\n    variance_based_decomp"
            ),
            Study::Moat => {
                let samples = n * (k + 1);
                writeln!(t, "  psuade_moat\n    partitions = 3\n    samples = {samples}\n    seed = {seed}")
            }
            Study::Grid => {
                let partitions = vec![(n.max(2) - 1).to_string(); k].join(" ");
                writeln!(t, "  multidim_parameter_study\n    partitions = {partitions}")
            }
            Study::List => {
                writeln!(t, "  list_parameter_study\n    import_points_file = '{POINTS}'\n      freeform")
            }
            Study::Richardson => {
                writeln!(
                    t,
                    "  richardson_extrap\n    estimate_order\n    refinement_rate = 2.0\n    convergence_tolerance = 1e-4\n    max_iterations = 1"
                )
            }
        };
    }
}

fn number(value: &crate::document::Value) -> String {
    use crate::uncertainty::distribution::Measured;
    Measured::read(value).map_or_else(String::new, |m| m.number.to_string())
}

fn quantile(i: &Input, u: f64) -> f64 {
    crate::uncertainty::distribution::six_digits(i.distribution.quantile(u))
}

fn kind(i: &Input) -> usize {
    match i.distribution.shape {
        Shape::Normal(..) => 0,
        Shape::LogNormal(..) => 1,
        Shape::Uniform(..) => 2,
        Shape::LogUniform(..) => 3,
        Shape::Triangular(..) => 4,
        Shape::Discrete(..) => 5,
    }
}

fn by_kind(inputs: &[Input]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..inputs.len()).collect();
    order.sort_by_key(|i| (kind(&inputs[*i]), *i));
    order
}

type Of<'a> = &'a dyn Fn(&Input) -> f64;

fn block(t: &mut String, name: &str, inputs: &[&Input], rows: &[(&str, Of<'_>)]) {
    if inputs.is_empty() {
        return;
    }
    let _ = writeln!(t, "  {name} = {}", inputs.len());
    for (key, of) in rows {
        let values: Vec<String> = inputs.iter().map(|i| of(i).to_string()).collect();
        let _ = writeln!(t, "    {key} = {}", values.join(" "));
    }
    let names: Vec<String> = inputs.iter().map(|i| format!("'{}'", descriptor(&i.name))).collect();
    let _ = writeln!(t, "    descriptors = {}", names.join(" "));
}

fn spreads(t: &mut String, inputs: &[&Input]) {
    let of = |k: usize| -> Vec<&Input> { inputs.iter().copied().filter(|i| kind(i) == k).collect() };
    let first: Of<'_> = &|i| match &i.distribution.shape {
        Shape::Normal(a, _) | Shape::LogNormal(a, _) | Shape::Uniform(a, _) | Shape::LogUniform(a, _) => *a,
        Shape::Triangular(a, ..) => *a,
        Shape::Discrete(..) => f64::NAN,
    };
    let second: Of<'_> = &|i| match &i.distribution.shape {
        Shape::Normal(_, b) | Shape::LogNormal(_, b) | Shape::Uniform(_, b) | Shape::LogUniform(_, b) => *b,
        Shape::Triangular(_, b, _) => *b,
        Shape::Discrete(..) => f64::NAN,
    };
    // Dakota wants ends for all or none: where there are none, six deviations away.
    let low: Of<'_> = &|i| {
        let (m, s) = (first(i), second(i));
        let least = if kind(i) == 1 { 0.0 } else { m - 6.0 * s };
        if i.distribution.ends[0].is_finite() { i.distribution.ends[0] } else { least }
    };
    let high: Of<'_> = &|i| {
        if i.distribution.ends[1].is_finite() { i.distribution.ends[1] } else { first(i) + 6.0 * second(i) }
    };
    for (k, name) in ["normal_uncertain", "lognormal_uncertain"].into_iter().enumerate() {
        let rows: [(&str, Of<'_>); 4] =
            [("means", first), ("std_deviations", second), ("lower_bounds", low), ("upper_bounds", high)];
        block(t, name, &of(k), &rows);
    }
    for (k, name) in ["uniform_uncertain", "loguniform_uncertain"].into_iter().enumerate() {
        block(t, name, &of(k + 2), &[("lower_bounds", first), ("upper_bounds", second)]);
    }
    let rows: [(&str, Of<'_>); 3] = [("modes", second), ("lower_bounds", low), ("upper_bounds", high)];
    block(t, "triangular_uncertain", &of(4), &rows);
}

fn discrete(t: &mut String, inputs: &[&Input]) {
    if inputs.is_empty() {
        return;
    }
    let _ = writeln!(t, "  discrete_uncertain_set\n    string = {}", inputs.len());
    let mut counts = Vec::new();
    let (mut elements, mut shares) = (Vec::new(), Vec::new());
    for i in inputs {
        let Shape::Discrete(values, own) = &i.distribution.shape else { continue };
        counts.push(values.len().to_string());
        // Dakota wants them sorted.
        let mut both: Vec<(String, f64)> = values.iter().map(shown).zip(own.iter().copied()).collect();
        both.sort_by(|a, b| a.0.cmp(&b.0));
        elements.extend(both.iter().map(|(v, _)| format!("'{v}'")));
        shares.extend(both.iter().map(|(_, s)| s.to_string()));
    }
    let names: Vec<String> = inputs.iter().map(|i| format!("'{}'", descriptor(&i.name))).collect();
    let _ = writeln!(
        t,
        "      elements_per_variable = {}\n      elements = {}\n      set_probabilities = {}\n      descriptors = {}",
        counts.join(" "),
        elements.join(" "),
        shares.join(" "),
        names.join(" ")
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uncertainty::input;

    #[test]
    fn a_deck_asks_for_json_tags_and_nan() {
        let inputs = input::of(&[]).expect("sound");
        let responses = ["construct-stiffness".to_string(), "strut-stress".to_string()];
        let deck = Deck {
            study: Study::Lhs,
            n: 40,
            seed: 7,
            inputs: &inputs,
            list: &[],
            responses: &responses,
            driver: "dens dakota-driver --template case.toml",
            jobs: 2,
            edge: ("mesh.edge_draft", 3.2),
        };
        let text = deck.text().expect("sound");
        for word in [
            "parameters_format json",
            "file_tag",
            "recover NaN NaN",
            "samples = 40",
            "lognormal_uncertain = 1",
            "triangular_uncertain = 2",
            "elements = 'keller1994' 'keyak' 'kopperdahl2002-qct'",
            "'construct_stiffness' 'strut_stress'",
            "no_gradients",
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
        let said = Deck { study: Study::Moat, ..deck.clone() }.text().expect_err("words");
        assert!(said.message.contains("density-law"));
        assert!(
            Deck { study: Study::Richardson, ..deck }.text().expect("sound").contains("'mesh__edge_draft'")
        );
    }
}
