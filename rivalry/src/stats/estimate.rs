//! A number with its interval, or with the reason why it has none.
//!
//! Nothing here computes an interval; it never holds a NaN, and it never shows
//! a value without saying by which method and from how many samples it came.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A closed range of plausible values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end, not below `low`.
    pub high: f64,
}

impl Interval {
    /// The interval from `low` to `high`.
    ///
    /// # Panics
    /// When an end is not finite or the ends are the wrong way round.
    pub fn new(low: f64, high: f64) -> Self {
        assert!(low.is_finite() && high.is_finite() && low <= high, "not an interval: {low} to {high}");
        Self { low, high }
    }

    /// Whether `value` lies inside; the ends belong to the interval.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Upper end minus lower end.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// A measured number: its value, its interval if one can be given, the level of
/// that interval, how many samples stand behind it, and how it was computed.
///
/// Shares and probabilities are fractions, not percentages. In JSON it is
/// `{"value", "low", "high", "level", "n", "method"}`; `low` and `high` are
/// `null` together, and then `method` begins with `no interval:` and says why.
///
/// # Examples
/// ```
/// use rivalry::stats::{Estimate, Interval};
/// let drop = Estimate::new(-0.031, Interval::new(-0.052, -0.011), 0.95, 400, "example");
/// assert!(drop.excludes_zero() && drop.below(-0.01));
/// assert_eq!(drop.to_string(), "-0.031 [-0.052, -0.011]");
/// assert_eq!(drop.percent(1), "-3.1 [-5.2, -1.1]");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// Lower end of the interval, if there is one.
    pub low: Option<f64>,
    /// Upper end of the interval, if there is one.
    pub high: Option<f64>,
    /// The nominal coverage of the interval, between 0 and 1.
    pub level: f64,
    /// How many samples (or folds, or runs: `method` says) stand behind it.
    pub n: usize,
    /// The method's name and its settings, or why there is no interval.
    pub method: String,
}

impl Estimate {
    /// A value with its interval.
    ///
    /// # Panics
    /// When the value is not finite, or the level not between 0 and 1.
    pub fn new(value: f64, interval: Interval, level: f64, n: usize, method: impl Into<String>) -> Self {
        assert!(value.is_finite(), "an estimate is a finite number, not {value}");
        check_level(level);
        let (low, high) = (Some(interval.low), Some(interval.high));
        Self { value, low, high, level, n, method: method.into() }
    }

    /// A value for which no interval can be given; `why` completes the sentence
    /// "no interval: ...".
    ///
    /// # Panics
    /// When the value is not finite, or the level not between 0 and 1.
    pub fn without_interval(value: f64, level: f64, n: usize, why: impl fmt::Display) -> Self {
        assert!(value.is_finite(), "an estimate is a finite number, not {value}");
        check_level(level);
        Self { value, low: None, high: None, level, n, method: format!("no interval: {why}") }
    }

    /// The interval, if there is one.
    pub fn interval(&self) -> Option<Interval> {
        Some(Interval { low: self.low?, high: self.high? })
    }

    /// Whether the interval lies wholly on one side of zero. Without an
    /// interval nothing is excluded.
    pub fn excludes_zero(&self) -> bool {
        self.above(0.0) || self.below(0.0)
    }

    /// Whether the whole interval lies above `bound`; false without one.
    pub fn above(&self, bound: f64) -> bool {
        self.interval().is_some_and(|i| i.low > bound)
    }

    /// Whether the whole interval lies below `bound`; false without one.
    pub fn below(&self, bound: f64) -> bool {
        self.interval().is_some_and(|i| i.high < bound)
    }

    /// Whether the whole interval lies in `[-rope, rope]`, the region of
    /// practical equivalence; false without an interval.
    pub fn within(&self, rope: f64) -> bool {
        self.interval().is_some_and(|i| -rope <= i.low && i.high <= rope)
    }

    /// The same statement with the opposite sign: "a minus b" becomes "b minus a".
    pub fn negated(&self) -> Self {
        // Adding zero turns the -0.0 that negation makes into 0.0.
        let flip = |x: f64| 0.0 - x;
        Self {
            value: flip(self.value),
            low: self.high.map(flip),
            high: self.low.map(flip),
            method: self.method.clone(),
            ..*self
        }
    }

    /// The estimate times 100 with so many decimals, as `91.2 [89.8, 92.5]`;
    /// without an interval as `91.2`.
    pub fn percent(&self, decimals: usize) -> String {
        self.show(100.0, decimals)
    }

    fn show(&self, scale: f64, decimals: usize) -> String {
        let number = |x: f64| {
            let text = format!("{:.decimals$}", x * scale);
            // A rounded -0.0 reads as if the sign meant something.
            let is_zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
            if is_zero { text.trim_start_matches('-').to_owned() } else { text }
        };
        match self.interval() {
            Some(i) => format!("{} [{}, {}]", number(self.value), number(i.low), number(i.high)),
            None => number(self.value),
        }
    }
}

impl fmt::Display for Estimate {
    /// Three decimals, or as many as the formatter's precision asks for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show(1.0, f.precision().unwrap_or(3)))
    }
}

/// # Panics
/// When `level` does not lie strictly between 0 and 1: levels are checked where
/// they enter the program.
pub(super) fn check_level(level: f64) {
    assert!(level > 0.0 && level < 1.0, "the level of an interval lies between 0 and 1, not {level}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_exactly_the_promised_names() {
        let with = Estimate::new(0.5, Interval::new(0.25, 0.75), 0.95, 4, "test");
        let text = serde_json::to_string(&with).unwrap();
        assert_eq!(text, r#"{"value":0.5,"low":0.25,"high":0.75,"level":0.95,"n":4,"method":"test"}"#);
        assert_eq!(serde_json::from_str::<Estimate>(&text).unwrap(), with);
        let without = Estimate::without_interval(0.5, 0.95, 1, "one run");
        let text = serde_json::to_string(&without).unwrap();
        assert_eq!(
            text,
            r#"{"value":0.5,"low":null,"high":null,"level":0.95,"n":1,"method":"no interval: one run"}"#
        );
        assert_eq!(serde_json::from_str::<Estimate>(&text).unwrap(), without);
    }

    #[test]
    fn questions_about_the_interval() {
        let e = Estimate::new(0.02, Interval::new(0.005, 0.035), 0.95, 10, "test");
        assert!(e.excludes_zero() && e.above(0.0) && !e.above(0.005) && !e.below(0.035) && e.below(0.04));
        assert!(e.within(0.035) && !e.within(0.03));
        let flipped = e.negated();
        assert_eq!((flipped.value, flipped.low, flipped.high), (-0.02, Some(-0.035), Some(-0.005)));
        assert_eq!(flipped.negated(), e);
        let bare = Estimate::without_interval(0.02, 0.95, 1, "one run");
        assert!(!bare.excludes_zero() && !bare.within(1.0) && !bare.above(-1.0) && !bare.below(1.0));
        assert!(bare.interval().is_none());
    }

    #[test]
    fn display_never_prints_a_negative_zero() {
        let e = Estimate::new(-0.0004, Interval::new(-0.0104, 0.0096), 0.95, 10, "test");
        assert_eq!(e.percent(1), "0.0 [-1.0, 1.0]");
        assert_eq!(format!("{e:.4}"), "-0.0004 [-0.0104, 0.0096]");
        assert_eq!(Estimate::without_interval(0.25, 0.95, 1, "one run").to_string(), "0.250");
    }
}
