"""How much longer a PyTorch training step takes with `ModalityMonitor`, as a share of the step.

    python benchmarks/monitor/run.py            # needs PyTorch and the package `rivalry`
    python benchmarks/monitor/run.py --keep     # keeps the result under benchmarks/results

A network of 10 million parameters (two encoders of two layers and a linear head over the joined
features) takes the same steps without the monitor, with it, and with it measuring the gradients
of the encoders too, all at their defaults. The three take each step in turns, in a random order,
on one thread; CPU time of the process. A round is an epoch of 250 steps with its end and its log:
one period of everything that the monitor does now and then. After each round the three networks, which
are equal bit for bit, exchange their roles, because where a network lies in memory matters as much as the monitor.
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
ROLES = ("plain", "monitor", "monitor, gradients of encoders")


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

    def __init__(self, network):
        self.network = copy.deepcopy(network)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9)

    def begin(self, role, log):
        self.monitor, self.seconds = None, 0.0
        if role != ROLES[0]:
            of = self.network.encoders if role == ROLES[2] else None
            self.monitor = ModalityMonitor.from_linear_head(self.network.head, WIDTHS, log=log, encoders=of)

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
            self.monitor.close()
        return self.seconds + time.process_time() - start


def main():
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--cycles", type=int, default=3, help="of three rounds each")
    asked.add_argument("--keep", action="store_true", help="keep the result under benchmarks/results")
    asked = asked.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network, draws = Network(), random.Random(0)
    sides = [Side(network) for _ in ROLES]
    cycles = []
    with tempfile.TemporaryDirectory() as folder:
        for at in range(-1, 3 * asked.cycles):
            played = {role: sides[(at + i) % 3] for i, role in enumerate(ROLES)}
            for role, side in played.items():
                side.begin(role, pathlib.Path(folder) / f"{role}.jsonl")
            for _ in range(STEPS if at >= 0 else 3):  # the first round warms up
                x = {name: torch.randn(BATCH, FEATURES) for name in WIDTHS}
                y = torch.randint(N_CLASSES, (BATCH,))
                for side in draws.sample(sides, len(sides)):
                    side.step(x, y)
            took = {role: side.end() for role, side in played.items()}
            if at < 0:
                continue
            if at % 3 == 0:
                cycles.append(dict.fromkeys(ROLES, 0.0))
            for role, seconds in took.items():
                cycles[-1][role] += seconds
            print(", ".join(f"{role} {seconds:.2f} s" for role, seconds in took.items()), flush=True)
    for side in sides:
        assert all(torch.equal(p, q) for p, q in zip(sides[0].network.parameters(), side.network.parameters()))
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": platform.processor() or platform.machine(),
        "torch": torch.__version__,
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps_per_round": STEPS,
        "seconds_per_cycle": cycles,
        "overhead": {},
    }
    for role in ROLES[1:]:
        shares = sorted(cycle[role] / cycle[ROLES[0]] - 1 for cycle in cycles)
        result["overhead"][role] = {"median": statistics.median(shares), "least": shares[0], "most": shares[-1]}
        print(f"{role}: {100 * statistics.median(shares):+.2f} % [{100 * shares[0]:+.2f}, {100 * shares[-1]:+.2f}] of a step")
    if asked.keep:
        kept = pathlib.Path(__file__).resolve().parents[1] / "results" / f"monitor-{result['date']}.json"
        kept.write_text(json.dumps(result, indent=2) + "\n")
        print(kept)


if __name__ == "__main__":
    main()
