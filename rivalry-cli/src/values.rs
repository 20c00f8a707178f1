//! Values as typed on the command line.

use std::fmt;
use std::time::Duration;

use rivalry::registry::Value;
use rivalry::report::ClassesShown;

/// A time: `90`, `90s`, `2m`, `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "expected a time such as `90s`, `2m` or `1h30m`";
    let mut seconds: u64 = 0;
    let mut rest = text;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let count: u64 = rest[..digits].parse().map_err(|_| EXPECTED)?;
        let mut after = rest[digits..].chars();
        let unit = match after.next() {
            Some('h') => 3600,
            Some('m') => 60,
            Some('s') => 1,
            None if rest == text => 1,
            _ => return Err(EXPECTED.to_owned()),
        };
        // Units fall from left to right, so that `5s2m` is a typing error.
        if unit >= last_unit {
            return Err(EXPECTED.to_owned());
        }
        last_unit = unit;
        rest = after.as_str();
        seconds = count.checked_mul(unit).and_then(|more| seconds.checked_add(more)).ok_or(EXPECTED)?;
    }
    match seconds {
        0 if text.is_empty() => Err(EXPECTED.to_owned()),
        0 => Err("a time must be longer than nothing".to_owned()),
        // A thousand days: whoever types more has mistyped.
        86_400_000.. => Err("a time must be shorter than a thousand days".to_owned()),
        _ => Ok(Duration::from_secs(seconds)),
    }
}

/// A whole number from `LOW` to `HIGH`.
pub(crate) fn whole<T: TryFrom<u64>, const LOW: u64, const HIGH: u64>(text: &str) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| (LOW..=HIGH).contains(number));
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        // The largest number of its type is no limit that anybody chose.
        if HIGH >= u64::from(u32::MAX) {
            format!("expected a whole number of at least {LOW}")
        } else {
            format!("expected a whole number from {LOW} to {HIGH}")
        }
    })
}

/// More shards than this are a typing error.
pub(crate) const MOST_SHARDS: u64 = 10_000;

/// One of the shares that a plan is cut into, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// Which.
    pub(crate) index: u32,
    /// Of how many.
    pub(crate) of: u32,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// `I/N`, for `--shard`.
pub(crate) fn shard(text: &str) -> Result<Shard, String> {
    let number = |text: &str| whole::<u32, 1, MOST_SHARDS>(text).ok();
    let found = text.split_once('/').and_then(|(index, of)| Some((number(index)?, number(of)?)));
    match found {
        Some((index, of)) if index <= of => Ok(Shard { index, of }),
        _ => Err("expected a share and the number of shares, counted from 1, such as `3/8`".to_owned()),
    }
}

/// A share strictly between 0 and 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("expected a fraction between 0 and 1, such as `0.2`".to_owned()),
    }
}

/// A dose from 0 to 1, both included.
pub(crate) fn dose(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(dose) if (0.0..=1.0).contains(&dose) => Ok(dose),
        _ => Err("expected a number from 0 to 1, such as `0.8`".to_owned()),
    }
}

/// A finite number of at least 1.
pub(crate) fn at_least_one(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 1.0 && number.is_finite() => Ok(number),
        _ => Err("expected a number of at least 1".to_owned()),
    }
}

/// A correlation strictly between -1 and 1.
pub(crate) fn correlation(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rho) if rho > -1.0 && rho < 1.0 => Ok(rho),
        _ => Err("expected a correlation between -1 and 1, such as `0.5`".to_owned()),
    }
}

/// A finite number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a number above 0".to_owned()),
    }
}

/// `NAME=VALUE`, for `--set`.
pub(crate) fn setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = pair(text, "width=128")?;
    Ok((name, Value::parse(&value)))
}

