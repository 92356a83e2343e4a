//! From bones to a mechanism: contact surfaces, attachments, guides.

use super::disc::DiscLaw;
use super::ligaments::{Book, Ligament, Place};
use super::rods;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::geometry::Field;
use dens_mesher::geometry::spine::{Joint, JointKind, Level, Patch, Side, Spine};
use dens_solver::materials::layers::confined_bedding;
use dens_solver::spine::{
    Bed, Cable, Column, Curve, Freedom, Link, Pose, Post, Quadric, Spot, Surface, Wrapped,
};
use nalgebra::Rotation3;
use std::collections::BTreeMap;

/// Names of the bones, by their number in the column.
pub(super) const BONES: [&str; 5] = ["C0", "C1", "C2", "C3", "C4"];

/// Spots along each axis of a facet.
const SPOTS: usize = 15;

/// What was done to the neck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    Intact,
    /// Ligaments of the list `unstable` cut.
    Unstable,
    /// The same, with screws and rods from C1 to C2.
    Fixed,
}

/// Anatomy with everything that a mechanism needs to know of it.
#[derive(Clone)]
pub struct Neck {
    spine: Spine,
    book: Book,
    /// Landmarks of C0, mm.
    occiput: BTreeMap<String, Vec3>,
    /// Laws of the discs with the joints they fill.
    discs: Vec<DiscLaw>,
}

/// Number of a vertebra in the column.
pub(super) fn number(level: Level) -> usize {
    1 + level as usize
}

impl Neck {
    /// Mechanism of an anatomy that has C1 to C4.
    ///
    /// - `discs`: laws measured by [`super::measure`]
    ///
    /// # Errors
    /// A bone or a landmark that is not there; exit 2.
    pub fn new(spine: Spine, book: Book, discs: Vec<DiscLaw>) -> Result<Self, Failure> {
        if let Some(missing) = Level::ALL.into_iter().find(|l| spine.bone(*l).is_none()) {
            return Err(Failure::input(format!("the neck needs {}, which is not there", missing.name())));
        }
        let mut neck = Self { spine, book, occiput: BTreeMap::new(), discs };
        for (name, place) in neck.book.occiput.clone() {
            for side in Side::BOTH {
                let (at, of) = match neck.point(&place, side) {
                    Ok(at) => {
                        (at, if at.x == 0.0 { name.clone() } else { format!("{name} {}", side.name()) })
                    }
                    Err(e) => return Err(e),
                };
                neck.occiput.insert(of, at);
            }
        }
        Ok(neck)
    }

    /// The same neck with measured discs, from an anatomy: what `dens validate` uses.
    ///
    /// # Errors
    /// As [`Neck::new`] and [`super::measure`].
    pub fn measured(spine: Spine, book: Book) -> Result<Self, Failure> {
        let discs = super::disc::all(&spine, &book.disc)?;
        Self::new(spine, book, discs)
    }

    /// Bones of the neck.
    pub fn spine(&self) -> &Spine {
        &self.spine
    }

    /// Laws of the discs.
    #[cfg(test)]
    pub(super) fn discs(&self) -> &[DiscLaw] {
        &self.discs
    }

    /// Point of a bone, mm, mirrored for the right side.
    pub(super) fn point(&self, place: &Place, side: Side) -> Result<Vec3, Failure> {
        let landmarks = match place.bone.as_str() {
            "C0" => &self.occiput,
            name => {
                let bone = self.spine.bones.iter().find(|b| b.level.name() == name);
                &bone.ok_or_else(|| Failure::input(format!("no bone is called `{name}`")))?.landmarks
            }
        };
        let sided = format!("{} {}", place.at, side.name());
        let at = landmarks
            .get(&sided)
            .or_else(|| landmarks.get(&place.at))
            .ok_or_else(|| Failure::input(format!("{} has no landmark `{}`", place.bone, place.at)))?;
        let [x, y, z] = place.shift;
        Ok(at + Vec3::new(side.sign() * x, y, z))
    }

    fn bone(place: &Place) -> Result<usize, Failure> {
        BONES
            .iter()
            .position(|b| *b == place.bone)
            .ok_or_else(|| Failure::input(format!("no bone is called `{}`", place.bone)))
    }

