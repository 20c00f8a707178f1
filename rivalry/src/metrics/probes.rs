//! What the encoders know: the same probe on the encoder trained alone, on the
//! same modality's encoder in the joint network, on all joint encoders side by
//! side, and on the raw features.

use crate::metrics::probe::{Probe, Rows};
use crate::metrics::{
    Direction, Metric, ModelOutputs, Need, Part, Quantity, Reading, Scale, Series, Sheet, Subject, Table,
    cites, outputs,
};
use crate::num::{Matrix, MatrixView, special};
use crate::registry::{Default, Entry, Knob, Range};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "probe",
    summary: "what a linear probe reads from each encoder trained alone, trained jointly, and from raw features",
    cites: &[cites::ALAIN2017, cites::DU2023],
    knobs: &[Knob {
        name: "largest",
        default: Default::Whole(20_000_000),
        range: Range::Between(0.0, 1e9),
        meaning: "training values (rows x features x classes) above which a probe of side-by-side encoders or raw features is skipped",
    }],
    build: |settings| Box::new(Probes { largest: settings.whole("largest") }),
};

const QUANTITIES: &[Quantity] = &[
    share("probe_alone", "accuracy of a probe on the encoder of the network trained on this modality alone"),
    share("probe_in_joint", "accuracy of a probe on this modality's encoder in the joint network"),
    Quantity {
        name: "encoder_deficit",
        unit: "accuracy",
        scale: Scale::Difference(1.0),
        direction: Direction::Lower,
        definition: "probe on the encoder trained alone minus probe on the same modality's joint encoder",
    },
    share("fused_probe", "accuracy of a probe on all encoders of the joint network side by side"),
    share("raw_probe", "accuracy of a probe on the modality's standardised input features"),
    share("probe_alone_valid", "accuracy of that probe on validation rows, used for choosing"),
    share("probe_in_joint_valid", "accuracy of that probe on validation rows, used for choosing"),
    share("raw_probe_valid", "accuracy of that probe on validation rows, used for choosing"),
];

/// What a probe leaves on the sheet for [`crate::metrics`] that read information off
/// it: bits of cross-entropy per test row.
pub(super) const BITS_ALONE: &str = "probe_alone_bits";
pub(super) const BITS_IN_JOINT: &str = "probe_in_joint_bits";
pub(super) const BITS_RAW: &str = "raw_probe_bits";
pub(super) const BITS_FUSED: &str = "fused_probe_bits";
/// Accuracy of the side-by-side probe on validation rows, for choosing.
pub(super) const FUSED_VALID: &str = "fused_probe_valid";

const fn share(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "accuracy", scale: Scale::Share, direction: Direction::Higher, definition }
}

struct Probes {
    largest: usize,
}

/// What a probe got right: on test rows, and as a share of validation rows.
struct Probed {
    right: Vec<f32>,
    /// Per test row: -log2 of the probability of its label.
    bits: Vec<f32>,
    valid: Option<f64>,
}

impl Metric for Probes {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::TrainingOutputs, Need::ValidationOutputs, Need::Embeddings, Need::Features]
    }

    fn cost(&self) -> &'static str {
        "five logistic regressions per encoder and per modality: the costliest metric"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        for modality in 0..trial.n_modalities() {
            let subject = Subject::Modality(modality);
            let alone = trial.alone(modality).and_then(|model| on_encoder(trial, model, 0));
            let joint = trial.joint().and_then(|model| on_encoder(trial, model, modality));
            let deficit = match (&alone, &joint) {
                (Ok(a), Ok(j)) => Ok(a.right.iter().zip(&j.right).map(|(a, j)| a - j).collect()),
                (Err(why), _) | (_, Err(why)) => Err(why.clone()),
            };
            sheet.samples_or("encoder_deficit", subject.clone(), deficit);
            let raw = self.on_features(trial, modality);
            write(sheet, ["probe_alone", BITS_ALONE, "probe_alone_valid"], &subject, alone);
            write(sheet, ["probe_in_joint", BITS_IN_JOINT, "probe_in_joint_valid"], &subject, joint);
            write(sheet, ["raw_probe", BITS_RAW, "raw_probe_valid"], &subject, raw);
        }
        let fused = trial.joint().and_then(|model| self.side_by_side(trial, model));
        write(sheet, ["fused_probe", BITS_FUSED, FUSED_VALID], &Subject::Study, fused);
    }

    /// Chooses, on validation rows, the modality with the best probe on each
    /// side. Without validation rows each side keeps the best modality alone.
    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        for (choice, valid) in [
            ("best_probe_alone", "probe_alone_valid"),
            ("best_probe_in_joint", "probe_in_joint_valid"),
            ("best_raw_probe", "raw_probe_valid"),
        ] {
            let mut best: Option<(usize, f64)> = None;
            for modality in 0..series.study.modality_names.len() {
                let score = series.mean(valid, &Subject::Modality(modality));
                if let Some(score) = score.filter(|s| best.is_none_or(|(_, top)| *s > top)) {
                    best = Some((modality, score));
                }
            }
            let chosen = best.map(|(modality, _)| modality);
            if let Some(modality) = chosen.or_else(|| table.choice("best_alone", &Subject::Study)) {
                table.choose(choice, Subject::Study, modality);
            }
        }
    }
}

