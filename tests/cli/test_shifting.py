"""`headstart shift`: the verdict, JSON, record and page, and what it refuses."""

import json

import numpy as np
import pytest
from tests.cli.telling import kept_in_runs, refused, untouched
from tests.study import tiny

from headstart.studies.shift import Shift


def rows(file, seed, move=0.0, label=True, many=120):
    rng = np.random.default_rng(seed)
    head = "size,site" + ",label" * label
    sizes = rng.normal(move, 1, many)
    lines = [f"{size:.4f},{rng.choice(['a', 'b'])}" + f",{'xy'[int(size > 0)]}" * label for size in sizes]
    file.write_text("\n".join([head, *lines]) + "\n")
    return file


@pytest.fixture
def tables(tmp_path):
    return rows(tmp_path / "a.csv", 0), rows(tmp_path / "b.csv", 1, 2.0, label=False)


def test_a_verdict_and_what_to_do(headstart, tables):
    said = headstart("shift", *tables)
    assert said.code == 0, said.err
    assert "\nThe target differs (AUC 0.9" in said.out
    assert "| size     | " in said.out
    assert f"Next:   headstart align --source {tables[0]} --target {tables[1]}" in said.out
    quiet = headstart("shift", *tables, "--quiet")
    assert (quiet.err, quiet.out.count("\n")) == ("", 3)  # the verdict, and where all lies
    assert quiet.out.startswith("The target differs (AUC 0.9")


def test_json_is_the_record(headstart, tables):
    said = headstart("shift", *tables, "--json", "--rows", 60, "--seed", 4)
    assert kept_in_runs(said, "shift")
    found = json.loads(said.out)
    assert (found["source_rows"], found["source_taken"]) == (120, 60)
    assert found["settings"]["rows"] == 60
    assert found["verdict"] in ("weights", "partly", "apart")
    assert [one["name"] for one in found["drift"] if one["drifted"]] == ["size"]
    assert found["labels"] is not None


def test_record_and_page(headstart, pictures, weights, tmp_path):
    flat, out = tmp_path / "flat", tmp_path / "out"
    flat.mkdir()
    for number, file in enumerate(sorted(pictures.rglob("*.png"))[:20]):
        (flat / f"{number}.png").write_bytes(file.read_bytes())
    small = ["--backbone", tiny.BACKBONE, "--weights", weights, "--size", 32]
    said = headstart("shift", pictures, flat, *small, "--out", out)
    assert said.code == 0, said.err
    record = Shift.read(out / "shift.json")
    assert record.command.startswith("headstart shift")
    assert record.copies == 20
    page = (out / "shift.html").read_text("utf-8")
    assert f"data:image/webp;base64,{record.unlike[0].picture}" in page
    assert "brightness" in page
    (out / "shift.html").unlink()
    assert headstart("report", out).code == 0
    assert (out / "shift.html").read_text("utf-8") == page


def test_columns_are_named(headstart, tmp_path):
    source = rows(tmp_path / "a.csv", 0)
    source.write_text(source.read_text().replace("size,site,label", "size,site,kind"))
    target = rows(tmp_path / "b.csv", 1, label=False)
    assert headstart("shift", source, target, "--label-column", "kind", "--quiet").code == 0
    found = json.loads(headstart("shift", source, source, "--label-column", "kind", "--json").out)
    assert [one["name"] for one in found["drift"]] in (["size", "site"], ["site", "size"])
    assert refused(headstart("shift", source, target, "--label-column", "class"), 3, "'class'")


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda text: text.replace("size", "length"), 3, "no column 'size'"),
        (lambda text: text.split("\n")[0] + "\n", 3, "no rows"),
        (lambda text: "\n".join(text.split("\n")[:2]) + "\n", 3, "one row"),
        (
            lambda text: text.replace("site", "site,more").replace(",a", ",a,1").replace(",b", ",b,1"),
            3,
            "'more'",
        ),
    ],
)
def test_targets_that_are_refused(headstart, tables, tmp_path, change, code, says):
    tables[1].write_text(change(tables[1].read_text()))
    out = tmp_path / "out"
    assert refused(headstart("shift", *tables, "--quiet", "--out", out), code, says)
    assert untouched(out)


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--rows", "3"], 2, "--rows"),
        (["--folds", "1"], 2, "--folds"),
        (["--backbone", "resnet18"], 3, "table"),
        (["--device", "abacus"], 2, "abacus"),
    ],
)
def test_options_that_are_refused(headstart, tables, tmp_path, options, code, says):
    out = tmp_path / "out"
    assert refused(headstart("shift", *tables, *options, "--quiet", "--out", out), code, says)
    assert untouched(out)


def test_no_target_and_a_full_folder(headstart, tables, tmp_path):
    assert refused(headstart("shift", tables[0], tmp_path / "nowhere"), 2, "nowhere")
    assert refused(headstart("shift", *tables, "--out", tmp_path), 8, "not empty")
    assert refused(headstart("shift", tables[0]), 2, "target")
