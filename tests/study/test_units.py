"""Numbers are learned in units of their own: what is fitted does not depend on the user's."""

import numpy as np
import pytest
import torch
from torch import nn

from headstart.core import BadInput, make
from headstart.data.dataset import Dataset
from headstart.data.samples import Array
from headstart.run.recipe import Recipe
from headstart.session.input_pipeline import LabelUnits
from headstart.session.inputs import build_backbone
from headstart.session.session import Session

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
Y = np.stack([X[:, 0] + X[:, 1] ** 2, X[:, 2]], 1).astype(np.float64)
SEEN, ASKED = np.arange(40), np.arange(40, 60)
RECIPE = Recipe(steps=30, lr=1e-2, views=0)


def session(y, classes=("a", "b")):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))
    data = Dataset("d", classes, y, tuple(map(str, range(len(y)))), Array(X, False))
    return Session(build_backbone(data, net), data)


def test_by_hand():
    units = LabelUnits.of(np.array([[1.0, 5.0], [3.0, 5.0]]))
    assert units.mean.tolist() == [2, 5]
    assert units.deviation.tolist() == [1, 1]  # a column without spread keeps its own unit
    assert units.standard(np.array([[4.0, 6.0]])).tolist() == [[2, 1]]
    assert LabelUnits.of(np.array([0, 1])) is None


@pytest.mark.parametrize("spec", ["ridge-probe", "knn", "fine-tune", "lp-ft", "soup"])
def test_other_units_give_the_same_answers_in_them(spec):
    """Only the rows of the fit count: the others may be anywhere."""
    scale, shift = np.array([1000.0, 0.1]), np.array([-7.0, 10.0])
    far = Y.copy()
    far[ASKED] += 1e6
    plain = session(Y).fit(make(spec), SEEN, RECIPE).logits(ASKED).double().numpy()
    moved = session(far * scale + shift).fit(make(spec), SEEN, RECIPE).logits(ASKED).double().numpy()
    size = Y.std(0)
    np.testing.assert_allclose((moved - shift) / scale / size, plain / size, atol=1e-3)


def test_the_fitted_model_answers_in_the_units_of_the_labels():
    wide = session(Y * 100 + 500)
    fitted = wide.fit(make("fine-tune:backbone_lr=1"), SEEN, Recipe(steps=200, lr=1e-2, views=0))
    found = fitted.logits(SEEN).numpy()
    assert np.abs(found.mean(0) - (Y[SEEN] * 100 + 500).mean(0)).max() < 20
    direct = fitted.model(torch.from_numpy(X[SEEN])).detach().numpy()
    np.testing.assert_allclose(direct, found, rtol=1e-4)


def test_a_method_that_cannot_learn_numbers_says_which_can():
    with pytest.raises(
        BadInput, match=r"nearest-centroid learns classes, not numbers. These can: .*ridge-probe"
    ):
        session(Y).fit(make("nearest-centroid"), SEEN, RECIPE)
    with pytest.raises(BadInput, match="smoothing is for classes and tags"):
        session(Y).fit(make("fine-tune:smoothing=0.1"), SEEN, RECIPE)
