//! Lattice of any elastic symmetry that yields on an ellipsoid of stress.
//!
//! ```text
//! f = √(σ:ℙ:σ) ≤ 1        Δεₚ = Δγ ℙ:σ
//! return: σ = (ℂ⁻¹ + Δγ ℙ)⁻¹ εₑ trial with f = 1        ℂ_ep = Ξ − Ξn⊗nΞ/(n:Ξ:n),  Ξ = (ℂ⁻¹ + Δγ ℙ)⁻¹, n = ℙ:σ
//! ```
//! Perfectly plastic: what the struts do after first yield, bend, touch or break, is not in the law.

use super::{BadLaw, Fault, SmallStrainLaw, YIELD_MARGIN};
use crate::tensor::{self, Six, Stiffness};
use nalgebra::{Matrix6, Vector6};

/// Stresses at which a lattice of cubic symmetry yields, MPa, positive, alike in tension and compression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CubicStrengths {
    /// Uniaxial stress along an edge of the cell.
    pub axial: f64,
    /// Equal stress in all directions.
    pub hydrostatic: f64,
    /// Shear stress between two edges of the cell.
    pub shear: f64,
}

/// Elastic, perfectly plastic lattice of small strain.
///
/// History: plastic strain (six, engineering shear), κ = plastic work over the axial strength.
#[derive(Debug, Clone, PartialEq)]
pub struct CrushableLattice {
    stiffness: Matrix6<f64>,
    compliance: Matrix6<f64>,
    form: Matrix6<f64>,
    axial: f64,
}

impl CrushableLattice {
    /// Lattice of a stiffness (MPa, material axes along the edges of its cell) with the ellipsoid through three strengths.
    ///
    /// ```text
    /// σ:ℙ:σ = a Σ σᵢᵢ² + 2 b Σ σᵢᵢ σⱼⱼ + c Σ τ²        a = 1/Y², 3 a + 6 b = 1/p², c = 1/τ²
    /// ```
    /// # Errors
    /// [`BadLaw`] when the stiffness is not positive definite, a strength is not positive, or the hydrostatic strength is
    /// not above a third of the axial one, where the surface would open.
    pub fn new(stiffness: &Stiffness, strengths: CubicStrengths) -> Result<Self, BadLaw> {
        let bad = |what: String| Err(BadLaw { law: "crushable-lattice", what });
        let CubicStrengths { axial, hydrostatic, shear } = strengths;
        if ![axial, hydrostatic, shear].iter().all(|s| 0.0 < *s && s.is_finite()) {
            return bad(format!("strengths must be positive: {axial}, {hydrostatic} and {shear} MPa"));
        }
        if hydrostatic <= axial / 3.0 {
            return bad(format!(
                "a hydrostatic strength of {hydrostatic} MPa is not above a third of the axial {axial} MPa"
            ));
        }
        let (true, Some(compliance)) = (tensor::is_admissible(stiffness), tensor::inverse(stiffness)) else {
            return bad("the stiffness is not positive definite".to_string());
        };
        let a = axial.powi(-2);
        let b = (hydrostatic.powi(-2) - 3.0 * a) / 6.0;
        let form = Matrix6::from_fn(|i, j| match (i < 3 && j < 3, i == j) {
            (true, true) => a,
            (true, false) => b,
            (false, true) => shear.powi(-2),
            (false, false) => 0.0,
        });
        let square = |m: &Stiffness| Matrix6::from_fn(|i, j| m[i][j]);
        Ok(Self { stiffness: square(stiffness), compliance: square(&compliance), form, axial })
    }
}

