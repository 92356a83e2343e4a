//! A bone in space, and what acts between two of them.

use dens_mesher::Vec3;
use nalgebra::{Matrix3, SMatrix};

/// Where a rigid bone is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Reference point in the undeformed neck, C, mm.
    pub rest: Vec3,
    /// Where it is now, c, mm.
    pub center: Vec3,
    /// Rotation since, R.
    pub turn: Matrix3<f64>,
}

impl Pose {
    /// Bone in its undeformed place.
    pub fn at_rest(rest: Vec3) -> Self {
        Self { rest, center: rest, turn: Matrix3::identity() }
    }

    /// Where a point of the bone is now: x = c + R (X − C), mm.
    pub fn place(&self, point: Vec3) -> Vec3 {
        self.center + self.turn * (point - self.rest)
    }

    /// Where a place is as the bone sees it: C + Rᵀ (x − c), mm.
    pub fn seen(&self, place: Vec3) -> Vec3 {
        self.rest + self.turn.tr_mul(&(place - self.center))
    }

    /// The bone after a small motion: the reference point moves by `shift` mm, all turns about it by the rotation
    /// vector `turn`.
    pub fn moved(&self, shift: Vec3, turn: Vec3) -> Self {
        let turned = nalgebra::Rotation3::from_scaled_axis(turn);
        Self { rest: self.rest, center: self.center + shift, turn: turned.matrix() * self.turn }
    }

    /// Rotation of this bone as `lower` sees it.
    pub fn rotation_on(&self, lower: &Self) -> nalgebra::Rotation3<f64> {
        nalgebra::Rotation3::from_matrix_unchecked(lower.turn.tr_mul(&self.turn))
    }
}

/// Energy of a link with its derivatives in the places y of its points.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    /// Energy, N·mm.
    pub energy: f64,
    /// Derivative in each point, N.
    pub gradients: Vec<Vec3>,
    /// Second derivatives in pairs of points, N/mm; pairs not named have none.
    pub blocks: Vec<(usize, usize, Matrix3<f64>)>,
}

/// Which points of which bone a link acts on.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchors {
    /// Name, as printed.
    pub name: String,
    /// The bone that has the points, and the one that sees them.
    pub bones: [usize; 2],
    /// Points of the first bone, in the undeformed neck, mm.
    pub points: Vec<Vec3>,
}

impl Anchors {
    /// Anchors of a link.
    pub fn new(name: &str, bones: [usize; 2], points: Vec<Vec3>) -> Self {
        Self { name: name.to_string(), bones, points }
    }
}

/// What acts between two bones.
///
/// Points of the first bone act on the second one; the energy depends on where the second one sees them.
pub trait Link: Send + Sync {
    /// Name, bones and points.
    fn anchors(&self) -> &Anchors;

    /// Energy and derivatives.
    ///
    /// - `seen`: places of the points as the second bone sees them, mm
    fn respond(&self, seen: &[Vec3]) -> Response;
}

/// Force and moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wrench {
    /// Force, N.
    pub force: Vec3,
    /// Moment, N·mm.
    pub moment: Vec3,
}

/// Six unknowns of the first and six of the second bone: shift, then rotation.
pub(super) type Pair = SMatrix<f64, 12, 12>;

/// Derivative of the energy in the motions of the two bones, and the derivative of that.
///
/// ```text
/// δ = du_p + dθ_p × ρ_p − du_q − dθ_q × ρ_q        dg = H δ + dθ_q × g
/// ```
/// with g the gradient in space. Not symmetric away from equilibrium: rotations do not commute.
pub(super) fn gather(link: &dyn Link, p: &Pose, q: &Pose, tangent: bool) -> (f64, [Wrench; 2], Pair) {
    let places: Vec<Vec3> = link.anchors().points.iter().map(|x| p.place(*x)).collect();
    let seen: Vec<Vec3> = places.iter().map(|x| q.seen(*x)).collect();
    let response = link.respond(&seen);
    let mut wrenches = [Wrench { force: Vec3::zeros(), moment: Vec3::zeros() }; 2];
    let mut k = Pair::zeros();
    for (x, gradient) in places.iter().zip(&response.gradients) {
        let (a, b, g) = (x - p.center, x - q.center, q.turn * gradient);
        wrenches[0].force += g;
        wrenches[0].moment += a.cross(&g);
        wrenches[1].force -= g;
        wrenches[1].moment -= b.cross(&g);
        if tangent {
            let (sg, sa, sb) = (skew(g), skew(a), skew(b));
            // The gradient turns with the second bone.
            block(&mut k, 0, 3, -sg);
            block(&mut k, 1, 3, -sa * sg);
            block(&mut k, 2, 3, sg);
            block(&mut k, 3, 3, sb * sg);
            // The arms move.
            block(&mut k, 1, 1, sg * sa);
            block(&mut k, 3, 0, sg);
            block(&mut k, 3, 1, -sg * sa);
            block(&mut k, 3, 2, -sg);
        }
    }
    if tangent {
        for (i, j, h) in &response.blocks {
            let h = q.turn * h * q.turn.transpose();
            let motion = |n: usize| {
                let (a, b) = (places[n] - p.center, places[n] - q.center);
                let mut m = SMatrix::<f64, 3, 12>::zeros();
                m.fixed_view_mut::<3, 3>(0, 0).fill_with_identity();
                m.fixed_view_mut::<3, 3>(0, 3).copy_from(&-skew(a));
                m.fixed_view_mut::<3, 3>(0, 6).copy_from(&-Matrix3::identity());
                m.fixed_view_mut::<3, 3>(0, 9).copy_from(&skew(b));
                m
            };
            k += motion(*i).transpose() * h * motion(*j);
        }
    }
    (response.energy, wrenches, k)
}

fn block(k: &mut Pair, row: usize, col: usize, add: Matrix3<f64>) {
    let mut view = k.fixed_view_mut::<3, 3>(3 * row, 3 * col);
    view += add;
}

fn skew(a: Vec3) -> Matrix3<f64> {
    a.cross_matrix()
}
