#!/usr/bin/env python3
"""Compares the training loop with PyTorch eager and with its own matrix
products. README.md says what is measured and how.

    python benchmarks/trainer/run.py [--rounds 15] [--keep]

`--keep` writes the dated result to benchmarks/results/.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import random
import shlex
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STEPS = 50 * 32
TARGETS = {"torch / rivalry": (">=", 10.0), "rivalry / products": ("<=", 1.5)}


class Contender:
    """A process that works on request, and what the kernel knows about it."""

    def __init__(self, command):
        one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **one_thread}
        )
        self.ready = self.answer()["ready"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{shlex.join(self.process.args)} ended with status {self.process.wait()}")
        return json.loads(line)

    def cpu_seconds(self):
        """Time on a CPU of all threads, from the scheduler's own books."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

    def measure(self, request):
        """CPU seconds of one request, and its answer."""
        before = self.cpu_seconds()
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        answer = self.answer()
        return self.cpu_seconds() - before, answer

    def peak_memory(self):
        """Largest resident size so far, MiB."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the kernel does not report VmHWM")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def build():
    """The benchmark binary of the Rust side."""
    command = ["cargo", "bench", "--no-run", "-p", "rivalry", "--bench", "trainer", "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    artifacts = (json.loads(line) for line in lines)
    found = [a["executable"] for a in artifacts if a.get("executable") and a["target"]["name"] == "trainer"]
    return found[-1]


def machine():
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in cpu.splitlines() if line.startswith("model name")), "unknown")
    flags = next((line.split(":")[1].split() for line in cpu.splitlines() if line.startswith("flags")), [])
    return {
        "cpu": model,
        "cpus": os.cpu_count(),
        "simd": [flag for flag in ("avx2", "fma", "avx512f") if flag in flags],
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
    }


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}


def ratio(rounds, above, below):
    return spread([r[above] / r[below] for r in rounds])


def table(result):
    lines = [
        f"# Trainer, {result['date']}",
        "",
        f"{result['machine']['cpu']}, {result['machine']['cpus']} CPUs ({', '.join(result['machine']['simd'])}), "
        f"{result['machine']['memory_gib']} GiB, {result['machine']['system']}; load average at the start "
        f"{result['load_before']:.1f}, at the end {result['load_after']:.1f}. {result['rounds']} rounds. "
        + ", ".join(f"{k} {v}" for k, v in result["versions"].items())
        + f". Commit {result['commit']}.",
        "",
        "| contender | CPU s per run of 50 epochs, median (min to max) | ms per step | peak memory, MiB | final training loss |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, found in result["contenders"].items():
        s = found["cpu_seconds"]
        loss = "" if found["train_loss"] is None else f"{found['train_loss']:.4f}"
        lines.append(
            f"| {name} | {s['median']:.3f} ({s['min']:.3f} to {s['max']:.3f}) | {1e3 * s['median'] / STEPS:.3f} "
            f"| {found['peak_memory_mib']:.0f} | {loss} |"
        )
    lines += ["", "| ratio within a round | median (min to max) | target | |", "| --- | --- | --- | --- |"]
    for name, r in result["ratios"].items():
        relation, bound = TARGETS.get(name, (None, None))
        target = "" if bound is None else f"{relation} {bound}"
        met = "" if bound is None else ("met" if verdict(name, r) else "**missed**")
        lines.append(f"| {name} | {r['median']:.2f} ({r['min']:.2f} to {r['max']:.2f}) | {target} | {met} |")
    return "\n".join(lines) + "\n"


def verdict(name, r):
    relation, bound = TARGETS[name]
    return r["median"] >= bound if relation == ">=" else r["median"] <= bound


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--keep", action="store_true", help="write the result to benchmarks/results/")
    options = parser.parse_args()
    if not pathlib.Path("/proc/self/schedstat").exists():
        sys.exit("this benchmark reads CPU times from /proc/<pid>/task/*/schedstat and needs Linux")
    try:
        versions = {"torch": importlib.metadata.version("torch")}
    except importlib.metadata.PackageNotFoundError:
        sys.exit("this comparison needs PyTorch: pip install torch numpy")

    rust = Contender([build(), "serve"])
    torch = Contender([sys.executable, str(HERE / "torch_side.py")])
    versions.update(rivalry=rust.ready, python=platform.python_version())
    requests = {"rivalry": rust, "products": rust, "torch": torch, "torch_fused": torch}
    for request, contender in requests.items():
        contender.measure(request)  # caches, lazy initialisation

    load_before = os.getloadavg()[0]
    rounds, losses = [], {}
    order = random.Random(0)
    for index in range(options.rounds):
        found = {}
        for request in order.sample(list(requests), len(requests)):
            found[request], answer = requests[request].measure(request)
            losses[request] = answer.get("train_loss")
        rounds.append(found)
        print(f"round {index + 1} of {options.rounds}: " + ", ".join(f"{k} {found[k]:.3f} s" for k in requests))

    result = {
        "benchmark": "trainer",
        "date": datetime.date.today().isoformat(),
        "commit": subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ).stdout.strip(),
        "machine": machine(),
        "versions": versions,
        "rounds": options.rounds,
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
        "contenders": {
            request: {
                "cpu_seconds": spread([r[request] for r in rounds]),
                "peak_memory_mib": contender.peak_memory(),
                "train_loss": losses[request],
            }
            for request, contender in requests.items()
        },
        "ratios": {
            f"{above} / {below}": ratio(rounds, above, below)
            for above, below in [("torch", "rivalry"), ("torch_fused", "rivalry"), ("rivalry", "products")]
        },
        "each_round_cpu_seconds": rounds,
    }
    rust.stop()
    torch.stop()
    page = table(result)
    print("\n" + page)
    if options.keep:
        folder = ROOT / "benchmarks/results"
        folder.mkdir(exist_ok=True)
        name = f"trainer-{result['date']}"
        (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        (folder / f"{name}.md").write_text(page)
        print(f"kept as benchmarks/results/{name}.json and .md")


if __name__ == "__main__":
    main()
