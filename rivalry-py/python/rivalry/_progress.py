"""How far the work is: a bar on a terminal (drawn by the compiled half), a line
of HTML in a notebook, plain lines now and then elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from html import escape

#: Is told notes, what is counted, how many are done, of how many, and the last.
Told = Callable[[list[str], str, int, int, str], None]

#: Seconds between two plain lines.
_BETWEEN_LINES = 10.0


def teller(quiet: bool) -> tuple[Told | None, bool]:
    """Who is told, and whether the compiled half shall be quiet."""
    if quiet or sys.stderr is None:
        return None, True
    if _in_notebook():
        return _notebook(), False
    if sys.stderr is sys.__stderr__ and sys.stderr.isatty():
        return None, False
    return _lines(), False


def plain(quiet: bool) -> Callable[[str, int, int], None]:
    """The same for work of Python's own: what is counted, how many, of how many."""
    if quiet or sys.stderr is None:
        return lambda what, done, total: None
    whom = _notebook() if _in_notebook() else _lines()
    return lambda what, done, total: whom([], what, done, total, "")


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    shell = getattr(sys.modules["IPython"], "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")


def _notebook() -> Told:
    from IPython.display import HTML, display

    shown = display(HTML(""), display_id=True)

    def told(_: list[str], what: str, done: int, total: int, now: str) -> None:
        if total:
            shown.update(
                HTML(
                    f"<progress value='{done}' max='{total}'></progress> "
                    f"{escape(what)}: {done} of {total} <small>{escape(now)}</small>"
                    if done < total
                    else ""
                )
            )

    return told


def _lines() -> Told:
    last = began = time.monotonic()

    def told(notes: list[str], what: str, done: int, total: int, _: str) -> None:
        nonlocal last
        for note in notes:
            print(note, file=sys.stderr)
        if done < total and done and time.monotonic() - last > _BETWEEN_LINES:
            last = time.monotonic()
            left = (last - began) / done * (total - done)
            print(f"{what}: {done} of {total}, about {left:.0f} s left", file=sys.stderr)

    return told
