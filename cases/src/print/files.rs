//! The files of one size: written, read back, compared.

use super::machine::Machine;
use super::source::Source;
use super::{Order, thin};
use crate::failure::Failure;
use crate::output::Output;
use dens_mesher::Vec3;
use dens_mesher::geometry::Aabb;
use dens_mesher::geometry::solid::{
    Beams, Contour, Cut, Metal, Neighbor, Part, Solid, SolidError, beams, decimate, separate, slice,
    surface_of,
};
use dens_mesher::geometry::surface::TriSurface;
use dens_reports::export::cli::{self, Header, Writer};
use dens_reports::export::threemf::{self, Content, Object, Scene};
use dens_reports::export::{stl, verify};
use dens_reports::manifest::sha256_hex;
use nalgebra::Rotation3;
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::sync::atomic::AtomicBool;

/// Layers sliced at a time, so that memory stays bounded.
const BATCH: usize = 32;
/// Largest grid step of slices, mm: nine on a strut of 0.45 mm.
const SLICE_MM: f64 = 0.05;
/// Contours of less area are splinters, mm²: a circle of 0.1 mm, the least focused spot of the beam.
const SPLINTER_MM2: f64 = 0.0079;
/// How far thinning may move a representation mesh, mm: it is for the eye only.
const SHOWN_MM: f64 = 0.1;
/// Grid on which a representation mesh is cut, mm; edges that thinning may leave, mm.
const SHOWN_GRID_MM: f64 = 0.6;
const SHOWN_EDGE_MM: f64 = 4.0;
/// How far volume and box may differ from the solid: relative, mm.
const AGREE: (f64, f64) = (0.005, 0.02);
/// Largest accepted size of a file read back, bytes.
const MOST: u64 = 8 << 30;

/// File formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Binary STL of the whole.
    Stl,
    /// 3MF core: solid and lattice parts as objects.
    #[value(name = "3mf")]
    Threemf,
    /// 3MF with the lattice as beams; for cells made of struts.
    #[value(name = "3mf-beam")]
    Beams,
    /// CLI 2.0 slices.
    Cli,
}

/// A file with what was read back from it.
pub struct Written {
    /// Name in the folder.
    pub name: String,
    /// SHA-256.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
    /// Triangles, beams or contours.
    pub count: String,
    /// Volume by what was read back, mm³, where the file has one.
    pub volume_mm3: Option<f64>,
    /// What a reader should know.
    pub warning: Option<String>,
}

/// One size as it was cut.
pub struct Made<'a> {
    /// Run it comes from.
    pub source: &'a Source,
    /// Machine it goes to.
    pub machine: &'a Machine,
    /// What was asked for.
    pub order: &'a Order,
    /// Height, mm.
    pub height: f64,
    /// Steps from the middle size.
    pub variant: i32,
    /// Its metal as a field.
    pub metal: &'a Metal<'a>,
    /// The field on a grid.
    pub cut: &'a Cut<'a>,
    /// The whole solid, thinned.
    pub solid: &'a Solid,
}

/// How the plan lies in the machine: turned so that the build direction is +z.
///
/// ```text
/// q = R p                 solids            q = R p − corner     slices: the box begins at zero
/// ```
#[derive(Debug, Clone)]
pub struct Frame {
    turn: Rotation3<f64>,
    /// Lowest corner of the box after turning, mm.
    pub corner: Vec3,
    /// Size of the box, mm.
    pub size: Vec3,
}

impl Frame {
    /// Frame with `up` (unit, along an axis of the plan) on top, of what lies in `bounds`.
    pub fn new(up: Vec3, bounds: &Aabb) -> Self {
        let half = Rotation3::from_axis_angle(&Vec3::x_axis(), std::f64::consts::PI);
        let turn = Rotation3::rotation_between(&up, &Vec3::z()).unwrap_or(half);
        // Turns by right angles: whole numbers, exactly.
        let turn = Rotation3::from_matrix_unchecked(turn.matrix().map(f64::round));
        let corners = (0..8).map(|k| {
            turn * Vec3::from_fn(|i, _| if k >> i & 1 == 1 { bounds.max[i] } else { bounds.min[i] })
        });
        let turned = corners.fold(Aabb::empty(), Aabb::including);
        Self { turn, corner: turned.min, size: turned.size() }
    }

    fn solid(&self, surface: &TriSurface) -> TriSurface {
        TriSurface {
            points: surface.points.iter().map(|p| self.turn * p).collect(),
            triangles: surface.triangles.clone(),
        }
    }

    /// Place in the plan of a place in the slices.
    fn plan(&self, q: Vec3) -> Vec3 {
        self.turn.inverse_transform_vector(&(q + self.corner))
    }
}

