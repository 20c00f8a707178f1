//! The table of causes and their recipes. Doses are read as: at strength 0
//! the cause is as good as absent, at 1 it is plain.

use super::recipe::{Code, Source};
use super::{Case, Knobs, Recipe, Training};
use crate::registry::Choice;

/// All causes, in the order of the verdicts' codes.
pub const CASES: &[Case] = &[
    Case {
        name: "no_effect",
        code: "V0",
        variant: None,
        loser: None,
        summary: "copies of one modality, so that joint training can neither win nor lose; few test rows",
        cure: "there is nothing to cure",
        recipe: copies,
    },
    Case {
        name: "benefit",
        code: "V1",
        variant: Some("V1a"),
        loser: None,
        summary: "modalities that tell the class independently of each other, all of it easy to learn",
        cure: "there is nothing to cure",
        recipe: benefit,
    },
    Case {
        name: "competition",
        code: "V2",
        variant: Some("V2b"),
        loser: Some(1),
        summary: "`a` is read quickly but often tells nothing, `b` tells the class by a fold that takes long to learn",
        cure: "train `b` alone, or with a loss of its own",
        recipe: competition,
    },
    Case {
        name: "lottery",
        code: "V2",
        variant: Some("V2a"),
        loser: None,
        summary: "equal modalities that take equally long to learn, each telling nothing for some samples: initial \
                  weights decide who is learned",
        cure: "train each alone, or with a loss of its own",
        recipe: lottery,
    },
    Case {
        name: "overfitting",
        code: "V3",
        variant: None,
        loser: None,
        summary: "`b` is wide and tells little: a joint network without early stopping learns the training rows by heart",
        cure: "stop early, or more training rows",
        recipe: overfitting,
    },
    Case {
        name: "redundancy",
        code: "V4",
        variant: None,
        loser: None,
        summary: "copies of one modality: all share the same noise",
        cure: "there is nothing to cure",
        recipe: copies,
    },
    Case {
        name: "mispaired",
        code: "V5",
        variant: None,
        loser: None,
        summary: "`b` shares its noise with `a`, which training rows teach to subtract; its test rows are those of other \
                  samples of the same class",
        cure: "pair the test rows right",
        recipe: mispaired,
    },
    Case {
        name: "scales",
        code: "V6",
        variant: None,
        loser: None,
        summary: "the features of `a`, which tells less, are many times larger than those of `b`, and nothing standardises them",
        cure: "standardise",
        recipe: scales,
    },
    Case {
        name: "broken_head",
        code: "V7",
        variant: None,
        loser: None,
        summary: "the networks are trained well; then the part of the joint head that belongs to `b`, which tells less, is \
                  multiplied, as when a sum is trained and something else is used",
        cure: "retrain the head on the same encoders",
        recipe: broken_head,
    },
    Case {
        name: "noise",
        code: "V8",
        variant: Some("V8a"),
        loser: Some(1),
        summary: "`b` is wide and tells nothing, and there are few training rows",
        cure: "leave `b` out",
        recipe: noise,
    },
    Case {
        name: "shortcut",
        code: "V8",
        variant: Some("V8b"),
        loser: Some(1),
        summary: "`b` tells the class in training rows and a random class in test rows",
        cure: "leave `b` out",
        recipe: shortcut,
    },
    Case {
        name: "weak_baseline",
        code: "V9",
        variant: None,
        loser: None,
        summary: "training ends long before the networks have learned what a linear model reads",
        cure: "more epochs",
        recipe: weak_baseline,
    },
];

/// A third modality that is small, clean and tells a little.
fn third(knobs: &Knobs) -> Source {
    Source { dim: knobs.n_classes, delta: 1.0, ..Source::default() }
}

fn plain(sources: [Source; 3]) -> Recipe {
    Recipe { sources: sources.to_vec(), training: Training::default() }
}

fn linear(dim: usize, delta: f64) -> Source {
    Source { dim, delta, ..Source::default() }
}

fn copies(knobs: &Knobs) -> Recipe {
    // Weaker copies would dilute the best one in a sum, which is a loss; noise of their own would average out, a gain.
    let own = 0.2 - 0.15 * knobs.strength;
    let copy = Source { own, shared: 1.0, background: 0.3, ..linear(knobs.n_classes + 2, 2.5) };
    let mut recipe = plain([copy, copy, copy]);
    recipe.training = Training { epochs: 15, patience: 0, ..recipe.training };
    recipe.training.solver = Choice::new("adam").with("lr", 1e-3);
    recipe
}