impl SmallStrainLaw for CrushableLattice {
    fn name(&self) -> &'static str {
        "crushable-lattice"
    }

    fn source(&self) -> &'static str {
        "closest-point return to a quadratic surface: de Souza Neto, Perić & Owen (2008), §10.3; ellipsoid in mean stress: Deshpande & Fleck (2000), J. Mech. Phys. Solids 48, 1253-1283"
    }

    fn n_history(&self) -> usize {
        7
    }

    fn respond(
        &self,
        strain: &Six,
        _length: f64,
        before: &[f64],
        after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        let elastic = Vector6::from_fn(|i, _| strain[i] - before[i]);
        let mut stress = self.stiffness * elastic;
        let size = |s: &Vector6<f64>| s.dot(&(self.form * s));
        let trial = size(&stress);
        if !trial.is_finite() {
            return Err(Fault::NotFinite);
        }
        after.copy_from_slice(before);
        let mut modulus = self.stiffness;
        if (1.0 + YIELD_MARGIN).powi(2) < trial {
            let (mut flow, mut excess) = (0.0, trial - 1.0);
            // σ:ℙ:σ falls with Δγ and is convex: Newton's method from zero rises to the root without passing it.
            for _ in 0..100 {
                let normal = self.form * stress;
                flow += excess / (2.0 * normal.dot(&(modulus * normal)));
                modulus = (self.compliance + flow * self.form).try_inverse().ok_or(Fault::NoReturn)?;
                stress = modulus * elastic;
                excess = size(&stress) - 1.0;
                if excess.abs() < 1e-13 {
                    break;
                }
            }
            if !excess.is_finite() || 1e-9 < excess.abs() {
                return Err(Fault::NoReturn);
            }
            let normal = self.form * stress;
            for i in 0..6 {
                after[i] += flow * normal[i];
            }
            after[6] += flow * size(&stress) / self.axial;
            let along = modulus * normal;
            modulus -= along * along.transpose() / normal.dot(&along);
        }
        if let Some(tangent) = tangent {
            *tangent = std::array::from_fn(|i| std::array::from_fn(|j| modulus[(i, j)]));
        }
        Ok(std::array::from_fn(|i| stress[i]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::isotropic;

    const STRENGTHS: CubicStrengths = CubicStrengths { axial: 40.0, hydrostatic: 55.0, shear: 18.0 };

    /// Cubic: softer along the edges of the cell than an isotropic solid of the same shear.
    fn cubic() -> Stiffness {
        let mut c = isotropic(3000.0, 0.3);
        (3..6).for_each(|i| c[i][i] *= 1.6);
        c
    }

    fn law() -> CrushableLattice {
        CrushableLattice::new(&cubic(), STRENGTHS).expect("sound")
    }

    fn respond(strain: &Six, before: &[f64]) -> (Six, Vec<f64>, Stiffness) {
        let (mut after, mut tangent) = (vec![0.0; 7], [[0.0; 6]; 6]);
        let stress = law().respond(strain, 1.0, before, &mut after, Some(&mut tangent)).expect("sound");
        (stress, after, tangent)
    }

    #[test]
    fn it_yields_at_the_three_strengths_and_not_below() {
        let compliance = tensor::inverse(&cubic()).expect("positive definite");
        let CubicStrengths { axial, hydrostatic, shear } = STRENGTHS;
        for stress in [
            [0.0, 0.0, -axial, 0.0, 0.0, 0.0],
            [-hydrostatic, -hydrostatic, -hydrostatic, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, shear, 0.0, 0.0],
        ] {
            let strain = tensor::apply(&compliance, &stress);
            let at = |factor: f64| respond(&strain.map(|e| factor * e), &[0.0; 7]).1[6];
            assert_eq!(at(0.999), 0.0);
            assert!(0.0 < at(1.001), "{stress:?}");
        }
    }

    #[test]
    fn the_tangent_is_the_derivative_of_the_stress_and_symmetric() {
        let strain = [-0.01, 0.004, -0.03, 0.01, -0.02, 0.006];
        let before = [1e-3, -5e-4, -2e-3, 0.0, 1e-3, 0.0, 2e-3];
        let (stress, after, tangent) = respond(&strain, &before);
        assert!(2e-3 < after[6], "it flows");
        let six = Vector6::from_row_slice(&stress);
        // Newton's method ends at 1e-13 of the square.
        assert!((six.dot(&(law().form * six)) - 1.0).abs() < 1e-12);
        let h = 1e-7;
        for j in 0..6 {
            let moved = |sign: f64| {
                let mut e = strain;
                e[j] += sign * h;
                respond(&e, &before).0
            };
            let (up, down) = (moved(1.0), moved(-1.0));
            for i in 0..6 {
                let slope = (up[i] - down[i]) / (2.0 * h);
                // Central differences: h² in truncation, round-off of 1e-16 · 50/h.
                assert!((slope - tangent[i][j]).abs() < 1e-2, "{i}{j} {slope} {}", tangent[i][j]);
                assert!((tangent[i][j] - tangent[j][i]).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn a_surface_that_would_open_is_refused() {
        let open = CubicStrengths { hydrostatic: 13.0, ..STRENGTHS };
        let refused = CrushableLattice::new(&cubic(), open).expect_err("open");
        assert!(refused.to_string().contains("third"), "{refused}");
    }
}
