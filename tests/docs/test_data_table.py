"""Every row of the tables of data.md does what it says, in Python and on the command line."""

import csv
import re
import shlex
import shutil
import wave

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from tests.data.test_containers import HuggingFace
from tests.data.test_h5ad import write as write_h5ad
from tests.data.test_spreadsheets import workbook
from tests.docs.pages import ROOT

from headstart.cli import app
from headstart.cli.options import Columns
from headstart.data import load

TEXT = (ROOT / "docs" / "data.md").read_text("utf-8")
KINDS = {  # of the samples, by what is given
    **dict.fromkeys(
        ("photos/", "parts/", "scans/", "shop/", "labels.csv", "album/", "photos.zip", "pictures.parquet"),
        "pictures",
    ),
    **dict.fromkeys(("clipart", "pixels", "paths"), "pictures"),
    **dict.fromkeys(
        ("corpus/", "reviews.csv", "news.csv", "tweets.csv", "trec6:trec/", "texts", "hub"), "texts"
    ),
    **dict.fromkeys(("rows.csv", "films.csv", "shows.csv", "book.xlsx", "cells.h5ad", "frame"), "tables"),
    **dict.fromkeys(("arrays.npz", "x", "matrix", "rows"), "numbers"),
    "sounds/": "sounds",
}


def cells(heading):
    """The cells of the rows of a table, code without its marks."""
    section = TEXT.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines]


IN_FILES, IN_MEMORY = cells("In files"), cells("In memory")


def picture(path, number):
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(number).integers(0, 255, (20, 20, 3), dtype=np.uint8)
    Image.fromarray(values).save(path) if path.suffix == ".png" else np.save(path, values)