impl Probes {
    fn side_by_side(&self, trial: &Reading<'_>, model: &ModelOutputs) -> Result<Probed, String> {
        let join = |part: Part| -> Result<Matrix<f32>, String> {
            let embeddings = &model.outputs(part).embeddings;
            if embeddings.is_empty() && !trial.trial.rows(part).is_empty() {
                return Err("the embeddings were not kept".to_owned());
            }
            let width: usize = embeddings.iter().map(Matrix::cols).sum();
            let n_rows = trial.trial.rows(part).len();
            let mut joined = Vec::with_capacity(n_rows * width);
            for r in 0..n_rows {
                for matrix in embeddings {
                    joined.extend_from_slice(matrix.row(r));
                }
            }
            Ok(Matrix::from_vec(n_rows, width, joined))
        };
        let [train, valid, test] = [join(Part::Train)?, join(Part::Valid)?, join(Part::Test)?];
        self.affordable(trial, train.cols())?;
        probe(trial, train.view(), valid.view(), test.view())
    }

    fn on_features(&self, trial: &Reading<'_>, modality: usize) -> Result<Probed, String> {
        let features = trial.features.get(modality).ok_or("the features are not at hand")?;
        self.affordable(trial, features.cols())?;
        let gather = |part: Part| {
            let rows = trial.trial.rows(part);
            let mut values = Vec::with_capacity(rows.len() * features.cols());
            for row in rows {
                values.extend_from_slice(features.row(*row as usize));
            }
            Matrix::from_vec(rows.len(), features.cols(), values)
        };
        let [train, valid, test] = Part::ALL.map(gather);
        probe(trial, train.view(), valid.view(), test.view())
    }

    fn affordable(&self, trial: &Reading<'_>, width: usize) -> Result<(), String> {
        let size = trial.trial.train.len() * width * trial.n_classes();
        if size <= self.largest {
            return Ok(());
        }
        Err(format!("{size} training values are more than the knob `probe.largest` allows, {}", self.largest))
    }
}

/// The probe on one encoder, `position` being the modality's place in the model.
fn on_encoder(trial: &Reading<'_>, model: &ModelOutputs, position: usize) -> Result<Probed, String> {
    let of = |part: Part| -> Result<MatrixView<'_, f32>, String> {
        match model.outputs(part).embeddings.get(position) {
            Some(embeddings) => Ok(embeddings.view()),
            None if trial.trial.rows(part).is_empty() => Ok(MatrixView::new(&[], 0, 0)),
            None => Err("the embeddings were not kept".to_owned()),
        }
    };
    probe(trial, of(Part::Train)?, of(Part::Valid)?, of(Part::Test)?)
}

fn probe(
    trial: &Reading<'_>,
    train: MatrixView<'_, f32>,
    valid: MatrixView<'_, f32>,
    test: MatrixView<'_, f32>,
) -> Result<Probed, String> {
    if train.rows() == 0 || train.cols() == 0 {
        return Err("there is nothing to fit a probe on".to_owned());
    }
    let rows = |features, part| Rows { features, labels: trial.labels(part) };
    let fitted = Probe::select(rows(train, Part::Train), rows(valid, Part::Valid), trial.n_classes());
    let logits = fitted.logits(test);
    let right = outputs::right(&logits, trial.labels(Part::Test));
    let bits = bits(&logits, trial.labels(Part::Test));
    let valid_labels = trial.labels(Part::Valid);
    let valid = if valid_labels.is_empty() {
        None
    } else {
        outputs::share(&outputs::right(&fitted.logits(valid), valid_labels))
    };
    Ok(Probed { right, bits, valid })
}

fn write(sheet: &mut Sheet, names: [&'static str; 3], subject: &Subject, probed: Result<Probed, String>) {
    let [right, bits, valid] = names;
    match probed {
        Ok(probed) => {
            if let Some(share) = probed.valid {
                sheet.number(valid, subject.clone(), share);
            }
            sheet.samples(right, subject.clone(), probed.right);
            sheet.samples(bits, subject.clone(), probed.bits);
        }
        Err(why) => {
            sheet.missing(right, subject.clone(), why.clone());
            sheet.missing(bits, subject.clone(), why);
        }
    }
}

/// Cross-entropy of every row in bits.
fn bits(logits: &Matrix<f64>, labels: &[u32]) -> Vec<f32> {
    let one = |(row, label): (usize, &u32)| {
        let z = logits.row(row);
        let top = z.iter().fold(z[0], |top, z| top.max(*z));
        let total: f64 = z.iter().map(|z| special::exp(z - top)).sum();
        ((top + special::ln(total) - z[*label as usize]) / std::f64::consts::LN_2) as f32
    };
    labels.iter().enumerate().map(one).collect()
}
