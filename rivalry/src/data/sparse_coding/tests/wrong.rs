//! Every way in which a model, or a wish for samples, can be wrong.

use super::*;

/// Each change makes one thing wrong, and the message names the knob.
#[test]
fn every_value_that_cannot_be_is_named() {
    type Change = fn(&mut SparseCoding);
    let cases: [(Change, &str); 19] = [
        (|m| (m.n_classes, m.off_label_count) = (1, 0.5), "`classes` must be at least 2, not 1"),
        (|m| m.modalities.clear(), "`modalities` must be from 1 to 64, not 0"),
        (|m| m.modalities[1].dim = 9, "`dim.2` must be at least the number of classes, 10, not 9"),
        (|m| m.modalities[0].mu = 1.5, "`mu.1` must be from 0 to 1, not 1.5"),
        (|m| m.modalities[0].mu = f64::NAN, "`mu.1` must be from 0 to 1, not NaN"),
        (|m| m.modalities[1].strength = -1.0, "`strength.2` must be from 0 to 1000000, not -1"),
        (|m| m.modalities[1].rho = f64::INFINITY, "`rho.2` must be from 0 to 1000000, not inf"),
        (|m| m.modalities[1].gamma = f64::NAN, "`gamma.2` must be from 0 to 1000000, not NaN"),
        (|m| m.modalities[0].noise = 1e9, "`noise.1` must be from 0 to 1000000, not 1000000000"),
        (
            |m| m.off_label_count = 10.5,
            "`off_label_count` must be from 0 to the number of classes, 10, not 10.5",
        ),
        (|m| m.off_label_low = 0.5, "`off_label_low` must not be above `off_label_high`: 0.5 is above 0.4"),
        (|m| m.label_high = 0.5, "`label_low` must not be above `label_high`: 1 is above 0.5"),
        (|m| m.label_low = -0.5, "`label_low` must be from 0 to 1000000, not -0.5"),
        (|m| m.off_label_high = f64::NAN, "`off_label_high` must be from 0 to 1000000, not NaN"),
        (|m| m.dependence = -1.5, "`dependence` must be from -1 to 1, not -1.5"),
        (|m| m.dependence = f64::NAN, "`dependence` must be from -1 to 1, not NaN"),
        (|m| m.paired = 1.5, "`paired` must be from 0 to 1, not 1.5"),
        (|m| m.paired = f64::NAN, "`paired` must be from 0 to 1, not NaN"),
        (
            |m| {
                m.dependence = -0.1;
                m.modalities.iter_mut().for_each(|modality| modality.mu = 0.75);
            },
            "a `dependence` below 0 needs shares `mu` that sum to at most 1, not 1.5",
        ),
    ];
    for (change, message) in cases {
        let mut model = SparseCoding::default();
        change(&mut model);
        let errors = model.check().unwrap_err();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, [message]);
        assert_eq!(model.explicit(100, 10, 0).unwrap_err().len(), 1);
        assert_eq!(model.compact::<f32>(100, 0).unwrap_err().len(), 1);
    }
    let mut model = SparseCoding::default();
    (model.n_classes, model.modalities[0].mu, model.label_low) = (1, 2.0, 9.0);
    assert_eq!(model.check().unwrap_err().len(), 4, "all that is wrong is told");
}

#[test]
fn what_is_unusual_is_allowed() {
    let mut model = model(2, &[2, 2]);
    (model.off_label_high, model.off_label_count) = (0.9, 2.0);
    model.modalities[0] =
        CodedModality { mu: 1.0, strength: 0.0, rho: 0.0, gamma: 0.0, ..model.modalities[0].clone() };
    model.modalities[1].mu = 0.0;
    model.dependence = -1.0;
    assert_eq!(model.check(), Ok(()));
    // No direction is left for noise outside of the features.
    assert_eq!(model.compact::<f32>(5, 0).unwrap().kept, [0, 0]);
    // Ten shares of 0.1 sum to a bit more than 1 in floating point.
    let mut crowd = super::model(2, &[2; 10]);
    crowd.modalities.iter_mut().for_each(|modality| modality.mu = 0.1);
    crowd.dependence = -1.0;
    assert_eq!(crowd.check(), Ok(()));
}

#[test]
fn too_few_samples_are_an_error_with_a_way_out() {
    let model = SparseCoding { n_classes: 30, ..SparseCoding::default() };
    let of = |n_train, n_test| model.explicit(n_train, n_test, 0).unwrap_err().remove(0);
    assert_eq!(of(29, 5), SparseCodingError::TooFewTrain { n_train: 29, n_classes: 30 });
    // 30! / 30^30 = 1e-12 per draw.
    let missing = SparseCodingError::ClassMissing { n_train: 30, n_classes: 30, attempts: 10_000 };
    assert_eq!(of(30, 5), missing);
    assert_eq!(missing.hint().unwrap(), "ask for 150 or more");
    assert!(model.train_codes(150, 0).is_ok());
    assert_eq!(of(200, 0), SparseCodingError::NoTest);
    let too_many = usize::try_from(u32::MAX).unwrap();
    assert_eq!(of(200, too_many), SparseCodingError::TooManySamples { n_samples: too_many + 200 });
}
