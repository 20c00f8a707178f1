//! Metrics: evidence -> measurements. Nothing here concludes; that is
//! `diagnose`.
//!
//! Every metric is one file and one line of [`METRICS`]. A metric sees one
//! trial at a time ([`Metric::measure`]) and leaves values on a [`Sheet`]; when
//! all trials are measured, what was left becomes estimates with intervals
//! ([`aggregate`]), and metrics that compare across trials add theirs
//! ([`Metric::derive`]). So trials can be measured in parallel and dropped.
//!
//! No metric returns a NaN: what cannot be measured says why.

mod accuracy;
pub mod audit;
pub mod blending;
mod branch;
mod by_class;
pub mod calibration;
mod cites;
mod class_association;
mod class_changes;
mod decomposition;
mod difference_tests;
mod discrepancy;
pub mod effective_rank;
pub mod emap;
mod evidence;
mod fisher;
mod gradients;
mod latent_quality;
mod learning_curves;
mod monitor;
mod needs;
mod outputs;
mod pairing;
mod permutation;
pub mod pid;
#[cfg(test)]
pub(crate) mod planted;
pub mod probe;
mod probes;
pub mod purity;
mod reading;
mod residual_ratio;
mod scores;
mod robustness;
mod series;
pub mod shapley;
mod sheet;
mod source_variance;
mod starvation;
#[cfg(test)]
mod tests;
mod trainings;
mod transfer;
pub mod usage;
mod utilisation;
mod v_information;
mod winners;

use std::collections::BTreeMap;

use crate::num::{MatrixView, parallel};
use crate::registry::{Choice, ChoiceError, Citation, Entry, find};
use crate::stats::Bootstrap;

pub use crate::model::meters;
pub use evidence::{
    AlignError, Answers, BranchCurves, Curves, Design, Ending, Evidence, EvidenceError, FeatureFacts, Files,
    FromFile, Given, GivenError, ModelOutputs, Part, PartOutputs, Study, Trial,
};
pub use monitor::{EpochReading, ModalityReading, ModalityStory, Watched, watch};
pub use needs::Need;
pub use reading::Reading;
pub use series::{Cells, Series, Training};
pub use sheet::{
    Direction, ENSEMBLE, Measured, ModelKey, NAIVE, Quantity, Scale, Sheet, Subject, TEMPERED_ENSEMBLE,
    Table, UNIMODAL, Values,
};
pub use trainings::{Course, ModelCurves, OneTraining};

/// Something that can be measured on evidence.
pub trait Metric: Send + Sync {
    /// The quantities it writes, on sheets or into the table.
    fn quantities(&self) -> &'static [Quantity];

    /// What must have been kept for all of its quantities.
    fn needs(&self) -> &'static [Need];

    /// What it costs per trial, in words: n test rows, K classes, M modalities.
    fn cost(&self) -> &'static str;

    /// Reads one trial and writes values; a pure function of the trial.
    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let _ = (trial, sheet);
    }

    /// Adds what needs all trials: comparisons with the best modality, counts
    /// over trainings. Runs in the order of [`METRICS`]; the estimates of
    /// everything on the sheets are already in the table.
    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let _ = (series, table);
    }
}

/// The drawer. A metric that reads another's estimates stands below it.
pub const METRICS: &[Entry<dyn Metric>] = &[
    accuracy::ENTRY,
    probes::ENTRY,
    branch::ENTRY,
    permutation::ENTRY,
    residual_ratio::ENTRY,
    transfer::ENTRY,
    scores::ENTRY,
    decomposition::ENTRY,
    difference_tests::ENTRY,
    learning_curves::ENTRY,
    winners::ENTRY,
    pairing::ENTRY,
    class_changes::ENTRY,
    class_association::ENTRY,
    shapley::ENTRY,
    utilisation::ENTRY,
    discrepancy::ENTRY,
    usage::ENTRY,
    calibration::ENTRY,
    pid::ENTRY,
    blending::ENTRY,
    starvation::ENTRY,
    gradients::ENTRY,
    fisher::ENTRY,
    robustness::ENTRY,
    v_information::ENTRY,
    latent_quality::ENTRY,
    effective_rank::ENTRY,
    purity::ENTRY,
    source_variance::ENTRY,
];

/// The metrics to apply, built with their settings.
pub struct Metrics(Vec<Box<dyn Metric>>);

impl Metrics {
    /// All of [`METRICS`] with their defaults.
    pub fn all() -> Self {
        Self::with(&[]).expect("defaults are allowed values")
    }

