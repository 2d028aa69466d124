"""The commands when all goes well: what they print, and where."""

import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from tests.study import tiny

import headstart as hs
from headstart.core import walk
from headstart.predictor.predictor import BATCH_TOLERANCE
from headstart.report.metric import get_metric
from headstart.studies.adapt import Result

METHODS = sorted(walk(), key=lambda kind: kind.about.name)


def plain(text):
    """Without boxes, colours and line ends."""
    return re.sub(r"[\s│╭╮╰╯─┃━]+", " ", re.sub(r"\x1b\[[0-9;]*m", "", text))


def test_threads_sleep_while_they_wait_unless_told_otherwise(headstart, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    headstart("--version")
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    headstart("--version")
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


# --- adapt


@pytest.mark.slow
def test_adapt_tells_a_person_what_came_of_it(headstart, pictures, weights, tmp_path):
    words = [*tiny.options(weights), "--method", "ridge-probe", "--method", "fine-tune", "--no-curve"]
    said = headstart("adapt", pictures, *words, "--out", tmp_path / "run")
    assert said.code == 0, said.err
    result = Result.read(tmp_path / "run" / "result.json")
    assert "Ridge probe" in said.out
    assert "Fine-tuning" in said.out
    assert result.headline in plain(said.out)
    for line in (f"Model:  {tmp_path}/run/model", f"Page:   {tmp_path}/run/report.html", "headstart predict"):
        assert line in said.out
    assert "try fine-tune fold 0" in said.err  # where no terminal is, a line a step
    assert result.why in plain(said.out)
    for tested in result.tested:
        shown = get_metric(result.metric).shown(tested.scores.main_figure)
        assert f"{tested.title} {shown}".replace("\u00a0", " ") in plain(said.out)
    ways = [line.removeprefix("Next:").strip() for line in said.out.splitlines() if line.startswith("Next:")]
    assert [way.split()[1] for way in ways] == ["predict", "explain", "evaluate", "export"]
    for way in ways:  # they run when pasted
        done = headstart(*shlex.split(way)[1:])
        assert done.code == 0, (way, done.err)


@pytest.mark.slow
def test_adapt_for_machines(headstart, pictures, quick, tmp_path):
    words = [word for word in quick if word != "--quiet"]
    said = headstart("adapt", pictures, *words, "--json", "--out", tmp_path / "run")
    assert said.code == 0, said.err
    assert said.err == ""
    answer = json.loads(said.out)
    assert answer == json.loads((tmp_path / "run" / "result.json").read_text())
    assert (tmp_path / "run" / "report.html").is_file()


@pytest.mark.slow
def test_quiet_says_nothing_but_the_answer(program, pictures, quick, tmp_path):
    said = program("adapt", pictures, *quick, "--out", tmp_path / "run")
    assert said.code == 0, said.err
    assert said.err == ""
    result = Result.read(tmp_path / "run" / "result.json")
    assert said.out.splitlines()[0] == result.headline
    starts = [line.split()[0] for line in said.out.splitlines()[1:]]
    assert starts == ["Model:", "Page:", "Record:", "Next:", "Next:", "Next:", "Next:"]
    assert result.command.startswith(f"headstart adapt {pictures} --backbone")


@pytest.mark.slow
def test_resume_needs_no_settings_again(headstart, pictures, weights, quick, tmp_path):
    words = ["--backbone", tiny.BACKBONE, "--weights", weights, "--out", tmp_path / "run", "--quiet"]
    assert headstart("adapt", pictures, *quick, "--out", tmp_path / "run").code == 0
    before = (tmp_path / "run" / "result.json").read_bytes()
    said = headstart("adapt", pictures, *words, "--resume")
    assert said.code == 0, said.err
    assert (tmp_path / "run" / "result.json").read_bytes() == before


# --- predict, export, report


@pytest.fixture
def files(pictures):
    return [pictures / kind / "3.png" for kind in tiny.CLASSES]


def test_predict_as_a_table(headstart, finished, files):
    said = headstart("predict", finished, *files)
    assert said.code == 0
    assert said.err == ""
    expected = hs.open(finished).predict(files)
    lines = [line for line in said.out.splitlines() if ".png" in line]
    for line, file, answer in zip(lines, files, expected, strict=True):
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        assert cells == [str(file), answer.label, f"{answer.probability:.3f}"]


def test_predict_as_json(headstart, finished, files):
    said = headstart("predict", finished / "model", *files, "--json")
    answers = json.loads(said.out)
    expected = hs.open(finished).predict(files)
    assert [one["file"] for one in answers] == [str(file) for file in files]
    for one, answer in zip(answers, expected, strict=True):
        assert one["label"] == answer.label
        assert one["probabilities"] == pytest.approx(answer.probabilities, abs=BATCH_TOLERANCE)
        assert sum(one["probabilities"].values()) == pytest.approx(1)


def test_predict_as_csv(headstart, finished, files):
    said = headstart("predict", finished, *files, "--csv")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    expected = hs.open(finished).predict(files)
    assert list(rows[0]) == ["file", "label", "probability", *tiny.CLASSES]
    for row, answer in zip(rows, expected, strict=True):
        assert row["label"] == answer.label
        assert float(row[answer.label]) == float(row["probability"])
        assert float(row["probability"]) == pytest.approx(answer.probability, abs=BATCH_TOLERANCE)


def test_a_picture_alone_and_in_a_batch_is_answered_alike(finished, pictures):
    model, files = hs.open(finished), sorted(pictures.rglob("*.png"))
    alone = model.probabilities(files, batch=1)
    first, second = np.sort(alone, axis=1)[:, :-3:-1].T
    clear = first - second > 2 * BATCH_TOLERANCE
    assert clear.sum() > 18
    for batch in (2, 5, 36):
        together = model.probabilities(files, batch=batch)
        assert np.abs(together - alone).max() < BATCH_TOLERANCE
        assert (together.argmax(1) == alone.argmax(1))[clear].all()


def test_predict_a_folder(headstart, finished, pictures):
    said = headstart("predict", finished, pictures, "--csv")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    in_order = sorted(pictures.rglob("*.png"), key=lambda path: (path.parent, int(path.stem)))
    assert [row["file"] for row in rows] == list(map(str, in_order))
    right = sum(row["label"] in row["file"] for row in rows)
    assert right > len(rows) / 2  # it has learned from most of them


def test_abstain_says_unsure_below_the_probability(headstart, finished, files):
    expected = hs.open(finished).predict(files)
    between = sum(sorted(answer.probability for answer in expected)[:2]) / 2
    said = headstart("predict", finished, *files, "--json", "--abstain", between)
    labels = [one["label"] for one in json.loads(said.out)]
    assert labels == ["unsure" if one.probability < between else one.label for one in expected]
    assert labels.count("unsure") == 1


@pytest.mark.slow
def test_export_says_how_near_it_is(headstart, finished, tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    said = headstart("export", finished, tmp_path / "model.onnx")
    assert "The page “A model in use” of the documentation" in " ".join(said.out.split())
    assert "docs/" not in said.out
    assert said.code == 0, said.err
    found = re.search(r"differ from torch's by (\S+) at most", said.out)
    assert found
    assert float(found[1]) < 1e-4
    assert (tmp_path / "model.onnx").stat().st_size > 1_000_000


def test_report_is_made_anew(headstart, finished):
    before = (finished / "report.html").read_bytes()
    (finished / "report.html").unlink()
    said = headstart("report", finished)
    assert said.code == 0, said.err
    assert said.out.strip() == str(finished / "report.html")
    assert (finished / "report.html").read_bytes() == before


# --- being one program among others


def test_the_command_that_evaluates_a_run_on_its_own_pictures_takes_those_of_its_test_part(
    headstart, finished, pictures
):
    record = json.loads(headstart("evaluate", finished, pictures, "--json").out)
    report = Result.read(finished / "result.json").tested[0].scores
    assert record["rows"] == report.rows < 36
    figure = record["scores"]["figures"]["log_loss"]["value"]
    assert figure == pytest.approx(report.figures["log_loss"].value, rel=1e-3)


@pytest.mark.slow
def test_the_reader_of_the_output_may_go():
    ended = subprocess.run(
        [f"{sys.executable} -m headstart methods --json | head -c 1"],
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "["
    assert ended.stderr == ""


@pytest.mark.slow
def test_ctrl_c(pictures, tmp_path):
    words = [sys.executable, "-m", "headstart", "adapt", pictures, "--out", tmp_path / "run"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    running = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True)
    wait_for = time.monotonic() + 60
    while not (tmp_path / "run" / "study.json").exists() and time.monotonic() < wait_for:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "headstart: Interrupted." in err
    assert "--resume" in err
    assert "Traceback" not in err
    assert out == ""
