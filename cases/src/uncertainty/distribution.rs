//! Distributions of one value with its unit, by their quantiles.

use crate::document::Value;
use crate::reader::Reader;

/// Number with the unit it was written with; the unit may be empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Number in that unit.
    pub number: f64,
    /// Unit as written.
    pub unit: String,
}

impl Measured {
    /// The number and unit of an entry; `None` when it is neither a number nor a text that starts with one.
    pub fn read(value: &Value) -> Option<Self> {
        let (number, unit) = match value {
            Value::Number(n) => (*n, String::new()),
            Value::Text(t) => {
                let t = t.trim();
                let end = t
                    .char_indices()
                    .find(|(i, c)| {
                        let exponent = matches!(c, 'e' | 'E')
                            && t[i + 1..].starts_with(|d: char| d.is_ascii_digit() || d == '-');
                        !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+') || exponent)
                    })
                    .map_or(t.len(), |(i, _)| i);
                (t[..end].parse().ok()?, t[end..].trim().to_string())
            }
            _ => return None,
        };
        Some(Self { number, unit }).filter(|m| m.number.is_finite())
    }
}

/// A number in a unit as a value of a case file.
pub fn with_unit(number: f64, unit: &str) -> Value {
    if unit.is_empty() { Value::Number(number) } else { Value::Text(format!("{number} {unit}")) }
}

/// Form of a distribution, its numbers in its unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Equal chance between the two.
    Uniform(f64, f64),
    /// Equal chance of the logarithm between the two, both above zero.
    LogUniform(f64, f64),
    /// Chance that rises from the first to the second in a straight line and falls to the third.
    Triangular(f64, f64, f64),
    /// Mean and standard deviation.
    Normal(f64, f64),
    /// Mean and standard deviation of the value, whose logarithm is normal.
    LogNormal(f64, f64),
    /// One of these values with these shares, which add up to one.
    Discrete(Vec<Value>, Vec<f64>),
}

/// Distribution a value is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Form.
    pub shape: Shape,
    /// Unit of its numbers; empty for numbers without one and for words.
    pub unit: String,
    /// Ends beyond which nothing is drawn; the rest keeps its form.
    pub ends: [f64; 2],
}

/// Names of the forms as written.
pub const NAMES: [&str; 6] = ["uniform", "log-uniform", "triangular", "normal", "lognormal", "discrete"];

