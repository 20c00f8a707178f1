"""Uni-modal warm start: joint training begins from networks that were trained alone; how long
they were sets each modality's strength in the race (Tang et al., 2025).

Train all modalities with `warm_start_loss` from the first epoch on: alone for `epochs` epochs, then
jointly; make a new optimiser when joint training begins. With epochs=0 train them beforehand, each
as long as it wants, and copy the weights:

    parameters = warm_start(encoders, heads, alone_encoders, alone_heads)
    optimizer = torch.optim.Adam(parameters)
"""

import torch.nn.functional as F
from torch import Tensor, nn


def warm_start(
    encoders: dict[str, nn.Module],
    heads: dict[str, nn.Module],
    alone_encoders: dict[str, nn.Module],
    alone_heads: dict[str, nn.Module],
    *,
    freeze: bool = False,
) -> list[nn.Parameter]:
    """Copies the weights of the networks trained alone; returns what is to be trained. With `freeze` the
    encoders stay as they are and only the joint head trains."""
    for m in encoders:
        encoders[m].load_state_dict(alone_encoders[m].state_dict())
        heads[m].load_state_dict(alone_heads[m].state_dict())
        encoders[m].requires_grad_(not freeze)
    modules = [*heads.values()] if freeze else [*encoders.values(), *heads.values()]
    return [p for module in modules for p in module.parameters()]


def warm_start_loss(parts: dict[str, Tensor], labels: Tensor, epoch: int, *, epochs: int = 0) -> Tensor:
    """Before `epochs` the losses of all modalities alone, from then on the joint loss."""
    if epoch < epochs:
        return sum(F.cross_entropy(z, labels) for z in parts.values())
    return F.cross_entropy(sum(parts.values()), labels)
