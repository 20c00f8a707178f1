//! What a user says about a file: which part of it is what.

/// Which array or column is what. The default takes the reserved names and
/// makes a modality of everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// The label, if it is not named in one of the usual ways.
    pub label: Option<String>,
    /// The groups, if they are not named in one of the usual ways.
    pub groups: Option<String>,
    /// The modalities, in order; everything else that has no role is ignored.
    /// None: everything that has no role is a modality.
    pub modalities: Vec<ModalityChoice>,
    /// The kind of file, by its name in the table, when neither content nor
    /// suffix says it.
    pub format: Option<String>,
    /// Accept a text table whose last line does not end. Such a table may have
    /// been cut without anybody noticing.
    pub allow_unterminated: bool,
}

/// A modality as typed: `name` or `name=pattern`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModalityChoice {
    /// What to call it.
    pub name: String,
    /// Which array or columns it is: `*` stands for any text, `?` for one
    /// character, and a comma separates alternatives.
    pub pattern: String,
}

impl ModalityChoice {
    /// Reads `name=pattern`; a name alone is its own pattern.
    ///
    /// # Examples
    /// ```
    /// use rivalry::formats::ModalityChoice;
    /// let choice = ModalityChoice::parse("audio=a_*,mfcc?");
    /// assert!(choice.fits("a_12") && choice.fits("mfcc3") && !choice.fits("mfcc12"));
    /// assert_eq!(ModalityChoice::parse("image").pattern, "image");
    /// ```
    pub fn parse(text: &str) -> Self {
        let (name, pattern) = text.split_once('=').unwrap_or((text, text));
        Self { name: name.trim().to_owned(), pattern: pattern.trim().to_owned() }
    }

    /// Whether an array or column of that name belongs to this modality.
    pub fn fits(&self, name: &str) -> bool {
        self.pattern == name || self.pattern.split(',').any(|one| glob(one.trim(), name))
    }
}

/// Whether `pattern` covers the whole of `name`. Linear in the product of
/// their lengths: after a mismatch only the last `*` is tried again.
fn glob(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = name.get(n) {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, n));
                p += 1;
            }
            Some(q) if *q == '?' || q == c => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                Some((star, start)) => {
                    retry = Some((star, start + 1));
                    p = star + 1;
                    n = start + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_cover_whole_names() {
        for (pattern, name, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("*b*", "abc", true),
            ("*b", "abc", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "aXbYbZc", true),
            ("?é*", "xé", true),
        ] {
            assert_eq!(glob(pattern, name), fits, "{pattern} on {name}");
        }
        // A pattern that takes exponential time when every `*` is tried again.
        assert!(!glob(&"*a".repeat(60), &"a".repeat(50)));
    }
}
