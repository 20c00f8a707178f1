"""Diagnosing and re-learning (Wei et al., ECCV 2024): every so often each encoder is moved back towards its
initial weights, the further the better its embeddings separate classes on training rows than on held-out
ones: theta <- share theta_0 + (1 - share) theta, share = tanh(strength |purity_train - purity_valid|), by the
purity of k-means clusters.

    first = {m: copy.deepcopy(encoders[m].state_dict()) for m in encoders}  # before training
    relearn(encoders, first, on_train, train_labels, on_valid, valid_labels, epoch)  # at the start of each epoch

on_train and on_valid are embeddings by modality, without gradients; some hundred rows are enough.
"""

import math

import torch
from torch import Tensor, nn


@torch.no_grad()
def relearn(
    encoders: dict[str, nn.Module],
    first: dict[str, dict[str, Tensor]],
    train: dict[str, Tensor],
    train_labels: Tensor,
    valid: dict[str, Tensor],
    valid_labels: Tensor,
    epoch: int,
    *,
    every: int = 20,
    times: int = 3,
    strength: float = 3.0,
    generator: torch.Generator | None = None,
) -> dict[str, float]:
    """Moves the encoders when it is time, `times` times at most; returns how far each went back, 0 to 1."""
    if epoch == 0 or epoch % every or epoch // every > times:
        return {m: 0.0 for m in encoders}
    shares, k = {}, int(train_labels.max()) + 1
    for m, encoder in encoders.items():
        low, high = train[m].min(0).values, train[m].max(0).values
        scale = lambda f: torch.where(high > low, 2 * (f - low) / (high - low) - 1, torch.zeros_like(f))
        on_train = purity(clusters(scale(train[m]), k, generator), train_labels)
        on_valid = purity(clusters(scale(valid[m]), k, generator), valid_labels)
        shares[m] = math.tanh(strength * abs(on_train - on_valid))
        for name, p in encoder.named_parameters():
            p.copy_(shares[m] * first[m][name] + (1 - shares[m]) * p)
    return shares


def purity(of: Tensor, labels: Tensor) -> float:
    """Share of rows in the most frequent class of their cluster."""
    return sum(labels[of == c].bincount().max().item() for c in of.unique()) / len(labels)


def clusters(rows: Tensor, k: int, generator: torch.Generator | None = None) -> Tensor:
    """k-means from k-means++ centres, the best of four starts: the cluster of every row."""
    best, least = None, math.inf
    for _ in range(4):
        centres = rows[torch.randint(len(rows), (1,), generator=generator).to(rows.device)]
        while len(centres) < k:
            nearest = torch.cdist(rows, centres).square().min(1).values
            if nearest.sum() == 0:
                break
            chosen = torch.multinomial(nearest.cpu(), 1, generator=generator).to(rows.device)
            centres = torch.cat([centres, rows[chosen]])
        for _ in range(100):
            of = torch.cdist(rows, centres).argmin(1)
            moved = torch.stack(
                [rows[of == c].mean(0) if (of == c).any() else centres[c] for c in range(len(centres))]
            )
            if torch.equal(moved, centres):
                break
            centres = moved
        within = (rows - centres[of]).square().sum().item()
        best, least = (of, within) if within < least else (best, least)
    return best
