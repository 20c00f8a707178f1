"""Calibrated multimodal learning, CML (Ma et al., ICML 2023): taking a modality away must not make the
prediction more confident; where it does, the excess is a loss.

loss = CE(z) + lambda * sum over modalities of mean max(0, max softmax(z - z_m) - max softmax(z))

z_m is the modality's part of the joint logits, raw or centred over the batch (cut="centred"; the mean is held
constant): the paper leaves the convention open.

    loss = cml_loss(parts, labels)
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def cml_loss(parts: dict[str, Tensor], labels: Tensor, *, lambda_: float = 0.1, cut: str = "raw") -> Tensor:
    """Joint loss plus `lambda_` times the excess confidence."""
    fused = sum(parts.values())
    loss = F.cross_entropy(fused, labels)
    if lambda_ == 0 or len(parts) < 2:
        return loss
    if cut == "centred":
        means = {m: z.detach().mean(0) for m, z in parts.items()}
        shared = sum(means.values()) / len(means)
        parts = {m: z - means[m] + shared for m, z in parts.items()}
    confidence = lambda z: z.softmax(1).max(1).values
    excess = [torch.relu(confidence(fused - z) - confidence(fused)).mean() for z in parts.values()]
    return loss + lambda_ * sum(excess)
