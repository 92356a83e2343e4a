//! The setup: parts, what holds their faces, one body for the engine.

use super::blocks::{Block, FACE};
use crate::contact::{self, ContactError, InitialGap, Pair, PairOptions, Surface};
use crate::nonlinear::NonlinearError;
use crate::nonlinear::laws::{Law, LinearElastic};
use crate::statics::{
    self, Body, CellFacet, CellProperties, Constraints, Dof, Equation, Formulation, Material, RigidLink,
    RotationNode, StaticsError,
};
use crate::tensor::{Stiffness, directional_modulus, isotropic};
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, MixedMeshError, Shape};
use nalgebra::Matrix3;
use std::ops::Range;
use thiserror::Error;

/// Why a bench test cannot be set up or run.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum BenchError {
    /// A mesh that is none.
    #[error(transparent)]
    Mesh(#[from] MixedMeshError),
    /// A body or constraint that is wrong.
    #[error(transparent)]
    Statics(#[from] StaticsError),
    /// A contact pair that is wrong.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The analysis failed.
    #[error(transparent)]
    Analysis(#[from] NonlinearError),
    /// A face without facets.
    #[error("{0} has no facets")]
    Empty(String),
    /// A face whose facets are not quadratic.
    #[error("{0}: a block slides on quadratic facets only")]
    Linear(String),
    /// The observer asked to stop.
    #[error("stopped")]
    Cancelled,
    /// No equilibrium at all, not even under the first increment.
    #[error("nothing was carried: the first increment collapsed")]
    Collapsed,
}

/// A deformable body of the setup.
#[derive(Debug, Clone)]
pub struct Part {
    /// Name.
    pub name: String,
    /// Its mesh.
    pub mesh: MixedMesh,
    /// Formulation of all its cells.
    pub formulation: Formulation,
    /// Materials: stiffness at rest and law.
    pub palette: Vec<(Stiffness, Law)>,
    /// Material of each cell.
    pub of_cell: Vec<u32>,
}

/// How a face is held by a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hold {
    /// The block grips it: no relative motion. Of two parts, nodes of the other face are tied to this one.
    Gripped,
    /// It may slide and lift off.
    Sliding {
        /// Coefficient of friction.
        friction: f64,
    },
}

/// What a face stands against.
#[derive(Debug, Clone, PartialEq)]
pub enum Against {
    /// The rigid block on the push rod.
    Upper,
    /// The rigid block that is fixed.
    Lower,
    /// Facets of another part, which may be larger than the face.
    Part(usize, Vec<CellFacet>),
}

/// A face of a part and what it stands against. Faces and blocks just fit, whatever their meshes say.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// Name.
    pub name: String,
    /// Part.
    pub part: usize,
    /// Its facets; quadratic ones where a block slides on them.
    pub facets: Vec<CellFacet>,
    /// What it stands against.
    pub against: Against,
    /// How.
    pub hold: Hold,
}

/// Height of the drawn blocks over the highest node of their face, mm; they are rigid.
const BLOCK_DEPTH: f64 = 6.0;

/// Stiffness of the cells of a block, which never deform, MPa: steel.
const STEEL: (f64, f64) = (200_000.0, 0.3);

/// A device between blocks, checked.
#[derive(Debug)]
pub struct Rig {
    pub(super) body: Body,
    pub(super) laws: Vec<Law>,
    pub(super) constraints: Constraints,
    pub(super) pairs: Vec<Pair>,
    /// Node at the joint of the push rod, and that of its rotation.
    pub(super) joint: [u32; 2],
    /// Measure of the arms of the upper block, mm.
    pub(super) length: f64,
    /// Dofs linked to the upper block.
    linked: Vec<u32>,
    parts: Vec<(String, Range<usize>, Range<usize>)>,
}

/// Body under construction.
#[derive(Default)]
struct Joined {
    points: Vec<Vec3>,
    cells: Vec<(Shape, Vec<u32>)>,
    properties: Vec<CellProperties>,
    materials: Vec<Material>,
    laws: Vec<Law>,
    parts: Vec<(String, Range<usize>, Range<usize>)>,
    /// Number of cells of parts; those of blocks come after them.
    deformable: usize,
}

impl Joined {
    fn add(&mut self, part: &Part) {
        let (node, cell, material) = (self.points.len(), self.cells.len(), self.materials.len());
        let mesh = &part.mesh;
        self.points.extend_from_slice(mesh.points());
        for c in 0..mesh.n_cells() {
            let nodes = mesh.cell(c).iter().map(|n| n + node as u32).collect();
            self.cells.push((mesh.shapes()[c], nodes));
            let material = material as u32 + part.of_cell[c];
            self.properties.push(CellProperties { formulation: part.formulation, material, frame: None });
        }
        for (stiffness, law) in &part.palette {
            self.materials.push(Material { stiffness: *stiffness, expansion: [0.0; 6], density: 0.0 });
            self.laws.push(law.clone());
        }
        let name = part.name.clone();
        self.parts.push((name, node..self.points.len(), cell..self.cells.len()));
    }

