//! One straight beam of circular section between two nodes (Timoshenko, exact for end loads).
//!
//! ```text
//! φ = 12 E I / (κ G A L²)   A = π d²/4   I = π d⁴/64   J = 2 I   κ = 6 (1 + ν) / (7 + 6 ν)
//! unknowns  uₐ  θₐ  u_b  θ_b     rotations in radians, stored as displacements of 1 mm arms
//! ```
//!
//! # Source
//! Przemieniecki (1968), Theory of Matrix Structural Analysis, §5.6; Cowper (1966), The shear coefficient in
//! Timoshenko's beam theory, J. Appl. Mech. 33, 335–340 (κ).

use dens_mesher::Vec3;
use nalgebra::{Matrix3, SMatrix, SVector};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Stiffness of a beam over its twelve unknowns.
pub type BeamStiffness = SMatrix<f64, 12, 12>;

/// Solid circular section and its material.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BeamSection {
    /// Diameter, mm; of a screw that of its core.
    pub diameter: f64,
    /// Young's modulus, MPa.
    pub youngs_modulus: f64,
    /// Poisson's ratio.
    pub poissons_ratio: f64,
}

impl BeamSection {
    /// Area, mm².
    pub fn area(&self) -> f64 {
        0.25 * PI * self.diameter.powi(2)
    }

    /// Second moment of area, mm⁴.
    pub fn inertia(&self) -> f64 {
        PI * self.diameter.powi(4) / 64.0
    }

    /// Shear modulus, MPa.
    pub fn shear_modulus(&self) -> f64 {
        self.youngs_modulus / (2.0 * (1.0 + self.poissons_ratio))
    }

    /// Shear coefficient κ of a solid circle.
    pub fn shear_coefficient(&self) -> f64 {
        6.0 * (1.0 + self.poissons_ratio) / (7.0 + 6.0 * self.poissons_ratio)
    }
}

/// Forces in a section, in the frame of [`frame`]: x along the beam.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SectionForces {
    /// Normal force, N, tension positive.
    pub normal: f64,
    /// Shear forces along local y and z, N.
    pub shear: [f64; 2],
    /// Torque, N·mm.
    pub torque: f64,
    /// Bending moments about local y and z, N·mm.
    pub bending: [f64; 2],
}

impl SectionForces {
    /// Largest von Mises stress in the section, MPa, an upper bound: the largest values of all parts in one point.
    ///
    /// ```text
    /// √(σ² + 3 τ²)     σ = |N|/A + |M| d / (2 I)     τ = |T| d / (4 I) + 4 |V| / (3 A)
    /// ```
    pub fn peak_stress(&self, section: &BeamSection) -> f64 {
        let bending = self.bending[0].hypot(self.bending[1]);
        let shear = self.shear[0].hypot(self.shear[1]);
        let half = 0.5 * section.diameter / section.inertia();
        let along = self.normal.abs() / section.area() + bending * half;
        let across = 0.5 * self.torque.abs() * half + 4.0 * shear / (3.0 * section.area());
        (along.powi(2) + 3.0 * across.powi(2)).sqrt()
    }

    /// The same forces times `factor`.
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            normal: factor * self.normal,
            shear: self.shear.map(|v| factor * v),
            torque: factor * self.torque,
            bending: self.bending.map(|m| factor * m),
        }
    }
}

/// Local axes as rows: along the beam, and two across it that depend on the direction only.
pub fn frame(a: Vec3, b: Vec3) -> Matrix3<f64> {
    let x = (b - a).normalize();
    let helper = if x.z.abs() < 0.9 { Vec3::z() } else { Vec3::x() };
    let y = helper.cross(&x).normalize();
    Matrix3::from_rows(&[x.transpose(), y.transpose(), x.cross(&y).transpose()])
}

/// Stiffness in global axes, N/mm with rotations counted as displacements of 1 mm arms.
pub fn stiffness(a: Vec3, b: Vec3, section: &BeamSection) -> BeamStiffness {
    let t = transform(a, b);
    t.transpose() * local_stiffness((b - a).norm(), section) * t
}

/// Forces at the two ends from the twelve end displacements (global axes); the sections look along +x.
pub fn section_forces(
    a: Vec3,
    b: Vec3,
    section: &BeamSection,
    ends: &SVector<f64, 12>,
) -> [SectionForces; 2] {
    let f = local_stiffness((b - a).norm(), section) * (transform(a, b) * ends);
    let at = |i: usize, sign: f64| SectionForces {
        normal: sign * f[i],
        shear: [sign * f[i + 1], sign * f[i + 2]],
        torque: sign * f[i + 3],
        bending: [sign * f[i + 4], sign * f[i + 5]],
    };
    [at(0, -1.0), at(6, 1.0)]
}

fn transform(a: Vec3, b: Vec3) -> BeamStiffness {
    let r = frame(a, b);
    let mut t = BeamStiffness::zeros();
    for k in 0..4 {
        t.fixed_view_mut::<3, 3>(3 * k, 3 * k).copy_from(&r);
    }
    t
}

