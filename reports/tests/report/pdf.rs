//! The report as a reader and a machine get it: pages, fonts, text, the same bytes twice.

use crate::demo;
use dens_reports::figure::FigureSet;
use dens_reports::pdf::{Date, PdfError, write_pdf};
use dens_reports::record::Section;
use std::io::Read;

const DATE: Date = Date { year: 2026, month: 1, day: 1 };

/// The streams of a PDF, inflated where they are compressed, joined with the plain objects.
fn inflated(pdf: &[u8]) -> String {
    let find =
        |from: usize, what: &[u8]| pdf[from..].windows(what.len()).position(|w| w == what).map(|i| from + i);
    let mut text = String::from_utf8_lossy(pdf).into_owned();
    let mut at = 0;
    while let Some(start) = find(at, b"stream\n") {
        let Some(end) = find(start, b"endstream") else { break };
        let mut out = Vec::new();
        // Streams that are no zlib data are in the plain text already.
        if flate2::read::ZlibDecoder::new(&pdf[start + 7..end]).read_to_end(&mut out).is_ok() {
            text.push_str(&String::from_utf8_lossy(&out));
        }
        at = end + 9;
    }
    text
}

#[test]
fn report_is_pdf_a_with_embedded_fonts_and_bookmarks() {
    let pdf = write_pdf(&demo::record(), demo::figures(), DATE).expect("the demo record is whole");
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/demo.pdf"), &pdf)
        .expect("the folder is made for tests");
    let text = inflated(&pdf);
    assert!(text.contains("<pdfaid:part>2</pdfaid:part>"));
    assert!(text.contains("<pdfaid:conformance>B</pdfaid:conformance>"));
    assert!(text.contains("FontFile3"), "no embedded OpenType font");
    assert!(text.contains("Inter-Regular") && text.contains("Inter-Bold"));
    assert!(text.contains("/Outlines"));
    assert!(!text.contains("/JavaScript"));
    let pages = text.matches("/Type/Page/").count() + text.matches("/Type /Page\n").count();
    assert!((6..=20).contains(&pages), "{pages} pages");
}

#[test]
fn same_record_gives_the_same_bytes() {
    assert!(*demo::figures() == demo::draw_figures());
    let write = || write_pdf(&demo::record(), demo::figures(), DATE).expect("the demo record is whole");
    assert!(write() == write());
    let json = || demo::record().to_json().expect("the demo record is whole");
    assert!(json() == json());
}

#[test]
fn missing_figure_is_named() {
    let mut record = demo::record();
    record.sections = vec![Section::new("a", "A").figure("nowhere")];
    let error = write_pdf(&record, &FigureSet::default(), DATE).expect_err("the figure is missing");
    assert!(matches!(error, PdfError::NoFigure { ref id } if id == "nowhere"), "{error}");
}
