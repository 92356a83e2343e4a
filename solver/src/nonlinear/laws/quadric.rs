//! Bone that yields on a closed quadric surface, hardens, and is damaged.
//!
//! ```text
//! f = √(σ:𝔽:σ) + F:σ − r(κ)        𝔽 = F₀² [(1 + ζ) 𝕀 − ζ I⊗I], F = f₀ I
//! F₀ = ½ (1/σ⁺ + 1/σ⁻), f₀ = ½ (1/σ⁺ − 1/σ⁻)        σ⁺, σ⁻: strength in tension and compression
//! ```
//! With S = |dev σ| and p = tr σ/3 the root is F₀ √((1+ζ) S² + 3 (1−2ζ) p²): uniaxial stress yields at σ⁺ and −σ⁻, hydrostatic
//! pressure at 1/(F₀ √(3 (1−2ζ)) − 3 f₀), provided ζ leaves the surface closed. Flow is associated.
//! ```text
//! κ: plastic work over r σ⁻, the axial plastic strain of uniaxial compression
//! r(κ) = 1 + h κ + d ⟨κ − κ_d⟩        hardening and densification
//! σ = (1 − D) σ_eff        D = D_c (1 − exp(−k κ L/ℓ))        L: size of the cell, ℓ: width of a band
//! ```
//! A band of one row of cells dissipates the same per area whatever the size L of the cells, as long as L is below that
//! at which its curve snaps back, [`QuadricBone::largest_cell`].

use super::plastic::moduli;
use super::{BadLaw, Fault, SmallStrainLaw, YIELD_MARGIN, normal, symmetric_identity};
use crate::tensor::{Six, Stiffness, mean};
use nalgebra::{Matrix3, Vector3};

/// Strengths and shape of the surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuadricSurface {
    /// Strength in uniaxial tension, MPa.
    pub tension: f64,
    /// Strength in uniaxial compression, MPa, positive.
    pub compression: f64,
    /// Interaction ζ: below ½ (1 − 3 (f₀/F₀)²), where the surface opens; 0.3 to 0.49 for bone.
    pub interaction: f64,
}

/// What comes after yield.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PostYield {
    /// Hardening h: rise of the strength, in strengths per unit of κ.
    pub hardening: f64,
    /// κ at which pores are closed and densification begins, and its slope d in strengths per unit of κ.
    pub densification: Option<[f64; 2]>,
    /// Damage; `None`: no softening.
    pub damage: Option<Damage>,
}

/// Loss of stiffness and strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Damage {
    /// Damage D_c that is never exceeded, 0 to 1: one minus the plateau.
    pub most: f64,
    /// Rate k over κ.
    pub rate: f64,
    /// Width ℓ of the band that rate was measured on, mm; trabecular spacing is 1.5 to 2.
    pub band: f64,
}

/// Elastic, yielding, damageable bone of small strain.
///
/// History: plastic strain (six, engineering shear), κ. With damage the tangent is unsymmetric. Strains beyond some tenths, where
/// densification matters, are outside of small-strain kinematics: results there show a trend.
#[derive(Debug, Clone, PartialEq)]
pub struct QuadricBone {
    bulk: f64,
    shear: f64,
    surface: QuadricSurface,
    post: PostYield,
    /// F₀ σ⁻ and f₀ σ⁻.
    size: f64,
    shift: f64,
}

