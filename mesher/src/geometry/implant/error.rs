//! Why an implant cannot be designed, with the numbers that decide it.

use super::super::spine::Level;
use thiserror::Error;

/// Reason why no implant fits. Every variant says what was found, what was needed, and what to change.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ImplantError {
    /// A parameter lies outside its range.
    #[error("implant parameter `{name}` is {value} {unit}, expected {least} to {most} {unit}")]
    Param {
        /// Name of the parameter.
        name: &'static str,
        /// Value found.
        value: f64,
        /// Unit of the three numbers.
        unit: &'static str,
        /// Smallest accepted value.
        least: f64,
        /// Largest accepted value.
        most: f64,
    },
    /// The anatomy lacks something the implant is built on.
    #[error("the anatomy has no {what}, which the implant is built on; add it or choose another level")]
    Missing {
        /// What is missing, for instance `C1-C2 facet left`.
        what: String,
    },
    /// The ellipse of a joint does not lie on the bone.
    #[error(
        "the {pad} contact face does not lie on {}: at best {:.0} % of its edge meets bone, 95 % is needed; \
         move or shrink the joint's ellipse", bone.name(), share * 100.0
    )]
    NoContact {
        /// Contact face.
        pad: String,
        /// Bone it was to lie on.
        bone: Level,
        /// Largest share of the edge that met bone.
        share: f64,
    },
    /// A seed point is not on its bone.
    #[error(
        "the seed of the {pad} contact face lies {distance_mm:.1} mm off the surface of {}, at most {most_mm:.1} mm is \
         accepted; put it on the bone, in mm and in the frame of the bones as given", bone.name()
    )]
    SeedOff {
        /// Contact face.
        pad: String,
        /// Bone it was to lie on.
        bone: Level,
        /// Distance found.
        distance_mm: f64,
        /// Largest accepted distance.
        most_mm: f64,
    },
    /// A seed point lies where the bone does not face the implant.
    #[error(
        "the seed of the {pad} contact face lies on {} where the bone faces away from the implant or on the other side of \
         the midline; put it on the articular face", bone.name()
    )]
    SeedAside {
        /// Contact face.
        pad: String,
        /// Bone it lies on.
        bone: Level,
    },
    /// The lordosis asked for turns C1 too far.
    #[error(
        "a lordosis of {asked_deg:.1} deg turns C1 by {:.1} deg from the {native_deg:.1} deg as the bones stand, at most \
         {most_deg:.0} deg is accepted; ask for less, or give the bones in another position", (asked_deg - native_deg).abs()
    )]
    Lordosis {
        /// Angle asked for.
        asked_deg: f64,
        /// Angle as the bones stand.
        native_deg: f64,
        /// Largest change.
        most_deg: f64,
    },
    /// The bones stand too close for a body between them.
    #[error(
        "implant height {height_mm:.1} mm is too small: the {pad} contact face would stand {room_mm:.1} mm above \
         the endplate, {needed_mm:.1} mm is needed; use a height of at least {least_mm:.1} mm"
    )]
    TooLow {
        /// Height asked for or found.
        height_mm: f64,
        /// Contact face with the least room.
        pad: String,
        /// Room found under that face.
        room_mm: f64,
        /// Room needed.
        needed_mm: f64,
        /// Smallest height that gives the room.
        least_mm: f64,
    },
    /// The spinal canal takes too much of a contact face.
    #[error(
        "the spinal canal with {clearance_mm:.1} mm clearance takes {:.0} % of the {pad} contact face, at most {:.0} % \
         is accepted; reduce the canal clearance or enlarge the contact margin", taken * 100.0, most * 100.0
    )]
    CanalBlocked {
        /// Contact face.
        pad: String,
        /// Clearance asked for.
        clearance_mm: f64,
        /// Share of the face inside the clearance.
        taken: f64,
        /// Largest accepted share.
        most: f64,
    },
    /// An arm is too slender.
    #[error(
        "the {side} pillar is {width_mm:.1} mm wide at {at_mm:.0} mm above the endplate, {needed_mm:.1} mm is needed; \
         reduce the contact margin or the clearances, or accept a thinner pillar"
    )]
    PillarThin {
        /// `left` or `right`.
        side: &'static str,
        /// Diameter of the largest circle in the thinnest section.
        width_mm: f64,
        /// Height of that section above the endplate.
        at_mm: f64,
        /// Width asked for.
        needed_mm: f64,
    },
    /// A screw track leaves the body or lacks wall.
    #[error(
        "the track of screw `{screw}` keeps {wall_mm:.2} mm of metal around it, {needed_mm:.2} mm is needed; \
         use a thinner screw, a thinner wall, or no screw there"
    )]
    TrackWall {
        /// Name of the track.
        screw: String,
        /// Thinnest wall found, mm; negative when the track breaks out.
        wall_mm: f64,
        /// Wall asked for.
        needed_mm: f64,
    },
    /// The implant enters a bone.
    #[error("the implant enters {} by {depth_mm:.2} mm; enlarge the bone clearance", bone.name())]
    EntersBone {
        /// Bone.
        bone: Level,
        /// Depth.
        depth_mm: f64,
    },
    /// A contact face is not the negative of its bone.
    #[error(
        "the {pad} contact face departs from the bone by {gap_mm:.3} mm over an area, at most {most_mm:.2} mm is \
         accepted; reduce the clearances or shrink the joint's ellipse"
    )]
    Conformity {
        /// Contact face.
        pad: String,
        /// 98th percentile of the gap over the face.
        gap_mm: f64,
        /// Largest accepted gap.
        most_mm: f64,
    },
}
