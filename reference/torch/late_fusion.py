"""Late fusion in PyTorch, float64, one thread: what the other scripts share.

Parameters are plain tensors in a dictionary under the names that the library
uses; weights have the layout of `torch.nn.Linear` (outputs x inputs).
"""

import numpy as np
import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

ACTIVATIONS = {
    "relu": torch.relu,
    "gelu": lambda a: torch.nn.functional.gelu(a, approximate="none"),
    "tanh": torch.tanh,
}


def choice(name, **knobs):
    """A choice of encoder, solver or schedule as the library's specs write it."""
    return {"name": name, "set": knobs}


def shapes(modalities, n_classes, own_heads=False):
    """Name -> shape of every parameter, in the order of the modalities; own
    heads, classifiers beside the joint one, come last."""
    found, embeddings = {}, {}
    for m in modalities:
        name, kind, knobs, width_in = m["name"], m["encoder"]["name"], m["encoder"]["set"], m["width"]
        if kind == "smoothed_relu":
            # Output weights are fixed to one: no head follows, joint or own.
            found[f"{name}.encoder.0.weight"] = (n_classes * knobs["m"], width_in)
            continue
        width = knobs["width"]
        for layer in range(knobs.get("depth", 1)):
            found[f"{name}.encoder.{layer}.weight"] = (width, width_in)
            found[f"{name}.encoder.{layer}.bias"] = (width,)
            width_in = width
        found[f"{name}.head.weight"] = (n_classes, width)
        found[f"{name}.head.bias"] = (n_classes,)
        embeddings[name] = width
    for name, width in embeddings.items() if own_heads else ():
        found[f"{name}.own_head.weight"] = (n_classes, width)
        found[f"{name}.own_head.bias"] = (n_classes,)
    return found


def initial(modalities, n_classes, rng, scale=1.0, own_heads=False):
    """Random parameters: normal, with standard deviation scale / sqrt(inputs)."""
    params = {}
    for name, shape in shapes(modalities, n_classes, own_heads).items():
        fan_in = shape[1] if len(shape) == 2 else 4
        params[name] = torch.tensor(rng.normal(size=shape) * scale / np.sqrt(fan_in))
    return params


def smoothed_relu(a, q, beta):
    """0 | a^q / (q beta^(q-1)) | a - (1 - 1/q) beta."""
    middle = a.clamp(0.0, beta) ** q / (q * beta ** (q - 1))
    return torch.where(a <= beta, middle, a - (1 - 1 / q) * beta)


def embedding(modality, x, params, n_classes):
    """What the encoder makes of the features: samples x width."""
    name, kind, knobs = modality["name"], modality["encoder"]["name"], modality["encoder"]["set"]
    if kind == "smoothed_relu":
        a = x @ params[f"{name}.encoder.0.weight"].T
        # The m neurons of a class lie next to each other.
        return smoothed_relu(a, knobs["q"], knobs["beta"]).reshape(len(x), n_classes, knobs["m"]).sum(2)
    h = x
    for layer in range(knobs.get("depth", 1)):
        h = linear(h, params, f"{name}.encoder.{layer}")
        if kind == "mlp":
            h = ACTIVATIONS[knobs["activation"]](h)
    return h


def linear(x, params, name):
    """One fully connected layer."""
    return torch.nn.functional.linear(x, params[f"{name}.weight"], params[f"{name}.bias"])


def modality_logits(modality, x, params, n_classes):
    """A modality's part of the joint logits: samples x classes."""
    h = embedding(modality, x, params, n_classes)
    return linear(h, params, f"{modality['name']}.head") if modality["encoder"]["name"] != "smoothed_relu" else h


def own_logits(modality, x, params, n_classes):
    """The logits of a modality's own head, or of an encoder that emits logits
    itself: samples x classes."""
    if modality["encoder"]["name"] == "smoothed_relu":
        return embedding(modality, x, params, n_classes)
    return linear(embedding(modality, x, params, n_classes), params, f"{modality['name']}.own_head")


def forward(modalities, inputs, params, n_classes):
    """A part of the logits per modality, and their sum."""
    parts = {m["name"]: modality_logits(m, inputs[m["name"]], params, n_classes) for m in modalities}
    return parts, sum(parts.values())


def gradients(loss, params):
    """d loss / d parameter for every parameter."""
    found = torch.autograd.grad(loss, list(params.values()), retain_graph=True)
    return dict(zip(params, found))


def trainable(params):
    """The same parameters, with gradients."""
    return {name: value.clone().requires_grad_(True) for name, value in params.items()}


def plain(value):
    """Tensors and arrays as lists, recursively, ready for JSON."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value
