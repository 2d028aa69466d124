"""One metric selects the method, heads the report and decides its warnings: the usual one, or `--metric`."""

import numpy as np
import pytest
import torch
from tests.study.test_selection import answering
from torch import nn

import headstart as hs
from headstart.core import BadInput, Unknown, make
from headstart.data.load import load
from headstart.metrics import numbers, scored_outputs
from headstart.metrics.thresholds import Threshold
from headstart.records.metric_titles import LOWER_IS_BETTER
from headstart.report.metric import METRICS, drawn_metric, get_metric
from headstart.session.scoring import (
    choose_metric,
    difference,
    main_score,
    metric_value,
    scores,
    selection_score,
)
from headstart.studies import build_page
from headstart.studies.adapt.choice import CandidateResult, choose
from headstart.studies.curve.page import view as curve_view

QUICK = {"methods": ("ridge-probe", "nearest-centroid"), "epochs": 1, "folds": 2, "curve": False}


def rows(sizes, seed=0):
    """Numbers (n, 4) about the corner of each class, of as many rows as `sizes` say."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    return (rng.normal(size=(len(y), 4)) + rng.normal(size=(len(sizes), 4))[y]).astype(np.float32), y


def net():
    return nn.Identity()


def test_accuracy_is_usual_and_balanced_accuracy_where_a_class_is_three_times_another():
    assert choose_metric(np.repeat([0, 1, 2], [10, 30, 15])) == "accuracy"
    assert choose_metric(np.repeat([0, 1, 2], [10, 31, 15])) == "balanced_accuracy"
    assert choose_metric(np.repeat([0, 2], [10, 10])) == "accuracy"  # a class without rows is none
    assert choose_metric(np.zeros((4, 2), bool)) == "average_precision"
    assert choose_metric(np.zeros((4, 1))) == "r2"
    assert choose_metric(np.repeat([0, 1], [1, 9]), "log_loss") == "log_loss"


@pytest.mark.parametrize(
    ("labels", "name", "known"),
    [
        (np.arange(4) % 2, "mae", "metric of classes is called 'mae'"),
        (np.arange(4) % 2, "balanced-accuracy", "Did you mean 'balanced_accuracy'"),
        (np.arange(4) % 2, "calibration_error", "calibration_error"),  # a constant has none
        (np.zeros((4, 1)), "accuracy", "Known: mae, r2, rmse, spearman"),
        (np.zeros((4, 2), bool), "r2", "metric of tags"),
        (np.zeros((4, 2), bool), "auc", "metric of tags is called 'auc'.*average_precision"),
        (np.zeros((4, 1)), "auc", "Known: mae, r2, rmse, spearman"),
    ],
)
def test_a_metric_that_can_not_select_is_refused_by_name(labels, name, known):
    with pytest.raises(Unknown, match=known):
        choose_metric(labels, name)


def test_ranks_of_one_class_are_refused_with_the_way_out():
    with pytest.raises(BadInput, match=r"all 4 rows are of one\. Take accuracy or log_loss"):
        choose_metric(np.zeros(4, np.int64), "auc")


def test_the_method_with_the_higher_auc_wins_though_its_accuracy_is_lower():
    """Rows of no, no, yes, yes: one method ranks them all and calls them all yes, one swaps two."""
    data = load((np.arange(4.0)[:, None], np.array(["no", "no", "yes", "yes"])))
    shares = {"knn": [0.6, 0.7, 0.8, 0.9], "ridge-probe": [0.1, 0.7, 0.6, 0.8]}
    tried = [
        CandidateResult(make(name), torch.tensor([[1 - p, p] for p in of]).log(), np.arange(4), 2)
        for name, of in shares.items()
    ]
    assert [metric_value(one.logits, data.labels, "auc") for one in tried] == [1.0, 0.75]
    assert [metric_value(one.logits, data.labels, "accuracy") for one in tried] == [0.5, 0.75]
    winner, why = choose(tried, data, choose_metric(data.labels, "auc"), 0)
    assert (winner.method.label, "highest AUC" in why) == ("knn", True)
    assert choose(tried, data, "accuracy", 0)[0].method.label == "ridge-probe"


def test_average_precision_of_two_classes_is_that_of_the_positive_one():
    labels, outputs = np.array([0, 1, 1]), torch.tensor([[0.8, 0.2], [0.9, 0.1], [0.3, 0.7]]).log()
    of_no, of_yes = (choose_metric(labels, "average_precision", place) for place in (0, 1))
    assert metric_value(outputs, labels, of_no) == pytest.approx(1 / 2)
    assert metric_value(outputs, labels, of_yes) == pytest.approx((1 + 2 / 3) / 2)
    assert metric_value(outputs, labels, "average_precision") == pytest.approx(1 / 2)  # "no" is rarer
    assert scores(outputs, labels, None, 0, of_yes).main_figure.value == pytest.approx(5 / 6)
    assert main_score(outputs, labels, None, 0, of_yes).value == pytest.approx(5 / 6)
    constant = torch.zeros(3, 2)
    assert difference(outputs, constant, labels, None, 0, of_yes).value == pytest.approx(5 / 6 - 2 / 3)


def test_a_threshold_does_not_touch_the_order_of_rows():
    labels, outputs = np.array([0, 1, 1]), torch.tensor([[0.8, 0.2], [0.9, 0.1], [0.3, 0.7]]).log()
    plain, at = (scores(outputs, labels, None, 0, "auc", t) for t in (None, Threshold(1, 0.15)))
    assert plain["auc"] == at["auc"]
    assert plain["accuracy"] != at["accuracy"]


def overlapping():
    """40 rows of no and 80 of yes whose numbers are much alike."""
    y = np.repeat([0, 1], [40, 80])
    x = np.random.default_rng(0).normal(size=(120, 4)) + 0.4 * y[:, None]
    return x.astype(np.float32), np.array(["no", "yes"])[y]


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A run by the average precision of the class with more rows."""
    folder = tmp_path_factory.mktemp("named") / "run"
    data = load(overlapping())
    return hs.adapt(net(), data, out=folder, metric="average_precision", positive="yes", **QUICK)


