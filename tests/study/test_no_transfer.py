"""Methods that transfer nothing: when they take part, and that a run says so where one of them wins."""

import importlib.util

import numpy as np
import pytest
import torch
from tests.methods.grown import written
from tests.study.test_selection import DATA, METRIC, tried

import headstart as hs
from headstart.core import BadInput
from headstart.studies import build_page
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.choice import choose
from headstart.studies.adapt.run import check
from headstart.studies.adapt.usual_methods import not_installed, usual_methods

TREES = {"random-forest", "extra-trees", "gradient-boosting", "stacking"}
BOOSTED = {"lightgbm", "xgboost", "catboost"}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return written(tmp_path_factory.mktemp("tables"), 150)


def names(data):
    return {method.about.name for method in usual_methods(data)}


def test_trees_are_tried_on_tables_and_on_nothing_else(file, monkeypatch):
    table = hs.data.load(str(file))
    assert names(table) >= TREES | BOOSTED | {"ridge-probe", "fine-tune"}
    assert not names(DATA) & (TREES | BOOSTED)
    assert not_installed(table) == []
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in BOOSTED else there(name))
    assert not names(table) & BOOSTED
    assert not_installed(table) == []  # nobody is told to install them
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "sklearn" else there(name))
    assert not names(table) & TREES
    (note,) = not_installed(table)
    assert note.startswith("gradient-boosting, extra-trees, random-forest and stacking suit tables, but")


def test_the_choice_says_what_transfers_nothing():
    """52, 54 and 56 of 60 rows, half of each class."""
    probe, forest = tried("ridge-probe", range(8)), tried("random-forest", range(4))
    less = tried("knn", range(6))
    winner, why = choose([probe, less, forest], DATA, METRIC, 0)
    assert winner is forest
    assert why.endswith(
        "It transfers nothing: it learned from these rows alone. The best that transfers something, kNN, "
        "had 90 %; transfer_only=True would ship it."
    )
    winner, why = choose([probe, less, forest], DATA, METRIC, 0, transfer_only=True)
    assert winner is less
    assert why.endswith(
        "The best that transfers nothing, Random forest, had 93 %; it was left out of the choice."
    )
    assert choose([tried("knn", range(2)), forest], DATA, METRIC, 0)[1].endswith("the training part.")
    part = tried("random-forest", [], range(0, 60, 3), folds=1)  # where the probe has 17 of 20 right
    assert choose([tried("ridge-probe", range(8)), part], DATA, METRIC, 0)[1].endswith(
        "Random forest, had 100 %; on the same rows Ridge probe had 85 %, and the lead is not clear."
    )
    with pytest.raises(BadInput, match="Leave transfer_only out"):
        choose([forest], DATA, METRIC, 0, transfer_only=True)


def test_transfer_only_of_nothing_that_transfers_is_refused():
    settings = AdaptSettings(methods=("random-forest", "extra-trees"), transfer_only=True)
    with pytest.raises(BadInput, match="random-forest and extra-trees transfer nothing"):
        check(settings, {"data": DATA, "source": None})


def test_trees_on_what_reads_no_columns_are_refused_before_anything_runs(tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    with pytest.raises(BadInput, match="reads no columns of a table"):
        hs.adapt(net, DATA, out=tmp_path / "run", methods=("random-forest",))
    assert not (tmp_path / "run").exists()


def test_where_a_forest_wins_the_run_says_so_and_ships_it(file, tmp_path):
    settings = {"methods": ("random-forest:trees=10", "ridge-probe"), "folds": 2, "curve": False, "epochs": 1}
    done = hs.adapt("table", str(file), out=tmp_path / "run", **settings)
    assert done.result.selected == "random-forest:trees=10"
    assert done.result.headline.endswith(
        "No transfer: Random forest (trees = 10) learned from the rows of the training part alone."
    )
    assert "Random forest (trees = 10) (no transfer)" in str(done)
    build_page(tmp_path / "run")
    assert "Random forest (trees = 10) (no transfer)" in (tmp_path / "run" / "report.html").read_text("utf-8")
    model = hs.open(tmp_path / "run")
    assert type(model.model.head).__name__ == "TreeHead"
    answers = [one.label for one in model.predict(str(file))]
    truth = [line.rpartition(",")[2] for line in file.read_text().split()[1:]]
    assert np.mean([a == b for a, b in zip(answers, truth, strict=True)]) > 0.8
    again = hs.adapt("table", str(file), out=tmp_path / "other", transfer_only=True, **settings)
    assert again.result.selected == "ridge-probe"
    assert "No transfer" not in again.result.headline
    assert {one.name for one in again.result.candidates} == {"random-forest:trees=10", "ridge-probe"}
