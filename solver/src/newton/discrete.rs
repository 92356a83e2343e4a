//! The unknowns of a model, which of them may move, and everything in it that is linear.
//!
//! ```text
//! nodes   parts, one after the other (see `unknowns`) │ one reference node per guide │ beam nodes: displacement, rotation · 1 mm
//!         a linked beam node has none of its own: u = u_leader + θ_leader × arm, θ = θ_leader
//! ```

use super::SolveError;
use super::unknowns::Unknowns;
use crate::assembly::{Assembler, AssemblyError};
use crate::linear::{BlockMatrix, System};
use crate::loads::fixation::{Fixation, TiePoint, WireEnd, tie_points, wire_ends};
use crate::loads::guide::{BedPoint, bed_points};
use crate::loads::{beam, traction};
use crate::model::{Interpolation, Model, ModelError};
use crate::tensor::{Stiffness, directional_modulus};
use dens_mesher::Vec3;
use dens_mesher::mesh::Mesh;
use nalgebra::{Matrix3, SMatrix};

/// How a node may move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Freedom {
    /// In all directions.
    Free,
    /// Not at all.
    Fixed,
    /// Along a unit vector.
    Along(Vec3),
}

impl Freedom {
    /// Part of `v` that the node can follow.
    pub(super) fn project(self, v: Vec3) -> Vec3 {
        match self {
            Freedom::Free => v,
            Freedom::Fixed => Vec3::zeros(),
            Freedom::Along(a) => v.dot(&a) * a,
        }
    }

    fn matrix(self) -> Matrix3<f64> {
        match self {
            Freedom::Free => Matrix3::identity(),
            Freedom::Fixed => Matrix3::zeros(),
            Freedom::Along(a) => a * a.transpose(),
        }
    }
}

/// Unknowns and linear connections of a model.
pub(super) struct Discrete {
    /// First mesh node of each part, then the end of the last.
    pub(super) offsets: Vec<u32>,
    /// Nodes with unknowns among the mesh nodes.
    pub(super) unknowns: Unknowns,
    /// Reference node of each guide, and its points.
    pub(super) guides: Vec<(u32, Vec<BedPoint>)>,
    /// Displacement node of the first beam node; rotations follow each displacement.
    pub(super) first_beam: u32,
    /// For each beam node the displacement node it moves with, and its arm from there, mm; 0 for its own.
    beams: Vec<(u32, Vec3)>,
    /// Bedding of each rigid body.
    pub(super) bodies: Vec<Vec<BedPoint>>,
    /// Ends of the wires.
    pub(super) wires: Vec<WireEnd>,
    /// Points where screws are tied into bone.
    pub(super) ties: Vec<TiePoint>,
    /// Freedom of every node.
    pub(super) freedom: Vec<Freedom>,
    /// What the linear solver may know.
    pub(super) system: System,
}

impl Discrete {
    pub(super) fn new(model: &Model) -> Result<Self, SolveError> {
        let mut offsets = vec![0u32];
        for p in &model.parts {
            offsets.push(offsets[offsets.len() - 1] + p.mesh.n_nodes() as u32);
        }
        let unknowns = Unknowns::new(model);
        let n_solid = unknowns.mesh_nodes.len() as u32;
        let bedding = |beds: &[(usize, Vec<u32>)]| -> Vec<BedPoint> {
            let beds = beds.iter();
            let points = beds.flat_map(|(part, f)| bed_points(&model.parts[*part].mesh, f, offsets[*part]));
            let points = points.map(|mut p| {
                unknowns.fold(&p.nodes, &mut p.values);
                BedPoint { nodes: unknowns.nodes(&p.nodes), ..p }
            });
            points.collect()
        };
        let guides: Vec<(u32, Vec<BedPoint>)> =
            model.guides.iter().enumerate().map(|(k, g)| (n_solid + k as u32, bedding(&g.beds))).collect();
        let bodies = model.bodies.iter().map(|b| bedding(&b.beds)).collect();
        let meshes: Vec<&Mesh> = model.parts.iter().map(|p| p.mesh.as_ref()).collect();
        let ties = tie_points(&model.fixation, &meshes);
        for (k, tie) in model.fixation.ties.iter().enumerate() {
            if !ties.iter().any(|p| p.tie == k) {
                return Err(SolveError::BadModel(vec![ModelError::NotEmbedded {
                    member: model.fixation.members[tie.member].name.clone(),
                    part: model.parts[tie.part].name.clone(),
                }]));
            }
        }
        let mut wires = Vec::new();
        for (w, end) in model.fixation.wires.iter().zip(wire_ends(&model.fixation, &meshes)) {
            wires.push(end.ok_or_else(|| {
                let (member, part) = (w.name.clone(), model.parts[w.part].name.clone());
                SolveError::BadModel(vec![ModelError::NotEmbedded { member, part }])
            })?);
        }
        let first_beam = n_solid + guides.len() as u32;
        let beams = beam_places(&model.fixation, first_beam);
        let mut discrete = Self {
            offsets,
            unknowns,
            guides,
            first_beam,
            beams,
            bodies,
            wires,
            ties,
            freedom: Vec::new(),
            system: System::default(),
        };
        discrete.describe(model);
        discrete.restrict(model);
        Ok(discrete)
    }

