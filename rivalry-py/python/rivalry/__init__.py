"""Why training modalities together so often loses to training them apart.

>>> import rivalry
>>> rivalry.diagnose({"image": image, "text": text}, labels)  # doctest: +SKIP

Every function asks what a verb of the command ``rivalry`` asks: the keywords are
the command's options, with its defaults, and the answer is its report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _core, lab
from ._blackbox import blackbox
from ._demo import Demo, demo
from ._errors import DataError, RivalryError, UsageError
from ._result import Figure, Record, Result, load
from ._verbs import check, classes, compare, diagnose, inspect, monitor, remedy

if TYPE_CHECKING:
    from . import convert

__version__: str = _core.version()

__all__ = [
    "DataError",
    "Demo",
    "Figure",
    "Record",
    "Result",
    "RivalryError",
    "UsageError",
    "__version__",
    "blackbox",
    "check",
    "classes",
    "compare",
    "convert",
    "demo",
    "diagnose",
    "inspect",
    "lab",
    "load",
    "monitor",
    "remedy",
]


def __getattr__(name: str) -> Any:
    """Converters are loaded when they are asked for: few ask."""
    if name == "convert":
        import importlib

        return importlib.import_module(".convert", __name__)
    raise AttributeError(f"module `rivalry` has no `{name}`")
