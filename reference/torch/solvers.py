"""Steps of the optimisers on given gradients (optimisers.json) and learning
rates by epoch (schedules.json)."""

import numpy as np
import torch

import late_fusion as lf

N_STEPS = 10
N_PARAMS = 7

SOLVERS = [
    lf.choice("gradient_descent", lr=0.1),
    lf.choice("sgd", lr=0.1, momentum=0.0, weight_decay=0.0),
    lf.choice("sgd", lr=0.1, momentum=0.0, weight_decay=0.05),
    lf.choice("sgd", lr=0.1, momentum=0.9, weight_decay=0.0),
    lf.choice("sgd", lr=0.1, momentum=0.9, weight_decay=0.05),
    lf.choice("adam", lr=0.01),
    lf.choice("adam", lr=0.01, weight_decay=0.05),
    lf.choice("adam", lr=0.01, beta1=0.5, beta2=0.9, eps=1e-3),
    lf.choice("adamw", lr=0.01, weight_decay=0.0),
    lf.choice("adamw", lr=0.01, weight_decay=0.05),
]
SCHEDULES = [
    lf.choice("constant"),
    lf.choice("step", every=3, gamma=0.1),
    lf.choice("step", every=1, gamma=0.5),
    lf.choice("cosine"),
]


def optimiser(solver, params):
    """The PyTorch optimiser of a choice of solver."""
    knobs = dict(solver["set"])
    if solver["name"] in ("sgd", "gradient_descent"):
        return torch.optim.SGD(params, **knobs)
    if "beta1" in knobs:
        knobs["betas"] = (knobs.pop("beta1"), knobs.pop("beta2"))
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[solver["name"]](params, **knobs)


def scheduler(schedule, solver, n_epochs):
    """The PyTorch learning-rate scheduler of a choice of schedule."""
    rates = torch.optim.lr_scheduler
    if schedule["name"] == "step":
        return rates.StepLR(solver, step_size=schedule["set"]["every"], gamma=schedule["set"]["gamma"])
    if schedule["name"] == "cosine":
        return rates.CosineAnnealingLR(solver, T_max=n_epochs)
    return rates.LambdaLR(solver, lambda _: 1.0)


def optimiser_cases():
    rng = np.random.default_rng(7)
    # Gradients of very different sizes, one of them always zero, so that
    # epsilon and the bias corrections of Adam are visible.
    sizes = np.array([1.0, 1e-3, 1e-8, 1e3, 0.0, 1.0, 1e-5])
    cases = []
    for solver in SOLVERS:
        start = rng.normal(size=N_PARAMS)
        grads = rng.normal(size=(N_STEPS, N_PARAMS)) * sizes
        params = torch.tensor(start, requires_grad=True)
        stepper = optimiser(solver, [params])
        after = []
        for grad in grads:
            params.grad = torch.tensor(grad)
            stepper.step()
            after.append(params.detach().tolist())
        cases.append({"solver": solver, "start": start, "gradients": grads, "after": after})
    return {"cases": cases}


def schedule_cases():
    cases = []
    for n_epochs in (1, 2, 7, 20):
        for schedule in SCHEDULES:
            solver = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
            rates = scheduler(schedule, solver, n_epochs)
            found = []
            for _ in range(n_epochs):
                found.append(solver.param_groups[0]["lr"])
                solver.step()
                rates.step()
            cases.append({"schedule": schedule, "lr": 0.3, "n_epochs": n_epochs, "rates": found})
    return {"cases": cases}


def documents():
    return {"optimisers.json": optimiser_cases(), "schedules.json": schedule_cases()}
