"""The talk's theory as an instrument: `rivalry lab` as functions."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from . import _core
from ._ask import ask, of_data
from ._errors import UsageError
from ._options import text, words
from ._result import Result

__all__ = ["phase", "race", "run", "sweep", "verify"]


def run(
    *,
    set: Mapping[str, Any] | None = None,
    config: str | os.PathLike[str] | None = None,
    strategy: str | None = None,
    solver: str | None = None,
    seed: int | None = None,
    out: str | os.PathLike[str] | None = None,
    quiet: bool = False,
) -> Result:
    """One trial in full: errors, winners, and how the alignments grew.

    Keywords are the options of ``rivalry lab run --help``; knobs go into `set`
    (``{"m": 16, "strength.2": 1.2}``).
    """
    return _asked("run", dict(locals()))


def race(
    *,
    set: Mapping[str, Any] | None = None,
    config: str | os.PathLike[str] | None = None,
    strategy: str | None = None,
    solver: str | None = None,
    trials: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    out: str | os.PathLike[str] | None = None,
    quiet: bool = False,
) -> Result:
    """Many trials of one setting: who wins, beside the closed form.

    ``result.p_win`` and ``result.closed_form`` have a value per modality.
    """
    return _asked("race", dict(locals()))


def sweep(
    *,
    vary: Mapping[str, Any] | None = None,
    show: Sequence[str] | str | None = None,
    set: Mapping[str, Any] | None = None,
    config: str | os.PathLike[str] | None = None,
    strategy: str | None = None,
    solver: str | None = None,
    trials: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    out: str | os.PathLike[str] | None = None,
    quiet: bool = False,
) -> Result:
    """A map: the race at every point of a grid (``vary={"m": [2, 4, 8]}``)."""
    return _asked("sweep", dict(locals()))


def verify(
    claims: Sequence[str] | str | None = None,
    *,
    quick: bool = False,
    seed: int | None = None,
    threads: int | None = None,
    out: str | os.PathLike[str] | None = None,
    quiet: bool = False,
) -> Result:
    """Every claim of the theory, or those named: ``result.passed`` says whether all hold."""
    given = dict(locals())
    names = given.pop("claims")
    names = [names] if isinstance(names, str) else list(names or [])
    if not all(isinstance(name, str) for name in names):
        raise UsageError("`claims` are names", "`rivalry list claims` shows them")
    return _asked("verify", given, ["--", *map(text, names)] if names else [])


def phase(
    data: Any = None,
    y: Any = None,
    *,
    groups: Any = None,
    train: Any = None,
    valid: Any = None,
    test: Any = None,
    fold: Any = None,
    class_names: Any = None,
    name: str | None = None,
    label: str | None = None,
    modality: Sequence[str] | str | Mapping[str, Any] | None = None,
    format: str | None = None,
    allow_unterminated: bool = False,
    ratio: float | None = None,
    correlation: float | None = None,
    depth: int | None = None,
    fusion: int | None = None,
    u0: float | None = None,
    out: str | os.PathLike[str] | None = None,
    quiet: bool = False,
) -> Result:
    """How long the slower modality waits in a deep linear network: of the toy with two
    scalar modalities, or on data as for `rivalry.diagnose`."""
    given = dict(locals())
    if data is not None:
        return of_data(["lab", "phase"], given)
    del given["data"]
    return _asked("phase", given)


def _asked(verb: str, given: dict[str, Any], after: Sequence[str] = ()) -> Result:
    quiet = given.pop("quiet")
    return ask(["lab", verb], [*words(given), *after], _core.Memory(), quiet)
