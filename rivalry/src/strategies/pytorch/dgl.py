"""Disentangled gradient learning, DGL (Wei et al., ICCV 2025, arXiv:2507.10213): the joint loss trains
the joint head only, each encoder its own modality's loss only, through its part of the joint head, which
that loss does not train.

    loss = dgl_loss(embeddings, heads, labels)
    loss.backward()
"""

import torch.nn.functional as F
from torch import Tensor, nn


def dgl_loss(
    embeddings: dict[str, Tensor], heads: dict[str, nn.Module], labels: Tensor, *, weight: float = 1.0
) -> Tensor:
    """Joint loss on detached embeddings plus `weight` times each modality's own behind a fixed head."""
    loss = F.cross_entropy(sum(heads[m](f.detach()) for m, f in embeddings.items()), labels)
    for m, f in embeddings.items():
        trained = [p for p in heads[m].parameters() if p.requires_grad]
        for p in trained:
            p.requires_grad_(False)
        loss = loss + weight * F.cross_entropy(heads[m](f), labels)
        for p in trained:
            p.requires_grad_(True)
    return loss
