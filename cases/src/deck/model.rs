//! A deck as understood: nodes, elements, sets, materials, constraints, steps.
//!
//! Numbers are in the units of the deck, whatever these are. Nodes and elements are kept in the order of their
//! labels and referred to by their index in it; names of sets, materials and the like are keys in upper case.

use super::joints::{Coupling, InitialStress, Spring, Turning};
use super::kind::Kind;
use super::source::Place;
use dens_mesher::Vec3;
use std::collections::BTreeMap;

/// Finite element model with its history of loads.
#[derive(Debug, Clone, Default)]
pub struct Deck {
    /// Lines of `*HEADING`.
    pub title: Vec<String>,
    /// Nodes.
    pub nodes: Nodes,
    /// Elements.
    pub elements: Elements,
    /// Sets of nodes by key.
    pub node_sets: Sets,
    /// Sets of elements by key.
    pub element_sets: Sets,
    /// Surfaces by key.
    pub surfaces: BTreeMap<String, Surface>,
    /// Materials.
    pub materials: Vec<Material>,
    /// Axes of anisotropic materials.
    pub orientations: Vec<Orientation>,
    /// Which elements are made of what.
    pub sections: Vec<Section>,
    /// Nodes whose degrees of freedom follow other axes.
    pub transforms: Vec<Transform>,
    /// Linear relations between degrees of freedom.
    pub equations: Vec<Equation>,
    /// Rigid bodies and couplings.
    pub couplings: Vec<Coupling>,
    /// Reference nodes with their rotations.
    pub turning: Vec<Turning>,
    /// Nodes at the end of the list that the deck does not give.
    pub made_nodes: usize,
    /// Springs.
    pub springs: Vec<Spring>,
    /// Stresses at rest; later ones hold.
    pub initial_stresses: Vec<InitialStress>,
    /// Glued surfaces.
    pub ties: Vec<Tie>,
    /// How surfaces in contact act on each other.
    pub interactions: Vec<Interaction>,
    /// Surfaces that may touch.
    pub contact_pairs: Vec<ContactPair>,
    /// Distances that stand for those of the meshes.
    pub clearances: Vec<Clearance>,
    /// Time curves.
    pub amplitudes: Vec<Amplitude>,
    /// Temperatures at rest.
    pub initial_temperatures: Vec<NodalValue>,
    /// Supports given before the first step.
    pub supports: Vec<Boundary>,
    /// Steps in order.
    pub steps: Vec<Step>,
}

/// Nodes in the order of their labels.
#[derive(Debug, Clone, Default)]
pub struct Nodes {
    /// Labels, ascending.
    pub labels: Vec<u32>,
    /// Positions.
    pub points: Vec<Vec3>,
}

/// Elements in the order of their labels.
#[derive(Debug, Clone, Default)]
pub struct Elements {
    /// Labels, ascending.
    pub labels: Vec<u32>,
    /// Types.
    pub kinds: Vec<Kind>,
    /// Start of the nodes of each element in `nodes`, and the end of the last.
    pub starts: Vec<usize>,
    /// Indices of nodes, element by element.
    pub nodes: Vec<u32>,
    /// Where each element stands; empty when it comes from no deck.
    pub places: Vec<Place>,
}

impl Nodes {
    /// Index of the node of this label.
    pub fn index(&self, label: u32) -> Option<u32> {
        find(&self.labels, label)
    }
}

impl Elements {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Nodes of an element.
    pub fn nodes_of(&self, element: usize) -> &[u32] {
        &self.nodes[self.starts[element]..self.starts[element + 1]]
    }

    /// Index of the element of this label.
    pub fn index(&self, label: u32) -> Option<u32> {
        find(&self.labels, label)
    }

    /// Where an element stands in the deck.
    pub fn place(&self, element: usize) -> Place {
        self.places.get(element).copied().unwrap_or(Place::NOWHERE)
    }
}

/// Labels are mostly consecutive, so the first guess is mostly right.
fn find(labels: &[u32], label: u32) -> Option<u32> {
    let first = *labels.first()?;
    let guess = label.checked_sub(first)? as usize;
    if labels.get(guess) == Some(&label) {
        return Some(guess as u32);
    }
    labels.binary_search(&label).ok().map(|i| i as u32)
}

/// Sets by key.
pub type Sets = BTreeMap<String, Set>;

