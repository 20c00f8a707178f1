use super::planted::{Plan, Planted, measured, quick};
use super::*;
use crate::num::{Draws, Matrix, Purpose};
use crate::registry::Choice;

fn plan() -> Plan {
    let mut plan =
        Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.05, 0.15));
    plan.modalities[0].probe_joint = (0.0, 0.14);
    plan.n_seeds = 4;
    plan
}

fn value(measurements: &Measurements, quantity: &str, subject: &Subject) -> f64 {
    measurements.table.get(quantity, subject).unwrap().value
}

/// One trial of hand-written logits: two modalities, joint and alone.
fn by_hand(labels: &[u32], n_classes: usize, logits: [Matrix<f32>; 2]) -> Evidence {
    let n = labels.len();
    let outputs = |logits: Vec<Matrix<f32>>| PartOutputs { logits, ..PartOutputs::default() };
    let model = |modalities: Vec<usize>, strategy: &str, logits: Vec<Matrix<f32>>| ModelOutputs {
        modalities,
        strategy: strategy.to_owned(),
        ended: Ending::Completed,
        train: PartOutputs::default(),
        valid: PartOutputs::default(),
        test: outputs(logits),
        curves: Curves::default(),
    };
    let [a, b] = logits;
    Evidence {
        study: Study {
            modality_names: vec!["a".into(), "b".into()],
            class_names: (0..n_classes).map(|c| format!("class {c}")).collect(),
            labels: labels.to_vec(),
            groups: None,
            design: Design::GivenSplit,
            features: vec![],
        },
        trials: vec![Trial {
            seed: 0,
            repeat: 0,
            fold: 0,
            train: vec![],
            valid: vec![],
            test: (0..n as u32).collect(),
            models: vec![
                model(vec![0], UNIMODAL, vec![a.clone()]),
                model(vec![1], UNIMODAL, vec![b.clone()]),
                model(vec![0, 1], NAIVE, vec![a, b]),
            ],
        }],
    }
}

/// Every order of 0..n.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let longer = |order: Vec<usize>| {
        (0..n).map(move |at| {
            let mut order = order.clone();
            order.insert(at, n - 1);
            order
        })
    };
    orders(n - 1).into_iter().flat_map(longer).collect()
}

#[test]
fn permutation_drops_are_means_over_all_shuffles() {
    let labels = [0, 1, 2, 1, 0, 1];
    let mut draws = Draws::new(3, Purpose::new("permutation test"), 0);
    let mut logits = || {
        Matrix::from_fn(6, 3, |r, c| (draws.normal() + if labels[r] == c as u32 { 1.0 } else { 0.0 }) as f32)
    };
    let (a, b) = (logits(), logits());
    let right = |order: &[usize]| -> f64 {
        let one = |row: usize| {
            let z: Vec<f64> =
                (0..3).map(|k| f64::from(a.row(order[row])[k]) + f64::from(b.row(row)[k])).collect();
            (0..3).all(|k| k == labels[row] as usize || z[k] < z[labels[row] as usize])
        };
        (0..6).filter(|row| one(*row)).count() as f64 / 6.0
    };
    let same: Vec<usize> = (0..6).collect();
    let all = orders(6);
    let within: Vec<&Vec<usize>> =
        all.iter().filter(|order| (0..6).all(|row| labels[order[row]] == labels[row])).collect();
    assert_eq!((all.len(), within.len()), (720, 12));
    let mean = |orders: &[&Vec<usize>]| orders.iter().map(|o| right(o)).sum::<f64>() / orders.len() as f64;
    let found = measured(&by_hand(&labels, 3, [a.clone(), b.clone()]));
    let drop = value(&found, "permutation_drop", &Subject::Modality(0));
    assert!((drop - (right(&same) - mean(&all.iter().collect::<Vec<_>>()))).abs() < 1e-6, "{drop}");
    let drop = value(&found, "within_class_drop", &Subject::Modality(0));
    assert!((drop - (right(&same) - mean(&within))).abs() < 1e-6, "{drop}");
}

#[test]
fn fewer_donors_estimate_the_same_drop() {
    let evidence = plan().evidence();
    let drop = |donors: i64| {
        let metrics = Metrics::with(&[Choice::new("permutation").with("donors", donors)]).unwrap();
        let sheet = measure_trial(&evidence.study, &evidence.trials[0], &[], &metrics).sheet;
        match sheet.get("permutation_drop", &Subject::Modality(0)) {
            Some(Values::Samples(drops)) => drops.iter().map(|d| f64::from(*d)).sum::<f64>() / 400.0,
            other => panic!("{other:?}"),
        }
    };
    assert!(drop(1000) > 0.5);
    assert!((drop(100) - drop(1000)).abs() < 0.02);
    let unknown = Metrics::with(&[Choice::new("permutations")]).err().unwrap();
    assert_eq!(unknown[0].to_string(), "unknown metric `permutations`: did you mean `permutation`?");
    assert!(Metrics::with(&[Choice::new("permutation").with("donors", 3_i64)]).is_err());
}

