"""A model on labelled new data: every figure, by name, over what is independent."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.study.evaluated import NAMES, frame, of_world, run_of_frame, world
from torch import nn

import headstart as hs
from headstart.core import BadData, Unknown, derive_seed
from headstart.metrics.intervals import score_all
from headstart.records.record import Interval, Scores
from headstart.studies.evaluate.page import sentences
from headstart.studies.evaluate.run import compared


@pytest.fixture(scope="module")
def predictor():
    return of_world()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_of_frame(tmp_path_factory.mktemp("tables") / "run").folder


# --- the figures


def test_all_figures_are_those_of_the_answers(predictor):
    x, y = world(60, 1)
    found = hs.evaluate(predictor, (x, y), seed=3)
    labels, groups = np.array([NAMES.index(name) for name in y]), np.arange(60)
    answers = predictor.probabilities(x)
    wanted = score_all(answers, labels, derive_seed(3, "scores"), groups)
    for name, interval in wanted.items():
        figure = found[name]
        np.testing.assert_allclose([figure.value, figure.low, figure.high], interval, atol=1e-4)
    assert found.rows == found.groups == 60
    right = answers.argmax(1) == labels
    assert found["accuracy"].value == right.mean()


def test_each_class_by_hand(predictor):
    x, y = world(60, 1)
    said = [each.label for each in predictor.predict(x)]
    found = hs.evaluate(predictor, (x, y))
    assert [each.name for each in found.per_class] == NAMES
    for each in found.per_class:
        both = sum(a == b == each.name for a, b in zip(said, y, strict=True))
        assert (each.rows, each.predicted) == (y.count(each.name), said.count(each.name))
        assert each.recall.value == pytest.approx(both / y.count(each.name))
        assert each.precision.value == pytest.approx(both / said.count(each.name))
        assert found.confusion[NAMES.index(each.name)][NAMES.index(each.name)] == both
    assert sum(b.rows for b in found.bins) == 60


def test_the_gain_is_over_the_largest_class(predictor):
    x, y = world(60, 1)
    found = hs.evaluate(predictor, (x, y))
    most = max(NAMES, key=y.count)
    assert found.constant.value == pytest.approx(y.count(most) / 60)
    assert found.gain.value == pytest.approx(found["accuracy"].value - found.constant.value)


def test_intervals_are_over_whole_groups(predictor):
    """Each of 15 patients has the same row four times over, a little changed: a fourth of the information."""
    x, y = world(15, 2)
    groups = np.repeat(np.arange(15), 4)
    many = np.repeat(x, 4, 0) + np.tile(np.arange(4), 15)[:, None].astype(np.float32) * 1e-4
    data = hs.data.load((many, np.repeat(y, 4)), groups=groups)
    found, alone = hs.evaluate(predictor, data), hs.evaluate(predictor, (many, np.repeat(y, 4)))
    assert (found.rows, found.groups, alone.groups) == (60, 15, 60)
    assert found["accuracy"].value == alone["accuracy"].value
    width, narrow = (each["accuracy"].high - each["accuracy"].low for each in (found, alone))
    assert width > 1.6 * narrow


def test_duplicates_count_once(predictor):
    x, y = world(15, 2)
    found = hs.evaluate(predictor, (np.repeat(x, 4, 0), np.repeat(y, 4)))
    once = hs.evaluate(predictor, (x, y))
    assert (found.rows, found.groups) == (60, 15)
    assert found["accuracy"].low == pytest.approx(once["accuracy"].low, abs=0.05)


# --- names


def test_classes_are_matched_by_name_not_by_position(predictor):
    """Rows of two classes alone: by position "oat" and "wheat" would be "corn" and "oat"."""
    x, y = world(90, 3)
    some = [row for row, name in enumerate(y) if name != "corn"]
    found = hs.evaluate(predictor, (x[some], [y[row] for row in some]))
    said = [each.label for each in predictor.predict(x[some])]
    assert found["accuracy"].value == np.mean([a == y[row] for a, row in zip(said, some, strict=True)])
    assert found.absent == ["corn"]


def test_all_rows_may_be_of_one_class(predictor):
    x, y = world(90, 3)
    some = [row for row, name in enumerate(y) if name == "oat"]
    found = hs.evaluate(predictor, (x[some], ["oat"] * len(some)))
    assert found.absent == ["corn", "wheat"]
    assert "always the largest class" not in str(found)


def test_whole_numbers_are_names():
    x, y = world(120, 0)
    numbered = [{"corn": 7, "oat": 5, "wheat": 9}[name] for name in y]
    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
    model = hs.fit("ridge-probe", net, (x, numbered))
    first = hs.evaluate(model, (x, numbered))
    assert hs.evaluate(model, (x, np.array(numbered, float))).scores == first.scores
    assert first["accuracy"].value > 0.6
    with pytest.raises(BadData, match=r"3 classes that the model lacks: '0', '1', '2'; it has '5', '7', '9'"):
        hs.evaluate(model, (x, [NAMES.index(name) for name in y]))


@pytest.mark.parametrize("labels", [[0, 1, 2], ["Corn", "Oat", "Wheat"], ["corn", "oat", "rye"]])
def test_labels_that_are_none_of_the_models_are_refused_by_name(predictor, labels):
    x, y = world(30, 1)
    with pytest.raises(BadData, match=r"that the model lacks.*matched by name, never by position"):
        hs.evaluate(predictor, (x, [labels[NAMES.index(name)] for name in y]))


def test_tags_are_matched_by_name():
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["a", "b"])
    tags = pd.DataFrame({"red": x.a > 0, "round": x.b > 0.3}).astype(int)
    model = hs.fit("logistic-probe", "table", hs.data.load((x, tags)))
    found = hs.evaluate(model, (x, tags))
    assert found.metric == "average_precision"
    assert [each.rows for each in found.tags] == tags.sum().tolist()
    assert hs.evaluate(model, (x, tags[["round", "red"]])).scores == found.scores
    with pytest.raises(BadData, match="has the tags 'tag 0', 'tag 1', which the model lacks"):
        hs.evaluate(model, (x, tags.to_numpy()))
    red = hs.evaluate(model, (x, [["red"] if value > 0 else [] for value in x.a]))
    assert red.absent == ["round"]


def test_columns_of_numbers_are_matched_by_name(tmp_path):
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["a", "b"])
    y = pd.DataFrame({"price": 3 * x.a + 0.5, "weight": x.b + 0.1 * rng.normal(size=80)})
    model = hs.fit("ridge-probe", "table", hs.data.load((x, y)))
    found = hs.evaluate(model, (x, y[["weight", "price"]]))
    mean = y.mean()
    by_hand = [
        1 - ((model.values(x)[:, k] - y[name]) ** 2).sum() / ((y[name] - mean[name]) ** 2).sum()
        for k, name in enumerate(model.classes)
    ]
    assert [each.r2.value for each in found.columns] == pytest.approx(by_hand)
    x.join(y).to_csv(tmp_path / "new.csv", index=False)
    np.testing.assert_allclose(hs.evaluate(model, tmp_path / "new.csv")["rmse"].value, found["rmse"].value)
    with pytest.raises(BadData, match="lacks the columns of numbers 'price', which the model predicts"):
        hs.evaluate(model, (x, y[["weight"]]))


def test_one_number_takes_labels_without_a_name():
    x = np.random.default_rng(0).normal(size=(60, 2))
    table = pd.DataFrame(x, columns=["a", "b"])
    model = hs.fit("ridge-probe", "table", hs.data.load((table, pd.Series(x[:, 0] + 0.5, name="price"))))
    assert hs.evaluate(model, (table, x[:, 0] + 0.5))["r2"].value > 0.99
    with pytest.raises(BadData, match="has the columns of numbers 'cost'"):
        hs.evaluate(model, (table, pd.Series(x[:, 0], name="cost")))


# --- the report of the run


def test_the_run_is_compared_with_its_report(run):
    found = hs.evaluate(run, frame(80, 1))
    report = json.loads((run / "result.json").read_text())
    tested = report["tested"][0]["scores"]
    assert found.reported.rows == report["test_rows"]
    assert found.reported.task == "first"
    assert found.reported.figures["accuracy"].value == tested["figures"]["accuracy"]["value"]
    change = found["accuracy"].value - tested["figures"]["accuracy"]["value"]
    assert found.reported.change.value == pytest.approx(change)
    assert hs.evaluate(run / "model", frame(80, 1)).reported == found.reported
    assert hs.evaluate(hs.open(run), frame(80, 1)).reported == found.reported
    data = hs.data.load(frame(150, 0))
    assert hs.evaluate(hs.fit("logistic-probe", "table", data), frame(80, 1)).reported is None


def test_rows_of_the_run_s_own_test_are_not_compared_with_themselves(run):
    """The change of two independent samples would be a doubt of nothing: the figures are the same."""
    own = hs.evaluate(run, frame(150, 0))
    assert own.rows == own.reported.rows
    said = " ".join(sentences(own))
    assert "test part of the model's own run, whose report says the same" in said
    assert "change" not in said
    assert "run's report, on" in " ".join(sentences(hs.evaluate(run, frame(80, 1))))


def test_the_change_is_that_of_two_samples_by_hand():
    """Of .5 (.4 to .6) and .8 (.77 to .84): down hypot(.1, .04) = .1077, up hypot(.1, .03) = .1044."""

    def scored(metric, *interval):
        return Scores(10, {metric: Interval(*interval)}, metric)

    for metric, sign in (("accuracy", 1), ("log_loss", -1)):
        tested = SimpleNamespace(gain=None, scores=scored(metric, 0.8, 0.77, 0.84))
        report = SimpleNamespace(tested=[tested], task="old")
        change = compared(scored(metric, 0.5, 0.4, 0.6), report).change
        ends = sorted([sign * -0.4077, sign * -0.1956])
        assert (change.value, change.low, change.high) == pytest.approx((sign * -0.3, *ends), abs=1e-4)


@pytest.mark.slow
def test_the_metric_is_that_of_the_run_or_the_wanted_one(tmp_path):
    done = hs.adapt(
        "table",
        frame(200, seed=1),
        out=tmp_path / "run",
        methods=("ridge-probe",),
        folds=2,
        epochs=1,
        curve=False,
        metric="log_loss",
    )
    new = frame(100, seed=2)
    found = hs.evaluate(done.folder, new)
    assert found.metric == found.scores.main == "log_loss"
    assert found.gain.value == pytest.approx(found.constant.value - found["log_loss"].value, abs=1e-6)
    assert hs.evaluate(done.folder, new, metric="macro_f1").metric == "macro_f1"
    with pytest.raises(Unknown, match="metric of classes"):
        hs.evaluate(done.folder, new, metric="mae")
