//! `Control` and load curves: from time to steps whose loads are in proportion to time.
//!
//! A curve that is linear between its points bends at them: one step ends at each, so that between the ends of a step
//! every load goes along a straight line, as the steps of the solver do.

use super::read::{Reader, child, numbers, place};
use crate::deck::model::Step;
use crate::deck::source::Place;
use roxmltree::Node;
use std::collections::BTreeMap;

/// Value of each load curve at a time, by its number.
pub(super) type Curves = BTreeMap<String, f64>;

/// Ends of the steps.
#[derive(Debug)]
pub(super) struct Clock {
    ends: Vec<Option<f64>>,
    /// Size of a time step.
    size: f64,
    place: Place,
}

/// Time from one end to the next.
#[derive(Debug)]
pub(super) struct Segment {
    /// Its end; the end of all curves for `None`.
    pub(super) end: Option<f64>,
    period: f64,
    size: f64,
    place: Place,
}

impl Clock {
    /// One step, at the end of all curves.
    pub(super) fn end_only() -> Self {
        Self { ends: vec![None], size: 1.0, place: Place::NOWHERE }
    }

    pub(super) fn segments(&self) -> Vec<Segment> {
        let mut start = 0.0;
        let one = |&end: &Option<f64>| {
            let period = end.map_or(1.0, |end| end - start);
            start = end.unwrap_or(start);
            Segment { end, period, size: self.size, place: self.place }
        };
        self.ends.iter().map(one).collect()
    }
}

impl Segment {
    /// Step without loads.
    pub(super) fn step(&self, large: bool) -> Step {
        let share = large.then(|| (self.size / self.period).min(1.0));
        Step {
            name: String::new(),
            perturbation: false,
            period: self.period,
            large,
            increments: [share, None, share],
            most_increments: None,
            even: false,
            actions: Vec::new(),
            requests: Vec::new(),
            place: self.place,
        }
    }
}

/// What `Control` may say without an effect here: tolerances and the manner of iterations and time steps.
const HARMLESS: [&str; 22] = [
    "solver",
    "time_stepper",
    "plot_level",
    "plot_range",
    "plot_stride",
    "plot_zero_state",
    "output_level",
    "output_stride",
    "adaptor_re_solve",
    "max_refs",
    "max_ups",
    "diverge_reform",
    "reform_each_time_step",
    "dtol",
    "etol",
    "rtol",
    "lstol",
    "min_residual",
    "qnmethod",
    "rhoi",
    "alpha",
    "beta",
];

impl Reader {
    /// The sections of a file with those of its one step among them; several steps are refused.
    pub(super) fn with_step<'a, 'i>(&mut self, sections: Vec<Node<'a, 'i>>) -> Vec<Node<'a, 'i>> {
        let mut out = Vec::with_capacity(sections.len());
        for n in sections {
            if !n.has_tag_name("Step") {
                out.push(n);
                continue;
            }
            let steps: Vec<Node<'a, 'i>> = n.children().filter(|c| c.has_tag_name("step")).collect();
            match steps.as_slice() {
                [] => {}
                [one] => out.extend(one.children().filter(Node::is_element)),
                [_, second, ..] => self.lose(*second, "more than one step is not supported".to_string()),
            }
        }
        out
    }

    /// Refuses modules other than that of solids.
    pub(super) fn only_solids(&mut self, root: Node<'_, '_>) {
        let module = child(root, "Module");
        if let Some(n) = module.filter(|n| n.attribute("type").is_some_and(|t| t != "solid")) {
            let kind = n.attribute("type").unwrap_or_default();
            self.lose(n, format!("the module `{kind}` is not supported: solid models are solved"));
        }
    }