/// `NAME=A,B,...`, for `--vary`.
pub(crate) fn varied(text: &str) -> Result<(String, Vec<Value>), String> {
    let (name, values) = pair(text, "m=2,4,8")?;
    if values.split(',').any(|value| value.trim().is_empty()) {
        return Err("expected values between the commas, such as `m=2,4,8`".to_owned());
    }
    Ok((name, values.split(',').map(|value| Value::parse(value.trim())).collect()))
}

/// A difference of accuracies in points, above 0 and below 50.
pub(crate) fn points(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(points) if points > 0.0 && points < 50.0 => Ok(points),
        _ => Err("expected points of accuracy above 0 and below 50, such as `1` or `0.5`".to_owned()),
    }
}

/// How many classes are listed: a number or `all`.
pub(crate) fn classes(text: &str) -> Result<ClassesShown, String> {
    match text.parse() {
        _ if text == "all" => Ok(ClassesShown::All),
        Ok(top) if top > 0 => Ok(ClassesShown::Top(top)),
        _ => Err("expected a number above 0 or `all`".to_owned()),
    }
}

/// `NAME=FILE` and the like, with an example of it.
pub(crate) fn named(text: &str, example: &str) -> Result<(String, String), String> {
    pair(text, example)
}

fn pair(text: &str, example: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(format!("expected a name, `=` and a value, such as `{example}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let good = [
            ("90", 90),
            ("90s", 90),
            ("2m", 120),
            ("1h30m", 5400),
            ("1h", 3600),
            ("1h1m1s", 3661),
            ("007s", 7),
        ];
        for (text, seconds) in good {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn other_times_are_refused() {
        for text in [
            "",
            "s",
            "0",
            "0s",
            "-5",
            "+5s",
            "1.5h",
            "5s2m",
            "1m1m",
            "1h30",
            "2 m",
            "2min",
            "2M",
            "99999999999999999999",
            "18446744073709551615h",
            "86400000",
            "٣s",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_and_positive_numbers_are_bounded() {
        for text in ["0", "1", "-0.1", "1.5", "nan", "inf", "a", ""] {
            assert!(share(text).is_err(), "{text}");
        }
        assert_eq!(share("0.2"), Ok(0.2));
        for text in ["0", "-1", "nan", "inf", "1e999", "x"] {
            assert!(positive(text).is_err(), "{text}");
        }
        assert_eq!(positive("1e-3"), Ok(0.001));
    }

    #[test]
    fn whole_numbers_are_bounded() {
        assert_eq!(whole::<u32, 1, 9>("9"), Ok(9));
        assert_eq!(whole::<u64, 0, { u64::MAX }>("18446744073709551615"), Ok(u64::MAX));
        for text in ["0", "10", "-1", "1.0", "1e0", "ten", "", " 1", "99999999999999999999"] {
            let expected = "expected a whole number from 1 to 9".to_owned();
            assert_eq!(whole::<u32, 1, 9>(text), Err(expected), "{text}");
        }
        let expected = "expected a whole number of at least 1".to_owned();
        assert_eq!(whole::<u32, 1, { u32::MAX as u64 }>("4294967296"), Err(expected));
    }

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!(shard("3/8"), Ok(Shard { index: 3, of: 8 }));
        assert_eq!(shard("8/8").map(|shard| shard.to_string()), Ok("8/8".to_owned()));
        for text in ["0/8", "9/8", "3", "3/", "/8", "3/0", "-1/8", "3/8/2", "a/b", "1/10001", "1/4294967297"]
        {
            assert!(shard(text).is_err(), "{text}");
        }
    }

    #[test]
    fn settings_have_a_name_and_a_value() {
        assert_eq!(setting("width=128"), Ok(("width".to_owned(), Value::Whole(128))));
        assert_eq!(setting("activation=gelu"), Ok(("activation".to_owned(), Value::Word("gelu".to_owned()))));
        assert_eq!(setting("a=b=c"), Ok(("a".to_owned(), Value::Word("b=c".to_owned()))));
        for text in ["width", "=3", "width=", ""] {
            assert!(setting(text).is_err(), "{text}");
        }
    }
}
