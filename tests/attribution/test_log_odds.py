"""Log-odds of classes and tags by hand."""

import math

import pytest
import torch

from headstart.attribution.log_odds import MOST, margins


def test_log_odds_by_hand():
    """Of shares 1/2, 1/4 and 1/4 the odds are 1 and 1/3; a tag's log-odds are its logit."""
    shares = torch.tensor([[0.5, 0.25, 0.25]], dtype=torch.float64)
    assert margins(shares.log() + 7, "classes", 0).item() == pytest.approx(0)
    assert margins(shares.log() + 7, "classes", 2).item() == pytest.approx(-math.log(3))
    assert margins(torch.tensor([[0.5, -2.0]]), "tags", 1).tolist() == [-2]
    assert margins(torch.tensor([[0.5, 12345.0]]), "numbers", 1).tolist() == [12345]


def test_log_odds_go_on_where_the_probability_is_1_and_are_finite_where_a_class_is_ruled_out():
    sure = torch.tensor([[90.0, 0.0], [95.0, 0.0]], dtype=torch.float64)
    assert sure.softmax(1)[:, 0].tolist() == [1, 1]
    assert margins(sure, "classes", 0).tolist() == [90, 95]
    ruled_out = torch.tensor([[0.0, -math.inf]])
    assert [margins(ruled_out, "classes", each).item() for each in (0, 1)] == [MOST, -MOST]
