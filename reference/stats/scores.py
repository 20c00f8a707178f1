"""Areas under ROC curves with DeLong's covariance by its definition (all pairs), balanced accuracy and
macro-F1 by scikit-learn, and the null band by flipping every sign in NumPy."""

import numpy as np
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score


def placements(scores, positive):
    """For every sample of a kind, the share of the other kind that it beats; ties count half."""
    x, y = scores[positive], scores[~positive]
    wins = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
    return wins.mean(1), wins.mean(0)


def delong(first, second, positive):
    a, b = placements(first, positive), placements(second, positive)
    m, n = positive.sum(), (~positive).sum()
    covariance = np.cov(a[0], b[0], ddof=1) / m + np.cov(a[1], b[1], ddof=1) / n
    return [a[0].mean(), b[0].mean()], covariance


def areas():
    rng = np.random.default_rng(11)
    cases = []
    for n, ties in [(20, False), (75, True), (300, True)]:
        positive = rng.random(n) < 0.4
        positive[:2] = [True, False]
        positive[2:4] = [True, False]
        first = rng.normal(size=n) + positive
        second = 0.6 * first + 0.8 * rng.normal(size=n) + 0.3 * positive
        if ties:
            first, second = np.round(first), np.round(2 * second) / 2
        values, covariance = delong(first, second, positive)
        assert np.allclose(values, [roc_auc_score(positive, first), roc_auc_score(positive, second)], atol=1e-13)
        cases.append(
            {"first": first, "second": second, "positive": positive.astype(int), "areas": values, "covariance": covariance}
        )
    return cases


def labels():
    rng = np.random.default_rng(12)
    cases = []
    for n, k, accuracy in [(30, 2, 0.7), (200, 5, 0.5), (500, 12, 0.8)]:
        weights = rng.dirichlet(np.full(k, 1.0))
        truth = rng.choice(k, n, p=weights)
        given = np.where(rng.random(n) < accuracy, truth, rng.integers(0, k, n))
        scores = rng.normal(size=(n, k))
        scores[np.arange(n), given] += 4.0
        given = scores.argmax(1)
        case = {"labels": truth, "given": given, "scores": scores}
        case["balanced_accuracy"] = balanced_accuracy_score(truth, given)
        case["macro_f1"] = f1_score(truth, given, average="macro")
        p = np.exp(scores - scores.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        if len(np.unique(truth)) == k:
            case["auc"] = roc_auc_score(truth, p[:, 1]) if k == 2 else roc_auc_score(truth, p, multi_class="ovr")
        cases.append(case)
    return cases


def bands():
    """Means over 200,000 random flips of the differences of some classes, sorted, with standard errors."""
    rng = np.random.default_rng(13)
    sizes = [40, 25, 60, 12, 33, 50]
    differences = [rng.choice([-1.0, -0.5, 0.0, 0.0, 0.0, 0.5, 1.0], size) for size in sizes]
    flips = 200_000
    changes = np.empty((flips, len(sizes)))
    for c, (size, d) in enumerate(zip(sizes, differences)):
        d = d[d != 0.0]
        changes[:, c] = rng.choice([-1.0, 1.0], (flips, len(d))) @ d / size
    changes.sort(1)
    top = 2
    worst = changes[:, :top].mean(1)
    observed = np.sort([d.sum() / size for size, d in zip(sizes, differences)])[:top].mean()
    return {
        "sizes": sizes,
        "differences": [d[d != 0.0] for d in differences],
        "top": top,
        "flips": flips,
        "ranks": changes.mean(0),
        "worst": worst.mean(),
        "worst_sd": worst.std(),
        "worst_ends": np.quantile(worst, [0.025, 0.975]),
        "p_worst": (worst <= observed + 1e-12).mean(),
    }


def document():
    return {"areas": areas(), "labels": labels(), "band": bands()}
