"""What Python programs hold data in, as arrays for the command to read.

NumPy is the common form; every other kind is asked, never imported. Values go
over in blocks, so that strides, byte order and read-only memory cost no copy of
the whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import _core
from ._errors import DataError, told

if TYPE_CHECKING:
    import numpy as np

#: Bytes that are handed over at a time.
_BLOCK = 1 << 22
#: Bytes of memory that a value takes until it is trained on: read, kept, scaled.
_BYTES_PER_VALUE = 16


def hold(memory: _core.Memory, key: str, title: str, name: str, value: Any, table: bool = False) -> None:
    """Puts one array into memory under a key that arguments name."""
    array = as_array(value, name)
    # Halves of characters, which Python's texts may hold, are no text elsewhere.
    key, title, name = (one.encode("utf-8", "replace").decode() for one in (key, title, name))
    with told():
        memory.array(key, title, name, array.dtype.str, list(array.shape), _blocks(array), table)


def _blocks(array: np.ndarray) -> Iterator[bytes]:
    if array.size == 0:
        return
    step = max(1, _BLOCK // max(1, array.nbytes // len(array)))
    for start in range(0, len(array), step):
        yield array[start : start + step].tobytes()


def as_array(value: Any, name: str) -> np.ndarray:
    """Anything that holds numbers or texts, as an array of a type that is read."""
    import numpy as np

    try:
        array = _asked(value, name)
        if isinstance(array, np.ma.MaskedArray):
            if np.ma.is_masked(array):
                raise DataError(f"`{name}` has masked values", "fill them, or leave those samples out")
            array = array.data
        array = np.asarray(array)
        room_for(array.size, name)
    except DataError:
        raise
    except Exception as error:  # whatever somebody else's container raises
        raise DataError(
            f"`{name}` cannot be made an array: {_first_line(error)}",
            "give numbers, one row per sample, all rows of the same length",
        ) from error
    return _plain(array, name)


def _asked(value: Any, name: str) -> Any:
    """The value in a form that NumPy takes, by what it can do."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a tensor
        value = value.detach().cpu()
        if "bfloat16" in str(getattr(value, "dtype", "")):
            value = value.float()
        return value.numpy()
    if hasattr(value, "X") and hasattr(value, "obs"):  # AnnData
        return _asked(value.X, name)
    if hasattr(value, "toarray"):  # a sparse matrix
        rows, columns = value.shape
        room_for(rows * columns, name)
        return value.toarray()
    if hasattr(value, "combine_chunks") and hasattr(value, "to_pandas"):  # PyArrow
        if hasattr(value, "column_names"):
            import numpy as np

            return np.column_stack([_asked(value.column(i), name) for i in range(value.num_columns)])
        return _arrow(value)
    if hasattr(value, "to_pylist") and hasattr(value, "to_numpy"):
        return _arrow(value)
    if hasattr(value, "to_numpy"):  # pandas, Polars
        return value.to_numpy()
    return value


def _arrow(column: Any) -> Any:
    try:
        return column.to_numpy(zero_copy_only=False)
    except TypeError:  # a chunked array knows no such option
        return column.to_numpy()


def _plain(array: np.ndarray, name: str) -> np.ndarray:
    import numpy as np

    kind = array.dtype.kind
    if kind == "O":
        return _of_objects(array, name)
    if kind == "T":  # NumPy's texts of any length
        return array.astype(str)
    if kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    if kind in "mM":
        raise DataError(f"`{name}` holds times", "turn them into numbers, such as seconds since the first")
    if kind == "c":
        raise DataError(f"`{name}` holds complex numbers", "give real and imaginary part as columns")
    if kind not in "biufUS":
        raise DataError(f"`{name}` holds values of type {array.dtype}", "give numbers or texts")
    if kind in "US" and array.dtype.itemsize == 0:
        return array.astype("<U1")
    return array


def _of_objects(array: np.ndarray, name: str) -> np.ndarray:
    """Objects that are all texts, all numbers, or all lists of one length."""
    import numpy as np

    values = array.ravel().tolist()
    if all(isinstance(value, str) for value in values):
        return array.astype(str) if values else array.astype("<U1")
    if all(value is None or isinstance(value, (bool, int, float, np.generic)) for value in values):
        whole = all(isinstance(value, (bool, int, np.integer, np.bool_)) for value in values)
        try:
            return array.astype(np.int64 if whole else np.float64)
        except (OverflowError, TypeError, ValueError):
            pass
    elif array.ndim == 1 and all(hasattr(value, "__len__") and not isinstance(value, str) for value in values):
        rows = [as_array(value, name) for value in values]
        if len({row.shape for row in rows}) == 1 and rows[0].dtype.kind != "O":
            return np.stack(rows)
        raise DataError(f"the rows of `{name}` have different lengths", "every sample needs as many features")
    kinds = sorted({type(value).__name__ for value in values})
    raise DataError(f"`{name}` holds {', '.join(kinds[:4])}", "give numbers, or texts for labels and groups")


def room_for(n_values: int, name: str) -> None:
    """Refuses what this machine cannot hold before it tries."""
    needed = n_values * _BYTES_PER_VALUE
    free = _free_bytes()
    if free is not None and needed > free:
        raise DataError(
            f"`{name}` has {n_values:,} values, which take about {needed / 2**30:,.1f} GiB; "
            f"{free / 2**30:,.1f} GiB are free",
            "give fewer samples or fewer features, for example principal components",
        )


def _free_bytes() -> int | None:
    """Memory that is there to be used, where the system says so."""
    found: list[int] = []
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:
            with open("/sys/fs/cgroup/memory.current", encoding="ascii") as used:
                found.append(max(0, int(limit.read()) - int(used.read())))
    except (OSError, ValueError, IndexError):
        pass
    return min(found) if found else None


def columns(table: Any) -> dict[str, Any] | None:
    """The columns of a table by name; None for what is no table."""
    if isinstance(table, Mapping) or isinstance(getattr(table, "mod", None), Mapping):
        return None
    if hasattr(table, "iloc") and hasattr(table, "columns"):  # pandas
        names = [".".join(map(str, n)) if isinstance(n, tuple) else str(n) for n in table.columns]
        return _unique(names, [table.iloc[:, i] for i in range(len(names))])
    if hasattr(table, "lazy") and hasattr(table, "collect_schema"):  # Polars
        table = table if hasattr(table, "get_column") else table.collect()
        return _unique(list(table.columns), [table.get_column(name) for name in table.columns])
    if hasattr(table, "column_names") and hasattr(table, "num_columns") and hasattr(table, "column"):
        return _unique(list(table.column_names), [table.column(i) for i in range(table.num_columns)])
    if hasattr(table, "column_names") and hasattr(table, "features"):  # Hugging Face
        if isinstance(table.column_names, Mapping):
            raise DataError(
                f"a dictionary of data sets ({', '.join(table.column_names)}) is not one",
                "give one of them, or join them with a column `split`",
            )
        table = table.with_format(None)
        return {name: list(table[name]) for name in table.column_names}
    return None


def _unique(names: list[str], values: list[Any]) -> dict[str, Any]:
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"two columns are named `{name}`", "rename one of them")
    return dict(zip(names, values))


def is_path(value: Any) -> bool:
    """Whether this names a file."""
    return isinstance(value, (str, os.PathLike))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
