"""Uni-modal teacher, UMT (Du et al., "On Uni-Modal Feature Learning in Supervised Multi-Modal
Learning", ICML 2023): joint training that keeps every encoder's embedding near that of the same
encoder trained alone, which stays fixed.

loss = CE(sum of parts) + weight * sum over modalities of mean |f_m - teacher_m|^2

    with torch.no_grad():
        taught = {m: teachers[m](x[m]) for m in teachers}
    loss = umt_loss(parts, embeddings, taught, labels)
"""

import torch.nn.functional as F
from torch import Tensor


def umt_loss(
    parts: dict[str, Tensor],
    embeddings: dict[str, Tensor],
    taught: dict[str, Tensor],
    labels: Tensor,
    *,
    weight: float = 10.0,
) -> Tensor:
    """The joint loss plus the mean squared distance to the teachers' embeddings."""
    away = sum(F.mse_loss(embeddings[m], taught[m].detach()) for m in embeddings)
    return F.cross_entropy(sum(parts.values()), labels) + weight * away
