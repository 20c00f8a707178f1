//! How much a unit of the joint network varies with one modality and how much with the
//! others: the relative source variance of Kleinman, Achille and Soatto (CVPR 2023).
//!
//! The source variance of a unit z for modality r is its variance when r is drawn anew
//! and the rest stays: SV_r = Var[z | the others fixed]. Then
//!
//! RSV_r = (SV_r - SV_rest) / (SV_r + SV_rest),
//!
//! 1 where the unit varies with r alone, -1 where it does not vary with r at all.
//!
//! The units here are the fused class logits: late fusion has no others that see two
//! modalities. Its logits are sums, so SV_r is the variance of r's part over test rows,
//! exactly and whatever the others are fixed at; nothing is shuffled. Where this departs
//! from the paper: it measures units of intermediate layers, by sampling; of more than two
//! modalities the rest varies together, its rows left paired; and the mean over classes is
//! taken off every row first, because softmax does not see it.

use crate::metrics::outputs::Cut;
use crate::metrics::{Direction, Metric, Need, Quantity, Reading, Scale, Sheet, Subject, cites};
use crate::num::{Matrix, sums};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "source_variance",
    summary: "how much each fused class logit varies with one modality against the others (RSV)",
    cites: &[cites::KLEINMAN2023],
    knobs: &[],
    build: |_| Box::new(SourceVariance),
};

/// Relative source variance at which a unit is as good as deaf to the other modalities: they make
/// up a twentieth of its variance.
const CAPTURED: f64 = 0.9;

const QUANTITIES: &[Quantity] = &[
    rsv(
        "unit_rsv",
        "RSV of one class's fused logit: (variance with this modality - variance with the others) / sum",
    ),
    rsv("rsv", "mean of unit_rsv over the class logits"),
    rsv("rsv_low", "tenth percentile of unit_rsv over the class logits"),
    rsv("rsv_high", "ninetieth percentile of unit_rsv over the class logits"),
    Quantity {
        name: "units_captured",
        unit: "share",
        scale: Scale::Share,
        direction: Direction::Neither,
        definition: "share of the class logits with a unit_rsv of at least 0.9: they vary with this modality alone",
    },
];

const fn rsv(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "ratio", scale: Scale::Difference(1.0), direction: Direction::Neither, definition }
}

struct SourceVariance;

impl Metric for SourceVariance {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits]
    }

    fn cost(&self) -> &'static str {
        "n K M"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let cut = Cut::of(trial);
        for modality in 0..trial.n_modalities() {
            let units: Vec<Result<f64, String>> = (0..trial.n_classes())
                .map(|class| {
                    let cut = cut.as_ref().map_err(Clone::clone)?;
                    relative(&cut.fused, &cut.branches[modality], class)
                })
                .collect();
            let all: Result<Vec<f64>, String> = units.iter().cloned().collect();
            let sorted = all.map(|mut units| {
                units.sort_by(f64::total_cmp);
                units
            });
            for (class, unit) in units.into_iter().enumerate() {
                sheet.number_or("unit_rsv", Subject::ClassModality(class, modality), unit);
            }
            let subject = Subject::Modality(modality);
            let mut put = |name, of: &dyn Fn(&[f64]) -> f64| {
                sheet.number_or(name, subject.clone(), sorted.clone().map(|units| of(&units)));
            };
            put("rsv", &sums::mean);
            put("rsv_low", &|units| percentile(units, 0.1));
            put("rsv_high", &|units| percentile(units, 0.9));
            put("units_captured", &|units| {
                units.iter().filter(|unit| **unit >= CAPTURED).count() as f64 / units.len() as f64
            });
        }
    }
}

