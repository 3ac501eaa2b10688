"""The training that makes the shipped weights goes on where it was interrupted, to the same bits."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from loopcast.pretraining import plan, pretrain
from loopcast.pretraining.plan import Kind


@pytest.fixture
def small(monkeypatch):
    """Two small kinds of series, and a file after every few updates."""
    kinds = tuple(Kind(season=m, second=0, length=24, horizon=3, weight=1.0) for m in (1, 4))
    monkeypatch.setattr(plan, "KINDS", kinds)
    monkeypatch.setattr(pretrain, "KINDS", kinds)
    monkeypatch.setattr(pretrain, "KEPT", 4)


@pytest.mark.usefixtures("small")
def test_an_interrupted_training_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    pretrain.Pretraining(updates=12, seed=1, out=whole).run()
    kept = pretrain.Pretraining._keep

    def stop(self, progress, updates):
        kept(self, progress, updates)
        if updates == 8:
            raise KeyboardInterrupt

    monkeypatch.setattr(pretrain.Pretraining, "_keep", stop)
    with pytest.raises(KeyboardInterrupt):
        pretrain.Pretraining(updates=12, seed=1, out=cut).run()
    monkeypatch.setattr(pretrain.Pretraining, "_keep", kept)
    pretrain.Pretraining(updates=12, seed=1, out=cut).run()
    np.testing.assert_array_equal(load_file(cut)["weights"], load_file(whole)["weights"])
