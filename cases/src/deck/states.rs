//! What acts at the end of each step: loads carried over, replaced, removed, and scaled by time curves.
//!
//! Rules of Abaqus and CalculiX: what a step gives replaces what earlier steps gave at the same place and leaves the
//! rest (`OP=MOD`), or removes all of its kind (`OP=NEW`). Loads of one kind at one place within one step add up;
//! prescribed displacements and temperatures do not, the last one holds. A linear step ends with its full loads,
//! so that only the end of each time curve counts.

use super::model::{
    Action, Boundary, Deck, ElementLoad, ElementLoadKind, Lines, NodalValue, Step, SurfaceLoad,
};
use super::source::Place;
use dens_mesher::Vec3;
use std::collections::BTreeMap;

/// Node with axis 0 to 2.
pub type Dof = (u32, u8);

/// Loads and supports at the end of a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Prescribed displacements, with the line that gives them.
    pub supports: BTreeMap<Dof, (f64, Place)>,
    /// Forces on nodes.
    pub forces: BTreeMap<Dof, f64>,
    /// Pressures on facets of elements, positive into the element.
    pub pressures: BTreeMap<(u32, u8), f64>,
    /// Tractions on facets.
    pub tractions: Vec<(u32, u8, Vec3)>,
    /// Accelerations of elements.
    pub gravity: Vec<(Vec<u32>, Vec3)>,
    /// Rotations of elements.
    pub centrifugal: Vec<Rotation>,
    /// Temperature less that at rest, per node; empty when no step speaks of temperatures.
    pub temperature_rise: Vec<f64>,
}

/// Elements that rotate.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    /// Elements.
    pub elements: Vec<u32>,
    /// Angular velocity squared.
    pub omega_squared: f64,
    /// A point of the axis.
    pub point: Vec3,
    /// Direction of the axis.
    pub direction: Vec3,
}

/// State at the end of every step, in order.
pub fn states(deck: &Deck) -> Vec<State> {
    let mut history = History::start(deck);
    let mut total = 0.0;
    let mut out = Vec::with_capacity(deck.steps.len());
    for (i, step) in deck.steps.iter().enumerate() {
        let number = i + 1;
        if step.perturbation {
            let mut aside = history.base();
            aside.perform(step, number);
            out.push(aside.end(total + step.period));
        } else {
            total += step.period;
            history.perform(step, number);
            out.push(history.end(total));
        }
    }
    out
}

/// Value with its time curve and the step that gave it; 0 is the model itself.
#[derive(Debug, Clone, Copy)]
struct Entry {
    value: f64,
    amplitude: Option<usize>,
    step: usize,
    period: f64,
    place: Place,
}

/// Load on a set of elements.
#[derive(Debug, Clone)]
struct OnElements {
    elements: Vec<u32>,
    kind: ElementLoadKind,
    entry: Entry,
}

/// Load on a surface.
#[derive(Debug, Clone)]
struct OnSurface {
    surface: String,
    direction: Option<Vec3>,
    entry: Entry,
}

#[derive(Debug, Clone)]
struct History<'d> {
    deck: &'d Deck,
    supports: BTreeMap<Dof, Entry>,
    forces: BTreeMap<Dof, Vec<Entry>>,
    pressures: BTreeMap<(u32, u8), Vec<Entry>>,
    on_elements: Vec<OnElements>,
    on_surfaces: Vec<OnSurface>,
    initial: Vec<f64>,
    temperatures: Vec<Option<Entry>>,
}

impl<'d> History<'d> {
    fn start(deck: &'d Deck) -> Self {
        let speaks_of_heat = deck
            .steps
            .iter()
            .flat_map(|s| &s.actions)
            .any(|a| matches!(&a.lines, Lines::Temperatures(lines) if !lines.is_empty()));
        let n = if speaks_of_heat { deck.nodes.labels.len() } else { 0 };
        let mut initial = vec![0.0; n];
        for value in deck.initial_temperatures.iter().filter(|_| speaks_of_heat) {
            for &node in value.target.members(&deck.node_sets) {
                initial[node as usize] = value.value;
            }
        }
        let mut history = Self {
            deck,
            supports: BTreeMap::new(),
            forces: BTreeMap::new(),
            pressures: BTreeMap::new(),
            on_elements: Vec::new(),
            on_surfaces: Vec::new(),
            initial,
            temperatures: vec![None; n],
        };
        history.support(&deck.supports, 0, 1.0);
        history
    }

    /// Start of a perturbation: supports hold still, nothing else acts, heat counts from the present state.
    fn base(&self) -> Self {
        let mut base = self.clone();
        for entry in base.supports.values_mut() {
            entry.value = 0.0;
        }
        base.forces.clear();
        base.pressures.clear();
        base.on_elements.clear();
        base.on_surfaces.clear();
        for (initial, entry) in base.initial.iter_mut().zip(&mut base.temperatures) {
            if let Some(entry) = entry.take() {
                *initial = entry.value;
            }
        }
        base
    }

