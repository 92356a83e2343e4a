//! Strict reader of the packages the writer makes.

use super::{BEAMS, CORE, MODEL, OWN, PRODUCTION, START};
use dens_mesher::Vec3;
use dens_mesher::geometry::solid::{Beam, Beams};
use dens_mesher::geometry::surface::TriSurface;
use std::io::{self, BufRead, BufReader, Read, Seek};
use thiserror::Error;
use zip::ZipArchive;
use zip::result::ZipError;

/// Largest accepted size of the small parts, bytes.
const MOST_PART: u64 = 1 << 16;
/// Longest accepted text between two `>` of the model, bytes.
const MOST_TAG: u64 = 1 << 16;

/// What a 3MF package holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// The mesh, mm.
    pub surface: TriSurface,
    /// Metadata of the model, in file order.
    pub metadata: Vec<(String, String)>,
}

/// One object of a package.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// Number by which the package refers to it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The mesh, mm; empty where there are beams.
    pub surface: TriSurface,
    /// The bars with clipping and representation mesh (places in the list of parts), where it has them.
    pub beams: Option<(Beams, [usize; 2])>,
    /// Named sets of the bars, by their places.
    pub sets: Vec<(String, Vec<u32>)>,
    /// Its UUID; empty where the package names none.
    pub uuid: String,
    /// Whether it is built.
    pub built: bool,
}

