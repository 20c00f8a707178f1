"""Files that the command does not read, into files that it does.

Pickles are programs: whoever made one can make it do anything. `mmsa` lets a
pickle build NumPy arrays, containers and texts and nothing else, and `torch` asks
PyTorch for weights only; still, convert only files whose maker you trust. The
command itself never unpickles.
"""

from __future__ import annotations

import csv
import io
import json
import os
import pickle
import re
import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ._arrays import as_array
from ._errors import DataError, UsageError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["h5mu", "mmsa", "mogonet", "tensorboard", "torch"]

Path = str | os.PathLike[str]


def mmsa(path: Path, out: Path, *, label: str | None = None, pool: str = "mean") -> dict[str, Any]:
    """A pickle as of MMSA (MOSI, MOSEI, SIMS): ``{"train": {"text": ..., "audio": ...,
    "vision": ..., "classification_labels": ...}, "valid": ..., "test": ...}``, to an `.npz`.

    `label` names the labels [default: ``classification_labels``, else the sign of
    ``regression_labels``]. Features samples x time x width are pooled over time: the
    ``mean`` or the ``max`` of the steps that are there (``audio_lengths`` ...), or all of them
    ``flat``.

    Returns what was written, by name. Only NumPy arrays, containers and texts are built;
    a pickle that asks for anything else is refused.
    """
    with _named(path), open(path, "rb") as file:
        held = _Plain(file).load()
    parts = ("train", "valid", "test")
    if not isinstance(held, Mapping) or not isinstance(held.get("train"), Mapping):
        raise DataError(f"{os.fspath(path)}: no dictionary with `train`", "MMSA's files hold `train`, `valid`, `test`")
    present = [part for part in parts if isinstance(held.get(part), Mapping)]
    first = held["train"]
    names = [name for name in ("text", "audio", "vision") if name in first]
    label = label or next((name for name in ("classification_labels", "regression_labels") if name in first), None)
    if not names or label not in first:
        raise DataError(f"{os.fspath(path)}: no features or no labels `{label}`", f"it holds {', '.join(map(str, first))}")
    pooled = {
        name: _stacked([_pooled(held[part][name], held[part].get(f"{name}_lengths"), pool, name) for part in present])
        for name in names
    }
    labels = _stacked([as_array(held[part][label], label).ravel() for part in present])
    if label == "regression_labels":
        import numpy as np

        labels = np.array(["negative", "neutral", "positive"])[np.sign(labels).astype(int) + 1]
    sizes = {part: len(as_array(held[part][label], label)) for part in present}
    return _saved(out, {**pooled, "y": labels, **_parts(sizes)})


def torch(path: Path, out: Path) -> dict[str, Any]:
    """A dictionary that ``torch.save`` wrote, to an `.npz`: ``train_modal_1_features``,
    ``train_targets``, ``val_...``, ``test_...``, or one tensor per modality and labels.

    PyTorch must be there; it is asked for weights only, so that nothing in the file runs.
    """
    try:
        import torch as installed
    except ImportError:
        raise UsageError("PyTorch is not installed", "`pip install torch` reads `.pt` files") from None
    with _named(path):
        held = installed.load(path, map_location="cpu", weights_only=True)
    if not isinstance(held, Mapping):
        raise DataError(f"{os.fspath(path)}: no dictionary of tensors", "save a dictionary with a tensor per modality")
    arrays = {str(name): as_array(value, str(name)) for name, value in held.items()}
    starts = {"train": "train_", "valid": "val_", "test": "test_"}
    present = [part for part, start in starts.items() if f"{start}targets" in arrays]
    if not present:
        return _saved(out, {("y" if name in ("targets", "labels") else name): value for name, value in arrays.items()})
    found: dict[str, Any] = {}
    for name in arrays:
        if name.startswith("train_") and name != "train_targets":
            plain = re.sub(r"_features$", "", name.removeprefix("train_"))
            found[plain] = _stacked([_flat(arrays[starts[part] + name.removeprefix("train_")]) for part in present])
    found["y"] = _stacked([arrays[f"{starts[part]}targets"].ravel() for part in present])
    return _saved(out, {**found, **_parts({part: len(arrays[f"{starts[part]}targets"]) for part in present})})


def mogonet(folder: Path, out: Path) -> dict[str, Any]:
    """A folder as of MOGONET: ``1_tr.csv``, ``2_tr.csv``, ..., ``labels_tr.csv`` and the same with
    ``te``, to an `.npz` whose modalities are ``view_1``, ``view_2``, ..."""
    there = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    views = sorted(int(found[1]) for name in there if (found := re.fullmatch(r"(\d+)_tr\.csv", name)))
    if not views or "labels_tr.csv" not in there:
        raise DataError(f"{os.fspath(folder)}: no `1_tr.csv` and `labels_tr.csv`", "name the folder that holds them")

    def both(stem: str) -> list[np.ndarray]:
        return [_numbers(os.path.join(folder, f"{stem}_{part}.csv")) for part in ("tr", "te")]

    labels = [part.ravel().astype(int) for part in both("labels")]
    found = {f"view_{view}": _stacked(both(str(view))) for view in views}
    sizes = {"train": len(labels[0]), "test": len(labels[1])}
    return _saved(out, {**found, "y": _stacked(labels), **_parts(sizes)})


