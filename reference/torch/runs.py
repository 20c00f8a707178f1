"""Whole runs of 20 epochs on a small data set of three modalities:
run_adam.json, run_sgd.json."""

import numpy as np
import torch

import late_fusion as lf

N_SAMPLES, N_CLASSES, N_EPOCHS, BATCH = 60, 3, 20, 16
MODALITIES = [
    {"name": "sound", "width": 6, "encoder": lf.encoder("mlp", width=8, depth=1, activation="relu")},
    {"name": "image", "width": 9, "encoder": lf.encoder("mlp", width=5, depth=2, activation="tanh")},
    {"name": "text", "width": 4, "encoder": lf.encoder("mlp", width=6, depth=1, activation="gelu")},
]
RUNS = {
    "adam": (torch.optim.Adam, {"lr": 0.01}),
    "sgd": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.001}),
}


def data():
    """Class centres plus noise; every column has mean 0 and (population)
    standard deviation 1, so that standardising again changes nothing but the
    last bit."""
    rng = np.random.default_rng(2022)
    labels = np.arange(N_SAMPLES) % N_CLASSES
    inputs = {}
    for strength, m in zip((1.0, 0.5, 0.8), MODALITIES):
        x = strength * rng.normal(size=(N_CLASSES, m["width"]))[labels] + rng.normal(size=(N_SAMPLES, m["width"]))
        inputs[m["name"]] = torch.tensor((x - x.mean(0)) / x.std(0))
    return inputs, torch.tensor(labels), rng


def run(name):
    optimiser, settings = RUNS[name]
    inputs, labels, rng = data()
    start = lf.initial(MODALITIES, N_CLASSES, rng)
    orders = [rng.permutation(N_SAMPLES) for _ in range(N_EPOCHS)]
    params = lf.trainable(start)
    solver = optimiser(list(params.values()), **settings)
    running, full = [], []
    for order in orders:
        total = 0.0
        for begin in range(0, N_SAMPLES, BATCH):
            rows = torch.tensor(order[begin : begin + BATCH])
            _, fused = lf.forward(MODALITIES, {k: v[rows] for k, v in inputs.items()}, params, N_CLASSES)
            loss = torch.nn.functional.cross_entropy(fused, labels[rows])
            solver.zero_grad()
            loss.backward()
            solver.step()
            total += loss.item() * len(rows)
        running.append(total / N_SAMPLES)
        with torch.no_grad():
            _, fused = lf.forward(MODALITIES, inputs, params, N_CLASSES)
            full.append(torch.nn.functional.cross_entropy(fused, labels).item())
    return {
        "optimiser": name,
        "settings": settings,
        "batch": BATCH,
        "n_classes": N_CLASSES,
        "modalities": MODALITIES,
        "inputs": inputs,
        "labels": labels,
        "orders": orders,
        "params": start,
        "final_params": {k: v.detach() for k, v in params.items()},
        "final_fused": fused,
        # Mean over samples of the loss met while training ...
        "running_loss": running,
        # ... and of the loss at the end of the epoch.
        "end_loss": full,
    }


def documents():
    return {f"run_{name}.json": run(name) for name in RUNS}
