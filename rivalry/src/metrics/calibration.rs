//! Whether confidence means what it says, per network, and whether the joint
//! network is ever surer with less.
//!
//! ECE (Guo et al., ICML 2017) sorts test rows by confidence into bins of equal
//! mass and averages |accuracy - confidence|; classwise ECE (Kull et al., NeurIPS 2019)
//! does so for the probability of every class. Both are biased upwards in small samples, so
//! the debiased squared error of Kumar et al. (NeurIPS 2019) stands beside them.
//!
//! A confidence violation (Ma et al., CML, ICML 2023): the largest probability rises
//! when a modality is removed. Removed: its logits at their mean over the training
//! rows.

use crate::metrics::outputs::{self, Cut, Fused, Said};
use crate::metrics::{
    Direction, ENSEMBLE, Metric, ModelKey, Need, Part, Quantity, Reading, Scale, Sheet, Subject,
    TEMPERED_ENSEMBLE, cites,
};
use crate::num::{Matrix, MatrixView, sums};
use crate::registry::{Default, Entry, Knob, Range};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "calibration",
    summary: "calibration errors of every network and of the ensembles; how often less is surer",
    cites: &[cites::GUO2017, cites::KULL2019, cites::KUMAR2019, cites::MA2023],
    knobs: &[
        Knob {
            name: "bins",
            default: Default::Whole(15),
            range: Range::Between(2.0, 1000.0),
            meaning: "bins of equal mass",
        },
        Knob {
            name: "largest",
            default: Default::Whole(2_000_000),
            range: Range::Between(0.0, 1e9),
            meaning: "probabilities (rows x classes) above which the classwise error of a network is skipped",
        },
    ],
    build: |settings| {
        Box::new(Calibration { bins: settings.whole("bins"), largest: settings.whole("largest") })
    },
};

const QUANTITIES: &[Quantity] = &[
    error("ece", "expected calibration error: mean over bins of |accuracy - confidence| on test rows"),
    error("classwise_ece", "the same for the probability of every class, mean over classes"),
    error(
        "debiased_calibration_error",
        "root of the debiased squared calibration error over the same bins (0 where it is negative); bins of one \
         row are left out",
    ),
    Quantity {
        name: "confidence_violations",
        unit: "ratio",
        scale: Scale::Share,
        direction: Direction::Lower,
        definition: "share of test rows whose joint confidence rises when this modality's logits are put to their mean \
                     over the training rows; of the study: mean over modalities",
    },
];

const fn error(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "probability", scale: Scale::Share, direction: Direction::Lower, definition }
}

struct Calibration {
    bins: usize,
    largest: usize,
}

impl Metric for Calibration {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions, Need::ValidationOutputs, Need::Logits]
    }

    fn cost(&self) -> &'static str {
        "K sorts of n probabilities per network"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let labels = trial.labels(Part::Test);
        for model in trial.trial.models.iter().filter(|model| model.ended.fate().is_none()) {
            let scores = Fused::of(model, Part::Test);
            let said = scores.as_ref().map(|scores| Said::by(*scores, labels));
            let classwise = scores.as_ref().map_err(Clone::clone).and_then(|_| {
                self.fits(labels.len(), trial.n_classes())?;
                let p = outputs::softmax(&trial.fused(model, Part::Test)?);
                Ok(classwise_ece(p.view(), labels, self.bins))
            });
            let key = ModelKey::new(&model.modalities, &model.strategy);
            self.errors(key, said.as_ref().map_err(|why| (*why).clone()), classwise, sheet);
        }
        if trial.n_modalities() > 1 {
            let all: Vec<usize> = (0..trial.n_modalities()).collect();
            for (strategy, tempered) in [(ENSEMBLE, false), (TEMPERED_ENSEMBLE, true)] {
                let said = trial.ensemble(tempered);
                let classwise = said.as_ref().map_err(Clone::clone).and_then(|_| {
                    self.fits(labels.len(), trial.n_classes())?;
                    let p = trial.ensemble_probabilities(tempered)?;
                    Ok(classwise_ece(p.view(), labels, self.bins))
                });
                self.errors(ModelKey::new(&all, strategy), said, classwise, sheet);
            }
        }
        violations(trial, sheet);
    }
}

