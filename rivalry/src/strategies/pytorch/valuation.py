"""Modality valuation at the level of samples and of modalities (Wei et al., "Enhancing Multimodal
Cooperation via Sample-level Modality Valuation", CVPR 2024): samples are shown again with the other
modalities left out, so that a modality that contributes too little gets more to learn from.

A modality's contribution to a sample is its Shapley value in the game v(S) = |S| if the modalities S
together are right (by the sum of their parts), else 0.

    rows, alone = sample_valuation(train_parts, train_labels, epoch)  # at the start of each epoch
    for batch in torch.randperm(len(rows)).split(64):  # rows[batch]: rows of the training part
        embeddings = keep_alone(embeddings, alone[batch])  # then heads and loss as usual
"""

import itertools
import math

import torch
from torch import Tensor


def sample_valuation(
    parts: dict[str, Tensor], labels: Tensor, epoch: int, *, warm_up: int = 5, repeats: int = 3
) -> tuple[Tensor, Tensor]:
    """The rows of an epoch: all once, then each repeated for each modality by how small its contribution is.
    `alone`: the only modality that a row shows, -1 for all. repeats=0 is naive joint training."""
    rows = torch.arange(len(labels))
    if epoch < warm_up or repeats == 0:
        return rows, torch.full_like(rows, -1)
    c = contributions(parts, labels)
    times = how_often(c).clamp(max=repeats).flatten()
    more, alone = rows.repeat_interleave(c.shape[1]), torch.arange(c.shape[1]).repeat(len(rows))
    more, alone = more.repeat_interleave(times), alone.repeat_interleave(times)
    return torch.cat([rows, more]), torch.cat([torch.full_like(rows, -1), alone])


def modality_valuation(
    parts: dict[str, Tensor],
    labels: Tensor,
    epoch: int,
    *,
    warm_up: int = 5,
    alpha: float = 1.0,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """The same at the level of modalities: a random share of rows, 2/3 alpha times the gap of the mean
    contributions (over a fifth of the rows) to the largest, is repeated for each modality."""
    n = len(labels)
    rows = [torch.arange(n)]
    alone = [torch.full((n,), -1)]
    if epoch >= warm_up and alpha > 0:
        some = torch.randperm(n, generator=generator)[: math.ceil(n / 5)].to(labels.device)
        means = contributions({m: z[some] for m, z in parts.items()}, labels[some]).mean(0).tolist()
        for i, mean in enumerate(means):
            share = min(1.0, 2 / 3 * alpha * (max(means) - mean))
            rows.append(torch.randperm(n, generator=generator)[: math.floor(share * n + 0.5)])
            alone.append(torch.full_like(rows[-1], i))
    return torch.cat(rows), torch.cat(alone)


@torch.no_grad()
def contributions(parts: dict[str, Tensor], labels: Tensor) -> Tensor:
    """Shapley values, samples x modalities."""
    names, n, labels = list(parts), len(parts), labels.cpu()
    parts = {m: z.cpu() for m, z in parts.items()}
    value = {(): torch.zeros(len(labels), dtype=torch.float64)}
    for size in range(1, n + 1):
        for subset in itertools.combinations(range(n), size):
            fused = sum(parts[names[i]] for i in subset)
            value[subset] = size * (fused.argmax(1) == labels).double()
    found = torch.zeros(len(labels), n, dtype=torch.float64)
    for subset in value:
        for i in set(range(n)) - set(subset):
            weight = 1 / (n * math.comb(n - 1, len(subset)))
            found[:, i] += weight * (value[tuple(sorted((*subset, i)))] - value[subset])
    return found


def how_often(contributions: Tensor) -> Tensor:
    """Repeats of a sample for a modality: the smaller its contribution, the more, up to three."""
    return 3 - (contributions > -0.1).long() - (contributions > 0.4).long() - (contributions >= 1.0).long()


def keep_alone(embeddings: dict[str, Tensor], alone: Tensor) -> dict[str, Tensor]:
    """Zeroes, row by row, the embeddings of the modalities that are left out."""
    shown = lambda i, f: ((alone == -1) | (alone == i)).to(f).reshape(-1, *[1] * (f.dim() - 1))
    return {m: f * shown(i, f) for i, (m, f) in enumerate(embeddings.items())}
