#!/usr/bin/env python3
"""Writes data sets with SciPy and safetensors (rivalry/tests/corpus), predictions as evaluation scripts save them (pred_* there),
and what is in them (rivalry/tests/it/golden/formats/readers.json and predictions.json).

    python make.py            write them
    python make.py --check    compare with the committed ones; write nothing
"""

import argparse
import io
import json
import pathlib
import sys

import ml_dtypes
import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
import scipy
import scipy.io
import scipy.sparse

TESTS = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests"
CORPUS = TESTS / "corpus"
GOLDEN = TESTS / "it/golden/formats"

IDS = ["a7", "b1", "ünï", "42", "x y", "z"]
CLASSES = ["bird", "cat", "dog"]
TRUTH = [0, 2, 1, 1, 2, 0]
MATRIX = np.array([[0.5, -1.25, 3.0], [-0.0, 65504.0, 5.960464477539063e-08], [1e-3, 7.0, -2.0], [100.0, 0.1, 1.0]])


def logits():
    return np.random.default_rng(4).normal(size=(len(IDS), len(CLASSES))) * 3


def bytes_of(save, *args, **kwargs):
    out = io.BytesIO()
    save(out, *args, **kwargs)
    return out.getvalue()


def arrays():
    """Twelve samples of three classes with values that only exact reading brings back."""
    rng = np.random.default_rng(8)
    return {
        "image": rng.normal(size=(12, 3)).astype("f4"),
        "sound": rng.normal(size=(12, 2)) * 1e100,
        "flags": rng.random((12, 2)) < 0.5,
        "small": rng.integers(-100, 100, (12, 2)).astype("i1"),
        "wide": rng.integers(-(2**40), 2**40, (12, 1)),
        "y": np.array([0, 1, 2] * 4),
        "train": np.arange(12) < 9,
    }


def views():
    """Views of a multi-view set, samples x features, the last of whole numbers."""
    rng = np.random.default_rng(9)
    return [rng.normal(size=(8, 3)), rng.normal(size=(8, 5)).astype("f4"), rng.integers(0, 200, (8, 4)).astype("f8")]


VIEW_LABELS = np.array([1, 2, 1, 2, 1, 2, 2, 1])


def cell(matrices):
    out = np.empty((1, len(matrices)), dtype=object)
    for i, matrix in enumerate(matrices):
        out[0, i] = matrix
    return out


def mat(variables, compressed=True, **kwargs):
    content = bytearray(bytes_of(scipy.io.savemat, variables, do_compression=compressed, **kwargs))
    # The text names the time and the machine.
    content[:116] = b"MATLAB 5.0 MAT-file, made by SciPy".ljust(116)
    return bytes(content)


def reader_files():
    """name -> bytes"""
    data = arrays()
    column = {k: v.reshape(-1, 1) if v.ndim == 1 else v for k, v in data.items()}
    named = {"class_names": np.array(["ant", "bee", "Käfer"], dtype=object), "groups": np.array([f"s{i // 3}" for i in range(12)])}
    tall, flat = cell(views()), cell([v.T for v in views()])
    half = {"half": MATRIX.astype("<f2"), "y": np.arange(4) % 2}
    brain = {"brain": MATRIX.astype(ml_dtypes.bfloat16), "y": np.array([0, 1, 0, 1], dtype="u1")}
    return {
        "arrays.safetensors": safetensors.numpy.save(data, metadata={"made": "by numpy"}),
        "half.safetensors": safetensors.numpy.save(half),
        "brain.safetensors": safetensors.numpy.save(brain),
        "plain.mat": mat({**column, **named}, compressed=False),
        "compressed.mat": mat({**data, **named}),
        "views.mat": mat({"X": flat, "Y": VIEW_LABELS.reshape(-1, 1).astype("f8")}),
        "views_rows.mat": mat({"data": tall, "truelabel": cell([VIEW_LABELS.reshape(1, -1)] * 3)}, compressed=False),
        "struct.mat": mat({"x": views()[0], "s": {"a": 1.0}, "Y": VIEW_LABELS}),
        "sparse.mat": mat({"x": scipy.sparse.csc_matrix(np.eye(8)), "gt": VIEW_LABELS}),
        "complex.mat": mat({"x": np.eye(8) * 1j, "gt": VIEW_LABELS}),
    }


