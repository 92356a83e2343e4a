//! The implant: negative of the bones it meets, body, rim, screw walls.
//!
//! [`Implant::design`] replaces C2, or C2 and C3. Two arms rise from the superior endplate of the bone below,
//! C3 or C4 ([`ImplantParams::caudal`]), to the inferior facets of C1; each is a loft between two contact ellipses, and where they run together they melt into one anterior
//! body, so that the implant is a fork that is open toward the spinal canal.
//!
//! ```text
//!      ╲ C1 facet ╱        ╲ C1 facet ╱        upper faces: negative of C1
//!       ╲________╱          ╲________╱
//!         ╲     ╲____________╱     ╱           side: smooth, solid rim inside
//!          ╲      lattice         ╱
//!           ╲__  bores ╲    ╱  __╱
//!              ╲________╲__╱__╱                lower face: negative of the caudal endplate
//! ```
//! What leaves is a list of separate smooth [`Face`]s, so that a mesher that cuts one level set after the
//! other gets true edges; inside is where all are negative. The metal inside is told apart by
//! [`Implant::solid`]: negative in the rim and in the screw walls, positive where lattice goes. The contact
//! faces have no rim: there the lattice is open to the bone.
//!
//! Guaranteed by construction: no point of the implant lies in C1 or the caudal bone; inside a contact ellipse the face
//! *is* the bone's surface. Not guaranteed: that the bones' fields are right, that a surgeon can bring it in.

mod body;
mod contact;
mod error;
mod fit;
mod insertion;
mod rim;
mod screws;

pub use contact::{Pad, SEED_MM};
pub use error::ImplantError;
pub use fit::{Fit, GapMap, PadFit};
pub use insertion::{Approach, Corridor, Insertion, Station};
pub use screws::{ScrewPlan, ScrewTrack};

use super::spine::{JointKind, Level, Patch, Side, Spine};
use super::{Aabb, Field};
use crate::Vec3;
use body::{Arm, Body, Lumen, Tube};
use contact::{Moved, Trim};
use nalgebra::{Isometry3, Translation3, UnitQuaternion};
use rim::Solid;
use screws::{Bore, Holes};
use std::sync::Arc;

/// Width over which the clearance to bone opens around a contact face, mm.
const CLEARANCE_BLEND_MM: f64 = 2.5;
/// Least room between a contact face of C1 and the plane of the caudal endplate, mm: two rims and room for a
/// few lattice cells and a screw seat. Unsourced choice.
const LEAST_ROOM_MM: f64 = 10.0;
/// Largest share of a contact face that the canal's clearance may take.
const CANAL_SHARE: f64 = 0.15;

/// Farthest that C1 may be turned for a lordosis, 15°: beyond it the arches of C1 and the bone below need a look of their own.
const MOST_TURN: f64 = 0.262;

/// What lies between the contact faces.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Form {
    /// Fork with a solid rim around lattice: the implant.
    #[default]
    Lattice,
    /// The same fork, solid metal throughout, for comparison.
    Solid,
    /// Conventional mesh cage with a T-shaped head, for comparison: a tube that stands on its rim on the C3 endplate
    /// and carries the upper end of the fork. It has no screws, and its wall no holes of its own: [`Implant::is_free_wall`]
    /// tells where they would be.
    MeshCage {
        /// Outer diameter of the tube, mm; absent: the widest that [`cage_diameter`] finds on the endplate.
        diameter_mm: Option<f64>,
        /// Thickness of its wall, mm.
        wall_mm: f64,
    },
}

/// Endplate that a cage chosen to fit leaves free around its rim at the narrowest place, mm. Engineering choice.
const CAGE_ROOM_MM: f64 = 0.25;
/// Widest cage chosen to fit, mm.
///
/// # Source
/// Scheer et al. (2010): cages of 16 mm in cadavers, the widest put there in the sources of this program.
const WIDEST_CAGE_MM: f64 = 16.0;