fn benefit(knobs: &Knobs) -> Recipe {
    let half = linear(knobs.n_classes + 5, 2.0);
    plain([half, Source { delta: 1.0 + knobs.strength, ..half }, third(knobs)])
}

/// Gradients vanish with the loss: Adam would bring them back to full size.
fn descent(lr: f64, width: usize) -> Training {
    Training {
        encoder: Choice::new("mlp").with("width", width as i64),
        solver: Choice::new("sgd").with("lr", lr),
        epochs: 60,
        patience: 0,
        ..Training::default()
    }
}

fn competition(knobs: &Knobs) -> Recipe {
    let quick = Source { insufficient: 0.05 + 0.15 * knobs.strength, ..linear(knobs.dim, 5.0) };
    let slow = Source { code: Code::Folded, ..linear(knobs.n_classes + 20, 5.0) };
    Recipe { sources: vec![quick, slow, third(knobs)], training: descent(0.02, knobs.n_classes + 7) }
}

fn lottery(knobs: &Knobs) -> Recipe {
    let insufficient = 0.1 + 0.2 * knobs.strength;
    let slow = Source { code: Code::Folded, insufficient, ..linear(2 * knobs.n_classes + 10, 6.0) };
    Recipe { sources: vec![slow, slow, slow], training: descent(0.05, knobs.n_classes + 3) }
}

/// Trained to the end, a little more gently than by default.
fn to_the_end(epochs: u32) -> Training {
    Training {
        encoder: Choice::new("mlp").with("width", 16_i64),
        solver: Choice::new("adam").with("lr", 2e-3),
        epochs,
        patience: 0,
        ..Training::default()
    }
}

/// Width is the dose: from one feature per class to all of them.
fn grown(knobs: &Knobs) -> usize {
    knobs.n_classes + ((knobs.dim - knobs.n_classes) as f64 * knobs.strength) as usize
}

fn overfitting(knobs: &Knobs) -> Recipe {
    let wide = linear(grown(knobs), 1.2);
    Recipe { sources: vec![linear(knobs.n_classes, 2.5), wide, third(knobs)], training: to_the_end(60) }
}

fn mispaired(knobs: &Knobs) -> Recipe {
    let shared = 0.5 + knobs.strength;
    let a = Source { own: 0.7, shared, ..linear(knobs.n_classes + 5, 3.0) };
    let b = Source { own: 0.7, shared, is_mispaired: true, ..linear(knobs.n_classes + 5, 1.2) };
    plain([a, b, third(knobs)])
}

fn scales(knobs: &Knobs) -> Recipe {
    let scale = 12.0 + 48.0 * knobs.strength;
    let loud = Source { scale, ..linear(knobs.dim, 1.5) };
    Recipe {
        sources: vec![loud, linear(knobs.n_classes + 5, 3.0), third(knobs)],
        training: Training { standardise: false, ..Training::default() },
    }
}

fn broken_head(knobs: &Knobs) -> Recipe {
    let gain = 1.0 + 7.0 * knobs.strength;
    Recipe {
        sources: vec![linear(knobs.n_classes + 5, 2.5), linear(knobs.n_classes + 5, 1.5), third(knobs)],
        training: Training { head_gain: vec![1.0, gain, 1.0], ..Training::default() },
    }
}

fn noise(knobs: &Knobs) -> Recipe {
    let nothing = linear(grown(knobs), 0.0);
    Recipe { sources: vec![linear(knobs.n_classes, 2.5), nothing, third(knobs)], training: to_the_end(60) }
}

fn shortcut(knobs: &Knobs) -> Recipe {
    let b = Source { is_shortcut: true, ..linear(knobs.n_classes + 5, 2.0 + 2.0 * knobs.strength) };
    plain([linear(knobs.n_classes + 5, 2.5), b, third(knobs)])
}

fn weak_baseline(knobs: &Knobs) -> Recipe {
    let epochs = 8 - (6.0 * knobs.strength) as u32;
    Recipe {
        // What `b` and `c` add must not make up for what the joint network did not learn.
        sources: vec![linear(knobs.dim, 2.5), linear(knobs.dim, 0.8), Source { delta: 0.5, ..third(knobs) }],
        training: Training {
            solver: Choice::new("adam").with("lr", 1e-3),
            epochs,
            patience: 0,
            ..Training::default()
        },
    }
}
