"""The command ``rivalry``: the same code as the program of that name."""

from __future__ import annotations

import signal
import sys

from . import _core


def main() -> int:
    """Runs the command line of this process; returns its exit status."""
    # Ctrl-C is the command's to answer, as it is without Python around it; and
    # a reader that stops reading (`| head`) ends it quietly.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _core.command(["rivalry", *sys.argv[1:]])
