//! The neuron form is the network: equal steps leave equal weights, and the
//! same winners.

use rivalry::registry::Choice;
use rivalry::spec::{ClassWeights, Spec};

use super::{distance, flow, run, sparse, spec, winners};

// promise: P22
#[test]
fn a_thousand_steps_in_both_forms_leave_the_same_weights() {
    // Fewer samples than twice the features: Gram matrix; more: thin products.
    for (n, widths) in [(24, [30, 16]), (40, [5, 9])] {
        let data = sparse(n, widths, 3, 3);
        for strategy in ["naive", "unimodal", "auxiliary"] {
            for class_weights in [ClassWeights::None, ClassWeights::Balanced] {
                let with = |form: &str| {
                    let solver = flow().with("step", 0.0625).with("form", form);
                    // Small m and few samples: some neurons are dead at the start.
                    let spec = Spec {
                        strategy: Choice::new(strategy),
                        modalities: if strategy == "unimodal" { vec!["b".into()] } else { Vec::new() },
                        class_weights,
                        ..spec(solver, 62.5, (3, 3, 0.2, 0.05))
                    };
                    run(&spec, &data)
                };
                let (neurons, plain) = (with("auto"), with("weights"));
                assert_eq!(plain.trajectory.get("time").len(), 1000);
                assert_eq!(neurons.trajectory.get("time"), plain.trajectory.get("time"));
                let (distance, what) = (distance(&neurons, &plain), format!("{strategy} on {n} samples"));
                assert!(distance <= 1e-10, "{what}: {distance:.1e}");
                let losses =
                    neurons.trajectory.get("train_loss").iter().zip(plain.trajectory.get("train_loss"));
                for (neurons, plain) in losses {
                    assert!((neurons - plain).abs() <= 1e-10 * plain, "{what}: {neurons} {plain}");
                }
            }
        }
    }
}

/// Neurons that are negative on every sample never move; they are left out.
#[test]
fn dead_neurons_stay_where_they_are() {
    let mut data = sparse(6, [8, 8], 3, 4);
    let network = (8, 3, 0.2, 0.05);
    let start = Spec { epochs: Some(1), ..spec(flow().with("step", 1e-12), 1.0, network) };
    let before = super::weights(&run(&start, &data));
    let after = run(&spec(flow(), 60.0, network), &data);
    let plain = run(&spec(flow().with("form", "weights"), 60.0, network), &data);
    let job = start.check(&data).unwrap();
    let on = rivalry::train::prepare::<f64>(&job, &data);
    let mut dead = 0;
    for (b, x) in on.train.x.iter().enumerate() {
        let place = on.model.branches()[b].encoder_params();
        for row in 0..24 {
            let place = place.start + row * 8..place.start + (row + 1) * 8;
            let w = &before[place.clone()];
            let reaches = |i: usize| w.iter().zip(x.row(i)).map(|(w, x)| w * x).sum::<f64>();
            if (0..x.rows()).all(|i| reaches(i) <= 0.0) {
                dead += 1;
                assert_eq!(&super::weights(&after)[place.clone()], w);
                assert_eq!(&super::weights(&plain)[place], w);
            }
        }
    }
    assert!(dead >= 1, "no dead neuron to look at");
    data = sparse(6, [8, 8], 3, 5);
    assert_ne!(super::weights(&run(&spec(flow(), 60.0, network), &data)), before);
}

// promise: P22
#[test]
fn the_default_flow_has_the_winners_of_the_plain_one_in_500_seeds() {
    let mut agree = 0;
    for seed in 0..500 {
        let data = sparse(16, [10, 10], 2, seed);
        let with = |solver: Choice, precision| {
            let spec = Spec { seed, precision, ..spec(solver, 400.0, (2, 3, 0.2, 0.01)) };
            winners(&run(&spec, &data), 2)
        };
        let fast = with(flow(), rivalry::spec::Precision::F32);
        let plain = with(flow().with("form", "weights"), rivalry::spec::Precision::F64);
        agree += usize::from(fast == plain);
    }
    assert_eq!(agree, 500);
}
