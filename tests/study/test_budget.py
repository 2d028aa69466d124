"""The budget while it is spent: by a clock of our own, and on a machine that is made slow."""

import math
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import headstart as hs
from headstart.core import make
from headstart.run import progress as progress_module
from headstart.run import step_cache
from headstart.run.progress import Progress, process_start
from headstart.run.step_cache import StepCache
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt import budget as budget_module
from headstart.studies.adapt.budget import Budget, solution_seconds

RUN = SimpleNamespace(recipe=SimpleNamespace(steps=4))
NEXT = {"look": 10.0, "tune": 30.0, "test": 5.0, "save": 1.0, "write the page": 2.0}


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on when it is told to: `clock.now += 2`."""
    clock = SimpleNamespace(now=100.0)
    ours = SimpleNamespace(monotonic=lambda: clock.now, perf_counter=lambda: clock.now)
    for module in (progress_module, step_cache):
        monkeypatch.setattr(module, "time", ours)
    return clock


def budget(tmp_path, seconds):
    """A budget, and the folder's progress, which knows what comes."""
    store = StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), Progress())
    store.progress.expect(NEXT)
    return Budget(seconds, store), store.progress


def test_what_always_comes_has_its_time_kept(clock, tmp_path):
    """Of 60 seconds 12 are gone and 8 kept for test, page and saving; 30 for a training that must come."""
    some, _ = budget(tmp_path, 60.0)
    clock.now += 12
    assert some.left() == 40
    assert some.left(["tune"]) == 10
    assert some.fits("look", ["look"], keep=["tune"])
    assert not some.fits("both", ["look", "tune"], keep=["look"], said="No.")
    assert some.notes == ["No."]


@dataclass
class Timed:
    """A session whose fits take a millisecond a row."""

    clock: Any
    data: range = range(8000)
    logbook: None = None
    fits: list[int] = field(default_factory=list)

    def fit(self, method, rows, recipe):
        self.fits.append(len(rows))
        self.clock.now += len(rows) / 1000


@pytest.mark.parametrize(
    ("method", "rows", "fits", "seconds"),
    [
        ("ridge-probe", 3999, [], 0.0),
        ("ridge-probe", 6000, [600], 0.6 * 10**1.25),
        ("knn", 6000, [600], 0.6 * 100),  # each row is compared with each
        ("random-forest", 100, [20], 0.0),  # so that scikit-learn is imported
        ("random-forest", 6000, [20, 600], 0.6 * 10**1.25),
    ],
)
def test_a_solution_on_many_rows_is_timed_on_a_tenth(clock, monkeypatch, method, rows, fits, seconds):
    monkeypatch.setattr(budget_module, "time", step_cache.time)
    session = Timed(clock)
    assert solution_seconds(session, AdaptSettings(), make(method), rows) == pytest.approx(seconds)
    assert session.fits == fits


def test_a_solution_has_half_of_the_budget_and_leaves_time_to_fit_all_rows(clock, tmp_path):
    """Of 60 seconds 8 are kept for what comes; a fold of s seconds is followed by a fit of 1.25 s."""
    some, progress = budget(tmp_path, 60.0)
    assert some.fits_solution("try a fold 0", 1.25, lambda: 23.0)
    assert not some.fits_solution("try b fold 0", 1.25, lambda: 23.5)
    assert some.fits_solution("try c fold 0", 0.5, lambda: 30.0)
    assert not some.fits_solution("try d fold 0", 0.5, lambda: 30.5)
    with progress.step("try a fold 0"):
        clock.now += 15
    assert some.fits_solution("try a fold 1", 1.25, lambda: 1000.0)  # as the fold before, 15 seconds
    clock.now += 16
    assert not some.fits_solution("try e fold 0", 1.25, lambda: pytest.fail("half of the budget is over"))
    assert set(progress._estimates.prior) == set(NEXT)


def test_what_does_not_fit_leaves_the_plan_and_is_said_once(clock, tmp_path):
    some, progress = budget(tmp_path, 45.0)
    clock.now += 12
    assert progress.remaining() == 48
    assert not some.fits("tune", ["tune"], said="No tuning.")
    assert progress.remaining() == 18
    some.note("No tuning.")
    assert some.notes == ["No tuning."]


def test_costs_are_estimated_anew(clock, tmp_path):
    """A step took twice what was thought, so the next, thought to take 30, takes 60, the last ones 16."""
    some, progress = budget(tmp_path, 100.0)
    with progress.step("look"):
        clock.now += 20
    assert some.left() == 100 - 20 - 16
    assert some.fits("tune", ["tune"])
    clock.now += 5
    assert not some.fits("tune later", ["tune"])


def test_fewer_epochs_where_there_is_less_time(clock, tmp_path):
    """Ten seconds an epoch: of three two fit into 60 - 8 - 30 seconds, and none into less than 20."""
    some, progress = budget(tmp_path, 60.0)
    clock.now += 30
    assert some.epochs("tune", 3) == 2
    clock.now += 10
    assert some.epochs("tune", 3) == 2  # kept
    other, progress = budget(tmp_path / "other", 60.0)
    clock.now += 33
    assert other.epochs("tune", 3) == 0
    assert progress.remaining() == 18


def test_an_unplanned_step_says_nothing_of_the_others(clock, tmp_path):
    some, progress = budget(tmp_path, 100.0)
    with progress.step("load"):
        clock.now += 20
    with progress.step("look"):
        clock.now += 10
    assert progress.remaining() == 38
    assert some.left() == 100 - 30 - 8


