"""What a question is answered with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _core
from ._errors import DataError, UsageError, told

if TYPE_CHECKING:
    import pandas

#: Renderers by the suffix of a file.
_SUFFIXES = {
    ".json": "json",
    ".html": "html",
    ".md": "markdown",
    ".tex": "latex",
    ".svg": "svg",
    ".csv": "csv",
    ".xml": "junit",
    ".txt": "terminal",
}
#: The table of each command that is shown as a frame unless another is named.
_FIRST = {"classes": "classes", "remedy": "remedies", "lab verify": "claims", "lab sweep": "points"}


class Record(dict):  # type: ignore[type-arg]
    """A part of the document, whose entries are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no `{name}`; there are {', '.join(self)}") from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]


class Result:
    """The report of one question: the verdict card for people, and the versioned
    document of the command (``rivalry ... --json``) for programs.

    Parts of the document are attributes: ``result.verdict``, ``result.results``; and
    so is what stands in its results and its verdict: ``result.gap``, ``result.loser``.
    """

    def __init__(self, report: _core.Report) -> None:
        self._report = report
        self._document: Record | None = None

    @property
    def document(self) -> Record:
        """The document as the command's ``--json`` prints it."""
        if self._document is None:
            self._document = json.loads(self._text("json", indent=False), object_hook=Record)
        return self._document

    @property
    def passed(self) -> bool:
        """Whether no condition or claim failed."""
        return self._report.status == 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        for part in self._parts():
            if name in part:
                return part[name]
        raise AttributeError(f"there is no `{name}` in this result; `result.document` has all there is")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for part in self._parts() for name in part)]

    def _parts(self) -> list[Mapping[str, Any]]:
        document = self.document
        parts = (document, document.get("results"), document.get("verdict"))
        return [part for part in parts if isinstance(part, Mapping)]

    def __repr__(self) -> str:
        return _text(self._report.card(), "terminal", charts=False).rstrip()

    def _repr_html_(self) -> str:
        return _text(self._report.card(), "html", fragment=True)

    def __reduce__(self) -> tuple[Any, ...]:
        return load, (self.to_dict(),)

    def _text(self, renderer: str, **knobs: Any) -> str:
        return _text(self._report, renderer, **knobs)

    def to_dict(self) -> dict[str, Any]:
        """The document as plain dictionaries and lists."""
        found: dict[str, Any] = json.loads(self._text("json", indent=False))
        return found

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """The document as JSON; also written to `path` if one is given."""
        return self._written("json", path)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """The report as one page that needs nothing else; also written to `path`."""
        return self._written("html", path)

    def to_markdown(self, path: str | os.PathLike[str] | None = None) -> str:
        """The report as Markdown; also written to `path`."""
        return self._written("markdown", path)

    def to_text(self) -> str:
        """The report as the command prints it, without colour."""
        return self._text("terminal", charts=False)

    def _written(self, renderer: str, path: str | os.PathLike[str] | None) -> str:
        text = self._text(renderer)
        if path is not None:
            _write(path, text.encode())
        return text

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the report; the suffix says the form: .json, .html, .md, .tex, .svg, .csv, .xml (JUnit), .txt."""
        suffix = os.path.splitext(os.fspath(path))[1].lower()
        if suffix not in _SUFFIXES:
            raise UsageError(f"no form of a report has the suffix `{suffix}`", f"give one of {', '.join(_SUFFIXES)}")
        _write(path, self._text(_SUFFIXES[suffix]).encode())

    def plot(self, chart: int = 0, width: int = 640) -> Figure:
        """The charts as one figure, or the one of that number, counted from 1."""
        return Figure(self._text("svg", chart=chart, width=width))

    def to_frame(self, table: str | None = None) -> pandas.DataFrame:
        """A table of the results as a pandas frame: `models` unless said otherwise.

        An estimate becomes columns of its value, `_low` and `_high`.
        """
        import pandas

        results = self.document.results
        tables = [name for name, rows in results.items() if isinstance(rows, list) and rows and isinstance(rows[0], dict)]
        if table is None:
            preferred = _FIRST.get(self.document.command, "models")
            table = preferred if preferred in tables else next(iter(tables), None)
        if table not in tables:
            raise UsageError(f"these results have no table `{table}`", f"there are {', '.join(tables) or 'none'}")
        return pandas.DataFrame([_flat(row) for row in results[table]])


class Figure:
    """A drawing as SVG; a notebook shows it."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<figure, {len(self.svg):,} characters of SVG; `.save(path)` writes it>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the drawing."""
        _write(path, self.svg.encode())


def load(kept: str | os.PathLike[str] | Mapping[str, Any]) -> Result:
    """The result that a command or function kept: its `out` folder, its
    `report.json`, or its document."""
    memory = _core.Memory()
    if isinstance(kept, Mapping):
        memory.bytes("<document>", json.dumps(kept).encode())
        place = "<document>"
    elif isinstance(kept, (str, os.PathLike)):
        place = os.fspath(kept)
    else:
        raise UsageError(f"`{type(kept).__name__}` is no kept report", "give a path or a document")
    with told():
        return Result(_core.ask(["rivalry", "report", "--", place], memory))


def _text(report: _core.Report, renderer: str, **knobs: Any) -> str:
    with told():
        return report.render(renderer, knobs).decode()


def _write(path: str | os.PathLike[str], content: bytes) -> None:
    try:
        with open(path, "wb") as file:
            file.write(content)
    except OSError as error:
        raise DataError(f"{os.fspath(path)}: {error.strerror or error}", "name a file that can be written") from error


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and "value" in value:
            found[name] = value["value"]
            found[f"{name}_low"], found[f"{name}_high"] = value.get("low"), value.get("high")
        else:
            found[name] = value
    return found
