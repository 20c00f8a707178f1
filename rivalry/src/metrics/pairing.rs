//! Whether a modality's rows belong to the rows of the others beyond the class.
//!
//! The logits of the networks trained alone are centred within each class of
//! the test rows. What is left of two modalities of the same sample should
//! still agree (a slanted digit is slanted in every view). The statistic is the
//! sum over the other modalities of the RV coefficient with theirs, summed over
//! trials; the null shuffles the modality within classes. A large p value says
//! that no dependence was found, not that there is none.

use crate::metrics::{
    Direction, Metric, Need, Part, Quantity, Reading, Scale, Series, Sheet, Subject, Table, Values, cites,
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

const QUANTITIES: &[Quantity] = &[Quantity {
    name: "pairing_p",
    unit: "p value",
    scale: Scale::Free,
    direction: Direction::Neither,
    definition: "p value that this modality's test logits (trained alone, centred within classes) are unrelated to \
                 those of the other modalities, by shuffles within classes",
}];

/// What a trial leaves on its sheet: the statistic, then its value under every shuffle.
const STATISTIC: &str = "pairing_statistic";
/// Shuffles of the null; the smallest possible p value is 1 / (SHUFFLES + 1).
const SHUFFLES: usize = 199;
const SHUFFLE: Purpose = Purpose::new("pairing shuffles");
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
        let labels = trial.labels(Part::Test);
        let residuals: Result<Vec<Matrix<f64>>, String> =
            (0..trial.n_modalities()).map(|m| residual(trial, m, labels)).collect();
        for modality in 0..trial.n_modalities() {
            let subject = Subject::Modality(modality);
            match residuals.as_ref().map(|r| shuffled(trial, r, modality, labels)) {
                Ok(Some(values)) => sheet.replicates(STATISTIC, subject, values),
                Ok(None) => sheet.missing(STATISTIC, subject, "nothing varies within classes"),
                Err(why) => sheet.missing(STATISTIC, subject, why.clone()),
            }
        }
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        for modality in 0..series.study.modality_names.len() {
            let subject = Subject::Modality(modality);
            let mut total = vec![0.0; SHUFFLES + 1];
            let (mut n_trials, mut why) = (0, "there is nothing to measure it on".to_owned());
            for trial in series.trials {
                match trial.sheet.get(STATISTIC, &subject) {
                    Some(Values::Replicates(values)) => {
                        n_trials += 1;
                        total.iter_mut().zip(values).for_each(|(t, v)| *t += v);
                    }
                    Some(Values::Missing(reason)) => why.clone_from(reason),
                    _ => {}
                }
            }
            let measured = if n_trials == 0 {
                Err(why)
            } else {
                // Shuffles of rows that are all alike differ in the last digits only.
                let threshold = total[0] * (1.0 - 1e-9);
                let extreme = total[1..].iter().filter(|t| **t >= threshold).count();
                let p = (1 + extreme) as f64 / (SHUFFLES + 1) as f64;
                Ok(Estimate::without_interval(p, series.bootstrap.level, n_trials, "a p value"))
            };
            table.put("pairing_p", subject, measured);
        }
    }
}

/// Test logits of a network trained alone, at most [`COLUMNS`] columns, minus
/// their class means.
fn residual(trial: &Reading<'_>, modality: usize, labels: &[u32]) -> Result<Matrix<f64>, String> {
    let mut logits = trial.fused(trial.alone(modality)?, Part::Test)?;
    if logits.cols() > COLUMNS {
        let mut draws = Draws::new(0, PROJECTION, modality as u32);
        let projection = Matrix::from_fn(logits.cols(), COLUMNS, |_, _| draws.normal());
        logits = product(logits.view(), Op::Plain, projection.view(), Op::Plain);
    }
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
    let mut draws = Draws::new(trial.trial.seed, SHUFFLE, modality as u32);
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
