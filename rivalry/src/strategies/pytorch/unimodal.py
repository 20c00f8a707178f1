"""Each modality trained alone, all of them in one loop: the control that shows what a modality
can do without the others.

The losses of the modalities share no weights, so the gradient of their sum trains every encoder
and head as if it were alone. (A clip of the total gradient norm, or early stopping on the sum,
would tie them together again: keep both per modality.)

    loss = unimodal_loss(parts, labels)
    scores = parts["image"]  # what this modality predicts alone
"""

import torch.nn.functional as F
from torch import Tensor


def unimodal_loss(parts: dict[str, Tensor], labels: Tensor) -> Tensor:
    """Sum over modalities of the mean cross-entropy of each modality's own logits."""
    return sum(F.cross_entropy(z, labels) for z in parts.values())
