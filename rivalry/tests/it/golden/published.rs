//! Published accuracies that a method has to reach on the published split.

use rivalry::formats::embedded;
use rivalry::registry::Choice;
use rivalry::spec::Spec;
use rivalry::train::{Trained, Unwatched, train};

/// Han et al. 2021, Table 2: 98.51 +- 0.15 on handwritten digits; the split is theirs, and so
/// are the network (one linear layer per view), the batch, the solver and the annealing. They
/// scale features to [0, 1] on train and test apart; here they are standardised on train.
#[test]
fn tmc_reaches_its_published_accuracy_on_handwritten_digits() {
    let data = embedded::handwritten();
    let spec = Spec {
        strategy: Choice::new("tmc").with("anneal", 50_i64),
        encoder: Choice::new("identity"),
        solver: Choice::new("adam").with("lr", 3e-4).with("weight_decay", 1e-5),
        epochs: Some(500),
        patience: Some(0),
        batch: 200,
        valid_share: 0.0,
        ..Spec::default()
    };
    let job = spec.check(&data).unwrap();
    let Trained::Done(record) = train(&job, &data, &[], None, &mut Unwatched).unwrap() else {
        unreachable!("nobody asked to stop")
    };
    let p = &record.predictions;
    assert_eq!(p.rows.len(), 400);
    let right = p.rows.iter().zip(p.scores.chunks(10)).filter(|(row, scores)| {
        let label = data.labels()[**row as usize] as usize;
        scores.iter().enumerate().all(|(k, s)| k == label || *s < scores[label])
    });
    let accuracy = right.count() as f64 / 400.0;
    assert!((accuracy - 0.985).abs() <= 0.01, "{accuracy}");
}
