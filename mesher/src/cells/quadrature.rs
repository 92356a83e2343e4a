//! Quadrature rules on the reference triangle, square, tetrahedron, cube and prism.
//!
//! Rules of the square, cube and prism are products; their points run with ξ (or the triangle) fastest, then
//! η, then ζ, which is the order of integration points in Abaqus and CalculiX.

/// Quadrature rule ∫ f ≈ Σ wᵢ f(ξᵢ) on a reference cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Reference coordinates; the third is zero on a triangle.
    pub points: &'static [[f64; 3]],
    /// Weights; they sum to the measure of the reference cell.
    pub weights: &'static [f64],
    /// Largest total degree integrated exactly.
    pub degree: usize,
}

impl Rule {
    /// Pairs of point and weight.
    pub fn iter(&self) -> impl Iterator<Item = ([f64; 3], f64)> + '_ {
        self.points.iter().copied().zip(self.weights.iter().copied())
    }
}

/// One point, degree 1.
pub static TRI_1: Rule = Rule { points: &[[1.0 / 3.0, 1.0 / 3.0, 0.0]], weights: &[0.5], degree: 1 };

/// One point, degree 1.
pub static TET_1: Rule = Rule { points: &[[0.25, 0.25, 0.25]], weights: &[1.0 / 6.0], degree: 1 };

// (5 − √5) / 20 and (5 + 3√5) / 20.
const T4_A: f64 = 0.138_196_601_125_010_5;
const T4_B: f64 = 0.585_410_196_624_968_5;

/// Four points, degree 2: exact for the stiffness of a straight quadratic tetrahedron.
///
/// Point i is the one nearest to corner i.
///
/// # Source
/// Hammer & Stroud (1956), Numerical integration over simplexes, MTAC 10, 137–139.
pub static TET_4: Rule = Rule {
    points: &[[T4_A, T4_A, T4_A], [T4_B, T4_A, T4_A], [T4_A, T4_B, T4_A], [T4_A, T4_A, T4_B]],
    weights: &[1.0 / 24.0; 4],
    degree: 2,
};

const T14_A: f64 = 0.310_885_919_263_300_6;
const T14_A3: f64 = 1.0 - 3.0 * T14_A;
const T14_B: f64 = 0.092_735_250_310_891_23;
const T14_B3: f64 = 1.0 - 3.0 * T14_B;
const T14_C: f64 = 0.045_503_704_125_649_65;
const T14_D: f64 = 0.5 - T14_C;
const T14_WA: f64 = 0.112_687_925_718_015_85 / 6.0;
const T14_WB: f64 = 0.073_493_043_116_361_95 / 6.0;
const T14_WC: f64 = 0.042_546_020_777_081_466 / 6.0;

/// Fourteen points, degree 5, all weights positive and all points inside.
///
/// # Source
/// Walkington (2000), Quadrature on simplices of arbitrary dimension, Carnegie Mellon University.
pub static TET_14: Rule = Rule {
    points: &[
        [T14_A, T14_A, T14_A],
        [T14_A3, T14_A, T14_A],
        [T14_A, T14_A3, T14_A],
        [T14_A, T14_A, T14_A3],
        [T14_B, T14_B, T14_B],
        [T14_B3, T14_B, T14_B],
        [T14_B, T14_B3, T14_B],
        [T14_B, T14_B, T14_B3],
        [T14_C, T14_C, T14_D],
        [T14_C, T14_D, T14_C],
        [T14_D, T14_C, T14_C],
        [T14_C, T14_D, T14_D],
        [T14_D, T14_C, T14_D],
        [T14_D, T14_D, T14_C],
    ],
    weights: &[
        T14_WA, T14_WA, T14_WA, T14_WA, T14_WB, T14_WB, T14_WB, T14_WB, T14_WC, T14_WC, T14_WC, T14_WC,
        T14_WC, T14_WC,
    ],
    degree: 5,
};

/// Three points, degree 2.
pub static TRI_3: Rule = Rule {
    points: &[[1.0 / 6.0, 1.0 / 6.0, 0.0], [2.0 / 3.0, 1.0 / 6.0, 0.0], [1.0 / 6.0, 2.0 / 3.0, 0.0]],
    weights: &[1.0 / 6.0; 3],
    degree: 2,
};

const S6_A: f64 = 0.445_948_490_915_964_9;
const S6_A2: f64 = 1.0 - 2.0 * S6_A;
const S6_B: f64 = 0.091_576_213_509_770_74;
const S6_B2: f64 = 1.0 - 2.0 * S6_B;
const S6_WA: f64 = 0.223_381_589_678_011_47 / 2.0;
const S6_WB: f64 = 0.109_951_743_655_321_87 / 2.0;

/// Six points, degree 4.
///
/// # Source
/// Dunavant (1985), High degree efficient symmetrical Gaussian quadrature rules for the triangle,
/// Int. J. Numer. Methods Eng. 21, 1129–1148.
pub static TRI_6: Rule = Rule {
    points: &[
        [S6_A, S6_A, 0.0],
        [S6_A2, S6_A, 0.0],
        [S6_A, S6_A2, 0.0],
        [S6_B, S6_B, 0.0],
        [S6_B2, S6_B, 0.0],
        [S6_B, S6_B2, 0.0],
    ],
    weights: &[S6_WA, S6_WA, S6_WA, S6_WB, S6_WB, S6_WB],
    degree: 4,
};

