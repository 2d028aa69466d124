"""Gradient boosting: one step by hand, scikit-learn's trees, and what it is saved and exported as."""

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from tests.methods.grown import NUMBERS, X, Y, opened_again
from tests.methods.ways import probed

from headstart.core import BadInput, Mismatch, require_label_kind
from headstart.methods.mapping.trees.boosting import least_leaf
from headstart.methods.mapping.trees.gradient_boosting import GradientBoosting
from headstart.methods.mapping.trees.tree_method import SEED
from headstart.predictor.export import export_model

NEW = X.flip(0) + 0.1


def test_one_step_by_hand():
    """The mean is 4; half of the rest of each side, -3 and 3, is added at a rate of 1/2."""
    x = torch.tensor([[0.0], [0.0], [1.0], [1.0]])
    y = torch.tensor([[0.0], [2.0], [6.0], [8.0]])
    model = probed(GradientBoosting(iterations=1, rate=0.5), x, y, 1)
    torch.testing.assert_close(model(x), torch.tensor([[2.5], [2.5], [5.5], [5.5]]))


@pytest.mark.parametrize("classes", [2, 3])
def test_its_logits_are_scikit_learns(classes):
    y = Y.clamp(max=classes - 1)
    settings = {"max_iter": 30, "learning_rate": 0.2, "max_leaf_nodes": 5, "min_samples_leaf": 7}
    theirs = HistGradientBoostingClassifier(**settings, random_state=SEED).fit(X, y)
    method = GradientBoosting(iterations=30, rate=0.2, leaves=5, min_leaf=7)
    head = probed(method, X, y, classes).head
    ours = (head(NEW) / head.scale).softmax(1)
    np.testing.assert_allclose(ours, theirs.predict_proba(NEW), atol=1e-5)


def test_its_numbers_are_scikit_learns_column_by_column():
    model = probed(GradientBoosting(iterations=30, min_leaf=20), X, NUMBERS, 2)
    for k in (0, 1):
        theirs = HistGradientBoostingRegressor(max_iter=30, random_state=SEED).fit(X, NUMBERS[:, k])
        np.testing.assert_allclose(model(NEW)[:, k], theirs.predict(NEW), rtol=1e-4, atol=1e-3)


def test_leaves_grow_with_the_rows_up_to_the_usual_20():
    assert [least_leaf(*one) for one in ((15, 3), (60, 3), (3000, 3), (2, 2))] == [1, 4, 20, 1]


def test_few_rows_are_split():
    """Thirty rows can't be split into two leaves of twenty."""
    x, y = torch.arange(30.0)[:, None], (torch.arange(30) >= 15).long()
    assert (probed(GradientBoosting(), x, y, 2)(x).argmax(1) == y).all()
    assert not (probed(GradientBoosting(min_leaf=20), x, y, 2)(x).argmax(1) == y).all()


def test_classes_without_rows_are_possible_but_unlikely():
    model = probed(GradientBoosting(iterations=30), X, torch.where(Y == 1, 2, Y), 4)
    shares = model(X).softmax(1)
    assert float(shares.min()) > 0
    assert set(model(X).argmax(1).tolist()) == {0, 2}
    alone = probed(GradientBoosting(iterations=5), X, torch.ones_like(Y), 2)
    assert (alone(X).argmax(1) == 1).all()


def test_trees_that_are_read_wrongly_are_refused():
    head = probed(GradientBoosting(iterations=5), X, NUMBERS, 2).head
    wanted = head(X).numpy()
    GradientBoosting().check_head(head, X.numpy(), wanted)
    with pytest.raises(Mismatch, match="this version of scikit-learn"):
        GradientBoosting().check_head(head, X.numpy(), wanted + 1)


def test_tags_are_refused():
    with pytest.raises(BadInput, match="gradient-boosting learns classes and numbers, not tags"):
        require_label_kind(GradientBoosting(), "tags")


@pytest.mark.slow
def test_it_is_saved_opened_and_exported(tmp_path):
    model, again, file = opened_again(GradientBoosting(iterations=10), tmp_path)
    assert [one.probability for one in again.predict(str(file))] == [
        one.probability for one in model.predict(str(file))
    ]
    pytest.importorskip("onnxscript")
    assert export_model(again, tmp_path / "model.onnx") < 1e-5


@pytest.mark.parametrize(
    ("name", "value"), [("iterations", 0), ("rate", 0.0), ("leaves", 1), ("min_leaf", 0)]
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"gradient-boosting: {name} is {value}"):
        GradientBoosting(**{name: value})
