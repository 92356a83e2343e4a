//! Whether the implant can be put in: its way in, the screwdriver's corridors, drawn and judged.

use super::Results;
use super::bodies::Kind;
use super::geometry::Geometry;
use super::pictures::{BONE, LOAD, TITANIUM, drawn, plain, rod};
use crate::approach::Approach;
use crate::case::Case;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::geometry::Aabb;
use dens_mesher::geometry::implant::{Approach as Way, Corridor, Insertion, Station};
use dens_reports::figure::{Axis, Figure, FigureSet, Look, Plot, Series};
use dens_reports::record::{Quantity, Relation, Section};
use dens_reports::render::{Object, Paint, Sheet, Shot, View, arrow};
use dens_reports::table::{NO_UNIT, Table};

/// Radius of the drawn border of the mandible, mm.
const BORDER: f64 = 1.5;
/// Color of the mandible's border.
const JAW: [u8; 3] = [0x8a, 0x6d, 0x3b];
/// Color of the screwdriver.
const DRIVER: [u8; 3] = [0x2f, 0x7d, 0x4f];

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// Way of the implant.
    pub insertion: Insertion,
    /// One corridor per screw of the implant.
    pub corridors: Vec<Corridor>,
}

/// Follows implant and screwdrivers.
pub fn access(approach: &Approach, geometry: &Geometry) -> Access {
    let way = Way { rise: approach.rise, distraction: approach.distraction };
    let border: Vec<[f64; 2]> =
        approach.mandible.iter().flatten().map(|p| geometry.placed(*p)).map(|p| [p.y, p.z]).collect();
    Access {
        insertion: geometry.implant.insertion(&way),
        corridors: geometry.implant.corridors(0.5 * approach.driver_diameter, approach.driver_reach, &border),
    }
}

