"""The commands that tell, and the options of those that train."""

import json
import re
from dataclasses import fields

import pytest
import typer
from tests.study import tiny

import headstart as hs
from headstart.cli import app
from headstart.cli.options import with_options
from headstart.core import walk
from headstart.study.settings import Settings

METHODS = sorted(walk(), key=lambda kind: kind.about.name)


def plain(text):
    """Without boxes, colours and line ends."""
    return re.sub(r"[\s│╭╮╰╯─┃━]+", " ", re.sub(r"\x1b\[[0-9;]*m", "", text))


# --- probe, methods, show, doctor


def test_probe_reads_every_block(headstart, pictures, weights):
    words = [pictures, "--backbone", tiny.BACKBONE, "--weights", weights, "--size", 32]
    said = headstart("probe", *words, "--json")
    assert said.code == 0, said.err
    layers = json.loads(said.out)
    assert len(layers) >= 4
    for layer in layers:
        low, value, high = (layer["accuracy"][key] for key in ("low", "value", "high"))
        assert 0 <= low <= value <= high <= 1
        assert layer["width"] >= 16
    table = headstart("probe", *words).out
    assert f"What each block of {tiny.BACKBONE} knows of shapes" in table
    for layer in layers:
        assert re.search(rf"{re.escape(layer['block'])} .* {layer['accuracy']['value']:.3f} ", table)


def test_methods_lists_them_all(headstart):
    listed = json.loads(headstart("methods", "--json").out)
    assert {one["name"] for one in listed} == {kind.about.name for kind in METHODS}
    table = headstart("methods").out
    for kind in METHODS:
        assert re.search(rf"\| {kind.about.name} +\| {kind.about.transfers} +\| {kind.about.adapts} ", table)


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.about.name)
def test_show_tells_all_about_a_method(headstart, kind):
    about, method = kind.about, kind()
    described = json.loads(headstart("show", about.name, "--json").out)
    assert described["transfers"] == about.transfers
    assert described["paper"] == about.paper
    assert len(described["moves"]) == len(method.moves())
    settings = {one["name"]: one["default"] for one in described["settings"]}
    assert settings == {field.name: getattr(method, field.name) for field in fields(kind)}
    said = headstart("show", about.name)
    assert said.code == 0
    for word in (
        about.title,
        about.paper,
        f"Transfers: {about.transfers}",
        f"Adapts: {about.adapts}",
        *settings,
    ):
        assert word in said.out


def test_doctor_tells_what_is_there(headstart):
    import torch

    found = {one["what"]: one for one in json.loads(headstart("doctor", "--json").out)}
    assert found["torch"]["found"] == torch.__version__
    assert found["headstart"]["found"] == hs.__version__
    assert found["timm"]["fine"]
    said = headstart("doctor")
    assert said.code == 0
    assert torch.__version__ in said.out


def test_version(headstart):
    said = headstart("--version")
    assert (said.code, said.out.strip(), said.err) == (0, hs.__version__, "")


def test_help_lists_the_commands(headstart):
    for words in (["--help"], ["-h"]):
        said = headstart(*words)
        assert said.code == 0
        for command in ("adapt", "predict", "export", "report", "probe", "methods", "show", "doctor"):
            assert command in said.out


# --- options are the fields of the settings


def test_every_setting_is_an_option_with_its_sentence_and_default():
    options = {option.name: option for option in typer.main.get_command(app).commands["adapt"].params}
    for field in fields(Settings):
        option = options[field.name]
        assert option.help == field.metadata["help"]
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        assert option.default == default
        word = field.name.removesuffix("s") if isinstance(field.default, tuple) else field.name
        assert f"--{word}" in option.opts
        assert option.multiple == isinstance(field.default, tuple)


def test_help_of_adapt_shows_them(headstart, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    shown = plain(headstart("adapt", "--help").out)
    for field in fields(Settings):
        assert plain(field.metadata["help"]) in shown


def test_options_fill_the_settings():
    made = []

    @with_options(Settings, "settings")
    def command(name: str = "x", *, settings: Settings) -> None:
        made.append((name, settings))

    small = typer.Typer()
    small.command()(command)
    words = [
        "--name",
        "y",
        "--folds",
        "3",
        "--method",
        "knn",
        "--method",
        "lp-ft",
        "--no-curve",
        "--fit",
        "pad",
    ]
    small([*words, "--epochs", "4", "--precision", "bf16"], standalone_mode=False)
    settings = Settings(folds=3, methods=("knn", "lp-ft"), curve=False, fit="pad", epochs=4, precision="bf16")
    assert made == [("y", settings)]
    small([], standalone_mode=False)
    assert made[1:] == [("x", Settings())]
