#!/usr/bin/env python3
"""Accuracies on the embedded data from an independent, plain implementation.

    python per_view.py        write per_view.json (about two minutes)

Orientation only: one untuned setting (per view d -> 64 ReLU -> classes, logits
summed, Adam 1e-3, batch 64, standardised on the training rows, no early
stopping, PyTorch's default initial weights). `ensemble` is the mean of the
softmaxes of the networks trained alone. Handwritten: the 1600/400 split, 60
epochs, 5 seeds. Nutrimouse: 200 epochs (one step each; with 60 the networks
are unfinished and lipid alone has 92 %), stratified 5-fold, 20 re-partitions;
an accuracy is that of one re-partition over all 40 mice.
"""

import json
import pathlib
import platform
import sys

import numpy as np
import sklearn
import torch
from sklearn.model_selection import StratifiedKFold

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "demo_data"))
from read import load  # noqa: E402

BATCH, RATE, WIDTH = 64, 1e-3, 64
torch.set_num_threads(1)


class LateFusion(torch.nn.Module):
    """One branch per view; their logits are summed."""

    def __init__(self, widths, n_classes):
        super().__init__()
        self.branches = torch.nn.ModuleList(
            torch.nn.Sequential(torch.nn.Linear(width, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, n_classes))
            for width in widths
        )

    def forward(self, inputs):
        return sum(branch(x) for branch, x in zip(self.branches, inputs))


def standardised(x, train):
    mean, deviation = x[train].mean(0), x[train].std(0)
    return torch.tensor((x - mean) / np.where(deviation > 0, deviation, 1.0), dtype=torch.float32)


def test_probabilities(views, labels, train, test, n_classes, n_epochs, seed):
    torch.manual_seed(seed)
    model = LateFusion([v.shape[1] for v in views], n_classes)
    solver = torch.optim.Adam(model.parameters(), lr=RATE)
    for _ in range(n_epochs):
        order = torch.tensor(train)[torch.randperm(len(train))]
        for rows in order.split(BATCH):
            solver.zero_grad()
            torch.nn.functional.cross_entropy(model([v[rows] for v in views]), labels[rows]).backward()
            solver.step()
    with torch.no_grad():
        return torch.softmax(model([v[test] for v in views]), 1)


def hits(views, labels, train, test, n_classes, n_epochs, seed):
    """Number of correct test rows of every model."""
    scaled = {name: standardised(x, train) for name, x in views.items()}
    target = torch.tensor(labels)
    alone = {
        name: test_probabilities([x], target, train, test, n_classes, n_epochs, seed) for name, x in scaled.items()
    }
    alone["joint"] = test_probabilities(list(scaled.values()), target, train, test, n_classes, n_epochs, seed)
    alone["ensemble"] = sum(alone[name] for name in scaled) / len(scaled)
    return {name: int((p.argmax(1) == target[test]).sum()) for name, p in alone.items()}


def summary(accuracies):
    return {
        name: {"mean": float(np.mean(a)), "sd": float(np.std(a, ddof=1)), "each": [float(v) for v in a]}
        for name, a in accuracies.items()
    }


def handwritten():
    views, labels, header = load("handwritten")
    test = np.array(header["test_rows"])
    train = np.setdiff1d(np.arange(len(labels)), test)
    found = {}
    for seed in range(5):
        for name, n in hits(views, labels, train, test, 10, 60, seed).items():
            found.setdefault(name, []).append(n / len(test))
    return {"protocol": "1600/400 split, 60 epochs, seeds 0 to 4", "accuracy": summary(found)}


def nutrimouse():
    views, labels, _ = load("nutrimouse")
    found = {}
    for seed in range(20):
        total = {}
        for train, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(labels, labels):
            for name, n in hits(views, labels, train, test, 5, 200, seed).items():
                total[name] = total.get(name, 0) + n
        for name, n in total.items():
            found.setdefault(name, []).append(n / len(labels))
    below = sum(joint < lipid for joint, lipid in zip(found["joint"], found["lipid"]))
    return {
        "protocol": "stratified 5-fold, 200 epochs, re-partitions 0 to 19",
        "joint_below_lipid": f"{below} of 20",
        "accuracy": summary(found),
    }


def main():
    document = {
        "script": "reference/torch/per_view.py",
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
        },
        "handwritten": handwritten(),
        "nutrimouse": nutrimouse(),
    }
    (HERE / "per_view.json").write_text(json.dumps(document, indent=1) + "\n")
    for name in ("handwritten", "nutrimouse"):
        for model, a in document[name]["accuracy"].items():
            print(f"{name:12} {model:9} {100 * a['mean']:5.1f} +- {100 * a['sd']:.1f}")
    print("nutrimouse: joint below lipid in", document["nutrimouse"]["joint_below_lipid"])


if __name__ == "__main__":
    main()
