//! The rules as data: code, name, conditions, what to do, in order of
//! precedence. `docs/verdicts.md` shows this table; a test compares the two.

use crate::diagnose::conditions;
use crate::diagnose::facts::{Facts, Outcome};

/// A rule.
pub(super) struct Rule {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// Whether it explains harm.
    pub(super) is_cause: bool,
    pub(super) conditions: &'static [Condition],
    /// What to do about it.
    pub(super) prescription: &'static [&'static str],
    /// What input would settle it.
    pub(super) settle: &'static str,
}

/// One condition of a rule.
pub(super) struct Condition {
    /// As in the documentation.
    pub(super) text: &'static str,
    pub(super) holds: fn(&Facts<'_>) -> Outcome,
}

const HARM: Condition = Condition { text: "harm", holds: |facts| facts.harm() };
const LOSES: Condition = Condition { text: "joint training loses", holds: |facts| facts.loses() };

/// All rules but V0, in order of precedence.
pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "V9",
        name: "Weak baseline",
        is_cause: true,
        conditions: &[
            Condition {
                text: "a linear probe on some modality's raw features beats best alone by at least ROPE",
                holds: conditions::weak_baseline,
            },
            Condition {
                text: "the joint network is less than ROPE above that probe",
                holds: conditions::joint_not_above_probe,
            },
            Condition {
                text: "the probe's lead is at least the loss, if there is one",
                holds: conditions::weakness_outweighs_loss,
            },
        ],
        prescription: &[
            "tune the networks trained alone first (epochs, learning rate, width, regularisation): a linear model on \
             the raw features is better than the best of them, so no comparison with them says much",
        ],
        settle: "the same study with networks tuned on validation data",
    },
    Rule {
        code: "V6",
        name: "Scale mismatch",
        is_cause: true,
        conditions: &[
            HARM,
            Condition { text: "the scale ratio is above `scale_ratio`", holds: conditions::scale_mismatch },
        ],
        prescription: &["standardise each modality on its training rows, then diagnose again"],
        settle: "the same study with standardised features",
    },
    Rule {
        code: "V8",
        name: "Harmful modality",
        is_cause: true,
        conditions: &[Condition {
            text: "for some modality: it alone is near chance (the network, and the probe on raw features), or its \
                       transfer loss is above `transfer_loss`; and without it (left out in training, or shuffled) \
                       accuracy is higher by at least ROPE",
            holds: conditions::harmful_modality,
        }],
        prescription: &[
            "leave the modality out, or gate it by sample (dynamic fusion)",
            "before that, check its rows: a modality whose rows are shifted against the labels looks exactly like \
             noise",
        ],
        settle: "joint networks without each modality",
    },
    Rule {
        code: "V5",
        name: "Pairing bug in the test rows",
        is_cause: true,
        conditions: &[
            HARM,
            Condition {
                text: "for some modality: paired validation rows depend on each other beyond their class (p at most \
                       `pairing_found`), test rows do not",
                holds: conditions::pairs_of_test_rows_broken,
            },
        ],
        prescription: &[
            "check how the test rows were put together: rows of different modalities belong together in the training part \
             and not there",
        ],
        settle: "test rows paired anew from their ids",
    },
    Rule {
        code: "V2",
        name: "Competition",
        is_cause: true,
        conditions: &[
            HARM,
            Condition {
                text: "some modality that alone is above chance has an encoder deficit of at least ROPE",
                holds: conditions::encoder_deficit,
            },
            Condition {
                text: "the loss, if there is one, is at least `encoder_share` encoder effect, or the joint network makes \
                       little use of that modality: shuffling it costs less than `little_use` of what it alone \
                       reaches above chance",
                holds: conditions::loss_is_of_competition,
            },
        ],
        prescription: &[
            "use the ensemble of the networks trained alone: it costs nothing more",
            "train jointly with auxiliary uni-modal losses",
            "train each modality alone first, then fuse",
            "then gradient modulation",
        ],
        settle: "embeddings of more samples, or more seeds",
    },
    Rule {
        code: "V3",
        name: "Over-fitting to extra capacity",
        is_cause: true,
        conditions: &[
            LOSES,
            Condition {
                text: "the joint network's training loss ends below that of best alone by at least `loss_rope`",
                holds: conditions::lower_training_loss,
            },
            Condition {
                text: "its validation loss ends above by at least `loss_rope`",
                holds: conditions::higher_validation_loss,
            },
            Condition {
                text: "no modality is a harmful one as V8 has it, not even likely",
                holds: conditions::no_harmful_modality,
            },
        ],
        prescription: &[
            "stop early on validation data, regularise (weight decay, dropout, smaller encoders)",
            "weight the losses by over-fitting to generalisation (Gradient-Blending)",
        ],
        settle: "learning curves of more seeds, with more regularisation",
    },
    Rule {
        code: "V7",
        name: "Fusion-head failure",
        is_cause: true,
        conditions: &[
            LOSES,
            Condition { text: "the fusion effect is at most -ROPE", holds: conditions::fusion_effect },
            Condition {
                text: "less than `encoder_share` of the loss is encoder effect",
                holds: conditions::loss_is_of_fusion,
            },
            Condition {
                text: "a new head on the same encoders would win at least ROPE",
                holds: conditions::recoverable,
            },
            Condition {
                text: "the losses do not end as over-fitting would have them",
                holds: conditions::no_overfitting,
            },
        ],
        prescription: &[
            "retrain a regularised head on the frozen encoders, or stack the networks trained alone",
        ],
        settle: "a head retrained on the frozen joint encoders",
    },
    Rule {
        code: "V5",
        name: "Pairing bug or unrelated pairs",
        is_cause: true,
        conditions: &[
            HARM,
            Condition {
                text: "every modality alone is above chance",
                holds: conditions::every_modality_above_chance,
            },
            Condition {
                text: "no dependence between paired samples beyond their class was found",
                holds: conditions::unrelated_pairs,
            },
            Condition {
                text: "shuffling within classes costs less than ROPE for every modality",
                holds: conditions::pairing_costs_nothing,
            },
        ],
        prescription: &[
            "check ids, time stamps and calibration: rows of different modalities may be mismatched",
        ],
        settle: "a few samples compared by eye across modalities",
    },
    Rule {
        code: "V4",
        name: "Redundancy, nothing to gain",
        is_cause: false,
        conditions: &[
            Condition { text: "the gap lies within ROPE of 0", holds: conditions::gap_within },
            Condition { text: "the headroom lies within ROPE of 0", holds: conditions::headroom_within },
            Condition { text: "best alone leaves more than `room` ROPEs of errors", holds: conditions::room },
        ],
        prescription: &["use the best modality alone and save the cost of the others"],
        settle: "more test samples",
    },
    Rule {
        code: "V1",
        name: "Fusion is fine",
        is_cause: false,
        conditions: &[
            Condition { text: "the gap lies above -ROPE", holds: conditions::no_loss },
            Condition { text: "the headroom is below ROPE", holds: conditions::little_headroom },
        ],
        prescription: &["nothing: joint training does its work here"],
        settle: "more test samples",
    },
];
