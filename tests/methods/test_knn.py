"""k nearest neighbours by hand, against scikit-learn, and its choice against leaving each row out."""

import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
from tests.methods.ways import points, probed
from torch.nn.functional import normalize

from headstart.core import BadInput
from headstart.methods.outputs.probing import knn
from headstart.methods.outputs.probing.knn import KNN, SHARPNESS, SIZES
from headstart.solvers.temperature import best_scale

X, Y = points(40, 4, 3, spread=2.0)
Z = normalize(X - X.mean(0), dim=1).double().numpy()


def at(*degrees):
    """Points on the unit circle."""
    return torch.tensor([[math.cos(math.radians(d)), math.sin(math.radians(d))] for d in degrees])


# two pairs of opposite points, so that the centre is 0
CIRCLE, SIDES = at(0, 180, 60, 240), torch.tensor([0, 1, 0, 1])


def test_votes_by_hand():
    """Seen from 10 degrees the nearest are those at 0 and 60 (class 0), then 240 (cosine -0.64), 180.

    Without sharpness three votes are 2 : 1; one more vote is spread over both classes:
    (2 + 1/2) / 4 and (1 + 1/2) / 4.
    """
    model = probed(KNN(k=3, sharpness=0.0, scale=1.0), CIRCLE, SIDES, 2)
    torch.testing.assert_close(model(at(10)).exp(), torch.tensor([[2.5 / 4, 1.5 / 4]]))
    one = probed(KNN(k=1, scale=1.0), CIRCLE, SIDES, 2)
    torch.testing.assert_close(one(at(10)).exp(), torch.tensor([[1.5 / 2, 0.5 / 2]]))


def test_sharpness_by_hand():
    """From 10 degrees the cosines are cos 10, cos 50 and cos 130: each vote weighs exp(2 cos)."""
    model = probed(KNN(k=3, sharpness=2.0, scale=1.0), CIRCLE, SIDES, 2)
    weights = [math.exp(2 * math.cos(math.radians(d))) for d in (10, 50, 130)]
    share = weights[2] / sum(weights)
    expected = torch.tensor([[((1 - share) * 3 + 0.5) / 4, (share * 3 + 0.5) / 4]])
    torch.testing.assert_close(model(at(10)).exp(), expected)


def shares(k, sharpness, seen, asked):
    """scikit-learn's weighted votes of rows `seen` for rows `asked`, smoothed by one vote."""
    votes = KNeighborsClassifier(k, weights=lambda d: np.exp(sharpness * (1 - d)), metric="cosine")
    votes.fit(Z[seen], Y.numpy()[seen])
    found = np.zeros((len(Z[asked]), 3))
    found[:, votes.classes_] = votes.predict_proba(Z[asked])
    return (found * k + 1 / 3) / (k + 1)


def test_neighbours_are_the_same_however_few_rows_are_compared_at_once(monkeypatch):
    """50,000 rows have 2.5 billion cosines."""
    whole = probed(KNN(), X, Y, 3)
    monkeypatch.setattr(knn, "AT_ONCE", 3 * len(X))
    parts = probed(KNN(), X, Y, 3)
    assert (parts.head.k, parts.head.sharpness) == (whole.head.k, whole.head.sharpness)
    torch.testing.assert_close(parts.head.scale, whole.head.scale)


@pytest.mark.parametrize("k", [1, 5, 40])
@pytest.mark.parametrize("sharpness", [0.0, 10.0])
def test_it_is_scikit_learns_weighted_by_similarity(k, sharpness):
    everyone = np.arange(40)
    model = probed(KNN(k=k, sharpness=sharpness, scale=1.0), X, Y, 3, size=9)
    expected = shares(k, sharpness, everyone, everyone)
    np.testing.assert_allclose(model(X).exp().detach(), expected, atol=1e-4)


