"""Modality dropout (ModDrop, Neverova et al., IEEE TPAMI 38(8), 2016, arXiv:1501.00102): while training,
each sample's embedding of each modality is left out with probability `rate`, never all of them, so that
no modality can do without the others learning.

    embeddings = {m: encoders[m](x[m]) for m in encoders}
    if training:
        embeddings = modality_dropout(embeddings)
    parts = {m: heads[m](embeddings[m]) for m in heads}
"""

import torch
from torch import Tensor


def modality_dropout(
    embeddings: dict[str, Tensor],
    *,
    rate: float = 0.2,
    rescale: bool = True,
    kept: dict[str, Tensor] | None = None,
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """The embeddings with some samples zeroed, the rest times 1 / (1 - rate) where `rescale`. `kept`: which
    samples keep a modality (n booleans each), in place of draws."""
    if rate == 0:
        return embeddings
    first = next(iter(embeddings.values()))
    if kept is None:
        kept = draw_kept(list(embeddings), len(first), rate, generator)
    stays = 1 / (1 - rate) if rescale else 1.0
    shape = lambda m, f: (kept[m].to(f) * stays).reshape(-1, *[1] * (f.dim() - 1))
    return {m: f * shape(m, f) for m, f in embeddings.items()}


def draw_kept(
    names: list[str], n: int, rate: float, generator: torch.Generator | None = None
) -> dict[str, Tensor]:
    """Which samples keep which modality; of a sample that would lose all, one drawn at random stays."""
    kept = torch.rand(n, len(names), generator=generator) >= rate
    survivor = torch.randint(len(names), (n, 1), generator=generator)
    none = ~kept.any(1, keepdim=True)
    kept = kept | (none & (torch.arange(len(names)) == survivor))
    return {m: kept[:, i] for i, m in enumerate(names)}
