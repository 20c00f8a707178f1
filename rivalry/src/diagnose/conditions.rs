//! The conditions of the rules: each looks at the facts and says how far it
//! holds, with the numbers.

use crate::diagnose::facts::{Facts, Outcome, percent, points};
use crate::diagnose::status::{
    Status, above, at_least, at_least_among, at_most_minus, at_most_minus_among, below, within,
};
use crate::stats::Estimate;

pub(super) fn weak_baseline(facts: &Facts<'_>) -> Outcome {
    let lead = facts.study("weak_baseline");
    let modality = facts.choice("best_raw_probe").map_or("a modality".to_owned(), |m| facts.name(m));
    let line = match &lead {
        Some(_) => format!(
            "a linear probe on the raw features of {modality} minus {} alone is {}",
            facts.best_name(),
            points(lead.as_ref())
        ),
        None => "no probe on raw features was fitted".to_owned(),
    };
    Outcome::new(at_least(lead.as_ref(), facts.at.rope), line)
}

/// A joint network that is no better than the probe has won nothing over that baseline.
pub(super) fn joint_not_above_probe(facts: &Facts<'_>) -> Outcome {
    let lead = facts.study("joint_over_raw_probe");
    let line = format!("joint minus the best probe on raw features is {}", points(lead.as_ref()));
    Outcome::new(at_least(lead.as_ref(), facts.at.rope).negated(), line)
}

/// A weak baseline hides harm, it does not make it: what loses to a weak
/// network would lose to a tuned one by more.
pub(super) fn weakness_outweighs_loss(facts: &Facts<'_>) -> Outcome {
    let (Some(lead), Some(gap)) = (facts.study("weak_baseline"), facts.study("gap")) else {
        return Outcome::new(Status::Unknown, "no probe on raw features was fitted");
    };
    let loses = facts.loses();
    let is_outweighed = loses.status < Status::Likely || lead.value >= -gap.value;
    Outcome::new(if is_outweighed { Status::Met } else { Status::Unlikely }, loses.line)
}

pub(super) fn scale_mismatch(facts: &Facts<'_>) -> Outcome {
    let Some((seen, _)) = facts.scale_ratios() else {
        return Outcome::new(Status::Unknown, "the features are not at hand");
    };
    let status = if seen > facts.at.scale_ratio { Status::Met } else { Status::Refuted };
    let line =
        format!("features as the networks saw them differ {seen:.1} times in scale between modalities");
    Outcome::new(status, line)
}

pub(super) fn harmful_modality(facts: &Facts<'_>) -> Outcome {
    best(facts, |modality| {
        let name = facts.name(modality);
        let transfer = facts.modality("transfer_loss", modality);
        let (noise, shift) = (is_noise(facts, modality), is_shortcut(facts, modality));
        let gain = facts.modality("left_out_gain", modality);
        let drop = facts.modality("permutation_drop", modality);
        let (rope, looks) = (facts.at.rope, 2 * facts.modalities().len());
        let without = at_least_among(gain.as_ref(), rope, looks);
        let without = without.or(at_most_minus_among(drop.as_ref(), rope, looks));
        let is = if shift >= Status::Likely && shift >= noise {
            format!("{name} alone loses {} from validation to test rows", points(transfer.as_ref()))
        } else {
            let probe = facts.modality("raw_probe", modality);
            let probed = probe
                .map_or(String::new(), |p| format!(", a probe on its raw features {}", percent(Some(&p))));
            let alone = percent(facts.alone(modality).as_ref());
            format!("{name} alone reaches {alone}{probed} (chance {:.1} %)", 100.0 * facts.chance())
        };
        let line = format!(
            "{is}; without it accuracy changes by {} (left out) or {} (shuffled)",
            points(gain.as_ref()),
            points(drop.map(|d| d.negated()).as_ref())
        );
        Outcome::of(modality, noise.or(shift).and(without), line)
    })
}

/// Whether what a modality predicts on validation rows does not hold on test rows.
pub(super) fn is_shortcut(facts: &Facts<'_>, modality: usize) -> Status {
    above(facts.modality("transfer_loss", modality).as_ref(), facts.at.transfer_loss)
}

