"""Information acquisition regulation, InfoReg (Huang et al., CVPR 2025).

While a modality is inside its prime learning window (the Fisher trace of its encoder, averaged over ten
epochs, still grows by more than `threshold`) and ahead of the others, its encoder is pulled back to where
it stood at the start of the epoch: gradient + beta exp(tanh(lead)) (theta - theta_epoch), the lead being its
mean probability of the right class less that of the others.

    inforeg = InfoReg()
    inforeg.start_epoch(encoders)  # at the start of each epoch
    inforeg.loss(parts, labels).backward()
    inforeg.modulate(parts, labels, encoders)
    optimizer.step()
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOW = 10


class InfoReg:
    """The loss and the pull; remembers Fisher traces by epoch."""

    def __init__(
        self, *, beta: float = 0.95, threshold: float = 0.05, auxiliary: float = 1.0, cut: str = "raw"
    ):
        self.beta, self.threshold, self.auxiliary, self.cut = beta, threshold, auxiliary, cut
        self.traces: dict[str, list[float]] = {}
        self.running: dict[str, float] = {}
        self.batches = 0
        self.first: dict[str, list[Tensor]] = {}

    def start_epoch(self, encoders: dict[str, nn.Module]) -> None:
        """Closes the traces of the epoch before, and keeps the present weights."""
        for m, total in self.running.items() if self.batches else ():
            self.traces.setdefault(m, []).append(total / self.batches)
        self.running, self.batches = {}, 0
        self.first = {m: [p.detach().clone() for p in e.parameters()] for m, e in encoders.items()}

    def loss(self, parts: dict[str, Tensor], labels: Tensor) -> Tensor:
        """Joint loss plus `auxiliary` times the loss of each modality's part."""
        joint = F.cross_entropy(sum(parts.values()), labels)
        return joint + self.auxiliary * sum(F.cross_entropy(z, labels) for z in parts.values())

    @torch.no_grad()
    def modulate(self, parts: dict[str, Tensor], labels: Tensor, encoders: dict[str, nn.Module]) -> None:
        """After backward: adds the pull to the gradients of encoders that are ahead within their window."""
        parts = centred(parts) if self.cut == "centred" else parts
        right = {m: z.softmax(1).gather(1, labels[:, None]).mean().item() for m, z in parts.items()}
        for m, encoder in encoders.items():
            matrices = [p.grad for p in encoder.parameters() if p.dim() > 1 and p.grad is not None]
            self.running[m] = self.running.get(m, 0.0) + sum(g.square().sum().item() for g in matrices)
            lead = right[m] - (sum(right.values()) - right[m]) / max(1, len(right) - 1)
            if self.beta > 0 and len(right) > 1 and lead > 0 and growth(self.traces.get(m, [])) > self.threshold:
                for p, first in zip(encoder.parameters(), self.first[m]):
                    if p.grad is not None:
                        p.grad.add_(p - first, alpha=self.beta * math.exp(math.tanh(lead)))
        self.batches += 1

    def state_dict(self) -> dict:
        """Between epochs: the weights at an epoch's start are not in it."""
        traces = {m: list(t) for m, t in self.traces.items()}
        return {"traces": traces, "running": dict(self.running), "batches": self.batches}

    def load_state_dict(self, state: dict) -> None:
        self.traces = {m: list(t) for m, t in state["traces"].items()}
        self.running, self.batches = dict(state["running"]), state["batches"]


def growth(traces: list[float]) -> float:
    """Relative growth of the moving average of a Fisher trace; 1 while there is nothing to compare."""
    if len(traces) < 2:
        return 1.0
    mean = lambda values: sum(values[-WINDOW:]) / len(values[-WINDOW:])
    now, before = mean(traces), mean(traces[:-1])
    return (now - before) / now if now > 0 else 0.0


def centred(parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every part centred over the batch, the total of the means shared equally: the same sum."""
    shared = sum(z.mean(0) for z in parts.values()) / len(parts)
    return {m: z - z.mean(0) + shared for m, z in parts.items()}