/// Beginning of the names of the files of a size.
pub fn stem(height: f64) -> String {
    format!("implant-{height:.1}mm")
}

/// Writes the files of the format asked for.
///
/// # Errors
/// A lattice without struts as beams (2), a full disk (4), a file that does not read back (70).
pub fn write(
    made: &Made<'_>,
    frame: &Frame,
    radius: &(dyn Fn(Vec3) -> f64 + Sync),
    output: &Output,
) -> Result<Vec<Written>, Failure> {
    let written = match made.order.format {
        Format::Stl => solid_stl(made, frame, output)?,
        Format::Threemf => parts(made, frame, None, output)?,
        Format::Beams => {
            let cell = made.source.drawn.lattice;
            let bars = beams(&cell, radius, made.metal).ok_or_else(|| {
                Failure::input(format!(
                    "the cell `{}` is not made of struts and cannot be written as beams\n  = hint: use --format 3mf, or a strut cell such as diamond",
                    cell.cell.name()
                ))
            })?;
            let depth = cell.cell_size_mm;
            let named = |(n, bars): (Neighbor, Vec<u32>)| (n.name().to_string(), bars);
            let sets = bars.sets(made.metal, depth).into_iter().map(named).collect();
            parts(made, frame, Some((bars, sets)), output)?
        }
        Format::Cli => slices(made, frame, output)?,
    };
    Ok(vec![written])
}

/// Opens a file of the result, lets it be written, and gives name, hash and length.
fn file<T>(
    output: &Output,
    name: &str,
    write: impl FnOnce(BufWriter<File>) -> std::io::Result<T>,
) -> Result<(T, String, u64), Failure> {
    let failed = |e: std::io::Error| Failure::limit(format!("cannot write `{name}`: {e}; nothing was kept"));
    let path = output.path(name)?;
    let done =
        write(BufWriter::with_capacity(1 << 20, File::create(&path).map_err(failed)?)).map_err(failed)?;
    let bytes = std::fs::read(&path).map_err(failed)?;
    Ok((done, sha256_hex(&bytes), bytes.len() as u64))
}

fn opened(output: &Output, name: &str) -> Result<BufReader<File>, Failure> {
    let open = File::open(output.path(name)?);
    open.map(BufReader::new).map_err(|e| Failure::limit(format!("cannot read `{name}` back: {e}")))
}

fn unlike(name: &str, what: &dyn std::fmt::Display) -> Failure {
    Failure::bug(format!("`{name}` does not read back as what was written: {what}"))
}

/// A part the implant may not have.
fn part(made: &Made<'_>, part: Part, tolerance: f64) -> Result<Option<TriSurface>, Failure> {
    match made.cut.surface(part) {
        Ok(mut surface) => {
            let edge = made.cut.edge();
            thin(&mut surface, tolerance, edge, &|p| made.metal.value(p, part, edge));
            Ok(Some(surface))
        }
        Err(SolidError::Empty { .. }) => Ok(None),
        Err(e) => Err(Failure::input(format!("size {:.1} mm: {e}", made.height))),
    }
}

fn solid_stl(made: &Made<'_>, frame: &Frame, output: &Output) -> Result<Written, Failure> {
    let name = format!("{}.stl", stem(made.height));
    let surface = frame.solid(&made.solid.surface);
    let (_, sha256, bytes) = file(output, &name, |mut out| {
        stl::write(&surface, &mut out)?;
        out.flush()
    })?;
    let back = stl::read(&mut opened(output, &name)?, u32::MAX).map_err(|e| unlike(&name, &e))?;
    let measures = verify::verify(&surface, &back).map_err(|e| unlike(&name, &e))?;
    let count = format!("{} triangles", measures.triangles);
    Ok(Written { name, sha256, bytes, count, volume_mm3: Some(measures.volume_mm3), warning: None })
}

/// What stands for the lattice on a screen: the outline of its zone, coarse.
fn shown(made: &Made<'_>) -> Result<TriSurface, Failure> {
    let field = |p| made.metal.value(p, Part::Zone, 2.0 * SHOWN_GRID_MM);
    let cut = surface_of(made.metal.bounds(), SHOWN_GRID_MM, &field, &AtomicBool::new(false));
    let (mut surface, _) = cut.map_err(|e| Failure::input(format!("representation mesh: {e}")))?;
    decimate(&mut surface, SHOWN_MM, SHOWN_EDGE_MM);
    separate(&mut surface);
    Ok(surface)
}

/// Bars, and the sets they are in.
type Bars = (Beams, Vec<(String, Vec<u32>)>);

