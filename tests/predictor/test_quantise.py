"""An int8 file: a part of the bytes, measured on held-out rows, and refused where it predicts them worse."""

import json

import numpy as np
import pytest
import torch
from tests import wordy
from tests.predictor import exported
from tests.study import tiny

import headstart as hs
from headstart.core import BadInput, Mismatch
from headstart.predictor import quantise
from headstart.predictor.quantise import quantise_model
from headstart.studies.evaluate.int8 import export_int8

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytestmark = pytest.mark.slow
TEXTS, LABELS = wordy.reviews(20, seed=5)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on pictures, through a network of convolutions."""
    folder = tmp_path_factory.mktemp("int8")
    rule = hs.models.backbone(exported.Coloured().eval(), preprocess=exported.Preprocess(size=(24, 32)))
    data = tiny.folders(folder / "shapes", each=10)
    hs.adapt(rule, data, out=folder / "run", size=None, methods=("ridge-probe",), **tiny.QUICK)
    return hs.open(folder / "run", backbone=exported.Coloured()), data


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    return exported.of_texts(tmp_path_factory.mktemp("texts"))


def accuracy(model, labels):
    truth = np.array([model.classes.index(label) for label in labels])
    return lambda outputs: float((outputs.argmax(1) == truth).mean())


def test_convolutions_take_ranges_from_training_rows_and_are_measured_on_the_test_part(run, tmp_path):
    model, data = run
    seen = []
    plain = quantise._quantise

    def looked_at(whole, small, calibration):
        seen.append(calibration)
        return plain(whole, small, calibration)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantise, "_quantise", looked_at)
        done, metric = export_int8(model, data, tmp_path / "m.onnx", {}, most=1.0)
    record = json.loads((model.folder / "result.json").read_text("utf-8"))
    assert (done.way, metric, done.rows) == ("static", "accuracy", record["test_rows"])
    assert done.before == pytest.approx(record["tested"][0]["scores"]["figures"]["accuracy"]["value"])
    assert len(seen[0]) == record["train_rows"]  # and none of the test part
    found = onnx.load(tmp_path / "m.onnx")
    assert {"QuantizeLinear", "DequantizeLinear"} <= {node.op_type for node in found.graph.node}
    props = {one.key: one.value for one in found.metadata_props}
    assert props["quantisation"] == "int8, static"
    assert json.loads(props["headstart"])["labels"] == list(model.classes)


def test_texts_have_dynamic_ranges_and_the_same_answers(texts, tmp_path):
    done = quantise_model(texts, tmp_path / "t.onnx", texts.samples(TEXTS), accuracy(texts, LABELS))
    assert done.way == "dynamic"
    assert done.agreement >= 0.9
    assert done.after >= done.before - 0.01
    assert (tmp_path / "t.onnx").is_file()
    assert done.faster > 0


def test_a_file_that_predicts_worse_is_not_written(texts, tmp_path):
    scores = iter([0.9, 0.8])
    with pytest.raises(Mismatch, match=r"rows worse: 0\.800 instead of 0\.900, and 0\.01 less is the most"):
        quantise_model(texts, tmp_path / "t.onnx", texts.samples(TEXTS), lambda outputs: next(scores))
    assert not list(tmp_path.iterdir())


def test_what_int8_does_not_serve_is_refused(run, tmp_path):
    model, _ = run
    samples = torch.zeros(2, 3, 24, 32, dtype=torch.uint8)
    with pytest.raises(BadInput, match="int8 ranges come from training rows"):
        quantise_model(model, tmp_path / "m.onnx", samples, lambda outputs: 1.0)
    with pytest.raises(BadInput, match=r"m\.safetensors ends in '\.safetensors'; int8 is written as \.onnx"):
        quantise_model(model, tmp_path / "m.safetensors", samples, lambda outputs: 1.0)
    table = exported.of_tables(tmp_path)
    with pytest.raises(BadInput, match="int8 is for models of pictures, sounds and texts; this one takes"):
        quantise_model(table, tmp_path / "m.onnx", torch.zeros(2, 5), lambda outputs: 1.0)
