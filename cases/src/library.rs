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

/// What [`scan_case`] puts in place of the surface files.
const OF_SCAN: &str = r#"[anatomy]
kind = "scan"                        # parametric | surfaces | scan
labels = "labels.nii.gz"             # label map with the bones' names (NIfTI, NRRD, MetaImage, DICOM-SEG); or, in its place,
# points inside the bones, mm in the frame of the scan (left, posterior, cranial), one or more each:
# c1_seeds = [["2 mm", "-15 mm", "331 mm"], ["-20 mm", "0 mm", "330 mm"]]
# c2_seeds = [["2 mm", "-15 mm", "310 mm"]]
# c3_seeds = [["2 mm", "-14 mm", "292 mm"]]
# rest_seeds = [["2 mm", "-20 mm", "350 mm"]]   # bones that touch them and are not kept, such as the skull
# threshold = 120                    # HU, least value of bone
# separator = "watershed"            # watershed | cut: the least bone is cut
# closing = "2 mm"                   # holes and pores narrower than twice this are filled
# c2 = "template"                    # C2 is destroyed: the control gets one fitted to C1 and C3
edge = "1.0 mm"                      # triangles of the surfaces; left out: as fine as the voxels
source = "state the scan, its voxel size and the segmentation here"

[scan]
image = "ct.nii.gz"                  # CT as a DICOM folder or file, NIfTI, NRRD, MetaImage
calibration = "given: 0.8 mg/cm3 per HU, -6 mg/cm3; K2HPO4"   # `dens material` shows what it gives; left out: uniform bone
limit = 0.05                         # share of the cancellous volume that may lie beyond the density law
source = "state the phantom or where the calibration comes from"

"#;

/// File of a case that takes its bones from a scan, written by `dens new --from scan`: that of surface files but for them.
pub fn scan_case() -> String {
    let (start, rest) = SURFACES.split_once("[anatomy]").unwrap_or((SURFACES, ""));
    let after = rest.find("[bone]").map_or("", |at| &rest[at..]);
    let settings = start.find("# Every quantity").map_or(start, |at| &start[at..]);
    let settings = settings.replace("\"from-surfaces\"", "\"from-scan\"").replace("surface files", "a scan");
    let head = "# Replacement of C2 with the bones of a scan: put image and labels beside this file.\n\
                #\n\
                # The bones are turned and shifted until their mirror plane is x = 0; the report says by how much.\n\
                # C1, C2 and C3 are needed; C4 is wanted, since the control is held there.\n#\n";
    format!("{head}{settings}{OF_SCAN}{after}")
}

/// The embedded case of that name.
pub fn find(name: &str) -> Option<&'static Embedded> {
    CATALOG.iter().find(|c| c.name == name)
}
