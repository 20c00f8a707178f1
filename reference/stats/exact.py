"""The incomplete gamma function by mpmath, and the exact bootstrap distribution of means of few whole numbers: the law of
the sum by repeated convolution, each sum divided by sqrt(chi^2 / df), its shares and quantiles by SciPy's chi^2 and Brent's method."""

import mpmath
import numpy as np
from scipy import optimize, stats

CASES = [
    {"values": [0, 1], "counts": [4, 6]},
    {"values": [-1, 0, 1], "counts": [5, 4, 2]},
    {"values": [-1, 0, 1], "counts": [12, 211, 6]},
    {"values": [-1, 0, 1], "counts": [0, 249, 1]},
    {"values": [-2, 0, 2], "counts": [5, 225, 20]},
    {"values": [-2, -1, 0, 1, 2], "counts": [3, 20, 300, 31, 1]},
    {"values": [-1, 0, 1], "counts": [300, 3500, 200]},
]
LEVELS = [0.001, 0.025, 0.2, 0.8, 0.975, 0.999]


def sum_law(probabilities, n):
    """The law of the sum of n draws of 0, 1, 2 ... by squaring."""
    law, power = np.array([1.0]), np.array(probabilities)
    while n:
        if n & 1:
            law = np.convolve(law, power)
        power, n = np.convolve(power, power), n >> 1
    return law


def exact(values, counts):
    n, lowest = sum(counts), values[0]
    step = values[1] - values[0]
    law = sum_law(np.array(counts) / n, n)
    observed = sum(i * c for i, c in enumerate(counts))
    off = (np.arange(len(law)) - observed) * step * np.sqrt(n / (n - 1)) / n
    mean = lowest + step * observed / n

    def below(x):
        """P(off * sqrt(df / chi^2) <= x - mean), off zero left out on the far side."""
        y = x - mean
        with np.errstate(divide="ignore"):
            bound = (n - 1) * (off / y) ** 2
        tail = np.where(off * y > 0, stats.chi2.sf(bound, n - 1), np.where(y > 0, 1.0, 0.0))
        if y < 0:
            tail = np.where(off < 0, stats.chi2.cdf(bound, n - 1), 0.0)
        return float(np.sum(law * tail))

    def quantile(level):
        at = law[off < 0].sum(), law[off <= 0].sum()
        if at[0] <= level <= at[1]:
            return mean
        ends = (mean + 1e-12, mean + 100) if level > at[1] else (mean - 100, mean - 1e-12)
        return optimize.brentq(lambda x: below(x) - level, *ends, xtol=1e-15, rtol=1e-14)

    z = stats.norm.ppf([0.025, 0.975])
    bias = stats.norm.ppf((law[off < 0].sum() + law[off <= 0].sum()) / 2)
    deviation = np.repeat(np.array(values, float), counts) - mean
    acceleration = np.sum(deviation**3) / (6 * np.sum(deviation**2) ** 1.5)
    moved = stats.norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))
    return {
        "levels": LEVELS,
        "quantiles": [quantile(level) for level in LEVELS],
        "bca": [quantile(level) for level in moved],
        "rope": 0.01,
        "practical": [below(-0.01), below(0.01) - below(-0.01), 1 - below(0.01)],
    }


def document():
    gamma = []
    for a in (0.5, 1.0, 4.75, 49.9, 50.0, 114.0, 999.5, 49_999.5):
        for z in (-5, -2.2, -1, -0.01, 0.0, 0.3, 1.5, 3, 6):
            x = a + z * a**0.5
            if x > 0:
                with mpmath.workdps(40):
                    p = mpmath.gammainc(mpmath.mpf(a), 0, mpmath.mpf(x), regularized=True)
                gamma.append({"a": a, "x": x, "p": float(p)})
    return {"gamma": gamma, "exact": [case | exact(**case) for case in CASES]}
