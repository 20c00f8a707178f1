"""Files of other programs become files that are read."""

from __future__ import annotations

import collections
import os
import pickle
import sys
import types

import numpy as np
import pytest

import rivalry
from rivalry import convert


def part(draws, n, steps=4):
    return {
        "text": draws.normal(size=(n, steps, 3)).astype(np.float32),
        "audio": draws.normal(size=(n, steps, 2)),
        "audio_lengths": list(draws.integers(1, steps + 1, n)),
        "vision": draws.normal(size=(n, 5)),
        "raw_text": np.array(["so what"] * n, dtype=object),
        "id": [f"v{i}" for i in range(n)],
        "regression_labels": np.resize([-1.2, 0.0, 0.4], n),
        "classification_labels": np.resize([0, 1, 2], n),
    }


@pytest.fixture
def mosi():
    draws = np.random.default_rng(0)
    return {name: part(draws, n) for name, n in {"train": 30, "valid": 9, "test": 12}.items()}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_mmsa(mosi, tmp_path, protocol):
    path, out = tmp_path / "mosi.pkl", tmp_path / "mosi.npz"
    path.write_bytes(pickle.dumps(mosi, protocol=protocol))
    convert.mmsa(path, out)
    found = rivalry.inspect(out)
    assert [m.name for m in found.data.modalities] == ["text", "audio", "vision"]
    assert found.data.n == 51 and found.data.classes == ["0", "1", "2"]
    assert (found.data.split.n_train, found.data.split.n_valid, found.data.split.n_test) == (30, 9, 12)
    written = np.load(out)
    first = mosi["train"]
    np.testing.assert_allclose(written["text"][:30], first["text"].mean(axis=1), rtol=1e-6)
    steps = first["audio_lengths"][3]
    np.testing.assert_allclose(written["audio"][3], first["audio"][3, :steps].mean(axis=0), rtol=1e-6)
    signs = convert.mmsa(path, out, label="regression_labels", pool="max")
    assert signs["y"][:3].tolist() == ["negative", "neutral", "positive"]
    np.testing.assert_allclose(signs["audio"][3], first["audio"][3, :steps].max(axis=0), rtol=1e-6)
    assert convert.mmsa(path, out, pool="flat")["text"].shape == (51, 12)


class Evil:
    def __reduce__(self):
        return os.system, ("touch evil",)