    /// All of [`METRICS`]; those named in `choices` with the knobs set there.
    pub fn with(choices: &[Choice]) -> Result<Self, Vec<ChoiceError>> {
        let unknown = choices.iter().filter_map(|choice| find("metric", METRICS, &choice.name).err());
        let mut errors: Vec<ChoiceError> = unknown.collect();
        let mut built = Vec::new();
        for entry in METRICS {
            let plain = Choice::new(entry.name);
            match entry.settle(choices.iter().find(|c| c.name == entry.name).unwrap_or(&plain)) {
                Ok(settings) => built.push((entry.build)(&settings)),
                Err(wrong) => errors.extend(wrong),
            }
        }
        if errors.is_empty() { Ok(Self(built)) } else { Err(errors) }
    }

    /// The works behind everything that was measured.
    pub fn cites(&self, measured: &Measurements) -> Vec<&'static Citation> {
        let found = |metric: &dyn Metric| {
            let own = |name: &str| metric.quantities().iter().any(|quantity| quantity.name == name);
            measured.table.iter().any(|(_, name, estimate)| estimate.is_ok() && own(name))
        };
        let used = METRICS.iter().zip(&self.0).filter(|(_, metric)| found(metric.as_ref()));
        used.flat_map(|(entry, _)| entry.cites).collect()
    }

    /// The quantities of these metrics, each with the works that it comes from.
    pub fn sourced(&self) -> impl Iterator<Item = (&'static Quantity, &'static [Citation])> {
        let pairs = self.0.iter().zip(METRICS);
        pairs.flat_map(|(metric, entry)| metric.quantities().iter().map(|quantity| (quantity, entry.cites)))
    }

    /// The quantities of these metrics, in order.
    pub fn quantities(&self) -> impl Iterator<Item = &'static Quantity> {
        self.0.iter().flat_map(|metric| metric.quantities())
    }

    /// The metrics, in the order of [`METRICS`].
    pub fn iter(&self) -> impl Iterator<Item = (&'static Entry<dyn Metric>, &dyn Metric)> {
        METRICS.iter().zip(self.0.iter().map(AsRef::as_ref))
    }
}

/// What was measured on one trial: small, and all that aggregation needs.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialMeasures {
    /// The trial's seed.
    pub seed: u64,
    /// Which repeat of the design.
    pub repeat: u64,
    /// Which fold of the repeat.
    pub fold: usize,
    /// Number of rows trained on.
    pub n_train: usize,
    /// Number of rows used for selection.
    pub n_valid: usize,
    /// Rows tested on.
    pub test: Vec<u32>,
    /// The values.
    pub sheet: Sheet,
    /// Learning curves of the networks that completed.
    pub curves: Vec<(ModelKey, Curves)>,
    /// Networks that diverged or did not converge, and are in no value.
    pub diverged: Vec<Diverged>,
}

/// A network that diverged, or did not reach what it was trained for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diverged {
    /// Which network.
    pub model: ModelKey,
    /// In the trial of this seed.
    pub seed: u64,
    /// In this fold.
    pub fold: usize,
    /// In this epoch.
    pub epoch: u32,
    /// `diverged` or `did not converge`.
    pub fate: &'static str,
    /// What left the finite numbers, or why training went no further.
    pub what: String,
}

/// All that is known of a study, as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurements {
    /// The estimates and choices.
    pub table: Table,
    /// Number of trials.
    pub n_trials: usize,
    /// Number of trainings of the whole design: seeds or repeats.
    pub n_trainings: usize,
    /// Number of different samples tested.
    pub n_samples: usize,
    /// Number of different samples tested of each class.
    pub class_sizes: Vec<usize>,
    /// Mean number of rows trained on.
    pub n_train: f64,
    /// Whether every trial had validation rows.
    pub has_valid: bool,
    /// Networks that diverged or did not converge, left out of every number.
    pub diverged: Vec<Diverged>,
    /// What every training showed, by subject.
    pub trainings: BTreeMap<Subject, Vec<OneTraining>>,
    /// Learning curves over all trainings, by model.
    pub curves: Vec<ModelCurves>,
}

/// Measures all trials of some evidence, which must have passed
/// [`Evidence::check`]; what needs features is not measured.
pub fn measure(evidence: &Evidence, metrics: &Metrics, bootstrap: Bootstrap) -> Measurements {
    let trials = parallel::map(bootstrap.threads, &evidence.trials, |_, trial| {
        measure_trial(&evidence.study, trial, &[], metrics)
    });
    aggregate(&evidence.study, trials, metrics, bootstrap)
}