#[test]
fn accuracies_and_ensemble_by_hand() {
    // a: right, tie, wrong. b: wrong, right, wrong. Sum: right, right, wrong.
    let a = Matrix::from_vec(3, 2, vec![3.0, 0.0, 1.0, 1.0, 0.0, 2.0]);
    let b = Matrix::from_vec(3, 2, vec![0.0, 1.0, 0.0, 1.0, 1.0, 3.0]);
    let found = measured(&by_hand(&[0, 1, 0], 2, [a, b]));
    let accuracy = |key: ModelKey| value(&found, "accuracy", &Subject::Model(key));
    assert_eq!(accuracy(ModelKey::alone(0)), 1.0 / 3.0);
    assert_eq!(accuracy(ModelKey::alone(1)), 1.0 / 3.0);
    assert_eq!(accuracy(ModelKey::new(&[0, 1], NAIVE)), 2.0 / 3.0);
    assert_eq!(accuracy(ModelKey::new(&[0, 1], ENSEMBLE)), 2.0 / 3.0);
    let tempered = found.table.get("accuracy", &Subject::Model(ModelKey::new(&[0, 1], TEMPERED_ENSEMBLE)));
    assert!(tempered.unwrap_err().contains("no"), "no validation rows");
    // Branches of the joint network: here its parts are the networks alone.
    assert_eq!(value(&found, "branch_in_joint", &Subject::Modality(0)), 1.0 / 3.0);
    // Part of the margin: logit of the class minus the other one.
    assert_eq!(value(&found, "margin", &Subject::Modality(0)), (3.0 + 0.0 - 2.0) / 3.0);
    assert!(!found.has_valid);
}

#[test]
fn the_gap_splits_exactly() {
    for design in [Design::GivenSplit, Design::Folds { k: 5 }, Design::HoldOut] {
        let mut plan = plan();
        plan.design = design;
        let found = measured(&plan.evidence());
        let of = |quantity: &str| value(&found, quantity, &Subject::Study);
        assert!((of("gap") - of("encoder_effect") - of("fusion_effect")).abs() < 1e-6, "{design:?}");
        assert!(of("gap") < -0.03 && of("encoder_effect") < -0.02, "{design:?}");
        // The same numbers from their parts.
        let accuracy = |key: ModelKey| value(&found, "accuracy", &Subject::Model(key));
        let gap = accuracy(ModelKey::new(&[0, 1], NAIVE)) - accuracy(ModelKey::alone(0));
        assert!((gap - of("gap")).abs() < 1e-6);
        let deficit = value(&found, "probe_alone", &Subject::Modality(0))
            - value(&found, "probe_in_joint", &Subject::Modality(0));
        assert!((deficit - value(&found, "encoder_deficit", &Subject::Modality(0))).abs() < 1e-6);
    }
}

#[test]
fn neither_the_order_of_trials_nor_threads_change_a_bit() {
    let evidence = plan().evidence();
    let metrics = Metrics::all();
    let measures: Vec<TrialMeasures> =
        evidence.trials.iter().map(|t| measure_trial(&evidence.study, t, &[], &metrics)).collect();
    let expected = aggregate(&evidence.study, measures.clone(), &metrics, quick());
    let mut shuffled = measures;
    shuffled.reverse();
    shuffled.swap(0, 2);
    for threads in [1, 2, 3, 8] {
        let how = Bootstrap { threads, ..quick() };
        assert_eq!(aggregate(&evidence.study, shuffled.clone(), &metrics, how), expected);
    }
}

#[test]
fn the_order_of_samples_does_not_change_values() {
    let evidence = plan().evidence();
    let mut other = evidence.clone();
    for trial in &mut other.trials {
        let order = Draws::new(9, Purpose::new("order test"), 0).permutation(trial.test.len());
        trial.test = order.iter().map(|i| trial.test[*i as usize]).collect();
        for model in &mut trial.models {
            for matrix in model.test.logits.iter_mut().chain(&mut model.test.embeddings) {
                *matrix = matrix.gather(&order);
            }
        }
    }
    let (expected, found) = (measured(&evidence), measured(&other));
    let mut compared = 0;
    for (subject, quantity, measured) in expected.table.iter() {
        // Shuffles and resamples are drawn by position, so p values, and what follows
        // from standard errors, keep their meaning and not their digits.
        let drawn =
            ["pairing_p", "pairing_p_valid", "class_q_value", "class_shrunken_change", "shapley_permuted"];
        if drawn.contains(&quantity) || quantity.ends_with("_null") {
            continue;
        }
        match (measured, found.table.get(quantity, subject)) {
            (Ok(a), Ok(b)) => assert!((a.value - b.value).abs() < 1e-9, "{quantity} {subject:?}: {a} {b}"),
            (a, b) => assert_eq!(*a, b, "{quantity} {subject:?}"),
        }
        compared += 1;
    }
    assert!(compared > 90, "{compared}");
}

