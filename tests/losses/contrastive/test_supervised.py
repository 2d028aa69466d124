"""SupCon by the formula of the paper, summed pair by pair."""

import pytest
import torch
from tests.losses.contrastive.vectors import views
from torch.nn.functional import normalize

from headstart.losses.contrastive.nt_xent import nt_xent
from headstart.losses.contrastive.supervised import supervised_contrastive

Y = torch.tensor([0, 1, 0, 2, 1, 0])


def pair_by_pair(a, b, y, temperature):
    z, classes = normalize(torch.cat([a, b]), dim=1), y.repeat(2)
    logits = z @ z.T / temperature
    found = []
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i]
        whole = logits[i, others].logsumexp(0)
        found.append(torch.stack([whole - logits[i, p] for p in others if classes[p] == classes[i]]).mean())
    return torch.stack(found).mean()


@pytest.mark.parametrize("chunk", [5, 512])
def test_pair_by_pair(chunk):
    a, b = (z.requires_grad_() for z in views())
    found = supervised_contrastive(a, b, Y, 0.3, chunk=chunk)
    expected = pair_by_pair(a, b, Y, 0.3)
    assert found.item() == pytest.approx(expected.item(), abs=2e-6)
    for one, other in zip(
        torch.autograd.grad(found, (a, b)), torch.autograd.grad(expected, (a, b)), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_with_a_class_for_each_row_it_is_simclrs():
    a, b = views()
    found = supervised_contrastive(a, b, torch.arange(6), 0.3)
    assert found.item() == pytest.approx(nt_xent(a, b, 0.3).item(), abs=2e-6)


def test_shares_of_the_rows_add_up_to_the_whole():
    a, b = views()
    shares = [supervised_contrastive(a, b, Y, 0.3, own) for own in (slice(0, 4), slice(4, 6))]
    whole = supervised_contrastive(a, b, Y, 0.3).item()
    assert ((4 * shares[0] + 2 * shares[1]) / 6).item() == pytest.approx(whole, abs=1e-6)


def test_a_row_that_counts_nothing_may_have_any_label():
    a, b = views()
    weight = torch.tensor([2.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    y = torch.tensor([0, 1, 0, 2, 1, 0])
    other = torch.tensor([0, 1, 3, 2, 1, 0])  # nothing else is in its class
    found = [supervised_contrastive(a, b, labels, 0.3, weight=weight).item() for labels in (y, other)]
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert found[0] != pytest.approx(supervised_contrastive(a, b, y, 0.3).item(), abs=1e-2)


def test_weights_of_one_are_no_weights():
    a, b = views()
    found = supervised_contrastive(a, b, Y, 0.3, weight=torch.ones(6))
    assert found.item() == supervised_contrastive(a, b, Y, 0.3).item()