/// Outer diameter of a round cage for an endplate with these semi-axes (mm): the largest whole millimeter, as cages are
/// sold, whose rim overhangs nowhere, but no more than the widest in use.
pub fn cage_diameter(radii: [f64; 2]) -> f64 {
    (2.0 * (radii[0].min(radii[1]) - CAGE_ROOM_MM)).floor().min(WIDEST_CAGE_MM)
}

/// What can be chosen about the implant.
#[derive(Debug, Clone, PartialEq)]
pub struct ImplantParams {
    /// Bone the lower face lies on: C3 where C2 is replaced, C4 where C2 and C3 are.
    pub caudal: Level,
    /// Height of the middle of the C1 facets over the middle of the caudal endplate along z, mm; as the bones
    /// stand when absent.
    pub height_mm: Option<f64>,
    /// Angle of [`lordosis`] between the planes of the contact faces, rad; as the bones stand when absent. C1 turns about
    /// the axis across the middle of its facets.
    pub lordosis: Option<f64>,
    /// Points on the bones that take the place of the joints found: lower, upper left, upper right.
    pub seeds: [Option<Vec3>; 3],
    /// Thickness of the solid rim along the outer walls, mm.
    pub rim_mm: f64,
    /// Thickness of a skin that closes the side, windows too, mm; 0: windows are open. Contact faces stay open.
    pub skin_mm: f64,
    /// Thickness of the solid wall around a screw track, mm.
    pub wall_mm: f64,
    /// Integrated screws.
    pub screws: ScrewPlan,
    /// Outer diameter of a screw, mm.
    pub screw_mm: f64,
    /// Difference between bore and screw diameter, mm.
    pub bore_clearance_mm: f64,
    /// Diameter of the seat of a screw head at the surface, mm.
    pub seat_mm: f64,
    /// What is taken off the semi-axes of a joint's ellipse, mm.
    pub contact_margin_mm: f64,
    /// Clearance to the spinal canal, mm.
    pub canal_clearance_mm: f64,
    /// Clearance to bone outside the contact faces, mm.
    pub bone_clearance_mm: f64,
    /// Least width of a pillar, mm.
    pub pillar_mm: f64,
    /// What lies between the contact faces.
    pub form: Form,
    /// Openings in the rim on the lateral and anterior sides of the arms, away from the cord, through which
    /// powder leaves and bone enters.
    pub windows: bool,
}

impl Default for ImplantParams {
    fn default() -> Self {
        Self {
            caudal: Level::C3,
            height_mm: None,
            lordosis: None,
            seeds: [None; 3],
            rim_mm: 0.9,
            skin_mm: 0.0,
            wall_mm: 1.0,
            screws: ScrewPlan::Lower,
            screw_mm: 3.5,
            bore_clearance_mm: 0.3,
            seat_mm: 5.2,
            contact_margin_mm: 0.5,
            canal_clearance_mm: 1.5,
            bone_clearance_mm: 1.0,
            pillar_mm: 7.0,
            form: Form::Lattice,
            windows: true,
        }
    }
}

