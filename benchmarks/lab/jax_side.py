"""The JAX contenders: gradient-descent steps of the talk's network, jitted.
Reads requests from standard input, one per line (`jit A`), and answers each
with one line of JSON when the work is done."""

import functools
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np

from network import BETA, LEARNING_RATE, Q, SHAPES, problem

N_TRIALS = 16


def smoothed_relu(a):
    power = a**Q / (Q * BETA ** (Q - 1))
    return jnp.where(a <= 0, 0.0, jnp.where(a <= BETA, power, a - (1 - 1 / Q) * BETA))


def loss(weights, inputs, labels, n_neurons):
    fused = sum(
        smoothed_relu(x @ w.T).reshape(len(labels), -1, n_neurons).sum(2) for x, w in zip(inputs, weights)
    )
    log_p = jax.nn.log_softmax(fused)
    return -jnp.take_along_axis(log_p, labels[:, None], 1).mean()


def step(weights, inputs, labels, n_neurons):
    value, gradient = jax.value_and_grad(loss)(weights, inputs, labels, n_neurons)
    return [w - LEARNING_RATE * g for w, g in zip(weights, gradient)], value


@functools.partial(jax.jit, static_argnames=["n_neurons", "n_steps"])
def steps(weights, inputs, labels, n_neurons, n_steps):
    """Many steps in one call: no time is lost on calling."""
    first = step(weights, inputs, labels, n_neurons)
    return jax.lax.fori_loop(1, n_steps, lambda _, at: step(at[0], inputs, labels, n_neurons), first)


@functools.partial(jax.jit, static_argnames=["n_neurons", "n_steps"])
def trials(weights, inputs, labels, n_neurons, n_steps):
    """The same for many trials side by side."""
    each = jax.vmap(functools.partial(step, n_neurons=n_neurons))
    first = each(weights, inputs, labels)
    return jax.lax.fori_loop(1, n_steps, lambda _, at: each(at[0], inputs, labels), first)


one_step = jax.jit(step, static_argnames=["n_neurons"])


def jit(weights, inputs, labels, n_neurons, n_steps):
    """One call per step."""
    for _ in range(n_steps):
        weights, value = one_step(weights, inputs, labels, n_neurons)
    return weights, value


WAYS = {"jit": (jit, 1), "jit_loop": (steps, 1), "vmap": (trials, N_TRIALS)}
N_STEPS = {("jit", "A"): 60, ("jit_loop", "A"): 60, ("jit", "B"): 300, ("jit_loop", "B"): 300, ("vmap", "B"): 30}


def main():
    problems = {}
    for way, name in N_STEPS:
        n_trials = WAYS[way][1]
        drawn = [problem(SHAPES[name], seed) for seed in range(n_trials)]
        if n_trials == 1:
            inputs, labels, weights = drawn[0]
            problems[way, name] = (*[[jnp.array(v) for v in vs] for vs in (weights, inputs)], jnp.array(labels))
        else:
            stacked = [[jnp.array(np.stack(vs)) for vs in zip(*(d[i] for d in drawn))] for i in (2, 0)]
            problems[way, name] = (*stacked, jnp.array(np.stack([d[1] for d in drawn])))
    print(json.dumps({"ready": jax.__version__}), flush=True)
    for line in sys.stdin:
        way, name = line.split()
        run, n_trials = WAYS[way]
        n_steps = N_STEPS[way, name]
        _, value = run(*problems[way, name], SHAPES[name].n_neurons, n_steps)
        answer = {"n_steps": n_steps * n_trials, "train_loss": float(value.ravel()[0].block_until_ready())}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
