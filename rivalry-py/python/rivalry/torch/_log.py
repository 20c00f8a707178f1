"""The log that ``rivalry monitor`` reads: JSON lines with the logits of every modality
per epoch, and what logits do not tell as scores."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ._readings import Epoch

#: Numbers per line: far from the longest line that is read, 64 MiB.
_NUMBERS_PER_LINE = 1 << 20
_SCORES = ("gradient_share", "gradient_cosine", "gradient_conflict", "gradient_ratio", "shared_cosine")


class Log:
    """A file that begins anew with the first epoch that is written, and keeps the earlier
    epochs of a training that goes on."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._goes_on = False

    def go_on(self, epoch: int) -> None:
        """Keeps what is there up to this epoch."""
        kept = []
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines(keepends=True):
                try:
                    if json.loads(line)["epoch"] <= epoch:
                        kept.append(line)
                except (ValueError, KeyError, TypeError):
                    continue  # the line in which the training was cut off
        self._write("w", kept)

    def add(self, epoch: Epoch, names: Sequence[str], parts: Tensor, labels: Tensor) -> None:
        """Appends an epoch: modalities x rows x classes, and the class of each row."""
        step = max(1, math.floor(_NUMBERS_PER_LINE / (parts.shape[0] * parts.shape[2])))
        lines = []
        for start in range(0, len(labels), step):
            rows = slice(start, start + step)
            logits = ", ".join(f"{json.dumps(name)}: {_table(z[rows])}" for name, z in zip(names, parts))
            head = f'{{"epoch": {epoch.epoch}, "labels": {labels[rows].tolist()}'
            lines.append(f'{head}, "logits": {{{logits}}}}}\n')
        for name in names:
            for metric in _SCORES:
                value = getattr(epoch.modalities[name], metric)
                if value is not None:
                    score = {"epoch": epoch.epoch, "modality": name, "metric": metric, "value": value}
                    lines.append(json.dumps(score) + "\n")
        self._write("a" if self._goes_on else "w", lines)

    def _write(self, mode: str, lines: Sequence[str]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open(mode, encoding="utf-8") as file:
            file.writelines(lines)
        self._goes_on = True


def _table(rows: Tensor) -> str:
    """Enough digits to give the same numbers again."""
    digits = ".17g" if rows.dtype == torch.double else ".9g"
    return "[" + ", ".join("[" + ", ".join(format(z, digits) for z in row) + "]" for row in rows.tolist()) + "]"
