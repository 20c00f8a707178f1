//! Ticks: round numbers inside a range, no more than fit, written with as many
//! digits as tell them apart.

use std::f64::consts::LN_10;

use super::Domain;
use crate::num::special::ln;
use crate::report::{Scale, Unit};

/// A place on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::render) struct Tick {
    /// Where: 0 at the lower end of the axis, 1 at the upper.
    pub(in crate::render) place: f64,
    /// What stands there; nothing for a minor tick.
    pub(in crate::render) label: Option<TickLabel>,
}

/// A number as `mantissa * 10^power`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::render) struct TickLabel {
    /// Digits, with a hyphen for minus; empty where only the power is written.
    pub(in crate::render) mantissa: String,
    /// The power of ten, where one is written.
    pub(in crate::render) power: Option<i32>,
}

impl TickLabel {
    /// The label in plain characters: `-0.5`, `1e6`, `2.5e-7`.
    pub(in crate::render) fn plain(&self) -> String {
        match self.power {
            None => self.mantissa.clone(),
            Some(power) if self.mantissa.is_empty() => format!("1e{power}"),
            Some(power) => format!("{}e{power}", self.mantissa),
        }
    }
}

/// What a value is multiplied by to be written in its unit.
pub(in crate::render) fn factor(unit: Unit) -> f64 {
    match unit {
        Unit::Percent | Unit::Points => 100.0,
        _ => 1.0,
    }
}

/// At most `most` labelled ticks (but two where the range has them), from the
/// lower end to the upper.
pub(in crate::render) fn ticks(domain: &Domain, unit: Unit, most: usize) -> Vec<Tick> {
    match domain.scale() {
        Scale::Linear => linear(domain, unit, most),
        Scale::Log10 => logarithmic(domain, unit, most),
    }
}

/// As many ticks as `fits` lets stand side by side, at most `most`.
pub(in crate::render) fn fitting(
    domain: &Domain,
    unit: Unit,
    most: usize,
    fits: impl Fn(&[Tick]) -> bool,
) -> Vec<Tick> {
    let mut chosen = ticks(domain, unit, most);
    for fewer in (1..most).rev() {
        if fits(&chosen) {
            break;
        }
        chosen = ticks(domain, unit, fewer);
    }
    chosen
}

fn linear(domain: &Domain, unit: Unit, most: usize) -> Vec<Tick> {
    let (low, high) = (domain.low() * factor(unit), domain.high() * factor(unit));
    let (step, power) = round_step((high - low) / most.max(1) as f64);
    let size = step as f64 * decade(power);
    // Ends that are ticks but for the rounding of a division are ticks.
    let first = (low / size - 1e-9).ceil() as i64;
    let last = (high / size + 1e-9).floor() as i64;
    let largest = exponent(low.abs().max(high.abs()));
    let common = (!(-4..6).contains(&largest)).then_some(largest);
    (first..=last)
        .filter_map(|n| {
            let value = scaled(n * step, power);
            let label = match common {
                _ if n == 0 => plain("0".to_owned()),
                None => plain(format!("{:.*}", decimals(-power), value)),
                Some(common) => TickLabel {
                    mantissa: format!("{:.*}", decimals(common - power), scaled(n * step, power - common)),
                    power: Some(common),
                },
            };
            Some(Tick { place: domain.place(value / factor(unit))?, label: Some(signed(label, n, unit)) })
        })
        .collect()
}

fn logarithmic(domain: &Domain, unit: Unit, most: usize) -> Vec<Tick> {
    let (low, high) = (domain.low() * factor(unit), domain.high() * factor(unit));
    let (first, last) = (exponent(low), exponent(high));
    let is_inside = |value: f64| low * (1.0 - 1e-9) <= value && value <= high * (1.0 + 1e-9);
    let with = |digits: &[i64]| -> Vec<(i64, i32)> {
        (first..=last + 1)
            .flat_map(|power| digits.iter().map(move |digit| (*digit, power)))
            .filter(|(digit, power)| is_inside(scaled(*digit, *power)))
            .collect()
    };
    let fine = with(&[1, 2, 5]);
    let decades = with(&[1]);
    let stride = (decades.len().div_ceil(most.max(1)).max(1)) as i32;
    let majors: Vec<(i64, i32)> = if fine.len() <= most {
        fine
    } else {
        decades.iter().copied().filter(|(_, power)| power.rem_euclid(stride) == 0).collect()
    };
    if majors.len() < 2 {
        return linear(domain, unit, most);
    }
    let as_powers = first < -4 || last > 4;
    let label = |digit: i64, power: i32| match (as_powers, digit) {
        (true, 1) => TickLabel { mantissa: String::new(), power: Some(power) },
        (true, _) => TickLabel { mantissa: digit.to_string(), power: Some(power) },
        (false, _) => plain(format!("{:.*}", decimals(-power), scaled(digit, power))),
    };
    let all: Vec<(i64, i32)> =
        if stride == 1 && decades.len() <= 8 { with(&[1, 2, 3, 4, 5, 6, 7, 8, 9]) } else { majors.clone() };
    all.into_iter()
        .filter_map(|(digit, power)| {
            let place = domain.place(scaled(digit, power) / factor(unit))?;
            let is_major = majors.contains(&(digit, power));
            Some(Tick { place, label: is_major.then(|| signed(label(digit, power), 1, unit)) })
        })
        .collect()
}

