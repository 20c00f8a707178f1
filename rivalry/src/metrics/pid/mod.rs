//! What two modalities say about the label apart, twice and only together:
//! partial information decomposition (Bertschinger et al., 2014; Liang et al.,
//! NeurIPS 2023).
//!
//! Symbols are what the networks trained alone predict on test rows (default), or
//! clusters of principal components of the features. Of more than two modalities each
//! is decomposed against the rest: the prediction of the mean probabilities of the other networks, or
//! clusters of their features side by side.
//!
//! Plug-in information is biased upwards, synergy most of all: with ten symbols on either side and ten
//! classes, two thousand rows of nothing have a third of a bit. So each part stands beside its mean under
//! shuffles of the labels (`..._null`), and the information itself is corrected by Miller and Madow. What
//! the number of symbols is decides much of the answer.

mod broja;

use crate::metrics::outputs::{self, Fused};
use crate::metrics::{Direction, Metric, Need, Part, Quantity, Reading, Scale, Sheet, Subject, cites};
use crate::num::{Draws, Matrix, Purpose};
use crate::registry::{Default, Entry, Knob, Range};
use crate::stats::clusters::{assign, k_means, principal_scores};

pub use broja::{Decomposition, How, Triples, TriplesError, decompose};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "pid",
    summary: "redundant, unique and synergistic information of each modality and the rest about the label",
    cites: &[cites::BERTSCHINGER2014, cites::LIANG2023, cites::MILLER1955],
    knobs: &[
        Knob {
            name: "symbols",
            default: Default::Word("predictions"),
            range: Range::OneOf(&["predictions", "clusters"]),
            meaning: "what the networks alone predict, or k-means clusters of the features' principal components",
        },
        Knob {
            name: "clusters",
            default: Default::Whole(10),
            range: Range::Between(2.0, 20.0),
            meaning: "symbols per side where they are clusters",
        },
        Knob {
            name: "shuffles",
            default: Default::Whole(2),
            range: Range::Between(1.0, 100.0),
            meaning: "shuffles of the labels per training and modality",
        },
        Knob {
            name: "largest",
            default: Default::Whole(20_000),
            range: Range::Between(8.0, 1e6),
            meaning: "cells of the table (symbols x symbols x classes) above which it is skipped",
        },
    ],
    build: |settings| {
        Box::new(Pid {
            clusters: (settings.word("symbols") == "clusters").then(|| settings.whole("clusters")),
            shuffles: settings.whole("shuffles"),
            largest: settings.whole("largest"),
        })
    },
};

const QUANTITIES: &[Quantity] = &[
    bits("pid_redundant", "information about the label that this modality and the rest both have"),
    bits("pid_unique", "information about the label that only this modality has"),
    bits(
        "pid_synergy",
        "information about the label that appears only when this modality and the rest are seen together",
    ),
    bits("pid_redundant_null", "the same redundant information after shuffling the labels: its bias"),
    bits("pid_unique_null", "the same unique information after shuffling the labels: its bias"),
    bits("pid_synergy_null", "the same synergy after shuffling the labels: its bias"),
    bits(
        "label_information",
        "information of this modality's symbols about the label, Miller-Madow corrected",
    ),
    bits(
        "label_information_with_rest",
        "information of both sides' symbols about the label, Miller-Madow corrected",
    ),
];

const fn bits(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "bits", scale: Scale::Free, direction: Direction::Neither, definition }
}

const LABELS: Purpose = Purpose::new("pid label shuffles");
/// Principal components that are clustered.
const COMPONENTS: usize = 10;
/// Bits that ten steps must still change: far below any bias.
const QUICK: How = How { tolerance: 1e-6, max_steps: 500 };
const QUICKER: How = How { tolerance: 1e-4, max_steps: 100 };

struct Pid {
    clusters: Option<usize>,
    shuffles: usize,
    largest: usize,
}

