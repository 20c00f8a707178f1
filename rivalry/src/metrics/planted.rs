//! Evidence with planted truths, for tests: every sample has a place on a
//! circle of circumference 1, and a model is wrong on an arc. So accuracies are
//! the lengths of arcs, and overlapping arcs are shared errors.

use crate::metrics::{
    BranchCurves, Curves, Design, Ending, Evidence, FeatureFacts, Measurements, Metrics, ModelOutputs, Part,
    PartOutputs, Study, Trial, aggregate, measure_trial,
};
use crate::num::{Draws, Matrix, Purpose};
use crate::stats::Bootstrap;

/// Where a model is wrong: from here, for so long.
pub(crate) type Arc = (f64, f64);

/// One modality of the plan.
#[derive(Clone)]
pub(crate) struct Planted {
    pub(crate) name: &'static str,
    pub(crate) alone: Arc,
    pub(crate) probe_alone: Arc,
    pub(crate) probe_joint: Arc,
    /// Another arc for the network alone on test rows: a shortcut.
    pub(crate) alone_test: Option<Arc>,
}

/// What to plant.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) modalities: Vec<Planted>,
    pub(crate) joint: Arc,
    /// Which modality carries the joint logits of a class in a training.
    pub(crate) winner: fn(u64, usize) -> usize,
    /// Rows of train, valid, test.
    pub(crate) rows: [usize; 3],
    pub(crate) n_classes: usize,
    pub(crate) n_seeds: u64,
    pub(crate) design: Design,
    pub(crate) embeddings: bool,
    /// Whether modalities of one sample share their place and their strength.
    pub(crate) paired: bool,
    /// Whether those of a given split's test rows do.
    pub(crate) test_paired: bool,
    /// Final (training, validation) loss of networks alone and of the joint one.
    pub(crate) losses: Option<[(f64, f64); 2]>,
    pub(crate) rms_seen: Option<Vec<f64>>,
}

impl Planted {
    /// A modality whose encoder is as good jointly as alone.
    pub(crate) fn new(name: &'static str, wrong: Arc) -> Self {
        Self { name, alone: wrong, probe_alone: wrong, probe_joint: wrong, alone_test: None }
    }
}

impl Plan {
    /// Two modalities, ten classes, one given split of 600/200/400 rows, ten seeds.
    pub(crate) fn new(modalities: Vec<Planted>, joint: Arc) -> Self {
        Self {
            modalities,
            joint,
            winner: |_, _| 0,
            rows: [600, 200, 400],
            n_classes: 10,
            n_seeds: 10,
            design: Design::GivenSplit,
            embeddings: true,
            paired: true,
            test_paired: true,
            losses: None,
            rms_seen: None,
        }
    }

    /// The evidence.
    pub(crate) fn evidence(&self) -> Evidence {
        let n: usize = self.rows.iter().sum();
        let mut draws = Draws::new(1, Purpose::new("planted labels"), 0);
        let labels: Vec<u32> = (0..n).map(|_| draws.below(self.n_classes) as u32).collect();
        let features = self.rms_seen.as_ref().map_or_else(Vec::new, |sizes| {
            let one =
                |rms: &f64| FeatureFacts { n_features: 4, n_constant: 0, rms_given: *rms, rms_seen: *rms };
            sizes.iter().map(one).collect()
        });
        let study = Study {
            modality_names: self.modalities.iter().map(|m| m.name.to_owned()).collect(),
            class_names: (0..self.n_classes).map(|c| format!("class {c}")).collect(),
            labels,
            groups: None,
            design: self.design,
            features,
        };
        let trials =
            self.splits().into_iter().map(|(seed, fold, parts)| self.trial(&study, seed, fold, parts));
        Evidence { trials: trials.collect(), study }
    }

    /// Branches of which the first learns and starves the others from epoch 2.
    fn readings(&self) -> Vec<BranchCurves> {
        let one = |b: usize| BranchCurves {
            residual_ratio: if b == 0 { vec![1.0, 0.9, 0.8] } else { vec![0.9, 0.4, 0.1] },
            discrepancy_ratio: if b == 0 { vec![1.0, 2.0, 3.0] } else { vec![1.0, 0.5, 0.3] },
            train_accuracy: if b == 0 { vec![0.3, 0.6, 0.9] } else { vec![0.2, 0.3, 0.3] },
            gradient_cosine: if b == 0 { vec![1.0, 0.9, 0.8] } else { vec![0.8, 0.1, -0.3] },
            gradient_ratio: if b == 0 { vec![1.0, 0.8, 0.6] } else { vec![0.9, 0.3, 0.0] },
            fisher_trace: if b == 0 { vec![1.0, 2.0, 3.0] } else { vec![1.0, 1.0, 0.5] },
        };
        (0..self.modalities.len()).map(one).collect()
    }

    fn splits(&self) -> Vec<(u64, usize, [Vec<u32>; 3])> {
        let n: u32 = self.rows.iter().sum::<usize>() as u32;
        let all: Vec<u32> = (0..n).collect();
        let cut = |order: &[u32], test: std::ops::Range<usize>| {
            let rest: Vec<u32> = [&order[..test.start], &order[test.end..]].concat();
            let (valid, train) = rest.split_at(rest.len() / 5);
            [train.to_vec(), valid.to_vec(), order[test].to_vec()]
        };
        let mut splits = Vec::new();
        for seed in 0..self.n_seeds {
            let order = Draws::new(seed, Purpose::new("planted split"), 0).permutation(n as usize);
            match self.design {
                Design::GivenSplit => {
                    let [train, valid, _] = self.rows;
                    let parts = [&all[..train], &all[train..train + valid], &all[train + valid..]];
                    splits.push((seed, 0, parts.map(<[u32]>::to_vec)));
                }
                Design::Folds { k } => {
                    let size = n as usize / k;
                    let folds =
                        (0..k).map(|f| f * size..if f + 1 == k { n as usize } else { (f + 1) * size });
                    splits.extend(folds.enumerate().map(|(f, test)| (seed, f, cut(&order, test))));
                }
                Design::HoldOut => splits.push((seed, 0, cut(&order, 0..self.rows[2]))),
            }
        }
        splits
    }

