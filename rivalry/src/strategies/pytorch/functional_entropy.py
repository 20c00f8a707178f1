"""Functional-entropy regularisation (Gat et al., NeurIPS 2020, arXiv:2010.10802): keep every modality
informative about the output, by its functional Fisher information under noise in its features.

For noisy copies x' of a batch, f(x') is the mean over classes of the binary cross-entropy between the
outputs on x' and softmax outputs on x (held constant); I_m = mean |df/dx'_m|^2 / f; the regulariser is
lambda times the l_p norm of 1 / I. Its scale is that of 1 / information: search lambda over decades.

    forward = lambda x: sum(heads[m](encoders[m](x[m])) for m in encoders)
    loss = F.cross_entropy(forward(x), labels) + functional_entropy(forward, x)
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

SMALLEST = 1e-12


def functional_entropy(
    forward: Callable[[dict[str, Tensor]], Tensor],
    inputs: dict[str, Tensor],
    *,
    lambda_: float = 1e-6,
    samples: int = 3,
    norm: float = 2.0,
    form: str = "entropy",
    generator: torch.Generator | None = None,
) -> Tensor:
    """The term to add to the joint loss. form="variance" leaves out the division by f. Two passes backward."""
    with torch.no_grad():
        target = forward(inputs).softmax(1)
    informations = {m: 0.0 for m in inputs}
    for _ in range(samples):
        noisy = {}
        for m, x in inputs.items():
            spread = x.std(0, keepdim=True) if len(x) > 1 else torch.zeros_like(x)
            noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
            noisy[m] = (x + noise * spread).detach().requires_grad_(True)
        f = F.binary_cross_entropy_with_logits(forward(noisy), target, reduction="none").mean(1)
        slopes = torch.autograd.grad(f.sum(), list(noisy.values()), create_graph=True)
        for m, g in zip(noisy, slopes):
            square = g.square().flatten(1).sum(1)
            part = square / f.clamp(min=SMALLEST) if form == "entropy" else square
            informations[m] = informations[m] + part.mean() / samples
    inverse = torch.stack([1 / i.clamp(min=SMALLEST) for i in informations.values()])
    return lambda_ * inverse.norm(p=norm)
