"""Data of the talk's model for runs from end to end: the generator of
`paper.md` 1.15 (our reconstruction), written once as `.npy` so that every
contender reads the same arrays."""

import dataclasses
import json

import numpy as np


@dataclasses.dataclass(frozen=True)
class Setting:
    """The letters of the model; `bound` is the training loss that ends a run."""

    n: int
    d: int
    m: int
    q: int
    nu: float
    sigma0: float
    K: int = 10
    beta: float = 0.2
    mu: tuple = (0.02, 0.06)
    s: float = 2.0
    gamma: float = 0.1
    rho: float = 0.5
    bound: float = 0.02
    seed: int = 0


def plateau(q, sigma0, beta=0.2, K=10):
    """About the time in which a feature of initial strength sigma0 reaches the
    linear part: K beta^(q-1) / ((q-2) sigma0^(q-2)), from the growth law of the
    plateau with softmax and label strength constant."""
    return K * beta ** (q - 1) / ((q - 2) * sigma0 ** (q - 2))


def sigma0_for(q, time, beta=0.2, K=10):
    return (K * beta ** (q - 1) / ((q - 2) * time)) ** (1 / (q - 2))


# The plateau of the first setting is the rule for the others.
PLATEAU = plateau(3, 1e-4)
SETTINGS = {
    "paper": Setting(n=400, d=2000, m=4, q=3, nu=2.0, sigma0=1e-4),
    "A": Setting(n=1000, d=500, m=8, q=4, nu=1.0, sigma0=round(sigma0_for(4, PLATEAU), 5)),
    "B": Setting(n=500, d=100, m=5, q=4, nu=1.0, sigma0=round(sigma0_for(4, PLATEAU), 5)),
}


def draw(setting):
    """Features per modality (n + K rows), labels, dictionaries (K x d). The
    last K rows repeat the first sample of each class."""
    rng = np.random.default_rng(setting.seed)
    K, d = setting.K, setting.d
    while True:
        labels = rng.integers(K, size=setting.n)
        if len(set(labels)) == K:
            break
    firsts = [int(np.argmax(labels == j)) for j in range(K)]
    inputs, dictionaries = [], []
    for mu in setting.mu:
        columns, _ = np.linalg.qr(rng.normal(size=(d, K)))
        z = np.where(rng.random((setting.n, K)) < setting.s / K, rng.uniform(0.05, 0.4, (setting.n, K)), 0.0)
        insufficient = rng.random(setting.n) < mu
        for i, y in enumerate(labels):
            if insufficient[i]:
                z[i, y] = setting.gamma
                z[i, rng.choice([j for j in range(K) if j != y])] = setting.rho
            else:
                z[i, y] = rng.uniform(1.0, 1.4)
        x = z @ columns.T + setting.nu / np.sqrt(d) * rng.normal(size=(setting.n, d))
        x = x.astype(np.float32)
        inputs.append(np.concatenate([x, x[firsts]]))
        dictionaries.append(columns.T)
    return inputs, np.concatenate([labels, labels[firsts]]), dictionaries


def write(setting, folder):
    """Everything but the initial weights, which are those of `rivalry`."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs, labels, dictionaries = draw(setting)
    for r in range(2):
        np.save(folder / f"x{r + 1}.npy", inputs[r])
        np.save(folder / f"m{r + 1}.npy", dictionaries[r])
    np.save(folder / "y.npy", labels.astype(np.int64))
    (folder / "setting.json").write_text(json.dumps(dataclasses.asdict(setting)))


def strengths(weights, dictionaries, setting):
    """Gamma_{j,r} = max_l [<w_{j,r,l}, M_j^r>]^+, modalities x classes."""
    flat = np.asarray(weights, dtype=np.float64).reshape(2, setting.K, setting.m, setting.d)
    return np.stack(
        [np.einsum("jld,jd->jl", w, m).max(1).clip(min=0) for w, m in zip(flat, dictionaries)]
    )


def deviation(found, reference):
    """Largest relative difference of the winners' Gamma; infinite where another
    modality wins."""
    if (found.argmax(0) != reference.argmax(0)).any():
        return float("inf")
    return float(np.abs(found.max(0) / reference.max(0) - 1).max())
