"""The JAX contenders of the runs from end to end. Requests: `load FOLDER`;
`descent ETA STEPS`; `flow SOLVER RTOL` (diffrax); `steps ETA STEPS` (that many
steps whatever happens); `weights`. `double` at the start switches to double
precision, for the reference."""

import functools
import json
import pathlib
import sys

import jax

if "double" in sys.argv:
    jax.config.update("jax_enable_x64", True)

import diffrax
import jax.numpy as jnp
import numpy as np
import optimistix

SOLVERS = {name: getattr(diffrax, name) for name in ("Bosh3", "Tsit5", "Dopri5", "Dopri8")}


class Problem:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        setting = json.loads((folder / "setting.json").read_text())
        self.m, self.q, self.beta = setting["m"], setting["q"], setting["beta"]
        self.bound, self.sigma0, self.K = setting["bound"], setting["sigma0"], setting["K"]
        real = jnp.float64 if jax.config.jax_enable_x64 else jnp.float32
        self.inputs = [jnp.array(np.load(folder / f"x{r}.npy")[: -self.K], real) for r in (1, 2)]
        self.labels = jnp.array(np.load(folder / "y.npy")[: -self.K], jnp.int32)
        flat = np.load(folder / "w.npy")
        self.weights = list(jnp.array(flat, real).reshape(2, self.K * self.m, -1))

    def fused(self, weights):
        def smoothed_relu(a):
            power = a**self.q / (self.q * self.beta ** (self.q - 1))
            return jnp.where(a <= 0, 0.0, jnp.where(a <= self.beta, power, a - (1 - 1 / self.q) * self.beta))

        return sum(
            smoothed_relu(x @ w.T).reshape(len(self.labels), -1, self.m).sum(2) for x, w in zip(self.inputs, weights)
        )

    def read(self, weights):
        """Loss, and how far the run is from its end: the larger of what the
        loss is above its bound and what the most wrong sample lacks. It ends
        below zero; a tie is an error."""
        fused = self.fused(weights)
        own = jnp.take_along_axis(fused, self.labels[:, None], 1)
        others = jnp.where(jnp.arange(self.K) == self.labels[:, None], -jnp.inf, fused)
        loss = (jax.nn.logsumexp(fused, 1) - own[:, 0]).mean()
        return loss, jnp.maximum(loss - self.bound, (others.max(1) - own[:, 0]).max())

    @functools.partial(jax.jit, static_argnums=0)
    def descent(self, weights, eta, n_steps):
        """Until the event, which is read off the forward pass of the step."""

        def step(at):
            weights, _, i = at
            (_, distance), gradient = jax.value_and_grad(self.read, has_aux=True)(weights)
            done = distance < 0
            return [jnp.where(done, w, w - eta * g) for w, g in zip(weights, gradient)], done, i + 1

        return jax.lax.while_loop(lambda at: ~at[1] & (at[2] < n_steps), step, (weights, False, 0))

    @functools.partial(jax.jit, static_argnums=0)
    def steps(self, weights, eta, n_steps):
        def step(_, weights):
            gradient = jax.grad(lambda w: self.read(w)[0])(weights)
            return [w - eta * g for w, g in zip(weights, gradient)]

        return jax.lax.fori_loop(0, n_steps, step, weights)

    @functools.partial(jax.jit, static_argnums=(0, 1))
    def flow(self, solver, weights, rtol):
        """Until the event, which costs a forward pass after each step and is
        then looked for within the last one by bisection."""

        def field(t, weights, args):
            return [-g for g in jax.grad(lambda w: self.read(w)[0])(weights)]

        distance = lambda t, y, args, **rest: self.read(y)[1]  # noqa: E731
        event = diffrax.Event(distance, optimistix.Bisection(rtol=1e-4, atol=1e-4))
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            SOLVERS[solver](),
            t0=0.0,
            t1=1e9,
            dt0=None,
            y0=weights,
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=rtol * self.sigma0),
            saveat=diffrax.SaveAt(t1=True),
            event=event,
            max_steps=200_000,
            throw=False,
        )
        return [w[-1] for w in found.ys], found.ts[-1], found.stats["num_steps"], found.stats["num_accepted_steps"]


def main():
    print(json.dumps({"ready": f"{jax.__version__}, diffrax {diffrax.__version__}"}), flush=True)
    problem, last = None, None
    for line in sys.stdin:
        what, *words = line.split()
        answer = {}
        if what == "load":
            problem = Problem(words[0])
        elif what == "descent":
            last, done, n_steps = problem.descent(problem.weights, float(words[0]), int(words[1]))
            answer = {"n_steps": int(n_steps), "done": bool(done)}
        elif what == "steps":
            jax.block_until_ready(problem.steps(problem.weights, float(words[0]), int(words[1])))
            answer = {"n_steps": int(words[1])}
        elif what == "flow":
            last, time, n_steps, n_accepted = problem.flow(words[0], problem.weights, float(words[1]))
            loss, distance = problem.read(last)
            answer = {"time": float(time), "n_steps": int(n_steps), "n_accepted": int(n_accepted)}
            answer |= {"distance": float(distance), "train_loss": float(loss)}
        elif what == "weights":
            answer = {"weights": np.concatenate([np.asarray(w).ravel() for w in last]).tolist()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