    /// The neck in a condition, C4 held, with the preload between its guides.
    ///
    /// # Errors
    /// Landmarks or surfaces that are not there; exit 2.
    pub fn column(&self, condition: Condition) -> Result<Column, Failure> {
        let mut bones = Vec::with_capacity(5);
        for (name, guide) in BONES.iter().zip(&self.book.guides) {
            let freedom = if *name == "C4" { Freedom::Held } else { Freedom::Free };
            bones.push((name.to_string(), self.point(guide, Side::Left)?, freedom));
        }
        let mut links: Vec<Box<dyn Link>> = Vec::new();
        for (i, pair) in bones.windows(2).enumerate() {
            let name = format!("preload {}-{}", pair[0].0, pair[1].0);
            let ends = [pair[0].1, pair[1].1];
            links.push(Box::new(Cable::new(
                &name,
                [i, i + 1],
                ends,
                0.0,
                Curve::Constant(self.book.preload),
            )));
        }
        for joint in &self.spine.joints {
            match joint.kind {
                JointKind::Facet(_) => links.push(Box::new(self.facet(joint)?)),
                JointKind::Disc => {
                    for side in Side::BOTH {
                        links.push(Box::new(self.uncinate(joint, side)));
                    }
                }
            }
        }
        for (i, side) in Side::BOTH.into_iter().enumerate() {
            links.push(Box::new(self.condyle(&self.spine.condyles[i], side)?));
        }
        links.push(Box::new(self.dens()?));
        for law in &self.discs {
            links.push(Box::new(law.link()));
        }
        for ligament in &self.book.ligament {
            if condition == Condition::Intact || !self.book.unstable.contains(&ligament.name) {
                self.fasten(ligament, &mut links)?;
            }
        }
        if condition == Condition::Fixed {
            links.extend(rods::links(self, &self.book.rods)?);
        }
        Ok(Column { bones, links })
    }

    /// By level, how far the discs are moved over what their laws were measured at.
    pub(super) fn beyond(&self, poses: &[Pose]) -> Vec<(usize, f64)> {
        let of = |d: &DiscLaw| (d.bones[0], d.reach(&poses[d.bones[0]], &poses[d.bones[1]]));
        self.discs.iter().map(of).collect()
    }

    fn field(&self, level: Level) -> Result<&dyn Field, Failure> {
        let bone = self.spine.bone(level).ok_or_else(|| Failure::bug("a bone of a joint is not there"))?;
        Ok(&*bone.field)
    }

    fn stiffness(&self, thickness: f64) -> f64 {
        confined_bedding(self.book.cartilage.modulus, self.book.cartilage.poisson, thickness)
    }

    /// Facets of two bones. Below C2 they stand as the file says, whichever way the bones' surfaces face sideways.
    fn facet(&self, joint: &Joint) -> Result<Bed, Failure> {
        let c = &self.book.cartilage;
        let (opening, medial) = match joint.upper {
            Level::C1 => (c.atlas_axis_opening_mm, None),
            Level::C2 => (c.subaxial_opening_mm, Some(c.axis_third_medial_deg)),
            _ => (c.subaxial_opening_mm, Some(c.third_fourth_medial_deg)),
        };
        let mut lower = self.quadric(joint.lower, &joint.patch, joint.patch.axis, &joint.name())?;
        let mut upper = self.quadric(joint.upper, &joint.patch, -joint.patch.axis, &joint.name())?;
        if let Some(degrees) = medial {
            let patch = facing(&joint.patch, degrees);
            (lower.patch, upper.patch) = (patch, patch);
        }
        let (bones, name) = ([number(joint.upper), number(joint.lower)], joint.name());
        Ok(self.bed(&name, bones, &upper, &lower, opening))
    }

    /// The condyle lies in C1's facet, raised by the cartilage: an elongated cup through the middle of the bone's facet, with
    /// one radius along it and another across. Seen from the front it stands as the file says, however steep the bone's is.
    fn condyle(&self, patch: &Patch, side: Side) -> Result<Bed, Failure> {
        let c = &self.book.cartilage;
        let name = format!("C0-C1 facet {}", side.name());
        let patch = leaning(patch, c.condyle_coronal_deg);
        // The long axis, seen from above, converges toward the front; in the plane of the facet.
        let (sin, cos) = c.condyle_convergence_deg.to_radians().sin_cos();
        let level = Vec3::new(side.sign() * sin, cos, 0.0);
        let first = (level - Vec3::z() * (level.dot(&patch.axis) / patch.axis.z)).normalize();
        let mut lower = self.quadric(Level::C1, &Patch { first, ..patch }, patch.axis, &name)?;
        let [along, across] = [c.condyle_sagittal_radius_mm, c.condyle_frontal_radius_mm].map(|r| 0.5 / r);
        lower.height = [lower.height[0], 0.0, 0.0, along, 0.0, across];
        let mut upper = lower;
        upper.height[0] += c.condyle_thickness_mm;
        Ok(self.bed(&name, [0, 1], &upper, &lower, c.condyle_opening_mm))
    }

