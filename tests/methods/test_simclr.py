import math

import pytest
import torch

from headstart.core import BadInput, find
from headstart.losses.contrastive.nt_xent import nt_xent

SimCLR = find("simclr")


def test_two_pairs_by_hand():
    """Both pairs are equal and lie at right angles: of 3 logits 1/T, 0, 0 the first is meant."""
    a = torch.eye(2)
    expected = math.log(math.exp(2) + 2) - 2
    assert nt_xent(a, a, 0.5).item() == pytest.approx(expected)


def test_refuses_a_temperature_of_nothing():
    with pytest.raises(BadInput, match="temperature is 0"):
        SimCLR(temperature=0)


def test_views_that_say_nothing_have_the_loss_of_chance():
    same = torch.ones(4, 3)
    assert nt_xent(same, same, 0.1).item() == pytest.approx(SimCLR().chance_level(4))
