"""What is read off logits and embeddings."""

import numpy as np
from scipy.special import softmax
from scipy.stats import rankdata
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics.cluster import contingency_matrix


def meters(rng, m, n, k):
    z = rng.normal(size=(m, n, k)) * np.array([3.0, 1.0, 0.5])[:m, None, None]
    y = rng.integers(0, k, n)
    z[0, np.arange(n), y] += 2
    one_hot = np.eye(k)[y]

    def residual(logits):
        return np.linalg.norm(softmax(logits, axis=1) - one_hot, axis=1)

    joint, own = residual(z.sum(0)), np.array([residual(s) for s in z])
    a = np.array([softmax(s, axis=1)[np.arange(n), y].mean() for s in z])
    return {
        "logits": z, "labels": y,
        "residual_ratio": joint.mean() / own.mean(1),
        "class_residual_ratio": [[joint[y == c].mean() / o[y == c].mean() for c in range(k)] for o in own],
        "confidence": a,
        "discrepancy_ratio": [np.mean([a[r] / a[q] for q in range(m) if q != r]) for r in range(m)],
        "centred": z - z.mean(1, keepdims=True) + z.mean(1).mean(0),
    }


def calibration(rng, n, k, n_bins, digits):
    """`digits` rounds the probabilities, so that there are ties."""
    p = softmax(rng.normal(size=(n, k)) * 2, axis=1)
    if digits is not None:
        p = np.round(p, digits)
    y = np.where(rng.random(n) < 0.5, p.argmax(1), rng.integers(0, k, n))
    own = p[np.arange(n), y]
    right = (np.where(np.eye(k)[y] == 1, -np.inf, p) < own[:, None]).all(1).astype(float)
    confidence = p.max(1)

    def bins(values):
        return np.minimum(((rankdata(values) - 0.5) * n_bins / len(values)).astype(int), n_bins - 1)

    def ece(values, hits):
        b = bins(values)
        return sum((b == i).sum() / n * abs(hits[b == i].mean() - values[b == i].mean()) for i in np.unique(b))

    b = bins(confidence)
    squared, used = 0.0, 0
    for i in np.unique(b):
        size = (b == i).sum()
        if size > 1:
            hit, mean = right[b == i].mean(), confidence[b == i].mean()
            squared += size * ((hit - mean) ** 2 - hit * (1 - hit) / (size - 1))
            used += size
    return {
        "n_bins": n_bins, "probabilities": p, "labels": y, "confidence": confidence, "right": right,
        "bins": b, "ece": ece(confidence, right),
        "classwise_ece": np.mean([ece(p[:, c], (y == c).astype(float)) for c in range(k)]),
        "debiased": max(squared / max(used, 1), 0) ** 0.5,
    }


def emap(rng, sizes, k):
    """The additive table nearest to the scores: least squares on one indicator per input of a modality."""
    scores = rng.normal(size=(*sizes, k))
    grid = np.indices(sizes).reshape(len(sizes), -1)
    design = np.concatenate([np.eye(size)[grid[r]] for r, size in enumerate(sizes)], axis=1)
    flat = scores.reshape(-1, k)
    fit = design @ np.linalg.lstsq(design, flat, rcond=None)[0]
    return {"sizes": sizes, "n_classes": k, "scores": scores.ravel(), "additive": fit.ravel()}


def rank(rng, n, d, noise):
    x = rng.normal(size=(n, 3)) @ rng.normal(size=(3, d)) + noise * rng.normal(size=(n, d)) + 5
    s = np.linalg.svd(x - x.mean(0), compute_uv=False)
    kept = s[s > 1e-6 * s[0]] / s[s > 1e-6 * s[0]].sum()
    return {"rows": n, "x": x, "singular_values": s, "effective_rank": np.exp(-(kept * np.log(kept)).sum())}


def eigenvalues(rng, n):
    a = rng.normal(size=(n, n))
    a = a + a.T
    return {"a": a, "eigenvalues": np.linalg.eigvalsh(a)}


def purity(rng, n, k):
    clusters, labels = rng.integers(0, k, n), rng.integers(0, k, n)
    labels = np.where(rng.random(n) < 0.5, clusters, labels)
    return {"clusters": clusters, "labels": labels, "purity": contingency_matrix(labels, clusters).max(0).sum() / n}


def k_means(rng, n, d, k):
    x = rng.normal(size=(n, d)) + 4 * rng.integers(0, 2, size=(n, d))
    found = KMeans(k, n_init=200, random_state=0).fit(x)
    return {"x": x, "k": k, "within": found.inertia_}


def principal(rng, n, d, c):
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) * 2.0 ** -np.arange(d) + 1
    return {"x": x, "components": c, "scores": PCA(c, svd_solver="full").fit_transform(x)}


def blending(rng, m):
    first = 2.0 + rng.random(m)
    train, valid = first - rng.uniform(0.5, 1.9, m), first - rng.uniform(0.1, 0.5, m)
    start = first + 0.1
    gain, over = start - valid, (valid - train) - (start - first)
    weight = gain / over**2
    return {
        "train": np.stack([first, train], 1), "valid": np.stack([start, valid], 1),
        "weights": weight / weight.sum(), "ratios": np.abs(over / gain),
    }


def document():
    rng = np.random.default_rng(5)
    return {
        "meters": [meters(rng, m, n, k) for m, n, k in [(2, 12, 3), (3, 20, 2)]],
        "calibration": [calibration(rng, *c) for c in [(60, 3, 15, None), (50, 4, 5, 1), (20, 2, 15, None)]],
        "emap": [emap(rng, sizes, k) for sizes, k in [((3, 4), 2), ((2, 3, 4), 3), ((4,), 1)]],
        "effective_rank": [rank(rng, *c) for c in [(20, 6, 0.1), (7, 12, 0.5), (15, 8, 0.0)]],
        "eigenvalues": [eigenvalues(rng, n) for n in (2, 3, 9)],
        "purity": [purity(rng, *c) for c in [(30, 3), (50, 7)]],
        "k_means": [k_means(rng, *c) for c in [(40, 2, 4), (30, 3, 3)]],
        "principal": [principal(rng, *c) for c in [(25, 5, 3), (12, 4, 4)]],
        "blending": [blending(rng, m) for m in (2, 4)],
    }