@pytest.mark.parametrize("content", [Evil(), {"train": Evil()}, collections.Counter(), print, np.random.default_rng(0)], ids=str)
def test_pickles_that_do_more_are_refused(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(rivalry.DataError, match="evil.pkl: the pickle asks for"):
        convert.mmsa(path, tmp_path / "out.npz")
    assert os.listdir(tmp_path) == ["evil.pkl"]


def test_mogonet(tmp_path):
    draws = np.random.default_rng(0)
    views = {name: draws.normal(size=size) for name, size in {"1_tr": (20, 4), "1_te": (8, 4), "2_tr": (20, 3), "2_te": (8, 3)}.items()}
    for name, values in views.items():
        np.savetxt(tmp_path / f"{name}.csv", values, delimiter=",")
    for name, n in {"labels_tr": 20, "labels_te": 8}.items():
        np.savetxt(tmp_path / f"{name}.csv", np.arange(n) % 2, delimiter=",")
    (tmp_path / "1_featname.csv").write_text("a\nb\nc\nd\n")
    convert.mogonet(tmp_path, tmp_path / "out.npz")
    found = rivalry.inspect(tmp_path / "out.npz").data
    assert [(m.name, m.dim) for m in found.modalities] == [("view_1", 4), ("view_2", 3)]
    assert (found.n, found.split.n_test) == (28, 8)
    np.testing.assert_allclose(np.load(tmp_path / "out.npz")["view_2"][20:], views["2_te"])


def test_h5mu(tmp_path):
    import h5py

    draws = np.random.default_rng(0)
    dense, sparse = draws.normal(size=(12, 3)), (draws.random((11, 4)) < 0.4) * draws.normal(size=(11, 4))
    ids = [f"cell{i}" for i in range(12)]
    with h5py.File(tmp_path / "a.h5mu", "w") as file:
        def table(at, names):
            obs = at.create_group("obs")
            obs.attrs["_index"] = "_index"
            obs["_index"] = np.array(names, dtype="S")
            kind = obs.create_group("kind")
            kind["codes"] = np.array([int(n[4:]) % 2 for n in names], dtype="i1")
            kind["categories"] = np.array(["B", "T"], dtype="S")
            obs["mouse"] = np.array([int(n[4:]) // 4 for n in names])

        table(file, ids)
        rna, atac = file.create_group("mod/rna"), file.create_group("mod/atac")
        table(rna, ids)
        rna["X"] = dense
        table(atac, ids[:0:-1])
        x = atac.create_group("X")
        x.attrs["shape"], x.attrs["encoding-type"] = sparse.shape, "csr_matrix"
        where = np.nonzero(sparse)
        x["data"], x["indices"] = sparse[where], where[1]
        x["indptr"] = np.concatenate([[0], np.cumsum(np.count_nonzero(sparse, axis=1))])
    convert.h5mu(tmp_path / "a.h5mu", tmp_path / "out.npz", label="kind", groups="rna:mouse")
    written = np.load(tmp_path / "out.npz")
    names = sorted(ids[1:])
    np.testing.assert_array_equal(written["rna"], [dense[ids.index(n)] for n in names])
    np.testing.assert_array_equal(written["atac"], [sparse[ids[:0:-1].index(n)] for n in names])
    assert written["y"].tolist() == ["BT"[int(n[4:]) % 2] for n in names]
    assert rivalry.inspect(tmp_path / "out.npz").data.groups == 3
    with pytest.raises(rivalry.DataError, match="no column `sort`"):
        convert.h5mu(tmp_path / "a.h5mu", tmp_path / "out.npz", label="sort")


def test_tensorboard(tmp_path):
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(tmp_path / "run"), write_to_disk=True) as writer:
        for epoch in range(4):
            for name, value in {"audio": 0.5 + epoch / 10, "image": 0.3}.items():
                writer.add_scalar(f"modality/{name}/accuracy", value, epoch)
                writer.add_scalar(f"valid/modality/{name}/accuracy", value - 0.1, epoch)
            writer.add_scalar("loss", 1.0, epoch)
    out = tmp_path / "run.jsonl"
    assert convert.tensorboard(tmp_path / "run", out) == 16
    found = rivalry.monitor(out)
    assert [m.name for m in found.results.modalities] == ["audio", "image"]
    accuracy = [e.modalities[0].accuracy.value for e in found.results.epochs]
    np.testing.assert_allclose(accuracy, [0.5, 0.6, 0.7, 0.8], atol=1e-6)
    valid = rivalry.monitor(out, split="valid")
    np.testing.assert_allclose(valid.results.epochs[3].modalities[0].accuracy.value, 0.7, atol=1e-6)
    with pytest.raises(rivalry.DataError, match="its tags are"):
        convert.tensorboard(tmp_path / "run", out, tag="x/(?P<modality>.*)/(?P<metric>.*)")


def test_torch_is_asked_for_weights_only(tmp_path, monkeypatch):
    draws = np.random.default_rng(0)
    held = {f"{part}_modal_{i}_features": draws.normal(size=(n, i + 2)) for part, n in (("train", 20), ("val", 6), ("test", 8)) for i in (1, 2)}
    held |= {f"{part}_targets": np.arange(n) % 2 for part, n in (("train", 20), ("val", 6), ("test", 8))}
    asked = {}

    def load(path, **options):
        asked.update(options)
        return held

    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(load=load))
    convert.torch(tmp_path / "a.pt", tmp_path / "out.npz")
    assert asked["weights_only"] is True
    found = rivalry.inspect(tmp_path / "out.npz").data
    assert [(m.name, m.dim) for m in found.modalities] == [("modal_1", 3), ("modal_2", 4)]
    assert (found.split.n_train, found.split.n_valid, found.split.n_test) == (20, 6, 8)


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda at: convert.mmsa(at / "nowhere.pkl", at / "out.npz"), "nowhere.pkl: cannot be read"),
        (lambda at: convert.mmsa(at / "list.pkl", at / "out.npz"), "no dictionary with `train`"),
        (lambda at: convert.mmsa(at / "junk", at / "out.npz"), "junk: cannot be read"),
        (lambda at: convert.mogonet(at, at / "out.npz"), "no `1_tr.csv`"),
        (lambda at: convert.h5mu(at / "junk", at / "out.npz", label="y"), "junk: cannot be read"),
        (lambda at: convert.tensorboard(at / "junk", at / "out.jsonl"), "junk"),
        (lambda at: convert.tensorboard(at / "junk", at / "out.jsonl", tag="x"), "no groups"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, work, words):
    (tmp_path / "junk").write_bytes(b"\x10\0\0\0\0\0\0\0abcd" + bytes(range(1, 32)))
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(rivalry.RivalryError) as raised:
        work(tmp_path)
    assert words in str(raised.value) and raised.value.hint
