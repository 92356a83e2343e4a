//! The elastic body: mesh, materials, material axes and formulations.

use super::{Formulation, Spring, StaticsError};
use crate::tensor::{self, Six, Stiffness};
use dens_mesher::mixed::MixedMesh;
use nalgebra::Matrix3;

/// Linear elastic material, in its own axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Material {
    /// Stiffness, MPa, order xx yy zz yz xz xy with engineering shear.
    pub stiffness: Stiffness,
    /// Strain per kelvin, order xx yy zz yz xz xy with engineering shear; zero where heat does nothing.
    pub expansion: Six,
    /// Density, t/mm³; zero where weight does not matter.
    pub density: f64,
}

/// What a cell is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellProperties {
    /// Element formulation; its shape must be that of the cell.
    pub formulation: Formulation,
    /// Index into the materials of the body.
    pub material: u32,
    /// Index into the frames of the body; `None`: material axes are the global axes.
    pub frame: Option<u32>,
}

/// Elastic body, checked.
#[derive(Debug, Clone)]
pub struct Body {
    mesh: MixedMesh,
    materials: Vec<Material>,
    frames: Vec<Matrix3<f64>>,
    cells: Vec<CellProperties>,
    springs: Vec<Spring>,
    /// Per cell the stress at rest at its points, global axes; empty: none. The list is empty where no cell has any.
    at_rest: Vec<Vec<Six>>,
}

impl Body {
    /// Body of `mesh` whose cell i has the properties `cells[i]`.
    ///
    /// - `frames`: rotations whose columns are material axes in the global frame
    ///
    /// # Errors
    /// [`StaticsError`] of the kind [`super::ErrorKind::Input`] at the first material, frame or cell that is
    /// wrong.
    pub fn new(
        mesh: MixedMesh,
        materials: Vec<Material>,
        frames: Vec<Matrix3<f64>>,
        cells: Vec<CellProperties>,
    ) -> Result<Self, StaticsError> {
        if mesh.n_cells() == 0 {
            return Err(StaticsError::Empty);
        }
        if cells.len() != mesh.n_cells() {
            let (expected, found) = (mesh.n_cells(), cells.len());
            return Err(StaticsError::Count { what: "properties of the cells", expected, found });
        }
        for (number, material) in materials.iter().enumerate() {
            let sound =
                0.0 <= material.density && material.density.is_finite() && all_finite(&material.expansion);
            if !sound || !tensor::is_admissible(&material.stiffness) {
                return Err(StaticsError::BadMaterial { material: number });
            }
        }
        for (number, frame) in frames.iter().enumerate() {
            if !is_rotation(frame) {
                return Err(StaticsError::NotARotation { what: "material frame", number });
            }
        }
        for (cell, properties) in cells.iter().enumerate() {
            let shape = mesh.shapes()[cell];
            if properties.formulation.shape() != shape {
                return Err(StaticsError::WrongShape { cell, shape, formulation: properties.formulation });
            }
            if materials.len() <= properties.material as usize {
                return Err(StaticsError::NoSuchMaterial { cell, material: properties.material });
            }
            if let Some(frame) = properties.frame.filter(|&frame| frames.len() <= frame as usize) {
                return Err(StaticsError::NoSuchFrame { cell, frame });
            }
        }
        Ok(Self { mesh, materials, frames, cells, springs: Vec::new(), at_rest: Vec::new() })
    }

    /// The body with springs between its nodes.
    ///
    /// # Errors
    /// [`StaticsError`] of the kind [`super::ErrorKind::Input`] at the first spring that is wrong.
    pub fn with_springs(self, springs: Vec<Spring>) -> Result<Self, StaticsError> {
        springs.iter().try_for_each(|s| s.check(self.mesh.n_nodes()))?;
        Ok(Self { springs, ..self })
    }

    /// The body with stresses at rest.
    ///
    /// - `stresses`: per cell one stress for each integration point of its formulation, MPa, global axes, order
    ///   xx yy zz yz xz xy; an empty list stands for none
    ///
    /// Linear analyses add them to what the strains give. Where strains are finite they are second Piola-Kirchhoff
    /// stresses, and turn and stretch with the body.
    ///
    /// # Errors
    /// [`StaticsError::Count`], [`StaticsError::BadNumber`].
    pub fn with_stresses_at_rest(self, stresses: Vec<Vec<Six>>) -> Result<Self, StaticsError> {
        let what = "stresses at rest";
        if stresses.len() != self.mesh.n_cells() {
            return Err(StaticsError::Count { what, expected: self.mesh.n_cells(), found: stresses.len() });
        }
        for (own, cell) in stresses.iter().zip(&self.cells) {
            let expected = cell.formulation.element().rule().points.len();
            if !own.is_empty() && own.len() != expected {
                return Err(StaticsError::Count { what, expected, found: own.len() });
            }
            if !own.iter().all(|s| all_finite(s)) {
                return Err(StaticsError::BadNumber { what });
            }
        }
        Ok(Self { at_rest: stresses, ..self })
    }

    /// Springs.
    pub fn springs(&self) -> &[Spring] {
        &self.springs
    }

    /// Stress at rest at the points of a cell, MPa, global axes; empty: none.
    pub fn stresses_at_rest(&self, cell: usize) -> &[Six] {
        self.at_rest.get(cell).map_or(&[], Vec::as_slice)
    }

    /// Per node the axes along which a cell or a spring resists it.
    ///
    /// - `frames`: nodes with axes of their own
    pub(crate) fn active(&self, frames: &[(u32, Matrix3<f64>)]) -> Vec<[bool; 3]> {
        let mut out = vec![[false; 3]; self.mesh.n_nodes()];
        self.mesh.nodes().iter().for_each(|&node| out[node as usize] = [true; 3]);
        for spring in &self.springs {
            for (node, g) in &spring.ends {
                // A spring that turns will pull across its direction; one along turned axes pulls along several.
                let any = spring.turns || frames.iter().any(|f| f.0 == *node);
                let own = &mut out[*node as usize];
                (0..3).for_each(|axis| own[axis] |= any || g[axis] != 0.0);
            }
        }
        out
    }

    /// Mesh.
    pub fn mesh(&self) -> &MixedMesh {
        &self.mesh
    }

    /// Materials.
    pub fn materials(&self) -> &[Material] {
        &self.materials
    }

    /// Material frames.
    pub fn frames(&self) -> &[Matrix3<f64>] {
        &self.frames
    }

    /// Properties of each cell.
    pub fn cells(&self) -> &[CellProperties] {
        &self.cells
    }

    /// Material of a cell in global axes.
    pub fn material(&self, cell: usize) -> Material {
        let properties = self.cells[cell];
        let own = self.materials[properties.material as usize];
        match properties.frame {
            None => own,
            Some(frame) => {
                let turn = &self.frames[frame as usize];
                Material {
                    stiffness: tensor::rotate(&own.stiffness, turn),
                    expansion: tensor::rotate_strain(&own.expansion, turn),
                    density: own.density,
                }
            }
        }
    }
}

fn all_finite(values: &[f64]) -> bool {
    values.iter().all(|v| v.is_finite())
}

/// Whether the columns are right-handed orthonormal axes, to 1e-8: decks print eight digits or more.
pub(super) fn is_rotation(m: &Matrix3<f64>) -> bool {
    (m.transpose() * m - Matrix3::identity()).amax() < 1e-8 && 0.0 < m.determinant()
}