impl Access {
    /// Corridor with the least room of a kind, and that room, mm; `None` where none is known.
    fn tightest(&self, room: impl Fn(&Corridor) -> Option<f64>) -> Option<(&Corridor, f64)> {
        self.corridors.iter().filter_map(|c| Some((c, room(c)?))).min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// Criteria of the approach.
pub fn criteria(approach: &Approach, access: &Access) -> Vec<Quantity> {
    let mut list = vec![
        Quantity::new("insertion", "distraction that the way in needs", access.insertion.needed, "mm")
            .region("C1 and the caudal vertebra")
            .load("none")
            .judged("distraction available", Relation::AtMost, approach.distraction, &approach.source),
    ];
    let row = |id: &str, label: &str, (corridor, room): (&Corridor, f64)| {
        Quantity::new(id, label, room, "mm").region(&format!("screw {}", corridor.screw)).load("none")
    };
    list.extend(access.tightest(|c| Some(c.bone)).map(|found| {
        row("screwdriver", "room between screwdriver and bone", found).judged(
            "free of bone",
            Relation::AtLeast,
            0.0,
            "geometry",
        )
    }));
    list.push(access.tightest(|c| c.mandible).map_or_else(
        || {
            Quantity::new(
                "screwdriver-mandible",
                "screws whose screwdriver was checked against the mandible",
                0.0,
                "1",
            )
            .region("mandible")
            .load("none")
        },
        |found| {
            row("screwdriver-mandible", "room between screwdriver and mandible", found).judged(
                "free of the mandible",
                Relation::AtLeast,
                0.0,
                "geometry; straight lower border of the case",
            )
        },
    ));
    list
}

/// What is not known of the approach, where something is not.
pub fn gap(approach: &Approach, access: &Access) -> Option<String> {
    if access.corridors.is_empty() || access.tightest(|c| c.mandible).is_some() {
        return None;
    }
    Some(if approach.mandible.is_none() {
        "The screwdriver was not checked against the mandible: the case gives no border of it.".into()
    } else {
        "The screwdriver was not checked against the mandible: no corridor passes the border that the case gives.".into()
    })
}

/// Section of the report.
pub fn section(approach: &Approach, access: &Access) -> Section {
    let way = &access.insertion;
    let mut t = Table::new(
        "insertion",
        "Way in",
        &[
            ("distance still to go", "mm"),
            ("lift over the caudal bone", "mm"),
            ("room needed under C1", "mm"),
            ("sum", "mm"),
        ],
    );
    for s in way.stations.iter().filter(|s| (s.before as usize).is_multiple_of(2)) {
        t.push([s.before.into(), s.rise.into(), s.room.into(), (s.rise + s.room).into()]);
    }
    let mut c = Table::new(
        "screwdriver",
        "Corridors of the screwdriver",
        &[
            ("screw", ""),
            ("room to bone", "mm"),
            ("room to the mandible", "mm"),
            ("direction left", NO_UNIT),
            ("posterior", NO_UNIT),
            ("cranial", NO_UNIT),
        ],
    );
    for corridor in &access.corridors {
        c.push([
            corridor.screw.as_str().into(),
            corridor.bone.into(),
            corridor.mandible.map_or("not checked".into(), Into::into),
            corridor.outward.x.into(),
            corridor.outward.y.into(),
            corridor.outward.z.into(),
        ]);
    }
    let obstacle = way.obstacle.map_or_else(
        || String::from("nothing stands in the way"),
        |(p, level)| {
            format!(
                "most is needed {:.0} mm before the final place, where the point of the implant that ends at ({:.1}, {:.1}, {:.1}) mm passes {}",
                way.narrowest, p.x, p.y, p.z, level.name()
            )
        },
    );
    let jaw = if approach.mandible.is_some() {
        "The mandible is the straight lower border given in the case, seen from the side; its width is not regarded."
    } else {
        "No border of the mandible is given in the case, so the jaw is not checked."
    };
    Section::new("approach", "Can it be put in")
        .paragraph(format!(
            "The implant moves in from anterior along a straight line that rises by {:.0} degrees, without turning, while C1 is distracted along z; {}. Distraction needed: {:.1} mm; available: {:.1} mm ({}). It is the lift that clears the caudal bone plus the room under C1 at the same place: an upper value for this line. A way that turns can need less, soft tissue more.",
            approach.rise.to_degrees(),
            obstacle,
            way.needed,
            approach.distraction,
            approach.source,
        ))
        .figure("approach")
        .figure("insertion")
        .table(t)
        .paragraph(format!(
            "Each screw of the implant needs a straight shaft of {} mm over {} mm from its seat. Bone is looked for across the shaft, at most 10 mm beside it. {jaw}",
            approach.driver_diameter, approach.driver_reach
        ))
        .table(c)
}

/// Figures of the approach.
///
/// # Errors
/// Only by a bug.
pub fn draw(
    case: &Case,
    approach: &Approach,
    access: &Access,
    results: &Results,
    figures: &mut FigureSet,
) -> Result<(), Failure> {
    figures.add(picture(case, approach, access, results)?);
    let series = |name: &str, value: fn(&Station) -> f64| {
        let points = access.insertion.stations.iter().map(|s| [s.before, value(s)]).collect();
        Series::new(name, Look::Line, points)
    };
    let plot = Plot::new(
        "insertion",
        "Lift of the implant over the caudal bone, room that it needs under C1, and their sum, over the distance still to go.",
        Axis::new("distance still to go", "mm"),
        Axis::new("lift", "mm").from_zero(),
    )
    .series(series("over the caudal bone", |s| s.rise))
    .series(series("under C1", |s| s.room))
    .series(series("sum", |s| s.rise + s.room))
    .rule("distraction available", approach.distraction, false);
    figures.add(plot.draw().map_err(|e| Failure::bug(format!("a plot cannot be drawn: {e}")))?);
    Ok(())
}

fn picture(case: &Case, approach: &Approach, access: &Access, results: &Results) -> Result<Figure, Failure> {
    let [_, day_one, _] = &results.stages;
    let parts = day_one.question.model.parts.iter().zip(&day_one.question.kinds);
    let bones = parts.filter(|(_, kind)| matches!(kind, Kind::Bone(_)));
    let mut objects: Vec<Object> = bones.map(|(part, _)| plain(&part.mesh, BONE)).collect();
    let Some(implant) = results.bodies.find(Kind::Implant) else {
        return Err(Failure::bug("no implant was meshed"));
    };
    objects.push(plain(&implant.mesh, TITANIUM));
    let bounds = Aabb::around(&implant.mesh.points);
    let direction = Way { rise: approach.rise, distraction: approach.distraction }.direction();
    let front = Vec3::new(bounds.max.x + 6.0, bounds.min.y, bounds.center().z);
    objects.push(arrow(front - 45.0 * direction, front, 1.2, LOAD));
    for corridor in &access.corridors {
        let end = corridor.entry + corridor.outward * approach.driver_reach;
        let shaft = rod(corridor.entry, end, 0.5 * approach.driver_diameter);
        objects.push(Object { paint: Paint::Solid(DRIVER), ..shaft });
    }
    if let Some([angle, chin]) = approach.mandible.map(|m| m.map(|p| results.geometry.placed(p))) {
        objects.push(Object { paint: Paint::Solid(JAW), ..rod(angle, chin, BORDER) });
    }
    let mut sheet = Sheet::new(
        "approach",
        "Way of the implant (arrow) and corridors of the screwdriver, bones in their final place.",
        2,
    )
    .key("bone", BONE)
    .key("implant", TITANIUM)
    .key("way in", LOAD)
    .key("screwdriver", DRIVER);
    if approach.mandible.is_some() {
        sheet = sheet.key("border of the mandible", JAW);
    }
    let shots = [View::Left, View::Anterior].map(|v| Shot::new("approach", v, objects.iter().collect()));
    drawn(case, sheet, &shots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dens_reports::record::Outcome;

    fn corridor(screw: &str, bone: f64, mandible: Option<f64>) -> Corridor {
        Corridor { screw: screw.into(), entry: Vec3::zeros(), outward: -Vec3::y(), bone, mandible }
    }

    fn rows(corridors: Vec<Corridor>, mandible: Option<[[f64; 3]; 2]>) -> (Vec<Quantity>, Option<String>) {
        let plan = Approach {
            rise: 0.0,
            distraction: 10.0,
            driver_diameter: 6.0,
            driver_reach: 80.0,
            mandible,
            source: "a test".into(),
        };
        let insertion = Insertion { stations: Vec::new(), needed: 1.0, narrowest: 0.0, obstacle: None };
        let access = Access { insertion, corridors };
        (criteria(&plan, &access), gap(&plan, &access))
    }

    #[test]
    fn a_jaw_that_is_not_given_is_a_gap_and_not_a_criterion_met() {
        let (list, gap) = rows(vec![corridor("C3 left", 2.0, None)], None);
        let row = |list: &[Quantity], id: &str| list.iter().find(|q| q.id == id).expect("a row").clone();
        assert_eq!(row(&list, "screwdriver").verdict, Outcome::Met);
        assert!(!row(&list, "screwdriver").criterion.contains("mandible"));
        assert_eq!(row(&list, "screwdriver-mandible").verdict, Outcome::Informative);
        assert!(gap.expect("a gap").contains("gives no border"));
        let border = Some([[30.0, -25.0, 5.0], [0.0, -80.0, -5.0]]);
        let (_, gap) = rows(vec![corridor("C3 left", 2.0, None)], border);
        assert!(gap.expect("not reached").contains("no corridor passes"));
        let both = vec![corridor("C3 left", 2.0, Some(-1.0)), corridor("C3 right", 3.0, None)];
        let (list, gap) = rows(both, border);
        assert_eq!(row(&list, "screwdriver-mandible").verdict, Outcome::NotMet);
        assert_eq!((row(&list, "screwdriver").value, gap), (2.0, None));
    }
}