/// Whether a modality says nothing about the label: neither the network trained
/// on it nor, where it was fitted, the probe on its raw features is above chance.
fn is_noise(facts: &Facts<'_>, modality: usize) -> Status {
    let bound = facts.chance() + facts.at.near_chance;
    let network = below(facts.alone(modality).as_ref(), bound);
    match facts.modality("raw_probe", modality) {
        Some(probe) => network.and(below(Some(&probe), bound)),
        None => network,
    }
}

pub(super) fn encoder_deficit(facts: &Facts<'_>) -> Outcome {
    best(facts, |modality| {
        let deficit = facts.modality("encoder_deficit", modality);
        let alone = facts.alone(modality);
        let counts = above(alone.as_ref(), facts.chance() + facts.at.near_chance);
        let line = format!("encoder deficit of {}: {}", facts.name(modality), points(deficit.as_ref()));
        let has_deficit = at_least_among(deficit.as_ref(), facts.at.rope, facts.modalities().len());
        Outcome::of(modality, has_deficit.and(counts), line)
    })
}

pub(super) fn loss_is_of_competition(facts: &Facts<'_>) -> Outcome {
    if facts.loses().status < Status::Likely {
        return Outcome::new(Status::Met, "joint training does not lose to the best modality alone");
    }
    let encoders = loss_is_of_encoders(facts);
    let unused = little_use(facts);
    if unused.status > encoders.status { unused } else { encoders }
}

fn loss_is_of_encoders(facts: &Facts<'_>) -> Outcome {
    let (Some(share), Some(encoder)) = (facts.encoder_share(), facts.study("encoder_effect")) else {
        return Outcome::new(Status::Unknown, "the encoder effect was not measured");
    };
    let status = match share >= facts.at.encoder_share {
        true if encoder.below(0.0) => Status::Met,
        true => Status::Likely,
        false if facts.study("fusion_effect").is_some_and(|f| f.below(0.0)) => Status::Refuted,
        false => Status::Unlikely,
    };
    Outcome::new(status, decomposition(facts))
}

/// Whether the joint network makes little use of the modality with the encoder deficit:
/// a branch that stopped learning has a small part of the head too, and a probe, which
/// brings a head of its own, does not see that.
fn little_use(facts: &Facts<'_>) -> Outcome {
    let Some(modality) = encoder_deficit(facts).modality else {
        return Outcome::new(Status::Unknown, "no encoder deficit was measured");
    };
    let drop = facts.modality("permutation_drop", modality);
    let alone = facts.alone(modality);
    let bound = alone.as_ref().map(|alone| facts.at.little_use * (alone.value - facts.chance()));
    let status = bound.map_or(Status::Unknown, |bound| below(drop.as_ref(), bound));
    Outcome::of(modality, status, use_line(facts, modality))
}

/// How much the joint network uses a modality, in words.
pub(super) fn use_line(facts: &Facts<'_>, modality: usize) -> String {
    format!(
        "shuffling {} costs the joint network {}; alone it reaches {}",
        facts.name(modality),
        points(facts.modality("permutation_drop", modality).as_ref()),
        percent(facts.alone(modality).as_ref())
    )
}

pub(super) fn fusion_effect(facts: &Facts<'_>) -> Outcome {
    let effect = facts.study("fusion_effect");
    let line = format!("the fusion effect is {}", points(effect.as_ref()));
    Outcome::new(at_most_minus(effect.as_ref(), facts.at.rope), line)
}

pub(super) fn loss_is_of_fusion(facts: &Facts<'_>) -> Outcome {
    let (Some(share), Some(fusion)) = (facts.encoder_share(), facts.study("fusion_effect")) else {
        return Outcome::new(Status::Unknown, "there is no loss that could be split");
    };
    let status = match share < facts.at.encoder_share {
        true if fusion.below(0.0) => Status::Met,
        true => Status::Likely,
        false if facts.study("encoder_effect").is_some_and(|e| e.below(0.0)) => Status::Refuted,
        false => Status::Unlikely,
    };
    Outcome::new(status, decomposition(facts))
}

