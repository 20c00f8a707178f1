#!/usr/bin/env python3
"""Writes the statistical references that the tests compare with.

    python make.py            write rivalry/tests/it/golden/stats/*.json
    python make.py --check    compute again and compare, write nothing

README.md describes the files.
"""

import argparse
import importlib.metadata
import json
import pathlib
import platform
import sys

import counts
import distributions
import exact
import folds
import planning
import resampling
import scores

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests/it/golden/stats"
PACKAGES = ["numpy", "scipy", "statsmodels", "baycomp", "mpmath", "scikit-learn"]
VERSIONS = {"python": platform.python_version()} | {p: importlib.metadata.version(p) for p in PACKAGES}


def plain(value):
    """The same document of Python numbers, lists and dictionaries."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else (
        value.tolist() if hasattr(value, "tolist") else value
    )


def largest_difference(a, b):
    """Largest relative difference of the numbers in two documents; infinite when they differ otherwise."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return max((largest_difference(a[k], b[k]) for k in a), default=0.0)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return max((largest_difference(x, y) for x, y in zip(a, b)), default=0.0)
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) / max(1e-300, abs(a), abs(b)) if a != b else 0.0
    return 0.0 if a == b else float("inf")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    check = parser.parse_args().check
    GOLDEN.mkdir(parents=True, exist_ok=True)
    worst = 0.0
    for module in (distributions, counts, resampling, folds, planning, scores, exact):
        document = plain(module.document())
        path = GOLDEN / f"{module.__name__}.json"
        if check:
            committed = json.loads(path.read_text())
            committed.pop("versions"), committed.pop("script")
            difference = largest_difference(document, committed)
            print(f"{path.name}: largest relative difference {difference:.1e}")
            worst = max(worst, difference)
            continue
        header = {"script": f"reference/stats/{module.__name__}.py", "versions": VERSIONS}
        text = json.dumps(header | document, separators=(",", ":"))
        path.write_text(text + "\n")
        print(f"{path.name}: {len(text)} bytes")
    if worst > 1e-11:
        sys.exit("the references differ from the committed ones")


if __name__ == "__main__":
    main()
