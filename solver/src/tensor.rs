//! Six-component stress and strain, stiffness matrices and their rotation.
//!
//! Component order xx yy zz yz xz xy. Strains carry engineering shear (γ = 2 ε), stresses do not, so that
//! the energy density is half the plain product of the two vectors.

use nalgebra::{Matrix3, SMatrix};

/// Stress (MPa) or strain with engineering shear, in the order xx yy zz yz xz xy.
pub type Six = [f64; 6];

/// Stiffness matrix C of σ = C ε, MPa, symmetric, in the order xx yy zz yz xz xy with engineering shear.
pub type Stiffness = [[f64; 6]; 6];

/// Index pairs of the six components.
pub const PAIRS: [[usize; 2]; 6] = [[0, 0], [1, 1], [2, 2], [1, 2], [0, 2], [0, 1]];

/// Component of a tensor index pair: `VOIGT[i][j]`.
pub const VOIGT: [[usize; 3]; 3] = [[0, 5, 4], [5, 1, 3], [4, 3, 2]];

/// Stiffness of an isotropic solid.
///
/// ```text
/// C = λ I⊗I + 2 μ 𝕀        λ = E ν / ((1 + ν)(1 − 2ν))        μ = E / (2 (1 + ν))
/// ```
/// - `youngs_modulus`: MPa, positive
/// - `poissons_ratio`: strictly between −1 and 0.5
pub fn isotropic(youngs_modulus: f64, poissons_ratio: f64) -> Stiffness {
    let (e, nu) = (youngs_modulus, poissons_ratio);
    let lambda = e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu));
    let mu = e / (2.0 * (1.0 + nu));
    std::array::from_fn(|i| {
        std::array::from_fn(|j| match (i == j, i < 3 && j < 3) {
            (true, true) => lambda + 2.0 * mu,
            (true, false) => mu,
            (false, true) => lambda,
            (false, false) => 0.0,
        })
    })
}

/// Stiffness of a solid whose material axes are turned by `rotation`.
///
/// ```text
/// C′ᵢⱼₖₗ = Rᵢₚ Rⱼ_q Rₖᵣ Rₗₛ C_pqrs
/// ```
/// - `rotation`: orthogonal 3 × 3, columns are the material axes in the frame of the result
pub fn rotate(stiffness: &Stiffness, rotation: &Matrix3<f64>) -> Stiffness {
    let m = stress_rotation(rotation);
    let mut half = [[0.0; 6]; 6];
    let mut turned = [[0.0; 6]; 6];
    for i in 0..6 {
        for j in 0..6 {
            half[i][j] = (0..6).map(|k| m[i][k] * stiffness[k][j]).sum();
        }
    }
    for i in 0..6 {
        for j in 0..6 {
            turned[i][j] = (0..6).map(|k| half[i][k] * m[j][k]).sum();
        }
    }
    turned
}

/// Matrix M of σ′ = M σ for σ′ = R σ Rᵀ (Bond's matrix).
fn stress_rotation(r: &Matrix3<f64>) -> [[f64; 6]; 6] {
    let mut m = [[0.0; 6]; 6];
    for (row, &[i, j]) in PAIRS.iter().enumerate() {
        for (col, &[p, q]) in PAIRS.iter().enumerate() {
            m[row][col] = r[(i, p)] * r[(j, q)];
            if p != q {
                m[row][col] += r[(i, q)] * r[(j, p)];
            }
        }
    }
    m
}

/// Inverse of a stiffness (the compliance, 1/MPa) or of a compliance; `None` when singular.
pub fn inverse(stiffness: &Stiffness) -> Option<Stiffness> {
    // Scaled so that the test for a zero pivot does not depend on the unit.
    let scale = stiffness.iter().flatten().fold(0.0_f64, |m, x| m.max(x.abs()));
    if !(0.0 < scale && scale.is_finite()) {
        return None;
    }
    let m = SMatrix::<f64, 6, 6>::from_fn(|i, j| stiffness[i][j] / scale).try_inverse()?;
    let out: Stiffness = std::array::from_fn(|i| std::array::from_fn(|j| m[(i, j)] / scale));
    out.iter().flatten().all(|x| x.is_finite()).then_some(out)
}

/// Whether a stiffness is symmetric to 1e-6 of its largest entry and positive definite.
pub fn is_admissible(stiffness: &Stiffness) -> bool {
    let largest = stiffness.iter().flatten().fold(0.0_f64, |m, x| m.max(x.abs()));
    let symmetric =
        (0..6).all(|i| (0..i).all(|j| (stiffness[i][j] - stiffness[j][i]).abs() <= 1e-6 * largest));
    symmetric
        && stiffness.iter().flatten().all(|x| x.is_finite())
        && SMatrix::<f64, 6, 6>::from_fn(|i, j| stiffness[i][j]).cholesky().is_some()
}

/// Ratio of bulk to shear modulus beyond which plain quadratic tetrahedra lock.
///
/// ```text
/// κ/μ = 2 (1 + ν) / (3 (1 − 2 ν)) = 9.67 at ν = 0.45
/// ```
pub const LOCKING_RATIO: f64 = 2.9 / 0.3;

