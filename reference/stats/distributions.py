"""Beta, binomial and Student t by SciPy; Student's distribution function by
mpmath with 40 digits, because SciPy's is off by 3e-11 at df = 1, t = 1e-6."""

import mpmath
from scipy import special, stats

SIZES = [(1, 0.5), (7, 0.01), (20, 0.5), (50, 0.93), (400, 0.98), (5_000, 0.3), (100_000, 0.5), (100_000, 0.0007)]
SHAPES = [(0.5, 0.5), (1, 1), (2, 30), (30, 2), (0.5, 40), (17.5, 0.5), (400, 600), (1e4, 3), (5e4, 5e4), (1, 1e6)]
FREEDOMS = [1, 1.7, 2, 3, 4.25, 9, 24, 99, 1234.5, 9.9e4, 1.1e5, 1e9]


def student_cdf(t, df):
    with mpmath.workdps(40):
        x = df / (df + mpmath.mpf(t) ** 2)
        tail = mpmath.betainc(mpmath.mpf(df) / 2, mpmath.mpf(1) / 2, 0, x, regularized=True) / 2
        return float(tail if t < 0 else 1 - tail)


def document():
    binomial = []
    for n, p in SIZES:
        mean, sd = n * p, (n * p * (1 - p)) ** 0.5
        for k in sorted({0, n, *(min(n, max(0, round(mean + z * sd))) for z in (-6, -2, -0.5, 0, 1, 4))}):
            pmf, cdf = stats.binom.pmf(k, n, p), stats.binom.cdf(k, n, p)
            if pmf > 1e-280:
                binomial.append({"k": k, "n": n, "p": p, "pmf": pmf, "cdf": cdf})
    beta, quantiles = [], []
    for a, b in SHAPES:
        for p in (1e-9, 0.005, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999):
            x = special.betaincinv(a, b, p)
            quantiles.append({"a": a, "b": b, "p": p, "x": x})
            beta.append({"a": a, "b": b, "x": x, "p": special.betainc(a, b, x)})
    student, student_quantiles = [], []
    for df in FREEDOMS:
        for t in (0.0, 1e-6, 0.01, 0.7, 1.96, 3.5, 12.0, 60.0):
            for sign in (-1, 1):
                student.append({"df": df, "t": sign * t, "p": student_cdf(sign * t, df)})
        for p in (1e-12, 1e-4, 0.005, 0.025, 0.2, 0.4999, 0.5, 0.8, 0.975, 0.9995):
            student_quantiles.append({"df": df, "p": p, "t": stats.t.ppf(p, df)})
    return {
        "binomial": binomial,
        "beta": beta,
        "beta_quantiles": quantiles,
        "student": student,
        "student_quantiles": student_quantiles,
    }
