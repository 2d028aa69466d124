"""`headstart rank`: table, JSON, page, and what it refuses."""

import json
import re

import pytest
from tests.cli.telling import refused
from tests.study import tiny

from headstart.studies.rank.record import Ranking

TWO = ["--backbone", tiny.BACKBONE, "--size", 32]


@pytest.fixture
def two(weights):
    return [*TWO, "--weights", f"{tiny.BACKBONE}={weights}", "--weights", f"{tiny.BACKBONE}=random"]


def test_a_table_in_the_order_of_the_first_score(headstart, pictures, two):
    said = headstart("rank", pictures, *two, "--tuned", "ridge-probe", "--epochs", 1)
    assert said.code == 0, said.err
    assert "Backbones for shapes, by logme" in said.out
    assert re.search(
        r"backbone +\| weights +\| logme +\| h-score +\| leep +\| nce +\| knn +\| accuracy of", said.out
    )
    names = re.findall(rf"\| ({tiny.BACKBONE} \(\w+\)) ", said.out)
    assert sorted(names) == [f"{tiny.BACKBONE} (random)", f"{tiny.BACKBONE} (small)"]
    logme = [
        float(cell) for cell in re.findall(rf"\| {tiny.BACKBONE} \(\w+\) +\| \S+ +\| +(-?\d\.\d+)", said.out)
    ]
    assert logme == sorted(logme, reverse=True)
    assert "weighted Kendall tau" in said.out
    assert f"Note: Without leep and nce for {tiny.BACKBONE} (random)" in said.out
    assert f"look through {tiny.BACKBONE}" in said.err


def test_json_page_and_record_say_the_same(headstart, pictures, two, tmp_path):
    words = [pictures, *two, "--score", "knn", "--score", "cka", "--json"]
    said = headstart("rank", *words, "--out", tmp_path / "new" / "page.html")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert found["scores"] == ["knn", "cka"]
    likeness = {one["weights"]: one["scores"]["cka"] for one in found["table"]}  # to the first that was named
    assert likeness["small.safetensors"] == pytest.approx(1)
    assert likeness["random"] < 0.99
    page = (tmp_path / "new" / "page.html").read_text("utf-8")
    for one in found["table"]:
        cells = f"<td>{one['weights']}</td><td>{one['scores']['knn']:.3f}</td>"
        assert f'<th scope="row">{one["backbone"]}</th>{cells}' in page
    for outside in ("://", "src=", "href=", "<script"):
        assert outside not in page
    headstart("rank", *words, "--out", tmp_path / "record.json", "--cache", tmp_path / "cache", "--quiet")
    record = Ranking.read(tmp_path / "record.json")
    assert [one.scores for one in record.table] == [one["scores"] for one in found["table"]]
    assert any((tmp_path / "cache").iterdir())


def test_words_are_escaped():
    from headstart.studies.rank.page import page, rows

    one = {
        "backbone": "<b>",
        "weights": "&",
        "scores": {"logme": None},
        "accuracy": None,
        "width": 1,
        "seconds": 2.0,
    }
    ranking = {
        "task": "<i>",
        "classes": 2,
        "rows": 3,
        "held_out": 1,
        "scores": ["logme"],
        "tuned": "",
        "table": [one],
    }
    text = page({**ranking, "notes": ["a < b."]})
    assert "<b>" not in text
    assert "<i>" not in text
    assert '<th scope="row">&lt;b&gt;</th><td>&amp;</td><td>-</td>' in text
    assert '<p class="hint">a &lt; b.</p>' in text
    accuracy = {"value": 0.5, "low": 0.25, "high": 0.75}
    tuned = {
        **ranking,
        "tuned": "knn",
        "table": [{**one, "accuracy": accuracy}, one],
        "agreement": {"logme": 0.5},
    }
    assert [row[3] for row in rows(tuned)] == ["0.500 (0.25 to 0.75)", "-", ""]
    assert list(rows(tuned))[-1][:3] == ["weighted Kendall tau with the accuracy", "", "0.500"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--backbone", "resnett18"], 2, "'resnet18'"),
        ([*TWO, "--weights", "other=random"], 2, "--weights other=random"),
        ([*TWO, "--weights", "random"], 2, "NAME=FILE"),
        ([*TWO, "--weights", f"{tiny.BACKBONE}=nowhere.pth"], 2, "nowhere.pth"),
        ([*TWO, "--score", "logm"], 2, "'logme'"),
        ([*TWO, "--tuned", "ridge"], 2, "'ridge-probe'"),
        ([*TWO, "--out", "table.csv"], 2, ".html or .json"),
        ([*TWO, "--test", "1.5"], 2, "--test"),
        ([*TWO, "--device", "abacus"], 2, "abacus"),
    ],
)
def test_what_can_not_be_ranked(headstart, pictures, words, code, said):
    assert refused(headstart("rank", pictures, *words), code, said)


def test_bad_data_and_weights_of_another_architecture(headstart, tmp_path, pictures, weights):
    (tmp_path / "one").mkdir()
    assert refused(headstart("rank", tmp_path, *TWO), 3)
    other = ["--backbone", "resnet18", "--weights", f"resnet18={weights}", "--quiet"]
    assert refused(headstart("rank", pictures, *other), 4, "another architecture")


def test_a_page_that_can_not_be_written(headstart, pictures, two, tmp_path):
    (tmp_path / "file").write_text("")
    said = headstart(
        "rank", pictures, *two, "--score", "knn", "--quiet", "--out", tmp_path / "file" / "x.html"
    )
    assert refused(said, 8, "x.html")
