"""What is wrong is said in one sentence, in words of Python, with what to do."""

from __future__ import annotations

import numpy as np
import pandas
import pytest
from conftest import FAST

import rivalry


def said(work) -> rivalry.RivalryError:
    with pytest.raises(rivalry.RivalryError) as raised:
        work()
    error = raised.value
    assert isinstance(error, ValueError)
    assert error.hint, error
    assert "--" not in str(error), "options are keywords here"
    return error


@pytest.mark.parametrize(
    ("work", "kind", "words"),
    [
        (lambda s: rivalry.diagnose(s.image, s.y), rivalry.UsageError, "not modalities by name"),
        (lambda s: rivalry.diagnose([s.image, s.text], s.y), rivalry.UsageError, "of type list"),
        (lambda s: rivalry.diagnose(s.modalities), rivalry.DataError, "label"),
        (lambda s: rivalry.diagnose(s.modalities, s.y[:-1]), rivalry.DataError, "90"),
        (lambda s: rivalry.diagnose({"image": s.image}, s.y, **FAST), rivalry.DataError, "one modality"),
        (lambda s: rivalry.diagnose({}, []), rivalry.DataError, ""),
        (lambda s: rivalry.diagnose("nowhere.npz"), rivalry.DataError, "no such file"),
        (lambda s: rivalry.diagnose("nowhere.npz", s.y), rivalry.UsageError, "`y` cannot go"),
        (lambda s: rivalry.diagnose(s.modalities, s.y, seeds=0), rivalry.UsageError, "`seeds` does not accept `0`"),
        (lambda s: rivalry.diagnose(s.modalities, s.y, seeds=2.5), rivalry.UsageError, "`seeds`"),
        (lambda s: rivalry.diagnose(s.modalities, s.y, seeds=object()), rivalry.UsageError, "`object`"),
        (lambda s: rivalry.diagnose(s.modalities, s.y, test_share=2, folds=3), rivalry.UsageError, "`test_share`"),
        (lambda s: rivalry.diagnose(s.modalities, s.y, encoder="mlpp"), rivalry.UsageError, "did you mean `mlp`"),
        (lambda s: rivalry.diagnose(s.modalities, s.y, set={"wdth": 3}), rivalry.UsageError, "width"),
        (lambda s: rivalry.diagnose(s.modalities, s.y, set={"a=b": 3}), rivalry.UsageError, "`a=b`"),
        (lambda s: rivalry.diagnose(s.modalities, s.y, encoder="a\0b"), rivalry.UsageError, "NUL"),
        (lambda s: rivalry.diagnose(s.modalities, s.y, encoder="\ud800"), rivalry.UsageError, ""),
        (lambda s: rivalry.diagnose({"a": s.image * np.nan, "b": s.text}, s.y), rivalry.DataError, "`a`"),
        (lambda s: rivalry.diagnose({"a": s.image * 1j, "b": s.text}, s.y), rivalry.DataError, "complex"),
        (lambda s: rivalry.diagnose({"a": s.image[None], "b": s.text}, s.y), rivalry.DataError, "(1, 90, 5)"),
        (lambda s: rivalry.diagnose({"a": ["x"] * 90, "b": s.text}, s.y), rivalry.DataError, "`a`"),
        (lambda s: rivalry.diagnose({"a": [[1], [2, 3]], "b": s.text}, s.y), rivalry.DataError, "`a`"),
        (lambda s: rivalry.diagnose({"a": [object()] * 90, "b": s.text}, s.y), rivalry.DataError, "holds object"),
        (lambda s: rivalry.diagnose({"a": np.zeros(90, "M8[s]"), "b": s.text}, s.y), rivalry.DataError, "times"),
        (lambda s: rivalry.diagnose({"a": np.zeros(90, "i4,f4"), "b": s.text}, s.y), rivalry.DataError, "type"),
        (lambda s: rivalry.diagnose({"a/b": s.image, "b": s.text}, s.y), rivalry.DataError, "a/b"),
        (lambda s: rivalry.inspect(pandas.DataFrame(s.image, columns=list("aabcd")), s.y), rivalry.DataError, "two columns"),
        (lambda s: rivalry.inspect(pandas.DataFrame({"x": s.y, "y": s.y}), s.y), rivalry.UsageError, "leave one out"),
        (lambda s: rivalry.compare(s.y, uni={"a": s.y}), rivalry.UsageError, "no joint model"),
        (lambda s: rivalry.compare(s.y, joint=s.y, uni=s.y), rivalry.UsageError, "`uni` names models"),
        (lambda s: rivalry.compare(s.y, joint=s.y[:-1], uni={"a": s.y}), rivalry.DataError, "89"),
        (lambda s: rivalry.compare(s.y, joint=s.text[:, :2], uni={"a": s.y}), rivalry.DataError, "2"),
        (lambda s: rivalry.compare(s.y, joint=s.y, uni={"a": s.y}, names=["a\nb"]), rivalry.DataError, "line break"),
        (lambda s: rivalry.check(require="gap>1"), rivalry.UsageError, ""),
        (lambda s: rivalry.check(require="gap>1", joint=s.y), rivalry.UsageError, "needs `labels`"),
        (lambda s: rivalry.check(17, require="gap>1"), rivalry.UsageError, "of type int"),
        (lambda s: rivalry.check(labels=s.y, joint=s.y, uni={"a": s.y}, require="gap"), rivalry.UsageError, "gap"),
        (lambda s: rivalry.monitor(17), rivalry.UsageError, "entries"),
        (lambda s: rivalry.monitor([17]), rivalry.DataError, "int"),
        (lambda s: rivalry.monitor([{"epoch": 1, "labels": [0], "logits": {"a": [[float("inf"), 0]]}}]), rivalry.DataError, ""),
        (lambda s: rivalry.lab.race(set={"mm": 3}), rivalry.UsageError, "mm"),
        (lambda s: rivalry.lab.verify("wnner_rule"), rivalry.UsageError, "winner_rule"),
        (lambda s: rivalry.lab.verify([3]), rivalry.UsageError, "names"),
        (lambda s: rivalry.demo("digits"), rivalry.UsageError, "digits"),
        (lambda s: rivalry.load("nowhere"), rivalry.DataError, "nowhere"),
        (lambda s: rivalry.load({}), rivalry.DataError, "not a report"),
        (lambda s: rivalry.load(3), rivalry.UsageError, "int"),
    ],
)
def test_what_is_wrong_is_said(small, work, kind, words):
    error = said(lambda: work(small))
    assert type(error) is kind
    assert words in str(error)
    assert "Traceback" not in str(error) and len(error.message.splitlines()) <= 3


def test_masked_and_missing_values(small):
    masked = np.ma.MaskedArray(small.image, mask=small.image > 2)
    assert "masked" in str(said(lambda: rivalry.inspect({"a": masked}, small.y)))
    holes = pandas.DataFrame(small.image).add_prefix("a.").assign(y=small.y).mask(lambda f: f > 2.5)
    said(lambda: rivalry.inspect(holes))


def test_huge_arrays_are_refused_before_they_are_read():
    huge = np.broadcast_to(np.float32(1), (9_000_000, 1_000_000))
    assert "GiB" in str(said(lambda: rivalry.inspect({"a": huge}, [0, 1])))
    wide = np.broadcast_to(np.float32(1), (2, 1 << 24))
    assert "columns" in str(said(lambda: rivalry.inspect({"a": wide}, [0, 1])))
