//! What a summary counts, on trials made by hand whose counts are known.

use rivalry::lab::{
    ClassOutcome, Decision, NetworkOutcome, Outcome, Setting, TrialEnd, Winner, predicted_winner, summarise,
};
use rivalry::stats::Estimate;

use super::with;

fn setting() -> Setting {
    with(&[("classes", "4")])
}

const NONE: [f64; 2] = [0.0, 0.0];
const FIRST: [f64; 2] = [1.0, 0.0];
const SECOND: [f64; 2] = [0.1, 1.0];
const BOTH: [f64; 2] = [0.2, 1.0];

fn class(gamma_initial: [f64; 2], gamma_final: [f64; 2], decided_at: f64) -> ClassOutcome {
    ClassOutcome {
        strength: vec![1.0, 1.0],
        gamma_initial: gamma_initial.to_vec(),
        gamma_final: gamma_final.to_vec(),
        gamma_alone: vec![1.0, 1.0],
        off_label: vec![0.0, 0.0],
        decided: (decided_at > 0.0).then_some(Decision { time: decided_at, modality: 0 }),
        residual: 0.05,
        branch_test_errors: vec![0.0, 1.0],
    }
}

fn network(test_error: f64) -> NetworkOutcome {
    NetworkOutcome {
        train_error: 0.0,
        train_loss: 0.05,
        test_error,
        ended: TrialEnd::Converged,
        time: 100.0,
        updates: 50,
        gradient_evaluations: 60,
    }
}

fn outcome(seed: u64, alone: [f64; 2], joint: f64, classes: [ClassOutcome; 4]) -> Outcome {
    Outcome {
        seed,
        unimodal: alone.map(network).to_vec(),
        joint: network(joint),
        branch_test_errors: vec![joint, 0.5],
        ensemble_test_error: Some(0.01),
        classes: classes.into(),
        noise_alignment: vec![0.1, 0.1],
    }
}

/// Three trials that converged.
fn complete() -> Vec<Outcome> {
    vec![
        outcome(
            0,
            [0.1, 0.2],
            0.3,
            [
                class([2.5, 1.0], FIRST, 1.0),
                // Foretold wrong, 1.3 apart.
                class([1.0, 1.3], FIRST, 2.0),
                class([1.0, 3.0], BOTH, 3.0),
                class([1.0, 3.0], NONE, 0.0),
            ],
        ),
        outcome(
            1,
            [0.3, 0.1],
            0.1,
            [
                class([1.0, 1.05], SECOND, 6.0),
                class([1.0, 1.2], SECOND, 0.0),
                // Foretold wrong, 1.6 apart.
                class([1.6, 1.0], SECOND, 0.0),
                // Nobody else is there: infinitely far apart.
                class([0.0, 1.0], SECOND, 0.0),
            ],
        ),
        outcome(
            2,
            [0.2, 0.2],
            0.1,
            [
                // Foretold wrong, in the dead zone.
                class([1.0, 1.05], FIRST, 0.0),
                // Nothing is foretold.
                class([0.0, 0.0], SECOND, 0.0),
                class([1.2, 1.0], FIRST, 0.0),
                class([1.0, 3.0], NONE, 0.0),
            ],
        ),
    ]
}

fn is_share(estimate: &Estimate, hits: usize, of: usize) -> bool {
    estimate.n == of && estimate.value == hits as f64 / of as f64 && estimate.interval().is_some()
}

#[test]
fn known_counts_are_counted() {
    let summary = summarise(&setting(), &complete()).unwrap();
    assert_eq!((summary.n_trials, summary.n_not_converged), (3, 0));
    assert!(is_share(&summary.p_win[0], 4, 12), "{:?}", summary.p_win);
    assert!(is_share(&summary.p_win[1], 5, 12), "{:?}", summary.p_win);
    assert!(is_share(&summary.undecided, 3, 12), "{:?}", summary.undecided);
    assert!(is_share(&summary.shared, 1, 12), "{:?}", summary.shared);
    assert!(is_share(&summary.nobody, 2, 12), "{:?}", summary.nobody);
    assert!(is_share(summary.predicted_right.as_ref().unwrap(), 4, 6), "{:?}", summary.predicted_right);
    let expected = [
        (1.0, Some(1.1), Some((1, 2))),
        (1.1, Some(1.25), Some((2, 2))),
        (1.25, Some(1.5), Some((0, 1))),
        (1.5, Some(2.0), Some((0, 1))),
        (2.0, None, Some((2, 2))),
    ];
    assert_eq!(summary.predicted_right_by_margin.len(), expected.len());
    for (found, (from, to, right)) in summary.predicted_right_by_margin.iter().zip(expected) {
        assert_eq!((found.from, found.to), (from, to));
        let (hits, of) = right.unwrap();
        assert!(is_share(found.right.as_ref().unwrap(), hits, of), "{found:?}");
    }
    // Modality 1 won 2, 0 and 2 of 4 classes; Binomial(4, 1/3).
    let shares: Vec<f64> = summary.classes_won.iter().map(|won| won.share.value).collect();
    assert_eq!(shares, [1.0 / 3.0, 0.0, 2.0 / 3.0, 0.0, 0.0]);
    let binomial = [16.0, 32.0, 24.0, 8.0, 1.0].map(|p| p / 81.0);
    for (count, (won, p)) in summary.classes_won.iter().zip(binomial).enumerate() {
        assert_eq!(won.count, count);
        assert!((won.binomial - p).abs() < 1e-12, "{won:?}");
    }
    let mean = |estimate: &Option<Estimate>| estimate.as_ref().unwrap().value;
    let close = |got: f64, expected: f64| (got - expected).abs() < 1e-12;
    assert!(close(summary.unimodal_test_error[0].value, 0.2));
    assert!(close(summary.unimodal_test_error[1].value, 0.5 / 3.0));
    assert!(close(mean(&summary.joint_test_error), 0.5 / 3.0));
    // 0.2, 0 and -0.1.
    assert!(close(mean(&summary.joint_minus_best), 0.1 / 3.0));
    assert!(close(summary.branch_test_error[1].value, 0.5));
    assert!(close(mean(&summary.ensemble_test_error), 0.01));
    assert!(close(mean(&summary.time_to_win), 3.0));
    assert!(close(mean(&summary.gradient_evaluations), 60.0));
    assert!(is_share(summary.unimodal_train_zero.as_ref().unwrap(), 3, 3));
    assert!(is_share(summary.joint_train_zero.as_ref().unwrap(), 3, 3));
}

