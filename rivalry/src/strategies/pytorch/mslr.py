"""Modality-specific learning rates, MSLR (Yao and Mihalcea, Findings of ACL 2022), the dynamic form: a
modality whose validation accuracy is above its mean over the last five epochs learns faster.

rate_m = (1 +- tilt) (accuracy_m / its mean over five epochs)^strength, for encoder and head of m.

    mslr = Mslr(list(encoders))
    rates = mslr.rates()  # before the first epoch
    rates = mslr.rates(accuracies(parts, labels, train_means))  # before every later one, on validation rows
    for group in optimizer.param_groups:  # a group per modality
        group["lr"] = lr * rates[group["modality"]]

`train_means` = {m: part.mean(0)} of the parts on training rows: the logits of one modality are centred on them.
"""

from torch import Tensor

WINDOW = 5


class Mslr:
    """Rate factors per modality; remembers accuracies by epoch."""

    def __init__(self, names: list[str], *, strength: float = 1.0, tilt: float = 0.0):
        self.names, self.strength, self.tilt = list(names), strength, tilt
        self.history: list[dict[str, float]] = []

    def rates(self, now: dict[str, float] | None = None) -> dict[str, float]:
        """The factors of the coming epoch; `now` is the accuracy of every modality at present."""
        if now is not None:
            self.history.append(dict(now))
        n = len(self.names)
        tilt = lambda i: 1 + self.tilt * (1 - 2 * i / (n - 1)) if n > 1 else 1.0
        return {m: tilt(i) * rate([a[m] for a in self.history], self.strength) for i, m in enumerate(self.names)}

    def state_dict(self) -> dict:
        return {"history": [dict(a) for a in self.history]}

    def load_state_dict(self, state: dict) -> None:
        self.history = [dict(a) for a in state["history"]]


def rate(accuracies: list[float], strength: float) -> float:
    """A modality's factor given its accuracies up to now."""
    last = accuracies[-WINDOW:]
    mean = sum(last) / max(1, len(last))
    return (last[-1] / mean) ** strength if mean > 0 and strength > 0 else 1.0


def accuracies(parts: dict[str, Tensor], labels: Tensor, train_means: dict[str, Tensor]) -> dict[str, float]:
    """Accuracy of every part, centred on the training means, their total shared equally."""
    shared = sum(train_means.values()) / len(train_means)
    right = {m: ((z - train_means[m] + shared).argmax(1) == labels).sum().item() for m, z in parts.items()}
    return {m: r / len(labels) for m, r in right.items()}
