"""The small networks on which snippets meet the Rust strategies: an encoder and a linear head per
modality, and a classifier of its own where a method asks for one. Knows no method."""

import json
import pathlib

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

ROOT = pathlib.Path(__file__).resolve().parents[3]
STEPS = json.loads((pathlib.Path(__file__).parent / "steps.json").read_text())
BASES = json.loads((ROOT / "rivalry/tests/it/golden/torch/strategies.json").read_text())["problems"]


class Network:
    """Encoders, heads and own heads by modality, with the data of a problem."""

    def __init__(self, problem):
        base = BASES[problem["base"]]
        self.names = problem["modalities"]
        self.n_classes = base["n_classes"]
        width = {m["name"]: m["width"] for m in base["modalities"]}
        hidden = base["modalities"][0]["encoder"]["set"]["width"]
        self.x = {m: torch.tensor(base["inputs"][m]) for m in self.names}
        self.y = torch.tensor(base["labels"])
        valid = problem["valid"]
        self.valid_x = {m: torch.tensor(valid["inputs"][m]) for m in self.names}
        self.valid_y = torch.tensor(valid["labels"])
        self.encoders = nn.ModuleDict({m: nn.Sequential(nn.Linear(width[m], hidden), nn.Tanh()) for m in self.names})
        self.heads = nn.ModuleDict({m: nn.Linear(hidden, self.n_classes) for m in self.names})
        own = self.names if base["on"] == "own_head" else []
        self.own_heads = nn.ModuleDict({m: nn.Linear(hidden, self.n_classes) for m in own})
        self.module = nn.ModuleDict({"encoders": self.encoders, "heads": self.heads, "own_heads": self.own_heads})

    def parameters(self):
        """Parameters under the names that the library uses."""
        for m in self.names:
            for kind, module in (("encoder.0", self.encoders[m][0]), ("head", self.heads[m])):
                yield from ((f"{m}.{kind}.{name}", p) for name, p in module.named_parameters())
        for m, module in self.own_heads.items():
            yield from ((f"{m}.own_head.{name}", p) for name, p in module.named_parameters())

    @torch.no_grad()
    def load(self, values):
        """Sets the parameters that are named; frozen ones too, and they stay frozen."""
        for name, p in self.parameters():
            if name in values:
                p.copy_(torch.tensor(values[name]).reshape(p.shape))

    def embeddings(self, x=None):
        return {m: self.encoders[m]((x or self.x)[m]) for m in self.names}

    def parts(self, x=None):
        return {m: self.heads[m](f) for m, f in self.embeddings(x).items()}

    def own(self, x=None, detached=False):
        return {m: self.own_heads[m](f.detach() if detached else f) for m, f in self.embeddings(x).items()}

    def zero_grad(self):
        for _, p in self.parameters():
            p.grad = None


def alone(problem):
    """The networks trained alone that strategies build on, by modality."""
    found = {}
    for m, values in problem["trained_alone"].items():
        found[m] = Network({**problem, "modalities": [m]})
        found[m].load(values)
    return found
