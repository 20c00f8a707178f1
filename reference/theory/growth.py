"""Growth of one alignment: strengths in the data, the comparison lemma, the effect of
noise. Integrals by Gauss-Legendre, differential equations by SciPy, not the closed forms."""

import numpy as np
from scipy import integrate

LAWS = [
    {"n_classes": 10, "label": [1.0, 1.4], "mu": 0.05, "gamma": 0.1, "rho": 0.5, "off_label_count": 2.0, "off_label": [0.2, 0.4]},
    {"n_classes": 4, "label": [0.8, 0.8], "mu": 0.3, "gamma": 0.03, "rho": 0.9, "off_label_count": 1.0, "off_label": [0.05, 0.6]},
]


def nodes(low, high, n):
    x, w = np.polynomial.legendre.leggauss(n)
    return 0.5 * (high + low) + 0.5 * (high - low) * x, 0.5 * (high - low) * w


def mean(ends, f):
    """E f(z) for z uniform on the ends."""
    low, high = ends
    if low == high:
        return f(np.array([low]))[0]
    z, w = nodes(low, high, 30)
    return w @ f(z) / (high - low)


def rate(law, q, beta, h):
    """The gradient of the mean loss at equal logits along one class's feature, for a
    neuron whose input given its class's coordinate z has E[(input^+)^(q-1)] = h(z):
    the sum over what a sample can be of its probability times residual z h(z) / beta^(q-1)."""
    k, mu = law["n_classes"], law["mu"]
    pull = lambda z: z * h(z)
    total = (1 / k) * (1 - 1 / k) * ((1 - mu) * mean(law["label"], pull) + mu * pull(np.array([law["gamma"]]))[0])
    other = 1 - 1 / k
    chosen = mu / (k - 1)
    total -= other * (1 / k) * chosen * pull(np.array([law["rho"]]))[0]
    total -= other * (1 / k) * (1 - chosen) * (law["off_label_count"] / k) * mean(law["off_label"], pull)
    return total / beta ** (q - 1)


UNIT = np.polynomial.legendre.leggauss(100)


def positive_moment(a, spread, k):
    """E[((a + v)^+)^k], v normal: Gauss-Legendre from where the bracket is zero; a is an array."""
    zero = -a / spread
    low, high = np.maximum(zero, -14), np.maximum(zero, 0) + 14
    half = 0.5 * (high - low)[:, None]
    t = 0.5 * (high + low)[:, None] + half * UNIT[0]
    return (half * UNIT[1] * (a[:, None] + spread * t) ** k * np.exp(-0.5 * t * t)).sum(axis=1) / np.sqrt(2 * np.pi)


def strengths():
    cases = []
    for law in LAWS:
        for q in (3, 4, 6):
            moment = mean(law["label"], lambda z: z**q)
            k, mu, beta = law["n_classes"], law["mu"], 0.3
            cases.append({
                "law": law, "q": q, "beta": beta, "sufficient": (1 - mu) * moment / k,
                "all": ((1 - mu) * moment + mu * law["gamma"] ** q) / k,
                "early_rate": rate(law, q, beta, lambda z: z ** (q - 1)),
            })
    return cases


def noisy():
    cases = []
    for law in LAWS:
        for q in (3, 5):
            for spread in (1e-3, 4e-3):
                speed = lambda g: rate(law, q, 0.3, lambda z: positive_moment(z * g, spread, q - 1))
                rates = [[g, speed(g)] for g in (-2e-3, 0.0, 1e-3, 2e-2)]
                # Growth up to far above the spread, and the power law from there on.
                g0, far = 1e-3, 300 * spread
                growing = lambda t, g: [speed(g[0])]
                reached = lambda t, g: g[0] - far
                reached.terminal = True
                way = integrate.solve_ivp(growing, (0, 1e13), [g0], method="DOP853", rtol=1e-9, atol=1e-14, events=reached)
                tail = 1 / ((q - 2) * rate(law, q, 0.3, lambda z: z ** (q - 1)) * far ** (q - 2))
                cases.append({"law": law, "q": q, "beta": 0.3, "spread": spread, "rates": rates,
                              "from": g0, "to": far, "time": way.t_events[0][0], "tail": tail})
    return cases


def comparison():
    cases = []
    for q in (3, 4, 6):
        # At an advantage of exactly 1 the loser blows up too, and no solver keeps its digits.
        for advantage in (1.005, 1.02, 1.1, 1.3):
            for strength in (0.5, 1.0, 2.0):
                y0, target = 1e-2, 1.0
                x0 = advantage * y0 * strength ** (1 / (q - 2))
                # In the time s = ln x: dy/dx = S (y/x)^(q-1).
                f = lambda s, y: strength * (y / np.exp(s)) ** (q - 1) * np.exp(s)
                way = integrate.solve_ivp(f, (np.log(x0), np.log(target)), [y0], method="DOP853", rtol=1e-12, atol=0)
                cases.append({"q": q, "advantage": advantage, "strength": strength, "y0": y0, "target": target, "loser": way.y[0][-1]})
    return cases


def recursion():
    """x grows by 1 % in every step; y_T / y_0 when x passes 1 from y_0 = 1e-4."""
    cases = []
    for q in (3, 4):
        for strength in (1.0, 2.0):
            for advantage in (1.0, 1.02, 1.1, 1.3):
                y, n = 1e-4, 0
                x = advantage * y * strength ** (1 / (q - 2))
                while x < 1:
                    eta = 0.01 / x ** (q - 2)
                    x, y, n = x + eta * x ** (q - 1), y + eta * strength * y ** (q - 1), n + 1
                cases.append({"q": q, "strength": strength, "advantage": advantage, "share": 0.01, "ratio": y / 1e-4, "steps": n})
    return cases


def document():
    return {"strengths": strengths(), "noisy": noisy(), "comparison": comparison(), "recursion": recursion()}
