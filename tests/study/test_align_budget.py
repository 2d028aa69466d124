"""The budget of `align`, by a clock of the test's own: what is planned, measured, told and noted."""

from types import SimpleNamespace

import numpy as np
import pytest
from tests.study.test_budget import clock as clock  # a fixture

from headstart.core import make
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.studies import _step_times
from headstart.studies.align import AlignSettings, measured_shift
from headstart.studies.align.budget import AlignBudget, Pace
from headstart.studies.align.candidate import Candidate
from headstart.studies.align.measured_shift import rows_to_compare
from headstart.studies.align.trial import TrialRunner

TRAINED = [Candidate.of(make(name)) for name in ("source-only", "dann", "mcc")]
METHODS = [TRAINED[0], Candidate.probe(), *TRAINED[1:]]


def made(tmp_path, budget, **runner):
    """Nothing is spent yet; an epoch has two steps, and evaluations take no time."""
    steps = StepCache(tmp_path / f"steps {budget}")
    folder = SimpleNamespace(steps=steps)
    told, progress = [], Progress()
    progress.tell = told.extend
    job = SimpleNamespace(
        settings=AlignSettings(budget=budget), progress=progress, folder=folder, notes=[], step=progress.step
    )
    runner = SimpleNamespace(
        training_steps=lambda epochs: 2 * epochs, evaluations=lambda epochs: min(5, epochs), **runner
    )
    return AlignBudget(job, runner, METHODS, sourceless=False), told


@pytest.mark.parametrize(
    ("budget", "lengths", "shorter", "planned", "least"),
    [
        (None, [10, 30], True, [10, 30], ""),
        (322.0, [10, 30], True, [10, 30], ""),  # 20 for the first, 5 times 60 for the second, 2 at the end
        (321.0, [10, 30], True, [10], ""),
        (102.0, [10], True, [10], ""),  # 20 seconds of source-only, and 40 of each of both others
        (101.0, [10], True, [9], ""),
        (22.0, [10], True, [2], ""),
        (21.0, [10], True, [2], ""),  # not all methods, but source-only
        (5.0, [10], True, [1], ""),
        (3.0, [10], True, [1], "4.0 s"),
        (22.0, [10], False, [10], ""),  # as many as were asked for
        (21.0, [10], False, [10], "22.0 s"),
    ],
)
def test_trainings_are_as_long_as_all_methods_have_time_for(
    budget, lengths, shorter, planned, least, clock, tmp_path, monkeypatch
):
    """A step on the source alone takes a second, one of another method is thought to take two."""
    monkeypatch.setattr(AlignBudget, "_measure", lambda *_: Pace(1.0, 0.0))
    found, told = made(tmp_path, budget)
    assert found.plan(lengths, shorter) == planned
    notes = "\n".join(found.job.notes)
    assert (f"Trainings have {planned[0]} of 10 epochs" in notes) == (planned[0] < 10)
    assert (f"Even the least takes about {least} here" in notes) == bool(least) == bool(told)
    clock.now += 1000  # the decision is kept
    again, _ = made(tmp_path, budget)
    assert again.plan(lengths, shorter) == planned


def test_a_training_is_as_long_as_its_usual_steps_in_all_stages(clock, tmp_path, monkeypatch):
    """Steps of 1 and 2 seconds, 4 of them, and 2 evaluations of 5; the first step of each warms up."""
    monkeypatch.setattr(_step_times, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    taken = []

    def brief(times):
        def fit(candidate, steps, watch, hook):
            for stage in times:
                run = SimpleNamespace(optimisers=["sgd"], recipe=SimpleNamespace(steps=steps))

                def ticks(stage=stage):
                    for seconds in stage:
                        clock.now += seconds
                        yield seconds

                taken.append(len(list(watch(ticks(), run))))

        return fit

    found, _ = made(tmp_path, 1000.0, fit_briefly=brief([(9.0, 1.0, 1.0), (8.0, 2.0, 2.0)]))
    found._evaluation = 5.0
    assert found.measure(METHODS[2], 2, 900.0) == pytest.approx(4 * (1 + 2) + 2 * 5)
    slow, _ = made(tmp_path, 60.0, fit_briefly=brief([(9.0, 8.0, 8.0, 8.0)]))
    assert slow.measure(METHODS[2], 2, 50.0) == pytest.approx(4 * 8)
    assert taken == [3, 3, 2]  # no third one after 8 of 50 seconds
    slow.job.progress.learn("try source-only, seed 0", 51.0)
    assert slow.measure(METHODS[2], 2, 50.0) == 51.0  # longer than that in any case
    assert len(taken) == 3


@pytest.mark.parametrize(("took", "late"), [(65.0, False), (67.0, True)])
def test_a_budget_that_was_not_kept_is_noted(took, late, clock, tmp_path):
    found, _ = made(tmp_path, 60.0)
    clock.now += took
    found.note_overrun()
    assert found.job.notes == [] if not late else "took 67 seconds" in found.job.notes[0]


@pytest.mark.parametrize(("budget", "rows"), [(None, 2000), (60.0, 90), (1e6, 2000)])
def test_the_shift_is_measured_on_rows_that_there_is_time_to_read(budget, rows, clock, tmp_path, monkeypatch):
    """A row takes 50 ms: .15 of 60 seconds are 180 rows, half of them of each domain."""
    monkeypatch.setattr(measured_shift, "time", SimpleNamespace(perf_counter=lambda: clock.now))

    def read(_session, some):
        clock.now += 0.05 * len(some)

    monkeypatch.setattr(measured_shift, "features", read)
    job = made(tmp_path, budget)[0].job
    job.session = lambda *_: None
    data = SimpleNamespace(source=None, train=np.arange(40))
    assert rows_to_compare(job, data) == pytest.approx(rows, abs=1)


@pytest.mark.parametrize(
    ("given", "epochs", "evaluations"), [(None, 10, 5), (None, 3, 3), (None, 1, 1), (2, 2, 5)]
)
def test_a_shortened_training_is_evaluated_once_an_epoch(given, epochs, evaluations):
    runner = SimpleNamespace(settings=AlignSettings(epochs=given))
    assert TrialRunner.evaluations(runner, epochs) == evaluations