/// Ratio κ/μ of bulk to shear modulus, means over the directions.
pub fn bulk_to_shear(stiffness: &Stiffness) -> f64 {
    let bulk = mean(&apply(stiffness, &[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0, 0.0, 0.0]));
    3.0 * bulk / (stiffness[3][3] + stiffness[4][4] + stiffness[5][5])
}

/// Sum Σ wᵢ Cᵢ of stiffnesses with volume fractions wᵢ: the upper (Voigt) bound of the mixture.
///
/// With a single part and its fraction as weight it scales the stiffness. The fractions need not sum to
/// one: what is missing counts as empty.
pub fn mix(parts: &[(f64, &Stiffness)]) -> Stiffness {
    let mut sum = [[0.0; 6]; 6];
    for (w, c) in parts {
        for i in 0..6 {
            for j in 0..6 {
                sum[i][j] += w * c[i][j];
            }
        }
    }
    sum
}

/// Young's modulus along the unit vector `axis`, MPa; `None` when the stiffness is singular.
///
/// ```text
/// 1 / E(n) = n⊗n : S : n⊗n
/// ```
pub fn directional_modulus(stiffness: &Stiffness, axis: [f64; 3]) -> Option<f64> {
    let s = inverse(stiffness)?;
    // n ⊗ n as a stress.
    let n: Six = std::array::from_fn(|i| axis[PAIRS[i][0]] * axis[PAIRS[i][1]]);
    Some(1.0 / energy_product(&apply(&s, &n), &n))
}

/// Stress C ε (MPa) of a strain, or strain of a stress when given the compliance.
pub fn apply(stiffness: &Stiffness, strain: &Six) -> Six {
    std::array::from_fn(|i| (0..6).map(|j| stiffness[i][j] * strain[j]).sum())
}

/// Strain energy density ½ σ : ε, MPa (mJ/mm³).
pub fn energy_density(stress: &Six, strain: &Six) -> f64 {
    0.5 * energy_product(stress, strain)
}

fn energy_product(a: &Six, b: &Six) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Symmetric 3 × 3 tensor of a stress vector.
pub fn stress_tensor(stress: &Six) -> Matrix3<f64> {
    Matrix3::from_fn(|i, j| stress[VOIGT[i][j]])
}

/// Symmetric 3 × 3 tensor of a strain vector with engineering shear.
pub fn strain_tensor(strain: &Six) -> Matrix3<f64> {
    Matrix3::from_fn(|i, j| if i == j { strain[i] } else { 0.5 * strain[VOIGT[i][j]] })
}

/// Stress vector of a symmetric 3 × 3 tensor; the mean of both off-diagonal entries is taken.
pub fn stress_vector(tensor: &Matrix3<f64>) -> Six {
    std::array::from_fn(|k| {
        let [i, j] = PAIRS[k];
        0.5 * (tensor[(i, j)] + tensor[(j, i)])
    })
}

/// Small strain ½ (∇u + ∇uᵀ) of a displacement gradient ∂uᵢ/∂xⱼ (row i, column j), engineering shear.
pub fn small_strain(gradient: &Matrix3<f64>) -> Six {
    std::array::from_fn(|k| {
        let [i, j] = PAIRS[k];
        if i == j { gradient[(i, i)] } else { gradient[(i, j)] + gradient[(j, i)] }
    })
}

