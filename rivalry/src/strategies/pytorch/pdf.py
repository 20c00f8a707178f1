"""Predictive dynamic fusion, PDF (Cao et al., ICML 2024, arXiv:2406.04802): a predictor beside each encoder
says how likely the modality is to be right about a sample, trained on the probability p_m(y).

With c_m its value, a modality weighs softmax over m of r_m (c_m + h_m): h_m the sum over the others of ln c
over that over all, r_m = min(1, u_m / mean of the others' u), u_m the mean distance of p_m from 1/K. Weights
are held constant in the gradient. A predictor is nn.Linear(width, 1) on the detached embedding:

    chances = {m: predictors[m](embeddings[m].detach()).sigmoid().squeeze(1) for m in predictors}
    loss = pdf_loss(parts, chances, labels)
    scores = pdf_fuse(parts, chances)  # to predict
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pdf_loss(
    parts: dict[str, Tensor],
    chances: dict[str, Tensor],
    labels: Tensor,
    *,
    auxiliary: float = 1.0,
    predict: float = 1.0,
) -> Tensor:
    """Loss of the weighted sum, of each modality, and squared errors of the predictors."""
    total = F.cross_entropy(pdf_fuse(parts, chances), labels)
    for m, z in parts.items():
        right = z.detach().softmax(1).gather(1, labels[:, None]).squeeze(1)
        total = total + auxiliary * F.cross_entropy(z, labels) + predict * F.mse_loss(chances[m], right)
    return total


def pdf_fuse(parts: dict[str, Tensor], chances: dict[str, Tensor]) -> Tensor:
    """Sum of the parts, each times its weight."""
    weights = fusion_weights(parts, chances)
    return sum(weights[:, [i]] * z for i, z in enumerate(parts.values()))


@torch.no_grad()
def fusion_weights(parts: dict[str, Tensor], chances: dict[str, Tensor]) -> Tensor:
    """Weights, samples x modalities; every row sums to one."""
    c = torch.stack([chances[m] for m in parts], 1)
    log_c = c.clamp(1e-8, 1 - 1e-8).log()
    total = log_c.sum(1, keepdim=True)
    u = torch.stack([(z.softmax(1) - 1 / z.shape[1]).abs().mean(1) for z in parts.values()], 1)
    others = u.sum(1, keepdim=True) - u
    relative = torch.where(others > 0, u * (u.shape[1] - 1) / others, torch.ones_like(u))
    return (relative.clamp(max=1) * (c + (total - log_c) / total)).softmax(1)
