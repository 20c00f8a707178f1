"""What the monitor reads equals what is computed offline from saved logits, and what
`rivalry monitor` says of its log; and the training does not notice."""

from __future__ import annotations

import copy
import gc
import json
import os
import pickle
import re
import socket
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from networks import BATCH, N_CLASSES, WIDTHS, Network, offline
from torch import nn

import rivalry
from rivalry import RivalryError
from rivalry.torch import ModalityMonitor

EVERYTHING = {"every": 1, "rows": 10_000}


def watched(network, monitor, n_epochs=5, **more):
    """Trains; the saved parts and labels of each epoch."""
    optimizer, saved = network.optimizer(), []
    for _ in range(n_epochs):
        parts, labels = [], []

        def before(rows):
            with torch.no_grad():
                parts.append(np.stack([z.numpy() for z in network.parts(rows).values()]))
            labels.append(network.y[rows].numpy())

        network.train_epoch(optimizer, lambda rows, logits: monitor.step(network.y[rows], **more), before)
        monitor.epoch_end()
        saved.append((np.concatenate(parts, 1), np.concatenate(labels)))
    return saved


def assert_equals_offline(epoch, parts, labels):
    accuracy, expected, winners = offline(parts, labels)
    assert epoch.n == len(labels)
    assert epoch.accuracy == pytest.approx(accuracy, abs=1e-12)
    for reading, one in zip(epoch.modalities.values(), expected):
        for name, value in one.items():
            assert getattr(reading, name) == pytest.approx(value, abs=1e-9), name
    names = list(epoch.modalities)
    assert epoch.winners == {k: names[r] for k, r in winners.items()}


@pytest.mark.parametrize(("widths", "bias"), [(WIDTHS, True), ({"a": 3, "b": 2, "c": 5}, False)], ids=["two", "three"])
def test_numbers_are_those_of_saved_logits_and_of_the_command(widths, bias, tmp_path):
    network, log = Network(widths, bias), tmp_path / "deep" / "run.jsonl"
    with ModalityMonitor.from_linear_head(network.head, widths, log=log, **EVERYTHING) as monitor:
        saved = watched(network, monitor)
    assert len(monitor.epochs) == 5
    for epoch, (parts, labels) in zip(monitor.epochs, saved):
        assert_equals_offline(epoch, parts, labels)
    line = [sys.executable, "-m", "rivalry", "monitor", str(log), "--json"]
    told = json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)["results"]
    for ours, theirs in zip(monitor.epochs, told["epochs"]):
        assert ours.epoch == theirs["epoch"] and ours.n == theirs["n"]
        assert ours.accuracy == pytest.approx(theirs["accuracy"]["value"], abs=1e-6)
        for reading, one in zip(ours.modalities.values(), theirs["modalities"]):
            assert reading.accuracy == pytest.approx(one["accuracy"]["value"], abs=1e-6)
            assert reading.kappa == pytest.approx(one["residual_ratio"]["value"], abs=1e-6)
            assert reading.discrepancy_ratio == pytest.approx(one["discrepancy_ratio"], abs=1e-6)
            assert reading.classes_won == one["classes_won"]
    starved = {one["name"]: one["starved_epoch"] for one in told["modalities"]}
    assert {name: monitor.starved.get(name) for name in widths} == starved


