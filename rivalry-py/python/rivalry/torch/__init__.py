"""For networks in PyTorch: a monitor of their training, and remedies for it.

>>> from rivalry.torch import ModalityMonitor
>>> monitor = ModalityMonitor.from_linear_head(model.head, {"audio": 512, "image": 512})  # doctest: +SKIP

PyTorch is imported here and nowhere else in the package.
"""

from __future__ import annotations

from . import remedies
from ._readings import Epoch, Reading
from .monitor import ModalityMonitor

__all__ = ["Epoch", "ModalityMonitor", "Reading", "remedies"]
