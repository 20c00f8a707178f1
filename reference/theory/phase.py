"""The uni-modal phase of deep linear networks: the law by SciPy's quadrature and NumPy's
linear algebra, times by SciPy's DOP853 with events, least squares by NumPy's lstsq."""

import numpy as np
from scipy import integrate

TOYS = [(0.1, 2, 0), (0.1, 2, 0.5), (0.1, 1.5, 0), (0.05, 2, 0), (0.05, 2, 0.5), (0.05, 1.5, 0), (0.01, 3, 0.3), (0.2, 1.2, -0.4)]
SOLVE = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-14}


def law(g, rho, depth, fusion, u0):
    if fusion == 1:
        return 1.0
    if fusion == depth:
        return 1 + (g * g - 1) / (1 - rho * rho)
    wa, wb = g * g + rho * g, 1 + rho * g
    k, p = wb / wa, 2 - fusion
    other = (lambda u: u**k * u0 ** (1 - k)) if p == 0 else (lambda u: (k * u**p + (1 - k) * u0**p) ** (1 / p))
    f = lambda u: 1 / (wa * u ** (fusion - 1) * (u * u + other(u) ** 2) ** ((depth - fusion) / 2))
    duration = integrate.quad(f, u0, 1, epsabs=0, epsrel=1e-13, limit=500)[0]
    wait = (1 - k) * (1 + rho / g) ** (fusion / depth - 1) / (1 - rho * rho)
    return 1 + wait * (np.log(1 / u0) if p == 0 else u0**p / (fusion - 2)) / duration


def first_crossings(f, start, heights, end):
    """Times at which the heights become positive, the last of them last."""
    events = []
    for h in heights:
        event = lambda t, u, h=h: h(u)
        event.direction = 1
        events.append(event)
    events[-1].terminal = True
    way = integrate.solve_ivp(f, (0, end), start, events=events, **SOLVE)
    return [float(t[0]) for t in way.t_events]


def reduced(g, rho, depth, fusion, u0):
    weights = lambda u: u**fusion * (u @ u) ** ((depth - fusion) / 2)
    cov = np.array([[g * g, rho * g], [rho * g, 1.0]])
    f = lambda t, u: u ** (fusion - 1) * (u @ u) ** ((depth - fusion) / 2) * (cov @ (1 - weights(u)))
    heights = [lambda u: weights(u)[0] - 0.5 * (1 + rho / g), lambda u: weights(u)[1] - 0.5]
    end = 60 * np.log(1 / u0) if depth == 2 else 100 * u0 ** (2.0 - depth)
    return first_crossings(f, np.array([u0, u0]), heights, end)


def moments(seed, n_a, n_b, n_out):
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((n_a + n_b, 3 * (n_a + n_b)))
    both = mix @ mix.T / mix.shape[1]
    drive = rng.standard_normal((n_out, n_a + n_b)) @ both
    return both, drive


def of_moments(seed, n_a, n_b, n_out):
    both, drive = moments(seed, n_a, n_b, n_out)
    blocks = {"a": both[:n_a, :n_a], "b": both[n_a:, n_a:], "ab": both[:n_a, n_a:], "ya": drive[:, :n_a], "yb": drive[:, n_a:]}
    size = lambda m: np.linalg.svd(m, compute_uv=False)[0]
    a_first = size(blocks["ya"]) >= size(blocks["yb"])
    first, second = ("a", "b") if a_first else ("b", "a")
    cross = blocks["ab"] if a_first else blocks["ab"].T
    plateau = blocks["y" + first] @ np.linalg.inv(blocks[first])
    left = size(blocks["y" + second] - plateau @ cross)
    drives = [size(blocks["y" + first]), size(blocks["y" + second])]
    final = drive @ np.linalg.inv(both)
    # A scalar that must turn round has grown in the wrong direction so far.
    rest = blocks["y" + second] - plateau @ cross
    head_start = -drives[1] if rest.size == 1 and rest.item() * blocks["y" + second].item() < 0 else drives[1]
    return {**blocks, "a_is_first": bool(a_first), "drives": drives, "left": left, "time_ratio": 1 + (drives[0] - head_start) / left,
            "plateau": plateau, "final_a": final[:, :n_a], "final_b": final[:, n_a:]}