/// Named set of nodes or elements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Set {
    /// Name as first written.
    pub name: String,
    /// Indices; ascending, each once, unless the deck says `UNSORTED`.
    pub members: Vec<u32>,
}

/// One node or element, or a set of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Index.
    One(u32),
    /// Key of a set.
    Set(String),
}

impl Target {
    /// Indices meant.
    pub fn members<'a>(&'a self, sets: &'a Sets) -> &'a [u32] {
        match self {
            Self::One(index) => std::slice::from_ref(index),
            Self::Set(key) => sets.get(key).map_or(&[], |s| &s.members),
        }
    }
}

/// Surface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surface {
    /// Facets of elements: name, then element and facet number from 0, in order, each once.
    Facets(String, Vec<(u32, u8)>),
    /// Nodes.
    Nodes(String, Vec<u32>),
}

impl Surface {
    /// Name as first written.
    pub fn name(&self) -> &str {
        match self {
            Self::Facets(name, _) | Self::Nodes(name, _) => name,
        }
    }
}

/// Material.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Material {
    /// Name as written.
    pub name: String,
    /// Elastic constants.
    pub elastic: Option<Elastic>,
    /// Strain energy of a material of large strain, in place of elastic constants.
    pub hyperelastic: Option<Hyperelastic>,
    /// Whether elastic constants are those between Green-Lagrange strain and second Piola-Kirchhoff stress where strains
    /// are large; else isotropic ones are those of the logarithmic strain.
    pub green: bool,
    /// Whether the strain energy of volume is κ/2 ln²J in place of (J − 1)²/D₁, κ = 2/D₁.
    pub log_volume: bool,
    /// Yield stress over plastic strain, from plastic strain 0; empty for one that does not yield.
    pub plastic: Vec<(f64, f64)>,
    /// Mass per volume.
    pub density: Option<f64>,
    /// Thermal expansion along the material axes: xx, yy, zz.
    pub expansion: Option<[f64; 3]>,
    /// Reference temperature of the expansion; without effect while the expansion is constant.
    pub zero: f64,
    /// Where its `*MATERIAL` stands.
    pub place: Place,
}

/// Strain energy of large strain, constants as the deck gives them.
#[derive(Debug, Clone, PartialEq)]
pub enum Hyperelastic {
    /// C₁₀ (Ī₁ − 3) + C₀₁ (Ī₂ − 3) + (J − 1)²/D₁: C₁₀, C₀₁, D₁. Neo-Hooke has C₀₁ = 0.
    MooneyRivlin(f64, f64, f64),
    /// Σ 2μ/α² (λ̄₁^α + λ̄₂^α + λ̄₃^α − 3) + Σ (J − 1)^2i/Dᵢ: μ, α, D of each term.
    Ogden(Vec<[f64; 3]>),
    /// μ/2 (I₁ − 3) − μ ln J + λ/2 ln²J: Young's modulus and Poisson's ratio.
    NeoHookean(f64, f64),
}

impl Hyperelastic {
    /// Shear modulus and bulk modulus of small strain; an infinite bulk modulus where D₁ is zero.
    pub fn moduli(&self) -> (f64, f64) {
        let (shear, d) = match self {
            Self::NeoHookean(e, nu) => (e / (2.0 * (1.0 + nu)), 6.0 * (1.0 - 2.0 * nu) / e),
            Self::MooneyRivlin(c10, c01, d) => (2.0 * (c10 + c01), *d),
            Self::Ogden(terms) => (terms.iter().map(|t| t[0]).sum(), terms.first().map_or(0.0, |t| t[2])),
        };
        (shear, 2.0 / d)
    }
}

/// How surfaces in contact act on each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Interaction {
    /// Name as written.
    pub name: String,
    /// Coefficient of friction.
    pub friction: f64,
    /// Whether surfaces stay together whatever pulls.
    pub bonded: bool,
    /// Where.
    pub place: Place,
}

/// Surfaces that may touch.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactPair {
    /// Key of the slave surface.
    pub slave: String,
    /// Key of the master surface.
    pub master: String,
    /// Index of the interaction.
    pub interaction: usize,
    /// Slave nodes up to this far from the master surface are moved onto it first.
    pub adjust: Option<f64>,
    /// Where.
    pub place: Place,
}

/// Distance between two surfaces in place of that of the meshes.
#[derive(Debug, Clone, PartialEq)]
pub struct Clearance {
    /// Key of the slave surface.
    pub slave: String,
    /// Key of the master surface.
    pub master: String,
    /// Distance, negative for an overlap.
    pub value: f64,
    /// Where.
    pub place: Place,
}

