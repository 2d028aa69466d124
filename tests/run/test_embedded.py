"""A batch in parts has the gradient of the whole batch, by a loss that compares all of its rows."""

import copy
from dataclasses import replace

import pytest
import torch
from tests.run.simple import begin
from torch import nn

from headstart.core import BadInput, Descend, Loss, On, Unlabelled
from headstart.losses.contrastive.nt_xent import nt_xent
from headstart.run.engine import One
from headstart.run.loop import train
from headstart.run.modes import seeded
from headstart.run.recipe import Recipe

ROWS = 7
X = torch.randn(ROWS, 8, generator=torch.Generator().manual_seed(0))
PLAIN = Recipe(steps=1, optimiser="sgd", lr=1e-9, clip=None, weight_decay=0.0)


class Temperature(nn.Module):
    def __init__(self):
        super().__init__()
        self.log = nn.Parameter(torch.tensor(-1.0))

    def forward(self):
        return self.log.exp()


def net(*middle):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(8, 16), *middle, nn.Tanh(), nn.Linear(16, 4))


def embed(parts, batch, ctx):
    return parts["net"](batch.x), parts["net"](batch.x.flip(1))


def loss(parts, found, ctx):
    return Loss.sum(contrast=nt_xent(*found.z, parts["temperature"]()))


def gradients(body, pieces, embed=embed, loss=loss, engine=None):
    """Gradients of one step in so many parts, by name, and the run."""
    parts = {"net": copy.deepcopy(body), "temperature": Temperature()}
    move = Descend(loss, on=(On("net"), On("temperature")), embed=embed)
    run = begin(parts, move, recipe=replace(PLAIN, accumulate=pieces), engine=engine)
    next(train(run, lambda _step: iter([Unlabelled(X)])))
    return {name: p.grad.clone() for name, p in run.parts.named_parameters()}, run


def close(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-6, msg=name)


@pytest.mark.parametrize("pieces", [2, 3, 7])
def test_any_number_of_parts_has_the_gradient_of_the_whole(pieces):
    """And of a learned temperature, once: not as often as there are parts."""
    body = net(nn.LayerNorm(16))
    close(gradients(body, pieces)[0], gradients(body, 1)[0])


def test_a_loss_that_uses_one_of_two_embeddings_leaves_the_other_without_gradient():
    def first(parts, found, ctx):
        return Loss.sum(contrast=nt_xent(found.z[0], found.z[0].detach(), parts["temperature"]()))

    body = net()
    close(gradients(body, 3, loss=first)[0], gradients(body, 1, loss=first)[0])


def test_dropout_is_drawn_again_as_it_was():
    """A reference takes the masks of each part from a first pass, and computes all parts with one graph."""
    body, drawn = net(nn.Dropout(0.5)), []

    def watched(parts, batch, ctx):
        drawn.append((batch.x, torch.get_rng_state(), torch.is_grad_enabled()))
        return embed(parts, batch, ctx)

    found, _ = gradients(body, 3, embed=watched)
    first, again = [d for d in drawn if not d[2]], [d for d in drawn if d[2]]
    assert len(first) == len(again) == 3
    assert len({tuple(d[1].tolist()) for d in first}) == 3  # each part has masks of its own
    parts = nn.ModuleDict({"net": copy.deepcopy(body), "temperature": Temperature()}).train()
    z = []
    for x, state, _ in first:
        with seeded(0):
            torch.set_rng_state(state)
            z.append(embed(parts, Unlabelled(x), None))
    together = [torch.cat(each) for each in zip(*z, strict=True)]
    nt_xent(*together, parts["temperature"]()).backward()
    close(found, {name: p.grad for name, p in parts.named_parameters()})


@pytest.mark.parametrize(("pieces", "counted"), [(1, 2), (3, 6)])
def test_running_statistics_are_updated_once_for_each_part(pieces, counted):
    """Each part is embedded in two forwards here, and twice over where there are several."""
    norm = gradients(net(nn.BatchNorm1d(16)), pieces)[1].parts["net"][1]
    assert norm.num_batches_tracked == counted


def test_batch_normalisation_sees_each_part_by_itself():
    """As the pages say: the gradient is that of parts that are normalised by themselves."""
    body = net(nn.BatchNorm1d(16))
    parts = nn.ModuleDict({"net": copy.deepcopy(body), "temperature": Temperature()}).train()
    z = [embed(parts, Unlabelled(x), None) for x in X.tensor_split(3)]
    nt_xent(*(torch.cat(each) for each in zip(*z, strict=True)), parts["temperature"]()).backward()
    close(gradients(body, 3)[0], {name: p.grad for name, p in parts.named_parameters()})


@pytest.mark.parametrize("where", ["forward", "backward"])
def test_where_memory_is_short_the_parts_are_halved(where):
    class Short(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.rows = len(x)
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            if ctx.rows > 2:
                raise torch.OutOfMemoryError
            return gradient

    def short(parts, batch, ctx):
        if where == "forward" and len(batch) > 2:
            raise torch.OutOfMemoryError
        return tuple(Short.apply(z) for z in embed(parts, batch, ctx))

    body = net()
    found, run = gradients(body, 1, embed=short)
    assert run.accumulate == 4
    assert "computed in 4 parts; the gradient is the same" in run.notes["accumulate"]
    close(found, gradients(body, 1)[0])


def test_one_of_several_processes_does_not_divide_its_rows_alone():
    """The others wait: they would gather rows once where this one does so twice."""

    class OneOfTwo(One):
        world = 2

    def short(parts, batch, ctx):
        raise torch.OutOfMemoryError

    with pytest.raises(BadInput, match=r"for 4 rows in 1 parts.*Set chunks to 2 or more"):
        gradients(net(), 1, embed=short, engine=OneOfTwo())
