"""The callbacks of Lightning and Hugging Face: under stand-ins that call what the real
Trainers call, in their order, and under the real ones where they are installed."""

from __future__ import annotations

import sys
import types

import pytest
import torch
import torch.nn.functional as F
from networks import BATCH, WIDTHS, Network

from rivalry import RivalryError
from rivalry.torch import ModalityMonitor

EVERYTHING = {"every": 1, "rows": 10_000}


def by_hand(n_epochs=2):
    """The same training in a plain loop."""
    network = Network()
    monitor = ModalityMonitor.from_linear_head(network.head, WIDTHS, encoders=network.encoders, gradients_every=2, **EVERYTHING)
    optimizer = network.optimizer()
    for _ in range(n_epochs):
        network.train_epoch(optimizer, lambda rows, logits: monitor.step(network.y[rows]))
        monitor.epoch_end()
    return monitor


def watching(network):
    return ModalityMonitor.from_linear_head(network.head, WIDTHS, encoders=network.encoders, gradients_every=2, **EVERYTHING)


class Trainer:
    """What Lightning's Trainer calls of a callback, in its order."""

    current_epoch, global_step = 0, 0

    def __init__(self):
        self.loggers = [types.SimpleNamespace(told=[], log_metrics=self._log)]

    def _log(self, metrics, step):
        self.loggers[0].told.append((metrics, step))

    def fit(self, network, callback, n_epochs=2):
        optimizer = network.optimizer()
        for self.current_epoch in range(n_epochs):
            network.train()
            for index, start in enumerate(range(0, 60, BATCH)):
                rows = slice(start, start + BATCH)
                batch = (rows, network.y[rows])
                callback.on_train_batch_start(self, network, batch, index)
                loss = F.cross_entropy(network(rows), network.y[rows])
                callback.on_before_backward(self, network, loss)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                self.global_step += 1
            network.eval()
            network(slice(0, 60))  # validation
            callback.on_train_epoch_end(self, network)


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def stand_in(request, monkeypatch):
    """A package of this name, with a class to inherit from."""
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, name, None)
    module = types.ModuleType(request.param)
    module.Callback = type("Callback", (), {"of": request.param})
    if request.param == "lightning.pytorch":
        monkeypatch.setitem(sys.modules, "lightning", types.ModuleType("lightning"))
    monkeypatch.setitem(sys.modules, request.param, module)
    return request.param


def test_lightning_by_a_stand_in(stand_in):
    network = Network()
    monitor = watching(network)
    callback, trainer = monitor.lightning(), Trainer()
    assert callback.of == stand_in
    trainer.fit(network, callback)
    assert monitor.epochs == by_hand().epochs and monitor.steps == 8
    assert trainer.loggers[0].told == [(e.scalars(), 4 * e.epoch) for e in monitor.epochs]
    again = watching(Network())
    again.lightning().load_state_dict(callback.state_dict())
    assert again.epochs == monitor.epochs


def test_batches_of_every_usual_kind(stand_in):
    network = Network()
    monitor = watching(network)
    callback = monitor.lightning()
    for batch in ({"x": 1, "labels": network.y}, {"target": network.y}, [1, network.y]):
        network(slice(0, 60))
        callback.on_train_batch_start(None, network, batch, 0)
        callback.on_before_backward(None, network, None)
        callback.on_before_backward(None, network, None)  # a second loss of the same batch
    assert monitor.steps == 3
    network(slice(0, 60))
    callback.on_train_batch_start(None, network, {"x": 1}, 0)
    with pytest.raises(RivalryError, match="no labels were found"):
        callback.on_before_backward(None, network, None)
    named = monitor.lightning(labels=lambda batch: batch["kind"])
    named.on_train_batch_start(None, network, {"kind": network.y}, 0)
    named.on_before_backward(None, network, None)
    assert monitor.steps == 4


