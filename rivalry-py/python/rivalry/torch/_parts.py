"""What each modality contributes to the joint logits, seen by forward hooks on a linear
head over joined features or on one head per modality. Changes nothing in the network.

A joint head over joined features, W = [W_1 W_2], gives modality r the part W_r h_r + b/M.
Heads per modality give their outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .._errors import UsageError


@dataclass
class Seen:
    """One forward pass, rows flattened to two dimensions."""

    #: Modalities x rows x classes, without a graph unless it was asked for.
    parts: Tensor
    #: What entered the head per modality, without a graph; None where the head is not linear.
    features: list[Tensor] | None


class JoinedHead:
    """A linear head over the features of all modalities side by side."""

    shared = False

    def __init__(self, head: nn.Linear, widths: Mapping[str, int]) -> None:
        if not isinstance(head, nn.Linear):
            raise UsageError(
                f"the head is a {type(head).__name__}: only a linear head over joined features can be cut by columns",
                "give its last `nn.Linear` if the joined features enter that, or hand the parts to `step`",
            )
        if any(not isinstance(w, int) or w < 1 for w in widths.values()) or len(widths) < 2:
            raise UsageError("`widths` needs two or more modalities, each at least one column wide")
        if sum(widths.values()) != head.in_features:
            told = " + ".join(f"{name} {width}" for name, width in widths.items())
            raise UsageError(
                f"the widths {told} are {sum(widths.values())} columns; the head takes {head.in_features}",
                "name the width of every modality's features, in the order in which they are joined",
            )
        self.names, self.widths, self.head = list(widths), list(widths.values()), head

    def hook(self, due: Callable[[], tuple[bool, bool]], put: Callable[[Seen], None]) -> list[Any]:
        """Calls `put` after a training forward pass that is `due` (at all, with its graph)."""

        def forward(module: nn.Module, inputs: Sequence[Tensor], output: Tensor) -> None:
            wanted, live = due()
            if wanted and module is self.head and module.training:
                put(self._cut(inputs[0], live))

        return [self.head.register_forward_hook(Hook(forward))]

    def forget(self) -> None:
        """Nothing is kept here."""

    def _cut(self, joined: Tensor, live: bool) -> Seen:
        with torch.set_grad_enabled(live), torch.autocast(joined.device.type, enabled=False):
            weight = self.head.weight.detach()
            flat = (joined if live else joined.detach()).reshape(-1, joined.shape[-1]).to(weight.dtype)
            share = None if self.head.bias is None else self.head.bias.detach() / len(self.names)
            features, columns = flat.split(self.widths, 1), weight.split(self.widths, 1)
            parts = torch.stack([F.linear(h, w, share) for h, w in zip(features, columns)])
        return Seen(two_classes(parts), [h.detach() for h in features])


class HeadPerModality:
    """Late fusion: one head per modality, whose outputs are summed or averaged. One module
    may be the head of several modalities; it is then called in their order."""

    def __init__(self, heads: Mapping[str, nn.Module], fusion: str) -> None:
        if len(heads) < 2:
            raise UsageError("`heads` needs two or more modalities")
        if fusion not in ("sum", "mean"):
            raise UsageError(f"`{fusion}` is no fusion", "`sum` or `mean`; otherwise hand the parts to `step`")
        self.names, self.heads = list(heads), list(heads.values())
        self.factor = 1.0 if fusion == "sum" else 1.0 / len(heads)
        self.shared = len({id(head) for head in self.heads}) == 1
        self._calls: dict[int, list[tuple[Tensor, Tensor | None]]] = {}

    def hook(self, due: Callable[[], tuple[bool, bool]], put: Callable[[Seen], None]) -> list[Any]:
        """Calls `put` after the last head of a training forward pass that is `due`."""
        times = {id(head): self.heads.count(head) for head in self.heads}

        def forward(module: nn.Module, inputs: Sequence[Any], output: Any) -> None:
            wanted, live = due()
            if not wanted or not module.training or id(module) not in times:
                return
            if not isinstance(output, Tensor):
                raise UsageError("a head returns no tensor", "hand the parts to `step` instead")
            linear = isinstance(module, nn.Linear) and isinstance(inputs[0], Tensor)
            entered = inputs[0].detach().reshape(-1, inputs[0].shape[-1]) if linear else None
            calls = self._calls.setdefault(id(module), [])
            if len(calls) == times[id(module)]:
                self.forget()  # a forward pass after which nobody took a step
                calls = self._calls.setdefault(id(module), [])
            calls.append(((output if live else output.detach()).reshape(-1, output.shape[-1]), entered))
            if all(len(self._calls.get(at, ())) == n for at, n in times.items()):
                put(self._joined(live))

        modules = {id(head): head for head in self.heads}.values()
        return [module.register_forward_hook(Hook(forward)) for module in modules]

    def _joined(self, live: bool) -> Seen:
        calls, self._calls = self._calls, {}
        seen = [calls[id(head)].pop(0) for head in self.heads]
        with torch.set_grad_enabled(live), torch.autocast(seen[0][0].device.type, enabled=False):
            parts = two_classes(torch.stack([at_least_single(z) * self.factor for z, _ in seen]))
        features = [h for _, h in seen if h is not None]
        return Seen(parts, features if len(features) == len(seen) else None)

    def forget(self) -> None:
        """Drops a forward pass that did not reach every head."""
        self._calls.clear()


def given(parts: Mapping[str, Tensor], names: Sequence[str], live: bool) -> Seen:
    """Parts that the training handed over."""
    if set(parts) != set(names):
        raise UsageError(f"parts of {', '.join(parts)} were given; the modalities are {', '.join(names)}")
    shapes = {tuple(z.shape) for z in parts.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) < 2:
        told = ", ".join(f"{name} {tuple(z.shape)}" for name, z in parts.items())
        raise UsageError(f"the parts are {told}", "every modality's part is rows x classes, like the joint logits")
    with torch.set_grad_enabled(live):
        flat = [parts[name] if live else parts[name].detach() for name in names]
        return Seen(two_classes(torch.stack([at_least_single(z).reshape(-1, z.shape[-1]) for z in flat])), None)


def two_classes(parts: Tensor) -> Tensor:
    """One logit, of a sigmoid, as the logits of two classes."""
    return torch.cat([torch.zeros_like(parts), parts], -1) if parts.shape[-1] == 1 else parts


def at_least_single(values: Tensor) -> Tensor:
    """Half precision widened."""
    return values.float() if values.dtype in (torch.half, torch.bfloat16) else values


class Hook:
    """A hook that does not come along when the network is copied or pickled."""

    def __init__(self, call: Callable[..., None] | None = None) -> None:
        self._call = call

    def __call__(self, *passed: Any) -> None:
        if self._call is not None:
            self._call(*passed)

    def __deepcopy__(self, memo: dict[int, Any]) -> Hook:
        return Hook()

    def __reduce__(self) -> tuple[Any, ...]:
        return (Hook, ())
