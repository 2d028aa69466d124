"""Guided training: each weight takes a share of the optimiser's update."""

import copy

import pytest
import torch
from torch import nn

from headstart.core import BadInput
from headstart.run.guided import guide


class Lion(torch.optim.Optimizer):
    """An optimiser of the caller's own: the sign of an average of gradients (arXiv:2302.06675)."""

    def __init__(self, parameters, lr=1e-2, weight_decay=0.1):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                average = self.state[p].setdefault("average", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * (0.9 * average + 0.1 * p.grad).sign())
                average.lerp_(p.grad, 0.01)


OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=0.1, nesterov=True),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1, foreach=False),
    "fused adamw": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1, fused=True),
    "l-bfgs": lambda p: torch.optim.LBFGS(p, 0.5, max_iter=4, line_search_fn="strong_wolfe"),
    "lion": Lion,
    "adafactor": lambda p: torch.optim.Adafactor(p, 0.01),
}


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double()


def trained(optimiser, share=None, steps=6, but_first_row=False):
    """A network after some steps in which all weights have a guide, but the first row, which stays."""
    model = net()
    made = OPTIMISERS[optimiser](model.parameters())
    if share is not None:
        guides = [torch.full_like(p, share) for p in model.parameters()]
        if but_first_row:
            guides[0][0] = 0.0
        guide(made, zip(model.parameters(), guides, strict=True))
    x = torch.linspace(-1, 1, 12, dtype=torch.double).view(4, 3)
    y = torch.tensor([0, 1, 1, 0])

    def closure():
        made.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        return loss

    for _ in range(steps):
        made.step(closure) if optimiser == "l-bfgs" else (closure(), made.step())
    return model


def same(one, other):
    return all(map(torch.equal, one.parameters(), other.parameters()))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_free_weights_are_trained_as_ever(optimiser):
    part = trained(optimiser, 1.0, 1, but_first_row=True)[0].weight
    plain = trained(optimiser, None, 1)[0].weight
    assert torch.equal(part[1:], plain[1:])
    assert torch.equal(part[0], net()[0].weight[0])
    assert same(trained(optimiser, 1.0), trained(optimiser))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_guide_of_nought_never_moves(optimiser):
    assert same(trained(optimiser, 0.0), net())
    assert not same(trained(optimiser), net())


def test_two_weights_by_hand():
    """Adam's first step is the rate times the sign of the gradient, 0.1; guides take a share of it."""
    weights = nn.Parameter(torch.tensor([1.0, 1.0]))
    optimiser = torch.optim.Adam([weights], 0.1)
    guide(optimiser, [(weights, torch.tensor([0.25, 0.5]))])
    (weights * torch.tensor([3.0, -0.2])).sum().backward()
    optimiser.step()
    assert torch.allclose(weights, torch.tensor([0.975, 1.05]))


def test_a_gradient_that_is_scaled_does_nothing_under_adam():
    """Why the update is scaled: Adam divides a constant factor of the gradient away."""
    plain, scaled = (nn.Parameter(torch.tensor([1.0])) for _ in range(2))
    for weight, factor in ((plain, 1.0), (scaled, 0.01)):
        optimiser = torch.optim.Adam([weight], 0.1)
        weight.grad = torch.tensor([3.0]) * factor
        optimiser.step()
    assert torch.allclose(plain, scaled)


def test_the_optimiser_remembers_whole_steps():
    weight = nn.Parameter(torch.tensor([0.0]))
    optimiser = torch.optim.SGD([weight], 1.0, momentum=0.5)
    guide(optimiser, [(weight, torch.tensor([0.5]))])
    for _ in range(2):
        weight.grad = torch.tensor([1.0])
        optimiser.step()
    assert weight.item() == -0.5 * (1 + 1.5)


def test_hooks_are_taken_off():
    weight = nn.Parameter(torch.tensor([0.0]))
    optimiser = torch.optim.SGD([weight], 1.0)
    guide(optimiser, [(weight, torch.tensor([0.0]))]).remove()
    weight.grad = torch.tensor([1.0])
    optimiser.step()
    assert weight.item() == -1


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_both_ends_are_exact_in_every_type(dtype):
    weight = nn.Parameter(torch.tensor([0.1, 0.1, 0.1], dtype=dtype))
    plain = copy.deepcopy(weight)
    for each in (weight, plain):
        each.grad = torch.tensor([0.3, 0.7, 0.7], dtype=dtype)
    optimiser = torch.optim.SGD([weight], 0.1)
    guide(optimiser, [(weight, torch.tensor([1.0, 0.0, 0.5]))])
    optimiser.step()
    torch.optim.SGD([plain], 0.1).step()
    assert weight[0] == plain[0]
    assert weight[1] == torch.tensor(0.1, dtype=dtype)
    assert plain[2] != weight[2] != torch.tensor(0.1, dtype=dtype)


def test_scaled_gradients_are_those_of_sgd_and_nothing_under_adam():
    """The authors' form: equal to scaled updates for SGD, and no different from plain training for Adam."""
    moved = {}
    for name, make in (("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)):
        weight = nn.Parameter(torch.tensor([1.0, 1.0]))
        optimiser = make([weight], 0.1)
        guide(optimiser, [(weight, torch.tensor([0.25, 0.0]))], "gradient")
        weight.grad = torch.tensor([2.0, 2.0])
        optimiser.step()
        moved[name] = (1 - weight).tolist()
    assert moved["sgd"] == pytest.approx([0.05, 0])
    assert moved["adam"] == pytest.approx([0.1, 0])


def test_an_anchor_draws_back_by_hand():
    """A step of -1 at rate .5, then back by .5 * .4 * (1 - guide) of the way: all of it kept where free."""
    weight = nn.Parameter(torch.tensor([0.0, 0.0]))
    optimiser = torch.optim.SGD([weight], 0.5)
    guide(optimiser, [(weight, torch.tensor([0.0, 0.5]))], "anchor", 0.4)
    weight.grad = torch.tensor([2.0, 2.0])
    optimiser.step()
    assert weight.tolist() == pytest.approx([-0.8, -0.9])


def test_gradients_within_a_step_of_lbfgs_are_not_scaled():
    weight = nn.Parameter(torch.tensor([0.0]))
    with pytest.raises(BadInput, match="L-BFGS"):
        guide(torch.optim.LBFGS([weight]), [(weight, torch.tensor([0.5]))], "gradient")
    with pytest.raises(BadInput, match="use is 'rate'"):
        guide(torch.optim.SGD([weight]), [(weight, torch.tensor([0.5]))], "rate")


@pytest.mark.parametrize("wrong", [[1.5, 0.0], [-0.1, 0.0], [float("nan"), 0.0], [0.5]], ids=str)
def test_guides_of_another_shape_or_out_of_range_are_refused(wrong):
    weight = nn.Parameter(torch.zeros(2))
    with pytest.raises(BadInput, match=r"has the shape \(2,\), and guides are in \[0, 1\]"):
        guide(torch.optim.SGD([weight], 1.0), [(weight, torch.tensor(wrong))])
