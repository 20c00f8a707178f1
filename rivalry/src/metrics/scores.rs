//! Beside accuracy: balanced accuracy, macro-F1 and the area under the ROC
//! curve, for data whose classes are not equally frequent.
//!
//! None of them is a mean over samples, so each is written as pseudo-values (the
//! score plus n times what a sample contributes to it), whose mean is the score
//! and whose spread is that of the delta method; for the area under the curve it
//! is `DeLong`'s.

use crate::metrics::outputs::Fused;
use crate::metrics::{
    Direction, Metric, ModelKey, ModelOutputs, Need, Part, Quantity, Reading, Scale, Series, Sheet, Subject,
    Table, cites, outputs,
};
use crate::num::{Matrix, parallel};
use crate::registry::Entry;
use crate::stats::{auc, pseudo_values};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "scores",
    summary: "balanced accuracy, macro-F1 and area under the ROC curve of every network",
    cites: &[cites::DELONG1988],
    knobs: &[],
    build: |_| Box::new(Scores),
};

const SHARE: Scale = Scale::Linear(0.0, 1.0);
const DIFFERENCE: Scale = Scale::Linear(-1.0, 1.0);

const QUANTITIES: &[Quantity] = &[
    score(
        "balanced_accuracy",
        SHARE,
        "mean over classes of the share of a class's test rows that are right; a tie is an error",
    ),
    score(
        "macro_f1",
        SHARE,
        "mean over classes of 2 TP / (rows of the class + rows given to it) on test rows",
    ),
    score(
        "auc",
        SHARE,
        "area under the ROC curve on test rows; more than two classes: mean over classes of class against rest, by probability",
    ),
    score(
        "balanced_accuracy_drop",
        DIFFERENCE,
        "balanced accuracy minus that of the best modality alone; negative = worse",
    ),
    score("macro_f1_drop", DIFFERENCE, "macro-F1 minus that of the best modality alone; negative = worse"),
    score(
        "auc_drop",
        DIFFERENCE,
        "area under the ROC curve minus that of the best modality alone, paired as by DeLong; negative = worse",
    ),
];

/// Beyond so many classes one curve a class is neither cheap nor read.
const MANY_CLASSES: usize = 100;

/// Which drop belongs to which score.
const DROPS: [(&str, &str); 3] =
    [("balanced_accuracy", "balanced_accuracy_drop"), ("macro_f1", "macro_f1_drop"), ("auc", "auc_drop")];

const fn score(name: &'static str, scale: Scale, definition: &'static str) -> Quantity {
    let unit = if matches!(name.as_bytes(), [b'm', ..]) {
        "F1"
    } else if matches!(name.as_bytes(), [b'a', ..]) {
        "area"
    } else {
        "accuracy"
    };
    Quantity { name, unit, scale, direction: Direction::Higher, definition }
}

struct Scores;

impl Metric for Scores {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions]
    }

    fn cost(&self) -> &'static str {
        "n K log n a model"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        for model in &trial.trial.models {
            if model.ended.fate().is_none() {
                measure(trial, model, sheet);
            }
        }
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let Some(best) = table.choice("best_alone", &Subject::Study) else { return };
        let best = Subject::Model(ModelKey::alone(best));
        let models = series.models();
        let asked: Vec<_> =
            models.iter().flat_map(|model| DROPS.iter().map(move |drop| (model, drop))).collect();
        let measured = parallel::map(series.threads, &asked, |_, (model, (score, _))| {
            let own = series.cells(score, model);
            series.estimate(&own.minus(&series.cells(score, &best)), DIFFERENCE)
        });
        for ((model, (_, drop)), measured) in asked.into_iter().zip(measured) {
            // An ensemble's scores are its accuracy and its margins only.
            if measured.is_ok() {
                table.put(drop, model.clone(), measured);
            }
        }
    }
}

fn measure(trial: &Reading<'_>, model: &ModelOutputs, sheet: &mut Sheet) {
    let labels = trial.labels(Part::Test);
    let subject = Subject::Model(ModelKey::new(&model.modalities, &model.strategy));
    let single = |(value, influence): (f64, Vec<f64>)| -> Vec<f32> {
        pseudo_values(value, &influence).into_iter().map(|v| v as f32).collect()
    };
    let n_classes = trial.n_classes();
    let predicted = trial.predicted(model, Part::Test);
    let balanced = predicted.as_ref().map_err(Clone::clone);
    let balanced = balanced.map(|given| single(balanced_accuracy(given, labels, n_classes)));
    sheet.samples_or("balanced_accuracy", subject.clone(), balanced);
    let f1 = predicted.map(|given| single(macro_f1(&given, labels, n_classes)));
    sheet.samples_or("macro_f1", subject.clone(), f1);
    let area = Fused::of(model, Part::Test).and_then(|_| {
        if n_classes > MANY_CLASSES {
            return Err(format!("there are more than {MANY_CLASSES} classes"));
        }
        let found = mean_auc(&trial.fused(model, Part::Test)?, labels);
        found.map(single).ok_or_else(|| "some class is missing among the test rows".to_owned())
    });
    sheet.samples_or("auc", subject, area);
}

