//! How far a condition holds, given an interval: five values, never a bare yes.

use serde::Serialize;

use crate::stats::Estimate;
use crate::stats::distributions::student_t_quantile;

/// How far a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The interval says no.
    Refuted,
    /// Not measured.
    Unknown,
    /// The value says no, the interval leaves it open.
    Unlikely,
    /// The value says yes, the interval leaves it open.
    Likely,
    /// The interval says yes.
    Met,
}

impl Status {
    /// Of conditions that must all hold: the worst.
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Of conditions of which one suffices: the best.
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Of the opposite condition.
    pub fn negated(self) -> Self {
        match self {
            Self::Refuted => Self::Met,
            Self::Unknown => Self::Unknown,
            Self::Unlikely => Self::Likely,
            Self::Likely => Self::Unlikely,
            Self::Met => Self::Refuted,
        }
    }

    fn by_value(holds: bool) -> Self {
        if holds { Self::Likely } else { Self::Unlikely }
    }
}

/// "At least `rope`": met when the interval lies above 0 and the value is at
/// least `rope`, refuted when the interval lies below `rope`.
pub(super) fn at_least(estimate: Option<&Estimate>, rope: f64) -> Status {
    let Some(e) = estimate else { return Status::Unknown };
    if e.above(0.0) && e.value >= rope {
        Status::Met
    } else if e.below(rope) {
        Status::Refuted
    } else {
        Status::by_value(e.value >= rope)
    }
}

/// "At least `rope`" for one of `looks` estimates of which the best counts: met only when the
/// interval at the level of so many looks (Bonferroni) lies above 0.
pub(super) fn at_least_among(estimate: Option<&Estimate>, rope: f64, looks: usize) -> Status {
    match (at_least(estimate, rope), estimate) {
        (Status::Met, Some(e)) if low_among(e, looks).is_none_or(|low| low <= 0.0) => Status::Likely,
        (status, _) => status,
    }
}

/// "At most minus `rope`" for one of `looks` estimates: the mirror image.
pub(super) fn at_most_minus_among(estimate: Option<&Estimate>, rope: f64, looks: usize) -> Status {
    at_least_among(estimate.map(Estimate::negated).as_ref(), rope, looks)
}

/// How many times wider the interval of one of `looks` estimates is than that of a single one.
pub(super) fn stretch(level: f64, n: usize, looks: usize) -> f64 {
    if looks < 2 {
        return 1.0;
    }
    let df = n.max(2) as f64 - 1.0;
    let tail = (1.0 - level) / 2.0;
    student_t_quantile(tail / looks as f64, df) / student_t_quantile(tail, df)
}

fn low_among(estimate: &Estimate, looks: usize) -> Option<f64> {
    let below = (estimate.value - estimate.low?).max(0.0);
    Some(estimate.value - below * stretch(estimate.level, estimate.n, looks))
}

/// "At most minus `rope`": the mirror image.
pub(super) fn at_most_minus(estimate: Option<&Estimate>, rope: f64) -> Status {
    at_least(estimate.map(Estimate::negated).as_ref(), rope)
}

/// "Above `bound`": met or refuted when the interval lies wholly on one side.
pub(super) fn above(estimate: Option<&Estimate>, bound: f64) -> Status {
    let Some(e) = estimate else { return Status::Unknown };
    if e.above(bound) {
        Status::Met
    } else if e.interval().is_some_and(|i| i.high <= bound) {
        Status::Refuted
    } else {
        Status::by_value(e.value > bound)
    }
}

/// "Below `bound`": the mirror image.
pub(super) fn below(estimate: Option<&Estimate>, bound: f64) -> Status {
    above(estimate.map(Estimate::negated).as_ref(), -bound)
}

