"""Directions and lengths of gradients per modality, in one training step: of the joint
loss against that of the modality's own, and between modalities on what they share
(Wei and Hu, MMPareto, ICML 2024). Both losses are cross-entropy; changes no gradient
of the training itself.

Each function returns 4 x modalities: dot product of joint and own gradient, length of the
joint one, length of the own one, cosine between own gradients on shared weights; NaN
where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ._readings import centred, residuals

#: Half precision loses small gradients; a factor on both losses changes no reading.
_HALF_SCALE = 2.0**10


def on_heads(parts: Tensor, labels: Tensor, features: Sequence[Tensor], shared: bool) -> Tensor:
    """On the weights by which each modality's features (rows x width) enter a linear head,
    in closed form: (p - e_y)^T h_r. Needs no graph. With `shared`, it is one head for all."""
    counted = (labels >= 0).to(parts.dtype)[:, None]
    labels = labels.clamp(min=0)
    n = counted.sum().clamp(min=1)
    of_joint = residuals(parts.sum(0), labels) * counted / n
    of_own = residuals(centred(parts), labels) * counted / n
    joint = [of_joint.T @ h.to(parts.dtype) for h in features]
    own = [one.T @ h.to(parts.dtype) for one, h in zip(of_own, features)]
    return _told([[g] for g in joint], [[g] for g in own], [[g] for g in own] if shared else None)


def on_encoders(parts: Tensor, labels: Tensor, encoders: Sequence[Sequence[nn.Parameter]]) -> Tensor:
    """On the parameters of each modality's encoder, by two or more backward passes through
    the graph of `parts`, which stays."""
    scale = _HALF_SCALE if torch.is_autocast_enabled() else 1.0
    labels = torch.where(labels >= 0, labels, torch.full_like(labels, -100))
    with torch.no_grad():
        constant = centred(parts) - parts
    losses = [scale * F.cross_entropy(z, labels) for z in parts + constant]
    times = {id(p): sum(any(p is q for q in one) for one in encoders) for one in encoders for p in one}
    joint = _gradients(scale * F.cross_entropy(parts.sum(0), labels), encoders)
    if max(times.values()) == 1:
        # Nothing is shared: one pass gives every encoder the gradient of its own loss.
        return _told(joint, _gradients(sum(losses), encoders), None)
    own = [_gradients(loss, encoders)[r] for r, loss in enumerate(losses)]
    common = [p for p in encoders[0] if times[id(p)] == len(encoders)]
    at = [[next(i for i, q in enumerate(one) if q is p) for p in common] for one in encoders]
    return _told(joint, own, [[g[i] for i in places] for g, places in zip(own, at)] if common else None)


def _gradients(loss: Tensor, encoders: Sequence[Sequence[nn.Parameter]]) -> list[list[Tensor]]:
    """Of a loss, by encoder; zeros where a parameter took no part."""
    params = list({id(p): p for one in encoders for p in one}.values())
    found = torch.autograd.grad(loss, params, retain_graph=True, allow_unused=True)
    by_id = {id(p): torch.zeros_like(p) if g is None else g for p, g in zip(params, found)}
    # Squares of small gradients need the range of single precision.
    by_id = {at: g.float() if g.dtype in (torch.half, torch.bfloat16) else g for at, g in by_id.items()}
    return [[by_id[id(p)] for p in one] for one in encoders]


def _told(joint: list[list[Tensor]], own: list[list[Tensor]], shared: list[list[Tensor]] | None) -> Tensor:
    rows = [
        torch.stack([_dot(j, o) for j, o in zip(joint, own)]),
        torch.stack([_dot(j, j).sqrt() for j in joint]),
        torch.stack([_dot(o, o).sqrt() for o in own]),
    ]
    if shared is None:
        return torch.stack([*rows, torch.full_like(rows[0], torch.nan)])
    total = [sum(tensors) for tensors in zip(*shared)]
    others = [[t - g for t, g in zip(total, one)] for one in shared]
    cosine = [_dot(a, b) / (_dot(a, a) * _dot(b, b)).sqrt() for a, b in zip(shared, others)]
    return torch.stack([*rows, torch.stack(cosine)])


def _dot(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    # Without a product as large as the gradients in memory.
    return torch.stack([torch.dot(x.reshape(-1), y.reshape(-1)) for x, y in zip(a, b)]).sum()
