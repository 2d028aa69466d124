"""`headstart rank`: table, JSON, page, and what it refuses."""

import json
import re
from dataclasses import replace

import pytest
from tests.cli.telling import refused
from tests.study import tiny

from headstart.records.record import Interval
from headstart.report.text import MINUS, SPACE
from headstart.studies._page import render_page
from headstart.studies.rank import RankedBackbone, Ranking
from headstart.studies.rank.page import terminal, view

TWO = ["--backbone", tiny.BACKBONE, "--size", 32]


@pytest.fixture
def two(weights):
    return [*TWO, "--weights", f"{tiny.BACKBONE}={weights}", "--weights", f"{tiny.BACKBONE}=random"]


def test_a_table_in_the_order_of_the_first_score(headstart, pictures, two):
    said = headstart("rank", pictures, *two, "--tune", "ridge-probe", "--epochs", 1)
    assert said.code == 0, said.err
    assert "Backbones for shapes, by LogME" in said.out
    for title in ("LogME", "H-score", "LEEP", "conditional", "accuracy of"):
        assert title in said.out
    names = re.findall(rf"\| ({tiny.BACKBONE} \(\w+\)) ", said.out)
    assert sorted(names) == [f"{tiny.BACKBONE} (random)", f"{tiny.BACKBONE} (small)"]
    logme = [
        float(cell) for cell in re.findall(rf"\| {tiny.BACKBONE} \(\w+\) +\| \S+ +\| +(-?\d\.\d+)", said.out)
    ]
    assert logme == sorted(logme, reverse=True)
    assert "weighted Kendall tau" in said.out
    assert f"Note: Without LEEP and negative conditional entropy for {tiny.BACKBONE} (random)" in said.out
    assert f"scores of {tiny.BACKBONE}" in said.err


@pytest.mark.slow
def test_json_page_and_record_say_the_same(headstart, pictures, two, tmp_path):
    words = [pictures, *two, "--score", "knn", "--score", "cka", "--json"]
    said = headstart("rank", *words, "--out", tmp_path / "new" / "rank", "--cache", tmp_path / "cache")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert found["scores"] == ["knn", "cka"]
    likeness = {one["weights"]: one["scores"]["cka"] for one in found["table"]}  # to the first that was named
    assert likeness["small.safetensors"] == pytest.approx(1)
    assert likeness["random"] < 0.99
    page = (tmp_path / "new" / "rank" / "rank.html").read_text("utf-8")
    for one in found["table"]:
        assert one["backbone"] in page
        assert f"{one['scores']['knn']:.3f}" in page
    for outside in ("://", "src=", "<script"):
        assert outside not in page
    assert json.loads(Ranking.read(tmp_path / "new" / "rank" / "rank.json").to_json()) == found
    assert any((tmp_path / "cache").iterdir())
    resumed = headstart("rank", *words, "--out", tmp_path / "new" / "rank", "--resume")
    assert json.loads(resumed.out)["table"] == found["table"]


def ranking(**changes):
    row = RankedBackbone("<b>", "&", 1, 3, 2.0, {"logme": None}, None)
    made = Ranking(
        schema=2,
        headstart="0.1",
        command="headstart rank",
        settings={},
        seed=0,
        versions={},
        notes=["a < b."],
        task="<i>",
        classes=2,
        rows=3,
        held_out=1,
        scores=["logme"],
        tuned="",
        table=[row],
        agreement={},
        metric="accuracy",
    )
    return replace(made, **changes)


def test_words_are_escaped():
    text = render_page(ranking(), view(ranking()))
    assert "<b>" not in text
    assert "<i>" not in text
    assert "&lt;b&gt;" in text
    assert "a &lt; b." in text


def test_one_backbone_is_first_of_nothing():
    row = replace(ranking().table[0], backbone="net", scores={"logme": 0.25})
    one = view(ranking(table=[row]))
    assert one["headline"] == "net is the only backbone: LogME 0.250, with nothing to compare it with."
    assert one["facts"][0][0] == "backbone"
    two = view(ranking(table=[row, row]))
    assert two["headline"].replace(SPACE, " ") == "net is first of 2 backbones by LogME."


def test_the_accuracies_and_the_agreement_with_them():
    row = ranking().table[0]
    scored = replace(row, scores={"logme": -1.25}, accuracy=Interval(0.5, 0.25, 0.75))
    tuned = ranking(tuned="knn", table=[scored, row], agreement={"logme": 0.5})
    shown = [tuple(cell.replace(MINUS, "-") for cell in cells) for cells in terminal(tuned).rows]
    assert shown == [
        ("<b>", "&", "-1.250", "0.500 (0.25 to 0.75)", "1", "2.0"),
        ("<b>", "&", "-", "-", "1", "2.0"),
        ("weighted Kendall tau with the accuracy", "", "0.500", "", "", ""),
    ]
    assert len(terminal(tuned).headings) == 6
    assert (
        view(tuned)["say"][0].replace(SPACE, " ")
        == "<b> has the highest accuracy with kNN: 50.0 % (25.0 to 75.0)."
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--backbone", "resnett18"], 2, "'resnet18'"),
        ([*TWO, "--weights", "other=random"], 2, "--weights other=random"),
        ([*TWO, "--weights", "random"], 2, "NAME=FILE"),
        ([*TWO, "--weights", f"{tiny.BACKBONE}=nowhere.pth"], 2, "nowhere.pth"),
        ([*TWO, "--score", "logm"], 2, "'logme'"),
        ([*TWO, "--tune", "ridge"], 2, "'ridge-probe'"),
        ([*TWO, "--resume"], 2, "--out"),
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
    said = headstart("rank", pictures, *two, "--score", "knn", "--quiet", "--out", tmp_path / "file" / "x")
    assert refused(said, 8, "x")