    pub(super) fn n_nodes(&self) -> usize {
        self.freedom.len()
    }

    /// Displacement node of a beam node; its rotation is the next one.
    pub(super) fn beam_node(&self, i: u32) -> u32 {
        self.beams[i as usize].0
    }

    /// Whether a beam node has motions of its own.
    pub(super) fn is_own(&self, model: &Model, i: u32) -> bool {
        model.fixation.leader(i) == i
    }

    /// Whether a node of the system holds a rotation.
    pub(super) fn turns(&self, node: usize) -> bool {
        self.first_beam as usize <= node && (node - self.first_beam as usize) % 2 == 1
    }

    /// Displacement and rotation of a beam node.
    pub(super) fn beam_motion(&self, u: &[f64], i: u32) -> [Vec3; 2] {
        let (node, arm) = self.beams[i as usize];
        let at = |n: u32| Vec3::from_column_slice(&u[3 * n as usize..][..3]);
        let turn = at(node + 1);
        [at(node) + turn.cross(&arm), turn]
    }

    /// Center of the bedding of a guide.
    pub(super) fn guide_center(&self, k: usize) -> Vec3 {
        Vec3::from(self.system.coordinates[self.guides[k].0 as usize])
    }

    fn describe(&mut self, model: &Model) {
        let mut points: Vec<Vec3> = Vec::new();
        let mut parents: Vec<[u32; 2]> = Vec::new();
        for (p, offset) in model.parts.iter().zip(&self.offsets) {
            points.extend(&p.mesh.points);
            parents.extend(p.mesh.parents().iter().map(|ends| ends.map(|n| n + offset)));
        }
        if model.interpolation == Interpolation::Linear {
            points = self.unknowns.mesh_nodes.iter().map(|n| points[*n as usize]).collect();
            parents = (0..points.len() as u32).map(|i| [i, i]).collect();
        }
        for (_, bed) in &self.guides {
            let area: f64 = bed.iter().map(|b| b.weight).sum();
            points.push(bed.iter().map(|b| b.weight / area * b.position).sum());
        }
        for (i, x) in model.fixation.nodes.iter().enumerate() {
            if self.is_own(model, i as u32) {
                points.extend([x, x]);
            }
        }
        parents.extend((parents.len() as u32..points.len() as u32).map(|i| [i, i]));
        let center = points.iter().sum::<Vec3>() / points.len().max(1) as f64;
        let modes = points.iter().enumerate().map(|(i, x)| {
            let turning = self.turns(i);
            let r = x - center;
            let turn = if turning { Matrix3::identity() } else { -r.cross_matrix() };
            std::array::from_fn(|row| {
                std::array::from_fn(|c| match c {
                    0..3 => f64::from(u8::from(!turning && row == c)),
                    _ => turn[(row, c - 3)],
                })
            })
        });
        let modes = modes.collect();
        let coordinates = points.iter().map(|p| (*p).into()).collect();
        self.system = System { coordinates, parents, modes };
    }

    fn restrict(&mut self, model: &Model) {
        self.freedom = vec![Freedom::Free; self.system.coordinates.len()];
        for ((node, _), guide) in self.guides.iter().zip(&model.guides) {
            self.freedom[*node as usize] = Freedom::Along(guide.direction());
        }
        for body in model.bodies.iter().filter(|b| b.guided) {
            let node = self.beam_node(body.node) as usize;
            self.freedom[node] = Freedom::Along(body.direction());
            self.freedom[node + 1] = Freedom::Fixed;
        }
        for h in &model.holds {
            let part = &model.parts[h.surface.part];
            for &f in &h.surface.facets {
                for n in part.mesh.boundary[f as usize].nodes {
                    for end in self.unknowns.ends(n + self.offsets[h.surface.part]) {
                        self.freedom[end as usize] = Freedom::Fixed;
                    }
                }
            }
        }
    }

