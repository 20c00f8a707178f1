"""What the comparisons share: contenders as processes that are asked in turns,
CPU time from the scheduler's books, medians with their spread, results on disk."""

import datetime
import json
import os
import pathlib
import platform
import random
import shlex
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


class Contender:
    """A process that works on request, and what the kernel knows about it."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **ONE_THREAD}
        )
        self.ready = self.answer()["ready"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{shlex.join(self.process.args)} ended with status {self.process.wait()}")
        return json.loads(line)

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return self.answer()

    def cpu_seconds(self):
        """Time on a CPU of all threads, from the scheduler's own books."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

    def measure(self, request):
        """CPU seconds of one request, and its answer."""
        before = self.cpu_seconds()
        answer = self.ask(request)
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


def needs_linux():
    if not pathlib.Path("/proc/self/schedstat").exists():
        sys.exit("this benchmark reads CPU times from /proc/<pid>/task/*/schedstat and needs Linux")


def build(name):
    """The benchmark binary `name` of the Rust side."""
    command = ["cargo", "bench", "--no-run", "-p", "rivalry", "--bench", name, "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    artifacts = (json.loads(line) for line in lines)
    found = [a["executable"] for a in artifacts if a.get("executable") and a["target"]["name"] == name]
    return found[-1]


def in_turns(requests, n_rounds):
    """Asks every contender in a new random order, round after round. Per round
    a dictionary from request name to (CPU seconds, answer)."""
    for contender, request in requests.values():
        contender.measure(request)  # caches, lazy initialisation
    order = random.Random(0)
    rounds = []
    for index in range(n_rounds):
        found = {}
        for name in order.sample(list(requests), len(requests)):
            contender, request = requests[name]
            found[name] = contender.measure(request)
        rounds.append(found)
        print(f"round {index + 1} of {n_rounds}: " + ", ".join(f"{k} {found[k][0]:.3f} s" for k in requests))
    return rounds


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


def head(benchmark, versions, load_before):
    """What every result says about where it comes from."""
    return {
        "benchmark": benchmark,
        "date": datetime.date.today().isoformat(),
        "commit": subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ).stdout.strip(),
        "machine": machine(),
        "versions": versions,
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
    }


def head_lines(title, result):
    """The same as the first lines of a page."""
    before, after = ("unknown" if x is None else f"{x:.1f}" for x in (result["load_before"], result["load_after"]))
    return [
        f"# {title}, {result['date']}",
        "",
        f"{result['machine']['cpu']}, {result['machine']['cpus']} CPUs ({', '.join(result['machine']['simd'])}), "
        f"{result['machine']['memory_gib']} GiB, {result['machine']['system']}; load average at the start "
        f"{before}, at the end {after}. "
        + ", ".join(f"{k} {v}" for k, v in result["versions"].items())
        + f". Commit {result['commit']}.",
    ]


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}


def verdict(target, value):
    relation, bound = target
    return value >= bound if relation == ">=" else value <= bound


def ratio_lines(ratios, targets):
    """A table of ratios with the targets that some of them have."""
    lines = ["| ratio within a round | median (min to max) | target | |", "| --- | --- | --- | --- |"]
    for name, r in ratios.items():
        target = targets.get(name)
        asked = "" if target is None else f"{target[0]} {target[1]}"
        met = "" if target is None else ("met" if verdict(target, r["median"]) else "**missed**")
        lines.append(f"| {name} | {r['median']:.2f} ({r['min']:.2f} to {r['max']:.2f}) | {asked} | {met} |")
    return lines


def keep(result, page):
    """Writes a dated result to benchmarks/results/."""
    folder = ROOT / "benchmarks/results"
    folder.mkdir(exist_ok=True)
    name = f"{result['benchmark']}-{result['date']}"
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    (folder / f"{name}.md").write_text(page)
    print(f"kept as benchmarks/results/{name}.json and .md")