impl ImplantParams {
    fn check(&self) -> Result<(), ImplantError> {
        let height = self.height_mm.unwrap_or(28.0);
        let (diameter, thickness) = match self.form {
            Form::MeshCage { diameter_mm, wall_mm } => (diameter_mm.unwrap_or(12.0), wall_mm),
            Form::Lattice | Form::Solid => (12.0, 1.0),
        };
        let ranges = [
            ("cage diameter", diameter, 8.0, 22.0),
            ("cage wall", thickness, 0.5, 0.25 * diameter),
            ("height", height, 10.0, 60.0),
            ("rim", self.rim_mm, 0.3, 3.0),
            ("skin", self.skin_mm, 0.0, 3.0),
            ("wall", self.wall_mm, 0.4, 3.0),
            ("screw diameter", self.screw_mm, 1.5, 6.0),
            ("bore clearance", self.bore_clearance_mm, 0.0, 1.0),
            ("seat diameter", self.seat_mm, self.screw_mm + self.bore_clearance_mm, 9.0),
            ("contact margin", self.contact_margin_mm, 0.0, 3.0),
            ("canal clearance", self.canal_clearance_mm, 0.5, 4.0),
            ("bone clearance", self.bone_clearance_mm, 0.2, 3.0),
            ("pillar width", self.pillar_mm, 3.0, 20.0),
        ];
        match ranges.iter().find(|(_, v, least, most)| !(least <= v && v <= most)) {
            Some(&(name, value, least, most)) => {
                Err(ImplantError::Param { name, value, unit: "mm", least, most })
            }
            None => Ok(()),
        }
    }
}

impl Form {
    /// Mean radius and half width of the rim of a cage of given diameter, mm.
    pub fn rim_mm(&self) -> Option<[f64; 2]> {
        match *self {
            Self::Lattice | Self::Solid => None,
            Self::MeshCage { diameter_mm, wall_mm } => {
                diameter_mm.map(|diameter| [0.5 * (diameter - wall_mm), 0.5 * wall_mm])
            }
        }
    }
}

/// What a face of the implant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceKind {
    /// Outer side wall.
    Side,
    /// Negative of C1 (both facets), with clearance to C1 elsewhere.
    Upper,
    /// Negative of the caudal endplate, with clearance to that bone elsewhere.
    Lower,
    /// Wall of a screw track.
    Bore,
    /// Inner wall of a cage.
    Lumen,
}

/// One smooth piece of the implant's boundary.
#[derive(Clone)]
pub struct Face {
    /// Name, for instance `side` or `bore C3 left`.
    pub name: String,
    /// What it is.
    pub kind: FaceKind,
    /// Signed field, negative on the implant's side.
    pub field: Arc<dyn Field>,
}

/// Implant in place of C2 or of C2 and C3, in the frame of the spine it was designed to.
#[derive(Clone)]
pub struct Implant {
    /// What it was designed with; `height_mm` as asked, the diameter of a cage as found.
    pub params: ImplantParams,
    /// Height of the middle of the C1 facets over the middle of the caudal endplate along z, mm.
    pub height_mm: f64,
    /// Angle of [`lordosis`] with this implant, rad.
    pub lordosis: f64,
    /// The same as the bones stand, rad.
    pub native_lordosis: f64,
    /// How C1 must move for this implant.
    pub upper: Isometry3<f64>,
    /// Contact faces: lower, upper left, upper right.
    pub pads: [Pad; 3],
    /// Screw tracks.
    pub tracks: Vec<ScrewTrack>,
    measured: Fit,
    spine: Arc<Spine>,
    body: Arc<Body>,
    faces: Vec<Face>,
    trims: [Arc<Trim>; 2],
    solid: Arc<Solid>,
    /// C1 where it stands with this implant, the caudal bone and those below.
    bones: Vec<(Level, Arc<dyn Field>)>,
}

impl Implant {
    /// Designs the implant to `spine`.
    ///
    /// # Errors
    /// [`ImplantError`]: a parameter out of range, a missing joint, or no room for an implant; the sampled
    /// checks of [`Fit`] are part of it.
    pub fn design(spine: &Spine, params: &ImplantParams) -> Result<Self, ImplantError> {
        Self::on(Arc::new(spine.clone()), params)
    }

    /// The same implant fitted anew for another height: the contact faces stay the bones' negatives, only the
    /// body between them changes.
    ///
    /// # Errors
    /// As [`Implant::design`].
    pub fn at_height(&self, height_mm: f64) -> Result<Self, ImplantError> {
        Self::on(self.spine.clone(), &ImplantParams { height_mm: Some(height_mm), ..self.params.clone() })
    }