    fn perform(&mut self, step: &Step, number: usize) {
        for Action { fresh, lines } in &step.actions {
            match lines {
                Lines::Boundaries(lines) => {
                    if *fresh {
                        self.supports.retain(|_, e| e.step == number);
                    }
                    self.support(lines, number, step.period);
                }
                Lines::Forces(lines) => {
                    if *fresh {
                        self.forces.retain(|_, e| e[0].step == number);
                    }
                    for line in lines {
                        let entry = entry(line.value, line.amplitude, number, step.period, step.place);
                        for &node in line.target.members(&self.deck.node_sets) {
                            if let Some(dof) = self.deck.dof(node, line.axis) {
                                add(self.forces.entry(dof).or_default(), entry);
                            }
                        }
                    }
                }
                Lines::ElementLoads(lines) => {
                    if *fresh {
                        self.pressures.retain(|_, e| e[0].step == number);
                        self.on_elements.retain(|l| l.entry.step == number);
                    }
                    for line in lines {
                        self.load_elements(line, number, step.period);
                    }
                }
                Lines::SurfaceLoads(lines) => {
                    if *fresh {
                        self.on_surfaces.retain(|l| l.entry.step == number);
                    }
                    for line in lines {
                        self.load_surface(line, number, step);
                    }
                }
                Lines::Temperatures(lines) => {
                    if *fresh {
                        for e in self.temperatures.iter_mut().filter(|e| e.is_some_and(|e| e.step != number))
                        {
                            *e = None;
                        }
                    }
                    self.heat(lines, number, step);
                }
            }
        }
    }

    fn support(&mut self, lines: &[Boundary], number: usize, period: f64) {
        for line in lines {
            let entry = entry(line.value, line.amplitude, number, period, line.place);
            for &node in line.target.members(&self.deck.node_sets) {
                for dof in (line.first..=line.last).filter_map(|axis| self.deck.dof(node, axis)) {
                    self.supports.insert(dof, entry);
                }
            }
        }
    }

    fn load_elements(&mut self, line: &ElementLoad, number: usize, period: f64) {
        let entry = entry(line.value, line.amplitude, number, period, line.place);
        let elements: Vec<u32> = match &line.target {
            Some(target) => target.members(&self.deck.element_sets).to_vec(),
            None => (0..self.deck.elements.len() as u32).collect(),
        };
        if let ElementLoadKind::Pressure(facet) = line.kind {
            for element in elements {
                add(self.pressures.entry((element, facet)).or_default(), entry);
            }
            return;
        }
        // Earlier loads of the kind give way on these elements.
        let same = |a: &ElementLoadKind| std::mem::discriminant(a) == std::mem::discriminant(&line.kind);
        for earlier in self.on_elements.iter_mut().filter(|l| l.entry.step != number && same(&l.kind)) {
            earlier.elements.retain(|e| elements.binary_search(e).is_err());
        }
        self.on_elements.retain(|l| !l.elements.is_empty());
        self.on_elements.push(OnElements { elements, kind: line.kind, entry });
    }

    fn load_surface(&mut self, line: &SurfaceLoad, number: usize, step: &Step) {
        let entry = entry(line.value, line.amplitude, number, step.period, step.place);
        self.on_surfaces.retain(|l| {
            l.entry.step == number
                || l.surface != line.surface
                || l.direction.is_some() != line.direction.is_some()
        });
        self.on_surfaces.push(OnSurface { surface: line.surface.clone(), direction: line.direction, entry });
    }

    fn heat(&mut self, lines: &[NodalValue], number: usize, step: &Step) {
        for line in lines {
            let entry = entry(line.value, line.amplitude, number, step.period, step.place);
            for &node in line.target.members(&self.deck.node_sets) {
                self.temperatures[node as usize] = Some(entry);
            }
        }
    }

    /// Value of an entry at the end of a step that ends at this total time.
    fn value(&self, entry: &Entry, total: f64) -> f64 {
        match entry.amplitude.and_then(|a| self.deck.amplitudes.get(a)) {
            None => entry.value,
            Some(a) if a.total_time => entry.value * a.at(total),
            Some(a) => entry.value * a.at(entry.period),
        }
    }

