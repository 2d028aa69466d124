"""Weights of rows and classes in the estimators for scikit-learn."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.ensemble import AdaBoostClassifier, BaggingRegressor
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.sklearn import ImportanceWeights, TrAdaBoost, TransferClassifier, TransferRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = (X[:, 0] + 0.5 * RNG.normal(size=80) > 0).astype(int) + (X[:, 1] > 1)
W = RNG.integers(1, 5, 80).astype(float)
QUICK = hs.Recipe(steps=10)
METHODS = ("logistic-probe", "ridge-probe", "knn", "nearest-centroid", "fine-tune")


def classifier(method="logistic-probe", **more):
    return TransferClassifier(method=method, recipe=QUICK, random_state=0, **more)


# --- what weights mean


@pytest.mark.parametrize("method", METHODS)
def test_a_row_of_weight_0_is_as_good_as_not_there(method):
    """The rows of weight 0 have wrong labels and far-off numbers: any trace of them would show."""
    rows, labels = X.copy(), Y.copy()
    rows[::4], labels[::4] = 50.0, 0
    weights = np.where(np.arange(80) % 4, W, 0)
    found = classifier(method).fit(rows, labels, sample_weight=weights).predict_proba(X)
    keep = weights > 0
    alone = classifier(method).fit(rows[keep], labels[keep], sample_weight=weights[keep])
    np.testing.assert_array_equal(found, alone.predict_proba(X))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("weight", [1.0, 7.0])
def test_equal_weights_are_none(method, weight):
    found = classifier(method).fit(X, Y, sample_weight=np.full(80, weight)).predict_proba(X)
    np.testing.assert_array_equal(found, classifier(method).fit(X, Y).predict_proba(X))


@pytest.mark.parametrize("method", METHODS)
def test_weights_are_used_and_their_scale_is_not(method):
    plain = classifier(method).fit(X, Y).predict_proba(X)
    weighted = classifier(method).fit(X, Y, sample_weight=W).predict_proba(X)
    assert np.abs(weighted - plain).max() > 1e-3
    np.testing.assert_allclose(
        classifier(method).fit(X, Y, sample_weight=100 * W).predict_proba(X), weighted, atol=1e-5
    )


def test_a_weighted_mean_by_hand():
    """Features that are all the same leave the weighted mean: (3 * 1 + 1 * 5) / 4 = 2."""
    found = TransferRegressor(method="ridge-probe").fit(
        np.zeros((4, 1)), [1.0, 1.0, 5.0, 5.0], sample_weight=[1, 2, 0.5, 0.5]
    )
    assert found.predict([[0.0]]) == pytest.approx([2.0])


def test_the_columns_are_standardised_by_weight():
    """Of 0 and 4 with weights 3 and 1 the mean is 1 and the variance (3 * 1 + 1 * 9) / 4 = 3."""
    found = classifier("nearest-centroid").fit([[0.0], [4.0], [0.0]], [0, 1, 0], sample_weight=[1, 1, 2])
    assert (found.mean_[0], found.scale_[0] ** 2) == pytest.approx((1.0, 3.0))


def test_a_class_of_weight_0_stays_a_class_that_is_not_predicted():
    found = classifier().fit(X, Y, sample_weight=(Y != 2).astype(float))
    assert found.classes_.tolist() == [0, 1, 2]
    assert set(found.predict(X)) == {0, 1}


def test_a_backbone_a_table_and_tags_take_weights():
    keep = np.arange(80) % 3 > 0
    weights = np.where(keep, W, 0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    tags = np.stack([X[:, 0] > 0, X[:, 1] > 0], 1).astype(int)
    for estimator, rows, labels in (
        (TransferClassifier(net, "ridge-probe", random_state=0), X.astype(np.float32), Y),
        (TransferClassifier("table", random_state=0), frame, Y),
        (classifier(), X, tags),
    ):
        found = estimator.fit(rows, labels, sample_weight=weights).predict_proba(rows)
        alone = estimator.fit(rows[keep], labels[keep], sample_weight=weights[keep]).predict_proba(rows)
        np.testing.assert_array_equal(found, alone)


def test_the_caller_s_arrays_stay():
    rows, weights = X.copy(), W.copy()
    classifier().fit(rows, Y, sample_weight=weights)
    np.testing.assert_array_equal(rows, X)
    np.testing.assert_array_equal(weights, W)


# --- classes


def test_balanced_classes_count_as_much_in_all():
    """Of 6 rows of one class and 2 of the other: weights 8 / (2 * 6) and 8 / (2 * 2)."""
    labels = np.array([0] * 6 + [1] * 2)
    rows = np.random.default_rng(1).normal(size=(8, 2)) + labels[:, None]
    by_hand = np.where(labels, 8 / 4, 8 / 12)
    found = classifier(class_weight="balanced").fit(rows, labels).predict_proba(rows)
    same = classifier().fit(rows, labels, sample_weight=by_hand).predict_proba(rows)
    np.testing.assert_allclose(found, same, atol=1e-6)


def test_classes_are_weighed_by_name():
    names = np.array(["ill", "well", "odd"])[Y]
    found = classifier(class_weight={"odd": 0}).fit(X, names)
    alone = classifier().fit(X[Y != 2], names[Y != 2])
    np.testing.assert_allclose(found.predict_proba(X)[:, [0, 2]], alone.predict_proba(X), atol=1e-5)
    with pytest.raises(BadInput, match="class_weight names 'healthy', and y has 'ill', 'odd', 'well'"):
        classifier(class_weight={"healthy": 2}).fit(X, names)


@pytest.mark.parametrize("given", ["even", 3, {0: -1}, {0: "much"}, {0: float("nan")}])
def test_what_is_no_weight_of_a_class_is_named(given):
    with pytest.raises(BadInput, match="class_weight"):
        classifier(class_weight=given).fit(X, Y)


def test_tags_have_no_class_weight():
    with pytest.raises(BadInput, match="class_weight goes with classes"):
        classifier(class_weight="balanced").fit(X, np.eye(2, dtype=int)[Y % 2])


# --- mistakes


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.ones(79), r"has the shape \(79,\); give a number for each of 80 rows"),
        (np.ones((80, 1)), r"has the shape \(80, 1\)"),
        (np.where(np.arange(80) == 3, -1, 1), "of row 3 is -1; weights are finite numbers >= 0"),
        (np.where(np.arange(80) == 5, np.nan, 1), "of row 5 is nan"),
        (np.where(np.arange(80) == 6, np.inf, 1), "of row 6 is inf"),
        (np.zeros(80), "of all 80 rows is zero"),
        (["a"] * 80, "is no array of numbers"),
    ],
)
@pytest.mark.parametrize("estimator", [TransferClassifier(), TransferRegressor()])
def test_bad_weights_are_refused_by_name(estimator, weights, said):
    with pytest.raises(BadData, match=f"sample_weight.*{said}"):
        estimator.fit(X, Y, sample_weight=weights)


def test_one_class_with_weight_is_too_few():
    with pytest.raises(BadData, match="two classes or more, but has 1 class"):
        classifier().fit(X, Y, sample_weight=(Y == 1).astype(float))


# --- inside of scikit-learn


def test_boosting_and_bagging_give_weights():
    boosted = AdaBoostClassifier(classifier(), n_estimators=4, random_state=0).fit(X, Y)
    assert len(boosted.estimators_) > 1
    assert boosted.score(X, Y) > 0.7
    bagged = BaggingRegressor(TransferRegressor(random_state=0), n_estimators=3, random_state=0)
    assert bagged.fit(X, X[:, 0], sample_weight=W).score(X, X[:, 0]) > 0.9
    moved = TrAdaBoost(classifier(), rounds=3).fit(X, Y, target=(X[:20] + 0.3, Y[:20]))
    assert moved.score(X, Y) > 0.6


def test_boosting_two_domains_begins_with_the_weights():
    """With one round the learner sees them as they are: a source row of weight 0 leaves no trace."""
    target = X[:20] + 0.3, Y[:20]
    weights = (np.arange(80) % 2).astype(float)
    found = TrAdaBoost(classifier(), rounds=1).fit(X, Y, weights, target=target)
    rows, labels = np.concatenate([X[1::2], target[0]]), np.concatenate([Y[1::2], target[1]])
    alone = classifier().fit(rows, labels, sample_weight=np.repeat([2.0, 1.0], [40, 20]))
    np.testing.assert_array_equal(found.predict(X), alone.predict(X))
    even = TrAdaBoost(classifier(), rounds=2).fit(X, Y, np.full(80, 9.0), target=target)
    plain = TrAdaBoost(classifier(), rounds=2).fit(X, Y, target=target)
    np.testing.assert_allclose(even.source_weights_, plain.source_weights_)
    with pytest.raises(BadData, match="sample_weight of row 0 is -1"):
        TrAdaBoost().fit(X, Y, -np.ones(80), target=target)


def test_a_pipeline_hands_weights_on():
    pipeline = make_pipeline(StandardScaler(), classifier())
    found = pipeline.fit(X, Y, transferclassifier__sample_weight=W).predict_proba(X)
    same = classifier().fit(StandardScaler().fit_transform(X), Y, sample_weight=W)
    np.testing.assert_array_equal(found, same.predict_proba(StandardScaler().fit_transform(X)))


def test_metadata_are_routed():
    groups = np.arange(80) // 4
    with sklearn.config_context(enable_metadata_routing=True):
        asked = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scores = cross_val_score(asked, X, Y, cv=GroupKFold(4), params={"sample_weight": W, "groups": groups})
        unasked = StandardScaler().set_fit_request(sample_weight=False)
        routed = make_pipeline(unasked, asked).fit(X, Y, sample_weight=W)
    by_hand = [
        classifier()
        .fit(X[train], Y[train], sample_weight=W[train])
        .score(X[test], Y[test], sample_weight=W[test])
        for train, test in GroupKFold(4).split(X, Y, groups)
    ]
    np.testing.assert_allclose(scores, by_hand)
    rows = StandardScaler().fit_transform(X)
    np.testing.assert_array_equal(
        routed.predict_proba(X), classifier().fit(rows, Y, sample_weight=W).predict_proba(rows)
    )


def test_importance_weights_go_into_the_estimator():
    target = X[X[:, 0] > 0.2]
    weights = ImportanceWeights("gaussian").fit(X, target=target).weights_
    found = classifier().fit(X, Y, sample_weight=weights).predict_proba(X)
    assert np.abs(found - classifier().fit(X, Y).predict_proba(X)).max() > 1e-3


def test_logarithms_of_probabilities():
    found = classifier().fit(X, Y)
    np.testing.assert_allclose(found.predict_log_proba(X), np.log(found.predict_proba(X)))
    sure = classifier().fit(X, Y, sample_weight=(Y != 2).astype(float))
    assert np.isfinite(sure.predict_log_proba(X)[:, :2]).all()
