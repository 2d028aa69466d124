"""The least that a run can do, and what comes whatever is trained."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from tests.study.test_budget import budget
from tests.study.test_budget import clock as clock  # a fixture

from headstart.core import make
from headstart.run import step_cache
from headstart.studies import _step_times
from headstart.studies.adapt import AdaptSettings, first_steps
from headstart.studies.adapt.budget import training_rate
from headstart.studies.adapt.fixed_costs import ALWAYS, EXPLAINED, KEPT, OLD, last_steps
from headstart.studies.adapt.opening import about_too_little


def test_the_least_is_weighed_before_anything_is_read(clock, tmp_path):
    """50 seconds are gone and 8 kept: with 2 of reading 60 is just enough."""
    some, _ = budget(tmp_path, 60.0)
    clock.now += 50
    assert some.short() == 0
    assert some.short(2.0) == 0
    assert some.short(22.0) == 80
    (word, said), *more = about_too_little(80.0, AdaptSettings(budget=60.0))
    assert (word, more) == ("Budget", [])
    assert said == (
        "! reading the data, one probe, the test and the page take about 1 min 20 s here, and the budget "
        "is 1 min: nothing else is tried"
    )


@pytest.mark.parametrize(
    ("spent", "reading", "told", "limit"),
    [(10.0, 20.0, 0, None), (10.0, 50.0, 1, 68.7), (56.0, 50.0, 1, 114.7)],
)
def test_what_the_least_takes_is_told_once(clock, tmp_path, monkeypatch, spent, reading, told, limit):
    """8 seconds come at the end, and .7 more where reading is slow; in the third case 64 are known first."""
    some, progress = budget(tmp_path, 60.0)
    lines = []
    monkeypatch.setattr(progress, "tell", lines.extend)
    monkeypatch.setattr(first_steps, "save_early", lambda *_: None)
    monkeypatch.setattr(first_steps, "choose_reading", lambda *_: SimpleNamespace(seconds=reading, notes=[]))
    clock.now += spent
    job = SimpleNamespace(settings=AdaptSettings(budget=60.0), progress=progress, notes=[])
    rows = {"train": 0, "test": 0, "old": 0}
    first_steps.begin_to_read(job, SimpleNamespace(data=range(100)), None, some, rows)
    assert (len(lines), progress.limit) == (told, limit and pytest.approx(limit))


def test_what_always_comes_is_estimated_by_rows_and_speed():
    """Two models on 100 rows of 10 ms, raw features of 1,100 in .15 of that; at most 6 s for rows.

    Statistics take 3 s.
    """
    rows = {"train": 1000, "test": 100, "old": 200}
    steps = last_steps(AdaptSettings(budget=300.0), rows, 0.01, models=2)
    assert set(steps) == set(ALWAYS)
    assert (steps["test"], steps[OLD], steps[KEPT], steps[EXPLAINED]) == pytest.approx((6.65, 4, 9, 4.5))
    assert last_steps(AdaptSettings(budget=300.0), rows)[KEPT] == 0
    assert last_steps(AdaptSettings(budget=20.0), rows, 0.01)[KEPT] == pytest.approx(0.4 + 40 * 0.01)


class Rows:
    """Eighty rows, or some of them."""

    def __init__(self, count=80):
        self.count = count

    def __len__(self):
        return self.count

    def subset(self, rows):
        return Rows(len(rows))


@dataclass
class Training:
    """A session whose steps take so many seconds each."""

    clock: Any
    steps: tuple[float, ...]
    data: Rows
    logbook: None = None
    watch: Any = None

    def quickest(self, rows):
        return rows

    def fit(self, method, rows, recipe):
        def ticks():
            for seconds in self.steps:
                self.clock.now += seconds
                yield seconds

        list(self.watch(ticks(), None))


@pytest.mark.parametrize(
    ("steps", "rate", "shares"),
    [
        ((4.0, 1.0, 1.0, 3.0, 3.0), 11 / 3, [0.2, 0.4, 0.6, 0.8, 1.0]),
        ((9.0, 1.0, 1.0, 1.0, 1.0), 11 / 9, [0.2]),  # over 2 x .0075 x 300 seconds: no other is timed
    ],
)
def test_training_is_as_fast_as_its_median_step(clock, monkeypatch, steps, rate, shares):
    """A step is of 11 rows, a third of a batch of 32."""
    monkeypatch.setattr(_step_times, "time", step_cache.time)
    session, seen = Training(clock, steps, Rows()), []
    settings = AdaptSettings(budget=300.0, batch=32)
    found = training_rate(session, settings, make("fine-tune"), 1e-3, seen.append)
    assert (found, seen) == (pytest.approx(rate), shares)
