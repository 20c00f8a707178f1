"""A function and the command give the same document on the same data."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from conftest import FAST, command

import rivalry

#: What says where the data came from and how long it took.
NAMES = {"provenance"}


def same(ours: rivalry.Result, theirs: dict, but: frozenset[str] | set[str] = frozenset()) -> None:
    found, theirs = ours.to_dict(), copy.deepcopy(theirs)
    found["data"] = dict(found["data"] or {})
    theirs["data"] = dict(theirs["data"] or {})
    for document in (found, theirs):
        if document["command"] == "data inspect":
            document["results"].pop("name", None)
        for name in NAMES | but:
            document.pop(name, None)
        document["data"].pop("name", None)
        document["settings"] = {k: v for k, v in document["settings"].items() if k not in but}
    assert found == theirs


def options(keywords: dict) -> list[str]:
    words = []
    for name, value in keywords.items():
        words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return words


@pytest.fixture
def saved(small, tmp_path):
    path = tmp_path / "small.npz"
    np.savez(path, **small.modalities, y=small.y, groups=small.groups)
    return path


def test_diagnose(small, saved):
    theirs = command("diagnose", saved, *options(FAST))
    ours = rivalry.diagnose(small.modalities, small.y, groups=small.groups, **FAST)
    same(ours, theirs)
    same(rivalry.diagnose(saved, **FAST), theirs)
    assert ours.data.fingerprint == theirs["data"]["fingerprint"]


def test_diagnose_with_every_kind_of_option(small, saved):
    theirs = command(
        "diagnose", saved, *options(FAST), "--set", "width=8", "--set", "dropout=0.1", "--no-standardise",
        "--balance-classes", "--classes", "all", "--lr", "0.01", "--seed", 3, "--rope", "2",
    )
    ours = rivalry.diagnose(
        small.modalities, small.y, groups=small.groups, set={"width": 8, "dropout": 0.1}, no_standardise=True,
        balance_classes=True, classes="all", lr=0.01, seed=3, rope=2, **FAST,
    )
    same(ours, theirs)


def test_demo():
    few = {**FAST, "epochs": 1}
    del few["folds"]
    same(rivalry.diagnose(rivalry.demo("nutrimouse"), **few), command("diagnose", "demo:nutrimouse", *options(few)))


def test_remedy(small, saved):
    few = {**FAST, "configurations": 1}
    del few["subsets"]
    theirs = command("remedy", saved, *options(few), "--try", "ogm_ge,modality_dropout")
    ours = rivalry.remedy(
        small.modalities, small.y, groups=small.groups, try_=["ogm_ge", "modality_dropout"], **few
    )
    same(ours, theirs)
    assert len(ours.remedies) == len(theirs["results"]["remedies"])


def test_inspect(small, saved):
    same(rivalry.inspect(small.modalities, small.y, groups=small.groups), command("data", "inspect", saved))


@pytest.fixture
def predicted(tmp_path):
    draws = np.random.default_rng(3)
    y = draws.integers(0, 4, 240)
    found = {"y": y, "groups": np.arange(240) // 4}
    for name, strength in {"joint": 2.0, "image": 1.5, "text": 0.7}.items():
        found[name] = draws.normal(size=(240, 4)) + strength * np.eye(4)[y]
    for name, array in found.items():
        np.save(tmp_path / f"{name}.npy", array)
    return found, tmp_path


FEW = {"replicates": 500, "threads": 1}


def test_compare(predicted):
    found, at = predicted
    words = ["--labels", at / "y.npy", "--groups", at / "groups.npy", "--joint", at / "joint.npy"]
    words += ["--uni", f"image={at / 'image.npy'}", "--uni", f"text={at / 'text.npy'}", *options(FEW)]
    theirs = command("compare", *words)
    uni = {"image": found["image"], "text": found["text"]}
    ours = rivalry.compare(found["y"], groups=found["groups"], joint=found["joint"], uni=uni, **FEW)
    same(ours, theirs, {"inputs"})
    paths = rivalry.compare(
        at / "y.npy", groups=str(at / "groups.npy"), joint=at / "joint.npy", uni={k: at / f"{k}.npy" for k in uni}, **FEW
    )
    same(paths, theirs)


def test_several_trainings(predicted):
    found, at = predicted
    uni = ["--uni", f"image={at / 'image.npy'}", "--uni", f"image={at / 'text.npy'}"]
    joint = ["--joint", at / "joint.npy", "--joint", at / "text.npy"]
    theirs = command("compare", "--labels", at / "y.npy", *joint, *uni, *options(FEW))
    ours = rivalry.compare(
        found["y"], joint=[found["joint"], found["text"]], uni={"image": [found["image"], found["text"]]}, **FEW
    )
    same(ours, theirs, {"inputs"})
    assert ours.settings.trainings == 2


def test_classes(predicted):
    found, at = predicted
    names = at / "names.txt"
    names.write_text("ant\nbee\ncat\ndog\n")
    words = ["--labels", at / "y.npy", "--a", at / "joint.npy", "--b", at / "text.npy", "--names", names]
    theirs = command("classes", *words, *options(FEW))
    ours = rivalry.classes(found["y"], a=found["joint"], b=found["text"], names=["ant", "bee", "cat", "dog"], **FEW)
    same(ours, theirs, {"inputs", "a", "b"})


def test_check(predicted):
    found, at = predicted
    words = ["--labels", at / "y.npy", "--joint", at / "joint.npy", "--uni", f"image={at / 'image.npy'}"]
    require = ["gap>-1", "gap>60"]
    conditions = [word for one in require for word in ("--require", one)]
    baseline = ["--baseline", f"joint={at / 'text.npy'}"]
    theirs = command("check", *words, *conditions, *baseline, *options(FEW))
    ours = rivalry.check(
        labels=found["y"], joint=found["joint"], uni={"image": found["image"]}, require=require,
        baseline={"joint": found["text"]}, **FEW,
    )
    same(ours, theirs, {"inputs"})
    assert not ours.passed
    kept = rivalry.compare(found["y"], joint=found["joint"], uni={"image": found["image"]}, **FEW)
    assert rivalry.check(kept, require="gap>-20").passed


def test_monitor(tmp_path):
    draws = np.random.default_rng(0)
    entries = []
    for epoch in range(3):
        y = draws.integers(0, 3, 20)
        strong = (1 + epoch) * np.eye(3)[y] + draws.normal(size=(20, 3))
        entries.append({"epoch": epoch, "labels": y, "logits": {"audio": strong, "image": draws.normal(size=(20, 3))}})
    path = tmp_path / "run.jsonl"
    plain = [json.dumps({**e, "labels": e["labels"].tolist(), "logits": {k: v.tolist() for k, v in e["logits"].items()}}) for e in entries]
    path.write_text("\n".join(plain) + "\n")
    theirs = command("monitor", path)
    same(rivalry.monitor(entries), theirs, {"log"})
    same(rivalry.monitor(path), theirs)


def test_lab():
    few = {"trials": 3, "threads": 1}
    theirs = command("lab", "race", "--set", "m=4", "--set", "until=decided", *options(few), "--quiet")
    same(rivalry.lab.race(set={"m": 4, "until": "decided"}, quiet=True, **few), theirs)
    theirs = command("lab", "run", "--set", "m=3", "--seed", 5, "--quiet")
    same(rivalry.lab.run(set={"m": 3}, seed=5, quiet=True), theirs)
    theirs = command("lab", "sweep", "--vary", "m=2,4", "--trials", 2, "--set", "until=decided", "--quiet")
    same(rivalry.lab.sweep(vary={"m": [2, 4]}, trials=2, set={"until": "decided"}, quiet=True), theirs)
    theirs = command("lab", "phase", "--ratio", 3)
    same(rivalry.lab.phase(ratio=3), theirs)
    theirs = command("lab", "verify", "winner_rule", "--quick", "--quiet", "--threads", 2)
    ours = rivalry.lab.verify("winner_rule", quick=True, quiet=True, threads=2)
    same(ours, theirs)
    assert ours.passed
