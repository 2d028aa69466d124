"""The scikit-learn face keeps scikit-learn's contract, and answers as headstart does."""

import importlib
import pickle
import sys

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, MissingPackage, Unknown
from headstart.run.cache import Cache
from headstart.sklearn import Features, TransferClassifier, TransferRegressor
from tests.study import tiny

# the penalty is chosen by rows left out, where a copy of a row is another row
REPEATED = {"check_sample_weight_equivalence_on_dense_data": "as in RidgeCV and LogisticRegressionCV"}


@parametrize_with_checks(
    [Features(), TransferClassifier(random_state=0), TransferRegressor(random_state=0)],
    expected_failed_checks=lambda _: REPEATED,
)
def test_the_contract_of_scikit_learn(estimator, check):
    """One check is expected to fail; that of it which holds is in `test_sklearn_weights.py`."""
    check(estimator)


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(90, 6, centers=3, cluster_std=4.0, random_state=0)


@pytest.fixture(scope="module")
def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 4))


@pytest.fixture(scope="module")
def shapes():
    """Pictures (36, 40, 40, 3) of three shapes."""
    drawn = [(tiny.shape(kind, 50 * n + y), kind) for n in range(12) for y, kind in enumerate(tiny.CLASSES)]
    return np.stack([np.asarray(picture) for picture, _ in drawn]), np.array([kind for _, kind in drawn])


def test_without_a_backbone_it_is_regression_on_standardised_columns(blobs):
    x, y = blobs
    x = x * [1, 10, 100, 1, 1, 0] + 5  # the last column is constant
    ours = TransferClassifier(method="logistic-probe:penalty=2.0").fit(x, y)
    theirs = LogisticRegression(C=0.5, tol=1e-8, max_iter=1000)
    theirs.fit(StandardScaler().fit_transform(x), y)
    np.testing.assert_allclose(
        ours.predict_proba(x), theirs.predict_proba(StandardScaler().fit_transform(x)), atol=2e-3
    )
    np.testing.assert_allclose(Features().fit_transform(x), StandardScaler().fit_transform(x))


def test_with_a_backbone_it_answers_as_fit_does(blobs, net):
    x, y = blobs
    x = x.astype(np.float32)
    names = np.array(["b", "c", "a"])[y]
    found = TransferClassifier(net, "ridge-probe", random_state=3).fit(x, names)
    direct = hs.fit(hs.methods.RidgeProbe(), net, (x, names), hs.Recipe(seed=3))
    assert found.classes_.tolist() == list(direct.classes) == ["a", "b", "c"]
    np.testing.assert_allclose(found.predict_proba(x), direct.probabilities(x), atol=1e-5)
    assert found.predict(x).tolist() == [one.label for one in direct.predict(x)]
    assert found.score(x, names) == np.mean(found.predict(x) == names) > 0.5
    assert found.n_features_in_ == 6


def test_features_are_those_of_the_backbone(blobs, net):
    x = blobs[0].astype(np.float32)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = Features(net, batch=7).fit(x)
    with torch.no_grad():
        np.testing.assert_allclose(found.transform(x), net[:2](torch.from_numpy(x)), atol=1e-5)
    assert found.get_feature_names_out()[-1] == "features11"
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert np.array_equal(found.transform(torch.from_numpy(x)), found.transform(x))


def test_classes_stay_in_their_order():
    """Names of numbers are not sorted as text: 10 comes after 9."""
    x, y = make_blobs(120, 3, centers=12, cluster_std=0.1, random_state=0)
    found = TransferClassifier(method="nearest-centroid").fit(x, 5 * y - 20)
    assert found.classes_.tolist() == list(range(-20, 40, 5))
    assert found.score(x, 5 * y - 20) > 0.9
    assert TransferClassifier(method="ridge-probe").fit(x, y > 5).predict(x).dtype == bool


# --- parameters


def test_settings_of_method_and_recipe_are_parameters():
    model = TransferClassifier(method="knn:k=3")
    deep = model.get_params()
    assert (deep["method__k"], deep["method__sharpness"]) == (3, None)
    assert "recipe__steps" not in deep
    assert "method__k" not in model.get_params(deep=False)
    model.set_params(method__sharpness=2.0, recipe__steps=7, random_state=1)
    assert model.method == hs.methods.KNN(k=3, sharpness=2.0)
    assert model.recipe.steps == model.get_params()["recipe__steps"] == 7
    assert model.set_params(method="ridge-probe", method__penalty=3.0).method == hs.methods.RidgeProbe(
        penalty=3.0
    )
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    with pytest.raises(Unknown, match="setting of the method is called 'penalti'"):
        model.set_params(method__penalti=1)
    with pytest.raises(ValueError, match="Invalid parameter"):
        model.set_params(methode=1)


def test_a_grid_over_settings(blobs):
    x, y = blobs
    grid = {"method": ["ridge-probe"], "method__penalty": [1e-3, 1e8]}
    search = GridSearchCV(TransferClassifier(random_state=0), grid, cv=3).fit(x, y)
    worst, best = sorted(search.cv_results_["mean_test_score"])
    assert worst <= best == search.best_score_
    assert search.best_estimator_.method.penalty == search.best_params_["method__penalty"]
    methods = {"method": ["nearest-centroid", hs.methods.KNN(k=1), "knn:k=5"]}
    assert len(GridSearchCV(TransferClassifier(), methods, cv=3).fit(x, y).cv_results_["params"]) == 3