    fn end(&self, total: f64) -> State {
        let sum = |entries: &[Entry]| entries.iter().map(|e| self.value(e, total)).sum::<f64>();
        let mut state = State {
            supports: self.supports.iter().map(|(&dof, e)| (dof, (self.value(e, total), e.place))).collect(),
            forces: self.forces.iter().map(|(&dof, e)| (dof, sum(e))).collect(),
            pressures: self.pressures.iter().map(|(&facet, e)| (facet, sum(e))).collect(),
            ..State::default()
        };
        for load in &self.on_surfaces {
            let value = self.value(&load.entry, total);
            for &(element, facet) in self.deck.facets(&load.surface) {
                match load.direction {
                    None => *state.pressures.entry((element, facet)).or_default() += value,
                    Some(direction) => state.tractions.push((element, facet, value * direction)),
                }
            }
        }
        for load in &self.on_elements {
            let value = self.value(&load.entry, total);
            let elements = load.elements.clone();
            match load.kind {
                ElementLoadKind::Gravity(direction) => state.gravity.push((elements, value * direction)),
                ElementLoadKind::Centrifugal(point, direction) => {
                    state.centrifugal.push(Rotation { elements, omega_squared: value, point, direction });
                }
                ElementLoadKind::Pressure(_) => {}
            }
        }
        let rise = |(initial, entry): (&f64, &Option<Entry>)| {
            entry.as_ref().map_or(0.0, |e| self.value(e, total) - initial)
        };
        state.temperature_rise = self.initial.iter().zip(&self.temperatures).map(rise).collect();
        state
    }
}

fn entry(value: f64, amplitude: Option<usize>, step: usize, period: f64, place: Place) -> Entry {
    Entry { value, amplitude, step, period, place }
}

/// Adds to the loads of the same step; those of earlier steps give way.
fn add(entries: &mut Vec<Entry>, entry: Entry) {
    entries.retain(|e| e.step == entry.step);
    entries.push(entry);
}

impl Deck {
    /// Degree of freedom of an axis 0 to 5: rotations are those of the rotation node, none where there is none.
    pub fn dof(&self, node: u32, axis: u8) -> Option<Dof> {
        match axis {
            0..=2 => Some((node, axis)),
            _ => Some((self.rotation_of(node)?, axis - 3)),
        }
    }

    /// Facets of a surface, none for one of nodes.
    pub fn facets(&self, surface: &str) -> &[(u32, u8)] {
        match self.surfaces.get(surface) {
            Some(super::model::Surface::Facets(_, facets)) => facets,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::model::{Amplitude, Force, Nodes, Target};

    fn deck(steps: Vec<Step>) -> Deck {
        Deck {
            nodes: Nodes { labels: vec![1, 2, 3], points: vec![Vec3::zeros(); 3] },
            amplitudes: vec![Amplitude {
                name: "T".to_string(),
                total_time: true,
                points: vec![(0.0, 0.0), (4.0, 4.0)],
            }],
            steps,
            ..Deck::default()
        }
    }

    fn step(actions: Vec<(bool, Lines)>) -> Step {
        Step {
            name: String::new(),
            perturbation: false,
            period: 1.0,
            large: false,
            increments: [None; 3],
            most_increments: None,
            even: false,
            actions: actions.into_iter().map(|(fresh, lines)| Action { fresh, lines }).collect(),
            requests: Vec::new(),
            place: Place::NOWHERE,
        }
    }

    fn force(node: u32, value: f64, amplitude: Option<usize>) -> Force {
        Force { target: Target::One(node), axis: 0, value, amplitude }
    }

    #[test]
    fn loads_of_a_step_add_up_and_replace_those_of_earlier_steps() {
        let one = step(vec![(false, Lines::Forces(vec![force(0, 1.0, None), force(0, 2.0, None)]))]);
        let two = step(vec![(false, Lines::Forces(vec![force(1, 5.0, None)]))]);
        let three = step(vec![(false, Lines::Forces(vec![force(0, 7.0, None)]))]);
        let four = step(vec![(true, Lines::Forces(vec![force(2, 9.0, None)]))]);
        let found: Vec<Vec<(u32, f64)>> = states(&deck(vec![one, two, three, four]))
            .iter()
            .map(|s| s.forces.iter().map(|(dof, &f)| (dof.0, f)).collect())
            .collect();
        assert_eq!(
            found,
            [vec![(0, 3.0)], vec![(0, 3.0), (1, 5.0)], vec![(0, 7.0), (1, 5.0)], vec![(2, 9.0)]]
        );
    }

    #[test]
    fn a_curve_over_total_time_goes_on_in_later_steps() {
        let one = step(vec![(false, Lines::Forces(vec![force(0, 10.0, Some(0))]))]);
        let two = step(Vec::new());
        let found: Vec<f64> = states(&deck(vec![one, two])).iter().map(|s| s.forces[&(0, 0)]).collect();
        assert_eq!(found, [10.0, 20.0]);
    }

    #[test]
    fn a_perturbation_carries_only_its_own_loads_and_leaves_no_trace() {
        let one = step(vec![(false, Lines::Forces(vec![force(0, 1.0, None)]))]);
        let mut two = step(vec![(false, Lines::Forces(vec![force(1, 5.0, None)]))]);
        two.perturbation = true;
        let three = step(Vec::new());
        let found: Vec<Vec<u32>> = states(&deck(vec![one, two, three]))
            .iter()
            .map(|s| s.forces.keys().map(|dof| dof.0).collect())
            .collect();
        assert_eq!(found, [vec![0], vec![1], vec![0]]);
    }
}
