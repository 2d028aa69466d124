"""CORAL, MMD and joint MMD: by hand, against brute force, of equal domains, and their gradients."""

import math

import pytest
import torch

from headstart.core import BadData, BadInput
from headstart.losses.alignment.coral import coral_loss
from headstart.losses.alignment.jan import joint_mmd_loss
from headstart.losses.alignment.mmd import mmd_loss


def drawn(rows, width=3, seed=0, shift=0.0, scale=1.0):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(rows, width, generator=g, dtype=torch.float64) * scale + shift


def falls(loss, steps=60, lr=0.5):
    """The loss of points that move freely along its gradient, before and after."""
    source, target = drawn(12, 2, 1), drawn(7, 2, 2, shift=2.0, scale=3.0).requires_grad_()
    optimiser = torch.optim.Adam([target], lr=lr / 10)
    first = float(loss(source, target.detach()))
    for _ in range(steps):
        optimiser.zero_grad()
        loss(source, target).backward()
        optimiser.step()
    return first, float(loss(source, target.detach()))


# --- CORAL


def test_coral_by_hand():
    """Variances 2 and 8 and no covariance against variance 2 of the first alone: 8^2 / (4 * 2^2) = 4."""
    source = torch.tensor([[0.0, 0.0], [2.0, 0.0]])  # covariance [[2, 0], [0, 0]]
    target = torch.tensor([[1.0, -2.0], [1.0, 2.0]])  # covariance [[0, 0], [0, 8]]
    assert float(coral_loss(source, target)) == (2**2 + 8**2) / 16


def test_coral_is_the_formula_for_unequal_batches():
    source, target = drawn(9, 4), drawn(5, 4, 1, 3.0, 2.0)
    gap = torch.cov(source.T) - torch.cov(target.T)
    expected = torch.linalg.matrix_norm(gap) ** 2 / (4 * 4**2)
    torch.testing.assert_close(coral_loss(source, target), expected)


def test_coral_of_the_same_rows_or_shifted_ones_is_0():
    x = drawn(6)
    assert float(coral_loss(x, x)) == 0
    assert float(coral_loss(x, x + 5)) == pytest.approx(0, abs=1e-25)
    assert float(coral_loss(x, 2 * x)) > 0.1


# --- MMD


def test_mmd_by_hand():
    """One row each, a distance of 2, bandwidth 1: 1 + 1 - 2 exp(-4/2), and half of that with a far scale."""
    source, target = torch.tensor([[0.0]]), torch.tensor([[2.0]])
    assert float(mmd_loss(source, target, (1.0,), 1.0)) == pytest.approx(2 - 2 * math.exp(-2))
    both = mmd_loss(source, target, (1.0, 1e12), 1.0)  # the second kernel tells nothing apart
    assert float(both) == pytest.approx(1 - math.exp(-2))


def test_the_default_bandwidth_by_hand():
    """Rows 0, 0 and 3: pairs at squared distances 0, 9, 9, mean 6, b^2 = 3, kernel exp(-9/6)."""
    source, target = torch.tensor([[0.0], [0.0]]), torch.tensor([[3.0]])
    k = math.exp(-9 / 6)
    assert float(mmd_loss(source, target, (1.0,))) == pytest.approx(2 - 2 * k)


def brute(source, target, scales, bandwidth, unbiased):
    def k(x, y):
        apart = float((x - y).square().sum())
        return sum(math.exp(-apart / (2 * s * bandwidth**2)) for s in scales) / len(scales)

    def within(rows):
        pairs = [k(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j or not unbiased]
        return sum(pairs) / len(pairs)

    cross = [k(x, y) for x in source for y in target]
    return within(source) + within(target) - 2 * sum(cross) / len(cross)


@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize("far", [0.0, 1e5])
def test_mmd_is_the_definition_for_unequal_batches(unbiased, far):
    source, target = drawn(5) + far, drawn(3, seed=1, shift=1.0) + far
    expected = brute(source, target, (0.5, 3.0), 0.8, unbiased)
    found = mmd_loss(source, target, (0.5, 3.0), 0.8, unbiased)
    assert float(found) == pytest.approx(expected, abs=1e-9)


def test_features_far_from_0_keep_their_digits_in_single_precision():
    source, target = drawn(20), drawn(15, seed=1, shift=1.0)
    near = float(mmd_loss(source, target))
    far = float(mmd_loss((source + 1000).float(), (target + 1000).float()))
    assert far == pytest.approx(near, rel=1e-3)


def test_no_gradient_goes_through_the_default_bandwidth():
    source, target = drawn(5).requires_grad_(), drawn(3, seed=1, shift=1.0)
    variance = float(torch.pdist(torch.cat([source.detach(), target])).square().mean()) / 2
    (expected,) = torch.autograd.grad(mmd_loss(source, target, bandwidth=variance**0.5), source)
    (found,) = torch.autograd.grad(mmd_loss(source, target), source)
    torch.testing.assert_close(found, expected)


def test_the_scale_of_the_features_does_not_matter():
    source, target = drawn(8), drawn(6, seed=1, shift=1.0)
    assert float(mmd_loss(source * 1e4, target * 1e4)) == pytest.approx(float(mmd_loss(source, target)))


def test_mmd_of_equal_domains_is_0_exactly_or_in_expectation():
    x = drawn(10)
    assert float(mmd_loss(x, x)) == pytest.approx(0, abs=1e-15)
    runs = [(drawn(8, seed=s), drawn(5, seed=500 + s)) for s in range(200)]
    fair = torch.stack([mmd_loss(s, t, bandwidth=1.0, unbiased=True) for s, t in runs])
    naive = torch.stack([mmd_loss(s, t, bandwidth=1.0) for s, t in runs])
    assert abs(float(fair.mean())) < 3 * float(fair.std()) / 200**0.5
    assert float(naive.mean()) > 0.05
    assert float(fair.min()) < 0 < float(naive.min())


def test_equal_rows_everywhere_have_no_discrepancy_and_no_nan():
    x = torch.ones(4, 2, requires_grad=True)
    loss = mmd_loss(x, torch.ones(3, 2))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0, abs=1e-7)
    assert not x.grad.isnan().any()


