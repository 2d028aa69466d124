"""The first walk: every command of the page, as it stands there, on small data of these names."""

import csv
import pathlib

import numpy as np
import pytest
from tests import wordy
from tests.cli.conftest import headstart as headstart
from tests.docs.pages import ROOT, Page
from tests.study import tiny
from tests.study.test_tables import rows

PAGE = Page(ROOT / "docs" / "tutorials" / "walk.md")
SHORT = {"adapt": ["--epochs", "1", "--folds", "2", "--no-curve", "--method", "ridge-probe", "--quiet"]}
SIZES = {"photos/": ["--size", "32"], "opinions.csv": ["--size", "16"]}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Data of all three kinds under the names of the page."""
    monkeypatch.chdir(tmp_path)
    tiny.folders(tmp_path / "photos")
    tiny.shape("disc", 77).save("new.jpg")
    texts, labels = wordy.reviews(12)
    write("opinions.csv", ["text", "label"], zip(texts, labels, strict=True))
    body = [[row[0], row[1], str(n % 4), row[4]] for n, row in enumerate(rows(60))]
    write("plants.csv", ["length", "colour", "plot", "species"], body)
    write("new.csv", ["length", "colour", "plot"], [row[:3] for row in body[:5]])
    return tmp_path


def write(name, head, body):
    with pathlib.Path(name).open("w", newline="") as stream:
        csv.writer(stream).writerows([head, *body])


@pytest.mark.slow
@pytest.mark.usefixtures("place")
def test_every_command_works(headstart):
    commands = [words[1:] for words in PAGE.commands() if words[0] == "headstart"]
    assert [words[0] for words in commands] == ["adapt", "probe", "rank", "predict"] * 3
    for words in commands:
        short = SHORT.get(words[0], []) + (SIZES.get(words[1], []) if words[0] != "predict" else [])
        said = headstart(*words, *short)
        assert said.code == 0, (words, said.err)
        assert said.out.strip()
    assert np.all([(place / "report.html").is_file() for place in _runs()])


def _runs():
    from pathlib import Path

    found = sorted(Path("runs").iterdir())
    assert [run.name for run in found] == ["opinions", "photos", "plants"]
    return found