    fn on(spine: Arc<Spine>, params: &ImplantParams) -> Result<Self, ImplantError> {
        params.check()?;
        let c1 = bone(&spine, Level::C1)?;
        let caudal = params.caudal;
        let under = bone(&spine, caudal)?;
        // The end of the body lies deeper in the bone than the rim is thick: no skin under a contact face.
        let margin = [params.contact_margin_mm, params.rim_mm.max(params.skin_mm) + 0.3];

        let disc = joint(&spine, JointKind::Disc, caudal)?;
        let ends = |name: &str, bone: Level, field: &dyn Field, patch: Patch, seed: Option<Vec3>| match seed {
            Some(seed) => contact::seeded(name, bone, field, patch, seed),
            None => Ok(patch),
        };
        let [of_lower, of_left, of_right] = params.seeds;
        let below = ends("lower", caudal, &*under, Patch { axis: -disc.axis, ..disc }, of_lower)?;
        let lower = Pad::fit("lower", caudal, &*under, below, margin)?;
        let standing = [(Side::Left, of_left), (Side::Right, of_right)].map(|(side, seed)| {
            let name = format!("upper {}", side.name());
            if seed.is_some_and(|s| s.x * side.sign() < 0.0) {
                return Err(ImplantError::SeedAside { pad: name, bone: Level::C1 });
            }
            let facet = joint(&spine, JointKind::Facet(side), Level::C2)?;
            Pad::fit(&name, Level::C1, &*c1, ends(&name, Level::C1, &*c1, facet, seed)?, margin)
        });
        let [left, right] = standing;
        let (mut left, mut right) = (left?, right?);

        let middle = 0.5 * (left.patch.center + right.patch.center);
        let native_lordosis = lordosis([&left.patch, &right.patch], &lower.patch);
        let turn = params.lordosis.map_or(0.0, |asked| asked - native_lordosis);
        if MOST_TURN < turn.abs() {
            return Err(ImplantError::Lordosis {
                asked_deg: (native_lordosis + turn).to_degrees(),
                native_deg: native_lordosis.to_degrees(),
                most_deg: MOST_TURN.to_degrees(),
            });
        }
        let found = middle.z - lower.patch.center.z;
        let height_mm = params.height_mm.unwrap_or(found);
        // Turned about its facets, C1 keeps their height; a positive turn about x would lean their normal forward.
        let rotation = UnitQuaternion::from_axis_angle(&Vec3::x_axis(), -turn);
        let about = Translation3::from(middle) * rotation * Translation3::from(-middle);
        let upper = Translation3::new(0.0, 0.0, height_mm - found) * about;
        for pad in [&mut left, &mut right] {
            pad.patch = pad.patch.turned(&upper);
            pad.joint = pad.joint.turned(&upper);
        }
        let lordosis = lordosis([&left.patch, &right.patch], &lower.patch);
        let still = upper == Isometry3::identity();
        let upper_bone: Arc<dyn Field> =
            if still { c1 } else { Arc::new(Moved { field: c1, motion: upper }) };
        room([&left, &right], &lower, height_mm)?;

        let mut params = params.clone();
        if let Form::MeshCage { diameter_mm, .. } = &mut params.form {
            *diameter_mm = diameter_mm.or_else(|| Some(cage_diameter(lower.joint.radii)));
            params.check()?;
        }
        let arms = [&left, &right].map(|top| Arm::between(&lower, top));
        let fork = Body::fork(arms, &spine.canal, params.canal_clearance_mm);
        let body = Arc::new(match params.form {
            Form::Lattice | Form::Solid => fork,
            Form::MeshCage { diameter_mm, wall_mm } => {
                let diameter = diameter_mm.unwrap_or_else(|| cage_diameter(lower.joint.radii));
                fork.on_tube(Tube::under(&lower, height_mm, [diameter, wall_mm]))
            }
        });
        let holes =
            Holes { bore: 0.5 * (params.screw_mm + params.bore_clearance_mm), seat: 0.5 * params.seat_mm };
        let pads = [lower, left, right];
        let screws = if body.tube.is_some() { ScrewPlan::None } else { params.screws };
        let tracks = screws::tracks(screws, &body, [&pads[0], &pads[1], &pads[2]], &holes, params.wall_mm);

        let trim = |bone: &Arc<dyn Field>, columns: Vec<Patch>| Trim {
            bone: bone.clone(),
            columns,
            clearance: params.bone_clearance_mm,
            blend: CLEARANCE_BLEND_MM,
        };
        let on_upper = Arc::new(trim(&upper_bone, vec![pads[1].patch, pads[2].patch]));
        let lower = Arc::new(trim(&under, vec![pads[0].patch]));
        let mut faces = vec![
            Face { name: "side".into(), kind: FaceKind::Side, field: body.clone() },
            Face { name: "upper".into(), kind: FaceKind::Upper, field: on_upper.clone() },
            Face { name: "lower".into(), kind: FaceKind::Lower, field: lower.clone() },
        ];
        faces.extend(tracks.iter().map(|t| Face {
            name: format!("bore {}", t.name),
            kind: FaceKind::Bore,
            field: Arc::new(Bore(t.clone())),
        }));
        if body.tube.is_some() {
            let field = Arc::new(Lumen(body.clone()));
            faces.push(Face { name: "lumen".into(), kind: FaceKind::Lumen, field });
        }
        let lattice = params.form == Form::Lattice;
        let windows = if params.windows && lattice { rim::windows(&body) } else { Vec::new() };
        let solid = Arc::new(Solid {
            body: body.clone(),
            tracks: tracks.clone(),
            windows,
            skin_mm: params.skin_mm,
            rim_mm: params.rim_mm,
            wall_mm: params.wall_mm,
            throughout: !lattice,
        });
        let mut bones = vec![(Level::C1, upper_bone), (caudal, under)];
        bones.extend(spine.bones.iter().filter(|b| caudal < b.level).map(|b| (b.level, b.field.clone())));
        let trims = [on_upper, lower];
        let mut implant = Self {
            params,
            height_mm,
            lordosis,
            native_lordosis,
            upper,
            pads,
            tracks,
            measured: Fit::unknown(),
            spine,
            body,
            faces,
            trims,
            solid,
            bones,
        };
        implant.check_shape()?;
        implant.measured = implant.measure();
        implant.measured.check(&implant.params)?;
        Ok(implant)
    }