    fn trial(&self, study: &Study, seed: u64, fold: usize, parts: [Vec<u32>; 3]) -> Trial {
        let outputs = |arcs: &[(usize, Arc, Option<Arc>)], embeddings: &[(usize, Arc)]| {
            Part::ALL.map(|part| {
                let rows = &parts[part as usize];
                let logits = |(modality, arc, test): &(usize, Arc, Option<Arc>)| {
                    let arc = if part == Part::Test { test.unwrap_or(*arc) } else { *arc };
                    self.matrix(study, seed, rows, *modality, arc)
                };
                let embedding =
                    |(modality, arc): &(usize, Arc)| self.matrix(study, seed, rows, *modality, *arc);
                PartOutputs {
                    logits: arcs.iter().map(logits).collect(),
                    embeddings: if self.embeddings {
                        embeddings.iter().map(embedding).collect()
                    } else {
                        vec![]
                    },
                    predicted: vec![],
                }
            })
        };
        let model =
            |modalities: Vec<usize>, strategy: &str, [train, valid, test]: [PartOutputs; 3], joint: usize| {
                let ends = self.losses.map(|losses| losses[joint]);
                ModelOutputs {
                    modalities,
                    strategy: strategy.to_owned(),
                    ended: Ending::Completed,
                    train,
                    valid,
                    test,
                    curves: Curves {
                        train_loss: ends
                            .map_or_else(Vec::new, |e| vec![2.0, e.0 + 0.001 * (seed << joint) as f64]),
                        valid_loss: ends
                            .map_or_else(Vec::new, |e| vec![2.1, e.1 + 0.001 * (seed << joint) as f64]),
                        branches: if joint == 1 { self.readings() } else { vec![] },
                        ..Curves::default()
                    },
                }
            };
        let mut models = Vec::new();
        for (m, planted) in self.modalities.iter().enumerate() {
            let parts = outputs(&[(m, planted.alone, planted.alone_test)], &[(m, planted.probe_alone)]);
            models.push(model(vec![m], "unimodal", parts, 0));
        }
        let all: Vec<usize> = (0..self.modalities.len()).collect();
        let arcs: Vec<_> = all.iter().map(|m| (*m, self.joint, None)).collect();
        let probes: Vec<_> = self.modalities.iter().enumerate().map(|(m, p)| (m, p.probe_joint)).collect();
        let mut joint = outputs(&arcs, &probes);
        // Only the winner of a class speaks; the others keep a whisper of it.
        for (part, rows) in joint.iter_mut().zip(&parts) {
            for (m, logits) in part.logits.iter_mut().enumerate() {
                for (i, row) in rows.iter().enumerate() {
                    let class = study.labels[*row as usize] as usize;
                    let speaks = (self.winner)(seed, class) == m;
                    logits.row_mut(i).iter_mut().for_each(|z| *z *= if speaks { 1.0 } else { 0.05 });
                }
            }
        }
        models.push(model(all, "naive", joint, 1));
        let [train, valid, test] = parts;
        Trial { seed, repeat: seed, fold, train, valid, test, models }
    }

    /// Scores that are right off the arc (by a wide margin) and wrong on it (by
    /// a narrow one), stronger for some samples than for others.
    fn matrix(&self, study: &Study, seed: u64, rows: &[u32], modality: usize, arc: Arc) -> Matrix<f32> {
        let mut out = Matrix::zeros(rows.len(), self.n_classes);
        for (i, row) in rows.iter().enumerate() {
            let label = study.labels[*row as usize] as usize;
            let mut draws = Draws::new(seed, Purpose::new("planted noise"), *row);
            let is_test = *row as usize >= self.rows[0] + self.rows[1];
            let paired = self.paired && (self.test_paired || !is_test);
            let step = if paired || modality == 0 { 0.618_033_988_749_895 } else { 0.414_213_562_373_095 };
            let place = f64::from(*row) * step + 0.004 * (draws.uniform() - 0.5);
            let wrong = (place - arc.0).rem_euclid(1.0) < arc.1;
            let whose = if paired { 0 } else { modality as u64 };
            let mut strength = Draws::new(whose, Purpose::new("planted strength"), *row);
            let strength = 1.0 + 0.45 * strength.normal().clamp(-2.0, 2.0);
            let (class, size) = if wrong { ((label + 1) % self.n_classes, 1.0) } else { (label, 4.0) };
            out.row_mut(i)[class] = (size * strength) as f32;
        }
        out
    }
}

/// Bootstrap settings that keep the tests quick.
pub(crate) fn quick() -> Bootstrap {
    Bootstrap { replicates: 1000, ..Bootstrap::default() }
}

/// Checks, measures and aggregates.
pub(crate) fn measured(evidence: &Evidence) -> Measurements {
    assert_eq!(evidence.check(), Ok(()));
    let metrics = Metrics::all();
    let trials = evidence.trials.iter().map(|t| measure_trial(&evidence.study, t, &[], &metrics)).collect();
    aggregate(&evidence.study, trials, &metrics, quick())
}
