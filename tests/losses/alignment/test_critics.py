"""Reversal, the critic's losses and what it reads: by hand, exact gradients, and a game that is played."""

import math

import pytest
import torch
from torch import nn

from headstart.core import BadData, BadInput
from headstart.losses.alignment.cdan import entropy_weights, multilinear_map, projection
from headstart.losses.alignment.domain_confusion import domain_loss, uniform_confusion_loss
from headstart.losses.alignment.reversal import ramp, reverse_gradient


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# --- reversal


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, 2.5])
def test_forward_is_the_identity_and_backward_is_minus_strength(strength):
    x = drawn(4, 3).requires_grad_()
    y = reverse_gradient(x, strength)
    assert torch.equal(y, x)
    y.sum().backward()
    assert torch.equal(x.grad, torch.full_like(x, -strength))


def test_reversal_works_row_by_row_under_vmap():
    x = drawn(4, 3)
    found = torch.func.vmap(torch.func.grad(lambda row: reverse_gradient(row, 0.5).square().sum()))(x)
    torch.testing.assert_close(found, -x)


def test_the_ramp_is_the_papers():
    for progress in (0.0, 0.1, 0.5, 1.0):
        assert ramp(progress) == pytest.approx(2 / (1 + math.exp(-10 * progress)) - 1, abs=1e-15)
    assert ramp(0.5, 2.0) == pytest.approx(2 / (1 + math.exp(-1.0)) - 1)
    assert ramp(0.0) == 0
    assert ramp(1.0, 1e4) == 1  # no overflow


def test_reversal_refuses_what_is_out_of_range():
    with pytest.raises(BadInput, match="strength of the reversal is -1"):
        reverse_gradient(drawn(2), -1)
    with pytest.raises(BadInput, match="progress is 50"):
        ramp(50)
    with pytest.raises(BadInput, match="steepness is 0"):
        ramp(0.5, 0)


# --- the critic


def test_the_critics_loss_by_hand():
    """P(source) is 3/4 of the source's row, and 1/4 and 1/2 of the target's."""
    source, target = torch.tensor([math.log(3)]), torch.tensor([[-math.log(3)], [0.0]])
    expected = (-math.log(3 / 4) + (-math.log(3 / 4) - math.log(1 / 2)) / 2) / 2
    assert float(domain_loss(source, target)) == pytest.approx(expected)


def test_an_undecided_critic_loses_ln_2_however_many_rows_there_are():
    for n, m in ((1, 1), (6, 4), (1, 50)):
        for loss in (domain_loss, uniform_confusion_loss):
            assert float(loss(torch.zeros(n), torch.zeros(m))) == pytest.approx(math.log(2))


def test_doubling_one_domain_changes_nothing():
    source, target = drawn(6), drawn(4, seed=1)
    for loss in (domain_loss, uniform_confusion_loss):
        torch.testing.assert_close(loss(source, target), loss(torch.cat([source, source]), target))


def test_weights_count_rows():
    source, target = drawn(3), drawn(2, seed=1)
    weighted = domain_loss(source, target, torch.tensor([2.0, 0.0, 4.0]), torch.tensor([1.0, 1.0]))
    torch.testing.assert_close(weighted, domain_loss(source[[0, 2, 2]], target))


def test_uniform_confusion_by_hand_is_least_where_undecided():
    """P(source) 3/4: the cross-entropy against one half is -(ln 3/4 + ln 1/4) / 2, the same for 1/4."""
    z = torch.tensor([math.log(3), -math.log(3)])
    expected = -(math.log(3 / 4) + math.log(1 / 4)) / 2
    assert float(uniform_confusion_loss(z, z)) == pytest.approx(expected)
    z = torch.zeros(3, requires_grad=True)
    uniform_confusion_loss(z, torch.zeros(2)).backward()
    assert not z.grad.any()


@pytest.mark.parametrize("loss", [domain_loss, uniform_confusion_loss])
def test_gradients_of_the_critics_losses(loss):
    assert torch.autograd.gradcheck(loss, (drawn(4).requires_grad_(), drawn(3, seed=1).requires_grad_()))


def test_sure_answers_stay_finite():
    z = torch.full((2,), 1e4)
    assert float(domain_loss(z, -z)) == 0
    assert float(domain_loss(-z, z)) == 1e4


