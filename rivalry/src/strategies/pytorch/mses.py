"""Modality-specific early stopping, MSES (Fujimori et al., ACPR 2019): each modality has a validation loss
and a patience of its own; one that stops improving goes back to its best encoder, which then stays fixed
while the others train on.

    mses = Mses()
    mses.step(losses(parts, labels, train_means), encoders)  # after every epoch, on validation rows

`train_means` = {m: part.mean(0)} of the parts on training rows: the logits of one modality are centred on them.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Mses:
    """Follows the smoothed loss of every modality and freezes encoders."""

    def __init__(self, *, patience: int = 10, smooth: float = 0.4):
        self.patience, self.smooth = patience, smooth
        self.smoothed: dict[str, float] = {}
        self.least: dict[str, float] = {}
        self.since: dict[str, int] = {}
        self.stopped: dict[str, bool] = {}
        self.best: dict[str, dict] = {}

    def step(self, losses: dict[str, float], encoders: dict[str, nn.Module]) -> dict[str, bool]:
        """One more epoch; returns which modalities have stopped. patience=0 never stops one."""
        for m, loss in losses.items() if self.patience else ():
            if self.stopped.get(m):
                continue
            first = m not in self.least
            self.smoothed[m] = loss if first else self.smooth * self.smoothed[m] + (1 - self.smooth) * loss
            if first or self.smoothed[m] < self.least[m]:
                self.least[m], self.since[m] = self.smoothed[m], 0
                self.best[m] = copy.deepcopy(encoders[m].state_dict())
            else:
                self.since[m] += 1
            self.stopped[m] = self.since[m] >= self.patience
            if self.stopped[m]:
                encoders[m].load_state_dict(self.best[m])
                for p in encoders[m].parameters():
                    p.requires_grad_(False)
                    p.grad = None  # so that momentum does not move it on
        return {m: self.stopped.get(m, False) for m in losses}

    def state_dict(self) -> dict:
        kept = {key: dict(getattr(self, key)) for key in ("smoothed", "least", "since", "stopped")}
        return {**kept, "best": copy.deepcopy(self.best)}

    def load_state_dict(self, state: dict) -> None:
        """Freeze the encoders that have stopped again: `stopped` says which."""
        self.__dict__.update(copy.deepcopy(state))


@torch.no_grad()
def losses(parts: dict[str, Tensor], labels: Tensor, train_means: dict[str, Tensor]) -> dict[str, float]:
    """Cross-entropy of every part, centred on the training means, their total shared equally."""
    shared = sum(train_means.values()) / len(train_means)
    return {m: F.cross_entropy(z - train_means[m] + shared, labels).item() for m, z in parts.items()}