def test_the_weaker_modality_starves(network, tmp_path):
    monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, log=tmp_path / "log.jsonl", **EVERYTHING)
    watched(network, monitor, n_epochs=60)
    first = monitor.starved["image"]
    assert "audio" not in monitor.starved
    assert [e.epoch for e in monitor.epochs if e.is_starved("image")][0] == first > 1
    assert monitor.epochs[first - 1].scalars()["modality/image/starved"] == 1.0
    line = [sys.executable, "-m", "rivalry", "monitor", str(tmp_path / "log.jsonl"), "--json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["results"]
    assert told["modalities"][1]["starved_epoch"] == first


def test_hooks_parts_and_heads_find_the_same(network):
    by_columns = ModalityMonitor.from_linear_head(network.head, WIDTHS, **EVERYTHING)
    by_hand = ModalityMonitor(list(WIDTHS), **EVERYTHING)
    heads = {m: nn.Linear(w, N_CLASSES).double() for m, w in WIDTHS.items()}
    by_head = ModalityMonitor.from_heads(heads, **EVERYTHING)
    rows = slice(0, BATCH)
    parts = network.parts(rows)
    logits = network(rows)
    assert torch.allclose(sum(parts.values()), logits, atol=1e-12)
    by_columns.step(network.y[rows])
    by_hand.step(network.y[rows], parts)
    with torch.no_grad():
        for m, columns in zip(WIDTHS, network.head.weight.split(list(WIDTHS.values()), 1)):
            heads[m].weight.copy_(columns)
            heads[m].bias.copy_(network.head.bias / 2)
    for m, h in network.features(rows).items():
        heads[m](h)
    by_head.step(network.y[rows])
    one, two, three = (monitor.epoch_end() for monitor in (by_columns, by_hand, by_head))
    for m in WIDTHS:
        for name in ("accuracy", "kappa", "discrepancy_ratio", "classes_won"):
            assert getattr(one.modalities[m], name) == pytest.approx(getattr(two.modalities[m], name), abs=1e-12)
        for name, value in vars(one.modalities[m]).items():
            if value is not None:
                assert vars(three.modalities[m])[name] == pytest.approx(value, abs=1e-12), name
    assert two.modalities["audio"].gradient_share is None
    halves = ModalityMonitor.from_heads(heads, fusion="mean", **EVERYTHING)
    for m, h in network.features(rows).items():
        heads[m](2 * h)
    halves.step(network.y[rows])
    expected = torch.stack([(heads[m](2 * h) / 2) for m, h in network.features(rows).items()])
    assert_equals_offline(halves.epoch_end(), expected.detach().numpy(), network.y[rows].numpy())


def expected_gradients(network, parts, labels, params):
    """Joint and own gradient by modality, the constants of the cut held."""
    stacked = torch.stack(list(parts.values()))
    means = stacked.mean(1, keepdim=True).detach()
    cut = stacked - means + means.mean(0)
    grads = lambda loss, of: torch.cat([g.flatten() for g in torch.autograd.grad(loss, of, retain_graph=True)])
    joint = [grads(F.cross_entropy(stacked.sum(0), labels), params[m]) for m in parts]
    own = [grads(F.cross_entropy(z, labels), params[m]) for z, m in zip(cut, parts)]
    return joint, own


def assert_gradients(epoch, joint, own):
    lengths = [g.norm().item() for g in joint]
    for r, reading in enumerate(epoch.modalities.values()):
        cosine = F.cosine_similarity(joint[r], own[r], 0).item()
        assert reading.gradient_cosine == pytest.approx(cosine, abs=1e-9)
        assert reading.gradient_conflict == float(cosine < 0)
        assert reading.gradient_ratio == pytest.approx(lengths[r] / own[r].norm().item(), rel=1e-9)
        assert reading.gradient_share == pytest.approx(lengths[r] / sum(lengths), rel=1e-9)


def test_gradients_of_encoders(network):
    monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, encoders=network.encoders, **EVERYTHING)
    rows = slice(0, BATCH)
    params = {m: list(encoder.parameters()) for m, encoder in network.encoders.items()}
    joint, own = expected_gradients(network, network.parts(rows), network.y[rows], params)
    logits = network(rows)
    monitor.step(network.y[rows])
    F.cross_entropy(logits, network.y[rows]).backward()  # the graph is still there
    epoch = monitor.epoch_end()
    assert_gradients(epoch, joint, own)
    assert all(reading.shared_cosine is None for reading in epoch.modalities.values())


def test_gradients_of_a_joined_head(network):
    monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, **EVERYTHING)
    rows = slice(0, BATCH)
    columns = {m: nn.Parameter(w.detach()) for m, w in zip(WIDTHS, network.head.weight.split([6, 4], 1))}
    parts = {m: h.detach() @ columns[m].T + network.head.bias.detach() / 2 for m, h in network.features(rows).items()}
    joint, own = expected_gradients(network, parts, network.y[rows], {m: [w] for m, w in columns.items()})
    with torch.no_grad():  # no graph is needed
        network(rows)
        monitor.step(network.y[rows])
    assert_gradients(monitor.epoch_end(), joint, own)