# --- joint MMD


def test_one_layer_is_mmd():
    source, target = drawn(5), drawn(4, seed=1, shift=1.0)
    for unbiased in (False, True):
        torch.testing.assert_close(
            joint_mmd_loss([source], [target], unbiased=unbiased), mmd_loss(source, target, unbiased=unbiased)
        )


def test_two_layers_by_hand():
    """One row each: 2 - 2 k1 k2."""
    source = [torch.tensor([[0.0]]), torch.tensor([[0.0, 0.0]])]
    target = [torch.tensor([[1.0]]), torch.tensor([[1.0, 1.0]])]
    found = joint_mmd_loss(source, target, (1.0,), (1.0, 2.0))
    assert float(found) == pytest.approx(2 - 2 * math.exp(-1 / 2) * math.exp(-2 / 8))


def test_it_sees_what_the_layers_do_not_see_alone():
    """Both layers have the same values in both domains, in other pairs."""
    one = torch.tensor([[0.0], [3.0]], dtype=torch.float64)
    source, target = [one, one], [one, one.flip(0)]
    for s, t in zip(source, target, strict=True):
        assert float(mmd_loss(s, t)) == pytest.approx(0, abs=1e-12)
    assert float(joint_mmd_loss(source, target)) > 0.3


# --- all


LOSSES = {
    "coral": coral_loss,
    "mmd": lambda s, t: mmd_loss(s, t, bandwidth=1.0),
    "unbiased mmd": lambda s, t: mmd_loss(s, t, bandwidth=1.0, unbiased=True),
    "joint mmd": lambda s, t: joint_mmd_loss([s, s[:, :1]], [t, t[:, :1]], bandwidths=(1.0, 2.0)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_finite_differences(name):
    source, target = drawn(4).requires_grad_(), drawn(3, seed=1, shift=0.5).requires_grad_()
    assert torch.autograd.gradcheck(LOSSES[name], (source, target))


@pytest.mark.parametrize("name", LOSSES)
def test_descending_brings_the_domains_together(name):
    first, last = falls(LOSSES[name])
    assert last < first / 2


@pytest.mark.parametrize("name", LOSSES)
def test_autocast_and_half_precision_do_not_cost_digits(name):
    source, target = drawn(20).bfloat16(), drawn(11, seed=1, shift=1.0).bfloat16()
    expected = float(LOSSES[name](source.double(), target.double()))
    with torch.autocast("cpu", torch.bfloat16):
        found = LOSSES[name](source, target)
    assert found.dtype == torch.float32
    assert float(found) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_widths_that_differ_are_refused(name):
    with pytest.raises(BadData, match=r"The source has \d features a row and the target \d"):
        LOSSES[name](drawn(4, 3), drawn(4, 2))
    with pytest.raises(BadData, match="must be floats"):
        LOSSES[name](drawn(4, 3).long(), drawn(4, 3))


def test_too_few_rows_are_refused():
    with pytest.raises(BadData, match="must have 2 rows or more, not 1"):
        coral_loss(drawn(1), drawn(4))
    with pytest.raises(BadData, match="must have 2 rows or more, not 1"):
        mmd_loss(drawn(4), drawn(1), unbiased=True)
    with pytest.raises(BadData, match="must have 1 rows or more, not 0"):
        mmd_loss(drawn(4), drawn(0))


def test_settings_out_of_range_are_refused():
    x = drawn(4)
    with pytest.raises(BadInput, match="A scale is 0"):
        mmd_loss(x, x, (1.0, 0))
    with pytest.raises(BadInput, match="bandwidth is -1"):
        mmd_loss(x, x, bandwidth=-1)
    with pytest.raises(BadInput, match="a scale of the kernel at least"):
        mmd_loss(x, x, ())
    with pytest.raises(BadInput, match="2 layers and 1 bandwidths"):
        joint_mmd_loss([x, x], [x, x], bandwidths=(1.0,))
    with pytest.raises(BadData, match="2 layers of the source and 1 of the target"):
        joint_mmd_loss([x, x], [x])
    with pytest.raises(BadData, match="as many rows"):
        joint_mmd_loss([x, x[:2]], [x, x])
