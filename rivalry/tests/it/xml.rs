//! A strict reader of the little XML that renderers write: anything but plain
//! elements with quoted attributes and escaped text is an error.

/// The elements in order, and all text between them, or what is wrong.
pub(crate) fn read(text: &str) -> Result<(Vec<String>, String), String> {
    let (elements, words) = read_whole(text)?;
    Ok((elements.into_iter().map(|element| element.name).collect(), words))
}

/// An element with its attributes, unescaped, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

/// The elements with their attributes, and all text between them.
pub(crate) fn read_whole(text: &str) -> Result<(Vec<Element>, String), String> {
    let mut open: Vec<String> = Vec::new();
    let mut elements = Vec::new();
    let mut words = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("</") {
            let (name, after) = after.split_once('>').ok_or("an end tag does not end")?;
            if open.pop().as_deref() != Some(name) {
                return Err(format!("`{name}` ends but is not open"));
            }
            rest = after;
        } else if let Some(after) = rest.strip_prefix('<') {
            let (element, is_empty, after) = tag(after)?;
            if !is_empty {
                open.push(element.name.clone());
            }
            elements.push(element);
            rest = after;
        } else {
            let end = rest.find('<').unwrap_or(rest.len());
            words.push_str(&unescaped(&rest[..end])?);
            rest = &rest[end..];
            if open.is_empty() && !words.ends_with('\n') {
                return Err("text outside the document".to_owned());
            }
        }
    }
    if open.is_empty() { Ok((elements, words)) } else { Err(format!("{open:?} do not end")) }
}

/// A start tag after its `<`: the name, whether it ends itself, and the rest.
fn tag(text: &str) -> Result<(Element, bool, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').ok_or("a tag does not end")?;
    let (name, mut rest) = text.split_at(end);
    if name.is_empty() {
        return Err(format!("`<` before {:?}", text.chars().next()));
    }
    let mut attributes: Vec<(String, String)> = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix("/>") {
            return Ok((Element { name: name.to_owned(), attributes }, true, after));
        }
        if let Some(after) = rest.strip_prefix('>') {
            return Ok((Element { name: name.to_owned(), attributes }, false, after));
        }
        let attribute = rest.strip_prefix(' ').ok_or(format!("no space in `{name}`"))?;
        let (key, after) = attribute.split_once("=\"").ok_or(format!("no value in `{name}`"))?;
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-') {
            return Err(format!("`{key}` is no attribute"));
        }
        if attributes.iter().any(|(known, _)| known == key) {
            return Err(format!("`{key}` stands twice in `{name}`"));
        }
        let (value, after) = after.split_once('"').ok_or("a value does not end")?;
        if value.contains('<') {
            return Err(format!("`<` in `{key}`"));
        }
        attributes.push((key.to_owned(), unescaped(value)?));
        rest = after;
    }
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (entity, after) = rest[at + 1..].split_once(';').ok_or("`&` that is no entity")?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            other => return Err(format!("`&{other};` is unknown")),
        });
        rest = after;
    }
    out.push_str(rest);
    let is_allowed = |c: char| !c.is_control() || c == '\n';
    match out.chars().find(|c| !is_allowed(*c) || matches!(c, '\u{fffe}' | '\u{ffff}')) {
        Some(c) => Err(format!("{c:?} is no character of XML")),
        None => Ok(out),
    }
}

#[test]
fn good_documents_are_read_and_bad_ones_refused() {
    let (elements, words) = read("<svg a=\"1\" b-c=\"&lt;\"><g/><text>a &amp; b</text></svg>\n").unwrap();
    assert_eq!((elements, words.trim()), (["svg", "g", "text"].map(str::to_owned).to_vec(), "a & b"));
    for bad in [
        "<a>",
        "<a></b>",
        "<a b=1/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a>&nbsp;</a>",
        "<a>a & b</a>",
        "<a b=\"<\"/>",
        "<a>\u{1b}</a>",
        "<!DOCTYPE a><a/>",
        "<a/>text",
        "<>",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