fn plain(mantissa: String) -> TickLabel {
    TickLabel { mantissa, power: None }
}

/// Differences carry their sign.
fn signed(label: TickLabel, sign: i64, unit: Unit) -> TickLabel {
    if unit == Unit::Points && sign > 0 {
        TickLabel { mantissa: format!("+{}", label.mantissa), ..label }
    } else {
        label
    }
}

fn decimals(places: i32) -> usize {
    usize::try_from(places).unwrap_or(0)
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> (i64, i32) {
    let power = exponent(least);
    for step in [1, 2, 5] {
        if scaled(step, power) >= least * (1.0 - 1e-9) {
            return (step, power);
        }
    }
    (1, power + 1)
}

/// The power of ten at or below a positive value.
pub(super) fn exponent(value: f64) -> i32 {
    let guess = (ln(value) / LN_10).floor() as i32;
    // The logarithm may be off by a rounding at exact powers.
    if decade(guess + 1) <= value {
        guess + 1
    } else if decade(guess) > value {
        guess - 1
    } else {
        guess
    }
}

/// `digits * 10^power`, correctly rounded where the power is exact.
fn scaled(digits: i64, power: i32) -> f64 {
    if power < 0 { digits as f64 / decade(-power) } else { digits as f64 * decade(power) }
}

/// A power of ten to the last bit: reading decimal digits rounds correctly.
fn decade(power: i32) -> f64 {
    format!("1e{power}").parse().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, scale: Scale, unit: Unit, most: usize) -> Vec<String> {
        ticks(&Domain::between(low, high, scale), unit, most)
            .into_iter()
            .filter_map(|tick| tick.label.map(|label| label.plain()))
            .collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        let cases: [(f64, f64, Unit, usize, &[&str]); 8] = [
            (0.0, 1.0, Unit::Percent, 6, &["0", "20", "40", "60", "80", "100"]),
            (0.7, 0.9, Unit::Percent, 5, &["70", "75", "80", "85", "90"]),
            (-0.1, 0.1, Unit::Points, 5, &["-10", "-5", "0", "+5", "+10"]),
            (0.0, 0.35, Unit::Ratio, 4, &["0", "0.1", "0.2", "0.3"]),
            (0.0, 3e7, Unit::Scientific, 4, &["0", "1e7", "2e7", "3e7"]),
            (0.0, 2.5e-7, Unit::Scientific, 5, &["0", "0.5e-7", "1.0e-7", "1.5e-7", "2.0e-7", "2.5e-7"]),
            (99_000.0, 101_000.0, Unit::None, 3, &["99000", "100000", "101000"]),
            (-1e300, 1e300, Unit::None, 2, &["-1e300", "0", "1e300"]),
        ];
        for (low, high, unit, most, expected) in cases {
            assert_eq!(labels(low, high, Scale::Linear, unit, most), expected, "{low} to {high}");
        }
    }

    #[test]
    fn logarithmic_ticks_are_decades_or_1_2_5() {
        let cases: [(f64, f64, usize, &[&str]); 7] = [
            (0.01, 100.0, 5, &["0.01", "0.1", "1", "10", "100"]),
            (2.0, 50.0, 6, &["2", "5", "10", "20", "50"]),
            (1e-6, 1e6, 5, &["1e-6", "1e-3", "1e0", "1e3", "1e6"]),
            (1e5, 5e5, 5, &["1e5", "2e5", "5e5"]),
            (1.0, 1e5, 6, &["1e0", "1e1", "1e2", "1e3", "1e4", "1e5"]),
            (30.0, 45.0, 4, &["30", "35", "40", "45"]),
            (1e-300, 1e300, 3, &["1e-201", "1e0", "1e201"]),
        ];
        for (low, high, most, expected) in cases {
            assert_eq!(labels(low, high, Scale::Log10, Unit::None, most), expected, "{low} to {high}");
        }
        assert_eq!(labels(0.01, 1.0, Scale::Log10, Unit::Percent, 3), ["1", "10", "100"]);
    }

    #[test]
    fn ticks_lie_in_their_range_in_order() {
        for scale in [Scale::Linear, Scale::Log10] {
            for (low, high) in [(1e-12, 1e-11), (0.3, 0.300001), (1.0, 7e9), (1e-299, 1e299), (123.0, 124.0)]
            {
                for most in 1..12 {
                    let found = ticks(&Domain::between(low, high, scale), Unit::None, most);
                    assert!(
                        found.windows(2).all(|pair| pair[0].place < pair[1].place),
                        "{low} {high} {most}"
                    );
                    assert!(found.iter().all(|tick| (-1e-6..=1.0 + 1e-6).contains(&tick.place)));
                    assert!(found.len() < 100, "{low} {high} {most}: {}", found.len());
                }
            }
        }
    }

    #[test]
    fn exponents_are_exact_at_powers_of_ten() {
        for power in -300..=300 {
            assert_eq!(exponent(decade(power)), power);
            assert_eq!(exponent(decade(power) * 9.999), power);
        }
    }
}
