//! `dens image`: what a scan is, how it lies, its values, three pictures, labels and surfaces of its bones.

mod summary;
mod surfaces;

use crate::cli::{ImageArgs, Separator, print};
use crate::failure::{Exit, Failure};
use crate::output::{Output, stop_cleanly};
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_mesher::image::separate::{Method, Settings, separate};
use dens_mesher::image::{
    self, About, Histogram, ImageError, Labels, Modality, Note, Options, Reading, Volume, labels_of,
};
use dens_reports::render::{Cut, slice};
use serde_json::{Value, json};
use std::path::Path;

/// Window of the pictures for bone, HU: width 1800 about 400, as common for the spine.
const BONE_WINDOW: [f32; 2] = [-500.0, 1300.0];

/// Reads an image, says what it is and, where asked, writes pictures and labels.
///
/// # Errors
/// An image that cannot be read or is refused, labels on another grid (exit 2); a full disk (4).
pub fn run(args: &ImageArgs) -> Result<Exit, Failure> {
    let pool = args.manner.pool()?;
    stop_cleanly()?;
    pool.install(|| work(args))
}

fn work(args: &ImageArgs) -> Result<Exit, Failure> {
    let output = args.output.as_ref().map(|t| Output::begin(t)).transpose()?;
    let progress = Progress::new(args.manner.quiet || args.manner.json);
    progress.phase("reading", 0.4);
    let options = Options { series: args.series, fill_gaps: args.fill_gaps };
    let Reading { image, mut about } = image::read(&args.image, options).map_err(refused)?;
    if !args.seeds.is_empty() {
        progress.phase("separating bones", 0.4);
    }
    let (labels, separation) = labels(args, &image, &mut about)?;
    let histogram = if about.modality == Modality::Ct
        || (about.modality == Modality::Unknown && looks_like_hounsfield(&image))
    {
        Histogram::hounsfield(&image)
    } else {
        Histogram::spanning(&image)
    };
    let mut object = summary::json(&image, &about, &histogram, labels.as_ref());
    object["separation"] = separation;
    let mut made = Vec::new();
    if let Some(output) = &output {
        progress.phase("pictures", 0.2);
        let mut files = Vec::new();
        let at = middle(&image, labels.as_ref());
        let window = window(&about, &histogram);
        for cut in Cut::ALL {
            let name = format!("{}.png", cut.name());
            output.write(&name, &slice(&image, labels.as_ref(), cut, at, window).to_png())?;
            files.push(name);
        }
        output.write("histogram.csv", summary::csv(&histogram).as_bytes())?;
        files.push("histogram.csv".to_string());
        if let Some(labels) = &labels {
            progress.phase("labels", 0.2);
            output.write("labels.nrrd", &image::write_labels(labels))?;
            files.push("labels.nrrd".to_string());
            progress.phase("surfaces", 0.2);
            made = surfaces::write(labels, args.edge, output)?;
            let listed = surfaces::json(&made, args.edge);
            files.extend(made.iter().map(|w| w.file.clone()));
            object["surfaces"] = listed;
        }
        object["files"] = json!(files);
        output.write("image.json", format!("{object:#}\n").as_bytes())?;
    }
    progress.finish();
    if let Some(output) = output {
        output.commit()?;
    }
    if args.manner.json {
        print(&format!("{object:#}\n"));
    } else if !args.manner.quiet {
        print(&summary::text(&image, &about, &histogram, labels.as_ref()));
        if !made.is_empty() {
            print(&surfaces::text(&made));
        }
        match &args.output {
            Some(target) => print(&format!("wrote {}\n", target.display())),
            None => print("pictures, labels and surfaces: give a folder with -o\n"),
        }
    }
    Ok(Exit::Met)
}

/// The message of the reader with its remedy.
fn refused(e: ImageError) -> Failure {
    match e.remedy() {
        Some(remedy) => Failure::input(format!("{e}\n  = hint: {remedy}")),
        None => Failure::input(e),
    }
}

