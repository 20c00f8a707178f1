#!/usr/bin/env python3
"""Writes files with numpy, pandas and pickle for the readers to be tested on (rivalry/tests/corpus), and what they hold
(rivalry/tests/it/golden/formats/foreign.json).

    python make.py            write them
    python make.py --check    compare with the committed ones, and read with numpy and pandas what this library wrote
                              (rivalry/tests/it/golden/formats/ours*); write nothing
"""

import argparse
import io
import json
import pathlib
import pickle
import sys
import zipfile

import numpy as np
import pandas as pd

TESTS = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests"
CORPUS = TESTS / "corpus"
GOLDEN = TESTS / "it/golden/formats"

MATRIX = np.array([[0.5, -1.25, 3.0], [-0.0, 65504.0, 5.960464477539063e-08], [1e-3, 7.0, -2.0], [100.0, 0.1, 1.0]])
WHOLE = np.array([[1, 0, 127], [0, 3, 1], [100, 1, 0], [2, 2, 2]])
WORDS = ["cat", "Ünï", "日本", "a b"]


class Unseekable(io.RawIOBase):
    """A pipe: zip writers put sizes after the members then."""

    def __init__(self):
        self.content = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.content += bytes(data)
        return len(data)


def bytes_of(save, *args, **kwargs):
    out = io.BytesIO()
    save(out, *args, **kwargs)
    return out.getvalue()


def with_version(array, version):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version, allow_pickle=False)
    return out.getvalue()


def npy_files():
    """name -> (bytes, array)"""
    files = {}

    def add(name, array, content=None):
        files[f"{name}.npy"] = (content or bytes_of(np.save, array, allow_pickle=False), array)

    add("f2", MATRIX.astype("<f2"))
    add("f4", MATRIX.astype("<f4"))
    add("f4_fortran", np.asfortranarray(MATRIX.astype("<f4")))
    add("f8", MATRIX)
    add("f8_big", MATRIX.astype(">f8"))
    add("f8_big_fortran", np.asfortranarray(MATRIX.astype(">f8")))
    add("f8_list", MATRIX[:, 0])
    add("bool", WHOLE > 1)
    add("bool_fortran", np.asfortranarray(WHOLE > 1))
    for dtype in ["i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8"]:
        sign = -1 if "i" in dtype else 1
        add(dtype.replace("<", "").replace(">", "big_"), (sign * WHOLE).astype(dtype))
    add("text_U", np.array(WORDS))
    add("text_U_big", np.array(WORDS).astype(">U3"))
    add("text_S", np.array([w.encode() for w in WORDS]))
    add("version_2", MATRIX, with_version(MATRIX, (2, 0)))
    add("version_3", MATRIX, with_version(MATRIX, (3, 0)))
    return files


def arrays():
    rng = np.random.default_rng(5)
    labels = np.array([0, 1, 2] * 4)
    return {
        "image": rng.normal(size=(12, 3)).astype("<f4"),
        "sound": np.asfortranarray(rng.normal(size=(12, 2)) * 1e100),
        "flags": rng.random((12, 2)) < 0.5,
        "y": labels,
        "class_names": np.array(["ant", "bee", "Käfer"]),
        "groups": np.array([f"s{i // 3}" for i in range(12)]),
        "train": np.arange(9),
        "test": np.arange(9, 12),
    }


def npz_files():
    """name -> bytes; all hold the same."""
    data = arrays()
    pipe = Unseekable()
    np.savez_compressed(pipe, **data)
    limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 0
    wide = bytes_of(np.savez_compressed, **data)
    zipfile.ZIP64_LIMIT = limit
    masks = {**data, "train": np.arange(12) < 9}
    del masks["test"]
    return {
        "stored.npz": bytes_of(np.savez, **data),
        "deflated.npz": bytes_of(np.savez_compressed, **data),
        "piped.npz": bytes(pipe.content),
        "zip64.npz": wide,
        "masks.npz": bytes_of(np.savez, **masks),
    }


def table():
    data = arrays()
    names = data["class_names"][data["y"]]
    frame = pd.DataFrame({f"image.{i}": data["image"][:, i].astype("f8") for i in range(3)})
    for i in range(2):
        frame[f"sound.{i}"] = data["sound"][:, i]
    for i in range(2):
        frame[f"flags.{i}"] = data["flags"][:, i]
    frame["y"] = data["y"]
    frame["class_name"] = names
    frame["groups"] = data["groups"]
    frame["split"] = ["train"] * 9 + ["test"] * 3
    return frame


def csv_files():
    frame = table()
    text = frame.to_csv(index=False)
    return {
        "pandas.csv": text.encode(),
        "semicolons.csv": b"\xef\xbb\xbf" + frame.to_csv(index=False, sep=";", lineterminator="\r\n").encode(),
        "tabs.tsv": frame.to_csv(index=False, sep="\t", quoting=1).encode(),
    }