def flow(case, seed, width=4, u0=0.05):
    """The two-layer network on the moments of a case, from given weights."""
    first, second = ("a", "b") if case["a_is_first"] else ("b", "a")
    cross = case["ab"] if case["a_is_first"] else case["ab"].T
    sigma = np.block([[case[first], cross], [cross.T, case[second]]])
    drive = np.hstack([case["y" + first], case["y" + second]])
    d, n_out = [len(case[first]), len(case[second])], len(drive)
    start = u0 / np.sqrt(width) * np.random.default_rng(seed).standard_normal(width * (sum(d) + 2 * n_out))

    def layers(w):
        out, at = [], 0
        for n in d:
            out.append((w[at:at + width * n].reshape(width, n), w[at + width * n:at + width * (n + n_out)].reshape(n_out, width)))
            at += width * (n + n_out)
        return out

    def f(_, w):
        pairs = layers(w)
        gradient = drive - np.hstack([w2 @ w1 for w1, w2 in pairs]) @ sigma
        slopes, at = [], 0
        for (w1, w2), n in zip(pairs, d):
            g = gradient[:, at:at + n]
            slopes += [(w2.T @ g).ravel(), (g @ w1.T).ravel()]
            at += n
        return np.concatenate(slopes)

    goals = [case["plateau"], case["final_" + second]]
    along = lambda w, r: (layers(w)[r][1] @ layers(w)[r][0] * goals[r]).sum() / (goals[r] ** 2).sum() - 0.5
    times = first_crossings(f, start, [lambda w: along(w, 0), lambda w: along(w, 1)], 400.0)
    return {"width": width, "start": start, "times": times}


def of_data(seed, n, dims, n_classes):
    """Order and waits on samples: features standardised, labels one-hot and centred."""
    rng = np.random.default_rng(seed)
    y = rng.integers(n_classes, size=n)
    y[:n_classes] = np.arange(n_classes)
    xs = []
    for r, d in enumerate(dims):
        x = rng.standard_normal((n, d))
        x[:, 0] += (1.2 - 0.3 * r) * y
        if d > 2:
            x[:, 1] -= 0.5 * (y == 1)
            x[:, 2] = x[:, 0] + x[:, 1]
        xs.append(np.round(x, 3))
    std = [(x - x.mean(0)) / x.std(0) for x in xs]
    one = np.eye(n_classes)[y]
    one -= one.mean(0)
    size = lambda x, e: np.linalg.svd(e.T @ x, compute_uv=False)[0] / n
    rest = lambda *x: one - np.hstack(x) @ np.linalg.lstsq(np.hstack(x), one, rcond=1e-8)[0]
    drives = [size(x, one) for x in std]
    pairs = []
    for a in range(len(dims)):
        for b in range(a + 1, len(dims)):
            first, second = (a, b) if drives[a] >= drives[b] else (b, a)
            e = rest(std[first])
            left = size(std[second], e)
            share = lambda e: 1 - (e**2).sum() / (one**2).sum()
            pairs.append({"first": first, "second": second, "time_ratio": 1 + (drives[first] - drives[second]) / left,
                          "left": left / drives[second], "explained_by_first": share(e), "explained_by_both": share(rest(std[a], std[b]))})
    learned, times, grown = [int(np.argmax(drives))], [1.0], np.array(drives) / max(drives)
    while len(learned) < len(dims):
        e = rest(*(std[r] for r in learned))
        waits = {r: (1 - grown[r]) / (size(std[r], e) / max(drives)) for r in range(len(dims)) if r not in learned}
        nxt = min(waits, key=waits.get)
        for r in waits:
            grown[r] += waits[nxt] * size(std[r], e) / max(drives)
        learned.append(nxt)
        times.append(times[-1] + waits[nxt])
    return {"features": xs, "labels": y, "drives": drives, "pairs": pairs, "order": learned, "times": times}


def document():
    deep = []
    for u0, g, rho in TOYS:
        # Six layers wait for more steps than an explicit solver should take unless u_0 is large.
        for depth, fusion in ((4, 1), (4, 2), (4, 3), (4, 4), (2, 2), (3, 2)) + (((6, 5),) if u0 >= 0.1 else ()):
            case = {"u0": u0, "g": g, "rho": rho, "depth": depth, "fusion": fusion, "law": law(g, rho, depth, fusion, u0)}
            deep.append(case | {"times": reduced(g, rho, depth, fusion, u0)} if fusion > 1 else case)
    shapes = ((1, 3, 2, 1), (2, 2, 4, 1), (3, 1, 1, 1), (4, 3, 3, 2))
    matrices = [of_moments(*shape) for shape in shapes]
    for seed, case in enumerate(matrices):
        case["flow"] = flow(case, seed)
    return {"deep": deep, "moments": matrices, "data": [of_data(1, 40, [3, 2], 2), of_data(2, 50, [4, 3, 2], 3)]}
