"""The logistic probe against scikit-learn, on features as they are."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.methods.ways import points, probed
from torch.nn.functional import cross_entropy

from headstart.core import BadInput
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.solvers.means import balanced
from headstart.solvers.penalty_selection import LOGISTIC_GRID, select_logistic
from headstart.solvers.temperature import shrunk_scale

X, Y = points(70, 6, 3, spread=1.5)


def theirs(x, y, penalty):
    model = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-8)
    return model.fit(x.double().numpy(), y.numpy())


def test_without_information_the_answer_is_the_shares_of_the_classes():
    y = torch.tensor([0] * 6 + [1] * 3 + [2])
    model = probed(LogisticProbe(penalty=1.0), torch.zeros(10, 2), y, 3)
    assert model(torch.ones(1, 2)).softmax(1)[0].tolist() == pytest.approx([0.6, 0.3, 0.1], abs=1e-4)


@pytest.mark.parametrize("penalty", [0.1, 10.0])
@pytest.mark.parametrize("size", [7, 70, 100])
def test_it_is_scikit_learns_whatever_the_batches_were(penalty, size):
    model = probed(LogisticProbe(penalty=penalty), X, Y, 3, size)
    expected = theirs(X, Y, penalty).predict_proba(X.double().numpy())
    np.testing.assert_allclose(model(X).softmax(1).detach(), expected, atol=1e-3)


def test_its_own_penalty_is_the_strongest_that_five_folds_find_as_good_as_the_best():
    """Rows are dealt in turn, class after class; the unit of the penalty is the mean squared distance.

    As good is within one standard error of the least loss, with 80 % of its gain over shares of the classes.
    The logits of that penalty are scaled by what its predictions of the folds say.
    """
    x, y = points(70, 6, 3, spread=2.0)  # noisier than those of the other tests
    order = torch.argsort(y, stable=True)
    fold = torch.empty_like(y)
    fold[order] = torch.arange(len(y)) % 5
    unit = float((x - x.mean(0)).square().sum(1).mean())
    losses, held_out = [], []
    for factor in LOGISTIC_GRID:
        logits = torch.empty(len(y), 3, dtype=torch.float64)
        for number in range(5):
            seen = fold != number
            fit = theirs(x[seen], y[seen], factor * unit)
            logits[~seen] = torch.tensor(fit.decision_function(x[~seen].double().numpy()))
        losses.append(cross_entropy(logits, y, reduction="none").numpy())
        held_out.append(logits)
    means, shares = np.mean(losses, 1), np.bincount(y) / len(y)
    best = int(means.argmin())
    errors = [(loss - losses[best]).std() / math.sqrt(len(y) - 1) for loss in losses]
    limit = 0.8 * means[best] - 0.2 * (shares * np.log(shares)).sum()
    good = [means[k] - means[best] <= errors[k] and means[k] <= limit for k in range(best)]
    chosen = good.index(True)
    assert 0 < chosen < best < len(LOGISTIC_GRID) - 1  # not at an end, so the choice means something
    scale = shrunk_scale(held_out[chosen], y)
    assert abs(scale - 1) > 0.02
    ours, given = (probed(LogisticProbe(penalty=p), x, y, 3) for p in (None, LOGISTIC_GRID[chosen] * unit))
    torch.testing.assert_close(ours(x), scale * given(x), rtol=1e-3, atol=1e-3)


def test_with_a_row_a_class_the_logits_are_those_of_the_penalty():
    """Each fold lacks the class that it predicts, which says nothing of the scale."""
    x, y = torch.eye(3, 6), torch.arange(3)
    ours = select_logistic(x, y, 3)
    torch.testing.assert_close(ours.weight, select_logistic(x, y, 3, ours.penalty).weight)


def test_a_stronger_penalty_is_less_sure():
    weak, strong = (probed(LogisticProbe(penalty=p), X, Y, 3)(X).softmax(1) for p in (0.1, 100.0))
    assert strong.max(1).values.mean() < weak.max(1).values.mean() - 0.1


def test_a_class_without_rows_is_never_the_answer():
    model = probed(LogisticProbe(penalty=1.0), X, Y, 4)
    assert model(X).softmax(1)[:, 3].max() < 1e-6


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan")])
def test_a_bad_penalty_is_named(penalty):
    with pytest.raises(BadInput, match=f"logistic-probe: penalty is {penalty!r}"):
        LogisticProbe(penalty=penalty)


@pytest.mark.parametrize("penalty", [0.5, 20.0])
def test_tags_are_scikit_learns_binary_regressions(penalty):
    tags = torch.stack([X[:, 0] > X[:, 0].median(), X[:, 1] > X[:, 1].quantile(0.8), Y == 1], 1)
    model = probed(LogisticProbe(penalty=penalty), X, tags, 3)
    for tag in range(3):
        expected = theirs(X, tags[:, tag], penalty).predict_proba(X.double().numpy())[:, 1]
        np.testing.assert_allclose(model(X)[:, tag].sigmoid().detach(), expected, atol=2e-3)


def test_a_tag_that_no_row_has_is_improbable_but_possible():
    tags = torch.stack([X[:, 0] > X[:, 0].median(), torch.zeros(len(X), dtype=torch.bool)], 1)
    chance = probed(LogisticProbe(), X, tags, 2)(X)[:, 1].sigmoid()
    torch.testing.assert_close(chance, torch.full_like(chance, 0.5 / (len(X) + 1)), rtol=1e-3, atol=0)


SCALED = X * torch.tensor([1000.0, 1.0, 0.001, 1.0, 1.0, 1.0]) + 5


@pytest.mark.parametrize("penalty", [0.1, 10.0])
def test_standardised_it_is_scikit_learns_on_standardised_features(penalty):
    """The head is of the features as they are, and a constant feature does no harm."""
    x = torch.cat([SCALED, torch.full((len(SCALED), 1), 0.1)], 1)
    model = probed(LogisticProbe(penalty=penalty, standardise=True), x, Y, 3)
    regression = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-8)
    expected = make_pipeline(StandardScaler(), regression).fit(x.double().numpy(), Y.numpy())
    probabilities = expected.predict_proba(x.double().numpy())
    np.testing.assert_allclose(model(x).softmax(1).detach(), probabilities, atol=2e-3)


def test_standardised_it_is_the_same_whatever_the_units_of_the_features():
    one, other = (probed(LogisticProbe(standardise=True), x, Y, 3)(x).softmax(1) for x in (X, SCALED))
    torch.testing.assert_close(one, other, rtol=0, atol=2e-3)
    plain = (probed(LogisticProbe(), x, Y, 3)(x).softmax(1) for x in (X, SCALED))
    assert (next(plain) - next(plain)).abs().max() > 0.05


FEW = torch.cat(
    [torch.arange(len(Y))[Y == 0], torch.arange(len(Y))[Y == 1][:8], torch.arange(len(Y))[Y == 2][:4]]
)


@pytest.mark.parametrize("penalty", [0.1, 10.0])
def test_balanced_it_is_scikit_learns(penalty):
    model = probed(LogisticProbe(penalty=penalty, class_weight="balanced"), X[FEW], Y[FEW], 3)
    theirs = LogisticRegression(C=1 / penalty, class_weight="balanced", solver="newton-cholesky", tol=1e-8)
    expected = theirs.fit(X[FEW].double().numpy(), Y[FEW].numpy()).predict_proba(X.double().numpy())
    np.testing.assert_allclose(model(X).softmax(1).detach(), expected, atol=5e-3)


def test_balanced_tags_weigh_rows_with_and_without_each():
    tags = torch.stack([X[:, 0] > X[:, 0].quantile(0.9), X[:, 1] > X[:, 1].median()], 1)
    model = probed(LogisticProbe(penalty=1.0, class_weight="balanced"), X, tags, 2)
    theirs = LogisticRegression(C=1.0, class_weight="balanced", solver="newton-cholesky", tol=1e-8)
    for tag in range(2):
        expected = theirs.fit(X.double().numpy(), tags[:, tag].numpy()).predict_proba(X.double().numpy())
        np.testing.assert_allclose(model(X)[:, tag].sigmoid().detach(), expected[:, 1], atol=2e-3)


def test_without_information_balanced_classes_are_equally_probable():
    y = torch.tensor([0] * 6 + [1] * 3 + [2])
    model = probed(LogisticProbe(penalty=1.0, class_weight="balanced"), torch.zeros(10, 2), y, 3)
    assert model(torch.ones(1, 2)).softmax(1)[0].tolist() == pytest.approx([1 / 3] * 3, abs=1e-4)


def test_balanced_weights_by_hand():
    """4 rows, two classes: the row of the class of one gets 4 / (2 * 1), the others 4 / (2 * 3)."""
    y = torch.tensor([0, 0, 3, 0])
    assert balanced(y).tolist() == pytest.approx([2 / 3, 2 / 3, 2, 2 / 3])
    assert balanced(y, torch.tensor([1.0, 0, 0, 1])).tolist() == pytest.approx([1, 0, 0, 1])


def test_another_class_weight_is_refused():
    with pytest.raises(
        BadInput, match="logistic-probe: class_weight is 'equal'; it must be 'balanced' or None"
    ):
        LogisticProbe(class_weight="equal")
