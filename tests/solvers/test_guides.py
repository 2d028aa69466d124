"""Guides by hand: movement, the range [0, 1], temperature."""

import pytest
import torch

from headstart.core import BadInput
from headstart.solvers.guides import mean_square_movement, min_max, tempered


def test_two_weights_by_hand():
    """Two scouts move a weight by 1 and 3, the other by 0 and 2: means of squares 5 and 2; a third stays."""
    base = {"w": torch.tensor([1.0, 1.0, 1.0])}
    scouts = [{"w": torch.tensor([2.0, 1.0, 1.0])}, {"w": torch.tensor([-2.0, 3.0, 1.0])}]
    movement = mean_square_movement(base, scouts)
    assert movement["w"].tolist() == [5.0, 2.0, 0.0]
    assert torch.allclose(min_max(movement)["w"], torch.tensor([1.0, 0.4, 0.0]))


def test_the_scope_of_least_and_largest():
    movement = {"a": torch.tensor([0.0, 1.0]), "b": torch.tensor([0.0, 4.0])}
    assert min_max(movement)["a"].tolist() == [0, 1]
    assert min_max(movement, "global")["a"].tolist() == [0, 0.25]


def test_tensors_whose_weights_moved_alike():
    movement = {"still": torch.zeros(3), "alike": torch.full((2,), 0.37), "one": torch.tensor([0.5])}
    found = min_max(movement)
    assert [found[name].tolist() for name in movement] == [[0, 0, 0], [1, 1], [1]]


def test_temperature_keeps_both_ends():
    guides = {"w": torch.tensor([0.0, 0.25, 1.0])}
    assert tempered(guides, 0.5)["w"].tolist() == [0, 0.5, 1]
    assert tempered(guides, 2)["w"].tolist() == [0, 0.0625, 1]
    assert tempered(guides, 0)["w"].tolist() == [1, 1, 1]
    assert tempered(guides, 1, 0.2)["w"].tolist() == pytest.approx([0.2, 0.4, 1])


@pytest.mark.parametrize("wrong", [{"temperature": -1}, {"floor": 1.5}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        tempered({}, **wrong)


def test_no_scouts_are_refused():
    with pytest.raises(BadInput, match="one scout"):
        mean_square_movement({}, [])
