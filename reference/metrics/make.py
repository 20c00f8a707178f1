#!/usr/bin/env python3
"""Writes the references that the tests of the metrics compare with.

    python make.py            write rivalry/tests/it/golden/metrics.json
    python make.py --check    compute again and compare, write nothing

README.md describes the file.
"""

import argparse
import importlib.metadata
import json
import pathlib
import platform
import sys

import information
import networks

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests/it/golden/metrics.json"
PACKAGES = ["numpy", "scipy", "scikit-learn"]
VERSIONS = {"python": platform.python_version()} | {p: importlib.metadata.version(p) for p in PACKAGES}


def plain(value):
    """The same document of Python numbers, lists and dictionaries."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.tolist() if hasattr(value, "tolist") else value


def largest_difference(a, b):
    """Largest difference of the numbers in two documents, relative above 1; infinite when they differ otherwise."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return max((largest_difference(a[k], b[k]) for k in a), default=0.0)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return max((largest_difference(x, y) for x, y in zip(a, b)), default=0.0)
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) / max(1.0, abs(a), abs(b))
    return 0.0 if a == b else float("inf")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    document = plain(information.document() | networks.document())
    if parser.parse_args().check:
        committed = json.loads(GOLDEN.read_text())
        committed.pop("versions"), committed.pop("script")
        difference = largest_difference(document, committed)
        print(f"{GOLDEN.name}: largest difference {difference:.1e}")
        # The optimiser of the decompositions ends within this.
        if difference > 1e-6:
            sys.exit("the references differ from the committed ones")
        return
    header = {"script": "reference/metrics/make.py", "versions": VERSIONS}
    text = json.dumps(header | document, separators=(",", ":"))
    GOLDEN.write_text(text + "\n")
    print(f"{GOLDEN.name}: {len(text)} bytes")


if __name__ == "__main__":
    main()
