"""Forward passes, losses and gradients: gradients_1.json ... gradients_3.json
(by number of modalities) and auxiliary.json."""

import numpy as np
import torch

import late_fusion as lf

N_CLASSES = 3
N_SAMPLES = 7
WIDTHS = {"sound": 5, "image": 3, "text": 6}

ENCODERS = {
    "linear": lf.choice("linear", width=4),
    "mlp 1 relu": lf.choice("mlp", width=4, depth=1, activation="relu"),
    "mlp 2 relu": lf.choice("mlp", width=4, depth=2, activation="relu"),
    "mlp 1 gelu": lf.choice("mlp", width=4, depth=1, activation="gelu"),
    "mlp 2 gelu": lf.choice("mlp", width=4, depth=2, activation="gelu"),
    "mlp 1 tanh": lf.choice("mlp", width=4, depth=1, activation="tanh"),
    "mlp 2 tanh": lf.choice("mlp", width=4, depth=2, activation="tanh"),
    "smoothed relu 3": lf.choice("smoothed_relu", m=3, q=3, beta=0.5),
    "smoothed relu 4": lf.choice("smoothed_relu", m=2, q=4, beta=0.8),
}
CLASS_WEIGHTS = [0.5, 2.0, 1.25]


def problem(seed, encoders, scale=1.0, own_heads=False):
    """Modalities, inputs, classes and initial parameters."""
    rng = np.random.default_rng(seed)
    modalities = [
        {"name": name, "width": WIDTHS[name], "encoder": encoder} for name, encoder in zip(WIDTHS, encoders)
    ]
    inputs = {m["name"]: torch.tensor(rng.normal(size=(N_SAMPLES, m["width"]))) for m in modalities}
    labels = torch.tensor(rng.integers(0, N_CLASSES, N_SAMPLES))
    return modalities, inputs, labels, lf.initial(modalities, N_CLASSES, rng, scale, own_heads)


def case(name, seed, encoders, scale=1.0):
    modalities, inputs, labels, start = problem(seed, encoders, scale)
    params = lf.trainable(start)
    parts, fused = lf.forward(modalities, inputs, params, N_CLASSES)
    plain = torch.nn.functional.cross_entropy(fused, labels)
    weighted = torch.nn.functional.cross_entropy(fused, labels, weight=torch.tensor(CLASS_WEIGHTS))
    return {
        "name": name,
        "n_classes": N_CLASSES,
        "modalities": modalities,
        "inputs": inputs,
        "labels": labels,
        "params": start,
        "logits": {k: v.detach() for k, v in parts.items()},
        "fused": fused.detach(),
        "loss": plain.item(),
        "grads": lf.gradients(plain, params),
        "class_weights": CLASS_WEIGHTS,
        "weighted_loss": weighted.item(),
        "weighted_grads": lf.gradients(weighted, params),
    }


def gradient_cases(n_modalities):
    cases = [
        case(f"{kind}, {n_modalities} modalities", 100 * n_modalities + i, [encoder] * n_modalities, scale=1.5)
        for i, (kind, encoder) in enumerate(ENCODERS.items())
    ]
    if n_modalities == 3:
        mixed = [ENCODERS["linear"], ENCODERS["mlp 2 gelu"], ENCODERS["smoothed relu 3"]]
        cases.append(case("three kinds of encoder", 400, mixed))
        # Logits of several hundred: a softmax that does not subtract the
        # maximum overflows here.
        cases.append(case("steep logits", 401, [ENCODERS["mlp 1 relu"]] * 3, scale=40.0))
    return {"cases": cases}


def auxiliary_cases():
    """Joint cross-entropy plus `weight` times the sum over modalities of a
    cross-entropy of that modality alone: of the logits of its own head
    (`own_head`), or of its part of the joint logits (`branch`)."""
    cases = []
    for i, (kind, weight) in enumerate([("mlp 1 relu", 1.0), ("mlp 2 tanh", 0.5), ("smoothed relu 3", 1.0)]):
        for n_modalities, on in [(2, "own_head"), (2, "branch"), (3, "own_head")]:
            modalities, inputs, labels, start = problem(
                500 + 10 * i + n_modalities, [ENCODERS[kind]] * n_modalities, own_heads=on == "own_head"
            )
            params = lf.trainable(start)
            parts, fused = lf.forward(modalities, inputs, params, N_CLASSES)
            if on == "own_head":
                parts = {m["name"]: lf.own_logits(m, inputs[m["name"]], params, N_CLASSES) for m in modalities}
            own = {k: torch.nn.functional.cross_entropy(v, labels) for k, v in parts.items()}
            joint = torch.nn.functional.cross_entropy(fused, labels)
            total = joint + weight * sum(own.values())
            cases.append(
                {
                    "name": f"{kind}, {n_modalities} modalities, {on}",
                    "n_classes": N_CLASSES,
                    "modalities": modalities,
                    "inputs": inputs,
                    "labels": labels,
                    "params": start,
                    "on": on,
                    "weight": weight,
                    "joint_loss": joint.item(),
                    "own_losses": {k: v.item() for k, v in own.items()},
                    "total_loss": total.item(),
                    "grads": lf.gradients(total, params),
                }
            )
    return {"cases": cases}


def documents():
    found = {f"gradients_{n}.json": gradient_cases(n) for n in (1, 2, 3)}
    found["auxiliary.json"] = auxiliary_cases()
    return found