def test_a_decision_is_kept(clock, tmp_path):
    """A resumed run decides as the first one did, however late it is."""
    some, _ = budget(tmp_path, 60.0)
    assert some.fits("tune", ["tune"])
    again, _ = budget(tmp_path, 60.0)
    clock.now += 1000
    assert again.fits("tune", ["tune"])
    assert not again.fits("look", ["look"])


def test_an_interrupted_run_has_spent_what_its_steps_took(clock, tmp_path):
    some, _ = budget(tmp_path, 60.0)

    def tune():
        clock.now += 7
        return {}

    some.folder.once("tune", tune)
    some.folder.once("tune", tune)  # its seconds are gone by the clock already
    assert some.elapsed() == 7
    again, _ = budget(tmp_path, 60.0)
    again.folder.once("tune", tune)
    again.folder.once("tune", tune)  # and count once
    assert again.elapsed() == 7


def test_a_training_is_stopped_when_its_time_is_over(clock, tmp_path):
    """8 of 20 seconds are kept, so after 12 the third of four steps of 5 seconds is the last."""
    some, _ = budget(tmp_path, 20.0)
    seen = []

    def training():
        for step in (1, 2, 3, 4):
            clock.now += 5
            seen.append(step)
            yield SimpleNamespace(step=step)

    with some.bounded():
        value = some.folder.once("tune", lambda: {"ticks": list(some.watch(training(), RUN))})
    assert value == {"cut": True}
    assert seen == [1, 2, 3]
    assert len(list(some.watch(training(), RUN))) == 4  # elsewhere nothing is stopped
    with some.bounded():
        assert some.folder.once("tune", lambda: {"again": True}) == {"cut": True}  # kept


def test_a_training_on_a_machine_that_has_become_slow_stops_sooner(clock, tmp_path):
    """30 seconds were planned and a quarter takes 15: twice the time. Of 60 seconds 2 x 8 are kept then, and
    2 x 10 for what has to be trained afterwards, so that after 30 the time is over."""
    some, _ = budget(tmp_path, 60.0)

    seen = []
    with some.bounded(["look"]):
        some.folder.once("tune", lambda: {"ticks": seen.extend(some.watch(ticks(clock, 15), RUN))})
    assert len(seen) == 2
    again, _ = budget(tmp_path / "fast", 60.0)
    with again.bounded(["look"]):
        made = again.folder.once("tune", lambda: {"ticks": len(list(again.watch(ticks(clock, 7.5), RUN)))})
    assert made == {"ticks": 4}


def ticks(clock, seconds):
    """Of four steps."""
    for step in (1, 2, 3, 4):
        clock.now += seconds
        yield SimpleNamespace(step=step)


def test_without_a_budget_nothing_is_cut(clock, tmp_path):
    some, _ = budget(tmp_path, math.inf)
    clock.now += 1e9
    assert some.fits("tune", ["tune"])
    some.note_overrun()
    assert some.notes == []
    assert not (tmp_path / "steps").exists() or not list((tmp_path / "steps").iterdir())


@pytest.mark.parametrize(("spent", "said"), [(65.0, False), (67.0, True)])
def test_a_budget_that_was_not_kept_is_said(clock, tmp_path, spent, said):
    some, _ = budget(tmp_path, 60.0)
    clock.now += spent
    some.note_overrun()
    assert bool(some.notes) == said
    assert all(
        "The budget of 60 seconds was too small" in note and "took 67 s" in note for note in some.notes
    )


def test_the_process_began_before_this_test():
    begun = process_start()
    assert 0.2 < time.monotonic() - begun < 1e6
    assert process_start() == pytest.approx(begun, abs=0.1)


# --- the whole command


@pytest.fixture
def slowly(monkeypatch):
    """`slowly(k)`: the clocks of a run go k times as fast, as on a machine that is k times slower."""

    def slow(factor):
        real = time.process_time  # which does not depend on what else runs on the machine
        start = real()

        def now():
            return start + factor * (real() - start)

        ours = SimpleNamespace(monotonic=now, perf_counter=now)
        for module in (progress_module, step_cache, budget_module):
            monkeypatch.setattr(module, "time", ours)

    return slow


class Remembering(Progress):
    """Knows after each step the time that is gone and the remaining time that was shown."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def _draw(self, done):
        super()._draw(done)
        self.shown.append((self.elapsed(), self.remaining(), self._name))


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "seconds"), [(1, 20.0), (4, 60.0), (12, 180.0)])
def test_the_budget_is_kept_at_any_speed(base, shapes, tmp_path, slowly, factor, seconds):
    slowly(factor)
    progress = Remembering()
    done = hs.adapt(base, shapes, out=tmp_path / "run", folds=3, budget=seconds, progress=progress)
    total = progress.elapsed()
    assert total <= 1.1 * seconds, (done.result.notes, progress.shown[-1])
    assert (tmp_path / "run" / "report.html").is_file()
    if any(not candidate.folds for candidate in done.result.candidates):
        assert any("budget" in note for note in done.result.notes)


@pytest.mark.slow
def test_a_budget_that_is_absurdly_small_is_said(base, shapes, tmp_path):
    done = hs.adapt(
        base, shapes, out=tmp_path / "run", folds=2, budget=0.1, methods=("ridge-probe", "fine-tune")
    )
    assert any("The budget of 0.1 seconds was too small" in note for note in done.result.notes)
    assert done.result.selected == "ridge-probe"
    assert [c.folds for c in done.result.candidates] == [2, 0]


def test_seconds_of_numpy_tell_whether_a_step_fits_beside_the_plan(tmp_path):
    limit, _ = budget(tmp_path, 100.0)
    assert limit.fits_beside("try lora fold 0", np.float64(1.0)) is True
    assert limit.fits_beside("try lora fold 1", np.float64(1000.0)) is False
