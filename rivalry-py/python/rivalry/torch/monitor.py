"""Somebody's training in PyTorch, watched while it runs: who learns, who starves, and when.

Reads some rows of every epoch as they pass, in training mode, while the network learns.
Changes no weight, no gradient and no draw of the training.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from .._errors import UsageError
from . import _gradients
from ._log import Log
from ._parts import HeadPerModality, JoinedHead, Seen, given
from ._readings import Epoch, Reading, read
from ._sinks import sender

#: An epoch's rows come from at least so many of its steps, where it has them.
_STEPS_AT_LEAST = 8


class ModalityMonitor:
    """Watches the training of a network that adds one part per modality to its logits.

    Parameters
    ----------
    modalities
        Their names, where the training hands the parts to :meth:`step`. Otherwise
        :meth:`from_linear_head` or :meth:`from_heads` find them by forward hooks.
    log
        A file for ``rivalry monitor``; begun anew unless :meth:`load_state_dict` went before.
    to
        Where scalars such as ``modality/audio/kappa`` go after every epoch: a
        SummaryWriter, ``mlflow``, a wandb run, a function of name, value and step, or several.
    encoders
        A module (or parameters) per modality. Then gradients are measured there, by two
        backward passes more in every `gradients_every`-th step; without, on the weights of
        linear heads, by products alone.
    every
        Every which step of an epoch is read, the first always. In long epochs the distance
        doubles whenever `rows` are full, so that what is kept covers the whole epoch.
    gradients_every
        Every which step of the training gradients of encoders are measured.
    rows
        Most rows kept of an epoch, an eighth of them from one step.
    """

    def __init__(
        self,
        modalities: Sequence[str] = (),
        *,
        log: str | os.PathLike[str] | None = None,
        to: Any = (),
        encoders: Mapping[str, nn.Module | Iterable[nn.Parameter]] | None = None,
        every: int = 10,
        gradients_every: int = 250,
        rows: int = 1024,
        _source: JoinedHead | HeadPerModality | None = None,
    ) -> None:
        self.names = list(_source.names if _source else modalities)
        if len(self.names) < 2 or len(set(self.names)) < len(self.names):
            raise UsageError("a monitor needs two or more modalities, each named once")
        for name, value in (("every", every), ("gradients_every", gradients_every), ("rows", rows)):
            if not isinstance(value, int) or value < 1:
                raise UsageError(f"`{name}` must be a whole number from 1, not {value!r}")
        self._encoders = None if encoders is None else self._parameters(encoders)
        self._every, self._gradients_every, self._rows = every, gradients_every, rows
        self._send = [sender(sink) for sink in (to if isinstance(to, (list, tuple)) else [to])]
        self._log = None if log is None else Log(log)
        #: Training steps so far.
        self.steps = 0
        #: Every epoch read so far.
        self.epochs: list[Epoch] = []
        #: The first epoch in which a modality starved, by name.
        self.starved: dict[str, int] = {}
        self._epoch = 0
        self._source = _source
        self._begin()
        self._hooks = _source.hook(self._due, self._put) if _source else []

    @classmethod
    def from_linear_head(cls, head: nn.Linear, widths: Mapping[str, int], **options: Any) -> ModalityMonitor:
        """Of a network whose last layer is linear over features joined in the order of
        `widths` (columns per modality)."""
        return cls(_source=JoinedHead(head, widths), **options)

    @classmethod
    def from_heads(
        cls, heads: Mapping[str, nn.Module], *, fusion: str = "sum", **options: Any
    ) -> ModalityMonitor:
        """Of a network with a head per modality whose outputs are summed (or `fusion="mean"`)."""
        return cls(_source=HeadPerModality(heads, fusion), **options)

    def __enter__(self) -> ModalityMonitor:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Takes the hooks off the network."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        self._forget()

    @property
    def is_hooked(self) -> bool:
        """Whether parts come from hooks on the network."""
        return bool(self._hooks)

    @property
    def has_seen(self) -> bool:
        """Whether :meth:`step` has something to do: the step is not read, or its parts are there."""
        return not any(self._due()) or self._seen is not None

    def step(self, labels: Tensor, parts: Mapping[str, Tensor] | None = None) -> None:
        """After a forward pass of the training and before ``loss.backward()``.

        `labels` are class numbers, one per row of the logits; rows with a negative one are
        passed over. `parts` are the modalities' logits, which sum to the joint ones, where no
        hook finds them; networks with one logit, for a sigmoid, have parts with one column.
        """
        if not self._is_writer():
            return
        wanted, live = self._due()
        if wanted:
            if parts is None and self._source is None:
                raise UsageError("`step` was given no parts", "step(labels, {name: its logits, ...})")
            seen = self._seen if parts is None else given(parts, self.names, live)
            if seen is None:
                raise UsageError(
                    "no head has run in training mode since the last step",
                    "call `step` after every forward pass of the training, and `model.train()` before",
                )
            self._forget()
            self._take(seen, labels, live)
        self.steps += 1
        self._at += 1

    def epoch_end(self, epoch: int | None = None) -> Epoch | None:
        """After an epoch (or as long as you like to call one): reads its rows, writes the
        log, sends the scalars. None where no row was seen. `epoch` is its number, from 1."""
        if not self._is_writer():
            return None
        self._epoch = self._epoch + 1 if epoch is None else epoch
        kept, gradients = self._kept, self._measured
        self._begin()
        parts = torch.cat([parts.cpu() for _, parts, _ in kept], 1) if kept else torch.empty(len(self.names), 0, 2)
        labels = torch.cat([labels.cpu() for _, _, labels in kept]) if kept else torch.empty(0, dtype=torch.long)
        sound = (labels >= 0) & parts.isfinite().all(2).all(0)
        parts, labels = parts[:, sound], labels[sound]
        if not len(labels):
            return None
        if int(labels.max()) >= parts.shape[2]:
            raise UsageError(
                f"a label is {int(labels.max())}, and there are logits of {parts.shape[2]} classes",
                "labels are class numbers from 0",
            )
        found = read(self._epoch, self.names, parts.double(), labels, gradients)
        self.epochs.append(found)
        for name in self.names:
            if found.is_starved(name):
                self.starved.setdefault(name, found.epoch)
        if self._log is not None:
            self._log.add(found, self.names, parts, labels)
        for send in self._send:
            send(found.scalars(), self.steps)
        return found

    def lightning(self, labels: Callable[[Any], Tensor] | None = None) -> Any:
        """A callback for Lightning's Trainer; `labels` finds them in a batch, by default its
        last part or the entry ``labels``, ``label``, ``targets``, ``target`` or ``y``."""
        from ._lightning import callback

        return callback(self, labels)

    def transformers(self, labels: str = "labels") -> Any:
        """A callback for Hugging Face's Trainer; `labels` is the argument of the model's
        ``forward`` that holds them."""
        from ._transformers import callback

        return callback(self, labels)

    def state_dict(self) -> dict[str, Any]:
        """What a training that goes on later needs, as plain values."""
        epochs = [asdict(epoch) for epoch in self.epochs]
        return {"steps": self.steps, "epoch": self._epoch, "starved": dict(self.starved), "epochs": epochs}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from there; the log keeps the epochs up to there."""
        self.steps, self._epoch, self.starved = state["steps"], state["epoch"], dict(state["starved"])
        self.epochs = []
        for one in state["epochs"]:
            modalities = {name: Reading(**reading) for name, reading in one["modalities"].items()}
            self.epochs.append(Epoch(**{**one, "modalities": modalities}))
        self._begin()
        if self._log is not None and self._is_writer():
            self._log.go_on(self._epoch)

    def _begin(self) -> None:
        self._at, self._stride = 0, self._every
        self._kept: list[tuple[int, Tensor, Tensor]] = []
        self._measured: list[Tensor] = []
        self._forget()

    def _forget(self) -> None:
        """Lets go of the last forward pass, whose graph would otherwise stay."""
        self._seen: Seen | None = None
        if self._source is not None:
            self._source.forget()

    def _due(self) -> tuple[bool, bool]:
        """Whether the coming step is read, and whether with its graph."""
        if not self._is_writer():
            return False, False
        live = self._encoders is not None and self.steps % self._gradients_every == 0 and torch.is_grad_enabled()
        return live or self._at % self._stride == 0, live

    def _put(self, seen: Seen) -> None:
        self._seen = seen

    def _take(self, seen: Seen, labels: Tensor, live: bool) -> None:
        if labels.numel() != seen.parts.shape[1]:
            raise UsageError(
                f"{labels.numel()} labels, {seen.parts.shape[1]} rows of logits",
                "labels are class numbers, one per row; of mixed labels give the larger one's",
            )
        labels = labels.detach().reshape(-1).round() if labels.is_floating_point() else labels.detach().reshape(-1)
        labels = labels.to(seen.parts.device, torch.long)
        if live and seen.parts.requires_grad:
            self._measured.append(self._on_encoders(seen.parts, labels))
        parts = seen.parts.detach()
        if self._encoders is None and seen.features is not None:
            with torch.no_grad(), torch.autocast(parts.device.type, enabled=False):
                shared = bool(self._source and self._source.shared)
                self._measured.append(_gradients.on_heads(parts, labels, seen.features, shared))
        if self._at % self._stride:
            return
        most = max(1, self._rows // _STEPS_AT_LEAST)
        self._kept.append((self._at, parts[:, :most].clone(), labels[:most].clone()))
        while sum(len(labels) for _, _, labels in self._kept) > self._rows and len(self._kept) > 1:
            self._stride *= 2
            self._kept = [one for one in self._kept if one[0] % self._stride == 0]

    def _on_encoders(self, parts: Tensor, labels: Tensor) -> Tensor:
        try:
            return _gradients.on_encoders(parts, labels, self._encoders or [])
        except RuntimeError as error:
            raise UsageError(
                f"the gradients of the encoders cannot be measured: {str(error).splitlines()[0]}",
                "call `step` before `loss.backward()`; with re-entrant checkpointing leave `encoders` out",
            ) from error

    def _parameters(self, encoders: Mapping[str, Any]) -> list[list[nn.Parameter]]:
        if set(encoders) != set(self.names):
            raise UsageError(f"encoders of {', '.join(encoders)}; the modalities are {', '.join(self.names)}")
        found = []
        for name in self.names:
            one = encoders[name]
            params = list(one.parameters() if isinstance(one, nn.Module) else one)
            found.append([p for p in params if p.requires_grad])
            if not found[-1]:
                raise UsageError(f"the encoder of `{name}` has no parameter that is trained")
        return found

    @staticmethod
    def _is_writer() -> bool:
        """Among processes that train together, the first."""
        dist = torch.distributed
        return not (dist.is_available() and dist.is_initialized() and dist.get_rank() != 0)