/// Why a 3MF package cannot be read.
#[derive(Debug, Error)]
pub enum ThreemfError {
    /// The file could not be read.
    #[error("3MF cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The container is damaged or lacks a part.
    #[error("3MF is no valid zip package: {0}")]
    Zip(#[from] ZipError),
    /// A part inflates to more than the caller accepts.
    #[error("3MF part `{part}` is larger than {most} bytes")]
    TooLarge {
        /// Name of the part.
        part: String,
        /// Largest accepted size.
        most: u64,
    },
    /// A part does not say what it must.
    #[error("3MF part `{part}`: {what}")]
    Content {
        /// Name of the part.
        part: String,
        /// What is wrong with it.
        what: String,
    },
}

/// Reads a package of one mesh whose model inflates to at most `most` bytes.
///
/// # Errors
/// [`ThreemfError`].
pub fn read<R: Read + Seek>(input: R, most: u64) -> Result<Package, ThreemfError> {
    let mut model = parsed(input, most)?;
    if model.beams {
        return Err(bad("it needs extensions"));
    }
    if model.parts.len() != 1 {
        return Err(bad("there is more than one object"));
    }
    let part = model.parts.remove(0);
    Ok(Package { surface: part.surface, metadata: model.metadata })
}

/// Objects and metadata of a package whose model inflates to at most `most` bytes.
///
/// # Errors
/// [`ThreemfError`].
pub fn read_parts<R: Read + Seek>(input: R, most: u64) -> Result<(Vec<Part>, Metadata), ThreemfError> {
    let model = parsed(input, most)?;
    Ok((model.parts, model.metadata))
}

/// Names and values in file order.
type Metadata = Vec<(String, String)>;

fn parsed<R: Read + Seek>(input: R, most: u64) -> Result<Model, ThreemfError> {
    let mut zip = ZipArchive::new(input)?;
    require(&mut zip, "[Content_Types].xml", "application/vnd.ms-package.3dmanufacturing-3dmodel+xml")?;
    require(&mut zip, "_rels/.rels", START)?;
    require(&mut zip, "_rels/.rels", &format!("Target=\"/{MODEL}\""))?;
    let part = zip.by_name(MODEL)?;
    if most < part.size() {
        return Err(ThreemfError::TooLarge { part: MODEL.into(), most });
    }
    // The stated size may lie: what is read counts.
    let mut model = Model::default();
    model.parse(&mut BufReader::with_capacity(1 << 16, part.take(most + 1)), most)?;
    if !model.parts.iter().any(|p| p.built) {
        return Err(bad("nothing is built"));
    }
    // The build stands after the objects.
    let pictures = model.parts.iter().filter_map(|p| p.beams.as_ref()).flat_map(|(_, pictures)| pictures);
    if let Some(built) = pictures.map(|i| &model.parts[*i]).find(|p| p.built) {
        return Err(bad(format!(
            "a clipping or representation mesh must be not built, object {} is",
            built.id
        )));
    }
    Ok(model)
}

fn bad(what: impl Into<String>) -> ThreemfError {
    ThreemfError::Content { part: MODEL.into(), what: what.into() }
}

fn require<R: Read + Seek>(zip: &mut ZipArchive<R>, name: &str, text: &str) -> Result<(), ThreemfError> {
    let mut content = String::new();
    zip.by_name(name)?.take(MOST_PART + 1).read_to_string(&mut content)?;
    if MOST_PART < content.len() as u64 {
        return Err(ThreemfError::TooLarge { part: name.into(), most: MOST_PART });
    }
    if content.contains(text) {
        Ok(())
    } else {
        Err(ThreemfError::Content { part: name.into(), what: format!("`{text}` is missing") })
    }
}

/// State of the parser: open elements and what was found so far.
#[derive(Default)]
struct Model {
    open: Vec<String>,
    parts: Vec<Part>,
    metadata: Metadata,
    /// Whether the beam lattice extension is declared and required.
    beams: bool,
    /// Whether our own name space is declared.
    own: bool,
    /// Whether the production extension is declared.
    production: bool,
    ended: bool,
}

/// Names of metadata that need no name space (core specification, table 8).
const PLAIN: [&str; 9] = [
    "Title",
    "Designer",
    "Description",
    "Copyright",
    "LicenseTerms",
    "Rating",
    "CreationDate",
    "ModificationDate",
    "Application",
];

/// Where each element may stand.
const PLACES: [(&str, &[&str]); 16] = [
    ("model", &[]),
    ("metadata", &["model"]),
    ("resources", &["model"]),
    ("object", &["model", "resources"]),
    ("mesh", &["model", "resources", "object"]),
    ("vertices", &["model", "resources", "object", "mesh"]),
    ("vertex", &["model", "resources", "object", "mesh", "vertices"]),
    ("triangles", &["model", "resources", "object", "mesh"]),
    ("triangle", &["model", "resources", "object", "mesh", "triangles"]),
    ("build", &["model"]),
    ("b:beamlattice", &["model", "resources", "object", "mesh"]),
    ("b:beams", &["model", "resources", "object", "mesh", "b:beamlattice"]),
    ("b:beam", &["model", "resources", "object", "mesh", "b:beamlattice", "b:beams"]),
    ("b:beamsets", &["model", "resources", "object", "mesh", "b:beamlattice"]),
    ("b:beamset", &["model", "resources", "object", "mesh", "b:beamlattice", "b:beamsets"]),
    ("b:ref", &["model", "resources", "object", "mesh", "b:beamlattice", "b:beamsets", "b:beamset"]),
];

impl Model {
    fn parse(&mut self, input: &mut impl BufRead, most: u64) -> Result<(), ThreemfError> {
        let mut bytes = Vec::new();
        let mut total = 0;
        loop {
            bytes.clear();
            input.by_ref().take(MOST_TAG).read_until(b'>', &mut bytes)?;
            total += bytes.len() as u64;
            if most < total {
                return Err(ThreemfError::TooLarge { part: MODEL.into(), most });
            }
            if MOST_TAG <= bytes.len() as u64 {
                return Err(bad("an element is too long"));
            }
            let token = std::str::from_utf8(&bytes).map_err(|_| bad("text is not UTF-8"))?;
            let Some(token) = token.strip_suffix('>') else {
                return if token.trim().is_empty() && self.ended {
                    Ok(())
                } else {
                    Err(bad("it ends too early"))
                };
            };
            let (text, tag) = token.split_once('<').ok_or_else(|| bad("`>` without `<`"))?;
            self.token(text, tag)?;
        }
    }

    fn token(&mut self, text: &str, tag: &str) -> Result<(), ThreemfError> {
        if self.open.last().is_none_or(|o| o != "metadata") && !text.trim().is_empty() {
            return Err(bad(format!("unexpected text `{}`", text.trim())));
        }
        if tag.starts_with('?') {
            return if self.open.is_empty() { Ok(()) } else { Err(bad("processing instruction")) };
        }
        if tag.starts_with('!') {
            return Err(bad("declarations and comments are not accepted"));
        }
        if let Some(name) = tag.strip_prefix('/') {
            if self.open.pop().as_deref() != Some(name.trim_end()) {
                return Err(bad(format!("`</{name}>` closes nothing")));
            }
            if name == "metadata"
                && let Some((_, value)) = self.metadata.last_mut()
            {
                *value = unescaped(text)?;
            }
            self.ended = self.open.is_empty();
            return Ok(());
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |t| (t, true));
        let name = tag.split_ascii_whitespace().next().unwrap_or_default();
        let attributes = Attributes(&tag[name.len()..]);
        self.element(name, &attributes)?;
        if !closed {
            self.open.push(name.to_owned());
        }
        self.ended = self.open.is_empty();
        Ok(())
    }

