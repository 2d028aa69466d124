"""Names with spaces, letters of all scripts, and bytes that are no text."""

import csv
import io
import json
import os
import shutil

import pytest
from tests.study import tiny

from headstart.study.records import Result

ODD = os.fsdecode(b"caf\xe9")  # Latin-1: not UTF-8
CLASSES = ("two words", "日本 Ünïcode", ODD)


@pytest.fixture(scope="module")
def run(tmp_path_factory, weights):
    """A finished run on classes and files with such names, in a folder with such a name."""
    from headstart.models.backbone import backbone
    from headstart.report import build
    from headstart.study.adapt import adapt

    root = tmp_path_factory.mktemp("names") / f"my data {ODD}"
    plain = tiny.folders(root / "plain", 8)
    for kind, name in zip(tiny.CLASSES, CLASSES, strict=True):
        (root / "data" / name).mkdir(parents=True)
        for number, file in enumerate(sorted((plain / kind).iterdir())):
            shutil.copy(file, root / "data" / name / f"{name} {number}.png")
    (root / "data" / ODD / f"broken {ODD}.png").write_bytes(b"no picture")
    out = root / f"out {ODD}"
    settings = {"size": 32, "epochs": 1, "folds": 2, "methods": tiny.TRIED, "test": 0.4, "curve": False}
    adapt(backbone(tiny.BACKBONE, weights=weights), root / "data", out=out, **settings)
    build(out)
    return out


def test_the_records_are_read_back(run):
    result = Result.read(run / "result.json")
    assert set(result.classes) == set(CLASSES)
    assert result.check.classes == dict.fromkeys(CLASSES, 8)
    (finding,) = (one for one in result.check.findings if one.kind == "unreadable")
    assert finding.items == [f"{ODD}/broken {ODD}.png"]
    assert f"{ODD}/broken {ODD}.png" in finding.text
    assert (run / "result.json").read_text("utf-8").isprintable() is False  # it is UTF-8, with line ends
    assert json.loads((run / "model" / "config.json").read_text("utf-8"))["classes"] == result.classes


def test_the_report_and_the_card_name_the_classes(run):
    for file in ("report.html", "model/README.md"):
        text = (run / file).read_text("utf-8")
        for name in CLASSES[:2]:
            assert name in text


def test_answers_name_the_files(program, headstart, run):
    files = [run.parent / "data" / name / f"{name} 1.png" for name in CLASSES]
    said = program("predict", run, *files, "--json")
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


def test_a_terminal_that_has_no_such_letters(program, run):
    files = [run.parent / "data" / name / f"{name} 1.png" for name in CLASSES]
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    for how in ([], ["--csv"], ["--json"]):
        said = program("predict", run, *files, *how, env=plain)
        assert said.code == 0, said.err
        assert "\\u65e5\\u672c" in said.out
    said = program("predict", run, run / f"missing {ODD} 日本.png", env=plain)
    assert said.code == 3
    assert "\\u65e5\\u672c" in said.err
    assert "Traceback" not in said.err


def test_resuming_ends_in_the_same_bytes(run, weights):
    from headstart.models.backbone import backbone
    from headstart.study.adapt import adapt

    before = (run / "result.json").read_bytes()
    settings = {"size": 32, "epochs": 1, "folds": 2, "methods": tiny.TRIED, "test": 0.4, "curve": False}
    base = backbone(tiny.BACKBONE, weights=weights)
    adapt(base, run.parent / "data", out=run, resume=True, **settings)
    assert (run / "result.json").read_bytes() == before
