//! The range of values that an axis shows, and where in it a value lies.

use crate::num::special::{exp, ln};
use crate::report::Scale;

/// Values beyond this are not shown: sums and differences of what is stay finite.
const LARGEST: f64 = 1e300;
/// On a logarithmic axis, values below this are not shown.
const SMALLEST: f64 = 1e-300;
/// A range narrower than this share of its values is widened: its ticks would
/// need more digits than anybody reads.
const NARROWEST: f64 = 1e-9;

/// A range of values with more than one value in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) struct Domain {
    low: f64,
    high: f64,
    scale: Scale,
}

impl Domain {
    /// Whether a value has a place on such an axis at all.
    pub(in crate::render) fn shows(value: f64, scale: Scale) -> bool {
        match scale {
            Scale::Linear => value.abs() <= LARGEST,
            Scale::Log10 => (SMALLEST..=LARGEST).contains(&value),
        }
    }

    /// The smallest range that holds all values that have a place.
    pub(in crate::render) fn around(values: impl IntoIterator<Item = f64>, scale: Scale) -> Self {
        let shown = values.into_iter().filter(|value| Self::shows(*value, scale));
        let (low, high) =
            shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        Self::between(low, high, scale)
    }

    /// The range between two values, widened where it would be a single one.
    pub(in crate::render) fn between(low: f64, high: f64, scale: Scale) -> Self {
        let (low, high) = match scale {
            _ if low > high && scale == Scale::Linear => (0.0, 1.0),
            _ if low > high => (1.0, 10.0),
            Scale::Linear if high - low > NARROWEST * low.abs().max(high.abs()).max(SMALLEST) => (low, high),
            Scale::Linear if low == 0.0 => (-1.0, 1.0),
            Scale::Linear => {
                let half = 0.1 * low.abs().max(SMALLEST / NARROWEST);
                (low - half, high + half)
            }
            Scale::Log10 if high / low > 1.0 + NARROWEST => (low, high),
            Scale::Log10 => ((low / 2.0).max(SMALLEST), (high * 2.0).min(LARGEST)),
        };
        Self { low, high, scale }
    }

    /// The range with room at both ends, as a share of it; zero stays an end
    /// where values only lie on one side of it.
    pub(in crate::render) fn padded(self, share: f64) -> Self {
        match self.scale {
            Scale::Linear => {
                let room = share * (self.high - self.low);
                let low = if self.low >= 0.0 { (self.low - room).max(0.0) } else { self.low - room };
                let high = if self.high <= 0.0 { (self.high + room).min(0.0) } else { self.high + room };
                Self { low, high, ..self }
            }
            Scale::Log10 => {
                let factor = exp(share * (ln(self.high) - ln(self.low)));
                let low = (self.low / factor).max(SMALLEST);
                Self { low, high: (self.high * factor).min(LARGEST), ..self }
            }
        }
    }

    /// The range down to zero where it nearly reaches there, so that heights
    /// can be compared.
    pub(in crate::render) fn down_to_zero(self) -> Self {
        let is_near = self.scale == Scale::Linear && self.low > 0.0 && self.low < 0.5 * self.high;
        if is_near { Self { low: 0.0, ..self } } else { self }
    }

    /// The range without what lies beyond `most`.
    pub(in crate::render) fn at_most(self, most: f64) -> Self {
        if self.low < most && most < self.high { Self { high: most, ..self } } else { self }
    }

    /// Lower end.
    pub(in crate::render) fn low(&self) -> f64 {
        self.low
    }

    /// Upper end.
    pub(in crate::render) fn high(&self) -> f64 {
        self.high
    }

    /// How values become places.
    pub(in crate::render) fn scale(&self) -> Scale {
        self.scale
    }

    /// Where the value lies: 0 at the lower end, 1 at the upper; nowhere when it
    /// lies outside by more than a rounding.
    pub(in crate::render) fn place(&self, value: f64) -> Option<f64> {
        if !Self::shows(value, self.scale) {
            return None;
        }
        let place = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log10 => (ln(value) - ln(self.low)) / (ln(self.high) - ln(self.low)),
        };
        (-1e-6..=1.0 + 1e-6).contains(&place).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_values_and_is_never_empty() {
        let cases: [&[f64]; 8] = [
            &[],
            &[3.0],
            &[0.0],
            &[f64::NAN, 2.0, 5.0],
            &[-1e300, 1e300],
            &[1e-310],
            &[5.0, 5.0 + 1e-14],
            &[-2.0],
        ];
        for values in cases {
            for scale in [Scale::Linear, Scale::Log10] {
                let domain = Domain::around(values.iter().copied(), scale).padded(0.04).down_to_zero();
                assert!(domain.low < domain.high, "{values:?} {domain:?}");
                for value in values {
                    if let Some(place) = domain.place(*value) {
                        assert!((-1e-9..=1.0 + 1e-9).contains(&place), "{values:?} {value} {place}");
                    }
                }
            }
        }
    }

    #[test]
    fn equal_ratios_are_equally_far_apart_on_a_logarithmic_axis() {
        let domain = Domain::between(1.0, 10_000.0, Scale::Log10);
        for (value, expected) in [(1.0, 0.0), (10.0, 0.25), (100.0, 0.5), (10_000.0, 1.0)] {
            assert!((domain.place(value).unwrap() - expected).abs() < 1e-12);
        }
        assert_eq!(domain.place(0.0), None);
        assert_eq!(domain.place(-1.0), None);
    }

    #[test]
    fn room_does_not_cross_zero() {
        let domain = Domain::between(0.01, 0.9, Scale::Linear).padded(0.05);
        assert_eq!(domain.low, 0.0);
        assert_eq!(Domain::between(0.2, 0.9, Scale::Linear).down_to_zero().low, 0.0);
        assert_eq!(Domain::between(0.7, 0.9, Scale::Linear).down_to_zero().low, 0.7);
    }
}
