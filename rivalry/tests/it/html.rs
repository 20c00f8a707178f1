//! A strict reading of the pages that the HTML renderer writes: well-formed, made of
//! known elements, with no way out and nothing that runs but the page's own script.

use rivalry::registry::Choice;
use rivalry::render::renderer;
use rivalry::report::Block;

use crate::specimen;
use crate::xml::{self, Element};

/// Everything that a page is made of.
const ELEMENTS: [&str; 46] = [
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "script",
    "a",
    "header",
    "main",
    "footer",
    "nav",
    "section",
    "h1",
    "h2",
    "h3",
    "p",
    "br",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "div",
    "span",
    "b",
    "i",
    "strong",
    "code",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "figure",
    "figcaption",
    "svg",
    "desc",
    "g",
    "rect",
    "path",
    "text",
    "tspan",
];

/// Attributes that a page uses; those of figures are numbers, colours and words.
const ATTRIBUTES: [&str; 20] = [
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "rel",
    "download",
    "scope",
    "role",
    "tabindex",
    "aria-label",
    "aria-labelledby",
    "data-v",
    "type",
    "xmlns",
    "title",
    "colspan",
];

/// The elements in order, and all words but style, script and the document for
/// programs.
fn read(page: &str) -> (Vec<Element>, String) {
    let mut rest = page.strip_prefix("<!doctype html>\n").expect("the page says which HTML it is").to_owned();
    for element in ["style", "script"] {
        let mut from = 0;
        while let Some(start) = rest[from..].find(&format!("<{element}")).map(|at| from + at) {
            let inner = start + rest[start..].find('>').unwrap() + 1;
            let end = inner + rest[inner..].find(&format!("</{element}>")).unwrap();
            assert!(!rest[inner..end].contains(['<', '&']), "markup in `{element}`");
            rest.replace_range(inner..end, "");
            from = inner;
        }
    }
    xml::read_whole(&rest).unwrap_or_else(|error| panic!("{error}\n{rest}"))
}

/// What a reader sees.
pub(crate) fn words(page: &str) -> String {
    read(page).1
}

/// No element more than a friendly page has, no handler, and links that stay here
/// or lead to the web by name.
pub(crate) fn is_inert(page: &str, friendly: &str) {
    let (elements, _) = read(page);
    let figures = ["svg", "g", "rect", "path", "text", "tspan"];
    for element in &elements {
        assert!(ELEMENTS.contains(&element.name.as_str()), "{element:?}");
        for (key, value) in &element.attributes {
            let is_known = ATTRIBUTES.contains(&key.as_str())
                || (figures.contains(&element.name.as_str()) && !key.starts_with("on") && key != "href");
            assert!(is_known, "{element:?}");
            if key == "href" {
                let is_ours = value.starts_with("#part-") || value == "#main";
                let is_saved = value.starts_with("data:text/csv;charset=utf-8,");
                assert!(is_ours || is_saved || value.starts_with("https://"), "{value}");
            }
        }
    }
    // Names in backticks stand out, also those with backticks in them; labels of
    // figures break into lines where they are long.
    let varies = |name: &String| ["code", "text", "tspan"].contains(&name.as_str());
    let names = |elements: Vec<Element>| -> Vec<String> {
        elements.into_iter().map(|element| element.name).filter(|name| !varies(name)).collect()
    };
    assert_eq!(names(elements), names(read(friendly).0));
}

#[test]
fn a_page_stays_below_2_mb_and_says_what_it_left_out() {
    let page = |n_rows: usize, extra: usize| {
        let mut report = specimen::report(&str::to_owned);
        let table = report.blocks.iter_mut().find_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        let table = table.unwrap();
        table.rows = table.rows.iter().cycle().take(n_rows).cloned().collect();
        report.document.results["more"] = serde_json::json!("x".repeat(extra));
        let mut out = Vec::new();
        renderer(&Choice::new("html")).unwrap().render(&report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let (small, heavy, long) = (page(3, 0), page(3, 2_000_000), page(20_000, 0));
    for text in [&small, &heavy, &long] {
        assert!(text.len() < 2_000_000, "{} bytes", text.len());
        read(text);
    }
    assert!(small.contains("id=\"document\"") && !small.contains("would be larger"));
    assert!(!heavy.contains("id=\"document\"") && heavy.contains("the whole document is what"));
    assert!(heavy.contains("data:text/csv"));
    assert!(long.contains("The first 100 of 20000 rows.") && !long.contains("data:text/csv"));
}
