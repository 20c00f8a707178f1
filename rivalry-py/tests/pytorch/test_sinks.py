"""Where scalars go: every kind by a stand-in that takes what the real one takes, and the
real TensorBoard where it is installed."""

from __future__ import annotations

import pytest
import torch

from rivalry.torch import ModalityMonitor


class Writer:
    """Like TensorBoard's SummaryWriter."""

    def __init__(self):
        self.told = []

    def add_scalar(self, tag, scalar_value, global_step=None):
        self.told.append((tag, scalar_value, global_step))


class Metrics:
    """Like mlflow, which refuses other names."""

    def __init__(self):
        self.told = []

    def log_metrics(self, metrics, step=None):
        for name in metrics:
            assert all(c.isalnum() or c in "_-. :/" for c in name), name
        self.told += [(name, value, step) for name, value in metrics.items()]


class Run:
    """Like a run of Weights & Biases."""

    def __init__(self):
        self.told = []

    def log(self, data, step=None):
        assert step is None
        self.told += [(name, value, data["modality/step"]) for name, value in data.items()]


def read_one_epoch(to, names=("audio", "image")):
    monitor = ModalityMonitor(names, to=to)
    draw = torch.Generator().manual_seed(1)
    for _ in range(3):
        monitor.step(torch.arange(12) % 4, {name: torch.randn(12, 4, generator=draw) for name in names})
    return monitor.epoch_end()


def test_every_kind_gets_every_scalar():
    writer, metrics, run, calls = Writer(), Metrics(), Run(), []
    epoch = read_one_epoch([writer, metrics, run, lambda name, value, step: calls.append((name, value, step))])
    expected = {(name, value, 3) for name, value in epoch.scalars().items()}
    assert ("modality/audio/kappa", epoch.modalities["audio"].kappa, 3) in expected
    assert {name.split("/")[-1] for name, _, _ in expected} >= {"kappa", "discrepancy_ratio", "accuracy", "starved"}
    assert set(writer.told) == set(metrics.told) == set(calls) == expected
    assert set(run.told) == expected | {("modality/step", 3, 3)}


def test_names_that_mlflow_refuses():
    metrics = Metrics()
    read_one_epoch(metrics, ("sound [dB]", "image"))
    assert "modality/sound _dB_/kappa" in {name for name, _, _ in metrics.told}


def test_the_real_tensorboard(tmp_path):
    board = pytest.importorskip("torch.utils.tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with board.SummaryWriter(str(tmp_path)) as writer:
        epoch = read_one_epoch(writer)
    events = EventAccumulator(str(tmp_path)).Reload()
    told = {name: events.Scalars(name)[0] for name in events.Tags()["scalars"]}
    assert set(told) == set(epoch.scalars())
    for name, value in epoch.scalars().items():
        assert told[name].value == pytest.approx(value, rel=1e-6) and told[name].step == 3
