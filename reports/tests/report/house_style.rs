//! Every figure keeps the house style: units on axes, text of at least 8 pt, readable colors, known width.

use crate::demo;
use dens_reports::palette::{WHITE, luminance};

/// Values of the attribute `key` of all elements `name`.
fn attributes<'a>(svg: &'a str, name: &str, key: &str) -> Vec<&'a str> {
    let open = format!("<{name} ");
    let key = format!(" {key}=\"");
    svg.split(open.as_str())
        .skip(1)
        .filter_map(|e| {
            let tag = &e[..e.find('>')?];
            let start = tag.find(&key)? + key.len();
            Some(&tag[start..start + tag[start..].find('"')?])
        })
        .collect()
}

/// Texts of a figure.
fn texts(svg: &str) -> Vec<&str> {
    svg.split("<text ").skip(1).filter_map(|e| Some(e[e.find('>')? + 1..e.find("</text>")?].trim())).collect()
}

#[test]
fn text_is_at_least_eight_points_in_one_family() {
    for f in &demo::figures().figures {
        for size in attributes(&f.svg, "text", "font-size") {
            // 40 units are one millimeter.
            let points = size.parse::<f64>().expect("a number") / 40.0 * 72.0 / 25.4;
            assert!(8.0 - 1e-9 <= points, "{}: {points} pt", f.id);
        }
        for family in attributes(&f.svg, "text", "font-family") {
            assert!(family.starts_with("Inter"), "{}: {family}", f.id);
        }
    }
}

#[test]
fn every_axis_and_color_bar_names_its_unit() {
    for f in &demo::figures().figures {
        let with_unit = texts(&f.svg).iter().filter(|t| t.contains('[') && t.ends_with(']')).count();
        let upward = attributes(&f.svg, "text", "transform").len();
        // Axis titles are the texts that read upward, and below the frame one more.
        assert!(1 <= with_unit && upward <= with_unit, "{}: {:?}", f.id, texts(&f.svg));
        let pictures = f.svg.matches("<image ").count();
        let bars = ["shielding", "micromotion", "long-names"].contains(&f.id.as_str());
        assert!(0 < pictures || bars || 2 <= with_unit, "{}: {:?}", f.id, texts(&f.svg));
    }
}

#[test]
fn figures_are_one_or_two_columns_wide_and_text_lies_on_the_paper() {
    for f in &demo::figures().figures {
        let width = attributes(&f.svg, "svg", "viewBox")[0].split(' ').nth(2).expect("four numbers");
        assert!(["3400", "7000"].contains(&width), "{}: {width}", f.id);
        let width: f64 = width.parse().expect("a number");
        for x in attributes(&f.svg, "text", "x") {
            let x: f64 = x.parse().expect("a number");
            assert!((0.0..=width).contains(&x), "{}: {x}", f.id);
        }
    }
}

#[test]
fn text_stands_out_from_paper_at_three_to_one() {
    for f in &demo::figures().figures {
        for color in attributes(&f.svg, "text", "fill") {
            let v = u32::from_str_radix(color.trim_start_matches('#'), 16).expect("a color");
            let ratio =
                (luminance(WHITE) + 0.05) / (luminance([(v >> 16) as u8, (v >> 8) as u8, v as u8]) + 0.05);
            assert!(3.0 <= ratio, "{}: {color} {ratio}", f.id);
        }
    }
}

#[test]
fn every_figure_has_its_numbers() {
    for f in &demo::figures().figures {
        assert!(2 <= f.csv.lines().count(), "{}", f.id);
        assert!(!f.csv.contains("NaN"), "{}", f.id);
    }
}
