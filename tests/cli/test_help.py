"""The help of every command: examples that the command line takes, and names that the shell completes."""

import re
import shlex

import pytest
import typer

from headstart.cli import app, study_command
from headstart.cli.completing import (
    BUILT_IN_BACKBONES,
    BUILT_IN_DATA,
    complete_backbones,
    complete_data,
    complete_methods,
    complete_published,
)
from headstart.core import make, walk
from headstart.data.modality import modalities
from headstart.data.published.register import PUBLISHED
from headstart.models.sources import BUILT_IN

WIDEST = 78  # letters of an example: a terminal of 80 columns shows it on one line
GROUP = typer.main.get_command(app)
EXAMPLE = re.compile(r"\[cyan\](.*?)\[/cyan\]")


def examples(name):
    return [text.replace("\\[", "[") for text in EXAMPLE.findall(GROUP.commands[name].help)]


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_its_head_holds_examples_that_the_command_takes(name):
    assert examples(name)
    for text in examples(name):
        assert len(text) <= WIDEST
        program, command, *words = shlex.split(text)
        assert (program, command) == ("headstart", name)
        with GROUP.commands[name].make_context(name, words) as context:
            for method in context.params.get("methods") or ():
                make(method)


def backbone_option(name):
    return next(option for option in GROUP.commands[name].params if option.name == "backbone").help


@pytest.mark.parametrize("name", ["adapt", "align", "pretrain", "shift"])
def test_a_backbone_that_is_not_named_is_the_built_in(name):
    assert backbone_option(name).endswith("Else the built-in for the data.")


def test_learners_need_no_backbone():
    assert backbone_option("episodes").endswith("Else learners have their own encoders.")


PYTHON = re.compile(r"<[a-z\[]|\{\w+\}|\b(?:str|int|float|bool|None|Path|Literal)\b|\b(?:list|tuple)\[")


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_it_shows_no_type_of_python(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with GROUP.commands[name].make_context(name, [], resilient_parsing=True) as context:
        GROUP.commands[name].get_help(context)
    said = capsys.readouterr().out
    assert "Usage:" in said
    assert not PYTHON.findall(said)


def test_a_type_of_python_would_be_noticed():
    for said in ("RUN <path>", "FILES <list[Path]>", "--rows int", "{run}", "[default: None]"):
        assert PYTHON.search(said), said


def test_arguments_are_named_in_capitals(headstart):
    usage = headstart("predict", "--help").out.split("Usage:")[1].split("\n")[0]
    assert usage.split() == ["headstart", "predict", "[OPTIONS]", "RUN", "[FILES]..."]


def test_all_methods_and_data_sets_are_completed():
    assert complete_methods("") == sorted(kind.about.name for kind in walk())
    assert complete_methods("lp") == ["lp-ft"]
    assert complete_published("") == sorted(PUBLISHED)
    assert sorted(BUILT_IN_DATA) == sorted(name for kind in modalities().values() for name in kind.built_in)
    assert set(BUILT_IN_BACKBONES) - {"table", "table-mlp", "tablenet", "minilm+table"} == set(BUILT_IN)


def test_files_are_completed_beside_names_and_left_to_the_shell_where_no_name_begins_so(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tones-of-mine").mkdir()
    (tmp_path / "tweets.csv").touch()
    (tmp_path / "minilm.safetensors").touch()
    assert complete_data("t") == ["tones", "tweets", "tones-of-mine/", "tweets.csv"]
    assert complete_data("to") == ["tones", "tones-of-mine/"]
    assert complete_data("tones-") == complete_data("") == []
    assert complete_backbones("min") == ["minilm", "minilm+table", "minilm.safetensors"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("align photos sketches --method dan", ["dan", "dann"]),
        ("show rid", ["ridge-probe"]),
        ("adapt cl", ["clipart"]),
        ("rank x --backbone mi", ["minilm", "minilm+table"]),
        ("adapt x --fit p", ["pad"]),
    ],
)
def test_bash_completes(words, found, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMP_WORDS", f"headstart {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
    monkeypatch.setenv("_HEADSTART_COMPLETE", "complete_bash")
    with pytest.raises(SystemExit):
        app(prog_name="headstart")
    assert capsys.readouterr().out.split() == found


@pytest.mark.parametrize("command", ["align", "shift", "translate"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("clipart",), "The target is missing: give it by its place, or as --target"),
        (("--target", "x"), "The source is missing: give it by its place, or as --source"),
        (("a", "b", "--source", "c", "--target", "d"), "'b' is one too many beside --source and --target"),
    ],
)
def test_source_and_target_are_one_each(headstart, command, words, said):
    result = headstart(command, *words)
    assert result.code == 2
    assert said in " ".join(re.sub("[│╭╮╰╯─]", " ", result.err).split())


@pytest.mark.parametrize(
    ("words", "source", "target"),
    [
        ("a b", ["a"], "b"),
        ("a --target b", ["a"], "b"),
        ("b --source a", ["a"], "b"),
        ("a b --source c", ["a", "c"], "b"),
        ("--source a --source c --target b", ["a", "c"], "b"),
    ],
)
def test_source_and_target_are_given_by_their_place_or_as_options(
    headstart, words, source, target, monkeypatch
):
    given = {}
    monkeypatch.setattr(study_command, "carry_out", lambda spec, *_, **values: given.update(values))
    assert headstart("align", *words.split()).code == 0
    assert (given["source"], given["target"]) == (source, target)
    if len(source) == 1:
        assert headstart("shift", *words.split()).code == 0
        assert ([given["source"]], given["target"]) == (source, target)
