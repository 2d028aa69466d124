"""Names with spaces, letters of all scripts, and bytes that are no text."""

import csv
import io
import json
import os
import shutil

import pytest
from tests.study import tiny

from headstart.core import CannotWrite
from headstart.studies.adapt import Result

ODD = os.fsdecode(b"caf\xe9")  # Latin-1: not UTF-8
CLASSES = ("two words", "日本 Ünïcode", ODD)
SETTINGS = {"size": 32, "epochs": 1, "folds": 2, "methods": tiny.TRIED, "test": 0.4, "curve": False}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder, class folders and files with such names."""
    plain = tiny.folders(tmp_path_factory.mktemp("plain"), 8)
    root = tmp_path_factory.mktemp("names") / f"my data {ODD}"
    for kind, name in zip(tiny.CLASSES, CLASSES, strict=True):
        (root / name).mkdir(parents=True)
        for number, file in enumerate(sorted((plain / kind).iterdir())):
            shutil.copy(file, root / name / f"{name} {number}.png")
    (root / ODD / f"broken {ODD}.png").write_bytes(b"no picture")
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory, weights, data):
    """A finished run on them."""
    from headstart import adapt
    from headstart.models.backbone import backbone
    from headstart.studies import build_page

    out = tmp_path_factory.mktemp("names") / "out 日本 Ü"
    adapt(backbone(tiny.BACKBONE, weights=weights), data, out=out, **SETTINGS)
    build_page(out)
    return out


def test_the_records_are_read_back(run, data):
    result = Result.read(run / "result.json")
    assert set(result.classes) == set(CLASSES)
    assert result.task == data.name
    assert result.check.classes == dict.fromkeys(CLASSES, 8)
    (finding,) = (one for one in result.check.findings if one.kind == "unreadable")
    assert finding.items == [f"{ODD}/broken {ODD}.png"]
    assert f"{ODD}/broken {ODD}.png" in finding.text
    assert "日本 Ünïcode" in (run / "result.json").read_text("utf-8")
    assert json.loads((run / "model" / "config.json").read_text("utf-8"))["classes"] == result.classes


def test_the_report_and_the_card_name_the_classes(run):
    for file in ("report.html", "model/README.md"):
        text = (run / file).read_text("utf-8")
        for name in CLASSES[:2]:
            assert name in text


def test_answers_name_the_files(headstart, run, data):
    files = [data / name / f"{name} 1.png" for name in CLASSES]
    said = headstart("predict", run, *files, "--json")
    assert said.code == 0, said.err
    answers = json.loads(said.out)
    assert [answer["file"] for answer in answers] == [str(file) for file in files]
    assert all(answer["probabilities"].keys() == set(CLASSES) for answer in answers)
    said = headstart("predict", run, *files, "--csv")
    assert said.code == 0, said.err
    rows = list(csv.reader(io.StringIO(said.out)))
    assert rows[0][:3] == ["file", "label", "probability"]
    assert [row[0].replace("\\udce9", ODD[-1]) for row in rows[1:]] == [str(file) for file in files]
    said = headstart("predict", run, *files)
    assert said.code == 0, said.err
    assert "two words" in said.out
    assert "日本 Ünïcode" in said.out


@pytest.mark.slow
def test_a_terminal_that_has_no_such_letters(program, run, data):
    files = [data / name / f"{name} 1.png" for name in CLASSES]
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    said = program("predict", run, *files, run / f"missing {ODD} 日本.png", env=plain)
    assert said.code == 3
    assert "two words" in said.out
    assert "\\u65e5\\u672c" in said.out
    assert "\\u65e5\\u672c" in said.err
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_the_commands_own_words_are_written_down(headstart, quick, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = headstart("adapt", data, *quick, "--test", 0.4, "--out", "run")
    assert said.code == 0, said.err
    assert str(data) in Result.read(tmp_path / "run" / "result.json").command
    before = (tmp_path / "run" / "result.json").read_bytes()
    assert headstart("adapt", data, *quick, "--test", 0.4, "--out", "run", "--resume").code == 0
    assert (tmp_path / "run" / "result.json").read_bytes() == before


def test_an_output_folder_whose_name_is_no_text(headstart, quick, data, tmp_path):
    said = headstart("adapt", data, *quick, "--out", tmp_path / ODD)
    assert said.code == CannotWrite.code
    assert "caf\\udce9 is not UTF-8" in said.err
    assert "--out" in said.err
    assert not (tmp_path / ODD).exists()
