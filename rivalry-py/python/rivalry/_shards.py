"""What drivers of clusters share: shards of a plan are submitted until none has work left."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def folder_of_logs(plan: Path, logs) -> Path:
    """Where tasks print, made if missing; by default the plan's path with the suffix ``.logs``."""
    logs = Path(logs).resolve() if logs else plan.with_suffix(".logs")
    logs.mkdir(parents=True, exist_ok=True)
    return logs


def shard_words(program, plan, store, shard: str, threads: int) -> list[str]:
    """The command that computes a shard."""
    how = ["--shard", shard, "--threads", str(threads), "--quiet", "--json"]
    return [program, "sweep", "run", str(plan), "--store", str(store), *how]


def merged(program, plan, store, shards: int, submit, retries: int, logs) -> dict:
    """Submits the shards that have work left until none has; the document of the plan's command."""

    def standing() -> list[dict]:
        return _ask(program, "status", plan, store, "--shards", str(shards))["results"]["shards"]

    before, stuck = None, 0
    while left := [shard for shard in standing() if shard["done"] < shard["n_runs"]]:
        open_runs = sum(shard["n_runs"] - shard["done"] for shard in left)
        stuck = stuck + 1 if open_runs == before else 0
        if stuck > retries:
            raise RuntimeError(f"{len(left)} shards end without having finished a run; {logs} has what they printed")
        before = open_runs
        submit([shard["shard"] for shard in left])
    return _ask(program, "merge", plan, store, "--quiet")


def _ask(program, verb, plan, store, *more) -> dict:
    """The document that a verb of ``rivalry sweep`` prints."""
    command = [program, "sweep", verb, str(plan), "--store", str(store), "--json", *more]
    asked = subprocess.run(command, capture_output=True, text=True)
    # Four is a result too: the verdict is open.
    if asked.returncode not in (0, 4):
        raise RuntimeError(asked.stderr.strip() or f"{command} ended with status {asked.returncode}")
    return json.loads(asked.stdout)
