"""Tags and numbers on the command line: a run, its answers, and every mistake in the labels."""

import csv
import io
import json

import numpy as np
import pytest
from tests.cli.telling import refused, untouched

from headstart.core import BadData, BadInput
from headstart.studies.adapt import Result

TABLE = [
    "--backbone",
    "table",
    "--method",
    "ridge-probe",
    "--folds",
    "2",
    "--no-curve",
    "--epochs",
    "1",
    "--quiet",
]


def table(path, head, rows):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])
    return path


@pytest.fixture
def houses(tmp_path):
    """(80) rows of size, age and price = 3 size - age."""
    x = np.random.default_rng(0).normal(size=(80, 2)).round(3)
    rows = [[*row, round(3 * row[0] - row[1] + 100, 3), round(row[1], 2)] for row in x.tolist()]
    return table(tmp_path / "houses.csv", ["size", "age", "price", "tax"], rows)


@pytest.fixture
def weather(tmp_path):
    """(80) rows with the tags hot and wet, several in a cell."""
    x = np.random.default_rng(1).normal(size=(80, 2)).round(3)
    rows = [[a, b, "; ".join(n for n, v in (("hot", a), ("wet", b)) if v > 0.2)] for a, b in x.tolist()]
    return table(tmp_path / "weather.csv", ["a", "b", "label"], rows)


def answers(said):
    assert said.code == 0, said.err
    return list(csv.reader(io.StringIO(said.out)))


def test_numbers_from_the_labels_to_the_answers(headstart, houses, tmp_path):
    out = tmp_path / "run"
    said = headstart("adapt", houses, "--label-column", "price,tax", *TABLE, "--out", out)
    assert said.code == 0, said.err
    result = Result.read(out / "result.json")
    assert (result.label_kind, result.classes) == ("numbers", ["price", "tax"])
    assert result.check.classes == {}
    told = answers(headstart("predict", out, houses, "--csv"))
    assert told[0] == ["file", "price", "tax"]
    assert told[1][0] == f"{houses}:1"
    truth = np.loadtxt(houses, delimiter=",", skiprows=1)[:, 2:]
    found = np.array([row[1:] for row in told[1:]], dtype=float)
    assert (np.abs(found - truth) < 0.1 * truth.std(0)).mean() > 0.9
    first = json.loads(headstart("predict", out, houses, "--json").out)[0]
    assert first["values"] == pytest.approx({"price": found[0, 0], "tax": found[0, 1]}, rel=1e-6)
    plain = headstart("predict", out, houses).out
    assert "| price " in plain
    assert f"{found[0, 0]:.6g}" in plain
    refusal = headstart("predict", out, houses, "--abstain", "0.7")
    assert refused(refusal, BadInput.code, "--abstain is 0.7", "not numbers")


def test_tags_from_the_labels_to_the_answers(headstart, weather, tmp_path):
    out = tmp_path / "run"
    said = headstart("adapt", weather, "--task", "multilabel", *TABLE, "--out", out)
    assert said.code == 0, said.err
    result = Result.read(out / "result.json")
    assert (result.label_kind, result.classes) == ("tags", ["hot", "wet"])
    rows = list(csv.DictReader(weather.read_text().splitlines()))
    assert result.check.classes == {tag: sum(tag in row["label"] for row in rows) for tag in ("hot", "wet")}
    told = answers(headstart("predict", out, weather, "--csv"))
    assert told[0] == ["file", "tags", "hot", "wet"]
    for _, tags, *shares in told[1:]:
        assert tags == ";".join(
            tag for tag, share in zip(("hot", "wet"), shares, strict=True) if float(share) >= 0.5
        )
    right = [row[1] == truth["label"].replace(" ", "") for row, truth in zip(told[1:], rows, strict=True)]
    assert np.mean(right) > 0.7
    first = json.loads(headstart("predict", out, weather, "--json").out)[0]
    assert sorted(first) == ["file", "probabilities", "tags"]
    assert ";".join(first["tags"]) == told[1][1]
    plain = headstart("predict", out, weather).out
    assert "| tags " in plain
    assert "| none " in plain


# --- mistakes


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("dear", ("row 3, column 'price'", "'dear', which is no number")),
        ("-inf", ("row 3, column 'price'", "is -inf", "finite")),
    ],
)
def test_no_number(headstart, tmp_path, cell, words):
    rows = [[n, n * 1.5] for n in range(9)]
    rows[2][1] = cell
    data = table(tmp_path / "a.csv", ["x", "price"], rows)
    said = headstart(
        "adapt", data, "--label-column", "price", "--task", "regression", *TABLE, "--out", tmp_path / "out"
    )
    assert refused(said, BadData.code, data, *words)
    assert untouched(tmp_path / "out")


def test_tags_that_are_none(headstart, tmp_path):
    head, out = ["x", "red", "round"], ["--out", tmp_path / "out"]
    data = table(tmp_path / "a.csv", head, [[1, 0, 1], [2, 1, 2], [3, 0, 0]])
    said = headstart("adapt", data, "--label-column", "red,round", "--task", "multilabel", *TABLE, *out)
    assert refused(said, BadData.code, "row 2, column 'round' is '2'", "holds 1 where a row has it")
    said = headstart("adapt", data, "--label-column", "red,round", *TABLE, *out)
    assert refused(said, BadInput.code, "'red', 'round'", "--task regression")
    said = headstart("adapt", data, "--label-column", "red", "--task", "multilabel", *TABLE, *out)
    assert refused(said, BadData.code, "one column of 0 and 1", "--task classification")
    said = headstart("adapt", data, "--label-column", "red,ruond", "--task", "multilabel", *TABLE, *out)
    assert refused(said, BadData.code, "no column 'ruond'", "'red', 'round'")
    assert untouched(tmp_path / "out")


def test_an_unknown_target(headstart, houses, tmp_path):
    said = headstart("adapt", houses, "--task", "number", *TABLE, "--out", tmp_path / "out")
    assert refused(said, 2, "--task", "'number' is not one of")
    said = headstart("adapt", "digits", "--task", "regression", *TABLE, "--out", tmp_path / "out")
    assert refused(said, BadInput.code, "digits has classes, and so no numbers")
    assert untouched(tmp_path / "out")


def test_a_constant_number(headstart, tmp_path):
    data = table(tmp_path / "a.csv", ["x", "label"], [[n, 2.5] for n in range(9)])
    said = headstart("adapt", data, *TABLE, "--out", tmp_path / "out")
    assert refused(said, BadData.code, "'label' is 2.5 in all readable rows")
    assert untouched(tmp_path / "out")


def test_many_whole_numbers_are_no_classes_and_rows_without_one_are_left_out(headstart, tmp_path):
    """Both are said in the record and on the page."""
    data, out = tmp_path / "a.csv", tmp_path / "out"
    table(data, ["x", "label"], [*([n, 7 * n] for n in range(30)), [3, ""], [4, "NaN"]])
    said = headstart("adapt", data, *TABLE, "--out", out)
    result = Result.read(out / "result.json")
    assert (said.code, result.label_kind, result.train_rows + result.test_rows) == (0, "numbers", 30)
    gone, kind = result.notes[:2]
    assert gone.startswith("2 rows have no label in 'label', of 32, and are left out. They hold 'NaN'")
    assert "30 different values in 32 rows), which are learned as amounts" in kind
    page = (out / "report.html").read_text("utf-8")
    for words in ("2 rows have no label", "which are learned as amounts"):
        assert words in page
