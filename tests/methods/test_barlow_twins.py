"""The cross-correlation of two views."""

import pytest
import torch
from tests.methods.contrast import CTX, embedded, plain_parts

from headstart.core import BadInput, find

BarlowTwins = find("barlow-twins")


def test_the_weight_of_what_repeats_by_hand():
    """Both dimensions are the same: two correlations of 1 beside the diagonal."""
    z = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    found = BarlowTwins(off_diagonal=0.25).loss(plain_parts("projection"), embedded(z, z), CTX)
    assert found.total.item() == pytest.approx(0.5, abs=1e-3)
    found = BarlowTwins(off_diagonal=0.0).loss(plain_parts("projection"), embedded(z, -z), CTX)
    assert found.total.item() == pytest.approx(2 * 2**2, abs=1e-3)


def test_refuses_a_weight_below_nothing():
    with pytest.raises(BadInput, match="off_diagonal is -1"):
        BarlowTwins(off_diagonal=-1)
