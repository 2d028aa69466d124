"""A finished run goes on with a larger budget: what was trained is kept, the rest of the time trains more."""

import json
import time

import pytest
from tests.study import tiny

import headstart as hs
from headstart.core import BadInput
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings, Timings
from headstart.studies.adapt.costs import Amounts
from headstart.studies.adapt.going_on import BEFORE, drop_outgrown, earlier_sitting, require_more
from headstart.studies.adapt.plan import make_plan
from headstart.studies.adapt.planner import longer

HOW = {"folds": 2, "methods": ("ridge-probe", "fine-tune"), "curve": False}


@pytest.fixture(scope="module")
def first(base, shapes, tmp_path_factory):
    """A run whose budget has room for a probe alone, and when it was finished."""
    out = tmp_path_factory.mktemp("goes") / "run"
    done = hs.adapt(base, shapes, out=out, budget=0.1, **HOW)
    assert [candidate.folds for candidate in done.result.candidates] == [2, 0]
    return out, time.time()


@pytest.fixture(scope="module")
def second(base, shapes, first):
    out, finished = first
    return out, finished, hs.adapt(base, shapes, out=out, budget=1e5, resume=True, **HOW)


@pytest.mark.slow
def test_what_was_trained_is_kept_and_what_was_left_out_is_trained(second):
    out, finished, done = second
    assert {candidate.name: candidate.folds for candidate in done.result.candidates} == {
        "ridge-probe": 2,
        "fine-tune": 2,
    }
    steps = {path.stem: path.stat().st_mtime for path in (out / "steps").glob("try-*.safetensors")}
    assert {name: changed > finished for name, changed in steps.items()} == {
        "try-ridge-probe-fold-0": False,
        "try-ridge-probe-fold-1": False,
        "try-fine-tune-fold-0": True,
        "try-fine-tune-fold-1": True,
    }
    assert any("went on with a larger budget: 0.1, then 100000 seconds" in note for note in done.result.notes)
    assert not any("too small" in note for note in done.result.notes)
    assert done.result.settings["budget"] == 1e5
    assert json.loads((out / "study.json").read_text())["settings"]["budget"] == 1e5


@pytest.mark.slow
def test_the_time_is_that_of_all_sittings(second):
    out, *_ = second
    timings = Timings.read(out / "timings.json")
    assert 0 < timings.earlier_seconds < timings.total_seconds
    assert timings.steps["ridge-probe"].seconds <= timings.earlier_seconds


@pytest.mark.slow
def test_resumed_once_more_it_ends_in_the_same_bytes(base, shapes, second):
    out, *_ = second
    before = (out / "result.json").read_bytes()
    hs.adapt(base, shapes, out=out, budget=1e5, resume=True, **HOW)
    assert (out / "result.json").read_bytes() == before


@pytest.mark.slow
def test_less_than_it_had_is_refused_and_nothing_is_lost(base, shapes, second):
    out, *_ = second
    before = sorted(path.name for path in (out / "steps").iterdir())
    with pytest.raises(BadInput, match="had a budget of 100000 seconds, and budget is 50 now"):
        hs.adapt(base, shapes, out=out, resume=True, budget=50, **HOW)
    assert sorted(path.name for path in (out / "steps").iterdir()) == before


def test_a_lower_quality_is_refused():
    require_more(AdaptSettings(budget=60), AdaptSettings(quality="best"))
    with pytest.raises(BadInput, match="begun with quality='best', and quality is good now"):
        require_more(AdaptSettings(quality="best", budget=60), AdaptSettings(budget=120))


def plan(seconds, spare):
    return make_plan(AdaptSettings(batch=3), Amounts(100, 20, 3), 10.0, seconds=(seconds, spare))


def test_trainings_keep_their_length_so_that_all_folds_of_a_method_are_alike():
    """Two epochs on three folds, of one method alone, become two epochs on all folds of both."""
    earlier = plan(104, spare=0)
    assert (earlier.epochs, earlier.folds, earlier.rivals, earlier.tuned_sizes) == (2, 3, 1, [])
    made = longer(earlier, AdaptSettings(batch=3), Amounts(100, 20, 3), 2, 1e4)
    assert (made.epochs, made.folds, made.rivals, made.scratch, made.tuned_sizes) == (2, 5, 5, 2, [5])
    short = longer(earlier, AdaptSettings(batch=3), Amounts(100, 20, 3), 2, 1.0)  # no time at all
    assert (short.epochs, short.folds, short.scratch) == (2, 3, 2)


def test_what_the_clock_cut_is_decided_anew(tmp_path):
    steps = StepCache(tmp_path / "steps")
    for name, value in {
        "decide probe every block": {"value": False},
        "decide fold 0 of 2": {"value": True},
        "decide late": {"value": 70.0},
        "try fine-tune fold 0": {"logits": 1},
        "try fine-tune fold 1": {"cut": True},
        "plan": {"epochs": 2, "tuning": True, "scratch": 4},
        "test": {"logits": 2},
        "decide fit from-scratch on the whole training part": {"value": 3},
        "fit from-scratch on the whole training part": {"curve": [1.0]},
        "Fine-tuning with 5 labels a class": {"scores": [0.5]},
    }.items():
        steps.once(name, lambda value=value: value)
    drop_outgrown(steps, AdaptSettings(budget=60))
    kept = {path.stem for path in steps.folder.glob("*.safetensors")}
    assert kept == {
        "decide-fold-0-of-2",
        "try-fine-tune-fold-0",
        "fine-tuning-with-5-labels-a-class",
        "decide-what-came-before",
    }
    folder = StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), Progress())
    assert earlier_sitting(folder) == {
        "budgets": [60.0],
        "plan": {"epochs": 2, "tuning": True, "scratch": 4},
    }
    drop_outgrown(steps, AdaptSettings(quality="best", budget=120))  # interrupted, and given more again
    assert earlier_sitting(folder)["budgets"] == [60.0, 120.0]
    assert earlier_sitting(folder)["plan"]["epochs"] == 2
    assert steps.done(BEFORE)


def test_trainings_of_a_plan_without_tuning_are_of_another_length(tmp_path):
    steps = StepCache(tmp_path / "steps")
    for name in ("From scratch with 5 labels a class", "Logistic probe with 5 labels a class"):
        steps.once(name, lambda: {"scores": [0.5]})
    steps.once("plan", lambda: {"epochs": 2, "tuning": False, "scratch": 2})
    drop_outgrown(steps, AdaptSettings(budget=60))
    assert not steps.done("From scratch with 5 labels a class")
    assert steps.done("Logistic probe with 5 labels a class")


def test_a_run_whose_epochs_were_given_has_nothing_to_go_on_with(base, shapes, tmp_path):
    how = {"methods": ("ridge-probe",), **tiny.QUICK}
    hs.adapt(base, shapes, out=tmp_path / "run", **how)
    with pytest.raises(BadInput, match="begun with epochs=1"):
        hs.adapt(base, shapes, out=tmp_path / "run", resume=True, budget=1e5, **how)
