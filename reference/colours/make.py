#!/usr/bin/env python3
"""Writes the colour maps that charts are drawn with, at every 256th, and what
people with the common kinds of colour blindness see of the colours of series.

    python make.py            write rivalry/tests/it/golden/colours.json
    python make.py --check    compute again and compare, write nothing

Maps: `batlow` (reversed) and `vik` of F. Crameri's Scientific colour maps, as
packaged in cmcrameri. Simulation: G. M. Machado, M. M. Oliveira, L. A. F.
Fernandes, A Physiologically-based Model for Simulation of Color Vision
Deficiency, IEEE TVCG 15(6), 2009, severity 1, in linear RGB. Differences: CIE
1976 (Lab, D65).
"""

import importlib.metadata
import itertools
import json
import pathlib
import platform
import sys

import cmcrameri.cm as cmc
import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests/it/golden/colours.json"
VERSIONS = {"python": platform.python_version()} | {
    package: importlib.metadata.version(package) for package in ["cmcrameri", "matplotlib", "numpy"]
}
# M. Okabe, K. Ito, Color Universal Design, 2008, without yellow, which white paper swallows.
SERIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
MACHADO = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])


def colour_map(name):
    return [[int(round(255 * part)) for part in getattr(cmc, name)(i)[:3]] for i in range(256)]


def linear(rgb):
    c = np.asarray(rgb, dtype=float) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(lin):
    xyz = TO_XYZ @ np.clip(lin, 0, 1) / (TO_XYZ @ np.ones(3))
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def seen(vision):
    colours = [lab(np.asarray(MACHADO[vision]) @ linear([int(c[i : i + 2], 16) for i in (1, 3, 5)])) for c in SERIES]
    return round(float(min(np.linalg.norm(a - b) for a, b in itertools.combinations(colours, 2))), 2)


def lightness(colours):
    return [round(float(lab(linear(c))[0]), 3) for c in colours]


def main():
    maps = {"batlow_r": colour_map("batlow_r"), "vik": colour_map("vik")}
    document = {
        "script": "reference/colours/make.py",
        "versions": VERSIONS,
        "maps": maps,
        "lightness": {name: lightness(colours[:: 17]) for name, colours in maps.items()},
        "series": SERIES,
        "smallest_difference": {vision: seen(vision) for vision in MACHADO},
    }
    text = json.dumps(document, separators=(",", ":")) + "\n"
    if "--check" in sys.argv[1:]:
        committed = json.loads(GOLDEN.read_text())
        for key in ["maps", "lightness", "series", "smallest_difference"]:
            if committed[key] != document[key]:
                sys.exit(f"colours: {key} differ from {GOLDEN.name}")
        print("colours: the same")
    else:
        GOLDEN.write_text(text)


if __name__ == "__main__":
    main()
