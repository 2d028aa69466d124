"""Activations that write in place are exported as others, unless something reads what they overwrite."""

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.predictor.export import export_model

runtime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


class Sum(nn.Module):
    """Adds features to what an activation makes of them, in the same tensor."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.first, self.act, self.last = nn.Linear(6, 8), nn.ReLU(inplace=True), nn.Linear(8, 4)

    def forward(self, x):
        x = self.first(x)
        return self.last(self.act(x) + x)


@pytest.mark.slow
def test_an_output_that_is_written_over_later_is_exported_as_it_is(tmp_path):
    y = np.arange(60) % 3
    x = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32) + 3 * np.eye(6, dtype=np.float32)[y]
    model = hs.fit("ridge-probe", Sum(), (x, y))
    export_model(model, tmp_path / "model.onnx")
    found = runtime.InferenceSession(tmp_path / "model.onnx").run(None, {"x": x})[0]
    np.testing.assert_allclose(found, model.probabilities(x), atol=1e-5)
    assert any(getattr(module, "inplace", False) for module in model.model.modules())
