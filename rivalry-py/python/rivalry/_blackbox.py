"""The audit of a model that can only be asked.

What is asked and how often is settled here, to the call; whether an answer is
right, and every number, is the library's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from . import _core
from ._arrays import as_array, columns, hold
from ._errors import DataError, UsageError, told
from ._progress import plain
from ._result import Result

#: Samples unless said otherwise, and rounds at most: more change little.
_SAMPLES, _ROUNDS = 500, 5
#: Up to so many modalities every subset is asked for; with more, orders are drawn.
_EXACT = 4
#: Samples whose combinations are asked for: fewer say nothing, more are not needed.
_LEAST_COMBINED, _MOST_COMBINED = 8, 64

Predict = Callable[[dict[str, Any]], Any]


def blackbox(
    predict: Predict,
    modalities: Mapping[str, Any],
    y: Any,
    *,
    baseline: str | Mapping[str, Any] = "permute",
    n: int | None = None,
    max_calls: int = 20_000,
    batch: int = 256,
    groups: Any = None,
    class_names: Sequence[str] | None = None,
    name: str = "the model",
    rope: float = 1.0,
    replicates: int = 4000,
    seed: int = 0,
    quiet: bool = False,
) -> Result:
    """What does a model make of its modalities? For any callable: an AutoML predictor,
    an API, a vision-language model.

    Parameters
    ----------
    predict
        Takes a dictionary of modalities, some samples of each in the containers in which
        they were given, and returns a class per sample, or scores (logits or
        probabilities), samples x classes.
    modalities
        By name anything that has a row per sample: arrays, tensors, frames, lists of texts
        or paths.
    y
        The right class of every sample.
    baseline
        What stands in for a replaced modality: ``"permute"``: that of another sample, drawn
        anew every round; ``"mean"``: its mean; or a value for each modality by name.
    n
        Samples that are asked about, drawn from all [default: 500, or as many as the calls
        allow].
    max_calls
        Samples that `predict` is given in all, at most.
    batch
        Samples that it is given at a time, at most.
    groups
        A group per sample: samples of a group are resampled together.
    rope
        Difference of accuracies in points that nobody would act on.

    Returns
    -------
    Result
        ``result.modalities`` with `permute_drop`, `within_class_drop`, `shapley`,
        `accuracy_without`, `accuracy_alone`; ``result.emap`` with what the model owes to
        modalities together. ``result.settings.calls`` says how often it was asked.
    """
    audit = _Audit(predict, modalities, y, baseline, groups, class_names, seed)
    audit.plan(n, max_calls, batch)
    return audit.run(name, rope, replicates, max_calls, plain(quiet))


class _Audit:
    def __init__(
        self,
        predict: Predict,
        modalities: Mapping[str, Any],
        y: Any,
        baseline: str | Mapping[str, Any],
        groups: Any,
        class_names: Sequence[str] | None,
        seed: int,
    ) -> None:
        if not callable(predict):
            raise UsageError("`predict` cannot be called", "give a function that takes a dictionary of modalities")
        if not isinstance(modalities, Mapping) or len(modalities) < 2:
            raise UsageError("an audit takes at least two modalities by name", 'give `{"image": x1, "text": x2}`')
        if not isinstance(seed, int) or not 0 <= seed < 2**64:
            raise UsageError(f"`seed` is no number from 0 on: {seed!r}", "for example `seed=0`")
        self.predict, self.seed = predict, seed
        self.names = [str(name) for name in modalities]
        self.keys = list(modalities)
        self.values = [_Rows(value, name) for name, value in zip(self.names, modalities.values())]
        self.judge = _judge(y, groups, class_names)
        self.codes = self.judge.codes()
        for name, value in zip(self.names, self.values):
            if len(value) != len(self.codes):
                raise DataError(
                    f"`{name}` has {len(value)} samples and the labels {len(self.codes)}",
                    "every modality needs one row per sample, in the order of the labels",
                )
        self.baseline, self.stand_in = self._stand_ins(baseline)
        self.calls = 0
        self.has_scores = False

    def _stand_ins(self, baseline: str | Mapping[str, Any]) -> tuple[str, list[Any] | None]:
        hint = 'give "permute", "mean", or a value for each modality by name'
        if isinstance(baseline, Mapping):
            missing = [name for name in self.keys if name not in baseline]
            if missing:
                raise UsageError(f"`baseline` has no value for `{missing[0]}`", hint)
            return "given", [baseline[name] for name in self.keys]
        if baseline == "permute":
            return baseline, None
        if baseline == "mean":
            return baseline, [value.mean() for value in self.values]
        raise UsageError(f"there is no baseline `{baseline}`", hint)

    # What is asked.

    def plan(self, n: int | None, max_calls: int, batch: int) -> None:
        """How many samples, rounds and combinations the calls allow."""
        for option, value in (("max_calls", max_calls), ("batch", batch), ("n", n)):
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise UsageError(f"`{option}` is no number above 0: {value!r}", f"for example `{option}=500`")
        m = len(self.names)
        exact, drawn = 2**m - 1 + m, 3 * m
        self.is_exact = m <= _EXACT and (n is None or n * (1 + exact) <= max_calls or exact <= drawn)
        self.per_round = exact if self.is_exact else drawn
        fits = max_calls // (1 + self.per_round)
        wanted = min(n or _SAMPLES, len(self.codes))
        self.n = min(wanted, fits) if n is None else wanted
        if self.n < 2 or self.n > fits:
            least = (1 + self.per_round) * max(2, self.n)
            raise UsageError(
                f"{max_calls} calls are too few for {max(2, self.n)} samples of {m} modalities, which take {least}",
                "allow more calls (`max_calls=`), or take fewer samples (`n=`)",
            )
        self.batch, self.max_calls = batch, max_calls
        left = max_calls - self.n
        # What stands in for a modality is the same in every round, but for one of the same class.
        self.rounds = min(_ROUNDS, left // (self.n * self.per_round))
        self.rows = self._order(0, len(self.codes))[: self.n]

    def _order(self, stream: int, n: int) -> list[int]:
        return _core.order(self.seed, stream, n)

    def _shuffled(self, number: int, modality: int, within: bool) -> list[int]:
        """For each of the samples one that lends it a modality."""
        stream = 1 + (number * 2 + within) * len(self.names) + modality
        order = self._order(stream, self.n)
        if not within:
            return [self.rows[i] for i in order]
        own: dict[int, list[int]] = {}
        for place, row in enumerate(self.rows):
            own.setdefault(self.codes[row], []).append(place)
        lenders: dict[int, Iterator[int]] = {}
        for code in own:
            lenders[code] = iter([self.rows[i] for i in order if self.codes[self.rows[i]] == code])
        return [next(lenders[self.codes[row]]) for row in self.rows]

    def _ask(self, sources: Sequence[Sequence[int | None]]) -> Iterator[Any]:
        """Answers in batches; a source has a row for each sample, or None for what stands in."""
        total = len(sources[0])
        for start in range(0, total, self.batch):
            part = {
                key: value.take(source[start : start + self.batch], self.stand_in[i] if self.stand_in else None)
                for i, (key, value, source) in enumerate(zip(self.keys, self.values, sources))
            }
            count = min(self.batch, total - start)
            if self.calls + count > self.max_calls:
                raise RuntimeError("this is a bug in rivalry: more calls than were allowed were planned")
            self.calls += count
            answers = self.predict(part)
            memory = _core.Memory()
            hold_answers(memory, answers, count)
            yield start, count, memory, answers

    def _right(self, sources: Sequence[Sequence[int | None]]) -> list[float]:
        found: list[float] = []
        for start, count, memory, answers in self._ask(sources):
            with told():
                found += self.judge.right(self.rows[start : start + count], memory)
            self.has_scores = getattr(as_array(answers, "predict"), "ndim", 1) == 2
        return found

    def run(
        self, name: str, rope: float, replicates: int, max_calls: int, shown: Callable[[str, int, int], None]
    ) -> Result:
        m, n = len(self.names), self.n
        planned = n + self.rounds * n * self.per_round

        def step() -> None:
            shown("samples asked about", self.calls, planned)

        whole = self._right([self.rows] * m)
        step()
        full = 2**m - 1
        subsets = _Sums(2**m, n)
        without, within, added = _Sums(m, n), _Sums(m, n), _Sums(m, n)
        for number in range(self.rounds):
            others = [self._others(number, modality) for modality in range(m)]

            def having(members: int) -> list[float]:
                chosen = [self.rows if members >> i & 1 else others[i] for i in range(m)]
                return self._right(chosen)

            if self.is_exact:
                subsets.add(full, whole)
                for members in range(full):
                    right = having(members)
                    subsets.add(members, right)
                    gone = full ^ members
                    if gone & (gone - 1) == 0:
                        without.add(gone.bit_length() - 1, right)
                    step()
            else:
                for modality in range(m):
                    without.add(modality, having(full ^ 1 << modality))
                    step()
                self._chains(number, others, whole, added, step)
            for modality in range(m):
                lent = self._shuffled(number, modality, within=True)
                within.add(modality, self._right([lent if i == modality else self.rows for i in range(m)]))
                step()
        combinations = self._combinations(max_calls)
        rounds = self.rounds
        data = {
            "name": name,
            "fingerprint": None,
            "n": n,
            "modalities": [{"name": one, "dim": None} for one in self.names],
            "groups": None,
        }
        settings = {
            "baseline": self.baseline,
            "exact": self.is_exact,
            "rounds": rounds,
            "calls": self.calls,
            "max_calls": max_calls,
            "combined_samples": combinations[0] if combinations else 0,
            "rope": rope / 100,
            "replicates": replicates,
            "seed": self.seed,
        }
        with told():
            return Result(
                _core.measure(
                    self.judge,
                    self.rows,
                    self.names,
                    whole,
                    without.means(rounds),
                    within.means(rounds),
                    subsets.means(rounds) if self.is_exact else [],
                    [] if self.is_exact else added.means(rounds),
                    combinations,
                    replicates,
                    self.seed,
                    json.dumps(data),
                    json.dumps(settings),
                )
            )

    def _others(self, number: int, modality: int) -> Sequence[int | None]:
        """What stands in for a modality in this round."""
        return [None] * self.n if self.stand_in else self._shuffled(number, modality, within=False)

    def _chains(
        self,
        number: int,
        others: Sequence[Sequence[int | None]],
        whole: list[float],
        added: _Sums,
        step: Callable[[], None],
    ) -> None:
        """Every sample loses its modalities one after the other, in an order of its own."""
        m = len(self.names)
        # Rounds come in pairs of opposite orders, which halves what the order adds to the spread.
        orders = [self._order(10**6 + (number // 2) * self.n + i, m) for i in range(self.n)]
        if number % 2:
            orders = [order[::-1] for order in orders]
        here = [list(self.rows) for _ in range(m)]
        before = whole
        for place in range(m):
            for sample, order in enumerate(orders):
                here[order[place]][sample] = others[order[place]][sample]  # type: ignore[call-overload]
            right = self._right(here)
            for sample, order in enumerate(orders):
                added.sums[order[place]][sample] += before[sample] - right[sample]
            before = right
            step()

    def _combinations(self, max_calls: int) -> tuple[int, list[list[float]]] | None:
        """Scores of every combination of the modalities of some samples."""
        m = len(self.names)
        left = max_calls - self.calls
        side = min(_MOST_COMBINED, self.n)
        while side**m > left:
            side -= 1
        if side < _LEAST_COMBINED or not self.has_scores:
            return None
        places = [[i // side ** (m - 1 - modality) % side for i in range(side**m)] for modality in range(m)]
        scores: list[list[float]] = []
        for _, count, memory, _ in self._ask([[self.rows[i] for i in place] for place in places]):
            with told():
                scores += self.judge.scores(count, memory)
        return side, scores


class _Sums:
    """Sums over rounds, by subset or modality and sample."""

    def __init__(self, count: int, n: int) -> None:
        self.sums = [[0.0] * n for _ in range(count)]

    def add(self, which: int, right: list[float]) -> None:
        self.sums[which] = [total + one for total, one in zip(self.sums[which], right)]

    def means(self, rounds: int) -> list[list[float]]:
        return [[total / rounds for total in one] for one in self.sums]


class _Rows:
    """Anything with a row per sample, some of whose rows can be taken."""

    def __init__(self, value: Any, name: str) -> None:
        self.value, self.name = value, name
        try:
            self.length = int(value.shape[0]) if hasattr(value, "shape") else len(value)
        except (TypeError, IndexError):
            raise DataError(f"`{name}` has no rows", "give an array, a frame or a list with a row per sample") from None

    def __len__(self) -> int:
        return self.length

    def mean(self) -> Any:
        """The mean row."""
        try:
            found = self.value.mean() if hasattr(self.value, "iloc") else as_array(self.value, self.name).mean(axis=0)
        except Exception as error:
            raise UsageError(
                f"`{self.name}` has no mean: {error}", 'give `baseline="permute"`, or a value to stand in for it'
            ) from error
        return found

    def take(self, rows: Sequence[int | None], stand_in: Any) -> Any:
        """These rows in the same kind of container; None is what stands in."""
        value = self.value
        own = [0 if row is None else row for row in rows]
        gone = [place for place, row in enumerate(rows) if row is None]
        if hasattr(value, "iloc"):  # pandas
            taken = value.iloc[own]
            if gone:
                taken = taken.copy()
                taken.iloc[gone] = stand_in
            return taken
        if hasattr(value, "num_columns") or hasattr(value, "to_pylist"):  # PyArrow
            if gone:
                raise UsageError(f"`{self.name}` cannot be replaced in place", 'give an array or a list')
            return value.take(own)
        if isinstance(value, (list, tuple)):
            taken = [value[row] for row in own]
            for place in gone:
                taken[place] = stand_in
            return taken
        taken = value[own]
        if gone:
            if hasattr(taken, "clone") and not hasattr(taken, "astype"):  # a tensor, a Polars frame
                taken = taken.clone()
            elif getattr(getattr(taken, "dtype", None), "kind", "") in "biu":
                taken = taken.astype(float)
            taken[gone] = stand_in
        return taken


def _judge(y: Any, groups: Any, class_names: Sequence[str] | None) -> _core.Judge:
    labels = _core.Memory()
    hold(labels, "<y>", "y", "values", y)
    beside = None
    if groups is not None:
        beside = _core.Memory()
        hold(beside, "<groups>", "groups", "values", groups)
    with told():
        judge = _core.Judge(labels, beside, None if class_names is None else [str(name) for name in class_names])
    if beside is not None and as_array(groups, "groups").shape[0] != len(judge.codes()):
        raise DataError("`groups` and `y` have different lengths", "give a group for every sample")
    return judge


def hold_answers(memory: _core.Memory, answers: Any, count: int) -> None:
    """What `predict` returned, as predictions."""
    table = columns(answers)
    is_table = table is not None and len(table) > 1
    array = as_array(next(iter(table.values())) if table is not None and is_table else answers, "predict")
    if array.ndim == 0 or len(array) != count:
        found = 1 if array.ndim == 0 else len(array)
        raise DataError(
            f"`predict` gave {found} answers to {count} samples", "return a class or a row of scores for each sample"
        )
    if table is not None and is_table:
        for name, column in table.items():
            hold(memory, "<answers>", "answers", name, column, table=True)
    else:
        hold(memory, "<answers>", "answers", "values", array)
