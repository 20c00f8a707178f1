"""Bootstrap intervals, by SciPy where it has them, and the two-way layout of
seeds and samples, from mean squares.

Monte-Carlo ends come with their standard error over independent repetitions.
"""

import numpy as np
from scipy import stats

RUNS, REPLICATES = 12, 20_000


def summary(ends):
    ends = np.array(ends)
    return {"ends": ends.mean(0), "standard_errors": ends.std(0, ddof=1) / len(ends) ** 0.5}


def scipy_ends(samples, statistic, method, paired=False):
    def one(seed):
        ci = stats.bootstrap(
            samples, statistic, method=method, n_resamples=REPLICATES, paired=paired, vectorized=False, rng=seed
        ).confidence_interval
        return ci.low, ci.high

    return summary([one(seed) for seed in range(RUNS)])


def general():
    rng = np.random.default_rng(3)
    skewed = np.round(rng.exponential(1, 30), 4)
    x = np.round(rng.normal(size=25), 4)
    y = np.round(0.7 * x + rng.normal(size=25), 4)
    right = (rng.uniform(size=60) < 0.8).astype(float)
    first, second = np.round(rng.exponential(1, 12), 4), np.round(rng.normal(3, 1, 20), 4)
    cases = []
    for method in ("percentile", "bca"):
        # SciPy reads quantiles by (B - 1) p, which at these B is far inside the Monte-Carlo error.
        cases.append({"statistic": "mean", "method": method, "x": skewed} | scipy_ends((skewed,), np.mean, method))
        cases.append({"statistic": "mean", "method": method, "x": right} | scipy_ends((right,), np.mean, method))
        correlation = scipy_ends((x, y), lambda a, b: np.corrcoef(a, b)[0, 1], method, paired=True)
        cases.append({"statistic": "correlation", "method": method, "x": x, "y": y} | correlation)
        # Two samples resampled apart are two strata: a mean over all of a log of each stratum's mean.
        both = scipy_ends((first, second), lambda a, b: np.log(a.mean()) + np.log(b.mean()), method)
        cases.append({"statistic": "strata", "method": method, "x": first, "y": second} | both)
    return cases


def grouped():
    """Groups resampled as wholes: the mean over all samples of the drawn groups."""
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(15), rng.integers(1, 9, 15))
    values = np.round(rng.normal(size=15)[groups] + 0.5 * rng.normal(size=len(groups)), 4)
    totals, sizes = np.bincount(groups, values), np.bincount(groups)

    def one(seed):
        drawn = np.random.default_rng(seed).integers(0, 15, (REPLICATES, 15))
        return np.quantile(totals[drawn].sum(1) / sizes[drawn].sum(1), [0.025, 0.975])

    return {"groups": groups, "values": values} | summary([one(seed) for seed in range(RUNS)])


def two_way(values, groups):
    """Variance of the mean over seeds and groups of samples, and its degrees of freedom, from mean squares of the
    table of (sum over a group's samples of value - mean) / (samples per group)."""
    n_seeds, n = values.shape
    n_units = groups.max() + 1
    mean = values.mean()
    indicator = np.zeros((n, n_units))
    indicator[np.arange(n), groups] = n_units / n
    # Deviations from each seed's own mean, so that what is between seeds stays out of the table.
    row_means = values.mean(1, keepdims=True)
    table = (values - row_means) @ indicator + row_means - mean
    rows, cols = table.mean(1), table.mean(0)
    ms_rows = n_units * (rows**2).sum() / max(n_seeds - 1, 1)
    ms_cols = n_seeds * (cols**2).sum() / max(n_units - 1, 1)
    rest = table - rows[:, None] - cols[None, :]
    ms_rest = (rest**2).sum() / max((n_seeds - 1) * (n_units - 1), 1)
    cells = n_seeds * n_units
    a, b, r = ms_rows / cells, ms_cols / cells, ms_rest / cells
    variance = max(a, r) + max(b, r) - r
    df_a, df_b = n_seeds - 1, n_units - 1
    if n_seeds == 1:
        return variance, df_b
    df = variance**2 / (a**2 / df_a + b**2 / df_b + r**2 / (df_a * df_b))
    return variance, max(df, min(df_a, df_b))


def effective_wilson(share, n, level):
    """Wilson's interval by its quadratic, for any real n."""
    z2 = stats.norm.ppf((1 - level) / 2) ** 2
    # (p - share)^2 = z^2 p (1 - p) / n
    return np.sort(np.roots([1 + z2 / n, -2 * share - z2 / n, share**2]).real)


def crossed_ends(values, groups, level):
    """The interval of the mean over seeds and groups, by a Monte Carlo written from its description."""
    variance, df = two_way(values, groups)
    n_seeds = len(values)
    mean = values.mean()
    row_deviations = values.mean(1) - mean
    over_seeds = values.mean(0) - mean
    totals, sizes = np.bincount(groups, over_seeds), np.bincount(groups)
    n_units = len(sizes)

    def one(seed):
        rng = np.random.default_rng(seed)
        from_rows = row_deviations[rng.integers(0, n_seeds, (REPLICATES, n_seeds))].mean(1) if n_seeds > 1 else 0
        drawn = rng.integers(0, n_units, (REPLICATES, n_units))
        from_units = totals[drawn].sum(1) / sizes[drawn].sum(1)
        rows = from_rows * (n_seeds / max(n_seeds - 1, 1)) ** 0.5
        deviations = rows + from_units * (n_units / (n_units - 1)) ** 0.5
        part_rows = (row_deviations**2).sum() / max(n_seeds * (n_seeds - 1), 1)
        part_units = n_units / (n_units - 1) * (totals**2).sum() / values.shape[1] ** 2
        deviations *= (variance / (part_rows + part_units)) ** 0.5
        deviations *= (df / rng.chisquare(df, REPLICATES)) ** 0.5
        tail = (1 - level) / 2
        return mean + np.quantile(deviations, [tail, 1 - tail])

    return summary([one(seed) for seed in range(RUNS)])


def crossed():
    rng = np.random.default_rng(5)
    cases = []
    for n_seeds, n, n_groups in [(1, 40, None), (3, 40, None), (10, 60, None), (5, 80, 20), (2, 30, None)]:
        ability = rng.normal(size=n) + 1.2
        logits = ability + 0.3 * rng.normal(size=(n_seeds, 1)) + 0.7 * rng.normal(size=(n_seeds, n))
        right = (logits > 0).astype(float)
        groups = rng.permutation(np.arange(n) % n_groups) if n_groups else np.arange(n)
        variance, df = two_way(right, groups)
        case = {"values": right, "groups": groups if n_groups else None, "variance": variance, "df": float(df)}
        for level in (0.9, 0.95):
            tail = (1 - level) / 2
            share = right.mean()
            effective = min(share * (1 - share) / variance * (stats.norm.ppf(tail) / stats.t.ppf(tail, df)) ** 2, n)
            ends = effective_wilson(share, effective, level)
            shares = {"effective": effective, "share": ends}
            cases.append(case | {"level": level} | shares | crossed_ends(right, groups, level))
    return cases


def document():
    return {"general": general(), "grouped": grouped(), "crossed": crossed()}
