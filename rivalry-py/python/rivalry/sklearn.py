"""The program's network as an estimator of scikit-learn: trained by the compiled core,
by any of its strategies.

>>> from rivalry.sklearn import LateFusionClassifier
>>> LateFusionClassifier({"image": slice(0, 64), "text": slice(64, 96)}, strategy="ogm")  # doctest: +SKIP

scikit-learn (1.6 or newer) is imported here and nowhere else in the package.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _core
from ._errors import UsageError, told

__all__ = ["LateFusionClassifier"]

#: What a modality's columns can be given as.
Columns = slice | Sequence[int] | Sequence[str] | Sequence[bool] | int | str | Callable[[Any], Any]

_WHERE = "give a slice, a list of numbers or names of columns, a mask, or a function of X"


class LateFusionClassifier(ClassifierMixin, BaseEstimator):
    """An encoder and a linear head per modality, whose logits are summed.

    Parameters
    ----------
    modalities : dict of str to columns, default=None
        The columns of `X` per modality: a slice, a list of numbers or (of a frame) names, a
        mask, or a function of `X` that gives one of these. Columns in none are not used.
        None: one modality with all columns.
    strategy : str, default="naive"
        How to train: a name of ``rivalry list strategies``.
    strategy_set : dict, default=None
        Its knobs, such as ``{"alpha": 0.5}``.
    encoder : str, default="mlp"
        The encoder of every modality: a name of ``rivalry list encoders``.
    encoder_set : dict, default=None
        Its knobs, such as ``{"width": 32}``.
    solver : str, default="adam"
        How weights move: a name of ``rivalry list solvers``.
    lr : float, default=None
        Its learning rate.
    epochs : int, default=None
        Passes over the training samples. None: at least 60, and enough for 1,500 updates.
    batch : int, default=64
        Samples per update.
    valid_share : float, default=0.15
        Share of the samples that early stopping is decided on.
    patience : int, default=None
        Epochs without improvement there before training stops. None: 20, or no early
        stopping with fewer than 100 of these samples, which then only spare the training.
    balance_classes : bool, default=False
        Whether rare classes count more.
    standardise : bool, default=True
        Whether features are standardised, by the training samples.
    random_state : int, RandomState or None, default=0
        Seed of everything that is drawn. The same seed gives the same bits on any machine.

    Attributes
    ----------
    classes_ : ndarray
        The classes.
    modalities_ : dict of str to ndarray
        The numbers of the columns of each modality.
    model_ : bytes
        The trained network: a run file, which gives away every damage.
    n_features_in_ : int
        Columns of `X`.
    """

    def __init__(
        self,
        modalities: Mapping[str, Columns] | None = None,
        *,
        strategy: str = "naive",
        strategy_set: Mapping[str, Any] | None = None,
        encoder: str = "mlp",
        encoder_set: Mapping[str, Any] | None = None,
        solver: str = "adam",
        lr: float | None = None,
        epochs: int | None = None,
        batch: int = 64,
        valid_share: float = 0.15,
        patience: int | None = None,
        balance_classes: bool = False,
        standardise: bool = True,
        random_state: Any = 0,
    ) -> None:
        self.modalities = modalities
        self.strategy = strategy
        self.strategy_set = strategy_set
        self.encoder = encoder
        self.encoder_set = encoder_set
        self.solver = solver
        self.lr = lr
        self.epochs = epochs
        self.batch = batch
        self.valid_share = valid_share
        self.patience = patience
        self.balance_classes = balance_classes
        self.standardise = standardise
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> LateFusionClassifier:
        """Trains on all samples but the validation share.

        Raises a ``RivalryError``, which is a ``ValueError``, for columns or settings that cannot be
        used, and a ``ValueError`` where training diverges.
        """
        frame = X
        X, y = validate_data(self, X, y, dtype=np.float64, order="C")
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"LateFusionClassifier needs two classes; y has only one class, {self.classes_[0]!r}")
        names = getattr(self, "feature_names_in_", None)
        asked = {"x": slice(None)} if self.modalities is None else self.modalities
        if not isinstance(asked, Mapping) or not asked:
            raise UsageError("`modalities` is no dictionary of columns by name", _WHERE)
        self.modalities_ = {str(name): _columns(str(name), one, frame, names, X.shape[1]) for name, one in asked.items()}
        with told():
            self.model_ = _core.fit(self._blocks(X), codes.tolist(), len(self.classes_), json.dumps(self._spec()))
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores whose softmax is :meth:`predict_proba`; of two classes their difference."""
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, samples x classes in the order of `classes_`."""
        scores = self._scores(X)
        likelihood = np.exp(scores - scores.max(1, keepdims=True))
        return likelihood / likelihood.sum(1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The class with the largest score."""
        best = self._scores(X).argmax(1)
        return self.classes_[best]

    def _scores(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, order="C", reset=False)
        with told():
            scores = _core.scores(self.model_, self._blocks(X), len(X))
        return np.frombuffer(scores, "<f8").reshape(len(X), len(self.classes_))

    def _blocks(self, X: np.ndarray) -> list[tuple[str, int, bytes]]:
        return [(name, len(at), X[:, at].astype("<f8").tobytes()) for name, at in self.modalities_.items()]

    def _spec(self) -> dict[str, Any]:
        """The question as the core reads it."""
        seed = self.random_state
        if not isinstance(seed, (int, np.integer)):
            seed = check_random_state(seed).randint(np.iinfo(np.int32).max)
        solver = {} if self.lr is None else {"lr": _plain(self.lr)}
        return {
            "strategy": {"name": self.strategy, "set": _plain(self.strategy_set or {})},
            "encoder": {"name": self.encoder, "set": _plain(self.encoder_set or {})},
            "solver": {"name": self.solver, "set": solver},
            "epochs": _plain(self.epochs),
            "batch": _plain(self.batch),
            "valid_share": _plain(self.valid_share),
            "patience": _plain(self.patience),
            "class_weights": "balanced" if self.balance_classes else "none",
            "standardise": bool(self.standardise),
            "seed": int(seed),
        }


