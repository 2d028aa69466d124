"""SimCLR's loss against numbers by hand and those of lightly 1.6.0."""

import math

import pytest
import torch
from tests.losses.contrastive.vectors import views
from torch.nn.functional import cross_entropy, normalize

from headstart.losses.contrastive.nt_xent import nt_xent


def plainly(a, b, temperature):
    z = normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).masked_fill(torch.eye(len(z), dtype=torch.bool), -torch.inf)
    return cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


def gradients(loss, *tensors):
    copies = [t.detach().clone().requires_grad_() for t in tensors]
    found = loss(*copies)
    return [found.detach(), *torch.autograd.grad(found, copies)]


def test_two_pairs_by_hand():
    """Both pairs are equal and lie at right angles: of 3 logits 1/T, 0, 0 the first is meant."""
    a = torch.eye(2)
    assert nt_xent(a, a, 0.5).item() == pytest.approx(math.log(math.exp(2) + 2) - 2)


def test_lightlys_number():
    """`lightly.loss.NTXentLoss(0.3)` of lightly 1.6.0."""
    assert nt_xent(*views(), 0.3).item() == pytest.approx(2.095747, abs=2e-6)


@pytest.mark.parametrize("chunk", [1, 5, 12, 512])
def test_any_chunk_gives_the_value_and_all_gradients_of_the_whole(chunk):
    given = *views(), torch.tensor(0.3)
    found = gradients(lambda a, b, t: nt_xent(a, b, t, chunk=chunk), *given)
    for one, other in zip(found, gradients(plainly, *given), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_shares_of_the_rows_add_up_to_the_whole():
    """What two processes do with 4 and 2 rows: the weighted mean of values and gradients."""
    a, b = views()

    def shared(a, b):
        return (4 * nt_xent(a, b, 0.3, slice(0, 4)) + 2 * nt_xent(a, b, 0.3, slice(4, 6))) / 6

    for one, other in zip(
        gradients(shared, a, b), gradients(lambda a, b: plainly(a, b, 0.3), a, b), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
