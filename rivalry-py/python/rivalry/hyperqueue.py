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

import os
from pathlib import Path

from ._shards import folder_of_logs, merged, shard_words

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
    logs = folder_of_logs(plan, logs)
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
                shard_words(program, plan, store, f"{number}/{shards}", threads),
                stdout=str(logs / f"shard-{number}.json"),
                stderr=str(logs / f"shard-{number}.log"),
                resources=ResourceRequest(cpus=threads),
            )
        client.wait_for_jobs([client.submit(job)], raise_on_error=False)

    try:
        return merged(program, plan, store, shards, submit, retries, logs)
    finally:
        if cluster:
            cluster.stop()
