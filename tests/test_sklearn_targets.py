"""Tags and numbers on the scikit-learn face."""

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_multilabel_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

import headstart as hs
from headstart.core import BadData
from headstart.sklearn import Features, TransferClassifier, TransferRegressor


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def tagged():
    return make_multilabel_classification(120, 6, n_classes=4, random_state=0)


@pytest.fixture(scope="module")
def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 4))


# --- numbers


def test_without_a_backbone_it_is_ridge_on_standardised_columns(diabetes):
    x, y = diabetes
    ours = TransferRegressor(method="ridge-probe:penalty=3.0").fit(x, y)
    standard = StandardScaler().fit_transform(x)
    theirs = Ridge(alpha=3.0).fit(standard, y)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(standard), rtol=1e-4)
    assert ours.score(x, y) == pytest.approx(r2_score(y, theirs.predict(standard)), abs=1e-5)


def test_units_and_shape_are_those_of_the_user(diabetes):
    x, y = diabetes
    plain = TransferRegressor().fit(x, y)
    assert plain.predict(x[:5]).shape == (5,)
    far = TransferRegressor().fit(x, 1e4 * y - 3e6)
    np.testing.assert_allclose(far.predict(x), 1e4 * plain.predict(x) - 3e6, rtol=1e-4)
    both = TransferRegressor().fit(x, np.stack([y, -2 * y], axis=1))
    assert both.predict(x[:5]).shape == (5, 2)
    np.testing.assert_allclose(both.predict(x)[:, 1], -2 * both.predict(x)[:, 0], rtol=1e-4)
    column = TransferRegressor().fit(x, y[:, None])
    np.testing.assert_allclose(column.predict(x), plain.predict(x)[:, None])


def test_with_a_backbone_it_answers_as_fit_does(net):
    x = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    y = x[:, 0] - x[:, 1] ** 2 + 0.5
    found = TransferRegressor(net, random_state=3).fit(x, y)
    direct = hs.fit(hs.methods.RidgeProbe(), net, (x, y), hs.Recipe(seed=3))
    np.testing.assert_allclose(found.predict(x), direct.values(x)[:, 0], rtol=1e-5)
    assert found.score(x, y) > 0.5
    cube = x.reshape(60, 2, 3)
    flat = TransferRegressor(nn.Sequential(nn.Flatten(), *net), random_state=3).fit(cube, y)
    np.testing.assert_allclose(flat.predict(cube), found.predict(x), rtol=1e-4, atol=1e-5)


def test_methods_that_descend_learn_numbers(net):
    x = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    y = 1000 + 50 * x[:, 0]
    tuned = TransferRegressor(net, "lp-ft", recipe=hs.Recipe(steps=30, batch=16), random_state=0).fit(x, y)
    assert tuned.score(x, y) > 0.8
    assert TransferRegressor(net, "knn:k=3").fit(x, y).score(x, y) > 0.4


def test_a_regressor_in_pipelines_and_searches(diabetes, net):
    x, y = diabetes
    pipeline = make_pipeline(StandardScaler(), TransferRegressor())
    assert cross_val_score(pipeline, x, y, cv=3).mean() > 0.4
    assert cross_val_score(make_pipeline(Features(net), Ridge()), x[:, :6], y, cv=3).mean() > 0.1
    grid = {"method": ["ridge-probe"], "method__penalty": [1.0, 1e6]}
    search = GridSearchCV(TransferRegressor(), grid, cv=3).fit(x, y)
    assert search.best_params_["method__penalty"] == 1.0
    assert clone(search.best_estimator_).get_params()["method__penalty"] == 1.0
    assert search.best_score_ > 0.4


def test_what_the_regressor_refuses(diabetes):
    x, y = diabetes
    with pytest.raises(BadData, match="two samples or more, but has 1 sample"):
        TransferRegressor().fit(x[:1], y[:1])
    with pytest.raises(ValueError, match="could not convert string to float"):
        TransferRegressor().fit(x, ["high"] * len(x))
    with pytest.raises(ValueError, match="y contains NaN"):
        TransferRegressor().fit(x, np.where(np.arange(len(y)) == 3, np.nan, y))
    flat = nn.Sequential(nn.Flatten(), nn.Linear(10, 3))
    with pytest.raises(ValueError, match="y contains NaN"):
        TransferRegressor(flat).fit(x[:, None], np.where(np.arange(len(y)) == 3, np.nan, y))
    assert not hasattr(TransferRegressor(), "predict_proba")


