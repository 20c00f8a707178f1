"""MMPareto (Wei and Hu, ICML 2024, arXiv:2405.17730): auxiliary uni-modal losses, and each encoder
follows a direction that lowers both the joint loss and its modality's own.

Where the two gradients agree they are added; where they conflict, the shortest vector between them is
taken. Each tensor's direction is at least as long as the sum of both, times gamma (compare with
auxiliary losses at encoder_rate=1.5). Call it in place of `loss.backward()`:

    optimizer.zero_grad()
    own = {m: own_heads[m](embeddings[m]) for m in embeddings}
    loss = mmpareto(parts, own, labels, encoders)
    optimizer.step()
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def mmpareto(
    parts: dict[str, Tensor],
    own: dict[str, Tensor],
    labels: Tensor,
    encoders: dict[str, nn.Module],
    *,
    weight: float = 1.0,
    gamma: float = 1.5,
) -> Tensor:
    """Fills `.grad` of encoders and heads; returns the sum of all losses. weight=0 is naive joint training."""
    joint = F.cross_entropy(sum(parts.values()), labels)
    if weight == 0:
        joint.backward()
        return joint.detach()
    losses = {m: weight * F.cross_entropy(z, labels) for m, z in own.items()}
    directions = []
    for m, encoder in encoders.items():
        params = [p for p in encoder.parameters() if p.requires_grad]
        g_joint = torch.autograd.grad(joint, params, retain_graph=True)
        g_own = torch.autograd.grad(losses[m], params, retain_graph=True)
        w = joint_weight(g_joint, g_own)
        for p, a, b in zip(params, g_joint, g_own):
            h, length = 2 * (w * a + (1 - w) * b), (a + b).norm()
            longer = max(1.0, (length / h.norm()).item()) if h.norm() > 0 else 1.0
            directions.append((p, gamma * longer * h))
    total = joint + sum(losses.values())
    total.backward()  # the heads' gradients
    for p, direction in directions:
        p.grad = direction
    return total.detach()


def joint_weight(joint: list[Tensor], own: list[Tensor]) -> float:
    """Weight of the joint gradient in the direction, its modality's own having the rest."""
    a, b = (torch.cat([g.flatten() for g in grads]) for grads in (joint, own))
    aa, bb, ab = (a @ a).item(), (b @ b).item(), (a @ b).item()
    return 0.5 if ab > 0 or aa == 0 or bb == 0 else (bb - ab) / (aa + bb - 2 * ab)
