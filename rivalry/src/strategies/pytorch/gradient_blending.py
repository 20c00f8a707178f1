"""Gradient-Blending (Wang et al., "What Makes Training Multi-Modal Classification Networks Hard?", CVPR 2020):
the joint loss and a loss of each modality's own head, weighted by G / O^2. Over a stretch of training a head's
validation loss falls by G and its gap to the training loss grows by O.

Offline, measured once on networks trained alone and jointly, from their initial to their final weights:

    weights = blend_weights(before, after)  # dicts head -> (validation loss, training loss); last "joint"
    loss = blend_loss(parts, own, labels, weights)  # own = {m: own_heads[m](embeddings[m])}

Online, measured again every `super_epoch` epochs from the network as it stands, which is then put back:

    blending = GradientBlending(list(encoders))
    blending.start_epoch(epoch, n_epochs, measure, model, optimizer)  # measure() -> such a dict, by own heads
    loss = blending.loss(parts, own, labels)
"""

import copy
from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

Losses = dict[str, tuple[float, float]]


def blend_weights(before: Losses, after: Losses, *, floor: float = 0.001) -> dict[str, float]:
    """Weights that sum to one. A head whose validation loss rose weighs 0; O counts at least `floor` of the
    validation loss at the start; if no head improved, all weigh the same."""
    raw = {}
    for head, (valid, train) in before.items():
        gain = max(0.0, valid - after[head][0])
        over_fitting = abs((after[head][0] - after[head][1]) - (valid - train))
        raw[head] = gain / max(over_fitting, floor * valid) ** 2
    total = sum(raw.values())
    return {head: w / total if total > 0 else 1 / len(raw) for head, w in raw.items()}


def blend_loss(
    parts: dict[str, Tensor], own: dict[str, Tensor], labels: Tensor, weights: dict[str, float]
) -> Tensor:
    """Weighted sum of the joint loss and of the losses of all own heads."""
    loss = weights["joint"] * F.cross_entropy(sum(parts.values()), labels)
    return loss + sum(weights[m] * F.cross_entropy(z, labels) for m, z in own.items())


class GradientBlending:
    """The online form; epochs spent on measuring count as epochs."""

    def __init__(self, names: list[str], *, floor: float = 0.001, super_epoch: int = 10, stretch: int = 1):
        self.heads, self.floor = [*names, "joint"], floor
        self.super_epoch, self.stretch = super_epoch, stretch
        self.weights = {head: 1 / len(self.heads) for head in self.heads}
        self.measured: str | None = None
        self.before: Losses = {}
        self.after: Losses = {}
        self.kept: tuple[dict, dict] | None = None

    def phase(self, epoch: int, n_epochs: int) -> tuple[str | None, bool]:
        """The head that an epoch measures (None: it trains with the weights), and whether a phase begins."""
        measuring = len(self.heads) * self.stretch
        done, place = divmod(epoch, measuring + self.super_epoch)
        if epoch - place + measuring >= n_epochs:
            return None, False  # nothing would be left to train
        if place < measuring:
            return self.heads[place // self.stretch], place % self.stretch == 0
        return None, place == measuring

    def start_epoch(
        self, epoch: int, n_epochs: int, measure: Callable[[], Losses], model: nn.Module, optimizer: Optimizer
    ) -> None:
        """Puts the network aside before the first head is measured, and back after each of them."""
        head, begins = self.phase(epoch, n_epochs)
        if begins and self.measured is None:
            self.before, self.after = measure(), {}
            self.kept = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
        elif begins:
            self.after[self.measured] = measure()[self.measured]
            model.load_state_dict(self.kept[0])
            optimizer.load_state_dict(copy.deepcopy(self.kept[1]))
        if begins and head is None:
            self.weights = blend_weights(self.before, self.after, floor=self.floor)
        self.measured = head

    def loss(self, parts: dict[str, Tensor], own: dict[str, Tensor], labels: Tensor) -> Tensor:
        """The loss of the head that is measured alone, or the weighted sum. Clear gradients with
        `set_to_none=True`, so that momentum moves no other head while one is measured."""
        if self.measured is None:
            return blend_loss(parts, own, labels, self.weights)
        logits = sum(parts.values()) if self.measured == "joint" else own[self.measured]
        return F.cross_entropy(logits, labels)

    def state_dict(self) -> dict:
        return {key: getattr(self, key) for key in ("weights", "measured", "before", "after", "kept")}

    def load_state_dict(self, state: dict) -> None:
        self.__dict__.update(state)
