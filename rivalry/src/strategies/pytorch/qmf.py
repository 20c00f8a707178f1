"""Quality-aware multimodal fusion, QMF (Zhang et al., ICML 2023, arXiv:2306.02050): each sample weighs a
modality's logits by the modality's energy E_m = logsumexp(z_m) / 10, held constant in the gradient;
every modality has a loss of its own; and of two samples the one that was learned worse so far (larger
mean loss over past epochs) should have the smaller energy, by the difference of their mean losses.

    qmf = Qmf(n_train)
    loss = qmf.loss(parts, labels, rows)  # rows: which training rows the batch holds
    scores = qmf_fuse(parts)  # to predict
"""

import torch
import torch.nn.functional as F
from torch import Tensor

TEMPERATURE = 10.0


class Qmf:
    """The loss; remembers every training row's losses."""

    def __init__(self, n_samples: int, *, auxiliary: float = 1.0, rank: float = 0.1):
        self.auxiliary, self.rank = auxiliary, rank
        self.times = torch.zeros(n_samples, dtype=torch.float64)
        self.sums: dict[str, Tensor] = {}

    def loss(self, parts: dict[str, Tensor], labels: Tensor, rows: Tensor) -> Tensor:
        """Loss of the weighted sum, of each modality, and of the ranking of energies."""
        rows = rows.cpu()
        total = F.cross_entropy(qmf_fuse(parts), labels)
        seen = bool((self.times[rows] > 0).all())
        self.times[rows] += 1
        for m, z in parts.items():
            each = F.cross_entropy(z, labels, reduction="none")
            total = total + self.auxiliary * each.mean()
            history = self.sums.setdefault(m, torch.zeros_like(self.times))
            if self.rank > 0 and seen:
                means = (history[rows] / (self.times[rows] - 1)).to(z.dtype).to(z.device)
                total = total + self.rank * rank_loss(z.logsumexp(1) / TEMPERATURE, means)
            history[rows] += each.detach().cpu().double()
        return total

    def state_dict(self) -> dict:
        return {"times": self.times.clone(), "sums": {m: s.clone() for m, s in self.sums.items()}}

    def load_state_dict(self, state: dict) -> None:
        self.times, self.sums = state["times"].clone(), {m: s.clone() for m, s in state["sums"].items()}


def qmf_fuse(parts: dict[str, Tensor]) -> Tensor:
    """Sum of the parts, each times its energy."""
    return sum((z.detach().logsumexp(1, keepdim=True) / TEMPERATURE) * z for z in parts.values())


def rank_loss(energies: Tensor, means: Tensor) -> Tensor:
    """Every sample against the next of the batch, by losses that are scaled to 0..1 over the batch."""
    low, high = means.min(), means.max()
    if high <= low:
        return energies.sum() * 0
    means = (means - low) / (high - low)
    ahead, lead = means.roll(-1) - means, energies - energies.roll(-1)
    return torch.relu(ahead.abs() - ahead.sign() * lead)[ahead != 0].sum() / len(energies)
