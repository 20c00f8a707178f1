"""Decompositions and information of tables, and Shapley values."""

import itertools
import math

import numpy as np
from scipy.optimize import minimize


def information(p):
    """Bits between axis 0 and the rest."""
    p = p.reshape(p.shape[0], -1)
    product = p.sum(1, keepdims=True) * p.sum(0, keepdims=True)
    some = p > 0
    return float((p[some] * np.log2(p[some] / product[some])).sum())


def least_information(p):
    """The least I_Q(Y; X1, X2) with the marginals (y, x1) and (y, x2) of p."""
    k, n1, n2 = p.shape
    rows, columns = p.sum(2), p.sum(1)
    constraints, wanted = [], []
    for y in range(k):
        for a in range(n1):
            m = np.zeros(p.shape)
            m[y, a, :] = 1
            constraints.append(m.ravel()), wanted.append(rows[y, a])
        for b in range(n2):
            m = np.zeros(p.shape)
            m[y, :, b] = 1
            constraints.append(m.ravel()), wanted.append(columns[y, b])
    matrix, wanted = np.array(constraints), np.array(wanted)
    # Independent rows only: the solver wants full rank.
    keep, rank = [], 0
    for i in range(len(matrix)):
        if np.linalg.matrix_rank(matrix[keep + [i]]) > rank:
            keep.append(i)
            rank += 1
    matrix, wanted = matrix[keep], wanted[keep]

    def value(q):
        return information(np.maximum(q, 0).reshape(p.shape))

    def gradient(q):
        q = np.maximum(q, 1e-14).reshape(p.shape)
        return np.log2(q / q.sum(0, keepdims=True) / q.sum((1, 2), keepdims=True)).ravel()

    best = math.inf
    start = rows[:, :, None] * columns[:, None, :] / rows.sum(1)[:, None, None]
    for mix in (0.0, 0.3, 0.7):
        first = ((1 - mix) * start + mix * p).ravel()
        found = minimize(
            value, first, jac=gradient, method="SLSQP", bounds=[(0, None)] * p.size,
            constraints={"type": "eq", "fun": lambda q: matrix @ q - wanted, "jac": lambda q: matrix},
            options={"ftol": 1e-14, "maxiter": 5000},
        )
        off = np.abs(matrix @ found.x - wanted).max()
        if off < 1e-9:
            best = min(best, value(found.x))
    assert math.isfinite(best)
    return best


def pid(rng, sizes, power):
    n1, n2, k = sizes
    p = rng.random((k, n1, n2)) ** power
    p /= p.sum()
    i1, i2, both = information(p.sum(2)), information(p.sum(1)), information(p)
    least = least_information(p)
    return {
        "sizes": [n1, n2, k], "p": p.ravel(),
        "redundant": i1 + i2 - least, "unique": [least - i2, least - i1], "synergy": both - least,
        "information": [i1, i2, both],
    }


def entropy(counts):
    counts = np.asarray(counts, float)
    counts = counts[counts > 0]
    p = counts / counts.sum()
    return float(-(p * np.log2(p)).sum()), len(counts)


def counted(rng, n, sizes):
    """Plug-in and Miller-Madow information of samples."""
    n1, n2, k = sizes
    y = rng.integers(0, k, n)
    a = np.where(rng.random(n) < 0.6, y % n1, rng.integers(0, n1, n))
    b = np.where(rng.random(n) < 0.4, y % n2, rng.integers(0, n2, n))

    def both(symbols):
        h = [entropy(np.unique(v, return_counts=True)[1]) for v in (symbols, y, symbols * k + y)]
        corrected = [value + (cells - 1) / (2 * n * math.log(2)) for value, cells in h]
        plain = h[0][0] + h[1][0] - h[2][0]
        return plain, corrected[0] + corrected[1] - corrected[2]

    found = [both(a), both(b), both(a * n2 + b)]
    return {
        "sizes": [n1, n2, k], "first": a, "second": b, "labels": y,
        "plain": [f[0] for f in found], "corrected": [f[1] for f in found],
    }


def shapley(rng, n):
    """Mean over all orders of what each player adds when it comes."""
    v = rng.random(1 << n)
    phi = np.zeros(n)
    for order in itertools.permutations(range(n)):
        here = 0
        for player in order:
            phi[player] += v[here | 1 << player] - v[here]
            here |= 1 << player
    return {"v": v, "phi": phi / math.factorial(n)}


def document():
    rng = np.random.default_rng(11)
    return {
        "pid": [pid(rng, sizes, power) for sizes, power in [((2, 2, 2), 1), ((2, 3, 2), 2), ((3, 3, 3), 1), ((4, 3, 3), 3)]],
        "information": [counted(rng, n, sizes) for n, sizes in [(40, (3, 4, 2)), (300, (5, 5, 5))]],
        "shapley": [shapley(rng, n) for n in (1, 2, 3, 5)],
    }
