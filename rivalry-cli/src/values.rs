//! Values as typed on the command line.

/// A share strictly between 0 and 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("expected a fraction between 0 and 1, such as `0.2`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_bounded() {
        for text in ["0", "1", "-0.1", "1.5", "nan", "inf", "a", ""] {
            assert!(share(text).is_err(), "{text}");
        }
        assert_eq!(share("0.2"), Ok(0.2));
    }
}
