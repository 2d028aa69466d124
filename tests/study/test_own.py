"""The caller's own modules and arrays: usable, and left as they were."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.study import tiny
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, Preprocess

# --- the caller's own


class Small(nn.Module):
    """A module for vectors whose first layer does not tell its input: 6 numbers as 2 rows of 3."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.first = nn.Conv1d(2, 8, 2)
            self.norm = nn.BatchNorm1d(8)
            self.head = nn.Linear(16, 5)

    def forward(self, x):
        return self.head(self.norm(self.first(x.view(-1, 2, 3))).relu().flatten(1))


def vectors():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    return rng.normal(size=(60, 6)).astype(np.float32) + 2.5 * np.eye(6, dtype=np.float32)[y], y


def test_an_own_module_on_arrays(judged, tmp_path):
    module, (x, y) = Small().train(), vectors()
    before, x_before, y_before = copy.deepcopy(module.state_dict()), x.copy(), y.copy()
    out = tmp_path / "run"
    done = hs.adapt(module, (x, y), out=out, methods=("logistic-probe", "fine-tune", "lp-ft"), **tiny.QUICK)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert module.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in module.parameters())
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(y, y_before)
    assert done.result.tested[0].scores["accuracy"].value > 0.7
    assert done.result.preprocess == {}
    ((_, test, logits),) = judged
    model = hs.open(out, backbone=Small())
    found = model.probabilities(test.array)
    np.testing.assert_allclose(found, logits.double().softmax(1), atol=1e-5)
    with pytest.raises(BadInput, match=r"your own module .*Small.*backbone=\.\.\."):
        hs.open(out)


@pytest.mark.slow
def test_a_named_backbone_stays_as_it_was(base, shapes, tmp_path):
    before = {name: value.clone() for name, value in base.state_dict().items()}
    settings = base.preprocess
    hs.adapt(base, shapes, out=tmp_path / "run", methods=("fine-tune",), size=48, **tiny.QUICK)
    assert all(torch.equal(before[name], value) for name, value in base.state_dict().items())
    assert base.preprocess == settings == replace(Preprocess.from_settings(settings.settings()))


def test_arrays_for_a_backbone_that_takes_pictures(base, tmp_path):
    with pytest.raises(BadData, match="takes pictures, but arrays holds arrays of numbers"):
        hs.adapt(base, vectors(), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
