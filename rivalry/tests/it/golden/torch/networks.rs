//! Forward passes, losses and gradients.

use rivalry::model::loss::{cross_entropy, mean_cross_entropy};
use rivalry::model::{LateFusion, Slice, Upstream, Workspace};
use rivalry::num::{Matrix, MatrixView};
use serde_json::Value;

use super::{assert_close, assert_tensors_close, cases, flat, inputs, network, numbers};

const TOLERANCE: f64 = 1e-12;

/// A cross-entropy and its gradient at the logits, times `factor`.
fn loss_at(
    logits: MatrixView<'_, f64>,
    labels: &[u32],
    weights: Option<&[f64]>,
    factor: f64,
) -> (f64, Matrix<f64>) {
    let mut gradient = Matrix::zeros(logits.rows(), logits.cols());
    let mut log_norm = vec![0.0; logits.rows()];
    let loss = cross_entropy(logits, labels, weights, factor, &mut gradient.view_mut(), &mut log_norm);
    (loss, gradient)
}

/// One case with its network, forwarded.
struct Forwarded {
    model: LateFusion<f64>,
    inputs: rivalry::model::Inputs<f64>,
    params: Vec<f64>,
    work: Workspace<f64>,
}

impl Forwarded {
    fn new(case: &Value) -> Self {
        let (model, inputs) = (network(case), inputs(case));
        let params = flat(&model, &case["params"]);
        let mut work = Workspace::new(&model, inputs.len());
        model.forward(&params, &Slice::all(&inputs), None, &mut work);
        Self { model, inputs, params, work }
    }

    fn gradient(&mut self, upstream: &Upstream<f64>) -> Vec<f64> {
        // Left-overs of an earlier step must be overwritten.
        let mut grad = vec![f64::NAN; self.model.n_params()];
        let source = Slice::all(&self.inputs);
        self.model.backward(&self.params, &source, upstream, &[], &mut self.work, &mut grad);
        grad
    }
}

fn check_case(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let mut at = Forwarded::new(case);
    for (b, branch) in at.model.branches().iter().enumerate() {
        let expected = numbers(&case["logits"][branch.name()]);
        assert_close(name, at.work.logits(b).contiguous().unwrap(), &expected, TOLERANCE);
    }
    let fused = at.work.fused().to_matrix();
    assert_close(name, fused.as_slice(), &numbers(&case["fused"]), TOLERANCE);
    let evaluated = mean_cross_entropy(fused.view(), &at.inputs.y);
    assert_close(name, &[evaluated], &[case["loss"].as_f64().unwrap()], TOLERANCE);

    let class_weights = numbers(&case["class_weights"]);
    let sample_weights: Vec<f64> = at.inputs.y.iter().map(|y| class_weights[*y as usize]).collect();
    for (prefix, weights) in [("", None), ("weighted_", Some(&sample_weights[..]))] {
        let (loss, gradient) = loss_at(fused.view(), &at.inputs.y, weights, 1.0);
        let expected = case[format!("{prefix}loss")].as_f64().unwrap();
        assert_close(name, &[loss], &[expected], TOLERANCE);
        let mut upstream = Upstream::new(&at.model, at.inputs.len());
        upstream.fused.add(gradient.view());
        let got = at.gradient(&upstream);
        assert_tensors_close(name, &at.model, &got, &case[format!("{prefix}grads")], TOLERANCE);
    }
}

// promise: P18
#[test]
fn one_modality_agrees_with_pytorch() {
    cases(include_str!("gradients_1.json")).iter().for_each(check_case);
}

// promise: P18
#[test]
fn two_modalities_agree_with_pytorch() {
    cases(include_str!("gradients_2.json")).iter().for_each(check_case);
}

// promise: P18
#[test]
fn three_modalities_agree_with_pytorch() {
    cases(include_str!("gradients_3.json")).iter().for_each(check_case);
}

// promise: P18
#[test]
fn auxiliary_losses_agree_with_pytorch() {
    for case in cases(include_str!("auxiliary.json")) {
        let name = case["name"].as_str().unwrap();
        let own_head = match case["on"].as_str().unwrap() {
            "own_head" => true,
            "branch" => false,
            other => panic!("unknown output `{other}`"),
        };
        let weight = case["weight"].as_f64().unwrap();
        let mut at = Forwarded::new(&case);
        let mut upstream = Upstream::new(&at.model, at.inputs.len());
        let (joint, gradient) = loss_at(at.work.fused(), &at.inputs.y, None, 1.0);
        assert_close(name, &[joint], &[case["joint_loss"].as_f64().unwrap()], TOLERANCE);
        upstream.fused.add(gradient.view());
        let mut total = joint;
        for (b, branch) in at.model.branches().iter().enumerate() {
            let logits = if own_head { at.work.own_logits(b) } else { at.work.logits(b) };
            let (own, gradient) = loss_at(logits, &at.inputs.y, None, weight);
            assert_close(name, &[own], &[case["own_losses"][branch.name()].as_f64().unwrap()], TOLERANCE);
            total += weight * own;
            let slot = if own_head { &mut upstream.own[b] } else { &mut upstream.branch[b] };
            slot.add(gradient.view());
        }
        assert_close(name, &[total], &[case["total_loss"].as_f64().unwrap()], TOLERANCE);
        let got = at.gradient(&upstream);
        assert_tensors_close(name, &at.model, &got, &case["grads"], TOLERANCE);
    }
}
