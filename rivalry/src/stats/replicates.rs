//! The replicates of a bootstrap, or their distribution where that is known
//! without drawing, and the interval read off it.

use super::estimate::{Estimate, Interval, check_level};
use super::exact::Exact;
use super::practical::{self, Practical};
use crate::num::special::{normal_cdf, normal_quantile};
use crate::num::sums;

/// How the ends of a bootstrap interval are read off the replicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Quantiles of the replicates at (1 - level) / 2 on either side.
    Percentile,
    /// Bias-corrected and accelerated (Efron, JASA 82, 1987): quantiles moved
    /// for the bias and the skewness of the statistic. Wants 10,000 replicates.
    Bca,
}

/// A statistic's value and the distribution of its bootstrap replicates.
#[derive(Clone, Debug)]
pub struct Replicates {
    pub(super) value: f64,
    pub(super) law: Law,
    pub(super) acceleration: f64,
    pub(super) n_samples: usize,
    /// What was resampled: ends an estimate's method.
    pub(super) resampled: String,
    /// Why there can be no interval, when the data forbid one.
    pub(super) obstacle: Option<String>,
    /// Interval to give when there is an obstacle, with its method.
    pub(super) fallback: Option<(Interval, String)>,
}

/// How replicates are distributed.
#[derive(Clone, Debug)]
pub(super) enum Law {
    /// As those that were drawn.
    Drawn {
        /// Ascending, all finite.
        sorted: Vec<f64>,
        /// How many replicates gave no finite number.
        undefined: usize,
    },
    /// Known, with its standard deviation before it is widened for few units.
    Exact(Box<Exact>, f64),
}

impl Replicates {
    /// The statistic on the data themselves.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The shares of replicates below `x`, and not above it; `None` without
    /// replicates, because the data forbid resampling or none were asked for.
    pub fn shares(&self, x: f64) -> Option<(f64, f64)> {
        match &self.law {
            Law::Exact(exact, _) => Some(exact.shares(x)),
            Law::Drawn { sorted, .. } if sorted.is_empty() => None,
            Law::Drawn { sorted, .. } => {
                let share = |count: usize| count as f64 / sorted.len() as f64;
                let (below, not_above) =
                    (sorted.partition_point(|r| *r < x), sorted.partition_point(|r| *r <= x));
                Some((share(below), share(not_above)))
            }
        }
    }

    /// The standard deviation of the replicates; `None` for fewer than two. Where
    /// nothing was drawn it is the standard error of the mean, not widened for few
    /// units: of two or three units Student's t has no standard deviation.
    pub fn standard_error(&self) -> Option<f64> {
        match &self.law {
            Law::Exact(_, deviation) => Some(*deviation),
            Law::Drawn { sorted, .. } => (sorted.len() > 1).then(|| sums::variance(sorted).sqrt()),
        }
    }

    /// Twice the smaller share of replicates on either side of zero, at most 1;
    /// among drawn ones the observed value is counted in. 1 without replicates.
    pub fn two_sided_p(&self) -> f64 {
        let Some((below, not_above)) = self.shares(0.0) else { return 1.0 };
        let smaller = not_above.min(1.0 - below);
        let p = match &self.law {
            Law::Exact(..) => smaller,
            Law::Drawn { sorted, .. } => {
                let n = sorted.len() as f64;
                (1.0 + (smaller * n).round()) / (1.0 + n)
            }
        };
        (2.0 * p).min(1.0)
    }

    /// The value with its bootstrap interval, or with the reason why the
    /// replicates carry none: they are all equal, or more than one in twenty is
    /// undefined, or the value lies outside all of them (`BCa`).
    ///
    /// # Panics
    /// When `level` is not in (0, 1).
    pub fn estimate(&self, ends: Ends, level: f64) -> Estimate {
        check_level(level);
        if let Some((interval, method)) = &self.fallback {
            return Estimate::new(self.value, *interval, level, self.n_samples, method.clone());
        }
        match self.ends(ends, level) {
            Ok(interval) => Estimate::new(self.value, interval, level, self.n_samples, self.method(ends)),
            Err(why) => Estimate::without_interval(self.value, level, self.n_samples, why),
        }
    }

    /// The shares of replicates below, within and above `[-rope, rope]`
    /// ([`practical::rope`]); `None` where [`Replicates::estimate`] has no
    /// bootstrap interval.
    ///
    /// # Panics
    /// When `rope` is negative or not finite.
    pub fn practical(&self, rope: f64) -> Option<Practical> {
        practical::check_rope(rope);
        if self.blocked().is_some() {
            return None;
        }
        let ((below, _), (_, not_above)) = (self.shares(-rope)?, self.shares(rope)?);
        Some(Practical { p_worse: below, p_same: (not_above - below).max(0.0), p_better: 1.0 - not_above })
    }

