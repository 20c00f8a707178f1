//! How numbers are written: percent with one decimal, differences with their
//! sign, and a plain hyphen for minus so that copied figures stay numbers.

use crate::report::Unit;

/// A number in its unit, without the unit's sign.
pub(in crate::render) fn number(value: f64, unit: Unit) -> String {
    if !value.is_finite() {
        return "n/a".to_owned();
    }
    match unit {
        Unit::Percent => unsigned_zero(&format!("{:.1}", value * 100.0)),
        Unit::Points => {
            let text = unsigned_zero(&format!("{:+.1}", value * 100.0));
            if text == "+0.0" { "0.0".to_owned() } else { text }
        }
        Unit::Ratio => unsigned_zero(&format!("{value:.2}")),
        Unit::Probability if (0.0..0.001).contains(&value) => "<0.001".to_owned(),
        Unit::Probability => format!("{value:.3}"),
        Unit::Seconds => format!("{value:.1}"),
        Unit::Bytes => bytes(value),
        Unit::Scientific => significant(value),
        Unit::None => format!("{value}"),
    }
}

/// What stands in a column's head for its unit.
pub(in crate::render) fn unit_sign(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => "%",
        Unit::Points => "points",
        Unit::Seconds => "s",
        Unit::None | Unit::Ratio | Unit::Probability | Unit::Bytes | Unit::Scientific => "",
    }
}

/// What follows a number that has no column head.
pub(in crate::render) fn unit_suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => " %",
        Unit::Points => " points",
        Unit::Seconds => " s",
        Unit::None | Unit::Ratio | Unit::Probability | Unit::Bytes | Unit::Scientific => "",
    }
}

fn bytes(value: f64) -> String {
    let mut size = value;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 1000.0 {
            return if unit == "B" { format!("{size:.0} B") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// Four significant digits, with an exponent where plain digits would be long.
fn significant(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e6).contains(&size) {
        return format!("{value:.3e}");
    }
    // Digits before the point that count; the rest of the four after it.
    let before = (0..=6_i32).find(|digits| size < 10_f64.powi(*digits)).unwrap_or(7);
    let leading_zeros = (1..=4_i32).take_while(|digits| size < 10_f64.powi(-digits)).count();
    let after = usize::try_from(4 - before).unwrap_or(0) + leading_zeros;
    let text = format!("{value:.after$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn unsigned_zero(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|b| matches!(b, b'0' | b'.')) => digits.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_by_their_unit() {
        let cases = [
            (0.98891, Unit::Percent, "98.9"),
            (1.0, Unit::Percent, "100.0"),
            (-0.0004, Unit::Points, "0.0"),
            (-0.0005, Unit::Points, "-0.1"),
            (0.0, Unit::Points, "0.0"),
            (0.0414, Unit::Points, "+4.1"),
            (-0.142, Unit::Points, "-14.2"),
            (0.056, Unit::Ratio, "0.06"),
            (-0.001, Unit::Ratio, "0.00"),
            (0.00001, Unit::Probability, "<0.001"),
            (0.0414, Unit::Probability, "0.041"),
            (f64::NAN, Unit::Percent, "n/a"),
            (240.0, Unit::None, "240"),
            (12.34, Unit::Seconds, "12.3"),
            (999.0, Unit::Bytes, "999 B"),
            (3_900_000.0, Unit::Bytes, "3.9 MB"),
            (0.0, Unit::Scientific, "0"),
            (6.0, Unit::Scientific, "6"),
            (-1234.5, Unit::Scientific, "-1234"),
            (123456.7, Unit::Scientific, "123457"),
            (0.001_234_56, Unit::Scientific, "0.001235"),
            (17572.0, Unit::Scientific, "17572"),
            (1.5e-7, Unit::Scientific, "1.500e-7"),
            (2e9, Unit::Scientific, "2.000e9"),
        ];
        for (value, unit, expected) in cases {
            assert_eq!(number(value, unit), expected, "{value} {unit:?}");
        }
    }
}
