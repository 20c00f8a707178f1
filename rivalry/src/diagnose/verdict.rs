//! From rules to one verdict, with what speaks for it, what was ruled out and
//! what to do next, in words.

use serde::Serialize;

use crate::diagnose::conditions::{decomposition, is_shortcut, use_line};
use crate::diagnose::facts::{Facts, Outcome, percent, points};
use crate::diagnose::notes;
use crate::diagnose::rules::{RULES, Rule};
use crate::diagnose::status::{Status, at_least, within};
use crate::metrics::Design;

/// The conclusion of a diagnosis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// V0 to V9, as `docs/verdicts.md` lists them.
    pub code: &'static str,
    /// The form of the verdict where it has several, such as V2a.
    pub variant: Option<&'static str>,
    /// The verdict in two or three words.
    pub name: &'static str,
    /// Whether all conditions are met; otherwise the cause is only likely, and
    /// the sentence says so.
    pub settled: bool,
    /// The modality that lost, where the verdict names one.
    pub loser: Option<String>,
    /// The verdict in a sentence or two.
    pub sentence: String,
    /// What it rests on, a line each, numbers with intervals.
    pub evidence: Vec<String>,
    /// Verdicts that the data exclude.
    pub ruled_out: Vec<Alternative>,
    /// The next best explanation.
    pub runner_up: Option<Alternative>,
    /// What to do next, the most useful first.
    pub next: Vec<String>,
    /// What else should be known, whatever the verdict.
    pub notes: Vec<String>,
}

/// A verdict that was not given.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alternative {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The condition that decides.
    pub condition: &'static str,
    /// What was found about that condition.
    pub because: String,
}

/// A rule with the outcomes of its conditions.
struct Tried {
    rule: &'static Rule,
    outcomes: Vec<Outcome>,
    status: Status,
}

impl Tried {
    fn new(rule: &'static Rule, facts: &Facts<'_>) -> Self {
        let outcomes: Vec<Outcome> = rule.conditions.iter().map(|c| (c.holds)(facts)).collect();
        let status = outcomes.iter().fold(Status::Met, |s, o| s.and(o.status));
        Self { rule, outcomes, status }
    }

    fn modality(&self) -> Option<usize> {
        self.outcomes.iter().find_map(|o| o.modality)
    }

    /// As an alternative to the verdict, with the condition that decides its status.
    fn alternative(&self) -> Alternative {
        let mut decisive = self.rule.conditions.iter().zip(&self.outcomes);
        let found = decisive.find(|(_, outcome)| outcome.status == self.status);
        Alternative {
            code: self.rule.code,
            name: self.rule.name,
            condition: found.map_or("", |(condition, _)| condition.text),
            because: found.map_or_else(String::new, |(_, outcome)| outcome.line.clone()),
        }
    }
}

/// Applies the rules.
pub(super) fn conclude(facts: &Facts<'_>) -> Verdict {
    let tried: Vec<Tried> = RULES.iter().map(|rule| Tried::new(rule, facts)).collect();
    let harm = facts.harm();
    let settled = tried.iter().find(|t| t.status == Status::Met);
    let likely = || tried.iter().find(|t| t.rule.is_cause && t.status == Status::Likely);
    let found = settled.or_else(|| if harm.status == Status::Met { likely() } else { None });
    let runner_up = tried
        .iter()
        .filter(|t| found.is_none_or(|f| f.rule.code != t.rule.code))
        .filter(|t| harm.status != Status::Met || t.rule.is_cause)
        .filter(|t| t.status != Status::Refuted)
        .enumerate()
        .max_by_key(|(i, t)| (t.status >= Status::Likely, t.status, std::cmp::Reverse(*i)))
        .map(|(_, t)| t);
    let (variant, name) = variant(facts, found, &harm);
    let loser = found.filter(|t| matches!(t.rule.code, "V2" | "V8")).and_then(Tried::modality);
    let settled = found.is_some_and(|t| t.status == Status::Met);
    Verdict {
        code: found.map_or("V0", |t| t.rule.code),
        variant,
        name,
        settled,
        loser: loser.map(|m| facts.study.modality_names[m].clone()),
        sentence: sentence(facts, found, &harm, variant),
        evidence: evidence(facts, found, &harm),
        ruled_out: tried
            .iter()
            .filter(|t| t.status == Status::Refuted && found.is_none_or(|f| f.rule.code != t.rule.code))
            .map(Tried::alternative)
            .collect(),
        runner_up: runner_up.map(Tried::alternative),
        next: next(facts, found, runner_up, &harm),
        notes: notes::all(facts, found.map(|t| t.rule.code)),
    }
}

