"""What `adapt` tells while it begins: what was found, what is held out, what the time is for."""

import re
from dataclasses import replace

import pytest
import torch
from tests.study import tiny

from headstart.cli.output import wrap
from headstart.cli.study_command import show
from headstart.data.check import check
from headstart.data.load import load
from headstart.models.backbone import backbone
from headstart.run.progress import Progress
from headstart.session.inputs import build_backbone
from headstart.studies._spec import study
from headstart.studies.adapt import AdaptSettings, Result
from headstart.studies.adapt.opening import about_inputs, about_plan
from headstart.studies.adapt.plan import PROBES, Plan

KINDS = (("good", "good"), ("bad", "bad"))


def told(facts):
    return dict(facts)


@pytest.fixture
def plants(tmp_path):
    """A table of 30 plants: two numbers, a colour, a date and the kind; one row comes twice."""
    rows = ["height,width,colour,seen,label"]
    for n in range(30):
        kind = ("oak", "elm")[n % 3 == 0]
        rows.append(
            f"{n + n % 7 / 10},{40 - n},{('red', 'blue', 'green')[n % 3]},2026-01-{n % 28 + 1:02d},{kind}"
        )
    file = tmp_path / "plants.csv"
    file.write_text("\n".join([*rows, rows[-1]]) + "\n")
    return load(file)


def test_a_table_is_told_with_its_columns(plants):
    checked = check(plants, untested=True)
    data = checked.dataset
    parts = data.subset(range(20)), data.subset(range(20, 31))
    small = build_backbone(plants, "table")
    facts = about_inputs(31, checked, parts, small, AdaptSettings(budget=90))
    found = told(facts)
    assert found["Data"] == "plants: 31 rows"
    assert found["Labels"] == "2 classes: from 10 rows (\u201celm\u201d) to 21 (\u201coak\u201d)"
    assert found["Columns"] == "4: 2 numbers, 1 category, 1 date"
    assert found["Held out"].startswith("11 rows (20")
    assert (
        "20 to learn from, in 5 folds; copies, and rows of a group, stay together (30 groups)"
        in found["Held out"]
    )
    assert "1 min 30 s, quality good" in found["Budget"]
    assert found["Check"].startswith("2 rows stand there more than once.")


def test_rows_without_a_label_count_as_left_out(tmp_path):
    """Of 14 rows one is empty and two have no label."""
    rows = [f'"{word} text number {n} of some length","{kind}"' for n in range(6) for word, kind in KINDS]
    file = tmp_path / "posts.csv"
    file.write_text("\n".join(["text,label", *rows[:11], " ,good", "one more,", "and one more,"]))
    data = load(file)
    checked = check(data, untested=True)
    parts = checked.dataset.subset(range(8)), checked.dataset.subset(range(8, 11))
    small = backbone(torch.nn.Linear(2, 2), example=torch.zeros(2, 2), head=None)
    found = told(about_inputs(len(data), checked, parts, small, AdaptSettings(budget=90)))
    assert found["Data"] == "posts: 11 texts, 3 left out"


def test_the_plan_says_what_single_folds_are_for():
    plan = Plan(6, True, 3, 3, 1, [], [], [], 100.0, last=2)
    ((word, said),) = about_plan(plan, AdaptSettings(budget=300), 42.0, 5)
    assert word == "Plan"
    assert said == (
        "5 methods solved in one pass; the last 2 blocks tuned for 6 epochs, each on 1 fold to choose one of "
        "them, that one on 3 of 5; from scratch for 3 epochs. 42.0 s of 5 min are over"
    )
    assert told(about_plan(PROBES, AdaptSettings(), 1.0, 1)) == {
        "Plan": "1 method solved in one pass; no training of whole models"
    }


@pytest.mark.slow
def test_a_run_tells_it_once_and_a_quiet_one_nothing(headstart, pictures, quick, tmp_path):
    words = ["adapt", pictures, *(word for word in quick if word != "--quiet"), "--out", tmp_path / "run"]
    said = headstart(*words)
    assert said.code == 0, said.err
    told = [re.split(r"\s\s+", line)[0] for line in said.err.splitlines() if not line.startswith("[")]
    assert told == ["Data", "Labels", "Backbone", "Held out", "Check", "Budget", "Plan"]
    assert "3 classes, 12 rows in each" in said.err
    assert "\x1b" not in said.err
    assert headstart(*words[:-1], tmp_path / "quiet", "--quiet").err == ""


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--method", "fine-tune"], "--method fine-tune"),
        (["--epochs", "2"], "--epochs 2"),
    ],
)
def test_what_the_fast_quality_has_no_use_for_is_refused(
    headstart, pictures, weights, tmp_path, words, named
):
    chosen = ["--backbone", tiny.BACKBONE, "--weights", weights, "--quality", "fast", *words]
    said = headstart("adapt", pictures, *chosen, "--out", tmp_path / "run")
    assert said.code == 2
    assert named in said.err
    assert "--quality good" in said.err
    assert not (tmp_path / "run").exists()


def test_what_was_told_at_the_start_is_no_note_at_the_end(capsys, finished):
    record = Result.read(finished / "result.json")
    record = replace(record, notes=["'review' holds texts.", "The race was cut."])
    for show_, known in (
        ("lines", ["'review' holds texts."]),
        ("", []),
    ):  # nothing is told to a quiet command
        progress = Progress(show_)
        progress.tell([("Data", "films: 24 rows"), ("Check", "! 'review' holds texts.")])
        show(study("adapt"), record, finished, False, progress.told)
        said = capsys.readouterr()
        assert said.err.count("'review' holds texts.") == len(known)
        assert said.out.count("Note: 'review' holds texts.") == 1 - len(known)
        assert said.out.count("Note: The race was cut.") == 1


@pytest.mark.parametrize("width", [40, 80])
def test_sentences_are_wrapped_between_words_and_commands_are_not(width):
    text = (
        "A sentence with a narrow\u202fspace and a-very-long-word-that-is-longer-than-forty-letters-in-all, "
        "which lacks a package. Install it with: pip install 'a-package>=1.0' another and-one-more of-them"
    )
    *lines, command = wrap(text, width)
    assert command == "pip install 'a-package>=1.0' another and-one-more of-them"
    assert " ".join([*lines, command]) == text
    assert all(len(line) <= width or " " not in line for line in lines)