@pytest.mark.parametrize("encoders", [False, True])
def test_conflict_on_what_modalities_share(network, encoders):
    """One head for both modalities, and a trunk in common: by autograd."""
    head, trunk = nn.Linear(6, N_CLASSES).double(), nn.Linear(5, 6).double()
    own = {m: nn.Linear(6, 6).double() for m in WIDTHS}
    rows = slice(0, BATCH)
    at = {m: [*trunk.parameters(), *own[m].parameters()] for m in WIDTHS}
    options = {"encoders": at} if encoders else {}
    monitor = ModalityMonitor.from_heads({m: head for m in WIDTHS}, **options, **EVERYTHING)
    parts = {m: head(own[m](trunk(network.x[m][rows]))) for m in WIDTHS}
    monitor.step(network.y[rows])
    shared = list(trunk.parameters()) if encoders else [head.weight]
    _, gradients = expected_gradients(network, parts, network.y[rows], dict.fromkeys(WIDTHS, shared))
    expected = F.cosine_similarity(*gradients, 0).item()
    epoch = monitor.epoch_end()
    for reading in epoch.modalities.values():
        assert reading.shared_cosine == pytest.approx(expected, abs=1e-9)
    if encoders:
        joint, own_gradients = expected_gradients(network, parts, network.y[rows], at)
        assert_gradients(epoch, joint, own_gradients)


def test_training_takes_the_same_steps():
    plain, watched_one = Network(), Network()
    monitor = ModalityMonitor.from_linear_head(watched_one.head, WIDTHS, encoders=watched_one.encoders, gradients_every=1)
    optimizers = [plain.optimizer(), watched_one.optimizer()]
    for _ in range(3):
        plain.train_epoch(optimizers[0], lambda rows, logits: None)
        watched_one.train_epoch(optimizers[1], lambda rows, logits: monitor.step(watched_one.y[rows]))
        monitor.epoch_end()
    for one, other in zip(plain.parameters(), watched_one.parameters()):
        assert torch.equal(one, other)


def test_evaluation_is_passed_over(network):
    monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, **EVERYTHING)
    rows = slice(0, BATCH)
    network.train()
    network(rows)
    network.eval()
    network(slice(BATCH, 60))
    monitor.step(network.y[rows])
    assert monitor.epoch_end().n == BATCH
    network(rows)
    with pytest.raises(RivalryError, match="training mode"):
        monitor.step(network.y[rows])
    assert monitor.epoch_end() is None


def test_half_precision(network):
    network.float()
    network.x = {m: x.float() for m, x in network.x.items()}
    monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, encoders=network.encoders, **EVERYTHING)
    rows = slice(0, 60)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(rows)
        monitor.step(network.y)
    assert logits.dtype == torch.bfloat16
    epoch = monitor.epoch_end()
    parts = torch.stack(list(network.parts(rows).values())).detach().double().numpy()
    accuracy, expected, _ = offline(parts, network.y.numpy())
    for reading, one in zip(epoch.modalities.values(), expected):
        assert reading.kappa == pytest.approx(one["kappa"], abs=0.02)
        assert reading.gradient_cosine is not None


def test_labels_that_do_not_count_and_numbers_that_are_none(network, tmp_path):
    log = tmp_path / "log.jsonl"
    monitor = ModalityMonitor(list(WIDTHS), log=log, **EVERYTHING)
    rows = slice(0, 30)
    parts = {m: z.detach().clone() for m, z in network.parts(rows).items()}
    labels = network.y[rows].clone()
    labels[3] = -100
    parts["audio"][7, 1] = float("inf")
    monitor.step(labels.reshape(5, 6), {m: z.reshape(5, 6, N_CLASSES) for m, z in parts.items()})
    epoch = monitor.epoch_end()
    left = [i for i in range(30) if i not in (3, 7)]
    assert_equals_offline(epoch, torch.stack(list(parts.values())).numpy()[:, left], labels.numpy()[left])
    assert "nan" not in log.read_text().lower() and "inf" not in log.read_text()


