"""The verbs of the command as functions: keywords are its options, and None is
its default."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import _ask
from ._arrays import as_array, columns, is_path
from ._ask import Files, of_data
from ._errors import DataError, UsageError
from ._options import text, words
from ._result import Result

#: One value, or several.
Some = Sequence[str] | str


def diagnose(
    data: Any,
    y: Any = None,
    *,
    groups: Any = None,
    train: Any = None,
    valid: Any = None,
    test: Any = None,
    fold: Any = None,
    class_names: Any = None,
    name: str | None = None,
    label: str | None = None,
    modality: Some | Mapping[str, Any] | None = None,
    format: str | None = None,
    allow_unterminated: bool = False,
    test_share: float | None = None,
    folds: int | None = None,
    subsets: str | None = None,
    rope: float | None = None,
    classes: int | str | None = None,
    encoder: str | None = None,
    set: Mapping[str, Any] | None = None,
    solver: str | None = None,
    lr: float | None = None,
    schedule: str | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    patience: int | None = None,
    balance_classes: bool = False,
    no_standardise: bool = False,
    quick: bool = False,
    seeds: int | None = None,
    seed: int | None = None,
    budget: str | int | None = None,
    threads: int | None = None,
    out: str | os.PathLike[str] | None = None,
    quiet: bool = False,
) -> Result:
    """Does joint training lose on these features, which modality lost, and why?

    Trains every modality alone, joint combinations and controls over seeds, and
    compares them on the same test samples.

    Parameters
    ----------
    data
        Modalities by name (``{"image": x1, "text": x2}``, samples x features: arrays,
        tensors, frames, lists), a table whose columns `modality` groups (pandas,
        Polars, PyArrow, Hugging Face), MuData, ``rivalry.demo()``, or the path of
        anything that the command reads.
    y
        A class per sample: integers or texts; of a table also the name of its column.
    groups
        A group per sample (patient, speaker) that is never divided, or its column.
    train, valid, test, fold
        A given split: row numbers or masks, or a fold per sample.
    class_names
        Names of classes that are numbered from 0.
    name
        What to call the data in the report.

    The other keywords are the options of ``rivalry diagnose --help``.

    Returns
    -------
    Result
        ``result.verdict``, ``result.models``, ``result.modalities``, ``result.gap`` ...; in a
        notebook it shows the verdict card.

    Raises
    ------
    DataError, UsageError
        With one sentence and a hint.
    KeyboardInterrupt
        With `out` the same call goes on where it was.
    """
    return of_data(["diagnose"], dict(locals()))


def remedy(
    data: Any,
    y: Any = None,
    *,
    groups: Any = None,
    train: Any = None,
    valid: Any = None,
    test: Any = None,
    fold: Any = None,
    class_names: Any = None,
    name: str | None = None,
    label: str | None = None,
    modality: Some | Mapping[str, Any] | None = None,
    format: str | None = None,
    allow_unterminated: bool = False,
    test_share: float | None = None,
    folds: int | None = None,
    try_: Some | None = None,
    configurations: int | None = None,
    rope: float | None = None,
    encoder: str | None = None,
    set: Mapping[str, Any] | None = None,
    solver: str | None = None,
    lr: float | None = None,
    schedule: str | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    patience: int | None = None,
    balance_classes: bool = False,
    no_standardise: bool = False,
    quick: bool = False,
    seeds: int | None = None,
    seed: int | None = None,
    budget: str | int | None = None,
    threads: int | None = None,
    out: str | os.PathLike[str] | None = None,
    quiet: bool = False,
) -> Result:
    """Which remedy fixes it? All that the field proposes, or those of `try_`, tuned
    alike, beside the controls.

    Data as for `diagnose`; the other keywords are the options of
    ``rivalry remedy --help``. ``result.remedies`` has a row for each.
    """
    return of_data(["remedy"], dict(locals()))


def inspect(
    data: Any,
    y: Any = None,
    *,
    groups: Any = None,
    train: Any = None,
    valid: Any = None,
    test: Any = None,
    fold: Any = None,
    class_names: Any = None,
    name: str | None = None,
    label: str | None = None,
    modality: Some | Mapping[str, Any] | None = None,
    format: str | None = None,
    allow_unterminated: bool = False,
    test_share: float | None = None,
    folds: int | None = None,
) -> Result:
    """What would be trained on: samples, classes, modalities, split, and what looks odd.

    Data as for `diagnose`; nothing is trained.
    """
    return of_data(["data", "inspect"], dict(locals()))


def compare(
    labels: Any,
    *,
    joint: Any = None,
    uni: Mapping[str, Any] | None = None,
    branch: Mapping[str, Any] | None = None,
    groups: Any = None,
    names: Any = None,
    train: Any = None,
    joint_encoder: Mapping[str, Any] | None = None,
    alone_encoder: Mapping[str, Any] | None = None,
    rope: float | None = None,
    classes: int | str | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    out: str | os.PathLike[str] | None = None,
) -> Result:
    """Is fusion really worse, or is it noise? From what your own models predicted.

    Parameters
    ----------
    labels
        The right class of every sample.
    joint
        What the joint model predicted: a class per sample, or scores (logits or
        probabilities), samples x classes; a list of such is several trainings.
    uni
        The same for a model of each modality, by name.
    branch
        The joint model's logits that come from each modality.
    groups, names, train, joint_encoder, alone_encoder
        As the options of ``rivalry compare --help``.

    Everything may be an array, a frame or the path of a file.
    """
    files = Files()
    given = _predictions(files, dict(locals()), ("uni", "branch", "joint_encoder", "alone_encoder"))
    return _ask.ask(["compare"], words(given), files.memory)


def classes(
    labels: Any,
    *,
    a: Any,
    b: Any,
    groups: Any = None,
    names: Any = None,
    rope: float | None = None,
    classes: int | str | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    out: str | os.PathLike[str] | None = None,
) -> Result:
    """Which classes improved or dropped from model `b` to model `a`, beyond what
    selection alone shows?

    Predictions as for `compare`.
    """
    files = Files()
    given = _predictions(files, dict(locals()), ())
    given.update(a=files.several(a, "a"), b=files.several(b, "b"))
    return _ask.ask(["classes"], words(given), files.memory)


def check(
    run: Result | str | os.PathLike[str] | None = None,
    *,
    require: Some,
    labels: Any = None,
    joint: Any = None,
    uni: Mapping[str, Any] | None = None,
    branch: Mapping[str, Any] | None = None,
    baseline: Any = None,
    by_value: bool = False,
    groups: Any = None,
    names: Any = None,
    rope: float | None = None,
    classes: int | str | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    junit: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
) -> Result:
    """Does a model keep its conditions? ``result.passed`` says so.

    Conditions (``require=["gap>-1", "headroom<2"]``) on a result, a kept report, or
    predictions as for `compare`; `baseline` is what it was before: a result, a kept
    report, or earlier predictions by name (``{"joint": old}``).
    """
    files = Files()
    given = dict(locals())
    del given["run"], given["baseline"]
    place: list[str] = []
    if run is not None:
        place = ["--", files.report(run, "run")]
    if labels is None:
        for name in ("joint", "uni", "branch"):
            if given.pop(name) is not None:
                raise UsageError(f"`{name}` needs `labels`", "give the right class of every sample")
    given = _predictions(files, given, ("uni", "branch"))
    if isinstance(baseline, Mapping) and not isinstance(baseline, Result):
        given["baseline"] = [
            f"{name}={one}" for name, old in baseline.items() for one in files.several(old, f"baseline {name}")
        ]
    elif baseline is not None:
        given["baseline"] = [files.report(baseline, "baseline")]
    return _ask.ask(["check"], [*words(given), *place], files.memory)


def monitor(
    log: Any,
    *,
    split: str | None = None,
    out: str | os.PathLike[str] | None = None,
) -> Result:
    """Who is winning in a training, and when did the loser lose?

    `log` is the path of a log, or its entries: dictionaries such as
    ``{"epoch": 1, "labels": y, "logits": {"audio": z1, "image": z2}}`` or
    ``{"epoch": 1, "modality": "audio", "metric": "accuracy", "value": 0.4}``, or a frame
    of such columns.
    """
    files = Files()
    if is_path(log):
        place = text(log)
    else:
        place = "<log>"
        files.memory.bytes(place, "\n".join(map(_entry, _entries(log))).encode())
    return _ask.ask(["monitor"], [*words({"split": split, "out": out}), "--", place], files.memory)


def _predictions(files: Files, given: dict[str, Any], named: Iterable[str]) -> dict[str, Any]:
    """The keywords of a function about predictions, with words in place of arrays."""
    given.pop("files", None)
    for keyword in named:
        given[keyword] = files.named(given.get(keyword), keyword)
    if "joint" in given:
        given["joint"] = files.several(given["joint"], "joint")
    for keyword in ("labels", "groups", "train"):
        if given.get(keyword) is not None:
            given[keyword] = files.one(given[keyword], keyword)
    if given.get("names") is not None:
        given["names"] = files.lines(given["names"], "names")
    return given


def _entries(log: Any) -> list[Mapping[str, Any]]:
    table = columns(log)
    if table is not None:
        read = {name: as_array(column, name).tolist() for name, column in table.items()}
        log = [dict(zip(read, row)) for row in zip(*read.values())]
    if isinstance(log, Mapping) or not isinstance(log, Iterable):
        raise UsageError("`log` is a list of entries, a frame or a path", 'give `[{"epoch": 1, ...}, ...]`')
    entries = list(log)
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise DataError(f"an entry of the log is of type {type(entry).__name__}", "entries are dictionaries")
    return entries


def _entry(entry: Mapping[str, Any]) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, (str, int, float)) or value is None:
            return value
        if isinstance(value, Mapping):
            return {str(name): plain(inner) for name, inner in value.items()}
        return as_array(value, "log").tolist()

    kept = {str(name): plain(value) for name, value in entry.items()}
    # A frame has a cell for every column; an empty one says nothing.
    kept = {name: value for name, value in kept.items() if value is not None and value == value}
    if isinstance(kept.get("epoch"), float) and kept["epoch"].is_integer():
        kept["epoch"] = int(kept["epoch"])
    try:
        return json.dumps(kept, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(f"an entry of the log cannot be read: {error}", "log finite numbers") from error
