"""The same comparison as people write it with NumPy and SciPy: paired bootstraps over samples of every accuracy and
difference, of every class's change, McNemar, and the null band by random swaps. Requests: `compare FOLDER REPLICATES`."""

import json
import sys

import numpy as np
import scipy
from scipy import stats


def interval(draws):
    return np.quantile(draws, [0.025, 0.975])


def bca(values, draws):
    """BCa ends of a mean, as scipy.stats.bootstrap makes them."""
    mean, n = values.mean(), len(values)
    bias = stats.norm.ppf((np.sum(draws < mean) + np.sum(draws <= mean)) / (2 * len(draws)))
    left_out = (values.sum() - values) / (n - 1)
    deviation = left_out.mean() - left_out
    spread = np.sum(deviation**2) ** 1.5
    acceleration = np.sum(deviation**3) / (6 * spread) if spread > 0 else 0.0
    z = stats.norm.ppf([0.025, 0.975])
    return np.quantile(draws, stats.norm.cdf(bias + (bias + z) / (1 - acceleration * (bias + z))))


def compare(folder, replicates):
    labels, joint, alone = (np.load(f"{folder}/{name}.npy") for name in ("y", "j", "a"))
    rng = np.random.default_rng(0)
    right = np.stack([joint == labels, alone == labels]).astype(np.float64)
    change = right[0] - right[1]
    n, n_classes = len(labels), labels.max() + 1
    answer = {"gap": change.mean()}
    draws = np.empty(replicates)
    # All samples: the rows of both models are drawn together.
    totals = np.empty((replicates, 2))
    for b in range(replicates):
        rows = rng.integers(0, n, n)
        totals[b] = right[:, rows].mean(1)
    draws[:] = totals[:, 0] - totals[:, 1]
    answer["accuracies"] = [interval(totals[:, i]).tolist() for i in range(2)]
    answer["gap_ends"] = bca(change, draws).tolist()
    answer["practical"] = [float((draws < -0.01).mean()), float((abs(draws) <= 0.01).mean()), float((draws > 0.01).mean())]
    first, second = int((change > 0).sum()), int((change < 0).sum())
    answer["mcnemar"] = stats.binomtest(min(first, second), first + second).pvalue
    classes, p_values = [], []
    for c in range(n_classes):
        own = change[labels == c]
        drawn = own[rng.integers(0, len(own), (replicates, len(own)))].mean(1)
        up, down = int((own > 0).sum()), int((own < 0).sum())
        p_values.append(stats.binomtest(min(up, down), up + down).pvalue if up + down else 1.0)
        classes.append([own.mean(), *(bca(own, drawn) if own.any() else (0.0, 0.0))])
    q_values = stats.false_discovery_control(p_values)
    swapped = np.empty((2000, n_classes))
    sizes = np.bincount(labels, minlength=n_classes)
    for b in range(2000):
        swapped[b] = np.sort(np.bincount(labels, change * rng.choice([-1.0, 1.0], n), n_classes) / sizes)
    answer |= {"classes": classes[:3], "q": float(q_values.min()), "worst_null": float(swapped[:, :10].mean())}
    return answer


def main():
    print(json.dumps({"ready": f"numpy {np.__version__}, scipy {scipy.__version__}"}), flush=True)
    for line in sys.stdin:
        _, folder, replicates = line.split()
        print(json.dumps(compare(folder, int(replicates))), flush=True)


if __name__ == "__main__":
    main()
