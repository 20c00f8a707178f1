"""Asks the command, with data in memory in place of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import _core
from ._arrays import as_array, columns, hold, is_path
from ._errors import DataError, UsageError, told
from ._options import key, listed, text, words
from ._progress import teller
from ._result import Result

#: Usual names of a table's labels, as the command knows them.
_LABELS = ("y", "label", "labels", "class", "target")
#: What may stand beside the modalities, under the name that it has in files.
_BESIDE = ("groups", "class_names", "train", "valid", "test", "fold")


def ask(verb: Sequence[str], arguments: Sequence[str], memory: _core.Memory, quiet: bool | None = None) -> Result:
    """One question; `quiet` is None for verbs that are quick."""
    whom, silent = teller(quiet) if quiet is not None else (None, False)
    line = ["rivalry", *verb, *(["--quiet"] if silent else []), *arguments]
    with told():
        return Result(_core.ask(line, memory, whom))


def of_data(verb: Sequence[str], given: dict[str, Any]) -> Result:
    """A question about a data set: `given` holds the keywords of a function."""
    memory = _core.Memory()
    data, quiet = given.pop("data"), given.pop("quiet", None)
    beside = {name: given.pop(name, None) for name in ("y", *_BESIDE)}
    title = given.pop("name", None)
    # A name of the file's or the table's own groups is an option.
    if isinstance(beside["groups"], str):
        given["groups"] = beside.pop("groups")
    beside = {name: value for name, value in beside.items() if value is not None}
    if isinstance(given.get("modality"), Mapping):
        given["modality"] = [f"{key(k, 'modality')}={_pattern(v)}" for k, v in given["modality"].items()]
    elif isinstance(given.get("modality"), str):
        given["modality"] = [given["modality"]]
    if is_path(data):
        if beside or title is not None:
            names = ", ".join(f"`{name}`" for name in [*beside, *(["name"] if title is not None else [])])
            raise UsageError(
                f"{names} cannot go with the path of a file", "the file itself holds labels, groups and split"
            )
        place = text(data)
    else:
        place = "<data>"
        hold_data(memory, place, data, beside, given, "data" if title is None else text(title))
    return ask(verb, [*words(given), "--", place], memory, quiet)


def _pattern(value: Any) -> str:
    return value if isinstance(value, str) else listed(value)


def hold_data(
    memory: _core.Memory, place: str, data: Any, beside: dict[str, Any], given: dict[str, Any], title: str
) -> None:
    """Puts a data set into memory: modalities, and what stands beside them."""
    found = columns(data)
    if found is not None:
        _hold_columns(memory, place, found, beside, given, title)
        return
    if isinstance(getattr(data, "mod", None), Mapping):  # MuData
        for name in ("y", "groups"):
            if isinstance(beside.get(name), str):
                beside[name] = _observed(data, beside[name])
        if isinstance(given.get("groups"), str):
            beside["groups"] = _observed(data, given.pop("groups"))
        data = data.mod
    elif hasattr(data, "modalities") and hasattr(data, "labels"):  # what `demo` gives
        own = {"y": data.labels, **{name: getattr(data, name, None) for name in _BESIDE}}
        beside = {**{name: value for name, value in own.items() if value is not None}, **beside}
        data = data.modalities
    if not isinstance(data, Mapping):
        raise UsageError(
            f"`data` is of type {type(data).__name__}, not modalities by name",
            'give `{"image": x1, "text": x2}`, a data frame, or the path of a file',
        )
    if isinstance(beside.get("y"), str):
        raise UsageError("`y` is a name, and a dictionary has no columns", "give the labels themselves")
    for name, value in data.items():
        hold(memory, place, title, str(name), value)
    for name, value in beside.items():
        hold(memory, place, title, name, value)
    if not data and not beside:
        raise DataError("there are no modalities", 'give `{"image": x1, "text": x2}` and labels')


def _observed(data: Any, column: str) -> Any:
    try:
        return data.obs[column]
    except Exception:
        raise DataError(f"`.obs` has no column `{column}`", "give the labels themselves") from None


def _hold_columns(
    memory: _core.Memory,
    place: str,
    found: dict[str, Any],
    beside: dict[str, Any],
    given: dict[str, Any],
    title: str,
) -> None:
    if isinstance(beside.get("y"), str):
        given["label"] = beside.pop("y")
    arrays: dict[str, Any] = {}
    for name, column in found.items():
        try:
            arrays[name] = as_array(column, name)
        except DataError:
            # Pictures and the like may stand beside what was asked for.
            if not given.get("modality"):
                raise
    is_table = all(array.ndim == 1 for array in arrays.values())
    if "y" in beside:
        given["label"] = "y"
    elif not is_table and given.get("label") is None:
        usual = [name for name in arrays if name.lower() in _LABELS]
        given["label"] = usual[0] if len(usual) == 1 else None
    if is_table:
        _split_column(beside, len(next(iter(arrays.values()), ())))
    if is_table and "groups" in beside:
        given["groups"] = "groups"
    twice = [name for name in beside if name in arrays]
    if twice:
        raise UsageError(f"`{twice[0]}` is given, and the table has a column `{twice[0]}`", "leave one out")
    for name, value in {**arrays, **beside}.items():
        hold(memory, place, title, name, value, table=is_table)


def _split_column(beside: dict[str, Any], n_rows: int) -> None:
    """Row numbers or masks of parts, as the column that says the part of each row."""
    import numpy as np

    parts = [part for part in ("train", "valid", "test") if part in beside]
    if not parts:
        return
    column = np.full(n_rows, "", dtype="<U5")
    rest = {"train": "test", "test": "train"}.get(parts[0]) if len(parts) == 1 else None
    if rest:
        column[:] = rest
    for part in parts:
        try:
            column[as_array(beside.pop(part), part)] = part
        except IndexError as error:
            raise DataError(f"`{part}`: {error}", "give row numbers from 0, or a truth value per row") from None
    beside["split"] = column


class Files:
    """Predictions by name: files are named, arrays are held."""

    def __init__(self) -> None:
        self.memory = _core.Memory()

    def one(self, value: Any, what: str) -> str:
        """The word that stands for a file or an array."""
        if is_path(value):
            return text(value)
        place = f"<{what}>"
        table = columns(value)
        if table is None and isinstance(value, Mapping):
            table = dict(value)
        if table is not None:
            for name, column in table.items():
                hold(self.memory, place, what, str(name), column, table=columns(value) is not None)
            if not table:
                raise DataError(f"`{what}` is empty", "give a value per sample")
        else:
            hold(self.memory, place, what, "values", value)
        return place

    def several(self, value: Any, what: str) -> list[str]:
        """The same for one or several trainings of a model."""
        if value is None:
            return []
        if not isinstance(value, (list, tuple)) or not value or not all(map(_is_whole, value)):
            return [self.one(value, what)]
        number = len(value) > 1
        return [self.one(one, f"{what} {i + 1}" if number else what) for i, one in enumerate(value)]

    def named(self, value: Any, keyword: str) -> list[str]:
        """`NAME=FILE` for each model of a dictionary."""
        if value is None:
            return []
        if not isinstance(value, Mapping):
            raise UsageError(f"`{keyword}` names models", f'give `{keyword}={{"image": predictions}}`')
        prefix = "" if keyword == "uni" else f"{keyword.replace('_', ' ')} "
        named = {key(name, keyword): models for name, models in value.items()}
        return [
            f"{name}={one}" for name, models in named.items() for one in self.several(models, f"{prefix}{name}")
        ]

    def lines(self, value: Any, what: str) -> str:
        """A file of lines, or a list of them."""
        if is_path(value):
            return text(value)
        names = [str(one) for one in value]
        if any("\n" in name or "\r" in name for name in names):
            raise DataError(f"`{what}` holds a line break", "names stand on one line")
        self.memory.bytes(f"<{what}>", "\n".join(names).encode("utf-8", "replace"))
        return f"<{what}>"

    def report(self, value: Any, what: str) -> str:
        """A kept report: its folder or file, or a result in memory."""
        if isinstance(value, Result):
            value = value.to_json()
            self.memory.bytes(f"<{what}>", value.encode())
            return f"<{what}>"
        if is_path(value):
            return text(value)
        raise UsageError(f"`{what}` is of type {type(value).__name__}", "give a result or the path of a kept one")


def _is_whole(value: Any) -> bool:
    """Whether this is all that a model predicted, and not one sample of it."""
    if isinstance(value, str):
        import os

        return os.path.exists(value) or os.path.exists(value.rpartition(":")[0])
    if isinstance(value, (list, tuple)):
        return False
    return is_path(value) or columns(value) is not None or getattr(value, "shape", ()) != ()
