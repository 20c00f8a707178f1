#!/usr/bin/env python3
"""Writes the gradient flows that the tests compare with: the smoothed-ReLU
late-fusion network followed by SciPy's DOP853 at a relative tolerance of 1e-12.

    python make.py            write rivalry/tests/it/golden/flow.json
    python make.py --check    compute again and compare, write nothing

The objective is the mean softmax cross-entropy of the summed logits, class
weights as in PyTorch (weighted sum over the sum of the weights), plus
`auxiliary` times that of each modality's own logits. f_j = sum_r sum_l
sigma(<w_{j,r,l}, x^r>); the m neurons of a class lie in neighbouring rows.
"""

import argparse
import importlib.metadata
import json
import pathlib
import platform
import sys

import numpy as np
from scipy.integrate import solve_ivp

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests/it/golden/flow.json"
VERSIONS = {"python": platform.python_version()} | {
    p: importlib.metadata.version(p) for p in ["numpy", "scipy"]
}
TIMES = [1.0, 8.0, 40.0]
# Numbers on another machine differ by rounding, stretched by the bursts.
CHECK = 1e-8


def sigma(a, q, beta):
    u = np.clip(a, 0.0, beta)
    return u**q / (q * beta ** (q - 1)) + np.maximum(a - beta, 0.0)


def slope(a, q, beta):
    return (np.clip(a, 0.0, beta) / beta) ** (q - 1)


def cross_entropy_gradient(logits, labels, shares):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1.0
    return p * shares[:, None]


def flow(case, inputs, labels):
    """Weights at TIMES, one list per modality."""
    q, beta, m, k = case["q"], case["beta"], case["m"], case["n_classes"]
    xs = [np.array(inputs[name]) for name in case["modalities"]]
    shapes = [(k * m, x.shape[1]) for x in xs]
    cuts = np.cumsum([0] + [r * c for r, c in shapes])
    weights = np.ones(len(labels))
    if case["class_weights"]:
        weights = (len(labels) / (k * np.bincount(labels, minlength=k)))[labels]
    shares = weights / weights.sum()

    def velocity(_, flat):
        ws = [flat[a:b].reshape(s) for a, b, s in zip(cuts, cuts[1:], shapes)]
        pres = [x @ w.T for x, w in zip(xs, ws)]
        logits = [sigma(p, q, beta).reshape(len(labels), k, m).sum(axis=2) for p in pres]
        fused = cross_entropy_gradient(sum(logits), labels, shares)
        out = []
        for x, pre, own in zip(xs, pres, logits):
            g = fused
            if case["auxiliary"]:
                g = g + case["auxiliary"] * cross_entropy_gradient(own, labels, shares)
            out.append(-(np.repeat(g, m, axis=1) * slope(pre, q, beta)).T @ x)
        return np.concatenate([o.ravel() for o in out])

    start = np.concatenate([np.array(case["start"][name]).ravel() for name in case["modalities"]])
    solution = solve_ivp(
        velocity, (0.0, TIMES[-1]), start, method="DOP853", t_eval=TIMES, rtol=1e-12, atol=1e-15
    )
    assert solution.success and len(solution.t) == len(TIMES)
    return [
        {name: flat[a:b].reshape(s).tolist() for name, a, b, s in zip(case["modalities"], cuts, cuts[1:], shapes)}
        for flat in solution.y.T
    ]


def document():
    rng = np.random.default_rng(11)
    n, k = 30, 3
    # Classes of different sizes, so that class weights matter.
    labels = np.array(([0] * 5 + [1] * 3 + [2] * 2) * 3)
    inputs = {}
    for name, d, noise in [("a", 6, 0.4), ("b", 40, 0.3)]:
        centres = np.linalg.qr(rng.normal(size=(d, k)))[0].T
        x = centres[labels] * rng.uniform(0.8, 1.3, size=(n, 1)) + noise / np.sqrt(d) * rng.normal(size=(n, d))
        inputs[name] = x.astype(np.float32).astype(float).tolist()
    cases = []
    for modalities, q, auxiliary, class_weights in [
        (["a", "b"], 3, 0.0, False),
        (["a", "b"], 4, 0.0, True),
        (["a", "b"], 3, 0.5, False),
        (["b"], 2, 0.0, False),
        (["a"], 6, 0.0, True),
    ]:
        case = {
            "modalities": modalities,
            "m": 2,
            "q": q,
            "beta": 0.3,
            "n_classes": k,
            "auxiliary": auxiliary,
            "class_weights": class_weights,
            "start": {name: (0.15 * rng.normal(size=(2 * k, len(inputs[name][0])))).tolist() for name in modalities},
        }
        case["weights"] = flow(case, inputs, labels)
        cases.append(case)
    return {
        "script": "reference/flow/make.py",
        "versions": VERSIONS,
        "times": TIMES,
        "inputs": inputs,
        "labels": labels.tolist(),
        "cases": cases,
    }


def largest_difference(a, b):
    """Largest difference of the numbers in two documents, relative to at least one."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return max((largest_difference(a[k], b[k]) for k in a if k != "versions"), default=0.0)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return max((largest_difference(x, y) for x, y in zip(a, b)), default=0.0)
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) / max(1.0, abs(a), abs(b))
    return 0.0 if a == b else float("inf")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    made = document()
    if parser.parse_args().check:
        worst = largest_difference(made, json.loads(GOLDEN.read_text()))
        print(f"flow: largest difference {worst:.1e}")
        sys.exit(0 if worst <= CHECK else 1)
    GOLDEN.write_text(json.dumps(made, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
