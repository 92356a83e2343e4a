//! The upper neck as the pipeline sees it, whichever source it came from.
//!
//! A [`Spine`] holds bones as signed fields in one frame, and the places where they meet or are held as
//! elliptical [`Patch`]es. Parametric anatomy ([`super::parametric`]) and surface files
//! ([`super::scanned`]) both end here; nothing after this knows which it was.

use super::{Aabb, Field};
use crate::Vec3;
use nalgebra::{Isometry3, Point3};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Vertebra of the upper neck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Atlas.
    C1,
    /// Axis.
    C2,
    /// Third cervical vertebra.
    C3,
    /// Fourth cervical vertebra.
    C4,
}

impl Level {
    /// All levels, cranial first.
    pub const ALL: [Level; 4] = [Level::C1, Level::C2, Level::C3, Level::C4];

    /// Name as printed, for instance `C3`.
    pub fn name(self) -> &'static str {
        ["C1", "C2", "C3", "C4"][self as usize]
    }
}

/// Side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The patient's left, +x.
    Left,
    /// The patient's right, −x.
    Right,
}

impl Side {
    /// Both sides, left first.
    pub const BOTH: [Side; 2] = [Side::Left, Side::Right];

    /// +1 for left, −1 for right.
    pub fn sign(self) -> f64 {
        match self {
            Side::Left => 1.0,
            Side::Right => -1.0,
        }
    }

    /// `left` or `right`.
    pub fn name(self) -> &'static str {
        match self {
            Side::Left => "left",
            Side::Right => "right",
        }
    }
}

/// Elliptical piece of a bone's surface: what lies inside an elliptical column about `center`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patch {
    /// Middle of the patch, on or near the bone surface, mm.
    pub center: Vec3,
    /// Unit outward normal of the bone at the patch; axis of the column.
    pub axis: Vec3,
    /// Unit direction of the first semi-axis, orthogonal to `axis` (about antero-posterior).
    pub first: Vec3,
    /// Semi-axes along `first` and along `axis × first`, mm.
    pub radii: [f64; 2],
    /// Half height of the column, mm: surface farther along the axis does not belong to the patch.
    pub depth: f64,
}

impl Patch {
    /// Signed field of the infinite elliptical column, mm, negative inside, about a distance at its wall.
    pub fn column(&self, p: Vec3) -> f64 {
        let d = p - self.center;
        let second = self.axis.cross(&self.first);
        let (a, b) = (self.radii[0], self.radii[1]);
        let (u, v) = (d.dot(&self.first), d.dot(&second));
        let level = ((u / a).powi(2) + (v / b).powi(2)).sqrt();
        let slope = ((u / (a * a)).powi(2) + (v / (b * b)).powi(2)).sqrt();
        if level < 1e-9 { -a.min(b) } else { (level - 1.0) * level / slope.max(1e-9) }
    }

    /// Whether a boundary facet with this centroid and outward unit normal belongs to the patch.
    pub fn selects(&self, centroid: Vec3, normal: Vec3) -> bool {
        self.column(centroid) < 0.0
            && (centroid - self.center).dot(&self.axis).abs() < self.depth
            && normal.dot(&self.axis) > 0.3
    }

    /// The same patch moved by `shift`.
    pub fn moved(&self, shift: Vec3) -> Self {
        Self { center: self.center + shift, ..*self }
    }

    /// The same patch moved and turned.
    pub fn turned(&self, motion: &Isometry3<f64>) -> Self {
        Self {
            center: moved(motion, self.center),
            axis: motion.rotation * self.axis,
            first: motion.rotation * self.first,
            ..*self
        }
    }

    /// Area of the flat ellipse, mm².
    pub fn area(&self) -> f64 {
        std::f64::consts::PI * self.radii[0] * self.radii[1]
    }
}

/// What fills a joint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JointKind {
    /// Facet joint of one side: cartilage, bonded to the lower bone, sliding on the upper.
    Facet(Side),
    /// Intervertebral disc: bonded to both bones.
    Disc,
}

/// Place where two neighbouring bones meet.
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    /// Facet joint or disc.
    pub kind: JointKind,
    /// Cranial bone.
    pub upper: Level,
    /// Caudal bone.
    pub lower: Level,
    /// Column of the joint: `center` midway in the gap, `axis` from the lower to the upper bone.
    pub patch: Patch,
}

