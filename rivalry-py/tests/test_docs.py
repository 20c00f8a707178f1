"""What the pages show in Python runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

import rivalry

ROOT = Path(os.environ.get("RIVALRY_ROOT", Path(rivalry.__file__).parents[3]))
#: Pages, and what a reader has at hand.
PAGES = [
    "README.md",
    "docs/python.md",
    "docs/guide/first-diagnosis.md",
    "docs/guide/your-own-model.md",
    "docs/guide/the-lab.md",
    "docs/zh.md",
    "rivalry-py/README.md",
]


@pytest.mark.parametrize("page", PAGES)
def test_snippets_run(page, small, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    asked = rivalry.diagnose
    # Readers wait for good numbers, tests do not.
    monkeypatch.setattr(rivalry, "diagnose", lambda *a, **k: asked(*a, **{"seeds": 1, "epochs": 2, "quiet": True, **k}))
    shown = {"image": small.image, "text": small.text, "y": small.y}
    shown |= {"image_features": small.image, "text_features": small.text, "labels": small.y, "np": np}
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), shown)