    fn add_block(&mut self, seat: &str, block: Block) {
        let (node, cell, material) = (self.points.len(), self.cells.len(), self.materials.len() as u32);
        self.points.extend(block.points);
        for (shape, nodes) in block.cells {
            let formulation = if shape == Shape::Hex20 { Formulation::Hex20 } else { Formulation::Wedge15 };
            self.properties.push(CellProperties { formulation, material, frame: None });
            self.cells.push((shape, nodes.iter().map(|n| n + node as u32).collect()));
        }
        let stiffness = isotropic(STEEL.0, STEEL.1);
        self.materials.push(Material { stiffness, expansion: [0.0; 6], density: 0.0 });
        self.laws.push(Law::small(LinearElastic { stiffness }));
        self.parts.push((format!("block at {seat}"), node..self.points.len(), cell..self.cells.len()));
    }

    fn facet(&self, at: &CellFacet) -> Vec<u32> {
        let (shape, nodes) = &self.cells[at.cell as usize];
        shape.facet_nodes(usize::from(at.facet)).iter().map(|k| nodes[*k]).collect()
    }
}

impl Rig {
    /// Setup of parts and seats.
    ///
    /// - `fixed`: nodes of parts that stand on something that never moves: part and its nodes
    /// - `joint`: place of the push rod's joint, mm
    /// - `axis`: unit vector along which the push rod presses: from the upper block into the device
    /// - `stiffness` of cells and `law` of a part's material must be those of the same solid at rest
    ///
    /// # Errors
    /// [`BenchError`].
    pub fn new(
        parts: &[Part],
        seats: &[Seat],
        fixed: &[(usize, Vec<u32>)],
        joint: Vec3,
        axis: Vec3,
    ) -> Result<Self, BenchError> {
        let mut all = Joined::default();
        parts.iter().for_each(|p| all.add(p));
        all.deformable = all.cells.len();
        let mut held: Vec<u32> = Vec::new();
        let mut linked: Vec<u32> = Vec::new();
        let first_node = |all: &Joined, part: usize| all.parts[part].1.start as u32;
        for (part, nodes) in fixed {
            held.extend(nodes.iter().map(|n| n + first_node(&all, *part)));
        }
        // Facets of both sides in the numbering of the whole body.
        let mut touching: Vec<(String, Vec<CellFacet>, Vec<CellFacet>, f64)> = Vec::new();
        let mut tied: Vec<(Vec<CellFacet>, Vec<CellFacet>)> = Vec::new();
        for seat in seats {
            if seat.facets.is_empty() {
                return Err(BenchError::Empty(seat.name.clone()));
            }
            let global = |all: &Joined, part: usize, facets: &[CellFacet]| -> Vec<CellFacet> {
                let cell = all.parts[part].2.start as u32;
                facets.iter().map(|f| CellFacet { cell: f.cell + cell, ..*f }).collect()
            };
            let own = global(&all, seat.part, &seat.facets);
            let friction = match (&seat.against, seat.hold) {
                (Against::Part(other, facets), Hold::Sliding { friction }) => {
                    let other = global(&all, *other, facets);
                    // The other part is the softer one: it carries the multipliers.
                    touching.push((seat.name.clone(), other, own, friction));
                    continue;
                }
                (Against::Part(other, facets), Hold::Gripped) => {
                    let other = global(&all, *other, facets);
                    tied.push((other, own));
                    continue;
                }
                (_, Hold::Sliding { friction }) => friction,
                (against, Hold::Gripped) => {
                    let nodes = own.iter().flat_map(|f| all.facet(f));
                    let list = if *against == Against::Upper { &mut linked } else { &mut held };
                    list.extend(nodes);
                    continue;
                }
            };
            let outward = if seat.against == Against::Upper { -axis } else { axis };
            let facets: Vec<Vec<u32>> = own.iter().map(|f| all.facet(f)).collect();
            let block = Block::fitting(&all.points, &facets, outward, BLOCK_DEPTH)
                .ok_or_else(|| BenchError::Linear(seat.name.clone()))?;
            let first = (all.points.len() as u32, all.cells.len() as u32);
            all.add_block(&seat.name, block);
            let nodes = first.0..all.points.len() as u32;
            let list = if seat.against == Against::Upper { &mut linked } else { &mut held };
            list.extend(nodes);
            let face =
                (first.1..all.cells.len() as u32).map(|cell| CellFacet { cell, facet: FACE }).collect();
            touching.push((seat.name.clone(), own, face, friction));
        }
        for list in [&mut held, &mut linked] {
            list.sort_unstable();
            list.dedup();
        }
        let arms = linked.iter().map(|n| (all.points[*n as usize] - joint).norm());
        let length = arms.fold(1.0, f64::max);
        let joint_nodes = [0, 1].map(|k| (all.points.len() + k) as u32);
        all.points.extend([joint, joint]);
        let parts = std::mem::take(&mut all.parts);
        let mesh = MixedMesh::new(all.points, all.cells.iter().map(|(s, c)| (*s, c.as_slice())))?;
        let deformable = all.deformable;
        let body = Body::new(mesh, all.materials, Vec::new(), all.properties)?;
        let pairs = touching
            .into_iter()
            .map(|(name, slave, master, friction)| pair(&body, deformable, &name, &slave, &master, friction))
            .collect::<Result<Vec<_>, _>>()?;
        let supports =
            held.iter().flat_map(|node| (0..3).map(move |axis| Dof { node: *node, axis })).collect();
        let mut constraints = Constraints { supports, ..Constraints::default() };
        for (slave, master) in tied {
            let equations = tie_faces(&body, &slave, &master, &constraints)?;
            constraints.equations.extend(equations);
        }
        Ok(Self { body, laws: all.laws, constraints, pairs, joint: joint_nodes, length, linked, parts })
    }