/// The sentence of the decomposition.
pub(super) fn decomposition(facts: &Facts<'_>) -> String {
    format!(
        "gap {} = encoder effect {} + fusion effect {}",
        points(facts.study("gap").as_ref()),
        points(facts.study("encoder_effect").as_ref()),
        points(facts.study("fusion_effect").as_ref())
    )
}

pub(super) fn recoverable(facts: &Facts<'_>) -> Outcome {
    let gain = facts.study("recoverable");
    let line = match &gain {
        Some(_) => {
            format!(
                "a probe on all joint encoders side by side minus the joint head is {}",
                points(gain.as_ref())
            )
        }
        None => "no probe on all joint encoders side by side was fitted".to_owned(),
    };
    Outcome::new(at_least(gain.as_ref(), facts.at.rope), line)
}

pub(super) fn lower_training_loss(facts: &Facts<'_>) -> Outcome {
    let excess = facts.study("train_loss_excess");
    Outcome::new(
        at_most_minus(excess.as_ref(), facts.at.loss_rope),
        loss_line(facts, "training", excess.as_ref()),
    )
}

pub(super) fn higher_validation_loss(facts: &Facts<'_>) -> Outcome {
    let excess = facts.study("valid_loss_excess");
    Outcome::new(
        at_least(excess.as_ref(), facts.at.loss_rope),
        loss_line(facts, "validation", excess.as_ref()),
    )
}

/// A modality that tells nothing makes a network over-fit: then it is the cause, and over-fitting how it acts.
pub(super) fn no_harmful_modality(facts: &Facts<'_>) -> Outcome {
    let found = harmful_modality(facts);
    let status = match found.status {
        Status::Met => Status::Refuted,
        Status::Likely => Status::Unlikely,
        _ => Status::Met,
    };
    Outcome::new(status, found.line)
}

/// The mirror image of V3's losses. Without curves nothing speaks against it.
pub(super) fn no_overfitting(facts: &Facts<'_>) -> Outcome {
    let (train, valid) = (lower_training_loss(facts), higher_validation_loss(facts));
    let status = match train.status.and(valid.status) {
        Status::Met => Status::Refuted,
        Status::Likely => Status::Unlikely,
        _ => Status::Met,
    };
    Outcome::new(status, format!("{}; {}", train.line, valid.line))
}

fn loss_line(facts: &Facts<'_>, which: &str, excess: Option<&Estimate>) -> String {
    match excess {
        Some(e) => {
            format!("the joint network's {which} loss ends {e} nats from that of {} alone", facts.best_name())
        }
        None => format!("no {which} curves were kept"),
    }
}

pub(super) fn every_modality_above_chance(facts: &Facts<'_>) -> Outcome {
    worst(facts, |modality| {
        let alone = facts.alone(modality);
        let status = above(alone.as_ref(), facts.chance() + facts.at.near_chance);
        let line = format!(
            "{} alone reaches {} (chance {:.1} %)",
            facts.name(modality),
            percent(alone.as_ref()),
            100.0 * facts.chance()
        );
        Outcome::of(modality, status, line)
    })
}

pub(super) fn unrelated_pairs(facts: &Facts<'_>) -> Outcome {
    if (facts.measured.n_samples as f64) < facts.at.pairing_samples {
        return Outcome::new(Status::Unknown, "there are too few samples to test pairing");
    }
    best(facts, |modality| {
        let p = facts.modality("pairing_p", modality);
        let Some(p) = p else {
            return Outcome::of(modality, Status::Unknown, "pairing was not tested");
        };
        let line = format!(
            "rows of {} depend on those of the other modalities within classes with p = {:.3}",
            facts.name(modality),
            p.value
        );
        // "None found" is no proof, so this is at most likely.
        let status = if p.value > facts.at.pairing_p { Status::Likely } else { Status::Refuted };
        Outcome::of(modality, status, line)
    })
}

