#!/usr/bin/env python3
"""Compares one gradient-descent step and whole runs of the talk's network with
PyTorch, JAX and diffrax. README.md says what is measured and how.

    python benchmarks/lab/run.py [--rounds 11] [--parts step,flow,cost,threads] [--keep]

`--keep` writes the dated result to benchmarks/results/; parts that were not measured
now stay as they were measured earlier the same day.
"""

import argparse
import dataclasses
import datetime
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

import data
from network import SHAPES

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from common import ROOT, Contender, build, head, head_lines, in_turns, keep, needs_linux, ratio_lines, spread  # noqa: E402

STEPS = {
    "A": {"torch": ("eager", "by_hand"), "jax": ("jit", "jit_loop")},
    "B": {"torch": ("eager", "by_hand"), "jax": ("jit", "jit_loop", "vmap")},
}
STEP_TARGETS = {
    "A: share of the products' rate": (">=", 0.85),
    "A: better peer / rivalry": (">=", 1.3),
    "B: share of the products' rate": (">=", 0.75),
    "B: better peer / rivalry": (">=", 2.5),
}
# Found by `--search`: the largest rate out of 16, 8, 4, ... whose winners'
# Gammas are within 1 % of the reference.
RATES = {"paper": 0.25, "A": 0.5, "B": 0.5}
TOLERANCES = ("1e-2", "1e-3", "1e-4")
PEER_SOLVERS = ("Tsit5", "Bosh3", "Dopri8")
CLOSE = 0.01
DESCENT_SAMPLE = 300
RACE_TRIALS = 16
DESCENT_TARGET, DIFFRAX_TARGET = (">=", 20.0), (">=", 5.0)


def python_side(script, *words):
    return Contender([sys.executable, str(HERE / script), *words])


def step_part(rust, n_rounds):
    """One full step: CPU ms per step of each contender, and their ratios."""
    sides = {"torch": python_side("torch_side.py"), "jax": python_side("jax_side.py")}
    result = {}
    for name, peers in STEPS.items():
        requests = {"rivalry": (rust, f"step {name}"), "products": (rust, f"products {name}")}
        for side, ways in peers.items():
            requests |= {f"{side} {way}": (sides[side], f"{way} {name}") for way in ways}
        rounds = [
            {who: 1e3 * seconds / answer["n_steps"] for who, (seconds, answer) in r.items()}
            for r in in_turns(requests, n_rounds)
        ]
        peers = [who for who in requests if who not in ("rivalry", "products")]
        better = min(peers, key=lambda who: statistics.median(r[who] for r in rounds))
        ratios = {
            f"{name}: share of the products' rate": spread([r["products"] / r["rivalry"] for r in rounds]),
            f"{name}: better peer / rivalry": spread([r[better] / r["rivalry"] for r in rounds]),
        }
        ratios |= {f"{name}: {who} / rivalry": spread([r[who] / r["rivalry"] for r in rounds]) for who in peers}
        result[name] = {
            "gflop": SHAPES[name].flops() / 1e9,
            "ms_per_step": {who: spread([r[who] for r in rounds]) for who in requests},
            "better_peer": better,
            "ratios": ratios,
        }
    for side in sides.values():
        side.stop()
    return result


def step_page(result):
    lines = ["", "## One full step", ""]
    for name, found in result.items():
        lines += [f"Shape {name}:", "", "| contender | CPU ms per step, median (min to max) | GFLOP/s |", "| --- | --- | --- |"]
        for who, ms in found["ms_per_step"].items():
            mark = ", the better peer" if who == found["better_peer"] else ""
            rate = found["gflop"] / (1e-3 * ms["median"])
            lines.append(f"| {who}{mark} | {ms['median']:.3f} ({ms['min']:.3f} to {ms['max']:.3f}) | {rate:.0f} |")
        lines += ["", *ratio_lines(found["ratios"], STEP_TARGETS), ""]
    return lines