impl QuadricBone {
    /// Bone of a Young's modulus (MPa) and Poisson's ratio.
    ///
    /// Scale modulus and strengths with density by a [`crate::materials::density::DensityLaw`], one law per density.
    ///
    /// # Errors
    /// [`BadLaw`] when a number is out of its range or the surface is open under pressure.
    pub fn new(
        youngs_modulus: f64,
        poissons_ratio: f64,
        surface: QuadricSurface,
        post: PostYield,
    ) -> Result<Self, BadLaw> {
        let (bulk, shear) = moduli(youngs_modulus, poissons_ratio)?;
        let bad = |what: String| Err(BadLaw { law: "quadric-bone", what });
        let QuadricSurface { tension, compression, interaction } = surface;
        let positive = |x: f64| 0.0 < x && x.is_finite();
        if !positive(tension) || !positive(compression) {
            return bad(format!("strengths must be positive: {tension} and {compression} MPa"));
        }
        let ratio = compression / tension;
        let (size, shift) = (0.5 * (ratio + 1.0), 0.5 * (ratio - 1.0));
        let most = 0.5 * (1.0 - 3.0 * (shift / size).powi(2));
        if !(-1.0 < interaction && interaction < most) {
            return bad(format!(
                "interaction {interaction} must be above -1 and, for the surface to close, below {most:.4}"
            ));
        }
        let slopes = [post.hardening, post.densification.map_or(0.0, |d| d[1])];
        if !slopes.iter().all(|s| 0.0 <= *s && s.is_finite()) {
            return bad("hardening and densification must not be negative: softening is damage".to_string());
        }
        if let Some(Damage { most, rate, band }) = post.damage
            && !(0.0 < most && most < 1.0 && positive(rate) && positive(band))
        {
            return bad(
                "damage needs a limit between 0 and 1, a positive rate and a positive width".to_string()
            );
        }
        Ok(Self { bulk, shear, surface, post, size, shift })
    }

    /// Hydrostatic pressure at which it crushes, MPa.
    pub fn crushing_pressure(&self) -> f64 {
        let root = self.size * (3.0 * (1.0 - 2.0 * self.surface.interaction)).sqrt();
        self.surface.compression / (root - 3.0 * self.shift)
    }

    /// Size of cells, mm, up to which a bar of one cell does not snap back in compression; infinite without damage.
    pub fn largest_cell(&self) -> f64 {
        let young = 9.0 * self.bulk * self.shear / (3.0 * self.bulk + self.shear);
        let slope = |d: Damage| self.surface.compression * d.most * d.rate / d.band;
        self.post.damage.map_or(f64::INFINITY, |d| young / slope(d))
    }

    /// Damage and its slope over κ.
    fn damage(&self, kappa: f64, length: f64) -> (f64, f64) {
        let Some(Damage { most, rate, band }) = self.post.damage else { return (0.0, 0.0) };
        let rate = rate * length / band;
        let left = (-rate * kappa).exp();
        (most * (1.0 - left), most * rate * left)
    }

    /// r(κ) and its slope.
    fn radius(&self, kappa: f64) -> (f64, f64) {
        let (mut r, mut slope) = (1.0 + self.post.hardening * kappa, self.post.hardening);
        if let Some([start, steep]) = self.post.densification.filter(|d| d[0] < kappa) {
            r += steep * (kappa - start);
            slope += steep;
        }
        (r, slope)
    }

    /// f + r, its gradient over (S, p) and second derivatives (SS, Sp, pp), stresses over σ⁻.
    fn surface(&self, s: f64, p: f64) -> (f64, [f64; 2], [f64; 3]) {
        let (a, c) = (1.0 + self.surface.interaction, 3.0 * (1.0 - 2.0 * self.surface.interaction));
        let root = (a * s * s + c * p * p).sqrt().max(f64::MIN_POSITIVE);
        let gradient = [self.size * a * s / root, self.size * c * p / root + 3.0 * self.shift];
        let cube = root.powi(3);
        let second = [a * c * p * p, -a * c * s * p, a * c * s * s].map(|x| self.size * x / cube);
        (self.size * root + 3.0 * self.shift * p, gradient, second)
    }

    /// Residual of the return at (S, p, Δκ) and its derivative.
    fn equations(&self, x: &Vector3<f64>, trial: [f64; 2], kappa: f64) -> (Vector3<f64>, Matrix3<f64>) {
        let unit = self.surface.compression;
        let (g, k) = (2.0 * self.shear / unit, self.bulk / unit);
        let (value, n, h) = self.surface(x[0], x[1]);
        let (r, slope) = self.radius(kappa + x[2]);
        let residual =
            Vector3::new(x[0] - trial[0] + g * x[2] * n[0], x[1] - trial[1] + k * x[2] * n[1], value - r);
        let derivative = Matrix3::new(
            1.0 + g * x[2] * h[0],
            g * x[2] * h[1],
            g * n[0],
            k * x[2] * h[1],
            1.0 + k * x[2] * h[2],
            k * n[1],
            n[0],
            n[1],
            -slope,
        );
        (residual, derivative)
    }

