//! From inputs and a method to a sweep: which values each run takes.

use super::distribution::{Shape, six_digits, with_unit};
use super::input::{Input, Target};
use super::screening::{self, Trajectories};
use super::{indices, order};
use crate::case::{Case, Quality};
use crate::document::Value;
use crate::failure::Failure;
use crate::pipeline::lattice::Drawn;
use crate::sweep::Spec;
use crate::sweep::sample::{Draws, stratified};
use crate::sweep::spec::{Keep, Parameter, SCHEMA, Sampling};
use dens_mesher::units::{self, Dimension};
use std::fmt::Write as _;

/// What is asked of the spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Each input alone at its 5 % and 95 % quantile: 2 k + 1 runs.
    Tornado,
    /// Elementary effects along trajectories: -n trajectories of k + 1 runs, 10 by default.
    Morris,
    /// Latin hypercube: distributions and correlations of the results; 100 runs by default.
    Lhs,
    /// Shares of variance on a stand-in fitted to a Latin hypercube of -n runs, 150 by default, and checked on a quarter as many others.
    Sobol,
    /// Independent draws for the bound of 95 % of all with 95 % confidence: 59 runs by default, 93 to bear one that fails.
    Bound,
}

impl Method {
    /// Name as typed.
    pub fn name(self) -> &'static str {
        ["tornado", "morris", "lhs", "sobol", "bound"][self as usize]
    }
}

/// Inputs, the quantiles they take in each run, and what the method makes of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Method.
    pub method: Method,
    /// Start of all draws.
    pub seed: u64,
    /// What spreads.
    pub inputs: Vec<Input>,
    /// Quantile of each input, run by run.
    pub quantiles: Vec<Vec<f64>>,
    /// Moves between runs, for screening.
    pub trajectories: Option<Trajectories>,
    /// Runs at the end that no stand-in is fitted to.
    pub held_out: usize,
}

impl Design {
    /// Runs of a method.
    ///
    /// - `n`: as the method means it; its default where absent
    ///
    /// # Errors
    /// Too few runs for the method, or too many inputs; exit 2.
    pub fn new(method: Method, inputs: Vec<Input>, n: Option<usize>, seed: u64) -> Result<Self, Failure> {
        let k = inputs.len();
        let mut design =
            Self { method, seed, inputs, quantiles: Vec::new(), trajectories: None, held_out: 0 };
        let (least, default) = match method {
            Method::Tornado => (1, 1),
            Method::Morris => (2, 10),
            Method::Lhs => (2, 100),
            Method::Sobol => (k + 8, 150),
            Method::Bound => (2, order::runs(1, order::SHARE, order::SHARE)),
        };
        let n = n.unwrap_or(default);
        if n < least {
            return Err(Failure::input(format!("`{}` needs -n {least} or more", method.name())));
        }
        if method == Method::Sobol && indices::MOST < k {
            return Err(Failure::input(format!("shares of variance take {} inputs at most", indices::MOST)));
        }
        design.quantiles = match method {
            Method::Tornado => {
                let mut rows = vec![vec![0.5; k]];
                for i in 0..k {
                    for u in [0.05, 0.95] {
                        let mut row = vec![0.5; k];
                        row[i] = u;
                        rows.push(row);
                    }
                }
                rows
            }
            Method::Morris => {
                let t = screening::trajectories(n, k, seed);
                let rows = t.points.clone();
                design.trajectories = Some(t);
                rows
            }
            Method::Lhs => design.hypercube(seed, n),
            Method::Sobol => {
                design.held_out = n.div_ceil(4).max(10);
                let mut rows = design.hypercube(seed, n);
                rows.extend(design.hypercube(seed.wrapping_add(1), design.held_out));
                rows
            }
            Method::Bound => {
                let mut draws: Vec<Draws> =
                    design.inputs.iter().map(|i| Draws::new(seed, &format!("bound/{}", i.name))).collect();
                (0..n).map(|_| draws.iter_mut().map(Draws::unit).collect()).collect()
            }
        };
        Ok(design)
    }

    fn hypercube(&self, seed: u64, n: usize) -> Vec<Vec<f64>> {
        let columns: Vec<Vec<f64>> = self.inputs.iter().map(|i| stratified(seed, &i.name, n)).collect();
        (0..n).map(|r| columns.iter().map(|c| c[r]).collect()).collect()
    }

