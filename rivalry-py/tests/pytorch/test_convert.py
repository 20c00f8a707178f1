"""`rivalry.convert.torch` on files that `torch.save` wrote."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch

import rivalry
from rivalry import convert


class Command:
    """What a file of an attacker holds."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self):
        return os.system, (self.text,)


def test_a_dictionary_in_three_parts(tmp_path):
    draw = torch.Generator().manual_seed(3)
    sizes = {"train": 20, "val": 6, "test": 8}
    held = {f"{part}_modal_{i}_features": torch.randn(n, i + 2, generator=draw) for part, n in sizes.items() for i in (1, 2)}
    held |= {f"{part}_targets": torch.arange(n) % 2 for part, n in sizes.items()}
    torch.save(held, tmp_path / "set.pt")
    convert.torch(tmp_path / "set.pt", tmp_path / "set.npz")
    found = rivalry.inspect(tmp_path / "set.npz").data
    assert [(m.name, m.dim) for m in found.modalities] == [("modal_1", 3), ("modal_2", 4)]
    assert (found.split.n_train, found.split.n_valid, found.split.n_test) == (20, 6, 8)
    with np.load(tmp_path / "set.npz") as arrays:
        np.testing.assert_array_equal(arrays["modal_2"][20:26], held["val_modal_2_features"].numpy())


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_a_tensor_per_modality(tmp_path, dtype):
    held = {"image": torch.arange(24).reshape(8, 3).to(dtype).requires_grad_(), "text": torch.eye(8), "labels": torch.arange(8) % 2}
    torch.save(held, tmp_path / "set.pt")
    convert.torch(tmp_path / "set.pt", tmp_path / "set.npz")
    with np.load(tmp_path / "set.npz") as arrays:
        assert sorted(arrays) == ["image", "text", "y"]
        np.testing.assert_array_equal(arrays["image"], np.arange(24).reshape(8, 3))


def test_nothing_in_a_file_runs(tmp_path):
    torch.save({"image": Command(f"touch {tmp_path / 'ran'}")}, tmp_path / "set.pt")
    with pytest.raises(rivalry.DataError, match=r"set\.pt: cannot be read"):
        convert.torch(tmp_path / "set.pt", tmp_path / "set.npz")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "set.npz").exists()
