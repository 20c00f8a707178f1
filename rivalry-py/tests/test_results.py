"""What a result shows, holds and becomes."""

from __future__ import annotations

import json
import pickle
import xml.etree.ElementTree as xml

import pytest
from conftest import FAST

import rivalry


@pytest.fixture(scope="module")
def result():
    from conftest import Small

    data = Small()
    return rivalry.diagnose(data.modalities, data.y, name="small <b>", **FAST)


def test_the_card_is_shown(result):
    assert f"VERDICT {result.code}" in repr(result)
    assert "small <b>" in repr(result)
    assert "\x1b" not in repr(result)
    html = result._repr_html_()
    assert result.code in html and "<script" not in html and "<html" not in html
    xml.fromstring(html)


def test_attributes_are_the_document(result):
    document = result.to_dict()
    assert json.loads(result.to_json()) == document == result.document
    assert result.verdict == document["verdict"] and result.verdict.code == document["verdict"]["code"]
    assert result.loser == document["verdict"]["loser"]
    assert result.gap.value == document["results"]["gap"]["value"]
    assert result.models[0].accuracy.method
    assert {"gap", "verdict", "models", "to_html"} <= set(dir(result))
    assert document["schema"] == {"name": "rivalry", "version": 1}
    with pytest.raises(AttributeError, match="no `gain`"):
        _ = result.gain
    with pytest.raises(AttributeError, match="there are value"):
        _ = result.gap.lower


def test_forms(result, tmp_path):
    page = result.to_html(tmp_path / "report.html")
    assert page.startswith("<!doctype html>") and (tmp_path / "report.html").read_text() == page
    assert result.to_markdown().startswith("# ")
    assert "VERDICT" in result.to_text()
    for suffix in (".json", ".html", ".md", ".tex", ".svg", ".csv", ".xml", ".txt"):
        result.save(tmp_path / f"report{suffix}")
        assert (tmp_path / f"report{suffix}").stat().st_size > 100, suffix
    with pytest.raises(rivalry.UsageError, match=r"`\.docx`"):
        result.save(tmp_path / "report.docx")
    with pytest.raises(rivalry.DataError, match="nowhere"):
        result.save(tmp_path / "nowhere" / "report.md")


def test_figures(result, tmp_path):
    figure = result.plot()
    assert xml.fromstring(figure._repr_svg_()).tag.endswith("svg")
    figure.save(tmp_path / "figure.svg")
    assert len(result.plot(chart=1).svg) < len(figure.svg)
    with pytest.raises(ValueError, match="chart 99"):
        result.plot(chart=99)


def test_frames(result):
    frame = result.to_frame()
    assert list(frame.name) == [model.name for model in result.models]
    assert frame.accuracy[0] == result.models[0].accuracy.value
    assert frame.accuracy_low[0] == result.models[0].accuracy.low
    assert list(result.to_frame("modalities").name) == ["image", "text"]
    with pytest.raises(rivalry.UsageError, match="no table `model`"):
        result.to_frame("model")


def test_keeping_and_loading(result, small, tmp_path):
    out = tmp_path / "kept"
    kept = rivalry.diagnose(small.modalities, small.y, out=out, **FAST)
    assert (out / "report.html").exists()
    for loaded in (rivalry.load(out), rivalry.load(out / "report.json"), rivalry.load(kept.to_dict())):
        assert loaded.document == kept.document and repr(loaded) == repr(kept)
    assert pickle.loads(pickle.dumps(result)).document == result.document
    again = rivalry.diagnose(small.modalities, small.y, out=out, **FAST)
    assert again.results == kept.results
    assert rivalry.check(out, require="gap>-100").passed
