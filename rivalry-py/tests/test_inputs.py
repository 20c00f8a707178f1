"""Whatever holds the data, the same data are read."""

from __future__ import annotations

import types

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import rivalry


def fingerprint(*args, **keywords) -> str:
    return rivalry.inspect(*args, **keywords).data.fingerprint


class Tensor:
    """What a tensor of PyTorch can do, as far as it is asked."""

    def __init__(self, values, dtype="torch.float32"):
        self.values, self.dtype = values, dtype

    def detach(self):
        return self

    def cpu(self):
        return self

    def float(self):
        return Tensor(self.values.astype(np.float32))

    def numpy(self):
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.values


class Sparse:
    """What a sparse matrix of SciPy can do."""

    def __init__(self, values):
        self.values, self.shape = values, values.shape

    def toarray(self):
        return self.values


def test_layouts_do_not_matter(small):
    expected = fingerprint({"a": small.text}, small.y)
    text = small.text
    apart = np.zeros((180, 8))
    apart[::2, ::2] = text
    frozen = text.copy()
    frozen.flags.writeable = False
    backwards = text[::-1].copy()[::-1]
    for layout in (
        np.asfortranarray(text),
        apart[::2, ::2],
        text.astype(">f8"),
        frozen,
        backwards,
        text.tolist(),
        np.ma.MaskedArray(text),
        text.astype(object),
        Tensor(text),
        Sparse(text),
    ):
        assert fingerprint({"a": layout}, small.y) == expected, type(layout)


def test_integers_and_halves_are_kept_exactly(small):
    whole = np.arange(90 * 3).reshape(90, 3) % 120
    expected = fingerprint({"a": whole.astype(np.float32)}, small.y)
    for kind in ("i1", "u1", "<i2", ">u2", "f4", "bool"):
        values = (whole % 2 if kind == "bool" else whole).astype(kind)
        found = fingerprint({"a": values}, small.y)
        assert (found == expected) == (kind != "bool"), kind
    double = fingerprint({"a": whole.astype(np.float64)}, small.y)
    for kind in ("<i4", ">i8", "u8", "u4"):
        assert fingerprint({"a": whole.astype(kind)}, small.y) == double, kind
    half = (whole / 4).astype(np.float16)
    assert fingerprint({"a": half}, small.y) == fingerprint({"a": half.astype(np.float32)}, small.y)
    brain = Tensor(half.astype(np.float32), "torch.bfloat16")
    assert fingerprint({"a": brain}, small.y) == fingerprint({"a": half.astype(np.float32)}, small.y)


def test_columns_of_frames(small):
    columns = {f"image_{i}": small.image[:, i] for i in range(5)} | {f"text_{i}": small.text[:, i] for i in range(4)}
    modality = {"image": "image_*", "text": "text_*"}
    frame = pandas.DataFrame({**columns, "label": small.y, "patient": small.groups})
    expected = fingerprint(frame, modality=modality, groups="patient")
    for table in (
        polars.DataFrame(frame.to_dict("list"), schema_overrides={f"image_{i}": polars.Float32 for i in range(5)}),
        polars.DataFrame(frame).lazy(),
        pyarrow.table(frame),
        frame.convert_dtypes(),
    ):
        assert fingerprint(table, modality=modality, groups="patient") == expected, type(table)
    apart = frame.drop(columns=["label", "patient"])
    assert fingerprint(apart, small.y, groups=small.groups, modality=modality) == expected
    assert fingerprint(apart, list(small.y), groups=small.groups, modality=["image=image_*", "text=text_*"]) == expected
    dotted = frame.rename(columns=lambda name: name.replace("_", "."))
    assert fingerprint(dotted, groups="patient") == expected
    names = [tuple(name.split("_")) if "_" in name else (name,) for name in frame.columns]
    levels = frame.copy()
    levels.columns = pandas.Index(names, tupleize_cols=False)
    assert fingerprint(levels, groups="patient") == expected


def test_frames_as_modalities(small):
    expected = fingerprint(small.modalities, small.y)
    frames = {"image": pandas.DataFrame(small.image), "text": polars.DataFrame(small.text)}
    assert fingerprint(frames, pandas.Series(small.y)) == expected
    arrow = pyarrow.table({str(i): small.text[:, i] for i in range(4)})
    assert fingerprint({"image": small.image, "text": arrow}, pyarrow.array(small.y)) == expected
    assert fingerprint({"image": small.image, "text": arrow}, pyarrow.chunked_array([small.y])) == expected


