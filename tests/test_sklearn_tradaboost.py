"""TrAdaBoost by hand, against training on either domain, and what it refuses."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from headstart.core import BadData, BadInput
from headstart.sklearn import TrAdaBoost

RNG = np.random.default_rng(0)
SOURCE, TARGET = RNG.normal(size=(60, 4)) + 3, RNG.normal(size=(45, 4)) - 1


class Sign(ClassifierMixin, BaseEstimator):
    """Says 1 where the column is positive that it finds to be best on weighted rows; others, 0."""

    def fit(self, X, y, sample_weight=None):  # noqa: N803
        self.classes_ = np.unique(y)
        scores = [((X[:, column] > 0) == y) @ sample_weight for column in range(X.shape[1])]
        self.best_ = int(np.argmax(scores))
        return self

    def predict(self, X):  # noqa: N803
        return (X[:, self.best_] > 0).astype(int)


def test_tradaboost_by_hand():
    """Two rows of each domain, three rounds.

    Column 0 is right on three rows and stays the best; its error on the target is 1/2, which counts as 0.49,
    and then more. Its only mistake is multiplied by 0.51 / 0.49 each time.
    """
    x = np.array([[1.0, -1.0], [-1.0, 1.0]])
    y = np.array([1, 0])
    new, labels = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([1, 0])
    found = TrAdaBoost(Sign(), rounds=3).fit(x, y, target=(new, labels))
    # first round: column 0 is right on 3 of 4 rows; its one mistake is the last row of the target
    assert found.estimators_[0].best_ == 0
    first = np.array([1, 1, 1, 0.51 / 0.49]) / (3 + 0.51 / 0.49)
    # second round: column 0 has all but the last, which is still less than half
    assert found.estimators_[1].best_ == 0
    assert found.errors_[0] == 0.5
    assert found.errors_[1] == pytest.approx(first[3] / (first[2] + first[3]))
    second = np.array([1, 1, 1, (0.51 / 0.49) ** 2])
    assert found.errors_[2] == pytest.approx(second[3] / (second[2] + second[3]))
    third = np.array([1, 1, 1, (0.51 / 0.49) ** 3])
    np.testing.assert_allclose(found.source_weights_, third[:2] / third.sum())
    np.testing.assert_allclose(found.target_weights_, third[2:] / third.sum())
    assert found.first_ == 1
    np.testing.assert_allclose(found.predict_proba(new), [[0, 1], [0, 1]])


def test_tradaboost_forgets_what_contradicts_the_target():
    """A source row that is wrong counts beta of what it did, again and again."""
    x = np.array([[1.0], [-1.0], [1.0]])
    found = TrAdaBoost(Sign(), rounds=4).fit(x, [1, 0, 0], target=([[2.0], [-2.0]], [1, 0]))
    beta = 1 / (1 + np.sqrt(2 * np.log(3) / 4))
    expected = np.array([1, 1, beta**4, 1, 1])
    np.testing.assert_allclose(found.source_weights_, (expected / expected.sum())[:3])
    np.testing.assert_allclose(found.errors_, 0.0)
    np.testing.assert_array_equal(found.predict([[3.0], [-3.0]]), [1, 0])


def test_tradaboost_is_better_than_either_domain_alone():
    """A third of the source says the opposite; ten rows of the target are too few to learn from."""
    gains = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(300, 8))
        y = (x[:, 0] + x[:, 1] > 0).astype(int)
        odd = x[:, 2] > 0.2
        y[odd] = 1 - y[odd]
        new = rng.normal(size=(510, 8))
        truth = (new[:, 0] + new[:, 1] > 0).astype(int)
        few, rest = slice(0, 10), slice(10, None)
        base = LogisticRegression()
        model = TrAdaBoost(base, rounds=20).fit(x, y, target=(new[few], truth[few]))
        both = base.fit(np.concatenate([x, new[few]]), np.concatenate([y, truth[few]])).score(
            new[rest], truth[rest]
        )
        few_alone = LogisticRegression().fit(new[few], truth[few]).score(new[rest], truth[rest])
        gains.append(model.score(new[rest], truth[rest]) - max(both, few_alone))
    assert np.mean(gains) > 0


def test_tradaboost_keeps_names_of_classes_and_takes_other_learners():
    x, y = SOURCE, np.where(SOURCE[:, 0] > 3, "high", "low")
    found = TrAdaBoost().fit(x, y, target=(TARGET[:6], ["low", "high"] * 3))
    assert list(found.classes_) == ["high", "low"]
    assert set(found.predict(TARGET)) <= {"high", "low"}
    np.testing.assert_allclose(found.predict_proba(TARGET).sum(1), 1.0)
    for model, target, text in (
        (TrAdaBoost(), None, r"target=\(X_target, y_target\)"),
        (TrAdaBoost(), (TARGET[:, :2], ["low"] * 45), "2 columns and the source 4"),
        (TrAdaBoost(), (TARGET, ["low"]), "can't be learned from"),
        (TrAdaBoost(rounds=0), (TARGET[:2], ["low", "high"]), "rounds is 0"),
        (TrAdaBoost(KNeighborsClassifier()), (TARGET[:2], ["low", "high"]), "takes no sample_weight"),
    ):
        with pytest.raises((BadInput, BadData), match=text):
            model.fit(x, y, target=target)
    with pytest.raises(BadData, match="1 class"):
        TrAdaBoost().fit(x, ["low"] * 60, target=(TARGET[:1], ["low"]))
