//! Which knobs are searched, and over which values. The rule is that of `docs/remedy.md`.

use crate::num::{Draws, Purpose, special};
use crate::registry::{Choice, Default, Knob, Range, Value};
use crate::strategies;

use super::arms::Arm;

const DRAWS: Purpose = Purpose::new("remedy knobs");
/// Decades on either side of a default.
const DECADES: f64 = 2.0;
/// A range whose ends are further apart than this factor is drawn from evenly in its logarithm.
const SPAN: f64 = 100.0;

/// The knobs of a method that are searched: numbers, words and switches. Whole numbers are epochs, windows and
/// counts, which a shortened training would misjudge.
pub(super) fn searched(arm: &Arm) -> Vec<&'static Knob> {
    let entry = strategies::table::<f32>().iter().find(|entry| entry.name == arm.choice.name);
    let is_searched = |knob: &&Knob| !matches!(knob.default, Default::Whole(_));
    entry.map_or_else(Vec::new, |entry| entry.knobs.iter().filter(is_searched).collect())
}

/// The ends between which a number is drawn evenly in its logarithm, where its range calls for it: it spans more
/// than two decades, zero counting as far below the default.
pub(super) fn log_range(knob: &Knob) -> Option<(f64, f64)> {
    let (Default::Number(default), Range::Between(low, high)) = (knob.default, knob.range) else {
        return None;
    };
    let factor = special::powf(10.0, DECADES);
    let is_wide = if low > 0.0 { high / low > SPAN } else { low == 0.0 && high > 1.0 };
    (is_wide && default > 0.0).then(|| ((default / factor).max(low), (default * factor).min(high)))
}

/// The defaults, then `n - 1` draws, each the same for every method with such knobs; those that came before are left
/// out, so that knobs with few values have few candidates.
pub(super) fn candidates(arm: &Arm, n: usize, seed: u64) -> Vec<Choice> {
    let knobs = searched(arm);
    let mut found = vec![arm.choice.clone()];
    for i in 1..n {
        let mut draws = Draws::new(seed, DRAWS, i as u32);
        let mut choice = arm.choice.clone();
        for knob in &knobs {
            choice.set.insert(knob.name.to_owned(), drawn(knob, draws.uniform()));
        }
        if !found.contains(&choice) {
            found.push(choice);
        }
    }
    found
}

/// The value of a knob at a place between 0 and 1 of what is searched.
fn drawn(knob: &Knob, place: f64) -> Value {
    match knob.range {
        Range::Switch => Value::Flag(place < 0.5),
        Range::OneOf(words) => {
            let word = ((place * words.len() as f64) as usize).min(words.len() - 1);
            Value::Word(words[word].to_owned())
        }
        Range::Between(low, high) => {
            let value = match log_range(knob) {
                Some((low, high)) => {
                    special::exp(special::ln(low) + place * (special::ln(high) - special::ln(low)))
                }
                None => low + place * (high - low),
            };
            // Three digits say all that a search of a few draws can know.
            let short = format!("{value:.2e}").parse().unwrap_or(value);
            Value::Number(f64::clamp(short, low, high))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(default: f64, low: f64, high: f64) -> Knob {
        Knob { name: "k", default: Default::Number(default), range: Range::Between(low, high), meaning: "" }
    }

    #[test]
    fn wide_ranges_are_searched_by_their_logarithm_around_the_default() {
        assert_eq!(log_range(&number(1.0, 0.0, 1000.0)), Some((0.01, 100.0)));
        assert_eq!(log_range(&number(0.8, 0.0, 10.0)), Some((0.008, 10.0)));
        assert_eq!(log_range(&number(0.001, 1e-9, 1.0)), Some((1e-5, 0.1)));
        for narrow in
            [number(0.2, 0.0, 0.95), number(0.5, 0.0, 1.0), number(0.0, -0.9, 0.9), number(0.0, 0.0, 4.0)]
        {
            assert_eq!(log_range(&narrow), None);
        }
        let wide = number(1.0, 0.0, 1000.0);
        assert_eq!(drawn(&wide, 0.0), Value::Number(0.01));
        assert_eq!(drawn(&wide, 0.5), Value::Number(1.0));
        assert_eq!(drawn(&number(0.2, 0.0, 0.95), 0.5), Value::Number(0.475));
    }

    #[test]
    fn every_drawn_setting_of_every_method_is_allowed() {
        use crate::registry::Choice;
        for entry in strategies::table::<f32>() {
            let settings = entry.settle(&Choice::new(entry.name)).unwrap();
            let set = settings.iter().map(|(k, v)| (k.to_owned(), v.clone())).collect();
            let arm = Arm {
                name: entry.name.to_owned(),
                summary: entry.summary,
                kind: super::super::arms::Kind::Method,
                modalities: vec![0, 1],
                choice: Choice { name: entry.name.to_owned(), set },
                warnings: Vec::new(),
            };
            let found = candidates(&arm, 20, 7);
            assert_eq!(found[0], arm.choice);
            assert!(found.iter().all(|choice| entry.settle(choice).is_ok()), "{}", entry.name);
            assert!(searched(&arm).iter().all(|knob| !matches!(knob.default, Default::Whole(_))));
            let distinct: std::collections::BTreeSet<String> =
                found.iter().map(|c| format!("{c:?}")).collect();
            assert_eq!(distinct.len(), found.len());
            // A single switch has two values and no more candidates than that.
            let only_switch = searched(&arm).len() == 1 && searched(&arm)[0].range == Range::Switch;
            assert!(!only_switch || found.len() <= 2, "{}", entry.name);
        }
    }
}
