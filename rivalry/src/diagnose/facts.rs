//! What the rules look at: the estimates by name, and how they are said.

use crate::diagnose::Thresholds;
use crate::diagnose::status::{Status, at_least_among, at_most_minus_among, stretch};
use crate::metrics::{ENSEMBLE, Measurements, ModelKey, NAIVE, Study, Subject};
use crate::stats::Estimate;

/// The measurements of a study as the rules read them.
pub(super) struct Facts<'a> {
    pub(super) study: &'a Study,
    pub(super) measured: &'a Measurements,
    pub(super) at: Thresholds,
}

/// Whether a condition holds, and the numbers that say so.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) status: Status,
    /// One sentence without a full stop.
    pub(super) line: String,
    /// The modality it is about, where a rule looks for one.
    pub(super) modality: Option<usize>,
}

impl Outcome {
    pub(super) fn new(status: Status, line: impl Into<String>) -> Self {
        Self { status, line: line.into(), modality: None }
    }

    pub(super) fn of(modality: usize, status: Status, line: impl Into<String>) -> Self {
        Self { status, line: line.into(), modality: Some(modality) }
    }
}

impl Facts<'_> {
    /// An estimate of the study as a whole.
    pub(super) fn study(&self, quantity: &str) -> Option<Estimate> {
        self.measured.table.get(quantity, &Subject::Study).ok()
    }

    /// An estimate of one modality.
    pub(super) fn modality(&self, quantity: &str, modality: usize) -> Option<Estimate> {
        self.measured.table.get(quantity, &Subject::Modality(modality)).ok()
    }

    /// Accuracy of the network trained on one modality.
    pub(super) fn alone(&self, modality: usize) -> Option<Estimate> {
        self.accuracy(ModelKey::alone(modality))
    }

    /// Accuracy of the network trained on one modality minus that of best alone.
    pub(super) fn drop_of_alone(&self, modality: usize) -> Option<Estimate> {
        let subject = Subject::Model(ModelKey::alone(modality));
        self.measured.table.get("drop_vs_best_unimodal", &subject).ok()
    }

    /// Accuracy of the joint network.
    pub(super) fn joint(&self) -> Option<Estimate> {
        self.accuracy(ModelKey::new(&self.modalities().collect::<Vec<_>>(), NAIVE))
    }

    /// Accuracy of the ensemble of the networks trained alone.
    pub(super) fn ensemble(&self) -> Option<Estimate> {
        self.accuracy(ModelKey::new(&self.modalities().collect::<Vec<_>>(), ENSEMBLE))
    }

    fn accuracy(&self, key: ModelKey) -> Option<Estimate> {
        self.measured.table.get("accuracy", &Subject::Model(key)).ok()
    }

    /// A modality chosen over all trials.
    pub(super) fn choice(&self, name: &str) -> Option<usize> {
        self.measured.table.choice(name, &Subject::Study)
    }

    /// All modalities.
    pub(super) fn modalities(&self) -> std::ops::Range<usize> {
        0..self.study.modality_names.len()
    }

    /// A modality's name in backticks.
    pub(super) fn name(&self, modality: usize) -> String {
        format!("`{}`", self.study.modality_names[modality])
    }

    /// The name of the best modality alone.
    pub(super) fn best_name(&self) -> String {
        self.choice("best_alone").map_or_else(|| "the best modality".to_owned(), |m| self.name(m))
    }

    /// Share of the most frequent class.
    pub(super) fn chance(&self) -> f64 {
        self.study("chance").map_or(1.0 / self.study.n_classes() as f64, |e| e.value)
    }

    /// How many of the two comparisons that show harm were made.
    fn harm_looks(&self) -> usize {
        ["gap", "headroom"].iter().filter(|quantity| self.study(quantity).is_some()).count()
    }

    /// Whether joint training loses to the best modality alone.
    pub(super) fn loses(&self) -> Outcome {
        let gap = self.study("gap");
        let line = format!("joint minus {} alone is {}", self.best_name(), points(gap.as_ref()));
        Outcome::new(at_most_minus_among(gap.as_ref(), self.at.rope, self.harm_looks()), line)
    }

    /// Whether joint training does harm: it loses, or the ensemble beats it.
    pub(super) fn harm(&self) -> Outcome {
        let loses = self.loses();
        let headroom = self.study("headroom");
        let beaten = at_least_among(headroom.as_ref(), self.at.rope, self.harm_looks());
        let said = format!("ensemble minus joint is {}", points(headroom.as_ref()));
        let line = match (loses.status >= Status::Likely, beaten >= Status::Likely) {
            (true, true) => format!("{}; {said}", loses.line),
            (false, true) => said,
            (true, false) => loses.line,
            (false, false) => format!("{}, and {said}", loses.line),
        };
        Outcome::new(loses.status.or(beaten), line)
    }

    /// The share of the gap that is encoder effect, if there is a loss to share.
    pub(super) fn encoder_share(&self) -> Option<f64> {
        let (gap, encoder) = (self.study("gap")?, self.study("encoder_effect")?);
        (gap.value < 0.0).then(|| encoder.value / gap.value)
    }

    /// Largest over smallest root mean square of the modalities' features, as
    /// the networks saw them and as given.
    pub(super) fn scale_ratios(&self) -> Option<(f64, f64)> {
        let ratio = |of: fn(&crate::metrics::FeatureFacts) -> f64| {
            let sizes = || self.study.features.iter().map(of);
            let (low, high) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max));
            (low > 0.0 && low.is_finite() && high.is_finite()).then(|| high / low)
        };
        Some((ratio(|f| f.rms_seen)?, ratio(|f| f.rms_given)?))
    }

    /// The smallest difference that a study of this size finds in 80 % of cases.
    pub(super) fn detectable(&self) -> Option<f64> {
        // The half-width of a 95 % interval is 1.96 standard errors; that at the level of several
        // looks so much more.
        let gap = self.study("gap")?;
        let half = gap.interval()?.width() / 2.0;
        let more = 1.96 * (stretch(gap.level, gap.n, self.harm_looks()) - 1.0);
        Some(half / 1.96 * (self.at.detect + more))
    }
}

/// A difference of accuracies in points: `-14.2 points [-22.1, -6.3]`.
pub(super) fn points(estimate: Option<&Estimate>) -> String {
    let Some(e) = estimate else { return "not measured".to_owned() };
    let text = e.percent(1);
    match text.split_once(" [") {
        Some((value, interval)) => format!("{} points [{interval}", signed(value, e.value)),
        None => format!("{} points (no interval)", signed(&text, e.value)),
    }
}

fn signed(text: &str, value: f64) -> String {
    if value > 0.0 && text != "0.0" { format!("+{text}") } else { text.to_owned() }
}

/// An accuracy in percent: `98.9 % [98.1, 99.4]`.
pub(super) fn percent(estimate: Option<&Estimate>) -> String {
    let Some(e) = estimate else { return "not measured".to_owned() };
    let text = e.percent(1);
    match text.split_once(" [") {
        Some((value, interval)) => format!("{value} % [{interval}"),
        None => format!("{text} %"),
    }
}
