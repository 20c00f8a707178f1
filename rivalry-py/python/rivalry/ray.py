"""The shards of a plan as tasks of Ray, for those who have a Ray cluster.

A plan is what ``rivalry sweep plan`` writes: a command whose runs are known beforehand. Every run is named by what it
computes and leaves one file, so tasks may end, die and start again anywhere; the result is that of one machine, bit for
bit, and calling :func:`run` again goes on where the last call was stopped.

The package ``ray`` is imported when it is needed::

    import rivalry.ray

    document = rivalry.ray.run("plan.json", "/shared/runs", address="auto")

Plan and store lie in a folder that all nodes see under the same path; the program ``rivalry`` is on every node.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

__all__ = ["run"]


def run(
    plan,
    store,
    *,
    shards: int = 32,
    threads: int = 1,
    address: str | None = None,
    program: str = "rivalry",
    retries: int = 3,
    logs=None,
    options: dict | None = None,
) -> dict:
    """Computes the runs of a plan by tasks of Ray and returns the document of its command.

    ``shards``: tasks that the plan is cut into. ``threads``: processors of every task. ``address``: the cluster, where
    ``ray.init`` has not been called; without it Ray starts one on this machine. ``program``: the command ``rivalry`` on
    the nodes. ``retries``: how often in a row tasks may end without having finished a run. ``logs``: folder for what
    tasks print; by default the plan's path with the suffix ``.logs``. ``options``: further options of the tasks, such
    as ``{"scheduling_strategy": "SPREAD"}``.

    Raises ``RuntimeError`` when tasks end again and again without having finished a run.
    """
    import ray

    plan, store = Path(plan).resolve(), Path(store).resolve()
    logs = Path(logs).resolve() if logs else plan.with_suffix(".logs")
    logs.mkdir(parents=True, exist_ok=True)
    if not ray.is_initialized():
        ray.init(address=address, log_to_driver=False)
    here = os.getcwd()

    # Made here: a node needs Python and the program, not this package.
    def command(number: int) -> list[str]:
        return _worker(program, plan, store, f"{number}/{shards}", threads)

    @ray.remote(num_cpus=threads, max_retries=0, **(options or {}))
    def compute(words: list[str], printed: str) -> int:
        with open(printed + ".json", "wb") as out, open(printed + ".log", "ab") as log:
            return subprocess.run(words, cwd=here, stdout=out, stderr=log).returncode

    def submit(numbers: list[int]) -> None:
        tasks = {compute.remote(command(number), str(logs / f"shard-{number}")): number for number in numbers}
        left = list(tasks)
        while left:
            [ended], left = ray.wait(left)
            # Whether a task ended well is not asked, what is done is in the store; but why it did not is kept.
            try:
                ray.get(ended)
            except ray.exceptions.RayError as error:
                with open(logs / f"shard-{tasks[ended]}.log", "a") as log:
                    print(error, file=log)

    def standing() -> list[dict]:
        return _ask(program, "status", plan, store, "--shards", str(shards))["results"]["shards"]

    _until_done(standing, submit, retries, logs)
    return _ask(program, "merge", plan, store, "--quiet")


def _worker(program, plan, store, shard: str, threads: int) -> list[str]:
    how = ["--shard", shard, "--threads", str(threads), "--quiet", "--json"]
    return [program, "sweep", "run", str(plan), "--store", str(store), *how]


def _until_done(standing, submit, retries: int, logs) -> None:
    """Submits the shards that have work left until none has."""
    before, stuck = None, 0
    while left := [shard for shard in standing() if shard["done"] < shard["n_runs"]]:
        open_runs = sum(shard["n_runs"] - shard["done"] for shard in left)
        stuck = stuck + 1 if open_runs == before else 0
        if stuck > retries:
            raise RuntimeError(f"{len(left)} shards end without having finished a run; {logs} has what they printed")
        before = open_runs
        submit([shard["shard"] for shard in left])


def _ask(program, verb, plan, store, *more) -> dict:
    """The document that a verb of ``rivalry sweep`` prints."""
    command = [program, "sweep", verb, str(plan), "--store", str(store), "--json", *more]
    asked = subprocess.run(command, capture_output=True, text=True)
    # Four is a result too: the verdict is open.
    if asked.returncode not in (0, 4):
        raise RuntimeError(asked.stderr.strip() or f"{command} ended with status {asked.returncode}")
    return json.loads(asked.stdout)
