"""TrAdaBoost on frozen features: by hand, against the scikit-learn face, and against either domain alone."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from tests.methods.frozen import collected, mapped, right
from tests.methods.ways import probed

import headstart as hs
from headstart.core import BadInput, Labelled
from headstart.methods.inputs.domains.tradaboost import TrAdaBoost
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.nn.heads import make_head
from headstart.nn.voting_head import VotingHead
from headstart.predictor.save import save_model
from headstart.runtime.predictions import Decision
from headstart.solvers.tradaboost import tradaboost

UP = 0.51 / 0.49  # what a row counts more that a learner got wrong which is as good as chance


def draw(n, seed, odd=False):
    """Two classes by the sum of two of eight numbers; `odd` says the opposite if the third is > 0.2."""
    x = torch.randn(n, 8, generator=torch.Generator().manual_seed(seed))
    y = (x[:, 0] + x[:, 1] > 0).long()
    return Labelled(x, torch.where(x[:, 2] > 0.2, 1 - y, y) if odd else y)


def joined(*parts):
    return Labelled(torch.cat([one.x for one in parts]), torch.cat([one.y for one in parts]))


def test_two_rows_of_each_domain_by_hand():
    """A learner that is wrong on one row of each domain.

    Its error on the target is 1/2, which counts as 0.49: that row counts 0.51 / 0.49 times as much. The row
    of the source counts beta = 1 / (1 + sqrt(2 ln 2 / 2)) of what it did. Then the learner is right on the
    target, and its vote counts the most that one can.
    """
    beta = 1 / (1 + np.sqrt(np.log(2)))
    seen, wrong = [], iter([[1, 0, 0, 1], [1, 0, 0, 0]])

    def learn(weights):
        seen.append(weights.clone())
        return len(seen), torch.tensor(next(wrong)).bool()

    found = tradaboost(learn, torch.full((4,), 3.0), 2, 2)
    first = np.array([beta, 1, 1, UP])
    np.testing.assert_allclose(seen[0], [1, 1, 1, 1])
    np.testing.assert_allclose(seen[1], 4 * first / first.sum())
    last = np.array([beta**2, 1, 1, UP])
    np.testing.assert_allclose(found.weights, last / last.sum())
    np.testing.assert_allclose(found.errors, [0.5, 0.0])
    np.testing.assert_allclose(found.votes, [np.log(UP), np.log((1 - 1e-10) / 1e-10)])
    assert (found.learners, found.first) == ([1, 2], 0)


@pytest.mark.parametrize(("rounds", "first"), [(1, 0), (2, 0), (3, 1), (4, 1), (10, 4), (11, 5)])
def test_rounds_from_half_of_them_on_vote(rounds, first):
    """The paper counts from 1: ceil(rounds / 2)."""
    assert tradaboost(lambda _: (None, torch.zeros(3).bool()), torch.ones(3), 2, rounds).first == first
    source, target_labelled = draw(20, 0), draw(5, 1)
    model = mapped(TrAdaBoost(rounds=rounds, penalty=1.0), source, target_labelled.x, target_labelled)
    assert len(model.head.votes) == rounds - first


def test_it_is_the_scikit_learn_estimator_with_a_logistic_regression():
    g = torch.Generator().manual_seed(0)
    x, target_labelled, seen = (torch.randn(n, 4, generator=g) for n in (120, 15, 200))
    y, told = ((rows[:, :3] + noise).argmax(1) for rows, noise in ((x, x[:, 1:]), (target_labelled, 0)))
    theirs = hs.sklearn.TrAdaBoost(LogisticRegression(C=2.0, tol=1e-10, max_iter=10000), rounds=6)
    theirs.fit(x.numpy(), y.numpy(), target=(target_labelled.numpy(), told.numpy()))
    assert len(set(theirs.errors_)) > 2
    model = mapped(
        TrAdaBoost(rounds=6, penalty=0.5), Labelled(x, y), seen, Labelled(target_labelled, told), outputs=3
    )
    votes = model(seen).exp().double() * (4 + 1) / 4 - 1 / 3 / 4  # without the one that goes to all alike
    off = (votes - torch.from_numpy(theirs.predict_proba(seen.numpy()))).abs().amax(1)
    assert (off > 1e-4).float().mean() <= 0.01  # rows on an edge


def test_it_helps_where_a_part_of_the_source_contradicts_the_target():
    """Ten labelled rows are too few to learn from alone, and the source is wrong on two of five rows."""
    found = []
    for seed in range(4):
        source, target_labelled, seen = draw(300, seed, odd=True), draw(10, seed + 100), draw(500, seed + 200)
        plain, method = LogisticProbe(), TrAdaBoost(rounds=20, penalty=1.0)
        found.append(
            [
                right(mapped(method, source, seen.x, target_labelled), seen),
                *(
                    right(probed(plain, one.x, one.y, 2), seen)
                    for one in (source, target_labelled, joined(source, target_labelled))
                ),
            ]
        )
    boosted, *others = np.mean(found, 0)
    assert boosted > max(others) + 0.02


def test_weights_are_what_rows_count_before_the_first_round():
    source, target_labelled, seen = draw(60, 0, odd=True), draw(8, 1), draw(100, 2)
    method = TrAdaBoost(penalty=1.0, rounds=4)

    def made(source):
        run = collected(method, source, seen.x, target_labelled)
        return run, method.predictor(run.parts).eval()

    run, plain = made(source)
    run.parts["source"].weights = torch.ones(60)
    torch.testing.assert_close(method.predictor(run.parts)(seen.x), plain(seen.x))
    run.parts["source"].weights[:20] = 0.0
    _, without = made(Labelled(source.x[20:], source.y[20:]))
    torch.testing.assert_close(method.predictor(run.parts).head.weight, without.head.weight)
    run.parts["source"].weights[20:40] = 2.0
    assert not torch.allclose(method.predictor(run.parts).head.weight, without.head.weight, atol=1e-3)


def test_each_labelled_row_of_the_target_is_learned_from_once():
    """They come again with each batch, and so many that products of matrices would not find them equal."""
    target_labelled = draw(60, 1)
    twice = Labelled(
        torch.cat([target_labelled.x, target_labelled.x[:5], target_labelled.x[:1]]),
        torch.cat([target_labelled.y, target_labelled.y[:5], 1 - target_labelled.y[:1]]),
    )
    features, labels = (
        collected(TrAdaBoost(), draw(60, 0), draw(30, 2).x + 9, twice).parts["target_labelled"].content
    )
    assert torch.equal(
        features, torch.cat([target_labelled.x, target_labelled.x[:1]])
    )  # the last has another label than the first
    assert torch.equal(labels, torch.cat([target_labelled.y, 1 - target_labelled.y[:1]]))


def test_with_no_such_rows_it_is_a_probe_on_the_source_to_the_bit():
    source = draw(68, 0)
    ours, plain = mapped(TrAdaBoost(), source, source.x), probed(LogisticProbe(), source.x, source.y, 2, 68)
    assert torch.equal(ours.head.weight, plain.head.weight)
    assert torch.equal(ours.head.bias, plain.head.bias)


def test_votes_by_hand():
    """Two of three learners say class 1; they have 3 of 4 parts of the votes. One vote is spread evenly."""
    bias = torch.tensor([[1.0, 0], [0, 1], [0, 2]])
    head = VotingHead.of(torch.zeros(3, 2, 5), bias, torch.tensor([1.0, 1, 2]))
    torch.testing.assert_close(
        head(torch.randn(4, 5))[2].exp(), torch.tensor([(0.75 + 0.5) / 4, (2.25 + 0.5) / 4])
    )
    torch.testing.assert_close(head(torch.randn(4, 5)).exp().sum(1), torch.ones(4))
    twin = make_head("VotingHead", head.settings)
    twin.load_state_dict(head.state_dict())
    assert torch.equal(twin(torch.ones(1, 5)), head(torch.ones(1, 5)))


def test_a_fitted_model_is_saved_opened_and_refused_without_labels(tmp_path):
    source, target_labelled, seen = draw(120, 0, odd=True), draw(10, 1), draw(200, 2)
    net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    pairs = [(rows.x.numpy(), rows.y.numpy()) for rows in (source, target_labelled)]
    with pytest.raises(
        BadInput, match=r"tradaboost learns from labelled rows of the target.*target_labelled="
    ):
        hs.fit(TrAdaBoost(), net, hs.data.Domains(pairs[0], seen.x.numpy()))
    with pytest.raises(BadInput, match="target_labelled="):
        hs.align(pairs[0], seen.x.numpy(), net, methods=("coral", "tradaboost"))
    answer = hs.align(
        pairs[0],
        seen.x.numpy(),
        net,
        target_labelled=pairs[1],
        methods=("tradaboost:rounds=4",),
        out=tmp_path,
        seeds=1,
    )
    model = hs.fit(
        TrAdaBoost(rounds=4), net, hs.data.Domains(pairs[0], seen.x.numpy(), target_labelled=pairs[1])
    )
    assert isinstance(model.model.head, VotingHead)
    assert answer.result.table[-1].method == "tradaboost:rounds=4"
    save_model(model.model, tmp_path / "model", model.classes, Decision(), "")
    again = hs.open(tmp_path / "model", backbone=net)
    np.testing.assert_array_equal(again.probabilities(seen.x.numpy()), model.probabilities(seen.x.numpy()))


def test_what_can_not_be_is_refused():
    for settings in ({"rounds": 0}, {"penalty": 0.0}):
        with pytest.raises(BadInput, match=f"tradaboost: {next(iter(settings))}"):
            TrAdaBoost(**settings)
    for rows in (0, 3):
        with pytest.raises(BadInput, match="both domains"):
            tradaboost(lambda _: (None, torch.zeros(3).bool()), torch.ones(3), rows, 2)
    with pytest.raises(BadInput, match="tradaboost learns classes"):
        hs.fit(
            TrAdaBoost(),
            torch.nn.Linear(8, 2),
            hs.data.Domains(
                (np.eye(8), np.arange(8) / 3), np.eye(8), target_labelled=(np.eye(8), np.arange(8) / 3)
            ),
        )