#[test]
fn trials_that_did_not_converge_are_counted_and_in_no_number() {
    let expected = summarise(&setting(), &complete()).unwrap();
    let extreme = || outcome(3, [0.9, 0.9], 0.9, [(); 4].map(|()| class([9.0, 1.0], SECOND, 1e9)));
    for network in 0..3 {
        for ended in [TrialEnd::NotConverged, TrialEnd::Diverged] {
            let mut failed = extreme();
            failed.joint.train_error = 0.5;
            match network {
                2 => failed.joint.ended = ended,
                r => failed.unimodal[r].ended = ended,
            }
            assert!(!failed.is_complete());
            let mut outcomes = complete();
            outcomes.insert(1, failed.clone());
            let mut summary = summarise(&setting(), &outcomes).unwrap();
            assert_eq!((summary.n_trials, summary.n_not_converged), (4, 1));
            (summary.n_trials, summary.n_not_converged) = (3, 0);
            assert_eq!(summary, expected);
            assert_eq!(summarise(&setting(), &[failed]), None);
        }
    }
    // Stopped when everything was decided is as good as converged.
    let mut decided = extreme();
    decided.joint.ended = TrialEnd::Decided;
    assert!(decided.is_complete());
    assert_eq!(summarise(&setting(), &[]), None);
}

#[test]
fn without_networks_alone_nothing_is_said_of_them() {
    let mut outcomes = complete();
    for outcome in &mut outcomes {
        outcome.unimodal.clear();
        outcome.ensemble_test_error = None;
    }
    let summary = summarise(&setting(), &outcomes).unwrap();
    assert!(summary.unimodal_test_error.is_empty());
    assert_eq!((&summary.unimodal_train_zero, &summary.joint_minus_best), (&None, &None));
    assert_eq!(summary.ensemble_test_error, None);
    assert!(is_share(&summary.p_win[0], 4, 12));
}

#[test]
fn the_winner_rule_weighs_alignment_by_strength() {
    let with_strength = |strength: [f64; 2]| {
        let strength = strength.to_vec();
        ClassOutcome { strength, ..class([1.0, 0.5], FIRST, 0.0) }
    };
    // q = 3: scores Gamma d; q = 4: Gamma d^(1/2).
    assert_eq!(predicted_winner(&with_strength([1.0, 1.0]), 3), Some((0, 2.0)));
    let (winner, margin) = predicted_winner(&with_strength([1.0, 3.0]), 3).unwrap();
    assert!(winner == 1 && (margin - 1.5).abs() < 1e-12, "{margin}");
    let (winner, margin) = predicted_winner(&with_strength([1.0, 3.0]), 4).unwrap();
    assert!(winner == 0 && (margin - 2.0 / 3.0_f64.sqrt()).abs() < 1e-12, "{margin}");
    // What the data lack nobody wins by it.
    assert_eq!(predicted_winner(&with_strength([0.0, 1.0]), 3), Some((1, f64::INFINITY)));
    assert_eq!(predicted_winner(&with_strength([0.0, 0.0]), 3), None);
    assert_eq!(predicted_winner(&class([0.0, 0.0], NONE, 0.0), 3), None);
}

#[test]
fn a_class_is_learned_from_beta_on() {
    let winner = |gammas: [f64; 2]| class(NONE, gammas, 0.0).winner(0.2);
    assert_eq!(winner([0.2, 0.199]), Winner::Modality(0));
    assert_eq!(winner([0.0, 0.2]), Winner::Modality(1));
    assert_eq!(winner([0.2, 0.2]), Winner::Shared);
    assert_eq!(winner([0.199, 0.0]), Winner::Nobody);
    let outcome = &complete()[0];
    assert_eq!([outcome.lost(0, 0.2), outcome.lost(1, 0.2)], [1, 3]);
}