impl Metric for Pid {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions, Need::Features]
    }

    fn cost(&self) -> &'static str {
        "per modality a convex problem over symbols x symbols x K cells, and one per shuffle"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        for modality in 0..trial.n_modalities() {
            match self.decomposed(trial, modality) {
                Ok(values) => {
                    for (quantity, value) in QUANTITIES.iter().zip(values) {
                        sheet.number(quantity.name, Subject::Modality(modality), value);
                    }
                }
                Err(why) => {
                    for quantity in QUANTITIES {
                        sheet.missing(quantity.name, Subject::Modality(modality), why.clone());
                    }
                }
            }
        }
    }
}

impl Pid {
    /// The values of [`QUANTITIES`].
    fn decomposed(&self, trial: &Reading<'_>, modality: usize) -> Result<[f64; 8], String> {
        if trial.n_modalities() < 2 {
            return Err("there is only one modality".to_owned());
        }
        let labels = trial.labels(Part::Test);
        let n_symbols = self.clusters.unwrap_or(trial.n_classes());
        let sizes = [n_symbols, n_symbols, trial.n_classes()];
        let cells = sizes.iter().fold(1_usize, |all, size| all.saturating_mul(*size));
        let symbols = |modalities: &[usize]| match self.clusters {
            None => predicted(trial, modalities),
            Some(k) => clustered(trial, modalities, k),
        };
        if self.clusters.is_none() {
            for m in [modality].into_iter().chain(others(trial, modality)) {
                Fused::of(trial.alone(m)?, Part::Test)?;
            }
        }
        if cells > self.largest {
            return Err(format!(
                "{cells} cells are more than the knob `pid.largest` allows, {}",
                self.largest
            ));
        }
        let (own, rest) = (symbols(&[modality])?, symbols(&others(trial, modality))?);
        let triples = |labels: &[u32]| Triples::count(&own, &rest, labels, sizes).map_err(|e| e.to_string());
        let table = triples(labels)?;
        let found = decompose(&table, QUICK);
        let mut null = [0.0; 3];
        let mut draws = Draws::new(trial.trial.seed, LABELS, modality as u32);
        let mut shuffled = labels.to_vec();
        for _ in 0..self.shuffles {
            draws.shuffle(&mut shuffled);
            let parts = decompose(&triples(&shuffled)?, QUICKER);
            for (null, part) in null.iter_mut().zip([parts.redundant, parts.unique[0], parts.synergy]) {
                *null += part / self.shuffles as f64;
            }
        }
        let corrected = table.corrected_information();
        Ok([
            found.redundant,
            found.unique[0],
            found.synergy,
            null[0],
            null[1],
            null[2],
            corrected[0],
            corrected[2],
        ])
    }
}

fn others(trial: &Reading<'_>, modality: usize) -> Vec<usize> {
    (0..trial.n_modalities()).filter(|m| *m != modality).collect()
}

/// What the networks trained alone say together: the class of the largest mean probability, of
/// equals the first.
fn predicted(trial: &Reading<'_>, modalities: &[usize]) -> Result<Vec<usize>, String> {
    let mut total: Option<Matrix<f64>> = None;
    for modality in modalities {
        let logits = trial.fused(trial.alone(*modality)?, Part::Test)?;
        let p = outputs::softmax(&logits);
        match &mut total {
            None => total = Some(p),
            Some(total) => total.as_mut_slice().iter_mut().zip(p.as_slice()).for_each(|(t, p)| *t += p),
        }
    }
    let total = total.ok_or("there is no other modality")?;
    let largest = |r: usize| {
        let row = total.row(r);
        (0..row.len()).rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0)
    };
    Ok((0..total.rows()).map(largest).collect())
}

