//! Numbers -> what to use.

use crate::metrics::Design;

use super::choice::Standing;
use super::compare::Facts;
use super::results::{Answer, RemedyRow};

impl Facts<'_> {
    /// What to use, and why. The rule is that of `docs/remedy.md`.
    pub(super) fn answer(
        &self,
        rows: &[RemedyRow],
        methods: &[usize],
        all: Option<&Standing>,
        controls: Option<&Standing>,
    ) -> Answer {
        let tail = 1.0 - self.series.bootstrap.level;
        let is_proven = |arm: &&usize| {
            let row = &rows[**arm];
            let large = row
                .gain_over_controls
                .0
                .as_ref()
                .is_ok_and(|gain| gain.value >= self.rope && gain.value > 0.0);
            large && row.adjusted_p.is_some_and(|p| p < tail)
        };
        let proven: Vec<usize> = methods.iter().filter(is_proven).copied().collect();
        let name = |arm: usize| self.arms[arm].name.clone();
        let names: Vec<String> = proven.iter().map(|arm| name(*arm)).collect();
        let control = controls.map(|controls| name(controls.best));
        let (code, advice, sentence) = match all {
            Some(all) if proven.contains(&all.best) => {
                let row = &rows[all.best];
                let over = row.hardest_control.clone().unwrap_or_default();
                let gain = row.gain_over_controls.0.as_ref().map_or(0.0, |gain| gain.value);
                let sentence = format!(
                    "Use {}: it beats every control, the closest of them ({over}) by {:.1} points.",
                    row.name,
                    100.0 * gain
                );
                ("gain", Some(row.name.clone()), sentence)
            }
            _ if !proven.is_empty() => {
                let sentence = format!(
                    "Validation does not choose {}, which on test rows {} every control by more than noise; more validation rows \
                     or seeds would decide. Until then use {}.",
                    names.join(", "),
                    if names.len() == 1 { "beats" } else { "beat" },
                    control.clone().unwrap_or_else(|| "naive".to_owned())
                );
                ("gain_not_chosen", control, sentence)
            }
            _ => {
                let preferred = all.map(|all| name(all.best)).filter(|best| Some(best) != control.as_ref());
                let preferred = preferred
                    .map_or_else(String::new, |best| format!(" (of all rows validation prefers {best})"));
                let sentence = match &control {
                    Some(control) => format!(
                        "No remedy beats the controls by more than noise; use {control}, the best of them on validation \
                         rows{preferred}."
                    ),
                    None => "No remedy beats the controls by more than noise.".to_owned(),
                };
                ("within_noise", control, sentence)
            }
        };
        Answer { code, advice, proven: names, sentence, notes: self.notes(all.is_some()) }
    }

    fn notes(&self, has_choice: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if !has_choice {
            notes.push("no validation rows: nothing was chosen, and the best modality alone is that of the test rows".to_owned());
        }
        if self.trials.len() == 1 {
            notes.push("one training of each: the spread over trainings is in no interval; more `--seeds` put it there".to_owned());
        }
        if self.study.design != Design::GivenSplit {
            notes.push(
                "validation rows of one trial are test rows of another: settings and choice have seen them as validation rows"
                    .to_owned(),
            );
        }
        notes
    }
}
