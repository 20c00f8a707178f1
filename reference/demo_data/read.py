"""Reads the embedded data files back (make.py describes the format)."""

import json
import pathlib
import zlib

import numpy as np

EMBEDDED = pathlib.Path(__file__).resolve().parents[2] / "rivalry/src/formats/embedded"


def load(name):
    """(views: name -> float64 matrix, class of each row, header) of `handwritten` or `nutrimouse`."""
    content = zlib.decompress((EMBEDDED / f"{name}.bin").read_bytes())
    at = 4 + int.from_bytes(content[:4], "little")
    header = json.loads(content[4:at])
    n_rows = header["rows"]

    def take(n_bytes):
        nonlocal at
        at += n_bytes
        return np.frombuffer(content, np.uint8, n_bytes, at - n_bytes).astype(np.int64)

    labels = take(n_rows)
    views = {}
    for view in header["views"]:
        n_values = n_rows * view["columns"]
        places = take(n_values) if view["has_decimals"] else np.zeros(n_values, np.int64)
        zigzag = sum(take(n_values) << (8 * plane) for plane in range(view["planes"]))
        mantissa = np.where(zigzag & 1, -(zigzag + 1) // 2, zigzag // 2)
        # 10.0 ** places must be exact, which numpy's power is not bound to be.
        power = np.array([float(10**n) for n in range(23)])[places]
        views[view["name"]] = (mantissa / power).reshape(n_rows, view["columns"])
    assert at == len(content)
    return views, labels, header
