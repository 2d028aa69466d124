"""A probe whose rows count by how likely they are in the target; and that all probes obey weights."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from tests.methods.ways import Same, points, probed
from tests.methods.weighed import bent
from torch.nn.functional import normalize

from headstart.core import BadInput, Labelled, Task, label_kind_of
from headstart.methods.inputs.domains.weighted_probe import WeightedProbe
from headstart.methods.outputs.probing.knn import KNN
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.methods.outputs.probing.nearest_centroid import NearestCentroid
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.nn.bank import Bank
from headstart.nn.heads import make_head
from headstart.run.checkpoint import load_state, save_state
from headstart.run.engine import One
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain
from headstart.solvers.temperature import best_scale

X, Y = points(40, 4, 3, spread=2.0)
TIMES = torch.tensor([1, 3, 0, 2]).repeat(10)
AGAIN = torch.arange(40).repeat_interleave(TIMES)


def weighed(method, x, y, classes, weight, engine=None, size=8):
    """The model of a probe whose rows count `weight` (n,)."""
    run = start(
        method,
        Same(x.shape[1]),
        Task(classes, tuple(x.shape[1:]), rows=len(x), kind=label_kind_of(y)),
        Recipe(steps=-(-len(x) // size), batch=size),
        engine,
    )

    def begin(step):
        for at in range(step * size, len(x), size):
            yield Labelled(x[at : at + size], y[at : at + size], weight[at : at + size])

    drain(train(run, begin))
    return method.predictor(run.parts).eval()


def test_without_weights_it_is_the_logistic_probe_and_for_numbers_the_ridge_probe():
    assert torch.equal(probed(WeightedProbe(), X, Y, 3)(X), probed(LogisticProbe(), X, Y, 3)(X))
    numbers = X[:, :1] * 2 + 1
    assert torch.equal(probed(WeightedProbe(), X, numbers, 1)(X), probed(RidgeProbe(), X, numbers, 1)(X))


def test_it_is_scikit_learns_with_sample_weights():
    weight = torch.rand(40, generator=torch.Generator().manual_seed(1)) * 2
    ours = weighed(WeightedProbe(penalty=0.5), X, Y, 3, weight)
    theirs = LogisticRegression(C=2.0, tol=1e-10, max_iter=5000).fit(X, Y, sample_weight=weight)
    np.testing.assert_allclose(ours(X).softmax(1).detach(), theirs.predict_proba(X), atol=2e-3)
    numbers = X[:, :1] * 2 + Y[:, None]
    ours = weighed(WeightedProbe(penalty=0.5), X, numbers, 1, weight)
    theirs = Ridge(alpha=0.5).fit(X, numbers, sample_weight=weight)
    np.testing.assert_allclose(ours(X).detach()[:, 0], theirs.predict(X).reshape(-1), atol=1e-4)


def test_weights_move_it_to_where_the_target_is():
    x, y = bent(600, 0, 0.7, 0.8)
    new, truth = bent(300, 1, -0.5, 0.4)
    method = WeightedProbe(estimator="gaussian")
    weight = method.row_weights(x, new, 0).float()
    before = (probed(method, x, y, 2)(new).argmax(1) == truth).float().mean()
    after = (weighed(method, x, y, 2, weight)(new).argmax(1) == truth).float().mean()
    upside_down = (
        (weighed(method, x, y, 2, 1 / weight.clamp_min(1e-3))(new).argmax(1) == truth).float().mean()
    )
    assert after > 0.9
    assert before < 0.65
    assert upside_down < 0.65


PROBES = [
    RidgeProbe(penalty=3.0),
    LogisticProbe(penalty=3.0),
    NearestCentroid(scale=2.0),
    WeightedProbe(penalty=3.0),
]


@pytest.mark.parametrize("probe", PROBES, ids=lambda one: one.about.name)
def test_whole_weights_are_rows_that_are_there_several_times(probe):
    often = probed(probe, X[AGAIN], Y[AGAIN], 3)
    once = weighed(probe, X, Y, 3, TIMES.float())
    if isinstance(
        probe, RidgeProbe
    ):  # its logits are scaled by left-out rows: with a copy left, one knows more
        ratio = once.head.weight / often.head.weight
        torch.testing.assert_close(ratio, ratio[0, 0].expand_as(ratio), rtol=1e-3, atol=1e-4)
        return
    torch.testing.assert_close(once(X), often(X), rtol=2e-3, atol=2e-3)


ALL = [KNN(), RidgeProbe(), LogisticProbe(), NearestCentroid(), WeightedProbe()]


@pytest.mark.parametrize("probe", ALL, ids=lambda one: one.about.name)
def test_a_row_that_counts_nothing_might_as_well_not_be_there(probe):
    """To the byte: features, labels and choices of settings."""
    there = TIMES > 0
    x, y = X.clone(), Y.clone()
    x[~there], y[~there] = 1e4, 2
    some = weighed(probe, x, y, 3, TIMES.float())
    without = weighed(probe, X[there], Y[there], 3, TIMES[there].float())
    assert torch.equal(some(X), without(X))


@pytest.mark.parametrize("probe", ALL, ids=lambda one: one.about.name)
def test_weights_of_one_are_no_weights(probe):
    ones = weighed(probe, X, Y, 3, torch.ones(40))
    torch.testing.assert_close(ones(X), probed(probe, X, Y, 3)(X), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("probe", ALL, ids=lambda one: one.about.name)
def test_what_left_out_rows_choose_is_chosen_by_those_that_count(probe):
    """The settings that are found are other ones where half of the rows count next to nothing."""
    weight = torch.where(torch.arange(40) % 2 == 0, 1.99, 0.01)
    found = weighed(probe, X, Y, 3, weight)(X).softmax(1)
    assert not torch.allclose(found, probed(probe, X, Y, 3)(X).softmax(1), atol=0.02)


def test_neighbours_vote_by_what_they_count():
    """Of three equally similar rows that count 3, 1 and 1 the first has 3 votes of 5; one more is spread."""
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [-3.0, 0.0]])
    y = torch.tensor([0, 1, 1, 1])
    head = weighed(KNN(k=3, sharpness=0.0, scale=1.0), x, y, 2, torch.tensor([3.0, 1.0, 1.0, 5 / 3])).head
    torch.testing.assert_close(head.centre, torch.zeros(2))
    expected = torch.tensor([[(3 / 5 * 3 + 0.5) / 4, (2 / 5 * 3 + 0.5) / 4]])
    torch.testing.assert_close(head(torch.tensor([[2.0, 0.0]])).exp(), expected)
    twin = make_head("NeighbourHead", head.settings)
    twin.load_state_dict(head.state_dict())
    assert torch.equal(twin(x), head(x))
    assert "weighted" not in probed(KNN(k=3), x, y, 2).head.settings


def test_the_scale_of_centroids_is_the_best_for_rows_left_out_with_all_that_they_count():
    weight = torch.where(torch.arange(40) % 5 == 0, 4.0, 0.25)
    centre = (weight[:, None] * X).sum(0) / weight.sum()
    z = normalize(X - centre, dim=1)
    scores = torch.empty(40, 3)
    for row in range(40):
        rest = weight * (torch.arange(40) != row)
        for label in range(3):
            mine = (rest * (label == Y))[:, None] * z
            scores[row, label] = normalize(mine.sum(0), dim=0) @ z[row]
    best = best_scale(scores, Y, weights=weight)
    assert float(weighed(NearestCentroid(), X, Y, 3, weight).head.scale) == pytest.approx(best, rel=1e-3)


class Doubled(One):
    """As if another process had the same rows."""

    def gather(self, rows):
        return torch.cat([rows, rows])


def test_weights_of_all_processes_are_gathered():
    weight = torch.rand(40, generator=torch.Generator().manual_seed(1)) + 0.1
    twice = weighed(RidgeProbe(penalty=8.0), X, Y, 3, weight, Doubled()).head.weight
    once = weighed(RidgeProbe(penalty=4.0), X, Y, 3, weight).head.weight
    torch.testing.assert_close(twice / twice.norm(), once / once.norm(), rtol=1e-4, atol=1e-5)


def test_a_bank_keeps_weights_also_where_it_grows_and_is_saved(tmp_path):
    bank = Bank(2, 3, 2)
    bank.add(torch.ones(2, 3), torch.tensor([0, 1]))
    assert bank.counts is None
    assert "weights" not in bank.state_dict()
    bank.add(torch.ones(3, 3), torch.tensor([0, 1, 1]), torch.tensor([2.0, 0.5, 3.0]))
    bank.add(torch.ones(1, 3), torch.tensor([0]))
    assert bank.counts.tolist() == [1, 1, 2, 0.5, 3, 1]
    save_state(bank.state_dict(), tmp_path / "bank")
    other = Bank(2, 3, 2)
    other.load_state_dict(load_state(tmp_path / "bank"))
    assert other.counts.tolist() == [1, 1, 2, 0.5, 3, 1]


@pytest.mark.parametrize(("name", "value"), [("penalty", 0.0), ("clip", -1.0), ("estimator", "magic")])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"weighted-probe: {name} is {value!r}"):
        WeightedProbe(**{name: value})
