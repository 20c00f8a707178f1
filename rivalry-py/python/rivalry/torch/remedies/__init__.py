"""The program's strategies for networks in PyTorch: a module for each, which imports nothing
but torch and is what ``rivalry snippet NAME`` prints. Given the same step, they change the
network as the program's own strategies do.

>>> from rivalry.torch.remedies import ogm  # doctest: +SKIP
>>> ogm.ogm(parts, labels, encoders, epoch)  # doctest: +SKIP

Each module's text says where in the training it is called. Arguments are dictionaries by
name of modality: `parts` of the joint logits, embeddings, encoders, heads; keywords are the
strategy's knobs (``lambda_`` for ``lambda``). ``module("ogm_ge")`` finds the module of a
strategy by the name that ``rivalry list strategies`` gives it.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

#: By strategy: its module, and what of it to use.
STRATEGIES: dict[str, tuple[str, str]] = {
    "naive": ("naive", "naive_loss"),
    "unimodal": ("unimodal", "unimodal_loss"),
    "ensemble": ("ensemble", "ensemble_fuse"),
    "auxiliary": ("auxiliary", "auxiliary_loss"),
    "warm_start": ("warm_start", "warm_start"),
    "umt": ("umt", "umt_loss"),
    "tmc": ("tmc", "tmc_loss"),
    "etmc": ("tmc", "tmc_loss"),
    "gradient_blending": ("gradient_blending", "GradientBlending"),
    "gradient_blending_online": ("gradient_blending", "GradientBlending"),
    "ogm": ("ogm", "ogm"),
    "ogm_ge": ("ogm", "ogm"),
    "agm": ("agm", "Agm"),
    "mmpareto": ("mmpareto", "mmpareto"),
    "cggm": ("cggm", "Cggm"),
    "pmr": ("pmr", "Pmr"),
    "inforeg": ("inforeg", "InfoReg"),
    "opm": ("opm", "opm_loss"),
    "dgl": ("dgl", "dgl_loss"),
    "mslr": ("mslr", "Mslr"),
    "mses": ("mses", "Mses"),
    "g2d": ("g2d", "g2d"),
    "modality_dropout": ("modality_dropout", "modality_dropout"),
    "sample_valuation": ("valuation", "sample_valuation"),
    "modality_valuation": ("valuation", "modality_valuation"),
    "amco": ("amco", "amco_loss"),
    "qmf": ("qmf", "Qmf"),
    "pdf": ("pdf", "pdf_loss"),
    "mmcosine": ("mmcosine", "mmcosine"),
    "mbsd": ("mbsd", "mbsd_loss"),
    "cml": ("cml", "cml_loss"),
    "functional_entropy": ("functional_entropy", "functional_entropy"),
    "lfm": ("lfm", "Lfm"),
    "mla": ("mla", "Mla"),
    "reconboost": ("reconboost", "reconboost_loss"),
    "relearn": ("relearn", "relearn"),
}

_MODULES = sorted({module for module, _ in STRATEGIES.values()})

__all__ = ["STRATEGIES", "module", *_MODULES]


def module(strategy: str) -> ModuleType:
    """The module of a strategy. Its text (``help``) says how to use it."""
    if strategy not in STRATEGIES:
        from ..._errors import UsageError

        raise UsageError(f"there is no strategy `{strategy}`", f"one of {', '.join(STRATEGIES)}")
    return import_module(f".{STRATEGIES[strategy][0]}", __name__)


def __getattr__(name: str) -> ModuleType:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