    /// Groups of nodes that the linear connections couple, apart from the cells.
    pub(super) fn cliques(&self, model: &Model) -> Vec<Vec<u32>> {
        let mut cliques = Vec::new();
        for (node, bed) in &self.guides {
            for facet in bed.chunk_by(|a, b| a.nodes == b.nodes) {
                cliques.push(facet[0].nodes.iter().copied().chain([*node]).collect());
            }
        }
        for (bed, body) in self.bodies.iter().zip(&model.bodies) {
            let node = self.beam_node(body.node);
            for facet in bed.chunk_by(|a, b| a.nodes == b.nodes) {
                cliques.push(facet[0].nodes.iter().copied().chain([node, node + 1]).collect());
            }
        }
        for k in 0..self.wires.len() {
            cliques.push(self.wire_shares(model, k).into_iter().map(|(n, _)| n).collect());
        }
        for member in 0..model.fixation.members.len() {
            for (ends, _) in model.fixation.beams(member) {
                cliques.push(self.beam_blocks(ends).to_vec());
            }
        }
        for p in &self.ties {
            let host = self.unknowns.nodes(&self.host_nodes(model, p));
            cliques.push(self.beam_blocks(p.ends).into_iter().chain(host).collect());
        }
        if model.interpolation == Interpolation::Linear {
            cliques.extend(self.unknowns.corner_cells(model).iter().map(|c| c.to_vec()));
        }
        for clique in &mut cliques {
            clique.sort_unstable();
            clique.dedup();
        }
        cliques
    }

    /// Displacement and rotation node of both ends.
    pub(super) fn beam_blocks(&self, ends: [u32; 2]) -> [u32; 4] {
        let [a, b] = ends.map(|i| self.beam_node(i));
        [a, a + 1, b, b + 1]
    }

    /// Mesh nodes of the cell that holds a tie point.
    fn host_nodes(&self, model: &Model, point: &TiePoint) -> [u32; 10] {
        let part = model.fixation.ties[point.tie].part;
        model.parts[part].mesh.cells[point.cell as usize].map(|n| n + self.offsets[part])
    }

    /// Spring constant of a tie point, N/mm.
    pub(super) fn tie_stiffness(&self, model: &Model, point: &TiePoint) -> f64 {
        let part = &model.parts[model.fixation.ties[point.tie].part];
        let c = &part.palette[part.of_cell[point.cell as usize] as usize].stiffness;
        point.stiffness(modulus_along(c, point.arm))
    }

    /// Stiffness of all that is linear, N/mm, supports not yet applied.
    pub(super) fn assemble(
        &self,
        model: &Model,
        assembler: &Assembler,
        matrix: &mut BlockMatrix,
    ) -> Result<(), SolveError> {
        self.assemble_cells(model, assembler, matrix)?;
        for ((node, bed), guide) in self.guides.iter().zip(&model.guides) {
            for p in bed {
                let k = p.weight * guide.foundation.stiffness(p.normal);
                let nodes: Vec<u32> = p.nodes.iter().copied().chain([*node]).collect();
                let shares: Vec<f64> = p.values.iter().copied().chain([-1.0]).collect();
                for (i, a) in nodes.iter().zip(&shares) {
                    for (j, b) in nodes.iter().zip(&shares) {
                        matrix.add_block(*i as usize, *j as usize, &row_major(&(a * b * k)));
                    }
                }
            }
        }
        for (bed, body) in self.bodies.iter().zip(&model.bodies) {
            for p in bed {
                let shares = self.bed_shares(model, body.node, p);
                let k = p.weight * body.foundation.stiffness(p.normal);
                for (row, a) in &shares {
                    for (column, b) in &shares {
                        let block = a.transpose() * k * b;
                        matrix.add_block(*row as usize, *column as usize, &row_major(&block));
                    }
                }
            }
        }
        for (number, member) in model.fixation.members.iter().enumerate() {
            for (ends, [a, b]) in model.fixation.beams(number) {
                let carry = self.carry(ends);
                let k = carry.transpose() * beam::stiffness(a, b, &member.section) * carry;
                let blocks = self.beam_blocks(ends);
                for (i, row) in blocks.iter().enumerate() {
                    for (j, column) in blocks.iter().enumerate() {
                        let block = k.fixed_view::<3, 3>(3 * i, 3 * j).into_owned();
                        matrix.add_block(*row as usize, *column as usize, &row_major(&block));
                    }
                }
            }
        }
        for p in &self.ties {
            let k = self.tie_stiffness(model, p);
            let shares = self.tie_shares(model, p);
            for (row, a) in &shares {
                for (column, b) in &shares {
                    matrix.add_block(*row as usize, *column as usize, &row_major(&(k * a.transpose() * b)));
                }
            }
        }
        Ok(())
    }

