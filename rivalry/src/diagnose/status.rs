//! How far a condition holds, given an interval: five values, never a bare yes.

use serde::Serialize;

use crate::stats::Estimate;

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