    fn element(&mut self, name: &str, attributes: &Attributes) -> Result<(), ThreemfError> {
        if self.ended {
            return Err(bad("something follows the model"));
        }
        let place = match name {
            "item" => &["model", "build"][..],
            _ => {
                PLACES.iter().find(|p| p.0 == name).ok_or_else(|| bad(format!("unknown element `{name}`")))?.1
            }
        };
        if !self.open.iter().map(String::as_str).eq(place.iter().copied()) {
            return Err(bad(format!("`{name}` stands in `{}`", self.open.join("/"))));
        }
        match name {
            "model" => {
                if attributes.get("unit")? != "millimeter" {
                    return Err(bad("the unit is not millimeter"));
                }
                if attributes.get("xmlns")? != CORE {
                    return Err(bad("it is not in the core name space"));
                }
                self.production = attributes.get("xmlns:p").is_ok_and(|n| n == PRODUCTION);
                self.own = attributes.get("xmlns:dens").is_ok_and(|n| n == OWN);
                let declared = attributes.get("xmlns:b").is_ok_and(|n| n == BEAMS);
                match attributes.get("requiredextensions") {
                    Ok("b") if declared => self.beams = true,
                    Ok(other) => return Err(bad(format!("it needs the extensions `{other}`"))),
                    Err(_) => {}
                }
            }
            "metadata" => {
                let name = attributes.get("name")?;
                let ours = self.own && name.starts_with("dens:");
                if !(ours || PLAIN.contains(&name)) {
                    return Err(bad(format!("the metadata name `{name}` has no name space")));
                }
                self.metadata.push((name.to_owned(), String::new()));
            }
            "object" => {
                if attributes.get("type").unwrap_or("model") != "model" {
                    return Err(bad("the object is not of type model"));
                }
                let id = attributes.get("id")?.to_owned();
                if self.parts.iter().any(|p| p.id == id) {
                    return Err(bad(format!("two objects are called {id}")));
                }
                let name = unescaped(attributes.get("name").unwrap_or_default())?;
                let uuid = self.uuid(attributes)?;
                if !uuid.is_empty() && self.parts.iter().any(|p| p.uuid == uuid) {
                    return Err(bad(format!("two objects have the UUID {uuid}")));
                }
                self.parts.push(Part { id, name, uuid, ..Part::default() });
            }
            "build" => {
                self.uuid(attributes)?;
            }
            "item" => {
                self.uuid(attributes)?;
                if attributes.get("transform").is_ok() {
                    return Err(bad("the build item has a transform"));
                }
                let id = attributes.get("objectid")?;
                let part = self.parts.iter_mut().find(|p| p.id == id && !p.built);
                part.ok_or_else(|| bad("a build item is not exactly one object"))?.built = true;
            }
            name if name.starts_with("b:") => self.beam_element(name, attributes)?,
            _ => self.mesh_element(name, attributes)?,
        }
        Ok(())
    }

    /// UUID of an element, which it must have where the production extension is declared; empty where it is not.
    fn uuid(&self, attributes: &Attributes) -> Result<String, ThreemfError> {
        if !self.production {
            return Ok(String::new());
        }
        let uuid = attributes.get("p:UUID")?;
        let sound = uuid.len() == 36
            && uuid.bytes().enumerate().all(|(i, b)| match i {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit() && !b.is_ascii_uppercase(),
            });
        if sound { Ok(uuid.to_owned()) } else { Err(bad(format!("`{uuid}` is no UUID"))) }
    }

    fn mesh_element(&mut self, name: &str, attributes: &Attributes) -> Result<(), ThreemfError> {
        let Some(part) = self.parts.last_mut() else { return Ok(()) };
        let surface = &mut part.surface;
        match name {
            "vertex" => {
                let p = [attributes.number("x")?, attributes.number("y")?, attributes.number("z")?];
                surface.points.push(Vec3::from(p));
            }
            "triangle" => {
                let t = [attributes.index("v1")?, attributes.index("v2")?, attributes.index("v3")?];
                let n = surface.points.len();
                if t.iter().any(|v| n <= *v as usize) || t[0] == t[1] || t[1] == t[2] || t[2] == t[0] {
                    return Err(bad(format!(
                        "triangle {} has vertices {t:?} of {n}",
                        surface.triangles.len()
                    )));
                }
                surface.triangles.push(t);
            }
            _ => {}
        }
        Ok(())
    }

