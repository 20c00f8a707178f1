//! Whether a modality's rows belong to the rows of the others beyond the class.
//!
//! The logits of the networks trained alone are centred within each class of
//! the test rows. What is left of two modalities of the same sample should
//! still agree (a slanted digit is slanted in every view). The statistic is the
//! sum over the other modalities of the RV coefficient with theirs; the null
//! shuffles the modality within classes. A large p value says
//! that no dependence was found, not that there is none.
//!
//! Where the test rows were given, the same is asked of the validation rows, which come
//! from the training part: a dependence there that the test rows lack says that the test
//! rows are paired wrongly.

use crate::metrics::outputs::Fused;
use crate::metrics::{
    Design, Direction, Measured, Metric, Need, Part, Quantity, Reading, Scale, Series, Sheet, Subject, Table,
    Values, cites,
};
use crate::num::{Draws, Matrix, Op, Purpose, product};
use crate::registry::Entry;
use crate::stats::Estimate;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "pairing",
    summary: "whether paired rows of the modalities depend on each other beyond their class",
    cites: &[cites::ROBERT1976],
    knobs: &[],
    build: |_| Box::new(Pairing),
};

const QUANTITIES: &[Quantity] = &[
    p_value(
        "pairing_p",
        "p value that this modality's test logits (trained alone, centred within classes) are unrelated to those of \
         the other modalities, by shuffles within classes",
    ),
    p_value("pairing_p_valid", "the same p value on validation rows, where the test rows were given"),
];

const fn p_value(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "p value", scale: Scale::Free, direction: Direction::Neither, definition }
}

/// On which rows, under which name the p value stands in the table, under which the
/// statistic and its values under shuffles on a trial's sheet, and whose draws they take.
const ASKED: [(Part, &str, &str, Purpose); 2] = [
    (Part::Test, "pairing_p", "pairing_statistic", Purpose::new("pairing shuffles")),
    (
        Part::Valid,
        "pairing_p_valid",
        "pairing_statistic_valid",
        Purpose::new("pairing shuffles of validation rows"),
    ),
];

/// Shuffles of the null; the smallest possible p value is 1 / (SHUFFLES + 1).
const SHUFFLES: usize = 199;
/// Logits of more classes are projected at random on so many columns: a
/// shuffle costs columns squared.
const COLUMNS: usize = 16;
const PROJECTION: Purpose = Purpose::new("pairing projection");

struct Pairing;

impl Metric for Pairing {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions]
    }

    fn cost(&self) -> &'static str {
        "199 shuffles, each n K^2 M^2"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        if trial.n_modalities() < 2 {
            return;
        }
        for (part, _, name, purpose) in ASKED {
            if part == Part::Valid && trial.study.design != Design::GivenSplit {
                continue;
            }
            let labels = trial.labels(part);
            let residuals: Result<Vec<Matrix<f64>>, String> =
                (0..trial.n_modalities()).map(|m| residual(trial, m, part)).collect();
            for modality in 0..trial.n_modalities() {
                let subject = Subject::Modality(modality);
                let same_rows = part == Part::Test && trial.study.design == Design::GivenSplit;
                let seed = if same_rows { 0 } else { trial.trial.seed };
                let draws = Draws::new(seed, purpose, modality as u32);
                match residuals.as_ref().map(|r| shuffled(trial, r, modality, labels, draws)) {
                    Ok(Some(values)) => sheet.replicates(name, subject, values),
                    Ok(None) => sheet.missing(name, subject, "nothing varies within classes"),
                    Err(why) => sheet.missing(name, subject, why.clone()),
                }
            }
        }
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        for modality in 0..series.study.modality_names.len() {
            let subject = Subject::Modality(modality);
            for (part, quantity, name, _) in ASKED {
                let same_rows = part == Part::Test && series.study.design == Design::GivenSplit;
                table.put(quantity, subject.clone(), combined_p(series, &subject, name, same_rows));
            }
        }
    }
}

