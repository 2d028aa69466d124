"""The bar of commands that only read a run or a backbone: from the start until something is printed."""

import sys

import pytest
import typer

from headstart.cli import app, output, waiting
from headstart.cli.commands import WaitingCommand
from headstart.predictor import hub_folder
from headstart.run.progress import Progress
from headstart.studies._spec import study_names

COMMANDS = typer.main.get_command(app).commands


@pytest.fixture
def drawn(monkeypatch):
    """What a bar would draw, on a terminal: names of steps with their shares, and "end" as it is cleared."""
    found = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(Progress, "_draw", lambda self, done: found.append((self._name, done)))
    monkeypatch.setattr(Progress, "close", lambda self: found.append("end"))
    return found


def test_every_command_that_is_no_study_waits_so():
    assert {name for name, one in COMMANDS.items() if not isinstance(one, WaitingCommand)} == {*study_names()}


def test_a_bar_is_drawn_from_the_start_and_cleared_before_the_first_line(drawn, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with waiting.waiting():
        assert drawn == [("start", None)]
        with waiting.step("export") as show:
            show(0.5)
        output.line("Done.")
        assert drawn == [("start", None), ("export", None), ("export", 0.5), "end"]
    assert capsys.readouterr().out == "Done.\n"


@pytest.mark.parametrize("say", [output.line, output.prose, output.as_json])
def test_whatever_is_printed_clears_it(drawn, say):
    with waiting.waiting():
        say("said")
        assert drawn[-1] == "end"


def test_where_all_is_to_be_quiet_nothing_is_drawn(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    shown = []
    monkeypatch.setattr(Progress, "__init__", lambda self, show="": shown.append(show))
    monkeypatch.setattr(Progress, "step", lambda self, name: waiting.ExitStack())
    monkeypatch.setattr(Progress, "imports", lambda self: waiting.ExitStack())
    monkeypatch.setattr(Progress, "close", lambda self: None)
    for quiet in (True, False):
        with waiting.waiting(quiet):
            pass
    assert shown == ["", "bar"]


def test_an_error_clears_it_too(drawn):
    with pytest.raises(ValueError, match="no"), waiting.waiting():
        raise ValueError("no")
    assert drawn[-1] == "end"


def test_outside_of_a_command_a_step_shows_nothing(drawn):
    with waiting.step("export") as show:
        show(1.0)
    assert waiting.progress().show == ""


def test_push_shows_how_much_is_written(headstart, finished, tmp_path, drawn, monkeypatch):
    def export(_predictor, file, show, more):
        file.touch()
        show(0.25)

    monkeypatch.setattr(hub_folder, "export_model", export)
    said = headstart("push", finished, tmp_path / "hub")
    assert said.code == 0, said.err
    assert drawn[0] == ("start", None)
    assert ("write the files", 0.25) in drawn
    assert f"Next: headstart predict {tmp_path / 'hub'} " in said.out
    assert str(finished) in said.out  # its picture is predicted