/// Elastic constants, as the deck gives them.
#[derive(Debug, Clone, PartialEq)]
pub enum Elastic {
    /// Young's modulus and Poisson's ratio.
    Isotropic(f64, f64),
    /// E₁ E₂ E₃ ν₁₂ ν₁₃ ν₂₃ G₁₂ G₁₃ G₂₃.
    Engineering([f64; 9]),
    /// D1111 D1122 D2222 D1133 D2233 D3333 D1212 D1313 D2323.
    Orthotropic([f64; 9]),
    /// The upper triangle column by column, axes in the order 11 22 33 12 13 23.
    Anisotropic([f64; 21]),
}

/// Shape of a system of axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Axes {
    /// First axis towards `a`, second in the plane of `a` and `b`, from the origin `c`.
    Rectangular,
    /// Radial, tangential and axial around the axis from `a` to `b`.
    Cylindrical,
}

/// Named axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Orientation {
    /// Name as written.
    pub name: String,
    /// Shape.
    pub axes: Axes,
    /// Point a.
    pub a: Vec3,
    /// Point b.
    pub b: Vec3,
    /// Origin of rectangular axes.
    pub c: Vec3,
    /// Further rotation: local axis 0 to 2, degrees.
    pub rotation: Option<(u8, f64)>,
    /// Where.
    pub place: Place,
}

/// Elements of one material.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Key of the element set.
    pub set: String,
    /// Index of the material.
    pub material: usize,
    /// Index of the orientation.
    pub orientation: Option<usize>,
    /// Where.
    pub place: Place,
}

/// Axes of the degrees of freedom of nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform {
    /// Key of the node set.
    pub set: String,
    /// Shape; the origin is zero.
    pub axes: Axes,
    /// Point a.
    pub a: Vec3,
    /// Point b.
    pub b: Vec3,
    /// Where.
    pub place: Place,
}

/// Sum of coefficient times displacement is zero; the first term is eliminated.
#[derive(Debug, Clone, PartialEq)]
pub struct Equation {
    /// Nodes, axis from 0 (3 to 5: rotations of a reference node), coefficient.
    pub terms: Vec<(Target, u8, f64)>,
    /// Where.
    pub place: Place,
}

/// Slave surface glued to a master surface.
#[derive(Debug, Clone, PartialEq)]
pub struct Tie {
    /// Name as written.
    pub name: String,
    /// Key of the slave surface.
    pub slave: String,
    /// Key of the master surface.
    pub master: String,
    /// Nodes farther away stay free.
    pub tolerance: Option<f64>,
    /// Whether nodes are moved onto the master surface first.
    pub adjust: bool,
    /// Where.
    pub place: Place,
}

/// Factor over time, linear between its points, constant beyond.
#[derive(Debug, Clone, PartialEq)]
pub struct Amplitude {
    /// Name as written.
    pub name: String,
    /// Whether time counts from the first step rather than from the present one.
    pub total_time: bool,
    /// Time and factor, times not descending.
    pub points: Vec<(f64, f64)>,
}

impl Deck {
    /// Whether loads and displacements are not in proportion: large displacements, contact, materials that stretch
    /// or yield.
    pub fn is_nonlinear(&self) -> bool {
        let used = |m: usize| self.sections.iter().any(|s| s.material == m);
        let yields = |m: &Material| m.hyperelastic.is_some() || !m.plastic.is_empty();
        self.steps.iter().any(|s| s.large)
            || !self.contact_pairs.is_empty()
            || self.springs.iter().any(Spring::is_nonlinear)
            || self.materials.iter().enumerate().any(|(i, m)| yields(m) && used(i))
    }
}

impl Deck {
    /// Whether rotations may be of any size: `NLGEOM`, or a hyperelastic material, whose strains are large without it.
    pub fn is_large(&self) -> bool {
        let stretches = |s: &Section| self.materials[s.material].hyperelastic.is_some();
        self.steps.iter().any(|s| s.large) || self.sections.iter().any(stretches)
    }
}

impl Amplitude {
    /// Factor at a time.
    pub fn at(&self, time: f64) -> f64 {
        let after = self.points.partition_point(|p| p.0 <= time);
        let (Some(&a), Some(&b)) = (self.points.get(after.wrapping_sub(1)), self.points.get(after)) else {
            let end = if after == 0 { self.points.first() } else { self.points.last() };
            return end.map_or(1.0, |p| p.1);
        };
        a.1 + (b.1 - a.1) * (time - a.0) / (b.0 - a.0)
    }
}

