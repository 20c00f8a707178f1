"""How far the work is, on a terminal's stand-ins: plain text and a notebook."""

from __future__ import annotations

import subprocess
import sys
import types

from conftest import FAST

import rivalry

LOUD = {**FAST, "quiet": False}


def test_plain_text_says_what_runs(small, capsys):
    rivalry.diagnose(small.modalities, small.y, name="mine", **LOUD)
    told = capsys.readouterr()
    assert told.out == "" and told.err == "mine: 90 samples, 2 modalities, 1 seed, 1 thread\n"
    rivalry.diagnose(small.modalities, small.y, **FAST)
    assert capsys.readouterr() == ("", "")


def test_a_notebook_gets_a_line_of_html(small, capsys, monkeypatch):
    shown = []

    class Handle:
        def update(self, html):
            shown.append(html)

    display = types.ModuleType("IPython.display")
    display.HTML, display.display = str, lambda html, display_id: Handle()
    notebook = types.ModuleType("IPython")
    notebook.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    rivalry.diagnose(small.modalities, small.y, **{**LOUD, "seeds": 2, "epochs": 5})
    assert any("<progress value=" in html and "training" in html for html in shown)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_the_bar_of_the_command():
    """In a terminal of its own, made by `script`-like means of the standard library."""
    import os
    import pty

    program = "import sys; sys.path.insert(0, sys.argv[1]); from conftest import *; import rivalry; s = Small(); "
    program += "rivalry.diagnose(s.modalities, s.y, **{**FAST, 'quiet': False, 'seeds': 2, 'epochs': 5})"
    leader, follower = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", program, os.path.dirname(__file__)], stderr=follower) as process:
        os.close(follower)
        told = b""
        try:
            while part := os.read(leader, 1024):
                told += part
        except OSError:  # the other end is closed
            pass
        assert process.wait() == 0
    os.close(leader)
    assert "training" in told.decode() and " of " in told.decode()