    /// The body: all parts, then the blocks that were drawn, then the joint.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Parts and drawn blocks: name, nodes and cells in the body.
    pub fn parts(&self) -> &[(String, Range<usize>, Range<usize>)] {
        &self.parts
    }

    /// The constraints with the push rod's frame.
    ///
    /// - `frame`: columns are the axes of the push rod; the third is its own
    pub(super) fn held_by(&self, frame: Matrix3<f64>, supports: &[Dof]) -> Constraints {
        let mesh = self.body.mesh();
        let [reference, rotation] = self.joint;
        let place = mesh.points()[reference as usize];
        let link = |node: &u32| {
            let (arm, node) = (mesh.points()[*node as usize] - place, *node);
            (0..3).map(move |axis| RigidLink {
                dof: Dof { node, axis },
                reference,
                rotation,
                arm,
                finite: false,
            })
        };
        let mut constraints = self.constraints.clone();
        constraints.supports.extend_from_slice(supports);
        constraints.links = self.linked.iter().flat_map(link).collect();
        constraints.rotations = vec![RotationNode { node: rotation, length: self.length }];
        constraints.frames = vec![(reference, frame), (rotation, frame)];
        constraints
    }
}

/// How far nodes of a softer face may lie off the face they are tied to, over the size of its facets: both are curved, each
/// by its own mesh.
const TIE_REACH: f64 = 0.1;

/// Equations that tie the nodes of a softer face to a stiffer one, where the two lie on each other.
fn tie_faces(
    body: &Body,
    slave: &[CellFacet],
    master: &[CellFacet],
    constraints: &Constraints,
) -> Result<Vec<Equation>, BenchError> {
    let mesh = body.mesh();
    let nodes = |f: &CellFacet| mesh.facet(f.cell as usize, usize::from(f.facet));
    let mut slaves: Vec<u32> = slave.iter().flat_map(nodes).collect();
    slaves.sort_unstable();
    slaves.dedup();
    let edge = |f: &CellFacet| {
        let n = nodes(f);
        (mesh.points()[n[0] as usize] - mesh.points()[n[1] as usize]).norm()
    };
    let size = master.iter().map(edge).sum::<f64>() / master.len().max(1) as f64;
    let found = statics::tie(body, &slaves, master, Some(TIE_REACH * size), constraints)?;
    if found.equations.is_empty() {
        return Err(BenchError::Empty("the tie between two parts".into()));
    }
    Ok(found.equations)
}

fn pair(
    body: &Body,
    deformable: usize,
    name: &str,
    slave: &[CellFacet],
    master: &[CellFacet],
    friction: f64,
) -> Result<Pair, ContactError> {
    let modulus = |cell: u32, normal: Vec3| {
        if deformable <= cell as usize {
            return f64::INFINITY;
        }
        let stiffness = body.material(cell as usize).stiffness;
        directional_modulus(&stiffness, normal.into()).unwrap_or(stiffness[0][0])
    };
    let surface = |facets: &[CellFacet]| Surface::with_modulus(body.mesh(), facets, modulus);
    let law = contact::Law::Sliding { friction };
    let gap = InitialGap::Value(0.0);
    Pair::new(name, surface(slave)?, surface(master)?, PairOptions { law, gap, ..PairOptions::default() })
}
