"""Residual adapters as a method: what is shipped is the net itself, with other filters."""

import pytest
import torch
from tests.methods.ways import PLAIN, tuned
from tests.toy import Toy
from torch import nn

from headstart.core import Backbone, BadInput, Model
from headstart.methods.mapping.adapters.conv_adapters import ConvAdapters
from headstart.nn.adapters import adapted_layers


class Pictures(Backbone):
    """Rows of 8 numbers as maps of 2 x 2 with 2 channels."""

    width, blocks = 4, ("first", "second")

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return self.second(self.norm(self.first(x.view(-1, 2, 2, 2))).relu()).mean((2, 3))


@pytest.mark.parametrize("how", ["series", "parallel"])
def test_what_is_shipped_has_the_same_layers_and_answers_alike(how):
    method = ConvAdapters(how=how)
    run = tuned(method, Pictures())
    backbone, model = run.parts["backbone"], method.predictor(run.parts)
    assert [path for path, _ in adapted_layers(backbone)] == ["first", "second"]
    assert model.backbone.state_dict().keys() == Pictures().state_dict().keys()
    assert torch.equal(model.backbone.norm.weight, Pictures().norm.weight)
    assert not torch.equal(model.backbone.first.weight, Pictures().first.weight)
    x = torch.randn(6, 8)
    torch.testing.assert_close(model.eval()(x), Model.of(run.parts).eval()(x), rtol=1e-4, atol=1e-5)


def test_a_matrix_in_series_has_the_channels_squared_and_one_in_parallel_both():
    sizes = {}
    for how in ("series", "parallel"):
        run = tuned(ConvAdapters(how=how), Pictures())
        found = dict(adapted_layers(run.parts["backbone"]))
        sizes[how] = [sum(p.numel() for p in layer.adapters.parameters()) for layer in found.values()]
    assert sizes == {"series": [16, 16], "parallel": [8, 16]}


def test_next_to_no_rate_leaves_every_byte():
    run = tuned(ConvAdapters(backbone_lr=1e-30), Pictures(), recipe=PLAIN)
    x = torch.randn(6, 8)
    assert torch.equal(run.parts["backbone"].eval()(x), Pictures().eval()(x))


def test_linear_layers_count_where_there_are_no_convolutions_and_nothing_else():
    run = tuned(ConvAdapters(), Toy(norm=False))
    assert [path for path, _ in adapted_layers(run.parts["backbone"])] == ["body.0", "body.4"]
    with pytest.raises(BadInput, match="how is 'around'; it must be 'series' or 'parallel'"):
        ConvAdapters(how="around")


def test_batch_normalisations_learn_along_where_the_setting_says_so():
    before = Pictures().norm
    after = tuned(ConvAdapters(norm="train"), Pictures()).parts["backbone"].norm
    kept = tuned(ConvAdapters(), Pictures()).parts["backbone"].norm
    for name, value in before.state_dict().items():
        assert torch.equal(kept.state_dict()[name], value)
        assert not torch.equal(after.state_dict()[name], value), name
