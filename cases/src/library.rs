//! The cases that come with the program.

/// One embedded case.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// Name, as given to `dens run`.
    pub name: &'static str,
    /// What it is, one line.
    pub summary: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// All embedded cases, the default first.
pub static CATALOG: &[Embedded] = &[
    Embedded {
        name: "c2-spondylectomy",
        summary: "C2 replaced, adult female, parametric anatomy, loads A to D",
        text: include_str!("../library/c2-spondylectomy.toml"),
    },
    Embedded {
        name: "tiny",
        summary: "the whole chain in seconds on a deliberately coarse model, without a verdict",
        text: include_str!("../library/tiny.toml"),
    },
    Embedded {
        name: "compare-cage",
        summary: "comparator: a conventional titanium mesh cage on its sharp rim, with a T-shaped head",
        text: include_str!("../library/compare-cage.toml"),
    },
    Embedded {
        name: "compare-solid",
        summary: "comparator: the implant in solid titanium",
        text: include_str!("../library/compare-solid.toml"),
    },
    Embedded {
        name: "compare-size",
        summary: "comparator: the implant 1 mm too tall for its space",
        text: include_str!("../library/compare-size.toml"),
    },
    Embedded {
        name: "compare-tilt",
        summary: "comparator: the implant with its lower face 5 degrees off the endplate",
        text: include_str!("../library/compare-tilt.toml"),
    },
    Embedded {
        name: "bench-f2077",
        summary: "ASTM F2077: the implant or any surface between steel blocks, pressed, sheared, twisted",
        text: include_str!("../library/bench-f2077.toml"),
    },
    Embedded {
        name: "bench-f2267",
        summary: "ASTM F2267: the implant or any surface pressed into foam of grade 15 and 10",
        text: include_str!("../library/bench-f2267.toml"),
    },
    Embedded {
        name: "bench-coupon",
        summary: "ISO 13314: a coupon of the lattice, homogenised and with every strut",
        text: include_str!("../library/bench-coupon.toml"),
    },
];

/// File of a case that takes surface files, written by `dens new --from surfaces`.
pub static SURFACES: &str = include_str!("../library/from-surfaces.toml");

/// The embedded case of that name.
pub fn find(name: &str) -> Option<&'static Embedded> {
    CATALOG.iter().find(|c| c.name == name)
}
