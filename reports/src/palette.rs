//! Colors: perceptually uniform maps and a list for curves, readable with color-blindness and in gray print.

/// Red, green, blue, 0 to 255.
pub type Rgb = [u8; 3];

/// Ink of text and axes.
pub const INK: Rgb = [0x22, 0x22, 0x22];
/// Secondary ink: notes, reference lines.
pub const GRAY: Rgb = [0x6b, 0x6b, 0x6b];
/// Fine lines: grids, rules of tables.
pub const HAIR: Rgb = [0xdd, 0xdd, 0xdd];
/// Paper.
pub const WHITE: Rgb = [0xff, 0xff, 0xff];

/// Colors of curves in order, each at least 3:1 against white; after Okabe & Ito (2008), Color Universal Design,
/// with the light ones darkened.
pub const CURVES: [Rgb; 6] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x80, 0x60],
    [0x8e, 0x3b, 0x8e],
    [0x55, 0x55, 0x55],
    [0x8a, 0x66, 0x10],
];

/// Map from numbers to colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorMap {
    /// Sequential; van der Walt & Smith (2015), matplotlib, CC0.
    Viridis,
    /// Sequential, made for color-blind readers; Nuñez, Anderton & Renslow (2018), PLoS ONE 13:e0199239.
    Cividis,
    /// Diverging about the middle; Crameri (2018), Scientific colour maps, MIT license.
    Vik,
}

impl ColorMap {
    /// Color at `t` in 0..=1, linear between 17 samples of the published map; clamped outside, NaN as 0.
    pub fn color(self, t: f64) -> Rgb {
        let samples = match self {
            Self::Viridis => &VIRIDIS,
            Self::Cividis => &CIVIDIS,
            Self::Vik => &VIK,
        };
        let x = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) * 16.0 };
        let i = (x as usize).min(15);
        let f = x - i as f64;
        let (a, b) = (rgb(samples[i]), rgb(samples[i + 1]));
        std::array::from_fn(|k| (f64::from(a[k]) * (1.0 - f) + f64::from(b[k]) * f).round() as u8)
    }
}

/// Relative luminance, WCAG 2.1 §1.4.3.
pub fn luminance(color: Rgb) -> f64 {
    let linear = color.map(|v| {
        let c = f64::from(v) / 255.0;
        if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

/// Mixture: `t` = 0 gives `a`, 1 gives `b`.
pub(crate) fn mix(a: Rgb, b: Rgb, t: f64) -> Rgb {
    std::array::from_fn(|k| (f64::from(a[k]) * (1.0 - t) + f64::from(b[k]) * t).round() as u8)
}

const fn rgb(v: u32) -> Rgb {
    [(v >> 16) as u8, (v >> 8) as u8, v as u8]
}

const VIRIDIS: [u32; 17] = [
    0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c, 0x1fa088,
    0x28ae80, 0x3fbc73, 0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725,
];

const CIVIDIS: [u32; 17] = [
    0x00224e, 0x002e6a, 0x1a386f, 0x32436d, 0x434e6c, 0x535a6d, 0x61656f, 0x6f7073, 0x7d7c78, 0x8c8878,
    0x9b9476, 0xaba072, 0xbcae6c, 0xcdbb63, 0xdec958, 0xf0d846, 0xfee838,
];

const VIK: [u32; 17] = [
    0x001261, 0x022b71, 0x034481, 0x0c5e92, 0x307da6, 0x619ebd, 0x94bed2, 0xc6dbe6, 0xece5e0, 0xe9cab8,
    0xdbaa8d, 0xcf8c66, 0xc27041, 0xb2511d, 0x912d06, 0x731406, 0x590008,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequential_maps_grow_lighter_all_the_way() {
        for map in [ColorMap::Viridis, ColorMap::Cividis] {
            let light: Vec<f64> = (0..=100).map(|i| luminance(map.color(i as f64 / 100.0))).collect();
            // Half a step of 8-bit color is lost in rounding.
            assert!(light.windows(2).all(|w| w[0] < w[1] + 1e-3), "{map:?}");
        }
    }

    #[test]
    fn curves_stand_out_from_paper_at_three_to_one() {
        for color in CURVES {
            assert!(3.0 <= 1.05 / (luminance(color) + 0.05), "{color:?}");
        }
    }

    #[test]
    fn ends_and_beyond_are_the_end_colors() {
        assert_eq!(ColorMap::Viridis.color(-1.0), [0x44, 0x01, 0x54]);
        assert_eq!(ColorMap::Vik.color(2.0), [0x59, 0x00, 0x08]);
        assert_eq!(ColorMap::Vik.color(f64::NAN), [0x00, 0x12, 0x61]);
    }
}
