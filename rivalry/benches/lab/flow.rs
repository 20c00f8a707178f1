//! Runs of the talk's network to the event that ends them, on arrays that all
//! contenders share.

use std::path::Path;

use rivalry::data::{Dataset, Modality, Split};
use rivalry::formats::{self, Limits};
use rivalry::num::Numbers;
use rivalry::record::Record;
use rivalry::registry::{Choice, Value};
use rivalry::spec::{Spec, Until};
use rivalry::train::{Trained, Unwatched, prepare, train};

/// A data set with its network, and the run that ended last.
pub(crate) struct Problem {
    data: Dataset,
    encoder: Choice,
    last: Option<Record>,
}

impl Problem {
    /// Reads `x1.npy`, `x2.npy` and `y.npy`. The last K rows are one per class,
    /// for the test part that a data set must have.
    pub(crate) fn load(folder: &str, [m, q, beta, sigma0]: [&str; 4]) -> Self {
        let folder = Path::new(folder);
        let limits = Limits::default();
        let modalities = ["x1", "x2"].map(|name| {
            let array = formats::read_matrix(&folder.join(format!("{name}.npy")), &limits);
            Modality::new(name, array.and_then(formats::Array::into_features).expect("a matrix"))
        });
        let labels = formats::read_list(&folder.join("y.npy"), &limits);
        let labels = labels.and_then(|labels| labels.into_labels(&limits)).expect("labels");
        let (n, n_classes) = (labels.codes().len() as u32, labels.class_names().len() as u32);
        let split = Split::Given {
            train: (0..n - n_classes).collect(),
            valid: None,
            test: (n - n_classes..n).collect(),
        };
        let encoder = Choice::new("smoothed_relu")
            .with("m", m.parse::<i64>().expect("m"))
            .with("q", q.parse::<i64>().expect("q"))
            .with("beta", beta.parse::<f64>().expect("beta"))
            .with("sigma0", sigma0.parse::<f64>().expect("sigma0"));
        let data = Dataset::new("lab", modalities.into(), labels, None, Some(split)).expect("valid data");
        Self { data, encoder, last: None }
    }

    fn spec(&self, solver: Choice, bound: &str, n_steps: u32) -> Spec {
        Spec {
            encoder: self.encoder.clone(),
            solver,
            epochs: Some(n_steps),
            patience: Some(0),
            until: Some(Until { train_loss: bound.parse().expect("a bound") }),
            valid_share: 0.0,
            standardise: false,
            ..Spec::default()
        }
    }

    /// The initial weights, modality after modality.
    pub(crate) fn initial(&self) -> Vec<f32> {
        let job = self.spec(Choice::new("gradient_descent"), "1", 1).check(&self.data).expect("a valid spec");
        prepare::<f32>(&job, &self.data).model.init(job.spec().seed)
    }

    /// The weights in which the last run ended.
    pub(crate) fn last(&self) -> &[f32] {
        match &self.last.as_ref().expect("a run has ended").params {
            Numbers::F32(weights) => weights,
            Numbers::F64(_) => panic!("runs are in single precision"),
        }
    }

    /// Gradient flow: the loss that ends it, then knobs as `name=value`.
    pub(crate) fn flow(&mut self, words: &[&str]) -> serde_json::Value {
        let (bound, knobs) = words.split_first().expect("a bound");
        let solver = knobs.iter().fold(Choice::new("gradient_flow"), |solver, knob| {
            let (name, text) = knob.split_once('=').expect("name=value");
            let value: Value = match (text.parse::<f64>(), text.parse::<bool>()) {
                (Ok(number), _) => number.into(),
                (_, Ok(flag)) => flag.into(),
                _ => text.into(),
            };
            solver.with(name, value)
        });
        self.run(&self.spec(solver, bound, 10_000_000))
    }

    /// Gradient descent with a constant rate.
    pub(crate) fn descent(&mut self, eta: &str, bound: &str, n_steps: &str) -> serde_json::Value {
        let solver = Choice::new("gradient_descent").with("lr", eta.parse::<f64>().expect("a rate"));
        self.run(&self.spec(solver, bound, n_steps.parse().expect("a number of steps")))
    }

    fn run(&mut self, spec: &Spec) -> serde_json::Value {
        let job = spec.check(&self.data).expect("a valid spec");
        let Ok(Trained::Done(record)) = train(&job, &self.data, &[], None, &mut Unwatched) else {
            panic!("the run ends");
        };
        let last = |quantity| record.trajectory.get(quantity).last().copied();
        let answer = serde_json::json!({
            "ended": format!("{:?}", record.ended),
            "n_steps": record.cost.epochs,
            "gradient_evaluations": record.cost.gradient_evaluations,
            "flops": record.cost.flops,
            "time": last("time"),
            "train_loss": last("train_loss"),
            "train_error": last("train_error"),
        });
        self.last = Some(*record);
        answer
    }
}
