"""The reference pages of the command and of the Python package, written from both.

    python site/reference.py [--check] [--program PATH] [--package FOLDER]

docs/guide/reference-command.md is what the program says to `--help`, verb by verb;
docs/guide/reference-python.md is what the package's sources say, read and not run. With
--check nothing is written, and a page that differs is an error.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = ROOT / "docs/guide/reference-command.md"
PYTHON = ROOT / "docs/guide/reference-python.md"
HOW = "`python site/reference.py` writes this page; the build of the site compares."
#: A verb in the list of another's help.
VERB = re.compile(r"^  ([a-z][a-z-]*) {2,}\S", re.M)
#: Sections of a docstring in NumPy's form, and how they are shown.
SECTIONS = {"Parameters", "Returns", "Raises", "Yields", "Examples", "Notes"}


def main() -> int:
    """Writes or compares both pages."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--check", action="store_true", help="write nothing, fail when a page differs")
    asked.add_argument("--program", default=str(ROOT / "target/release/rivalry"))
    asked.add_argument("--package", type=Path, default=ROOT / "rivalry-py/python/rivalry")
    given = asked.parse_args()
    stale = []
    for page, text in ((COMMAND, command_page(given.program)), (PYTHON, python_page(given.package))):
        if given.check and (not page.exists() or page.read_text("utf-8") != text):
            stale.append(page)
        if not given.check:
            page.write_text(text, "utf-8")
    for page in stale:
        print(f"{page.relative_to(ROOT)} is not what the code says; run `python site/reference.py`", file=sys.stderr)
    return bool(stale)


def command_page(program: str) -> str:
    """Every verb's help."""
    lines = ["# The command", "", f"What `rivalry VERB --help` says. {HOW}", ""]
    for words, text in helps(program, []):
        title = " ".join(["rivalry", *words])
        lines += [f"{'#' * (2 + (len(words) > 1))} {title}", "", "```text", text.rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def helps(program: str, words: list[str]) -> Iterator[tuple[list[str], str]]:
    """The help of a verb, then of the verbs below it."""
    plain = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True, env=plain, check=True)
    yield words, done.stdout
    listed = done.stdout.partition("\nCommands:\n")[2].partition("\n\n")[0]
    for verb in VERB.findall(listed):
        if verb != "help":
            yield from helps(program, [*words, verb])


def python_page(package: Path) -> str:
    """Every public name with its signature and docstring, module by module."""
    lines = ["# The Python package", "", f"What the docstrings say. {HOW} How to use it: [python.md](../python.md).", ""]
    told: set[str] = set()
    for module, path in modules(package):
        tree = ast.parse(path.read_text("utf-8"))
        names = [name for name, _ in public(tree, path)]
        # A module whose names its package offers has been told.
        if names and told.issuperset(f"{module.rpartition('.')[0]}.{name}" for name in names):
            continue
        told |= {f"{module}.{name}" for name in names}
        lines += [f"## {module}", "", *prose(ast.get_docstring(tree) or "", module), ""]
        for name, node in public(tree, path):
            lines += described(f"{module}.{name}", node)
    return "\n".join(lines).rstrip() + "\n"


def modules(package: Path) -> Iterator[tuple[str, Path]]:
    """The package and its public modules, by dotted name; the package first."""
    for path in sorted(package.rglob("*.py"), key=lambda p: (p.parent != package or p.name != "__init__.py", p)):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if any(part.startswith("_") and part != "__init__" for part in parts):
            continue
        yield ".".join(part for part in parts if part != "__init__"), path


