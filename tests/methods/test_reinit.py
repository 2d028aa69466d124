"""The last blocks begin anew and learn as what is new; the others are tuned."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Chain, bytes_of, equal, same, tuned
from tests.toy import Toy
from torch import nn

from headstart.core import Backbone, BadInput
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.reinit import Reinit

HARDLY = replace(PLAIN, lr=1e-30, weight_decay=0.0)


def test_where_it_begins():
    """The last of two blocks is the untrained twin's, bit for bit; the first is as it was."""
    run = tuned(Reinit(), Toy(), recipe=HARDLY, seed=5)
    found, old, new = run.parts["backbone"].body, Toy().body, Toy().untrained(5).body
    torch.testing.assert_close(found[0].weight, old[0].weight, rtol=0, atol=1e-20)
    torch.testing.assert_close(found[4].weight, new[4].weight, rtol=0, atol=1e-20)
    assert not torch.equal(old[4].weight, new[4].weight)
    other = tuned(Reinit(), Toy(), recipe=HARDLY, seed=6).parts["backbone"].body
    assert not torch.equal(found[4].weight, other[4].weight)


def test_the_rates_of_what_is_new_and_what_is_not():
    """Head and new block 0.05; the old ones 0.1 of it, and half of that one block down."""

    class Resettable(Chain):
        def untrained(self, seed):
            return Chain()

    recipe = replace(PLAIN, optimiser="sgd", schedule="constant", steps=1)
    run = tuned(Reinit(lr_decay=0.5), Resettable(), recipe=recipe, batches=lambda _: iter(()))
    (move,) = run.moves
    names = {id(p): name for name, p in run.parts.named_parameters()}
    found = {names[id(p)]: on.lr for on, group in move.groups(run.parts) for p in group}
    weights = {name: found[f"backbone.{name}.weight"] for name in "abc"}
    assert weights == {"a": pytest.approx(0.025), "b": pytest.approx(0.05), "c": 1.0}
    assert found["head.weight"] == 1.0


class Normed(Backbone):
    """Two blocks, each with a batch normalisation."""

    width, blocks = 4, ("low", "high")

    def __init__(self, seed=0):
        super().__init__()
        self.low, self.high = (nn.Sequential(nn.Linear(n, 4), nn.BatchNorm1d(4)) for n in (8, 4))
        with torch.no_grad():
            for module in (self.low[0], self.high[0]):
                module.weight.copy_(
                    torch.randn(module.weight.shape, generator=torch.Generator().manual_seed(seed))
                )

    def forward(self, x):
        return self.high(self.low(x))

    def untrained(self, seed):
        return Normed(seed + 1)


def test_normalisations_that_know_nothing_learn():
    """Frozen ones would keep a mean of 0 and a variance of 1 that nobody has measured."""
    body = tuned(Reinit(), Normed()).parts["backbone"]
    assert int(body.high[1].num_batches_tracked) == 4
    assert int(body.low[1].num_batches_tracked) == 0


def test_with_nothing_new_it_is_fine_tuning():
    assert equal(
        tuned(Reinit(blocks=0, lr_decay=0.5, head_std=0.01), Toy()), tuned(FineTune(lr_decay=0.5), Toy())
    )
    assert not same(bytes_of(tuned(Reinit(), Toy())), bytes_of(tuned(FineTune(), Toy())))


def test_more_blocks_than_there_are_are_refused():
    with pytest.raises(BadInput, match=r"reinit: blocks is 3, and the backbone has 2; .* from-scratch"):
        tuned(Reinit(blocks=3), Toy())
    with pytest.raises(BadInput, match="reinit: blocks is -1; it must be >= 0"):
        Reinit(blocks=-1)
