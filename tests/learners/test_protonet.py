"""Prototypical networks by hand, in their linear form, and by other distances."""

import pytest
import torch
from tests.learners.by_hand import answer, plain_parts, rows

from headstart.core import BadInput
from headstart.learners.learner import make_learner
from headstart.learners.metric.protonet import ProtoNet

SUPPORT = rows([[1, 0], [3, 0], [0, 4]], [0, 0, 1])  # prototypes (2, 0) and (0, 4)


def test_logits_by_hand():
    """-|(0, 1) - (2, 0)|^2 = -5 and -|(0, 1) - (0, 4)|^2 = -9."""
    assert answer(ProtoNet(), plain_parts(ProtoNet()), SUPPORT, [[0, 1]]).tolist() == [[-5, -9]]


def test_they_are_linear_but_for_a_constant():
    """2 c.f - c.c, with -f.f for all classes alike (section 2.4 of the paper)."""
    prototypes = torch.tensor([[2.0, 0], [0, 4]])
    x = torch.tensor([[0.5, -1.0], [3.0, 2.0]])
    linear = 2 * x @ prototypes.T - prototypes.square().sum(1)
    found = answer(ProtoNet(), plain_parts(ProtoNet()), SUPPORT, x.tolist())
    assert torch.allclose(found + x.square().sum(1, keepdim=True), linear)


def test_the_root_and_the_cosine_by_hand():
    learner = ProtoNet(distance="euclidean")
    assert answer(learner, plain_parts(learner), SUPPORT, [[0, 1]])[0].tolist() == pytest.approx(
        [-(5**0.5), -3]
    )
    learner = ProtoNet(distance="cosine")
    found = answer(learner, plain_parts(learner), SUPPORT, [[1, 1]])[0]
    assert found.tolist() == pytest.approx([10 * 0.5**0.5] * 2)


def test_a_learned_scale_changes_nothing_at_the_start():
    learner = ProtoNet(learn_scale=True)
    parts = plain_parts(learner)
    assert torch.equal(
        answer(learner, parts, SUPPORT, [[0, 1]]),
        answer(ProtoNet(), plain_parts(ProtoNet()), SUPPORT, [[0, 1]]),
    )
    parts["network"].log_scale.data.fill_(torch.tensor(2.0).log())
    assert answer(learner, parts, SUPPORT, [[0, 1]])[0].tolist() == pytest.approx([-10, -18])


def test_rows_that_come_later_count_as_those_before():
    learner = ProtoNet()
    parts = plain_parts(learner)
    first = learner.adapt(parts, rows([[1, 0], [0, 4]], [0, 1]))
    state = learner.adapt(parts, rows([[3, 0]], [0]), first)
    found = learner.predict(parts, state, torch.tensor([[[0.0, 1]]]))
    assert found[0].tolist() == [[-5, -9]]


def test_queries_on_a_prototype_have_a_slope():
    learner = ProtoNet(distance="euclidean")
    parts = plain_parts(learner)
    x = torch.tensor([[[2.0, 0]]], requires_grad=True)
    learner.predict(parts, learner.adapt(parts, SUPPORT), x).sum().backward()
    assert x.grad.isfinite().all()


def test_unknown_distances_are_refused():
    with pytest.raises(BadInput, match="distance is 'l2'; it must be 'squared-euclidean'"):
        make_learner("protonet:distance=l2")
