"""Whatever Python hands over, there is an answer or a sentence, never an abort.

promise: P30

2,000 cases: 1,000 data sets, 600 sets of predictions, 400 sets of options.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import rivalry

KINDS = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness="?"),
    arrays.unsigned_integer_dtypes(endianness="?"),
    arrays.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    st.just(np.dtype("g")),
    arrays.complex_number_dtypes(),
    arrays.datetime64_dtypes(),
    arrays.timedelta64_dtypes(),
    arrays.unicode_string_dtypes(max_len=4),
    arrays.byte_string_dtypes(max_len=4),
    st.just(np.dtype("O")),
    arrays.array_dtypes(arrays.floating_dtypes(sizes=(32,)), max_size=2),
)
SHAPES = st.one_of(
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6),
    st.tuples(st.just(12), st.integers(0, 4)),
    st.just((12,)),
)


@st.composite
def any_array(draw):
    """Any type and shape, in any layout."""
    kind = draw(KINDS)
    shape = draw(SHAPES)
    if kind.kind == "O":
        values = draw(st.sampled_from([None, "x", 1, 2.5, object(), [1, 2], {"a": 1}, b"x", 10**30, float("nan")]))
        array = np.empty(shape, dtype=object)
        array.fill(values)
    else:
        array = draw(arrays.arrays(kind, shape))
    layout = draw(st.sampled_from(["as is", "read-only", "fortran", "backwards", "steps", "broadcast", "list", "huge"]))
    if layout == "read-only":
        array.flags.writeable = False
    elif layout == "fortran":
        array = np.asfortranarray(array)
    elif layout == "backwards" and array.ndim:
        array = array[::-1]
    elif layout == "steps" and array.ndim:
        array = np.repeat(array, 2, axis=0)[::2]
    elif layout == "broadcast" and array.ndim == 2 and len(array):
        array = np.broadcast_to(array[:1], array.shape)
    elif layout == "list":
        return array.tolist()
    elif layout == "huge" and array.size == 1 and np.ndim(array.ravel()[0]) == 0:
        return np.broadcast_to(array.ravel()[0], draw(st.sampled_from([(10**12, 2), (10**6, 10**7), (2, 10**15)])))
    return array


@st.composite
def any_data(draw):
    names = st.one_of(st.sampled_from(["image", "text", "y", "groups", "", "a+b", "a\x1b[31m", "\ud800", "x" * 300]), st.text(max_size=5), st.integers())
    return draw(st.one_of(st.dictionaries(names, any_array(), max_size=3), any_array(), st.none(), st.integers(), st.text(max_size=5)))


LABELS = st.one_of(any_array(), st.lists(st.integers(0, 2), min_size=12, max_size=12), st.none(), st.text(max_size=3))


def answered(work) -> None:
    """An answer, or one sentence with what to do."""
    try:
        shown = repr(work())
        assert shown
    except rivalry.RivalryError as error:
        assert error.message.strip() and "Traceback" not in error.message
    except (MemoryError, OSError):
        pytest.fail("the system's error is no sentence of ours")


def cases(number):
    return settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


@cases(1000)
@given(any_data(), LABELS, st.one_of(st.none(), any_array()), st.one_of(st.none(), any_array()))
@pytest.mark.filterwarnings("ignore")
def test_any_data(data, y, groups, part):
    answered(lambda: rivalry.inspect(data, y, groups=groups, test=part))


@cases(600)
@given(LABELS, any_array(), any_array(), st.one_of(st.none(), any_array()))
@pytest.mark.filterwarnings("ignore")
def test_any_predictions(labels, joint, uni, groups):
    answered(lambda: rivalry.compare(labels, joint=joint, uni={"a": uni}, groups=groups, replicates=100))


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=3),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@cases(400)
@given(st.dictionaries(st.sampled_from(["label", "modality", "format", "test_share", "folds", "class_names", "name", "fold"]), ANYTHING, max_size=3))
@pytest.mark.filterwarnings("ignore")
def test_any_options(options):
    data = {"image": np.arange(24.0).reshape(12, 2), "text": np.arange(36.0).reshape(12, 3) % 5}
    answered(lambda: rivalry.inspect(data, [0, 1, 2] * 4, **options))