    /// Assembler of all cells, with the pattern of all connections.
    pub(super) fn assembler(&self, model: &Model, cliques: &[Vec<u32>]) -> Result<Assembler, SolveError> {
        let cells: Vec<[u32; 10]> = match model.interpolation {
            Interpolation::Quadratic => model
                .parts
                .iter()
                .zip(&self.offsets)
                .flat_map(|(p, offset)| p.mesh.cells.iter().map(move |c| c.map(|n| n + offset)))
                .collect(),
            // Their corners are among the cliques.
            Interpolation::Linear => Vec::new(),
        };
        Assembler::new(self.n_nodes(), &cells, cliques).map_err(|e| blame(model, e))
    }

    fn assemble_cells(
        &self,
        model: &Model,
        assembler: &Assembler,
        matrix: &mut BlockMatrix,
    ) -> Result<(), SolveError> {
        if model.interpolation == Interpolation::Linear {
            matrix.blocks.fill([0.0; 9]);
            return self.unknowns.add_linear_cells(model, matrix).map_err(|e| blame(model, e));
        }
        let points: Vec<Vec3> = self.system.coordinates.iter().map(|x| Vec3::from(*x)).collect();
        let mut sections = Vec::new();
        let mut section_of = Vec::with_capacity(assembler.cells().len());
        for p in &model.parts {
            let first = sections.len() as u32;
            sections.extend_from_slice(&p.palette);
            section_of.extend(p.of_cell.iter().map(|s| s + first));
        }
        assembler.assemble_into(&points, &sections, &section_of, matrix).map_err(|e| blame(model, e))
    }

    /// Relative displacement beam − bone of a tie point as Σ Aₐ uₐ: (node, A).
    pub(super) fn tie_shares(&self, model: &Model, p: &TiePoint) -> Vec<(u32, Matrix3<f64>)> {
        let eye = Matrix3::identity();
        let blocks = self.beam_blocks(p.ends);
        let mut shares = Vec::with_capacity(14);
        for (end, share) in p.shares.iter().enumerate() {
            let carried = self.beams[p.ends[end] as usize].1.cross_matrix();
            shares.push((blocks[2 * end], *share * eye));
            shares.push((blocks[2 * end + 1], *share * (p.arm_matrix() - carried)));
        }
        let (host, mut values) = (self.host_nodes(model, p), p.values);
        self.unknowns.fold(&host, &mut values);
        shares.extend(self.unknowns.nodes(&host).into_iter().zip(values).map(|(n, v)| (n, -v * eye)));
        shares
    }

    /// Motions of the ends of a beam from those of the nodes they move with.
    fn carry(&self, ends: [u32; 2]) -> beam::BeamStiffness {
        let mut carry = SMatrix::<f64, 12, 12>::identity();
        for (k, i) in ends.into_iter().enumerate() {
            let arm = self.beams[i as usize].1;
            carry.fixed_view_mut::<3, 3>(6 * k, 6 * k + 3).copy_from(&-arm.cross_matrix());
        }
        carry
    }

    /// Displacement of the facet against the rigid body at a point of its bedding as Σ Aₐ uₐ: (node, A).
    pub(super) fn bed_shares(&self, model: &Model, node: u32, p: &BedPoint) -> Vec<(u32, Matrix3<f64>)> {
        let eye = Matrix3::identity();
        let reference = self.beam_node(node);
        let arm = p.position - model.fixation.nodes[node as usize];
        let own = p.nodes.iter().zip(p.values).map(|(n, v)| (*n, v * eye));
        own.chain([(reference, -eye), (reference + 1, arm.cross_matrix())]).collect()
    }

    /// Elongation of a wire as Σ aₐ·uₐ: (node, a).
    pub(super) fn wire_shares(&self, model: &Model, wire: usize) -> Vec<(u32, Vec3)> {
        let (w, end) = (&model.fixation.wires[wire], &self.wires[wire]);
        let (node, arm) = self.beams[w.node as usize];
        let cell = model.parts[w.part].mesh.cells[end.cell as usize];
        let host = cell.map(|n| n + self.offsets[w.part]);
        let mut values = end.values;
        self.unknowns.fold(&host, &mut values);
        let mut shares = vec![(node, end.axis), (node + 1, arm.cross(&end.axis))];
        shares.extend(self.unknowns.nodes(&host).into_iter().zip(values).map(|(n, v)| (n, -v * end.axis)));
        shares
    }