fn variant(facts: &Facts<'_>, found: Option<&Tried>, harm: &Outcome) -> (Option<&'static str>, &'static str) {
    let Some(found) = found else {
        return if harm.status == Status::Met {
            (Some("V0b"), "Harm without a settled cause")
        } else {
            (Some("V0a"), "Inconclusive")
        };
    };
    match found.rule.code {
        "V2" => match luck(facts) {
            Some(luck) if luck >= facts.at.lucky => (Some("V2a"), "Competition, decided by initial weights"),
            Some(luck) if luck <= facts.at.steady => (Some("V2b"), "Competition, systematic"),
            _ => (None, found.rule.name),
        },
        // A shortcut is near chance on test rows too: what it loses on the way there tells.
        "V8" => {
            if found.modality().is_some_and(|m| is_shortcut(facts, m) >= Status::Likely) {
                (Some("V8b"), "Harmful modality: a shortcut")
            } else {
                (Some("V8a"), "Harmful modality: noise")
            }
        }
        "V1" => {
            let gap = facts.study("gap");
            if at_least(gap.as_ref(), facts.at.rope) == Status::Met {
                (Some("V1a"), "Fusion helps")
            } else {
                (Some("V1b"), "Fusion is fine")
            }
        }
        _ => (None, found.rule.name),
    }
}

/// The luck of the study, where there are enough trainings to speak of it.
fn luck(facts: &Facts<'_>) -> Option<f64> {
    let luck = facts.study("luck")?;
    (luck.n as f64 >= facts.at.luck_trials).then_some(luck.value)
}

fn sentence(facts: &Facts<'_>, found: Option<&Tried>, harm: &Outcome, variant: Option<&str>) -> String {
    let (best, gap, rope) = (facts.best_name(), facts.study("gap"), 100.0 * facts.at.rope);
    let Some(gap) = gap else {
        let why = if facts.measured.diverged.is_empty() {
            "a joint network and every modality alone are needed"
        } else {
            "too many networks diverged"
        };
        return format!("There is nothing to compare: {why}.");
    };
    let shown = points(Some(&gap));
    let losing = facts.loses().status;
    let loses = losing == Status::Met;
    let mut sentences = vec![if loses {
        format!("Joint training loses to {best} alone: {shown}.")
    } else if losing == Status::Likely && gap.below(0.0) {
        format!(
            "Joint training probably loses to {best} alone, {shown}, but whoever also looks at the ensemble needs more to \
             be sure."
        )
    } else if losing == Status::Likely {
        format!("Joint training probably loses to {best} alone, but the interval reaches 0: {shown}.")
    } else if variant == Some("V1a") {
        format!("Fusion helps: joint training is {shown} ahead of {best} alone.")
    } else if variant == Some("V1b") {
        format!(
            "Fusion is fine: joint training does not lose {rope:.0} point or more to {best} alone, {shown}."
        )
    } else if gap.above(-facts.at.rope) {
        format!("Joint training does not lose {rope:.0} point or more to {best} alone: {shown}.")
    } else {
        format!("Joint minus {best} alone is {shown}.")
    }];
    sentences.extend(notes::better_on_test(facts));
    if !loses && harm.status == Status::Met {
        let headroom = points(facts.study("headroom").as_ref());
        let link = if losing == Status::Likely { "And" } else { "But" };
        sentences.push(format!(
            "{link} the ensemble of the networks trained alone is {headroom} ahead of joint training."
        ));
    }
    if let Some(modality) = found.filter(|f| f.rule.code == "V8").and_then(Tried::modality)
        && harm.status != Status::Met
    {
        let name = facts.name(modality);
        let gain = facts.modality("left_out_gain", modality);
        let drop = facts.modality("permutation_drop", modality).map(|d| d.negated());
        sentences.push(if at_least(gain.as_ref(), facts.at.rope) == Status::Met {
            format!("But joint training without {name} is {} ahead.", points(gain.as_ref()))
        } else {
            format!("But with {name} shuffled it is {} better.", points(drop.as_ref()))
        });
    }
    sentences.extend(cause(facts, found, harm, variant));
    if found.is_some_and(|f| !f.rule.is_cause) {
        sentences.extend(notes::damaged(facts));
    }
    let n = facts.measured.n_samples;
    if (n as f64) < facts.at.few_samples {
        sentences.push(format!("Only n = {n} samples were tested: read the intervals, not the values."));
    }
    sentences.join(" ")
}

