"""What a predictor of arrays can't take is named, by its kind and shape."""

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput


@pytest.fixture(scope="module")
def model():
    """A model of four numbers."""
    x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    return hs.fit(hs.methods.LogisticProbe(), nn.Sequential(nn.Linear(4, 3)), (x, np.arange(40) % 2))


X = np.random.default_rng(1).normal(size=(5, 4)).astype("float32")


@pytest.mark.parametrize(
    "items", [X, X.tolist(), X.astype("float64"), torch.from_numpy(X), tuple(X), X.astype(object)]
)
def test_rows_in_any_form(model, items):
    assert [row.label for row in model.predict(items)] == [row.label for row in model.predict(X)]


def test_an_iterator_and_a_tensor_with_a_gradient(model):
    right = model.probabilities(X)
    assert np.array_equal(model.probabilities(iter(X)), right)
    assert np.array_equal(model.probabilities(torch.tensor(X, requires_grad=True)), right)


@pytest.mark.parametrize("batch", [0, -1, 2.5])
def test_a_batch_of_no_rows_is_refused(model, batch):
    """A negative step of range() gave no predictions at all, without a word."""
    with pytest.raises(BadInput, match=f"batch is {batch}; it is a whole number >= 1"):
        model.predict(X, batch=batch)


def test_a_sparse_matrix(model):
    sparse = pytest.importorskip("scipy.sparse")
    assert [row.label for row in model.predict(sparse.csr_matrix(X))] == [
        row.label for row in model.predict(X)
    ]


@pytest.mark.parametrize(
    ("items", "error", "says"),
    [
        (None, BadInput, "not None of type NoneType"),
        (5, BadInput, "not 5 of type int"),
        ({"a": 1}, BadInput, "of type dict"),
        ((X, np.zeros(5)), BadInput, r"give x of \(x, y\)"),
        ([[1.0, 2.0], [1.0]], BadInput, "no numbers of one shape"),
        (["a", "b"], BadInput, "no numbers of one shape"),
        (X * 1j, BadInput, "complex numbers"),
        (X[:, :3], BadData, r"have the shape \(3,\), and the model takes such as \(4,\)"),
        (X[0], BadData, r"have the shape \(\), and the model takes such as \(4,\)"),
        (np.where(X > 0, np.nan, X), BadData, "items hold NaN or infinity"),
    ],
)
def test_what_is_refused(model, items, error, says):
    with pytest.raises(error, match=says):
        model.predict(items)


def test_nothing_gives_nothing(model):
    assert model.predict(X[:0]) == []
    assert model.probabilities(X[:0]).shape == (0, 2)