    /// Elongation of a wire, mm.
    pub(super) fn elongation(&self, model: &Model, wire: usize, u: &[f64]) -> f64 {
        let shares = self.wire_shares(model, wire);
        shares.iter().map(|(n, a)| a.dot(&Vec3::from_column_slice(&u[3 * *n as usize..][..3]))).sum()
    }

    /// Adds `sign` times the stiffness of a wire that pulls.
    pub(super) fn add_wire(&self, model: &Model, wire: usize, sign: f64, matrix: &mut BlockMatrix) {
        let shares = self.wire_shares(model, wire);
        let k = sign * self.wires[wire].stiffness;
        for (row, a) in &shares {
            for (column, b) in &shares {
                matrix.add_block(*row as usize, *column as usize, &row_major(&(k * a * b.transpose())));
            }
        }
    }

    /// Forces applied to the nodes, N.
    pub(super) fn applied(&self, model: &Model) -> Vec<f64> {
        let mut f = vec![0.0; 3 * self.n_nodes()];
        let mut add = |node: u32, force: Vec3| {
            for a in 0..3 {
                f[3 * node as usize + a] += force[a];
            }
        };
        for ((node, _), guide) in self.guides.iter().zip(&model.guides) {
            add(*node, Vec3::from(guide.force));
        }
        for body in &model.bodies {
            let node = self.beam_node(body.node);
            add(node, Vec3::from(body.force));
            add(node + 1, Vec3::from(body.couple));
        }
        for t in &model.tractions {
            for (node, force) in traction::nodal_forces(&model.parts[t.part].mesh, &t.facets, t.value) {
                for end in self.unknowns.ends(node + self.offsets[t.part]) {
                    add(end, 0.5 * force);
                }
            }
        }
        f
    }

    /// Removes from nodal vectors what the supports take.
    pub(super) fn project(&self, v: &mut [f64]) {
        for (freedom, v) in self.freedom.iter().zip(v.as_chunks_mut::<3>().0) {
            if *freedom != Freedom::Free {
                *v = freedom.project(Vec3::from(*v)).into();
            }
        }
    }

    /// P A P + α (I − P): rows and columns of what cannot move are decoupled, with the diagonal's own size.
    pub(super) fn constrain(&self, matrix: &mut BlockMatrix) {
        for i in 0..self.n_nodes() {
            let left = self.freedom[i];
            for k in matrix.row_starts[i]..matrix.row_starts[i + 1] {
                let j = matrix.columns[k] as usize;
                let right = self.freedom[j];
                if left == Freedom::Free && right == Freedom::Free {
                    continue;
                }
                let block = Matrix3::from_row_slice(&matrix.blocks[k]);
                let mut kept = left.matrix() * block * right.matrix();
                if i == j {
                    kept += block.trace() / 3.0 * (Matrix3::identity() - left.matrix());
                }
                matrix.blocks[k] = row_major(&kept);
            }
        }
    }
}

/// For each beam node the displacement node it moves with and its arm from there.
fn beam_places(fixation: &Fixation, first: u32) -> Vec<(u32, Vec3)> {
    let n = fixation.nodes.len() as u32;
    let mut own = vec![0; n as usize];
    let mut next = first;
    for i in (0..n).filter(|i| fixation.leader(*i) == *i) {
        own[i as usize] = next;
        next += 2;
    }
    let place = |i: u32| {
        let leader = fixation.leader(i);
        (own[leader as usize], fixation.nodes[i as usize] - fixation.nodes[leader as usize])
    };
    (0..n).map(place).collect()
}

/// Names the part that an assembly error concerns, with the cell numbered as in its mesh.
fn blame(model: &Model, error: AssemblyError) -> SolveError {
    let (mut part, mut error) = (String::from("all"), error);
    if let AssemblyError::Inverted { cell, .. } = &mut error {
        for p in &model.parts {
            part.clone_from(&p.name);
            if *cell < p.mesh.n_cells() {
                break;
            }
            *cell -= p.mesh.n_cells();
        }
    }
    SolveError::Assembly { part, error }
}

/// Young's modulus along a direction, MPa.
pub(super) fn modulus_along(stiffness: &Stiffness, direction: Vec3) -> f64 {
    let axis = direction / direction.norm();
    // Checked with the model: every stiffness is positive definite.
    directional_modulus(stiffness, axis.into()).unwrap_or(stiffness[0][0])
}

pub(super) fn row_major(m: &Matrix3<f64>) -> [f64; 9] {
    std::array::from_fn(|k| m[(k / 3, k % 3)])
}