#[test]
fn folds_use_the_corrected_variance() {
    let mut plan = plan();
    plan.design = Design::Folds { k: 5 };
    plan.n_seeds = 3;
    let found = measured(&plan.evidence());
    assert_eq!((found.n_trials, found.n_trainings, found.n_samples), (15, 3, 1200));
    let gap = found.table.get("gap", &Subject::Study).unwrap();
    assert!(
        gap.method.starts_with("corrected resampled t, 15 folds, n_test/n_train = 0.2500"),
        "{}",
        gap.method
    );
    // Classes are seen whole: every repeat tests every sample once.
    let class = found.table.get("class_change", &Subject::Class(0)).unwrap();
    assert!(class.method.contains("3 seeds x"), "{}", class.method);
    assert_eq!(class.n, found.class_sizes[0]);
    assert_eq!(found.class_sizes.iter().sum::<usize>(), 1200);
}

#[test]
fn an_incomplete_repeat_counts_in_no_class() {
    let mut plan = plan();
    plan.design = Design::Folds { k: 5 };
    plan.n_seeds = 3;
    let mut evidence = plan.evidence();
    evidence.trials.remove(7);
    let class = measured(&evidence).table.get("class_change", &Subject::Class(0)).unwrap();
    assert!(class.method.contains("2 seeds x"), "{}", class.method);
}

#[test]
fn hold_outs_give_class_changes_too() {
    let mut plan = plan();
    plan.design = Design::HoldOut;
    let found = measured(&plan.evidence());
    let class = found.table.get("class_change", &Subject::Class(0)).unwrap();
    assert!(class.method.starts_with("corrected resampled t, 4 folds"), "{}", class.method);
    assert!(value(&found, "class_q_value", &Subject::Class(0)) <= 1.0);
}

#[test]
fn groups_are_resampled_as_wholes() {
    let mut evidence = plan().evidence();
    let width = |evidence: &Evidence| {
        let key = Subject::Model(ModelKey::alone(0));
        let estimate = measured(evidence).table.get("accuracy", &key).unwrap();
        (estimate.interval().unwrap().width(), estimate.method)
    };
    let (single, _) = width(&evidence);
    // Groups of samples that are wrong together: few independent ones are left.
    let wrong = |row: usize| (row as f64 * 0.618_033_988_749_895).rem_euclid(1.0) < 0.1;
    let groups = (0..evidence.study.labels.len())
        .map(|row| if wrong(row) { row as u32 % 3 } else { 3 + row as u32 % 30 });
    evidence.study.groups = Some(groups.collect());
    let (grouped, method) = width(&evidence);
    assert!(grouped > 1.5 * single, "{grouped} {single}");
    assert!(method.contains("33 groups of 400 samples"), "{method}");
}

#[test]
fn the_best_modality_is_chosen_on_validation_rows() {
    let mut plan = plan();
    // On test rows `b` is better; on validation rows `a` is.
    plan.modalities[1].alone_test = Some((0.5, 0.02));
    let mut evidence = plan.evidence();
    let best = |evidence: &Evidence| measured(evidence).table.choice("best_alone", &Subject::Study);
    assert_eq!(best(&evidence), Some(0));
    for trial in &mut evidence.trials {
        trial.valid.clear();
        for model in &mut trial.models {
            model.valid = PartOutputs::default();
        }
    }
    assert_eq!(best(&evidence), Some(1));
}

#[test]
fn one_changed_class_is_found_among_unchanged_ones() {
    let mut plan = Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
    plan.rows = [200, 100, 1000];
    plan.n_seeds = 6;
    let mut evidence = plan.evidence();
    for trial in &mut evidence.trials {
        let rows = trial.test.clone();
        let joint = trial.models.last_mut().unwrap();
        for (i, row) in rows.iter().enumerate() {
            let hit = evidence.study.labels[*row as usize] == 3 && row % 2 == 0;
            if hit {
                joint.test.logits.iter_mut().for_each(|z| z.row_mut(i).fill(0.0));
            }
        }
    }
    let found = measured(&evidence);
    for class in 0..10 {
        let subject = Subject::Class(class);
        let q = value(&found, "class_q_value", &subject);
        let change = value(&found, "class_change", &subject);
        let shrunken = value(&found, "class_shrunken_change", &subject);
        assert_eq!(q < 0.05, class == 3, "{class}: {q}");
        if class == 3 {
            assert!(change < -0.35 && shrunken > change && shrunken < 0.5 * change, "{change} {shrunken}");
        } else {
            assert!(shrunken.abs() < 0.05, "{class}: {shrunken}");
        }
    }
}

