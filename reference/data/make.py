#!/usr/bin/env python3
"""Writes what scikit-learn makes of small data sets: folds and standardised
features, for the tests in rivalry/src/data/tests.rs.

    python make.py            write the JSON
    python make.py --check    compare with the committed JSON, write nothing
"""

import argparse
import json
import pathlib
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import sklearn
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

OUT = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests/it/golden/data.json"


def sample_folds(rng):
    """Class counts per fold: which sample goes where is a matter of the shuffle, how many is not."""
    cases = []
    for n, n_classes, k in [(50, 2, 5), (97, 3, 4), (200, 10, 5), (61, 7, 3), (40, 5, 5)]:
        # At least k of each, as scikit-learn asks; the rest at random.
        labels = np.concatenate([np.repeat(np.arange(n_classes), k), rng.integers(0, n_classes, n - k * n_classes)])
        rng.shuffle(labels)
        counts = [
            np.bincount(labels[test], minlength=n_classes).tolist()
            for _, test in StratifiedKFold(k).split(labels, labels)
        ]
        # scikit-learn numbers classes by first appearance, this library by value.
        order = list(dict.fromkeys(labels.tolist()))
        renumbered = [order.index(label) for label in labels]
        counts = [[count[order[i]] for i in range(n_classes)] for count in counts]
        cases.append({"labels": renumbered, "k": k, "counts": counts})
    return cases


def is_decided_by_rounding(labels, groups, k):
    """Whether scikit-learn's greedy rule somewhere prefers a fold by less than 1e-9: it then follows the rounding of
    its sums, which nobody else can reproduce."""
    counts = np.zeros((groups.max() + 1, labels.max() + 1))
    np.add.at(counts, (groups, labels), 1)
    totals = counts.sum(0)
    filled = np.zeros((k, labels.max() + 1))
    close = False
    for group in np.argsort(-np.std(counts, axis=1), kind="stable"):
        best, least, fewest = None, np.inf, np.inf
        for i in range(k):
            tried = filled.copy()
            tried[i] += counts[group]
            spread, size = np.mean(np.std(tried / totals, axis=0)), filled[i].sum()
            close |= best is not None and 0 < abs(spread - least) < 1e-9
            if spread < least or (np.isclose(spread, least) and size < fewest):
                best, least, fewest = i, spread, size
        filled[best] += counts[group]
    return bool(close)


def group_folds(rng):
    """The fold of every sample, without shuffling."""
    cases = []
    sizes = [(60, 2, 12, 3), (200, 4, 20, 5), (150, 3, 30, 4), (300, 6, 25, 5), (90, 3, 9, 3), (400, 5, 40, 5)]
    for n, n_classes, n_groups, k in sizes * 3:
        groups = rng.integers(0, n_groups, n)
        labels = (rng.random(n) * n_classes * (0.5 + groups / n_groups / 2)).astype(int)
        groups = np.unique(groups, return_inverse=True)[1]
        fold = np.full(n, -1)
        for i, (_, test) in enumerate(StratifiedGroupKFold(k).split(labels, labels, groups)):
            fold[test] = i
        cases.append({
            "labels": labels.tolist(),
            "groups": groups.tolist(),
            "k": k,
            "fold": fold.tolist(),
            "decided_by_rounding": is_decided_by_rounding(labels, groups, k),
        })
    return cases


def scaling(rng):
    """Mean, standard deviation and standardised values by StandardScaler, fitted on some rows."""
    features = np.column_stack([
        rng.normal(3, 2, 40),
        rng.normal(1e6, 1e-3, 40),
        np.full(40, 0.1),
        rng.integers(0, 2, 40),
        rng.lognormal(0, 3, 40),
    ])
    rows = np.sort(rng.permutation(40)[:25])
    scaler = StandardScaler().fit(features[rows])
    return {
        "features": features.tolist(),
        "rows": rows.tolist(),
        "mean": scaler.mean_.tolist(),
        "sd": np.sqrt(scaler.var_).tolist(),
        "z": scaler.transform(features).tolist(),
    }


def extremes():
    """Exact means and standard deviations where ordinary arithmetic overflows or vanishes."""
    getcontext().prec = 60
    cases = []
    for values in [
        [1e150, -3e150, 2e150, 5e150],
        [1.7e308, -1.7e308, 1.1e308, 0.0],
        [5e-324, 1e-323, 0.0, 2e-320],
        [2.5e-310, 7.5e-310, -1e-309, 1e-308],
        [1.0, 1.0000000000000002, 1.0, 1.0],
        [9007199254740992.0, 9007199254740994.0, 9007199254740996.0, 9007199254740992.0],
    ]:
        exact = [Fraction(v) for v in values]
        mean = sum(exact) / len(exact)
        variance = sum((v - mean) ** 2 for v in exact) / len(exact)
        sd = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
        z = [float((Decimal((v - mean).numerator) / Decimal((v - mean).denominator)) / sd) for v in exact]
        cases.append({"values": values, "mean": float(mean), "sd": float(sd), "z": z})
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    rng = np.random.default_rng(20240817)
    content = {
        "script": "reference/data/make.py",
        "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
        "sample_folds": sample_folds(rng),
        "group_folds": group_folds(rng),
        "scaling": scaling(rng),
        "extremes": extremes(),
    }
    text = json.dumps(content) + "\n"
    if check:
        committed = json.loads(OUT.read_text())
        # Versions may differ; the numbers must not.
        if {**committed, "versions": None} != {**json.loads(text), "versions": None}:
            sys.exit(f"{OUT} is not what this script makes")
    else:
        OUT.write_text(text)


main()
