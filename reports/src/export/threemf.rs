//! 3MF core package, written and read back.
//!
//! Mesh objects of type `model`, each built one item, unit millimeter, core specification 1.3; struts may be
//! written as beams by the beam lattice extension 1.2, and objects named for good by UUIDs of the production extension 1.2. The bytes depend on nothing but the input: the zip's time
//! stamps are 1980-01-01.
//!
//! Reading is strict and meant for what this program wrote: other units, transforms or other required extensions
//! are refused, not guessed; so is what the specifications forbid but the reference library lets pass (a beam
//! lattice without required extension or without its clipping mesh, a second radius without a first).

mod reader;

pub use reader::{Package, Part, ThreemfError, read, read_parts};

use crate::manifest::sha256_hex;
use dens_mesher::geometry::solid::Beams;
use dens_mesher::geometry::surface::TriSurface;
use std::io::{self, BufWriter, Seek, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

/// Name space of the 3MF core specification.
const CORE: &str = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02";
/// Name space of the beam lattice extension; its elements carry the prefix `b`.
const BEAMS: &str = "http://schemas.microsoft.com/3dmanufacturing/beamlattice/2017/02";
/// Name space of the production extension; its attributes carry the prefix `p`. Nothing but UUIDs is taken from it, so a
/// reader need not know it.
const PRODUCTION: &str = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06";
/// Name space of our own metadata; their names carry the prefix `dens`.
const OWN: &str = "urn:dens:print:1";
/// Relationship type of the part to start with.
const START: &str = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel";
/// Path of the model part in the package.
const MODEL: &str = "3D/3dmodel.model";

const CONTENT_TYPES: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n",
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
    r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    r#"<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>"#,
    "</Types>\n"
);

/// What the package says about itself; no patient data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Title of the model, also the object's name.
    pub title: String,
    /// Program and version.
    pub application: String,
    /// Free text.
    pub description: String,
}

/// What an object is made of.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// Closed surface.
    Mesh(&'a TriSurface),
    /// Round bars with ball ends.
    Beams {
        /// The bars.
        beams: &'a Beams,
        /// Object that clips them (what lies inside stays), by its place in the list; an earlier one.
        clip: usize,
        /// Object to show instead of them, never to build; an earlier one.
        shown: usize,
        /// Named sets of bars, by their places.
        sets: &'a [(String, Vec<u32>)],
    },
}

/// Named object of a package.
#[derive(Debug, Clone)]
pub struct Object<'a> {
    /// Name, as machine software shows it.
    pub name: String,
    /// Part number.
    pub number: String,
    /// What it is made of.
    pub content: Content<'a>,
    /// Whether it is built; clipping and representation meshes are not.
    pub built: bool,
}

/// Everything a package holds.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    /// Title, program, description.
    pub labels: &'a Labels,
    /// Names and values of our own, in the name space `urn:dens:print:1`.
    pub metadata: Vec<(String, String)>,
    /// What the UUIDs of build, items and objects are made from: the same text gives the same; empty: none are written.
    pub identity: String,
    /// Objects in file order.
    pub objects: Vec<Object<'a>>,
}

/// Writes `surface` as 3MF.
///
/// Vertices are written as the shortest decimals that give the same f32, so that 3MF and STL of one surface
/// agree. `surface` must not have two vertices at one place in f32, nor a triangle with a repeated vertex.
///
/// # Errors
/// Those of `out`.
pub fn write<W: Write + Seek>(surface: &TriSurface, labels: &Labels, out: W) -> io::Result<W> {
    let object = Object {
        name: labels.title.clone(),
        number: String::new(),
        content: Content::Mesh(surface),
        built: true,
    };
    write_scene(&Scene { labels, metadata: Vec::new(), identity: String::new(), objects: vec![object] }, out)
}

/// Writes a package of several objects; surfaces as for [`write()`].
///
/// # Errors
/// Those of `out`.
pub fn write_scene<W: Write + Seek>(scene: &Scene<'_>, out: W) -> io::Result<W> {
    let mut zip = ZipWriter::new(out);
    // A vertex takes up to 70 bytes, a triangle or a beam up to 60: beyond 4 GB the entry needs the 64-bit format.
    let bytes: usize = scene
        .objects
        .iter()
        .map(|o| match o.content {
            Content::Mesh(s) => 70 * s.points.len() + 60 * s.triangles.len(),
            Content::Beams { beams, .. } => 70 * beams.nodes.len() + 80 * beams.beams.len(),
        })
        .sum();
    let large = u32::MAX as usize / 2 < bytes;
    let options = SimpleFileOptions::DEFAULT.unix_permissions(0o644);
    zip.start_file("[Content_Types].xml", options)?;
    zip.write_all(CONTENT_TYPES.as_bytes())?;
    zip.start_file("_rels/.rels", options)?;
    write!(
        zip,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rel0\" Type=\"{START}\" Target=\"/{MODEL}\"/></Relationships>\n"
    )?;
    // Level 3 is three times faster than the default of 6 and 5 % larger on lattices.
    zip.start_file(MODEL, options.large_file(large).compression_level(Some(3)))?;
    let mut xml = BufWriter::with_capacity(1 << 16, &mut zip);
    model(scene, &mut xml)?;
    xml.flush()?;
    drop(xml);
    Ok(zip.finish()?)
}

