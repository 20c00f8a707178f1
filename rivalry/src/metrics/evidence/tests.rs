use super::*;

fn small() -> Evidence {
    let outputs = |n| PartOutputs {
        logits: vec![Matrix::zeros(n, 2), Matrix::zeros(n, 2)],
        embeddings: vec![Matrix::zeros(n, 3), Matrix::zeros(n, 5)],
        predicted: vec![],
    };
    let model = ModelOutputs {
        modalities: vec![0, 1],
        strategy: "naive".into(),
        ended: Ending::Completed,
        train: outputs(2),
        valid: PartOutputs::default(),
        test: outputs(1),
        curves: Curves::default(),
    };
    Evidence {
        study: Study {
            modality_names: vec!["a".into(), "b".into()],
            class_names: vec!["x".into(), "y".into()],
            labels: vec![0, 1, 1],
            groups: None,
            design: Design::GivenSplit,
            features: vec![],
        },
        trials: vec![Trial {
            seed: 4,
            repeat: 0,
            fold: 0,
            train: vec![0, 1],
            valid: vec![],
            test: vec![2],
            models: vec![model],
        }],
    }
}

type Spoil = fn(&mut Evidence);

#[test]
fn every_inconsistency_is_named() {
    assert_eq!(small().check(), Ok(()));
    let cases: [(&str, Spoil); 13] = [
        ("the evidence holds no trial", |e| e.trials.clear()),
        ("the study names no modality", |e| e.study.modality_names.clear()),
        ("the study names 1 classes; at least 2 are needed", |e| e.study.class_names.truncate(1)),
        ("sample 1: label 7 is not below the number of classes, 2", |e| e.study.labels[1] = 7),
        ("`groups` has 1 entries; 3 are needed", |e| e.study.groups = Some(vec![0])),
        ("seed 4: the trial has no test rows", |e| e.trials[0].test.clear()),
        ("seed 4, train rows: row 9 is not below the number of samples, 3", |e| e.trials[0].train[0] = 9),
        ("seed 4: row 1 is in train and again in test", |e| e.trials[0].test = vec![1]),
        ("seed 4, model 0: modalities [1, 0] are not increasing indices below 2", |e| {
            e.trials[0].models[0].modalities = vec![1, 0];
        }),
        ("seed 4, model 0, test logits: expected 1 x 2, found 1 x 3", |e| {
            e.trials[0].models[0].test.logits[1] = Matrix::zeros(1, 3);
        }),
        ("seed 4, model 0, test embeddings: expected 2 matrices, found 1", |e| {
            e.trials[0].models[0].test.embeddings.truncate(1);
        }),
        ("seed 4, model 0, train logits: row 1 is not finite", |e| {
            e.trials[0].models[0].train.logits[0].row_mut(1)[0] = f32::NAN;
        }),
        (
            "seed 5: the test rows differ from those of the first trial, but the split is said to be given",
            |e| {
                let mut other = e.trials[0].clone();
                (other.seed, other.train, other.test) = (5, vec![2, 1], vec![0]);
                e.trials.push(other);
            },
        ),
    ];
    for (message, spoil) in cases {
        let mut evidence = small();
        spoil(&mut evidence);
        assert_eq!(evidence.check().unwrap_err().to_string(), message);
    }
}

#[test]
fn outputs_of_a_diverged_network_are_not_looked_at() {
    let mut evidence = small();
    let model = &mut evidence.trials[0].models[0];
    model.ended = Ending::Diverged { epoch: 3, what: "train loss".into() };
    model.test.logits[0].row_mut(0)[0] = f32::NAN;
    assert_eq!(evidence.check(), Ok(()));
    assert!(evidence.trials[0].model(&[0, 1], "naive").is_none());
}
