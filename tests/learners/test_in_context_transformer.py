"""In-context transformers: what one row, no rows that speak, and rows given twice must give."""

import pytest
import torch
from tests.learners.families import family_for
from tests.rounding import rounding
from torch import nn

from headstart.core import BadInput
from headstart.learners.black_box.in_context_transformer import InContextTransformer
from headstart.learners.training import meta_train
from headstart.nn.context_attention import ContextLayer
from headstart.run.recipe import Recipe

NEAR = rounding(256, 10.0, 8)


def trained(**settings):
    recipe = Recipe(steps=2, lr=1e-2, weight_decay=0.0)
    return meta_train(InContextTransformer(**settings), family_for("numbers"), recipe=recipe)


def silence(linear):
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)


@torch.no_grad()
def test_attention_to_one_row_gives_its_value():
    layer, rows = ContextLayer(4, 2), torch.arange(12.0).view(1, 3, 4)
    silence(layer.perceptron[-1])
    silence(layer.out)
    layer.out.weight.copy_(torch.eye(4))
    keys, values = layer.context(torch.tensor([[[3.0, 1.0, 4.0, 1.0]]]))
    value = values.transpose(1, 2).flatten(2)  # of both heads, (1, 1, 4)
    assert torch.allclose(layer(rows, keys, values), rows + value, atol=NEAR)


def test_layers_that_add_nothing_leave_a_network_of_the_query_alone():
    one, drawn = trained(), family_for("numbers").draw(7)
    network = one.parts["network"]
    for layer in network.layers:
        silence(layer.out)
        silence(layer.perceptron[-1])
    found = one.predict(one.adapt(drawn.support.x, drawn.support.y), drawn.query.x)
    with torch.no_grad():
        wanted = network.head(network.embed_x(network.pairs.encoder.each(drawn.query.x)))
    assert torch.allclose(found, wanted, atol=NEAR)


def test_a_support_given_twice_says_the_same():
    one, drawn = trained(), family_for("numbers").draw(7)
    x, y = drawn.support.x, drawn.support.y
    once = one.adapt(x, y)
    twice = one.adapt(x, y, once)
    assert twice["keys"].shape[3] == 2 * once["keys"].shape[3]
    assert torch.allclose(one.predict(twice, drawn.query.x), one.predict(once, drawn.query.x), atol=NEAR)


@pytest.mark.parametrize("wrong", [{"heads": 0}, {"units": 6}, {"layers": 0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        InContextTransformer(**wrong)