/// RSV of a class's fused logit for the modality whose logits are `own`.
fn relative(fused: &Matrix<f64>, own: &Matrix<f64>, class: usize) -> Result<f64, String> {
    let centred = |row: &[f64]| row[class] - sums::mean(row);
    let (mut mine, mut rest) = (Vec::with_capacity(own.rows()), Vec::with_capacity(own.rows()));
    for i in 0..own.rows() {
        let part = centred(own.row(i));
        mine.push(part);
        rest.push(centred(fused.row(i)) - part);
    }
    if mine.len() < 2 {
        return Err("one test row does not vary".to_owned());
    }
    let (mine, rest) = (sums::variance(&mine), sums::variance(&rest));
    let all = mine + rest;
    if all > 0.0 {
        Ok((mine - rest) / all)
    } else {
        Err("the logit is the same for all test rows".to_owned())
    }
}

/// The percentile of ascending values, linear between neighbours (Hyndman and Fan's type 7, NumPy's
/// default).
fn percentile(ascending: &[f64], share: f64) -> f64 {
    let at = share * (ascending.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(ascending.len() - 1);
    ascending[below] + (at - below as f64) * (ascending[above] - ascending[below])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};
    use crate::num::{Draws, Purpose};

    #[test]
    fn variances_of_sums_are_those_of_shuffled_networks() {
        let mut draws = Draws::new(5, Purpose::new("source variance test"), 0);
        let (n, k) = (7, 3);
        let mut logits = |size: f64| Matrix::from_fn(n, k, |_, _| size * draws.normal());
        let (a, b) = (logits(1.0), logits(0.5));
        let fused = Matrix::from_fn(n, k, |r, c| a.row(r)[c] + b.row(r)[c]);
        // As the paper has it: every input of one modality with one input of the other, averaged over that.
        let brute = |vary: &Matrix<f64>, fixed: &Matrix<f64>, class: usize| {
            let one = |j: usize| {
                let unit = |i: usize| {
                    let row: Vec<f64> = (0..k).map(|c| vary.row(i)[c] + fixed.row(j)[c]).collect();
                    row[class] - row.iter().sum::<f64>() / k as f64
                };
                let mean = (0..n).map(unit).sum::<f64>() / n as f64;
                (0..n).map(|i| (unit(i) - mean).powi(2)).sum::<f64>() / n as f64
            };
            (0..n).map(one).sum::<f64>() / n as f64
        };
        for class in 0..k {
            let (own, rest) = (brute(&a, &b, class), brute(&b, &a, class));
            let found = relative(&fused, &a, class).unwrap();
            assert!((found - (own - rest) / (own + rest)).abs() < 1e-12, "{class}: {found}");
            assert!((found + relative(&fused, &b, class).unwrap()).abs() < 1e-12);
        }
        let still = Matrix::from_fn(n, k, |_, c| c as f64);
        assert!(relative(&still, &still, 0).is_err());
        assert!(relative(&Matrix::zeros(1, 2), &Matrix::zeros(1, 2), 0).is_err());
    }

    #[test]
    fn a_loud_modality_captures_the_logits() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.n_seeds = 2;
        let found = measured(&plan.evidence());
        let of = |name: &str, m: usize| found.table.get(name, &Subject::Modality(m)).unwrap().value;
        // The winner speaks twenty times louder.
        assert_eq!((of("units_captured", 0), of("units_captured", 1)), (1.0, 0.0));
        assert!(of("rsv", 0) > 0.99 && (of("rsv", 0) + of("rsv", 1)).abs() < 1e-9);
        assert!(of("rsv_low", 0) <= of("rsv", 0) && of("rsv", 0) <= of("rsv_high", 0));
        let unit = found.table.get("unit_rsv", &Subject::ClassModality(3, 0)).unwrap();
        assert!(unit.value > 0.99, "{unit}");
    }

    #[test]
    fn percentiles_as_numpy_has_them() {
        // numpy.percentile([-1, -0.5, 0.25, 1], [10, 90])
        let units = [-1.0, -0.5, 0.25, 1.0];
        assert!((percentile(&units, 0.1) + 0.85).abs() < 1e-15);
        assert!((percentile(&units, 0.9) - 0.775).abs() < 1e-15);
        assert_eq!(percentile(&[0.3], 0.9), 0.3);
    }
}
