"""What the command line prints and returns, with a model that answers what it is told to."""

import csv
import io
import json
import warnings
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from headstart import __main__ as program
from headstart.cli import output
from headstart.cli.options import begun_with, with_options
from headstart.cli.predicted import texts_of
from headstart.core import BadData, BadInput, CannotWrite, Diverged, MissingPackage
from headstart.data.columns import Columns
from headstart.data.modality import modalities
from headstart.records.settings import StudySettings, option
from headstart.runtime.predictions import (
    Decision,
    PredictedClass,
    PredictedNumbers,
    PredictedTags,
    to_prediction,
)
from headstart.runtime.predicts import UnseenWarning

NAMES = ("dog", "ant", "cat")  # in no order of the alphabet
SHARES = {"dog": 0.2, "ant": 0.1, "cat": 0.7}


def printed(capsys, kind, form, *said, names=NAMES):
    """What `show` prints of answers to the files 1.png, 2.png, ..."""
    named = [(f"{number}.png", one) for number, one in enumerate(said, 1)]
    output.predictions(named, SimpleNamespace(label_kind=kind, classes=names), form)
    return capsys.readouterr().out


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


# --- answers as they are printed


def test_each_probability_stands_under_its_class(capsys):
    (row,) = rows(printed(capsys, "classes", "csv", PredictedClass("cat", 0.7, SHARES)))
    assert row == {
        "file": "1.png",
        "label": "cat",
        "probability": "0.700000",
        **{name: f"{share:.6f}" for name, share in SHARES.items()},
    }


def test_tags_are_joined_and_each_has_its_probability(capsys):
    said = PredictedTags(("dog", "cat"), {"dog": 0.5, "ant": 0.25, "cat": 0.75})
    (row,) = rows(printed(capsys, "tags", "csv", said))
    assert row == {
        "file": "1.png",
        "tags": "dog;cat",
        "dog": "0.500000",
        "ant": "0.250000",
        "cat": "0.750000",
    }
    table = printed(capsys, "tags", "table", said, PredictedTags((), dict.fromkeys(NAMES, 0.1)))
    assert "dog, cat" in table
    assert "0.500, 0.750" in table
    assert "none" in table


def test_numbers_keep_every_digit_of_a_float32(capsys):
    values = {"price": float(np.float32(1 / 3)), "weight": float(np.float32(-1234.5678))}
    (row,) = rows(printed(capsys, "numbers", "csv", PredictedNumbers(values), names=tuple(values)))
    assert {name: np.float32(row[name]) for name in values} == {
        name: np.float32(value) for name, value in values.items()
    }


def test_json_has_the_file_and_all_that_was_answered(capsys):
    text = printed(
        capsys, "classes", "json", PredictedClass("cat", 0.7, SHARES), PredictedClass("dog", 0.6, {})
    )
    assert json.loads(text) == [
        {"file": "1.png", "label": "cat", "probability": 0.7, "probabilities": SHARES},
        {"file": "2.png", "label": "dog", "probability": 0.6, "probabilities": {}},
    ]


@pytest.mark.parametrize(("abstain", "label"), [(0.0, "cat"), (0.5, "cat"), (0.5000001, "unsure")])
def test_a_class_at_the_threshold_is_still_given(abstain, label):
    one = to_prediction(np.array([0.3, 0.2, 0.5]), "classes", NAMES, Decision(abstain))
    assert (one.label, one.probability) == (label, 0.5)
    assert one.probabilities == {"dog": 0.3, "ant": 0.2, "cat": 0.5}


def test_a_tag_of_one_half_is_given():
    assert to_prediction(np.array([0.5, 0.4999, 1.0]), "tags", NAMES, Decision(0.9)).tags == ("dog", "cat")


# --- which rows are answered, and how they are called


def test_texts_are_named_by_file_and_line(tmp_path):
    (tmp_path / "a.txt").write_text("one\n\nthree\n", "utf-8")
    assert texts_of([tmp_path / "a.txt"], ["given"], Columns()) == [
        ("given", "given"),
        (f"{tmp_path / 'a.txt'}:1", "one"),
        (f"{tmp_path / 'a.txt'}:2", ""),
        (f"{tmp_path / 'a.txt'}:3", "three"),
    ]


class Echo:
    """A model of pictures whose answer is the name of the file; `bad.png` can't be read."""

    label_kind, classes, abstain, tokens = "classes", NAMES, 0.0, None
    modality = modalities()["pictures"]
    device = None

    def to(self, device):
        self.device = device
        return self

    def predict(self, files):
        if any(file.name == "odd.png" for file in files):
            warnings.warn("odd.png is odd.", UnseenWarning, stacklevel=1)
        if any(file.name == "bad.png" for file in files):
            raise BadData(f"{files[0]} is damaged.")
        return [PredictedClass(file.stem, 1.0 - self.abstain, SHARES) for file in files]


@pytest.fixture
def echo(monkeypatch):
    model = Echo()
    monkeypatch.setattr("headstart.predictor.predictor.open_model", lambda run, **_: model)
    return model


