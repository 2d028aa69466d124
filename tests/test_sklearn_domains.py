"""Two domains in scikit-learn: aligners against closed forms and POT, weights against the truth."""

import os
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from headstart.core import BadData, BadInput, Unknown
from headstart.sklearn import (
    CORAL,
    ImportanceWeights,
    OptimalTransport,
    SubspaceAlignment,
    WeightsWarning,
)
from headstart.solvers.ratios.named import ESTIMATORS

RNG = np.random.default_rng(0)
SOURCE = RNG.normal(size=(60, 4)) @ RNG.normal(size=(4, 4)) + 3
TARGET = RNG.normal(size=(45, 4)) @ RNG.normal(size=(4, 4)) - 1
ALIGNERS = [CORAL(), SubspaceAlignment(), OptimalTransport(epsilon=0.5)]
named = pytest.mark.parametrize("aligner", ALIGNERS, ids=lambda one: type(one).__name__)


class Moved(CORAL):
    """As scikit-learn's checks call it: what they give is both domains."""

    def fit(self, X, y=None, *, target=None):  # noqa: N803
        return super().fit(X, y, target=X if target is None else target)


class Weighed(ImportanceWeights):
    """Likewise."""

    def fit(self, X, y=None, *, target=None):  # noqa: N803
        return super().fit(X, y, target=X if target is None else target)


@parametrize_with_checks([Moved(0.1), Weighed("gaussian")])
def test_the_contract_of_scikit_learn(estimator, check):
    """For tools that know of one domain only, it is both."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WeightsWarning)
        check(estimator)


def covariance(rows):
    centred = rows - rows.mean(0)
    return centred.T @ centred / (len(rows) - 1)


def test_coral_gives_the_source_the_moments_of_the_target():
    moved = CORAL(shrinkage=0.0).fit(SOURCE, target=TARGET).transform(SOURCE)
    np.testing.assert_allclose(covariance(moved), covariance(TARGET), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(moved.mean(0), TARGET.mean(0), atol=1e-9)


def test_coral_is_the_closed_form():
    """C_s^-1/2 C_t^1/2 of the paper, each covariance with 1 % of its mean variance, not the identity."""

    def power(matrix, exponent):
        values, vectors = np.linalg.eigh(matrix)
        return vectors * values**exponent @ vectors.T

    def shrunk(rows):
        found = covariance(rows)
        return 0.99 * found + 0.01 * np.trace(found) / 4 * np.eye(4)

    aligner = CORAL().fit(SOURCE, target=TARGET)
    expected = (SOURCE - SOURCE.mean(0)) @ power(shrunk(SOURCE), -0.5) @ power(shrunk(TARGET), 0.5)
    np.testing.assert_allclose(aligner.transform(SOURCE), expected + TARGET.mean(0), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(SOURCE @ aligner.coef_.T + aligner.intercept_, aligner.transform(SOURCE))


def test_subspaces_are_aligned_as_in_the_paper():
    """X_s B_s B_s' B_t and X_t B_t of the centred rows, up to the signs of the axes of the target."""

    def axes(rows):
        return np.linalg.svd(rows - rows.mean(0), full_matrices=False)[2][:2].T

    aligner = SubspaceAlignment(2).fit(SOURCE, target=TARGET)
    one, other = axes(SOURCE), axes(TARGET)
    theirs = (TARGET - TARGET.mean(0)) @ other
    signs = np.sign((theirs * aligner.transform_target(TARGET)).sum(0))
    np.testing.assert_allclose(aligner.transform_target(TARGET), theirs * signs, atol=1e-9)
    mine = (SOURCE - SOURCE.mean(0)) @ one @ one.T @ other
    np.testing.assert_allclose(aligner.transform(SOURCE), mine * signs, atol=1e-9)
    assert list(aligner.get_feature_names_out()) == ["subspacealignment0", "subspacealignment1"]
    assert SubspaceAlignment().fit(SOURCE, target=TARGET).transform(SOURCE).shape == (60, 4)