    fn beam_element(&mut self, name: &str, attributes: &Attributes) -> Result<(), ThreemfError> {
        if !self.beams {
            return Err(bad("a beam lattice, but `requiredextensions` does not name it"));
        }
        let (last, earlier) = match self.parts.split_last_mut() {
            Some((last, earlier)) => (last, earlier),
            None => return Err(bad("a beam lattice without object")),
        };
        match name {
            "b:beamlattice" => {
                let positive = |name: &str| match attributes.number(name)? {
                    v if 0.0 < v => Ok(v),
                    v => Err(bad(format!("`{name}` of the beam lattice is {v}"))),
                };
                positive("radius")?;
                positive("minlength")?;
                if attributes.get("clippingmode")? != "inside" || attributes.get("cap")? != "sphere" {
                    return Err(bad("beams that are not clipped from inside, or without ball ends"));
                }
                let of = |name: &str| {
                    let id = attributes.get(name)?;
                    let found = earlier.iter().position(|p| p.id == id && p.beams.is_none());
                    found.ok_or_else(|| bad(format!("`{name}` {id} is no earlier mesh")))
                };
                let points = std::mem::take(&mut last.surface.points);
                let beams = Beams { nodes: points, ..Beams::default() };
                last.beams = Some((beams, [of("clippingmesh")?, of("representationmesh")?]));
            }
            "b:beam" => {
                let (v1, v2) = (attributes.index("v1")?, attributes.index("v2")?);
                if attributes.get("r2").is_ok() && attributes.get("r1").is_err() {
                    return Err(bad("a beam has a second radius and no first"));
                }
                let first = attributes.number("r1")?;
                let second = if attributes.get("r2").is_ok() { attributes.number("r2")? } else { first };
                let Some((beams, _)) = &mut last.beams else { return Err(bad("a beam without lattice")) };
                let n = beams.nodes.len();
                if v1 == v2 || n <= v1 as usize || n <= v2 as usize || first <= 0.0 || second <= 0.0 {
                    return Err(bad(format!("beam {} joins {v1} and {v2} of {n} nodes", beams.beams.len())));
                }
                beams.beams.push(Beam { nodes: [v1, v2], radii: [first, second] });
            }
            "b:beamset" => {
                let name = unescaped(attributes.get("name")?)?;
                last.sets.push((name, Vec::new()));
            }
            "b:ref" => {
                let n = last.beams.as_ref().map_or(0, |b| b.0.beams.len());
                let index = attributes.index("index")?;
                if n <= index as usize {
                    return Err(bad("a set names a beam that is not there"));
                }
                if let Some((_, bars)) = last.sets.last_mut() {
                    bars.push(index);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The text of a tag after its name.
struct Attributes<'a>(&'a str);

impl<'a> Attributes<'a> {
    fn get(&self, name: &str) -> Result<&'a str, ThreemfError> {
        let mut rest = self.0;
        while let Some((key, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"').ok_or_else(|| bad("an attribute has no end"))?;
            if key.trim() == name {
                return Ok(value);
            }
            rest = after;
        }
        Err(bad(format!("attribute `{name}` is missing")))
    }

    fn number(&self, name: &str) -> Result<f64, ThreemfError> {
        let text = self.get(name)?;
        // `parse` would also take `inf` and `NaN`, which the format does not know.
        let value: f64 = text.parse().map_err(|_| bad(format!("`{text}` is no number")))?;
        if value.is_finite() { Ok(value) } else { Err(bad(format!("`{text}` is no finite number"))) }
    }

    fn index(&self, name: &str) -> Result<u32, ThreemfError> {
        let text = self.get(name)?;
        text.parse().map_err(|_| bad(format!("`{text}` is no vertex number")))
    }
}

fn unescaped(text: &str) -> Result<String, ThreemfError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = after.split_once(';').ok_or_else(|| bad("`&` without `;`"))?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return Err(bad(format!("unknown entity `&{name};`"))),
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}
