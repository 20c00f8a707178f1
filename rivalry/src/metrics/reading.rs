//! One trial as metrics read it: its networks by role, labels and features.

use std::sync::OnceLock;

use crate::metrics::outputs::{self, Fused, Said};
use crate::metrics::{BranchCurves, ModelOutputs, NAIVE, Part, Study, Trial, UNIMODAL};
use crate::num::{Matrix, MatrixView};
use crate::strategies::ensemble::{fit_temperature, mean_probabilities};

/// What an ensemble says, and the temperatures of its networks.
type Ensemble = (Said, Vec<f64>);

/// A trial with its networks found by role.
pub struct Reading<'a> {
    /// What all trials share.
    pub study: &'a Study,
    /// The trial.
    pub trial: &'a Trial,
    /// The features of every sample, one matrix per modality, or none.
    pub features: &'a [MatrixView<'a, f32>],
    labels: [Vec<u32>; 3],
    /// What the plain and the tempered ensemble say and at which temperatures,
    /// once somebody asked.
    ensembles: [OnceLock<Result<Ensemble, String>>; 2],
}

impl<'a> Reading<'a> {
    /// Reads a trial that has passed [`Study::check_trial`].
    pub fn new(study: &'a Study, trial: &'a Trial, features: &'a [MatrixView<'a, f32>]) -> Self {
        let labels = Part::ALL.map(|part| study.labels_of(trial.rows(part)));
        Self { study, trial, features, labels, ensembles: Default::default() }
    }

    /// Number of modalities of the study.
    pub fn n_modalities(&self) -> usize {
        self.study.modality_names.len()
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.study.n_classes()
    }

    /// The labels of a part's rows.
    pub fn labels(&self, part: Part) -> &[u32] {
        &self.labels[part as usize]
    }

    /// The network trained on one modality, or why there is none.
    pub fn alone(&self, modality: usize) -> Result<&'a ModelOutputs, String> {
        self.find(&[modality], UNIMODAL)
    }

    /// The network trained on all modalities with the plain summed loss, or
    /// why there is none.
    pub fn joint(&self) -> Result<&'a ModelOutputs, String> {
        let all: Vec<usize> = (0..self.n_modalities()).collect();
        if all.len() < 2 {
            return Err("there is only one modality".to_owned());
        }
        self.find(&all, NAIVE)
    }

    /// The joint network, if its outputs are cut into one part per modality.
    pub fn joint_with_cut(&self) -> Result<&'a ModelOutputs, String> {
        let joint = self.joint()?;
        if joint.test.logits.len() == joint.modalities.len() {
            Ok(joint)
        } else {
            Err("the joint network's logits are not cut into modalities".to_owned())
        }
    }

    /// The class given to every row of a part, or why it is not known.
    pub fn predicted(&self, model: &ModelOutputs, part: Part) -> Result<Vec<u32>, String> {
        let given = &model.outputs(part).predicted;
        if !given.is_empty() {
            return Ok(given.clone());
        }
        let mut found = Vec::with_capacity(self.labels(part).len());
        Fused::of(model, part)?.tiles(|start, logits| {
            found.extend(outputs::predicted(logits, &self.labels(part)[start..start + logits.rows()]));
        });
        Ok(found)
    }

    /// Right (1) or wrong (0) for every row of a part, or why it is not known.
    pub fn right(&self, model: &ModelOutputs, part: Part) -> Result<Vec<f32>, String> {
        let (given, labels) = (&model.outputs(part).predicted, self.labels(part));
        if !given.is_empty() {
            return Ok(given.iter().zip(labels).map(|(g, l)| f32::from(u8::from(g == l))).collect());
        }
        let mut found = Vec::with_capacity(labels.len());
        Fused::of(model, part)?.tiles(|start, logits| {
            found.extend(outputs::right(logits, &labels[start..start + logits.rows()]));
        });
        Ok(found)
    }

    /// The joint network's logits per modality on training rows, or why there
    /// are none.
    pub fn training_cut(&self) -> Result<&'a [Matrix<f32>], String> {
        let joint = self.joint_with_cut()?;
        if self.trial.train.is_empty() {
            return Err("there are no training rows".to_owned());
        }
        if joint.train.logits.len() != joint.modalities.len() {
            return Err("the outputs on training rows were not kept".to_owned());
        }
        Ok(&joint.train.logits)
    }

    /// What was read off a modality's branch while the joint network trained, or why
    /// nothing was.
    pub fn branch_curves(&self, modality: usize) -> Result<&'a BranchCurves, String> {
        let joint = self.joint()?;
        let found = joint.curves.branches.get(modality).filter(|curves| !curves.residual_ratio.is_empty());
        found.ok_or_else(|| "the branches were not read while the joint network trained".to_owned())
    }

    /// The fused logits on a part, or why there are none.
    pub fn fused(&self, model: &ModelOutputs, part: Part) -> Result<Matrix<f64>, String> {
        outputs::fused(model.outputs(part)).ok_or_else(|| outputs::absent(model, part))
    }

    /// What the mean probabilities of the networks trained alone say of the test
    /// rows, each network as it is or at the temperature fitted on validation rows.
    pub(super) fn ensemble(&self, tempered: bool) -> Result<&Said, String> {
        self.kept_ensemble(tempered).map(|(said, _)| said)
    }

    /// These mean probabilities.
    pub(super) fn ensemble_probabilities(&self, tempered: bool) -> Result<Matrix<f64>, String> {
        let (_, temperatures) = self.kept_ensemble(tempered)?;
        let of = |modality| self.fused(self.alone(modality)?, Part::Test);
        let logits = (0..self.n_modalities()).map(of).collect::<Result<Vec<_>, _>>()?;
        let views: Vec<_> = logits.iter().map(Matrix::view).collect();
        Ok(mean_probabilities(&views, temperatures))
    }

    fn kept_ensemble(&self, tempered: bool) -> Result<&Ensemble, String> {
        let kept = &self.ensembles[usize::from(tempered)];
        kept.get_or_init(|| self.ask_ensemble(tempered)).as_ref().map_err(Clone::clone)
    }

    fn ask_ensemble(&self, tempered: bool) -> Result<Ensemble, String> {
        let (mut networks, mut temperatures) = (Vec::new(), Vec::new());
        for modality in 0..self.n_modalities() {
            let model = self.alone(modality)?;
            networks.push(Fused::of(model, Part::Test)?);
            temperatures.push(if tempered {
                let labels = self.labels(Part::Valid);
                if labels.is_empty() {
                    return Err("there are no validation rows to fit temperatures on".to_owned());
                }
                fit_temperature(self.fused(model, Part::Valid)?.view(), labels)
            } else {
                1.0
            });
        }
        let said = Said::together(&networks, &temperatures, self.labels(Part::Test));
        Ok((said, temperatures))
    }

    fn find(&self, modalities: &[usize], strategy: &str) -> Result<&'a ModelOutputs, String> {
        if let Some(model) = self.trial.model(modalities, strategy) {
            return Ok(model);
        }
        let what = self.study.name_of(modalities);
        let mut same =
            self.trial.models.iter().filter(|m| m.modalities == modalities && m.strategy == strategy);
        let fate = same.find_map(|m| m.ended.fate()).unwrap_or("was not trained");
        Err(format!("the network on {what} ({strategy}) {fate}"))
    }
}
