#!/usr/bin/env python3
"""Compares the training loop with PyTorch eager and with its own matrix
products. README.md says what is measured and how.

    python benchmarks/trainer/run.py [--rounds 15] [--keep]

`--keep` writes the dated result to benchmarks/results/.
"""

import argparse
import importlib.metadata
import os
import pathlib
import platform
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from common import Contender, build, head, head_lines, in_turns, keep, needs_linux, ratio_lines, spread  # noqa: E402

STEPS = 50 * 32
TARGETS = {"torch / rivalry": (">=", 10.0), "rivalry / products": ("<=", 1.5)}


def table(result):
    lines = [
        *head_lines("Trainer", result),
        "",
        f"{result['rounds']} rounds.",
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
    lines += ["", *ratio_lines(result["ratios"], TARGETS)]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--keep", action="store_true", help="write the result to benchmarks/results/")
    options = parser.parse_args()
    needs_linux()
    try:
        versions = {"torch": importlib.metadata.version("torch")}
    except importlib.metadata.PackageNotFoundError:
        sys.exit("this comparison needs PyTorch: pip install torch numpy")

    rust = Contender([build("trainer"), "serve"])
    torch = Contender([sys.executable, str(HERE / "torch_side.py")])
    versions.update(rivalry=rust.ready, python=platform.python_version())
    sides = {"rivalry": rust, "products": rust, "torch": torch, "torch_fused": torch}
    load_before = os.getloadavg()[0]
    rounds = in_turns({name: (side, name) for name, side in sides.items()}, options.rounds)
    result = head("trainer", versions, load_before) | {
        "rounds": options.rounds,
        "contenders": {
            name: {
                "cpu_seconds": spread([r[name][0] for r in rounds]),
                "peak_memory_mib": side.peak_memory(),
                "train_loss": rounds[-1][name][1].get("train_loss"),
            }
            for name, side in sides.items()
        },
        "ratios": {
            f"{above} / {below}": spread([r[above][0] / r[below][0] for r in rounds])
            for above, below in [("torch", "rivalry"), ("torch_fused", "rivalry"), ("rivalry", "products")]
        },
        "each_round_cpu_seconds": [{name: r[name][0] for name in sides} for r in rounds],
    }
    rust.stop()
    torch.stop()
    page = table(result)
    print("\n" + page)
    if options.keep:
        keep(result, page)


if __name__ == "__main__":
    main()
