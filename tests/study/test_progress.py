"""Progress: what is shown, and a terminal that is left clean."""

import importlib.util
import io
import re
import sys
from contextlib import redirect_stderr
from types import SimpleNamespace

import pytest

from headstart.run import imports
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
            clock.now += 60
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


def test_imports_are_counted_where_there_is_a_bar(clock, screen, monkeypatch):
    """Two of four modules were looked for; one that was imported before is not."""
    monkeypatch.setattr(imports, "MODULES", 4)
    finders, shares = len(sys.meta_path), list[float]()
    with screen:
        progress = Progress("bar")
        with progress.step("start"), progress.imports():
            for name in ("nobody_has_this", "json", "nor_this"):
                assert (importlib.util.find_spec(name) is None) == (name != "json")
                shares.append(progress._done)
        progress.close()
        with progress.imports():
            assert len(sys.meta_path) == finders
    assert shares == [0.25, 0.25, 0.5]
    assert len(sys.meta_path) == finders


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
