"""Progress: a remaining time that is worked out by hand, and a terminal that is left clean."""

import io
import re
from contextlib import redirect_stderr
from types import SimpleNamespace

import pytest

from headstart.run import progress as module
from headstart.run.progress import Progress

RUN = SimpleNamespace(recipe=SimpleNamespace(steps=4))


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on when it is told to: `clock.now += 2`."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


class Terminal(io.StringIO):
    """A terminal; as a context it is standard error."""

    def isatty(self):
        return True

    def __enter__(self):
        self.redirected = redirect_stderr(self)
        self.redirected.__enter__()
        return self

    def __exit__(self, *error):
        self.redirected.__exit__(*error)


@pytest.fixture
def screen(monkeypatch):
    """A terminal of 80 columns."""
    for name, value in (("TERM", "xterm"), ("COLUMNS", "80"), ("LINES", "24")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def shown(text):
    """What a terminal shows after `text`: its lines, where the cursor is, and whether one can see it."""
    lines, at, column, visible = [""], 0, 0, True
    for code, plain in re.findall(r"(\x1b\[[0-9;?]*[A-Za-z])|(.)", text, re.DOTALL):
        if code == "\x1b[2K":
            lines[at] = ""
        elif code.endswith("A"):
            at -= int(code[2:-1] or 1)
        elif code in ("\x1b[?25l", "\x1b[?25h"):
            visible = code.endswith("h")
        elif plain == "\r":
            column = 0
        elif plain == "\n":
            at, column = at + 1, 0
            lines += [""] * (at + 1 - len(lines))
        elif plain:
            lines[at] = lines[at].ljust(column)[:column] + plain + lines[at][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines], (at, column), visible


def take(progress, clock, name, seconds):
    with progress.step(name):
        clock.now += seconds


# --- the remaining time


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
        ticks = (SimpleNamespace(step=step) for step in (1, 2, 3, 4))
        left.extend(progress.remaining(tick.step / 4) for tick in progress.watch(ticks, RUN))
    assert left == [7, 5, 3, 1]


# --- without a terminal


def test_it_prints_a_line_a_step_where_there_is_no_terminal(clock, capsys):
    progress = Progress.to_terminal()
    assert progress.show == "lines"
    progress.expect({"look": 60.0, "tune": 60.0, "save": 0.0})
    take(progress, clock, "look", 75.0)
    take(progress, clock, "tune", 0.01)  # finished earlier
    take(progress, clock, "save", 0.5)
    progress.close()
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "[1:15] look: 75.0 s, about 1:15 left\n[1:15] save: 0.5 s\n"


@pytest.mark.parametrize("show", ["", "lines"])
def test_it_draws_nothing_between_the_lines(show, clock, capsys):
    progress = Progress(show)
    with progress.step("tune"):
        assert [tick.step for tick in progress.watch([SimpleNamespace(step=1)], RUN)] == [1]
    progress.close()
    assert capsys.readouterr() == ("", "")


def test_quiet_is_quiet_on_a_terminal_too(clock, screen):
    with screen:
        progress = Progress.to_terminal(quiet=True)
        take(progress, clock, "look", 9.0)
        progress.close()
    assert screen.getvalue() == ""


# --- on a terminal


def test_the_bar_is_one_line_that_is_gone_at_the_end(clock, screen):
    with screen:
        progress = Progress.to_terminal()
        assert progress.show == "bar"
        progress.expect({"tune": 120.0})
        with progress.step("tune"):
            for _ in progress.watch([SimpleNamespace(step=2)], RUN):
                progress._bar.refresh()
                lines, _, visible = shown(screen.getvalue())
        progress.close()
        progress.close()  # twice does no harm
    (line,) = filter(None, lines)
    assert re.search(r"tune, about 1:00 left$", line)
    assert not visible
    lines, (_, column), visible = shown(screen.getvalue())
    assert (set(lines), column, visible) == ({""}, 0, True)


@pytest.mark.parametrize("show", ["bar", "lines"])
def test_a_break_leaves_no_broken_line(show, clock, screen):
    """Ctrl-C in the middle of a step: nothing half-written, the cursor at the start of a line and seen."""
    progress = Progress(show)
    progress.expect({"look": 2.0, "tune": 100.0})

    def study():
        try:
            take(progress, clock, "look", 4.0)
            with progress.step("tune"):
                for _ in progress.watch([SimpleNamespace(step=1)], RUN):
                    raise KeyboardInterrupt
        finally:
            progress.close()

    with screen, pytest.raises(KeyboardInterrupt):
        study()
    lines, (_, column), visible = shown(screen.getvalue())
    assert (column, visible) == (0, True)
    told = [line for line in lines if line]
    assert told == ([] if show == "bar" else ["[0:04] look: 4.0 s, about 3:20 left"])
    assert bool(screen.getvalue())


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


def test_what_is_quick_shows_no_bar(clock, screen):
    with screen:
        progress = Progress("bar", after=1.0)
        take(progress, clock, "fit", 0.9)
        assert screen.getvalue() == ""
        clock.now += 0.2
        take(progress, clock, "fit more", 0.9)
        progress.close()
    assert "fit more" in screen.getvalue()


FACTS = [("Data", "photos: 204 pictures"), ("Check", "2 rows stand there more than once. " * 4)]


def test_facts_stand_above_the_bar_in_aligned_lines(clock, screen):
    with screen:
        progress = Progress("bar")
        with progress.step("read"):
            progress.tell(FACTS)
        progress.close()
    lines, *_ = shown(screen.getvalue())
    told = [line.rstrip() for line in lines if line.strip()]
    assert told[0] == "Data      photos: 204 pictures"
    assert told[1].startswith("Check     2 rows stand there more than once. 2 rows")
    assert len(told) > 2
    assert all(line.startswith(" " * 10) for line in told[2:])
    assert max(map(len, told)) <= 80


def test_elsewhere_facts_are_whole_lines_without_colour(capsys):
    Progress("lines").tell(FACTS)
    said = capsys.readouterr().err
    assert said.splitlines() == ["Data      photos: 204 pictures", f"Check     {FACTS[1][1].strip()}"]
    for quiet in ("", "notebook"):
        Progress(quiet).tell(FACTS)
    assert capsys.readouterr().err == ""