def pickled():
    """Files that only unpickling can read; each calls `print` when it is."""

    class Program:
        def __reduce__(self):
            return print, ("this program ran",)

    objects = np.array([Program(), Program()], dtype=object)
    data = arrays()
    torch_like = io.BytesIO()
    with zipfile.ZipFile(torch_like, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps(Program(), 2))
        archive.writestr("model/data/0", b"\0" * 16)
    record = np.zeros(2, dtype=[("a", "f4"), ("b", object)])
    files = {
        "pickled_objects.npy": bytes_of(np.save, objects, allow_pickle=True),
        "pickled_record.npy": bytes_of(np.save, record, allow_pickle=True),
        "pickled_labels.npz": bytes_of(np.savez, **{**data, "y": np.array(["a", None] * 6, dtype=object)}),
        "pickled_modality.npz": bytes_of(np.savez, **{**data, "image": objects}),
        "pickled_torch.npz": torch_like.getvalue(),
    }
    for protocol in range(2, 6):
        files[f"pickled_{protocol}.npz"] = pickle.dumps(Program(), protocol)
    return files


def plain(array):
    """Values in C order as JSON has them; sets apart -0.0, which JSON keeps."""
    return [v.decode() if isinstance(v, bytes) else v for v in np.ascontiguousarray(array).ravel().tolist()]


def content():
    return {
        "script": "reference/formats/make.py",
        "versions": {"numpy": np.__version__, "pandas": pd.__version__},
        "npy": {
            name: {"shape": list(array.shape), "values": plain(array)} for name, (_, array) in npy_files().items()
        },
        "data": {name: {"shape": list(array.shape), "values": plain(array)} for name, array in arrays().items()},
    }


def same(left, right):
    """Equal type, shape and bits."""
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


def check():
    """What differs, in words."""
    wrong = []
    golden = json.loads((GOLDEN / "foreign.json").read_text())
    now = json.loads(json.dumps(content()))
    if {**golden, "versions": None} != {**now, "versions": None}:
        wrong.append("foreign.json is not what this script makes")
    for name, (_, array) in npy_files().items():
        if not same(np.load(CORPUS / name), array):
            wrong.append(f"{name} holds something else")
    for name in npz_files():
        with np.load(CORPUS / name) as archive:
            if not all(same(archive[k], v) for k, v in arrays().items() if k in archive.files and name != "masks.npz"):
                wrong.append(f"{name} holds something else")
    for name, made in csv_files().items():
        if (CORPUS / name).read_bytes() != made:
            wrong.append(f"{name} is not what pandas writes")
    return wrong + check_ours(json.loads((GOLDEN / "ours.json").read_text()))


def check_ours(expected):
    """Whether numpy and pandas read from our files the values that we say are in them."""
    wrong = []
    names = np.array(expected["class_names"])
    labels, groups = np.array(expected["y"]), np.array(expected["groups"])
    matrices = {
        name: np.array(m["values"], dtype="f8").reshape(m["shape"]).astype(m["dtype"])
        for name, m in expected["modalities"].items()
    }
    arrays = {**matrices, "y": labels, "class_names": names, "groups": groups}
    arrays["train"], arrays["test"] = np.array(expected["train"]), np.array(expected["test"])
    with np.load(GOLDEN / "ours.npz", allow_pickle=False) as archive:
        if sorted(archive.files) != sorted(arrays):
            wrong.append(f"ours.npz has arrays {archive.files}")
        wrong += [f"ours.npz: {k} differs" for k, v in arrays.items() if not same(archive[k], v)]
        if zipfile.ZipFile(GOLDEN / "ours.npz").testzip() is not None:
            wrong.append("ours.npz has a damaged member")
    for name, array in arrays.items():
        path = GOLDEN / "ours" / f"{name}.npy"
        if not same(np.load(path, allow_pickle=False), array):
            wrong.append(f"{path} differs")
        # Not only the values: the very bytes that numpy writes.
        if path.read_bytes() != bytes_of(np.save, np.ascontiguousarray(array), allow_pickle=False):
            wrong.append(f"{path} is not as numpy writes it")
    # Before version 3 pandas read numbers exactly only when it was told to.
    exact = {} if int(pd.__version__.split(".")[0]) >= 3 else {"float_precision": "round_trip"}
    frame = pd.read_csv(GOLDEN / "ours.csv", keep_default_na=False, **exact)
    for name, matrix in matrices.items():
        columns = frame[[f"{name}.{i}" for i in range(matrix.shape[1])]].to_numpy(dtype="f8")
        if not same(columns, matrix.astype("f8")):
            wrong.append(f"ours.csv: {name} differs")
    if frame["y"].tolist() != labels.tolist() or frame["class_name"].tolist() != names[labels].tolist():
        wrong.append("ours.csv: labels differ")
    if frame["groups"].tolist() != groups.tolist():
        wrong.append("ours.csv: groups differ")
    parts = ["train" if i in expected["train"] else "test" if i in expected["test"] else "" for i in range(len(labels))]
    if frame["split"].tolist() != parts:
        wrong.append("ours.csv: the split differs")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        wrong = check()
        if wrong:
            sys.exit("\n".join(wrong))
        return
    CORPUS.mkdir(exist_ok=True)
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / "foreign.json").write_text(json.dumps(content(), ensure_ascii=False) + "\n")
    files = {name: made for name, (made, _) in npy_files().items()} | npz_files() | csv_files() | pickled()
    for name, made in files.items():
        (CORPUS / name).write_bytes(made)


main()
