"""Errors: one sentence that says what is wrong, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from . import _core


class RivalryError(ValueError):
    """What all errors of this package have in common."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message if hint is None else f"{message}\nhint: {hint}")
        #: What is wrong.
        self.message = message
        #: What to do about it, where there is something to do.
        self.hint = hint


class DataError(RivalryError):
    """The data cannot be used as they are."""


class UsageError(RivalryError):
    """The question cannot be answered as it was asked."""


#: The exit status of the command for bad data.
_BAD_DATA = 3


@contextmanager
def told() -> Iterator[None]:
    """Turns what the command would say into this package's errors."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt("; ".join(in_python(words) for words in stopped.args if words)) from None
    except _core.Failed as failed:
        status, problems = failed.args
        messages = [in_python(message) for message, _ in problems]
        hints = [in_python(hint) for _, hint in problems if hint]
        kind = DataError if status == _BAD_DATA else UsageError
        raise kind("\n".join(messages), "; ".join(hints) or None) from None


def in_python(text: str) -> str:
    """The command's words, with options as keywords: `--test-share` is `test_share`."""
    text = re.sub(
        r"`rivalry ((?:lab )?[a-z]+) --help`",
        lambda found: f"`help(rivalry.{found[1].replace(' ', '.')})`",
        text,
    )
    return re.sub(r"--([a-z][a-z-]*)(?:([ =])([^`\s]+))?", _keyword, text)


def _keyword(found: re.Match[str]) -> str:
    name = found[1].replace("-", "_")
    name = "try_" if name == "try" else name
    value = found[3]
    if not value:
        return name
    key, equals, inner = value.partition("=")
    return f"{name}={{{key!r}: {inner}}}" if equals else f"{name}={value}"
