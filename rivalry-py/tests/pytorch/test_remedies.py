"""Every strategy is there under its own name; the rest about them is in tests/snippets."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from rivalry import RivalryError
from rivalry.torch import remedies


def test_every_strategy_has_what_is_said():
    for strategy, (name, what) in remedies.STRATEGIES.items():
        module = remedies.module(strategy)
        assert module is getattr(remedies, name)
        assert callable(getattr(module, what)), strategy
        assert module.__doc__
    assert set(dir(remedies)) >= {"ogm", "pmr", "STRATEGIES", "module"}


def test_one_at_work():
    parts = {m: torch.randn(6, 3, generator=torch.Generator().manual_seed(i)) for i, m in enumerate("ab")}
    labels = torch.arange(6) % 3
    expected = torch.nn.functional.cross_entropy(parts["a"] + parts["b"], labels)
    assert torch.equal(remedies.naive.naive_loss(parts, labels), expected)


def test_what_is_not_there():
    with pytest.raises(RivalryError, match="no strategy `sgd`"):
        remedies.module("sgd")
    with pytest.raises(AttributeError, match="no attribute 'sgd'"):
        remedies.sgd


def test_they_are_loaded_when_asked_for():
    script = "import sys, rivalry.torch; print([m for m in sys.modules if m.startswith('rivalry.torch.remedies.')])"
    line = [sys.executable, "-c", script]
    assert subprocess.run(line, capture_output=True, text=True, check=True).stdout == "[]\n"
