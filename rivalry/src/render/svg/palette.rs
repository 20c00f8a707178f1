//! Colours that everybody can tell apart, also on paper without colour, where
//! dashes, markers and lightness carry the difference.
//!
//! Series: M. Okabe, K. Ito, Color Universal Design, 2008, in another order and
//! without yellow, which white paper swallows. Maps: `batlow` (light end first)
//! and `vik` of F. Crameri's Scientific colour maps, every fifth of their 256
//! colours. `reference/colours` holds the maps in full.

/// Colours of series, in the order of groups.
pub(super) const SERIES: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
/// What is there to compare with.
pub(super) const CONTEXT: &str = "#8c8c8c";

/// From least (light) to most (dark); lightness falls all the way.
pub(super) const SEQUENTIAL: ColourMap = ColourMap(&[
    0xfaccfa, 0xfbc8ef, 0xfcc4e3, 0xfcc0d8, 0xfdbccd, 0xfdb9c2, 0xfdb5b8, 0xfdb2ad, 0xfdaea2, 0xfdaa97,
    0xfba68c, 0xf9a380, 0xf59f74, 0xf09c69, 0xea995e, 0xe39754, 0xdb954b, 0xd29343, 0xca923c, 0xc09036,
    0xb78e31, 0xad8c2d, 0xa38a2c, 0x99882c, 0x8f862d, 0x868330, 0x7d8134, 0x747e38, 0x6c7c3c, 0x637a40,
    0x5b7745, 0x537549, 0x4c724d, 0x447052, 0x3c6d56, 0x356a59, 0x2f675c, 0x28645f, 0x236060, 0x1e5d62,
    0x1b5862, 0x185462, 0x154f62, 0x134b61, 0x124661, 0x114160, 0x0f3c5f, 0x0e365e, 0x0c2f5d, 0x0a285c,
    0x06215b, 0x011959,
]);
/// Blue below the centre, brown above it, nearly white at it.
pub(super) const DIVERGING: ColourMap = ColourMap(&[
    0x001261, 0x011a66, 0x02226b, 0x022a70, 0x023175, 0x02397a, 0x03417f, 0x034984, 0x055189, 0x08598f,
    0x106294, 0x196b9a, 0x2575a1, 0x337fa8, 0x4289af, 0x5194b6, 0x619ebd, 0x71a8c4, 0x80b2ca, 0x90bcd1,
    0xa0c5d8, 0xb0cfde, 0xc0d8e4, 0xcfe0e8, 0xdee6e9, 0xe8e7e5, 0xeee3dc, 0xeedbd0, 0xecd1c3, 0xe8c8b5,
    0xe4bea8, 0xdfb49a, 0xdbaa8d, 0xd7a081, 0xd39774, 0xcf8e68, 0xcc855d, 0xc87c51, 0xc47445, 0xc06b3a,
    0xbc622f, 0xb65824, 0xaf4c18, 0xa5400f, 0x9a3508, 0x8f2b06, 0x852206, 0x7c1b06, 0x731406, 0x6a0d07,
    0x620607, 0x590008,
]);

/// Colours from one end of a scale to the other, in equal steps of what the eye
/// sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColourMap(&'static [u32]);

/// Red, green, blue, 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour([u8; 3]);

impl ColourMap {
    /// The colour at a place between 0 and 1.
    pub(super) fn at(self, place: f64) -> Colour {
        let steps = (self.0.len() - 1) as f64;
        let at = place.clamp(0.0, 1.0) * steps;
        let idx = (at.floor() as usize).min(self.0.len() - 2);
        let (from, to) = (parts(self.0[idx]), parts(self.0[idx + 1]));
        let share = at - idx as f64;
        let mut mixed = [0; 3];
        for part in 0..3 {
            mixed[part] = (from[part] + share * (to[part] - from[part])).round() as u8;
        }
        Colour(mixed)
    }
}

impl Colour {
    /// `#rrggbb`.
    pub(super) fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Black or white, whichever reads better on this colour.
    pub(super) fn ink(self) -> &'static str {
        let [red, green, blue] = self.0.map(f64::from);
        // Luma of ITU-R BT.601, which is close enough to choose between two.
        if 0.299 * red + 0.587 * green + 0.114 * blue > 115.0 { "#000000" } else { "#ffffff" }
    }
}

fn parts(rgb: u32) -> [f64; 3] {
    [16, 8, 0].map(|shift| f64::from(rgb >> shift & 0xff))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `reference/colours/make.py` from the maps' own package.
    fn golden() -> serde_json::Value {
        serde_json::from_str(include_str!("../../../tests/it/golden/colours.json")).unwrap()
    }

    #[test]
    fn the_maps_are_those_of_their_source() {
        let golden = golden();
        for (name, map) in [("batlow_r", SEQUENTIAL), ("vik", DIVERGING)] {
            let colours = golden["maps"][name].as_array().unwrap();
            for (idx, expected) in colours.iter().enumerate() {
                let found = map.at(idx as f64 / 255.0);
                for part in 0..3 {
                    let expected = expected[part].as_f64().unwrap();
                    let off = (f64::from(found.0[part]) - expected).abs();
                    assert!(off <= if idx % 5 == 0 { 0.0 } else { 2.0 }, "{name} {idx} {found:?}");
                }
            }
        }
    }

    #[test]
    fn lightness_tells_values_apart_without_colour() {
        let golden = golden();
        let of = |name: &str| -> Vec<f64> {
            let values = golden["lightness"][name].as_array().unwrap();
            values.iter().map(|value| value.as_f64().unwrap()).collect()
        };
        assert!(of("batlow_r").windows(2).all(|pair| pair[0] > pair[1]));
        let vik = of("vik");
        assert!(vik[..8].windows(2).all(|pair| pair[0] < pair[1]));
        assert!(vik[8..].windows(2).all(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn series_differ_for_every_kind_of_colour_vision() {
        let golden = golden();
        assert_eq!(golden["series"], serde_json::json!(SERIES));
        for (vision, difference) in golden["smallest_difference"].as_object().unwrap() {
            // A CIE 1976 difference of 2.3 is just noticeable.
            assert!(difference.as_f64().unwrap() > 15.0, "{vision}: {difference}");
        }
    }
}