impl Calibration {
    /// Whether the classwise error of so many probabilities is asked for.
    fn fits(&self, n_rows: usize, n_classes: usize) -> Result<(), String> {
        let size = n_rows * n_classes;
        if size <= self.largest {
            return Ok(());
        }
        Err(format!(
            "{size} probabilities are more than the knob `calibration.largest` allows, {}",
            self.largest
        ))
    }

    fn errors(
        &self,
        key: ModelKey,
        said: Result<&Said, String>,
        classwise: Result<f64, String>,
        sheet: &mut Sheet,
    ) {
        let subject = Subject::Model(key);
        let found = said.map(|said| {
            let right: Vec<f64> = said.right.iter().map(|right| f64::from(*right)).collect();
            (ece(&said.confidence, &right, self.bins), debiased(&said.confidence, &right, self.bins))
        });
        sheet.number_or("ece", subject.clone(), found.clone().map(|(plain, _)| plain));
        sheet.number_or("classwise_ece", subject.clone(), classwise);
        sheet.number_or("debiased_calibration_error", subject, found.map(|(_, debiased)| debiased));
    }
}

fn violations(trial: &Reading<'_>, sheet: &mut Sheet) {
    let cut = Cut::of(trial);
    let n = trial.n_modalities();
    let mut mean: Option<Vec<f32>> = None;
    for modality in 0..n {
        let own = cut.as_ref().map_err(Clone::clone).map(|cut| {
            let with = confidences(&outputs::softmax(&cut.fused));
            let without = confidences(&outputs::softmax(&cut.without(modality)));
            with.iter()
                .zip(&without)
                .map(|(with, less)| f32::from(u8::from(less > with)))
                .collect::<Vec<f32>>()
        });
        if let Ok(own) = &own {
            let mean = mean.get_or_insert_with(|| vec![0.0; own.len()]);
            mean.iter_mut().zip(own).for_each(|(m, v)| *m += v / n as f32);
        }
        sheet.samples_or("confidence_violations", Subject::Modality(modality), own);
    }
    let mean = mean.ok_or_else(|| cut.err().unwrap_or_default());
    sheet.samples_or("confidence_violations", Subject::Study, mean);
}

fn confidences(p: &Matrix<f64>) -> Vec<f64> {
    (0..p.rows()).map(|r| p.row(r).iter().copied().fold(0.0, f64::max)).collect()
}

/// The bin of every value among `n_bins` of equal mass, from small to large:
/// floor(n_bins (rank - 1/2) / n) with the mean rank of ties, so that equal values share a bin
/// and the order of the rows says nothing.
pub fn equal_mass_bins(values: &[f64], n_bins: usize) -> Vec<usize> {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut bins = vec![0; n];
    let mut start = 0;
    while start < n {
        let mut stop = start + 1;
        while stop < n && values[order[stop]] == values[order[start]] {
            stop += 1;
        }
        // The middle of the places start .. stop, from 0, is (start + stop) / 2.
        let bin = (start + stop) * n_bins / (2 * n);
        order[start..stop].iter().for_each(|i| bins[*i] = bin.min(n_bins - 1));
        start = stop;
    }
    bins
}

/// One bin: rows, mean confidence, share of rows that are right.
struct Bin {
    n: f64,
    confidence: f64,
    right: f64,
}

fn bins(confidence: &[f64], right: &[f64], n_bins: usize) -> Vec<Bin> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); n_bins];
    for (i, bin) in equal_mass_bins(confidence, n_bins).into_iter().enumerate() {
        members[bin].push(i);
    }
    let one = |rows: &Vec<usize>| Bin {
        n: rows.len() as f64,
        confidence: sums::sum_by(rows.len(), |i| confidence[rows[i]]) / rows.len() as f64,
        right: sums::sum_by(rows.len(), |i| right[rows[i]]) / rows.len() as f64,
    };
    members.iter().filter(|rows| !rows.is_empty()).map(one).collect()
}

