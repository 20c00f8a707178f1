"""What comes along, and that nothing in it drifts from the command."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rivalry
from rivalry import _core

PACKAGE = Path(rivalry.__file__).parent
#: Options that a function has another way for.
ELSEWHERE = {"json", "color", "help", "version", "fail-on-inconclusive", "fail-on-starvation"}
#: Keywords that stand for what files hold.
DATA = {"data", "y", "groups", "train", "valid", "test", "fold", "class_names", "name"}

VERBS = [
    (rivalry.diagnose, ["diagnose"], DATA),
    (rivalry.remedy, ["remedy"], DATA),
    (rivalry.inspect, ["data", "inspect"], DATA),
    (rivalry.compare, ["compare"], set()),
    (rivalry.classes, ["classes"], set()),
    (rivalry.check, ["check"], {"run"}),
    (rivalry.monitor, ["monitor"], {"log"}),
    (rivalry.lab.run, ["lab", "run"], set()),
    (rivalry.lab.race, ["lab", "race"], set()),
    (rivalry.lab.sweep, ["lab", "sweep"], set()),
    (rivalry.lab.verify, ["lab", "verify"], {"claims"}),
    (rivalry.lab.phase, ["lab", "phase"], DATA),
]


@pytest.mark.parametrize(("function", "verb", "beside"), VERBS, ids=lambda value: "-".join(value) if isinstance(value, list) else "")
def test_keywords_are_the_options(function, verb, beside):
    options = {name.replace("-", "_") for name, _ in _core.options(verb) if name not in ELSEWHERE}
    keywords = {name.rstrip("_") for name in inspect.signature(function).parameters}
    assert keywords - beside == options - beside
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and name != "require" and parameter.default is not parameter.empty:
            assert parameter.default in (None, False), f"`{name}`: the command has the defaults"
    assert function.__doc__


def test_stubs_are_the_compiled_half():
    stubs = ast.parse((PACKAGE / "_core.pyi").read_text())
    told = {node.name: node for node in stubs.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    there = {name for name in dir(_core) if not name.startswith("_")}
    assert set(told) == there
    for name, node in told.items():
        if isinstance(node, ast.FunctionDef):
            assert list(inspect.signature(getattr(_core, name)).parameters) == [a.arg for a in node.args.args]
        elif name != "Failed":
            members = {n.name for n in node.body if isinstance(n, ast.FunctionDef)} - {"__new__"}
            assert members == {m for m in dir(getattr(_core, name)) if not m.startswith("_")}
            for member in node.body:
                found = getattr(getattr(_core, name), getattr(member, "name", ""), None)
                if isinstance(member, ast.FunctionDef) and callable(found) and member.name != "__new__":
                    assert list(inspect.signature(found).parameters) == [a.arg for a in member.args.args]
    assert (PACKAGE / "py.typed").exists()


def test_every_public_function_is_annotated():
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert node.returns is not None, f"{path.name}: {node.name}"


def test_import_is_quick_and_light():
    """Processor time, which on a free machine is all there is; the least of five."""
    script = "import time; t = time.process_time(); import rivalry; print(time.process_time() - t)"
    took = [float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout) for _ in range(5)]
    assert min(took) < 0.3, took
    line = [sys.executable, "-X", "importtime", "-c", "import rivalry"]
    told = subprocess.run(line, capture_output=True, text=True, check=True).stderr
    loaded = set(re.findall(r"\|\s+([\w.]+)$", told, re.M))
    assert "rivalry._core" in loaded
    assert not loaded & {"numpy", "pandas", "torch", "matplotlib", "IPython", "sklearn", "pyarrow", "polars"}


def test_the_command_comes_along():
    told = subprocess.run([sys.executable, "-m", "rivalry", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"rivalry {rivalry.__version__}\n"
    script = Path(sys.executable).parent / "rivalry"
    wrong = subprocess.run([script, "diagnose", "--seed"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2 and "`rivalry diagnose --help`" in wrong.stderr
    missing = subprocess.run([script, "diagnose", "nowhere"], capture_output=True, text=True, check=False)
    assert missing.returncode == 3 and missing.stdout == ""


def test_both_manifests_say_the_same():
    root = Path(os.environ.get("RIVALRY_ROOT", PACKAGE.parents[2]))
    outer, inner = ((root / at / "pyproject.toml").read_text() for at in (".", "rivalry-py"))

    def plain(text: str) -> list[str]:
        lines = [line.replace("rivalry-py/", "") for line in text.splitlines() if not line.startswith("#")]
        return [line for line in lines if not line.startswith("manifest-path")]

    assert plain(outer) == plain(inner)
