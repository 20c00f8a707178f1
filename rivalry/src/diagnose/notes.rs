//! What should be known beside any verdict.

use crate::diagnose::facts::{Facts, points};
use crate::diagnose::status::{Status, at_least_among};
use crate::metrics::Diverged;
use crate::metrics::usage::{METERS, leader};
use crate::stats::Estimate;

/// All notes that apply, the most important first.
pub(super) fn all(facts: &Facts<'_>, code: Option<&str>) -> Vec<String> {
    let mut notes = Vec::new();
    few_samples(facts, &mut notes);
    diverged(facts, &mut notes);
    choice(facts, &mut notes);
    notes.extend(better_on_test(facts));
    deficits(facts, code, &mut notes);
    ceiling(facts, &mut notes);
    weak_networks(facts, code, &mut notes);
    notes.extend(usage(facts));
    scales(facts, code, &mut notes);
    notes
}

fn few_samples(facts: &Facts<'_>, notes: &mut Vec<String>) {
    let n = facts.measured.n_samples;
    if (n as f64) < facts.at.few_samples {
        notes.push(format!("n = {n}: one sample is {:.1} points", 100.0 / n as f64));
    }
    if facts.measured.n_trials < 2 {
        notes.push("one training only: the spread between seeds is not in any interval".to_owned());
    }
}

fn diverged(facts: &Facts<'_>, notes: &mut Vec<String>) {
    // A learning rate that is far too high makes hundreds diverge: a note per
    // kind of network, and each of them in the document.
    let mut kinds: Vec<(&Diverged, usize)> = Vec::new();
    for d in &facts.measured.diverged {
        match kinds.iter_mut().find(|(first, _)| first.model == d.model) {
            Some((_, count)) => *count += 1,
            None => kinds.push((d, 1)),
        }
    }
    for (d, count) in kinds {
        let times = if count == 1 { String::new() } else { format!("{count} times, first ") };
        notes.push(format!(
            "the network on {} ({}) {} {times}in seed {}, fold {}, epoch {} ({}): it is in no number",
            facts.study.name_of(&d.model.modalities),
            d.model.strategy,
            d.fate,
            d.seed,
            d.fold,
            d.epoch,
            d.what
        ));
    }
}

/// The best modality is chosen on validation rows; where test rows come from
/// elsewhere another one can be far better there.
pub(super) fn better_on_test(facts: &Facts<'_>) -> Option<String> {
    let lead = |m: usize| facts.drop_of_alone(m).map(|e| (m, e));
    let (modality, lead) =
        facts.modalities().filter_map(lead).max_by(|a, b| a.1.value.total_cmp(&b.1.value))?;
    is_shown(facts, &lead).then(|| {
        format!(
            "On the test rows {} alone is {} ahead of {} alone, which validation rows prefer.",
            facts.name(modality),
            points(Some(&lead)),
            facts.best_name()
        )
    })
}

/// Whether a difference that was looked for in every modality is one of at least ROPE.
fn is_shown(facts: &Facts<'_>, estimate: &Estimate) -> bool {
    at_least_among(Some(estimate), facts.at.rope, facts.modalities().len()) == Status::Met
}

fn choice(facts: &Facts<'_>, notes: &mut Vec<String>) {
    if !facts.measured.has_valid {
        notes.push(
            "there are no validation rows: the best modality was chosen on test rows, which favours the uni-modal side"
                .to_owned(),
        );
    }
}

/// Modalities with an encoder deficit, the largest first.
fn with_deficit(facts: &Facts<'_>) -> Vec<(usize, Estimate)> {
    let one = |m: usize| {
        let deficit = facts.modality("encoder_deficit", m)?;
        is_shown(facts, &deficit).then_some((m, deficit))
    };
    let mut found: Vec<(usize, Estimate)> = facts.modalities().filter_map(one).collect();
    found.sort_by(|a, b| b.1.value.total_cmp(&a.1.value));
    found
}

/// For verdicts without harm: encoders can be damaged while the fused accuracy is fine.
pub(super) fn damaged(facts: &Facts<'_>) -> Option<String> {
    let names: Vec<String> = with_deficit(facts).into_iter().map(|(m, _)| facts.name(m)).collect();
    let (last, rest) = names.split_last()?;
    Some(if rest.is_empty() {
        format!("Even so, the encoder of {last} learned less jointly than alone.")
    } else {
        format!("Even so, the encoders of {} and {last} learned less jointly than alone.", rest.join(", "))
    })
}