    /// Boundary as separate smooth faces, in the order in which a mesher should cut them.
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// Measured checks; all have passed.
    pub fn fit(&self) -> Fit {
        self.measured.clone()
    }

    /// Field that tells solid metal from lattice inside the implant, mm, negative in the solid rim and in the
    /// screw walls; about a distance near its zero level, with edges where rim and walls meet.
    pub fn solid(&self) -> Arc<dyn Field> {
        self.solid.clone()
    }

    /// Value of [`Implant::solid`] from a value of the side face already known, for instance sampled.
    pub(crate) fn solid_given_side(&self, p: Vec3, side: f64) -> f64 {
        self.solid.given_side(p, side)
    }

    /// Whether a place of the metal lies in the wall of a cage between the ring that it stands on and its head: where a mesh
    /// cage has its holes.
    pub fn is_free_wall(&self, p: Vec3) -> bool {
        self.body.is_free_wall(p)
    }

    /// Value of the inner wall of a cage from a value of the side face already known; far inside where there is none.
    pub(crate) fn lumen_given_side(&self, p: Vec3, side: f64) -> f64 {
        self.body.lumen(p, side)
    }

    /// Where the side face is surely farther than `distance` (mm): a lower bound of its value.
    pub(crate) fn clear_of_side(&self, p: Vec3, distance: f64) -> Option<f64> {
        self.body.floor_beyond(p, distance)
    }

