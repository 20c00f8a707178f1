"""Joint training with auxiliary uni-modal losses: the joint loss plus the loss of a classifier of
each modality's own (Wang et al., "What Makes Training Multi-Modal Classification Networks Hard?",
CVPR 2020). The strong simple baseline that remedies have to beat; the joint head predicts.

    own = {m: own_heads[m](embeddings[m]) for m in embeddings}
    loss = auxiliary_loss(parts, own, labels)

With encoder_rate other than 1, make the optimiser from `auxiliary_groups` (1.5 is what MMPareto
does where no gradients conflict).
"""

import torch.nn.functional as F
from torch import Tensor, nn


def auxiliary_loss(
    parts: dict[str, Tensor], own: dict[str, Tensor], labels: Tensor, *, weight: float = 1.0
) -> Tensor:
    """Cross-entropy of the summed parts plus `weight` times that of each modality's own logits."""
    joint = F.cross_entropy(sum(parts.values()), labels)
    return joint + weight * sum(F.cross_entropy(z, labels) for z in own.values())


def auxiliary_groups(
    encoders: dict[str, nn.Module], others: list[nn.Module], lr: float, *, encoder_rate: float = 1.0
) -> list[dict]:
    """Parameter groups for a torch optimiser: encoders at lr * encoder_rate, `others` (heads) at lr."""
    of = lambda modules: [p for module in modules for p in module.parameters()]
    return [
        {"params": of(encoders.values()), "lr": lr * encoder_rate},
        {"params": of(others), "lr": lr},
    ]
