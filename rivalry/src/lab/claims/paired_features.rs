//! Uni-modal features are for networks trained apart, paired ones for a network that sees all
//! modalities at once; sums of logits have no use for paired ones.

use super::settings::with;
use super::{Claim, DU, Experiment, Found, Judgement, Size, Source, complete, meets};
use crate::lab::outcome::Outcome;
use crate::lab::race::LEVEL;
use crate::lab::theory::paired::{BEST_ADDITIVE, alone_error, crossover};
use crate::registry::Entry;
use crate::stats::{Estimate, student_mean};

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "paired_features",
    summary: "uni-modal features favour networks trained apart (UME), paired features one that sees both modalities; \
              which of the two is better turns at a small share of paired classes, and never for late fusion",
    cites: &[DU],
    knobs: &[],
    build: |_| Box::new(PairedFeatures),
};

struct PairedFeatures;

/// Shares of paired classes.
const SHARES: [&str; 3] = ["0", "0.5", "1"];
const LATE: &str = "late";
const EARLY: &str = "early";

fn name(fusion: &str, share: &str) -> String {
    format!("share {share} of paired classes, {fusion} fusion")
}

impl Claim for PairedFeatures {
    fn source(&self) -> Source {
        Source {
            place: "Du et al. 2023, abstract (uni-modal and paired features; UME or joint training by their mix); \
                    XOR of two modalities, the errors and the crossover are our derivation",
            quoted: false,
        }
    }

