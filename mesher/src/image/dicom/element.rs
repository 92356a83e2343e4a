//! Elements of a DICOM file: only those of an allow-list are kept, all others are stepped over.

use crate::image::bytes::Order;
use crate::image::error::Fault;
use std::borrow::Cow;

/// Group and element number.
pub(super) type Tag = u32;

/// What the reader may know of a file. Nothing else leaves this module.
pub(super) mod tags {
    use super::Tag;

    pub(in super::super) const TRANSFER_SYNTAX: Tag = 0x0002_0010;
    pub(in super::super) const IMAGE_TYPE: Tag = 0x0008_0008;
    pub(in super::super) const SOP_CLASS: Tag = 0x0008_0016;
    pub(in super::super) const MODALITY: Tag = 0x0008_0060;
    pub(in super::super) const CODE_MEANING: Tag = 0x0008_0104;
    pub(in super::super) const SLICE_THICKNESS: Tag = 0x0018_0050;
    pub(in super::super) const KVP: Tag = 0x0018_0060;
    pub(in super::super) const SPACING_BETWEEN: Tag = 0x0018_0088;
    /// Compared between files, never shown.
    pub(in super::super) const SERIES_UID: Tag = 0x0020_000e;
    pub(in super::super) const SERIES_NUMBER: Tag = 0x0020_0011;
    pub(in super::super) const POSITION: Tag = 0x0020_0032;
    pub(in super::super) const ORIENTATION: Tag = 0x0020_0037;
    pub(in super::super) const PLANE_POSITION: Tag = 0x0020_9113;
    pub(in super::super) const PLANE_ORIENTATION: Tag = 0x0020_9116;
    pub(in super::super) const SAMPLES: Tag = 0x0028_0002;
    pub(in super::super) const PHOTOMETRIC: Tag = 0x0028_0004;
    pub(in super::super) const N_FRAMES: Tag = 0x0028_0008;
    pub(in super::super) const ROWS: Tag = 0x0028_0010;
    pub(in super::super) const COLUMNS: Tag = 0x0028_0011;
    pub(in super::super) const PIXEL_SPACING: Tag = 0x0028_0030;
    pub(in super::super) const BITS_ALLOCATED: Tag = 0x0028_0100;
    pub(in super::super) const BITS_STORED: Tag = 0x0028_0101;
    pub(in super::super) const HIGH_BIT: Tag = 0x0028_0102;
    pub(in super::super) const SIGNED: Tag = 0x0028_0103;
    pub(in super::super) const INTERCEPT: Tag = 0x0028_1052;
    pub(in super::super) const SLOPE: Tag = 0x0028_1053;
    pub(in super::super) const MODALITY_LUT: Tag = 0x0028_3000;
    pub(in super::super) const PIXEL_MEASURES: Tag = 0x0028_9110;
    pub(in super::super) const VALUE_TRANSFORM: Tag = 0x0028_9145;
    pub(in super::super) const SEGMENTATION_TYPE: Tag = 0x0062_0001;
    pub(in super::super) const SEGMENTS: Tag = 0x0062_0002;
    pub(in super::super) const SEGMENT_NUMBER: Tag = 0x0062_0004;
    /// Kept only if it names known anatomy.
    pub(in super::super) const SEGMENT_LABEL: Tag = 0x0062_0005;
    pub(in super::super) const SEGMENT_IDENTIFICATION: Tag = 0x0062_000a;
    pub(in super::super) const REFERENCED_SEGMENT: Tag = 0x0062_000b;
    pub(in super::super) const MAX_FRACTION: Tag = 0x0062_000e;
    pub(in super::super) const SEGMENT_TYPE_CODE: Tag = 0x0062_000f;
    pub(in super::super) const SHARED_GROUPS: Tag = 0x5200_9229;
    pub(in super::super) const FRAME_GROUPS: Tag = 0x5200_9230;
    pub(in super::super) const PIXELS: Tag = 0x7fe0_0010;

    pub(super) const ALLOWED: [Tag; 40] = [
        TRANSFER_SYNTAX,
        IMAGE_TYPE,
        SOP_CLASS,
        MODALITY,
        CODE_MEANING,
        SLICE_THICKNESS,
        KVP,
        SPACING_BETWEEN,
        SERIES_UID,
        SERIES_NUMBER,
        POSITION,
        ORIENTATION,
        PLANE_POSITION,
        PLANE_ORIENTATION,
        SAMPLES,
        PHOTOMETRIC,
        N_FRAMES,
        ROWS,
        COLUMNS,
        PIXEL_SPACING,
        BITS_ALLOCATED,
        BITS_STORED,
        HIGH_BIT,
        SIGNED,
        INTERCEPT,
        SLOPE,
        MODALITY_LUT,
        PIXEL_MEASURES,
        VALUE_TRANSFORM,
        SEGMENTATION_TYPE,
        SEGMENTS,
        SEGMENT_NUMBER,
        SEGMENT_LABEL,
        SEGMENT_IDENTIFICATION,
        REFERENCED_SEGMENT,
        MAX_FRACTION,
        SEGMENT_TYPE_CODE,
        SHARED_GROUPS,
        FRAME_GROUPS,
        PIXELS,
    ];

