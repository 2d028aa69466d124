"""Relation networks by hand."""

import pytest
import torch
from tests.learners.by_hand import answer, plain_parts, rows

from headstart.core import BadInput, Ctx, Episodes
from headstart.learners.metric.relation_net import RelationNet

SUPPORT = rows([[1, 0], [3, 0], [0, 4]], [0, 0, 1])  # means (2, 0) and (0, 4)
CTX = Ctx(0, 0.0, lambda x: x)


def related(learner):
    """The relation module is relu(2 * first of the mean - second of the query) + 1."""
    parts = plain_parts(learner)
    first, _, last = parts["relation"]
    first.weight.data = torch.tensor([[2.0, 0, 0, -1]])
    last.weight.data.fill_(1)
    first.bias.data.zero_()
    last.bias.data.fill_(1)
    return parts


def test_relations_by_hand():
    """2 * 2 - 3 + 1 = 2 with the first mean, and 0 + 1 with the second."""
    learner = RelationNet(units=1)
    assert answer(learner, related(learner), SUPPORT, [[7, 3]]).tolist() == [[2, 1]]


def test_the_loss_is_the_squared_error_of_the_relations():
    learner = RelationNet(units=1)
    batch = Episodes(SUPPORT, rows([[7, 3]], [0]))
    p, q = torch.tensor([2.0, 1.0]).sigmoid().tolist()
    found = learner.loss(related(learner), batch, CTX).total.item()
    assert found == pytest.approx(((1 - p) ** 2 + q**2) / 2)
    other = RelationNet(units=1, loss_on="cross-entropy")
    found = other.loss(related(other), batch, CTX).total.item()
    assert found == pytest.approx(float(torch.tensor([2.0, 1.0]).logsumexp(0) - 2))


def test_wrong_settings_are_refused():
    with pytest.raises(BadInput, match="units is 0"):
        RelationNet(units=0)
    with pytest.raises(BadInput, match="loss_on is 'hinge'"):
        RelationNet(loss_on="hinge")