/// Eigenvalues of a symmetric 3 × 3 tensor, largest first; only the lower triangle is read.
pub fn principal_values(tensor: &Matrix3<f64>) -> [f64; 3] {
    let mut values: [f64; 3] = tensor.symmetric_eigenvalues().into();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// Principal stresses, MPa, largest (most tensile) first.
pub fn principal_stresses(stress: &Six) -> [f64; 3] {
    principal_values(&stress_tensor(stress))
}

/// Principal strains, largest (most tensile) first.
pub fn principal_strains(strain: &Six) -> [f64; 3] {
    principal_values(&strain_tensor(strain))
}

/// Von Mises equivalent stress √(3/2 s : s), MPa.
pub fn von_mises(stress: &Six) -> f64 {
    let [x, y, z, yz, xz, xy] = *stress;
    let normal = (x - y).powi(2) + (y - z).powi(2) + (z - x).powi(2);
    (0.5 * normal + 3.0 * (yz * yz + xz * xz + xy * xy)).sqrt()
}

/// Mean stress (σxx + σyy + σzz) / 3, MPa; a third of the dilatation when given a strain.
pub fn mean(six: &Six) -> f64 {
    (six[0] + six[1] + six[2]) / 3.0
}

/// Six-vector in the frame turned by `rotation`: σ′ = R σ Rᵀ.
pub fn rotate_stress(stress: &Six, rotation: &Matrix3<f64>) -> Six {
    stress_vector(&(rotation * stress_tensor(stress) * rotation.transpose()))
}

/// Strain vector (engineering shear) in the frame turned by `rotation`: ε′ = R ε Rᵀ.
pub fn rotate_strain(strain: &Six, rotation: &Matrix3<f64>) -> Six {
    small_strain(&(rotation * strain_tensor(strain) * rotation.transpose()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{Rotation3, Vector3};

    fn turn() -> Matrix3<f64> {
        *Rotation3::from_axis_angle(&nalgebra::Unit::new_normalize(Vector3::new(0.3, -0.5, 0.9)), 0.83)
            .matrix()
    }

    /// An orthotropic stiffness with nine different entries, positive definite by diagonal dominance.
    fn orthotropic() -> Stiffness {
        let mut c = [[0.0; 6]; 6];
        let upper = [(0, 0, 9.0), (1, 1, 7.0), (2, 2, 11.0), (0, 1, 2.0), (0, 2, 3.0), (1, 2, 1.5)];
        for (i, j, x) in upper.into_iter().chain([(3, 3, 2.2), (4, 4, 1.7), (5, 5, 3.1)]) {
            c[i][j] = x;
            c[j][i] = x;
        }
        c
    }

    const STRAIN: Six = [1e-3, -2e-3, 5e-4, 7e-4, -3e-4, 9e-4];

    #[test]
    fn uniaxial_stress_gives_youngs_modulus_and_poissons_ratio() {
        let s = inverse(&isotropic(110e3, 0.3)).expect("stiffness of titanium");
        assert!((s[0][0] * 110e3 - 1.0).abs() < 1e-13);
        assert!((s[1][0] * 110e3 + 0.3).abs() < 1e-13);
        assert!((s[3][3] * 110e3 - 2.6).abs() < 1e-13);
    }

    #[test]
    fn rotation_keeps_an_isotropic_stiffness() {
        let c = isotropic(12e3, 0.3);
        let turned = rotate(&c, &turn());
        for i in 0..6 {
            for j in 0..6 {
                assert!((turned[i][j] - c[i][j]).abs() < 1e-11 * c[0][0]);
            }
        }
    }

    #[test]
    fn stress_is_the_same_whether_stiffness_or_strain_is_turned() {
        let (c, r) = (orthotropic(), turn());
        let direct = apply(&rotate(&c, &r), &STRAIN);
        let material = apply(&c, &rotate_strain(&STRAIN, &r.transpose()));
        let back = rotate_stress(&material, &r);
        for i in 0..6 {
            assert!((direct[i] - back[i]).abs() < 1e-15, "{i}");
        }
    }

    #[test]
    fn energy_and_equivalent_stress_do_not_depend_on_the_frame() {
        let r = turn();
        let stress = apply(&orthotropic(), &STRAIN);
        let (turned_stress, turned_strain) = (rotate_stress(&stress, &r), rotate_strain(&STRAIN, &r));
        let energy = energy_density(&stress, &STRAIN);
        assert!((energy_density(&turned_stress, &turned_strain) - energy).abs() < 1e-15);
        assert!((von_mises(&turned_stress) - von_mises(&stress)).abs() < 1e-15);
        let (a, b) = (principal_strains(&STRAIN), principal_strains(&turned_strain));
        assert!((0..3).all(|i| (a[i] - b[i]).abs() < 1e-15));
    }

    #[test]
    fn directional_modulus_of_a_turned_stiffness_is_that_of_the_material_axis() {
        let (c, r) = (orthotropic(), turn());
        let material = directional_modulus(&c, [0.0, 0.0, 1.0]).expect("regular stiffness");
        let axis = r.column(2);
        let turned = directional_modulus(&rotate(&c, &r), [axis[0], axis[1], axis[2]]);
        assert!((turned.expect("regular stiffness") / material - 1.0).abs() < 1e-12);
    }

    #[test]
    fn von_mises_of_uniaxial_stress_is_its_value_and_of_shear_root_three_times() {
        assert!((von_mises(&[0.0, -5.0, 0.0, 0.0, 0.0, 0.0]) - 5.0).abs() < 1e-15);
        assert!((von_mises(&[3.0, 3.0, 3.0, 2.0, 0.0, 0.0]) - 2.0 * 3.0_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn principal_strains_of_pure_shear_are_half_the_engineering_shear() {
        let p = principal_strains(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.01]);
        assert!((p[0] - 0.005).abs() < 1e-17 && p[1].abs() < 1e-17 && (p[2] + 0.005).abs() < 1e-17);
    }

    #[test]
    fn singular_or_asymmetric_stiffness_is_not_admissible() {
        let mut c = isotropic(1.0, 0.3);
        assert!(is_admissible(&c));
        c[0][1] += 0.1;
        assert!(!is_admissible(&c));
        let empty = [[0.0; 6]; 6];
        assert!(!is_admissible(&empty));
        assert_eq!(inverse(&empty), None);
    }

    #[test]
    fn mixing_sums_by_volume_fraction() {
        let (a, b) = (isotropic(100.0, 0.3), isotropic(300.0, 0.3));
        let m = mix(&[(0.25, &a), (0.75, &b)]);
        assert!((m[0][0] - isotropic(250.0, 0.3)[0][0]).abs() < 1e-12);
    }
}