    /// Sequences of the list: without a stated representation only this says that items follow.
    pub(super) const SEQUENCES: [Tag; 10] = [
        PLANE_POSITION,
        PLANE_ORIENTATION,
        MODALITY_LUT,
        PIXEL_MEASURES,
        VALUE_TRANSFORM,
        SEGMENTS,
        SEGMENT_IDENTIFICATION,
        SEGMENT_TYPE_CODE,
        SHARED_GROUPS,
        FRAME_GROUPS,
    ];
}

const ITEM: Tag = 0xfffe_e000;
const ITEM_END: Tag = 0xfffe_e00d;
const SEQUENCE_END: Tag = 0xfffe_e0dd;
const UNDEFINED: u32 = u32::MAX;
/// Deepest nesting of sequences followed.
const DEEPEST: usize = 16;

/// Value of a kept element.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    Items(Vec<Elements<'a>>),
    /// Fragments of compressed pixels; the first is the table of offsets.
    Fragments(Vec<&'a [u8]>),
}

/// Kept elements of a file or an item.
#[derive(Debug, Clone, Default)]
pub(super) struct Elements<'a> {
    order: Option<Order>,
    kept: Vec<(Tag, Value<'a>)>,
}

impl<'a> Elements<'a> {
    /// Value of an element.
    pub(super) fn get(&self, tag: Tag) -> Option<&Value<'a>> {
        self.kept.iter().find(|(t, _)| *t == tag).map(|(_, v)| v)
    }

    fn bytes(&self, tag: Tag) -> Option<&'a [u8]> {
        match self.get(tag)? {
            Value::Bytes(b) => Some(b),
            _ => None,
        }
    }

    /// Text without padding.
    pub(super) fn text(&self, tag: Tag) -> Option<Cow<'a, str>> {
        let bytes = self.bytes(tag)?;
        let end = bytes.iter().rposition(|b| !matches!(b, 0 | b' ')).map_or(0, |e| e + 1);
        Some(String::from_utf8_lossy(&bytes[..end]))
    }

    /// First of the unsigned 16-bit numbers.
    pub(super) fn number(&self, tag: Tag) -> Option<usize> {
        let b: [u8; 2] = self.bytes(tag)?.get(..2)?.try_into().ok()?;
        Some(usize::from(match self.order {
            Some(Order::Big) => u16::from_be_bytes(b),
            _ => u16::from_le_bytes(b),
        }))
    }

    /// Numbers written as text, separated by backslashes.
    pub(super) fn decimals<const N: usize>(&self, tag: Tag) -> Option<[f64; N]> {
        let text = self.text(tag)?;
        let all: Option<Vec<f64>> =
            text.split('\\').map(|w| w.trim().parse().ok().filter(|v: &f64| v.is_finite())).collect();
        all?.get(..N)?.try_into().ok()
    }

    /// Items of a sequence.
    pub(super) fn items(&self, tag: Tag) -> &[Self] {
        match self.get(tag) {
            Some(Value::Items(items)) => items,
            _ => &[],
        }
    }
}

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syntax {
    pub(super) explicit: bool,
    pub(super) order: Order,
}

