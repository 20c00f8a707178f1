"""The monitor as a callback of Lightning, under either name of the package. Imports it
only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from torch import Tensor

from .._errors import UsageError

if TYPE_CHECKING:
    from .monitor import ModalityMonitor

_NAMES = ("labels", "label", "targets", "target", "y")


def callback(monitor: ModalityMonitor, labels: Callable[[Any], Tensor] | None) -> Any:
    """A `Callback` that steps the monitor before every backward pass of the training, and
    ends its epochs. Scalars also go to the Trainer's loggers."""
    find = labels or labels_of

    class Watch(_callback_class()):  # type: ignore[misc]
        """Watches the training for a `ModalityMonitor`."""

        _batch: Any = None

        def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int, *more: Any) -> None:
            self._batch = batch

        def on_before_backward(self, trainer: Any, pl_module: Any, loss: Tensor) -> None:
            # A monitor without hooks is stepped by `training_step`, which knows the parts.
            if monitor.is_hooked and self._batch is not None and monitor.has_seen:
                monitor.step(find(self._batch))
            # A second backward pass for the same batch is no second step.
            self._batch = None

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            found = monitor.epoch_end(trainer.current_epoch + 1)
            if found is not None:
                for logger in getattr(trainer, "loggers", ()):
                    logger.log_metrics(found.scalars(), step=trainer.global_step)

        def state_dict(self) -> dict[str, Any]:
            return monitor.state_dict()

        def load_state_dict(self, state_dict: dict[str, Any]) -> None:
            monitor.load_state_dict(state_dict)

    return Watch()


def _callback_class() -> type:
    """Of the package that the program already uses, or else of the one that is installed."""
    import sys

    names = ["lightning.pytorch", "pytorch_lightning"]
    for name in sorted(names, key=lambda name: name not in sys.modules):
        try:
            return import_module(name).Callback
        except ImportError:
            continue
    raise UsageError("Lightning is not installed", "pip install lightning, or call `step` and `epoch_end` yourself")


def labels_of(batch: Any) -> Tensor:
    """The labels of a batch, where batches are made as usual."""
    if isinstance(batch, Mapping):
        found = [batch[name] for name in _NAMES if name in batch]
        last = found[0] if found else None
    else:
        last = batch[-1] if isinstance(batch, (tuple, list)) and batch else None
    if isinstance(last, Tensor):
        return last
    raise UsageError(
        f"no labels were found in a batch, a {type(batch).__name__}", "monitor.lightning(labels=lambda batch: ...)"
    )
