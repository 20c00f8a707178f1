//! A Rust file cut into what the compiler reads, what people read, and which
//! lines exist for tests only. Not a parser: enough of the lexical grammar to
//! tell code from comments and literals, so that a check never fires on a word
//! inside a string.

use super::line_at;

/// One Rust file. `code`, `comments` and the file itself have the same length
/// and the same line ends; what belongs elsewhere is blanked.
pub(crate) struct Source {
    /// The code, with comments and the contents of literals blanked.
    pub(crate) code: String,
    /// The comments alone.
    pub(crate) comments: String,
    /// By line (0-based): does it exist under `cfg(test)` only?
    test_lines: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Comment,
    Literal,
}

impl Source {
    /// Cuts up the text of the file at `path`.
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let parts = classify(text.as_bytes());
        let only = |wanted: Part| -> String {
            let kept = text.bytes().zip(&parts).map(|(byte, part)| match (byte, *part == wanted) {
                (b'\n', _) | (_, true) => byte,
                _ => b' ',
            });
            // A multi-byte character lies in one part, so it is kept or blanked whole.
            String::from_utf8(kept.collect()).expect("characters are kept or blanked whole")
        };
        let code = only(Part::Code);
        let test_lines = if is_test_file(path) {
            vec![true; text.lines().count()]
        } else {
            test_lines(&code, text.lines().count())
        };
        Self { comments: only(Part::Comment), code, test_lines }
    }

    /// Number of lines.
    pub(crate) fn n_lines(&self) -> usize {
        self.test_lines.len()
    }

    /// Number of lines that are not there for tests only.
    pub(crate) fn n_product_lines(&self) -> usize {
        self.test_lines.iter().filter(|&&test| !test).count()
    }

    /// Does the 1-based line exist for tests only?
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.test_lines.get(line - 1).copied().unwrap_or(false)
    }

    /// The 1-based lines on which a word stands in the code. The word must not
    /// continue an identifier on either side.
    pub(crate) fn find(&self, word: &str) -> Vec<usize> {
        positions(&self.code, word).map(|at| line_at(&self.code, at)).collect()
    }

    /// Does the code declare `mod name;`?
    pub(crate) fn declares(&self, name: &str) -> bool {
        positions(&self.code, &format!("mod {name};")).next().is_some()
    }
}

/// Where `word` stands in `code` as a whole word.
pub(crate) fn positions<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let starts_open = !joins(word.chars().next());
    let ends_open = !joins(word.chars().next_back());
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        (starts_open || !joins(code[..at].chars().next_back()))
            && (ends_open || !joins(code[at + word.len()..].chars().next()))
    })
}

fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

fn classify(text: &[u8]) -> Vec<Part> {
    let mut parts = vec![Part::Code; text.len()];
    let mut i = 0;
    while i < text.len() {
        let rest = &text[i..];
        let (length, part) = if rest.starts_with(b"//") {
            (rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()), Part::Comment)
        } else if rest.starts_with(b"/*") {
            (block_comment(rest), Part::Comment)
        } else if let Some(length) = raw_string(rest, i > 0 && is_word(text[i - 1])) {
            (length, Part::Literal)
        } else if rest[0] == b'"' {
            (quoted(rest, b'"'), Part::Literal)
        } else if rest[0] == b'\'' && is_char_literal(rest) {
            (quoted(rest, b'\''), Part::Literal)
        } else {
            (1, Part::Code)
        };
        parts[i..i + length].fill(part);
        i += length;
    }
    parts
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut i = 0;
    while i < rest.len() {
        if rest[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if rest[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    rest.len()
}

fn raw_string(rest: &[u8], inside_word: bool) -> Option<usize> {
    if inside_word {
        return None;
    }
    let prefix = [&b"br"[..], b"cr", b"r"].into_iter().find(|p| rest.starts_with(p))?.len();
    let hashes = rest[prefix..].iter().take_while(|&&b| b == b'#').count();
    if rest.get(prefix + hashes) != Some(&b'"') {
        return None;
    }
    let start = prefix + hashes + 1;
    let end = [&b"\""[..], &vec![b'#'; hashes]].concat();
    let length = rest[start..].windows(end.len()).position(|w| w == end);
    Some(length.map_or(rest.len(), |at| start + at + end.len()))
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut i = 1;
    while i < rest.len() {
        match rest[i] {
            b'\\' => i += 2,
            b if b == quote => return i + 1,
            _ => i += 1,
        }
    }
    rest.len()
}

/// `'a'` is a character, `'a` a lifetime.
fn is_char_literal(rest: &[u8]) -> bool {
    match rest.get(1) {
        Some(b'\\') => true,
        Some(first) => {
            let width = match first {
                0..0x80 => 1,
                0x80..0xE0 => 2,
                0xE0..0xF0 => 3,
                _ => 4,
            };
            rest.get(1 + width) == Some(&b'\'')
        }
        None => false,
    }
}

/// Marks each item that follows a `cfg(test)` attribute, the attribute included.
fn test_lines(code: &str, n_lines: usize) -> Vec<bool> {
    let mut marked = vec![false; n_lines];
    for attribute in ["#[cfg(test)]", "#[cfg(all(test,", "#[test]"] {
        for (start, _) in code.match_indices(attribute) {
            let end = item_end(code, start);
            for line in line_at(code, start)..=line_at(code, end) {
                if let Some(mark) = marked.get_mut(line - 1) {
                    *mark = true;
                }
            }
        }
    }
    marked
}

/// The position of the `;` or the closing brace that ends the item at `start`.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_i32;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth -= 1;
                if byte == b'}' && depth <= 0 {
                    return at;
                }
            }
            b';' if depth == 0 => return at,
            _ => {}
        }
    }
    code.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comments_and_literals_are_told_apart() {
        let text = "let a = \"todo // no\"; // why: é\nlet r = r#\"x \" y\"#; /* a /* b */ c */ let l: &'a str = b;\n\
                    let c = ['\"', '\\'', 'é', '/']; let d = 1;\n";
        let source = Source::parse("src/x.rs", text);
        assert_eq!(source.code.len(), text.len());
        assert_eq!(source.find("todo"), []);
        assert_eq!((source.find("no"), source.find("r")), (vec![], vec![2]));
        assert!(source.comments.contains("why: é") && source.comments.contains("a /* b */ c"));
        assert!(source.code.contains("let l: &'a str = b;") && source.code.contains("let d = 1;"));
        assert!(!source.code.contains("x \" y"));
    }

    #[test]
    fn lines_of_tests_are_known() {
        let text = "fn a() {\n}\n\n#[cfg(test)]\nuse b::c;\n#[cfg(test)]\nmod tests {\n    fn d() {}\n}\nfn e() {}\n";
        let source = Source::parse("src/x.rs", text);
        let marked: Vec<usize> = (1..=10).filter(|&line| source.is_test_line(line)).collect();
        assert_eq!(marked, [4, 5, 6, 7, 8, 9]);
        assert_eq!((source.n_lines(), source.n_product_lines()), (10, 4));
        assert_eq!(Source::parse("src/num/tests.rs", text).n_product_lines(), 0);
    }

    #[test]
    fn words_are_whole_words() {
        let source = Source::parse("src/x.rs", "fn lookup() {}\nfn up() { up!() }\nmod upper;\n");
        assert_eq!(source.find("up"), [2, 2]);
        assert!(source.declares("upper") && !source.declares("per"));
    }
}
