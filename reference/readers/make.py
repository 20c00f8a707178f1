#!/usr/bin/env python3
"""Writes predictions as evaluation scripts save them (rivalry/tests/corpus/pred*), and what is in them
(rivalry/tests/it/golden/formats/predictions.json).

    python make.py            write them
    python make.py --check    compare with the committed ones; write nothing
"""

import argparse
import io
import json
import pathlib
import sys

import numpy as np
import pandas as pd

TESTS = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests"
CORPUS = TESTS / "corpus"
GOLDEN = TESTS / "it/golden/formats"

IDS = ["a7", "b1", "ünï", "42", "x y", "z"]
CLASSES = ["bird", "cat", "dog"]
TRUTH = [0, 2, 1, 1, 2, 0]


def logits():
    return np.random.default_rng(4).normal(size=(len(IDS), len(CLASSES))) * 3


def bytes_of(save, *args, **kwargs):
    out = io.BytesIO()
    save(out, *args, **kwargs)
    return out.getvalue()


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


def check():
    """What differs, in words."""
    wrong = []
    golden = json.loads((GOLDEN / "predictions.json").read_text())
    if {**golden, "versions": None} != {**predictions(), "versions": None}:
        wrong.append("predictions.json is not what this script makes")
    for name, made in prediction_files().items():
        if (CORPUS / name).read_bytes() != made:
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
    (GOLDEN / "predictions.json").write_text(json.dumps(predictions(), ensure_ascii=False) + "\n")
    for name, made in prediction_files().items():
        (CORPUS / name).write_bytes(made)


main()
