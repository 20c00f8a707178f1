"""How much of its training signal a modality still receives, and how loud it is, read
off logits and labels: the formulas of ``rivalry monitor``.

Letters: s_r the logits of modality r, s their sum, p_r and p the softmax of each, y the
label. Knows no hooks, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

#: A branch is starved while its residual ratio is below this ...
STARVED = 0.5
#: ... and its own accuracy is below this share of the joint network's.
LEARNED = 0.9
#: A branch whose mean residual is below this fits its rows: a ratio would mean nothing.
FITTED = 1e-6
#: Least confidence that is divided by.
SILENT = 1e-12


@dataclass(frozen=True)
class Reading:
    """One modality in one epoch. What could not be read is None."""

    #: Accuracy of its part of the logits alone (centred cut); a tie is an error.
    accuracy: float
    #: Residual ratio, mean abs(p - e_y) over mean abs(p_r - e_y): 1 learns as if alone, 0 starves.
    kappa: float | None
    #: Its mean probability of the right class over that of the others (OGM).
    discrepancy_ratio: float | None
    #: Number of classes in which it has the largest part of the margin.
    classes_won: int
    #: Length of the joint loss's gradient at this modality over the sum of all lengths.
    gradient_share: float | None = None
    #: Cosine between the gradients of the joint loss and of its own, mean over steps.
    gradient_cosine: float | None = None
    #: Share of steps in which that cosine is negative.
    gradient_conflict: float | None = None
    #: Length of the joint loss's gradient over that of its own loss's, mean over steps.
    gradient_ratio: float | None = None
    #: On what modalities share: cosine between its own loss's gradient and the others'.
    shared_cosine: float | None = None


@dataclass(frozen=True)
class Epoch:
    """What was read of one epoch."""

    #: Its number, from 1.
    epoch: int
    #: Number of rows read.
    n: int
    #: Accuracy of the joint network on them.
    accuracy: float
    #: By modality.
    modalities: dict[str, Reading]
    #: The modality with the largest part of the margin, by class that occurs.
    winners: dict[int, str]

    def is_starved(self, name: str) -> bool:
        """Whether the others have explained this modality's samples before it learned them."""
        one = self.modalities[name]
        return one.kappa is not None and one.kappa < STARVED and one.accuracy < LEARNED * self.accuracy

    def scalars(self) -> dict[str, float]:
        """Every number by name: ``modality/audio/kappa``."""
        found = {"modality/accuracy": self.accuracy}
        for name, reading in self.modalities.items():
            values = {**vars(reading), "starved": float(self.is_starved(name))}
            found |= {f"modality/{name}/{key}": float(value) for key, value in values.items() if value is not None}
        return found


def centred(parts: Tensor) -> Tensor:
    """The canonical cut of modalities x rows x classes: every part centred over the rows,
    the total of the means shared equally. The sum stays the same."""
    means = parts.mean(1, keepdim=True)
    return parts - means + means.mean(0, keepdim=True)


def residuals(logits: Tensor, labels: Tensor) -> Tensor:
    """Softmax minus one-hot label, (...) x rows x classes."""
    return logits.softmax(-1) - F.one_hot(labels, logits.shape[-1]).to(logits.dtype)


def read(epoch: int, names: Sequence[str], parts: Tensor, labels: Tensor, gradients: Sequence[Tensor]) -> Epoch:
    """One epoch from the logits (modalities x rows x classes) and what
    `_gradients` measured in each of its steps."""
    joint, cut = parts.sum(0), centred(parts)
    of_joint, own = residuals(joint, labels).norm(dim=-1).mean().item(), residuals(cut, labels).norm(dim=-1).mean(1)
    kappa = [of_joint / one if one >= FITTED else None for one in own.tolist()]
    right = cut.softmax(-1).gather(-1, labels.expand(len(names), -1)[..., None]).mean((1, 2)).tolist()
    winners = _winners(cut, labels)
    measured = _gradient_readings(gradients, len(names))
    modalities = {
        name: Reading(
            accuracy=_accuracy(cut[r], labels),
            kappa=kappa[r],
            discrepancy_ratio=_discrepancy(right, r),
            classes_won=sum(best == r for best in winners.values()),
            **measured[r],
        )
        for r, name in enumerate(names)
    }
    return Epoch(epoch, len(labels), _accuracy(joint, labels), modalities, {k: names[r] for k, r in winners.items()})


def _accuracy(logits: Tensor, labels: Tensor) -> float:
    own = logits.gather(1, labels[:, None])
    # As many reach the own logit as itself alone: a tie is an error.
    return ((logits >= own).sum(1) == 1).double().mean().item()


def _discrepancy(right: Sequence[float], r: int) -> float | None:
    ratios = [right[r] / max(other, SILENT) for q, other in enumerate(right) if q != r]
    return sum(ratios) / len(ratios) if ratios else None


def _winners(cut: Tensor, labels: Tensor) -> dict[int, int]:
    """The modality with the largest margin, by class: own logit minus mean of the others."""
    n_classes = cut.shape[-1]
    own = cut.gather(-1, labels.expand(len(cut), -1)[..., None])[..., 0]
    margins = own - (cut.sum(-1) - own) / (n_classes - 1)
    totals = torch.zeros(len(cut), n_classes, dtype=cut.dtype).index_add_(1, labels, margins)
    best = {}
    for k in sorted(set(labels.tolist())):
        of_class = totals[:, k].tolist()
        best[k] = of_class.index(max(of_class))  # the first of equals
    return best


def _gradient_readings(steps: Sequence[Tensor], n_modalities: int) -> list[dict[str, float | None]]:
    """From dot product, lengths of both gradients and shared cosine, 4 x modalities a step."""
    names = ["gradient_share", "gradient_cosine", "gradient_conflict", "gradient_ratio", "shared_cosine"]
    if not steps:
        return [dict.fromkeys(names) for _ in range(n_modalities)]
    along, of_joint, of_own, shared = torch.stack([step.cpu().double() for step in steps]).unbind(1)
    cosine = (along / (of_joint * of_own)).clamp(-1, 1)
    measured = [of_joint / of_joint.sum(1, keepdim=True), cosine, (cosine < 0).double(), of_joint / of_own, shared]
    measured[2][~cosine.isfinite()] = torch.nan
    means = [[_mean(values[:, r]) for values in measured] for r in range(n_modalities)]
    return [dict(zip(names, one)) for one in means]


def _mean(values: Tensor) -> float | None:
    """Over the steps in which there was something to measure."""
    values = values[values.isfinite()]
    return values.mean().item() if len(values) else None
