"""Numbers at the edges of double and single precision, computed with 200 bits.

    pip install -r requirements.txt     # the version behind the committed file
    python make.py                      # writes rivalry/tests/it/golden/edges.json
    python make.py --check              # computes again and compares, writes nothing

Softmax, log-sum-exp and cross-entropies of rows of logits, means, variances and standardised columns of values
between 1e-308 and 1e308: ties, single elements, constants, neighbouring numbers, squares that leave the range. Inputs are doubles (or singles, where `precision` says so) written exactly; references are rounded
once, from 200 bits, to the nearest double. A result beyond the largest double is `null`.
"""

import argparse
import json
import math
import pathlib
import platform
import struct
import sys

import mpmath
from mpmath import mpf

mpmath.mp.prec = 200

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests/it/golden/edges.json"
VERSIONS = {"python": platform.python_version(), "mpmath": mpmath.__version__}


def single(x):
    """The nearest single-precision number."""
    return struct.unpack("f", struct.pack("f", x))[0]


def draws(seed):
    """Uniform numbers in (-1, 1) from a congruential generator, the same everywhere."""
    state = seed
    while True:
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        yield (state >> 11) / 2**52 - 1.0


def some(seed, n, scale=1.0, shift=0.0):
    source = draws(seed)
    return [scale * next(source) + shift for _ in range(n)]


def softmax_rows():
    """Rows of logits, doubles that are singles too where they are to be read as such."""
    tiny, huge = 1e-308, 1e308
    rows = [
        [0.0],
        [huge],
        [0.0, 0.0],
        [7.5] * 10,
        [huge, huge],
        [-huge, -huge, -huge],
        [huge, -huge],
        [0.0, -745.0, -746.0],
        [0.0, -708.0],
        [0.0, -36.0, -37.0, -38.0],
        [1000.0, 999.0, 998.0],
        [-1000.0, -999.0, -998.0],
        [1e15, 1e15 + 0.125, 1e15 - 0.125],
        [tiny, -tiny, 0.0],
        [5e-324, 0.0],
        [1.0, 1.0 + 2.0**-52],
        [1e-8, -1e-8],
        [88.0, -88.0, 0.0],
        [700.0, 0.0, -700.0],
        some(1, 10),
        some(2, 10, 20.0),
        some(3, 100, 300.0),
        some(4, 200, 1.0),
        some(5, 7, 1e-300),
        some(6, 7, 1.0, 1e10),
    ]
    singles = [
        [0.0],
        [3e38, 3e38],
        [3e38, -3e38],
        [0.0] * 100,
        [0.0, -87.0],
        [0.0, -103.0],
        [100.0, 99.0, 98.0],
        [1e-38, -1e-38, 1e-45],
        [16777216.0, 16777215.0, 16777214.0],
        some(7, 10, 5.0),
        some(8, 100, 60.0),
        some(9, 200, 3.0),
    ]
    for precision, group in (("f64", rows), ("f32", singles)):
        for row in group:
            z = [single(x) for x in row] if precision == "f32" else row
            top = max(z)
            terms = [mpmath.exp(mpf(x) - mpf(top)) for x in z]
            total = mpmath.fsum(terms)
            log_norm = mpf(top) + mpmath.log(total)
            yield {
                "precision": precision,
                "logits": z,
                "softmax": [float(t / total) for t in terms],
                "log_sum_exp": float(log_norm),
                # -log softmax per class: what a sample of that class costs.
                "losses": [rounded(log_norm - mpf(x)) for x in z],
            }


def rounded(x):
    """The nearest double, nothing beyond the largest."""
    return float(x) if abs(x) <= mpf(sys.float_info.max) else None


def columns():
    return {
        "ordinary": some(11, 50),
        "one value": [3.25],
        "two neighbours": [1.0, 1.0 + 2.0**-52],
        "constant": [0.1] * 7,
        "a large mean": some(12, 64, 1.0, 1e9),
        "a larger mean": some(13, 64, 1.0, 1e15),
        "a mean beyond its spread": [1e16, 1e16 + 2.0, 1e16 + 4.0],
        "large": some(14, 20, 1e150),
        "near the largest": some(15, 20, 1e308),
        "the largest of both signs": [sys.float_info.max, -sys.float_info.max],
        "small": some(16, 20, 1e-150),
        "near the smallest normal": some(17, 20, 1e-307),
        "subnormal": [5e-324, 1e-323, 0.0, 2e-320],
        "of all sizes": [1e-308, 1e-100, 1.0, 1e100, 1e154],
    }


def variance_cases():
    for name, values in columns().items():
        x = [mpf(v) for v in values]
        n = len(x)
        mean = mpmath.fsum(x) / n
        squares = mpmath.fsum((v - mean) ** 2 for v in x)
        variance = squares / (n - 1) if n > 1 else None
        sd = mpmath.sqrt(squares / n)
        yield {
            "name": name,
            "values": values,
            "mean": float(mean),
            "variance": rounded(variance) if n > 1 else None,
            "overflows": n > 1 and rounded(variance) is None,
            "sd": float(sd),
            "scores": [float((v - mean) / sd) if sd > 0 else 0.0 for v in x],
        }


def document():
    return {
        "script": "reference/edges/make.py",
        "versions": VERSIONS,
        "bits": mpmath.mp.prec,
        "softmax": list(softmax_rows()),
        "columns": list(variance_cases()),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    made = document()
    if parser.parse_args().check:
        committed = json.loads(GOLDEN.read_text())
        for part in (made, committed):
            part.pop("versions")
        if json.loads(json.dumps(made)) != committed:
            sys.exit("the references differ from the committed ones")
        print("edges.json: the same numbers")
        return
    assert all(math.isfinite(x) for case in made["softmax"] for x in case["softmax"])
    text = json.dumps(made, separators=(",", ":"), allow_nan=False)
    GOLDEN.write_text(text + "\n")
    print(f"edges.json: {len(text)} bytes")


if __name__ == "__main__":
    main()
