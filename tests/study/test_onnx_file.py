"""`adapt` writes the file that answers without torch, beside the weights that it was made of."""

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import Mismatch
from headstart.studies.adapt import shipped_model

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")


@pytest.fixture(autouse=True)
def packages(monkeypatch):
    """They are there, as in use."""
    monkeypatch.setattr("headstart.studies.adapt.settings.EXPORT_PACKAGES", ("onnx", "onnxruntime"))


@pytest.fixture
def data():
    y = np.arange(60) % 2
    x = np.random.default_rng(0).normal(size=(60, 5)) + 2 * y[:, None]
    return x.astype(np.float32), np.array(["no", "yes"])[y]


def plain():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))


def adapt(data, out, **more):
    few = {"folds": 2, "curve": False, "methods": ("ridge-probe",)} | more
    return hs.adapt(plain(), data, out=out, **few)


def test_a_run_answers_without_torch_as_with_it(data, tmp_path):
    done = adapt(data, tmp_path / "run", abstain=0.6)
    light, model = hs.open_onnx(tmp_path / "run"), hs.open(tmp_path / "run", backbone=plain())
    np.testing.assert_allclose(light.probabilities(data[0]), model.probabilities(data[0]), atol=1e-5)
    assert light.abstain == model.abstain == 0.6
    assert done.result.classes == list(light.classes)


def test_it_is_left_out_on_request(data, tmp_path):
    adapt(data, tmp_path / "run", onnx=False)
    assert not (tmp_path / "run" / "model" / "model.onnx").exists()
    adapt(data, tmp_path / "run", onnx=True, resume=True)
    assert hs.open_onnx(tmp_path / "run").classes == ("no", "yes")


def test_a_model_that_can_t_be_exported_is_saved_all_the_same(data, tmp_path, monkeypatch):
    def fail(*_args, **_more):
        raise Mismatch("Outputs differ.")

    told = []
    monkeypatch.setattr(shipped_model, "write_beside", fail)
    monkeypatch.setattr("headstart.run.progress.Progress.tell", lambda _, facts: told.extend(facts))
    adapt(data, tmp_path / "run")
    assert (
        "! onnx",
        "There is no model.onnx, so that answers need torch: Outputs differ.",
    ) in told
    assert hs.open(tmp_path / "run", backbone=plain()).predict(data[0][:1])[0].label in ("no", "yes")
