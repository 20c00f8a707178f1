"""The monitor as a callback of Hugging Face's Trainer. Imports it only when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from .._errors import UsageError
from ._parts import Hook

if TYPE_CHECKING:
    from .monitor import ModalityMonitor


def callback(monitor: ModalityMonitor, labels: str) -> Any:
    """A `TrainerCallback` that steps the monitor after every forward pass of the training,
    by a hook on the model, and ends its epochs."""
    try:
        from transformers import TrainerCallback
    except ImportError as error:
        raise UsageError(
            "transformers is not installed", "pip install transformers, or call `step` and `epoch_end` yourself"
        ) from error

    class Watch(TrainerCallback):  # type: ignore[misc]
        """Watches the training for a `ModalityMonitor`."""

        _hook: Any = None

        def on_train_begin(self, args: Any, state: Any, control: Any, model: nn.Module | None = None, **more: Any) -> None:
            if model is None or not monitor.is_hooked:
                return

            def forward(module: nn.Module, passed: Any, named: dict[str, Any], output: Any) -> None:
                if not module.training:
                    return
                if named.get(labels) is None:
                    raise UsageError(
                        f"the model was called without `{labels}`",
                        "name the argument with `monitor.transformers(labels=...)`; label smoothing and losses of the "
                        "Trainer's own take it away: hand the parts to `step` in `forward` then",
                    )
                if monitor.has_seen:
                    monitor.step(named[labels])

            self._hook = model.register_forward_hook(Hook(forward), with_kwargs=True)

        def on_epoch_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            monitor.epoch_end(max(1, round(state.epoch)))

        def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if self._hook is not None:
                self._hook.remove()
                self._hook = None

    return Watch()