def h5mu(path: Path, out: Path, *, label: str, groups: str | None = None) -> dict[str, Any]:
    """MuData on disk (`.h5mu`), to an `.npz`: ``.mod[name].X`` of every modality, and columns of
    ``.obs`` (its own, or a modality's as ``rna:cell_type``) as labels and groups. Samples that
    some modality lacks are left out. The package `h5py` must be there."""
    try:
        import h5py
    except ImportError:
        raise UsageError("h5py is not installed", "`pip install h5py` reads `.h5mu` files") from None
    import numpy as np

    with _named(path), h5py.File(path, "r") as file:
        if "mod" not in file:
            raise DataError(f"{os.fspath(path)}: no `mod`", "MuData keep their modalities there")
        ids = {name: _column(part["obs"], part["obs"].attrs.get("_index", "_index")) for name, part in file["mod"].items()}
        shared = sorted(set.intersection(*(set(one) for one in ids.values())))
        if not shared:
            raise DataError(f"{os.fspath(path)}: no sample is in every modality", "their names must agree")

        def rows(own: Any) -> np.ndarray:
            place = {name: i for i, name in enumerate(own)}
            return np.array([place[name] for name in shared])

        found: dict[str, Any] = {name: _values(part["X"])[rows(ids[name])] for name, part in file["mod"].items()}
        for name, column in (("y", label), ("groups", groups)):
            if column is not None:
                modality, _, rest = column.rpartition(":")
                table = file["mod"][modality]["obs"] if modality else file["obs"]
                if rest not in table:
                    raise DataError(f"{os.fspath(path)}: `.obs` has no column `{column}`", f"there are {', '.join(table)}")
                own = _column(table, table.attrs.get("_index", "_index"))
                found[name] = np.array(_column(table, rest))[rows(own)]
    return _saved(out, found)


def tensorboard(path: Path, out: Path, *, tag: str = r"(?:(?P<split>train|valid|test)/)?modality/(?P<modality>[^/]+)/(?P<metric>[^/]+)") -> int:
    """Scalars of TensorBoard (an event file, or a folder of them), to a log (`.jsonl`) for
    `rivalry.monitor`: tags such as ``modality/audio/accuracy`` or ``valid/modality/audio/accuracy``;
    another `tag` is a pattern with the groups `modality`, `metric` and perhaps `split`. The step is
    the epoch. Returns how many were written; other tags are passed over."""
    pattern = re.compile(tag)
    if not {"modality", "metric"} <= set(pattern.groupindex):
        raise UsageError("`tag` has no groups `modality` and `metric`", r"such as `modality/(?P<modality>.+)/(?P<metric>.+)`")
    files = [path]
    if os.path.isdir(path):
        files = sorted(
            os.path.join(at, name) for at, _, names in os.walk(path) for name in names if "tfevents" in name
        )
    lines, others = [], set()
    for file in files:
        with _named(file), open(file, "rb") as events:
            for step, name, value in _scalars(events):
                found = pattern.fullmatch(name)
                if found is None:
                    others.add(name)
                    continue
                entry = {"epoch": step, "modality": found["modality"], "metric": found["metric"], "value": value}
                split = found.groupdict().get("split")
                lines.append(json.dumps({**entry, **({"split": split} if split else {})}, allow_nan=False))
    if not lines:
        raise DataError(
            f"{os.fspath(path)}: no scalar of a modality", f"its tags are {', '.join(sorted(others)[:8]) or 'none'}"
        )
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return len(lines)


class _Plain(pickle.Unpickler):
    """Builds NumPy arrays, containers and texts, and nothing else."""

    _ALLOWED = {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.core.numeric", "_frombuffer"),
        ("_codecs", "encode"),
        ("collections", "OrderedDict"),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise DataError(
                f"the pickle asks for `{module}.{name}`, which is no array", "save it again with NumPy arrays only"
            )
        return super().find_class(module, name)


class _named:
    """Names the file in whatever its reader raises."""

    def __init__(self, path: Path) -> None:
        self.path = os.fspath(path)

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, DataError):
            raise DataError(f"{self.path}: {error.message}", error.hint) from error
        if isinstance(error, Exception) and not isinstance(error, UsageError):
            words = (str(error).splitlines() or [type(error).__name__])[0]
            raise DataError(f"{self.path}: cannot be read: {words}", "check the path and the kind of file") from error


