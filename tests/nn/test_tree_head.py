"""Trees as tensors: two trees by hand, where rows go, and what is saved of them."""

import math

import numpy as np
import torch

from headstart.methods.mapping.trees.arrays import LEAF, Tree, head_of, rounded_down
from headstart.nn.heads import make_head

# x0 <= 1: 0.2 of the first output; else by x1 <= 5 to 0.4 or to 0.8
DEEP = Tree(
    np.array([0, 0, 1, 0, 0]),
    np.array([1.0, 0.0, 5.0, 0.0, 0.0]),
    np.array([1, LEAF, 3, LEAF, LEAF]),
    np.array([2, LEAF, 4, LEAF, LEAF]),
    np.array([[9, 9], [0.2, 0.3], [9, 9], [0.4, 0.1], [0.5, 0.0]]),
)
FLAT = Tree.constant(np.array([0.1, 0.4]))
ROWS = torch.tensor([[1.0, 0.0], [1.5, 5.0], [1.5, 5.5], [math.nan, 0.0]])
SUMS = torch.tensor([[0.3, 0.7], [0.5, 0.5], [0.6, 0.4], [0.5, 0.5]])  # what is missing goes right


def test_a_row_goes_left_up_to_the_threshold_and_leaves_are_summed():
    head = head_of([DEEP, FLAT], 2)
    torch.testing.assert_close(head.sums(ROWS), SUMS)
    assert head.settings["depth"] == DEEP.depth == 2
    assert FLAT.depth == 0


def test_votes_are_smoothed_by_one_tree():
    """Of two trees: (2 * 0.3 + 1/2) / 3 for the first class of the first row; never 0."""
    head = head_of([DEEP, FLAT], 2, votes="classes")
    torch.testing.assert_close(head(ROWS).exp(), (2 * SUMS + 0.5) / 3)
    tags = head_of([DEEP, FLAT], 2, votes="tags")
    torch.testing.assert_close(tags(ROWS).sigmoid(), (2 * SUMS + 0.5) / 3)


def test_trees_of_one_value_add_to_the_outputs_in_turn():
    one, two = Tree.constant(np.array([1.0])), Tree.constant(np.array([10.0]))
    head = head_of([one, two, two, one], 2)
    torch.testing.assert_close(head(ROWS[:1]), torch.tensor([[11.0, 11.0]]))
    head = head_of([one, two, one, two], 2)
    torch.testing.assert_close(head(ROWS[:1]), torch.tensor([[2.0, 20.0]]))


def test_numbers_are_rescaled():
    head = head_of([DEEP, FLAT], 2)
    twin = head.rescaled(torch.tensor([1.0, -1.0]), torch.tensor([2.0, 10.0]))
    torch.testing.assert_close(twin(ROWS), SUMS * torch.tensor([2.0, 10.0]) + torch.tensor([1.0, -1.0]))
    torch.testing.assert_close(head(ROWS), SUMS)


def test_thresholds_in_float32_part_the_same_numbers():
    """Halfway between two float32 numbers, the lower goes left and the upper right, as in float64."""
    low = np.float32(0.1)
    high = np.nextafter(low, np.float32(1))
    middle = np.array([(float(low) + float(high)) / 2, float(low), float(high) - 1e-12])
    assert (rounded_down(middle) == low).all()
    assert (np.float32(high) > rounded_down(middle)).all()


def test_it_is_made_again_from_its_settings_and_tensors():
    head = head_of([DEEP, FLAT], 2, votes="classes")
    again = make_head(type(head).__name__, head.settings)
    again.load_state_dict(head.state_dict())
    assert torch.equal(again(ROWS), head(ROWS))