pub(super) fn pairs_of_test_rows_broken(facts: &Facts<'_>) -> Outcome {
    if (facts.measured.n_samples as f64) < facts.at.pairing_samples {
        return Outcome::new(Status::Unknown, "there are too few samples to test pairing");
    }
    best(facts, |modality| {
        let p = |quantity| facts.modality(quantity, modality).map(|p| p.value);
        let (Some(valid), Some(test)) = (p("pairing_p_valid"), p("pairing_p")) else {
            return Outcome::of(modality, Status::Unknown, "pairing was not tested on validation rows");
        };
        let line = format!(
            "rows of {} depend on those of the other modalities within classes with p = {valid:.3} among validation rows, \
             p = {test:.3} among test rows",
            facts.name(modality)
        );
        let status = match (valid <= facts.at.pairing_found, test > facts.at.pairing_p) {
            (true, true) => Status::Met,
            (false, true) => Status::Unlikely,
            (_, false) => Status::Refuted,
        };
        Outcome::of(modality, status, line)
    })
}

pub(super) fn pairing_costs_nothing(facts: &Facts<'_>) -> Outcome {
    worst(facts, |modality| {
        let drop = facts.modality("within_class_drop", modality);
        let line = format!(
            "shuffling {} within classes changes accuracy by {}",
            facts.name(modality),
            points(drop.clone().map(|d| d.negated()).as_ref())
        );
        Outcome::of(modality, below(drop.as_ref(), facts.at.rope), line)
    })
}

pub(super) fn gap_within(facts: &Facts<'_>) -> Outcome {
    let gap = facts.study("gap");
    Outcome::new(within(gap.as_ref(), facts.at.rope), facts.loses().line)
}

pub(super) fn headroom_within(facts: &Facts<'_>) -> Outcome {
    let headroom = facts.study("headroom");
    let line = format!("ensemble minus joint is {}", points(headroom.as_ref()));
    Outcome::new(within(headroom.as_ref(), facts.at.rope), line)
}

pub(super) fn room(facts: &Facts<'_>) -> Outcome {
    let alone = facts.choice("best_alone").and_then(|m| facts.alone(m));
    let bound = 1.0 - facts.at.room * facts.at.rope;
    let line = format!("{} alone reaches {}", facts.best_name(), percent(alone.as_ref()));
    Outcome::new(below(alone.as_ref(), bound), line)
}

pub(super) fn no_loss(facts: &Facts<'_>) -> Outcome {
    let gap = facts.study("gap");
    Outcome::new(above(gap.as_ref(), -facts.at.rope), facts.loses().line)
}

pub(super) fn little_headroom(facts: &Facts<'_>) -> Outcome {
    let headroom = facts.study("headroom");
    let line = format!("ensemble minus joint is {}", points(headroom.as_ref()));
    let status = match (&headroom, at_least(headroom.as_ref(), facts.at.rope)) {
        (None, _) => Status::Unknown,
        (_, Status::Met) => Status::Refuted,
        (Some(e), _) if e.value < facts.at.rope => Status::Met,
        _ => Status::Unlikely,
    };
    Outcome::new(status, line)
}

/// "Some modality": the outcome with the best status; of equals, the one with
/// the largest encoder deficit, so that the loser is the modality that lost most.
fn best(facts: &Facts<'_>, of: impl Fn(usize) -> Outcome) -> Outcome {
    let deficit = |m: usize| facts.modality("encoder_deficit", m).map_or(f64::NEG_INFINITY, |e| e.value);
    let outcomes = facts.modalities().map(|m| (of(m), deficit(m)));
    let top = outcomes.reduce(|a, b| {
        let better = b.0.status > a.0.status || (b.0.status == a.0.status && b.1 > a.1);
        if better { b } else { a }
    });
    top.map_or_else(|| Outcome::new(Status::Unknown, "there are no modalities"), |(outcome, _)| outcome)
}

/// "Every modality": the outcome with the worst status.
fn worst(facts: &Facts<'_>, of: impl Fn(usize) -> Outcome) -> Outcome {
    let outcomes = facts.modalities().map(of);
    let least = outcomes.reduce(|a, b| if b.status < a.status { b } else { a });
    least.unwrap_or_else(|| Outcome::new(Status::Unknown, "there are no modalities"))
}
