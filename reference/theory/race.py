"""The race at initialisation, with mpmath: 30 digits, pieces between quantiles."""

import mpmath
from mpmath import mpf

mpmath.mp.dps = 30
SIZES = [1, 2, 4, 5, 10, 30, 50, 100, 200, 1000]
RATIOS = ["0.25", "0.5", "0.8", "1", "1.05", "1.1", "1.25", "1.5", "2", "5"]


def larger_maximum(m, ratio):
    f = lambda x: m * mpmath.npdf(x) * mpmath.ncdf(x) ** (m - 1) * mpmath.ncdf(ratio * x) ** m
    return mpmath.quad(f, [-12, -5, -2, -1, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 12])


def win(runners, r, margin):
    m, a = mpf(runners[r][0]), mpf(runners[r][1])

    def f(x):
        value = m * mpmath.npdf(x) * mpmath.ncdf(x) ** (m - 1)
        for s, (other_m, other_a) in enumerate(runners):
            if s != r:
                value *= mpmath.ncdf(x * a / (mpf(other_a) * (1 + mpf(margin)))) ** mpf(other_m)
        return value

    return mpmath.quad(f, [0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 12])


def document():
    maxima = [{"m": m, "ratio": float(r), "p": float(larger_maximum(m, mpf(r)))} for m in SIZES for r in RATIOS]
    pairs = [([[m, k], [m, "1"]], d) for m in (1, 2, 4, 10, 30, 100) for k in ("1", "1.1", "1.5", "2") for d in ("0", "0.1")]
    uneven = [
        ([[3, "1"], [7, "1"]], "0"), ([[3, "1"], [7, "1"]], "0.25"), ([[50, "0.7"], [2, "1.9"]], "0.05"),
        ([[4, "1"], [4, "1"], [4, "1"]], "0"), ([[4, "1"], [9, "1.2"], [20, "0.8"]], "0.1"),
        ([[1, "1"], [2, "2"], [3, "3"], [4, "4"], [5, "5"]], "0.02"),
    ]
    odds = []
    for runners, margin in pairs + uneven:
        p = [win(runners, r, margin) for r in range(len(runners))]
        nobody = mpf(2) ** -sum(m for m, _ in runners)
        odds.append({
            "runners": [[float(m), float(a)] for m, a in runners], "margin": float(margin),
            "win": [float(v) for v in p], "nobody": float(nobody), "undecided": float(1 - sum(p)),
        })
    # The slope in ln m by mpmath's differences in 30 digits.
    exponents = []
    for m, k in ((5, "1.25"), (20, "1.5"), (100, "1.1"), (100, "2")):
        slope = mpmath.diff(lambda t: mpmath.log(win([[m * mpmath.e**t, "1"], [m * mpmath.e**t, k]], 0, "0")), 0, h=mpf("1e-8"))
        exponents.append({"m": m, "times_stronger": float(k), "slope": float(slope)})
    return {"larger_maximum": maxima, "odds": odds, "local_exponents": exponents}