/// Solid and lattice parts; the lattice as beams where `bars` are given.
fn parts(made: &Made<'_>, frame: &Frame, bars: Option<Bars>, output: &Output) -> Result<Written, Failure> {
    let name = format!("{}{}.3mf", stem(made.height), if bars.is_some() { "-beams" } else { "" });
    let tolerance = made.order.tolerance;
    let found = |p, tolerance| part(made, p, tolerance).map(|s| s.map(|s| frame.solid(&s)));
    let solid = found(Part::Solid, tolerance)?;
    let number = |what: &str| format!("{}-{:.1}mm-{what}", made.source.case.name, made.height);
    let object =
        |name: &str, content, built| Object { name: name.into(), number: number(name), content, built };
    let lattice =
        if bars.is_some() { Some(frame.solid(&shown(made)?)) } else { found(Part::Lattice, tolerance)? };
    let zone = if bars.is_some() { found(Part::Zone, tolerance)? } else { None };
    let turned = bars.map(|(mut b, sets)| {
        b.nodes.iter_mut().for_each(|p| *p = frame.turn * *p);
        (b, sets)
    });
    let mut objects = Vec::new();
    objects.extend(solid.iter().map(|s| object("solid", Content::Mesh(s), true)));
    match (&turned, &zone, &lattice) {
        (Some((bars, sets)), Some(zone), Some(shown)) => {
            let clip = objects.len();
            objects.push(object("lattice-clip", Content::Mesh(zone), false));
            objects.push(object("lattice-representation", Content::Mesh(shown), false));
            objects.push(object(
                "lattice",
                Content::Beams { beams: bars, clip, shown: clip + 1, sets },
                true,
            ));
        }
        _ => objects.extend(lattice.iter().map(|s| object("lattice", Content::Mesh(s), true))),
    }
    let labels = labels(made);
    // The same case, size and settings give the same UUIDs; another grid is another part.
    let identity = format!("{name}\n{}\n{:?}\n{}", made.source.case_hash, metadata(made), made.cut.edge());
    let scene = Scene { labels: &labels, metadata: metadata(made), identity, objects };
    let (_, sha256, bytes) = file(output, &name, |out| threemf::write_scene(&scene, out)?.flush())?;
    let (back, _) = threemf::read_parts(opened(output, &name)?, MOST).map_err(|e| unlike(&name, &e))?;
    if back.len() != scene.objects.len() {
        return Err(unlike(&name, &"another number of objects"));
    }
    let mut volume = 0.0;
    let mut triangles = 0;
    for (read, written) in back.iter().zip(&scene.objects) {
        match (written.content, &read.beams) {
            (Content::Mesh(surface), None) => {
                let measures = verify::verify(surface, &read.surface).map_err(|e| unlike(&name, &e))?;
                if written.built {
                    volume += measures.volume_mm3;
                    triangles += measures.triangles;
                }
            }
            (Content::Beams { beams, .. }, Some((read, _))) => {
                let same = beams.beams.len() == read.beams.len()
                    && beams.nodes.iter().zip(&read.nodes).all(|(a, b)| (a - b).norm() < 1e-4);
                if !same {
                    return Err(unlike(&name, &"other beams"));
                }
            }
            _ => return Err(unlike(&name, &"another kind of object")),
        }
    }
    let bars = turned.as_ref().map(|(b, _)| b);
    let count = bars.map_or_else(
        || format!("{triangles} triangles"),
        |b| {
            format!(
                "{} beams, {} nodes, {} left out as floating, {triangles} triangles",
                b.beams.len(),
                b.nodes.len(),
                b.floating
            )
        },
    );
    // Beams have no volume without their union; parts overlap by the weld.
    Ok(Written { name, sha256, bytes, count, volume_mm3: bars.is_none().then_some(volume), warning: None })
}

fn labels(made: &Made<'_>) -> threemf::Labels {
    let case = &made.source.case;
    threemf::Labels {
        title: format!("{} implant {:.1} mm", case.name, made.height),
        application: format!("dens {}", env!("CARGO_PKG_VERSION")),
        description: format!("{}; scale 1.000, shrinkage left to the machine's build processor", words(made)),
    }
}

/// The lattice in words.
fn words(made: &Made<'_>) -> String {
    let drawn = &made.source.drawn;
    format!(
        "{} lattice, relative density {:.3}, cell {:.3} mm, strut or wall {:.3} mm",
        drawn.lattice.cell.name(),
        drawn.relative_density,
        drawn.lattice.cell_size_mm,
        drawn.strut
    )
}

