"""What is measured before the plan is made, where measuring takes time itself: by a clock of our own."""

from types import SimpleNamespace

import numpy as np
import pytest
from tests.study.test_budget import clock as clock  # a fixture

import headstart as hs
from headstart.core import make
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt import planner as module
from headstart.studies.adapt.budget import Budget
from headstart.studies.adapt.planner import Planner

DATA = hs.data.load((np.arange(400.0)[:, None], np.arange(400) % 2))
METHODS = [make(name) for name in ("ridge-probe", "fine-tune", "lp-ft")]


@pytest.fixture
def planner(clock, tmp_path, monkeypatch):
    """`planner(read, seconds)`: in a run of 300 seconds; measuring takes so many, and is counted."""
    store = StudyFolder(tmp_path, "", StepCache(tmp_path / "steps"), Progress())
    blocks = SimpleNamespace(blocks=tuple("abcdef"))
    job = SimpleNamespace(
        settings=AdaptSettings(), folder=store, progress=store.progress, inputs={"backbone": blocks}
    )
    session = SimpleNamespace(
        data=DATA, backbone=SimpleNamespace(learned=True), caches=SimpleNamespace(partly=False), augment=None
    )

    def made(read, seconds=1.0, rate=200.0):
        def measure(_session, _settings, method, _read, show):
            show(0.5)
            clock.now += seconds
            measured.append(method.last)
            return rate

        monkeypatch.setattr(module, "training_rate", measure)
        measured = []
        return Planner(job, session, Budget(300.0, store), read), measured

    return made


def test_nothing_is_measured_where_the_fastest_tuning_would_not_fit(planner):
    """Two epochs of both methods are 2 x (4 x 320 + 400) = 3360 samples. Half a second a row in reading is
    one in training at least, a sixth of that in the last blocks: 560 seconds, and there are 255."""
    some, measured = planner(read=0.5)
    plan = some.plan(METHODS)
    assert measured == []
    assert (plan.tuning, plan.decisions[0]) == (
        False,
        "Nothing but probes was trained: the budget is too small.",
    )
    # 4 x .5 seconds a sample are 6720, of which there are 255; so 300 + 6465 / .85, in quarters of an hour
    assert plan.larger == 8100
    assert plan.decisions[-1].endswith("if training takes 4 times as long as reading: none was timed.")
    some, measured = planner(read=0.2)  # 224 seconds
    some.plan(METHODS)
    assert measured


def test_measuring_ends_where_it_takes_too_long(planner):
    """Too slow to tune all blocks for long, so half of them are tried, then a third, if there is time."""
    some, measured = planner(read=0.01, seconds=14.0, rate=30.0)
    some.plan(METHODS)
    assert measured == [None, 3, 2]
    some, measured = planner(read=0.01, seconds=31.0, rate=30.0)  # over a tenth of 300
    some.plan(METHODS)
    assert measured == [None]


def test_the_share_of_measuring_grows(planner, monkeypatch):
    some, _ = planner(read=0.01, rate=30.0)
    shares = []
    monkeypatch.setattr(some.job.progress, "share", shares.append)
    some.plan(METHODS)
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] <= 1
    assert len(set(shares)) >= 4


def test_a_likely_plan_tunes_if_training_takes_four_times_as_long_as_reading(planner):
    some, measured = planner(read=0.01)
    assert some.likely(METHODS).rate == pytest.approx(25)
    assert some.likely(METHODS).tuning
    assert measured == []
    slow, _ = planner(read=1.0)
    assert not slow.likely(METHODS).tuning
