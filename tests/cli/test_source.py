"""`headstart adapt --source`: other labelled data beside those that are learned."""

import json

import pytest
from tests.cli.telling import refused
from tests.study import tiny


@pytest.fixture
def words(pictures, weights, tmp_path):
    return ["adapt", pictures, *tiny.options(weights), "--no-curve", "--out", tmp_path / "run"]


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Two of the kinds of shapes in other places, and copies of six that the data have."""
    root = tiny.folders(tmp_path_factory.mktemp("other"), each=6, classes=("square", "stripe"))
    for number in range(6, 12):
        tiny.shape("stripe", 2000 + number).save(root / "stripe" / f"{number}.png")
        tiny.shape("disc", 9000 + number).save(root / "square" / f"{number}.png")
    return root


@pytest.mark.slow
def test_a_source_is_learned_from_without_its_copies(headstart, words, other, tmp_path):
    said = headstart(*words, "--source", other, "--method", "ridge-probe", "--method", "multi-task")
    assert said.code == 0, said.err
    assert "Multi-task" in said.out
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert [one["name"] for one in result["candidates"]] == ["ridge-probe", "multi-task"]
    found = {one["kind"]: one for one in result["check"]["findings"]}
    assert f"6 of 24 rows of the source {other.name} stand in the data too" in found["source-copies"]["text"]
    assert found["source"]["text"].startswith("Methods that learn from a source task too had 18 rows")


def test_a_method_that_needs_one_names_the_option(headstart, words):
    said = headstart(*words, "--method", "pretrain-fine-tune")
    refused(said, 2, "pretrain-fine-tune learns from a source task too", "Give it one with --source")


def test_a_source_that_nobody_learns_from_is_refused(headstart, words, other):
    said = headstart(*words, "--source", other, "--method", "ridge-probe")
    refused(said, 2, "no method learns from it", "multi-task")


def test_a_source_that_is_not_there_is_refused(headstart, words):
    refused(headstart(*words, "--source", "nowhere"), 2, "nowhere")
