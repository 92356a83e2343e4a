//! Label maps: which bone a voxel belongs to, and the names of the labels.

use super::error::Fault;
use super::volume::Volume;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Which structure each voxel belongs to; 0 is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Label of every voxel.
    pub volume: Volume<u16>,
    /// Names of the labels that occur, ascending by label.
    pub names: BTreeMap<u16, String>,
}

impl Labels {
    /// Label map with names for all labels that occur: first `names`, then the numbering of TotalSegmentator where
    /// it fits, else `label N`.
    pub fn new(volume: Volume<u16>, names: &BTreeMap<u16, String>) -> Self {
        let mut counts = vec![0_usize; 1 << 16];
        for v in &volume.values {
            counts[usize::from(*v)] += 1;
        }
        let of = |label: u16| {
            let known = names.get(&label).cloned();
            // A file that names some of its labels has a numbering of its own.
            let total = || names.is_empty().then(|| total_segmentator(label)).flatten().map(str::to_string);
            known.or_else(total).unwrap_or_else(|| format!("label {label}"))
        };
        let present = (1..=u16::MAX).filter(|l| 0 < counts[usize::from(*l)]);
        Self { names: present.map(|l| (l, of(l))).collect(), volume }
    }

    /// The label of a name, without regard to case.
    pub fn label(&self, name: &str) -> Option<u16> {
        let wanted = anatomical_name(name).unwrap_or_else(|| name.to_string());
        self.names.iter().find(|(_, n)| n.eq_ignore_ascii_case(&wanted)).map(|(l, _)| *l)
    }

    /// Voxels of every label, ascending by label.
    pub fn counts(&self) -> BTreeMap<u16, usize> {
        let mut counts = vec![0_usize; 1 << 16];
        for v in &self.volume.values {
            counts[usize::from(*v)] += 1;
        }
        self.names.keys().map(|l| (*l, counts[usize::from(*l)])).collect()
    }

    /// Indices of the box around every label: least and greatest, ascending by label.
    pub fn boxes(&self) -> BTreeMap<u16, [[usize; 3]; 2]> {
        let grid = &self.volume.grid;
        let mut found: Vec<Option<[[usize; 3]; 2]>> = vec![None; 1 << 16];
        for (n, v) in self.volume.values.iter().enumerate().filter(|(_, v)| **v != 0) {
            let at = grid.indices(n);
            let [low, high] = found[usize::from(*v)].get_or_insert([at, at]);
            for a in 0..3 {
                low[a] = low[a].min(at[a]);
                high[a] = high[a].max(at[a]);
            }
        }
        self.names.keys().filter_map(|l| found[usize::from(*l)].map(|b| (*l, b))).collect()
    }

    /// Clears the voxels of each label of `order` that touch an earlier one of it, across sides, edges or corners.
    ///
    /// Returns how many were cleared. Between the surfaces of two parted labels one voxel is free before smoothing.
    pub fn part(&mut self, order: &[u16]) -> usize {
        let Volume { grid, values } = &mut self.volume;
        let mut rank = vec![0_u16; 1 << 16];
        for (i, label) in order.iter().enumerate() {
            rank[usize::from(*label)] = i as u16 + 1;
        }
        let rank_at = |values: &[u16], n: usize| rank[usize::from(values[n])];
        let touching = |n: usize| {
            let own = rank_at(values, n);
            own > 1 && {
                let at = grid.indices(n);
                (0..27).any(|d| {
                    let step = [d % 3, d / 3 % 3, d / 9];
                    let there: [usize; 3] = std::array::from_fn(|a| (at[a] + step[a]).wrapping_sub(1));
                    (0..3).all(|a| there[a] < grid.dims[a])
                        && (1..own).contains(&rank_at(values, grid.number(there)))
                })
            }
        };
        let cleared: Vec<usize> = (0..values.len()).into_par_iter().filter(|n| touching(*n)).collect();
        cleared.iter().for_each(|n| values[*n] = 0);
        cleared.len()
    }

    /// 1 inside a label, 0 outside, as a field for the extraction of its surface at 0.5.
    pub fn indicator(&self, label: u16) -> Volume<f32> {
        let values = self.volume.values.iter().map(|v| f32::from(*v == label)).collect();
        Volume { grid: self.volume.grid.clone(), values }
    }
}

