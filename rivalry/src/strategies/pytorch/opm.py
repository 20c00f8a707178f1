"""On-the-fly prediction modulation, OPM (Wei et al., IEEE TPAMI 2024, arXiv:2410.11582).

While training, the embedding of a modality that is ahead (discrepancy ratio rho > 1, as in OGM) is left out
for single samples with probability q = base (1 + lambda tanh(rho - 1)); what stays is multiplied by
1 / (1 - theta), theta the share of all embedding units that is expected to be dropped. A sample that
loses every modality leaves the loss.

    loss = opm_loss(embeddings, heads, labels, epoch)
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def opm_loss(
    embeddings: dict[str, Tensor],
    heads: dict[str, nn.Module],
    labels: Tensor,
    epoch: int,
    *,
    base: float = 0.5,
    lambda_: float = 0.5,
    batches: float = 0.7,
    warm_up: int = 5,
    cut: str = "raw",
    kept: dict[str, Tensor] | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Joint cross-entropy with some embeddings left out. `kept`: which samples keep a modality (n booleans
    each), in place of draws."""
    parts = {m: heads[m](f) for m, f in embeddings.items()}
    drawn = lambda *size: torch.rand(*size, generator=generator).to(labels.device)
    idle = epoch < warm_up or (kept is None and drawn(1).item() >= batches)
    q = drop_probabilities(parts, labels, base, lambda_, cut)
    if idle or not any(q.values()):
        return F.cross_entropy(sum(parts.values()), labels)
    if kept is None:
        kept = {m: drawn(len(labels)) >= q[m] for m in q}
    widths = {m: f.shape[1] for m, f in embeddings.items()}
    theta = sum(widths[m] * q[m] for m in q) / sum(widths.values())
    stays = 1 / (1 - theta) if theta < 1 else 0.0
    z = sum(heads[m](f * (stays * kept[m].to(f))[:, None]) for m, f in embeddings.items())
    some = torch.stack([kept[m] for m in q]).any(0)
    return F.cross_entropy(z[some], labels[some]) if some.any() and stays else z.sum() * 0


@torch.no_grad()
def drop_probabilities(
    parts: dict[str, Tensor], labels: Tensor, base: float, lambda_: float, cut: str
) -> dict[str, float]:
    """Probability of leaving out each modality."""
    if cut == "centred":
        shared = sum(z.mean(0) for z in parts.values()) / len(parts)
        parts = {m: z - z.mean(0) + shared for m, z in parts.items()}
    right = {m: z.softmax(1).gather(1, labels[:, None]).mean().item() for m, z in parts.items()}
    n = max(1, len(right) - 1)
    rho = {m: sum(right[m] / max(right[o], 1e-12) for o in right if o != m) / n for m in right}
    of = lambda r: min(1.0, max(0.0, base * (1 + lambda_ * math.tanh(r - 1)))) if r > 1 else 0.0
    return {m: of(r) for m, r in rho.items()}
