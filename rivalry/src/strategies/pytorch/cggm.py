"""Classifier-guided gradient modulation, CGGM (Guo et al., NeurIPS 2024, arXiv:2411.01409).

A classifier per modality, trained beside the network on detached embeddings, tells how fast each modality
improves: with D_m the change of its accuracy on the batch, B_m = (sum D - D_m) / sum D (kept in [0, 2]; 1
where the sum is almost 0). Encoder gradients are multiplied by rho B_m, and a term lambda / M *
sum_m (|B_m| - B_m cos(G_m, g_m)) draws the gradient G_m of the joint loss at modality m's head towards
that of its classifier, g_m. Heads and classifiers are nn.Linear of the same size.

    cggm = Cggm()
    own = {m: own_heads[m](embeddings[m].detach()) for m in embeddings}
    cggm.loss(parts, own, labels, heads, own_heads).backward()
    cggm.modulate(encoders)
    optimizer.step()
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Cggm:
    """The loss and the modulation; remembers the classifiers' accuracies of the last step."""

    def __init__(self, *, rho: float = 1.3, lambda_: float = 0.2):
        self.rho, self.lambda_ = rho, lambda_
        self.accuracies: dict[str, float] = {}
        self.factors: dict[str, float] = {}

    def loss(
        self,
        parts: dict[str, Tensor],
        own: dict[str, Tensor],
        labels: Tensor,
        heads: dict[str, nn.Linear],
        own_heads: dict[str, nn.Linear],
    ) -> Tensor:
        """Joint loss, the classifiers' losses, and the direction term."""
        joint = F.cross_entropy(sum(parts.values()), labels)
        if self.rho == 0 and self.lambda_ == 0:
            return joint
        now = {m: (z.argmax(1) == labels).sum().item() / len(labels) for m, z in own.items()}
        self.factors = balance({m: a - self.accuracies.get(m, a) for m, a in now.items()})
        self.accuracies = now
        loss = joint
        for m, z in own.items():
            alone = F.cross_entropy(z, labels)
            loss = loss + alone
            if self.lambda_ > 0:
                (g_own,) = torch.autograd.grad(alone, own_heads[m].weight, retain_graph=True)
                (g_joint,) = torch.autograd.grad(joint, heads[m].weight, create_graph=True)
                lengths = g_joint.norm() * g_own.norm()
                if lengths > 0:
                    b, cosine = self.factors[m], (g_joint * g_own).sum() / lengths
                    loss = loss + self.lambda_ / len(own) * (abs(b) - b * cosine)
        return loss

    def modulate(self, encoders: dict[str, nn.Module]) -> None:
        """After backward: multiplies the encoders' gradients by rho B_m."""
        for m, factor in self.factors.items() if self.rho > 0 else ():
            for p in encoders[m].parameters():
                if p.grad is not None:
                    p.grad.mul_(self.rho * factor)

    def state_dict(self) -> dict:
        return {"accuracies": dict(self.accuracies)}

    def load_state_dict(self, state: dict) -> None:
        self.accuracies = dict(state["accuracies"])


def balance(changes: dict[str, float]) -> dict[str, float]:
    """B of every modality from the changes of accuracies."""
    total = sum(changes.values())
    of = lambda change: 1.0 if abs(total) < 1e-6 else min(2.0, max(0.0, (total - change) / total))
    return {m: of(change) for m, change in changes.items()}
