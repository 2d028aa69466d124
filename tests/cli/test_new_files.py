"""Files of new rows are read as those that were learned from: `--columns`, `--encoding`, folders of texts."""

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_predictions import Echo
from tests.data.csv_files import write
from tests.data.test_texts_beside import films
from typer.testing import CliRunner

import headstart as hs
from headstart.cli import app
from headstart.cli.predicted import texts_of
from headstart.core import BadData, BadInput
from headstart.data import load, load_unlabelled
from headstart.data.columns import Columns
from headstart.data.new_items import new_files


def roles(**given):
    """Roles of columns as the command line makes them."""
    names = given.pop("columns", None)
    return Columns(**given).parsed(names)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A model of a table without a line of names, in Latin-1; its names decide the class."""
    folder = tmp_path_factory.mktemp("headerless")
    rng = np.random.default_rng(0)
    rows = [
        [f"{rng.normal():.3f}", ("th\xe9", "caf\xe9")[n % 2], ("tea", "coffee")[n % 2]] for n in range(60)
    ]
    with (folder / "train.csv").open("w", newline="", encoding="latin-1") as file:
        csv.writer(file).writerows(rows)
    options = ["--columns", "x,drink,label", "--encoding", "latin-1", "--method", "logistic-probe"]
    words = [
        "adapt",
        str(folder / "train.csv"),
        *options,
        "--budget",
        "5",
        "--out",
        str(folder / "run"),
        "-q",
    ]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    return folder / "run"


@pytest.mark.parametrize("command", ["predict", "stream"])
def test_a_table_without_names_in_another_encoding(headstart, run, tmp_path, command):
    new = tmp_path / "new.csv"
    new.write_bytes("0.5,caf\xe9\n0.1,th\xe9\n-1,caf\xe9\n".encode("latin-1"))
    more = () if command == "predict" else ("--method", "lame", "--batch", 3)
    options = ("--columns", "x,drink", "--encoding", "latin-1", "--csv")
    said = headstart(command, run, new, *options, *more)
    assert said.code == 0, said.err
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["label"] for row in rows] == ["coffee", "tea", "coffee"]
    assert rows[0]["file"] == f"{new}:1"
    said = headstart(command, run, new, "--columns", "x,drink", *more)
    assert said.code == 3
    assert "new.csv can't be read in UTF-8" in said.err
    assert "--encoding" in said.err
    said = headstart(command, run, new, "--encoding", "latin-1", *more)
    assert said.code == 3
    assert "has no column 'x', 'drink'" in said.err


def test_the_label_may_still_be_there(headstart, run, tmp_path):
    (tmp_path / "new.csv").write_bytes("0.5,caf\xe9,tea\n".encode("latin-1"))
    options = ("--columns", "x,drink,label", "--encoding", "latin-1", "--json")
    said = headstart("predict", run, tmp_path / "new.csv", *options)
    assert json.loads(said.out)[0]["label"] == "coffee"
    (tmp_path / "new.jsonl").write_bytes('{"x": 0.5, "drink": "th\xe9"}\n'.encode("latin-1"))
    said = headstart("predict", run, tmp_path / "new.jsonl", "--encoding", "latin-1", "--json")
    assert json.loads(said.out)[0]["label"] == "tea"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--columns", "x,x"), "--columns is 'x,x'"),
        (("--encoding", "latin-l"), "--encoding latin-l is unknown"),
        (("--text-column", "drink"), "--text-column drink can't be used"),
    ],
)
@pytest.mark.parametrize("command", ["predict", "stream"])
def test_what_is_refused(headstart, run, tmp_path, command, options, says):
    (tmp_path / "new.csv").write_text("x,drink\n0.5,tea\n")
    said = headstart(command, run, tmp_path / "new.csv", *options)
    assert said.code == 2
    assert says in said.err


def test_nothing_to_predict_names_what_the_model_takes(headstart, run, monkeypatch):
    said = headstart("predict", run)
    assert (said.code, "Name tables." in said.err, "--text" in said.err) == (2, True, False)
    monkeypatch.setattr("headstart.predictor.predictor.open_model", lambda run, **_: Echo())
    said = headstart("predict", run)
    assert (said.code, "Name pictures or folders of them." in said.err, "--text" in said.err) == (
        2,
        True,
        False,
    )
    said = headstart("predict", run, "a.png", "--encoding", "latin-1")
    assert said.code == 2
    assert "--encoding latin-1 can't be used: this model takes pictures" in said.err


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("caf\xe9\r\n\r\nna\xefve\n".encode("latin-1"), "latin-1"),
        ("caf\xe9\n\nna\xefve".encode("utf-16"), "utf-16"),
        ("\ufeffcaf\xe9\n\nna\xefve\n".encode(), None),
    ],
)
def test_lines_in_any_encoding(tmp_path, content, encoding):
    file = tmp_path / "new.txt"
    file.write_bytes(content)
    found = texts_of([file], [], roles(encoding=encoding))
    assert found == [(f"{file}:1", "caf\xe9"), (f"{file}:2", ""), (f"{file}:3", "na\xefve")]
    assert list(load_unlabelled(file, encoding=encoding).texts) == ["caf\xe9", "", "na\xefve"]


def test_only_line_feeds_end_a_line(tmp_path):
    file = tmp_path / "new.txt"
    file.write_bytes("wait\x85 what\x0c\u2028 now\nyes".encode())
    assert [text for _, text in texts_of([file], [], roles())] == ["wait\x85 what\x0c\u2028 now", "yes"]
    assert len(load_unlabelled(file)) == 2


def test_a_folder_of_texts_is_read_as_it_is_learned_from(tmp_path):
    for label in ("neg", "pos"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_bytes(f"{label} caf\xe9\n\nin two paragraphs\n".encode("latin-1"))
    (tmp_path / ".hidden.txt").write_text("no")
    found = texts_of([tmp_path], [], roles(encoding="latin-1"))
    assert [name for name, _ in found] == [str(tmp_path / label / "1.txt") for label in ("neg", "pos")]
    assert [text for _, text in found] == list(load(tmp_path, encoding="latin-1").texts)
    with pytest.raises(BadData, match=r"neg.1\.txt can't be read in UTF-8"):
        texts_of([tmp_path], [], roles())
    with pytest.raises(BadInput, match=r"columns=\['a'\] can't be used"):
        texts_of([tmp_path], [], roles(columns="a"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData, match=r"no \.txt files in the folder"):
        texts_of([tmp_path / "empty"], [], roles())


def test_a_table_of_texts_without_names(tmp_path):
    file = tmp_path / "new.csv"
    file.write_bytes('"one, two",7\n"caf\xe9",8\n'.encode("latin-1"))
    found = texts_of([file], [], roles(columns="words,id", text="words", encoding="latin-1"))
    assert found == [(f"{file}:1", "one, two"), (f"{file}:2", "caf\xe9")]
    data = load_unlabelled(file, columns="words,id", text_column="words", encoding="latin-1")
    assert list(data.texts) == [text for _, text in found]
    with pytest.raises(BadData, match="has no column 'text'"):
        texts_of([file], [], roles(columns="words,id", encoding="latin-1"))


@pytest.mark.slow
def test_texts_beside_numbers(headstart, tmp_path):
    file = write(tmp_path / "films.csv", films(120))
    words = (
        "--text-column",
        "review",
        "--beside",
        "length",
        "--beside",
        "city",
        "--method",
        "logistic-probe",
    )
    said = headstart("adapt", file, *words, "--budget", 5, "--out", tmp_path / "run", "-q")
    assert said.code == 0, said.err
    new = films(30, seed=3)
    del new["label"]
    said = headstart("predict", tmp_path / "run", write(tmp_path / "new.csv", new), "--json")
    labels = [row["label"] for row in json.loads(said.out)]
    assert labels == [row.label for row in hs.open(tmp_path / "run").predict(new)]
    assert set(labels) == {"yes", "no"}
    said = headstart(
        "evaluate", tmp_path / "run", write(tmp_path / "labelled.csv", films(30, seed=3)), "--json"
    )
    assert json.loads(said.out)["rows"] == 30
    pytest.importorskip("onnxscript")
    said = headstart("export", tmp_path / "run", tmp_path / "model.onnx")
    assert said.code == 0, said.err


def zipped(file, **members):
    """An archive of these files, by name without its ending."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return file


