"""Whole runs of 20 epochs on a small data set of three modalities:
run_adam.json, run_sgd.json, run_adamw.json."""

import numpy as np
import torch

import late_fusion as lf
from draws import permutation
from solvers import optimiser, scheduler

N_CLASSES, N_EPOCHS, BATCH, SEED = 3, 20, 16, 11
# Classes of unequal size; 60 rows train, the last batch has 12 of 16.
TRAIN_COUNTS, N_TEST = (30, 18, 12), 9
MODALITIES = [
    {"name": "sound", "width": 6, "encoder": lf.choice("mlp", width=8, depth=1, activation="relu")},
    {"name": "image", "width": 9, "encoder": lf.choice("mlp", width=5, depth=2, activation="tanh")},
    {"name": "text", "width": 4, "encoder": lf.choice("mlp", width=6, depth=1, activation="gelu")},
]
RUNS = {
    "adam": (lf.choice("adam", lr=0.01), lf.choice("constant"), False),
    "sgd": (lf.choice("sgd", lr=0.05, momentum=0.9, weight_decay=0.001), lf.choice("step", every=8, gamma=0.3), False),
    "adamw": (lf.choice("adamw", lr=0.02, weight_decay=0.05), lf.choice("cosine"), True),
}


def data(rng):
    """Class centres plus noise. The training rows come first."""
    labels = np.concatenate([np.repeat(range(N_CLASSES), TRAIN_COUNTS), np.arange(N_TEST) % N_CLASSES])
    inputs = {
        m["name"]: torch.tensor(
            strength * rng.normal(size=(N_CLASSES, m["width"]))[labels] + rng.normal(size=(len(labels), m["width"]))
        )
        for strength, m in zip((1.0, 0.5, 0.8), MODALITIES)
    }
    return inputs, torch.tensor(labels)


def run(name):
    solver, schedule, balanced = RUNS[name]
    rng = np.random.default_rng(2022)
    inputs, labels = data(rng)
    n_train = sum(TRAIN_COUNTS)
    start = lf.initial(MODALITIES, N_CLASSES, rng)
    orders = [permutation(SEED, "batch order", epoch, n_train) for epoch in range(N_EPOCHS)]
    # scikit-learn's "balanced": n / (K n_k).
    weights = torch.tensor([n_train / (N_CLASSES * count) for count in TRAIN_COUNTS]) if balanced else None
    params = lf.trainable(start)
    stepper = optimiser(solver, list(params.values()))
    rates = scheduler(schedule, stepper, N_EPOCHS)
    running = []
    for order in orders:
        total = 0.0
        for begin in range(0, n_train, BATCH):
            rows = torch.tensor(order[begin : begin + BATCH])
            _, fused = lf.forward(MODALITIES, {k: v[rows] for k, v in inputs.items()}, params, N_CLASSES)
            loss = torch.nn.functional.cross_entropy(fused, labels[rows], weight=weights)
            stepper.zero_grad()
            loss.backward()
            stepper.step()
            total += loss.item() * len(rows)
        running.append(total / n_train)
        rates.step()
    with torch.no_grad():
        _, fused = lf.forward(MODALITIES, inputs, params, N_CLASSES)
    return {
        "solver": solver,
        "schedule": schedule,
        "class_weights": "balanced" if balanced else "none",
        "seed": SEED,
        "n_epochs": N_EPOCHS,
        "batch": BATCH,
        "n_train": n_train,
        "n_classes": N_CLASSES,
        "modalities": MODALITIES,
        "inputs": inputs,
        "labels": labels,
        "orders": orders,
        "params": start,
        "final_params": {k: v.detach() for k, v in params.items()},
        "final_fused": fused,
        "train_loss": running,
    }


def documents():
    return {f"run_{name}.json": run(name) for name in RUNS}