    /// Joint between an uncinate process and the side of the body above: plane faces that leave play, at the side of the disc.
    fn uncinate(&self, joint: &Joint, side: Side) -> Bed {
        let u = &self.book.uncinate;
        let disc = &joint.patch;
        let back = disc.first * disc.first.y.signum();
        let outward = Vec3::x() * side.sign();
        let (sin, cos) = u.inclination_deg.to_radians().sin_cos();
        let patch = Patch {
            center: disc.center + outward * disc.radii[1] + back * u.behind_mm,
            axis: disc.axis * cos - outward * sin,
            first: back,
            radii: [0.5 * u.length_mm, 0.5 * u.height_mm],
            depth: disc.depth,
        };
        let flat = |height| Quadric {
            patch,
            height: [height, 0.0, 0.0, 0.0, 0.0, 0.0],
            margin: self.book.cartilage.rim_mm,
        };
        let name = format!("{}-{} uncinate {}", joint.upper.name(), joint.lower.name(), side.name());
        let upper = flat(u.thickness_mm);
        self.bed(&name, [joint.upper, joint.lower].map(number), &upper, &flat(0.0), 0.0).with_play(u.play_mm)
    }

    /// Cartilage between two facets, thinner toward their front and back so that the joint opens there.
    fn bed(&self, name: &str, bones: [usize; 2], upper: &Quadric, lower: &Quadric, opening: f64) -> Bed {
        let patch = lower.patch;
        let surface = lower.crowned(0.5 * opening);
        let mut spots = Vec::new();
        let mut thickness = 0.0;
        let area = 4.0 * patch.radii[0] * patch.radii[1] / (SPOTS * SPOTS) as f64;
        let along = |i: usize| (2.0 * i as f64 + 1.0) / SPOTS as f64 - 1.0;
        for i in 0..SPOTS {
            for j in 0..SPOTS {
                let (u, v) = (along(i), along(j));
                if 1.0 <= u * u + v * v {
                    continue;
                }
                let (u_mm, v_mm) = (u * patch.radii[0], v * patch.radii[1]);
                let at = upper.at(u_mm, v_mm);
                let gap = (at - lower.at(u_mm, v_mm)).dot(&patch.axis);
                spots.push(Spot { at, area, touching: gap - 0.5 * opening * u * u });
                thickness += gap;
            }
        }
        thickness /= spots.len().max(1) as f64;
        Bed::new(name, bones, spots, Surface::Facet(surface), self.stiffness(thickness.max(0.5)))
    }

    /// Paraboloid through a bone's surface in a patch.
    ///
    /// - `outward`: direction from the bone into the joint
    fn quadric(&self, level: Level, patch: &Patch, outward: Vec3, name: &str) -> Result<Quadric, Failure> {
        let field = self.field(level)?;
        let second = patch.axis.cross(&patch.first);
        let mut found = Vec::new();
        for i in -4..=4 {
            for j in -4..=4 {
                let (u, v) = (0.24 * f64::from(i), 0.24 * f64::from(j));
                if 1.0 <= u * u + v * v {
                    continue;
                }
                let base = patch.center + patch.first * (u * patch.radii[0]) + second * (v * patch.radii[1]);
                found.extend(surface(field, base + outward * patch.depth, -outward, 2.0 * patch.depth));
            }
        }
        Quadric::through(*patch, self.book.cartilage.rim_mm, &found).filter(|_| 12 < found.len()).ok_or_else(
            || Failure::input(format!("{}: the facet of {} was not found on the bone", name, level.name())),
        )
    }

    /// Dens as a post of C2: through its middle, upright, as wide as its neck.
    fn post(&self, extra: f64) -> Result<Post, Failure> {
        let place =
            |at: &str| self.point(&Place { bone: "C2".into(), at: at.into(), shift: [0.0; 3] }, Side::Left);
        let (left, base, tip) = (place("dens")?, place("dens base")?, place("dens tip")?);
        let origin = Vec3::new(0.0, left.y, left.z);
        Ok(Post { origin, axis: (tip - base).normalize(), radius: left.x + extra })
    }

    /// Anterior arch of C1 in front of the dens.
    fn dens(&self) -> Result<Bed, Failure> {
        let post = self.post(0.0)?;
        let behind = Place { bone: "C1".into(), at: "anterior arch posterior".into(), shift: [0.0; 3] };
        let arch = self.point(&behind, Side::Left)?;
        let reach = post.origin.y - arch.y;
        let thickness = reach - post.radius;
        let (half_angle, half_height, n, m) = (0.7, 4.0, 9, 7);
        let mut spots = Vec::new();
        for i in 0..n {
            for j in 0..m {
                let turn = half_angle * ((2 * i + 1) as f64 / n as f64 - 1.0);
                let rise = half_height * ((2 * j + 1) as f64 / m as f64 - 1.0);
                let at = Vec3::new(reach * turn.sin(), post.origin.y - reach * turn.cos(), arch.z + rise);
                let area = reach * 2.0 * half_angle / n as f64 * 2.0 * half_height / m as f64;
                spots.push(Spot { at, area, touching: thickness - self.book.cartilage.dens_play_mm });
            }
        }
        let k = self.stiffness(thickness);
        Ok(Bed::new("C1-C2 dens and anterior arch", [1, 2], spots, Surface::Post(post), k))
    }

