//! Is it worse, the same, or better, and could this study have seen it?
//!
//! Three probabilities against the region of practical equivalence, the tests
//! that readers ask for, and how large a difference or how many samples a study
//! of this size and disagreement needs. None of them is a verdict.

use crate::metrics::{
    Cells, Design, Direction, Metric, ModelKey, NAIVE, Need, Quantity, Scale, Series, Subject, Table, cites,
};
use crate::num::sums;
use crate::registry::{Default, Entry, Knob, Range};
use crate::stats::{
    Estimate, detectable_difference_over_seeds, mcnemar_exact, mcnemar_midp, mcnemar_samples, sign_flip,
};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "difference_tests",
    summary: "P(worse), P(same), P(better), McNemar and sign-flip tests of the gap, detectable difference, samples needed",
    cites: &[cites::MCNEMAR1947, cites::BENAVOLI2017],
    knobs: &[Knob {
        name: "rope",
        default: Default::Number(0.01),
        range: Range::Between(0.0, 0.5),
        meaning: "half width of the region of practical equivalence, a fraction",
    }],
    build: |settings| Box::new(DifferenceTests { rope: settings.number("rope") }),
};

const ALPHA: f64 = 0.05;
const POWER: f64 = 0.8;

const QUANTITIES: &[Quantity] = &[
    number(
        "p_worse",
        "probability",
        "probability that joint minus best alone lies below -ROPE; of a model: its drop",
    ),
    number("p_same", "probability", "probability that it lies within the ROPE"),
    number("p_better", "probability", "probability that it lies above ROPE"),
    number(
        "mcnemar_exact_p",
        "p value",
        "exact two-sided McNemar test of joint against best alone, one training each",
    ),
    number("mcnemar_midp", "p value", "the same with the observed outcome counted half"),
    number("sign_flip_p", "p value", "two-sided sign-flip test over trainings of joint minus best alone"),
    number(
        "discordance",
        "share",
        "share of test rows on which exactly one of joint and best alone is right, mean over trainings",
    ),
    number(
        "detectable_difference",
        "accuracy",
        "smallest difference that so many rows, trainings and discordant rows show with 80 % power at level 5 %",
    ),
    number(
        "samples_needed",
        "samples",
        "test rows that show a difference as large as the ROPE with 80 % power at level 5 %",
    ),
];

const fn number(name: &'static str, unit: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit, scale: Scale::Free, direction: Direction::Neither, definition }
}

struct DifferenceTests {
    rope: f64,
}

impl Metric for DifferenceTests {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions]
    }

    fn cost(&self) -> &'static str {
        "nothing beyond the drops, whose distributions it reads"
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let all: Vec<usize> = (0..series.study.modality_names.len()).collect();
        let Some(best) = table.choice("best_alone", &Subject::Study) else { return };
        let accuracy = |key: ModelKey| series.cells("accuracy", &Subject::Model(key));
        let (joint, alone) = (accuracy(ModelKey::new(&all, NAIVE)), accuracy(ModelKey::alone(best)));
        let network = Subject::Model(ModelKey::new(&all, NAIVE));
        for (model, drop) in series.drops(best) {
            let Some((found, n)) = drop.practical(self.rope) else { continue };
            if *model == Subject::Model(ModelKey::alone(best)) {
                continue;
            }
            let three = [("p_worse", found.p_worse), ("p_same", found.p_same), ("p_better", found.p_better)];
            // The joint network's difference is the study's gap.
            let also = (*model == network).then_some(Subject::Study);
            for subject in also.into_iter().chain([model.clone()]) {
                for (name, p) in three {
                    table.put(name, subject.clone(), Ok(bare(series, p, n, "a probability")));
                }
            }
        }
        if series.study.design != Design::HoldOut {
            self.tests(series, table, &joint, &alone);
        }
    }
}

impl DifferenceTests {
    fn tests(&self, series: &Series<'_>, table: &mut Table, joint: &Cells, alone: &Cells) {
        let (joint, alone) = (series.trainings(joint), series.trainings(alone));
        let pairs: Vec<_> = joint.iter().zip(&alone).filter(|(j, a)| j.rows == a.rows).collect();
        let Some((first, _)) = pairs.first() else { return };
        let n = first.rows.len();
        let count = |(joint, alone): &(&super::Training, &super::Training)| {
            let one = |which: fn(f32, f32) -> bool| {
                joint.values.iter().zip(&alone.values).filter(|(j, a)| which(**j, **a)).count() as u64
            };
            (one(|j, a| j > a), one(|j, a| j < a))
        };
        let counts: Vec<(u64, u64)> = pairs.iter().map(count).collect();
        let share = |c: &(u64, u64)| (c.0 + c.1) as f64 / n as f64;
        let discordance = counts.iter().map(share).sum::<f64>() / counts.len() as f64;
        let differences: Vec<f64> = counts.iter().map(|c| (c.0 as f64 - c.1 as f64) / n as f64).collect();
        let mut put = |name, value: Option<f64>, why: &str| {
            let measured = value.ok_or_else(|| why.to_owned());
            table.put(name, Subject::Study, measured.map(|v| bare(series, v, n, "a test's answer")));
        };
        put("discordance", Some(discordance), "");
        let grouped = series.study.groups.is_some();
        let one = (counts.len() == 1 && !grouped).then(|| counts[0]);
        let why = if grouped {
            "rows of one group are not independent"
        } else {
            "there are several trainings: see `sign_flip_p`"
        };
        put("mcnemar_exact_p", one.map(|c| mcnemar_exact(c.0, c.1)), why);
        put("mcnemar_midp", one.map(|c| mcnemar_midp(c.0, c.1)), why);
        let flips = (differences.len() > 1).then(|| sign_flip(&differences, series.bootstrap.seed)).flatten();
        put("sign_flip_p", flips.map(|f| f.p_value), "one training has no spread over trainings");
        let sd = if differences.len() > 1 { sums::variance(&differences).sqrt() } else { 0.0 };
        let detectable =
            detectable_difference_over_seeds(n as u64, discordance, sd, counts.len() as u64, ALPHA, POWER);
        put("detectable_difference", detectable, "the two are right and wrong on nearly the same rows");
        let needed = (self.rope > 0.0 && self.rope <= discordance)
            .then(|| mcnemar_samples(self.rope, discordance, ALPHA, POWER))
            .flatten();
        put("samples_needed", needed.map(|n| n as f64), "the two disagree on fewer rows than the ROPE");
    }
}

fn bare(series: &Series<'_>, value: f64, n: usize, what: &str) -> Estimate {
    Estimate::without_interval(value, series.bootstrap.level, n, what)
}
