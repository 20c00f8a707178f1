"""Prototypical modal rebalance, PMR (Fan et al., CVPR 2023, arXiv:2211.07089).

With p_m = softmax(-|f_m - c_mk|), c the class means of the embeddings (prototypes), and rho_m the mean
probability of the right class over that of the others: a modality behind (rho < 1) gets the loss
-alpha clip(1/rho - 1, 0, 1) mean ln p_m(y), and early on one ahead has its entropy raised (PER) by
-mu clip(rho - 1, 0, 1) mean H(p_m).

    pmr = Pmr()
    rows = pmr.rows(train_labels)  # at the start of each epoch: some training rows
    with torch.no_grad():
        pmr.update({m: encoders[m](train_x[m][rows]) for m in encoders}, train_labels[rows], n_classes)
    loss = F.cross_entropy(sum(parts.values()), labels) + pmr.loss(embeddings, labels, epoch)
"""

import math

import torch
from torch import Tensor


class Pmr:
    """The prototypes, and the loss that is added to the joint one."""

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        mu: float = 0.01,
        epochs: int = 70,
        entropy_epochs: int = 10,
        share: float = 0.1,
        keep: float = 0.5,
        variant: str = "paper",
    ):
        self.alpha, self.mu, self.epochs, self.entropy_epochs = alpha, mu, epochs, entropy_epochs
        self.share, self.keep, self.variant = share, keep, variant
        self.prototypes: dict[str, Tensor] = {}

    def rows(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """A random share of the training rows; the first time also all rows of classes that it misses."""
        n = len(labels)
        chosen = torch.randperm(n, generator=generator)[: max(1, math.ceil(n * self.share))].to(labels.device)
        if not self.prototypes:
            missing = ~torch.isin(labels, labels[chosen])
            chosen = torch.cat([chosen, missing.nonzero().flatten()])
        return chosen

    @torch.no_grad()
    def update(self, embeddings: dict[str, Tensor], labels: Tensor, n_classes: int) -> None:
        """The prototypes of an epoch; a class that is not among the rows keeps its last one."""
        for m, f in embeddings.items():
            old = self.prototypes.get(m)
            new = torch.zeros(n_classes, f.shape[1], dtype=f.dtype, device=f.device) if old is None else old.clone()
            for k in labels.unique().tolist():
                mean = f[labels == k].mean(0)
                new[k] = mean if old is None else self.keep * old[k] + (1 - self.keep) * mean
            self.prototypes[m] = new

    def loss(self, embeddings: dict[str, Tensor], labels: Tensor, epoch: int) -> Tensor:
        """Prototype losses of modalities behind, entropy terms of those ahead."""
        total = next(iter(embeddings.values())).new_zeros(())
        if epoch >= self.epochs:
            return total
        apart = lambda f, c: torch.cdist(f, c, compute_mode="donot_use_mm_for_euclid_dist")
        logs = {m: (-apart(f, self.prototypes[m])).log_softmax(1) for m, f in embeddings.items()}
        right = {m: q.gather(1, labels[:, None]) for m, q in logs.items()}
        score = {m: r.exp().mean().item() for m, r in right.items()}
        for m, q in logs.items():
            others = [score[m] / max(score[o], 1e-12) for o in score if o != m]
            ratio = sum(others) / len(others) if others else 1.0
            total = total - self.alpha * self.behind(ratio) * right[m].mean()
            if epoch < self.entropy_epochs:
                total = total - self.mu * self.behind(1 / ratio) * -(q.exp() * q).sum(1).mean()
        return total

    def behind(self, ratio: float) -> float:
        """How far a modality is behind, 0 to 1; the released code (variant="reference") has 0 or 1."""
        lag = 1 / max(ratio, 1e-12) - 1
        return float(lag > 0) if self.variant == "reference" else min(1.0, max(0.0, lag))

    def state_dict(self) -> dict:
        return {"prototypes": {m: c.clone() for m, c in self.prototypes.items()}}

    def load_state_dict(self, state: dict) -> None:
        self.prototypes = {m: c.clone() for m, c in state["prototypes"].items()}