def test_pipelines_and_cross_validation(blobs, net):
    x, y = blobs
    pipeline = make_pipeline(StandardScaler(), Features(net), TransferClassifier(method="ridge-probe"))
    assert cross_val_score(pipeline, x, y, cv=3, scoring="roc_auc_ovr").mean() > 0.8
    assert cross_val_score(make_pipeline(Features(net), LogisticRegression()), x, y, cv=3).mean() > 0.6


def test_the_random_state_decides(blobs, net):
    x, y = blobs
    recipe = hs.Recipe(steps=4, seed=99)

    def answers(state):
        return (
            TransferClassifier(net, "fine-tune", recipe=recipe, random_state=state).fit(x, y).predict_proba(x)
        )

    assert np.array_equal(answers(1), answers(1))
    assert np.array_equal(answers(np.random.RandomState(5)), answers(np.random.RandomState(5)))
    assert not np.array_equal(answers(1), answers(2))
    assert not np.array_equal(answers(None), answers(None))


def test_candidates_share_the_cache(blobs, net, tmp_path, monkeypatch):
    x, y = blobs
    computed = []
    real = Cache._compute
    monkeypatch.setattr(
        Cache, "_compute", lambda self, slots: computed.append(len(slots)) or real(self, slots)
    )
    grid = {"method": ["ridge-probe", "knn", "nearest-centroid"]}
    search = GridSearchCV(TransferClassifier(net, cache=tmp_path), grid, cv=2, refit=False)
    search.fit(x, y)
    assert len(list(tmp_path.glob("*.bin"))) == 2  # one for each fold, not for each fit
    assert sum(computed) == 2 * 45 + 6 * 8  # each fold once, and eight rows of each opening


# --- pictures


@pytest.mark.slow
def test_pictures_as_arrays_and_as_files(shapes, weights, tmp_path):
    from PIL import Image

    x, y = shapes
    options = {"weights": weights, "size": 32}
    by_array = TransferClassifier(tiny.BACKBONE, "ridge-probe", **options).fit(x, y)
    assert by_array.score(x, y) > 0.6
    files = [str(tmp_path / f"{number}.png") for number in range(len(x))]
    for file, picture in zip(files, x, strict=True):
        Image.fromarray(picture).save(file)
    by_file = TransferClassifier(tiny.BACKBONE, "ridge-probe", **options).fit(files, y)
    np.testing.assert_allclose(by_file.predict_proba(files), by_array.predict_proba(x), atol=1e-4)
    np.testing.assert_allclose(
        by_file.predict_proba(np.array(files)[:2]), by_array.predict_proba(x[:2]), atol=1e-4
    )
    features = Features(tiny.BACKBONE, **options)
    found = features.fit_transform(x)
    np.testing.assert_allclose(found, features.transform(x.transpose(0, 3, 1, 2)), atol=1e-6)
    np.testing.assert_allclose(found, Features(tiny.BACKBONE, **options).fit_transform(files), atol=1e-5)
    assert features.transform(x[:, :30]).shape == found.shape  # pictures may have any size
    other = by_array.predict_proba(x.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(other, by_array.predict_proba(x), atol=1e-6)
    assert found.shape == (36, features.backbone_.width)
    scores = cross_val_score(make_pipeline(features, LogisticRegression(max_iter=500)), files, y, cv=2)
    assert scores.mean() > 0.5


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return tiny.weights(tmp_path_factory.mktemp("weights") / "small.safetensors")


def test_a_fitted_model_can_be_kept(blobs, net):
    x, y = blobs
    for model in (TransferClassifier(net), TransferClassifier()):
        model.fit(x, y)
        again = pickle.loads(pickle.dumps(model))
        assert np.array_equal(again.predict_proba(x), model.predict_proba(x))


# --- mistakes


def test_what_it_refuses(blobs, net, shapes):
    x, y = blobs
    with pytest.raises(BadData, match="two classes or more"):
        TransferClassifier().fit(x, np.zeros(90))
    with pytest.raises(Unknown, match="ridge-probe"):
        TransferClassifier(method="ridge").fit(x, y)
    with pytest.raises(ValueError, match="Unknown label type"):
        TransferClassifier().fit(x, y + 0.5)
    cube = np.zeros((90, 2, 3), np.float32)
    conv = nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
    model = TransferClassifier(conv).fit(cube + np.arange(90)[:, None, None], y)
    with pytest.raises(BadInput, match=r"shape \(3, 2\), but those of fit had \(2, 3\)"):
        model.predict(cube.transpose(0, 2, 1))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        TransferClassifier(conv).fit(cube, y[:5])
    with pytest.raises(BadData, match="NaN"):
        Features(conv).fit(cube * np.nan)
    with pytest.raises(BadData, match="no samples"):
        Features(conv).fit(cube[:0])
    with pytest.raises(BadInput, match=r"paths or arrays"):
        Features(conv).fit(np.array([1.0, 2.0]))


def test_without_scikit_learn_the_way_out_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    monkeypatch.delitem(sys.modules, "headstart.sklearn")
    with pytest.raises(MissingPackage, match=r"pip install .*scikit-learn"):
        importlib.import_module("headstart.sklearn")


def test_the_predictor_says_what_happened(blobs):
    x, y = blobs
    found = TransferClassifier(method="group-balanced", recipe=hs.Recipe(steps=4)).fit(x, y).predictor_
    assert found.training.method == "group-balanced"
    assert (found.training.rows, len(found.curve)) == (90, 4)
    assert found.notes[0].startswith("The data have no attribute")
