"""The race of one class against a softmax, solved without following it in time.

In the time tau with d tau = (1 - p) dt every neuron is an equation of its own,
d gamma / d tau = z sigma'(z gamma), with a solution: a power law up to beta, then a
line. So a trial is one root: the tau at which the logit reaches its target.
"""

import numpy as np

BETA, N_CLASSES, FINAL_LOSS = 0.2, 10, 0.01
TARGET = np.log(np.exp(-FINAL_LOSS) / -np.expm1(-FINAL_LOSS) * (N_CLASSES - 1))


def parts(start, sizes, q, tau):
    """Logit of each modality: start is trials x modalities x m, tau one per trial."""
    z = np.asarray(sizes)[None, :, None]
    tau = np.asarray(tau)[:, None, None]
    grows = start > 0
    gamma = np.where(grows, start, 1.0)
    rate = (q - 2) * z**q / BETA ** (q - 1)
    begin, end = gamma ** -(q - 2.0), (BETA / z) ** -(q - 2.0)
    burst = np.maximum(begin - end, 0) / rate
    power = np.maximum(begin - rate * np.minimum(tau, burst), 1e-300) ** (-1.0 / (q - 2))
    now = np.where(tau < burst, power, np.maximum(gamma, BETA / z) + z * (tau - burst))
    a = z * np.where(grows, now, 0.0)
    sigma = np.where(a <= BETA, a**q / (q * BETA ** (q - 1)), a - (1 - 1 / q) * BETA)
    return sigma.sum(axis=2)


def final_parts(start, sizes, q):
    """Logits when the loss is reached: 200 halvings of the bracket of tau, all trials at once."""
    low, high = np.zeros(len(start)), np.full(len(start), 1e12)
    for _ in range(200):
        middle = 0.5 * (low + high)
        below = parts(start, sizes, q, middle).sum(axis=1) < TARGET
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return parts(start, sizes, q, high)


def many(q, sizes, sigma0, n_trials, seed, m=10):
    rng = np.random.default_rng(seed)
    start = sigma0 * rng.standard_normal((n_trials, len(sizes), m))
    best = np.maximum(start.max(axis=2), 0)
    alive = best.max(axis=1) > 0
    final = final_parts(start[alive], sizes, q)
    winner = final.argmax(axis=1)
    predicted = (best[alive] * np.asarray(sizes) ** (q / (q - 2.0))).argmax(axis=1)
    share = final.max(axis=1) / final.sum(axis=1)
    return {
        "q": q, "sizes": sizes, "sigma0": sigma0, "m": m, "n_trials": n_trials,
        "wins": [int((winner == r).sum()) for r in range(len(sizes))],
        "predicted_right": int((winner == predicted).sum()), "dead": int((~alive).sum()),
        "median_share": float(np.median(share)),
    }


def document():
    rng = np.random.default_rng(11)
    exact = []
    for q, sizes in ((3, [1.0, 1.0]), (3, [1.25, 1.0, 1.1]), (4, [1.1, 1.0]), (6, [1.0, 1.02])):
        for _ in range(3):
            start = 3e-4 * rng.standard_normal((1, len(sizes), 5))
            exact.append({"q": q, "sizes": sizes, "start": start[0], "parts": final_parts(start, sizes, q)[0]})
    drawn = [many(q, [z, 1.0], 3e-4, 20_000, 10 * q + k) for q in (3, 4) for k, z in enumerate((1.0, 1.1, 1.25))]
    drawn.append(many(3, [1.1, 1.0, 1.05], 3e-4, 20_000, 7))
    drawn.append(many(3, [1.0, 1.0], 3e-4, 20_000, 8, m=1))
    return {"beta": BETA, "n_classes": N_CLASSES, "final_loss": FINAL_LOSS, "exact": exact, "drawn": drawn}