/// Mean recall over the classes that occur, with influence values.
fn balanced_accuracy(given: &[u32], labels: &[u32], n_classes: usize) -> (f64, Vec<f64>) {
    let mut size = vec![0.0; n_classes];
    let mut right = vec![0.0; n_classes];
    for (given, label) in given.iter().zip(labels) {
        size[*label as usize] += 1.0;
        right[*label as usize] += f64::from(u8::from(given == label));
    }
    let n_present = size.iter().filter(|n| **n > 0.0).count().max(1) as f64;
    let recall: Vec<f64> = right.iter().zip(&size).map(|(r, n)| if *n > 0.0 { r / n } else { 0.0 }).collect();
    let influence = given.iter().zip(labels).map(|(given, label)| {
        let (n, recall) = (size[*label as usize], recall[*label as usize]);
        let widen = if n > 1.0 { (n / (n - 1.0)).sqrt() } else { 0.0 };
        widen * (f64::from(u8::from(given == label)) - recall) / (n * n_present)
    });
    (recall.iter().sum::<f64>() / n_present, influence.collect())
}

/// Mean F1 over the classes that occur or are given, with influence values.
fn macro_f1(given: &[u32], labels: &[u32], n_classes: usize) -> (f64, Vec<f64>) {
    let mut both = vec![0.0; n_classes];
    let mut sum = vec![0.0; n_classes];
    for (given, label) in given.iter().zip(labels) {
        sum[*given as usize] += 1.0;
        sum[*label as usize] += 1.0;
        both[*label as usize] += f64::from(u8::from(given == label));
    }
    let n_present = sum.iter().filter(|n| **n > 0.0).count().max(1) as f64;
    let f1: Vec<f64> = both.iter().zip(&sum).map(|(b, n)| if *n > 0.0 { 2.0 * b / n } else { 0.0 }).collect();
    // F1 is a ratio of two sums: a row adds (2 t - F1 d) / D to it.
    let influence = given.iter().zip(labels).map(|(given, label)| {
        let (given, label) = (*given as usize, *label as usize);
        if given == label {
            (2.0 - 2.0 * f1[label]) / (sum[label] * n_present)
        } else {
            -(f1[label] / sum[label] + f1[given] / sum[given]) / n_present
        }
    });
    (f1.iter().sum::<f64>() / n_present, influence.collect())
}

/// The area for two classes; for more the mean of class against rest.
fn mean_auc(logits: &Matrix<f64>, labels: &[u32]) -> Option<(f64, Vec<f64>)> {
    let n_classes = logits.cols();
    if n_classes == 2 {
        let scores: Vec<f64> = (0..logits.rows()).map(|i| logits.row(i)[1] - logits.row(i)[0]).collect();
        let positive: Vec<bool> = labels.iter().map(|label| *label == 1).collect();
        return auc(&scores, &positive).map(|area| (area.value, area.influence));
    }
    let p = outputs::softmax(logits);
    let (mut value, mut influence) = (0.0, vec![0.0; labels.len()]);
    let mut scores = vec![0.0; labels.len()];
    for class in 0..n_classes {
        scores.iter_mut().enumerate().for_each(|(i, score)| *score = p.row(i)[class]);
        let positive: Vec<bool> = labels.iter().map(|label| *label as usize == class).collect();
        let area = auc(&scores, &positive)?;
        value += area.value / n_classes as f64;
        influence.iter_mut().zip(&area.influence).for_each(|(sum, i)| *sum += i / n_classes as f64);
    }
    Some((value, influence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Rows of class 0: right, right, wrong; of class 1: right, wrong -> 0.
        let (labels, given) = ([0, 0, 0, 1, 1], [0, 0, 1, 1, 0]);
        let (balanced, influence) = balanced_accuracy(&given, &labels, 3);
        assert!((balanced - 7.0 / 12.0).abs() < 1e-15);
        assert!(influence.iter().sum::<f64>().abs() < 1e-15);
        let (f1, influence) = macro_f1(&given, &labels, 3);
        assert!((f1 - 7.0 / 12.0).abs() < 1e-15);
        assert!(influence.iter().sum::<f64>().abs() < 1e-15);
    }

    #[test]
    fn influence_is_what_leaving_a_row_out_does() {
        let labels: Vec<u32> = (0..600).map(|i| (i * 7 % 11) % 3).collect();
        let given: Vec<u32> =
            (0..600).map(|i| if i % 4 == 0 { (i * 5 % 7) % 3 } else { labels[i as usize] }).collect();
        let without = |row: usize, of: &dyn Fn(&[u32], &[u32]) -> f64| {
            let keep = |values: &[u32]| -> Vec<u32> {
                values.iter().enumerate().filter(|(i, _)| *i != row).map(|(_, v)| *v).collect()
            };
            of(&keep(&given), &keep(&labels))
        };
        for row in [0, 4, 17, 300] {
            let (f1, influence) = macro_f1(&given, &labels, 3);
            let removed = f1 - without(row, &|g, l| macro_f1(g, l, 3).0);
            assert!((removed - influence[row]).abs() < 2e-5, "{removed} {}", influence[row]);
            let (balanced, influence) = balanced_accuracy(&given, &labels, 3);
            let removed = balanced - without(row, &|g, l| balanced_accuracy(g, l, 3).0);
            assert!((removed - influence[row]).abs() < 2e-5, "{removed} {}", influence[row]);
        }
    }
}