def test_what_is_not_given_is_the_best_for_rows_that_do_not_see_themselves():
    losses = {}
    for k in SIZES["classes"]:
        for sharpness in SHARPNESS:
            right = []
            for row in range(40):
                seen = np.delete(np.arange(40), row)
                right.append(shares(k, sharpness, seen, np.array([row]))[0, Y[row]])
            losses[k, sharpness] = -np.log(right).mean()
    best = min(losses, key=losses.get)
    head = probed(KNN(scale=1.0), X, Y, 3).head
    assert (head.k, float(head.sharpness)) == best
    given = probed(KNN(k=best[0], scale=1.0), X, Y, 3).head
    assert float(given.sharpness) == best[1]


def test_the_scale_is_that_of_the_least_smoothed_loss_on_left_out_rows():
    head = probed(KNN(k=5, sharpness=3.0), X, Y, 3).head
    plain = np.log([shares(5, 3.0, np.delete(np.arange(40), r), np.array([r]))[0] for r in range(40)])
    assert float(head.scale) == pytest.approx(best_scale(torch.tensor(plain), Y), rel=1e-4)
    same = probed(KNN(k=5, sharpness=3.0, scale=1.0), X, Y, 3)
    scaled = probed(KNN(k=5, sharpness=3.0), X, Y, 3)
    torch.testing.assert_close(scaled(X), float(head.scale) * same(X))


def test_one_neighbour_needs_no_sharpness():
    one, other = (probed(KNN(k=1, sharpness=s), X, Y, 3)(X + 0.1) for s in (1.0, 30.0))
    torch.testing.assert_close(one, other)


def test_k_and_sharpness_make_a_difference():
    one, other, third = (probed(m, X, Y, 3)(X) for m in (KNN(k=3), KNN(k=20), KNN(k=3, sharpness=0.0)))
    assert not torch.allclose(one, other, atol=0.01)
    assert not torch.allclose(one, third, atol=1e-3)


def test_with_fewer_rows_than_neighbours_all_of_them_vote():
    """Four rows, ten neighbours: 2 : 2, and six votes that nobody has given are not missed."""
    model = probed(KNN(k=10, sharpness=0.0, scale=1.0), CIRCLE, SIDES, 2)
    torch.testing.assert_close(model(at(10)).exp(), torch.tensor([[0.5, 0.5]]))
    assert probed(KNN(), CIRCLE[:2], SIDES[:2], 2)(at(10)).argmax() == 0


@pytest.mark.parametrize(
    ("name", "value"), [("k", 0), ("sharpness", -1.0), ("sharpness", float("nan")), ("scale", 0.0)]
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"knn: {name} is {value}"):
        KNN(**{name: value})


def test_tags_and_numbers_by_hand():
    """Seen from 10 degrees the three nearest are those at 0, 60 and 240.

    The first tag is on one of them, the second on all; one more vote is half for it: (1 + 1/2) / 4 and
    (3 + 1/2) / 4. Numbers are plain means, here of 10, 30 and 80.
    """
    tags = torch.tensor([[True, True], [True, False], [False, True], [False, True]])
    model = probed(KNN(k=3, sharpness=0.0), CIRCLE, tags, 2)
    torch.testing.assert_close(model(at(10)).sigmoid(), torch.tensor([[1.5 / 4, 3.5 / 4]]))
    numbers = torch.tensor([[10.0], [500.0], [30.0], [80.0]])
    model = probed(KNN(k=3, sharpness=0.0), CIRCLE, numbers, 1)
    torch.testing.assert_close(model(at(10)), torch.tensor([[40.0]]))


def test_numbers_choose_by_the_squared_error_of_rows_that_are_left_out():
    """Opposite rows on a circle of 12 whose numbers rise smoothly: two neighbours beat more and fewer."""
    circle = at(*range(0, 360, 30))
    numbers = circle[:, :1] * 5
    model = probed(KNN(sharpness=0.0), circle, numbers, 1)
    errors = {}
    for k in (1, 3, 5, 10):
        similar = (circle @ circle.T).fill_diagonal_(-torch.inf)
        found = numbers[similar.topk(k).indices].mean(1)
        errors[k] = float((found - numbers).square().mean())
    assert model.head.k == min(errors, key=errors.get)
