"""Steps of the optimisers on given gradients (optimisers.json) and learning
rates by epoch (schedules.json)."""

import numpy as np
import torch

import late_fusion  # noqa: F401  (one thread, float64)

N_STEPS = 10
N_PARAMS = 7

OPTIMISERS = [
    ("sgd", torch.optim.SGD, {"lr": 0.1}),
    ("sgd", torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.05}),
    ("sgd", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    ("sgd", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.05}),
    ("adam", torch.optim.Adam, {"lr": 0.01}),
    ("adam", torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.05}),
    ("adamw", torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.0}),
    ("adamw", torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.05}),
]


def optimiser_cases():
    rng = np.random.default_rng(7)
    cases = []
    for name, optimiser, settings in OPTIMISERS:
        start = rng.normal(size=N_PARAMS)
        # Gradients of very different sizes, one of them always zero, so that
        # epsilon and the bias corrections of Adam are visible.
        sizes = np.array([1.0, 1e-3, 1e-8, 1e3, 0.0, 1.0, 1e-5])
        grads = rng.normal(size=(N_STEPS, N_PARAMS)) * sizes
        params = torch.tensor(start, requires_grad=True)
        solver = optimiser([params], **settings)
        after = []
        for grad in grads:
            params.grad = torch.tensor(grad)
            solver.step()
            after.append(params.detach().tolist())
        cases.append({"name": name, "settings": settings, "start": start, "gradients": grads, "after": after})
    return {"cases": cases}


def schedule_cases():
    cases = []
    for n_epochs in (1, 2, 7, 20):
        for name, settings in [
            ("constant", {}),
            ("step", {"step_size": 3, "gamma": 0.1}),
            ("step", {"step_size": 1, "gamma": 0.5}),
            ("cosine", {"eta_min": 0.0}),
            ("cosine", {"eta_min": 0.01}),
        ]:
            solver = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
            schedule = {
                "constant": lambda: torch.optim.lr_scheduler.LambdaLR(solver, lambda _: 1.0),
                "step": lambda: torch.optim.lr_scheduler.StepLR(solver, **settings),
                "cosine": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(solver, T_max=n_epochs, **settings),
            }[name]()
            rates = []
            for _ in range(n_epochs):
                rates.append(solver.param_groups[0]["lr"])
                solver.step()
                schedule.step()
            cases.append({"name": name, "settings": settings, "lr": 0.3, "n_epochs": n_epochs, "rates": rates})
    return {"cases": cases}


def documents():
    return {"optimisers.json": optimiser_cases(), "schedules.json": schedule_cases()}
