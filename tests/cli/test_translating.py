"""`translate` from the command line: folders, record, page, and what it refuses."""

import json

import numpy as np
import pytest
from PIL import Image

import headstart as hs


def folder(path, rows, invert=False):
    data = hs.data.load("digits").subset(rows)
    for row in range(len(data)):
        place = path / data.said(row)
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.asarray(data.array[row])
        Image.fromarray(255 - pixels if invert else pixels).save(place / f"{row}.png")
    return path


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    root = tmp_path_factory.mktemp("domains")
    return folder(root / "black", np.arange(60)), folder(root / "white", np.arange(60, 110), invert=True)


@pytest.mark.slow
def test_translated_rows_record_and_page(headstart, two, tmp_path):
    source, target = two
    out = tmp_path / "out"
    words = ("--source", source, "--target", target, "--out", out, "--target-test", target)
    said = headstart(
        "translate", *words, "--method", "cyclegan:width=4,blocks=1", "--steps", 3, "--tries", 1, "--size", 8
    )
    assert said.code == 0, said.err
    assert "model on target rows as they are" in said.out
    record = json.loads((out / "translate.json").read_text())
    assert record["rows"] == 60
    assert len(record["cycle"]) == 3
    page = (out / "translate.html").read_text()
    assert page.count("data:image/png;base64,") == 16
    assert "Target rows in the source" in page
    assert "label" in page
    again = hs.data.load(out / "translated")
    assert len(again) == 60
    assert set(again.classes) == {str(n) for n in range(10)}


@pytest.mark.slow
def test_a_cheap_method_and_the_other_way_as_json(headstart, two, tmp_path):
    source, target = two
    words = ("--source", source, "--target", target, "--out", tmp_path / "out", "--direction", "to-source")
    said = headstart("translate", *words, "--method", "style", "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["learned"] is False
    assert len(list((tmp_path / "out" / "translated").glob("*.png"))) == 50


def test_what_is_wrong_is_said_in_a_sentence(headstart, two, tmp_path):
    source, target = two
    words = ("translate", "--source", source, "--target", target, "--out")
    said = headstart(*words, tmp_path / "a", "--method", "cyclegann")
    assert (said.code, "cyclegan" in said.err) == (2, True)
    said = headstart(*words, tmp_path / "b", "--steps", 0)
    assert (said.code, "--steps is 0" in said.err) == (2, True)
    said = headstart(*words, source)
    assert said.code == 8
    assert "not empty" in said.err
