"""Models that were fitted, saved and opened again."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tests.study import tiny
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, Diverged, Loss, Mismatch, walk
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.predictor import export
from headstart.run.checkpoint import load_state
from headstart.run.recipe import Recipe
from headstart.session import session as fitting
from headstart.session.requirements import learns_from_domains, needs_source, needs_target, needs_teacher

METHODS = sorted(walk(), key=lambda kind: kind.about.name)
# of each batch that methods take, one that descends and one in closed form
REPRESENTATIVES = {(kind.about.needs, kind.about.closed_form): kind for kind in METHODS}.values()


@pytest.fixture(scope="module")
def run(tmp_path_factory, pictures, weights):
    return tiny.finished(tmp_path_factory.mktemp("models") / "run", pictures, weights)


@pytest.fixture
def model(run):
    return hs.open(run)


@pytest.fixture
def files(pictures):
    return sorted(pictures.rglob("*.png"))


class Layers(nn.Sequential):
    """A module of the caller's own for vectors of 6 numbers."""

    def __init__(self, norm=True):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            middle = nn.BatchNorm1d(24) if norm else nn.Identity()
            super().__init__(nn.Linear(6, 24), middle, nn.Tanh())
            self.drop_path = nn.Identity()  # what stochastic depth looks for
            self.append(nn.Linear(24, 4))


def vectors(seed):
    """Three classes whose centres are 3 standard deviations from the origin, 30 rows each."""
    rng = np.random.default_rng(seed)
    y = np.arange(90) % 3
    x = rng.normal(size=(90, 6)) + 3 * np.eye(6)[y]
    return x.astype(np.float32), np.array(["red", "green", "blue"])[y]


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


# --- one method of your choice


@pytest.fixture(scope="module")
def taught():
    """A teacher for the methods that need one."""
    return hs.fit("fine-tune", Layers(), vectors(5), Recipe(steps=60, batch=30, lr=0.02))


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.about.name)
def test_fit_carries_out_any_method_on_arrays(kind, taught):
    x, y = vectors(0)
    module = Layers().train()
    base = hs.models.backbone(module, example=torch.from_numpy(x[:2]))
    before = [{name: v.clone() for name, v in one.state_dict().items()} for one in (module, base)]
    source = vectors(2) if needs_source(kind()) else None
    targets = vectors(3)[0], vectors(4) if kind.about.needs_target_labels else None
    data = hs.data.Domains((x, y), *targets) if needs_target(kind()) else (x, y)
    teacher = taught if needs_teacher(kind()) else None
    streams = needs_target(kind()) and not learns_from_domains(kind())
    words = kind.about.name == "learned-context"
    inner = kind.about.needs_transformer or kind.about.needs_places
    if streams or words or kind.about.needs_columns or inner:
        refusals = "reads no|no transformer|encoder of texts.* has none|a single place"
        with pytest.raises(BadInput, match=r"hs\.stream" if streams else refusals):
            hs.fit(kind(), base, data, teacher=teacher)
        return
    for given in (module, base) if kind in REPRESENTATIVES else (module,):
        recipe = Recipe(steps=60, batch=30, lr=0.02)
        predictor = hs.fit(kind(), given, data, recipe, source=source, teacher=teacher)
        labels = [answer.label for answer in predictor.predict(vectors(1)[0])]
        if ".translation." not in kind.__module__:  # which takes more steps than these
            least = 0.6 if kind.about.name == "label-mapping" else 0.9  # here of classes of random weights
            assert np.mean(np.array(labels) == vectors(1)[1]) > least
    for one, old in zip((module, base), before, strict=True):
        assert all(torch.equal(old[name], value) for name, value in one.state_dict().items())
    assert module.training


def test_fit_takes_pictures_and_keeps_what_was_frozen(pictures, weights, tmp_path):
    base = hs.models.backbone(tiny.BACKBONE, weights=weights)
    how = {"cache": tmp_path / "cache"}
    one = hs.fit(hs.methods.RidgeProbe(), base, pictures, **how)
    assert one.preprocess.size == base.preprocess.size
    assert list((tmp_path / "cache").glob("*.bin"))
    again = hs.fit(hs.methods.RidgeProbe(), base, pictures, **how)
    files = sorted(pictures.rglob("*.png"))
    np.testing.assert_array_equal(one.probabilities(files), again.probabilities(files))


def test_fit_that_diverges_keeps_the_last_good_weights(tmp_path, monkeypatch):
    real, file, recipe = FineTune.loss, tmp_path / "fit.checkpoint", Recipe(steps=30, batch=30, lr=0.01)

    def loss(self, parts, batch, ctx):
        found = real(self, parts, batch, ctx)
        return Loss.sum(label=found.total * torch.nan) if ctx.step == 25 else found

    monkeypatch.setattr(FineTune, "loss", loss)
    with pytest.raises(Diverged, match=r"fine-tune: at step 25 the loss is nan .*lower learning rate"):
        hs.fit(FineTune(), Layers(), vectors(0), recipe, checkpoint=file)
    state = load_state(file)
    assert state["step"] == len(state["notes"]["curve"]) == 25
    assert all(value.isfinite().all() for value in state["parts"].values())
    monkeypatch.setattr(FineTune, "loss", real)
    resumed = hs.fit(FineTune(), Layers(), vectors(0), recipe, checkpoint=file).model.state_dict()
    whole = hs.fit(FineTune(), Layers(), vectors(0), recipe).model.state_dict()
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_fit_that_was_left_goes_on(tmp_path, monkeypatch):
    data, recipe = vectors(0), Recipe(steps=30, batch=10, lr=0.01)
    whole = hs.fit(FineTune(), Layers(), data, recipe)
    real, steps = fitting._watch, []

    def leaves(self, ticks, run, name, checkpoint):
        for tick in real(self, ticks, run, name, checkpoint):
            steps.append(tick.step)
            if tick.step == 13:
                raise KeyboardInterrupt
            yield tick

    file = tmp_path / "fit.checkpoint"
    monkeypatch.setattr("headstart.session.session.CHECKPOINT_EVERY", 5)
    monkeypatch.setattr(fitting, "_watch", leaves)
    with pytest.raises(KeyboardInterrupt):
        hs.fit(FineTune(), Layers(), data, recipe, checkpoint=file)
    steps.clear()
    monkeypatch.setattr(fitting, "_watch", real)
    resumed = hs.fit(FineTune(), Layers(), data, recipe, checkpoint=file)
    ours, theirs = resumed.model.state_dict(), whole.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


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
