"""A command is built when it is asked for, and the others are not."""

import subprocess
import sys

import pytest
import typer

from headstart.cli import app
from headstart.cli.by_name import HEADINGS
from headstart.studies._spec import GROUPS, studies

CODE = """
import sys
import typer
from headstart.cli import app, by_name
commands = typer.main.get_command(app).commands
assert "predict" in commands and "predct" not in commands
assert commands["predict"] is commands["predict"]
assert list(commands._built) == ["predict"], commands._built
loaded = {"serving", "tools", "study_command"} & {name.rpartition(".")[2] for name in sys.modules}
assert not loaded, loaded
"""


def test_the_command_that_is_asked_for_is_built_alone():
    subprocess.run([sys.executable, "-c", CODE], check=True)


def test_they_stand_under_their_headings_studies_first():
    names, specs = [*typer.main.get_command(app).commands], {spec.name: spec.group for spec in studies()}
    assert sorted(names) == sorted([*specs, *HEADINGS])
    order = [(GROUPS.index((specs | HEADINGS)[name]), name in HEADINGS) for name in names]
    assert order == sorted(order)


def test_an_unknown_one_is_not_built_and_none_is_taken_away():
    commands = typer.main.get_command(app).commands
    with pytest.raises(KeyError, match="predct"):
        commands["predct"]
    with pytest.raises(TypeError, match="predict"):
        del commands["predict"]
    assert len(commands) == len([*commands])