def _pooled(values: Any, lengths: Any, pool: str, name: str) -> np.ndarray:
    import numpy as np

    array = as_array(values, name)
    if array.ndim < 3:
        return _flat(array)
    if pool == "flat":
        return _flat(array)
    if pool not in ("mean", "max"):
        raise UsageError(f"there is no `pool={pool}`", "give `mean`, `max` or `flat`")
    steps = array.shape[1]
    known = np.full(len(array), steps) if lengths is None else np.clip(as_array(lengths, name).ravel(), 1, steps)
    there = (np.arange(steps) < known[:, None])[..., None]
    if pool == "max":
        return np.where(there, array, -np.inf).max(axis=1)
    return np.where(there, array, 0).sum(axis=1) / known[:, None]


def _flat(array: np.ndarray) -> np.ndarray:
    return array.reshape(len(array), -1)


def _stacked(parts: list[Any]) -> np.ndarray:
    import numpy as np

    try:
        return np.concatenate(parts)
    except ValueError as error:
        raise DataError(f"the parts do not fit each other: {error}", "train and test need the same features") from error


def _parts(sizes: Mapping[str, int]) -> dict[str, Any]:
    """Row numbers of parts that follow one another."""
    import numpy as np

    found, start = {}, 0
    for part, size in sizes.items():
        found[part] = np.arange(start, start + size)
        start += size
    return found if len(found) > 1 else {}


def _saved(out: Path, arrays: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    path = os.fspath(out)
    if not path.endswith(".npz"):
        raise UsageError(f"{path} is no `.npz`", "name a file that ends in `.npz`")
    np.savez(path, **arrays)
    return arrays


def _numbers(path: str) -> np.ndarray:
    import numpy as np

    with _named(path), open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
        width = {len(row) for row in rows}
        if len(width) != 1:
            raise DataError("rows of different lengths", "every row needs as many values")
        return np.array(rows, dtype=np.float64)


def _values(held: Any) -> np.ndarray:
    """A matrix of HDF5: dense, or sparse by rows or columns."""
    import numpy as np

    if hasattr(held, "shape"):
        return np.asarray(held)
    shape = tuple(held.attrs["shape"])
    dense = np.zeros(shape, dtype=held["data"].dtype)
    ends, across, data = held["indptr"][:], held["indices"][:], held["data"][:]
    along = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    by_rows = "csr" in str(held.attrs.get("encoding-type", "csr"))
    dense[(along, across) if by_rows else (across, along)] = data
    return dense


def _column(table: Any, name: str) -> list[Any]:
    """A column of a table of AnnData: plain values, or codes into categories."""
    held = table[name]
    if hasattr(held, "keys"):
        categories = _texts(held["categories"][:])
        return [categories[code] if code >= 0 else "" for code in held["codes"][:]]
    return _texts(held[:])


def _texts(values: Any) -> list[Any]:
    return [value.decode() if isinstance(value, bytes) else value for value in values.tolist()]


def _scalars(events: io.BufferedReader) -> Iterator[tuple[int, str, float]]:
    """The scalars of an event file: records of length, checksum, protocol buffer, checksum."""
    while head := events.read(12):
        if len(head) < 12:
            return  # a run that still writes, or was killed
        (size,) = struct.unpack("<Q", head[:8])
        body = events.read(size)
        if len(body) < size or len(events.read(4)) < 4:
            return
        step, summary = 0, []
        for field, value in _fields(body):
            if field == 2 and isinstance(value, int):
                step = value
            elif field == 5 and isinstance(value, bytes):
                summary.append(value)
        for values in summary:
            for field, value in _fields(values):
                if field == 1 and isinstance(value, bytes):
                    yield from _scalar(step, value)


def _scalar(step: int, value: bytes) -> Iterator[tuple[int, str, float]]:
    tag, number = "", None
    for field, content in _fields(value):
        if field == 1 and isinstance(content, bytes):
            tag = content.decode("utf-8", "replace")
        elif field == 2 and isinstance(content, float):
            number = content
        elif field == 8 and isinstance(content, bytes):  # a tensor of one float
            for inner, held in _fields(content):
                if inner == 5 and isinstance(held, float):
                    number = held
                elif inner in (4, 5) and isinstance(held, bytes) and len(held) == 4:
                    (number,) = struct.unpack("<f", held)
    if tag and number is not None and number == number and abs(number) != float("inf"):
        yield step, tag, number


def _fields(buffer: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """The fields of a protocol buffer."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = buffer[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(buffer):
        key = number()
        kind = key & 7
        if kind == 0:
            yield key >> 3, number()
        elif kind == 1:
            at += 8
        elif kind == 2:
            size = number()
            yield key >> 3, buffer[at : at + size]
            at += size
        elif kind == 5:
            yield key >> 3, struct.unpack("<f", buffer[at : at + 4])[0]
            at += 4
        else:
            raise DataError("not an event file of TensorBoard", "name a file that holds `tfevents` in its name")
