#!/usr/bin/env python3
"""Writes the PyTorch and scikit-learn references that the tests compare with.

    python make.py            write rivalry/tests/it/golden/torch/*.json
    python make.py --check    compute again and compare, write nothing

The numbers may differ in the last bits between CPUs and versions; --check
allows 1e-12 relative. README.md describes the files.
"""

import argparse
import json
import pathlib
import platform
import sys

import numpy
import sklearn
import torch

import late_fusion
import networks
import probe
import runs
import solvers
import strategies

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests/it/golden/torch"
VERSIONS = {
    "python": platform.python_version(),
    "torch": torch.__version__,
    "scikit-learn": sklearn.__version__,
    "numpy": numpy.__version__,
}


def largest_difference(a, b):
    """Largest relative difference of the numbers in two documents; infinite when they differ otherwise."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return max((largest_difference(a[k], b[k]) for k in a), default=0.0)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return max((largest_difference(x, y) for x, y in zip(a, b)), default=0.0)
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) / max(1.0, abs(a), abs(b))
    return 0.0 if a == b else float("inf")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    check = parser.parse_args().check
    GOLDEN.mkdir(parents=True, exist_ok=True)
    worst = 0.0
    for module in (networks, solvers, runs, probe, strategies):
        for name, document in module.documents().items():
            document = late_fusion.plain(document)
            path = GOLDEN / name
            if check:
                committed = json.loads(path.read_text())
                committed.pop("versions"), committed.pop("script")
                difference = largest_difference(document, committed)
                print(f"{name}: largest relative difference {difference:.1e}")
                worst = max(worst, difference)
                continue
            script = f"reference/torch/{module.__name__}.py"
            text = json.dumps({"script": script, "versions": VERSIONS, **document}, separators=(",", ":"))
            path.write_text(text + "\n")
            print(f"{name}: {len(text)} bytes")
    if worst > 1e-12:
        sys.exit("the references differ from the committed ones")


if __name__ == "__main__":
    main()
