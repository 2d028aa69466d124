"""Recurrent learners by the formulas of their cells."""

import pytest
import torch
from tests.learners.families import family_for
from tests.rounding import rounding
from torch import nn

from headstart.core import BadInput
from headstart.learners.black_box.recurrent import Recurrent
from headstart.learners.training import meta_train
from headstart.run.recipe import Recipe

NEAR = rounding(8, 2.0, 4)


def trained(encoder=None, **settings):
    recipe = Recipe(steps=2, lr=1e-2, weight_decay=0.0)
    return meta_train(Recurrent(**settings), family_for("numbers"), encoder, recipe)


def gru(gates, pair, hidden, _cell):
    weight, bias, weight_before, bias_before = gates
    read, before = weight @ pair + bias, weight_before @ hidden + bias_before
    (r, z, n), (r_before, z_before, n_before) = read.chunk(3), before.chunk(3)
    update = (z + z_before).sigmoid()
    fresh = (n + (r + r_before).sigmoid() * n_before).tanh()
    return (1 - update) * fresh + update * hidden, None


def lstm(gates, pair, hidden, cell):
    weight, bias, weight_before, bias_before = gates
    i, f, g, o = (weight @ pair + bias + weight_before @ hidden + bias_before).chunk(4)
    cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


@pytest.mark.parametrize("step", [gru, lstm])
def test_the_state_follows_the_formula_of_the_cell(step):
    one = trained(nn.Identity(), cell=step.__name__, units=3)
    network = one.parts["network"]
    layer = network.recurrent
    gates = layer.weight_ih_l0, layer.bias_ih_l0, layer.weight_hh_l0, layer.bias_hh_l0
    x, y = torch.tensor([[[1.0], [-2.0]]]), torch.tensor([[[3.0], [0.5]]])
    hidden, cell = torch.zeros(3), torch.zeros(3)
    for row in range(2):
        hidden, cell = step(gates, network.embed(torch.cat([x[0, row], y[0, row]])), hidden, cell)
    state = one.adapt(x, y)
    assert torch.allclose(state["hidden"][0, 0], hidden, atol=NEAR)
    if cell is not None:
        assert torch.allclose(state["cell"][0, 0], cell, atol=NEAR)


def test_the_head_reads_the_query_and_the_last_layer():
    one = trained(nn.Identity(), units=3, layers=2)
    state = one.adapt([[[1.0]]], [[[3.0]]])
    assert state["hidden"].shape == (1, 2, 3)
    assert one.adapt([[[1.0]]] * 2, [[[3.0]]] * 2)["hidden"].is_contiguous()  # so that safetensors save it
    wanted = one.parts["network"].head(torch.cat([torch.tensor([0.5]), state["hidden"][0, 1]]))
    assert torch.allclose(one.predict(state, [[[0.5]]])[0, 0], wanted, atol=NEAR)


def test_a_support_is_read_by_one_call():
    one, calls = trained(units=3), []
    one.parts["network"].recurrent.register_forward_hook(lambda *_: calls.append(1))
    one.adapt(torch.zeros(2, 50, 1), torch.zeros(2, 50, 1))
    assert len(calls) == 1


@pytest.mark.parametrize("wrong", [{"cell": "rnn"}, {"units": 0}, {"layers": 0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        Recurrent(**wrong)
