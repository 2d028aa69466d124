"""The remaining time, worked out by hand."""

from types import SimpleNamespace

import pytest
from tests.study.test_progress import RUN, take
from tests.study.test_progress import clock as clock  # a fixture

from headstart.run.progress import Progress


def test_at_first_it_is_what_was_estimated(clock):
    progress = Progress()
    assert progress.remaining() == 0
    progress.expect({"look": 1.0, "fold 1": 4.0, "fold 2": 4.0})
    progress.expect({"save": 0.5})
    assert progress.remaining() == 9.5


def test_what_took_twice_as_long_is_thought_to_go_on_so(clock):
    progress = Progress()
    progress.expect({"look": 5.0, "other": 20.0})
    take(progress, clock, "look", 10.0)
    assert progress.remaining() == pytest.approx(40)


@pytest.mark.parametrize(("took", "left"), [(50.0, 60.0), (0.5, 20 / 3)])
def test_one_odd_step_does_not_make_a_day_of_a_minute(clock, took, left):
    """10 and 1/10 times the estimate are taken for 3 times and a third."""
    progress = Progress()
    progress.expect({"look": 5.0, "other": 20.0})
    take(progress, clock, "look", took)
    assert progress.remaining() == pytest.approx(left)


def test_a_sibling_tells_more_than_an_estimate(clock):
    """Folds took 30 and 10 seconds where 1 was estimated: the next is thought to take 20, not 3."""
    progress = Progress()
    progress.expect({f"fine-tune, fold {n}": 1.0 for n in (1, 2, 3)})
    take(progress, clock, "fine-tune, fold 1", 30.0)
    take(progress, clock, "fine-tune, fold 2", 10.0)
    assert progress.remaining() == pytest.approx(20)


def test_a_step_that_had_been_finished_earlier_says_nothing(clock):
    """On resuming it takes no time at all, and its siblings still take theirs."""
    progress = Progress()
    progress.expect({"fold 1": 10.0, "fold 2": 10.0})
    take(progress, clock, "fold 1", 0.01)
    assert progress.remaining() == 10


def test_what_will_not_come_is_left_out(clock):
    progress = Progress()
    progress.expect({"lp-ft, fold 1": 10.0, "lp-ft, fold 2": 10.0, "save": 1.0})
    progress.forget("lp-ft")
    assert progress.remaining() == 1


def test_it_goes_down_within_a_step(clock):
    progress, left = Progress(), list[float]()
    progress.expect({"tune": 8.0, "save": 1.0})
    with progress.step("tune"):
        for _ in progress.watch(ticks(clock, 2.0), RUN):
            left.append(progress.remaining())
    assert left == [7, 5, 3, 1]


def ticks(clock, seconds):
    """Of four steps that take so many seconds each."""
    for step in (1, 2, 3, 4):
        clock.now += seconds
        yield SimpleNamespace(step=step)


def test_the_current_step_is_estimated_by_its_own_speed_the_more_of_it_is_done(clock):
    """8 seconds were estimated and each quarter takes 4: 3/4 (3/4 x 8 + 4), 1/2 (1/2 x 8 + 8), 1/4 x 14.

    The others are thought to be as much slower: from a share of .2 on, 4 : 2, 8 : 4 and 12 : 6.
    """
    progress, left = Progress(), list[float]()
    progress.expect({"tune": 8.0, "save": 1.0})
    with progress.step("tune"):
        for _ in progress.watch(ticks(clock, 4.0), RUN):
            left.append(progress.remaining())
    assert left == pytest.approx([7.5 + 2, 6 + 2, 3.5 + 2, 2])


def test_it_goes_down_while_no_share_is_known(clock):
    progress = Progress()
    progress.expect({"test": 8.0, "save": 1.0})
    with progress.step("test"):
        clock.now += 3
        assert progress.remaining() == 6
        clock.now += 10
        assert progress.remaining() == 1


def test_the_speed_of_late_counts_most(clock):
    """After 30 seconds at the estimated speed, 30 at a third of it: (15 + 30) / (15 + 10)."""
    progress = Progress()
    progress.expect({"one": 30.0, "another": 10.0, "last": 5.0})
    take(progress, clock, "one", 30.0)
    assert progress.remaining() == pytest.approx(15)
    take(progress, clock, "another", 30.0)
    assert progress.remaining() == pytest.approx(5 * 45 / 25)


def test_the_limit_cuts_what_it_can_and_never_what_always_comes(clock):
    """Of 90 planned seconds 40 are left until the limit; at its end the test and the page still come."""
    progress = Progress()
    progress.limit, progress.certain = 40.0, frozenset({"test", "page"})
    progress.expect({"tune": 80.0, "test": 6.0, "page": 4.0})
    assert progress.remaining() == 40
    with progress.step("tune"):
        clock.now += 35
        assert progress.remaining() == 10
        clock.now += 35
        assert progress.remaining() == 10


def test_while_not_all_steps_are_known_the_limit_alone_is_shown(clock):
    progress = Progress()
    progress.limit = 60.0
    progress.expect({"test": 3.0}, more=True)
    clock.now += 10
    assert progress._left() == ", at most 0:50 left"
    progress.expect({"tune": 30.0})
    assert progress._left() == ", about 0:33 left"


def test_what_broke_off_still_counts_as_left(clock):
    progress = Progress()
    progress.expect({"tune": 10.0})

    def broken():
        with progress.step("tune"):
            clock.now += 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert progress.remaining() == 10