/// Labels from the numbers of an image.
pub(super) fn from_image(image: Volume<f32>) -> Result<Volume<u16>, Fault> {
    let is_label = |v: &f32| 0.0 <= *v && *v <= 65535.0 && v.fract() == 0.0;
    if let Some(n) = image.values.iter().position(|v| !is_label(v)) {
        return Err(Fault::refused(
            format!(
                "voxel {:?} holds {}, and labels are whole numbers from 0 to 65535",
                image.grid.indices(n),
                image.values[n]
            ),
            "is this the scan instead of its labels?",
        ));
    }
    let Volume { grid, values } = image;
    Ok(Volume { values: values.into_iter().map(|v| v as u16).collect(), grid })
}

/// Name of a bone in the numbering of TotalSegmentator, task `total`, version 2.
///
/// # Source
/// Wasserthal et al. (2023), TotalSegmentator, Radiology: Artificial Intelligence 5:e230024; class map of version 2.
pub fn total_segmentator(label: u16) -> Option<&'static str> {
    const SPINE: [&str; 26] = [
        "sacrum", "S1", "L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10", "T9", "T8", "T7", "T6", "T5",
        "T4", "T3", "T2", "T1", "C7", "C6", "C5", "C4", "C3", "C2", "C1",
    ];
    match label {
        25..=50 => Some(SPINE[usize::from(label - 25)]),
        79 => Some("spinal cord"),
        91 => Some("skull"),
        _ => None,
    }
}

/// The name a structure has here, if `text` names anatomy that is known; other text gives nothing, so that no
/// free text of a file can carry a person's name.
///
/// Known: vertebrae as `C2`, `vertebrae_C2`, `C2 vertebra`, atlas, axis, sacrum, skull, mandible, hyoid, spinal cord,
/// vertebral artery, disc.
pub fn anatomical_name(text: &str) -> Option<String> {
    const WHOLE: [&str; 8] =
        ["sacrum", "skull", "mandible", "hyoid", "spinal cord", "vertebral artery", "occiput", "implant"];
    let lower = text.trim().to_lowercase().replace(['_', '-'], " ");
    let bare = lower.replace("vertebrae", "").replace("vertebra", "");
    let bare = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let level = |t: &str| -> Option<String> {
        let (letter, number) = t.split_at_checked(1)?;
        let number: u8 = number.parse().ok()?;
        let last = match letter {
            "c" => 7,
            "t" => 13,
            "l" => 6,
            "s" => 5,
            _ => return None,
        };
        (1 <= number && number <= last).then(|| format!("{}{number}", letter.to_uppercase()))
    };
    let ordinals = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
        "eleventh", "twelfth",
    ];
    let spelled = |t: &str| -> Option<String> {
        let (ordinal, region) = t.split_once(' ')?;
        let number = ordinals.iter().position(|o| *o == ordinal)? + 1;
        let letter = match region {
            "cervical" => "c",
            "thoracic" => "t",
            "lumbar" => "l",
            _ => return None,
        };
        level(&format!("{letter}{number}"))
    };
    match bare.as_str() {
        "atlas" => return Some("C1".to_string()),
        "axis" => return Some("C2".to_string()),
        // As written here for labels without a name.
        t if t.strip_prefix("label ").is_some_and(|n| n.parse::<u16>().is_ok()) => return Some(bare),
        _ => {}
    }
    if let Some(disc) = bare.strip_prefix("disc ").or(bare.strip_suffix(" disc")) {
        let (above, below) = disc.split_once(' ')?;
        return Some(format!("disc {}-{}", level(above)?, level(below)?));
    }
    let whole = WHOLE.iter().find(|w| **w == bare).map(|w| (*w).to_string());
    level(&bare).or_else(|| spelled(&bare)).or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_vertebrae_are_recognized_and_free_text_is_not() {
        for (text, expected) in [
            ("vertebrae_C1", Some("C1")),
            ("C2 vertebra", Some("C2")),
            ("Third cervical vertebra", Some("C3")),
            ("Atlas", Some("C1")),
            ("l5", Some("L5")),
            ("disc C2-C3", Some("disc C2-C3")),
            ("Doe^Jane", None),
            ("C9", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(anatomical_name(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_numbering_of_total_segmentator_ends_at_the_atlas() {
        for (label, name) in
            [(50, "C1"), (49, "C2"), (48, "C3"), (44, "C7"), (43, "T1"), (32, "T12"), (27, "L5"), (26, "S1")]
        {
            assert_eq!(total_segmentator(label), Some(name));
        }
        assert_eq!(total_segmentator(51), None);
    }
}
