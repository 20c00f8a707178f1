"""Multimodal bidirectional self-distillation, MBSD (Liu et al., WSDM 2023): beside the joint loss and one
of each modality's own, the logits of two modalities are drawn together and the distribution of the weaker
one towards that of the stronger, sample by sample.

Per sample and pair the weight is |p_a(y) - p_b(y)| where at least one of the two is right, else 0; it and the
stronger distribution are held constant. All pairs count, averaged over a modality's partners.

    loss = mbsd_loss(parts, labels)
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor


def mbsd_loss(
    parts: dict[str, Tensor], labels: Tensor, *, auxiliary: float = 1.0, distil: float = 1.0
) -> Tensor:
    """Joint loss, `auxiliary` times each part's own, `distil` times what draws the parts together."""
    loss = F.cross_entropy(sum(parts.values()), labels)
    loss = loss + auxiliary * sum(F.cross_entropy(z, labels) for z in parts.values())
    for a, b in itertools.combinations(parts.values(), 2):
        right = [z.detach().softmax(1).gather(1, labels[:, None]).squeeze(1) for z in (a, b)]
        either = (a.argmax(1) == labels) | (b.argmax(1) == labels)
        weight = either * (right[0] - right[1]).abs() / (len(parts) - 1)
        a_is_strong = (right[0] >= right[1])[:, None]
        strong = torch.where(a_is_strong, a, b).detach().log_softmax(1)
        weak = torch.where(a_is_strong, b, a).log_softmax(1)
        divergence = (strong.exp() * (strong - weak)).sum(1)
        loss = loss + distil * (weight * ((a - b).square().mean(1) + divergence)).mean()
    return loss
