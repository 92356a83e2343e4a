//! How the implant is brought in: table `[approach]` of a case.

use crate::reader::Reader;
use dens_mesher::catalog::Range;
use dens_mesher::units::Dimension;

/// Way of the implant and of the screwdriver.
#[derive(Debug, Clone, PartialEq)]
pub struct Approach {
    /// Angle by which the way rises toward cranial while the implant goes in, rad.
    pub rise: f64,
    /// Distraction of C1 that the surgeon can give, mm.
    pub distraction: f64,
    /// Diameter of the screwdriver's shaft, mm.
    pub driver_diameter: f64,
    /// Length of the shaft that must be straight and free, mm.
    pub driver_reach: f64,
    /// Lower border of the mandible: a point at its angle and one at the chin, mm; `None`: not checked.
    pub mandible: Option<[[f64; 3]; 2]>,
    /// Where the numbers come from.
    pub source: String,
}

/// Reads `[approach]`, where the case has it.
pub fn read(r: &Reader<'_>) -> Option<Approach> {
    r.has("approach.distraction").then(|| {
        let length =
            |path: &str, least, most| r.quantity(path, Dimension::Length, Range::Within(least, most));
        let border = ["approach.mandible_angle", "approach.mandible_chin"];
        let given = border.map(|path| r.has(path));
        let mandible = match given {
            [false, false] => None,
            [true, true] => {
                let [angle, chin] = border.map(|path| r.point(path));
                if (angle[1] - chin[1]).abs() < 1.0 {
                    r.problem(
                        border[1],
                        "angle and chin of the mandible lie at the same depth".into(),
                        "+y points to posterior: the chin lies at a smaller y than the angle",
                    );
                }
                Some([angle, chin])
            }
            _ => {
                r.problem(
                    border[usize::from(given[0])],
                    "only one end of the mandible's border is given".into(),
                    "give both mandible_angle and mandible_chin, or neither",
                );
                None
            }
        };
        Approach {
            rise: r.quantity("approach.rise", Dimension::Angle, Range::Within(-0.8, 0.8)),
            distraction: length("approach.distraction", 0.0, 40.0),
            driver_diameter: length("approach.driver_diameter", 1.0, 20.0),
            driver_reach: length("approach.driver_reach", 10.0, 300.0),
            mandible,
            source: r.text("approach.source"),
        }
    })
}
