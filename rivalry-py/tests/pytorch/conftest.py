"""Small networks that the tests of `rivalry.torch` watch. Without PyTorch these tests are
left out; with RIVALRY_TORCH=1 they fail instead."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

if importlib.util.find_spec("torch") is None and os.environ.get("RIVALRY_TORCH") != "1":
    collect_ignore_glob = ["test_*.py"]

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def network():
    from networks import Network

    return Network()