def test_a_table_of_vectors(small):
    """As Hugging Face data sets hold embeddings."""

    class Rows:
        features = {"image": None, "text": None, "label": None, "caption": None}
        column_names = list(features)

        def with_format(self, _):
            return self

        def __getitem__(self, name):
            if name == "caption":
                return [object()] * 90
            values = {"image": small.image, "text": small.text, "label": small.y}[name]
            return values.tolist()

    double = {"image": small.image.astype(np.float64), "text": small.text}
    expected = fingerprint(double, small.y)
    assert fingerprint(Rows(), modality=["image", "text"]) == expected
    assert fingerprint(Rows(), list(small.y), modality=["image", "text"]) == expected
    with pytest.raises(rivalry.DataError, match="caption"):
        rivalry.inspect(Rows())
    vectors = pandas.DataFrame({"image": list(double["image"]), "text": list(small.text), "y": small.y})
    assert fingerprint(vectors) == expected


def test_mudata(small):
    mod = {name: types.SimpleNamespace(X=x, obs=None) for name, x in small.modalities.items()}
    mod["text"].X = Sparse(small.text)
    data = types.SimpleNamespace(mod=mod, obs=pandas.DataFrame({"kind": small.y, "mouse": small.groups}))
    expected = fingerprint(small.modalities, small.y, groups=small.groups)
    assert fingerprint(data, small.y, groups=small.groups) == expected
    assert fingerprint(data, "kind", groups="mouse") == expected
    with pytest.raises(rivalry.DataError, match="no column `sort`"):
        rivalry.inspect(data, "sort")


def test_labels_of_any_kind(small):
    expected = rivalry.inspect(small.modalities, small.y).data
    for labels in (small.y.tolist(), small.y.astype(float), pandas.Series(small.y), small.y.astype("O"), Tensor(small.y)):
        assert rivalry.inspect(small.modalities, labels).data == expected
    words = np.array(["ant", "bee", "cat"])[small.y]
    for labels in (words, words.tolist(), pandas.Series(words), pandas.Series(words, dtype="category"), polars.Series(words)):
        assert rivalry.inspect(small.modalities, labels).data.classes == ["ant", "bee", "cat"]
    named = rivalry.inspect(small.modalities, small.y, class_names=["x", "y", "z"])
    assert named.data.classes == ["x", "y", "z"]


def test_splits(small):
    rows, mask = np.arange(30), np.arange(90) < 30
    expected = fingerprint(small.modalities, small.y, test=rows)
    assert fingerprint(small.modalities, small.y, test=mask) == expected
    assert fingerprint(small.modalities, small.y, train=np.arange(30, 90), test=rows.tolist()) == expected
    assert fingerprint(small.modalities, small.y, train=~mask) == expected
    frame = pandas.DataFrame(small.text).add_prefix("a.").assign(y=small.y)
    alone = fingerprint({"a": small.text}, small.y, test=rows)
    assert fingerprint(frame, test=rows) == alone
    assert fingerprint(frame, test=mask) == alone
    assert fingerprint(frame, train=~mask, test=mask) == alone
    assert fingerprint(small.modalities, small.y, fold=np.arange(90) % 4) != expected


def test_predictions_from_frames(small):
    scores = np.random.default_rng(0).normal(size=(90, 3))
    expected = rivalry.compare(small.y, joint=scores, uni={"a": scores[::-1].copy()}, replicates=500).results
    names = ["0", "1", "2"]
    frame = pandas.DataFrame(scores, columns=names)
    uni = polars.DataFrame(scores[::-1].copy(), schema=names)
    assert rivalry.compare(pandas.Series(small.y), joint=frame, uni={"a": uni}, replicates=500).results == expected
    # With identifiers the order of the rows does not matter.
    order = np.random.default_rng(1).permutation(90)
    shuffled = frame.assign(id=[f"s{i}" for i in range(90)]).iloc[order]
    labels = pandas.DataFrame({"id": [f"s{i}" for i in range(90)], "y": small.y})
    other = pandas.DataFrame(scores[::-1], columns=names).assign(id=labels.id)
    assert rivalry.compare(labels, joint=shuffled, uni={"a": other}, replicates=500).results == expected
    tensors = rivalry.compare(Tensor(small.y), joint=Tensor(scores), uni={"a": Tensor(scores[::-1].copy())}, replicates=500)
    assert tensors.results == expected
