"""The data sets that are compiled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import _core
from ._errors import UsageError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Demo:
    """A data set that `diagnose` takes as it is: ``rivalry.diagnose(rivalry.demo())``."""

    name: str
    modalities: dict[str, np.ndarray] = field(repr=False)
    labels: np.ndarray = field(repr=False)
    class_names: list[str]
    train: np.ndarray | None = field(repr=False)
    test: np.ndarray | None = field(repr=False)


def demo(name: str = "handwritten") -> Demo:
    """Real data that come along: `handwritten` (2,000 digits seen in six ways) or
    `nutrimouse` (40 mice, genes and lipids, where joint training loses)."""
    import numpy as np

    found = _core.demo(name) if isinstance(name, str) else None
    if found is None:
        raise UsageError(f"there is no demo data set `{name}`", "there are `handwritten` and `nutrimouse`")
    modalities = {
        modality: np.frombuffer(content, dtype=kind).reshape(rows, columns)
        for modality, (kind, rows, columns, content) in found["modalities"].items()
    }
    part = {name: np.array(found[name]) if name in found else None for name in ("train", "test")}
    return Demo(name, modalities, np.array(found["labels"]), list(found["class_names"]), part["train"], part["test"])
