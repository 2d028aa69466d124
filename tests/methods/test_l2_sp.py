"""Springs to the start: energy and pull by hand, nothing without them, a shorter way with them."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, Same, of, same, tuned
from tests.toy import Toy

from headstart.core import BadInput, Ctx, Labelled, Task
from headstart.core.linear_head import LinearHead
from headstart.losses.anchor import squared_distance
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.l2_sp import L2SP

CTX = Ctx(0, 0.0, lambda rows: rows)
BATCH = Labelled(torch.tensor([[1.0, 2.0]]), torch.tensor([0]))
LONG = replace(PLAIN, steps=30, weight_decay=0.0)


def test_energy_and_pull_by_hand():
    """One weight is 3 away: 0.2 / 2 * 9 = 0.9; a head of four ones and biases (1, -2): 0.4 / 2 * 9 = 1.8."""
    method = L2SP(alpha=0.2, beta=0.4)
    head = LinearHead.of(torch.ones(2, 2), torch.tensor([1.0, -2.0]))
    parts = method.parts(Same(2), Task(2, (2,), head=head))
    weight, bias = parts["backbone"].scale.weight, parts["head"].bias
    with torch.no_grad():
        weight[0, 1] += 3
    loss = method.loss(parts, BATCH, CTX)
    assert loss.terms["start"].item() == pytest.approx(0.9)
    assert loss.terms["head"].item() == pytest.approx(1.8)
    plain = FineTune().loss(parts, BATCH, CTX)
    assert loss.total.item() == pytest.approx(plain.total.item() + 2.7)
    pulls = [torch.autograd.grad(found.total, (weight, bias)) for found in (loss, plain)]
    torch.testing.assert_close(pulls[0][0] - pulls[1][0], torch.tensor([[0.0, 0.6], [0.0, 0.0]]))
    torch.testing.assert_close(pulls[0][1] - pulls[1][1], torch.tensor([0.4, -0.8]))


def test_the_distance_is_over_all_tensors():
    assert squared_distance([torch.ones(2), torch.zeros(3)], [torch.zeros(2), torch.full((3,), 2.0)]) == 14


@pytest.mark.parametrize("settings", [{}, {"norm": "train", "last": 1, "lr_decay": 0.5}])
def test_without_springs_it_is_fine_tuning_without_weight_decay(settings):
    springless = tuned(L2SP(alpha=0.0, beta=0.0, **settings), Toy())
    plain = tuned(FineTune(weight_decay=0.0, **settings), Toy())
    assert same(of(springless, "backbone", "head"), of(plain, "backbone", "head"))
    assert not same(of(tuned(L2SP(**settings), Toy()), "head"), of(plain, "head"))


def distance(run):
    pairs = zip(run.parts["backbone"].parameters(), Toy(norm=False).parameters(), strict=True)
    return sum((one - other).square().sum().item() for one, other in pairs)


def test_stronger_springs_make_a_shorter_way():
    weak, middle, strong = (distance(tuned(L2SP(alpha=a, backbone_lr=1.0), recipe=LONG)) for a in (0, 0.1, 1))
    assert strong < 0.8 * middle < 0.8 * 0.95 * weak


def test_a_stronger_pull_makes_a_smaller_head():
    weak, strong = (tuned(L2SP(beta=beta), recipe=LONG).parts["head"].weight.norm() for beta in (0, 1))
    assert strong < 0.8 * weak


def test_the_start_stays():
    """Held in a part of its own: a penalty to weights that move along is always 0."""
    run = tuned(L2SP(), Toy(), recipe=LONG)
    for name, value in Toy().state_dict().items():
        assert torch.equal(run.parts["start"].state_dict()[name], value)
    assert not torch.equal(run.parts["backbone"].body[0].weight, Toy().body[0].weight)


@pytest.mark.parametrize(("name", "value"), [("alpha", -0.1), ("beta", float("nan"))])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"l2-sp: {name} is {value!r}; it must be >= 0"):
        L2SP(**{name: value})
