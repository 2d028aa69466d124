"""Models that were fitted, saved and opened again."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tests.study import tiny

import headstart as hs
from headstart.core import BadData, BadInput, Mismatch
from headstart.predictor import export
from headstart.run.recipe import Recipe


@pytest.fixture(scope="module")
def run(tmp_path_factory, pictures, weights):
    return tiny.finished(tmp_path_factory.mktemp("models") / "run", pictures, weights)


@pytest.fixture
def model(run):
    return hs.open(run)


@pytest.fixture
def files(pictures):
    return sorted(pictures.rglob("*.png"))


# --- answers


def test_probabilities_are_a_distribution_over_the_classes(model, files):
    found = model.probabilities(files)
    assert found.shape == (36, 3)
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-12)
    for answer, row in zip(model.predict(files), found, strict=True):
        assert list(answer.probabilities) == list(tiny.CLASSES)
        assert list(answer.probabilities.values()) == row.tolist()
        assert answer.label == tiny.CLASSES[row.argmax()]
        assert answer.probability == row.max()


def test_pictures_come_in_many_kinds(model, files):
    picture = Image.open(files[0])
    kinds = [files[0], str(files[0]), picture, np.asarray(picture)]
    found = model.probabilities(kinds)
    np.testing.assert_array_equal(found, found[:1].repeat(4, 0))


def test_no_items_no_answers(model):
    assert model.predict([]) == []
    assert model.probabilities([]).shape == (0, 3)


def test_one_item_is_a_list_of_one(model, files, tmp_path):
    picture = Image.open(files[0])
    grey = np.asarray(picture.convert("L"))
    for one in (files[0], str(files[0]), picture, np.asarray(picture), grey):
        assert model.predict(one) == model.predict([one])
    assert model.predict_table(str(files[0]))["file"] == [str(files[0])]


def test_a_file_that_is_not_there(model, tmp_path):
    with pytest.raises(BadData, match=r"none\.png"):
        model.predict([tmp_path / "none.png"])


def test_it_abstains_below_the_threshold_and_not_at_it(model, files):
    sure = model.predict(files)
    model.abstain = sorted(one.probability for one in sure)[10]
    unsure = model.predict(files)
    assert [one.label for one in unsure].count("unsure") == 10
    for one, other in zip(sure, unsure, strict=True):
        assert other.label in (one.label, "unsure")
        assert (other.label == "unsure") == (one.probability < model.abstain)
        assert other.probabilities == one.probabilities


def test_the_threshold_is_saved_with_the_model(pictures, weights, tmp_path):
    base = hs.models.backbone(tiny.BACKBONE, weights=weights)
    settings = {"size": 32, "epochs": 1, "folds": 2, "methods": ("knn",), "curve": False}
    hs.adapt(base, pictures, out=tmp_path / "run", abstain=0.9, **settings)
    model = hs.open(tmp_path / "run")
    assert model.abstain == 0.9
    assert "unsure" in {one.label for one in model.predict(sorted(pictures.rglob("*.png")))}


# --- saved and opened


def test_a_saved_model_is_plain_files(run):
    assert sorted(path.name for path in (run / "model").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "training.json",
    ]
    config = json.loads((run / "model" / "config.json").read_text("utf-8"))
    assert config["classes"] == list(tiny.CLASSES)
    assert config["backbone"]["name"] == tiny.BACKBONE
    assert config["preprocess"]["size"] == [32, 32]


def test_a_model_can_be_copied_elsewhere(run, files, tmp_path):
    shutil.copytree(run / "model", tmp_path / "elsewhere")
    np.testing.assert_array_equal(
        hs.open(tmp_path / "elsewhere").probabilities(files[:4]), hs.open(run).probabilities(files[:4])
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda state: state.pop("1.weight"), ["1 keys differ", "1.weight"]),
        (lambda state: state.update({"odd.key": torch.zeros(1)}), ["1 keys differ", "odd.key"]),
        (lambda state: state.update({"1.bias": torch.zeros(9)}), ["1 keys differ", "1.bias"]),
    ],
    ids=["missing", "unexpected", "shape"],
)
def test_weights_of_another_architecture_are_refused(run, tmp_path, change, named):
    model = shutil.copytree(run / "model", tmp_path / "model")
    state = load_file(model / "model.safetensors")
    assert "1.weight" in state
    change(state)
    save_file(state, model / "model.safetensors")
    with pytest.raises(Mismatch) as caught:
        hs.open(model)
    for word in (str(model), *named):
        assert word in str(caught.value)


def test_no_model_in_the_folder(tmp_path):
    with pytest.raises(BadInput, match=r"there is no config.json. Give a folder that `adapt` wrote"):
        hs.open(tmp_path)


def test_an_unknown_head_is_named(run, tmp_path):
    model = shutil.copytree(run / "model", tmp_path / "model")
    config = json.loads((model / "config.json").read_text())
    config["head"]["name"] = "LinearHed"
    (model / "config.json").write_text(json.dumps(config))
    with pytest.raises(BadInput, match=r"No head is called 'LinearHed'. Did you mean .*'LinearHead'"):
        hs.open(model)


# --- exported


@pytest.mark.slow
@pytest.mark.parametrize("method", ["ridge-probe", "nearest-centroid", "knn", "fine-tune"])
def test_onnx_answers_as_torch_does(base, pictures, files, tmp_path, method):
    runtime, _ = map(pytest.importorskip, ("onnxruntime", "onnxscript"))
    model = hs.fit(method, base, pictures, Recipe(steps=2, lr=1e-2))
    difference = export.export_model(model, tmp_path / "there" / "model.onnx", (shares := []).append)
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["model.onnx"]
    answer = runtime.InferenceSession(tmp_path / "there" / "model.onnx").run
    for some in (files[:1], files[:7]):  # any number of pictures, at their true levels
        found = answer(None, {"x": model.samples(some).numpy()})[0]
        np.testing.assert_allclose(found, model.probabilities(some), atol=1e-4)
    assert (difference <= 1e-4, shares) == (True, [0.0, 0.2, 0.8, 1.0])


@pytest.mark.slow
def test_an_export_that_answers_otherwise_is_not_written(model, tmp_path, monkeypatch):
    runtime, _ = map(pytest.importorskip, ("onnxruntime", "onnxscript"))

    class Wrong(runtime.InferenceSession):
        def run(self, *args):
            return [super().run(*args)[0] + 0.01]

    monkeypatch.setattr(runtime, "InferenceSession", Wrong)
    monkeypatch.setattr(export, "_captured", export._traced)  # the other takes seconds
    with pytest.raises(Mismatch, match=r"differ from torch's by 0\.01; .*model.onnx was not written"):
        export.export_model(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_an_unknown_format_is_refused(model, tmp_path):
    with pytest.raises(BadInput, match=r"ends in '\.pb'; only \.onnx"):
        export.export_model(model, tmp_path / "model.pb")