impl Distribution {
    /// Reads the distribution of the table `at`; `None` when it has problems, which the reader then knows.
    pub fn read(r: &Reader<'_>, at: &str) -> Option<Self> {
        let path = |name: &str| format!("{at}.{name}");
        let kind = r.choice(&path("distribution"), &NAMES);
        // A drawn value says where its range comes from, as every number of a case.
        if r.text(&path("source")).trim().is_empty() {
            r.problem(&path("source"), "an empty `source`".into(), "say where the range comes from");
        }
        if kind == "discrete" {
            return discrete(r, at);
        }
        let names: &[&str] = match kind.as_str() {
            "uniform" | "log-uniform" => &["low", "high"],
            "triangular" => &["low", "mode", "high"],
            "normal" | "lognormal" => &["mean", "deviation"],
            _ => return None,
        };
        let spread = names[1] == "deviation";
        let bounds = ["low", "high"].into_iter().filter(|n| spread && r.has(&path(n)));
        let asked: Vec<&str> = names.iter().copied().chain(bounds).collect();
        let mut found = Vec::new();
        for name in &asked {
            match r.value(&path(name)).as_ref().and_then(Measured::read) {
                Some(m) => found.push(m),
                None => r.problem(
                    &path(name),
                    format!("`{name}` is no number with or without unit"),
                    "for instance \"28 mm\"",
                ),
            }
        }
        if found.len() < asked.len() {
            return None;
        }
        if found.iter().any(|m| m.unit != found[0].unit) {
            let units: Vec<&str> = found.iter().map(|m| m.unit.as_str()).collect();
            r.problem(&path(names[1]), format!("the units differ: {units:?}"), "use one unit");
            return None;
        }
        let bound = |name: &str| asked.iter().skip(2).position(|n| *n == name).map(|k| found[k + 2].number);
        let v: Vec<f64> = found.iter().map(|m| m.number).collect();
        let (shape, ends) = match kind.as_str() {
            "uniform" => (Shape::Uniform(v[0], v[1]), [v[0], v[1]]),
            "log-uniform" => (Shape::LogUniform(v[0], v[1]), [v[0], v[1]]),
            "triangular" => (Shape::Triangular(v[0], v[1], v[2]), [v[0], v[2]]),
            _ => {
                let least = if kind == "normal" { f64::NEG_INFINITY } else { 0.0 };
                let ends = [bound("low").unwrap_or(least), bound("high").unwrap_or(f64::INFINITY)];
                (
                    if kind == "normal" { Shape::Normal(v[0], v[1]) } else { Shape::LogNormal(v[0], v[1]) },
                    ends,
                )
            }
        };
        let sound = match shape {
            Shape::Normal(mean, deviation) => 0.0 < deviation && ends[0] < mean && mean < ends[1],
            Shape::LogNormal(mean, deviation) => {
                0.0 < deviation && 0.0 <= ends[0] && ends[0] < mean && mean < ends[1]
            }
            Shape::LogUniform(low, high) => 0.0 < low && low < high,
            Shape::Triangular(low, mode, high) => low <= mode && mode <= high && low < high,
            _ => ends[0] < ends[1],
        };
        if !sound {
            let hint = match kind.as_str() {
                "normal" => "a deviation above zero, and the mean between low and high where they are given",
                "lognormal" => "a mean and a deviation above zero, and the mean between low and high",
                _ => "low below high, a mode between them; above zero for log-uniform",
            };
            r.problem(&path(names[names.len() - 1]), "these numbers are no distribution".into(), hint);
            return None;
        }
        Some(Self { shape, unit: found[0].unit.clone(), ends })
    }

    /// Value below which the share `u` of all draws lies.
    ///
    /// - `u`: from 0 to 1; the ends of an unbounded form are taken at 1e-9 of it
    /// - returns: in [`Self::unit`]; for a discrete one the index of the value
    pub fn quantile(&self, u: f64) -> f64 {
        match &self.shape {
            Shape::Uniform(low, high) => low + u * (high - low),
            Shape::LogUniform(low, high) => low * (high / low).powf(u),
            Shape::Triangular(a, c, b) => {
                let peak = (c - a) / (b - a);
                if u < peak {
                    a + (u * (b - a) * (c - a)).sqrt()
                } else {
                    b - ((1.0 - u) * (b - a) * (b - c)).sqrt()
                }
            }
            Shape::Normal(mean, deviation) => {
                let z = within(u, self.ends.map(|e| (e - mean) / deviation));
                (mean + deviation * z).clamp(self.ends[0], self.ends[1])
            }
            Shape::LogNormal(mean, deviation) => {
                let variance = (1.0 + (deviation / mean).powi(2)).ln();
                let (m, s) = (mean.ln() - 0.5 * variance, variance.sqrt());
                let z = within(u, self.ends.map(|e| (e.max(0.0).ln() - m) / s));
                (m + s * z).exp().clamp(self.ends[0], self.ends[1])
            }
            Shape::Discrete(_, shares) => {
                let mut sum = 0.0;
                let beyond = |share: &f64| {
                    sum += share;
                    u < sum
                };
                shares.iter().position(beyond).unwrap_or(shares.len() - 1) as f64
            }
        }
    }

    /// The same as a value of a case file, to six significant digits: finer than any input is known, and short in tables.
    pub fn value(&self, u: f64) -> Value {
        let q = self.quantile(u);
        match &self.shape {
            Shape::Discrete(values, _) => values[q as usize].clone(),
            _ => with_unit(six_digits(q), &self.unit),
        }
    }

