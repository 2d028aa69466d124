"""LightGBM, XGBoost and CatBoost: their own predictions, saved and exported as tensors."""

import sys

import numpy as np
import pytest
import torch
from tests.methods.boosted import SHORT, theirs
from tests.methods.grown import NUMBERS, X, Y, opened_again
from tests.methods.ways import probed

from headstart.core import BadInput, Mismatch, MissingPackage, require_label_kind
from headstart.predictor.export import export_model

NEW = X.flip(0) + 0.1
EACH = pytest.mark.parametrize("method", SHORT, ids=lambda method: method.about.name)


@EACH
@pytest.mark.parametrize("classes", [2, 3])
def test_its_probabilities_are_those_of_the_package(method, classes):
    y = Y.clamp(max=classes - 1)
    wanted = theirs(method, "classes").fit(X.numpy(), y.numpy()).predict_proba(NEW.numpy())
    head = probed(method, X, y, classes).head
    np.testing.assert_allclose((head(NEW) / head.scale).softmax(1), wanted, atol=1e-5)


@EACH
def test_its_numbers_are_those_of_the_package_column_by_column(method):
    model = probed(method, X, NUMBERS, 2)
    for k in (0, 1):
        wanted = theirs(method, "numbers").fit(X.numpy(), NUMBERS[:, k].numpy().copy()).predict(NEW.numpy())
        np.testing.assert_allclose(model(NEW)[:, k], wanted, rtol=1e-4, atol=1e-3)


@EACH
def test_rows_between_a_threshold_and_the_next_number_go_where_the_package_sends_them(method):
    """XGBoost sends a row left if it is below a threshold, the others if it is at most that."""
    x = torch.tensor([[0.0], [0.0], [1.0], [1.0]]).repeat(10, 1)
    y = torch.tensor([[0.0], [2.0], [6.0], [8.0]]).repeat(10, 1)
    head = method.grow(x.numpy(), y.numpy(), 1, None)
    near = torch.tensor(sorted({*head.threshold.tolist()}))
    near = torch.cat([near, near.nextafter(torch.tensor(9.0)), near.nextafter(torch.tensor(-9.0))])[:, None]
    model = theirs(method, "numbers").fit(x.numpy(), y[:, 0].numpy().copy())
    np.testing.assert_allclose(head(near)[:, 0], model.predict(near.numpy()), rtol=1e-4)


@EACH
def test_classes_without_rows_are_possible_but_unlikely(method):
    model = probed(method, X, torch.where(Y == 1, 2, Y), 4)
    shares = model(X).softmax(1)
    assert float(shares.min()) > 0
    assert set(model(X).argmax(1).tolist()) == {0, 2}
    gap = probed(method, X, torch.where(Y == 1, 3, Y), 5)  # three classes of five
    assert set(gap(X).argmax(1).tolist()) == {0, 2, 3}
    alone = probed(method, X, torch.ones_like(Y), 2)
    assert (alone(X).argmax(1) == 1).all()


@EACH
def test_rows_count_as_much_as_their_weights(method):
    """Of pairs of rows that contradict each other those of more weight are learned."""
    x, y = X.repeat(2, 1).numpy(), torch.cat([Y, (Y + 1) % 3]).numpy()
    weights = torch.tensor([1.0, 3.0]).repeat_interleave(len(Y)).double().numpy()
    wanted = method.grow(x[len(Y) :], y[len(Y) :], 3, None)(X).argmax(1)
    found = method.grow(x, y, 3, weights)(X).argmax(1)
    assert float((found == wanted).float().mean()) > 0.7
    assert float((method.grow(x, y, 3, weights[::-1].copy())(X).argmax(1) == wanted).float().mean()) < 0.5


@EACH
def test_trees_that_are_read_wrongly_are_refused(method):
    head = probed(method, X, NUMBERS, 2).head
    wanted = head(X).numpy()
    method.check_head(head, X.numpy(), wanted)
    with pytest.raises(Mismatch, match=f"this version of {method.about.package}"):
        method.check_head(head, X.numpy(), wanted + 1)


@EACH
def test_tags_are_refused(method):
    with pytest.raises(BadInput, match=f"{method.about.name} learns classes and numbers, not tags"):
        require_label_kind(method, "tags")


@EACH
def test_without_the_package_it_says_what_to_install(method, monkeypatch):
    monkeypatch.setitem(sys.modules, method.about.package, None)
    with pytest.raises(MissingPackage, match=r"pip install .*(lightgbm|boosting)"):
        method.grow(X.numpy(), Y.numpy(), 3, None)


@EACH
@pytest.mark.slow
def test_it_is_saved_opened_and_exported(method, tmp_path):
    model, again, file = opened_again(method, tmp_path)
    assert [one.probability for one in again.predict(str(file))] == [
        one.probability for one in model.predict(str(file))
    ]
    pytest.importorskip("onnxscript")
    assert export_model(again, tmp_path / "model.onnx") < 1e-5