def _plain(value: Any) -> Any:
    """Numbers of NumPy's, which searches over parameters hand out, as Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _columns(modality: str, asked: Any, frame: Any, names: np.ndarray | None, n: int) -> np.ndarray:
    """The numbers of the columns that are asked for."""
    asked = asked(frame) if callable(asked) else asked
    if isinstance(asked, slice):
        if isinstance(asked.start, str) or isinstance(asked.stop, str):  # both ends belong to it, as in pandas
            start = None if asked.start is None else _place(modality, asked.start, names)
            stop = None if asked.stop is None else _place(modality, asked.stop, names) + 1
            asked = slice(start, stop, asked.step)
        found = np.arange(n)[asked]
    else:
        several = [asked] if isinstance(asked, (str, int, np.integer)) else list(asked)
        if several and all(isinstance(one, (bool, np.bool_)) for one in several):
            if len(several) != n:
                raise UsageError(f"the mask of modality `{modality}` has {len(several)} entries for {n} columns")
            found = np.flatnonzero(several)
        elif all(isinstance(one, str) for one in several):
            found = np.array([_place(modality, one, names) for one in several], dtype=int)
        elif all(isinstance(one, (int, np.integer)) for one in several):
            found = np.array(several, dtype=int)
        else:
            raise UsageError(f"the columns of modality `{modality}` are {asked!r}", _WHERE)
    if not len(found):
        raise UsageError(f"modality `{modality}` has no columns", _WHERE)
    if found.min() < -n or found.max() >= n:
        raise UsageError(f"modality `{modality}` asks for column {found.max()} of {n}", "columns are numbered from 0")
    return found % n


def _place(modality: str, name: str, names: np.ndarray | None) -> int:
    if names is None:
        raise UsageError(f"modality `{modality}` asks for column `{name}`, and X has no names of columns", "give a frame")
    at = np.flatnonzero(names == name)
    if len(at):
        return int(at[0])
    raise UsageError(f"modality `{modality}` asks for column `{name}`, which X does not have")
