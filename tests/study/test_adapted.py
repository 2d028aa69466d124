"""`hs.adapt(data)` is enough, and what it returns is ready to use."""

from datetime import datetime
from pathlib import Path

import pytest
from tests.study import tiny

import headstart as hs
from headstart.core import BadInput
from headstart.records.explanation import EXPLANATIONS, RunExplanations
from headstart.studies import study_function, with_backbone
from headstart.studies._dated import dated_folder
from headstart.studies._spec import study

HOW = {"methods": ("ridge-probe",), **tiny.QUICK}


@pytest.fixture(scope="module")
def rows():
    labels = ["even", "odd"] * 20
    return {"a": [float(n % 7) for n in range(40)], "b": [float(n % 2) for n in range(40)], "label": labels}


@pytest.fixture(scope="module")
def done(rows, tmp_path_factory):
    """A run that was given the data and nothing else of what it is about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("place"))
        found = hs.adapt(rows, **HOW)
        yield found, Path.cwd()


def test_it_takes_the_backbone_of_the_data_and_a_folder_by_the_time(done):
    found, place = done
    assert found.result.backbone == "table"
    assert found.folder.parent == Path("runs")
    assert datetime.strptime(found.folder.name, "adapt-%Y-%m-%d-%H%M%S").year >= 2026
    assert (place / found.folder / "report.html").is_file()
    assert str(found.folder) in repr(found)


def test_a_folder_that_is_there_is_not_taken_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    taken = {dated_folder("adapt") for _ in range(2)}
    for folder in taken:
        folder.mkdir(parents=True)
    assert dated_folder("adapt") not in taken


def test_it_predicts_evaluates_and_has_its_page(done, rows, monkeypatch):
    found, place = done
    monkeypatch.chdir(place)
    assert [one.label for one in found.predict([{"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 0.0}])] == [
        "odd",
        "even",
    ]
    assert found.predictor is found.predictor
    again = found.evaluate(rows)
    assert again.rows == found.result.test_rows  # its own test part alone
    assert found.report == found.folder / "report.html"
    found.report.unlink()
    assert found.report.is_file()


def test_it_explains_with_the_rows_that_it_kept(done, rows, monkeypatch):
    """The label follows b alone."""
    found, place = done
    monkeypatch.chdir(place)
    (why,) = found.explain([{"a": 1.0, "b": 1.0}]).explanations
    assert [part.name for part in why.strongest(2)] == ["b", "a"]
    assert {near.label for near in why.neighbours} == {"odd"}
    told = RunExplanations.read(found.folder / EXPLANATIONS)
    assert [column.name for column in told.importance] == ["b", "a"]
    assert told.score == 1
    assert told.truths == [why.predicted for why in told.explanations]  # none is wrong
    page = found.report.read_text("utf-8")
    assert '<section id="explained"' in page
    assert "Permuting \u201cb\u201d among the test rows costs most" in page


def test_the_data_may_be_named_and_a_backbone_still_comes_first(rows):
    adapt, align = study("adapt"), study("align")
    assert with_backbone(adapt, ("data",), {}) == ((None, "data"), {})
    assert with_backbone(adapt, (), {"data": "data", "seed": 1}) == ((None, "data"), {"seed": 1})
    assert with_backbone(adapt, ("base",), {"data": "data"}) == (("base",), {"data": "data"})
    assert with_backbone(adapt, ("data",), {"backbone": "base"}) == (("base", "data"), {})
    assert with_backbone(adapt, ("base", "data"), {}) == (("base", "data"), {})
    assert with_backbone(align, ("a", "b"), {}) == (("a", "b"), {})
    with pytest.raises(TypeError, match="'data'"):
        study_function(adapt)(seed=1)


def test_without_a_folder_only_a_run_that_is_there_can_be_resumed(rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"last run of adapt in runs, and there is none\. Name its folder"):
        hs.adapt(rows, resume=True, **HOW)
