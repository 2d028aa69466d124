"""SNAIL: its layers by hand, and queries as rows that come next."""

import math
from dataclasses import replace

import pytest
import torch
from tests.learners.families import family_for
from tests.rounding import rounding
from torch import nn

from headstart.core import BadInput
from headstart.learners.black_box.snail import Snail
from headstart.learners.training import meta_train
from headstart.nn.causal_layers import CausalAttention, CausalConvolution
from headstart.run.recipe import Recipe

NEAR = rounding(64, 4.0, 4)
LAYERS = {"convolution": CausalConvolution(3, 2, 4), "attention": CausalAttention(3, 2)}


def trained(**settings):
    recipe = Recipe(steps=2, lr=1e-2, weight_decay=0.0)
    return meta_train(Snail(**settings), family_for("numbers"), recipe=recipe)


@torch.no_grad()
def test_a_convolution_by_hand():
    layer = CausalConvolution(1, 1, 2)
    layer.now.weight.copy_(torch.tensor([[0.5], [0.0]]))
    layer.now.bias.copy_(torch.tensor([0.0, math.log(3)]))  # the gate is 3/4
    layer.before.weight.copy_(torch.tensor([[1.0], [0.0]]))
    rows, past = layer(torch.tensor([[[1.0], [2.0], [4.0]]]), None)
    assert past["rows"].tolist() == [[[2.0], [4.0]]]
    wanted = [0.75 * math.tanh(some) for some in (0.5, 1.0, 2.0 + 1.0)]
    assert rows[0, :, 0].tolist() == [1, 2, 4]
    assert rows[0, :, 1].tolist() == pytest.approx(wanted, abs=NEAR)


@torch.no_grad()
def test_attention_by_hand():
    layer = CausalAttention(1, 1)
    for linear in (layer.query, layer.key, layer.value):
        linear.weight.fill_(1)
        linear.bias.zero_()
    rows, _ = layer(torch.tensor([[[2.0], [1.0]]]), None)
    share = math.exp(2) / (math.exp(2) + math.exp(1))  # of the first row, read by the second
    assert rows[0, :, 1].tolist() == pytest.approx([2.0, 2 * share + (1 - share)], abs=NEAR)


@torch.no_grad()
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_query_is_the_row_that_comes_next(layer):
    rows, queries = torch.randn(2, 6, 3), torch.randn(2, 4, 3)
    _, past = layer(rows, None)
    found = layer.peek(queries, past)
    for query in range(4):
        wanted, _ = layer(torch.cat([rows, queries[:, [query]]], 1), None)
        assert torch.allclose(found[:, query], wanted[:, -1], atol=NEAR)


@torch.no_grad()
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_later_rows_change_nothing_of_earlier_ones(layer):
    rows = torch.randn(2, 6, 3)
    whole, _ = layer(rows, None)
    first, past = layer(rows[:, :4], None)
    rest, _ = layer(rows[:, 4:], past)
    assert torch.allclose(torch.cat([first, rest], 1), whole, atol=NEAR)


@pytest.mark.parametrize(("back", "seen"), [(1, True), (7, True), (8, False)])
def test_convolutions_reach_so_many_rows(back, seen):
    one, drawn = trained(reach=8, blocks=1), replace(family_for("numbers"), shots=9).draw(3)
    for values in one.parts["network"].layers[-1].value.parameters():
        nn.init.zeros_(values)  # attention reads nothing
    x, y = drawn.support.x, drawn.support.y.clone()
    plain = one.predict(one.adapt(x, y), drawn.query.x)
    y[:, -back] += 1
    assert torch.equal(one.predict(one.adapt(x, y), drawn.query.x), plain) != seen


def test_a_reach_of_one_leaves_attention_alone():
    layers = trained(reach=1, blocks=2).parts["network"].layers
    assert [type(layer) for layer in layers] == [CausalAttention, CausalAttention]


@pytest.mark.parametrize("wrong", [{"units": 0}, {"reach": 0}, {"blocks": 0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        Snail(**wrong)
