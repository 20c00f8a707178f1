"""The PyTorch contenders: reads requests from standard input, one per line,
and answers each with one line of JSON when the work is done."""

import json
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "reference/demo_data"))
from read import load  # noqa: E402

N_EPOCHS, BATCH, WIDTH, N_CLASSES = 50, 64, 64, 10
torch.set_num_threads(1)
torch.set_num_interop_threads(1)


class LateFusion(torch.nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.branches = torch.nn.ModuleList(
            torch.nn.Sequential(torch.nn.Linear(width, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, N_CLASSES))
            for width in widths
        )

    def forward(self, inputs):
        return sum(branch(x) for branch, x in zip(self.branches, inputs))


def features(matrix):
    deviation = matrix.std(0)
    scaled = (matrix - matrix.mean(0)) / np.where(deviation > 0, deviation, 1.0)
    return torch.tensor(scaled, dtype=torch.float32)


def train(inputs, labels, **adam):
    model = LateFusion([x.shape[1] for x in inputs])
    solver = torch.optim.Adam(model.parameters(), lr=1e-3, **adam)
    for _ in range(N_EPOCHS):
        total = 0.0
        for rows in torch.randperm(len(labels)).split(BATCH):
            solver.zero_grad()
            loss = torch.nn.functional.cross_entropy(model([x[rows] for x in inputs]), labels[rows])
            loss.backward()
            solver.step()
            total += loss.item() * len(rows)
    return total / len(labels)


def main():
    views, classes, _ = load("handwritten")
    inputs, labels = [features(views["pix"]), features(views["fou"])], torch.tensor(classes)
    options = {"torch": {}, "torch_fused": {"fused": True}}
    print(json.dumps({"ready": torch.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"train_loss": train(inputs, labels, **options[line.strip()])}), flush=True)


if __name__ == "__main__":
    main()