/// Clusters of the principal components of the features side by side, fitted on training rows
/// (or, without any, on test rows).
fn clustered(trial: &Reading<'_>, modalities: &[usize], k: usize) -> Result<Vec<usize>, String> {
    if trial.features.len() != trial.n_modalities() {
        return Err("the features are not at hand".to_owned());
    }
    let gather = |part: Part| {
        let rows = trial.trial.rows(part);
        let width: usize = modalities.iter().map(|m| trial.features[*m].cols()).sum();
        let mut values = Vec::with_capacity(rows.len() * width);
        for row in rows {
            for m in modalities {
                values.extend(trial.features[*m].row(*row as usize).iter().map(|x| f64::from(*x)));
            }
        }
        Matrix::from_vec(rows.len(), width, values)
    };
    let test = gather(Part::Test);
    let train = gather(Part::Train);
    let fit = if train.rows() > 0 { &train } else { &test };
    let seed = trial.trial.seed;
    let scores = principal_scores(fit.view(), fit.view(), COMPONENTS, seed);
    let found = k_means(scores.view(), k, seed).ok_or("there are no rows")?;
    let scores = principal_scores(fit.view(), test.view(), COMPONENTS, seed);
    Ok(assign(scores.view(), found.centres.view()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};
    use crate::metrics::{Metrics, Values, measure_trial};
    use crate::registry::Choice;

    #[test]
    fn overlapping_errors_are_redundant_and_others_unique() {
        let both = |a, b| {
            let mut plan = Plan::new(vec![Planted::new("a", a), Planted::new("b", b)], (0.0, 0.1));
            plan.n_seeds = 2;
            measured(&plan.evidence())
        };
        let of = |found: &crate::metrics::Measurements, name: &str, m: usize| {
            found.table.get(name, &Subject::Modality(m)).unwrap().value
        };
        // The same errors: whatever one says, the other says too.
        let same = both((0.0, 0.2), (0.0, 0.2));
        assert!(of(&same, "pid_redundant", 0) > 10.0 * of(&same, "pid_unique", 0));
        // One says nothing that the other does not, which errs less.
        let nested = both((0.0, 0.05), (0.0, 0.5));
        assert!(of(&nested, "pid_unique", 0) > 0.5 && of(&nested, "pid_unique", 1) < 0.1);
        for name in ["pid_redundant", "pid_synergy"] {
            assert!((of(&nested, name, 0) - of(&nested, name, 1)).abs() < 1e-4, "{name}");
        }
        let total = of(&nested, "pid_redundant", 0) + of(&nested, "pid_unique", 0);
        assert!((total - of(&nested, "label_information", 0)).abs() < 0.2, "{total}");
        // Shuffled labels have no information, and the table finds some: equal symbols
        // share it, others find synergy.
        assert!(of(&same, "pid_synergy_null", 0) < 1e-6 && of(&same, "pid_redundant_null", 0) > 0.1);
        let other = both((0.0, 0.3), (0.5, 0.3));
        assert!(of(&other, "pid_synergy_null", 0) > 0.1, "{}", of(&other, "pid_synergy_null", 0));
    }

    #[test]
    fn clusters_of_features_are_symbols_too() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.n_seeds = 1;
        plan.n_classes = 3;
        let evidence = plan.evidence();
        // The first modality's features are the label, the second's are nothing.
        let label = |r: usize| evidence.study.labels[r] as f32;
        let n = evidence.study.labels.len();
        let features = [
            Matrix::from_fn(n, 2, |r, c| if c == 0 { label(r) } else { 0.0 }),
            Matrix::from_fn(n, 2, |r, c| ((r * (c + 3)) % 7) as f32),
        ];
        let views: Vec<_> = features.iter().map(Matrix::view).collect();
        let metrics =
            Metrics::with(&[Choice::new("pid").with("symbols", "clusters").with("clusters", 3_i64)]).unwrap();
        let sheet = measure_trial(&evidence.study, &evidence.trials[0], &views, &metrics).sheet;
        let of = |name: &str, m: usize| match sheet.get(name, &Subject::Modality(m)) {
            Some(Values::Number(value)) => *value,
            other => panic!("{name}: {other:?}"),
        };
        assert!(of("pid_unique", 0) > 1.4 && of("pid_unique", 1) < 0.01 && of("pid_redundant", 0) < 0.1);
    }
}
