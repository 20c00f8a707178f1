"""What `rivalry compare` says of three models' predicted classes, as people write it with NumPy and SciPy: accuracies
with Wilson's interval; the differences to the best model alone with BCa intervals from resampled rows and the three
probabilities; McNemar; balanced accuracy and macro-F1 with the delta method; every class's accuracies and change with its
BCa interval, shrunken change and q value; the null band of the ranking by random swaps. Requests: `compare FOLDER REPLICATES`."""

import json
import sys

import numpy as np
import scipy
from scipy import stats

ROPE, TOP, SWAPS = 0.01, 10, 2000
Z = stats.norm.ppf([0.025, 0.975])


def wilson(right, n):
    p, z = right / n, Z[1]
    centre, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def bca(values, draws):
    """BCa ends of a mean, as scipy.stats.bootstrap makes them."""
    mean, n = values.mean(), len(values)
    bias = stats.norm.ppf((np.sum(draws < mean) + np.sum(draws <= mean)) / (2 * len(draws)))
    deviation = values - mean
    spread = np.sum(deviation**2) ** 1.5
    acceleration = np.sum(deviation**3) / (6 * spread) if spread > 0 else 0.0
    return np.quantile(draws, stats.norm.cdf(bias + (bias + Z) / (1 - acceleration * (bias + Z))))


def three(draws):
    return [float((draws < -ROPE).mean()), float((abs(draws) <= ROPE).mean()), float((draws > ROPE).mean())]


def balanced(given, labels, n_classes):
    """Balanced accuracy and what every row adds to it."""
    size = np.bincount(labels, minlength=n_classes)
    right = given == labels
    recall = np.bincount(labels, right, n_classes) / size
    return recall.mean(), (right - recall[labels]) / (size[labels] * n_classes)


def macro_f1(given, labels, n_classes):
    """Macro-F1 and what every row adds to it."""
    right = given == labels
    total = np.bincount(given, minlength=n_classes) + np.bincount(labels, minlength=n_classes)
    f1 = 2 * np.bincount(labels, right, n_classes) / total
    return f1.mean(), (2 * right - f1[labels] - f1[given] * (total[labels] / total[given])) / (total[labels] * n_classes)


def linearised(value, influence):
    half = Z[1] * np.sqrt(np.sum(influence**2))
    return value - half, value + half


def compare(folder, replicates):
    labels, *models = (np.load(f"{folder}/{name}.npy") for name in "yjab")
    rng = np.random.default_rng(0)
    n, n_classes = len(labels), labels.max() + 1
    right = np.stack([given == labels for given in models])
    # Against the better model alone: the joint one, and the other alone.
    best = 1 + int(right[2].sum() > right[1].sum())
    others = [0, 3 - best]
    change = right[others].astype(np.float64) - right[best]
    answer = {"accuracies": [wilson(r.sum(), n) for r in right], "gap": change[0].mean()}
    draws = np.empty((replicates, 2))
    for b in range(replicates):
        draws[b] = change[:, rng.integers(0, n, n)].mean(1)
    answer["ends"] = [bca(change[i], draws[:, i]).tolist() for i in range(2)]
    answer["practical"] = [three(draws[:, i]) for i in range(2)]
    first, second = int((change[0] > 0).sum()), int((change[0] < 0).sum())
    answer["mcnemar"] = stats.binomtest(min(first, second), first + second).pvalue
    for score in (balanced, macro_f1):
        found = [score(given, labels, n_classes) for given in models]
        answer[score.__name__] = [linearised(*one) for one in found]
        answer[score.__name__] += [
            linearised(found[i][0] - found[best][0], found[i][1] - found[best][1]) for i in others
        ]
    ends, p_values, values, errors = [], [], [], []
    sizes = np.bincount(labels, minlength=n_classes)
    of_class = [wilson(np.bincount(labels, right[i], n_classes), sizes) for i in (0, best)]
    for c in range(n_classes):
        own = change[0][labels == c]
        drawn = own[rng.integers(0, len(own), (replicates, len(own)))].mean(1)
        up, down = int((own > 0).sum()), int((own < 0).sum())
        p_values.append(stats.binomtest(min(up, down), up + down).pvalue if up + down else 1.0)
        ends.append(bca(own, drawn) if up + down else [0.0, 0.0])
        values.append(own.mean())
        errors.append(own.std() / np.sqrt(len(own)))
    q_values = stats.false_discovery_control(p_values)
    values, variances = np.array(values), np.array(errors) ** 2
    tau = max(values.var(ddof=1) - variances.mean(), 0.0)
    weights = 1 / (variances + tau)
    shrunken = (tau * values + variances * np.average(values, weights=weights)) / (tau + variances)
    swapped = np.empty((SWAPS, n_classes))
    for b in range(SWAPS):
        signs = 2.0 * rng.integers(0, 2, n) - 1.0
        swapped[b] = np.sort(np.bincount(labels, change[0] * signs, n_classes) / sizes)
    band = np.quantile(swapped, [0.025, 0.975], axis=0)
    worst, best_mean = swapped[:, :TOP].mean(1), swapped[:, -TOP:].mean(1)
    observed = np.sort(values)
    p_worst = (1 + (worst <= observed[:TOP].mean()).sum()) / (1 + SWAPS)
    p_best = (1 + (best_mean >= observed[-TOP:].mean()).sum()) / (1 + SWAPS)
    return answer | {
        "class_ends": [list(map(float, e)) for e in ends],
        "class_accuracies": [float(side.mean()) for interval in of_class for side in interval],
        "q": float(q_values.min()),
        "shrunken": float(shrunken.min()),
        "band": [float(band[0, 0]), float(band[1, 0])],
        "worst_null": float(worst.mean()),
        "p": [float(p_worst), float(p_best)],
    }


def main():
    print(json.dumps({"ready": f"numpy {np.__version__}, scipy {scipy.__version__}"}), flush=True)
    for line in sys.stdin:
        _, folder, replicates = line.split()
        print(json.dumps(compare(folder, int(replicates))), flush=True)


if __name__ == "__main__":
    main()
