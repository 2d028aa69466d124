"""`headstart shortcuts`: table, JSON, record and page, and what it refuses; --attribute-column everywhere."""

import json

import numpy as np
import pytest
from tests.cli.telling import kept_in_runs, refused, untouched

from headstart.studies.shortcuts import Shortcuts

OPTIONS = ["--method", "ridge-probe", "--budget", 30, "--no-curve", "--folds", 2, "--quiet"]


def rows(seed, n=120):
    """Age tells a little, the ward tells the class of nine rows in ten."""
    draw = np.random.default_rng(seed)
    ill = np.arange(n) % 2
    ward = np.where(draw.random(n) < 0.9, ill, 1 - ill)
    age = 50 + 10 * ill + 12 * draw.normal(size=n)
    lines = [
        f"{a:.1f},{'ab'[w]},{'xyz'[k % 3]},{'ill' if y else 'well'}"
        for k, (a, w, y) in enumerate(zip(age, ward, ill, strict=True))
    ]
    return "\n".join(["age,ward,site,label", *lines]) + "\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    (folder / "train.csv").write_text(rows(0))
    (folder / "test.csv").write_text(rows(1))
    return folder


@pytest.fixture
def run(headstart, files):
    out = files / "run"
    if not out.exists():
        said = headstart("adapt", files / "train.csv", "--attribute-column", "site", *OPTIONS, "--out", out)
        assert said.code == 0, said.err
    return out


def test_a_table_of_groups_and_columns(headstart, run, files):
    said = headstart("shortcuts", run, files / "test.csv", "--attribute-column", "site", "--json")
    assert kept_in_runs(said, "shortcuts")
    found = json.loads(said.out)
    assert found["attributes"] == ["x", "y", "z"]
    assert len(found["groups"]) == 6
    assert {change["name"] for change in found["changes"]} == {"age", "ward"}
    table = headstart("shortcuts", run, files / "test.csv", "--attribute-column", "site").out
    assert "ward shuffled within classes" in table
    assert "these columns cost most: ward" in table
    assert "The worst group" in table
    quiet = headstart("shortcuts", run, files / "test.csv", "--feature", "ward", "--quiet")
    assert quiet.err == ""
    assert "worst" not in quiet.out
    assert "age shuffled" not in quiet.out


def test_record_and_page(headstart, run, files, tmp_path):
    out = tmp_path / "new" / "shortcuts"
    said = headstart("shortcuts", run, files / "test.csv", "--attribute-column", "site", "--out", out)
    assert said.code == 0, said.err
    record = Shortcuts.read(out / "shortcuts.json")
    assert record.command.startswith("headstart shortcuts")
    assert f"Page:   {out / 'shortcuts.html'}" in said.out
    page = (out / "shortcuts.html").read_text("utf-8")
    for group in record.groups:
        assert group.name in page
    (out / "shortcuts.html").unlink()
    assert headstart("report", out).code == 0
    assert (out / "shortcuts.html").read_text("utf-8") == page


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--attribute-column", "sit"], 2, "Did you mean 'site'?"),
        (["--feature", "wart"], 2, "Did you mean 'ward'?"),
        (["--word", "cheap"], 2, "--word goes with texts"),
        (["--rounds", "0"], 2, "--rounds"),
        (["--rows", "9"], 2, "--rows"),
        (["--label-column", "ward"], 2, "does not know 'a', 'b'"),
    ],
)
def test_what_is_refused(headstart, run, files, tmp_path, options, code, said):
    out = tmp_path / "out"
    words = ["shortcuts", run, files / "test.csv", *options, "--quiet", "--out", out]
    assert refused(headstart(*words), code, said)
    assert untouched(out)


def test_no_model_and_no_column(headstart, run, files, tmp_path):
    assert refused(headstart("shortcuts", tmp_path, files / "test.csv", "--quiet"), 2, "No model in")
    assert refused(
        headstart("adapt", files / "train.csv", "--attribute-column", "sight", *OPTIONS), 2, "site"
    )
    (tmp_path / "file").write_text("")
    full = headstart("shortcuts", run, "nowhere.csv", "--out", tmp_path)
    assert refused(full, 8, "not empty")


def test_groups_train_from_the_command_line(headstart, files, tmp_path):
    words = [
        "adapt",
        files / "train.csv",
        "--attribute-column",
        "site",
        "--epochs",
        1,
        "--no-curve",
        "--folds",
        2,
    ]
    said = headstart(
        *words, "--method", "group-dro", "--method", "group-balanced", "--quiet", "--out", tmp_path / "r"
    )
    assert said.code == 0, said.err
    names = {one["name"] for one in json.loads((tmp_path / "r" / "result.json").read_text())["candidates"]}
    assert {"group-dro", "group-balanced"} <= names
