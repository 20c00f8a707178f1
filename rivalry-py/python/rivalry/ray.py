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

import os
import subprocess
from pathlib import Path

from ._shards import folder_of_logs, merged, shard_words

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
    logs = folder_of_logs(plan, logs)
    if not ray.is_initialized():
        ray.init(address=address, log_to_driver=False)
    here = os.getcwd()

    # Made here: a node needs Python and the program, not this package.
    def command(number: int) -> list[str]:
        return shard_words(program, plan, store, f"{number}/{shards}", threads)

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

    return merged(program, plan, store, shards, submit, retries, logs)
