//! Screws and rods: beams that share nodes where they are joined, and springs that tie screws into bone.
//!
//! ```text
//!   ○────────○ rod            a screw is a line of beams; on three rings per beam, four points of its wall
//!   │head    │                are tied to the bone behind them:
//!  ═╪═══╪═══ bone             f = k (u_beam + θ × ρ − u_bone),  k = 10 × modulus of the bone per length
//!   │screw   │
//! ```
//! A screw bends as its core does and presses on bone with the outside of its thread. The wall points carry that outer
//! radius into the solid, so that its support depends little on the mesh, and transmit bending and torque.
//!
//! A node may follow another as one rigid body ([`Link`]): so screws are clamped in a rigid occiput. A [`Wire`]
//! joins a node to a point of a part and only pulls.
//!
//! Not modelled: thread, play between screw and plate, slip of the screw in the bone; the bone that the screw
//! displaces keeps its stiffness; a wire stands straight between its ends and is not tightened.

use super::beam::BeamSection;
use super::grid::BoxGrid;
use super::{beam, cell_points};
use dens_mesher::Vec3;
use dens_mesher::cells::tet10;
use dens_mesher::geometry::Aabb;
use dens_mesher::mesh::Mesh;
use nalgebra::Matrix3;

/// Spring stiffness per length of screw over the modulus of the bone. An elastic solid resists a rod with one
/// to two moduli per length; ten makes the springs' own share small and keeps the matrix well conditioned.
const TIE_FACTOR: f64 = 10.0;

/// Gauss points of degree 5 on 0..1 along a beam, with weights.
const RINGS: [(f64, f64); 3] =
    [(0.112_701_665_379_258_3, 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.887_298_334_620_741_7, 5.0 / 18.0)];

/// Reference coordinates may leave the cell by this much: round-off between neighbors.
const SLACK: f64 = 1e-7;

/// Screw or rod: a line of beams.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Name, as printed.
    pub name: String,
    /// Section of all its beams, of a screw that of its core.
    pub section: BeamSection,
    /// Diameter of its outside, mm: of the thread of a screw, else that of the section.
    pub outer: f64,
    /// Nodes in order, indices into [`Fixation::nodes`].
    pub nodes: Vec<u32>,
}

/// Screw embedded in a part wherever its wall lies inside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tie {
    /// Index into [`Fixation::members`].
    pub member: usize,
    /// Index into the parts of the model.
    pub part: usize,
    /// How far beyond the screw's wall it is held, mm: 0 in bone; in a bored part across the clearance.
    pub beyond: f64,
}

/// Node that moves with another as one rigid body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The node that has no motion of its own, index into [`Fixation::nodes`].
    pub node: u32,
    /// The node it follows, itself not linked.
    pub with: u32,
}

/// Straight wire between a node and a point of a part, which pulls and never pushes.
///
/// ```text
/// T = E A / L ⟨(u_node − u_anchor)·t⟩₊        t from the anchor to the node
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Wire {
    /// Name, as printed.
    pub name: String,
    /// Section; only its area and modulus count.
    pub section: BeamSection,
    /// Index into [`Fixation::nodes`].
    pub node: u32,
    /// Index into the parts of the model.
    pub part: usize,
    /// Where it is anchored in the part, mm.
    pub anchor: Vec3,
}

/// Posterior fixation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fixation {
    /// Positions of the beam nodes, mm.
    pub nodes: Vec<Vec3>,
    /// Screws and rods.
    pub members: Vec<Member>,
    /// What holds them.
    pub ties: Vec<Tie>,
    /// Nodes that follow others.
    pub links: Vec<Link>,
    /// Wires.
    pub wires: Vec<Wire>,
}

impl Fixation {
    /// Adds a member along `corners`, cut into beams of at most `step` mm; returns its index.
    ///
    /// A corner within 1 µm of an existing node is that node: so a rod that passes the head of a screw is
    /// rigidly joined to it.
    pub fn add(&mut self, name: &str, section: BeamSection, corners: &[Vec3], step: f64) -> usize {
        let mut nodes = Vec::new();
        for (k, &corner) in corners.iter().enumerate() {
            if 0 < k {
                let from = corners[k - 1];
                let n = ((corner - from).norm() / step).ceil().max(1.0);
                for i in 1..n as usize {
                    self.nodes.push(from + (corner - from) * (i as f64 / n));
                    nodes.push(self.nodes.len() as u32 - 1);
                }
            }
            let known = self.nodes.iter().position(|p| (p - corner).norm() < 1e-3);
            nodes.push(known.unwrap_or_else(|| {
                self.nodes.push(corner);
                self.nodes.len() - 1
            }) as u32);
        }
        self.members.push(Member { name: name.to_string(), section, outer: section.diameter, nodes });
        self.members.len() - 1
    }

    /// Adds a screw with this core, whose thread is `outer` mm wide, as [`Fixation::add`] does.
    pub fn add_screw(
        &mut self,
        name: &str,
        core: BeamSection,
        outer: f64,
        corners: &[Vec3],
        step: f64,
    ) -> usize {
        let member = self.add(name, core, corners, step);
        self.members[member].outer = outer;
        member
    }

    /// Ties a member into a part.
    pub fn tie(&mut self, member: usize, part: usize) {
        self.ties.push(Tie { member, part, beyond: 0.0 });
    }

