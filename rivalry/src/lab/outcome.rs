//! What a trial leaves behind: errors, alignments and winners, as plain
//! numbers. Holds no weights and no data.

use serde::{Deserialize, Serialize};

/// One draw of data and initial weights, with every network trained on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The seed of everything that was drawn.
    pub seed: u64,
    /// The network of each modality alone.
    pub unimodal: Vec<NetworkOutcome>,
    /// The network of all modalities together.
    pub joint: NetworkOutcome,
    /// Per modality: test error of its branch, taken out of the joint network
    /// with its own logits, without retraining (f^{r(T)} on the talk's slides).
    pub branch_test_errors: Vec<f64>,
    /// Test error of the averaged probabilities of the networks trained alone,
    /// if they were trained.
    pub ensemble_test_error: Option<f64>,
    /// Per class.
    pub classes: Vec<ClassOutcome>,
    /// Per modality: the largest alignment of a neuron of the joint network with
    /// the noise of a training sample, max |<w, xi_i>| / |xi_i|, at the end.
    pub noise_alignment: Vec<f64>,
}

/// How the training of one network ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkOutcome {
    /// Share of training samples with f_y <= f_j for some j: ties are errors.
    pub train_error: f64,
    /// Mean cross-entropy on the training samples, nats.
    pub train_loss: f64,
    /// Share of test samples with f_y <= f_j for some j.
    pub test_error: f64,
    /// How training ended.
    pub ended: TrialEnd,
    /// Flow time, or learning rate times updates, at the end.
    pub time: f64,
    /// Updates (accepted steps).
    pub updates: u64,
    /// Evaluations of the gradient.
    pub gradient_evaluations: u64,
}

/// How the training of a network in a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialEnd {
    /// Training error zero and the loss below its bound.
    Converged,
    /// Every class had a winner, and no more was asked for.
    Decided,
    /// Updates or time were used up before.
    NotConverged,
    /// A number left the finite ones.
    Diverged,
}

/// What happened to one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassOutcome {
    /// Per modality, d_{j,r}(D) = (1/n) sum over the samples of class j that
    /// are sufficient in r of (z_j^r)^q.
    pub strength: Vec<f64>,
    /// Per modality, Gamma_{j,r} = max_l [<w_{j,r,l}, M_j^r>]^+ at the start.
    pub gamma_initial: Vec<f64>,
    /// The same at the end of joint training.
    pub gamma_final: Vec<f64>,
    /// The same at the end of training alone.
    pub gamma_alone: Vec<f64>,
    /// Per modality, the largest alignment of the class's neurons with another
    /// class's feature at the end of joint training.
    pub off_label: Vec<f64>,
    /// Flow time at which the first modality reached beta, the linear part of
    /// the smoothed ReLU, and which one it was.
    pub decided: Option<Decision>,
    /// Mean of 1 - p_y over the class's training samples at the end of joint
    /// training: what is left to train any modality of this class with.
    pub residual: f64,
    /// Per modality: test error of the joint network's branch on this class.
    pub branch_test_errors: Vec<f64>,
}

/// The moment in which a class was won.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Flow time.
    pub time: f64,
    /// The modality that was first.
    pub modality: usize,
}

/// Who learned a class in joint training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winner {
    /// One modality alone.
    Modality(usize),
    /// More than one.
    Shared,
    /// None.
    Nobody,
}

impl ClassOutcome {
    /// Who learned the class. A modality has learned it when its Gamma reached
    /// beta, where the smoothed ReLU becomes a line: our reading of "won".
    pub fn winner(&self, beta: f64) -> Winner {
        let mut learned = (0..self.gamma_final.len()).filter(|r| self.gamma_final[*r] >= beta);
        match (learned.next(), learned.next()) {
            (Some(r), None) => Winner::Modality(r),
            (Some(_), Some(_)) => Winner::Shared,
            (None, _) => Winner::Nobody,
        }
    }
}

impl Outcome {
    /// Whether all of its networks converged (or were stopped when decided).
    pub fn is_complete(&self) -> bool {
        self.unimodal
            .iter()
            .chain([&self.joint])
            .all(|network| matches!(network.ended, TrialEnd::Converged | TrialEnd::Decided))
    }

    /// Classes that modality `r` did not learn jointly.
    pub fn lost(&self, r: usize, beta: f64) -> usize {
        self.classes.iter().filter(|class| class.gamma_final[r] < beta).count()
    }
}