/// "Within `rope` of 0": met when the interval is, refuted when it lies
/// wholly outside.
pub(super) fn within(estimate: Option<&Estimate>, rope: f64) -> Status {
    let Some(e) = estimate else { return Status::Unknown };
    if e.within(rope) {
        Status::Met
    } else if e.above(rope) || e.below(-rope) {
        Status::Refuted
    } else {
        Status::by_value(e.value.abs() <= rope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Interval;

    fn e(value: f64, low: f64, high: f64) -> Estimate {
        Estimate::new(value, Interval::new(low, high), 0.95, 10, "test")
    }

    #[test]
    fn nothing_below_rope_is_a_difference() {
        let at_least = |e: Estimate| super::at_least(Some(&e), 0.01);
        assert_eq!(at_least(e(0.02, 0.001, 0.04)), Status::Met);
        assert_eq!(at_least(e(0.02, -0.01, 0.05)), Status::Likely);
        assert_eq!(at_least(e(0.008, 0.006, 0.0095)), Status::Refuted);
        assert_eq!(at_least(e(0.008, 0.006, 0.012)), Status::Unlikely);
        assert_eq!(at_least(e(-0.03, -0.05, 0.02)), Status::Unlikely);
        assert_eq!(super::at_least(None, 0.01), Status::Unknown);
        assert_eq!(at_least(Estimate::without_interval(0.4, 0.95, 1, "one run")), Status::Likely);
        assert_eq!(at_most_minus(Some(&e(-0.02, -0.04, -0.001)), 0.01), Status::Met);
        assert_eq!(at_most_minus(Some(&e(0.02, 0.001, 0.04)), 0.01), Status::Refuted);
    }

    #[test]
    fn the_best_of_several_looks_pays_for_them() {
        // scipy.stats.t.ppf(1 - 0.025 / m, n - 1) / scipy.stats.t.ppf(0.975, n - 1)
        for (n, looks, expected) in [(5, 2, 1.258_950_1), (10, 3, 1.296_693_3), (100_001, 2, 1.143_597_2)] {
            assert!((stretch(0.95, n, looks) - expected).abs() < 1e-6, "{n} {looks}");
        }
        assert_eq!(stretch(0.95, 10, 1), 1.0);
        let among = |low: f64, looks| {
            at_least_among(Some(&Estimate::new(0.02, Interval::new(low, 0.04), 0.95, 5, "test")), 0.01, looks)
        };
        // Half a width of 0.018 becomes one of 0.0227 at two looks, one of 0.0143 one of 0.018.
        assert_eq!(
            [among(0.002, 1), among(0.002, 2), among(0.0057, 2)],
            [Status::Met, Status::Likely, Status::Met]
        );
        let one = Estimate::new(-0.02, Interval::new(-0.04, -0.002), 0.95, 5, "test");
        assert_eq!(at_most_minus_among(Some(&one), 0.01, 2), Status::Likely);
        // What the interval excludes is excluded however often one looks.
        let small = Estimate::new(0.002, Interval::new(-0.004, 0.008), 0.95, 5, "test");
        assert_eq!(at_least_among(Some(&small), 0.01, 2), Status::Refuted);
        assert_eq!(Status::Refuted.negated(), Status::Met);
        assert_eq!(Status::Likely.negated(), Status::Unlikely);
    }

    #[test]
    fn bounds_and_equivalence() {
        let above = |bound| super::above(Some(&e(0.3, 0.2, 0.4)), bound);
        assert_eq!(
            [0.1, 0.25, 0.35, 0.4].map(above),
            [Status::Met, Status::Likely, Status::Unlikely, Status::Refuted]
        );
        let below = |bound| super::below(Some(&e(0.3, 0.2, 0.4)), bound);
        assert_eq!(
            [0.45, 0.35, 0.25, 0.2].map(below),
            [Status::Met, Status::Likely, Status::Unlikely, Status::Refuted]
        );
        let within = |e: Estimate| super::within(Some(&e), 0.01);
        assert_eq!(within(e(0.0, -0.01, 0.01)), Status::Met);
        assert_eq!(within(e(0.0, -0.02, 0.01)), Status::Likely);
        assert_eq!(within(e(0.02, -0.01, 0.05)), Status::Unlikely);
        assert_eq!(within(e(-0.05, -0.07, -0.02)), Status::Refuted);
    }

    #[test]
    fn conjunctions_take_the_worst() {
        assert_eq!(Status::Met.and(Status::Unknown), Status::Unknown);
        assert_eq!(Status::Unknown.and(Status::Refuted), Status::Refuted);
        assert_eq!(Status::Refuted.or(Status::Likely), Status::Likely);
    }
}
