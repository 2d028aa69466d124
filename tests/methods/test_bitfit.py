"""Only biases move, by as much as was worked out by hand."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Chain, chained, tuned
from tests.toy import Toy
from torch import nn

from headstart.core import Backbone, BadInput, Labelled
from headstart.core.linear_head import LinearHead
from headstart.methods.mapping.finetuning.bitfit import BitFit

SGD = replace(PLAIN, optimiser="sgd", lr=0.2, schedule="constant", weight_decay=0.0, steps=1)


class Line(Backbone):
    width, blocks = 1, ("layer",)

    def __init__(self, bias=True):
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=bias)
        nn.init.zeros_(self.layer.weight)
        if bias:
            nn.init.zeros_(self.layer.bias)

    def forward(self, x):
        return self.layer(x)


def test_one_step_by_hand():
    """At z = 0 both classes have p = 1/2, so dL/dz = -1/2 * 1 + 1/2 * -1 = -1: the bias goes up."""
    head = LinearHead.of(torch.tensor([[1.0], [-1.0]]), torch.zeros(2))
    batch = Labelled(torch.tensor([[3.0]]), torch.tensor([0]))
    run = tuned(BitFit(backbone_lr=0.5), Line(), head, SGD, batches=lambda _: iter([batch]))
    assert run.parts["backbone"].layer.bias.item() == pytest.approx(0.5 * 0.2)
    assert run.parts["backbone"].layer.weight.item() == 0  # its gradient is -3: it would have moved


def test_biases_of_all_kinds_learn_and_nothing_else_does():
    class Kinds(Backbone):
        width, blocks = 4, ("attention", "rnn", "norm")

        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
            self.rnn = nn.GRU(4, 4, batch_first=True)
            self.norm = nn.LayerNorm(4)

        def forward(self, x):
            x = x.reshape(len(x), 2, 4)
            return self.norm(self.rnn(self.attention(x, x, x)[0])[0]).mean(1)

    body = Kinds()
    before = {name: p.detach().clone() for name, p in body.named_parameters()}
    run = tuned(BitFit(), body)
    after = dict(run.parts["backbone"].named_parameters())
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {name for name in before if "bias" in name}
    assert {"attention.in_proj_bias", "rnn.bias_hh_l0", "norm.bias"} <= moved


@pytest.mark.parametrize(("norm", "counted"), [("frozen", 0), ("train", 4)])
def test_the_bias_of_a_batch_normalisation_learns_and_norm_says_whether_its_statistics_do(norm, counted):
    found = tuned(BitFit(norm=norm), Toy()).parts["backbone"].body[1]
    assert int(found.num_batches_tracked) == counted
    assert torch.equal(found.running_mean, torch.zeros(16)) == (norm == "frozen")
    assert not torch.equal(found.bias, Toy().body[1].bias)
    assert torch.equal(found.weight, Toy().body[1].weight)


def test_only_in_the_last_blocks():
    run = chained(BitFit(last=1), SGD)
    before = dict(Chain().named_parameters())
    moved = {n for n, p in run.parts["backbone"].named_parameters() if not torch.equal(p, before[n])}
    assert moved == {"c.bias"}


def test_a_backbone_without_biases_is_refused():
    with pytest.raises(BadInput, match="no parameter of the kind that learns"):
        tuned(BitFit(), Line(bias=False))
    with pytest.raises(BadInput, match="in the last 1 of its 1 blocks"):
        tuned(BitFit(last=1), Line(bias=False))
