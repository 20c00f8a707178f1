"""Naive joint training: one cross-entropy on the summed logits of all modalities.

The control that every remedy is compared with. `parts` holds each modality's part of the joint
logits, n x K: parts = {m: heads[m](encoders[m](x[m])) for m in encoders}. A head on concatenated
embeddings is the same network: cut its weight matrix by columns.

    loss = naive_loss(parts, labels)
"""

import torch.nn.functional as F
from torch import Tensor


def naive_loss(parts: dict[str, Tensor], labels: Tensor) -> Tensor:
    """Mean cross-entropy of the sum of all parts."""
    return F.cross_entropy(sum(parts.values()), labels)
