"""Features are held where the start has them: the distance by hand, nothing without, nearer with."""

import copy
from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Chain, Same, of, same, tuned
from tests.toy import Toy, make
from torch import nn

from headstart.core import Backbone, BadInput, Ctx, Labelled, Task
from headstart.losses.anchor import relative_distance
from headstart.methods.mapping.finetuning.delta import Delta
from headstart.methods.mapping.finetuning.fine_tune import FineTune

CTX = Ctx(0, 0.0, lambda rows: rows)
BATCH = Labelled(torch.tensor([[1.0, 2.0, 0.0], [3.0, 0.0, 1.0]]), torch.tensor([0, 1]))
LONG = replace(PLAIN, steps=30, weight_decay=0.0)


def test_relative_distance_by_hand():
    """(3, 4) to (0, 4) is 9 / 16, (2, 0) to (1, 0) is 1; a start of zeros counts by 4 itself."""
    now = torch.tensor([[3.0, 4.0], [2.0, 0.0], [0.0, 2.0]])
    start = torch.tensor([[0.0, 4.0], [1.0, 0.0], [0.0, 0.0]])
    assert relative_distance(now, start).item() == pytest.approx((9 / 16 + 1 + 4) / 3)
    assert relative_distance(now[:, None], start[:, None]).item() == pytest.approx((9 / 16 + 1 + 4) / 3)
    assert relative_distance(10 * now[:2], 10 * start[:2]) == relative_distance(now[:2], start[:2])


def term(at, body, change):
    method = Delta(alpha=0.3, at=at)
    parts = method.parts(body, Task(2, (3,)))
    with torch.no_grad():
        change(parts["backbone"])
    loss = method.loss(parts, BATCH, CTX)
    plain = FineTune().loss(parts, BATCH, CTX)
    torch.testing.assert_close(loss.total, plain.total + loss.terms["start"])
    return loss.terms["start"].item()


def test_what_is_added_by_hand():
    """Features that are doubled are as far from the start as it is long; of three blocks the last two."""
    assert term("blocks", Same(3), lambda body: body.scale.weight.mul_(2)) == pytest.approx(0.3)
    assert term("blocks", Chain(), lambda body: body.b.weight.mul_(2)) == pytest.approx(0.3 * 2 / 3)
    # a norm after the blocks takes the factor out again
    assert term("features", Chain(), lambda body: body.b.weight.mul_(2)) == pytest.approx(0.0, abs=1e-6)


def test_a_block_that_gives_several_tensors_is_held_by_the_first():
    class Recurrent(Backbone):
        width, blocks = 3, ("rnn",)

        def __init__(self):
            super().__init__()
            self.rnn = nn.RNN(3, 3, batch_first=True)

        def forward(self, x):
            return self.rnn(x[:, None])[0][:, 0]

    with torch.random.fork_rng():
        torch.manual_seed(0)
        body = Recurrent()
    ways = [
        term(at, copy.deepcopy(body), lambda body: body.rnn.bias_ih_l0.add_(1))
        for at in ("blocks", "features")
    ]
    assert ways[0] == pytest.approx(ways[1])
    assert ways[0] > 0


@pytest.mark.parametrize("settings", [{}, {"norm": "train", "last": 1, "smoothing": 0.1}])
def test_without_a_pull_it_is_fine_tuning(settings):
    loose = tuned(Delta(alpha=0.0, **settings), Toy())
    plain = tuned(FineTune(**settings), Toy())
    assert same(of(loose, "backbone", "head"), of(plain, "backbone", "head"))
    assert not same(of(tuned(Delta(**settings), Toy()), "backbone"), of(plain, "backbone"))


def test_a_stronger_pull_keeps_features_nearer():
    x = make(Labelled, 50, 3).x

    def apart(alpha, at):
        body = tuned(Delta(alpha=alpha, at=at, backbone_lr=1.0), recipe=LONG).parts["backbone"]
        return relative_distance(body(x), Toy(norm=False)(x)).item()

    for at in ("blocks", "features"):
        weak, middle, strong = (apart(alpha, at) for alpha in (0, 1, 10))
        assert strong < 0.7 * middle < 0.7 * 0.9 * weak


def test_the_start_stays_and_its_hooks_are_gone():
    run = tuned(Delta(), Toy(), recipe=LONG)
    for name, value in Toy().state_dict().items():
        assert torch.equal(run.parts["start"].state_dict()[name], value)
    assert not any(module._forward_hooks for module in run.parts.modules())


@pytest.mark.parametrize(("name", "value"), [("alpha", -1.0), ("at", "head")])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"delta: {name} is {value!r}; it must be"):
        Delta(**{name: value})
