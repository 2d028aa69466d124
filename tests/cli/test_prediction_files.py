"""Predictions as a file: what is in it, and that nothing is lost for it."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import headstart as hs
from headstart.cli import app
from headstart.core import BadInput, CannotWrite
from headstart.runtime.prediction_files import PredictedRows
from headstart.runtime.predictions import PredictedClass, PredictedNumbers, PredictedTags

ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".parquet")


def patients(rows=40):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, rows)
    return pd.DataFrame({"age": rng.normal(size=rows) + 3 * y, "label": np.where(y, "ill", "well")})


@pytest.fixture(scope="module")
def predictor():
    return hs.fit("logistic-probe", "table", hs.data.load(patients()))


@pytest.fixture(scope="module")
def place(tmp_path_factory, predictor):
    place = tmp_path_factory.mktemp("model")
    predictor.save(place / "model")
    patients().to_csv(place / "new.csv", index=False)
    return place


def run(*words):
    return CliRunner().invoke(app, ["predict", *map(str, words)])


def read(file):
    """The labels and the probabilities of "ill" in a file of predictions."""
    if file.suffix in (".json", ".jsonl"):
        text = file.read_text("utf-8")
        rows = json.loads(text) if file.suffix == ".json" else [json.loads(x) for x in text.splitlines()]
        return [row["label"] for row in rows], [row["probabilities"]["ill"] for row in rows]
    if file.suffix == ".parquet":
        table = pd.read_parquet(file)
    else:
        table = pd.read_csv(file, sep="\t" if file.suffix == ".tsv" else ",")
    return table["label"].tolist(), table["ill"].tolist()


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_file_has_every_prediction(place, predictor, ending, tmp_path):
    done = run(place / "model", place / "new.csv", "--out", tmp_path / f"said{ending}")
    assert done.exit_code == 0, done.output
    assert "40 predictions." in done.output
    labels, shares = read(tmp_path / f"said{ending}")
    predicted = predictor.predict(place / "new.csv")
    assert labels == [each.label for each in predicted]
    np.testing.assert_allclose(shares, [each.probabilities["ill"] for each in predicted], atol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == [f"said{ending}"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_python_writes_the_same_file(place, predictor, ending, tmp_path):
    run(place / "model", place / "new.csv", "--out", tmp_path / f"said{ending}")
    predictor.write_predictions(place / "new.csv", tmp_path / f"same{ending}")
    assert read(tmp_path / f"said{ending}") == read(tmp_path / f"same{ending}")


def test_the_csv_is_what_is_printed(place, tmp_path):
    run(place / "model", place / "new.csv", "--out", tmp_path / "said.csv")
    assert run(place / "model", place / "new.csv", "--csv").stdout == (tmp_path / "said.csv").read_text()


def test_a_file_that_is_there_is_kept_until_it_is_said(place, predictor, tmp_path):
    file = tmp_path / "said.csv"
    file.write_text("mine")
    with pytest.raises(CannotWrite, match=r"is there already.*replace=True"):
        CliRunner().invoke(
            app,
            ["predict", str(place / "model"), str(place / "new.csv"), "--out", str(file)],
            catch_exceptions=False,
        )
    with pytest.raises(CannotWrite, match="is there already"):
        predictor.write_predictions(place / "new.csv", file)
    assert file.read_text() == "mine"
    assert run(place / "model", place / "new.csv", "--out", file, "--replace").exit_code == 0
    assert file.read_text().startswith("file,label,probability,ill,well\n")


def test_a_file_is_written_whole_or_not_at_all(place, predictor, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / "said.csv").write_text("mine")
    monkeypatch.setattr("headstart.core.atomic_file.os.fsync", full)
    with pytest.raises(CannotWrite, match="No space left"):
        predictor.write_predictions(place / "new.csv", tmp_path / "said.csv", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["said.csv"]
    assert (tmp_path / "said.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "said.xlsx"], r"predictions are written to .csv, .tsv, .json, .jsonl, .parquet"),
        (["--out", "said.csv", "--json"], "Choose one of --json, --csv and --out"),
        (["--replace"], "--replace goes with --out"),
        (["--out", "./new.csv", "--replace"], r"new\.csv is a file to be predicted"),
    ],
)
def test_a_mistake_is_said_before_anything_is_read(words, said):
    with pytest.raises(BadInput, match=said):
        CliRunner().invoke(app, ["predict", "no-run", "new.csv", *words], catch_exceptions=False)


def test_columns_by_name_are_a_frame(predictor):
    new = patients().drop(columns="label")
    frame = pd.DataFrame(predictor.predict_table(new))
    assert list(frame.columns) == ["file", "label", "probability", "ill", "well"]
    assert frame.file.tolist()[:2] == ["row 0", "row 1"]
    np.testing.assert_allclose(frame[["ill", "well"]], predictor.probabilities(new))
    np.testing.assert_allclose(frame.probability, frame[["ill", "well"]].max(axis=1))


def test_a_threshold_of_the_command_line_moves_the_positive_class(place, tmp_path):
    """A model that says its positive class; without `--threshold` the saved one holds."""
    model = hs.open(place / "model")
    shares = [row.probabilities["ill"] for row in model.predict(place / "new.csv")]
    model.positive, model.threshold = "ill", 0.9
    model.save(tmp_path / "model")
    for words, threshold in (((), 0.9), (("--threshold", 0.1), 0.1), (("--threshold", 0), 0.0)):
        done = run(tmp_path / "model", place / "new.csv", "--json", *words)
        said = [row["label"] == "ill" for row in json.loads(done.stdout)]
        assert said == [share >= threshold for share in shares]
    for folder, value, why in (
        (tmp_path, 1.5, "it must be in [0, 1]"),
        (place, 0.3, "two classes that adapt has fitted"),
    ):
        done = run(folder / "model", place / "new.csv", "--threshold", value)
        assert isinstance(done.exception, BadInput)
        assert why in str(done.exception)


def test_no_name_is_run_as_a_formula_by_a_spreadsheet():
    said = {"=1+1": 0.75, "-2": 0.25}
    rows = PredictedRows(["@new.jpg"], [PredictedClass("=1+1", 0.75, said)], "classes", list(said))
    assert list(csv.reader(rows.as_csv().splitlines())) == [
        ["file", "label", "probability", "'=1+1", "-2"],
        ["'@new.jpg", "'=1+1", "0.750000", "0.750000", "0.250000"],
    ]


def test_predictions_are_short_in_a_list():
    many = dict(zip("abcd", (0.1234567, 0.8, 0.05, 0.0265433), strict=True))
    assert repr([PredictedClass("b", 0.8, many)]) == (
        "[PredictedClass('b', 0.8, {'b': 0.8, 'a': 0.123, 'c': 0.05, ...})]"
    )
    assert repr(PredictedTags(("a",), {"a": 2 / 3})) == "PredictedTags(('a',), {'a': 0.667})"
    assert repr(PredictedNumbers({"price": 123456.789})) == "PredictedNumbers({'price': 123457})"


def test_a_class_that_is_called_as_a_column_keeps_its_own():
    data = patients().replace({"ill": "label", "well": "probability"})
    model = hs.fit("logistic-probe", "table", hs.data.load(data))
    table = model.predict_table(data[["age"]])
    shares = model.probabilities(data[["age"]])
    assert list(table)[:3] == ["file", "label", "probability"]
    np.testing.assert_allclose(table["predicted label"], shares[:, 0])
    np.testing.assert_allclose(table["predicted probability"], shares[:, 1])


def test_tags_and_numbers_have_their_columns(tmp_path):
    x = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
    tags = pd.DataFrame({"red": x.a > 0, "round": x.b > 0}).astype(int)
    tagged = hs.fit("logistic-probe", "table", hs.data.load((x, tags))).predict_table(x)
    both = (x.a > 0.5) & (x.b > 0.5)
    assert list(tagged) == ["file", "tags", "red", "round"]
    assert {tagged["tags"][row] for row in np.flatnonzero(both)} == {"red;round"}
    model = hs.fit("ridge-probe", "table", hs.data.load((x, pd.Series(x.a + 0.5, name="price"))))
    model.write_predictions(x, tmp_path / "said.csv")
    with (tmp_path / "said.csv").open() as file:
        values = [float(row["price"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(values, model.values(x)[:, 0], rtol=1e-8)


@pytest.mark.slow
def test_items_are_named_by_their_paths(tmp_path):
    data = hs.data.load("digits", per_class=3)
    model = hs.fit("ridge-probe", hs.models.backbone("torchvision:resnet18", weights="random"), data)
    files = [tmp_path / f"{row}.png" for row in range(3)]
    for row, file in enumerate(files):
        data.picture(row).save(file)
    assert model.predict_table(files)["file"] == [str(file) for file in files]