/// Measures one trial. `features` holds the features of every sample, one
/// matrix per modality, or is empty where they are not at hand.
///
/// The trial must have passed [`Study::check_trial`].
pub fn measure_trial(
    study: &Study,
    trial: &Trial,
    features: &[MatrixView<'_, f32>],
    metrics: &Metrics,
) -> TrialMeasures {
    let reading = Reading::new(study, trial, features);
    let mut sheet = Sheet::default();
    for metric in &metrics.0 {
        metric.measure(&reading, &mut sheet);
    }
    let diverged = |model: &ModelOutputs| match &model.ended {
        Ending::Completed => None,
        Ending::Diverged { epoch, what } | Ending::NotConverged { epoch, why: what } => Some(Diverged {
            model: ModelKey::new(&model.modalities, &model.strategy),
            seed: trial.seed,
            fold: trial.fold,
            epoch: *epoch,
            fate: model.ended.fate().unwrap_or_default(),
            what: what.clone(),
        }),
    };
    TrialMeasures {
        seed: trial.seed,
        repeat: trial.repeat,
        fold: trial.fold,
        n_train: trial.train.len(),
        n_valid: trial.valid.len(),
        test: trial.test.clone(),
        sheet,
        curves: trial
            .models
            .iter()
            .filter(|model| model.ended == Ending::Completed)
            .map(|model| (ModelKey::new(&model.modalities, &model.strategy), model.curves.clone()))
            .collect(),
        diverged: trial.models.iter().filter_map(diverged).collect(),
    }
}

/// Turns the values of all trials into estimates. The order of the trials does
/// not matter.
pub fn aggregate(
    study: &Study,
    mut trials: Vec<TrialMeasures>,
    metrics: &Metrics,
    bootstrap: Bootstrap,
) -> Measurements {
    trials.sort_by_key(|t| (t.repeat, t.seed, t.fold));
    let series = Series::new(study, &trials, bootstrap);
    let mut asked: Vec<(&'static Quantity, &Subject)> = Vec::new();
    for quantity in metrics.quantities() {
        let mut subjects: Vec<&Subject> = trials
            .iter()
            .flat_map(|t| t.sheet.subjects().filter(|s| t.sheet.get(quantity.name, s).is_some()))
            .collect();
        subjects.sort_unstable();
        subjects.dedup();
        asked.extend(subjects.into_iter().map(|subject| (quantity, subject)));
    }
    // Each interval is bootstrapped from its own values with the same draws, so
    // they can be computed in any order.
    let estimates = parallel::map(bootstrap.threads, &asked, |_, (quantity, subject)| {
        let numbers = series.numbers(quantity.name, subject);
        if numbers.is_empty() {
            series.estimate(&series.cells(quantity.name, subject), quantity.scale)
        } else {
            series.estimate_numbers(&numbers, quantity.scale)
        }
    });
    let mut table = Table::default();
    for ((quantity, subject), measured) in asked.iter().zip(estimates) {
        table.put(quantity.name, (*subject).clone(), measured);
    }
    for metric in &metrics.0 {
        metric.derive(&series, &mut table);
    }
    let mut samples: Vec<u32> = trials.iter().flat_map(|t| t.test.iter().copied()).collect();
    samples.sort_unstable();
    samples.dedup();
    let mut class_sizes = vec![0; study.n_classes()];
    for row in &samples {
        class_sizes[study.labels[*row as usize] as usize] += 1;
    }
    let n_folds = if let Design::Folds { k } = study.design { k.max(1) } else { 1 };
    Measurements {
        table,
        n_trials: trials.len(),
        n_trainings: trials.len().div_ceil(n_folds),
        n_samples: samples.len(),
        class_sizes,
        n_train: trials.iter().map(|t| t.n_train).sum::<usize>() as f64 / trials.len().max(1) as f64,
        has_valid: trials.iter().all(|t| t.n_valid > 0),
        diverged: trials.iter().flat_map(|t| t.diverged.iter().cloned()).collect(),
        trainings: subjects_of(&trials)
            .into_iter()
            .map(|subject| (subject.clone(), trainings::trainings_of(study, &trials, &subject)))
            .filter(|(_, each)| !each.is_empty())
            .collect(),
        curves: trainings::curves_of(study, &trials),
    }
}

/// The models and modalities that something was written about.
fn subjects_of(trials: &[TrialMeasures]) -> Vec<Subject> {
    let is_told = |subject: &&Subject| matches!(subject, Subject::Model(_) | Subject::Modality(_));
    let mut subjects: Vec<Subject> =
        trials.iter().flat_map(|trial| trial.sheet.subjects().filter(is_told)).cloned().collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}
