#!/usr/bin/env python3
"""Writes tables with pandas and pyarrow (rivalry/tests/corpus/parquet) and what is in them (rivalry/tests/it/golden/formats/parquet.json).

    python make.py            write them
    python make.py --check    read the committed files with pyarrow and compare with the numbers; write nothing

The bytes depend on the version of pyarrow, so that the check compares values.
"""

import argparse
import datetime
import decimal
import io
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

TESTS = pathlib.Path(__file__).resolve().parents[2] / "rivalry/tests"
CORPUS = TESTS / "corpus/parquet"
GOLDEN = TESTS / "it/golden/formats/parquet.json"

CLASSES = ["bird", "cat", "dog"]
IDS = ["a7", "b1", "ünï", "42", "x y", "z"]


def features():
    """Two modalities of twelve samples with values that only exact reading brings back."""
    rng = np.random.default_rng(11)
    return pd.DataFrame(
        {
            "image.single": rng.normal(size=12).astype("f4"),
            "image.double": rng.normal(size=12) * 1e100,
            "image.negative_zero": [-0.0, 5e-324] * 6,
            "sound.byte": rng.integers(-100, 100, 12).astype("i1"),
            "sound.unsigned": np.array([2**32 - 1, 0, 7] * 4, dtype="u4"),
            "sound.wide": rng.integers(-(2**40), 2**40, 12),
            "sound.flag": rng.random(12) < 0.5,
        }
    )


def table():
    frame = features()
    frame["label"] = np.array(CLASSES)[[0, 1, 2] * 4]
    frame["groups"] = pd.Categorical([f"s{i // 3}" for i in range(12)])
    frame["split"] = ["train"] * 9 + ["test"] * 2 + [None]
    frame["when"] = pd.Timestamp("2026-01-02")
    return frame


def predictions():
    scores = np.random.default_rng(12).normal(size=(len(IDS), 3)) * 3
    frame = pd.DataFrame(scores, columns=[f"p_{c}" for c in CLASSES])[["p_dog", "p_bird", "p_cat"]]
    frame.insert(1, "id", IDS)
    frame.insert(0, "label", np.array(CLASSES)[[0, 2, 1, 1, 2, 0]])
    return frame


def refused():
    """name -> a column that is not read, or is not complete, beside two labels"""
    day = datetime.date(2026, 1, 2)
    return {
        "list": pa.array([[1.0], [2.0]]),
        "struct": pa.array([{"x": 1.0}, {"x": 2.0}]),
        "map": pa.array([[("x", 1.0)], []], pa.map_(pa.string(), pa.float64())),
        "decimal": pa.array([decimal.Decimal("1.5"), decimal.Decimal("2.5")]),
        "timestamp": pa.array([datetime.datetime(2026, 1, 2)] * 2),
        "date": pa.array([day, day]),
        "time": pa.array([datetime.time(1), datetime.time(2)]),
        "half": pa.array(np.array([1, 2], dtype="f2")),
        "binary": pa.array([b"\xff", b"a"]),
        "nulls": pa.array([1.0, None]),
        "nan": pa.array([1.0, float("nan")]),
        "infinite": pa.array([1.0, float("-inf")]),
        "words": pa.array(["1.5", "loud"]),
        "huge": pa.array([1, 2**53 + 1]),
    }


def parquet(data, **kwargs):
    out = io.BytesIO()
    if isinstance(data, pd.DataFrame):
        data.to_parquet(out, index=False, engine="pyarrow", **kwargs)
    else:
        pq.write_table(data, out, **kwargs)
    return out.getvalue()


def files():
    """name -> bytes"""
    bare = pa.Table.from_pandas(table().drop(columns="when"), preserve_index=False).replace_schema_metadata(None)
    made = {
        # As pandas writes by default, in several row groups.
        "pandas.parquet": parquet(table(), row_group_size=5),
        "plain.parquet": parquet(bare, compression="none", use_dictionary=False, store_schema=False),
        "pages2.parquet": parquet(bare, data_page_version="2.0", data_page_size=16, store_schema=False),
        "old.parquet": parquet(bare, version="1.0", store_schema=False),
        "pred.parquet": parquet(predictions()),
        "numbers.parquet": parquet(pd.DataFrame({"pred": [0, 2, 1], "0": [0.5] * 3, "1": [0.1] * 3})),
        "constant.parquet": parquet(pa.table({"a.x": np.full(20_000, 0.25), "y": np.arange(20_000) % 2})),
        "indexed.parquet": parquet(pa.Table.from_pandas(features().assign(y=[0, 1] * 6).set_axis(list("abcdefghijkl")))),
    }
    for codec in ["gzip", "zstd"]:
        made[f"{codec}.parquet"] = parquet(bare, compression=codec, store_schema=False)
    for encoding in ["DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"]:
        column = pa.table({"a.x": pa.array([1, 2], pa.int32()), "y": [0, 1]})
        made[f"{encoding.lower()}.parquet"] = parquet(
            column, use_dictionary=False, column_encoding={"a.x": encoding, "y": "PLAIN"}, store_schema=False
        )
    for name, column in refused().items():
        made[f"bad_{name}.parquet"] = parquet(pa.table({"a.x": column, "y": [0, 1]}), store_schema=False)
    return made


def golden():
    frame = features()
    modalities = {}
    for name in ["image", "sound"]:
        part = frame[[c for c in frame.columns if c.startswith(name)]]
        modalities[name] = {"cols": part.shape[1], "values": part.to_numpy("f8").ravel().tolist()}
    scores = predictions()
    return {
        "script": "reference/parquet/make.py",
        "versions": {"numpy": np.__version__, "pandas": pd.__version__, "pyarrow": pa.__version__},
        "modalities": modalities,
        "labels": table()["label"].tolist(),
        "groups": table()["groups"].tolist(),
        "ids": IDS,
        "truth": scores["label"].tolist(),
        "columns": ["p_dog", "p_bird", "p_cat"],
        "scores": scores[["p_dog", "p_bird", "p_cat"]].to_numpy().tolist(),
    }


def check():
    """What differs, in words."""
    wrong = []
    committed = json.loads(GOLDEN.read_text())
    if {**committed, "versions": None} != {**json.loads(json.dumps(golden())), "versions": None}:
        wrong.append(f"{GOLDEN.name} is not what this script makes")
    for name, content in files().items():
        now, then = pq.read_table(io.BytesIO(content)), pq.read_table(CORPUS / name)
        same = now.column_names == then.column_names and all(
            str(a.to_pylist()) == str(b.to_pylist()) for a, b in zip(now.columns, then.columns)
        )
        if not same:
            wrong.append(f"{name} holds something else")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        wrong = check()
        if wrong:
            sys.exit("\n".join(wrong))
        return
    GOLDEN.write_text(json.dumps(golden(), ensure_ascii=False) + "\n")
    for name, content in files().items():
        (CORPUS / name).write_bytes(content)


main()
