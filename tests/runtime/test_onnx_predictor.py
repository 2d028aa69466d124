"""ONNX Runtime answers from a saved model as torch does, and torch is not imported for it."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from tests.predictor import exported
from tests.study import tiny

import headstart as hs
from headstart.core import BadData, BadInput, Preprocess
from headstart.data.decode import prepare
from headstart.data.modality import modalities
from headstart.runtime.item_kinds import ITEM_KINDS
from headstart.runtime.metadata import NeedsTorch, read_reader
from headstart.runtime.predicts import UnseenWarning

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
ATOL = 1e-5
TEXTS = ["a superb film", "the plot was very dull and the music was poor " * 3, "great", "fine but dull"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A saved model of each kind, by the kind, and items for it."""
    place = tmp_path_factory.mktemp("onnx")
    models = {
        "pictures": exported.of_pictures(place),
        "texts": exported.of_texts(place),
        "tables": exported.of_tables(place),
        "numbers": hs.fit("ridge-probe", exported.Coloured(), (numbers(), ["up", "down"] * 6)),
    }
    for kind, model in models.items():
        model.save(place / kind, onnx=True)
    return place, models


def numbers():
    rng = np.random.default_rng(0)
    return rng.normal(size=(12, 3, 8, 8)).astype(np.float32) + np.arange(12).reshape(-1, 1, 1, 1) % 2


@pytest.fixture(scope="module")
def items(folders):
    """Items of each kind; pictures that are wide, turned, grey, transparent and small."""
    place, _ = folders
    wide = tiny.shape("disc", 1, 300).crop((0, 40, 300, 160))
    turned = Image.Exif()
    turned[274] = 6
    wide.save(place / "turned.jpg", exif=turned)
    wide.convert("L").save(place / "grey.png")
    clear = tiny.shape("square", 2, 90)
    clear.putalpha(Image.linear_gradient("L").resize((90, 90)))
    clear.save(place / "clear.png")
    tiny.shape("stripe", 3, 11).save(place / "small.bmp")
    pictures = [place / name for name in ("turned.jpg", "grey.png", "clear.png", "small.bmp")]
    return {"pictures": pictures, "texts": TEXTS, "tables": place / "rows.csv", "numbers": numbers()[:5]}


@pytest.mark.parametrize("kind", ITEM_KINDS)
def test_it_answers_as_torch_does(folders, items, kind):
    place, models = folders
    light = hs.open_onnx(place / kind)
    assert (light.classes, light.label_kind, light.kind) == (models[kind].classes, "classes", kind)
    expected = models[kind].probabilities(items[kind])
    for batch in (1, 3, 32):
        np.testing.assert_allclose(light.probabilities(items[kind], batch), expected, atol=ATOL)
    assert len({tuple(row) for row in expected.round(4).tolist()}) > 2  # they differ, so a mix-up is seen
    labels = [one.label for one in models[kind].predict(items[kind])]
    assert [one.label for one in light.predict(items[kind])] == labels


@pytest.mark.parametrize("fit", ["squash", "pad", "crop"])
def test_every_pixel_is_the_same(folders, items, fit):
    place, models = folders
    light, model = hs.open_onnx(place / "pictures"), models["pictures"]
    rule = Preprocess(size=(33, 20), fit=fit, filter="lanczos", keep=0.8)
    told = {"kind": "pictures"} | json.loads(json.dumps(rule.settings()))
    light.preprocess = read_reader(told, None)
    assert light.preprocess == rule
    expected = torch.stack([prepare(file, rule) for file in items["pictures"]]).numpy()
    np.testing.assert_array_equal(light.samples(items["pictures"]), expected)
    model.preprocess, own = rule, model.preprocess
    np.testing.assert_array_equal(model.samples(items["pictures"]).numpy(), expected)
    model.preprocess = own


CODE = """
import json, sys
import headstart as hs
place, asked = json.loads(sys.argv[1])
found = {kind: hs.open_onnx(f"{place}/{kind}").probabilities(items).tolist() for kind, items in asked.items()}
print(json.dumps([found, sorted({"torch", "timm", "scipy", "pandas"} & set(sys.modules))]))
"""


def test_torch_is_never_imported(folders, items):
    place, models = folders
    asked = {
        "pictures": [str(file) for file in items["pictures"]],
        "texts": TEXTS,
        "tables": str(items["tables"]),
        "numbers": numbers()[:2].tolist(),
    }
    command = [sys.executable, "-c", CODE, json.dumps([str(place), asked])]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found, heavy = json.loads(done.stdout)
    assert heavy == []
    for kind, outputs in found.items():
        given = np.array(asked[kind], np.float32) if kind == "numbers" else asked[kind]
        np.testing.assert_allclose(outputs, models[kind].probabilities(given), atol=ATOL)


