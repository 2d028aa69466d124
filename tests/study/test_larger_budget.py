"""What a larger budget is said to have room for: by the times of the trainings, by a clock of our own."""

from types import SimpleNamespace

import numpy as np
import pytest
from tests.study.test_budget import clock as clock  # a fixture

from headstart.core import make
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.budget import Budget
from headstart.studies.adapt.going_on import drop_outgrown, earlier_sitting
from headstart.studies.adapt.larger_budget import RATE, remeasured
from headstart.studies.adapt.plan import Plan, fold_name, rounded_up, with_way_out

TUNE, LP_FT, PROBE = (make(name) for name in ("fine-tune", "lp-ft", "ridge-probe"))
BEATEN = "after 1 of 5 folds Fine-tuning was better, and there was time for one"
PLAN = Plan(2, True, 0, 5, 1, [], [], ["Kept."], rate=10.0)


def result(method, folds, dropped=""):
    return SimpleNamespace(method=method, folds=folds, dropped=dropped)


@pytest.fixture
def after(clock, tmp_path):
    """`after(plan, seconds, ...)`: a race of 100 rows in 5 folds, whose folds took so many seconds each."""

    def made(plan, *seconds, limit=300.0):
        store = StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), Progress())
        for number, took in enumerate(seconds):
            with store.progress.step(fold_name(TUNE, number)):
                clock.now += took
        with store.progress.step(fold_name(PROBE, 0)):
            clock.now += 1000.0  # of a solution, which says nothing of trainings
        budget, folds = Budget(limit, store), np.arange(100) % 5
        return SimpleNamespace(plan=plan, budget=budget, folder=store, folds=folds, settings=AdaptSettings())

    return made


RESULTS = [result(PROBE, 5), result(TUNE, 5), result(LP_FT, 1, BEATEN)]


@pytest.mark.parametrize(
    ("seconds", "larger"),
    [
        (16.0, 420),  # as planned, 2 x 80 rows at 10 a second: 4 folds more are 64 s, so 300 + 64 / .85
        (32.0, 480),  # half as fast: 300 + 128 / .85
        (4.0, 360),  # four times as fast: 300 + 16 / .85
    ],
)
def test_it_is_by_the_folds_that_were_trained_and_not_by_the_steps_before(after, seconds, larger):
    planned = with_way_out(PLAN, 300.0, 4, 80)
    assert planned.larger == 420
    plan = remeasured(after(planned, seconds, seconds), RESULTS)
    assert plan.larger == larger
    said = f"A budget of about {larger} seconds has room for all whole models on all folds."
    assert plan.decisions == ["Kept.", said]


def test_it_is_measured_once_so_that_a_resumed_run_says_the_same(after):
    first = remeasured(after(PLAN, 32.0), RESULTS)
    assert remeasured(after(PLAN, 4.0), RESULTS) == first


def test_what_lost_fairly_is_not_missing(after):
    lost = [result(TUNE, 5), result(LP_FT, 2, "after 2 of 5 folds its accuracy was 9 points below")]
    plan = remeasured(after(with_way_out(PLAN, 300.0, 4, 80), 16.0), lost)
    assert (plan.larger, plan.decisions) == (0.0, ["Kept."])


def test_what_the_clock_cut_against_the_plan_counts(after):
    """Planned on all folds, and three did not fit: 3 x 32 seconds, so 300 + 96 / .85."""
    cut = [result(TUNE, 2, "its training on fold 3 was stopped when the budget was used up")]
    assert remeasured(after(PLAN, 32.0), cut).larger == 420


def test_without_a_budget_or_a_training_the_plan_stays(after):
    assert remeasured(after(PLAN, 32.0, limit=float("inf")), RESULTS) is PLAN
    assert remeasured(after(PLAN), RESULTS) is PLAN


def test_a_run_that_goes_on_plans_by_the_measured_rate(tmp_path):
    steps = StepCache(tmp_path / "steps")
    steps.once("plan", lambda: {"rate": 10.0, "tuning": True, "scratch": 0})
    steps.once(f"decide {RATE}", lambda: {"value": 5.0})
    drop_outgrown(steps, AdaptSettings(budget=60.0))
    kept = earlier_sitting(StudyFolder(tmp_path, "", steps, Progress()))
    assert kept["plan"]["rate"] == 5.0
    assert not steps.done(f"decide {RATE}")  # it is measured again, on more folds


def test_longer_budgets_are_rounded_more_roughly():
    assert [rounded_up(s) for s in (60, 61, 600, 601, 3600, 3601, 14401)] == [
        60, 120, 600, 900, 3600, 4500, 18000,
    ]  # fmt: skip
