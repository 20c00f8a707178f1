//! Claims judged on trials made by hand, in which the theory holds to the
//! letter; and on the same trials spoiled in one thing, which the line that
//! speaks of it must notice.

use rivalry::lab::claims::{Claim, Experiment, Found, Size, table};
use rivalry::lab::{
    ClassOutcome, Decision, Fusion, NetworkOutcome, Outcome, Setting, TrialEnd, verify_results,
};
use rivalry::num::{Draws, Purpose, special};
use rivalry::registry::{Choice, Entry};

use super::trial;

const TRIALS: u64 = 20;

type Experiments = Vec<(Experiment, Vec<Outcome>)>;

fn claim(name: &str) -> (&'static Entry<dyn Claim>, Box<dyn Claim>) {
    let entry = table().iter().find(|entry| entry.name == name).unwrap();
    (entry, (entry.build)(&entry.settle(&Choice::new(name)).unwrap()))
}

fn passed(name: &str, experiments: &Experiments) -> Vec<bool> {
    let found = Found { experiments, size: Size::Quick, threads: 1 };
    claim(name).1.judge(&found).iter().map(|line| line.passed).collect()
}

/// A trial in which the modality that leads at the start wins its class,
/// nothing else is learned, and every error is what follows from that; `shared`
/// of ten classes are learned by all.
fn ideal(setting: &Setting, seed: u64, shared: usize) -> Outcome {
    let mut draws = Draws::new(seed, Purpose::new("ideal trials"), 0);
    let (n_classes, n_modalities) = (setting.n_classes(), setting.n_modalities());
    let modalities = &setting.data.modalities;
    let q = setting.q as i32;
    let classes: Vec<ClassOutcome> = (0..n_classes)
        .map(|j| {
            let strength: Vec<f64> = modalities.iter().map(|m| m.strength.powi(q)).collect();
            let gamma_initial: Vec<f64> = (0..n_modalities)
                .map(|r| {
                    (0..setting.neurons(r)).map(|_| setting.sigma0(r) * draws.normal()).fold(0.0, f64::max)
                })
                .collect();
            let score =
                |r: usize| gamma_initial[r] * special::exp(special::ln(strength[r]) / f64::from(q - 2));
            let winner = (0..n_modalities).fold(0, |best, r| if score(r) > score(best) { r } else { best });
            let gamma_final = (0..n_modalities)
                .map(|r| if r == winner || j % 10 < shared { 2.0 } else { 1.5 * gamma_initial[r] })
                .collect();
            ClassOutcome {
                strength,
                gamma_initial,
                gamma_final,
                gamma_alone: vec![2.0; n_modalities],
                off_label: vec![0.0; n_modalities],
                decided: Some(Decision { time: 1000.0, modality: winner }),
                residual: 0.05,
                branch_test_errors: vec![0.0; n_modalities],
            }
        })
        .collect();
    // One more or less in the count of errors: intervals need a spread.
    let jitter = (seed % 3) as f64 / setting.n_test as f64;
    let network = |test_error: f64| NetworkOutcome {
        train_error: 0.0,
        train_loss: 0.05,
        test_error,
        ended: TrialEnd::Converged,
        time: 1e5,
        updates: 1000,
        gradient_evaluations: 1000,
    };
    let mut outcome = Outcome {
        seed,
        unimodal: modalities.iter().map(|m| network(m.mu - jitter / 2.0)).collect(),
        joint: network(0.0),
        branch_test_errors: Vec::new(),
        ensemble_test_error: Some(0.001),
        classes,
        noise_alignment: vec![0.0; n_modalities],
    };
    let lost: Vec<f64> =
        (0..n_modalities).map(|r| outcome.lost(r, setting.beta) as f64 / n_classes as f64).collect();
    outcome.branch_test_errors =
        modalities.iter().zip(&lost).map(|(m, lost)| lost + (1.0 - lost) * m.mu).collect();
    let mixed: f64 = modalities.iter().zip(&lost).map(|(m, lost)| (1.0 - lost) * m.mu).sum();
    outcome.joint.test_error = mixed - jitter;
    outcome
}

/// What uni-modal and paired classes imply, in proportion to their shares.
fn paired(outcome: &mut Outcome, setting: &Setting) {
    let (share, jitter) = (setting.data.paired, (outcome.seed % 3) as f64 * 1e-3);
    let mix = |unimodal: f64, paired: f64| (1.0 - share) * unimodal + share * paired;
    let law = |mu: f64| 0.5 + mu / 2.0 * 2.0 / 3.0;
    let mu = [0.04, 0.005];
    for (network, mu) in outcome.unimodal.iter_mut().zip(mu) {
        network.test_error = mix(mu, law(mu)) + jitter;
    }
    outcome.ensemble_test_error = Some(mix(0.01, 0.5));
    let joint = if setting.fusion == Fusion::Early { mix(0.03, 0.05) } else { mix(0.04, 0.5) };
    outcome.joint.test_error = joint + jitter;
}

