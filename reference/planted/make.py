#!/usr/bin/env python3
"""Writes Bayes accuracies of planted data by adaptive quadrature.

    python make.py            write rivalry/tests/it/golden/planted.json
    python make.py --check    compute again and compare, write nothing

One direction per class, unit noise: linear codes are right with probability
E[Phi(Z + d)^(K - 1)], folded ones with E[(2 Phi(|Z + d|) - 1)^(K - 1)]. For two
linear modalities with covariance S, d^2 = delta' S^-1 delta.
"""

import importlib.metadata
import json
import pathlib
import platform
import sys

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests/it/golden/planted.json"
VERSIONS = {"python": platform.python_version()} | {
    package: importlib.metadata.version(package) for package in ["numpy", "scipy"]
}


def largest(d, k, told):
    value, _ = quad(
        lambda z: norm.pdf(z) * told(z + d) ** (k - 1), -12, 12, points=[-d], epsabs=1e-13, epsrel=1e-13, limit=400
    )
    return value


def linear(d, k):
    return largest(d, k, norm.cdf)


def folded(d, k):
    return largest(d, k, lambda x: 2 * norm.cdf(abs(x)) - 1)


def alone():
    for k in [2, 3, 7, 20]:
        for d in [0.0, 0.7, 2.0, 4.5]:
            yield {"code": "linear", "classes": k, "d": d, "accuracy": linear(d, k)}
            yield {"code": "folded", "classes": k, "d": d, "accuracy": folded(d, k)}


def together():
    for own, shared, delta, k in [
        ([1.0, 1.0], [0.0, 0.0], [2.0, 1.5], 4),
        ([0.7, 0.7], [1.5, 1.5], [3.0, 1.2], 5),
        ([0.1, 0.1, 0.1], [1.0, 1.0, 1.0], [2.5, 2.4, 2.3], 6),
    ]:
        covariance = np.diag(np.square(own)) + np.outer(shared, shared)
        d = float(np.sqrt(np.array(delta) @ np.linalg.solve(covariance, np.array(delta))))
        yield {"own": own, "shared": shared, "delta": delta, "classes": k, "accuracy": linear(d, k)}


def main():
    document = {
        "script": "reference/planted/make.py",
        "versions": VERSIONS,
        "alone": list(alone()),
        "together": list(together()),
    }
    if "--check" in sys.argv[1:]:
        committed = json.loads(GOLDEN.read_text())
        for key in ["alone", "together"]:
            for old, new in zip(committed[key], document[key], strict=True):
                if abs(old["accuracy"] - new["accuracy"]) > 1e-11:
                    sys.exit(f"planted: {old} differs, now {new['accuracy']}")
        print("planted: the same")
    else:
        GOLDEN.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