/// One p value of all trials. Trials that test the same rows are not independent: where all
/// test the same, every shuffle is the same in each and the sum over trials is as
/// good as one trial. Otherwise trials of one repeat (disjoint rows) are
/// summed, and the p value is twice the median over repeats, which holds under
/// any dependence between them.
fn combined_p(series: &Series<'_>, subject: &Subject, name: &str, same_rows: bool) -> Measured {
    let mut why = "there is nothing to measure it on".to_owned();
    let mut sums: Vec<(u64, Vec<f64>)> = Vec::new();
    let mut n_trials = 0;
    for trial in series.trials {
        match trial.sheet.get(name, subject) {
            Some(Values::Replicates(values)) => {
                n_trials += 1;
                let group = if same_rows { 0 } else { trial.repeat };
                match sums.iter_mut().find(|(of, _)| *of == group) {
                    Some((_, total)) => total.iter_mut().zip(values).for_each(|(t, v)| *t += v),
                    None => sums.push((group, values.clone())),
                }
            }
            Some(Values::Missing(reason)) => why.clone_from(reason),
            _ => {}
        }
    }
    let mut p: Vec<f64> = sums.iter().map(|(_, total)| p_of(total)).collect();
    p.sort_by(f64::total_cmp);
    let p = match p.len() {
        0 => return Err(why),
        1 => p[0],
        n => (p[(n - 1) / 2] + p[n / 2]).min(1.0),
    };
    Ok(Estimate::without_interval(p, series.bootstrap.level, n_trials, "a p value"))
}

/// Share of shuffles, the data as they are among them, with at least their statistic.
fn p_of(values: &[f64]) -> f64 {
    // Shuffles of rows that are all alike differ in the last digits only.
    let threshold = values[0] * (1.0 - 1e-9);
    let extreme = values[1..].iter().filter(|t| **t >= threshold).count();
    (1 + extreme) as f64 / values.len() as f64
}

/// Logits of a network trained alone on the rows of a part, at most [`COLUMNS`] columns, minus
/// their class means.
fn residual(trial: &Reading<'_>, modality: usize, part: Part) -> Result<Matrix<f64>, String> {
    let labels = trial.labels(part);
    let network = trial.alone(modality)?;
    let mut logits = if trial.n_classes() > COLUMNS {
        let mut draws = Draws::new(0, PROJECTION, modality as u32);
        let projection = Matrix::from_fn(trial.n_classes(), COLUMNS, |_, _| draws.normal());
        let mut projected = Matrix::zeros(labels.len(), COLUMNS);
        Fused::of(network, part)?.tiles(|start, tile| {
            let rows = product(tile.view(), Op::Plain, projection.view(), Op::Plain);
            let place = start * COLUMNS..start * COLUMNS + rows.as_slice().len();
            projected.as_mut_slice()[place].copy_from_slice(rows.as_slice());
        });
        projected
    } else {
        trial.fused(network, part)?
    };
    let mut means = Matrix::<f64>::zeros(trial.n_classes(), logits.cols());
    let mut counts = vec![0.0_f64; trial.n_classes()];
    for (row, label) in labels.iter().enumerate() {
        counts[*label as usize] += 1.0;
        means.row_mut(*label as usize).iter_mut().zip(logits.row(row)).for_each(|(m, z)| *m += z);
    }
    for (row, label) in labels.iter().enumerate() {
        let count = counts[*label as usize];
        let mean = means.row(*label as usize);
        logits.row_mut(row).iter_mut().zip(mean).for_each(|(z, m)| *z -= m / count);
    }
    Ok(logits)
}

/// The statistic, then its values under shuffles of the modality within classes; `None` where
/// a modality does not vary within classes.
fn shuffled(
    trial: &Reading<'_>,
    residuals: &[Matrix<f64>],
    modality: usize,
    labels: &[u32],
    mut draws: Draws,
) -> Option<Vec<f64>> {
    let sizes: Vec<f64> = residuals.iter().map(|r| square_norm(r, r).sqrt()).collect();
    let scale = residuals.iter().flat_map(Matrix::as_slice).fold(0.0_f64, |a, z| a.max(z.abs()));
    // Two classes' logits differ by rounding even where they are constant.
    if sizes.iter().any(|size| *size <= 1e-12 * scale * scale) {
        return None;
    }
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); trial.n_classes()];
    for (row, label) in labels.iter().enumerate() {
        members[*label as usize].push(row as u32);
    }
    let own = &residuals[modality];
    let statistic = |own: &Matrix<f64>| -> f64 {
        let others = (0..residuals.len()).filter(|m| *m != modality);
        others.map(|m| square_norm(own, &residuals[m]) / (sizes[modality] * sizes[m])).sum()
    };
    let mut values = vec![statistic(own)];
    let mut order: Vec<u32> = (0..labels.len() as u32).collect();
    for _ in 0..SHUFFLES {
        for rows in &members {
            let mut taken = rows.clone();
            draws.shuffle(&mut taken);
            for (row, from) in rows.iter().zip(taken) {
                order[*row as usize] = from;
            }
        }
        values.push(statistic(&own.gather(&order)));
    }
    Some(values)
}

/// Squared Frobenius norm of a' b.
fn square_norm(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    product(a.view(), Op::Transposed, b.view(), Op::Plain).as_slice().iter().map(|x| x * x).sum()
}