def test_one_logit_is_two_classes():
    monitor = ModalityMonitor(["a", "b"], **EVERYTHING)
    draw = torch.Generator().manual_seed(1)
    parts = {m: torch.randn(40, 1, generator=draw, dtype=torch.double) for m in "ab"}
    labels = (torch.arange(40) % 2).double()[:, None]  # as BCEWithLogitsLoss takes them
    monitor.step(labels, parts)
    both = np.stack([np.concatenate([np.zeros((40, 1)), z.numpy()], 1) for z in parts.values()])
    assert_equals_offline(monitor.epoch_end(), both, labels[:, 0].long().numpy())


def test_no_graph_stays(network):
    monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, encoders=network.encoders, **EVERYTHING)
    for step in range(3):
        joined = torch.cat(list(network.features(slice(0, BATCH)).values()), 1)
        logits = network.head(joined)
        if step < 2:
            monitor.step(network.y[:BATCH])
        # The graph holds what entered the head; so does whoever holds the graph.
        refs = weakref.ref(joined), weakref.ref(logits)
        del joined, logits
        gc.collect()
        assert [ref() for ref in refs] == [None, None]
    assert not any(parts.requires_grad for _, parts, _ in monitor._kept)


def test_copies_of_the_network_are_not_watched(network, tmp_path):
    monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, **EVERYTHING)
    twins = [copy.deepcopy(network), pickle.loads(pickle.dumps(network))]
    network(slice(0, BATCH))
    for twin in twins:
        twin.train()
        twin(slice(0, 60))
    monitor.step(network.y[:BATCH])
    assert monitor.epoch_end().n == BATCH
    monitor.close()
    assert not network.head._forward_hooks and not monitor.is_hooked


def test_rows_cover_a_long_epoch():
    monitor = ModalityMonitor(["a", "b"], every=1, rows=80)
    z = torch.zeros(10, 3)
    for step in range(1000):
        monitor.step(torch.full((10,), step % 3), {"a": z + step, "b": z})
    at = [index for index, _, _ in monitor._kept]
    assert at == list(range(0, 1000, at[1])) and len(at) > 4
    assert monitor.epoch_end().n == 10 * len(at) <= 80
    assert monitor.steps == 1000


def test_a_training_goes_on(tmp_path, network):
    def monitored(log):
        return ModalityMonitor.from_linear_head(network.head, WIDTHS, log=log, **EVERYTHING)

    first = monitored(tmp_path / "log.jsonl")
    watched(network, first, n_epochs=2)
    state = json.loads(json.dumps({**first.state_dict(), "epochs": []}))
    state["epochs"] = first.state_dict()["epochs"]
    watched(network, first, n_epochs=1)  # lost: the checkpoint is from before
    first.close()
    second = monitored(tmp_path / "log.jsonl")
    second.load_state_dict(state)
    watched(network, second, n_epochs=1)
    second.close()
    assert [epoch.epoch for epoch in second.epochs] == [1, 2, 3]
    assert second.epochs[:2] == first.epochs[:2] and second.steps == 12
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines if "labels" in line] == [1, 2, 3]
    third = monitored(tmp_path / "log.jsonl")  # another training begins the log anew
    watched(network, third, n_epochs=1)
    assert {json.loads(line)["epoch"] for line in (tmp_path / "log.jsonl").read_text().splitlines()} == {1}