def test_without_the_packages_it_is_said(monkeypatch):
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(RivalryError, match="Lightning is not installed"):
        watching(Network()).lightning()
    with pytest.raises(RivalryError, match="transformers is not installed"):
        watching(Network()).transformers()


class Forward(torch.nn.Module):
    """As models of Hugging Face are called: inputs and labels by name; the loss comes back."""

    def __init__(self):
        super().__init__()
        self.network = Network()

    def forward(self, at=None, labels=None):
        logits = self.network(at)
        return {"loss": None if labels is None else F.cross_entropy(logits, labels), "logits": logits}


@pytest.mark.skipif(not hasattr(torch, "compile"), reason="hooks with keywords came with PyTorch 2.0; so does the Trainer")
def test_transformers_by_a_stand_in(monkeypatch):
    module = types.ModuleType("transformers")
    module.TrainerCallback = type("TrainerCallback", (), {})
    monkeypatch.setitem(sys.modules, "transformers", module)
    model = Forward()
    monitor = watching(model.network)
    callback = monitor.transformers()
    optimizer, state = model.network.optimizer(), types.SimpleNamespace(epoch=0.0)
    callback.on_train_begin(None, state, None, model=model)
    for state.epoch in (1.0, 2.0):
        model.train()
        for start in range(0, 60, BATCH):
            rows = slice(start, start + BATCH)
            optimizer.zero_grad()
            model(at=rows, labels=model.network.y[rows])["loss"].backward()
            optimizer.step()
        callback.on_epoch_end(None, state, None)
        model.eval()
        model(at=slice(0, 60), labels=model.network.y)
    assert monitor.epochs == by_hand().epochs
    model.train()
    with pytest.raises(RivalryError, match="called without `labels`"):
        model(at=slice(0, 60))
    callback.on_train_end(None, state, None)
    assert not model._forward_hooks


@pytest.mark.filterwarnings("ignore")
def test_the_real_lightning(tmp_path):
    lightning = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = Network()

        def training_step(self, batch, index):
            rows = slice(int(batch[0][0]), int(batch[0][-1]) + 1)
            return F.cross_entropy(self.network(rows), batch[1])

        def validation_step(self, batch, index):
            self.network(slice(0, 60))

        def configure_optimizers(self):
            return self.network.optimizer()

    module = Module()
    monitor = watching(module.network)
    data = torch.utils.data.TensorDataset(torch.arange(60), module.network.y)
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH)
    trainer = lightning.Trainer(
        max_epochs=2, callbacks=[monitor.lightning()], default_root_dir=tmp_path, accelerator="cpu", logger=False,
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
    )
    trainer.fit(module, loader, loader)
    assert [e.epoch for e in monitor.epochs] == [1, 2]
    for found, expected in zip(monitor.epochs, by_hand().epochs):
        for name, value in expected.scalars().items():
            assert found.scalars()[name] == pytest.approx(value, abs=1e-9), name


@pytest.mark.filterwarnings("ignore")
def test_the_real_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    model = Forward()
    model.accepts_loss_kwargs = False
    monitor = watching(model.network)
    data = [{"at": i, "labels": int(y)} for i, y in enumerate(model.network.y)]

    def collate(rows):
        at = [row["at"] for row in rows]
        return {"at": torch.tensor(at), "labels": torch.tensor([row["labels"] for row in rows])}

    arguments = transformers.TrainingArguments(
        str(tmp_path), num_train_epochs=2, per_device_train_batch_size=BATCH, use_cpu=True, report_to=[],
        save_strategy="no", eval_strategy="epoch", disable_tqdm=True, remove_unused_columns=False,
    )
    trainer = transformers.Trainer(
        model, arguments, train_dataset=data, eval_dataset=data, data_collator=collate, callbacks=[monitor.transformers()]
    )
    trainer.train()
    assert [(e.epoch, e.n) for e in monitor.epochs] == [(1, 60), (2, 60)] and monitor.steps == 8
    assert all(e.modalities["audio"].gradient_cosine is not None for e in monitor.epochs)
