"""`methods` and `show`, `help`, and words of other tools: nobody has to guess."""

import json
import re
from dataclasses import fields

import pytest
import typer
from tests.cli.test_inspecting import METHODS, plain

from headstart.cli import app, output
from headstart.cli.commands import OTHER
from headstart.cli.listing import BATCHES, COMMANDS, learns_with, meanings
from headstart.core import BadInput
from headstart.records.settings import seconds_of


def names(said):
    return {one["name"] for one in json.loads(said.out)}


def test_methods_lists_them_all_by_command(headstart):
    assert names(headstart("methods", "--json")) == {kind.about.name for kind in METHODS}
    table = headstart("methods").out
    for kind in METHODS:
        command = COMMANDS[learns_with(kind)][0]
        assert re.search(rf"\| {kind.about.name} +\| {command} +\| {kind.about.transfers} ", table)


def test_no_name_is_folded_at_80_columns(headstart, monkeypatch):
    from rich.console import Console

    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = headstart("methods").out.splitlines()
    assert max(map(len, map(plain, lines))) <= 80
    assert {kind.about.name for kind in METHODS} <= {word for line in lines for word in plain(line).split()}


@pytest.mark.parametrize(
    ("data", "some", "none"),
    [
        ("samples", {"simclr", "masked-imputation", "rotation"}, {"clip", "setfit", "pretrain-fine-tune"}),
        ("pairs", {"clip"}, {"simclr", "fine-tune"}),
        ("labels", {"fine-tune", "ridge-probe", "tf-idf", "xgboost"}, {"dann", "multi-task", "tent", "byol"}),
        ("source", {"multi-task", "pretrain-fine-tune"}, {"fine-tune", "dann"}),
        ("target", {"dann", "shot", "importance-weighting", "tradaboost"}, {"tent", "fine-tune"}),
        ("groups", {"group-dro", "group-balanced"}, {"fine-tune"}),
        ("stream", {"tent", "lame"}, {"shot", "dann"}),
    ],
)
def test_methods_by_what_they_learn_with(headstart, data, some, none):
    found = names(headstart("methods", "--with", data, "--json"))
    assert some <= found
    assert not none & found


def test_methods_by_kind_of_data(headstart):
    for kind, some, none in (
        ("pictures", {"fine-tune", "knn"}, {"tf-idf", "xgboost", "setfit", "simcse", "scarf"}),
        ("tables", {"xgboost", "knn", "scarf"}, {"tf-idf", "setfit", "rotation", "clip"}),
        ("texts", {"tf-idf", "setfit", "knn", "simcse"}, {"xgboost", "random-forest", "jigsaw"}),
    ):
        found = names(headstart("methods", "--for", kind, "--json"))
        assert some <= found
        assert not none & found


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.about.name)
def test_show_explains_every_setting_and_gives_a_command(headstart, kind):
    said = plain(headstart("show", kind.about.name).out)
    assert not re.search(r"\w\n\w", said.partition("Transfers:")[0])  # no lines as wide as the source's
    assert f"headstart {COMMANDS[learns_with(kind)][0]} " in said
    assert f"--method {kind.about.name}" in said
    assert f"Each step: {BATCHES[kind.about.needs.__name__]}" in said
    assert not re.search(r"\bdescend \w+ on\b|_\w+ \(changes|, which changes", said)
    assert all(meanings(kind)[field.name].strip() for field in fields(kind))


def test_help_of_a_command_is_its_help(headstart):
    assert headstart("help", "adapt").out == headstart("adapt", "--help").out
    assert headstart("help").out.split() == headstart("--help").out.split()
    assert headstart("help", "nothing").code == 2


def test_switches_are_shown_without_a_type(headstart):
    for words in ((), ("adapt",), ("predict",)):
        assert "<bool>" not in headstart(*words, "--help").out


def test_options_are_shown_with_words_in_place_of_types(headstart):
    for words in (("adapt",), ("predict",), ("labels",), ("rank",)):
        options = [line for line in headstart(*words, "--help").out.splitlines() if " --" in line[:9]]
        assert len(options) > 3
        assert not any("<" in line or "list[" in line for line in options), options


@pytest.mark.parametrize(
    ("word", "command"), [("train", "adapt"), ("eval", "evaluate"), ("classify", "predict")]
)
def test_words_of_other_tools_name_the_command(headstart, word, command):
    said = headstart(word, "photos/")
    assert said.code == 2
    assert f"Here it is '{command}': headstart {command} --help." in plain(said.err)


def test_every_such_word_leads_to_a_command_and_is_none_itself():
    known = {*typer.main.get_command(app).commands}
    assert set(OTHER.values()) <= known
    assert not set(OTHER) & known


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("5m", 300),
        ("5 min", 300),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("1H 2m 3S", 3723),
        ("1e3", 1000),
    ],
)
def test_durations(text, seconds):
    assert seconds_of("budget", text) == seconds


@pytest.mark.parametrize("text", ["", "5x", "m5", "1.2.3h", "h", "five minutes"])
def test_what_is_no_duration_is_named(text):
    with pytest.raises(BadInput, match=r"--budget is .*; write seconds, as in 90, or 90s, 5m, 1h"):
        seconds_of("budget", text)


def test_a_duration_is_an_option(headstart):
    for command in ("adapt", "search"):
        said = headstart(command, "nowhere/", "--budget", "5x", "--out", "run")
        assert said.code == 2
        assert "--budget is '5x'" in plain(said.err)


def test_a_table_cuts_no_short_word_in_80_columns(monkeypatch, capsys):
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "80", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    headings = ["backbone", "weights", "logme", "h-score", "leep", "nce", "knn", "features", "seconds"]
    row = ["efficientnet_lite0", "pretrained", "0.088", "5.757", "-0.661", "-0.153", "0.838", "1280", "16.3"]
    output.table(headings, [row])
    said = plain(capsys.readouterr().out)
    assert all(word in said for word in [*headings, *row[1:]])


def test_a_table_with_long_headings_loses_no_figure_in_80_columns(monkeypatch, capsys):
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "80", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    headings = ["backbone", "weights", "LogME", "H-score", "LEEP", "negative conditional entropy"]
    headings += ["accuracy of the nearest neighbours", "features", "seconds"]
    row = ["minilm", "pretrained", "-0.188", "3.071", "-", "-", "0.786", "384", "23.4"]
    output.table(headings, [row])
    said = plain(capsys.readouterr().out)
    assert set(row) <= set(said.split())


def test_show_breaks_its_sentences_between_words(headstart, monkeypatch):
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "60", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    said = headstart("show", "lp-ft").out.partition("Transfers:")[0]
    assert "so that the gradients of a random head" in " ".join(said.split())
    assert max(map(len, said.splitlines())) <= 60
