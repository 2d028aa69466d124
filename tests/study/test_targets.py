"""The main job for tags and for numbers: everything that classes get, from the same rows."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.data.dataset import Dataset
from headstart.data.samples import Array
from headstart.predictor.predictor import BATCH_TOLERANCE
from headstart.runtime.predictions import PredictedNumbers, PredictedTags
from headstart.studies.adapt import Result

ROWS = 80
X = np.random.default_rng(1).normal(size=(ROWS, 6)).astype(np.float32)
SCORES = X @ np.random.default_rng(2).normal(size=(6, 2))
LABELS = {"tags": SCORES > 0.5, "numbers": SCORES * 20 + 300}
QUICK = {"epochs": 2, "folds": 2, "methods": ("ridge-probe", "knn", "fine-tune"), "lr": 1e-2}
both = pytest.mark.parametrize("target", ["tags", "numbers"])


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 4))


def data(target, x=X):
    return Dataset("made", ("left", "right"), LABELS[target], tuple(map(str, range(ROWS))), Array(x, False))


@pytest.fixture(scope="module", params=["tags", "numbers"])
def run(request, tmp_path_factory):
    out = tmp_path_factory.mktemp(request.param) / "run"
    return request.param, hs.adapt(net(), data(request.param), out=out, **QUICK)


def test_the_record_says_what_was_learned(run):
    target, done = run
    result = Result.read(done.folder / "result.json")
    assert result == done.result
    assert (result.label_kind, result.classes) == (target, ["left", "right"])
    best = result.tested[0]
    main = {"tags": "average_precision", "numbers": "r2"}[target]
    assert best.scores.main == main
    assert best.scores.main_figure.value > 0.9
    constant = {"tags": "tag-shares", "numbers": "mean"}[target]
    assert [one.name for one in result.tested] == ["selected", "from-scratch", "raw-pixels", constant]
    assert result.tested[-1].gain.low > 0


def test_figures_are_those_of_the_saved_model(run):
    """Worked out again, from the model as it was saved, for the rows of the test part."""
    target, done = run
    predictor = hs.open(done.folder, backbone=net())
    assert predictor.label_kind == target
    held = [int(item) for item in _test_items(target)]
    x, y = X[held], LABELS[target][held]
    if target == "numbers":
        found = predictor.values(x)
        explained = 1 - ((found - y) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)
        figure, again = "r2", explained.mean()
        (answer,) = predictor.predict(x[:1])
        assert isinstance(answer, PredictedNumbers)
        assert list(answer.values) == ["left", "right"]
        assert np.abs(np.array(list(answer.values.values())) - found[0]).max() < BATCH_TOLERANCE * y.std()
        assert np.abs(predictor.values(x, batch=1) - found).max() < BATCH_TOLERANCE * y.std()
    else:
        found = predictor.probabilities(x)
        assert np.abs(predictor.probabilities(x, batch=1) - found).max() < BATCH_TOLERANCE
        figure, again = "hamming_accuracy", ((found >= 0.5) == y).mean()
        tags = tuple(name for name, share in zip(("left", "right"), found[0], strict=True) if share >= 0.5)
        assert predictor.predict(x[:1])[0].tags == tags
        assert isinstance(predictor.predict(x[:1])[0], PredictedTags)
    assert done.result.tested[0].scores.figures[figure].value == pytest.approx(again, abs=1e-5)


def _test_items(target):
    from headstart.data.check import check
    from headstart.data.train_test_split import train_and_test

    checked = check(data(target)).dataset
    return [checked.items[row] for row in train_and_test(checked, 0.2, 0)[1]]


@both
@pytest.mark.slow
def test_a_run_that_was_stopped_ends_in_the_same_bytes(target, tmp_path):
    from headstart.run.progress import Progress

    class Stops(Progress):
        def step(self, name):
            if name.startswith("try fine-tune") and name.endswith("fold 0"):
                raise KeyboardInterrupt
            return super().step(name)

    whole = hs.adapt(net(), data(target), out=tmp_path / "whole", **QUICK)
    with pytest.raises(KeyboardInterrupt):
        hs.adapt(net(), data(target), out=tmp_path / "part", progress=Stops(), **QUICK)
    part = hs.adapt(net(), data(target), out=tmp_path / "part", resume=True, **QUICK)
    for file in ("model/model.safetensors", "model/config.json"):
        assert (whole.folder / file).read_bytes() == (part.folder / file).read_bytes()
    one, other = (json.loads((run.folder / "result.json").read_text()) for run in (whole, part))
    assert {**one, "command": ""} == {**other, "command": ""}


def test_what_only_classes_have_is_refused(tmp_path):
    with pytest.raises(BadInput, match="a model of tags is never unsure"):
        hs.adapt(net(), data("tags"), out=tmp_path / "a", abstain=0.5, **QUICK)
    with pytest.raises(BadInput, match="logistic-probe learns classes and tags, not numbers"):
        hs.adapt(net(), data("numbers"), out=tmp_path / "b", methods=("logistic-probe",))
    assert not list(tmp_path.iterdir())
    fitted = hs.fit(hs.methods.RidgeProbe(), net(), data("numbers"))
    with pytest.raises(BadInput, match="predicts numbers, not probabilities"):
        fitted.probabilities(X)
    fitted = hs.fit(hs.methods.RidgeProbe(), net(), data("tags"))
    with pytest.raises(BadInput, match="predicts tags: take"):
        fitted.values(X)


@both
def test_the_exported_model_answers_alike(target, tmp_path):
    from headstart.predictor.export import export_model

    pytest.importorskip("onnxruntime")
    fitted = hs.fit(hs.methods.RidgeProbe(), net(), data(target))
    assert export_model(fitted, tmp_path / "m.onnx") < 1e-2
    import onnxruntime

    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": X[:5]})
    wanted = fitted.values(X[:5]) if target == "numbers" else fitted.probabilities(X[:5])
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
