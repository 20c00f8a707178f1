"""Runs the notebooks and compares what they show with what they keep.

    python site/notebooks.py [--write] [NAME ...]

Each runs in a kernel of its own, in an empty folder. As for the command lines of the pages,
words are compared and figures are set aside, which may differ between kinds of CPU. With
--write a notebook keeps what it showed.
"""

from __future__ import annotations

import argparse
import collections
import html
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "docs/notebooks"
#: Kinds of output that are kept; a figure's text form says its size, which is no news.
KINDS = ("text/html", "image/svg+xml", "text/plain")
#: A page with more is slow to open and to review.
LARGEST = 250_000


def main() -> int:
    """Runs what is asked for, by default all."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("names", nargs="*", help="names without suffix")
    asked.add_argument("--write", action="store_true", help="keep the outputs")
    given = asked.parse_args()
    paths = [FOLDER / f"{name}.ipynb" for name in given.names] or sorted(FOLDER.glob("*.ipynb"))
    differences = []
    for path in paths:
        before = time.monotonic()
        kept = nbformat.read(path, as_version=4)
        new = ran(nbformat.read(path, as_version=4))
        if given.write:
            nbformat.write(new, path)
            kept = nbformat.read(path, as_version=4)
        differences += [f"{path.name}, {what}" for what in compared(kept, new)]
        if path.stat().st_size > LARGEST:
            differences.append(f"{path.name}: {path.stat().st_size} bytes are more than {LARGEST}")
        print(f"notebooks: {path.name} took {time.monotonic() - before:.0f} s")
    for difference in differences:
        print(difference, file=sys.stderr)
    return bool(differences)


def ran(notebook: Any) -> Any:
    """The notebook with what its cells show; an error in a cell is an error here."""
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=600,
            startup_timeout=300,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [told(output) for output in cell.outputs]
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return notebook


def told(output: Any) -> Any:
    """An output in its richest form alone."""
    if "data" in output:
        kind = next(kind for kind in KINDS if kind in output.data)
        output.data = {kind: output.data[kind]}
        output.metadata = {}
    return output


def compared(kept: Any, new: Any) -> list[str]:
    """Cells whose words differ."""
    found = []
    for number, (old, now) in enumerate(zip(kept.cells, new.cells, strict=True), 1):
        if old.cell_type != "code":
            continue
        if old.execution_count is None:
            found.append(f"cell {number}: was never run")
        gone = words(old) - words(now)
        more = words(now) - words(old)
        if gone or more:
            found.append(f"cell {number}: shows no longer {sorted(gone)}, but {sorted(more)}")
    return found


def words(cell: Any) -> collections.Counter[str]:
    """The words of what a cell shows, tags and figures aside."""
    shown = ""
    for output in cell.outputs:
        text = "".join(output.get("text", "")) + "".join("".join(part) for part in output.get("data", {}).values())
        shown += html.unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", text, flags=re.S)) + "\n"
    return collections.Counter(re.findall(r"[^\W\d_]{2,}", shown))


if __name__ == "__main__":
    sys.exit(main())