# --- tags


def test_tags_are_a_binary_regression_each(tagged):
    x, y = tagged
    ours = TransferClassifier(method="logistic-probe:penalty=2.0").fit(x, y)
    standard = StandardScaler().fit_transform(x)
    theirs = MultiOutputClassifier(LogisticRegression(C=0.5, tol=1e-8, max_iter=1000)).fit(standard, y)
    expected = np.stack([shares[:, 1] for shares in theirs.predict_proba(standard)], axis=1)
    np.testing.assert_allclose(ours.predict_proba(x), expected, atol=2e-3)
    assert ours.predict(x).tolist() == (ours.predict_proba(x) >= 0.5).astype(int).tolist()
    assert ours.classes_.tolist() == [0, 1, 2, 3]
    assert ours.score(x, y) == np.mean((ours.predict(x) == y).all(1))


def test_tags_of_any_type(tagged):
    x, y = tagged
    plain = TransferClassifier().fit(x, y)
    for other in (y.astype(bool), y.astype(float), sparse.csr_matrix(y), y.tolist()):
        found = TransferClassifier().fit(x, other)
        np.testing.assert_array_equal(found.predict_proba(x), plain.predict_proba(x))
    assert TransferClassifier().fit(x, y.astype(bool)).predict(x).dtype == bool
    with pytest.raises(ValueError, match="y should be a 1d array"):
        TransferClassifier().fit(x, y * np.arange(1, 5))
    with pytest.raises(BadData, match="Tags are 0 and 1, but y holds 1, 2"):
        TransferClassifier().fit(x, y + 1)


def test_tags_with_a_backbone(tagged, net):
    x, y = StandardScaler().fit_transform(tagged[0]), tagged[1]
    for method in ("ridge-probe", "knn:k=5", "fine-tune"):
        found = TransferClassifier(net, method, random_state=0).fit(x, y)
        shares = found.predict_proba(x)
        assert shares.shape == y.shape
        assert (shares >= 0).all()
        assert (shares <= 1).all()
        assert (found.predict(x) == y).mean() > 0.6


@pytest.mark.slow
def test_tags_in_searches_and_cross_validation(tagged):
    x, y = tagged
    shares = cross_val_predict(TransferClassifier(), x, y, cv=3, method="predict_proba")
    assert shares.shape == y.shape
    assert cross_val_score(TransferClassifier(), x, y, cv=3, scoring="f1_macro").mean() > 0.5
    grid = {"method": ["ridge-probe", "logistic-probe"]}
    search = GridSearchCV(TransferClassifier(random_state=0), grid, cv=3, scoring="roc_auc").fit(x, y)
    assert search.best_score_ > 0.7


def test_a_tag_that_no_row_has(tagged):
    x, y = tagged
    y = np.concatenate([y, np.zeros((len(y), 1), int), np.ones((len(y), 1), int)], axis=1)
    for method in ("ridge-probe", "logistic-probe"):
        found = TransferClassifier(method=method).fit(x, y).predict(x)
        assert found[:, 4].tolist() == [0] * len(y), method
        assert found[:, 5].tolist() == [1] * len(y), method


@pytest.mark.parametrize("missing", [float("nan"), np.float32("nan"), None])
@pytest.mark.parametrize("kind", [list, tuple])
def test_a_missing_label_is_no_class(missing, kind):
    x = np.arange(8.0).reshape(4, 2)
    with pytest.raises(BadData, match="Row 2 has no label: "):
        TransferClassifier().fit(x, kind(["a", "b", missing, "a"]))
    assert list(TransferClassifier().fit(x, kind(["a", "b", "nan", "a"])).classes_) == ["a", "b", "nan"]