@pytest.mark.filterwarnings("ignore")
def test_transport_is_that_of_pot_also_of_rows_that_come_later(monkeypatch):
    for other in ("TENSORFLOW", "JAX", "TORCH", "CUPY"):
        monkeypatch.setitem(os.environ, f"POT_BACKEND_DISABLE_{other}", "1")
    ot = pytest.importorskip("ot")
    epsilon = 0.2
    cost = ot.dist(SOURCE, TARGET)
    ours = OptimalTransport(epsilon).fit(SOURCE, target=TARGET)
    plan = ot.sinkhorn(
        np.full(60, 1 / 60),
        np.full(45, 1 / 45),
        cost,
        epsilon * cost.mean(),
        method="sinkhorn_log",
        stopThr=1e-12,
        numItermax=100_000,
    )
    np.testing.assert_allclose(ours.plan_, plan, atol=1e-9)
    assert ours.cost_ == pytest.approx((plan * cost).sum(), rel=1e-6)
    theirs = ot.da.SinkhornTransport(
        reg_e=epsilon * cost.mean(),
        max_iter=100_000,
        tol=1e-12,
        method="sinkhorn_log",
        out_of_sample_map="ferradans",
    ).fit(Xs=SOURCE, Xt=TARGET)
    np.testing.assert_allclose(ours.transform(SOURCE), theirs.transform(Xs=SOURCE), rtol=1e-6, atol=1e-6)
    later = SOURCE[:7] + 0.3
    np.testing.assert_allclose(ours.transform(later), theirs.transform(Xs=later), rtol=1e-6, atol=1e-6)


@named
def test_alignment_helps_a_classifier_where_the_target_is_turned_and_moved(aligner):
    rng = np.random.default_rng(4)
    y = np.repeat([0, 1], 100)
    x = rng.normal(size=(200, 2)) * [1, 0.3] + np.where(y[:, None] == 1, [2.5, 0], [-2.5, 0])
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    new = x @ turn.T + [4, -5]
    model = clone(aligner).fit(x, target=new)
    before = LogisticRegression().fit(x, y).score(new, y)
    after = LogisticRegression().fit(model.transform(x), y).score(model.transform_target(new), y)
    assert before < 0.8
    assert after > 0.9


@named
def test_it_goes_into_pipelines_and_is_cloned(aligner):
    pipeline = make_pipeline(clone(aligner), StandardScaler())
    name = type(aligner).__name__.lower()
    found = pipeline.fit_transform(SOURCE, **{f"{name}__target": TARGET})
    again = clone(aligner).fit(SOURCE, target=TARGET).transform(SOURCE)
    np.testing.assert_allclose(found, StandardScaler().fit_transform(again), atol=1e-9)
    assert not hasattr(clone(aligner), "n_features_in_")


@named
def test_the_rows_given_are_not_changed(aligner):
    one, other = SOURCE.copy(), TARGET.copy()
    model = clone(aligner).fit(one, target=other)
    model.transform(one)
    model.transform_target(other)
    assert (one == SOURCE).all()
    assert (other == TARGET).all()


def test_only_subspaces_move_the_target():
    for aligner in (CORAL(), OptimalTransport(0.5)):
        np.testing.assert_array_equal(aligner.fit(SOURCE, target=TARGET).transform_target(TARGET), TARGET)


@pytest.mark.parametrize("kind", [CORAL, SubspaceAlignment, OptimalTransport, ImportanceWeights])
def test_bad_targets_are_named(kind):
    holes = TARGET.copy()
    holes[[1, 5], 2] = np.nan
    for target, text in (
        (None, r"fit\(X_source, target=X_target\)"),
        (TARGET[:, :3], r"shape \(45, 3\) and the source 4 columns"),
        (TARGET[0], r"shape \(4,\)"),
        (holes, "2 of 45 rows of the target hold NaN"),
        (TARGET[:0], "The target has 0 rows"),
        ([["a", "b", "c", "d"]], "no table of numbers"),
    ):
        with pytest.raises((BadInput, BadData), match=text):
            kind().fit(SOURCE, target=target)
    if kind is OptimalTransport:
        np.testing.assert_allclose(kind().fit(SOURCE, target=TARGET[:1]).transform(SOURCE), TARGET[[0] * 60])
    else:
        with pytest.raises(BadData, match=r"The target has 1 row; .* needs 2 or more"):
            kind().fit(SOURCE, target=TARGET[:1])