/// What travels with every file, without anything that identifies a person.
pub fn metadata(made: &Made<'_>) -> Vec<(String, String)> {
    let layer = made.order.layer.unwrap_or(made.machine.layer);
    let mut list = vec![
        ("part-id".to_string(), format!("{}-{:.1}mm", made.source.case.name, made.height)),
        ("size-variant".into(), format!("{:+} ({:.1} mm)", made.variant, made.height)),
        ("case-sha256".into(), made.source.case_hash.clone()),
        (
            "design-iteration".into(),
            format!("{} (design {})", made.source.case.design_iteration, made.source.design),
        ),
        ("scale".into(), "1.000".into()),
        ("build-direction".into(), format!("{} of the plan is +z here", made.machine.build_direction)),
        ("layer-mm".into(), format!("{layer}")),
        ("machine-profile".into(), made.machine.name.clone()),
        ("material".into(), made.machine.material.clone()),
        ("weld-mm".into(), format!("{}", dens_mesher::geometry::solid::WELD_MM)),
    ];
    if !made.order.patient.is_empty() {
        list.push(("patient-code".into(), made.order.patient.clone()));
    }
    list
}

/// Number of layers of that thickness, and the plan in slices.
pub fn layers(frame: &Frame, layer: f64) -> usize {
    // A last layer that would hold less than a millionth of itself is none.
    (frame.size.z / layer - 1e-6).ceil().max(1.0) as usize
}

fn slices(made: &Made<'_>, frame: &Frame, output: &Output) -> Result<Written, Failure> {
    let name = format!("{}.cli", stem(made.height));
    let layer = made.order.layer.unwrap_or(made.machine.layer);
    let n = layers(frame, layer);
    let mut remarks: Vec<(String, String)> = vec![
        ("contours".into(), "cut at the middle of each layer; z is the top of the layer".into()),
        (
            "place".into(),
            format!(
                "add {:.4} {:.4} {:.4} mm for the turned frame of the plan",
                frame.corner.x, frame.corner.y, frame.corner.z
            ),
        ),
        ("lattice".into(), words(made)),
    ];
    remarks.extend(metadata(made));
    let top = n as f64 * layer;
    let header = Header {
        label: format!("{}-{:.1}mm", made.source.case.name, made.height),
        remarks,
        bounds: [[0.0; 3], [frame.size.x, frame.size.y, top]],
        layers: n,
    };
    let step = SLICE_MM.min(made.cut.edge());
    let at = |k: usize| {
        let z = (k as f64 + 0.5) * layer;
        let field = |[x, y]: [f64; 2]| made.cut.value(frame.plan(Vec3::new(x, y, z)));
        // A step more on every side: thinning and blunt edges move the box by less.
        let window = [[-step; 2], [frame.size.x + step, frame.size.y + step]];
        slice(&field, window, step, SPLINTER_MM2)
    };
    let (written, sha256, bytes) = file(output, &name, |out| {
        let mut writer = Writer::new(out, made.order.form, &header)?;
        let mut sum = [0.0, 0.0];
        for first in (0..n).step_by(BATCH) {
            let batch: Vec<Vec<Contour>> = (first..n.min(first + BATCH)).into_par_iter().map(at).collect();
            for (k, contours) in batch.iter().enumerate() {
                writer.layer((first + k + 1) as f64 * layer, contours)?;
                sum[0] += contours.iter().map(Contour::area).sum::<f64>() * layer;
                sum[1] += contours.len() as f64;
            }
        }
        writer.finish()?.flush()?;
        Ok(sum)
    })?;
    let back = cli::read(&mut opened(output, &name)?).map_err(|e| unlike(&name, &e))?;
    let volume = back.volume();
    if 1e-4 * written[0] < (volume - written[0]).abs() {
        return Err(unlike(&name, &format!("{volume} mm³ read, {} mm³ written", written[0])));
    }
    let [low, high] = back.extent();
    let off = (0..2).map(|i| low[i].abs().max((high[i] - frame.size[i]).abs())).fold(0.0, f64::max);
    let solid = made.solid.volume_mm3;
    // Coarse layers miss the ends of the part; of thin ones volume and box must agree with the surface.
    let differs = AGREE.0 < (volume / solid - 1.0).abs() || AGREE.1 < off;
    let warning = (layer <= SLICE_MM && differs).then(|| {
        format!(
            "{name}: the slices hold {volume:.1} mm³, the surface on its grid {solid:.1} mm³ ({:+.2} %), and their boxes differ by {off:.3} mm: edges of the surface are blunt and struts a little thin; a finer --grid brings it to the slices, which are the field's own",
            100.0 * (volume / solid - 1.0)
        )
    });
    let count = format!("{n} layers, {} contours", written[1]);
    Ok(Written { name, sha256, bytes, count, volume_mm3: Some(volume), warning })
}
