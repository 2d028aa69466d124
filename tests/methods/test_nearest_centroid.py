"""Nearest centroid by hand, and its scale against leaving each row out."""

import math

import pytest
import torch
from tests.methods.ways import points, probed
from torch.nn.functional import cross_entropy, normalize, one_hot

from headstart.core import BadInput
from headstart.methods.outputs.probing.nearest_centroid import NearestCentroid

X, Y = points(40, 4, 3, spread=2.0)
FOUR = torch.tensor([[2.0, 0.0], [0.0, 5.0], [-2.0, 0.0], [0.0, -5.0]])


def test_four_rows_by_hand():
    """Directions right and up are class 0, left and down class 1: the centroids are +-(1, 1) / sqrt 2.

    Right has the cosine sqrt 1/2 with the first; up and right 1; right and down 0.
    """
    offset = torch.tensor([10.0, -7.0])
    model = probed(NearestCentroid(scale=2.0), FOUR + offset, torch.tensor([0, 0, 1, 1]), 2)
    ask = torch.tensor([[5.0, 0.0], [1.0, 1.0], [3.0, -3.0], [0.0, -9.0]]) + offset
    half = math.sqrt(0.5)
    expected = 2 * torch.tensor([[half, -half], [1, -1], [0, 0], [-half, half]])
    torch.testing.assert_close(model(ask), expected, rtol=1e-5, atol=1e-6)


def test_long_features_count_no_more_than_short_ones():
    """Ten times as far in the same direction: nothing changes but the centre, which is kept at 0."""
    y = torch.tensor([0, 0, 1, 1])
    far = FOUR * torch.tensor([[10.0], [1.0], [10.0], [1.0]])
    one, other = (probed(NearestCentroid(scale=1.0), x, y, 2) for x in (FOUR, far))
    torch.testing.assert_close(one.head.centroids, other.head.centroids)


def test_units_and_origin_of_the_features_do_not_matter():
    one = probed(NearestCentroid(), X, Y, 3)(X)
    other = probed(NearestCentroid(), 7 * X + 100, Y, 3)(7 * X + 100)
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)


def test_the_scale_is_the_best_for_rows_that_have_no_part_in_their_centroid():
    z = normalize(X - X.mean(0), dim=1)
    scores = torch.empty(len(X), 3)
    for row in range(len(X)):
        seen = torch.arange(len(X)) != row
        for label in range(3):
            scores[row, label] = normalize(z[seen & (label == Y)].sum(0), dim=0) @ z[row]
    tried = torch.logspace(-1, 2, 600)
    goal = (len(X) * one_hot(Y, 3) + 1 / 3) / (len(X) + 1)  # one more row, of every class in equal parts
    losses = torch.stack([cross_entropy(scale * scores, goal) for scale in tried])
    best = float(tried[losses.argmin()])
    assert 0.2 < best < 90
    assert float(probed(NearestCentroid(), X, Y, 3).head.scale) == pytest.approx(best, rel=0.02)


def test_the_scale_changes_how_sure_it_is_and_not_what_it_says():
    one, other = (probed(NearestCentroid(scale=scale), X, Y, 3)(X) for scale in (1.0, 5.0))
    assert torch.equal(one.argmax(1), other.argmax(1))
    torch.testing.assert_close(5 * one, other)


def test_a_class_without_rows_is_never_the_answer_and_does_not_blur_the_others():
    """Not even for a sample that points away from all centroids."""
    three, four = probed(NearestCentroid(), X, Y, 3), probed(NearestCentroid(), X, Y, 4)
    assert four.head.scale == pytest.approx(float(three.head.scale), rel=1e-4)
    away = X.mean(0) + torch.linalg.lstsq(three.head.centroids, -torch.ones(3, 1)).solution[:, 0]
    assert (three(away[None]) < 0).all()
    assert four(away[None]).argmax() < 3
    assert four(X).softmax(1)[:, 3].max() == 0
    torch.testing.assert_close(four(X)[:, :3], three(X), rtol=1e-4, atol=1e-4)


def test_a_class_of_one_row_is_counted_as_unlike_when_that_row_is_left_out():
    x = torch.cat([X, X.mean(0, keepdim=True) + 5])
    model = probed(NearestCentroid(), x, torch.cat([Y, torch.tensor([3])]), 4)
    assert bool(model(x).isfinite().all())
    assert model(x)[-1].argmax() == 3


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan")])
def test_a_bad_scale_is_named(scale):
    with pytest.raises(BadInput, match=f"nearest-centroid: scale is {scale!r}"):
        NearestCentroid(scale=scale)