def test_bad_settings_are_named():
    for aligner, text in (
        (CORAL(shrinkage=2.0), "shrinkage is 2.0"),
        (SubspaceAlignment(5), "size is 5"),
        (OptimalTransport(0.0), "epsilon is 0.0"),
        (OptimalTransport(0.001, max_iter=1), "After 1 steps"),
        (ImportanceWeights(clip=2.0), "clip is 2.0"),
    ):
        with pytest.raises(BadInput, match=text):
            aligner.fit(SOURCE, target=TARGET)
    with pytest.raises(
        Unknown, match=r"No estimator of weights is called 'clasifier'. Did you mean 'classifier'"
    ):
        ImportanceWeights("clasifier").fit(SOURCE, target=TARGET)


def shimodaira(seed, rows=300):
    """Columns x and x^2 of both domains, and labels that a straight line does not fit everywhere."""
    rng = np.random.default_rng(seed)
    x, new = rng.normal(0.5, 0.5, (rows, 1)), rng.normal(0.0, 0.3, (rows, 1))
    y = (x**3 - x + rng.normal(0, 0.3, (rows, 1)))[:, 0]
    return x, y, new, (new**3 - new)[:, 0]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_weights_make_a_straight_line_right_where_the_target_is(estimator):
    """Any estimator that takes sample_weight; the ratio turned over would make it worse."""
    x, y, new, truth = shimodaira(1)

    def columns(rows):
        return np.hstack([rows, rows**2]) if estimator == "classifier" else rows

    found = ImportanceWeights(estimator).fit(columns(x), target=columns(new))
    assert found.weights_.mean() == pytest.approx(1.0)
    assert np.corrcoef(found.weights_, -np.abs(x[:, 0]))[0, 1] > 0.3
    errors = [
        np.square(LinearRegression().fit(x, y, sample_weight=w).predict(new) - truth).mean()
        for w in (None, found.weights_, 1 / found.weights_.clip(1e-3))
    ]
    assert errors[1] < errors[0] / 4
    assert errors[1] < errors[2]


def test_the_report_by_hand():
    """Of a shift by 0.5 the largest weight and the effective sample size are those of the weights."""
    rng = np.random.default_rng(2)
    x, new = rng.normal(size=(400, 1)), rng.normal(0.5, 1, (200, 1))
    found = ImportanceWeights().fit(x, target=new)
    w, report = found.weights_, found.report_
    assert report.ess == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert report.largest == pytest.approx(w.max() / 400)
    assert report.rows == 400
    assert report.mean == pytest.approx(1.0, abs=0.15)
    assert 0.85 < report.support <= 1
    assert report.doubt is None
    assert np.corrcoef(np.log(w), x[:, 0])[0, 1] == pytest.approx(1.0, abs=0.02)


def test_a_target_out_of_reach_is_warned_of():
    rng = np.random.default_rng(3)
    x, new = rng.normal(size=(300, 1)), rng.normal(4.0, 1.0, (300, 1))
    with pytest.warns(WeightsWarning, match=r"Only \d+% of the target's rows .* as good as \d\.\d% of them"):
        found = ImportanceWeights("gaussian").fit(x, target=new)
    assert found.report_.doubt
    assert found.report_.support < 0.2


def test_a_target_within_the_source_is_in_reach_though_the_source_is_not_in_the_targets():
    rng = np.random.default_rng(5)
    x, new = rng.normal(0, 3, (300, 1)), rng.normal(0, 0.3, (300, 1))
    report = ImportanceWeights("gaussian").fit(x, target=new).report_
    assert report.support > 0.95
    assert report.doubt is None