/// Expected calibration error over `n_bins` bins of equal mass: the mean over
/// rows of |accuracy - confidence| of their bin. `right` is 1 or 0 per row. 0 of no rows.
pub fn ece(confidence: &[f64], right: &[f64], n_bins: usize) -> f64 {
    let n = confidence.len().max(1) as f64;
    bins(confidence, right, n_bins).iter().map(|bin| bin.n / n * (bin.right - bin.confidence).abs()).sum()
}

/// The mean over classes of the calibration error of that class's probability.
/// `probabilities` is rows x classes.
pub fn classwise_ece(probabilities: MatrixView<'_, f64>, labels: &[u32], n_bins: usize) -> f64 {
    let n_classes = probabilities.cols();
    let of = |k: usize| {
        let p: Vec<f64> = (0..probabilities.rows()).map(|r| probabilities.row(r)[k]).collect();
        let is: Vec<f64> = labels.iter().map(|y| f64::from(u8::from(*y as usize == k))).collect();
        ece(&p, &is, n_bins)
    };
    sums::sum_by(n_classes, of) / n_classes.max(1) as f64
}

/// Root of the debiased squared calibration error (Kumar, Liang, Ma, NeurIPS
/// 2019, section 5.2): the mean of (accuracy - confidence)^2 - accuracy (1 - accuracy) / (n_b - 1)
/// over bins of more than one row, 0 where that is negative.
pub fn debiased(confidence: &[f64], right: &[f64], n_bins: usize) -> f64 {
    let found = bins(confidence, right, n_bins);
    let (mut total, mut n) = (0.0, 0.0);
    for bin in found.iter().filter(|bin| bin.n > 1.0) {
        let difference = bin.right - bin.confidence;
        total += bin.n * (difference * difference - bin.right * (1.0 - bin.right) / (bin.n - 1.0));
        n += bin.n;
    }
    if n > 0.0 { (total / n).max(0.0).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    #[test]
    fn ties_share_a_bin_and_bins_have_equal_mass() {
        assert_eq!(equal_mass_bins(&[0.1, 0.4, 0.2, 0.3], 2), [0, 1, 0, 1]);
        assert_eq!(equal_mass_bins(&[0.5; 5], 15), [7; 5]);
        assert_eq!(equal_mass_bins(&[0.9, 0.5, 0.5, 0.5, 0.1], 5), [4, 2, 2, 2, 0]);
        assert!(equal_mass_bins(&[], 15).is_empty());
    }

    #[test]
    fn errors_by_hand() {
        // Two bins: confidence 0.6 with half right, 0.9 with all right.
        let (confidence, right) = ([0.6, 0.6, 0.9, 0.9], [1.0, 0.0, 1.0, 1.0]);
        assert!((ece(&confidence, &right, 2) - 0.1).abs() < 1e-12);
        // Squared: (0.01 - 0.25 + 0.01) / 2 is negative.
        assert_eq!(debiased(&confidence, &right, 2), 0.0);
        assert_eq!((ece(&[], &[], 3), debiased(&[0.7], &[1.0], 3)), (0.0, 0.0));
    }

    #[test]
    fn every_network_has_its_errors() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.n_seeds = 2;
        let found = measured(&plan.evidence());
        for (key, n) in [(ModelKey::alone(0), 1), (ModelKey::new(&[0, 1], ENSEMBLE), 2)] {
            for quantity in ["ece", "classwise_ece", "debiased_calibration_error"] {
                let value = found.table.get(quantity, &Subject::Model(key.clone())).unwrap().value;
                assert!((0.0..0.5).contains(&value), "{n} {quantity}: {value}");
            }
        }
        // Logits of two unequal branches point the same way: less is less sure, or equal.
        let study = found.table.get("confidence_violations", &Subject::Study).unwrap().value;
        assert!(study < 0.2, "{study}");
    }
}