def test_two_columns_are_no_logit():
    with pytest.raises(BadData, match=r"one logit a row.*\(4, 2\)"):
        domain_loss(drawn(4, 2), drawn(4))
    with pytest.raises(BadData, match="Weights must be 3 numbers"):
        domain_loss(drawn(3), drawn(3), torch.tensor([1.0, -1.0, 1.0]))
    with pytest.raises(BadData, match="Weights must be 3 numbers"):
        domain_loss(drawn(3), drawn(3), None, torch.zeros(3))


def test_reversed_features_meet_and_the_critic_is_trained():
    """A shift of one domain and a critic play; with a strength of 0 the shift stays and the critic wins."""

    def play(strength):
        source, target = drawn(60, 2), drawn(40, 2, seed=1) + torch.tensor([3.0, 0.0]).double()
        shift = nn.Parameter(torch.zeros(2).double())
        critic = nn.Linear(2, 1).double()
        nn.init.zeros_(critic.weight)
        nn.init.zeros_(critic.bias)
        slow = torch.optim.SGD([shift], 0.3)
        fast = torch.optim.SGD(critic.parameters(), 0.5, weight_decay=0.1)
        for _ in range(200):
            moved = reverse_gradient(target + shift, strength)
            loss = domain_loss(critic(source), critic(moved))
            slow.zero_grad()
            fast.zero_grad()
            loss.backward()
            slow.step()
            fast.step()
        return float((target + shift.detach() - source.mean(0)).mean(0).norm()), float(loss.detach())

    apart, sure = play(0.0)
    near, unsure = play(1.0)
    assert apart == pytest.approx(3.0, abs=0.5)
    assert sure < 0.45
    assert near < 0.3
    assert unsure == pytest.approx(math.log(2), abs=0.02)


# --- what the critic reads


def test_the_multilinear_map_by_hand():
    found = multilinear_map(torch.tensor([[2.0, 3.0]]), torch.tensor([[0.9, 0.1, 0.0]]))
    torch.testing.assert_close(found, torch.tensor([[1.8, 0.2, 0.0, 2.7, 0.3, 0.0]]))


def test_a_projection_keeps_inner_products():
    f, g = drawn(5, 7), drawn(5, 3, seed=1).softmax(1)
    exact = multilinear_map(f, g)
    rough = multilinear_map(f, g, projection(7, 3, 200_000, seed=0))
    assert rough.shape == (5, 200_000)
    torch.testing.assert_close(rough @ rough.T, exact @ exact.T, atol=0.15, rtol=0.02)


def test_a_projection_is_a_function_of_its_seed():
    one, same, other = (projection(4, 3, 5, seed) for seed in (1, 1, 2))
    assert torch.equal(one.features, same.features)
    assert torch.equal(one.answers, same.answers)
    assert not torch.equal(one.features, other.features)
    square = projection(4, 4, 5, 1)
    assert not torch.equal(square.features, square.answers)


def test_the_map_under_autocast_keeps_its_digits():
    f, g, r = drawn(5, 7).float(), drawn(5, 3).softmax(1).float(), projection(7, 3, 16, 0)
    with torch.autocast("cpu", torch.bfloat16):
        found = multilinear_map(f, g, r)
    torch.testing.assert_close(found, multilinear_map(f, g, r))


@pytest.mark.parametrize("projected", [None, projection(3, 2, 4, 0)], ids=["all", "projected"])
def test_gradients_of_the_map(projected):
    f, g = drawn(4, 3).requires_grad_(), drawn(4, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda f, g: multilinear_map(f, g, projected), (f, g))


def test_entropy_weights_by_hand():
    """A sure row of entropy 0 and an undecided one of ln 2: 2 and 1.5, over their mean of 1.75."""
    logits = torch.tensor([[100.0, 0.0], [0.0, 0.0]], requires_grad=True)
    found = entropy_weights(logits)
    assert found.tolist() == pytest.approx([2 / 1.75, 1.5 / 1.75])
    assert not found.requires_grad


def test_the_map_refuses_what_does_not_fit():
    with pytest.raises(BadData, match="4 rows of features and 3 of answers"):
        multilinear_map(drawn(4, 2), drawn(3, 2))
    with pytest.raises(BadData, match="projection is for 3 features and 2 answers a row, not 3 and 5"):
        multilinear_map(drawn(4, 3), drawn(4, 5), projection(3, 2, 4, 0))
    with pytest.raises(BadInput, match="each must be >= 1"):
        projection(3, 2, 0, 0)
