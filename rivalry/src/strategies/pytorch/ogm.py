"""On-the-fly gradient modulation, OGM and OGM-GE (Peng et al., CVPR 2022, arXiv:2203.15332).

At every step the encoder of a modality that is ahead learns slower: rho_m is the mean probability of
the right class from modality m's part of the logits over that of the others; where rho_m > 1 the
gradient of its weight matrices is multiplied by 1 - tanh(alpha rho_m). With noise=True (OGM-GE) every
encoder's gradient also gets normal noise of its own deviation. Adam undoes a factor that changes
slowly; SGD does not.

    loss = F.cross_entropy(sum(parts.values()), labels)
    loss.backward()
    ogm(parts, labels, encoders, epoch)
    optimizer.step()
"""

import math

import torch
from torch import Tensor, nn


@torch.no_grad()
def ogm(
    parts: dict[str, Tensor],
    labels: Tensor,
    encoders: dict[str, nn.Module],
    epoch: int,
    *,
    alpha: float = 0.8,
    epochs: int = 50,
    cut: str = "raw",
    noise: bool = False,
    generator: torch.Generator | None = None,
) -> dict[str, float]:
    """Changes the gradients of the encoders in place during the first `epochs` epochs; returns the factors.
    A generator must be on the gradients' device."""
    if epoch >= epochs:
        return {m: 1.0 for m in parts}
    rho = discrepancy_ratios(centred(parts) if cut == "centred" else parts, labels)
    factors = {m: 1 - math.tanh(alpha * r) if r > 1 else 1.0 for m, r in rho.items()}
    for m, factor in factors.items():
        for p in encoders[m].parameters():
            if p.grad is None or p.dim() < 2:
                continue  # biases keep their gradient
            deviation = p.grad.std() if p.grad.numel() > 1 else 0.0
            p.grad.mul_(factor)
            if noise:
                shake = torch.randn(p.shape, generator=generator, dtype=p.dtype, device=p.device)
                p.grad.add_((deviation + 1e-8) * shake)
    return factors


def discrepancy_ratios(parts: dict[str, Tensor], labels: Tensor) -> dict[str, float]:
    """Mean probability of the right class over that of each other modality, averaged over the others."""
    right = {m: z.softmax(1).gather(1, labels[:, None]).mean().item() for m, z in parts.items()}
    ratio = lambda m: sum(right[m] / max(right[o], 1e-12) for o in right if o != m) / (len(right) - 1)
    return {m: ratio(m) if len(right) > 1 else 1.0 for m in right}


def centred(parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every part centred over the batch, the total of the means shared equally: the same sum."""
    shared = sum(z.mean(0) for z in parts.values()) / len(parts)
    return {m: z - z.mean(0) + shared for m, z in parts.items()}
