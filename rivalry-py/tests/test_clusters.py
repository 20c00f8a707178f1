"""The shards of a plan on HyperQueue and on Ray: the document and the files of one machine, and nothing twice.

HyperQueue's cluster comes with its wheel and runs here always; Ray weighs 300 MB and is asked for: ``RIVALRY_RAY=1``.
``benchmarks/engines/run.py`` does the same with workers and drivers that are killed.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("rivalry")
PLANNED = ["diagnose", "demo:nutrimouse", "--seeds", "2", "--epochs", "3", "--folds", "2"]

linux = pytest.mark.skipif(sys.platform != "linux", reason="the wheel of HyperQueue is for Linux")
asked_for_ray = pytest.mark.skipif("RIVALRY_RAY" not in os.environ, reason="Ray is asked for by RIVALRY_RAY=1")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan of 16 short runs."""
    path = tmp_path / "plan.json"
    answered("plan", "--out", path, *PLANNED)
    return path


def answered(verb: str, *words: object) -> dict:
    """The document that a verb of `rivalry sweep` prints."""
    done = subprocess.run([PROGRAM, "sweep", verb, "--json", *map(str, words)], capture_output=True, text=True)
    assert done.returncode in (0, 4), done.stderr
    return json.loads(done.stdout)


def timeless(document: dict) -> dict:
    """A document without what depends on the clock and on the number of threads."""
    kept = {key: value for key, value in document["provenance"].items() if key not in ("wall_seconds", "threads")}
    return {**document, "provenance": kept}


def runs(store: Path) -> dict[str, tuple[bytes, int]]:
    """Every kept run by its name: its bytes, and when it was written."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in store.glob("runs/*/*.rivalry")}


def contents(found: dict[str, tuple[bytes, int]]) -> dict[str, bytes]:
    return {name: content for name, (content, _) in found.items()}


def same_as_one_machine(plan: Path, run) -> None:
    """`run(store)` computes the plan; its document and files are those of `sweep run`, and called again it computes nothing."""
    here = answered("run", plan, "--store", plan.with_name("local"), "--quiet")
    store = plan.with_name("store")
    there = run(store)
    assert timeless(there) == timeless(here)
    computed = runs(store)
    assert len(computed) == 16
    assert contents(computed) == contents(runs(plan.with_name("local")))
    assert timeless(run(store)) == timeless(here)
    assert runs(store) == computed


def only_asks(folder: Path) -> Path:
    """A program that answers all but `sweep run`, which ends as a node without memory would."""
    path = folder / "rivalry-without-memory"
    path.write_text(f'#!/bin/sh\n[ "$2" = run ] && echo "out of memory" >&2 && exit 137\nexec {PROGRAM} "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@linux
def test_hyperqueue_makes_the_document_of_one_machine(plan: Path) -> None:
    import rivalry.hyperqueue

    same_as_one_machine(plan, lambda store: rivalry.hyperqueue.run(plan, store, shards=3, workers=2, cores=1, program=str(PROGRAM)))


@linux
def test_hyperqueue_gives_up_shards_that_never_finish_a_run(plan: Path, tmp_path: Path) -> None:
    import rivalry.hyperqueue

    program = str(only_asks(tmp_path))
    with pytest.raises(RuntimeError, match=r"2 shards end without having finished a run; .*plan\.logs has what they printed"):
        rivalry.hyperqueue.run(plan, tmp_path / "store", shards=2, workers=1, cores=1, program=program, retries=1)
    printed = (tmp_path / "plan.logs" / "shard-1.log").read_text()
    assert printed == "out of memory\n"


@asked_for_ray
@pytest.mark.filterwarnings("default")
def test_ray_makes_the_document_of_one_machine(plan: Path) -> None:
    import ray

    import rivalry.ray

    try:
        same_as_one_machine(plan, lambda store: rivalry.ray.run(plan, store, shards=3, program=str(PROGRAM)))
    finally:
        ray.shutdown()


@asked_for_ray
@pytest.mark.filterwarnings("default")
def test_ray_gives_up_shards_that_never_finish_a_run(plan: Path, tmp_path: Path) -> None:
    import ray

    import rivalry.ray

    try:
        with pytest.raises(RuntimeError, match="2 shards end without having finished a run"):
            rivalry.ray.run(plan, tmp_path / "store", shards=2, program=str(only_asks(tmp_path)), retries=1)
        assert (tmp_path / "plan.logs" / "shard-2.log").read_text().startswith("out of memory\n")
    finally:
        ray.shutdown()
