//! The documentation: links that lead somewhere, an index that is complete, a
//! code map that follows the code, a length that is read.

use crate::tree::{Tree, has_suffix};

use super::Finding;
use super::layers::LAYERS;

/// The pages that people read first, and how long they may be.
const LENGTHS: [(&str, usize); 2] = [("README.md", 200), ("ARCHITECTURE.md", 400)];

/// Relative links, with their anchors.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| has_suffix(path, "md")) {
        for (line, target) in link_targets(text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target.as_str(), ""));
            let resolved = if file.is_empty() { Some(path.to_owned()) } else { resolve(path, file) };
            match resolved.filter(|file| tree.has(file)) {
                None => findings.push(Finding::new(path, line, format!("`{target}` leads nowhere"))),
                Some(file) => {
                    let known = |page: &str| headings(page).any(|(_, heading)| slug(heading) == anchor);
                    if !anchor.is_empty() && !tree.text(&file).is_some_and(known) {
                        findings.push(Finding::new(
                            path,
                            line,
                            format!("`{file}` has no heading `#{anchor}`"),
                        ));
                    }
                }
            }
        }
    }
    findings
}

/// No page is longer than people read.
pub(super) fn length(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, limit) in LENGTHS {
        match tree.text(path).map(|text| text.lines().count()) {
            None => findings.push(Finding::new(path, 1, "is missing")),
            Some(n) if n > limit => {
                findings.push(Finding::new(path, n, format!("{n} lines, at most {limit}")));
            }
            Some(_) => {}
        }
    }
    findings
}

/// `ARCHITECTURE.md` has a heading for each module of the library, in order.
pub(super) fn code_map(tree: &Tree) -> Vec<Finding> {
    const PAGE: &str = "ARCHITECTURE.md";
    let declared: Vec<&str> = tree
        .source("rivalry/src/lib.rs")
        .map(|source| LAYERS.into_iter().filter(|layer| source.declares(layer)).collect())
        .unwrap_or_default();
    let described: Vec<(usize, String)> = headings(tree.text(PAGE).unwrap_or_default())
        .filter_map(|(line, heading)| {
            let name = heading.strip_prefix('`')?.split(['`', '/']).next()?;
            LAYERS.contains(&name).then(|| (line, name.to_owned()))
        })
        .collect();
    let mut findings = Vec::new();
    for layer in &declared {
        if !described.iter().any(|(_, name)| name == layer) {
            findings.push(Finding::new(PAGE, 1, format!("says nothing about `{layer}`")));
        }
    }
    for (line, name) in &described {
        if !declared.contains(&name.as_str()) {
            findings.push(Finding::new(
                PAGE,
                *line,
                format!("describes `{name}`, which the library does not have"),
            ));
        }
    }
    let rank = |name: &String| LAYERS.iter().position(|layer| layer == name);
    for pair in described.windows(2) {
        if rank(&pair[0].1) > rank(&pair[1].1) {
            findings.push(Finding::new(
                PAGE,
                pair[1].0,
                format!("`{}` is out of the layer order", pair[1].1),
            ));
        }
    }
    findings
}

/// `docs/README.md` links each page under `docs/`.
pub(super) fn index(tree: &Tree) -> Vec<Finding> {
    const INDEX: &str = "docs/README.md";
    let linked: Vec<String> = link_targets(tree.text(INDEX).unwrap_or_default())
        .into_iter()
        .filter_map(|(_, target)| resolve(INDEX, target.split('#').next()?))
        .collect();
    tree.texts()
        .map(|(path, _)| path)
        .filter(|path| path.starts_with("docs/") && has_suffix(path, "md") && *path != INDEX)
        .filter(|path| !linked.iter().any(|l| l == path))
        .map(|path| Finding::new(path, 1, format!("`{INDEX}` does not link this page")))
        .collect()
}

/// The lines of a page outside code fences, with their 1-based numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(i, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((i + 1, line))
    })
}

fn headings(text: &str) -> impl Iterator<Item = (usize, &str)> {
    prose(text)
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(i, line)| (i, line.trim_start_matches('#').trim()))
}

/// What `[text](target)` points to, inline code left out.
fn link_targets(text: &str) -> Vec<(usize, String)> {
    let mut targets = Vec::new();
    for (i, line) in prose(text) {
        let without_code: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for (at, _) in without_code.match_indices("](") {
            if let Some((target, _)) = without_code[at + 2..].split_once(')') {
                targets.push((i, target.to_owned()));
            }
        }
    }
    targets
}

/// A link's target as a path from the root, or nothing if it leaves the tree.
fn resolve(page: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The anchor that code hosts give a heading.
fn slug(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let page = "# A page\n[x](docs/a.md) [y](https://b.org/c) [`z`](docs/a.md#the-cut-and-why)\n\
                    ```text\n[no](gone.md)\n```\n`[no](gone.md)` [d](docs) [self](#a-page)\n";
        let tree =
            Tree::of(&[("README.md", page), ("docs/a.md", "## The cut, and why\n[back](../README.md)\n")]);
        assert_eq!(links(&tree), []);
        let bad = "[x](docs/b.md)\n[y](#nothing)\n[z](../../out.md)\n";
        let found: Vec<usize> = links(&Tree::of(&[("README.md", bad)])).into_iter().map(|f| f.line).collect();
        assert_eq!(found, [1, 2, 3]);
    }

    #[test]
    fn long_and_missing_pages_are_found() {
        let long = "a\n".repeat(201);
        let found = length(&Tree::of(&[("README.md", &long)]));
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(length(&Tree::of(&[("README.md", "a\n"), ("ARCHITECTURE.md", "b\n")])), []);
    }

    #[test]
    fn the_code_map_follows_the_code() {
        let lib = ("rivalry/src/lib.rs", "//! L.\npub mod num;\npub mod stats;\n");
        let good = "### `num`: numbers\n### Words\n### `stats/`: inference\n";
        assert_eq!(code_map(&Tree::of(&[lib, ("ARCHITECTURE.md", good)])), []);
        let bad = "### `stats`\n### `num`\n### `sweep`\n";
        assert_eq!(code_map(&Tree::of(&[lib, ("ARCHITECTURE.md", bad)])).len(), 2);
        assert_eq!(code_map(&Tree::of(&[lib, ("ARCHITECTURE.md", "### `num`\n")])).len(), 1);
    }

    #[test]
    fn the_index_is_complete() {
        let pages =
            [("docs/README.md", "[m](math.md)\n"), ("docs/math.md", ""), ("docs/decisions/0001-a.md", "")];
        let found: Vec<String> = index(&Tree::of(&pages)).into_iter().map(|f| f.path).collect();
        assert_eq!(found, ["docs/decisions/0001-a.md"]);
    }
}
