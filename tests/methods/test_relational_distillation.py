"""Distances and angles against loops; scale, rotation and shift of features do not matter."""

import numpy as np
import pytest
import torch
from tests.methods.ways import of, same, tuned
from tests.toy import Toy, stream

from headstart.core import BadInput, Distilled, find
from headstart.losses.distillation.relational import angle_loss, distance_loss

Relational, Distillation = find("relational-distillation"), find("distillation")
G = np.random.default_rng(0)
MINE, THEIRS = G.normal(size=(5, 3)), G.normal(size=(5, 4))


def huber(a, b):
    apart = abs(a - b)
    return apart**2 / 2 if apart < 1 else apart - 0.5


def distances(x):
    n = len(x)
    found = [[np.sqrt(sum((x[i] - x[j]) ** 2)) for j in range(n)] for i in range(n)]
    mean = sum(map(sum, found)) / (n * n - n)
    return [[value / mean for value in row] for row in found]


def cosine(x, i, j, k):
    a, b = x[i] - x[j], x[k] - x[j]
    length = np.sqrt(a @ a) * np.sqrt(b @ b)
    return a @ b / length if length > 0 else 0.0


def test_distances_against_loops():
    """RKD-D of arXiv:1904.05068, eq. 5 and 6."""
    a, b = distances(MINE), distances(THEIRS)
    by_hand = sum(huber(a[i][j], b[i][j]) for i in range(5) for j in range(5)) / 25
    found = distance_loss(torch.tensor(MINE), torch.tensor(THEIRS))
    assert found.item() == pytest.approx(by_hand, abs=1e-12)


def test_angles_against_loops():
    """RKD-A of arXiv:1904.05068, eq. 7 to 9."""
    triples = [(i, j, k) for i in range(5) for j in range(5) for k in range(5)]
    by_hand = sum(huber(cosine(MINE, *each), cosine(THEIRS, *each)) for each in triples) / 125
    found = angle_loss(torch.tensor(MINE), torch.tensor(THEIRS))
    assert found.item() == pytest.approx(by_hand, abs=1e-12)


@pytest.mark.parametrize("loss", [distance_loss, angle_loss])
def test_scale_rotation_and_shift_of_features_do_not_matter(loss):
    turn = np.linalg.qr(G.normal(size=(3, 3)))[0]
    assert loss(torch.tensor(7 * MINE @ turn + 2), torch.tensor(MINE)).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("loss", [distance_loss, angle_loss])
def test_equal_rows_give_a_finite_gradient_and_the_teacher_none(loss):
    mine = torch.tensor(MINE[[0, 0, 1, 2]], requires_grad=True)
    theirs = torch.tensor(THEIRS[:4], requires_grad=True)
    loss(mine, theirs).backward()
    assert mine.grad.isfinite().all()
    assert mine.grad.abs().sum() > 0
    assert theirs.grad is None
    assert loss(torch.zeros(3, 2), torch.zeros(3, 2)).item() == 0


def test_without_weights_it_is_distillation():
    loose = tuned(Relational(distance=0.0, angle=0.0), Toy(), batches=stream(Distilled))
    plain = tuned(Distillation(), Toy(), batches=stream(Distilled))
    assert same(of(loose, "backbone", "head"), of(plain, "backbone", "head"))
    for settings in ({"angle": 0.0}, {"distance": 0.0}):
        related = tuned(Relational(**settings), Toy(), batches=stream(Distilled))
        assert not same(of(related, "backbone"), of(plain, "backbone"))


@pytest.mark.parametrize("name", ["distance", "angle"])
def test_a_bad_setting_is_named(name):
    with pytest.raises(BadInput, match=f"relational-distillation: {name} is -1.0; it must be"):
        Relational(**{name: -1.0})