    /// The sweep of these runs.
    ///
    /// # Errors
    /// A strut bias on a lattice that cannot be drawn; exit 2.
    pub fn spec(&self, case: &Case, quality: Quality) -> Result<Spec, Failure> {
        let parameters: Result<Vec<Parameter>, Failure> = self
            .inputs
            .iter()
            .enumerate()
            .map(|(i, input)| {
                let quantiles = self.quantiles.iter().map(|row| row[i]);
                let (path, values) = match &input.target {
                    Target::Entry(path) => {
                        (path.clone(), quantiles.map(|u| input.distribution.value(u)).collect())
                    }
                    // The template holds the judged load alone.
                    Target::JudgedLoad => {
                        ("load.0.axial".to_string(), quantiles.map(|u| input.distribution.value(u)).collect())
                    }
                    Target::StrutBias => {
                        let strut = Strut::new(case)?;
                        let in_mm = |u: f64| {
                            let written = with_unit(input.distribution.quantile(u), &input.distribution.unit);
                            let Value::Text(t) = written else { return f64::NAN };
                            units::parse(&t, Dimension::Length).unwrap_or(f64::NAN)
                        };
                        let density = |u: f64| Value::Number(six_digits(strut.density(in_mm(u))));
                        ("lattice.relative_density".to_string(), quantiles.map(density).collect())
                    }
                };
                Ok(Parameter { path, values, distribution: None })
            })
            .collect();
        Ok(Spec {
            name: format!("{}-{}", case.name, self.method.name()),
            case: crate::sweep::manifest::CASE.to_string(),
            quality,
            seed: self.seed,
            sampling: Sampling::List,
            samples: 0,
            keep: Keep::Record,
            parameters: parameters?,
        })
    }
}

/// The sweep file of a spec whose values are listed.
pub fn written(spec: &Spec, heading: &str) -> String {
    let mut t = format!("# {heading}\n\n");
    let _ = writeln!(t, "schema = \"{SCHEMA}\"\nname = \"{}\"\ncase = \"{}\"", spec.name, spec.case);
    let _ = writeln!(t, "quality = \"{}\"\nsampling = \"list\"\nseed = {}", spec.quality.name(), spec.seed);
    for p in &spec.parameters {
        let values: Vec<String> = p.values.iter().map(|v| toml_value(v).to_string()).collect();
        let _ = writeln!(t, "\n[[parameter]]\npath = \"{}\"\nvalues = [{}]", p.path, values.join(", "));
    }
    t
}

fn toml_value(value: &Value) -> toml::Value {
    match value {
        Value::Text(t) => toml::Value::String(t.clone()),
        Value::Number(n) => toml::Value::Float(*n),
        Value::Bool(b) => toml::Value::Boolean(*b),
        Value::List(items) => toml::Value::Array(items.iter().map(toml_value).collect()),
    }
}

/// The case that the runs are variations of: the lattice as it stands, one size, the judged load alone, and every entry
/// that an input changes.
///
/// Other loads are left out since with a misfit nothing is proportional to the load.
///
/// # Errors
/// A text that is no TOML: it was read before, so our bug.
pub fn template(
    text: &str,
    sets: &[(&str, toml::Value)],
    case: &Case,
    inputs: &[Input],
) -> Result<String, Failure> {
    let broken = |e: &dyn std::fmt::Display| Failure::bug(format!("the case cannot be written again: {e}"));
    let mut table: toml::Table = text.parse().map_err(|e| broken(&e))?;
    table.remove("uncertainty");
    let judged = &case.judged_load().id;
    if let Some(toml::Value::Array(loads)) = table.get_mut("load") {
        loads.retain(|l| l.get("id").and_then(toml::Value::as_str) == Some(judged));
    }
    let mut put = |path: &str, value: toml::Value, replace: bool| {
        let (place, key) = path.rsplit_once('.').unwrap_or(("", path));
        let mut at = &mut table;
        for part in place.split('.').filter(|p| !p.is_empty()) {
            let next = at.entry(part).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            match next {
                toml::Value::Table(inner) => at = inner,
                _ => return,
            }
        }
        if replace || !at.contains_key(key) {
            at.insert(key.to_string(), value);
        }
    };
    put("design.optimize", toml::Value::Boolean(false), true);
    put("implant.height_step", toml::Value::String("0 mm".into()), true);
    // Nobody looks at the pictures of a hundred runs; the numbers do not depend on them.
    put("report.picture_resolution", toml::Value::Float(30.0), true);
    put("report.source", toml::Value::String("pictures of many runs are not looked at".into()), false);
    for (path, value) in sets {
        put(path, value.clone(), true);
    }
    for input in inputs {
        if let Target::Entry(path) = &input.target {
            put(path, toml_value(&input.distribution.value(0.5)), false);
            if let Some((place, _)) = path.rsplit_once('.') {
                put(&format!("{place}.source"), toml::Value::String(input.source.clone()), false);
            }
        }
    }
    toml::to_string(&table).map_err(|e| broken(&e))
}

/// Strut of the lattice of a case over its relative density.
struct Strut {
    /// Relative density and strut, mm, both ascending.
    table: Vec<[f64; 2]>,
    /// Strut as drawn, mm.
    drawn: f64,
}

