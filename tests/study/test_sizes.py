"""Sizes of pictures at which a backbone can't be run: its own is kept, or the asked one is refused."""

import numpy as np
import pytest
import torch
from tests.study.tiny import folders
from torch import nn

import headstart as hs
from headstart.core import BadInput, Preprocess
from headstart.session.inputs import fit_to_data

DATA = hs.data.load(
    (np.random.default_rng(0).integers(0, 256, (20, 40, 40, 3)).astype(np.uint8), ["a", "b"] * 10)
)


class Positions(nn.Module):
    """As in a vision transformer: a vector added at each of 7 x 7 places."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 16, 16)
        self.places = nn.Parameter(torch.zeros(1, 8, 7, 7))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        return self.head((self.patch(x) + self.places).mean((2, 3)))


class Flattened(nn.Module):
    """No layer refuses another size, but the number of features depends on it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 16, 16)

    def forward(self, x):
        return self.conv(x).relu().flatten(1)


class Windows(Positions):
    """As in a Swin: sides that are no multiple of 112 are refused with an assertion without words."""

    def forward(self, x):
        assert x.shape[2] % 112 == 0
        return self.head(self.patch(x).mean((2, 3)))


def made(module, side=112):
    return hs.models.backbone(
        module(), example=torch.rand(2, 3, side, side), preprocess=Preprocess((side, side), fit="squash")
    )


@pytest.mark.parametrize("module", [Positions, Flattened, Windows])
def test_small_pictures_are_read_at_the_size_of_the_backbone(module):
    fitted = fit_to_data(made(module), DATA)
    assert fitted.preprocess.size == (112, 112)
    assert fitted(torch.zeros(3, 3, 112, 112, dtype=torch.uint8)).shape == (3, fitted.width)


@pytest.mark.parametrize("module", [Positions, Flattened, Windows])
def test_an_impossible_size_is_refused_with_the_one_that_works(module):
    with pytest.raises(
        BadInput, match=r"size is 96.*can't be run on 96 x 96.*own size is 112 x 112.*say 112"
    ):
        fit_to_data(made(module), DATA, 96)
    assert fit_to_data(made(module), DATA, 112).preprocess.size == (112, 112)
    with pytest.raises(BadInput, match="size is 96"):
        hs.sklearn.TransferClassifier(made(module), size=96).fit(DATA.array, ["a", "b"] * 10)


def test_a_size_that_can_be_run_is_taken():
    class Pooled(Positions):
        def forward(self, x):
            return self.head(self.patch(x).mean((2, 3)))

    assert fit_to_data(made(Pooled), DATA, 96).preprocess.size == (96, 96)


def test_trying_a_size_changes_nothing():
    class Drawn(Positions):
        def forward(self, x):
            return super().forward(x + torch.rand(()))

    mapping = made(Drawn)
    mapping.train()
    state, before = torch.get_rng_state(), {k: v.clone() for k, v in mapping.state_dict().items()}
    fitted = fit_to_data(mapping, DATA)
    assert (torch.get_rng_state() == state).all()
    assert mapping.inner.training
    assert fitted.inner.training
    assert all((value == before[name]).all() for name, value in mapping.state_dict().items())


def test_the_main_job_and_rank_keep_the_own_size(tmp_path):
    pictures = folders(tmp_path / "small", each=8, classes=("disc", "square"))
    options = {"methods": ("ridge-probe",), "folds": 2, "budget": 20, "curve": False}
    done = hs.adapt(made(Positions), pictures, out=tmp_path / "run", **options)
    assert tuple(done.result.preprocess["size"]) == (112, 112)
    assert not [each for each in done.result.readings if each.what == "size"]  # it can be run at no other
    opened = hs.open(tmp_path / "run", backbone=Positions())
    assert opened.samples([pictures / "disc" / "0.png"]).shape == (1, 3, 112, 112)
    with pytest.raises(BadInput, match=r"size is 96.*say 112"):
        hs.adapt(made(Positions), pictures, out=tmp_path / "other", size=96, **options)
    assert not (tmp_path / "other").exists()
    ranking = hs.rank({"fixed": made(Positions), "other": made(Windows)}, pictures)
    assert len(ranking.table) == 2


@pytest.mark.parametrize("name", ["timm:vit_tiny_patch16_224", "timm:levit_128s"])
def test_named_architectures_of_a_fixed_size(name):
    mapping = hs.models.backbone(name, weights="random")
    assert fit_to_data(mapping, DATA).preprocess.size == (224, 224)
    with pytest.raises(BadInput, match="say 224"):
        fit_to_data(mapping, DATA, 96)