#[test]
fn the_drawer_is_in_order() {
    let mut names: Vec<&str> = METRICS.iter().map(|entry| entry.name).collect();
    let metrics = Metrics::all();
    names.extend(metrics.quantities().map(|q| q.name));
    for quantity in metrics.quantities() {
        assert!(!quantity.definition.ends_with('.') && quantity.definition.len() > 20, "{}", quantity.name);
        assert!(
            quantity.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "{}",
            quantity.name
        );
    }
    let quantities: std::collections::BTreeSet<&str> = metrics.quantities().map(|q| q.name).collect();
    assert_eq!(quantities.len(), metrics.quantities().count());
    // What is measured on complete evidence is what is declared.
    let evidence = plan().evidence();
    let features = Matrix::from_fn(evidence.study.labels.len(), 3, |r, c| ((r * (c + 2)) % 7) as f32);
    let features = [features.view(), features.view()];
    let trials =
        evidence.trials.iter().map(|t| measure_trial(&evidence.study, t, &features, &metrics)).collect();
    let found = aggregate(&evidence.study, trials, &metrics, quick());
    let measured: std::collections::BTreeSet<&str> = found.table.iter().map(|(_, name, _)| name).collect();
    assert_eq!(measured, quantities);
}

#[test]
fn every_metric_says_what_it_needs_and_costs() {
    let metrics = Metrics::all();
    assert_eq!(metrics.iter().count(), METRICS.len());
    for (entry, metric) in metrics.iter() {
        assert!(!metric.needs().is_empty(), "{}", entry.name);
        assert!(metric.cost().len() >= 5 && !metric.cost().ends_with('.'), "{}", entry.name);
    }
}

#[test]
fn readings_while_training_become_numbers_and_curves() {
    let found = measured(&plan().evidence());
    let of = |name: &str, m: usize| found.table.get(name, &Subject::Modality(m));
    // The second falls below half of its signal in epoch 2, knowing little.
    assert_eq!((of("starved", 0).unwrap().value, of("starved", 1).unwrap().value), (0.0, 1.0));
    assert_eq!(of("starved_epoch", 1).unwrap().value, 2.0);
    assert!(of("starved_epoch", 0).is_err());
    assert!((of("gradient_cosine", 1).unwrap().value - 0.2).abs() < 1e-12);
    assert!((of("gradient_conflict", 1).unwrap().value - 1.0 / 3.0).abs() < 1e-12);
    assert!((of("gradient_magnitude", 1).unwrap().value - 0.4).abs() < 1e-12);
    assert_eq!((of("fisher_window", 0).unwrap().value, of("fisher_window", 1).unwrap().value), (3.0, 1.0));
    let curves = found.curves.iter().find(|curves| curves.model.strategy == NAIVE).unwrap();
    let names = plan().evidence().study.modality_names;
    let read = &curves.quantities[&format!("residual_ratio.{}", names[1])].mean;
    assert!(read.iter().zip([0.9, 0.4, 0.1]).all(|(a, b)| (a - b).abs() < 1e-12), "{read:?}");
    assert_eq!(curves.quantities.keys().filter(|name| name.ends_with(&names[1])).count(), 6);
    // Without readings there is a reason.
    let mut evidence = plan().evidence();
    evidence.trials.iter_mut().flat_map(|t| &mut t.models).for_each(|m| m.curves.branches.clear());
    let found = measured(&evidence);
    let why = found.table.get("starved", &Subject::Modality(0)).unwrap_err();
    assert!(why.contains("not read while the joint network trained"), "{why}");
    assert!(found.curves.is_empty());
}

#[test]
fn classes_have_modalities() {
    let found = measured(&plan().evidence());
    let of =
        |name: &str, c: usize, m: usize| found.table.get(name, &Subject::ClassModality(c, m)).unwrap().value;
    for class in 0..10 {
        // The winner speaks twenty times louder.
        let (winner, other) = (of("class_margin", class, 0), of("class_margin", class, 1));
        assert!((winner / other - 20.0).abs() < 0.01, "{class}: {winner} {other}");
        assert!(of("class_residual_ratio", class, 0) > of("class_residual_ratio", class, 1));
    }
    // Means of classes, weighted by their rows, are the whole.
    let sizes: Vec<f64> = found.class_sizes.iter().map(|n| *n as f64).collect();
    let total: f64 = (0..10).map(|c| sizes[c] * of("class_margin", c, 0)).sum::<f64>() / 400.0;
    assert!((total - value(&found, "margin", &Subject::Modality(0))).abs() < 1e-5);
}
