"""Adaptive mask co-optimisation, AMCo (Zhou et al., ICASSP 2023): where one modality holds more than
`sigma` of a sample's softmax mass over all modalities' logits side by side, some of its class logits are
masked: zero in the joint sum, without a gradient. The share that is masked grows over epochs as
sin(pi/2 min(1, epoch / ramp)), up to `most`.

    loss = amco_loss(parts, labels, epoch)
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def amco_loss(
    parts: dict[str, Tensor],
    labels: Tensor,
    epoch: int,
    *,
    sigma: float = 0.5,
    ramp: int = 20,
    most: float = 0.5,
    classes: dict[str, Tensor] | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Joint cross-entropy with masked logits. `classes`: per modality and sample the classes that a mask
    would hide (n x number hidden), in place of draws."""
    first = next(iter(parts.values()))
    n, k = first.shape
    hidden = n_hidden(k, epoch, ramp, most)
    if sigma >= 1 or hidden == 0 or len(parts) < 2:
        return F.cross_entropy(sum(parts.values()), labels)
    side_by_side = torch.cat([z.detach() for z in parts.values()], 1).softmax(1)
    masses = side_by_side.reshape(n, len(parts), k).sum(2)
    fused = 0.0
    for i, (m, z) in enumerate(parts.items()):
        if classes is None:
            drawn = torch.rand(n, k, generator=generator).argsort(1)[:, :hidden].to(z.device)
        else:
            drawn = classes[m]
        mask = torch.zeros_like(z).scatter(1, drawn, 1.0) * (masses[:, [i]] > sigma)
        fused = fused + (1 - mask) * z
    return F.cross_entropy(fused, labels)


def n_hidden(n_classes: int, epoch: int, ramp: int = 20, most: float = 0.5) -> int:
    """How many class logits of a modality are masked in an epoch."""
    share = min(most, math.sin(math.pi / 2 * min(1.0, epoch / ramp)))
    return math.floor(share * n_classes + 0.5)
