//! Where modalities meet, and classes that only all of them together tell apart.

use rivalry::lab::{Outcome, TrialEnd};

use super::{small, trial, trials};

/// The network that is read off is the one that was trained: its loss, computed from
/// the weights cut by modality, is the loss at which the loop ended the run.
#[test]
fn an_early_network_is_read_off_as_it_was_trained() {
    for precision in ["f32", "f64"] {
        let setting =
            small(&[("fusion", "early"), ("modalities", "3"), ("dim.2", "70"), ("precision", precision)]);
        for seed in 0..3 {
            let outcome = trial(&setting, seed);
            assert_eq!(outcome.joint.ended, TrialEnd::Converged);
            assert_eq!(outcome.joint.train_error, 0.0);
            let loss = outcome.joint.train_loss;
            assert!((0.99 * 0.05..=1.000_01 * 0.05).contains(&loss), "{loss}");
            assert_eq!((outcome.unimodal.len(), outcome.branch_test_errors.len()), (3, 3));
            for class in &outcome.classes {
                assert_eq!((class.gamma_final.len(), class.gamma_alone.len()), (3, 3));
            }
        }
    }
}

/// A neuron that sees all modalities cannot freeze one out: all features of a class grow
/// in the same neuron. In late fusion one modality takes most classes.
#[test]
fn early_fusion_learns_a_class_in_all_modalities() {
    let learned = |fusion: &str| {
        let setting = small(&[("fusion", fusion), ("sigma0", "1e-5"), ("mu", "0"), ("m", "10")]);
        let outcomes = trials(&setting, 0, 6);
        let classes = outcomes.iter().flat_map(|outcome| &outcome.classes);
        let counts =
            classes.map(|class| class.gamma_final.iter().filter(|gamma| **gamma >= setting.beta).count());
        counts.map(|count| count as f64).sum::<f64>() / 18.0
    };
    assert!(learned("early") > 1.9);
    assert!(learned("late") < 1.3);
}

/// Networks alone are the same whatever they are compared with. (Their test errors are
/// counted on noise that is drawn together with that of the joint network.)
#[test]
fn fusion_changes_nothing_for_networks_alone() {
    let alone = |outcome: &Outcome| -> Vec<(f64, f64, u64)> {
        outcome.unimodal.iter().map(|n| (n.train_loss, n.time, n.gradient_evaluations)).collect()
    };
    assert_eq!(alone(&trial(&small(&[("fusion", "early")]), 2)), alone(&trial(&small(&[]), 2)));
    let one = small(&[("modalities", "1"), ("fusion", "early")]);
    assert_eq!(trial(&one, 2), trial(&small(&[("modalities", "1")]), 2));
}

/// Alone a modality guesses within the pair; sums of logits do too; neurons that see both
/// do better.
#[test]
fn paired_classes_are_told_apart_by_early_fusion_only() {
    let knobs =
        [("classes", "4"), ("n", "120"), ("mu", "0"), ("paired", "1"), ("m", "12"), ("off_label_count", "0")];
    let raced = |fusion| {
        let outcomes = trials(&small(&[&knobs[..], &[("fusion", fusion)]].concat()), 0, 4);
        assert!(outcomes.iter().all(Outcome::is_complete));
        outcomes
    };
    let mean = |outcomes: &[Outcome], value: &dyn Fn(&Outcome) -> f64| {
        outcomes.iter().map(value).sum::<f64>() / outcomes.len() as f64
    };
    let (late, early) = (raced("late"), raced("early"));
    for r in 0..2 {
        let alone = mean(&late, &|outcome| outcome.unimodal[r].test_error);
        assert!((alone - 0.5).abs() < 0.06, "{alone}");
    }
    let joint = mean(&late, &|outcome| outcome.joint.test_error);
    let ensemble = mean(&late, &|outcome| outcome.ensemble_test_error.unwrap());
    assert!((0.4..0.6).contains(&joint) && (0.4..0.6).contains(&ensemble), "{joint} {ensemble}");
    let early = mean(&early, &|outcome| outcome.joint.test_error);
    assert!(early < 0.25, "{early}");
}