fn model(scene: &Scene<'_>, xml: &mut impl Write) -> io::Result<()> {
    write!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<model unit=\"millimeter\" xml:lang=\"en-US\" xmlns=\"{CORE}\""
    )?;
    if scene.objects.iter().any(|o| matches!(o.content, Content::Beams { .. })) {
        write!(xml, " xmlns:b=\"{BEAMS}\" requiredextensions=\"b\"")?;
    }
    if !scene.identity.is_empty() {
        write!(xml, " xmlns:p=\"{PRODUCTION}\"")?;
    }
    if !scene.metadata.is_empty() {
        write!(xml, " xmlns:dens=\"{OWN}\"")?;
    }
    writeln!(xml, ">")?;
    let labels = scene.labels;
    let plain = [
        ("Title", &labels.title),
        ("Application", &labels.application),
        ("Description", &labels.description),
    ];
    for (name, text) in plain {
        writeln!(xml, "<metadata name=\"{name}\">{}</metadata>", escaped(text))?;
    }
    for (name, text) in &scene.metadata {
        writeln!(xml, "<metadata name=\"dens:{}\">{}</metadata>", escaped(name), escaped(text))?;
    }
    writeln!(xml, "<resources>")?;
    for (i, object) in scene.objects.iter().enumerate() {
        let number = part_number(object);
        writeln!(
            xml,
            "<object id=\"{}\" type=\"model\"{number} name=\"{}\"{}>\n<mesh>",
            i + 1,
            escaped(&object.name),
            uuid(scene, "object", i)
        )?;
        match object.content {
            Content::Mesh(surface) => mesh(surface, xml)?,
            Content::Beams { beams, clip, shown, sets } => bars(beams, [clip, shown], sets, xml)?,
        }
        writeln!(xml, "</mesh>\n</object>")?;
    }
    writeln!(xml, "</resources>\n<build{}>", uuid(scene, "build", 0))?;
    for (i, object) in scene.objects.iter().enumerate().filter(|(_, o)| o.built) {
        let number = part_number(object);
        writeln!(xml, "<item objectid=\"{}\"{number}{}/>", i + 1, uuid(scene, "item", i))?;
    }
    writeln!(xml, "</build>\n</model>")
}

/// Attribute of the UUID of the production extension, where the scene has an identity.
///
/// Version 8 (RFC 9562 §5.8): SHA-256 of what is named, cut to 122 bits.
fn uuid(scene: &Scene<'_>, what: &str, place: usize) -> String {
    if scene.identity.is_empty() {
        return String::new();
    }
    let name = scene.objects.get(place).filter(|_| what != "build").map_or("", |o| o.name.as_str());
    let hash = sha256_hex(format!("{}\n{what}\n{place}\n{name}", scene.identity).as_bytes());
    // The variant takes the two highest bits of the ninth byte: 8, 9, a or b.
    let variant = ["8", "9", "a", "b"][usize::from(hash.as_bytes()[16] % 4)];
    format!(
        " p:UUID=\"{}-{}-8{}-{variant}{}-{}\"",
        &hash[0..8],
        &hash[8..12],
        &hash[13..16],
        &hash[17..20],
        &hash[20..32]
    )
}

/// Attribute of the part number, where there is one.
fn part_number(object: &Object<'_>) -> String {
    match object.number.as_str() {
        "" => String::new(),
        number => format!(" partnumber=\"{}\"", escaped(number)),
    }
}

fn vertices(points: &[dens_mesher::Vec3], xml: &mut impl Write) -> io::Result<()> {
    writeln!(xml, "<vertices>")?;
    for p in points {
        let [x, y, z] = [p.x, p.y, p.z].map(|c| c as f32 + 0.0);
        writeln!(xml, "<vertex x=\"{x}\" y=\"{y}\" z=\"{z}\"/>")?;
    }
    writeln!(xml, "</vertices>")
}

fn mesh(surface: &TriSurface, xml: &mut impl Write) -> io::Result<()> {
    vertices(&surface.points, xml)?;
    writeln!(xml, "<triangles>")?;
    for [a, b, c] in &surface.triangles {
        writeln!(xml, "<triangle v1=\"{a}\" v2=\"{b}\" v3=\"{c}\"/>")?;
    }
    writeln!(xml, "</triangles>")
}

fn bars(
    beams: &Beams,
    [clip, shown]: [usize; 2],
    sets: &[(String, Vec<u32>)],
    xml: &mut impl Write,
) -> io::Result<()> {
    vertices(&beams.nodes, xml)?;
    let radius = beams.beams.iter().flat_map(|b| b.radii).fold(f64::INFINITY, f64::min) as f32;
    writeln!(
        xml,
        "<b:beamlattice radius=\"{radius}\" minlength=\"0.001\" cap=\"sphere\" clippingmode=\"inside\" clippingmesh=\"{}\" representationmesh=\"{}\">\n<b:beams>",
        clip + 1,
        shown + 1
    )?;
    for beam in &beams.beams {
        let ([a, b], [r, s]) = (beam.nodes, beam.radii.map(|r| r as f32));
        if r == s {
            writeln!(xml, "<b:beam v1=\"{a}\" v2=\"{b}\" r1=\"{r}\"/>")?;
        } else {
            writeln!(xml, "<b:beam v1=\"{a}\" v2=\"{b}\" r1=\"{r}\" r2=\"{s}\"/>")?;
        }
    }
    writeln!(xml, "</b:beams>")?;
    if !sets.is_empty() {
        writeln!(xml, "<b:beamsets>")?;
        for (name, bars) in sets {
            let name = escaped(name);
            writeln!(xml, "<b:beamset name=\"{name}\" identifier=\"{name}\">")?;
            for i in bars {
                writeln!(xml, "<b:ref index=\"{i}\"/>")?;
            }
            writeln!(xml, "</b:beamset>")?;
        }
        writeln!(xml, "</b:beamsets>")?;
    }
    writeln!(xml, "</b:beamlattice>")
}

/// Text with the five characters XML reserves replaced, and control characters (not allowed in XML) left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
