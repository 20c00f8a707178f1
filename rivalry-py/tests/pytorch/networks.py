"""A network of two or more modalities, its data, and what is computed of it without the
monitor, in NumPy. Knows no test."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

WIDTHS = {"audio": 6, "image": 4}
N_CLASSES = 3
BATCH = 15


class Network(nn.Module):
    """Encoders and a linear head over their joined features, in double precision."""

    def __init__(self, widths=WIDTHS, bias=True):
        super().__init__()
        torch.manual_seed(3)
        draw = torch.Generator().manual_seed(5)
        self.widths = dict(widths)
        self.encoders = nn.ModuleDict({m: nn.Sequential(nn.Linear(5, w), nn.Tanh()) for m, w in widths.items()})
        self.head = nn.Linear(sum(widths.values()), N_CLASSES, bias=bias)
        self.double()
        self.y = torch.arange(60) % N_CLASSES
        strength = dict(zip(widths, (3.0, 0.5, 1.0)))
        draws = {m: torch.randn(60, 5, generator=draw, dtype=torch.double) for m in widths}
        self.x = {m: z + strength[m] * F.one_hot(self.y, 5) for m, z in draws.items()}

    def features(self, rows):
        return {m: encoder(self.x[m][rows]) for m, encoder in self.encoders.items()}

    def forward(self, rows):
        return self.head(torch.cat(list(self.features(rows).values()), 1))

    def parts(self, rows):
        """What each modality adds to the logits, by the definition."""
        features, start, found = self.features(rows), 0, {}
        bias = 0 if self.head.bias is None else self.head.bias / len(self.widths)
        for m, h in features.items():
            found[m] = h @ self.head.weight[:, start : start + self.widths[m]].T + bias
            start += self.widths[m]
        return found

    def train_epoch(self, optimizer, step, before=lambda rows: None):
        """One epoch; `step(rows, logits)` after each forward pass, `before` ahead of it."""
        self.train()
        for start in range(0, 60, BATCH):
            rows = slice(start, start + BATCH)
            before(rows)
            logits = self(rows)
            step(rows, logits)
            optimizer.zero_grad()
            F.cross_entropy(logits, self.y[rows]).backward()
            optimizer.step()

    def optimizer(self):
        return torch.optim.SGD(self.parameters(), lr=0.3)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def offline(parts, labels):
    """Accuracy, and by modality accuracy, residual ratio, discrepancy ratio and classes won,
    from saved logits (modalities x rows x classes)."""
    rows = np.arange(len(labels))
    joint = parts.sum(0)
    means = parts.mean(1)
    cut = parts - means[:, None] + means.mean(0)
    lengths = lambda z: np.linalg.norm(softmax(z) - np.eye(z.shape[1])[labels], axis=1).mean()
    confidence = [softmax(z)[rows, labels].mean() for z in cut]
    margins = np.array([z[rows, labels] - (z.sum(1) - z[rows, labels]) / (z.shape[1] - 1) for z in cut])
    winners = {k: int(margins[:, labels == k].sum(1).argmax()) for k in np.unique(labels)}
    found = []
    for r, z in enumerate(cut):
        others = [confidence[r] / c for q, c in enumerate(confidence) if q != r]
        found.append(
            {
                "accuracy": (z.argmax(1) == labels).mean(),
                "kappa": lengths(joint) / lengths(z),
                "discrepancy_ratio": sum(others) / len(others),
                "classes_won": sum(w == r for w in winners.values()),
            }
        )
    return (joint.argmax(1) == labels).mean(), found, winners