fn local_stiffness(length: f64, section: &BeamSection) -> BeamStiffness {
    let (e, g) = (section.youngs_modulus, section.shear_modulus());
    let (area, inertia) = (section.area(), section.inertia());
    let phi = 12.0 * e * inertia / (section.shear_coefficient() * g * area * length.powi(2));
    let base = e * inertia / (length * (1.0 + phi));
    let (shear, mixed) = (12.0 * base / length.powi(2), 6.0 * base / length);
    let (near, far) = ((4.0 + phi) * base, (2.0 - phi) * base);
    let mut k = BeamStiffness::zeros();
    let mut put = |i: usize, j: usize, value: f64| {
        k[(i, j)] = value;
        k[(j, i)] = value;
    };
    for (i, value) in [(0, e * area / length), (3, 2.0 * g * inertia / length)] {
        put(i, i, value);
        put(i + 6, i + 6, value);
        put(i, i + 6, -value);
    }
    // Deflection along y turns about z; deflection along z turns about −y.
    for (v, r, m) in [(1, 5, mixed), (2, 4, -mixed)] {
        put(v, v, shear);
        put(v + 6, v + 6, shear);
        put(v, v + 6, -shear);
        put(v, r, m);
        put(v, r + 6, m);
        put(v + 6, r, -m);
        put(v + 6, r + 6, -m);
        put(r, r, near);
        put(r + 6, r + 6, near);
        put(r, r + 6, far);
    }
    k
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};

    const ROD: BeamSection = BeamSection { diameter: 3.5, youngs_modulus: 110_000.0, poissons_ratio: 0.3 };

    #[test]
    fn cantilever_of_any_direction_deflects_by_bending_and_shear() {
        let direction = Vec3::new(2.0, -1.0, 2.0) / 3.0;
        let across = direction.cross(&Vec3::x()).normalize();
        let (length, force, n) = (12.0, 40.0, 3);
        let at = |i: usize| Vec3::new(1.0, 2.0, 3.0) + direction * (length * i as f64 / n as f64);
        let mut k = DMatrix::zeros(6 * (n + 1), 6 * (n + 1));
        for i in 0..n {
            let ke = stiffness(at(i), at(i + 1), &ROD);
            let mut view = k.view_mut((6 * i, 6 * i), (12, 12));
            view += ke;
        }
        let mut f = DVector::zeros(6 * (n + 1));
        f.rows_mut(6 * n, 3).copy_from(&(force * across));
        let free = k.view((6, 6), (6 * n, 6 * n)).into_owned();
        let u = free.cholesky().expect("clamped").solve(&f.rows(6, 6 * n).into_owned());
        let deflection = u.rows(6 * (n - 1), 3).dot(&across);
        let exact = force * length.powi(3) / (3.0 * ROD.youngs_modulus * ROD.inertia())
            + force * length / (ROD.shear_coefficient() * ROD.shear_modulus() * ROD.area());
        // The element is exact for end loads; what remains is round-off of the solve.
        assert!((deflection / exact - 1.0).abs() < 1e-10, "{deflection} {exact}");

        let mut ends = SVector::<f64, 12>::zeros();
        ends.fixed_rows_mut::<6>(6).copy_from(&u.rows(0, 6));
        let root = section_forces(at(0), at(1), &ROD, &ends)[0];
        let moment = root.bending[0].hypot(root.bending[1]);
        assert!((moment / (force * length) - 1.0).abs() < 1e-10);
        assert!((root.shear[0].hypot(root.shear[1]) / force - 1.0).abs() < 1e-10);
        let bending = 32.0 * force * length / (PI * ROD.diameter.powi(3));
        let shear = 4.0 * force / (3.0 * ROD.area());
        let expected = (bending.powi(2) + 3.0 * shear.powi(2)).sqrt();
        assert!((root.peak_stress(&ROD) / expected - 1.0).abs() < 1e-9);
    }

    #[test]
    fn torque_alone_stresses_the_rim_in_shear() {
        let forces = SectionForces { torque: -500.0, ..SectionForces::default() };
        // Shear 16 T / (π d³), von Mises √3 times that.
        let expected = 3.0_f64.sqrt() * 16.0 * 500.0 / (PI * ROD.diameter.powi(3));
        assert!((forces.peak_stress(&ROD) / expected - 1.0).abs() < 1e-12);
        let both = SectionForces { bending: [300.0, 400.0], ..forces };
        // Bending 500 N mm: 32 M / (π d³) along, the same 16 T / (π d³) across.
        let unit = 16.0 * 500.0 / (PI * ROD.diameter.powi(3));
        assert!((both.peak_stress(&ROD) / (7.0_f64.sqrt() * unit) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn rigid_motions_cost_nothing() {
        let (a, b) = (Vec3::new(1.0, -2.0, 0.5), Vec3::new(4.0, 1.0, 2.5));
        let k = stiffness(a, b, &ROD);
        for axis in 0..3 {
            let mut w = Vec3::zeros();
            w[axis] = 1.0;
            let mut turn = SVector::<f64, 12>::zeros();
            for (i, part) in [w.cross(&a), w, w.cross(&b), w].iter().enumerate() {
                turn.fixed_rows_mut::<3>(3 * i).copy_from(part);
            }
            // Round-off relative to the largest stiffness.
            assert!((k * turn).norm() < 1e-12 * k.norm());
        }
    }

    #[test]
    fn tension_and_torque_follow_from_area_and_polar_moment() {
        let b = Vec3::new(0.0, 0.0, 10.0);
        let mut ends = SVector::<f64, 12>::zeros();
        ends[8] = 0.01;
        ends[11] = 0.02;
        for f in section_forces(Vec3::zeros(), b, &ROD, &ends) {
            assert!((f.normal / (110_000.0 * ROD.area() * 1e-3) - 1.0).abs() < 1e-12);
            assert!((f.torque / (ROD.shear_modulus() * 2.0 * ROD.inertia() * 2e-3) - 1.0).abs() < 1e-12);
        }
    }
}