    /// (S, p, Δκ) on the surface, and the derivative of (S, p, Δκ) over the trial (S, p).
    ///
    /// Newton from a point inside on the ray to the trial state: the surface is convex and r does not fall, so the
    /// closest point exists and damped steps reach it.
    fn closest(&self, trial: [f64; 2], kappa: f64) -> Result<(Vector3<f64>, Matrix3<f64>), Fault> {
        let (value, ..) = self.surface(trial[0], trial[1]);
        let (r, _) = self.radius(kappa);
        let share = (r / value).clamp(0.0, 1.0);
        let mut x = Vector3::new(share * trial[0], share * trial[1], 0.0);
        // All three are strains times moduli over strength, or strengths: of order 1 but for the first two.
        let scale = Vector3::new(1.0 / (1.0 + trial[0]), 1.0 / (1.0 + trial[1].abs()), 1.0);
        let size = |residual: &Vector3<f64>| residual.component_mul(&scale).amax();
        let (mut residual, mut derivative) = self.equations(&x, trial, kappa);
        for _ in 0..60 {
            if size(&residual) < 1e-13 {
                break;
            }
            let step = derivative.try_inverse().ok_or(Fault::NoReturn)? * residual;
            let before = size(&residual);
            let mut share = 1.0;
            loop {
                let mut next = x - share * step;
                next[0] = next[0].max(0.0);
                next[2] = next[2].max(0.0);
                let (found, slope) = self.equations(&next, trial, kappa);
                if size(&found) < (1.0 - 1e-4 * share) * before || share < 1e-3 {
                    (x, residual, derivative) = (next, found, slope);
                    break;
                }
                share *= 0.5;
            }
        }
        // Round-off of stresses many strengths beyond the surface is larger than that of one strength.
        if size(&residual) < 1e-10 {
            return Ok((x, derivative.try_inverse().ok_or(Fault::NoReturn)?));
        }
        Err(Fault::NoReturn)
    }
}