/// All that the claim asks for, as the theory would have it.
fn ideals(name: &str) -> Experiments {
    let experiments = claim(name).1.experiments(Size::Quick).into_iter().map(|experiment| {
        let setting = &experiment.setting;
        let shared = match (name, setting.sigma0(0)) {
            ("decided_mass", s) if s >= 1e-2 => 4,
            ("decided_mass", s) if s >= 1e-3 => 2,
            _ => 0,
        };
        let outcomes = (0..TRIALS).map(|seed| {
            let mut outcome = ideal(setting, seed, shared);
            if experiment.name == "large initial weights" {
                outcome.joint.test_error = outcome.unimodal[0].test_error * 0.4;
            }
            if name == "paired_features" {
                paired(&mut outcome, setting);
            }
            if setting.strategy.name == "warm_start" {
                let mu = setting.data.modalities[0].mu;
                outcome.joint.test_error = mu * mu;
            }
            outcome
        });
        let outcomes = outcomes.collect();
        (experiment, outcomes)
    });
    experiments.collect()
}

/// Spoils the trials of the experiments whose name holds `within`, and says
/// which lines of the claim fail then.
fn fails(name: &str, within: &str, spoil: impl Fn(&mut Outcome)) -> Vec<usize> {
    let mut experiments = ideals(name);
    assert!(
        passed(name, &experiments).iter().all(|passed| *passed),
        "{name}: {:?}",
        passed(name, &experiments)
    );
    let hit = experiments.iter_mut().filter(|(experiment, _)| experiment.name.contains(within));
    let mut n_hit = 0;
    for (_, outcomes) in hit {
        n_hit += 1;
        outcomes.iter_mut().for_each(&spoil);
    }
    assert!(n_hit > 0, "{name} asks for nothing like `{within}`");
    let lines = passed(name, &experiments);
    (0..lines.len()).filter(|line| !lines[*line]).collect()
}

/// Spoils a share of the trials only.
fn every(nth: u64, spoil: impl Fn(&mut Outcome)) -> impl Fn(&mut Outcome) {
    move |outcome| {
        if outcome.seed.is_multiple_of(nth) {
            spoil(outcome);
        }
    }
}

/// What one modality learned, another one did.
fn swap_winners(outcome: &mut Outcome) {
    outcome.classes.iter_mut().for_each(|class| class.gamma_final.reverse());
}

/// The first modality learned everything and the others nothing.
fn first_wins(outcome: &mut Outcome) {
    for class in &mut outcome.classes {
        class.gamma_final.fill(0.0);
        class.gamma_final[0] = 2.0;
    }
}

fn all_learned(outcome: &mut Outcome) {
    outcome.classes.iter_mut().for_each(|class| class.gamma_final.fill(2.0));
}

#[test]
fn training_errors_are_noticed() {
    for (name, r) in
        [("unimodal_training", Some(0)), ("unimodal_training", Some(1)), ("joint_training", None)]
    {
        let network = |outcome: &mut Outcome| match r {
            Some(r) => outcome.unimodal[r].train_error = 0.1,
            None => outcome.joint.train_error = 0.1,
        };
        // Two trials of 20 are too many, one is not.
        assert_eq!(fails(name, "", every(10, network)), [0]);
        assert_eq!(fails(name, "", every(20, network)), [] as [usize; 0]);
    }
}

