"""Intervals and tests from counts, sign flips and adjusted p values.

Wilson, Clopper-Pearson: statsmodels and SciPy, which must agree. Exact McNemar:
statsmodels. Newcombe's paired interval is in neither: written here from the
paper, and checked against a published value.
"""

import math

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint


def shares():
    cases = []
    for n in (1, 2, 10, 40, 100, 2_000, 50_000):
        for k in sorted({0, 1, n // 10, n // 2, n - 1, n}):
            for level in (0.5, 0.9, 0.95, 0.999):
                case = {"k": k, "n": n, "level": level}
                for name, other in (("wilson", "wilson"), ("exact", "beta")):
                    ends = stats.binomtest(k, n).proportion_ci(level, name)
                    again = proportion_confint(k, n, 1 - level, other)
                    assert np.allclose(ends, again, rtol=1e-9, atol=1e-12), (case, ends, again)
                    case[name] = list(ends)
                cases.append(case)
    return cases


def wilson(k, n, level):
    ends = stats.binomtest(k, n).proportion_ci(level, "wilson")
    return ends.low, ends.high


def newcombe(both, first, second, neither, level):
    """Method 10 of Newcombe, Statistics in Medicine 17, 1998, 2635-2650."""
    n = both + first + second + neither
    low_1, high_1 = wilson(both + first, n, level)
    low_2, high_2 = wilson(both + second, n, level)
    p_1, p_2 = (both + first) / n, (both + second) / n
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    determinant = both * neither - first * second
    if determinant > 0:
        determinant = max(determinant - n / 2, 0)
    phi = determinant / math.sqrt(margins) if margins else 0.0

    def reach(a, b):
        return math.sqrt(a * a - 2 * phi * a * b + b * b)

    return p_1 - p_2 - reach(p_1 - low_1, high_2 - p_2), p_1 - p_2 + reach(high_1 - p_1, p_2 - low_2)


def paired():
    # Complete response before and after consolidation therapy (Cavo et al. 2012), as printed by the R package
    # contingencytables 3.0.1 (Fagerland, Lydersen and Laake 2017): -0.0621 (-0.1186 to -0.0046).
    assert np.allclose(newcombe(59, 6, 16, 80, 0.95), (-0.1186, -0.0046), atol=5e-5)
    tables = [(59, 6, 16, 80), (1, 1, 7, 12), (14, 5, 0, 22), (36, 12, 2, 0), (380, 5, 15, 0), (40, 0, 0, 0), (30, 0, 0, 10)]
    tables += [(0, 0, 0, 25), (0, 20, 0, 0), (3, 20, 17, 2), (1, 0, 0, 0), (1800, 60, 90, 50), (2, 2, 2, 2)]
    return [
        {"table": list(table), "level": level, "ends": list(newcombe(*table, level))}
        for table in tables
        for level in (0.8, 0.95)
    ]


def mcnemars():
    cases = []
    for b, c in [(5, 15), (0, 0), (0, 1), (0, 5), (0, 6), (3, 3), (10, 11), (40, 71), (500, 600), (7, 1_000), (2_000, 2_100)]:
        exact = mcnemar([[0, b], [c, 0]], exact=True).pvalue if b + c else 1.0
        midp = min(1.0, 2 * stats.binom.cdf(min(b, c), b + c, 0.5) - stats.binom.pmf(min(b, c), b + c, 0.5))
        cases.append({"b": b, "c": c, "exact": exact, "midp": midp})
    return cases


def sign_flips():
    """SciPy counts all sign patterns of one sample; the 24 differences are counted here by brute force."""
    rng = np.random.default_rng(1)
    lists = [[0.01, 0.02], [0.1, 0.1, 0.1], [0.02, 0.01, 0.03, 0.015, 0.005], [-0.01, 0.02, 0.0, 0.03, 0.01, 0.01]]
    lists += [list(np.round(rng.normal(0.4, 1, n), 2)) for n in (6, 10, 13)]
    cases = []
    for values in lists:
        test = stats.permutation_test(
            (values,), lambda x, axis: np.mean(x, axis=axis), permutation_type="samples", n_resamples=np.inf, vectorized=True
        )
        cases.append({"differences": values, "p": test.pvalue})
    values = np.round(rng.normal(0.25, 1, 24), 3)
    sums = np.zeros(1)
    for v in values:
        sums = np.concatenate([sums - v, sums + v])
    p = np.count_nonzero(np.abs(sums) >= abs(values.sum()) - 1e-9) / len(sums)
    cases.append({"differences": values, "p": p})
    return cases


def families():
    rng = np.random.default_rng(2)
    lists = [[0.04], [0.01, 0.04, 0.03, 0.005], [0.2, 0.2, 0.2], [0.0, 1.0, 0.5, 0.0], list(rng.uniform(0, 0.2, 40))]
    return [
        {"p": p, "holm": multipletests(p, method="holm")[1], "benjamini_hochberg": multipletests(p, method="fdr_bh")[1]}
        for p in lists
    ]


def document():
    return {
        "shares": shares(),
        "paired": paired(),
        "mcnemar": mcnemars(),
        "sign_flips": sign_flips(),
        "families": families(),
    }
