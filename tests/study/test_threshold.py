"""Two classes: a threshold is chosen on out-of-fold rows, saved, decided by and reported on the test part."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.study.evaluated import frame, world
from torch import nn

import headstart as hs
from headstart.core import BadInput, Unknown
from headstart.metrics.thresholds import Threshold
from headstart.runtime.predictions import Decision
from headstart.session.scoring import decided, scores
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.page import terminal
from headstart.studies.adapt.two_classes import choose_threshold, operating_point

QUICK = {"methods": ("logistic-probe",), "budget": 5, "folds": 2, "curve": False}


def rare(rows, seed):
    """A table of two classes that overlap, one of which is rare."""
    found = frame(rows, seed)
    age = found["age"] + np.random.default_rng(seed + 1).normal(size=rows)
    return found.assign(label=np.where(age > 3.2, "ill", "well"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that asks for a recall, and its folder."""
    data = hs.data.load(rare(300, 0), name="rare")
    return hs.adapt("table", data, out=tmp_path_factory.mktemp("t") / "run", threshold="recall=0.9", **QUICK)


def out_of_fold(shares, labels):
    """What `choose_threshold` reads of a result and of the training part."""
    logits = torch.from_numpy(np.log(np.stack([1 - shares, shares], 1))).float()
    groups = SimpleNamespace(groups_of=lambda rows: None)
    data = SimpleNamespace(labels=labels, classes=("no", "yes"), label_kind="classes", **vars(groups))
    return data, SimpleNamespace(logits=logits, rows=np.arange(len(labels)))


def test_it_is_chosen_by_the_out_of_fold_rows_by_hand():
    data, result = out_of_fold(np.array([0.9, 0.7, 0.6, 0.4, 0.2]), np.array([1, 0, 1, 1, 0]))
    found = choose_threshold(AdaptSettings(threshold="max:f1", positive="yes"), data, result, "accuracy")
    assert found.saved == (1, pytest.approx(0.3))
    assert found.about["out_of_fold"].recall.value == 1
    assert found.about["out_of_fold"].precision.value == pytest.approx(3 / 4)
    assert found.about["out_of_fold"].f1.value == pytest.approx(6 / 7)
    assert found.about["threshold_why"].endswith("on the 5 out-of-fold rows, 3 of them positive.")


def test_a_precision_that_is_never_reached_is_told():
    data, result = out_of_fold(np.array([0.9, 0.8, 0.7, 0.2]), np.array([0, 1, 1, 0]))
    found = choose_threshold(AdaptSettings(threshold="precision=0.9"), data, result, "accuracy")
    assert found.saved == (1, pytest.approx(0.45))  # two of three
    assert "No threshold has a precision of 0.9" in found.about["threshold_why"]
    assert found.about["threshold_why"].endswith("the highest, 0.667.")


def test_the_positive_class_is_the_rarer_one_or_the_one_named():
    data, result = out_of_fold(np.full(5, 0.4), np.array([1, 1, 1, 0, 0]))
    none = choose_threshold(AdaptSettings(), data, result, "accuracy")
    assert (none.about["positive"], none.saved) == ("no", None)
    named = choose_threshold(AdaptSettings(positive="yes", threshold="0.3"), data, result, "accuracy")
    assert (named.about["positive"], named.saved) == ("yes", (1, 0.3))


def test_figures_of_labels_are_at_the_threshold_and_others_are_not():
    labels = np.array([0, 0, 0, 1])
    outputs = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.65, 0.35]]).log()
    plain, at = (scores(outputs, labels, None, 0, threshold=t) for t in (None, Threshold(1, 0.35)))
    assert (plain["accuracy"].value, at["accuracy"].value) == (0.75, 0.75)
    assert (plain["balanced_accuracy"].value, at["balanced_accuracy"].value) == (0.5, pytest.approx(5 / 6))
    assert plain["log_loss"] == at["log_loss"]
    assert decided(outputs, Threshold(1, 0.35)).argmax(1).tolist() == [0, 1, 0, 1]
    point = operating_point(outputs, labels, None, 0, Threshold(1, 0.35))
    assert (point.recall.value, point.precision.value, point.predicted) == (1, 0.5, 2)
    assert point.specificity.value == pytest.approx(2 / 3)


def test_a_run_saves_it_and_its_figures_are_those_of_what_it_predicts(run):
    found = run.result.two_classes
    assert (found.positive, found.rule) == ("ill", "recall=0.9")
    assert found.out_of_fold.recall.value >= 0.9
    assert found.out_of_fold.recall.low < 0.9
    assert [point.threshold for point in found.points] == [found.threshold, 0.5]
    config = json.loads((run.folder / "model" / "config.json").read_text("utf-8"))
    assert (config["positive"], config["threshold"]) == ("ill", found.threshold)
    selected = run.result.tested[0].scores
    assert selected["accuracy"] == found.points[0].accuracy
    ill, well = run.result.confusion
    assert ill[0] / sum(ill) == pytest.approx(found.points[0].recall.value)
    assert well[1] / sum(well) == pytest.approx(found.points[0].specificity.value)


def test_the_model_decides_by_it_and_evaluate_agrees(run):
    again = hs.evaluate(run.folder, rare(300, 0))  # its own test part alone
    assert again.confusion == run.result.confusion
    assert again.two_classes.points[0].recall.value == run.result.two_classes.points[0].recall.value
    new = rare(200, 5)
    shares = run.predictor.probabilities(new.drop(columns="label"))[:, run.predictor.classes.index("ill")]
    labels = [one.label for one in run.predict(new.drop(columns="label"))]
    assert labels == ["ill" if share >= run.predictor.threshold else "well" for share in shares]
    assert (shares < 0.5).any()
    assert "ill" in np.array(labels)[shares < 0.5]


def test_saving_and_opening_keep_it(run, tmp_path):
    run.predictor.save(tmp_path / "copy")
    opened = hs.open(tmp_path / "copy")
    assert (opened.positive, opened.threshold) == ("ill", run.predictor.threshold)


def test_the_report_the_card_and_the_terminal_tell_it(run):
    page = run.report.read_text("utf-8")
    assert "ROC curve</h3>" in page
    assert page.count("saved with the model") == 1
    assert "at its threshold" in page
    card = (run.folder / "model" / "README.md").read_text("utf-8")
    assert f"predicts `ill` where its probability is {run.predictor.threshold:.3f} or more" in card
    said = " ".join(terminal(run.result, run.folder).sentences)
    assert "area under the ROC curve" in said
    assert "The positive class" not in said


def test_unsure_comes_first_and_the_probability_is_that_of_the_label():
    names = ("no", "yes")
    row = np.array([0.65, 0.35])
    assert Decision(0.0, "yes", 0.3).label(row, names) == ("yes", 0.35)
    assert Decision(0.7, "yes", 0.3).label(row, names) == ("unsure", 0.65)
    assert Decision().label(row, names) == ("no", 0.65)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"threshold": "max:auc"}, BadInput, "it must be a number in"),
        ({"positive": "maybe"}, Unknown, "class is called 'maybe'"),
        ({"threshold": "auto", "metric": "log_loss"}, BadInput, "does not depend on a threshold.*max:f1"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_trained(settings, error, words, tmp_path):
    with pytest.raises(error, match=words):
        hs.adapt("table", rare(60, 0), out=tmp_path / "run", **QUICK, **settings)


def test_three_classes_have_no_threshold(tmp_path):
    with pytest.raises(BadInput, match=r"threshold is 0.3; it goes with two classes, .* has 3 classes"):
        hs.adapt(nn.Identity(), world(60, 0), out=tmp_path / "run", threshold="0.3", **QUICK)
