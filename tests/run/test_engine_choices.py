"""A run that goes on computes its features by the engine that it began with."""

import json

import numpy as np
import pytest

import headstart as hs
from headstart.core import Preprocess
from headstart.models import race

pytest.importorskip("timm")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    monkeypatch.setattr(race, "WORK", 1)
    monkeypatch.setattr(race.CHOICES, "_kept", {})


def recorded(folder):
    """Fits a probe with its features in a folder, as another process would; the features' bytes."""
    race.CHOICES._kept.clear()
    g = np.random.default_rng(0)
    pictures = g.integers(0, 256, (70, 32, 32, 3), dtype=np.uint8), np.arange(70) % 2
    preprocess = Preprocess(size=(32, 32), fit="squash")
    base = hs.models.backbone("timm:mobilenetv3_small_050", weights="random", preprocess=preprocess)
    hs.fit(hs.methods.RidgeProbe(), base, pictures, cache=folder)
    (file,) = folder.glob("*.bin")
    return file.read_bytes()


def chosen(folder):
    (seconds,) = json.loads((folder / "engines.json").read_text()).values()
    return next(iter(seconds))


@pytest.mark.slow
def test_the_same_engine_and_bytes_though_another_is_faster_now(tmp_path, monkeypatch):
    monkeypatch.setattr(race, "MARGIN", 0.0)  # ONNX Runtime wins, however slow
    first = recorded(tmp_path / "run")
    assert chosen(tmp_path / "run") == "onnxruntime"
    monkeypatch.setattr(race, "MARGIN", 1e9)  # it would lose
    for file in tmp_path.glob("run/*.bin"):
        file.unlink()
    same = recorded(tmp_path / "run") == first
    assert same
    other = recorded(tmp_path / "other")
    assert chosen(tmp_path / "other") != "onnxruntime"
    assert np.allclose(np.frombuffer(first, np.float32), np.frombuffer(other, np.float32), atol=1e-4)