/// Reads elements from `at` on, while `go_on` holds for the tag; gives the place where it stopped.
pub(super) fn parse<'a>(
    bytes: &'a [u8],
    at: usize,
    syntax: Syntax,
    go_on: fn(Tag) -> bool,
) -> Result<(Elements<'a>, usize), Fault> {
    let mut cursor = Cursor { bytes, at, syntax };
    let mut elements = Elements { order: Some(syntax.order), kept: Vec::new() };
    while cursor.at < bytes.len() {
        let before = cursor.at;
        // Some writers pad the end of the file.
        if bytes.len() - before < 8 && bytes[before..].iter().all(|b| *b == 0) {
            break;
        }
        let tag = cursor.tag()?;
        if !go_on(tag) {
            return Ok((elements, before));
        }
        if let Some(value) = cursor.value(tag, 0)? {
            elements.kept.push((tag, value));
        }
    }
    Ok((elements, cursor.at))
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    syntax: Syntax,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(n).filter(|e| *e <= self.bytes.len());
        let Some(end) = end else {
            return Err(Fault::byte(
                self.at,
                format!("{n} bytes are announced, {} are left", self.bytes.len() - self.at),
            ));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, Fault> {
        let b = self.take(2)?.try_into().expect("two bytes");
        Ok(if self.syntax.order == Order::Big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        let b = self.take(4)?.try_into().expect("four bytes");
        Ok(if self.syntax.order == Order::Big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    }

    fn tag(&mut self) -> Result<Tag, Fault> {
        let group = u32::from(self.u16()?);
        Ok(group << 16 | u32::from(self.u16()?))
    }

    /// Whether the value is a sequence by its representation, if that is written; and its length.
    fn head(&mut self, tag: Tag) -> Result<(bool, bool, u32), Fault> {
        if !self.syntax.explicit {
            let length = self.u32()?;
            return Ok((tags::SEQUENCES.contains(&tag), false, length));
        }
        let start = self.at;
        let representation: [u8; 2] = self.take(2)?.try_into().expect("two bytes");
        let long = matches!(
            &representation,
            b"OB"
                | b"OD"
                | b"OF"
                | b"OL"
                | b"OV"
                | b"OW"
                | b"SQ"
                | b"SV"
                | b"UC"
                | b"UN"
                | b"UR"
                | b"UT"
                | b"UV"
        );
        if long {
            self.take(2)?;
            return Ok((&representation == b"SQ", &representation == b"UN", self.u32()?));
        }
        if !representation.iter().all(u8::is_ascii_uppercase) {
            return Err(Fault::byte(
                start,
                "two capital letters are expected, the representation of an element",
            ));
        }
        Ok((false, false, u32::from(self.u16()?)))
    }

    /// Value of an element whose tag was read; none if it is not on the list.
    fn value(&mut self, tag: Tag, depth: usize) -> Result<Option<Value<'a>>, Fault> {
        if DEEPEST < depth {
            return Err(Fault::byte(self.at, format!("sequences are nested more than {DEEPEST} deep")));
        }
        let (sequence, unknown, length) = self.head(tag)?;
        let wanted = tags::ALLOWED.contains(&tag);
        if tag == tags::PIXELS && length == UNDEFINED {
            return self.fragments().map(Some);
        }
        if length == UNDEFINED || (sequence && wanted) {
            // An unknown representation of undefined length is written without representations.
            let syntax = self.syntax;
            if unknown {
                self.syntax = Syntax { explicit: false, order: Order::Little };
            }
            let end = (length != UNDEFINED).then(|| self.at + length as usize);
            let items = self.sequence(end, depth)?;
            self.syntax = syntax;
            return Ok(wanted.then_some(Value::Items(items)));
        }
        let bytes = self.take(length as usize)?;
        Ok(wanted.then_some(Value::Bytes(bytes)))
    }

    /// Items up to `end`, or to the mark that ends them.
    fn sequence(&mut self, end: Option<usize>, depth: usize) -> Result<Vec<Elements<'a>>, Fault> {
        let mut items = Vec::new();
        while end.is_none_or(|e| self.at < e) {
            let start = self.at;
            let (tag, length) = (self.tag()?, self.u32()?);
            match tag {
                SEQUENCE_END => break,
                ITEM => items.push(self.item(length, depth)?),
                _ => return Err(Fault::byte(start, "an item or the end of a sequence is expected")),
            }
        }
        Ok(items)
    }

    fn item(&mut self, length: u32, depth: usize) -> Result<Elements<'a>, Fault> {
        let end = (length != UNDEFINED).then(|| self.at + length as usize);
        let mut elements = Elements { order: Some(self.syntax.order), kept: Vec::new() };
        while end.is_none_or(|e| self.at < e) {
            let tag = self.tag()?;
            if tag == ITEM_END {
                self.u32()?;
                break;
            }
            if let Some(value) = self.value(tag, depth + 1)? {
                elements.kept.push((tag, value));
            }
        }
        Ok(elements)
    }

    fn fragments(&mut self) -> Result<Value<'a>, Fault> {
        let mut fragments = Vec::new();
        loop {
            let start = self.at;
            let (tag, length) = (self.tag()?, self.u32()?);
            match tag {
                SEQUENCE_END => return Ok(Value::Fragments(fragments)),
                ITEM if length != UNDEFINED => fragments.push(self.take(length as usize)?),
                _ => return Err(Fault::byte(start, "a fragment of compressed pixels is expected")),
            }
        }
    }
}
