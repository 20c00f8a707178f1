"""Differences on folds: baycomp's correlated t test, and the corrected resampled
t interval and p value of Nadeau and Bengio with SciPy's Student t."""

import baycomp
import numpy as np
from scipy import stats


def document():
    rng = np.random.default_rng(6)
    cases = []
    for k, runs, mean in [(5, 1, 0.0), (10, 1, -0.02), (5, 5, 0.01), (10, 10, 0.004), (2, 1, 0.1)]:
        first = 0.8 + 0.03 * rng.normal(size=k * runs)
        second = first + mean + 0.02 * rng.normal(size=k * runs)
        differences = second - first
        n, ratio = k * runs, 1 / (k - 1)
        scale = (differences.var(ddof=1) * (1 / n + ratio)) ** 0.5
        half = stats.t.ppf(0.975, n - 1) * scale
        probabilities = {
            str(rope): baycomp.CorrelatedTTest.probs(second, first, rope=rope, runs=runs) for rope in (0.005, 0.01, 0.05)
        }
        cases.append(
            {
                "differences": differences,
                "test_over_train": ratio,
                "ends": [differences.mean() - half, differences.mean() + half],
                "p": 2 * stats.t.sf(abs(differences.mean()) / scale, n - 1),
                # Of "second better than first", hence: first part is "worse".
                "practical": {rope: [p[2], p[1], p[0]] for rope, p in probabilities.items()},
            }
        )
    return {"cases": cases}
