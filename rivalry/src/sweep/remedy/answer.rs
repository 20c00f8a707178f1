//! Numbers -> what to use.

use crate::metrics::Design;
use crate::num::parallel;
use crate::stats::holm;

use super::compare::Facts;
use super::results::{Answer, RemedyRow};

impl Facts<'_> {
    /// What to use, and why. The rule is that of `docs/remedy.md`.
    pub(super) fn answer(
        &self,
        rows: &[RemedyRow],
        methods: &[usize],
        controls: &[usize],
        chosen: Option<usize>,
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
        let control = self.best_on_validation(controls);
        let over_controls = |arm: usize| {
            let row = &rows[arm];
            let over = row.hardest_control.as_deref().unwrap_or_default();
            let gain = row.gain_over_controls.0.as_ref().map_or(0.0, |gain| gain.value);
            format!("every control, the closest of them ({over}) by {:.1} points", 100.0 * gain)
        };
        let (code, used, sentence) = match self.best_on_validation(&proven) {
            Some(best) if chosen == Some(best) => {
                let sentence = format!("Use {}: it beats {}.", name(best), over_controls(best));
                ("gain", Some(best), sentence)
            }
            Some(best) => {
                let preferred = chosen.map_or_else(String::new, |chosen| {
                    let what =
                        if self.arms[chosen].is_control() { "a control" } else { "whose gain is not proven" };
                    format!(" Of all rows validation prefers {}, {what}.", name(chosen))
                });
                let sentence = format!("Use {}: it beats {}.{preferred}", name(best), over_controls(best));
                ("gain_not_chosen", Some(best), sentence)
            }
            None if !proven.is_empty() => {
                let names = proven.iter().map(|arm| name(*arm)).collect::<Vec<_>>().join(", ");
                let until =
                    control.map_or_else(String::new, |control| format!("; until then use {}", name(control)));
                let sentence = format!(
                    "On test rows {names} {} every control by more than noise, but a network without a validation accuracy \
                     cannot be chosen{until}.",
                    if proven.len() == 1 { "beats" } else { "beat" },
                );
                ("gain_not_chosen", control, sentence)
            }
            None => {
                let preferred =
                    chosen.filter(|chosen| Some(*chosen) != control).map_or_else(String::new, |chosen| {
                        format!(" (of all rows validation prefers {})", name(chosen))
                    });
                let sentence = match control {
                    Some(control) => format!(
                        "No remedy beats the controls by more than noise; use {}, the best of them on validation \
                         rows{preferred}.",
                        name(control)
                    ),
                    None => "No remedy beats the controls by more than noise.".to_owned(),
                };
                ("within_noise", control, sentence)
            }
        };
        let mut notes = self.notes(chosen.is_some());
        notes.extend(used.and_then(|used| self.not_seen(used)));
        let names = proven.iter().map(|arm| name(*arm)).collect();
        Answer { code, advice: used.map(name), proven: names, sentence, notes }
    }

    /// The row furthest ahead of the one to use of those that test rows prove to be ahead of it; rows of every modality
    /// alone too, since validation may have found the wrong one best.
    fn not_seen(&self, used: usize) -> Option<String> {
        let arms: Vec<usize> = (0..self.arms.len()).collect();
        let gains = parallel::map(self.series.threads, &arms, |_, arm| {
            self.gain(*arm, used).map_or((0.0, 1.0), |gain| (gain.estimate.value, gain.p_ahead()))
        });
        let adjusted = holm(&gains.iter().map(|(_, p)| *p).collect::<Vec<_>>());
        let tail = 1.0 - self.series.bootstrap.level;
        let ahead = arms.iter().zip(&gains).zip(adjusted);
        let ahead = ahead.filter(|((_, (value, _)), p)| *value >= self.rope && *p < tail);
        let ((arm, (value, _)), _) = ahead.max_by(|a, b| a.0.1.0.total_cmp(&b.0.1.0))?;
        Some(format!(
            "on test rows {} is {:.1} points ahead of {}, by more than noise, and validation rows do not show it: are they \
             drawn like the test rows?",
            self.arms[*arm].name,
            100.0 * value,
            self.arms[used].name
        ))
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
