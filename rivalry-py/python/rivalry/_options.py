"""Keywords as the words of a command line. What they mean, their defaults and
what is wrong with them is the command's to say."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from ._errors import UsageError

_PLAIN = "give plain text"


def words(options: Mapping[str, Any]) -> list[str]:
    """`{"seeds": 20, "set": {"width": 8}}` is `--seeds=20 --set=width=8`."""
    found: list[str] = []
    for keyword, value in options.items():
        name = "--" + keyword.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            found.append(name)
        elif isinstance(value, Mapping):
            found += [f"{name}={key(k, keyword)}={listed(v)}" for k, v in value.items()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            found += [f"{name}={text(one)}" for one in value]
        else:
            found.append(f"{name}={text(value)}")
    return found


def key(name: object, keyword: str) -> str:
    """A name before the `=` of an option."""
    named = text(name) if isinstance(name, (str, bytes)) else str(name)
    if not named or "=" in named:
        raise UsageError(f"`{keyword}` cannot name `{named}`", "names are not empty and hold no `=`")
    return named


def listed(value: object) -> str:
    """One value, or several between commas."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return text(value)
    return ",".join(text(one) for one in value)


def text(value: object) -> str:
    """A value as it is typed."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if hasattr(value, "item") and not isinstance(value, str) and getattr(value, "shape", None) == ():
        value = value.item()  # a NumPy scalar
    if isinstance(value, bytes):
        value = os.fsdecode(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        found = str(value)
    elif isinstance(value, float):
        found = repr(value)
    else:
        raise UsageError(
            f"`{type(value).__name__}` is no value of an option", "give a number, a text, or a list of them"
        )
    try:
        os.fsencode(found)
    except UnicodeEncodeError:
        raise UsageError("a text holds characters that no command line can hold", _PLAIN) from None
    if "\0" in found:
        raise UsageError("a text holds a NUL character", _PLAIN)
    return found
