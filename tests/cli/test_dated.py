"""Where commands write that name no folder, and what they say of it."""

import json
import os
import re
from pathlib import Path

import pytest
from tests.cli.telling import refused

from headstart.studies._dated import dated_folder, latest_folder
from headstart.studies._spec import study_names

DATED = r"runs/{}-\d{{4}}-\d\d-\d\d-\d{{6}}"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_command_without_out_keeps_all_in_a_dated_folder_and_says_where(
    headstart, finished, pictures, place
):
    said = headstart("evaluate", finished, pictures)
    assert said.code == 0, said.err
    (record,) = re.findall(rf"^Record: ({DATED.format('evaluate')}/evaluate.json)$", said.out, re.M)
    (page,) = re.findall(rf"^Page:   ({DATED.format('evaluate')}/evaluate.html)$", said.out, re.M)
    assert (place / record).is_file()
    assert (place / page).is_file()
    again = headstart("evaluate", finished, pictures, "--json")
    assert json.loads(again.out)["rows"]
    (folder,) = re.findall(rf"^Page and record: ({DATED.format('evaluate')}(?:-2)?)$", again.err, re.M)
    assert (place / folder / "evaluate.json").is_file()
    assert Path(folder) != Path(record).parent
    assert [path.name for path in place.iterdir()] == ["runs"]


def test_resuming_without_out_goes_on_with_the_last_run_of_the_study(headstart, finished, pictures, place):
    assert refused(headstart("evaluate", finished, pictures, "--resume"), 2, "there is none", "--out FOLDER")
    first = headstart("evaluate", finished, pictures).out
    (folder,) = (place / "runs").iterdir()
    (folder / "evaluate.json").unlink()  # as if it had been interrupted
    resumed = headstart("evaluate", finished, pictures, "--resume")
    assert resumed.out == first
    assert [*(place / "runs").iterdir()] == [folder]


def test_the_latest_is_that_which_was_begun_last_of_this_study(place):
    assert latest_folder("curve") is None
    for age, name in enumerate(
        ("curve-2026-01-02-000000", "curve-2025-01-02-000000", "probe-2026-01-01-000000")
    ):
        begun = place / "runs" / name / "study.json"
        begun.parent.mkdir(parents=True)
        begun.write_text("{}")
        os.utime(begun, (1e9 + age, 1e9 + age))
    assert latest_folder("curve") == Path("runs/curve-2025-01-02-000000")


def test_a_dated_file_is_never_one_that_is_there(place):
    first = dated_folder("labels", ".csv")
    assert re.fullmatch(DATED.format("labels") + ".csv", str(first))
    first.parent.mkdir()
    first.touch()
    assert dated_folder("labels", ".csv") != first


@pytest.mark.parametrize("name", study_names())
def test_the_help_of_every_study_says_where(name, headstart, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    said = " ".join(re.sub("[│╭╮╰╯─]", " ", headstart(name, "--help").out).split())
    assert "--out FOLDER Folder for record and page; must be new or empty. Default: a new one" in said