    /// Times at which steps end: those of the control, and the points of linear load curves.
    pub(super) fn clock(
        &mut self,
        control: Option<Node<'_, '_>>,
        root: Node<'_, '_>,
    ) -> Result<Clock, String> {
        let Some(control) = control else {
            return Err("there is no `Control` with `time_steps` and `step_size`".to_string());
        };
        for c in control.children().filter(Node::is_element) {
            let (tag, text) = (c.tag_name().name(), c.text().unwrap_or("").trim());
            match tag {
                "analysis" if !matches!(text.to_uppercase().as_str(), "STATIC" | "0") => {
                    self.lose(c, format!("analyses of type `{text}` are not supported: STATIC is"));
                }
                "analysis" | "time_steps" | "step_size" => {}
                _ if HARMLESS.contains(&tag) => {}
                _ => self.lose(c, format!("`{tag}` of `Control` is not supported")),
            }
        }
        let number = |tag: &str| -> Result<f64, String> {
            let found = numbers(child(control, tag).and_then(|n| n.text()).unwrap_or(""))?;
            match found.as_slice() {
                &[x] if 0.0 < x => Ok(x),
                _ => Err(format!("`{tag}` of `Control` is not a number above zero")),
            }
        };
        let size = number("step_size")?;
        let end = size * number("time_steps")?;
        let mut ends = vec![end];
        for c in root.descendants().filter(|n| n.has_tag_name("load_controller")) {
            let word = |tag: &str| child(c, tag).and_then(|n| n.text()).unwrap_or("").trim().to_uppercase();
            let (kind, between) = (c.attribute("type").unwrap_or("loadcurve"), word("interpolate"));
            if kind != "loadcurve" || !(between.is_empty() || between == "LINEAR") {
                self.lose(c, "load controllers other than linear load curves are not supported".to_string());
            }
            if !matches!(word("extend").as_str(), "" | "CONSTANT") {
                self.lose(
                    c,
                    "load curves are constant beyond their ends; `extend` says otherwise".to_string(),
                );
            }
            let points = points(c);
            if points.first().is_some_and(|p| p.0 <= 0.0 && p.1 != 0.0) {
                self.findings.warn(
                    place(c),
                    "a load curve that begins above zero is taken up from zero over the first step",
                );
            }
            ends.extend(points.iter().map(|p| p.0).filter(|t| 1e-9 * end < *t && *t < end * (1.0 - 1e-9)));
        }
        ends.sort_by(f64::total_cmp);
        ends.dedup_by(|a, b| (*a - *b).abs() <= 1e-9 * end);
        Ok(Clock { ends: ends.into_iter().map(Some).collect(), size, place: place(control) })
    }
}

/// Points of a curve: time and value.
fn points(c: Node<'_, '_>) -> Vec<(f64, f64)> {
    let all = c.descendants().filter(|n| n.has_tag_name("pt") || n.has_tag_name("point"));
    let one = |n: Node<'_, '_>| match numbers(n.text().unwrap_or("")).as_deref() {
        Ok(&[time, value]) => Some((time, value)),
        _ => None,
    };
    all.filter_map(one).collect()
}

/// Values of all load curves at a time, their last ones for `None`.
pub(super) fn curves(root: Node<'_, '_>, time: Option<f64>) -> Curves {
    let mut curves = Curves::new();
    for c in root.descendants().filter(|n| n.has_tag_name("load_controller")) {
        let points = points(c);
        let value = match (time, points.as_slice()) {
            (_, []) => continue,
            (None, [.., last]) => last.1,
            (Some(time), [first, .., last]) if first.0 < time && time < last.0 => {
                let after = points.partition_point(|p| p.0 <= time);
                let (a, b) = (points[after - 1], points[after]);
                a.1 + (b.1 - a.1) * (time - a.0) / (b.0 - a.0)
            }
            (Some(time), [first, ..]) if time <= first.0 => first.1,
            (Some(_), [.., last]) => last.1,
        };
        if let Some(id) = c.attribute("id") {
            curves.insert(id.to_string(), value);
        }
    }
    curves
}