/// The second half of the verdict's sentence: why.
fn cause(facts: &Facts<'_>, found: Option<&Tried>, harm: &Outcome, variant: Option<&str>) -> Option<String> {
    let Some(found) = found else {
        return Some(match (harm.status, facts.detectable()) {
            (Status::Met, _) => "No known cause fits all its conditions.".to_owned(),
            _ if is_same_without_headroom(facts) => format!(
                "The two are practically the same: the whole interval lies within {:.0} point. Whether the ensemble of \
                 the networks trained alone would beat both was not measured.",
                100.0 * facts.at.rope
            ),
            (_, Some(visible)) => format!(
                "These data cannot tell: the smallest difference they would show is {:.1} points.",
                100.0 * visible
            ),
            (_, None) => "These data cannot tell.".to_owned(),
        });
    };
    let name = found.modality().map(|m| facts.name(m)).unwrap_or_default();
    let why = match (found.rule.code, variant) {
        ("V2", Some("V2a")) => {
            format!("{name} lost the competition, and which modality wins changes from training to training")
        }
        ("V2", Some("V2b")) => {
            format!("{name} lost the competition, and the same modality wins in almost every training")
        }
        ("V2", _) => format!("{name} lost the competition: its encoder learns less jointly than alone"),
        ("V3", _) => {
            "the joint network over-fits: its training loss ends lower and its validation loss higher".into()
        }
        ("V4", _) => {
            return Some(format!(
                "The modalities add nothing to {} here, jointly or as an ensemble.",
                facts.best_name()
            ));
        }
        ("V5", _) if found.status == Status::Met => {
            format!("the test rows of {name} and of the other modalities do not belong together")
        }
        ("V5", _) => format!("the rows of {name} and of the other modalities may not belong together"),
        ("V6", _) => "the features of the modalities are on different scales".into(),
        ("V7", _) => "the encoders know more than the joint head uses".into(),
        ("V8", Some("V8b")) => {
            format!(
                "{name} is a shortcut: it predicts the label on held-back training data and not on the test rows"
            )
        }
        ("V8", _) => format!("{name} is noise for this label, and the joint network listens to it"),
        ("V9", _) => {
            return Some(
                "The networks are weak: a linear model on raw features beats the best of them.".into(),
            );
        }
        _ => return None,
    };
    Some(if found.status == Status::Met {
        format!("The cause: {why}.")
    } else {
        format!("The cause is not settled; most likely {why}.")
    })
}

fn evidence(facts: &Facts<'_>, found: Option<&Tried>, harm: &Outcome) -> Vec<String> {
    let measured = facts.measured;
    let design = match facts.study.design {
        Design::GivenSplit => "one given split".to_owned(),
        Design::Folds { k } => format!("repeated {k}-fold cross-validation"),
        Design::HoldOut => "hold-outs drawn anew".to_owned(),
    };
    let trainings = match measured.n_trainings {
        1 => "1 training".to_owned(),
        n => format!("{n} trainings"),
    };
    // Of models trained elsewhere only the tested samples are known.
    let trained = match measured.n_train {
        n if n > 0.0 => format!(", {n:.0} training samples, {design}"),
        _ => String::new(),
    };
    let mut lines = vec![
        format!("n = {} tested samples, {trainings}{trained}", measured.n_samples),
        format!(
            "joint {} against {} alone {}: gap {}",
            percent(facts.joint().as_ref()),
            facts.best_name(),
            percent(facts.choice("best_alone").and_then(|m| facts.alone(m)).as_ref()),
            points(facts.study("gap").as_ref())
        ),
        format!(
            "ensemble of the networks trained alone {}: headroom {}",
            percent(facts.ensemble().as_ref()),
            points(facts.study("headroom").as_ref())
        ),
    ];
    if facts.study("encoder_effect").is_some() {
        lines.push(decomposition(facts));
    }
    if let Some(found) = found {
        for outcome in &found.outcomes {
            let said = outcome.line == harm.line || lines.contains(&outcome.line);
            let about_gap = outcome.line == facts.loses().line;
            if !said && !about_gap && !outcome.line.starts_with("ensemble minus joint") {
                lines.push(outcome.line.clone());
            }
        }
        if let (Some(modality), "V2") = (found.modality(), found.rule.code) {
            let more = loser_lines(facts, modality);
            lines.extend(more.into_iter().filter(|line| !found.outcomes.iter().any(|o| o.line == *line)));
        }
    }
    if let (None, Some(visible)) = (found, facts.detectable()) {
        lines.push(format!(
            "the smallest difference found in 80 % of studies of this size: {:.1} points",
            100.0 * visible
        ));
    }
    lines
}