    /// Transverse ligament straight between its ends on two bones, as long as it is around the dens.
    ///
    /// # Errors
    /// A file without it, landmarks that are not there; exit 2.
    pub(super) fn transverse_between(&self, bones: [usize; 2]) -> Result<Cable, Failure> {
        let found = self.book.ligament.iter().find(|l| l.name == "transverse");
        let ligament = found.ok_or_else(|| Failure::input("neck.toml has no transverse ligament"))?;
        let [a, b] = [Side::Left, Side::Right].map(|side| self.point(&ligament.upper[0], side));
        let ends = [a?, b?];
        let post = self.post(0.5 * ligament.thickness())?;
        let free = Wrapped::around(ends, post, Vec3::y()) * (1.0 + ligament.slack);
        let curve = self.book.curve(ligament, free, 1.0).map_err(Failure::input)?;
        let slack = free - (ends[0] - ends[1]).norm() + ligament.play(free);
        Ok(Cable::new("transverse", bones, ends, slack, curve))
    }

    fn fasten(&self, ligament: &Ligament, links: &mut Vec<Box<dyn Link>>) -> Result<(), Failure> {
        let input = Failure::input;
        let sides: &[Side] = if ligament.pair { &Side::BOTH } else { &[Side::Left] };
        let share = 1.0 / (ligament.sharing() * ligament.upper.len()) as f64;
        if ligament.name == "transverse" {
            let ends =
                [self.point(&ligament.upper[0], Side::Left)?, self.point(&ligament.upper[0], Side::Right)?];
            // The line of the ligament lies half its thickness behind the dens.
            let post = self.post(0.5 * ligament.thickness())?;
            let length = Wrapped::around(ends, post, Vec3::y());
            let free = length * (1.0 + ligament.slack);
            let curve = self.book.curve(ligament, free, 1.0).map_err(input)?;
            let slack = free - length + ligament.play(free);
            let cable = Wrapped::new("transverse", [1, 2], ends, post, Vec3::y(), slack, curve);
            links.push(Box::new(cable));
            return Ok(());
        }
        for side in sides {
            for (i, (upper, lower)) in ligament.upper.iter().zip(&ligament.lower).enumerate() {
                let ends = [self.point(upper, *side)?, self.point(lower, *side)?];
                let length = (ends[0] - ends[1]).norm();
                let free = length * (1.0 + ligament.slack);
                let curve = self.book.curve(ligament, free, share).map_err(input)?;
                let name = match ligament.pair {
                    true => format!("{} {} {i}", ligament.name, side.name()),
                    false => format!("{} {i}", ligament.name),
                };
                let bones = [Self::bone(upper)?, Self::bone(lower)?];
                let slack = free - length + ligament.play(free);
                links.push(Box::new(Cable::new(&name, bones, ends, slack, curve)));
            }
        }
        Ok(())
    }
}

/// The same patch, turned about the vertical until it faces the middle plane by an angle, seen from above.
fn facing(patch: &Patch, medial_deg: f64) -> Patch {
    let side = patch.center.x.signum();
    let now = (-side * patch.axis.x).atan2(patch.axis.y);
    let turn = Rotation3::from_axis_angle(&Vec3::z_axis(), side * (medial_deg.to_radians() - now));
    Patch { axis: turn * patch.axis, first: turn * patch.first, ..*patch }
}

/// The same patch, turned in the frontal plane until it leans by an angle from the vertical toward the middle plane.
fn leaning(patch: &Patch, medial_deg: f64) -> Patch {
    let side = patch.center.x.signum();
    let now = (-side * patch.axis.x).atan2(patch.axis.z);
    let turn = Rotation3::from_axis_angle(&Vec3::y_axis(), side * (now - medial_deg.to_radians()));
    Patch { axis: turn * patch.axis, first: turn * patch.first, ..*patch }
}

/// Where a ray from outside meets a bone, within `range` mm.
fn surface(field: &dyn Field, from: Vec3, direction: Vec3, range: f64) -> Option<Vec3> {
    let step = 0.2;
    let n = (range / step).ceil() as usize;
    let mut last = field.value(from);
    for k in 1..=n {
        let next = field.value(from + direction * (k as f64 * step));
        if 0.0 < last && next <= 0.0 {
            let (mut a, mut b) = ((k - 1) as f64 * step, k as f64 * step);
            for _ in 0..45 {
                let middle = 0.5 * (a + b);
                if 0.0 < field.value(from + direction * middle) { a = middle } else { b = middle }
            }
            return Some(from + direction * b);
        }
        last = next;
    }
    None
}