class EndToEnd:
    """One setting: shared arrays, the reference, and everybody's runs."""

    def __init__(self, name, rust, work):
        self.name, self.rust, self.setting = name, rust, data.SETTINGS[name]
        self.folder = work / name
        s = self.setting
        data.write(s, self.folder)
        weights = rust.ask(f"load {self.folder} {s.m} {s.q} {s.beta} {s.sigma0}")["weights"]
        np.save(self.folder / "w.npy", np.array(weights, np.float32))
        self.dictionaries = [np.load(self.folder / f"m{r}.npy") for r in (1, 2)]
        # Tight, in double precision, by somebody else.
        double = python_side("jax_flow.py", "double")
        double.ask(f"load {self.folder}")
        double.ask("flow Tsit5 1e-6")
        self.reference = self.strengths(double)
        double.stop()

    def strengths(self, side):
        return data.strengths(side.ask("weights")["weights"], self.dictionaries, self.setting)

    def deviation(self, side):
        return data.deviation(self.strengths(side), self.reference)

    def search(self):
        """The deviation of gradient descent by rate."""
        for eta in (16, 8, 4, 2, 1, 0.5, 0.25, 0.125):
            answer = self.rust.ask(f"descent {eta} {self.setting.bound} 10000000")
            found = self.deviation(self.rust)
            print(f"{self.name}: eta {eta}, {answer['n_steps']} steps, {answer['ended']}, deviation {found:.4f}")
            if found <= CLOSE:
                return

    def run(self, n_rounds):
        jax = python_side("jax_flow.py")
        jax.ask(f"load {self.folder}")
        eta = RATES[self.name]
        descent = self.rust.ask(f"descent {eta} {self.setting.bound} 10000000")
        descent |= {"eta": eta, "deviation": self.deviation(self.rust)}
        flows = {f"rivalry {tol}": (self.rust, f"flow {self.setting.bound} tolerance={tol}") for tol in TOLERANCES}
        flows |= {f"{s} {tol}": (jax, f"flow {s} {tol}") for s in PEER_SOLVERS for tol in TOLERANCES}
        deviations = {}
        for who, (side, request) in flows.items():
            side.ask(request)
            deviations[who] = self.deviation(side)
        steps = {"descent steps": (jax, f"steps {eta} {DESCENT_SAMPLE}")}
        rounds = [{who: s for who, (s, _) in r.items()} for r in in_turns(flows | steps, n_rounds)]
        jax.stop()
        for r in rounds:
            r["gradient descent"] = r.pop("descent steps") / DESCENT_SAMPLE * descent["n_steps"]
        middle = {who: statistics.median(r[who] for r in rounds) for who in rounds[0]}

        def best(names):
            close = [who for who in names if deviations[who] <= CLOSE]
            return min(close, key=middle.get) if close else None

        ours = best([f"rivalry {tol}" for tol in TOLERANCES])
        theirs = best([f"{s} {tol}" for s in PEER_SOLVERS for tol in TOLERANCES])
        ratios, targets = {}, {}

        def ratio(label, above, below, target):
            ratios[label] = spread([r[above] / r[below] for r in rounds])
            targets[label] = target

        ratio(f"gradient descent / {ours}", "gradient descent", ours, DESCENT_TARGET)
        for tol in TOLERANCES:
            peer = min((f"{s} {tol}" for s in PEER_SOLVERS), key=middle.get)
            ratio(f"same tolerance: {peer} / rivalry {tol}", peer, f"rivalry {tol}", DIFFRAX_TARGET)
        ratio(f"cheapest within 1 %: {theirs} / {ours}", theirs, ours, DIFFRAX_TARGET)
        exact = [who for who in deviations if not who.startswith("rivalry") and deviations[who] <= deviations[ours]]
        if exact:
            peer = min(exact, key=middle.get)
            ratio(f"as exact as {ours}: {peer} / {ours}", peer, ours, DIFFRAX_TARGET)
        return {
            "setting": vars(self.setting),
            "descent": descent,
            "cpu_seconds": {who: spread([r[who] for r in rounds]) for who in rounds[0]},
            "deviation": deviations | {"gradient descent": descent["deviation"]},
            "ratios": ratios,
            "targets": targets,
        }


def flow_page(result):
    lines = ["", "## From end to end", ""]
    for name, found in result.items():
        descent = found["descent"]
        lines += [
            f"Setting {name} ({', '.join(f'{k} {v}' for k, v in found['setting'].items())}). Gradient descent at "
            f"eta {descent['eta']}: {descent['n_steps']} steps, counted once, times the time of one of "
            f"{DESCENT_SAMPLE} in JAX.",
            "",
            "| contender | CPU s, median (min to max) | largest deviation of a winner's Gamma |",
            "| --- | --- | --- |",
        ]
        for who, s in found["cpu_seconds"].items():
            lines.append(
                f"| {who} | {s['median']:.3f} ({s['min']:.3f} to {s['max']:.3f}) | {100 * found['deviation'][who]:.2f} % |"
            )
        lines += ["", *ratio_lines(found["ratios"], found["targets"]), ""]
    return lines


def cost_part(rust, work):
    """CPU seconds of a flow against n, d, K and m, one at a time."""
    base = data.Setting(n=400, d=200, m=4, q=3, nu=1.0, sigma0=1e-3)
    rows = []
    for knob, values in {"n": (100, 200, 400, 800, 1600), "d": (50, 100, 200, 400, 800, 1600), "K": (5, 10, 20), "m": (2, 4, 8, 16)}.items():
        for value in values:
            setting = dataclasses.replace(base, **{knob: value})
            folder = work / f"cost-{knob}-{value}"
            data.write(setting, folder)
            rust.ask(f"load {folder} {setting.m} {setting.q} {setting.beta} {setting.sigma0}")
            request = f"flow {setting.bound} tolerance=1e-3"
            found = [rust.measure(request) for _ in range(3)]
            seconds = statistics.median(s for s, _ in found)
            answer = found[-1][1]
            rows.append(
                {
                    "knob": knob,
                    "value": value,
                    "cpu_seconds": round(seconds, 4),
                    "gradient_evaluations": answer["gradient_evaluations"],
                    "gflop": round(answer["flops"] / 1e9, 2),
                    "ended": answer["ended"].split(" ")[0],
                }
            )
            print(rows[-1])
    return rows