/// Labels of the file named, of the image itself if it is a segmentation, or found from seeds; and what was done.
fn labels(
    args: &ImageArgs,
    image: &Volume<f32>,
    about: &mut About,
) -> Result<(Option<Labels>, Value), Failure> {
    if let Some(path) = &args.labels {
        let (labels, of_labels) = image::read_labels(path, Options::default()).map_err(refused)?;
        same_grid(&labels, image, path)?;
        about.notes.extend(of_labels.notes);
        return Ok((Some(labels), Value::Null));
    }
    if about.modality == Modality::Segmentation {
        return Ok((Some(labels_of(image.clone(), about, &args.image).map_err(refused)?), Value::Null));
    }
    if args.seeds.is_empty() {
        return Ok((None, Value::Null));
    }
    let (method, name) = match args.separator {
        Separator::Watershed => (Method::Watershed, "watershed"),
        Separator::Cut => (Method::Cut, "watershed and graph cut"),
    };
    let settings = Settings {
        method,
        threshold: args.threshold,
        margin: args.margin,
        closing: args.closing,
        ..Settings::default()
    };
    let found = separate(image, &args.seeds, &settings).map_err(|e| {
        Failure::input(format!(
            "{e}\n  = hint: look at the pictures of `dens image -o DIR`, and give each seed inside its bone"
        ))
    })?;
    let said = json!({
        "method": name, "threshold_hu": settings.threshold, "marker_mm": settings.marker,
        "margin_mm": settings.margin, "compactness": settings.compactness, "closing_mm": settings.closing,
        "seeds": args.seeds.iter().map(|s| json!({ "name": s.name, "point_mm": [s.point.x, s.point.y, s.point.z] })).collect::<Vec<_>>(),
        "bone_voxels": found.bone, "unreached_voxels": found.unreached, "moved_voxels": found.moved,
        "filled_voxels": found.filled,
    });
    about.notes.push(Note::new(format!(
        "bones found by {name} from {} HU on: {} voxels of bone around the seeds, {} reached by no seed, {} moved by the cut, {} filled",
        settings.threshold, found.bone, found.unreached, found.moved, found.filled
    )));
    about.notes.extend(found.notes);
    Ok((Some(found.labels), said))
}

fn same_grid(labels: &Labels, image: &Volume<f32>, path: &Path) -> Result<(), Failure> {
    let (a, b) = (&labels.volume.grid, &image.grid);
    if a.agrees(b) {
        return Ok(());
    }
    let [low, high] = a.bounds();
    let [image_low, image_high] = b.bounds();
    Err(Failure::input(format!(
        "`{}` does not lie on the grid of the image: {:?} voxels from {} to {} mm, the image has {:?} from {} to {} mm\n  = hint: resample the labels to the image",
        path.display(),
        a.dims,
        summary::point(low),
        summary::point(high),
        b.dims,
        summary::point(image_low),
        summary::point(image_high),
    )))
}

/// Whether values are those of a CT: air is there, and nothing far below it.
fn looks_like_hounsfield(image: &Volume<f32>) -> bool {
    let low = image.values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = image.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    (-4096.0..=-200.0).contains(&low) && 200.0 < high && high < 32768.0
}

fn window(about: &About, histogram: &Histogram) -> [f32; 2] {
    if histogram.width == 50.0 && about.modality != Modality::Segmentation {
        return BONE_WINDOW;
    }
    let [low, high] = [0.01, 0.99].map(|q| histogram.quantile(q) as f32);
    if low < high {
        [low, high]
    } else {
        [histogram.range[0], histogram.range[1].max(histogram.range[0] + 1.0)]
    }
}

/// Where the pictures cut: the middle of the labeled voxels, else of the image.
fn middle(image: &Volume<f32>, labels: Option<&Labels>) -> Vec3 {
    let mut sum = Vec3::zeros();
    let mut n = 0_usize;
    if let Some(labels) = labels {
        let grid = &labels.volume.grid;
        for (number, _) in labels.volume.values.iter().enumerate().filter(|(_, l)| **l != 0) {
            sum += Vec3::from(grid.indices(number).map(|i| i as f64));
            n += 1;
        }
    }
    if 0 < n {
        return image.grid.position((sum / n as f64).into());
    }
    let [low, high] = image.grid.bounds();
    0.5 * (low + high)
}
