#!/usr/bin/env python3
"""What other ways of stepping would take: gradient evaluations of SciPy's RK45 and of
Adams methods of variable step and order (VODE, a little more than one evaluation a step),
in time and in the logarithm of time, until the mean loss is at the bound of `run.py`'s
settings.

    python benchmarks/lab/steppers.py [paper A B]

Every line is a run: evaluations, CPU seconds, and the largest deviation of a winner's Gamma
from RK45 at 1e-6. All neurons step together; the state are the weights, in double precision.
"""

import dataclasses
import sys
import time

import numpy as np
from scipy.integrate import RK45, ode

import data

TOLERANCES = (1e-2, 3e-3, 1e-3, 1e-4)


class Flow:
    """dw/dt of the talk's network on the data of a setting."""

    def __init__(self, setting):
        self.s = setting
        features, labels, self.dictionaries = data.draw(setting)
        self.x = [np.asarray(x, float)[: setting.n] for x in features]
        self.y = np.asarray(labels)[: setting.n]
        rng = np.random.default_rng(1)
        self.units = setting.K * setting.m
        self.start = setting.sigma0 * rng.standard_normal(2 * self.units * setting.d)
        self.evaluations = 0
        self.onehot = np.eye(setting.K)[self.y]

    def sigma(self, a):
        s = self.s
        return np.where(a <= 0, 0.0, np.where(a < s.beta, np.clip(a, 0, None) ** s.q / (s.q * s.beta ** (s.q - 1)), a - s.beta * (1 - 1 / s.q)))

    def slope(self, a):
        return np.clip(a / self.s.beta, 0.0, 1.0) ** (self.s.q - 1)

    def logits(self, w):
        pre = [x @ part.T for x, part in zip(self.x, w.reshape(2, self.units, self.s.d))]
        return pre, sum(self.sigma(a).reshape(self.s.n, self.s.K, self.s.m).sum(2) for a in pre)

    def probabilities(self, f):
        e = np.exp(f - f.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def __call__(self, _t, w):
        self.evaluations += 1
        pre, f = self.logits(w)
        g = np.repeat(self.onehot - self.probabilities(f), self.s.m, axis=1) / self.s.n
        return np.concatenate([((g * self.slope(a)).T @ x).ravel() for a, x in zip(pre, self.x)])

    def state(self, w):
        """Mean loss and the Gammas."""
        _, f = self.logits(w)
        loss = -np.log(self.probabilities(f)[np.arange(self.s.n), self.y]).mean()
        return loss, data.strengths(w, self.dictionaries, self.s)


def steps(flow, how, tolerance, is_log):
    """Weights after every accepted step. Errors count relative to a weight, or to a tenth
    of the initial ones where it is smaller."""
    first = data.PLATEAU / 100
    f, start, w = flow, 0.0, flow.start
    if is_log:
        # Before a hundredth of the plateau nothing grows by more than that: one Euler step.
        w, start = w + first * flow(0.0, w), np.log(first)
        f = lambda s, w: np.exp(s) * flow(0.0, w)  # noqa: E731
    small = 0.1 * tolerance * flow.s.sigma0
    if how == "RK45":
        solver = RK45(f, start, w, np.inf, rtol=tolerance, atol=small)
        while solver.status == "running":
            solver.step()
            yield solver.y
        return
    solver = ode(f).set_integrator("vode", method="adams", rtol=tolerance, atol=small, nsteps=100_000)
    solver.set_initial_value(w, start)
    while solver.successful():
        yield solver.integrate(start + 1e12, step=True)


def run(flow, how, tolerance, is_log):
    """The Gammas at the event, by interpolation over ln(loss) in the last step."""
    flow.evaluations = 0
    before, since = None, time.process_time()
    for w in steps(flow, how, tolerance, is_log):
        loss, gamma = flow.state(w)
        if loss <= flow.s.bound:
            if before is None:
                return gamma, flow.evaluations, time.process_time() - since
            share = (np.log(before[0]) - np.log(flow.s.bound)) / (np.log(before[0]) - np.log(loss))
            return before[1] + share * (gamma - before[1]), flow.evaluations, time.process_time() - since
        before = (loss, gamma)
    raise RuntimeError(f"{how} at {tolerance} ended early")


def main():
    for name in sys.argv[1:] or data.SETTINGS:
        flow = Flow(data.SETTINGS[name])
        exact, n, _ = run(flow, "RK45", 1e-6, False)
        print(f"{name}: {dataclasses.asdict(flow.s)}; RK45 at 1e-6 takes {n} evaluations", flush=True)
        for how in ("RK45", "Adams"):
            for is_log in (False, True):
                for tolerance in TOLERANCES:
                    gamma, n, seconds = run(flow, how, tolerance, is_log)
                    off = data.deviation(gamma, exact)
                    print(f"{name} {how} in {'ln t' if is_log else 't'} at {tolerance:g}: {n} evaluations, {seconds:.2f} s, {100 * off:.2f} %", flush=True)


if __name__ == "__main__":
    main()
