"""The nearest centroid on frozen features: by hand, as scikit-learn's, and with networks of the caller's."""

import pytest
import torch
from sklearn.neighbors import NearestCentroid as Reference
from tests.learners.by_hand import answer, plain_parts, rows
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.learners.metric.nearest_centroid import NearestCentroid
from headstart.learners.metric.protonet import ProtoNet
from headstart.tasks import GaussianClasses

FAMILY = GaussianClasses(ways=3, columns=4, shots=4, queries=5, tasks=2)


def test_by_hand():
    """Features of length 1: (1, 0) and (0, 1); the query (3, 4) / 5 is at .8 and .4."""
    support = rows([[2, 0], [0, 7]], [0, 1])
    found = answer(NearestCentroid(), plain_parts(NearestCentroid()), support, [[3, 4]])[0]
    assert found.tolist() == pytest.approx([-0.8, -0.4])


def test_without_lengths_it_is_an_untrained_protonet():
    learner, drawn = NearestCentroid(normalise="none"), FAMILY.draw(0)
    found = [
        one.predict(parts, one.adapt(parts, drawn.support), drawn.query.x)
        for one in (learner, ProtoNet())
        for parts in [plain_parts(one, 4, 3)]
    ]
    assert torch.equal(*found)


def test_answers_are_those_of_scikit_learn():
    drawn = FAMILY.draw(0)
    trained = hs.meta_train(NearestCentroid(normalise="none"), FAMILY, nn.Identity())
    found = trained.predict(trained.adapt(drawn.support.x, drawn.support.y), drawn.query.x).argmax(-1)
    for task in range(2):
        known = Reference().fit(drawn.support.x[task], drawn.support.y[task])
        assert found[task].tolist() == known.predict(drawn.query.x[task]).tolist()


def test_the_network_of_the_caller_is_used_as_it_is():
    network = nn.Linear(4, 2)
    trained = hs.meta_train("nearest-centroid", FAMILY, network)
    assert torch.equal(trained.parts["network"].encoder.network.weight, network.weight)
    assert trained.losses == ()


def test_unknown_norms_are_refused():
    with pytest.raises(BadInput, match="normalise is 'l1'"):
        NearestCentroid(normalise="l1")
