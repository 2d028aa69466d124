"""An ONNX file says how its inputs are read; the examples without headstart answer as the predictor does."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from tests.docs.pages import ROOT, Page
from tests.predictor import exported
from tests.study import tiny

from headstart.core import Preprocess
from headstart.data.decode import prepare

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
ATOL = 1e-5  # of probabilities: float32, other libraries
TEXTS = ["a superb film", "the plot was very dull and the music was poor", "great"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    return exported.of_pictures(folder), folder


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Pictures wide and high, large and small; turned, transparent, grey."""
    folder = tmp_path_factory.mktemp("files")
    wide = tiny.shape("disc", 1, 700).crop((0, 100, 700, 360))
    wide.save(folder / "wide.png")
    wide.save(folder / "large.jpg")
    turned = Image.Exif()
    turned[274] = 6
    wide.save(folder / "turned.jpg", exif=turned)
    wide.convert("L").save(folder / "grey.jpg")
    alpha = Image.linear_gradient("L").resize((90, 130))
    clear = tiny.shape("square", 2, 130).crop((0, 0, 90, 130))
    clear.putalpha(alpha)
    clear.save(folder / "clear.png")
    tiny.shape("stripe", 3, 11).save(folder / "small.bmp")
    return sorted(folder.iterdir())


@pytest.mark.slow
def test_the_file_says_what_an_input_is(pictures):
    model, folder = pictures
    told = props(folder)
    assert told["labels"] == list(model.classes) == sorted(tiny.CLASSES)
    assert (told["label_kind"], told["activation"], told["abstain_below"]) == ("classes", "softmax", 0.0)
    rule = {key: told["input"][key] for key in ("kind", "size", "fit", "filter", "channels", "dtype")}
    wanted = {"kind": "pictures", "size": [24, 32], "fit": "squash", "filter": "bicubic"}
    assert rule == wanted | {"channels": "RGB", "dtype": "uint8"}
    assert told["input"]["mean"] == pytest.approx([0.485, 0.456, 0.406])


def props(folder):
    found = {one.key: one.value for one in onnx.load(folder / "model.onnx").metadata_props}
    return json.loads(found["headstart"])


@pytest.mark.slow
def test_the_example_of_pictures_gives_the_predictors_probabilities(pictures, files):
    model, folder = pictures
    outputs, _ = exported.run_example("pictures", folder, files)
    np.testing.assert_allclose(outputs, model.probabilities(files), atol=ATOL)
    assert len({tuple(row) for row in outputs.round(4).tolist()}) > 3  # they differ, so a mix-up is seen


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("fit", ["squash", "pad", "crop"])
def test_the_example_reads_every_pixel_as_headstart_does(files, fit, kernel):
    read = exported.functions("pictures")["read"]
    for size in ((24, 32), (64, 64), (33, 20)):
        rule = Preprocess(size=size, fit=fit, filter=kernel)
        told = {**rule.settings(), "reducing_gap": 2.0}
        for file in files:
            assert torch.equal(torch.from_numpy(read(file, told).copy()), prepare(file, rule)), file


@pytest.mark.slow
def test_the_example_of_texts_needs_the_file_alone(tmp_path):
    model = exported.of_texts(tmp_path)
    outputs, told = exported.run_example("texts", tmp_path, TEXTS)
    np.testing.assert_allclose(outputs, model.probabilities(TEXTS), atol=ATOL)
    assert told["input"]["max_tokens"] == model.tokens.limit


@pytest.mark.slow
def test_the_example_of_tables_encodes_every_kind_of_column(tmp_path):
    model = exported.of_tables(tmp_path)
    outputs, told = exported.run_example("tables", tmp_path, ["rows.csv"])
    np.testing.assert_allclose(outputs, model.probabilities(tmp_path / "rows.csv"), atol=ATOL)
    kinds = {(column["kind"], column["part"]) for column in told["input"]["columns"]}
    assert {
        ("numeric", ""),
        ("categorical", ""),
        ("boolean", ""),
        ("date", "days"),
        ("date", "hour"),
    } <= kinds


def test_the_page_shows_the_examples_that_are_shipped():
    blocks = Page(ROOT / "docs/how/deploy.md").blocks()
    shown = {block.title: block.text for block in blocks if block.title}
    for kind in ("pictures", "texts", "tables"):
        assert shown[f"{kind}.py"] == exported.example(kind)