@pytest.fixture
def files(tmp_path):
    for name in ("b/2.png", "b/1.png", "b/.hidden.png", "b/notes.txt", "bad.png", "3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_every_answer_is_that_of_its_file(headstart, echo, files):
    said = headstart("predict", "run", files / "3.png", files / "b", "--csv")
    assert said.code == 0
    assert [(row["file"], row["label"]) for row in rows(said.out)] == [
        (str(files / "3.png"), "3"),
        (str(files / "b" / "1.png"), "1"),
        (str(files / "b" / "2.png"), "2"),
    ]


def test_a_file_that_can_t_be_read_is_counted_and_the_others_are_answered(headstart, echo, files):
    said = headstart("predict", "run", files / "bad.png", files / "3.png", "--json")
    assert said.code == BadData.code
    assert [one["label"] for one in json.loads(said.out)] == ["3"]
    assert "1 of 2 files was not read" in said.err.replace("\n", " ")


def test_the_threshold_of_the_command_line_is_the_one_that_holds(headstart, echo, files):
    said = headstart("predict", "run", files / "3.png", "--abstain", "0.25", "--json")
    assert json.loads(said.out)[0]["probability"] == 0.75
    assert headstart("predict", "run", files / "3.png", "--abstain", "1.5").code == BadInput.code


@pytest.mark.parametrize(("words", "err"), [((), "odd.png is odd.\n"), (("--quiet",), "")])
def test_what_to_beware_of_is_said_unless_it_is_to_be_quiet(headstart, echo, files, words, err):
    (files / "odd.png").touch()
    said = headstart("predict", "run", files / "odd.png", "--csv", *words)
    assert (said.code, said.err) == (0, err)
    assert [row["label"] for row in rows(said.out)] == ["odd"]


@pytest.mark.parametrize(("words", "out"), [((), "{}: 1 prediction.\n"), (("-q",), "")])
def test_a_file_is_written_in_silence_if_it_is_to_be_quiet(headstart, echo, files, words, out):
    file = files / "rows.csv"
    said = headstart("predict", "run", files / "3.png", "--out", file, *words)
    assert (said.code, said.out, said.err) == (0, out.format(file), "")
    assert [row["label"] for row in rows(file.read_text("utf-8"))] == ["3"]


def test_the_model_is_moved_to_the_device(headstart, echo, files):
    headstart("predict", "run", files / "3.png")
    assert echo.device == "auto"
    headstart("predict", "run", files / "3.png", "--device", "cuda:1")
    assert echo.device == "cuda:1"


# --- exit codes


@pytest.mark.parametrize("kind", [BadInput, BadData, CannotWrite, Diverged])
def test_what_goes_wrong_has_its_code(kind, capsys):
    assert program._explain(kind("It is wrong.")) == kind.code
    assert "It is wrong." in capsys.readouterr().err
    assert kind.code not in (0, 1)


def test_codes_tell_mistakes_apart():
    kinds = (BadInput, BadData, CannotWrite, Diverged, MissingPackage)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_the_code_of_an_error_is_that_of_the_program(headstart, tmp_path):
    assert headstart("report", tmp_path).code == BadInput.code
    assert headstart("report").code == 2  # a command line that can't be read
    assert headstart("methods").code == 0


def test_our_own_mistakes_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        program._explain(ZeroDivisionError())


# --- options


@dataclass(frozen=True, kw_only=True)
class Cooking(StudySettings):
    """Settings of every kind."""

    spices: tuple[str, ...] = option("Give several.", ())
    sizes: tuple[int, ...] = option("Rising.", (1, 2))
    salt: bool = option("Whether.", True)
    heat: float = option("Degrees.", 200.0)


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("", {}),
        ("--spice dill --spice salt", {"spices": ("dill", "salt")}),
        ("--sizes 3,10", {"sizes": (3, 10)}),
        ("--no-salt", {"salt": False}),
        ("--salt --heat 90.5", {"heat": 90.5}),
    ],
)
def test_options_become_the_settings(words, changes):
    found = []
    app = typer.Typer()

    @app.command()
    @with_options(Cooking, "settings")
    def cook(settings: Cooking) -> None:
        found.append(settings)

    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 0, done.output
    assert found == [replace(Cooking(), **changes)]


@pytest.fixture
def begun(tmp_path):
    saved = Cooking(spices=("dill",), heat=90.0)
    (tmp_path / "study.json").write_text(json.dumps({"settings": saved.record()}), "utf-8")
    return tmp_path, saved


def test_a_resumed_study_has_the_settings_that_it_was_begun_with(begun):
    folder, saved = begun
    assert begun_with(folder, True, Cooking()) == saved
    assert begun_with(folder, False, Cooking()) == Cooking()


def test_settings_that_are_given_again_are_taken_as_given(begun):
    folder, _ = begun
    assert begun_with(folder, True, Cooking(heat=150.0)) == Cooking(heat=150.0)


def test_what_may_change_on_resuming_changes_alone(begun):
    folder, saved = begun
    assert begun_with(folder, True, Cooking(heat=150.0), ("heat",)) == replace(saved, heat=150.0)
    assert begun_with(folder, True, Cooking(), ("heat",)) == saved