def test_rows_as_mappings_with_gaps_and_new_names(folders):
    place, models = folders
    light, model = hs.open_onnx(place / "tables"), models["tables"]
    rows = [dict(zip(model.schema.names, row, strict=True)) for row in plain_rows(place)][:4]
    np.testing.assert_allclose(light.probabilities(rows), model.probabilities(rows), atol=ATOL)
    assert len(light.predict(place / "table.csv")) == 60  # whose label is passed over
    named = next(column.name for column in model.schema.columns if column.kind == "categorical")
    odd = [rows[0] | {named: "never"}, *rows[1:]]
    with pytest.warns(UnseenWarning, match="1 of 4 rows"):
        light.predict(odd)
    assert light.unseen == {named: 1}
    with pytest.raises(BadData, match="no training row had"):
        light.predict([row | {named: "never"} for row in rows])


def plain_rows(place):
    _, *lines = (place / "rows.csv").read_text("utf-8").splitlines()
    return [[cell or None for cell in line.split(",")] for line in lines]


def changed(folder, **fields):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | fields), "utf-8")


def copied(folders, tmp_path, kind="numbers"):
    place, _ = folders
    for file in (place / kind).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_a_threshold_that_was_changed_later_counts(folders, tmp_path):
    folder = copied(folders, tmp_path)
    x = numbers()
    positive = hs.open_onnx(folder).probabilities(x)[:, 1]
    changed(folder, positive="up", threshold=float(np.sort(positive)[-1]))
    light = hs.open_onnx(folder)
    assert [one.label for one in light.predict(x)].count("up") == 1
    changed(folder, positive=None, abstain_below=0.999999)
    assert {one.label for one in hs.open_onnx(folder).predict(x)} == {"unsure"}


def test_a_file_of_other_weights_is_refused(folders, tmp_path):
    folder = copied(folders, tmp_path)
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(NeedsTorch, match="made of other weights"):
        hs.open_onnx(folder)
    weights.write_bytes(content)
    hs.open_onnx(folder)
    changed(folder, classes=["left", "right"])
    with pytest.raises(NeedsTorch, match="made of other weights"):
        hs.open_onnx(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_model_that_can_t_be_read_is_named(folders, tmp_path, name):
    folder = copied(folders, tmp_path)
    if name == "config.json":
        (folder / name).write_text("{", "utf-8")
    else:
        (folder / name).unlink()
    with pytest.raises(BadInput, match=r"can't be read.*Copy or make it again"):
        hs.open_onnx(folder)


@pytest.mark.parametrize("changes", [{"abstain_below": "half"}, {"threshold": 7}, {"threshold": None}])
def test_a_threshold_that_is_none_is_named(folders, tmp_path, changes):
    folder = copied(folders, tmp_path)
    changed(folder, **changes)
    with pytest.raises(BadInput, match=f"{next(iter(changes))} of the model is"):
        hs.open_onnx(folder)


def test_a_file_alone_answers(folders, tmp_path):
    place, models = folders
    (tmp_path / "m.onnx").write_bytes((place / "texts" / "model.onnx").read_bytes())
    light = hs.open_onnx(tmp_path / "m.onnx")
    np.testing.assert_allclose(light.probabilities(TEXTS), models["texts"].probabilities(TEXTS), atol=ATOL)


def test_what_is_not_there_or_not_readable(folders, tmp_path):
    with pytest.raises(BadInput, match="there is no config"):
        hs.open_onnx(tmp_path)
    folder = copied(folders, tmp_path)
    (folder / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(NeedsTorch, match="can't be read by ONNX Runtime"):
        hs.open_onnx(folder)
    (folder / "model.onnx").unlink()
    with pytest.raises(NeedsTorch, match=r"There is no model\.onnx"):
        hs.open_onnx(folder)
    with pytest.raises(NeedsTorch, match="sounds are read by torch alone"):
        read_reader({"kind": "sounds"}, None)


def test_an_empty_text_and_a_damaged_picture_are_named(folders, tmp_path):
    place, _ = folders
    with pytest.raises(BadData, match="Item 1 is an empty text"):
        hs.open_onnx(place / "texts").predict(["fine", " "])
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(BadData, match=r"broken\.jpg can't be read"):
        hs.open_onnx(place / "pictures").predict([tmp_path / "broken.jpg"])


def test_the_kinds_of_items_are_those_of_the_modalities():
    for kind, one in ITEM_KINDS.items():
        other = modalities()[kind]
        told = (other.rows, other.description, other.suffixes, other.whole)
        assert (one.rows, one.description, one.suffixes, one.whole) == told
