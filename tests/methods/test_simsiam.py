"""Each view predicts the other, which gets no gradient."""

import pytest
import torch
from tests.methods.contrast import CTX, A, B, embedded, plain_parts

from headstart.core import find

SimSiam = find("simsiam")


def test_both_ways_by_hand():
    parts = plain_parts("projection", "prediction")
    found = SimSiam().loss(parts, embedded(A, B), CTX).total
    assert found.item() == pytest.approx(-(1 + 0 + 0.96) / 3)


def test_the_target_is_held_still():
    """The gradient of row 1 of A is that of -cos(a, b) / 6 for a = (0, 2), b = (1, 0): -b / |a| / 6."""
    a, b = A.clone().requires_grad_(), B.clone()
    SimSiam().loss(plain_parts("projection", "prediction"), embedded(a, b), CTX).total.backward()
    torch.testing.assert_close(a.grad[1], torch.tensor([-1.0, 0.0]) / 2 / 6)
