"""What is said of a module of the caller's: what was assumed, what was not found, what can't be used."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

import headstart as hs
from headstart.core import BadInput, Mismatch, Preprocess

RNG = np.random.default_rng(0)
Y = ["a", "b"] * 10
PICTURES = RNG.integers(0, 256, (20, 32, 32, 3)).astype(np.uint8), Y
VECTORS = RNG.normal(size=(20, 4)).astype(np.float32), Y
RECIPE = hs.Recipe(steps=2)


def conv():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)
    )


def dense():
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5))


class Scaled(nn.Module):
    """Its output is a half of its last layer's."""

    def __init__(self):
        super().__init__()
        self.body, self.fc = nn.Linear(4, 6), nn.Linear(6, 5)

    def forward(self, x):
        return self.fc(self.body(x).relu()) / 2


class Scored(nn.Module):
    """Its last layer is named like that of a classifier."""

    def __init__(self):
        super().__init__()
        self.body, self.fc = nn.Linear(4, 6), nn.Linear(6, 5)

    def forward(self, x):
        return self.fc(self.body(x).relu())


# --- which normalisation is assumed


@pytest.mark.slow
def test_the_normalisation_that_is_assumed_is_said(tmp_path):
    fitted = hs.fit("ridge-probe", conv(), PICTURES)
    assert fitted.preprocess.mean == (0.485, 0.456, 0.406)
    (note,) = [note for note in fitted.notes if "without preprocess=" in note]
    assert "mean (0.485, 0.456, 0.406)" in note
    assert "hs.models.backbone(module, preprocess=" in note
    done = hs.adapt(
        conv(), PICTURES, out=tmp_path / "run", methods=("ridge-probe",), folds=2, curve=False, budget=9
    )
    assert note in done.result.notes
    assert note in hs.probe(conv(), PICTURES).notes


def test_a_normalisation_that_was_said_is_no_note():
    said = Preprocess((32, 32), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    fitted = hs.fit("ridge-probe", hs.models.backbone(conv(), preprocess=said), PICTURES)
    assert fitted.preprocess.mean == (0, 0, 0)
    assert not any("without preprocess=" in note for note in fitted.notes)
    assert not any("without preprocess=" in note for note in hs.fit("ridge-probe", dense(), VECTORS).notes)
    again = hs.fit("ridge-probe", fitted.model.backbone, PICTURES)
    assert not any("without preprocess=" in note for note in again.notes)


# --- no head


@pytest.mark.parametrize(
    "module",
    [
        Scaled(),
        nn.Sequential(nn.Linear(4, 6), nn.ReLU(), spectral_norm(nn.Linear(6, 5))),
        nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.BatchNorm1d(5)),
        nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU()),
    ],
)
def test_outputs_are_the_features_where_no_head_was_found(module):
    made = hs.models.backbone(module)
    name = type(module).__name__
    assert made.width == 5
    assert made.notes == (f"No head was found in {name}, so the features are its outputs (5).",)


def test_a_head_that_was_found_is_no_note():
    assert hs.models.backbone(Scored()).notes == ()
    assert hs.models.backbone(nn.Identity(), example=torch.rand(2, 4)).notes == ()
    assert hs.models.backbone("timm:test_resnet", weights="random").notes == ()


# --- other precisions


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize(("module", "data"), [(conv, PICTURES), (dense, VECTORS)])
def test_other_precisions_are_refused_by_name(kind, module, data):
    given = module().to(kind)
    for method in ("ridge-probe", "fine-tune"):
        with pytest.raises(BadInput, match=rf"0\.weight of Sequential is {str(kind)[6:]}.*\.float\(\)"):
            hs.fit(method, given, data, RECIPE)
    made = hs.models.backbone(
        given, example=torch.rand(2, *((3, 8, 8) if data is PICTURES else (4,)), dtype=kind)
    )
    with pytest.raises(BadInput, match="float32 is needed"):
        hs.fit("ridge-probe", made, data)
    assert hs.fit("fine-tune", copy.deepcopy(given).float(), data, RECIPE)


# --- the weights of a fitted model


def test_weights_of_a_fitted_model_are_taken(tmp_path):
    fitted = hs.fit("fine-tune", dense(), VECTORS, RECIPE)
    state = fitted.model.state_dict()
    torch.save(state, tmp_path / "model.pth")
    x = torch.from_numpy(VECTORS[0])
    expected = fitted.model.backbone(x)
    for weights in (tmp_path / "model.pth", state, fitted.model.backbone.state_dict()):
        made = hs.models.backbone(dense(), weights=weights)
        assert torch.equal(made(x), expected)
    notes = hs.models.backbone(dense(), weights=tmp_path / "model.pth").notes
    assert "1.weight (2, 6) left out, as it is the head of a fitted model" in notes


def test_a_module_that_is_built_like_a_fitted_model_has_its_own_keys():
    class Inside(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 6)

        def forward(self, x):
            return self.inner(x).relu()

    given = nn.Sequential(Inside(), nn.Linear(6, 2))
    made = hs.models.backbone(copy.deepcopy(given), weights=given.state_dict())
    assert not any("left out" in note for note in made.notes)
    with pytest.raises(Mismatch):
        hs.models.backbone(dense(), weights=given.state_dict())