impl Joint {
    /// Name of the joint, for instance `C1-C2 facet left` or `C2-C3 disc`.
    pub fn name(&self) -> String {
        match self.kind {
            JointKind::Facet(s) => format!("{}-{} facet {}", self.upper.name(), self.lower.name(), s.name()),
            JointKind::Disc => format!("{}-{} disc", self.upper.name(), self.lower.name()),
        }
    }

    /// Surface of the lower bone in the joint, `axis` pointing out of that bone.
    pub fn on_lower(&self) -> Patch {
        self.patch
    }

    /// Surface of the upper bone in the joint, `axis` pointing out of that bone.
    pub fn on_upper(&self) -> Patch {
        Patch { axis: -self.patch.axis, ..self.patch }
    }
}

/// One vertebra.
#[derive(Clone)]
pub struct Bone {
    /// Which one.
    pub level: Level,
    /// Outer surface.
    pub field: Arc<dyn Field>,
    /// Named points, mm; names as in `cases/library`, for instance `anterior tubercle`.
    pub landmarks: BTreeMap<String, Vec3>,
    /// Plane that parts the body (or the lateral masses of C1) from the posterior elements: a point and the
    /// unit normal toward posterior.
    pub posterior_plane: (Vec3, Vec3),
}

/// Straight path of a screw in a bone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScrewPath {
    /// Where it enters the bone, mm.
    pub entry: Vec3,
    /// Unit direction into the bone.
    pub direction: Vec3,
    /// Length inside the bone, mm.
    pub length: f64,
}

/// The bones C1 to C4 in one frame and everything the model needs to know of their places.
#[derive(Clone)]
pub struct Spine {
    /// Bones present, cranial first.
    pub bones: Vec<Bone>,
    /// Facet joints and discs between neighbours, cranial first, left before right before disc.
    pub joints: Vec<Joint>,
    /// Superior articular facets of C1, left then right, `axis` pointing out of the bone (cranial).
    pub condyles: [Patch; 2],
    /// Where the lowest bone is held: inferior endplate, then inferior facets left and right.
    pub held: Vec<Patch>,
    /// Middle of the spinal canal with its free radius, cranial first, mm.
    pub canal: Vec<(Vec3, f64)>,
    /// Posterior screws by bone and side (lateral mass screws).
    pub screws: Vec<(Level, Side, ScrewPath)>,
    /// Where the anatomy came from, as printed in the report.
    pub source: String,
    /// What a reader must know of this anatomy (approximations, missing bones).
    pub warnings: Vec<String>,
}

impl Spine {
    /// Bone of that level, if present.
    pub fn bone(&self, level: Level) -> Option<&Bone> {
        self.bones.iter().find(|b| b.level == level)
    }

    /// Height of the segment from C1 to `caudal`, mm: in the midsagittal plane, from the anterior tubercle of C1, after the
    /// motion `upper` of C1, to the middle of the lower endplate of the caudal bone. `None` where a landmark is missing.
    ///
    /// # Source
    /// The measure of Wei et al. (2020).
    pub fn segment_height(&self, caudal: Level, upper: &Isometry3<f64>) -> Option<f64> {
        let place = |level, name| self.bone(level).and_then(|b: &Bone| b.landmarks.get(name).copied());
        let tubercle = moved(upper, place(Level::C1, "anterior tubercle")?);
        let between = tubercle - place(caudal, "inferior endplate")?;
        Some(between.y.hypot(between.z))
    }

    /// Box around all bones.
    pub fn bounds(&self) -> Aabb {
        self.bones.iter().fold(Aabb::empty(), |b, bone| b.union(bone.field.bounds()))
    }
}

/// A point after a motion.
pub fn moved(motion: &Isometry3<f64>, p: Vec3) -> Vec3 {
    motion.transform_point(&Point3::from(p)).coords
}

/// What fills a joint, as a solid: inside the column, outside both bones, within the joint's depth.
pub struct JointFill {
    /// Bone above.
    pub upper: Arc<dyn Field>,
    /// Bone below.
    pub lower: Arc<dyn Field>,
    /// Column of the joint.
    pub patch: Patch,
}

impl Field for JointFill {
    fn value(&self, p: Vec3) -> f64 {
        let along = (p - self.patch.center).dot(&self.patch.axis).abs() - self.patch.depth;
        self.patch.column(p).max(along).max(-self.upper.value(p)).max(-self.lower.value(p))
    }

    fn bounds(&self) -> Aabb {
        let reach = self.patch.radii[0].max(self.patch.radii[1]) + self.patch.depth;
        Aabb { min: self.patch.center, max: self.patch.center }.grown(reach)
    }
}