def public(tree: ast.Module, path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """What a module offers, in the order of its `__all__` or of its source, wherever it is written."""
    here = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    origin = dict(here)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            source = path.parent / f"{node.module.replace('.', '/')}.py"
            if source.exists():
                written = ast.parse(source.read_text("utf-8")).body
                defined = {n.name: n for n in written if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
                origin |= {a.asname or a.name: defined[a.name] for a in node.names if a.name in defined}
    for name in offered(tree) or [name for name in here if not name.startswith("_")]:
        if name in origin:
            yield name, origin[name]


def offered(tree: ast.Module) -> list[str]:
    """The names in `__all__`, as far as they are written out."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return [part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
    return []


def described(name: str, node: ast.stmt) -> list[str]:
    """A function, or a class with its public methods and properties."""
    assert isinstance(node, (ast.FunctionDef, ast.ClassDef))
    lines = [f"### {name}", "", *signature(name, node), *prose(ast.get_docstring(node) or "", name), ""]
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
                lines += [f"#### {part.name}", "", *signature(part.name, part)]
                if text := ast.get_docstring(part):
                    lines += [*prose(text, f"{name}.{part.name}"), ""]
    return lines


def signature(name: str, node: ast.stmt) -> list[str]:
    """How it is called; a property and a class that nobody makes are not."""
    if isinstance(node, ast.ClassDef):
        made = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
        # What takes a part of the private core is handed out, not made.
        if not made or "_core." in ast.unparse(made[0].args):
            return []
        node = made[0]
    assert isinstance(node, ast.FunctionDef)
    if any(ast.unparse(decorator).endswith("property") for decorator in node.decorator_list):
        return []
    text = ast.unparse(node.args)
    text = re.sub(r"^(self|cls)(, )?", "", text)
    answer = f" -> {ast.unparse(node.returns)}" if node.returns and node.name != "__init__" else ""
    shown = f"{name}({text}){answer}"
    if len(shown) > 100:
        inside = ",\n".join(f"    {part}" for part in arguments(node.args))
        shown = f"{name}(\n{inside},\n){answer}"
    return ["```text", shown, "```", ""]


def arguments(args: ast.arguments) -> list[str]:
    """The arguments one by one, without the object itself and what is private."""
    parts, depth, last = [], 0, ""
    for c in ast.unparse(args):
        depth += (c in "[({") - (c in "])}")
        if c == "," and depth == 0:
            parts.append(last.strip())
            last = ""
        else:
            last += c
    return [part for part in [*parts, last.strip()] if part and part not in ("self", "cls") and part[0] != "_"]


def prose(text: str, name: str) -> list[str]:
    """A docstring in NumPy's form as Markdown."""
    if not text:
        raise SystemExit(f"{name} has no docstring")
    lines: list[str] = []
    block: list[str] = []
    rows = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text.replace("``", "`")).split("\n")
    section = ""
    for i, row in enumerate(rows):
        rule = i + 1 < len(rows) and set(rows[i + 1].strip()) == {"-"}
        if row.strip() in SECTIONS and rule:
            lines += [*block, "", f"*{row.strip()}*", ""]
            block, section = [], row.strip()
        elif set(row.strip()) == {"-"} and section:
            continue
        elif section in ("Parameters", "Raises", "Returns", "Yields") and row and not row.startswith(" "):
            lines += block
            rest = rows[i + 1] if i + 1 < len(rows) else ""
            block = [f"- `{row.strip()}`" + (":" if rest.startswith(" ") else "")]
            if not rest.startswith(" ") and not re.fullmatch(r"[\w., |\[\]]+", row.strip()):
                block = [row]
        elif section and row.startswith("    "):
            block.append("  " + row.strip())
        else:
            block.append(row)
    lines += block
    return fenced(lines)


def fenced(lines: list[str]) -> list[str]:
    """Examples that begin with `>>>`, and indented code, in fences."""
    found: list[str] = []
    code: list[str] = []
    for line in [*lines, ""]:
        if line.startswith((">>> ", "... ", "    ")):
            code.append(re.sub(r"  # doctest: .*$", "", line))
            continue
        if code:
            found += ["", "```text", textwrap.dedent("\n".join(code)), "```", ""]
            code = []
        if line or (found and found[-1]):
            # `encoders[m](x[m])` outside code is a call and no link.
            parts = line.split("`")
            parts[::2] = [part.replace("](", "]\\(") for part in parts[::2]]
            found.append("`".join(parts))
    return found[:-1] if not found[-1] else found


if __name__ == "__main__":
    sys.exit(main())