fn deficits(facts: &Facts<'_>, code: Option<&str>, notes: &mut Vec<String>) {
    let found = with_deficit(facts);
    if code == Some("V2") || found.is_empty() {
        return;
    }
    let list: Vec<String> =
        found.iter().map(|(m, deficit)| format!("{} {}", facts.name(*m), points(Some(deficit)))).collect();
    let fine = if matches!(code, Some("V1" | "V4")) { ", although the fused accuracy is fine" } else { "" };
    notes.push(format!("encoder deficits{fine}: {}", list.join(", ")));
}

fn ceiling(facts: &Facts<'_>, notes: &mut Vec<String>) {
    let Some(alone) = facts.choice("best_alone").and_then(|m| facts.alone(m)) else { return };
    let errors = 1.0 - alone.value;
    if errors <= facts.at.room * facts.at.rope {
        notes.push(format!(
            "{} alone leaves only {:.1} points of errors: there is hardly anything to gain",
            facts.best_name(),
            100.0 * errors
        ));
    }
}

fn weak_networks(facts: &Facts<'_>, code: Option<&str>, notes: &mut Vec<String>) {
    for modality in facts.modalities() {
        let weak = facts.modality("weak_alone", modality);
        let is_told = code == Some("V9") && facts.choice("best_raw_probe") == Some(modality);
        if !is_told && weak.as_ref().is_some_and(|weak| is_shown(facts, weak)) {
            notes.push(format!(
                "the network on {} alone is beaten by a linear probe on its raw features: {}",
                facts.name(modality),
                points(weak.as_ref())
            ));
        }
    }
}

/// Meters of usage that name different modalities as the most used, each with what it
/// puts in place of a modality. A meter whose leader leads by less than the ROPE names none.
fn usage(facts: &Facts<'_>) -> Option<String> {
    let mut named: Vec<(usize, Vec<&str>)> = Vec::new();
    for (meter, convention) in METERS {
        let of = |m: usize| facts.modality(meter, m).map(|estimate| estimate.value);
        let values: Option<Vec<f64>> = facts.modalities().map(of).collect();
        let Some((modality, _)) =
            values.as_deref().and_then(leader).filter(|(_, lead)| *lead >= facts.at.rope)
        else {
            continue;
        };
        match named.iter_mut().find(|(m, _)| *m == modality) {
            Some((_, meters)) => meters.push(convention),
            None => named.push((modality, vec![convention])),
        }
    }
    named.sort_by_key(|(_, meters)| std::cmp::Reverse(meters.len()));
    let said = |(m, meters): &(usize, Vec<&str>)| format!("{} by {}", facts.name(*m), meters.join(", "));
    (named.len() > 1).then(|| {
        let list: Vec<String> = named.iter().map(said).collect();
        format!("meters of the most used modality disagree: {}", list.join("; "))
    })
}

fn scales(facts: &Facts<'_>, code: Option<&str>, notes: &mut Vec<String>) {
    if let Some((seen, given)) = facts.scale_ratios() {
        if seen > facts.at.scale_ratio && code != Some("V6") {
            notes.push(format!(
                "features as the networks saw them differ {} times in scale between modalities",
                times(seen)
            ));
        } else if given > facts.at.scale_ratio && seen <= facts.at.scale_ratio {
            notes.push(format!(
                "features as given differ {} times in scale between modalities; scaling removed that",
                times(given)
            ));
        }
    }
    let widths = || facts.study.features.iter().map(|f| f.n_features as f64);
    let (low, high) = (widths().fold(f64::INFINITY, f64::min), widths().fold(0.0, f64::max));
    if low > 0.0 && high / low > facts.at.scale_ratio {
        notes.push(format!(
            "the widest modality has {:.0} times as many features as the narrowest",
            high / low
        ));
    }
}

/// A ratio as people read it: nobody counts forty digits.
fn times(ratio: f64) -> String {
    match ratio {
        _ if ratio < 1e6 => format!("{ratio:.0}"),
        _ if ratio.is_finite() => format!("{ratio:.0e}"),
        _ => "more than 1e308".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::times;

    #[test]
    fn ratios_stay_readable() {
        let shown = [1.4, 17_732.0, 1.5e37, f64::INFINITY].map(times);
        assert_eq!(shown, ["1", "17732", "2e37", "more than 1e308"]);
    }
}