/// What else is known of the modality that lost.
fn loser_lines(facts: &Facts<'_>, modality: usize) -> Vec<String> {
    let name = facts.name(modality);
    let mut lines = Vec::new();
    if facts.modality("permutation_drop", modality).is_some() {
        lines.push(use_line(facts, modality));
    }
    if let Some(ratio) = facts.modality("residual_ratio", modality) {
        lines.push(format!(
            "residual ratio of {name} at the end of training: {ratio:.2} (1 = learns as if alone)"
        ));
    }
    if let (Some(won), Some(luck)) = (facts.modality("classes_won", modality), facts.study("luck")) {
        lines.push(format!(
            "{name} wins {:.1} of {} classes; luck {:.2} over {} trainings",
            won.value,
            facts.study.n_classes(),
            luck.value,
            luck.n
        ));
    }
    lines
}

fn next(facts: &Facts<'_>, found: Option<&Tried>, runner_up: Option<&Tried>, harm: &Outcome) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    match found {
        Some(found) => steps.extend(found.rule.prescription.iter().map(|s| (*s).to_owned())),
        None if harm.status == Status::Met => {
            if facts.study("headroom").is_some_and(|h| h.above(0.0)) {
                steps.push(
                    "use the ensemble of the networks trained alone: it is better than the joint network"
                        .into(),
                );
            } else if facts.loses().status == Status::Met {
                steps.push(format!("use {} alone until the cause is known", facts.best_name()));
            }
        }
        None => {
            if is_same_without_headroom(facts) {
                steps.push(
                    "give scores of every class (logits or probabilities) of every model: then their ensemble is \
                     compared too"
                        .to_owned(),
                );
            } else if let Some(visible) = facts.detectable().filter(|visible| *visible > facts.at.rope) {
                let factor = visible / facts.at.rope;
                let needed = facts.measured.n_samples as f64 * factor * factor;
                let rope = 100.0 * facts.at.rope;
                steps.push(format!(
                    "to see a difference of {rope:.0} point, about {} samples are needed instead of {} (more seeds help \
                     only against the spread between trainings)",
                    rounded(needed),
                    facts.measured.n_samples
                ));
            } else if facts.detectable().is_some() {
                steps.push(
                    "a difference of one ROPE would have been seen; what was seen lies too close to it to tell: more \
                     samples narrow the interval, another ROPE asks another question"
                        .to_owned(),
                );
            } else if !facts.measured.diverged.is_empty() {
                steps.push(
                    "lower the learning rate, and leave features standardised: networks diverged".to_owned(),
                );
            } else {
                steps.push("train with more seeds, or test on more samples".to_owned());
            }
        }
    }
    let is_outside = facts.study.features.is_empty() && facts.study("encoder_effect").is_none();
    if harm.status == Status::Met && is_outside {
        steps.push(
            "to learn which modality lost and why: `rivalry diagnose` on features or embeddings of each modality"
                .to_owned(),
        );
    }
    // Under V0a and where nothing is wrong, more samples are all there is to say.
    if let Some(other) = runner_up.filter(|other| other.rule.is_cause && harm.status == Status::Met) {
        steps.push(format!(
            "what would settle {} ({}): {}",
            other.rule.code,
            other.rule.name.to_lowercase(),
            other.rule.settle
        ));
    }
    steps
}

/// Whether the gap is known to be small and the headroom is not known at all.
fn is_same_without_headroom(facts: &Facts<'_>) -> bool {
    let gap = facts.study("gap");
    facts.study("headroom").is_none() && within(gap.as_ref(), facts.at.rope) == Status::Met
}

/// Two leading digits.
fn rounded(n: f64) -> String {
    let mut unit = 1.0;
    while n / unit >= 100.0 {
        unit *= 10.0;
    }
    format!("{:.0}", (n / unit).round() * unit)
}
