"""The audit against closed forms, brute force and scikit-learn."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas
import polars
import pytest

import rivalry


class Counted:
    """A model that counts what it is asked."""

    def __init__(self, predict):
        self.predict, self.asked, self.largest = predict, 0, 0

    def __call__(self, batch):
        count = len(next(iter(batch.values())))
        assert all(len(value) == count for value in batch.values())
        self.asked += count
        self.largest = max(self.largest, count)
        return self.predict(batch)


def by_name(result):
    return {one.name: one for one in result.modalities}


BITS = np.random.default_rng(0).integers(0, 2, (400, 2))


def test_exclusive_or_is_interaction_alone():
    """Either bit shuffled leaves chance: v(both) = 1 and every other v = 1/2."""
    y = BITS[:, 0] ^ BITS[:, 1]
    model = Counted(lambda b: np.stack([1 - (b["a"] ^ b["b"]), b["a"] ^ b["b"]], axis=1).astype(float))
    found = rivalry.blackbox(model, {"a": BITS[:, 0], "b": BITS[:, 1]}, y, quiet=True)
    assert found.accuracy.value == 1
    for one in found.modalities:
        assert abs(one.permute_drop.value - 0.5) < 0.05
        assert abs(one.within_class_drop.value - 0.5) < 0.05
        assert abs(one.shapley.value - 0.25) < 0.05
        assert one.permute_drop.low < 0.5 < one.permute_drop.high or abs(one.permute_drop.value - 0.5) < 0.03
    assert found.emap.accuracy.value == 1 and found.emap.gap.value > 0.25
    assert model.asked == found.settings.calls <= 20_000


def test_a_dictator_and_a_dummy():
    y = BITS[:, 0]
    found = rivalry.blackbox(lambda b: b["a"], {"a": BITS[:, 0], "b": BITS[:, 1]}, y, quiet=True)
    a, b = by_name(found).values()
    assert b.permute_drop.value == b.shapley.value == b.within_class_drop.value == 0
    assert a.accuracy_alone.value == b.accuracy_without.value == 1
    assert a.within_class_drop.value == 0, "within its class every value is the same"
    share = y[_rows(found, y)].mean()
    assert abs(a.permute_drop.value - 2 * share * (1 - share)) < 0.05
    assert found.emap.gap.value is None and "not asked" in found.emap.gap.method, "classes are no scores"


def _rows(found, y):
    from rivalry import _core

    return _core.order(found.settings.seed, 0, len(y))[: found.data.n]


def test_additive_scores_have_no_interaction():
    draws = np.random.default_rng(1)
    a, b = draws.normal(size=(200, 3)), draws.normal(size=(200, 3))
    y = (a + b).argmax(1)
    found = rivalry.blackbox(lambda s: s["a"] + s["b"], {"a": a, "b": b}, y, quiet=True)
    assert found.settings.combined_samples >= 50
    assert found.emap.gap.value == 0 and found.emap.additive_accuracy.value == 1


def brute_force(model, modalities, y, stand_in):
    """Shapley values by their definition, with constants in place of the absent."""
    names = list(modalities)

    def worth(present):
        batch = {n: modalities[n] if n in present else np.full_like(modalities[n], stand_in[n]) for n in names}
        return (model(batch) == y).mean()

    found = {}
    for name in names:
        others = [n for n in names if n != name]
        found[name] = sum(
            math.factorial(len(s)) * math.factorial(len(others) - len(s)) / math.factorial(len(names))
            * (worth({*s, name}) - worth(set(s)))
            for size in range(len(names))
            for s in itertools.combinations(others, size)
        )
    return found


@pytest.mark.parametrize("m", [2, 3, 4, 6])
def test_shapley_is_its_definition(m):
    draws = np.random.default_rng(m)
    values = {f"x{i}": draws.normal(size=300) for i in range(m)}
    weights = draws.normal(size=m)

    def model(batch):
        stacked = np.stack(list(batch.values()), axis=1)
        return (stacked @ weights + stacked[:, 0] * stacked[:, 1] > 0).astype(int)

    y = np.where(draws.random(300) < 0.9, model(values), 1 - model(values))
    stand_in = {name: 0.0 for name in values}
    expected = brute_force(model, values, y, stand_in)
    found = rivalry.blackbox(model, values, y, baseline=stand_in, max_calls=60_000, quiet=True)
    assert found.settings.exact == (m <= 4)
    for name, one in by_name(found).items():
        if m <= 4:
            assert abs(one.shapley.value - expected[name]) < 1e-6
        else:
            assert abs(one.shapley.value - expected[name]) < 0.03
    nothing = (model({n: np.zeros(300) for n in values}) == y).mean()
    total = sum(one.shapley.value for one in found.modalities)
    assert abs(total - (found.accuracy.value - nothing)) < 1e-5


def test_drops_are_those_of_scikit_learn():
    """`permutation_importance` on one column per modality, to the spread of shuffles."""
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import LogisticRegression

    draws = np.random.default_rng(5)
    x = draws.normal(size=(600, 3))
    y = (x @ [2.0, 1.0, 0.0] + draws.normal(size=600) > 0).astype(int)
    fitted = LogisticRegression().fit(x, y)
    theirs = permutation_importance(fitted, x, y, n_repeats=50, random_state=0)
    found = rivalry.blackbox(
        lambda b: fitted.predict_proba(np.stack([b["0"], b["1"], b["2"]], axis=1)),
        {str(i): x[:, i] for i in range(3)}, y, n=600, max_calls=100_000, quiet=True,
    )
    for one, mean, spread in zip(found.modalities, theirs.importances_mean, theirs.importances_std):
        assert abs(one.permute_drop.value - mean) < 4 * max(spread, 0.002) / math.sqrt(found.settings.rounds) + 0.005
    assert found.modalities[2].permute_drop.low <= 0 <= found.modalities[2].permute_drop.high


@pytest.mark.parametrize(("m", "n", "calls", "batch"), [(2, None, 60, 7), (2, 40, 1000, 256), (3, None, 5000, 64), (5, 20, 700, 11), (7, None, 3000, 1000)])
def test_the_budget_is_exact(m, n, calls, batch):
    draws = np.random.default_rng(0)
    values = {f"x{i}": draws.normal(size=(90, 2)) for i in range(m)}
    y = draws.integers(0, 3, 90)
    model = Counted(lambda b: sum(v @ np.ones((2, 3)) for v in b.values()))
    found = rivalry.blackbox(model, values, y, n=n, max_calls=calls, batch=batch, quiet=True)
    assert model.asked == found.settings.calls <= calls
    assert model.largest <= batch
    assert n is None or found.data.n == n


def test_every_form_of_answers_is_understood():
    draws = np.random.default_rng(2)
    x = {"a": draws.normal(size=(120, 3)), "b": draws.normal(size=(120, 3))}
    y = (x["a"] + 0.3 * x["b"]).argmax(1)
    words = np.array(["ant", "bee", "cat"])

    def logits(batch):
        return np.asarray(batch["a"]) + 0.3 * np.asarray(batch["b"])

    def softmax(z):
        return np.exp(z) / np.exp(z).sum(1, keepdims=True)

    asked = {"max_calls": 2000, "quiet": True, "replicates": 500}
    expected = rivalry.blackbox(logits, x, y, **asked).modalities
    for model, labels in [
        (lambda b: softmax(logits(b)), y),
        (lambda b: logits(b).argmax(1), y),
        (lambda b: logits(b).argmax(1).tolist(), y),
        (lambda b: words[logits(b).argmax(1)], words[y]),
        (lambda b: pandas.DataFrame(logits(b), columns=words), words[y]),
        (lambda b: polars.DataFrame(logits(b)[:, ::-1].copy(), schema=["cat", "bee", "ant"]), words[y]),
    ]:
        assert rivalry.blackbox(model, x, labels, **asked).modalities == expected
    frames = {"a": pandas.DataFrame(x["a"]), "b": polars.DataFrame(x["b"])}
    assert rivalry.blackbox(logits, frames, y, **asked).modalities == expected
    lists = {"a": list(x["a"]), "b": x["b"].tolist()}
    assert rivalry.blackbox(logits, lists, pandas.Series(y), **asked).modalities == expected


def test_means_and_given_values_stand_in():
    draws = np.random.default_rng(3)
    x = {"a": draws.integers(0, 9, (80, 2)), "b": pandas.DataFrame(draws.normal(size=(80, 2)))}
    y = (x["a"][:, 0] > 4).astype(int)
    seen = []

    def model(batch):
        assert isinstance(batch["a"], np.ndarray) and isinstance(batch["b"], pandas.DataFrame)
        seen.append(batch["a"].mean(axis=0))
        return (batch["a"][:, 0] > 4).astype(int)

    found = rivalry.blackbox(model, x, y, baseline="mean", quiet=True)
    assert found.settings.baseline == "mean" and any(np.allclose(one, x["a"].mean(0)) for one in seen)
    texts = {"text": ["yes" if label else "no" for label in y], "a": x["a"]}
    blind = rivalry.blackbox(lambda b: [int(t == "yes") for t in b["text"]], texts, y, baseline={"text": "", "a": 0}, quiet=True)
    assert by_name(blind)["text"].accuracy_without.value == (y == 0).mean()
    with pytest.raises(rivalry.UsageError, match="no mean"):
        rivalry.blackbox(lambda b: [0] * len(b["text"]), texts, y, baseline="mean", quiet=True)


def test_groups_widen_intervals_and_seeds_repeat():
    draws = np.random.default_rng(4)
    groups = np.repeat(np.arange(20), 10)
    a = draws.normal(size=20)[groups]
    y = (a + 0.7 * draws.normal(size=20)[groups] > 0).astype(int)
    x = {"a": a, "b": draws.normal(size=200)}

    def model(batch):
        return (np.asarray(batch["a"]) > 0).astype(int)

    free = rivalry.blackbox(model, x, y, quiet=True)
    grouped = rivalry.blackbox(model, x, y, groups=groups, quiet=True)
    assert grouped.accuracy.value == free.accuracy.value
    assert grouped.accuracy.high - grouped.accuracy.low > 1.5 * (free.accuracy.high - free.accuracy.low)
    assert rivalry.blackbox(model, x, y, quiet=True).results == free.results
    assert rivalry.blackbox(model, x, y, seed=1, quiet=True).results != free.results


def test_the_report_is_whole():
    x = {"a": BITS[:, 0], "b": BITS[:, 1]}
    found = rivalry.blackbox(lambda b: b["a"], x, BITS[:, 0], name="my model", quiet=True)
    assert "my model" in repr(found) and "barely used" in repr(found)
    assert "Shapley" in found.to_html() and "emap" in found.to_json()
    assert list(found.to_frame().name) == ["a", "b"]
    assert repr(rivalry.load(found.to_dict())) == repr(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"predict": 3}, "cannot be called"),
        ({"modalities": {"a": [1, 2]}}, "two modalities"),
        ({"y": [0, 1]}, "`a` has 400 samples and the labels 2"),
        ({"modalities": {"a": 3, "b": [1]}}, "`a` has no rows"),
        ({"baseline": "noise"}, "no baseline `noise`"),
        ({"baseline": {"a": 0}}, "no value for `b`"),
        ({"max_calls": 9}, "too few"),
        ({"max_calls": 0}, "`max_calls`"),
        ({"n": -1}, "`n`"),
        ({"n": 400, "max_calls": 100}, "too few"),
        ({"seed": -1}, "`seed`"),
        ({"groups": [1, 2]}, "`groups`"),
        ({"predict": lambda b: [0]}, "1 answers to"),
        ({"predict": lambda b: 0}, "1 answers to"),
        ({"predict": lambda b: np.zeros((len(b["a"]), 5)) * np.nan}, ""),
        ({"predict": lambda b: [object()] * len(b["a"])}, "object"),
    ],
)
def test_what_is_wrong_is_said(change, words):
    asked = {"predict": lambda b: b["a"], "modalities": {"a": BITS[:, 0], "b": BITS[:, 1]}, "y": BITS[:, 0], "quiet": True}
    with pytest.raises(rivalry.RivalryError) as raised:
        rivalry.blackbox(**{**asked, **change})
    assert words in str(raised.value) and raised.value.hint


def test_what_the_model_raises_is_its_own():
    def model(_):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        rivalry.blackbox(model, {"a": BITS[:, 0], "b": BITS[:, 1]}, BITS[:, 0], quiet=True)


def test_shapley_values_are_those_of_shap():
    """Golden values: shap 0.54.1, `explainers.Exact` with `maskers.Independent` on the mean, averaged over samples; the
    game is whether the prediction is right."""
    draws = np.random.default_rng(0)
    x, weights = draws.normal(size=(200, 4)), draws.normal(size=(4, 3))
    y = (x @ weights + 0.5 * draws.normal(size=(200, 3))).argmax(1)

    def predict(batch):
        a, b, c, d = (batch[name][:, 0] for name in "abcd")
        return (np.column_stack([a * b, b, c, d]) @ weights).argmax(1)

    modalities = {name: x[:, [i]] for i, name in enumerate("abcd")}
    audit = rivalry.blackbox(predict, modalities, y, baseline="mean", max_calls=100_000, quiet=True)
    found = [modality.shapley.value for modality in audit.results.modalities]
    np.testing.assert_allclose(found, [-0.00458333, 0.15875, 0.06875, 0.04208333], atol=1e-8)
