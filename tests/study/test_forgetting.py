"""What a fitted model forgets of its old task, on rows that nothing is learned from."""

import copy

import numpy as np
import pytest
import torch
from tests.study.experiments import network, rows
from torch import nn

import headstart as hs
from headstart.core import BadInput, Model
from headstart.data.check import check
from headstart.data.load import load
from headstart.data.train_test_split import train_and_test
from headstart.records.record import Interval
from headstart.studies import build_page
from headstart.studies.adapt import AdaptSettings, Result
from headstart.studies.adapt.forgetting import hold_out, old_model

QUICK = {"epochs": 8, "folds": 2, "curve": False, "budget": 1e6, "lr": 0.03}
ZERO = Interval(0.0, 0.0, 0.0)


X, Y = rows(classes=3, each=70, seed=3)


@pytest.fixture(scope="module")
def old():
    return load((X[:120], np.array(["a", "b", "c"])[Y[:120]]), name="old")


@pytest.fixture(scope="module")
def new():
    """The same classes under each other's names: what goes on with the old head has to turn the features."""
    return load((X[120:], np.array(["b", "c", "a"])[Y[120:]]), name="new")


@pytest.fixture(scope="module")
def fitted(old):
    return hs.fit("fine-tune:backbone_lr=1.0", network(), old, hs.Recipe(steps=150, lr=0.02))


def adapted(fitted, new, out, source, *methods):
    return hs.adapt(fitted, new, out=out, source=source, methods=methods, **QUICK)


@pytest.fixture(scope="module")
def tuned(fitted, new, old, tmp_path_factory):
    out = tmp_path_factory.mktemp("forgetting") / "tuned"
    return adapted(fitted, new, out, old, "fine-tune:backbone_lr=1.0")


@pytest.mark.slow
def test_a_probe_on_a_frozen_backbone_forgets_exactly_nothing(fitted, new, old, tmp_path):
    done = adapted(fitted, new, tmp_path / "run", old, "logistic-probe", "ridge-probe")
    (found,) = done.result.forgetting
    assert found.change == ZERO
    assert found.before == found.after
    assert (found.task, found.rows) == ("old", 24)
    assert found.before.value > 0.8
    text = "as it was: nothing is forgotten."
    assert text in str(done.result)
    assert text in build_page(done.folder).read_text("utf-8")


def test_what_tuning_forgets_is_that_of_the_old_head_on_the_new_features(tuned, fitted, old, new):
    """Computed anew: the same rows, the backbone of the saved model, and the head of the old one."""
    (found,) = tuned.result.forgetting
    model = old_model(fitted, [old])
    _, (task,) = hold_out(model, [old], new, AdaptSettings(**QUICK))
    body = hs.open(tuned.folder, backbone=network()).model.backbone
    joined = Model(copy.deepcopy(body), copy.deepcopy(fitted.model.head)).eval()
    truth = task.data.labels
    with torch.no_grad():
        said = joined(torch.from_numpy(task.data.array)).argmax(1).numpy()
    names = [answer.label for answer in fitted.predict(task.data.array)]
    assert found.after.value == pytest.approx((said == truth).mean())
    assert found.before.value == pytest.approx(np.mean(np.array(old.classes)[truth] == names))
    assert found.change.value == pytest.approx(found.after.value - found.before.value)
    assert found.change.high < 0, "the case is made so that much is forgotten"
    assert "so that much is forgotten." in str(tuned.result)


def test_the_record_is_read_as_it_was_written(tuned):
    again = Result.read(tuned.folder / "result.json")
    assert again.forgetting == tuned.result.forgetting
    assert any("Whether the backbone learned from the held-out rows of old" in note for note in again.notes)


def test_rows_that_it_is_measured_on_are_not_learned_from(fitted, new, old, tmp_path):
    """Rehearsal: the other rows are learned beside the new ones, and less is forgotten than without."""
    done = adapted(fitted, new, tmp_path / "run", old, "multi-task:backbone_lr=1.0")
    (found,) = done.result.forgetting
    text = next(one.text for one in done.result.check.findings if one.kind == "source")
    assert f"had {len(old) - found.rows} rows of old" in text
    kept, (task,) = hold_out(old_model(fitted, [old]), [old], new, AdaptSettings(**QUICK))
    test = {row.tobytes() for row, side in zip(kept[0].array, kept[0].split, strict=True) if side == "test"}
    assert test == {row.tobytes() for row in task.data.array}


@pytest.mark.slow
def test_of_a_run_folder_with_its_own_data_the_rows_are_those_of_its_test(new, old, tmp_path):
    first = hs.adapt(
        network(), old, out=tmp_path / "first", methods=("fine-tune:backbone_lr=1.0",), seed=5, **QUICK
    ).result
    made = nn.Sequential(*network())
    run = hs.open(tmp_path / "first", backbone=made)
    settings = AdaptSettings(**QUICK)
    model = old_model(run, [old])
    assert model.folder is None
    known = type(model)(model.backbone, model.trained, tmp_path / "first")
    _, (task,) = hold_out(known, [old], new, settings)
    assert task.held_out
    checked = check(old).dataset
    assert task.data.items == checked.subset(train_and_test(checked, settings.test, 5)[1]).items
    assert len(task.data) == first.test_rows
    found = run.predict(task.data.array)
    right = np.mean([one.label == old.classes[y] for one, y in zip(found, task.data.labels, strict=True)])
    assert right == pytest.approx(first.tested[0].scores["accuracy"].value)
    _, (other,) = hold_out(known, [old.subset(np.arange(100))], new, settings)
    assert not other.held_out


def test_where_nothing_can_be_measured_nothing_is(fitted, new, old, tmp_path):
    x, y = rows(classes=2, each=20, seed=9)
    unknown = load((x, np.array(["p", "q"])[y]), name="unknown")
    assert hold_out(old_model(fitted, [unknown]), [unknown], new, AdaptSettings()) == ([unknown], [])
    assert old_model(network(), [old]) is None
    assert old_model(fitted, []) is None
    with pytest.raises(BadInput, match="There is a source, but no method learns from it"):
        adapted(fitted, new, tmp_path / "run", unknown, "logistic-probe")
    with pytest.raises(BadInput, match="There is a source, but no method learns from it"):
        adapted(network(), new, tmp_path / "run", old, "logistic-probe")


@pytest.mark.slow
def test_new_classes_beside_old_ones_are_no_obstacle(fitted, old, tmp_path):
    """Some labels are kept and one comes: the old head is the one of before, not the one that goes on."""
    x, y = rows(classes=3, each=20, seed=10)
    labels = np.array(["a", "b", "soybeans"])[y]
    done = adapted(fitted, (x, labels), tmp_path / "run", old, "logistic-probe")
    assert done.result.forgetting[0].change == ZERO


def test_old_rows_that_stand_in_the_new_data_are_not_measured_on(fitted, new, old):
    model, settings = old_model(fitted, [old]), AdaptSettings(**QUICK)
    _, (whole,) = hold_out(model, [old], new, settings)
    grown = load(
        (np.concatenate([new.array, whole.data.array[:5]]), ["a", "b"] * 45 + ["a"] * 5), name="grown"
    )
    _, (task,) = hold_out(model, [old], grown, settings)
    assert task.data.items == whole.data.items[5:]
    again = load((whole.data.array[5:17], ["a", "b", "c"] * 4), name="again")
    _, found = hold_out(model, [old, again], grown, settings)
    assert found[0].data.items == whole.data.items[17:]
    assert hold_out(model, [old], old, settings)[1] == []
