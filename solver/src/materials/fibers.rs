//! Two crossed families of fibers smeared into an isotropic ground substance.

use crate::tensor::Stiffness;

/// Stiffness of a ground substance with two fiber families at ±θ from x toward z, MPa.
///
/// ```text
/// C = C_ground + ½ E_f Σ± a⊗a⊗a⊗a,        a = (cos θ, 0, ± sin θ)
/// ```
/// - `ground`: order xx yy zz yz xz xy
/// - `fiber_modulus`: Young's modulus of the fibers times their volume fraction, MPa
/// - `angle`: θ, radians
///
/// Linear: the fibers resist compression as they resist tension, which makes a compressed lamella too stiff.
///
/// # Source
/// Spencer (1984), Continuum Theory of the Mechanics of Fibre-Reinforced Composites, §2; the annulus as two
/// families: Shirazi-Adl, Ahmed & Shrivastava (1986), Spine 11, 914-927.
pub fn crossed(ground: &Stiffness, fiber_modulus: f64, angle: f64) -> Stiffness {
    let mut c = *ground;
    for sign in [1.0, -1.0] {
        let (x, z) = (angle.cos(), sign * angle.sin());
        // a⊗a as a strain-like covector in the order xx yy zz yz xz xy with engineering shear.
        let m = [x * x, 0.0, z * z, 0.0, x * z, 0.0];
        for (i, row) in c.iter_mut().enumerate() {
            for (j, entry) in row.iter_mut().enumerate() {
                *entry += 0.5 * fiber_modulus * m[i] * m[j];
            }
        }
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::isotropic;

    #[test]
    fn fibers_along_x_add_their_modulus_to_that_axis_alone() {
        let ground = isotropic(3.4, 0.4);
        let c = crossed(&ground, 85.5, 0.0);
        assert!((c[0][0] - ground[0][0] - 85.5).abs() < 1e-12);
        assert_eq!((c[1][1], c[2][2], c[4][4]), (ground[1][1], ground[2][2], ground[4][4]));
    }

    #[test]
    fn crossed_families_couple_no_shear_to_stretch() {
        let c = crossed(&isotropic(3.4, 0.4), 85.5, 0.5);
        for row in &c[..3] {
            assert!(row[3..].iter().all(|entry| entry.abs() < 1e-12), "the two families balance");
        }
    }
}
