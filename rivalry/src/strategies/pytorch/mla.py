"""Multimodal learning with alternating uni-modal adaptation, MLA (Zhang et al., CVPR 2024,
arXiv:2311.10707): within every batch modalities take turns, each with one step of its encoder and of one
head that all share; the head's gradient is projected so that it moves little along the mean embedding r
of the modality before, P <- P - P r (P r)^T / (alpha + r^T P r). Embeddings have the same width.

    mla = Mla()
    for m in encoders:
        optimizer.zero_grad(set_to_none=True)
        f = encoders[m](x[m])
        F.cross_entropy(head(f), labels).backward()
        mla.project(head, f, progress)  # progress: share of the epoch's batches that are done
        optimizer.step()
    scores = mla.fuse({m: head(encoders[m](x[m])) for m in encoders})  # to predict
"""

import torch
from torch import Tensor, nn


class Mla:
    """The projection and the fusion; remembers P and the last modality's mean embedding."""

    def __init__(self, *, alpha: float = 0.1, variant: str = "paper", fusion: str = "entropy"):
        self.alpha, self.variant, self.fusion = alpha, variant, fusion
        self.projection: Tensor | None = None
        self.before: Tensor | None = None

    @torch.no_grad()
    def project(self, head: nn.Linear, embedding: Tensor, progress: float = 0.0) -> None:
        """After a modality's backward: projects the gradient of the head's weights. variant="reference" divides
        element by element and rescales, as released; "none" does nothing."""
        if self.before is not None and self.variant != "none":
            r, p = self.before, self.projection
            p = torch.eye(len(r), dtype=r.dtype, device=r.device) if p is None else p
            k = p @ r
            if self.variant == "paper":
                p = p - torch.outer(k, k) / (self.alpha + r @ k)
            else:
                p = p - torch.outer(k, k) / (self.alpha ** (1 + progress) + torch.outer(k, r))
                p = p / p.norm() if p.norm() > 0 else p
            head.weight.grad = head.weight.grad @ p.T
            self.projection = p
        self.before = embedding.detach().mean(0)

    def fuse(self, parts: dict[str, Tensor]) -> Tensor:
        """Weighted sum of the parts: the surer a modality of a sample, the more; fusion="equal" is the mean."""
        z = torch.stack(list(parts.values()))
        if self.fusion == "equal":
            return z.mean(0)
        entropies = -(z.softmax(2) * z.log_softmax(2)).sum(2, keepdim=True)
        return ((-entropies).softmax(0) * z).sum(0)

    def state_dict(self) -> dict:
        return {"projection": self.projection, "before": self.before}

    def load_state_dict(self, state: dict) -> None:
        self.projection, self.before = state["projection"], state["before"]
