"""Where scalars go besides the log: TensorBoard, MLflow, Weights & Biases, or any
function. None of them is imported: each is known by what it can do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .._errors import UsageError

#: What MLflow takes in the name of a metric; other characters become `_`.
_NOT_IN_NAMES = re.compile(r"[^\w\-. :/]")


def sender(sink: Any) -> Callable[[Mapping[str, float], int], None]:
    """A function that sends scalars, with the number of training steps so far, to `sink`."""
    one_by_one = sink.add_scalar if hasattr(sink, "add_scalar") else sink  # TensorBoard's SummaryWriter

    def each(scalars: Mapping[str, float], step: int) -> None:
        for name, value in scalars.items():
            one_by_one(name, value, step)

    def metrics(scalars: Mapping[str, float], step: int) -> None:
        sink.log_metrics({_NOT_IN_NAMES.sub("_", name): value for name, value in scalars.items()}, step=step)

    def run(scalars: Mapping[str, float], step: int) -> None:
        # A run counts its steps itself, and drops what goes back.
        sink.log({**scalars, "modality/step": step})

    if hasattr(sink, "add_scalar"):
        return each
    if hasattr(sink, "log_metrics"):  # mlflow, loggers of Lightning's
        return metrics
    if hasattr(sink, "log"):  # wandb, or one of its runs
        return run
    if callable(sink):
        return each
    raise UsageError(
        f"nothing can be logged to a {type(sink).__name__}",
        "give a SummaryWriter, `mlflow`, a wandb run, a logger of Lightning's, or a function of name, value and step",
    )
