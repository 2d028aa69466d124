"""Pictures of more than 8 bits on the command line, from `adapt` to `predict` and `export`."""

import json

import numpy as np
import pytest
from tests.data.deep_files import saved
from tests.study import tiny


@pytest.fixture(scope="module")
def soft_tissue(tmp_path_factory):
    """Hounsfield units of two classes that differ by 60 units; the range of all is 20 times as wide."""
    root, draw = tmp_path_factory.mktemp("ct"), np.random.default_rng(0)
    for name, more in (("well", 0), ("ill", 60)):
        for row in range(12):
            levels = draw.normal(40, 25, (24, 24)) + draw.normal(0, 5)
            levels[8:16, 8:16] += more
            levels[0, :2] = -1000, 1000
            saved(root / name / f"{row}.tif", levels.astype(np.float32))
    return root


@pytest.mark.slow
def test_a_window_is_the_same_when_it_predicts(headstart, soft_tissue, weights, tmp_path):
    run = tmp_path / "run"
    words = [*tiny.options(weights), "--method", "ridge-probe", "--no-curve", "--quiet"]
    said = headstart("adapt", soft_tissue, *words, "--out", run, "--window", -160, 240)
    assert said.code == 0, said.err
    config = json.loads((run / "model" / "config.json").read_text())
    assert config["preprocess"]["window"] == [-160, 240]
    record = json.loads((run / "result.json").read_text())
    assert record["preprocess"]["window"] == [-160, 240]
    assert "from -160 to 240 become black to white" in (run / "model" / "README.md").read_text()
    said = headstart("export", run, tmp_path / "model.onnx")
    assert "bring levels from -160 to 240 to 0 to 255" in said.out
    said = headstart("predict", run, soft_tissue, "--json")
    assert said.code == 0, said.err
    assert said.err == ""
    outside = saved(tmp_path / "air.tif", np.full((24, 24), -1000, np.float32))
    said = headstart("predict", run, outside)
    assert "nearly all outside of the window from -160 to 240" in said.err
    assert "Warning" not in said.err


@pytest.mark.slow
def test_without_a_window_the_range_in_use_is_said(headstart, soft_tissue, weights, tmp_path):
    words = [*tiny.options(weights), "--method", "ridge-probe", "--no-curve", "--quiet"]
    said = headstart("adapt", soft_tissue, *words, "--out", tmp_path / "run")
    assert said.code == 0, said.err
    record = json.loads((tmp_path / "run" / "result.json").read_text())
    assert record["preprocess"]["window"] == [-1000, 1000]
    found = {one["kind"]: one["text"] for one in record["check"]["findings"]}
    assert "from -1000 to 1000" in found["window"]
    assert "--window LOW HIGH" in found["few-greys"]


@pytest.mark.parametrize(
    ("window", "why"),
    [
        ((240, -160), "black must be a lower level"),
        ((5000, 6000), "all outside of it"),
        (("a", "b"), "--window"),
    ],
)
def test_a_wrong_window_is_a_sentence(headstart, soft_tissue, tmp_path, window, why):
    said = headstart("adapt", soft_tissue, "--window", *window, "--out", tmp_path / "run")
    assert said.code == 2
    assert why in " ".join(said.err.split())
    assert "Traceback" not in said.err


def test_a_window_for_tables_is_refused(headstart, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("x,label\n" + "".join(f"{n},{'ab'[n % 2]}\n" for n in range(20)))
    said = headstart("adapt", rows, "--window", 0, 4095, "--out", tmp_path / "run")
    assert said.code == 2
    assert "no pictures of more than 8 bits" in said.err
