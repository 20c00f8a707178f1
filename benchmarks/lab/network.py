"""The two shapes of the step, and arrays of those shapes for the peers."""

import dataclasses

import numpy as np

N_MODALITIES = 2
Q, BETA, LEARNING_RATE = 4, 0.2, 0.01


@dataclasses.dataclass(frozen=True)
class Shape:
    n_samples: int
    n_inputs: int
    n_classes: int
    n_neurons: int

    def flops(self):
        """Of the products of one step: 4 n d K m R."""
        return 4 * self.n_samples * self.n_inputs * self.n_classes * self.n_neurons * N_MODALITIES


SHAPES = {"A": Shape(1000, 500, 10, 8), "B": Shape(500, 100, 10, 5)}


def problem(shape, seed):
    """Features, labels and initial weights in single precision, drawn as on
    the Rust side: a class's direction and noise, of length one each."""
    rng = np.random.default_rng(seed)
    labels = np.arange(shape.n_samples) % shape.n_classes
    inputs, weights = [], []
    for _ in range(N_MODALITIES):
        unit = 1 / np.sqrt(shape.n_inputs)
        directions = unit * rng.normal(size=(shape.n_classes, shape.n_inputs))
        noise = unit * rng.normal(size=(shape.n_samples, shape.n_inputs))
        inputs.append((directions[labels] + noise).astype(np.float32))
        n_units = shape.n_classes * shape.n_neurons
        weights.append((0.1 * rng.normal(size=(n_units, shape.n_inputs))).astype(np.float32))
    return inputs, labels, weights
