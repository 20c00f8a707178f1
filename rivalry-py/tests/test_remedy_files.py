"""The strategies that the package brings for PyTorch are the program's: the same files, a
module for every strategy. Needs no PyTorch."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

import pytest
from conftest import command

import rivalry

PACKAGE = Path(rivalry.__file__).parent / "torch" / "remedies"
ROOT = Path(os.environ.get("RIVALRY_ROOT", Path(rivalry.__file__).parents[3]))
SOURCE = ROOT / "rivalry/src/strategies/pytorch"


def table() -> dict[str, tuple[str, str]]:
    """What the package says it has, read without importing PyTorch."""
    for node in ast.parse((PACKAGE / "__init__.py").read_text()).body:
        if isinstance(node, ast.AnnAssign) and node.target.id == "STRATEGIES":
            return ast.literal_eval(node.value)
    raise AssertionError("there is no table")


def test_every_strategy_of_the_program_is_there():
    (drawer,) = command("list", "strategies")["results"]["drawers"]
    assert [kind["name"] for kind in drawer["kinds"]] == list(table())


def test_the_package_holds_a_module_for_each():
    modules = {module for module, _ in table().values()}
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", *modules}
    for module, what in table().values():
        tree = ast.parse((PACKAGE / f"{module}.py").read_text())
        assert what in {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        beyond = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
        assert beyond == {"torch"}, module


@pytest.mark.skipif(not SOURCE.exists(), reason="not beside the sources")
def test_they_are_the_files_of_the_program():
    sources = {path.name: path.read_bytes() for path in SOURCE.glob("*.py")}
    assert {path.name: path.read_bytes() for path in PACKAGE.glob("*.py") if path.name != "__init__.py"} == sources
    links = ROOT / "rivalry-py/python/rivalry/torch/remedies"
    assert all((links / name).is_symlink() for name in sources), "one source: link, do not copy"
