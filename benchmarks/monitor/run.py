"""How much longer a PyTorch training step takes with `ModalityMonitor`, as a share of the step.

    python benchmarks/monitor/run.py            # needs PyTorch and the package `rivalry`
    python benchmarks/monitor/run.py --keep     # keeps the result under benchmarks/results

A network of 10 million parameters (two encoders of two layers and a linear head over the joined
features) takes the same steps without the monitor, with it, and with it measuring the gradients
of the encoders too, all at their defaults. The three take each step in turns, in a random order,
on one thread; CPU time of the process. A round is an epoch of 250 steps with its end and its log:
one period of everything that the monitor does now and then.
"""

import argparse
import copy
import datetime
import json
import pathlib
import platform
import random
import statistics
import tempfile
import time

import torch
import torch.nn.functional as F
from torch import nn

from rivalry.torch import ModalityMonitor

FEATURES, WIDTH, N_CLASSES, BATCH = 1024, 1750, 100, 32
STEPS = 250
WIDTHS = {"audio": WIDTH, "image": WIDTH}


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        encoder = lambda: nn.Sequential(nn.Linear(FEATURES, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU())
        self.encoders = nn.ModuleDict({name: encoder() for name in WIDTHS})
        self.head = nn.Linear(2 * WIDTH, N_CLASSES)

    def forward(self, x):
        return self.head(torch.cat([self.encoders[name](x[name]) for name in WIDTHS], 1))


class Side:
    """A network with its optimizer, maybe watched, and the CPU seconds that it took."""

    def __init__(self, network, log=None, encoders=False):
        self.network = copy.deepcopy(network)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9)
        of = self.network.encoders if encoders else None
        self.monitor = log and ModalityMonitor.from_linear_head(self.network.head, WIDTHS, log=log, encoders=of)
        self.seconds = 0.0

    def step(self, x, y):
        start = time.process_time()
        logits = self.network(x)
        if self.monitor:
            self.monitor.step(y)
        loss = F.cross_entropy(logits, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.seconds += time.process_time() - start

    def end(self):
        start = time.process_time()
        if self.monitor:
            self.monitor.epoch_end()
        took, self.seconds = self.seconds + time.process_time() - start, 0.0
        return took


def main():
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--rounds", type=int, default=7)
    asked.add_argument("--keep", action="store_true", help="keep the result under benchmarks/results")
    asked = asked.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = Network()
    with tempfile.TemporaryDirectory() as folder:
        logs = [pathlib.Path(folder) / name for name in ("heads.jsonl", "encoders.jsonl")]
        sides = {
            "plain": Side(network),
            "monitor": Side(network, logs[0]),
            "monitor, gradients of encoders": Side(network, logs[1], encoders=True),
        }
        draws, rounds = random.Random(0), {name: [] for name in sides}
        for at in range(-1, asked.rounds):
            for _ in range(STEPS if at >= 0 else 3):
                x = {name: torch.randn(BATCH, FEATURES) for name in WIDTHS}
                y = torch.randint(N_CLASSES, (BATCH,))
                for side in draws.sample(list(sides.values()), len(sides)):
                    side.step(x, y)
            took = {name: side.end() for name, side in sides.items()}
            if at < 0:  # to warm up; the count of steps begins anew
                for side in sides.values():
                    if side.monitor:
                        side.monitor.load_state_dict({"steps": 0, "epoch": 0, "starved": {}, "epochs": []})
                continue
            for name, seconds in took.items():
                rounds[name].append(seconds)
            print(", ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items()), flush=True)
    assert all(torch.equal(p, q) for side in sides.values() for p, q in zip(sides["plain"].network.parameters(), side.network.parameters()))
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": platform.processor() or platform.machine(),
        "torch": torch.__version__,
        "parameters": sum(p.numel() for p in network.parameters()),
        "seconds_per_step": statistics.median(rounds["plain"]) / STEPS,
        "steps_per_round": STEPS,
        "rounds": rounds,
        "overhead": {},
    }
    for name in list(sides)[1:]:
        shares = sorted(watched / plain - 1 for watched, plain in zip(rounds[name], rounds["plain"]))
        result["overhead"][name] = {"median": statistics.median(shares), "least": shares[0], "most": shares[-1]}
        print(f"{name}: {100 * statistics.median(shares):+.2f} % [{100 * shares[0]:+.2f}, {100 * shares[-1]:+.2f}] of a step")
    if asked.keep:
        kept = pathlib.Path(__file__).resolve().parents[1] / "results" / f"monitor-{result['date']}.json"
        kept.write_text(json.dumps(result, indent=2) + "\n")
        print(kept)


if __name__ == "__main__":
    main()
