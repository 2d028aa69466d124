"""The weights of the three terms, and statistics of the whole batch whatever its parts."""

import pytest
import torch
from tests.methods.contrast import CTX, A, B, embedded, plain_parts, steps_of

from headstart.core import BadInput, find

VICReg = find("vicreg")


def test_each_weight_by_hand():
    """Squared differences: row 1 has 1 + 4, row 2 has 1 + 1, of 6 numbers."""
    found = VICReg(invariance=6.0, variance=0.0, covariance=0.0).loss(
        plain_parts("projection"), embedded(A, B), CTX
    )
    assert found.total.item() == pytest.approx(7.0)
    deviations = torch.cat([A.std(0), B.std(0)])
    hinge = (1 - (deviations.square() + 1e-4).sqrt()).clamp_min(0).mean().item()
    found = VICReg(invariance=0.0, variance=2.0, covariance=0.0).loss(
        plain_parts("projection"), embedded(A, B), CTX
    )
    assert found.total.item() == pytest.approx(2 * hinge)
    squares = sum(torch.cov(z.T)[0, 1].item() ** 2 for z in (A, B))
    found = VICReg(invariance=0.0, variance=0.0, covariance=3.0).loss(
        plain_parts("projection"), embedded(A, B), CTX
    )
    assert found.total.item() == pytest.approx(3 * squares, rel=1e-5)


def test_parts_of_a_batch_share_their_statistics():
    """The projection, with its batch normalisations, sees the whole batch, and counts it once."""
    whole, parts = (steps_of(VICReg(), accumulate=count)[0].parts.state_dict() for count in (1, 3))
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, rtol=1e-5, atol=1e-6, msg=name)
    assert whole["projection.1.num_batches_tracked"] == 4


def test_refuses_a_weight_below_nothing():
    with pytest.raises(BadInput, match="covariance is -1"):
        VICReg(covariance=-1)