def table(path, header, rows, encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([header, *rows] if header else rows)


def folders(root, ending, labels=("a", "b")):
    for place, label in enumerate(labels):
        for number in range(2):
            picture(root / label / f"{number}{ending}", 10 * place + number)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with everything that the tables name."""
    h5py, pa, pq = map(pytest.importorskip, ("h5py", "pyarrow", "pyarrow.parquet"))
    root = tmp_path_factory.mktemp("formats")
    folders(root / "photos", ".png")
    folders(root / "parts" / "train", ".png")
    folders(root / "parts" / "test", ".png")
    folders(root / "scans", ".npy")
    for label in ("a", "b"):
        (root / "sounds" / label).mkdir(parents=True)
        (root / "corpus" / label).mkdir(parents=True)
        (root / "corpus" / label / "1.txt").write_text(f"about {label}")
        with wave.open(str(root / "sounds" / label / "1.wav"), "wb") as file:
            file.setparams((1, 2, 16000, 16000, "NONE", ""))
            file.writeframes(np.zeros(16000, np.int16).tobytes())
    files = [f"{label}/{number}.png" for label in ("a", "b") for number in range(2)]
    folders(root / "shop", ".png", ("x", "y"))
    table(root / "shop" / "metadata.csv", ("file_name", "label"), [(f"x/{n}.png", "ab"[n]) for n in range(2)])
    table(root / "labels.csv", ("file", "kind"), [(f"photos/{file}", file[0]) for file in files])
    shutil.make_archive(str(root / "photos"), "zip", root, "photos")
    for number in range(4):
        picture(root / "album" / f"{number}.png", number)
    table(root / "album" / "names.csv", ("file", "kind"), [(f"{n}.png", "ab"[n % 2]) for n in range(4)])
    workbook(
        root / "book.xlsx",
        Patients=[["age", "ill"], *([n, "yn"[n % 2]] for n in range(24))],
        Notes=[["x"], [1]],
    )
    content = [(root / "photos" / file).read_bytes() for file in files]
    pq.write_table(pa.table({"image": content, "label": list("aabb")}), root / "pictures.parquet")
    table(root / "reviews.csv", ("review", "stars"), [(f"it is {n}", 1 + n % 2) for n in range(4)])
    table(root / "shows.csv", ("review", "length", "stars"), [(f"it is {n}", n / 8, n % 2) for n in range(4)])
    parts = ("train", "test")
    rows = [(n, 10 + n % 3, n / 8, n / 4, f"p{n // 2}", parts[n % 2], "yn"[n // 2 % 2]) for n in range(24)]
    table(root / "rows.csv", ("age", "zip", "dose", "days", "patient", "part", "ill"), rows)
    genres = ("drama;crime", "drama", "")
    table(root / "films.csv", ("length", "genres"), [(80 + n % 7, genres[n % 3]) for n in range(24)])
    table(root / "news.csv", None, [(n % 2, f"title {n}", f"text {n}") for n in range(4)])
    table(root / "tweets.csv", None, [(n % 2, n, f"caf\xe9 {n}") for n in range(4)], "latin-1")
    with h5py.File(
        write_h5ad(root / "cells.h5ad", np.array([[0, 3, 1], [2, 0, 0]], np.float32)), "a"
    ) as cells:
        cells["obs/kind/codes"][...] = [1, 0]
    np.savez(root / "arrays.npz", x=np.eye(4), y=[0, 1, 0, 1])
    (root / "trec").mkdir()
    (root / "trec" / "train_5500.label").write_text("HUM:ind Who ?\nNUM:count How many ?\n")
    return root


@pytest.fixture
def names(place, monkeypatch):
    """What the tables name in memory."""
    monkeypatch.chdir(place)
    pandas, sparse = pytest.importorskip("pandas"), pytest.importorskip("scipy.sparse")
    x, y = np.random.default_rng(0).normal(size=(24, 3)), ["a", "b"] * 12
    frame = pandas.read_csv("rows.csv")
    return {
        "frame": frame,
        "y": y,
        "x": x,
        "patients": [row // 2 for row in range(24)],
        "pixels": np.zeros((24, 8, 8), np.uint8) + np.arange(24, dtype=np.uint8)[:, None, None],
        "matrix": sparse.csr_matrix(x),
        "paths": [f"photos/{'ab'[n % 2]}/{n // 2 % 2}.png" for n in range(24)],
        "texts": [f"text {n}" for n in range(24)],
        "rows": torch.utils.data.TensorDataset(torch.from_numpy(x), torch.arange(24) % 2),
        "hub": HuggingFace({"text": ["one", "two"] * 2, "kind": ["a", "b"] * 2}, {}),
    }


def given(python):
    """What is loaded: the first text or name."""
    return re.search(r"[\w./:]+", python)[0]


def loaded(python, names):
    return eval(f"load({python})", {"load": load} | names)


def by_command(words):
    """What `headstart adapt` would load."""
    command = typer.main.get_command(app).commands["adapt"]
    values = command.make_context("adapt", shlex.split(words)).params
    columns = Columns(**{name: _value(values[name]) for name in Columns.__dataclass_fields__})
    return load(values["data"], **columns.options())


def _value(value):
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize("row", IN_FILES, ids=[row[0] for row in IN_FILES])
def test_what_is_in_files(row, names):
    _, python, command, _ = row
    if "xlsx" in python:
        pytest.importorskip("python_calamine")
    data = loaded(python, names)
    assert data.kind == KINDS[given(python)]
    assert by_command(command).content == data.content
    assert by_command(command).groups is None or data.groups is not None
    assert ("group_column" in python, "group-column" in command) == (data.groups is not None,) * 2
    assert (data.split is not None) == (given(python) == "parts/" or "split_column" in python)


@pytest.mark.parametrize("row", IN_MEMORY, ids=[row[0] for row in IN_MEMORY])
def test_what_is_in_memory(row, names):
    _, python, _ = row
    assert loaded(python, names).kind == KINDS[given(python)]


def test_the_tables_are_whole():
    assert (len(IN_FILES), len(IN_MEMORY)) == (25, 9)
    assert all(len(row) == 4 for row in IN_FILES)
    assert all(len(row) == 3 for row in IN_MEMORY)
