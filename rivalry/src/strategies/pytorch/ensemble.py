"""Uni-modal ensemble, UME (Du et al., "On Uni-Modal Feature Learning in Supervised Multi-Modal
Learning", ICML 2023): no joint training, the class probabilities of networks that were trained
alone are averaged.

`parts` holds the logits of each modality's own network. With temperature=True each network is
first calibrated on validation rows (Guo et al., ICML 2017). Call it to predict:

    scores = ensemble_fuse(parts)  # n x K; the largest wins, the softmax is the mean probability
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def ensemble_fuse(
    parts: dict[str, Tensor],
    valid_parts: dict[str, Tensor] | None = None,
    valid_labels: Tensor | None = None,
    *,
    temperature: bool = False,
) -> Tensor:
    """Logarithm of the mean over modalities of softmax(logits / temperature)."""
    mean = 0.0
    for m, z in parts.items():
        t = fit_temperature(valid_parts[m], valid_labels) if temperature else 1.0
        mean = mean + (z / t).softmax(1) / len(parts)
    return mean.clamp(min=1e-30).log()


@torch.no_grad()
def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature, 1/20 to 20, with the least cross-entropy: golden-section search on its logarithm."""
    loss = lambda log_t: F.cross_entropy(logits / math.exp(log_t), labels).item()
    golden, low, high = (math.sqrt(5) - 1) / 2, -math.log(20), math.log(20)
    while high - low > 1e-6:
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return math.exp((low + high) / 2)