impl Strut {
    fn new(case: &Case) -> Result<Self, Failure> {
        let l = &case.lattice;
        let [least, most] = dens_mesher::lattice::cell(&l.cell).map_err(Failure::input)?.density_range();
        let (low, high) = (least.max(0.4 * l.relative_density), most.min(2.0 * l.relative_density));
        let steps = 12;
        let mut table = Vec::new();
        for i in 0..=steps {
            let density = low + (high - low) * f64::from(i) / f64::from(steps);
            table.push([density, Drawn::new(&l.cell, density, l.cell_size)?.strut]);
        }
        Ok(Self { table, drawn: Drawn::new(&l.cell, l.relative_density, l.cell_size)?.strut })
    }

    /// Relative density whose strut is by so much thicker than drawn; that of the ends beyond what the cell can have.
    fn density(&self, bias_mm: f64) -> f64 {
        let wanted = self.drawn + bias_mm;
        let k = self.table[1..self.table.len() - 1].iter().take_while(|row| row[1] < wanted).count();
        let (a, b) = (self.table[k], self.table[k + 1]);
        let share = if a[1] < b[1] { (wanted - a[1]) / (b[1] - a[1]) } else { 0.0 };
        a[0] + share.clamp(0.0, 1.0) * (b[0] - a[0])
    }
}

/// Relative density of the lattice of a case whose struts are by so much thicker than drawn.
///
/// # Errors
/// A lattice that cannot be drawn; exit 2.
pub fn density_with_bias(case: &Case, bias_mm: f64) -> Result<f64, Failure> {
    Ok(six_digits(Strut::new(case)?.density(bias_mm)))
}

/// Values of each input over the runs, in its unit, or numbers of its words.
pub fn values(design: &Design) -> Vec<Vec<f64>> {
    (0..design.inputs.len())
        .map(|i| design.quantiles.iter().map(|row| design.inputs[i].distribution.quantile(row[i])).collect())
        .collect()
}

/// Index of the first epistemic input that takes words: its values divide the runs into families.
pub fn family(design: &Design) -> Option<usize> {
    let divides = |i: &Input| {
        i.kind == super::input::Kind::Epistemic && matches!(i.distribution.shape, Shape::Discrete(..))
    };
    design.inputs.iter().position(divides)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::library;

    fn inputs() -> Vec<Input> {
        super::super::input::of(&[]).expect("sound")
    }

    #[test]
    fn methods_take_the_runs_they_say() {
        let k = inputs().len();
        let runs = |m, n| Design::new(m, inputs(), n, 1).expect("enough").quantiles.len();
        assert_eq!(runs(Method::Bound, None), 59);
        assert_eq!(runs(Method::Morris, Some(4)), 4 * (k + 1));
        assert_eq!(runs(Method::Tornado, None), 2 * k + 1);
        assert_eq!(runs(Method::Sobol, Some(80)), 100);
        assert!(Design::new(Method::Sobol, inputs(), Some(5), 1).is_err());
    }

    #[test]
    fn independent_draws_keep_their_beginning_when_more_are_taken() {
        let short = Design::new(Method::Bound, inputs(), Some(20), 3).expect("enough");
        let long = Design::new(Method::Bound, inputs(), Some(40), 3).expect("enough");
        assert_eq!(short.quantiles[..], long.quantiles[..20]);
    }

    #[test]
    fn every_run_of_the_default_inputs_is_a_valid_case() {
        for name in ["tiny", "c2-spondylectomy"] {
            let text = library::find(name).expect("embedded").text;
            let case = Case::embedded(name).expect("sound");
            let design = Design::new(Method::Lhs, inputs(), Some(16), 1).expect("enough");
            let written = template(text, &[], &case, &design.inputs).expect("written");
            let spec = design.spec(&case, Quality::Draft).expect("a lattice");
            for k in 0..16 {
                let mut document = Document::parse(&written).expect("TOML");
                for p in &spec.parameters {
                    document.set(&format!("{}={}", p.path, toml_value(&p.values[k]))).expect("an entry");
                }
                let problems = Case::from_document(&document).err().unwrap_or_default();
                let said: Vec<_> = problems.iter().map(|p| &p.message).collect();
                assert!(said.is_empty(), "{name}: {said:?}");
            }
        }
    }

    #[test]
    fn a_thicker_strut_is_a_denser_lattice() {
        let case = Case::embedded("tiny").expect("sound");
        let strut = Strut::new(&case).expect("a lattice");
        // Without bias the density of the case, to the error of straight lines between thirteen points.
        assert!((strut.density(0.0) / case.lattice.relative_density - 1.0).abs() < 2e-3);
        assert!(strut.density(-0.05) < strut.density(0.0) && strut.density(0.0) < strut.density(0.05));
        let drawn =
            Drawn::new(&case.lattice.cell, strut.density(0.04), case.lattice.cell_size).expect("drawn");
        assert!((drawn.strut - strut.drawn - 0.04).abs() < 2e-3, "{}", drawn.strut);
    }
}