    /// Contact faces with their names, `axis` out of the implant, for boundary sets.
    pub fn contacts(&self) -> impl Iterator<Item = (&str, &Patch)> {
        self.pads.iter().map(|p| (p.name.as_str(), &p.patch))
    }

    /// C1 where it stands with this implant, then the caudal bone and those below it.
    pub fn bones(&self) -> &[(Level, Arc<dyn Field>)] {
        &self.bones
    }

    /// Extent along z, mm: from the lowest to the highest sampled point, within 0.7 mm.
    pub fn overall_height(&self) -> f64 {
        self.measured.bounds.size().z
    }

    /// Mass in t for a lattice of that relative density and a metal of `density` in t/mm³.
    pub fn mass(&self, relative_density: f64, density: f64) -> f64 {
        let lattice_mm3 = self.measured.volume_mm3 - self.measured.solid_mm3;
        (self.measured.solid_mm3 + relative_density * lattice_mm3) * density
    }
}

impl Field for Implant {
    fn value(&self, p: Vec3) -> f64 {
        self.faces.iter().map(|f| f.field.value(p)).fold(f64::NEG_INFINITY, f64::max)
    }

    fn bounds(&self) -> Aabb {
        self.body.bounds()
    }
}

/// Angle between the planes of the C1 facets and of the caudal endplate, seen from the side, rad; positive when they open
/// toward anterior.
///
/// ```text
/// θ(n) = atan2(n_y, n_z)      lordosis = θ(n₁ + n₂) − θ(n₃)
/// ```
/// n₁, n₂: cranial unit normals of the two upper faces, n₃: of the lower face. The lateral slope of the facets, mirrored on
/// both sides, cancels in the sum.
///
/// - `upper`: patches with `axis` toward cranial, into C1; `lower`: with `axis` toward caudal, into the bone below
pub fn lordosis(upper: [&Patch; 2], lower: &Patch) -> f64 {
    let tilt = |n: Vec3| n.y.atan2(n.z);
    tilt(upper[0].axis + upper[1].axis) - tilt(-lower.axis)
}

fn bone(spine: &Spine, level: Level) -> Result<Arc<dyn Field>, ImplantError> {
    let found = spine.bone(level).map(|b| b.field.clone());
    found.ok_or_else(|| ImplantError::Missing { what: level.name().to_owned() })
}

/// Ellipse of the joint of that kind whose lower bone is `lower`; axis from lower to upper.
fn joint(spine: &Spine, kind: JointKind, lower: Level) -> Result<Patch, ImplantError> {
    spine.joints.iter().find(|j| j.kind == kind && j.lower == lower).map(|j| j.patch).ok_or_else(|| {
        let what = match kind {
            JointKind::Facet(side) => format!("C1-C2 facet {}", side.name()),
            JointKind::Disc => format!("disc over {}", lower.name()),
        };
        ImplantError::Missing { what }
    })
}

/// Room between the upper contact faces and the plane of the endplate.
fn room(pads: [&Pad; 2], foot: &Pad, height_mm: f64) -> Result<(), ImplantError> {
    let up = -foot.patch.axis;
    let over = |p: Vec3| (p - foot.patch.center).dot(&up);
    for pad in pads {
        // The lowest point of the face: its edge, and as much lower as the bone bulges out of the ellipse.
        let edge = contact::ring(&pad.patch, 1.0, 64).map(over).fold(f64::INFINITY, f64::min);
        let room_mm = edge + pad.relief[0].min(0.0);
        if room_mm < LEAST_ROOM_MM {
            return Err(ImplantError::TooLow {
                height_mm,
                pad: pad.name.clone(),
                room_mm,
                needed_mm: LEAST_ROOM_MM,
                least_mm: height_mm + (LEAST_ROOM_MM - room_mm) / up.z.max(0.5),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::block_spine;