#[test]
fn test_errors_are_noticed() {
    assert_eq!(fails("unimodal_test", "", |o| o.unimodal[0].test_error += 0.1), [0, 1]);
    assert_eq!(fails("unimodal_test", "", |o| o.unimodal[1].test_error = 0.0), [0, 2]);
    // Right on average, off in every trial.
    let split =
        |o: &mut Outcome| o.unimodal[1].test_error = if o.seed.is_multiple_of(2) { 0.0 } else { 0.03 };
    assert_eq!(fails("unimodal_test", "", split), [0]);

    assert_eq!(fails("branch_error", "", |o| o.branch_test_errors[0] = 0.05), [0, 1]);
    assert_eq!(fails("branch_error", "", |o| o.branch_test_errors[1] += 0.1), [2]);

    assert_eq!(fails("corollary", "reference", |o| o.joint.test_error = 0.0), [0]);
    assert_eq!(fails("corollary", "reference", |o| o.joint.test_error += 0.1), [1]);
    assert_eq!(fails("corollary", "large", |o| o.joint.test_error += 0.1), [2]);

    assert_eq!(fails("ensemble_recovers", "", |o| o.ensemble_test_error = Some(0.1)), [0]);
    assert_eq!(fails("ensemble_recovers", "", |o| o.ensemble_test_error = None), [0]);

    // Errors that do not fall with K.
    assert_eq!(fails("warm_start", "naive", |o| o.joint.test_error = 0.05), [0]);
    assert_eq!(fails("warm_start", "warm_start", |o| o.joint.test_error = 0.05), [1]);
    assert_eq!(fails("warm_start", "warm_start", |o| o.joint.test_error = 0.0), [1]);
}

#[test]
fn paired_features_are_noticed() {
    let name = "paired_features";
    // A modality that tells the class, or says less than a guess.
    assert_eq!(fails(name, "1 of paired classes, late", |o| o.unimodal[0].test_error = 0.3), [0]);
    assert_eq!(fails(name, "1 of paired classes, late", |o| o.unimodal[1].test_error = 0.7), [1]);
    // Sums of logits that tell XOR.
    assert_eq!(fails(name, "1 of paired classes, late", |o| o.joint.test_error -= 0.3), [2, 7]);
    assert_eq!(fails(name, "1 of paired classes, late", |o| o.ensemble_test_error = Some(0.2)), [3, 7]);
    // Early fusion that does not.
    assert_eq!(fails(name, "1 of paired classes, early", |o| o.joint.test_error = 0.45), [4, 9]);
    // Joint training that is not lazy, or loses more than a modality's insufficient samples.
    assert_eq!(fails(name, "0 of paired classes, late", |o| o.joint.test_error = 0.005), [5]);
    assert_eq!(fails(name, "0 of paired classes, late", |o| o.joint.test_error = 0.3), [5, 6]);
    assert_eq!(fails(name, "0.5 of paired classes, late", |o| o.joint.test_error -= 0.1), [6]);
    assert_eq!(fails(name, "0 of paired classes, early", |o| o.joint.test_error = 0.005), [8, 10]);
    // A crossover far from where it was derived to be.
    assert_eq!(fails(name, "0.5 of paired classes, early", |o| o.joint.test_error = 0.25), [10]);
}

#[test]
fn winners_are_noticed() {
    assert_eq!(fails("winner_rule", "", swap_winners), [0]);
    assert_eq!(fails("winner_rule", "", every(5, swap_winners)), [0]);
    assert_eq!(fails("winner_rule", "", all_learned), [0], "there are no winners");

    assert_eq!(fails("lost_frequency", "", first_wins), [0, 1]);
    assert_eq!(fails("lost_frequency", "", all_learned), [0, 1]);

    assert_eq!(fails("laziness", "", all_learned), [0]);
    let forget = |o: &mut Outcome| o.classes.iter_mut().for_each(|class| class.gamma_alone[0] = 0.1);
    assert_eq!(fails("laziness", "", forget), [1]);

    assert_eq!(fails("decided_mass", "sigma_0 = 1e-5", all_learned), [2]);
    assert_eq!(fails("decided_mass", "sigma_0 = 1e-3", all_learned), [1]);

    assert_eq!(fails("more_modalities", "", first_wins), [0, 1, 2]);
    assert_eq!(fails("more_modalities", "", all_learned), [0, 1, 2, 3]);

    // All classes of a trial go to the same modality, or half of them always.
    let together = |o: &mut Outcome| {
        first_wins(o);
        if o.seed.is_multiple_of(2) {
            swap_winners(o);
        }
    };
    assert_eq!(fails("classes_won", "", together), [0]);
    let evenly = |o: &mut Outcome| {
        first_wins(o);
        o.classes.iter_mut().step_by(2).for_each(|class| class.gamma_final.reverse());
    };
    assert_eq!(fails("classes_won", "", evenly), [0]);

    // The weaker modality wins as often as the other, however wide.
    assert_eq!(fails("win_floor", "", evenly), [4]);
    // Never at one width, and so that the exponent cannot be told.
    let never = |o: &mut Outcome| {
        first_wins(o);
        swap_winners(o);
    };
    assert!(fails("win_floor", "m = 32", never).contains(&3));
    assert_eq!(fails("win_floor", "", never), [0, 1, 2, 3, 4]);
}

