//! Reader of the SVG that this crate writes: a flat list of elements, no nesting, no styles.
//!
//! It refuses what it does not know, so nothing of a figure is lost on its way into the PDF.

/// Element with its attributes and text.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    pub(crate) name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    text: &'a str,
}

/// Reason an SVG is not one of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SvgError {
    /// Markup does not end, or an attribute has no quotes.
    #[error("broken markup at byte {0}")]
    Markup(usize),
    /// An attribute is missing or no number.
    #[error("element `{element}` has no usable attribute `{attribute}`")]
    Attribute {
        /// Name of the element.
        element: String,
        /// Name of the attribute.
        attribute: &'static str,
    },
    /// An element that figures do not use.
    #[error("element `{0}` is not one of a figure")]
    Element(String),
}

/// Elements in document order, the root first.
pub(crate) fn parse(svg: &str) -> Result<Vec<Element<'_>>, SvgError> {
    let mut elements = Vec::new();
    let mut at = 0;
    while let Some(open) = svg[at..].find('<').map(|i| at + i) {
        let close = svg[open..].find('>').map(|i| open + i).ok_or(SvgError::Markup(open))?;
        at = close + 1;
        let inside = svg[open + 1..close].trim_end_matches('/');
        if inside.starts_with(['/', '?', '!']) {
            continue;
        }
        let name_end = inside.find(char::is_whitespace).unwrap_or(inside.len());
        let (name, mut rest) = inside.split_at(name_end);
        let mut attributes = Vec::new();
        while let Some((key, after)) = rest.split_once("=\"") {
            let (value, tail) = after.split_once('"').ok_or(SvgError::Markup(open))?;
            attributes.push((key.trim(), value));
            rest = tail;
        }
        let text_end = svg[at..].find('<').map_or(svg.len(), |i| at + i);
        elements.push(Element { name, attributes, text: svg[at..text_end].trim() });
    }
    Ok(elements)
}

impl<'a> Element<'a> {
    /// Value of an attribute as written.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
    }

    /// Number in an attribute; `mm` and `em` are dropped.
    pub(crate) fn number(&self, key: &'static str) -> Result<f64, SvgError> {
        self.get(key)
            .and_then(|v| v.trim_end_matches("mm").parse().ok())
            .ok_or_else(|| SvgError::Attribute { element: self.name.to_string(), attribute: key })
    }

    /// Points of a polyline or polygon.
    pub(crate) fn points(&self) -> Result<Vec<[f64; 2]>, SvgError> {
        let point = |pair: &str| -> Option<[f64; 2]> {
            let (x, y) = pair.split_once(',')?;
            Some([x.parse().ok()?, y.parse().ok()?])
        };
        self.get("points")
            .and_then(|v| v.split_whitespace().map(point).collect())
            .ok_or_else(|| SvgError::Attribute { element: self.name.to_string(), attribute: "points" })
    }

    /// Color in an attribute; none for `none`.
    pub(crate) fn color(&self, key: &str) -> Option<[u8; 3]> {
        let hex = self.get(key)?.strip_prefix('#').filter(|h| h.len() == 6)?;
        let v = u32::from_str_radix(hex, 16).ok()?;
        Some([(v >> 16) as u8, (v >> 8) as u8, v as u8])
    }

    /// Text between the tags.
    pub(crate) fn text(&self) -> String {
        self.text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&amp;", "&")
    }
}

/// Width and height of a figure from its root element, mm.
pub(crate) fn size_mm(root: &Element<'_>) -> Result<[f64; 2], SvgError> {
    Ok([root.number("width")?, root.number("height")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_with_attributes_and_text() {
        let svg = "<svg width=\"85mm\" height=\"40mm\">\n<polyline points=\"1,2 3,4 \" stroke=\"#0A0b0C\"/>\n\
                   <text x=\"3\">\na &lt; b &amp;amp;\n</text>\n</svg>";
        let e = parse(svg).expect("well formed");
        assert_eq!(size_mm(&e[0]), Ok([85.0, 40.0]));
        assert_eq!(e[1].points(), Ok(vec![[1.0, 2.0], [3.0, 4.0]]));
        assert_eq!(e[1].color("stroke"), Some([10, 11, 12]));
        assert_eq!(e[2].text(), "a < b &amp;");
        assert_eq!(e.len(), 3);
    }

    #[test]
    fn broken_markup_is_refused() {
        assert!(parse("<svg width=\"1").is_err());
        assert!(parse("<svg width=\"1>").is_err());
    }
}
