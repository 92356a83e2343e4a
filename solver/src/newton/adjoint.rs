//! Adjoint state of a solved model: what a functional of the displacements asks of the matrix.

use super::interfaces::REST;
use super::{SolveError, Solver};
use crate::linear::vector::norm;
use crate::model::Model;
use crate::solution::Solution;
use dens_mesher::Vec3;

impl Solver {
    /// Holds the penalties of the interfaces from now on as they are, though the stiffness of a part should change.
    ///
    /// Penalties follow the stiffness of what touches. Where answers of several designs are compared to many digits, or
    /// differentiated, that must not move them.
    pub fn hold_penalties(&mut self) {
        self.held_penalties = true;
    }

    /// λ of K λ = g, K the tangent at the answer of the model that was solved last; zero where nodes are held.
    ///
    /// ```text
    /// dJ/dx = ∂J/∂x − λ · ∂r/∂x        r(u, x) = 0 the equilibrium, g = ∂J/∂u
    /// ```
    /// Exact for interfaces that are bonded or slide without friction, where no point opens or closes by the change of x,
    /// penalties are held ([`Solver::hold_penalties`]) and no multiplier was updated
    /// ([`Options::max_augmentations`](super::Options::max_augmentations) 0). With friction the bound μ p is taken as held.
    ///
    /// - `at`: the answer
    /// - `g`: ∂J/∂u of every node of every part, N mm per mm
    /// - `tolerance`: relative residual of the linear solve
    /// - returns: λ of every node of every part
    ///
    /// # Errors
    /// [`SolveError::Linear`].
    ///
    /// # Panics
    /// When `g` does not have one entry per node of the model.
    pub fn adjoint(
        &mut self,
        model: &Model,
        at: &Solution,
        g: &[Vec<Vec3>],
        tolerance: f64,
    ) -> Result<Vec<Vec<Vec3>>, SolveError> {
        let (u, multipliers) = self.first_guess(model, Some(at));
        let jumps = self.interfaces.overlaps(&u);
        let responses = self.interfaces.responses(&jumps, &multipliers, None);
        let mut exact = self.matrix.clone();
        self.interfaces.add_tangent(&responses, false, 0.0, &mut exact);
        self.discrete.constrain(&mut exact);
        self.tangent.blocks.copy_from_slice(&self.matrix.blocks);
        self.interfaces.add_tangent(&responses, false, REST, &mut self.tangent);
        self.discrete.constrain(&mut self.tangent);
        // The solver is set up with what resists everywhere, and iterates on what the residual knows.
        self.linear.prepare(&self.tangent, &self.discrete.system)?;
        self.prepared.clear();
        let mut b = vec![0.0; u.len()];
        assert_eq!(g.len(), model.parts.len(), "one list of forces per part");
        for (forces, (offset, part)) in g.iter().zip(self.discrete.offsets.iter().zip(&model.parts)) {
            assert_eq!(forces.len(), part.mesh.n_nodes(), "one force per node");
            for (i, f) in forces.iter().enumerate() {
                for end in self.discrete.unknowns.ends(offset + i as u32) {
                    for a in 0..3 {
                        b[3 * end as usize + a] += 0.5 * f[a];
                    }
                }
            }
        }
        self.discrete.project(&mut b);
        let mut x = vec![0.0; b.len()];
        if 0.0 < norm(&b) {
            self.linear.solve(&exact, &b, &mut x, tolerance)?;
        }
        let of_part = |(part, offset): (&crate::model::Part, &u32)| {
            (0..part.mesh.n_nodes() as u32)
                .map(|i| self.discrete.unknowns.displacement(&x, offset + i))
                .collect()
        };
        Ok(model.parts.iter().zip(&self.discrete.offsets).map(of_part).collect())
    }
}
