"""Matching networks by hand."""

import math

import pytest
import torch
from tests.learners.by_hand import answer, plain_parts, rows

from headstart.core import BadInput
from headstart.learners.metric.matching_net import MatchingNet

SUPPORT = rows([[2, 0], [0, 3]], [0, 1])


def test_attention_by_hand():
    """The query's cosines are 1 and 0, whatever the lengths: e / (e + 1) and 1 / (e + 1)."""
    found = answer(MatchingNet(), plain_parts(MatchingNet()), SUPPORT, [[5, 0]])[0].exp()
    assert found.tolist() == pytest.approx([math.e / (math.e + 1), 1 / (math.e + 1)])


def test_a_class_has_the_attention_of_all_its_rows():
    """Cosines 1, 0, 0: e + 1 of e + 2 for the class with two rows."""
    support = rows([[1, 0], [0, 1], [0, 1]], [0, 0, 1])
    found = answer(MatchingNet(), plain_parts(MatchingNet()), support, [[1, 0]])[0].exp()
    assert found.tolist() == pytest.approx([(math.e + 1) / (math.e + 2), 1 / (math.e + 2)])


def test_the_scale_multiplies_the_cosines():
    learner = MatchingNet(scale=3.0)
    found = answer(learner, plain_parts(learner), SUPPORT, [[5, 0]])[0]
    assert float(found[0] - found[1]) == pytest.approx(3, rel=1e-5)


def test_the_scale_learns_only_where_it_should():
    for learn in (False, True):
        parts = plain_parts(MatchingNet(learn_scale=learn))
        assert [one.requires_grad for one in parts.parameters()] == [learn]


def test_absent_classes_have_no_probability():
    parts = plain_parts(MatchingNet(), outputs=3)
    found = answer(MatchingNet(), parts, SUPPORT, [[1, 1]])[0]
    assert found[2] == -torch.inf
    assert float(found[:2].exp().sum()) == pytest.approx(1)


def test_scales_that_turn_attention_round_are_refused():
    with pytest.raises(BadInput, match="scale is -1"):
        MatchingNet(scale=-1.0)
