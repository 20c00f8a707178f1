"""Trusted multi-view classification, TMC (Han et al., ICLR 2021) and its extended form, ETMC (Han et
al., IEEE TPAMI 45(2), 2023): logits are evidence for the classes, e = softplus(z); opinions are
combined by the reduced rule of Dempster and Shafer, in closed form 1 + e/K = prod_m (1 + e_m/K).

Every opinion and the combined one have a loss of their own; there is no sum of logits.

    loss = tmc_loss(parts, labels, epoch)
    scores = tmc_fuse(parts)  # to predict

ETMC: add one more part to `parts`, a head on an encoder of all modalities' features side by side.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def tmc_loss(parts: dict[str, Tensor], labels: Tensor, epoch: int, *, anneal: int = 50) -> Tensor:
    """Sum of the losses of all opinions; the penalty on wrong evidence grows over `anneal` epochs."""
    penalty = min(1.0, (epoch + 1) / max(1, anneal))
    views = [F.softplus(z) for z in parts.values()]
    return sum(opinion_loss(e, labels, penalty) for e in [*views, combine(views)])


def tmc_fuse(parts: dict[str, Tensor]) -> Tensor:
    """ln alpha of the combined opinion: its softmax is the expected distribution."""
    return combine([F.softplus(z) for z in parts.values()]).log1p()


def combine(views: list[Tensor]) -> Tensor:
    """The evidence of the combined opinion."""
    k, more = views[0].shape[1], torch.zeros_like(views[0])
    for e in views:
        more = more + e / k + more * e / k
    return more * k


def opinion_loss(evidence: Tensor, labels: Tensor, penalty: float) -> Tensor:
    """Expected cross-entropy under Dirichlet(e + 1), plus `penalty` times the divergence of what is left
    without the evidence for the right class from the uniform Dirichlet."""
    alpha, k = evidence + 1, evidence.shape[1]
    y = F.one_hot(labels, k).to(alpha.dtype)
    expected = alpha.sum(1).digamma() - (y * alpha.digamma()).sum(1)
    wrong = y + (1 - y) * alpha
    total = wrong.sum(1, keepdim=True)
    divergence = (total.lgamma() - wrong.lgamma().sum(1, keepdim=True)).squeeze(1) - total.new_tensor(k).lgamma()
    divergence = divergence + ((wrong - 1) * (wrong.digamma() - total.digamma())).sum(1)
    return (expected + penalty * divergence).mean()
