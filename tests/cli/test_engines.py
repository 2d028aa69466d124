"""`headstart predict` answers by ONNX Runtime where it can, says why where it can't, and prints the same."""

import csv
import io
import json
import subprocess
import sys

import pytest
from tests.predictor import exported
from tests.study import tiny

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model of a table and one of pictures, with files for them."""
    folder = tmp_path_factory.mktemp("engines")
    exported.of_tables(folder).save(folder / "table", onnx=True)
    exported.of_pictures(folder).save(folder / "pictures", onnx=True)
    for number, kind in enumerate(tiny.CLASSES):
        tiny.shape(kind, number).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture
def no_torch(monkeypatch):
    """No model is opened by torch."""

    def refuse(*_args, **_more):
        raise AssertionError("torch was asked")

    monkeypatch.setattr("headstart.predictor.predictor.open_model", refuse)


def copied(place, tmp_path):
    for file in (place / "table").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.mark.parametrize("form", ["--csv", "--json", "--quiet"])
def test_both_engines_print_the_same(headstart, place, form):
    rows = place / "rows.csv"
    light, whole = (
        headstart("predict", place / "table", rows, form, "--engine", engine) for engine in ("onnx", "torch")
    )
    assert light.code == whole.code == 0
    assert len(light.out) > 1000
    assert light.err == whole.err
    if form == "--quiet":
        assert light.out == whole.out
        return
    read = json.loads if form == "--json" else lambda text: [*csv.DictReader(io.StringIO(text))]
    for mine, theirs in zip(read(light.out), read(whole.out), strict=True):
        assert (mine["file"], mine["label"]) == (theirs["file"], theirs["label"])
        assert float(mine["probability"]) == pytest.approx(float(theirs["probability"]), abs=2e-6)


def test_torch_is_not_asked_where_the_file_answers(headstart, place, no_torch, tmp_path):
    rows = place / "rows.csv"
    assert headstart("predict", place / "table", rows).code == 0
    said = headstart("predict", place / "table", rows, "--abstain", "1", "--csv")
    assert {row["label"] for row in csv.DictReader(io.StringIO(said.out))} == {"unsure"}
    said = headstart("predict", place / "table" / "model.onnx", rows, "--out", tmp_path / "said.csv")
    assert (said.code, (tmp_path / "said.csv").read_text("utf-8").count("\n")) == (0, 61)


def test_what_can_t_be_read_is_named_by_either(headstart, place, no_torch):
    said = headstart("predict", place / "pictures", place / "broken.png", place / "1.png", "--csv")
    assert said.code == 3
    assert "broken.png can't be read as a picture" in said.err
    assert len(said.out.splitlines()) == 2


def test_a_file_of_other_weights_lets_torch_answer_and_says_so(headstart, place, tmp_path):
    folder = copied(place, tmp_path)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["classes"] = [f"new {name}" for name in config["classes"]]
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    said = headstart("predict", folder, place / "rows.csv", "--csv")
    assert said.code == 0
    assert ",new " in said.out
    assert "Torch answers, which takes longer to start." in said.err
    assert "was made of other weights" in said.err
    assert "Torch" not in headstart("predict", folder, place / "rows.csv", "--quiet").err
    said = headstart("predict", folder, place / "rows.csv", "--engine", "onnx")
    assert said.code == 2
    assert "leave out --engine onnx" in said.err


def test_a_folder_without_the_file_is_torchs(headstart, place, tmp_path):
    folder = copied(place, tmp_path)
    (folder / "model.onnx").unlink()
    said = headstart("predict", folder, place / "rows.csv")
    assert (said.code, said.err) == (0, "")
    said = headstart("predict", folder, place / "rows.csv", "--engine", "onnx")
    assert said.code == 2
    assert "There is no model.onnx" in said.err


def test_what_is_torchs_alone_goes_not_with_onnx(headstart, place):
    table, rows = place / "table", place / "rows.csv"
    said = headstart("predict", table, rows, "--engine", "onnx", "--device", "cuda")
    assert said.code == 2
    assert "--device cuda is torch's, and --engine is onnx" in said.err
    said = headstart("predict", table / "model.onnx", rows, "--engine", "torch")
    assert said.code == 2
    assert "--engine is torch" in said.err


CODE = """
import atexit, sys
atexit.register(lambda: sys.stderr.write(f"torch: {'torch' in sys.modules}"))
from headstart.__main__ import main
main()
"""


def test_the_whole_command_never_imports_torch(place):
    words = ["predict", place / "pictures", place / "0.png", "--json"]
    done = subprocess.run([sys.executable, "-c", CODE, *words], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)[0]["label"] in tiny.CLASSES
    assert done.stderr == "torch: False"