def plain(array):
    return {"shape": list(array.shape), "values": np.ascontiguousarray(array).ravel().tolist()}


def readers():
    return {
        "script": "reference/readers/make.py",
        "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "safetensors": safetensors.__version__},
        "arrays": {name: plain(array) for name, array in arrays().items()},
        "half": plain(MATRIX.astype("<f2").astype("f8")),
        "brain": plain(MATRIX.astype(ml_dtypes.bfloat16).astype("f8")),
        "views": [plain(view) for view in views()],
        "view_labels": VIEW_LABELS.tolist(),
    }


def prediction_files():
    """name -> bytes; all predict the same, most of them by scores."""
    scores = logits()
    hard = scores.argmax(1)
    words = np.array(CLASSES)[hard]
    table = pd.DataFrame(scores, columns=[f"p_{c}" for c in CLASSES])
    shuffled = table[["p_dog", "p_bird", "p_cat"]]
    shuffled.insert(1, "id", IDS)
    shuffled.insert(0, "label", np.array(CLASSES)[TRUTH])
    lines = [json.dumps({"id": i, "label": CLASSES[t], "scores": s.tolist()}) for i, t, s in zip(IDS, TRUTH, scores)]
    hard_lines = [json.dumps({"pred": CLASSES[c], "extra": {"loss": [0.5, None]}, "id": i}) for i, c in zip(IDS, hard)]
    return {
        "pred_scores.npy": bytes_of(np.save, scores),
        "pred_single.npy": bytes_of(np.save, scores.astype("f4")),
        "pred_classes.npy": bytes_of(np.save, hard),
        "pred_words.npy": bytes_of(np.save, words),
        "pred_scores.npz": bytes_of(np.savez, logits=scores, y=np.array(TRUTH), id=np.array(IDS)),
        "pred_scores.csv": shuffled.to_csv(index=False).encode(),
        "pred_classes.csv": pd.DataFrame({"id": IDS, "pred": words}).to_csv(index=False).encode(),
        "pred_words.txt": ("\n".join(words) + "\n").encode(),
        "pred_scores.jsonl": ("\n".join(lines) + "\n").encode(),
        "pred_scores.safetensors": safetensors.numpy.save({"probs": scores, "y": np.array(TRUTH)}),
        "pred_scores.mat": mat({"logits": scores, "y": np.array(TRUTH), "id": np.array(IDS, dtype=object)}),
        "pred_classes.mat": mat({"pred": np.array(list(words), dtype=object), "id": np.array(IDS, dtype=object)}),
        "pred_classes.jsonl": ("\n".join(hard_lines) + "\n").encode(),
    }


def predictions():
    scores = logits()
    return {
        "script": "reference/readers/make.py",
        "versions": {"numpy": np.__version__, "pandas": pd.__version__},
        "ids": IDS,
        "class_names": CLASSES,
        "labels": TRUTH,
        "predicted": scores.argmax(1).tolist(),
        "scores": scores.tolist(),
    }


def made():
    """name of a file with numbers -> what it holds"""
    return {"predictions.json": predictions(), "readers.json": readers()}


def check():
    """What differs, in words."""
    wrong = []
    for name, now in made().items():
        golden = json.loads((GOLDEN / name).read_text())
        if {**golden, "versions": None} != {**json.loads(json.dumps(now)), "versions": None}:
            wrong.append(f"{name} is not what this script makes")
    for name, content in (prediction_files() | reader_files()).items():
        if (CORPUS / name).read_bytes() != content:
            wrong.append(f"{name} is not what is written now")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        wrong = check()
        if wrong:
            sys.exit("\n".join(wrong))
        return
    for name, content in made().items():
        (GOLDEN / name).write_text(json.dumps(content, ensure_ascii=False) + "\n")
    for name, content in (prediction_files() | reader_files()).items():
        (CORPUS / name).write_bytes(content)


main()
