"""Tables from a file to a saved model that answers on other files."""

import csv
import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import headstart as hs
from headstart.cli import app
from headstart.core import BadData, BadInput, Model
from headstart.data.schemas import schema_of
from headstart.models.tables import TableEncoder
from headstart.predictor.predictor import BATCH_TOLERANCE
from headstart.runtime.predicts import UnseenWarning
from headstart.session.inputs import default_backbone
from headstart.studies import build_page
from headstart.studies.adapt import Result

HEAD = ["size", "colour", "noise", "flat", "label"]
METHODS = ("ridge-probe", "fine-tune")
QUICK = {"epochs": 1, "folds": 2, "curve": False}


def rows(count, seed=0):
    """Three kinds that size and colour tell apart; some sizes are missing."""
    rng = np.random.default_rng(seed)
    for n in range(count):
        kind = n % 3
        size = "" if n % 17 == 5 else f"{rng.normal(3.0 * kind):.4f}"
        colour = rng.choice(
            ["red", "blue", "green"], p=[[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]][kind]
        )
        yield [size, colour, f"{rng.normal():.4f}", "7", f"kind{kind}"]


def write(path, body, head=HEAD):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([head, *body])
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("tables") / "rows.csv", rows(150))


@pytest.fixture(scope="module")
def run(file, tmp_path_factory):
    out = tmp_path_factory.mktemp("tables") / "run"
    hs.adapt("table", file, out=out, methods=METHODS, epochs=2, folds=2, curve=False)
    build_page(out)
    return out


def test_the_record_and_the_report(run):
    result = Result.read(run / "result.json")
    assert result.kind == "tables"
    assert [one.name for one in result.tested] == ["selected", "from-scratch", "columns", "majority-class"]
    selected, majority = result.tested[0].scores["accuracy"], result.tested[-1].scores["accuracy"]
    assert selected.value > majority.value + 0.3
    assert "The column 'flat' was left out: in the training part it is always 7." in result.notes
    kinds = {one.kind for one in result.check.findings}
    assert {"missing-values", "silent-columns"} <= kinds
    for one in result.mistakes:
        assert one.text.startswith("size = ")
        assert one.item.startswith("row ")
    page = (run / "report.html").read_text("utf-8")
    assert "logistic regression on the columns" in page
    assert "model.predict(&#34;rows.csv&#34;)" in page
    assert "headstart predict run/model rows.csv" in page
    if result.mistakes:
        assert result.mistakes[0].text in page


def test_the_saved_model_answers_on_other_files(run, tmp_path):
    model = hs.open(run)
    body = list(rows(60, seed=9))
    order = [2, 1, 0]  # in another order, without what says nothing and without the label
    new = write(tmp_path / "new.csv", [[row[n] for n in order] for row in body], [HEAD[n] for n in order])
    answers = model.predict(str(new))
    assert len(answers) == 60
    right = np.mean([one.label == row[-1] for one, row in zip(answers, body, strict=True)])
    assert right > 0.7
    assert model.unseen == {}
    whole = model.probabilities(write(tmp_path / "whole.csv", body))
    np.testing.assert_array_equal(whole, model.probabilities(new))
    records = [dict(zip(HEAD[:3], row, strict=False)) for row in body]
    np.testing.assert_array_equal(whole, model.probabilities(records))
    one = model.probabilities([records[3]])
    assert np.abs(one[0] - whole[3]).max() < BATCH_TOLERANCE


def test_names_that_are_new_count_as_any_other(run, tmp_path):
    model = hs.open(run)
    row = {"size": 1.0, "noise": 0.0}
    with pytest.warns(UnseenWarning, match="is a name in 'colour' that no training row had; known are"):
        pink, teal = (model.probabilities([{**row, "colour": c}]) for c in ("pink", "teal"))
    np.testing.assert_array_equal(pink, teal)
    assert model.unseen == {"colour": 1}
    red = model.probabilities([{**row, "colour": "red"}])
    assert not np.allclose(red, pink)


def test_other_columns_are_named(run, tmp_path):
    model = hs.open(run)
    with pytest.raises(BadData, match=r"new\.csv has no column 'size' \(near: 'sizes'\)"):
        model.predict(write(tmp_path / "new.csv", [["1", "red", "0"]], ["sizes", "colour", "noise"]))
    with pytest.raises(BadData, match=r"row 2, column 'noise' is 'loud', which is no number\. Correct"):
        model.predict(write(tmp_path / "n.csv", [["1", "red", "0"], ["1", "red", "loud"]], HEAD[:3]))
    with pytest.raises(BadInput, match="no file of the kinds"):
        model.predict("absent.csv")


