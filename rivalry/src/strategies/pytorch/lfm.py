"""Learning to fill the modality gap, LFM (Yang et al., NeurIPS 2024): the joint loss and a term that draws
the modalities' distributions together (generalised Jensen-Shannon divergence), twice their weighted sum.

The weights follow what helps the validation loss: once per epoch a weight is multiplied by exp(rate a), a how
far the gradient of its loss on training rows points along that of the validation loss, as a share of the
latter's squared length; then they are made to sum to one. schedule="fixed" keeps the first weights.

    lfm = Lfm()
    loss = lfm.loss(parts, labels)
    lfm.step(parts_on_train, train_labels, parts_on_valid, valid_labels, parameters)  # after every epoch
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


class Lfm:
    """The loss; remembers the weights of the joint loss and of the agreement."""

    def __init__(self, *, agreement: float = 0.1, schedule: str = "learned", rate: float = 0.1):
        self.schedule, self.rate = schedule, rate
        self.weights = [1 - agreement, agreement]

    def loss(self, parts: dict[str, Tensor], labels: Tensor) -> Tensor:
        """Twice the weighted sum of joint loss and divergence; agreement=0 is naive joint training."""
        joint = F.cross_entropy(sum(parts.values()), labels)
        if self.weights[1] == 0:
            return joint
        return 2 * (self.weights[0] * joint + self.weights[1] * divergence(parts))

    def step(
        self,
        train_parts: dict[str, Tensor],
        train_labels: Tensor,
        valid_parts: dict[str, Tensor],
        valid_labels: Tensor,
        parameters: list[torch.nn.Parameter],
    ) -> list[float]:
        """Moves the weights; the parts must carry gradients. Returns the new weights."""
        if self.schedule == "fixed" or self.weights[1] == 0:
            return self.weights
        parameters = list(parameters)

        def gradient(loss: Tensor) -> Tensor:
            found = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
            return torch.cat([g.flatten() for g in found if g is not None])

        valid = gradient(F.cross_entropy(sum(valid_parts.values()), valid_labels))
        length = max((valid @ valid).item(), 1e-30)
        losses = (F.cross_entropy(sum(train_parts.values()), train_labels), divergence(train_parts))
        along = [(gradient(loss) @ valid).item() / length for loss in losses]
        raw = [w * math.exp(self.rate * min(10.0, max(-10.0, a))) for w, a in zip(self.weights, along)]
        self.weights = [w / sum(raw) for w in raw]
        return self.weights

    def state_dict(self) -> dict:
        return {"weights": list(self.weights)}

    def load_state_dict(self, state: dict) -> None:
        self.weights = list(state["weights"])


def divergence(parts: dict[str, Tensor]) -> Tensor:
    """Mean Jensen-Shannon divergence of all parts' distributions, nats."""
    logs = torch.stack([z.log_softmax(1) for z in parts.values()])
    mixture = logs.logsumexp(0) - math.log(len(parts))
    return (logs.exp() * (logs - mixture)).sum(2).mean()
