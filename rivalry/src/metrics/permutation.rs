//! How much the joint network needs a modality: accuracy lost when the
//! modality's rows are shuffled, over all test rows or within classes.
//!
//! Late fusion is additive, so a shuffle of rows is a shuffle of the modality's
//! logits, and the mean over all shuffles is the mean over all donors: every
//! row takes the logits of every row in turn. That is computed exactly up to
//! a limit on the number of donors; nothing is drawn below it.

use crate::metrics::{
    Direction, Metric, ModelOutputs, Need, Part, Quantity, Reading, Scale, Sheet, Subject, cites, outputs,
};
use crate::num::{Draws, Matrix, Purpose};
use crate::registry::{Default, Entry, Knob, Range};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "permutation",
    summary: "accuracy lost when one modality is shuffled over the test rows, or among rows of the same class",
    cites: &[cites::GAT2021],
    knobs: &[Knob {
        name: "donors",
        default: Default::Whole(1000),
        range: Range::Between(20.0, 1e6),
        meaning: "test rows that lend their values; with fewer test rows the mean over all shuffles is exact",
    }],
    build: |settings| Box::new(Permutation { donors: settings.whole("donors") }),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "permutation_drop",
        unit: "accuracy",
        scale: Scale::Difference(1.0),
        direction: Direction::Neither,
        definition: "joint accuracy minus its mean when this modality is shuffled over the test rows",
    },
    Quantity {
        name: "within_class_drop",
        unit: "accuracy",
        scale: Scale::Difference(1.0),
        direction: Direction::Neither,
        definition: "joint accuracy minus its mean when this modality is shuffled among test rows of the same \
                     class: what is lost is information in the pairing",
    },
];

const DONORS: Purpose = Purpose::new("permutation donors");

struct Permutation {
    donors: usize,
}

impl Metric for Permutation {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits]
    }

    fn cost(&self) -> &'static str {
        "n K M times the number of donors"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let joint = trial.joint_with_cut();
        for modality in 0..trial.n_modalities() {
            let subject = Subject::Modality(modality);
            let drops = joint.as_ref().map_err(Clone::clone).and_then(|m| self.drops(trial, m, modality));
            let (over_all, within) = match drops {
                Ok((over_all, within)) => (Ok(over_all), Ok(within)),
                Err(why) => (Err(why.clone()), Err(why)),
            };
            sheet.samples_or("permutation_drop", subject.clone(), over_all);
            sheet.samples_or("within_class_drop", subject, within);
        }
    }
}

impl Permutation {
    fn drops(
        &self,
        trial: &Reading<'_>,
        model: &ModelOutputs,
        modality: usize,
    ) -> Result<(Vec<f32>, Vec<f32>), String> {
        let labels = trial.labels(Part::Test);
        let fused = trial.fused(model, Part::Test)?;
        let own = model.test.logits[modality].map(f64::from);
        let right = outputs::right(&fused, labels);
        let mut draws = Draws::new(trial.trial.seed, DONORS, trial.trial.fold as u32);
        let mut by_class: Vec<Vec<u32>> = vec![Vec::new(); trial.n_classes()];
        for (row, label) in labels.iter().enumerate() {
            by_class[*label as usize].push(row as u32);
        }
        let all = self.choose((0..labels.len() as u32).collect(), &mut draws);
        let by_class: Vec<Vec<u32>> =
            by_class.into_iter().map(|rows| self.choose(rows, &mut draws)).collect();
        let mut rest = vec![0.0; trial.n_classes()];
        let (mut over_all, mut within) = (Vec::new(), Vec::new());
        for (row, label) in labels.iter().enumerate() {
            for (r, (f, o)) in rest.iter_mut().zip(fused.row(row).iter().zip(own.row(row))) {
                *r = f - o;
            }
            let class = *label as usize;
            over_all.push(right[row] - share_right(&rest, &own, &all, class));
            within.push(right[row] - share_right(&rest, &own, &by_class[class], class));
        }
        Ok((over_all, within))
    }

    /// All rows, or as many as the knob allows, drawn without replacement.
    fn choose(&self, mut rows: Vec<u32>, draws: &mut Draws) -> Vec<u32> {
        if rows.len() > self.donors {
            draws.shuffle(&mut rows);
            rows.truncate(self.donors);
        }
        rows
    }
}

/// Share of donors with whose logits the row is classified right.
fn share_right(rest: &[f64], donated: &Matrix<f64>, donors: &[u32], class: usize) -> f32 {
    let one = |donor: &&u32| {
        let logits = donated.row(**donor as usize);
        let own = rest[class] + logits[class];
        rest.iter().zip(logits).enumerate().all(|(k, (r, z))| k == class || r + z < own)
    };
    donors.iter().filter(one).count() as f32 / donors.len() as f32
}
