"""The estimator keeps scikit-learn's contract, trains by the core, and is what the
command trains."""

from __future__ import annotations

import os
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import rivalry
from rivalry import RivalryError
from rivalry.sklearn import LateFusionClassifier

BOTH = {"image": slice(0, 5), "text": slice(5, 9)}
FAST = {"epochs": 20}


@parametrize_with_checks([LateFusionClassifier(), LateFusionClassifier(encoder="linear", strategy="auxiliary")])
def test_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def table(small):
    return np.concatenate([small.image, small.text], 1), small.y


def test_the_linear_network_is_logistic_regression(table):
    """Without validation and early stopping, trained to the end, it is the convex problem's answer."""
    X, y = table
    # Samples that are mixed up, so that the best weights are finite.
    y = np.where(np.arange(len(y)) % 4 == 0, (y + 1) % 3, y)
    ours = LateFusionClassifier(
        BOTH, encoder="identity", solver="gradient_descent", lr=0.5, epochs=5000, valid_share=0.0, patience=0
    ).fit(X, y)
    scaled = StandardScaler().fit_transform(X)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(scaled, y)
    assert np.abs(ours.predict_proba(X) - theirs.predict_proba(scaled)).max() < 1e-3
    assert log_loss(y, ours.predict_proba(X)) == pytest.approx(log_loss(y, theirs.predict_proba(scaled)), abs=1e-5)


def test_columns_however_they_are_given(table):
    X, y = table
    names = [f"i{k}" for k in range(5)] + [f"t{k}" for k in range(4)]
    frame = pd.DataFrame(X, columns=names)
    expected = LateFusionClassifier(BOTH, **FAST).fit(X, y).predict_proba(X)
    mask = np.arange(9) < 5
    ways = [
        (X, {"image": [0, 1, 2, 3, 4], "text": np.arange(5, 9)}),
        (X, {"image": mask, "text": ~mask}),
        (X, {"image": slice(-9, -4), "text": [-4, -3, -2, -1]}),
        (frame, {"image": names[:5], "text": slice("t0", "t3")}),
        (frame, {"image": lambda X: [n for n in X.columns if n[0] == "i"], "text": slice(5, None)}),
    ]
    for data, modalities in ways:
        fitted = LateFusionClassifier(modalities, **FAST).fit(data, y)
        assert np.array_equal(fitted.predict_proba(data), expected)
    # Columns in no modality change nothing.
    wider = np.concatenate([X, np.full((len(X), 1), 9.0)], 1)
    assert np.array_equal(LateFusionClassifier(BOTH, **FAST).fit(wider, y).predict_proba(wider), expected)


WRONG = [
    ({"modalities": {}}, "no dictionary of columns"),
    ({"modalities": {"a": []}}, "`a` has no columns"),
    ({"modalities": {"a": [9]}}, "column 9 of 9"),
    ({"modalities": {"a": ["x"]}}, "no names of columns"),
    ({"modalities": {"a": [0.5]}}, "the columns of modality `a`"),
    ({"modalities": {"a": [True]}}, "mask of modality `a`"),
    ({"strategy": "ogn"}, "ogm"),
    ({"strategy": "ogm", "strategy_set": {"alfa": 1}}, "alpha"),
    ({"batch": 0}, "batch"),
    ({"valid_share": 0.9}, "valid_share"),
]


@pytest.mark.parametrize(("settings", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_is_wrong_is_said(table, settings, told):
    with pytest.raises(ValueError, match=told) as raised:
        LateFusionClassifier(**{"modalities": BOTH, **settings}).fit(*table)
    assert "modalities" not in settings or isinstance(raised.value, RivalryError)


def test_searches_pipelines_and_copies(table):
    X, y = table
    pipeline = make_pipeline(StandardScaler(), LateFusionClassifier(BOTH, **FAST))
    grid = {"latefusionclassifier__strategy": ["naive", "auxiliary"], "latefusionclassifier__lr": [np.float64(0.001), 0.01]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    assert search.best_score_ > 0.5 and len(search.cv_results_["params"]) == 4
    one = LateFusionClassifier(BOTH, strategy="ogm", **FAST).fit(X, y)
    again = pickle.loads(pickle.dumps(one))
    assert np.array_equal(again.predict_proba(X), one.predict_proba(X))
    fresh = clone(one)
    assert fresh.get_params() == one.get_params() and not hasattr(fresh, "model_")
    assert fresh.fit(X, y).model_ == one.model_
    assert fresh.set_params(random_state=1).fit(X, y).model_ != one.model_
    assert cross_val_score(one, X, y, cv=3).shape == (3,)


def test_scores_probabilities_and_classes_agree(table):
    X, y = table
    words = np.array(["ant", "bee", "cat"])[y]
    fitted = LateFusionClassifier(BOTH, **FAST).fit(X, words)
    p, scores = fitted.predict_proba(X), fitted.decision_function(X)
    assert np.allclose(p.sum(1), 1) and np.allclose(np.log(p) - scores, (np.log(p) - scores)[:, :1])
    assert list(fitted.predict(X)) == list(fitted.classes_[p.argmax(1)])
    two = LateFusionClassifier(BOTH, **FAST).fit(X, y > 0)
    assert np.allclose(1 / (1 + np.exp(-two.decision_function(X))), two.predict_proba(X)[:, 1])


@pytest.mark.parametrize(
    "strategy", [("ensemble", {"temperature": True}), ("ensemble", {}), ("warm_start", {}), ("etmc", {}), ("qmf", {}), ("mla", {})]
)
def test_strategies_with_runs_views_and_fusions_of_their_own(table, strategy):
    X, y = table
    name, knobs = strategy
    fitted = LateFusionClassifier(BOTH, strategy=name, strategy_set=knobs, **FAST).fit(X, y)
    p = fitted.predict_proba(X)
    assert np.isfinite(p).all() and fitted.score(X, y) > 1 / 3
    # Predictions of a sample do not depend on the others.
    assert np.allclose(fitted.predict_proba(X[:7]), p[:7], atol=1e-12)


def test_a_damaged_model_is_refused(table):
    X, y = table
    fitted = LateFusionClassifier(BOTH, **FAST).fit(X, y)
    assert fitted.model_.startswith(b"\x89RIVALRY")
    for at in (4, len(fitted.model_) // 2, len(fitted.model_) - 3):
        damaged = bytearray(fitted.model_)
        damaged[at] ^= 1
        broken = clone(fitted)
        broken.__dict__.update(vars(fitted), model_=bytes(damaged))
        with pytest.raises(ValueError):
            broken.predict(X)


def test_a_training_that_diverges_says_so(table):
    X, y = table
    with pytest.raises(ValueError, match="diverged"):
        LateFusionClassifier(BOTH, solver="sgd", lr=1e12, standardise=False, **FAST).fit(1e150 * X, y)


def test_the_page_runs(table):
    root = Path(os.environ.get("RIVALRY_ROOT", Path(rivalry.__file__).parents[3]))
    (shown,) = re.findall(r"^```python\n(.*?)^```", (root / "docs/sklearn.md").read_text(), re.M | re.S)
    exec(compile(shown, "docs/sklearn.md", "exec"), {"X": table[0], "y": table[1]})
