"""Data that all tests share: small, seeded, and with something to find."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

#: The cheapest question that trains.
FAST = {"seeds": 1, "epochs": 2, "subsets": "joint", "quiet": True, "threads": 1, "folds": 3}


class Small:
    """Two modalities of 90 samples in three classes."""

    def __init__(self) -> None:
        draws = np.random.default_rng(7)
        self.y = np.arange(90) % 3
        self.image = (draws.normal(size=(90, 5)) + self.y[:, None]).astype(np.float32)
        self.text = draws.normal(size=(90, 4)) + 0.5 * (self.y[:, None] == 2)
        self.groups = np.arange(90) // 3

    @property
    def modalities(self) -> dict[str, np.ndarray]:
        return {"image": self.image, "text": self.text}


@pytest.fixture
def small() -> Small:
    return Small()


def command(*words: object) -> dict:
    """The document that the command prints for these words."""
    line = [sys.executable, "-m", "rivalry", *map(str, words), "--json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)