def test_the_headline_is_the_figure_of_the_positive_class(named):
    found = named.result.two_classes
    assert named.result.tested[0].scores.main_figure == found.average_precision
    assert found.average_precision.value != found.auc.value
    assert any("average precision of \u201cyes\u201d, as metric says" in note for note in named.result.notes)
    assert named.result.headline.startswith("Average precision of")
    assert "tags" not in named.result.headline


def test_evaluate_goes_on_with_the_metric_and_the_class(named):
    x, y = overlapping()
    model = hs.open(named.folder, backbone=net())
    again = hs.evaluate(model, (x, y))
    assert again.metric == "average_precision"
    assert again.scores.main_figure == again.two_classes.average_precision
    alone = hs.evaluate(model, (x[40:], y[40:]))
    assert alone.metric == "accuracy"
    assert any("there is no average precision" in note for note in alone.notes)


def test_it_is_refused_before_anything_is_trained(tmp_path):
    with pytest.raises(Unknown, match="metric of classes"):
        hs.adapt(net(), rows([20, 20]), out=tmp_path / "run", metric="mae", **QUICK)
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").glob("steps/*"))


@pytest.mark.parametrize("name", [*scored_outputs.METRICS, *numbers.METRICS])
def test_lower_is_better_of_the_metrics_of_which_it_is(name):
    """What is right has the better figure in reports, and what is chosen by it scores higher."""
    classes = name in scored_outputs.METRICS
    labels = np.arange(40) % 2 if classes else np.arange(40.0)[:, None]
    right = answering(labels, sure=3.0) if classes else torch.tensor(labels)
    good, bad = (metric_value(outputs, labels, name) for outputs in (right, right.flip(0) * 0.5))
    assert (METRICS[name].merit(good) > METRICS[name].merit(bad)) == (good != bad)
    assert selection_score(right, labels, name) >= selection_score(right.flip(0) * 0.5, labels, name)
    assert METRICS[name].lower == (name in LOWER_IS_BETTER)


def test_curves_are_drawn_of_a_metric_of_which_higher_is_better():
    assert drawn_metric("log_loss", "classes").name == "accuracy"
    assert drawn_metric("macro_f1", "classes").name == "macro_f1"
    assert drawn_metric("rmse", "numbers").name == "r2"


def test_a_gain_in_log_loss_by_hand():
    """Sure of the truth with odds e^3 against e^1: the log losses are log(1 + e^-3) and log(1 + e^-1)."""
    labels = np.arange(40) % 2
    sure, unsure = answering(labels, sure=3.0), answering(labels, sure=1.0)
    assert metric_value(sure, labels, "log_loss") == pytest.approx(np.log1p(np.exp(-3)))
    assert selection_score(sure, labels, "log_loss") == pytest.approx(-np.log1p(np.exp(-3)))
    assert selection_score(sure, labels, "log_loss") > selection_score(unsure, labels, "log_loss")
    gain = difference(sure, unsure, labels, None, 0, "log_loss")
    assert gain.value == pytest.approx(np.log1p(np.exp(-1)) - np.log1p(np.exp(-3)))
    assert gain.low <= gain.value <= gain.high
    figures = scores(sure, labels, None, 0, "log_loss")
    assert (figures.main, next(iter(figures.figures))) == ("log_loss", "log_loss")
    metric = get_metric("log_loss").plain()
    assert (metric.best, metric.comparison(0.25), metric.comparison(-0.25)) == (
        "lowest",
        "0.25 less",
        "0.25 more",
    )
    points = get_metric("accuracy").plain()
    assert (points.comparison(0.25), points.comparison(-0.25)) == ("25 points more", "25 points fewer")


@pytest.mark.parametrize(
    "metric", ["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "auc", "average_precision"]
)
def test_it_selects_and_heads_all_of_the_report(metric, tmp_path):
    done = hs.adapt(net(), rows([30, 90, 40]), out=tmp_path / "run", metric=metric, **QUICK)
    result, merit = done.result, get_metric(metric).merit
    by_name = {candidate.name: candidate for candidate in result.candidates}
    best = max(by_name.values(), key=lambda each: merit(each.scores[metric].value))
    assert (result.metric, result.selected) == (metric, best.name)
    title = get_metric(metric).title
    assert f"it has the {get_metric(metric).best} {title} in the cross-validation" in result.why
    assert {tested.scores.main for tested in result.tested} == {metric}
    chosen, *others = result.tested
    for other in others:
        gain = merit(chosen.scores[metric].value) - merit(other.scores[metric].value)
        assert other.gain.value == pytest.approx(gain, abs=1e-6)
    if metric != "accuracy":
        assert title.lower() in result.headline.lower()
    assert any(f"selected by {title}" in note for note in result.notes)
    assert not [name for name in ("accuracy", "F1") if name in result.headline and name not in title]
    page = build_page(done.folder).read_text()
    assert f"{title} on the held-out test part".lower() in page.lower()
    assert " had a AUC" not in page
    assert " had a average" not in page
    assert ('class="gauge"' in page) == (metric != "log_loss")


def test_what_is_selected_by_balanced_accuracy_is_not_condemned_by_accuracy(tmp_path):
    """One class in ten: always the largest is right in 90 %, and knows nothing."""
    x, y = rows([180, 20], seed=3)
    result = hs.adapt(net(), (x, y), out=tmp_path / "run", **QUICK).result
    assert result.metric == "balanced_accuracy"
    assert any("more than three times the rows of the smallest" in note for note in result.notes)
    constant = next(tested for tested in result.tested if tested.name == "majority-class")
    assert constant.scores.main_figure.value == 0.5
    assert constant.gain.value > 0.1
    assert not any("Transfer hurts" in warning and "largest" in warning for warning in result.warnings)


@pytest.mark.parametrize("metric", ["mae", "rmse", "spearman"])
def test_metrics_of_numbers(metric, tmp_path):
    x, _ = rows([60, 60])
    y = (x @ np.array([1.0, -2.0, 0.5, 0.0]))[:, None] * 10
    done = hs.adapt(net(), (x, y), out=tmp_path / "run", metric=metric, methods=("ridge-probe",), folds=2)
    result = done.result
    assert result.metric == metric
    assert result.tested[1].gain.value == pytest.approx(
        get_metric(metric).merit(result.tested[0].scores[metric].value)
        - get_metric(metric).merit(result.tested[1].scores[metric].value),
        abs=1e-5,
    )
    assert get_metric(metric).title.lower() in result.headline.lower()
    build_page(done.folder)


def test_an_axis_of_log_losses_goes_beyond_one():
    assert get_metric("log_loss").axis([0.5, 3.0]).high >= 3
    assert get_metric("mae").axis([20.0, 30.0]).high >= 30
    assert get_metric("accuracy").axis([0.5, 0.99]).high <= 1


@pytest.mark.parametrize("metric", ["log_loss", "macro_f1"])
def test_a_search_goes_by_it_to_its_next_command(metric, tmp_path):
    how = {"methods": ("ridge-probe", "nearest-centroid"), "trials": 4, "folds": 2, "epochs": 1}
    record = hs.search(net(), rows([30, 60, 40]), metric=metric, out=tmp_path / "s", **how)
    scores = [trial.score for trial in record.trials if trial.state == "complete"]
    assert record.best_score == (min if metric == "log_loss" else max)(scores) > 0
    assert record.selection == metric
    assert record.adapt[record.adapt.index("--metric") + 1] == metric
    page, title = build_page(tmp_path / "s").read_text(), get_metric(metric).title
    assert f"The {title} is cross-validated" in page
    assert f"the {get_metric(metric).best} of all" in page


def test_a_curve_goes_by_it():
    how = {"methods": ("ridge-probe", "nearest-centroid"), "labels_per_class": (2, 8), "seeds": 2}
    x, y = rows([30, 60, 40])
    plain, record = (hs.curve(net(), (x, y), metric=metric, **how) for metric in (None, "log_loss"))
    assert (plain.selection, record.selection) == ("balanced_accuracy", "log_loss")
    view = curve_view(record)
    few = {p.title: p.mean for p in record.points if p.labels_per_class == 2}
    assert f"With 2 labels a class, {min(few, key=few.get)} is best on average" in view["headline"]
    for first, other in zip(record.points[:2], record.points[2:], strict=True):
        assert other.gain.value == pytest.approx(first.mean - other.mean, abs=1e-6)  # lower is better
        assert other.interval.high > 1 or other.mean < 1
    assert "log loss" in view["reading"]
    assert [fact[0] for fact in view["facts"]].count("chance") == 0


@pytest.mark.parametrize("study", [hs.search, hs.curve])
def test_a_metric_that_there_is_not_is_refused_before_anything_is_computed(study, tmp_path):
    with pytest.raises(Unknown, match="metric of classes is called 'mae'"):
        study(net(), rows([30, 30]), metric="mae", out=tmp_path / "s")
    assert not (tmp_path / "s").exists()