impl SmallStrainLaw for QuadricBone {
    fn name(&self) -> &'static str {
        "quadric-bone"
    }

    fn source(&self) -> &'static str {
        "Schwiedrzik, Wolfram & Zysset (2013), Biomech. Model. Mechanobiol. 12, 1155-1168; Schwiedrzik & Zysset (2015), 14, 1185-1198"
    }

    fn n_history(&self) -> usize {
        7
    }

    fn is_symmetric(&self) -> bool {
        self.post.damage.is_none()
    }

    fn respond(
        &self,
        strain: &Six,
        length: f64,
        before: &[f64],
        after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        let elastic: Six = std::array::from_fn(|i| strain[i] - before[i]);
        let third = mean(&elastic);
        let unit = self.surface.compression;
        let half = |i: usize| if i < 3 { 1.0 } else { 0.5 };
        let deviator: Six =
            std::array::from_fn(|i| 2.0 * self.shear * (elastic[i] - normal(i) * third) * half(i));
        let length_of = |d: &Six| {
            (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 2.0 * (d[3] * d[3] + d[4] * d[4] + d[5] * d[5])).sqrt()
        };
        let (s, p) = (length_of(&deviator), 3.0 * self.bulk * third);
        if !(s.is_finite() && p.is_finite()) {
            return Err(Fault::NotFinite);
        }
        let kappa = before[6];
        let trial = [s / unit, p / unit];
        after.copy_from_slice(before);
        let mut x = Vector3::new(trial[0], trial[1], 0.0);
        let mut slopes = Matrix3::new(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0);
        if self.radius(kappa).0 * (1.0 + YIELD_MARGIN) < self.surface(trial[0], trial[1]).0 {
            (x, slopes) = self.closest(trial, kappa)?;
            let (_, n, _) = self.surface(x[0], x[1]);
            for i in 0..6 {
                let direction = if 0.0 < s { deviator[i] / s } else { 0.0 };
                after[i] += x[2] * (n[0] * direction / half(i) + normal(i) * n[1] / 3.0);
            }
            after[6] += x[2];
        }
        let (damage, damage_slope) = self.damage(after[6], length);
        // On the axis of pressure the ratio is the limit of those beside it.
        let ratio = if 0.0 < s { x[0] / trial[0] } else { slopes[(0, 0)] };
        let effective: Six = std::array::from_fn(|i| ratio * deviator[i] + normal(i) * x[1] * unit);
        if let Some(tangent) = tangent {
            let n: Six = std::array::from_fn(|i| if 0.0 < s { deviator[i] / s } else { 0.0 });
            // dS and dp of the trial state over strain.
            let (g, k) = (2.0 * self.shear, self.bulk);
            *tangent = std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    let (m, of_s, of_p) = (normal(j), g * n[j], k * normal(j));
                    let along = slopes[(0, 0)] * of_s + slopes[(0, 1)] * of_p;
                    let mean = slopes[(1, 0)] * of_s + slopes[(1, 1)] * of_p;
                    let flow = (slopes[(2, 0)] * of_s + slopes[(2, 1)] * of_p) / unit;
                    let across = symmetric_identity(i, j) - normal(i) * m / 3.0 - n[i] * n[j];
                    (1.0 - damage) * (n[i] * along + normal(i) * mean + ratio * g * across)
                        - damage_slope * effective[i] * flow
                })
            });
        }
        Ok(effective.map(|x| (1.0 - damage) * x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURFACE: QuadricSurface = QuadricSurface { tension: 1.4, compression: 2.0, interaction: 0.3 };

    fn bone(hardening: f64, damage: Option<Damage>) -> QuadricBone {
        let post = PostYield { hardening, densification: Some([0.3, 5.0]), damage };
        QuadricBone::new(300.0, 0.3, SURFACE, post).expect("sound constants")
    }

    fn damage() -> Option<Damage> {
        Some(Damage { most: 0.3, rate: 15.0, band: 1.5 })
    }

    /// Stress and history after a strain path in steps, lateral strain found so that lateral stress vanishes.
    fn uniaxial(law: &QuadricBone, axial: f64, steps: usize) -> (f64, f64) {
        let mut history = [0.0; 7];
        let mut lateral = 0.0;
        let mut stress = 0.0;
        for step in 1..=steps {
            let strain = axial * step as f64 / steps as f64;
            let mut after = [0.0; 7];
            for _ in 0..50 {
                let mut c = [[0.0; 6]; 6];
                let e = [strain, lateral, lateral, 0.0, 0.0, 0.0];
                let s = law.respond(&e, 1.0, &history, &mut after, Some(&mut c)).expect("returns");
                stress = s[0];
                if s[1].abs() < 1e-13 {
                    break;
                }
                lateral -= s[1] / (c[1][1] + c[1][2]);
            }
            history = after;
        }
        (stress, history[6])
    }

    #[test]
    fn uniaxial_strengths_and_crushing_pressure_are_those_of_the_closed_form() {
        let law = bone(0.0, None);
        // Perfect plasticity up to densification: the strengths themselves.
        assert!((uniaxial(&law, 0.03, 10).0 - 1.4).abs() < 1e-11);
        let (stress, kappa) = uniaxial(&law, -0.03, 10);
        assert!((stress + 2.0).abs() < 1e-11);
        assert!((kappa - (0.03 - 2.0 / 300.0)).abs() < 1e-11, "{kappa}");
        let crushed = [-0.02, -0.02, -0.02, 0.0, 0.0, 0.0];
        let mut after = [0.0; 7];
        let s = law.respond(&crushed, 1.0, &[0.0; 7], &mut after, None).expect("returns");
        // F₀ = ½ (1/1.4 + ½), f₀ = ½ (1/1.4 − ½), ζ = 0.3: 1/(F₀ √1.2 − 3 f₀).
        let exact = 1.0 / (0.5 * (1.0 / 1.4 + 0.5) * 1.2_f64.sqrt() - 1.5 * (1.0 / 1.4 - 0.5));
        assert!((law.crushing_pressure() - exact).abs() < 1e-12);
        assert!(s[..3].iter().all(|s| (s + exact).abs() < 1e-11), "{s:?}");
    }

    #[test]
    fn hardening_and_damage_follow_their_curves() {
        let law = bone(2.0, None);
        let (stress, kappa) = uniaxial(&law, -0.05, 20);
        assert!((stress + 2.0 * (1.0 + 2.0 * kappa)).abs() < 1e-11);
        let law = bone(0.0, damage());
        let (stress, kappa) = uniaxial(&law, -0.1, 40);
        let left = 1.0 - 0.3 * (1.0 - (-15.0 * kappa / 1.5).exp());
        assert!((stress + 2.0 * left).abs() < 1e-11, "{stress} {left}");
    }

    #[test]
    fn an_open_surface_and_softening_by_hardening_are_refused() {
        let post = PostYield { hardening: 0.0, densification: None, damage: None };
        let open = QuadricSurface { interaction: 0.49, ..SURFACE };
        assert!(QuadricBone::new(300.0, 0.3, open, post).is_err());
        let soft = PostYield { hardening: -1.0, ..post };
        assert!(QuadricBone::new(300.0, 0.3, SURFACE, soft).is_err());
    }

    #[test]
    fn the_tangent_is_the_derivative_of_the_stress() {
        let strains: [Six; 4] = [
            [-0.03, 0.01, 0.005, 0.02, -0.01, 0.015],
            [-0.02, -0.025, -0.02, 0.0, 0.001, 0.0],
            [0.01, 0.015, 0.02, 0.02, 0.0, -0.02],
            [-0.4, 0.1, -0.2, 0.1, 0.0, 0.0],
        ];
        for law in [bone(1.0, None), bone(1.0, damage())] {
            let mut history = [0.0; 7];
            let start = [-0.01, 0.004, 0.002, 0.01, 0.0, 0.0];
            law.respond(&start, 2.0, &[0.0; 7], &mut history, None).expect("returns");
            assert!(0.0 < history[6]);
            for strain in strains {
                let respond = |e: &Six, c: Option<&mut Stiffness>| {
                    law.respond(e, 2.0, &history, &mut [0.0; 7], c).expect("returns")
                };
                let mut c = [[0.0; 6]; 6];
                respond(&strain, Some(&mut c));
                for j in 0..6 {
                    let moved = |h: f64| {
                        let mut e = strain;
                        e[j] += h;
                        respond(&e, None)
                    };
                    let (plus, minus) = (moved(1e-6), moved(-1e-6));
                    for i in 0..6 {
                        let slope = (plus[i] - minus[i]) / 2e-6;
                        assert!((slope - c[i][j]).abs() < 1e-6 * 300.0, "{i} {j}: {slope} {}", c[i][j]);
                    }
                }
            }
        }
    }

    #[test]
    fn a_band_dissipates_the_same_per_area_whatever_the_size_of_its_cells() {
        // Softening work of a row of cells of size L, per area: L ∫ (σ − plateau) dκ, closed form σ⁻ D_c ℓ/k.
        let law = bone(0.0, damage());
        for length in [0.5, 1.0, 2.0] {
            let mut work = 0.0;
            let n = 20_000;
            let most = 0.29;
            for i in 0..n {
                let kappa = most * (i as f64 + 0.5) / n as f64;
                let (d, _) = law.damage(kappa, length);
                work += length * most / n as f64 * 2.0 * (0.3 - d);
            }
            // The tail beyond κ = 0.29 carries exp(−k κ L/ℓ) of it.
            let tail = (-15.0 * most * length / 1.5).exp();
            let exact = 2.0 * 0.3 * 1.5 / 15.0 * (1.0 - tail);
            assert!((work / exact - 1.0).abs() < 1e-6, "{length}: {work} {exact}");
        }
    }
}