    fn blocked(&self) -> Option<String> {
        if let Some(why) = &self.obstacle {
            return Some(why.clone());
        }
        let Law::Drawn { sorted, undefined } = &self.law else { return None };
        let all = sorted.len() + undefined;
        if all == 0 {
            return Some("no replicates were asked for".to_owned());
        }
        if undefined * 20 > all {
            return Some(format!("the statistic is undefined on {undefined} of {all} replicates"));
        }
        if sorted.first() == sorted.last() {
            return Some("all replicates are equal".to_owned());
        }
        None
    }

    fn ends(&self, ends: Ends, level: f64) -> Result<Interval, String> {
        if let Some(why) = self.blocked() {
            return Err(why);
        }
        let tail = (1.0 - level) / 2.0;
        let (low, high) = match ends {
            Ends::Percentile => (tail, 1.0 - tail),
            Ends::Bca => self.accelerated(tail)?,
        };
        let at = |p: f64| match &self.law {
            Law::Exact(exact, _) => exact.quantile(p),
            Law::Drawn { sorted, .. } => quantile(sorted, p),
        };
        Ok(Interval::new(at(low), at(high)))
    }

    /// The two probabilities at which `BCa` reads its ends.
    fn accelerated(&self, tail: f64) -> Result<(f64, f64), String> {
        // Replicates that equal the value count half, as for any median.
        let share = self.shares(self.value).map_or(0.0, |(below, not_above)| f64::midpoint(below, not_above));
        if share == 0.0 || share == 1.0 {
            return Err("the value lies outside all replicates".to_owned());
        }
        let bias = normal_quantile(share);
        let moved = |z: f64| {
            let shrink = 1.0 - self.acceleration * (bias + z);
            // Past the pole of the transform its limit holds.
            if shrink > 0.0 { normal_cdf(bias + (bias + z) / shrink) } else { f64::from(z > 0.0) }
        };
        let z = normal_quantile(tail);
        Ok((moved(z), moved(-z)))
    }

    fn method(&self, ends: Ends) -> String {
        let name = match ends {
            Ends::Percentile => "percentile",
            Ends::Bca => "BCa",
        };
        match &self.law {
            Law::Exact(..) => format!("{name} bootstrap, exact over all resamples of {}", self.resampled),
            Law::Drawn { sorted, undefined: 0 } => {
                format!("{name} bootstrap, {} replicates of {}", sorted.len(), self.resampled)
            }
            Law::Drawn { sorted, undefined } => {
                let drawn = sorted.len();
                format!(
                    "{name} bootstrap, {drawn} replicates of {}, {undefined} more undefined",
                    self.resampled
                )
            }
        }
    }
}

/// The p-quantile of sorted values: between the order statistics around
/// (B + 1) p, and never beyond the extreme ones.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = (p * (sorted.len() + 1) as f64 - 1.0).clamp(0.0, last as f64);
    let below = position as usize;
    let (a, b) = (sorted[below], sorted[last.min(below + 1)]);
    a + (position - below as f64) * (b - a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replicates(sorted: Vec<f64>, undefined: usize) -> Replicates {
        Replicates {
            value: 0.5,
            law: Law::Drawn { sorted, undefined },
            acceleration: 0.0,
            n_samples: 9,
            resampled: "9 samples".to_owned(),
            obstacle: None,
            fallback: None,
        }
    }

    #[test]
    fn quantiles_are_order_statistics_of_b_plus_one() {
        let sorted: Vec<f64> = (1..=99).map(f64::from).collect();
        assert_eq!(quantile(&sorted, 0.05), 5.0);
        assert!((quantile(&sorted, 0.955) - 95.5).abs() < 1e-12);
        assert_eq!((quantile(&sorted, 0.0), quantile(&sorted, 1.0)), (1.0, 99.0));
        assert_eq!(quantile(&[3.0], 0.3), 3.0);
    }

    #[test]
    fn reasons_for_no_interval() {
        let why = |r: &Replicates, ends| r.estimate(ends, 0.95).method;
        assert_eq!(why(&replicates(vec![], 0), Ends::Bca), "no interval: no replicates were asked for");
        assert_eq!(
            why(&replicates(vec![0.5; 10], 0), Ends::Percentile),
            "no interval: all replicates are equal"
        );
        assert_eq!(
            why(&replicates(vec![0.4, 0.6], 1), Ends::Percentile),
            "no interval: the statistic is undefined on 1 of 3 replicates"
        );
        assert_eq!(
            why(&replicates(vec![0.6, 0.7], 0), Ends::Bca),
            "no interval: the value lies outside all replicates"
        );
        assert!(replicates(vec![0.5; 10], 0).practical(0.01).is_none());
        let fine = replicates((0..100).map(|i| f64::from(i) / 100.0).collect(), 2);
        assert_eq!(
            why(&fine, Ends::Percentile),
            "percentile bootstrap, 100 replicates of 9 samples, 2 more undefined"
        );
        let three = fine.practical(0.25).unwrap();
        assert_eq!((three.p_worse, three.p_same, three.p_better), (0.0, 0.26, 0.74));
    }
}
