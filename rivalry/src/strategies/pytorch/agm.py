"""Adaptive gradient modulation, AGM (Li et al., ICCV 2023, arXiv:2308.07686).

Each modality's share of the joint logits is its Shapley value with absent modalities at zero input; in
late fusion phi_m = z_m - c_m + mean of all c, with c_m the part at zero input. The gradient that enters
a share is multiplied by exp(alpha (reference - response)), response_m = exp(M/(M-1) (mean of all s - s_m)),
s_m the share's cross-entropy on the batch, the reference that of the mean losses so far.

    agm = Agm()
    zeros = {m: heads[m](encoders[m](torch.zeros_like(x[m][:1]))) for m in encoders}
    agm.loss(parts, zeros, labels).backward()
    agm.clip_heads(heads)
    optimizer.step()
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Agm:
    """The loss with modulated gradients; remembers mean losses over all steps."""

    def __init__(self, *, alpha: float = 1.5, clip: float = 1.0):
        self.alpha, self.clip = alpha, clip
        self.means: dict[str, float] = {}
        self.steps = 0

    def loss(self, parts: dict[str, Tensor], zeros: dict[str, Tensor], labels: Tensor) -> Tensor:
        """Joint cross-entropy. `zeros`: parts at zero input, one row each; gradients flow through them too."""
        if self.alpha == 0:
            return F.cross_entropy(sum(parts.values()), labels)
        mean = sum(zeros.values()) / len(zeros)
        shares = {m: z - zeros[m] + mean for m, z in parts.items()}
        right = {m: phi.detach().softmax(1).gather(1, labels[:, None]) for m, phi in shares.items()}
        now = {m: -p.clamp(min=1e-8).log().mean().item() for m, p in right.items()}
        if self.steps:
            response, reference = responses(now), responses(self.means)
            factor = {m: math.exp(self.alpha * min(reference[m] - response[m], 10)) for m in now}
            # The same value, the gradient times the factor.
            shares = {m: phi.detach() + factor[m] * (phi - phi.detach()) for m, phi in shares.items()}
        self.steps += 1
        for m, s in now.items():
            self.means[m] = self.means.get(m, 0.0) + (s - self.means.get(m, 0.0)) / self.steps
        return F.cross_entropy(sum(shares.values()), labels)

    def clip_heads(self, heads: dict[str, nn.Module]) -> None:
        """After backward: the gradient of the joint head is at most `clip` long (0: no limit)."""
        grads = [p.grad for head in heads.values() for p in head.parameters() if p.grad is not None]
        if self.clip == 0 or not grads:
            return
        length = torch.cat([g.flatten() for g in grads]).norm().item()
        for g in grads if length > self.clip else ():
            g.mul_(self.clip / length)

    def state_dict(self) -> dict:
        return {"means": dict(self.means), "steps": self.steps}

    def load_state_dict(self, state: dict) -> None:
        self.means, self.steps = dict(state["means"]), state["steps"]


def responses(losses: dict[str, float]) -> dict[str, float]:
    """exp(M/(M-1) (mean of all s - s_m)); of two modalities exp(s_other - s_m)."""
    n = len(losses)
    mean = sum(losses.values()) / n
    return {m: math.exp(n / max(1, n - 1) * (mean - s)) for m, s in losses.items()}