    /// The distribution in words.
    pub fn words(&self) -> String {
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        match &self.shape {
            Shape::Uniform(low, high) => format!("uniform, {low} to {high}{unit}"),
            Shape::LogUniform(low, high) => format!("log-uniform, {low} to {high}{unit}"),
            Shape::Triangular(low, mode, high) => format!("triangular, {low}, {mode}, {high}{unit}"),
            Shape::Normal(m, s) | Shape::LogNormal(m, s) => {
                let kind = if matches!(self.shape, Shape::Normal(..)) { "normal" } else { "lognormal" };
                let mut text = format!("{kind}, {m} ± {s}{unit}");
                let least = if kind == "normal" { f64::NEG_INFINITY } else { 0.0 };
                if least < self.ends[0] {
                    text.push_str(&format!(", above {}{unit}", self.ends[0]));
                }
                if self.ends[1].is_finite() {
                    text.push_str(&format!(", below {}{unit}", self.ends[1]));
                }
                text
            }
            Shape::Discrete(values, shares) => {
                let one = |(v, s): (&Value, &f64)| format!("{} {:.0} %", shown(v), 100.0 * s);
                values.iter().zip(shares).map(one).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Words of a discrete distribution; empty for numbers.
    pub fn categories(&self) -> Vec<String> {
        match &self.shape {
            Shape::Discrete(values, _) => values.iter().map(shown).collect(),
            _ => Vec::new(),
        }
    }
}

/// A number to six significant digits.
pub fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// A value as it is read in tables.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Text(t) => t.clone(),
        Value::Number(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::List(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

fn discrete(r: &Reader<'_>, at: &str) -> Option<Distribution> {
    let (values, shares) = (format!("{at}.values"), format!("{at}.shares"));
    let found = r.values(&values);
    let given: Vec<f64> = if r.has(&shares) {
        let number = |v: &Value| if let Value::Number(n) = v { *n } else { f64::NAN };
        r.values(&shares).iter().map(number).collect()
    } else {
        vec![1.0 / found.len().max(1) as f64; found.len()]
    };
    let sum: f64 = given.iter().sum();
    // Shares are written with few digits: thirds as 0.33 or 0.34.
    if found.len() < 2
        || given.len() != found.len()
        || !given.iter().all(|s| 0.0 < *s)
        || 0.02 < (sum - 1.0).abs()
    {
        r.problem(
            &values,
            "a discrete distribution needs two values or more, and shares that add up to one".into(),
            "values = [\"a\", \"b\"] and shares = [0.5, 0.5], or values alone for equal shares",
        );
        return None;
    }
    let given = given.iter().map(|s| s / sum).collect();
    Some(Distribution {
        ends: [0.0, found.len() as f64 - 1.0],
        shape: Shape::Discrete(found, given),
        unit: String::new(),
    })
}

/// Standard normal quantile of the share `u` of what lies between two ends.
fn within(u: f64, ends: [f64; 2]) -> f64 {
    let [low, high] = ends.map(normal_share);
    normal_quantile((low + u * (high - low)).clamp(1e-9, 1.0 - 1e-9))
}

/// Standard normal quantile: rational approximation of Acklam (2003), relative error below 1.2e-9.
///
/// - `p`: between 0 and 1, both excluded
pub fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let horner = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, a| sum * x + a);
    // Beyond this share the tails have a form of their own.
    const TAIL: f64 = 0.02425;
    if p < TAIL {
        let q = (-2.0 * p.ln()).sqrt();
        horner(&C, q) / horner(&D, q)
    } else if p <= 1.0 - TAIL {
        let q = p - 0.5;
        horner(&A, q * q) * q / horner(&B, q * q)
    } else {
        -normal_quantile(1.0 - p)
    }
}

/// Share of a standard normal distribution below `z`: the inverse of [`normal_quantile`], by bisection.
pub fn normal_share(z: f64) -> f64 {
    let (mut low, mut high) = (1e-12, 1.0 - 1e-12);
    if z <= normal_quantile(low) {
        return 0.0;
    }
    if normal_quantile(high) <= z {
        return 1.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if normal_quantile(middle) < z { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn of(shape: Shape) -> Distribution {
        Distribution { shape, unit: "mm".into(), ends: [f64::NEG_INFINITY, f64::INFINITY] }
    }

    fn read(text: &str) -> Result<Distribution, String> {
        let document = Document::parse(&format!("[d]\nsource = \"s\"\n{text}\n")).expect("TOML");
        let r = Reader::new(&document);
        let found = Distribution::read(&r, "d");
        let problems = r.finish();
        match found {
            Some(d) if problems.is_empty() => Ok(d),
            _ => Err(problems.iter().map(|p| p.message.clone()).collect::<Vec<_>>().join("; ")),
        }
    }

    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        // Abramowitz & Stegun (1964), table 26.5; the approximation is good to 1.2e-9.
        for (p, z) in [
            (0.5, 0.0),
            (0.95, 1.644_853_627),
            (0.975, 1.959_963_985),
            (0.999, 3.090_232_306),
            (0.01, -2.326_347_874),
        ] {
            assert!((normal_quantile(p) - z).abs() < 1e-8, "{p}");
            assert!((normal_share(z) - p).abs() < 1e-8, "{p}");
        }
    }

    #[test]
    fn a_lognormal_has_the_mean_and_deviation_it_was_given() {
        let mut d = of(Shape::LogNormal(256.0, 48.1));
        d.ends = [0.0, f64::INFINITY];
        let n = 20_000;
        let x: Vec<f64> = (0..n).map(|k| d.quantile((f64::from(k) + 0.5) / f64::from(n))).collect();
        let mean = x.iter().sum::<f64>() / f64::from(n);
        let deviation = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(n)).sqrt();
        // The outermost shares are represented by their middle: 2e-4 of mean and deviation.
        assert!(
            (mean / 256.0 - 1.0).abs() < 2e-4 && (deviation / 48.1 - 1.0).abs() < 2e-3,
            "{mean} {deviation}"
        );
    }

    #[test]
    fn a_triangle_has_its_median_where_half_of_its_area_lies() {
        // Right triangle from 0 to 1 with its peak at 1: the cumulative share is x², its median √½.
        let x = of(Shape::Triangular(0.0, 1.0, 1.0)).quantile(0.5);
        assert!((x - 0.5f64.sqrt()).abs() < 1e-12, "{x}");
    }

    #[test]
    fn nothing_is_drawn_beyond_the_ends() {
        let mut d = of(Shape::Normal(0.6, 0.2));
        d.ends = [0.3, 0.9];
        let x: Vec<f64> = (0..=100).map(|k| d.quantile(f64::from(k) / 100.0)).collect();
        assert!(x.windows(2).all(|w| w[0] <= w[1]));
        // The ends themselves, to the accuracy of the normal share.
        assert!(
            (x[0] - 0.3).abs() < 1e-6 && (x[100] - 0.9).abs() < 1e-6 && (x[50] - 0.6).abs() < 1e-6,
            "{x:?}"
        );
    }

    #[test]
    fn discrete_values_come_with_their_shares() {
        let d = read("distribution = \"discrete\"\nvalues = [\"a\", \"b\"]\nshares = [0.25, 0.75]")
            .expect("sound");
        let first = (0..100).filter(|k| d.quantile((f64::from(*k) + 0.5) / 100.0) == 0.0).count();
        assert_eq!(first, 25);
        assert_eq!(d.value(0.9), Value::Text("b".into()));
    }

    #[test]
    fn numbers_that_are_no_distribution_are_refused() {
        for (text, word) in [
            ("distribution = \"normal\"\nmean = \"1 mm\"\ndeviation = \"0 mm\"", "no distribution"),
            ("distribution = \"normal\"\nmean = \"1 mm\"\ndeviation = \"1 N\"", "units differ"),
            ("distribution = \"lognormal\"\nmean = -1.0\ndeviation = 1.0", "no distribution"),
            ("distribution = \"uniform\"\nlow = 2\nhigh = 1", "no distribution"),
            ("distribution = \"discrete\"\nvalues = [\"a\", \"b\"]\nshares = [0.5, 0.7]", "add up to one"),
            ("distribution = \"gauss\"\nmean = 1.0", "not known"),
            ("distribution = \"uniform\"\nlow = 1\nhigh = 2\nmean = 1.5", "unknown entry"),
        ] {
            let said = read(text).expect_err(text);
            assert!(said.contains(word), "{text}: {said}");
        }
    }
}
