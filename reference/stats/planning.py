"""Power of McNemar's test: the normal approximation by its formula, the exact
test by summing over all outcomes, the detectable difference by root finding."""

import numpy as np
from scipy import optimize, stats


def approximate(n, difference, discordance, alpha):
    z = stats.norm.ppf(1 - alpha / 2)
    spread = np.sqrt(discordance - difference**2)
    return stats.norm.cdf((abs(difference) * np.sqrt(n) - z * np.sqrt(discordance)) / spread)


def samples(difference, discordance, alpha, power):
    z_alpha, z_power = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)
    root = z_alpha * np.sqrt(discordance) + z_power * np.sqrt(discordance - difference**2)
    return int(np.ceil(root**2 / difference**2))


def exact(n, difference, discordance, alpha):
    """The sum over every pair of discordant counts at which the exact test rejects."""
    up, down = (discordance + difference) / 2, (discordance - difference) / 2
    total = 0.0
    for d in range(n + 1):
        weight = stats.binom.pmf(d, n, discordance)
        if weight < 1e-16:
            continue
        b = np.arange(d + 1)
        p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(b, d - b), d, 0.5))
        total += weight * stats.binom.pmf(b[p <= alpha], d, up / (up + down)).sum()
    return total


def document():
    grid = [(n, d, s) for n in (50, 400, 2_000) for s in (0.05, 0.2) for d in (0.0, 0.012, 0.045)]
    powers = [
        {"n": n, "difference": d, "discordance": s, "alpha": a, "approximate": approximate(n, d, s, a), "exact": exact(n, d, s, a)}
        for n, d, s in grid
        for a in (0.05, 0.01)
    ]
    plans = [
        {"difference": d, "discordance": s, "power": p, "samples": samples(d, s, 0.05, p)}
        for d in (0.012, 0.03)
        for s in (0.05, 0.1, 0.2)
        for p in (0.5, 0.8, 0.95)
    ]
    detectable = []
    for n in (100, 400, 10_000):
        for s in (0.05, 0.2):
            # Not even a difference as large as the discordance is seen often enough in the smallest case.
            if approximate(n, s, s, 0.05) < 0.8:
                detectable.append({"n": n, "discordance": s, "difference": None})
                continue
            d = optimize.brentq(lambda d: approximate(n, d, s, 0.05) - 0.8, 0, s, xtol=1e-15, rtol=1e-14)
            detectable.append({"n": n, "discordance": s, "difference": d})
    over_seeds = []
    for n, s, sd, k in [(400, 0.1, 0.01, 10), (400, 0.1, 0.01, 3), (40, 0.3, 0.05, 5), (2_000, 0.05, 0.0, 5)]:
        part = sd**2 / k
        total = s / n + part
        df = (k - 1) * (total / part) ** 2 if part else np.inf
        d = (stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * np.sqrt(total)
        over_seeds.append({"n": n, "discordance": s, "seed_sd": sd, "n_seeds": k, "difference": d})
    return {"powers": powers, "plans": plans, "detectable": detectable, "over_seeds": over_seeds}
