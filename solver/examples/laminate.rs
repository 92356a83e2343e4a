//! How stiff is a stack of two materials along and across its layers?
//!
//! ```text
//!        z
//!        |   ┌───────────────┐
//!        |   │ soft  10 GPa  │  half of the height
//!        |   ├───────────────┤
//!        |   │ stiff 110 GPa │  half of the height
//!        |   └───────────────┘
//!        └────────── x
//! ```
//! The cell repeats in all directions. Strain along the layers and stress across them are uniform, which gives
//! the stiffness in closed form (Milton, The Theory of Composites, 2002, §9):
//!
//! ```text
//! C₃₃ = 1/⟨1/c₃₃⟩,   C₁₃ = C₃₃ ⟨c₁₃/c₃₃⟩,   C₁₁ = ⟨c₁₁ − c₁₃²/c₃₃⟩ + C₁₃²/C₃₃,   C₄₄ = 1/⟨1/μ⟩,   C₆₆ = ⟨μ⟩
//! ```
//! `cargo run -p dens-solver --example laminate`

use dens_solver::homogenize::{Base, HomogenizeError, Options, homogenize_materials};

fn main() -> Result<(), HomogenizeError> {
    let (stiff, soft) = (Base::new(110_000.0, 0.342)?, Base::new(10_000.0, 0.3)?);
    let options = Options { resolution: 16, tolerance: 1e-9, ..Options::default() };
    let found = homogenize_materials(&|[_, _, z]| Some(if z < 8 { stiff } else { soft }), &options)?;

    let mean = |f: &dyn Fn([f64; 2]) -> f64| 0.5 * (f(lame(stiff)) + f(lame(soft)));
    let c33 = 1.0 / mean(&|[lambda, mu]| 1.0 / (lambda + 2.0 * mu));
    let c13 = c33 * mean(&|[lambda, mu]| lambda / (lambda + 2.0 * mu));
    let c11 =
        mean(&|[lambda, mu]| lambda + 2.0 * mu - lambda * lambda / (lambda + 2.0 * mu)) + c13 * c13 / c33;
    let c44 = 1.0 / mean(&|[_, mu]| 1.0 / mu);
    let c66 = mean(&|[_, mu]| mu);

    let c = &found.stiffness;
    for (found, exact) in [(c[2][2], c33), (c[0][2], c13), (c[0][0], c11), (c[3][3], c44), (c[5][5], c66)] {
        // Displacement is linear in each layer, which cubes reproduce: only the solve is left.
        assert!((found / exact - 1.0).abs() < 1e-9, "{found} MPa, exact {exact} MPa");
    }
    assert!(2.0 * found.young([0.0, 0.0, 1.0]) < found.young([1.0, 0.0, 0.0]), "along the layers stiffer");
    Ok(())
}

/// Lamé constants λ and μ, MPa.
fn lame(base: Base) -> [f64; 2] {
    let (e, nu) = (base.youngs_modulus, base.poissons_ratio);
    [e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), e / (2.0 * (1.0 + nu))]
}