def test_a_table_in_an_archive(headstart, run, tmp_path):
    file = zipped(tmp_path / "new.zip", new__csv="0.5,caf\xe9\n".encode("latin-1"))
    said = headstart("predict", run, file, "--columns", "x,drink", "--encoding", "latin-1", "--json")
    assert json.loads(said.out)[0]["label"] == "coffee"


def test_texts_in_an_archive_are_named_by_their_place_in_it(tmp_path):
    table = zipped(tmp_path / "new.zip", new__csv="text\nyes\nno\n")
    assert texts_of([table], [], roles()) == [(f"{table}/new.csv:1", "yes"), (f"{table}/new.csv:2", "no")]
    folder = zipped(tmp_path / "two.zip", a__txt="yes", b__txt="no")
    assert texts_of([folder], [], roles()) == [(f"{folder}/a.txt", "yes"), (f"{folder}/b.txt", "no")]


def test_pictures_in_an_archive_are_named_by_their_place_in_it(tmp_path):
    place = zipped(tmp_path / "new.zip", b__png="", a__png="", notes__txt="")
    found = list(new_files([Path("other.png"), place], frozenset({".png"}), "pictures"))
    assert [name for name, _ in found] == ["other.png", f"{place}/a.png", f"{place}/b.png"]
    assert found[1][1].is_file()
    with pytest.raises(BadData, match=r"There are no sounds in the archive .*new\.zip"):
        list(new_files([place], frozenset({".wav"}), "sounds"))
