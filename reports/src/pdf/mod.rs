//! The PDF report: PDF/A-2b, A4, selectable text, vector figures, bookmarks.
//!
//! Page one carries title, verdict and the table of criteria; then follow the sections of the record, its limits
//! and annexes. The layout is fixed, so the same record and figures give the same bytes.

mod blocks;
mod flow;
mod grid;
mod paint;

use crate::figure::FigureSet;
use crate::font::Weight;
use crate::palette::{GRAY, HAIR, INK, Rgb};
use crate::record::{Record, RecordError};
use crate::svg::SvgError;
use blocks::Writer;
use flow::{Bookmark, Flow, LEFT, MM, Mark, PAGE, Type, WIDTH};
use krilla::Document;
use krilla::SerializeSettings;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use paint::Fonts;

/// Running text.
const BODY: Type = Type { size: 9.5, weight: Weight::Regular, color: INK };

/// Captions.
const CAPTION: Type = Type { size: 8.0, weight: Weight::Regular, color: INK };

/// Day that stands in the metadata of the document; passed in, for the library reads no clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

/// Reason a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The record is not whole.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A section names a figure that was not handed over.
    #[error("the report has no figure `{id}`")]
    NoFigure {
        /// Name of the figure.
        id: String,
    },
    /// The SVG of a figure is not one of ours.
    #[error("figure `{id}`: {error}")]
    Svg {
        /// Name of the figure.
        id: String,
        /// What is wrong with it.
        error: SvgError,
    },
    /// The result would not be PDF/A-2b.
    #[error("the document is refused: {0}")]
    Refused(String),
}

/// The report of `record` with its `figures` as a PDF/A-2b document.
///
/// # Errors
/// [`PdfError`] when the record is not whole, a figure is missing or foreign, or the standard is violated.
pub fn write_pdf(record: &Record, figures: &FigureSet, fixed_date: Date) -> Result<Vec<u8>, PdfError> {
    record.check()?;
    let mut writer = Writer::new(record, figures);
    writer.write()?;
    let mut flow = writer.flow;
    frame_pages(&mut flow, record);

    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_B)
        .finish()
        .map_err(|e| PdfError::Refused(format!("{e:?}")))?;
    let settings = SerializeSettings { configuration, ..Default::default() };
    let mut document = Document::new_with(settings);
    let fonts = Fonts::new();
    for marks in &flow.pages {
        let size = PageSettings::from_wh(PAGE[0] as f32, PAGE[1] as f32).expect("A4 has a size");
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        let drawn = paint::paint(&mut surface, &fonts, marks, |i| {
            let f = &figures.figures[i];
            (f.id.as_str(), f.svg.as_str())
        });
        surface.finish();
        page.finish();
        drawn?;
    }
    document.set_outline(outline(&flow.bookmarks));
    document.set_metadata(metadata(record, fixed_date));
    document.finish().map_err(|e| PdfError::Refused(format!("{e:?}")))
}

/// Case and, where one was chosen, its design.
fn case_and_design(record: &Record) -> String {
    match record.design_iteration {
        0 => record.case.clone(),
        number => format!("{}  ·  design {number}", record.case),
    }
}

/// Header and footer of every page, once their number is known.
fn frame_pages(flow: &mut Flow, record: &Record) {
    let face = Type { size: 7.5, ..colored(BODY, GRAY) };
    let n = flow.pages.len();
    for (i, page) in flow.pages.iter_mut().enumerate() {
        let top = 15.0 * MM;
        let bottom = PAGE[1] - 13.0 * MM;
        let case = case_and_design(record);
        let version = format!("{} {}", record.program, record.version);
        let number = format!("Page {} of {n}", i + 1);
        let end = |text: &str| LEFT + WIDTH - face.width(text);
        let mut text = |at: [f64; 2], text: &str| {
            let text = flow::printable(text, face.weight);
            page.push(Mark::Text { at, text, face, tabular: false });
        };
        text([LEFT, top], &case);
        text([end(&version), top], &version);
        text([LEFT, bottom], record.verdict.outcome.words());
        text([end(&number), bottom], &number);
        page.push(Mark::Rect { at: [LEFT, top + 4.0], size: [WIDTH, 0.5], color: HAIR });
    }
}

/// Two levels of bookmarks.
fn outline(bookmarks: &[Bookmark]) -> Outline {
    let mut outline = Outline::new();
    let mut chapter: Option<OutlineNode> = None;
    for b in bookmarks {
        let target = XyzDestination::new(b.page, Point::from_xy(LEFT as f32, b.y as f32));
        let node = OutlineNode::new(b.text.clone(), target);
        match &mut chapter {
            Some(c) if 1 < b.level => c.push_child(node),
            _ => {
                if let Some(done) = chapter.replace(node) {
                    outline.push_child(done);
                }
            }
        }
    }
    if let Some(last) = chapter {
        outline.push_child(last);
    }
    outline
}

fn metadata(record: &Record, date: Date) -> Metadata {
    Metadata::new()
        .title(format!("{}: {}", record.case, record.title))
        .description(record.verdict.sentence.clone())
        .creator(format!("{} {}", record.program, record.version))
        .language("en".to_string())
        .creation_date(DateTime::new(date.year).month(date.month).day(date.day).hour(0).minute(0).second(0))
        .document_id(format!("{}/{}", record.case, record.design_iteration))
}

/// The face in bold.
fn bold(face: Type) -> Type {
    Type { weight: Weight::Bold, ..face }
}

/// The face in another color.
fn colored(face: Type, color: Rgb) -> Type {
    Type { color, ..face }
}
