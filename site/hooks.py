"""What makes a site of pages that are written for the repository.

Pages link to each other, to pages at the root and to code, as a code host shows them. Here
those links are turned into links of the site: pages at the root become pages, code is named
by its path. Notebooks become pages with the outputs that they keep; nothing is run.
"""

from __future__ import annotations

import html
import json
import logging
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

#: Below `mkdocs`, so that a warning fails a strict build.
LOG = logging.getLogger("mkdocs.hooks.rivalry")
ROOT = Path(__file__).resolve().parent.parent
#: Pages at the root and beyond docs/, by the name that they have on the site.
ELSEWHERE = {
    "repository/README.md": "README.md",
    "repository/ARCHITECTURE.md": "ARCHITECTURE.md",
    "repository/CONTRIBUTING.md": "CONTRIBUTING.md",
    "repository/CHANGELOG.md": "CHANGELOG.md",
    "repository/SECURITY.md": "SECURITY.md",
    "repository/benchmarks.md": "benchmarks/README.md",
}
#: The index of all pages.
INDEX = "docs/README.md"
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
#: What a browser would fetch from elsewhere; links that people follow are none.
FOREIGN = re.compile(r"<(?:script|img|iframe|link)\b[^>]* (?:src|href)=\"((?:https?:)?//[^\"]*)")
#: Where the output of a cell goes once Markdown has been turned into HTML.
HERE = '<div class="output" data-cell="{}"></div>'

_outputs: dict[str, list[str]] = {}


def on_config(config: Any) -> Any:
    """The whole navigation, and anchors as code hosts make them."""
    for section in config.nav:
        for name, pages in section.items():
            if name == "Reference":
                pages += [page for page in _listed() if page not in _named(config.nav)]
    decisions = sorted(f"decisions/{path.name}" for path in (ROOT / "docs/decisions").glob("*.md"))
    config.nav[-1:-1] = [{"Decisions": decisions}, {"Repository": list(ELSEWHERE)}]
    config.mdx_configs["toc"] = {**config.mdx_configs.get("toc", {}), "slugify": lambda text, _: slug(text)}
    return config


def _listed() -> list[str]:
    """The pages of the index but decisions, in its order."""
    targets = [target for _, _, target in LINK.findall((ROOT / INDEX).read_text("utf-8"))]
    return [t for t in targets if t.endswith(".md") and not t.startswith(("decisions/", "../"))]


def _named(nav: Any) -> set[str]:
    """The pages that a navigation names."""
    if isinstance(nav, str):
        return {nav}
    parts = nav.values() if isinstance(nav, dict) else nav
    return {page for part in parts for page in _named(part)}


def slug(heading: str) -> str:
    """The anchor that code hosts give a heading; tidy checks links by the same rule."""
    kept = ("-" if c == " " else c.lower() for c in heading.strip() if c == " " or c.isalnum() or c in "-_")
    return "".join(kept)


def on_files(files: Any, config: Any) -> Any:
    """The pages that are not Markdown under docs/."""
    for page, path in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text("utf-8")))
    for notebook in sorted((ROOT / "docs/notebooks").glob("*.ipynb")):
        page = f"notebooks/{notebook.stem}.md"
        text, _outputs[page] = notebook_page(json.loads(notebook.read_text("utf-8")), notebook.name)
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links of the repository as links of the site, and lists and tables as code hosts read them."""
    here = page.file.src_uri
    place = ELSEWHERE.get(here, f"docs/{here}")
    known = {f"docs/{file.src_uri}": file.src_uri for file in files} | {v: k for k, v in ELSEWHERE.items()}
    known |= {f"docs/notebooks/{Path(p).stem}.ipynb": p for p in _outputs}

    def turned(match: re.Match[str]) -> str:
        mark, text, target = match.groups()
        if "://" in target or target.startswith(("mailto:", "#")):
            return match.group()
        path, _, anchor = target.partition("#")
        found = posixpath.normpath(posixpath.join(posixpath.dirname(place), path))
        if found in known:
            way = posixpath.relpath(known[found], posixpath.dirname(here) or ".")
            return f"{mark}[{text}]({way}{'#' + anchor if anchor else ''})"
        if not (ROOT / found).exists():
            LOG.warning("%s: `%s` leads nowhere", place, target)
        if config.repo_url:
            return f"[{text}]({config.repo_url.rstrip('/')}/blob/HEAD/{found})"
        return text if text.strip("`") in found else f"{text} (`{found}`)"

    return "\n".join(_prose(markdown.split("\n"), turned))


def _prose(lines: list[str], turned: Any) -> list[str]:
    """Links turned outside code; a blank line before a list or table that follows text, without
    which Markdown in Python reads it as text."""
    found: list[str] = []
    fenced = False
    for line in lines:
        fence = line.lstrip().startswith("```")
        fenced ^= fence
        if not fenced and not fence:
            line = _outside_code(line, turned)
            starts = re.match(r"([-*] |\d+\. |\|)", line)
            before = found[-1] if found else ""
            if starts and before.strip() and not before.startswith((" ", "|", "#")):
                if not re.match(r"([-*] |\d+\. )", before):
                    found.append("")
        found.append(line)
    return found


def _outside_code(line: str, turned: Any) -> str:
    """Turns the links of a line; what stands in inline code is no link, though a link's text may be code."""

    def each(match: re.Match[str]) -> str:
        return turned(match) if line[: match.start()].count("`") % 2 == 0 else match.group()

    return LINK.sub(each, line)


def on_page_content(content: str, page: Any, config: Any, files: Any) -> str:
    """Outputs of notebooks, which Markdown must not touch."""
    for i, output in enumerate(_outputs.get(page.file.src_uri, [])):
        content = content.replace(HERE.format(i), output)
    return content


def on_post_build(config: Any) -> None:
    """Nothing on a page comes from another server."""
    for path in Path(config.site_dir).rglob("*.html"):
        for source in FOREIGN.findall(path.read_text("utf-8")):
            LOG.warning("%s asks another server for `%s`", path.relative_to(config.site_dir), source)


def notebook_page(notebook: dict[str, Any], name: str) -> tuple[str, list[str]]:
    """A notebook as Markdown, and the HTML of its outputs, for which the Markdown has places."""
    blocks, outputs = [], []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            blocks.append(source)
            continue
        blocks.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            blocks.append(HERE.format(len(outputs)))
            outputs.append(shown(output))
    blocks.append(f'<a href="../{name}" download>Download the notebook.</a>')
    return "\n\n".join(blocks) + "\n", outputs


def shown(output: dict[str, Any]) -> str:
    """An output as HTML, in the richest form that it has."""
    data = output.get("data", {})
    for kind in ("text/html", "image/svg+xml"):
        if kind in data:
            return f'<div class="output">{"".join(data[kind])}</div>'
    text = "".join(output.get("text", data.get("text/plain", "")))
    return f"<pre><code>{html.escape(text)}</code></pre>"
