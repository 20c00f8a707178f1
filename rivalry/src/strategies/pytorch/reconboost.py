"""ReconBoost (Hua et al., ICML 2024, arXiv:2405.09321): modalities take turns of `stage` epochs in training
on what the others, held fixed, have not explained yet; after each turn all train on the joint loss for
`together` epochs. In a turn the loss of a sample is -(own - explained p_rest(y)) ln p_m(y).

The others get no gradient in a turn; use `optimizer.zero_grad(set_to_none=True)`, so that momentum does not
move them either. The published agreement term has no gradient in the released code and is left out.

    loss = reconboost_loss(parts, labels, epoch)
"""

import torch.nn.functional as F
from torch import Tensor


def reconboost_loss(
    parts: dict[str, Tensor],
    labels: Tensor,
    epoch: int,
    *,
    stage: int = 4,
    together: int = 4,
    own: float = 5.0,
    explained: float = 1.0,
    rate: float = 1.0,
) -> Tensor:
    """The loss of the modality whose turn it is, or the joint loss of `rate` times the summed parts."""
    fused = sum(parts.values())
    m = turn(list(parts), epoch, stage, together)
    if m is None:
        return F.cross_entropy(rate * fused, labels)
    rest = (fused - parts[m]).detach().softmax(1).gather(1, labels[:, None]).squeeze(1)
    explained = min(explained, own) if len(parts) > 1 else 0.0
    return ((own - explained * rest) * F.cross_entropy(parts[m], labels, reduction="none")).mean()


def turn(names: list[str], epoch: int, stage: int = 4, together: int = 4) -> str | None:
    """The modality that trains in an epoch; None when all do."""
    done, place = divmod(epoch, stage + together)
    return names[done % len(names)] if place < stage else None