WRONG = [
    (lambda n: ModalityMonitor(["a"]), "two or more modalities"),
    (lambda n: ModalityMonitor(["a", "a"]), "named once"),
    (lambda n: ModalityMonitor(["a", "b"], every=0), "`every`"),
    (lambda n: ModalityMonitor(["a", "b"], to=3), "nothing can be logged to a int"),
    (lambda n: ModalityMonitor(["a", "b"]).step(n.y), "no parts"),
    (lambda n: ModalityMonitor(["a", "b"]).step(n.y, {"a": torch.zeros(60, 3)}), "the modalities are a, b"),
    (lambda n: ModalityMonitor(["a", "b"]).step(n.y, {"a": torch.zeros(60, 3), "b": torch.zeros(60, 2)}), "rows x classes"),
    (lambda n: ModalityMonitor(["a", "b"]).step(n.y[:9], dict.fromkeys("ab", torch.zeros(60, 3))), "9 labels, 60 rows"),
    (lambda n: ModalityMonitor(["a", "b"], encoders={"a": n.head}), "encoders of a"),
    (lambda n: ModalityMonitor(["a", "b"], encoders={"a": n.head, "b": []}), "no parameter"),
    (lambda n: ModalityMonitor.from_linear_head(n.encoders, WIDTHS), "only a linear head"),
    (lambda n: ModalityMonitor.from_linear_head(n.head, {"a": 4, "b": 4}), "are 8 columns; the head takes 10"),
    (lambda n: ModalityMonitor.from_linear_head(n.head, {"a": 10}), "two or more"),
    (lambda n: ModalityMonitor.from_heads({"a": n.head}), "two or more"),
    (lambda n: ModalityMonitor.from_heads({"a": n.head, "b": n.head}, fusion="max"), "`max` is no fusion"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_is_wrong_is_said(network, wrong, told):
    with pytest.raises(RivalryError, match=told):
        wrong(network)


def test_a_label_beyond_the_classes(network):
    monitor = ModalityMonitor(["a", "b"])
    monitor.step(network.y + 1, dict.fromkeys("ab", torch.zeros(60, 3)))
    with pytest.raises(RivalryError, match="a label is 3"):
        monitor.epoch_end()


def test_a_step_after_backward_says_so(network):
    monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, encoders=network.encoders)
    F.cross_entropy(network(slice(0, 60)), network.y).backward()
    with pytest.raises(RivalryError, match="before `loss.backward"):
        monitor.step(network.y)


PROCESS = """
import os, sys
sys.path.insert(0, sys.argv[2])
import torch
from networks import Network, WIDTHS
from rivalry.torch import ModalityMonitor
torch.distributed.init_process_group("gloo")
network = Network()
model = torch.nn.parallel.DistributedDataParallel(network)
monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, log=sys.argv[1], encoders=network.encoders)
optimizer = network.optimizer()
for epoch in range(2):
    rows = slice(30 * torch.distributed.get_rank(), 30 * torch.distributed.get_rank() + 30)
    logits = model(rows)
    monitor.step(network.y[rows])
    torch.nn.functional.cross_entropy(logits, network.y[rows]).backward()
    optimizer.step()
    optimizer.zero_grad()
    found = monitor.epoch_end()
    assert (found is None) == (torch.distributed.get_rank() == 1)
"""


def test_of_several_processes_the_first_writes(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "-c", PROCESS, str(tmp_path / "log.jsonl"), os.path.dirname(__file__)]
    world = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    both = [
        subprocess.Popen(line, env={**world, "RANK": str(rank)}, stderr=subprocess.PIPE, text=True) for rank in range(2)
    ]
    for process in both:
        _, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines if "labels" in line] == [1, 2]
    assert all(len(line["labels"]) == 30 for line in lines if "labels" in line)


def test_the_page_runs(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    root = Path(os.environ.get("RIVALRY_ROOT", Path(rivalry.__file__).parents[3]))
    shown = re.findall(r"^```python\n(.*?)^```", (root / "docs/pytorch.md").read_text(), re.M | re.S)
    network = Network({"audio": 5, "image": 5})
    rows = [slice(start, start + BATCH) for start in range(0, 60, BATCH)]
    batches = [(at, network.y[at]) for at in rows]
    names = {"model": network, "batches": batches, "n_epochs": 2, "F": F, "optimizer": network.optimizer()}
    exec(compile(shown[0].replace("512", "5"), "docs/pytorch.md", "exec"), names)
    assert "kappa" in capsys.readouterr().out and Path("run.jsonl").exists()
    at, y = batches[0]
    parts = network.parts(at)
    loss = F.cross_entropy(sum(parts.values()), y)
    names |= {"loss": loss, "parts": parts, "y": y, "encoders": network.encoders, "epoch": 0}
    exec(compile(shown[1], "docs/pytorch.md", "exec"), names)