def cost_page(rows):
    columns = list(rows[0])
    lines = ["", "## Cost of a flow", "", "Tolerance 1e-3; n=400, d=200, K=10, m=4, q=3, sigma0=1e-3, nu=1 where not said.", ""]
    lines += ["| " + " | ".join(c.replace("_", " ") for c in columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(str(row[c]) for c in columns) + " |" for row in rows]


def threads_part(n_rounds):
    """Seconds of a race against threads; every run must say the same."""
    subprocess.run(["cargo", "build", "--release", "-p", "rivalry-cli"], cwd=ROOT, check=True)
    race = [str(ROOT / "target" / "release" / "rivalry"), "lab", "race", "--trials", str(RACE_TRIALS), "--json", "--quiet"]
    counts = [n for n in (1, 2, 4, 8, 16, 32) if n <= os.cpu_count()]
    rounds, said = [], set()
    for _ in range(n_rounds):
        found = {}
        for n in counts:
            before, since = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            done = subprocess.run([*race, "--threads", str(n)], check=True, stdout=subprocess.PIPE)
            wall, after = time.monotonic() - since, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            said.add(json.dumps(json.loads(done.stdout)["results"], sort_keys=True))
            found[n] = (wall, cpu)
        rounds.append(found)
        print(found)
    assert len(said) == 1, "a race depends on the number of threads"
    return [
        {
            "threads": n,
            "wall_seconds": spread([r[n][0] for r in rounds]),
            "cpu_seconds": spread([r[n][1] for r in rounds]),
            "load": os.getloadavg()[0],
        }
        for n in counts
    ]


def threads_page(rows):
    lines = ["", "## A race against threads", "", f"`rivalry lab race --trials {RACE_TRIALS}`, the same results to the bit.", ""]
    lines += ["| threads | seconds, median (min to max) | CPU seconds, median |", "| --- | --- | --- |"]
    for row in rows:
        wall = row["wall_seconds"]
        lines.append(
            f"| {row['threads']} | {wall['median']:.1f} ({wall['min']:.1f} to {wall['max']:.1f}) | "
            f"{row['cpu_seconds']['median']:.1f} |"
        )
    return lines


PAGES = {"step": step_page, "flow": flow_page, "cost": cost_page, "threads": threads_page}


def earlier_today():
    """What was kept earlier the same day."""
    kept = ROOT / "benchmarks" / "results" / f"lab-{datetime.date.today().isoformat()}.json"
    return json.loads(kept.read_text()) if kept.exists() else {}


def merged(kept, now, found):
    """What was kept, with the parts found now in place of theirs; each of these says
    under which head it was measured."""
    if not set(PAGES) & set(kept) - set(found):
        return now | found
    later = {part: own for part, own in kept.get("later", {}).items()} | {part: now for part in found}
    return kept | found | {"later": later}


def whole_page(result):
    lines = [*head_lines("The lab's network", result), "", f"{result['rounds']} rounds."]
    for part, own in result.get("later", {}).items():
        lines += ["", f"The part `{part}` later that day: {head_lines('', own)[2]}"]
    lines += [line for part, page in PAGES.items() if part in result for line in page(result[part])]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--parts", default=",".join(PAGES), help="which of " + ", ".join(PAGES))
    parser.add_argument("--settings", default=",".join(data.SETTINGS), help="which settings of the flow part")
    parser.add_argument("--search", action="store_true", help="search the rates of gradient descent anew and end")
    parser.add_argument("--keep", action="store_true", help="write the result to benchmarks/results/")
    options = parser.parse_args()
    needs_linux()
    parts = options.parts.split(",")
    peers = ("torch", "jax", "diffrax", "numpy") if options.search or {"step", "flow"} & {*parts} else ()
    try:
        versions = {name: importlib.metadata.version(name) for name in peers}
    except importlib.metadata.PackageNotFoundError as missing:
        sys.exit(f"this comparison needs {missing.name}: pip install -r benchmarks/lab/requirements.txt")
    rust = Contender([build("lab"), "serve"])
    versions |= {"rivalry": rust.ready, "python": platform.python_version()}
    load_before = os.getloadavg()[0]
    found = {}
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        if options.search:
            for name in options.settings.split(","):
                EndToEnd(name, rust, work).search()
            return
        if "step" in parts:
            found["step"] = step_part(rust, options.rounds)
        if "flow" in parts:
            n_rounds = max(3, options.rounds // 3)
            names = options.settings.split(",")
            found["flow"] = {name: EndToEnd(name, rust, work).run(n_rounds) for name in names}
        if "cost" in parts:
            found["cost"] = cost_part(rust, work)
    rust.stop()
    if "threads" in parts:
        found["threads"] = threads_part(max(3, options.rounds // 3))
    result = merged(earlier_today(), head("lab", versions, load_before) | {"rounds": options.rounds}, found)
    page = whole_page(json.loads(json.dumps(result)))
    print("\n" + page)
    if options.keep:
        keep(result, page)


if __name__ == "__main__":
    main()