    /// Length of a wire, mm.
    pub fn wire_length(&self, wire: &Wire) -> f64 {
        (self.nodes[wire.node as usize] - wire.anchor).norm()
    }

    /// The node that a node follows, or itself.
    pub(crate) fn leader(&self, node: u32) -> u32 {
        self.links.iter().find(|l| l.node == node).map_or(node, |l| l.with)
    }

    /// Positions of the ends of each beam of a member.
    pub(crate) fn beams(&self, member: usize) -> impl Iterator<Item = ([u32; 2], [Vec3; 2])> + '_ {
        self.members[member].nodes.windows(2).map(|n| {
            let ends = [n[0], n[1]];
            (ends, ends.map(|i| self.nodes[i as usize]))
        })
    }
}

/// Point of a screw's wall and its place in the bone.
#[derive(Debug, Clone)]
pub(crate) struct TiePoint {
    /// Index into the ties of the fixation.
    pub(crate) tie: usize,
    /// Number of the beam within its member.
    pub(crate) beam: usize,
    /// Beam nodes at its ends.
    pub(crate) ends: [u32; 2],
    /// Linear shares of the ends.
    pub(crate) shares: [f64; 2],
    /// From the axis to the wall, mm.
    pub(crate) arm: Vec3,
    /// Position on the wall, mm.
    pub(crate) position: Vec3,
    /// Cell of the part that holds the point, and its shape functions there.
    pub(crate) cell: u32,
    pub(crate) values: [f64; 10],
    /// Length of screw the point stands for, mm; times modulus times [`TIE_FACTOR`] it is the stiffness.
    pub(crate) length: f64,
}

impl TiePoint {
    /// Spring constant for the modulus of the host, N/mm.
    pub(crate) fn stiffness(&self, modulus: f64) -> f64 {
        TIE_FACTOR * modulus * self.length
    }

    /// [θ ×ρ] as a matrix on θ: θ × ρ = −ρ × θ.
    pub(crate) fn arm_matrix(&self) -> Matrix3<f64> {
        -self.arm.cross_matrix()
    }
}

/// Wall points of the tied members that lie inside their parts; `meshes` are those of all parts.
pub(crate) fn tie_points(fixation: &Fixation, meshes: &[&Mesh]) -> Vec<TiePoint> {
    let mut locators: Vec<Option<Locator<'_>>> = meshes.iter().map(|_| None).collect();
    let mut found = Vec::new();
    for (tie, &Tie { member, part, beyond }) in fixation.ties.iter().enumerate() {
        let locator = locators[part].get_or_insert_with(|| Locator::new(meshes[part]));
        let radius = 0.5 * fixation.members[member].outer + beyond;
        for (number, (ends, [a, b])) in fixation.beams(member).enumerate() {
            let axes = beam::frame(a, b);
            for (s, w) in RINGS {
                for quarter in 0..4 {
                    let across: Vec3 = axes.row(1 + quarter % 2).transpose();
                    let arm = across * if quarter < 2 { radius } else { -radius };
                    let position = a + s * (b - a) + arm;
                    let Some((cell, values)) = locator.find(position) else { continue };
                    let length = 0.25 * w * (b - a).norm();
                    let shares = [1.0 - s, s];
                    found.push(TiePoint {
                        tie,
                        beam: number,
                        ends,
                        shares,
                        arm,
                        position,
                        cell,
                        values,
                        length,
                    });
                }
            }
        }
    }
    found
}

/// Where a wire acts: its end in the part and its stiffness.
#[derive(Debug, Clone)]
pub(crate) struct WireEnd {
    /// Cell of the part that holds the anchor, and its shape functions there.
    pub(crate) cell: u32,
    pub(crate) values: [f64; 10],
    /// Unit direction from the anchor to the node.
    pub(crate) axis: Vec3,
    /// E A / L, N/mm.
    pub(crate) stiffness: f64,
}

/// Ends of the wires; `None` where the anchor lies outside its part.
pub(crate) fn wire_ends(fixation: &Fixation, meshes: &[&Mesh]) -> Vec<Option<WireEnd>> {
    let end = |w: &Wire| {
        let (cell, values) = Locator::new(meshes[w.part]).find(w.anchor)?;
        let span = fixation.nodes[w.node as usize] - w.anchor;
        let stiffness = w.section.youngs_modulus * w.section.area() / span.norm();
        Some(WireEnd { cell, values, axis: span.normalize(), stiffness })
    };
    fixation.wires.iter().map(end).collect()
}

/// Finds the cells that hold points.
struct Locator<'a> {
    mesh: &'a Mesh,
    grid: BoxGrid,
}

impl<'a> Locator<'a> {
    fn new(mesh: &'a Mesh) -> Self {
        let boxes = (0..mesh.n_cells() as u32).map(|c| Aabb::around(&cell_points(mesh, c))).collect();
        Self { mesh, grid: BoxGrid::new(boxes) }
    }

    fn find(&self, x: Vec3) -> Option<(u32, [f64; 10])> {
        self.grid.meeting(&Aabb { min: x, max: x }).into_iter().find_map(|cell| {
            let xi = tet10::inverse_map(&cell_points(self.mesh, cell), x)?;
            let inside = tet10::barycentric(xi).iter().all(|l| -SLACK <= *l);
            inside.then(|| (cell, tet10::values(xi)))
        })
    }
}