/// Value at nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct NodalValue {
    /// Nodes.
    pub target: Target,
    /// Value.
    pub value: f64,
    /// Index of its time curve.
    pub amplitude: Option<usize>,
}

/// Prescribed displacement.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    /// Nodes.
    pub target: Target,
    /// First axis, from 0; 3 to 5 are rotations, which only reference nodes have.
    pub first: u8,
    /// Last axis.
    pub last: u8,
    /// Displacement.
    pub value: f64,
    /// Index of its time curve.
    pub amplitude: Option<usize>,
    /// Where.
    pub place: Place,
}

/// Force at nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Force {
    /// Nodes.
    pub target: Target,
    /// Axis, from 0; 3 to 5 are moments on reference nodes.
    pub axis: u8,
    /// Force on each node.
    pub value: f64,
    /// Index of its time curve.
    pub amplitude: Option<usize>,
}

/// Load on elements.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementLoad {
    /// Elements; all of them for `None`.
    pub target: Option<Target>,
    /// Kind.
    pub kind: ElementLoadKind,
    /// Magnitude.
    pub value: f64,
    /// Index of its time curve.
    pub amplitude: Option<usize>,
    /// Where.
    pub place: Place,
}

/// What acts on elements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ElementLoadKind {
    /// Pressure on the facet of this number, from 0; positive into the element.
    Pressure(u8),
    /// Acceleration along a direction.
    Gravity(Vec3),
    /// Rotation about an axis: a point, a direction; the magnitude is the angular velocity squared.
    Centrifugal(Vec3, Vec3),
}

/// Load on a surface.
#[derive(Debug, Clone, PartialEq)]
pub struct SurfaceLoad {
    /// Key of the surface.
    pub surface: String,
    /// Direction of a traction; `None` for a pressure.
    pub direction: Option<Vec3>,
    /// Magnitude, force per area.
    pub value: f64,
    /// Index of its time curve.
    pub amplitude: Option<usize>,
}

/// One keyword of a step that changes what acts on the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Whether it removes what earlier steps gave (`OP=NEW`).
    pub fresh: bool,
    /// What it gives.
    pub lines: Lines,
}

/// Content of an [`Action`].
#[derive(Debug, Clone, PartialEq)]
pub enum Lines {
    /// Prescribed displacements.
    Boundaries(Vec<Boundary>),
    /// Nodal forces.
    Forces(Vec<Force>),
    /// Element loads.
    ElementLoads(Vec<ElementLoad>),
    /// Surface loads.
    SurfaceLoads(Vec<SurfaceLoad>),
    /// Temperatures.
    Temperatures(Vec<NodalValue>),
}

/// Static step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Name or text of the step.
    pub name: String,
    /// Whether only its own loads act and later steps do not see them.
    pub perturbation: bool,
    /// Its duration.
    pub period: f64,
    /// Whether displacements are large (`NLGEOM`).
    pub large: bool,
    /// Increments: first, least, largest, as shares of the period.
    pub increments: [Option<f64>; 3],
    /// Most increments (`INC`).
    pub most_increments: Option<u32>,
    /// Whether all increments have the first one's size (`DIRECT`).
    pub even: bool,
    /// What it changes, in order.
    pub actions: Vec<Action>,
    /// What it asks to print.
    pub requests: Vec<Request>,
    /// Where.
    pub place: Place,
}

/// Rows that a print request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Elements rather than nodes.
    pub elements: bool,
    /// Key of the set; everything for `None`.
    pub set: Option<String>,
    /// Names of the variables, upper case.
    pub variables: Vec<String>,
    /// Whether local axes are asked for (`GLOBAL=NO`).
    pub local: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amplitude_is_linear_between_its_points_and_constant_beyond() {
        let a = Amplitude {
            name: "A".to_string(),
            total_time: false,
            points: vec![(0.0, 0.0), (1.0, 2.0), (1.0, 3.0), (2.0, 5.0)],
        };
        for (time, factor) in [(-1.0, 0.0), (0.5, 1.0), (1.0, 3.0), (1.5, 4.0), (2.0, 5.0), (9.0, 5.0)] {
            assert_eq!(a.at(time), factor, "{time}");
        }
    }
}