#[test]
fn gradients_left_for_losers_are_noticed() {
    let residual = |o: &mut Outcome| o.classes.iter_mut().for_each(|class| class.residual = 0.5);
    assert_eq!(fails("starvation", "reference", residual), [0]);
    let grown = |o: &mut Outcome| {
        for class in &mut o.classes {
            let last = class.gamma_final.iter_mut().zip(&class.gamma_initial);
            last.filter(|(last, _)| **last < 0.2).for_each(|(last, first)| *last = 20.0 * first);
        }
    };
    assert_eq!(fails("starvation", "q = 3, nu = 0.05", grown), [1]);
    let forget = |o: &mut Outcome| o.classes.iter_mut().for_each(|class| class.gamma_alone.fill(0.0));
    assert_eq!(fails("starvation", "reference", forget), [2]);
}

#[test]
fn times_that_do_not_follow_the_start_are_noticed() {
    // Every class of the trials made by hand is decided at the same time.
    assert_eq!(passed("time_to_win", &ideals("time_to_win")), [false; 3]);
}

#[test]
fn without_evidence_nothing_passes() {
    for entry in table() {
        let mut experiments = ideals(entry.name);
        if experiments.is_empty() {
            continue;
        }
        for (_, outcomes) in &mut experiments {
            outcomes.clear();
        }
        assert!(!passed(entry.name, &experiments).iter().any(|passed| *passed), "{}", entry.name);
        let mut experiments = ideals(entry.name);
        for outcome in experiments.iter_mut().flat_map(|(_, outcomes)| outcomes) {
            outcome.joint.ended = TrialEnd::NotConverged;
            outcome.joint.train_error = 0.1;
            outcome.unimodal.iter_mut().for_each(|network| network.train_error = 0.1);
        }
        assert!(!passed(entry.name, &experiments).iter().any(|passed| *passed), "{}", entry.name);
    }
}

#[test]
fn trials_that_did_not_converge_are_noted() {
    let name = "branch_error";
    let mut experiments = ideals(name);
    experiments[0].1[3].joint.ended = TrialEnd::NotConverged;
    experiments[0].1[3].branch_test_errors = vec![0.0, 0.0];
    let found = Found { experiments: &experiments, size: Size::Quick, threads: 1 };
    let results = verify_results(&[claim(name)], &found);
    assert_eq!(results.n_trials, TRIALS);
    let ids: Vec<&str> = results.claims.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(ids, ["branch_error.1", "branch_error.2", "branch_error.3"]);
    for line in &results.claims {
        assert!(line.passed, "{}", line.id);
        assert_eq!(line.note.as_deref(), Some("1 of 20 trials did not converge and are not counted"));
        assert_eq!((line.quoted, line.rule.as_str()), (true, claim(name).1.rule()));
    }
}

#[test]
fn real_trials_are_judged_by_every_claim() {
    for entry in table() {
        let (_, claim) = claim(entry.name);
        let mut experiments = claim.experiments(Size::Quick);
        if experiments.is_empty() {
            continue;
        }
        // Fewer and smaller trials than the claim asks for.
        let experiments: Experiments = experiments
            .drain(..)
            .map(|mut experiment| {
                let changes = [("classes", 3_i64), ("n", 60), ("dim", 100), ("n_test", 100), ("m", 6)];
                for (key, value) in changes {
                    experiment.setting.set(key, &value.into()).unwrap();
                }
                experiment.setting.set("noise", &1.0.into()).unwrap();
                experiment.setting.set("sigma0", &1e-3.into()).unwrap();
                let outcomes = (0..2).map(|seed| trial(&experiment.setting, seed)).collect();
                (experiment, outcomes)
            })
            .collect();
        let found = Found { experiments: &experiments, size: Size::Quick, threads: 1 };
        for line in claim.judge(&found) {
            assert!(!line.what.is_empty(), "{}: {line:?}", entry.name);
            if let Some(measured) = &line.measurement {
                assert!(!line.prediction.is_empty(), "{}: {line:?}", entry.name);
                assert!(measured.value.is_finite(), "{}: {line:?}", entry.name);
            }
        }
    }
}

// promise: P23
#[test]
fn the_claims_that_need_no_trials_hold() {
    for name in ["comparison_lemma", "simulated_race", "unimodal_phase"] {
        let (_, claim) = claim(name);
        assert!(claim.experiments(Size::Quick).is_empty());
        for line in claim.judge(&Found { experiments: &[], size: Size::Quick, threads: 2 }) {
            assert!(line.passed, "{name}: {line:?}");
        }
    }
}
