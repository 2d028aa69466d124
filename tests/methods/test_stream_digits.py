"""Digits whose brightness or contrast has shifted: the numbers of benchmarks/stream_digits.py."""

import pytest

from headstart.methods.inputs.streams.lame import Lame
from headstart.methods.inputs.streams.norm import Norm
from headstart.methods.inputs.streams.tent import Tent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model():
    from benchmarks.stream_digits import trained

    return trained(0, epochs=12)


@pytest.mark.parametrize("shift", ["brightness", "contrast"])
def test_where_the_source_is_lost_norm_and_tent_are_not(shift, model):
    from benchmarks.stream_digits import LR, SHIFTS, SPLIT, accuracy, digits

    x, y = (each[SPLIT:] for each in digits())
    changed = SHIFTS[shift](x)
    assert accuracy(Lame(weight=0.0), model, x, y) > 0.85
    assert accuracy(Lame(weight=0.0), model, changed, y) <= 0.35
    assert accuracy(Norm(), model, changed, y) >= 0.8
    assert accuracy(Tent(lr=LR), model, changed, y) >= 0.8
    running = Norm(statistics="running")
    assert accuracy(running, model, changed[:200], y[:200], batch=1) >= 0.6