    fn rule(&self) -> &'static str {
        "K = 4, mu = (0.04, 0.005), strengths (1, 0.4), no off-label features. All classes paired: each modality alone \
         errs 1/2 + (mu/2)(K-2)/(K-1) +- 0.03, late fusion and the ensemble 1/2 +- 0.05, early fusion less than the 1/4 \
         that any sum of logits errs. Ensemble minus late fusion: below 0 and not under -mu_1 without paired classes, half \
         of that +- 0.02 at half of them, 0 +- 0.05 at all. Ensemble minus early fusion: below 0 and not under -mu_1 \
         without, 1/2 - mu_1 - mu_2 +- 0.1 at all, zero on the way (line between 0 and 1/2) above 0 and at most \
         mu_1/(1/2 - mu_2) + 0.02"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        let at = |fusion: &str, share: &str| Experiment {
            name: name(fusion, share),
            setting: with(&[
                ("classes", "4"),
                ("n", "120"),
                ("n_test", "2000"),
                ("dim", "1000"),
                ("noise", "1"),
                ("mu.1", "0.04"),
                ("mu.2", "0.005"),
                ("strength.2", "0.4"),
                ("off_label_count", "0"),
                ("paired", share),
                ("fusion", fusion),
            ]),
            trials: size.trials(4, 24),
        };
        [LATE, EARLY].iter().flat_map(|fusion| SHARES.map(|share| at(fusion, share))).collect()
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, _) = found.of(&name(LATE, SHARES[0]));
        let mu: Vec<f64> = setting.data.modalities.iter().map(|modality| modality.mu).collect();
        let of = |fusion: &str, share: &str, value: &dyn Fn(&Outcome) -> Option<f64>| {
            let (complete, note) = complete(found.of(&name(fusion, share)).1);
            let values: Vec<f64> = complete.iter().filter_map(|outcome| value(outcome)).collect();
            (student_mean(&values, LEVEL), note)
        };
        let line = |what: String, predicted: Option<f64>, prediction: String, (measured, note), passed| {
            Judgement { what, prediction, predicted, passed, measurement: measured, note }
        };
        let band = |measured: &(Option<Estimate>, Option<String>), center: f64, around: f64| {
            meets(measured.0.as_ref(), center - around, center + around)
        };
        let joint = |outcome: &Outcome| Some(outcome.joint.test_error);
        let ensemble = |outcome: &Outcome| outcome.ensemble_test_error;
        let mut lines = Vec::new();
        for (r, mu) in mu.iter().enumerate() {
            let exact = alone_error(setting.n_classes(), *mu);
            let alone = of(LATE, "1", &|outcome| outcome.unimodal.get(r).map(|network| network.test_error));
            let passed = band(&alone, exact, 0.03);
            let what = format!("test error of modality {} alone, all classes paired", r + 1);
            lines.push(line(what, Some(exact), format!("{exact:.3}"), alone, passed));
        }
        for (who, value) in
            [("late fusion", &joint as &dyn Fn(&Outcome) -> Option<f64>), ("the ensemble", &ensemble)]
        {
            let error = of(LATE, "1", value);
            let passed = band(&error, 0.5, 0.05);
            let what = format!("test error of {who}, all classes paired");
            lines.push(line(
                what,
                Some(0.5),
                format!("0.5, never below {}", 1.0 - BEST_ADDITIVE),
                error,
                passed,
            ));
        }
        let early = of(EARLY, "1", &joint);
        let passed = early.0.as_ref().is_some_and(|error| error.below(1.0 - BEST_ADDITIVE));
        let what = "test error of early fusion, all classes paired".to_owned();
        lines.push(line(what, None, format!("below {}", 1.0 - BEST_ADDITIVE), early, passed));

        let gap = |outcome: &Outcome| Some(outcome.ensemble_test_error? - outcome.joint.test_error);
        let what = |fusion: &str, share: &str| {
            format!(
                "test error of the ensemble minus that of {fusion} fusion, share {share} of classes paired"
            )
        };
        // What joint training leaves unlearned costs at most the strong modality's insufficient samples.
        let lazy = |measured: &(Option<Estimate>, Option<String>)| {
            measured.0.as_ref().is_some_and(|gap| gap.below(0.0)) && meets(measured.0.as_ref(), -mu[0], 0.0)
        };
        let start = of(LATE, "0", &gap);
        let half = start.0.as_ref().map_or(f64::NAN, |start| start.value / 2.0);
        let passed = lazy(&start);
        lines.push(line(what(LATE, "0"), None, format!("from {} to below 0", -mu[0]), start, passed));
        let middle = of(LATE, "0.5", &gap);
        let passed = band(&middle, half, 0.02);
        let predicted = half.is_finite().then_some(half);
        let words = "half of that without paired classes: no crossover".to_owned();
        lines.push(line(what(LATE, "0.5"), predicted, words, middle, passed));
        let end = of(LATE, "1", &gap);
        let passed = band(&end, 0.0, 0.05);
        lines.push(line(what(LATE, "1"), Some(0.0), "0".to_owned(), end, passed));

        let start = of(EARLY, "0", &gap);
        let passed = lazy(&start);
        lines.push(line(what(EARLY, "0"), None, format!("from {} to below 0", -mu[0]), start, passed));
        let (end, predicted) = (of(EARLY, "1", &gap), 0.5 - mu[0] - mu[1]);
        let passed = band(&end, predicted, 0.1);
        lines.push(line(what(EARLY, "1"), Some(predicted), format!("{predicted:.3}"), end, passed));
        let (turn, limit) = (turns(found), mu[0] / (0.5 - mu[1]));
        let passed =
            turn.as_ref().is_some_and(|turn| turn.above(0.0)) && meets(turn.as_ref(), 0.0, limit + 0.02);
        lines.push(line(
            "share of paired classes from which early fusion errs less than the ensemble".to_owned(),
            None,
            format!("above 0, at most {limit:.3}"),
            (turn, None),
            passed,
        ));
        lines
    }
}

/// Where the line through the differences at the first two shares is zero, trial by trial.
fn turns(found: &Found<'_>) -> Option<Estimate> {
    let share: f64 = SHARES[1].parse().ok()?;
    let gaps = |share: &str| -> Vec<(u64, f64)> {
        let (complete, _) = complete(found.of(&name(EARLY, share)).1);
        let gap = |o: &Outcome| Some((o.seed, o.ensemble_test_error? - o.joint.test_error));
        complete.into_iter().filter_map(gap).collect()
    };
    let ends = gaps(SHARES[1]);
    let end = |seed: u64| ends.iter().find(|(of, _)| *of == seed).map(|(_, gap)| *gap);
    let turns: Vec<f64> =
        gaps(SHARES[0]).iter().filter_map(|(seed, start)| crossover(*start, end(*seed)?, share)).collect();
    student_mean(&turns, LEVEL)
}