// (6 ∓ √15) / 21 with weights (155 ∓ √15) / 1200 of the area.
const S7_A: f64 = 0.101_286_507_323_456_34;
const S7_A2: f64 = 1.0 - 2.0 * S7_A;
const S7_B: f64 = 0.470_142_064_105_115_1;
const S7_B2: f64 = 1.0 - 2.0 * S7_B;
const S7_WA: f64 = 0.125_939_180_544_827_15 / 2.0;
const S7_WB: f64 = 0.132_394_152_788_506_2 / 2.0;

/// Seven points, degree 5.
///
/// # Source
/// Radon (1948), Zur mechanischen Kubatur, Monatsh. Math. 52, 286–300.
pub static TRI_7: Rule = Rule {
    points: &[
        [1.0 / 3.0, 1.0 / 3.0, 0.0],
        [S7_A, S7_A, 0.0],
        [S7_A2, S7_A, 0.0],
        [S7_A, S7_A2, 0.0],
        [S7_B, S7_B, 0.0],
        [S7_B2, S7_B, 0.0],
        [S7_B, S7_B2, 0.0],
    ],
    weights: &[9.0 / 80.0, S7_WA, S7_WA, S7_WA, S7_WB, S7_WB, S7_WB],
    degree: 5,
};

/// Gauss–Legendre on [−1, 1] with two points, 1/√3.
const G2: [f64; 2] = [-0.577_350_269_189_625_8, 0.577_350_269_189_625_8];
const G2_W: [f64; 2] = [1.0; 2];

/// Gauss–Legendre on [−1, 1] with three points, √(3/5).
const G3: [f64; 3] = [-0.774_596_669_241_483_4, 0.0, 0.774_596_669_241_483_4];
const G3_W: [f64; 3] = [5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0];

/// 2 × 2 points, degree 3.
pub static QUAD_4: Rule =
    Rule { points: &square_points::<2, 4>(&G2), weights: &square_weights::<2, 4>(&G2_W), degree: 3 };

/// 3 × 3 points, degree 5.
pub static QUAD_9: Rule =
    Rule { points: &square_points::<3, 9>(&G3), weights: &square_weights::<3, 9>(&G3_W), degree: 5 };

/// 2 × 2 × 2 points, degree 3.
pub static HEX_8: Rule =
    Rule { points: &cube_points::<2, 8>(&G2), weights: &cube_weights::<2, 8>(&G2_W), degree: 3 };

/// 3 × 3 × 3 points, degree 5.
pub static HEX_27: Rule =
    Rule { points: &cube_points::<3, 27>(&G3), weights: &cube_weights::<3, 27>(&G3_W), degree: 5 };

/// One point of the triangle × two, degree 1.
pub static WEDGE_2: Rule = Rule {
    points: &prism_points::<1, 2, 2>(TRI_1.points, &G2),
    weights: &prism_weights::<1, 2, 2>(TRI_1.weights, &G2_W),
    degree: 1,
};

/// Three points of the triangle × two, degree 2.
pub static WEDGE_6: Rule = Rule {
    points: &prism_points::<3, 2, 6>(TRI_3.points, &G2),
    weights: &prism_weights::<3, 2, 6>(TRI_3.weights, &G2_W),
    degree: 2,
};

/// Three points of the triangle × three, degree 2 (5 along the axis).
pub static WEDGE_9: Rule = Rule {
    points: &prism_points::<3, 3, 9>(TRI_3.points, &G3),
    weights: &prism_weights::<3, 3, 9>(TRI_3.weights, &G3_W),
    degree: 2,
};

/// Seven points of the triangle × three, degree 5.
pub static WEDGE_21: Rule = Rule {
    points: &prism_points::<7, 3, 21>(TRI_7.points, &G3),
    weights: &prism_weights::<7, 3, 21>(TRI_7.weights, &G3_W),
    degree: 5,
};

const fn square_points<const N: usize, const M: usize>(line: &[f64; N]) -> [[f64; 3]; M] {
    let mut out = [[0.0; 3]; M];
    let mut at = 0;
    while at < M {
        out[at] = [line[at % N], line[at / N], 0.0];
        at += 1;
    }
    out
}

const fn square_weights<const N: usize, const M: usize>(line: &[f64; N]) -> [f64; M] {
    let mut out = [0.0; M];
    let mut at = 0;
    while at < M {
        out[at] = line[at % N] * line[at / N];
        at += 1;
    }
    out
}

const fn cube_points<const N: usize, const M: usize>(line: &[f64; N]) -> [[f64; 3]; M] {
    let mut out = [[0.0; 3]; M];
    let mut at = 0;
    while at < M {
        out[at] = [line[at % N], line[at / N % N], line[at / (N * N)]];
        at += 1;
    }
    out
}

const fn cube_weights<const N: usize, const M: usize>(line: &[f64; N]) -> [f64; M] {
    let mut out = [0.0; M];
    let mut at = 0;
    while at < M {
        out[at] = line[at % N] * line[at / N % N] * line[at / (N * N)];
        at += 1;
    }
    out
}

const fn prism_points<const T: usize, const N: usize, const M: usize>(
    triangle: &[[f64; 3]],
    line: &[f64; N],
) -> [[f64; 3]; M] {
    let mut out = [[0.0; 3]; M];
    let mut at = 0;
    while at < M {
        out[at] = [triangle[at % T][0], triangle[at % T][1], line[at / T]];
        at += 1;
    }
    out
}

const fn prism_weights<const T: usize, const N: usize, const M: usize>(
    triangle: &[f64],
    line: &[f64; N],
) -> [f64; M] {
    let mut out = [0.0; M];
    let mut at = 0;
    while at < M {
        out[at] = triangle[at % T] * line[at / T];
        at += 1;
    }
    out
}
