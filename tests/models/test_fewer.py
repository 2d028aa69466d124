"""Fewer repeated blocks: which ones stay, with which weights, and that the copy is saved and opened."""

import json

import pytest
import torch
from tests.models.nets import noise, untouched
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.models.operations.fewer import depth_of
from headstart.models.operations.repeated import Stage, repeated
from headstart.models.operations.report import same

X = noise(2, 3, 8, 8)


class Residual(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)

    def forward(self, x):
        found = self.two(self.one(x).relu())
        return found + x if found.shape == x.shape else found


class Stages(nn.Module):
    """Stages of 4 and 3 blocks; the first of the second one doubles the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.low = nn.Sequential(*(Residual(4, 4) for _ in range(4)))
        self.high = nn.Sequential(Residual(4, 8), Residual(8, 8), Residual(8, 8))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        return self.head(self.high(self.low(self.stem(x))).mean((2, 3)))


@pytest.fixture(scope="module")
def whole():
    torch.manual_seed(0)
    return hs.models.backbone(Stages().eval(), example=X)


def test_which_of_six_stay():
    layers = Stage("layer", (0, 1, 2, 3, 4, 5), ())
    assert (layers.kept(3), layers.kept(2), layers.kept(1)) == ([0, 2, 4], [0, 3], [0])
    assert Stage("stage", (0, 1, 2, 3), (0,)).kept(2) == [0, 1]  # the first changes the shape


def test_half_of_each_stage_with_its_weights(whole):
    with untouched(whole):
        made, report = hs.models.smaller(whole)
    assert [(s.container, len(s.places), s.fixed) for s in repeated(whole)] == [
        ("low", 4, ()),
        ("high", 3, (0,)),
    ]
    assert depth_of(whole) == 7
    assert made.name == "Stages, 4 of 7 blocks"
    assert same(made.inner.low[1].one.weight, whole.inner.low[2].one.weight)  # the first and the third
    assert same(made.inner.high[1].two.bias, whole.inner.high[1].two.bias)
    inner = made.inner
    wanted = inner.high(inner.low(inner.stem(X))).mean((2, 3))
    assert torch.equal(made(X), wanted)
    assert "12 tensors left out" in str(report)
    assert not report.changes


def test_so_many_blocks_spread_by_the_length_of_stages(whole):
    for blocks, lengths in ((2, (1, 1)), (3, (2, 1)), (5, (3, 2)), (6, (3, 3))):
        made = hs.models.smaller(whole, blocks=blocks)[0]
        assert (len(made.inner.low), len(made.inner.high)) == lengths


def test_features_of_blocks_that_stay(whole):
    made = hs.models.smaller(whole, blocks=2)[0]
    found = made.features(X)
    assert list(found) == list(made.blocks)
    assert torch.equal(found[made.blocks[-1]], made(X))


def test_rebuilt_from_what_is_saved(whole):
    once = hs.models.smaller(whole)[0]
    twice = hs.models.smaller(once, blocks=2)[0]
    again = hs.models.rebuild(json.loads(json.dumps(twice.source)), Stages())
    again.load_state_dict(twice.state_dict())
    assert torch.equal(again(X), twice(X))
    assert (again.name, again.blocks) == (twice.name, twice.blocks)


def test_a_smaller_model_is_opened_as_it_was_saved(whole, tmp_path):
    made = hs.models.smaller(whole)[0]
    model = hs.fit("ridge-probe", made, (noise(8, 3, 8, 8).numpy(), ["a", "b"] * 4))
    model.save(tmp_path / "model")
    opened = hs.open(tmp_path / "model", backbone=Stages())
    assert opened.probabilities(X.numpy()).tolist() == model.probabilities(X.numpy()).tolist()
    assert opened.model.backbone.name == made.name


def test_layers_of_a_transformer_whose_layers_take_a_mask():
    base = hs.models.backbone("minilm", weights="random")
    made = hs.models.smaller(base, blocks=3)[0]
    assert [len(one.inner.layer) for one in (base, made)] == [6, 3]
    for new, old in enumerate((0, 2, 4)):
        assert same(made.inner.layer[new].up.weight, base.inner.layer[old].up.weight)
    assert made.blocks == ("inner.embeddings", "inner.layer.0", "inner.layer.1", "inner.layer.2")


def test_what_can_not_be_smaller(whole):
    plain = hs.models.backbone(
        nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), example=noise(2, 4)
    )
    with pytest.raises(BadInput, match=r"no repeated blocks .* Name a smaller backbone"):
        hs.models.smaller(plain)
    with pytest.raises(BadInput, match=r"depth is 1; it must be in \(0, 1\)"):
        hs.models.smaller(whole, 1)
    with pytest.raises(BadInput, match="Of 7 repeated blocks 2 to 6 can be left, not 7"):
        hs.models.smaller(whole, blocks=7)


def test_a_model_that_counts_its_layers_is_refused():
    class Counts(Stages):
        def forward(self, x):
            x = self.stem(x)
            for place in range(4):
                x = self.low[place](x)
            return self.head(self.high(x).mean((2, 3)))

    base = hs.models.backbone(Counts().eval(), example=X)
    with pytest.raises(BadInput, match="can't be run"):
        hs.models.smaller(base)
