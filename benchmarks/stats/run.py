#!/usr/bin/env python3
"""Compares `rivalry compare` with the same in NumPy and SciPy: 100,000 samples, 400 classes; 10,000 bootstrap draws there.
README.md says what is measured and how.

    python benchmarks/stats/run.py [--rounds 5] [--keep]
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from common import ROOT, Contender, head, head_lines, keep, needs_linux, ratio_lines, spread  # noqa: E402

N, K, REPLICATES = 100_000, 400, 10_000
TARGETS = {
    "NumPy and SciPy / rivalry, CPU time": (">=", 200.0),
    "wall seconds on all cores": ("<=", 1.0),
    "peak memory / input": ("<=", 4.0),
}


def data(folder, scores):
    """Classes given by two models of one modality and a joint one, or scores of every class."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, K, N)
    best = rng.random(N) < 0.72
    accuracies = {"a": best, "b": np.where(rng.random(N) < 0.8, best, rng.random(N) < 0.58)}
    accuracies["j"] = np.where(rng.random(N) < 0.8, best, rng.random(N) < 0.7)
    np.save(folder / "y.npy", labels)
    for name, right in accuracies.items():
        given = np.where(right, labels, (labels + rng.integers(1, K, N)) % K)
        if scores:
            values = rng.normal(size=(N, K)).astype(np.float32)
            values[np.arange(N), given] += 10
            np.save(folder / f"{name}.npy", values)
        else:
            np.save(folder / f"{name}.npy", given)
    return sum((folder / f"{name}.npy").stat().st_size for name in "yabj")


def ours(program, folder, threads):
    """CPU and wall seconds, and the document, of one whole process."""
    command = [program, "compare", "--labels", "y.npy", "--joint", "j.npy", "--uni", "a=a.npy", "--uni", "b=b.npy"]
    command += ["--replicates", str(REPLICATES), "--threads", str(threads), "--json"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = subprocess.run(["/usr/bin/time", "-f", "%M", *command], cwd=folder, check=True, capture_output=True, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, 1024 * int(said.stderr.split()[-1]), json.loads(said.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help="write the result to benchmarks/results/")
    parser.add_argument("--program", help="a built `rivalry`, instead of building one")
    options = parser.parse_args()
    needs_linux()
    if options.program is None:
        subprocess.run(["cargo", "build", "--release", "-q", "-p", "rivalry-cli"], cwd=ROOT, check=True)
    program = str(pathlib.Path(options.program or ROOT / "target/release/rivalry").resolve())
    load_before = os.getloadavg()[0]
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "scipy")}
    versions |= {"rivalry": subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split()[-1]}
    versions |= {"python": platform.python_version()}
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        size = data(folder, scores=False)
        peer = Contender([sys.executable, str(HERE / "numpy_side.py")])
        cpus, walls, memory = [], [], []
        for _ in range(options.rounds):
            cpus.append(ours(program, folder, 1)[0])
            _, wall, peak, document = ours(program, folder, os.cpu_count())
            walls.append(wall)
            memory.append(peak)
        # The peer takes minutes: once.
        seconds, answer = peer.measure(f"compare {folder} {REPLICATES}")
        peer.stop()
        ends = [document["results"]["gap"][end] for end in ("low", "high")]
        print("gap", document["results"]["gap"]["value"], ends, "; peer", answer["gap"], answer["ends"][0])
        assert abs(answer["gap"] - document["results"]["gap"]["value"]) < 1e-6
        assert max(abs(a - b) for a, b in zip(ends, answer["ends"][0])) < 2e-4
        changes = [of_class["change"] for of_class in document["results"]["classes"]]
        apart = [abs(ours[end] - theirs[i]) for ours, theirs in zip(changes, answer["class_ends"]) for i, end in enumerate(("low", "high"))]
        print("ends of classes' changes: mean distance", statistics.mean(apart))
        assert statistics.mean(apart) < 2.5e-3
        big = pathlib.Path(work) / "scores"
        big.mkdir()
        large = data(big, scores=True)
        with_scores = ours(program, big, os.cpu_count())
    found = {
        "cpu_seconds": {"rivalry": spread(cpus), "numpy": seconds},
        "wall_seconds": spread(walls),
        "peak_bytes": max(memory),
        "input_bytes": size,
        "scores": {"input_bytes": large, "peak_bytes": with_scores[2], "cpu_seconds": with_scores[0], "wall_seconds": with_scores[1]},
        "ratios": {
            "NumPy and SciPy / rivalry, CPU time": spread([seconds / cpu for cpu in cpus]),
            "wall seconds on all cores": spread(walls),
            "peak memory / input": spread([with_scores[2] / large]),
        },
    }
    result = head("stats", versions, load_before) | {"rounds": options.rounds} | found
    page = [
        *head_lines("`rivalry compare` against NumPy and SciPy", result),
        "",
        f"{N:,} samples, {K} classes, three models; {REPLICATES:,} bootstrap draws in NumPy, none needed here; NumPy once ({seconds:.1f} CPU s), ours {options.rounds} times.",
        "",
        *ratio_lines(found["ratios"], TARGETS),
        "",
        f"CPU seconds {statistics.median(cpus):.3f} on one thread. Predicted classes: {size / 1e6:.1f} MB read, {max(memory) / 1e6:.0f} MB at the peak. "
        f"Scores of every class: {large / 1e6:.0f} MB read, {with_scores[2] / 1e6:.0f} MB at the peak, {with_scores[0]:.1f} CPU s, {with_scores[1]:.1f} s.",
    ]
    text = "\n".join(page) + "\n"
    print("\n" + text)
    if options.keep:
        keep(result, text)


if __name__ == "__main__":
    main()
