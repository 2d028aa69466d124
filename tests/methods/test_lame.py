"""Answers follow their neighbours; no weight moves."""

import math

import pytest
import torch
from tests.methods.flows import Clouds, answers, begin, cloud_head, clouds, same, state, two_way
from tests.methods.ways import Same

from headstart.core import BadInput
from headstart.methods.inputs.streams.lame import Lame


def test_two_rows_by_hand():
    """Alike rows with logits (1, -1) twice: z = sigmoid(2 + 2 z - 1) of the first class."""
    z = 0.9
    for _ in range(100):
        z = 1 / (1 + math.exp(-(2 + 2 * z - 1)))
    (found,) = answers(begin(Lame(k=1), Same(2), two_way()), [[[1.0, 0.0], [1.0, 0.0]]])
    torch.testing.assert_close(found.softmax(1)[:, 0], torch.full((2,), z), rtol=1e-3, atol=1e-3)


def test_a_row_between_is_told_by_its_neighbours():
    """It leans to the second class by itself; all that lies near is of the first."""
    rows = [[1.0, 5.0], [1.0, 4.9], [1.0, 5.1], [-0.05, 5.0]]
    (alone,) = answers(begin(Lame(weight=0.0), Same(2), two_way()), [rows])
    (together,) = answers(begin(Lame(k=3), Same(2), two_way()), [rows])
    assert alone.argmax(1).tolist() == [0, 0, 0, 1]
    assert together.argmax(1).tolist() == [0, 0, 0, 0]


def test_without_weight_and_for_one_row_it_is_the_source():
    source = cloud_head()(Clouds().eval()(clouds(1)[0]))
    (found,) = answers(begin(Lame(weight=0.0), Clouds(), cloud_head(), shape=(4,)), clouds(1))
    assert torch.equal(found, source)
    (found,) = answers(begin(Lame(), Clouds(), cloud_head(), shape=(4,)), [clouds(1)[0][:1]])
    torch.testing.assert_close(found, source[:1], rtol=1e-4, atol=1e-5)


def test_nothing_changes():
    run = begin(Lame(), Clouds(), cloud_head(), shape=(4,))
    before = state(run)
    answers(run, clouds(3))
    assert same(before, state(run))


def test_bad_settings_are_refused():
    for setting, value in {"weight": -1, "k": 0}.items():
        with pytest.raises(BadInput, match=f"lame: {setting} is {value}"):
            Lame(**{setting: value})
