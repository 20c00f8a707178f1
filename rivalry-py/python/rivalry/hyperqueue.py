"""The shards of a plan as tasks of HyperQueue.

A plan is what ``rivalry sweep plan`` writes: a command whose runs are known beforehand. Every run is named by what it
computes and leaves one file, so tasks may end, die and start again anywhere; the result is that of one machine, bit for
bit, and calling :func:`run` again goes on where the last call was stopped.

The package ``hyperqueue`` is imported when it is needed::

    import rivalry.hyperqueue

    document = rivalry.hyperqueue.run("plan.json", "runs", workers=2)                    # a cluster in this process
    document = rivalry.hyperqueue.run("plan.json", "runs", server_dir="~/.hq-server")    # one that runs already

With the program ``hq`` on the path the same is ``rivalry sweep run plan.json --store runs --engine hyperqueue``.
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
    workers: int = 1,
    cores: int | None = None,
    threads: int = 1,
    server_dir=None,
    program: str = "rivalry",
    retries: int = 3,
    logs=None,
) -> dict:
    """Computes the runs of a plan by tasks of HyperQueue and returns the document of its command.

    ``shards``: tasks that the plan is cut into. ``workers`` and ``cores``: a cluster that lives as long as this call,
    unless ``server_dir`` names that of a running server. ``threads``: processors of every task. ``program``: the command
    ``rivalry`` on the nodes. ``retries``: how often in a row tasks may end without having finished a run. ``logs``:
    folder for what tasks print; by default the plan's path with the suffix ``.logs``.

    Raises ``RuntimeError`` when tasks end again and again without having finished a run.
    """
    from hyperqueue import Job, LocalCluster
    from hyperqueue.client import Client
    from hyperqueue.cluster import WorkerConfig
    from hyperqueue.ffi.protocol import ResourceRequest

    plan, store = Path(plan).resolve(), Path(store).resolve()
    logs = Path(logs).resolve() if logs else plan.with_suffix(".logs")
    logs.mkdir(parents=True, exist_ok=True)
    cluster = None
    if server_dir is None:
        cluster = LocalCluster()
        for _ in range(workers):
            cluster.start_worker(WorkerConfig(cores=cores))
    client = cluster.client() if cluster else Client(Path(server_dir).expanduser())

    def submit(numbers: list[int]) -> None:
        # A task that fails takes no other with it.
        job = Job(name="rivalry", max_fails=None, default_workdir=os.getcwd())
        for number in numbers:
            job.program(
                _worker(program, plan, store, f"{number}/{shards}", threads),
                stdout=str(logs / f"shard-{number}.json"),
                stderr=str(logs / f"shard-{number}.log"),
                resources=ResourceRequest(cpus=threads),
            )
        client.wait_for_jobs([client.submit(job)], raise_on_error=False)

    def standing() -> list[dict]:
        return _ask(program, "status", plan, store, "--shards", str(shards))["results"]["shards"]

    try:
        _until_done(standing, submit, retries, logs)
    finally:
        if cluster:
            cluster.stop()
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
