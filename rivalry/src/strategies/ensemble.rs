//! The uni-modal ensemble (UME of Du et al.): no joint training at all; the
//! class probabilities of the separately trained networks are averaged, plain
//! or after each network's temperature was fitted on the validation part.

use crate::model::loss;
use crate::num::{Matrix, MatrixView, Scalar, special};
use crate::registry::{Default, Entry, Knob, Range};
use crate::works;

use super::{Epoch, Fusing, NeededRun, Needs, Plan, Settle, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "ensemble",
        summary: "average the probabilities of the separately trained networks (UME)",
        cites: &[works::DU2023],
        knobs: &[Knob {
            name: "temperature",
            default: Default::Flag(false),
            range: Range::Switch,
            meaning: "fit each network's temperature on the validation part first",
        }],
        build: |settings| Box::new(Ensemble { scaled: settings.flag("temperature") }),
    }
}

struct Ensemble {
    scaled: bool,
}

impl<T: Scalar> Strategy<T> for Ensemble {
    fn needs(&self, modalities: &[String]) -> Needs {
        Needs { runs: NeededRun::each_alone(modalities), fuses: true, ..Needs::default() }
    }

    fn settle(&mut self, at: &Epoch<'_, T>, params: &mut [T]) -> Settle {
        at.copy_teachers(params);
        Settle::Go
    }

    fn plan(&mut self, _at: &Epoch<'_, T>) -> Plan {
        Plan { stop: true, ..Plan::default() }
    }

    fn fuse(&self, at: &Fusing<'_, T>) -> Option<Matrix<T>> {
        let outputs = at.outputs;
        let temperatures: Vec<f64> = match at.valid {
            Some((valid, labels)) if self.scaled && !labels.is_empty() => {
                valid.logits.iter().map(|z| fit_temperature(z.view(), labels)).collect()
            }
            _ => vec![1.0; outputs.logits.len()],
        };
        let views: Vec<_> = outputs.logits.iter().map(Matrix::view).collect();
        let mut scores = mean_probabilities(&views, &temperatures);
        // The logarithm, of which the softmax is the mean again; finite also where all are sure.
        let smallest = T::from_f64(1e-30);
        scores
            .as_mut_slice()
            .iter_mut()
            .for_each(|p| *p = if *p > smallest { p.ln() } else { smallest.ln() });
        Some(scores)
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/ensemble.py")
    }
}

/// The mean over networks of softmax(logits / temperature), n x K.
pub fn mean_probabilities<T: Scalar>(logits: &[MatrixView<'_, T>], temperatures: &[f64]) -> Matrix<T> {
    let (n, n_classes) = (logits[0].rows(), logits[0].cols());
    let mut mean = Matrix::zeros(n, n_classes);
    let mut probabilities = Matrix::zeros(n, n_classes);
    let mut log_norm = vec![T::ZERO; n];
    for (z, temperature) in logits.iter().zip(temperatures) {
        let cooler = T::from_f64(1.0 / temperature);
        let scaled = Matrix::from_fn(n, n_classes, |r, k| z.row(r)[k] * cooler);
        loss::softmax(scaled.view(), &mut probabilities.view_mut(), &mut log_norm);
        let share = T::from_f64(1.0 / logits.len() as f64);
        mean.as_mut_slice().iter_mut().zip(probabilities.as_slice()).for_each(|(m, p)| *m += share * *p);
    }
    mean
}

/// The temperature that minimises the mean cross-entropy of softmax(z / T)
/// (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017), between
/// 1/20 and 20, by golden-section search on ln T: the loss is convex in 1/T,
/// hence has one minimum in ln T.
pub fn fit_temperature<T: Scalar>(logits: MatrixView<'_, T>, labels: &[u32]) -> f64 {
    let loss_at = |log_t: f64| {
        let cooler = special::exp(-log_t);
        let scaled =
            Matrix::<f64>::from_fn(logits.rows(), logits.cols(), |r, k| logits.row(r)[k].to_f64() * cooler);
        loss::mean_cross_entropy(scaled.view(), labels)
    };
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-special::ln(20.0), special::ln(20.0));
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (loss_at(left), loss_at(right));
    while high - low > 1e-6 {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = loss_at(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = loss_at(right);
        }
    }
    special::exp(0.5 * (low + high))
}