def test_test_rows_do_not_shape_the_backbone(file, tmp_path):
    def scale(path):
        out = tmp_path / path.stem
        hs.adapt("table", hs.data.load(path, split_column="part"), out=out, methods=["ridge-probe"], **QUICK)
        config = json.loads((out / "model" / "config.json").read_text())
        return config["backbone"]["schema"], (out / "model" / "model.safetensors").read_bytes()

    body = [[*row, "test" if n >= 60 else "train"] for n, row in enumerate(rows(75))]
    poisoned = [row if row[-1] == "train" else ["1e6", "poison", "-1e6", "8", *row[4:]] for row in body]
    clean = scale(write(tmp_path / "clean.csv", body, [*HEAD, "part"]))
    assert clean == scale(write(tmp_path / "poisoned.csv", poisoned, [*HEAD, "part"]))
    assert "poison" not in str(clean[0])


def test_fit_and_go_on_with_what_was_fitted(file):
    data = hs.data.load(file)
    first = hs.fit(hs.methods.FineTune(), "table", data, hs.Recipe(steps=30))
    assert isinstance(first.model, Model)
    base = first.model.backbone
    assert isinstance(base, TableEncoder)
    assert not base.provisional
    before = base.state_dict()["inner.block.down.weight"].clone()
    assert before.any()  # tuned away from the identity
    second = hs.fit(hs.methods.RidgeProbe(), base, data)
    kept = second.model.backbone.state_dict()["inner.block.down.weight"]
    assert torch.equal(kept, before)
    right = np.mean(
        [a.label == data.classes[y] for a, y in zip(second.predict(file), data.labels, strict=True)]
    )
    assert right > 0.8


def test_backbones_and_data_that_do_not_fit_are_refused(file, pictures, base, tmp_path):
    data = hs.data.load(file)
    assert default_backbone(data) == "table"
    with pytest.raises(BadData, match="is a table, which the backbone resnet18 does not take"):
        hs.fit(hs.methods.RidgeProbe(), "resnet18", data)
    with pytest.raises(BadData, match=r"takes tables, but .* holds pictures"):
        hs.fit(hs.methods.RidgeProbe(), TableEncoder(schema_of(data.table)), pictures)
    net = hs.models.backbone("small-convnet", example=torch.zeros(2, 1, 8, 8))
    hs.models.save_encoder(net, tmp_path / "kept.safetensors")
    with pytest.raises(BadData, match=r"which the backbone .*kept\.safetensors does not take"):
        hs.fit(hs.methods.RidgeProbe(), str(tmp_path / "kept.safetensors"), data)


def test_the_command_line(run, file, tmp_path):
    runner = CliRunner()
    out = tmp_path / "run"
    quick = [
        "--epochs",
        "1",
        "--folds",
        "2",
        "--no-curve",
        "--method",
        "ridge-probe",
        "--categorical",
        "noise",
    ]
    done = runner.invoke(app, ["adapt", str(file), "--out", str(out), *quick])
    assert done.exit_code == 0, done.output
    named = json.loads((out / "model" / "config.json").read_text())["backbone"]["schema"]
    assert "noise" in named["dropped"]  # another name in every row
    new = write(tmp_path / "new.csv", [["1", "pink", "0"], ["", "red", "2"]], HEAD[:3])
    said = runner.invoke(app, ["predict", str(run), str(new), "--json"])
    assert said.exit_code == 0, said.output
    assert [one["file"] for one in json.loads(said.stdout)] == [f"{new}:1", f"{new}:2"]
    assert "1 of 2 rows (50 %) have a name in 'colour' that no training row had, such as 'pink'" in " ".join(
        said.stderr.split()
    )


def test_a_stream_takes_rows_with_empty_cells_as_predictions_do(run, file):
    body = [row[:-1] for row in rows(40, seed=3)]
    assert any(row[0] == "" for row in body)
    table = write(run.parent / "stream.csv", body, HEAD[:-1])
    stream = hs.stream("norm", run)
    assert stream.can_adapt  # the run has kept statistics of its training rows
    assert stream(table).outputs.isfinite().all()
    with pytest.raises(BadData, match="infinite"):
        stream(torch.full((2, 4), float("inf")))
